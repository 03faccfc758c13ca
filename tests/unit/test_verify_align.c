/* SPDX-License-Identifier: Apache-2.0 */
/* What happened between expected and found entries: each kind, and mixtures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "core/verify_align.h"

#define N SEAL_ALIGN_NOWHERE

struct seen {
	char text[256];
	size_t len;
};

static int see(void *ctx, const struct seal_align_result *r)
{
	static const char letter[] = {[SEAL_ALIGN_MODIFIED] = 'M',
				      [SEAL_ALIGN_DELETED] = 'D',
				      [SEAL_ALIGN_INSERTED] = 'I',
				      [SEAL_ALIGN_REORDERED] = 'R',
				      [SEAL_ALIGN_DUPLICATE] = 'T'};
	struct seen *s = ctx;

	s->len += (size_t)snprintf(
		s->text + s->len, sizeof(s->text) - s->len, "%s%c%llu-%llu%s",
		s->len ? " " : "", letter[r->what],
		(unsigned long long)r->first, (unsigned long long)r->last,
		r->within ? "w" : "");
	return 0;
}

static const struct {
	uint64_t expected;
	size_t found;
	uint64_t place[8];
	const char *want;
} cases[] = {
	{0, 0, {0}, ""},
	{3, 3, {0, 1, 2}, ""},
	{3, 3, {0, N, 2}, "M1-1"},
	{3, 3, {N, N, N}, "M0-2"},
	{4, 4, {N, 1, N, 3}, "M0-0 M2-2"},
	{3, 2, {0, 2}, "D1-1"},
	{3, 2, {1, 2}, "D0-0"},
	{3, 2, {0, 1}, "D2-2"},
	{3, 0, {0}, "D0-2"},
	{3, 4, {0, 1, N, 2}, "I2-2"},
	{3, 4, {0, 1, 2, N}, "I3-3"},
	{0, 2, {N, N}, "I0-0w"},
	{3, 4, {0, 1, 1, 2}, "T1-1"},
	{4, 4, {0, 2, 1, 3}, "R2-2"},
	{4, 4, {3, 0, 1, 2}, "R3-3"},
	{5, 4, {0, N, N, 4}, "M1-3w"},
	{3, 4, {0, N, N, 2}, "M1-1w"},
	{4, 3, {0, N, 1}, "I1-1 D2-3"},
	{5, 4, {0, 3, 1, 4}, "R3-3 D2-2"},
};

static void each_difference_has_its_name(void **state)
{
	struct seen s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&s, 0, sizeof(s));
		assert_int_equal(seal_align(cases[i].place, cases[i].found,
					    cases[i].expected, see, &s, NULL),
				 0);
		if (strcmp(s.text, cases[i].want))
			fail_msg("case %zu: %s, not %s", i, s.text,
				 cases[i].want);
	}
}

static void the_source_puts_all_in_their_places(void **state)
{
	static const uint64_t place[] = {2, 0, N, 3};
	struct seen s = {{0}, 0};
	size_t source[4];

	(void)state;
	assert_int_equal(seal_align(place, 4, 4, see, &s, source), 0);
	assert_int_equal(source[0], 1);
	assert_int_equal(source[1], 2); /* what stands in its place */
	assert_int_equal(source[2], 0);
	assert_int_equal(source[3], 3);
}

static void too_much_is_refused(void **state)
{
	struct seen s = {{0}, 0};
	size_t source[1];

	(void)state;
	assert_int_equal(
		seal_align(NULL, 0, (uint64_t)1 << 40, see, &s, source),
		SEAL_E_RANGE);
	assert_int_equal(seal_align(NULL, 0, (uint64_t)1 << 40, see, &s, NULL),
			 0);
	assert_string_equal(s.text, "D0-1099511627775");
}

static int stop(void *ctx, const struct seal_align_result *r)
{
	(void)ctx;
	(void)r;
	return SEAL_E_STOPPED;
}

static void what_emit_says_is_returned(void **state)
{
	static const uint64_t place[] = {0, N};

	(void)state;
	assert_int_equal(seal_align(place, 2, 2, stop, NULL, NULL),
			 SEAL_E_STOPPED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_difference_has_its_name),
		cmocka_unit_test(the_source_puts_all_in_their_places),
		cmocka_unit_test(too_much_is_refused),
		cmocka_unit_test(what_emit_says_is_returned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
