/* SPDX-License-Identifier: Apache-2.0 */
/* lib/storage: what a step wrote is there, or nothing of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "tests/lib/teststorage.h"

#define ORIGIN	"web01.example.com/audit"
#define THREADS 8
#define COMMITS 40

static struct seal_diag diag;

static void bundles_grow_and_stay(void **state)
{
	struct seal_storage *storage = *state;
	struct seal_buf bytes = SEAL_BUF_INIT;
	int64_t log = test_storage_log(storage, ORIGIN);
	static const unsigned steps[] = {1, 7, 100, 147, 1, 255, 1, 256, 10};
	uint64_t size = 0;
	unsigned i, width;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		test_storage_put(storage, log, size, steps[i]);
		size += steps[i];
		width = size % 256 ? size % 256 : 256;
		test_storage_has(storage, log, (size - 1) / 256, width);
		test_storage_has(storage, log, 0,
				 size < 256 ? (unsigned)size : 256);
	}
	assert_int_equal(storage->ops->get_entries(storage, log, size / 256,
						   size % 256 + 1, &bytes,
						   &diag),
			 SEAL_E_NOTFOUND);
	assert_int_equal(bytes.len, 0);
	assert_int_equal(storage->ops->get_entries(storage, log + 1, 0, 1,
						   &bytes, &diag),
			 SEAL_E_NOTFOUND);
	seal_buf_fini(&bytes);
}

static void two_logs_do_not_mix(void **state)
{
	struct seal_storage *storage = *state;
	int64_t one = test_storage_log(storage, "a/1"),
		two = test_storage_log(storage, "a/2");
	struct seal_storage_log log, *logs;
	struct seal_hash hash;
	size_t count;

	test_storage_put(storage, one, 0, 300 % 256);
	test_storage_put(storage, two, 0, 256);
	test_storage_put(storage, two, 256, 3);
	test_storage_has(storage, one, 0, 44);
	test_storage_has(storage, two, 1, 3);
	assert_int_equal(storage->ops->get_log(storage, "a/2", &log, &diag), 0);
	assert_int_equal(log.next, 259);
	assert_true(log.enrolled);
	assert_int_equal(log.log_id.b[31], 0x42);
	assert_int_equal(seal_sha256("a/1", 3, &hash), 0);
	assert_int_equal(
		storage->ops->get_log_by_hash(storage, &hash, &log, &diag), 0);
	assert_string_equal(log.origin, "a/1");
	assert_int_equal(storage->ops->get_log(storage, "a/3", &log, &diag),
			 SEAL_E_NOTFOUND);
	assert_int_equal(storage->ops->list_logs(storage, &logs, &count, &diag),
			 0);
	assert_int_equal(count, 2);
	assert_string_equal(logs[1].origin, "a/2");
	free(logs);
}

static void an_origin_is_used_once(void **state)
{
	struct seal_storage *storage = *state;
	struct seal_storage_log log = {.origin = ORIGIN};

	test_storage_log(storage, ORIGIN);
	assert_int_equal(storage->ops->commit(storage, test_log_step, &log,
					      SEAL_STORAGE_DURABLE, &diag),
			 SEAL_E_EXISTS);
	assert_non_null(strstr(diag.text, ORIGIN));
}

static void a_failed_step_leaves_nothing(void **state)
{
	struct seal_storage *storage = *state;
	int64_t log = test_storage_log(storage, ORIGIN);
	struct seal_buf bytes = SEAL_BUF_INIT;
	struct seal_storage_log row;
	struct test_entries e = {.log = log, .count = 5, .fail = SEAL_E_PROOF};

	assert_int_equal(storage->ops->commit(storage, test_entries_step, &e,
					      SEAL_STORAGE_DURABLE, &diag),
			 SEAL_E_PROOF);
	assert_int_equal(
		storage->ops->get_entries(storage, log, 0, 1, &bytes, &diag),
		SEAL_E_NOTFOUND);
	assert_int_equal(storage->ops->get_log(storage, ORIGIN, &row, &diag),
			 0);
	assert_int_equal(row.next, 0);
	test_storage_put(storage, log, 0, 5);
	test_storage_has(storage, log, 0, 5);
	seal_buf_fini(&bytes);
}

struct note {
	int64_t log;
	uint64_t size;
	const char *note, *receipt;
};

static int note_step(struct seal_storage *storage, void *ctx,
		     struct seal_diag *step_diag)
{
	const struct note *n = ctx;
	struct seal_storage_checkpoint cp = {
		.size = n->size,
		.note = (uint8_t *)(uintptr_t)n->note,
		.note_bytes = n->note ? strlen(n->note) : 0,
	};

	memset(cp.root.b, (int)n->size, sizeof(cp.root.b));
	if (n->note)
		return storage->ops->put_checkpoint(storage, n->log, &cp,
						    step_diag);
	return storage->ops->put_receipt(storage, n->log, n->size,
					 (const uint8_t *)n->receipt,
					 strlen(n->receipt), step_diag);
}

static int note_put(struct seal_storage *storage, int64_t log, uint64_t size,
		    const char *note, const char *receipt)
{
	struct note n = {log, size, note, receipt};

	return storage->ops->commit(storage, note_step, &n, SEAL_STORAGE_LAZY,
				    &diag);
}

static void checkpoint_is(struct seal_storage_checkpoint *cp, uint64_t size,
			  const char *note, const char *receipt)
{
	assert_int_equal(cp->size, size);
	assert_int_equal(cp->root.b[0], size);
	assert_string_equal((char *)cp->note, note);
	if (receipt)
		assert_string_equal((char *)cp->receipt, receipt);
	else
		assert_null(cp->receipt);
	seal_storage_checkpoint_fini(cp);
}

static void checkpoints_and_receipts(void **state)
{
	struct seal_storage *storage = *state;
	const struct seal_storage_ops *ops = storage->ops;
	int64_t log = test_storage_log(storage, ORIGIN);
	struct seal_storage_checkpoint cp;

	assert_int_equal(ops->get_receipted(storage, log, &cp, &diag),
			 SEAL_E_NOTFOUND);
	assert_int_equal(note_put(storage, log, 3, "three", NULL), 0);
	assert_int_equal(note_put(storage, log, 5, "five", NULL), 0);
	assert_int_equal(note_put(storage, log, 9, "nine", NULL), 0);
	assert_int_equal(note_put(storage, log, 4, NULL, "r"), SEAL_E_NOTFOUND);
	assert_int_equal(note_put(storage, log, 3, NULL, "r3"), 0);
	assert_int_equal(note_put(storage, log, 5, NULL, "r5"), 0);
	assert_int_equal(ops->get_receipted(storage, log, &cp, &diag), 0);
	checkpoint_is(&cp, 5, "five", "r5");
	assert_int_equal(note_put(storage, log, 5, "five again", NULL), 0);
	assert_int_equal(ops->get_checkpoint(storage, log, 5, &cp, &diag), 0);
	checkpoint_is(&cp, 5, "five again", "r5");
	assert_int_equal(ops->get_checkpoint_from(storage, log, 6, &cp, &diag),
			 0);
	checkpoint_is(&cp, 9, "nine", NULL);
	assert_int_equal(ops->get_checkpoint_from(storage, log, 10, &cp, &diag),
			 SEAL_E_NOTFOUND);
	assert_int_equal(ops->get_checkpoint(storage, log, 4, &cp, &diag),
			 SEAL_E_NOTFOUND);
}

struct rows {
	int64_t log;
	uint64_t number;
	uint8_t fill;
};

static int epoch_step(struct seal_storage *storage, void *ctx,
		      struct seal_diag *step_diag)
{
	const struct rows *r = ctx;
	uint8_t record[SEAL_STORAGE_EPOCH_BYTES];

	memset(record, r->fill, sizeof(record));
	return storage->ops->put_epoch(storage, r->log, r->number, record,
				       step_diag);
}

static int tile_step(struct seal_storage *storage, void *ctx,
		     struct seal_diag *step_diag)
{
	const struct rows *r = ctx;
	struct seal_hash hashes[256];

	memset(hashes, r->fill, sizeof(hashes));
	return storage->ops->put_tile(storage, r->log, 1, r->number, hashes,
				      r->fill, step_diag);
}

static int put_at(struct seal_storage *storage, void *ctx,
		  struct seal_diag *step_diag)
{
	const struct rows *r = ctx;
	struct seal_hash leaf = {{r->fill}};
	const uint8_t entry[] = {0, 1, r->fill};

	return storage->ops->put_entries(storage, r->log, r->number, 0, 1,
					 &leaf, entry, sizeof(entry),
					 step_diag);
}

static void next_is(struct seal_storage *storage, int64_t log, uint64_t number,
		    uint64_t next)
{
	uint64_t got = 77;
	int rc = storage->ops->get_next(storage, log, number, &got, &diag);

	assert_int_equal(rc, next == UINT64_MAX ? SEAL_E_NOTFOUND : 0);
	assert_int_equal(got, next == UINT64_MAX ? 77 : next);
}

static void what_is_next_is_found_in_one_look(void **state)
{
	const uint64_t far = (UINT64_C(1) << 40) - 1;
	struct seal_storage *storage = *state;
	int64_t log = test_storage_log(storage, ORIGIN);
	int64_t other = test_storage_log(storage, "other.example/log");
	struct rows r = {.log = log, .number = far, .fill = 1};

	next_is(storage, log, 0, UINT64_MAX);
	/* A whole bundle, a part of one, and a part far behind. */
	test_storage_put(storage, log, 0, 256);
	test_storage_put(storage, log, 256, 5);
	assert_int_equal(storage->ops->commit(storage, put_at, &r,
					      SEAL_STORAGE_DURABLE, &diag),
			 0);
	next_is(storage, log, 0, 0);
	next_is(storage, log, 1, 1);
	next_is(storage, log, 2, far);
	next_is(storage, log, far, far);
	next_is(storage, log, far + 1, UINT64_MAX);
	next_is(storage, log, UINT64_MAX / 256, UINT64_MAX);
	/* Whole bundles of all logs are in one table. */
	next_is(storage, other, 0, UINT64_MAX);
	test_storage_put(storage, other, 0, 256);
	next_is(storage, other, 0, 0);
	next_is(storage, other, 1, UINT64_MAX);
	next_is(storage, log, 1, 1);
}

static void epochs_are_never_replaced(void **state)
{
	struct seal_storage *storage = *state;
	const struct seal_storage_ops *ops = storage->ops;
	struct rows r = {.log = test_storage_log(storage, ORIGIN)};
	struct seal_buf records = SEAL_BUF_INIT;

	for (r.number = 0; r.number < 3; r.number++) {
		r.fill = (uint8_t)(r.number + 1);
		assert_int_equal(ops->commit(storage, epoch_step, &r,
					     SEAL_STORAGE_DURABLE, &diag),
				 0);
	}
	r.number = 2;
	assert_int_equal(ops->commit(storage, epoch_step, &r,
				     SEAL_STORAGE_DURABLE, &diag),
			 0);
	r.fill = 9;
	assert_int_equal(ops->commit(storage, epoch_step, &r,
				     SEAL_STORAGE_DURABLE, &diag),
			 SEAL_E_EXISTS);
	assert_int_equal(ops->get_epochs(storage, r.log, 1, &records, &diag),
			 0);
	assert_int_equal(records.len, 2 * SEAL_STORAGE_EPOCH_BYTES);
	assert_int_equal(records.data[0], 2);
	assert_int_equal(records.data[SEAL_STORAGE_EPOCH_BYTES], 3);
	seal_buf_fini(&records);
}

static void tiles_grow(void **state)
{
	struct seal_storage *storage = *state;
	const struct seal_storage_ops *ops = storage->ops;
	struct rows r = {.log = test_storage_log(storage, ORIGIN), .number = 4};
	struct seal_hash hashes[256];
	unsigned width = 99;

	assert_int_equal(
		ops->get_tile(storage, r.log, 1, 4, hashes, &width, &diag), 0);
	assert_int_equal(width, 0);
	for (r.fill = 1; r.fill < 200; r.fill += 66) {
		assert_int_equal(ops->commit(storage, tile_step, &r,
					     SEAL_STORAGE_DURABLE, &diag),
				 0);
		assert_int_equal(ops->get_tile(storage, r.log, 1, 4, hashes,
					       &width, &diag),
				 0);
		assert_int_equal(width, r.fill);
		assert_int_equal(hashes[width - 1].b[31], r.fill);
	}
}

/* ---- several writers ---- */

struct writer {
	struct seal_storage *storage;
	int64_t log;
	pthread_t thread;
	unsigned failed;
};

/* Every third step fails, and takes none of its companions along. */
static void *writer_run(void *ctx)
{
	struct writer *w = ctx;
	struct test_entries e = {.log = w->log, .count = 5};
	int i, rc;

	for (i = 0; i < COMMITS; i++) {
		e.fail = i % 3 == 2 ? SEAL_E_PROOF : 0;
		rc = w->storage->ops->commit(
			w->storage, test_entries_step, &e,
			i % 2 ? SEAL_STORAGE_LAZY : SEAL_STORAGE_DURABLE, NULL);
		if (rc != e.fail)
			w->failed++;
		if (rc == 0)
			e.first += e.count;
	}
	return NULL;
}

static void writers_share_commits(void **state)
{
	struct seal_storage *storage = *state;
	struct writer writers[THREADS];
	struct seal_storage_log row;
	char origin[16];
	int i;

	for (i = 0; i < THREADS; i++) {
		snprintf(origin, sizeof(origin), "a/%d", i);
		writers[i] = (struct writer){
			.storage = storage,
			.log = test_storage_log(storage, origin),
		};
		assert_int_equal(pthread_create(&writers[i].thread, NULL,
						writer_run, &writers[i]),
				 0);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(writers[i].thread, NULL);
		snprintf(origin, sizeof(origin), "a/%d", i);
		assert_int_equal(writers[i].failed, 0);
		assert_int_equal(
			storage->ops->get_log(storage, origin, &row, &diag), 0);
		assert_int_equal(row.next, 5 * (COMMITS - COMMITS / 3));
		test_storage_has(storage, row.id, 0, (unsigned)row.next);
	}
}

#define BOTH(test)                                                            \
	cmocka_unit_test_setup_teardown(test, test_storage_in_file,           \
					test_storage_close),                  \
		cmocka_unit_test_setup_teardown(test, test_storage_in_memory, \
						test_storage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(bundles_grow_and_stay),
		BOTH(two_logs_do_not_mix),
		BOTH(an_origin_is_used_once),
		BOTH(a_failed_step_leaves_nothing),
		BOTH(checkpoints_and_receipts),
		BOTH(epochs_are_never_replaced),
		BOTH(tiles_grow),
		BOTH(what_is_next_is_found_in_one_look),
		BOTH(writers_share_commits),
	};

	if (seal_crypto_init(&diag) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
