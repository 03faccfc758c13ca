/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tail, a frontier and the leaves behind it: it gives the proofs that the
 * whole tree gives, and those of every package of an upload.
 */
#include "core/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "tests/lib/hash_fault.h"
#include "tests/lib/oom.h"
#include "tests/lib/testtree.h"

static void tail_at(struct test_tree *t, uint64_t a, uint64_t b,
		    struct seal_tail *ret_tail)
{
	struct seal_frontier f;

	seal_frontier_init(&f);
	assert_int_equal(seal_frontier_append_many(&f, t->leaf, a), 0);
	assert_int_equal(seal_tail_init(ret_tail, &f, t->leaf + a, b - a), 0);
}

static void same_proof(const struct seal_proof *a, const struct seal_proof *b)
{
	assert_int_equal(a->n, b->n);
	assert_memory_equal(a->hash, b->hash, a->n * sizeof(a->hash[0]));
}

static void tail_gives_what_the_tree_gives(void **state)
{
	struct test_tree *t = *state;
	struct seal_proof got, want;
	struct seal_tail tail;
	uint64_t a, b, s, e;

	for (a = 0; a <= 40; a++) {
		for (b = a ? a : 1; b <= 40; b++) {
			tail_at(t, a, b, &tail);
			for (s = a; s <= b; s++) {
				assert_int_equal(seal_proof_consistency(
							 s, b, seal_tail_node,
							 &tail, &got),
						 0);
				assert_int_equal(seal_proof_consistency(
							 s, b, seal_tail_node,
							 &t->all, &want),
						 0);
				same_proof(&got, &want);
				for (e = s + 1; e <= b; e++) {
					if (!test_subtree_valid(s, e))
						continue;
					assert_int_equal(seal_proof_subtree(
								 s, e, b,
								 seal_tail_node,
								 &tail, &got),
							 0);
					assert_int_equal(
						seal_proof_subtree(
							s, e, b, seal_tail_node,
							&t->all, &want),
						0);
					same_proof(&got, &want);
				}
			}
			seal_tail_fini(&tail);
		}
	}
}

/* All packages of an upload [a, b), as tlog-mirror cuts them. */
static void check_upload(struct test_tree *t, uint64_t a, uint64_t b)
{
	uint64_t rounded = a / 256 * 256, s, e, from;
	struct seal_hash part, root;
	struct seal_frontier f, bundle;
	struct seal_proof got, want;
	struct seal_tail tail;

	root = test_root_of(t->leaf, b);
	tail_at(t, a, b, &tail);
	f = tail.frontier; /* the mirror's */
	for (s = rounded; s < b; s += 256) {
		e = s + 256 < b ? s + 256 : b;
		assert_int_equal(seal_proof_subtree(s, e, b, seal_tail_node,
						    &tail, &got),
				 0);
		assert_int_equal(seal_proof_subtree(s, e, b, seal_tail_node,
						    &t->all, &want),
				 0);
		same_proof(&got, &want);

		/* the mirror: its open bundle and the package's leaves */
		from = s > a ? s : a;
		seal_frontier_below(&f, 8, &bundle);
		assert_int_equal(bundle.size, from - s);
		assert_int_equal(seal_frontier_append_many(
					 &bundle, t->leaf + from, e - from),
				 0);
		assert_int_equal(seal_frontier_root(&bundle, &part), 0);
		assert_int_equal(seal_proof_check_subtree(s, e, &part, b, &root,
							  got.hash, got.n),
				 0);
		assert_int_equal(
			seal_frontier_append_many(&f, t->leaf + from, e - from),
			0);
	}
	assert_int_equal(seal_frontier_root(&f, &part), 0);
	assert_memory_equal(part.b, root.b, sizeof(root.b));
	seal_tail_fini(&tail);
}

static void packages_of_uploads(void **state)
{
	static const uint64_t at[] = {0,   1,	2,    100,  255,  256,	257,
				      300, 511, 512,  513,  767,  768,	769,
				      900, 999, 1000, 1023, 1024, 1025, 1100};
	size_t n = sizeof(at) / sizeof(at[0]), i, j;

	for (i = 0; i < n; i++)
		for (j = i + 1; j < n; j++)
			check_upload(*state, at[i], at[j]);
}

static void tail_does_not_invent(void **state)
{
	struct test_tree *t = *state;
	struct seal_tail tail;
	struct seal_hash node;

	tail_at(t, 5, 11, &tail);
	assert_int_equal(seal_tail_node(&tail, 0, 3, &node), SEAL_E_NOTFOUND);
	assert_int_equal(seal_tail_node(&tail, 1, 1, &node), SEAL_E_NOTFOUND);
	assert_int_equal(seal_tail_node(&tail, 2, 0, &node), 0);
	assert_int_equal(seal_tail_node(&tail, 0, 4, &node), 0);
	assert_memory_equal(node.b, t->leaf[4].b, sizeof(node.b));
	assert_int_equal(seal_tail_node(&tail, 0, 10, &node), 0);
	assert_int_equal(seal_tail_node(&tail, 0, 11, &node), SEAL_E_NOTFOUND);
	assert_int_equal(seal_tail_node(&tail, 2, 2, &node), SEAL_E_NOTFOUND);
	assert_int_equal(seal_tail_node(&tail, 63, 0, &node), SEAL_E_NOTFOUND);
	assert_int_equal(seal_tail_node(&tail, 64, 0, &node), SEAL_E_NOTFOUND);
	seal_tail_fini(&tail);
}

/* What the source of nodes cannot give, no proof is made of. */
static void missing_nodes_are_reported(void **state)
{
	struct test_tree *t = *state;
	struct seal_proof proof = {.n = 77};
	struct seal_hash hash, empty;
	struct seal_tail tail;

	tail_at(t, 5, 11, &tail);
	/* the subtree's own last node, [4, 6) and the like, is there */
	assert_int_equal(
		seal_proof_subtree(0, 6, 11, seal_tail_node, &tail, &proof), 0);
	proof.n = 77;
	/* beside the way; and the seed of the proof */
	assert_int_equal(
		seal_proof_inclusion(2, 11, seal_tail_node, &tail, &proof),
		SEAL_E_NOTFOUND);
	assert_int_equal(
		seal_proof_consistency(3, 11, seal_tail_node, &tail, &proof),
		SEAL_E_NOTFOUND);
	assert_int_equal(proof.n, 77);
	assert_int_equal(seal_subtree_hash(0, 3, seal_tail_node, &tail, &hash),
			 SEAL_E_NOTFOUND);
	assert_int_equal(seal_subtree_hash(1, 3, seal_tail_node, &tail, &hash),
			 SEAL_E_ARG);
	assert_int_equal(seal_subtree_hash(0, 0, seal_tail_node, &tail, &hash),
			 0);
	seal_empty_root(&empty);
	assert_true(seal_hash_equal(&hash, &empty));
	seal_tail_fini(&tail);
}

static void tail_ends_below_2_to_63(void **state)
{
	struct test_tree *t = *state;
	struct seal_frontier f;
	struct seal_tail tail;

	seal_frontier_init(&f);
	f.size = SEAL_TREE_SIZE_MAX - 1;
	assert_int_equal(seal_tail_init(&tail, &f, t->leaf, 2), SEAL_E_RANGE);
	assert_int_equal(seal_tail_init(&tail, &f, t->leaf, 1), 0);
	assert_int_equal(tail.end, SEAL_TREE_SIZE_MAX);
	seal_tail_fini(&tail);
}

static int make_tail(void *arg)
{
	struct test_tree *t = arg;
	struct seal_tail tail = {0};
	struct seal_frontier f;
	int rc;

	seal_frontier_init(&f);
	rc = seal_tail_init(&tail, &f, t->leaf, 300);
	seal_tail_fini(&tail);
	return rc;
}

static void tail_without_memory(void **state)
{
	assert_int_equal(oom_every(make_tail, *state), 1);
}

/* Building, proving, checking: no failed hash is taken for an answer. */
static int prove_and_check(void *arg)
{
	struct test_tree *t = arg;
	struct seal_proof proof = {.n = 0};
	struct seal_tail tail = {0};
	struct seal_frontier f;
	int rc;

	seal_frontier_init(&f);
	rc = seal_tail_init(&tail, &f, t->leaf, 13);
	if (rc == 0)
		rc = seal_proof_consistency(11, 13, seal_tail_node, &tail,
					    &proof);
	if (rc == 0)
		rc = seal_proof_check_consistency(11, &t->root[11], 13,
						  &t->root[13], proof.hash,
						  proof.n);
	if (rc == 0)
		rc = seal_proof_subtree(0, 8, 13, seal_tail_node, &tail,
					&proof);
	seal_tail_fini(&tail);
	return rc;
}

static void hashing_can_fail(void **state)
{
	assert_true(hash_fail_every(prove_and_check, *state) > 15);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tail_gives_what_the_tree_gives),
		cmocka_unit_test(packages_of_uploads),
		cmocka_unit_test(tail_does_not_invent),
		cmocka_unit_test(missing_nodes_are_reported),
		cmocka_unit_test(tail_ends_below_2_to_63),
		cmocka_unit_test(tail_without_memory),
		cmocka_unit_test(hashing_can_fail),
	};

	return cmocka_run_group_tests_name("tail", tests, test_tree_make,
					   test_tree_free);
}
