/* SPDX-License-Identifier: Apache-2.0 */
/* Findings: the table, the list, counting, exit status. */
#include "core/finding.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "tests/lib/oom.h"

/* "id first last class within", one a line: what a list should be. */
static void assert_list(const struct seal_findings *list, const char *want)
{
	char got[4096] = "";
	size_t i, len = 0;

	for (i = 0; i < list->n; i++)
		len += (size_t)snprintf(
			got + len, sizeof(got) - len, "%s %lld %lld %c%s\n",
			seal_finding_info(list->v[i].number)->id,
			(long long)list->v[i].first, (long long)list->v[i].last,
			list->v[i].class, list->v[i].within ? " within" : "");
	assert_string_equal(got, want);
}

static void add(struct seal_findings *list, unsigned number, uint64_t first,
		uint64_t last)
{
	struct seal_finding f = {
		.number = number, .first = first, .last = last};

	assert_int_equal(seal_findings_add(list, &f), 0);
}

static void table_is_whole(void **state)
{
	static const char classes[] = "DDDDDDDDDDDDAAANNNANADANUDDDADDDUUUUA";
	bool seen[SEAL_FINDING_RANKS + 1] = {false};
	const struct seal_finding_info *info;
	char id[6];
	unsigned i;

	(void)state;
	assert_int_equal(strlen(classes), SEAL_FINDING_MAX);
	for (i = 1; i <= SEAL_FINDING_MAX; i++) {
		info = seal_finding_info(i);
		assert_non_null(info);
		snprintf(id, sizeof(id), "AS%03u", i % 1000);
		assert_string_equal(info->id, id);
		assert_int_equal(seal_finding_number(id), i);
		assert_int_equal(info->class, classes[i - 1]);
		assert_true(strlen(info->name) && strlen(info->meaning) &&
			    strlen(info->next_step));
		assert_true(info->rank <= SEAL_FINDING_RANKS);
		assert_false(info->rank && seen[info->rank]);
		seen[info->rank] = true;
	}
	for (i = 1; i <= SEAL_FINDING_RANKS; i++)
		assert_true(seen[i]);
	assert_null(seal_finding_info(0));
	assert_null(seal_finding_info(SEAL_FINDING_MAX + 1));
	assert_int_equal(seal_finding_number("AS038"), 0);
	assert_int_equal(seal_finding_number("AS1"), 0);
	assert_int_equal(seal_finding_number(""), 0);
}

/* The order of docs/spec/verdict.md, "one cause, one finding". */
static void ranks_follow_the_spec(void **state)
{
	static const unsigned order[] = {25, 28, 9,  7,	 6,  30, 4,  5,	 2,
					 3,  1,	 31, 26, 10, 11, 12, 32, 13};
	unsigned i;

	(void)state;
	for (i = 0; i < SEAL_FINDING_RANKS; i++)
		assert_int_equal(seal_finding_info(order[i])->rank, i + 1);
	assert_int_equal(seal_finding_info(8)->rank, 0);
	assert_int_equal(seal_finding_info(22)->rank, 0);
	assert_int_equal(seal_finding_info(27)->rank, 0);
}

static void list_owns_its_strings(void **state)
{
	char where[] = "a.seg", text[] = "text", see[] = "see";
	struct seal_finding f = {.number = 1,
				 .first = 5,
				 .last = 5,
				 .where = where,
				 .text = text,
				 .see = see};
	struct seal_findings list;

	(void)state;
	seal_findings_init(&list);
	assert_int_equal(seal_findings_add(&list, &f), 0);
	where[0] = text[0] = see[0] = '?';
	assert_string_equal(list.v[0].where, "a.seg");
	assert_string_equal(list.v[0].text, "text");
	assert_string_equal(list.v[0].see, "see");
	assert_int_equal(list.v[0].class, SEAL_CLASS_D);
	seal_findings_fini(&list);
	seal_findings_fini(&list);
	assert_int_equal(list.n, 0);
}

static void nonsense_is_refused(void **state)
{
	struct seal_finding f = {.number = 0};
	struct seal_findings list;

	(void)state;
	seal_findings_init(&list);
	assert_int_equal(seal_findings_add(&list, &f), SEAL_E_ARG);
	f.number = SEAL_FINDING_MAX + 1;
	assert_int_equal(seal_findings_add(&list, &f), SEAL_E_ARG);
	f.number = 1;
	f.first = 2;
	f.last = 1;
	assert_int_equal(seal_findings_add(&list, &f), SEAL_E_ARG);
	f.last = SEAL_FINDING_NO_INDEX;
	assert_int_equal(seal_findings_add(&list, &f), SEAL_E_ARG);
	f.first = SEAL_FINDING_NO_INDEX;
	assert_int_equal(seal_findings_add(&list, &f), 0);
	seal_findings_fini(&list);
}

static void exit_status_is_the_worst(void **state)
{
	struct seal_findings list;

	(void)state;
	seal_findings_init(&list);
	assert_int_equal(seal_findings_exit_status(&list), 0);
	add(&list, 20, 3, 3); /* N */
	assert_int_equal(seal_findings_exit_status(&list), 0);
	add(&list, 21, 4, 4); /* A */
	assert_int_equal(seal_findings_exit_status(&list), 1);
	add(&list, 33, 0, 9); /* U */
	assert_int_equal(seal_findings_exit_status(&list), 3);
	add(&list, 1, 5, 5); /* D */
	assert_int_equal(seal_findings_exit_status(&list), 2);
	/* accepted: the class of this one is another than the table's */
	list.v[3].class = SEAL_CLASS_A;
	assert_int_equal(seal_findings_exit_status(&list), 3);
	seal_findings_fini(&list);
}

static void separate_cells_stay_separate(void **state)
{
	struct seal_findings list;

	(void)state;
	seal_findings_init(&list);
	add(&list, 1, 9, 9);
	add(&list, 1, 5, 5);
	add(&list, 2, 7, 7);
	seal_findings_settle(&list);
	assert_list(&list, "AS001 5 5 D\nAS002 7 7 D\nAS001 9 9 D\n");
	seal_findings_fini(&list);
}

static void adjacent_cells_become_one(void **state)
{
	struct seal_findings list;

	(void)state;
	seal_findings_init(&list);
	add(&list, 1, 6, 6);
	add(&list, 1, 5, 5);
	add(&list, 1, 7, 9);
	seal_findings_settle(&list);
	assert_list(&list, "AS001 5 9 D\n");
	seal_findings_fini(&list);
}

static void a_copy_has_one_end(void **state)
{
	struct seal_findings list;

	(void)state;
	seal_findings_init(&list);
	add(&list, 7, 8, 12); /* a receipt says so */
	add(&list, 7, 8, 9);  /* state does too */
	seal_findings_settle(&list);
	assert_list(&list, "AS007 8 12 D\n");
	seal_findings_fini(&list);
}

static void different_adjacent_cells_are_as001(void **state)
{
	struct seal_findings list;
	struct seal_finding f = {.number = 2,
				 .first = 10,
				 .last = 12,
				 .time_before_us = 1,
				 .time_after_us = 2,
				 .text = (char[]){"deleted"}};

	(void)state;
	seal_findings_init(&list);
	assert_int_equal(seal_findings_add(&list, &f), 0);
	f = (struct seal_finding){.number = 3,
				  .first = 13,
				  .last = 14,
				  .time_before_us = 3,
				  .time_after_us = 4};
	assert_int_equal(seal_findings_add(&list, &f), 0);
	add(&list, 12, 15, 15); /* no cell: a rule about keys */
	seal_findings_settle(&list);
	assert_list(&list, "AS001 10 14 D within\nAS012 15 15 D\n");
	assert_null(list.v[0].text);
	assert_int_equal(list.v[0].time_before_us, 1);
	assert_int_equal(list.v[0].time_after_us, 4);
	seal_findings_fini(&list);
}

/* Which findings are counted by cell: AS001 to AS006 and AS030. */
static void only_cells_become_one(void **state)
{
	static const unsigned others[] = {7, 9, 10, 11, 12, 25, 28, 31, 32};
	struct seal_finding f = {
		.number = 1, .first = 6, .last = 8, .within = true};
	struct seal_findings list;
	unsigned k;

	(void)state;
	for (k = 1; k <= 30; k = k == 6 ? 30 : k + 1) {
		seal_findings_init(&list);
		add(&list, k, 5, 5);
		add(&list, k, 6, 6);
		seal_findings_settle(&list);
		assert_int_equal(list.n, 1);
		assert_int_equal(list.v[0].number, k);
		assert_int_equal(list.v[0].first, 5);
		assert_int_equal(list.v[0].last, 6);
		assert_false(list.v[0].within);
		seal_findings_fini(&list);
	}
	for (k = 0; k < sizeof(others) / sizeof(others[0]); k++) {
		seal_findings_init(&list);
		add(&list, 30, 5, 5);
		add(&list, others[k], 6, 6);
		seal_findings_settle(&list);
		assert_int_equal(list.n, 2);
		seal_findings_fini(&list);
	}
	/* What is not exact in one of them is not in the whole. */
	seal_findings_init(&list);
	add(&list, 1, 5, 5);
	assert_int_equal(seal_findings_add(&list, &f), 0);
	seal_findings_settle(&list);
	assert_list(&list, "AS001 5 8 D within\n");
	seal_findings_fini(&list);
}

static void one_cause_one_finding(void **state)
{
	struct seal_findings list;

	(void)state;
	seal_findings_init(&list);
	add(&list, 1, 20, 29); /* inside of the missing segment */
	add(&list, 32, 25, 25);
	add(&list, 9, 10, 39);
	add(&list, 10, 10, 39); /* the same range, a later rank */
	add(&list, 8, 15, 15);	/* a statement stays */
	seal_findings_settle(&list);
	assert_list(&list, "AS009 10 39 D\nAS008 15 15 D\n");
	seal_findings_fini(&list);
}

static void what_sticks_out_is_reported(void **state)
{
	struct seal_findings list;

	(void)state;
	seal_findings_init(&list);
	add(&list, 9, 100, 199);
	add(&list, 12, 150, 260); /* the head is explained */
	add(&list, 32, 90, 120);  /* the tail is explained */
	add(&list, 13, 50, 400);  /* both ends stick out */
	seal_findings_explain(&list);
	assert_list(&list, "AS013 50 400 A\nAS032 90 99 D\n"
			   "AS009 100 199 D\nAS012 200 260 D\n");
	seal_findings_fini(&list);
}

static void chains_of_ranges_explain_together(void **state)
{
	struct seal_findings list;

	(void)state;
	seal_findings_init(&list);
	add(&list, 25, 0, 9);
	add(&list, 28, 5, 19);	/* keeps 10 ... 19 */
	add(&list, 9, 8, 29);	/* keeps 20 ... 29 */
	add(&list, 13, 12, 29); /* all explained by two of them */
	seal_findings_explain(&list);
	assert_list(&list, "AS025 0 9 U\nAS028 10 19 D\nAS009 20 29 D\n");
	seal_findings_fini(&list);
}

/* What is left of a range may be explained by what stands behind. */
static void what_is_left_is_explained_too(void **state)
{
	struct seal_findings list;

	(void)state;
	seal_findings_init(&list);
	add(&list, 10, 0, 10); /* loses 0 to 3, then 4 to 6 */
	add(&list, 30, 0, 3);
	add(&list, 30, 3, 6);
	add(&list, 10, 20, 23); /* ends together with what explains it */
	add(&list, 30, 23, 23);
	add(&list, 3, 30, 31); /* all of it, by two */
	add(&list, 30, 30, 30);
	add(&list, 30, 31, 31);
	add(&list, 10, 40, 49); /* from the right, twice */
	add(&list, 30, 48, 49);
	add(&list, 30, 45, 48);
	add(&list, 10, 60, 69); /* sticks out on both sides: stays whole */
	add(&list, 30, 65, 65);
	seal_findings_settle(&list);
	assert_list(&list, "AS030 0 6 D\n"
			   "AS010 7 10 D\n"
			   "AS010 20 22 D\n"
			   "AS030 23 23 D\n"
			   "AS030 30 31 D\n"
			   "AS010 40 44 D\n"
			   "AS030 45 49 D\n"
			   "AS010 60 69 D\n"
			   "AS030 65 65 D\n");
	seal_findings_fini(&list);
}

static void statements_keep_their_order(void **state)
{
	struct seal_findings list;

	(void)state;
	seal_findings_init(&list);
	add(&list, 33, 0, 9);
	add(&list, 27, 50, 50);
	add(&list, 13, SEAL_FINDING_NO_INDEX, SEAL_FINDING_NO_INDEX);
	add(&list, 8, 3, 3);
	add(&list, 1, 70, 70);
	seal_findings_settle(&list);
	add(&list, 22, 1, 1);
	seal_findings_settle(&list);
	assert_list(&list, "AS001 70 70 D\nAS033 0 9 U\nAS027 50 50 D\n"
			   "AS013 -1 -1 A\nAS008 3 3 D\nAS022 1 1 D\n");
	seal_findings_fini(&list);
}

/*
 * Against the rules taken literally, entry by entry: the rank that explains an
 * entry is the smallest one of those that claim it.
 */
static void random_ranges_keep_their_best_rank(void **state)
{
	static const unsigned number[] = {25, 9, 7, 31, 12, 32, 13};
	enum {
		ENTRIES = 40
	};
	unsigned best[ENTRIES], got[ENTRIES], seed = 1, round, i, n, rank;
	struct seal_findings list;
	uint64_t first, last, e;

	(void)state;
	for (round = 0; round < 2000; round++) {
		seal_findings_init(&list);
		memset(best, 0, sizeof(best));
		memset(got, 0, sizeof(got));
		n = 1 + round % 6;
		for (i = 0; i < n; i++) {
			seed = seed * 1103515245 + 12345;
			first = seed / 65536 % ENTRIES;
			seed = seed * 1103515245 + 12345;
			last = first + seed / 65536 % (ENTRIES - first);
			seed = seed * 1103515245 + 12345;
			add(&list, number[seed / 65536 % 7], first, last);
			rank = seal_finding_info(list.v[i].number)->rank;
			for (e = first; e <= last; e++)
				if (!best[e] || rank < best[e])
					best[e] = rank;
		}
		seal_findings_explain(&list);
		assert_true(list.n <= n);
		for (i = 0; i < list.n; i++) {
			rank = seal_finding_info(list.v[i].number)->rank;
			for (e = list.v[i].first; e <= list.v[i].last; e++)
				if (!got[e] || rank < got[e])
					got[e] = rank;
		}
		assert_memory_equal(got, best, sizeof(best));
		seal_findings_fini(&list);
	}
}

static int fill_a_list(void *arg)
{
	struct seal_finding f = {.number = 1,
				 .where = (char[]){"w"},
				 .text = (char[]){"t"},
				 .see = (char[]){"s"}};
	struct seal_findings list;
	int rc = 0, i;

	(void)arg;
	seal_findings_init(&list);
	for (i = 0; i < 20 && rc == 0; i++) {
		f.first = f.last = (uint64_t)(2 * i);
		rc = seal_findings_add(&list, &f);
		assert_int_equal(list.n, (size_t)i + (rc == 0));
	}
	seal_findings_fini(&list);
	return rc;
}

static void list_without_memory(void **state)
{
	(void)state;
	assert_int_equal(oom_every(fill_a_list, NULL), 3 + 3 * 20);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_is_whole),
		cmocka_unit_test(ranks_follow_the_spec),
		cmocka_unit_test(list_owns_its_strings),
		cmocka_unit_test(nonsense_is_refused),
		cmocka_unit_test(exit_status_is_the_worst),
		cmocka_unit_test(separate_cells_stay_separate),
		cmocka_unit_test(adjacent_cells_become_one),
		cmocka_unit_test(a_copy_has_one_end),
		cmocka_unit_test(different_adjacent_cells_are_as001),
		cmocka_unit_test(only_cells_become_one),
		cmocka_unit_test(one_cause_one_finding),
		cmocka_unit_test(what_sticks_out_is_reported),
		cmocka_unit_test(chains_of_ranges_explain_together),
		cmocka_unit_test(what_is_left_is_explained_too),
		cmocka_unit_test(statements_keep_their_order),
		cmocka_unit_test(random_ranges_keep_their_best_rank),
		cmocka_unit_test(list_without_memory),
	};

	return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
