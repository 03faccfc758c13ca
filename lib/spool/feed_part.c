/* SPDX-License-Identifier: Apache-2.0 */
/* Feeding a part of a spool: from a known head on, or some segments of it.
 * Contract: feed.h. */
#include "spool/feed_private.h"

#include "core/entry.h"

#include <string.h>

/* Of a number in an entry's header, byte 2 on. */
static uint64_t time_of(const struct seal_frame *frame)
{
	uint64_t us = 0;
	unsigned i;

	for (i = 0; i < 8; i++)
		us = us << 8 | frame->framed[3 + i];
	return us;
}

static int no_such_head(struct feed *f, struct seal_diag *diag)
{
	return seal_diag_set(
		diag, SEAL_E_RANGE,
		"%s no longer has the head of size %llu where it "
		"was",
		f->path, (unsigned long long)f->options->resume->frontier.size);
}

static bool is_head(const struct seal_head *head, uint64_t size,
		    const struct seal_hash *root)
{
	return head->size == size && seal_hash_equal(&head->root, root);
}

/* Does the known head end at this place of the segment?  Then the reader
 * stands behind it. */
static int find_head(struct feed *f, size_t i, const struct seal_hash *root,
		     bool *ret_found, struct seal_diag *diag)
{
	const struct seal_reader_segment *s = seal_reader_segment(f->reader, i);
	uint64_t size = f->options->resume->frontier.size;
	uint64_t offset = f->options->resume_at.offset;
	struct seal_reader_item item;
	struct seal_head head;
	int rc;

	*ret_found = false;
	if (s->status || offset < s->header.size_bytes)
		return 0;
	if (offset == s->header.size_bytes) {
		*ret_found = is_head(&s->header.head, size, root);
		return seal_reader_seek(f->reader, i, offset);
	}
	if (offset < s->header.size_bytes + SEAL_FRAME_HEAD_BYTES)
		return 0;
	rc = seal_reader_seek(f->reader, i, offset - SEAL_FRAME_HEAD_BYTES);
	if (!rc)
		rc = seal_reader_next(f->reader, size, &item, diag);
	if (rc)
		return rc;
	*ret_found = item.kind == SEAL_ITEM_FRAME && item.tag_ok &&
		     item.frame.kind == SEAL_KIND_OTHER &&
		     item.frame.type == SEAL_FRAME_HEAD &&
		     !seal_frame_head_get(&item.frame, &head) &&
		     is_head(&head, size, root);
	return 0;
}

int feed_resume(struct feed *f, struct seal_verify *v, size_t *ret_segment,
		struct seal_diag *diag)
{
	const struct seal_verify_resume *resume = f->options->resume;
	struct seal_verify_place place = {0};
	const struct seal_reader_segment *s;
	size_t i, count = seal_reader_segments(f->reader);
	struct seal_hash root;
	bool found = false;
	int rc = seal_frontier_root(&resume->frontier, &root);

	for (i = 0; i < count && !rc && !found; i++)
		if (seal_reader_segment(f->reader, i)->name_index ==
		    f->options->resume_at.segment_first)
			rc = find_head(f, i, &root, &found, diag);
	if (rc)
		return rc;
	if (!found)
		return no_such_head(f, diag);
	s = seal_reader_segment(f->reader, --i);
	place.where = s->name;
	place.number = s->header.number;
	place.first_index = s->header.first_index;
	f->next = resume->frontier.size;
	f->last = f->options->resume_at;
	*ret_segment = i;
	seal_verify_resume_at(v, &place);
	/* Live, and nothing has come since. */
	if (f->live && f->have_state && f->state.sealed <= f->next)
		f->stop = true;
	return rc;
}

/* ---- by index and time ---- */

/* Time of the first entry of a segment; 0: not known. */
static int first_time(struct seal_reader *reader, size_t i, uint64_t *ret_us,
		      struct seal_diag *diag)
{
	const struct seal_reader_segment *s = seal_reader_segment(reader, i);
	struct seal_reader_item item;
	int rc;

	*ret_us = 0;
	if (s->status)
		return 0;
	rc = seal_reader_seek(reader, i, 0);
	while (!rc && !*ret_us) {
		rc = seal_reader_next(reader, s->name_index, &item, diag);
		if (rc || item.kind != SEAL_ITEM_FRAME)
			break;
		if (item.frame.kind == SEAL_KIND_ENTRY)
			*ret_us = time_of(&item.frame);
	}
	return rc;
}

/* The clock may have jumped: all segments between the first and the last that
 * may hold such a time are taken. */
static int by_time(struct seal_reader *reader, size_t count,
		   const struct seal_feed_limits *limits, size_t *first,
		   size_t *end, struct seal_diag *diag)
{
	size_t i, lo = count, hi = 0;
	uint64_t begin, next = 0;
	int rc = 0;

	if (!limits->from_us && limits->to_us == UINT64_MAX)
		return 0;
	if (count)
		rc = first_time(reader, 0, &next, diag);
	for (i = 0; i < count && !rc; i++) {
		begin = next;
		next = UINT64_MAX;
		if (i + 1 < count)
			rc = first_time(reader, i + 1, &next, diag);
		if ((next && next < limits->from_us) || begin > limits->to_us)
			continue;
		lo = lo < i ? lo : i;
		hi = i + 1;
	}
	*first = *first > lo ? *first : lo;
	*end = *end < hi ? *end : hi;
	return rc;
}

int seal_feed_part(const struct seal_io *io, const char *path, bool one_file,
		   const struct seal_feed_limits *limits,
		   struct seal_feed_part *ret_part, bool *ret_cut,
		   struct seal_diag *diag)
{
	struct seal_reader *reader;
	size_t count, first = 0, end;
	int rc = feed_open(io, path, one_file, &reader, diag);

	if (rc)
		return rc;
	count = end = seal_reader_segments(reader);
	while (first + 1 < count &&
	       seal_reader_segment(reader, first + 1)->name_index <=
		       limits->from)
		first++;
	while (end &&
	       seal_reader_segment(reader, end - 1)->name_index > limits->to)
		end--;
	rc = by_time(reader, count, limits, &first, &end, diag);
	if (!rc && first >= end)
		rc = seal_diag_set(diag, SEAL_E_NOTFOUND,
				   "%s has no entries in that range", path);
	if (!rc) {
		ret_part->first =
			seal_reader_segment(reader, first)->name_index;
		ret_part->end =
			end < count
				? seal_reader_segment(reader, end)->name_index
				: UINT64_MAX;
		*ret_cut = end < count;
	}
	seal_reader_free(reader);
	return rc;
}
