/* SPDX-License-Identifier: Apache-2.0 */
/* Out of memory at each allocation of a log's life, on real files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spool/keydir.h"
#include "spool/spool.h"
#include "tests/lib/oom.h"

#define ORIGIN "host.example.org/audit"

struct place {
	unsigned run;
	char keydir[64], spool[64];
};

static int count_entry(void *ctx, uint64_t index, const uint8_t *entry,
		       size_t len)
{
	uint64_t *n = ctx;

	(void)index;
	(void)entry;
	(void)len;
	++*n;
	return 0;
}

static int use(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_message msg = {.bytes = "record", .len = 6};
	struct seal_buf note = SEAL_BUF_INIT;
	struct seal_frontier frontier;
	struct seal_head head;
	uint64_t n = 0;
	int r;

	r = seal_spool_commit(sp, &msg, 1, NULL, diag);
	if (!r)
		r = seal_spool_rotate(sp, diag);
	if (!r)
		r = seal_spool_commit(sp, &msg, 1, NULL, diag);
	if (!r)
		r = seal_spool_offer(sp, "m", 0, UINT64_MAX, &head, &note,
				     diag);
	if (!r)
		r = seal_spool_receipt(sp, "m", head.size, 1, note.data,
				       note.len, diag);
	if (!r)
		r = seal_spool_frontier(sp, 2, &frontier, diag);
	if (!r)
		r = seal_spool_read(sp, 0, head.size, count_entry, &n, diag);
	if (!r)
		assert_int_equal(n, head.size);
	seal_buf_fini(&note);
	return r;
}

/* A new log, a session, and the way back in after a crash. */
static int life(void *arg)
{
	struct seal_spool_config config = {0};
	const struct seal_io *io = seal_io_posix();
	struct seal_spool *sp = NULL;
	struct place *p = arg;
	struct seal_diag diag = {0};
	int r;

	p->run++;
	snprintf(p->keydir, sizeof(p->keydir), "k%u", p->run);
	snprintf(p->spool, sizeof(p->spool), "s%u", p->run);
	config.dir = p->spool;
	config.keydir = p->keydir;
	r = seal_keydir_create(io, p->keydir, ORIGIN, NULL, &diag);
	if (!r)
		r = seal_spool_open(&config, io, &sp, &diag);
	if (!r) {
		r = use(sp, &diag);
		seal_spool_free(sp);
	}
	sp = NULL;
	if (!r)
		r = seal_spool_open(&config, io, &sp, &diag);
	if (!r)
		r = seal_spool_close(sp, &diag);
	/* a failure is one of memory, or did not matter */
	if (r && r != SEAL_E_NOMEM && r != SEAL_E_CRYPTO)
		fail_msg("%d: %s", r, diag.text);
	return r;
}

static void every_allocation_may_fail(void **state)
{
	struct place p = {0};

	(void)state;
	assert_int_equal(life(&p), 0); /* warm */
	assert_true(oom_every_flags(life, &p, OOM_ANY_RESULT) > 100);
}

static void what_failed_opens_afterwards(void **state)
{
	struct seal_spool_config config = {0};
	const struct seal_io *io = seal_io_posix();
	struct place p = {.run = 100000};
	struct seal_spool *sp;
	struct seal_diag diag;
	long k;
	int r;

	(void)state;
	for (k = 40; k < 200; k += 23) {
		oom_arm(k);
		r = life(&p);
		oom_disarm();
		config.dir = p.spool;
		config.keydir = p.keydir;
		if (seal_keydir_create(io, p.keydir, ORIGIN, NULL, &diag))
			assert_int_equal(diag.code, SEAL_E_EXISTS);
		if (seal_spool_open(&config, io, &sp, &diag))
			fail_msg("after %ld (%d): %s", k, r, diag.text);
		assert_int_equal(seal_spool_close(sp, &diag), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_allocation_may_fail),
		cmocka_unit_test(what_failed_opens_afterwards),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
