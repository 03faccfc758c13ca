/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening: policy, keys, spool, then the threads.  Without a policy records are
 * sealed all the same.  Contract: host_internal.h.
 */
#include "host/host_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/crypto.h"
#include "core/policy.h"
#include "host/thread.h"
#include "seal-config.h"

#define TICK_RETRY_MS 1000

static void say_sender(void *ctx, int severity, const char *text)
{
	seal_host_say(ctx, severity, text);
}

static void spool_alarm(void *ctx, enum seal_spool_alarm alarm,
			const char *text)
{
	int severity = LOG_WARNING;

	if (alarm == SEAL_ALARM_QUOTA_OK || alarm == SEAL_ALARM_RECOVERED ||
	    alarm == SEAL_ALARM_SEGMENTS)
		severity = LOG_NOTICE;
	else if (alarm == SEAL_ALARM_FULL || alarm == SEAL_ALARM_IO ||
		 alarm == SEAL_ALARM_HALT)
		severity = LOG_ERR;
	seal_host_keep(ctx, severity, "%s", text);
}

static int read_file(const char *path, struct seal_buf *ret_bytes,
		     struct seal_diag *diag)
{
	uint8_t piece[4096];
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return seal_diag_set_errno(diag, SEAL_E_CONFIG, errno,
					   "cannot read the policy %s", path);
	do {
		n = read(fd, piece, sizeof(piece));
		if (n > 0)
			seal_buf_put(ret_bytes, piece, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	close(fd);
	if (n < 0)
		return seal_diag_set_errno(diag, SEAL_E_CONFIG, errno,
					   "cannot read the policy %s", path);
	if (seal_buf_error(ret_bytes))
		return seal_diag_set(diag, SEAL_E_NOMEM,
				     "no memory for the policy %s", path);
	return 0;
}

static int read_policy(struct seal_host *host, struct seal_diag *diag)
{
	struct seal_buf bytes;
	int err;

	seal_buf_init(&bytes);
	err = read_file(host->config.policy, &bytes, diag);
	if (!err)
		err = seal_policy_parse(bytes.data, bytes.len,
					host->config.policy, &host->policy,
					diag);
	seal_buf_fini(&bytes);
	return err;
}

static uint64_t suspended_since(struct seal_host *host)
{
	uint64_t since_us;

	pthread_mutex_lock(&host->mutex);
	since_us = host->suspended ? host->suspended_since_us : 0;
	pthread_mutex_unlock(&host->mutex);
	return since_us;
}

/* The spool that was opened has, or will have, the gap entry. */
static void suspension_told(struct seal_host *host)
{
	bool was;

	pthread_mutex_lock(&host->mutex);
	was = host->suspended;
	host->suspended = false;
	pthread_mutex_unlock(&host->mutex);
	if (was)
		seal_host_keep(host, LOG_NOTICE, "sealing goes on");
}

static int open_spool(struct seal_host *host, struct seal_spool **ret_spool,
		      struct seal_diag *diag)
{
	const struct seal_host_config *p = &host->config;
	struct seal_spool_config config = {
		.origin = p->origin,
		.dir = p->spool,
		.keydir = p->keydir,
		.max_bytes = p->spool_max_bytes,
		.keep_bytes = p->spool_keep_bytes,
		.segment_max_bytes = p->segment_max_bytes,
		.nosync = p->nosync,
		.onfull = p->onfull_suspend ? SEAL_ONFULL_SUSPEND
					    : SEAL_ONFULL_GAP,
		.heartbeat_s = (uint32_t)p->heartbeat_s,
		.epoch_max_entries = p->epoch_max_entries,
		.epoch_interval_s = (uint32_t)p->epoch_interval_s,
		.version = PACKAGE_VERSION,
		.suspended_since_us = suspended_since(host),
		.policy = host->policy,
		.alarm = spool_alarm,
		.alarm_ctx = host};

	if (host->policy)
		config.policy_digest = *seal_policy_digest(host->policy);
	return seal_spool_open(&config, seal_io_posix(), ret_spool, diag);
}

/* What the action runs in spite of stands in the log, too. */
static void write_notes(struct seal_host *host, struct seal_spool *spool,
			bool policy_missing)
{
	const struct seal_host_config *p = &host->config;
	struct seal_diag diag;
	size_t n;
	int err = 0;

	for (n = 0; n < p->notes_len && !err; n++)
		err = seal_spool_config_entry(spool, p->notes[n].what,
					      p->notes[n].value, &diag);
	if (policy_missing && !err)
		err = seal_spool_config_entry(spool, "policy", "unreadable",
					      &diag);
	if (err)
		seal_host_keep(host, LOG_ERR, "no config entry was made: %s",
			       diag.text);
}

void seal_host_start_senders(struct seal_host *host, struct seal_spool *spool)
{
	struct seal_sender_config config = {.host = &host->config,
					    .policy = host->policy,
					    .spool = spool,
					    .servers = host->config.servers_len,
					    .say = say_sender,
					    .say_ctx = host};
	struct seal_diag diag;
	size_t s;

	if (!host->policy)
		return;
	for (s = 0; s < host->config.servers_len; s++) {
		config.url = host->config.servers[s];
		if (!host->senders[s] &&
		    seal_sender_start(&config, &host->senders[s], &diag))
			seal_host_keep(host, LOG_ERR,
				       "nothing is sent to %s, records stay in "
				       "the spool: "
				       "%s",
				       config.url, diag.text);
	}
}

static void *tick(void *ctx)
{
	struct seal_host *host = ctx;
	struct seal_spool *spool = atomic_load(&host->spool);
	struct timespec until;
	struct seal_diag diag;
	uint64_t wait_ms;
	int told = 0, err;

	for (;;) {
		err = seal_spool_tick(spool, &diag);
		if (err && err != told)
			seal_host_keep(host, LOG_ERR, "%s", diag.text);
		told = err;
		seal_host_say_kept(host);
		wait_ms = err ? TICK_RETRY_MS : seal_spool_next_tick_ms(spool);
		until = seal_after_ms(CLOCK_MONOTONIC, wait_ms);
		pthread_mutex_lock(&host->mutex);
		while (!host->stopping)
			if (pthread_cond_timedwait(&host->changed, &host->mutex,
						   &until))
				break;
		if (host->stopping) {
			pthread_mutex_unlock(&host->mutex);
			return NULL;
		}
		pthread_mutex_unlock(&host->mutex);
	}
}

static int start_ticker(struct seal_host *host, struct seal_diag *diag)
{
	int err = seal_thread_start(&host->ticker, tick, host);

	if (err)
		return seal_diag_set_errno(diag, SEAL_E_NOMEM, err,
					   "no thread for heartbeats");
	host->ticking = true;
	return 0;
}

/* Will it be otherwise, with nothing mended? */
static bool passes(const struct seal_diag *diag)
{
	return diag->code == SEAL_E_NOMEM || diag->sys_errno == EMFILE ||
	       diag->sys_errno == ENFILE || diag->sys_errno == ENOMEM;
}

/* With `opening` held. */
static int open_all(struct seal_host *host, struct seal_diag *diag)
{
	struct seal_spool *spool;
	struct seal_diag policy_diag = {0};
	bool blind;
	int err;

	err = seal_crypto_init(diag);
	if (err)
		return err;
	if (!host->policy)
		(void)read_policy(host, &policy_diag);
	if (passes(&policy_diag)) {
		*diag = policy_diag;
		return diag->code;
	}
	err = open_spool(host, &spool, diag);
	if (err)
		return err;
	atomic_store(&host->spool, spool);
	/* Nothing below can undo that: the log has begun its session. */
	suspension_told(host);
	blind = policy_diag.code &&
		(host->config.servers_len || policy_diag.sys_errno != ENOENT);
	if (blind)
		seal_host_keep(
			host, LOG_ERR,
			"records are sealed but not sent, and the spool only "
			"grows, until rsyslogd is restarted with a policy: %s",
			policy_diag.text);
	write_notes(host, spool, blind);
	seal_host_start_senders(host, spool);
	if (start_ticker(host, &policy_diag))
		seal_host_keep(host, LOG_ERR, "%s", policy_diag.text);
	return 0;
}

int seal_host_open(struct seal_host *host, struct seal_diag *diag)
{
	int err = 0;

	pthread_mutex_lock(&host->opening);
	if (!atomic_load(&host->spool))
		err = open_all(host, diag);
	pthread_mutex_unlock(&host->opening);
	return err;
}
