/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads that are known from before: as claims and as anchors, and as a place to
 * go on from.  docs/spec/verdict.md, "What a verifier remembers".
 */
#include "core/verify_int.h"

#include <string.h>

int seal_verify_remember(struct seal_verify *v,
			 const struct seal_verify_remembered *known)
{
	struct verify_claim *claim;

	if (v->claims == VERIFY_CLAIMS_MAX || known->size > SEAL_TREE_SIZE_MAX)
		return SEAL_E_ARG;
	claim = &v->claim[v->claims++];
	memset(claim, 0, sizeof(*claim));
	claim->kind = CLAIM_KNOWN;
	claim->size = known->size;
	claim->have_root = true;
	claim->root = known->root;
	claim->time_us = known->time_us;
	claim->may_be_older = known->may_be_older;
	snprintf(claim->where, sizeof(claim->where), "%s", known->who);
	v->want_known = false;
	if (!known->have_log_id || !v->have_log_id ||
	    seal_hash_equal(&known->log_id, &v->log_id))
		return 0;
	return verify_find(v, 28, 1, 0, false, known->who,
			   "the log that was verified had another log id");
}

bool verify_beyond(const struct seal_verify *v, uint64_t size)
{
	return v->opt.range && size > v->sealed.next;
}

void verify_known_anchor(const struct seal_verify *v,
			 struct seal_anchor *ret_anchor)
{
	struct seal_anchor *a = ret_anchor;
	const struct verify_claim *c;
	size_t k;

	for (k = 0; k < v->claims; k++) {
		c = &v->claim[k];
		if (c->kind != CLAIM_KNOWN || (a->kind && c->size < a->size))
			continue;
		if (c->seen ? !seal_hash_equal(&c->ours, &c->root)
			    : !verify_beyond(v, c->size))
			continue;
		a->kind = SEAL_ANCHOR_KNOWN;
		a->size = c->size;
		a->time_us = c->time_us;
		snprintf(a->names, sizeof(a->names), "%s", c->where);
	}
}

/* ---- going on ---- */

static int resume_keys(struct seal_verify *v,
		       const struct seal_verify_resume *resume)
{
	const struct seal_chain_resume keys = {.host_key = resume->host_key,
					       .epoch0_key = resume->epoch0_key,
					       .epoch = resume->epoch,
					       .first = resume->epoch_first,
					       .epoch_key = resume->epoch_key};
	int rc = seal_chain_new_at(v->origin, &keys,
				   v->have_log_id ? &v->log_id : NULL,
				   &v->chain);

	if (rc)
		return rc;
	v->log_id = *seal_chain_log_id(v->chain);
	v->have_log_id = true;
	memcpy(v->host_key, resume->host_key, sizeof(v->host_key));
	v->have_host = true;
	/* `epochs` is fed from the record behind this epoch's own. */
	v->epochs_root = true;
	v->epochs_records = resume->epoch + 1;
	v->epochs_newest = resume->epoch;
	v->handovers = resume->epoch;
	return 0;
}

static void resume_head(struct seal_verify *v, uint64_t size,
			const struct seal_hash *root)
{
	memset(&v->head, 0, sizeof(v->head));
	v->head.size = size;
	v->head.root = *root;
	v->have_head = true;
	v->head_checked = true;
}

void seal_verify_resume_at(struct seal_verify *v,
			   const struct seal_verify_place *place)
{
	v->have_segment = true;
	v->frontier_due = true; /* it stands behind the head, if at all */
	v->segment_number = place->number;
	v->segment_first = place->first_index;
	v->first_index = place->first_index;
	snprintf(v->segment_where, sizeof(v->segment_where), "%s",
		 place->where);
}

int seal_verify_resume(struct seal_verify *v,
		       const struct seal_verify_resume *resume)
{
	uint64_t size = resume->frontier.size;
	struct seal_hash root;
	int rc;

	if (v->begun || v->chain || !size || size > SEAL_TREE_SIZE_MAX)
		return SEAL_E_ARG;
	rc = seal_frontier_root(&resume->frontier, &root);
	if (!rc)
		rc = resume_keys(v, resume);
	if (rc)
		return rc;
	v->begun = true;
	v->resumed = size;
	v->walk.next = size;
	v->walk.frontier = resume->frontier;
	v->walk.have_frontier = true;
	v->walk.life = LIFE_ANY;
	v->walk.heartbeat_us = resume->heartbeat_us;
	v->walk.have_heartbeat = resume->have_heartbeat;
	v->sealed = v->walk;
	/* Notes that come from now on find these sizes there. */
	if (resume->anchor_size && resume->anchor_size < size)
		verify_note_past(v, resume->anchor_size, &resume->anchor_root);
	verify_note_past(v, size, &root);
	verify_note_root(v, size, &root);
	resume_head(v, size, &root);
	return 0;
}

/* The epoch in force for the entry behind `size`. */
static int epoch_behind(const struct seal_verify *v, uint64_t size,
			struct seal_chain_span *ret_span)
{
	int rc = seal_chain_lookup(v->chain, size, ret_span);

	if (!rc && ret_span->end == size)
		rc = seal_chain_span(v->chain, ret_span->epoch + 1, ret_span);
	return rc;
}

int verify_known_describe(const struct seal_verify *v,
			  struct seal_verdict *verdict)
{
	struct seal_verify_resume *r = &verdict->resume;
	struct seal_chain_span span, first;

	verdict->looked_from = v->resumed;
	verdict->range = v->opt.range;
	if (!v->chain || v->walk.chain_broken || !v->have_host ||
	    !v->sealed.have_frontier || !v->sealed.next ||
	    v->sealed.frontier.size != v->sealed.next)
		return 0;
	if (epoch_behind(v, v->sealed.next, &span) ||
	    seal_chain_span(v->chain, 0, &first))
		return 0;
	r->frontier = v->sealed.frontier;
	r->anchor_size = verdict->anchor.size;
	r->anchor_root = verdict->anchor.root;
	memcpy(r->host_key, v->host_key, sizeof(r->host_key));
	memcpy(r->epoch0_key, first.key, sizeof(r->epoch0_key));
	r->epoch = span.epoch;
	r->epoch_first = span.first;
	memcpy(r->epoch_key, span.key, sizeof(r->epoch_key));
	r->have_heartbeat = v->sealed.have_heartbeat;
	r->heartbeat_us = v->sealed.heartbeat_us;
	verdict->resumable = true;
	return 0;
}
