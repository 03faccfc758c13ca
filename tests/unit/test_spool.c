/* SPDX-License-Identifier: Apache-2.0 */
/* The log in its ordinary life: commit, read, rotate, hand over, forward. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "core/entry.h"
#include "spool/keydir.h"
#include "tests/lib/spool_fixture.h"

static void a_new_log_begins_with_start(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);

	assert_int_equal(seal_spool_size(sp), 1);
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f), "01 02 07");
}

static void sessions_follow_each_other(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	size_t i;

	for (i = 0; i < 10; i++)
		fixture_commit(sp, "message", 1);
	assert_int_equal(seal_spool_size(sp), 11);
	fixture_close(f, sp);
	sp = fixture_open(f);
	assert_int_equal(seal_spool_size(sp), 14);
	fixture_commit(sp, "more", 3);
	assert_int_equal(seal_spool_size(sp), 17);
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f),
			    "01 10 10 10 10 10 10 10 10 10 10 02 07 01 10 10 "
			    "10 02 07");
	assert_int_equal(fixture_count(f, "message"), 10);
	assert_int_equal(f->alarms[SEAL_ALARM_RECOVERED], 0);
	assert_int_equal(f->alarms[SEAL_ALARM_STATE], 0);
}

struct collected {
	uint64_t next;
	size_t bytes;
	uint8_t *data;
};

static int collect(void *ctx, uint64_t index, const uint8_t *entry, size_t len)
{
	struct collected *c = ctx;

	assert_int_equal(index, c->next++);
	if (entry[0] != SEAL_ENTRY_RECORD)
		return 0;
	c->data = realloc(c->data, c->bytes + len);
	assert_non_null(c->data);
	memcpy(c->data + c->bytes, entry + 10, len - 10);
	c->bytes += len - 10;
	return 0;
}

static void long_messages_come_back_whole(void **state)
{
	static const size_t sizes[] = {0,     1,      65525,  65526,
				       65527, 131050, 131051, 1000000};
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	struct seal_message msg;
	struct collected c = {0};
	uint8_t *bytes = malloc(1000000);
	size_t i, total = 0;

	assert_non_null(bytes);
	for (i = 0; i < 1000000; i++)
		bytes[i] = (uint8_t)(i * 7 + (i >> 8));
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		msg.bytes = bytes;
		msg.len = sizes[i];
		msg.cut = false;
		assert_int_equal(seal_spool_commit(sp, &msg, 1, NULL, NULL), 0);
		total += sizes[i];
	}
	assert_int_equal(
		seal_spool_read(sp, 0, seal_spool_size(sp), collect, &c, NULL),
		0);
	assert_int_equal(c.bytes, total);
	for (i = 0, total = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_memory_equal(c.data + total, bytes, sizes[i]);
		total += sizes[i];
	}
	free(c.data);
	free(bytes);
	fixture_close(f, sp);
	{
		struct fixture_log log;

		fixture_check(f, &log);
		assert_int_equal(log.records, 8);
	}
}

static void huge_messages_are_cut_and_flagged(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	struct seal_message msg = {.len = SEAL_RECORD_BYTES_MAX + 5};
	struct collected c = {0};
	uint8_t *bytes = calloc(1, msg.len);

	assert_non_null(bytes);
	msg.bytes = bytes;
	assert_int_equal(seal_spool_commit(sp, &msg, 1, NULL, NULL), 0);
	assert_int_equal(
		seal_spool_read(sp, 0, seal_spool_size(sp), collect, &c, NULL),
		0);
	assert_int_equal(c.bytes, SEAL_RECORD_BYTES_MAX);
	free(c.data);
	free(bytes);
	fixture_close(f, sp);
}

static void a_batch_beyond_8192_takes_two_commits(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	struct seal_spool_stats stats;
	struct fixture_log log;

	fixture_commit(sp, "m", 10000);
	seal_spool_stats(sp, &stats);
	assert_int_equal(stats.records, 10000);
	assert_int_equal(stats.commits, 3); /* start, 8192, 1808 */
	fixture_close(f, sp);
	fixture_check(f, &log);
	assert_int_equal(log.records, 10000);
	assert_int_equal(log.frontiers, 1); /* at 8193, not at 10001 */
}

/* docs/spec/spool.md "Size" */
static void the_size_is_the_formula(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp;
	struct fixture_log log;
	uint64_t bytes, expected;
	size_t i;
	uint64_t handovers = 0;

	f->config.segment_max_bytes = SEAL_SEGMENT_MIN_BYTES;
	for (i = 0; i < 3; i++) {
		sp = fixture_open(f);
		fixture_commit(sp, "a message of thirty-one bytes..", 1000);
		assert_int_equal(seal_spool_tick(sp, NULL), 0);
		fixture_commit(sp, "a message of thirty-one bytes..", 4000);
		fixture_close(f, sp);
		handovers++;
	}
	fixture_check(f, &log);
	memio_files(f->m, "/s/", &bytes);
	expected = SEAL_STATE_FILE_BYTES + SEAL_ACKED_FILE_BYTES +
		   158 * (1 + handovers);
	assert_int_equal(bytes, expected + log.frame_bytes);
	assert_true(log.segments > 6);
}

static void rotation_keeps_everything(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	struct fixture_log log;
	char text[32];
	size_t i;

	for (i = 0; i < 100; i++) {
		snprintf(text, sizeof(text), "record %zu", i);
		fixture_commit(sp, text, 1 + i % 3);
		assert_int_equal(seal_spool_rotate(sp, NULL), 0);
		assert_int_equal(seal_spool_rotate(sp, NULL), 0);
	}
	fixture_close(f, sp);
	fixture_check(f, &log);
	assert_int_equal(log.segments, 101);
	assert_int_equal(log.records, 199);
	sp = fixture_open(f);
	fixture_close(f, sp);
	assert_int_equal(fixture_count(f, "record 98"), 3);
}

static void a_spare_is_zero_filled_and_used(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	struct fixture_log log;
	uint64_t size;

	f->config.segment_max_bytes = 0;
	assert_int_equal(seal_spool_next_tick_ms(sp), 0);
	assert_int_equal(seal_spool_tick(sp, NULL), 0);
	assert_non_null(memio_data(f->m, "/s/spare", &size));
	assert_int_equal(size, SEAL_SEGMENT_DEFAULT_BYTES);
	fixture_commit(sp, "one", 1);
	assert_int_equal(seal_spool_rotate(sp, NULL), 0);
	assert_null(memio_data(f->m, "/s/spare", NULL));
	fixture_commit(sp, "two", 1);
	assert_int_equal(seal_spool_tick(sp, NULL), 0);
	fixture_close(f, sp);
	assert_null(memio_data(f->m, "/s/spare", NULL));
	fixture_check(f, &log);
	assert_int_equal(log.records, 2);
	assert_int_equal(log.segments, 2);
}

static void heartbeats_and_epochs_come_when_due(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	size_t i;

	assert_int_equal(seal_spool_tick(sp, NULL), 0);
	assert_int_equal(seal_spool_next_tick_ms(sp), 60000);
	for (i = 0; i < 15; i++) {
		memio_advance_ms(f->m, 60000);
		assert_int_equal(seal_spool_tick(sp, NULL), 0);
	}
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f),
			    "01 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 "
			    "07 02 07");
}

static void heartbeats_can_be_off(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp;

	f->config.heartbeat_s = 0;
	sp = fixture_open(f);
	assert_int_equal(seal_spool_tick(sp, NULL), 0);
	assert_int_equal(seal_spool_next_tick_ms(sp), 900000);
	memio_advance_ms(f->m, 890000);
	assert_int_equal(seal_spool_tick(sp, NULL), 0);
	memio_advance_ms(f->m, 10000);
	assert_int_equal(seal_spool_tick(sp, NULL), 0);
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f), "01 07 02 07");
}

static void an_epoch_ends_after_its_entries(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp;

	f->config.epoch_max_entries = 5;
	sp = fixture_open(f);
	fixture_commit(sp, "x", 3);
	fixture_commit(sp, "x", 3);
	fixture_commit(sp, "x", 5);
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f), "01 10 10 10 10 10 10 07 10 10 "
					      "10 10 10 07 02 07");
}

static void old_epoch_keys_are_gone(void **state)
{
	struct fixture *f = *state;
	uint8_t *slots, seed[64];
	struct seal_spool *sp;
	uint64_t size, i;

	slots = memio_data(f->m, "/k/epoch", &size);
	assert_int_equal(size, 8192);
	memcpy(seed, slots, sizeof(seed));
	sp = fixture_open(f);
	fixture_close(f, sp);
	slots = memio_data(f->m, "/k/epoch", &size);
	for (i = 0; i + 32 <= size; i++)
		assert_memory_not_equal(slots + i, seed + 24, 32);
	for (i = 0; i < 4096; i++)
		assert_int_equal(slots[i], 0);
}

static void gaps_and_config_are_entries(void **state)
{
	struct seal_gap gap = {.reason = SEAL_GAP_SUSPENDED,
			       .from_us = 1,
			       .to_us = 2,
			       .bound = SEAL_GAP_LEAST};
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);

	assert_int_equal(seal_spool_note_gap(sp, &gap, NULL), 0);
	assert_int_equal(seal_spool_config_entry(sp, "policy", "changed", NULL),
			 0);
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f), "01 05 06 02 07");
}

/* ---- the forwarder's side ---- */

static void check_note(struct fixture *f, const struct seal_buf *note,
		       uint64_t size)
{
	struct seal_vkey host = {0};
	struct seal_checkpoint cp;
	struct seal_note parsed;
	struct seal_keydir *k;

	assert_int_equal(seal_checkpoint_parse_note(note->data, note->len,
						    &parsed, &cp, NULL),
			 0);
	assert_int_equal(cp.size, size);
	assert_string_equal(cp.origin, FIXTURE_ORIGIN);
	assert_int_equal(parsed.sig_count, 2);
	assert_int_equal(seal_keydir_open_public(f->io, "/k", &k, NULL), 0);
	assert_int_equal(seal_vkey_copy(seal_keydir_host(k), &host), 0);
	assert_int_equal(seal_note_verify(&parsed, &host, NULL), 0);
	seal_vkey_fini(&host);
	seal_keydir_free(k);
}

static uint64_t offer(struct fixture *f, struct seal_spool *sp, uint64_t min,
		      uint64_t max)
{
	struct seal_buf note = SEAL_BUF_INIT;
	struct seal_head head;

	if (seal_spool_offer(sp, "m", min, max, &head, &note, &f->diag))
		fail_msg("offer: %s", f->diag.text);
	check_note(f, &note, head.size);
	seal_buf_fini(&note);
	return head.size;
}

static void offers_are_the_heads_there_are(void **state)
{
	struct seal_spool_receipt_info info;
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	struct seal_buf note = SEAL_BUF_INIT;
	struct seal_head head;

	fixture_commit(sp, "x", 4); /* 5 */
	fixture_commit(sp, "x", 5); /* 10 */
	assert_int_equal(seal_spool_rotate(sp, NULL), 0);
	fixture_commit(sp, "x", 10); /* 20 */
	assert_int_equal(offer(f, sp, 0, 100), 20);
	assert_int_equal(offer(f, sp, 20, 100), 20);
	assert_int_equal(offer(f, sp, 1, 19), 10);
	assert_int_equal(offer(f, sp, 1, 10), 10);
	assert_int_equal(offer(f, sp, 1, 9), 5);
	assert_int_equal(offer(f, sp, 2, 3), 5);
	assert_int_equal(offer(f, sp, 6, 7), 10);
	assert_int_equal(offer(f, sp, 11, 12), 20);
	assert_int_equal(offer(f, sp, 0, 1), 1);
	assert_int_equal(seal_spool_offer(sp, "m", 21, 100, &head, &note, NULL),
			 SEAL_E_NOTFOUND);
	seal_spool_receipt_get(sp, "m", &info);
	assert_int_equal(info.offered, 20);
	fixture_close(f, sp);
	/* what was offered is remembered */
	sp = fixture_open(f);
	seal_spool_receipt_get(sp, "m", &info);
	assert_int_equal(info.offered, 20);
	fixture_close(f, sp);
}

static void frontiers_are_those_of_the_tree(void **state)
{
	struct fixture *f = *state;
	struct seal_frontier got, tree;
	struct seal_hash a, b;
	struct seal_spool *sp = fixture_open(f);
	struct seal_head head;
	struct seal_buf note = SEAL_BUF_INIT;
	uint64_t size;

	fixture_commit(sp, "x", 100);
	assert_int_equal(seal_spool_rotate(sp, NULL), 0);
	fixture_commit(sp, "y", 100);
	/* out of order, so that what is known is of use and of none */
	for (size = 201; size; size = size > 7 ? size - 7 : 0) {
		assert_int_equal(seal_spool_frontier(sp, size, &got, NULL), 0);
		assert_int_equal(got.size, size);
	}
	assert_int_equal(seal_spool_frontier(sp, 202, &got, NULL),
			 SEAL_E_RANGE);
	assert_int_equal(seal_spool_frontier(sp, 201, &tree, NULL), 0);
	assert_int_equal(seal_frontier_root(&tree, &a), 0);
	assert_int_equal(seal_spool_offer(sp, "m", 0, 1000, &head, &note, NULL),
			 0);
	assert_int_equal(head.size, 201);
	b = head.root;
	assert_memory_equal(&a, &b, sizeof(a));
	seal_buf_fini(&note);
	fixture_close(f, sp);
}

static void reading_begins_anywhere(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	struct collected c = {0};
	uint64_t from;

	fixture_commit(sp, "x", 50);
	assert_int_equal(seal_spool_rotate(sp, NULL), 0);
	fixture_commit(sp, "y", 50);
	for (from = 0; from <= 101; from += 3) {
		c.next = from;
		assert_int_equal(
			seal_spool_read(sp, from, 101, collect, &c, NULL), 0);
		assert_int_equal(c.next, 101);
	}
	free(c.data);
	assert_int_equal(seal_spool_read(sp, 0, 102, collect, &c, NULL),
			 SEAL_E_RANGE);
	fixture_close(f, sp);
}

static void receipts_free_segments(void **state)
{
	struct seal_spool_receipt_info info;
	struct fixture *f = *state;
	struct fixture_log log;
	struct seal_spool *sp;
	char note[64];
	size_t i, len;

	fixture_set_policy(f);
	sp = fixture_open(f);
	for (i = 0; i < 5; i++) {
		fixture_commit(sp, "x", 9);
		assert_int_equal(seal_spool_rotate(sp, NULL), 0);
	}
	/* 1 + 45 entries, segments at 0 10 19 28 37 46 */
	assert_int_equal(
		seal_spool_receipt(sp, FIXTURE_MIRROR, 47, 1, "n", 1, NULL),
		SEAL_E_ARG);
	assert_int_equal(
		seal_spool_receipt(sp, FIXTURE_MIRROR, 19, 1, "note", 4, NULL),
		0);
	assert_int_equal(
		seal_spool_receipt(sp, FIXTURE_MIRROR, 10, 2, "old", 3, NULL),
		0);
	assert_int_equal(
		seal_spool_receipt(sp, "stranger", 46, 2, "no", 2, NULL), 0);
	assert_null(memio_data(f->m, "/s/00000000000000000000.seg", NULL));
	assert_null(memio_data(f->m, "/s/00000000000000000010.seg", NULL));
	assert_non_null(memio_data(f->m, "/s/00000000000000000019.seg", NULL));
	fixture_commit(sp, "x", 1);
	fixture_close(f, sp);
	fixture_check(f, &log);
	assert_int_equal(log.receipts, 2);
	sp = fixture_open(f);
	seal_spool_receipt_get(sp, FIXTURE_MIRROR, &info);
	assert_int_equal(info.size, 19);
	assert_int_equal(seal_spool_receipt_note(sp, FIXTURE_MIRROR, note,
						 sizeof(note), &len),
			 0);
	assert_int_equal(len, 4);
	assert_memory_equal(note, "note", 4);
	fixture_close(f, sp);
}

static void keep_holds_receipted_segments(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp;
	size_t i;

	fixture_set_policy(f);
	f->config.keep_bytes = 1 << 20;
	sp = fixture_open(f);
	for (i = 0; i < 3; i++) {
		fixture_commit(sp, "x", 9);
		assert_int_equal(seal_spool_rotate(sp, NULL), 0);
	}
	assert_int_equal(
		seal_spool_receipt(sp, FIXTURE_MIRROR, 28, 1, "note", 4, NULL),
		0);
	assert_non_null(memio_data(f->m, "/s/00000000000000000000.seg", NULL));
	fixture_close(f, sp);
}

static void halting_stops_sealing(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);

	seal_spool_halt(sp, "AS008", "the mirror has another history");
	assert_int_equal(fixture_commit_try(sp, "x", 1, &f->diag),
			 SEAL_E_ROLLBACK);
	assert_non_null(strstr(f->diag.text, "AS008"));
	assert_int_equal(seal_spool_check(sp, NULL), SEAL_E_ROLLBACK);
	assert_int_equal(f->alarms[SEAL_ALARM_HALT], 1);
	assert_int_equal(seal_spool_close(sp, NULL), SEAL_E_ROLLBACK);
	assert_string_equal(fixture_types(f), "01");
}

/* ---- quota ---- */

static void a_full_spool_counts_what_it_drops(void **state)
{
	struct seal_spool_stats stats;
	struct fixture *f = *state;
	struct fixture_log log;
	struct seal_spool *sp;
	char text[1001];
	size_t i, kept;

	memset(text, 'x', 1000);
	text[1000] = '\0';
	fixture_set_policy(f);
	f->config.max_bytes = SEAL_SPOOL_MIN_BYTES;
	sp = fixture_open(f);
	for (i = 0; i < 1500; i++)
		fixture_commit(sp, text, 1);
	seal_spool_stats(sp, &stats);
	assert_true(stats.full);
	assert_true(stats.dropped > 0 && stats.records > 0);
	assert_int_equal(stats.records + stats.dropped, 1500);
	assert_true(stats.used_bytes <= stats.max_bytes);
	assert_int_equal(f->alarms[SEAL_ALARM_QUOTA_75], 1);
	assert_int_equal(f->alarms[SEAL_ALARM_QUOTA_90], 1);
	assert_int_equal(f->alarms[SEAL_ALARM_FULL], 1);
	/* a receipt makes room */
	assert_int_equal(seal_spool_receipt(sp, FIXTURE_MIRROR,
					    seal_spool_size(sp), 1, "note", 4,
					    NULL),
			 0);
	kept = stats.records;
	fixture_commit(sp, text, 1);
	seal_spool_stats(sp, &stats);
	assert_false(stats.full);
	assert_int_equal(stats.records, kept + 1);
	fixture_close(f, sp);
	fixture_check(f, &log);
	assert_int_equal(log.gap_messages, stats.dropped);
}

static void a_full_spool_may_suspend_instead(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp;
	char text[1001];
	size_t i;
	int r = 0;

	memset(text, 'x', 1000);
	text[1000] = '\0';
	f->config.max_bytes = SEAL_SPOOL_MIN_BYTES;
	f->config.onfull = SEAL_ONFULL_SUSPEND;
	sp = fixture_open(f);
	for (i = 0; !r && i < 1500; i++)
		r = fixture_commit_try(sp, text, 1, &f->diag);
	assert_int_equal(r, SEAL_E_NOSPACE);
	assert_int_equal(seal_spool_check(sp, NULL), SEAL_E_NOSPACE);
	/* stop and its epoch fit all the same */
	fixture_close(f, sp);
	assert_int_equal(fixture_count(f, text), i - 1);
	/* a restart opens no session while it is full */
	sp = fixture_open(f);
	i = seal_spool_size(sp);
	fixture_close(f, sp);
	sp = fixture_open(f);
	assert_int_equal(seal_spool_size(sp), i);
	fixture_close(f, sp);
}

static void drops_before_a_crash_are_declared(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp;
	char text[1001];
	size_t i;

	memset(text, 'x', 1000);
	text[1000] = '\0';
	f->config.max_bytes = SEAL_SPOOL_MIN_BYTES;
	sp = fixture_open(f);
	for (i = 0; i < 1500; i++)
		fixture_commit(sp, text, 1);
	fixture_crash(f, sp, MEMIO_KEPT, 0);
	f->config.max_bytes = 4 * SEAL_SPOOL_MIN_BYTES;
	sp = fixture_open(f);
	fixture_close(f, sp);
	/* the open gap, then recovery, start, epoch, the gap, stop, epoch */
	fixture_types(f);
	assert_string_equal(f->types + strlen(f->types) - 20,
			    "05 04 01 07 05 02 07");
}

#define WITH(test) \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(a_new_log_begins_with_start),
		WITH(sessions_follow_each_other),
		WITH(long_messages_come_back_whole),
		WITH(huge_messages_are_cut_and_flagged),
		WITH(a_batch_beyond_8192_takes_two_commits),
		WITH(the_size_is_the_formula),
		WITH(rotation_keeps_everything),
		WITH(a_spare_is_zero_filled_and_used),
		WITH(heartbeats_and_epochs_come_when_due),
		WITH(heartbeats_can_be_off),
		WITH(an_epoch_ends_after_its_entries),
		WITH(old_epoch_keys_are_gone),
		WITH(gaps_and_config_are_entries),
		WITH(offers_are_the_heads_there_are),
		WITH(frontiers_are_those_of_the_tree),
		WITH(reading_begins_anywhere),
		WITH(receipts_free_segments),
		WITH(keep_holds_receipted_segments),
		WITH(halting_stops_sealing),
		WITH(a_full_spool_counts_what_it_drops),
		WITH(a_full_spool_may_suspend_instead),
		WITH(drops_before_a_crash_are_declared),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
