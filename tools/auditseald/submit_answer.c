/* SPDX-License-Identifier: Apache-2.0 */
/* What a witness's answer means.  docs/spec/protocol.md section 8, the table.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "protocol/answer.h"
#include "submit_internal.h"

#define SENTENCE_BYTES 1024

static uint64_t now_ms(const struct submit *s)
{
	return s->config.now_ms(s->config.ctx);
}

void submit_later(struct submit *s, struct target *target, uint64_t ms)
{
	target->due_ms = now_ms(s) + ms;
}

void submit_tell(struct submit *s, const struct exchange *x,
		 enum submit_alarm alarm, const char *fmt, ...)
{
	char sentence[SENTENCE_BYTES];
	va_list args;
	int len;

	if (x->target->alarm == alarm)
		return;
	x->target->alarm = alarm;
	len = snprintf(sentence, sizeof(sentence),
		       "alarm: witness %s, %s: ", x->party->vkey.name,
		       x->origin);
	if (len < 0 || (size_t)len >= sizeof(sentence))
		return;
	va_start(args, fmt);
	vsnprintf(sentence + len, sizeof(sentence) - (size_t)len, fmt, args);
	va_end(args);
	s->config.alarm(s->config.ctx, sentence);
}

/* Decorrelated jitter, as the sender's. */
static uint64_t jitter(struct submit *s, struct party *party)
{
	uint64_t last = party->jitter_ms ? party->jitter_ms : JITTER_MIN_MS;
	uint64_t span = 3 * last - JITTER_MIN_MS;
	uint64_t ms =
		JITTER_MIN_MS + s->config.random(s->config.ctx) % (span + 1);

	party->jitter_ms = ms > JITTER_MAX_MS ? JITTER_MAX_MS : ms;
	return party->jitter_ms;
}

void submit_no_answer(struct submit *s, struct party *party,
		      const struct seal_diag *diag)
{
	char sentence[SENTENCE_BYTES];

	party->due_ms = now_ms(s) + jitter(s, party);
	if (party->silent)
		return;
	party->silent = true;
	snprintf(sentence, sizeof(sentence),
		 "witness %s does not answer, and is asked again: %s",
		 party->vkey.name, diag->text);
	s->config.alarm(s->config.ctx, sentence);
}

/* A server in trouble: all logs wait. */
static void busy(struct submit *s, const struct exchange *x)
{
	struct seal_diag diag = {0};
	uint64_t ms = x->answer.retry_after_ms;

	seal_diag_set(&diag, SEAL_E_NET, "it answers %u", x->answer.status);
	submit_no_answer(s, x->party, &diag);
	if (x->answer.has_retry_after)
		x->party->due_ms =
			now_ms(s) + (ms < RETRY_MAX_MS ? ms : RETRY_MAX_MS);
}

struct line {
	int64_t log;
	struct seal_storage_cosignature cosignature;
};

static int line_step(struct seal_storage *storage, void *ctx,
		     struct seal_diag *diag)
{
	const struct line *line = ctx;

	return storage->ops->put_cosignature(storage, line->log,
					     &line->cosignature, diag);
}

static int line_keep(struct submit *s, const struct exchange *x,
		     const struct seal_buf *lines, struct seal_diag *diag)
{
	struct seal_storage *storage = s->store->storage;
	struct line line = {
		.log = x->log,
		.cosignature = {.size = x->size,
				.lines = lines->data,
				.lines_bytes = lines->len},
	};

	memcpy(line.cosignature.name, x->party->vkey.name,
	       sizeof(line.cosignature.name));
	return storage->ops->commit(storage, line_step, &line,
				    SEAL_STORAGE_DURABLE, diag);
}

static void cosigned(struct submit *s, const struct exchange *x,
		     const struct seal_buf *lines)
{
	struct target *t = x->target;
	struct seal_diag diag = {0};

	if (line_keep(s, x, lines, &diag) < 0) {
		submit_tell(s, x, SUBMIT_OWN_FAULT, "%s", diag.text);
		submit_later(s, t, REFUSED_MS);
		return;
	}
	t->acked = t->old = x->size;
	t->corrections = t->ahead = 0;
	t->probe = false;
	submit_later(s, t, PACE_MS);
	if (!x->probe) {
		t->alarm = SUBMIT_GOOD;
		return;
	}
	submit_tell(s, x, SUBMIT_PROOF_REFUSED,
		    "it refuses the proof that the log grew from %llu "
		    "entries, which it has cosigned: verify this store",
		    (unsigned long long)x->old);
	submit_later(s, t, REFUSED_MS);
}

static void ok(struct submit *s, const struct exchange *x)
{
	const struct seal_vkey *const vkeys[] = {&x->party->vkey};
	struct seal_buf lines = SEAL_BUF_INIT;
	struct seal_cosignatures found = {0};
	struct seal_diag diag = {0};
	int rc;

	rc = seal_cosignatures_parse(x->answer.body->data, x->answer.body->len,
				     x->origin, x->size, &x->root, vkeys, 1,
				     &lines, &found, &diag);
	if (rc == 0)
		rc = seal_buf_error(&lines);
	if (rc == 0 && found.verified) {
		cosigned(s, x, &lines);
	} else {
		submit_tell(s, x, SUBMIT_NO_LINE,
			    "it takes the checkpoint and does not sign it with "
			    "the key of the policy: compare key and address");
		submit_later(s, x->target, REFUSED_MS);
	}
	seal_buf_fini(&lines);
}

static void fork_found(struct submit *s, const struct exchange *x)
{
	x->target->probe = false;
	submit_tell(s, x, SUBMIT_FORK,
		    "it has cosigned another history of this log: at size %llu "
		    "it knows another root, so that one of the two was forged "
		    "with the host's key (AS008); keep this store as it is and "
		    "compare it with the witness's checkpoint",
		    (unsigned long long)x->size);
	submit_later(s, x->target, REFUSED_MS);
}

static void strange(struct submit *s, const struct exchange *x)
{
	submit_tell(s, x, SUBMIT_STRANGE,
		    "its answer %u is none that a witness gives",
		    x->answer.status);
	submit_later(s, x->target, REFUSED_MS);
}

static void ahead(struct submit *s, const struct exchange *x, uint64_t size)
{
	submit_later(s, x->target, AHEAD_MS);
	if (!x->target->ahead++)
		return;
	submit_tell(s, x, SUBMIT_AHEAD,
		    "it has cosigned %llu entries, this store holds %llu: "
		    "another mirror is ahead, or this store was rolled back "
		    "(AS027)",
		    (unsigned long long)size, (unsigned long long)x->size);
	submit_later(s, x->target, REFUSED_MS);
}

static void corrected(struct submit *s, const struct exchange *x)
{
	struct target *t = x->target;
	uint64_t size;

	if (seal_size_parse(x->answer.body->data, x->answer.body->len, &size,
			    NULL) < 0 ||
	    (size == x->old && size != x->size)) {
		strange(s, x);
		return;
	}
	if (size == x->old) {
		fork_found(s, x);
		return;
	}
	t->probe = false;
	t->old = size;
	if (size > x->size) {
		ahead(s, x, size);
		return;
	}
	if (size < t->acked)
		submit_tell(s, x, SUBMIT_FORGOT,
			    "it says that it has cosigned %llu entries, and "
			    "has signed %llu before: it was rolled back "
			    "(AS027)",
			    (unsigned long long)size,
			    (unsigned long long)t->acked);
	submit_later(s, t, ++t->corrections > CORRECTIONS ? REFUSED_MS : 0);
}

static void refused(struct submit *s, const struct exchange *x)
{
	struct target *t = x->target;

	if (x->old == x->size) {
		fork_found(s, x);
	} else if (x->old) {
		t->probe = true;
		submit_later(s, t, 0);
	} else {
		submit_tell(s, x, SUBMIT_REFUSED,
			    "it refuses a first checkpoint (422)");
		submit_later(s, t, REFUSED_MS);
	}
}

/* The media type alone counts, without parameters. */
static bool type_is(const char *type, const char *want)
{
	size_t len = strlen(want);

	return !strncasecmp(type, want, len) &&
	       (!type[len] || type[len] == ';' || type[len] == ' ');
}

static bool is_busy(unsigned status)
{
	return status == 408 || status == 425 || status == 429 ||
	       (status >= 500 && status < 600);
}

void submit_judge(struct submit *s, const struct exchange *x)
{
	unsigned status = x->answer.status;

	if (is_busy(status)) {
		busy(s, x);
		return;
	}
	x->party->jitter_ms = 0;
	x->party->silent = false;
	if (status == 200) {
		ok(s, x);
	} else if (status == 409 && type_is(x->answer.type, SEAL_TYPE_SIZE)) {
		corrected(s, x);
	} else if (status == 409) {
		strange(s, x);
	} else if (status == 422) {
		refused(s, x);
	} else {
		submit_tell(s, x, SUBMIT_REFUSED, "it answers %u%s", status,
			    status == 404
				    ? ": its operator has not listed this log"
			    : status == 403 ? ": it knows another host key"
					    : "");
		submit_later(s, x->target, REFUSED_MS);
	}
}
