/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hand-overs that a start finds in segments: those that `epochs` has, those
 * that it lacks, and the one that waits for its seal.  format.md 2 and 8.
 */
#include <stdlib.h>
#include <string.h>

#include "spool/spool_scan.h"

int scan_damaged(struct scan *sc, const char *finding, uint64_t offset,
		 const char *what)
{
	seal_diag_set(sc->diag, SEAL_E_DAMAGED,
		      "the spool %s is damaged in its last segment at byte "
		      "%llu: %s (%s); " NEW_LOG,
		      sc->sp->dir, (unsigned long long)offset, what, finding);
	if (sc->diag) {
		sc->diag->offset = offset;
		sc->diag->index = sc->out->frontier.size;
	}
	return SEAL_E_DAMAGED;
}

static int learn(struct scan *sc, const struct seal_handover *h)
{
	struct seal_handover *grown;

	grown = realloc(sc->out->learnt,
			(sc->out->learnts + 1) * sizeof(*grown));
	if (!grown)
		return SEAL_E_NOMEM;
	sc->out->learnt = grown;
	sc->out->learnt[sc->out->learnts++] = *h;
	return 0;
}

/* Is it the one that `epochs` has?  Then it was verified when it came. */
static bool is_known(const struct scan *sc)
{
	const struct seal_handover *h = &sc->out->pending;
	struct seal_chain_span span;

	return !seal_chain_span(sc->sp->chain, h->epoch, &span) &&
	       span.first == h->index + 1 &&
	       !memcmp(span.key, h->key, sizeof(span.key));
}

/* A hand-over that is sealed: the chain takes it, or has it. */
int scan_take_handover(struct scan *sc, uint64_t offset)
{
	enum seal_handover_verdict verdict;
	int r;

	if (is_known(sc)) {
		sc->out->has_pending = false;
		return 0;
	}
	r = seal_chain_advance(sc->sp->chain, &sc->out->pending, &verdict);
	if (r)
		return r;
	if (verdict != SEAL_HANDOVER_OK && verdict != SEAL_HANDOVER_SAME)
		return scan_damaged(sc, "AS012", offset,
				    seal_handover_verdict_text(verdict));
	sc->out->has_pending = false;
	return verdict == SEAL_HANDOVER_OK ? learn(sc, &sc->out->pending) : 0;
}

int scan_read_handover(struct scan *sc, const struct seal_entry *entry,
		       const struct seal_reader_item *item)
{
	struct spool_scan *out = sc->out;
	struct seal_hash root;
	int r;

	r = seal_frontier_root(&out->frontier, &root);
	if (r)
		return r;
	r = seal_handover_from_entry(entry, out->frontier.size, &root,
				     &out->pending);
	if (r)
		return scan_damaged(sc, "AS012", item->offset,
				    "an epoch entry that says nothing");
	out->has_pending = true;
	out->before_pending = out->frontier;
	out->pending_leaf = item->leaf;
	return 0;
}

/* The hand-over at the very end: signed by e, and its key is in our slot? */
int scan_check_pending(struct scan *sc)
{
	struct seal_handover *h = &sc->out->pending;
	struct seal_keydir_slot slot;
	struct seal_chain_span span;
	struct seal_pub *pub;
	uint64_t epoch = seal_chain_epoch(sc->sp->chain);
	int r;

	seal_keydir_slot(sc->sp->keydir, (unsigned)(h->epoch & 1), &slot);
	if (h->epoch != epoch + 1 || slot.state != SEAL_SLOT_KEY ||
	    slot.epoch != h->epoch ||
	    memcmp(slot.public_key, h->key, sizeof(h->key)))
		return scan_damaged(
			sc, "AS012", sc->out->kept_end,
			"an unsealed hand-over to a key that the keydir "
			"does not have");
	r = seal_chain_span(sc->sp->chain, epoch, &span);
	if (!r)
		r = seal_pub_new(span.key, &pub);
	if (r)
		return r;
	r = seal_handover_verify(&sc->sp->log_id, h, pub);
	seal_pub_free(pub);
	if (r == SEAL_E_SIG)
		return scan_damaged(
			sc, "AS012", sc->out->kept_end,
			"an unsealed hand-over with a wrong signature");
	return r;
}
