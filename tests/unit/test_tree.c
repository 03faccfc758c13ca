/* SPDX-License-Identifier: Apache-2.0 */
/* The Merkle tree: hashes, frontier, roots. */
#include "core/tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "core/proof.h"
#include "tests/lib/hash_fault.h"
#include "tests/lib/testdata.h"

static struct seal_hash hash_of(const char *hex)
{
	struct seal_hash hash;
	uint8_t *bytes;
	size_t len;

	bytes = test_hex_decode(hex, &len);
	assert_int_equal(len, sizeof(hash.b));
	memcpy(hash.b, bytes, len);
	free(bytes);
	return hash;
}

static void assert_hash(const struct seal_hash *got, const char *hex)
{
	struct seal_hash want = hash_of(hex);

	assert_memory_equal(got->b, want.b, sizeof(want.b));
}

static struct seal_hash leaf_of(const char *hex)
{
	struct seal_hash leaf;
	uint8_t *bytes;
	size_t len;

	bytes = test_hex_decode(hex, &len);
	assert_int_equal(seal_leaf_hash(bytes, len, &leaf), 0);
	free(bytes);
	return leaf;
}

/* Another way to the root: the definition of RFC 6962, section 2.1. */
static struct seal_hash root_by_definition(const struct seal_hash *leaf,
					   size_t n)
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
	left = root_by_definition(leaf, k);
	right = root_by_definition(leaf + k, n - k);
	assert_int_equal(seal_node_hash(&left, &right, &root), 0);
	return root;
}

/* The leaves and roots known from RFC 6962's reference implementation. */
static const char *const ct_leaf[] = {
	"",
	"00",
	"10",
	"2021",
	"3031",
	"40414243",
	"5051525354555657",
	"606162636465666768696a6b6c6d6e6f",
};

static const char *const ct_root[] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void known_roots(void **state)
{
	struct seal_frontier f;
	struct seal_hash leaf, root;
	size_t i;

	(void)state;
	seal_frontier_init(&f);
	for (i = 0; i <= 8; i++) {
		assert_int_equal(seal_frontier_root(&f, &root), 0);
		assert_hash(&root, ct_root[i]);
		if (i == 8)
			break;
		leaf = leaf_of(ct_leaf[i]);
		assert_int_equal(seal_frontier_append(&f, &leaf), 0);
	}
	seal_empty_root(&root);
	assert_hash(&root, ct_root[0]);
}

/* The frames, leaves and roots of the golden log. */
static const char golden_frame0[] =
	"00002800100000060a24181e40007b2277686f223a22616c696365222c22616374223a"
	"226c6f67696e227da0fa6479";

static void golden_log(void **state)
{
	static const char *const leaf_hex[] = {
		"a0fa64795bb5a70d24756d06e05f01a34c7fdc381164ab778c7c7d4ce942"
		"1c96",
		"89baff95903a82303148e10eebd2479ef485829ff91d8792f3d6318b1650"
		"4425",
		"566c8c7529a05807cf5143b7f4f0a0faa0ec9042c7d6ecae58839cf8ac66"
		"5ad3",
		"4f61bf95d6e2a87c45eb0309bf1fe4a068689d1beb6fbeb92b1d8507bf35"
		"229d",
	};
	struct seal_hash leaf[4], root;
	uint8_t *frame;
	size_t len, i;

	(void)state;
	frame = test_hex_decode(golden_frame0, &len);
	/* from kind to body: without the length and the tag */
	assert_int_equal(seal_leaf_hash_framed(frame + 3, len - 3 - 4, &root),
			 0);
	assert_hash(&root, leaf_hex[0]);
	assert_int_equal(seal_leaf_hash(frame + 4, len - 4 - 4, &root), 0);
	assert_hash(&root, leaf_hex[0]);
	free(frame);

	for (i = 0; i < 4; i++)
		leaf[i] = hash_of(leaf_hex[i]);
	assert_int_equal(seal_root_of(leaf, 3, &root), 0);
	assert_hash(&root, "73c2efd654c2614904244bd5409eec8f912bd0786ec593858d"
			   "364885c5c84d8f");
	assert_int_equal(seal_root_of(leaf, 4, &root), 0);
	assert_hash(&root, "a55ae547d1e40a85a91152769715399b3c031e1896157a7c18"
			   "126364ee8650b8");
}

static void framed_needs_its_zero(void **state)
{
	struct seal_hash leaf;

	(void)state;
	assert_int_equal(seal_leaf_hash_framed("\1x", 2, &leaf), SEAL_E_ARG);
	assert_int_equal(seal_leaf_hash_framed("", 0, &leaf), SEAL_E_ARG);
}

enum {
	MANY = 700
};

static void make_leaves(struct seal_hash *leaf)
{
	uint8_t entry[2];
	size_t i;

	for (i = 0; i < MANY; i++) {
		entry[0] = (uint8_t)(i >> 8);
		entry[1] = (uint8_t)i;
		assert_int_equal(seal_leaf_hash(entry, 2, &leaf[i]), 0);
	}
}

static void roots_follow_the_definition(void **state)
{
	struct seal_hash leaf[MANY], root, want;
	struct seal_frontier f, g;
	size_t n;

	(void)state;
	make_leaves(leaf);
	seal_frontier_init(&f);
	for (n = 0; n < MANY; n++) {
		want = root_by_definition(leaf, n);
		assert_int_equal(seal_frontier_root(&f, &root), 0);
		assert_memory_equal(root.b, want.b, sizeof(want.b));
		seal_frontier_init(&g);
		assert_int_equal(seal_frontier_append_many(&g, leaf, n), 0);
		assert_int_equal(g.size, n);
		assert_int_equal(seal_frontier_root(&g, &root), 0);
		assert_memory_equal(root.b, want.b, sizeof(want.b));
		assert_int_equal(seal_frontier_append(&f, &leaf[n]), 0);
	}
}

static void out_and_in_again(void **state)
{
	struct seal_hash leaf[MANY], node[SEAL_TREE_LEVELS], want, root;
	struct seal_frontier f, g;
	unsigned count;
	size_t n;

	(void)state;
	make_leaves(leaf);
	seal_frontier_init(&f);
	for (n = 0; n < MANY; n++) {
		count = seal_frontier_get(&f, node);
		assert_int_equal(count, __builtin_popcountll(n));
		assert_int_equal(count, seal_frontier_count(n));
		assert_int_equal(seal_frontier_set(&g, n, node, count), 0);
		assert_int_equal(seal_frontier_root(&f, &want), 0);
		assert_int_equal(seal_frontier_root(&g, &root), 0);
		assert_memory_equal(root.b, want.b, sizeof(want.b));
		assert_int_equal(seal_frontier_set(&g, n, node, count + 1),
				 SEAL_E_FORMAT);
		if (count > 0)
			assert_int_equal(
				seal_frontier_set(&g, n, node, count - 1),
				SEAL_E_FORMAT);
		assert_int_equal(seal_frontier_append(&f, &leaf[n]), 0);
	}
}

static void largest_subtree_first(void **state)
{
	struct seal_hash leaf[MANY], node[SEAL_TREE_LEVELS], want;
	struct seal_frontier f;

	(void)state;
	make_leaves(leaf);
	seal_frontier_init(&f);
	assert_int_equal(seal_frontier_append_many(&f, leaf, 7), 0);
	assert_int_equal(seal_frontier_get(&f, node), 3);
	want = root_by_definition(leaf, 4);
	assert_memory_equal(node[0].b, want.b, sizeof(want.b));
	want = root_by_definition(leaf + 4, 2);
	assert_memory_equal(node[1].b, want.b, sizeof(want.b));
	assert_memory_equal(node[2].b, leaf[6].b, sizeof(want.b));
}

static void subtrees_are_appended_whole(void **state)
{
	struct seal_hash leaf[MANY], sub, want, root;
	struct seal_frontier f;

	(void)state;
	make_leaves(leaf);
	seal_frontier_init(&f);
	sub = root_by_definition(leaf, 256);
	assert_int_equal(seal_frontier_append_subtree(&f, 8, &sub), 0);
	sub = root_by_definition(leaf + 256, 256);
	assert_int_equal(seal_frontier_append_subtree(&f, 8, &sub), 0);
	assert_int_equal(seal_frontier_append(&f, &leaf[512]), 0);
	assert_int_equal(seal_frontier_append_subtree(&f, 1, &sub), SEAL_E_ARG);
	assert_int_equal(f.size, 513);
	want = root_by_definition(leaf, 513);
	assert_int_equal(seal_frontier_root(&f, &root), 0);
	assert_memory_equal(root.b, want.b, sizeof(want.b));
}

static void open_bundle_is_a_tree_of_its_own(void **state)
{
	struct seal_hash leaf[MANY], want, root;
	struct seal_frontier f, below;
	size_t n;

	(void)state;
	make_leaves(leaf);
	seal_frontier_init(&f);
	for (n = 0; n < MANY; n++) {
		seal_frontier_below(&f, 8, &below);
		assert_int_equal(below.size, n % 256);
		want = root_by_definition(leaf + n / 256 * 256, n % 256);
		assert_int_equal(seal_frontier_root(&below, &root), 0);
		assert_memory_equal(root.b, want.b, sizeof(want.b));
		assert_int_equal(seal_frontier_append(&f, &leaf[n]), 0);
	}
	seal_frontier_below(&f, SEAL_TREE_LEVELS, &below);
	assert_int_equal(below.size, f.size);
	seal_frontier_below(&f, 64, &below);
	assert_int_equal(below.size, f.size);
}

static void sizes_end_below_2_to_63(void **state)
{
	struct seal_hash node[SEAL_TREE_LEVELS] = {{{0}}}, before, after;
	struct seal_frontier f;

	(void)state;
	assert_int_equal(seal_frontier_set(&f, SEAL_TREE_SIZE_MAX + 1, node, 1),
			 SEAL_E_RANGE);
	assert_int_equal(seal_frontier_set(&f, SEAL_TREE_SIZE_MAX, node, 63),
			 0);
	assert_int_equal(seal_frontier_root(&f, &before), 0);
	assert_int_equal(seal_frontier_append(&f, &node[0]), SEAL_E_RANGE);
	assert_int_equal(seal_frontier_append_many(&f, node, 2), SEAL_E_RANGE);
	assert_int_equal(f.size, SEAL_TREE_SIZE_MAX);
	assert_int_equal(seal_frontier_root(&f, &after), 0);
	assert_memory_equal(before.b, after.b, sizeof(after.b));
	assert_int_equal(seal_frontier_append_subtree(&f, 63, node),
			 SEAL_E_ARG);
	assert_int_equal(seal_frontier_append_subtree(&f, 64, node),
			 SEAL_E_ARG);
}

static void foreign_inclusion_proof(void **state)
{
	static const char record[] =
		"{\"seq\":2,\"actor\":\"alice\",\"action\":\"db.update\","
		"\"object\":\"t/1\",\"n\":4}";
	/* of c2sp/rec2.tlog-proof: made in Go with sumdb/tlog */
	static const char hex[] = "e7c1a98bb316e38c21818f4b05daa1f9"
				  "6c660363edad1ed82ea87e58b9452e9e"
				  "610f721af3dca80a2ecaf91518fc5542"
				  "fbe9831a7ba97037a3f153afe34823b6"
				  "d780d9210a6bb5a3471b836c9277f5a7"
				  "465c7d0148cf0cd9594df83d1296ea95"
				  "f39bbbf49e93bc147f001c8ee6fa4220"
				  "d37399883c3f0cc2aec53e9cf4c69ace";
	struct seal_hash leaf, hash[4];
	uint8_t *bytes;
	size_t len;

	(void)state;
	bytes = test_hex_decode(hex, &len);
	assert_int_equal(len, sizeof(hash));
	memcpy(hash, bytes, len);
	free(bytes);
	assert_int_equal(seal_leaf_hash(record, strlen(record), &leaf), 0);
	assert_int_equal(
		seal_proof_check_inclusion(2, &leaf, 5, &hash[3], hash, 3), 0);
	assert_int_equal(
		seal_proof_check_inclusion(3, &leaf, 5, &hash[3], hash, 3),
		SEAL_E_PROOF);
}

/* A hash that was not computed changes nothing. */
static int hash_a_little(void *arg)
{
	const struct seal_hash *leaf = arg;
	struct seal_hash own, root, last = {{0}};
	struct seal_frontier f, before;
	int rc;

	seal_frontier_init(&f);
	root = last;
	rc = seal_leaf_hash("x", 1, &own);
	if (rc == 0)
		rc = seal_leaf_hash_framed("\0x", 2, &own);
	if (rc == 0)
		rc = seal_frontier_append_many(&f, leaf, 7);
	if (rc < 0) {
		assert_int_equal(f.size, 0);
		return rc;
	}
	before = f;
	rc = seal_frontier_append(&f, &leaf[7]);
	if (rc < 0) {
		assert_memory_equal(&f, &before, sizeof(f));
		return rc;
	}
	rc = seal_root_of(leaf, 7, &root);
	if (rc < 0)
		assert_memory_equal(&root, &last, sizeof(root));
	return rc;
}

static void hashing_can_fail(void **state)
{
	struct seal_hash leaf[MANY];

	(void)state;
	make_leaves(leaf);
	/* 2 leaves, 4 nodes of 7 leaves, 3 carries, 4 nodes and 2 to fold */
	assert_int_equal(hash_fail_every(hash_a_little, leaf),
			 2 + 4 + 3 + 4 + 2);
}

static int start(void **state)
{
	(void)state;
	return seal_crypto_init(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_roots),
		cmocka_unit_test(golden_log),
		cmocka_unit_test(framed_needs_its_zero),
		cmocka_unit_test(roots_follow_the_definition),
		cmocka_unit_test(out_and_in_again),
		cmocka_unit_test(largest_subtree_first),
		cmocka_unit_test(subtrees_are_appended_whole),
		cmocka_unit_test(open_bundle_is_a_tree_of_its_own),
		cmocka_unit_test(sizes_end_below_2_to_63),
		cmocka_unit_test(foreign_inclusion_proof),
		cmocka_unit_test(hashing_can_fail),
	};

	return cmocka_run_group_tests_name("tree", tests, start, NULL);
}
