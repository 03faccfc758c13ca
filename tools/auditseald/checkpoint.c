/* SPDX-License-Identifier: Apache-2.0 */
/*
 * add-checkpoint: the pending checkpoint moves on if the log signed the new one
 * and it extends the old one.  The mirror key signs nothing here.  C2SP
 * tlog-witness "add-checkpoint", tlog-mirror; format.md §4.
 */
#include <stdlib.h>
#include <string.h>

#include "say.h"
#include "submission.h"

/* One request on its way through the checks. */
struct request {
	struct store *store;
	const struct peer *peer;
	struct reply *reply;
	struct submission sent;
	struct seal_buf kept; /* the note, with the lines that are kept */
};

static bool log_line_check(struct request *r)
{
	struct trust *trust = trust_take(r->store, &r->store->policy);
	struct seal_diag diag = {0};
	size_t line;
	int rc;

	rc = seal_policy_verify_log(trust->policy, &r->sent.note,
				    r->sent.checkpoint.origin, &line, &diag);
	trust_give(r->store, trust);
	if (rc == SEAL_E_NOTFOUND || rc == SEAL_E_SIG)
		reply_refuse(r->reply, r->peer, 403,
			     "%s: the checkpoint is not signed by the host key "
			     "that was enrolled",
			     r->sent.checkpoint.origin);
	else if (rc < 0)
		reply_error(r->reply, &diag);
	return rc == 0;
}

/*
 * The seal, as far as the epoch in force is known here: entries that are still
 * to come may hand over to another key, whose seal is then kept unread.
 */
static bool seal_check(struct request *r, const struct log *log)
{
	struct seal_vkey vkey = {0};
	struct seal_chain_span span;
	struct seal_pub *pub = NULL;
	struct seal_diag diag = {0};
	int rc;

	if (!log->chain || r->sent.checkpoint.size == 0)
		return true;
	rc = seal_chain_lookup(log->chain, r->sent.checkpoint.size, &span);
	if (rc == 0)
		rc = seal_pub_new(span.key, &pub);
	if (rc == 0)
		rc = seal_vkey_init_epoch(&vkey, log->origin, pub, &diag);
	if (rc == 0)
		rc = seal_note_verify(&r->sent.note, &vkey, &diag);
	seal_vkey_fini(&vkey);
	seal_pub_free(pub);
	if (rc == SEAL_E_SIG)
		reply_refuse(r->reply, r->peer, 403,
			     "%s: the seal of epoch %llu on the checkpoint "
			     "does not verify",
			     log->origin, (unsigned long long)span.epoch);
	else if (rc < 0 && rc != SEAL_E_NOTFOUND)
		reply_error(r->reply, &diag);
	return rc == 0 || rc == SEAL_E_NOTFOUND;
}

/* 422, and the only thing that two checkpoints of one log may not be. */
static bool inconsistent(struct request *r, const struct log *log,
			 const char *what)
{
	reply_refuse(r->reply, r->peer, 422,
		     "%s: %s between the checkpoint of size %llu that is known "
		     "here and the one sent, of size %llu",
		     log->origin, what, (unsigned long long)log->row.pending,
		     (unsigned long long)r->sent.checkpoint.size);
	return false;
}

static bool extends_check(struct request *r, const struct log *log,
			  const struct seal_storage_checkpoint *old)
{
	const char *fault =
		submission_fault(&r->sent, old->note ? &old->root : NULL);

	return !fault || inconsistent(r, log, fault);
}

static void conflict(struct request *r, const struct log *log)
{
	seal_buf_reset(&r->reply->body);
	if (seal_size_build(log->row.pending, &r->reply->body) < 0)
		return;
	r->reply->status = 409;
	r->reply->type = SEAL_TYPE_SIZE;
}

struct pending {
	struct seal_storage_log row;
	struct seal_storage_checkpoint checkpoint;
};

static int pending_step(struct seal_storage *storage, void *ctx,
			struct seal_diag *diag)
{
	const struct pending *pending = ctx;
	int rc;

	rc = storage->ops->put_checkpoint(storage, pending->row.id,
					  &pending->checkpoint, diag);
	if (rc == 0)
		rc = storage->ops->put_sizes(storage, &pending->row, diag);
	return rc;
}

static bool is_own(const struct seal_note_sig *line, const char *origin)
{
	size_t len = strlen(origin), more = strlen(SEAL_EPOCH_SUFFIX);

	if (line->name_len < len || memcmp(line->name, origin, len) != 0)
		return false;
	return line->name_len == len ||
	       (line->name_len == len + more &&
		!memcmp(line->name + len, SEAL_EPOCH_SUFFIX, more));
}

/*
 * Host and seal lines are kept as they came.  No others: what nobody checks
 * could be changed unseen.  docs/adr/0043.
 */
static int note_keep(struct request *r)
{
	const struct seal_note *note = &r->sent.note;
	size_t i;

	seal_buf_put(&r->kept, note->text, note->text_len);
	seal_buf_put_str(&r->kept, "\n");
	for (i = 0; i < note->sig_count; i++)
		if (is_own(&note->sigs[i], r->sent.checkpoint.origin))
			seal_note_put_line(&r->kept, &note->sigs[i]);
	return seal_buf_error(&r->kept);
}

static void pending_save(struct request *r, struct log *log)
{
	struct seal_storage *storage = r->store->storage;
	struct seal_diag diag = {0};
	struct pending pending = {
		.row = log->row,
		.checkpoint =
			{
				.size = r->sent.checkpoint.size,
				.root = r->sent.checkpoint.root,
				.note = r->kept.data,
				.note_bytes = r->kept.len,
			},
	};

	pending.row.has_pending = true;
	pending.row.pending = r->sent.checkpoint.size;
	if (storage->ops->commit(storage, pending_step, &pending,
				 SEAL_STORAGE_DURABLE, &diag) < 0) {
		reply_error(r->reply, &diag);
		return;
	}
	log->row = pending.row;
	reply_ok(r->reply, SEAL_TYPE_TEXT);
}

/*
 * The same checkpoint again: nothing to make durable, unless it now has more
 * signature lines than the one that is kept (a seal, another host key).
 */
static bool adds_nothing(const struct request *r, const struct log *log,
			 const struct seal_storage_checkpoint *old)
{
	return log->row.has_pending &&
	       r->sent.checkpoint.size == log->row.pending &&
	       old->note_bytes >= r->kept.len;
}

static void log_advance(struct request *r, struct log *log)
{
	struct seal_storage *storage = r->store->storage;
	struct seal_storage_checkpoint old = {0};
	struct seal_diag diag = {0};
	int rc = 0;

	if (r->sent.body.old_size != log->row.pending) {
		conflict(r, log);
		return;
	}
	if (log->row.has_pending)
		rc = storage->ops->get_checkpoint(
			storage, log->row.id, log->row.pending, &old, &diag);
	if (rc == 0 && note_keep(r) < 0)
		rc = seal_diag_set(&diag, SEAL_E_NOMEM, "out of memory");
	if (rc < 0)
		reply_error(r->reply, &diag);
	else if (extends_check(r, log, &old) && seal_check(r, log)) {
		if (adds_nothing(r, log, &old))
			reply_ok(r->reply, SEAL_TYPE_TEXT);
		else
			pending_save(r, log);
	}
	seal_storage_checkpoint_fini(&old);
	seal_buf_fini(&r->kept);
}

void add_checkpoint(struct store *store, const struct peer *peer,
		    const uint8_t *body, size_t body_bytes, struct reply *reply)
{
	struct request r = {.store = store,
			    .peer = peer,
			    .reply = reply,
			    .kept = SEAL_BUF_INIT};
	const char *origin = r.sent.checkpoint.origin;
	struct seal_diag diag = {0};
	struct log *log;
	int rc;

	if (!submission_parse(body, body_bytes, peer, reply, &r.sent))
		return;
	rc = log_take(store, origin, &log, &diag);
	if (rc == SEAL_E_NOTFOUND) {
		reply_refuse(reply, peer, 404, "%s: %s", origin, diag.text);
		return;
	}
	if (rc < 0) {
		reply_error(reply, &diag);
		return;
	}
	if (!peer_may_write(peer, origin))
		reply_refuse(reply, peer, 403,
			     "this certificate may not write to %s", origin);
	else if (!log_line_check(&r))
		;
	else if (r.sent.body.old_size > r.sent.checkpoint.size)
		reply_refuse(reply, peer, 400,
			     "%s: the old size is above the checkpoint's",
			     origin);
	else
		log_advance(&r, log);
	log_give(log);
}
