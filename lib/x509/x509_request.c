/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificate requests: a host makes one, a store issues from it.  Contract:
 * x509.h.
 */
#include <string.h>

#include "x509/x509_internal.h"

int seal_x509_request_make(const struct seal_x509_key *key, const char *name,
			   char **ret_pem, struct seal_diag *diag)
{
	gnutls_datum_t out = {NULL, 0};
	gnutls_x509_crq_t crq = NULL;
	size_t len = strlen(name);
	int rc;

	if (len < 1 || len > SEAL_X509_CN_BYTES)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "a request's name has 1 to %d bytes",
				     SEAL_X509_CN_BYTES);
	rc = gnutls_x509_crq_init(&crq);
	if (rc >= 0)
		rc = gnutls_x509_crq_set_version(crq, 1);
	if (rc >= 0)
		rc = gnutls_x509_crq_set_key(crq, seal_x509_key_get(key));
	if (rc >= 0)
		rc = gnutls_x509_crq_set_dn_by_oid(crq,
						   GNUTLS_OID_X520_COMMON_NAME,
						   0, name, (unsigned)len);
	if (rc >= 0)
		rc = gnutls_x509_crq_sign2(crq, seal_x509_key_get(key),
					   GNUTLS_DIG_SHA256, 0);
	if (rc >= 0)
		rc = gnutls_x509_crq_export2(crq, GNUTLS_X509_FMT_PEM, &out);
	if (crq)
		gnutls_x509_crq_deinit(crq);
	if (rc < 0)
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				      "cannot make the certificate request");
	return seal_x509_datum_take(&out, ret_pem, diag);
}

/* Is the request's key at least as strong as P-256 or RSA 3072? */
static int request_strength(gnutls_x509_crq_t crq, struct seal_diag *diag)
{
	unsigned bits = 0;
	int alg;

	alg = gnutls_x509_crq_get_pk_algorithm(crq, &bits);
	if (alg < 0 ||
	    gnutls_pk_bits_to_sec_param(alg, bits) < GNUTLS_SEC_PARAM_MEDIUM)
		return seal_diag_set(diag, SEAL_E_KEY,
				     "the request's key is too weak (%u bits): "
				     "make a new one, ECDSA P-256 or RSA 3072",
				     bits);
	return 0;
}

static int request_import(const char *pem, gnutls_x509_crq_t *ret_crq,
			  struct seal_diag *diag)
{
	gnutls_datum_t datum = {(unsigned char *)pem, (unsigned)strlen(pem)};
	gnutls_x509_crq_t crq;
	int rc;

	rc = gnutls_x509_crq_init(&crq);
	if (rc < 0)
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				      "cannot read the certificate request");
	rc = gnutls_x509_crq_import(crq, &datum, GNUTLS_X509_FMT_PEM);
	if (rc < 0) {
		rc = seal_x509_fail(diag, SEAL_E_FORMAT, rc,
				    "not a PEM certificate request");
		goto fail;
	}
	rc = gnutls_x509_crq_verify(crq, 0);
	if (rc < 0) {
		rc = seal_x509_fail(diag, SEAL_E_SIG, rc,
				    "the certificate request's own signature "
				    "does not verify");
		goto fail;
	}
	rc = request_strength(crq, diag);
	if (rc < 0)
		goto fail;
	*ret_crq = crq;
	return 0;
fail:
	gnutls_x509_crq_deinit(crq);
	return rc;
}

int seal_x509_cert_issue(const struct seal_x509_template *tmpl,
			 const char *request_pem, const char *ca_pem,
			 const struct seal_x509_key *ca_key, char **ret_pem,
			 struct seal_diag *diag)
{
	gnutls_x509_crq_t crq = NULL;
	gnutls_x509_crt_t crt = NULL;
	gnutls_pubkey_t pub = NULL;
	int rc;

	rc = request_import(request_pem, &crq, diag);
	if (rc < 0)
		return rc;
	rc = gnutls_pubkey_init(&pub);
	if (rc >= 0)
		rc = gnutls_pubkey_import_x509_crq(pub, crq, 0);
	if (rc >= 0)
		rc = gnutls_x509_crt_init(&crt);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_pubkey(crt, pub);
	if (pub)
		gnutls_pubkey_deinit(pub);
	gnutls_x509_crq_deinit(crq);
	if (rc < 0) {
		if (crt)
			gnutls_x509_crt_deinit(crt);
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				      "cannot take the request's public key");
	}
	return seal_x509_crt_issue(crt, tmpl, ca_pem, ca_key, ret_pem, diag);
}
