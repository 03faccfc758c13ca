/* SPDX-License-Identifier: Apache-2.0 */
/* The sender's way with a mirror that does as it should. */
#include "core/checkpoint.h"
#include "core/note.h"
#include "tests/lib/forward_bench.h"
#include "tests/lib/oom.h"

#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void an_empty_log_sends_nothing(void **state)
{
	struct bench *b = *state;

	bench_start(b);
	assert_true(bench_step(b) == SEAL_FORWARD_NEVER);
	assert_int_equal(b->mirror.checkpoints, 0);
	assert_int_equal(bench_state(b).phase, SEAL_FORWARD_IDLE);
}

static void a_first_head_gets_its_receipt(void **state)
{
	struct bench *b = *state;
	struct seal_checkpoint cp;
	struct seal_note note;
	struct seal_hash root;
	uint64_t time_s;

	fake_log_grow(&b->log, 5);
	bench_start(b);
	bench_run(b);
	assert_int_equal(b->mirror.checkpoints, 1);
	assert_int_equal(b->mirror.uploads, 1);
	assert_int_equal(b->mirror.old_size, 0);
	assert_int_equal(b->mirror.start, 0);
	assert_int_equal(b->mirror.end, 5);
	assert_int_equal(b->mirror.stored, 5);
	assert_int_equal(b->log.receipt_size, 5);
	assert_int_equal(b->log.receipt_time, b->mirror.time_s);
	assert_int_equal(b->alarms, 0);
	/* The receipt is one note: host line, seal line, mirror line. */
	assert_int_equal(seal_checkpoint_parse_note(b->log.receipt_note.data,
						    b->log.receipt_note.len,
						    &note, &cp, NULL),
			 0);
	fake_log_root(&b->log, 5, &root);
	assert_int_equal(cp.size, 5);
	assert_memory_equal(cp.root.b, root.b, 32);
	assert_int_equal(note.sig_count, 3);
	assert_int_equal(seal_note_verify(&note, &b->log.host_vkey, NULL), 0);
	assert_int_equal(
		seal_cosig_verify(&note, &b->mirror.vkey[0], &time_s, NULL), 0);
	assert_int_equal(bench_state(b).receipts, 1);
	assert_int_equal(bench_state(b).entries, 5);
	assert_int_equal(bench_state(b).requests, 2);
}

static void it_follows_a_growing_log_and_paces(void **state)
{
	struct bench *b = *state;
	uint64_t i, wait;

	bench_start(b);
	for (i = 1; i <= 600; i++) {
		fake_log_grow(&b->log, 1 + i % 3);
		wait = bench_busy(b);
		/* Done in no time: 10 ms from begin to begin. */
		assert_int_equal(wait, 10);
		b->now_ms += 9;
		assert_int_equal(bench_step(b), 1);
		b->now_ms += 1;
		assert_int_equal(b->log.receipt_size, b->log.size);
		assert_true(bench_step(b) == SEAL_FORWARD_NEVER);
	}
	assert_int_equal(b->mirror.checkpoints, 600);
	assert_int_equal(b->mirror.uploads, 600);
	assert_int_equal(b->alarms, 0);
}

/* ---- backlog ---- */

static size_t heap_most;

static void look_at_heap(void *ctx)
{
	size_t now = mallinfo2().uordblks + mallinfo2().hblkhd;

	(void)ctx;
	if (now > heap_most)
		heap_most = now;
}

static void a_backlog_takes_flat_memory_and_aligned_uploads(void **state)
{
	struct bench *b = *state;
	size_t before;

	/* Commits of 33 entries, 100,000 in all. */
	while (b->log.size < 100000)
		fake_log_grow(&b->log, 33);
	bench_start(b);
	before = mallinfo2().uordblks + mallinfo2().hblkhd;
	heap_most = 0;
	b->mirror.on_post = look_at_heap;
	bench_run(b);
	assert_int_equal(b->log.receipt_size, b->log.size);
	assert_int_equal(b->mirror.stored, b->log.size);
	assert_memory_equal(b->mirror.leaf, b->log.leaf,
			    b->log.size * sizeof(*b->log.leaf));
	/* 100,000 / 8,192 is 12.2; each upload is at most 32 packages. */
	assert_in_range(b->mirror.uploads, 13, 14);
	assert_true(b->mirror.packages_max <= 32);
	assert_true(b->mirror.distance_max <= 8192);
	assert_true(b->mirror.piece_max <= 256 * 1024 + 65537 + 2017);
	/* 64 bytes an entry of one upload, a piece, notes. */
	assert_true(heap_most - before < 2 * 1024 * 1024);
	assert_int_equal(b->alarms, 0);
}

static void large_entries_go_in_pieces(void **state)
{
	struct bench *b = *state;

	b->log.entry_bytes = 65535;
	fake_log_grow(&b->log, 300);
	bench_start(b);
	bench_run(b);
	assert_int_equal(b->log.receipt_size, 300);
	assert_true(b->mirror.piece_max <= 256 * 1024 + 65537 + 2017);
	assert_true(bench_state(b).bytes > 300 * 65537);
}

static void a_head_beyond_one_request_goes_in_prefixes(void **state)
{
	struct bench *b = *state;

	fake_log_grow(&b->log, 100);
	fake_log_grow(&b->log, 20000);
	bench_start(b);
	bench_run(b);
	assert_int_equal(b->log.receipt_size, 20100);
	/* The first head, then 79 packages in three requests. */
	assert_int_equal(b->mirror.uploads, 4);
	assert_int_equal(b->mirror.packages_max, 32);
	assert_int_equal(b->mirror.checkpoints, 2);
	assert_int_equal(b->mirror.start, 16384);
	assert_int_equal(b->alarms, 0);
}

static void it_begins_at_the_receipt(void **state)
{
	struct bench *b = *state;

	fake_log_grow(&b->log, 1000);
	bench_start(b);
	bench_run(b);
	/* A new process knows the receipt alone. */
	b->receipt_size = b->log.receipt_size;
	b->receipt_time = b->log.receipt_time;
	fake_log_grow(&b->log, 70);
	bench_start(b);
	bench_run(b);
	assert_int_equal(b->mirror.old_size, 1000);
	assert_int_equal(b->mirror.start, 1000);
	assert_int_equal(b->mirror.checkpoints, 2);
	assert_int_equal(b->mirror.uploads, 2);
	assert_int_equal(b->log.receipt_size, 1070);
}

static void a_lost_receipt_is_fetched_again(void **state)
{
	struct bench *b = *state;

	fake_log_grow(&b->log, 1000);
	bench_start(b);
	bench_run(b);
	/* The host lost it: the mirror has all, the host believes in nothing.
	 */
	b->log.receipt_size = 0;
	bench_start(b);
	bench_run(b);
	assert_int_equal(b->log.receipt_size, 1000);
	assert_int_equal(b->alarms, 0);
	/* The mirror refuses what it has, as it may: nothing is sent twice. */
	fake_mirror_play(&b->mirror,
			 (struct fake_answer){.path = "/add-entries",
					      .status = 409,
					      .type = "text/x.tlog.mirror-info",
					      .body = "1000\n1000\n\n"});
	b->log.receipt_size = 0;
	bench_start(b);
	bench_run(b);
	assert_int_equal(b->mirror.start, 1000);
	assert_int_equal(b->mirror.end, 1000);
	assert_int_equal(b->log.receipt_size, 1000);
	assert_int_equal(b->alarms, 0);
}

static void a_pending_checkpoint_is_taken_up(void **state)
{
	struct bench *b = *state;

	/* The checkpoint arrived, the entries did not, the host restarted. */
	fake_log_grow(&b->log, 300);
	fake_mirror_play(&b->mirror,
			 (struct fake_answer){.status = 503, .work = true});
	bench_start(b);
	bench_step(b);
	assert_int_equal(b->mirror.pending, 300);
	fake_log_grow(&b->log, 300);
	bench_start(b);
	bench_run(b);
	assert_int_equal(b->mirror.old_size, 300);
	assert_int_equal(b->log.receipt_size, 600);
	assert_int_equal(b->alarms, 0);
}

static void a_ticket_comes_back(void **state)
{
	struct bench *b = *state;

	b->mirror.ticket = "opaque";
	fake_log_grow(&b->log, 20000);
	bench_start(b);
	bench_run(b);
	assert_string_equal(b->mirror.last_ticket, "opaque");
	assert_int_equal(b->log.receipt_size, 20000);
	/* And is forgotten with the checkpoint that it was for. */
	fake_log_grow(&b->log, 1);
	bench_run(b);
	assert_string_equal(b->mirror.last_ticket, "");
}

static void witness_lines_are_kept(void **state)
{
	struct bench *b = *state;
	struct seal_note note;

	b->mirror.witnesses = true;
	b->take_witnesses = true;
	fake_log_grow(&b->log, 5);
	bench_start(b);
	bench_run(b);
	assert_int_equal(seal_note_parse(b->log.receipt_note.data,
					 b->log.receipt_note.len, &note, NULL),
			 0);
	assert_int_equal(note.sig_count, 4);
	assert_int_equal(
		seal_cosig_verify(&note, &b->mirror.witness, NULL, NULL), 0);
}

static void two_keys_may_be_required(void **state)
{
	struct bench *b = *state;
	struct seal_note note;

	b->keys_needed = 2;
	fake_log_grow(&b->log, 5);
	bench_start(b);
	bench_busy(b);
	assert_int_equal(b->log.receipts, 0);
	assert_int_equal(b->alarm[0], SEAL_FORWARD_ALARM_NO_RECEIPT);
	b->mirror.keys = 2;
	bench_run(b);
	assert_int_equal(b->log.receipt_size, 5);
	assert_int_equal(b->log.receipt_time, b->mirror.time_s + 1);
	assert_int_equal(seal_note_parse(b->log.receipt_note.data,
					 b->log.receipt_note.len, &note, NULL),
			 0);
	assert_int_equal(note.sig_count, 4);
}

static void stop_ends_everything(void **state)
{
	struct bench *b = *state;
	uint64_t wait;

	fake_log_grow(&b->log, 5);
	bench_start(b);
	seal_forward_stop(b->fw);
	assert_true(b->mirror.aborted);
	assert_int_equal(seal_forward_step(b->fw, &wait), SEAL_E_STOPPED);
	assert_int_equal(seal_forward_step(b->fw, &wait), SEAL_E_STOPPED);
	assert_int_equal(b->mirror.checkpoints, 0);
	assert_int_equal(bench_state(b).phase, SEAL_FORWARD_STOPPED);
}

static void impossible_configurations_are_refused(void **state)
{
	struct bench *b = *state;
	struct seal_forward_config config = {.origin = "o", .server = "s"};
	struct seal_forward_source source = {0};
	struct seal_forward_transport transport = {0};
	struct seal_forward_clock clock = {0};
	struct seal_forward *fw = NULL;
	struct seal_diag diag = {0};

	(void)b;
	assert_int_equal(seal_forward_new(&config, &source, &transport, &clock,
					  &fw, &diag),
			 SEAL_E_ARG);
	assert_null(fw);
	assert_true(strlen(diag.text) > 0);
}

/* Any allocation fails once: the sender gets there all the same. */
static void out_of_memory_is_only_a_delay(void **state)
{
	struct bench *b = *state;
	bool failed = true;
	uint64_t wait;
	long k;
	int i;

	fake_log_grow(&b->log, 300);
	for (k = 1; failed; k++) {
		b->mirror.pending = b->mirror.stored = b->mirror.next = 0;
		b->log.receipt_size = 0;
		bench_start(b);
		oom_arm(k);
		for (i = 0; i < 100 && b->log.receipt_size != 300; i++) {
			assert_int_equal(seal_forward_step(b->fw, &wait), 0);
			assert_true(wait != SEAL_FORWARD_NEVER ||
				    b->log.receipt_size == 300);
			b->now_ms += 60000;
		}
		failed = oom_disarm();
		assert_int_equal(b->log.receipt_size, 300);
	}
	assert_true(k > 20);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_empty_log_sends_nothing),
		TEST(a_first_head_gets_its_receipt),
		TEST(it_follows_a_growing_log_and_paces),
		TEST(a_backlog_takes_flat_memory_and_aligned_uploads),
		TEST(large_entries_go_in_pieces),
		TEST(a_head_beyond_one_request_goes_in_prefixes),
		TEST(it_begins_at_the_receipt),
		TEST(a_lost_receipt_is_fetched_again),
		TEST(a_pending_checkpoint_is_taken_up),
		TEST(a_ticket_comes_back),
		TEST(witness_lines_are_kept),
		TEST(two_keys_may_be_required),
		TEST(stop_ends_everything),
		TEST(impossible_configurations_are_refused),
		TEST(out_of_memory_is_only_a_delay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
