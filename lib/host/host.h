/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One log on its host, as a program runs it: opened when that can be done,
 * sealed into, ticked, sent to its servers, each by a thread of its own.  Knows
 * nothing of rsyslog.  A start that fails is not an error here: the log is
 * suspended, and opened later.
 *
 * Threads: _commit, _resume, _hup and _stats may be called by any at any time
 * between _start and _free; the caller disables cancellation around them.
 */
#ifndef SEAL_HOST_HOST_H
#define SEAL_HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spool/spool.h"

#define SEAL_HOST_SERVERS_MAX 16
#define SEAL_HOST_NOTES_MAX   16

struct seal_host;

/* Something about the configuration that shall stand in a config entry. */
struct seal_host_note {
	const char *what, *value;
};

/* Everything is borrowed and must outlive the host. */
struct seal_host_config {
	const char *origin, *keydir, *policy, *spool;
	const char *tls_ca, *tls_cert, *tls_key; /* files, PEM */
	uint64_t spool_max_bytes, spool_keep_bytes, segment_max_bytes;
	bool nosync, onfull_suspend;
	uint64_t heartbeat_s, epoch_interval_s, epoch_max_entries;
	/* as seal_http_server_url() gives them */
	const char *servers[SEAL_HOST_SERVERS_MAX];
	size_t servers_len;
	struct seal_host_note notes[SEAL_HOST_NOTES_MAX];
	size_t notes_len;
	/*
	 * Tells a sentence; severity: syslog's.  Called from any thread, never
	 * under a lock.
	 */
	void (*say)(void *ctx, int severity, const char *text);
	void *say_ctx;
};

struct seal_host_stats {
	struct seal_spool_stats spool; /* zeroes while it is not open */
	uint64_t uploads, receipts, upload_errors;
	uint64_t suspended; /* how often */
	uint64_t frozen;    /* mirrors that nothing is sent to */
};

/* Opens nothing and starts nothing.  SEAL_E_NOMEM. */
int seal_host_new(const struct seal_host_config *config,
		  struct seal_host **ret_host);
const struct seal_host_config *seal_host_config(const struct seal_host *host);

/* After the last fork and the change of user: opens, starts the threads. */
void seal_host_start(struct seal_host *host);

/* All of msgs are sealed; or the log is suspended: false, keep them. */
bool seal_host_commit(struct seal_host *host, const struct seal_message *msgs,
		      size_t n);

/* Would a commit work now?  Opens what is not open, repairs what it can. */
bool seal_host_resume(struct seal_host *host);

/* A new segment; the files of TLS are read again. */
void seal_host_hup(struct seal_host *host);
void seal_host_stats(struct seal_host *host, struct seal_host_stats *ret_stats);

/*
 * Waits for commits under way, stops the threads, ends the log's run, frees.
 * No other function may be called any more.  NULL is a no-op.
 */
void seal_host_free(struct seal_host *host);

#endif
