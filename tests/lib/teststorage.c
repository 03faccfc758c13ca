/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: teststorage.h. */
#include "tests/lib/teststorage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"

char test_storage_path[64];

struct seal_storage *test_storage_make(const char *name)
{
	struct seal_storage *storage;

	assert_int_equal(seal_storage_sqlite_open(name, SEAL_STORAGE_CREATE,
						  &storage, NULL),
			 0);
	return storage;
}

struct seal_storage *test_storage_again(enum seal_storage_mode mode)
{
	struct seal_storage *storage;

	assert_int_equal(seal_storage_sqlite_open(test_storage_path, mode,
						  &storage, NULL),
			 0);
	return storage;
}

int test_storage_in_file(void **state)
{
	static unsigned made;

	snprintf(test_storage_path, sizeof(test_storage_path), "store-%u.db",
		 made++);
	*state = test_storage_make(test_storage_path);
	return 0;
}

int test_storage_in_memory(void **state)
{
	*state = test_storage_make(":memory:");
	return 0;
}

int test_storage_close(void **state)
{
	struct seal_storage *storage = *state;

	if (storage)
		storage->ops->close(storage);
	return 0;
}

/* Entry i is two bytes, its leaf 32 times the lower one. */
static void entry_make(uint64_t i, uint8_t *ret_entry, struct seal_hash *leaf)
{
	ret_entry[0] = 0;
	ret_entry[1] = 2;
	ret_entry[2] = (uint8_t)(i >> 8);
	ret_entry[3] = (uint8_t)i;
	memset(leaf->b, (uint8_t)i, sizeof(leaf->b));
}

int test_entries_step(struct seal_storage *storage, void *ctx,
		      struct seal_diag *step_diag)
{
	const struct test_entries *e = ctx;
	struct seal_storage_log sizes = {.id = e->log,
					 .next = e->first + e->count,
					 .has_pending = true,
					 .pending = 1000000};
	struct seal_hash leaves[256];
	uint8_t data[256 * 4];
	unsigned i;
	int rc;

	for (i = 0; i < e->count; i++)
		entry_make(e->first + i, data + 4 * i, &leaves[i]);
	rc = storage->ops->put_entries(storage, e->log, e->first / 256,
				       e->first % 256, e->count, leaves, data,
				       4 * e->count, step_diag);
	if (rc == 0)
		rc = storage->ops->put_sizes(storage, &sizes, step_diag);
	return rc < 0 ? rc : e->fail;
}

int test_log_step(struct seal_storage *storage, void *ctx,
		  struct seal_diag *step_diag)
{
	struct seal_storage_log *log = ctx;

	return storage->ops->put_log(storage, log, &log->id, step_diag);
}

int64_t test_storage_log(struct seal_storage *storage, const char *origin)
{
	struct seal_storage_log log = {.enrolled = true};

	snprintf(log.origin, sizeof(log.origin), "%s", origin);
	memset(log.log_id.b, 0x42, sizeof(log.log_id.b));
	assert_int_equal(storage->ops->commit(storage, test_log_step, &log,
					      SEAL_STORAGE_DURABLE, NULL),
			 0);
	return log.id;
}

void test_storage_put(struct seal_storage *storage, int64_t log, uint64_t first,
		      unsigned count)
{
	struct test_entries e = {.log = log, .first = first, .count = count};

	assert_int_equal(storage->ops->commit(storage, test_entries_step, &e,
					      SEAL_STORAGE_DURABLE, NULL),
			 0);
}

void test_storage_has(struct seal_storage *storage, int64_t log,
		      uint64_t number, unsigned width)
{
	struct seal_buf bytes = SEAL_BUF_INIT;
	struct seal_hash leaf, tile[256];
	unsigned i, have = 0;
	uint8_t entry[4];

	assert_int_equal(storage->ops->get_entries(storage, log, number, width,
						   &bytes, NULL),
			 0);
	assert_int_equal(bytes.len, 4 * width);
	assert_int_equal(storage->ops->get_tile(storage, log, 0, number, tile,
						&have, NULL),
			 0);
	assert_true(have >= width);
	for (i = 0; i < width; i++) {
		entry_make(number * 256 + i, entry, &leaf);
		assert_memory_equal(bytes.data + 4 * i, entry, 4);
		assert_memory_equal(&tile[i], &leaf, sizeof(leaf));
	}
	seal_buf_fini(&bytes);
}
