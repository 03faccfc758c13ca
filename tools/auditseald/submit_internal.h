/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by submit.c, which chooses, and submit_answer.c, which judges. */
#ifndef AUDITSEALD_SUBMIT_INTERNAL_H
#define AUDITSEALD_SUBMIT_INTERNAL_H

#include "submit.h"

#define PACE_MS	      1000  /* between two checkpoints of a log */
#define REFUSED_MS    60000 /* after a refusal */
#define AHEAD_MS      5000  /* before a witness that is ahead is believed */
#define RETRY_MAX_MS  (15 * 60 * 1000)
#define JITTER_MIN_MS 500
#define JITTER_MAX_MS 60000
#define CORRECTIONS   3 /* answers that only correct, at once */

enum submit_alarm {
	SUBMIT_GOOD = 0,
	SUBMIT_NO_LINE,
	SUBMIT_FORGOT,
	SUBMIT_AHEAD,
	SUBMIT_FORK,
	SUBMIT_PROOF_REFUSED,
	SUBMIT_REFUSED,
	SUBMIT_STRANGE,
	SUBMIT_OWN_FAULT,
};

/* One log at one witness. */
struct target {
	bool loaded;
	uint64_t acked; /* size whose line we hold */
	uint64_t old;	/* what the witness has, as far as we know */
	uint64_t due_ms;
	unsigned corrections, ahead;
	bool probe; /* next: the checkpoint of exactly the size old */
	enum submit_alarm alarm;
};

struct party {
	struct seal_vkey vkey;
	char *url;
	uint64_t due_ms, jitter_ms; /* no answer: all logs wait */
	bool silent;		    /* and that was said */
	bool listed;		    /* by the policy, in this pass */
	struct target *targets;	    /* by the storage's number of the log */
	size_t targets_count;
	struct party *next;
};

struct submit {
	struct store *store;
	struct submit_config config;
	struct party *parties;
	struct seal_buf request, answer;
};

/* What was sent, and its answer. */
struct exchange {
	struct party *party;
	struct target *target;
	int64_t log;
	const char *origin;
	uint64_t old, size;
	struct seal_hash root;
	bool probe;
	struct submit_answer answer;
};

void submit_judge(struct submit *s, const struct exchange *x);
/* No answer at all. */
void submit_no_answer(struct submit *s, struct party *party,
		      const struct seal_diag *diag);
/* Once until it changes; format: what comes behind "witness W, log L: ". */
void submit_tell(struct submit *s, const struct exchange *x,
		 enum submit_alarm alarm, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void submit_later(struct submit *s, struct target *target, uint64_t ms);

#endif
