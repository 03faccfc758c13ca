/* SPDX-License-Identifier: Apache-2.0 */
/* A log in memory.  Contract: fake_log.h. */
#include "tests/lib/fake_log.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/err.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A helper that cannot do its work is no test. */
static void must(int rc)
{
	if (!rc)
		return;
	fprintf(stderr, "fake log: %s\n", seal_strerror(rc));
	abort();
}

int fake_log_init(struct fake_log *log, uint8_t salt)
{
	uint8_t seed[32] = {'h'};

	memset(log, 0, sizeof(*log));
	log->salt = salt;
	log->leaf = calloc(FAKE_ENTRIES_MAX, sizeof(*log->leaf));
	if (!log->leaf)
		return SEAL_E_NOMEM;
	must(seal_key_from_seed(seed, &log->host));
	seed[0] = 'e';
	must(seal_key_from_seed(seed, &log->epoch));
	must(seal_vkey_init(&log->host_vkey, FAKE_ORIGIN, SEAL_KEY_ED25519,
			    seal_key_public(log->host), NULL));
	return 0;
}

void fake_log_fini(struct fake_log *log)
{
	seal_key_free(log->host);
	seal_key_free(log->epoch);
	seal_vkey_fini(&log->host_vkey);
	seal_buf_fini(&log->receipt_note);
	free(log->leaf);
}

size_t fake_log_entry(const struct fake_log *log, uint64_t index,
		      uint8_t *ret_entry)
{
	size_t len = log->entry_bytes ? log->entry_bytes
				      : (size_t)(20 + index * 31 % 50);

	memset(ret_entry, log->salt, len);
	memcpy(ret_entry, &index, sizeof(index));
	return len;
}

void fake_log_append(struct fake_log *log, uint64_t n)
{
	static uint8_t entry[65535];
	size_t len;

	for (; n; n--, log->size++) {
		if (log->size == FAKE_ENTRIES_MAX)
			must(SEAL_E_RANGE);
		len = fake_log_entry(log, log->size, entry);
		must(seal_leaf_hash(entry, len, &log->leaf[log->size]));
	}
}

void fake_log_grow(struct fake_log *log, uint64_t n)
{
	fake_log_append(log, n);
	if (log->heads && log->head[log->heads - 1] == log->size)
		return;
	if (log->heads == FAKE_HEADS_MAX)
		must(SEAL_E_RANGE);
	log->head[log->heads++] = log->size;
}

void fake_log_cut(struct fake_log *log, uint64_t size)
{
	log->size = size;
	while (log->heads && log->head[log->heads - 1] > size)
		log->heads--;
}

void fake_log_root(const struct fake_log *log, uint64_t size,
		   struct seal_hash *ret_root)
{
	must(seal_root_of(log->leaf, size, ret_root));
}

/* What runs inside of the sender passes errors on: memory may be short. */
static int put_note(const struct fake_log *log, uint64_t size,
		    struct seal_buf *ret_note)
{
	struct seal_checkpoint cp;
	struct seal_hash root;
	int rc = seal_root_of(log->leaf, size, &root);

	if (!rc)
		rc = seal_checkpoint_init(&cp, FAKE_ORIGIN, size, &root);
	if (!rc)
		rc = seal_checkpoint_put_signed(ret_note, &cp, log->host,
						log->epoch);
	return rc;
}

void fake_log_note(const struct fake_log *log, uint64_t size,
		   struct seal_buf *ret_note)
{
	must(put_note(log, size, ret_note));
}

static int sealed(void *ctx, uint64_t *ret_size, struct seal_diag *diag)
{
	struct fake_log *log = ctx;

	(void)diag;
	if (log->fail_sealed)
		return log->fail_sealed;
	*ret_size = log->heads ? log->head[log->heads - 1] : 0;
	return 0;
}

static int offer(void *ctx, uint64_t min, uint64_t max,
		 struct seal_forward_offer *ret_offer, struct seal_diag *diag)
{
	struct fake_log *log = ctx;
	uint64_t best = 0, least = UINT64_MAX;
	size_t i;
	int rc;

	if (log->fail_offer)
		return seal_diag_set(diag, log->fail_offer, "offer fails");
	for (i = 0; i < log->heads; i++) {
		if (log->head[i] >= min && log->head[i] <= max)
			best = log->head[i];
		if (log->head[i] >= min && log->head[i] < least)
			least = log->head[i];
	}
	if (!best)
		best = least;
	if (best == UINT64_MAX)
		return SEAL_E_NOTFOUND;
	ret_offer->size = best;
	rc = seal_root_of(log->leaf, best, &ret_offer->root);
	if (!rc)
		rc = put_note(log, best, ret_offer->note);
	if (rc)
		return rc;
	log->offers++;
	log->offered = best;
	return 0;
}

static int frontier(void *ctx, uint64_t size,
		    struct seal_frontier *ret_frontier, struct seal_diag *diag)
{
	struct fake_log *log = ctx;

	if (log->fail_frontier)
		return seal_diag_set(diag, log->fail_frontier, "freed");
	seal_frontier_init(ret_frontier);
	return seal_frontier_append_many(ret_frontier, log->leaf, size);
}

static int read_entries(void *ctx, uint64_t first, uint64_t end,
			seal_forward_entry_fn each, void *each_ctx,
			struct seal_diag *diag)
{
	static uint8_t entry[65535];
	struct fake_log *log = ctx;
	size_t len;
	int rc = 0;

	if (log->fail_read)
		return seal_diag_set(diag, log->fail_read, "read fails");
	for (; first < end && !rc; first++) {
		len = fake_log_entry(log, first, entry);
		rc = each(each_ctx, first, entry, len);
	}
	return rc;
}

static int receipt(void *ctx, uint64_t size, uint64_t time_s,
		   const uint8_t *note, size_t note_bytes,
		   struct seal_diag *diag)
{
	struct fake_log *log = ctx;

	if (log->fail_receipt)
		return seal_diag_set(diag, log->fail_receipt, "disk full");
	log->receipts++;
	log->receipt_size = size;
	log->receipt_time = time_s;
	seal_buf_reset(&log->receipt_note);
	seal_buf_put(&log->receipt_note, note, note_bytes);
	return seal_buf_error(&log->receipt_note);
}

void fake_log_source(struct fake_log *log,
		     struct seal_forward_source *ret_source)
{
	*ret_source = (struct seal_forward_source){.ctx = log,
						   .sealed = sealed,
						   .offer = offer,
						   .frontier = frontier,
						   .read = read_entries,
						   .receipt = receipt};
}
