/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store's copy of a log of ATTACK_SIZE entries as pieces that know what they
 * are, random damages to them, and what must be found: docs/spec/verdict.md,
 * storage.md.
 */
#ifndef SEAL_TESTS_RANDOM_STORE_H
#define SEAL_TESTS_RANDOM_STORE_H

#include "tests/attack/attack_rows.h"
#include "tests/attack/random.h"

#define RANDOM_BUNDLES	   4 /* the last one is a piece */
#define RANDOM_CHECKPOINTS 4
#define RANDOM_ROW_ENTRIES 320

struct random_entry {
	uint64_t content; /* whose bytes; RANDOM_NOWHERE: nobody's */
	uint8_t *bytes;	  /* owned; without the length */
	size_t len;
};

/* A row of `bundle` or `piece`. */
struct random_row {
	uint64_t first;
	unsigned width;
	bool gone;
	struct random_entry entry[RANDOM_ROW_ENTRIES];
	size_t entries;
	uint8_t hash[256][32];
	bool wrong[256]; /* of hash */
	char where[96];
	const char *table;
};

struct random_stored {
	struct random_row row[RANDOM_BUNDLES];
	uint8_t tile[RANDOM_BUNDLES - 1][32]; /* of level 1 */
	bool tile_wrong[RANDOM_BUNDLES - 1], tile_gone;
	uint64_t size[RANDOM_CHECKPOINTS]; /* of the checkpoints, rising */
	bool checkpoint_gone[RANDOM_CHECKPOINTS];
	uint64_t cosigned; /* size that another witness has spoken of */
	bool receipt_gone[RANDOM_CHECKPOINTS];
	bool root_wrong[RANDOM_CHECKPOINTS];
	bool epoch_wrong[RANDOM_CHECKPOINTS]; /* tags of `epochs` */
};

struct random_stored *random_stored_take(struct attack_store *a);
void random_stored_free(struct random_stored *c);
/* Into the database, which is whole. */
void random_stored_put(const struct random_stored *c, struct attack_store *a);

struct random_harm {
	unsigned what;
	uint64_t a, b, c;
};

struct random_harm random_harm_draw(struct random *r);
/*
 * false: there is nothing that it could be done to, or nothing would be proven
 * any more by the newest checkpoint (test_store_rows has such copies).
 */
bool random_harm_do(struct random_stored *c, const struct random_harm *h,
		    char *ret_text, size_t room);
unsigned random_harm_kinds(void);
const char *random_harm_name(unsigned what);

void random_stored_expect(const struct random_stored *c,
			  struct random_list *ret_list);

#endif
