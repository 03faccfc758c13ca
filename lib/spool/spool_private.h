/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of struct seal_spool, and what the files spool*.c ask of each
 * other.  All of it runs under the mutex, but for what says otherwise.
 */
#ifndef SEAL_SPOOL_SPOOL_PRIVATE_H
#define SEAL_SPOOL_SPOOL_PRIVATE_H

#include <pthread.h>

#include "core/epoch.h"
#include "spool/keydir.h"
#include "spool/reader.h"
#include "spool/signer.h"
#include "spool/spool.h"

#define BATCH_BUFFER_BYTES (1u << 20)
#define RESERVE_BYTES	   65536u /* for stop, gap, recovery, start, epoch */
#define UNSYNCED_BYTES	   (SEAL_FRAME_HEAD_BYTES + SEAL_FRAME_FRONTIER_BYTES_MAX)
#define GAPS_MAX	   8
#define KNOWN_FRONTIERS	   4
#define SPARE_NEW	   "spare.new"

struct spool_segment {
	uint64_t number, first_index;
	uint64_t bytes; /* of a closed one: its file; of the last: see offset */
};

/* Where in a segment the frames begin that seal what: to read from there. */
struct spool_hint {
	uint64_t size;	      /* entries before it */
	uint64_t first_index; /* of the segment */
	uint64_t offset;
};

/* One commit that is being put together. */
struct spool_batch {
	uint64_t time_us;
	uint64_t offset; /* in the file, of the buffer's first byte */
	size_t len;	 /* bytes in the buffer */
	size_t n;	 /* entries */
	uint64_t bytes;	 /* of records, for the counters */
	uint64_t records;
	bool receipts; /* those that waited are in it */
};

struct spool_receipt_frame {
	uint64_t size;
	size_t len;
	uint8_t *note; /* owned; NULL: none waits */
};

struct seal_spool {
	pthread_mutex_t mutex;
	pthread_cond_t changed; /* sealed size, or wake */
	const struct seal_io *io;

	/* configuration */
	char *dir;
	char *version;
	uint64_t max_bytes, keep_bytes, segment_max_bytes;
	uint64_t epoch_max_entries;
	uint32_t epoch_interval_s, heartbeat_s;
	bool nosync;
	enum seal_onfull onfull;
	struct seal_hash policy_digest;
	const struct seal_policy *policy;
	seal_spool_alarm_fn alarm;
	void *alarm_ctx;

	/* what is open */
	int lock_fd, fd, state_fd, acked_fd, epochs_fd; /* -1: not */
	/* of the directory and of the spare, so that a new segment needs no
	   descriptor that is not there */
	int dir_fd, spare_fd;
	struct seal_keydir *keydir;
	struct seal_chain *chain;
	struct seal_signer *signer;
	struct seal_hash log_id;

	/* the log */
	struct seal_head head; /* the newest; size 0: none */
	uint64_t epochs_bytes; /* of the good part of the file `epochs` */
	bool epochs_damaged;   /* as it was found */
	struct spool_segment *segment; /* in order; the last is open */
	size_t segments, segments_room;
	uint64_t used_bytes; /* of all segments but the last */
	uint64_t offset;     /* in the last: where the next frame goes */
	uint64_t file_bytes; /* its length on disk; zeroes from offset on */
	/* frames written behind the last sync, and where */
	uint8_t unsynced[UNSYNCED_BYTES];
	size_t unsynced_len;
	uint64_t unsynced_offset;
	bool synced;	/* all up to offset is durable */
	bool head_lost; /* the head could not be written: rotate */
	/* the next segment may have its name already: nothing is written to
	   this one any more */
	bool must_rotate;
	uint64_t dirty_to; /* bytes from offset to here may be there; 0: none */
	/* no descriptor for a new one: the open one grows */
	bool grows;
	uint64_t grows_until_ms; /* boottime: then it is tried again */
	bool halted;
	struct seal_diag halt;

	/* the session */
	bool session; /* its start entry is sealed */
	bool crashed; /* it begins with `recovery` */
	struct seal_recovery recovery;
	char boot_id[37];
	uint64_t epoch_began_ms, heartbeat_ms; /* boottime */
	bool handover_wanted; /* before anything else is committed */
	bool handover_due;    /* its header was signed already */
	uint8_t handover_header[10];
	bool has_unfinished; /* one is sealed, but its key not destroyed */
	struct seal_handover unfinished;
	size_t gaps; /* that wait for the next commit */
	struct seal_gap gap[GAPS_MAX];
	bool full, disk_full;
	unsigned quota_level; /* 0, 75, 90 */

	/* state, acked */
	struct seal_state state;
	struct seal_acked acked;
	bool acked_new; /* there was none */
	struct spool_receipt_frame receipt[SEAL_MIRRORS_MAX];
	uint64_t quorum_size; /* what the quorum holds */

	/* the commit path's memory */
	struct spool_batch batch;
	uint8_t *buffer;	/* BATCH_BUFFER_BYTES */
	struct seal_hash *leaf; /* SEAL_COMMIT_ENTRIES_MAX */
	struct seal_buf body;	/* of control entries */
	uint8_t *slot;		/* SEAL_ACKED_SLOT_BYTES, for both files */

	/* reading */
	struct spool_hint *hint;
	size_t hints, hints_room;

	struct seal_frontier known[KNOWN_FRONTIERS]; /* of sizes asked for */
	size_t known_next;

	/* the spare, made without the mutex by tick */
	bool open_filled; /* or tried to */
	bool spare_busy;
	uint64_t spare_after_ms; /* boottime: not before */

	uint64_t wakes;
	size_t waiters;
	bool wake_waits; /* a wake that nobody has seen yet */
	struct seal_spool_stats stats;
};

/* spool_util.c */
/* name: in the directory; "": the directory; NULL: the last segment. */
int spool_io_failed(struct seal_spool *sp, int negative_errno, const char *name,
		    const char *what, struct seal_diag *diag);
char *spool_path(const struct seal_spool *sp, const char *name);
void spool_segment_name(uint64_t first_index, char ret_name[32]);
void spool_alarm(struct seal_spool *sp, enum seal_spool_alarm alarm,
		 const char *fmt, ...) __attribute__((format(printf, 3, 4)));
struct spool_segment *spool_last(struct seal_spool *sp);
int spool_add_segment(struct seal_spool *sp, uint64_t number,
		      uint64_t first_index, uint64_t bytes);
void spool_add_hint(struct seal_spool *sp, uint64_t size, uint64_t first_index,
		    uint64_t offset);
uint64_t spool_used(const struct seal_spool *sp);

/* spool_load.c: files beside the segments, as a start finds them */
int spool_open_file(struct seal_spool *sp, const char *name, int *ret_fd,
		    struct seal_diag *diag);
int spool_open_slots(struct seal_spool *sp, const char *name, uint64_t bytes,
		     int *ret_fd, struct seal_diag *diag);
int spool_load_epochs(struct seal_spool *sp, bool fresh,
		      struct seal_diag *diag);
int spool_load_state(struct seal_spool *sp, bool fresh, struct seal_diag *diag);

/* spool_batch.c: one commit */
void spool_batch_begin(struct seal_spool *sp);
/* An entry of these bytes; the commit's time. */
int spool_batch_add(struct seal_spool *sp, uint8_t type, uint8_t flags,
		    const void *body, size_t len, struct seal_diag *diag);
int spool_batch_control(struct seal_spool *sp, const struct seal_control *c,
			struct seal_diag *diag);
/* The head, and a frontier if due, behind the frames of the last segment. */
int spool_write_head(struct seal_spool *sp, uint64_t prev_size,
		     struct seal_diag *diag);
/* Durable, sealed; or undone. */
int spool_batch_commit(struct seal_spool *sp, struct seal_diag *diag);
/* The frames that wait for the next commit; `acked` has them too. */
void spool_forget_receipts(struct seal_spool *sp);
/* After an error of _add: nothing of it stays. */
void spool_batch_undo(struct seal_spool *sp);

/* Where the next entry goes: above head.size while salvaged ones wait. */
uint64_t spool_size(const struct seal_spool *sp);

/* spool_segment.c: the open segment, its repair, rotation */
int spool_sync(struct seal_spool *sp, struct seal_diag *diag);
int spool_first_segment(struct seal_spool *sp, struct seal_diag *diag);
int spool_rotate(struct seal_spool *sp, struct seal_diag *diag);
/* Makes the tail clean again; 0 if it is. */
int spool_repair(struct seal_spool *sp, struct seal_diag *diag);
/* Rotates if a commit of these bytes does not fit into the last segment. */
int spool_make_room(struct seal_spool *sp, uint64_t bytes,
		    struct seal_diag *diag);
/* Without the mutex; 0 or -errno. */
int spool_make_spare(struct seal_spool *sp, int *ret_fd);
void spool_take_spare(struct seal_spool *sp, int fd);
/* Zero-fills the open segment, which a start found cut to its length. */
void spool_fill_open(struct seal_spool *sp);

/* spool_state.c */
void spool_state_write(struct seal_spool *sp);
int spool_state_sync(struct seal_spool *sp, struct seal_diag *diag);
int spool_acked_write(struct seal_spool *sp, struct seal_diag *diag);
struct seal_state_mirror *spool_state_mirror(struct seal_spool *sp,
					     const char *mirror, bool make);
struct seal_acked_mirror *spool_acked_mirror(struct seal_spool *sp,
					     const char *mirror, bool make);

/* spool_session.c */
/* sp->recovery for what follows the newest head: nothing salvaged or dropped */
int spool_recovery_init(struct seal_spool *sp, struct seal_diag *diag);
int spool_session_begin(struct seal_spool *sp, struct seal_diag *diag);
int spool_hand_over(struct seal_spool *sp, struct seal_diag *diag);
/* The part of it behind the durable epoch entry: seal, record, destroy. */
int spool_finish_handover(struct seal_spool *sp, const struct seal_handover *h,
			  struct seal_diag *diag);
int spool_finish(struct seal_spool *sp, struct seal_diag *diag);
int spool_epochs_append(struct seal_spool *sp, const struct seal_handover *h,
			struct seal_diag *diag);
/* 0 if a commit may go on: repairs, begins the session, finishes a hand-over */
int spool_ready(struct seal_spool *sp, struct seal_diag *diag);
/* One commit of the gaps that wait. */
int spool_gaps_commit(struct seal_spool *sp, struct seal_diag *diag);

/* spool_suspended.c */
void spool_take_mark(struct seal_spool *sp, uint64_t since_us);
void spool_clear_mark(struct seal_spool *sp);
void spool_remove_mark(struct seal_spool *sp);

/* spool_forward.c, spool_read.c */
void spool_know_frontier(struct seal_spool *sp, const struct seal_frontier *f);
/* Without the mutex. */
int spool_find_head(struct seal_spool *sp, uint64_t min, uint64_t max,
		    struct seal_head *ret_head, struct seal_diag *diag);

/* spool_quota.c */
bool spool_has_room(struct seal_spool *sp, uint64_t bytes);
/* Counts n messages that are not taken. */
void spool_drop(struct seal_spool *sp, size_t n);
int spool_drop_end(struct seal_spool *sp, struct seal_diag *diag);
void spool_quota_look(struct seal_spool *sp);
void spool_free_segments(struct seal_spool *sp);

/* spool.c: stop, hand-over, everything synced; without the mutex */
int spool_stop(struct seal_spool *sp, struct seal_diag *diag);

/*
 * spool_scan.c: the last segment as it was found, nothing changed yet.  The
 * caller frees learnt, also after an error.
 */
struct spool_scan {
	struct seal_segment_header header;
	uint64_t file_bytes;
	/* the last head that verifies; size 0: none */
	struct seal_head head;
	uint64_t head_end; /* in the file, behind it (and its frontier) */
	/* whole frames behind it */
	struct seal_frontier frontier;	/* of all that is kept */
	uint64_t kept_end;		/* in the file */
	uint64_t data_end;		/* last byte that is not zero, + 1 */
	uint8_t last_type, before_type; /* of the last entries kept; 0: none */
	bool open_gap; /* the last gap entry is one that begins */
	/* hand-overs that the chain learnt from the segment */
	struct seal_handover *learnt;
	size_t learnts;
	/* bytes behind the end of the segment before, 0: none */
	uint64_t left_segment, left_offset, left_bytes;
	bool has_pending; /* a whole hand-over without its seal */
	struct seal_handover pending;
	struct seal_hash pending_leaf;
	struct seal_frontier before_pending; /* the tree without it */
};
/*
 * Advances the chain by what the segment says; checks sizes and roots of state
 * and receipts.
 */
/* The chain from all segments but the last, for a file `epochs` that is lost.
 */
int spool_scan_epochs(struct seal_spool *sp, struct seal_reader *reader,
		      struct spool_scan *scan, struct seal_diag *diag);
int spool_scan(struct seal_spool *sp, struct seal_reader *reader,
	       struct spool_scan *ret_scan, struct seal_diag *diag);

/* spool_recover.c: lists, scans, mends; then all is ready for a session. */
int spool_recover(struct seal_spool *sp, struct seal_diag *diag);

#endif
