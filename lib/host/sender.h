/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One server's thread: lib/forward over the spool and lib/http.  It never holds
 * up a commit, and a server that is down never suspends the log.
 */
#ifndef SEAL_HOST_SENDER_H
#define SEAL_HOST_SENDER_H

#include <stdint.h>

#include "core/err.h"
#include "forward/forward.h"

struct seal_host_config;
struct seal_policy;
struct seal_sender;
struct seal_spool;

/* severity: syslog's.  Any thread; text: one sentence. */
typedef void (*seal_say_fn)(void *ctx, int severity, const char *text);

struct seal_sender_config {
	const char *url; /* as seal_http_server_url() gives it */
	const struct seal_host_config *host;
	const struct seal_policy *policy;
	struct seal_spool *spool;
	size_t servers; /* how many there are in all */
	seal_say_fn say;
	void *say_ctx;
};

/*
 * Starts the thread; everything in config stays the caller's and must outlive
 * the sender.  SEAL_E_CONFIG: the policy names no key for this server.
 */
int seal_sender_start(const struct seal_sender_config *config,
		      struct seal_sender **ret_sender, struct seal_diag *diag);

/* Any thread: certificates and keys are read again before the next request. */
void seal_sender_reload(struct seal_sender *sender);

void seal_sender_state(struct seal_sender *sender,
		       struct seal_forward_state *ret_state);

/* Asks the thread to end, at once; then waits for it and frees. */
void seal_sender_ask_stop(struct seal_sender *sender);
void seal_sender_free(struct seal_sender *sender);

#endif
