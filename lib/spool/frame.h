/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec of a spool segment: its header and its frames, bytes in and bytes
 * out.  Pure: no file, no clock, no key.  docs/spec/spool.md.
 */
#ifndef SEAL_SPOOL_FRAME_H
#define SEAL_SPOOL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/err.h"
#include "core/key.h"
#include "core/tree.h"

#define SEAL_SEGMENT_HEADER_FIXED     181 /* + origin + 32 * popcount */
#define SEAL_SEGMENT_HEADER_BYTES_MAX (181 + SEAL_ORIGIN_MAX_BYTES + 63 * 32)

#define SEAL_FRAME_OVERHEAD_BYTES                  \
	18 /* length, kind, type, flags, time, tag \
	    */
#define SEAL_FRAME_ENTRY_EXTRA	      8 /* an entry's frame: entry + this */
#define SEAL_FRAME_LENGTH_MIN	      11
#define SEAL_FRAME_ENTRY_LENGTH_MAX   65536
#define SEAL_FRAME_HEAD_BYTES	      126
#define SEAL_FRAME_FRONTIER_BYTES_MAX (26 + 63 * 32)
#define SEAL_FRAME_RECEIPT_NOTE_MAX   65536
/* length + 7 of the longest frame, an opening of a 1 MiB value */
#define SEAL_FRAME_BYTES_MAX (18 + 26 + 1048576)

#define SEAL_FRONTIER_EVERY 4096 /* entries from frontier to frontier frame */

enum seal_frame_kind {
	SEAL_KIND_ENTRY = 0x00,
	SEAL_KIND_OTHER = 0x02, /* not a leaf */
};

enum seal_frame_type { /* of kind SEAL_KIND_OTHER */
	SEAL_FRAME_HEAD = 0x20,
	SEAL_FRAME_RECEIPT = 0x21,
	SEAL_FRAME_OPENING = 0x22,
	SEAL_FRAME_FRONTIER = 0x23,
};

/* Size, root and seal: 108 bytes in frames and headers. */
#define SEAL_HEAD_BYTES 108
struct seal_head {
	uint64_t size;
	struct seal_hash root;
	uint8_t key_id[4]; /* of the epoch key's note line */
	uint8_t sig[64];   /* Ed25519, over the checkpoint's text */
};

void seal_head_put(uint8_t ret_bytes[SEAL_HEAD_BYTES],
		   const struct seal_head *head);
void seal_head_get(const uint8_t bytes[SEAL_HEAD_BYTES],
		   struct seal_head *ret_head);

struct seal_segment_header {
	uint32_t flags; /* bit 0: memory mode */
	uint64_t number;
	uint64_t first_index;
	struct seal_hash log_id;
	struct seal_head head; /* of size first_index; zeroes in segment 0 */
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	struct seal_frontier frontier; /* of size first_index */
	size_t size_bytes;	       /* of the encoded header */
};

/* Number of bytes of a header. */
size_t seal_segment_header_size(size_t origin_len, uint64_t first_index);

/*
 * Writes header->size_bytes (also set) bytes.  SEAL_E_ARG if the origin is too
 * long or the frontier is not that of first_index.
 */
int seal_segment_header_put(struct seal_segment_header *header,
			    uint8_t ret_bytes[SEAL_SEGMENT_HEADER_BYTES_MAX],
			    size_t *ret_len);

/*
 * SEAL_E_SHORT: len is less than the header is long.  SEAL_E_DAMAGED: magic,
 * length or tag.  SEAL_E_UNKNOWN: whole (the tag is right), but a hash id, seal
 * id or flag that is not ours.
 * What only a tree can say (frontier folds to the root, the seal) is not
 * checked here.
 */
int seal_segment_header_get(const uint8_t *bytes, size_t len,
			    struct seal_segment_header *ret_header);

/* A view of one frame; everything is borrowed from the parsed bytes. */
struct seal_frame {
	uint8_t kind;
	uint8_t type;
	uint8_t flags;
	uint64_t time_us;
	const uint8_t *framed; /* kind .. body; of an entry: 0x00 || entry */
	size_t framed_len;
	const uint8_t *body;
	size_t body_len;
	const uint8_t *tag; /* 4 bytes */
	size_t size_bytes;  /* of the whole frame */
};

enum seal_frame_result {
	SEAL_FRAME_OK = 0,
	SEAL_FRAME_END = 1,   /* length 0: nothing more in this segment */
	SEAL_FRAME_SHORT = 2, /* more than len bytes are needed */
	SEAL_FRAME_BAD = 3,   /* no frame: kind, or a length it cannot have */
};

/*
 * Takes one frame off the front.  Tags are not checked here.  With
 * SEAL_FRAME_SHORT, ret_frame->size_bytes is the number of bytes needed.
 */
enum seal_frame_result seal_frame_parse(const uint8_t *bytes, size_t len,
					struct seal_frame *ret_frame);

/* Kind SEAL_KIND_OTHER: is the tag right?  (an opening: over kind .. part) */
bool seal_frame_tag_ok(const struct seal_frame *frame);

/* The low 32 bits of the index that the frame of an entry was made for. */
uint32_t seal_frame_entry_index(const struct seal_frame *frame,
				const struct seal_hash *leaf);

/*
 * Completes the frame of an entry that the caller has put at frame + 4:
 * length and kind before it, the tag behind it.  The frame is entry_len +
 * SEAL_FRAME_ENTRY_EXTRA bytes long.  leaf: the entry's leaf hash.
 */
int seal_frame_entry_finish(uint8_t *frame, size_t entry_len, uint64_t index,
			    struct seal_hash *ret_leaf);

/*
 * Encoders; there must be room for the size stated above.  Return the bytes
 * written, 0 if hashing failed.  time_us: of the commit.
 */
size_t seal_frame_head_put(uint8_t *ret_frame, uint64_t time_us,
			   const struct seal_head *head);
size_t seal_frame_frontier_put(uint8_t *ret_frame, uint64_t time_us,
			       const struct seal_frontier *frontier);
size_t seal_frame_receipt_put(uint8_t *ret_frame, uint64_t time_us,
			      const void *note, size_t len);

/* SEAL_E_FORMAT if the frame (tag already checked) is not one. */
int seal_frame_head_get(const struct seal_frame *frame,
			struct seal_head *ret_head);
int seal_frame_frontier_get(const struct seal_frame *frame,
			    struct seal_frontier *ret_frontier);

/* Does a frontier frame stand after the head of size, the one before: prev? */
bool seal_frame_frontier_due(uint64_t prev_size, uint64_t size);

#endif
