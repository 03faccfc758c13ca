/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that speaks of up to 2^60 entries and has few of them: the verifier
 * ends, and asks for little more than what is there.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/entry.h"
#include "core/policy.h"
#include "core/verify_tree.h"
#include "tests/attack/attack.h"
#include "tests/lib/testlog.h"

#define SIZE_20 ((uint64_t)1 << 20)
#define SIZE_40 ((uint64_t)1 << 40)
#define SIZE_60 ((uint64_t)1 << 60)

/* Two for each tile on the right edge and each of its children, no more. */
#define EDGE_PULLS (8 * 2 * 257)

/* A copy: what is there of it, and how often it was asked. */
struct giant {
	uint64_t size;
	struct {
		uint64_t first, end; /* bundles */
	} there[4];
	size_t ranges;
	const struct seal_hash *top; /* the tile of level 7 */
	bool lists;		     /* it can say what comes next */
	uint8_t bundle[256 * (2 + 16)];
	uint64_t pulls, looks;

	struct seal_key *host;
	struct seal_policy *policy;
	struct seal_hash root;
	struct seal_verdict verdict;
	char found[512];
};

static bool is_there(const struct giant *g, uint64_t number)
{
	size_t i;

	for (i = 0; i < g->ranges; i++)
		if (number >= g->there[i].first && number < g->there[i].end)
			return true;
	return false;
}

static uint64_t there_count(const struct giant *g)
{
	uint64_t count = 0;
	size_t i;

	for (i = 0; i < g->ranges; i++)
		count += g->there[i].end - g->there[i].first;
	return count;
}

/* Records, all of one length. */
static size_t make_bundle(struct giant *g, uint64_t number, unsigned width)
{
	struct seal_buf b = SEAL_BUF_INIT;
	uint8_t entry[SEAL_ENTRY_HEADER_BYTES + 4] = {0};
	size_t len;
	unsigned i;

	for (i = 0; i < width; i++) {
		seal_entry_put_header(entry, SEAL_ENTRY_RECORD, 0,
				      1000000 + number * 256 + i);
		memcpy(entry + SEAL_ENTRY_HEADER_BYTES, &i, sizeof(i));
		seal_buf_put_u16(&b, sizeof(entry));
		seal_buf_put(&b, entry, sizeof(entry));
	}
	assert_int_equal(seal_buf_error(&b), 0);
	assert_true(b.len <= sizeof(g->bundle));
	memcpy(g->bundle, b.data, b.len);
	len = b.len;
	seal_buf_fini(&b);
	return len;
}

static int tile(void *ctx, unsigned level, uint64_t number, unsigned width,
		struct seal_hash *ret_hashes, unsigned *ret_width,
		struct seal_diag *diag)
{
	struct giant *g = ctx;
	unsigned i;

	(void)diag;
	g->pulls++;
	*ret_width = 0;
	if (level == 7 && g->top) {
		assert_int_equal(number, 0);
		memcpy(ret_hashes, g->top, width * sizeof(*g->top));
		*ret_width = width;
	}
	if (level || !is_there(g, number))
		return 0;
	make_bundle(g, number, width);
	for (i = 0; i < width; i++)
		assert_int_equal(seal_leaf_hash(g->bundle + i * 16 + 2, 14,
						&ret_hashes[i]),
				 0);
	*ret_width = width;
	return 0;
}

static int bundle(void *ctx, uint64_t number, unsigned width, bool all,
		  const uint8_t **ret_bytes, size_t *ret_len,
		  struct seal_diag *diag)
{
	struct giant *g = ctx;

	(void)diag;
	(void)all;
	g->pulls++;
	*ret_bytes = g->bundle;
	*ret_len = is_there(g, number) ? make_bundle(g, number, width) : 0;
	return 0;
}

static int next(void *ctx, uint64_t number, uint64_t *ret_number,
		struct seal_diag *diag)
{
	struct giant *g = ctx;
	uint64_t best = UINT64_MAX, at;
	size_t i;

	(void)diag;
	g->looks++;
	for (i = 0; i < g->ranges; i++) {
		at = number > g->there[i].first ? number : g->there[i].first;
		if (at < g->there[i].end && at < best)
			best = at;
	}
	if (best == UINT64_MAX)
		return SEAL_E_NOTFOUND;
	*ret_number = best;
	return 0;
}

static int feed(void *ctx, struct seal_verify *v, struct seal_diag *diag)
{
	struct giant *g = ctx;
	struct seal_verify_source source = {.ctx = g,
					    .tile = tile,
					    .bundle = bundle,
					    .next = g->lists ? next : NULL};
	struct seal_buf note = SEAL_BUF_INIT;
	struct seal_checkpoint cp;
	int rc;

	assert_int_equal(
		seal_checkpoint_init(&cp, TEST_ORIGIN, g->size, &g->root), 0);
	assert_int_equal(seal_checkpoint_put_signed(&note, &cp, g->host, NULL),
			 0);
	rc = seal_verify_name(v, TEST_ORIGIN);
	if (!rc)
		rc = seal_verify_note(v, SEAL_VERIFY_NOTE_CHECKPOINT, note.data,
				      note.len, "checkpoint");
	if (!rc)
		rc = seal_verify_tree(v, &source, 0, diag);
	seal_buf_fini(&note);
	return rc;
}

static void judge(struct giant *g)
{
	struct seal_verify_options options = {.target = SEAL_VERIFY_STORE,
					      .policy = g->policy,
					      .origin = TEST_ORIGIN,
					      .as_of_us = 2000000};
	struct seal_diag diag;

	seal_verdict_fini(&g->verdict);
	g->pulls = g->looks = 0;
	assert_int_equal(seal_verify_run(&options, feed, g, &g->verdict, &diag),
			 0);
	attack_found(&g->verdict, g->found, sizeof(g->found));
}

/* Of the findings, the one about absent entries. */
static void assert_absent(struct giant *g, const char *id, uint64_t first,
			  uint64_t last, bool within)
{
	unsigned number = seal_finding_number(id);
	const struct seal_finding *f;
	size_t i, count = 0;

	for (i = 0; i < g->verdict.findings.n; i++) {
		f = &g->verdict.findings.v[i];
		if (f->number != 1 && f->number != 2 && f->number != 7 &&
		    f->number != 30)
			continue;
		count++;
		if (f->number != number || f->first != first ||
		    f->last != last || f->within != within)
			fail_msg("%s", g->found);
		assert_int_equal(!!strstr(f->text, "not looked at"), within);
	}
	if (count != 1)
		fail_msg("%s", g->found);
	assert_int_equal(g->verdict.exit_status, 2);
	assert_int_equal(g->verdict.not_proven_count, 1);
	assert_int_equal(g->verdict.not_proven[0].first, first);
	assert_int_equal(g->verdict.not_proven[0].last, last);
}

static void put(struct giant *g, uint64_t first, uint64_t end)
{
	g->there[g->ranges].first = first;
	g->there[g->ranges++].end = end;
}

static const uint64_t sizes[] = {SIZE_20,	  SIZE_20 + 5, SIZE_40,
				 SIZE_40 + 77777, SIZE_60 - 1, SIZE_60,
				 SIZE_60 + 1};

static void what_is_absent_is_passed_over(void **state)
{
	struct giant *g = *state;
	uint64_t bundles;
	size_t i;

	g->lists = true;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		g->size = sizes[i];
		bundles = (g->size + 255) / 256;
		g->ranges = 0;
		judge(g);
		assert_absent(g, "AS007", 0, g->size - 1, false);
		assert_true(g->pulls <= EDGE_PULLS);
		assert_int_equal(g->looks, 1);

		put(g, 0, 3);
		judge(g);
		assert_absent(g, "AS007", 3 * 256, g->size - 1, false);
		assert_true(g->pulls <= EDGE_PULLS + 2 * 3);

		put(g, bundles - 2, bundles);
		judge(g);
		assert_absent(g, "AS002", 3 * 256, (bundles - 2) * 256 - 1,
			      false);
		assert_true(g->pulls <= EDGE_PULLS + 2 * 5);

		g->ranges = 0;
		put(g, bundles - 2, bundles);
		judge(g);
		assert_absent(g, "AS002", 0, (bundles - 2) * 256 - 1, false);
		assert_true(g->pulls <= EDGE_PULLS + 2 * 2);
		assert_true(g->looks <= there_count(g) + 1);
	}
}

/* Who cannot say what comes next is asked for a while. */
static void who_cannot_say_is_given_up(void **state)
{
	const uint64_t row = SEAL_VERIFY_ABSENT_MAX;
	struct giant *g = *state;
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		g->size = sizes[i];
		g->ranges = 0;
		judge(g);
		assert_absent(g, "AS007", 0, g->size - 1, true);
		assert_true(g->pulls <= EDGE_PULLS + 2 * row);

		put(g, 0, 3);
		/* Just near enough; and one that is not. */
		put(g, 2 + row, 4 + row);
		put(g, 4 + 2 * row, 5 + 2 * row);
		judge(g);
		assert_int_equal(g->verdict.not_proven_count, 2);
		assert_int_equal(g->verdict.not_proven[0].first, 3 * 256);
		assert_int_equal(g->verdict.not_proven[0].last,
				 (2 + row) * 256 - 1);
		assert_int_equal(g->verdict.not_proven[1].first,
				 (4 + row) * 256);
		assert_int_equal(g->verdict.not_proven[1].last, g->size - 1);
		assert_true(g->pulls <= EDGE_PULLS + 2 * (5 + 2 * row));
	}
}

/* Something for every number, which nothing proves. */
static void who_makes_up_everything_is_given_up(void **state)
{
	const uint64_t most = SEAL_VERIFY_ADRIFT_MAX;
	struct giant *g = *state;

	put(g, 0, UINT64_MAX / 256);
	g->size = SIZE_60 + 1;
	judge(g);
	assert_true(g->pulls <= EDGE_PULLS + 2 * most);
	assert_absent(g, "AS007", most * 256, g->size - 1, true);
	/* A copy that can list what it has is looked through. */
	g->lists = true;
	g->size = (most + 3) * 256;
	judge(g);
	assert_true(g->pulls >= 2 * (most + 3));
	assert_null(strstr(g->found, "AS007"));
}

/* A small gap is looked through to its end. */
static void a_small_gap_needs_no_list(void **state)
{
	const uint64_t row = SEAL_VERIFY_ABSENT_MAX;
	struct giant *g = *state;

	g->size = (row + 3) * 256;
	put(g, 0, 3);
	put(g, row + 2, row + 3);
	judge(g);
	assert_absent(g, "AS002", 3 * 256, (row + 2) * 256 - 1, false);
	g->ranges = 1;
	judge(g);
	assert_absent(g, "AS007", 3 * 256, g->size - 1, false);
	g->size += 256;
	judge(g);
	assert_absent(g, "AS007", 3 * 256, g->size - 1, true);
}

/* The topmost tile is there and proven, and nothing below it. */
static void a_proven_root_is_no_help(void **state)
{
	struct giant *g = *state;
	struct seal_hash top[16];

	memset(top, 7, sizeof(top));
	g->top = top;
	g->size = SIZE_60;
	assert_int_equal(seal_root_of(top, 16, &g->root), 0);
	g->lists = true;
	judge(g);
	assert_absent(g, "AS007", 0, SIZE_60 - 1, false);
	assert_true(g->pulls <= 17 * 257 + 1);

	/* Where something is, it does not give what is proven. */
	put(g, 1000, 1001);
	judge(g);
	assert_non_null(strstr(g->found, "AS001[0,72057594037927935]w"));
	assert_non_null(strstr(g->found,
			       "AS007[72057594037927936,1152921504606846975]"));
	assert_true(g->pulls <= 17 * 257 + 1);
	assert_int_equal(g->verdict.not_proven_count, 1);
	g->top = NULL;
}

static int setup(void **state)
{
	struct giant *g = calloc(1, sizeof(*g));
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_vkey host;
	int rc;

	if (!g)
		return -1;
	g->host = test_key(NULL);
	memset(&g->root, 0x5a, sizeof(g->root));
	rc = seal_vkey_init(&host, TEST_ORIGIN, SEAL_KEY_ED25519,
			    seal_key_public(g->host), NULL);
	seal_buf_put_str(&text, "log ");
	seal_vkey_put(&text, &host);
	seal_buf_put_str(&text, "\nquorum none\n");
	if (!rc)
		rc = seal_policy_parse(text.data, text.len, "policy",
				       &g->policy, NULL);
	seal_vkey_fini(&host);
	seal_buf_fini(&text);
	*state = g;
	return rc;
}

static int teardown(void **state)
{
	struct giant *g = *state;

	seal_verdict_fini(&g->verdict);
	seal_policy_free(g->policy);
	seal_key_free(g->host);
	free(g);
	return 0;
}

#define GIANT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		GIANT(what_is_absent_is_passed_over),
		GIANT(who_cannot_say_is_given_up),
		GIANT(who_makes_up_everything_is_given_up),
		GIANT(a_small_gap_needs_no_list),
		GIANT(a_proven_root_is_no_help),
	};

	if (seal_crypto_init(NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
