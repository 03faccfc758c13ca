/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The open cell of a spool: what was found since the last head that is
 * believed, and what to conclude when a trusted statement says what should be
 * there.  format.md 6, "Counting".
 */
#include "core/verify_align.h"
#include "core/verify_int.h"

#include <stdlib.h>
#include <string.h>

#define EXPECTED_MAX ((uint64_t)1 << 20)

static int grow(struct verify_cell *c)
{
	struct verify_found *found;
	size_t room = c->room ? 2 * c->room : 256;

	if (c->count < c->room)
		return 0;
	found = realloc(c->found, room * sizeof(*found));
	if (!found)
		return SEAL_E_NOMEM;
	c->found = found;
	c->room = room;
	return 0;
}

static int add(struct seal_verify *v, const struct seal_hash *leaf,
	       uint64_t place, const char *where, uint64_t offset)
{
	struct verify_cell *c = &v->cell;
	uint64_t expected = v->sealed.next + c->total;
	struct verify_found *f;
	int rc;

	if (!c->total)
		snprintf(c->where, sizeof(c->where), "%s", where);
	c->total++;
	if (place != expected)
		c->suspect = true;
	if (c->count >= VERIFY_CELL_MAX) {
		c->too_long = true;
		return 0;
	}
	rc = grow(c);
	if (rc)
		return rc;
	f = &c->found[c->count++];
	memset(f, 0, sizeof(*f));
	f->place = place;
	f->offset = offset;
	f->lost = !leaf;
	if (leaf)
		f->leaf = *leaf;
	return 0;
}

/* The index nearest to `expected` with these low 32 bits. */
static uint64_t nearest(uint64_t expected, uint32_t low)
{
	uint64_t index = (expected & ~(uint64_t)UINT32_MAX) | low;
	const uint64_t half = (uint64_t)1 << 31;

	if (index > expected && index - expected > half && index > UINT32_MAX)
		index -= (uint64_t)1 << 32;
	else if (index < expected && expected - index > half)
		index += (uint64_t)1 << 32;
	return index;
}

/* What is needed to look at it again, at another place. */
static void remember(struct seal_verify *v, const struct seal_verify_entry *e)
{
	struct verify_cell *c = &v->cell;
	struct verify_seen *seen = &c->found[c->count - 1].seen;
	size_t at = c->bodies.len, len;

	*seen = v->seen;
	if (seen->type == SEAL_ENTRY_RECORD || !seen->known)
		return;
	len = e->len - SEAL_ENTRY_HEADER_BYTES;
	if (len > VERIFY_BODIES_MAX - at)
		return;
	seal_buf_put(&c->bodies, e->entry + SEAL_ENTRY_HEADER_BYTES, len);
	seen->body_at = (uint32_t)at;
	seen->body_len = (uint16_t)len;
	seen->has_body = true;
}

int verify_cell_add(struct seal_verify *v, const struct seal_verify_entry *e)
{
	uint64_t expected = v->sealed.next + v->cell.total;
	uint64_t place = UINT64_MAX;
	char where[VERIFY_WHERE_BYTES];
	bool first = !v->cell.total;
	int rc;

	if (e->known == SEAL_VERIFY_KNOWN_TAG)
		place = nearest(expected, e->index_low);
	else if (e->known == SEAL_VERIFY_KNOWN_LEAF)
		place = expected;
	verify_place(where, e->where, e->offset);
	rc = add(v, &e->leaf, place, e->where, e->offset);
	if (!rc)
		rc = verify_log_entry(v, &v->cell.open, e->entry, e->len,
				      &e->leaf, where);
	if (first)
		v->cell.first_us = v->walk.last_us;
	if (!rc && !v->cell.too_long) {
		remember(v, e);
		rc = seal_buf_error(&v->cell.bodies);
	}
	return rc;
}

int verify_cell_add_lost(struct seal_verify *v, const char *where,
			 uint64_t offset)
{
	int rc = add(v, NULL, UINT64_MAX, where, offset);

	verify_log_jump(v, v->walk.next + 1);
	return rc;
}

void verify_cell_reset(struct seal_verify *v)
{
	struct verify_cell *c = &v->cell;

	seal_findings_fini(&c->open);
	seal_findings_fini(&c->side);
	seal_findings_fini(&c->bad);
	c->count = 0;
	c->too_long = false;
	c->total = 0;
	c->suspect = false;
	c->check_seal = false;
	c->first_us = 0;
	c->where[0] = '\0';
	seal_buf_reset(&c->bodies);
}

void verify_cell_fini(struct verify_cell *c)
{
	seal_findings_fini(&c->open);
	seal_findings_fini(&c->side);
	seal_findings_fini(&c->bad);
	free(c->found);
	seal_buf_fini(&c->bodies);
}

/* The root is right, so frames whose tag is wrong hold the true entries. */
static int wrong_tags(struct seal_verify *v)
{
	struct verify_cell *c = &v->cell;
	char where[VERIFY_WHERE_BYTES];
	uint64_t index;
	size_t k;
	int rc = 0;

	for (k = 0; c->suspect && k < c->count && !rc; k++) {
		index = v->sealed.next + k;
		if (c->found[k].place == index)
			continue;
		verify_place(where, c->where, c->found[k].offset);
		rc = verify_find(v, 30, index, index, false, where,
				 "the tag of an intact entry is wrong");
	}
	return rc;
}

int verify_cell_accept(struct seal_verify *v)
{
	int rc;

	if (v->cell.total)
		verify_proven_time(v, v->cell.first_us, v->walk.last_us);
	rc = wrong_tags(v);
	if (!rc)
		rc = verify_take(v, &v->cell.open);
	if (!rc)
		rc = verify_take(v, &v->cell.side);
	if (!rc)
		rc = verify_take(v, &v->cell.bad);
	if (rc)
		return rc;
	v->sealed = v->walk;
	verify_cell_reset(v);
	return 0;
}

/* ---- a cell that does not give what was sealed ---- */

struct diagnosis {
	struct seal_verify *v;
	uint64_t first, size;
	bool intact;	/* all expected entries are there after all */
	bool nothing;	/* the tags see no difference */
	size_t *source; /* intact: which found entry is at each place */
};

static int report(void *ctx, const struct seal_align_result *r)
{
	struct diagnosis *d = ctx;
	struct verify_cell *c = &d->v->cell;
	const char *what = seal_align_text(r->what);
	char where[VERIFY_WHERE_BYTES];
	unsigned id = r->what;
	uint64_t first = d->first + r->first, last = d->first + r->last;
	bool lost = r->found < c->count && c->found[r->found].lost;

	d->nothing = false;
	if (r->found < c->count)
		verify_place(where, c->where, c->found[r->found].offset);
	else
		snprintf(where, sizeof(where), "%s", c->where);
	if (d->intact && r->what == SEAL_ALIGN_MODIFIED) {
		id = 30;
		what = "the tag of an intact entry is wrong";
	} else if (lost && r->what == SEAL_ALIGN_INSERTED) {
		id = 30;
		what = "bytes that are no frame";
		if (first)
			first = last = first - 1; /* as other such frames */
	}
	return verify_find(d->v, id, first, last, r->within, where, "%s", what);
}

static int count_nothing(void *ctx, const struct seal_align_result *r)
{
	(void)ctx;
	(void)r;
	return 0;
}

/* Do the found entries, put in their places, give the root after all? */
static int try_repair(struct diagnosis *d, const uint64_t *place,
		      const struct seal_hash *root,
		      struct seal_frontier *ret_frontier)
{
	struct verify_cell *c = &d->v->cell;
	uint64_t expected = d->size - d->first;
	struct seal_hash ours;
	size_t k;
	int rc;

	d->intact = false;
	if (!d->v->sealed.have_frontier)
		return 0;
	d->source = calloc(expected, sizeof(*d->source));
	if (!d->source)
		return SEAL_E_NOMEM;
	rc = seal_align(place, c->count, expected, count_nothing, NULL,
			d->source);
	*ret_frontier = d->v->sealed.frontier;
	for (k = 0; k < expected && !rc; k++) {
		if (d->source[k] >= c->count || c->found[d->source[k]].lost)
			return 0;
		rc = seal_frontier_append(ret_frontier,
					  &c->found[d->source[k]].leaf);
	}
	if (!rc)
		rc = seal_frontier_root(ret_frontier, &ours);
	d->intact = !rc && seal_hash_equal(&ours, root);
	return rc;
}

/* Were the bodies of all control entries kept? */
static bool can_look_again(const struct diagnosis *d)
{
	const struct verify_found *f = d->v->cell.found;
	uint64_t k;

	for (k = 0; k < d->size - d->first; k++)
		if (f[d->source[k]].seen.known &&
		    !f[d->source[k]].seen.has_body &&
		    f[d->source[k]].seen.type != SEAL_ENTRY_RECORD)
			return false;
	return true;
}

/* The entries are put right, and then looked at in their order. */
static int look_again(struct diagnosis *d)
{
	struct seal_verify *v = d->v;
	struct verify_cell *c = &v->cell;
	const struct verify_found *f;
	char where[VERIFY_WHERE_BYTES];
	uint64_t k;
	int rc = 0;

	v->walk = v->sealed;
	verify_host_forget(v, d->first);
	seal_findings_fini(&c->open);
	for (k = 0; k < d->size - d->first && !rc; k++) {
		f = &c->found[d->source[k]];
		verify_place(where, c->where, f->offset);
		rc = verify_log_again(v, &c->open, f,
				      f->seen.has_body
					      ? c->bodies.data + f->seen.body_at
					      : NULL,
				      where);
	}
	f = &c->found[d->source[0]];
	verify_proven_time(v, f->seen.time_us, v->walk.last_us);
	return rc ? rc : verify_take(v, &c->open);
}

static int align(struct diagnosis *d, const struct seal_hash *root,
		 struct seal_frontier *ret_frontier)
{
	struct verify_cell *c = &d->v->cell;
	uint64_t expected = d->size - d->first, *place;
	size_t k;
	int rc;

	place = calloc(c->count + 1, sizeof(*place));
	if (!place)
		return SEAL_E_NOMEM;
	for (k = 0; k < c->count; k++)
		place[k] = c->found[k].place >= d->first &&
					   c->found[k].place < d->size
				   ? c->found[k].place - d->first
				   : SEAL_ALIGN_NOWHERE;
	rc = try_repair(d, place, root, ret_frontier);
	if (!rc)
		rc = seal_align(place, c->count, expected, report, d, NULL);
	free(place);
	return rc;
}

static int blame_cell(struct diagnosis *d)
{
	return verify_find(d->v, 1, d->first, d->size - 1, true,
			   d->v->cell.where,
			   "the entries do not give the root that was sealed");
}

int verify_cell_diagnose(struct seal_verify *v, uint64_t size,
			 const struct seal_hash *root)
{
	struct diagnosis d = {v, v->sealed.next, size, false, true, NULL};
	struct seal_frontier frontier;
	bool rooted = v->sealed.have_frontier;
	uint64_t entries = v->sealed.entries + v->cell.total;
	int rc = 0;

	if (v->cell.too_long || size - d.first > EXPECTED_MAX)
		d.nothing = true;
	else
		rc = align(&d, root, &frontier);
	if (!rc && d.nothing && rooted && !d.intact)
		rc = blame_cell(&d);
	if (!rc && d.intact)
		rc = verify_take(v, &v->cell.side);
	if (!rc && !d.intact)
		rc = verify_not_proven(v, d.first, size - 1);
	verify_note_forget(v, d.first);
	if (!rc && d.intact && can_look_again(&d)) {
		rc = look_again(&d);
	} else {
		v->walk = v->sealed;
		verify_log_jump(v, size);
		if (d.intact)
			v->walk.frontier = frontier;
		v->walk.have_frontier = d.intact;
	}
	free(d.source);
	if (rc)
		return rc;
	v->walk.entries = entries;
	v->sealed = v->walk;
	verify_cell_reset(v);
	return 0;
}
