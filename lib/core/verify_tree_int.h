/* SPDX-License-Identifier: Apache-2.0 */
/* Private to the four files verify_tree.c, verify_unproven.c, verify_bundle.c
 * and verify_past.c. */
#ifndef SEAL_CORE_VERIFY_TREE_INT_H
#define SEAL_CORE_VERIFY_TREE_INT_H

#include "core/verify_int.h"
#include "core/verify_tree.h"

struct verify_tile {
	unsigned level;
	uint64_t number;
	unsigned width;
	unsigned stored_width;
	struct seal_hash stored[SEAL_VERIFY_TILE_WIDTH];
	bool have_below[SEAL_VERIFY_TILE_WIDTH];
	struct seal_hash below[SEAL_VERIFY_TILE_WIDTH];
	struct seal_hash hash[SEAL_VERIFY_TILE_WIDTH]; /* what is believed */
};

/* A bundle as read: at most one entry more than expected is looked at. */
#define VERIFY_BUNDLE_MAX (2 * SEAL_VERIFY_TILE_WIDTH)

struct verify_bundle {
	bool read;
	uint64_t number;
	unsigned width;
	const uint8_t *bytes; /* borrowed from the source */
	size_t len;
	unsigned count;			  /* whole entries */
	size_t offset[VERIFY_BUNDLE_MAX]; /* of the entry, behind its length */
	size_t entry_len[VERIFY_BUNDLE_MAX];
	struct seal_hash leaf[VERIFY_BUNDLE_MAX];
	bool ragged; /* bytes are left that are no entry */
};

struct verify_tree {
	struct seal_verify *v;
	const struct seal_verify_source *source;
	struct seal_diag *diag;
	uint64_t size;
	bool have_root, proven;
	struct seal_hash root;
	struct verify_tile tile[8 + 1]; /* one a level; the last: scratch */
	struct verify_tile edge[8];
	struct verify_bundle bundle;
	uint64_t missing_from; /* end of the copy: entries absent from here */
	bool missing;
	const char *gave_up; /* why what is behind was not looked at */
};

/* ---- verify_tree.c ---- */

/* A tile as it is stored; what is not there is no error. */
int verify_tile_read(struct verify_tree *t, unsigned level, uint64_t number,
		     unsigned width, struct verify_tile *tile);

/* ---- verify_unproven.c ---- */

/*
 * The number of the first leaf tile or bundle, from `number` on, that may be
 * there; `end` if there is none before it.
 */
int verify_tree_next(struct verify_tree *t, uint64_t number, uint64_t end,
		     uint64_t *ret_number);
/* All leaf tiles and bundles, where no root is proven. */
int verify_unproven(struct verify_tree *t);

/* ---- verify_bundle.c ---- */

/* Reads and hashes a bundle, unless it is the one read last. */
int verify_bundle_read(struct verify_tree *t, uint64_t number, unsigned width);
/* A bundle against its level-0 tile; feeds the entries to the log. */
int verify_bundle(struct verify_tree *t, const struct verify_tile *tile,
		  bool proven);
#define VERIFY_GAVE_UP_ABSENT                                        \
	"nothing of 262,144 entries in a row is here; what may lie " \
	"behind them was not looked at"
#define VERIFY_GAVE_UP_ADRIFT                                           \
	"the copy does not give the root of its checkpoint, and no "    \
	"hand-over of 1,048,576 entries verifies; what may lie behind " \
	"them was not looked at"

/* From here to the next bundle that is there, entries are absent. */
void verify_bundle_missing(struct verify_tree *t, uint64_t from);
/* The copy goes on here: what is missing before is deleted. */
int verify_bundle_goes_on(struct verify_tree *t, uint64_t from);
/* Entries absent at the end of the copy. */
int verify_bundle_end(struct verify_tree *t);

/* ---- verify_past.c ---- */

/* Takes the next stored checkpoint that the log has still to reach. */
int verify_past_next(struct verify_tree *t, uint64_t min_size);
/* Its place was reached, or passed over; ctx is the tree. */
int verify_past_reached(void *ctx);
/* Judges those whose place did not come. */
int verify_past_rest(struct verify_tree *t);
/* Judges those that are larger than what is verified. */
int verify_past_pending(struct verify_tree *t);

#endif
