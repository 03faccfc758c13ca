/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log's state in memory, made from the database: frontier, open tiles, chain
 * of epochs.  It is checked against the log's own checkpoint before use.
 */
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "store.h"

void log_unload(struct log *log)
{
	int i;

	log->loaded = false;
	for (i = 0; i < STORE_TILE_LEVELS; i++) {
		free(log->tiles[i]);
		log->tiles[i] = NULL;
	}
	seal_chain_free(log->chain);
	log->chain = NULL;
}

static int row_make_step(struct seal_storage *storage, void *ctx,
			 struct seal_diag *diag)
{
	struct seal_storage_log *row = ctx;

	return storage->ops->put_log(storage, row, &row->id, diag);
}

/* A log of the policy that never sent anything has no row yet. */
static int row_read(struct store *store, struct log *log,
		    struct seal_diag *diag)
{
	struct seal_storage *storage = store->storage;
	struct seal_storage_log row = {0};
	int rc;

	rc = storage->ops->get_log(storage, log->origin, &row, diag);
	if (rc == SEAL_E_NOTFOUND) {
		memcpy(row.origin, log->origin, sizeof(row.origin));
		rc = storage->ops->commit(storage, row_make_step, &row,
					  SEAL_STORAGE_DURABLE, diag);
	}
	if (rc == 0)
		log->row = row;
	return rc;
}

/* The open tile of a level, exactly as wide as the log's size says. */
static int tile_read(struct store *store, struct log *log, unsigned level,
		     struct open_tile *tile, struct seal_diag *diag)
{
	unsigned width = (unsigned)(log->row.next >> (8 * level)) & 255;
	uint64_t number = log->row.next >> (8 * (level + 1));
	int rc;

	tile->width = 0;
	if (!width)
		return 0;
	rc = store->storage->ops->get_tile(store->storage, log->row.id, level,
					   number, tile->hashes, &tile->width,
					   diag);
	if (rc == 0 && tile->width != width)
		rc = seal_diag_set(diag, SEAL_E_DAMAGED,
				   "the store's database: tile %u/%llu of %s "
				   "has %u hashes, not %u",
				   level, (unsigned long long)number,
				   log->origin, tile->width, width);
	return rc;
}

static int tiles_read(struct store *store, struct log *log,
		      struct seal_diag *diag)
{
	unsigned level;
	int rc = 0;

	for (level = 1; level <= STORE_TILE_LEVELS && rc == 0; level++) {
		if (!(log->row.next >> (8 * level)))
			break;
		log->tiles[level - 1] = calloc(1, sizeof(struct open_tile));
		if (!log->tiles[level - 1])
			return seal_diag_set(diag, SEAL_E_NOMEM,
					     "out of memory");
		rc = tile_read(store, log, level, log->tiles[level - 1], diag);
	}
	if (rc == 0)
		rc = tile_read(store, log, 0, &log->leaves, diag);
	return rc;
}

/* Largest subtrees first: the tiles of the highest level. */
static int frontier_make(struct log *log, struct seal_diag *diag)
{
	const struct open_tile *tile;
	int level, rc = 0;
	unsigned i;

	seal_frontier_init(&log->frontier);
	for (level = STORE_TILE_LEVELS; level >= 0; level--) {
		tile = level ? log->tiles[level - 1] : &log->leaves;
		for (i = 0; tile && i < tile->width && rc == 0; i++) {
			rc = seal_frontier_append_subtree(&log->frontier,
							  8 * (unsigned)level,
							  &tile->hashes[i]);
		}
	}
	if (rc < 0)
		seal_diag_set(diag, rc, "cannot compute the frontier of %s",
			      log->origin);
	return rc;
}

/* Does what is stored give the root that the log signed? */
static int root_check(struct store *store, struct log *log,
		      struct seal_diag *diag)
{
	struct seal_storage_checkpoint cp = {0};
	struct seal_hash root;
	int rc;

	rc = store->storage->ops->get_checkpoint(store->storage, log->row.id,
						 log->row.next, &cp, diag);
	if (rc == SEAL_E_NOTFOUND)
		return 0;
	if (rc < 0)
		return rc;
	rc = seal_frontier_root(&log->frontier, &root);
	if (rc < 0)
		seal_diag_set(diag, rc, "cannot compute a root");
	else if (!seal_hash_equal(&root, &cp.root))
		rc = seal_diag_set(diag, SEAL_E_DAMAGED,
				   "the store's database: the tiles of %s do "
				   "not give the root that the log signed at "
				   "size %llu; verify the store and restore a "
				   "copy",
				   log->origin,
				   (unsigned long long)log->row.next);
	seal_storage_checkpoint_fini(&cp);
	return rc;
}

static int chain_grow(struct log *log, const uint8_t *record,
		      struct seal_diag *diag)
{
	enum seal_handover_verdict verdict = SEAL_HANDOVER_OK;
	struct seal_handover handover;
	int rc;

	rc = seal_epoch_record_decode(record, &handover);
	if (rc == 0)
		rc = seal_chain_advance(log->chain, &handover, &verdict);
	if (rc == 0 && verdict != SEAL_HANDOVER_OK)
		rc = SEAL_E_DAMAGED;
	if (rc < 0)
		seal_diag_set(diag, rc,
			      "the store's database: an epoch of %s does not "
			      "follow from the one before",
			      log->origin);
	return rc;
}

static int chain_make(struct log *log, const struct seal_buf *records,
		      struct seal_diag *diag)
{
	struct seal_epoch_root root;
	size_t at;
	int rc;

	rc = seal_epoch_root_decode(records->data, &root);
	if (rc == 0)
		rc = seal_chain_new(log->origin, root.host_key, root.epoch_key,
				    &log->row.log_id, &log->chain);
	if (rc < 0)
		return seal_diag_set(diag, rc,
				     "the store's database: the keys of %s do "
				     "not give its log id",
				     log->origin);
	for (at = SEAL_STORAGE_EPOCH_BYTES; at < records->len && rc == 0;
	     at += SEAL_STORAGE_EPOCH_BYTES)
		rc = chain_grow(log, records->data + at, diag);
	return rc;
}

/* Logs that were not enrolled, foreign ones say, have no chain. */
static int chain_read(struct store *store, struct log *log,
		      struct seal_diag *diag)
{
	struct seal_buf records = SEAL_BUF_INIT;
	int rc;

	rc = store->storage->ops->get_epochs(store->storage, log->row.id, 0,
					     &records, diag);
	if (rc == 0 && log->row.enrolled && records.len)
		rc = chain_make(log, &records, diag);
	seal_buf_fini(&records);
	return rc;
}

int log_load(struct store *store, struct log *log, struct seal_diag *diag)
{
	int rc;

	log_unload(log);
	rc = row_read(store, log, diag);
	if (rc == 0)
		rc = tiles_read(store, log, diag);
	if (rc == 0)
		rc = frontier_make(log, diag);
	if (rc == 0)
		rc = root_check(store, log, diag);
	if (rc == 0)
		rc = chain_read(store, log, diag);
	if (rc < 0)
		log_unload(log);
	else
		log->loaded = true;
	return rc;
}
