/* SPDX-License-Identifier: Apache-2.0 */
/* A spool, whole or damaged, for the verifier.  Contract: feed.h. */
#include "spool/feed_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/checkpoint.h"
#include "core/entry.h"
#include "spool/io_private.h"

/* ---- segments ---- */

static uint32_t key_id(const uint8_t bytes[4])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[2] << 8 | bytes[3];
}

static int feed_header(struct feed *f, struct seal_verify *v,
		       const struct seal_reader_segment *s, bool last)
{
	struct seal_hash frontier[SEAL_TREE_LEVELS];
	struct seal_verify_segment segment = {0};
	const struct seal_segment_header *h = &s->header;
	int rc;

	if (s->status == SEAL_E_UNKNOWN)
		return seal_verify_unknown_segment(v, s->name, s->name_index);
	if (s->status) {
		f->next = s->name_index;
		return seal_verify_lost_header(v, s->name, s->name_index, last);
	}
	if (h->first_index != s->name_index) {
		rc = seal_verify_defect(v, SEAL_VERIFY_DEFECT_FILE, false,
					s->name, 0, s->size_bytes);
		if (rc)
			return rc;
	}
	f->next = h->first_index;
	f->last.segment_first = s->name_index;
	f->last.offset = h->size_bytes;
	f->last.size = h->first_index;
	seal_frontier_get(&h->frontier, frontier);
	segment.where = s->name;
	segment.number = h->number;
	segment.first_index = h->first_index;
	segment.origin = h->origin;
	segment.log_id = h->log_id;
	segment.head_size = h->head.size;
	segment.head_root = h->head.root;
	segment.head_key_id = key_id(h->head.key_id);
	memcpy(segment.head_signature, h->head.sig,
	       sizeof(segment.head_signature));
	segment.frontier = frontier;
	segment.last = last;
	return seal_verify_segment(v, &segment);
}

static int feed_entry(struct feed *f, struct seal_verify *v,
		      const struct seal_reader_item *item, const char *where)
{
	struct seal_verify_entry entry = {.entry = item->frame.framed + 1,
					  .len = item->frame.framed_len - 1,
					  .leaf = item->leaf,
					  .known = SEAL_VERIFY_KNOWN_TAG,
					  .index_low = item->index_low,
					  .where = where,
					  .offset = item->offset};

	f->next++;
	f->entries++;
	return seal_verify_entry(v, &entry);
}

static int defect(struct seal_verify *v, enum seal_verify_defect what,
		  const struct seal_reader_item *item, const char *where)
{
	return seal_verify_defect(v, what, false, where, item->offset,
				  item->size_bytes);
}

static int feed_head(struct feed *f, struct seal_verify *v,
		     const struct seal_reader_item *item, const char *where)
{
	struct seal_verify_head head = {0};
	struct seal_head h;
	int rc;

	if (seal_frame_head_get(&item->frame, &h))
		return defect(v, SEAL_VERIFY_DEFECT_FRAME, item, where);
	head.size = h.size;
	head.root = h.root;
	head.key_id = key_id(h.key_id);
	memcpy(head.signature, h.sig, sizeof(head.signature));
	head.where = where;
	head.offset = item->offset;
	/* Only helps to find the way: the verifier decides. */
	if (h.size - f->next + SEAL_TAIL_ENTRIES_MAX <=
	    2 * SEAL_TAIL_ENTRIES_MAX)
		f->next = h.size;
	f->last.segment_first =
		seal_reader_segment(f->reader, item->segment)->name_index;
	f->last.offset = item->offset + item->size_bytes;
	f->last.size = h.size;
	rc = seal_verify_head(v, &head);
	if (f->live && f->have_state && h.size == f->state.sealed)
		f->stop = true;
	return rc;
}

static int feed_frontier(struct seal_verify *v,
			 const struct seal_reader_item *item, const char *where)
{
	struct seal_hash hashes[SEAL_TREE_LEVELS];
	struct seal_frontier frontier;
	unsigned count;

	if (seal_frame_frontier_get(&item->frame, &frontier))
		return defect(v, SEAL_VERIFY_DEFECT_FRAME, item, where);
	count = seal_frontier_get(&frontier, hashes);
	return seal_verify_frontier(v, frontier.size, hashes, count, where,
				    item->offset);
}

static int feed_receipt(struct seal_verify *v,
			const struct seal_reader_item *item, const char *where)
{
	char place[128];

	snprintf(place, sizeof(place), "%s:%" PRIu64, where, item->offset);
	return seal_verify_note(v, SEAL_VERIFY_NOTE_FRAME, item->frame.body,
				item->frame.body_len, place);
}

static int feed_opening(struct seal_verify *v,
			const struct seal_reader_item *item, const char *where)
{
	const uint8_t *b = item->frame.body;
	uint64_t index = 0;
	unsigned i;

	if (item->frame.body_len < 26)
		return defect(v, SEAL_VERIFY_DEFECT_FRAME, item, where);
	for (i = 0; i < 8; i++)
		index = index << 8 | b[i];
	return seal_verify_opening(v, index, b[8], b[9], b + 10, b + 26,
				   item->frame.body_len - 26, where,
				   item->offset);
}

static int feed_frame(struct feed *f, struct seal_verify *v,
		      const struct seal_reader_item *item, const char *where)
{
	if (item->frame.kind == SEAL_KIND_ENTRY)
		return feed_entry(f, v, item, where);
	if (!item->tag_ok)
		return defect(v, SEAL_VERIFY_DEFECT_TAG, item, where);
	if (item->frame.flags)
		return defect(v, SEAL_VERIFY_DEFECT_FRAME, item, where);
	switch (item->frame.type) {
	case SEAL_FRAME_HEAD:
		return feed_head(f, v, item, where);
	case SEAL_FRAME_RECEIPT:
		return feed_receipt(v, item, where);
	case SEAL_FRAME_OPENING:
		return feed_opening(v, item, where);
	case SEAL_FRAME_FRONTIER:
		return feed_frontier(v, item, where);
	}
	return defect(v, SEAL_VERIFY_DEFECT_UNKNOWN, item, where);
}

/* Bytes in between may have been an entry; at the end they are padding. */
static int feed_bad(struct feed *f, struct seal_verify *v, const char *where,
		    bool followed)
{
	bool headless = f->headless;

	f->headless = false;
	if (!f->bad)
		return 0;
	f->bad = false;
	if (headless)
		return 0; /* the header's damage has been said */
	if (followed)
		f->next++;
	return seal_verify_defect(v,
				  followed ? SEAL_VERIFY_DEFECT_FRAME
					   : SEAL_VERIFY_DEFECT_PADDING,
				  followed, where, f->bad_offset, f->bad_len);
}

static int feed_items(struct feed *f, struct seal_verify *v, size_t segment,
		      struct seal_diag *diag)
{
	const char *where = seal_reader_segment(f->reader, segment)->name;
	struct seal_reader_item item;
	int rc = 0;

	while (!rc && !f->stop) {
		rc = seal_reader_next(f->reader, f->next, &item, diag);
		if (rc)
			return rc;
		if (f->progress)
			f->progress(f->progress_ctx,
				    f->done_bytes + item.offset, f->total_bytes,
				    f->entries);
		if (item.kind == SEAL_ITEM_BAD) {
			if (!f->bad)
				f->bad_offset = item.offset;
			f->bad = true;
			f->bad_len =
				item.offset + item.size_bytes - f->bad_offset;
			continue;
		}
		rc = feed_bad(f, v, where, item.kind == SEAL_ITEM_FRAME);
		if (item.kind == SEAL_ITEM_END)
			return rc;
		if (!rc)
			rc = feed_frame(f, v, &item, where);
	}
	return rc;
}

static int feed_segment(struct feed *f, struct seal_verify *v, size_t i,
			struct seal_diag *diag)
{
	const struct seal_reader_segment *s = seal_reader_segment(f->reader, i);
	bool last = i + 1 == seal_reader_segments(f->reader);
	int rc;

	if (s->status == SEAL_E_IO)
		return seal_diag_set(diag, SEAL_E_IO, "cannot read %s in %s",
				     s->name, f->path);
	rc = feed_header(f, v, s, last);
	if (rc || s->status == SEAL_E_UNKNOWN)
		return rc;
	/* Where the frames begin follows from the file's name. */
	rc = seal_reader_seek(
		f->reader, i,
		s->status ? seal_segment_header_size(strlen(f->origin),
						     s->name_index)
			  : 0);
	f->headless = s->status;
	if (!rc)
		rc = feed_items(f, v, i, diag);
	f->done_bytes += s->size_bytes;
	return rc;
}

static bool is_wanted(const struct feed *f, size_t i)
{
	const struct seal_feed_part *part = f->options->part;
	uint64_t index = seal_reader_segment(f->reader, i)->name_index;

	return !part || (index >= part->first && index < part->end);
}

static int feed_segments(struct feed *f, struct seal_verify *v,
			 struct seal_diag *diag)
{
	size_t i, count = seal_reader_segments(f->reader), first = 0;
	int rc = 0;

	if (!count)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "%s has no segments: nothing was ever "
				     "logged there, or all is gone",
				     f->path);
	f->total_bytes = f->done_bytes = 0;
	f->stop = f->bad = false;
	if (f->options->resume)
		rc = feed_resume(f, v, &first, diag);
	for (i = first; i < count; i++)
		if (is_wanted(f, i))
			f->total_bytes +=
				seal_reader_segment(f->reader, i)->size_bytes;
	if (!rc && f->options->resume)
		rc = feed_items(f, v, first++, diag);
	for (i = first; i < count && !rc && !f->stop; i++)
		if (is_wanted(f, i))
			rc = feed_segment(f, v, i, diag);
	return rc;
}

int feed_open(const struct seal_io *io, const char *path, bool one_file,
	      struct seal_reader **ret_reader, struct seal_diag *diag)
{
	return one_file ? seal_reader_open_file(io, path, ret_reader, diag)
			: seal_reader_open(io, path, ret_reader, diag);
}

int seal_feed_spool(const struct seal_feed_options *o, struct seal_verify *v,
		    struct seal_diag *diag)
{
	struct feed f = {.options = o,
			 .io = o->io,
			 .dir = o->one_file ? NULL : o->path,
			 .path = o->path,
			 .origin = o->origin ? o->origin : "",
			 .live = o->live,
			 .progress = o->progress,
			 .progress_ctx = o->progress_ctx};
	int rc = 0;

	if (f.origin[0])
		rc = seal_verify_name(v, f.origin);
	if (!rc && o->resume)
		rc = seal_verify_resume(v, o->resume);
	if (!rc && f.dir)
		rc = feed_epochs(&f, v, diag);
	if (!rc && f.dir)
		rc = feed_acked(&f, v, diag);
	if (!rc && f.dir)
		rc = feed_state(&f, v, diag);
	/* Listed after that: what the small files speak of is in there. */
	if (!rc)
		rc = feed_open(o->io, o->path, o->one_file, &f.reader, diag);
	if (!rc)
		rc = feed_segments(&f, v, diag);
	if (!rc && o->ret_last)
		*o->ret_last = f.last;
	seal_reader_free(f.reader);
	return rc;
}

/* Where no header is whole, a receipt may still name the log. */
static int origin_of_receipt(const struct seal_io *io, const char *dir,
			     char ret_origin[SEAL_ORIGIN_MAX_BYTES + 1],
			     struct seal_diag *diag)
{
	char *path = seal_io_path(dir, "acked");
	struct seal_acked acked = {0};
	struct seal_checkpoint cp;
	struct seal_note note;
	size_t i;
	int rc;

	if (!path)
		return SEAL_E_NOMEM;
	rc = seal_acked_load(io, path, &acked, diag);
	free(path);
	for (i = 0; !rc && i < acked.mirrors && !ret_origin[0]; i++)
		if (acked.mirror[i].note_len &&
		    !seal_checkpoint_parse_note(acked.mirror[i].note,
						acked.mirror[i].note_len, &note,
						&cp, NULL) &&
		    strlen(cp.origin) <= SEAL_ORIGIN_MAX_BYTES)
			strcpy(ret_origin, cp.origin);
	seal_acked_fini(&acked);
	return feed_tolerable(rc) ? 0 : rc;
}

int seal_feed_origin(const struct seal_io *io, const char *path, bool one_file,
		     char ret_origin[SEAL_ORIGIN_MAX_BYTES + 1],
		     struct seal_diag *diag)
{
	const struct seal_reader_segment *s;
	struct seal_reader *reader;
	size_t i;
	int rc = feed_open(io, path, one_file, &reader, diag);

	if (rc)
		return rc;
	ret_origin[0] = '\0';
	for (i = 0; i < seal_reader_segments(reader) && !ret_origin[0]; i++) {
		s = seal_reader_segment(reader, i);
		if (!s->status)
			memcpy(ret_origin, s->header.origin,
			       SEAL_ORIGIN_MAX_BYTES + 1);
	}
	seal_reader_free(reader);
	return ret_origin[0] || one_file
		       ? 0
		       : origin_of_receipt(io, path, ret_origin, diag);
}
