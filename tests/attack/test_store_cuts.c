/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store that was put back to an older state, cut at every entry: in itself it
 * is what it once was, and no finding.  Whatever is held elsewhere finds it: a
 * receipt or a size, a pin, what a verifier remembers.  And rows that are taken
 * from the end of one table, which leaves no state that ever was.
 */
#include "tests/attack/attack_rewrite.h"
#include "tests/attack/attack_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const size_t shown[] = {ATTACK_SIZE / 10, ATTACK_SIZE / 4,
			       6 * ATTACK_SIZE / 10, ATTACK_SIZE};
#define SHOWN (sizeof(shown) / sizeof(shown[0]))

/* The true store when it had next entries. */
static void put_back(struct attack_store *a, size_t next)
{
	const struct test_host *h = &a->t->host;
	struct store_sizes sizes = {.next = next};
	size_t i;

	for (i = 0; i < SHOWN && shown[i] <= next; i++)
		sizes.mirror = shown[i];
	sizes.pending =
		i < SHOWN && next > sizes.mirror ? shown[i] : sizes.mirror;
	store_rewrite(a, h, sizes);
	for (i = 0; i < SHOWN && shown[i] <= sizes.pending; i++)
		store_sign(a, h, shown[i], store_sealer(h, shown[i]),
			   shown[i] <= next ? ATTACK_NOW_S - 4 + i : 0);
}

static void judge(struct attack_store *a, struct attack_tally *t, size_t next,
		  const char *held)
{
	store_judge(a, NULL);
	if (a->status == 2)
		attack_is_found(t);
	else
		attack_is_wrong(t, "cut at %zu, %s: %d %s %s", next, held,
				a->status, a->found, a->diag.text);
}

/* A verifier that saw it whole. */
static void remember(struct attack_store *a, struct cli_memory *memory)
{
	assert_int_equal(cli_memory_open("state", true, memory, &a->diag), 0);
	a->trust.memory = memory;
	store_expect(a, 0, "");
	assert_int_equal(cli_memory_save(memory, &a->diag), 0);
	a->trust.memory = NULL;
}

static void every_cut_is_found_by_what_is_held_elsewhere(void **state)
{
	struct attack_store *a = attack_store_make(ATTACK_SIZE);
	const struct test_host *h = &a->t->host;
	struct attack_tally t = {.name = "store, put back to an older state"};
	struct store_reasons reasons = {.tally = &t};
	struct cli_pin pin = {.log_id = test_host_log_id(h),
			      .size = ATTACK_SIZE,
			      .root = test_host_root(h, ATTACK_SIZE),
			      .time_us = (uint64_t)ATTACK_NOW_S * 1000000};
	struct cli_memory memory;
	size_t next;

	(void)state;
	snprintf(pin.origin, sizeof(pin.origin), "%s", h->origin);
	remember(a, &memory);
	for (next = 0; next < ATTACK_SIZE; next += attack_long() ? 1 : 83) {
		put_back(a, next);
		store_judge(a, NULL);
		if (a->status == 0 && next >= shown[0])
			store_listed(&reasons, "nothing held elsewhere: it is "
					       "what it once was");
		else if (next < shown[0] && a->status == 3)
			attack_is_found(&t); /* no receipt: no anchor */
		else
			attack_is_wrong(&t, "cut at %zu: %d %s", next,
					a->status, a->found);
		a->trust.pin = &pin;
		judge(a, &t, next, "a pin");
		a->trust.pin = NULL;
		a->trust.memory = &memory;
		judge(a, &t, next, "what is remembered");
		a->trust.memory = NULL;
		a->trust.have_expect_size = true;
		a->trust.expect_size = next + 1;
		judge(a, &t, next, "an expected size");
		a->trust.have_expect_size = false;
	}
	put_back(a, ATTACK_SIZE);
	store_expect(a, 0, "");
	store_done(&reasons);
	cli_memory_close(&memory);
	attack_store_free(a);
}

/* ---- rows from the end of one table ---- */

static void take_from_the_end(struct attack_store *a, struct attack_tally *t,
			      const struct store_table *table)
{
	struct store_value v[STORE_ROWS_MAX];
	size_t n = store_values(a, table, table->key[0], v), k;

	store_sql(a, "CREATE TEMP TABLE kept AS SELECT * FROM %s", table->name);
	for (k = n; k-- > 0;) {
		store_sql(a, "DELETE FROM %s WHERE %s", table->name, v[k].row);
		store_judge(a, NULL);
		if (a->status)
			attack_is_found(t);
		else
			attack_is_wrong(t, "%s: %zu of %zu rows left: %s",
					table->name, k, n, a->found);
	}
	store_sql(a, "INSERT INTO %s SELECT * FROM kept; DROP TABLE kept",
		  table->name);
	store_values_free(v, n);
}

static void rows_from_the_end_are_missed(void **state)
{
	struct attack_store *a = attack_store_make(ATTACK_SIZE);
	struct attack_tally t = {.name = "store, rows from the end"};
	size_t i;

	(void)state;
	/* What witnesses said is no part of the log: test_store_rows. */
	for (i = 0; i < STORE_TABLES; i++)
		if (strcmp(store_tables[i].name, "cosignature") != 0 &&
		    strcmp(store_tables[i].name, "witness") != 0)
			take_from_the_end(a, &t, &store_tables[i]);
	store_expect(a, 0, "");
	attack_done(&t);
	attack_store_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut_is_found_by_what_is_held_elsewhere),
		cmocka_unit_test(rows_from_the_end_are_missed),
	};

	if (!attack_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
