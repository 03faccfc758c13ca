/* SPDX-License-Identifier: Apache-2.0 */
/* A freeze is kept for each mirror, and ends only when its file is removed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spool/frozen.h"
#include "tests/lib/memio.h"

#define A "store.example.org/mirror"
#define B "other.example.org/mirror"

struct bench {
	struct memio *m;
	const struct seal_io *io;
	struct seal_diag diag;
};

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->m = memio_new();
	b->io = memio_io(b->m);
	assert_int_equal(b->io->mkdir(b->io, "/s"), 0);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	memio_free(b->m);
	free(b);
	return 0;
}

struct seen {
	unsigned n;
	struct seal_frozen v[4];
};

static int see(void *ctx, const struct seal_frozen *frozen)
{
	struct seen *s = ctx;

	s->v[s->n++] = *frozen;
	return 0;
}

static struct seen look(struct bench *b)
{
	struct seen s = {0};

	assert_int_equal(seal_frozen_each(b->io, "/s", see, &s, &b->diag), 0);
	return s;
}

static void keep(struct bench *b, const char *mirror, const char *finding,
		 const char *reason)
{
	assert_int_equal(seal_frozen_keep(b->io, "/s", mirror, finding, reason,
					  &b->diag),
			 0);
}

static void what_is_kept_comes_back(void **state)
{
	struct bench *b = *state;
	struct seen s;

	assert_false(seal_frozen_is(b->io, "/s", A));
	assert_int_equal(look(b).n, 0);
	keep(b, A, "AS027", "it has 3 entries\nand gave a receipt for 5");
	assert_true(seal_frozen_is(b->io, "/s", A));
	assert_false(seal_frozen_is(b->io, "/s", B));
	memio_restart(b->m, MEMIO_LOST, 0);
	s = look(b);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.v[0].mirror, A);
	assert_string_equal(s.v[0].finding, "AS027");
	assert_string_equal(s.v[0].reason,
			    "it has 3 entries\\x0aand gave a receipt for 5");
	assert_true(s.v[0].time_us >= 1700000000000000);
}

static void the_first_reason_stays(void **state)
{
	struct bench *b = *state;
	struct seen s;

	keep(b, A, NULL, "first");
	keep(b, A, "AS027", "second");
	s = look(b);
	assert_int_equal(s.n, 1);
	assert_string_equal(s.v[0].reason, "first");
	assert_string_equal(s.v[0].finding, "");
}

static void each_ends_by_itself(void **state)
{
	struct bench *b = *state;

	keep(b, A, NULL, "x");
	keep(b, B, NULL, "y");
	assert_int_equal(look(b).n, 2);
	assert_int_equal(seal_frozen_end(b->io, "/s", A, &b->diag), 0);
	memio_restart(b->m, MEMIO_LOST, 0);
	assert_false(seal_frozen_is(b->io, "/s", A));
	assert_true(seal_frozen_is(b->io, "/s", B));
	assert_string_equal(look(b).v[0].mirror, B);
	assert_int_equal(seal_frozen_end(b->io, "/s", A, &b->diag),
			 SEAL_E_NOTFOUND);
	assert_non_null(strstr(b->diag.text, A " is not frozen in /s"));
	keep(b, A, NULL, "again");
	assert_int_equal(look(b).n, 2);
}

/* Bytes that say nothing are a freeze all the same, and go the same way. */
static void a_damaged_file_is_a_freeze(void **state)
{
	static const char *const texts[] = {
		"",
		"auditseal/frozen/v2\n",
		"auditseal/frozen/v1\ntime 1\nfinding none\nmirror m\n",
		"auditseal/frozen/v1\ntime x\nfinding none\nmirror m\nreason "
		"r\n",
		"auditseal/frozen/v1\ntime 1\nfinding none\nmirror m\nreason "
		"r\n\n",
		"auditseal/frozen/v1\ntime 1\nfinding AS0000027\nmirror m\n"
		"reason r\n",
	};
	struct bench *b = *state;
	char path[64];
	struct seen s;
	size_t i;

	/* SHA-256 of the name, as sha256sum gives it */
	strcpy(path, "/s/frozen-b959975752699165");
	keep(b, A, NULL, "x");
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		memio_put(b->m, path, texts[i], strlen(texts[i]));
		s = look(b);
		assert_int_equal(s.n, 1);
		assert_string_equal(s.v[0].mirror, "");
		assert_string_equal(s.v[0].reason,
				    "unknown: the file is damaged");
		assert_true(seal_frozen_is(b->io, "/s", A));
	}
	assert_int_equal(seal_frozen_end(b->io, "/s", A, &b->diag), 0);
	assert_int_equal(look(b).n, 0);
}

/* After an error at any call it is frozen, or the caller was told. */
static void errors_are_told(void **state)
{
	struct bench *b = *state;
	long k;
	int r;

	for (k = 1;; k++) {
		memio_arm(b->m, k, MEMIO_EIO);
		r = seal_frozen_keep(b->io, "/s", A, NULL, "x", &b->diag);
		if (!memio_hit(b->m))
			break;
		assert_int_equal(r, SEAL_E_IO);
		assert_non_null(strstr(b->diag.text, "cannot be written"));
		memio_arm(b->m, 0, MEMIO_EIO);
		(void)seal_frozen_end(b->io, "/s", A, NULL);
	}
	memio_arm(b->m, 0, MEMIO_EIO);
	assert_int_equal(k, 5); /* make, write, sync, sync the name */
	for (k = 1;; k++) {
		memio_arm(b->m, 0, MEMIO_EIO);
		keep(b, A, NULL, "x");
		memio_arm(b->m, k, MEMIO_EIO);
		r = seal_frozen_end(b->io, "/s", A, &b->diag);
		if (!memio_hit(b->m))
			break;
		assert_int_equal(r, SEAL_E_IO);
	}
	memio_arm(b->m, 0, MEMIO_EIO);
	assert_int_equal(k, 3);
	assert_int_equal(
		seal_frozen_keep(b->io, "/none", A, NULL, "x", &b->diag),
		SEAL_E_NOTFOUND);
	assert_int_equal(seal_frozen_each(b->io, "/none", see, NULL, &b->diag),
			 SEAL_E_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		CASE(what_is_kept_comes_back), CASE(the_first_reason_stays),
		CASE(each_ends_by_itself),     CASE(a_damaged_file_is_a_freeze),
		CASE(errors_are_told),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
