/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of a store made anew from a host's log, as somebody would who has
 * the store's machine and some of the keys.
 */
#ifndef SEAL_TESTS_ATTACK_REWRITE_H
#define SEAL_TESTS_ATTACK_REWRITE_H

#include "tests/attack/attack_store.h"

/* What stands in the table of the log. */
struct store_sizes {
	size_t next, pending, mirror;
};

/*
 * All rows of the log go, but its name and the root record of `epochs`; then
 * the first next entries of h are there, their hashes and their hand-overs'
 * records.  No checkpoint yet.  Of a store with db open.
 */
void store_rewrite(struct attack_store *a, const struct test_host *h,
		   struct store_sizes sizes);

/*
 * A checkpoint of h, signed by its host key; sealed by the key of this purpose,
 * NULL: not; with a receipt of the mirror's key of that time, 0: without.
 */
void store_sign(struct attack_store *a, const struct test_host *h, size_t size,
		const char *seal, uint64_t receipt_s);

/* Which key seals a size: a purpose. */
const char *store_sealer(const struct test_host *h, size_t size);

/* The hand-over that begins this epoch, over what is there now, by that key. */
void store_resign(struct test_host *h, unsigned epoch, const char *purpose);

#endif
