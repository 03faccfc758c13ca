/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a spool and damages to them.  Contract: random_spool.h. */
#include "tests/attack/random_spool.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- a copy ---- */

static struct random_item *new_item(const struct forge *g,
				    const struct forge_region *r)
{
	const uint8_t *bytes = g->file[r->file].bytes.data + r->offset;
	struct random_item *item = calloc(1, sizeof(*item));

	assert_non_null(item);
	item->kind = r->part == FORGE_IS_ENTRY	   ? RANDOM_ENTRY
		     : r->part == FORGE_IS_HEAD	   ? RANDOM_HEAD
		     : r->part == FORGE_IS_RECEIPT ? RANDOM_RECEIPT
						   : RANDOM_FRONTIER;
	item->index = item->content = r->index;
	item->hands_over =
		r->part == FORGE_IS_ENTRY && bytes[4] == SEAL_ENTRY_EPOCH;
	item->len = r->len;
	item->bytes = malloc(r->len);
	assert_non_null(item->bytes);
	memcpy(item->bytes, bytes, r->len);
	return item;
}

static struct random_item *same_item(const struct random_item *of)
{
	struct random_item *item = malloc(sizeof(*item));

	assert_non_null(item);
	*item = *of;
	item->bytes = malloc(of->len);
	assert_non_null(item->bytes);
	memcpy(item->bytes, of->bytes, of->len);
	return item;
}

static void item_free(struct random_item *item)
{
	free(item->bytes);
	free(item);
}

/* The text of a receipt: its second line is the size. */
static uint64_t size_of_receipt(const struct random_item *item)
{
	const char *text = (const char *)item->bytes + 14;

	return strtoull(strchr(text, '\n') + 1, NULL, 10);
}

struct random_copy *random_copy_take(const struct forge *g)
{
	struct random_copy *c = calloc(1, sizeof(*c));
	const struct forge_region *r;
	struct random_file *f;
	struct random_item *item;

	assert_non_null(c);
	c->files = g->files;
	c->sealed = g->size;
	c->anchor = g->anchor;
	for (r = g->region; r < g->region + g->regions; r++) {
		f = &c->file[r->file];
		if (r->part == FORGE_IS_HEADER) {
			f->first = f->name = r->index;
			f->number = r->file;
			seal_buf_put(&f->header, g->file[r->file].bytes.data,
				     r->len);
			continue;
		}
		if (r->part == FORGE_IS_ZERO) {
			f->zeros = r->len;
			continue;
		}
		assert_true(f->items + 64 < RANDOM_ITEMS);
		item = f->item[f->items++] = new_item(g, r);
		if (item->hands_over)
			c->epoch_first = item->index + 1;
		if (item->kind == RANDOM_RECEIPT)
			item->receipt = size_of_receipt(item);
	}
	return c;
}

void random_copy_free(struct random_copy *c)
{
	struct random_file *f;

	for (f = c->file; f < c->file + RANDOM_FILES; f++) {
		while (f->items)
			item_free(f->item[--f->items]);
		seal_buf_fini(&f->header);
		seal_buf_fini(&f->torn);
	}
	free(c);
}

static void put_file(const struct random_file *f, struct forge *g)
{
	struct seal_buf all = SEAL_BUF_INIT;
	char path[64];
	size_t k;

	seal_buf_put(&all, f->header.data, f->header.len);
	for (k = 0; k < f->items; k++)
		seal_buf_put(&all, f->item[k]->bytes, f->item[k]->len);
	seal_buf_put(&all, f->torn.data, f->cut);
	seal_buf_put_zero(&all, f->zeros);
	assert_int_equal(seal_buf_error(&all), 0);
	snprintf(path, sizeof(path), "/s/%020" PRIu64 ".seg", f->name);
	memio_put(g->m, path, all.data, all.len);
	seal_buf_fini(&all);
}

static void put_small(struct forge *g, const char *path, enum random_small what,
		      size_t at)
{
	uint8_t *bytes = forge_bytes(g, path, NULL);

	if (what == RANDOM_DAMAGED)
		bytes[at] ^= 0x10;
	if (what == RANDOM_GONE)
		memio_remove(g->m, path);
}

void random_copy_put(const struct random_copy *c, struct forge *g)
{
	const struct random_file *f;
	uint64_t len;

	for (f = c->file; f < c->file + c->files; f++)
		memio_remove(g->m, g->file[f - c->file].path);
	for (f = c->file; f < c->file + c->files; f++)
		if (!f->gone)
			put_file(f, g);
	/* Both slots say the same; of `epochs` a tag. */
	put_small(g, "/s/state", c->state, 20);
	put_small(g, "/s/acked", c->acked, SEAL_ACKED_SLOT_BYTES + 20);
	forge_bytes(g, "/s/epochs", &len);
	put_small(g, "/s/epochs", c->epochs, (size_t)len - 1);
}

/* ---- damages ---- */

struct place {
	struct random_file *f;
	size_t k;
};

/* The n-th item (modulo) of that kind; false: there is none. */
static bool choose(struct random_copy *c, enum random_kind kind, bool fresh,
		   uint64_t n, struct place *ret)
{
	size_t count = 0, i, k;
	int turn;

	for (turn = 0; turn < 2; turn++) {
		for (i = 0; i < c->files; i++)
			for (k = 0; k < c->file[i].items && !c->file[i].gone;
			     k++) {
				if (c->file[i].item[k]->kind != kind ||
				    (fresh && c->file[i].item[k]->touched))
					continue;
				if (turn && !n--) {
					*ret = (struct place){&c->file[i], k};
					return true;
				}
				count += !turn;
			}
		if (!count)
			return false;
		n %= count;
	}
	return false;
}

static void insert(struct random_file *f, size_t k, struct random_item *item)
{
	assert_true(f->items < RANDOM_ITEMS);
	memmove(&f->item[k + 1], &f->item[k],
		(f->items - k) * sizeof(f->item[0]));
	f->item[k] = item;
	f->items++;
}

static struct random_item *take_out(struct random_file *f, size_t k)
{
	struct random_item *item = f->item[k];

	f->items--;
	memmove(&f->item[k], &f->item[k + 1],
		(f->items - k) * sizeof(f->item[0]));
	return item;
}

/* Bytes of an entry's body: behind length, kind, type, flags, time. */
static bool flip_body(struct random_item *item, uint64_t at, uint64_t change)
{
	size_t body = item->len - 14 - 4;

	if (!body)
		return false;
	item->bytes[14 + at % body] ^= (uint8_t)(1 + change % 255);
	item->content = RANDOM_NOWHERE;
	item->touched = true;
	return true;
}

static bool entry_changed(struct place p, const struct random_damage *d)
{
	if (!flip_body(p.f->item[p.k], d->b, d->c))
		return false;
	p.f->item[p.k]->index = RANDOM_NOWHERE;
	return true;
}

static bool entry_rewritten(struct place p, const struct random_damage *d)
{
	struct random_item *item = p.f->item[p.k];
	struct seal_hash leaf;

	if (item->index == RANDOM_NOWHERE || !flip_body(item, d->b, d->c))
		return false;
	return !seal_frame_entry_finish(item->bytes,
					item->len - SEAL_FRAME_ENTRY_EXTRA,
					item->index, &leaf);
}

/* The tag is XOR of leaf and index: it then names another index. */
static bool tag_changed(struct place p, const struct random_damage *d)
{
	struct random_item *item = p.f->item[p.k];
	unsigned byte = d->b % 4;
	uint32_t change = (uint32_t)(1 + d->c % 255) << (8 * byte);

	if (item->index == RANDOM_NOWHERE)
		return false;
	item->bytes[item->len - 1 - byte] ^= (uint8_t)(1 + d->c % 255);
	item->index = (uint32_t)item->index ^ change;
	item->touched = true;
	return true;
}

static bool entry_deleted(struct place p, const struct random_damage *d)
{
	(void)d;
	item_free(take_out(p.f, p.k));
	return true;
}

/* Once more, in the same file, anywhere but in front of a frontier. */
static bool entry_doubled(struct place p, const struct random_damage *d)
{
	insert(p.f, d->b % (p.f->items + 1), same_item(p.f->item[p.k]));
	return true;
}

static bool entry_moved(struct place p, const struct random_damage *d)
{
	struct random_item *item = take_out(p.f, p.k);

	insert(p.f, d->b % (p.f->items + 1), item);
	return true;
}

/* With the next entry of its file. */
static bool entries_swapped(struct place p, const struct random_damage *d)
{
	struct random_item *item = p.f->item[p.k];
	size_t k;

	(void)d;
	for (k = p.k + 1; k < p.f->items; k++)
		if (p.f->item[k]->kind == RANDOM_ENTRY) {
			p.f->item[p.k] = p.f->item[k];
			p.f->item[k] = item;
			return true;
		}
	return false;
}

/* A record that nobody sealed, made for an index that is far away. */
static bool entry_inserted(struct place p, const struct random_damage *d)
{
	struct random_item *item = calloc(1, sizeof(*item));
	struct seal_hash leaf;
	char text[32];

	assert_non_null(item);
	snprintf(text, sizeof(text), "new %016" PRIx64, d->c);
	item->kind = RANDOM_ENTRY;
	item->index = 1000000 + d->c % 1000000;
	item->content = RANDOM_NOWHERE;
	item->touched = true;
	item->len = SEAL_FRAME_ENTRY_EXTRA + 10 + strlen(text);
	item->bytes = calloc(1, item->len);
	assert_non_null(item->bytes);
	seal_entry_put_header(item->bytes + 4, SEAL_ENTRY_RECORD, 0,
			      1700000000000000 + d->c % 1000000);
	memcpy(item->bytes + 14, text, strlen(text));
	assert_int_equal(seal_frame_entry_finish(item->bytes, 10 + strlen(text),
						 item->index, &leaf),
			 0);
	insert(p.f, p.k + d->b % 2, item);
	return true;
}

/* Behind length and kind. */
static bool frame_changed(struct place p, const struct random_damage *d)
{
	struct random_item *item = p.f->item[p.k];

	item->bytes[14 + d->b % (item->len - 14)] ^= (uint8_t)(1 + d->c % 255);
	item->broken = item->touched = true;
	return true;
}

static bool frame_deleted(struct place p, const struct random_damage *d)
{
	return entry_deleted(p, d);
}

static bool frame_doubled(struct place p, const struct random_damage *d)
{
	(void)d;
	insert(p.f, p.k, same_item(p.f->item[p.k]));
	return true;
}

/* With a tag that is right again. */
static bool seal_changed(struct place p, const struct random_damage *d)
{
	struct random_item *item = p.f->item[p.k];
	struct seal_hash tag;

	item->bytes[item->len - 4 - 64 + d->b % 64] ^=
		(uint8_t)(1 + d->c % 255);
	assert_int_equal(seal_sha256(item->bytes + 3, item->len - 3 - 4, &tag),
			 0);
	memcpy(item->bytes + item->len - 4, tag.b, 4);
	item->unsealed = item->touched = true;
	return true;
}

/* ---- whole files ---- */

static struct random_file *choose_file(struct random_copy *c, uint64_t n)
{
	struct random_file *f = &c->file[n % c->files];

	return f->gone ? NULL : f;
}

/* Who tells the origin; without one there is little to expect. */
static size_t whole_headers(const struct random_copy *c)
{
	size_t k, whole = 0;

	for (k = 0; k < c->files; k++)
		whole += !c->file[k].gone && !c->file[k].broken;
	return whole;
}

static bool header_changed(struct random_copy *c, const struct random_damage *d)
{
	struct random_file *f = choose_file(c, d->a);

	if (!f || f->broken || f->name != f->first || whole_headers(c) < 2)
		return false;
	f->header.data[d->b % f->header.len] ^= (uint8_t)(1 + d->c % 255);
	f->broken = true;
	return true;
}

/* Not the only one. */
static bool file_deleted(struct random_copy *c, const struct random_damage *d)
{
	struct random_file *f = choose_file(c, d->a);

	if (!f || whole_headers(c) < (f->broken ? 1 : 2))
		return false;
	f->gone = true;
	return true;
}

static bool file_renamed(struct random_copy *c, const struct random_damage *d)
{
	struct random_file *f = choose_file(c, d->a);

	if (!f || f->broken || f->name != f->first)
		return false;
	f->name += 1000 + d->b % 1000 * 1000 + (uint64_t)(f - c->file);
	return true;
}

void random_file_cut(struct random_file *f, size_t k, size_t at)
{
	struct random_item *item;

	while (f->items > k + 1)
		item_free(take_out(f, f->items - 1));
	item = take_out(f, k);
	f->cut = at;
	f->zeros = 0;
	seal_buf_put(&f->torn, item->bytes, at);
	/* Of a length only zeros: as behind the end of a file. */
	if (at < 3 && !item->bytes[0] && (at < 2 || !item->bytes[1])) {
		f->cut = 0;
		f->zeros = at;
	}
	item_free(item);
}

/* At any byte behind the header. */
static bool file_cut(struct random_copy *c, const struct random_damage *d)
{
	struct random_file *f = choose_file(c, d->a);
	uint64_t size = 0, at;
	size_t k;

	if (!f || !f->items || f->cut)
		return false;
	for (k = 0; k < f->items; k++)
		size += f->item[k]->len;
	at = d->b % size;
	for (k = 0; at >= f->item[k]->len; k++)
		at -= f->item[k]->len;
	random_file_cut(f, k, (size_t)at);
	return true;
}

static bool state_lost(struct random_copy *c, const struct random_damage *d)
{
	if (c->state)
		return false;
	c->state = d->b % 2 ? RANDOM_DAMAGED : RANDOM_GONE;
	return true;
}

static bool acked_lost(struct random_copy *c, const struct random_damage *d)
{
	if (c->acked)
		return false;
	c->acked = d->b % 2 ? RANDOM_DAMAGED : RANDOM_GONE;
	return true;
}

static bool epochs_damaged(struct random_copy *c, const struct random_damage *d)
{
	(void)d;
	if (c->epochs)
		return false;
	c->epochs = RANDOM_DAMAGED;
	return true;
}

/* ---- the catalogue ---- */

static const struct {
	const char *name;
	unsigned weight;
	enum random_kind kind; /* 0: a file */
	bool fresh;
	bool (*item)(struct place p, const struct random_damage *d);
	bool (*file)(struct random_copy *c, const struct random_damage *d);
} kinds[] = {
	{"entry changed", 6, RANDOM_ENTRY, true, entry_changed, NULL},
	{"entry rewritten", 5, RANDOM_ENTRY, true, entry_rewritten, NULL},
	{"tag changed", 4, RANDOM_ENTRY, true, tag_changed, NULL},
	{"entry deleted", 6, RANDOM_ENTRY, false, entry_deleted, NULL},
	{"entry doubled", 5, RANDOM_ENTRY, false, entry_doubled, NULL},
	{"entry moved", 4, RANDOM_ENTRY, false, entry_moved, NULL},
	{"entries swapped", 5, RANDOM_ENTRY, false, entries_swapped, NULL},
	{"entry inserted", 4, RANDOM_ENTRY, false, entry_inserted, NULL},
	{"head changed", 4, RANDOM_HEAD, true, frame_changed, NULL},
	{"seal changed", 4, RANDOM_HEAD, true, seal_changed, NULL},
	{"head deleted", 3, RANDOM_HEAD, false, frame_deleted, NULL},
	{"head doubled", 2, RANDOM_HEAD, false, frame_doubled, NULL},
	{"receipt changed", 2, RANDOM_RECEIPT, true, frame_changed, NULL},
	{"receipt deleted", 2, RANDOM_RECEIPT, false, frame_deleted, NULL},
	{"receipt doubled", 2, RANDOM_RECEIPT, false, frame_doubled, NULL},
	{"header changed", 2, 0, false, NULL, header_changed},
	{"file deleted", 1, 0, false, NULL, file_deleted},
	{"file renamed", 1, 0, false, NULL, file_renamed},
	{"file cut", 1, 0, false, NULL, file_cut},
	{"state lost", 1, 0, false, NULL, state_lost},
	{"acked lost", 1, 0, false, NULL, acked_lost},
	{"epochs damaged", 1, 0, false, NULL, epochs_damaged},
};

unsigned random_damage_kinds(void)
{
	return sizeof(kinds) / sizeof(kinds[0]);
}

const char *random_damage_name(unsigned what)
{
	return kinds[what].name;
}

struct random_damage random_damage_draw(struct random *r)
{
	struct random_damage d = {0};
	uint64_t total = 0, n;

	for (n = 0; n < random_damage_kinds(); n++)
		total += kinds[n].weight;
	n = random_below(r, total);
	while (n >= kinds[d.what].weight)
		n -= kinds[d.what++].weight;
	d.a = random_next(r) >> 16;
	d.b = random_next(r) >> 16;
	d.c = random_next(r) >> 16;
	return d;
}

bool random_damage_do(struct random_copy *c, const struct random_damage *d,
		      char *ret_text, size_t room)
{
	const struct random_item *item;
	struct place p = {0};

	if (!kinds[d->what].kind) {
		snprintf(ret_text, room, "%s %" PRIu64, kinds[d->what].name,
			 d->a % c->files);
		return kinds[d->what].file(c, d);
	}
	if (!choose(c, kinds[d->what].kind, kinds[d->what].fresh, d->a, &p))
		return false;
	item = p.f->item[p.k];
	snprintf(ret_text, room, "%s %" PRId64 " (file %td item %zu)",
		 kinds[d->what].name, (int64_t)item->index, p.f - c->file, p.k);
	return kinds[d->what].item(p, d);
}
