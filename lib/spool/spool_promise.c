/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What state, receipts and epochs say was sealed, held against what is there:
 * this, not the limit of two commits, is what stops an editor without the key.
 * format.md 3 "Recovery" 3.
 */
#include "core/checkpoint.h"
#include "spool/spool_scan.h"

static int rollback(struct scan *sc, const char *who, uint64_t size)
{
	return seal_diag_set(
		sc->diag, SEAL_E_ROLLBACK,
		"the spool %s ends at %llu entries or tells another history, "
		"but %s says that %llu were sealed: it is older than it must "
		"be (AS027); " NEW_LOG,
		sc->sp->dir, (unsigned long long)sc->out->frontier.size, who,
		(unsigned long long)size);
}

static int check_root(struct scan *sc, const char *who, uint64_t size,
		      const struct seal_hash *root)
{
	struct seal_hash here;
	int r;

	if (sc->out->frontier.size != size)
		return 0;
	r = seal_frontier_root(&sc->out->frontier, &here);
	if (r)
		return r;
	return seal_hash_equal(&here, root) ? 0 : rollback(sc, who, size);
}

int scan_check_size(struct scan *sc)
{
	struct seal_spool *sp = sc->sp;
	struct seal_checkpoint cp;
	struct seal_note note;
	size_t i;
	int r = 0;

	if (sp->state.sealed)
		r = check_root(sc, "its file state", sp->state.sealed,
			       &sp->state.root);
	for (i = 0; !r && i < sp->acked.mirrors; i++) {
		const struct seal_acked_mirror *m = &sp->acked.mirror[i];

		if (m->size != sc->out->frontier.size || !m->note_len)
			continue;
		r = seal_checkpoint_parse_note(m->note, m->note_len, &note, &cp,
					       NULL);
		if (r || cp.size != m->size) {
			r = 0; /* what is no note promises nothing */
			continue;
		}
		r = check_root(sc, "a receipt", m->size, &cp.root);
	}
	return r;
}

int scan_check_promises(struct scan *sc)
{
	struct seal_spool *sp = sc->sp;
	uint64_t size = sc->out->frontier.size;
	size_t i;

	if (sp->state.sealed > size)
		return rollback(sc, "its file state", sp->state.sealed);
	for (i = 0; i < sp->acked.mirrors; i++)
		if (sp->acked.mirror[i].size > size)
			return rollback(sc, "a receipt",
					sp->acked.mirror[i].size);
	if (seal_chain_first(sp->chain) > size)
		return rollback(sc, "a hand-over in its file epochs",
				seal_chain_first(sp->chain));
	return 0;
}
