/* SPDX-License-Identifier: Apache-2.0 */
/* Feeds a store's copies to the verifier. */
#include "copy.h"
#include "judge.h"

#include "core/epoch.h"

#include <stdlib.h>
#include <string.h>

struct visit {
	const struct cli_trust *trust;
	const char *target;
	bool live;
	struct cli_judgements *list;
	bool *seen; /* per log line of the policy */
};

/* One copy, and where to begin. */
struct look {
	const struct cli_trust *trust;
	const struct cli_copy *copy;
	const struct seal_verify_resume *resume;
	struct seal_verify_source source; /* the copy's, perhaps a part */
};

static int feed_note(const struct cli_copy *copy, struct seal_verify *v)
{
	if (!copy->note)
		return 0;
	if (!copy->note_stored)
		return seal_verify_note(v, SEAL_VERIFY_NOTE_CHECKPOINT,
					copy->note, copy->note_len,
					"checkpoint");
	return seal_verify_checkpoint(v, copy->note, copy->note_len,
				      copy->note_whole, "checkpoint");
}

static int feed_cosigned(const struct cli_copy *copy,
			 const struct seal_buf *note, struct seal_verify *v)
{
	static const char where[] = "what a witness cosigned";

	return copy->cosigned_stored
		       ? seal_verify_cosigned(v, note->data, note->len, where)
		       : seal_verify_note(v, SEAL_VERIFY_NOTE_PAST, note->data,
					  note->len, where);
}

static int feed(void *ctx, struct seal_verify *v, struct seal_diag *diag)
{
	const struct look *look = ctx;
	const struct seal_verify_resume *resume = look->resume;
	const struct cli_copy *copy = look->copy;
	uint64_t skip = 0;
	int rc = seal_verify_name(v, copy->origin);
	size_t i;

	if (!rc)
		rc = cli_judge_known(look->trust, copy->origin,
				     CLI_KNOWN_OF_STORE, v);
	if (!rc && resume)
		rc = seal_verify_resume(v, resume);
	/* The records of what is known are passed over. */
	if (resume)
		skip = (resume->epoch + 1) * SEAL_EPOCH_RECORD_BYTES;
	if (!rc && (resume ? copy->epochs_len > skip : copy->have_epochs)) {
		rc = seal_verify_epochs(v, copy->epochs + skip,
					copy->epochs_len - (size_t)skip);
		if (!rc)
			rc = seal_verify_epochs(v, NULL, 0);
	}
	seal_verify_stored_end(v, copy->entries);
	if (copy->have_log_id)
		seal_verify_stored_id(v, &copy->log_id);
	for (i = 0; i < copy->wrongs && !rc; i++)
		rc = seal_verify_kept(v, copy->wrong[i].number,
				      copy->wrong[i].where,
				      copy->wrong[i].text);
	if (!rc)
		rc = feed_note(copy, v);
	for (i = 0; i < copy->cosigned_count && !rc; i++)
		rc = feed_cosigned(copy, &copy->cosigned[i], v);
	if (!rc)
		rc = seal_verify_tree(v, &look->source, copy->size, diag);
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

static void say_part(const struct seal_verify_source *source, uint64_t size,
		     struct cli_judged *judged)
{
	struct seal_range *range = judged->absent;

	if (source->from > SEAL_VERIFY_TILE_WIDTH)
		*range++ = (struct seal_range){SEAL_VERIFY_TILE_WIDTH,
					       source->from - 1};
	if (source->end < size)
		*range++ = (struct seal_range){source->end, size - 1};
	judged->absents = (size_t)(range - judged->absent);
	judged->left_out = true;
}

static int judge_one(void *ctx, const struct cli_copy *copy,
		     struct seal_diag *diag)
{
	struct visit *visit = ctx;
	const struct cli_remembered *r =
		cli_judge_resume(visit->trust, copy->origin, true);
	struct look look = {visit->trust, copy, r ? &r->resume : NULL,
			    copy->source};
	struct seal_verify_options options;
	struct seal_verdict verdict = {0};
	uint64_t size = 0;
	int rc;

	mark_seen(visit, copy->origin);
	cli_judge_options(visit->trust, copy->origin, SEAL_VERIFY_STORE,
			  &options);
	options.live = visit->live;
	if (visit->trust->have_limits) {
		rc = cli_copy_part(&visit->trust->limits, copy, &look.source,
				   &size, diag);
		if (rc)
			return rc;
	}
	rc = seal_verify_run(&options, feed, &look, &verdict, diag);
	if (look.resume && cli_judge_whole(rc, &verdict)) {
		seal_verdict_fini(&verdict);
		look.resume = NULL;
		rc = seal_verify_run(&options, feed, &look, &verdict, diag);
	}
	/* Nobody may go on from what was not all looked at. */
	if (look.source.end)
		verdict.resumable = false;
	if (!rc)
		rc = cli_judgements_add(
			visit->trust, visit->list, visit->target, true, NULL,
			copy->bytes_read ? *copy->bytes_read : 0, &verdict);
	if (!rc && look.source.end)
		say_part(&look.source, size,
			 &visit->list->v[visit->list->n - 1]);
	seal_verdict_fini(&verdict);
	return rc;
}

struct absent {
	const struct cli_trust *trust;
	const char *origin;
};

static int nothing(void *ctx, struct seal_verify *v, struct seal_diag *diag)
{
	const struct absent *absent = ctx;

	(void)diag;
	return cli_judge_known(absent->trust, absent->origin,
			       CLI_KNOWN_OF_STORE, v);
}

int cli_judge_absent(const struct cli_trust *trust, const char *target,
		     const char *origin, bool live, struct cli_judgements *list)
{
	struct absent absent = {trust, origin};
	struct seal_verify_options options;
	struct seal_verdict verdict = {0};
	int rc;

	cli_judge_options(trust, origin, SEAL_VERIFY_STORE, &options);
	options.live = live;
	rc = seal_verify_run(&options, nothing, &absent, &verdict, NULL);
	if (!rc)
		rc = cli_judgements_add(trust, list, target, true, NULL, 0,
					&verdict);
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
		rc = cli_judge_absent(trust, visit->target, origin, visit->live,
				      visit->list);
	}
	return rc;
}

int cli_judge_copies(const struct cli_trust *trust, const char *target,
		     enum cli_target_kind kind, struct cli_judgements *list,
		     struct seal_diag *diag)
{
	size_t lines = trust->policy ? seal_policy_log_count(trust->policy) : 0;
	struct visit visit = {trust, target, kind == CLI_TARGET_HTTPS, list,
			      NULL};
	int rc;

	visit.seen = calloc(lines + 1, sizeof(*visit.seen));
	if (!visit.seen)
		return SEAL_E_NOMEM;
	rc = cli_copy_visit(trust, target, kind, judge_one, &visit, diag);
	/* A store has all logs of the policy; a directory of tiles, one. */
	if (!rc && kind != CLI_TARGET_TILES)
		rc = judge_others(&visit);
	free(visit.seen);
	return rc;
}
