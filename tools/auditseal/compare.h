/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two copies of one log, entry by entry.  Memory: 32 bytes for 256 entries and
 * copy; a copy is read once, and again only where they differ.
 */
#ifndef AUDITSEAL_COMPARE_H
#define AUDITSEAL_COMPARE_H

#include "judge.h"

enum compare_kind {
	COMPARE_OTHER = 1,  /* both have the entry, with other bytes */
	COMPARE_ONLY_A = 2, /* B lacks it */
	COMPARE_ONLY_B = 3, /* A lacks it */
};

struct compare_range {
	enum compare_kind kind;
	uint64_t first, last;
};

#define COMPARE_RANGES 1000

struct compare {
	uint64_t first[2], end[2]; /* of each copy: what it has */
	uint64_t entries[2];
	struct compare_range *range; /* owned, in order of index */
	size_t ranges;
	bool more;  /* there are ranges beyond those */
	bool other; /* of all: at least one COMPARE_OTHER */
};

int compare_copies(const struct cli_trust *trust, const char *const target[2],
		   struct compare *ret_compare, struct seal_diag *diag);
void compare_fini(struct compare *compare);

#endif
