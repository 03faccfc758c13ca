/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log id, hand-overs, the records of the file "epochs", and the chain
 * log id -> key 0 -> key 1 -> ..., which is the only way to an epoch key: by
 * index, never by key ID or clock.  docs/spec/entry.md "Epochs".
 *
 * Keys are 32 raw bytes here and are checked against the rules of key.h before
 * they are used.
 */
#ifndef SEAL_CORE_EPOCH_H
#define SEAL_CORE_EPOCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/control.h"
#include "core/crypto.h"
#include "core/entry.h"

#define SEAL_HANDOVER_BYTES	141
#define SEAL_KEY_CHANGE_BYTES	121
#define SEAL_EPOCH_RECORD_BYTES 158

/*
 * SHA-256("auditseal/log/v1\n" || u16 len || origin || host key at index 0 ||
 * epoch-0 key), the log id.  SEAL_E_FORMAT if the origin is not one (key.h).
 */
int seal_log_id(const char *origin, const uint8_t host_key[32],
		const uint8_t epoch_key[32],
		struct seal_hash *ret_log_id) SEAL_MUST_CHECK;

/* What a hand-over says: all that its signature covers, but the log id. */
struct seal_handover {
	uint64_t index; /* of its entry: the last of the epoch that ends */
	struct seal_hash root;			 /* of the tree of size index */
	uint8_t header[SEAL_ENTRY_HEADER_BYTES]; /* of its entry */
	uint64_t epoch;				 /* the one that begins, >= 1 */
	uint8_t key[32];			 /* of the epoch that begins */
	uint8_t sig[64]; /* by the key of the epoch that ends */
};

/* The signed bytes; sig is not among them. */
void seal_handover_bytes(const struct seal_hash *log_id,
			 const struct seal_handover *h,
			 uint8_t ret_bytes[SEAL_HANDOVER_BYTES]);

/* Sets h->sig.  SEAL_E_CRYPTO, SEAL_E_NOMEM, SEAL_E_KEY. */
int seal_handover_sign(const struct seal_hash *log_id, struct seal_handover *h,
		       const struct seal_key *old_key) SEAL_MUST_CHECK;

/* 0, SEAL_E_SIG, or a failure to do the work. */
int seal_handover_verify(const struct seal_hash *log_id,
			 const struct seal_handover *h,
			 const struct seal_pub *old_key) SEAL_MUST_CHECK;

/*
 * From an epoch entry at this index over this root.  SEAL_E_FORMAT for a body
 * that is not in the one encoding, SEAL_E_ARG if it is no epoch entry.
 */
int seal_handover_from_entry(const struct seal_entry *entry, uint64_t index,
			     const struct seal_hash *root,
			     struct seal_handover *ret_handover)
	SEAL_MUST_CHECK;

/* What the old and the new host key sign in a key entry at this index. */
void seal_key_change_bytes(const struct seal_hash *log_id, uint64_t index,
			   const struct seal_key_change *change,
			   uint8_t ret_bytes[SEAL_KEY_CHANGE_BYTES]);

/*
 * The file "epochs": a root record, then one record a hand-over.  Decoding:
 * SEAL_E_DAMAGED if the tag is wrong, SEAL_E_FORMAT if a root record has
 * anything but zeros behind the keys.
 */
struct seal_epoch_root {
	uint8_t host_key[32];  /* at index 0 */
	uint8_t epoch_key[32]; /* of epoch 0 */
};

int seal_epoch_root_encode(const struct seal_epoch_root *root,
			   uint8_t ret_record[SEAL_EPOCH_RECORD_BYTES])
	SEAL_MUST_CHECK;
int seal_epoch_root_decode(const uint8_t record[SEAL_EPOCH_RECORD_BYTES],
			   struct seal_epoch_root *ret_root) SEAL_MUST_CHECK;
int seal_epoch_record_encode(const struct seal_handover *h,
			     uint8_t ret_record[SEAL_EPOCH_RECORD_BYTES])
	SEAL_MUST_CHECK;
int seal_epoch_record_decode(const uint8_t record[SEAL_EPOCH_RECORD_BYTES],
			     struct seal_handover *ret_handover)
	SEAL_MUST_CHECK;

/*
 * What the chain says of a hand-over.  Every value but the first two is a
 * finding about the log, never an error of ours; in brackets which.
 */
enum seal_handover_verdict {
	SEAL_HANDOVER_OK = 0,	  /* the chain went on by it */
	SEAL_HANDOVER_SAME = 1,	  /* the chain has this statement already */
	SEAL_HANDOVER_FORK = 2,	  /* a second valid one of an epoch [AS008] */
	SEAL_HANDOVER_SIG = 3,	  /* signature wrong or S >= L [AS010] */
	SEAL_HANDOVER_KEY = 4,	  /* names a key that §2 refuses [AS012] */
	SEAL_HANDOVER_REUSED = 5, /* a key that had a purpose [AS012] */
	SEAL_HANDOVER_EPOCH = 6,  /* skips epochs [AS012] */
	SEAL_HANDOVER_INDEX = 7,  /* before its epoch's first entry [AS012] */
	SEAL_HANDOVER_HEADER = 8, /* not the header of its entry [AS012] */
};

/* One line of text each, for messages; never NULL. */
const char *seal_handover_verdict_text(enum seal_handover_verdict verdict);

/* 8, 10 or 12: the finding AS0nn; 0 for OK and SAME. */
unsigned seal_handover_finding(enum seal_handover_verdict verdict);

/*
 * The chain of one log.  About 100 bytes an epoch.  Not thread-safe; no files.
 */
struct seal_chain;

/*
 * log_id: the pin, or NULL to take the one that the keys give.  SEAL_E_FOREIGN
 * if they give another one, SEAL_E_KEY for an unacceptable key, or the same one
 * twice, SEAL_E_ARG, SEAL_E_NOMEM.
 */
int seal_chain_new(const char *origin, const uint8_t host_key[32],
		   const uint8_t epoch_key[32], const struct seal_hash *log_id,
		   struct seal_chain **ret_chain) SEAL_MUST_CHECK;
void seal_chain_free(struct seal_chain *chain); /* NULL allowed */

/*
 * The same for who verified the chain before, up to an epoch: nothing is known
 * of those between 0 and it (SEAL_E_RANGE), and a hand-over to one of them is
 * SEAL_HANDOVER_SAME unseen.  Keys are borrowed for the call.
 */
struct seal_chain_resume {
	const uint8_t *host_key, *epoch0_key; /* 32 bytes each */
	uint64_t epoch;
	uint64_t first;		  /* its first index */
	const uint8_t *epoch_key; /* its key, 32 bytes */
};
int seal_chain_new_at(const char *origin, const struct seal_chain_resume *at,
		      const struct seal_hash *log_id,
		      struct seal_chain **ret_chain) SEAL_MUST_CHECK;

const struct seal_hash *seal_chain_log_id(const struct seal_chain *chain);

/*
 * Takes the hand-over to the next epoch, or compares one of an epoch that the
 * chain has.  The chain changes for SEAL_HANDOVER_OK only.  The caller
 * compares h->root with the root it computed, before (an unequal one is AS012).
 * Returns 0 with a verdict, or SEAL_E_NOMEM, SEAL_E_CRYPTO.
 */
int seal_chain_advance(struct seal_chain *chain, const struct seal_handover *h,
		       enum seal_handover_verdict *ret_verdict) SEAL_MUST_CHECK;

/*
 * The same without verifying the signature or accepting the key, for a record
 * that the caller itself verified and wrote in its own file: a start with a
 * year of epochs would else take a minute.  Never for what came from elsewhere.
 * Follow it by at least one seal_chain_advance; until then seal_chain_pub is
 * NULL.  Never SEAL_HANDOVER_SAME, _FORK, _SIG, _KEY.
 */
int seal_chain_trust(struct seal_chain *chain, const struct seal_handover *h,
		     enum seal_handover_verdict *ret_verdict) SEAL_MUST_CHECK;

/* The newest epoch, and its first entry index. */
uint64_t seal_chain_epoch(const struct seal_chain *chain);
uint64_t seal_chain_first(const struct seal_chain *chain);

/*
 * The accepted key of the newest epoch: borrowed, until the chain advances or
 * is freed.  Accepting a key costs as much as verifying a signature.
 */
const struct seal_pub *seal_chain_pub(const struct seal_chain *chain);

/*
 * The epoch e with first_e < size <= first_{e+1}, its range and its key.  For
 * the newest epoch ret_end is SEAL_TREE_SIZE_MAX.  SEAL_E_RANGE for size 0.
 */
struct seal_chain_span {
	uint64_t epoch;
	uint64_t first; /* its first index */
	uint64_t end;	/* one behind its last: its hand-over's index + 1 */
	uint8_t key[32];
};
int seal_chain_lookup(const struct seal_chain *chain, uint64_t size,
		      struct seal_chain_span *ret_span) SEAL_MUST_CHECK;

/* The same by the number of the epoch.  SEAL_E_RANGE if there is none. */
int seal_chain_span(const struct seal_chain *chain, uint64_t epoch,
		    struct seal_chain_span *ret_span) SEAL_MUST_CHECK;

#endif
