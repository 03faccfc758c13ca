/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store as a client of others' witnesses: brings the newest checkpoint of
 * each log to each witness of the policy that has an address and is not the
 * store itself, and keeps the lines that come back.  A state machine over the
 * store, a transport and a clock; starts no thread, knows no HTTP library, and
 * takes no lock of a log, so that uploads go on whatever it does.
 * docs/spec/protocol.md section 8.
 */
#ifndef AUDITSEALD_SUBMIT_H
#define AUDITSEALD_SUBMIT_H

#include "store.h"

#define SUBMIT_NEVER UINT64_MAX

struct submit_answer {
	unsigned status;
	char type[128]; /* Content-Type, "" if absent */
	bool has_retry_after;
	uint64_t retry_after_ms;
	struct seal_buf *body; /* buffer given */
};

struct submit_config {
	void *ctx;
	/*
	 * POST of a body to a URL.  STOPPED ends the pass; any other error
	 * means that there is no answer.
	 */
	int (*post)(void *ctx, const char *url, const struct seal_buf *body,
		    struct submit_answer *ret_answer, struct seal_diag *diag);
	uint64_t (*now_ms)(void *ctx); /* monotonic */
	uint32_t (*random)(void *ctx); /* jitter only */
	/* One sentence for the operator, once until it changes. */
	void (*alarm)(void *ctx, const char *sentence);
};

struct submit;

/* The store is borrowed, config is copied. */
int submit_new(struct store *store, const struct submit_config *config,
	       struct submit **ret_submit, struct seal_diag *diag);
void submit_free(struct submit *submit); /* NULL: nothing */

/*
 * Whatever is due, at most one request for each log and witness.
 * *ret_wait_ms: when the next one is due; SUBMIT_NEVER: when a log has grown.
 * STOPPED; or what kept it from looking at the logs at all.
 */
int submit_pass(struct submit *submit, uint64_t *ret_wait_ms,
		struct seal_diag *diag);

#endif
