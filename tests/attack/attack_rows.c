/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: attack_rows.h. */
#include "tests/attack/attack_rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const struct store_table store_tables[] = {
	{"log",
	 {"id"},
	 {"origin", "hash", "log_id", "next", "pending", "mirror"}},
	{"bundle", {"id"}, {"hashes", "data"}},
	{"piece", {"log", "first"}, {"hashes", "data"}},
	{"tile", {"log", "level", "number"}, {"hashes"}},
	{"checkpoint", {"log", "size"}, {"root", "note", "receipt"}},
	{"epoch", {"log", "epoch"}, {"record"}},
	/* One row of each: any column that is a number tells it. */
	{"cosignature", {"log"}, {"name", "size", "lines"}},
	{"witness",
	 {"size"},
	 {"hash", "origin", "root", "time", "note", "lines"}},
};

void store_where(const struct store_table *t, const int64_t key[3], char *ret,
		 size_t room)
{
	size_t k, len = 0;

	for (k = 0; k < 3 && t->key[k]; k++)
		len += (size_t)snprintf(ret + len, room - len, "%s%s = %lld",
					k ? " AND " : "", t->key[k],
					(long long)key[k]);
}

/* All values of a column; returns how many. */
size_t store_values(struct attack_store *a, const struct store_table *t,
		    const char *column, struct store_value *ret_values)
{
	char *sql =
		sqlite3_mprintf("SELECT %s, %s, %s, %s FROM %s ORDER BY 2,"
				"3, 4",
				column, t->key[0], t->key[1] ? t->key[1] : "0",
				t->key[2] ? t->key[2] : "0", t->name);
	struct store_value *v;
	sqlite3_stmt *s;
	int64_t number;
	size_t n = 0;
	int k;

	assert_int_equal(sqlite3_prepare_v2(a->db, sql, -1, &s, NULL),
			 SQLITE_OK);
	sqlite3_free(sql);
	while (sqlite3_step(s) == SQLITE_ROW) {
		assert_true(n < STORE_ROWS_MAX);
		v = &ret_values[n++];
		memset(v, 0, sizeof(*v));
		v->table = t->name;
		v->column = column;
		v->type = sqlite3_column_type(s, 0);
		for (k = 0; k < 3; k++)
			v->key[k] = sqlite3_column_int64(s, k + 1);
		store_where(t, v->key, v->row, sizeof(v->row));
		seal_buf_init(&v->bytes);
		number = sqlite3_column_int64(s, 0);
		if (v->type == SQLITE_INTEGER)
			seal_buf_put(&v->bytes, &number, sizeof(number));
		else
			seal_buf_put(&v->bytes, sqlite3_column_blob(s, 0),
				     (size_t)sqlite3_column_bytes(s, 0));
		assert_int_equal(seal_buf_error(&v->bytes), 0);
	}
	sqlite3_finalize(s);
	return n;
}

void store_values_free(struct store_value *v, size_t n)
{
	while (n)
		seal_buf_fini(&v[--n].bytes);
}

void store_put(struct attack_store *a, const struct store_value *v,
	       const uint8_t *bytes, size_t len)
{
	char *sql = sqlite3_mprintf("UPDATE %s SET %s = ?1 WHERE %s", v->table,
				    v->column, v->row);
	sqlite3_stmt *s;
	int64_t number;

	assert_int_equal(sqlite3_prepare_v2(a->db, sql, -1, &s, NULL),
			 SQLITE_OK);
	sqlite3_free(sql);
	if (v->type == SQLITE_INTEGER) {
		memcpy(&number, bytes, sizeof(number));
		sqlite3_bind_int64(s, 1, number);
	} else if (v->type == SQLITE_TEXT) {
		sqlite3_bind_text(s, 1, (const char *)bytes, (int)len,
				  SQLITE_STATIC);
	} else {
		sqlite3_bind_blob(s, 1, bytes, (int)len, SQLITE_STATIC);
	}
	if (sqlite3_step(s) != SQLITE_DONE)
		fail_msg("%s", sqlite3_errmsg(a->db));
	assert_int_equal(sqlite3_changes(a->db), 1);
	sqlite3_finalize(s);
}

/* The first entry of a bundle's or a piece's row. */
uint64_t store_first_entry(const struct store_value *v)
{
	return strcmp(v->table, "piece") == 0
		       ? (uint64_t)v->key[1]
		       : (uint64_t)(v->key[0] & 0xffffffff) * 256;
}

/* Which entry of a row's data this byte belongs to; *ret_begin: its length. */
uint64_t store_entry_at(const struct store_value *v, size_t offset,
			size_t *ret_begin)
{
	const uint8_t *b = v->bytes.data;
	uint64_t index = store_first_entry(v);
	size_t at = 0, len;

	for (;; index++, at += len) {
		len = 2 + ((size_t)b[at] << 8 | b[at + 1]);
		if (offset < at + len)
			break;
	}
	*ret_begin = at;
	return index;
}

bool store_value_is(const struct store_value *v, const char *table,
		    const char *column)
{
	return !strcmp(v->table, table) && !strcmp(v->column, column);
}
