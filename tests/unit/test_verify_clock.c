/* SPDX-License-Identifier: Apache-2.0 */
/* AS014: entries that are later than the receipts over them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/verify_int.h"
#include "tests/lib/testlog.h"
#include "tests/lib/verify_bench.h"

#define SECOND_US 1000000u

/*
 * One commit of one entry, and its receipt of so many seconds before.  The
 * mirror's clock goes on.
 */
static void receipt(struct verify_bench *b, struct seal_spool *sp,
		    uint64_t behind_s)
{
	if (behind_s > b->behind_s)
		memio_advance_ms(b->f->m, 1000 * (behind_s - b->behind_s));
	memio_advance_ms(b->f->m, 1000);
	fixture_commit(sp, "message", 1);
	b->behind_s = behind_s;
	verify_bench_receipt(b, sp);
}

static void assert_found(struct verify_bench *b, int status, const char *found)
{
	int got;

	b->options.min_freshness_us = 86400ull * SECOND_US;
	for (b->options.deep = false;; b->options.deep = true) {
		got = verify_bench_judge(b);
		if (strcmp(b->found, found) || got != status)
			fail_msg("%d %s, not %d %s", got, b->found, status,
				 found);
		if (b->options.deep)
			return;
	}
}

static void more_than_a_minute_is_as014(void **state)
{
	struct verify_bench *b = *state;
	struct seal_spool *sp = fixture_open(b->f);
	const struct seal_finding *f;

	receipt(b, sp, 59);
	receipt(b, sp, 0);
	fixture_close(b->f, sp);
	assert_found(b, 0, "");
	sp = fixture_open(b->f);
	receipt(b, sp, 62);
	fixture_close(b->f, sp);
	assert_found(b, 1, "AS014[6,6]");
	f = &b->verdict.findings.v[0];
	assert_string_equal(f->text, "the clock was up to 62 s ahead of the "
				     "receipts of " BENCH_MIRROR);
	assert_int_not_equal(f->time_before_us, 0);
	assert_int_equal(f->time_before_us, f->time_after_us);
	b->options.policy = NULL;
	assert_found(b, 3, "AS033");
}

static void a_clock_that_runs_ahead_is_one_finding(void **state)
{
	struct verify_bench *b = *state;
	struct seal_spool *sp = fixture_open(b->f);
	unsigned i;

	receipt(b, sp, 0); /* entry 1 */
	for (i = 0; i < 50; i++)
		receipt(b, sp, 3600);
	receipt(b, sp, 45); /* 52: not as early, and not well */
	receipt(b, sp, 70);
	receipt(b, sp, 3); /* 54 */
	for (i = 0; i < 20; i++)
		receipt(b, sp, i == 4 ? 100 : 0);
	fixture_close(b->f, sp);
	assert_found(b, 1, "AS014[2,53]w AS014[59,59]");
	assert_non_null(strstr(b->verdict.findings.v[0].text, " 3600 s "));
}

static void a_receipt_that_does_not_verify_says_nothing(void **state)
{
	struct verify_bench *b = *state;
	struct seal_spool *sp = fixture_open(b->f);
	struct seal_key *true_key = b->mirror;

	b->mirror = test_key("another mirror");
	receipt(b, sp, 100);
	seal_key_free(b->mirror);
	b->mirror = true_key;
	receipt(b, sp, 0);
	fixture_close(b->f, sp);
	(void)verify_bench_judge(b);
	assert_null(strstr(b->found, "AS014"));
}

/* ---- of two witnesses ---- */

static void hear(struct seal_verify *v, size_t witness, uint64_t size,
		 uint64_t ahead_s)
{
	struct verify_claim claim = {.kind = CLAIM_NOTE,
				     .size = size,
				     .seen = true,
				     .before_us = 1000000ull * SECOND_US};

	assert_int_equal(
		verify_clock_hear(v, &claim, witness, 1000000 - ahead_s), 0);
}

static void what_two_witnesses_say_is_united(void **state)
{
	struct seal_verify_options options = {.target = SEAL_VERIFY_STORE};
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_policy *policy;
	struct seal_verify *v;

	(void)state;
	test_put_witness(&text, "a.example", "a.example");
	test_put_witness(&text, "b.example", "b.example");
	seal_buf_put_str(&text, "quorum a.example\n");
	assert_int_equal(
		seal_policy_parse(text.data, text.len, "policy", &policy, NULL),
		0);
	options.policy = policy;
	assert_int_equal(seal_verify_new(&options, &v), 0);
	hear(v, 0, 10, 60); /* a minute is not more than one */
	hear(v, 0, 20, 61);
	hear(v, 1, 15, 80);
	hear(v, 1, 15, 0); /* the same size again */
	hear(v, 1, 30, 70);
	hear(v, 1, 40, 30);
	hear(v, 0, 50, 100);
	hear(v, 0, 45, 0); /* behind a larger one */
	hear(v, 0, 60, 31);
	hear(v, 0, 70, 30);
	hear(v, 0, 80, 90);
	assert_int_equal(verify_clock_end(v), 0);
	assert_int_equal(v->findings.n, 2);
	assert_int_equal(v->findings.v[0].first, 14);
	assert_int_equal(v->findings.v[0].last, 49);
	assert_string_equal(v->findings.v[0].text,
			    "the clock was up to 100 s ahead of the receipts "
			    "of a.example");
	assert_int_equal(v->findings.v[1].first, 79);
	assert_int_equal(v->findings.v[1].last, 79);
	assert_false(v->findings.v[1].within);
	seal_verify_free(v);
	seal_policy_free(policy);
	seal_buf_fini(&text);
}

#define TEST(name)                                                \
	cmocka_unit_test_setup_teardown(name, verify_bench_setup, \
					verify_bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(more_than_a_minute_is_as014),
		TEST(a_clock_that_runs_ahead_is_one_finding),
		TEST(a_receipt_that_does_not_verify_says_nothing),
		cmocka_unit_test(what_two_witnesses_say_is_united),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
