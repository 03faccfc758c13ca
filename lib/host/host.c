/* SPDX-License-Identifier: Apache-2.0 */
/* Sealing, suspending, going on, stopping.  Contract: host.h. */
#include "host/host_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "core/policy.h"
#include "host/thread.h"

void seal_host_say(struct seal_host *host, int severity, const char *text)
{
	char line[SEAL_HOST_LINE_BYTES];

	snprintf(line, sizeof(line), "%s: %s", host->config.origin, text);
	host->config.say(host->config.say_ctx, severity, line);
}

void seal_host_keep(struct seal_host *host, int severity, const char *fmt, ...)
{
	struct seal_host_line *line = malloc(sizeof(*line));
	va_list args;

	if (!line)
		return;
	line->severity = severity;
	va_start(args, fmt);
	vsnprintf(line->text, sizeof(line->text), fmt, args);
	va_end(args);
	line->next = atomic_load(&host->lines);
	while (!atomic_compare_exchange_weak(&host->lines, &line->next, line))
		;
}

/* Takes all that were kept, oldest first. */
static struct seal_host_line *take_kept(struct seal_host *host)
{
	struct seal_host_line *line, *next, *oldest = NULL;

	for (line = atomic_exchange(&host->lines, NULL); line; line = next) {
		next = line->next;
		line->next = oldest;
		oldest = line;
	}
	return oldest;
}

void seal_host_say_kept(struct seal_host *host)
{
	struct seal_host_line *line, *next;

	if (!atomic_load_explicit(&host->lines, memory_order_relaxed))
		return;
	for (line = take_kept(host); line; line = next) {
		next = line->next;
		seal_host_say(host, line->severity, line->text);
		free(line);
	}
}

static void drop_kept(struct seal_host *host)
{
	struct seal_host_line *line, *next;

	for (line = take_kept(host); line; line = next) {
		next = line->next;
		free(line);
	}
}

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- suspended and not ---- */

/* Counts this thread as a user of the spool; NULL if it is not open. */
static struct seal_spool *enter(struct seal_host *host)
{
	struct seal_spool *spool = atomic_load(&host->spool);

	if (!spool)
		return NULL;
	pthread_mutex_lock(&host->mutex);
	if (host->stopping)
		spool = NULL;
	else
		host->users++;
	pthread_mutex_unlock(&host->mutex);
	return spool;
}

static void leave(struct seal_host *host)
{
	pthread_mutex_lock(&host->mutex);
	if (!--host->users)
		pthread_cond_broadcast(&host->changed);
	pthread_mutex_unlock(&host->mutex);
	seal_host_say_kept(host);
}

/* Into the folder of another log, or another host's, nothing is written. */
static bool is_ours(int code)
{
	return code != SEAL_E_FOREIGN && code != SEAL_E_CLONE;
}

/* Each new reason is told once.  No lock may be held. */
static void suspend(struct seal_host *host, const struct seal_diag *diag)
{
	uint64_t since_us;
	bool tell;

	pthread_mutex_lock(&host->mutex);
	tell = !host->suspended || host->suspended_by != diag->code ||
	       host->suspended_errno != diag->sys_errno;
	if (!host->suspended) {
		host->suspended = true;
		host->suspended_since_us = now_us();
		host->suspensions++;
	}
	since_us = host->suspended_since_us;
	host->suspended_by = diag->code;
	host->suspended_errno = diag->sys_errno;
	pthread_mutex_unlock(&host->mutex);
	if (is_ours(diag->code)) /* where that cannot be, it is only said */
		(void)seal_spool_mark_suspended(seal_io_posix(),
						host->config.spool, since_us);
	if (tell)
		seal_host_keep(
			host, LOG_ERR,
			"audit messages are not sealed but wait in rsyslog's "
			"queue, until this is mended: %s",
			diag->text);
	/* Attempts to open come every second and say the same each time. */
	if (tell || atomic_load(&host->spool))
		seal_host_say_kept(host);
	else
		drop_kept(host);
}

/* With the mutex. */
static int note_gap(struct seal_host *host, struct seal_spool *spool,
		    struct seal_diag *diag)
{
	struct seal_gap gap = {.reason = SEAL_GAP_SUSPENDED,
			       .bound = SEAL_GAP_LEAST,
			       .from_us = host->suspended_since_us,
			       .to_us = now_us()};
	int err = seal_spool_note_gap(spool, &gap, diag);

	host->suspended = err != 0;
	return err;
}

/*
 * Called when the spool is known to work: a gap entry comes first.  Of several
 * workers one makes it, before any of them goes on.
 */
static int end_suspension(struct seal_host *host, struct seal_spool *spool,
			  struct seal_diag *diag)
{
	bool was;
	int err = 0;

	pthread_mutex_lock(&host->mutex);
	was = host->suspended;
	if (was)
		err = note_gap(host, spool, diag);
	pthread_mutex_unlock(&host->mutex);
	if (was && !err)
		seal_host_keep(host, LOG_NOTICE, "sealing goes on");
	return err;
}

/* ---- what the program asks for ---- */

int seal_host_new(const struct seal_host_config *config,
		  struct seal_host **ret_host)
{
	struct seal_host *host = calloc(1, sizeof(*host));

	if (!host)
		return SEAL_E_NOMEM;
	host->config = *config;
	pthread_mutex_init(&host->opening, NULL);
	pthread_mutex_init(&host->mutex, NULL);
	seal_cond_init(&host->changed);
	*ret_host = host;
	return 0;
}

const struct seal_host_config *seal_host_config(const struct seal_host *host)
{
	return &host->config;
}

void seal_host_start(struct seal_host *host)
{
	struct seal_diag diag;

	if (seal_host_open(host, &diag))
		suspend(host, &diag);
	else
		seal_host_say_kept(host);
}

bool seal_host_commit(struct seal_host *host, const struct seal_message *msgs,
		      size_t n)
{
	struct seal_spool *spool = enter(host);
	struct seal_diag diag;
	int err;

	if (!spool)
		return false;
	err = end_suspension(host, spool, &diag);
	if (!err)
		err = seal_spool_commit(spool, msgs, n, NULL, &diag);
	leave(host);
	if (err)
		suspend(host, &diag);
	return !err;
}

bool seal_host_resume(struct seal_host *host)
{
	struct seal_spool *spool;
	struct seal_diag diag;
	int err;

	err = seal_host_open(host, &diag);
	if (err) {
		suspend(host, &diag);
		return false;
	}
	seal_host_say_kept(host);
	spool = enter(host);
	if (!spool)
		return false;
	err = seal_spool_check(spool, &diag);
	if (!err)
		err = end_suspension(host, spool, &diag);
	leave(host);
	if (err)
		suspend(host, &diag);
	return !err;
}

void seal_host_hup(struct seal_host *host)
{
	struct seal_spool *spool = enter(host);
	struct seal_diag diag;
	size_t s;

	if (!spool)
		return;
	if (seal_spool_rotate(spool, &diag))
		seal_host_keep(host, LOG_ERR, "no new segment at HUP: %s",
			       diag.text);
	pthread_mutex_lock(&host->opening);
	for (s = 0; s < host->config.servers_len; s++)
		if (host->senders[s])
			seal_sender_reload(host->senders[s]);
	seal_host_start_senders(host, spool);
	pthread_mutex_unlock(&host->opening);
	leave(host);
}

void seal_host_stats(struct seal_host *host, struct seal_host_stats *ret_stats)
{
	struct seal_spool *spool = enter(host);
	struct seal_forward_state state;
	size_t s;

	memset(ret_stats, 0, sizeof(*ret_stats));
	pthread_mutex_lock(&host->mutex);
	ret_stats->suspended = host->suspensions;
	pthread_mutex_unlock(&host->mutex);
	if (!spool)
		return;
	seal_spool_stats(spool, &ret_stats->spool);
	pthread_mutex_lock(&host->opening);
	for (s = 0; s < host->config.servers_len; s++) {
		if (!host->senders[s])
			continue;
		seal_sender_state(host->senders[s], &state);
		ret_stats->receipts += state.receipts;
		ret_stats->uploads += state.uploads;
		ret_stats->upload_errors += state.retries;
		ret_stats->frozen += state.phase == SEAL_FORWARD_FROZEN;
	}
	pthread_mutex_unlock(&host->opening);
	leave(host);
}

static void stop_threads(struct seal_host *host)
{
	size_t s;

	pthread_mutex_lock(&host->mutex);
	host->stopping = true;
	pthread_cond_broadcast(&host->changed);
	while (host->users)
		pthread_cond_wait(&host->changed, &host->mutex);
	pthread_mutex_unlock(&host->mutex);
	for (s = 0; s < host->config.servers_len; s++)
		if (host->senders[s])
			seal_sender_ask_stop(host->senders[s]);
	for (s = 0; s < host->config.servers_len; s++)
		seal_sender_free(host->senders[s]);
	if (host->ticking)
		pthread_join(host->ticker, NULL);
}

void seal_host_free(struct seal_host *host)
{
	struct seal_spool *spool;
	struct seal_diag diag;

	if (!host)
		return;
	stop_threads(host);
	spool = atomic_load(&host->spool);
	if (spool && host->suspended) /* before the stop, if that can be */
		(void)note_gap(host, spool, &diag);
	if (spool && seal_spool_close(spool, &diag))
		seal_host_keep(host, LOG_ERR,
			       "the session did not end cleanly: %s",
			       diag.text);
	seal_host_say_kept(host);
	seal_policy_free(host->policy);
	pthread_cond_destroy(&host->changed);
	pthread_mutex_destroy(&host->mutex);
	pthread_mutex_destroy(&host->opening);
	free(host);
}
