/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every byte of every value that a store keeps: changed in three ways, cut off,
 * and what the rows hold swapped, doubled, taken away, by SQL.  Each must be
 * found with exactly the finding that format.md 6 asks for.
 */
#include "tests/attack/attack_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What stands behind the last hand-over: proven by the newest checkpoint alone.
 */
#define BEHIND "AS036[901,999]"

static int setup(void **state)
{
	*state = attack_store_make(ATTACK_SIZE);
	return 0;
}

static int teardown(void **state)
{
	attack_store_free(*state);
	return 0;
}

static void it_is_whole(void **state)
{
	struct attack_store *a = *state;

	store_expect(a, 0, "");
	assert_int_equal(a->got_size, ATTACK_SIZE);
	assert_int_equal(a->anchor_size, ATTACK_SIZE);
}

/* Nothing of the schema is missing above. */
static void every_column_is_attacked(void **state)
{
	struct attack_store *a = *state;
	sqlite3_stmt *s;
	size_t i, k, known;
	int count = 0;

	for (i = 0, known = 0; i < STORE_TABLES; i++) {
		for (k = 0; k < 3 && store_tables[i].key[k]; k++)
			known++;
		for (k = 0; store_tables[i].column[k]; k++)
			known++;
	}
	assert_int_equal(
		sqlite3_prepare_v2(a->db,
				   "SELECT count(*) FROM sqlite_schema AS m, "
				   "pragma_table_info(m.name) "
				   "WHERE m.type = 'table'",
				   -1, &s, NULL),
		SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	count = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	assert_int_equal(count, known);
}

static bool any_of(const char *found, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(found, *list))
			return true;
	return false;
}

/* Of a checkpoint: what exactly depends on the byte, never more than this. */
static void expect_note(struct attack_store *a, struct attack_tally *t,
			const struct store_value *v, const char *how,
			size_t offset)
{
	/* Malformed; a wrong signature; another key; another log. */
	static const char *const older[] = {"AS030", "AS010", "AS011", "AS028",
					    NULL};
	static const char *const newest[] = {"AS030",	      "AS010",
					     "AS011",	      "AS030 " BEHIND,
					     "AS028 " BEHIND, NULL};
	bool unknown =
		store_value_is(v, "checkpoint", "receipt") && a->status == 1;

	if (!a->rc &&
	    any_of(a->found, v->key[1] == ATTACK_SIZE ? newest : older) &&
	    (unknown ? !strcmp(a->found, "AS011") : a->status == 2))
		attack_is_found(t);
	else
		attack_is_wrong(t, "%s.%s %s %s %zu: %d %s %s", v->table,
				v->column, v->row, how, offset, a->status,
				a->found, a->diag.text);
}

static void expect(struct attack_store *a, struct attack_tally *t,
		   const struct store_value *v, const char *how, size_t offset,
		   int status, const char *found)
{
	if (!a->rc && a->status == status && !strcmp(a->found, found))
		attack_is_found(t);
	else
		attack_is_wrong(t, "%s.%s %s %s %zu: %d %s (%s), not %d %s",
				v->table, v->column, v->row, how, offset,
				a->status, a->found, a->diag.text, status,
				found);
}

/* Of what witnesses said: whatever it is, it is said. */
static void expect_witness(struct attack_store *a, struct attack_tally *t,
			   const struct store_value *v, const char *how,
			   size_t offset)
{
	static const char *const evidence[] = {"AS030", "AS010", NULL};

	if ((a->status == 2 && any_of(a->found, evidence)) ||
	    (a->status == 1 && !strcmp(v->table, "cosignature") &&
	     !strcmp(a->found, "AS011")) ||
	    (a->status == 0 && !strcmp(v->table, "witness") && a->strangers))
		attack_is_found(t);
	else
		attack_is_wrong(t, "%s.%s %s %zu: %d %s %s", v->table,
				v->column, how, offset, a->status, a->found,
				a->diag.text);
}

static bool is_of_witnesses(const char *table)
{
	return !strcmp(table, "cosignature") || !strcmp(table, "witness");
}

/* ---- one byte ---- */

static void judge_change(struct attack_store *a, struct attack_tally *t,
			 const struct store_value *v, size_t offset)
{
	char found[64];
	uint64_t index;
	size_t begin;

	store_judge(a, NULL);
	if (is_of_witnesses(v->table)) {
		expect_witness(a, t, v, "change", offset);
		return;
	}
	if (store_value_is(v, "checkpoint", "note") ||
	    store_value_is(v, "checkpoint", "receipt")) {
		expect_note(a, t, v, "change", offset);
		return;
	}
	if (!strcmp(v->column, "data")) {
		index = store_entry_at(v, offset, &begin);
		snprintf(found, sizeof(found), "AS001[%d,%d]", (int)index,
			 (int)index);
	} else if (store_value_is(v, "tile", "hashes")) {
		snprintf(found, sizeof(found), "AS030[%d,%d]",
			 (int)(offset / 32 * 256),
			 (int)(offset / 32 * 256 + 255));
	} else if (!strcmp(v->column, "hashes")) {
		index = store_first_entry(v) + offset / 32;
		snprintf(found, sizeof(found), "AS030[%d,%d]", (int)index,
			 (int)index);
	} else {
		snprintf(found, sizeof(found), "%s",
			 store_value_is(v, "epoch", "record") ? "AS029"
			 : store_value_is(v, "log", "origin") ? "AS028"
							      : "AS030");
	}
	expect(a, t, v, "change", offset,
	       store_value_is(v, "epoch", "record") ? 1 : 2, found);
}

static void change_value(struct attack_store *a, struct attack_tally *t,
			 struct store_value *v, size_t step)
{
	size_t at, k;
	uint8_t old;

	for (at = 0; at < v->bytes.len; at += step) {
		old = v->bytes.data[at];
		for (k = 0; k < ATTACK_CHANGES; k++) {
			if (step > 1 && k != at % ATTACK_CHANGES)
				continue;
			v->bytes.data[at] = old ^ attack_change[k];
			store_put(a, v, v->bytes.data, v->bytes.len);
			/* entry_at looks at what was there. */
			v->bytes.data[at] = old;
			judge_change(a, t, v, at);
		}
	}
	store_put(a, v, v->bytes.data, v->bytes.len);
}

/* In `make check` some bytes of each value, one change each. */
static size_t step_of(const struct store_value *v)
{
	return attack_long() || v->bytes.len <= 8 ? 1 : v->bytes.len / 23 | 1;
}

static void every_value(struct attack_store *a, struct attack_tally *t,
			void (*each)(struct attack_store *a,
				     struct attack_tally *t,
				     struct store_value *v, size_t step))
{
	struct store_value v[STORE_ROWS_MAX];
	size_t i, k, n, c;

	for (i = 0; i < STORE_TABLES; i++) {
		for (c = 0; store_tables[i].column[c]; c++) {
			n = store_values(a, &store_tables[i],
					 store_tables[i].column[c], v);
			for (k = 0; k < n; k++)
				if (v[k].type != SQLITE_NULL)
					each(a, t, &v[k], step_of(&v[k]));
			store_values_free(v, n);
		}
	}
	store_expect(a, 0, "");
}

static void every_byte_of_every_value_counts(void **state)
{
	struct attack_tally t = {.name = "store, bytes of values"};

	every_value(*state, &t, change_value);
	print_message("%llu signatures worked out\n",
		      (unsigned long long)attack_signatures());
	attack_done(&t);
}

/* ---- the keys of rows ---- */

static void change_key(struct attack_store *a, struct attack_tally *t,
		       const struct store_table *table,
		       const struct store_value *v, size_t which)
{
	char back[96];
	int64_t key[3], changed;
	size_t at, k;

	for (at = 0; at < 8; at++) {
		for (k = 0; k < ATTACK_CHANGES; k++) {
			changed = v->key[which] ^
				  (int64_t)((uint64_t)attack_change[k]
					    << (8 * at));
			memcpy(key, v->key, sizeof(key));
			key[which] = changed;
			store_where(table, key, back, sizeof(back));
			/* Where such a row is already, nothing is changed. */
			store_sql(a,
				  "UPDATE OR IGNORE %s SET %s = %lld "
				  "WHERE %s",
				  v->table, v->column, (long long)changed,
				  v->row);
			if (sqlite3_changes(a->db) != 1)
				continue;
			store_judge(a, NULL);
			if (a->status == 2 ||
			    (a->status == 1 && !strcmp(v->table, "epoch")))
				attack_is_found(t);
			else
				attack_is_wrong(t, "%s %s: %s = %lld: %d %s %s",
						v->table, v->row, v->column,
						(long long)changed, a->status,
						a->found, a->diag.text);
			if (getenv("SEAL_TEST_SAY"))
				print_message("%s %s: %s = %lld: %d %s\n",
					      v->table, v->row, v->column,
					      (long long)changed, a->status,
					      a->found);
			store_sql(a, "UPDATE %s SET %s = %lld WHERE %s",
				  v->table, v->column, (long long)v->key[which],
				  back);
		}
	}
}

static void a_row_under_another_key_is_found(void **state)
{
	struct attack_tally t = {.name = "store, keys of rows"};
	struct attack_store *a = *state;
	struct store_value v[STORE_ROWS_MAX];
	size_t i, k, n, c;

	for (i = 0; i < STORE_TABLES; i++) {
		for (c = 0; c < 3 && store_tables[i].key[c]; c++) {
			n = store_values(a, &store_tables[i],
					 store_tables[i].key[c], v);
			for (k = 0; k < n; k++)
				change_key(a, &t, &store_tables[i], &v[k], c);
			store_values_free(v, n);
		}
	}
	store_expect(a, 0, "");
	attack_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_whole),
		cmocka_unit_test(every_column_is_attacked),
		cmocka_unit_test(every_byte_of_every_value_counts),
		cmocka_unit_test(a_row_under_another_key_is_found),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
