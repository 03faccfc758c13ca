/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs over the tree: inclusion and consistency of RFC 6962, and the subtree
 * consistency proof of draft-ietf-plants-merkle-tree-certs, of which both are
 * special cases.  docs/spec/entry.md "Proofs".
 */
#ifndef SEAL_CORE_PROOF_H
#define SEAL_CORE_PROOF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/tree.h"

/* C2SP allows no more in any proof. */
#define SEAL_PROOF_MAX 63

struct seal_proof {
	unsigned n; /* hashes in use */
	struct seal_hash hash[SEAL_PROOF_MAX];
};

/*
 * Gives the root of the complete subtree of leaves [index << level,
 * (index + 1) << level).  Only subtrees within the tree asked about are wanted.
 * Returns 0 or a negative SEAL_E_*, which the caller of the proof gets back.
 */
typedef int (*seal_node_fn)(void *ctx, unsigned level, uint64_t index,
			    struct seal_hash *ret_node);

/* 0 <= start < end, and start a multiple of the power of two >= end - start. */
bool seal_subtree_valid(uint64_t start, uint64_t end);

/*
 * The hash of leaves [start, end) as a tree of its own; start = end = 0 is the
 * empty tree.  SEAL_E_ARG if it is not a valid subtree.
 */
int seal_subtree_hash(uint64_t start, uint64_t end, seal_node_fn node,
		      void *ctx, struct seal_hash *ret_hash) SEAL_MUST_CHECK;

/*
 * Generation.  SEAL_E_ARG for indices and sizes of which there is no proof
 * (index >= size, old_size > size, no valid subtree), SEAL_E_TOOBIG for more
 * than SEAL_PROOF_MAX hashes, SEAL_E_CRYPTO, else what node returned.  The
 * proof from size 0, and from a size to itself, is empty.
 */
int seal_proof_inclusion(uint64_t index, uint64_t size, seal_node_fn node,
			 void *ctx,
			 struct seal_proof *ret_proof) SEAL_MUST_CHECK;
int seal_proof_consistency(uint64_t old_size, uint64_t size, seal_node_fn node,
			   void *ctx,
			   struct seal_proof *ret_proof) SEAL_MUST_CHECK;
int seal_proof_subtree(uint64_t start, uint64_t end, uint64_t size,
		       seal_node_fn node, void *ctx,
		       struct seal_proof *ret_proof) SEAL_MUST_CHECK;

/*
 * Verification: 0, or SEAL_E_PROOF for every proof that does not prove it: a
 * hash too few, too many or wrong, more than SEAL_PROOF_MAX, impossible sizes.
 * SEAL_E_CRYPTO: could not be decided.
 * hashes may be NULL if n is 0.
 */
int seal_proof_check_inclusion(uint64_t index, const struct seal_hash *leaf,
			       uint64_t size, const struct seal_hash *root,
			       const struct seal_hash *hashes,
			       size_t n) SEAL_MUST_CHECK;
int seal_proof_check_consistency(uint64_t old_size,
				 const struct seal_hash *old_root,
				 uint64_t size, const struct seal_hash *root,
				 const struct seal_hash *hashes,
				 size_t n) SEAL_MUST_CHECK;
int seal_proof_check_subtree(uint64_t start, uint64_t end,
			     const struct seal_hash *subtree, uint64_t size,
			     const struct seal_hash *root,
			     const struct seal_hash *hashes,
			     size_t n) SEAL_MUST_CHECK;

/*
 * A node source made of the frontier of the tree of size start and the leaf
 * hashes of [start, end): what a forwarder and a mirror have at hand.  It has
 * the nodes for every proof in the tree of size end (or less) that is about
 *   - consistency from a size >= start,
 *   - inclusion of a leaf >= start,
 *   - a subtree [s, e) with s >= start; and one that begins before start, where
 *     a proof needs no node inside of it: a package of 256-aligned s with
 *     s <= start and e = s + 256 or e = end.
 * Another node is SEAL_E_NOTFOUND.  With an empty frontier it is a whole tree.
 */
struct seal_tail {
	struct seal_frontier frontier;
	uint64_t start, end;
	const struct seal_hash *leaf; /* borrowed: end - start of them */
	struct seal_hash *node;	      /* levels above the leaves, owned */
	size_t offset[SEAL_TREE_LEVELS + 1]; /* of each level in node */
};

/*
 * Hashes every complete subtree once (n - 1 hashes, 32 * n bytes of memory).
 * leaves must outlive the tail.  SEAL_E_NOMEM; SEAL_E_RANGE for 2^63 and more.
 */
int seal_tail_init(struct seal_tail *t, const struct seal_frontier *at_start,
		   const struct seal_hash *leaves, size_t n) SEAL_MUST_CHECK;
void seal_tail_fini(struct seal_tail *t); /* also on zeroes, and twice */

/* A seal_node_fn; ctx is a struct seal_tail. */
int seal_tail_node(void *ctx, unsigned level, uint64_t index,
		   struct seal_hash *ret_node) SEAL_MUST_CHECK;

#endif
