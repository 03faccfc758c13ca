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

/* start, 6 records in 3 commits, 2 records, receipt, stop, hand-over. */
static void small_log(struct verify_bench *b)
{
	struct seal_spool *sp = fixture_open(b->f);
	unsigned i;

	for (i = 0; i < 3; i++)
		fixture_commit(sp, "message", 2);
	for (i = 0; i < 2; i++)
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
	assert_int_equal(b->verdict.size, 11);
	assert_int_equal(b->verdict.anchor.size, 9);
	/* The hand-over at the stop destroyed the key that sealed them. */
	assert_int_equal(b->verdict.window, 0);
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
	flip(b, "/s/acked", 0, 500, 7, n); /* the newer slot */
	assert_int_equal(n[0] + n[2] + n[3], 0);
}

/* ---- named damages ---- */

#define SEGMENT "/s/00000000000000000000.seg"

static void assert_found(struct verify_bench *b, int status, const char *found)
{
	int got = verify_bench_deep(b);

	if (strcmp(b->found, found) || got != status)
		fail_msg("%d %s, not %d %s", got, b->found, status, found);
}

static void without_a_policy_nothing_is_decided(void **state)
{
	struct verify_bench *b = *state;

	small_log(b);
	b->options.policy = NULL;
	b->options.have_pin = false;
	assert_found(b, 3, "AS033 AS036");
	b->options.have_expect_size = true;
	b->options.expect_size = 11;
	assert_found(b, 3, "AS036");
	b->options.have_pin = true;
	assert_found(b, 0, "");
	b->options.expect_size = 12;
	assert_found(b, 2, "AS007[11,11] AS033");
}

static void an_old_receipt_is_stale(void **state)
{
	struct verify_bench *b = *state;

	small_log(b);
	b->options.as_of_us = b->f->io->realtime_us(b->f->io) + 241000000;
	assert_found(b, 3, "AS034");
	b->options.min_freshness_us = 300000000;
	assert_found(b, 0, "");
}

static void another_log_is_foreign(void **state)
{
	struct verify_bench *b = *state;

	small_log(b);
	b->options.pin.b[0] ^= 1;
	assert_int_equal(verify_bench_deep(b), 2);
	assert_non_null(strstr(b->found, "AS028"));
}

static void a_cut_below_the_receipt_is_as007(void **state)
{
	struct verify_bench *b = *state;
	uint64_t size;
	uint8_t *data;

	small_log(b);
	data = memio_data(b->f->m, SEGMENT, &size);
	memio_put(b->f->m, SEGMENT, data, size / 2);
	assert_int_equal(verify_bench_deep(b), 2);
	assert_non_null(strstr(b->found, "AS007["));
	assert_null(strstr(b->found, "AS001"));
	/* Live, it is the spool that was set back. */
	b->options.live = true;
	assert_int_equal(verify_bench_deep(b), 2);
	assert_non_null(strstr(b->found, "AS027["));
}

static void missing_small_files_are_as029(void **state)
{
	struct verify_bench *b = *state;

	small_log(b);
	memio_remove(b->f->m, "/s/state");
	assert_found(b, 1, "AS029");
	memio_remove(b->f->m, "/s/epochs");
	assert_found(b, 1, "AS029 AS029");
	memio_remove(b->f->m, "/s/acked");
	/* The receipts in the segment still stand. */
	assert_int_equal(verify_bench_deep(b), 1);
}

static void a_crash_is_told_and_is_no_crime(void **state)
{
	struct verify_bench *b = *state;
	struct seal_spool *sp;
	unsigned seed;

	small_log(b);
	for (seed = 0; seed < 20; seed++) {
		sp = fixture_open(b->f);
		fixture_commit(sp, "before the crash", 3);
		fixture_crash(b->f, sp, MEMIO_TORN, seed);
		/* At rest after the crash: never evidence. */
		if (verify_bench_deep(b) == 2)
			fail_msg("seed %u: %s", seed, b->found);
		sp = fixture_open(b->f);
		fixture_commit(sp, "after the crash", 1);
		verify_bench_receipt(b, sp);
		fixture_close(b->f, sp);
		assert_found(b, 0, "");
	}
	assert_true(b->verdict.findings.n > 0); /* AS020, class N */
	assert_int_equal(b->verdict.findings.v[0].number, 20);
}

static void segments_follow_each_other(void **state)
{
	struct verify_bench *b = *state;
	struct seal_spool *sp = fixture_open(b->f);
	unsigned i;

	for (i = 0; i < 4; i++) {
		fixture_commit(sp, "message", 5);
		assert_int_equal(seal_spool_rotate(sp, &b->f->diag), 0);
	}
	fixture_commit(sp, "last", 1);
	b->f->config.keep_bytes = 1 << 20;
	fixture_close(b->f, sp);
	b->options.have_expect_size = true;
	b->options.expect_size = 24;
	assert_found(b, 0, "");
	memio_remove(b->f->m, "/s/00000000000000000006.seg");
	assert_found(b, 2, "AS009[6,10]");
}

static void commit_three(struct seal_spool *sp)
{
	const struct seal_message messages[] = {
		{"one", 3, false}, {"two", 3, false}, {"six", 3, false}};

	assert_int_equal(seal_spool_commit(sp, messages, 3, NULL, NULL), 0);
}

/* Frames of 21 bytes: entries 1, 2, 3 of one commit. */
static void moved_doubled_and_removed_frames(void **state)
{
	enum {
		FRAME = 18 + 3,
		BEFORE = 14
	};
	struct verify_bench *b = *state;
	struct seal_spool *sp = fixture_open(b->f);
	uint8_t *data, *edit, *at;
	uint64_t size, rest;

	commit_three(sp);
	fixture_commit(sp, "later", 5);
	verify_bench_receipt(b, sp);
	fixture_close(b->f, sp);
	data = memio_data(b->f->m, SEGMENT, &size);
	edit = malloc(size + FRAME);
	assert_non_null(edit);
	memcpy(edit, data, size);
	at = memmem(edit, size, "one", 3);
	assert_non_null(at);
	at -= BEFORE;
	rest = size - (uint64_t)(at - edit);

	memmove(at + FRAME, at, rest); /* one one two six */
	memio_put(b->f->m, SEGMENT, edit, size + FRAME);
	assert_found(b, 2, "AS005[1,1]");
	memcpy(at, at + 2 * FRAME, FRAME); /* two one two six */
	memmove(at + 2 * FRAME, at + 3 * FRAME, rest - 2 * FRAME);
	memio_put(b->f->m, SEGMENT, edit, size); /* two one six */
	assert_found(b, 2, "AS004[2,2]");
	memmove(at, at + FRAME, rest - FRAME); /* one six */
	memio_put(b->f->m, SEGMENT, edit, size - FRAME);
	assert_found(b, 2, "AS002[2,2]");
	free(edit);
}

#define TEST(name)                                                \
	cmocka_unit_test_setup_teardown(name, verify_bench_setup, \
					verify_bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_clean_log_is_verified),
		TEST(without_a_policy_nothing_is_decided),
		TEST(an_old_receipt_is_stale),
		TEST(another_log_is_foreign),
		TEST(a_cut_below_the_receipt_is_as007),
		TEST(missing_small_files_are_as029),
		TEST(a_crash_is_told_and_is_no_crime),
		TEST(segments_follow_each_other),
		TEST(moved_doubled_and_removed_frames),
		TEST(every_byte_of_a_segment_counts),
		TEST(the_small_files_only_repeat_the_log),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
