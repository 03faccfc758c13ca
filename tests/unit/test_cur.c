/* SPDX-License-Identifier: Apache-2.0 */
/* Cursors: what is read, the sticky error, lines, the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/cur.h"
#include "core/err.h"

static const uint8_t bytes[] = {1,  2,	3,  4,	5,  6,	7,  8,	9,
				10, 11, 12, 13, 14, 15, 16, 17, 18};

static void test_integers(void **state)
{
	struct seal_cur c;

	(void)state;
	seal_cur_init(&c, bytes, sizeof(bytes));
	assert_int_equal(seal_cur_u8(&c), 0x01);
	assert_int_equal(seal_cur_u16(&c), 0x0203);
	assert_int_equal(seal_cur_u24(&c), 0x040506);
	assert_int_equal(seal_cur_u32(&c), 0x0708090a);
	assert_int_equal(seal_cur_end(&c), SEAL_E_FORMAT); /* not yet */
	assert_int_equal(seal_cur_error(&c), 0);
	assert_true(seal_cur_u64(&c) == 0x0b0c0d0e0f101112);
	assert_int_equal(seal_cur_end(&c), 0);
	assert_true(seal_cur_end_ok(&c));
	assert_int_equal(c.off, sizeof(bytes));
}

/* Every reader, at every place where the input may end too early. */
static void test_short(void **state)
{
	(void)state;
	for (size_t len = 0; len < 18; len++) {
		struct seal_cur c;

		seal_cur_init(&c, bytes, len);
		seal_cur_u8(&c);
		seal_cur_u16(&c);
		seal_cur_u24(&c);
		seal_cur_u32(&c);
		assert_int_equal(seal_cur_u64(&c), 0);
		assert_int_equal(seal_cur_error(&c), SEAL_E_SHORT);
		assert_int_equal(seal_cur_end(&c), SEAL_E_SHORT);
		assert_false(seal_cur_end_ok(&c));
		assert_true(c.off <= len);
	}
}

static void test_bytes(void **state)
{
	uint8_t out[4] = {9, 9, 9, 9};
	struct seal_cur c;

	(void)state;
	seal_cur_init(&c, bytes, 6);
	assert_ptr_equal(seal_cur_bytes(&c, 2), bytes);
	seal_cur_skip(&c, 1);
	seal_cur_copy(&c, out, 2);
	assert_memory_equal(out, "\4\5\x9\x9", 4);
	assert_non_null(seal_cur_bytes(&c, 0));
	seal_cur_copy(&c, out, 2);
	assert_int_equal(seal_cur_error(&c), SEAL_E_SHORT);
	assert_memory_equal(out, "\4\5\x9\x9", 4); /* left alone */
	assert_null(seal_cur_bytes(&c, 0));
	assert_int_equal(c.off, 5);

	seal_cur_init(&c, NULL, 0);
	assert_true(seal_cur_end_ok(&c));
	assert_non_null(seal_cur_bytes(&c, 0));
	seal_cur_skip(&c, 1);
	assert_int_equal(seal_cur_error(&c), SEAL_E_SHORT);
	seal_cur_init(&c, NULL, 1);
	assert_int_equal(seal_cur_error(&c), SEAL_E_ARG);
	seal_cur_init(&c, bytes, 2);
	seal_cur_skip(&c, SIZE_MAX);
	assert_int_equal(seal_cur_error(&c), SEAL_E_SHORT);
}

static void test_lines(void **state)
{
	static const char text[] = "one\n\nthree\nlast";
	struct seal_cur c;
	size_t len = 99;

	(void)state;
	seal_cur_init(&c, text, strlen(text));
	assert_memory_equal(seal_cur_line(&c, &len), "one", 3);
	assert_int_equal(len, 3);
	assert_non_null(seal_cur_line(&c, &len));
	assert_int_equal(len, 0);
	assert_memory_equal(seal_cur_line(&c, &len), "three", 5);
	assert_null(seal_cur_line(&c, &len));
	assert_int_equal(len, 5); /* left alone */
	assert_int_equal(seal_cur_error(&c), SEAL_E_SHORT);
	assert_null(seal_cur_line(&c, &len));
	seal_cur_init(&c, text, 0);
	assert_null(seal_cur_line(&c, &len));
}

static void test_expect(void **state)
{
	struct seal_cur c;

	(void)state;
	seal_cur_init(&c, "old 3\n", 6);
	seal_cur_expect(&c, "old ");
	assert_int_equal(seal_cur_error(&c), 0);
	assert_int_equal(c.off, 4);
	seal_cur_expect(&c, "4\n");
	assert_int_equal(seal_cur_error(&c), SEAL_E_FORMAT);
	seal_cur_expect(&c, "3\n");
	assert_int_equal(seal_cur_error(&c), SEAL_E_FORMAT);
	seal_cur_init(&c, "ol", 2);
	seal_cur_expect(&c, "old");
	assert_int_equal(seal_cur_error(&c), SEAL_E_SHORT);
	seal_cur_init(&c, "x", 1);
	seal_cur_fail(&c, SEAL_E_RANGE);
	seal_cur_fail(&c, SEAL_E_ARG);
	assert_int_equal(seal_cur_u8(&c), 0);
	assert_int_equal(seal_cur_error(&c), SEAL_E_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_integers), cmocka_unit_test(test_short),
		cmocka_unit_test(test_bytes),	 cmocka_unit_test(test_lines),
		cmocka_unit_test(test_expect),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
