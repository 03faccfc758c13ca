/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: random.h. */
#include "tests/attack/random.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- findings ---- */

void random_find(struct random_list *list, unsigned number, uint64_t first,
		 uint64_t last, bool within)
{
	assert_true(list->n < RANDOM_FINDINGS && first <= last);
	list->v[list->n++] =
		(struct random_finding){number, true, within, first, last};
}

void random_find_none(struct random_list *list, unsigned number)
{
	assert_true(list->n < RANDOM_FINDINGS);
	list->v[list->n++] = (struct random_finding){.number = number};
}

/* verdict.md 3, the order; 0: about a statement. */
static unsigned rank_of(const struct random_finding *f)
{
	static const unsigned order[] = {25, 28, 9,  7,	 6,  30, 4,  5,	 2,
					 3,  1,	 31, 26, 10, 11, 12, 32, 13};
	unsigned k;

	for (k = 0; f->of_entries && k < sizeof(order) / sizeof(order[0]); k++)
		if (order[k] == f->number)
			return k + 1;
	return 0;
}

static void drop(struct random_list *list, size_t k)
{
	memmove(&list->v[k], &list->v[k + 1],
		(list->n - k - 1) * sizeof(list->v[0]));
	list->n--;
}

enum lost {
	LOST_NOTHING = 0,
	LOST_A_PART = 1,
	LOST_ALL = 2
};

/* What `by` explains of `f` is taken off, but where it sticks out twice. */
static enum lost lose(struct random_finding *f, const struct random_finding *by)
{
	if (by->last < f->first || by->first > f->last)
		return LOST_NOTHING;
	if (by->first <= f->first && by->last >= f->last)
		return LOST_ALL;
	if (by->first <= f->first)
		f->first = by->last + 1;
	else if (by->last >= f->last)
		f->last = by->first - 1;
	else
		return LOST_NOTHING;
	return LOST_A_PART;
}

static bool explain_once(struct random_list *list)
{
	struct random_finding *a, *b;
	enum lost lost;

	for (a = list->v; a < list->v + list->n; a++)
		for (b = list->v; b < list->v + list->n; b++) {
			if (!rank_of(a) || rank_of(a) >= rank_of(b))
				continue;
			lost = lose(b, a);
			if (lost == LOST_ALL)
				drop(list, (size_t)(b - list->v));
			if (lost)
				return true;
		}
	return false;
}

static bool is_cell(const struct random_finding *f)
{
	return f->of_entries && (f->number <= 6 || f->number == 30);
}

static bool touch(const struct random_finding *a,
		  const struct random_finding *b)
{
	if (a->number == 7 && b->number == 7 && a->of_entries && b->of_entries)
		return true;
	return is_cell(a) && is_cell(b) && a->first <= b->last + 1 &&
	       b->first <= a->last + 1;
}

static void unite(struct random_finding *a, const struct random_finding *b)
{
	a->first = b->first < a->first ? b->first : a->first;
	a->last = b->last > a->last ? b->last : a->last;
	a->within = a->within || b->within || a->number != b->number;
	if (a->number != b->number)
		a->number = 1;
}

void random_settle(struct random_list *list)
{
	size_t i, k;

	while (explain_once(list))
		;
again:
	for (i = 0; i < list->n; i++)
		for (k = i + 1; k < list->n; k++)
			if (touch(&list->v[i], &list->v[k])) {
				unite(&list->v[i], &list->v[k]);
				drop(list, k);
				goto again;
			}
}

int random_status(const struct random_list *list)
{
	bool undecided = false;
	unsigned number;
	size_t k;

	for (k = 0; k < list->n; k++) {
		number = list->v[k].number;
		if (number <= 12 || number == 22 || number == 27 ||
		    number == 28 || (number >= 30 && number <= 32))
			return 2;
		undecided |= number == 25 || number >= 33;
	}
	return undecided ? 3 : list->n ? 1 : 0;
}

/* ---- as text ---- */

static int compare_words(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void random_sort(char *found)
{
	char *copy = strdup(found), *word[RANDOM_FINDINGS], *at;
	size_t n = 0, k;

	assert_non_null(copy);
	for (at = strtok(copy, " "); at; at = strtok(NULL, " "))
		word[n++] = at;
	qsort(word, n, sizeof(word[0]), compare_words);
	for (k = 0, *found = '\0'; k < n; k++) {
		strcat(found, k ? " " : "");
		strcat(found, word[k]);
	}
	free(copy);
}

void random_text(const struct random_list *list, char *ret, size_t room)
{
	const struct random_finding *f;
	size_t k, len = 0;

	*ret = '\0';
	for (k = 0; k < list->n && len + 64 < room; k++) {
		f = &list->v[k];
		len += (size_t)snprintf(ret + len, room - len, "%sAS%03u",
					k ? " " : "", f->number);
		if (f->of_entries)
			len += (size_t)snprintf(ret + len, room - len,
						"[%" PRIu64 ",%" PRIu64 "]%s",
						f->first, f->last,
						f->within ? "w" : "");
	}
	random_sort(ret);
}

/* ---- alignment ---- */

#define FOUND_MAX 1024

struct align {
	const struct random_found *found;
	size_t n;
	uint64_t first, end;
	struct random_list *list;
	size_t *taken;
	bool on_run[FOUND_MAX], away[FOUND_MAX];
	bool moved_to[FOUND_MAX]; /* of a place: its entry stands elsewhere */
};

/* Piles, from left to right; the run is read back from the last one. */
static void longest_run(struct align *a)
{
	size_t top[FOUND_MAX], before[FOUND_MAX], piles = 0, p, k;

	for (k = 0; k < a->n; k++) {
		if (a->found[k].place < a->first || a->found[k].place >= a->end)
			continue;
		for (p = 0; p < piles; p++)
			if (a->found[top[p]].place >= a->found[k].place)
				break;
		before[k] = p ? top[p - 1] : SIZE_MAX;
		top[p] = k;
		piles += p == piles;
	}
	for (k = piles ? top[piles - 1] : SIZE_MAX; k != SIZE_MAX;
	     k = before[k])
		a->on_run[k] = true;
}

/* What is not on the run and was made for a place here. */
static void off_the_run(struct align *a)
{
	bool on[FOUND_MAX] = {false};
	uint64_t place;
	size_t k;

	for (k = 0; k < a->n; k++)
		if (a->on_run[k])
			on[a->found[k].place - a->first] = true;
	for (k = 0; k < a->n; k++) {
		place = a->found[k].place;
		a->away[k] =
			!a->on_run[k] && place >= a->first && place < a->end;
		if (!a->away[k])
			continue;
		if (on[place - a->first]) {
			random_find(a->list, 5, place, place, false);
			continue;
		}
		random_find(a->list, 4, place, place, false);
		a->moved_to[place - a->first] = true;
		a->taken[place - a->first] = k;
	}
}

/* Bytes that are no frame are named by the entry before them. */
static void inserted(struct align *a, uint64_t at, bool no_frame, bool several)
{
	if (no_frame)
		random_find(a->list, 30, at ? at - 1 : 0, at ? at - 1 : 0,
			    several);
	else
		random_find(a->list, 3, at, at, several);
}

/* Expected places [from, to), found entries [k, end) that fit nowhere. */
static void hole(struct align *a, uint64_t from, uint64_t to, size_t k,
		 size_t end)
{
	size_t found = 0, stranger = SIZE_MAX, at = k;
	uint64_t place, expected = 0;

	for (place = from; place < to; place++)
		expected += !a->moved_to[place - a->first];
	for (; at < end; at++)
		if (!a->away[at]) {
			stranger = found++ ? stranger : at;
		}
	if (!expected && !found)
		return;
	if (!expected) {
		inserted(a, from, a->found[stranger].no_frame, found > 1);
		return;
	}
	if (found && found != expected) {
		random_find(a->list, 1, from, to - 1, true);
		return;
	}
	for (place = from, at = k; place < to; place++) {
		if (a->moved_to[place - a->first])
			continue;
		random_find(a->list, found ? 1 : 2, place, place, false);
		if (!found)
			continue;
		while (a->away[at])
			at++;
		a->taken[place - a->first] = at++;
	}
}

void random_align(const struct random_found *found, size_t n, uint64_t first,
		  uint64_t end, struct random_list *list, size_t *ret_taken)
{
	struct align *a = calloc(1, sizeof(*a));
	uint64_t from = first;
	size_t k, behind = 0;

	assert_non_null(a);
	assert_true(n < FOUND_MAX && end - first < FOUND_MAX);
	a->found = found;
	a->n = n;
	a->first = first;
	a->end = end;
	a->list = list;
	a->taken = ret_taken;
	for (k = 0; k < end - first; k++)
		ret_taken[k] = n;
	longest_run(a);
	off_the_run(a);
	for (k = 0; k < n; k++) {
		if (!a->on_run[k])
			continue;
		ret_taken[found[k].place - first] = k;
		hole(a, from, found[k].place, behind, k);
		from = found[k].place + 1;
		behind = k + 1;
	}
	hole(a, from, end, behind, n);
	free(a);
}

/* ---- numbers: xorshift64* ---- */

uint64_t random_next(struct random *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return r->state * UINT64_C(2685821657736338717);
}

uint64_t random_below(struct random *r, uint64_t n)
{
	return (random_next(r) >> 16) % n;
}
