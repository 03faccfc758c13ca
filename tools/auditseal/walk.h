/* SPDX-License-Identifier: Apache-2.0 */
/* The entries of a target, in order, as they stand there: for `show`, `prove`
 * and `status`.  Verifies nothing: that is what `verify` is for. */
#ifndef AUDITSEAL_WALK_H
#define AUDITSEAL_WALK_H

#include "judge.h"

#include "core/checkpoint.h"
#include "core/proof.h"

struct cli_entry {
	uint64_t index;
	const uint8_t *bytes; /* borrowed */
	size_t len;
	bool sealed;	    /* a head, or the copy's checkpoint, covers it */
	bool tag_wrong;	    /* a spool: its tag was made for something else */
	uint64_t tag_index; /* for this; without a tag: index */
};

/*
 * The index that an entry was made for: behind frames that were cut out, a
 * spool's tags know it, as long as they are less than this away.
 */
#define CLI_WALK_SHIFT 65536
uint64_t cli_entry_place(const struct cli_entry *entry);

/* 0 to go on; CLI_WALK_STOP to end well. */
#define CLI_WALK_STOP 1
typedef int cli_entry_fn(void *ctx, const struct cli_entry *entry);

/* Entries [from, to] of the one log of the target (trust->log chooses). */
int cli_walk(const struct cli_trust *trust, const char *target, uint64_t from,
	     uint64_t to, cli_entry_fn *fn, void *ctx, struct seal_diag *diag);
int cli_walk_spool(const char *dir, uint64_t from, uint64_t to,
		   cli_entry_fn *fn, void *ctx, struct seal_diag *diag);

/* An entry with the proof that a checkpoint includes it: the newest at hand, or
 * the newest that meets the policy's quorum, if one does. */
struct cli_proven {
	uint8_t *entry; /* owned */
	size_t entry_len;
	uint64_t index;
	struct seal_proof proof;
	uint8_t *note; /* owned */
	size_t note_len;
	struct seal_checkpoint checkpoint;
};
/*
 * SEAL_E_NOTFOUND: no such entry, or no checkpoint covers it yet.
 * SEAL_E_DAMAGED: the copy does not give its checkpoint's root.
 */
int cli_prove(const struct cli_trust *trust, const char *target, uint64_t index,
	      struct cli_proven *ret_proven, struct seal_diag *diag);
void cli_proven_fini(struct cli_proven *proven);

/*
 * Several by one checkpoint, that of `first`: each is given to fn, which says
 * the next index, or CLI_WALK_STOP.  What fn takes out of *proven it zeroes.
 * The target is opened once.
 */
typedef int cli_prove_fn(void *ctx, struct cli_proven *proven,
			 uint64_t *ret_next);
int cli_prove_each(const struct cli_trust *trust, const char *target,
		   uint64_t first, cli_prove_fn *fn, void *ctx,
		   struct seal_diag *diag);

#endif
