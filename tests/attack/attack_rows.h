/* SPDX-License-Identifier: Apache-2.0 */
/* The values of a store's database, one by one, and writing them back. */
#ifndef SEAL_TESTS_ATTACK_ROWS_H
#define SEAL_TESTS_ATTACK_ROWS_H

#include "tests/attack/attack_store.h"

#define STORE_ROWS_MAX 64
#define STORE_TABLES   8

/* Where a value stands, in words of SQL and of the log. */
struct store_value {
	const char *table, *column;
	char row[96];	/* the WHERE of its row */
	int64_t key[3]; /* of the row */
	int type;
	struct seal_buf bytes;
};

struct store_table {
	const char *name;
	const char *key[3];
	const char *column[7]; /* but keys */
};

extern const struct store_table store_tables[STORE_TABLES];

/* The WHERE of a row. */
void store_where(const struct store_table *t, const int64_t key[3], char *ret,
		 size_t room);
/* All values of a column, by key; returns how many. */
size_t store_values(struct attack_store *a, const struct store_table *t,
		    const char *column, struct store_value *ret_values);
void store_values_free(struct store_value *v, size_t n);
void store_put(struct attack_store *a, const struct store_value *v,
	       const uint8_t *bytes, size_t len);

/* The first entry of a bundle's or a piece's row. */
uint64_t store_first_entry(const struct store_value *v);
/* Which entry a byte of a row's data belongs to; *ret_begin: of its length. */
uint64_t store_entry_at(const struct store_value *v, size_t offset,
			size_t *ret_begin);
bool store_value_is(const struct store_value *v, const char *table,
		    const char *column);

#endif
