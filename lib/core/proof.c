/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs.  Contract: proof.h.  One generator and one verifier, for subtrees:
 * a leaf is a subtree, and so is the tree of an older size.
 */
#include "core/proof.h"

#include <stdlib.h>

#include "core/err.h"

/* The largest power of two below n, for n > 1: where RFC 6962 splits. */
static uint64_t split_of(uint64_t n)
{
	return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

bool seal_subtree_valid(uint64_t start, uint64_t end)
{
	uint64_t mask;

	if (start >= end || end > SEAL_TREE_SIZE_MAX)
		return false;
	mask = end - start == 1 ? 0 : 2 * split_of(end - start) - 1;
	return (start & mask) == 0;
}

/*
 * Collects the complete subtrees from the left, then folds from the right: no
 * recursion, at most one node a level.
 */
static int range_hash(uint64_t start, uint64_t end, seal_node_fn node,
		      void *ctx, struct seal_hash *ret_hash)
{
	struct seal_hash hash[SEAL_TREE_LEVELS];
	unsigned n = 0, level;
	int rc;

	while (start < end) {
		level = 63 - __builtin_clzll(end - start);
		rc = node(ctx, level, start >> level, &hash[n++]);
		if (rc < 0)
			return rc;
		start += UINT64_C(1) << level;
	}
	while (--n > 0) {
		rc = seal_node_hash(&hash[n - 1], &hash[n], &hash[n - 1]);
		if (rc < 0)
			return rc;
	}
	*ret_hash = hash[0];
	return 0;
}

int seal_subtree_hash(uint64_t start, uint64_t end, seal_node_fn node,
		      void *ctx, struct seal_hash *ret_hash)
{
	if (start == 0 && end == 0) {
		seal_empty_root(ret_hash);
		return 0;
	}
	if (!seal_subtree_valid(start, end))
		return SEAL_E_ARG;
	return range_hash(start, end, node, ctx, ret_hash);
}

/* The nodes beside the way down from the root, in the order of the way. */
struct sibling {
	uint64_t start, end;
};

/*
 * Goes down to the subtree and notes what lies beside.  Where the subtree
 * straddles a split, its left part is given whole and the way goes on in the
 * right one, whose last node the verifier does not know: *ret_known is false.
 */
static unsigned descend(uint64_t start, uint64_t end, uint64_t size,
			struct sibling ret_way[SEAL_TREE_LEVELS + 1],
			struct sibling *ret_last, bool *ret_known)
{
	uint64_t lo = 0, hi = size, mid;
	unsigned n = 0;

	*ret_known = true;
	while (lo != start || hi != end) {
		mid = lo + split_of(hi - lo);
		if (end <= mid) {
			ret_way[n++] = (struct sibling){mid, hi};
			hi = mid;
			continue;
		}
		ret_way[n++] = (struct sibling){lo, mid};
		lo = mid;
		if (start < mid) {
			start = mid;
			*ret_known = false;
		}
	}
	*ret_last = (struct sibling){lo, hi};
	return n;
}

int seal_proof_subtree(uint64_t start, uint64_t end, uint64_t size,
		       seal_node_fn node, void *ctx,
		       struct seal_proof *ret_proof)
{
	struct sibling way[SEAL_TREE_LEVELS + 1], last;
	struct seal_proof proof = {0};
	unsigned n;
	bool known;
	int rc;

	if (!seal_subtree_valid(start, end) || end > size ||
	    size > SEAL_TREE_SIZE_MAX)
		return SEAL_E_ARG;
	n = descend(start, end, size, way, &last, &known);
	if (n + !known > SEAL_PROOF_MAX)
		return SEAL_E_TOOBIG;
	if (!known) {
		rc = range_hash(last.start, last.end, node, ctx,
				&proof.hash[proof.n++]);
		if (rc < 0)
			return rc;
	}
	while (n-- > 0) {
		rc = range_hash(way[n].start, way[n].end, node, ctx,
				&proof.hash[proof.n++]);
		if (rc < 0)
			return rc;
	}
	*ret_proof = proof;
	return 0;
}

int seal_proof_inclusion(uint64_t index, uint64_t size, seal_node_fn node,
			 void *ctx, struct seal_proof *ret_proof)
{
	if (index >= size)
		return SEAL_E_ARG;
	return seal_proof_subtree(index, index + 1, size, node, ctx, ret_proof);
}

int seal_proof_consistency(uint64_t old_size, uint64_t size, seal_node_fn node,
			   void *ctx, struct seal_proof *ret_proof)
{
	if (old_size > size || size > SEAL_TREE_SIZE_MAX)
		return SEAL_E_ARG;
	if (old_size == 0) {
		ret_proof->n = 0;
		return 0;
	}
	return seal_proof_subtree(0, old_size, size, node, ctx, ret_proof);
}

/*
 * One way up.  first, last: the subtree's outermost nodes on this level; edge:
 * the tree's last one.  sub and root grow from the same seed.
 */
struct climb {
	uint64_t first, last, edge;
	struct seal_hash sub, root;
};

static void climb_level(struct climb *c)
{
	c->first >>= 1;
	c->last >>= 1;
	c->edge >>= 1;
}

/*
 * Skips the levels that lie inside the subtree's last node that is a node of
 * the tree too.
 */
static void climb_start(struct climb *c)
{
	bool flush = c->last == c->edge;

	while (c->first != c->last && (flush || (c->last & 1)))
		climb_level(c);
}

/* hash stands to the left. */
static int climb_left(struct climb *c, const struct seal_hash *hash)
{
	int rc = 0;

	if (c->first < c->last)
		rc = seal_node_hash(hash, &c->sub, &c->sub);
	if (rc == 0)
		rc = seal_node_hash(hash, &c->root, &c->root);
	/* a node without a right sibling goes up as it is */
	while (!(c->last & 1))
		climb_level(c);
	climb_level(c);
	return rc;
}

static int climb_right(struct climb *c, const struct seal_hash *hash)
{
	climb_level(c);
	return seal_node_hash(&c->root, hash, &c->root);
}

/* edge > 0, so that some bit of last = edge is set and the loop above ends */
static int climb_hash(struct climb *c, const struct seal_hash *hash)
{
	if ((c->last & 1) || c->last == c->edge)
		return climb_left(c, hash);
	return climb_right(c, hash);
}

int seal_proof_check_subtree(uint64_t start, uint64_t end,
			     const struct seal_hash *subtree, uint64_t size,
			     const struct seal_hash *root,
			     const struct seal_hash *hashes, size_t n)
{
	struct climb c = {start, end - 1, size - 1, *subtree, *subtree};
	size_t i = 0;
	int rc;

	if (!seal_subtree_valid(start, end) || end > size ||
	    size > SEAL_TREE_SIZE_MAX || n > SEAL_PROOF_MAX)
		return SEAL_E_PROOF;
	climb_start(&c);
	if (c.first != c.last) {
		if (n == 0)
			return SEAL_E_PROOF;
		c.sub = c.root = hashes[i++];
	}
	for (; i < n; i++) {
		if (c.edge == 0)
			return SEAL_E_PROOF;
		rc = climb_hash(&c, &hashes[i]);
		if (rc < 0)
			return rc;
	}
	if (c.edge != 0 || !seal_hash_equal(&c.sub, subtree) ||
	    !seal_hash_equal(&c.root, root))
		return SEAL_E_PROOF;
	return 0;
}

int seal_proof_check_inclusion(uint64_t index, const struct seal_hash *leaf,
			       uint64_t size, const struct seal_hash *root,
			       const struct seal_hash *hashes, size_t n)
{
	if (index >= size)
		return SEAL_E_PROOF;
	return seal_proof_check_subtree(index, index + 1, leaf, size, root,
					hashes, n);
}

int seal_proof_check_consistency(uint64_t old_size,
				 const struct seal_hash *old_root,
				 uint64_t size, const struct seal_hash *root,
				 const struct seal_hash *hashes, size_t n)
{
	struct seal_hash empty;

	if (old_size > 0)
		return seal_proof_check_subtree(0, old_size, old_root, size,
						root, hashes, n);
	seal_empty_root(&empty);
	if (n != 0 || size > SEAL_TREE_SIZE_MAX ||
	    !seal_hash_equal(old_root, &empty) ||
	    (size == 0 && !seal_hash_equal(root, &empty)))
		return SEAL_E_PROOF;
	return 0;
}

/*
 * Level l of the tail holds the nodes start >> l ... (end >> l) - 1: all
 * complete subtrees that end behind start.  The first may begin before it; its
 * left child is then in the frontier.
 */
static uint64_t level_count(const struct seal_tail *t, unsigned level)
{
	return (t->end >> level) - (t->start >> level);
}

int seal_tail_node(void *ctx, unsigned level, uint64_t index,
		   struct seal_hash *ret_node)
{
	const struct seal_tail *t = ctx;
	uint64_t first;

	if (level >= SEAL_TREE_LEVELS)
		return SEAL_E_NOTFOUND;
	first = t->start >> level;
	if (index < first) {
		if (index + 1 != first || !(first & 1))
			return SEAL_E_NOTFOUND;
		*ret_node = t->frontier.node[level];
		return 0;
	}
	if (index - first >= level_count(t, level))
		return SEAL_E_NOTFOUND;
	*ret_node = level ? t->node[t->offset[level] + (index - first)]
			  : t->leaf[index - first];
	return 0;
}

static int tail_build(struct seal_tail *t)
{
	struct seal_hash left, right;
	unsigned level;
	uint64_t i, index;
	int rc;

	for (level = 1; level < SEAL_TREE_LEVELS; level++) {
		for (i = 0; i < level_count(t, level); i++) {
			index = (t->start >> level) + i;
			rc = seal_tail_node(t, level - 1, 2 * index, &left);
			if (rc == 0)
				rc = seal_tail_node(t, level - 1, 2 * index + 1,
						    &right);
			if (rc < 0)
				return SEAL_E_INTERNAL;
			rc = seal_node_hash(&left, &right,
					    &t->node[t->offset[level] + i]);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

int seal_tail_init(struct seal_tail *t, const struct seal_frontier *at_start,
		   const struct seal_hash *leaves, size_t n)
{
	struct seal_tail tail = {0};
	unsigned level;
	size_t nodes = 0;
	int rc;

	if (at_start->size > SEAL_TREE_SIZE_MAX ||
	    n > SEAL_TREE_SIZE_MAX - at_start->size)
		return SEAL_E_RANGE;
	tail.frontier = *at_start;
	tail.start = at_start->size;
	tail.end = at_start->size + n;
	tail.leaf = leaves;
	for (level = 1; level < SEAL_TREE_LEVELS; level++) {
		tail.offset[level] = nodes;
		nodes += level_count(&tail, level);
	}
	tail.node = calloc(nodes ? nodes : 1, sizeof(*tail.node));
	if (!tail.node)
		return SEAL_E_NOMEM;
	rc = tail_build(&tail);
	if (rc < 0) {
		seal_tail_fini(&tail);
		return rc;
	}
	*t = tail;
	return 0;
}

void seal_tail_fini(struct seal_tail *t)
{
	free(t->node);
	t->node = NULL;
}
