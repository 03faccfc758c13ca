/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a time-stamp token rests on: the certificate that its signature names,
 * what that one is for, and its way to a CA.  Contract: tsa.h.  The time is the
 * token's own: no clock is asked.
 */
#include <string.h>

#include "x509/der.h"
#include "x509/tsa_internal.h"

#define ATTRS_MAX  64
#define OID_ESS_V1 "1.2.840.113549.1.9.16.2.12"
#define OID_ESS_V2 "1.2.840.113549.1.9.16.2.47"

/* Big-endian numbers, whatever zeros they begin with. */
static bool same_number(const uint8_t *a, size_t a_len, const uint8_t *b,
			size_t b_len)
{
	while (a_len && !*a) {
		a++;
		a_len--;
	}
	while (b_len && !*b) {
		b++;
		b_len--;
	}
	return a_len == b_len && !memcmp(a, b, a_len);
}

bool seal_tsa_has_serial(gnutls_x509_crt_t crt, const uint8_t *want, size_t len)
{
	uint8_t serial[64];
	size_t serial_len = sizeof(serial);

	return gnutls_x509_crt_get_serial(crt, serial, &serial_len) >= 0 &&
	       same_number(serial, serial_len, want, len);
}

bool seal_tsa_has_issuer(gnutls_x509_crt_t crt, const uint8_t *want, size_t len)
{
	gnutls_datum_t dn;
	bool same;

	if (gnutls_x509_crt_get_raw_issuer_dn(crt, &dn) < 0)
		return false;
	same = dn.size == len && !memcmp(dn.data, want, len);
	gnutls_free(dn.data);
	return same;
}

/* ---- the certificate that the signature names (RFC 2634, 5816) ---- */

static void take_hash(struct seal_cur *id, gnutls_digest_algorithm_t *algorithm)
{
	static const uint8_t stem[] = {0x60, 0x86, 0x48, 0x01,
				       0x65, 0x03, 0x04, 0x02};
	static const gnutls_digest_algorithm_t known[] = {
		GNUTLS_DIG_SHA256, GNUTLS_DIG_SHA384, GNUTLS_DIG_SHA512};
	struct seal_cur inner, oid;

	seal_der_take(id, DER_SEQUENCE, &inner);
	seal_der_take(&inner, DER_OID, &oid);
	if (seal_der_peek(&inner))
		seal_der_expect(&inner, DER_NULL, "", 0);
	seal_der_done(id, &inner);
	if (seal_cur_error(id))
		return;
	if (oid.left != sizeof(stem) + 1 || memcmp(oid.p, stem, sizeof(stem)) ||
	    oid.p[8] < 1 || oid.p[8] > 3)
		seal_cur_fail(id, SEAL_E_UNKNOWN);
	else
		*algorithm = known[oid.p[8] - 1];
}

/* issuerSerial: GeneralNames with one directoryName, and the number. */
static bool take_issuer(struct seal_cur *id, gnutls_x509_crt_t signer)
{
	struct seal_cur both, names, name;
	const uint8_t *serial;
	size_t serial_len;

	seal_der_take(id, DER_SEQUENCE, &both);
	seal_der_take(&both, DER_SEQUENCE, &names);
	seal_der_take(&names, DER_INSIDE(4), &name);
	seal_der_done(&both, &names);
	serial = seal_der_number(&both, DER_INTEGER, &serial_len);
	seal_der_done(id, &both);
	return !seal_cur_error(id) &&
	       seal_tsa_has_issuer(signer, name.p, name.left) &&
	       seal_tsa_has_serial(signer, serial, serial_len);
}

/* Is the first certificate that the attribute lists the signer's? */
static bool names_signer(const struct seal_tsa_token *c,
			 const gnutls_datum_t *value, bool second)
{
	gnutls_digest_algorithm_t algorithm =
		second ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA1;
	struct seal_cur cur, attr, list, id, hash;
	uint8_t digest[64];
	size_t len = sizeof(digest);
	bool issuer = true;

	seal_cur_init(&cur, value->data, value->size);
	seal_der_take(&cur, DER_SEQUENCE, &attr);
	seal_der_take(&attr, DER_SEQUENCE, &list);
	seal_der_take(&list, DER_SEQUENCE, &id);
	if (second && seal_der_peek(&id) == DER_SEQUENCE)
		take_hash(&id, &algorithm);
	seal_der_take(&id, DER_OCTET_STRING, &hash);
	if (seal_der_peek(&id))
		issuer = take_issuer(&id, c->signer);
	seal_der_done(&list, &id);
	while (seal_der_peek(&list)) /* of CAs: a hint, not needed */
		seal_der_pass(&list, DER_SEQUENCE);
	seal_der_done(&attr, &list);
	if (seal_der_peek(&attr))
		seal_der_pass(&attr, DER_SEQUENCE); /* policies */
	seal_der_done(&cur, &attr);
	if (seal_cur_end(&cur) || !issuer ||
	    gnutls_x509_crt_get_fingerprint(c->signer, algorithm, digest,
					    &len) < 0)
		return false;
	return hash.left == len && !memcmp(hash.p, digest, len);
}

int seal_tsa_binding(struct seal_tsa_token *c)
{
	unsigned i, named[2] = {0, 0};
	gnutls_datum_t value;
	bool good = true;
	char *oid;
	int rc;

	for (i = 0; i < ATTRS_MAX; i++) {
		rc = gnutls_pkcs7_get_attr(c->sig.signed_attrs, i, &oid, &value,
					   0);
		if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
			break;
		if (rc < 0)
			return seal_x509_fail(c->diag, SEAL_E_FORMAT, rc,
					      "a signed attribute");
		if (!strcmp(oid, OID_ESS_V1) || !strcmp(oid, OID_ESS_V2)) {
			bool second = !strcmp(oid, OID_ESS_V2);

			good = good && names_signer(c, &value, second);
			named[second]++;
		}
		gnutls_free(value.data);
	}
	if (good && named[0] < 2 && named[1] < 2 && named[0] + named[1] > 0)
		return 0;
	return seal_diag_set(
		c->diag, SEAL_E_KEY,
		named[0] + named[1]
			? "the token names another certificate than the one "
			  "it is signed with"
			: "the token does not say with which certificate it "
			  "is signed");
}

/* ---- may it stamp, and who vouches for it ---- */

int seal_tsa_purpose(struct seal_tsa_token *c)
{
	unsigned critical = 0, usage;
	char oid[128] = "", more[128];
	size_t len = sizeof(oid), more_len = sizeof(more);
	int rc = gnutls_x509_crt_get_key_purpose_oid(c->signer, 0, oid, &len,
						     &critical);

	if (rc < 0 || strcmp(oid, GNUTLS_KP_TIME_STAMPING) || !critical ||
	    gnutls_x509_crt_get_key_purpose_oid(c->signer, 1, more, &more_len,
						NULL) !=
		    GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return seal_diag_set(c->diag, SEAL_E_KEY,
				     "the signer's certificate is not one for "
				     "time-stamps alone, marked critical");
	rc = gnutls_x509_crt_get_key_usage(c->signer, &usage, NULL);
	if (rc == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
		return 0;
	if (rc < 0 || !(usage & (GNUTLS_KEY_DIGITAL_SIGNATURE |
				 GNUTLS_KEY_NON_REPUDIATION)))
		return seal_diag_set(c->diag, SEAL_E_KEY,
				     "the signer's certificate is not one for "
				     "signatures");
	return 0;
}

/* Valid when the token was made: clocks of today say nothing about it. */
static bool valid_then(const struct seal_tsa_token *c, gnutls_x509_crt_t crt)
{
	time_t then = (time_t)(c->info.time_us / 1000000);

	return then >= gnutls_x509_crt_get_activation_time(crt) &&
	       then <= gnutls_x509_crt_get_expiration_time(crt);
}

static bool vouches(const struct seal_tsa_token *c, gnutls_x509_crt_t issuer)
{
	gnutls_x509_crt_t subject = c->chain[c->chain_count - 1];
	unsigned i, status = 0;

	for (i = 0; i < c->chain_count; i++)
		if (gnutls_x509_crt_equals(c->chain[i], issuer))
			return false;
	return valid_then(c, issuer) &&
	       gnutls_x509_crt_check_issuer(subject, issuer) &&
	       gnutls_x509_crt_verify(subject, &issuer, 1, TSA_NO_CLOCK,
				      &status) >= 0 &&
	       !status;
}

/* One step up: a CA ends it, a certificate of the token lengthens it. */
static bool step_up(struct seal_tsa_token *c)
{
	unsigned i;

	for (i = 0; i < c->ca_count && !c->anchor; i++)
		if (vouches(c, c->ca[i]))
			c->anchor = c->ca[i];
	if (c->anchor)
		return true;
	for (i = 0; i < c->own_count && c->chain_count < TSA_CHAIN_MAX; i++)
		if (vouches(c, c->own[i])) {
			c->chain[c->chain_count++] = c->own[i];
			return true;
		}
	return false;
}

static int verify_chain(struct seal_tsa_token *c)
{
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)GNUTLS_KP_TIME_STAMPING,
	};
	gnutls_x509_trust_list_t list;
	unsigned status = 0;
	int rc = gnutls_x509_trust_list_init(&list, 0);

	if (rc < 0)
		return seal_x509_fail(c->diag, SEAL_E_CRYPTO, rc,
				      "cannot check certificates");
	rc = gnutls_x509_trust_list_add_cas(list, &c->anchor, 1, 0);
	if (rc >= 0)
		rc = gnutls_x509_trust_list_verify_crt2(
			list, c->chain, c->chain_count, &purpose, 1,
			TSA_NO_CLOCK |
				GNUTLS_PROFILE_TO_VFLAGS(GNUTLS_PROFILE_MEDIUM),
			&status, NULL);
	gnutls_x509_trust_list_deinit(list, 0);
	if (rc < 0)
		return seal_x509_fail(c->diag, SEAL_E_CRYPTO, rc,
				      "cannot check certificates");
	if (status)
		return seal_diag_set(c->diag, SEAL_E_TLS,
				     "the authority's certificate may not be "
				     "used: a constraint, a purpose or a weak "
				     "algorithm on its way to the CA");
	return 0;
}

int seal_tsa_chain(struct seal_tsa_token *c)
{
	unsigned i;

	if (!valid_then(c, c->signer))
		return seal_diag_set(c->diag, SEAL_E_TLS,
				     "the authority's certificate was not "
				     "valid at the time that the token says");
	c->chain[c->chain_count++] = c->signer;
	for (i = 0; i < c->ca_count && !c->anchor; i++)
		if (gnutls_x509_crt_equals(c->ca[i], c->signer))
			c->anchor = c->ca[i];
	while (!c->anchor && step_up(c))
		;
	if (!c->anchor)
		return seal_diag_set(c->diag, SEAL_E_TLS,
				     "no CA of the file given vouches for the "
				     "authority at the time that the token "
				     "says");
	return verify_chain(c);
}
