/* SPDX-License-Identifier: Apache-2.0 */
/* Alignment of found to expected entries.  Contract: verify_align.h. */
#include "core/verify_align.h"

#include "core/err.h"

#include <stdlib.h>
#include <string.h>

#define MAX_SOURCE (1u << 20)
#define NONE	   SIZE_MAX

struct align {
	const uint64_t *place;
	size_t found;
	uint64_t expected;
	bool *kept;	/* found entry is on the longest increasing run */
	bool *moved;	/* found entry is reported as AS004 or AS005 */
	uint64_t *away; /* sorted places of entries found elsewhere */
	size_t away_count;
	size_t *source; /* borrowed from the caller, or NULL */
	seal_align_emit *emit;
	void *ctx;
	struct seal_align_result pending;
	bool have_pending;
};

/* Patience sorting: tails[l] ends the best run of length l + 1. */
static int longest_run(struct align *a)
{
	size_t *tails, *before, count = 0, lo, hi, mid, k;

	tails = calloc(a->found + 1, sizeof(*tails));
	before = calloc(a->found + 1, sizeof(*before));
	if (!tails || !before) {
		free(tails);
		free(before);
		return SEAL_E_NOMEM;
	}
	for (k = 0; k < a->found; k++) {
		if (a->place[k] == SEAL_ALIGN_NOWHERE)
			continue;
		lo = 0;
		hi = count;
		while (lo < hi) {
			mid = lo + (hi - lo) / 2;
			if (a->place[tails[mid]] < a->place[k])
				lo = mid + 1;
			else
				hi = mid;
		}
		before[k] = lo ? tails[lo - 1] : NONE;
		tails[lo] = k;
		if (lo == count)
			count++;
	}
	k = count ? tails[count - 1] : NONE;
	while (k != NONE) {
		a->kept[k] = true;
		k = before[k];
	}
	free(tails);
	free(before);
	return 0;
}

static int flush(struct align *a)
{
	return a->have_pending ? a->emit(a->ctx, &a->pending) : 0;
}

static int report(struct align *a, enum seal_align_what what, uint64_t first,
		  uint64_t last, bool within, size_t found)
{
	struct seal_align_result *p = &a->pending;
	int rc;

	if (a->have_pending && p->what == what && p->within == within &&
	    (p->last + 1 == first || p->last == first)) {
		p->last = last;
		return 0;
	}
	rc = flush(a);
	if (rc)
		return rc;
	*p = (struct seal_align_result){what, first, last, within, found};
	a->have_pending = true;
	return 0;
}

static int compare_u64(const void *left, const void *right)
{
	uint64_t x = *(const uint64_t *)left, y = *(const uint64_t *)right;

	return x < y ? -1 : x > y;
}

static bool listed(const uint64_t *list, size_t count, uint64_t value)
{
	return count &&
	       bsearch(&value, list, count, sizeof(*list), compare_u64);
}

/* Entries off the run: at another place (AS004) or once more (AS005). */
static int find_moved(struct align *a)
{
	uint64_t *kept;
	size_t k, kept_count = 0, run;

	kept = calloc(a->found + 1, sizeof(*kept));
	if (!kept)
		return SEAL_E_NOMEM;
	for (k = 0; k < a->found; k++)
		if (a->kept[k])
			kept[kept_count++] = a->place[k];
	for (k = 0; k < a->found; k++) {
		if (a->kept[k] || a->place[k] == SEAL_ALIGN_NOWHERE)
			continue;
		a->moved[k] = true;
		if (listed(kept, kept_count, a->place[k]))
			continue;
		a->away[a->away_count++] = a->place[k];
		if (a->source)
			a->source[a->place[k]] = k;
	}
	free(kept);
	if (!a->away_count)
		return 0;
	qsort(a->away, a->away_count, sizeof(*a->away), compare_u64);
	for (k = 1, run = 1; k < a->away_count; k++)
		if (a->away[k] != a->away[run - 1])
			a->away[run++] = a->away[k];
	a->away_count = run;
	return 0;
}

/* The first place in [from, to) that no moved entry fills, or to. */
static uint64_t next_absent(const struct align *a, uint64_t from, uint64_t to)
{
	while (from < to && listed(a->away, a->away_count, from))
		from++;
	return from;
}

/* How many places of moved entries are below `place`. */
static size_t away_below(const struct align *a, uint64_t place)
{
	size_t lo = 0, hi = a->away_count, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (a->away[mid] < place)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static size_t count_away(const struct align *a, uint64_t from, uint64_t to)
{
	return away_below(a, to) - away_below(a, from);
}

/* Runs of absent places in [from, to), each reported as `what`. */
static int report_absent(struct align *a, enum seal_align_what what,
			 uint64_t from, uint64_t to, size_t found)
{
	size_t k;
	uint64_t end;
	int rc;

	for (from = next_absent(a, from, to); from < to;
	     from = next_absent(a, end, to)) {
		end = to;
		k = away_below(a, from);
		if (k < a->away_count && a->away[k] < end)
			end = a->away[k];
		rc = report(a, what, from, end - 1, false, found);
		if (rc)
			return rc;
	}
	return 0;
}

/* As many strangers as absent places: one for one. */
static void pair(struct align *a, uint64_t from, uint64_t to, size_t first,
		 size_t end)
{
	size_t k;

	if (!a->source)
		return;
	for (k = first; k < end; k++) {
		if (a->kept[k] || a->moved[k])
			continue;
		from = next_absent(a, from, to);
		a->source[from++] = k;
	}
}

/* Expected places [from, to) against found entries [first, end). */
static int hole(struct align *a, uint64_t from, uint64_t to, size_t first,
		size_t end)
{
	uint64_t m = to - from - count_away(a, from, to);
	size_t k, n = 0, stranger = a->found;
	int rc = 0;

	for (k = first; k < end && !rc; k++) {
		if (a->moved[k]) {
			rc = report(a,
				    listed(a->away, a->away_count, a->place[k])
					    ? SEAL_ALIGN_REORDERED
					    : SEAL_ALIGN_DUPLICATE,
				    a->place[k], a->place[k], false, k);
			continue;
		}
		if (stranger == a->found)
			stranger = k;
		n++;
	}
	if (rc || (!m && !n))
		return rc;
	if (!n)
		return report_absent(a, SEAL_ALIGN_DELETED, from, to, a->found);
	if (!m)
		return report(a, SEAL_ALIGN_INSERTED, from, from, n > 1,
			      stranger);
	if (m == n) {
		pair(a, from, to, first, end);
		return report_absent(a, SEAL_ALIGN_MODIFIED, from, to,
				     stranger);
	}
	return report(a, SEAL_ALIGN_MODIFIED, from, to - 1, true, stranger);
}

static int walk(struct align *a)
{
	uint64_t from = 0;
	size_t k, first = 0;
	int rc;

	for (k = 0; k < a->found; k++) {
		if (!a->kept[k])
			continue;
		if (a->source)
			a->source[a->place[k]] = k;
		rc = hole(a, from, a->place[k], first, k);
		if (rc)
			return rc;
		from = a->place[k] + 1;
		first = k + 1;
	}
	rc = hole(a, from, a->expected, first, a->found);
	return rc ? rc : flush(a);
}

int seal_align(const uint64_t *place, size_t found_count, uint64_t expected,
	       seal_align_emit *emit, void *ctx, size_t *ret_source)
{
	struct align a = {.place = place,
			  .found = found_count,
			  .expected = expected,
			  .source = ret_source,
			  .emit = emit,
			  .ctx = ctx};
	uint64_t k;
	int rc = SEAL_E_NOMEM;

	if (ret_source && expected > MAX_SOURCE)
		return SEAL_E_RANGE;
	for (k = 0; ret_source && k < expected; k++)
		ret_source[k] = found_count;
	a.kept = calloc(found_count + 1, sizeof(*a.kept));
	a.moved = calloc(found_count + 1, sizeof(*a.moved));
	a.away = calloc(found_count + 1, sizeof(*a.away));
	if (!a.kept || !a.moved || !a.away)
		goto out;
	rc = longest_run(&a);
	if (!rc)
		rc = find_moved(&a);
	if (!rc)
		rc = walk(&a);
out:
	free(a.kept);
	free(a.moved);
	free(a.away);
	return rc;
}

const char *seal_align_text(enum seal_align_what what)
{
	switch (what) {
	case SEAL_ALIGN_MODIFIED:
		return "not the bytes that were sealed";
	case SEAL_ALIGN_DELETED:
		return "sealed, and not in this copy";
	case SEAL_ALIGN_INSERTED:
		return "an entry that was never sealed";
	case SEAL_ALIGN_REORDERED:
		return "a sealed entry at another place";
	case SEAL_ALIGN_DUPLICATE:
		return "a sealed entry once more";
	}
	return "unknown";
}
