/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random spools with 1 to 20 random damages each: the list of findings must be
 * the one that a model gives, entry by entry.  SEAL_RANDOM=n runs seed n alone
 * and says what was done.
 */
#include "tests/attack/random_spool.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CASES_SHORT    400
#define CASES_LONG     10000
#define CASES_OF_A_LOG 25
#define TEXT	       96

struct suite {
	struct forge *g;
	uint64_t log; /* which one g is */
	struct attack_tally t;
	uint64_t of_kind[64], equal_of_kind[64];
};

struct trial {
	uint64_t seed;
	struct random_damage damage[RANDOM_DAMAGES_MAX];
	size_t n;
	/* what came out */
	char done[RANDOM_DAMAGES_MAX][TEXT];
	bool did[RANDOM_DAMAGES_MAX];
	bool loud;
	char want[8192], got[8192];
	int want_status, got_status;
};

/* ---- logs ---- */

static void some_commits(struct forge *g, struct random *r, uint64_t n)
{
	uint64_t k;
	char text[48];

	while (n--) {
		for (k = random_below(r, 6) + 1; k; k--) {
			snprintf(text, sizeof(text), "record %016" PRIx64,
				 random_next(r));
			text[8 + random_below(r, 16)] = '\0';
			forge_record(g, text);
		}
		forge_head(g);
		if (!random_below(r, 6))
			forge_do(g, FORGE_RECEIPT);
		if (!random_below(r, 7))
			forge_hand_over(g);
	}
}

static void make_log(struct forge *g, uint64_t number)
{
	struct random r = {number * 2654435761 + 1};
	uint64_t files = 1 + random_below(&r, 4);

	g->no_gap = true;
	if (number % 3 == 0) {
		forge_standard(g, 0, 20 + random_below(&r, 80));
		forge_do(g, FORGE_RECEIPT);
	} else {
		forge_start(g);
		forge_head(g);
		while (files--) {
			some_commits(g, &r, 1 + random_below(&r, 8));
			if (!files)
				break;
			forge_do(g, FORGE_SEGMENT);
		}
	}
	g->zeros = random_below(&r, 2) * 64;
	forge_build(g);
}

static void use_log(struct suite *s, uint64_t number)
{
	if (s->g && s->log == number)
		return;
	if (s->g)
		forge_free(s->g);
	s->g = forge_new();
	s->log = number;
	make_log(s->g, number);
}

/* ---- a case ---- */

static void restore(struct forge *g, const struct memio *whole)
{
	memio_free(g->m);
	g->m = memio_copy(whole);
}

static void say_piece(const struct random_item *item)
{
	static const char kind[] = " eHRF";

	print_message(" %c%" PRId64 "%s", kind[item->kind],
		      (int64_t)item->index, item->broken ? "-" : "");
	if (item->kind == RANDOM_ENTRY && item->content != item->index)
		print_message("=%" PRId64, (int64_t)item->content);
	if (item->unsealed)
		print_message("!");
}

/* What stands where: e entry (= whose bytes), H head (! not sealed), ... */
static void say_copy(const struct random_copy *c)
{
	const struct random_file *f;
	size_t k;

	for (f = c->file; f < c->file + c->files; f++) {
		print_message("#   %s%" PRIu64 "%s:", f->gone ? "no " : "",
			      f->name, f->broken ? "-" : "");
		for (k = 0; k < f->items; k++)
			say_piece(f->item[k]);
		print_message("%s\n", f->cut ? " torn" : "");
	}
}

static bool equal(struct suite *s, struct trial *t, const struct memio *whole)
{
	struct random_copy *c = random_copy_take(s->g);
	struct random_list want;
	size_t k;

	for (k = 0; k < t->n; k++)
		t->did[k] = random_damage_do(c, &t->damage[k], t->done[k],
					     sizeof(t->done[k]));
	random_copy_put(c, s->g);
	if (t->loud)
		say_copy(c);
	random_spool_expect(c, &want);
	t->want_status = random_status(&want);
	random_text(&want, t->want, sizeof(t->want));
	forge_judge(s->g);
	t->got_status = s->g->av.status;
	attack_found(&s->g->av.verdict, t->got, sizeof(t->got));
	random_sort(t->got);
	random_copy_free(c);
	restore(s->g, whole);
	return !s->g->av.rc && t->want_status == t->got_status &&
	       !strcmp(t->want, t->got);
}

/* The fewest damages that still differ. */
static void shrink(struct suite *s, struct trial *t, const struct memio *whole)
{
	struct trial *less = malloc(sizeof(*less));
	size_t k;

	assert_non_null(less);
	for (k = 0; k < t->n;) {
		*less = *t;
		less->n--;
		memmove(&less->damage[k], &less->damage[k + 1],
			(less->n - k) * sizeof(less->damage[0]));
		if (equal(s, less, whole)) {
			k++;
		} else {
			*t = *less;
			k = 0;
		}
	}
	free(less);
}

static void say(struct trial *t, const char *what)
{
	size_t k;

	print_message("# seed %" PRIu64 "%s:\n", t->seed, what);
	for (k = 0; k < t->n; k++)
		if (t->did[k])
			print_message("#   %s\n", t->done[k]);
	print_message("#   expected %d %s\n", t->want_status, t->want);
	print_message("#   found    %d %s\n", t->got_status, t->got);
}

static void count(struct suite *s, const struct trial *t, bool same)
{
	size_t k;

	for (k = 0; k < t->n; k++) {
		s->of_kind[t->damage[k].what] += t->did[k];
		s->equal_of_kind[t->damage[k].what] += t->did[k] && same;
	}
}

static void try(struct suite *s, uint64_t seed, bool loud)
{
	struct trial *t = calloc(1, sizeof(*t));
	struct random r = {seed * 0x9E3779B97F4A7C15 + 12345};
	struct memio *whole;
	bool same;

	assert_non_null(t);
	use_log(s, seed / CASES_OF_A_LOG);
	whole = memio_copy(s->g->m);
	t->seed = seed;
	t->loud = loud;
	random_next(&r);
	for (t->n = 0; t->n < 1 + seed % RANDOM_DAMAGES_MAX; t->n++)
		t->damage[t->n] = random_damage_draw(&r);
	same = equal(s, t, whole);
	count(s, t, same);
	if (loud)
		say(t, "");
	if (same) {
		attack_is_found(&s->t);
	} else {
		if (s->t.wrong < 10) {
			t->loud = false;
			shrink(s, t, whole);
			t->loud = loud;
			equal(s, t, whole);
			say(t, ", as few damages as differ");
		}
		attack_is_wrong(&s->t, "seed %" PRIu64, seed);
	}
	memio_free(whole);
	free(t);
}

static void lists_are_as_expected(void **state)
{
	const char *one = getenv("SEAL_RANDOM");
	struct suite s = {.t.name = "random spools"};
	uint64_t seed, cases = attack_long() ? CASES_LONG : CASES_SHORT;
	unsigned k;

	(void)state;
	if (one)
		try(&s, strtoull(one, NULL, 10), true);
	for (seed = 0; seed < cases && !one; seed++)
		try(&s, seed, false);
	for (k = 0; k < random_damage_kinds(); k++)
		print_message("# %s: %" PRIu64 ", in equal lists %" PRIu64 "\n",
			      random_damage_name(k), s.of_kind[k],
			      s.equal_of_kind[k]);
	forge_free(s.g);
	attack_done(&s.t);
}

/* ---- damages that were not told rightly once ---- */

/*
 * 0: e0 H1 e1 e2 e3 H4 e4, a hand-over, H5 e5 e6 H7 R7
 * 7: e7 e8 e9 H10 e10 e11 H12
 * 12: e12 e13 H14 e14 e15 H16
 */
static struct random_copy *small_log(struct suite *s)
{
	static const unsigned commit[] = {3, 0, 2, 9, 3, 2, 9, 2, 2};
	unsigned i, k;

	s->g = forge_new();
	forge_start(s->g);
	forge_head(s->g);
	for (i = 0; i < sizeof(commit) / sizeof(commit[0]); i++) {
		if (!commit[i])
			forge_hand_over(s->g);
		if (i == 3)
			forge_do(s->g, FORGE_RECEIPT);
		if (commit[i] == 9)
			forge_do(s->g, FORGE_SEGMENT);
		if (!commit[i] || commit[i] == 9)
			continue;
		for (k = 0; k < commit[i]; k++)
			forge_record(s->g, "a record");
		forge_head(s->g);
	}
	forge_build(s->g);
	return random_copy_take(s->g);
}

/* The damage to the item of that kind and index. */
static void harm(struct random_copy *c, const char *what, enum random_kind kind,
		 uint64_t index)
{
	struct random_damage d = {.b = 1, .c = 1};
	char text[TEXT];
	size_t i, k;

	while (strcmp(random_damage_name(d.what), what) != 0)
		d.what++;
	for (i = 0; i < c->files; i++)
		for (k = 0; k < c->file[i].items; k++) {
			if (c->file[i].item[k]->kind != kind)
				continue;
			if (c->file[i].item[k]->index == index) {
				assert_true(random_damage_do(c, &d, text,
							     sizeof(text)));
				return;
			}
			d.a++;
		}
	fail_msg("%s %llu: there is none", what, (unsigned long long)index);
}

static void ends(struct suite *s, struct random_copy *c, int status,
		 const char *want)
{
	random_copy_put(c, s->g);
	forge_judge(s->g);
	random_sort(s->g->av.found);
	assert_string_equal(s->g->av.found, want);
	assert_int_equal(s->g->av.status, status);
	random_copy_free(c);
	forge_free(s->g);
}

/* A hand-over at another place says nothing of the keys behind it. */
static void a_wrong_seal_behind_a_hand_over_that_was_moved(void **state)
{
	struct suite s = {0};
	struct random_copy *c = small_log(&s);

	(void)state;
	harm(c, "entries swapped", RANDOM_ENTRY, 3);
	harm(c, "seal changed", RANDOM_HEAD, 14);
	ends(&s, c, 2, "AS001[3,4] AS010[12,13]");
}

/* Its tag names the next index but one: it is there all the same. */
static void an_entry_in_front_of_a_torn_one(void **state)
{
	struct suite s = {0};
	struct random_copy *c = small_log(&s);

	(void)state;
	harm(c, "entry deleted", RANDOM_ENTRY, 7);
	random_file_cut(&c->file[1], 2, 9);
	ends(&s, c, 2, "AS002[10,11] AS002[7,7]");
}

/* Roots of entries that are not the sealed ones contradict no receipt. */
static void a_receipt_for_what_is_damaged(void **state)
{
	struct suite s = {0};
	struct random_copy *c = small_log(&s);

	(void)state;
	harm(c, "entry inserted", RANDOM_ENTRY, 5);
	harm(c, "head deleted", RANDOM_HEAD, 7);
	c->file[1].header.data[30] ^= 1;
	ends(&s, c, 2, "AS001[5,7]w AS035");
}

static void an_origin_that_no_file_names(void **state)
{
	struct suite s = {0};
	struct random_copy *c = small_log(&s);

	(void)state;
	harm(c, "receipt deleted", RANDOM_RECEIPT, 7);
	c->acked = RANDOM_GONE;
	c->file[1].gone = c->file[2].gone = true;
	c->file[0].header.data[30] ^= 1;
	ends(&s, c, 2, "AS007[7,15] AS029 AS030[0,0] AS033 AS036");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_wrong_seal_behind_a_hand_over_that_was_moved),
		cmocka_unit_test(an_entry_in_front_of_a_torn_one),
		cmocka_unit_test(a_receipt_for_what_is_damaged),
		cmocka_unit_test(an_origin_that_no_file_names),
		cmocka_unit_test(lists_are_as_expected),
	};

	if (!attack_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
