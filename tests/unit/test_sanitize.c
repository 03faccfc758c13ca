/* SPDX-License-Identifier: Apache-2.0 */
/* Text made safe: what is escaped, what is not, and bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "core/sanitize.h"
#include "core/text.h"
#include "tests/lib/oom.h"

static const struct {
	const char *in, *out;
} cases[] = {
	{"", ""},
	{"plain text, \"quoted\" <b>", "plain text, \"quoted\" <b>"},
	{"a\nb\tc\r", "a\\x0ab\\x09c\\x0d"},
	{"\x1b[31mred\x7f", "\\x1b[31mred\\x7f"},
	{"\\", "\\\\"},
	{"\\x0a", "\\\\x0a"},
	{"\xff\xc3(\xe2\x80", "\\xff\\xc3(\\xe2\\x80"},
	{"\xc3\xa9\xe2\x80\x94\xf0\x9f\x94\x92",
	 "\xc3\xa9\xe2\x80\x94\xf0\x9f\x94\x92"},
	{"\xc2\x9b"
	 "31m",
	 "\\u009b31m"}, /* the other CSI */
	{"\xe2\x80\xae"
	 "evil",
	 "\\u202eevil"},
	{"\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad",
	 "\\u202a\\u202b\\u202c\\u202d"},
	{"\xe2\x81\xa6\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9",
	 "\\u2066\\u2067\\u2068\\u2069"},
	{"\xe2\x80\x8e\xe2\x80\x8f\xd8\x9c", "\\u200e\\u200f\\u061c"},
	{"\xe2\x80\x8b\xe2\x80\x8d\xef\xbb\xbf\xc2\xad",
	 "\\u200b\\u200d\\ufeff\\u00ad"},
	{"\xe2\x80\xa8\xe2\x80\xa9", "\\u2028\\u2029"},
	{"\xf3\xa0\x81\x81\xf3\xa0\x84\x80", "\\U000e0041\\U000e0100"},
	{"\xee\x80\x80\xef\xbf\xbf", "\\ue000\\uffff"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seal_buf b = SEAL_BUF_INIT;
		char text[200];

		assert_true(seal_sanitize_put(&b, cases[i].in,
					      strlen(cases[i].in), 0));
		assert_int_equal(seal_buf_error(&b), 0);
		assert_string_equal(seal_buf_cstr(&b), cases[i].out);
		seal_buf_fini(&b);
		assert_string_equal(seal_sanitize(text, sizeof(text),
						  cases[i].in,
						  strlen(cases[i].in)),
				    cases[i].out);
	}
}

static void test_nul(void **state)
{
	char text[20];

	(void)state;
	assert_string_equal(seal_sanitize(text, sizeof(text), "a\0b", 3),
			    "a\\x00b");
}

/* Whatever comes in, what goes out is valid, printable and bounded. */
static void test_any_bytes(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		uint8_t in[64];
		char out[160];
		size_t len, cap, at = 0;

		for (size_t i = 0; i < sizeof(in); i++) {
			seed = seed * 1664525 + 1013904223;
			in[i] = (uint8_t)(seed >> 24);
		}
		cap = 1 + seed % sizeof(out);
		seal_sanitize(out, cap, in, sizeof(in));
		len = strlen(out);
		assert_true(len < cap);
		while (at < len) {
			uint32_t ch;
			size_t n = seal_utf8_next(out + at, len - at, &ch);

			assert_true(n > 0);
			assert_false(seal_char_unsafe(ch));
			at += n;
		}
	}
}

static void test_bounds(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(seal_sanitize(text, 1, "abc", 3), "");
	assert_string_equal(seal_sanitize(text, 4, "abc", 3), "abc");
	assert_string_equal(seal_sanitize(text, 3, "abc", 3), "ab");
	assert_string_equal(seal_sanitize(text, 8, "abcdefgh", 8), "abcd...");
	/* An escape or a character is there as a whole or not at all. */
	assert_string_equal(seal_sanitize(text, 9, "ab\ncdefgh", 9), "ab...");
	assert_string_equal(seal_sanitize(text, 10, "ab\ncdefgh", 9),
			    "ab\\x0a...");
	assert_string_equal(seal_sanitize(text, 6, "a\xc3\xa9zzzz", 7), "a...");
	assert_string_equal(seal_sanitize(text, 7, "a\xc3\xa9zzzz", 7),
			    "a\xc3\xa9...");
	assert_string_equal(seal_sanitize(text, 4, "\n", 1), "...");
	assert_string_equal(seal_sanitize(text, 3, "\n", 1), "");
}

static void test_unsafe(void **state)
{
	(void)state;
	assert_true(seal_char_unsafe(0));
	assert_true(seal_char_unsafe(0x1f));
	assert_false(seal_char_unsafe(0x20));
	assert_false(seal_char_unsafe(0x7e));
	assert_true(seal_char_unsafe(0x7f));
	assert_true(seal_char_unsafe(0x9f));
	assert_false(seal_char_unsafe(0xa0));
	assert_true(seal_char_unsafe(0x10ffff));
	assert_true(seal_char_unsafe(0x110000));
	assert_true(seal_char_unsafe(0xffffffff));
	assert_false(seal_char_unsafe(0xfffd));
	assert_false(seal_char_unsafe(0x4e00));
}

static int put(void *arg)
{
	struct seal_buf b = SEAL_BUF_INIT;
	int err;

	for (int i = 0; i < 300; i++)
		seal_sanitize_put(&b, arg, strlen(arg), 0);
	err = seal_buf_error(&b);
	seal_buf_fini(&b);
	return err;
}

static void test_out_of_memory(void **state)
{
	char text[] = "\n\xe2\x80\xae";

	(void)state;
	assert_true(oom_every(put, text) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_any_bytes),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_unsafe),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
