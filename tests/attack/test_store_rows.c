/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store keeps, cut off at every byte, taken away, swapped, doubled, by
 * SQL and within bundles.  What nothing can find is listed with its reason.
 */
#include "tests/attack/attack_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"

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

static bool say(void)
{
	return getenv("SEAL_TEST_SAY");
}

/* Found if there is evidence, or of `epochs`, which only repeats, attention. */
static bool is_found(const struct attack_store *a, const char *table)
{
	return a->status == 2 || (a->status == 1 && !strcmp(table, "epoch"));
}

static void judge(struct attack_store *a, struct attack_tally *t,
		  const char *table, const char *row, const char *how)
{
	store_judge(a, NULL);
	if (say())
		print_message("%s %s %s: %d %s %s\n", table, row, how,
			      a->status, a->found, a->diag.text);
	if (is_found(a, table))
		attack_is_found(t);
	else
		attack_is_wrong(t, "%s %s %s: %d %s %s", table, row, how,
				a->status, a->found, a->diag.text);
}

/* ---- cut off ---- */

static void expect_cut(struct attack_store *a, struct attack_tally *t,
		       const struct store_value *v, size_t len)
{
	uint64_t first = store_first_entry(v), index;
	uint64_t last =
		first + 255 < ATTACK_SIZE ? first + 255 : ATTACK_SIZE - 1;
	char found[64];
	size_t begin;

	if (!strcmp(v->column, "hashes") && strcmp(v->table, "tile") != 0) {
		index = len % 32 ? first : first + len / 32;
		snprintf(found, sizeof(found), "AS030[%d,%d]", (int)index,
			 (int)last);
	} else {
		index = store_entry_at(v, len, &begin);
		if (begin == len) /* between two entries */
			snprintf(found, sizeof(found), "AS00%d[%d,%d]",
				 last + 1 == ATTACK_SIZE ? 7 : 2, (int)index,
				 (int)last);
		else
			snprintf(found, sizeof(found), "AS001[%d,%d]%s",
				 (int)index, (int)last,
				 index == last ? "" : "w");
	}
	store_judge(a, NULL);
	if (a->status == 2 && !strcmp(a->found, found))
		attack_is_found(t);
	else
		attack_is_wrong(t, "%s.%s %s cut at %zu: %d %s, not %s",
				v->table, v->column, v->row, len, a->status,
				a->found, found);
}

static void cut_value(struct attack_store *a, struct attack_tally *t,
		      const struct store_value *v)
{
	size_t len, step;

	step = attack_long() || v->bytes.len < 8 ? 1 : v->bytes.len / 31 | 1;
	for (len = 0; len < v->bytes.len; len += step) {
		store_put(a, v, v->bytes.data, len);
		if (!strcmp(v->table, "bundle") || !strcmp(v->table, "piece"))
			expect_cut(a, t, v, len);
		else
			judge(a, t, v->table, v->row, v->column);
	}
	store_put(a, v, v->bytes.data, v->bytes.len);
}

static void a_value_that_is_cut_is_found(void **state)
{
	struct attack_tally t = {.name = "store, values cut"};
	struct attack_store *a = *state;
	struct store_value v[STORE_ROWS_MAX];
	size_t i, k, n, c;

	for (i = 0; i < STORE_TABLES; i++) {
		for (c = 0; store_tables[i].column[c]; c++) {
			n = store_values(a, &store_tables[i],
					 store_tables[i].column[c], v);
			for (k = 0; k < n; k++)
				if (v[k].type != SQLITE_INTEGER &&
				    v[k].type != SQLITE_NULL)
					cut_value(a, &t, &v[k]);
			store_values_free(v, n);
		}
	}
	store_expect(a, 0, "");
	print_message("%llu signatures worked out\n",
		      (unsigned long long)attack_signatures());
	attack_done(&t);
}

/* ---- taken away ---- */

static void a_value_that_is_null_is_found(void **state)
{
	struct attack_tally t = {.name = "store, values taken away"};
	struct store_reasons reasons = {.tally = &t};
	struct attack_store *a = *state;
	struct store_value v[STORE_ROWS_MAX];
	size_t k, n, c;
	static const struct {
		unsigned table;
		const char *column;
	} nulls[] = {{0, "log_id"}, {0, "pending"}, {4, "receipt"}};

	for (c = 0; c < 3; c++) {
		n = store_values(a, &store_tables[nulls[c].table],
				 nulls[c].column, v);
		for (k = 0; k < n; k++) {
			store_sql(a, "UPDATE %s SET %s = NULL WHERE %s",
				  v[k].table, v[k].column, v[k].row);
			store_judge(a, NULL);
			if (say())
				print_message("%s %s NULL: %d %s\n", v[k].row,
					      v[k].column, a->status, a->found);
			if (c == 2 && a->status == 0 && k + 1 < n)
				store_listed(&reasons,
					     "an older receipt: nothing says "
					     "that there was one, and a newer "
					     "one says more");
			else if (c == 2 && a->status == 0 &&
				 a->anchor_size < ATTACK_SIZE)
				store_listed(&reasons,
					     "the newest receipt: a power cut "
					     "takes it too; the verdict rests "
					     "on the one before");
			else if (a->status == 2 || a->status == 1)
				attack_is_found(&t);
			else
				attack_is_wrong(&t, "%s.%s %s: %d %s",
						v[k].table, v[k].column,
						v[k].row, a->status, a->found);
			store_put(a, &v[k], v[k].bytes.data, v[k].bytes.len);
		}
		store_values_free(v, n);
	}
	store_expect(a, 0, "");
	store_done(&reasons);
}

/* What a row that is gone gives. */
static void expect_deleted(struct attack_store *a, struct store_reasons *r,
			   const struct store_value *v)
{
	uint64_t first = store_first_entry(v);
	char found[64] = "";

	store_judge(a, NULL);
	if (say())
		print_message("%s %s gone: %d %s\n", v->table, v->row,
			      a->status, a->found);
	if (!strcmp(v->table, "bundle"))
		snprintf(found, sizeof(found), "AS002[%d,%d]", (int)first,
			 (int)first + 255);
	else if (!strcmp(v->table, "piece"))
		snprintf(found, sizeof(found), "AS007[%d,%d]", (int)first,
			 ATTACK_SIZE - 1);
	else if (!strcmp(v->table, "tile"))
		snprintf(found, sizeof(found), "AS030[0,767]");
	if (!strcmp(v->table, "cosignature") && a->status == 0)
		store_listed(r, "what another witness said: nothing says that "
				"it did, and the quorum is met without it");
	else if (!strcmp(v->table, "witness") && a->status == 0)
		store_listed(r, "what our witness saw: it forgets, and who has "
				"its line knows");
	else if (!strcmp(v->table, "checkpoint") && a->status == 0)
		store_listed(r, "an older checkpoint: nothing says that there "
				"was one, and the newest says more");
	else if (found[0] ? a->status == 2 && !strcmp(a->found, found)
			  : a->status != 0)
		attack_is_found(r->tally);
	else
		attack_is_wrong(r->tally, "%s %s gone: %d %s (%s), not %s",
				v->table, v->row, a->status, a->found,
				a->diag.text, found);
}

static void a_row_that_is_gone_is_found(void **state)
{
	struct attack_tally t = {.name = "store, rows taken away"};
	struct store_reasons reasons = {.tally = &t};
	struct attack_store *a = *state;
	struct store_value v[STORE_ROWS_MAX];
	size_t i, k, n;

	for (i = 0; i < STORE_TABLES; i++) {
		n = store_values(a, &store_tables[i], store_tables[i].key[0],
				 v);
		for (k = 0; k < n; k++) {
			store_sql(a,
				  "CREATE TEMP TABLE kept AS SELECT * FROM "
				  "%s WHERE %s; DELETE FROM %s WHERE %s",
				  v[k].table, v[k].row, v[k].table, v[k].row);
			expect_deleted(a, &reasons, &v[k]);
			store_sql(a,
				  "INSERT INTO %s SELECT * FROM kept; "
				  "DROP TABLE kept",
				  v[k].table);
		}
		store_values_free(v, n);
	}
	store_expect(a, 0, "");
	store_done(&reasons);
}

/* ---- doubled, swapped ---- */

static void a_row_that_is_doubled_is_found(void **state)
{
	struct attack_tally t = {.name = "store, rows doubled"};
	struct attack_store *a = *state;
	struct store_value v[STORE_ROWS_MAX];
	const struct store_table *table;
	const char *last;
	size_t i, k, n;

	for (i = 1; i < STORE_TABLES; i++) {
		table = &store_tables[i];
		if (!strcmp(table->name, "witness"))
			continue; /* two of one hash cannot be */
		last = table->key[2]   ? table->key[2]
		       : table->key[1] ? table->key[1]
				       : table->key[0];
		n = store_values(a, table, table->key[0], v);
		for (k = 0; k < n; k++) {
			store_sql(a,
				  "CREATE TEMP TABLE twice AS SELECT * "
				  "FROM %s WHERE %s; UPDATE twice SET %s = "
				  "%s + 100000; INSERT INTO %s SELECT * "
				  "FROM twice",
				  v[k].table, v[k].row, last, last, v[k].table);
			judge(a, &t, v[k].table, v[k].row, "twice");
			store_sql(a,
				  "DELETE FROM %s WHERE %s = (SELECT %s "
				  "FROM twice); DROP TABLE twice",
				  v[k].table, last, last);
		}
		store_values_free(v, n);
	}
	store_expect(a, 0, "");
	attack_done(&t);
}

static void two_rows_that_are_swapped_are_found(void **state)
{
	struct attack_tally t = {.name = "store, rows swapped"};
	struct attack_store *a = *state;
	struct store_value v[STORE_ROWS_MAX];
	struct store_value here;
	size_t i, k, n, c;

	for (i = 1; i < STORE_TABLES; i++) {
		for (c = 0; store_tables[i].column[c]; c++) {
			n = store_values(a, &store_tables[i],
					 store_tables[i].column[c], v);
			for (k = 0; k + 1 < n; k++) {
				store_put(a, &v[k], v[k + 1].bytes.data,
					  v[k + 1].bytes.len);
				here = v[k + 1];
				store_put(a, &here, v[k].bytes.data,
					  v[k].bytes.len);
				judge(a, &t, v[k].table, v[k].row, v[k].column);
				store_put(a, &v[k], v[k].bytes.data,
					  v[k].bytes.len);
				store_put(a, &here, v[k + 1].bytes.data,
					  v[k + 1].bytes.len);
			}
			store_values_free(v, n);
		}
	}
	store_expect(a, 0, "");
	attack_done(&t);
}

/* ---- entries and hashes within a row ---- */

enum edit {
	EDIT_SWAP,
	EDIT_DOUBLE,
	EDIT_REMOVE,
};

/* The bytes of pieces [from, to) of a value. */
static void edit(const struct store_value *v, const size_t *at, size_t k,
		 enum edit what, struct seal_buf *ret)
{
	const uint8_t *b = v->bytes.data;

	seal_buf_reset(ret);
	seal_buf_put(ret, b, at[k]);
	switch (what) {
	case EDIT_SWAP:
		seal_buf_put(ret, b + at[k + 1], at[k + 2] - at[k + 1]);
		seal_buf_put(ret, b + at[k], at[k + 1] - at[k]);
		seal_buf_put(ret, b + at[k + 2], v->bytes.len - at[k + 2]);
		break;
	case EDIT_DOUBLE:
		seal_buf_put(ret, b + at[k], at[k + 1] - at[k]);
		seal_buf_put(ret, b + at[k], v->bytes.len - at[k]);
		break;
	case EDIT_REMOVE:
		seal_buf_put(ret, b + at[k + 1], v->bytes.len - at[k + 1]);
		break;
	}
	assert_int_equal(seal_buf_error(ret), 0);
}

static size_t split(const struct store_value *v, size_t at[258])
{
	const uint8_t *b = v->bytes.data;
	size_t n = 0, pos = 0;

	while (pos < v->bytes.len) {
		at[n++] = pos;
		pos += 2 + ((size_t)b[pos] << 8 | b[pos + 1]);
	}
	at[n] = pos;
	return n;
}

static void edit_bundle(struct attack_store *a, struct attack_tally *t,
			const struct store_value *v)
{
	size_t at[258], n = split(v, at), k, step = attack_long() ? 1 : 41;
	int first = (int)store_first_entry(v);
	struct seal_buf changed = SEAL_BUF_INIT;
	char found[64];
	enum edit what;

	for (k = 0; k < n; k += step) {
		for (what = EDIT_SWAP; what <= EDIT_REMOVE; what++) {
			if (what == EDIT_SWAP && k + 1 == n)
				continue;
			edit(v, at, k, what, &changed);
			store_put(a, v, changed.data, changed.len);
			store_judge(a, NULL);
			if (what == EDIT_SWAP)
				snprintf(found, sizeof(found), "AS004[%d,%d]",
					 first + (int)k + 1,
					 first + (int)k + 1);
			else if (what == EDIT_DOUBLE)
				snprintf(found, sizeof(found), "AS005[%d,%d]",
					 first + (int)k, first + (int)k);
			else
				snprintf(found, sizeof(found), "AS00%d[%d,%d]",
					 first + k + 1 == ATTACK_SIZE ? 7 : 2,
					 first + (int)k, first + (int)k);
			if (a->status == 2 && !strcmp(a->found, found))
				attack_is_found(t);
			else
				attack_is_wrong(t,
						"%s entry %zu edit %d: %d "
						"%s, not %s",
						v->row, k, what, a->status,
						a->found, found);
		}
	}
	store_put(a, v, v->bytes.data, v->bytes.len);
	seal_buf_fini(&changed);
}

static void entries_moved_within_a_bundle_are_named(void **state)
{
	struct attack_tally t = {.name = "store, entries moved in bundles"};
	struct attack_store *a = *state;
	struct store_value v[STORE_ROWS_MAX];
	size_t i, k, n;

	for (i = 1; i < 3; i++) {
		n = store_values(a, &store_tables[i], "data", v);
		for (k = 0; k < n; k++)
			edit_bundle(a, &t, &v[k]);
		store_values_free(v, n);
	}
	store_expect(a, 0, "");
	attack_done(&t);
}

/*
 * The host's own signature on a size that nobody can have: the verdict comes
 * all the same, and at once.
 */
static void a_giant_size_ends(void **state)
{
	const uint64_t size[] = {UINT64_C(1) << 40, UINT64_C(1) << 60,
				 INT64_MAX};
	struct attack_store *a = *state;
	struct seal_buf note = SEAL_BUF_INIT;
	char want[64];
	struct seal_checkpoint cp;
	struct seal_hash root;
	size_t i;

	memset(&root, 0, sizeof(root));
	for (i = 0; i < 3; i++) {
		assert_int_equal(seal_checkpoint_init(&cp, ATTACK_ORIGIN,
						      size[i], &root),
				 0);
		seal_buf_reset(&note);
		assert_int_equal(seal_checkpoint_put_signed(
					 &note, &cp, a->t->host.host, NULL),
				 0);
		seal_buf_put(&note, "", 1);
		store_sql(a,
			  "UPDATE log SET next = %lld, pending = %lld, "
			  "mirror = %lld; INSERT INTO checkpoint SELECT id, "
			  "next, x'%064d', CAST('%s' AS BLOB), NULL FROM log",
			  (long long)size[i], (long long)size[i],
			  (long long)size[i], 0, (char *)note.data);
		store_judge(a, NULL);
		snprintf(want, sizeof(want), "AS007[%d,%llu]", ATTACK_SIZE,
			 (unsigned long long)size[i] - 1);
		if (a->status != 2 || !strstr(a->found, want))
			fail_msg("size %zu: %d %d %s %s", i, a->rc, a->status,
				 a->found, a->diag.text);
		store_sql(a,
			  "DELETE FROM checkpoint WHERE size = %lld; UPDATE "
			  "log SET next = %d, pending = %d, mirror = %d",
			  (long long)size[i], ATTACK_SIZE, ATTACK_SIZE,
			  ATTACK_SIZE);
		store_expect(a, 0, "");
	}
	seal_buf_fini(&note);
}

static void keep(struct attack_store *a)
{
	store_sql(a, "CREATE TEMP TABLE kept_checkpoint AS SELECT * FROM "
		     "checkpoint; CREATE TEMP TABLE kept_bundle AS SELECT * "
		     "FROM bundle");
}

static void put_back(struct attack_store *a)
{
	store_sql(a,
		  "DELETE FROM checkpoint; INSERT INTO checkpoint SELECT * "
		  "FROM kept_checkpoint; DROP TABLE kept_checkpoint; DELETE "
		  "FROM bundle; INSERT INTO bundle SELECT * FROM kept_bundle; "
		  "DROP TABLE kept_bundle; UPDATE log SET next = %d",
		  ATTACK_SIZE);
	store_expect(a, 0, "");
}

/* The row comes twice: as the newest, and with those of the log's size. */
static void a_newest_checkpoint_that_is_none_is_told_once(void **state)
{
	struct attack_store *a = *state;

	keep(a);
	store_sql(a, "UPDATE checkpoint SET note = x'00' WHERE size = %d",
		  ATTACK_SIZE);
	store_judge(a, NULL);
	assert_string_equal(a->found, "AS030 AS036[901,999]");
	/* As if a power cut had taken its receipt: an older one is newest. */
	store_sql(a, "UPDATE checkpoint SET receipt = NULL WHERE size = %d",
		  ATTACK_SIZE);
	store_judge(a, NULL);
	assert_int_equal(a->status, 2);
	assert_string_equal(a->found, "AS030");
	/* The log goes on behind it: that cannot be, and is one more. */
	store_sql(a, "UPDATE log SET next = next + 1");
	store_judge(a, NULL);
	assert_string_equal(a->found, "AS030 AS030");
	put_back(a);
}

/* Those below a part of the log that is gone, and those behind it. */
static void checkpoints_are_judged_where_entries_are_gone(void **state)
{
	static const char change[] =
		"UPDATE checkpoint SET note = CAST(substr(note, 1, "
		"length(note) - 20) || CASE substr(note, length(note) - 19, 1) "
		"WHEN x'41' THEN 'B' ELSE 'A' END || "
		"substr(note, length(note) - 18) AS BLOB) WHERE size = %d";
	struct attack_store *a = *state;

	keep(a);
	store_sql(a, "DELETE FROM bundle WHERE id = (SELECT min(id) FROM "
		     "bundle)");
	store_expect(a, 2, "AS002[0,255]");
	store_sql(a, change, ATTACK_SIZE / 4);
	store_expect(a, 2, "AS002[0,255] AS010");
	store_sql(a, change, ATTACK_SIZE / 10);
	store_expect(a, 2, "AS002[0,255] AS010 AS010");
	store_sql(a, change, 6 * ATTACK_SIZE / 10);
	store_expect(a, 2, "AS002[0,255] AS010 AS010 AS010");
	put_back(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_value_that_is_cut_is_found),
		cmocka_unit_test(a_value_that_is_null_is_found),
		cmocka_unit_test(a_row_that_is_gone_is_found),
		cmocka_unit_test(a_row_that_is_doubled_is_found),
		cmocka_unit_test(two_rows_that_are_swapped_are_found),
		cmocka_unit_test(entries_moved_within_a_bundle_are_named),
		cmocka_unit_test(a_giant_size_ends),
		cmocka_unit_test(checkpoints_are_judged_where_entries_are_gone),
		cmocka_unit_test(a_newest_checkpoint_that_is_none_is_told_once),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
