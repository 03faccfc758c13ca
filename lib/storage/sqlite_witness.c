/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite driver: what witnesses said of our logs, and what our own witness
 * saw of others'.  Databases of schema 1 have nothing of either.  Contract:
 * storage.h.
 */
#include <stdlib.h>
#include <string.h>

#include "storage/sqlite_internal.h"

static int damaged(struct seal_diag *diag, const char *what)
{
	return seal_diag_set(diag, SEAL_E_DAMAGED,
			     "the store's database: %s is not what auditseald "
			     "wrote",
			     what);
}

static int no_memory(struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
}

void seal_storage_cosignatures_free(struct seal_storage_cosignature *list,
				    size_t count)
{
	size_t i;

	for (i = 0; list && i < count; i++)
		free(list[i].lines);
	free(list);
}

static int put_cosignature(struct seal_storage *storage, int64_t log,
			   const struct seal_storage_cosignature *cosignature,
			   struct seal_diag *diag)
{
	struct connection *c = &((struct sqlite_storage *)storage)->writer;
	sqlite3_stmt *statement;
	int rc;

	rc = sqlite_statement(c, ST_COSIGNATURE_PUT, &statement, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(statement, 1, log);
	sqlite3_bind_text(statement, 2, cosignature->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 3, (int64_t)cosignature->size);
	sqlite_bind_data(statement, 4, cosignature->lines,
			 cosignature->lines_bytes);
	return sqlite_finish(c, statement, "a witness's line", diag);
}

static int put_witnessed(struct seal_storage *storage, const char *origin,
			 const struct seal_storage_checkpoint *checkpoint,
			 struct seal_diag *diag)
{
	struct connection *c = &((struct sqlite_storage *)storage)->writer;
	sqlite3_stmt *statement;
	struct seal_hash hash;
	int rc;

	rc = seal_sha256(origin, strlen(origin), &hash);
	if (rc < 0)
		return seal_diag_set(diag, rc, "cannot hash an origin");
	rc = sqlite_statement(c, ST_WITNESSED_PUT, &statement, diag);
	if (rc < 0)
		return rc;
	sqlite_bind_data(statement, 1, hash.b, SEAL_HASH_BYTES);
	sqlite3_bind_text(statement, 2, origin, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 3, (int64_t)checkpoint->size);
	sqlite_bind_data(statement, 4, checkpoint->root.b, SEAL_HASH_BYTES);
	sqlite3_bind_int64(statement, 5, checkpoint->received_s);
	sqlite_bind_data(statement, 6, checkpoint->note,
			 checkpoint->note_bytes);
	sqlite_bind_data(statement, 7, checkpoint->receipt,
			 checkpoint->receipt_bytes);
	rc = sqlite_finish(c, statement, "a witnessed checkpoint", diag);
	if (rc == 0 && sqlite3_changes(c->db) != 1)
		return seal_diag_set(diag, SEAL_E_RANGE,
				     "a larger checkpoint of %s was witnessed",
				     origin);
	return rc;
}

static struct connection *reader_take(struct seal_storage *storage)
{
	struct connection *c = ((struct sqlite_storage *)storage)->readable;

	pthread_mutex_lock(&c->mutex);
	return c;
}

/* Text that is a whole C string of this room. */
static bool text_column(sqlite3_stmt *row, int i, char *ret_text, size_t room)
{
	size_t bytes = (size_t)sqlite3_column_bytes(row, i);

	if (bytes < 1 || bytes >= room ||
	    memchr(sqlite3_column_blob(row, i), 0, bytes))
		return false;
	memcpy(ret_text, sqlite3_column_blob(row, i), bytes);
	ret_text[bytes] = '\0';
	return true;
}

static int cosignature_column(sqlite3_stmt *row,
			      struct seal_storage_cosignature *ret_cosignature,
			      struct seal_diag *diag)
{
	struct seal_storage_cosignature one = {0};
	int64_t size = sqlite3_column_int64(row, 1);

	if (!text_column(row, 0, one.name, sizeof(one.name)) || size < 0) {
		memset(&one, 0, sizeof(one));
		one.damaged = true;
	} else {
		one.size = (uint64_t)size;
		if (sqlite_data_copy(row, 2, &one.lines, &one.lines_bytes) < 0)
			return no_memory(diag);
	}
	*ret_cosignature = one;
	return 0;
}

static int cosignatures_read(struct connection *c, int64_t log,
			     struct seal_storage_cosignature **list,
			     size_t *count, struct seal_diag *diag)
{
	struct seal_storage_cosignature *grown;
	sqlite3_stmt *row;
	int rc;

	rc = sqlite_statement(c, ST_COSIGNATURE_LIST, &row, diag);
	if (rc < 0)
		return rc;
	sqlite3_bind_int64(row, 1, log);
	while ((rc = sqlite_row(c, row, "the witnesses' lines", diag)) == 1) {
		grown = realloc(*list, (*count + 1) * sizeof(**list));
		if (grown)
			*list = grown;
		rc = grown ? cosignature_column(row, &grown[*count], diag)
			   : no_memory(diag);
		if (rc < 0) {
			sqlite_done(row);
			return rc;
		}
		(*count)++;
	}
	return rc;
}

static int list_cosignatures(struct seal_storage *storage, int64_t log,
			     struct seal_storage_cosignature **ret_list,
			     size_t *ret_count, struct seal_diag *diag)
{
	struct connection *c = reader_take(storage);
	struct seal_storage_cosignature *list = NULL;
	size_t count = 0;
	int rc = 0;

	if (c->version >= VERSION_WITNESS)
		rc = cosignatures_read(c, log, &list, &count, diag);
	pthread_mutex_unlock(&c->mutex);
	if (rc < 0) {
		seal_storage_cosignatures_free(list, count);
		return rc;
	}
	*ret_list = list;
	*ret_count = count;
	return 0;
}

static int witnessed_column(sqlite3_stmt *row,
			    struct seal_storage_checkpoint *ret_checkpoint,
			    struct seal_diag *diag)
{
	struct seal_storage_checkpoint cp;
	int64_t size = sqlite3_column_int64(row, 0);
	int rc;

	memset(&cp, 0, sizeof(cp));
	if (size < 0 || sqlite3_column_bytes(row, 1) != sizeof(cp.root))
		return damaged(diag, "a witnessed checkpoint");
	cp.size = (uint64_t)size;
	memcpy(cp.root.b, sqlite3_column_blob(row, 1), sizeof(cp.root));
	cp.received_s = sqlite3_column_int64(row, 2);
	rc = sqlite_data_copy(row, 3, &cp.note, &cp.note_bytes);
	if (rc == 0)
		rc = sqlite_data_copy(row, 4, &cp.receipt, &cp.receipt_bytes);
	if (rc < 0) {
		seal_storage_checkpoint_fini(&cp);
		return no_memory(diag);
	}
	*ret_checkpoint = cp;
	return 0;
}

static int witnessed_read(struct connection *c,
			  const struct seal_hash *origin_hash,
			  struct seal_storage_checkpoint *ret_checkpoint,
			  struct seal_diag *diag)
{
	sqlite3_stmt *row;
	int rc = 0;

	if (c->version >= VERSION_WITNESS) {
		rc = sqlite_statement(c, ST_WITNESSED_GET, &row, diag);
		if (rc < 0)
			return rc;
		sqlite3_bind_blob(row, 1, origin_hash->b, SEAL_HASH_BYTES,
				  SQLITE_STATIC);
		rc = sqlite_row(c, row, "a witnessed checkpoint", diag);
	}
	if (rc == 0)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "no checkpoint of this log was witnessed "
				     "here");
	if (rc == 1) {
		rc = witnessed_column(row, ret_checkpoint, diag);
		sqlite_done(row);
	}
	return rc;
}

static int get_witnessed(struct seal_storage *storage,
			 const struct seal_hash *origin_hash,
			 struct seal_storage_checkpoint *ret_checkpoint,
			 struct seal_diag *diag)
{
	struct connection *c = reader_take(storage);
	int rc = witnessed_read(c, origin_hash, ret_checkpoint, diag);

	pthread_mutex_unlock(&c->mutex);
	return rc;
}

static int next_column(sqlite3_stmt *row,
		       struct seal_storage_witnessed *ret_witnessed,
		       struct seal_diag *diag)
{
	struct seal_storage_witnessed w = {0};
	int rc;

	/* A key of another length ends the walk: the next one is unknown. */
	if (sqlite3_column_bytes(row, 5) != sizeof(w.hash))
		return damaged(diag, "a witnessed checkpoint");
	memcpy(w.hash.b, sqlite3_column_blob(row, 5), sizeof(w.hash));
	w.damaged = !text_column(row, 6, w.origin, sizeof(w.origin));
	rc = w.damaged ? 0 : witnessed_column(row, &w.checkpoint, diag);
	w.damaged |= rc == SEAL_E_DAMAGED;
	if (rc < 0 && rc != SEAL_E_DAMAGED)
		return rc;
	*ret_witnessed = w;
	return 0;
}

static int next_read(struct connection *c, const struct seal_hash *behind,
		     struct seal_storage_witnessed *ret_witnessed,
		     struct seal_diag *diag)
{
	sqlite3_stmt *row;
	int rc = 0;

	if (c->version >= VERSION_WITNESS) {
		rc = sqlite_statement(c, ST_WITNESSED_NEXT, &row, diag);
		if (rc < 0)
			return rc;
		/* A number is below all bytes, also below none. */
		if (behind)
			sqlite_bind_data(row, 1, behind->b, sizeof(behind->b));
		else
			sqlite3_bind_int64(row, 1, 0);
		rc = sqlite_row(c, row, "a witnessed checkpoint", diag);
	}
	if (rc == 0)
		return SEAL_E_NOTFOUND;
	if (rc == 1) {
		rc = next_column(row, ret_witnessed, diag);
		sqlite_done(row);
	}
	return rc;
}

static int next_witnessed(struct seal_storage *storage,
			  const struct seal_hash *behind,
			  struct seal_storage_witnessed *ret_witnessed,
			  struct seal_diag *diag)
{
	struct connection *c = reader_take(storage);
	int rc = next_read(c, behind, ret_witnessed, diag);

	pthread_mutex_unlock(&c->mutex);
	return rc;
}

void sqlite_witness_ops(struct seal_storage_ops *ops)
{
	ops->put_cosignature = put_cosignature;
	ops->put_witnessed = put_witnessed;
	ops->list_cosignatures = list_cosignatures;
	ops->get_witnessed = get_witnessed;
	ops->next_witnessed = next_witnessed;
}
