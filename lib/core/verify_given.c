/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints that somebody holds elsewhere and gives to the verifier: claims
 * like receipts, whose outcome is told for each.  They make no verdict better.
 * docs/spec/timestamp.md, section 4.
 */
#include "core/verify_int.h"

#include <string.h>

int verify_given_take(struct seal_verify *v)
{
	const struct seal_verify_options *o = &v->opt;
	struct seal_checkpoint cp;
	struct seal_note parsed;
	struct verify_claim *claim;
	bool taken;
	size_t i;
	int rc;

	if (o->given_count > SEAL_VERIFY_GIVEN_MAX)
		return SEAL_E_ARG;
	for (i = 0; i < o->given_count; i++) {
		const struct seal_verify_given *g = &o->given[i];

		if (g->len > VERIFY_NOTE_MAX ||
		    seal_checkpoint_parse_note(g->note, g->len, &parsed, &cp,
					       NULL) ||
		    strcmp(cp.origin, v->origin))
			return SEAL_E_ARG;
		claim = &v->claim[v->claims];
		rc = verify_note_take(v, claim, SEAL_VERIFY_NOTE_GIVEN, g->note,
				      g->len, g->where, &taken);
		if (rc)
			return rc;
		claim->given = i;
		v->claims++;
	}
	v->opt.given = NULL;
	return 0;
}

static enum seal_given_state state_of(const struct seal_verify *v,
				      const struct verify_claim *c,
				      uint64_t reached)
{
	if (!c->counts)
		return SEAL_GIVEN_UNSIGNED;
	if (c->seen)
		return seal_hash_equal(&c->ours, &c->root)
			       ? SEAL_GIVEN_AGREES
			       : SEAL_GIVEN_CONFLICTS;
	return c->size > reached && !verify_beyond(v, c->size)
		       ? SEAL_GIVEN_BEYOND
		       : SEAL_GIVEN_NOT_COMPARED;
}

void verify_given_describe(const struct seal_verify *v, uint64_t reached,
			   struct seal_verdict *verdict)
{
	size_t k;

	verdict->given_count = v->opt.given_count;
	for (k = 0; k < v->claims; k++)
		if (v->claim[k].kind == CLAIM_NOTE &&
		    v->claim[k].source == SEAL_VERIFY_NOTE_GIVEN)
			verdict->given[v->claim[k].given] =
				state_of(v, &v->claim[k], reached);
}
