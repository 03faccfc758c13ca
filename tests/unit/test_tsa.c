/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 3161: tokens of `openssl ts` are taken, and nothing else is.  The tokens
 * are made anew for each run by tests/lib/tsa.bash.
 */
#include "x509/der.h"
#include "x509/tsa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/crypto.h"
#include "tests/lib/oom.h"

#define TEXT_FILE "text"

static struct seal_diag diag;

/* A whole file of the test's own directory, NUL behind it. */
static uint8_t *slurp(const char *name, size_t *ret_len)
{
	uint8_t *bytes = calloc(1, 100001);
	FILE *file = fopen(name, "rb");

	assert_non_null(bytes);
	if (!file)
		fail_msg("there is no %s", name);
	*ret_len = fread(bytes, 1, 100000, file);
	fclose(file);
	return bytes;
}

static int setup(void **state)
{
	char command[4096];

	(void)state;
	assert_int_equal(seal_crypto_init(&diag), 0);
	snprintf(command, sizeof(command),
		 "exec bash -c '. %s/tests/lib/tsa.bash; tsa_bench'",
		 getenv("SEAL_SRCDIR"));
	return system(command);
}

struct stamp_case {
	uint8_t *answer, *text, *ca;
	size_t answer_len, text_len;
};

/* NAME is "good-rsa-sha256"; NAME.ca if there is one, else ca.crt. */
static void load(struct stamp_case *s, const char *name)
{
	char path[300];
	size_t len;

	snprintf(path, sizeof(path), "%s.tsr", name);
	s->answer = slurp(path, &s->answer_len);
	s->text = slurp(TEXT_FILE, &s->text_len);
	snprintf(path, sizeof(path), "%s.ca", name);
	s->ca = slurp(access(path, R_OK) ? "ca.crt" : path, &len);
}

static void unload(struct stamp_case *s)
{
	free(s->answer);
	free(s->text);
	free(s->ca);
}

static int check_answer(const struct stamp_case *s,
			const struct seal_tsa_number *nonce,
			struct seal_tsa_stamp *ret_stamp)
{
	const uint8_t *token;
	size_t len;
	int rc;

	memset(&diag, 0, sizeof(diag));
	rc = seal_tsa_answer_token(s->answer, s->answer_len, &token, &len,
				   &diag);
	return rc ? rc
		  : seal_tsa_check(token, len, s->text, s->text_len,
				   (const char *)s->ca, nonce, ret_stamp,
				   &diag);
}

static void good_tokens_are_taken(void **state)
{
	struct seal_tsa_stamp stamp;
	struct dirent *entry;
	struct stamp_case s;
	char name[256];
	unsigned count = 0;
	DIR *dir = opendir(".");

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char *dot = strstr(entry->d_name, ".tsr");

		if (strncmp(entry->d_name, "good-", 5) || !dot)
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)(dot - entry->d_name),
			 entry->d_name);
		load(&s, name);
		if (check_answer(&s, NULL, &stamp))
			fail_msg("%s: %s", name, diag.text);
		assert_memory_equal(stamp.authority, "CN=", 3);
		assert_true(stamp.info.serial.bytes > 0);
		unload(&s);
		count++;
	}
	closedir(dir);
	assert_int_equal(count, 16);
}

/* What is wrong, as which error, in which words. */
static const struct {
	const char *name;
	int rc;
	const char *says;
} bad[] = {
	{"bad-another", SEAL_E_KEY, "names another certificate"},
	{"bad-both", SEAL_E_KEY, "not one for time-stamps alone"},
	{"bad-cipher", SEAL_E_KEY, "not one for signatures"},
	{"bad-content", SEAL_E_FORMAT, "not a time-stamp token"},
	{"bad-expired", SEAL_E_TLS, "not valid at the time"},
	{"bad-imprint", SEAL_E_SIG, "over something else"},
	{"bad-no-way", SEAL_E_TLS, "no CA of the file"},
	{"bad-not-yet", SEAL_E_TLS, "not valid at the time"},
	{"bad-old-ca", SEAL_E_TLS, "no CA of the file"},
	{"bad-other-ca", SEAL_E_TLS, "no CA of the file"},
	{"bad-path-length", SEAL_E_TLS, "may not be used"},
	{"bad-plain", SEAL_E_KEY, "not one for time-stamps alone"},
	{"bad-refused", SEAL_E_PROTOCOL, "status 2, Message digest"},
	{"bad-sha1", SEAL_E_UNKNOWN, "does not know"},
	{"bad-sha1-signature", SEAL_E_SIG, "weak algorithm, ECDSA-SHA1"},
	{"bad-short-key", SEAL_E_TLS, "a weak algorithm"},
	{"bad-two", SEAL_E_FORMAT, "exactly one signature"},
	{"bad-unbound", SEAL_E_KEY, "does not say with which"},
	{"bad-weak", SEAL_E_KEY, "not one for time-stamps alone"},
	{"bad-web", SEAL_E_KEY, "not one for time-stamps alone"},
	{"bad-young-ca", SEAL_E_TLS, "no CA of the file"},
};

static void bad_tokens_are_refused(void **state)
{
	struct seal_tsa_stamp stamp;
	struct stamp_case s;
	size_t i;
	int rc;

	(void)state;
	memset(&stamp, 0x5a, sizeof(stamp));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		load(&s, bad[i].name);
		rc = check_answer(&s, NULL, &stamp);
		if (rc != bad[i].rc || !strstr(diag.text, bad[i].says))
			fail_msg("%s: %d, %s", bad[i].name, rc, diag.text);
		assert_int_equal(stamp.authority[0], 0x5a);
		unload(&s);
	}
}

static void a_token_says_what_openssl_put_in(void **state)
{
	struct seal_tsa_stamp stamp;
	struct stamp_case s;

	(void)state;
	load(&s, "good-all");
	assert_int_equal(check_answer(&s, NULL, &stamp), 0);
	assert_int_equal(stamp.info.hash, SEAL_TSA_SHA512);
	assert_int_equal(stamp.info.imprint_bytes, 64);
	assert_true(stamp.info.has_accuracy);
	assert_int_equal(stamp.info.accuracy_us, 1500100);
	assert_string_equal(stamp.info.policy, "1.3.6.1.4.1.99999.2.3");
	assert_string_equal(stamp.authority, "CN=rsa");
	assert_true((int64_t)(stamp.info.time_us / 1000000) <= time(NULL));
	assert_true((int64_t)(stamp.info.time_us / 1000000) >
		    time(NULL) - 3600);
	unload(&s);
	load(&s, "good-then");
	assert_int_equal(check_answer(&s, NULL, &stamp), 0);
	assert_true(stamp.info.time_us == UINT64_C(1590969600000000));
	assert_false(stamp.info.has_accuracy);
	unload(&s);
}

static void the_nonce_is_the_requests(void **state)
{
	struct seal_tsa_number nonce, other;
	struct seal_tsa_stamp stamp;
	struct stamp_case s;
	uint8_t *query;
	size_t len;

	(void)state;
	load(&s, "good-ec-sha256");
	query = slurp("good-ec-sha256.tsq", &len);
	assert_int_equal(seal_tsa_request_nonce(query, len, &nonce, &diag), 0);
	assert_int_equal(check_answer(&s, &nonce, &stamp), 0);
	free(query);
	query = slurp("good-rsa-sha256.tsq", &len);
	assert_int_equal(seal_tsa_request_nonce(query, len, &other, &diag), 0);
	assert_int_equal(check_answer(&s, &other, &stamp), SEAL_E_SIG);
	assert_non_null(strstr(diag.text, "nonce"));
	free(query);
	unload(&s);
	/* A request without one asks for nothing; a token without one does not
	 * answer a request that has one. */
	query = slurp("good-bare.tsq", &len);
	assert_int_equal(seal_tsa_request_nonce(query, len, &other, &diag), 0);
	assert_int_equal(other.bytes, 0);
	free(query);
	load(&s, "good-bare");
	assert_int_equal(check_answer(&s, &other, &stamp), 0);
	assert_int_equal(check_answer(&s, &nonce, &stamp), SEAL_E_SIG);
	unload(&s);
}

/* openssl reads our request and answers it; the nonce comes back. */
static void our_request(const uint8_t nonce[SEAL_TSA_NONCE_BYTES], size_t bytes)
{
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_tsa_number back;
	struct seal_tsa_stamp stamp;
	struct stamp_case s;
	char command[4096];
	FILE *file;

	load(&s, "good-ec-sha256");
	assert_int_equal(seal_tsa_request_put(&b, s.text, s.text_len, nonce),
			 0);
	unload(&s);
	assert_int_equal(seal_tsa_request_nonce(b.data, b.len, &back, &diag),
			 0);
	assert_int_equal(back.bytes, bytes);
	assert_memory_equal(back.b, nonce + SEAL_TSA_NONCE_BYTES - bytes,
			    bytes);
	file = fopen("ours.tsq", "wb");
	assert_int_equal(fwrite(b.data, 1, b.len, file), b.len);
	fclose(file);
	seal_buf_fini(&b);
	snprintf(command, sizeof(command),
		 "exec bash -c '. %s/tests/lib/tsa.bash; "
		 "tsa_answer ours.tsq ec ca ours.tsr'",
		 getenv("SEAL_SRCDIR"));
	assert_int_equal(system(command), 0);
	load(&s, "ours");
	assert_int_equal(check_answer(&s, &back, &stamp), 0);
	assert_int_equal(stamp.info.hash, SEAL_TSA_SHA256);
	unload(&s);
}

static void openssl_answers_our_requests(void **state)
{
	(void)state;
	our_request((const uint8_t *)"\x12\x34\x56\x78\x9a\xbc\xde\xf0", 8);
	our_request((const uint8_t *)"\xff\x34\x56\x78\x9a\xbc\xde\xf0", 8);
	our_request((const uint8_t *)"\0\0\x80\x78\x9a\xbc\xde\xf0", 6);
	our_request((const uint8_t *)"\0\0\0\0\0\0\0\0", 1);
}

/* A token with one byte changed is refused, or says the same. */
static void changed_bytes(const char *name, unsigned *ret_same)
{
	static const uint8_t change[] = {0x01, 0x80, 0xff};
	struct seal_tsa_stamp stamp, now;
	struct stamp_case s;
	size_t at, i;

	load(&s, name);
	memset(&stamp, 0, sizeof(stamp));
	assert_int_equal(check_answer(&s, NULL, &stamp), 0);
	for (at = 0; at < s.answer_len; at++)
		for (i = 0; i < sizeof(change); i++) {
			s.answer[at] ^= change[i];
			memset(&now, 0, sizeof(now));
			if (!check_answer(&s, NULL, &now)) {
				if (memcmp(&now, &stamp, sizeof(now)))
					fail_msg("%s: byte %zu ^ %02x: another "
						 "token",
						 name, at, change[i]);
				++*ret_same;
			}
			s.answer[at] ^= change[i];
		}
	unload(&s);
}

static void no_changed_byte_makes_another_token(void **state)
{
	static const char *const names[] = {"good-rsa-sha256", "good-ec-sha512",
					    "good-all", "good-old-id",
					    "good-keyid"};
	unsigned same;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		same = 0;
		changed_bytes(names[i], &same);
		print_message("%s: %u changes are outside of what is signed\n",
			      names[i], same);
	}
}

static void no_cut_token_is_taken(void **state)
{
	struct seal_tsa_stamp stamp;
	struct stamp_case s;
	uint8_t *whole;
	size_t len;

	(void)state;
	load(&s, "good-ec-sha256");
	whole = s.answer;
	/* On bytes of its own, so that reading on is seen. */
	for (len = 0; len < s.answer_len; len++) {
		struct stamp_case cut = s;

		cut.answer = malloc(len ? len : 1);
		assert_non_null(cut.answer);
		memcpy(cut.answer, whole, len);
		cut.answer_len = len;
		assert_int_not_equal(check_answer(&cut, NULL, &stamp), 0);
		free(cut.answer);
	}
	s.answer_len++; /* one more: the NUL behind it */
	assert_int_not_equal(check_answer(&s, NULL, &stamp), 0);
	s.answer_len = SEAL_TSA_MAX_BYTES + 1;
	assert_int_equal(check_answer(&s, NULL, &stamp), SEAL_E_TOOBIG);
	unload(&s);
}

static void a_ca_file_must_have_a_ca(void **state)
{
	struct seal_tsa_stamp stamp;
	struct stamp_case s;

	(void)state;
	load(&s, "good-ec-sha256");
	s.ca[0] = '\0';
	assert_int_equal(check_answer(&s, NULL, &stamp), SEAL_E_FORMAT);
	unload(&s);
}

static int make_request(void *arg)
{
	struct seal_buf b = SEAL_BUF_INIT;
	int rc = seal_tsa_request_put(&b, arg, strlen(arg),
				      (const uint8_t *)"12345678");

	assert_true(rc || b.len == 69);
	seal_buf_fini(&b);
	return rc;
}

/* Reading and checking allocate nothing themselves. */
static void out_of_memory_is_said(void **state)
{
	static char text[] = "h/audit\n";

	(void)state;
	assert_true(oom_every(make_request, text) > 0);
}

/* ---- TSTInfo, byte by byte ---- */

#define POLICY "\x06\x03\x2a\x03\x04"
#define IMPRINT                                                        \
	"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01" \
	"\x05\x00\x04\x20"                                             \
	"0123456789abcdef0123456789abcdef"
#define SERIAL "\x02\x01\x05"
#define TIME       \
	"\x18\x0f" \
	"20261121120000Z"

struct part {
	const char *bytes;
	size_t len;
};
#define PART(s)                  \
	{                        \
		s, sizeof(s) - 1 \
	}

static int parse(const struct part *parts, size_t count,
		 struct seal_tsa_info *ret_info)
{
	struct seal_buf inner = SEAL_BUF_INIT, whole = SEAL_BUF_INIT;
	size_t i;
	int rc;

	for (i = 0; i < count; i++)
		seal_buf_put(&inner, parts[i].bytes, parts[i].len);
	seal_der_put_bytes(&whole, DER_SEQUENCE, inner.data, inner.len);
	assert_int_equal(seal_buf_error(&whole), 0);
	rc = seal_tsa_info_parse(whole.data, whole.len, ret_info, &diag);
	seal_buf_fini(&inner);
	seal_buf_fini(&whole);
	return rc;
}

/* version, policy, imprint, serial, time: each replaced in turn. */
static const struct {
	size_t at;
	struct part part;
	int rc;
} strict[] = {
	{0, PART("\x02\x01\x01"), 0},
	{0, PART("\x02\x01\x02"), SEAL_E_UNKNOWN},
	{0, PART("\x02\x02\x00\x01"), SEAL_E_FORMAT},
	{0, PART("\x02\x81\x01\x01"), SEAL_E_FORMAT},
	{0, PART("\x02\x00"), SEAL_E_FORMAT},
	{0, PART(""), SEAL_E_FORMAT},
	{1, PART("\x06\x00"), SEAL_E_FORMAT},
	{1, PART("\x06\x02\x2a\x80"), SEAL_E_FORMAT},
	{1, PART("\x06\x03\x2a\x80\x01"), SEAL_E_FORMAT},
	{1, PART("\x06\x07\x2a\xff\xff\xff\xff\xff\x7f"), SEAL_E_FORMAT},
	{1, PART("\x06\x03\x88\x37\x03"), 0},
	{2, PART("\x30\x00"), SEAL_E_FORMAT},
	{2,
	 PART("\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
	      "\x04\x20"
	      "0123456789abcdef0123456789abcdef"),
	 0},
	{2,
	 PART("\x30\x2e\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01"
	      "\x04\x1f"
	      "0123456789abcdef0123456789abcde"),
	 SEAL_E_FORMAT},
	{2,
	 PART("\x30\x2f\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04"
	      "\x04\x20"
	      "0123456789abcdef0123456789abcdef"),
	 SEAL_E_UNKNOWN},
	{3, PART("\x02\x01\x85"), SEAL_E_FORMAT},
	{3, PART("\x02\x02\x00\x85"), 0},
	{3,
	 PART("\x02\x14"
	      "01234567890123456789"),
	 0},
	{3,
	 PART("\x02\x15"
	      "012345678901234567890"),
	 SEAL_E_FORMAT},
	{4,
	 PART("\x18\x13"
	      "20261121120000.123Z"),
	 0},
	{4,
	 PART("\x18\x13"
	      "20261121120000.120Z"),
	 SEAL_E_FORMAT},
	{4,
	 PART("\x18\x10"
	      "20261121120000.Z"),
	 SEAL_E_FORMAT},
	{4,
	 PART("\x18\x0e"
	      "20261121120000"),
	 SEAL_E_FORMAT},
	{4,
	 PART("\x18\x0d"
	      "202611211200Z"),
	 SEAL_E_FORMAT},
	{4,
	 PART("\x18\x13"
	      "20261121120000+0000"),
	 SEAL_E_FORMAT},
	{4,
	 PART("\x18\x0f"
	      "20260431120000Z"),
	 SEAL_E_FORMAT},
	{4,
	 PART("\x18\x0f"
	      "20261321120000Z"),
	 SEAL_E_FORMAT},
	{4,
	 PART("\x18\x0f"
	      "20261121240000Z"),
	 SEAL_E_FORMAT},
	{4,
	 PART("\x18\x0f"
	      "20261121120060Z"),
	 SEAL_E_FORMAT},
	{4,
	 PART("\x18\x0f"
	      "19691231235959Z"),
	 SEAL_E_FORMAT},
	{4,
	 PART("\x17\x0d"
	      "261121120000Z"),
	 SEAL_E_FORMAT},
	/* and what may follow */
	{5, PART("\x30\x03\x02\x01\x02"), 0},
	{5, PART("\x30\x03\x80\x01\x02"), 0},
	{5, PART("\x30\x04\x80\x02\x03\xe8"), SEAL_E_FORMAT},
	{5, PART("\x30\x07\x02\x05\x01\x00\x00\x00\x00"), SEAL_E_FORMAT},
	{5, PART("\x01\x01\xff"), 0},
	{5, PART("\x01\x01\x00"), SEAL_E_FORMAT},
	{5, PART("\x02\x01\x07"), 0},
	{5, PART("\x02\x01\x07\x01\x01\xff"), SEAL_E_FORMAT},
	{5, PART("\xa0\x03\x82\x01x"), 0},
	{5, PART("\xa1\x08\x30\x06\x06\x01\x2a\x04\x01x"), 0},
	{5, PART("\xa1\x0b\x30\x09\x06\x01\x2a\x01\x01\xff\x04\x01x"),
	 SEAL_E_UNKNOWN},
	{5, PART("\x04\x00"), SEAL_E_FORMAT},
};

static void content_is_read_strictly(void **state)
{
	struct seal_tsa_info info;
	size_t i;
	int rc;

	(void)state;
	for (i = 0; i < sizeof(strict) / sizeof(strict[0]); i++) {
		struct part parts[] = {PART("\x02\x01\x01"), PART(POLICY),
				       PART(IMPRINT),	     PART(SERIAL),
				       PART(TIME),	     PART("")};

		parts[strict[i].at] = strict[i].part;
		rc = parse(parts, 6, &info);
		/* What is too short for its length is malformed alike. */
		if (rc != strict[i].rc)
			fail_msg("case %zu: %d, %s", i, rc, diag.text);
	}
}

static void times_are_exact(void **state)
{
	static const struct {
		struct part time;
		uint64_t us;
	} times[] = {
		{PART("\x18\x0f"
		      "20261121120000Z"),
		 UINT64_C(1795262400000000)},
		{PART("\x18\x11"
		      "20261121120000.5Z"),
		 UINT64_C(1795262400500000)},
		{PART("\x18\x16"
		      "20261121120000.000001Z"),
		 UINT64_C(1795262400000001)},
		{PART("\x18\x17"
		      "20261121120000.0000001Z"),
		 UINT64_C(1795262400000001)},
		{PART("\x18\x0f"
		      "20240229235959Z"),
		 UINT64_C(1709251199000000)},
		{PART("\x18\x0f"
		      "19700101000000Z"),
		 0},
	};
	struct seal_tsa_info info;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		struct part parts[] = {PART("\x02\x01\x01"), PART(POLICY),
				       PART(IMPRINT), PART(SERIAL),
				       times[i].time};

		assert_int_equal(parse(parts, 5, &info), 0);
		assert_true(info.time_us == times[i].us);
		assert_string_equal(info.policy, "1.2.3.4");
		assert_int_equal(info.serial.bytes, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_tokens_are_taken),
		cmocka_unit_test(bad_tokens_are_refused),
		cmocka_unit_test(a_token_says_what_openssl_put_in),
		cmocka_unit_test(the_nonce_is_the_requests),
		cmocka_unit_test(openssl_answers_our_requests),
		cmocka_unit_test(no_changed_byte_makes_another_token),
		cmocka_unit_test(no_cut_token_is_taken),
		cmocka_unit_test(a_ca_file_must_have_a_ca),
		cmocka_unit_test(out_of_memory_is_said),
		cmocka_unit_test(content_is_read_strictly),
		cmocka_unit_test(times_are_exact),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
