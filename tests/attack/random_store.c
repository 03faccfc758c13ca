/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a store and damages to them.  Contract: random_store.h. */
#include "tests/attack/random_store.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/tree.h"

/* Hashes of a tile that both the tile and what is below it know: verdict.md 3
 */
#define DISPUTED_MAX 10

/* ---- a copy ---- */

static void take_entries(struct random_row *row, const struct store_value *v)
{
	const uint8_t *b = v->bytes.data;
	size_t at, len;

	for (at = 0; at < v->bytes.len; at += 2 + len) {
		struct random_entry *e = &row->entry[row->entries];

		assert_true(row->entries < 256);
		len = (size_t)b[at] << 8 | b[at + 1];
		e->content = row->first + row->entries++;
		e->len = len;
		e->bytes = malloc(len);
		assert_non_null(e->bytes);
		memcpy(e->bytes, b + at + 2, len);
	}
}

static void take_rows(struct random_stored *c, struct attack_store *a,
		      unsigned table, size_t at, size_t want)
{
	struct store_value v[STORE_ROWS_MAX];
	struct random_row *row;
	size_t n, k;

	n = store_values(a, &store_tables[table], "data", v);
	assert_int_equal(n, want);
	for (k = 0; k < n; k++) {
		row = &c->row[at + k];
		row->table = v[k].table;
		row->first = store_first_entry(&v[k]);
		snprintf(row->where, sizeof(row->where), "%s", v[k].row);
		take_entries(row, &v[k]);
		row->width = (unsigned)row->entries;
	}
	store_values_free(v, n);
	n = store_values(a, &store_tables[table], "hashes", v);
	for (k = 0; k < n; k++) {
		row = &c->row[at + k];
		assert_int_equal(v[k].bytes.len, row->width * 32);
		memcpy(row->hash, v[k].bytes.data, v[k].bytes.len);
	}
	store_values_free(v, n);
}

struct random_stored *random_stored_take(struct attack_store *a)
{
	struct random_stored *c = calloc(1, sizeof(*c));
	struct store_value v[STORE_ROWS_MAX];
	size_t n, k;

	assert_non_null(c);
	take_rows(c, a, 1, 0, RANDOM_BUNDLES - 1);
	take_rows(c, a, 2, RANDOM_BUNDLES - 1, 1);
	n = store_values(a, &store_tables[3], "hashes", v);
	assert_int_equal(n, 1);
	assert_int_equal(v[0].bytes.len, sizeof(c->tile));
	memcpy(c->tile, v[0].bytes.data, sizeof(c->tile));
	store_values_free(v, n);
	n = store_values(a, &store_tables[4], "root", v);
	assert_int_equal(n, RANDOM_CHECKPOINTS);
	for (k = 0; k < n; k++)
		c->size[k] = (uint64_t)v[k].key[1];
	store_values_free(v, n);
	n = store_values(a, &store_tables[6], "size", v);
	assert_int_equal(n, 1);
	memcpy(&c->cosigned, v[0].bytes.data, sizeof(c->cosigned));
	store_values_free(v, n);
	return c;
}

void random_stored_free(struct random_stored *c)
{
	struct random_row *row;

	for (row = c->row; row < c->row + RANDOM_BUNDLES; row++)
		while (row->entries)
			free(row->entry[--row->entries].bytes);
	free(c);
}

static void put_blob(struct attack_store *a, const char *table,
		     const char *column, const char *where, const void *bytes,
		     size_t len)
{
	struct store_value v = {
		.table = table, .column = column, .type = SQLITE_BLOB};

	snprintf(v.row, sizeof(v.row), "%s", where);
	store_put(a, &v, bytes, len);
}

static void put_row(const struct random_row *row, struct attack_store *a)
{
	struct seal_buf data = SEAL_BUF_INIT;
	size_t k;

	if (row->gone) {
		store_sql(a, "DELETE FROM %s WHERE %s", row->table, row->where);
		return;
	}
	for (k = 0; k < row->entries; k++) {
		seal_buf_put_u16(&data, (uint16_t)row->entry[k].len);
		seal_buf_put(&data, row->entry[k].bytes, row->entry[k].len);
	}
	assert_int_equal(seal_buf_error(&data), 0);
	put_blob(a, row->table, "data", row->where, data.data, data.len);
	put_blob(a, row->table, "hashes", row->where, row->hash,
		 row->width * 32);
	seal_buf_fini(&data);
}

static void put_checkpoint(const struct random_stored *c, size_t k,
			   struct attack_store *a)
{
	if (c->checkpoint_gone[k])
		store_sql(a, "DELETE FROM checkpoint WHERE size = %lld",
			  (long long)c->size[k]);
	if (c->receipt_gone[k])
		store_sql(a,
			  "UPDATE checkpoint SET receipt = NULL "
			  "WHERE size = %lld",
			  (long long)c->size[k]);
	if (c->root_wrong[k])
		store_sql(a,
			  "UPDATE checkpoint SET root = x'%064d' "
			  "WHERE size = %lld",
			  7, (long long)c->size[k]);
	if (c->epoch_wrong[k])
		store_sql(a,
			  "UPDATE epoch SET record = CAST(substr(record, 1, "
			  "154) || x'00112233' AS BLOB) WHERE epoch = %d",
			  (int)k);
}

void random_stored_put(const struct random_stored *c, struct attack_store *a)
{
	size_t k;

	store_sql(a, "BEGIN");
	for (k = 0; k < RANDOM_BUNDLES; k++)
		put_row(&c->row[k], a);
	if (c->tile_gone)
		store_sql(a, "DELETE FROM tile");
	else
		put_blob(a, "tile", "hashes", "level = 1", c->tile,
			 sizeof(c->tile));
	for (k = 0; k < RANDOM_CHECKPOINTS; k++)
		put_checkpoint(c, k, a);
	store_sql(a, "COMMIT");
}

/* ---- what is known of a tile ---- */

/* Is what stands at a place of a row its own entry? */
static bool in_place(const struct random_row *row, unsigned k)
{
	return k < row->entries && row->entry[k].content == row->first + k;
}

/* The hashes that are stored are all true. */
static bool stored_well(const struct random_row *row)
{
	unsigned k;

	for (k = 0; k < row->width && !row->gone; k++)
		if (row->wrong[k])
			return false;
	return !row->gone;
}

/* Places where tile and entries disagree; *ret_true: one is true at each. */
static unsigned disputed(const struct random_row *row, bool *ret_true)
{
	unsigned k, count = 0;

	for (k = 0; k < row->width; k++) {
		if (k < row->entries && (row->wrong[k] || !in_place(row, k)))
			count++;
		*ret_true &= !row->wrong[k] || in_place(row, k);
	}
	return count;
}

/* Is the tile of a whole bundle proven? */
static bool tile_proven(const struct random_row *row)
{
	bool is_true = true;

	if (row->gone || stored_well(row))
		return !row->gone;
	return disputed(row, &is_true) <= DISPUTED_MAX && is_true;
}

/* The right edge gives the root: the tile of level 1 and the piece. */
static bool edge_proven(const struct random_stored *c)
{
	const struct random_row *piece = &c->row[RANDOM_BUNDLES - 1];
	bool is_true = true, stored = stored_well(piece) && !c->tile_gone;
	unsigned count = disputed(piece, &is_true), k;

	for (k = 0; k < RANDOM_BUNDLES - 1; k++) {
		bool below = stored_well(&c->row[k]);
		bool wrong = c->tile_gone || c->tile_wrong[k];

		stored = stored && !wrong;
		is_true &= !wrong || below;
		if (!c->tile_gone && !c->row[k].gone)
			count += wrong || !below;
	}
	return stored || (is_true && count <= DISPUTED_MAX);
}

/* ---- damages ---- */

struct spot {
	struct random_row *row;
	size_t k;
};

static bool choose(struct random_stored *c, uint64_t n, struct spot *ret)
{
	size_t total = 0, k;

	for (k = 0; k < RANDOM_BUNDLES; k++)
		total += c->row[k].gone ? 0 : c->row[k].entries;
	n %= total;
	for (k = 0; c->row[k].gone || n >= c->row[k].entries; k++)
		n -= c->row[k].gone ? 0 : c->row[k].entries;
	*ret = (struct spot){&c->row[k], (size_t)n};
	return c->row[k].entries + 2 < RANDOM_ROW_ENTRIES;
}

static struct random_entry take_out(struct spot s)
{
	struct random_entry e = s.row->entry[s.k];

	s.row->entries--;
	memmove(&s.row->entry[s.k], &s.row->entry[s.k + 1],
		(s.row->entries - s.k) * sizeof(e));
	return e;
}

static void insert(struct random_row *row, size_t k, struct random_entry e)
{
	memmove(&row->entry[k + 1], &row->entry[k],
		(row->entries - k) * sizeof(e));
	row->entry[k] = e;
	row->entries++;
}

static struct random_entry same(const struct random_entry *of)
{
	struct random_entry e = *of;

	e.bytes = malloc(of->len);
	assert_non_null(e.bytes);
	memcpy(e.bytes, of->bytes, of->len);
	return e;
}

/* Never back to what it was: only what is somebody's is changed. */
static bool entry_changed(struct spot s, const struct random_harm *h)
{
	struct random_entry *e = &s.row->entry[s.k];

	if (e->content == RANDOM_NOWHERE)
		return false;
	e->bytes[10 + h->b % (e->len - 10)] ^= (uint8_t)(1 + h->c % 255);
	e->content = RANDOM_NOWHERE;
	return true;
}

static bool entry_deleted(struct spot s, const struct random_harm *h)
{
	(void)h;
	free(take_out(s).bytes);
	return true;
}

static bool entry_doubled(struct spot s, const struct random_harm *h)
{
	insert(s.row, h->b % (s.row->entries + 1), same(&s.row->entry[s.k]));
	return true;
}

static bool entry_moved(struct spot s, const struct random_harm *h)
{
	struct random_entry e = take_out(s);

	insert(s.row, h->b % (s.row->entries + 1), e);
	return true;
}

static bool entries_swapped(struct spot s, const struct random_harm *h)
{
	struct random_entry e = s.row->entry[s.k];
	size_t with = h->b % 2 ? s.k + 1 : h->c % s.row->entries;

	if (with >= s.row->entries || with == s.k)
		return false;
	s.row->entry[s.k] = s.row->entry[with];
	s.row->entry[with] = e;
	return true;
}

static bool entry_inserted(struct spot s, const struct random_harm *h)
{
	struct random_entry e = same(&s.row->entry[s.k]);

	memset(e.bytes + 2, 0, 8);
	e.bytes[0] = SEAL_ENTRY_RECORD;
	e.bytes[1] = 0;
	e.bytes[4] = (uint8_t)h->b;
	e.bytes[5] = (uint8_t)h->c;
	e.bytes[6] = (uint8_t)(h->c >> 8);
	e.content = RANDOM_NOWHERE;
	insert(s.row, s.k, e);
	return true;
}

static bool hash_changed(struct random_stored *c, const struct random_harm *h)
{
	struct random_row *row = &c->row[h->a % RANDOM_BUNDLES];
	unsigned k = (unsigned)(h->b % row->width);

	if (row->gone || row->wrong[k])
		return false;
	row->wrong[k] = true;
	row->hash[k][h->c % 32] ^= (uint8_t)(1 + (h->c >> 8) % 255);
	return true;
}

static bool tile_changed(struct random_stored *c, const struct random_harm *h)
{
	size_t k = h->a % (RANDOM_BUNDLES - 1);

	if (c->tile_gone || c->tile_wrong[k])
		return false;
	c->tile_wrong[k] = true;
	c->tile[k][h->b % 32] ^= (uint8_t)(1 + h->c % 255);
	return true;
}

static bool tile_deleted(struct random_stored *c, const struct random_harm *h)
{
	(void)h;
	if (c->tile_gone)
		return false;
	c->tile_gone = true;
	return true;
}

static bool bundle_deleted(struct random_stored *c, const struct random_harm *h)
{
	struct random_row *row = &c->row[h->a % (RANDOM_BUNDLES - 1)];

	if (row->gone)
		return false;
	row->gone = true;
	return true;
}

/* The newest one alone proves the rest. */
static bool checkpoint_deleted(struct random_stored *c,
			       const struct random_harm *h)
{
	size_t k = h->a % (RANDOM_CHECKPOINTS - 1);

	if (c->checkpoint_gone[k])
		return false;
	c->checkpoint_gone[k] = true;
	return true;
}

static bool receipt_deleted(struct random_stored *c,
			    const struct random_harm *h)
{
	size_t k = h->a % RANDOM_CHECKPOINTS;

	if (c->checkpoint_gone[k] || c->receipt_gone[k])
		return false;
	c->receipt_gone[k] = true;
	return true;
}

static bool root_changed(struct random_stored *c, const struct random_harm *h)
{
	size_t k = h->a % (RANDOM_CHECKPOINTS - 1);

	if (c->checkpoint_gone[k] || c->root_wrong[k])
		return false;
	c->root_wrong[k] = true;
	return true;
}

static bool epoch_changed(struct random_stored *c, const struct random_harm *h)
{
	size_t k = h->a % RANDOM_CHECKPOINTS;

	if (c->epoch_wrong[k])
		return false;
	c->epoch_wrong[k] = true;
	return true;
}

/* ---- the catalogue ---- */

static const struct {
	const char *name;
	unsigned weight;
	bool (*entry)(struct spot s, const struct random_harm *h);
	bool (*other)(struct random_stored *c, const struct random_harm *h);
} kinds[] = {
	{"entry changed", 6, entry_changed, NULL},
	{"entry deleted", 6, entry_deleted, NULL},
	{"entry doubled", 5, entry_doubled, NULL},
	{"entry moved", 4, entry_moved, NULL},
	{"entries swapped", 5, entries_swapped, NULL},
	{"entry inserted", 4, entry_inserted, NULL},
	{"hash changed", 5, NULL, hash_changed},
	{"tile changed", 2, NULL, tile_changed},
	{"tile deleted", 1, NULL, tile_deleted},
	{"bundle deleted", 1, NULL, bundle_deleted},
	{"checkpoint deleted", 1, NULL, checkpoint_deleted},
	{"receipt deleted", 2, NULL, receipt_deleted},
	{"root changed", 1, NULL, root_changed},
	{"epoch changed", 1, NULL, epoch_changed},
};

unsigned random_harm_kinds(void)
{
	return sizeof(kinds) / sizeof(kinds[0]);
}

const char *random_harm_name(unsigned what)
{
	return kinds[what].name;
}

struct random_harm random_harm_draw(struct random *r)
{
	struct random_harm h = {0};
	uint64_t total = 0, n;

	for (n = 0; n < random_harm_kinds(); n++)
		total += kinds[n].weight;
	n = random_below(r, total);
	while (n >= kinds[h.what].weight)
		n -= kinds[h.what++].weight;
	h.a = random_next(r) >> 16;
	h.b = random_next(r) >> 16;
	h.c = random_next(r) >> 16;
	return h;
}

static struct random_stored *copy_of(const struct random_stored *c)
{
	struct random_stored *copy = malloc(sizeof(*copy));
	struct random_row *row;
	size_t k;

	assert_non_null(copy);
	*copy = *c;
	for (row = copy->row; row < copy->row + RANDOM_BUNDLES; row++)
		for (k = 0; k < row->entries; k++)
			row->entry[k] = same(&row->entry[k]);
	return copy;
}

bool random_harm_do(struct random_stored *c, const struct random_harm *h,
		    char *ret_text, size_t room)
{
	struct random_stored *before = copy_of(c), was;
	struct spot s = {0};
	bool done;

	snprintf(ret_text, room, "%s %" PRIu64, kinds[h->what].name, h->a % 12);
	if (kinds[h->what].other) {
		done = kinds[h->what].other(c, h);
	} else {
		done = choose(c, h->a, &s);
		snprintf(ret_text, room, "%s: row %" PRIu64 " number %zu",
			 kinds[h->what].name, s.row->first, s.k);
		done = done && kinds[h->what].entry(s, h);
	}
	if (!edge_proven(c)) {
		done = false;
		was = *c;
		*c = *before;
		*before = was;
	}
	random_stored_free(before);
	return done;
}

/* ---- what must be found ---- */

/* verdict.md 3: what is gone behind everything else is AS007. */
static void gone(struct random_list *list, const struct random_stored *c,
		 uint64_t first, uint64_t last)
{
	uint64_t size = c->size[RANDOM_CHECKPOINTS - 1];

	random_find(list, last + 1 == size ? 7 : 2, first, last, false);
}

static void entries(const struct random_stored *c, const struct random_row *row,
		    struct random_list *list)
{
	static struct random_found found[RANDOM_ROW_ENTRIES];
	size_t taken[RANDOM_ROW_ENTRIES], k, from = list->n, end;
	uint64_t last = row->first + row->width - 1;

	for (k = 0; k < row->entries; k++)
		found[k] = (struct random_found){row->entry[k].content,
						 row->entry[k].content, false};
	random_align(found, row->entries, row->first, last + 1, list, taken);
	/* Places that are empty up to the end of the copy. */
	for (end = row->width; end && taken[end - 1] == row->entries; end--)
		;
	for (k = from; k < list->n; k++)
		if (list->v[k].number == 2 && row->width < 256 &&
		    list->v[k].first >= row->first + end)
			list->v[k].number = 7;
	(void)c;
}

static void tile(const struct random_row *row, struct random_list *list)
{
	uint64_t last = row->first + row->width - 1;
	unsigned k;

	if (!tile_proven(row) && row->width == 256) {
		random_find(list, 1, row->first, last, true);
		return;
	}
	for (k = 0; k < row->width; k++)
		if (row->wrong[k])
			random_find(list, 30, row->first + k, row->first + k,
				    false);
}

static void anchor(const struct random_stored *c, struct random_list *list)
{
	const struct random_row *row;
	bool any = false, at_hand = false;
	size_t k;

	for (k = 0; k < RANDOM_CHECKPOINTS; k++) {
		/* Of another witness, which is no quorum. */
		at_hand |= !c->checkpoint_gone[k] && c->size[k] == c->cosigned;
		if (c->checkpoint_gone[k] || c->receipt_gone[k])
			continue;
		at_hand = true;
		row = &c->row[c->size[k] / 256];
		/* Its root must be known: not within what is not proven. */
		any |= k + 1 == RANDOM_CHECKPOINTS || tile_proven(row);
	}
	if (!any)
		random_find_none(list, at_hand ? 35 : 33);
}

void random_stored_expect(const struct random_stored *c,
			  struct random_list *ret_list)
{
	const struct random_row *row;
	bool epochs = false;
	unsigned k;

	ret_list->n = 0;
	for (row = c->row; row < c->row + RANDOM_BUNDLES; row++) {
		if (row->gone) {
			gone(ret_list, c, row->first, row->first + 255);
			continue;
		}
		tile(row, ret_list);
		if (tile_proven(row) || row->width < 256)
			entries(c, row, ret_list);
	}
	for (k = 0; k < RANDOM_BUNDLES - 1; k++)
		if (c->tile_gone || c->tile_wrong[k])
			random_find(ret_list, 30, k * 256, k * 256 + 255,
				    false);
	for (k = 0; k < RANDOM_CHECKPOINTS; k++) {
		if (c->root_wrong[k] && !c->checkpoint_gone[k])
			random_find_none(ret_list, 30);
		/* storage.md 2: it has a row in `checkpoint`. */
		if (c->checkpoint_gone[k] && c->size[k] == c->cosigned)
			random_find_none(ret_list, 30);
		epochs |= c->epoch_wrong[k];
	}
	if (epochs)
		random_find_none(ret_list, 29);
	anchor(c, ret_list);
	random_settle(ret_list);
}
