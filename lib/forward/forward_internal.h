/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the sender share: forward.c (life, time, state), upload.c
 * (offers, proofs, bodies), answer.c (the answer table of
 * docs/spec/protocol.md).
 */
#ifndef SEAL_FORWARD_INTERNAL_H
#define SEAL_FORWARD_INTERNAL_H

#include "core/buf.h"
#include "core/proof.h"
#include "forward/forward.h"
#include "protocol/answer.h"
#include "protocol/limits.h"

#include <pthread.h>
#include <stdatomic.h>

#define FORWARD_KEYS_MAX 32
/* Entries between what the mirror has and an offer: 64 MiB of hashes. */
#define FORWARD_DISTANCE_MAX (UINT64_C(1) << 20)
#define FORWARD_REFUSED_MS   60000 /* after 3xx, 401, ... */

/* A body on its way: where it is in the canonical sequence. */
struct forward_send {
	struct seal_buf piece;
	uint64_t package, packages; /* next; where this request ends */
	uint64_t entry;		    /* next of the package, 0: none yet */
	bool header_done;
	int error; /* of the source: not the mirror's fault */
};

struct seal_forward {
	char *origin, *server;
	const struct seal_vkey *key[FORWARD_KEYS_MAX];
	const struct seal_vkey *witness[FORWARD_KEYS_MAX];
	size_t n_keys, n_witnesses, keys_needed;
	uint32_t pace_ms;
	seal_forward_alarm_fn alarm;
	void *alarm_ctx;
	struct seal_forward_source source;
	struct seal_forward_transport transport;
	struct seal_forward_clock clock;
	atomic_bool stopped;

	pthread_mutex_t lock; /* of published alone */
	struct seal_forward_state published;

	/* The rest is the owner thread's. */
	struct seal_forward_state state;
	uint64_t due_ms;    /* nothing is sent before */
	uint64_t begun_ms;  /* of the present upload: pacing */
	uint64_t jitter_ms; /* the last one; 0: none since success */
	unsigned behind;    /* times in a row that the mirror was behind */
	unsigned conflicts; /* answers in a row that led to no progress */
	unsigned max_packages;
	bool retried;  /* add-entries was refused once: 422, 400 */
	bool probing;  /* is the root at the mirror's size ours? */
	bool evidence; /* the other side's checkpoint is still to be fetched */

	bool has_offer;
	struct seal_forward_offer offer; /* note is `note` */
	struct seal_buf note, witness_lines, ticket;

	bool has_tail;
	struct seal_tail tail; /* [tail.start, offer.size) */
	struct seal_hash *leaves;
	bool has_edge;
	struct seal_frontier edge; /* of the tree of the last offer */

	struct seal_buf body; /* of the answer */
	struct seal_forward_answer answer;
	struct forward_send send;
	struct seal_mirror_info info; /* 64 KiB: not for the stack */
	char text[SEAL_DIAG_TEXT_BYTES];
};

/* ---- forward.c ---- */

/* Tries again after so long; counts a retry. */
void forward_wait(struct seal_forward *fw, uint64_t ms);
/* Tries again after the decorrelated jitter. */
void forward_back_off(struct seal_forward *fw);
void forward_raise(struct seal_forward *fw, enum seal_forward_alarm alarm,
		   const char *finding, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Raises, and enters FROZEN or HALTED. */
void forward_end(struct seal_forward *fw, enum seal_forward_phase phase,
		 enum seal_forward_alarm alarm, const char *finding,
		 const char *fmt, ...) __attribute__((format(printf, 5, 6)));
void forward_note_error(struct seal_forward *fw, const char *text);
/* The spool said no: alarm unless it was memory, and back-off. */
void forward_source_failed(struct seal_forward *fw, int error,
			   const struct seal_diag *diag);

void forward_begin_request(struct seal_forward *fw);

/* ---- behind.c ---- */

/* The mirror's checkpoint is in fw->body; false: it could not be had. */
bool forward_get_checkpoint(struct seal_forward *fw);
/*
 * The mirror says that it has less than it gave a receipt for.  It may answer
 * from stale data, so it is asked again after 5, 30 and 60 s; if it stays, or a
 * checkpoint that it signed later is shorter: freeze.
 */
void forward_on_behind(struct seal_forward *fw, uint64_t theirs);

/* ---- upload.c ---- */

/* Chooses a head and computes the hashes; 0 or the source's error. */
int forward_offer(struct seal_forward *fw, struct seal_diag *diag);
/* The hashes for an upload from the present `next`. */
int forward_prepare(struct seal_forward *fw, struct seal_diag *diag);
void forward_drop_offer(struct seal_forward *fw);
/* The bodies of the two requests. */
int forward_checkpoint_body(struct seal_forward *fw, struct seal_buf *ret_body);
void forward_send_begin(struct seal_forward *fw);
int forward_send_piece(void *ctx, const uint8_t **ret_piece, size_t *ret_bytes,
		       struct seal_diag *diag);

/* ---- answer.c ---- */

/* Is it to be asked again, with nothing else to be done? */
bool forward_is_transient(unsigned status);

void forward_on_checkpoint(struct seal_forward *fw);
void forward_on_entries(struct seal_forward *fw);

#endif
