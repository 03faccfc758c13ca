/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests, answers and TSTInfo of RFC 3161 as DER.  Contract: tsa.h.  Nothing
 * here knows who signed: tsa_check.c does.
 */
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "core/crypto.h"
#include "x509/der.h"
#include "x509/tsa.h"

static const uint8_t oid_hash[][9] = {
	{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01}, /* SHA-256 */
	{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02}, /* SHA-384 */
	{0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03}, /* SHA-512 */
};
static const uint8_t hash_bytes[] = {32, 48, 64};

/* ---- requests ---- */

int seal_tsa_request_put(struct seal_buf *b, const void *text, size_t text_len,
			 const uint8_t nonce[SEAL_TSA_NONCE_BYTES])
{
	static const uint8_t version = 1, yes = 0xff;
	uint8_t inner_bytes[96], imprint_bytes[64], number[9] = {0};
	struct seal_buf inner, imprint;
	struct seal_hash hash;
	size_t skip = 0;
	int rc = seal_sha256(text, text_len, &hash);

	if (rc)
		return rc;
	memcpy(number + 1, nonce, SEAL_TSA_NONCE_BYTES);
	while (skip < 8 && !number[skip] && !(number[skip + 1] & 0x80))
		skip++;
	seal_buf_init_fixed(&imprint, imprint_bytes, sizeof(imprint_bytes));
	seal_der_put(&imprint, DER_SEQUENCE, 2 + sizeof(oid_hash[0]) + 2);
	seal_der_put_bytes(&imprint, DER_OID, oid_hash[0], sizeof(oid_hash[0]));
	seal_der_put(&imprint, DER_NULL, 0);
	seal_der_put_bytes(&imprint, DER_OCTET_STRING, hash.b, sizeof(hash.b));
	seal_buf_init_fixed(&inner, inner_bytes, sizeof(inner_bytes));
	seal_der_put_bytes(&inner, DER_INTEGER, &version, 1);
	seal_der_put_bytes(&inner, DER_SEQUENCE, imprint.data, imprint.len);
	seal_der_put_bytes(&inner, DER_INTEGER, number + skip,
			   sizeof(number) - skip);
	seal_der_put_bytes(&inner, DER_BOOLEAN, &yes, 1); /* certReq */
	if (seal_buf_error(&imprint) || seal_buf_error(&inner))
		return SEAL_E_INTERNAL;
	seal_der_put_bytes(b, DER_SEQUENCE, inner.data, inner.len);
	return seal_buf_error(b);
}

static void take_number(struct seal_cur *c, struct seal_tsa_number *ret)
{
	size_t len;
	const uint8_t *bytes = seal_der_number(c, DER_INTEGER, &len);

	if (len > sizeof(ret->b))
		seal_cur_fail(c, SEAL_E_FORMAT);
	if (seal_cur_error(c))
		return;
	memcpy(ret->b, bytes, len);
	ret->bytes = len;
}

/* A version 1, which requests and TSTInfo begin with. */
static void take_version(struct seal_cur *c)
{
	if (seal_der_u64(c, DER_INTEGER) != 1)
		seal_cur_fail(c, SEAL_E_UNKNOWN);
}

static void take_imprint(struct seal_cur *c, struct seal_tsa_info *info)
{
	struct seal_cur imprint, algorithm, oid, hash;
	size_t i;

	seal_der_take(c, DER_SEQUENCE, &imprint);
	seal_der_take(&imprint, DER_SEQUENCE, &algorithm);
	seal_der_take(&algorithm, DER_OID, &oid);
	if (seal_der_peek(&algorithm))
		seal_der_expect(&algorithm, DER_NULL, "", 0);
	seal_der_done(&imprint, &algorithm);
	seal_der_take(&imprint, DER_OCTET_STRING, &hash);
	seal_der_done(c, &imprint);
	if (seal_cur_error(c))
		return;
	for (i = 0; i < sizeof(hash_bytes); i++)
		if (oid.left == sizeof(oid_hash[i]) &&
		    !memcmp(oid.p, oid_hash[i], oid.left))
			break;
	if (i == sizeof(hash_bytes)) {
		seal_cur_fail(c, SEAL_E_UNKNOWN);
	} else if (hash.left != hash_bytes[i]) {
		seal_cur_fail(c, SEAL_E_FORMAT);
	} else {
		info->hash = (enum seal_tsa_hash)(i + 1);
		memcpy(info->imprint, hash.p, hash.left);
		info->imprint_bytes = hash.left;
	}
}

int seal_tsa_request_nonce(const uint8_t *der, size_t len,
			   struct seal_tsa_number *ret_nonce,
			   struct seal_diag *diag)
{
	struct seal_tsa_info info;
	struct seal_tsa_number nonce = {.bytes = 0};
	struct seal_cur c, request;

	seal_cur_init(&c, der, len);
	seal_der_take(&c, DER_SEQUENCE, &request);
	take_version(&request);
	take_imprint(&request, &info);
	if (seal_der_peek(&request) == DER_OID)
		seal_der_pass(&request, DER_OID);
	if (seal_der_peek(&request) == DER_INTEGER)
		take_number(&request, &nonce);
	if (seal_der_peek(&request) == DER_BOOLEAN)
		seal_der_expect(&request, DER_BOOLEAN, "\xff", 1);
	if (seal_der_peek(&request) == DER_INSIDE(0))
		seal_der_pass(&request, DER_INSIDE(0));
	seal_der_done(&c, &request);
	if (seal_cur_end(&c))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "not a time-stamp request");
	*ret_nonce = nonce;
	return 0;
}

/* ---- answers ---- */

/* PKIStatusInfo: granted, or why not. */
static int take_status(struct seal_cur *c, struct seal_diag *diag)
{
	struct seal_cur status, texts, text;
	uint64_t value;

	seal_cur_init(&text, NULL, 0);
	seal_der_take(c, DER_SEQUENCE, &status);
	value = seal_der_u64(&status, DER_INTEGER);
	if (seal_der_peek(&status) == DER_SEQUENCE) {
		seal_der_take(&status, DER_SEQUENCE, &texts);
		seal_der_take(&texts, DER_UTF8_STRING, &text);
		while (seal_der_peek(&texts))
			seal_der_pass(&texts, DER_UTF8_STRING);
		seal_der_done(&status, &texts);
	}
	if (seal_der_peek(&status) == DER_BIT_STRING)
		seal_der_pass(&status, DER_BIT_STRING);
	seal_der_done(c, &status);
	if (seal_cur_error(c))
		return 0;
	if (value > 1)
		return seal_diag_set(diag, SEAL_E_PROTOCOL,
				     "the authority gave no token: status "
				     "%llu%s%.*s",
				     (unsigned long long)value,
				     text.left ? ", " : "",
				     text.left < 300 ? (int)text.left : 300,
				     (const char *)text.p);
	return 0;
}

int seal_tsa_answer_token(const uint8_t *der, size_t len,
			  const uint8_t **ret_token, size_t *ret_len,
			  struct seal_diag *diag)
{
	const uint8_t *token = der;
	size_t token_len = len;
	struct seal_cur c, answer;
	int rc;

	if (len > SEAL_TSA_MAX_BYTES)
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "a time-stamp token is at most %d bytes",
				     SEAL_TSA_MAX_BYTES);
	seal_cur_init(&c, der, len);
	seal_der_take(&c, DER_SEQUENCE, &answer);
	if (seal_der_peek(&answer) != DER_OID) {
		rc = take_status(&answer, diag);
		if (rc)
			return rc;
		token = answer.p;
		token_len = answer.left;
		seal_der_pass(&answer, DER_SEQUENCE);
		seal_der_done(&c, &answer);
	}
	if (seal_cur_end(&c))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "not a time-stamp answer or token in DER");
	*ret_token = token;
	*ret_len = token_len;
	return 0;
}

/* ---- what a token says ---- */

static void take_oid(struct seal_cur *c, char ret_text[SEAL_TSA_OID_BYTES])
{
	struct seal_cur oid;
	struct seal_buf text;
	uint64_t arc;
	uint8_t byte;
	bool first = true;

	seal_der_take(c, DER_OID, &oid);
	/* One byte is kept for the NUL. */
	seal_buf_init_fixed(&text, ret_text, SEAL_TSA_OID_BYTES - 1);
	do {
		arc = 0;
		do {
			byte = seal_cur_u8(&oid);
			if ((!arc && byte == 0x80) || arc >> 32)
				seal_cur_fail(&oid, SEAL_E_FORMAT);
			arc = arc << 7 | (byte & 0x7f);
		} while (byte & 0x80 && !seal_cur_error(&oid));
		if (first && arc < 80)
			seal_buf_putf(&text, "%u.%u", (unsigned)arc / 40,
				      (unsigned)arc % 40);
		else
			seal_buf_putf(&text, "%s%llu", first ? "2." : ".",
				      (unsigned long long)arc -
					      (first ? 80 : 0));
		first = false;
	} while (!seal_cur_error(&oid) && oid.left);
	seal_der_done(c, &oid);
	if (seal_buf_error(&text))
		seal_cur_fail(c, SEAL_E_FORMAT);
	ret_text[text.len] = '\0';
}

static unsigned digits(struct seal_cur *c, unsigned count)
{
	unsigned value = 0;
	uint8_t digit;

	while (count--) {
		digit = seal_cur_u8(c);
		if (digit < '0' || digit > '9')
			seal_cur_fail(c, SEAL_E_FORMAT);
		else
			value = value * 10 + (digit - '0');
	}
	return value;
}

/* ".5": in microseconds, rounded up; no zero at the end. */
static uint64_t fraction(struct seal_cur *c)
{
	uint64_t us = 0, unit = 100000;
	bool finer = false;
	unsigned digit = 0;

	seal_cur_expect(c, ".");
	do {
		digit = digits(c, 1);
		us += digit * unit;
		finer |= !unit && digit;
		unit /= 10;
	} while (!seal_cur_error(c) && c->left > 1);
	if (!digit)
		seal_cur_fail(c, SEAL_E_FORMAT);
	return us + finer;
}

static uint64_t take_time(struct seal_cur *c)
{
	struct seal_cur text;
	struct tm tm = {0}, back;
	uint64_t us = 0;
	time_t when;

	seal_der_take(c, DER_TIME, &text);
	tm.tm_year = (int)digits(&text, 4) - 1900;
	tm.tm_mon = (int)digits(&text, 2) - 1;
	tm.tm_mday = (int)digits(&text, 2);
	tm.tm_hour = (int)digits(&text, 2);
	tm.tm_min = (int)digits(&text, 2);
	tm.tm_sec = (int)digits(&text, 2);
	back = tm;
	when = timegm(&back);
	/* timegm repairs the 31st of April; nobody meant the 1st of May. */
	if (when < 0 || back.tm_mon != tm.tm_mon ||
	    back.tm_mday != tm.tm_mday || back.tm_hour != tm.tm_hour ||
	    back.tm_min != tm.tm_min || back.tm_sec != tm.tm_sec)
		seal_cur_fail(&text, SEAL_E_FORMAT);
	if (text.left > 1)
		us = fraction(&text);
	seal_cur_expect(&text, "Z");
	seal_der_done(c, &text);
	return (uint64_t)when * 1000000 + us;
}

static void take_accuracy(struct seal_cur *c, struct seal_tsa_info *info)
{
	uint64_t s = 0, ms = 0, us = 0;
	struct seal_cur inner;

	seal_der_take(c, DER_SEQUENCE, &inner);
	if (seal_der_peek(&inner) == DER_INTEGER)
		s = seal_der_u64(&inner, DER_INTEGER);
	if (seal_der_peek(&inner) == DER_CONTEXT(0))
		ms = seal_der_u64(&inner, DER_CONTEXT(0));
	if (seal_der_peek(&inner) == DER_CONTEXT(1))
		us = seal_der_u64(&inner, DER_CONTEXT(1));
	seal_der_done(c, &inner);
	if (s > UINT32_MAX || ms > 999 || us > 999)
		seal_cur_fail(c, SEAL_E_FORMAT);
	info->has_accuracy = true;
	info->accuracy_us = s * 1000000 + ms * 1000 + us;
}

/* Extensions that must be understood are not: none is known here. */
static void take_extensions(struct seal_cur *c)
{
	struct seal_cur list, extension;

	seal_der_take(c, DER_INSIDE(1), &list);
	while (seal_der_peek(&list)) {
		seal_der_take(&list, DER_SEQUENCE, &extension);
		seal_der_pass(&extension, DER_OID);
		if (seal_der_peek(&extension) == DER_BOOLEAN)
			seal_cur_fail(&extension, SEAL_E_UNKNOWN);
		seal_der_pass(&extension, DER_OCTET_STRING);
		seal_der_done(&list, &extension);
	}
	seal_der_done(c, &list);
}

int seal_tsa_info_parse(const uint8_t *der, size_t len,
			struct seal_tsa_info *ret_info, struct seal_diag *diag)
{
	struct seal_tsa_info info;
	struct seal_cur c, in;

	memset(&info, 0, sizeof(info));
	seal_cur_init(&c, der, len);
	seal_der_take(&c, DER_SEQUENCE, &in);
	take_version(&in);
	take_oid(&in, info.policy);
	take_imprint(&in, &info);
	take_number(&in, &info.serial);
	info.time_us = take_time(&in);
	if (seal_der_peek(&in) == DER_SEQUENCE)
		take_accuracy(&in, &info);
	if (seal_der_peek(&in) == DER_BOOLEAN) /* ordering; FALSE is left out */
		seal_der_expect(&in, DER_BOOLEAN, "\xff", 1);
	if (seal_der_peek(&in) == DER_INTEGER)
		take_number(&in, &info.nonce);
	if (seal_der_peek(&in) == DER_INSIDE(0)) /* tsa: the certificate says */
		seal_der_pass(&in, DER_INSIDE(0));
	if (seal_der_peek(&in) == DER_INSIDE(1))
		take_extensions(&in);
	seal_der_done(&c, &in);
	if (seal_cur_end(&c) == SEAL_E_UNKNOWN)
		return seal_diag_set(diag, SEAL_E_UNKNOWN,
				     "the token uses a hash, a version or an "
				     "extension that this auditseal does not "
				     "know");
	if (seal_cur_end(&c))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the token's content is not TSTInfo in "
				     "DER");
	*ret_info = info;
	return 0;
}
