/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of the SQLite driver, the only ones that include
 * sqlite3.h.  docs/adr/0041 draws the tables.
 */
#ifndef SEAL_STORAGE_SQLITE_INTERNAL_H
#define SEAL_STORAGE_SQLITE_INTERNAL_H

#include <pthread.h>
#include <sqlite3.h>

#include "core/buf.h"
#include "storage/storage.h"

/* A bundle's row is log << 40 | number: one b-tree, no index beside it. */
#define BUNDLE_BITS 40
#define LOG_ID_MAX  ((INT64_C(1) << 22) - 1)

#define STATEMENTS(X)                                                          \
	X(BEGIN_READ, "BEGIN")                                                 \
	X(BEGIN_WRITE, "BEGIN IMMEDIATE")                                      \
	X(COMMIT, "COMMIT")                                                    \
	X(ROLLBACK, "ROLLBACK")                                                \
	X(SAVEPOINT, "SAVEPOINT step")                                         \
	X(RELEASE, "RELEASE step")                                             \
	X(ROLLBACK_TO, "ROLLBACK TO step")                                     \
	X(LOG_PUT,                                                             \
	  "INSERT INTO log (origin, log_id, hash) VALUES (?1, ?2, ?3)")        \
	X(LOG_SIZES, "UPDATE log SET next = ?2, pending = ?3, mirror = ?4 "    \
		     "WHERE id = ?1")                                          \
	X(LOG_GET, "SELECT id, origin, log_id, next, pending, mirror FROM log" \
		   " WHERE origin = ?1")                                       \
	X(LOG_BY_HASH, "SELECT id, origin, log_id, next, pending, mirror "     \
		       "FROM log WHERE hash = ?1")                             \
	X(LOG_LIST, "SELECT id, origin, log_id, next, pending, mirror FROM "   \
		    "log ORDER BY origin")                                     \
	X(BUNDLE_PUT, "INSERT INTO bundle (id, hashes, data) "                 \
		      "VALUES (?1, ?2, ?3)")                                   \
	X(BUNDLE_DATA, "SELECT data FROM bundle WHERE id = ?1")                \
	X(BUNDLE_HASHES, "SELECT hashes FROM bundle WHERE id = ?1")            \
	X(BUNDLE_NEXT, "SELECT id FROM bundle WHERE id >= ?1 ORDER BY id "     \
		       "LIMIT 1")                                              \
	X(PIECE_NEXT, "SELECT first FROM piece WHERE log = ?1 AND "            \
		      "first >= ?2 ORDER BY first LIMIT 1")                    \
	X(PIECE_PUT, "INSERT INTO piece (log, first, hashes, data) "           \
		     "VALUES (?1, ?2, ?3, ?4)")                                \
	X(PIECE_GET, "SELECT first, hashes, data FROM piece WHERE log = ?1 "   \
		     "AND first >= ?2 AND first < ?2 + 256 ORDER BY first")    \
	X(PIECE_DELETE, "DELETE FROM piece WHERE log = ?1 AND first >= ?2 "    \
			"AND first < ?2 + 256")                                \
	X(TILE_PUT, "INSERT OR REPLACE INTO tile (log, level, number, hashes)" \
		    " VALUES (?1, ?2, ?3, ?4)")                                \
	X(TILE_GET, "SELECT hashes FROM tile WHERE log = ?1 AND level = ?2 "   \
		    "AND number = ?3")                                         \
	X(CHECKPOINT_PUT, "INSERT INTO checkpoint (log, size, root, note) "    \
			  "VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE "     \
			  "SET root = ?3, note = ?4")                          \
	X(RECEIPT_PUT, "UPDATE checkpoint SET receipt = ?3 WHERE log = ?1 "    \
		       "AND size = ?2")                                        \
	X(CHECKPOINT_GET, "SELECT size, root, note, receipt FROM "             \
			  "checkpoint WHERE log = ?1 AND size = ?2")           \
	X(CHECKPOINT_FROM, "SELECT size, root, note, receipt FROM "            \
			   "checkpoint WHERE log = ?1 AND size >= ?2 "         \
			   "ORDER BY size LIMIT 1")                            \
	X(RECEIPTED_GET, "SELECT size, root, note, receipt FROM "              \
			 "checkpoint WHERE log = ?1 AND receipt IS NOT NULL "  \
			 "ORDER BY size DESC LIMIT 1")                         \
	X(COSIGNATURE_PUT, "INSERT INTO cosignature (log, name, size, lines) " \
			   "VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE "    \
			   "SET size = ?3, lines = ?4 WHERE size <= ?3")       \
	X(COSIGNATURE_LIST, "SELECT name, size, lines FROM cosignature "       \
			    "WHERE log = ?1 ORDER BY name")                    \
	X(WITNESSED_PUT, "INSERT INTO witness (hash, origin, size, root, "     \
			 "time, note, lines) VALUES (?1, ?2, ?3, ?4, ?5, ?6, " \
			 "?7) ON CONFLICT DO UPDATE SET size = ?3, root = ?4," \
			 " time = ?5, note = ?6, lines = ?7 WHERE size <= ?3") \
	X(WITNESSED_GET, "SELECT size, root, time, note, lines FROM witness "  \
			 "WHERE hash = ?1")                                    \
	X(WITNESSED_NEXT, "SELECT size, root, time, note, lines, hash, "       \
			  "origin FROM witness WHERE hash > ?1 "               \
			  "ORDER BY hash LIMIT 1")                             \
	X(EPOCH_PUT, "INSERT INTO epoch (log, epoch, record) "                 \
		     "VALUES (?1, ?2, ?3)")                                    \
	X(EPOCH_GET, "SELECT record FROM epoch WHERE log = ?1 AND epoch = ?2") \
	X(EPOCH_LIST, "SELECT record FROM epoch WHERE log = ?1 AND "           \
		      "epoch >= ?2 ORDER BY epoch")                            \
	X(CHECK_LOG, "SELECT next, pending, mirror, log_id FROM log "          \
		     "WHERE id = ?1")                                          \
	X(CHECK_CHECKPOINTS,                                                   \
	  "SELECT min(size), max(size), (SELECT count(*) FROM checkpoint "     \
	  "WHERE log = ?1 AND size = ?2) FROM checkpoint WHERE log = ?1")      \
	X(CHECK_BUNDLES, "SELECT max(id), (SELECT count(*) FROM bundle WHERE " \
			 "id >= ?3 AND id < ?2) FROM bundle WHERE id >= ?1 "   \
			 "AND id < ?2")                                        \
	X(CHECK_PIECES, "SELECT count(*), min(first), sum(length(hashes)), "   \
			"min(length(hashes)) FROM piece WHERE log = ?1")       \
	X(CHECK_TILES, "SELECT count(*) FROM tile WHERE log = ?1")             \
	X(CHECK_EPOCHS, "SELECT count(*), min(epoch), max(epoch) FROM epoch "  \
			"WHERE log = ?1")                                      \
	X(STRAY_BUNDLE, "SELECT id >> 40 FROM bundle WHERE id >= ?1 "          \
			"ORDER BY id LIMIT 1")                                 \
	X(STRAY_PIECE, "SELECT log FROM piece WHERE log >= ?1 "                \
		       "ORDER BY log LIMIT 1")                                 \
	X(STRAY_TILE, "SELECT log FROM tile WHERE log >= ?1 "                  \
		      "ORDER BY log LIMIT 1")                                  \
	X(STRAY_CHECKPOINT, "SELECT log FROM checkpoint WHERE log >= ?1 "      \
			    "ORDER BY log LIMIT 1")                            \
	X(STRAY_COSIGNATURE, "SELECT log FROM cosignature WHERE log >= ?1 "    \
			     "ORDER BY log LIMIT 1")                           \
	X(STRAY_EPOCH, "SELECT log FROM epoch WHERE log >= ?1 "                \
		       "ORDER BY log LIMIT 1")                                 \
	X(LOG_THERE, "SELECT 1 FROM log WHERE id = ?1")

enum statement {
#define X(name, sql) ST_##name,
	STATEMENTS(X)
#undef X
	ST_COUNT
};

/* One connection, its prepared statements, and who may use it now. */
struct connection {
	sqlite3 *db;
	sqlite3_stmt *statements[ST_COUNT]; /* made when first used */
	pthread_mutex_t mutex;
	int64_t version;		/* of the schema */
	const struct sqlite_rest *rest; /* borrowed; NULL: SQLite's own files */
};

/*
 * Files at rest: sqlite_rest.c.  _is: has nobody the database open?  _new is
 * registered with SQLite under its name until _free; NULL: no memory.  _changed
 * (NULL is fine): somebody wrote meanwhile, and what was asked for last failed.
 */
struct sqlite_rest;
bool sqlite_rest_is(const char *path);
struct sqlite_rest *sqlite_rest_new(void);
const char *sqlite_rest_name(const struct sqlite_rest *rest);
bool sqlite_rest_changed(const struct sqlite_rest *rest);
void sqlite_rest_free(struct sqlite_rest *rest);

/* Of a database at rest: what of PATH-wal no crash leaves, or NULL. */
int sqlite_wal_check(const char *path, const char **ret_what,
		     struct seal_diag *diag);

/* From this schema on there are the tables of sqlite_witness.c. */
#define VERSION_WITNESS 2

struct step; /* a waiting writer: sqlite_commit.c */

struct sqlite_storage {
	struct seal_storage base;
	struct connection writer;
	struct connection reader;
	struct connection *readable; /* reader; writer for ":memory:" */
	struct sqlite_rest *rest;    /* the reader's; NULL: not at rest */
	char *path;		     /* at rest */
	pthread_mutex_t queue_mutex;
	pthread_cond_t queue_moved;
	struct step *queue, **queue_end; /* waiting for the next commit */
	bool committing;		 /* some thread leads a commit */
	bool failed;			 /* a commit had an I/O error */
	bool lazy;			 /* synchronous=NORMAL is in force */
};

/* One sentence for what SQLite said last; returns the code it stands for. */
int sqlite_fail(struct connection *c, int sqlite_code, const char *what,
		struct seal_diag *diag);

/* The prepared statement, ready to bind; end every use with sqlite_done. */
int sqlite_statement(struct connection *c, enum statement which,
		     sqlite3_stmt **ret_statement, struct seal_diag *diag);
void sqlite_done(sqlite3_stmt *statement);

/* Runs a statement without arguments and rows. */
int sqlite_run(struct connection *c, enum statement which,
	       struct seal_diag *diag);
/* Steps a bound statement that gives no rows, and ends its use. */
int sqlite_finish(struct connection *c, sqlite3_stmt *statement,
		  const char *what, struct seal_diag *diag);

/*
 * 1: a row; 0: none left; negative: failed.  The use is ended unless 1.
 */
int sqlite_row(struct connection *c, sqlite3_stmt *statement, const char *what,
	       struct seal_diag *diag);

/* Binds bytes, borrowed until the next step; none are empty, not NULL. */
void sqlite_bind_data(sqlite3_stmt *statement, int i, const void *data,
		      size_t bytes);

/* A column's bytes, owned by the caller, a NUL behind them.  NOMEM. */
int sqlite_data_copy(sqlite3_stmt *row, int i, uint8_t **ret_data,
		     size_t *ret_bytes);

/* The row number of a bundle.  RANGE. */
int sqlite_bundle_id(int64_t log, uint64_t number, int64_t *ret_id,
		     struct seal_diag *diag);

/*
 * Appends hashes and data (either may be NULL) of all pieces of a bundle.
 * strict: without a gap and with whole hashes, else DAMAGED.
 */
int sqlite_pieces_read(struct connection *c, int64_t log, uint64_t number,
		       bool strict, struct seal_buf *hashes,
		       struct seal_buf *data, struct seal_diag *diag);

/* The operations, a file each. */
int sqlite_commit(struct seal_storage *storage, seal_storage_step step,
		  void *ctx, enum seal_storage_durability durability,
		  struct seal_diag *diag);
void sqlite_put_ops(struct seal_storage_ops *ops);
void sqlite_get_ops(struct seal_storage_ops *ops);
void sqlite_witness_ops(struct seal_storage_ops *ops);
void sqlite_check_ops(struct seal_storage_ops *ops);

/* The connection that reads; give it back. */
struct connection *sqlite_reader_take(struct seal_storage *storage);
void sqlite_reader_give(struct connection *c);

#endif
