/* SPDX-License-Identifier: Apache-2.0 */
/* Segment headers and frames.  Contract: frame.h; tables: docs/spec/spool.md.
 */
#include "spool/frame.h"

#include <string.h>

#include "core/buf.h"
#include "core/cur.h"

static const uint8_t magic[8] = {0x89, 'A', 'S', 'L', '1', 0x0D, 0x0A, 0x1A};

#define HASH_ID_SHA256	1
#define SEAL_ID_ED25519 1
#define FLAGS_KNOWN	1u /* memory mode */
#define TAG_BYTES	8
#define OPENING_TAGGED	20 /* kind .. part */
#define OPENING_MIN	(1 + 10 + 8 + 1 + 1 + 16)
#define OPENING_MAX	(OPENING_MIN + 1048576)

static uint32_t get_u24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static uint32_t get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | get_u24(p + 1);
}

static uint64_t get_u64(const uint8_t *p)
{
	return (uint64_t)get_u32(p) << 32 | get_u32(p + 4);
}

static void put_u24(uint8_t *p, uint32_t v)
{
	p[0] = v >> 16 & 0xFF;
	p[1] = v >> 8 & 0xFF;
	p[2] = v & 0xFF;
}

static void put_u32(uint8_t *p, uint32_t v)
{
	p[0] = v >> 24 & 0xFF;
	put_u24(p + 1, v & 0xFFFFFF);
}

static void put_u64(uint8_t *p, uint64_t v)
{
	put_u32(p, v >> 32);
	put_u32(p + 4, v & 0xFFFFFFFF);
}

/* size u64 | root[32] | key ID[4] | signature[64] */
void seal_head_put(uint8_t ret_bytes[SEAL_HEAD_BYTES],
		   const struct seal_head *head)
{
	put_u64(ret_bytes, head->size);
	memcpy(ret_bytes + 8, head->root.b, 32);
	memcpy(ret_bytes + 40, head->key_id, 4);
	memcpy(ret_bytes + 44, head->sig, 64);
}

void seal_head_get(const uint8_t bytes[SEAL_HEAD_BYTES],
		   struct seal_head *ret_head)
{
	ret_head->size = get_u64(bytes);
	memcpy(ret_head->root.b, bytes + 8, 32);
	memcpy(ret_head->key_id, bytes + 40, 4);
	memcpy(ret_head->sig, bytes + 44, 64);
}

size_t seal_segment_header_size(size_t origin_len, uint64_t first_index)
{
	return SEAL_SEGMENT_HEADER_FIXED + origin_len +
	       (size_t)32 * seal_frontier_count(first_index);
}

/*
 * magic[8] | header length u16 | hash id u8 | seal id u8 | flags u32
 * | segment number u64 | first index u64 | log id[32] | head[108]
 * | origin length u8 | origin | frontier | tag[8]
 */
int seal_segment_header_put(struct seal_segment_header *header,
			    uint8_t ret_bytes[SEAL_SEGMENT_HEADER_BYTES_MAX],
			    size_t *ret_len)
{
	struct seal_hash nodes[SEAL_TREE_LEVELS], tag;
	uint8_t head[SEAL_HEAD_BYTES] = {0};
	size_t origin_len = strlen(header->origin);
	struct seal_buf b;
	size_t total;
	unsigned n;
	int r;

	if (origin_len > SEAL_ORIGIN_MAX_BYTES ||
	    header->first_index > SEAL_TREE_SIZE_MAX ||
	    header->frontier.size != header->first_index)
		return SEAL_E_ARG;
	total = seal_segment_header_size(origin_len, header->first_index);
	n = seal_frontier_get(&header->frontier, nodes);
	if (header->first_index)
		seal_head_put(head, &header->head);
	seal_buf_init_fixed(&b, ret_bytes, SEAL_SEGMENT_HEADER_BYTES_MAX);
	seal_buf_put(&b, magic, sizeof(magic));
	seal_buf_put_u16(&b, (uint16_t)total);
	seal_buf_put_u8(&b, HASH_ID_SHA256);
	seal_buf_put_u8(&b, SEAL_ID_ED25519);
	seal_buf_put_u32(&b, header->flags);
	seal_buf_put_u64(&b, header->number);
	seal_buf_put_u64(&b, header->first_index);
	seal_buf_put(&b, header->log_id.b, 32);
	seal_buf_put(&b, head, sizeof(head));
	seal_buf_put_u8(&b, (uint8_t)origin_len);
	seal_buf_put(&b, header->origin, origin_len);
	seal_buf_put(&b, nodes, (size_t)n * 32);
	r = seal_buf_error(&b);
	if (!r)
		r = seal_sha256(b.data, b.len, &tag);
	seal_buf_put(&b, tag.b, TAG_BYTES);
	if (!r)
		r = seal_buf_error(&b);
	if (r)
		return r;
	if (b.len != total)
		return SEAL_E_INTERNAL;
	header->size_bytes = total;
	*ret_len = total;
	return 0;
}

/* Magic, length, tag; *ret_size is the header's length. */
static int check_outside(const uint8_t *bytes, size_t len, size_t *ret_size)
{
	struct seal_hash tag;
	size_t size;
	int r;

	if (len < 10)
		return memcmp(bytes, magic, len < 8 ? len : 8) ? SEAL_E_DAMAGED
							       : SEAL_E_SHORT;
	if (memcmp(bytes, magic, sizeof(magic)))
		return SEAL_E_DAMAGED;
	size = (size_t)bytes[8] << 8 | bytes[9];
	if (size < SEAL_SEGMENT_HEADER_FIXED + 1 ||
	    size > SEAL_SEGMENT_HEADER_BYTES_MAX)
		return SEAL_E_DAMAGED;
	if (len < size)
		return SEAL_E_SHORT;
	r = seal_sha256(bytes, size - TAG_BYTES, &tag);
	if (r)
		return r;
	if (memcmp(tag.b, bytes + size - TAG_BYTES, TAG_BYTES))
		return SEAL_E_DAMAGED;
	*ret_size = size;
	return 0;
}

static bool all_zero(const uint8_t *p, size_t len)
{
	while (len && !*p) {
		p++;
		len--;
	}
	return !len;
}

int seal_segment_header_get(const uint8_t *bytes, size_t len,
			    struct seal_segment_header *ret_header)
{
	struct seal_hash nodes[SEAL_TREE_LEVELS];
	struct seal_segment_header h = {0};
	uint8_t hash_id, seal_id, origin_len;
	const uint8_t *head, *origin;
	struct seal_cur c;
	size_t size, n;
	int r;

	r = check_outside(bytes, len, &size);
	if (r)
		return r;
	seal_cur_init(&c, bytes + 10, size - 10 - TAG_BYTES);
	hash_id = seal_cur_u8(&c);
	seal_id = seal_cur_u8(&c);
	h.flags = seal_cur_u32(&c);
	h.number = seal_cur_u64(&c);
	h.first_index = seal_cur_u64(&c);
	seal_cur_copy(&c, h.log_id.b, 32);
	head = seal_cur_bytes(&c, SEAL_HEAD_BYTES);
	origin_len = seal_cur_u8(&c);
	origin = seal_cur_bytes(&c, origin_len);
	if (seal_cur_error(&c) || origin_len > SEAL_ORIGIN_MAX_BYTES ||
	    h.first_index > SEAL_TREE_SIZE_MAX ||
	    size != seal_segment_header_size(origin_len, h.first_index))
		return SEAL_E_DAMAGED;
	memcpy(h.origin, origin, origin_len);
	if (memchr(h.origin, 0, origin_len))
		return SEAL_E_DAMAGED;
	n = seal_frontier_count(h.first_index);
	seal_cur_copy(&c, nodes, n * 32);
	if (!seal_cur_end_ok(&c) ||
	    seal_frontier_set(&h.frontier, h.first_index, nodes, n))
		return SEAL_E_DAMAGED;
	seal_head_get(head, &h.head);
	if (h.head.size != h.first_index ||
	    (!h.first_index && !all_zero(head, SEAL_HEAD_BYTES)))
		return SEAL_E_DAMAGED;
	h.size_bytes = size;
	*ret_header = h;
	if (hash_id != HASH_ID_SHA256 || seal_id != SEAL_ID_ED25519 ||
	    h.flags & ~FLAGS_KNOWN)
		return SEAL_E_UNKNOWN;
	return 0;
}

static size_t length_max(const uint8_t *bytes)
{
	if (bytes[3] == SEAL_KIND_ENTRY)
		return SEAL_FRAME_ENTRY_LENGTH_MAX;
	return OPENING_MAX;
}

/* length u24 | kind u8 | type u8 | flags u8 | time u64 | body | tag[4] */
enum seal_frame_result seal_frame_parse(const uint8_t *bytes, size_t len,
					struct seal_frame *ret_frame)
{
	struct seal_frame f = {0};
	uint32_t length;

	if (len < 3) {
		ret_frame->size_bytes = 3;
		return SEAL_FRAME_SHORT;
	}
	length = get_u24(bytes);
	if (!length)
		return SEAL_FRAME_END;
	if (length < SEAL_FRAME_LENGTH_MIN || length > OPENING_MAX)
		return SEAL_FRAME_BAD;
	f.size_bytes = (size_t)length + 7;
	if (len < 4) {
		ret_frame->size_bytes = 4;
		return SEAL_FRAME_SHORT;
	}
	f.kind = bytes[3];
	if ((f.kind != SEAL_KIND_ENTRY && f.kind != SEAL_KIND_OTHER) ||
	    length > length_max(bytes))
		return SEAL_FRAME_BAD;
	if (len < f.size_bytes) {
		ret_frame->size_bytes = f.size_bytes;
		return SEAL_FRAME_SHORT;
	}
	f.type = bytes[4];
	f.flags = bytes[5];
	f.time_us = get_u64(bytes + 6);
	f.framed = bytes + 3;
	f.framed_len = length;
	f.body = bytes + 14;
	f.body_len = length - SEAL_FRAME_LENGTH_MIN;
	f.tag = bytes + 3 + length;
	*ret_frame = f;
	return SEAL_FRAME_OK;
}

bool seal_frame_tag_ok(const struct seal_frame *frame)
{
	size_t tagged = frame->framed_len;
	struct seal_hash hash;

	if (frame->type == SEAL_FRAME_OPENING) {
		if (tagged < OPENING_MIN)
			return false;
		tagged = OPENING_TAGGED;
	}
	if (seal_sha256(frame->framed, tagged, &hash))
		return false;
	return !memcmp(hash.b, frame->tag, 4);
}

uint32_t seal_frame_entry_index(const struct seal_frame *frame,
				const struct seal_hash *leaf)
{
	return get_u32(frame->tag) ^ get_u32(leaf->b);
}

int seal_frame_entry_finish(uint8_t *frame, size_t entry_len, uint64_t index,
			    struct seal_hash *ret_leaf)
{
	int r;

	if (entry_len < SEAL_FRAME_LENGTH_MIN - 1 ||
	    entry_len >= SEAL_FRAME_ENTRY_LENGTH_MAX)
		return SEAL_E_ARG;
	put_u24(frame, (uint32_t)entry_len + 1);
	frame[3] = SEAL_KIND_ENTRY;
	r = seal_leaf_hash_framed(frame + 3, entry_len + 1, ret_leaf);
	if (r)
		return r;
	put_u32(frame + 4 + entry_len,
		get_u32(ret_leaf->b) ^ (uint32_t)(index & 0xFFFFFFFF));
	return 0;
}

/* The bytes around a body of kind 0x02 that is in place already. */
static size_t finish_other(uint8_t *frame, uint8_t type, uint64_t time_us,
			   size_t body_len)
{
	size_t length = SEAL_FRAME_LENGTH_MIN + body_len;
	struct seal_hash hash;

	put_u24(frame, (uint32_t)length);
	frame[3] = SEAL_KIND_OTHER;
	frame[4] = type;
	frame[5] = 0;
	put_u64(frame + 6, time_us);
	if (seal_sha256(frame + 3, length, &hash))
		return 0;
	memcpy(frame + 3 + length, hash.b, 4);
	return length + 7;
}

size_t seal_frame_head_put(uint8_t *ret_frame, uint64_t time_us,
			   const struct seal_head *head)
{
	seal_head_put(ret_frame + 14, head);
	return finish_other(ret_frame, SEAL_FRAME_HEAD, time_us,
			    SEAL_HEAD_BYTES);
}

size_t seal_frame_frontier_put(uint8_t *ret_frame, uint64_t time_us,
			       const struct seal_frontier *frontier)
{
	struct seal_hash nodes[SEAL_TREE_LEVELS];
	unsigned n = seal_frontier_get(frontier, nodes);

	put_u64(ret_frame + 14, frontier->size);
	memcpy(ret_frame + 22, nodes, (size_t)n * 32);
	return finish_other(ret_frame, SEAL_FRAME_FRONTIER, time_us,
			    8 + (size_t)n * 32);
}

size_t seal_frame_receipt_put(uint8_t *ret_frame, uint64_t time_us,
			      const void *note, size_t len)
{
	memcpy(ret_frame + 14, note, len);
	return finish_other(ret_frame, SEAL_FRAME_RECEIPT, time_us, len);
}

int seal_frame_head_get(const struct seal_frame *frame,
			struct seal_head *ret_head)
{
	if (frame->kind != SEAL_KIND_OTHER || frame->type != SEAL_FRAME_HEAD ||
	    frame->flags || frame->body_len != SEAL_HEAD_BYTES)
		return SEAL_E_FORMAT;
	seal_head_get(frame->body, ret_head);
	return ret_head->size > SEAL_TREE_SIZE_MAX ? SEAL_E_FORMAT : 0;
}

int seal_frame_frontier_get(const struct seal_frame *frame,
			    struct seal_frontier *ret_frontier)
{
	struct seal_hash nodes[SEAL_TREE_LEVELS];
	uint64_t size;
	size_t n;

	if (frame->kind != SEAL_KIND_OTHER ||
	    frame->type != SEAL_FRAME_FRONTIER || frame->flags ||
	    frame->body_len < 8)
		return SEAL_E_FORMAT;
	size = get_u64(frame->body);
	n = (frame->body_len - 8) / 32;
	if (size > SEAL_TREE_SIZE_MAX || (frame->body_len - 8) % 32 ||
	    n != seal_frontier_count(size))
		return SEAL_E_FORMAT;
	memcpy(nodes, frame->body + 8, n * 32);
	return seal_frontier_set(ret_frontier, size, nodes, n);
}

bool seal_frame_frontier_due(uint64_t prev_size, uint64_t size)
{
	return size / SEAL_FRONTIER_EVERY > prev_size / SEAL_FRONTIER_EVERY;
}
