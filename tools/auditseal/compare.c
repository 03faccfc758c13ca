/* SPDX-License-Identifier: Apache-2.0 */
/* Digests of 256 entries each, then the entries of those that differ. */
#include "compare.h"

#include "walk.h"

#include "core/crypto.h"
#include "core/tree.h"

#include <stdlib.h>
#include <string.h>

#define WIDTH	   256
#define CHUNKS_MAX ((uint64_t)1 << 32)
#define LOOKED_MAX 256 /* chunks whose entries are looked at */

struct side {
	struct seal_hash *digest; /* of chunk i; zero: none of its entries */
	size_t chunks, room;
	uint64_t first, end, entries;
	/* of the open chunk */
	uint64_t chunk;
	uint8_t part[WIDTH * 40];
	size_t part_len;
	struct seal_diag *diag;
};

static int make_room(struct side *s, uint64_t chunk)
{
	size_t room = s->room ? s->room : 64;
	struct seal_hash *grown;

	if (chunk >= CHUNKS_MAX)
		return seal_diag_set(s->diag, SEAL_E_TOOBIG,
				     "an entry claims the index %llu",
				     (unsigned long long)chunk * WIDTH);
	while (room <= chunk)
		room *= 2;
	if (room > s->room) {
		grown = realloc(s->digest, room * sizeof(*grown));
		if (!grown)
			return SEAL_E_NOMEM;
		memset(grown + s->room, 0, (room - s->room) * sizeof(*grown));
		s->digest = grown;
		s->room = room;
	}
	if (s->chunks <= chunk)
		s->chunks = (size_t)chunk + 1;
	return 0;
}

/* What was there of this chunk before goes in as well. */
static int close_part(struct side *s)
{
	struct seal_part parts[2];
	int rc;

	if (!s->part_len)
		return 0;
	rc = make_room(s, s->chunk);
	if (rc)
		return rc;
	parts[0].base = s->digest[s->chunk].b;
	parts[0].len = sizeof(s->digest[s->chunk].b);
	parts[1].base = s->part;
	parts[1].len = s->part_len;
	s->part_len = 0;
	return seal_sha256_parts(parts, 2, &s->digest[s->chunk]);
}

static int take(void *ctx, const struct cli_entry *entry)
{
	struct side *s = ctx;
	uint64_t place = cli_entry_place(entry);
	struct seal_hash leaf;
	unsigned i;
	int rc = 0;

	if (place / WIDTH != s->chunk || s->part_len == sizeof(s->part))
		rc = close_part(s);
	if (!rc)
		rc = seal_leaf_hash(entry->bytes, entry->len, &leaf);
	if (rc)
		return rc;
	s->chunk = place / WIDTH;
	for (i = 0; i < 8; i++)
		s->part[s->part_len++] = (uint8_t)(place >> (56 - 8 * i));
	memcpy(s->part + s->part_len, leaf.b, sizeof(leaf.b));
	s->part_len += sizeof(leaf.b);
	if (!s->entries++ || place < s->first)
		s->first = place;
	if (place >= s->end)
		s->end = place + 1;
	return 0;
}

static int read_side(const struct cli_trust *trust, const char *target,
		     struct side *s)
{
	int rc = cli_walk(trust, target, 0, INT64_MAX, take, s, s->diag);

	return rc ? rc : close_part(s);
}

/* ---- the entries of one chunk ---- */

struct chunk {
	uint64_t number;
	bool have[WIDTH];
	struct seal_hash leaf[WIDTH];
};

static int take_leaf(void *ctx, const struct cli_entry *entry)
{
	struct chunk *c = ctx;
	uint64_t place = cli_entry_place(entry);

	if (entry->index >= (c->number + 1) * WIDTH &&
	    place >= (c->number + 1) * WIDTH)
		return CLI_WALK_STOP;
	if (place / WIDTH != c->number)
		return 0;
	c->have[place % WIDTH] = true;
	return seal_leaf_hash(entry->bytes, entry->len,
			      &c->leaf[place % WIDTH]);
}

static int read_chunk(const struct cli_trust *trust, const char *target,
		      uint64_t number, struct chunk *c, struct seal_diag *diag)
{
	uint64_t from = number * WIDTH;

	memset(c, 0, sizeof(*c));
	c->number = number;
	/* Counted indices may lag behind the true ones. */
	from = from > CLI_WALK_SHIFT ? from - CLI_WALK_SHIFT : 0;
	return cli_walk(trust, target, from, INT64_MAX, take_leaf, c, diag);
}

static int add(struct compare *c, enum compare_kind kind, uint64_t index)
{
	struct compare_range *last =
		c->ranges ? &c->range[c->ranges - 1] : NULL;

	c->other |= kind == COMPARE_OTHER;
	if (last && last->kind == kind && last->last + 1 == index) {
		last->last = index;
		return 0;
	}
	if (c->ranges == COMPARE_RANGES) {
		c->more = true;
		return 0;
	}
	if (!c->range) {
		c->range = calloc(COMPARE_RANGES, sizeof(*c->range));
		if (!c->range)
			return SEAL_E_NOMEM;
	}
	c->range[c->ranges++] = (struct compare_range){kind, index, index};
	return 0;
}

static int compare_chunk(struct compare *c, const struct chunk *a,
			 const struct chunk *b)
{
	uint64_t index = a->number * WIDTH;
	unsigned i;
	int rc = 0;

	for (i = 0; i < WIDTH && !rc; i++, index++) {
		if (a->have[i] && b->have[i]) {
			if (!seal_hash_equal(&a->leaf[i], &b->leaf[i]))
				rc = add(c, COMPARE_OTHER, index);
		} else if (a->have[i] || b->have[i]) {
			rc = add(c,
				 a->have[i] ? COMPARE_ONLY_A : COMPARE_ONLY_B,
				 index);
		}
	}
	return rc;
}

static bool has(const struct side *s, size_t chunk)
{
	static const struct seal_hash none;

	return chunk < s->chunks && !seal_hash_equal(&s->digest[chunk], &none);
}

/* All of a chunk is in one copy alone: no need to look at its entries. */
static int add_whole(struct compare *c, const struct side side[2], size_t chunk)
{
	const struct side *s = has(&side[0], chunk) ? &side[0] : &side[1];
	uint64_t index = (uint64_t)chunk * WIDTH, end = index + WIDTH;
	int rc = 0;

	if (index < s->first)
		index = s->first;
	if (end > s->end)
		end = s->end;
	for (; index < end && !rc; index++)
		rc = add(c, s == &side[0] ? COMPARE_ONLY_A : COMPARE_ONLY_B,
			 index);
	return rc;
}

static int compare_sides(const struct cli_trust *trust,
			 const char *const target[2], const struct side side[2],
			 struct compare *c, struct seal_diag *diag)
{
	size_t chunks = side[0].chunks > side[1].chunks ? side[0].chunks
							: side[1].chunks;
	struct chunk *pair = calloc(2, sizeof(*pair));
	size_t i, looked = 0;
	int rc = pair ? 0 : SEAL_E_NOMEM;

	for (i = 0; i < chunks && !rc && !c->more; i++) {
		if (has(&side[0], i) != has(&side[1], i)) {
			rc = add_whole(c, side, i);
			continue;
		}
		if (!has(&side[0], i) ||
		    seal_hash_equal(&side[0].digest[i], &side[1].digest[i]))
			continue;
		if (looked++ == LOOKED_MAX) {
			c->more = true;
			break;
		}
		rc = read_chunk(trust, target[0], i, &pair[0], diag);
		if (!rc)
			rc = read_chunk(trust, target[1], i, &pair[1], diag);
		if (!rc)
			rc = compare_chunk(c, &pair[0], &pair[1]);
	}
	free(pair);
	return rc;
}

int compare_copies(const struct cli_trust *trust, const char *const target[2],
		   struct compare *ret_compare, struct seal_diag *diag)
{
	struct side *side = calloc(2, sizeof(*side));
	struct compare c = {0};
	size_t i;
	int rc = side ? 0 : SEAL_E_NOMEM;

	for (i = 0; i < 2 && !rc; i++) {
		side[i].diag = diag;
		rc = read_side(trust, target[i], &side[i]);
		c.first[i] = side[i].first;
		c.end[i] = side[i].end;
		c.entries[i] = side[i].entries;
	}
	if (!rc)
		rc = compare_sides(trust, target, side, &c, diag);
	if (side) {
		free(side[0].digest);
		free(side[1].digest);
	}
	free(side);
	if (rc)
		compare_fini(&c);
	else
		*ret_compare = c;
	return rc;
}

void compare_fini(struct compare *compare)
{
	free(compare->range);
	memset(compare, 0, sizeof(*compare));
}
