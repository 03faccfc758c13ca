/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bodies of control entries: one JSON object each, in exactly one encoding.
 * This is the only coder of that JSON; it reads nothing else and is no JSON
 * parser.  docs/spec/entry.md "Control entries".
 *
 * Every struct is a plain value; strings are NUL-terminated UTF-8 within their
 * array.  Numbers are < 2^63.  Ranges of entries are half-open: [from, to).
 */
#ifndef SEAL_CORE_CONTROL_H
#define SEAL_CORE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/entry.h"

struct seal_buf;

#define SEAL_CONTROL_BYTES_MAX	 4096 /* of a body */
#define SEAL_CONTROL_MIRRORS_MAX 8
/* Bytes of each string with its NUL. */
#define SEAL_CONTROL_ORIGIN 201
#define SEAL_CONTROL_NAME   256
#define SEAL_CONTROL_WORD   65
#define SEAL_CONTROL_TEXT   1025

/* 0x01.  The keys of entry 0 stand before those of every start. */
struct seal_start {
	bool first; /* the one at index 0 */
	/* Only if first: */
	struct seal_hash log_id;
	uint8_t host_key[32];
	uint8_t epoch_key[32]; /* of epoch 0 */
	bool has_predecessor;
	struct {
		char origin[SEAL_CONTROL_ORIGIN];
		uint64_t size;
		struct seal_hash root;
	} predecessor;
	/* Always: */
	char version[SEAL_CONTROL_WORD];
	char boot_id[SEAL_CONTROL_WORD]; /* "" where there is none */
	struct seal_hash policy;	 /* SHA-256 of the policy file */
	uint64_t heartbeat_ms;		 /* 0: none */
	bool sync;			 /* spool.sync */
};

/* 0x03 */
struct seal_heartbeat {
	uint64_t backlog;	       /* sealed entries without a receipt */
	char clock[SEAL_CONTROL_WORD]; /* the clock source */
	uint64_t heartbeat_ms;
	unsigned mirrors;
	struct seal_heartbeat_mirror {
		char name[SEAL_CONTROL_NAME];
		uint64_t receipt_size;
		uint64_t openings_size;
	} mirror[SEAL_CONTROL_MIRRORS_MAX];
};

/* 0x04 */
struct seal_recovery {
	uint64_t head_size; /* the last head that verified */
	struct seal_hash head_root;
	uint64_t salvaged_from, salvaged_to;
	uint64_t dropped_bytes;
	struct seal_hash dropped_hash; /* SHA-256 of them */
	char boot_id[SEAL_CONTROL_WORD];
	bool has_abandoned; /* a tail left where it lies */
	struct {
		uint64_t segment; /* its first index, as in its name */
		uint64_t offset_bytes, length_bytes;
		struct seal_hash hash;
	} abandoned;
};

/* 0x05.  Explicit numbers: they stand in counters and verdicts. */
enum seal_gap_reason {
	SEAL_GAP_FULL = 1,	/* "full": the spool's quota */
	SEAL_GAP_SUSPENDED = 2, /* "suspended": key, lock, damage */
	SEAL_GAP_MEMORY = 3,	/* "memory": a reboot in memory mode */
	SEAL_GAP_TOOBIG = 4,	/* "toobig": a message no record can hold */
};

enum seal_gap_bound {
	SEAL_GAP_EXACT = 1, /* "exact": count messages */
	SEAL_GAP_LEAST = 2, /* "least": count or more; unknown is 0 or more */
	SEAL_GAP_OPEN = 3,  /* "open": it begins; to = from, count = 0 */
};

struct seal_gap {
	enum seal_gap_reason reason;
	uint64_t from_us, to_us; /* first and last lost message */
	uint64_t count;
	enum seal_gap_bound bound;
	bool has_lost; /* memory mode: entries sealed, not receipted, gone */
	struct {
		uint64_t from, to;
		struct seal_hash root; /* of the tree of size to */
	} lost;
};

/* 0x06 */
struct seal_config {
	char what[SEAL_CONTROL_WORD];
	char value[SEAL_CONTROL_TEXT];
	char by[SEAL_CONTROL_NAME]; /* who said so, "" the module itself */
};

/* 0x07 */
struct seal_epoch {
	uint64_t epoch; /* the one that begins */
	uint8_t key[32];
	uint8_t sig[64];
};

/* 0x08, in a store's own log (or a host's about itself): [from, to) is gone */
struct seal_prune {
	char origin[SEAL_CONTROL_ORIGIN];
	struct seal_hash log_id;
	uint64_t from, to;
	struct seal_hash root; /* of the tree of size to */
	char by[SEAL_CONTROL_NAME];
	char why[SEAL_CONTROL_TEXT];
};

/* 0x09 */
struct seal_redaction {
	char origin[SEAL_CONTROL_ORIGIN];
	struct seal_hash log_id;
	uint64_t index;
	struct seal_hash leaf;
	uint64_t part; /* 0 ... 7 */
	char by[SEAL_CONTROL_NAME];
	char why[SEAL_CONTROL_TEXT];
};

/* 0x0A: seal_key_change_bytes in epoch.h makes what both keys sign. */
struct seal_key_change {
	uint8_t old_key[32], new_key[32];
	uint8_t old_sig[64], new_sig[64];
};

/* 0x0B, in a store's own log: what was done there, by whom, about what */
struct seal_action {
	char what[SEAL_CONTROL_WORD];
	char by[SEAL_CONTROL_NAME];
	bool has_log; /* about a log: */
	char origin[SEAL_CONTROL_ORIGIN];
	struct seal_hash log_id;
	uint64_t from, to;
	char detail[SEAL_CONTROL_TEXT];
};

struct seal_control {
	enum seal_entry_type
		type; /* says which member; SEAL_ENTRY_STOP: none */
	union {
		struct seal_start start;
		struct seal_heartbeat heartbeat;
		struct seal_recovery recovery;
		struct seal_gap gap;
		struct seal_config config;
		struct seal_epoch epoch;
		struct seal_prune prune;
		struct seal_redaction redaction;
		struct seal_key_change key;
		struct seal_action action;
	};
};

/*
 * Appends the body.  SEAL_E_ARG for what has no encoding (no control type, a
 * number >= 2^63, a string that is not UTF-8 or too long, an unknown enum),
 * SEAL_E_TOOBIG over 4,096 bytes, SEAL_E_NOMEM; out is then as before.
 */
int seal_control_encode(const struct seal_control *c,
			struct seal_buf *out) SEAL_MUST_CHECK;

/*
 * Accepts exactly what seal_control_encode writes.  SEAL_E_UNKNOWN where a
 * type, key or word stands that this version does not know (AS025);
 * SEAL_E_FORMAT for everything else, and always in an epoch entry (AS012). type
 * is the entry's.
 */
int seal_control_decode(uint8_t type, const void *body, size_t len,
			struct seal_control *ret_control) SEAL_MUST_CHECK;

/* "full", "exact", ...; "unknown" for a number not above. */
const char *seal_gap_reason_name(enum seal_gap_reason reason);
const char *seal_gap_bound_name(enum seal_gap_bound bound);

#endif
