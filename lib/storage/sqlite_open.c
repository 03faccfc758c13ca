/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite driver: opening, schema, statements.  Contract: storage.h.  A copy
 * opened for reading may have been made by an enemy: no view, no trigger and no
 * function of its schema is ever run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "storage/sqlite_internal.h"

#define APPLICATION_ID 0x41555344 /* "AUSD" */
#define SCHEMA_VERSION 2
#define BUSY_MS	       10000

static const char schema[] =
	"CREATE TABLE log ("
	" id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE,"
	" hash BLOB NOT NULL UNIQUE,"
	" log_id BLOB, next INTEGER NOT NULL DEFAULT 0, pending INTEGER,"
	" mirror INTEGER NOT NULL DEFAULT 0) STRICT;"
	"CREATE TABLE bundle ("
	" id INTEGER PRIMARY KEY, hashes BLOB NOT NULL, data BLOB NOT NULL"
	") STRICT;"
	"CREATE TABLE piece ("
	" log INTEGER NOT NULL, first INTEGER NOT NULL, hashes BLOB NOT NULL,"
	" data BLOB NOT NULL, PRIMARY KEY (log, first)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE tile ("
	" log INTEGER NOT NULL, level INTEGER NOT NULL,"
	" number INTEGER NOT NULL, hashes BLOB NOT NULL,"
	" PRIMARY KEY (log, level, number)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE checkpoint ("
	" log INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL,"
	" note BLOB NOT NULL, receipt BLOB,"
	" PRIMARY KEY (log, size)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE epoch ("
	" log INTEGER NOT NULL, epoch INTEGER NOT NULL, record BLOB NOT NULL,"
	" PRIMARY KEY (log, epoch)) STRICT, WITHOUT ROWID;";

/* What version 2 added. */
static const char schema_witness[] =
	"CREATE TABLE cosignature ("
	" log INTEGER NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL,"
	" lines BLOB NOT NULL,"
	" PRIMARY KEY (log, name)) STRICT, WITHOUT ROWID;"
	"CREATE TABLE witness ("
	" hash BLOB NOT NULL PRIMARY KEY, origin TEXT NOT NULL,"
	" size INTEGER NOT NULL, root BLOB NOT NULL, time INTEGER NOT NULL,"
	" note BLOB NOT NULL, lines BLOB NOT NULL) STRICT, WITHOUT ROWID;";

static const char *const statements[ST_COUNT] = {
#define X(name, sql) sql,
	STATEMENTS(X)
#undef X
};

static int code_of(int sqlite_code)
{
	switch (sqlite_code & 0xff) {
	case SQLITE_NOMEM:
		return SEAL_E_NOMEM;
	case SQLITE_FULL:
		return SEAL_E_NOSPACE;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return SEAL_E_BUSY;
	case SQLITE_CORRUPT:
		return SEAL_E_DAMAGED;
	case SQLITE_NOTADB:
		return SEAL_E_FORMAT;
	case SQLITE_PERM:
	case SQLITE_AUTH:
	case SQLITE_READONLY:
		return SEAL_E_PERM;
	case SQLITE_CONSTRAINT:
		return SEAL_E_EXISTS;
	}
	return SEAL_E_IO;
}

int sqlite_fail(struct connection *c, int sqlite_code, const char *what,
		struct seal_diag *diag)
{
	const char *why =
		c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(sqlite_code);

	if (sqlite_rest_changed(c->rest))
		return seal_diag_set(diag, SEAL_E_BUSY,
				     "the store's database was changed while "
				     "it was read: try again");
	return seal_diag_set(diag, code_of(sqlite_code),
			     "the store's database: %s: %s", what, why);
}

int sqlite_statement(struct connection *c, enum statement which,
		     sqlite3_stmt **ret_statement, struct seal_diag *diag)
{
	int rc;

	if (!c->statements[which]) {
		rc = sqlite3_prepare_v3(c->db, statements[which], -1,
					SQLITE_PREPARE_PERSISTENT,
					&c->statements[which], NULL);
		if (rc != SQLITE_OK)
			return sqlite_fail(c, rc, "unexpected tables", diag);
	}
	*ret_statement = c->statements[which];
	return 0;
}

void sqlite_done(sqlite3_stmt *statement)
{
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
}

int sqlite_finish(struct connection *c, sqlite3_stmt *statement,
		  const char *what, struct seal_diag *diag)
{
	int rc = sqlite3_step(statement);
	int result = 0;

	if (rc != SQLITE_DONE)
		result = sqlite_fail(c, rc, what, diag);
	sqlite_done(statement);
	return result;
}

int sqlite_run(struct connection *c, enum statement which,
	       struct seal_diag *diag)
{
	sqlite3_stmt *statement = NULL;
	int rc;

	rc = sqlite_statement(c, which, &statement, diag);
	if (rc < 0)
		return rc;
	return sqlite_finish(c, statement, statements[which], diag);
}

int sqlite_row(struct connection *c, sqlite3_stmt *statement, const char *what,
	       struct seal_diag *diag)
{
	int rc = sqlite3_step(statement);
	int result = 0;

	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		result = sqlite_fail(c, rc, what, diag);
	sqlite_done(statement);
	return result;
}

int sqlite_bundle_id(int64_t log, uint64_t number, int64_t *ret_id,
		     struct seal_diag *diag)
{
	if (log < 1 || log > LOG_ID_MAX || number >> BUNDLE_BITS)
		return seal_diag_set(diag, SEAL_E_RANGE,
				     "the store's database takes 2^48 entries "
				     "of a log and 2^22 logs");
	*ret_id = (int64_t)((uint64_t)log << BUNDLE_BITS | number);
	return 0;
}

static int execute(struct connection *c, const char *sql,
		   struct seal_diag *diag)
{
	int rc = sqlite3_exec(c->db, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK ? 0 : sqlite_fail(c, rc, "set up", diag);
}

static int pragma_read(struct connection *c, const char *sql,
		       int64_t *ret_value, struct seal_diag *diag)
{
	sqlite3_stmt *statement = NULL;
	int rc;

	rc = sqlite3_prepare_v2(c->db, sql, -1, &statement, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		*ret_value = sqlite3_column_int64(statement, 0);
	else
		rc = sqlite_fail(c, rc, sql, diag);
	sqlite3_finalize(statement);
	return rc == SQLITE_ROW ? 0 : rc;
}

static int schema_check(struct connection *c, const char *path,
			struct seal_diag *diag)
{
	int64_t application = 0, version = 0;
	int rc;

	rc = pragma_read(c, "PRAGMA application_id", &application, diag);
	if (rc == 0)
		rc = pragma_read(c, "PRAGMA user_version", &version, diag);
	if (rc < 0)
		return rc;
	if (application != APPLICATION_ID)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "%s is not a database of auditseald",
				     path);
	if (version > SCHEMA_VERSION)
		return seal_diag_set(
			diag, SEAL_E_UNKNOWN,
			"%s was written by a newer auditseald (schema %lld, "
			"this program knows %d): install that version",
			path, (long long)version, SCHEMA_VERSION);
	if (version < 1)
		return seal_diag_set(diag, SEAL_E_DAMAGED,
				     "%s was not made completely: remove it "
				     "and run auditseald init again",
				     path);
	c->version = version;
	return 0;
}

/* One transaction, so that a crash leaves no half of a schema. */
static int schema_make(struct connection *c, struct seal_diag *diag)
{
	char head[160];
	int rc;

	sqlite3_snprintf(sizeof(head), head,
			 "BEGIN IMMEDIATE; PRAGMA application_id = %d; "
			 "PRAGMA user_version = %d",
			 APPLICATION_ID, SCHEMA_VERSION);
	rc = execute(c, head, diag);
	if (rc == 0)
		rc = execute(c, schema, diag);
	if (rc == 0)
		rc = execute(c, schema_witness, diag);
	if (rc == 0)
		rc = execute(c, "COMMIT", diag);
	if (rc == 0)
		c->version = SCHEMA_VERSION;
	return rc;
}

/* Version 1 kept when a checkpoint came, which nobody signed. */
static int received_drop(struct connection *c, struct seal_diag *diag)
{
	int64_t there = 0;
	int rc;

	rc = pragma_read(c,
			 "SELECT count(*) FROM pragma_table_info('checkpoint') "
			 "WHERE name = 'received'",
			 &there, diag);
	if (rc < 0 || !there)
		return rc;
	return execute(c, "ALTER TABLE checkpoint DROP COLUMN received", diag);
}

/* An older database gets what it lacks, in one transaction too. */
static int schema_raise(struct connection *c, struct seal_diag *diag)
{
	char head[64];
	int rc;

	if (c->version == SCHEMA_VERSION)
		return 0;
	sqlite3_snprintf(sizeof(head), head,
			 "BEGIN IMMEDIATE; PRAGMA user_version = %d",
			 SCHEMA_VERSION);
	rc = execute(c, head, diag);
	if (rc == 0)
		rc = execute(c, schema_witness, diag);
	if (rc == 0)
		rc = received_drop(c, diag);
	if (rc == 0)
		rc = execute(c, "COMMIT", diag);
	if (rc == 0)
		c->version = SCHEMA_VERSION;
	else
		(void)sqlite3_exec(c->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static void connection_close(struct connection *c)
{
	int i;

	for (i = 0; i < ST_COUNT; i++)
		sqlite3_finalize(c->statements[i]);
	sqlite3_close(c->db);
	pthread_mutex_destroy(&c->mutex);
}

/* Whatever a copy's schema contains, only plain tables are looked at. */
static int harden(struct connection *c, struct seal_diag *diag)
{
	static const struct {
		int option, value;
	} settings[] = {
		{SQLITE_DBCONFIG_DEFENSIVE, 1},
		{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
		{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
		{SQLITE_DBCONFIG_ENABLE_VIEW, 0},
	};
	size_t i;
	int rc;

	for (i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		rc = sqlite3_db_config(c->db, settings[i].option,
				       settings[i].value, NULL);
		if (rc != SQLITE_OK)
			return sqlite_fail(c, rc, "set up", diag);
	}
	sqlite3_busy_timeout(c->db, BUSY_MS);
	return execute(c, "PRAGMA cell_size_check = ON", diag);
}

static int connection_open(struct connection *c, const char *path, int flags,
			   struct seal_diag *diag)
{
	int rc;

	rc = sqlite3_open_v2(path, &c->db,
			     flags | SQLITE_OPEN_NOMUTEX |
				     SQLITE_OPEN_EXRESCODE,
			     c->rest ? sqlite_rest_name(c->rest) : NULL);
	if (rc != SQLITE_OK)
		return seal_diag_set(diag, code_of(rc), "cannot open %s: %s",
				     path, sqlite3_errmsg(c->db));
	rc = harden(c, diag);
	/* Before the first read: no shared memory is asked for then. */
	if (rc == 0 && c->rest)
		rc = execute(c,
			     "PRAGMA locking_mode = EXCLUSIVE;"
			     "PRAGMA temp_store = MEMORY",
			     diag);
	return rc;
}

/* The file itself, so that it is private from its first byte. */
static int file_make(const char *path, struct seal_diag *diag)
{
	int fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		return seal_diag_set_errno(diag,
					   errno == EEXIST   ? SEAL_E_EXISTS
					   : errno == EACCES ? SEAL_E_PERM
							     : SEAL_E_IO,
					   errno, "cannot make %s", path);
	close(fd);
	return 0;
}

/*
 * The log in front of the database stays small: a commit that outgrows it pays
 * for new blocks, and a long one slows every reader (measured: 212,000 against
 * 484,000 records a second).
 */
static int writer_tune(struct connection *c, struct seal_diag *diag)
{
	return execute(c,
		       "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
		       "PRAGMA wal_autocheckpoint = 2000;"
		       "PRAGMA journal_size_limit = 67108864;"
		       "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY",
		       diag);
}

static int writer_open(struct sqlite_storage *s, const char *path, bool create,
		       struct seal_diag *diag)
{
	struct connection *c = &s->writer;
	int rc;

	rc = connection_open(c, path,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, diag);
	if (rc == 0 && !create)
		rc = schema_check(c, path, diag);
	if (rc == 0)
		rc = writer_tune(c, diag);
	if (rc == 0)
		rc = create ? schema_make(c, diag) : schema_raise(c, diag);
	return rc;
}

/*
 * What nobody has open is read by files of ours, which leave no trace; beside
 * a writer SQLite's own are needed, and its shared memory.
 */
static int copy_open(struct sqlite_storage *s, const char *path,
		     struct seal_diag *diag)
{
	if (!sqlite_rest_is(path))
		return connection_open(&s->reader, path, SQLITE_OPEN_READONLY,
				       diag);
	s->rest = sqlite_rest_new();
	s->path = strdup(path);
	if (!s->rest || !s->path)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	s->reader.rest = s->rest;
	return connection_open(&s->reader, path, SQLITE_OPEN_READONLY, diag);
}

static int reader_open(struct sqlite_storage *s, const char *path,
		       bool beside_writer, struct seal_diag *diag)
{
	int rc;

	rc = beside_writer ? connection_open(&s->reader, path,
					     SQLITE_OPEN_READONLY, diag)
			   : copy_open(s, path, diag);
	if (rc == 0)
		rc = schema_check(&s->reader, path, diag);
	if (rc == 0)
		rc = execute(&s->reader, "PRAGMA cache_size = -8192", diag);
	return rc;
}

static void storage_close(struct seal_storage *storage)
{
	struct sqlite_storage *s = (struct sqlite_storage *)storage;

	if (!s)
		return;
	connection_close(&s->reader);
	connection_close(&s->writer);
	sqlite_rest_free(s->rest);
	free(s->path);
	pthread_cond_destroy(&s->queue_moved);
	pthread_mutex_destroy(&s->queue_mutex);
	free((void *)s->base.ops);
	free(s);
}

static struct sqlite_storage *storage_alloc(void)
{
	struct seal_storage_ops *ops = calloc(1, sizeof(*ops));
	struct sqlite_storage *s = calloc(1, sizeof(*s));

	if (!ops || !s) {
		free(ops);
		free(s);
		return NULL;
	}
	pthread_mutex_init(&s->writer.mutex, NULL);
	pthread_mutex_init(&s->reader.mutex, NULL);
	pthread_mutex_init(&s->queue_mutex, NULL);
	pthread_cond_init(&s->queue_moved, NULL);
	s->queue_end = &s->queue;
	s->readable = &s->reader;
	ops->close = storage_close;
	ops->commit = sqlite_commit;
	sqlite_put_ops(ops);
	sqlite_get_ops(ops);
	sqlite_witness_ops(ops);
	sqlite_check_ops(ops);
	s->base.ops = ops;
	return s;
}

int seal_storage_sqlite_open(const char *path, enum seal_storage_mode mode,
			     struct seal_storage **ret_storage,
			     struct seal_diag *diag)
{
	bool memory = !strcmp(path, ":memory:");
	struct sqlite_storage *s;
	int rc = 0;

	if (mode != SEAL_STORAGE_CREATE && access(path, F_OK) != 0)
		return seal_diag_set_errno(
			diag, errno == ENOENT ? SEAL_E_NOTFOUND : SEAL_E_PERM,
			errno, "cannot open %s", path);
	s = storage_alloc();
	if (!s)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	if (mode == SEAL_STORAGE_CREATE && !memory)
		rc = file_make(path, diag);
	if (rc == 0 && mode != SEAL_STORAGE_READ)
		rc = writer_open(s, path, mode == SEAL_STORAGE_CREATE, diag);
	if (rc == 0 && memory)
		s->readable = &s->writer;
	else if (rc == 0)
		rc = reader_open(s, path, mode != SEAL_STORAGE_READ, diag);
	if (rc < 0) {
		storage_close(&s->base);
		return rc;
	}
	*ret_storage = &s->base;
	return 0;
}
