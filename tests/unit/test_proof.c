/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Proofs: all of them for every tree up to 130 leaves, against the accumulated
 * vectors of draft-ietf-plants-merkle-tree-certs, and everything that is not
 * quite such a proof.
 */
#include "core/proof.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "tests/lib/testdata.h"
#include "tests/lib/testtree.h"

/* A tree of its own that begins at an offset of another. */
struct shifted {
	struct seal_tail *tail;
	uint64_t start;
};

static int shifted_node(void *ctx, unsigned level, uint64_t index,
			struct seal_hash *ret_node)
{
	struct shifted *s = ctx;

	return seal_tail_node(s->tail, level, (s->start >> level) + index,
			      ret_node);
}

/* --- the draft's accumulated vectors --- */

static void add_hex(struct seal_sha256_ctx *sum, const struct seal_hash *hash)
{
	char hex[2 * SEAL_HASH_BYTES + 1];
	size_t i;

	for (i = 0; i < SEAL_HASH_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", hash->b[i]);
	seal_sha256_update(sum, hex, 2 * SEAL_HASH_BYTES);
}

static void add_proof(struct seal_sha256_ctx *sum, const char *line,
		      const struct seal_proof *proof)
{
	unsigned i;

	seal_sha256_update(sum, line, strlen(line));
	for (i = 0; i < proof->n; i++) {
		seal_sha256_update(sum, " ", 1);
		add_hex(sum, &proof->hash[i]);
	}
	seal_sha256_update(sum, "\n", 1);
}

static void assert_sum(struct seal_sha256_ctx *sum, const char *hex)
{
	struct seal_hash got;
	uint8_t *want;
	size_t len;

	assert_int_equal(seal_sha256_final(sum, &got), 0);
	want = test_hex_decode(hex, &len);
	assert_int_equal(len, sizeof(got.b));
	assert_memory_equal(got.b, want, len);
	free(want);
	seal_sha256_free(sum);
}

static struct seal_sha256_ctx *new_sum(void)
{
	struct seal_sha256_ctx *sum = NULL;

	assert_int_equal(seal_sha256_new(&sum), 0);
	return sum;
}

static void draft_subtree_hashes(void **state)
{
	struct test_tree *t = *state;
	struct seal_sha256_ctx *sum = new_sum();
	struct seal_hash hash;
	unsigned start, end;
	char line[64];

	for (end = 0; end < TEST_TREE_SIZES; end++) {
		for (start = 0; start <= end; start++) {
			if (!test_subtree_valid(start, end))
				continue;
			seal_empty_root(&hash);
			if (start < end) {
				assert_true(seal_subtree_valid(start, end));
				assert_int_equal(
					seal_subtree_hash(start, end,
							  seal_tail_node,
							  &t->all, &hash),
					0);
			}
			snprintf(line, sizeof(line), "[%u, %u) ", start, end);
			seal_sha256_update(sum, line, strlen(line));
			add_hex(sum, &hash);
			seal_sha256_update(sum, "\n", 1);
		}
	}
	assert_sum(sum, "b82806ad4265bb151c1119c0f4db437bb4d1a1f887b3a7fba1cd4e"
			"bf552e3e81");
}

static void draft_inclusion_proofs(void **state)
{
	struct test_tree *t = *state;
	struct seal_sha256_ctx *sum = new_sum();
	struct shifted s = {.tail = &t->all};
	struct seal_proof proof;
	unsigned start, end, i;
	char line[64];

	for (end = 0; end < TEST_TREE_SIZES; end++) {
		for (start = 0; start <= end; start++) {
			if (!test_subtree_valid(start, end))
				continue;
			s.start = start;
			for (i = start; i < end; i++) {
				assert_int_equal(seal_proof_inclusion(
							 i - start, end - start,
							 shifted_node, &s,
							 &proof),
						 0);
				snprintf(line, sizeof(line), "%u [%u, %u)", i,
					 start, end);
				add_proof(sum, line, &proof);
			}
		}
	}
	assert_sum(sum, "ac2a8f989e44d99e399db448050ff5f19757df53cfb716aa81015d"
			"3955d8163f");
}

static void draft_consistency_proofs(void **state)
{
	struct test_tree *t = *state;
	struct seal_sha256_ctx *sum = new_sum();
	struct seal_proof proof;
	unsigned n, start, end;
	char line[64];

	for (n = 0; n < TEST_TREE_SIZES; n++) {
		for (end = 0; end <= n; end++) {
			for (start = 0; start <= end; start++) {
				if (!test_subtree_valid(start, end))
					continue;
				proof.n = 0;
				if (start < end)
					assert_int_equal(seal_proof_subtree(
								 start, end, n,
								 seal_tail_node,
								 &t->all,
								 &proof),
							 0);
				snprintf(line, sizeof(line), "[%u, %u) %u",
					 start, end, n);
				add_proof(sum, line, &proof);
			}
		}
	}
	assert_sum(sum, "10fa99b37bf9bf9ffa26b412fbd98bd75363256d0b75d61bc4538b"
			"9c9c5a0a74");
}

/* --- every proof is accepted, everything else is not --- */

/* One statement to be proven, whatever its kind. */
struct claim {
	uint64_t start, end, size;
	struct seal_hash part, root;
};

static int check(const struct claim *c, const struct seal_hash *hash, size_t n)
{
	int rc, special;

	rc = seal_proof_check_subtree(c->start, c->end, &c->part, c->size,
				      &c->root, hash, n);
	if (c->start + 1 == c->end) {
		special = seal_proof_check_inclusion(
			c->start, &c->part, c->size, &c->root, hash, n);
		assert_int_equal(special, rc);
	}
	if (c->start == 0) {
		special = seal_proof_check_consistency(
			c->end, &c->part, c->size, &c->root, hash, n);
		assert_int_equal(special, rc);
	}
	assert_true(rc == 0 || rc == SEAL_E_PROOF);
	return rc;
}

static void refuse_changed_hashes(const struct claim *c,
				  const struct seal_proof *proof)
{
	struct seal_hash h[SEAL_PROOF_MAX + 1];
	unsigned i;

	memcpy(h, proof->hash, proof->n * sizeof(*h));
	for (i = 0; i < proof->n; i++) {
		h[i].b[i % 32] ^= 1;
		assert_int_equal(check(c, h, proof->n), SEAL_E_PROOF);
		h[i].b[i % 32] ^= 1;
	}
	for (i = 0; i < proof->n; i++) { /* one dropped */
		memcpy(h, proof->hash, i * sizeof(*h));
		memcpy(h + i, proof->hash + i + 1,
		       (proof->n - i - 1) * sizeof(*h));
		assert_int_equal(check(c, h, proof->n - 1), SEAL_E_PROOF);
	}
	for (i = 0; i <= proof->n; i++) { /* one more: a hash at hand */
		memcpy(h, proof->hash, i * sizeof(*h));
		h[i] = i < proof->n ? proof->hash[i] : c->root;
		memcpy(h + i + 1, proof->hash + i, (proof->n - i) * sizeof(*h));
		assert_int_equal(check(c, h, proof->n + 1), SEAL_E_PROOF);
	}
	for (i = 0; i + 1 < proof->n; i++) { /* two exchanged */
		memcpy(h, proof->hash, proof->n * sizeof(*h));
		h[i] = proof->hash[i + 1];
		h[i + 1] = proof->hash[i];
		if (memcmp(&h[i], &h[i + 1], sizeof(*h)) != 0)
			assert_int_equal(check(c, h, proof->n), SEAL_E_PROOF);
	}
}

static void refuse_another_claim(const struct claim *c,
				 const struct seal_proof *proof)
{
	struct claim other = *c;

	other.part.b[0] ^= 0x80;
	assert_int_equal(check(&other, proof->hash, proof->n), SEAL_E_PROOF);
	other = *c;
	other.root.b[31] ^= 1;
	assert_int_equal(check(&other, proof->hash, proof->n), SEAL_E_PROOF);
	other = *c;
	other.size = c->end - 1;
	assert_int_equal(check(&other, proof->hash, proof->n), SEAL_E_PROOF);
	other = *c;
	other.end = c->start;
	assert_int_equal(seal_proof_check_subtree(other.start, other.end,
						  &other.part, other.size,
						  &other.root, proof->hash,
						  proof->n),
			 SEAL_E_PROOF);
}

static void every_proof_is_exact(void **state)
{
	struct test_tree *t = *state;
	struct seal_proof proof;
	struct claim c;

	for (c.size = 1; c.size < TEST_TREE_SIZES; c.size++) {
		c.root = t->root[c.size];
		for (c.end = 1; c.end <= c.size; c.end++) {
			for (c.start = 0; c.start < c.end; c.start++) {
				if (!test_subtree_valid(c.start, c.end))
					continue;
				c.part = test_root_of(t->leaf + c.start,
						      c.end - c.start);
				assert_int_equal(seal_proof_subtree(
							 c.start, c.end, c.size,
							 seal_tail_node,
							 &t->all, &proof),
						 0);
				assert_int_equal(check(&c, proof.hash, proof.n),
						 0);
				refuse_changed_hashes(&c, &proof);
				refuse_another_claim(&c, &proof);
			}
		}
	}
}

/* A leaf's proof does not prove its neighbour, nor another size. */
static void a_place_is_proven_not_only_a_hash(void **state)
{
	struct test_tree *t = *state;
	struct seal_proof proof;
	uint64_t i, j, n, m;

	for (n = 1; n <= 24; n++) {
		for (i = 0; i < n; i++) {
			assert_int_equal(seal_proof_inclusion(i, n,
							      seal_tail_node,
							      &t->all, &proof),
					 0);
			for (j = 0; j < n; j++) {
				m = seal_proof_check_inclusion(
					    j, &t->leaf[i], n, &t->root[n],
					    proof.hash, proof.n) == 0;
				assert_int_equal(m, i == j);
			}
		}
	}
}

static void sizes_are_not_exchangeable(void **state)
{
	struct test_tree *t = *state;
	struct seal_proof proof;
	uint64_t old, n, m;
	int rc;

	for (n = 1; n <= 24; n++) {
		for (old = 1; old <= n; old++) {
			assert_int_equal(
				seal_proof_consistency(old, n, seal_tail_node,
						       &t->all, &proof),
				0);
			for (m = 0; m <= 26; m++) {
				rc = seal_proof_check_consistency(
					m, &t->root[old], n, &t->root[n],
					proof.hash, proof.n);
				assert_int_equal(rc,
						 m == old ? 0 : SEAL_E_PROOF);
			}
		}
	}
}

static void empty_and_equal_trees(void **state)
{
	struct test_tree *t = *state;
	struct seal_proof proof = {.n = 9};

	assert_int_equal(
		seal_proof_consistency(0, 5, seal_tail_node, &t->all, &proof),
		0);
	assert_int_equal(proof.n, 0);
	assert_int_equal(seal_proof_check_consistency(0, &t->root[0], 5,
						      &t->root[5], NULL, 0),
			 0);
	assert_int_equal(seal_proof_check_consistency(0, &t->root[0], 5,
						      &t->root[5], t->leaf, 1),
			 SEAL_E_PROOF);
	assert_int_equal(seal_proof_check_consistency(0, &t->root[1], 5,
						      &t->root[5], NULL, 0),
			 SEAL_E_PROOF);
	assert_int_equal(seal_proof_check_consistency(0, &t->root[0], 0,
						      &t->root[0], NULL, 0),
			 0);
	assert_int_equal(seal_proof_check_consistency(0, &t->root[0], 0,
						      &t->root[1], NULL, 0),
			 SEAL_E_PROOF);
	assert_int_equal(
		seal_proof_consistency(7, 7, seal_tail_node, &t->all, &proof),
		0);
	assert_int_equal(proof.n, 0);
	assert_int_equal(seal_proof_check_consistency(7, &t->root[7], 7,
						      &t->root[7], NULL, 0),
			 0);
	assert_int_equal(seal_proof_check_consistency(7, &t->root[7], 7,
						      &t->root[6], NULL, 0),
			 SEAL_E_PROOF);
}

static void what_has_no_proof(void **state)
{
	struct test_tree *t = *state;
	struct seal_proof proof;

	assert_int_equal(
		seal_proof_inclusion(5, 5, seal_tail_node, &t->all, &proof),
		SEAL_E_ARG);
	assert_int_equal(
		seal_proof_consistency(6, 5, seal_tail_node, &t->all, &proof),
		SEAL_E_ARG);
	assert_int_equal(
		seal_proof_subtree(1, 3, 8, seal_tail_node, &t->all, &proof),
		SEAL_E_ARG);
	assert_int_equal(
		seal_proof_subtree(4, 8, 7, seal_tail_node, &t->all, &proof),
		SEAL_E_ARG);
	assert_int_equal(seal_proof_subtree(0, UINT64_MAX, UINT64_MAX,
					    seal_tail_node, &t->all, &proof),
			 SEAL_E_ARG);
	assert_int_equal(seal_proof_inclusion(0, TEST_TREE_LEAVES + 1,
					      seal_tail_node, &t->all, &proof),
			 SEAL_E_NOTFOUND);
	assert_false(seal_subtree_valid(3, 3));
	assert_false(seal_subtree_valid(4, 3));
	assert_false(seal_subtree_valid(2, 5));
	assert_true(seal_subtree_valid(4, 5));
	assert_true(seal_subtree_valid(0, SEAL_TREE_SIZE_MAX));
	assert_false(seal_subtree_valid(0, SEAL_TREE_SIZE_MAX + 1));
}

/* --- a tree too large to build --- */

/* Any hash will do as a node: only the number of hashes is looked at. */
static int any_node(void *ctx, unsigned level, uint64_t index,
		    struct seal_hash *ret_node)
{
	(void)ctx;
	memset(ret_node, 0, sizeof(*ret_node));
	memcpy(ret_node, &index, sizeof(index));
	ret_node->b[31] = (uint8_t)level;
	return 0;
}

static void the_largest_trees(void **state)
{
	struct seal_hash leaf, root, many[64];
	struct seal_frontier f;
	struct seal_proof proof;
	unsigned level;

	(void)state;
	/* the frontier that any_node's nodes give for 2^63 - 1 leaves */
	seal_frontier_init(&f);
	f.size = SEAL_TREE_SIZE_MAX;
	for (level = 0; level < SEAL_TREE_LEVELS; level++)
		assert_int_equal(any_node(NULL, level, (f.size >> level) - 1,
					  &f.node[level]),
				 0);
	assert_int_equal(seal_frontier_root(&f, &root), 0);

	assert_int_equal(any_node(NULL, 0, SEAL_TREE_SIZE_MAX - 1, &leaf), 0);
	assert_int_equal(seal_proof_inclusion(SEAL_TREE_SIZE_MAX - 1,
					      SEAL_TREE_SIZE_MAX, any_node,
					      NULL, &proof),
			 0);
	assert_int_equal(proof.n, 62);
	assert_int_equal(seal_proof_check_inclusion(SEAL_TREE_SIZE_MAX - 1,
						    &leaf, SEAL_TREE_SIZE_MAX,
						    &root, proof.hash, proof.n),
			 0);
	assert_int_equal(seal_proof_inclusion(0, SEAL_TREE_SIZE_MAX, any_node,
					      NULL, &proof),
			 0);
	assert_int_equal(proof.n, 63);
	/* one hash more than C2SP allows */
	assert_int_equal(seal_proof_consistency(3, SEAL_TREE_SIZE_MAX, any_node,
						NULL, &proof),
			 SEAL_E_TOOBIG);
	memset(many, 0, sizeof(many));
	assert_int_equal(seal_proof_check_consistency(
				 3, &leaf, SEAL_TREE_SIZE_MAX, &root, many, 64),
			 SEAL_E_PROOF);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(draft_subtree_hashes),
		cmocka_unit_test(draft_inclusion_proofs),
		cmocka_unit_test(draft_consistency_proofs),
		cmocka_unit_test(every_proof_is_exact),
		cmocka_unit_test(a_place_is_proven_not_only_a_hash),
		cmocka_unit_test(sizes_are_not_exchangeable),
		cmocka_unit_test(empty_and_equal_trees),
		cmocka_unit_test(what_has_no_proof),
		cmocka_unit_test(the_largest_trees),
	};

	return cmocka_run_group_tests_name("proof", tests, test_tree_make,
					   test_tree_free);
}
