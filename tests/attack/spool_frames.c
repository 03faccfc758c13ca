/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole frames of a spool: each entry deleted, doubled, swapped with its
 * neighbour, edited, once as they are and once with all public bytes made
 * again.  What only seals and receipts add is redundant: without it nothing
 * else is proven, twice or elsewhere it is a finding.  format.md 6.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/attack/forge.h"

struct frames {
	struct forge *g;
	struct attack_tally t;
	struct seal_buf edit; /* the new bytes of a file */
	const char *path;
};

typedef unsigned long long ull;

static const struct forge_region *region_of(const struct frames *f,
					    uint64_t index)
{
	size_t i;

	for (i = 0; i < f->g->regions; i++)
		if (f->g->region[i].part == FORGE_IS_ENTRY &&
		    f->g->region[i].index == index)
			return &f->g->region[i];
	return NULL;
}

/* One behind the last entry of the commit of this entry. */
static uint64_t commit_end(const struct frames *f, uint64_t index)
{
	uint64_t first = region_of(f, index)->first;
	const struct forge_region *r;

	while ((r = region_of(f, index)) && r->first == first)
		index++;
	return index;
}

static const struct seal_buf *bytes_of(const struct frames *f,
				       const struct forge_region *r)
{
	return &f->g->file[r->file].bytes;
}

static void put(struct frames *f, const struct forge_region *r)
{
	seal_buf_put(&f->edit, bytes_of(f, r)->data + r->offset, r->len);
}

static void from(struct frames *f, const struct forge_region *r)
{
	seal_buf_reset(&f->edit);
	f->path = f->g->file[r->file].path;
	seal_buf_put(&f->edit, bytes_of(f, r)->data, r->offset);
}

/* What stands behind a region, to the end of its file. */
static void rest(struct frames *f, const struct forge_region *r)
{
	const struct seal_buf *b = bytes_of(f, r);

	seal_buf_put(&f->edit, b->data + r->offset + r->len,
		     b->len - r->offset - r->len);
}

/* Puts the frame of an entry with a tag for this index. */
static void put_tagged(struct frames *f, const struct forge_region *r,
		       uint64_t index, uint8_t change)
{
	struct seal_hash leaf;
	uint8_t *frame = malloc(r->len);

	assert_non_null(frame);
	memcpy(frame, bytes_of(f, r)->data + r->offset, r->len);
	frame[r->len - 5] ^= change;
	assert_int_equal(
		seal_frame_entry_finish(frame, r->len - SEAL_FRAME_ENTRY_EXTRA,
					index, &leaf),
		0);
	seal_buf_put(&f->edit, frame, r->len);
	free(frame);
}

static void judge(struct frames *f)
{
	char *at, *found = f->g->av.found;

	assert_int_equal(seal_buf_error(&f->edit), 0);
	memio_put(f->g->m, f->path, f->edit.data, f->edit.len);
	forge_judge(f->g);
	/* the log's own gap entry */
	at = strstr(found, "AS021[");
	if (at) {
		at = at == found ? at : at - 1;
		memmove(at, strchr(at, ']') + 1,
			strlen(strchr(at, ']') + 1) + 1);
		if (*found == ' ')
			memmove(found, found + 1, strlen(found));
	}
}

static void put_back(struct frames *f, const struct forge_region *r)
{
	memio_put(f->g->m, f->path, bytes_of(f, r)->data, bytes_of(f, r)->len);
}

static void expect(struct frames *f, const struct forge_region *r,
		   const char *what, int status, const char *id, uint64_t first,
		   uint64_t last)
{
	char want[64];

	judge(f);
	snprintf(want, sizeof(want), "%.5s[%llu,%llu]%s", id, (ull)first,
		 (ull)last, id + 5);
	attack_expect(&f->t, &f->g->av, status, want, "%s, part %d of %llu",
		      what, r->part, (ull)r->index);
	put_back(f, r);
}

/* Evidence, and nothing before or behind its commit is named. */
static void expect_in_commit(struct frames *f, const struct forge_region *r,
			     const char *what)
{
	const struct seal_findings *l = &f->g->av.verdict.findings;
	uint64_t end = commit_end(f, r->index);
	bool in = true;
	size_t i;

	judge(f);
	for (i = 0; i < l->n; i++)
		if (l->v[i].class == SEAL_CLASS_D)
			in = in && l->v[i].first >= r->first &&
			     (l->v[i].last < end || l->v[i].first == end);
	if (f->g->av.status == 2 && in)
		attack_is_found(&f->t);
	else
		attack_is_wrong(&f->t, "%s of %llu, commit %llu to %llu: %d %s",
				what, (ull)r->index, (ull)r->first,
				(ull)end - 1, f->g->av.status, f->g->av.found);
	put_back(f, r);
}

/* ---- entries ---- */

static void deleted(struct frames *f, const struct forge_region *r)
{
	uint64_t i, end = commit_end(f, r->index);
	const struct forge_region *next = r;

	from(f, r);
	rest(f, r);
	expect(f, r, "deleted", 2, "AS002", r->index, r->index);
	from(f, r);
	for (i = r->index + 1; i < end; i++) {
		next = region_of(f, i);
		put_tagged(f, next, i - 1, 0);
	}
	rest(f, next);
	expect_in_commit(f, r, "deleted and made again");
}

static void doubled(struct frames *f, const struct forge_region *r)
{
	uint64_t i, end = commit_end(f, r->index);
	const struct forge_region *next = r;

	from(f, r);
	put(f, r);
	put(f, r);
	rest(f, r);
	expect(f, r, "doubled", 2, "AS005", r->index, r->index);
	from(f, r);
	put(f, r);
	put_tagged(f, r, r->index + 1, 0);
	for (i = r->index + 1; i < end; i++) {
		next = region_of(f, i);
		put_tagged(f, next, i + 1, 0);
	}
	rest(f, next);
	expect_in_commit(f, r, "doubled and made again");
}

/* With the next one of the same file; the bytes between stay. */
static void swapped(struct frames *f, const struct forge_region *r)
{
	const struct forge_region *next = region_of(f, r->index + 1);
	bool together;
	size_t len;

	if (!next || next->file != r->file)
		return;
	together = next->first == r->first;
	len = (size_t)(next->offset - r->offset - r->len);
	from(f, r);
	put(f, next);
	seal_buf_put(&f->edit, bytes_of(f, r)->data + r->offset + r->len, len);
	put(f, r);
	rest(f, next);
	expect(f, r, "swapped", 2, together ? "AS004" : "AS001",
	       together ? r->index + 1 : r->index, r->index + 1);
	if (!together)
		return;
	from(f, r);
	put_tagged(f, next, r->index, 0);
	put_tagged(f, r, r->index + 1, 0);
	rest(f, next);
	expect(f, r, "swapped and made again", 2, "AS001w", r->first,
	       commit_end(f, r->index) - 1);
}

static void edited(struct frames *f, const struct forge_region *r)
{
	from(f, r);
	put_tagged(f, r, r->index, 1);
	rest(f, r);
	expect(f, r, "edited and made again", 2, "AS001w", r->first,
	       commit_end(f, r->index) - 1);
}

/* ---- what is no entry ---- */

static bool is_last_head(const struct frames *f, const struct forge_region *r)
{
	return r->part == FORGE_IS_HEAD && r->index == f->g->size;
}

static void doubled_other(struct frames *f, const struct forge_region *r)
{
	from(f, r);
	put(f, r);
	put(f, r);
	rest(f, r);
	if (is_last_head(f, r)) /* behind it nothing is sealed */
		expect(f, r, "doubled", 1, "AS013", r->index, r->index);
	else
		expect(f, r, "doubled", 2, "AS030", r->index - 1, r->index - 1);
}

/* Without it nothing else is lost, but where its place is bound. */
static void deleted_other(struct frames *f, const struct forge_region *r)
{
	const struct forge_region *before = region_of(f, r->index - 1);
	const struct seal_buf *b = bytes_of(f, r);

	from(f, r);
	rest(f, r);
	if (is_last_head(f, r)) { /* as a torn write */
		expect(f, r, "deleted", 1, "AS013", r->first, r->index - 1);
	} else if (r->part == FORGE_IS_HEAD && r[1].part == FORGE_IS_FRONTIER) {
		expect(f, r, "deleted", 2, "AS030", r->index - 1, r->index - 1);
	} else if (r->part == FORGE_IS_HEAD && r[1].part == FORGE_IS_ENTRY &&
		   b->data[before->offset + 4] == SEAL_ENTRY_EPOCH) {
		expect(f, r, "deleted", 2, "AS012", r->index, r->index);
	} else {
		judge(f);
		if (f->g->av.status > 1 || f->g->av.found[0])
			attack_is_wrong(&f->t, "deleted, part %d of %llu: %s",
					r->part, (ull)r->index, f->g->av.found);
		else
			attack_is_listed(&f->t);
		put_back(f, r);
	}
}

static void each_frame(void **state)
{
	struct frames f = {.g = forge_new(), .t.name = "frames"};
	const struct forge_region *r;
	size_t i;

	(void)state;
	f.g->zeros = 64; /* the last region */
	forge_standard(f.g, attack_long() ? 3600 : 4080,
		       attack_long() ? 1000 : 60);
	forge_build(f.g);
	for (i = 0; i + 1 < f.g->regions; i++) {
		r = &f.g->region[i];
		if (r->part == FORGE_IS_ENTRY) {
			deleted(&f, r);
			doubled(&f, r);
			swapped(&f, r);
			edited(&f, r);
		} else if (r->part != FORGE_IS_HEADER) {
			doubled_other(&f, r);
			deleted_other(&f, r);
		}
	}
	attack_done(&f.t);
	seal_buf_fini(&f.edit);
	forge_free(f.g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_frame),
	};

	if (!attack_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
