/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verified entries on their way into the database, and receipts.  What is given
 * here was proven to belong to a checkpoint that the log signed.
 */
#ifndef AUDITSEALD_SAVE_H
#define AUDITSEALD_SAVE_H

#include "store.h"

/* A batch is written when it holds so much: memory stays flat. */
#define BATCH_PACKAGES_MAX 64
#define BATCH_BYTES_MAX	   (4 * 1024 * 1024)

/* One verified package: entries [first, end) of one bundle. */
struct batch_package {
	uint64_t first, end;
	size_t data_at, data_bytes; /* in the batch's data */
	struct seal_hash leaves[SEAL_STORAGE_WIDTH];
};

/* Consecutive packages of one upload; all zero is empty. */
struct batch {
	struct seal_buf data; /* entries as they came: (u16, bytes)* */
	struct batch_package *packages;
	size_t count;
};

/* Empties it and keeps the memory; frees it. */
void batch_reset(struct batch *batch);
void batch_fini(struct batch *batch);

/*
 * With the log taken: makes the entries of a batch durable that the log has
 * not, and lets the store vouch for size `vouch` (0 and more; UINT64_MAX: not),
 * in one commit.  PROOF: the stored tree does not give the root signed at
 * vouch.  After any failure the log is read again before its next use.
 */
int log_save(struct store *store, struct log *log, const struct batch *batch,
	     uint64_t vouch, const struct seal_hash *vouch_root,
	     struct seal_diag *diag);

#define VOUCH_NOT UINT64_MAX

/*
 * With the log taken and vouched for at size: cosigns the checkpoint of that
 * size and keeps the lines, which are appended to ret_lines.
 */
int log_receipt(struct store *store, struct log *log, uint64_t size,
		struct seal_buf *ret_lines, struct seal_diag *diag);

/*
 * Signs the checkpoint vouched for if its receipt is missing: after a power
 * cut.  0 also for a log that the policy does not name.
 */
int log_settle(struct store *store, const char *origin, struct seal_diag *diag);

#endif
