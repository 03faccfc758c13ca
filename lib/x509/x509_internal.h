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

/* Parses one PEM certificate.  ret_crt: gnutls_x509_crt_deinit. */
int seal_x509_crt_import(const char *pem, const char *what,
			 gnutls_x509_crt_t *ret_crt, struct seal_diag *diag);

/* The GnuTLS key inside. */
gnutls_x509_privkey_t seal_x509_key_get(const struct seal_x509_key *key);

#endif
