/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds a store's copies to the verifier. */
#include "copy.h"
#include "judge.h"

#include <stdlib.h>
#include <string.h>

struct visit {
	const struct cli_trust *trust;
	const char *target;
	struct cli_judgements *list;
	bool *seen; /* per log line of the policy */
};

static int feed(void *ctx, struct seal_verify *v, struct seal_diag *diag)
{
	const struct cli_copy *copy = ctx;
	int rc = seal_verify_name(v, copy->origin);

	if (!rc && copy->epochs_len) {
		rc = seal_verify_epochs(v, copy->epochs, copy->epochs_len);
		if (!rc)
			rc = seal_verify_epochs(v, NULL, 0);
	}
	if (copy->have_log_id)
		seal_verify_stored_id(v, &copy->log_id);
	if (!rc && copy->hash_wrong)
		rc = seal_verify_defect(v, SEAL_VERIFY_DEFECT_FILE, false,
					"hash of the origin", 0, 0);
	if (!rc && !copy->note_whole)
		rc = seal_verify_defect(v, SEAL_VERIFY_DEFECT_FILE, false,
					"checkpoint", 0, 0);
	if (!rc && copy->note)
		rc = seal_verify_note(v, SEAL_VERIFY_NOTE_CHECKPOINT,
				      copy->note, copy->note_len, "checkpoint");
	if (!rc)
		rc = seal_verify_tree(v, &copy->source, copy->size, diag);
	return rc;
}

static void mark_seen(struct visit *visit, const char *origin)
{
	const struct seal_policy *policy = visit->trust->policy;
	size_t i;

	for (i = 0; policy && i < seal_policy_log_count(policy); i++)
		if (!strcmp(seal_policy_log(policy, i)->vkey.name, origin))
			visit->seen[i] = true;
}

static int judge_one(void *ctx, const struct cli_copy *copy,
		     struct seal_diag *diag)
{
	struct visit *visit = ctx;
	struct seal_verify_options options;
	struct seal_verdict verdict = {0};
	int rc;

	mark_seen(visit, copy->origin);
	cli_judge_options(visit->trust, copy->origin, SEAL_VERIFY_STORE,
			  &options);
	rc = seal_verify_run(&options, feed, (void *)(uintptr_t)copy, &verdict,
			     diag);
	if (!rc)
		rc = cli_judgements_add(visit->list, visit->target, &verdict);
	seal_verdict_fini(&verdict);
	return rc;
}

static int nothing(void *ctx, struct seal_verify *v, struct seal_diag *diag)
{
	(void)ctx;
	(void)v;
	(void)diag;
	return 0;
}

/* A log of the policy of which the store has nothing: AS033. */
static int judge_absent(struct visit *visit, const char *origin)
{
	struct seal_verify_options options;
	struct seal_verdict verdict = {0};
	int rc;

	cli_judge_options(visit->trust, origin, SEAL_VERIFY_STORE, &options);
	rc = seal_verify_run(&options, nothing, NULL, &verdict, NULL);
	if (!rc)
		rc = cli_judgements_add(visit->list, visit->target, &verdict);
	seal_verdict_fini(&verdict);
	return rc;
}

static int judge_others(struct visit *visit)
{
	const struct cli_trust *trust = visit->trust;
	const struct seal_policy *policy = trust->policy;
	const char *origin;
	size_t i;
	int rc = 0;

	for (i = 0; policy && i < seal_policy_log_count(policy) && !rc; i++) {
		origin = seal_policy_log(policy, i)->vkey.name;
		if (visit->seen[i] ||
		    (trust->log && strcmp(trust->log, origin)))
			continue;
		mark_seen(visit, origin);
		rc = judge_absent(visit, origin);
	}
	return rc;
}

int cli_judge_copies(const struct cli_trust *trust, const char *target,
		     bool https, struct cli_judgements *list,
		     struct seal_diag *diag)
{
	size_t lines = trust->policy ? seal_policy_log_count(trust->policy) : 0;
	struct visit visit = {trust, target, list, NULL};
	int rc;

	visit.seen = calloc(lines + 1, sizeof(*visit.seen));
	if (!visit.seen)
		return SEAL_E_NOMEM;
	rc = https ? cli_https_visit(trust, target, judge_one, &visit, diag)
		   : cli_store_visit(trust, target, judge_one, &visit, diag);
	if (!rc)
		rc = judge_others(&visit);
	free(visit.seen);
	return rc;
}
