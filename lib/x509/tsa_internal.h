/* SPDX-License-Identifier: Apache-2.0 */
/* A token while it is checked: shared by tsa_check.c and tsa_trust.c alone. */
#ifndef SEAL_X509_TSA_INTERNAL_H
#define SEAL_X509_TSA_INTERNAL_H

#include <gnutls/pkcs7.h>

#include "x509/tsa.h"
#include "x509/x509_internal.h"

#define TSA_CHAIN_MAX 8
#define TSA_CERTS_MAX 32

/* GnuTLS compares with the clock of today unless it is told both. */
#define TSA_NO_CLOCK                         \
	(GNUTLS_VERIFY_DISABLE_TIME_CHECKS | \
	 GNUTLS_VERIFY_DISABLE_TRUSTED_TIME_CHECKS)

struct seal_tsa_token {
	gnutls_pkcs7_t p7;
	gnutls_pkcs7_signature_info_st sig;
	bool have_sig;
	gnutls_x509_crt_t *ca; /* the caller's */
	unsigned ca_count;
	gnutls_x509_crt_t own[TSA_CERTS_MAX]; /* the token's */
	unsigned own_count;
	gnutls_x509_crt_t signer; /* one of those above */
	gnutls_x509_crt_t chain[TSA_CHAIN_MAX];
	unsigned chain_count;
	gnutls_x509_crt_t anchor; /* one of ca */
	struct seal_tsa_info info;
	struct seal_diag *diag;
};

/* Is this the certificate's issuer (DER), its serial number? */
bool seal_tsa_has_issuer(gnutls_x509_crt_t crt, const uint8_t *want,
			 size_t len);
bool seal_tsa_has_serial(gnutls_x509_crt_t crt, const uint8_t *want,
			 size_t len);

/* Does the signature name the certificate it is checked with?  KEY. */
int seal_tsa_binding(struct seal_tsa_token *c);
/* Is that one for time-stamps alone?  KEY. */
int seal_tsa_purpose(struct seal_tsa_token *c);
/* Does a CA vouch for it, at the token's time?  TLS. */
int seal_tsa_chain(struct seal_tsa_token *c);

#endif
