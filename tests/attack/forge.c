/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: forge.h.  The plan of the log: forge_plan.c. */
#include "tests/attack/forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "spool/feed.h"
#include "tests/lib/testlog.h"

static void make_policy(struct forge *g)
{
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_vkey host = {0};

	assert_int_equal(seal_vkey_init(&host, FORGE_ORIGIN, SEAL_KEY_ED25519,
					seal_key_public(g->host), NULL),
			 0);
	seal_buf_put_str(&text, "log ");
	seal_vkey_put(&text, &host);
	seal_buf_put_str(&text, "\nwitness m ");
	seal_vkey_put(&text, &g->mirror_vkey);
	seal_buf_put_str(&text, "\nquorum m\n");
	assert_int_equal(seal_policy_parse(text.data, text.len, "policy",
					   &g->policy, NULL),
			 0);
	seal_vkey_fini(&host);
	seal_buf_fini(&text);
}

struct forge *forge_new(void)
{
	struct forge *g = calloc(1, sizeof(*g));
	char purpose[32];
	size_t i;

	assert_non_null(g);
	g->host = test_key("forge host");
	g->new_host = test_key("forge new host");
	g->mirror = test_key("forge mirror");
	for (i = 0; i < FORGE_EPOCHS; i++) {
		snprintf(purpose, sizeof(purpose), "forge epoch %zu", i);
		g->epoch[i] = test_key(purpose);
		snprintf(purpose, sizeof(purpose), "thief epoch %zu", i);
		g->own[i] = test_key(purpose);
	}
	assert_int_equal(seal_vkey_init(&g->mirror_vkey, FORGE_MIRROR,
					SEAL_KEY_COSIGNATURE,
					seal_key_public(g->mirror), NULL),
			 0);
	assert_int_equal(seal_log_id(FORGE_ORIGIN, test_pub(g->host),
				     test_pub(g->epoch[0]), &g->log_id),
			 0);
	make_policy(g);
	g->clock_us = 1700000000000000;
	g->options.target = SEAL_VERIFY_SPOOL;
	g->options.policy = g->policy;
	g->options.have_pin = true;
	g->options.pin = g->log_id;
	return g;
}

static void forget(struct forge *g)
{
	size_t i;

	for (i = 0; i < FORGE_FILES; i++)
		seal_buf_fini(&g->file[i].bytes);
	memset(g->file, 0, sizeof(g->file));
	g->files = g->regions = 0;
	g->size = g->anchor = g->anchor_us = g->older_size = 0;
	seal_buf_fini(&g->note);
	seal_buf_fini(&g->older_note);
	seal_buf_fini(&g->epochs);
	memio_free(g->m);
	g->m = NULL;
	seal_frontier_init(&g->tree);
	g->sealed = g->tree;
	memset(&g->head, 0, sizeof(g->head));
	g->freed_epochs = 0;
	g->epoch_now = g->head_epoch = g->commit_first = g->numbers = 0;
	g->handed_over = false;
}

void forge_free(struct forge *g)
{
	size_t i;

	forget(g);
	attack_verdict_fini(&g->av);
	for (i = 0; i < g->steps; i++)
		seal_buf_fini(&g->step[i].body);
	for (i = 0; i < FORGE_EPOCHS; i++)
		seal_key_free(g->epoch[i]);
	for (i = 0; i < FORGE_EPOCHS; i++)
		seal_key_free(g->own[i]);
	seal_buf_fini(&g->seals);
	seal_buf_fini(&g->notes);
	seal_key_free(g->new_host);
	seal_key_free(g->host);
	seal_key_free(g->mirror);
	seal_vkey_fini(&g->mirror_vkey);
	seal_policy_free(g->policy);
	free(g->region);
	free(g->step);
	free(g);
}

/* ---- building ---- */

static struct forge_file *last(struct forge *g)
{
	return &g->file[g->files - 1];
}

/* Whose key is in force, as the files are to say. */
static struct seal_key *key_of(const struct forge *g, uint64_t epoch)
{
	return g->means == FORGE_OWN_KEYS && epoch && epoch <= g->held
		       ? g->own[epoch]
		       : g->epoch[epoch];
}

/* Who can sign for this epoch. */
static struct seal_key *signer_of(const struct forge *g, uint64_t epoch)
{
	if (g->means == FORGE_HONEST || epoch >= g->held)
		return key_of(g, epoch);
	return g->means == FORGE_OWN_KEYS ? g->own[epoch] : g->epoch[g->held];
}

/* The n-th signature: remembered, or taken from what was remembered. */
static void signature(struct forge *g, uint8_t sig[SEAL_SIG_BYTES],
		      uint64_t epoch)
{
	if (g->means == FORGE_HONEST)
		seal_buf_put(&g->seals, sig, SEAL_SIG_BYTES);
	else if (g->means == FORGE_OLD_BYTES && epoch < g->held)
		memcpy(sig, g->seals.data + g->seal_at, SEAL_SIG_BYTES);
	g->seal_at += SEAL_SIG_BYTES;
}

static void put(struct forge *g, enum forge_part part, uint64_t index,
		const void *bytes, size_t len)
{
	struct forge_region *r;

	if (g->regions == g->region_room) {
		g->region_room = g->region_room ? 2 * g->region_room : 256;
		g->region =
			realloc(g->region, g->region_room * sizeof(*g->region));
		assert_non_null(g->region);
	}
	r = &g->region[g->regions++];
	r->part = part;
	r->file = g->files - 1;
	r->offset = last(g)->bytes.len;
	r->len = len;
	r->index = index;
	r->first = g->commit_first;
	seal_buf_put(&last(g)->bytes, bytes, len);
	assert_int_equal(seal_buf_error(&last(g)->bytes), 0);
}

static void put_segment(struct forge *g)
{
	uint8_t bytes[SEAL_SEGMENT_HEADER_BYTES_MAX];
	struct seal_segment_header h = {0};
	struct forge_file *file;
	size_t len;

	/* What is freed leaves nothing. */
	if (g->files && g->tree.size <= g->keep_from) {
		g->regions = 0;
		g->files = 0;
		g->freed_epochs = g->epoch_now;
		seal_buf_fini(&g->file[0].bytes);
	}
	assert_true(g->files < FORGE_FILES);
	file = &g->file[g->files++];
	seal_buf_init(&file->bytes);
	file->first = g->tree.size;
	snprintf(file->path, sizeof(file->path), "/s/%020llu.seg",
		 (unsigned long long)file->first);
	h.number = g->numbers++;
	h.first_index = g->tree.size;
	h.log_id = g->log_id;
	h.head = g->head;
	strcpy(h.origin, FORGE_ORIGIN);
	h.frontier = g->tree;
	assert_int_equal(seal_segment_header_put(&h, bytes, &len), 0);
	put(g, FORGE_IS_HEADER, file->first, bytes, len);
}

static void put_record_of_epoch(struct forge *g, const struct seal_handover *h)
{
	uint8_t record[SEAL_EPOCH_RECORD_BYTES];

	assert_int_equal(seal_epoch_record_encode(h, record), 0);
	seal_buf_put(&g->epochs, record, sizeof(record));
}

static void make_handover(struct forge *g, struct forge_step *s)
{
	struct seal_control c = {.type = SEAL_ENTRY_EPOCH};
	struct seal_handover h = {.index = g->tree.size,
				  .epoch = g->epoch_now + 1};

	assert_true(h.epoch < FORGE_EPOCHS);
	seal_entry_put_header(h.header, s->type, s->flags, s->time_us);
	assert_int_equal(seal_frontier_root(&g->tree, &h.root), 0);
	memcpy(h.key, g->weak_key ? g->weak_key : test_pub(key_of(g, h.epoch)),
	       sizeof(h.key));
	assert_int_equal(
		seal_handover_sign(&g->log_id, &h, signer_of(g, g->epoch_now)),
		0);
	signature(g, h.sig, g->epoch_now);
	c.epoch.epoch = h.epoch;
	memcpy(c.epoch.key, h.key, sizeof(h.key));
	memcpy(c.epoch.sig, h.sig, sizeof(h.sig));
	seal_buf_fini(&s->body);
	assert_int_equal(seal_control_encode(&c, &s->body), 0);
	put_record_of_epoch(g, &h);
	g->handed_over = true;
}

static void put_entry(struct forge *g, struct forge_step *s)
{
	uint8_t *frame =
		malloc(SEAL_FRAME_ENTRY_EXTRA + 10 + s->body.len + 400);
	uint64_t index = g->tree.size;
	struct seal_hash leaf;
	size_t len;

	assert_non_null(frame);
	if (s->type == SEAL_ENTRY_EPOCH)
		make_handover(g, s);
	len = 10 + s->body.len;
	seal_entry_put_header(frame + 4, s->type, s->flags, s->time_us);
	if (s->body.len)
		memcpy(frame + 14, s->body.data, s->body.len);
	assert_int_equal(seal_frame_entry_finish(frame, len, index, &leaf), 0);
	assert_int_equal(seal_frontier_append(&g->tree, &leaf), 0);
	put(g, FORGE_IS_ENTRY, index, frame, len + SEAL_FRAME_ENTRY_EXTRA);
	last(g)->end = index + 1;
	free(frame);
}

static void sign_head(struct forge *g, struct seal_head *ret_head)
{
	struct seal_key *key = signer_of(g, g->epoch_now);
	struct seal_checkpoint cp;
	struct seal_vkey vkey = {0};
	int i;

	memset(ret_head, 0, sizeof(*ret_head));
	ret_head->size = g->tree.size;
	assert_int_equal(seal_frontier_root(&g->tree, &ret_head->root), 0);
	assert_int_equal(seal_checkpoint_init(&cp, FORGE_ORIGIN, ret_head->size,
					      &ret_head->root),
			 0);
	assert_int_equal(seal_checkpoint_sign(&cp, key, ret_head->sig), 0);
	signature(g, ret_head->sig, g->epoch_now);
	if (g->means == FORGE_OLD_BYTES)
		key = key_of(g, g->epoch_now);
	assert_int_equal(seal_vkey_init_epoch(&vkey, FORGE_ORIGIN,
					      seal_key_public(key), NULL),
			 0);
	for (i = 0; i < 4; i++)
		ret_head->key_id[i] = vkey.id >> (24 - 8 * i) & 0xFF;
	seal_vkey_fini(&vkey);
}

static void put_head(struct forge *g, uint64_t time_us)
{
	uint8_t frame[SEAL_FRAME_FRONTIER_BYTES_MAX];
	uint64_t before = g->head.size;
	size_t len;

	sign_head(g, &g->head);
	len = seal_frame_head_put(frame, time_us, &g->head);
	if (g->means != FORGE_NO_HEADS || g->epoch_now >= g->held ||
	    g->handed_over)
		put(g, FORGE_IS_HEAD, g->tree.size, frame, len);
	if (seal_frame_frontier_due(before, g->head.size)) {
		len = seal_frame_frontier_put(frame, time_us, &g->tree);
		put(g, FORGE_IS_FRONTIER, g->tree.size, frame, len);
	}
	g->head_epoch = g->epoch_now;
	g->size = g->head.size;
	g->sealed = g->tree;
	g->commit_first = g->head.size;
	if (g->handed_over)
		g->epoch_now++;
	g->handed_over = false;
}

/* The mirror signs the head that is remembered as receipted. */
static void cosign(struct forge *g, uint64_t time_s, struct seal_buf *ret_note)
{
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_checkpoint cp;

	seal_buf_init(ret_note);
	assert_int_equal(seal_checkpoint_init(&cp, FORGE_ORIGIN,
					      g->receipted.size,
					      &g->receipted.root),
			 0);
	assert_int_equal(
		seal_checkpoint_put_signed(ret_note, &cp, g->host,
					   signer_of(g, g->receipted_epoch)),
		0);
	seal_checkpoint_put(&text, &cp);
	assert_int_equal(seal_cosig_sign(ret_note, text.data, text.len, time_s,
					 &g->mirror_vkey, g->mirror),
			 0);
	seal_buf_fini(&text);
}

/* As it was when the mirror signed: a thief has no other. */
static void note_again(struct forge *g, struct seal_buf *ret_note)
{
	const uint8_t *at = g->notes.data + g->note_at;
	size_t len = (size_t)at[0] << 8 | at[1];

	seal_buf_init(ret_note);
	seal_buf_put(ret_note, at + 2, len);
}

static void put_receipt(struct forge *g, uint64_t time_us)
{
	uint64_t time_s = time_us / 1000000;
	uint8_t *frame;
	size_t len;

	seal_buf_fini(&g->older_note);
	g->older_note = g->note;
	g->older_size = g->anchor;
	g->receipted = g->head;
	g->receipted_epoch = g->head_epoch;
	if (g->means == FORGE_HONEST) {
		cosign(g, time_s, &g->note);
		seal_buf_put_u16(&g->notes, (uint16_t)g->note.len);
		seal_buf_put(&g->notes, g->note.data, g->note.len);
	} else {
		note_again(g, &g->note);
	}
	g->note_at += 2 + g->note.len;
	frame = malloc(g->note.len + 32);
	assert_non_null(frame);
	len = seal_frame_receipt_put(frame, time_us, g->note.data, g->note.len);
	put(g, FORGE_IS_RECEIPT, g->tree.size, frame, len);
	g->anchor = g->head.size;
	g->anchor_us = time_s * 1000000;
	free(frame);
}

static void put_zeros(struct forge *g)
{
	uint8_t *zeros = calloc(1, g->zeros + 1);

	assert_non_null(zeros);
	if (g->zeros)
		put(g, FORGE_IS_ZERO, g->tree.size, zeros, g->zeros);
	free(zeros);
}

/* ---- the small files ---- */

static void put_state(struct forge *g)
{
	uint8_t bytes[SEAL_STATE_FILE_BYTES];
	struct seal_state state = {.counter = 41,
				   .sealed = g->head.size,
				   .root = g->head.root,
				   .segment = g->numbers - 1,
				   .epoch = g->epoch_now,
				   .frontier = g->sealed,
				   .mirrors = 1};

	state.mirror[0].offered = g->anchor;
	assert_int_equal(seal_sha256(FORGE_MIRROR, strlen(FORGE_MIRROR),
				     &state.mirror[0].name),
			 0);
	assert_int_equal(seal_state_put(&state, bytes + SEAL_STATE_SLOT_BYTES),
			 0);
	state.counter = 42;
	assert_int_equal(seal_state_put(&state, bytes), 0);
	memio_put(g->m, "/s/state", bytes, sizeof(bytes));
}

static void put_slot(struct forge *g, uint8_t *file, uint64_t counter,
		     uint64_t size, const struct seal_buf *note)
{
	struct seal_acked acked = {.counter = counter, .mirrors = 1};
	size_t len;

	strcpy(acked.mirror[0].name, FORGE_MIRROR);
	acked.mirror[0].size = size;
	acked.mirror[0].time_s = g->anchor_us / 1000000;
	acked.mirror[0].note = note->data;
	acked.mirror[0].note_len = note->len;
	assert_int_equal(
		seal_acked_put(&acked,
			       file + counter % 2 * SEAL_ACKED_SLOT_BYTES,
			       &len),
		0);
}

static void put_acked(struct forge *g)
{
	uint8_t *file = calloc(1, SEAL_ACKED_FILE_BYTES);

	assert_non_null(file);
	put_slot(g, file, 7, g->older_size, &g->older_note);
	put_slot(g, file, 8, g->anchor, &g->note);
	memio_put(g->m, "/s/acked", file, SEAL_ACKED_FILE_BYTES);
	free(file);
}

static void make_directory(struct forge *g)
{
	const struct seal_io *io;
	size_t i;

	g->m = memio_new();
	io = memio_io(g->m);
	assert_int_equal(io->mkdir(io, "/s"), 0);
	for (i = 0; i < g->files; i++)
		memio_put(g->m, g->file[i].path, g->file[i].bytes.data,
			  g->file[i].bytes.len);
	memio_put(g->m, "/s/epochs", g->epochs.data, g->epochs.len);
	memio_put(g->m, "/s/lock", "", 0);
	put_state(g);
	put_acked(g);
}

static void put_root_of_epochs(struct forge *g)
{
	uint8_t record[SEAL_EPOCH_RECORD_BYTES];
	struct seal_epoch_root root;

	memcpy(root.host_key, test_pub(g->host), 32);
	memcpy(root.epoch_key, test_pub(g->epoch[0]), 32);
	assert_int_equal(seal_epoch_root_encode(&root, record), 0);
	seal_buf_put(&g->epochs, record, sizeof(record));
}

void forge_build(struct forge *g)
{
	struct forge_step *s;
	uint64_t time_us = g->clock_us;
	size_t i;

	forget(g);
	if (g->means == FORGE_HONEST) {
		seal_buf_reset(&g->seals);
		seal_buf_reset(&g->notes);
	}
	g->seal_at = g->note_at = 0;
	put_root_of_epochs(g);
	put_segment(g);
	for (i = 0; i < g->steps; i++) {
		s = &g->step[i];
		time_us = s->time_us;
		switch (s->what) {
		case FORGE_ENTRY:
			put_entry(g, s);
			break;
		case FORGE_HEAD:
			put_head(g, time_us);
			break;
		case FORGE_RECEIPT:
			put_receipt(g, time_us);
			break;
		case FORGE_SEGMENT:
			put_segment(g);
			break;
		}
	}
	put_zeros(g);
	make_directory(g);
	g->options.as_of_us = time_us + 1000000;
}

void forge_other_receipt(struct forge *g, uint64_t size,
			 const struct seal_hash *root,
			 struct seal_buf *ret_note)
{
	struct seal_head was = g->receipted;

	g->receipted.size = size;
	g->receipted.root = *root;
	cosign(g, g->anchor_us / 1000000, ret_note);
	g->receipted = was;
}

void forge_steal(struct forge *g, enum forge_means means, uint64_t held)
{
	g->means = means;
	g->held = held;
	forge_build(g);
}

void forge_receipt_again(struct forge *g, uint64_t time_us)
{
	seal_buf_fini(&g->note);
	cosign(g, time_us / 1000000, &g->note);
	g->anchor_us = time_us;
	put_acked(g);
}

void forge_first_receipt(struct forge *g)
{
	g->receipted = g->head;
	g->receipted_epoch = g->head_epoch;
	g->anchor = g->head.size;
	forge_receipt_again(g, g->options.as_of_us);
}

uint8_t *forge_bytes(struct forge *g, const char *path, uint64_t *ret_len)
{
	uint8_t *bytes = memio_data(g->m, path, ret_len);

	assert_non_null(bytes);
	return bytes;
}

/* ---- judging ---- */

static int feed(void *ctx, struct seal_verify *v, struct seal_diag *diag)
{
	struct forge *g = ctx;
	struct seal_feed_options from = {.io = memio_io(g->m),
					 .path = "/s",
					 .origin = g->options.origin,
					 .live = g->options.live};
	int rc = 0;

	if (g->given)
		rc = seal_verify_note(v, SEAL_VERIFY_NOTE_GIVEN, g->note.data,
				      g->note.len, "a receipt held elsewhere");
	return rc ? rc : seal_feed_spool(&from, v, diag);
}

void forge_judge(struct forge *g)
{
	char origin[SEAL_ORIGIN_MAX_BYTES + 1] = "";
	int rc;

	attack_verdict_fini(&g->av);
	rc = seal_feed_origin(memio_io(g->m), "/s", false, origin, &g->av.diag);
	if (rc) {
		g->av.rc = rc;
		g->av.status = 3;
		return;
	}
	g->options.origin = origin[0] ? origin : NULL;
	attack_judge(&g->options, feed, g, &g->av);
	g->options.origin = NULL;
}
