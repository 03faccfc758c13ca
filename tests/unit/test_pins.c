/* SPDX-License-Identifier: Apache-2.0 */
/* Pins files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "core/policy.h"
#include "tests/lib/oom.h"

#define ID1 "siyDigL0ovWcIdHCh+owDG2ySQlzAVfc24X19TITjbY="
#define ID2 "85u79J6TvBR/AByO5vpCINNzmYg8PwzCrsU+nPTGms4="

static int parse(const char *text, struct seal_pins **ret_pins,
		 struct seal_diag *diag)
{
	return seal_pins_parse(text, strlen(text), "FILE", ret_pins, diag);
}

static void test_good(void **state)
{
	struct seal_buf b = SEAL_BUF_INIT;
	const struct seal_pin *pin;
	struct seal_pins *pins;

	(void)state;
	assert_int_equal(parse("# fleet\n\nz.example/audit " ID1 "\n"
			       " \ta.example/audit\t " ID2 " \n"
			       "m.example/audit " ID1 "\n",
			       &pins, NULL),
			 0);
	assert_int_equal(seal_pins_count(pins), 3);
	assert_string_equal(seal_pins_at(pins, 0)->origin, "a.example/audit");
	assert_string_equal(seal_pins_at(pins, 2)->origin, "z.example/audit");
	assert_null(seal_pins_at(pins, 3));
	pin = seal_pins_find(pins, "m.example/audit");
	assert_non_null(pin);
	assert_int_equal(pin->line, 5);
	assert_int_equal(pin->log_id.b[0], 0xb2);
	assert_null(seal_pins_find(pins, "m.example/audi"));
	assert_null(seal_pins_find(pins, "m.example/audit2"));
	seal_pins_put(&b, pin->origin, &pin->log_id);
	assert_string_equal(seal_buf_cstr(&b), "m.example/audit " ID1 "\n");
	seal_buf_fini(&b);
	seal_pins_free(pins);

	assert_int_equal(parse("", &pins, NULL), 0);
	assert_int_equal(seal_pins_count(pins), 0);
	assert_null(seal_pins_find(pins, "a/b"));
	assert_null(seal_pins_at(pins, 0));
	seal_pins_free(pins);
	assert_null(seal_pins_find(NULL, "a/b"));
	assert_int_equal(seal_pins_count(NULL), 0);
	seal_pins_free(NULL);
}

static const struct {
	const char *text;
	unsigned line;
	const char *says;
} bad[] = {
	{"a/b " ID1, 1, "line feed"},
	{"a/b " ID1 "\r\n", 1, "carriage return"},
	{"a/b\n", 1, "log id"},
	{"a/b " ID1 " x\n", 1, "log id"},
	{"a/b " ID1 "=\n", 1, "log id"},
	{"a/b c2l5\n", 1, "log id"},
	{"\n\nA/b " ID1 "\n", 3, "origin"},
	{"a " ID1 "\n", 1, "origin"},
	{"a/epoch " ID1 "\n", 1, "/epoch"},
	{ID1 "\n", 1, "origin"},
	{"a/b " ID1 "\nc/d " ID1 "\na/b " ID2 "\n", 3, "line 1"},
	{"a/b " ID1 "\na/b " ID1 "\n", 2, "line 1"},
};

static void test_bad(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct seal_pins *pins = NULL;
		struct seal_diag diag = {0};

		if (parse(bad[i].text, &pins, &diag) != SEAL_E_CONFIG)
			fail_msg("case %zu was taken", i);
		assert_null(pins);
		assert_int_equal(diag.index, bad[i].line);
		if (!strstr(diag.text, bad[i].says))
			fail_msg("case %zu says: %s", i, diag.text);
	}
	assert_int_equal(seal_pins_parse("", SEAL_POLICY_MAX_BYTES + 1, "FILE",
					 &(struct seal_pins *){NULL}, NULL),
			 SEAL_E_TOOBIG);
}

static int parse_many(void *arg)
{
	struct seal_pins *pins = NULL;
	int err = parse(arg, &pins, NULL);

	seal_pins_free(pins);
	return err;
}

static void test_out_of_memory(void **state)
{
	struct seal_buf b = SEAL_BUF_INIT;

	(void)state;
	for (int i = 0; i < 20; i++)
		seal_buf_putf(&b, "h%d.example/audit " ID1 "\n", i);
	assert_int_equal(oom_every(parse_many, (void *)seal_buf_cstr(&b)), 4);
	seal_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_out_of_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
