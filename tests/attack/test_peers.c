/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mistakes that verifiers of others have made, each as an attack that ours must
 * name: format.md 7.  What a verifier looks like that makes the mistake stands
 * in peers.txt; peers.py builds each and requires that it fails here.  Writers
 * and senders: test_peers_host.c.  One case alone: its name as argument.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "tests/attack/forge.h"
#include "tests/lib/testlog.h"

typedef unsigned long long ull;

static void commit(struct forge *g, unsigned records)
{
	while (records--)
		forge_record(g, "a record");
	forge_head(g);
}

static struct forge *begin(void)
{
	struct forge *g = forge_new();

	forge_start(g);
	forge_head(g);
	return g;
}

/*
 * 0 start, 1-3, 4 epoch, 5-7 | 8-10, 11 epoch, 12-14 | 15-17; a receipt for
 * all but the last commit.
 */
static struct forge *three_files(void)
{
	struct forge *g = begin();

	commit(g, 3);
	forge_hand_over(g);
	commit(g, 3);
	forge_do(g, FORGE_SEGMENT);
	commit(g, 3);
	forge_hand_over(g);
	commit(g, 3);
	forge_do(g, FORGE_RECEIPT);
	forge_do(g, FORGE_SEGMENT);
	commit(g, 3);
	forge_build(g);
	return g;
}

static void is(struct forge *g, int status, const char *found)
{
	forge_judge(g);
	if (g->av.status != status || strcmp(g->av.found, found))
		fail_msg("%d %s (%s), not %d %s", g->av.status, g->av.found,
			 g->av.diag.text, status, found);
}

static void ends(struct forge *g, int status, const char *found)
{
	is(g, status, found);
	forge_free(g);
}

static const struct forge_region *part(const struct forge *g,
				       enum forge_part what, uint64_t index)
{
	size_t i;

	for (i = 0; i < g->regions; i++)
		if (g->region[i].part == what && g->region[i].index == index)
			return &g->region[i];
	fail_msg("no part %d of %llu", (int)what, (ull)index);
	return NULL;
}

static uint8_t *at(struct forge *g, const struct forge_region *r)
{
	return forge_bytes(g, g->file[r->file].path, NULL) + r->offset;
}

/* Puts bytes into a file, in place of `drop` bytes. */
static void splice(struct forge *g, size_t file, uint64_t offset, uint64_t drop,
		   const void *bytes, size_t len)
{
	const struct seal_buf *old = &g->file[file].bytes;
	struct seal_buf b = SEAL_BUF_INIT;

	seal_buf_put(&b, old->data, offset);
	seal_buf_put(&b, bytes, len);
	seal_buf_put(&b, old->data + offset + drop, old->len - offset - drop);
	assert_int_equal(seal_buf_error(&b), 0);
	memio_put(g->m, g->file[file].path, b.data, b.len);
	seal_buf_fini(&b);
}

/* Drops the steps [from, to). */
static void drop_steps(struct forge *g, size_t from, size_t to)
{
	size_t i;

	for (i = from; i < to; i++)
		seal_buf_fini(&g->step[i].body);
	memmove(g->step + from, g->step + to,
		(g->steps - to) * sizeof(*g->step));
	g->steps -= to - from;
}

/*
 * A thief rewrites epoch 0, and signs it, its hand-over too, with this key;
 * from epoch 1 on he has keys of his own.  The mirror hears of no other log.
 */
static struct forge *rewritten_by(const char *key)
{
	struct forge *g = begin();

	commit(g, 3);
	forge_hand_over(g);
	commit(g, 3);
	forge_build(g);
	g->step[3].body.data[0] ^= 1;
	seal_key_free(g->own[0]);
	g->own[0] = test_key(key);
	forge_steal(g, FORGE_OWN_KEYS, 1);
	forge_first_receipt(g);
	return g;
}

/* ---- journald ---- */

static void old_entries_are_sealed_again_with_a_newer_key(void **state)
{
	(void)state;
	ends(rewritten_by("thief epoch 1"), 2, "AS010[0,3] AS010[4,4] AS029");
}

/* He has the key of epoch 2, and makes epoch 1 an empty one. */
static void an_epoch_is_emptied(void **state)
{
	struct forge *g = begin();

	(void)state;
	commit(g, 3);
	forge_hand_over(g); /* 4 */
	commit(g, 3);
	forge_hand_over(g); /* 8 */
	commit(g, 3);
	forge_build(g);
	assert_int_equal(g->steps, 2 + 4 + 2 + 4 + 2 + 4);
	drop_steps(g, 8, 12);
	forge_steal(g, FORGE_OLD_BYTES, 2);
	forge_first_receipt(g);
	ends(g, 2, "AS010[5,5] AS029");
}

static void a_file_has_no_seal(void **state)
{
	struct forge *g = begin();

	(void)state;
	commit(g, 3);
	forge_do(g, FORGE_RECEIPT);
	forge_do(g, FORGE_SEGMENT);
	forge_record(g, "nobody seals this");
	forge_record(g, "nor this");
	forge_build(g);
	ends(g, 1, "AS013[4,5]");
}

static void a_clock_steps(void **state)
{
	struct forge *g = begin();

	(void)state;
	commit(g, 3);
	g->clock_us -= 3600000000;
	commit(g, 3);
	forge_hand_over(g);
	commit(g, 3);
	g->clock_us += 3600000000;
	commit(g, 3);
	forge_do(g, FORGE_RECEIPT);
	forge_build(g);
	is(g, 1, "AS014[4,4]");
	assert_int_equal(g->av.verdict.size, g->size);
	assert_int_equal(g->av.verdict.not_proven_count, 0);
	forge_free(g);
}

/* Read while the next commit is half written. */
static void a_live_file_is_read(void **state)
{
	struct forge *g = three_files();
	const struct forge_file *file = &g->file[2];
	const struct forge_region *r = part(g, FORGE_IS_ENTRY, 17);

	(void)state;
	splice(g, 2, file->bytes.len, 0, file->bytes.data + r->offset,
	       r->len / 2);
	g->options.live = true;
	is(g, 0, "");
	g->options.live = false;
	ends(g, 1, "AS013[18,18]");
}

/* ---- syslog-ng ---- */

static void a_file_is_clear_text(void **state)
{
	static const char text[] = "Oct 11 22:14:15 host su: 'su root' failed "
				   "for mallory on /dev/pts/8\n";
	struct forge *g = three_files();

	(void)state;
	memio_put(g->m, "/s/00000000000000000018.seg", text, sizeof(text) - 1);
	ends(g, 2, "AS030[18,18]");
}

/* What is damaged is named; where a verifier can go on, it does. */
static void damage_is_left_to_people(void **state)
{
	struct forge *g = three_files();
	const struct forge_region *r = part(g, FORGE_IS_ENTRY, 6);
	const struct seal_finding *f;

	(void)state;
	at(g, r)[r->len - 5] ^= 1;
	is(g, 2, "AS001[6,6]");
	f = &g->av.verdict.findings.v[0];
	assert_non_null(strstr(f->where, "00000000000000000000.seg:"));
	assert_string_equal(f->see, "auditseal explain AS001");
	assert_int_equal(g->av.verdict.size, 18);
	assert_int_equal(g->av.verdict.not_proven_count, 1);
	assert_int_equal(g->av.verdict.not_proven[0].first, 5);
	assert_int_equal(g->av.verdict.not_proven[0].last, 7);
	forge_free(g);
}

/* ---- rsyslog's KSI ---- */

static void a_state_file_is_missing(void **state)
{
	struct forge *g = three_files();

	(void)state;
	memio_remove(g->m, "/s/state");
	ends(g, 1, "AS029");
}

/* ---- Acra ---- */

static void a_whole_chain_is_removed(void **state)
{
	struct forge *g = three_files();
	size_t i;

	(void)state;
	for (i = 0; i < g->files; i++)
		memio_remove(g->m, g->file[i].path);
	forge_judge(g);
	assert_int_equal(g->av.status, 3);
	assert_int_equal(g->av.rc, SEAL_E_NOTFOUND);
	forge_free(g);
}

/* All files of an earlier day; who has the receipt of today notices. */
static void a_whole_chain_is_replayed(void **state)
{
	struct forge *g = three_files();
	struct seal_buf today = SEAL_BUF_INIT;

	(void)state;
	seal_buf_put(&today, g->note.data, g->note.len);
	drop_steps(g, g->steps - 10, g->steps); /* from the third commit on */
	forge_build(g);
	forge_first_receipt(g);
	is(g, 0, "");
	seal_buf_fini(&g->note);
	g->note = today;
	g->given = true;
	ends(g, 2, "AS007[12,14]");
}

static void a_chain_is_put_in_place_of_another(void **state)
{
	struct forge *g = forge_new();

	(void)state;
	seal_key_free(g->epoch[0]);
	g->epoch[0] = test_key("another log's epoch 0");
	assert_int_equal(seal_log_id(FORGE_ORIGIN, test_pub(g->host),
				     test_pub(g->epoch[0]), &g->log_id),
			 0);
	forge_start(g);
	commit(g, 3);
	forge_do(g, FORGE_RECEIPT);
	forge_build(g);
	ends(g, 2, "AS028[0,0]w AS029 AS035 AS036");
}

/* A frame that belongs nowhere. */
static void a_line_without_protection(void **state)
{
	struct forge *g = three_files();
	const struct forge_region *r = part(g, FORGE_IS_ENTRY, 13);
	uint8_t frame[64];
	struct seal_hash leaf;

	(void)state;
	assert_true(r->len <= sizeof(frame));
	memcpy(frame, at(g, r), r->len);
	frame[r->len - 5] ^= 1;
	assert_int_equal(
		seal_frame_entry_finish(frame, r->len - SEAL_FRAME_ENTRY_EXTRA,
					1000000, &leaf),
		0);
	splice(g, r->file, r->offset, 0, frame, r->len);
	ends(g, 2, "AS003[13,13]");
}

static void a_log_is_cut(void **state)
{
	struct forge *g = three_files();
	const struct forge_region *r = part(g, FORGE_IS_ENTRY, 12);

	(void)state;
	memio_remove(g->m, "/s/state");
	memio_remove(g->m, g->file[2].path);
	memio_put(g->m, g->file[1].path, g->file[1].bytes.data, r->offset);
	ends(g, 2, "AS007[12,14] AS029");
}

/* Who verifies has all that a seal is checked with: it makes none. */
static void who_verifies_forges(void **state)
{
	struct forge *g = three_files();
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_checkpoint cp;
	struct seal_hash mac;
	struct seal_part parts[2];
	uint8_t *frame;

	(void)state;
	assert_int_equal(
		seal_checkpoint_init(&cp, FORGE_ORIGIN, 18, &g->head.root), 0);
	seal_checkpoint_put(&text, &cp);
	parts[0] = (struct seal_part){test_pub(g->epoch[2]), SEAL_PUB_BYTES};
	parts[1] = (struct seal_part){text.data, text.len};
	assert_int_equal(seal_sha256_parts(parts, 2, &mac), 0);
	frame = at(g, part(g, FORGE_IS_HEAD, 18));
	memset(g->head.sig, 0, sizeof(g->head.sig));
	memcpy(g->head.sig, mac.b, sizeof(mac.b));
	seal_frame_head_put(frame, g->clock_us, &g->head);
	seal_buf_fini(&text);
	ends(g, 2, "AS010[15,17]");
}

/* ---- mmhashchainsigs ---- */

static void a_segment_is_dropped(void **state)
{
	struct forge *g = three_files();

	(void)state;
	memio_remove(g->m, g->file[1].path);
	ends(g, 2, "AS009[8,14]");
}

static void a_segment_is_replayed(void **state)
{
	struct forge *g = three_files();

	(void)state;
	memio_put(g->m, "/s/00000000000000000018.seg", g->file[1].bytes.data,
		  g->file[1].bytes.len);
	ends(g, 2, "AS006[8,14]w AS030");
}

static void two_segments_are_swapped(void **state)
{
	struct forge *g = three_files();

	(void)state;
	memio_put(g->m, g->file[1].path, g->file[2].bytes.data,
		  g->file[2].bytes.len);
	memio_put(g->m, g->file[2].path, g->file[1].bytes.data,
		  g->file[1].bytes.len);
	ends(g, 2, "AS030 AS030");
}

/* No receipt speaks for the end: `state` does. */
static void a_log_is_cut_at_a_seal(void **state)
{
	struct forge *g = three_files();

	(void)state;
	memio_remove(g->m, g->file[2].path);
	ends(g, 2, "AS007[15,17]");
}

static void one_edit_is_made(void **state)
{
	struct forge *g = begin();
	const struct forge_region *r;
	unsigned i;

	(void)state;
	for (i = 0; i < 57; i++)
		commit(g, 1);
	forge_do(g, FORGE_RECEIPT);
	forge_build(g);
	r = part(g, FORGE_IS_ENTRY, 1);
	at(g, r)[r->len - 5] ^= 1;
	ends(g, 2, "AS001[1,1]");
}

/* ---- our own to avoid ---- */

static void the_host_key_hands_over(void **state)
{
	(void)state;
	ends(rewritten_by("forge host"), 2, "AS010[0,3] AS010[4,4] AS029");
}

static void a_continuation_is_taken_for_a_record(void **state)
{
	struct forge *g = begin();

	(void)state;
	forge_record(g, "whole");
	forge_entry(g, SEAL_ENTRY_RECORD, SEAL_FLAG_CONTINUES, "half", 4);
	forge_head(g);
	forge_do(g, FORGE_RECEIPT);
	forge_build(g);
	ends(g, 2, "AS032[2,2]");
}

/* Of order 8: libgcrypt 1.10 ends the process when it multiplies it. */
static void a_key_that_no_library_likes(void **state)
{
	static const char *const keys[] = {
		"26e8958fc2b227b045c3f489f2ef98f0"
		"d5dfac05d3c63339b13802886d53fc05",
		"c7176a703d4dd84fba3c0b760d10670f"
		"2a2053fa2c39ccc64ec7fd7792ac037a",
		"00000000000000000000000000000000"
		"00000000000000000000000000000000",
	};
	uint8_t key[32];
	struct forge *g;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		test_from_hex(keys[i], key, sizeof(key));
		g = begin();
		commit(g, 3);
		g->weak_key = key;
		forge_hand_over(g);
		forge_do(g, FORGE_RECEIPT);
		forge_build(g);
		ends(g, 2, "AS012[4,4] AS029");
	}
}

/* S + L is the same number modulo L: another signature for the same text. */
static void a_signature_with_a_larger_s(void **state)
{
	static const uint8_t order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,	      0xd6,
		0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10};
	struct forge *g = three_files();
	unsigned i, sum = 0;

	(void)state;
	for (i = 0; i < 32; i++) {
		sum += g->head.sig[32 + i] + order[i];
		g->head.sig[32 + i] = (uint8_t)sum;
		sum >>= 8;
	}
	seal_frame_head_put(at(g, part(g, FORGE_IS_HEAD, 18)), g->clock_us,
			    &g->head);
	ends(g, 2, "AS010[15,17]");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(old_entries_are_sealed_again_with_a_newer_key),
		cmocka_unit_test(an_epoch_is_emptied),
		cmocka_unit_test(a_file_has_no_seal),
		cmocka_unit_test(a_clock_steps),
		cmocka_unit_test(a_live_file_is_read),
		cmocka_unit_test(a_file_is_clear_text),
		cmocka_unit_test(damage_is_left_to_people),
		cmocka_unit_test(a_state_file_is_missing),
		cmocka_unit_test(a_whole_chain_is_removed),
		cmocka_unit_test(a_whole_chain_is_replayed),
		cmocka_unit_test(a_chain_is_put_in_place_of_another),
		cmocka_unit_test(a_line_without_protection),
		cmocka_unit_test(a_log_is_cut),
		cmocka_unit_test(who_verifies_forges),
		cmocka_unit_test(a_segment_is_dropped),
		cmocka_unit_test(a_segment_is_replayed),
		cmocka_unit_test(two_segments_are_swapped),
		cmocka_unit_test(a_log_is_cut_at_a_seal),
		cmocka_unit_test(one_edit_is_made),
		cmocka_unit_test(the_host_key_hands_over),
		cmocka_unit_test(a_continuation_is_taken_for_a_record),
		cmocka_unit_test(a_key_that_no_library_likes),
		cmocka_unit_test(a_signature_with_a_larger_s),
	};

	if (!attack_init())
		return 1;
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
