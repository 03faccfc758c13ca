/* SPDX-License-Identifier: Apache-2.0 */
/* lib/storage: database files, also after kill -9, and wrong ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "tests/lib/oom.h"
#include "tests/lib/teststorage.h"

#define ORIGIN "web01.example.com/audit"

static struct seal_diag diag;

static void reopened_it_is_the_same(void **state)
{
	int64_t log = test_storage_log(*state, ORIGIN);

	test_storage_put(*state, log, 0, 256);
	test_storage_put(*state, log, 256, 77);
	test_storage_close(state);
	*state = test_storage_again(SEAL_STORAGE_WRITE);
	test_storage_has(*state, log, 0, 256);
	test_storage_has(*state, log, 1, 77);
	test_storage_put(*state, log, 333, 179);
	test_storage_close(state);
	*state = test_storage_again(SEAL_STORAGE_READ);
	test_storage_has(*state, log, 1, 256);
}

static void reading_changes_nothing(void **state)
{
	struct test_entries e = {.log = test_storage_log(*state, ORIGIN),
				 .count = 1};
	struct seal_storage *storage;

	test_storage_close(state);
	*state = storage = test_storage_again(SEAL_STORAGE_READ);
	assert_int_equal(storage->ops->commit(storage, test_entries_step, &e,
					      SEAL_STORAGE_DURABLE, &diag),
			 SEAL_E_PERM);
}

/* A reader beside the writer sees what is committed, at once. */
static void a_reader_beside_the_writer(void **state)
{
	struct seal_storage *reader = test_storage_again(SEAL_STORAGE_READ);
	int64_t log = test_storage_log(*state, ORIGIN);

	test_storage_put(*state, log, 0, 9);
	test_storage_has(reader, log, 0, 9);
	reader->ops->close(reader);
}

static void the_file_is_private(void **state)
{
	(void)state;
	assert_int_equal(access(test_storage_path, R_OK), 0);
	assert_int_equal(system("test \"$(stat -c %a store-*.db | sort -u)\" "
				"= 600"),
			 0);
}

static void wrong_files_are_refused(void **state)
{
	static const uint8_t newer[4] = {0, 0, 0, 99}, other[4] = {1, 2, 3, 4};
	struct seal_storage *storage;
	int fd;

	assert_int_equal(seal_storage_sqlite_open(test_storage_path,
						  SEAL_STORAGE_CREATE, &storage,
						  &diag),
			 SEAL_E_EXISTS);
	assert_int_equal(seal_storage_sqlite_open("absent.db",
						  SEAL_STORAGE_WRITE, &storage,
						  &diag),
			 SEAL_E_NOTFOUND);
	test_storage_close(state);
	*state = NULL;
	fd = open(test_storage_path, O_WRONLY);
	assert_int_equal(pwrite(fd, newer, 4, 60), 4); /* user_version */
	assert_int_equal(seal_storage_sqlite_open(test_storage_path,
						  SEAL_STORAGE_WRITE, &storage,
						  &diag),
			 SEAL_E_UNKNOWN);
	assert_non_null(strstr(diag.text, "newer"));
	assert_int_equal(seal_storage_sqlite_open(test_storage_path,
						  SEAL_STORAGE_READ, &storage,
						  &diag),
			 SEAL_E_UNKNOWN);
	assert_int_equal(pwrite(fd, other, 4, 68), 4); /* application_id */
	assert_int_equal(seal_storage_sqlite_open(test_storage_path,
						  SEAL_STORAGE_WRITE, &storage,
						  &diag),
			 SEAL_E_FORMAT);
	assert_int_equal(pwrite(fd, "not a database at all", 21, 0), 21);
	assert_int_equal(seal_storage_sqlite_open(test_storage_path,
						  SEAL_STORAGE_WRITE, &storage,
						  &diag),
			 SEAL_E_FORMAT);
	close(fd);
}

/* Commits until it is killed, and says each one that it was promised. */
static void commit_for_ever(int64_t log, int say)
{
	struct seal_storage *storage = test_storage_again(SEAL_STORAGE_WRITE);
	struct test_entries e = {.log = log};

	for (;; e.first += e.count) {
		e.count = e.first % 256 > 253 ? 256 - e.first % 256 : 3;
		if (storage->ops->commit(storage, test_entries_step, &e,
					 e.first % 2 ? SEAL_STORAGE_LAZY
						     : SEAL_STORAGE_DURABLE,
					 NULL) < 0 ||
		    write(say, &e.count, 1) != 1)
			_exit(1);
	}
}

static void kill_9_keeps_every_promise(void **state)
{
	int64_t log = test_storage_log(*state, ORIGIN);
	uint64_t promised = 0, enough = 10;
	struct seal_storage_log row;
	uint8_t count;
	int say[2], round;
	pid_t pid;

	test_storage_close(state);
	for (round = 0; round < 4; round++, enough += 97) {
		unlink(test_storage_path);
		*state = test_storage_make(test_storage_path);
		log = test_storage_log(*state, ORIGIN);
		test_storage_close(state);
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
		*state = test_storage_again(SEAL_STORAGE_WRITE);
		assert_int_equal(
			((struct seal_storage *)*state)
				->ops->get_log(*state, ORIGIN, &row, &diag),
			0);
		assert_true(row.next >= promised);
		test_storage_has(*state, log, (row.next - 1) / 256,
				 row.next % 256 ? row.next % 256 : 256);
		test_storage_close(state);
	}
	*state = NULL;
}

/*
 * The disk is full after so many bytes: a step is refused whole, and with a
 * larger disk the log goes on.
 */
static void a_full_disk_loses_nothing(void **state)
{
	struct test_entries e = {.log = test_storage_log(*state, ORIGIN)};
	struct seal_storage *storage;
	struct seal_storage_log row;
	struct rlimit small;
	uint64_t had = 0;
	rlim_t k, all;
	int rc;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &small), 0);
	all = small.rlim_cur;
	for (k = 40000; k < 400000; k += 7777) {
		test_storage_close(state);
		*state = storage = test_storage_again(SEAL_STORAGE_WRITE);
		small.rlim_cur = k;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		for (rc = 0; rc == 0; had = e.first) {
			e.count = 100;
			if (e.first % 256 > 156)
				e.count = 256 - e.first % 256;
			rc = storage->ops->commit(storage, test_entries_step,
						  &e, SEAL_STORAGE_DURABLE,
						  &diag);
			if (rc == 0)
				e.first += e.count;
		}
		small.rlim_cur = all;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		assert_true(rc == SEAL_E_IO || rc == SEAL_E_NOSPACE);
		test_storage_close(state);
		*state = storage = test_storage_again(SEAL_STORAGE_WRITE);
		assert_int_equal(
			storage->ops->get_log(storage, ORIGIN, &row, &diag), 0);
		assert_true(row.next >= had);
		e.first = row.next;
		if (row.next)
			test_storage_has(storage, e.log, (row.next - 1) / 256,
					 row.next % 256 ? row.next % 256 : 256);
	}
	assert_true(had > 1000);
}

/* ---- out of memory ---- */

static int everything(void *arg)
{
	struct seal_storage *storage = NULL;
	struct seal_storage_checkpoint cp = {0};
	struct seal_buf bytes = SEAL_BUF_INIT;
	struct seal_storage_log *logs = NULL;
	struct test_entries e = {.log = 1, .first = 7, .count = 2};
	struct seal_hash hashes[256];
	unsigned width;
	size_t count;
	int rc;

	rc = seal_storage_sqlite_open(arg, SEAL_STORAGE_WRITE, &storage, &diag);
	if (rc == 0)
		rc = storage->ops->commit(storage, test_entries_step, &e,
					  SEAL_STORAGE_LAZY, &diag);
	if (rc == SEAL_E_EXISTS)
		rc = 0; /* by an earlier round */
	if (rc == 0)
		rc = storage->ops->list_logs(storage, &logs, &count, &diag);
	if (rc == 0)
		rc = storage->ops->get_entries(storage, 1, 0, 7, &bytes, &diag);
	if (rc == 0)
		rc = storage->ops->get_tile(storage, 1, 0, 0, hashes, &width,
					    &diag);
	if (rc == 0)
		rc = storage->ops->get_epochs(storage, 1, 0, &bytes, &diag);
	if (rc == 0 && storage->ops->get_receipted(storage, 1, &cp, &diag) !=
			       SEAL_E_NOTFOUND)
		rc = SEAL_E_INTERNAL;
	if (storage)
		storage->ops->close(storage);
	seal_storage_checkpoint_fini(&cp);
	seal_buf_fini(&bytes);
	free(logs);
	return rc;
}

static void out_of_memory(void **state)
{
	test_storage_put(*state, test_storage_log(*state, ORIGIN), 0, 7);
	test_storage_close(state);
	*state = NULL;
	assert_true(oom_every(everything, test_storage_path) > 4);
}

#define FILED(test)                                                 \
	cmocka_unit_test_setup_teardown(test, test_storage_in_file, \
					test_storage_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FILED(reopened_it_is_the_same),
		FILED(reading_changes_nothing),
		FILED(a_reader_beside_the_writer),
		FILED(the_file_is_private),
		FILED(wrong_files_are_refused),
		FILED(kill_9_keeps_every_promise),
		FILED(a_full_disk_loses_nothing),
		FILED(out_of_memory),
	};

	if (seal_crypto_init(&diag) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
