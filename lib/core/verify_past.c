/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checkpoints that a store keeps beside the one that counts: older ones are
 * compared as the log reaches them, newer ones have a signature at least.
 * Contract: verify_tree_int.h.
 */
#include "core/verify_tree_int.h"

#include <string.h>

/* One stored checkpoint as a claim; *ret_taken: it is to be judged. */
static int take_past(struct verify_tree *t, const uint8_t *note, size_t len,
		     uint64_t size, bool whole, bool *ret_taken)
{
	char where[VERIFY_WHERE_BYTES];
	struct seal_hash digest;
	int rc = seal_sha256(note, len, &digest);

	*ret_taken = false;
	/* All that is to be said of it was said, or will be. */
	if (rc ||
	    (t->v->have_newest && seal_hash_equal(&digest, &t->v->newest)))
		return rc;
	snprintf(where, sizeof(where), "checkpoint %llu",
		 (unsigned long long)size);
	rc = verify_note_take(t->v, &t->v->past, SEAL_VERIFY_NOTE_PAST, note,
			      len, where, ret_taken);
	if (rc || !*ret_taken)
		return rc;
	t->v->past.stored = true;
	t->v->past.damaged = !whole;
	return whole ? 0
		     : verify_find(t->v, 30, 1, 0, false, where,
				   VERIFY_NOT_WHOLE);
}

/* Above the largest size there is none. */
static int ask(struct verify_tree *t, uint64_t min_size,
	       const uint8_t **ret_note, size_t *ret_len, uint64_t *ret_size,
	       bool *ret_whole)
{
	if (min_size > SEAL_TREE_SIZE_MAX)
		return SEAL_E_NOTFOUND;
	return t->source->checkpoint(t->source->ctx, min_size, ret_note,
				     ret_len, ret_size, ret_whole, t->diag);
}

/* The next older checkpoint to compare when the log reaches its size. */
int verify_past_next(struct verify_tree *t, uint64_t min_size)
{
	const uint8_t *note;
	uint64_t size;
	size_t len;
	bool whole, taken;
	int rc;

	verify_claim_fini(&t->v->past);
	t->v->want_known = false;
	for (;; min_size = size + 1) {
		rc = ask(t, min_size, &note, &len, &size, &whole);
		if (rc == SEAL_E_NOTFOUND || (!rc && size >= t->size))
			return 0;
		if (rc)
			return rc;
		if (size < min_size)
			return SEAL_E_INTERNAL;
		rc = take_past(t, note, len, size, whole, &taken);
		if (rc)
			return rc;
		if (taken && t->v->past.size == size && size > t->v->walk.next)
			return 0;
		/* Its place in the log is passed, or not known. */
		if (taken)
			rc = verify_note_judge_one(t->v, &t->v->past);
		verify_claim_fini(&t->v->past);
		if (rc)
			return rc;
	}
}

/*
 * Checkpoints above the newest: the host has signed them, their entries were
 * still to come.  And one of the newest's size that is not what was taken for
 * the newest.
 */
int verify_past_pending(struct verify_tree *t)
{
	uint64_t min_size = t->size, size;
	const uint8_t *note;
	size_t len;
	bool whole, taken;
	int rc;

	for (;; min_size = size + 1) {
		rc = ask(t, min_size, &note, &len, &size, &whole);
		if (rc)
			return rc == SEAL_E_NOTFOUND ? 0 : rc;
		if (size < min_size)
			return SEAL_E_INTERNAL;
		rc = take_past(t, note, len, size, whole, &taken);
		if (!rc && taken)
			rc = verify_note_judge_one(t->v, &t->v->past);
		verify_claim_fini(&t->v->past);
		if (rc)
			return rc;
	}
}

int verify_past_reached(void *ctx)
{
	struct verify_tree *t = ctx;
	struct verify_claim claim = t->v->past;
	uint64_t size = claim.size;
	int rc;

	memset(&t->v->past, 0, sizeof(t->v->past));
	rc = verify_note_judge_one(t->v, &claim);
	verify_claim_fini(&claim);
	return rc ? rc : verify_past_next(t, size + 1);
}

int verify_past_rest(struct verify_tree *t)
{
	int rc = 0;

	while (!rc && t->v->past.note)
		rc = verify_past_reached(t);
	return rc;
}
