/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints that somebody holds elsewhere: a cut and a fork show against
 * them, and they make no verdict better.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "spool/state.h"
#include "tests/lib/oom.h"
#include "tests/lib/testlog.h"
#include "tests/lib/verify_bench.h"

#define HELD "a checkpoint of last week"

static void assert_found(struct verify_bench *b, int status, const char *found)
{
	int got = verify_bench_judge(b);

	assert_string_equal(b->found, found);
	assert_int_equal(got, status);
}

static void commits(struct verify_bench *b, const char *text, unsigned count)
{
	struct seal_spool *sp = fixture_open(b->f);

	while (count--)
		fixture_commit(sp, text, 2);
	verify_bench_receipt(b, sp);
	fixture_close(b->f, sp);
}

/* The newest checkpoint of the spool, with its receipt. */
static struct seal_buf newest(struct verify_bench *b)
{
	struct seal_buf note = SEAL_BUF_INIT;
	struct seal_acked acked = {0};

	assert_int_equal(
		seal_acked_load(b->f->io, "/s/acked", &acked, &b->f->diag), 0);
	assert_int_equal(acked.mirrors, 1);
	seal_buf_put(&note, acked.mirror[0].note, acked.mirror[0].note_len);
	seal_acked_fini(&acked);
	assert_int_equal(seal_buf_error(&note), 0);
	return note;
}

/* Only the first `lines` signature lines stay. */
static void keep_lines(struct seal_buf *note, size_t lines)
{
	struct seal_buf cut = SEAL_BUF_INIT;
	struct seal_checkpoint cp;
	struct seal_note parsed;
	size_t i;

	assert_int_equal(seal_checkpoint_parse_note(note->data, note->len,
						    &parsed, &cp, NULL),
			 0);
	assert_true(lines <= parsed.sig_count);
	seal_buf_put(&cut, parsed.text, parsed.text_len);
	seal_buf_put_str(&cut, "\n");
	for (i = 0; i < lines; i++)
		seal_note_put_line(&cut, &parsed.sigs[i]);
	assert_int_equal(seal_buf_error(&cut), 0);
	seal_buf_fini(note);
	*note = cut;
}

static void give(struct verify_bench *b, struct seal_verify_given *given,
		 const struct seal_buf *note)
{
	given->note = note->data;
	given->len = note->len;
	given->where = HELD;
	b->options.given = given;
	b->options.given_count = 1;
}

static enum seal_given_state state_of(const struct verify_bench *b)
{
	assert_int_equal(b->verdict.given_count, 1);
	return b->verdict.given[0];
}

static void whole_logs_agree(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_given given;
	struct seal_buf first, second;

	commits(b, "message", 4);
	first = newest(b);
	commits(b, "later", 2);
	second = newest(b);
	give(b, &given, &first);
	assert_found(b, 0, "");
	assert_int_equal(state_of(b), SEAL_GIVEN_AGREES);
	give(b, &given, &second);
	assert_found(b, 0, "");
	assert_int_equal(state_of(b), SEAL_GIVEN_AGREES);
	/* The host's line is enough. */
	keep_lines(&first, 1);
	give(b, &given, &first);
	assert_found(b, 0, "");
	assert_int_equal(state_of(b), SEAL_GIVEN_AGREES);
	seal_buf_fini(&first);
	seal_buf_fini(&second);
}

/* All files are those of before, keys included; the note is of later. */
static struct memio *go_back(struct verify_bench *b, struct memio *before)
{
	struct memio *later = b->f->m;

	b->f->m = before;
	b->f->io = memio_io(before);
	return later;
}

static void a_cut_shows(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_given given;
	struct memio *before, *later;
	struct seal_buf note;

	commits(b, "message", 4);
	before = memio_copy(b->f->m);
	commits(b, "later", 2);
	note = newest(b);
	later = go_back(b, before);
	assert_found(b, 0, "");
	give(b, &given, &note);
	assert_found(b, 2, "AS007[11,15]");
	assert_non_null(strstr(b->verdict.findings.v[0].where, HELD));
	assert_int_equal(state_of(b), SEAL_GIVEN_BEYOND);
	b->options.live = true;
	assert_found(b, 2, "AS027[11,15]");
	b->options.live = false;
	keep_lines(&note, 1);
	give(b, &given, &note);
	assert_found(b, 2, "AS007[11,15]");
	seal_buf_fini(&note);
	memio_free(later);
}

static void another_history_shows(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_given given;
	struct memio *before, *later;
	struct seal_buf note;

	commits(b, "message", 4);
	before = memio_copy(b->f->m);
	commits(b, "this", 2);
	note = newest(b);
	later = go_back(b, before);
	commits(b, "that", 2);
	assert_found(b, 0, "");
	keep_lines(&note, 1);
	give(b, &given, &note);
	assert_found(b, 2, "AS008");
	assert_int_equal(state_of(b), SEAL_GIVEN_CONFLICTS);
	seal_buf_fini(&note);
	memio_free(later);
}

static void what_nobody_signed_proves_nothing(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_given given;
	struct seal_buf note = SEAL_BUF_INIT, good;
	struct seal_key *other = test_key("another host");
	struct seal_checkpoint cp;
	struct seal_note parsed;
	struct seal_vkey vkey;
	size_t at;

	commits(b, "message", 4);
	good = newest(b);
	assert_int_equal(seal_checkpoint_parse_note(good.data, good.len,
						    &parsed, &cp, NULL),
			 0);
	/* The seal and the receipt alone. */
	seal_buf_put(&note, parsed.text, parsed.text_len);
	seal_buf_put_str(&note, "\n");
	for (at = 1; at < parsed.sig_count; at++)
		seal_note_put_line(&note, &parsed.sigs[at]);
	give(b, &given, &note);
	assert_found(b, 2, "AS010");
	assert_int_equal(state_of(b), SEAL_GIVEN_UNSIGNED);
	/* Another key of the same name. */
	seal_buf_reset(&note);
	cp.size += 7;
	assert_int_equal(seal_checkpoint_put_signed(&note, &cp, other, NULL),
			 0);
	give(b, &given, &note);
	assert_found(b, 2, "AS011");
	assert_int_equal(state_of(b), SEAL_GIVEN_UNSIGNED);
	/* Also where no policy names the right one. */
	b->options.policy = NULL;
	assert_found(b, 2, "AS011 AS033");
	assert_int_equal(state_of(b), SEAL_GIVEN_UNSIGNED);
	b->options.policy = b->policy;
	/* The right one, and a signature of something else. */
	seal_buf_reset(&note);
	assert_int_equal(seal_vkey_init(&vkey, b->origin, SEAL_KEY_ED25519,
					seal_key_public(other), NULL),
			 0);
	seal_buf_put(&note, good.data, good.len);
	note.data[strlen(b->origin) + 1] ^= 1; /* the size */
	give(b, &given, &note);
	assert_found(b, 2, "AS010");
	assert_int_equal(state_of(b), SEAL_GIVEN_UNSIGNED);
	seal_vkey_fini(&vkey);
	seal_buf_fini(&note);
	seal_buf_fini(&good);
	seal_key_free(other);
}

/* Whoever cut the log can have what is left stamped today. */
static void it_makes_no_verdict_better(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_given given;
	struct seal_spool *sp = fixture_open(b->f);
	struct seal_buf note;

	fixture_commit(sp, "message", 2);
	verify_bench_receipt(b, sp);
	fixture_close(b->f, sp);
	note = newest(b);
	keep_lines(&note, 2);
	assert_found(b, 0, "");
	b->options.as_of_us += (uint64_t)3600 * 1000000;
	assert_found(b, 3, "AS034");
	give(b, &given, &note);
	assert_found(b, 3, "AS034");
	assert_int_equal(state_of(b), SEAL_GIVEN_AGREES);
	/* No policy, no pin: it vouches for nothing either. */
	b->options.policy = NULL;
	b->options.have_pin = false;
	assert_found(b, 3, "AS033 AS036");
	assert_int_equal(state_of(b), SEAL_GIVEN_AGREES);
	seal_buf_fini(&note);
}

static void only_this_logs_checkpoints_are_taken(void **state)
{
	struct verify_bench *b = *state;
	static const char foreign[] =
		"h/audit\n1\n"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
		"\n\xe2\x80\x94 h/audit AAAAAAAA\n";
	struct seal_verify_given many[SEAL_VERIFY_GIVEN_MAX + 1];
	struct seal_buf note;
	size_t i;
	int rc;

	commits(b, "message", 4);
	note = newest(b);
	give(b, &many[0], &note);
	many[0].note = (const uint8_t *)foreign;
	many[0].len = strlen(foreign);
	assert_int_equal(verify_bench_try(b, &rc), 3);
	assert_int_equal(rc, SEAL_E_ARG);
	many[0].len = 3;
	assert_int_equal(verify_bench_try(b, &rc), 3);
	assert_int_equal(rc, SEAL_E_ARG);
	for (i = 0; i < sizeof(many) / sizeof(many[0]); i++)
		give(b, &many[i], &note);
	b->options.given = many;
	b->options.given_count = SEAL_VERIFY_GIVEN_MAX;
	assert_found(b, 0, "");
	for (i = 0; i < SEAL_VERIFY_GIVEN_MAX; i++)
		assert_int_equal(b->verdict.given[i], SEAL_GIVEN_AGREES);
	b->options.given_count++;
	assert_int_equal(verify_bench_try(b, &rc), 3);
	assert_int_equal(rc, SEAL_E_ARG);
	seal_buf_fini(&note);
}

static int make_one(void *arg)
{
	struct verify_bench *b = arg;
	struct seal_verify *v = NULL;
	int rc = seal_verify_new(&b->options, &v);

	seal_verify_free(v);
	return rc;
}

static void out_of_memory_is_said(void **state)
{
	struct verify_bench *b = *state;
	struct seal_verify_given given;
	struct seal_buf note;

	commits(b, "message", 1);
	note = newest(b);
	give(b, &given, &note);
	assert_found(b, 0, "");
	b->options.origin = b->origin;
	assert_true(oom_every(make_one, b) >= 2);
	seal_buf_fini(&note);
}

#define TEST(f)                                                \
	cmocka_unit_test_setup_teardown(f, verify_bench_setup, \
					verify_bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(whole_logs_agree),
		TEST(a_cut_shows),
		TEST(another_history_shows),
		TEST(what_nobody_signed_proves_nothing),
		TEST(it_makes_no_verdict_better),
		TEST(only_this_logs_checkpoints_are_taken),
		TEST(out_of_memory_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
