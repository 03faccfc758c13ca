/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier on a small spool: clean, damaged, cut, stale, foreign. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/verify_bench.h"

/* start, 10 records in 5 commits, receipt, 4 records, stop, hand-over. */
static void small_log(struct verify_bench *b)
{
	struct seal_spool *sp = fixture_open(b->f);
	unsigned i;

	for (i = 0; i < 5; i++)
		fixture_commit(sp, "message", 2);
	verify_bench_receipt(b, sp);
	for (i = 0; i < 4; i++)
		fixture_commit(sp, "later", 1);
	verify_bench_receipt(b, sp);
	fixture_close(b->f, sp);
}

static void a_clean_log_is_verified(void **state)
{
	struct verify_bench *b = *state;

	small_log(b);
	assert_int_equal(verify_bench_judge(b), 0);
	assert_string_equal(b->found, "");
	assert_int_equal(b->verdict.size, 17);
	assert_int_equal(b->verdict.anchor.size, 15);
	assert_int_equal(b->verdict.window, 2);
	assert_true(b->verdict.pinned);
	b->options.deep = true;
	assert_int_equal(verify_bench_judge(b), 0);
}

/* What flipping bytes of one file gives: how often each exit status. */
static void flip(struct verify_bench *b, const char *path, uint64_t from,
		 uint64_t to, uint64_t step, uint64_t ret_count[4])
{
	uint64_t size, i;
	uint8_t *data = memio_data(b->f->m, path, &size);
	int rc, status;

	memset(ret_count, 0, 4 * sizeof(*ret_count));
	assert_non_null(data);
	for (i = from; i < to && i < size; i += step) {
		data[i] ^= 1;
		status = verify_bench_try(b, &rc);
		data[i] ^= 1;
		if (rc)
			fail_msg("%s:%llu: %s", path, (unsigned long long)i,
				 b->f->diag.text);
		ret_count[status]++;
		if (getenv("SEAL_TEST_SAY"))
			print_message("%s:%llu: %d %s\n", path,
				      (unsigned long long)i, status, b->found);
	}
}

static void every_byte_of_a_segment_counts(void **state)
{
	struct verify_bench *b = *state;
	uint64_t n[4];

	small_log(b);
	flip(b, "/s/00000000000000000000.seg", 0, UINT64_MAX, 1, n);
	assert_int_equal(n[0], 0);
	assert_int_equal(n[3], 0);
	/* Behind the last head but one: the last head is a torn one. */
	assert_int_equal(n[1], 126);
}

static void the_small_files_only_repeat_the_log(void **state)
{
	struct verify_bench *b = *state;
	uint64_t n[4];

	small_log(b);
	flip(b, "/s/epochs", 0, UINT64_MAX, 1, n);
	assert_int_equal(n[0] + n[2] + n[3], 0);
	flip(b, "/s/state", 0, UINT64_MAX, 61, n);
	assert_int_equal(n[0] + n[2] + n[3], 0);
	flip(b, "/s/acked", 0, 700, 7, n);
	assert_int_equal(n[0] + n[2] + n[3], 0);
}

#define TEST(name)                                                \
	cmocka_unit_test_setup_teardown(name, verify_bench_setup, \
					verify_bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clean_log_is_verified),
		TEST(every_byte_of_a_segment_counts),
		TEST(the_small_files_only_repeat_the_log),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
