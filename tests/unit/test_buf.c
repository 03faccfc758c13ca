/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers: what is put, the sticky error, fixed memory, growth, secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/err.h"
#include "tests/lib/oom.h"

static void assert_bytes(const struct seal_buf *b, const char *want, size_t len)
{
	assert_int_equal(seal_buf_error(b), 0);
	assert_int_equal(b->len, len);
	assert_memory_equal(b->data, want, len);
}

static void test_integers(void **state)
{
	struct seal_buf b = SEAL_BUF_INIT;

	(void)state;
	seal_buf_put_u8(&b, 0x01);
	seal_buf_put_u16(&b, 0x0203);
	seal_buf_put_u24(&b, 0x040506);
	seal_buf_put_u32(&b, 0x0708090a);
	seal_buf_put_u64(&b, 0x0b0c0d0e0f101112);
	assert_bytes(&b,
		     "\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d"
		     "\x0e\x0f\x10\x11\x12",
		     18);
	seal_buf_put_u24(&b, 0x1000000);
	assert_int_equal(seal_buf_error(&b), SEAL_E_RANGE);
	seal_buf_fini(&b);
}

static void test_text(void **state)
{
	struct seal_buf b, other;

	(void)state;
	seal_buf_init(&b);
	seal_buf_init(&other);
	seal_buf_put_str(&b, "a");
	seal_buf_put(&b, NULL, 0);
	seal_buf_put_zero(&b, 2);
	seal_buf_put_zero(&b, 0);
	seal_buf_put_dec(&b, UINT64_MAX);
	seal_buf_put_hex(&b, "\xff\x00", 2);
	seal_buf_put_hex(&b, NULL, 0);
	seal_buf_put_base64(&b, "\xff\x00", 2);
	seal_buf_put_base64(&b, NULL, 0);
	seal_buf_putf(&b, "%s-%d", "x", -7);
	seal_buf_put_buf(&other, &b);
	assert_bytes(&other, "a\0\00018446744073709551615ff00/wA=x--7", 35);
	assert_string_equal(seal_buf_cstr(&other) + 3,
			    "18446744073709551615ff00/wA=x--7");
	assert_int_equal(other.len, 35);
	seal_buf_fini(&other);
	seal_buf_fini(&b);
}

static void test_error_is_sticky(void **state)
{
	struct seal_buf b = SEAL_BUF_INIT, bad = SEAL_BUF_INIT;

	(void)state;
	seal_buf_put_str(&b, "abc");
	seal_buf_fail(&b, SEAL_E_FORMAT);
	seal_buf_fail(&b, SEAL_E_RANGE); /* the first one stays */
	seal_buf_put_str(&b, "def");
	seal_buf_put_u64(&b, 1);
	seal_buf_putf(&b, "%d", 1);
	seal_buf_put_base64(&b, "x", 1);
	assert_int_equal(seal_buf_error(&b), SEAL_E_FORMAT);
	assert_int_equal(b.len, 3);
	assert_null(seal_buf_extend(&b, 1));
	assert_null(seal_buf_cstr(&b));
	assert_null(seal_buf_steal(&b, NULL));
	seal_buf_put_buf(&bad, &b); /* and it spreads */
	assert_int_equal(seal_buf_error(&bad), SEAL_E_FORMAT);
	seal_buf_reset(&b);
	seal_buf_put_str(&b, "new");
	assert_bytes(&b, "new", 3);
	seal_buf_truncate(&b, 1);
	assert_bytes(&b, "n", 1);
	seal_buf_truncate(&b, 2);
	assert_int_equal(seal_buf_error(&b), SEAL_E_ARG);
	seal_buf_fini(&bad);
	seal_buf_fini(&b);
	seal_buf_fini(&b);
}

static void test_fixed(void **state)
{
	uint8_t mem[9] = {0};
	struct seal_buf b;
	char long_text[400];

	(void)state;
	memset(mem, 0xee, sizeof(mem));
	seal_buf_init_fixed(&b, mem, 8);
	seal_buf_put_u32(&b, 1);
	seal_buf_putf(&b, "%s", "abcd"); /* its NUL needs no room */
	assert_bytes(&b, "\0\0\0\1abcd", 8);
	assert_ptr_equal(b.data, mem);
	assert_int_equal(mem[8], 0xee);
	seal_buf_put(&b, "", 0);
	assert_int_equal(seal_buf_error(&b), 0);
	seal_buf_put_u8(&b, 1);
	assert_int_equal(seal_buf_error(&b), SEAL_E_TOOBIG);
	assert_int_equal(b.len, 8);
	assert_int_equal(mem[8], 0xee);

	seal_buf_reset(&b);
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = 0;
	seal_buf_putf(&b, "%s", long_text);
	assert_int_equal(seal_buf_error(&b), SEAL_E_TOOBIG);
	assert_int_equal(b.len, 0);

	seal_buf_reset(&b);
	seal_buf_put_str(&b, "ab");
	assert_null(seal_buf_steal(&b, NULL)); /* not ours to give */
	seal_buf_fini(&b);

	seal_buf_init_fixed(&b, NULL, 0);
	seal_buf_put(&b, NULL, 0);
	assert_int_equal(seal_buf_error(&b), 0);
	seal_buf_put_u8(&b, 1);
	assert_int_equal(seal_buf_error(&b), SEAL_E_TOOBIG);
}

static void test_growth(void **state)
{
	struct seal_buf b = SEAL_BUF_INIT;
	uint8_t *taken;
	size_t len = 0;

	(void)state;
	for (uint32_t i = 0; i < 10000; i++)
		seal_buf_put_u32(&b, i);
	assert_int_equal(b.len, 40000);
	for (uint32_t i = 0; i < 10000; i++)
		assert_int_equal(b.data[4 * i + 2], i >> 8 & 255);
	seal_buf_putf(&b, "%01000d", 7);
	assert_int_equal(b.len, 41000);
	assert_int_equal(b.data[40999], '7');
	taken = seal_buf_steal(&b, &len);
	assert_int_equal(len, 41000);
	assert_int_equal(b.len, 0);
	free(taken);
	assert_int_equal(seal_buf_reserve(&b, SIZE_MAX), SEAL_E_TOOBIG);
	seal_buf_reset(&b);
	seal_buf_put_hex(&b, "", SIZE_MAX);
	assert_int_equal(seal_buf_error(&b), SEAL_E_TOOBIG);
	seal_buf_reset(&b);
	seal_buf_put_base64(&b, "", SIZE_MAX);
	assert_int_equal(seal_buf_error(&b), SEAL_E_TOOBIG);
	seal_buf_fini(&b);
}

/* Fixed memory is looked into after the end, which freed memory cannot be. */
static void test_secret_is_wiped(void **state)
{
	struct seal_buf b;
	uint8_t mem[64];

	(void)state;
	seal_buf_init_fixed(&b, mem, sizeof(mem));
	b.secret = true;
	seal_buf_put_str(&b, "a secret");
	seal_buf_truncate(&b, 1);
	assert_memory_equal(mem, "a\0\0\0\0\0\0\0", 8);
	seal_buf_reset(&b);
	assert_int_equal(mem[0], 0);
	seal_buf_put_str(&b, "a secret");
	seal_buf_fini(&b);
	assert_memory_equal(mem, "\0\0\0\0\0\0\0\0", 8);

	seal_buf_init_secret(&b);
	for (int i = 0; i < 2000; i++)
		seal_buf_put_u8(&b, (uint8_t)i);
	seal_buf_putf(&b, "%0500d", 1);
	assert_int_equal(seal_buf_error(&b), 0);
	assert_int_equal(b.len, 2500);
	assert_int_equal(b.data[1999], 1999 & 255);
	seal_buf_fini(&b);
}

static int fill(void *arg)
{
	struct seal_buf b;
	int err;

	if (arg)
		seal_buf_init_secret(&b);
	else
		seal_buf_init(&b);
	for (int i = 0; i < 200; i++)
		seal_buf_put_u64(&b, 1);
	seal_buf_putf(&b, "%0300d", 1);
	seal_buf_cstr(&b);
	err = seal_buf_error(&b);
	seal_buf_fini(&b);
	return err;
}

static void test_out_of_memory(void **state)
{
	char secret[] = "secret";

	(void)state;
	assert_true(oom_every(fill, NULL) >= 4);
	assert_true(oom_every(fill, secret) >= 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_error_is_sticky),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_secret_is_wiped),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
