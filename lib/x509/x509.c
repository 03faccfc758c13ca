/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making keys, certificates and requests.  Contract: x509.h.  A request gives
 * its public key and nothing else: whoever issues decides name and role.
 */
#include "x509/x509.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/crypto.h>

#include "x509/x509_internal.h"

#define SERIAL_BYTES 16

struct seal_x509_key {
	gnutls_x509_privkey_t priv;
};

int seal_x509_fail(struct seal_diag *diag, int code, int gnutls_code,
		   const char *what)
{
	if (gnutls_code == GNUTLS_E_MEMORY_ERROR)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	return seal_diag_set(diag, code, "%s: %s", what,
			     gnutls_strerror(gnutls_code));
}

gnutls_x509_privkey_t seal_x509_key_get(const struct seal_x509_key *key)
{
	return key->priv;
}

static int key_alloc(struct seal_x509_key **ret_key, struct seal_diag *diag)
{
	struct seal_x509_key *key;
	int rc;

	key = calloc(1, sizeof(*key));
	if (!key)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	rc = gnutls_x509_privkey_init(&key->priv);
	if (rc < 0) {
		free(key);
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				      "no room for a private key");
	}
	*ret_key = key;
	return 0;
}

int seal_x509_key_generate(struct seal_x509_key **ret_key,
			   struct seal_diag *diag)
{
	struct seal_x509_key *key;
	int rc;

	rc = key_alloc(&key, diag);
	if (rc < 0)
		return rc;
	rc = gnutls_x509_privkey_generate(
		key->priv, GNUTLS_PK_ECDSA,
		GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
	if (rc < 0) {
		seal_x509_key_free(key);
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				      "cannot generate a TLS key");
	}
	*ret_key = key;
	return 0;
}

int seal_x509_key_from_pem(const char *pem, struct seal_x509_key **ret_key,
			   struct seal_diag *diag)
{
	gnutls_datum_t datum = {(unsigned char *)pem, (unsigned)strlen(pem)};
	struct seal_x509_key *key;
	int rc;

	rc = key_alloc(&key, diag);
	if (rc < 0)
		return rc;
	rc = gnutls_x509_privkey_import2(key->priv, &datum, GNUTLS_X509_FMT_PEM,
					 NULL, 0);
	if (rc < 0) {
		seal_x509_key_free(key);
		return seal_x509_fail(diag, SEAL_E_FORMAT, rc,
				      "not an unencrypted PEM private key");
	}
	*ret_key = key;
	return 0;
}

int seal_x509_datum_take(gnutls_datum_t *datum, char **ret_text,
			 struct seal_diag *diag)
{
	char *text;

	text = malloc((size_t)datum->size + 1);
	if (text) {
		memcpy(text, datum->data, datum->size);
		text[datum->size] = '\0';
	}
	gnutls_memset(datum->data, 0, datum->size);
	gnutls_free(datum->data);
	datum->data = NULL;
	if (!text)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	*ret_text = text;
	return 0;
}

int seal_x509_key_to_pem(const struct seal_x509_key *key, char **ret_pem,
			 struct seal_diag *diag)
{
	gnutls_datum_t out = {NULL, 0};
	int rc;

	rc = gnutls_x509_privkey_export2_pkcs8(key->priv, GNUTLS_X509_FMT_PEM,
					       NULL, GNUTLS_PKCS_PLAIN, &out);
	if (rc < 0)
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				      "cannot write the TLS key as PEM");
	return seal_x509_datum_take(&out, ret_pem, diag);
}

void seal_x509_key_free(struct seal_x509_key *key)
{
	if (!key)
		return;
	gnutls_x509_privkey_deinit(key->priv);
	free(key);
}

void seal_x509_secret_free(char *pem)
{
	if (!pem)
		return;
	gnutls_memset(pem, 0, strlen(pem));
	free(pem);
}

static int template_check(const struct seal_x509_template *tmpl,
			  struct seal_diag *diag)
{
	size_t len = tmpl->name ? strlen(tmpl->name) : 0;
	bool named;
	size_t i;

	if (len < 1 || len > SEAL_X509_CN_BYTES)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "a certificate's name has 1 to %d bytes",
				     SEAL_X509_CN_BYTES);
	named = tmpl->role == SEAL_X509_SERVER ||
		tmpl->role == SEAL_X509_INGEST;
	if (named != (tmpl->names_count > 0) ||
	    tmpl->names_count > SEAL_X509_NAMES_MAX)
		return seal_diag_set(
			diag, SEAL_E_ARG,
			"a certificate of this role takes %s names, got %zu",
			named ? "1 to 64" : "no", tmpl->names_count);
	for (i = 0; i < tmpl->names_count; i++) {
		len = strlen(tmpl->names[i]);
		if (len < 1 || len >= SEAL_X509_NAME_BYTES)
			return seal_diag_set(
				diag, SEAL_E_ARG,
				"an alternative name has 1 to %d bytes",
				SEAL_X509_NAME_BYTES - 1);
	}
	if (tmpl->not_before_s >= tmpl->not_after_s)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "the certificate would end before it "
				     "begins");
	return 0;
}

/* A random positive serial number: 16 bytes, the first not zero. */
static int serial_set(gnutls_x509_crt_t crt)
{
	unsigned char serial[SERIAL_BYTES];
	int rc;

	rc = gnutls_rnd(GNUTLS_RND_NONCE, serial, sizeof(serial));
	if (rc < 0)
		return rc;
	serial[0] = (serial[0] & 0x3f) | 0x40;
	return gnutls_x509_crt_set_serial(crt, serial, sizeof(serial));
}

static int host_name_set(gnutls_x509_crt_t crt, const char *name)
{
	unsigned char ip[16];

	if (inet_pton(AF_INET, name, ip) == 1)
		return gnutls_x509_crt_set_subject_alt_name(
			crt, GNUTLS_SAN_IPADDRESS, ip, 4, GNUTLS_FSAN_APPEND);
	if (inet_pton(AF_INET6, name, ip) == 1)
		return gnutls_x509_crt_set_subject_alt_name(
			crt, GNUTLS_SAN_IPADDRESS, ip, 16, GNUTLS_FSAN_APPEND);
	return gnutls_x509_crt_set_subject_alt_name(
		crt, GNUTLS_SAN_DNSNAME, name, (unsigned)strlen(name),
		GNUTLS_FSAN_APPEND);
}

static int uri_set(gnutls_x509_crt_t crt, const char *scheme, const char *rest)
{
	char uri[sizeof(SEAL_X509_URI_INGEST) + SEAL_X509_NAME_BYTES];
	int len;

	len = snprintf(uri, sizeof(uri), "%s%s", scheme, rest);
	return gnutls_x509_crt_set_subject_alt_name(
		crt, GNUTLS_SAN_URI, uri, (unsigned)len, GNUTLS_FSAN_APPEND);
}

/* Alternative names and key purpose of the role. */
static int role_set(gnutls_x509_crt_t crt,
		    const struct seal_x509_template *tmpl)
{
	const char *purpose = tmpl->role == SEAL_X509_SERVER
				      ? GNUTLS_KP_TLS_WWW_SERVER
				      : GNUTLS_KP_TLS_WWW_CLIENT;
	size_t i;
	int rc = 0;

	if (tmpl->role == SEAL_X509_READER)
		rc = uri_set(crt, SEAL_X509_URI_READER, "");
	for (i = 0; rc >= 0 && i < tmpl->names_count; i++) {
		if (tmpl->role == SEAL_X509_SERVER)
			rc = host_name_set(crt, tmpl->names[i]);
		else
			rc = uri_set(crt, SEAL_X509_URI_INGEST, tmpl->names[i]);
	}
	if (rc >= 0)
		rc = gnutls_x509_crt_set_key_purpose_oid(crt, purpose, 0);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_basic_constraints(crt, 0, -1);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_key_usage(
			crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	return rc;
}

static int authority_set(gnutls_x509_crt_t crt)
{
	int rc;

	rc = gnutls_x509_crt_set_basic_constraints(crt, 1, 0);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_key_usage(
			crt, GNUTLS_KEY_KEY_CERT_SIGN | GNUTLS_KEY_CRL_SIGN);
	return rc;
}

/* Subject and authority key identifiers; issuer NULL: self-signed. */
static int key_ids_set(gnutls_x509_crt_t crt, gnutls_x509_crt_t issuer)
{
	unsigned char id[32];
	size_t len = sizeof(id);
	int rc;

	rc = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, id, &len);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_subject_key_id(crt, id, len);
	if (rc < 0 || !issuer)
		return rc;
	len = sizeof(id);
	rc = gnutls_x509_crt_get_subject_key_id(issuer, id, &len, NULL);
	if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return 0;
	if (rc >= 0)
		rc = gnutls_x509_crt_set_authority_key_id(crt, id, len);
	return rc;
}

/* All but the public key, which crt has already; then the signature. */
static int crt_finish(gnutls_x509_crt_t crt,
		      const struct seal_x509_template *tmpl,
		      gnutls_x509_crt_t issuer, const struct seal_x509_key *key,
		      char **ret_pem, struct seal_diag *diag)
{
	gnutls_datum_t out = {NULL, 0};
	int rc;

	rc = gnutls_x509_crt_set_version(crt, 3);
	if (rc >= 0)
		rc = serial_set(crt);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_dn_by_oid(
			crt, GNUTLS_OID_X520_COMMON_NAME, 0, tmpl->name,
			(unsigned)strlen(tmpl->name));
	if (rc >= 0)
		rc = gnutls_x509_crt_set_activation_time(crt,
							 tmpl->not_before_s);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_expiration_time(crt,
							 tmpl->not_after_s);
	if (rc >= 0)
		rc = issuer ? role_set(crt, tmpl) : authority_set(crt);
	if (rc >= 0)
		rc = key_ids_set(crt, issuer);
	if (rc >= 0)
		rc = gnutls_x509_crt_sign2(crt, issuer ? issuer : crt,
					   key->priv, GNUTLS_DIG_SHA256, 0);
	if (rc >= 0)
		rc = gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &out);
	if (rc < 0)
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				      "cannot make the certificate");
	return seal_x509_datum_take(&out, ret_pem, diag);
}

int seal_x509_ca_make(const struct seal_x509_template *tmpl,
		      const struct seal_x509_key *key, char **ret_pem,
		      struct seal_diag *diag)
{
	gnutls_x509_crt_t crt = NULL;
	int rc;

	if (tmpl->role != SEAL_X509_CA)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "this function makes a CA and no other "
				     "certificate");
	rc = template_check(tmpl, diag);
	if (rc < 0)
		return rc;
	rc = gnutls_x509_crt_init(&crt);
	if (rc >= 0)
		rc = gnutls_x509_crt_set_key(crt, key->priv);
	if (rc < 0)
		rc = seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				    "cannot make the CA certificate");
	else
		rc = crt_finish(crt, tmpl, NULL, key, ret_pem, diag);
	if (crt)
		gnutls_x509_crt_deinit(crt);
	return rc;
}

int seal_x509_crt_issue(gnutls_x509_crt_t crt,
			const struct seal_x509_template *tmpl,
			const char *ca_pem, const struct seal_x509_key *ca_key,
			char **ret_pem, struct seal_diag *diag)
{
	gnutls_x509_crt_t issuer = NULL;
	int rc;

	rc = template_check(tmpl, diag);
	if (rc < 0)
		goto out;
	if (tmpl->role == SEAL_X509_CA || tmpl->role == SEAL_X509_NONE) {
		rc = seal_diag_set(diag, SEAL_E_ARG,
				   "a certificate to issue is for a server or "
				   "a client");
		goto out;
	}
	rc = seal_x509_key_check(ca_pem, ca_key, diag);
	if (rc < 0)
		goto out;
	rc = seal_x509_crt_import(ca_pem, "CA certificate", &issuer, diag);
	if (rc < 0)
		goto out;
	rc = crt_finish(crt, tmpl, issuer, ca_key, ret_pem, diag);
out:
	if (issuer)
		gnutls_x509_crt_deinit(issuer);
	gnutls_x509_crt_deinit(crt);
	return rc;
}

int seal_x509_cert_make(const struct seal_x509_template *tmpl,
			const struct seal_x509_key *key, const char *ca_pem,
			const struct seal_x509_key *ca_key, char **ret_pem,
			struct seal_diag *diag)
{
	gnutls_x509_crt_t crt;
	int rc;

	rc = gnutls_x509_crt_init(&crt);
	if (rc < 0)
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				      "cannot make a certificate");
	rc = gnutls_x509_crt_set_key(crt, key->priv);
	if (rc < 0) {
		gnutls_x509_crt_deinit(crt);
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				      "cannot make a certificate");
	}
	return seal_x509_crt_issue(crt, tmpl, ca_pem, ca_key, ret_pem, diag);
}
