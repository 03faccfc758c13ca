/* SPDX-License-Identifier: Apache-2.0 */
/* The out-of-memory harness itself: that it fails, counts and finds leaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "tests/lib/oom.h"

/* Seven allocations, one of each kind; what failed is not freed twice. */
static int seven(void *arg)
{
	char *mem[7] = {NULL};
	int err = SEAL_E_NOMEM;
	void *moved;

	(void)arg;
	if (!(mem[0] = malloc(10)) || !(mem[1] = calloc(2, 5)) ||
	    !(mem[2] = realloc(NULL, 10)))
		goto out;
	moved = realloc(mem[2], 1000);
	if (!moved)
		goto out;
	mem[2] = moved;
	if (!(mem[3] = strdup("a word")) || !(mem[4] = strndup("a word", 3)))
		goto out;
	if (asprintf(&mem[5], "%d", 5) < 0) {
		mem[5] = NULL;
		goto out;
	}
	err = 0;
out:
	for (size_t i = 0; i < 7; i++)
		free(mem[i]);
	return err;
}

static void test_every(void **state)
{
	(void)state;
	assert_int_equal(oom_every(seven, NULL), 7);
}

static void test_by_hand(void **state)
{
	void *first, *second, *third;

	(void)state;
	oom_arm(2);
	first = malloc(1);
	second = malloc(1);
	third = malloc(1);
	assert_true(oom_disarm());
	assert_non_null(first);
	assert_null(second);
	assert_non_null(third);
	assert_int_equal(oom_balance(), 2);
	free(first);
	free(third);

	oom_arm(1);
	assert_true(oom_hit());
	assert_false(oom_hit());
	assert_true(oom_disarm());
	oom_arm(1);
	assert_false(oom_disarm());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every),
		cmocka_unit_test(test_by_hand),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
