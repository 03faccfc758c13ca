/* SPDX-License-Identifier: Apache-2.0 */
/* For policy.c and quorum.c alone: what a policy is made of. */
#ifndef SEAL_CORE_POLICY_IMPL_H
#define SEAL_CORE_POLICY_IMPL_H

#include "core/policy.h"

/* A witness (number < witness count) or a group (number - witness count). */
struct seal_policy_ref {
	bool is_group;
	unsigned i;
};

struct seal_policy_group {
	char *name;
	unsigned threshold; /* 1 to member_count */
	unsigned first;	    /* into members */
	unsigned member_count;
	unsigned line;
};

/* Members stand before their group, so one pass in order evaluates all. */
struct seal_policy {
	struct seal_hash digest;
	struct seal_policy_log *logs;
	size_t log_count, log_cap;
	struct seal_policy_witness *witnesses;
	size_t witness_count, witness_cap;
	struct seal_policy_group *groups;
	size_t group_count, group_cap;
	struct seal_policy_ref *members; /* of all groups */
	size_t member_count, member_cap;
	bool witness_used[SEAL_POLICY_WITNESSES_MAX]; /* member of a group */
	bool group_used[SEAL_POLICY_GROUPS_MAX];
	unsigned quorum_line; /* 0: not seen yet */
	bool quorum_none;
	struct seal_policy_ref quorum;
	unsigned warnings;
};

/* Could two disjoint sets of witnesses both meet the quorum? */
bool seal_policy_can_split(const struct seal_policy *policy);

#endif
