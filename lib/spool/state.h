/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small files beside the segments: `state` and `acked` (two slots each,
 * written in turn, the newest whole one counts) and `epochs` (one record a
 * hand-over).  docs/spec/spool.md has their byte tables.
 */
#ifndef SEAL_SPOOL_STATE_H
#define SEAL_SPOOL_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/epoch.h"
#include "core/err.h"
#include "core/tree.h"
#include "spool/frame.h"
#include "spool/io.h"

#define SEAL_MIRRORS_MAX 16

/* state: 2 x 4096 bytes */
#define SEAL_STATE_SLOT_BYTES 4096
#define SEAL_STATE_FILE_BYTES (2 * SEAL_STATE_SLOT_BYTES)

struct seal_state_mirror {
	struct seal_hash name; /* SHA-256 of the mirror's name */
	uint64_t offered;      /* the largest size offered to it */
};

struct seal_state {
	uint64_t counter; /* of writes; the larger one is the newer slot */
	uint64_t sealed;  /* size of the newest head */
	struct seal_hash root;
	uint64_t segment; /* number of the last segment */
	uint64_t epoch;	  /* in force */
	uint8_t machine[32];
	/* messages dropped since the last gap entry; 0: none */
	uint64_t dropped, dropped_first_us, dropped_last_us;
	struct seal_frontier frontier; /* of size sealed */
	size_t mirrors;
	struct seal_state_mirror mirror[SEAL_MIRRORS_MAX];
};

/* Encodes a whole slot. */
int seal_state_put(const struct seal_state *state,
		   uint8_t ret_slot[SEAL_STATE_SLOT_BYTES]);
int seal_state_get(const uint8_t slot[SEAL_STATE_SLOT_BYTES],
		   struct seal_state *ret_state);
/*
 * The newest whole slot.  SEAL_E_NOTFOUND: no such file; SEAL_E_DAMAGED: no
 * slot is whole; SEAL_E_IO, SEAL_E_PERM.
 */
int seal_state_load(const struct seal_io *io, const char *path,
		    struct seal_state *ret_state, struct seal_diag *diag);

/* acked: 2 x 64 KiB; the notes of all mirrors together must fit. */
#define SEAL_ACKED_SLOT_BYTES 65536
#define SEAL_ACKED_FILE_BYTES (2 * SEAL_ACKED_SLOT_BYTES)

struct seal_acked_mirror {
	char name[256];	   /* key name of the mirror */
	uint64_t size;	   /* receipted; 0: none */
	uint64_t openings; /* all openings below this index are held */
	uint64_t time_s;   /* of the cosignature, since 1970 */
	size_t note_len;   /* the newest receipt, a whole cosigned note */
	uint8_t *note;	   /* owned */
};

struct seal_acked {
	uint64_t counter;
	size_t mirrors;
	struct seal_acked_mirror mirror[SEAL_MIRRORS_MAX];
};

/* ret_len: bytes in use, the rest of the slot is zero and need not be written.
 * SEAL_E_TOOBIG if it does not fit. */
int seal_acked_put(const struct seal_acked *acked,
		   uint8_t ret_slot[SEAL_ACKED_SLOT_BYTES], size_t *ret_len);
int seal_acked_get(const uint8_t *slot, size_t len,
		   struct seal_acked *ret_acked);
int seal_acked_load(const struct seal_io *io, const char *path,
		    struct seal_acked *ret_acked, struct seal_diag *diag);
void seal_acked_fini(struct seal_acked *acked);

/*
 * epochs: records of core/epoch.h, the root record first.  Reads the writer's
 * own file: all tags and the order, and the last two signatures.  *ret_bytes is
 * the length of its good part.  SEAL_E_DAMAGED with a chain: the part behind
 * *ret_bytes is not good (a torn record, a wrong tag, a hand-over that the
 * chain refuses); without a chain (*ret_chain is left alone): not even the root
 * record is.  SEAL_E_FOREIGN: another log's. SEAL_E_NOTFOUND, SEAL_E_IO,
 * SEAL_E_PERM, SEAL_E_NOMEM.
 */
int seal_epochs_load(const struct seal_io *io, const char *path,
		     const char *origin, const struct seal_hash *log_id,
		     struct seal_chain **ret_chain, uint64_t *ret_bytes,
		     struct seal_diag *diag);

#endif
