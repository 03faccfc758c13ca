/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of one host on its disk: append, seal, recover, hand over, forward,
 * free.  Knows no network and no rsyslog.  architecture.md "The way of one
 * message"; docs/spec/spool.md.
 *
 * Threads: one mutex inside.  Every function but _open, _close and _free may be
 * called by any thread at any time; commits of several workers are put in some
 * order, whole.  The caller disables cancellation around each call.
 * Errors: once open, SEAL_E_* of a commit means: nothing of it is in the log,
 * give it again later; the spool repairs itself with the next call if it can.
 */
#ifndef SEAL_SPOOL_SPOOL_H
#define SEAL_SPOOL_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/control.h"
#include "core/crypto.h"
#include "core/err.h"
#include "core/tree.h"
#include "spool/frame.h"
#include "spool/io.h"
#include "spool/state.h"

struct seal_spool;
struct seal_policy;
struct seal_vkey;

enum seal_onfull {
	SEAL_ONFULL_GAP = 0, /* acknowledge, count, declare in gap entries */
	SEAL_ONFULL_SUSPEND = 1, /* refuse with SEAL_E_NOSPACE */
};

#define SEAL_SEGMENT_DEFAULT_BYTES (16ULL << 20)
#define SEAL_SEGMENT_MIN_BYTES	   (64ULL << 10)
#define SEAL_SPOOL_DEFAULT_BYTES   (1ULL << 30)
#define SEAL_SPOOL_MIN_BYTES	   (1ULL << 20)
#define SEAL_HEARTBEAT_DEFAULT_S   60
#define SEAL_EPOCH_DEFAULT_ENTRIES 1000000
#define SEAL_EPOCH_DEFAULT_S	   900
#define SEAL_RECORD_BYTES_MAX	   (16ULL << 20) /* longer ones are cut */

/* What goes wrong without stopping the work; each change is told once. */
enum seal_spool_alarm {
	SEAL_ALARM_QUOTA_75 = 1,
	SEAL_ALARM_QUOTA_90 = 2,
	SEAL_ALARM_FULL = 3,	 /* dropping, or suspended by onfull */
	SEAL_ALARM_QUOTA_OK = 4, /* below 75 % again */
	SEAL_ALARM_STATE = 5,	 /* AS029: state, acked or epochs was rebuilt */
	SEAL_ALARM_RECOVERED =
		6,	   /* AS020: the session before ended by a crash */
	SEAL_ALARM_IO = 7, /* a write failed and was undone */
	SEAL_ALARM_HALT = 8,
	SEAL_ALARM_SEGMENTS = 9, /* new ones can be made again */
};

/*
 * Called under the spool's mutex: it must not call the spool.  text: one
 * sentence.
 */
typedef void (*seal_spool_alarm_fn)(void *ctx, enum seal_spool_alarm alarm,
				    const char *text);

/* Everything is copied by seal_spool_open but io and policy. */
struct seal_spool_config {
	const char *origin; /* NULL: the keydir's */
	const char *dir;    /* the spool */
	const char *keydir;
	uint64_t max_bytes;	    /* 0: 1 GiB or 10 % of the file system */
	uint64_t keep_bytes;	    /* of receipted segments that stay */
	uint64_t segment_max_bytes; /* 0: SEAL_SEGMENT_DEFAULT_BYTES */
	bool nosync; /* spool.sync="off": no fdatasync in a commit */
	enum seal_onfull onfull;
	uint32_t heartbeat_s;		  /* 0: no heartbeats */
	uint64_t epoch_max_entries;	  /* 0: default */
	uint32_t epoch_interval_s;	  /* 0: default */
	const char *version;		  /* of the program; NULL: "unknown" */
	struct seal_hash policy_digest;	  /* SHA-256 of the policy file */
	const struct seal_policy *policy; /* mirrors and quorum; NULL: none, and
					     nothing is ever freed; borrowed */
	bool memory_mode;		  /* SEAL_E_CONFIG: not yet */
	/* Messages were not taken since then, in this process; 0: they were.
	   The gap entry is then the first one after the start. */
	uint64_t suspended_since_us;
	seal_spool_alarm_fn alarm; /* may be NULL */
	void *alarm_ctx;
};

/*
 * Locks, checks the keys, recovers and begins a session: its start entry is
 * sealed when this returns.  On error nothing is held.  Each diag is one
 * sentence with the fix.
 *   SEAL_E_PERM      a key or directory that others can read, or we cannot
 *   SEAL_E_NOTFOUND  no keydir; no spool directory (the leaf directory is made
 *                    for a log that has not begun, never for one that has)
 *   SEAL_E_CLONE     the keys were made on another machine
 *   SEAL_E_FOREIGN   the keys, or the spool, are of another origin
 *   SEAL_E_BUSY      another process (or this one) has it
 *   SEAL_E_DAMAGED   AS001/AS030/AS012/AS029: nothing was changed
 *   SEAL_E_ROLLBACK  AS027: the spool is older than state, receipts or keys
 *   SEAL_E_NOSPACE, SEAL_E_IO, SEAL_E_NOMEM, SEAL_E_CONFIG
 */
int seal_spool_open(const struct seal_spool_config *config,
		    const struct seal_io *io, struct seal_spool **ret_spool,
		    struct seal_diag *diag);

/*
 * Ends the session: stop, hand-over, everything synced, the last segment cut to
 * its length.  Frees the spool in any case; an error says what was not done
 * (the next open recovers).  No other thread may be in the spool any more.
 */
int seal_spool_close(struct seal_spool *spool, struct seal_diag *diag);
/* Frees without a word in the log, as a crash would.  NULL is a no-op. */
void seal_spool_free(struct seal_spool *spool);

struct seal_message {
	const void *bytes;
	size_t len;
	bool cut; /* by the input */
};

/*
 * All messages become records, durable and sealed, or none.  Long ones become
 * several entries; longer than SEAL_RECORD_BYTES_MAX are cut and flagged.
 * A batch of more than 8,192 entries takes several commits: if one but the
 * first fails, *ret_done (may be NULL) messages are in the log although an
 * error is returned, and giving them again makes them twice (a second entry,
 * not a loss).  On success *ret_done = n.
 * While full with onfull=gap: 0, and the messages are counted, not kept.
 *   SEAL_E_NOSPACE  full with onfull=suspend
 *   SEAL_E_IO       nothing was signed; undone
 *   SEAL_E_ROLLBACK, SEAL_E_DAMAGED   halted
 *   SEAL_E_STOPPED  closed
 */
int seal_spool_commit(struct seal_spool *spool, const struct seal_message *msgs,
		      size_t n, size_t *ret_done, struct seal_diag *diag);

/*
 * Can a commit work at all?  0, or why not; repairs what it can (tryResume).
 */
int seal_spool_check(struct seal_spool *spool, struct seal_diag *diag);

/*
 * Heartbeat, hand-over, zero-filling of the next segment, when due.  To be
 * called from a thread that may be held up: it zero-fills without the mutex.
 */
int seal_spool_tick(struct seal_spool *spool, struct seal_diag *diag);
/* Milliseconds until the next tick is due; 0: now. */
uint64_t seal_spool_next_tick_ms(struct seal_spool *spool);

/* Begins a new segment (HUP); nothing if the last one has no entry. */
int seal_spool_rotate(struct seal_spool *spool, struct seal_diag *diag);

/*
 * The action was suspended, or messages were lost before they came here: the
 * gap entry is committed now if that works, else it stands before the next
 * record (0 in both cases).  has_lost is not for this call.  A second gap of
 * the same reason that waits is merged into the first.
 */
int seal_spool_note_gap(struct seal_spool *spool, const struct seal_gap *gap,
			struct seal_diag *diag);

/*
 * Nothing can be sealed: kept in dir, durably, for the gap entry of whichever
 * session comes next, if this process ends before one does.  Needs no open
 * spool and no lock; an older mark stays.  Cleared when a gap entry is sealed.
 */
int seal_spool_mark_suspended(const struct seal_io *io, const char *dir,
			      uint64_t since_us);

/*
 * A config entry: something about the action that a verifier should know,
 * {what, value}: "policy", "resumeRetryCount", ...
 */
int seal_spool_config_entry(struct seal_spool *spool, const char *what,
			    const char *value, struct seal_diag *diag);

/* ---- for the forwarder ---- */

/* Size of the newest head. */
uint64_t seal_spool_size(struct seal_spool *spool);

/*
 * Waits until the sealed size is > size: 0; SEAL_E_NOTFOUND after timeout_ms;
 * SEAL_E_STOPPED after seal_spool_wake (each call of it ends all waits under
 * way, or else the next one).
 */
int seal_spool_wait(struct seal_spool *spool, uint64_t size,
		    uint64_t timeout_ms);
void seal_spool_wake(struct seal_spool *spool);

/*
 * What to upload next: the largest head of min <= size <= max, or, if there is
 * none, the smallest of size >= min.  It is durable and its size recorded in
 * `state` as offered to this mirror (its key name), durably, when this returns.
 * note: appended: text, host line, seal line.  SEAL_E_NOTFOUND: no head of
 * size >= min, or it was freed.
 */
int seal_spool_offer(struct seal_spool *spool, const char *mirror, uint64_t min,
		     uint64_t max, struct seal_head *ret_head,
		     struct seal_buf *note, struct seal_diag *diag);

/* 0 to go on; anything else ends the reading and is returned. */
typedef int (*seal_spool_entry_fn)(void *ctx, uint64_t index,
				   const uint8_t *entry, size_t len);

/*
 * Entries [from, to) in order; to <= sealed size.  Reads the disk without the
 * mutex.  SEAL_E_NOTFOUND: freed; SEAL_E_DAMAGED: a frame that does not say
 * what was sealed.
 */
int seal_spool_read(struct seal_spool *spool, uint64_t from, uint64_t to,
		    seal_spool_entry_fn fn, void *ctx, struct seal_diag *diag);

/*
 * The frontier of the tree of that size.  SEAL_E_NOTFOUND if it lies before the
 * first segment that is still there (what a mirror needs is never freed before
 * its receipt).
 */
int seal_spool_frontier(struct seal_spool *spool, uint64_t size,
			struct seal_frontier *ret_frontier,
			struct seal_diag *diag);

/*
 * A receipt that the forwarder has verified: goes to `acked` (synced), stands
 * as a 0x21 frame before the next commit, and then frees what the quorum holds.
 * note: the checkpoint with the mirror's line; time_s: of the cosignature.
 * SEAL_E_ARG for a size above the sealed one.  A smaller one than before
 * changes nothing: 0.
 */
int seal_spool_receipt(struct seal_spool *spool, const char *mirror,
		       uint64_t size, uint64_t time_s, const void *note,
		       size_t len, struct seal_diag *diag);

/* The mirror holds all openings below size. */
int seal_spool_openings(struct seal_spool *spool, const char *mirror,
			uint64_t size, struct seal_diag *diag);

/*
 * The mirror proved that this log was rolled back (AS027) or forked (AS008):
 * sealing stops until the process is restarted.
 */
void seal_spool_halt(struct seal_spool *spool, const char *finding,
		     const char *text);

/* What both said; borrowed for the call. */
struct seal_spool_evidence {
	const char *finding; /* "AS008"; NULL: none */
	const char *mirror;  /* its key name */
	const void *ours, *theirs;
	size_t ours_len, theirs_len;
};
#define SEAL_EVIDENCE_NAME_BYTES 16
#define SEAL_EVIDENCE_MAX	 1000 /* files in a spool */

/*
 * Durable in a new file of the spool when this returns 0; ret_name: its name
 * there.  Works while halted, and is not part of the quota.
 */
int seal_spool_keep_evidence(struct seal_spool *spool,
			     const struct seal_spool_evidence *evidence,
			     char ret_name[SEAL_EVIDENCE_NAME_BYTES],
			     struct seal_diag *diag);

struct seal_spool_receipt_info {
	uint64_t size, openings, offered, time_s; /* zeroes: none */
};
void seal_spool_receipt_get(struct seal_spool *spool, const char *mirror,
			    struct seal_spool_receipt_info *ret_info);
/*
 * The newest receipt's note; SEAL_E_NOTFOUND, SEAL_E_TOOBIG for room.
 */
int seal_spool_receipt_note(struct seal_spool *spool, const char *mirror,
			    void *ret_note, size_t room, size_t *ret_len);

const char *seal_spool_origin(const struct seal_spool *spool);
/* The host's key of the log; borrowed. */
const struct seal_vkey *seal_spool_host(const struct seal_spool *spool);
void seal_spool_log_id(const struct seal_spool *spool,
		       struct seal_hash *ret_log_id);

struct seal_spool_stats {
	uint64_t size;	  /* of the log, in entries, sealed */
	uint64_t records; /* of this session, as the counters below */
	uint64_t commits;
	uint64_t syncs;
	uint64_t bytes;	     /* of records */
	uint64_t dropped;    /* messages counted into gaps */
	uint64_t errors;     /* commits refused */
	uint64_t receipted;  /* size that the quorum holds */
	uint64_t backlog;    /* size - receipted */
	uint64_t used_bytes; /* of the spool, counted as for the quota */
	uint64_t max_bytes;
	uint64_t epoch;
	uint64_t segments;
	bool full, halted;
};
void seal_spool_stats(struct seal_spool *spool,
		      struct seal_spool_stats *ret_stats);

#endif
