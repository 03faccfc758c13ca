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

/* Damaged, or at an index that no database can hold: RANGE. */
static bool is_not_there(int rc)
{
	return rc == SEAL_E_NOTFOUND || rc == SEAL_E_DAMAGED ||
	       rc == SEAL_E_RANGE;
}

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
	if (is_not_there(rc))
		have = 0;
	else if (rc)
		return rc;
	f->bytes_read += have * sizeof(hashes[0]);
	*ret_width = have < width ? have : width;
	for (i = 0; i < *ret_width; i++)
		ret_hashes[i] = hashes[i];
	return 0;
}

/* Has an upload brought entries behind this one?  Asked behind their reading.
 */
static bool goes_on(struct store_feed *f, uint64_t index)
{
	struct seal_storage_log now;
	struct seal_diag diag;
	int rc = f->storage->ops->get_log(f->storage, f->log->origin, &now,
					  &diag);

	return !rc && index < now.next;
}

/* width 0: as it is; what is wrong with it is for the verdict to say. */
static int get_bundle(struct store_feed *f, uint64_t number, unsigned width,
		      struct seal_diag *diag)
{
	seal_buf_reset(&f->bundle);
	return f->storage->ops->get_entries(f->storage, f->log->id, number,
					    width, &f->bundle, diag);
}

static int read_bundle(void *ctx, uint64_t number, unsigned width, bool all,
		       const uint8_t **ret_bytes, size_t *ret_len,
		       struct seal_diag *diag)
{
	struct store_feed *f = ctx;
	int rc = get_bundle(f, number, 0, diag);

	/* Only those of an upload may stand behind the ones asked for. */
	if (!rc && !all && width < SEAL_STORAGE_WIDTH &&
	    goes_on(f, number * SEAL_STORAGE_WIDTH + width)) {
		rc = get_bundle(f, number, width, diag);
		if (is_not_there(rc))
			rc = get_bundle(f, number, 0, diag);
	}
	if (is_not_there(rc))
		seal_buf_reset(&f->bundle);
	else if (rc)
		return rc;
	f->bytes_read += f->bundle.len;
	*ret_bytes = f->bundle.data;
	*ret_len = f->bundle.len;
	return seal_buf_error(&f->bundle);
}

static int find_next(void *ctx, uint64_t number, uint64_t *ret_number,
		     struct seal_diag *diag)
{
	struct store_feed *f = ctx;

	return f->storage->ops->get_next(f->storage, f->log->id, number,
					 ret_number, diag);
}

/* Is this line of a note named NAME SUFFIX? */
static bool named(const struct seal_note_sig *line, const char *name,
		  const char *suffix)
{
	size_t len = strlen(name), more = strlen(suffix);

	return line->name_len == len + more && !memcmp(line->name, name, len) &&
	       !memcmp(line->name + len, suffix, more);
}

bool cli_lines_are_kept(const struct seal_note *note, const char *origin,
			size_t own_lines)
{
	size_t i, seals = 0;
	bool host, seal;

	for (i = 0; i < note->sig_count; i++) {
		host = named(&note->sigs[i], origin, "");
		seal = named(&note->sigs[i], origin, SEAL_EPOCH_SUFFIX);
		seals += seal;
		if ((host || seal) != (i < own_lines))
			return false;
	}
	return seals <= 1;
}

static size_t count_lines(const uint8_t *note, size_t len)
{
	struct seal_checkpoint cp;
	struct seal_note parsed;

	return seal_checkpoint_parse_note(note, len, &parsed, &cp, NULL)
		       ? 0
		       : parsed.sig_count;
}

/*
 * The log's own note and, behind it, the lines of the store's receipt; if those
 * two make no note, the first alone.  *ret_whole: size and root, which stand in
 * columns of their own too, and the lines are as a store writes them.
 */
static int join(const struct seal_storage_checkpoint *checkpoint,
		struct seal_buf *ret_note, bool *ret_whole)
{
	struct seal_checkpoint cp;
	struct seal_note note;
	size_t own;

	seal_buf_reset(ret_note);
	seal_buf_put(ret_note, checkpoint->note, checkpoint->note_bytes);
	seal_buf_put(ret_note, checkpoint->receipt, checkpoint->receipt_bytes);
	if (seal_buf_error(ret_note))
		return seal_buf_error(ret_note);
	own = count_lines(checkpoint->note, checkpoint->note_bytes);
	*ret_whole = !checkpoint->damaged &&
		     !seal_checkpoint_parse_note(ret_note->data, ret_note->len,
						 &note, &cp, NULL) &&
		     cp.size == checkpoint->size &&
		     seal_hash_equal(&cp.root, &checkpoint->root) &&
		     cli_lines_are_kept(&note, cp.origin, own) &&
		     (note.sig_count > own) == (checkpoint->receipt != NULL);
	if (!*ret_whole && own && !count_lines(ret_note->data, ret_note->len))
		seal_buf_truncate(ret_note, checkpoint->note_bytes);
	return 0;
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
		rc = join(&checkpoint, &f->past, ret_whole);
	if (!rc) {
		*ret_note = f->past.data;
		*ret_len = f->past.len;
		*ret_size = checkpoint.size;
	}
	seal_storage_checkpoint_fini(&checkpoint);
	return rc;
}

static void progress(void *ctx, uint64_t done, uint64_t total)
{
	struct store_feed *f = ctx;

	cli_progress_step(&f->progress, done, total, done);
}

/* What of the records cannot be read is missing, and said so. */
static int read_epochs(struct store_feed *f, struct seal_buf *ret_records,
		       struct seal_diag *diag)
{
	int rc = f->storage->ops->get_epochs(f->storage, f->log->id, 0,
					     ret_records, diag);

	return rc == SEAL_E_NOTFOUND || rc == SEAL_E_DAMAGED ? 0 : rc;
}

/* A row of the checkpoints, as a note. */
struct kept {
	struct seal_storage_checkpoint row;
	struct seal_buf note;
	bool there, whole;
};

/* rc: of reading the row. */
static int kept_take(struct kept *kept, int rc)
{
	if (rc == SEAL_E_NOTFOUND || rc == SEAL_E_DAMAGED)
		return 0;
	kept->there = !rc;
	return rc ? rc : join(&kept->row, &kept->note, &kept->whole);
}

static void kept_fini(struct kept *kept)
{
	seal_storage_checkpoint_fini(&kept->row);
	seal_buf_fini(&kept->note);
}

static bool is_better(const struct kept *a, const struct kept *b)
{
	if (a->there != b->there)
		return a->there;
	return a->whole != b->whole ? a->whole : a->row.size > b->row.size;
}

/*
 * The newest checkpoint is that of the size that the store vouches for, whose
 * receipt a power cut may have taken, or a larger one with a receipt; where
 * one of them is not whole, the other.
 */
static int read_newest(struct store_feed *f, struct cli_copy *copy,
		       struct seal_buf *ret_note, struct seal_diag *diag)
{
	const struct seal_storage_ops *ops = f->storage->ops;
	struct kept newest = {0}, vouched = {0}, *best;
	int rc;

	rc = kept_take(&newest, ops->get_receipted(f->storage, f->log->id,
						   &newest.row, diag));
	if (!rc && f->log->mirror)
		rc = kept_take(&vouched,
			       ops->get_checkpoint_from(f->storage, f->log->id,
							f->log->mirror,
							&vouched.row, diag));
	vouched.there &= vouched.row.size == f->log->mirror;
	best = is_better(&vouched, &newest) ? &vouched : &newest;
	copy->note_stored = best->there;
	copy->note_whole = best->whole;
	if (!rc) {
		seal_buf_put_buf(ret_note, &best->note);
		rc = seal_buf_error(ret_note);
	}
	kept_fini(&newest);
	kept_fini(&vouched);
	return rc;
}

static void wrong(struct cli_copy *copy, unsigned number, const char *where,
		  const char *text)
{
	if (copy->wrongs == CLI_COPY_WRONG_MAX)
		return;
	copy->wrong[copy->wrongs++] =
		(struct cli_copy_wrong){number, where, text};
}

/* Does the host that the policy names for this origin vouch for the note? */
static bool is_vouched(const struct cli_trust *trust,
		       const struct seal_note *note, const char *origin)
{
	size_t log;

	return trust->policy &&
	       !seal_policy_verify_log(trust->policy, note, origin, &log, NULL);
}

/* Readers ask by the hash of the origin: is it this row's? */
static int check_hash(struct store_feed *f, const char *origin, bool *ret_right,
		      struct seal_diag *diag)
{
	struct seal_storage_log found;
	struct seal_hash hash;
	int rc = seal_sha256(origin, strlen(origin), &hash);

	if (rc)
		return rc;
	rc = f->storage->ops->get_log_by_hash(f->storage, &hash, &found, diag);
	*ret_right = rc == SEAL_E_DAMAGED || (!rc && found.id == f->log->id);
	return rc == SEAL_E_NOTFOUND || rc == SEAL_E_DAMAGED ? 0 : rc;
}

/*
 * The name.  What is kept belongs to the log that signed it, whatever the row
 * says: with a signature, or where the row does not agree with itself.
 */
static int settle_name(struct store_feed *f, const struct cli_trust *trust,
		       struct cli_copy *copy,
		       char ret_origin[SEAL_NAME_MAX_BYTES + 1],
		       struct seal_diag *diag)
{
	struct seal_checkpoint cp;
	struct seal_note note;
	bool right = false;
	int rc = check_hash(f, f->log->origin, &right, diag);

	snprintf(ret_origin, SEAL_NAME_MAX_BYTES + 1, "%s", f->log->origin);
	copy->origin = ret_origin;
	if (rc)
		return rc;
	if (copy->note &&
	    !seal_checkpoint_parse_note(copy->note, copy->note_len, &note, &cp,
					NULL) &&
	    strcmp(cp.origin, f->log->origin) != 0 &&
	    !seal_origin_check(cp.origin, strlen(cp.origin), NULL) &&
	    (!right || is_vouched(trust, &note, cp.origin))) {
		memcpy(ret_origin, cp.origin, sizeof(cp.origin));
		wrong(copy, 28, "log", "it is kept under another log's name");
		return 0;
	}
	if (!right)
		wrong(copy, 30, "log",
		      "the hash that readers ask by is not that of the origin");
	return 0;
}

/* What is said of a store once: with its first log. */
struct aside {
	const char *stray;   /* the table that has rows of no log */
	const char *journal; /* what of PATH-wal is not whole */
	struct cli_copy_wrong witness;
};

#define JOURNAL SEAL_STORAGE_FILE "-wal"

static void put_aside(struct cli_copy *copy, const struct aside *aside)
{
	if (aside->stray)
		wrong(copy, 28, aside->stray,
		      "there are rows that belong to no log");
	if (aside->journal)
		wrong(copy, 29, JOURNAL, aside->journal);
	if (aside->witness.number)
		wrong(copy, aside->witness.number, aside->witness.where,
		      aside->witness.text);
}

/* Do the rows belong together? */
static int check_rows(struct store_feed *f, struct cli_copy *copy,
		      struct seal_diag *diag)
{
	struct seal_storage_check check;
	int rc = f->storage->ops->check_log(f->storage, f->log->id, &check,
					    diag);

	if (rc)
		return rc;
	if (check.table)
		wrong(copy, 30, check.table, check.what);
	if (check.epochs)
		wrong(copy, 29, "epochs",
		      "the records are not one for each epoch");
	copy->entries = check.entries;
	copy->size =
		f->log->mirror < check.entries ? f->log->mirror : check.entries;
	return 0;
}

struct visit {
	const struct cli_trust *trust;
	cli_copy_fn *fn;
	void *ctx;
	struct aside aside; /* not said yet */
};

static int visit_log(struct visit *visit, struct seal_storage *storage,
		     const struct seal_storage_log *log, struct seal_diag *diag)
{
	struct store_feed f = {.storage = storage, .log = log};
	struct cli_cosigned cosigned = {0};
	struct seal_buf note = SEAL_BUF_INIT, records = SEAL_BUF_INIT;
	char origin[SEAL_NAME_MAX_BYTES + 1];
	struct cli_copy copy = {.have_epochs = log->enrolled,
				.have_log_id = log->enrolled,
				.log_id = log->log_id,
				.bytes_read = &f.bytes_read,
				.source = {.ctx = &f,
					   .tile = read_tile,
					   .bundle = read_bundle,
					   .next = find_next,
					   .checkpoint = read_past,
					   .progress = progress}};
	bool whole = true;
	int rc;

	seal_buf_init(&f.bundle);
	seal_buf_init(&f.past);
	/*
	 * In this order: what is read later may be newer, never older; what
	 * witnesses say is of an older checkpoint.
	 */
	rc = cli_cosigned_read(storage, log->id, &cosigned, &whole, diag);
	if (!whole)
		wrong(&copy, 30, "cosignature",
		      "what a witness cosigned is not kept as a store keeps "
		      "it");
	if (!rc)
		rc = read_newest(&f, &copy, &note, diag);
	if (!rc)
		rc = read_epochs(&f, &records, diag);
	copy.note = copy.note_stored ? note.data : NULL;
	copy.note_len = note.len;
	copy.epochs = records.data;
	copy.epochs_len = records.len;
	copy.cosigned = cosigned.note;
	copy.cosigned_count = cosigned.count;
	copy.cosigned_stored = true;
	copy.have_epochs |= records.len;
	if (!rc)
		rc = check_rows(&f, &copy, diag);
	put_aside(&copy, &visit->aside);
	if (!rc)
		rc = settle_name(&f, visit->trust, &copy, origin, diag);
	if (!rc && (!visit->trust->log || !strcmp(visit->trust->log, origin) ||
		    !strcmp(visit->trust->log, log->origin))) {
		memset(&visit->aside, 0, sizeof(visit->aside));
		cli_progress_begin(&f.progress, origin, visit->trust->quiet);
		rc = visit->fn(visit->ctx, &copy, diag);
		cli_progress_end(&f.progress);
	}
	cli_cosigned_fini(&cosigned);
	seal_buf_fini(&note);
	seal_buf_fini(&records);
	seal_buf_fini(&f.bundle);
	seal_buf_fini(&f.past);
	return rc;
}

/* In a store that has no log to say it with. */
static int visit_aside(const struct visit *visit, struct seal_diag *diag)
{
	struct cli_copy copy = {
		.origin = "(no log)",
		.source = {.tile = read_tile, .bundle = read_bundle}};

	put_aside(&copy, &visit->aside);
	return visit->fn(visit->ctx, &copy, diag);
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
	struct visit visit = {.trust = trust, .fn = fn, .ctx = ctx};
	struct seal_storage_log *logs = NULL;
	struct seal_storage *storage;
	size_t count = 0, i;
	int rc = open_store(target, &storage, diag);

	if (rc)
		return rc;
	rc = storage->ops->list_logs(storage, &logs, &count, diag);
	if (!rc)
		rc = storage->ops->check_strays(storage, &visit.aside.stray,
						diag);
	if (!rc)
		rc = storage->ops->check_journal(storage, &visit.aside.journal,
						 diag);
	if (!rc)
		rc = cli_witnessed_check(storage, trust->policy,
					 &visit.aside.witness, diag);
	for (i = 0; i < count && !rc; i++)
		rc = visit_log(&visit, storage, &logs[i], diag);
	if (!rc && !trust->log &&
	    (visit.aside.stray || visit.aside.journal ||
	     visit.aside.witness.number))
		rc = visit_aside(&visit, diag);
	free(logs);
	storage->ops->close(storage);
	return rc;
}
