/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite driver: do the rows belong together?  Whoever verifies reads every
 * value that a log's sizes ask for; this finds rows and sizes that nothing asks
 * for.  Contract: storage.h.
 */
#include <string.h>

#include "storage/sqlite_internal.h"

#define HASH_BYTES 32

struct check {
	struct connection *c;
	int64_t log;
	struct seal_storage_check *result;
	struct seal_diag *diag;
	int64_t next, pending, mirror;
	bool has_pending, enrolled;
};

static int wrong(struct check *k, const char *table, const char *what)
{
	if (!k->result->table) {
		k->result->table = table;
		k->result->what = what;
	}
	return 0;
}

/* One row of a statement whose first argument is bound: 1, 0, negative. */
static int begin(struct check *k, enum statement which, int64_t first,
		 sqlite3_stmt **ret_row)
{
	int rc = sqlite_statement(k->c, which, ret_row, k->diag);

	if (rc == 0)
		sqlite3_bind_int64(*ret_row, 1, first);
	return rc;
}

static int check_sizes(struct check *k)
{
	sqlite3_stmt *row;
	int rc = begin(k, ST_CHECK_LOG, k->log, &row);

	if (rc == 0)
		rc = sqlite_row(k->c, row, "a log", k->diag);
	if (rc != 1)
		return rc < 0 ? rc : SEAL_E_NOTFOUND;
	k->next = sqlite3_column_int64(row, 0);
	k->has_pending = sqlite3_column_type(row, 1) != SQLITE_NULL;
	k->pending = sqlite3_column_int64(row, 1);
	k->mirror = sqlite3_column_int64(row, 2);
	k->enrolled = sqlite3_column_type(row, 3) != SQLITE_NULL;
	sqlite_done(row);
	if (k->mirror < 0 || k->mirror > k->next || k->next > k->pending)
		return wrong(k, "log", "the sizes of the log cannot be true");
	return 0;
}

static int check_checkpoints(struct check *k)
{
	bool any, bad;
	sqlite3_stmt *row;
	int rc = begin(k, ST_CHECK_CHECKPOINTS, k->log, &row);

	if (rc < 0)
		return rc;
	sqlite3_bind_int64(row, 2, k->mirror);
	rc = sqlite_row(k->c, row, "the checkpoints", k->diag);
	if (rc != 1)
		return rc;
	any = sqlite3_column_type(row, 0) != SQLITE_NULL;
	bad = any != k->has_pending ||
	      (any && (sqlite3_column_int64(row, 0) < 0 ||
		       sqlite3_column_int64(row, 1) != k->pending));
	bad = bad || (k->mirror && sqlite3_column_int64(row, 2) != 1);
	sqlite_done(row);
	return bad ? wrong(k, "checkpoint",
			   "the checkpoints are not those that the sizes of "
			   "the log name")
		   : 0;
}

static int check_bundles(struct check *k)
{
	int64_t base = k->log << BUNDLE_BITS, full = k->next / 256, end;
	int64_t vouched = k->mirror / 256, counted;
	sqlite3_stmt *row;
	int rc = begin(k, ST_CHECK_BUNDLES, base, &row);

	if (rc < 0)
		return rc;
	sqlite3_bind_int64(row, 2, base + (INT64_C(1) << BUNDLE_BITS));
	sqlite3_bind_int64(row, 3, base + vouched);
	rc = sqlite_row(k->c, row, "the entry bundles", k->diag);
	if (rc != 1)
		return rc;
	end = sqlite3_column_type(row, 0) == SQLITE_NULL
		      ? 0
		      : sqlite3_column_int64(row, 0) - base + 1;
	counted = sqlite3_column_int64(row, 1);
	sqlite_done(row);
	k->result->entries = (uint64_t)end * 256;
	if (end == full && counted == full - vouched)
		return 0;
	/* Full bundles below `mirror` are read one by one: what is missing
	 * there is found then. */
	if (end < full && counted == 0)
		return 0;
	return wrong(k, "bundle", "there are entries that nothing asks for");
}

static int check_pieces(struct check *k)
{
	int64_t open = k->next % 256, count, first, bytes, least;
	sqlite3_stmt *row;
	int rc = begin(k, ST_CHECK_PIECES, k->log, &row);

	if (rc == 0)
		rc = sqlite_row(k->c, row, "the open bundle", k->diag);
	if (rc != 1)
		return rc;
	count = sqlite3_column_int64(row, 0);
	first = sqlite3_column_int64(row, 1);
	bytes = sqlite3_column_int64(row, 2);
	least = sqlite3_column_int64(row, 3);
	sqlite_done(row);
	if (count && first >= 0 && bytes <= 256 * HASH_BYTES &&
	    (uint64_t)(first + bytes / HASH_BYTES) > k->result->entries)
		k->result->entries = (uint64_t)(first + bytes / HASH_BYTES);
	if (!count)
		return 0; /* those that are missing are found by reading */
	if (first == k->next - open &&
	    (bytes < open * HASH_BYTES ||
	     (bytes == open * HASH_BYTES && least > 0)))
		return 0;
	return wrong(k, "piece",
		     "the open bundle is not what the sizes of the log name");
}

static int check_tiles(struct check *k)
{
	int64_t expected = 0, count;
	sqlite3_stmt *row;
	unsigned level;
	int rc = begin(k, ST_CHECK_TILES, k->log, &row);

	if (rc == 0)
		rc = sqlite_row(k->c, row, "the tiles", k->diag);
	if (rc != 1)
		return rc;
	count = sqlite3_column_int64(row, 0);
	sqlite_done(row);
	for (level = 1; level < 8; level++)
		expected += ((k->next >> (8 * level)) + 255) / 256;
	/* Fewer are found by reading. */
	return count > expected ? wrong(k, "tile",
					"there are tiles that nothing asks "
					"for")
				: 0;
}

static int check_epochs(struct check *k)
{
	int64_t count;
	sqlite3_stmt *row;
	int rc = begin(k, ST_CHECK_EPOCHS, k->log, &row);

	if (rc == 0)
		rc = sqlite_row(k->c, row, "the epochs", k->diag);
	if (rc != 1)
		return rc;
	count = sqlite3_column_int64(row, 0);
	if (count && !k->enrolled)
		(void)wrong(k, "log", "the log id is missing");
	k->result->epochs = k->enrolled && !count;
	if (count)
		k->result->epochs |= sqlite3_column_int64(row, 1) != 0 ||
				     sqlite3_column_int64(row, 2) != count - 1;
	sqlite_done(row);
	return 0;
}

static int check_all(struct check *k)
{
	int rc = check_sizes(k);

	if (rc == 0)
		rc = check_checkpoints(k);
	if (rc == 0)
		rc = check_bundles(k);
	if (rc == 0)
		rc = check_pieces(k);
	if (rc == 0)
		rc = check_tiles(k);
	if (rc == 0)
		rc = check_epochs(k);
	return rc;
}

static int check_log(struct seal_storage *storage, int64_t log,
		     struct seal_storage_check *ret_check,
		     struct seal_diag *diag)
{
	struct seal_storage_check result = {0};
	struct check k = {.log = log, .result = &result, .diag = diag};
	int rc;

	if (log < 1 || log > LOG_ID_MAX) {
		result.table = "log";
		result.what = "the number of the log cannot be true";
		*ret_check = result;
		return 0;
	}
	k.c = sqlite_reader_take(storage);
	rc = sqlite_run(k.c, ST_BEGIN_READ, diag);
	if (rc == 0) {
		rc = check_all(&k);
		(void)sqlite_run(k.c, ST_COMMIT, NULL);
	}
	sqlite_reader_give(k.c);
	if (rc == 0)
		*ret_check = result;
	return rc;
}

/* 1: the log is there. */
static int is_there(struct check *k, int64_t log)
{
	sqlite3_stmt *row;
	int rc = begin(k, ST_LOG_THERE, log, &row);

	if (rc == 0)
		rc = sqlite_row(k->c, row, "the logs", k->diag);
	if (rc == 1)
		sqlite_done(row);
	return rc;
}

/* 1: a row of no log.  Goes from log to log, not from row to row. */
static int has_stray(struct check *k, enum statement which)
{
	int64_t log, from = INT64_MIN;
	sqlite3_stmt *row;
	int rc;

	for (;;) {
		rc = begin(k, which, from, &row);
		if (rc == 0)
			rc = sqlite_row(k->c, row, "rows", k->diag);
		if (rc != 1)
			return rc;
		log = sqlite3_column_int64(row, 0);
		sqlite_done(row);
		rc = log < 1 || log > LOG_ID_MAX ? 0 : is_there(k, log);
		if (rc != 1)
			return rc < 0 ? rc : 1;
		from = which == ST_STRAY_BUNDLE ? (log + 1) << BUNDLE_BITS
						: log + 1;
	}
}

static int check_strays(struct seal_storage *storage, const char **ret_table,
			struct seal_diag *diag)
{
	static const struct {
		enum statement which;
		const char *table;
		int since; /* version of the schema */
	} tables[] = {
		{ST_STRAY_BUNDLE, "bundle", 1},
		{ST_STRAY_PIECE, "piece", 1},
		{ST_STRAY_TILE, "tile", 1},
		{ST_STRAY_CHECKPOINT, "checkpoint", 1},
		{ST_STRAY_EPOCH, "epoch", 1},
		{ST_STRAY_COSIGNATURE, "cosignature", 2},
	};
	struct check k = {.diag = diag};
	const char *found = NULL;
	size_t i;
	int rc;

	k.c = sqlite_reader_take(storage);
	rc = sqlite_run(k.c, ST_BEGIN_READ, diag);
	for (i = 0; rc == 0 && !found && i < sizeof(tables) / sizeof(tables[0]);
	     i++) {
		if (k.c->version < tables[i].since)
			continue;
		rc = has_stray(&k, tables[i].which);
		if (rc == 1)
			found = tables[i].table;
		rc = rc < 0 ? rc : 0;
	}
	(void)sqlite_run(k.c, ST_COMMIT, NULL);
	sqlite_reader_give(k.c);
	if (rc == 0)
		*ret_table = found;
	return rc;
}

static int check_journal(struct seal_storage *storage, const char **ret_what,
			 struct seal_diag *diag)
{
	const struct sqlite_storage *s = (struct sqlite_storage *)storage;

	if (s->rest)
		return sqlite_wal_check(s->path, ret_what, diag);
	*ret_what = NULL;
	return 0;
}

/* One look at a bound statement: 1 and its number, or 0 for no row. */
static int first_number(struct connection *c, sqlite3_stmt *row,
			int64_t *ret_number, struct seal_diag *diag)
{
	int rc = sqlite_row(c, row, "the entry bundles", diag);

	if (rc != 1)
		return rc;
	*ret_number = sqlite3_column_int64(row, 0);
	sqlite_done(row);
	return 1;
}

/* Whole bundles from row id on, UINT64_MAX: none of this log. */
static int next_bundle(struct connection *c, int64_t id, uint64_t *ret_number,
		       struct seal_diag *diag)
{
	const uint64_t mask = (UINT64_C(1) << BUNDLE_BITS) - 1;
	sqlite3_stmt *row;
	int64_t found;
	int rc = sqlite_statement(c, ST_BUNDLE_NEXT, &row, diag);

	if (rc < 0)
		return rc;
	sqlite3_bind_int64(row, 1, id);
	rc = first_number(c, row, &found, diag);
	*ret_number = rc == 1 && found >> BUNDLE_BITS == id >> BUNDLE_BITS
			      ? (uint64_t)found & mask
			      : UINT64_MAX;
	return rc < 0 ? rc : 0;
}

static int next_piece(struct connection *c, int64_t log, uint64_t number,
		      uint64_t *ret_number, struct seal_diag *diag)
{
	sqlite3_stmt *row;
	int64_t found;
	int rc = sqlite_statement(c, ST_PIECE_NEXT, &row, diag);

	if (rc < 0)
		return rc;
	sqlite3_bind_int64(row, 1, log);
	sqlite3_bind_int64(row, 2, (int64_t)(number * SEAL_STORAGE_WIDTH));
	rc = first_number(c, row, &found, diag);
	*ret_number =
		rc == 1 ? (uint64_t)found / SEAL_STORAGE_WIDTH : UINT64_MAX;
	return rc < 0 ? rc : 0;
}

static int get_next(struct seal_storage *storage, int64_t log, uint64_t number,
		    uint64_t *ret_number, struct seal_diag *diag)
{
	struct connection *c;
	uint64_t whole, part;
	int64_t id;
	int rc;

	/* Behind what a database can hold there is nothing. */
	if (sqlite_bundle_id(log, number, &id, NULL))
		return SEAL_E_NOTFOUND;
	c = sqlite_reader_take(storage);
	rc = sqlite_run(c, ST_BEGIN_READ, diag);
	if (rc == 0) {
		rc = next_bundle(c, id, &whole, diag);
		if (rc == 0)
			rc = next_piece(c, log, number, &part, diag);
		(void)sqlite_run(c, ST_COMMIT, NULL);
	}
	sqlite_reader_give(c);
	if (rc == 0 && part < whole)
		whole = part;
	if (rc == 0 && whole >> BUNDLE_BITS)
		return SEAL_E_NOTFOUND;
	if (rc == 0)
		*ret_number = whole;
	return rc;
}

void sqlite_check_ops(struct seal_storage_ops *ops)
{
	ops->check_log = check_log;
	ops->check_strays = check_strays;
	ops->check_journal = check_journal;
	ops->get_next = get_next;
}
