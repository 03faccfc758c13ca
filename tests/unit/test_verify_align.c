/* SPDX-License-Identifier: Apache-2.0 */
/* What happened between expected and found entries: each kind, and mixtures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "core/verify_align.h"
#include "tests/lib/oom.h"

#define N SEAL_ALIGN_NOWHERE

struct seen {
	char text[256];
	size_t len;
};

static int see(void *ctx, const struct seal_align_result *r)
{
	static const char letter[] = {[SEAL_ALIGN_MODIFIED] = 'M',
				      [SEAL_ALIGN_DELETED] = 'D',
				      [SEAL_ALIGN_INSERTED] = 'I',
				      [SEAL_ALIGN_REORDERED] = 'R',
				      [SEAL_ALIGN_DUPLICATE] = 'T'};
	struct seen *s = ctx;

	s->len += (size_t)snprintf(
		s->text + s->len, sizeof(s->text) - s->len, "%s%c%llu-%llu%s",
		s->len ? " " : "", letter[r->what],
		(unsigned long long)r->first, (unsigned long long)r->last,
		r->within ? "w" : "");
	return 0;
}

static const struct {
	uint64_t expected;
	size_t found;
	uint64_t place[8];
	const char *want;
} cases[] = {
	{0, 0, {0}, ""},
	{3, 3, {0, 1, 2}, ""},
	{3, 3, {0, N, 2}, "M1-1"},
	{3, 3, {N, N, N}, "M0-2"},
	{4, 4, {N, 1, N, 3}, "M0-0 M2-2"},
	{3, 2, {0, 2}, "D1-1"},
	{3, 2, {1, 2}, "D0-0"},
	{3, 2, {0, 1}, "D2-2"},
	{3, 0, {0}, "D0-2"},
	{3, 4, {0, 1, N, 2}, "I2-2"},
	{3, 4, {0, 1, 2, N}, "I3-3"},
	{0, 2, {N, N}, "I0-0w"},
	{3, 4, {0, 1, 1, 2}, "T1-1"},
	{4, 4, {0, 2, 1, 3}, "R2-2"},
	{4, 4, {3, 0, 1, 2}, "R3-3"},
	{5, 4, {0, N, N, 4}, "M1-3w"},
	{3, 4, {0, N, N, 2}, "M1-1w"},
	{4, 3, {0, N, 1}, "I1-1 D2-3"},
	{5, 4, {0, 3, 1, 4}, "R3-3 D2-2"},
	/* Absent places with another one's between them. */
	{7, 2, {6, 3}, "R6-6 D0-2 D4-5"},
	{8, 3, {7, 5, 2}, "R7-7 R5-5 D0-1 D3-4 D6-6"},
};

static void each_difference_has_its_name(void **state)
{
	struct seen s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&s, 0, sizeof(s));
		assert_int_equal(seal_align(cases[i].place, cases[i].found,
					    cases[i].expected, see, &s, NULL),
				 0);
		if (strcmp(s.text, cases[i].want))
			fail_msg("case %zu: %s, not %s", i, s.text,
				 cases[i].want);
	}
}

static void the_source_puts_all_in_their_places(void **state)
{
	static const uint64_t place[] = {2, 0, N, 3};
	struct seen s = {{0}, 0};
	size_t source[4];

	(void)state;
	assert_int_equal(seal_align(place, 4, 4, see, &s, source), 0);
	assert_int_equal(source[0], 1);
	assert_int_equal(source[1], 2); /* what stands in its place */
	assert_int_equal(source[2], 0);
	assert_int_equal(source[3], 3);
}

static void too_much_is_refused(void **state)
{
	struct seen s = {{0}, 0};
	size_t source[1];

	(void)state;
	assert_int_equal(
		seal_align(NULL, 0, (uint64_t)1 << 40, see, &s, source),
		SEAL_E_RANGE);
	assert_int_equal(seal_align(NULL, 0, (uint64_t)1 << 40, see, &s, NULL),
			 0);
	assert_string_equal(s.text, "D0-1099511627775");
}

/* ---- all small cells, against the words of docs/spec/verdict.md ---- */

#define PLACES 4
#define FOUND  5

/* What the rules of the cell say, written down as they stand there. */
struct told {
	uint64_t expected;
	size_t found;
	uint64_t place[FOUND];
	bool kept[FOUND];	/* on the longest run */
	bool taken[PLACES];	/* by an entry of the run */
	bool elsewhere[PLACES]; /* its entry is there, off the run */
	size_t source[PLACES];
	struct seal_align_result result[2 * FOUND + PLACES];
	size_t results;
};

/* "A found entry goes on the first pile whose top is not below it, and
 * remembers the top of the pile before; the run is read back from the top of
 * the last pile." */
static void tell_run(struct told *t)
{
	size_t top[FOUND], before[FOUND], piles = 0, k, pile;

	for (k = 0; k < t->found; k++) {
		if (t->place[k] == N)
			continue;
		for (pile = 0; pile < piles; pile++)
			if (t->place[top[pile]] >= t->place[k])
				break;
		before[k] = pile ? top[pile - 1] : FOUND;
		top[pile] = k;
		piles += pile == piles;
	}
	for (k = piles ? top[piles - 1] : FOUND; k != FOUND; k = before[k]) {
		t->kept[k] = true;
		t->taken[t->place[k]] = true;
		t->source[t->place[k]] = k;
	}
	for (k = 0; k < t->found; k++) {
		if (t->kept[k] || t->place[k] == N || t->taken[t->place[k]])
			continue;
		t->elsewhere[t->place[k]] = true;
		t->source[t->place[k]] = k;
	}
}

static void tell(struct told *t, enum seal_align_what what, uint64_t first,
		 uint64_t last, bool within, size_t found)
{
	struct seal_align_result *r = t->result + t->results - 1;

	if (t->results && r->what == what && r->within == within &&
	    (r->last == first || r->last + 1 == first)) {
		r->last = last;
		return;
	}
	t->result[t->results++] =
		(struct seal_align_result){what, first, last, within, found};
}

/* Places from ... to - 1 lie between two of the run; found entries too. */
static void tell_hole(struct told *t, uint64_t from, uint64_t to, size_t first,
		      size_t end)
{
	size_t m = 0, n = 0, k, stranger = t->found, next = first;
	uint64_t p;

	for (k = first; k < end; k++) {
		if (t->place[k] != N) {
			tell(t,
			     t->taken[t->place[k]] ? SEAL_ALIGN_DUPLICATE
						   : SEAL_ALIGN_REORDERED,
			     t->place[k], t->place[k], false, k);
		} else {
			if (!n++)
				stranger = k;
		}
	}
	for (p = from; p < to; p++)
		m += !t->elsewhere[p];
	if (!m && n)
		tell(t, SEAL_ALIGN_INSERTED, from, from, n > 1, stranger);
	if (m && n && m != n)
		tell(t, SEAL_ALIGN_MODIFIED, from, to - 1, true, stranger);
	for (p = from; p < to && (!n || m == n); p++) {
		if (t->elsewhere[p])
			continue;
		tell(t, n ? SEAL_ALIGN_MODIFIED : SEAL_ALIGN_DELETED, p, p,
		     false, stranger);
		while (n && t->place[next] != N)
			next++;
		if (n)
			t->source[p] = next++;
	}
}

static void tell_all(struct told *t)
{
	uint64_t from = 0;
	size_t first = 0, k;

	for (k = 0; k < PLACES; k++)
		t->source[k] = t->found;
	tell_run(t);
	for (k = 0; k < t->found; k++) {
		if (!t->kept[k])
			continue;
		tell_hole(t, from, t->place[k], first, k);
		from = t->place[k] + 1;
		first = k + 1;
	}
	tell_hole(t, from, t->expected, first, t->found);
}

struct got {
	struct seal_align_result result[2 * FOUND + PLACES];
	size_t results;
};

static int get(void *ctx, const struct seal_align_result *r)
{
	struct got *g = ctx;

	assert_true(g->results < 2 * FOUND + PLACES);
	g->result[g->results++] = *r;
	return 0;
}

static void assert_same(const struct told *t)
{
	struct got g = {.results = 0}, without = {.results = 0};
	size_t source[PLACES], k;

	assert_int_equal(
		seal_align(t->place, t->found, t->expected, get, &g, source),
		0);
	assert_int_equal(seal_align(t->place, t->found, t->expected, get,
				    &without, NULL),
			 0);
	assert_int_equal(g.results, t->results);
	assert_int_equal(without.results, t->results);
	for (k = 0; k < g.results; k++) {
		assert_int_equal(g.result[k].what, t->result[k].what);
		assert_int_equal(g.result[k].first, t->result[k].first);
		assert_int_equal(g.result[k].last, t->result[k].last);
		assert_int_equal(g.result[k].within, t->result[k].within);
		assert_int_equal(g.result[k].found, t->result[k].found);
	}
	for (k = 0; k < t->expected; k++)
		assert_int_equal(source[k], t->source[k]);
}

static void all_small_cells_are_as_the_spec_says(void **state)
{
	uint64_t expected;
	size_t found, k, code, codes;

	(void)state;
	for (expected = 0; expected <= PLACES; expected++) {
		for (found = 0, codes = 1; found <= FOUND; found++) {
			for (code = 0; code < codes; code++) {
				struct told t = {.expected = expected,
						 .found = found};
				size_t rest = code;

				for (k = 0; k < found; k++) {
					t.place[k] = rest % (expected + 1);
					rest /= expected + 1;
					if (t.place[k] == expected)
						t.place[k] = N;
				}
				tell_all(&t);
				assert_same(&t);
			}
			codes *= expected + 1;
		}
	}
}

static void as_many_as_a_cell_may_hold(void **state)
{
	const uint64_t most = (uint64_t)1 << 20;
	size_t *source = calloc(most, sizeof(*source));
	struct seen s = {{0}, 0};

	(void)state;
	assert_non_null(source);
	assert_int_equal(seal_align(NULL, 0, most, see, &s, source), 0);
	assert_string_equal(s.text, "D0-1048575");
	assert_int_equal(seal_align(NULL, 0, most + 1, see, &s, source),
			 SEAL_E_RANGE);
	free(source);
}

static int align_a_cell(void *arg)
{
	static const uint64_t place[] = {1, 0, N};
	struct seen s = {{0}, 0};
	int rc = seal_align(place, 3, 2, see, &s, NULL);

	(void)arg;
	assert_string_equal(s.text, rc ? "" : "R1-1 I1-1");
	return rc;
}

static void without_memory(void **state)
{
	(void)state;
	assert_int_equal(oom_every(align_a_cell, NULL), 6);
}

static void texts_are_those_of_the_findings(void **state)
{
	(void)state;
	assert_string_equal(seal_align_text(SEAL_ALIGN_MODIFIED),
			    "not the bytes that were sealed");
	assert_string_equal(seal_align_text(SEAL_ALIGN_DELETED),
			    "sealed, and not in this copy");
	assert_string_equal(seal_align_text(SEAL_ALIGN_INSERTED),
			    "an entry that was never sealed");
	assert_string_equal(seal_align_text(SEAL_ALIGN_REORDERED),
			    "a sealed entry at another place");
	assert_string_equal(seal_align_text(SEAL_ALIGN_DUPLICATE),
			    "a sealed entry once more");
}

struct stopper {
	size_t calls, fails; /* at which call, from 1 */
};

static int stop(void *ctx, const struct seal_align_result *r)
{
	struct stopper *s = ctx;

	(void)r;
	return ++s->calls == s->fails ? SEAL_E_STOPPED : 0;
}

/* Whichever call of emit fails, it was the last. */
static void what_emit_says_is_returned(void **state)
{
	struct got all;
	struct stopper s;
	size_t i, k;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		all.results = 0;
		assert_int_equal(seal_align(cases[i].place, cases[i].found,
					    cases[i].expected, get, &all, NULL),
				 0);
		for (k = 1; k <= all.results; k++) {
			s = (struct stopper){0, k};
			assert_int_equal(
				seal_align(cases[i].place, cases[i].found,
					   cases[i].expected, stop, &s, NULL),
				SEAL_E_STOPPED);
			assert_int_equal(s.calls, k);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_difference_has_its_name),
		cmocka_unit_test(the_source_puts_all_in_their_places),
		cmocka_unit_test(all_small_cells_are_as_the_spec_says),
		cmocka_unit_test(as_many_as_a_cell_may_hold),
		cmocka_unit_test(without_memory),
		cmocka_unit_test(texts_are_those_of_the_findings),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(what_emit_says_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
