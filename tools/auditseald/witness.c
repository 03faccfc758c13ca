/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store's witness.  One request at a time is compared, made durable and
 * signed, so that no smaller checkpoint is signed after a larger one.
 * Contract: witness.h.
 */
#include "witness.h"

#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "protocol/tile.h"
#include "say.h"
#include "submission.h"

struct witness {
	struct trusted policy; /* its log lines: whose checkpoints it signs */
	struct seal_vkey vkey; /* type 0x04 */
	struct seal_key *key;
	pthread_mutex_t mutex; /* from the old checkpoint to the new one */
};

/* One request on its way through the checks. */
struct request {
	struct store *store;
	const struct peer *peer;
	struct reply *reply;
	struct submission sent;
	struct seal_buf note;  /* text and the log's lines that verified */
	struct seal_buf lines; /* ours */
};

static bool same_key(const struct seal_vkey *a, const struct seal_vkey *b)
{
	return !memcmp(seal_pub_bytes(a->pub), seal_pub_bytes(b->pub),
		       SEAL_PUB_BYTES);
}

bool store_owns_key(const struct store *store, const struct seal_vkey *vkey)
{
	return same_key(&store->mirror_vkey, vkey) ||
	       (store->witness && same_key(&store->witness->vkey, vkey));
}

static int witness_init(struct store *store, struct witness *w,
			const char *policy_path, const char *name,
			struct seal_diag *diag)
{
	int rc;

	w->policy.path = strdup(policy_path);
	if (!w->policy.path)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	rc = seal_vkey_init(&w->vkey, name, SEAL_KEY_COSIGNATURE,
			    seal_key_public(w->key), diag);
	if (rc < 0)
		return rc;
	if (same_key(&store->mirror_vkey, &w->vkey) ||
	    !strcmp(store->mirror_vkey.name, name))
		return seal_diag_set(diag, SEAL_E_CONFIG,
				     "the witness %s must have another key and "
				     "another name than the mirror",
				     name);
	return trusted_reload(store, &w->policy, diag);
}

static void witness_free(struct store *store, struct witness *w)
{
	if (!w)
		return;
	trusted_fini(store, &w->policy);
	seal_vkey_fini(&w->vkey);
	seal_key_free(w->key);
	pthread_mutex_destroy(&w->mutex);
	free(w);
}

int witness_open(struct store *store, const char *policy_path, const char *name,
		 struct seal_key *key, struct seal_diag *diag)
{
	struct witness *w = calloc(1, sizeof(*w));
	int rc;

	if (!w) {
		seal_key_free(key);
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	}
	pthread_mutex_init(&w->mutex, NULL);
	w->key = key;
	rc = witness_init(store, w, policy_path, name, diag);
	if (rc < 0)
		witness_free(store, w);
	else
		store->witness = w;
	return rc;
}

void witness_close(struct store *store)
{
	witness_free(store, store->witness);
	store->witness = NULL;
}

int witness_reload(struct store *store, struct seal_diag *diag)
{
	if (!store->witness)
		return 0;
	return trusted_reload(store, &store->witness->policy, diag);
}

/* ---- add-checkpoint ---- */

static void refuse(struct request *r, unsigned status, const char *what)
{
	reply_refuse(r->reply, r->peer, status, "witness: %s: %s",
		     r->sent.checkpoint.origin, what);
}

/* What is kept of the note: its text, and the lines of keys that we know. */
static void lines_keep(struct request *r, const struct seal_policy *policy)
{
	const struct seal_note *note = &r->sent.note;
	const char *origin = r->sent.checkpoint.origin;
	size_t log, line;

	seal_buf_put(&r->note, note->text, note->text_len);
	seal_buf_put_str(&r->note, "\n");
	for (line = 0; line < note->sig_count; line++)
		for (log = seal_policy_find_log(policy, origin, 0);
		     log < seal_policy_log_count(policy);
		     log = seal_policy_find_log(policy, origin, log + 1))
			if (seal_note_find(note,
					   &seal_policy_log(policy, log)->vkey,
					   line) == line)
				seal_note_put_line(&r->note, &note->sigs[line]);
}

/* Every line of a key that we know must verify, and there must be one. */
static int lines_verify(const struct request *r,
			const struct seal_policy *policy,
			struct seal_diag *diag)
{
	const char *origin = r->sent.checkpoint.origin;
	bool found = false;
	size_t log;
	int rc;

	for (log = seal_policy_find_log(policy, origin, 0);
	     log < seal_policy_log_count(policy);
	     log = seal_policy_find_log(policy, origin, log + 1)) {
		rc = seal_note_verify(&r->sent.note,
				      &seal_policy_log(policy, log)->vkey,
				      diag);
		if (rc < 0 && rc != SEAL_E_NOTFOUND)
			return rc;
		found |= rc == 0;
	}
	return found ? 0 : SEAL_E_SIG;
}

/* Nothing is read from the database before this. */
static bool log_check(struct request *r)
{
	struct witness *w = r->store->witness;
	struct trust *trust = trust_take(r->store, &w->policy);
	const struct seal_policy *policy = trust->policy;
	struct seal_diag diag = {0};
	int rc = SEAL_E_NOTFOUND;

	if (seal_policy_find_log(policy, r->sent.checkpoint.origin, 0) <
	    seal_policy_log_count(policy))
		rc = lines_verify(r, policy, &diag);
	if (rc == 0)
		lines_keep(r, policy);
	trust_give(r->store, trust);
	if (rc == SEAL_E_NOTFOUND)
		refuse(r, 404, "this log is not known to the witness");
	else if (rc == SEAL_E_SIG)
		refuse(r, 403,
		       "the checkpoint is not signed by a key of this log");
	else if (rc < 0)
		reply_error(r->reply, &diag);
	return rc == 0;
}

static void conflict(struct request *r, uint64_t size)
{
	seal_buf_reset(&r->reply->body);
	if (seal_size_build(size, &r->reply->body) < 0)
		return;
	r->reply->status = 409;
	r->reply->type = SEAL_TYPE_SIZE;
}

struct witnessed {
	const char *origin;
	struct seal_storage_checkpoint checkpoint;
};

static int witnessed_step(struct seal_storage *storage, void *ctx,
			  struct seal_diag *diag)
{
	const struct witnessed *witnessed = ctx;

	return storage->ops->put_witnessed(storage, witnessed->origin,
					   &witnessed->checkpoint, diag);
}

/*
 * The line is made first, so that one commit holds it with the checkpoint; it
 * goes nowhere until the commit is durable.
 */
static int cosign(struct request *r, uint64_t last_s, struct seal_diag *diag)
{
	struct seal_storage *storage = r->store->storage;
	struct witness *w = r->store->witness;
	uint64_t now_s = r->store->now_s();
	struct witnessed witnessed = {.origin = r->sent.checkpoint.origin};
	struct seal_storage_checkpoint *cp = &witnessed.checkpoint;
	int rc;

	if (now_s < last_s)
		now_s = last_s;
	rc = seal_cosig_sign(&r->lines, r->sent.note.text,
			     r->sent.note.text_len, now_s, &w->vkey, w->key);
	if (rc == 0)
		rc = seal_buf_error(&r->lines);
	if (rc == 0)
		rc = seal_buf_error(&r->note);
	if (rc < 0)
		return seal_diag_set(diag, rc, "cannot cosign a checkpoint");
	cp->size = r->sent.checkpoint.size;
	cp->root = r->sent.checkpoint.root;
	cp->received_s = (int64_t)now_s;
	cp->note = r->note.data;
	cp->note_bytes = r->note.len;
	cp->receipt = r->lines.data;
	cp->receipt_bytes = r->lines.len;
	return storage->ops->commit(storage, witnessed_step, &witnessed,
				    SEAL_STORAGE_DURABLE, diag);
}

/* With the witness's mutex. */
static void advance(struct request *r)
{
	const char *origin = r->sent.checkpoint.origin;
	struct seal_storage *storage = r->store->storage;
	struct seal_storage_checkpoint last = {0};
	struct seal_diag diag = {0};
	struct seal_hash hash;
	const char *fault;
	int rc;

	rc = seal_sha256(origin, strlen(origin), &hash);
	if (rc == 0)
		rc = storage->ops->get_witnessed(storage, &hash, &last, &diag);
	if (rc < 0 && rc != SEAL_E_NOTFOUND) {
		reply_error(r->reply, &diag);
		return;
	}
	fault = submission_fault(&r->sent, rc == 0 ? &last.root : NULL);
	if (r->sent.body.old_size != last.size) {
		conflict(r, last.size);
	} else if (fault) {
		refuse(r, 422, fault);
	} else if (cosign(r, (uint64_t)last.received_s, &diag) < 0) {
		reply_error(r->reply, &diag);
	} else {
		reply_ok(r->reply, SEAL_TYPE_TEXT);
		seal_buf_put_buf(&r->reply->body, &r->lines);
	}
	seal_storage_checkpoint_fini(&last);
}

static void absent(struct reply *reply)
{
	reply_absent(reply, "there is no such resource here");
}

void witness_add_checkpoint(struct store *store, const struct peer *peer,
			    const uint8_t *body, size_t body_bytes,
			    struct reply *reply)
{
	struct request r = {.store = store, .peer = peer, .reply = reply};

	if (!store->witness) {
		absent(reply);
		return;
	}
	if (!submission_parse(body, body_bytes, peer, reply, &r.sent))
		return;
	if (log_check(&r)) {
		if (r.sent.body.old_size > r.sent.checkpoint.size) {
			refuse(&r, 400,
			       "the old size is above the checkpoint's");
		} else {
			pthread_mutex_lock(&store->witness->mutex);
			advance(&r);
			pthread_mutex_unlock(&store->witness->mutex);
		}
	}
	seal_buf_fini(&r.note);
	seal_buf_fini(&r.lines);
}

/* ---- reading ---- */

#define HASH_CHARS (SEAL_ORIGIN_HASH_BYTES - 1)

void witness_read(struct store *store, const char *path, struct reply *reply)
{
	struct seal_storage *storage = store->storage;
	struct seal_storage_checkpoint cp = {0};
	struct seal_diag diag = {0};
	struct seal_hash hash;
	int rc = SEAL_E_NOTFOUND;

	if (store->witness && strlen(path) > HASH_CHARS &&
	    !strcmp(path + HASH_CHARS, "/checkpoint") &&
	    seal_hex_decode(path, HASH_CHARS, hash.b, SEAL_HASH_BYTES) == 0)
		rc = storage->ops->get_witnessed(storage, &hash, &cp, &diag);
	if (rc == SEAL_E_NOTFOUND) {
		absent(reply);
	} else if (rc < 0) {
		reply_error(reply, &diag);
	} else {
		reply_ok(reply, SEAL_TYPE_TEXT);
		reply->cache = "no-cache";
		seal_buf_put(&reply->body, cp.note, cp.note_bytes);
		seal_buf_put(&reply->body, cp.receipt, cp.receipt_bytes);
	}
	seal_storage_checkpoint_fini(&cp);
}
