/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store keeps of its logs, behind one table of operations: SQLite here,
 * others later.  The daemon writes; the checker opens a copy read-only.  Knows
 * no key, verifies nothing and signs nothing: whoever writes has verified, and
 * whoever reads verifies again.  docs/adr/0041.
 *
 * Entries come and go as tlog-tiles entry bundles, (u16 length, bytes)*, 256 in
 * a full one; hashes as rows of 32 bytes.
 */
#ifndef SEAL_STORAGE_STORAGE_H
#define SEAL_STORAGE_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/err.h"
#include "protocol/limits.h"

struct seal_buf;

#define SEAL_STORAGE_WIDTH 256 /* entries of a bundle, hashes of a tile */
#define SEAL_STORAGE_EPOCH_BYTES                    \
	158 /* a record of `epochs`, format.md 3, 8 \
	     */

/* One log.  All sizes count entries from index 0. */
struct seal_storage_log {
	int64_t id; /* the storage's own number of it */
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	bool enrolled;		 /* log_id is known: a pin was taken */
	struct seal_hash log_id; /* zero unless enrolled */
	uint64_t next;		 /* entries [0, next) are stored */
	bool has_pending;	 /* a checkpoint has ever been taken */
	uint64_t pending;	 /* size of the newest checkpoint taken */
	uint64_t mirror; /* size up to which the store vouches; <= next */
	bool damaged;	 /* list_logs only: a column cannot be true */
};

/* A checkpoint of a log: the log's own note, and what we signed on it. */
struct seal_storage_checkpoint {
	uint64_t size;
	struct seal_hash root;
	int64_t received_s; /* what our witness saw: the time it signed; else 0
			     */
	uint8_t *note;	    /* owned: text and the log's lines, host and seal */
	size_t note_bytes;
	uint8_t *receipt; /* owned: our cosignature lines, or NULL */
	size_t receipt_bytes;
	bool damaged; /* get_checkpoint_from only: root is not known */
};

/* What of a log is not as a store keeps it. */
struct seal_storage_check {
	const char *table; /* a table's name, or NULL: all is well */
	const char *what;  /* one sentence */
	bool epochs;	   /* the records of `epochs` are not in their order */
	uint64_t entries;  /* where the entries that are kept end */
};

/* The newest word of a witness of others on a log of ours. */
struct seal_storage_cosignature {
	char name[SEAL_NAME_MAX_BYTES + 1]; /* key name of the witness */
	uint64_t size;			    /* of the checkpoint it signed */
	uint8_t *lines;			    /* owned: its signature lines */
	size_t lines_bytes;
	bool damaged; /* a column cannot be true; nothing else is set */
};

/* What our own witness saw last of one log, ours or not. */
struct seal_storage_witnessed {
	struct seal_hash hash; /* the row's key: of the origin */
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	struct seal_storage_checkpoint checkpoint; /* see put_witnessed */
	bool damaged; /* a column cannot be true; hash alone is set */
};

/* Frees the list and what is in it; NULL is fine. */
void seal_storage_cosignatures_free(struct seal_storage_cosignature *list,
				    size_t count);

/* Frees what a read gave; NULL and zeroes are fine. */
void seal_storage_checkpoint_fini(struct seal_storage_checkpoint *checkpoint);

struct seal_storage;

/*
 * A step of writing: put_* calls that become durable together or not at all.
 * It may run twice, or not at all, and in another thread than the caller's.
 */
typedef int (*seal_storage_step)(struct seal_storage *storage, void *ctx,
				 struct seal_diag *diag);

enum seal_storage_durability {
	SEAL_STORAGE_DURABLE = 1, /* on the disk when commit returns */
	SEAL_STORAGE_LAZY = 2,	  /* survives kill -9, not a power cut */
};

/*
 * Safe for concurrent callers, except that put_* belong inside a step.  Errors
 * everywhere: IO, NOSPACE, DAMAGED, NOMEM, BUSY; after an IO error of a commit
 * every further commit is IO: restart, for what the disk holds is not known.
 */
struct seal_storage_ops {
	void (*close)(struct seal_storage *storage);

	/* Concurrent steps share one commit; a failing step spares others. */
	int (*commit)(struct seal_storage *storage, seal_storage_step step,
		      void *ctx, enum seal_storage_durability durability,
		      struct seal_diag *diag);

	/* EXISTS: the origin is there.  Only origin, enrolled, log_id count. */
	int (*put_log)(struct seal_storage *storage,
		       const struct seal_storage_log *log, int64_t *ret_id,
		       struct seal_diag *diag);
	/* next, pending, has_pending and mirror of log->id. */
	int (*put_sizes)(struct seal_storage *storage,
			 const struct seal_storage_log *log,
			 struct seal_diag *diag);
	/*
	 * Entries [offset, offset + count) of bundle number, directly behind
	 * those that are there; offset + count <= 256.
	 */
	int (*put_entries)(struct seal_storage *storage, int64_t log,
			   uint64_t number, unsigned offset, unsigned count,
			   const struct seal_hash *leaves, const uint8_t *data,
			   size_t data_bytes, struct seal_diag *diag);
	/* All hashes of a tile of level 1 or above, replacing what it had. */
	int (*put_tile)(struct seal_storage *storage, int64_t log,
			unsigned level, uint64_t number,
			const struct seal_hash *hashes, unsigned width,
			struct seal_diag *diag);
	/* Replaces one of the same size; receipt is not looked at. */
	int (*put_checkpoint)(struct seal_storage *storage, int64_t log,
			      const struct seal_storage_checkpoint *checkpoint,
			      struct seal_diag *diag);
	/* NOTFOUND: no checkpoint of this size. */
	int (*put_receipt)(struct seal_storage *storage, int64_t log,
			   uint64_t size, const uint8_t *receipt,
			   size_t receipt_bytes, struct seal_diag *diag);
	/* Record of epoch; 0: the root record.  EXISTS: another one is there,
	 * the same again is 0. */
	int (*put_epoch)(struct seal_storage *storage, int64_t log,
			 uint64_t epoch,
			 const uint8_t record[SEAL_STORAGE_EPOCH_BYTES],
			 struct seal_diag *diag);
	/*
	 * In place of the witness's last one, unless that is of a larger size.
	 * Only what is borrowed of it is read.
	 */
	int (*put_cosignature)(
		struct seal_storage *storage, int64_t log,
		const struct seal_storage_cosignature *cosignature,
		struct seal_diag *diag);
	/*
	 * What our own witness saw last of any log: received_s is the time it
	 * signed, receipt its line.  RANGE: a larger size is there.
	 */
	int (*put_witnessed)(struct seal_storage *storage, const char *origin,
			     const struct seal_storage_checkpoint *checkpoint,
			     struct seal_diag *diag);

	/* NOTFOUND: no such origin. */
	int (*get_log)(struct seal_storage *storage, const char *origin,
		       struct seal_storage_log *ret_log,
		       struct seal_diag *diag);
	/* By the SHA-256 of the origin, the first element of tile paths. */
	int (*get_log_by_hash)(struct seal_storage *storage,
			       const struct seal_hash *origin_hash,
			       struct seal_storage_log *ret_log,
			       struct seal_diag *diag);
	/* All logs by origin, damaged ones too; free(*ret_logs). */
	int (*list_logs)(struct seal_storage *storage,
			 struct seal_storage_log **ret_logs, size_t *ret_count,
			 struct seal_diag *diag);
	/*
	 * Appends the first width (1...256) entries of a bundle; NOTFOUND if
	 * it holds fewer.  Width 0: all of its bytes, entries or not.
	 */
	int (*get_entries)(struct seal_storage *storage, int64_t log,
			   uint64_t number, unsigned width,
			   struct seal_buf *ret_bytes, struct seal_diag *diag);
	/*
	 * What is there of a tile, level 0: leaf hashes; *ret_width 0...256.
	 */
	int (*get_tile)(struct seal_storage *storage, int64_t log,
			unsigned level, uint64_t number,
			struct seal_hash *ret_hashes, unsigned *ret_width,
			struct seal_diag *diag);
	/*
	 * The first bundle, from `number` on, of which anything is stored,
	 * entries or leaf hashes; one look, however far.  NOTFOUND.
	 */
	int (*get_next)(struct seal_storage *storage, int64_t log,
			uint64_t number, uint64_t *ret_number,
			struct seal_diag *diag);
	/* Of exactly this size.  NOTFOUND. */
	int (*get_checkpoint)(struct seal_storage *storage, int64_t log,
			      uint64_t size,
			      struct seal_storage_checkpoint *ret_checkpoint,
			      struct seal_diag *diag);
	/* The largest with a receipt.  NOTFOUND. */
	int (*get_receipted)(struct seal_storage *storage, int64_t log,
			     struct seal_storage_checkpoint *ret_checkpoint,
			     struct seal_diag *diag);
	/* The smallest checkpoint of at least this size.  NOTFOUND. */
	int (*get_checkpoint_from)(
		struct seal_storage *storage, int64_t log, uint64_t size,
		struct seal_storage_checkpoint *ret_checkpoint,
		struct seal_diag *diag);
	/* By name, damaged ones too; seal_storage_cosignatures_free. */
	int (*list_cosignatures)(struct seal_storage *storage, int64_t log,
				 struct seal_storage_cosignature **ret_list,
				 size_t *ret_count, struct seal_diag *diag);
	/* NOTFOUND: the witness has seen nothing of it. */
	int (*get_witnessed)(struct seal_storage *storage,
			     const struct seal_hash *origin_hash,
			     struct seal_storage_checkpoint *ret_checkpoint,
			     struct seal_diag *diag);
	/*
	 * The next row behind this hash, NULL: the first, damaged ones too;
	 * seal_storage_checkpoint_fini of its checkpoint.  NOTFOUND.
	 */
	int (*next_witnessed)(struct seal_storage *storage,
			      const struct seal_hash *behind,
			      struct seal_storage_witnessed *ret_witnessed,
			      struct seal_diag *diag);
	/* Appends the records of `epochs` from epoch on, in order. */
	int (*get_epochs)(struct seal_storage *storage, int64_t log,
			  uint64_t epoch, struct seal_buf *ret_records,
			  struct seal_diag *diag);
	/*
	 * Do the rows of a log belong together: its sizes, the checkpoints,
	 * and how many rows of each kind there are?  Of one state of the
	 * database, so also while it is written.
	 */
	int (*check_log)(struct seal_storage *storage, int64_t log,
			 struct seal_storage_check *ret_check,
			 struct seal_diag *diag);
	/* Rows that belong to no log: the name of a table, or NULL. */
	int (*check_strays)(struct seal_storage *storage,
			    const char **ret_table, struct seal_diag *diag);
	/*
	 * What stands in front of the database and is not in it yet: one
	 * sentence if some of it is passed over that no crash tears, or NULL.
	 * While somebody else has it open, NULL.
	 */
	int (*check_journal)(struct seal_storage *storage,
			     const char **ret_what, struct seal_diag *diag);
};

/* Drivers embed this as their first member. */
struct seal_storage {
	const struct seal_storage_ops *ops;
};

enum seal_storage_mode {
	SEAL_STORAGE_CREATE = 1, /* make it; EXISTS if it is there */
	SEAL_STORAGE_WRITE = 2,	 /* NOTFOUND if it is not there */
	/*
	 * Of a database that nobody has open, neither a byte nor a file is
	 * changed or made, and what changes while it is read gives BUSY.
	 * Beside a writer SQLite's shared memory, PATH-shm, is used.  Not for
	 * the process that writes.
	 */
	SEAL_STORAGE_READ = 3,
};

/*
 * path: a database file, or ":memory:" (CREATE).  UNKNOWN: the schema is newer
 * than this program; FORMAT: another program's database; DAMAGED; PERM; IO.
 * Close with ops->close.
 */
int seal_storage_sqlite_open(const char *path, enum seal_storage_mode mode,
			     struct seal_storage **ret_storage,
			     struct seal_diag *diag);

/* The database's name inside a store's directory. */
#define SEAL_STORAGE_FILE "store.db"

#endif
