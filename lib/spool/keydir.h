/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's keys: keydir/{log, host, epoch, policy, policy.pins, tls/}.
 * Private keys leave only as struct seal_key, and are never copied, renamed or
 * unlinked: keydir/epoch is written in place.  format.md 2; docs/spec/spool.md
 * "keydir".
 */
#ifndef SEAL_SPOOL_KEYDIR_H
#define SEAL_SPOOL_KEYDIR_H

#include <stdbool.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/err.h"
#include "core/key.h"
#include "spool/io.h"

#define SEAL_KEYDIR_SLOTS	2
#define SEAL_KEYDIR_SLOT_BYTES	4096
#define SEAL_KEYDIR_EPOCH_BYTES (SEAL_KEYDIR_SLOTS * SEAL_KEYDIR_SLOT_BYTES)

struct seal_keydir;

/* The log that a new one goes on from; it stands in entry 0. */
struct seal_predecessor {
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	uint64_t size;
	struct seal_hash root;
};

/*
 * Makes the keys of a new log: directory (0700; its parent must exist; an
 * existing one is taken if it has no keys in it), host key, epoch-0 key, `log`
 * (last: a keydir with it is complete).  predecessor may be NULL.
 * SEAL_E_EXISTS if there are keys: none is ever overwritten.  SEAL_E_CONFIG for
 * an origin that is none.
 */
int seal_keydir_create(const struct seal_io *io, const char *dir,
		       const char *origin,
		       const struct seal_predecessor *predecessor,
		       struct seal_diag *diag);

/*
 * Reads and checks: modes (0700, 0600, nobody else's: SEAL_E_PERM), `log`, host
 * key, epoch slots, that they belong together (SEAL_E_DAMAGED), and the
 * machine id (SEAL_E_CLONE).  origin NULL, or SEAL_E_FOREIGN if it is another.
 */
int seal_keydir_open(const struct seal_io *io, const char *dir,
		     const char *origin, struct seal_keydir **ret_keydir,
		     struct seal_diag *diag);
/* Only `log`, for readers without the right to the keys: status, enrolment. */
int seal_keydir_open_public(const struct seal_io *io, const char *dir,
			    struct seal_keydir **ret_keydir,
			    struct seal_diag *diag);
void seal_keydir_free(struct seal_keydir *keydir); /* wipes */

const char *seal_keydir_path(const struct seal_keydir *keydir);
const char *seal_keydir_origin(const struct seal_keydir *keydir);
void seal_keydir_log_id(const struct seal_keydir *keydir,
			struct seal_hash *ret_log_id);
/* SHA-256 of the machine id the keys were made on; zeroes: none. */
const uint8_t *seal_keydir_machine(const struct seal_keydir *keydir);
/* Borrowed. */
const struct seal_vkey *seal_keydir_host(const struct seal_keydir *keydir);
const struct seal_vkey *seal_keydir_epoch0(const struct seal_keydir *keydir);
/* NULL if there is none. */
const struct seal_predecessor *
seal_keydir_predecessor(const struct seal_keydir *keydir);
/* NULL after open_public. */
const struct seal_key *seal_keydir_host_key(const struct seal_keydir *keydir);

/* What a slot holds. */
enum seal_slot_state {
	SEAL_SLOT_EMPTY = 0,
	SEAL_SLOT_KEY = 1,
	SEAL_SLOT_DAMAGED = 2,
};

struct seal_keydir_slot {
	enum seal_slot_state state;
	uint64_t epoch;		/* if it is a key */
	uint8_t public_key[32]; /* likewise */
	bool begun; /* the mark that entry 0 was committed (epoch 0 only) */
};

void seal_keydir_slot(const struct seal_keydir *keydir, unsigned slot,
		      struct seal_keydir_slot *ret_slot);

/* The key of an epoch; SEAL_E_NOTFOUND.  The caller frees it. */
int seal_keydir_epoch_key(const struct seal_keydir *keydir, uint64_t epoch,
			  struct seal_key **ret_key, struct seal_diag *diag);

/* Puts a fresh key of an epoch into slot epoch mod 2, in place, and syncs. */
int seal_keydir_make_epoch(struct seal_keydir *keydir, uint64_t epoch,
			   struct seal_key **ret_key, struct seal_diag *diag);

/* Overwrites the slot of an epoch in place and syncs; nothing if not there. */
int seal_keydir_destroy_epoch(struct seal_keydir *keydir, uint64_t epoch,
			      struct seal_diag *diag);

/* Marks in epoch 0's slot that the log has begun; in place, synced. */
int seal_keydir_mark_begun(struct seal_keydir *keydir, struct seal_diag *diag);
/* Has entry 0 been committed, as far as the keydir knows? */
bool seal_keydir_begun(const struct seal_keydir *keydir);

#endif
