/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entries, the leaves of the tree: header, types, flags, salt, committed parts,
 * long records.  What a control entry says is in control.h.  An entry's bytes
 * are never changed or made again from what was parsed.  docs/spec/entry.md.
 */
#ifndef SEAL_CORE_ENTRY_H
#define SEAL_CORE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/err.h"

#define SEAL_ENTRY_HEADER_BYTES 10
#define SEAL_ENTRY_BYTES_MAX	65535
#define SEAL_ENTRY_SALT_BYTES	16
#define SEAL_ENTRY_PARTS_MAX	8
#define SEAL_ENTRY_VALUE_MAX	1048576 /* bytes of a committed value */
#define SEAL_COMMIT_ENTRIES_MAX 8192	/* entries of one commit */
#define SEAL_TAIL_ENTRIES_MAX	16384	/* "two commits" behind a head */

enum seal_entry_type {
	SEAL_ENTRY_START = 0x01,
	SEAL_ENTRY_STOP = 0x02,
	SEAL_ENTRY_HEARTBEAT = 0x03,
	SEAL_ENTRY_RECOVERY = 0x04,
	SEAL_ENTRY_GAP = 0x05,
	SEAL_ENTRY_CONFIG = 0x06,
	SEAL_ENTRY_EPOCH = 0x07,
	SEAL_ENTRY_PRUNE = 0x08,
	SEAL_ENTRY_REDACTION = 0x09,
	SEAL_ENTRY_KEY = 0x0A,
	SEAL_ENTRY_ACTION = 0x0B,
	SEAL_ENTRY_RECORD = 0x10,
};

enum seal_entry_flag {
	SEAL_FLAG_PARTS = 0x01,	    /* committed parts */
	SEAL_FLAG_CUT = 0x02,	    /* cut by the input */
	SEAL_FLAG_NOT_UTF8 = 0x04,  /* public bytes are not UTF-8 */
	SEAL_FLAG_MORE = 0x08,	    /* continued in the next entry */
	SEAL_FLAG_CONTINUES = 0x10, /* continues the entry before */
	SEAL_FLAG_SALTED = 0x20,
	SEAL_FLAGS_KNOWN = 0x3F,
};

/* "record", "start", ...; "unknown" for a number not above.  Never NULL. */
const char *seal_entry_type_name(uint8_t type);

/* A view of one entry; everything is borrowed from its bytes. */
struct seal_entry {
	uint8_t type;
	uint8_t flags;
	uint64_t time_us;	    /* since 1970 UTC, as the clock said */
	const uint8_t *salt;	    /* 16 bytes, or NULL */
	unsigned parts;		    /* number of commitments, 0 ... 8 */
	const uint8_t *commitments; /* parts * 32 bytes, or NULL */
	const uint8_t *body; /* public bytes, or a control entry's JSON */
	size_t body_len;
};

/*
 * Strict.  SEAL_E_UNKNOWN for a type or flag that is not above (a control entry
 * has no flags): then *ret_entry is filled all the same, with body as all that
 * follows the header.  SEAL_E_SHORT, SEAL_E_TOOBIG for the size; SEAL_E_FORMAT
 * for parts that are not 1 ... 8, do not fit, or are not in the first piece.
 * A control entry's body is not looked at: seal_control_decode.
 */
int seal_entry_parse(const void *entry, size_t len,
		     struct seal_entry *ret_entry) SEAL_MUST_CHECK;

/* Writes the 10 header bytes. */
void seal_entry_put_header(uint8_t ret_header[SEAL_ENTRY_HEADER_BYTES],
			   uint8_t type, uint8_t flags, uint64_t time_us);

/* What stands before the public bytes of a record with these flags. */
size_t seal_record_overhead(uint8_t flags, unsigned parts);

/*
 * Writes all of a record but its public bytes, which the caller copies behind:
 * header, salt if SEAL_FLAG_SALTED, count and commitments if SEAL_FLAG_PARTS.
 * Returns seal_record_overhead(flags, parts), for which there must be room.
 */
size_t seal_record_put(uint8_t *ret_record, uint8_t flags, uint64_t time_us,
		       const uint8_t salt[SEAL_ENTRY_SALT_BYTES],
		       const struct seal_hash *commitments, unsigned parts);

/*
 * How one message becomes the entries of one record.  Every piece but the last
 * is as long as an entry may be.
 */
struct seal_split {
	size_t len;	/* bytes of the message */
	size_t pieces;	/* >= 1 */
	unsigned parts; /* commitments, in the first piece */
	uint8_t flags;	/* of all pieces, without MORE, CONTINUES, PARTS */
};

struct seal_piece {
	size_t offset, len; /* public bytes: this range of the message */
	size_t entry_bytes; /* of the whole entry */
	uint8_t flags;
	unsigned parts;
};

/*
 * flags: SEAL_FLAG_CUT and SEAL_FLAG_SALTED as wanted, others SEAL_E_ARG;
 * SEAL_FLAG_NOT_UTF8 is found out here, over the whole message, once.
 * SEAL_E_TOOBIG if the pieces would not fit into one commit.
 */
int seal_split_init(struct seal_split *ret_split, const void *message,
		    size_t len, uint8_t flags, unsigned parts) SEAL_MUST_CHECK;

/* SEAL_E_RANGE if i >= pieces. */
int seal_split_piece(const struct seal_split *s, size_t i,
		     struct seal_piece *ret_piece) SEAL_MUST_CHECK;

/*
 * SHA-256("auditseal/commit/v1\n" || part || salt[16] || value).  SEAL_E_RANGE
 * for a part > 7, SEAL_E_TOOBIG for a value over 1 MiB.
 */
int seal_commitment(unsigned part, const uint8_t salt[SEAL_ENTRY_SALT_BYTES],
		    const void *value, size_t len,
		    struct seal_hash *ret_commitment) SEAL_MUST_CHECK;

#endif
