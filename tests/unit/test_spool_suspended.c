/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A suspension that outlives its process: the mark in the spool becomes the
 * first gap of the next session, and only of that one.
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

#define SINCE_US 1690000000123456
#define FILE_	 "/s/suspended"

/* Is there a gap entry that begins then? */
static bool has_gap(struct fixture *f, uint64_t since_us)
{
	char text[96];
	uint64_t size;
	uint8_t *data = memio_data(f->m, "/s/00000000000000000000.seg", &size);
	size_t len, i;

	snprintf(text, sizeof(text),
		 "{\"reason\":\"suspended\",\"from\":\"%llu\",\"to\":\"17",
		 (unsigned long long)since_us);
	len = strlen(text);
	for (i = 0; i + len <= size; i++)
		if (!memcmp(data + i, text, len))
			return true;
	return false;
}

static void mark(struct fixture *f, uint64_t since_us)
{
	assert_int_equal(
		seal_spool_mark_suspended(f->io, f->config.dir, since_us), 0);
}

static void the_next_session_has_the_gap(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);

	mark(f, SINCE_US);
	mark(f, SINCE_US + 5); /* the older one stays */
	fixture_crash(f, sp, MEMIO_TORN, 1);
	sp = fixture_open(f);
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f), "01 04 01 07 05 02 07");
	assert_true(has_gap(f, SINCE_US));
	assert_null(memio_data(f->m, FILE_, NULL));

	sp = fixture_open(f);
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f), "01 04 01 07 05 02 07 01 02 07");
}

static void a_mark_before_the_log_begins(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(seal_spool_mark_suspended(f->io, "/s", SINCE_US),
			 SEAL_E_NOTFOUND);
	assert_int_equal(f->io->mkdir(f->io, "/s"), 0);
	mark(f, SINCE_US);
	fixture_close(f, fixture_open(f));
	assert_string_equal(fixture_types(f), "01 05 02 07");
	assert_true(has_gap(f, SINCE_US));
}

/* Of this process: the same gap, not a second one. */
static void one_gap_for_both(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(f->io->mkdir(f->io, "/s"), 0);
	mark(f, SINCE_US + 1);
	f->config.suspended_since_us = SINCE_US;
	fixture_close(f, fixture_open(f));
	assert_string_equal(fixture_types(f), "01 05 02 07");
	assert_true(has_gap(f, SINCE_US));
}

static void a_full_disk_takes_a_mark(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	uint64_t used;

	memio_files(f->m, "/", &used);
	memio_set_space(f->m, used);
	mark(f, SINCE_US);
	seal_spool_free(sp);
	memio_restart(f->m, MEMIO_TORN, 1);
	memio_set_space(f->m, UINT64_MAX / 2);
	fixture_close(f, fixture_open(f));
	assert_true(has_gap(f, SINCE_US));
}

/* A gap that is sealed in this session needs no other one. */
static void a_noted_gap_clears_the_mark(void **state)
{
	struct seal_gap gap = {.reason = SEAL_GAP_SUSPENDED,
			       .bound = SEAL_GAP_LEAST,
			       .from_us = SINCE_US,
			       .to_us = SINCE_US};
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);

	mark(f, SINCE_US);
	assert_int_equal(seal_spool_note_gap(sp, &gap, NULL), 0);
	fixture_crash(f, sp, MEMIO_TORN, 1);
	fixture_close(f, fixture_open(f));
	assert_string_equal(fixture_types(f), "01 05 04 01 07 02 07");
}

/* A mark that is not whole says only that there was one. */
static void a_damaged_mark_is_one(void **state)
{
	struct fixture *f = *state;

	fixture_close(f, fixture_open(f));
	memio_put(f->m, FILE_, "asl-sus1 and more of it", 23);
	fixture_close(f, fixture_open(f));
	assert_string_equal(fixture_types(f), "01 02 07 01 05 02 07");
	fixture_close(f, fixture_open(f));
	assert_string_equal(fixture_types(f), "01 02 07 01 05 02 07 01 02 07");
}

/* Another process waits for the lock, and marks while this one runs. */
static void a_mark_of_another_process_stays(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);

	mark(f, SINCE_US);
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f), "01 02 07");
	fixture_close(f, fixture_open(f));
	assert_string_equal(fixture_types(f), "01 02 07 01 05 02 07");
	assert_true(has_gap(f, SINCE_US));
}

int main(void)
{
#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		CASE(the_next_session_has_the_gap),
		CASE(a_mark_before_the_log_begins),
		CASE(one_gap_for_both),
		CASE(a_full_disk_takes_a_mark),
		CASE(a_noted_gap_clears_the_mark),
		CASE(a_damaged_mark_is_one),
		CASE(a_mark_of_another_process_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
