/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verifying a store: a tree of C2SP tlog-tiles with its entry bundles.  Pulls
 * what it needs, in order, through a table of the caller; every hash that can
 * be proven from the newest checkpoint is, so that damage is named to the
 * entry.  format.md 6; docs/spec/verdict.md.
 */
#ifndef SEAL_CORE_VERIFY_TREE_H
#define SEAL_CORE_VERIFY_TREE_H

#include "core/verify.h"

#define SEAL_VERIFY_TILE_WIDTH 256
#define SEAL_VERIFY_ABSENT_MAX 1024 /* bundles: 262,144 entries */
#define SEAL_VERIFY_ADRIFT_MAX 4096 /* bundles: more than an epoch may have */

struct seal_verify_source {
	void *ctx;
	/*
	 * The first `width` (1 ... 256) hashes of a stored tile, or as many as
	 * there are, none included.  An error ends the verification.
	 */
	int (*tile)(void *ctx, unsigned level, uint64_t number, unsigned width,
		    struct seal_hash *ret_hashes, unsigned *ret_width,
		    struct seal_diag *diag);
	/*
	 * A bundle of `width` entries, (u16 length, bytes)*, or what is there
	 * of it, nothing included; borrowed until the next call.  all: also
	 * what stands behind them, to say what became of a damaged one.
	 */
	int (*bundle)(void *ctx, uint64_t number, unsigned width, bool all,
		      const uint8_t **ret_bytes, size_t *ret_len,
		      struct seal_diag *diag);
	/*
	 * The smallest stored checkpoint of at least min_size, with whatever
	 * lines it has; borrowed until the next call.  SEAL_E_NOTFOUND: none.
	 * *ret_whole false: what the copy says beside the note (its size, its
	 * root) is not what the note says.  NULL: older ones cannot be had.
	 */
	int (*checkpoint)(void *ctx, uint64_t min_size,
			  const uint8_t **ret_note, size_t *ret_len,
			  uint64_t *ret_size, bool *ret_whole,
			  struct seal_diag *diag);
	/*
	 * Does the copy say of itself that it has none of these entries, whole
	 * tiles of level 0?  Then they are not looked at, as long as a proven
	 * hash stands for them, and no finding.  NULL: it has all.
	 */
	bool (*absent)(void *ctx, uint64_t first, uint64_t last);
	/*
	 * Only entries of [from, end) are asked for, and the first bundle, in
	 * which the log names its keys; the rest of the tree is taken by the
	 * proven hash that stands for it.  end 0: all.  Multiples
	 * of 256, but for an end that is the tree's.
	 */
	uint64_t from, end;
	/*
	 * The smallest number, from `number` on, of a level-0 tile or a bundle
	 * that may be there: what lies between is certainly not.
	 * SEAL_E_NOTFOUND: nothing more.  NULL: each may be there; of a tree
	 * without a proven root the verifier then gives up after
	 * SEAL_VERIFY_ABSENT_MAX in a row that are not, or when it has looked
	 * at SEAL_VERIFY_ADRIFT_MAX behind the last hand-over that verifies
	 * (who makes up tiles cannot make one), and says so.
	 */
	int (*next)(void *ctx, uint64_t number, uint64_t *ret_number,
		    struct seal_diag *diag);
	/* May be NULL. */
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
};

/*
 * After the notes, once.  The work follows what is there, not the size that
 * anybody states: a level more of the tree is at most 256 tiles more, and what
 * is absent is passed over as a whole.  stored_size: how many entries the copy
 * claims to hold; taken where no checkpoint is trusted.  0, NOMEM, CRYPTO,
 * RANGE if the copy ends below where to go on from, or what the source
 * returned.
 */
int seal_verify_tree(struct seal_verify *verify,
		     const struct seal_verify_source *source,
		     uint64_t stored_size, struct seal_diag *diag);

#endif
