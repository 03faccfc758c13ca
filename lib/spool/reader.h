/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a spool directory, whatever state it is in: for the verifier, `show`
 * and the forwarder.  Opens nothing for writing, takes no lock, trusts nothing;
 * it says what stands where, and what it means is decided by its caller.
 * docs/spec/spool.md.
 *
 * Memory is flat: one window of about 1 MiB, whatever the input.  One reader is
 * for one thread.
 */
#ifndef SEAL_SPOOL_READER_H
#define SEAL_SPOOL_READER_H

#include "core/err.h"
#include "spool/frame.h"
#include "spool/io.h"

struct seal_reader;

struct seal_reader_segment {
	char name[32];	     /* file name, "‹first index, 20 digits›.seg" */
	uint64_t name_index; /* what the name says */
	uint64_t size_bytes; /* of the file, when it was listed */
	int status; /* of the header: 0, SEAL_E_SHORT, _DAMAGED, _UNKNOWN, _IO
		     */
	struct seal_segment_header header; /* if status is 0 or _UNKNOWN */
};

/*
 * Lists the segments of a directory by the first index in their headers, or in
 * their names where a header is not whole.  Other names
 * (state, acked, epochs, lock, spare) are passed over; ret_other (may be NULL)
 * counts those that are none of these.  SEAL_E_NOTFOUND, SEAL_E_PERM,
 * SEAL_E_IO. A directory without segments is a reader with none.
 */
int seal_reader_open(const struct seal_io *io, const char *dir,
		     struct seal_reader **ret_reader, struct seal_diag *diag);
/* The same for one segment file alone. */
int seal_reader_open_file(const struct seal_io *io, const char *path,
			  struct seal_reader **ret_reader,
			  struct seal_diag *diag);
void seal_reader_free(struct seal_reader *reader);

size_t seal_reader_segments(const struct seal_reader *reader);
const struct seal_reader_segment *
seal_reader_segment(const struct seal_reader *reader, size_t i);

enum seal_reader_kind {
	SEAL_ITEM_FRAME = 1, /* parsed; see tag_ok, index_low */
	SEAL_ITEM_BAD = 2,   /* bytes that are no frame, up to the next one */
	SEAL_ITEM_END = 3, /* length 0 and zeroes to the end, or end of file */
};

struct seal_reader_item {
	enum seal_reader_kind kind;
	size_t segment;
	uint64_t offset;	 /* in the file */
	uint64_t size_bytes;	 /* of the frame, the bad bytes, the zeroes */
	struct seal_frame frame; /* borrowed until the next call */
	bool tag_ok;		 /* kind 0x02; of an entry: see index_low */
	struct seal_hash leaf;	 /* of an entry */
	uint32_t index_low; /* the index that an entry's tag was made for */
};

/*
 * Goes to a byte of a segment: 0 means the first frame.  SEAL_E_RANGE if there
 * is no such segment, SEAL_E_DAMAGED if offset is 0 and its header is bad.
 */
int seal_reader_seek(struct seal_reader *reader, size_t segment,
		     uint64_t offset);

/*
 * The next item of the segment; SEAL_ITEM_END is given again and again, and a
 * SEAL_ITEM_END whose size_bytes is not that of the rest of the file does not
 * exist: bytes other than zero behind a length of 0 are SEAL_ITEM_BAD.
 *
 * next_index helps to find the way after damage: the index that the caller
 * expects of the next entry; after bad bytes an entry is taken for one only if
 * its tag was made for an index at most 16,384 beyond it.  0 or SEAL_E_IO.
 */
int seal_reader_next(struct seal_reader *reader, uint64_t next_index,
		     struct seal_reader_item *ret_item, struct seal_diag *diag);

#endif
