/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The chain log id -> key 0 -> key 1 -> ...  A key gets in by a hand-over of
 * its predecessor and in no other way.  Contract: epoch.h.
 */
#include "core/epoch.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/tree.h"

struct epoch {
	uint64_t first; /* its first entry index */
	uint8_t key[SEAL_PUB_BYTES];
	/* SHA-256 of what its hand-over signed; not of the newest epoch */
	struct seal_hash said;
};

struct seal_chain {
	struct seal_hash log_id;
	uint8_t host_key[SEAL_PUB_BYTES];
	struct epoch *epoch;
	size_t n, cap;
	/* epoch[0] is epoch 0, epoch[k] is epoch k + skipped */
	uint64_t skipped;
	struct seal_pub *newest; /* the key of epoch[n - 1] */
	/* Set of all epoch keys: 1 + where it stands in epoch, 0 is free. */
	uint32_t *slot;
	size_t slots; /* a power of two, at least 2 * cap */
};

/* The slot of this key, or the free one where it would go. */
static size_t find_slot(const struct seal_chain *chain, const uint8_t *key)
{
	uint64_t at;

	memcpy(&at, key, sizeof(at));
	for (;; at++) {
		at &= chain->slots - 1;
		if (chain->slot[at] == 0 ||
		    memcmp(chain->epoch[chain->slot[at] - 1].key, key,
			   SEAL_PUB_BYTES) == 0)
			return (size_t)at;
	}
}

static bool is_used(const struct seal_chain *chain, const uint8_t *key)
{
	return memcmp(chain->host_key, key, SEAL_PUB_BYTES) == 0 ||
	       chain->slot[find_slot(chain, key)] != 0;
}

/* Room for one more epoch; the chain says the same before and after. */
static int grow(struct seal_chain *chain)
{
	size_t cap = chain->cap ? 2 * chain->cap : 4, i;
	struct epoch *epoch;
	uint32_t *slot;

	if (chain->n < chain->cap)
		return 0;
	if (cap > UINT32_MAX / 2 || cap > SIZE_MAX / sizeof(*epoch))
		return SEAL_E_NOMEM;
	epoch = realloc(chain->epoch, cap * sizeof(*epoch));
	if (!epoch)
		return SEAL_E_NOMEM;
	chain->epoch = epoch;
	slot = calloc(2 * cap, sizeof(*slot));
	if (!slot)
		return SEAL_E_NOMEM;
	free(chain->slot);
	chain->slot = slot;
	chain->slots = 2 * cap;
	chain->cap = cap;
	for (i = 0; i < chain->n; i++)
		slot[find_slot(chain, epoch[i].key)] = (uint32_t)i + 1;
	return 0;
}

/* Room has been made before: cannot fail. */
static void push(struct seal_chain *chain, uint64_t first, const uint8_t *key,
		 struct seal_pub *pub)
{
	struct epoch *e = &chain->epoch[chain->n];

	memset(e, 0, sizeof(*e));
	e->first = first;
	memcpy(e->key, key, sizeof(e->key));
	chain->slot[find_slot(chain, key)] = (uint32_t)++chain->n;
	seal_pub_free(chain->newest);
	chain->newest = pub;
}

/* Accepts both keys, and checks that they give the pin. */
static int root_chain(struct seal_chain *chain, const char *origin,
		      const uint8_t *epoch_key, const struct seal_hash *pin)
{
	struct seal_pub *pub = NULL;
	int rc;

	rc = seal_log_id(origin, chain->host_key, epoch_key, &chain->log_id);
	if (rc < 0)
		return rc;
	if (pin && !seal_hash_equal(pin, &chain->log_id))
		return SEAL_E_FOREIGN;
	rc = seal_pub_new(chain->host_key, &pub);
	if (rc < 0)
		return rc;
	seal_pub_free(pub);
	if (memcmp(chain->host_key, epoch_key, SEAL_PUB_BYTES) == 0)
		return SEAL_E_KEY;
	rc = grow(chain);
	if (rc < 0)
		return rc;
	rc = seal_pub_new(epoch_key, &pub);
	if (rc < 0)
		return rc;
	push(chain, 0, epoch_key, pub);
	return 0;
}

int seal_chain_new(const char *origin, const uint8_t host_key[32],
		   const uint8_t epoch_key[32], const struct seal_hash *log_id,
		   struct seal_chain **ret_chain)
{
	struct seal_chain *chain;
	int rc;

	chain = calloc(1, sizeof(*chain));
	if (!chain)
		return SEAL_E_NOMEM;
	memcpy(chain->host_key, host_key, sizeof(chain->host_key));
	rc = root_chain(chain, origin, epoch_key, log_id);
	if (rc < 0) {
		seal_chain_free(chain);
		return rc;
	}
	*ret_chain = chain;
	return 0;
}

void seal_chain_free(struct seal_chain *chain)
{
	if (!chain)
		return;
	seal_pub_free(chain->newest);
	free(chain->epoch);
	free(chain->slot);
	free(chain);
}

const struct seal_hash *seal_chain_log_id(const struct seal_chain *chain)
{
	return &chain->log_id;
}

int seal_chain_new_at(const char *origin, const struct seal_chain_resume *at,
		      const struct seal_hash *log_id,
		      struct seal_chain **ret_chain)
{
	struct seal_chain *chain;
	struct seal_pub *pub = NULL;
	int rc = seal_chain_new(origin, at->host_key, at->epoch0_key, log_id,
				&chain);

	if (rc < 0)
		return rc;
	if (!at->epoch) {
		rc = at->first || memcmp(at->epoch_key, at->epoch0_key,
					 SEAL_PUB_BYTES)
			     ? SEAL_E_ARG
			     : 0;
		goto out;
	}
	if (!at->first || at->first > SEAL_TREE_SIZE_MAX ||
	    is_used(chain, at->epoch_key)) {
		rc = SEAL_E_ARG;
		goto out;
	}
	rc = grow(chain);
	if (rc == 0)
		rc = seal_pub_new(at->epoch_key, &pub);
	if (rc < 0)
		goto out;
	chain->skipped = at->epoch - 1;
	push(chain, at->first, at->epoch_key, pub);
out:
	if (rc < 0)
		seal_chain_free(chain);
	else
		*ret_chain = chain;
	return rc;
}

static int hash_said(const struct seal_chain *chain,
		     const struct seal_handover *h, struct seal_hash *ret_said)
{
	uint8_t bytes[SEAL_HANDOVER_BYTES];

	seal_handover_bytes(&chain->log_id, h, bytes);
	return seal_sha256(bytes, sizeof(bytes), ret_said);
}

/* A hand-over of an epoch that has one already. */
static int compare(const struct seal_chain *chain,
		   const struct seal_handover *h,
		   enum seal_handover_verdict *ret_verdict)
{
	const struct epoch *old;
	struct seal_pub *pub = NULL;
	struct seal_hash said;
	int rc;

	if (chain->skipped && h->epoch <= chain->skipped + 1) {
		*ret_verdict = SEAL_HANDOVER_SAME;
		return 0;
	}
	old = &chain->epoch[h->epoch - 1 - chain->skipped];
	rc = hash_said(chain, h, &said);
	if (rc < 0)
		return rc;
	rc = seal_pub_new(old->key, &pub);
	if (rc < 0)
		return rc == SEAL_E_KEY ? SEAL_E_INTERNAL : rc;
	rc = seal_handover_verify(&chain->log_id, h, pub);
	seal_pub_free(pub);
	if (rc == 0)
		*ret_verdict = seal_hash_equal(&said, &old->said)
				       ? SEAL_HANDOVER_SAME
				       : SEAL_HANDOVER_FORK;
	else if (rc == SEAL_E_SIG)
		*ret_verdict = SEAL_HANDOVER_SIG;
	return rc == SEAL_E_SIG ? 0 : rc;
}

/* The rules of a hand-over whose signature is right. */
static enum seal_handover_verdict judge(const struct seal_chain *chain,
					const struct seal_handover *h)
{
	if (h->header[0] != SEAL_ENTRY_EPOCH || h->header[1] != 0)
		return SEAL_HANDOVER_HEADER;
	if (h->index < seal_chain_first(chain) ||
	    h->index >= SEAL_TREE_SIZE_MAX)
		return SEAL_HANDOVER_INDEX;
	if (is_used(chain, h->key))
		return SEAL_HANDOVER_REUSED;
	return SEAL_HANDOVER_OK;
}

static int go_on(struct seal_chain *chain, const struct seal_handover *h,
		 enum seal_handover_verdict *ret_verdict)
{
	struct seal_pub *pub = NULL;
	struct seal_hash said;
	int rc;

	rc = hash_said(chain, h, &said);
	if (rc == 0)
		rc = grow(chain);
	if (rc == 0)
		rc = seal_pub_new(h->key, &pub);
	if (rc == SEAL_E_KEY) {
		*ret_verdict = SEAL_HANDOVER_KEY;
		return 0;
	}
	if (rc < 0)
		return rc;
	/* nothing below can fail */
	chain->epoch[chain->n - 1].said = said;
	push(chain, h->index + 1, h->key, pub);
	*ret_verdict = SEAL_HANDOVER_OK;
	return 0;
}

int seal_chain_trust(struct seal_chain *chain, const struct seal_handover *h,
		     enum seal_handover_verdict *ret_verdict)
{
	enum seal_handover_verdict verdict;
	struct seal_hash said;
	int rc;

	verdict = h->epoch == seal_chain_epoch(chain) + 1 ? judge(chain, h)
							  : SEAL_HANDOVER_EPOCH;
	if (verdict != SEAL_HANDOVER_OK) {
		*ret_verdict = verdict;
		return 0;
	}
	rc = hash_said(chain, h, &said);
	if (rc == 0)
		rc = grow(chain);
	if (rc < 0)
		return rc;
	/* nothing below can fail */
	chain->epoch[chain->n - 1].said = said;
	push(chain, h->index + 1, h->key, NULL);
	*ret_verdict = SEAL_HANDOVER_OK;
	return 0;
}

/* After seal_chain_trust the newest key is not yet accepted. */
static int accept_newest(struct seal_chain *chain)
{
	if (chain->newest)
		return 0;
	return seal_pub_new(chain->epoch[chain->n - 1].key, &chain->newest);
}

int seal_chain_advance(struct seal_chain *chain, const struct seal_handover *h,
		       enum seal_handover_verdict *ret_verdict)
{
	enum seal_handover_verdict verdict;
	int rc;

	if (h->epoch == 0 || h->epoch - 1 > seal_chain_epoch(chain)) {
		*ret_verdict = SEAL_HANDOVER_EPOCH;
		return 0;
	}
	if (h->epoch <= seal_chain_epoch(chain))
		return compare(chain, h, ret_verdict);
	rc = accept_newest(chain);
	if (rc == 0)
		rc = seal_handover_verify(&chain->log_id, h, chain->newest);
	if (rc == SEAL_E_SIG || rc == SEAL_E_KEY) {
		*ret_verdict = SEAL_HANDOVER_SIG;
		return 0;
	}
	if (rc < 0)
		return rc;
	verdict = judge(chain, h);
	if (verdict == SEAL_HANDOVER_OK)
		return go_on(chain, h, ret_verdict);
	*ret_verdict = verdict;
	return 0;
}

uint64_t seal_chain_epoch(const struct seal_chain *chain)
{
	return chain->n == 1 ? 0 : chain->n - 1 + chain->skipped;
}

uint64_t seal_chain_first(const struct seal_chain *chain)
{
	return chain->epoch[chain->n - 1].first;
}

const struct seal_pub *seal_chain_pub(const struct seal_chain *chain)
{
	return chain->newest;
}

static void span_at(const struct seal_chain *chain, size_t at,
		    struct seal_chain_span *ret_span)
{
	ret_span->epoch = at ? at + chain->skipped : 0;
	ret_span->first = chain->epoch[at].first;
	ret_span->end = at + 1 < chain->n ? chain->epoch[at + 1].first
					  : SEAL_TREE_SIZE_MAX;
	memcpy(ret_span->key, chain->epoch[at].key, sizeof(ret_span->key));
}

int seal_chain_span(const struct seal_chain *chain, uint64_t epoch,
		    struct seal_chain_span *ret_span)
{
	if (epoch > seal_chain_epoch(chain) ||
	    (epoch && epoch <= chain->skipped))
		return SEAL_E_RANGE;
	span_at(chain, epoch ? (size_t)(epoch - chain->skipped) : 0, ret_span);
	return 0;
}

int seal_chain_lookup(const struct seal_chain *chain, uint64_t size,
		      struct seal_chain_span *ret_span)
{
	size_t lo = 0, hi = chain->n, mid;

	if (size == 0 || size > SEAL_TREE_SIZE_MAX)
		return SEAL_E_RANGE;
	/* first of lo < size <= first of hi, if there is one */
	while (hi - lo > 1) {
		mid = lo + (hi - lo) / 2;
		if (chain->epoch[mid].first < size)
			lo = mid;
		else
			hi = mid;
	}
	if (!lo && chain->skipped)
		return SEAL_E_RANGE;
	span_at(chain, lo, ret_span);
	return 0;
}

const char *seal_handover_verdict_text(enum seal_handover_verdict verdict)
{
	switch (verdict) {
	case SEAL_HANDOVER_OK:
		return "the hand-over is in order";
	case SEAL_HANDOVER_SAME:
		return "the hand-over is known already";
	case SEAL_HANDOVER_FORK:
		return "the epoch has two valid hand-overs";
	case SEAL_HANDOVER_SIG:
		return "the signature of the hand-over is wrong";
	case SEAL_HANDOVER_KEY:
		return "the hand-over names an unacceptable key";
	case SEAL_HANDOVER_REUSED:
		return "the hand-over names a key that had a purpose before";
	case SEAL_HANDOVER_EPOCH:
		return "the hand-over names an epoch that is not the next one";
	case SEAL_HANDOVER_INDEX:
		return "the hand-over stands before its epoch";
	case SEAL_HANDOVER_HEADER:
		return "the hand-over signs another kind of entry";
	}
	return "unknown verdict";
}

unsigned seal_handover_finding(enum seal_handover_verdict verdict)
{
	switch (verdict) {
	case SEAL_HANDOVER_OK:
	case SEAL_HANDOVER_SAME:
		return 0;
	case SEAL_HANDOVER_FORK:
		return 8;
	case SEAL_HANDOVER_SIG:
		return 10;
	case SEAL_HANDOVER_KEY:
	case SEAL_HANDOVER_REUSED:
	case SEAL_HANDOVER_EPOCH:
	case SEAL_HANDOVER_INDEX:
	case SEAL_HANDOVER_HEADER:
		break;
	}
	return 12;
}
