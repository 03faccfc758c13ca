/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of spools and copies, in order.  Contract: walk.h. */
#include "walk.h"

#include "archive.h"
#include "copy.h"

#include "protocol/tile.h"
#include "spool/reader.h"

#include <stdlib.h>
#include <string.h>

struct walk {
	uint64_t from, to;
	cli_entry_fn *fn;
	void *ctx;
	uint64_t logs; /* seen */
};

uint64_t cli_entry_place(const struct cli_entry *entry)
{
	uint64_t apart = entry->tag_index > entry->index
				 ? entry->tag_index - entry->index
				 : entry->index - entry->tag_index;

	return apart < CLI_WALK_SHIFT ? entry->tag_index : entry->index;
}

static int stop_is_well(int rc)
{
	return rc == CLI_WALK_STOP ? 0 : rc;
}

/* ---- a spool ---- */

/* Size of the last head in the spool whose frame is whole. */
static int last_head(struct seal_reader *reader, uint64_t *ret_size,
		     struct seal_diag *diag)
{
	size_t i = seal_reader_segments(reader);
	const struct seal_reader_segment *s;
	struct seal_reader_item item;
	struct seal_head head;
	int rc;

	*ret_size = 0;
	while (i-- && !*ret_size) {
		s = seal_reader_segment(reader, i);
		if (s->status)
			continue;
		*ret_size = s->header.head.size;
		rc = seal_reader_seek(reader, i, 0);
		if (rc)
			return seal_diag_set(diag, rc, "cannot read %s",
					     s->name);
		for (;;) {
			rc = seal_reader_next(reader, 0, &item, diag);
			if (rc)
				return rc;
			if (item.kind == SEAL_ITEM_END)
				break;
			if (item.kind == SEAL_ITEM_FRAME && item.tag_ok &&
			    item.frame.kind == SEAL_KIND_OTHER &&
			    item.frame.type == SEAL_FRAME_HEAD &&
			    !seal_frame_head_get(&item.frame, &head))
				*ret_size = head.size;
		}
	}
	return 0;
}

static int walk_items(struct seal_reader *reader, struct walk *w,
		      uint64_t *next, uint64_t sealed, struct seal_diag *diag)
{
	struct seal_reader_item item;
	struct cli_entry entry;
	bool bad = false;
	int rc;

	for (;;) {
		rc = seal_reader_next(reader, *next, &item, diag);
		if (rc || item.kind == SEAL_ITEM_END)
			return rc;
		if (item.kind == SEAL_ITEM_BAD) {
			bad = true;
			continue;
		}
		if (bad)
			++*next; /* as `verify` counts it */
		bad = false;
		if (item.frame.kind != SEAL_KIND_ENTRY)
			continue;
		entry.index = (*next)++;
		entry.bytes = item.frame.framed + 1;
		entry.len = item.frame.framed_len - 1;
		entry.sealed = entry.index < sealed;
		entry.tag_wrong = item.index_low != (uint32_t)entry.index;
		entry.tag_index =
			(entry.index & ~(uint64_t)UINT32_MAX) | item.index_low;
		if (entry.index > w->to)
			return CLI_WALK_STOP;
		rc = entry.index < w->from ? 0 : w->fn(w->ctx, &entry);
		if (rc)
			return rc;
	}
}

static int walk_reader(struct seal_reader *reader, struct walk *w,
		       struct seal_diag *diag)
{
	size_t i, count = seal_reader_segments(reader);
	const struct seal_reader_segment *s, *after;
	uint64_t sealed, next;
	int rc = last_head(reader, &sealed, diag);

	for (i = 0; i < count && !rc; i++) {
		s = seal_reader_segment(reader, i);
		after = seal_reader_segment(reader, i + 1);
		if (after && after->name_index <= w->from)
			continue;
		next = s->name_index;
		rc = seal_reader_seek(
			reader, i,
			s->status ? seal_segment_header_size(0, next) : 0);
		if (rc)
			return seal_diag_set(diag, rc, "cannot read %s",
					     s->name);
		rc = walk_items(reader, w, &next, sealed, diag);
	}
	return rc;
}

static int walk_spool(const char *target, bool one_file, struct walk *w,
		      struct seal_diag *diag)
{
	const struct seal_io *io;
	struct cli_files *files;
	struct seal_reader *reader = NULL;
	char *plain = strndup(target, one_file ? cli_segment_stem(target)
					       : strlen(target));
	int rc = plain ? cli_files_new(NULL, &files) : SEAL_E_NOMEM;

	if (rc) {
		free(plain);
		return rc;
	}
	io = cli_files_io(files);
	rc = one_file ? seal_reader_open_file(io, plain, &reader, diag)
		      : seal_reader_open(io, plain, &reader, diag);
	if (rc)
		goto out;
	if (!seal_reader_segments(reader))
		rc = seal_diag_set(diag, SEAL_E_NOTFOUND, "%s has no segments",
				   target);
	else
		rc = walk_reader(reader, w, diag);
out:
	seal_reader_free(reader);
	cli_files_free(files);
	free(plain);
	return stop_is_well(rc);
}

int cli_walk_spool(const char *dir, uint64_t from, uint64_t to,
		   cli_entry_fn *fn, void *ctx, struct seal_diag *diag)
{
	struct walk w = {from, to, fn, ctx, 0};

	return walk_spool(dir, false, &w, diag);
}

/* ---- a store's copy ---- */

static int walk_bundle(const struct cli_copy *copy, uint64_t number,
		       uint64_t size, struct walk *w, bool *ret_there,
		       struct seal_diag *diag)
{
	unsigned width = seal_tile_width(size, 0, number);
	struct cli_entry entry = {.sealed = true};
	const uint8_t *bytes;
	size_t len, at = 0;
	uint64_t index = number * SEAL_VERIFY_TILE_WIDTH;
	int rc = copy->source.bundle(copy->source.ctx, number, width, false,
				     &bytes, &len, diag);

	*ret_there = !rc && len;
	for (; !rc && len - at >= 2; index++) {
		entry.len = (size_t)bytes[at] << 8 | bytes[at + 1];
		entry.bytes = bytes + at + 2;
		entry.index = entry.tag_index = index;
		if (len - at - 2 < entry.len)
			return seal_diag_set(diag, SEAL_E_DAMAGED,
					     "bundle %llu is damaged: run "
					     "'auditseal verify'",
					     (unsigned long long)number);
		at += 2 + entry.len;
		if (index > w->to)
			return CLI_WALK_STOP;
		rc = index < w->from ? 0 : w->fn(w->ctx, &entry);
	}
	return rc;
}

static int copy_size(const struct cli_copy *copy, uint64_t *ret_size,
		     struct seal_diag *diag)
{
	struct seal_checkpoint cp;
	struct seal_note note;
	int rc;

	if (!copy->note)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "there is no checkpoint of %s",
				     copy->origin);
	rc = seal_checkpoint_parse_note(copy->note, copy->note_len, &note, &cp,
					diag);
	if (!rc)
		*ret_size = cp.size;
	return rc;
}

/* To the next bundle that is there; a copy that cannot say is asked a while. */
static int pass_gap(const struct cli_copy *copy, uint64_t *number,
		    unsigned *gap, struct seal_diag *diag)
{
	int rc;

	if (copy->source.next) {
		rc = copy->source.next(copy->source.ctx, *number + 1, number,
				       diag);
		return rc == SEAL_E_NOTFOUND ? CLI_WALK_STOP : rc;
	}
	++*number;
	if (++*gap < SEAL_VERIFY_ABSENT_MAX)
		return 0;
	return seal_diag_set(diag, SEAL_E_DAMAGED,
			     "nothing of 262,144 entries in a row is there, up "
			     "to entry %llu: run 'auditseal verify'",
			     (unsigned long long)*number * 256);
}

static int walk_bundles(const struct cli_copy *copy, uint64_t size,
			uint64_t last, struct walk *w, struct seal_diag *diag)
{
	uint64_t number = w->from / SEAL_VERIFY_TILE_WIDTH;
	unsigned gap = 0;
	bool there;
	int rc = 0;

	while (number <= last / SEAL_VERIFY_TILE_WIDTH && !rc) {
		rc = walk_bundle(copy, number, size, w, &there, diag);
		if (rc)
			break;
		if (!there) {
			rc = pass_gap(copy, &number, &gap, diag);
			continue;
		}
		gap = 0;
		number++;
	}
	return rc;
}

static int walk_copy(void *ctx, const struct cli_copy *copy,
		     struct seal_diag *diag)
{
	struct walk *w = ctx;
	uint64_t size, last;
	int rc;

	if (w->logs++)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "there are several logs: choose one with "
				     "--log ORIGIN");
	rc = copy_size(copy, &size, diag);
	if (rc || w->from >= size)
		return rc;
	last = w->to < size ? w->to : size - 1;
	rc = walk_bundles(copy, size, last, w, diag);
	return stop_is_well(rc);
}

int cli_walk(const struct cli_trust *trust, const char *target, uint64_t from,
	     uint64_t to, cli_entry_fn *fn, void *ctx, struct seal_diag *diag)
{
	struct walk w = {from, to, fn, ctx, 0};
	enum cli_target_kind kind;
	int rc = cli_target_kind(target, &kind, diag);

	if (rc)
		return rc;
	switch (kind) {
	case CLI_TARGET_SPOOL:
	case CLI_TARGET_ARCHIVE:
		return walk_spool(target, false, &w, diag);
	case CLI_TARGET_SEGMENT:
		return walk_spool(target, true, &w, diag);
	case CLI_TARGET_STORE:
	case CLI_TARGET_HTTPS:
	case CLI_TARGET_BUNDLE:
	case CLI_TARGET_TILES:
		rc = cli_copy_visit(trust, target, kind, walk_copy, &w, diag);
		break;
	}
	if (!rc && !w.logs)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "%s has no such log", target);
	return rc;
}
