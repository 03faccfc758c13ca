/* SPDX-License-Identifier: Apache-2.0 */
/* What host.c and host_open.c share.  Contract: host.h. */
#ifndef SEAL_HOST_HOST_INTERNAL_H
#define SEAL_HOST_HOST_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "host/host.h"
#include "host/sender.h"

#define SEAL_HOST_LINE_BYTES 1024

struct seal_policy;

/* A sentence made under a lock, where the program must not be called. */
struct seal_host_line {
	struct seal_host_line *next;
	int severity;
	char text[SEAL_HOST_LINE_BYTES];
};

struct seal_host {
	struct seal_host_config config;
	_Atomic(struct seal_host_line *) lines; /* newest first */
	/*
	 * Opening is one thread's work at a time.  The spool is set once, and
	 * stays until _free; what it points to has locks of its own.
	 */
	pthread_mutex_t opening;
	_Atomic(struct seal_spool *) spool;
	struct seal_policy *policy;
	struct seal_sender *senders[SEAL_HOST_SERVERS_MAX];

	pthread_mutex_t mutex; /* of all below */
	pthread_cond_t changed;
	unsigned users; /* threads in the spool */
	bool stopping;
	bool suspended;
	uint64_t suspended_since_us;
	int suspended_by, suspended_errno; /* SEAL_E_* that was told last */
	uint64_t suspensions;
	bool ticking;
	pthread_t ticker;
};

/* Tells a sentence; no lock may be held. */
void seal_host_say(struct seal_host *host, int severity, const char *text);

/* Keeps a sentence until the next _say_kept, which no lock may surround. */
void seal_host_keep(struct seal_host *host, int severity, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void seal_host_say_kept(struct seal_host *host);

/* Opens what is not open yet, and starts the threads; keeps sentences. */
int seal_host_open(struct seal_host *host, struct seal_diag *diag);

/* Those that do not run yet; `opening` is held. */
void seal_host_start_senders(struct seal_host *host, struct seal_spool *spool);

#endif
