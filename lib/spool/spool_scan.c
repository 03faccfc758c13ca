/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in the last segment, before anything is changed: the last head
 * that verifies, the whole frames behind it, and whether a crash can have left
 * it like that.  format.md 3 "Recovery" and 8 "The tail".
 */
#include <stdlib.h>
#include <string.h>

#include "core/checkpoint.h"
#include "core/control.h"
#include "spool/reader_private.h"
#include "spool/spool_scan.h"

/* ---- seals ---- */

static int check_seal(struct scan *sc, const struct seal_head *head)
{
	struct seal_chain_span span;
	struct seal_checkpoint cp;
	struct seal_pub *pub;
	int r;

	r = seal_chain_lookup(sc->sp->chain, head->size, &span);
	if (!r)
		r = seal_checkpoint_init(&cp,
					 seal_keydir_origin(sc->sp->keydir),
					 head->size, &head->root);
	if (!r)
		r = seal_pub_new(span.key, &pub);
	if (r)
		return r;
	r = seal_checkpoint_verify(&cp, pub, head->sig);
	seal_pub_free(pub);
	return r;
}

/* ---- frames ---- */

static void note_gap(struct scan *sc, const struct seal_entry *entry)
{
	struct seal_control c;

	if (!seal_control_decode(SEAL_ENTRY_GAP, entry->body, entry->body_len,
				 &c))
		sc->out->open_gap = c.gap.bound == SEAL_GAP_OPEN;
}

/* Long records: remembers where one begins that is not yet whole. */
static void note_run(struct scan *sc, uint8_t flags, uint64_t offset)
{
	struct spool_scan *out = sc->out;

	if (!(flags & SEAL_FLAG_MORE)) {
		sc->run.open = false;
		return;
	}
	if (sc->run.open)
		return;
	sc->run.open = true;
	sc->run.offset = offset;
	sc->run.frontier = out->frontier;
	sc->run.last_type = out->last_type;
	sc->run.before_type = out->before_type;
}

static int take_entry(struct scan *sc, const struct seal_reader_item *item)
{
	struct spool_scan *out = sc->out;
	struct seal_entry entry;
	int r;

	if (out->has_pending)
		return scan_damaged(
			sc, "AS012", item->offset,
			"an entry behind a hand-over without a seal");
	if (++sc->behind > SEAL_TAIL_ENTRIES_MAX)
		return scan_damaged(sc, "AS003", item->offset,
				    "more entries without a seal than a crash "
				    "leaves");
	r = seal_entry_parse(item->frame.framed + 1, item->frame.framed_len - 1,
			     &entry);
	if (!r && entry.type == SEAL_ENTRY_EPOCH)
		r = scan_read_handover(sc, &entry, item);
	else if (!r && entry.type == SEAL_ENTRY_GAP)
		note_gap(sc, &entry);
	else
		r = 0; /* unknown ones are hashed like any other */
	if (r)
		return r;
	note_run(sc, item->frame.flags, item->offset);
	r = seal_frontier_append(&out->frontier, &item->leaf);
	if (r)
		return r;
	out->before_type = out->last_type;
	out->last_type = item->frame.type;
	out->kept_end = item->offset + item->size_bytes;
	return scan_check_size(sc);
}

/* *ret_good: a head of this very tree. */
static int take_head(struct scan *sc, const struct seal_reader_item *item,
		     bool *ret_good)
{
	struct spool_scan *out = sc->out;
	struct seal_head head;
	struct seal_hash root;
	int r;

	*ret_good = false;
	if (seal_frame_head_get(&item->frame, &head) ||
	    head.size != out->frontier.size || head.size <= out->head.size)
		return 0;
	r = seal_frontier_root(&out->frontier, &root);
	if (r)
		return r;
	if (!seal_hash_equal(&root, &head.root))
		return 0;
	*ret_good = true;
	out->head = head;
	out->kept_end = out->head_end = item->offset + item->size_bytes;
	sc->behind = 0;
	return out->has_pending ? scan_take_handover(sc, item->offset) : 0;
}

/* Whole frames in order, up to *ret_bad, where no good frame stands. */
static int take_frames(struct scan *sc, bool *ret_bad)
{
	struct seal_reader_item item;
	bool good;
	int r;

	for (;;) {
		r = seal_reader_next(sc->reader, sc->out->frontier.size, &item,
				     sc->diag);
		if (r)
			return r;
		sc->out->data_end = item.offset;
		*ret_bad = item.kind == SEAL_ITEM_BAD ||
			   (item.kind == SEAL_ITEM_FRAME && !item.tag_ok);
		if (*ret_bad || item.kind == SEAL_ITEM_END)
			return 0;
		good = true;
		if (item.frame.kind == SEAL_KIND_ENTRY)
			r = take_entry(sc, &item);
		else if (item.frame.type == SEAL_FRAME_HEAD)
			r = take_head(sc, &item, &good);
		else
			sc->out->kept_end = item.offset + item.size_bytes;
		if (r)
			return r;
		if (!good) {
			*ret_bad = true;
			return 0;
		}
	}
}

/* Behind a bad frame: a head that verifies there makes it damage. */
static int look_past(struct scan *sc)
{
	struct seal_reader_item item;
	uint64_t entries = 0, next = sc->out->frontier.size;
	struct seal_head head;
	int r;

	for (;;) {
		r = seal_reader_next(sc->reader, next, &item, sc->diag);
		if (r)
			return r;
		sc->out->data_end = item.offset;
		if (item.kind == SEAL_ITEM_END)
			return 0;
		if (item.kind != SEAL_ITEM_FRAME)
			continue;
		if (item.frame.kind == SEAL_KIND_ENTRY) {
			next = next - (uint32_t)next + item.index_low + 1;
			if (++entries > SEAL_TAIL_ENTRIES_MAX)
				return scan_damaged(
					sc, "AS003", item.offset,
					"more entries without a seal "
					"than a crash leaves");
			continue;
		}
		if (!item.tag_ok || seal_frame_head_get(&item.frame, &head) ||
		    head.size <= sc->out->head.size)
			continue;
		r = check_seal(sc, &head);
		if (!r)
			return scan_damaged(sc, "AS001", sc->out->kept_end,
					    "a bad frame before a seal");
		if (r != SEAL_E_SIG)
			return r;
	}
}

/* To the first frame. */
static int seek(struct scan *sc, size_t segment)
{
	int r = seal_reader_seek(sc->reader, segment, 0);

	if (!r)
		return 0;
	return seal_diag_set_errno(
		sc->diag, r, sc->reader->sys_errno, "%s/%s cannot be read",
		sc->sp->dir, seal_reader_segment(sc->reader, segment)->name);
}

static int take_header(struct scan *sc, const struct seal_reader_segment *s)
{
	struct spool_scan *out = sc->out;
	struct seal_hash root;
	int r;

	if (s->status && s->status != SEAL_E_UNKNOWN)
		return scan_damaged(sc, "AS030", 0, "its header");
	if (s->status)
		return seal_diag_set(sc->diag, SEAL_E_UNKNOWN,
				     "the spool %s was written by a newer "
				     "auditseal (AS025); use that one",
				     sc->sp->dir);
	if (!seal_hash_equal(&s->header.log_id, &sc->sp->log_id) ||
	    strcmp(s->header.origin, seal_keydir_origin(sc->sp->keydir)))
		return seal_diag_set(sc->diag, SEAL_E_FOREIGN,
				     "the spool %s is of the log %s, the keys "
				     "are of %s; set spool or keydir to what "
				     "belongs together",
				     sc->sp->dir, s->header.origin,
				     seal_keydir_origin(sc->sp->keydir));
	if (s->header.first_index != s->name_index)
		return scan_damaged(sc, "AS030", 0,
				    "its name is not its first index");
	r = seal_frontier_root(&s->header.frontier, &root);
	if (r)
		return r;
	if (s->header.first_index &&
	    !seal_hash_equal(&root, &s->header.head.root))
		return scan_damaged(sc, "AS030", 0, "its frontier");
	out->header = s->header;
	out->file_bytes = s->size_bytes;
	out->frontier = s->header.frontier;
	out->head = s->header.head;
	out->head_end = out->kept_end = s->header.size_bytes;
	out->left_bytes = 0;
	return scan_check_size(sc);
}

/* A record that is not whole is dropped whole. */
static int drop_run(struct scan *sc)
{
	struct spool_scan *out = sc->out;

	if (!sc->run.open)
		return 0;
	if (sc->run.offset < out->head_end)
		return scan_damaged(sc, "AS032", sc->run.offset,
				    "a sealed record that is not whole");
	out->frontier = sc->run.frontier;
	out->kept_end = sc->run.offset;
	out->last_type = sc->run.last_type;
	out->before_type = sc->run.before_type;
	return 0;
}

/* ---- epochs from the log ---- */

/* One sealed entry of a closed segment: only hand-overs matter here. */
static int take_closed(struct scan *sc, const struct seal_reader_item *item)
{
	struct seal_entry entry;
	int r = 0;

	if (item->frame.type == SEAL_ENTRY_EPOCH &&
	    !seal_entry_parse(item->frame.framed + 1,
			      item->frame.framed_len - 1, &entry)) {
		r = scan_read_handover(sc, &entry, item);
		if (!r)
			r = scan_take_handover(sc, item->offset);
	}
	return r ? r : seal_frontier_append(&sc->out->frontier, &item->leaf);
}

/*
 * A closed segment up to where the next one begins.  What stands behind is
 * noted: a failed write that could not be removed.
 */
static int scan_closed(struct scan *sc, size_t segment)
{
	const struct seal_reader_segment *s =
		seal_reader_segment(sc->reader, segment);
	uint64_t end = seal_reader_segment(sc->reader, segment + 1)->name_index;
	struct spool_scan *out = sc->out;
	struct seal_reader_item item = {0};
	bool behind;
	int r;

	out->left_bytes = 0;
	if (s->status)
		return 0;
	out->frontier = s->header.frontier;
	r = seek(sc, segment);
	while (!r) {
		r = seal_reader_next(sc->reader, out->frontier.size, &item,
				     sc->diag);
		if (r || item.kind == SEAL_ITEM_END)
			break;
		behind = out->frontier.size == end;
		if (item.kind == SEAL_ITEM_FRAME && item.tag_ok &&
		    item.frame.kind != SEAL_KIND_ENTRY && !out->left_bytes)
			continue;
		if (behind && !out->left_bytes) {
			out->left_segment = s->name_index;
			out->left_offset = item.offset;
		}
		if (behind)
			out->left_bytes = item.offset + item.size_bytes -
					  out->left_offset;
		else if (item.kind != SEAL_ITEM_FRAME)
			break; /* damage: the verifier's business */
		else if (item.frame.kind == SEAL_KIND_ENTRY)
			r = take_closed(sc, &item);
	}
	return r;
}

/*
 * Nothing stands in the last segment yet: the entry before it may be a
 * hand-over whose record did not reach `epochs`, and what is behind it may be
 * named by nobody.
 */
static int learn_before(struct scan *sc, size_t segment)
{
	struct spool_scan *out = sc->out, *saved;
	int r;

	if (!segment || out->frontier.size != out->header.first_index)
		return 0;
	saved = malloc(sizeof(*saved));
	if (!saved)
		return SEAL_E_NOMEM;
	*saved = *out;
	r = scan_closed(sc, segment - 1);
	saved->learnt = out->learnt;
	saved->learnts = out->learnts;
	saved->left_segment = out->left_segment;
	saved->left_offset = out->left_offset;
	saved->left_bytes = out->left_bytes;
	*out = *saved;
	free(saved);
	return r;
}

static int scan(struct scan *sc, size_t segment)
{
	struct spool_scan *out = sc->out;
	bool bad;
	int r;

	r = take_header(sc, seal_reader_segment(sc->reader, segment));
	if (!r)
		r = seek(sc, segment);
	if (!r)
		r = take_frames(sc, &bad);
	if (!r && bad)
		r = look_past(sc);
	if (!r && out->head.size)
		r = check_seal(sc, &out->head);
	if (r == SEAL_E_SIG)
		return scan_damaged(sc, "AS010", out->head_end,
				    "the last seal is not by the log's key");
	if (!r)
		r = drop_run(sc);
	if (!r && out->has_pending)
		r = scan_check_pending(sc);
	if (!r)
		r = learn_before(sc, segment);
	if (!r)
		r = scan_check_promises(sc);
	return r;
}

int spool_scan(struct seal_spool *sp, struct seal_reader *reader,
	       struct spool_scan *ret_scan, struct seal_diag *diag)
{
	struct scan *sc = calloc(1, sizeof(*sc));
	int r;

	if (!sc)
		return SEAL_E_NOMEM;
	sc->sp = sp;
	sc->reader = reader;
	sc->out = ret_scan;
	sc->diag = diag;
	r = scan(sc, seal_reader_segments(reader) - 1);
	free(sc);
	return r;
}

int spool_scan_epochs(struct seal_spool *sp, struct seal_reader *reader,
		      struct spool_scan *scan_, struct seal_diag *diag)
{
	struct scan *sc = calloc(1, sizeof(*sc));
	size_t i;
	int r = 0;

	if (!sc)
		return SEAL_E_NOMEM;
	sc->sp = sp;
	sc->reader = reader;
	sc->out = scan_;
	sc->diag = diag;
	for (i = 0; !r && i + 1 < seal_reader_segments(reader); i++)
		r = scan_closed(sc, i);
	free(sc);
	return r;
}
