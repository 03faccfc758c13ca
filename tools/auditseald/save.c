/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From verified packages to one commit: bundles, tiles, sizes, epochs.  A plan
 * is made beside the log's state and takes its place when it is durable; until
 * then nothing of the log changes.  Contract: save.h.
 */
#include "save.h"

#include <stdlib.h>
#include <string.h>

#include "plan.h"
#include "say.h"

void batch_reset(struct batch *batch)
{
	seal_buf_reset(&batch->data);
	batch->count = 0;
}

void batch_fini(struct batch *batch)
{
	seal_buf_fini(&batch->data);
	free(batch->packages);
	memset(batch, 0, sizeof(*batch));
}

/* Where entry n (0: the first) of a bundle begins. */
static size_t entry_offset(const uint8_t *data, uint64_t n)
{
	size_t at = 0;

	while (n--)
		at += 2 + (size_t)(data[at] << 8 | data[at + 1]);
	return at;
}

static int package_plan(struct plan *plan, const struct batch *batch,
			const struct batch_package *package,
			struct seal_diag *diag)
{
	const uint8_t *data = batch->data.data + package->data_at;
	uint64_t known = 0;
	size_t skip;

	if (package->end <= plan->row.next)
		return 0;
	if (package->first > plan->row.next)
		return seal_diag_set(diag, SEAL_E_INTERNAL,
				     "entries behind a gap");
	known = plan->row.next - package->first;
	skip = entry_offset(data, known);
	return plan_entries(plan, &package->leaves[known],
			    (unsigned)(package->end - plan->row.next),
			    data + skip, package->data_bytes - skip, diag);
}

static int plan_step(struct seal_storage *storage, void *ctx,
		     struct seal_diag *diag)
{
	return plan_write(ctx, storage, diag);
}

/* Everything that is durable together. */
static int plan_make(struct plan *plan, const struct batch *batch,
		     uint64_t vouch, const struct seal_hash *vouch_root,
		     struct seal_diag *diag)
{
	struct seal_hash root;
	size_t i;
	int rc = 0;

	for (i = 0; i < batch->count && rc == 0; i++)
		rc = package_plan(plan, batch, &batch->packages[i], diag);
	if (rc < 0 || vouch == VOUCH_NOT)
		return rc;
	if (vouch > plan->row.next)
		return seal_diag_set(diag, SEAL_E_INTERNAL,
				     "vouching for entries that are not here");
	if (vouch == plan->row.next) {
		rc = seal_frontier_root(&plan->frontier, &root);
		if (rc == 0 && !seal_hash_equal(&root, vouch_root))
			rc = SEAL_E_PROOF;
		if (rc < 0)
			return seal_diag_set(
				diag, rc,
				"the entries of %s do not give the root it "
				"signed at size %llu",
				plan->row.origin, (unsigned long long)vouch);
	}
	if (vouch > plan->row.mirror)
		plan->row.mirror = vouch;
	return 0;
}

static bool plan_changes(const struct plan *plan, const struct log *log)
{
	return plan->row.next != log->row.next ||
	       plan->row.mirror != log->row.mirror;
}

int log_save(struct store *store, struct log *log, const struct batch *batch,
	     uint64_t vouch, const struct seal_hash *vouch_root,
	     struct seal_diag *diag)
{
	struct seal_storage *storage = store->storage;
	struct plan *plan;
	int rc;

	rc = plan_new(log, &plan, diag);
	if (rc < 0)
		return rc;
	rc = plan_make(plan, batch, vouch, vouch_root, diag);
	if (rc == 0 && plan_changes(plan, log))
		rc = storage->ops->commit(storage, plan_step, plan,
					  SEAL_STORAGE_DURABLE, diag);
	if (rc == 0)
		plan_install(plan, log);
	else
		log_unload(log); /* the chain may have gone on */
	plan_free(plan);
	return rc;
}
