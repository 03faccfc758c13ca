/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which checkpoint goes to which witness, and when.  Contract: submit.h; what
 * the answers mean: submit_answer.c.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/answer.h"
#include "protocol/tile.h"
#include "submit_internal.h"
#include "witness.h"

static int no_memory(struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
}

int submit_new(struct store *store, const struct submit_config *config,
	       struct submit **ret_submit, struct seal_diag *diag)
{
	struct submit *s = calloc(1, sizeof(*s));

	if (!s)
		return no_memory(diag);
	s->store = store;
	s->config = *config;
	*ret_submit = s;
	return 0;
}

static void party_free(struct party *party)
{
	if (!party)
		return;
	seal_vkey_fini(&party->vkey);
	free(party->url);
	free(party->targets);
	free(party);
}

void submit_free(struct submit *s)
{
	struct party *party, *next;

	if (!s)
		return;
	for (party = s->parties; party; party = next) {
		next = party->next;
		party_free(party);
	}
	seal_buf_fini(&s->request);
	seal_buf_fini(&s->answer);
	free(s);
}

/* ---- who the witnesses are ---- */

static struct party *party_find(const struct submit *s,
				const struct seal_policy_witness *w)
{
	struct party *party;

	for (party = s->parties; party; party = party->next)
		if (!strcmp(party->url, w->url) &&
		    !strcmp(party->vkey.name, w->vkey.name) &&
		    !memcmp(seal_pub_bytes(party->vkey.pub),
			    seal_pub_bytes(w->vkey.pub), SEAL_PUB_BYTES))
			return party;
	return NULL;
}

static int party_add(struct submit *s, const struct seal_policy_witness *w)
{
	struct party *party = calloc(1, sizeof(*party));

	if (!party)
		return SEAL_E_NOMEM;
	party->url = strdup(w->url);
	if (!party->url || seal_vkey_copy(&w->vkey, &party->vkey) < 0) {
		party_free(party);
		return SEAL_E_NOMEM;
	}
	party->listed = true;
	party->next = s->parties;
	s->parties = party;
	return 0;
}

static void parties_drop(struct submit *s)
{
	struct party **at = &s->parties, *party;

	while ((party = *at)) {
		if (party->listed) {
			at = &party->next;
			continue;
		}
		*at = party->next;
		party_free(party);
	}
}

/* The policy may have changed since the last pass. */
static int parties_update(struct submit *s, const struct seal_policy *policy,
			  struct seal_diag *diag)
{
	const struct seal_policy_witness *w;
	struct party *party;
	size_t i;

	for (party = s->parties; party; party = party->next)
		party->listed = false;
	for (i = 0; i < seal_policy_witness_count(policy); i++) {
		w = seal_policy_witness(policy, i);
		if (!w->url || store_owns_key(s->store, &w->vkey))
			continue;
		party = party_find(s, w);
		if (party)
			party->listed = true;
		else if (party_add(s, w) < 0)
			return no_memory(diag);
	}
	parties_drop(s);
	return 0;
}

/* ---- one log at one witness ---- */

static int acked_read(struct submit *s, const struct party *party,
		      const struct seal_storage_log *log, struct target *target,
		      struct seal_diag *diag)
{
	struct seal_storage_cosignature *list = NULL;
	size_t count = 0, i;
	int rc;

	rc = s->store->storage->ops->list_cosignatures(
		s->store->storage, log->id, &list, &count, diag);
	if (rc < 0)
		return rc;
	for (i = 0; i < count; i++)
		if (!strcmp(list[i].name, party->vkey.name))
			target->acked = target->old = list[i].size;
	seal_storage_cosignatures_free(list, count);
	target->loaded = true;
	return 0;
}

static int target_get(struct submit *s, struct party *party,
		      const struct seal_storage_log *log,
		      struct target **ret_target, struct seal_diag *diag)
{
	size_t at = (size_t)log->id, count = party->targets_count;
	struct target *grown;

	if (at >= count) {
		grown = realloc(party->targets, (at + 16) * sizeof(*grown));
		if (!grown)
			return no_memory(diag);
		memset(grown + count, 0, (at + 16 - count) * sizeof(*grown));
		party->targets = grown;
		party->targets_count = at + 16;
	}
	*ret_target = &party->targets[at];
	if ((*ret_target)->loaded)
		return 0;
	return acked_read(s, party, log, *ret_target, diag);
}

struct tiles {
	struct seal_storage *storage;
	int64_t log;
	struct seal_diag *diag;
};

static int tile_node(void *ctx, unsigned level, uint64_t index,
		     struct seal_hash *ret_node)
{
	struct seal_hash hashes[SEAL_STORAGE_WIDTH];
	const struct tiles *t = ctx;
	unsigned within = level % 8, have = 0;
	uint64_t first = index << within;
	size_t at = (size_t)(first % SEAL_STORAGE_WIDTH);
	size_t count = (size_t)1 << within;
	int rc;

	rc = t->storage->ops->get_tile(t->storage, t->log, level / 8,
				       first / SEAL_STORAGE_WIDTH, hashes,
				       &have, t->diag);
	if (rc < 0)
		return rc;
	if (have < at + count)
		return seal_diag_set(t->diag, SEAL_E_DAMAGED,
				     "the store's database: a tile is not "
				     "complete; verify the store");
	return seal_root_of(hashes + at, count, ret_node);
}

/* NOTFOUND: there is nothing to submit now. */
static int checkpoint_choose(struct submit *s, struct exchange *x,
			     struct seal_storage_checkpoint *ret_cp,
			     struct seal_diag *diag)
{
	const struct seal_storage_ops *ops = s->store->storage->ops;
	struct target *t = x->target;
	int rc;

	x->probe = t->probe;
	if (t->probe) {
		t->probe = false;
		rc = ops->get_checkpoint(s->store->storage, x->log, t->old,
					 ret_cp, diag);
		if (rc == SEAL_E_NOTFOUND) {
			submit_tell(s, x, SUBMIT_PROOF_REFUSED,
				    "it refuses the proof that the log grew "
				    "from %llu entries: verify this store, and "
				    "compare it with the witness's checkpoint",
				    (unsigned long long)t->old);
			submit_later(s, t, REFUSED_MS);
		}
	} else {
		rc = ops->get_receipted(s->store->storage, x->log, ret_cp,
					diag);
		if (rc == 0 && ret_cp->size <= t->acked)
			rc = SEAL_E_NOTFOUND;
	}
	if (rc < 0)
		return rc;
	x->size = ret_cp->size;
	x->root = ret_cp->root;
	x->old = t->old < x->size ? t->old : x->size;
	return 0;
}

static int request_make(struct submit *s, const struct exchange *x,
			const struct seal_storage_checkpoint *cp,
			struct seal_diag *diag)
{
	struct tiles tiles = {s->store->storage, x->log, diag};
	struct seal_proof proof = {0};
	int rc;

	rc = seal_proof_consistency(x->old, x->size, tile_node, &tiles, &proof);
	if (rc < 0)
		return diag->text[0]
			       ? rc
			       : seal_diag_set(diag, rc, "cannot make a proof");
	seal_buf_reset(&s->request);
	rc = seal_add_checkpoint_build(x->old, &proof, cp->note, cp->note_bytes,
				       &s->request);
	return rc < 0 ? seal_diag_set(diag, rc, "cannot make a request") : 0;
}

static int url_make(const struct party *party, struct seal_buf *ret_url)
{
	size_t len = strlen(party->url);

	while (len && party->url[len - 1] == '/')
		len--;
	seal_buf_putf(ret_url, "%.*s%s", (int)len, party->url,
		      SEAL_PATH_ADD_CHECKPOINT);
	return seal_buf_cstr(ret_url) ? 0 : SEAL_E_NOMEM;
}

static int exchange_do(struct submit *s, struct exchange *x)
{
	struct seal_buf url = SEAL_BUF_INIT;
	struct seal_diag diag = {0};
	int rc;

	rc = url_make(x->party, &url);
	if (rc < 0) {
		seal_buf_fini(&url);
		return rc;
	}
	seal_buf_reset(&s->answer);
	x->answer = (struct submit_answer){.body = &s->answer};
	rc = s->config.post(s->config.ctx, (char *)url.data, &s->request,
			    &x->answer, &diag);
	seal_buf_fini(&url);
	if (rc == SEAL_E_STOPPED)
		return rc;
	if (rc < 0)
		submit_no_answer(s, x->party, &diag);
	else
		submit_judge(s, x);
	return 0;
}

/* Only STOPPED is the caller's affair. */
static int target_submit(struct submit *s, struct exchange *x)
{
	struct seal_storage_checkpoint cp = {0};
	struct seal_diag diag = {0};
	int rc;

	rc = checkpoint_choose(s, x, &cp, &diag);
	if (rc == 0)
		rc = request_make(s, x, &cp, &diag);
	if (rc == 0)
		rc = exchange_do(s, x);
	seal_storage_checkpoint_fini(&cp);
	if (rc == SEAL_E_STOPPED)
		return rc;
	if (rc == SEAL_E_NOTFOUND && !x->probe)
		submit_later(s, x->target, PACE_MS); /* its receipt is on the
							way */
	if (rc < 0 && rc != SEAL_E_NOTFOUND) {
		submit_tell(s, x, SUBMIT_OWN_FAULT, "%s",
			    diag.text[0] ? diag.text : seal_strerror(rc));
		submit_later(s, x->target, REFUSED_MS);
	}
	return 0;
}

/* ---- a pass ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static bool is_behind(const struct seal_storage_log *log,
		      const struct target *target)
{
	return log->mirror > target->acked || target->probe;
}

static int log_submit(struct submit *s, const struct seal_storage_log *log,
		      struct party *party, uint64_t *wait_ms,
		      struct seal_diag *diag)
{
	struct exchange x = {
		.party = party, .log = log->id, .origin = log->origin};
	uint64_t now = s->config.now_ms(s->config.ctx), due;
	int rc;

	rc = target_get(s, party, log, &x.target, diag);
	if (rc < 0 || !is_behind(log, x.target))
		return rc;
	due = x.target->due_ms > party->due_ms ? x.target->due_ms
					       : party->due_ms;
	if (due <= now) {
		rc = target_submit(s, &x);
		if (rc < 0 || !is_behind(log, x.target))
			return rc;
		now = s->config.now_ms(s->config.ctx);
		due = x.target->due_ms > party->due_ms ? x.target->due_ms
						       : party->due_ms;
	}
	*wait_ms = earlier(*wait_ms, due > now ? due - now : 0);
	return 0;
}

static int logs_submit(struct submit *s, const struct seal_policy *policy,
		       uint64_t *wait_ms, struct seal_diag *diag)
{
	struct seal_storage *storage = s->store->storage;
	struct seal_storage_log *logs = NULL;
	struct party *party;
	size_t count = 0, i;
	int rc;

	rc = storage->ops->list_logs(storage, &logs, &count, diag);
	for (i = 0; i < count && rc == 0; i++) {
		if (seal_policy_find_log(policy, logs[i].origin, 0) ==
		    seal_policy_log_count(policy))
			continue;
		for (party = s->parties; party && rc == 0; party = party->next)
			rc = log_submit(s, &logs[i], party, wait_ms, diag);
	}
	free(logs);
	return rc;
}

int submit_pass(struct submit *s, uint64_t *ret_wait_ms, struct seal_diag *diag)
{
	struct trust *trust = trust_take(s->store, &s->store->policy);
	uint64_t wait_ms = SUBMIT_NEVER;
	int rc;

	rc = parties_update(s, trust->policy, diag);
	if (rc == 0 && s->parties)
		rc = logs_submit(s, trust->policy, &wait_ms, diag);
	trust_give(s->store, trust);
	if (rc == 0)
		*ret_wait_ms = wait_ms;
	return rc;
}
