/* SPDX-License-Identifier: Apache-2.0 */
/* The log on a real directory: commit, close, open again, read, offer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "core/entry.h"
#include "tests/lib/spool_fixture.h"

static void a_new_log_begins_with_start(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);

	assert_int_equal(seal_spool_size(sp), 1);
	fixture_close(f, sp);
	/* start, stop, epoch */
	assert_string_equal(fixture_types(f), "01 02 07");
}

static void records_are_read_back_in_order(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	size_t i;

	for (i = 0; i < 10; i++)
		fixture_commit(sp, "message", 1);
	assert_int_equal(seal_spool_size(sp), 11);
	fixture_close(f, sp);
	sp = fixture_open(f);
	assert_int_equal(seal_spool_size(sp), 14);
	fixture_commit(sp, "more", 3);
	assert_int_equal(seal_spool_size(sp), 17);
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f),
			    "01 10 10 10 10 10 10 10 10 10 10 02 07 01 10 10 "
			    "10 02 07");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_new_log_begins_with_start,
						fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(records_are_read_back_in_order,
						fixture_setup,
						fixture_teardown),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
