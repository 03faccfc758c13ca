/* SPDX-License-Identifier: Apache-2.0 */
/* Plans of what to write next.  Contract: plan.h. */
#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include "core/entry.h"
#include "say.h"

struct plan_entries {
	uint64_t number;
	unsigned offset, count;
	const struct seal_hash *leaves; /* borrowed */
	const uint8_t *data;		/* borrowed */
	size_t data_bytes;
	struct plan_entries *next;
};

struct plan_tile {
	unsigned level;
	uint64_t number;
	struct seal_hash hashes[SEAL_STORAGE_WIDTH];
	struct plan_tile *next;
};

struct plan_epoch {
	uint64_t epoch;
	uint8_t record[SEAL_STORAGE_EPOCH_BYTES];
	struct plan_epoch *next;
};

static int no_memory(struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
}

int plan_new(struct log *log, struct plan **ret_plan, struct seal_diag *diag)
{
	struct plan *plan = calloc(1, sizeof(*plan));

	if (!plan)
		return no_memory(diag);
	plan->log = log;
	plan->row = log->row;
	plan->frontier = log->frontier;
	plan->leaves = log->leaves;
	plan->entries_end = &plan->entries;
	plan->full_end = &plan->full_tiles;
	plan->epochs_end = &plan->epochs;
	*ret_plan = plan;
	return 0;
}

void plan_free(struct plan *plan)
{
	struct plan_entries *entries, *entries_next;
	struct plan_epoch *epoch, *epoch_next;
	struct plan_tile *tile, *tile_next;
	int i;

	if (!plan)
		return;
	for (entries = plan->entries; entries; entries = entries_next) {
		entries_next = entries->next;
		free(entries);
	}
	for (tile = plan->full_tiles; tile; tile = tile_next) {
		tile_next = tile->next;
		free(tile);
	}
	for (epoch = plan->epochs; epoch; epoch = epoch_next) {
		epoch_next = epoch->next;
		free(epoch);
	}
	for (i = 0; i < STORE_TILE_LEVELS; i++)
		free(plan->tiles[i]);
	free(plan);
}

/* The plan's own copy of a level's open tile. */
static struct open_tile *tile_own(struct plan *plan, unsigned level)
{
	struct open_tile **slot = &plan->tiles[level - 1];

	if (*slot)
		return *slot;
	*slot = malloc(sizeof(**slot));
	if (!*slot)
		return NULL;
	if (plan->log->tiles[level - 1])
		memcpy(*slot, plan->log->tiles[level - 1], sizeof(**slot));
	else
		(*slot)->width = 0;
	return *slot;
}

static int tile_close(struct plan *plan, unsigned level, uint64_t number,
		      struct open_tile *open, struct seal_diag *diag)
{
	struct plan_tile *full = malloc(sizeof(*full));

	if (!full)
		return no_memory(diag);
	full->level = level;
	full->number = number;
	full->next = NULL;
	memcpy(full->hashes, open->hashes, sizeof(full->hashes));
	*plan->full_end = full;
	plan->full_end = &full->next;
	open->width = 0;
	return 0;
}

/*
 * The tile of level 0 that ends at row.next is full: its root goes into the
 * level above, and so on up.
 */
static int tiles_grow(struct plan *plan, struct seal_hash root,
		      struct seal_diag *diag)
{
	struct open_tile *tile;
	uint64_t number;
	unsigned level;
	int rc = 0;

	for (level = 1; level <= STORE_TILE_LEVELS && rc == 0; level++) {
		tile = tile_own(plan, level);
		if (!tile)
			return no_memory(diag);
		tile->hashes[tile->width++] = root;
		if (tile->width < SEAL_STORAGE_WIDTH)
			break;
		rc = seal_root_of(tile->hashes, SEAL_STORAGE_WIDTH, &root);
		if (rc < 0)
			return seal_diag_set(diag, rc, "cannot hash a tile");
		number = (plan->row.next >> (8 * (level + 1))) - 1;
		rc = tile_close(plan, level, number, tile, diag);
	}
	return rc;
}

static int epoch_note(struct plan *plan, const struct seal_handover *handover,
		      struct seal_diag *diag)
{
	struct plan_epoch *epoch = calloc(1, sizeof(*epoch));
	int rc;

	if (!epoch)
		return no_memory(diag);
	epoch->epoch = handover->epoch;
	rc = seal_epoch_record_encode(handover, epoch->record);
	if (rc < 0) {
		free(epoch);
		return seal_diag_set(diag, rc, "cannot write an epoch");
	}
	*plan->epochs_end = epoch;
	plan->epochs_end = &epoch->next;
	return 0;
}

/*
 * A hand-over: the chain follows it if it is right.  If it is not, the entry is
 * stored all the same, for it is what the host signed; who verifies will say
 * so, and the operator hears it now.
 */
static int handover_take(struct plan *plan, const uint8_t *bytes, size_t len,
			 uint64_t index, const struct seal_hash *root,
			 struct seal_diag *diag)
{
	enum seal_handover_verdict verdict = SEAL_HANDOVER_OK;
	struct seal_handover handover;
	struct seal_entry entry;
	int rc;

	rc = seal_entry_parse(bytes, len, &entry);
	if (rc == 0)
		rc = seal_handover_from_entry(&entry, index, root, &handover);
	if (rc == 0)
		rc = seal_chain_advance(plan->log->chain, &handover, &verdict);
	if (rc == SEAL_E_NOMEM || rc == SEAL_E_CRYPTO)
		return seal_diag_set(diag, rc, "cannot check a hand-over");
	if (rc == 0 && verdict == SEAL_HANDOVER_OK)
		return epoch_note(plan, &handover, diag);
	if (rc == 0 && verdict == SEAL_HANDOVER_SAME)
		return 0;
	say("alarm: the hand-over at entry %llu of %s is wrong: %s; run "
	    "auditseal verify",
	    (unsigned long long)index, plan->row.origin,
	    rc < 0 ? seal_strerror(rc) : seal_handover_verdict_text(verdict));
	return 0;
}

/* Hand-overs among new entries; before: the frontier of row.next. */
static int handovers_find(struct plan *plan, const struct seal_hash *leaves,
			  unsigned count, const uint8_t *data,
			  struct seal_diag *diag)
{
	struct seal_frontier at = plan->frontier;
	unsigned i, done = 0;
	struct seal_hash root;
	size_t len;
	int rc = 0;

	for (i = 0; i < count && rc == 0; i++) {
		len = (size_t)(data[0] << 8 | data[1]);
		if (len >= SEAL_ENTRY_HEADER_BYTES &&
		    data[2] == SEAL_ENTRY_EPOCH) {
			rc = seal_frontier_append_many(&at, leaves + done,
						       i - done);
			if (rc == 0)
				rc = seal_frontier_root(&at, &root);
			done = i;
			if (rc < 0)
				return seal_diag_set(diag, rc,
						     "cannot compute a root");
			rc = handover_take(plan, data + 2, len,
					   plan->row.next + i, &root, diag);
		}
		data += 2 + len;
	}
	return rc;
}

static int entries_note(struct plan *plan, const struct seal_hash *leaves,
			unsigned count, const uint8_t *data, size_t data_bytes,
			struct seal_diag *diag)
{
	struct plan_entries *entries = malloc(sizeof(*entries));

	if (!entries)
		return no_memory(diag);
	*entries = (struct plan_entries){
		.number = plan->row.next / SEAL_STORAGE_WIDTH,
		.offset = plan->leaves.width,
		.count = count,
		.leaves = leaves,
		.data = data,
		.data_bytes = data_bytes,
	};
	*plan->entries_end = entries;
	plan->entries_end = &entries->next;
	return 0;
}

/* The frontier of the new size; the bundle's root is hashed but once. */
static int tree_grow(struct plan *plan, const struct seal_hash *leaves,
		     unsigned count, struct seal_diag *diag)
{
	struct open_tile *open = &plan->leaves;
	bool whole = count == SEAL_STORAGE_WIDTH;
	struct seal_hash root;
	int rc = 0;

	memcpy(&open->hashes[open->width], leaves, count * sizeof(*leaves));
	open->width += count;
	plan->row.next += count;
	if (open->width == SEAL_STORAGE_WIDTH)
		rc = seal_root_of(open->hashes, SEAL_STORAGE_WIDTH, &root);
	if (rc == 0)
		rc = whole ? seal_frontier_append_subtree(&plan->frontier, 8,
							  &root)
			   : seal_frontier_append_many(&plan->frontier, leaves,
						       count);
	if (rc < 0)
		return seal_diag_set(diag, rc, "cannot extend the tree");
	if (open->width < SEAL_STORAGE_WIDTH)
		return 0;
	open->width = 0;
	return tiles_grow(plan, root, diag);
}

int plan_entries(struct plan *plan, const struct seal_hash *leaves,
		 unsigned count, const uint8_t *data, size_t data_bytes,
		 struct seal_diag *diag)
{
	int rc;

	if (plan->leaves.width + count > SEAL_STORAGE_WIDTH)
		return seal_diag_set(diag, SEAL_E_INTERNAL,
				     "entries of two bundles at once");
	rc = entries_note(plan, leaves, count, data, data_bytes, diag);
	if (rc == 0 && plan->log->chain)
		rc = handovers_find(plan, leaves, count, data, diag);
	if (rc == 0)
		rc = tree_grow(plan, leaves, count, diag);
	return rc;
}

static int entries_write(const struct plan *plan, struct seal_storage *storage,
			 struct seal_diag *diag)
{
	const struct plan_entries *e;
	int rc = 0;

	for (e = plan->entries; e && rc == 0; e = e->next)
		rc = storage->ops->put_entries(storage, plan->row.id, e->number,
					       e->offset, e->count, e->leaves,
					       e->data, e->data_bytes, diag);
	return rc;
}

static int tiles_write(const struct plan *plan, struct seal_storage *storage,
		       struct seal_diag *diag)
{
	const struct plan_tile *full;
	const struct open_tile *open;
	unsigned level;
	int rc = 0;

	for (full = plan->full_tiles; full && rc == 0; full = full->next)
		rc = storage->ops->put_tile(storage, plan->row.id, full->level,
					    full->number, full->hashes,
					    SEAL_STORAGE_WIDTH, diag);
	for (level = 1; level <= STORE_TILE_LEVELS && rc == 0; level++) {
		open = plan->tiles[level - 1];
		if (open && open->width)
			rc = storage->ops->put_tile(
				storage, plan->row.id, level,
				plan->row.next >> (8 * (level + 1)),
				open->hashes, open->width, diag);
	}
	return rc;
}

int plan_write(const struct plan *plan, struct seal_storage *storage,
	       struct seal_diag *diag)
{
	const struct plan_epoch *epoch;
	int rc;

	rc = entries_write(plan, storage, diag);
	if (rc == 0)
		rc = tiles_write(plan, storage, diag);
	for (epoch = plan->epochs; epoch && rc == 0; epoch = epoch->next)
		rc = storage->ops->put_epoch(storage, plan->row.id,
					     epoch->epoch, epoch->record, diag);
	if (rc == 0)
		rc = storage->ops->put_sizes(storage, &plan->row, diag);
	return rc;
}

void plan_install(struct plan *plan, struct log *log)
{
	int i;

	log->row = plan->row;
	log->frontier = plan->frontier;
	log->leaves = plan->leaves;
	for (i = 0; i < STORE_TILE_LEVELS; i++) {
		if (!plan->tiles[i])
			continue;
		free(log->tiles[i]);
		log->tiles[i] = plan->tiles[i];
		plan->tiles[i] = NULL;
	}
}
