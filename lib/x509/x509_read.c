/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading certificates: fields, roles, issuer and validity.  Contract: x509.h.
 * Nothing here trusts a name that was cut, or that holds a NUL.
 */
#include <arpa/inet.h>
#include <string.h>

#include "x509/x509_internal.h"

/* One SAN as GnuTLS gives it, and its kind. */
struct alt_name {
	char text[sizeof(SEAL_X509_URI_INGEST) + SEAL_X509_NAME_BYTES];
	size_t bytes;
	unsigned kind; /* GNUTLS_SAN_* */
};

int seal_x509_crt_import(const char *pem, const char *what,
			 gnutls_x509_crt_t *ret_crt, struct seal_diag *diag)
{
	gnutls_datum_t datum = {(unsigned char *)pem, (unsigned)strlen(pem)};
	gnutls_x509_crt_t crt;
	int rc;

	rc = gnutls_x509_crt_init(&crt);
	if (rc < 0)
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc, what);
	rc = gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_PEM);
	if (rc < 0) {
		gnutls_x509_crt_deinit(crt);
		return seal_x509_fail(diag, SEAL_E_FORMAT, rc, what);
	}
	*ret_crt = crt;
	return 0;
}

/* 1 and *ret, 0 behind the last name, or a negative SEAL_E_*. */
static int alt_name_get(gnutls_x509_crt_t crt, unsigned i, struct alt_name *ret,
			struct seal_diag *diag)
{
	int rc;

	ret->bytes = sizeof(ret->text) - 1;
	rc = gnutls_x509_crt_get_subject_alt_name2(
		crt, i, ret->text, &ret->bytes, &ret->kind, NULL);
	if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return 0;
	if (rc == GNUTLS_E_SHORT_MEMORY_BUFFER)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "an alternative name is too long");
	if (rc < 0)
		return seal_x509_fail(diag, SEAL_E_FORMAT, rc,
				      "cannot read the alternative names");
	ret->text[ret->bytes] = '\0';
	if (ret->kind != GNUTLS_SAN_IPADDRESS &&
	    memchr(ret->text, '\0', ret->bytes))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "an alternative name holds a NUL byte");
	return 1;
}

static int name_add(struct seal_x509_fields *fields, const char *text,
		    struct seal_diag *diag)
{
	size_t len = strlen(text);

	if (fields->names_count == SEAL_X509_NAMES_MAX ||
	    len >= SEAL_X509_NAME_BYTES)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "more or longer alternative names than "
				     "are looked at");
	memcpy(fields->names[fields->names_count++], text, len + 1);
	return 0;
}

static int role_claim(struct seal_x509_fields *fields, enum seal_x509_role role,
		      struct seal_diag *diag)
{
	if (fields->role != SEAL_X509_NONE && fields->role != role)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the certificate names two roles");
	fields->role = role;
	return 0;
}

static int client_name_take(struct seal_x509_fields *fields,
			    const struct alt_name *alt, struct seal_diag *diag)
{
	static const char ingest[] = SEAL_X509_URI_INGEST;
	int rc;

	if (alt->kind != GNUTLS_SAN_URI)
		return 0;
	if (!strcmp(alt->text, SEAL_X509_URI_READER))
		return role_claim(fields, SEAL_X509_READER, diag);
	if (strncmp(alt->text, ingest, strlen(ingest)))
		return 0;
	rc = role_claim(fields, SEAL_X509_INGEST, diag);
	if (rc < 0)
		return rc;
	return name_add(fields, alt->text + strlen(ingest), diag);
}

static int server_name_take(struct seal_x509_fields *fields,
			    const struct alt_name *alt, struct seal_diag *diag)
{
	char ip[INET6_ADDRSTRLEN];
	int family = alt->bytes == 4 ? AF_INET : AF_INET6;

	if (alt->kind == GNUTLS_SAN_DNSNAME)
		return name_add(fields, alt->text, diag);
	if (alt->kind != GNUTLS_SAN_IPADDRESS)
		return 0;
	if ((alt->bytes != 4 && alt->bytes != 16) ||
	    !inet_ntop(family, alt->text, ip, sizeof(ip)))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "an alternative name is no IP address");
	return name_add(fields, ip, diag);
}

static bool purpose_has(gnutls_x509_crt_t crt, const char *want)
{
	char oid[128];
	size_t len;
	unsigned i;

	for (i = 0; i < SEAL_X509_NAMES_MAX; i++) {
		len = sizeof(oid);
		if (gnutls_x509_crt_get_key_purpose_oid(crt, i, oid, &len,
							NULL) < 0)
			return false;
		if (!strcmp(oid, want))
			return true;
	}
	return false;
}

static int names_read(gnutls_x509_crt_t crt, struct seal_x509_fields *fields,
		      struct seal_diag *diag)
{
	bool server = purpose_has(crt, GNUTLS_KP_TLS_WWW_SERVER);
	bool client = purpose_has(crt, GNUTLS_KP_TLS_WWW_CLIENT);
	struct alt_name alt;
	unsigned i;
	int rc;

	if (gnutls_x509_crt_get_basic_constraints(crt, NULL, NULL, NULL) > 0) {
		fields->role = SEAL_X509_CA;
		return 0;
	}
	if (server && client)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the certificate is for a server and a "
				     "client at once");
	if (server)
		fields->role = SEAL_X509_SERVER;
	for (i = 0; server || client; i++) {
		rc = alt_name_get(crt, i, &alt, diag);
		if (rc <= 0)
			return rc;
		rc = server ? server_name_take(fields, &alt, diag)
			    : client_name_take(fields, &alt, diag);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static int fields_read(gnutls_x509_crt_t crt, struct seal_x509_fields *ret,
		       struct seal_diag *diag)
{
	struct seal_x509_fields fields;
	size_t len = sizeof(fields.name);
	int rc;

	memset(&fields, 0, sizeof(fields));
	rc = gnutls_x509_crt_get_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0,
					   0, fields.name, &len);
	if (rc < 0 && rc != GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return seal_x509_fail(diag, SEAL_E_FORMAT, rc,
				      "cannot read the certificate's name");
	fields.not_before_s = gnutls_x509_crt_get_activation_time(crt);
	fields.not_after_s = gnutls_x509_crt_get_expiration_time(crt);
	len = sizeof(fields.fingerprint);
	rc = gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256,
					     fields.fingerprint, &len);
	if (rc < 0)
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				      "cannot hash the certificate");
	rc = names_read(crt, &fields, diag);
	if (rc < 0)
		return rc;
	*ret = fields;
	return 0;
}

int seal_x509_fields_from_pem(const char *pem, struct seal_x509_fields *ret,
			      struct seal_diag *diag)
{
	gnutls_x509_crt_t crt;
	int rc;

	rc = seal_x509_crt_import(pem, "not a PEM certificate", &crt, diag);
	if (rc < 0)
		return rc;
	rc = fields_read(crt, ret, diag);
	gnutls_x509_crt_deinit(crt);
	return rc;
}

int seal_x509_fields_from_der(const uint8_t *der, size_t der_bytes,
			      struct seal_x509_fields *ret,
			      struct seal_diag *diag)
{
	gnutls_datum_t datum = {(unsigned char *)der, (unsigned)der_bytes};
	gnutls_x509_crt_t crt;
	int rc;

	rc = gnutls_x509_crt_init(&crt);
	if (rc < 0)
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				      "cannot read a certificate");
	rc = gnutls_x509_crt_import(crt, &datum, GNUTLS_X509_FMT_DER);
	if (rc < 0)
		rc = seal_x509_fail(diag, SEAL_E_FORMAT, rc,
				    "not a DER certificate");
	else
		rc = fields_read(crt, ret, diag);
	gnutls_x509_crt_deinit(crt);
	return rc;
}

int seal_x509_cert_check(const char *cert_pem, const char *ca_pem,
			 int64_t now_s, struct seal_diag *diag)
{
	gnutls_x509_crt_t crt = NULL, ca = NULL;
	unsigned status = 0;
	int rc;

	rc = seal_x509_crt_import(cert_pem, "not a PEM certificate", &crt,
				  diag);
	if (rc < 0)
		return rc;
	rc = seal_x509_crt_import(ca_pem, "not a PEM CA certificate", &ca,
				  diag);
	if (rc < 0)
		goto out;
	rc = gnutls_x509_crt_verify(crt, &ca, 1,
				    GNUTLS_VERIFY_DISABLE_TIME_CHECKS, &status);
	if (rc < 0)
		rc = seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				    "cannot check the certificate");
	else if (status)
		rc = seal_diag_set(diag, SEAL_E_TLS,
				   "the certificate was not signed by this CA");
	else if (now_s < gnutls_x509_crt_get_activation_time(crt))
		rc = seal_diag_set(diag, SEAL_E_TLS,
				   "the certificate is not valid yet: check "
				   "the clock");
	else if (now_s > gnutls_x509_crt_get_expiration_time(crt))
		rc = seal_diag_set(diag, SEAL_E_TLS,
				   "the certificate has expired: issue a new "
				   "one");
	else
		rc = 0;
out:
	if (ca)
		gnutls_x509_crt_deinit(ca);
	gnutls_x509_crt_deinit(crt);
	return rc;
}

int seal_x509_key_check(const char *cert_pem, const struct seal_x509_key *key,
			struct seal_diag *diag)
{
	unsigned char a[32], b[32];
	size_t a_len = sizeof(a), b_len = sizeof(b);
	gnutls_x509_crt_t crt;
	int rc;

	rc = seal_x509_crt_import(cert_pem, "not a PEM certificate", &crt,
				  diag);
	if (rc < 0)
		return rc;
	rc = gnutls_x509_crt_get_key_id(crt, GNUTLS_KEYID_USE_SHA256, a,
					&a_len);
	if (rc >= 0)
		rc = gnutls_x509_privkey_get_key_id(seal_x509_key_get(key),
						    GNUTLS_KEYID_USE_SHA256, b,
						    &b_len);
	gnutls_x509_crt_deinit(crt);
	if (rc < 0)
		return seal_x509_fail(diag, SEAL_E_CRYPTO, rc,
				      "cannot compare key and certificate");
	if (a_len != b_len || memcmp(a, b, a_len))
		return seal_diag_set(diag, SEAL_E_KEY,
				     "the private key does not belong to the "
				     "certificate");
	return 0;
}
