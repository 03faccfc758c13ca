/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the two halves of lib/x509; included by nothing else. */
#ifndef SEAL_X509_INTERNAL_H
#define SEAL_X509_INTERNAL_H

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "x509/x509.h"

/* "what: GnuTLS's reason" under code, or NOMEM if memory ran out. */
int seal_x509_fail(struct seal_diag *diag, int code, int gnutls_code,
		   const char *what);

#define SEAL_X509_CN_BYTES 64 /* X.520 ub-common-name */

/* A NUL-terminated copy of a datum, which is wiped and freed. */
int seal_x509_datum_take(gnutls_datum_t *datum, char **ret_text,
			 struct seal_diag *diag);

/* Signs crt, which holds the subject's public key; frees it in every case. */
int seal_x509_crt_issue(gnutls_x509_crt_t crt,
			const struct seal_x509_template *tmpl,
			const char *ca_pem, const struct seal_x509_key *ca_key,
			char **ret_pem, struct seal_diag *diag);

/* Parses one PEM certificate.  ret_crt: gnutls_x509_crt_deinit. */
int seal_x509_crt_import(const char *pem, const char *what,
			 gnutls_x509_crt_t *ret_crt, struct seal_diag *diag);

/* The GnuTLS key inside. */
gnutls_x509_privkey_t seal_x509_key_get(const struct seal_x509_key *key);

#endif
