/* SPDX-License-Identifier: Apache-2.0 */
/* Heads that were verified before: as claims, as anchors, to go on from; and
 * parts of a log. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/verify_bench.h"

#define SEGMENT	  "/s/00000000000000000000.seg"
#define MINUTE_US ((uint64_t)60 * 1000000)

static void assert_found(struct verify_bench *b, int status, const char *found)
{
	int got = verify_bench_judge(b);

	assert_string_equal(b->found, found);
	assert_int_equal(got, status);
}

/* What the verdict just given leaves behind. */
static struct seal_verify_remembered remember(const struct verify_bench *b)
{
	struct seal_verify_remembered known = {
		.size = b->verdict.size,
		.root = b->verdict.root,
		.have_log_id = true,
		.log_id = b->verdict.log_id,
		.time_us = b->options.as_of_us,
		.who = "the state file",
	};

	return known;
}

/* start, 8 records in 4 commits, a receipt unless it must not be. */
static void small_log(struct verify_bench *b, bool receipt)
{
	struct seal_spool *sp = fixture_open(b->f);
	unsigned i;

	for (i = 0; i < 4; i++)
		fixture_commit(sp, "message", 2);
	if (receipt)
		verify_bench_receipt(b, sp);
	fixture_close(b->f, sp);
}

static void a_rollback_shows(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_remembered known;
	struct memio *before;
	struct seal_spool *sp;
	uint64_t size;
	const uint8_t *old;

	small_log(b, true);
	before = memio_copy(b->f->m);
	sp = fixture_open(b->f);
	fixture_commit(sp, "later", 3);
	verify_bench_receipt(b, sp);
	fixture_close(b->f, sp);
	assert_found(b, 0, "");
	known = remember(b);
	b->remembered = &known;
	assert_found(b, 0, "");
	/* All of the host's files are those of before. */
	old = memio_data(before, SEGMENT, &size);
	memio_put(b->f->m, SEGMENT, old, size);
	old = memio_data(before, "/s/state", &size);
	memio_put(b->f->m, "/s/state", old, size);
	old = memio_data(before, "/s/acked", &size);
	memio_put(b->f->m, "/s/acked", old, size);
	old = memio_data(before, "/s/epochs", &size);
	memio_put(b->f->m, "/s/epochs", old, size);
	assert_found(b, 2, "AS007[11,16]");
	b->options.live = true;
	assert_found(b, 2, "AS027[11,16]");
	b->options.live = false;
	b->remembered = NULL;
	assert_found(b, 0, "");
	memio_free(before);
}

/* What was handed on before the head was verified is no rollback. */
static void an_older_copy_may_be_one_on_purpose(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_remembered known;

	small_log(b, true);
	assert_found(b, 0, "");
	known = remember(b);
	known.may_be_older = true;
	b->remembered = &known;
	known.size++;
	assert_found(b, 0, "");
	assert_int_equal(b->verdict.anchor.kind, SEAL_ANCHOR_QUORUM);
	known.size--;
	assert_found(b, 0, "");
	known.root.b[0] ^= 1;
	assert_found(b, 2, "AS008");
	known.size++;
	assert_found(b, 0, "");
	known.log_id.b[0] ^= 1;
	assert_found(b, 2, "AS028");
	known = remember(b);
	known.size++;
	assert_found(b, 2, "AS007[11,11]");
}

static void another_history_shows(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_remembered known;

	small_log(b, true);
	assert_found(b, 0, "");
	known = remember(b);
	known.root.b[0] ^= 1;
	b->remembered = &known;
	assert_found(b, 2, "AS008");
	known = remember(b);
	known.log_id.b[0] ^= 1;
	assert_found(b, 2, "AS028");
}

static void a_known_head_is_an_anchor(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_remembered known;

	small_log(b, false);
	assert_found(b, 3, "AS033");
	known = remember(b);
	b->remembered = &known;
	assert_found(b, 0, "");
	assert_int_equal(b->verdict.anchor.kind, SEAL_ANCHOR_KNOWN);
	assert_int_equal(b->verdict.anchor.size, 11);
	/* It is as old as what it rested on. */
	b->options.as_of_us += 5 * MINUTE_US;
	assert_found(b, 3, "AS034");
	b->options.min_freshness_us = 6 * MINUTE_US;
	assert_found(b, 0, "");
	known.size = 0;
	known.time_us = 0;
	assert_found(b, 3, "AS033");
}

/* Also what the policy does not pin is bound by the log id. */
static void a_known_head_without_log_id(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_remembered known;

	small_log(b, false);
	assert_found(b, 3, "AS033");
	known = remember(b);
	known.have_log_id = false;
	b->remembered = &known;
	b->options.have_pin = false;
	assert_found(b, 0, "");
	assert_true(b->verdict.rooted);
	assert_false(b->verdict.pinned);
}

static void flip_all(struct verify_bench *b, uint64_t from, uint64_t to,
		     int outside, uint64_t ret_count[4])
{
	uint64_t size, i;
	uint8_t *data = memio_data(b->f->m, SEGMENT, &size);
	int rc, status;

	memset(ret_count, 0, 4 * sizeof(*ret_count));
	for (i = from; i < to && i < size; i++) {
		data[i] ^= 1;
		status = verify_bench_try(b, &rc);
		data[i] ^= 1;
		ret_count[status]++;
		if (rc && outside != rc)
			fail_msg("%llu: %d %s", (unsigned long long)i, rc,
				 b->f->diag.text);
	}
}

static void going_on_looks_at_what_is_new(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_resume resume;
	struct seal_verify_remembered known;
	struct seal_feed_place at;
	struct seal_spool *sp;
	uint64_t n[4], size;

	small_log(b, true);
	assert_found(b, 0, "");
	assert_true(b->verdict.resumable);
	resume = b->verdict.resume;
	known = remember(b);
	at = b->last;
	assert_int_equal(at.size, 11);
	b->remembered = &known;
	b->resume = &resume;
	b->at = at;
	/* Nothing is new. */
	assert_found(b, 0, "");
	assert_int_equal(b->verdict.entries_checked, 0);
	assert_int_equal(b->verdict.looked_from, 11);
	/* Two sessions, two epochs, a receipt. */
	b->resume = NULL;
	sp = fixture_open(b->f);
	fixture_commit(sp, "new", 3);
	fixture_close(b->f, sp);
	sp = fixture_open(b->f);
	fixture_commit(sp, "newer", 2);
	verify_bench_receipt(b, sp);
	fixture_close(b->f, sp);
	assert_found(b, 0, "");
	size = b->verdict.size;
	assert_int_equal(size, 22);
	b->resume = &resume;
	b->at = at;
	assert_found(b, 0, "");
	assert_int_equal(b->verdict.size, size);
	assert_int_equal(b->verdict.entries_checked, size - 11);
	assert_true(b->verdict.resumable);
	assert_int_equal(b->verdict.resume.epoch, 3);
	b->options.deep = true;
	assert_found(b, 0, "");
	b->options.deep = false;
	/* What is new is looked at, every byte; what is known is not. */
	(void)memio_data(b->f->m, SEGMENT, &size);
	flip_all(b, at.offset, UINT64_MAX, 0, n);
	assert_int_equal(n[0] + n[3], 0);
	assert_int_equal(n[1], SEAL_FRAME_HEAD_BYTES);
	flip_all(b, 300, at.offset - SEAL_FRAME_HEAD_BYTES, 0, n);
	assert_int_equal(n[1] + n[2] + n[3], 0);
	assert_true(n[0] > 100);
}

static void going_on_needs_the_head_at_its_place(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_resume resume;
	struct seal_feed_place at;
	uint64_t offset;
	unsigned found = 0;
	int rc;

	small_log(b, true);
	assert_found(b, 0, "");
	resume = b->verdict.resume;
	at = b->last;
	b->resume = &resume;
	for (offset = 0; offset < at.offset + 10; offset++) {
		b->at = at;
		b->at.offset = offset;
		(void)verify_bench_try(b, &rc);
		assert_true(!rc || rc == SEAL_E_RANGE);
		found += !rc;
	}
	assert_int_equal(found, 1);
	b->at = at;
	b->at.segment_first = 1;
	assert_int_equal(verify_bench_try(b, &rc), 3);
	assert_int_equal(rc, SEAL_E_RANGE);
	/* Keys of another log, a tree of another size. */
	b->at = at;
	resume.host_key[0] ^= 1;
	assert_int_equal(verify_bench_try(b, &rc), 3);
	assert_int_equal(rc, SEAL_E_FOREIGN);
	resume.host_key[0] ^= 1;
	resume.frontier.node[0].b[0] ^= 1;
	assert_int_equal(verify_bench_try(b, &rc), 3);
	assert_int_equal(rc, SEAL_E_RANGE);
}

/* 5 segments: 0-5, 6-10, 11-15, 16-20, 21-23; receipts of the end of each. */
static void five_segments(struct verify_bench *b)
{
	struct seal_spool *sp;
	unsigned i;

	b->f->config.keep_bytes = 1 << 20;
	sp = fixture_open(b->f);
	for (i = 0; i < 4; i++) {
		fixture_commit(sp, "message", 5);
		verify_bench_receipt(b, sp);
		assert_int_equal(seal_spool_rotate(sp, &b->f->diag), 0);
		memio_advance_ms(b->f->m, 10000);
	}
	fixture_commit(sp, "last", 1);
	fixture_close(b->f, sp);
}

static void going_on_in_a_later_segment(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_resume resume;
	struct seal_feed_part first = {0, 11};
	uint64_t left;

	five_segments(b);
	b->options.range = true;
	b->part = &first;
	assert_found(b, 0, "");
	assert_int_equal(b->verdict.size, 11);
	assert_int_equal(b->last.size, 11);
	resume = b->verdict.resume;
	b->options.range = false;
	b->part = NULL;
	b->resume = &resume;
	b->at = b->last;
	assert_found(b, 0, "");
	left = b->verdict.entries_checked;
	assert_int_equal(left, b->verdict.size - 11);
	/* The files before are not needed for it, nor is the head in them. */
	memio_remove(b->f->m, SEGMENT);
	memio_remove(b->f->m, "/s/00000000000000000006.seg");
	b->at.segment_first = 11;
	b->at.offset = 181 + strlen(FIXTURE_ORIGIN) + 3 * 32;
	assert_found(b, 0, "");
	assert_int_equal(b->verdict.entries_checked, left);
}

/* A part needs an anchor that reaches its end, and none that is fresh. */
static void a_part_is_anchored_at_its_end(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_remembered known;
	struct seal_feed_part part = {6, 16};

	five_segments(b);
	assert_found(b, 0, "");
	known = remember(b);
	b->options.range = true;
	b->options.as_of_us += 500 * MINUTE_US;
	b->part = &part;
	assert_found(b, 0, "");
	assert_int_equal(b->verdict.first_index, 6);
	assert_int_equal(b->verdict.size, 16);
	assert_true(b->verdict.range);
	/* An archive: nothing stands beside, but receipts in the frames. */
	memio_remove(b->f->m, "/s/acked");
	memio_remove(b->f->m, "/s/state");
	b->options.alone = true;
	assert_found(b, 3, "AS033[11,15]");
	b->options.have_expect_size = true;
	b->options.expect_size = 16;
	assert_found(b, 0, "");
	b->options.expect_size = 17;
	assert_found(b, 2, "AS007[16,16] AS033[11,15]");
	b->options.have_expect_size = false;
	part.end = UINT64_MAX;
	part.first = 11;
	assert_found(b, 3, "AS033[21,23]");
	b->remembered = &known;
	assert_found(b, 0, "");
	assert_int_equal(b->verdict.anchor.kind, SEAL_ANCHOR_KNOWN);
	/* One before it vouches for nothing behind it. */
	known.size = 10;
	assert_found(b, 3, "AS033[21,23]");
	known.size = 24;
	known.root.b[5] ^= 1;
	assert_found(b, 2, "AS008 AS033[21,23]");
	known.size = 25; /* beyond: the root is another part's business */
	assert_found(b, 0, "");
}

static void parts_by_index_and_time(void **state)
{
	struct verify_bench *b = *state;
	struct seal_feed_limits all = {0, UINT64_MAX, 0, UINT64_MAX}, limits;
	uint64_t begin = b->f->io->realtime_us(b->f->io);
	struct seal_feed_part part;
	bool cut;

	five_segments(b);
#define PART() \
	seal_feed_part(b->f->io, "/s", false, &limits, &part, &cut, &b->f->diag)
	limits = all;
	assert_int_equal(PART(), 0);
	assert_int_equal(part.first, 0);
	assert_true(part.end == UINT64_MAX && !cut);
	limits.from = 10;
	limits.to = 11;
	assert_int_equal(PART(), 0);
	assert_int_equal(part.first, 6);
	assert_int_equal(part.end, 16);
	assert_true(cut);
	limits.from = limits.to = 23;
	assert_int_equal(PART(), 0);
	assert_int_equal(part.first, 21);
	assert_false(cut);
	limits = all;
	limits.from_us = begin + 15 * 1000000; /* the second segment */
	limits.to_us = begin + 25 * 1000000;   /* the third one */
	assert_int_equal(PART(), 0);
	assert_int_equal(part.first, 6);
	assert_int_equal(part.end, 16);
	limits.to_us = begin - 1;
	limits.from_us = 0;
	assert_int_equal(PART(), SEAL_E_NOTFOUND);
}

static void no_memory_for_it(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_remembered known = {.who = "x"};
	struct seal_verify *v;
	unsigned i;

	assert_int_equal(seal_verify_new(&b->options, &v), 0);
	for (i = 0; i < 64; i++)
		assert_int_equal(seal_verify_remember(v, &known), 0);
	assert_int_equal(seal_verify_remember(v, &known), SEAL_E_ARG);
	seal_verify_free(v);
	assert_int_equal(seal_verify_new(&b->options, &v), 0);
	known.size = UINT64_MAX;
	assert_int_equal(seal_verify_remember(v, &known), SEAL_E_ARG);
	seal_verify_free(v);
}

#define TEST(name)                                                \
	cmocka_unit_test_setup_teardown(name, verify_bench_setup, \
					verify_bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_rollback_shows),
		TEST(an_older_copy_may_be_one_on_purpose),
		TEST(another_history_shows),
		TEST(a_known_head_is_an_anchor),
		TEST(a_known_head_without_log_id),
		TEST(going_on_looks_at_what_is_new),
		TEST(going_on_needs_the_head_at_its_place),
		TEST(going_on_in_a_later_segment),
		TEST(a_part_is_anchored_at_its_end),
		TEST(parts_by_index_and_time),
		TEST(no_memory_for_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
