/* SPDX-License-Identifier: Apache-2.0 */
/* lib/core/err: every code has its own name, text and number. */
#include "core/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

static const int codes[] = {
#define SEAL_X(name, code, text) code,
	SEAL_ERRORS(SEAL_X)
#undef SEAL_X
};
#define CODES (sizeof(codes) / sizeof(codes[0]))

static void codes_are_negative_and_distinct(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODES; i++) {
		assert_true(codes[i] < 0);
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(codes[i], codes[j]);
	}
}

static void every_code_has_a_name_and_a_text(void **state)
{
	(void)state;
	for (size_t i = 0; i < CODES; i++) {
		assert_string_not_equal(seal_strerror(codes[i]),
					seal_strerror(1));
		assert_string_not_equal(seal_error_name(codes[i]),
					seal_error_name(1));
	}
	assert_string_equal(seal_error_name(SEAL_E_IO), "IO");
	assert_string_equal(seal_strerror(SEAL_OK), "success");
}

static void a_diagnosis_holds_the_last_error_alone(void **state)
{
	struct seal_diag diag = {.offset = 7, .index = 9};

	(void)state;
	assert_int_equal(seal_diag_set_errno(&diag, SEAL_E_IO, ENOSPC,
					     "cannot write %s", "x.seg"),
			 SEAL_E_IO);
	assert_int_equal(diag.code, SEAL_E_IO);
	assert_int_equal(diag.sys_errno, ENOSPC);
	assert_int_equal(diag.offset, 0);
	assert_int_equal(diag.index, 0);
	assert_string_equal(diag.text,
			    "cannot write x.seg: No space left on device");

	seal_diag_set(&diag, SEAL_E_ARG, "%d", 5);
	assert_int_equal(diag.sys_errno, 0);
	assert_string_equal(diag.text, "5");
	assert_int_equal(seal_diag_set(NULL, SEAL_E_ARG, "unheard"),
			 SEAL_E_ARG);
}

static void a_long_diagnosis_is_cut_not_overrun(void **state)
{
	struct {
		struct seal_diag diag;
		char behind[4];
	} s = {.behind = "ok"};
	char text[2 * SEAL_DIAG_TEXT_BYTES];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = 0;
	seal_diag_set_errno(&s.diag, SEAL_E_IO, EIO, "%s", text);
	assert_int_equal(strlen(s.diag.text), SEAL_DIAG_TEXT_BYTES - 1);
	assert_string_equal(s.behind, "ok");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_are_negative_and_distinct),
		cmocka_unit_test(every_code_has_a_name_and_a_text),
		cmocka_unit_test(a_diagnosis_holds_the_last_error_alone),
		cmocka_unit_test(a_long_diagnosis_is_cut_not_overrun),
	};

	return cmocka_run_group_tests_name("err", tests, NULL, NULL);
}
