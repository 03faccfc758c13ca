/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite driver: what a step writes.  Contract: storage.h.  All of it runs
 * on the writer's connection, inside the transaction of sqlite_commit.c.
 */
#include <string.h>

#include "storage/sqlite_internal.h"

static struct connection *writer_of(struct seal_storage *storage)
{
	return &((struct sqlite_storage *)storage)->writer;
}

static int put_log(struct seal_storage *storage,
		   const struct seal_storage_log *log, int64_t *ret_id,
		   struct seal_diag *diag)
{
	struct connection *c = writer_of(storage);
	sqlite3_stmt *statement;
	struct seal_hash hash;
	int rc;

	rc = seal_sha256(log->origin, strlen(log->origin), &hash);
	if (rc < 0)
		return seal_diag_set(diag, rc, "cannot hash an origin");
	rc = sqlite_statement(c, ST_LOG_PUT, &statement, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_text(statement, 1, log->origin, -1, SQLITE_STATIC);
	if (log->enrolled)
		sqlite_bind_data(statement, 2, log->log_id.b, SEAL_HASH_BYTES);
	sqlite_bind_data(statement, 3, hash.b, SEAL_HASH_BYTES);
	rc = sqlite_finish(c, statement, "a new log", diag);
	if (rc == SEAL_E_EXISTS)
		return seal_diag_set(diag, SEAL_E_EXISTS,
				     "the store has a log of the origin %s",
				     log->origin);
	if (rc == 0)
		*ret_id = sqlite3_last_insert_rowid(c->db);
	return rc;
}

static int put_sizes(struct seal_storage *storage,
		     const struct seal_storage_log *log, struct seal_diag *diag)
{
	struct connection *c = writer_of(storage);
	sqlite3_stmt *statement;
	int rc;

	rc = sqlite_statement(c, ST_LOG_SIZES, &statement, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(statement, 1, log->id);
	sqlite3_bind_int64(statement, 2, (int64_t)log->next);
	if (log->has_pending)
		sqlite3_bind_int64(statement, 3, (int64_t)log->pending);
	sqlite3_bind_int64(statement, 4, (int64_t)log->mirror);
	return sqlite_finish(c, statement, "the sizes of a log", diag);
}

static int bundle_put(struct connection *c, int64_t log, uint64_t number,
		      const void *hashes, const void *data, size_t data_bytes,
		      struct seal_diag *diag)
{
	sqlite3_stmt *statement;
	int64_t id;
	int rc;

	rc = sqlite_bundle_id(log, number, &id, diag);
	if (rc == 0)
		rc = sqlite_statement(c, ST_BUNDLE_PUT, &statement, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(statement, 1, id);
	sqlite_bind_data(statement, 2, hashes, SEAL_STORAGE_WIDTH * 32);
	sqlite_bind_data(statement, 3, data, data_bytes);
	return sqlite_finish(c, statement, "an entry bundle", diag);
}

static int piece_put(struct connection *c, int64_t log, uint64_t first,
		     const void *hashes, unsigned count, const void *data,
		     size_t data_bytes, struct seal_diag *diag)
{
	sqlite3_stmt *statement;
	int rc;

	rc = sqlite_statement(c, ST_PIECE_PUT, &statement, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(statement, 1, log);
	sqlite3_bind_int64(statement, 2, (int64_t)first);
	sqlite_bind_data(statement, 3, hashes, (size_t)count * 32);
	sqlite_bind_data(statement, 4, data, data_bytes);
	return sqlite_finish(c, statement, "a part of an entry bundle", diag);
}

static int pieces_delete(struct connection *c, int64_t log, uint64_t number,
			 struct seal_diag *diag)
{
	sqlite3_stmt *statement;
	int rc;

	rc = sqlite_statement(c, ST_PIECE_DELETE, &statement, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(statement, 1, log);
	sqlite3_bind_int64(statement, 2,
			   (int64_t)(number * SEAL_STORAGE_WIDTH));
	return sqlite_finish(c, statement, "a part of an entry bundle", diag);
}

/* The bundle is complete: its pieces and the new entries become one row. */
static int pieces_merge(struct connection *c, int64_t log, uint64_t number,
			unsigned offset, const struct seal_hash *leaves,
			const uint8_t *data, size_t data_bytes,
			struct seal_diag *diag)
{
	struct seal_buf hashes = SEAL_BUF_INIT, all = SEAL_BUF_INIT;
	int rc;

	rc = sqlite_pieces_read(c, log, number, true, &hashes, &all, diag);
	if (rc < 0)
		goto out;
	if (hashes.len != (size_t)offset * 32) {
		rc = seal_diag_set(diag, SEAL_E_DAMAGED,
				   "the store's database: entry bundle %llu "
				   "has a gap",
				   (unsigned long long)number);
		goto out;
	}
	seal_buf_put(&hashes, leaves,
		     (size_t)(SEAL_STORAGE_WIDTH - offset) * 32);
	seal_buf_put(&all, data, data_bytes);
	rc = seal_buf_error(&hashes);
	if (rc == 0)
		rc = seal_buf_error(&all);
	if (rc < 0) {
		seal_diag_set(diag, rc, "%s", seal_strerror(rc));
		goto out;
	}
	rc = bundle_put(c, log, number, hashes.data, all.data, all.len, diag);
	if (rc == 0)
		rc = pieces_delete(c, log, number, diag);
out:
	seal_buf_fini(&hashes);
	seal_buf_fini(&all);
	return rc;
}

static int put_entries(struct seal_storage *storage, int64_t log,
		       uint64_t number, unsigned offset, unsigned count,
		       const struct seal_hash *leaves, const uint8_t *data,
		       size_t data_bytes, struct seal_diag *diag)
{
	struct connection *c = writer_of(storage);

	if (!count || offset + count > SEAL_STORAGE_WIDTH)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "entries that no bundle holds");
	if (offset + count < SEAL_STORAGE_WIDTH)
		return piece_put(c, log, number * SEAL_STORAGE_WIDTH + offset,
				 leaves, count, data, data_bytes, diag);
	if (offset)
		return pieces_merge(c, log, number, offset, leaves, data,
				    data_bytes, diag);
	return bundle_put(c, log, number, leaves, data, data_bytes, diag);
}

static int put_tile(struct seal_storage *storage, int64_t log, unsigned level,
		    uint64_t number, const struct seal_hash *hashes,
		    unsigned width, struct seal_diag *diag)
{
	struct connection *c = writer_of(storage);
	sqlite3_stmt *statement;
	int rc;

	rc = sqlite_statement(c, ST_TILE_PUT, &statement, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(statement, 1, log);
	sqlite3_bind_int64(statement, 2, level);
	sqlite3_bind_int64(statement, 3, (int64_t)number);
	sqlite_bind_data(statement, 4, hashes, (size_t)width * 32);
	return sqlite_finish(c, statement, "a tile", diag);
}

static int put_checkpoint(struct seal_storage *storage, int64_t log,
			  const struct seal_storage_checkpoint *checkpoint,
			  struct seal_diag *diag)
{
	struct connection *c = writer_of(storage);
	sqlite3_stmt *statement;
	int rc;

	rc = sqlite_statement(c, ST_CHECKPOINT_PUT, &statement, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(statement, 1, log);
	sqlite3_bind_int64(statement, 2, (int64_t)checkpoint->size);
	sqlite_bind_data(statement, 3, checkpoint->root.b, SEAL_HASH_BYTES);
	sqlite_bind_data(statement, 4, checkpoint->note,
			 checkpoint->note_bytes);
	return sqlite_finish(c, statement, "a checkpoint", diag);
}

static int put_receipt(struct seal_storage *storage, int64_t log, uint64_t size,
		       const uint8_t *receipt, size_t receipt_bytes,
		       struct seal_diag *diag)
{
	struct connection *c = writer_of(storage);
	sqlite3_stmt *statement;
	int rc;

	rc = sqlite_statement(c, ST_RECEIPT_PUT, &statement, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(statement, 1, log);
	sqlite3_bind_int64(statement, 2, (int64_t)size);
	sqlite_bind_data(statement, 3, receipt, receipt_bytes);
	rc = sqlite_finish(c, statement, "a receipt", diag);
	if (rc == 0 && sqlite3_changes(c->db) != 1)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "no checkpoint of size %llu to put a "
				     "receipt on",
				     (unsigned long long)size);
	return rc;
}

/* 1: the same record is there already; 0: it is new. */
static int epoch_known(struct connection *c, int64_t log, uint64_t epoch,
		       const uint8_t *record, struct seal_diag *diag)
{
	sqlite3_stmt *statement;
	bool same;
	int rc;

	rc = sqlite_statement(c, ST_EPOCH_GET, &statement, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(statement, 1, log);
	sqlite3_bind_int64(statement, 2, (int64_t)epoch);
	rc = sqlite_row(c, statement, "an epoch", diag);
	if (rc != 1)
		return rc;
	same = sqlite3_column_bytes(statement, 0) == SEAL_STORAGE_EPOCH_BYTES &&
	       !memcmp(sqlite3_column_blob(statement, 0), record,
		       SEAL_STORAGE_EPOCH_BYTES);
	sqlite_done(statement);
	if (!same)
		return seal_diag_set(diag, SEAL_E_EXISTS,
				     "another record of epoch %llu is stored",
				     (unsigned long long)epoch);
	return 1;
}

static int put_epoch(struct seal_storage *storage, int64_t log, uint64_t epoch,
		     const uint8_t record[SEAL_STORAGE_EPOCH_BYTES],
		     struct seal_diag *diag)
{
	struct connection *c = writer_of(storage);
	sqlite3_stmt *statement;
	int rc;

	rc = epoch_known(c, log, epoch, record, diag);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	rc = sqlite_statement(c, ST_EPOCH_PUT, &statement, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(statement, 1, log);
	sqlite3_bind_int64(statement, 2, (int64_t)epoch);
	sqlite_bind_data(statement, 3, record, SEAL_STORAGE_EPOCH_BYTES);
	return sqlite_finish(c, statement, "an epoch", diag);
}

void sqlite_put_ops(struct seal_storage_ops *ops)
{
	ops->put_log = put_log;
	ops->put_sizes = put_sizes;
	ops->put_entries = put_entries;
	ops->put_tile = put_tile;
	ops->put_checkpoint = put_checkpoint;
	ops->put_receipt = put_receipt;
	ops->put_epoch = put_epoch;
}
