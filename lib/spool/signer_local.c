/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The signer in this process.  Signs checkpoints of its own tree and hand-overs
 * of its own epochs, and nothing else.  Contract: signer.h; format.md 2.
 */
#include <stdlib.h>
#include <string.h>

#include "core/control.h"
#include "core/key.h"
#include "spool/keydir.h"
#include "spool/signer.h"

struct local {
	struct seal_signer base;
	struct seal_keydir *keydir;
	const struct seal_chain *chain;
	struct seal_frontier frontier;
	uint64_t epoch; /* in force */
	struct seal_key *key;
	uint8_t key_id[4];
	struct seal_key *next; /* of a hand-over that is under way */
	uint8_t next_id[4];
	bool has_pending;
	struct seal_handover pending;
	struct seal_head last; /* the newest seal; size 0: none */
};

static struct local *local_of(struct seal_signer *signer)
{
	return (struct local *)(void *)signer;
}

static int put_key_id(const struct local *s, const struct seal_key *key,
		      uint8_t ret_id[4])
{
	struct seal_vkey vkey = {0};
	int r;

	r = seal_vkey_init_epoch(&vkey, seal_keydir_origin(s->keydir),
				 seal_key_public(key), NULL);
	if (r)
		return r;
	ret_id[0] = vkey.id >> 24 & 0xFF;
	ret_id[1] = vkey.id >> 16 & 0xFF;
	ret_id[2] = vkey.id >> 8 & 0xFF;
	ret_id[3] = vkey.id & 0xFF;
	seal_vkey_fini(&vkey);
	return 0;
}

static int local_append(struct seal_signer *signer,
			const struct seal_hash *leaf, size_t n,
			struct seal_head *ret_head, struct seal_diag *diag)
{
	struct local *s = local_of(signer);
	struct seal_frontier grown = s->frontier;
	struct seal_head head = {0};
	struct seal_checkpoint cp;
	int r;

	if (s->has_pending && n != 1)
		return seal_diag_set(diag, SEAL_E_INTERNAL,
				     "a hand-over is under way");
	r = seal_frontier_append_many(&grown, leaf, n);
	if (!r)
		r = seal_frontier_root(&grown, &head.root);
	if (!r)
		r = seal_checkpoint_init(&cp, seal_keydir_origin(s->keydir),
					 grown.size, &head.root);
	if (!r)
		r = seal_checkpoint_sign(&cp, s->key, head.sig);
	if (r)
		return seal_diag_set(diag, r, "the log could not be sealed");
	/* nothing below can fail */
	head.size = grown.size;
	memcpy(head.key_id, s->key_id, sizeof(head.key_id));
	s->frontier = grown;
	s->last = head;
	if (s->has_pending) {
		seal_key_free(s->key);
		s->key = s->next;
		s->next = NULL;
		memcpy(s->key_id, s->next_id, sizeof(s->key_id));
		s->epoch = s->pending.epoch;
		s->has_pending = false;
	}
	*ret_head = head;
	return 0;
}

static int local_hand_over(struct seal_signer *signer, const uint8_t header[10],
			   struct seal_handover *ret_handover,
			   struct seal_diag *diag)
{
	struct local *s = local_of(signer);
	struct seal_handover h = {0};
	struct seal_key *next = NULL;
	struct seal_hash log_id;
	int r;

	if (s->has_pending && s->pending.index == s->frontier.size &&
	    !memcmp(s->pending.header, header, sizeof(h.header))) {
		*ret_handover = s->pending;
		return 0;
	}
	if (s->has_pending)
		return seal_diag_set(diag, SEAL_E_INTERNAL,
				     "another hand-over is under way");
	h.index = s->frontier.size;
	h.epoch = s->epoch + 1;
	memcpy(h.header, header, sizeof(h.header));
	r = seal_frontier_root(&s->frontier, &h.root);
	if (r)
		return seal_diag_set(diag, r, "no root for the hand-over");
	r = seal_keydir_make_epoch(s->keydir, h.epoch, &next, diag);
	if (r)
		return r;
	memcpy(h.key, seal_pub_bytes(seal_key_public(next)), sizeof(h.key));
	seal_keydir_log_id(s->keydir, &log_id);
	r = put_key_id(s, next, s->next_id);
	if (!r)
		r = seal_handover_sign(&log_id, &h, s->key);
	if (r) {
		seal_key_free(next);
		return seal_diag_set(diag, r,
				     "the hand-over of epoch %llu "
				     "could not be signed",
				     (unsigned long long)s->epoch);
	}
	s->next = next;
	s->pending = h;
	s->has_pending = true;
	*ret_handover = h;
	return 0;
}

static int local_forget(struct seal_signer *signer, struct seal_diag *diag)
{
	struct local *s = local_of(signer);

	if (!s->epoch || s->has_pending)
		return 0;
	return seal_keydir_destroy_epoch(s->keydir, s->epoch - 1, diag);
}

/* Did a key of this log's chain seal it? */
static int check_seal(const struct local *s, const struct seal_head *head,
		      const struct seal_checkpoint *cp)
{
	struct seal_chain_span span;
	struct seal_pub *pub;
	int r;

	if (s->last.size && !memcmp(&s->last, head, sizeof(*head)))
		return 0;
	if (head->size > s->frontier.size)
		return SEAL_E_SIG;
	r = seal_chain_lookup(s->chain, head->size, &span);
	if (r)
		return r;
	r = seal_pub_new(span.key, &pub);
	if (r)
		return r;
	r = seal_checkpoint_verify(cp, pub, head->sig);
	seal_pub_free(pub);
	return r;
}

static int local_checkpoint(struct seal_signer *signer,
			    const struct seal_head *head,
			    struct seal_sig_line *ret_host,
			    struct seal_diag *diag)
{
	struct local *s = local_of(signer);
	struct seal_sig_line line;
	struct seal_checkpoint cp;
	int r;

	r = seal_checkpoint_init(&cp, seal_keydir_origin(s->keydir), head->size,
				 &head->root);
	if (!r)
		r = check_seal(s, head, &cp);
	if (!r)
		r = seal_checkpoint_sign(&cp, seal_keydir_host_key(s->keydir),
					 line.sig);
	if (r)
		return seal_diag_set(
			diag, r, "the checkpoint of size %llu was not signed",
			(unsigned long long)head->size);
	line.id = seal_keydir_host(s->keydir)->id;
	*ret_host = line;
	return 0;
}

static const struct seal_frontier *
local_frontier(const struct seal_signer *signer)
{
	return &((const struct local *)(const void *)signer)->frontier;
}

static void local_free(struct seal_signer *signer)
{
	struct local *s = local_of(signer);

	seal_key_free(s->key);
	seal_key_free(s->next);
	free(s);
}

static const struct seal_signer_ops local_ops = {
	.append = local_append,
	.hand_over = local_hand_over,
	.forget = local_forget,
	.checkpoint = local_checkpoint,
	.frontier = local_frontier,
	.free = local_free,
};

/* The key of the hand-over that was found, and is it the slot's? */
static int take_pending(struct local *s, const struct seal_handover *pending,
			struct seal_diag *diag)
{
	int r;

	if (pending->index != s->frontier.size ||
	    pending->epoch != s->epoch + 1)
		return SEAL_E_INTERNAL;
	r = seal_keydir_epoch_key(s->keydir, pending->epoch, &s->next, diag);
	if (r)
		return r;
	if (memcmp(seal_pub_bytes(seal_key_public(s->next)), pending->key, 32))
		return seal_diag_set(diag, SEAL_E_DAMAGED,
				     "the hand-over names a key that %s/epoch "
				     "does not have",
				     seal_keydir_path(s->keydir));
	r = put_key_id(s, s->next, s->next_id);
	if (r)
		return r;
	s->pending = *pending;
	s->has_pending = true;
	return 0;
}

int seal_signer_local(struct seal_keydir *keydir,
		      const struct seal_chain *chain,
		      const struct seal_frontier *frontier,
		      const struct seal_handover *pending,
		      struct seal_signer **ret_signer, struct seal_diag *diag)
{
	struct seal_chain_span span;
	struct local *s;
	int r;

	s = calloc(1, sizeof(*s));
	if (!s)
		return SEAL_E_NOMEM;
	s->base.ops = &local_ops;
	s->keydir = keydir;
	s->chain = chain;
	s->frontier = *frontier;
	s->epoch = seal_chain_epoch(chain);
	r = seal_keydir_epoch_key(keydir, s->epoch, &s->key, diag);
	if (!r)
		r = seal_chain_span(chain, s->epoch, &span);
	if (!r && memcmp(seal_pub_bytes(seal_key_public(s->key)), span.key, 32))
		r = seal_diag_set(diag, SEAL_E_DAMAGED,
				  "%s/epoch has another key of epoch %llu than "
				  "the log",
				  seal_keydir_path(keydir),
				  (unsigned long long)s->epoch);
	if (!r)
		r = put_key_id(s, s->key, s->key_id);
	if (!r && pending)
		r = take_pending(s, pending, diag);
	if (r) {
		local_free(&s->base);
		return r;
	}
	*ret_signer = &s->base;
	return 0;
}

void seal_signer_free(struct seal_signer *signer)
{
	if (signer)
		signer->ops->free(signer);
}
