/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer table of docs/spec/protocol.md, the rows of
 * add-entries, rule "behind", and a spool that fails.
 */
#include "core/checkpoint.h"
#include "tests/lib/forward_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SIZE_TYPE  "text/x.tlog.size"
#define INFO_TYPE  "text/x.tlog.mirror-info"
#define CHECKPOINT "/add-checkpoint"
#define ENTRIES	   "/add-entries"
#define SAY(...)   fake_mirror_play(&b->mirror, (struct fake_answer){__VA_ARGS__})

/* ---- behind ---- */

static void expect_behind(struct bench *b)
{
	static const uint64_t wait[] = {5000, 30000, 60000};
	size_t i;

	for (i = 0; i < 3; i++) {
		assert_int_equal(bench_busy(b), wait[i]);
		assert_int_equal(b->alarms, 0);
		b->now_ms += wait[i] - 1;
		assert_int_equal(bench_step(b), 1);
		b->now_ms += 1;
	}
	bench_run(b);
	bench_assert_frozen(b, "AS027");
	assert_int_equal(b->alarm[0], SEAL_FORWARD_ALARM_FREEZE_BEHIND);
}

static void a_mirror_that_went_back_freezes(void **state)
{
	struct bench *b = *state;

	bench_receipted(b);
	b->mirror.pending = b->mirror.next = b->mirror.stored = 400;
	fake_log_root(&b->log, 400, &b->mirror.pending_root);
	fake_log_grow(&b->log, 10);
	b->now_ms += 1000;
	expect_behind(b);
}

static void entries_that_went_back_freeze(void **state)
{
	struct bench *b = *state;

	bench_receipted(b);
	b->mirror.next = 400;
	fake_log_grow(&b->log, 10);
	b->now_ms += 1000;
	expect_behind(b);
}

static void a_stale_mirror_is_forgiven(void **state)
{
	struct bench *b = *state;

	bench_receipted(b);
	fake_log_grow(&b->log, 10);
	SAY(.path = CHECKPOINT, .status = 409, .type = SIZE_TYPE,
	    .body = "400\n");
	SAY(.path = CHECKPOINT, .status = 409, .type = SIZE_TYPE,
	    .body = "400\n");
	SAY(.path = ENTRIES, .status = 409, .type = INFO_TYPE,
	    .body = "1010\n400\n\n");
	b->now_ms += 1000;
	assert_int_equal(bench_busy(b), 5000);
	b->now_ms += 5000;
	assert_int_equal(bench_busy(b), 30000);
	b->now_ms += 30000;
	assert_int_equal(bench_busy(b), 60000);
	bench_run(b);
	assert_int_equal(b->log.receipt_size, 1010);
	assert_int_equal(b->alarms, 0);
	/* And begins at 5 s the next time. */
	fake_log_grow(&b->log, 10);
	SAY(.path = CHECKPOINT, .status = 409, .type = SIZE_TYPE,
	    .body = "400\n");
	b->now_ms += 1000;
	assert_int_equal(bench_busy(b), 5000);
}

/* A checkpoint of that size and time, cosigned by the mirror. */
static void show(struct bench *b, struct seal_buf *note, uint64_t size,
		 uint64_t time_s)
{
	struct seal_checkpoint cp;
	struct seal_hash root;

	fake_log_root(&b->log, size, &root);
	assert_int_equal(seal_checkpoint_init(&cp, FAKE_ORIGIN, size, &root),
			 0);
	seal_buf_reset(note);
	seal_checkpoint_put(note, &cp);
	seal_buf_put_str(note, "\n");
	fake_mirror_cosign(&b->mirror, 0, size, &root, time_s, note);
	b->mirror.shown = note;
}

static void other_checkpoints_end_no_waiting(void **state)
{
	struct seal_buf note = SEAL_BUF_INIT;
	struct bench *b = *state;
	uint64_t time_s;

	bench_receipted(b);
	time_s = bench_state(b).receipt_time;
	fake_log_grow(&b->log, 10);
	b->mirror.next = 400;
	b->now_ms += 1000;

	show(b, &note, 400, time_s); /* not later */
	assert_int_equal(bench_busy(b), 5000);
	b->now_ms += 5000;
	show(b, &note, 1000, time_s + 1); /* not shorter */
	assert_int_equal(bench_busy(b), 30000);
	b->now_ms += 30000;
	show(b, &note, 400, time_s + 1);
	note.data[strlen(FAKE_ORIGIN) + 3] = '1'; /* 410: not what is signed */
	assert_int_equal(bench_busy(b), 60000);
	assert_int_equal(b->alarms, 0);
	seal_buf_fini(&note);
}

static void such_a_checkpoint_is_kept(void **state)
{
	struct seal_buf note = SEAL_BUF_INIT;
	struct bench *b = *state;

	bench_receipted(b);
	fake_log_grow(&b->log, 10);
	b->mirror.next = 400;
	b->now_ms += 1000;
	show(b, &note, 400, bench_state(b).receipt_time + 1);
	bench_busy(b);
	bench_assert_frozen(b, "AS027");
	assert_int_equal(b->alarms, 1);
	assert_int_equal(b->alarm[0], SEAL_FORWARD_ALARM_FREEZE_BEHIND);
	assert_int_equal(b->mirror.gets, 1);
	assert_int_equal(b->theirs.len, note.len);
	assert_memory_equal(b->theirs.data, note.data, note.len);
	seal_buf_fini(&note);
}

/* ---- add-entries ---- */

static void sizes_beyond_ours_in_mirror_info_halt(void **state)
{
	static const char *const body[] = {"2000\n1000\n\n", "1000\n2000\n\n"};
	struct bench *b = *state;
	size_t i;

	fake_log_grow(&b->log, 1000);
	for (i = 0; i < 2; i++) {
		SAY(.path = ENTRIES, .status = 409, .type = INFO_TYPE,
		    .body = body[i]);
		bench_start(b);
		bench_busy(b);
		bench_assert_halted(b, "AS027");
	}
}

static void a_mirror_that_only_corrects_is_not_flooded(void **state)
{
	static const struct fake_answer stuck = {
		.path = ENTRIES,
		.status = 409,
		.type = INFO_TYPE "; charset=utf-8",
		.body = "1000\n0\n\n",
	};
	struct bench *b = *state;
	uint64_t from = b->now_ms, wait, i;

	fake_log_grow(&b->log, 1000);
	b->mirror.always = &stuck;
	bench_start(b);
	for (i = 0; i < 200; i++) {
		wait = bench_step(b);
		b->now_ms += wait;
	}
	/* 200 requests in minutes, not in no time; it never freezes. */
	assert_true(b->now_ms - from > 60000);
	assert_int_equal(b->alarms, 0);
	b->mirror.always = NULL;
	bench_run(b);
	assert_int_equal(b->log.receipt_size, 1000);
}

static void refuse_body(struct bench *b, const char *body)
{
	b->alarms = 0;
	SAY(.path = ENTRIES, .work = true, .status = 200, .body = body);
	assert_int_equal(bench_busy(b), 60000);
	assert_int_equal(b->alarms, 1);
	assert_int_equal(b->alarm[0], SEAL_FORWARD_ALARM_NO_RECEIPT);
	assert_int_equal(b->log.receipts, 0);
	assert_int_equal(bench_state(b).receipt_size, 0);
	b->mirror.scripted = b->mirror.played = 0;
}

static const char *line(struct bench *b, struct seal_buf *buf, size_t key,
			uint64_t size, const struct seal_hash *root,
			uint64_t time_s)
{
	seal_buf_reset(buf);
	fake_mirror_cosign(&b->mirror, key, size, root, time_s, buf);
	return seal_buf_cstr(buf);
}

static void two_hundred_without_a_receipt_is_none(void **state)
{
	struct bench *b = *state;
	struct seal_buf buf = SEAL_BUF_INIT;
	struct seal_hash root, other = {{9}};
	size_t i;
	const char *body;

	b->receipt_time = 1795262000;
	fake_log_grow(&b->log, 5);
	fake_log_root(&b->log, 5, &root);
	for (i = 0; i < 6; i++) {
		bench_start(b);
		body = i == 0	? ""
		       : i == 1 ? "<html>please log in</html>\n"
		       : i == 2 ? line(b, &buf, 0, 5, &other, 1795262400)
		       : i == 3 ? line(b, &buf, 0, 4, &root, 1795262400)
		       : i == 4 ? line(b, &buf, 0, 5, &root, 1795261999)
				: "\xe2\x80\x94 other.example/k AAAAAAA=\n";
		refuse_body(b, body);
		b->mirror.pending = b->mirror.next = 0;
	}
	bench_start(b);
	bench_run(b);
	assert_int_equal(b->log.receipt_size, 5);
	seal_buf_fini(&buf);
}

static void a_key_of_another_store_gives_no_receipt(void **state)
{
	struct bench *b = *state;
	struct seal_buf buf = SEAL_BUF_INIT;
	struct seal_hash root;

	/* Right in everything, but the witness's key instead of the mirror's.
	 */
	fake_log_grow(&b->log, 5);
	fake_log_root(&b->log, 5, &root);
	b->mirror.keys = 0;
	b->mirror.witnesses = true;
	b->take_witnesses = true;
	bench_start(b);
	assert_int_equal(bench_busy(b), 60000);
	assert_int_equal(b->alarm[0], SEAL_FORWARD_ALARM_NO_RECEIPT);
	assert_int_equal(b->log.receipts, 0);
	seal_buf_fini(&buf);
}

static void refused_entries_ask_once_more_then_freeze(void **state)
{
	static const unsigned status[] = {400, 422};
	struct bench *b = *state;
	size_t i;

	for (i = 0; i < 2; i++) {
		bench_start(b);
		bench_run(b);
		fake_log_grow(&b->log, 10);
		b->mirror.checkpoints = 0;
		SAY(.path = ENTRIES, .status = status[i]);
		b->receipt_size = b->log.receipt_size;
		bench_start(b);
		bench_run(b);
		/* A race: after one more add-checkpoint it goes on. */
		assert_int_equal(b->mirror.checkpoints, 2);
		assert_int_equal(b->log.receipt_size, b->log.size);
		fake_log_grow(&b->log, 10);
		SAY(.path = ENTRIES, .status = status[i]);
		SAY(.path = ENTRIES, .status = status[i]);
		bench_run(b);
		bench_assert_frozen(b, "");
	}
}

static void too_large_halves_down_to_one_package(void **state)
{
	static const struct fake_answer large = {.path = ENTRIES,
						 .status = 413};
	struct bench *b = *state;
	uint64_t requests;

	fake_log_grow(&b->log, 8192);
	b->mirror.always = &large;
	bench_start(b);
	assert_int_equal(bench_busy(b), 60000);
	/* 32 16 8 4 2 1, after one add-checkpoint. */
	assert_int_equal(bench_state(b).requests, 7);
	assert_int_equal(b->alarm[0], SEAL_FORWARD_ALARM_TOO_LARGE);
	b->now_ms += 60000;
	assert_int_equal(bench_busy(b), 60000);
	assert_int_equal(b->alarms, 1);
	b->mirror.always = NULL;
	requests = bench_state(b).requests;
	bench_run(b);
	/* It stays with what went through: 32 requests of one package. */
	assert_int_equal(b->log.receipt_size, 8192);
	assert_int_equal(bench_state(b).requests, requests + 32);
	assert_int_equal(b->mirror.packages_max, 1);
}

/* ---- the spool ---- */

static void a_spool_that_fails_is_told_and_tried_again(void **state)
{
	struct bench *b = *state;
	int *fail[] = {&b->log.fail_sealed, &b->log.fail_offer,
		       &b->log.fail_read, &b->log.fail_receipt,
		       &b->log.fail_frontier};
	size_t i;

	bench_receipted(b);
	for (i = 0; i < sizeof(fail) / sizeof(fail[0]); i++) {
		b->alarms = 0;
		/* A new sender has no frontier of its own yet. */
		b->receipt_size = b->log.receipt_size;
		bench_start(b);
		fake_log_grow(&b->log, 10);
		*fail[i] = SEAL_E_IO;
		assert_in_range(bench_busy(b), 500, 1500);
		assert_int_equal(b->alarms, 1);
		assert_int_equal(b->alarm[0], SEAL_FORWARD_ALARM_SOURCE);
		*fail[i] = 0;
		bench_run(b);
		assert_int_equal(b->log.receipt_size, b->log.size);
		assert_int_equal(bench_state(b).receipt_size, b->log.size);
	}
}

static void entries_that_were_not_sealed_are_not_sent(void **state)
{
	struct bench *b = *state;

	fake_log_grow(&b->log, 10);
	b->log.salt = 7; /* the bytes on the disk are not those of the head */
	bench_start(b);
	assert_in_range(bench_busy(b), 500, 1500);
	assert_int_equal(b->alarm[0], SEAL_FORWARD_ALARM_SOURCE);
	assert_non_null(strstr(b->text, "auditseal verify"));
	assert_int_equal(b->mirror.checkpoints, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_mirror_that_went_back_freezes),
		TEST(entries_that_went_back_freeze),
		TEST(a_stale_mirror_is_forgiven),
		TEST(other_checkpoints_end_no_waiting),
		TEST(such_a_checkpoint_is_kept),
		TEST(sizes_beyond_ours_in_mirror_info_halt),
		TEST(a_mirror_that_only_corrects_is_not_flooded),
		TEST(two_hundred_without_a_receipt_is_none),
		TEST(a_key_of_another_store_gives_no_receipt),
		TEST(refused_entries_ask_once_more_then_freeze),
		TEST(too_large_halves_down_to_one_package),
		TEST(a_spool_that_fails_is_told_and_tried_again),
		TEST(entries_that_were_not_sealed_are_not_sent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
