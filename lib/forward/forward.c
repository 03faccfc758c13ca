/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sender's life: configuration, time, alarms, one step after the other.
 * Contract: forward.h.
 */
#include "forward/forward_internal.h"

#include "core/crypto.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PACE_MS	      10
#define JITTER_MIN_MS 500
#define JITTER_MAX_MS 60000

static int copy_keys(const struct seal_vkey *const *from, size_t n,
		     const struct seal_vkey **to, size_t *ret_n)
{
	if (n > FORWARD_KEYS_MAX)
		return SEAL_E_ARG;
	if (n)
		memcpy(to, from, n * sizeof(*to));
	*ret_n = n;
	return 0;
}

static int copy_config(struct seal_forward *fw,
		       const struct seal_forward_config *c)
{
	if (copy_keys(c->keys, c->n_keys, fw->key, &fw->n_keys) ||
	    copy_keys(c->witnesses, c->n_witnesses, fw->witness,
		      &fw->n_witnesses) ||
	    !c->keys_needed || c->keys_needed > c->n_keys || !c->alarm)
		return SEAL_E_ARG;
	fw->keys_needed = c->keys_needed;
	fw->pace_ms = c->pace_ms ? c->pace_ms : PACE_MS;
	fw->alarm = c->alarm;
	fw->alarm_ctx = c->alarm_ctx;
	fw->max_packages = SEAL_REQUEST_PACKAGES_MAX;
	fw->state.phase = c->frozen ? SEAL_FORWARD_FROZEN : SEAL_FORWARD_IDLE;
	fw->state.receipt_size = c->receipt_size;
	fw->state.receipt_time = c->receipt_time;
	fw->state.pending_size = c->receipt_size;
	fw->state.next = c->receipt_size;
	fw->published = fw->state;
	fw->offer.note = &fw->note;
	fw->answer.body = &fw->body;
	fw->origin = strdup(c->origin);
	fw->server = strdup(c->server);
	return fw->origin && fw->server ? 0 : SEAL_E_NOMEM;
}

int seal_forward_new(const struct seal_forward_config *config,
		     const struct seal_forward_source *source,
		     const struct seal_forward_transport *transport,
		     const struct seal_forward_clock *clock,
		     struct seal_forward **ret_forward, struct seal_diag *diag)
{
	struct seal_forward *fw = calloc(1, sizeof(*fw));
	int rc;

	if (!fw)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	pthread_mutex_init(&fw->lock, NULL);
	fw->source = *source;
	fw->transport = *transport;
	fw->clock = *clock;
	rc = copy_config(fw, config);
	if (rc) {
		seal_forward_free(fw);
		return seal_diag_set(diag, rc,
				     "the sender needs 1 to %d mirror keys "
				     "and at most %d witnesses",
				     FORWARD_KEYS_MAX, FORWARD_KEYS_MAX);
	}
	*ret_forward = fw;
	return 0;
}

void seal_forward_free(struct seal_forward *fw)
{
	if (!fw)
		return;
	forward_drop_offer(fw);
	seal_buf_fini(&fw->note);
	seal_buf_fini(&fw->witness_lines);
	seal_buf_fini(&fw->ticket);
	seal_buf_fini(&fw->body);
	seal_buf_fini(&fw->send.piece);
	free(fw->origin);
	free(fw->server);
	pthread_mutex_destroy(&fw->lock);
	free(fw);
}

void seal_forward_stop(struct seal_forward *fw)
{
	atomic_store(&fw->stopped, true);
	fw->transport.abort(fw->transport.ctx);
}

void seal_forward_get_state(const struct seal_forward *fw,
			    struct seal_forward_state *ret_state)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&fw->lock;

	pthread_mutex_lock(lock);
	*ret_state = fw->published;
	pthread_mutex_unlock(lock);
}

static void publish(struct seal_forward *fw)
{
	pthread_mutex_lock(&fw->lock);
	fw->published = fw->state;
	pthread_mutex_unlock(&fw->lock);
}

void seal_forward_resume(struct seal_forward *fw)
{
	if (fw->state.phase != SEAL_FORWARD_FROZEN)
		return;
	forward_drop_offer(fw);
	fw->state.phase = SEAL_FORWARD_IDLE;
	fw->state.alarm = SEAL_FORWARD_ALARM_NONE;
	fw->state.pending_size = fw->state.receipt_size;
	fw->state.next = fw->state.receipt_size;
	fw->behind = fw->conflicts = 0;
	fw->retried = fw->probing = fw->evidence = false;
	fw->jitter_ms = fw->due_ms = 0;
	publish(fw);
}

/* ---- time ---- */

static uint64_t now_ms(struct seal_forward *fw)
{
	return fw->clock.now_ms(fw->clock.ctx);
}

void forward_wait(struct seal_forward *fw, uint64_t ms)
{
	fw->due_ms = now_ms(fw) + ms;
	fw->state.retries++;
}

/* sleep = min(cap, random between base and 3 * last sleep) */
void forward_back_off(struct seal_forward *fw)
{
	uint64_t last = fw->jitter_ms ? fw->jitter_ms : JITTER_MIN_MS;
	uint64_t span = 3 * last - JITTER_MIN_MS;
	uint64_t ms =
		JITTER_MIN_MS + fw->clock.random(fw->clock.ctx) % (span + 1);

	fw->jitter_ms = ms > JITTER_MAX_MS ? JITTER_MAX_MS : ms;
	forward_wait(fw, fw->jitter_ms);
}

/* ---- alarms ---- */

void forward_note_error(struct seal_forward *fw, const char *text)
{
	snprintf(fw->state.last_error, sizeof(fw->state.last_error), "%s",
		 text);
}

static void tell(struct seal_forward *fw, enum seal_forward_alarm alarm,
		 const char *finding, const struct seal_buf *theirs)
{
	const struct seal_forward_event event = {
		.alarm = alarm,
		.finding = finding,
		.text = fw->text,
		.ours = fw->note.len ? fw->note.data : NULL,
		.ours_bytes = fw->note.len,
		.theirs = theirs && theirs->len ? theirs->data : NULL,
		.theirs_bytes = theirs ? theirs->len : 0,
	};

	fw->alarm(fw->alarm_ctx, &event);
}

__attribute__((format(printf, 2, 0))) static void
set_text(struct seal_forward *fw, const char *fmt, va_list args)
{
	int n = snprintf(fw->text, sizeof(fw->text), "%s, log %s: ", fw->server,
			 fw->origin);

	if (n > 0 && (size_t)n < sizeof(fw->text))
		vsnprintf(fw->text + n, sizeof(fw->text) - (size_t)n, fmt,
			  args);
	forward_note_error(fw, fw->text);
}

void forward_raise(struct seal_forward *fw, enum seal_forward_alarm alarm,
		   const char *finding, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set_text(fw, fmt, args);
	va_end(args);
	if (fw->state.alarm == alarm)
		return;
	fw->state.alarm = alarm;
	tell(fw, alarm, finding, NULL);
}

void forward_end(struct seal_forward *fw, enum seal_forward_phase phase,
		 enum seal_forward_alarm alarm, const char *finding,
		 const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set_text(fw, fmt, args);
	va_end(args);
	fw->state.phase = phase;
	fw->state.alarm = alarm;
	fw->evidence = finding && fw->transport.get;
	tell(fw, alarm, finding, &fw->body);
}

void forward_source_failed(struct seal_forward *fw, int error,
			   const struct seal_diag *diag)
{
	const char *text = diag->text[0] ? diag->text : seal_strerror(error);

	forward_back_off(fw);
	if (error == SEAL_E_NOMEM)
		forward_note_error(fw, text);
	else
		forward_raise(fw, SEAL_FORWARD_ALARM_SOURCE, NULL,
			      "cannot send: %s", text);
}

/* ---- one request ---- */

struct whole_body {
	struct seal_buf buf;
	bool given;
};

static int whole_piece(void *ctx, const uint8_t **ret_piece, size_t *ret_bytes,
		       struct seal_diag *diag)
{
	struct whole_body *body = ctx;

	(void)diag;
	*ret_piece = body->buf.data;
	*ret_bytes = body->given ? 0 : body->buf.len;
	body->given = true;
	return 0;
}

void forward_begin_request(struct seal_forward *fw)
{
	fw->state.requests++;
	fw->state.last_status = 0;
	seal_buf_reset(&fw->body);
	fw->answer = (struct seal_forward_answer){.body = &fw->body};
}

/* What the transport said when there is no answer. */
static void no_answer(struct seal_forward *fw, const struct seal_diag *diag)
{
	if (atomic_load(&fw->stopped))
		return;
	fw->state.failures++;
	forward_note_error(fw, diag->text);
	forward_back_off(fw);
}

static void got_answer(struct seal_forward *fw)
{
	if (forward_is_transient(fw->answer.status))
		fw->state.failures++;
	else
		fw->state.failures = 0;
	fw->state.last_status = fw->answer.status;
}

static void send_checkpoint(struct seal_forward *fw)
{
	struct seal_diag diag = {0};
	struct whole_body body = {0};
	int rc = forward_checkpoint_body(fw, &body.buf);

	if (rc) {
		forward_source_failed(fw, rc, &diag);
		goto out;
	}
	forward_begin_request(fw);
	rc = fw->transport.post(fw->transport.ctx, SEAL_PATH_ADD_CHECKPOINT,
				SEAL_TYPE_TEXT, false, whole_piece, &body,
				&fw->answer, &diag);
	if (rc) {
		no_answer(fw, &diag);
		goto out;
	}
	got_answer(fw);
	forward_on_checkpoint(fw);
out:
	seal_buf_fini(&body.buf);
}

static void send_entries(struct seal_forward *fw)
{
	struct seal_diag diag = {0};
	int rc;

	forward_send_begin(fw);
	forward_begin_request(fw);
	fw->state.uploads++;
	rc = fw->transport.post(fw->transport.ctx, SEAL_PATH_ADD_ENTRIES,
				SEAL_TYPE_OCTETS, true, forward_send_piece, fw,
				&fw->answer, &diag);
	if (rc && fw->send.error) {
		forward_source_failed(fw, fw->send.error, &diag);
		return;
	}
	if (rc) {
		no_answer(fw, &diag);
		return;
	}
	got_answer(fw);
	forward_on_entries(fw);
}

/* The other side's checkpoint, for whoever judges the case; once. */
static void fetch_evidence(struct seal_forward *fw)
{
	fw->evidence = false;
	if (!forward_get_checkpoint(fw))
		return;
	tell(fw, fw->state.alarm,
	     fw->state.alarm == SEAL_FORWARD_ALARM_HALT_FORK ? "AS008"
							     : "AS027",
	     &fw->body);
}

/* ---- steps ---- */

/* 0: there is something to send; NOTFOUND: nothing. */
static int look_for_work(struct seal_forward *fw, struct seal_diag *diag)
{
	uint64_t size;
	int rc = fw->source.sealed(fw->source.ctx, &size, diag);

	if (rc)
		return rc;
	if (size <= fw->state.receipt_size)
		return SEAL_E_NOTFOUND;
	fw->state.phase = SEAL_FORWARD_CHECKPOINT;
	fw->begun_ms = now_ms(fw);
	return 0;
}

static void step_checkpoint(struct seal_forward *fw)
{
	struct seal_diag diag = {0};
	int rc = forward_offer(fw, &diag);

	if (!rc) {
		send_checkpoint(fw);
		return;
	}
	if (fw->probing && rc == SEAL_E_NOTFOUND) {
		fw->probing = false;
		forward_end(fw, SEAL_FORWARD_FROZEN,
			    SEAL_FORWARD_ALARM_FREEZE_REFUSED, NULL,
			    "the mirror refused the consistency proof from "
			    "size %llu; nothing more is sent until "
			    "'auditseal resume'",
			    (unsigned long long)fw->state.pending_size);
		return;
	}
	forward_source_failed(fw, rc, &diag);
}

static void step_entries(struct seal_forward *fw)
{
	struct seal_diag diag = {0};
	int rc;

	/* Somebody else brought the mirror further: offer a larger head. */
	if (!fw->has_offer || fw->state.next > fw->offer.size) {
		fw->state.phase = SEAL_FORWARD_CHECKPOINT;
		return;
	}
	rc = forward_prepare(fw, &diag);
	if (rc)
		forward_source_failed(fw, rc, &diag);
	else
		send_entries(fw);
}

/* Does what is due; true: nothing will be due before the log grows. */
static bool act(struct seal_forward *fw)
{
	struct seal_diag diag = {0};
	int rc = 0;

	if (fw->state.phase == SEAL_FORWARD_IDLE)
		rc = look_for_work(fw, &diag);
	if (rc == SEAL_E_NOTFOUND)
		return true;
	if (rc)
		forward_source_failed(fw, rc, &diag);
	else if (fw->state.phase == SEAL_FORWARD_CHECKPOINT)
		step_checkpoint(fw);
	else if (fw->state.phase == SEAL_FORWARD_ENTRIES)
		step_entries(fw);
	return false;
}

static bool at_rest(const struct seal_forward *fw)
{
	return fw->state.phase == SEAL_FORWARD_FROZEN ||
	       fw->state.phase == SEAL_FORWARD_HALTED;
}

int seal_forward_step(struct seal_forward *fw, uint64_t *ret_wait_ms)
{
	bool idle = false;
	uint64_t now;

	if (!atomic_load(&fw->stopped)) {
		if (at_rest(fw) && fw->evidence)
			fetch_evidence(fw);
		else if (!at_rest(fw) && now_ms(fw) >= fw->due_ms)
			idle = act(fw);
	}
	if (atomic_load(&fw->stopped)) {
		fw->state.phase = SEAL_FORWARD_STOPPED;
		publish(fw);
		return SEAL_E_STOPPED;
	}
	publish(fw);
	now = now_ms(fw);
	if (at_rest(fw))
		*ret_wait_ms = fw->evidence ? 0 : SEAL_FORWARD_NEVER;
	else if (idle)
		*ret_wait_ms = SEAL_FORWARD_NEVER;
	else
		*ret_wait_ms = fw->due_ms > now ? fw->due_ms - now : 0;
	return 0;
}
