/* SPDX-License-Identifier: Apache-2.0 */
/* A store's copies in its database, read through its driver. */
#include "copy.h"
#include "judge.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "storage/storage.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct store_feed {
	struct seal_storage *storage;
	const struct seal_storage_log *log;
	struct seal_buf bundle, past;
	uint64_t bytes_read;
	struct cli_progress progress;
};

static int read_tile(void *ctx, unsigned level, uint64_t number, unsigned width,
		     struct seal_hash *ret_hashes, unsigned *ret_width,
		     struct seal_diag *diag)
{
	struct store_feed *f = ctx;
	struct seal_hash hashes[SEAL_STORAGE_WIDTH];
	unsigned have = 0, i;
	int rc = f->storage->ops->get_tile(f->storage, f->log->id, level,
					   number, hashes, &have, diag);

	/* What the driver finds damaged is for the verdict to say. */
	if (rc == SEAL_E_NOTFOUND || rc == SEAL_E_DAMAGED)
		have = 0;
	else if (rc)
		return rc;
	f->bytes_read += have * sizeof(hashes[0]);
	*ret_width = have < width ? have : width;
	for (i = 0; i < *ret_width; i++)
		ret_hashes[i] = hashes[i];
	return 0;
}

static int read_bundle(void *ctx, uint64_t number, unsigned width,
		       const uint8_t **ret_bytes, size_t *ret_len,
		       struct seal_diag *diag)
{
	struct store_feed *f = ctx;
	int rc;

	seal_buf_reset(&f->bundle);
	rc = f->storage->ops->get_entries(f->storage, f->log->id, number, width,
					  &f->bundle, diag);
	if (rc == SEAL_E_NOTFOUND || rc == SEAL_E_DAMAGED) {
		/* As it is: what is wrong with it is for the verdict to say. */
		seal_buf_reset(&f->bundle);
		rc = f->storage->ops->get_entries(f->storage, f->log->id,
						  number, 0, &f->bundle, diag);
	}
	if (rc == SEAL_E_NOTFOUND || rc == SEAL_E_DAMAGED)
		seal_buf_reset(&f->bundle);
	else if (rc)
		return rc;
	f->bytes_read += f->bundle.len;
	*ret_bytes = f->bundle.data;
	*ret_len = f->bundle.len;
	return seal_buf_error(&f->bundle);
}

static int join(const struct seal_storage_checkpoint *checkpoint,
		struct seal_buf *ret_note)
{
	seal_buf_reset(ret_note);
	seal_buf_put(ret_note, checkpoint->note, checkpoint->note_bytes);
	seal_buf_put(ret_note, checkpoint->receipt, checkpoint->receipt_bytes);
	return seal_buf_error(ret_note);
}

/* Size and root stand in columns of their own too. */
static bool is_whole(const struct seal_storage_checkpoint *checkpoint,
		     const struct seal_buf *bytes)
{
	struct seal_checkpoint cp;
	struct seal_note note;

	return seal_checkpoint_parse_note(bytes->data, bytes->len, &note, &cp,
					  NULL) ||
	       (cp.size == checkpoint->size &&
		seal_hash_equal(&cp.root, &checkpoint->root));
}

static int read_past(void *ctx, uint64_t min_size, const uint8_t **ret_note,
		     size_t *ret_len, uint64_t *ret_size, bool *ret_whole,
		     struct seal_diag *diag)
{
	struct seal_storage_checkpoint checkpoint = {0};
	struct store_feed *f = ctx;
	int rc = f->storage->ops->get_checkpoint_from(
		f->storage, f->log->id, min_size, &checkpoint, diag);

	if (!rc)
		rc = join(&checkpoint, &f->past);
	if (!rc) {
		*ret_note = f->past.data;
		*ret_len = f->past.len;
		*ret_size = checkpoint.size;
		*ret_whole = is_whole(&checkpoint, &f->past);
	}
	seal_storage_checkpoint_fini(&checkpoint);
	return rc;
}

static void progress(void *ctx, uint64_t done, uint64_t total)
{
	struct store_feed *f = ctx;

	cli_progress_step(&f->progress, done, total, done);
}

static int read_epochs(struct store_feed *f, struct seal_buf *ret_records,
		       struct seal_diag *diag)
{
	int rc = f->storage->ops->get_epochs(f->storage, f->log->id, 0,
					     ret_records, diag);

	if (rc != SEAL_E_NOTFOUND && rc != SEAL_E_DAMAGED)
		return rc;
	seal_buf_reset(ret_records);
	return 0;
}

/* The log's own note and, behind it, the lines of the store's receipt. */
static int read_checkpoint(struct store_feed *f, struct seal_buf *ret_note,
			   bool *ret_whole, struct seal_diag *diag)
{
	struct seal_storage_checkpoint checkpoint = {0};
	int rc = f->storage->ops->get_receipted(f->storage, f->log->id,
						&checkpoint, diag);

	if (!rc)
		rc = join(&checkpoint, ret_note);
	if (!rc)
		*ret_whole = is_whole(&checkpoint, ret_note);
	seal_storage_checkpoint_fini(&checkpoint);
	return rc == SEAL_E_NOTFOUND || rc == SEAL_E_DAMAGED ? 0 : rc;
}

/* Readers ask by the hash of the origin. */
static bool hash_is_right(struct store_feed *f, struct seal_diag *diag)
{
	struct seal_storage_log found;
	struct seal_hash hash;
	size_t len = strlen(f->log->origin);

	return !seal_sha256(f->log->origin, len, &hash) &&
	       !f->storage->ops->get_log_by_hash(f->storage, &hash, &found,
						 diag) &&
	       found.id == f->log->id;
}

static int visit_log(struct seal_storage *storage,
		     const struct seal_storage_log *log, bool quiet,
		     cli_copy_fn *fn, void *ctx, struct seal_diag *diag)
{
	struct store_feed f = {.storage = storage, .log = log};
	struct cli_cosigned cosigned = {0};
	struct seal_buf note = SEAL_BUF_INIT, records = SEAL_BUF_INIT;
	struct cli_copy copy = {
		.origin = log->origin, .size = log->mirror, .note_whole = true};
	int rc;

	seal_buf_init(&f.bundle);
	seal_buf_init(&f.past);
	copy.source.ctx = &f;
	copy.source.tile = read_tile;
	copy.source.bundle = read_bundle;
	copy.source.checkpoint = read_past;
	copy.have_log_id = log->enrolled;
	copy.log_id = log->log_id;
	copy.hash_wrong = !hash_is_right(&f, diag);
	copy.source.progress = progress;
	copy.bytes_read = &f.bytes_read;
	/* Before the newest checkpoint: a live store goes on meanwhile. */
	rc = cli_cosigned_read(storage, log->id, &cosigned, diag);
	if (!rc)
		rc = read_epochs(&f, &records, diag);
	if (!rc)
		rc = read_checkpoint(&f, &note, &copy.note_whole, diag);
	if (!rc)
		rc = seal_buf_error(&note) ? seal_buf_error(&note)
					   : seal_buf_error(&records);
	copy.note = note.data;
	copy.note_len = note.len;
	copy.epochs = records.data;
	copy.epochs_len = records.len;
	copy.cosigned = cosigned.note;
	copy.cosigned_count = cosigned.count;
	cli_progress_begin(&f.progress, log->origin, quiet);
	if (!rc)
		rc = fn(ctx, &copy, diag);
	cli_progress_end(&f.progress);
	cli_cosigned_fini(&cosigned);
	seal_buf_fini(&note);
	seal_buf_fini(&records);
	seal_buf_fini(&f.bundle);
	seal_buf_fini(&f.past);
	return rc;
}

static int open_store(const char *target, struct seal_storage **ret_storage,
		      struct seal_diag *diag)
{
	char path[4096];
	struct stat st;

	if (stat(target, &st))
		return seal_diag_set(diag, SEAL_E_NOTFOUND, "cannot open %s",
				     target);
	if (snprintf(path, sizeof(path), "%s%s", target,
		     S_ISDIR(st.st_mode) ? "/" SEAL_STORAGE_FILE : "") >=
	    (int)sizeof(path))
		return seal_diag_set(diag, SEAL_E_ARG, "the path is too long");
	return seal_storage_sqlite_open(path, SEAL_STORAGE_READ, ret_storage,
					diag);
}

int cli_store_visit(const struct cli_trust *trust, const char *target,
		    cli_copy_fn *fn, void *ctx, struct seal_diag *diag)
{
	struct seal_storage_log *logs = NULL;
	struct seal_storage *storage;
	size_t count = 0, i;
	int rc = open_store(target, &storage, diag);

	if (rc)
		return rc;
	rc = storage->ops->list_logs(storage, &logs, &count, diag);
	for (i = 0; i < count && !rc; i++)
		if (!trust->log || !strcmp(trust->log, logs[i].origin))
			rc = visit_log(storage, &logs[i], trust->quiet, fn, ctx,
				       diag);
	free(logs);
	storage->ops->close(storage);
	return rc;
}
