/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer of format.md 2: keeps the frontier, makes all signed bytes itself,
 * signs no other text, generates the epoch keys, and only extends.  The same
 * table serves a signer in this process and one elsewhere.  Not thread-safe:
 * the spool calls it under the log's mutex.
 */
#ifndef SEAL_SPOOL_SIGNER_H
#define SEAL_SPOOL_SIGNER_H

#include <stddef.h>
#include <stdint.h>

#include "core/checkpoint.h"
#include "core/crypto.h"
#include "core/epoch.h"
#include "core/err.h"
#include "core/tree.h"
#include "spool/frame.h"

struct seal_signer;

struct seal_signer_ops {
	/*
	 * Extends the frontier by n leaves, which are durable, and seals the
	 * new size by the epoch in force.  After hand_over() it takes exactly
	 * the leaf of the epoch entry, and the next epoch is in force then.
	 * On error nothing is extended.
	 */
	int (*append)(struct seal_signer *signer, const struct seal_hash *leaf,
		      size_t n, struct seal_head *ret_head,
		      struct seal_diag *diag);
	/*
	 * Makes and stores the next epoch's key and signs the hand-over of the
	 * entry that stands at index = size, with this header.  Asked again at
	 * the same size and header it gives the same answer.
	 */
	int (*hand_over)(struct seal_signer *signer, const uint8_t header[10],
			 struct seal_handover *ret_handover,
			 struct seal_diag *diag);
	/* Destroys the key of the epoch that ended; the hand-over is durable.
	 */
	int (*forget)(struct seal_signer *signer, struct seal_diag *diag);
	/*
	 * The host's note signature on the checkpoint of a head that this
	 * signer sealed: SEAL_E_SIG if it did not.
	 */
	int (*checkpoint)(struct seal_signer *signer,
			  const struct seal_head *head,
			  struct seal_sig_line *ret_host,
			  struct seal_diag *diag);
	/* Where the log stands; borrowed until the next call. */
	const struct seal_frontier *(*frontier)(
		const struct seal_signer *signer);
	void (*free)(struct seal_signer *signer);
};

struct seal_signer {
	const struct seal_signer_ops *ops;
};

struct seal_keydir;

/*
 * The signer in this process.  keydir and chain are borrowed for as long as it
 * lives; the chain is the caller's, which advances it by each hand-over that
 * became durable.  chain and frontier say where the log stands (recovery
 * decides).
 * pending NULL, or the hand-over that was found durable but not sealed: then
 * the frontier is of size pending->index, and append() of its leaf finishes it.
 */
int seal_signer_local(struct seal_keydir *keydir,
		      const struct seal_chain *chain,
		      const struct seal_frontier *frontier,
		      const struct seal_handover *pending,
		      struct seal_signer **ret_signer, struct seal_diag *diag);

/* NULL is a no-op. */
void seal_signer_free(struct seal_signer *signer);

#endif
