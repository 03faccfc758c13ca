/* SPDX-License-Identifier: Apache-2.0 */
/* Base64, hex, decimal and UTF-8: one value has one text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "core/text.h"

static const struct {
	const char *bytes, *text;
} rfc4648[] = {
	{"", ""},
	{"f", "Zg=="},
	{"fo", "Zm8="},
	{"foo", "Zm9v"},
	{"foob", "Zm9vYg=="},
	{"fooba", "Zm9vYmE="},
	{"foobar", "Zm9vYmFy"},
};

static void test_base64(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rfc4648) / sizeof(rfc4648[0]); i++) {
		const char *bytes = rfc4648[i].bytes, *text = rfc4648[i].text;
		size_t n = strlen(bytes), len = 99;
		char out[16] = {0};

		seal_base64_encode(bytes, n, out);
		assert_string_equal(out, text);
		assert_int_equal(SEAL_BASE64_CHARS(n), strlen(text));
		memset(out, 0, sizeof(out));
		assert_int_equal(
			seal_base64_decode(text, strlen(text), out, n, &len),
			0);
		assert_int_equal(len, n);
		assert_string_equal(out, bytes);
		assert_int_equal(
			seal_base64_decode_exact(text, strlen(text), out, n),
			0);
		assert_int_equal(seal_base64_decode_exact(text, strlen(text),
							  out, n + 1),
				 SEAL_E_FORMAT);
		len = 99;
		assert_int_equal(
			seal_base64_decode(text, strlen(text), NULL, 0, &len),
			0);
		assert_int_equal(len, n);
		if (n)
			assert_int_equal(seal_base64_decode(text, strlen(text),
							    out, n - 1, NULL),
					 SEAL_E_TOOBIG);
	}
}

/* All 256 bytes at all three places, there and back. */
static void test_base64_all_bytes(void **state)
{
	(void)state;
	for (int i = 0; i < 256 * 3; i++) {
		uint8_t in[3] = {0x5a, 0xa5, 0x0f}, out[3];
		char text[4];

		in[i % 3] = (uint8_t)(i / 3);
		seal_base64_encode(in, 3, text);
		assert_int_equal(seal_base64_decode_exact(text, 4, out, 3), 0);
		assert_memory_equal(in, out, 3);
	}
}

static void test_base64_is_strict(void **state)
{
	static const char *const bad[] = {
		"Z",	    "Zg",      "Zg=",	   "Zh==",	 "Zm9=",
		"Zg==Zg==", "====",    "Z===",	   "=Zm9",	 "Zm=v",
		"Zm9v\n",   "Zm9v ",   " Zm9v",	   "Zm9_",	 "Zm9-",
		"Zm\x80v",  "Zm9vYg=", "Zm9vY===", "Zg==\0\0\0",
	};
	uint8_t out[16];
	size_t len = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memset(out, 0xee, sizeof(out));
		if (i + 1 == sizeof(bad) / sizeof(bad[0]))
			assert_int_equal(
				seal_base64_decode(bad[i], 7, out, 16, &len),
				SEAL_E_FORMAT);
		else
			assert_int_equal(seal_base64_decode(bad[i],
							    strlen(bad[i]), out,
							    16, &len),
					 SEAL_E_FORMAT);
		assert_int_equal(len, 77);
		assert_int_equal(out[0], 0xee); /* left alone */
	}
	assert_int_equal(seal_base64_decode_exact("Zh==", 4, out, 1),
			 SEAL_E_FORMAT);
	assert_int_equal(seal_base64_decode_exact("Zg==", 4, out, 2),
			 SEAL_E_FORMAT);
}

static void test_hex(void **state)
{
	uint8_t out[3] = {9, 9, 9};
	char text[7] = {0};

	(void)state;
	seal_hex_encode("\x00\xaf\x91", 3, text);
	assert_string_equal(text, "00af91");
	assert_int_equal(seal_hex_decode(text, 6, out, 3), 0);
	assert_memory_equal(out, "\x00\xaf\x91", 3);
	assert_int_equal(seal_hex_decode("", 0, out, 0), 0);
	assert_int_equal(seal_hex_decode("00AF91", 6, out, 3), SEAL_E_FORMAT);
	assert_int_equal(seal_hex_decode("00af9", 5, out, 3), SEAL_E_FORMAT);
	assert_int_equal(seal_hex_decode("00af", 4, out, 3), SEAL_E_FORMAT);
	assert_int_equal(seal_hex_decode("00af9g", 6, out, 3), SEAL_E_FORMAT);
	assert_int_equal(seal_hex_decode("00af9/", 6, out, 3), SEAL_E_FORMAT);
	assert_memory_equal(out, "\x00\xaf\x91", 3); /* left alone */
}

static int dec(const char *text, uint64_t max, uint64_t *ret)
{
	return seal_dec_decode(text, strlen(text), max, ret);
}

static void test_dec(void **state)
{
	static const char *const bad[] = {"",	"00", "01",  "-1",  "+1",
					  " 1", "1 ", "1\n", "0x1", "1.0"};
	char text[SEAL_DEC_BYTES];
	uint64_t v = 5;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(dec(bad[i], UINT64_MAX, &v), SEAL_E_FORMAT);
	assert_int_equal(dec("18446744073709551616", UINT64_MAX, &v),
			 SEAL_E_RANGE);
	assert_int_equal(dec("99999999999999999999999", UINT64_MAX, &v),
			 SEAL_E_RANGE);
	assert_int_equal(dec("9223372036854775808", SEAL_U63_MAX, &v),
			 SEAL_E_RANGE);
	assert_int_equal(dec("11", 10, &v), SEAL_E_RANGE);
	assert_int_equal(v, 5); /* left alone */
	assert_int_equal(dec("18446744073709551615", UINT64_MAX, &v), 0);
	assert_true(v == UINT64_MAX);
	assert_int_equal(seal_dec_encode(v, text), 20);
	assert_string_equal(text, "18446744073709551615");
	assert_int_equal(dec("9223372036854775807", SEAL_U63_MAX, &v), 0);
	assert_true(v == SEAL_U63_MAX);
	assert_int_equal(dec("0", 0, &v), 0);
	assert_int_equal(v, 0);
	assert_int_equal(seal_dec_encode(0, text), 1);
	assert_string_equal(text, "0");
	assert_int_equal(seal_dec_encode(1090, text), 4);
	assert_string_equal(text, "1090");
}

/* What RFC 3629 calls well-formed, written as a table of its own. */
static bool well_formed(uint32_t ch, const uint8_t *s, size_t n)
{
	uint8_t want[4];
	size_t len;

	if (ch < 0x80) {
		len = 1;
		want[0] = (uint8_t)ch;
	} else if (ch < 0x800) {
		len = 2;
		want[0] = (uint8_t)(0xc0 | ch >> 6);
		want[1] = (uint8_t)(0x80 | (ch & 63));
	} else if (ch < 0x10000) {
		len = 3;
		want[0] = (uint8_t)(0xe0 | ch >> 12);
		want[1] = (uint8_t)(0x80 | (ch >> 6 & 63));
		want[2] = (uint8_t)(0x80 | (ch & 63));
	} else {
		len = 4;
		want[0] = (uint8_t)(0xf0 | ch >> 18);
		want[1] = (uint8_t)(0x80 | (ch >> 12 & 63));
		want[2] = (uint8_t)(0x80 | (ch >> 6 & 63));
		want[3] = (uint8_t)(0x80 | (ch & 63));
	}
	return n == len && memcmp(s, want, n) == 0 && ch <= 0x10ffff &&
	       (ch < 0xd800 || ch > 0xdfff);
}

/* All sequences of up to three bytes, and four-byte ones at the borders. */
static void test_utf8_next(void **state)
{
	size_t accepted = 0;

	(void)state;
	for (uint32_t i = 0; i < 1U << 24; i++) {
		uint8_t s[3] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8),
				(uint8_t)i};
		uint32_t ch = 0xffffffff;
		size_t n = seal_utf8_next(s, 3, &ch);

		if (n == 0)
			continue;
		if (!well_formed(ch, s, n))
			fail_msg("%02x%02x%02x", s[0], s[1], s[2]);
		accepted += n == 3;
	}
	/* Every three-byte character and no other. */
	assert_int_equal(accepted, 0x10000 - 0x800 - 0x800);
}

static void test_utf8_valid(void **state)
{
	static const struct {
		bool valid;
		const char *text;
	} cases[] = {
		{true, "plain"},
		{true, "\xc3\xa9"},
		{true, "\xe2\x80\x94"},
		{true, "\xf0\x9f\x94\x92"},
		{true, "\xf4\x8f\xbf\xbf"},
		{true, "\xed\x9f\xbf\xee\x80\x80"},
		{true, "\x01\x7f"},
		{false, "\xf4\x90\x80\x80"}, /* above U+10FFFF */
		{false, "\xf0\x8f\xbf\xbf"}, /* overlong */
		{false, "\xe0\x9f\xbf"},     /* overlong */
		{false, "\xc0\x80"},	     /* overlong NUL */
		{false, "\xc1\xbf"},
		{false, "\xed\xa0\x80"}, /* surrogates */
		{false, "\xed\xbf\xbf"},
		{false, "\x80"},
		{false, "\xbf"},
		{false, "\xc3"},
		{false, "\xe2\x80"},
		{false, "\xf0\x9f\x94"},
		{false, "\xc3("},
		{false, "\xf5\x80\x80\x80"},
		{false, "\xff"},
		{false, "\xfe"},
	};
	char text[200];

	(void)state;
	assert_true(seal_utf8_valid(NULL, 0));
	assert_true(seal_utf8_valid("a\0b", 3));
	/* At every place around the words that the fast path takes. */
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (size_t at = 0; at < 70; at++) {
			size_t n = strlen(cases[i].text);

			memset(text, 'a', sizeof(text));
			memcpy(text + at, cases[i].text, n);
			assert_int_equal(seal_utf8_valid(text, at + n),
					 cases[i].valid);
			assert_int_equal(seal_utf8_valid(text, at + n + 40),
					 cases[i].valid);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64),
		cmocka_unit_test(test_base64_all_bytes),
		cmocka_unit_test(test_base64_is_strict),
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_dec),
		cmocka_unit_test(test_utf8_next),
		cmocka_unit_test(test_utf8_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
