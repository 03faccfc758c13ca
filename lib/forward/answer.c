/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each answer of a mirror makes the sender do: the table of
 * docs/spec/protocol.md section "What the client does", row by row.  Private
 * contract: forward_internal.h.
 */
#include "forward/forward_internal.h"

#include "core/checkpoint.h"

#include <stdio.h>
#include <string.h>

#define RETRY_AFTER_MAX_MS (15 * 60 * 1000)
/* Answers that only correct us are followed at once, but not for ever. */
#define CONFLICTS_AT_ONCE 3

typedef unsigned long long ull;

static bool is_type(const struct seal_forward *fw, const char *type)
{
	size_t len = strlen(type);
	const char *got = fw->answer.content_type;

	return !strncmp(got, type, len) &&
	       (!got[len] || got[len] == ';' || got[len] == ' ');
}

/* ---- rows that are the same for each request ---- */

bool forward_is_transient(unsigned status)
{
	return status == 408 || status == 425 || status == 429 ||
	       (status >= 500 && status <= 599);
}

static void on_transient(struct seal_forward *fw)
{
	uint64_t ms = fw->answer.retry_after_ms;

	if (!fw->answer.has_retry_after)
		forward_back_off(fw);
	else
		forward_wait(fw,
			     ms > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : ms);
}

static const char *advice(unsigned status)
{
	if (status >= 300 && status < 400)
		return "redirects are not followed: give the server's own "
		       "address";
	switch (status) {
	case 401:
	case 403:
		return "the store does not know this host's certificate or "
		       "keys: enrol it";
	case 404:
		return "the store does not know this log, or the address is "
		       "another server's: enrol it";
	case 407:
		return "the proxy wants a login";
	case 421:
		return "the address is another server's";
	default:
		return "this is no answer of a mirror: check the address and "
		       "what stands between";
	}
}

static void on_other(struct seal_forward *fw)
{
	unsigned status = fw->answer.status;
	char text[SEAL_DIAG_TEXT_BYTES];

	if (forward_is_transient(status)) {
		snprintf(text, sizeof(text),
			 "%s: the store answered %u; it is asked again until "
			 "it does not",
			 fw->server, status);
		forward_note_error(fw, text);
		on_transient(fw);
		return;
	}
	forward_wait(fw, FORWARD_REFUSED_MS);
	forward_raise(fw, SEAL_FORWARD_ALARM_REFUSED, NULL,
		      "the answer was %u; %s", status, advice(status));
}

/* An answer that corrects us: go on at once, unless it never ends. */
static void on_conflict(struct seal_forward *fw)
{
	if (++fw->conflicts > CONFLICTS_AT_ONCE)
		forward_back_off(fw);
}

static void progress(struct seal_forward *fw)
{
	fw->conflicts = 0;
	fw->behind = 0;
	fw->jitter_ms = 0;
}

static void freeze_refused(struct seal_forward *fw, const char *request)
{
	forward_end(fw, SEAL_FORWARD_FROZEN, SEAL_FORWARD_ALARM_FREEZE_REFUSED,
		    NULL,
		    "%s was refused with %u; nothing more is sent to this "
		    "mirror until 'auditseal resume'",
		    request, fw->answer.status);
}

static void halt_rollback(struct seal_forward *fw, uint64_t theirs,
			  uint64_t sealed)
{
	forward_end(fw, SEAL_FORWARD_HALTED, SEAL_FORWARD_ALARM_HALT_ROLLBACK,
		    "AS027",
		    "the mirror has %llu entries of this log and this host "
		    "only %llu: the host was rolled back or cloned; sealing "
		    "stops",
		    (ull)theirs, (ull)sealed);
}

static void halt_fork(struct seal_forward *fw)
{
	forward_end(fw, SEAL_FORWARD_HALTED, SEAL_FORWARD_ALARM_HALT_FORK,
		    "AS008",
		    "the mirror has another root at size %llu: the log was "
		    "forked; sealing stops",
		    (ull)fw->offer.size);
}

/*
 * A size the mirror says it has.  True: that was all there is to do about this
 * answer.
 */
static bool judge_size(struct seal_forward *fw, uint64_t size, uint64_t least)
{
	struct seal_diag diag = {0};
	uint64_t sealed;
	int rc = fw->source.sealed(fw->source.ctx, &sealed, &diag);

	if (rc) {
		forward_source_failed(fw, rc, &diag);
		return true;
	}
	if (size > sealed) {
		halt_rollback(fw, size, sealed);
		return true;
	}
	if (least < fw->state.receipt_size) {
		forward_on_behind(fw, least);
		return true;
	}
	return false;
}

/* ---- add-checkpoint ---- */

static void keep_witness_lines(struct seal_forward *fw)
{
	struct seal_cosignatures found;
	struct seal_diag diag;

	seal_buf_reset(&fw->witness_lines);
	/* What does not verify is as if it were not there. */
	if (fw->n_witnesses &&
	    seal_cosignatures_parse(fw->body.data, fw->body.len, fw->origin,
				    fw->offer.size, &fw->offer.root,
				    fw->witness, fw->n_witnesses,
				    &fw->witness_lines, &found, &diag))
		seal_buf_reset(&fw->witness_lines);
}

static void checkpoint_taken(struct seal_forward *fw)
{
	if (fw->probing) {
		/* The root is ours, and yet the proof was refused. */
		fw->probing = false;
		fw->answer.status = 422;
		freeze_refused(fw, "add-checkpoint");
		return;
	}
	keep_witness_lines(fw);
	fw->state.pending_size = fw->offer.size;
	fw->state.phase = SEAL_FORWARD_ENTRIES;
}

static void checkpoint_conflict(struct seal_forward *fw)
{
	uint64_t size, old = fw->state.pending_size;
	struct seal_diag diag;

	if (!is_type(fw, SEAL_TYPE_SIZE) ||
	    seal_size_parse(fw->body.data, fw->body.len, &size, &diag)) {
		on_other(fw);
		return;
	}
	/* tlog-witness v1.0.0 says 409 where later ones say 422. */
	if (size == old && size == fw->offer.size) {
		halt_fork(fw);
		return;
	}
	fw->probing = false;
	if (judge_size(fw, size, size))
		return;
	fw->state.pending_size = size;
	on_conflict(fw);
}

static void checkpoint_unprocessable(struct seal_forward *fw)
{
	/* Same size, so there was no proof that could be wrong: the root is. */
	if (fw->state.pending_size == fw->offer.size) {
		halt_fork(fw);
		return;
	}
	if (!fw->state.pending_size) {
		freeze_refused(fw, "add-checkpoint");
		return;
	}
	/* Is the log forked, or only the proof refused?  Show the old root. */
	fw->probing = true;
}

void forward_on_checkpoint(struct seal_forward *fw)
{
	switch (fw->answer.status) {
	case 200:
		checkpoint_taken(fw);
		break;
	case 409:
		checkpoint_conflict(fw);
		break;
	case 422:
		checkpoint_unprocessable(fw);
		break;
	case 400:
		freeze_refused(fw, "add-checkpoint");
		break;
	default:
		on_other(fw);
	}
}

/* ---- add-entries ---- */

/* Our lines, the witnesses', the mirror's: what goes to `acked`. */
static int make_receipt(struct seal_forward *fw, struct seal_buf *note,
			struct seal_cosignatures *ret_found,
			struct seal_diag *diag)
{
	int rc;

	seal_buf_put_buf(note, &fw->note);
	seal_buf_put_buf(note, &fw->witness_lines);
	rc = seal_cosignatures_parse(fw->body.data, fw->body.len, fw->origin,
				     fw->offer.size, &fw->offer.root, fw->key,
				     fw->n_keys, note, ret_found, diag);
	if (rc)
		return rc;
	if (ret_found->verified < fw->keys_needed)
		return seal_diag_set(diag, SEAL_E_SIG,
				     "%zu of %zu cosignatures of the mirror's "
				     "keys",
				     ret_found->verified, fw->keys_needed);
	if (ret_found->time_max < fw->state.receipt_time)
		return seal_diag_set(diag, SEAL_E_SIG,
				     "its time %llu is before the last "
				     "receipt's, %llu",
				     (ull)ret_found->time_max,
				     (ull)fw->state.receipt_time);
	return seal_buf_error(note);
}

static void no_receipt(struct seal_forward *fw, const struct seal_diag *diag)
{
	forward_wait(fw, FORWARD_REFUSED_MS);
	forward_raise(fw, SEAL_FORWARD_ALARM_NO_RECEIPT, NULL,
		      "200 without a valid receipt for size %llu (%s); a "
		      "proxy, another server, or a mirror key that the policy "
		      "does not name",
		      (ull)fw->offer.size, diag->text);
}

static void receipted(struct seal_forward *fw, uint64_t time_s)
{
	struct seal_forward_state *s = &fw->state;

	s->receipt_size = s->next = fw->offer.size;
	if (s->pending_size < s->receipt_size)
		s->pending_size = s->receipt_size;
	s->receipt_time = time_s;
	s->receipts++;
	s->alarm = SEAL_FORWARD_ALARM_NONE;
	s->last_error[0] = '\0';
	s->phase = SEAL_FORWARD_IDLE;
	progress(fw);
	fw->retried = false;
	fw->due_ms = fw->begun_ms + fw->pace_ms;
	forward_drop_offer(fw);
}

static void entries_done(struct seal_forward *fw)
{
	struct seal_cosignatures found = {0};
	struct seal_diag diag = {0};
	struct seal_buf note = SEAL_BUF_INIT;
	int rc = make_receipt(fw, &note, &found, &diag);

	if (rc == SEAL_E_FORMAT || rc == SEAL_E_SIG || rc == SEAL_E_TOOBIG) {
		no_receipt(fw, &diag);
		goto out;
	}
	if (!rc)
		rc = fw->source.receipt(fw->source.ctx, fw->offer.size,
					found.time_max, note.data, note.len,
					&diag);
	if (rc)
		forward_source_failed(fw, rc, &diag);
	else
		receipted(fw, found.time_max);
out:
	seal_buf_fini(&note);
}

static void follow_info(struct seal_forward *fw)
{
	const struct seal_mirror_info *info = &fw->info;
	struct seal_forward_state *s = &fw->state;
	bool advanced = info->next > s->next;

	s->next = info->next;
	seal_buf_reset(&fw->ticket);
	seal_buf_put(&fw->ticket, info->ticket, info->ticket_bytes);
	if (info->size != fw->offer.size) {
		s->pending_size = info->size;
		s->phase = SEAL_FORWARD_CHECKPOINT;
	}
	if (!advanced) {
		on_conflict(fw);
		return;
	}
	progress(fw);
	fw->retried = false;
	s->last_error[0] = '\0';
}

static void entries_info(struct seal_forward *fw)
{
	struct seal_diag diag;
	uint64_t most, least;

	if (!is_type(fw, SEAL_TYPE_MIRROR_INFO) ||
	    seal_mirror_info_parse(fw->body.data, fw->body.len, &fw->info,
				   &diag)) {
		on_other(fw);
		return;
	}
	most = fw->info.size > fw->info.next ? fw->info.size : fw->info.next;
	least = fw->info.size < fw->info.next ? fw->info.size : fw->info.next;
	if (!judge_size(fw, most, least))
		follow_info(fw);
}

/* 422 may come from a race; one more add-checkpoint shows who is right. */
static void entries_refused(struct seal_forward *fw)
{
	if (fw->retried) {
		freeze_refused(fw, "add-entries");
		return;
	}
	fw->retried = true;
	fw->state.phase = SEAL_FORWARD_CHECKPOINT;
}

static void entries_too_large(struct seal_forward *fw)
{
	if (fw->send.packages > 1) {
		fw->max_packages = (unsigned)(fw->send.packages / 2);
		return;
	}
	forward_wait(fw, FORWARD_REFUSED_MS);
	forward_raise(fw, SEAL_FORWARD_ALARM_TOO_LARGE, NULL,
		      "one package of at most 256 entries is too large for "
		      "the mirror or a proxy before it; it must take 17 MiB");
}

void forward_on_entries(struct seal_forward *fw)
{
	switch (fw->answer.status) {
	case 200:
		entries_done(fw);
		break;
	case 202:
	case 409:
		entries_info(fw);
		break;
	case 400:
	case 422:
		entries_refused(fw);
		break;
	case 413:
		entries_too_large(fw);
		break;
	default:
		on_other(fw);
	}
}
