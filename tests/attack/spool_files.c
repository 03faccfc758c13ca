/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files of a spool: each deleted, renamed, swapped, doubled, of another
 * log; and the last one cut at every byte, with a receipt that is kept
 * elsewhere.  Never is a cut below that receipt passed.  format.md 6, 8.
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

typedef unsigned long long ull;

static uint64_t beginning(void)
{
	return attack_long() ? 3600 : 4080;
}

static struct forge *make(void)
{
	struct forge *g = forge_new();

	g->zeros = 64;
	g->no_gap = true;
	forge_standard(g, beginning(), attack_long() ? 1000 : 60);
	forge_build(g);
	forge_judge(g);
	if (g->av.status)
		fail_msg("undamaged: %d %s", g->av.status, g->av.found);
	return g;
}

static void put_back(struct forge *g, size_t i)
{
	memio_put(g->m, g->file[i].path, g->file[i].bytes.data,
		  g->file[i].bytes.len);
}

static void name_of(char ret_path[64], uint64_t index)
{
	snprintf(ret_path, 64, "/s/%020llu.seg", (ull)index);
}

static void deleted(struct attack_tally *t, struct forge *g, size_t i)
{
	const struct forge_file *file = &g->file[i];
	char want[96] = "";

	memio_remove(g->m, file->path);
	forge_judge(g);
	if (i + 1 == g->files) {
		snprintf(want, sizeof(want), "AS007[%llu,%llu]",
			 (ull)file->first, (ull)g->size - 1);
		attack_expect(t, &g->av, 2, want, "the last file deleted");
	} else if (i) {
		snprintf(want, sizeof(want), "AS009[%llu,%llu]",
			 (ull)file->first, (ull)file->end - 1);
		attack_expect(t, &g->av, 2, want, "file %zu deleted", i);
	} else if (!g->av.status) {
		attack_is_listed(t); /* freed: receipts cover it */
	} else {
		attack_is_wrong(t, "the first file deleted: %d %s",
				g->av.status, g->av.found);
	}
	put_back(g, i);
}

static void renamed(struct attack_tally *t, struct forge *g, size_t i)
{
	static const int64_t by[] = {-1, 1, 100000};
	char path[64];
	size_t k;

	memio_remove(g->m, g->file[i].path);
	for (k = 0; k < 3; k++) {
		name_of(path, g->file[i].first + (uint64_t)by[k]);
		memio_put(g->m, path, g->file[i].bytes.data,
			  g->file[i].bytes.len);
		forge_judge(g);
		attack_expect(t, &g->av, 2, "AS030", "%zu renamed", i);
		memio_remove(g->m, path);
	}
	put_back(g, i);
}

static void doubled(struct attack_tally *t, struct forge *g, size_t i)
{
	char path[64], want[96];

	name_of(path, g->file[i].first + 1);
	memio_put(g->m, path, g->file[i].bytes.data, g->file[i].bytes.len);
	forge_judge(g);
	snprintf(want, sizeof(want), "AS006[%llu,%llu]w AS030",
		 (ull)g->file[i].first, (ull)g->file[i].end - 1);
	attack_expect(t, &g->av, 2, want, "%zu doubled", i);
	memio_remove(g->m, path);
}

static void swapped(struct attack_tally *t, struct forge *g, size_t i, size_t k)
{
	char want[96] = "";

	memio_put(g->m, g->file[i].path, g->file[k].bytes.data,
		  g->file[k].bytes.len);
	forge_judge(g);
	if (i) /* the first one is as if it were freed */
		snprintf(want, sizeof(want), "AS009[%llu,%llu] ",
			 (ull)g->file[i].first, (ull)g->file[i].end - 1);
	snprintf(want + strlen(want), sizeof(want) - strlen(want),
		 "AS006[%llu,%llu]w AS030", (ull)g->file[k].first,
		 (ull)g->file[k].end - 1);
	attack_expect(t, &g->av, 2, want, "%zu in place of %zu", k, i);
	memio_put(g->m, g->file[k].path, g->file[i].bytes.data,
		  g->file[i].bytes.len);
	forge_judge(g);
	attack_expect(t, &g->av, 2, "AS030 AS030", "%zu and %zu swapped", i, k);
	put_back(g, i);
	put_back(g, k);
}

static void emptied(struct attack_tally *t, struct forge *g, size_t i)
{
	bool last = i + 1 == g->files;
	char want[96];

	memio_put(g->m, g->file[i].path, "", 0);
	forge_judge(g);
	snprintf(want, sizeof(want), "AS00%d[%llu,%llu]%s", last ? 7 : 1,
		 (ull)g->file[i].first, (ull)g->file[i].end - 1,
		 last ? "" : "w");
	attack_expect(t, &g->av, 2, want, "%zu emptied", i);
	put_back(g, i);
}

static void each_file(void **state)
{
	struct attack_tally t = {.name = "files"};
	struct forge *g = make();
	size_t i, k;

	(void)state;
	for (i = 0; i < g->files; i++) {
		deleted(&t, g, i);
		renamed(&t, g, i);
		doubled(&t, g, i);
		emptied(&t, g, i);
		for (k = i + 1; k < g->files; k++)
			swapped(&t, g, i, k);
	}
	attack_done(&t);
	forge_free(g);
}

/* ---- cuts ---- */

/* Whole entries in the first `len` bytes of the last file. */
static uint64_t reach(const struct forge *g, uint64_t len)
{
	const struct forge_region *r;
	uint64_t reached = g->file[g->files - 1].first;
	size_t i;

	for (i = 0; i < g->regions; i++) {
		r = &g->region[i];
		if (r->file + 1 == g->files && r->part == FORGE_IS_ENTRY &&
		    r->offset + r->len <= len)
			reached = r->index + 1;
	}
	return reached;
}

/* One cut, one finding; what is left of a commit stands in front as AS013. */
static void cut_at(struct forge *g, struct attack_tally *t, uint64_t len,
		   uint64_t known)
{
	const struct seal_findings *l = &g->av.verdict.findings;
	uint64_t reached = reach(g, len);
	const struct seal_finding *f;
	bool right = reached < known ? g->av.status == 2 : g->av.status < 2;
	unsigned evidence = 0;
	size_t i;

	for (i = 0; i < l->n; i++) {
		f = &l->v[i];
		if (f->class != SEAL_CLASS_D)
			continue;
		evidence++;
		right = right && f->number == 7 && f->first == reached &&
			f->last == known - 1;
	}
	right = right && evidence == (reached < known);
	if (!right)
		attack_is_wrong(t, "cut at %llu, %llu of %llu: %d %s", (ull)len,
				(ull)reached, (ull)known, g->av.status,
				g->av.found);
	else if (reached < known)
		attack_is_found(t);
	else
		attack_is_listed(t);
}

static void cut(struct forge *g, struct attack_tally *t, uint64_t known)
{
	const struct forge_file *file = &g->file[g->files - 1];
	uint64_t len;

	for (len = file->bytes.len; len-- > 0;) {
		memio_put(g->m, file->path, file->bytes.data, len);
		forge_judge(g);
		cut_at(g, t, len, known);
	}
	put_back(g, g->files - 1);
}

static void every_cut_against_what_stands_beside(void **state)
{
	struct attack_tally t = {.name = "cuts, state and acked kept"};
	struct forge *g = make();

	(void)state;
	cut(g, &t, g->size);
	attack_done(&t);
	forge_free(g);
}

static void every_cut_against_a_receipt_held_elsewhere(void **state)
{
	struct attack_tally t = {.name = "cuts, a receipt held elsewhere"};
	struct forge *g = make();

	(void)state;
	memio_remove(g->m, "/s/state");
	memio_remove(g->m, "/s/acked");
	g->given = true;
	cut(g, &t, g->anchor);
	attack_done(&t);
	forge_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_file),
		cmocka_unit_test(every_cut_against_what_stands_beside),
		cmocka_unit_test(every_cut_against_a_receipt_held_elsewhere),
	};

	if (!attack_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
