/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry bundle of a store against its level-0 tile.  Contract:
 * verify_tree_int.h; format.md 6, "Counting".
 */
#include "core/verify_align.h"
#include "core/verify_tree_int.h"

#include <stdlib.h>
#include <string.h>

/* How much may be hashed to find the way after a damaged length. */
#define RESYNC_BYTES ((size_t)4 << 20)

static size_t length_at(const struct verify_bundle *b, size_t at)
{
	return (size_t)b->bytes[at] << 8 | b->bytes[at + 1];
}

static bool fits(const struct verify_bundle *b, size_t at)
{
	return b->len - at >= 2 && b->len - at - 2 >= length_at(b, at);
}

static int take(struct verify_bundle *b, size_t at, size_t len)
{
	int rc = seal_leaf_hash(b->bytes + at, len, &b->leaf[b->count]);

	if (rc)
		return rc;
	b->offset[b->count] = at;
	b->entry_len[b->count] = len;
	b->count++;
	return 0;
}

static int parse(struct verify_bundle *b)
{
	size_t at = 0, len;
	int rc;

	b->count = 0;
	while (at < b->len && b->count < VERIFY_BUNDLE_MAX && fits(b, at)) {
		len = length_at(b, at);
		rc = take(b, at + 2, len);
		if (rc)
			return rc;
		at += 2 + len;
	}
	b->ragged = at < b->len;
	return 0;
}

static int read_bundle(struct verify_tree *t, uint64_t number, unsigned width,
		       bool all)
{
	struct verify_bundle *b = &t->bundle;
	int rc;

	memset(b, 0, sizeof(*b));
	rc = t->source->bundle(t->source->ctx, number, width, all, &b->bytes,
			       &b->len, t->diag);
	if (rc)
		return rc;
	b->number = number;
	b->width = width;
	rc = parse(b);
	b->read = !rc && !all;
	return rc;
}

int verify_bundle_read(struct verify_tree *t, uint64_t number, unsigned width)
{
	const struct verify_bundle *b = &t->bundle;

	if (b->read && b->number == number && b->width == width)
		return 0;
	return read_bundle(t, number, width, false);
}

/* ---- a damaged length: go on at the next entry that is expected ---- */

static bool is_expected(const struct verify_tile *tile,
			const struct seal_hash *leaf)
{
	unsigned i;

	for (i = 0; i < tile->width; i++)
		if (seal_hash_equal(&tile->hash[i], leaf))
			return true;
	return false;
}

static bool plausible(const struct verify_bundle *b, size_t at)
{
	size_t len;

	if (!fits(b, at))
		return false;
	len = length_at(b, at);
	return len >= SEAL_ENTRY_HEADER_BYTES && b->bytes[at + 2] &&
	       b->bytes[at + 2] <= SEAL_ENTRY_RECORD &&
	       b->bytes[at + 3] <= SEAL_FLAGS_KNOWN;
}

/* The next place from `at` on where an expected entry stands, or len. */
static int find_entry(const struct verify_bundle *b,
		      const struct verify_tile *tile, size_t at, size_t *budget,
		      size_t *ret_at)
{
	struct seal_hash leaf;
	size_t len;
	int rc;

	for (; at < b->len; at++) {
		if (!plausible(b, at))
			continue;
		len = length_at(b, at);
		if (len > *budget)
			break;
		*budget -= len;
		rc = seal_leaf_hash(b->bytes + at + 2, len, &leaf);
		if (rc)
			return rc;
		if (is_expected(tile, &leaf)) {
			*ret_at = at;
			return 0;
		}
	}
	*ret_at = b->len;
	return 0;
}

static int parse_again(struct verify_bundle *b, const struct verify_tile *tile)
{
	size_t at = 0, next, budget = RESYNC_BYTES;
	int rc = 0;

	b->count = 0;
	while (at < b->len && b->count < VERIFY_BUNDLE_MAX && !rc) {
		if (fits(b, at)) {
			rc = take(b, at + 2, length_at(b, at));
			next = at + 2 + length_at(b, at);
			if (rc)
				return rc;
			if (is_expected(tile, &b->leaf[b->count - 1])) {
				at = next;
				continue;
			}
			/* A changed entry of true length? */
			if (next == b->len || (plausible(b, next) && budget)) {
				size_t found;
				size_t one = budget < 65536 ? budget : 65536;

				rc = find_entry(b, tile, next, &one, &found);
				if (rc)
					return rc;
				if (found == next || next == b->len) {
					at = next;
					continue;
				}
			}
			b->count--;
		}
		rc = find_entry(b, tile, at + 1, &budget, &next);
		if (rc)
			return rc;
		rc = take(b, at, next - at);
		at = next;
	}
	return rc;
}

static unsigned count_expected(const struct verify_bundle *b,
			       const struct verify_tile *tile)
{
	unsigned k, count = 0;

	for (k = 0; k < b->count; k++)
		count += is_expected(tile, &b->leaf[k]);
	return count;
}

/* Lengths that lead to the end are believed, unless others find more. */
static int read_on(struct verify_bundle *b, const struct verify_tile *tile)
{
	unsigned before = b->ragged ? 0 : count_expected(b, tile);
	int rc = parse_again(b, tile);

	if (rc || b->ragged || count_expected(b, tile) > before)
		return rc;
	return parse(b);
}

/* ---- what was found against what is expected ---- */

/* Equal entries may stand at several places: the next free one is meant. */
static void find_places(const struct verify_bundle *b,
			const struct verify_tile *tile, uint64_t *ret_place)
{
	bool used[SEAL_VERIFY_TILE_WIDTH] = {false};
	unsigned k, i, j, cursor = 0;

	for (k = 0; k < b->count; k++) {
		ret_place[k] = SEAL_ALIGN_NOWHERE;
		for (i = 0; i < tile->width; i++) {
			j = (cursor + i) % tile->width;
			if (!seal_hash_equal(&tile->hash[j], &b->leaf[k]))
				continue;
			ret_place[k] = j;
			if (!used[j])
				break;
		}
		if (ret_place[k] == SEAL_ALIGN_NOWHERE)
			continue;
		used[ret_place[k]] = true;
		cursor = (unsigned)ret_place[k] + 1;
	}
}

struct report {
	struct verify_tree *t;
	const struct verify_tile *tile;
	const char *where;
	bool surplus; /* more was there than was asked for */
};

static int flush_missing(struct verify_tree *t, uint64_t until, unsigned id)
{
	if (!t->missing)
		return 0;
	t->missing = false;
	return verify_find(t->v, id, t->missing_from, until - 1,
			   t->gave_up != NULL, "tile/entries", "%s",
			   t->gave_up ? t->gave_up
			   : id == 7  ? "the copy ends before what was sealed"
				      : "sealed, and not in this copy");
}

int verify_bundle_goes_on(struct verify_tree *t, uint64_t from)
{
	return flush_missing(t, from, 2);
}

/* Perhaps the end of the copy: said when that is known. */
void verify_bundle_missing(struct verify_tree *t, uint64_t from)
{
	if (!t->missing)
		t->missing_from = from;
	t->missing = true;
}

static int report(void *ctx, const struct seal_align_result *result)
{
	struct report *r = ctx;
	struct verify_tree *t = r->t;
	uint64_t base = r->tile->number * SEAL_VERIFY_TILE_WIDTH;

	if (result->what == SEAL_ALIGN_DELETED &&
	    result->last + 1 == r->tile->width) {
		verify_bundle_missing(t, base + result->first);
		return 0;
	}
	/* Behind a partial bundle stand entries that came later. */
	if (!r->surplus && result->what == SEAL_ALIGN_INSERTED &&
	    result->first == r->tile->width &&
	    result->first < SEAL_VERIFY_TILE_WIDTH)
		return 0;
	return verify_find(t->v, result->what, base + result->first,
			   base + result->last, result->within, r->where, "%s",
			   seal_align_text(result->what));
}

/* The leaf hash of a place whose entry is not there. */
static int feed_leaf(struct verify_tree *t, const struct verify_tile *tile,
		     unsigned i, bool proven)
{
	struct seal_verify *v = t->v;
	uint64_t index = v->walk.next;
	int rc = 0;

	if (proven || i < tile->stored_width)
		rc = verify_log_leaf(v, &tile->hash[i]);
	else
		verify_log_jump(v, index + 1);
	verify_log_unknown(v);
	return rc ? rc : verify_not_proven(v, index, index);
}

/* Feeds what is proven; of the rest the log learns the leaf hash alone. */
static int feed(struct verify_tree *t, const struct verify_tile *tile,
		bool proven, const size_t *source, const char *where)
{
	struct verify_bundle *b = &t->bundle;
	struct seal_verify *v = t->v;
	unsigned i;
	size_t k;
	int rc = 0;

	for (i = 0; i < tile->width && !rc; i++) {
		if (tile->number * SEAL_VERIFY_TILE_WIDTH + i < v->resumed)
			continue;
		k = source[i];
		if (k < b->count &&
		    seal_hash_equal(&b->leaf[k], &tile->hash[i])) {
			rc = verify_log_entry(
				v, &v->findings, b->bytes + b->offset[k],
				b->entry_len[k], &b->leaf[k], where);
			continue;
		}
		rc = feed_leaf(t, tile, i, proven);
	}
	return rc;
}

static int damaged(struct verify_tree *t, const struct verify_tile *tile,
		   bool proven, const char *where)
{
	struct verify_bundle *b = &t->bundle;
	uint64_t place[VERIFY_BUNDLE_MAX];
	size_t source[SEAL_VERIFY_TILE_WIDTH];
	struct report r = {t, tile, where, b->count > tile->width};
	int rc = read_bundle(t, tile->number, tile->width, true);

	if (!rc && (b->ragged || b->count != tile->width))
		rc = read_on(b, tile);
	if (rc)
		return rc;
	find_places(b, tile, place);
	rc = seal_align(place, b->count, tile->width, report, &r, source);
	return rc ? rc : feed(t, tile, proven, source, where);
}

static bool whole(const struct verify_bundle *b, const struct verify_tile *tile)
{
	unsigned i;

	if (b->ragged || b->count != tile->width)
		return false;
	for (i = 0; i < tile->width; i++)
		if (!seal_hash_equal(&b->leaf[i], &tile->hash[i]))
			return false;
	return true;
}

/* Without a proven root: where tile and bundle differ, one of them is wrong. */
static int disagree(struct verify_tree *t, const struct verify_tile *tile,
		    const char *where)
{
	uint64_t base = tile->number * SEAL_VERIFY_TILE_WIDTH;
	unsigned i;
	int rc = 0;

	for (i = 0; i < tile->stored_width && !rc; i++)
		if (!seal_hash_equal(&tile->stored[i], &tile->hash[i]))
			rc = verify_find(t->v, 1, base + i, base + i, true,
					 where, "entry and tile do not agree");
	return rc;
}

int verify_bundle(struct verify_tree *t, const struct verify_tile *tile,
		  bool proven)
{
	struct verify_bundle *b = &t->bundle;
	uint64_t base = tile->number * SEAL_VERIFY_TILE_WIDTH;
	size_t source[SEAL_VERIFY_TILE_WIDTH];
	char where[VERIFY_WHERE_BYTES];
	uint64_t before = t->v->walk.last_us;
	unsigned i;
	int rc;

	snprintf(where, sizeof(where), "tile/entries/%llu",
		 (unsigned long long)tile->number);
	rc = verify_bundle_read(t, tile->number, tile->width);
	if (!rc && b->count)
		rc = flush_missing(t, base, 2);
	if (!rc && !proven)
		rc = disagree(t, tile, where);
	if (rc)
		return rc;
	for (i = 0; i < tile->width; i++)
		source[i] = i;
	rc = whole(b, tile) ? feed(t, tile, proven, source, where)
			    : damaged(t, tile, proven, where);
	if (!rc)
		verify_proven_time(t->v, before, t->v->walk.last_us);
	if (!rc && t->source->progress)
		t->source->progress(t->source->ctx, t->v->walk.next, t->size);
	return rc;
}

int verify_bundle_end(struct verify_tree *t)
{
	if (t->missing && !t->gave_up) {
		t->v->cut = true;
		t->v->cut_at = t->missing_from;
	}
	return flush_missing(t, t->size, 7);
}
