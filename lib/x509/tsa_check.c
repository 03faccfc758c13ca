/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checking a time-stamp token: what it is over, and its CMS signature; whether
 * the signer may be believed, tsa_trust.c says.  Contract: tsa.h.
 */
#include <string.h>

#include <gnutls/crypto.h>

#include "x509/tsa_internal.h"

#define OID_STAMP "1.2.840.113549.1.9.16.1.4"

static void check_fini(struct seal_tsa_token *c)
{
	unsigned i;

	if (c->have_sig)
		gnutls_pkcs7_signature_info_deinit(&c->sig);
	for (i = 0; i < c->own_count; i++)
		gnutls_x509_crt_deinit(c->own[i]);
	for (i = 0; i < c->ca_count; i++)
		gnutls_x509_crt_deinit(c->ca[i]);
	gnutls_free(c->ca);
	if (c->p7)
		gnutls_pkcs7_deinit(c->p7);
}

/* ---- what is there ---- */

static int read_cas(struct seal_tsa_token *c, const char *ca_pem)
{
	gnutls_datum_t pem = {(unsigned char *)ca_pem,
			      (unsigned)strlen(ca_pem)};
	int rc = gnutls_x509_crt_list_import2(&c->ca, &c->ca_count, &pem,
					      GNUTLS_X509_FMT_PEM, 0);

	if (rc >= 0)
		return 0;
	c->ca = NULL;
	c->ca_count = 0;
	return seal_x509_fail(c->diag, SEAL_E_FORMAT, rc,
			      "cannot read the authority's CA certificates");
}

static int read_own(struct seal_tsa_token *c)
{
	gnutls_datum_t der;
	int i, rc, count = gnutls_pkcs7_get_crt_count(c->p7);

	if (count > TSA_CERTS_MAX)
		return seal_diag_set(c->diag, SEAL_E_TOOBIG,
				     "the token carries more than %d "
				     "certificates",
				     TSA_CERTS_MAX);
	for (i = 0; i < count; i++) {
		rc = gnutls_pkcs7_get_crt_raw2(c->p7, (unsigned)i, &der);
		if (rc < 0)
			return seal_x509_fail(c->diag, SEAL_E_FORMAT, rc,
					      "a certificate of the token");
		rc = gnutls_x509_crt_init(&c->own[i]);
		if (rc >= 0) {
			c->own_count++;
			rc = gnutls_x509_crt_import(c->own[i], &der,
						    GNUTLS_X509_FMT_DER);
		}
		gnutls_free(der.data);
		if (rc < 0)
			return seal_x509_fail(c->diag, SEAL_E_FORMAT, rc,
					      "a certificate of the token");
	}
	return 0;
}

static int read_token(struct seal_tsa_token *c, const uint8_t *token,
		      size_t len)
{
	gnutls_datum_t der = {(unsigned char *)token, (unsigned)len}, content;
	const char *oid;
	int rc = gnutls_pkcs7_init(&c->p7);

	if (rc >= 0)
		rc = gnutls_pkcs7_import(c->p7, &der, GNUTLS_X509_FMT_DER);
	if (rc < 0)
		return seal_x509_fail(c->diag, SEAL_E_FORMAT, rc,
				      "not a time-stamp token");
	oid = gnutls_pkcs7_get_embedded_data_oid(c->p7);
	if (!oid || strcmp(oid, OID_STAMP))
		return seal_diag_set(c->diag, SEAL_E_FORMAT,
				     "signed data, but not a time-stamp token");
	rc = gnutls_pkcs7_get_embedded_data(c->p7, 0, &content);
	if (rc < 0)
		return seal_x509_fail(c->diag, SEAL_E_FORMAT, rc,
				      "the token has no content");
	rc = seal_tsa_info_parse(content.data, content.size, &c->info, c->diag);
	gnutls_free(content.data);
	return rc ? rc : read_own(c);
}

static int check_content(struct seal_tsa_token *c, const void *text, size_t len,
			 const struct seal_tsa_number *nonce)
{
	static const gnutls_digest_algorithm_t algorithm[] = {
		[SEAL_TSA_SHA256] = GNUTLS_DIG_SHA256,
		[SEAL_TSA_SHA384] = GNUTLS_DIG_SHA384,
		[SEAL_TSA_SHA512] = GNUTLS_DIG_SHA512,
	};
	uint8_t hash[64];
	int rc = gnutls_hash_fast(algorithm[c->info.hash], text, len, hash);

	if (rc < 0)
		return seal_x509_fail(c->diag, SEAL_E_CRYPTO, rc,
				      "cannot hash the checkpoint");
	if (memcmp(hash, c->info.imprint, c->info.imprint_bytes))
		return seal_diag_set(c->diag, SEAL_E_SIG,
				     "the token is over something else than "
				     "this checkpoint");
	if (nonce && nonce->bytes &&
	    (nonce->bytes != c->info.nonce.bytes ||
	     memcmp(nonce->b, c->info.nonce.b, nonce->bytes)))
		return seal_diag_set(c->diag, SEAL_E_SIG,
				     "the token answers another request: its "
				     "nonce is not the one that was sent");
	return 0;
}

/* ---- who signed ---- */

static bool is_meant(const struct seal_tsa_token *c, gnutls_x509_crt_t crt)
{
	const gnutls_pkcs7_signature_info_st *s = &c->sig;
	uint8_t id[128];
	size_t len = sizeof(id);

	if (s->issuer_dn.size)
		return seal_tsa_has_issuer(crt, s->issuer_dn.data,
					   s->issuer_dn.size) &&
		       seal_tsa_has_serial(crt, s->signer_serial.data,
					   s->signer_serial.size);
	return s->issuer_keyid.size &&
	       gnutls_x509_crt_get_subject_key_id(crt, id, &len, NULL) >= 0 &&
	       len == s->issuer_keyid.size &&
	       !memcmp(id, s->issuer_keyid.data, len);
}

static int find_signer(struct seal_tsa_token *c)
{
	unsigned i;
	int rc;

	if (gnutls_pkcs7_get_signature_count(c->p7) != 1)
		return seal_diag_set(c->diag, SEAL_E_FORMAT,
				     "a token has exactly one signature");
	rc = gnutls_pkcs7_get_signature_info(c->p7, 0, &c->sig);
	if (rc < 0)
		return seal_x509_fail(c->diag, SEAL_E_FORMAT, rc,
				      "cannot read the token's signature");
	c->have_sig = true;
	for (i = 0; i < c->own_count && !c->signer; i++)
		if (is_meant(c, c->own[i]))
			c->signer = c->own[i];
	for (i = 0; i < c->ca_count && !c->signer; i++)
		if (is_meant(c, c->ca[i]))
			c->signer = c->ca[i];
	if (!c->signer)
		return seal_diag_set(c->diag, SEAL_E_KEY,
				     "the signer's certificate is neither in "
				     "the token nor in the CA file: add it to "
				     "that file");
	if (!gnutls_sign_is_secure2(c->sig.algo,
				    GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS))
		return seal_diag_set(c->diag, SEAL_E_SIG,
				     "the token is signed with a weak "
				     "algorithm, %s",
				     gnutls_sign_get_name(c->sig.algo)
					     ? gnutls_sign_get_name(c->sig.algo)
					     : "not known");
	rc = gnutls_pkcs7_verify_direct(c->p7, c->signer, 0, NULL,
					TSA_NO_CLOCK);
	if (rc < 0)
		return seal_x509_fail(c->diag, SEAL_E_SIG, rc,
				      "the token's signature does not verify");
	return 0;
}

static int name_authority(struct seal_tsa_token *c,
			  struct seal_tsa_stamp *stamp)
{
	gnutls_datum_t dn;
	int rc = gnutls_x509_crt_get_dn3(c->signer, &dn, 0);

	if (rc < 0)
		return seal_x509_fail(
			c->diag, SEAL_E_FORMAT, rc,
			"the authority's certificate has no name");
	if (dn.size >= sizeof(stamp->authority) ||
	    memchr(dn.data, '\0', dn.size)) {
		rc = seal_diag_set(c->diag, SEAL_E_FORMAT,
				   "the authority's name is too long");
	} else {
		memcpy(stamp->authority, dn.data, dn.size);
		stamp->authority[dn.size] = '\0';
		rc = 0;
	}
	gnutls_free(dn.data);
	return rc;
}

int seal_tsa_check(const uint8_t *token, size_t token_len, const void *text,
		   size_t text_len, const char *ca_pem,
		   const struct seal_tsa_number *nonce,
		   struct seal_tsa_stamp *ret_stamp, struct seal_diag *diag)
{
	struct seal_tsa_token c = {.diag = diag};
	struct seal_tsa_stamp stamp;
	int rc;

	memset(&stamp, 0, sizeof(stamp));
	if (token_len > SEAL_TSA_MAX_BYTES)
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "a time-stamp token is at most %d bytes",
				     SEAL_TSA_MAX_BYTES);
	rc = read_cas(&c, ca_pem);
	if (!rc)
		rc = read_token(&c, token, token_len);
	if (!rc)
		rc = check_content(&c, text, text_len, nonce);
	if (!rc)
		rc = find_signer(&c);
	if (!rc)
		rc = seal_tsa_binding(&c);
	if (!rc)
		rc = seal_tsa_purpose(&c);
	if (!rc)
		rc = seal_tsa_chain(&c);
	if (!rc)
		rc = name_authority(&c, &stamp);
	if (!rc) {
		stamp.info = c.info;
		*ret_stamp = stamp;
	}
	check_fini(&c);
	return rc;
}
