/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What must be found in a damaged spool, from whose bytes stand where: the
 * rules of docs/spec/verdict.md 2 to 6.  Contract: random_spool.h.
 */
#include "tests/attack/random_spool.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CELL_MAX 1024

struct model {
	const struct random_copy *c;
	bool deep;
	struct random_list *list;
	bool begun;
	uint64_t first;	 /* index where the copy begins */
	uint64_t sealed; /* one behind what the last believed head covers */
	bool rooted;	 /* the tree below `sealed` is known */
	bool have_head, newest_good;
	uint64_t handed_over_at; /* size that a true hand-over covers */
	/* the open cell */
	struct random_found found[CELL_MAX];
	size_t n;
	bool suspect;	  /* a tag does not name the place */
	bool handed_over; /* the last entry hands over */
	struct random_list open, side, bad;
	/* files */
	bool have_file;
	uint64_t next; /* that the reader counts with */
	uint64_t number;
	bool aside; /* entries behind the end of a file */
	uint64_t aside_at;
	/* receipts: size; seen: its root is known */
	uint64_t receipt[64];
	bool seen[64], of_acked[64];
	size_t receipts;
	uint64_t doubled; /* the receipt before; sizes are all different */
	bool believed[CELL_MAX];
};

static uint64_t before(const struct model *m)
{
	uint64_t next = m->sealed + m->n;

	return next ? next - 1 : 0;
}

static void take(struct model *m, struct random_list *from)
{
	size_t k;

	for (k = 0; k < from->n; k++)
		m->list->v[m->list->n++] = from->v[k];
	from->n = 0;
}

static void reset(struct model *m)
{
	m->n = 0;
	m->suspect = m->handed_over = false;
	m->open.n = m->side.n = m->bad.n = 0;
}

/* ---- entries ---- */

/* The entries of the cell are those up to size, in their order. */
static bool gives(const struct model *m, uint64_t size)
{
	size_t k;

	if (!m->rooted || m->sealed + m->n != size)
		return false;
	for (k = 0; k < m->n; k++)
		if (m->found[k].content != m->sealed + k)
			return false;
	return true;
}

static bool head_was_damaged(const struct model *m, uint64_t index)
{
	return m->side.n && m->side.v[m->side.n - 1].first == index - 1;
}

static void entry(struct model *m, const struct random_item *item)
{
	uint64_t index = m->sealed + m->n;

	assert_true(m->n < CELL_MAX);
	m->found[m->n++] =
		(struct random_found){item->index, item->content, false};
	m->suspect |= item->index != index;
	if (m->rooted && m->handed_over && index != m->sealed && !m->suspect &&
	    !m->bad.n && !head_was_damaged(m, index))
		random_find(&m->open, 12, index, index, false);
	m->handed_over = item->hands_over;
	if (item->hands_over && gives(m, index + 1))
		m->handed_over_at = index + 1;
	m->next++;
}

/* ---- heads ---- */

/* Receipts in `acked` learn the roots that the walk comes to. */
static void see(struct model *m, uint64_t from, uint64_t to)
{
	size_t k;

	for (k = 0; k < m->receipts; k++)
		if (m->of_acked[k] && m->receipt[k] > from &&
		    m->receipt[k] <= to)
			m->seen[k] = true;
}

static void accept(struct model *m, uint64_t size)
{
	size_t k;

	for (k = 0; k < m->n; k++)
		if (m->found[k].place != m->sealed + k)
			random_find(m->list, 30, m->sealed + k, m->sealed + k,
				    false);
	take(m, &m->open);
	take(m, &m->side);
	take(m, &m->bad);
	see(m, m->sealed, size);
	m->sealed = size;
	reset(m);
}

/* A true head over a cell that is not what it seals. */
static void diagnose(struct model *m, uint64_t size)
{
	uint64_t expected = size - m->sealed, k;
	size_t taken[CELL_MAX], said = m->list->n;
	bool intact = m->rooted;

	random_align(m->found, m->n, m->sealed, size, m->list, taken);
	for (k = 0; k < expected && intact; k++)
		intact = taken[k] < m->n &&
			 m->found[taken[k]].content == m->sealed + k;
	for (; intact && said < m->list->n; said++)
		if (m->list->v[said].number == 1)
			m->list->v[said].number = 30;
	if (said == m->list->n && m->rooted && !intact)
		random_find(m->list, 1, m->sealed, size - 1, true);
	if (intact) { /* its entries are proven, and all roots below them */
		take(m, &m->side);
		see(m, m->sealed, size);
	}
	m->rooted = intact;
	m->sealed = size;
	reset(m);
}

static void believe(struct model *m, uint64_t size, bool good)
{
	size_t k;

	for (k = 0; k < m->receipts; k++)
		m->seen[k] |= m->receipt[k] == size;
	m->have_head = true;
	m->newest_good = good;
	m->believed[size] = true;
}

static void bad_head(struct model *m, bool right)
{
	uint64_t last = before(m);
	uint64_t from = m->sealed <= last ? m->sealed : last;
	struct random_finding *f = m->bad.n ? &m->bad.v[m->bad.n - 1] : NULL;

	if (right && f && f->number == 10 && f->first == from)
		f->last = last;
	else if (right)
		random_find(&m->bad, 10, from, last, false);
	else
		random_find(&m->bad, 30, last, last, false);
}

static void head(struct model *m, uint64_t size, bool sealed)
{
	bool right = gives(m, size);

	if (right && (sealed || !m->deep))
		accept(m, size);
	else if (sealed)
		diagnose(m, size);
	else {
		bad_head(m, right);
		return;
	}
	believe(m, size, sealed);
}

static void structure(struct model *m)
{
	random_find(&m->side, 30, before(m), before(m), false);
}

static void receipt(struct model *m, const struct random_item *item)
{
	size_t k;

	if (m->doubled == item->receipt) {
		structure(m);
		return;
	}
	m->doubled = item->receipt;
	if (item->receipt > m->sealed + m->n) {
		structure(m);
		return;
	}
	for (k = 0; k < m->receipts; k++)
		if (m->receipt[k] == item->receipt && m->of_acked[k])
			return;
	m->receipt[m->receipts] = item->receipt;
	m->seen[m->receipts++] = m->believed[item->receipt];
}

/* Made for an index that does not stand next: its length is not believed. */
static bool in_doubt(const struct model *m, const struct random_item *item)
{
	return item->kind == RANDOM_ENTRY &&
	       (uint32_t)(item->index - m->next) > SEAL_TAIL_ENTRIES_MAX;
}

static void head_frame(struct model *m, const struct random_item *item)
{
	m->next = item->index;
	if (item->index <= m->sealed)
		structure(m);
	else
		head(m, item->index, !item->unsealed);
}

static void items(struct model *m, const struct random_file *f)
{
	const struct random_item *item;
	size_t k;

	m->next = f->first;
	for (k = 0; k < f->items; k++) {
		item = f->item[k];
		if (f->cut && k + 1 == f->items && in_doubt(m, item))
			break;
		if (item->kind == RANDOM_ENTRY)
			entry(m, item);
		else if (item->broken)
			structure(m);
		else if (item->kind == RANDOM_RECEIPT)
			receipt(m, item);
		else if (item->kind == RANDOM_HEAD)
			head_frame(m, item);
	}
	if (f->cut)
		structure(m);
}

/* ---- files ---- */

static void jump(struct model *m, uint64_t to)
{
	m->sealed = to;
	m->rooted = false;
	reset(m);
}

/* A header tells the tree, and its head is a true one. */
static void enter(struct model *m, uint64_t first)
{
	if (!first)
		return;
	m->rooted = true;
	believe(m, first, true);
}

static void abandoned(struct model *m)
{
	if (m->aside)
		random_find(m->list, 3, m->aside_at, m->aside_at, true);
	m->aside = false;
}

static void set_aside(struct model *m, uint64_t first)
{
	if (!m->n)
		return;
	m->aside = true;
	m->aside_at = first;
	reset(m);
}

static void wrong_seals(struct model *m)
{
	size_t k;

	for (k = 0; k < m->bad.n; k++)
		if (m->bad.v[k].number == 10)
			m->list->v[m->list->n++] = m->bad.v[k];
}

static void hole(struct model *m, uint64_t first, bool gap)
{
	if (gap)
		random_find(m->list, 9, m->sealed, first - 1, false);
	else if (m->sealed + m->n == first && m->bad.n)
		wrong_seals(m);
	else
		random_find(m->list, 2, m->sealed, first - 1, m->n > 0);
	jump(m, first);
}

static void begin(struct model *m, uint64_t first)
{
	m->begun = true;
	m->first = m->sealed = first;
	m->rooted = !first;
}

/* Its header is whole. */
static void follow(struct model *m, const struct random_file *f)
{
	bool gap = m->have_file && f->number != m->number + 1;

	abandoned(m);
	if (!m->begun) {
		begin(m, f->first);
		enter(m, f->first);
	} else if (f->first == m->sealed) {
		set_aside(m, f->first);
		if (gap)
			random_find(m->list, 30, f->first, f->first, false);
		if (!m->rooted)
			enter(m, f->first);
	} else {
		if (m->n && !gap) {
			head(m, f->first, true);
		} else {
			hole(m, f->first, gap);
		}
		if (!m->rooted)
			enter(m, f->first);
	}
	m->have_file = true;
	m->number = f->number;
}

/* Its frames are read all the same. */
static void lost_header(struct model *m, uint64_t first)
{
	random_find(m->list, 30, first, first, false);
	if (!m->begun)
		begin(m, first);
	else if (first == m->sealed)
		set_aside(m, first);
	else if (first != m->sealed + m->n)
		hole(m, first, false);
	m->have_file = false;
}

/* ---- the end ---- */

/* Statements about sizes that the unsealed entries reach. */
static void see_tail(struct model *m)
{
	bool same = true;
	size_t i, k;

	for (i = 0; m->rooted && i < m->n; i++) {
		same = same && m->found[i].content == m->sealed + i;
		for (k = 0; k < m->receipts; k++) {
			if (!m->of_acked[k] ||
			    m->receipt[k] != m->sealed + i + 1)
				continue;
			m->seen[k] = same;
			if (!same)
				random_find_none(m->list, 8);
		}
		if (!same && m->c->state != RANDOM_GONE &&
		    m->c->sealed == m->sealed + i + 1)
			random_find_none(m->list, 27);
	}
}

static uint64_t tail(struct model *m)
{
	uint64_t whole = 0;

	while (whole < m->n && !m->found[whole].no_frame)
		whole++;
	if (m->have_head && !m->newest_good)
		random_find(m->list, 10, m->sealed - 1, m->sealed - 1, false);
	wrong_seals(m);
	abandoned(m);
	see_tail(m);
	if (m->n || m->side.n || m->bad.n)
		random_find(m->list, 13, m->sealed,
			    m->sealed + whole - (whole > 0), false);
	return m->sealed + whole;
}

static void sizes(struct model *m, uint64_t reached)
{
	uint64_t most = m->c->epoch_first;
	size_t k;

	if (m->c->state != RANDOM_GONE && m->c->sealed > most)
		most = m->c->sealed;
	for (k = 0; k < m->receipts; k++)
		if (m->receipt[k] > most)
			most = m->receipt[k];
	if (most > reached)
		random_find(m->list, 7, reached, most - 1, false);
	if (m->c->state)
		random_find_none(m->list, 29);
	if (m->c->acked)
		random_find_none(m->list, 29);
	if (m->c->epochs)
		random_find_none(m->list, 29);
}

/* What stood before the first file must be covered. */
static void freed(struct model *m, uint64_t size)
{
	if (size && size < m->first && m->c->acked != RANDOM_GONE)
		random_find(m->list, 9, size, m->first - 1, false);
}

static void anchor(struct model *m, uint64_t reached)
{
	uint64_t size = 0;
	bool cut = false;
	size_t k;

	for (k = 0; k < m->receipts; k++) {
		if (m->seen[k] && m->receipt[k] > size)
			size = m->receipt[k];
		cut |= m->receipt[k] > reached;
	}
	if (!size && !cut)
		random_find_none(m->list, m->receipts ? 35 : 33);
	freed(m, size);
	if (size < m->handed_over_at)
		size = m->handed_over_at;
	if (!m->have_head && size < m->sealed)
		random_find(m->list, 36, size, m->sealed - 1, false);
}

static void run(struct model *m)
{
	const struct random_file *f;
	uint64_t reached;

	if (m->c->acked != RANDOM_GONE && m->c->anchor) {
		m->receipt[0] = m->c->anchor;
		m->of_acked[0] = true;
		m->receipts = 1;
	}
	for (f = m->c->file; f < m->c->file + m->c->files; f++) {
		if (f->gone)
			continue;
		if (f->name != f->first)
			random_find_none(m->list, 30);
		if (f->broken)
			lost_header(m, f->first);
		else
			follow(m, f);
		items(m, f);
	}
	reached = tail(m);
	sizes(m, reached);
	anchor(m, reached);
	random_settle(m->list);
}

void random_spool_expect(const struct random_copy *c,
			 struct random_list *ret_list)
{
	struct model *m = calloc(1, sizeof(*m));

	assert_non_null(m);
	m->c = c;
	m->list = ret_list;
	ret_list->n = 0;
	run(m);
	/* verdict.md 2: with evidence, once more with every seal. */
	if (random_status(ret_list) == 2) {
		memset(m, 0, sizeof(*m));
		m->c = c;
		m->list = ret_list;
		m->deep = true;
		ret_list->n = 0;
		run(m);
	}
	free(m);
}
