/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a verifier, its findings, its verdict.  Contract: verify.h. */
#include "core/verify_int.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int take_expected(struct seal_verify *v)
{
	struct verify_claim *claim;

	if (!v->opt.have_expect_size)
		return 0;
	if (v->opt.expect_size > SEAL_TREE_SIZE_MAX)
		return SEAL_E_ARG;
	claim = &v->claim[v->claims++];
	claim->kind = CLAIM_EXPECTED;
	claim->size = v->opt.expect_size;
	claim->have_root = v->opt.have_expect_root;
	claim->root = v->opt.expect_root;
	snprintf(claim->where, sizeof(claim->where), "the expected size");
	return 0;
}

int seal_verify_new(const struct seal_verify_options *options,
		    struct seal_verify **ret_verify)
{
	struct seal_verify *v;
	int rc;

	if ((options->target != SEAL_VERIFY_SPOOL &&
	     options->target != SEAL_VERIFY_STORE) ||
	    (options->origin &&
	     strlen(options->origin) >= SEAL_VERIFY_NAME_BYTES))
		return SEAL_E_ARG;
	v = calloc(1, sizeof(*v));
	if (!v)
		return SEAL_E_NOMEM;
	v->ring = malloc(VERIFY_RING_HEADS * sizeof(*v->ring));
	if (!v->ring) {
		free(v);
		return SEAL_E_NOMEM;
	}
	v->opt = *options;
	v->opt.origin = NULL;
	v->opt.served_by = NULL;
	if (options->origin)
		snprintf(v->origin, sizeof(v->origin), "%s", options->origin);
	if (options->served_by)
		snprintf(v->served_by, sizeof(v->served_by), "%s",
			 options->served_by);
	if (options->have_pin) {
		v->log_id = options->pin;
		v->have_log_id = true;
	}
	seal_findings_init(&v->findings);
	seal_findings_init(&v->cell.open);
	seal_findings_init(&v->cell.side);
	seal_findings_init(&v->cell.bad);
	seal_frontier_init(&v->walk.frontier);
	v->walk.life = LIFE_EMPTY;
	v->walk.have_frontier = true;
	v->sealed = v->walk;
	rc = take_expected(v);
	if (!rc)
		rc = verify_given_take(v);
	if (rc) {
		seal_verify_free(v);
		return rc;
	}
	*ret_verify = v;
	return 0;
}

void seal_verify_free(struct seal_verify *v)
{
	size_t k;

	if (!v)
		return;
	for (k = 0; k < v->claims; k++)
		verify_claim_fini(&v->claim[k]);
	for (k = 0; k < v->lates; k++)
		verify_claim_fini(&v->late[k]);
	verify_claim_fini(&v->past);
	verify_cell_fini(&v->cell);
	seal_findings_fini(&v->findings);
	seal_chain_free(v->chain);
	seal_pub_free(v->pub);
	free(v->ring);
	free(v->not_proven);
	free(v->ahead);
	free(v);
}

int seal_verify_name(struct seal_verify *v, const char *origin)
{
	if (strlen(origin) >= sizeof(v->origin))
		return SEAL_E_ARG;
	if (v->origin[0] && strcmp(v->origin, origin))
		return verify_find(v, 28, 1, 0, false, NULL,
				   "this is the log %s", origin);
	snprintf(v->origin, sizeof(v->origin), "%s", origin);
	return 0;
}

void seal_verify_stored_id(struct seal_verify *v,
			   const struct seal_hash *log_id)
{
	v->have_stored_id = true;
	v->stored_id = *log_id;
}

void seal_verify_stored_end(struct seal_verify *v, uint64_t entries)
{
	v->stored_end = entries;
}

/* ---- findings ---- */
static void note_dropped(struct seal_verify *v, unsigned number)
{
	v->findings_dropped++;
	switch (seal_finding_info(number)->class) {
	case SEAL_CLASS_D:
		v->dropped_d = true;
		break;
	case SEAL_CLASS_U:
		v->dropped_u = true;
		break;
	case SEAL_CLASS_A:
		v->dropped_a = true;
		break;
	case SEAL_CLASS_N:
		break;
	}
}

/* Where things rest with the same place and text, one is enough. */
static bool repeats(const struct seal_findings *list, unsigned number,
		    uint64_t first, uint64_t last, const char *where,
		    const char *text)
{
	const struct seal_finding *f;

	if (!list->n)
		return false;
	f = &list->v[list->n - 1];
	return f->number == number && f->first == first && f->last == last &&
	       !strcmp(f->where ? f->where : "", where ? where : "") &&
	       !strcmp(f->text ? f->text : "", text);
}

static int find_va(struct seal_verify *v, struct seal_findings *list,
		   unsigned number, uint64_t first, uint64_t last, bool within,
		   const char *where, const char *fmt, va_list args)
{
	struct seal_finding f = {0};
	char text[256], place[VERIFY_WHERE_BYTES], see[48];

	if (list->n >= SEAL_VERIFY_MAX_FINDINGS) {
		note_dropped(v, number);
		return 0;
	}
	vsnprintf(text, sizeof(text), fmt, args);
	if (first > last)
		first = last = SEAL_FINDING_NO_INDEX;
	if (repeats(list, number, first, last, where, text))
		return 0;
	snprintf(place, sizeof(place), "%s", where ? where : "");
	snprintf(see, sizeof(see), "auditseal explain %s",
		 seal_finding_info(number)->id);
	f.number = number;
	f.first = first;
	f.last = last;
	f.within = within;
	f.time_before_us = first == SEAL_FINDING_NO_INDEX ? 0 : v->proven_us;
	f.where = place;
	f.text = text;
	f.see = see;
	return seal_findings_add(list, &f);
}

int verify_find_in(struct seal_verify *v, struct seal_findings *list,
		   unsigned number, uint64_t first, uint64_t last, bool within,
		   const char *where, const char *fmt, ...)
{
	va_list args;
	int rc;

	va_start(args, fmt);
	rc = find_va(v, list, number, first, last, within, where, fmt, args);
	va_end(args);
	return rc;
}

int verify_find(struct seal_verify *v, unsigned number, uint64_t first,
		uint64_t last, bool within, const char *where, const char *fmt,
		...)
{
	va_list args;
	int rc;

	va_start(args, fmt);
	rc = find_va(v, &v->findings, number, first, last, within, where, fmt,
		     args);
	va_end(args);
	return rc;
}

int verify_take(struct seal_verify *v, struct seal_findings *list)
{
	size_t k;
	int rc = 0;

	for (k = 0; k < list->n && !rc; k++) {
		if (v->findings.n >= SEAL_VERIFY_MAX_FINDINGS)
			note_dropped(v, list->v[k].number);
		else
			rc = seal_findings_add(&v->findings, &list->v[k]);
	}
	seal_findings_fini(list);
	seal_findings_init(list);
	return rc;
}

int verify_not_proven(struct seal_verify *v, uint64_t first, uint64_t last)
{
	struct seal_range *r = v->not_proven;
	size_t n = v->not_proven_count;

	if (n && (r[n - 1].last + 1 >= first || n == SEAL_VERIFY_MAX_RANGES)) {
		if (last > r[n - 1].last)
			r[n - 1].last = last;
		return 0;
	}
	if (!(n & (n - 1))) {
		r = realloc(r, (n ? 2 * n : 1) * sizeof(*r));
		if (!r)
			return SEAL_E_NOMEM;
		v->not_proven = r;
	}
	r[n].first = first;
	r[n].last = last;
	v->not_proven_count++;
	return 0;
}

void verify_place(char ret_where[VERIFY_WHERE_BYTES], const char *file,
		  uint64_t offset)
{
	if (offset)
		snprintf(ret_where, VERIFY_WHERE_BYTES, "%s:%llu",
			 file ? file : "", (unsigned long long)offset);
	else
		snprintf(ret_where, VERIFY_WHERE_BYTES, "%s", file ? file : "");
}

void verify_proven_time(struct seal_verify *v, uint64_t first_us,
			uint64_t last_us)
{
	struct seal_finding *f;

	for (; v->open_end < v->findings.n; v->open_end++) {
		f = &v->findings.v[v->open_end];
		if (f->first != SEAL_FINDING_NO_INDEX && !f->time_after_us)
			f->time_after_us = first_us;
	}
	if (last_us)
		v->proven_us = last_us;
}

/* ---- the verdict ---- */

static int expect_root_alone(struct seal_verify *v)
{
	struct verify_claim *claim;
	int rc = 0;

	if (!v->opt.have_expect_root || v->opt.have_expect_size ||
	    v->claims == VERIFY_CLAIMS_MAX)
		return 0;
	claim = &v->claim[v->claims++];
	memset(claim, 0, sizeof(*claim));
	claim->kind = CLAIM_EXPECTED;
	claim->size = v->sealed.next;
	claim->have_root = true;
	claim->root = v->opt.expect_root;
	claim->seen = v->sealed.have_frontier;
	if (claim->seen)
		rc = seal_frontier_root(&v->sealed.frontier, &claim->ours);
	return rc;
}

static int describe(const struct seal_verify *v, struct seal_verdict *verdict)
{
	struct seal_chain_span span;
	int rc = 0;

	snprintf(verdict->origin, sizeof(verdict->origin), "%s", v->origin);
	verdict->have_log_id = v->have_log_id;
	verdict->log_id = v->log_id;
	verdict->first_index = v->first_index;
	verdict->size = v->sealed.next;
	if (v->sealed.have_frontier)
		rc = seal_frontier_root(&v->sealed.frontier, &verdict->root);
	else if (v->have_head && v->head.size == verdict->size)
		verdict->root = v->head.root;
	verdict->entries_checked = v->sealed.entries;
	verdict->newest_us = v->proven_us;
	verdict->heartbeat_us = v->sealed.heartbeat_us;
	verdict->as_of_us = v->opt.as_of_us;
	/* Behind a hand-over its successor is in force, the old key is gone. */
	if (v->chain && seal_chain_first(v->chain) <= verdict->size) {
		verdict->epoch = seal_chain_epoch(v->chain);
		verdict->epoch_first = seal_chain_first(v->chain);
	} else if (v->chain && verdict->size &&
		   !seal_chain_lookup(v->chain, verdict->size, &span)) {
		verdict->epoch = span.epoch;
		verdict->epoch_first = span.first;
	}
	return rc;
}

static void conclude(struct seal_verify *v, struct seal_verdict *verdict)
{
	uint64_t from = verdict->anchor.size > verdict->epoch_first
				? verdict->anchor.size
				: verdict->epoch_first;

	verdict->window = verdict->size > from ? verdict->size - from : 0;
	seal_findings_settle(&v->findings);
	verdict->dropped_status = v->dropped_d	 ? 2
				  : v->dropped_u ? 3
				  : v->dropped_a ? 1
						 : 0;
	verdict->findings = v->findings;
	seal_findings_init(&v->findings);
	verdict->findings_dropped = v->findings_dropped;
	seal_verdict_judge(verdict);
	verdict->not_proven = v->not_proven;
	verdict->not_proven_count = v->not_proven_count;
	v->not_proven = NULL;
	v->not_proven_count = 0;
}

void seal_verdict_judge(struct seal_verdict *verdict)
{
	static const int rank[] = {0, 1, 3, 2}; /* of exit status 0 1 2 3 */
	int status = seal_findings_exit_status(&verdict->findings);

	if (rank[verdict->dropped_status & 3] > rank[status])
		status = verdict->dropped_status;
	verdict->exit_status = status;
}

int seal_verify_finish(struct seal_verify *v, struct seal_verdict *ret_verdict)
{
	struct seal_verdict verdict = {0};
	uint64_t reached;
	int rc = 0;

	if (v->finished)
		return SEAL_E_ARG;
	v->finished = true;
	seal_findings_init(&verdict.findings);
	if (v->opt.target == SEAL_VERIFY_SPOOL)
		rc = verify_end_tail(v, &verdict.unsealed);
	reached = v->sealed.next + verdict.unsealed;
	if (!rc)
		rc = describe(v, &verdict);
	if (!rc)
		rc = verify_note_judge(v);
	if (!rc)
		rc = verify_lines_end(v);
	if (!rc)
		rc = verify_clock_end(v);
	if (!rc)
		rc = expect_root_alone(v);
	if (!rc && v->have_stored_id && v->chain &&
	    !seal_hash_equal(&v->stored_id, seal_chain_log_id(v->chain)))
		rc = verify_find(v, 30, 1, 0, false, NULL,
				 "the log id that the copy is kept under is "
				 "not this log's");
	if (!rc)
		rc = verify_end_claims(v, reached);
	if (!rc)
		rc = verify_end_anchor(v, reached, &verdict);
	if (!rc)
		rc = verify_known_describe(v, &verdict);
	if (rc)
		return rc;
	verify_given_describe(v, reached, &verdict);
	conclude(v, &verdict);
	*ret_verdict = verdict;
	return 0;
}

void seal_verdict_fini(struct seal_verdict *verdict)
{
	seal_findings_fini(&verdict->findings);
	free(verdict->not_proven);
	memset(verdict, 0, sizeof(*verdict));
}

static int run_once(const struct seal_verify_options *options,
		    seal_verify_feed *feed, void *ctx,
		    struct seal_verdict *ret_verdict, struct seal_diag *diag)
{
	struct seal_verify *verify;
	int rc = seal_verify_new(options, &verify);

	if (rc)
		return rc;
	rc = feed(ctx, verify, diag);
	if (!rc)
		rc = seal_verify_finish(verify, ret_verdict);
	seal_verify_free(verify);
	return rc;
}

int seal_verify_run(const struct seal_verify_options *options,
		    seal_verify_feed *feed, void *ctx,
		    struct seal_verdict *ret_verdict, struct seal_diag *diag)
{
	struct seal_verify_options deep = *options;
	int rc = run_once(options, feed, ctx, ret_verdict, diag);

	if (rc || ret_verdict->exit_status != 2 || options->deep ||
	    options->target != SEAL_VERIFY_SPOOL)
		return rc;
	seal_verdict_fini(ret_verdict);
	deep.deep = true;
	return run_once(&deep, feed, ctx, ret_verdict, diag);
}

const char *seal_anchor_kind_name(enum seal_anchor_kind kind)
{
	switch (kind) {
	case SEAL_ANCHOR_NONE:
		return "none";
	case SEAL_ANCHOR_QUORUM:
		return "quorum";
	case SEAL_ANCHOR_EXPECTED:
		return "expected";
	case SEAL_ANCHOR_KNOWN:
		return "known";
	}
	return "unknown";
}
