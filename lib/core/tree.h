/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Merkle tree of RFC 6962 with SHA-256: leaf and node hashes, and the
 * frontier, which is all that appending needs.  docs/spec/entry.md "Tree".
 *
 * Sizes and indices are < 2^63.  Nothing here allocates.
 */
#ifndef SEAL_CORE_TREE_H
#define SEAL_CORE_TREE_H

#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"

#define SEAL_TREE_LEVELS   63
#define SEAL_TREE_SIZE_MAX ((uint64_t)INT64_MAX)

/*
 * Every function that hashes returns 0 or SEAL_E_CRYPTO, and then has changed
 * nothing.
 */

/* leaf = SHA-256(0x00 || entry) */
int seal_leaf_hash(const void *entry, size_t len,
		   struct seal_hash *ret_leaf) SEAL_MUST_CHECK;

/*
 * The same for bytes that have the 0x00 in front already, as in a frame of the
 * spool, so that they are hashed where they lie.  SEAL_E_ARG without it.
 */
int seal_leaf_hash_framed(const void *framed, size_t len,
			  struct seal_hash *ret_leaf) SEAL_MUST_CHECK;

/* node = SHA-256(0x01 || left || right); ret_node may be left or right. */
int seal_node_hash(const struct seal_hash *left, const struct seal_hash *right,
		   struct seal_hash *ret_node) SEAL_MUST_CHECK;

/* The root of the empty tree, SHA-256(""). */
void seal_empty_root(struct seal_hash *ret_root);

/*
 * The roots of the complete subtrees that a tree of this size consists of: one
 * for each set bit of size.  A value: copy it to be able to go back.
 */
struct seal_frontier {
	uint64_t size;
	/* node[l] covers 2^l leaves; valid if and only if bit l of size is */
	struct seal_hash node[SEAL_TREE_LEVELS];
};

void seal_frontier_init(struct seal_frontier *f);

/* SEAL_E_RANGE, and f is unchanged, if the tree would reach 2^63 leaves. */
int seal_frontier_append(struct seal_frontier *f,
			 const struct seal_hash *leaf) SEAL_MUST_CHECK;
int seal_frontier_append_many(struct seal_frontier *f,
			      const struct seal_hash *leaves,
			      size_t n) SEAL_MUST_CHECK;

/*
 * Appends the root of a complete subtree of 2^level leaves.  SEAL_E_ARG, and f
 * is unchanged, if f->size is no multiple of 2^level.
 */
int seal_frontier_append_subtree(struct seal_frontier *f, unsigned level,
				 const struct seal_hash *node) SEAL_MUST_CHECK;

/* The root of the tree. */
int seal_frontier_root(const struct seal_frontier *f,
		       struct seal_hash *ret_root) SEAL_MUST_CHECK;

/* popcount(size): the number of hashes that _get gives and _set takes. */
unsigned seal_frontier_count(uint64_t size);

/*
 * In and out as the formats have it: the largest subtree first.  _set:
 * SEAL_E_RANGE for a size >= 2^63, SEAL_E_FORMAT if n is not popcount(size).
 * _get returns the number of hashes written, at most SEAL_TREE_LEVELS.
 */
int seal_frontier_set(struct seal_frontier *f, uint64_t size,
		      const struct seal_hash *nodes, size_t n) SEAL_MUST_CHECK;
unsigned seal_frontier_get(const struct seal_frontier *f,
			   struct seal_hash ret_nodes[SEAL_TREE_LEVELS]);

/*
 * The frontier of the last f->size mod 2^level leaves as a tree of its own.
 * With level 8 that is the open bundle: append the new leaves of a package to
 * it, and its root is the hash of the package's subtree.
 */
void seal_frontier_below(const struct seal_frontier *f, unsigned level,
			 struct seal_frontier *ret_below);

/* The root of a tree of exactly these leaves. */
int seal_root_of(const struct seal_hash *leaves, size_t n,
		 struct seal_hash *ret_root) SEAL_MUST_CHECK;

#endif
