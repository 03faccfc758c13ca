/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store's database with 1 to 20 random damages: the list of findings must be
 * the one that a model gives, entry by entry.  SEAL_RANDOM=n runs seed n alone
 * and says what was done.
 */
#include "tests/attack/random_store.h"

#include <fcntl.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define CASES_SHORT 200
#define CASES_LONG  10000
#define HARMS_MAX   20
#define TEXT	    96

struct suite {
	struct attack_store *a;
	uint8_t *whole; /* the file */
	size_t whole_len;
	struct attack_tally t;
	uint64_t of_kind[64], equal_of_kind[64];
};

struct trial {
	uint64_t seed;
	struct random_harm harm[HARMS_MAX];
	size_t n;
	char done[HARMS_MAX][TEXT];
	bool did[HARMS_MAX];
	char want[8192], got[8192];
	int want_status, got_status;
};

static void read_whole(struct suite *s)
{
	struct stat st;
	int fd;

	store_detach(s->a);
	fd = open(s->a->t->db, O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	s->whole_len = (size_t)st.st_size;
	s->whole = malloc(s->whole_len);
	assert_non_null(s->whole);
	assert_int_equal(read(fd, s->whole, s->whole_len), s->whole_len);
	close(fd);
	store_attach(s->a);
}

static void put_whole(struct suite *s)
{
	int fd;

	store_detach(s->a);
	fd = open(s->a->t->db, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, s->whole, s->whole_len), s->whole_len);
	close(fd);
	store_attach(s->a);
}

static bool equal(struct suite *s, struct trial *t)
{
	struct random_stored *c = random_stored_take(s->a);
	struct random_list want;
	size_t k;

	for (k = 0; k < t->n; k++)
		t->did[k] = random_harm_do(c, &t->harm[k], t->done[k],
					   sizeof(t->done[k]));
	random_stored_put(c, s->a);
	random_stored_expect(c, &want);
	t->want_status = random_status(&want);
	random_text(&want, t->want, sizeof(t->want));
	store_judge(s->a, NULL);
	t->got_status = s->a->status;
	snprintf(t->got, sizeof(t->got), "%s", s->a->found);
	random_sort(t->got);
	random_stored_free(c);
	put_whole(s);
	return !s->a->rc && t->want_status == t->got_status &&
	       !strcmp(t->want, t->got);
}

/* The fewest damages that still differ. */
static void shrink(struct suite *s, struct trial *t)
{
	struct trial *less = malloc(sizeof(*less));
	size_t k;

	assert_non_null(less);
	for (k = 0; k < t->n;) {
		*less = *t;
		less->n--;
		memmove(&less->harm[k], &less->harm[k + 1],
			(less->n - k) * sizeof(less->harm[0]));
		if (equal(s, less)) {
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
		s->of_kind[t->harm[k].what] += t->did[k];
		s->equal_of_kind[t->harm[k].what] += t->did[k] && same;
	}
}

static void try(struct suite *s, uint64_t seed, bool loud)
{
	struct trial *t = calloc(1, sizeof(*t));
	struct random r = {seed * 0x9E3779B97F4A7C15 + 54321};
	bool same;

	assert_non_null(t);
	t->seed = seed;
	random_next(&r);
	for (t->n = 0; t->n < 1 + seed % HARMS_MAX; t->n++)
		t->harm[t->n] = random_harm_draw(&r);
	same = equal(s, t);
	count(s, t, same);
	if (loud)
		say(t, "");
	if (same) {
		attack_is_found(&s->t);
	} else {
		if (s->t.wrong < 10) {
			shrink(s, t);
			equal(s, t);
			say(t, ", as few damages as differ");
		}
		attack_is_wrong(&s->t, "seed %" PRIu64, seed);
	}
	free(t);
}

static void lists_are_as_expected(void **state)
{
	const char *one = getenv("SEAL_RANDOM");
	struct suite s = {.t.name = "random stores"};
	uint64_t seed, cases = attack_long() ? CASES_LONG : CASES_SHORT;
	unsigned k;

	(void)state;
	s.a = attack_store_make(ATTACK_SIZE);
	read_whole(&s);
	if (one)
		try(&s, strtoull(one, NULL, 10), true);
	for (seed = 0; seed < cases && !one; seed++)
		try(&s, seed, false);
	for (k = 0; k < random_harm_kinds(); k++)
		print_message("# %s: %" PRIu64 ", in equal lists %" PRIu64 "\n",
			      random_harm_name(k), s.of_kind[k],
			      s.equal_of_kind[k]);
	attack_store_free(s.a);
	free(s.whole);
	attack_done(&s.t);
}

/* ---- damages that were not told rightly once ---- */

static void drop(struct random_row *row, size_t k)
{
	free(row->entry[k].bytes);
	memmove(&row->entry[k], &row->entry[k + 1],
		(--row->entries - k) * sizeof(row->entry[0]));
}

static void spoil(struct random_row *row, size_t k)
{
	row->entry[k].bytes[12] ^= 1;
	row->entry[k].content = RANDOM_NOWHERE;
}

static void add(struct random_row *row, const struct random_entry *e)
{
	struct random_entry *more = &row->entry[row->entries++];

	*more = *e;
	more->bytes = malloc(e->len);
	assert_non_null(more->bytes);
	memcpy(more->bytes, e->bytes, e->len);
}

/* Neither its entries nor its hashes lead to what is proven. */
static void lose(struct random_row *row)
{
	drop(row, 0);
	row->wrong[200] = true;
	row->hash[200][0] ^= 1;
}

static void ends(struct suite *s, struct random_stored *c, const char *want)
{
	random_stored_put(c, s->a);
	random_stored_free(c);
	store_judge(s->a, NULL);
	put_whole(s);
	random_sort(s->a->found);
	assert_string_equal(s->a->found, want);
	assert_int_equal(s->a->status, 2);
}

static void named_damages(void **state)
{
	struct suite s = {0};
	struct random_stored *c;

	(void)state;
	s.a = attack_store_make(ATTACK_SIZE);
	read_whole(&s);

	/* What is not proven is there all the same: not deleted. */
	c = random_stored_take(s.a);
	drop(&c->row[0], 255);
	lose(&c->row[1]);
	ends(&s, c, "AS001[255,511]w");

	/* Checkpoints behind it are judged, and compared. */
	c = random_stored_take(s.a);
	lose(&c->row[0]);
	c->root_wrong[2] = true;
	c->receipt_gone[0] = c->receipt_gone[1] = c->receipt_gone[3] = true;
	ends(&s, c, "AS001[0,255]w AS030");

	/* Lengths that lead to the end tell entries from one another. */
	c = random_stored_take(s.a);
	spoil(&c->row[1], 44);
	spoil(&c->row[1], 45);
	drop(&c->row[1], 144);
	ends(&s, c, "AS001[300,301] AS002[400,400]");

	/* Entries behind the last one are read by nobody else. */
	c = random_stored_take(s.a);
	add(&c->row[1], &c->row[1].entry[59]);
	ends(&s, c, "AS005[315,315]");
	c = random_stored_take(s.a);
	add(&c->row[3], &c->row[2].entry[0]);
	ends(&s, c, "AS003[1000,1000]");

	attack_store_free(s.a);
	free(s.whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(named_damages),
		cmocka_unit_test(lists_are_as_expected),
	};

	if (!attack_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
