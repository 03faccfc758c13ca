/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receipts: the mirror key signs a checkpoint after its entries are durable,
 * and never before.  The lines are kept; if a power cut takes them, the next
 * start signs again.  Contract: save.h.
 */
#include <string.h>

#include "core/note.h"
#include "save.h"

struct receipt {
	int64_t log;
	uint64_t size;
	struct seal_buf lines;
};

static int receipt_step(struct seal_storage *storage, void *ctx,
			struct seal_diag *diag)
{
	const struct receipt *receipt = ctx;

	return storage->ops->put_receipt(storage, receipt->log, receipt->size,
					 receipt->lines.data,
					 receipt->lines.len, diag);
}

/* Never earlier than the one before: a client would take that for a rollback.
 */
static uint64_t time_next(const struct store *store, const struct log *log)
{
	uint64_t now_s = store->now_s();

	return now_s > log->receipt_s ? now_s : log->receipt_s;
}

static int lines_sign(const struct store *store, uint64_t time_s,
		      const struct seal_storage_checkpoint *checkpoint,
		      struct seal_buf *lines, struct seal_diag *diag)
{
	struct seal_note note;
	int rc;

	rc = seal_note_parse(checkpoint->note, checkpoint->note_bytes, &note,
			     diag);
	if (rc < 0)
		return rc;
	rc = seal_cosig_sign(lines, note.text, note.text_len, time_s,
			     &store->mirror_vkey, store->mirror_key);
	if (rc == 0)
		rc = seal_buf_error(lines);
	if (rc < 0)
		return seal_diag_set(diag, rc, "cannot sign a receipt");
	return 0;
}

/* The time of a receipt that is stored, so that the next is not older. */
static int last_time_read(struct store *store, struct log *log,
			  struct seal_diag *diag)
{
	struct seal_storage_checkpoint cp = {0};
	struct seal_buf whole = SEAL_BUF_INIT;
	struct seal_note note;
	int rc;

	rc = store->storage->ops->get_receipted(store->storage, log->row.id,
						&cp, diag);
	if (rc == SEAL_E_NOTFOUND)
		return 0;
	if (rc < 0)
		return rc;
	seal_buf_put(&whole, cp.note, cp.note_bytes);
	seal_buf_put(&whole, cp.receipt, cp.receipt_bytes);
	rc = seal_buf_error(&whole);
	if (rc == 0)
		rc = seal_note_parse(whole.data, whole.len, &note, diag);
	if (rc == 0)
		rc = seal_cosig_verify(&note, &store->mirror_vkey,
				       &log->receipt_s, diag);
	if (rc == SEAL_E_NOTFOUND)
		rc = 0; /* of a mirror key that was replaced */
	seal_buf_fini(&whole);
	seal_storage_checkpoint_fini(&cp);
	return rc;
}

int log_receipt(struct store *store, struct log *log, uint64_t size,
		struct seal_buf *ret_lines, struct seal_diag *diag)
{
	struct seal_storage *storage = store->storage;
	struct receipt receipt = {.log = log->row.id, .size = size};
	struct seal_storage_checkpoint cp = {0};
	uint64_t time_s;
	int rc = 0;

	if (!log->receipt_s)
		rc = last_time_read(store, log, diag);
	if (rc == 0)
		rc = storage->ops->get_checkpoint(storage, log->row.id, size,
						  &cp, diag);
	if (rc < 0)
		goto out;
	time_s = time_next(store, log);
	rc = lines_sign(store, time_s, &cp, &receipt.lines, diag);
	if (rc == 0)
		rc = storage->ops->commit(storage, receipt_step, &receipt,
					  SEAL_STORAGE_LAZY, diag);
	if (rc == 0) {
		log->receipt_s = time_s;
		seal_buf_put_buf(ret_lines, &receipt.lines);
		if (store->receipted)
			store->receipted(store->receipted_ctx);
	}
out:
	seal_buf_fini(&receipt.lines);
	seal_storage_checkpoint_fini(&cp);
	return rc;
}

/* The newest receipt is of a smaller size than what we vouched for. */
int log_settle(struct store *store, const char *origin, struct seal_diag *diag)
{
	struct seal_storage_checkpoint cp = {0};
	struct seal_buf lines = SEAL_BUF_INIT;
	struct log *log;
	int rc;

	rc = log_take(store, origin, &log, diag);
	if (rc < 0)
		return rc;
	rc = store->storage->ops->get_receipted(store->storage, log->row.id,
						&cp, diag);
	if (log->row.mirror > 0 &&
	    (rc == SEAL_E_NOTFOUND || (rc == 0 && cp.size < log->row.mirror)))
		rc = log_receipt(store, log, log->row.mirror, &lines, diag);
	log_give(log);
	seal_buf_fini(&lines);
	seal_storage_checkpoint_fini(&cp);
	return rc == SEAL_E_NOTFOUND ? 0 : rc;
}
