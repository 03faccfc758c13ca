/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store's tree of which no root is proven: the leaf tiles and bundles that
 * are there, one after another.  Must never count its way through what is not
 * there: a checkpoint may speak of 2^60 entries.  Contract: verify_tree_int.h;
 * docs/spec/verdict.md 2.
 */
#include "core/verify_tree_int.h"

int verify_tree_next(struct verify_tree *t, uint64_t number, uint64_t end,
		     uint64_t *ret_number)
{
	uint64_t next = number;
	int rc = 0;

	if (number < end && t->source->next)
		rc = t->source->next(t->source->ctx, number, &next, t->diag);
	if (rc == SEAL_E_NOTFOUND || (!rc && next > end)) {
		next = end;
		rc = 0;
	}
	if (!rc && next < number)
		rc = SEAL_E_INTERNAL;
	if (!rc)
		*ret_number = next;
	return rc;
}

/* The entries of these leaf tiles are absent, or not looked at. */
static int pass(struct verify_tree *t, uint64_t number, uint64_t end)
{
	uint64_t first = number * SEAL_VERIFY_TILE_WIDTH;
	uint64_t behind = end * SEAL_VERIFY_TILE_WIDTH;

	if (first < t->v->resumed)
		first = t->v->resumed;
	if (behind > t->size)
		behind = t->size;
	if (first >= behind)
		return 0;
	verify_bundle_missing(t, first);
	verify_log_jump(t->v, behind);
	verify_log_unknown(t->v);
	return verify_not_proven(t->v, first, behind - 1);
}

/* Nothing above is proven: the entries themselves are all there is. */
static void believe(const struct verify_bundle *b, struct verify_tile *tile)
{
	unsigned i;

	for (i = 0; i < tile->width; i++)
		if (i < b->count)
			tile->hash[i] = b->leaf[i];
		else if (i < tile->stored_width)
			tile->hash[i] = tile->stored[i];
}

static int look(struct verify_tree *t, uint64_t number, bool *ret_there)
{
	uint64_t left = t->size - number * SEAL_VERIFY_TILE_WIDTH;
	unsigned width = left < SEAL_VERIFY_TILE_WIDTH ? (unsigned)left
						       : SEAL_VERIFY_TILE_WIDTH;
	struct verify_tile *tile = &t->tile[0];
	int rc = verify_tile_read(t, 0, number, width, tile);

	if (!rc)
		rc = verify_bundle_read(t, number, width);
	if (rc)
		return rc;
	*ret_there = tile->stored_width || t->bundle.len;
	if (!*ret_there)
		return pass(t, number, number + 1);
	believe(&t->bundle, tile);
	return verify_bundle(t, tile, false);
}

/*
 * Who makes up tiles for every number would be followed to the size that he
 * states.  A log has a hand-over at least every 1,000,000 entries.
 */
static bool is_adrift(const struct verify_tree *t, uint64_t number)
{
	uint64_t at = number * SEAL_VERIFY_TILE_WIDTH;
	uint64_t known = t->v->chain ? seal_chain_first(t->v->chain) : 0;

	if (known < t->v->resumed)
		known = t->v->resumed;
	return !t->source->next && at > known &&
	       (at - known) / SEAL_VERIFY_TILE_WIDTH >= SEAL_VERIFY_ADRIFT_MAX;
}

int verify_unproven(struct verify_tree *t)
{
	uint64_t number = t->v->resumed / SEAL_VERIFY_TILE_WIDTH, next;
	uint64_t end = (t->size - 1) / SEAL_VERIFY_TILE_WIDTH + 1;
	unsigned absent = 0;
	bool there;
	int rc = 0;

	if (t->size <= t->v->resumed)
		return 0;
	while (number < end && !rc) {
		rc = verify_tree_next(t, number, end, &next);
		if (rc)
			return rc;
		if (absent == SEAL_VERIFY_ABSENT_MAX && next < end)
			t->gave_up = VERIFY_GAVE_UP_ABSENT;
		else if (is_adrift(t, number))
			t->gave_up = VERIFY_GAVE_UP_ADRIFT;
		if (t->gave_up)
			next = end;
		rc = pass(t, number, next);
		number = next;
		if (rc || number == end)
			return rc;
		rc = look(t, number++, &there);
		absent = !rc && there ? 0 : absent + 1;
	}
	return rc;
}
