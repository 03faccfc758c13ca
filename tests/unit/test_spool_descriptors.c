/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process without a free file descriptor: what is open goes on, nothing is
 * taken for damage or loss, and when there are some again all is as before.
 */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/spool_fixture.h"

#define TEXT "a message that is about as long as those of sshd are, or sudo's"

static struct seal_spool *open_small(struct fixture *f)
{
	f->config.segment_max_bytes = SEAL_SEGMENT_MIN_BYTES;
	return fixture_open(f);
}

/* Commits, 100 messages each, until there are n segments or 100 were made. */
static uint64_t fill(struct seal_spool *sp, uint64_t n)
{
	struct seal_spool_stats stats;
	unsigned i;

	for (i = 0; i < 100; i++) {
		seal_spool_stats(sp, &stats);
		if (stats.segments >= n)
			break;
		fixture_commit(sp, TEXT, 100);
	}
	seal_spool_stats(sp, &stats);
	return stats.segments;
}

static void a_new_segment_needs_none(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = open_small(f);
	struct fixture_log log;

	assert_int_equal(seal_spool_tick(sp, &f->diag), 0);
	memio_set_fds(f->m, 0);
	assert_int_equal(fill(sp, 2), 2);
	assert_int_equal(f->alarms[SEAL_ALARM_IO], 0);
	fixture_close(f, sp);
	fixture_check(f, &log);
	assert_int_equal(log.segments, 2);
}

static void without_a_spare_the_open_one_grows(void **state)
{
	struct fixture *f = *state;
	struct fixture_log log;
	struct seal_spool *sp;

	f->config.epoch_max_entries = 1000;
	sp = open_small(f);
	memio_set_fds(f->m, 0);
	assert_int_equal(fill(sp, 2), 1); /* 10,000 records */
	assert_int_equal(f->alarms[SEAL_ALARM_IO], 1);
	assert_int_equal(seal_spool_rotate(sp, &f->diag), SEAL_E_IO);
	assert_non_null(strstr(f->diag.text, "LimitNOFILE"));
	fixture_commit(sp, TEXT, 1);

	memio_set_fds(f->m, UINT_MAX);
	memio_advance_ms(f->m, 1000);
	fixture_commit(sp, TEXT, 1);
	fixture_commit(sp, TEXT, 1);
	assert_int_equal(fill(sp, 2), 2);
	assert_int_equal(f->alarms[SEAL_ALARM_SEGMENTS], 1);
	assert_int_equal(f->alarms[SEAL_ALARM_IO], 1);
	fixture_close(f, sp);
	fixture_check(f, &log);
	assert_int_equal(log.records, 10003);
}

static int count(void *ctx, uint64_t index, const uint8_t *entry, size_t len)
{
	(void)index;
	(void)entry;
	(void)len;
	++*(unsigned *)ctx;
	return 0;
}

static void what_cannot_be_read_now_is_not_gone(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = open_small(f);
	struct seal_frontier frontier;
	unsigned n = 0;

	fixture_commit(sp, TEXT, 10);
	memio_set_fds(f->m, 0);
	assert_int_equal(seal_spool_read(sp, 0, 5, count, &n, &f->diag),
			 SEAL_E_IO);
	assert_int_equal(f->diag.sys_errno, EMFILE);
	assert_int_equal(seal_spool_frontier(sp, 5, &frontier, &f->diag),
			 SEAL_E_IO);
	memio_set_fds(f->m, UINT_MAX);
	assert_int_equal(seal_spool_read(sp, 0, 5, count, &n, &f->diag), 0);
	assert_int_equal(n, 5);
	fixture_close(f, sp);
}

/* However many there are: opened, or told what is missing and not changed. */
static void a_start_waits_for_enough(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = open_small(f);
	struct fixture_log log;
	unsigned n;
	int r = -1;

	assert_int_equal(fill(sp, 3), 3);
	fixture_crash(f, sp, MEMIO_KEPT, 0);
	for (n = 0; r && n < 40; n++) {
		memio_set_fds(f->m, n);
		r = fixture_try(f, &sp);
		if (!r)
			break;
		if (r != SEAL_E_IO || f->diag.sys_errno != EMFILE ||
		    !strstr(f->diag.text, "LimitNOFILE"))
			fail_msg("with %u: %s", n, f->diag.text);
	}
	assert_int_equal(r, 0);
	assert_true(n > 5);
	memio_set_fds(f->m, UINT_MAX);
	fixture_commit(sp, TEXT, 1);
	fixture_close(f, sp);
	fixture_check(f, &log);
}

int main(void)
{
#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		CASE(a_new_segment_needs_none),
		CASE(without_a_spare_the_open_one_grows),
		CASE(what_cannot_be_read_now_is_not_gone),
		CASE(a_start_waits_for_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
