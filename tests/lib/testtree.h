/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of small leaves, and the root by the definition of RFC 6962. */
#ifndef SEAL_TESTS_TESTTREE_H
#define SEAL_TESTS_TESTTREE_H

#include "core/proof.h"

enum {
	TEST_TREE_LEAVES = 1100,
	TEST_TREE_SIZES = 131
};

/* Leaf i is the byte i mod 256, as in draft-ietf-plants-merkle-tree-certs. */
struct test_tree {
	struct seal_hash leaf[TEST_TREE_LEAVES];
	struct seal_hash root[TEST_TREE_SIZES]; /* of each size */
	struct seal_tail all;			/* nodes of all leaves */
};

/* For cmocka's group; *state is a struct test_tree. */
int test_tree_make(void **state);
int test_tree_free(void **state);

/* MTH of section 2.1, recursion and all: another way than lib/core's. */
struct seal_hash test_root_of(const struct seal_hash *leaf, size_t n);

/* What is a valid subtree in the words of the draft; also an empty one. */
bool test_subtree_valid(uint64_t start, uint64_t end);

#endif
