/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sender: brings one log to one mirror (C2SP tlog-mirror) and collects its
 * receipts.  A state machine over three function tables, source (the spool),
 * transport (http) and clock; it never sleeps, opens no file, starts no thread
 * and logs nothing.  docs/spec/protocol.md section "What the client does".
 *
 * One thread owns it and calls seal_forward_step() again and again; _stop and
 * _get_state may be called from any other.
 */
#ifndef SEAL_FORWARD_FORWARD_H
#define SEAL_FORWARD_FORWARD_H

#include "core/err.h"
#include "core/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal_buf;
struct seal_vkey;
struct seal_forward;

#define SEAL_FORWARD_NEVER UINT64_MAX

/* ---- source: the spool as the sender sees it ---- */

/* A head of this log that may leave the host. */
struct seal_forward_offer {
	uint64_t size;
	struct seal_hash root;
	struct seal_buf *note; /* host line and seal line; buffer given */
};

/* One entry: its bytes (type, flags, time, body), borrowed for the call. */
typedef int (*seal_forward_entry_fn)(void *ctx, uint64_t index,
				     const uint8_t *entry, size_t entry_bytes);

struct seal_forward_source {
	void *ctx;
	/* Size of the newest head, durable or not. */
	int (*sealed)(void *ctx, uint64_t *ret_size, struct seal_diag *diag);
	/*
	 * Picks a head with min <= size <= max, the largest such; if there is
	 * none, the smallest with size >= min.  On return it is durable, its
	 * size is recorded as offered to this mirror (durably), and the note
	 * is signed.  SEAL_E_NOTFOUND: no head of size >= min.
	 */
	int (*offer)(void *ctx, uint64_t min, uint64_t max,
		     struct seal_forward_offer *ret_offer,
		     struct seal_diag *diag);
	/*
	 * The frontier of the tree of that size, which need not be a head's.
	 * SEAL_E_NOTFOUND: freed already.
	 */
	int (*frontier)(void *ctx, uint64_t size,
			struct seal_frontier *ret_frontier,
			struct seal_diag *diag);
	/*
	 * Calls each for the entries [first, end) in order, stops at its first
	 * error and returns it.  SEAL_E_NOTFOUND: freed already.
	 */
	int (*read)(void *ctx, uint64_t first, uint64_t end,
		    seal_forward_entry_fn each, void *each_ctx,
		    struct seal_diag *diag);
	/*
	 * Keeps a verified receipt: the whole note, our lines and the mirror's.
	 * Durable when it returns 0.
	 */
	int (*receipt)(void *ctx, uint64_t size, uint64_t time,
		       const uint8_t *note, size_t note_bytes,
		       struct seal_diag *diag);
};

/* ---- transport: lib/http behind 20 lines of glue ---- */

typedef int (*seal_forward_body_fn)(void *ctx, const uint8_t **ret_piece,
				    size_t *ret_bytes, struct seal_diag *diag);

struct seal_forward_answer {
	unsigned status;
	char content_type[128];
	bool has_retry_after;
	uint64_t retry_after_ms;
	struct seal_buf *body; /* buffer given; at most SEAL_ANSWER_BYTES_MAX */
};

struct seal_forward_transport {
	void *ctx;
	/*
	 * POST to the mirror's prefix + path.  SEAL_E_STOPPED after abort; any
	 * other error is a matter of transport and is tried again.  gzip: the
	 * body is to be compressed.
	 */
	int (*post)(void *ctx, const char *path, const char *content_type,
		    bool gzip, seal_forward_body_fn body, void *body_ctx,
		    struct seal_forward_answer *ret_answer,
		    struct seal_diag *diag);
	/*
	 * GET of prefix + path, of the other side's checkpoint: to keep it,
	 * once, after a freeze or halt, and when the mirror has less than it
	 * had.  May be NULL.
	 */
	int (*get)(void *ctx, const char *path,
		   struct seal_forward_answer *ret_answer,
		   struct seal_diag *diag);
	/* Any thread: ends the request under way at once. */
	void (*abort)(void *ctx);
};

/* ---- clock ---- */

struct seal_forward_clock {
	void *ctx;
	uint64_t (*now_ms)(void *ctx); /* monotonic */
	uint32_t (*random)(void *ctx); /* jitter only */
};

/* ---- alarms ---- */

enum seal_forward_alarm {
	SEAL_FORWARD_ALARM_NONE = 0,
	SEAL_FORWARD_ALARM_HALT_ROLLBACK = 1,  /* AS027: mirror has more */
	SEAL_FORWARD_ALARM_HALT_FORK = 2,      /* AS008: another root */
	SEAL_FORWARD_ALARM_FREEZE_BEHIND = 3,  /* AS027: mirror went back */
	SEAL_FORWARD_ALARM_FREEZE_REFUSED = 4, /* 400, 422 */
	SEAL_FORWARD_ALARM_NO_RECEIPT = 5, /* 200 without a valid cosignature */
	SEAL_FORWARD_ALARM_REFUSED = 6,	   /* 3xx 401 403 404 407 421 other */
	SEAL_FORWARD_ALARM_TOO_LARGE = 7,  /* 413 at one package */
	SEAL_FORWARD_ALARM_SOURCE = 8,	   /* the spool could not be read */
};

/*
 * All borrowed for the call.  Repeats of one alarm are told only once, but a
 * freeze or halt a second time when the other side's checkpoint could be had:
 * then theirs is that, the first time it is what was answered.
 */
struct seal_forward_event {
	enum seal_forward_alarm alarm;
	const char *finding;	      /* "AS027", "AS008" or NULL */
	const char *text;	      /* one sentence: what, and what to do */
	const uint8_t *ours, *theirs; /* notes kept as evidence, or NULL */
	size_t ours_bytes, theirs_bytes;
};

typedef void (*seal_forward_alarm_fn)(void *ctx,
				      const struct seal_forward_event *event);

/* ---- configuration ---- */

struct seal_forward_config {
	const char *origin; /* copied */
	const char *server; /* copied; for sentences only */
	/*
	 * Keys of this mirror (type 0x04), owned by the caller, at most 32;
	 * keys_needed (1..n_keys) different ones must have cosigned a receipt.
	 */
	const struct seal_vkey *const *keys;
	size_t n_keys, keys_needed;
	/*
	 * Witnesses (type 0x04), at most 32, may be none: lines of theirs in an
	 * answer to add-checkpoint go into the receipt's note.
	 */
	const struct seal_vkey *const *witnesses;
	size_t n_witnesses;
	/* The last receipt that is kept, 0 if none: where to begin. */
	uint64_t receipt_size, receipt_time;
	bool frozen;	  /* begins FROZEN */
	uint32_t pace_ms; /* between two uploads; 0: 10 */
	seal_forward_alarm_fn alarm;
	void *alarm_ctx;
};

/* ---- the machine ---- */

enum seal_forward_phase {
	SEAL_FORWARD_IDLE = 1,	     /* the mirror has what is sealed */
	SEAL_FORWARD_CHECKPOINT = 2, /* next: add-checkpoint */
	SEAL_FORWARD_ENTRIES = 3,    /* next: add-entries */
	SEAL_FORWARD_OPENINGS = 4,   /* next: add-openings (not yet used) */
	SEAL_FORWARD_FROZEN = 5,     /* no uploads until resumed */
	SEAL_FORWARD_HALTED = 6,     /* sealing must stop too */
	SEAL_FORWARD_STOPPED = 7,
};

/* A consistent copy; any thread. */
struct seal_forward_state {
	enum seal_forward_phase phase;
	enum seal_forward_alarm alarm; /* in force, or of freeze and halt */
	uint64_t receipt_size, receipt_time;
	uint64_t pending_size, next; /* of the mirror, as last heard */
	uint64_t requests, uploads, receipts, retries; /* counts */
	uint64_t entries, bytes; /* sent in add-entries, before gzip */
	/* in a row: no answer, or one that only says "later" (408, 425, 429,
	   5xx); 0 after another */
	uint64_t failures;
	unsigned last_status;		       /* 0: none, or no answer */
	char last_error[SEAL_DIAG_TEXT_BYTES]; /* "" after success */
};

/* The tables are copied; what they point to is the caller's. */
int seal_forward_new(const struct seal_forward_config *config,
		     const struct seal_forward_source *source,
		     const struct seal_forward_transport *transport,
		     const struct seal_forward_clock *clock,
		     struct seal_forward **ret_forward, struct seal_diag *diag);
void seal_forward_free(struct seal_forward *forward);

/*
 * Does at most one request, if one is due.  *ret_wait_ms: call again after so
 * long; 0: at once; SEAL_FORWARD_NEVER: when the log has grown (idle), or not
 * at all (frozen, halted).  Earlier calls do no harm and make nothing earlier.
 * Troubles with mirror or spool are told by state and alarms; the only error is
 * SEAL_E_STOPPED, after _stop.
 */
int seal_forward_step(struct seal_forward *forward, uint64_t *ret_wait_ms);

/* Any thread: ends a request under way; every later step is SEAL_E_STOPPED. */
void seal_forward_stop(struct seal_forward *forward);

/* Any thread. */
void seal_forward_get_state(const struct seal_forward *forward,
			    struct seal_forward_state *ret_state);

/* Owner thread: leaves FROZEN; begins afresh. */
void seal_forward_resume(struct seal_forward *forward);

#endif
