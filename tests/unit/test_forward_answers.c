/* SPDX-License-Identifier: Apache-2.0 */
/* The answer table of docs/spec/protocol.md, the rows of any request and of
 * add-checkpoint. */
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

/* ---- any request ---- */

static void try_transient(struct bench *b, const char *path, unsigned status)
{
	uint64_t wait, receipts = b->log.receipts;
	char text[64];

	SAY(.path = path, .status = status);
	fake_log_grow(&b->log, 1);
	b->now_ms += 1000;
	wait = bench_busy(b);
	assert_in_range(wait, 500, 1500);
	/* Whoever looks is told, with the status. */
	snprintf(text, sizeof(text), "the store answered %u;", status);
	assert_int_equal(bench_state(b).failures, 1);
	assert_non_null(strstr(bench_state(b).last_error, text));
	/* Not a moment earlier. */
	b->now_ms += wait - 1;
	assert_int_equal(bench_step(b), 1);
	b->now_ms += 1;
	bench_run(b);
	assert_int_equal(b->log.receipts, receipts + 1);
	assert_int_equal(bench_state(b).failures, 0);
	assert_int_equal(b->alarms, 0);
	SAY(.path = path, .status = status, .has_retry_after = true,
	    .retry_after_ms = 7000);
	fake_log_grow(&b->log, 1);
	b->now_ms += 1000;
	assert_int_equal(bench_busy(b), 7000);
	bench_run(b);
	SAY(.path = path, .status = status, .has_retry_after = true,
	    .retry_after_ms = 3600000);
	fake_log_grow(&b->log, 1);
	b->now_ms += 1000;
	assert_int_equal(bench_busy(b), 15 * 60 * 1000);
	bench_run(b);
	assert_int_equal(b->log.receipts, receipts + 3);
	assert_int_equal(b->alarms, 0);
}

static void transient_answers_are_waited_out(void **state)
{
	static const unsigned status[] = {408, 425, 429, 500,
					  502, 503, 504, 599};
	struct bench *b = *state;
	size_t i;

	bench_start(b);
	for (i = 0; i < sizeof(status) / sizeof(status[0]); i++) {
		try_transient(b, CHECKPOINT, status[i]);
		try_transient(b, ENTRIES, status[i]);
	}
}

static void try_refused(struct bench *b, const char *path, unsigned status)
{
	size_t alarms = b->alarms;
	uint64_t receipts = b->log.receipts;
	int i;

	for (i = 0; i < 5; i++)
		SAY(.path = path, .status = status);
	fake_log_grow(&b->log, 1);
	b->now_ms += 1000;
	for (i = 0; i < 5; i++) {
		assert_int_equal(bench_busy(b), 60000);
		b->now_ms += 60000;
	}
	/* Told once, and gone with the receipt. */
	assert_int_equal(b->alarms, alarms + 1);
	assert_int_equal(b->alarm[alarms % 64], SEAL_FORWARD_ALARM_REFUSED);
	assert_int_equal(bench_state(b).alarm, SEAL_FORWARD_ALARM_REFUSED);
	bench_run(b);
	assert_int_equal(b->log.receipts, receipts + 1);
	assert_int_equal(bench_state(b).alarm, SEAL_FORWARD_ALARM_NONE);
	assert_string_equal(bench_state(b).last_error, "");
}

static void other_answers_are_tried_every_minute_for_ever(void **state)
{
	static const unsigned status[] = {101, 201, 204, 301, 302, 304,
					  307, 401, 402, 403, 404, 405,
					  407, 410, 421, 426, 451, 600};
	struct bench *b = *state;
	size_t i;

	bench_start(b);
	for (i = 0; i < sizeof(status) / sizeof(status[0]); i++) {
		b->alarms = 0;
		try_refused(b, CHECKPOINT, status[i]);
		b->mirror.scripted = b->mirror.played = 0;
		try_refused(b, ENTRIES, status[i]);
		b->mirror.scripted = b->mirror.played = 0;
	}
	/* What has the right status and the wrong body is no answer either. */
	b->alarms = 0;
	try_refused(b, CHECKPOINT, 409);
	try_refused(b, ENTRIES, 409);
	b->mirror.scripted = b->mirror.played = 0;
	try_refused(b, ENTRIES, 202);
}

static void without_a_network_it_never_gives_up(void **state)
{
	static const int error[] = {SEAL_E_NET, SEAL_E_TLS, SEAL_E_TOOBIG,
				    SEAL_E_PROTOCOL};
	struct bench *b = *state;
	struct fake_answer always = {0};
	uint64_t wait, longest = 0, last = 500, i;

	fake_log_grow(&b->log, 10);
	bench_start(b);
	b->mirror.always = &always;
	for (i = 0; i < 2000; i++) {
		always.error = error[i % 4];
		wait = bench_busy(b);
		/* Decorrelated jitter: 0.5 s to 3 times the last, 60 s. */
		assert_in_range(wait, 500, 60000);
		assert_true(wait <= 3 * last);
		last = wait;
		longest = wait > longest ? wait : longest;
		b->now_ms += wait;
	}
	assert_true(longest > 50000);
	assert_int_equal(b->alarms, 0);
	assert_int_equal(bench_state(b).failures, 2000);
	assert_string_equal(bench_state(b).last_error, "scripted error");
	b->mirror.always = NULL;
	bench_run(b);
	assert_int_equal(b->log.receipt_size, 10);
	assert_int_equal(bench_state(b).failures, 0);
	assert_string_equal(bench_state(b).last_error, "");
}

static void an_upload_whose_answer_is_lost_is_repeated(void **state)
{
	struct bench *b = *state;

	fake_log_grow(&b->log, 700);
	SAY(.path = CHECKPOINT, .work = true, .error = SEAL_E_NET);
	SAY(.path = ENTRIES, .work = true, .error = SEAL_E_NET);
	bench_start(b);
	bench_run(b);
	assert_int_equal(b->log.receipt_size, 700);
	assert_int_equal(b->mirror.stored, 700);
	assert_int_equal(b->alarms, 0);
}

/* ---- add-checkpoint ---- */

static void a_larger_size_at_the_mirror_halts(void **state)
{
	struct bench *b = *state;
	uint64_t requests;

	bench_receipted(b);
	/* The disk is an older one; half of what was sent is gone. */
	fake_log_cut(&b->log, 0);
	fake_log_grow(&b->log, 600);
	b->receipt_size = 0;
	bench_start(b);
	bench_busy(b);
	bench_assert_halted(b, "AS027");
	assert_int_equal(b->alarm[0], SEAL_FORWARD_ALARM_HALT_ROLLBACK);
	assert_non_null(strstr(b->text, "1000"));
	/* Both sides' notes are kept; then there is silence for ever. */
	assert_true(b->ours.len > 0);
	assert_int_equal(b->mirror.gets, 1);
	assert_memory_equal(b->theirs.data, "the mirror's", 12);
	assert_int_equal(strlen(b->mirror.get_path), 1 + 64 + 11);
	requests = bench_state(b).requests;
	b->now_ms += 1000000000;
	assert_true(bench_step(b) == SEAL_FORWARD_NEVER);
	seal_forward_resume(b->fw);
	assert_true(bench_step(b) == SEAL_FORWARD_NEVER);
	assert_int_equal(bench_state(b).requests, requests);
}

static void another_root_at_our_size_halts(void **state)
{
	struct bench *b = *state;

	/* 409 with our own size, as tlog-witness v1.0.0 has it. */
	fake_log_grow(&b->log, 1000);
	SAY(.path = CHECKPOINT, .status = 409, .type = SIZE_TYPE,
	    .body = "1000\n");
	SAY(.path = CHECKPOINT, .status = 409, .type = SIZE_TYPE,
	    .body = "1000\n");
	bench_start(b);
	bench_busy(b);
	bench_assert_halted(b, "AS008");
	assert_int_equal(b->alarm[0], SEAL_FORWARD_ALARM_HALT_FORK);
}

static void the_same_with_422_halts(void **state)
{
	struct bench *b = *state;

	fake_log_grow(&b->log, 1000);
	SAY(.path = CHECKPOINT, .status = 409, .type = SIZE_TYPE,
	    .body = "1000\n");
	SAY(.path = CHECKPOINT, .status = 422, .body = "root differs\n");
	bench_start(b);
	bench_step(b);
	bench_step(b);
	bench_assert_halted(b, "AS008");
	assert_memory_equal(b->theirs.data, "root differs\n", 13);
	assert_true(b->ours.len > 0);
}

/* Another history under the same keys, grown to `ours`; mirror has 1,000. */
static void begin_forked(struct bench *b, uint64_t head, uint64_t ours)
{
	bench_receipted(b);
	fake_log_cut(&b->log, 0);
	b->log.salt = 2;
	fake_log_grow(&b->log, head);
	fake_log_grow(&b->log, ours - head);
	bench_start(b);
	bench_busy(b);
}

static void a_fork_is_found_by_showing_the_old_root(void **state)
{
	struct bench *b = *state;

	begin_forked(b, 1000, 1200);
	bench_assert_halted(b, "AS008");
	assert_int_equal(b->mirror.stored, 1000);
}

static void without_a_head_there_a_refused_proof_freezes(void **state)
{
	struct bench *b = *state;

	begin_forked(b, 900, 1200);
	bench_assert_frozen(b, "");
	assert_int_equal(b->alarm[0], SEAL_FORWARD_ALARM_FREEZE_REFUSED);
}

static void a_refused_proof_of_the_same_log_freezes(void **state)
{
	struct bench *b = *state;
	uint64_t requests;

	bench_receipted(b);
	fake_log_grow(&b->log, 10);
	SAY(.path = CHECKPOINT, .status = 422);
	b->now_ms += 1000;
	bench_run(b);
	/* The old root was shown and taken: it is not a fork. */
	bench_assert_frozen(b, "");
	assert_int_equal(b->mirror.size, 1000);
	assert_int_equal(b->mirror.old_size, 1000);
	requests = bench_state(b).requests;
	b->now_ms += 1000000000;
	assert_true(bench_step(b) == SEAL_FORWARD_NEVER);
	assert_int_equal(bench_state(b).requests, requests);
	/* Until an operator says so. */
	seal_forward_resume(b->fw);
	bench_run(b);
	assert_int_equal(b->log.receipt_size, 1010);
	assert_int_equal(bench_state(b).alarm, SEAL_FORWARD_ALARM_NONE);
}

static void refused_requests_freeze(void **state)
{
	struct bench *b = *state;

	fake_log_grow(&b->log, 10);
	SAY(.path = CHECKPOINT, .status = 422);
	bench_start(b);
	bench_busy(b);
	bench_assert_frozen(b, "");
	SAY(.path = CHECKPOINT, .status = 400);
	bench_start(b);
	bench_busy(b);
	bench_assert_frozen(b, "");
	assert_non_null(strstr(b->text, "400"));
	assert_non_null(strstr(b->text, "until 'auditseal resume'"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(transient_answers_are_waited_out),
		TEST(other_answers_are_tried_every_minute_for_ever),
		TEST(without_a_network_it_never_gives_up),
		TEST(an_upload_whose_answer_is_lost_is_repeated),
		TEST(a_larger_size_at_the_mirror_halts),
		TEST(another_root_at_our_size_halts),
		TEST(the_same_with_422_halts),
		TEST(a_fork_is_found_by_showing_the_old_root),
		TEST(without_a_head_there_a_refused_proof_freezes),
		TEST(a_refused_proof_of_the_same_log_freezes),
		TEST(refused_requests_freeze),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
