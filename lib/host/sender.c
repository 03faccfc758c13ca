/* SPDX-License-Identifier: Apache-2.0 */
/* Glue between lib/forward, the spool and lib/http.  Contract: sender.h. */
#include "host/sender.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "core/buf.h"
#include "core/policy.h"
#include "http/http.h"
#include "spool/frozen.h"
#include "spool/spool.h"
#include "host/host.h"
#include "host/thread.h"
#include "host/watch.h"
#include "uplink/uplink.h"

#define IDLE_MS	     60000
#define FROZEN_MS    1000 /* how often an operator's word is looked for */
#define STOP_POLL_MS 20

struct seal_sender {
	struct seal_sender_config config;
	const struct seal_vkey *keys[SEAL_POLICY_WITNESSES_MAX];
	size_t keys_len;
	struct seal_http *http;
	struct seal_forward *forward;
	struct seal_uplink uplink;
	struct seal_watch *watch;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool stopping;
	atomic_bool reload;
	bool freeze_kept; /* in the spool: whoever removes it ends it */
};

static const char *mirror(const struct seal_sender *s)
{
	return s->keys[0]->name;
}

/* ---- alarms ---- */

static void tell(struct seal_sender *s, int severity, const char *text)
{
	char line[640];

	snprintf(line, sizeof(line), "%s: %s", s->config.url, text);
	s->config.say(s->config.say_ctx, severity, line);
}

static bool is_end(enum seal_forward_alarm alarm)
{
	return alarm >= SEAL_FORWARD_ALARM_HALT_ROLLBACK &&
	       alarm <= SEAL_FORWARD_ALARM_FREEZE_REFUSED;
}

/* Appends where both sides' words are, or why they are not. */
static void keep_evidence(struct seal_sender *s,
			  const struct seal_forward_event *event, char *line,
			  size_t room)
{
	const struct seal_spool_evidence evidence = {
		.finding = event->finding,
		.mirror = mirror(s),
		.ours = event->ours,
		.ours_len = event->ours_bytes,
		.theirs = event->theirs,
		.theirs_len = event->theirs_bytes};
	char name[SEAL_EVIDENCE_NAME_BYTES];
	struct seal_diag diag;
	size_t len = strlen(line);

	if (seal_spool_keep_evidence(s->config.spool, &evidence, name, &diag))
		snprintf(line + len, room - len, "; it is not kept: %s",
			 diag.text);
	else
		snprintf(line + len, room - len,
			 "; what both sides said is in %s/%s",
			 s->config.host->spool, name);
}

/* A freeze outlives this process; where that fails, only this one knows. */
static void keep_freeze(struct seal_sender *s,
			const struct seal_forward_event *event)
{
	struct seal_diag diag = {0};

	if (s->freeze_kept)
		return;
	s->freeze_kept = !seal_frozen_keep(seal_io_posix(),
					   s->config.host->spool, mirror(s),
					   event->finding, event->text, &diag);
	if (!s->freeze_kept)
		tell(s, LOG_ERR, diag.text);
}

static void alarm_event(void *ctx, const struct seal_forward_event *event)
{
	char line[2 * SEAL_DIAG_TEXT_BYTES + 64];
	struct seal_sender *s = ctx;

	/* The sentence names the server itself. */
	snprintf(line, sizeof(line), "%s", event->text);
	if (is_end(event->alarm))
		keep_evidence(s, event, line, sizeof(line));
	s->config.say(s->config.say_ctx, LOG_ERR, line);
	if (event->alarm == SEAL_FORWARD_ALARM_FREEZE_BEHIND ||
	    event->alarm == SEAL_FORWARD_ALARM_FREEZE_REFUSED)
		keep_freeze(s, event);
	if (event->alarm == SEAL_FORWARD_ALARM_HALT_ROLLBACK ||
	    event->alarm == SEAL_FORWARD_ALARM_HALT_FORK)
		seal_spool_halt(s->config.spool,
				event->finding ? event->finding : "AS027",
				event->text);
}

/* ---- thread ---- */

static bool stopping(struct seal_sender *s)
{
	bool stop;

	pthread_mutex_lock(&s->mutex);
	stop = s->stopping;
	pthread_mutex_unlock(&s->mutex);
	return stop;
}

/* Waits so long, or until asked to stop. */
static void pause_ms(struct seal_sender *s, uint64_t wait_ms)
{
	struct timespec until = seal_after_ms(CLOCK_MONOTONIC, wait_ms);

	pthread_mutex_lock(&s->mutex);
	while (!s->stopping)
		if (pthread_cond_timedwait(&s->wake, &s->mutex, &until))
			break;
	pthread_mutex_unlock(&s->mutex);
}

/* Until an operator ends it: `auditseal resume` removes what keeps it. */
static void wait_frozen(struct seal_sender *s)
{
	pause_ms(s, FROZEN_MS);
	if (!s->freeze_kept ||
	    seal_frozen_is(seal_io_posix(), s->config.host->spool, mirror(s)))
		return;
	s->freeze_kept = false;
	seal_forward_resume(s->forward);
	tell(s, LOG_NOTICE, "the freeze was ended: entries are sent again");
}

/* What the mirror has: nothing is to be done until more is sealed. */
static void wait_for_entries(struct seal_sender *s, uint64_t most_ms)
{
	struct seal_forward_state state;

	if (most_ms > IDLE_MS)
		most_ms = IDLE_MS;
	seal_forward_get_state(s->forward, &state);
	if (state.phase == SEAL_FORWARD_IDLE)
		(void)seal_spool_wait(s->config.spool, state.receipt_size,
				      most_ms);
	else if (state.phase == SEAL_FORWARD_FROZEN)
		wait_frozen(s);
	else
		pause_ms(s, most_ms);
}

/* To such a mirror no request goes at all. */
static bool is_at_rest(const struct seal_forward_state *state)
{
	return state->phase == SEAL_FORWARD_FROZEN ||
	       state->phase == SEAL_FORWARD_HALTED;
}

static void *run(void *ctx)
{
	struct seal_sender *s = ctx;
	struct seal_forward_state state;
	uint64_t wait_ms, watch_ms;
	bool down = false;

	while (!stopping(s)) {
		if (atomic_exchange(&s->reload, false))
			seal_http_reload(s->http);
		if (seal_forward_step(s->forward, &wait_ms))
			break;
		seal_forward_get_state(s->forward, &state);
		if (down != (state.failures > 0)) {
			down = !down;
			if (down)
				s->config.say(s->config.say_ctx, LOG_WARNING,
					      state.last_error);
			else
				tell(s, LOG_NOTICE, "answers again");
		}
		watch_ms =
			is_at_rest(&state)
				? SEAL_WATCH_NEVER
				: seal_watch_step(s->watch, state.receipt_size);
		if (wait_ms == SEAL_FORWARD_NEVER)
			wait_for_entries(s, watch_ms);
		else if (wait_ms)
			pause_ms(s, wait_ms < watch_ms ? wait_ms : watch_ms);
	}
	return NULL;
}

/* ---- making and ending ---- */

static int find_keys(struct seal_sender *s, struct seal_diag *diag)
{
	s->keys_len = seal_mirror_keys(s->config.policy, s->config.url,
				       s->config.servers, s->keys);
	if (s->keys_len)
		return 0;
	return seal_diag_set(diag, SEAL_E_CONFIG,
			     "no witness line of the policy %s has the address "
			     "%s: add it to the line of this store",
			     s->config.host->policy, s->config.url);
}

static int make_http(struct seal_sender *s, struct seal_diag *diag)
{
	const struct seal_host_config *host = s->config.host;
	struct seal_http_config config = {.ca_file = host->tls_ca,
					  .cert_file = host->tls_cert,
					  .key_file = host->tls_key};

	return seal_http_new(&config, &s->http, diag);
}

static int make_forward(struct seal_sender *s, struct seal_diag *diag)
{
	struct seal_spool_receipt_info info;
	struct seal_forward_config config = {
		.origin = seal_spool_origin(s->config.spool),
		.server = s->config.url,
		.keys = s->keys,
		.n_keys = s->keys_len,
		.keys_needed = 1,
		.alarm = alarm_event,
		.alarm_ctx = s};
	struct seal_forward_source source;
	struct seal_forward_transport transport;
	struct seal_forward_clock now;

	s->uplink = (struct seal_uplink){.http = s->http,
					 .url = s->config.url,
					 .spool = s->config.spool,
					 .mirror = mirror(s)};
	seal_uplink_source(&s->uplink, &source);
	seal_uplink_transport(&s->uplink, &transport);
	seal_uplink_clock(&now);
	seal_spool_receipt_get(s->config.spool, mirror(s), &info);
	config.receipt_size = info.size;
	config.receipt_time = info.time_s;
	s->freeze_kept = seal_frozen_is(seal_io_posix(), s->config.host->spool,
					mirror(s));
	config.frozen = s->freeze_kept;
	return seal_forward_new(&config, &source, &transport, &now, &s->forward,
				diag);
}

static void destroy(struct seal_sender *s)
{
	seal_watch_free(s->watch);
	seal_forward_free(s->forward);
	seal_http_free(s->http);
	pthread_cond_destroy(&s->wake);
	pthread_mutex_destroy(&s->mutex);
	free(s);
}

int seal_sender_start(const struct seal_sender_config *config,
		      struct seal_sender **ret_sender, struct seal_diag *diag)
{
	struct seal_sender *s;
	int err;

	s = calloc(1, sizeof(*s));
	if (!s)
		return seal_diag_set(diag, SEAL_E_NOMEM,
				     "out of memory for a sender");
	s->config = *config;
	pthread_mutex_init(&s->mutex, NULL);
	seal_cond_init(&s->wake);
	err = find_keys(s, diag);
	if (!err)
		err = make_http(s, diag);
	if (!err)
		err = make_forward(s, diag);
	if (!err)
		err = seal_watch_new(&s->config, s->http, &s->watch);
	if (err)
		goto fail;
	err = seal_thread_start(&s->thread, run, s);
	if (err) {
		err = seal_diag_set_errno(diag, SEAL_E_NOMEM, err,
					  "no thread for %s", config->url);
		goto fail;
	}
	if (s->freeze_kept)
		tell(s, LOG_ERR,
		     "is frozen as before: nothing is sent to it until "
		     "'auditseal resume'");
	*ret_sender = s;
	return 0;
fail:
	destroy(s);
	return err;
}

void seal_sender_reload(struct seal_sender *s)
{
	atomic_store(&s->reload, true);
}

void seal_sender_state(struct seal_sender *s,
		       struct seal_forward_state *ret_state)
{
	seal_forward_get_state(s->forward, ret_state);
}

void seal_sender_ask_stop(struct seal_sender *s)
{
	pthread_mutex_lock(&s->mutex);
	s->stopping = true;
	pthread_cond_broadcast(&s->wake);
	pthread_mutex_unlock(&s->mutex);
	seal_forward_stop(s->forward);
	seal_spool_wake(s->config.spool);
}

void seal_sender_free(struct seal_sender *s)
{
	struct timespec until;

	if (!s)
		return;
	seal_sender_ask_stop(s);
	for (;;) {
		until = seal_after_ms(CLOCK_REALTIME, STOP_POLL_MS);
		if (pthread_timedjoin_np(s->thread, NULL, &until) != ETIMEDOUT)
			break;
		/* A wake between its look at the flag and its wait is lost. */
		seal_spool_wake(s->config.spool);
	}
	destroy(s);
}
