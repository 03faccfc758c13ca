/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a verification: the unsealed tail, what proves that more was
 * sealed, the anchor, its age, the root of the key chain.  format.md 6, 8.
 */
#include "core/verify_int.h"

#include <string.h>

#define HEARTBEATS_FRESH  3
#define HEARTBEATS_SILENT 2
#define FRESH_EXTRA_US	  60000000u

/* The newest seal is always checked. */
static int check_newest(struct seal_verify *v)
{
	bool good = false;
	int rc;

	if (!v->have_head || v->head_checked) {
		v->newest_sealed = v->have_head;
		return 0;
	}
	rc = verify_seal(v, v->head.size, &v->head.root, v->head.key_id,
			 v->head.signature, &good);
	if (rc)
		return rc;
	v->newest_sealed = good;
	if (good || !verify_have_key(v, v->head.size))
		return 0;
	return verify_find(v, 10, v->head.size - 1, v->head.size - 1, false,
			   v->head_where, "the newest seal is wrong");
}

int verify_wrong_seals(struct seal_verify *v)
{
	struct seal_findings *bad = &v->cell.bad;
	size_t k;
	int rc = 0;

	for (k = 0; k < bad->n && !rc; k++)
		if (bad->v[k].number == 10)
			rc = verify_find(v, 10, bad->v[k].first, bad->v[k].last,
					 false, bad->v[k].where, "%s",
					 bad->v[k].text);
	return rc;
}

int verify_end_tail(struct seal_verify *v, uint64_t *ret_unsealed)
{
	struct verify_cell *c = &v->cell;
	uint64_t first = v->sealed.next, whole = 0;
	size_t k;
	int rc;

	for (k = 0; k < c->count && !c->found[k].lost; k++)
		whole++;
	if (c->too_long)
		whole = c->total;
	*ret_unsealed = whole;
	/* What an unsealed hand-over says breaks no chain. */
	v->walk.chain_broken = v->sealed.chain_broken;
	rc = check_newest(v);
	if (!rc)
		rc = verify_wrong_seals(v);
	if (!rc)
		rc = verify_abandoned(v);
	if (rc || v->opt.live)
		return rc;
	if (whole > SEAL_TAIL_ENTRIES_MAX)
		return verify_find(v, 3, first, first, true, c->where,
				   "%llu entries behind the last seal: more "
				   "than a crash can leave",
				   (unsigned long long)whole);
	if (!c->total && !c->side.n && !c->bad.n)
		return 0;
	return verify_find(v, 13, first, whole ? first + whole - 1 : first,
			   false, c->total ? c->where : v->segment_where,
			   "%llu whole entries and what follows them are not "
			   "sealed",
			   (unsigned long long)whole);
}

/* How far a copy goes is not known where it cannot be read. */
static bool unread(const struct seal_verify *v)
{
	return v->opt.target == SEAL_VERIFY_SPOOL &&
	       (v->after_unknown || !v->begun);
}

static int too_short(struct seal_verify *v, uint64_t reached, uint64_t size,
		     const char *who, bool receipt)
{
	unsigned number = receipt && v->opt.target == SEAL_VERIFY_STORE ? 22
			  : v->opt.live					? 27
									: 7;

	if (unread(v))
		return 0;
	return verify_find(v, number, reached, size - 1, false, who,
			   "%s says that %llu entries were sealed, here are "
			   "%llu",
			   who, (unsigned long long)size,
			   (unsigned long long)reached);
}

static int judge_claim(struct seal_verify *v, struct verify_claim *c,
		       uint64_t reached)
{
	bool conflict =
		c->seen && c->have_root && !seal_hash_equal(&c->ours, &c->root);

	if (c->kind != CLAIM_EXPECTED && verify_beyond(v, c->size))
		return 0;
	if (c->kind == CLAIM_NOTE) {
		if (c->counts && c->size > reached)
			return too_short(v, reached, c->size, c->where,
					 c->cosigned);
		return 0;
	}
	if (c->size > reached && c->may_be_older)
		return 0;
	if (c->size > reached)
		return too_short(v, reached, c->size, c->where, false);
	if (!conflict)
		return 0;
	if (c->kind == CLAIM_KNOWN)
		return verify_find(v, 8, 1, 0, false, c->where,
				   "the keys of the log have sealed another "
				   "history than the one that was verified: "
				   "another root at size %llu",
				   (unsigned long long)c->size);
	if (c->kind == CLAIM_STATE)
		return verify_find(v, 27, 1, 0, false, "state",
				   "state has another root at size %llu",
				   (unsigned long long)c->size);
	return verify_find(v, 1, v->first_index, c->size - 1, true, NULL,
			   "the root at size %llu is not the expected one",
			   (unsigned long long)c->size);
}

static int judge_epochs(struct seal_verify *v, uint64_t reached)
{
	uint64_t first = v->chain ? seal_chain_first(v->chain) : 0;

	if (first > reached && first > v->stored_end &&
	    !verify_beyond(v, first))
		return too_short(v, reached, first, "epochs", false);
	if (v->opt.target == SEAL_VERIFY_SPOOL && v->opt.alone)
		return 0;
	if (v->opt.target == SEAL_VERIFY_STORE && !v->epochs_given)
		return 0; /* its read side has no such file */
	if (!v->epochs_given)
		return verify_find(v, 29, 1, 0, false, "epochs",
				   "epochs is missing");
	/* A crash can leave the last hand-over out, until the next start. */
	if (!v->epochs_bad && !v->opt.live && v->handovers > v->epochs_newest &&
	    first < v->sealed.next)
		return verify_find(v, 29, 1, 0, false, "epochs",
				   "epochs lacks the hand-over to epoch %llu",
				   (unsigned long long)v->handovers);
	return 0;
}

int verify_end_claims(struct seal_verify *v, uint64_t reached)
{
	bool whole = v->opt.target == SEAL_VERIFY_SPOOL && !v->opt.alone;
	size_t k;
	int rc = judge_epochs(v, reached);

	for (k = 0; k < v->claims && !rc; k++)
		rc = judge_claim(v, &v->claim[k], reached);
	for (k = 0; k < v->lates && !rc; k++)
		rc = judge_claim(v, &v->late[k], reached);
	if (!rc && whole && !v->state_given)
		rc = verify_find(v, 29, 1, 0, false, "state",
				 "state is missing or damaged");
	if (!rc && whole && !v->acked_given)
		rc = verify_find(v, 29, 1, 0, false, "acked",
				 "acked is missing or damaged");
	return rc;
}

/* ---- the anchor ---- */

/* The set of witnesses whose word reaches `size` and is not older. */
static bool met(const struct seal_verify *v, uint64_t size, uint64_t time_s)
{
	bool have[SEAL_POLICY_WITNESSES_MAX] = {false};
	size_t i, count = seal_policy_witness_count(v->opt.policy);

	for (i = 0; i < count; i++)
		have[i] = v->word[i].have && v->word[i].size >= size &&
			  v->word[i].time_s >= time_s;
	return seal_policy_met(v->opt.policy, have);
}

static void name_anchor(const struct seal_verify *v, struct seal_anchor *a)
{
	size_t i, len = 0, good = 0, served = 0;
	const char *name;

	for (i = 0; i < seal_policy_witness_count(v->opt.policy); i++) {
		if (!v->word[i].have || v->word[i].size < a->size)
			continue;
		name = seal_policy_witness(v->opt.policy, i)->vkey.name;
		good++;
		served += v->served_by[0] && !strcmp(name, v->served_by);
		if (len < sizeof(a->names))
			len += (size_t)snprintf(a->names + len,
						sizeof(a->names) - len, "%s%s",
						len ? ", " : "", name);
	}
	a->sole_word = v->opt.target == SEAL_VERIFY_STORE && !v->opt.have_pin &&
		       (v->served_by[0] ? good == served : good < 2);
}

static void find_quorum(const struct seal_verify *v, struct seal_anchor *a)
{
	size_t i, count;

	if (!v->opt.policy || seal_policy_quorum_none(v->opt.policy))
		return;
	count = seal_policy_witness_count(v->opt.policy);
	for (i = 0; i < count; i++)
		if (v->word[i].have && v->word[i].size > a->size &&
		    met(v, v->word[i].size, 0)) {
			a->kind = SEAL_ANCHOR_QUORUM;
			a->size = v->word[i].size;
		}
	if (a->kind != SEAL_ANCHOR_QUORUM)
		return;
	for (i = 0; i < count; i++)
		if (v->word[i].have &&
		    v->word[i].time_s > a->time_us / 1000000 &&
		    met(v, a->size, v->word[i].time_s))
			a->time_us = v->word[i].time_s * 1000000;
	name_anchor(v, a);
}

static void root_of_anchor(const struct seal_verify *v, struct seal_anchor *a)
{
	size_t k;

	for (k = 0; k < v->claims; k++)
		if (v->claim[k].size == a->size &&
		    (v->claim[k].seen || verify_beyond(v, a->size)))
			a->root = v->claim[k].seen ? v->claim[k].ours
						   : v->claim[k].root;
	for (k = 0; k < v->lates; k++)
		if (v->late[k].seen && v->late[k].size == a->size)
			a->root = v->late[k].ours;
}

/* ret_with_root: what is expected binds the content, not the length alone. */
static void find_expected(const struct seal_verify *v, uint64_t reached,
			  struct seal_anchor *a, bool *ret_with_root)
{
	size_t k;

	*ret_with_root = false;
	for (k = 0; k < v->claims; k++) {
		const struct verify_claim *c = &v->claim[k];

		if (c->kind != CLAIM_EXPECTED || c->size > reached)
			continue;
		if (c->have_root &&
		    (!c->seen || !seal_hash_equal(&c->ours, &c->root)))
			continue;
		a->kind = SEAL_ANCHOR_EXPECTED;
		a->size = c->size;
		a->fresh = true;
		*ret_with_root = c->have_root;
		snprintf(a->names, sizeof(a->names), "the operator");
	}
}

static uint64_t freshness(const struct seal_verify *v)
{
	if (v->opt.min_freshness_us)
		return v->opt.min_freshness_us;
	if (!v->sealed.have_heartbeat)
		return HEARTBEATS_FRESH * VERIFY_HEARTBEAT_US + FRESH_EXTRA_US;
	if (!v->sealed.heartbeat_us || v->sealed.heartbeat_us > UINT64_MAX / 8)
		return 0;
	return HEARTBEATS_FRESH * v->sealed.heartbeat_us + FRESH_EXTRA_US;
}

static int stale(struct seal_verify *v, const struct seal_anchor *a)
{
	uint64_t age =
		v->opt.as_of_us > a->time_us ? v->opt.as_of_us - a->time_us : 0;

	if (!freshness(v))
		return verify_find(v, 34, 1, 0, false, a->names,
				   "the log states no heartbeat interval: say "
				   "with --min-freshness how old the newest "
				   "receipt may be");
	return verify_find(v, 34, 1, 0, false, a->names,
			   "the newest %s, of size %llu, is %llu s old",
			   a->kind == SEAL_ANCHOR_KNOWN ? "anchor" : "receipt",
			   (unsigned long long)a->size,
			   (unsigned long long)(age / 1000000));
}

/* Trusted receipts are at hand, and what they cover is not: that was said. */
static bool ends_below_quorum(const struct seal_verify *v, uint64_t reached)
{
	const struct verify_claim *c;
	uint64_t end = v->cut && v->cut_at < reached ? v->cut_at : reached;

	for (c = v->claim; c < v->claim + v->claims; c++)
		if (c->quorate && c->size > end && !verify_beyond(v, c->size))
			return !unread(v);
	return false;
}

static int no_anchor(struct seal_verify *v, uint64_t reached,
		     const struct seal_anchor *nearest)
{
	const struct seal_policy *policy = v->opt.policy;

	if (nearest->kind)
		return verify_find(v, 33, nearest->size, v->sealed.next - 1,
				   false, nearest->names,
				   "no anchor reaches the end of this part");
	if (ends_below_quorum(v, reached))
		return 0;
	if (policy && !seal_policy_quorum_none(policy) && v->any_cosignature)
		return verify_find(
			v, 35, 1, 0, false, NULL,
			"the receipts at hand do not meet the quorum "
			"'%s'",
			seal_policy_quorum_name(policy));
	return verify_find(v, 33, 1, 0, false, NULL,
			   policy ? "no receipt that the policy trusts is at "
				    "hand"
				  : "no policy says whose receipts to trust");
}

/*
 * No seal covers the end: then the anchor, or a hand-over, must.  From the last
 * of them on nothing that is trusted speaks for the entries.
 */
static int check_covered(struct seal_verify *v,
			 const struct seal_verdict *verdict)
{
	uint64_t covered = verdict->anchor.size;
	struct seal_chain_span span;

	if (v->handovers && !seal_chain_span(v->chain, v->handovers, &span) &&
	    span.first <= verdict->size && span.first > covered)
		covered = span.first;
	if (verdict->size <= covered)
		return 0;
	return verify_find(v, 36, covered, verdict->size - 1, false, NULL,
			   "no seal that verifies and no receipt covers these "
			   "entries");
}

/* AS036: the way from a key that the verifier trusts to the seals. */
static int check_rooted(struct seal_verify *v, struct seal_verdict *verdict,
			bool bound)
{
	const struct seal_policy *policy = v->opt.policy;
	bool vouched = bound && v->start_seen;

	verdict->pinned =
		v->opt.have_pin && v->chain &&
		seal_hash_equal(&v->opt.pin, seal_chain_log_id(v->chain));
	verdict->rooted = v->chain && (verdict->pinned || vouched);
	if (!v->chain)
		return verify_find(v, 36, 1, 0, false, NULL,
				   "the keys of the log are not in this copy");
	if (!verdict->rooted)
		return verify_find(
			v, 36, 1, 0, false, NULL,
			policy ? "the policy has no pin for this log, and no "
				 "trusted receipt covers its entry 0"
			       : "no policy was given, so nothing pins the "
				 "log's keys");
	return v->newest_sealed ? 0 : check_covered(v, verdict);
}

static bool is_fresh(const struct seal_verify *v, const struct seal_anchor *a)
{
	uint64_t allowed = freshness(v);

	return allowed && (v->opt.as_of_us <= a->time_us ||
			   v->opt.as_of_us - a->time_us <= allowed);
}

/* Does it do for exit status 0? */
static bool suffices(const struct seal_verify *v, const struct seal_anchor *a)
{
	if (!a->kind)
		return false;
	return v->opt.range && a->kind != SEAL_ANCHOR_EXPECTED
		       ? a->size >= v->sealed.next
		       : a->fresh;
}

/* The first kind that suffices; else the one that says most. */
static void choose_anchor(const struct seal_verify *v, uint64_t reached,
			  struct seal_anchor *a, bool *ret_bound)
{
	struct seal_anchor other = {0};
	bool with_root;

	find_quorum(v, a);
	*ret_bound = a->kind == SEAL_ANCHOR_QUORUM;
	if (a->kind)
		a->fresh = is_fresh(v, a);
	if (suffices(v, a))
		return;
	verify_known_anchor(v, &other);
	if (other.kind) {
		*ret_bound = true;
		other.fresh = is_fresh(v, &other);
		if (!a->kind || suffices(v, &other) ||
		    (v->opt.range && other.size > a->size))
			*a = other;
	}
	if (suffices(v, a))
		return;
	memset(&other, 0, sizeof(other));
	find_expected(v, reached, &other, &with_root);
	if (other.kind) {
		*a = other;
		*ret_bound = *ret_bound || with_root;
	}
}

/* AS015: the log says how often it writes at least, and then it did not. */
static int silent(struct seal_verify *v, const struct seal_anchor *a)
{
	const struct verify_walk *w = &v->sealed;
	bool stopped = w->life == LIFE_STOP || w->life == LIFE_STOP_EPOCH;
	uint64_t newest = v->proven_us > w->max_us ? v->proven_us : w->max_us;

	if (stopped || v->opt.alone || v->opt.range || !w->have_frontier ||
	    !w->have_heartbeat || !w->heartbeat_us || !newest ||
	    w->heartbeat_us > UINT64_MAX / 8 || a->time_us <= newest ||
	    a->time_us - newest <= HEARTBEATS_SILENT * w->heartbeat_us)
		return 0;
	return verify_find(
		v, 15, 1, 0, false, NULL,
		"the newest entry was %llu s old when the newest "
		"receipt was signed, and the host writes every "
		"%llu s",
		(unsigned long long)((a->time_us - newest) / 1000000),
		(unsigned long long)(w->heartbeat_us / 1000000));
}

/*
 * AS037: receipts come, but far behind.  How long an entry waits is taken from
 * the log itself, so that no clock that was set raises an alarm.
 */
static int late(struct seal_verify *v, const struct seal_anchor *a)
{
	uint64_t waited, allowed = freshness(v);

	if (v->opt.target != SEAL_VERIFY_SPOOL || v->opt.alone ||
	    v->opt.range || a->kind != SEAL_ANCHOR_QUORUM || !a->fresh ||
	    a->size >= v->sealed.next)
		return 0;
	waited = verify_note_waited_us(v, a->size);
	if (waited <= allowed)
		return 0;
	return verify_find(v, 37, 1, 0, false, NULL,
			   "%llu entries wait for a receipt, the oldest for "
			   "%llu s",
			   (unsigned long long)(v->sealed.next - a->size),
			   (unsigned long long)(waited / 1000000));
}

/* Only what a quorum holds is freed. */
static int beginning(struct seal_verify *v, const struct seal_anchor *a)
{
	if (v->opt.target != SEAL_VERIFY_SPOOL || v->opt.alone ||
	    v->opt.range || v->resumed || !v->acked_given ||
	    a->kind != SEAL_ANCHOR_QUORUM || a->size >= v->first_index)
		return 0;
	return verify_find(v, 9, a->size, v->first_index - 1, false, NULL,
			   "the files before the first one are gone, and no "
			   "receipt covers what was in them");
}

int verify_end_anchor(struct seal_verify *v, uint64_t reached,
		      struct seal_verdict *verdict)
{
	struct seal_anchor *a = &verdict->anchor, nearest;
	bool bound;
	int rc = 0;

	choose_anchor(v, reached, a, &bound);
	nearest = *a;
	if (v->opt.range && !suffices(v, a))
		memset(a, 0, sizeof(*a));
	root_of_anchor(v, a);
	if (!a->kind)
		rc = no_anchor(v, reached, &nearest);
	else if (!suffices(v, a))
		rc = stale(v, a);
	if (!rc)
		rc = beginning(v, a);
	if (!rc)
		rc = silent(v, a);
	if (!rc)
		rc = late(v, a);
	return rc ? rc : check_rooted(v, verdict, bound);
}
