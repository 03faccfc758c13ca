/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of the verifier by themselves: what they refuse, how much they
 * keep, what a verdict without a log says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/verify_int.h"

static struct seal_verify *begin(struct seal_verify_options *options)
{
	struct seal_verify *v;

	if (!options->target)
		options->target = SEAL_VERIFY_STORE;
	assert_int_equal(seal_verify_new(options, &v), 0);
	return v;
}

static void options_are_looked_at(void **state)
{
	char origin[SEAL_VERIFY_NAME_BYTES + 1];
	struct seal_verify_options o = {0};
	struct seal_verify *v = NULL;

	(void)state;
	assert_int_equal(seal_verify_new(&o, &v), SEAL_E_ARG);
	o.target = SEAL_VERIFY_STORE + 1;
	assert_int_equal(seal_verify_new(&o, &v), SEAL_E_ARG);
	memset(origin, 'a', sizeof(origin));
	origin[SEAL_VERIFY_NAME_BYTES] = '\0';
	o.target = SEAL_VERIFY_SPOOL;
	o.origin = origin;
	assert_int_equal(seal_verify_new(&o, &v), SEAL_E_ARG);
	origin[SEAL_VERIFY_NAME_BYTES - 1] = '\0';
	seal_verify_free(begin(&o));
	o.have_expect_size = true;
	o.expect_size = SEAL_TREE_SIZE_MAX + 1;
	assert_int_equal(seal_verify_new(&o, &v), SEAL_E_ARG);
	assert_null(v);
	o.expect_size = SEAL_TREE_SIZE_MAX;
	seal_verify_free(begin(&o));
	seal_verify_free(NULL);
}

static void a_name_must_be_the_one_that_was_asked_for(void **state)
{
	struct seal_verify_options o = {.origin = "a.example/audit"};
	struct seal_verify *v = begin(&o);
	struct seal_verdict verdict;
	char name[SEAL_VERIFY_NAME_BYTES + 1];
	const struct seal_finding *f;

	(void)state;
	memset(name, 'a', sizeof(name));
	name[SEAL_VERIFY_NAME_BYTES] = '\0';
	assert_int_equal(seal_verify_name(v, name), SEAL_E_ARG);
	assert_int_equal(seal_verify_name(v, "a.example/audit"), 0);
	assert_int_equal(v->findings.n, 0);
	assert_int_equal(seal_verify_name(v, "b.example/audit"), 0);
	assert_int_equal(v->findings.n, 1);
	f = v->findings.v;
	assert_int_equal(f->number, 28);
	assert_int_equal(f->first, SEAL_FINDING_NO_INDEX);
	assert_int_equal(f->last, SEAL_FINDING_NO_INDEX);
	assert_string_equal(f->text, "this is the log b.example/audit");
	assert_string_equal(f->see, "auditseal explain AS028");
	assert_int_equal(seal_verify_finish(v, &verdict), 0);
	assert_string_equal(verdict.origin, "a.example/audit");
	assert_int_equal(verdict.exit_status, 2);
	/* Once only. */
	assert_int_equal(seal_verify_finish(v, &verdict), SEAL_E_ARG);
	seal_verdict_fini(&verdict);
	seal_verify_free(v);

	/* Without a question the copy's own name counts, up to its length. */
	o.origin = NULL;
	v = begin(&o);
	name[SEAL_VERIFY_NAME_BYTES - 1] = '\0';
	assert_int_equal(seal_verify_name(v, name), 0);
	assert_int_equal(seal_verify_finish(v, &verdict), 0);
	assert_string_equal(verdict.origin, name);
	seal_verdict_fini(&verdict);
	seal_verify_free(v);
}

/* The exit status when `many` findings fill the list and `one` comes last. */
static int overflow(unsigned many, unsigned one, struct seal_verdict *ret)
{
	struct seal_verify_options o = {0};
	struct seal_verify *v = begin(&o);
	char where[32];
	unsigned k;

	for (k = 0; k < SEAL_VERIFY_MAX_FINDINGS; k++) {
		snprintf(where, sizeof(where), "%u", k);
		assert_int_equal(
			verify_find(v, many, 1, 0, false, where, "one"), 0);
	}
	assert_int_equal(v->findings_dropped, 0);
	if (one)
		assert_int_equal(
			verify_find(v, one, 1, 0, false, "last", "one"), 0);
	assert_int_equal(v->findings_dropped, one ? 1 : 0);
	/* What an empty copy has besides finds no room either. */
	assert_int_equal(seal_verify_finish(v, ret), 0);
	seal_verify_free(v);
	return ret->exit_status;
}

static void what_has_no_room_still_counts(void **state)
{
	struct seal_verdict verdict;

	(void)state;
	assert_int_equal(overflow(29, 10, &verdict), 2);
	assert_int_equal(verdict.dropped_status, 2);
	assert_int_equal(verdict.findings.n, SEAL_VERIFY_MAX_FINDINGS);
	assert_true(verdict.findings_dropped > 1);
	seal_verdict_fini(&verdict);
	/* Of class U: that there is no anchor. */
	assert_int_equal(overflow(16, 0, &verdict), 3);
	assert_int_equal(verdict.dropped_status, 3);
	seal_verdict_fini(&verdict);
	/* Evidence in the list is graver than what was dropped. */
	assert_int_equal(overflow(10, 29, &verdict), 2);
	assert_int_equal(verdict.dropped_status, 3);
	seal_verdict_fini(&verdict);
}

static void an_exit_status_is_the_gravest(void **state)
{
	struct seal_verdict verdict = {.dropped_status = 1};
	struct seal_finding f = {.number = 33,
				 .first = SEAL_FINDING_NO_INDEX,
				 .last = SEAL_FINDING_NO_INDEX};

	(void)state;
	seal_findings_init(&verdict.findings);
	seal_verdict_judge(&verdict);
	assert_int_equal(verdict.exit_status, 1);
	verdict.dropped_status = 0;
	seal_verdict_judge(&verdict);
	assert_int_equal(verdict.exit_status, 0);
	assert_int_equal(seal_findings_add(&verdict.findings, &f), 0);
	verdict.dropped_status = 1;
	seal_verdict_judge(&verdict);
	assert_int_equal(verdict.exit_status, 3);
	verdict.dropped_status = 2;
	seal_verdict_judge(&verdict);
	assert_int_equal(verdict.exit_status, 2);
	seal_verdict_fini(&verdict);
	assert_int_equal(verdict.dropped_status, 0);
}

/* Only the dropped ones of class A. */
static void attention_that_was_dropped_is_1(void **state)
{
	struct seal_verify_options o = {0};
	struct seal_verify *v = begin(&o);

	(void)state;
	v->findings.n = SEAL_VERIFY_MAX_FINDINGS;
	assert_int_equal(verify_find(v, 16, 1, 0, false, NULL, "x"), 0);
	assert_false(v->dropped_a || v->dropped_u || v->dropped_d);
	assert_int_equal(verify_find(v, 29, 1, 0, false, NULL, "x"), 0);
	assert_true(v->dropped_a && !v->dropped_u && !v->dropped_d);
	assert_int_equal(verify_find(v, 33, 1, 0, false, NULL, "x"), 0);
	assert_true(v->dropped_u && !v->dropped_d);
	assert_int_equal(verify_find(v, 1, 1, 0, false, NULL, "x"), 0);
	assert_true(v->dropped_d);
	assert_int_equal(v->findings_dropped, 4);
	v->findings.n = 0;
	seal_verify_free(v);
}

/* The same cause at the same place is said once; all else is another one. */
static void a_finding_is_not_said_twice_running(void **state)
{
	struct seal_verify_options o = {0};
	struct seal_verify *v = begin(&o);

	(void)state;
	v->proven_us = 7;
	assert_int_equal(verify_find(v, 30, 3, 4, false, "a", "x"), 0);
	assert_int_equal(verify_find(v, 30, 3, 4, false, "a", "x"), 0);
	assert_int_equal(v->findings.n, 1);
	assert_int_equal(v->findings.v[0].time_before_us, 7);
	assert_int_equal(verify_find(v, 1, 3, 4, false, "a", "x"), 0);
	assert_int_equal(verify_find(v, 1, 2, 4, false, "a", "x"), 0);
	assert_int_equal(verify_find(v, 1, 2, 5, false, "a", "x"), 0);
	assert_int_equal(verify_find(v, 1, 2, 5, false, "b", "x"), 0);
	assert_int_equal(verify_find(v, 1, 2, 5, false, "b", "y"), 0);
	assert_int_equal(verify_find(v, 1, 2, 5, false, NULL, "y"), 0);
	assert_int_equal(v->findings.n, 7);
	assert_int_equal(verify_find(v, 1, 2, 5, false, NULL, "y"), 0);
	assert_int_equal(v->findings.n, 7);
	/* About no entry: no time either. */
	assert_int_equal(verify_find(v, 1, 6, 5, false, NULL, "y"), 0);
	assert_int_equal(v->findings.n, 8);
	assert_int_equal(v->findings.v[7].time_before_us, 0);
	/* The first proven time behind them is theirs, once. */
	verify_proven_time(v, 9, 0);
	assert_int_equal(v->proven_us, 7);
	assert_int_equal(v->findings.v[0].time_after_us, 9);
	assert_int_equal(v->findings.v[6].time_after_us, 9);
	assert_int_equal(v->findings.v[7].time_after_us, 0);
	verify_proven_time(v, 11, 12);
	assert_int_equal(v->proven_us, 12);
	assert_int_equal(v->findings.v[0].time_after_us, 9);
	seal_verify_free(v);
}

/* A cell's own list becomes part of the verdict's, which has its limit. */
static void lists_are_taken_whole(void **state)
{
	struct seal_verify_options o = {0};
	struct seal_verify *v = begin(&o);
	struct seal_findings list;
	char text[300];

	(void)state;
	seal_findings_init(&list);
	memset(text, 't', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(
		verify_find_in(v, &list, 1, 1, 1, true, "w", "%s", text), 0);
	assert_int_equal(verify_find_in(v, &list, 2, 2, 2, false, "w", "b"), 0);
	assert_int_equal(verify_take(v, &list), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(v->findings.n, 2);
	assert_true(v->findings.v[0].within);
	assert_false(v->findings.v[1].within);
	assert_int_equal(strlen(v->findings.v[0].text), 255);
	assert_int_equal(verify_find_in(v, &list, 1, 1, 1, true, "w", "a"), 0);
	v->findings.n = SEAL_VERIFY_MAX_FINDINGS;
	assert_int_equal(verify_take(v, &list), 0);
	assert_int_equal(list.n, 0);
	assert_int_equal(v->findings_dropped, 1);
	v->findings.n = 2;
	seal_verify_free(v);
}

static void assert_range(const struct seal_verify *v, size_t k, uint64_t first,
			 uint64_t last)
{
	assert_true(k < v->not_proven_count);
	assert_int_equal(v->not_proven[k].first, first);
	assert_int_equal(v->not_proven[k].last, last);
}

static void ranges_that_touch_are_one(void **state)
{
	struct seal_verify_options o = {0};
	struct seal_verify *v = begin(&o);
	uint64_t k;

	(void)state;
	assert_int_equal(verify_not_proven(v, 3, 5), 0);
	assert_int_equal(verify_not_proven(v, 6, 7), 0);
	assert_int_equal(verify_not_proven(v, 4, 5), 0);
	assert_int_equal(v->not_proven_count, 1);
	assert_range(v, 0, 3, 7);
	assert_int_equal(verify_not_proven(v, 9, 9), 0);
	assert_int_equal(v->not_proven_count, 2);
	assert_range(v, 1, 9, 9);
	/* As many as are kept; then the last one grows. */
	for (k = 2; k < SEAL_VERIFY_MAX_RANGES; k++)
		assert_int_equal(verify_not_proven(v, 10 * k, 10 * k + 1), 0);
	assert_int_equal(v->not_proven_count, SEAL_VERIFY_MAX_RANGES);
	assert_range(v, 2, 20, 21);
	assert_range(v, 9999, 99990, 99991);
	assert_int_equal(verify_not_proven(v, 200000, 200001), 0);
	assert_int_equal(v->not_proven_count, SEAL_VERIFY_MAX_RANGES);
	assert_range(v, 9999, 99990, 200001);
	seal_verify_free(v);
}

static void places_name_file_and_byte(void **state)
{
	char where[VERIFY_WHERE_BYTES];

	(void)state;
	verify_place(where, "a.seg", 0);
	assert_string_equal(where, "a.seg");
	verify_place(where, "a.seg", 1);
	assert_string_equal(where, "a.seg:1");
	verify_place(where, NULL, 0);
	assert_string_equal(where, "");
}

/* What is asked for by root alone is the root of what is there. */
static void a_root_alone_is_that_of_the_end(void **state)
{
	struct seal_verify_options o = {.have_expect_root = true};
	struct seal_verify *v;
	struct seal_verdict verdict;
	struct seal_frontier empty;

	(void)state;
	o.target = SEAL_VERIFY_SPOOL;
	o.alone = true;
	seal_frontier_init(&empty);
	assert_int_equal(seal_frontier_root(&empty, &o.expect_root), 0);
	v = begin(&o);
	assert_int_equal(seal_verify_finish(v, &verdict), 0);
	assert_int_not_equal(verdict.exit_status, 2);
	seal_verdict_fini(&verdict);
	seal_verify_free(v);
}

static void a_store_keeps_the_log_under_its_id(void **state)
{
	struct seal_verify_options o = {0};
	struct seal_verify *v = begin(&o);
	struct seal_hash id = {{1}};
	struct seal_verdict verdict;

	(void)state;
	/* Without keys there is nothing to compare with. */
	seal_verify_stored_id(v, &id);
	assert_int_equal(seal_verify_finish(v, &verdict), 0);
	assert_int_equal(verdict.exit_status, 3);
	seal_verdict_fini(&verdict);
	seal_verify_free(v);
}

static void kinds_have_names(void **state)
{
	(void)state;
	assert_string_equal(seal_anchor_kind_name(SEAL_ANCHOR_NONE), "none");
	assert_string_equal(seal_anchor_kind_name(SEAL_ANCHOR_QUORUM),
			    "quorum");
	assert_string_equal(seal_anchor_kind_name(SEAL_ANCHOR_EXPECTED),
			    "expected");
	assert_string_equal(seal_anchor_kind_name(SEAL_ANCHOR_KNOWN), "known");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_looked_at),
		cmocka_unit_test(a_name_must_be_the_one_that_was_asked_for),
		cmocka_unit_test(what_has_no_room_still_counts),
		cmocka_unit_test(an_exit_status_is_the_gravest),
		cmocka_unit_test(attention_that_was_dropped_is_1),
		cmocka_unit_test(a_finding_is_not_said_twice_running),
		cmocka_unit_test(lists_are_taken_whole),
		cmocka_unit_test(ranges_that_touch_are_one),
		cmocka_unit_test(places_name_file_and_byte),
		cmocka_unit_test(a_root_alone_is_that_of_the_end),
		cmocka_unit_test(a_store_keeps_the_log_under_its_id),
		cmocka_unit_test(kinds_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
