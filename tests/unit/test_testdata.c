/* SPDX-License-Identifier: Apache-2.0 */
/* The helpers that the other tests read their input with. */
#include "tests/lib/testdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void hex_is_decoded(void **state)
{
	static const uint8_t want[] = {0x00, 0xff, 0x1a, 0xB2};
	uint8_t *got;
	size_t len;

	(void)state;
	got = test_hex_decode("00ff\n1A b2", &len);
	assert_int_equal(len, sizeof(want));
	assert_memory_equal(got, want, len);
	free(got);

	got = test_hex_decode("", &len);
	assert_int_equal(len, 0);
	free(got);
}

static void files_are_read_whole(void **state)
{
	static const char first[] = "# SPDX-License-Identifier: Apache-2.0\n";
	uint8_t *got;
	size_t len;

	(void)state;
	got = test_file_read("tests/local.mk", &len);
	assert_int_equal(strlen((char *)got), len);
	assert_memory_equal(got, first, strlen(first));
	free(got);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_is_decoded),
		cmocka_unit_test(files_are_read_whole),
	};

	return cmocka_run_group_tests_name("testdata", tests, NULL, NULL);
}
