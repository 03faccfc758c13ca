/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: testtree.h. */
#include "tests/lib/testtree.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct seal_hash test_root_of(const struct seal_hash *leaf, size_t n)
{
	struct seal_hash left, right, root;
	size_t k = 1;

	if (n == 0) {
		assert_int_equal(seal_sha256("", 0, &root), 0);
		return root;
	}
	if (n == 1)
		return leaf[0];
	while (2 * k < n)
		k *= 2;
	left = test_root_of(leaf, k);
	right = test_root_of(leaf + k, n - k);
	assert_int_equal(seal_node_hash(&left, &right, &root), 0);
	return root;
}

bool test_subtree_valid(uint64_t start, uint64_t end)
{
	uint64_t ceil = 1;

	while (ceil < end - start)
		ceil *= 2;
	return start % ceil == 0;
}

int test_tree_make(void **state)
{
	static struct test_tree tree;
	struct seal_frontier empty;
	uint8_t byte;
	size_t i;

	if (seal_crypto_init(NULL) < 0)
		return -1;
	for (i = 0; i < TEST_TREE_LEAVES; i++) {
		byte = (uint8_t)i;
		if (seal_leaf_hash(&byte, 1, &tree.leaf[i]) < 0)
			return -1;
	}
	for (i = 0; i < TEST_TREE_SIZES; i++)
		tree.root[i] = test_root_of(tree.leaf, i);
	seal_frontier_init(&empty);
	*state = &tree;
	return seal_tail_init(&tree.all, &empty, tree.leaf, TEST_TREE_LEAVES);
}

int test_tree_free(void **state)
{
	struct test_tree *t = *state;

	seal_tail_fini(&t->all);
	seal_tail_fini(&t->all);
	return 0;
}
