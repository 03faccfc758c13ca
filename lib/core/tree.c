/* SPDX-License-Identifier: Apache-2.0 */
/* The Merkle tree: hashes and the frontier.  Contract: tree.h. */
#include "core/tree.h"

#include <string.h>

#include "core/err.h"

int seal_leaf_hash(const void *entry, size_t len, struct seal_hash *ret_leaf)
{
	return seal_sha256_prefixed(0x00, entry, len, ret_leaf);
}

int seal_leaf_hash_framed(const void *framed, size_t len,
			  struct seal_hash *ret_leaf)
{
	if (len == 0 || *(const uint8_t *)framed != 0x00)
		return SEAL_E_ARG;
	return seal_sha256(framed, len, ret_leaf);
}

int seal_node_hash(const struct seal_hash *left, const struct seal_hash *right,
		   struct seal_hash *ret_node)
{
	uint8_t bytes[1 + 2 * sizeof(left->b)];

	bytes[0] = 0x01;
	memcpy(bytes + 1, left->b, sizeof(left->b));
	memcpy(bytes + 1 + sizeof(left->b), right->b, sizeof(right->b));
	return seal_sha256(bytes, sizeof(bytes), ret_node);
}

void seal_empty_root(struct seal_hash *ret_root)
{
	static const struct seal_hash empty = {{
		0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
		0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
		0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
		0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
	}};

	*ret_root = empty;
}

void seal_frontier_init(struct seal_frontier *f)
{
	memset(f, 0, sizeof(*f));
}

static unsigned lowest_bit(uint64_t n)
{
	return (unsigned)__builtin_ctzll(n);
}

int seal_frontier_append_subtree(struct seal_frontier *f, unsigned level,
				 const struct seal_hash *node)
{
	struct seal_hash hash = *node;
	uint64_t count;
	int rc;

	if (level >= SEAL_TREE_LEVELS ||
	    (f->size & ((UINT64_C(1) << level) - 1)))
		return SEAL_E_ARG;
	count = UINT64_C(1) << level;
	if (f->size > SEAL_TREE_SIZE_MAX - count)
		return SEAL_E_RANGE;
	for (; f->size & (UINT64_C(1) << level); level++) {
		rc = seal_node_hash(&f->node[level], &hash, &hash);
		if (rc < 0)
			return rc;
	}
	f->node[level] = hash;
	f->size += count;
	return 0;
}

int seal_frontier_append(struct seal_frontier *f, const struct seal_hash *leaf)
{
	return seal_frontier_append_subtree(f, 0, leaf);
}

int seal_frontier_append_many(struct seal_frontier *f,
			      const struct seal_hash *leaves, size_t n)
{
	struct seal_frontier longer = *f;
	size_t i;
	int rc;

	if (n > SEAL_TREE_SIZE_MAX || f->size > SEAL_TREE_SIZE_MAX - n)
		return SEAL_E_RANGE;
	for (i = 0; i < n; i++) {
		rc = seal_frontier_append(&longer, &leaves[i]);
		if (rc < 0)
			return rc;
	}
	*f = longer;
	return 0;
}

int seal_frontier_root(const struct seal_frontier *f,
		       struct seal_hash *ret_root)
{
	uint64_t rest = f->size;
	struct seal_hash hash;
	int rc;

	if (rest == 0) {
		seal_empty_root(ret_root);
		return 0;
	}
	hash = f->node[lowest_bit(rest)];
	for (rest &= rest - 1; rest; rest &= rest - 1) {
		rc = seal_node_hash(&f->node[lowest_bit(rest)], &hash, &hash);
		if (rc < 0)
			return rc;
	}
	*ret_root = hash;
	return 0;
}

unsigned seal_frontier_count(uint64_t size)
{
	return (unsigned)__builtin_popcountll(size);
}

int seal_frontier_set(struct seal_frontier *f, uint64_t size,
		      const struct seal_hash *nodes, size_t n)
{
	uint64_t rest = size;

	if (size > SEAL_TREE_SIZE_MAX)
		return SEAL_E_RANGE;
	if (n != seal_frontier_count(size))
		return SEAL_E_FORMAT;
	seal_frontier_init(f);
	f->size = size;
	for (; rest; rest &= rest - 1)
		f->node[lowest_bit(rest)] = nodes[--n];
	return 0;
}

unsigned seal_frontier_get(const struct seal_frontier *f,
			   struct seal_hash ret_nodes[SEAL_TREE_LEVELS])
{
	uint64_t rest = f->size;
	unsigned n = seal_frontier_count(f->size), i = n;

	for (; rest; rest &= rest - 1)
		ret_nodes[--i] = f->node[lowest_bit(rest)];
	return n;
}

void seal_frontier_below(const struct seal_frontier *f, unsigned level,
			 struct seal_frontier *ret_below)
{
	struct seal_frontier below;
	unsigned i;

	if (level > SEAL_TREE_LEVELS)
		level = SEAL_TREE_LEVELS;
	seal_frontier_init(&below);
	below.size = f->size & ((UINT64_C(1) << level) - 1);
	for (i = 0; i < level; i++)
		below.node[i] = f->node[i];
	*ret_below = below;
}

int seal_root_of(const struct seal_hash *leaves, size_t n,
		 struct seal_hash *ret_root)
{
	struct seal_frontier f;
	int rc;

	seal_frontier_init(&f);
	rc = seal_frontier_append_many(&f, leaves, n);
	if (rc < 0)
		return rc;
	return seal_frontier_root(&f, ret_root);
}
