/* SPDX-License-Identifier: Apache-2.0 */
/* Entries: header, salt, committed parts, long records.  Contract: entry.h. */
#include "core/entry.h"

#include <string.h>

#include "core/cur.h"
#include "core/text.h"

const char *seal_entry_type_name(uint8_t type)
{
	switch (type) {
	case SEAL_ENTRY_START:
		return "start";
	case SEAL_ENTRY_STOP:
		return "stop";
	case SEAL_ENTRY_HEARTBEAT:
		return "heartbeat";
	case SEAL_ENTRY_RECOVERY:
		return "recovery";
	case SEAL_ENTRY_GAP:
		return "gap";
	case SEAL_ENTRY_CONFIG:
		return "config";
	case SEAL_ENTRY_EPOCH:
		return "epoch";
	case SEAL_ENTRY_PRUNE:
		return "prune";
	case SEAL_ENTRY_REDACTION:
		return "redaction";
	case SEAL_ENTRY_KEY:
		return "key";
	case SEAL_ENTRY_ACTION:
		return "action";
	case SEAL_ENTRY_RECORD:
		return "record";
	}
	return "unknown";
}

static bool is_control(uint8_t type)
{
	return type >= SEAL_ENTRY_START && type <= SEAL_ENTRY_ACTION;
}

static bool is_known(uint8_t type, uint8_t flags)
{
	if (is_control(type))
		return flags == 0;
	return type == SEAL_ENTRY_RECORD &&
	       (flags & ~(unsigned)SEAL_FLAGS_KNOWN) == 0;
}

/* What may stand before the public bytes of a record. */
static int parse_record(struct seal_cur *c, struct seal_entry *e)
{
	if (e->flags & SEAL_FLAG_SALTED)
		e->salt = seal_cur_bytes(c, SEAL_ENTRY_SALT_BYTES);
	if (!(e->flags & SEAL_FLAG_PARTS))
		return 0;
	e->parts = seal_cur_u8(c);
	if (e->parts < 1 || e->parts > SEAL_ENTRY_PARTS_MAX ||
	    (e->flags & SEAL_FLAG_CONTINUES))
		return SEAL_E_FORMAT;
	e->commitments = seal_cur_bytes(c, e->parts * SEAL_HASH_BYTES);
	return 0;
}

int seal_entry_parse(const void *entry, size_t len,
		     struct seal_entry *ret_entry)
{
	struct seal_entry e = {0};
	struct seal_cur c;
	bool known;

	if (len < SEAL_ENTRY_HEADER_BYTES)
		return SEAL_E_SHORT;
	if (len > SEAL_ENTRY_BYTES_MAX)
		return SEAL_E_TOOBIG;
	seal_cur_init(&c, entry, len);
	e.type = seal_cur_u8(&c);
	e.flags = seal_cur_u8(&c);
	e.time_us = seal_cur_u64(&c);
	known = is_known(e.type, e.flags);
	if (known && e.type == SEAL_ENTRY_RECORD &&
	    (parse_record(&c, &e) < 0 || seal_cur_error(&c) < 0))
		return SEAL_E_FORMAT;
	e.body_len = c.left;
	e.body = seal_cur_bytes(&c, c.left);
	*ret_entry = e;
	return known ? 0 : SEAL_E_UNKNOWN;
}

void seal_entry_put_header(uint8_t ret_header[SEAL_ENTRY_HEADER_BYTES],
			   uint8_t type, uint8_t flags, uint64_t time_us)
{
	int i;

	ret_header[0] = type;
	ret_header[1] = flags;
	for (i = 0; i < 8; i++)
		ret_header[2 + i] = (uint8_t)(time_us >> (56 - 8 * i));
}

size_t seal_record_overhead(uint8_t flags, unsigned parts)
{
	size_t len = SEAL_ENTRY_HEADER_BYTES;

	if (flags & SEAL_FLAG_SALTED)
		len += SEAL_ENTRY_SALT_BYTES;
	if (flags & SEAL_FLAG_PARTS)
		len += 1 + parts * (size_t)SEAL_HASH_BYTES;
	return len;
}

size_t seal_record_put(uint8_t *ret_record, uint8_t flags, uint64_t time_us,
		       const uint8_t salt[SEAL_ENTRY_SALT_BYTES],
		       const struct seal_hash *commitments, unsigned parts)
{
	uint8_t *p = ret_record;

	seal_entry_put_header(p, SEAL_ENTRY_RECORD, flags, time_us);
	p += SEAL_ENTRY_HEADER_BYTES;
	if (flags & SEAL_FLAG_SALTED) {
		memcpy(p, salt, SEAL_ENTRY_SALT_BYTES);
		p += SEAL_ENTRY_SALT_BYTES;
	}
	if (flags & SEAL_FLAG_PARTS) {
		*p++ = (uint8_t)parts;
		memcpy(p, commitments, parts * sizeof(*commitments));
		p += parts * sizeof(*commitments);
	}
	return (size_t)(p - ret_record);
}

/* Public bytes that fit into the first piece, and into each further one. */
static size_t first_room(const struct seal_split *s)
{
	uint8_t flags = s->flags | (s->parts ? SEAL_FLAG_PARTS : 0);

	return SEAL_ENTRY_BYTES_MAX - seal_record_overhead(flags, s->parts);
}

static size_t later_room(const struct seal_split *s)
{
	return SEAL_ENTRY_BYTES_MAX - seal_record_overhead(s->flags, 0);
}

int seal_split_init(struct seal_split *ret_split, const void *message,
		    size_t len, uint8_t flags, unsigned parts)
{
	struct seal_split s = {.len = len, .pieces = 1, .parts = parts};
	size_t rest;

	if ((flags & ~(SEAL_FLAG_CUT | SEAL_FLAG_SALTED)) ||
	    parts > SEAL_ENTRY_PARTS_MAX)
		return SEAL_E_ARG;
	s.flags = flags;
	if (len > first_room(&s)) {
		rest = len - first_room(&s);
		s.pieces += rest / later_room(&s);
		s.pieces += rest % later_room(&s) != 0;
	}
	if (s.pieces > SEAL_COMMIT_ENTRIES_MAX)
		return SEAL_E_TOOBIG;
	if (!seal_utf8_valid(message, len))
		s.flags |= SEAL_FLAG_NOT_UTF8;
	*ret_split = s;
	return 0;
}

int seal_split_piece(const struct seal_split *s, size_t i,
		     struct seal_piece *ret_piece)
{
	struct seal_piece p = {.flags = s->flags};
	size_t room;

	if (i >= s->pieces)
		return SEAL_E_RANGE;
	if (i > 0) {
		p.offset = first_room(s) + (i - 1) * later_room(s);
		p.flags |= SEAL_FLAG_CONTINUES;
	} else if (s->parts) {
		p.parts = s->parts;
		p.flags |= SEAL_FLAG_PARTS;
	}
	if (i + 1 < s->pieces)
		p.flags |= SEAL_FLAG_MORE;
	room = i > 0 ? later_room(s) : first_room(s);
	p.len = s->len - p.offset < room ? s->len - p.offset : room;
	p.entry_bytes = seal_record_overhead(p.flags, p.parts) + p.len;
	*ret_piece = p;
	return 0;
}

int seal_commitment(unsigned part, const uint8_t salt[SEAL_ENTRY_SALT_BYTES],
		    const void *value, size_t len,
		    struct seal_hash *ret_commitment)
{
	static const char purpose[] = "auditseal/commit/v1\n";
	uint8_t number = (uint8_t)part;
	/* "auditseal/commit/v1\n" || part u8 || salt[16] || value */
	const struct seal_part hashed[] = {
		{purpose, sizeof(purpose) - 1},
		{&number, 1},
		{salt, SEAL_ENTRY_SALT_BYTES},
		{value, len},
	};

	if (part >= SEAL_ENTRY_PARTS_MAX)
		return SEAL_E_RANGE;
	if (len > SEAL_ENTRY_VALUE_MAX)
		return SEAL_E_TOOBIG;
	return seal_sha256_parts(hashed, 4, ret_commitment);
}
