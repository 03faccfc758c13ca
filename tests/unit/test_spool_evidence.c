/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides said is kept word by word, each time in a file of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/spool_fixture.h"

static const struct seal_spool_evidence said = {.finding = "AS008",
						.mirror = "store/mirror",
						.ours = "our note\n",
						.ours_len = 9,
						.theirs = "a\0b",
						.theirs_len = 3};

static void each_has_its_file(void **state)
{
	static const char head[] = "auditseal/evidence/v1\ntime 17";
	static const char tail[] = "\nfinding AS008\nmirror store/mirror\n"
				   "ours 9\nour note\n\ntheirs 3\na\0b\n";
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	char name[SEAL_EVIDENCE_NAME_BYTES];
	uint64_t size;
	uint8_t *data;

	assert_int_equal(seal_spool_keep_evidence(sp, &said, name, NULL), 0);
	assert_string_equal(name, "evidence-0");
	seal_spool_halt(sp, "AS008", "forked");
	assert_int_equal(seal_spool_keep_evidence(sp, &said, name, NULL), 0);
	assert_string_equal(name, "evidence-1");
	fixture_crash(f, sp, MEMIO_TORN, 1);
	assert_non_null(memio_data(f->m, "/s/evidence-1", NULL));
	data = memio_data(f->m, "/s/evidence-0", &size);
	assert_non_null(data);
	assert_int_equal(size, sizeof(head) - 1 + 14 + sizeof(tail) - 1);
	assert_memory_equal(data, head, sizeof(head) - 1);
	assert_memory_equal(data + size - (sizeof(tail) - 1), tail,
			    sizeof(tail) - 1);
	/* It is none of the log's own files. */
	fixture_close(f, fixture_open(f));
	assert_non_null(memio_data(f->m, "/s/evidence-0", NULL));
}

static void nothing_halfway_stays(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	char name[SEAL_EVIDENCE_NAME_BYTES] = "";

	memio_arm(f->m, 2, MEMIO_EIO); /* made, but not written */
	assert_int_equal(seal_spool_keep_evidence(sp, &said, name, &f->diag),
			 SEAL_E_IO);
	assert_true(memio_hit(f->m));
	assert_string_equal(name, "");
	assert_non_null(strstr(f->diag.text, "/s/evidence-0 cannot be"));
	assert_null(memio_data(f->m, "/s/evidence-0", NULL));
	fixture_close(f, sp);
}

int main(void)
{
#define CASE(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		CASE(each_has_its_file),
		CASE(nothing_halfway_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
