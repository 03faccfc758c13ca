/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store's tiles, from the root down.  Each tile is known twice: as stored,
 * and as what lies below it gives.  Where the two differ, what folds to the
 * proven hash above is true.  Bundles: verify_bundle.c; a tree without a proven
 * root: verify_unproven.c.  Contract: verify_tree.h.
 */
#include "core/verify_tree.h"

#include "core/verify_tree_int.h"

#include <stdlib.h>
#include <string.h>

#define DISPUTED_MAX 10 /* hashes of one tile to try both ways */
#define LEVELS	     8

/* The topmost level has one tile, number 0. */
static uint64_t first_of(unsigned level, uint64_t number)
{
	return level + 1 < LEVELS ? number << (8 * (level + 1)) : 0;
}

static uint64_t number_of(unsigned level, uint64_t size)
{
	return level + 1 < LEVELS ? size >> (8 * (level + 1)) : 0;
}

static uint64_t last_of(const struct verify_tree *t, unsigned level,
			uint64_t number, unsigned width)
{
	uint64_t last =
		first_of(level, number) + ((uint64_t)width << (8 * level)) - 1;

	return last < t->size ? last : t->size - 1;
}

int verify_tile_read(struct verify_tree *t, unsigned level, uint64_t number,
		     unsigned width, struct verify_tile *tile)
{
	int rc;

	memset(tile, 0, sizeof(*tile));
	tile->level = level;
	tile->number = number;
	tile->width = width;
	rc = t->source->tile(t->source->ctx, level, number, width, tile->stored,
			     &tile->stored_width, t->diag);
	if (!rc && tile->stored_width > width)
		return SEAL_E_INTERNAL;
	return rc;
}

/* The hash of a full tile below, as that tile is stored. */
static int below(struct verify_tree *t, unsigned level, uint64_t number,
		 struct seal_hash *ret_hash, bool *ret_have)
{
	struct verify_tile *child = &t->tile[LEVELS];
	int rc = verify_tile_read(t, level, number, SEAL_VERIFY_TILE_WIDTH,
				  child);

	*ret_have = !rc && child->stored_width == SEAL_VERIFY_TILE_WIDTH;
	if (*ret_have)
		rc = seal_root_of(child->stored, SEAL_VERIFY_TILE_WIDTH,
				  ret_hash);
	return rc;
}

/* The second opinion: what lies below the tile gives these hashes. */
static int fill_below(struct verify_tree *t, struct verify_tile *tile)
{
	unsigned i;
	int rc = 0;

	if (!tile->level) {
		rc = verify_bundle_read(t, tile->number, tile->width);
		for (i = 0; i < tile->width && !rc; i++) {
			tile->have_below[i] = i < t->bundle.count;
			if (tile->have_below[i])
				tile->below[i] = t->bundle.leaf[i];
		}
		return rc;
	}
	for (i = 0; i < tile->width && !rc; i++)
		rc = below(t, tile->level - 1, tile->number * 256 + i,
			   &tile->below[i], &tile->have_below[i]);
	return rc;
}

/*
 * Puts together hash[] for try number `pick` of the disputed places.  False
 * where neither opinion has a hash.
 */
static bool choose(struct verify_tile *tile, unsigned long pick)
{
	unsigned i, k = 0;

	for (i = 0; i < tile->width; i++) {
		bool stored = i < tile->stored_width;

		if (!stored && !tile->have_below[i])
			return false;
		if (stored && tile->have_below[i] &&
		    !seal_hash_equal(&tile->stored[i], &tile->below[i]))
			stored = pick & (1ul << k++);
		tile->hash[i] = stored ? tile->stored[i] : tile->below[i];
	}
	return true;
}

static unsigned disputed(const struct verify_tile *tile)
{
	unsigned i, count = 0;

	for (i = 0; i < tile->width; i++)
		count += i < tile->stored_width && tile->have_below[i] &&
			 !seal_hash_equal(&tile->stored[i], &tile->below[i]);
	return count;
}

static bool is_stored(const struct verify_tile *tile, unsigned i)
{
	return i < tile->stored_width &&
	       seal_hash_equal(&tile->stored[i], &tile->hash[i]);
}

/*
 * Does the tile as stored say what it must?  Each hash that does not is AS030:
 * the entries below it are intact as far as they themselves are found so.
 */
static int blame_tile(struct verify_tree *t, const struct verify_tile *tile)
{
	char where[VERIFY_WHERE_BYTES];
	uint64_t each = (uint64_t)1 << (8 * tile->level);
	uint64_t base = first_of(tile->level, tile->number);
	unsigned i, end;
	int rc = 0;

	snprintf(where, sizeof(where), "tile/%u/%llu", tile->level,
		 (unsigned long long)tile->number);
	for (i = 0; i < tile->width && !rc; i = end + 1) {
		end = i;
		if (is_stored(tile, i))
			continue;
		while (end + 1 < tile->width && !is_stored(tile, end + 1))
			end++;
		rc = verify_find(t->v, 30, base + i * each,
				 base + (end + 1) * each - 1, false, where,
				 "a tile does not give the hashes that are "
				 "proven");
	}
	return rc;
}

/* Tries all ways to settle one full tile against its proven hash. */
static int settle_tile(struct verify_tree *t, struct verify_tile *tile,
		       const struct seal_hash *expected, bool *ret_proven)
{
	unsigned long pick, tries;
	struct seal_hash root;
	int rc;

	*ret_proven = false;
	if (tile->stored_width == tile->width) {
		rc = seal_root_of(tile->stored, tile->width, &root);
		if (rc)
			return rc;
		memcpy(tile->hash, tile->stored, sizeof(tile->hash));
		*ret_proven = seal_hash_equal(&root, expected);
		if (*ret_proven)
			return 0;
	}
	rc = fill_below(t, tile);
	if (rc || disputed(tile) > DISPUTED_MAX)
		return rc;
	tries = 1ul << disputed(tile);
	for (pick = 0; pick < tries && !*ret_proven; pick++) {
		if (!choose(tile, pick))
			return 0;
		rc = seal_root_of(tile->hash, tile->width, &root);
		if (rc)
			return rc;
		*ret_proven = seal_hash_equal(&root, expected);
	}
	return *ret_proven ? blame_tile(t, tile) : 0;
}

/* All of this tile is left out on purpose; the start entry never is. */
static bool is_left_out(const struct verify_tree *t, unsigned level,
			uint64_t number, unsigned width)
{
	return t->source->end && first_of(level, number) &&
	       (last_of(t, level, number, width) < t->source->from ||
		first_of(level, number) >= t->source->end);
}

/* The copy is a part, and this tile is not of it. */
static bool is_absent(const struct verify_tree *t, unsigned level,
		      uint64_t number, unsigned width)
{
	return t->source->absent &&
	       t->source->absent(t->source->ctx, first_of(level, number),
				 last_of(t, level, number, width));
}

/* Is there no entry of this full tile, nor a leaf hash? */
static int is_gone(struct verify_tree *t, const struct verify_tile *tile,
		   bool *ret_gone)
{
	uint64_t each = (uint64_t)1 << (8 * tile->level);
	uint64_t first = tile->number * each, end = first + each, next;
	int rc;

	*ret_gone = !tile->level && !tile->stored_width && !t->bundle.len;
	if (!tile->level || !t->source->next ||
	    is_absent(t, tile->level, tile->number, tile->width))
		return 0;
	rc = verify_tree_next(t, first, end, &next);
	*ret_gone = !rc && next == end;
	return rc;
}

/* A part of the tree whose hash is proven, and which nothing here gives. */
static int lost_subtree(struct verify_tree *t, struct verify_tile *tile,
			const struct seal_hash *expected)
{
	struct seal_verify *v = t->v;
	uint64_t first = first_of(tile->level, tile->number);
	uint64_t last = last_of(t, tile->level, tile->number, tile->width);
	char where[VERIFY_WHERE_BYTES];
	bool gone;
	int rc = is_gone(t, tile, &gone);

	if (rc)
		return rc;
	snprintf(where, sizeof(where), "tile/%u/%llu", tile->level,
		 (unsigned long long)tile->number);
	if (gone)
		verify_bundle_missing(t, first);
	else
		rc = verify_bundle_goes_on(t, first);
	if (!rc && !gone)
		rc = verify_find(v, 1, first, last, true, where,
				 "neither tiles nor entries give the hash that "
				 "is proven");
	if (!rc)
		rc = verify_not_proven(v, first, last);
	if (!rc)
		rc = verify_log_subtree(v, 8 * (tile->level + 1), expected);
	return rc;
}

static int walk_tile(struct verify_tree *t, unsigned level, uint64_t number,
		     const struct seal_hash *expected);

/* Is all of this full tile known from before? */
static bool known_before(const struct verify_tree *t, unsigned level,
			 uint64_t number)
{
	return first_of(level, number + 1) <= t->v->resumed;
}

static int pass_edge(struct verify_tree *t, const struct verify_tile *tile)
{
	unsigned i;
	int rc = 0;

	for (i = 0; i < tile->width && !rc; i++)
		rc = verify_log_leaf(t->v, &tile->hash[i]);
	if (!rc && t->source->end)
		verify_log_unknown(t->v);
	return rc;
}

/* There may be hand-overs among what is left out. */
static int pass_tile(struct verify_tree *t, unsigned level,
		     const struct seal_hash *expected)
{
	int rc = verify_log_subtree(t->v, 8 * (level + 1), expected);

	if (!rc)
		verify_log_unknown(t->v);
	return rc;
}

/* Goes into the children, whose hashes tile->hash are proven. */
static int walk_children(struct verify_tree *t, struct verify_tile *tile)
{
	unsigned i;
	int rc = 0;

	if (!tile->level &&
	    first_of(0, tile->number) + tile->width <= t->v->resumed)
		return 0;
	if (!tile->level && (is_absent(t, 0, tile->number, tile->width) ||
			     is_left_out(t, 0, tile->number, tile->width)))
		return pass_edge(t, tile);
	if (!tile->level)
		return verify_bundle(t, tile, true);
	for (i = 0; i < tile->width && !rc; i++)
		if (!known_before(t, tile->level - 1, tile->number * 256 + i))
			rc = walk_tile(t, tile->level - 1,
				       tile->number * 256 + i, &tile->hash[i]);
	return rc;
}

static int walk_tile(struct verify_tree *t, unsigned level, uint64_t number,
		     const struct seal_hash *expected)
{
	struct verify_tile *tile = &t->tile[level];
	bool proven = false;
	int rc;

	if (!level && is_absent(t, 0, number, SEAL_VERIFY_TILE_WIDTH))
		return verify_log_subtree(t->v, 8, expected);
	if (is_left_out(t, level, number, SEAL_VERIFY_TILE_WIDTH))
		return pass_tile(t, level, expected);
	rc = verify_tile_read(t, level, number, SEAL_VERIFY_TILE_WIDTH, tile);
	if (!rc)
		rc = settle_tile(t, tile, expected, &proven);
	if (rc)
		return rc;
	return proven ? walk_children(t, tile)
		      : lost_subtree(t, tile, expected);
}

/* ---- the right edge: one partial tile a level, which give the root ---- */

static unsigned edge_width(uint64_t size, unsigned level)
{
	return (unsigned)(size >> (8 * level)) & 255;
}

static int edge_root(struct verify_tree *t, struct seal_hash *ret_root)
{
	struct seal_frontier f;
	unsigned l, bit, w, at;
	int rc = 0;

	seal_frontier_init(&f);
	for (l = LEVELS; l-- > 0;) {
		w = edge_width(t->size, l);
		for (bit = 8, at = 0; bit-- > 0 && !rc;) {
			struct seal_hash node;

			if (!(w & (1u << bit)))
				continue;
			rc = seal_root_of(t->edge[l].hash + at, 1u << bit,
					  &node);
			if (!rc)
				rc = seal_frontier_append_subtree(
					&f, 8 * l + bit, &node);
			at += 1u << bit;
		}
	}
	if (!rc)
		rc = seal_frontier_root(&f, ret_root);
	return rc;
}

static bool choose_edges(struct verify_tree *t, unsigned long pick)
{
	unsigned l;

	for (l = 0; l < LEVELS; l++) {
		if (!t->edge[l].width)
			continue;
		if (!choose(&t->edge[l], pick))
			return false;
		pick >>= disputed(&t->edge[l]);
	}
	return true;
}

static int load_edges(struct verify_tree *t, bool with_below,
		      unsigned *ret_disputed)
{
	unsigned l, w;
	int rc = 0;

	*ret_disputed = 0;
	for (l = 0; l < LEVELS && !rc; l++) {
		w = edge_width(t->size, l);
		memset(&t->edge[l], 0, sizeof(t->edge[l]));
		if (!w)
			continue;
		rc = verify_tile_read(t, l, number_of(l, t->size), w,
				      &t->edge[l]);
		if (!rc && with_below)
			rc = fill_below(t, &t->edge[l]);
		*ret_disputed += disputed(&t->edge[l]);
	}
	return rc;
}

static int try_edges(struct verify_tree *t, bool with_below)
{
	unsigned count, l;
	unsigned long pick;
	struct seal_hash root;
	int rc = load_edges(t, with_below, &count);

	t->proven = false;
	if (rc || count > DISPUTED_MAX)
		return rc;
	for (pick = 0; pick < 1ul << count && !t->proven && !rc; pick++) {
		if (!choose_edges(t, pick))
			return 0;
		rc = edge_root(t, &root);
		t->proven = !rc && seal_hash_equal(&root, &t->root);
	}
	for (l = 0; l < LEVELS && t->proven && !rc; l++)
		if (t->edge[l].width)
			rc = blame_tile(t, &t->edge[l]);
	return rc;
}

static int walk_edges(struct verify_tree *t)
{
	unsigned l;
	int rc = 0;

	for (l = LEVELS; l-- > 0 && !rc;)
		if (t->edge[l].width)
			rc = walk_children(t, &t->edge[l]);
	return rc;
}

static int walk(struct verify_tree *t)
{
	int rc = 0;

	t->v->begun = true;
	if (!t->size)
		return 0;
	if (t->have_root) {
		rc = try_edges(t, false);
		if (!rc && !t->proven)
			rc = try_edges(t, true);
	}
	t->v->tree_unproven = !t->proven;
	t->v->past_next = verify_past_reached;
	t->v->past_ctx = t;
	if (!rc && t->source->checkpoint)
		rc = verify_past_next(t, t->v->walk.next + 1);
	if (!rc)
		rc = t->proven ? walk_edges(t) : verify_unproven(t);
	return rc;
}

int seal_verify_tree(struct seal_verify *v,
		     const struct seal_verify_source *source,
		     uint64_t stored_size, struct seal_diag *diag)
{
	struct verify_tree *t;
	int rc;

	if (stored_size > SEAL_TREE_SIZE_MAX)
		return SEAL_E_ARG;
	t = calloc(1, sizeof(*t));
	if (!t)
		return SEAL_E_NOMEM;
	t->v = v;
	t->source = source;
	t->diag = diag;
	t->size = stored_size;
	rc = verify_note_newest(v, &t->size, &t->root, &t->have_root);
	if (stored_size > t->size) {
		/* The copy goes on: no root is known for all of it. */
		t->size = stored_size;
		t->have_root = false;
	}
	if (!rc && t->size < v->resumed)
		rc = SEAL_E_RANGE;
	if (!rc)
		rc = walk(t);
	if (!rc)
		rc = verify_bundle_end(t);
	if (!rc && source->checkpoint)
		rc = verify_past_rest(t);
	if (!rc && source->checkpoint)
		rc = verify_past_pending(t);
	v->sealed = v->walk;
	free(t);
	return rc;
}
