/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle as a copy of its log, and its verdict: docs/spec/bundle.md. */
#include "bundle.h"
#include "copy.h"

#include "core/checkpoint.h"
#include "core/note.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define EPOCHS_BYTES_MAX (64u << 20)
#define RECEIPTS_MAX	 64

struct bundle {
	struct cli_tiles tiles; /* the first, to get from it to this */
	struct bundle_files *files;
	struct bundle_facts facts;
	struct seal_buf epochs;
};

static int get(struct cli_tiles *tiles, const struct seal_resource *resource,
	       size_t max, bool *ret_there, struct seal_diag *diag)
{
	struct bundle *b = (struct bundle *)tiles;
	char path[SEAL_RESOURCE_PATH_BYTES], name[BUNDLE_NAME];
	int rc = seal_resource_path(resource, path);

	if (rc)
		return rc;
	snprintf(name, sizeof(name), "log/%s", path);
	return bundle_files_get(b->files, name, max, &tiles->body, ret_there,
				diag);
}

static bool is_absent(void *tiles, uint64_t first, uint64_t last)
{
	const struct bundle *b = tiles;

	return last < b->facts.first || first >= b->facts.end;
}

/* It may have what it says it is of, and surely nothing else. */
static int find_next(void *tiles, uint64_t number, uint64_t *ret_number,
		     struct seal_diag *diag)
{
	const struct bundle *b = tiles;
	uint64_t first = b->facts.first / SEAL_VERIFY_TILE_WIDTH;

	(void)diag;
	if (number < first)
		number = first;
	if (!b->facts.end ||
	    number > (b->facts.end - 1) / SEAL_VERIFY_TILE_WIDTH)
		return SEAL_E_NOTFOUND;
	*ret_number = number;
	return 0;
}

static int open_bundle(const char *target, struct bundle *b,
		       struct seal_diag *diag)
{
	bool there = false;
	int rc = bundle_files_open(target, &b->files, diag);

	b->tiles.get = get;
	b->tiles.absent = is_absent;
	b->tiles.next = find_next;
	if (!rc)
		rc = bundle_files_get(b->files, BUNDLE_FILE, 4096,
				      &b->tiles.body, &there, diag);
	if (!rc && !there)
		rc = seal_diag_set(diag, SEAL_E_FORMAT,
				   "%s is no bundle: it has no file "
				   "'" BUNDLE_FILE "'",
				   target);
	if (!rc)
		rc = bundle_facts_get(b->tiles.body.data, b->tiles.body.len,
				      &b->facts, diag);
	if (!rc)
		rc = bundle_files_get(b->files, "log/epochs", EPOCHS_BYTES_MAX,
				      &b->epochs, &there, diag);
	return rc;
}

static void close_bundle(struct bundle *b)
{
	bundle_files_close(b->files);
	seal_buf_fini(&b->tiles.body);
	seal_buf_fini(&b->epochs);
}

static int read_receipts(struct bundle *b, struct cli_cosigned *receipts,
			 struct seal_diag *diag)
{
	char name[BUNDLE_NAME];
	bool there = true;
	unsigned i;
	int rc = 0;

	for (i = 0; i < RECEIPTS_MAX && there && !rc; i++) {
		snprintf(name, sizeof(name), "log/receipts/%u", i);
		rc = bundle_files_get(b->files, name, SEAL_NOTE_MAX_BYTES,
				      &b->tiles.body, &there, diag);
		if (!rc && there)
			rc = cli_cosigned_add(receipts, &b->tiles.body);
	}
	return rc;
}

static int visit(struct bundle *b, cli_copy_fn *fn, void *ctx,
		 struct seal_diag *diag)
{
	struct cli_cosigned receipts = {0};
	struct cli_copy copy = {.origin = b->facts.origin,
				.note_whole = true,
				.size = b->facts.size,
				.epochs = b->epochs.data,
				.epochs_len = b->epochs.len};
	int rc = read_receipts(b, &receipts, diag);

	copy.cosigned = receipts.note;
	copy.cosigned_count = receipts.count;
	if (!rc)
		rc = cli_tiles_visit(&b->tiles, &copy, fn, ctx, diag);
	cli_cosigned_fini(&receipts);
	return rc;
}

int cli_bundle_visit(const struct cli_trust *trust, const char *target,
		     cli_copy_fn *fn, void *ctx, struct seal_diag *diag)
{
	struct bundle b = {0};
	int rc = open_bundle(target, &b, diag);

	if (!rc && (!trust->log || !strcmp(trust->log, b.facts.origin)))
		rc = visit(&b, fn, ctx, diag);
	close_bundle(&b);
	return rc;
}

/* ---- the verdict ---- */

struct judge {
	const struct cli_trust *trust;
	struct bundle *b;
	struct seal_verify *v;
};

static int feed_receipts(struct judge *j, const struct cli_copy *copy)
{
	char name[BUNDLE_NAME];
	size_t i;
	int rc = 0;

	for (i = 0; i < copy->cosigned_count && !rc; i++) {
		snprintf(name, sizeof(name), "log/receipts/%zu", i);
		rc = seal_verify_note(j->v, SEAL_VERIFY_NOTE_GIVEN,
				      copy->cosigned[i].data,
				      copy->cosigned[i].len, name);
	}
	return rc;
}

/* Is the checkpoint the one that the file `bundle` speaks of? */
static bool is_told(const struct bundle_facts *facts,
		    const struct cli_copy *copy)
{
	struct seal_checkpoint cp;
	struct seal_note note;

	return !copy->note ||
	       seal_checkpoint_parse_note(copy->note, copy->note_len, &note,
					  &cp, NULL) ||
	       (cp.size == facts->size &&
		seal_hash_equal(&cp.root, &facts->root));
}

static int feed_copy(void *ctx, const struct cli_copy *copy,
		     struct seal_diag *diag)
{
	struct judge *j = ctx;
	int rc = seal_verify_name(j->v, copy->origin);

	if (!rc)
		rc = cli_judge_known(j->trust, copy->origin,
				     CLI_KNOWN_OF_BUNDLE, j->v);
	if (!rc)
		rc = seal_verify_epochs(j->v, copy->epochs, copy->epochs_len);
	if (!rc)
		rc = seal_verify_epochs(j->v, NULL, 0);
	seal_verify_stored_id(j->v, &j->b->facts.log_id);
	if (!rc && !is_told(&j->b->facts, copy))
		rc = seal_verify_defect(j->v, SEAL_VERIFY_DEFECT_FILE, false,
					BUNDLE_FILE, 0, 0);
	if (!rc && copy->note)
		rc = seal_verify_note(j->v, SEAL_VERIFY_NOTE_CHECKPOINT,
				      copy->note, copy->note_len,
				      "log/checkpoint");
	if (!rc)
		rc = feed_receipts(j, copy);
	if (!rc)
		rc = seal_verify_tree(j->v, &copy->source, copy->size, diag);
	return rc;
}

static int feed(void *ctx, struct seal_verify *v, struct seal_diag *diag)
{
	struct judge *j = ctx;

	j->v = v;
	return visit(j->b, feed_copy, j, diag);
}

static int own_policy(struct bundle *b, const char *target,
		      struct cli_trust *trust, struct seal_diag *diag)
{
	struct seal_buf pins = SEAL_BUF_INIT;
	bool there, pinned;
	int rc = bundle_files_get(b->files, "policy", SEAL_POLICY_MAX_BYTES,
				  &b->tiles.body, &there, diag);

	if (!rc)
		rc = bundle_files_get(b->files, "policy.pins",
				      SEAL_POLICY_MAX_BYTES, &pins, &pinned,
				      diag);
	trust->policy = NULL;
	trust->pins = NULL;
	if (!rc && there)
		rc = cli_trust_take(trust, target, &b->tiles.body, &pins, diag);
	seal_buf_fini(&pins);
	return rc;
}

static const char not_trusted[] =
	"the policy is the bundle's own, and anybody can make such a bundle: "
	"give --policy FILE from elsewhere, or --enclosed-policy if you trust "
	"whoever gave you this one";

static int judge(const struct cli_trust *trust, struct bundle *b,
		 struct seal_verdict *ret_verdict, struct seal_diag *diag)
{
	struct seal_finding untied = {.number = 36,
				      .first = SEAL_FINDING_NO_INDEX,
				      .last = SEAL_FINDING_NO_INDEX,
				      .where = (char *)(uintptr_t) "policy",
				      .text = (char *)(uintptr_t)not_trusted};
	struct judge j = {trust, b, NULL};
	struct seal_verify_options options;
	int rc;

	cli_judge_options(trust, b->facts.origin, SEAL_VERIFY_STORE, &options);
	if (!trust->have_as_of)
		options.min_freshness_us = options.as_of_us;
	rc = seal_verify_run(&options, feed, &j, ret_verdict, diag);
	if (!rc)
		ret_verdict->first_index = b->facts.first;
	/* Nobody may go on from what was not all looked at. */
	if (!rc && (b->facts.first || b->facts.end != b->facts.size))
		ret_verdict->resumable = false;
	if (rc || trust->policy_path || trust->enclosed_policy)
		return rc;
	rc = seal_findings_add(&ret_verdict->findings, &untied);
	ret_verdict->exit_status =
		seal_findings_exit_status(&ret_verdict->findings);
	ret_verdict->rooted = ret_verdict->pinned = false;
	return rc;
}

static void say_part(const struct bundle_facts *facts,
		     struct cli_judged *judged)
{
	struct seal_range *range = judged->absent;

	if (facts->first) {
		range->first = 0;
		(range++)->last = facts->first - 1;
	}
	if (facts->end != facts->size) {
		range->first = facts->end;
		(range++)->last = facts->size - 1;
	}
	judged->absents = (size_t)(range - judged->absent);
}

int cli_judge_bundle(const struct cli_trust *trust, const char *target,
		     struct cli_judgements *list, struct seal_diag *diag)
{
	struct cli_trust own = *trust;
	struct seal_verdict verdict = {0};
	struct bundle b = {0};
	int rc;

	if (trust->have_limits)
		return seal_diag_set(
			diag, SEAL_E_ARG,
			"%s: --from and --to are for spools and "
			"archives; a bundle is verified whole, and "
			"'auditseal export' makes one of a part",
			target);
	rc = open_bundle(target, &b, diag);
	if (!rc && trust->log && strcmp(trust->log, b.facts.origin))
		rc = seal_diag_set(diag, SEAL_E_NOTFOUND,
				   "%s is about another log: %s", target,
				   b.facts.origin);
	if (!rc && !trust->policy_path)
		rc = own_policy(&b, target, &own, diag);
	if (!rc)
		rc = judge(&own, &b, &verdict, diag);
	if (!rc)
		rc = cli_judgements_add(trust, list, target, true, NULL, 0,
					&verdict);
	if (!rc)
		say_part(&b.facts, &list->v[list->n - 1]);
	if (!rc)
		list->v[list->n - 1].ageless = !trust->have_as_of;
	seal_verdict_fini(&verdict);
	if (!trust->policy_path)
		cli_trust_fini(&own);
	close_bundle(&b);
	return rc;
}

int cli_copy_visit(const struct cli_trust *trust, const char *target,
		   enum cli_target_kind kind, cli_copy_fn *fn, void *ctx,
		   struct seal_diag *diag)
{
	if (kind == CLI_TARGET_STORE)
		return cli_store_visit(trust, target, fn, ctx, diag);
	if (kind == CLI_TARGET_HTTPS)
		return cli_https_visit(trust, target, fn, ctx, diag);
	if (kind == CLI_TARGET_BUNDLE)
		return cli_bundle_visit(trust, target, fn, ctx, diag);
	if (kind == CLI_TARGET_TILES)
		return cli_dir_visit(trust, target, fn, ctx, diag);
	return seal_diag_set(diag, SEAL_E_INTERNAL, "%s is no copy of a store",
			     target);
}
