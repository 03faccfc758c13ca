/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thief with the host's key and the epoch keys of one time on: his best
 * rewriting of what was sealed in an earlier epoch, or receipted, is found.
 * He makes every public byte again: tags, roots, frontiers, headers, epochs,
 * state.  Then: host keys that change, with right and wrong signatures.
 * format.md 2, 8.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/attack/forge.h"

typedef unsigned long long ull;

/* The step that makes the entry. */
static struct forge_step *step_of(struct forge *g, uint64_t index)
{
	size_t i;

	for (i = 0; i < g->steps; i++)
		if (g->step[i].what == FORGE_ENTRY && !index--)
			return &g->step[i];
	return NULL;
}

static void rewrite(struct forge *g, struct attack_tally *t, uint64_t index,
		    const char *what)
{
	struct forge_step *s = step_of(g, index);
	enum forge_means means;

	s->body.data[0] ^= 1;
	for (means = FORGE_OLD_BYTES; means <= FORGE_NO_HEADS; means++) {
		forge_steal(g, means, 4);
		forge_judge(g);
		if (g->av.status == 2)
			attack_is_found(t);
		else
			attack_is_wrong(t, "%s, entry %llu, means %d: %d %s",
					what, (ull)index, (int)means,
					g->av.status, g->av.found);
	}
	s->body.data[0] ^= 1;
	g->means = FORGE_HONEST;
}

static void an_earlier_epoch_is_not_rewritten(void **state)
{
	struct attack_tally t = {.name = "thief, earlier epochs"};
	struct forge *g = forge_new();
	uint64_t index, end;

	(void)state;
	g->no_gap = true;
	forge_standard(g, 0, attack_long() ? 200 : 40);
	forge_do(g, FORGE_RECEIPT);
	forge_build(g);
	forge_judge(g);
	assert_int_equal(g->av.status, 0);
	/* Nothing held elsewhere: only what the spool has itself. */
	end = g->av.verdict.epoch_first;
	for (index = 1; index < end; index++) {
		struct forge_step *s = step_of(g, index);

		if (s->type == SEAL_ENTRY_RECORD && s->body.len)
			rewrite(g, &t, index, "rewritten");
	}
	attack_done(&t);
	forge_free(g);
}

/* In the epoch that he holds: only the receipt is against him. */
static void what_is_receipted_is_not_rewritten(void **state)
{
	struct attack_tally t = {.name = "thief, receipted"};
	struct forge *g = forge_new();
	struct seal_buf true_note = SEAL_BUF_INIT;
	struct forge_step *s;
	uint64_t index;

	(void)state;
	g->no_gap = true;
	forge_start(g);
	forge_head(g);
	for (index = 1; index < 12; index++) {
		forge_record(g, "a record");
		forge_head(g);
	}
	forge_do(g, FORGE_RECEIPT);
	forge_record(g, "behind it");
	forge_head(g);
	forge_build(g);
	forge_judge(g);
	assert_int_equal(g->av.status, 0);
	seal_buf_put(&true_note, g->note.data, g->note.len);
	for (index = 1; index < 13; index++) {
		s = step_of(g, index);
		s->body.data[0] ^= 1;
		forge_steal(g, FORGE_HELD_KEY, 0);
		s->body.data[0] ^= 1;
		forge_judge(g);
		if (index == 12) { /* unreceipted: the window, as documented */
			assert_int_equal(g->av.status, 0);
			attack_is_listed(&t);
		} else {
			attack_expect(&t, &g->av, 2, "AS008 AS035",
				      "entry %llu, receipt in the spool",
				      (ull)index);
		}
		/* He throws every receipt away; somebody has one. */
		memio_remove(g->m, "/s/acked");
		seal_buf_reset(&g->note);
		seal_buf_put(&g->note, true_note.data, true_note.len);
		g->given = true;
		forge_judge(g);
		g->given = false;
		if (index < 12 && g->av.status == 2)
			attack_is_found(&t);
		else if (index == 12 && g->av.status < 2)
			attack_is_listed(&t);
		else
			attack_is_wrong(&t, "entry %llu, held elsewhere: %d %s",
					(ull)index, g->av.status, g->av.found);
	}
	attack_done(&t);
	seal_buf_fini(&true_note);
	forge_free(g);
}

/* ---- a cell that is put right ---- */

static struct forge_region *entry_region(struct forge *g, uint64_t index)
{
	size_t i;

	for (i = 0; i < g->regions; i++)
		if (g->region[i].part == FORGE_IS_ENTRY &&
		    g->region[i].index == index)
			return &g->region[i];
	fail_msg("no entry %llu", (ull)index);
	return NULL;
}

/* Changes the places of two frames that stand behind one another. */
static void swap_frames(struct forge *g, uint64_t index)
{
	struct forge_region *a = entry_region(g, index),
			    *b = entry_region(g, index + 1);
	uint64_t len;
	uint8_t *bytes = forge_bytes(g, g->file[a->file].path, &len);
	const uint8_t *was = g->file[a->file].bytes.data;

	assert_int_equal(b->offset, a->offset + a->len);
	memcpy(bytes + a->offset, was + b->offset, b->len);
	memcpy(bytes + a->offset + b->len, was + a->offset, a->len);
}

/* Where `epochs` is gone, only this entry names the next key. */
static void a_hand_over_out_of_its_place_counts(void **state)
{
	struct seal_control stop = {.type = SEAL_ENTRY_STOP},
			    epoch = {.type = SEAL_ENTRY_EPOCH};
	struct forge *g = forge_new();

	(void)state;
	forge_start(g);
	forge_head(g);
	forge_do(g, FORGE_RECEIPT);
	forge_control(g, &stop); /* entry 1 */
	forge_control(g, &epoch);
	forge_head(g);
	forge_start(g);
	forge_head(g);
	forge_record(g, "sealed by epoch 1");
	forge_head(g);
	forge_build(g);
	forge_judge(g);
	assert_string_equal(g->av.found, "");
	memio_remove(g->m, "/s/epochs");
	forge_judge(g);
	assert_string_equal(g->av.found, "AS029");
	swap_frames(g, 1);
	forge_judge(g);
	assert_int_equal(g->av.status, 2);
	assert_string_equal(g->av.found, "AS004[2,2] AS029");
	forge_free(g);
}

/* What is put right is looked at in its order: nothing is out of place in it,
 * and the host key's change counts once. */
static void a_cell_put_right_is_judged(void **state)
{
	struct seal_control stop = {.type = SEAL_ENTRY_STOP};
	struct forge *g = forge_new();

	(void)state;
	forge_start(g);
	forge_head(g);
	forge_do(g, FORGE_RECEIPT);
	forge_record(g, "one");
	forge_new_host_key(g, g->host, g->new_host); /* and a head */
	forge_record(g, "two");
	g->clock_us -= 3600000000;
	forge_record(g, "an hour ago, it says"); /* entry 4 */
	forge_control(g, &stop);
	forge_record(g, "behind the stop");
	forge_head(g);
	g->clock_us += 3600000000;
	forge_build(g);
	forge_judge(g);
	assert_string_equal(g->av.found, "AS032[6,6] AS014[4,4]");
	swap_frames(g, 1);
	forge_judge(g);
	assert_string_equal(g->av.found, "AS004[2,2] AS032[6,6] AS014[4,4]");
	forge_build(g);
	swap_frames(g, 3);
	forge_judge(g);
	assert_string_equal(g->av.found, "AS004[4,4] AS032[6,6] AS014[4,4]");
	forge_free(g);
}

/* ---- the host key ---- */

static void host_key(bool old_right, bool new_right, int status,
		     const char *found)
{
	struct forge *g = forge_new();

	forge_start(g);
	forge_head(g);
	forge_new_host_key(g, old_right ? g->host : g->mirror,
			   new_right ? g->new_host : g->mirror);
	forge_do(g, FORGE_RECEIPT);
	forge_build(g);
	forge_judge(g);
	if (g->av.status != status || strcmp(g->av.found, found))
		fail_msg("%d %s, not %d %s", g->av.status, g->av.found, status,
			 found);
	forge_free(g);
}

static void a_host_key_is_changed_by_both_keys(void **state)
{
	(void)state;
	host_key(true, true, 0, ""); /* AS024, class N */
	host_key(false, true, 2, "AS010[1,1]");
	host_key(true, false, 2, "AS010[1,1]");
}

static void a_host_key_is_changed_from_the_one_in_force(void **state)
{
	struct forge *g = forge_new();

	(void)state;
	forge_start(g);
	forge_head(g);
	forge_new_host_key(g, g->host, g->new_host);
	forge_new_host_key(g, g->host, g->new_host); /* no longer its to say */
	forge_do(g, FORGE_RECEIPT);
	forge_build(g);
	forge_judge(g);
	assert_int_equal(g->av.status, 2);
	assert_string_equal(g->av.found, "AS011[2,2]");
	forge_free(g);
}

/* Without a log line in the policy, the chain says which host key counts. */
static void changed_days_ago(uint64_t days, uint64_t later_days,
			     const char *found)
{
	struct forge *g = forge_new();
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_policy *policy;

	seal_buf_put_str(&text, "witness m ");
	seal_vkey_put(&text, &g->mirror_vkey);
	seal_buf_put_str(&text, "\nquorum m\n");
	assert_int_equal(
		seal_policy_parse(text.data, text.len, "policy", &policy, NULL),
		0);
	forge_start(g);
	forge_head(g);
	forge_new_host_key(g, g->host, g->new_host);
	g->clock_us += days * 86400 * 1000000;
	forge_record(g, "below the receipt");
	forge_head(g);
	forge_do(g, FORGE_RECEIPT); /* with the old key's line */
	g->clock_us += later_days * 86400 * 1000000;
	forge_record(g, "behind it");
	forge_head(g);
	forge_build(g);
	g->options.policy = policy;
	g->options.as_of_us = g->clock_us;
	g->options.min_freshness_us = (uint64_t)90 * 86400 * 1000000;
	forge_judge(g);
	if (strcmp(g->av.found, found) != 0)
		fail_msg("%llu and %llu days: %s, not %s", (ull)days,
			 (ull)later_days, g->av.found, found);
	forge_free(g);
	seal_policy_free(policy);
	seal_buf_fini(&text);
}

static void the_old_host_key_counts_for_30_days(void **state)
{
	(void)state;
	changed_days_ago(0, 0, "");
	changed_days_ago(29, 0, "");
	/* However long ago that is by now. */
	changed_days_ago(29, 40, "");
	changed_days_ago(31, 0, "AS035");
}

/* ---- what receipts say in time ---- */

static void a_silent_host_is_told(void **state)
{
	struct forge *g = forge_new();

	(void)state;
	forge_start(g);
	forge_head(g);
	forge_record(g, "the last word");
	forge_head(g);
	forge_do(g, FORGE_RECEIPT);
	forge_build(g);
	forge_judge(g);
	assert_int_equal(g->av.status, 0);
	/* Two heartbeats of 60 s are 120 s. */
	forge_receipt_again(g, g->clock_us + 118000000);
	g->options.as_of_us = g->clock_us + 150000000;
	forge_judge(g);
	assert_string_equal(g->av.found, "");
	forge_receipt_again(g, g->clock_us + 130000000);
	forge_judge(g);
	assert_int_equal(g->av.status, 1);
	assert_string_equal(g->av.found, "AS015");
	forge_free(g);
}

/* A log that goes on behind its newest receipt: commits, seconds between. */
static struct forge *waiting(unsigned commits, uint64_t step_s)
{
	struct forge *g = forge_new();
	unsigned i;

	forge_start(g);
	forge_head(g);
	forge_do(g, FORGE_RECEIPT);
	for (i = 0; i < commits; i++) {
		forge_record(g, "waits");
		forge_head(g);
		g->clock_us += (step_s - 1) * 1000000;
	}
	return g;
}

/* The receipt is a fresh one. */
static void judge_now(struct forge *g, const char *found)
{
	forge_receipt_again(g, g->clock_us);
	g->options.as_of_us = g->clock_us;
	forge_judge(g);
	assert_string_equal(g->av.found, found);
}

static void late_delivery_is_told(void **state)
{
	struct forge *g = waiting(300, 1);

	(void)state;
	forge_build(g);
	g->options.min_freshness_us = 310000000;
	judge_now(g, "");
	g->options.min_freshness_us = 290000000;
	judge_now(g, "AS037");
	assert_int_equal(g->av.status, 1);
	forge_free(g);
	/* Of a longer step no more than a heartbeat counts: 240 s is well. */
	g = waiting(5, 50);
	forge_build(g);
	judge_now(g, "");
	forge_free(g);
	g = waiting(6, 50);
	forge_build(g);
	judge_now(g, "AS037");
	forge_free(g);
}

/* Nothing is late because a clock was set. */
static void a_clock_that_was_set_is_not_late(void **state)
{
	struct forge *g = waiting(20, 1);

	(void)state;
	g->clock_us += 3600000000; /* forward, as a slow one is */
	forge_record(g, "on time");
	forge_head(g);
	forge_build(g);
	judge_now(g, "");
	forge_free(g);

	g = waiting(20, 1);
	g->clock_us -= 3600000000; /* back */
	forge_record(g, "an hour ago, it says");
	forge_head(g);
	forge_build(g);
	g->clock_us += 3600000000;
	judge_now(g, "AS014[21,21]");
	forge_free(g);

	/* Slow from the receipt on. */
	g = forge_new();
	forge_start(g);
	forge_head(g);
	forge_do(g, FORGE_RECEIPT);
	g->clock_us -= 3600000000;
	forge_record(g, "an hour ago, it says");
	forge_head(g);
	forge_build(g);
	g->clock_us += 3600000000;
	judge_now(g, "AS014[1,1]");
	forge_free(g);
}

/* More receipts than are kept; an old one with another root. */
static void every_old_receipt_is_compared(void **state)
{
	struct forge *g = forge_new();
	struct seal_buf wrong = SEAL_BUF_INIT;
	struct seal_hash root = {{7}};
	struct forge_region *r;
	struct forge_file *file;
	uint8_t frame[1024];
	size_t len, i, receipts = 0;

	(void)state;
	forge_start(g);
	forge_head(g);
	for (i = 0; i < 30; i++) {
		forge_record(g, "record");
		forge_head(g);
		forge_do(g, FORGE_RECEIPT);
	}
	forge_build(g);
	forge_judge(g);
	assert_string_equal(g->av.found, "");
	/* The host signed two roots of one size; the mirror has the other. */
	for (i = 0; i < g->regions; i++) {
		r = &g->region[i];
		if (r->part != FORGE_IS_RECEIPT || ++receipts != 5)
			continue;
		forge_other_receipt(g, r->index, &root, &wrong);
		len = seal_frame_receipt_put(frame, 0, wrong.data, wrong.len);
		file = &g->file[r->file];
		assert_int_equal(len, r->len);
		memcpy(file->bytes.data + r->offset, frame, len);
		memio_put(g->m, file->path, file->bytes.data, file->bytes.len);
	}
	forge_judge(g);
	assert_int_equal(g->av.status, 2);
	assert_string_equal(g->av.found, "AS008");
	seal_buf_fini(&wrong);
	forge_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_earlier_epoch_is_not_rewritten),
		cmocka_unit_test(what_is_receipted_is_not_rewritten),
		cmocka_unit_test(a_hand_over_out_of_its_place_counts),
		cmocka_unit_test(a_cell_put_right_is_judged),
		cmocka_unit_test(a_host_key_is_changed_by_both_keys),
		cmocka_unit_test(a_host_key_is_changed_from_the_one_in_force),
		cmocka_unit_test(the_old_host_key_counts_for_30_days),
		cmocka_unit_test(a_silent_host_is_told),
		cmocka_unit_test(late_delivery_is_told),
		cmocka_unit_test(a_clock_that_was_set_is_not_late),
		cmocka_unit_test(every_old_receipt_is_compared),
	};

	if (!attack_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
