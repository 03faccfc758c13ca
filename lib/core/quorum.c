/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: what they decide.  Contract: policy.h. */
#include "core/checkpoint.h"
#include "core/policy.h"
#include "core/policy_internal.h"

#include <string.h>

const struct seal_hash *seal_policy_digest(const struct seal_policy *policy)
{
	return &policy->digest;
}

unsigned seal_policy_warnings(const struct seal_policy *policy)
{
	return policy->warnings;
}

const char *seal_policy_warning_text(enum seal_policy_warning warning)
{
	switch (warning) {
	case SEAL_POLICY_WARN_SPLIT:
		return "two mirrors that share no witness can each meet the "
		       "quorum and hold two histories: ask for more than half";
	case SEAL_POLICY_WARN_NO_QUORUM:
		return "quorum none: nothing but the log's own keys speaks for "
		       "it, so give a pin";
	case SEAL_POLICY_WARN_KEY_TWICE:
		return "a public key stands in a log line and in a witness "
		       "line: a key must have one purpose";
	}
	return "unknown warning";
}

size_t seal_policy_log_count(const struct seal_policy *policy)
{
	return policy->n_logs;
}

const struct seal_policy_log *seal_policy_log(const struct seal_policy *policy,
					      size_t i)
{
	return &policy->logs[i];
}

size_t seal_policy_witness_count(const struct seal_policy *policy)
{
	return policy->n_witnesses;
}

const struct seal_policy_witness *
seal_policy_witness(const struct seal_policy *policy, size_t i)
{
	return &policy->witnesses[i];
}

const char *seal_policy_quorum_name(const struct seal_policy *policy)
{
	return seal_policy_quorum_none(policy)
		       ? "none"
		       : policy->nodes[policy->quorum].name;
}

bool seal_policy_quorum_none(const struct seal_policy *policy)
{
	return policy->quorum == SEAL_POLICY_NO_PARENT;
}

size_t seal_policy_find_log(const struct seal_policy *policy,
			    const char *origin, size_t from)
{
	size_t i;

	for (i = from; i < policy->n_logs; i++)
		if (strcmp(policy->logs[i].vkey.name, origin) == 0)
			return i;
	return policy->n_logs;
}

int seal_policy_verify_log(const struct seal_policy *policy,
			   const struct seal_note *note, const char *origin,
			   size_t *ret_log, struct seal_diag *diag)
{
	size_t i, good = policy->n_logs;
	int r;

	for (i = seal_policy_find_log(policy, origin, 0); i < policy->n_logs;
	     i = seal_policy_find_log(policy, origin, i + 1)) {
		r = seal_note_verify(note, &policy->logs[i].vkey, diag);
		if (r != 0 && r != SEAL_E_NOTFOUND)
			return r;
		if (r == 0 && good == policy->n_logs)
			good = i;
	}
	if (good == policy->n_logs)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "no signature of a key that the policy "
				     "lists for %s",
				     origin);
	*ret_log = good;
	return 0;
}

/* One pass: each node tells its parent that it is met. */
bool seal_policy_met(const struct seal_policy *policy, const bool *have)
{
	size_t met[SEAL_POLICY_WITNESSES_MAX + SEAL_POLICY_GROUPS_MAX] = {0};
	const struct seal_policy_node *node;
	size_t i;
	bool is_met;

	if (seal_policy_quorum_none(policy))
		return true;
	for (i = 0; i < policy->n_nodes; i++) {
		node = &policy->nodes[i];
		is_met = node->witness == SEAL_POLICY_GROUP
				 ? met[i] >= node->threshold
				 : have[node->witness];
		if (i == policy->quorum)
			return is_met;
		if (is_met && node->parent != SEAL_POLICY_NO_PARENT)
			met[node->parent]++;
	}
	return false;
}

/* Does the quorum hold with the cosignatures not older than time_s alone? */
static bool met_since(const struct seal_policy *policy,
		      const struct seal_quorum *quorum, uint64_t time_s)
{
	bool have[SEAL_POLICY_WITNESSES_MAX] = {false};
	size_t i;

	for (i = 0; i < policy->n_witnesses; i++)
		have[i] = quorum->state[i] == SEAL_WITNESS_GOOD &&
			  quorum->time_s[i] >= time_s;
	return seal_policy_met(policy, have);
}

static void decide(const struct seal_policy *policy, struct seal_quorum *quorum)
{
	size_t i;

	for (i = 0; i < policy->n_witnesses; i++) {
		if (quorum->state[i] != SEAL_WITNESS_GOOD)
			continue;
		if (quorum->good++ == 0 || quorum->time_s[i] < quorum->oldest_s)
			quorum->oldest_s = quorum->time_s[i];
		if (quorum->time_s[i] > quorum->newest_s)
			quorum->newest_s = quorum->time_s[i];
	}
	quorum->none = seal_policy_quorum_none(policy);
	quorum->met = quorum->bad == 0 && met_since(policy, quorum, 0);
	if (!quorum->met || quorum->none)
		return;
	for (i = 0; i < policy->n_witnesses; i++)
		if (quorum->state[i] == SEAL_WITNESS_GOOD &&
		    quorum->time_s[i] > quorum->met_s &&
		    met_since(policy, quorum, quorum->time_s[i]))
			quorum->met_s = quorum->time_s[i];
}

int seal_policy_evaluate(const struct seal_policy *policy,
			 const struct seal_note *note,
			 struct seal_quorum *ret_quorum, struct seal_diag *diag)
{
	struct seal_quorum quorum = {0};
	size_t i;
	int r;

	for (i = 0; i < policy->n_witnesses; i++) {
		r = seal_cosig_verify(note, &policy->witnesses[i].vkey,
				      &quorum.time_s[i], diag);
		switch (r) {
		case 0:
			quorum.state[i] = SEAL_WITNESS_GOOD;
			break;
		case SEAL_E_SIG:
			quorum.state[i] = SEAL_WITNESS_BAD;
			quorum.bad++;
			break;
		case SEAL_E_NOTFOUND:
			break;
		default:
			return r;
		}
	}
	decide(policy, &quorum);
	*ret_quorum = quorum;
	return 0;
}

/*
 * How many disjoint sets of witnesses can meet a group of threshold k, if each
 * member can be met by so many disjoint sets.  s sets need s * k places, and a
 * member fills at most min(its offer, s) of them.
 */
static size_t disjoint(const size_t *offers, size_t n, size_t k)
{
	size_t sets, i, sum;

	for (sets = 1;; sets++) {
		for (sum = 0, i = 0; i < n; i++)
			sum += offers[i] < sets ? offers[i] : sets;
		if (sum < sets * k)
			return sets - 1;
		if (sets > SEAL_POLICY_WITNESSES_MAX)
			return sets;
	}
}

static size_t node_offer(const struct seal_policy *policy, const size_t *offer,
			 size_t at)
{
	size_t members[SEAL_POLICY_WITNESSES_MAX + SEAL_POLICY_GROUPS_MAX];
	size_t i, n = 0;

	if (policy->nodes[at].witness != SEAL_POLICY_GROUP)
		return 1;
	for (i = 0; i < at; i++)
		if (policy->nodes[i].parent == at)
			members[n++] = offer[i];
	return disjoint(members, n, policy->nodes[at].threshold);
}

static bool can_split(const struct seal_policy *policy)
{
	size_t offer[SEAL_POLICY_WITNESSES_MAX + SEAL_POLICY_GROUPS_MAX];
	size_t i;

	if (seal_policy_quorum_none(policy))
		return false;
	for (i = 0; i <= policy->quorum; i++)
		offer[i] = node_offer(policy, offer, i);
	return offer[policy->quorum] > 1;
}

static bool key_twice(const struct seal_policy *policy)
{
	size_t i, j;

	for (i = 0; i < policy->n_witnesses; i++)
		for (j = 0; j < policy->n_logs; j++)
			if (seal_pub_equal(policy->witnesses[i].vkey.pub,
					   policy->logs[j].vkey.pub))
				return true;
	return false;
}

unsigned seal_policy_find_warnings(const struct seal_policy *policy)
{
	unsigned warnings = 0;

	if (can_split(policy))
		warnings |= SEAL_POLICY_WARN_SPLIT;
	if (seal_policy_quorum_none(policy))
		warnings |= SEAL_POLICY_WARN_NO_QUORUM;
	if (key_twice(policy))
		warnings |= SEAL_POLICY_WARN_KEY_TWICE;
	return warnings;
}
