/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by policy.c (the parser) and quorum.c (what it decides).  Private. */
#ifndef SEAL_CORE_POLICY_INTERNAL_H
#define SEAL_CORE_POLICY_INTERNAL_H

#include "core/policy.h"

#include <stddef.h>

#define SEAL_POLICY_NO_PARENT SIZE_MAX
#define SEAL_POLICY_GROUP     SIZE_MAX

/*
 * A witness or a group.  Members stand before their group, so that one pass in
 * order evaluates all of them, without recursion.
 */
struct seal_policy_node {
	char *name;	  /* a witness's is owned by the witness */
	size_t witness;	  /* index, or SEAL_POLICY_GROUP */
	size_t parent;	  /* the group it is a member of, or _NO_PARENT */
	size_t threshold; /* of a group */
};

struct seal_policy {
	struct seal_hash digest;
	struct seal_policy_log *logs;
	struct seal_policy_witness *witnesses;
	struct seal_policy_node *nodes;
	size_t n_logs, n_witnesses, n_nodes;
	size_t quorum; /* a node, or SEAL_POLICY_NO_PARENT for none */
	bool has_quorum;
	unsigned warnings;
};

unsigned seal_policy_find_warnings(const struct seal_policy *policy);

#endif
