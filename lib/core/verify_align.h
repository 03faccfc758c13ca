/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to lib/core/verify*: what happened between the entries a cell should
 * hold and those it holds (format.md section 6, Counting, rule 1).  Knows
 * neither hashes nor frames: a found entry is the place it was made for.
 */
#ifndef SEAL_CORE_VERIFY_ALIGN_H
#define SEAL_CORE_VERIFY_ALIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A found entry that fits no expected place. */
#define SEAL_ALIGN_NOWHERE UINT64_MAX

/* The numbers are those of the findings: AS001 to AS005. */
enum seal_align_what {
	SEAL_ALIGN_MODIFIED = 1,
	SEAL_ALIGN_DELETED = 2,
	SEAL_ALIGN_INSERTED = 3,
	SEAL_ALIGN_REORDERED = 4,
	SEAL_ALIGN_DUPLICATE = 5,
};

/* One line of text, never NULL. */
const char *seal_align_text(enum seal_align_what what);

/* Expected places first ... last (inclusive, counted from 0 in the cell);
 * for INSERTED the place it stands before; within: not known how many. */
struct seal_align_result {
	enum seal_align_what what;
	uint64_t first;
	uint64_t last;
	bool within;
	size_t found; /* the first found entry it is about; found_count if none
		       */
};

typedef int seal_align_emit(void *ctx, const struct seal_align_result *result);

/*
 * place[k] is the expected place (< expected) of the k-th found entry, or
 * NOWHERE.  Calls emit in order of place for every difference; equal
 * neighbours are joined.  ret_source, if not NULL, has room for `expected`
 * values and receives for each expected place the found entry to put there,
 * or found_count where there is none (a modified entry: the one that stands in
 * its place).  Only allowed with expected <= 2^20.
 * NOMEM, RANGE, or what emit returned.
 */
int seal_align(const uint64_t *place, size_t found_count, uint64_t expected,
	       seal_align_emit *emit, void *ctx, size_t *ret_source);

#endif
