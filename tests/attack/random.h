/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random damage: which findings must come out, told from the damages alone by a
 * model that was written from docs/spec/verdict.md and calls no verifier.  It
 * never sees a hash: it is told whose bytes stand where.
 */
#ifndef SEAL_TESTS_RANDOM_H
#define SEAL_TESTS_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RANDOM_NOWHERE UINT64_MAX

/* ---- findings, as they are expected ---- */

#define RANDOM_FINDINGS 512

struct random_finding {
	unsigned number;
	bool of_entries, within;
	uint64_t first, last;
};

struct random_list {
	struct random_finding v[RANDOM_FINDINGS];
	size_t n;
};

void random_find(struct random_list *list, unsigned number, uint64_t first,
		 uint64_t last, bool within);
void random_find_none(struct random_list *list, unsigned number);

/* verdict.md 3: one cause is one finding; what touches becomes one. */
void random_settle(struct random_list *list);
/* verdict.md 1 and 10. */
int random_status(const struct random_list *list);

/* As attack_found writes it, sorted; and the same of what was found. */
void random_text(const struct random_list *list, char *ret, size_t room);
void random_sort(char *found);

/* ---- alignment, verdict.md 3 ---- */

struct random_found {
	uint64_t place;	  /* that it was made for; RANDOM_NOWHERE */
	uint64_t content; /* whose bytes it has; RANDOM_NOWHERE: nobody's */
	bool no_frame;	  /* bytes, not an entry */
};

/*
 * Found entries against expected places [first, end): adds what is to be said,
 * and which found entry is taken for which place (n: none).
 */
void random_align(const struct random_found *found, size_t n, uint64_t first,
		  uint64_t end, struct random_list *list, size_t *ret_taken);

/* ---- numbers ---- */

struct random {
	uint64_t state;
};

uint64_t random_next(struct random *r);
/* 0 ... n - 1; n > 0. */
uint64_t random_below(struct random *r, uint64_t n);

#endif
