/* SPDX-License-Identifier: Apache-2.0 */
/* lib/storage: what a step wrote is there, also after kill -9, or nothing. */
#include "storage/storage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"

#define ORIGIN	"web01.example.com/audit"
#define THREADS 8
#define COMMITS 40

static struct seal_diag diag;
static unsigned made; /* every test has a database of its own */
static char path[64];

static struct seal_storage *storage_make(const char *name)
{
	struct seal_storage *storage;

	assert_int_equal(seal_storage_sqlite_open(name, SEAL_STORAGE_CREATE,
						  &storage, &diag),
			 0);
	return storage;
}

static struct seal_storage *storage_again(enum seal_storage_mode mode)
{
	struct seal_storage *storage;

	assert_int_equal(seal_storage_sqlite_open(path, mode, &storage, &diag),
			 0);
	return storage;
}

static int in_file(void **state)
{
	snprintf(path, sizeof(path), "store-%u.db", made++);
	*state = storage_make(path);
	return 0;
}

static int in_memory(void **state)
{
	*state = storage_make(":memory:");
	return 0;
}

static int close_it(void **state)
{
	struct seal_storage *storage = *state;

	if (storage)
		storage->ops->close(storage);
	return 0;
}

/* ---- steps ---- */

struct entries {
	int64_t log;
	uint64_t first;
	unsigned count;
	int fail; /* after writing */
};

/* Entry i is two bytes, its leaf 32 times the lower one. */
static void entry_make(uint64_t i, uint8_t *ret_entry, struct seal_hash *leaf)
{
	ret_entry[0] = 0;
	ret_entry[1] = 2;
	ret_entry[2] = (uint8_t)(i >> 8);
	ret_entry[3] = (uint8_t)i;
	memset(leaf->b, (uint8_t)i, sizeof(leaf->b));
}

static int entries_step(struct seal_storage *storage, void *ctx,
			struct seal_diag *step_diag)
{
	const struct entries *e = ctx;
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

static int log_step(struct seal_storage *storage, void *ctx,
		    struct seal_diag *step_diag)
{
	struct seal_storage_log *log = ctx;

	return storage->ops->put_log(storage, log, &log->id, step_diag);
}

static int64_t log_make(struct seal_storage *storage, const char *origin)
{
	struct seal_storage_log log = {.enrolled = true};

	snprintf(log.origin, sizeof(log.origin), "%s", origin);
	memset(log.log_id.b, 0x42, sizeof(log.log_id.b));
	assert_int_equal(storage->ops->commit(storage, log_step, &log,
					      SEAL_STORAGE_DURABLE, &diag),
			 0);
	return log.id;
}

static void entries_put(struct seal_storage *storage, int64_t log,
			uint64_t first, unsigned count)
{
	struct entries e = {.log = log, .first = first, .count = count};

	assert_int_equal(storage->ops->commit(storage, entries_step, &e,
					      SEAL_STORAGE_DURABLE, &diag),
			 0);
}

/* ---- what is there ---- */

static void entries_are(struct seal_storage *storage, int64_t log,
			uint64_t number, unsigned width)
{
	struct seal_buf bytes = SEAL_BUF_INIT;
	struct seal_hash leaf, tile[256];
	unsigned i, have = 0;
	uint8_t entry[4];

	assert_int_equal(storage->ops->get_entries(storage, log, number, width,
						   &bytes, &diag),
			 0);
	assert_int_equal(bytes.len, 4 * width);
	assert_int_equal(storage->ops->get_tile(storage, log, 0, number, tile,
						&have, &diag),
			 0);
	assert_true(have >= width);
	for (i = 0; i < width; i++) {
		entry_make(number * 256 + i, entry, &leaf);
		assert_memory_equal(bytes.data + 4 * i, entry, 4);
		assert_memory_equal(&tile[i], &leaf, sizeof(leaf));
	}
	seal_buf_fini(&bytes);
}

static void bundles_grow_and_stay(void **state)
{
	struct seal_storage *storage = *state;
	struct seal_buf bytes = SEAL_BUF_INIT;
	int64_t log = log_make(storage, ORIGIN);
	static const unsigned steps[] = {1, 7, 100, 147, 1, 255, 1, 256, 10};
	uint64_t size = 0;
	unsigned i, width;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		entries_put(storage, log, size, steps[i]);
		size += steps[i];
		width = size % 256 ? size % 256 : 256;
		entries_are(storage, log, (size - 1) / 256, width);
		entries_are(storage, log, 0, size < 256 ? (unsigned)size : 256);
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
	int64_t one = log_make(storage, "a/1"), two = log_make(storage, "a/2");
	struct seal_storage_log log, *logs;
	struct seal_hash hash;
	size_t count;

	entries_put(storage, one, 0, 300 % 256);
	entries_put(storage, two, 0, 256);
	entries_put(storage, two, 256, 3);
	entries_are(storage, one, 0, 44);
	entries_are(storage, two, 1, 3);
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

	log_make(storage, ORIGIN);
	assert_int_equal(storage->ops->commit(storage, log_step, &log,
					      SEAL_STORAGE_DURABLE, &diag),
			 SEAL_E_EXISTS);
	assert_non_null(strstr(diag.text, ORIGIN));
}

static void a_failed_step_leaves_nothing(void **state)
{
	struct seal_storage *storage = *state;
	int64_t log = log_make(storage, ORIGIN);
	struct seal_buf bytes = SEAL_BUF_INIT;
	struct seal_storage_log row;
	struct entries e = {.log = log, .count = 5, .fail = SEAL_E_PROOF};

	assert_int_equal(storage->ops->commit(storage, entries_step, &e,
					      SEAL_STORAGE_DURABLE, &diag),
			 SEAL_E_PROOF);
	assert_int_equal(
		storage->ops->get_entries(storage, log, 0, 1, &bytes, &diag),
		SEAL_E_NOTFOUND);
	assert_int_equal(storage->ops->get_log(storage, ORIGIN, &row, &diag),
			 0);
	assert_int_equal(row.next, 0);
	entries_put(storage, log, 0, 5);
	entries_are(storage, log, 0, 5);
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
		.received_s = 17,
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
	assert_int_equal(cp->received_s, 17);
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
	int64_t log = log_make(storage, ORIGIN);
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

static void epochs_are_never_replaced(void **state)
{
	struct seal_storage *storage = *state;
	const struct seal_storage_ops *ops = storage->ops;
	struct rows r = {.log = log_make(storage, ORIGIN)};
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
	struct rows r = {.log = log_make(storage, ORIGIN), .number = 4};
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
	struct entries e = {.log = w->log, .count = 5};
	int i, rc;

	for (i = 0; i < COMMITS; i++) {
		e.fail = i % 3 == 2 ? SEAL_E_PROOF : 0;
		rc = w->storage->ops->commit(
			w->storage, entries_step, &e,
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
			.log = log_make(storage, origin),
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
		entries_are(storage, row.id, 0, (unsigned)row.next);
	}
}

/* ---- files ---- */

static void reopened_it_is_the_same(void **state)
{
	int64_t log = log_make(*state, ORIGIN);

	entries_put(*state, log, 0, 256);
	entries_put(*state, log, 256, 77);
	close_it(state);
	*state = storage_again(SEAL_STORAGE_WRITE);
	entries_are(*state, log, 0, 256);
	entries_are(*state, log, 1, 77);
	entries_put(*state, log, 333, 179);
	close_it(state);
	*state = storage_again(SEAL_STORAGE_READ);
	entries_are(*state, log, 1, 256);
}

static void reading_changes_nothing(void **state)
{
	struct entries e = {.log = log_make(*state, ORIGIN), .count = 1};
	struct seal_storage *storage;

	close_it(state);
	*state = storage = storage_again(SEAL_STORAGE_READ);
	assert_int_equal(storage->ops->commit(storage, entries_step, &e,
					      SEAL_STORAGE_DURABLE, &diag),
			 SEAL_E_PERM);
}

/* A reader beside the writer sees what is committed, at once. */
static void a_reader_beside_the_writer(void **state)
{
	struct seal_storage *reader = storage_again(SEAL_STORAGE_READ);
	int64_t log = log_make(*state, ORIGIN);

	entries_put(*state, log, 0, 9);
	entries_are(reader, log, 0, 9);
	reader->ops->close(reader);
}

static void the_file_is_private(void **state)
{
	(void)state;
	assert_int_equal(access(path, R_OK), 0);
	assert_int_equal(system("test \"$(stat -c %a store-*.db | sort -u)\" "
				"= 600"),
			 0);
}

static void wrong_files_are_refused(void **state)
{
	static const uint8_t newer[4] = {0, 0, 0, 99}, other[4] = {1, 2, 3, 4};
	struct seal_storage *storage;
	int fd;

	assert_int_equal(seal_storage_sqlite_open(path, SEAL_STORAGE_CREATE,
						  &storage, &diag),
			 SEAL_E_EXISTS);
	assert_int_equal(seal_storage_sqlite_open("absent.db",
						  SEAL_STORAGE_WRITE, &storage,
						  &diag),
			 SEAL_E_NOTFOUND);
	close_it(state);
	*state = NULL;
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, newer, 4, 60), 4); /* user_version */
	assert_int_equal(seal_storage_sqlite_open(path, SEAL_STORAGE_WRITE,
						  &storage, &diag),
			 SEAL_E_UNKNOWN);
	assert_non_null(strstr(diag.text, "newer"));
	assert_int_equal(seal_storage_sqlite_open(path, SEAL_STORAGE_READ,
						  &storage, &diag),
			 SEAL_E_UNKNOWN);
	assert_int_equal(pwrite(fd, other, 4, 68), 4); /* application_id */
	assert_int_equal(seal_storage_sqlite_open(path, SEAL_STORAGE_WRITE,
						  &storage, &diag),
			 SEAL_E_FORMAT);
	assert_int_equal(pwrite(fd, "not a database at all", 21, 0), 21);
	assert_int_equal(seal_storage_sqlite_open(path, SEAL_STORAGE_WRITE,
						  &storage, &diag),
			 SEAL_E_FORMAT);
	close(fd);
}

/* Commits until it is killed, and says each one that it was promised. */
static void commit_for_ever(int64_t log, int say)
{
	struct seal_storage *storage = storage_again(SEAL_STORAGE_WRITE);
	struct entries e = {.log = log};

	for (;; e.first += e.count) {
		e.count = e.first % 256 > 253 ? 256 - e.first % 256 : 3;
		if (storage->ops->commit(storage, entries_step, &e,
					 e.first % 2 ? SEAL_STORAGE_LAZY
						     : SEAL_STORAGE_DURABLE,
					 NULL) < 0 ||
		    write(say, &e.count, 1) != 1)
			_exit(1);
	}
}

static void kill_9_keeps_every_promise(void **state)
{
	int64_t log = log_make(*state, ORIGIN);
	uint64_t promised = 0, enough = 10;
	struct seal_storage_log row;
	uint8_t count;
	int say[2], round;
	pid_t pid;

	close_it(state);
	for (round = 0; round < 4; round++, enough += 97) {
		unlink(path);
		*state = storage_make(path);
		log = log_make(*state, ORIGIN);
		close_it(state);
		assert_int_equal(pipe(say), 0);
		pid = fork();
		if (pid == 0)
			commit_for_ever(log, say[1]);
		close(say[1]);
		for (promised = 0; promised < enough; promised += count)
			assert_int_equal(read(say[0], &count, 1), 1);
		kill(pid, SIGKILL);
		while (read(say[0], &count, 1) == 1)
			promised += count;
		close(say[0]);
		waitpid(pid, NULL, 0);
		*state = storage_again(SEAL_STORAGE_WRITE);
		assert_int_equal(
			((struct seal_storage *)*state)
				->ops->get_log(*state, ORIGIN, &row, &diag),
			0);
		assert_true(row.next >= promised);
		entries_are(*state, log, (row.next - 1) / 256,
			    row.next % 256 ? row.next % 256 : 256);
		close_it(state);
	}
	*state = NULL;
}

#define BOTH(test)                                                \
	cmocka_unit_test_setup_teardown(test, in_file, close_it), \
		cmocka_unit_test_setup_teardown(test, in_memory, close_it)
#define FILED(test) cmocka_unit_test_setup_teardown(test, in_file, close_it)

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
		BOTH(writers_share_commits),
		FILED(reopened_it_is_the_same),
		FILED(reading_changes_nothing),
		FILED(a_reader_beside_the_writer),
		FILED(the_file_is_private),
		FILED(wrong_files_are_refused),
		FILED(kill_9_keeps_every_promise),
	};

	if (seal_crypto_init(&diag) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
