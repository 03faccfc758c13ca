/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy says about a note: see policy.h.  The file: policy.c. */
#include <string.h>

#include "core/checkpoint.h"
#include "core/policy.h"
#include "core/policy_impl.h"

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
		return "two sets of witnesses that have none in common can "
		       "both meet the quorum, so two mirrors could hold two "
		       "histories of one log: ask for more than half, or make "
		       "the mirrors each other's witnesses";
	case SEAL_POLICY_WARN_NO_QUORUM:
		return "the quorum is none: nobody but the log itself vouches "
		       "for it, and only a pin excludes another log of that "
		       "name";
	case SEAL_POLICY_WARN_KEY_TWICE:
		return "one public key is that of a log and of a witness: a "
		       "key should serve one purpose";
	}
	return "unknown warning";
}

size_t seal_policy_log_count(const struct seal_policy *policy)
{
	return policy->log_count;
}

const struct seal_policy_log *seal_policy_log(const struct seal_policy *policy,
					      size_t i)
{
	return i < policy->log_count ? &policy->logs[i] : NULL;
}

size_t seal_policy_witness_count(const struct seal_policy *policy)
{
	return policy->witness_count;
}

const struct seal_policy_witness *
seal_policy_witness(const struct seal_policy *policy, size_t i)
{
	return i < policy->witness_count ? &policy->witnesses[i] : NULL;
}

const char *seal_policy_quorum_name(const struct seal_policy *policy)
{
	if (policy->quorum_none)
		return "none";
	return policy->quorum.is_group
		       ? policy->groups[policy->quorum.i].name
		       : policy->witnesses[policy->quorum.i].name;
}

bool seal_policy_quorum_none(const struct seal_policy *policy)
{
	return policy->quorum_none;
}

size_t seal_policy_find_log(const struct seal_policy *policy,
			    const char *origin, size_t from)
{
	for (size_t i = from; i < policy->log_count; i++)
		if (strcmp(policy->logs[i].vkey.name, origin) == 0)
			return i;
	return policy->log_count;
}

int seal_policy_verify_log(const struct seal_policy *policy,
			   const struct seal_note *note, const char *origin,
			   size_t *ret_log, struct seal_diag *diag)
{
	size_t found = policy->log_count;

	for (size_t i = seal_policy_find_log(policy, origin, 0);
	     i < policy->log_count;
	     i = seal_policy_find_log(policy, origin, i + 1)) {
		int err = seal_note_verify(note, &policy->logs[i].vkey, diag);

		if (err == SEAL_E_NOTFOUND)
			continue;
		if (err)
			return err;
		if (found == policy->log_count)
			found = i;
	}
	if (found == policy->log_count)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "no signature by a key that the policy "
				     "has for the log %s",
				     origin);
	*ret_log = found;
	return 0;
}

/* --- the quorum --- */

static bool ref_met(const struct seal_policy_ref *ref, const bool *have,
		    const bool *group_met)
{
	return ref->is_group ? group_met[ref->i] : have[ref->i];
}

bool seal_policy_met(const struct seal_policy *policy, const bool *have)
{
	bool group_met[SEAL_POLICY_GROUPS_MAX];

	if (policy->quorum_none)
		return true;
	for (size_t i = 0; i < policy->group_count; i++) {
		const struct seal_policy_group *group = &policy->groups[i];
		unsigned met = 0;

		for (unsigned m = 0; m < group->member_count; m++)
			met += ref_met(&policy->members[group->first + m], have,
				       group_met);
		group_met[i] = met >= group->threshold;
	}
	return ref_met(&policy->quorum, have, group_met);
}

/*
 * Each name is in one group only, so two disjoint sets are chosen for each
 * member alone: a witness can serve one set; a group that can itself be split
 * serves both, every other group serves one.
 */
bool seal_policy_can_split(const struct seal_policy *policy)
{
	bool split[SEAL_POLICY_GROUPS_MAX];

	if (policy->quorum_none)
		return true;
	for (size_t i = 0; i < policy->group_count; i++) {
		const struct seal_policy_group *group = &policy->groups[i];
		unsigned both = 0;

		for (unsigned m = 0; m < group->member_count; m++) {
			const struct seal_policy_ref *ref =
				&policy->members[group->first + m];

			both += ref->is_group && split[ref->i];
		}
		split[i] = both + (group->member_count - both) / 2 >=
			   group->threshold;
	}
	return policy->quorum.is_group && split[policy->quorum.i];
}

/* Verifies what witness i says. */
static int evaluate_witness(const struct seal_policy *policy, size_t i,
			    const struct seal_note *note,
			    struct seal_quorum *quorum, struct seal_diag *diag)
{
	uint64_t time_s;
	int err;

	err = seal_cosig_verify(note, &policy->witnesses[i].vkey, &time_s,
				diag);
	if (err == SEAL_E_NOTFOUND)
		return 0;
	if (err == SEAL_E_SIG) {
		quorum->state[i] = SEAL_WITNESS_BAD;
		quorum->bad++;
		return 0;
	}
	if (err)
		return err;
	quorum->state[i] = SEAL_WITNESS_GOOD;
	quorum->time_s[i] = time_s;
	if (!quorum->good || time_s < quorum->oldest_s)
		quorum->oldest_s = time_s;
	if (!quorum->good || time_s > quorum->newest_s)
		quorum->newest_s = time_s;
	quorum->good++;
	return 0;
}

/* Do the good cosignatures that are not older than time_s meet the quorum? */
static bool met_since(const struct seal_policy *policy,
		      const struct seal_quorum *quorum, uint64_t time_s)
{
	bool have[SEAL_POLICY_WITNESSES_MAX];

	for (size_t i = 0; i < policy->witness_count; i++)
		have[i] = quorum->state[i] == SEAL_WITNESS_GOOD &&
			  quorum->time_s[i] >= time_s;
	return seal_policy_met(policy, have);
}

/* The newest of the times at which the quorum is met. */
static uint64_t newest_met(const struct seal_policy *policy,
			   const struct seal_quorum *quorum)
{
	uint64_t met_s = 0;

	for (size_t i = 0; i < policy->witness_count; i++)
		if (quorum->state[i] == SEAL_WITNESS_GOOD &&
		    quorum->time_s[i] > met_s &&
		    met_since(policy, quorum, quorum->time_s[i]))
			met_s = quorum->time_s[i];
	return met_s;
}

int seal_policy_evaluate(const struct seal_policy *policy,
			 const struct seal_note *note,
			 struct seal_quorum *ret_quorum, struct seal_diag *diag)
{
	struct seal_quorum quorum;
	int err;

	memset(&quorum, 0, sizeof(quorum));
	for (size_t i = 0; i < policy->witness_count; i++) {
		err = evaluate_witness(policy, i, note, &quorum, diag);
		if (err)
			return err;
	}
	quorum.none = policy->quorum_none;
	quorum.met = quorum.bad == 0 && met_since(policy, &quorum, 0);
	if (quorum.met && !quorum.none)
		quorum.met_s = newest_met(policy, &quorum);
	*ret_quorum = quorum;
	return 0;
}
