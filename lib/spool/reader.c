/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Iteration over segments, whole or damaged.  Reads only; decides nothing about
 * a log.  Contract: reader.h.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/entry.h"
#include "spool/reader_private.h"

/* What finding the way again may hash in a file: of each byte passed over, and
 * at all.  So a file made to mislead costs what its length allows. */
#define BUDGET_PER_BYTE 16
#define BUDGET_BASE	(1u << 20)

/* ---- position and window ---- */

int seal_reader_seek(struct seal_reader *reader, size_t segment,
		     uint64_t offset)
{
	struct seal_reader_segment *s;
	struct seal_io_stat st;
	int fd, r;

	if (segment >= reader->segments)
		return SEAL_E_RANGE;
	s = &reader->segment[segment];
	if (!offset && s->status && s->status != SEAL_E_UNKNOWN)
		return SEAL_E_DAMAGED;
	if (reader->fd < 0 || reader->at != segment) {
		r = reader_open_segment(reader, segment, &fd);
		if (r) {
			reader->sys_errno = -r;
			return seal_io_error(r);
		}
		if (reader->fd >= 0)
			reader->io->close(reader->io, reader->fd);
		reader->fd = fd;
		reader->at = segment;
		reader->window_len = 0;
	}
	r = reader->io->fstat(reader->io, reader->fd, &st);
	if (r)
		return seal_io_error(r);
	reader->file_bytes = st.size_bytes;
	reader->has_data_end = false;
	reader->budget = BUDGET_BASE;
	reader->budget_end = 0;
	reader->offset = offset ? offset : s->header.size_bytes;
	return 0;
}

/* Bytes of the window from pos on; fills it so that at least want are there,
 * or all that the file has. */
static int look(struct seal_reader *reader, uint64_t pos, size_t want,
		const uint8_t **ret_bytes, size_t *ret_len)
{
	uint64_t left = pos < reader->file_bytes ? reader->file_bytes - pos : 0;
	size_t keep = 0, n;
	int r;

	if (want > left)
		want = (size_t)left;
	if (pos >= reader->window_offset &&
	    pos + want <= reader->window_offset + reader->window_len) {
		n = (size_t)(pos - reader->window_offset);
		*ret_bytes = reader->window + n;
		*ret_len = reader->window_len - n;
		return 0;
	}
	if (pos >= reader->window_offset &&
	    pos < reader->window_offset + reader->window_len) {
		n = (size_t)(pos - reader->window_offset);
		keep = reader->window_len - n;
		memmove(reader->window, reader->window + n, keep);
	}
	n = READER_WINDOW_BYTES - keep;
	if (n > left - keep)
		n = (size_t)(left - keep);
	reader->window_offset = pos;
	reader->window_len = keep;
	r = seal_io_read_full(reader->io, reader->fd, reader->window + keep, n,
			      pos + keep);
	if (r)
		return r;
	reader->window_len = keep + n;
	*ret_bytes = reader->window;
	*ret_len = reader->window_len;
	return 0;
}

/* One behind the last byte of the file that is not zero, but not below from. */
static int find_data_end(struct seal_reader *reader, uint64_t from)
{
	uint8_t bytes[65536];
	uint64_t end = reader->file_bytes, begin;
	size_t n;
	int r;

	if (reader->has_data_end)
		return 0;
	while (end > from) {
		n = end - from < sizeof(bytes) ? (size_t)(end - from)
					       : sizeof(bytes);
		begin = end - n;
		r = seal_io_read_full(reader->io, reader->fd, bytes, n, begin);
		if (r)
			return r;
		while (n && !bytes[n - 1])
			n--;
		end = begin + n;
		if (n)
			break;
	}
	reader->data_end = end;
	reader->has_data_end = true;
	return 0;
}

/* ---- frames ---- */

static bool known_type(uint8_t type)
{
	return (type >= SEAL_ENTRY_START && type <= SEAL_ENTRY_ACTION) ||
	       type == SEAL_ENTRY_RECORD;
}

/* At most two zeroes at the end of a file: no length. */
static bool is_padding(const uint8_t *bytes, size_t len)
{
	return len && len < 3 && !bytes[0] && !bytes[len - 1];
}

/* Could a frame stand at pos?  Also true where the data end. */
static int plausible(struct seal_reader *reader, uint64_t pos, bool *ret_yes)
{
	struct seal_frame frame = {0};
	const uint8_t *bytes;
	size_t len;
	int r;

	*ret_yes = pos == reader->file_bytes;
	if (pos >= reader->file_bytes)
		return 0;
	r = look(reader, pos, 14, &bytes, &len);
	if (r)
		return r;
	switch (seal_frame_parse(bytes, len, &frame)) {
	case SEAL_FRAME_OK:
	case SEAL_FRAME_END:
		*ret_yes = true;
		break;
	case SEAL_FRAME_SHORT:
		*ret_yes = frame.size_bytes <= reader->file_bytes - pos ||
			   is_padding(bytes, len);
		break;
	case SEAL_FRAME_BAD:
		break;
	}
	return 0;
}

/* Of the entries that may stand next: then a tag is right beyond doubt. */
static bool is_ahead(uint32_t index_low, uint64_t next_index)
{
	return (uint32_t)(index_low - (uint32_t)(next_index & 0xFFFFFFFF)) <=
	       SEAL_TAIL_ENTRIES_MAX;
}

/* Is this, found somewhere behind damage, a frame beyond doubt? */
static bool convincing(struct seal_reader *reader, struct seal_frame *frame,
		       uint64_t next_index)
{
	struct seal_hash leaf;

	if (frame->kind == SEAL_KIND_OTHER &&
	    (frame->type < SEAL_FRAME_HEAD || frame->flags ||
	     frame->type > SEAL_FRAME_FRONTIER))
		return false;
	if (frame->kind == SEAL_KIND_ENTRY && !known_type(frame->type))
		return false;
	if (frame->framed_len > reader->budget)
		return false;
	reader->budget -= frame->framed_len;
	if (frame->kind == SEAL_KIND_OTHER)
		return seal_frame_tag_ok(frame);
	if (seal_leaf_hash_framed(frame->framed, frame->framed_len, &leaf))
		return false;
	return is_ahead(seal_frame_entry_index(frame, &leaf), next_index);
}

/* A whole frame at pos, if it is beyond doubt. */
static int look_for_frame(struct seal_reader *reader, uint64_t pos,
			  uint64_t next_index, bool *ret_found)
{
	struct seal_frame frame = {0};
	enum seal_frame_result res;
	const uint8_t *bytes;
	size_t len;
	int r;

	*ret_found = false;
	r = look(reader, pos, 18, &bytes, &len);
	if (r)
		return r;
	if (len < 18 ||
	    (bytes[3] != SEAL_KIND_ENTRY && bytes[3] != SEAL_KIND_OTHER))
		return 0;
	res = seal_frame_parse(bytes, len, &frame);
	if (res == SEAL_FRAME_SHORT && frame.size_bytes <= reader->budget &&
	    frame.size_bytes <= reader->file_bytes - pos) {
		r = look(reader, pos, frame.size_bytes, &bytes, &len);
		if (r)
			return r;
		res = seal_frame_parse(bytes, len, &frame);
	}
	*ret_found =
		res == SEAL_FRAME_OK && convincing(reader, &frame, next_index);
	return 0;
}

/* The first convincing frame behind pos, or where the data or `end` are. */
static int resync(struct seal_reader *reader, uint64_t pos, uint64_t end,
		  uint64_t next_index, uint64_t *ret_pos)
{
	bool found = false;
	int r;

	r = find_data_end(reader, pos);
	if (r)
		return r;
	if (end > reader->data_end)
		end = reader->data_end;
	for (pos++; pos < end; pos++) {
		if (pos >= reader->budget_end) {
			reader->budget_end = pos + 1;
			reader->budget += BUDGET_PER_BYTE;
		}
		r = look_for_frame(reader, pos, next_index, &found);
		if (r)
			return r;
		if (found)
			break;
	}
	*ret_pos = pos < end ? pos : end;
	return 0;
}

static int give_bad(struct seal_reader *reader, uint64_t next_index,
		    struct seal_reader_item *item)
{
	uint64_t pos;
	int r;

	r = resync(reader, reader->offset, UINT64_MAX, next_index, &pos);
	if (r)
		return r;
	if (pos <= reader->offset)
		pos = reader->file_bytes; /* zeroes that are no frame */
	item->kind = SEAL_ITEM_BAD;
	item->size_bytes = pos - reader->offset;
	reader->offset = pos;
	return 0;
}

static int give_end(struct seal_reader *reader, uint64_t next_index,
		    struct seal_reader_item *item)
{
	int r;

	r = find_data_end(reader, reader->offset);
	if (r)
		return r;
	if (reader->data_end > reader->offset)
		return give_bad(reader, next_index, item);
	item->kind = SEAL_ITEM_END;
	item->size_bytes = reader->file_bytes > reader->offset
				   ? reader->file_bytes - reader->offset
				   : 0;
	return 0;
}

/*
 * Is what claims to be a frame, with a wrong tag, one at all?  Not if a frame
 * beyond doubt begins inside of it, or if nothing can follow it.
 */
static int is_frame(struct seal_reader *reader, uint64_t end,
		    uint64_t next_index, bool *ret_yes)
{
	uint64_t pos;
	int r;

	r = resync(reader, reader->offset, end, next_index, &pos);
	*ret_yes = false;
	if (r || (pos < end && pos < reader->data_end))
		return r;
	return plausible(reader, end, ret_yes);
}

static int give_frame(struct seal_reader *reader, uint64_t next_index,
		      const struct seal_frame *frame,
		      struct seal_reader_item *item)
{
	uint64_t end = reader->offset + frame->size_bytes;
	const uint8_t *bytes;
	size_t len;
	bool frame_at_all, sure = false;
	int r;

	item->frame = *frame;
	if (frame->kind == SEAL_KIND_ENTRY) {
		r = seal_leaf_hash_framed(frame->framed, frame->framed_len,
					  &item->leaf);
		if (r)
			return -EIO;
		item->index_low = seal_frame_entry_index(frame, &item->leaf);
		item->tag_ok =
			item->index_low == (uint32_t)(next_index & 0xFFFFFFFF);
		sure = known_type(frame->type) &&
		       is_ahead(item->index_low, next_index);
	} else {
		item->tag_ok = seal_frame_tag_ok(frame);
	}
	if (!item->tag_ok && !sure) {
		r = is_frame(reader, end, next_index, &frame_at_all);
		if (r)
			return r;
		if (!frame_at_all)
			return give_bad(reader, next_index, item);
		/* the window may have moved */
		r = look(reader, reader->offset, (size_t)(end - reader->offset),
			 &bytes, &len);
		if (r)
			return r;
		if (seal_frame_parse(bytes, len, &item->frame))
			return -EIO;
	}
	item->kind = SEAL_ITEM_FRAME;
	item->size_bytes = end - reader->offset;
	reader->offset = end;
	return 0;
}

static int next(struct seal_reader *reader, uint64_t next_index,
		struct seal_reader_item *item)
{
	struct seal_frame frame = {0};
	enum seal_frame_result res;
	const uint8_t *bytes;
	size_t len;
	int r;

	if (reader->offset >= reader->file_bytes) {
		item->kind = SEAL_ITEM_END;
		return 0;
	}
	r = look(reader, reader->offset, 4, &bytes, &len);
	if (r)
		return r;
	res = seal_frame_parse(bytes, len, &frame);
	if (res == SEAL_FRAME_SHORT &&
	    frame.size_bytes <= reader->file_bytes - reader->offset) {
		r = look(reader, reader->offset, frame.size_bytes, &bytes,
			 &len);
		if (r)
			return r;
		res = seal_frame_parse(bytes, len, &frame);
	}
	switch (res) {
	case SEAL_FRAME_OK:
		return give_frame(reader, next_index, &frame, item);
	case SEAL_FRAME_END:
		return give_end(reader, next_index, item);
	case SEAL_FRAME_SHORT:
		if (is_padding(bytes, len)) /* else a cut frame */
			return give_end(reader, next_index, item);
		return give_bad(reader, next_index, item);
	case SEAL_FRAME_BAD:
		break;
	}
	return give_bad(reader, next_index, item);
}

int seal_reader_next(struct seal_reader *reader, uint64_t next_index,
		     struct seal_reader_item *ret_item, struct seal_diag *diag)
{
	struct seal_reader_item item = {0};
	int r;

	if (reader->fd < 0)
		return SEAL_E_INTERNAL;
	item.segment = reader->at;
	item.offset = reader->offset;
	r = next(reader, next_index, &item);
	if (r) {
		seal_diag_set_errno(diag, SEAL_E_IO, -r,
				    "%s cannot be read at byte %llu",
				    reader->segment[reader->at].name,
				    (unsigned long long)reader->offset);
		if (diag)
			diag->offset = reader->offset;
		return r == -ENOMEM ? SEAL_E_NOMEM : SEAL_E_IO;
	}
	*ret_item = item;
	return 0;
}
