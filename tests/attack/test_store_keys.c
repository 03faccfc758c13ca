/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thief with the store's machine, its mirror key, the host's key and the
 * epoch key of one time: his best rewriting of what was sealed in an earlier
 * epoch, or is receipted or witnessed elsewhere, is found.  He makes every
 * public byte again: hashes, tiles, roots, checkpoints, receipts of any date,
 * records of `epochs`.  format.md 2.
 */
#include "tests/attack/attack_rewrite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/entry.h"

#define ENTRIES 400
#define STOLEN	"attack epoch 3" /* the key in force at the end */

enum means {
	OLD_BYTES = 0,	 /* hand-overs as they were */
	OLD_CHECKPOINTS, /* and all the checkpoints there were */
	RESIGNED,	 /* hand-overs anew, by the key that he has */
	NO_HAND_OVERS,	 /* records in their place */
	NO_SEAL,	 /* a newest checkpoint that only the host signed */
	SHORT,		 /* nothing from the next hand-over on, unsealed */
	SHORT_SEALED,	 /* the same, sealed by the key that he has */
	MEANS
};

static const char *const means_names[MEANS] = {"hand-overs as they were",
					       "and all checkpoints",
					       "signed anew",
					       "no hand-overs",
					       "no seal",
					       "cut, no seal",
					       "cut, sealed"};

/* Another record at this place. */
static void put_record(struct test_host *h, size_t index)
{
	struct seal_buf entry = SEAL_BUF_INIT;
	uint8_t header[SEAL_ENTRY_HEADER_BYTES];

	seal_entry_put_header(header, SEAL_ENTRY_RECORD, 0,
			      h->time_us + index * 1000);
	seal_buf_put(&entry, header, sizeof(header));
	seal_buf_putf(&entry, "a lie of %zu", index);
	test_host_replace(h, index, entry.data, entry.len);
	seal_buf_fini(&entry);
}

/* The epoch that begins behind this entry; 0: none does. */
static unsigned next_epoch(const struct test_host *h, size_t index)
{
	unsigned e;

	for (e = 1; e <= h->epochs; e++)
		if (h->span[e].first > index)
			return e;
	return 0;
}

static void rewrite(struct attack_store *a, size_t index, enum means means)
{
	struct store_sizes sizes = {ENTRIES, ENTRIES, ENTRIES};
	const size_t older[] = {ENTRIES / 10, ENTRIES / 4, 6 * ENTRIES / 10};
	const char *seal = means == NO_SEAL || means == SHORT ? NULL : STOLEN;
	struct test_host h;
	unsigned e, from;
	size_t i;

	attack_host_make(&h, ENTRIES);
	put_record(&h, index);
	from = next_epoch(&h, index);
	for (e = from; e && e <= h.epochs; e++) {
		if (means == RESIGNED)
			store_resign(&h, e, STOLEN);
		else if (means == NO_HAND_OVERS)
			put_record(&h, h.span[e].first - 1);
	}
	if (from && (means == SHORT || means == SHORT_SEALED))
		sizes.next = sizes.pending = sizes.mirror =
			h.span[from].first - 1;
	store_rewrite(a, &h, sizes);
	for (i = 0; i < 3 && means == OLD_CHECKPOINTS; i++)
		store_sign(a, &h, older[i],
			   older[i] > index ? STOLEN
					    : store_sealer(&h, older[i]),
			   ATTACK_NOW_S - 9);
	store_sign(a, &h, sizes.next, seal, ATTACK_NOW_S);
	test_host_free(&h);
}

static bool is_record(const struct test_host *h, size_t index)
{
	return h->entry[index].data[0] == SEAL_ENTRY_RECORD;
}

static void an_earlier_epoch_is_not_rewritten(void **state)
{
	struct attack_store *a = attack_store_make(ENTRIES);
	const struct test_host *h = &a->t->host;
	struct attack_tally t = {.name = "store, thief, earlier epochs"};
	size_t end = h->span[h->epochs].first, index;
	enum means means;

	(void)state;
	for (index = 1; index < end; index += attack_long() ? 1 : 29) {
		if (!is_record(h, index))
			continue;
		for (means = 0; means < MEANS; means++) {
			rewrite(a, index, means);
			store_judge(a, NULL);
			/* Cut and unsealed it says so, and is never 0. */
			if (a->status == 2 ||
			    (means == SHORT && a->status == 1 &&
			     strstr(a->found, "AS013")))
				attack_is_found(&t);
			else
				attack_is_wrong(&t, "entry %zu, %s: %d %s %s",
						index, means_names[means],
						a->status, a->found,
						a->diag.text);
		}
	}
	attack_done(&t);
	attack_store_free(a);
}

/* Whatever he does, somebody elsewhere has a word of the true one. */
static void what_is_held_elsewhere_finds_it(void **state)
{
	struct attack_store *a = attack_store_make(ENTRIES);
	const struct test_host *h = &a->t->host;
	struct attack_tally t = {.name = "store, thief, receipted elsewhere"};
	struct store_reasons reasons = {.tally = &t};
	struct cli_pin pin = {.log_id = test_host_log_id(h),
			      .size = ENTRIES,
			      .root = test_host_root(h, ENTRIES),
			      .time_us = (uint64_t)ATTACK_NOW_S * 1000000};
	size_t end = h->span[h->epochs].first, index;
	enum means means;

	(void)state;
	snprintf(pin.origin, sizeof(pin.origin), "%s", h->origin);
	for (index = 1; index < ENTRIES; index += attack_long() ? 1 : 13) {
		if (!is_record(h, index))
			continue;
		for (means = 0; means < MEANS; means++) {
			rewrite(a, index, means);
			a->trust.pin = &pin;
			store_judge(a, NULL);
			a->trust.pin = NULL;
			if (a->status == 2)
				attack_is_found(&t);
			else
				attack_is_wrong(&t, "entry %zu, %s: %d %s",
						index, means_names[means],
						a->status, a->found);
		}
		if (index < end)
			continue;
		rewrite(a, index, OLD_BYTES);
		store_judge(a, NULL);
		if (a->status == 0)
			store_listed(&reasons,
				     "the epoch whose key he has, and nothing "
				     "held elsewhere: the window, as "
				     "documented");
		else
			attack_is_wrong(&t, "entry %zu: %d %s", index,
					a->status, a->found);
	}
	store_done(&reasons);
	attack_store_free(a);
}

/* A witness's key he has not: no quorum of both is met by what he makes. */
static void a_quorum_with_a_witness_is_not_met(void **state)
{
	struct attack_store *a = attack_store_make(ENTRIES);
	const struct test_host *h = &a->t->host;
	struct attack_tally t = {.name = "store, thief, witnessed"};
	size_t index;
	enum means means;

	(void)state;
	attack_store_trust(a, "group both all mirror other\nquorum both\n");
	store_expect(a, 0, "");
	assert_int_equal(a->anchor_size, 6 * ENTRIES / 10);
	for (index = 1; index < ENTRIES; index += attack_long() ? 1 : 13) {
		if (!is_record(h, index))
			continue;
		for (means = 0; means < MEANS; means++) {
			rewrite(a, index, means);
			store_judge(a, NULL);
			if (a->status >= 2 && !a->rc)
				attack_is_found(&t);
			else
				attack_is_wrong(&t, "entry %zu, %s: %d %s",
						index, means_names[means],
						a->status, a->found);
		}
	}
	attack_done(&t);
	attack_store_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_earlier_epoch_is_not_rewritten),
		cmocka_unit_test(what_is_held_elsewhere_finds_it),
		cmocka_unit_test(a_quorum_with_a_witness_is_not_met),
	};

	if (!attack_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
