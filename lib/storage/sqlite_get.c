/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite driver: reading.  Contract: storage.h.  What is read may have been
 * changed by anybody: lengths and signs are checked, meaning is not.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/sqlite_internal.h"

struct connection *sqlite_reader_take(struct seal_storage *storage)
{
	struct connection *c = ((struct sqlite_storage *)storage)->readable;

	pthread_mutex_lock(&c->mutex);
	return c;
}

void sqlite_reader_give(struct connection *c)
{
	pthread_mutex_unlock(&c->mutex);
}

static int damaged(struct seal_diag *diag, const char *what)
{
	return seal_diag_set(diag, SEAL_E_DAMAGED,
			     "the store's database: %s is not what auditseald "
			     "wrote",
			     what);
}

void seal_storage_checkpoint_fini(struct seal_storage_checkpoint *checkpoint)
{
	if (!checkpoint)
		return;
	free(checkpoint->note);
	free(checkpoint->receipt);
	memset(checkpoint, 0, sizeof(*checkpoint));
}

static bool size_column(sqlite3_stmt *row, int i, uint64_t *ret_size)
{
	int64_t value = sqlite3_column_int64(row, i);

	if (value < 0)
		return false;
	*ret_size = (uint64_t)value;
	return true;
}

static void log_column(sqlite3_stmt *row, struct seal_storage_log *ret_log)
{
	int bytes = sqlite3_column_bytes(row, 1);
	struct seal_storage_log log;

	memset(&log, 0, sizeof(log));
	log.id = sqlite3_column_int64(row, 0);
	log.enrolled = sqlite3_column_type(row, 2) != SQLITE_NULL;
	log.damaged = bytes < 1 || bytes > SEAL_ORIGIN_MAX_BYTES ||
		      memchr(sqlite3_column_blob(row, 1), 0, (size_t)bytes) ||
		      (log.enrolled &&
		       sqlite3_column_bytes(row, 2) != sizeof(log.log_id));
	if (!log.damaged)
		memcpy(log.origin, sqlite3_column_blob(row, 1), (size_t)bytes);
	if (!log.damaged && log.enrolled)
		memcpy(log.log_id.b, sqlite3_column_blob(row, 2),
		       sizeof(log.log_id));
	log.has_pending = sqlite3_column_type(row, 4) != SQLITE_NULL;
	log.damaged |= !size_column(row, 3, &log.next) ||
		       !size_column(row, 4, &log.pending) ||
		       !size_column(row, 5, &log.mirror) ||
		       log.mirror > log.next || log.next > log.pending;
	*ret_log = log;
}

/* The row of a bound statement, whose use it ends. */
static int log_one(struct connection *c, sqlite3_stmt *row,
		   struct seal_storage_log *ret_log, struct seal_diag *diag)
{
	struct seal_storage_log log;
	int rc = sqlite_row(c, row, "a log", diag);

	if (rc == 1) {
		log_column(row, &log);
		rc = log.damaged ? damaged(diag, "the row of a log") : 0;
		if (rc == 0)
			*ret_log = log;
		sqlite_done(row);
	} else if (rc == 0) {
		rc = seal_diag_set(diag, SEAL_E_NOTFOUND,
				   "the store has no log of this origin");
	}
	return rc;
}

static int get_log(struct seal_storage *storage, const char *origin,
		   struct seal_storage_log *ret_log, struct seal_diag *diag)
{
	struct connection *c = sqlite_reader_take(storage);
	sqlite3_stmt *row;
	int rc;

	rc = sqlite_statement(c, ST_LOG_GET, &row, diag);
	if (rc == 0) {
		sqlite3_bind_text(row, 1, origin, -1, SQLITE_STATIC);
		rc = log_one(c, row, ret_log, diag);
	}
	sqlite_reader_give(c);
	return rc;
}

static int get_log_by_hash(struct seal_storage *storage,
			   const struct seal_hash *origin_hash,
			   struct seal_storage_log *ret_log,
			   struct seal_diag *diag)
{
	struct connection *c = sqlite_reader_take(storage);
	sqlite3_stmt *row;
	int rc;

	rc = sqlite_statement(c, ST_LOG_BY_HASH, &row, diag);
	if (rc == 0) {
		sqlite3_bind_blob(row, 1, origin_hash->b, SEAL_HASH_BYTES,
				  SQLITE_STATIC);
		rc = log_one(c, row, ret_log, diag);
	}
	sqlite_reader_give(c);
	return rc;
}

static int logs_read(struct connection *c, struct seal_buf *all,
		     struct seal_diag *diag)
{
	struct seal_storage_log log;
	sqlite3_stmt *row;
	int rc;

	rc = sqlite_statement(c, ST_LOG_LIST, &row, diag);
	if (rc < 0)
		return rc;
	while ((rc = sqlite_row(c, row, "the logs", diag)) == 1) {
		log_column(row, &log);
		seal_buf_put(all, &log, sizeof(log));
	}
	if (rc == 0 && seal_buf_error(all))
		rc = seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	return rc;
}

static int list_logs(struct seal_storage *storage,
		     struct seal_storage_log **ret_logs, size_t *ret_count,
		     struct seal_diag *diag)
{
	struct connection *c = sqlite_reader_take(storage);
	struct seal_buf all = SEAL_BUF_INIT;
	size_t bytes = 0;
	int rc;

	rc = logs_read(c, &all, diag);
	sqlite_reader_give(c);
	if (rc == 0) {
		*ret_logs = (struct seal_storage_log *)(void *)seal_buf_steal(
			&all, &bytes);
		*ret_count = bytes / sizeof(**ret_logs);
	}
	seal_buf_fini(&all);
	return rc;
}

int sqlite_pieces_read(struct connection *c, int64_t log, uint64_t number,
		       bool strict, struct seal_buf *hashes,
		       struct seal_buf *data, struct seal_diag *diag)
{
	uint64_t first = number * SEAL_STORAGE_WIDTH, at = first;
	sqlite3_stmt *row;
	int rc, bytes;

	rc = sqlite_statement(c, ST_PIECE_GET, &row, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(row, 1, log);
	sqlite3_bind_int64(row, 2, (int64_t)first);
	while ((rc = sqlite_row(c, row, "an entry bundle", diag)) == 1) {
		bytes = sqlite3_column_bytes(row, 1);
		if (strict &&
		    (sqlite3_column_int64(row, 0) != (int64_t)at ||
		     bytes % 32 ||
		     at - first + (uint64_t)bytes / 32 > SEAL_STORAGE_WIDTH)) {
			sqlite_done(row);
			return damaged(diag, "an entry bundle");
		}
		at += (uint64_t)bytes / 32;
		if (hashes)
			seal_buf_put(hashes, sqlite3_column_blob(row, 1),
				     (size_t)bytes);
		if (data)
			seal_buf_put(data, sqlite3_column_blob(row, 2),
				     (size_t)sqlite3_column_bytes(row, 2));
	}
	if (rc == 0 && ((hashes && seal_buf_error(hashes)) ||
			(data && seal_buf_error(data))))
		rc = seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	return rc;
}

/* Appends the one blob of a bundle's row: 1, or 0 if there is no row. */
static int bundle_blob(struct connection *c, enum statement which, int64_t log,
		       uint64_t number, struct seal_buf *ret_bytes,
		       struct seal_diag *diag)
{
	sqlite3_stmt *row;
	int64_t id;
	int rc;

	rc = sqlite_bundle_id(log, number, &id, diag);
	if (rc == 0)
		rc = sqlite_statement(c, which, &row, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(row, 1, id);
	rc = sqlite_row(c, row, "an entry bundle", diag);
	if (rc != 1)
		return rc;
	seal_buf_put(ret_bytes, sqlite3_column_blob(row, 0),
		     (size_t)sqlite3_column_bytes(row, 0));
	sqlite_done(row);
	if (seal_buf_error(ret_bytes))
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	return 1;
}

/* Of one state of the database: a bundle may become complete meanwhile. */
static int bundle_read(struct connection *c, bool hashes, bool strict,
		       int64_t log, uint64_t number, struct seal_buf *ret_bytes,
		       struct seal_diag *diag)
{
	int rc;

	rc = sqlite_run(c, ST_BEGIN_READ, diag);
	if (rc < 0)
		return rc;
	rc = bundle_blob(c, hashes ? ST_BUNDLE_HASHES : ST_BUNDLE_DATA, log,
			 number, ret_bytes, diag);
	if (rc == 0)
		rc = sqlite_pieces_read(c, log, number, strict,
					hashes ? ret_bytes : NULL,
					hashes ? NULL : ret_bytes, diag);
	(void)sqlite_run(c, ST_COMMIT, NULL);
	return rc < 0 ? rc : 0;
}

/* Bytes of the first width entries; 0 if there are fewer. */
static size_t entries_prefix(const uint8_t *bytes, size_t len, unsigned width)
{
	size_t at = 0;
	unsigned i;

	for (i = 0; i < width; i++) {
		if (len - at < 2)
			return 0;
		at += 2;
		if (len - at < (size_t)(bytes[at - 2] << 8 | bytes[at - 1]))
			return 0;
		at += (size_t)(bytes[at - 2] << 8 | bytes[at - 1]);
	}
	return at;
}

static int get_entries(struct seal_storage *storage, int64_t log,
		       uint64_t number, unsigned width,
		       struct seal_buf *ret_bytes, struct seal_diag *diag)
{
	struct connection *c = sqlite_reader_take(storage);
	size_t before = ret_bytes->len, len = 0;
	int rc;

	rc = bundle_read(c, false, width > 0, log, number, ret_bytes, diag);
	sqlite_reader_give(c);
	if (rc == 0 && ret_bytes->len > before)
		len = width ? entries_prefix(ret_bytes->data + before,
					     ret_bytes->len - before, width)
			    : ret_bytes->len - before;
	if (rc == 0 && len == 0)
		rc = seal_diag_set(diag, SEAL_E_NOTFOUND,
				   "entry bundle %llu has not %u entries",
				   (unsigned long long)number, width);
	seal_buf_truncate(ret_bytes, rc == 0 ? before + len : before);
	return rc;
}

static int tile_blob(struct connection *c, int64_t log, unsigned level,
		     uint64_t number, struct seal_buf *ret_bytes,
		     struct seal_diag *diag)
{
	sqlite3_stmt *row;
	int rc;

	rc = sqlite_statement(c, ST_TILE_GET, &row, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(row, 1, log);
	sqlite3_bind_int64(row, 2, level);
	sqlite3_bind_int64(row, 3, (int64_t)number);
	rc = sqlite_row(c, row, "a tile", diag);
	if (rc != 1)
		return rc;
	seal_buf_put(ret_bytes, sqlite3_column_blob(row, 0),
		     (size_t)sqlite3_column_bytes(row, 0));
	sqlite_done(row);
	return seal_buf_error(ret_bytes);
}

static int get_tile(struct seal_storage *storage, int64_t log, unsigned level,
		    uint64_t number, struct seal_hash *ret_hashes,
		    unsigned *ret_width, struct seal_diag *diag)
{
	struct connection *c = sqlite_reader_take(storage);
	struct seal_buf hashes = SEAL_BUF_INIT;
	int rc;

	rc = level ? tile_blob(c, log, level, number, &hashes, diag)
		   : bundle_read(c, true, true, log, number, &hashes, diag);
	sqlite_reader_give(c);
	if (rc == 0 &&
	    (hashes.len % 32 || hashes.len / 32 > SEAL_STORAGE_WIDTH))
		rc = damaged(diag, "a tile");
	if (rc == 0) {
		if (hashes.len)
			memcpy(ret_hashes, hashes.data, hashes.len);
		*ret_width = (unsigned)(hashes.len / 32);
	}
	seal_buf_fini(&hashes);
	return rc;
}

static int checkpoint_column(sqlite3_stmt *row, bool lenient,
			     struct seal_storage_checkpoint *ret_checkpoint,
			     struct seal_diag *diag)
{
	struct seal_storage_checkpoint cp;
	int rc;

	memset(&cp, 0, sizeof(cp));
	cp.damaged = sqlite3_column_bytes(row, 1) != sizeof(cp.root);
	if (!size_column(row, 0, &cp.size) || (cp.damaged && !lenient))
		return damaged(diag, "a checkpoint");
	if (!cp.damaged)
		memcpy(cp.root.b, sqlite3_column_blob(row, 1), sizeof(cp.root));
	rc = sqlite_data_copy(row, 2, &cp.note, &cp.note_bytes);
	if (rc == 0 && sqlite3_column_type(row, 3) != SQLITE_NULL)
		rc = sqlite_data_copy(row, 3, &cp.receipt, &cp.receipt_bytes);
	if (rc < 0) {
		seal_storage_checkpoint_fini(&cp);
		return seal_diag_set(diag, rc, "out of memory");
	}
	*ret_checkpoint = cp;
	return 0;
}

static int checkpoint_get(struct seal_storage *storage, enum statement which,
			  int64_t log, uint64_t size,
			  struct seal_storage_checkpoint *ret_checkpoint,
			  struct seal_diag *diag)
{
	struct connection *c = sqlite_reader_take(storage);
	sqlite3_stmt *row;
	int rc;

	rc = sqlite_statement(c, which, &row, diag);
	if (rc < 0)
		goto out;
	sqlite3_bind_int64(row, 1, log);
	if (which != ST_RECEIPTED_GET)
		sqlite3_bind_int64(row, 2, (int64_t)size);
	rc = sqlite_row(c, row, "a checkpoint", diag);
	if (rc == 1) {
		rc = checkpoint_column(row, which == ST_CHECKPOINT_FROM,
				       ret_checkpoint, diag);
		sqlite_done(row);
	} else if (rc == 0) {
		rc = seal_diag_set(diag, SEAL_E_NOTFOUND,
				   "the store has no such checkpoint");
	}
out:
	sqlite_reader_give(c);
	return rc;
}

static int get_checkpoint(struct seal_storage *storage, int64_t log,
			  uint64_t size,
			  struct seal_storage_checkpoint *ret_checkpoint,
			  struct seal_diag *diag)
{
	return checkpoint_get(storage, ST_CHECKPOINT_GET, log, size,
			      ret_checkpoint, diag);
}

static int get_receipted(struct seal_storage *storage, int64_t log,
			 struct seal_storage_checkpoint *ret_checkpoint,
			 struct seal_diag *diag)
{
	return checkpoint_get(storage, ST_RECEIPTED_GET, log, 0, ret_checkpoint,
			      diag);
}

static int get_checkpoint_from(struct seal_storage *storage, int64_t log,
			       uint64_t size,
			       struct seal_storage_checkpoint *ret_checkpoint,
			       struct seal_diag *diag)
{
	return checkpoint_get(storage, ST_CHECKPOINT_FROM, log, size,
			      ret_checkpoint, diag);
}

static int epochs_read(struct connection *c, int64_t log, uint64_t epoch,
		       struct seal_buf *ret_records, struct seal_diag *diag)
{
	sqlite3_stmt *row;
	int rc;

	rc = sqlite_statement(c, ST_EPOCH_LIST, &row, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(row, 1, log);
	sqlite3_bind_int64(row, 2, (int64_t)epoch);
	while ((rc = sqlite_row(c, row, "the epochs", diag)) == 1) {
		if (sqlite3_column_bytes(row, 0) != SEAL_STORAGE_EPOCH_BYTES) {
			sqlite_done(row);
			return damaged(diag, "an epoch");
		}
		seal_buf_put(ret_records, sqlite3_column_blob(row, 0),
			     SEAL_STORAGE_EPOCH_BYTES);
	}
	if (rc == 0 && seal_buf_error(ret_records))
		rc = seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	return rc;
}

static int get_epochs(struct seal_storage *storage, int64_t log, uint64_t epoch,
		      struct seal_buf *ret_records, struct seal_diag *diag)
{
	struct connection *c = sqlite_reader_take(storage);
	size_t before = ret_records->len;
	int rc;

	rc = epochs_read(c, log, epoch, ret_records, diag);
	sqlite_reader_give(c);
	if (rc < 0)
		seal_buf_truncate(ret_records, before);
	return rc;
}

void sqlite_get_ops(struct seal_storage_ops *ops)
{
	ops->get_log = get_log;
	ops->get_log_by_hash = get_log_by_hash;
	ops->list_logs = list_logs;
	ops->get_entries = get_entries;
	ops->get_tile = get_tile;
	ops->get_checkpoint = get_checkpoint;
	ops->get_receipted = get_receipted;
	ops->get_checkpoint_from = get_checkpoint_from;
	ops->get_epochs = get_epochs;
}
