/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole life of a log with a fault at each I/O call: what was acknowledged is
 * there and sealed afterwards, and nothing more often than it was given.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/spool_fixture.h"

#define RECORDS 12

struct life {
	struct fixture *f;
	bool acked[RECORDS];
	unsigned tries[RECORDS];
	int opened; /* what open returned */
};

static struct fixture *new_fixture(void)
{
	void *state = NULL;
	struct fixture *f;

	assert_int_equal(fixture_setup(&state), 0);
	f = state;
	f->config.segment_max_bytes = SEAL_SEGMENT_MIN_BYTES;
	f->config.epoch_max_entries = 7;
	f->config.onfull = SEAL_ONFULL_SUSPEND; /* what is taken is kept */
	return f;
}

static void text_of(unsigned i, char ret_text[64])
{
	snprintf(ret_text, 64, "record number %u", i);
}

/* Commits a record; may fail, and is then given up to three times again. */
static void try_record(struct life *l, struct seal_spool *sp, unsigned i)
{
	char text[64];
	unsigned k;

	text_of(i, text);
	for (k = 0; k < 4 && !l->acked[i]; k++) {
		l->tries[i]++;
		l->acked[i] = !fixture_commit_try(sp, text, 1, &l->f->diag);
	}
}

static void forward(struct life *l, struct seal_spool *sp)
{
	struct seal_buf note = SEAL_BUF_INIT;
	struct seal_head head;

	if (!seal_spool_offer(sp, "m", 0, UINT64_MAX, &head, &note,
			      &l->f->diag))
		(void)seal_spool_receipt(sp, "m", head.size, 1, note.data,
					 note.len, &l->f->diag);
	seal_buf_fini(&note);
}

/* Two sessions with everything in them; false: did not come to its end. */
static void live(struct life *l)
{
	struct seal_spool *sp = NULL;
	unsigned session, i;

	for (session = 0; session < 2; session++) {
		l->opened = fixture_try(l->f, &sp);
		if (l->opened) /* a second time it must work, if it can */
			l->opened = fixture_try(l->f, &sp);
		if (l->opened)
			return;
		for (i = 0; i < RECORDS / 2; i++) {
			try_record(l, sp, session * (RECORDS / 2) + i);
			if (i == 1)
				forward(l, sp);
			if (i == 2)
				(void)seal_spool_rotate(sp, NULL);
			if (i == 3)
				memio_advance_ms(l->f->m, 60000);
			if (i == 3 || i == 4)
				(void)seal_spool_tick(sp, NULL);
		}
		if (session)
			seal_spool_free(sp); /* killed */
		else
			(void)seal_spool_close(sp, NULL);
	}
}

/* All that was acknowledged is in the log; nothing more often than tried. */
static void check_records(struct life *l, const char *what, long k)
{
	unsigned i, n, counts[RECORDS];

	fixture_counts(l->f, "record number ", counts, RECORDS);
	for (i = 0; i < RECORDS; i++) {
		n = counts[i];
		if (l->acked[i] && !n)
			fail_msg("%s at call %ld: record %u is lost", what, k,
				 i);
		if (n > l->tries[i])
			fail_msg("%s at call %ld: record %u %u times", what, k,
				 i, n);
	}
}

/* Opens without faults, closes, checks. */
static void come_back(struct life *l, const char *what, long k)
{
	struct seal_spool *sp = NULL;
	char when[64];

	if (fixture_try(l->f, &sp))
		fail_msg("%s at call %ld: %s", what, k, l->f->diag.text);
	fixture_commit(sp, "afterwards", 1);
	fixture_close(l->f, sp);
	check_records(l, what, k);
	snprintf(when, sizeof(when), "%s at call %ld", what, k);
	fixture_find_nothing(l->f, when);
}

/* One life with the fault at call k; false when k is beyond its end. */
static bool one_life(const char *what, enum memio_fault fault,
		     enum memio_loss loss, unsigned seed, long k)
{
	struct life l = {.f = new_fixture()};
	void *state = l.f;
	bool hit;

	memio_arm(l.f->m, k, fault);
	live(&l);
	hit = memio_hit(l.f->m);
	memio_restart(l.f->m, loss, seed);
	come_back(&l, what, k);
	fixture_teardown(&state);
	return hit;
}

/*
 * Every call in a long run, one in STRIDE of them in a short one; each kind of
 * fault begins elsewhere.
 */
#define STRIDE 32

static void all_lives(const char *what, enum memio_fault fault,
		      enum memio_loss loss, unsigned seed)
{
	long stride = getenv("SEAL_LONG") ? 1 : STRIDE;
	long k = 1 + ((long)fault * 3 + seed / 1000) % stride;

	while (one_life(what, fault, loss, seed + (unsigned)k, k))
		k += stride;
	assert_true(k > 90);
}

static void an_error_at_every_call(void **state)
{
	(void)state;
	all_lives("EIO", MEMIO_EIO, MEMIO_KEPT, 0);
}

static void an_error_at_every_call_and_a_power_cut(void **state)
{
	(void)state;
	all_lives("EIO, power cut", MEMIO_EIO, MEMIO_TORN, 1);
}

static void a_short_write_at_every_call(void **state)
{
	(void)state;
	all_lives("short write", MEMIO_SHORT, MEMIO_KEPT, 0);
}

static void a_full_disk_from_every_call(void **state)
{
	(void)state;
	all_lives("ENOSPC", MEMIO_ENOSPC, MEMIO_KEPT, 0);
}

static void a_kill_at_every_call(void **state)
{
	(void)state;
	all_lives("kill", MEMIO_STOP, MEMIO_KEPT, 0);
}

static void a_power_cut_at_every_call(void **state)
{
	unsigned seed;

	(void)state;
	for (seed = 0; seed < 4; seed++)
		all_lives("power cut", MEMIO_STOP, MEMIO_TORN, 1000 * seed);
}

static void a_file_that_breaks_at_every_call(void **state)
{
	(void)state;
	all_lives("stuck file", MEMIO_STUCK, MEMIO_KEPT, 0);
}

/* Which file, what was to be done with it, and why not. */
static void a_failed_commit_names_its_cause(void **state)
{
	static const char *const what[] = {
		"a commit failed and was undone: "
		"/s/00000000000000000000.seg cannot be written: ",
		"a commit failed and was undone: "
		"/s/00000000000000000000.seg cannot be synced: ",
		"a head goes into the next segment: "
		"/s/00000000000000000000.seg cannot be written: "};
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	unsigned k;
	int r;

	for (k = 0; k < 3; k++) {
		memio_arm(f->m, (long)k + 1, MEMIO_EIO);
		r = fixture_commit_try(sp, "x", 1, &f->diag);
		memio_arm(f->m, 0, MEMIO_EIO);
		assert_int_equal(r, k < 2 ? SEAL_E_IO : 0);
		assert_int_equal(f->alarms[SEAL_ALARM_IO], k + 1);
		assert_memory_equal(f->alarm, what[k], strlen(what[k]));
		assert_string_equal(f->alarm + strlen(what[k]),
				    "Input/output error");
	}
	fixture_close(f, sp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_error_at_every_call),
		cmocka_unit_test(an_error_at_every_call_and_a_power_cut),
		cmocka_unit_test(a_short_write_at_every_call),
		cmocka_unit_test(a_full_disk_from_every_call),
		cmocka_unit_test(a_kill_at_every_call),
		cmocka_unit_test(a_power_cut_at_every_call),
		cmocka_unit_test(a_file_that_breaks_at_every_call),
		cmocka_unit_test_setup_teardown(a_failed_commit_names_its_cause,
						fixture_setup,
						fixture_teardown),

	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
