/* SPDX-License-Identifier: Apache-2.0 */
/* Findings: table, list, counting, exit status.  Contract: finding.h. */
#include "core/finding.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"

static const struct seal_finding_info infos[] = {
#define SEAL_X(number, class, rank, name, meaning, next_step) \
	[(number)-1] = {{'A', 'S', '0', '0' + (number) / 10,  \
			 '0' + (number) % 10, '\0'},          \
			SEAL_CLASS_##class,                   \
			(rank),                               \
			(name),                               \
			(meaning),                            \
			(next_step)},
	SEAL_FINDINGS(SEAL_X)
#undef SEAL_X
};

const struct seal_finding_info *seal_finding_info(unsigned number)
{
	if (number < 1 || number > sizeof(infos) / sizeof(infos[0]))
		return NULL;
	return &infos[number - 1];
}

unsigned seal_finding_number(const char *id)
{
	unsigned number;

	for (number = 1; number <= SEAL_FINDING_MAX; number++)
		if (strcmp(infos[number - 1].id, id) == 0)
			return number;
	return 0;
}

void seal_findings_init(struct seal_findings *list)
{
	memset(list, 0, sizeof(*list));
}

static void finding_fini(struct seal_finding *f)
{
	free(f->where);
	free(f->text);
	free(f->see);
}

void seal_findings_fini(struct seal_findings *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		finding_fini(&list->v[i]);
	free(list->v);
	seal_findings_init(list);
}

/* NULL stays NULL; *ok becomes false where there is no memory. */
static char *copy(const char *text, bool *ok)
{
	char *dup;

	if (!text)
		return NULL;
	dup = strdup(text);
	if (!dup)
		*ok = false;
	return dup;
}

static int grow(struct seal_findings *list)
{
	size_t cap = list->cap ? 2 * list->cap : 8;
	struct seal_finding *v;

	if (list->n < list->cap)
		return 0;
	if (cap > SIZE_MAX / sizeof(*v))
		return SEAL_E_NOMEM;
	v = realloc(list->v, cap * sizeof(*v));
	if (!v)
		return SEAL_E_NOMEM;
	list->v = v;
	list->cap = cap;
	return 0;
}

int seal_findings_add(struct seal_findings *list, const struct seal_finding *f)
{
	const struct seal_finding_info *info = seal_finding_info(f->number);
	struct seal_finding own = *f;
	bool ok = true;

	if (!info || f->first > f->last ||
	    (f->last == SEAL_FINDING_NO_INDEX && f->first != f->last))
		return SEAL_E_ARG;
	if (grow(list) < 0)
		return SEAL_E_NOMEM;
	if (!own.class)
		own.class = info->class;
	own.where = copy(f->where, &ok);
	own.text = copy(f->text, &ok);
	own.see = copy(f->see, &ok);
	if (!ok) {
		finding_fini(&own);
		return SEAL_E_NOMEM;
	}
	own.order = list->added++;
	list->v[list->n++] = own;
	return 0;
}

static unsigned rank_of(const struct seal_finding *f)
{
	return infos[f->number - 1].rank;
}

static bool is_range(const struct seal_finding *f)
{
	return rank_of(f) > 0 && f->first != SEAL_FINDING_NO_INDEX;
}

/* Ranges first, by index, the earlier rank first; the rest stays in order. */
static int by_first(const void *left, const void *right)
{
	const struct seal_finding *a = left, *b = right;

	if (is_range(a) != is_range(b))
		return is_range(a) ? -1 : 1;
	if (is_range(a) && a->first != b->first)
		return a->first < b->first ? -1 : 1;
	if (is_range(a) && rank_of(a) != rank_of(b))
		return rank_of(a) < rank_of(b) ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* The same from the other end. */
static int by_last(const void *left, const void *right)
{
	const struct seal_finding *a = left, *b = right;

	if (is_range(a) && is_range(b) && a->last != b->last)
		return a->last > b->last ? -1 : 1;
	if (is_range(a) && is_range(b) && rank_of(a) != rank_of(b))
		return rank_of(a) < rank_of(b) ? -1 : 1;
	return by_first(left, right);
}

static void sort(struct seal_findings *list,
		 int (*compare)(const void *, const void *))
{
	if (list->n > 1)
		qsort(list->v, list->n, sizeof(*list->v), compare);
}

/* Takes the findings out that have become number 0. */
static void sweep(struct seal_findings *list)
{
	size_t i, kept = 0;

	for (i = 0; i < list->n; i++) {
		if (list->v[i].number)
			list->v[kept++] = list->v[i];
		else
			finding_fini(&list->v[i]);
	}
	list->n = kept;
}

/* What was cut goes to where it now belongs, further on. */
static bool move_on(struct seal_findings *list, size_t i,
		    int (*compare)(const void *, const void *))
{
	struct seal_finding f = list->v[i];
	size_t at = i;

	for (; at + 1 < list->n && compare(&f, &list->v[at + 1]) > 0; at++)
		list->v[at] = list->v[at + 1];
	list->v[at] = f;
	return at != i;
}

/*
 * From the left: end[r] is one behind what findings of rank r explain so far.
 * What begins inside of an earlier rank's range loses that part.
 */
static void explain_heads(struct seal_findings *list)
{
	uint64_t end[SEAL_FINDING_RANKS + 1] = {0}, behind;
	struct seal_finding *f;
	unsigned rank, r;
	size_t i;

	for (i = 0; i < list->n && is_range(&list->v[i]); i++) {
		f = &list->v[i];
		rank = rank_of(f);
		behind = 0;
		for (r = 1; r < rank; r++)
			behind = end[r] > behind ? end[r] : behind;
		if (behind > f->last) {
			f->number = 0;
			continue;
		}
		if (behind > f->first) {
			f->first = behind;
			if (move_on(list, i, by_first)) {
				i--; /* another one stands here now */
				continue;
			}
		}
		if (f->last + 1 > end[rank])
			end[rank] = f->last + 1;
	}
	sweep(list);
}

/* From the right: what ends inside of one loses that part. */
static void explain_tails(struct seal_findings *list)
{
	uint64_t begin[SEAL_FINDING_RANKS + 1], before;
	struct seal_finding *f;
	unsigned rank, r;
	size_t i;

	memset(begin, 0xff, sizeof(begin));
	for (i = 0; i < list->n && is_range(&list->v[i]); i++) {
		f = &list->v[i];
		rank = rank_of(f);
		before = UINT64_MAX;
		for (r = 1; r < rank; r++)
			before = begin[r] < before ? begin[r] : before;
		if (before <= f->first) {
			f->number = 0;
			continue;
		}
		if (before <= f->last) {
			f->last = before - 1;
			if (move_on(list, i, by_last)) {
				i--;
				continue;
			}
		}
		if (f->first < begin[rank])
			begin[rank] = f->first;
	}
	sweep(list);
}

void seal_findings_explain(struct seal_findings *list)
{
	sort(list, by_first);
	explain_heads(list);
	sort(list, by_last);
	explain_tails(list);
	sort(list, by_first);
}

/* Damage that is counted by cell. */
static bool is_cell(const struct seal_finding *f)
{
	return f->number <= 6 || f->number == 30;
}

/* Several things can prove that a copy is cut; it has one end. */
static bool same_cut(const struct seal_finding *a, const struct seal_finding *b)
{
	return a->number == 7 && b->number == 7 && b->first <= a->last + 1;
}

static bool adjacent(const struct seal_finding *a, const struct seal_finding *b)
{
	if (same_cut(a, b))
		return true;
	return is_range(a) && is_range(b) && is_cell(a) && is_cell(b) &&
	       a->class == b->class && b->first <= a->last + 1;
}

/* b becomes part of a. */
static void unite(struct seal_finding *a, struct seal_finding *b)
{
	if (b->last >= a->last) {
		a->last = b->last;
		a->time_after_us = b->time_after_us;
	}
	a->within |= b->within;
	if (a->number != b->number) {
		a->number = 1;
		a->within = true;
		free(a->text);
		a->text = NULL;
	}
	b->number = 0;
}

void seal_findings_merge(struct seal_findings *list)
{
	size_t i, into = 0;

	sort(list, by_first);
	for (i = 1; i < list->n; i++) {
		if (adjacent(&list->v[into], &list->v[i]))
			unite(&list->v[into], &list->v[i]);
		else
			into = i;
	}
	sweep(list);
}

void seal_findings_settle(struct seal_findings *list)
{
	seal_findings_explain(list);
	seal_findings_merge(list);
}

int seal_findings_exit_status(const struct seal_findings *list)
{
	bool undecided = false, attention = false;
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (list->v[i].class == SEAL_CLASS_D)
			return 2;
		undecided |= list->v[i].class == SEAL_CLASS_U;
		attention |= list->v[i].class == SEAL_CLASS_A;
	}
	if (undecided)
		return 3;
	return attention ? 1 : 0;
}
