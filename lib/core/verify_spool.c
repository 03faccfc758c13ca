/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A spool's frames: entries, heads, frontiers, openings, defects.  A head is
 * believed when it gives the root that we computed, or when its seal verifies.
 * Segments: verify_segment.c.  format.md 3, 6, 8.
 */
#include "core/verify_int.h"

#include <string.h>

#define FRONTIER_SHIFT 12 /* every 4,096 entries */

/* Where a frame that is no entry stands: at the entry before it. */
static uint64_t place_of(const struct seal_verify *v)
{
	return v->walk.next ? v->walk.next - 1 : 0;
}

static int side(struct seal_verify *v, unsigned number, const char *file,
		uint64_t offset, const char *what)
{
	char where[VERIFY_WHERE_BYTES];
	uint64_t at = place_of(v);

	verify_place(where, file, offset);
	return verify_find_in(v, &v->cell.side, number, at, at, false, where,
			      "%s", what);
}

int seal_verify_entry(struct seal_verify *v, const struct seal_verify_entry *e)
{
	if (v->skip)
		return 0;
	v->frontier_due = v->after_defect = false;
	return verify_cell_add(v, e);
}

/* Wrong seals on one stretch are one finding: the last one reaches furthest. */
static bool extends(struct seal_findings *bad, uint64_t first, uint64_t last)
{
	struct seal_finding *f = bad->n ? &bad->v[bad->n - 1] : NULL;

	if (!f || f->number != 10 || f->first != first)
		return false;
	f->last = last;
	return true;
}

static int bad_head(struct seal_verify *v, const struct seal_verify_head *h,
		    bool root_right)
{
	char where[VERIFY_WHERE_BYTES];
	uint64_t last = place_of(v);
	uint64_t first = v->sealed.next <= last ? v->sealed.next : last;

	verify_place(where, h->where, h->offset);
	if (root_right && extends(&v->cell.bad, first, last))
		return 0;
	if (root_right)
		return verify_find_in(v, &v->cell.bad, 10, first, last, false,
				      where,
				      "the seal of a true root is wrong");
	return verify_find_in(v, &v->cell.bad, 30, last, last, false, where,
			      "a head that is not what was sealed here");
}

void verify_believe(struct seal_verify *v, const struct seal_verify_head *h,
		    bool checked)
{
	uint64_t before = v->have_head ? v->head.size : 0;

	v->frontier_due = h->size >> FRONTIER_SHIFT > before >> FRONTIER_SHIFT;
	v->head = *h;
	v->head.where = NULL;
	verify_place(v->head_where, h->where, h->offset);
	v->have_head = true;
	v->head_checked = checked;
	verify_note_past(v, h->size, &h->root);
	verify_note_root(v, h->size, &h->root);
}

int verify_head(struct seal_verify *v, const struct seal_verify_head *h)
{
	struct seal_hash ours;
	bool right = false, good = false, check;
	int rc;

	if (v->walk.have_frontier && v->walk.next == h->size) {
		rc = seal_frontier_root(&v->walk.frontier, &ours);
		if (rc)
			return rc;
		right = seal_hash_equal(&ours, &h->root);
	}
	check = !right || v->opt.deep || v->cell.check_seal;
	if (check) {
		rc = verify_seal(v, h->size, &h->root, h->key_id, h->signature,
				 &good);
		if (rc)
			return rc;
	}
	if (right && (good || !check || !verify_have_key(v, h->size)))
		rc = verify_cell_accept(v);
	else if (good)
		rc = verify_cell_diagnose(v, h->size, &h->root);
	else
		return bad_head(v, h, right);
	if (!rc)
		verify_believe(v, h, good);
	return rc;
}

int seal_verify_head(struct seal_verify *v, const struct seal_verify_head *h)
{
	if (v->skip)
		return 0;
	v->frontier_due = v->after_defect = false;
	v->opening_parts = 0;
	if (h->size <= v->sealed.next)
		return side(v, 30, h->where, h->offset,
			    "a head that stands out of place");
	return verify_head(v, h);
}

int seal_verify_frontier(struct seal_verify *v, uint64_t size,
			 const struct seal_hash *hashes, size_t count,
			 const char *where, uint64_t offset)
{
	struct seal_frontier frontier;
	struct seal_hash root;
	bool due = v->frontier_due;
	int rc;

	if (v->skip)
		return 0;
	v->frontier_due = false;
	if (!due && v->after_defect)
		return 0; /* its head is damaged, which was said */
	if (!due || v->cell.total || size != v->head.size)
		return side(v, 30, where, offset,
			    "a frontier that stands out of place");
	rc = seal_frontier_set(&frontier, size, hashes, count);
	if (!rc) {
		rc = seal_frontier_root(&frontier, &root);
		if (rc)
			return rc;
	}
	if (rc || !seal_hash_equal(&root, &v->head.root))
		return side(v, 30, where, offset,
			    "a frontier that does not give the head's root");
	if (!v->walk.have_frontier && v->head_checked) {
		v->walk.frontier = frontier;
		v->walk.have_frontier = true;
		v->sealed.frontier = frontier;
		v->sealed.have_frontier = true;
	}
	return 0;
}

int seal_verify_opening(struct seal_verify *v, uint64_t index, uint8_t part,
			uint8_t state, const uint8_t salt[16],
			const uint8_t *value, size_t len, const char *where,
			uint64_t offset)
{
	struct seal_hash commitment;
	char place[VERIFY_WHERE_BYTES];
	unsigned expected = v->opening_next;
	int rc;

	if (v->skip)
		return 0;
	if (!v->opening_parts || index != v->opening_index ||
	    index + 1 != v->walk.next || part < expected ||
	    part >= v->opening_parts || state > 1)
		return side(v, 30, where, offset,
			    "an opening that stands out of place");
	v->opening_next = part + 1u;
	if (state == 1)
		return 0;
	rc = seal_commitment(part, salt, value, len, &commitment);
	if (rc == SEAL_E_NOMEM || rc == SEAL_E_CRYPTO)
		return rc;
	if (!rc && seal_hash_equal(&commitment, &v->opening_commitment[part]))
		return 0;
	verify_place(place, where, offset);
	return verify_find_in(v, &v->cell.side, 31, index, index, false, place,
			      "part %u is not what was committed to", part);
}

int seal_verify_defect(struct seal_verify *v, enum seal_verify_defect what,
		       bool maybe_entry, const char *where, uint64_t offset,
		       uint64_t len)
{
	static const char *const text[] = {
		[SEAL_VERIFY_DEFECT_FRAME] = "bytes that are no frame",
		[SEAL_VERIFY_DEFECT_TAG] = "a frame whose tag is wrong",
		[SEAL_VERIFY_DEFECT_KIND] = "a frame of a kind that is none",
		[SEAL_VERIFY_DEFECT_PADDING] = "bytes behind the end",
		[SEAL_VERIFY_DEFECT_FILE] =
			"not what the rest of the copy says",
		[SEAL_VERIFY_DEFECT_UNKNOWN] = "a frame of a newer version",
		[SEAL_VERIFY_DEFECT_MISPLACED] = "a frame out of place",
		[SEAL_VERIFY_DEFECT_PACKED] =
			"a compressed file that does not unpack whole"};

	(void)len;
	if (what < SEAL_VERIFY_DEFECT_FRAME || what > SEAL_VERIFY_DEFECT_PACKED)
		return SEAL_E_ARG;
	if (v->skip)
		return 0;
	v->frontier_due = false;
	v->after_defect = true;
	if (what == SEAL_VERIFY_DEFECT_FILE ||
	    what == SEAL_VERIFY_DEFECT_PACKED)
		return verify_find(v, 30, 1, 0, false, where, "%s", text[what]);
	if (maybe_entry)
		return verify_cell_add_lost(v, where, offset);
	return side(v, what == SEAL_VERIFY_DEFECT_UNKNOWN ? 25 : 30, where,
		    offset, text[what]);
}
