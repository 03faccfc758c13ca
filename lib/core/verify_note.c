/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Statements about sizes and roots: checkpoints, receipts, `state`, what the
 * operator expects.  They are taken as they come, learn our own roots on the
 * way, and are judged at the end.  format.md 6, "Anchor".
 */
#include "core/verify_int.h"

#include <stdlib.h>
#include <string.h>

void verify_claim_fini(struct verify_claim *claim)
{
	free(claim->note);
	memset(claim, 0, sizeof(*claim));
}

static void find_next_want(struct seal_verify *v)
{
	size_t k;

	v->want_next = UINT64_MAX;
	if (v->past.note && !v->past.seen && v->past.size >= v->walk.next)
		v->want_next = v->past.size;
	for (k = 0; k < v->claims; k++)
		if (!v->claim[k].seen && v->claim[k].size >= v->walk.next &&
		    v->claim[k].size < v->want_next)
			v->want_next = v->claim[k].size;
	for (k = 0; k < v->lates; k++)
		if (!v->late[k].seen && v->late[k].size >= v->walk.next &&
		    v->late[k].size < v->want_next)
			v->want_next = v->late[k].size;
	v->want_known = true;
}

bool verify_note_wants(const struct seal_verify *v, uint64_t size)
{
	struct seal_verify *mutable = (struct seal_verify *)v;

	if (!v->want_known)
		find_next_want(mutable);
	if (size < v->want_next)
		return false;
	mutable->want_known = false;
	return true;
}

static void tell(const struct seal_verify *v, struct verify_claim *claim,
		 uint64_t size, const struct seal_hash *root)
{
	if (claim->size != size)
		return;
	claim->seen = true;
	claim->ours = *root;
	claim->before_us = size == v->walk.next ? v->walk.last_us : 0;
	claim->lived_us = v->walk.lived_us;
}

void verify_note_root(struct seal_verify *v, uint64_t size,
		      const struct seal_hash *root)
{
	size_t k;

	for (k = 0; k < v->claims; k++)
		tell(v, &v->claim[k], size, root);
	for (k = 0; k < v->lates; k++)
		tell(v, &v->late[k], size, root);
	if (v->past.note)
		tell(v, &v->past, size, root);
}

void verify_note_forget(struct seal_verify *v, uint64_t above)
{
	size_t k;

	for (k = 0; k < v->claims; k++)
		if (v->claim[k].size > above)
			v->claim[k].seen = false;
	for (k = 0; k < v->lates; k++)
		if (v->late[k].size > above)
			v->late[k].seen = false;
	v->want_known = false;
}

void verify_note_past(struct seal_verify *v, uint64_t size,
		      const struct seal_hash *root)
{
	struct verify_past *past;

	past = &v->ring[v->ring_at];
	past->size = size;
	past->root = *root;
	past->before_us = size == v->sealed.next ? v->sealed.last_us : 0;
	past->lived_us = v->sealed.lived_us;
	v->ring_at = (v->ring_at + 1) % VERIFY_RING_HEADS;
	if (v->ring_used < VERIFY_RING_HEADS)
		v->ring_used++;
}

/* Sizes rise in the ring: binary search from its oldest. */
static struct verify_past *find_past(const struct seal_verify *v, uint64_t size)
{
	size_t base = (v->ring_at + VERIFY_RING_HEADS - v->ring_used) %
		      VERIFY_RING_HEADS;
	size_t lo = 0, hi = v->ring_used, mid;
	struct verify_past *past;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		past = &v->ring[(base + mid) % VERIFY_RING_HEADS];
		if (past->size == size)
			return past;
		if (past->size < size)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

void verify_note_recall(const struct seal_verify *v, struct verify_claim *claim)
{
	const struct verify_past *past = find_past(v, claim->size);

	if (!past)
		return;
	claim->seen = true;
	claim->ours = past->root;
	claim->before_us = past->before_us;
	claim->lived_us = past->lived_us;
}

uint64_t verify_note_waited_us(const struct seal_verify *v, uint64_t size)
{
	const struct verify_past *past = find_past(v, size);
	uint64_t now = v->sealed.lived_us, then = past ? past->lived_us : now;
	size_t k;

	for (k = 0; k < v->claims && !past; k++)
		if (v->claim[k].seen && v->claim[k].size == size)
			then = v->claim[k].lived_us;
	for (k = 0; k < v->lates && !past; k++)
		if (v->late[k].seen && v->late[k].size == size)
			then = v->late[k].lived_us;
	return then < now ? now - then : 0;
}

static int set_note(struct verify_claim *claim,
		    enum seal_verify_note_source source,
		    const struct seal_checkpoint *cp, const uint8_t *note,
		    size_t len, const char *where)
{
	memset(claim, 0, sizeof(*claim));
	claim->note = malloc(len);
	if (!claim->note)
		return SEAL_E_NOMEM;
	memcpy(claim->note, note, len);
	claim->note_len = len;
	claim->kind = CLAIM_NOTE;
	claim->source = source;
	claim->size = cp->size;
	claim->root = cp->root;
	claim->have_root = true;
	snprintf(claim->where, sizeof(claim->where), "%s", where);
	return 0;
}

/* Room for one more: the smallest goes, but none that the operator gave. */
static struct verify_claim *slot(struct verify_claim *list, size_t *count,
				 size_t max, uint64_t size)
{
	struct verify_claim *least = NULL;
	size_t k;

	if (*count < max)
		return &list[(*count)++];
	for (k = 0; k < max; k++)
		if (list[k].kind == CLAIM_NOTE &&
		    list[k].source != SEAL_VERIFY_NOTE_GIVEN &&
		    (!least || list[k].size < least->size))
			least = &list[k];
	if (!least || least->size >= size)
		return NULL;
	verify_claim_fini(least);
	return least;
}

/*
 * Of old receipts the root is compared, and nothing is kept.  Who signed is
 * asked where that is another one, or a smaller size comes after a larger one.
 */
static int judge_old(struct seal_verify *v, struct verify_claim *claim)
{
	bool agrees =
		claim->seen && seal_hash_equal(&claim->ours, &claim->root);

	if (!claim->note || (!v->opt.deep && agrees && !claim->late))
		return 0;
	return verify_note_judge_one(v, claim);
}

/* The largest stay until the end.  *claim becomes the one that does not. */
static int keep_newest(struct seal_verify *v, struct verify_claim *claim)
{
	struct verify_claim *least = &v->late[0], swap;
	size_t k;

	claim->late = claim->size < v->frame_size_max;
	if (claim->size > v->frame_size_max)
		v->frame_size_max = claim->size;
	if (v->lates < VERIFY_LATE_NOTES) {
		v->late[v->lates++] = *claim;
		memset(claim, 0, sizeof(*claim));
		return 0;
	}
	for (k = 1; k < VERIFY_LATE_NOTES; k++)
		if (v->late[k].size < least->size)
			least = &v->late[k];
	if (least->size < claim->size) {
		swap = *least;
		*least = *claim;
		*claim = swap;
	}
	return judge_old(v, claim);
}

/* The newest receipt stands there too: one statement. */
static bool in_acked(const struct seal_verify *v, const uint8_t *note,
		     size_t len)
{
	const struct verify_claim *c;

	for (c = v->claim; c < v->claim + v->claims; c++)
		if (c->source == SEAL_VERIFY_NOTE_ACKED && c->note_len == len &&
		    c->note && !memcmp(c->note, note, len))
			return true;
	return false;
}

static int take_frame(struct seal_verify *v, const struct seal_checkpoint *cp,
		      const uint8_t *note, size_t len, const char *where)
{
	struct verify_claim claim;
	struct seal_hash digest;
	int rc = seal_sha256(note, len, &digest);

	if (rc)
		return rc;
	if (v->have_note_digest && seal_hash_equal(&digest, &v->note_digest))
		return seal_verify_defect(v, SEAL_VERIFY_DEFECT_MISPLACED,
					  false, where, 0, len);
	v->note_digest = digest;
	v->have_note_digest = true;
	if (cp->size > v->walk.next)
		return seal_verify_defect(v, SEAL_VERIFY_DEFECT_MISPLACED,
					  false, where, 0, len);
	rc = set_note(&claim, SEAL_VERIFY_NOTE_FRAME, cp, note, len, where);
	if (rc)
		return rc;
	verify_note_recall(v, &claim);
	rc = verify_note_clock(v, &claim);
	if (!rc && !in_acked(v, note, len))
		rc = keep_newest(v, &claim);
	verify_claim_fini(&claim);
	v->want_known = false;
	return rc;
}

static int malformed(struct seal_verify *v, enum seal_verify_note_source source,
		     const char *where)
{
	if (source == SEAL_VERIFY_NOTE_FRAME)
		return verify_find_in(v, &v->cell.side, 30,
				      v->walk.next ? v->walk.next - 1 : 0,
				      v->walk.next ? v->walk.next - 1 : 0,
				      false, where,
				      "a receipt that is no note");
	return verify_find(v, source == SEAL_VERIFY_NOTE_ACKED ? 29 : 30, 1, 0,
			   false, where, "a checkpoint that is no note");
}

int verify_note_take(struct seal_verify *v, struct verify_claim *claim,
		     enum seal_verify_note_source source, const uint8_t *note,
		     size_t len, const char *where, bool *ret_taken)
{
	struct seal_checkpoint cp;
	struct seal_note parsed;
	int rc;

	*ret_taken = false;
	if (len > VERIFY_NOTE_MAX ||
	    seal_checkpoint_parse_note(note, len, &parsed, &cp, NULL))
		return malformed(v, source, where);
	if (strcmp(v->origin, cp.origin))
		return verify_find(v, 28, 1, 0, false, where,
				   "a checkpoint of another log, %s",
				   cp.origin);
	rc = set_note(claim, source, &cp, note, len, where);
	*ret_taken = !rc;
	v->want_known = false;
	return rc;
}

int seal_verify_note(struct seal_verify *v, enum seal_verify_note_source source,
		     const uint8_t *note, size_t len, const char *where)
{
	struct seal_checkpoint cp;
	struct verify_claim *claim;
	struct seal_note parsed;
	int rc;

	if (v->skip && source == SEAL_VERIFY_NOTE_FRAME)
		return 0;
	if (len > VERIFY_NOTE_MAX ||
	    seal_checkpoint_parse_note(note, len, &parsed, &cp, NULL))
		return malformed(v, source, where);
	if (!v->origin[0])
		snprintf(v->origin, sizeof(v->origin), "%s", cp.origin);
	if (strcmp(v->origin, cp.origin))
		return verify_find(v, 28, 1, 0, false, where,
				   "a checkpoint of another log, %s",
				   cp.origin);
	if (source == SEAL_VERIFY_NOTE_FRAME)
		return take_frame(v, &cp, note, len, where);
	claim = slot(v->claim, &v->claims, VERIFY_CLAIMS_MAX, cp.size);
	if (!claim)
		return 0;
	rc = set_note(claim, source, &cp, note, len, where);
	if (!rc)
		verify_note_recall(v, claim);
	v->want_known = false;
	return rc;
}

int seal_verify_checkpoint(struct seal_verify *v, const uint8_t *note,
			   size_t len, bool whole, const char *where)
{
	size_t before = v->claims;
	int rc = seal_sha256(note, len, &v->newest);

	v->have_newest = !rc;
	if (!rc)
		rc = seal_verify_note(v, SEAL_VERIFY_NOTE_CHECKPOINT, note, len,
				      where);
	if (rc || v->claims == before)
		return rc;
	v->claim[before].stored = true;
	v->claim[before].damaged = !whole;
	return whole ? 0
		     : verify_find(v, 30, 1, 0, false, where, VERIFY_NOT_WHOLE);
}

int seal_verify_cosigned(struct seal_verify *v, const uint8_t *note, size_t len,
			 const char *where)
{
	size_t before = v->claims;
	struct seal_checkpoint cp;
	struct seal_note parsed;
	int rc;

	/* That is said of the checkpoint's own row. */
	if (len > VERIFY_NOTE_MAX ||
	    seal_checkpoint_parse_note(note, len, &parsed, &cp, NULL) ||
	    (v->origin[0] && strcmp(v->origin, cp.origin) != 0))
		return 0;
	rc = seal_verify_note(v, SEAL_VERIFY_NOTE_PAST, note, len, where);
	if (!rc && v->claims > before)
		v->claim[before].aside = true;
	return rc;
}

int seal_verify_kept(struct seal_verify *v, unsigned number, const char *where,
		     const char *text)
{
	size_t before = v->findings.n;
	int rc;

	/* Of the records, once. */
	if (number == 29 && !strcmp(where, "epochs")) {
		if (v->epochs_bad)
			return 0;
		v->epochs_bad = true;
	}
	rc = verify_find(v, number, 1, 0, false, where, "%s", text);
	/* By a key that nobody names: nothing was decided by it. */
	if (!rc && number == 11 && v->findings.n > before)
		v->findings.v[before].class = SEAL_CLASS_N;
	return rc;
}

int seal_verify_state(struct seal_verify *v, uint64_t sealed_size,
		      const struct seal_hash *root)
{
	struct verify_claim *claim;

	v->state_given = true;
	if (v->claims == VERIFY_CLAIMS_MAX)
		return SEAL_E_ARG;
	claim = &v->claim[v->claims++];
	memset(claim, 0, sizeof(*claim));
	claim->kind = CLAIM_STATE;
	claim->size = sealed_size;
	claim->have_root = true;
	claim->root = *root;
	verify_note_recall(v, claim);
	snprintf(claim->where, sizeof(claim->where), "state");
	v->want_known = false;
	return 0;
}

int seal_verify_beside(struct seal_verify *v, const char *file,
		       const char *text)
{
	return verify_find(v, 29, 1, 0, false, file, "%s: %s", file, text);
}

int seal_verify_acked(struct seal_verify *v)
{
	v->acked_given = true;
	return 0;
}
