/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Databases for tests of lib/storage.  Everything fails the running test when
 * it cannot do its work.
 */
#ifndef SEAL_TESTS_TESTSTORAGE_H
#define SEAL_TESTS_TESTSTORAGE_H

#include "storage/storage.h"

/* The file of the running test. */
extern char test_storage_path[64];

/* Setups and teardown; *state is the storage, NULL if it is closed already. */
int test_storage_in_file(void **state);
int test_storage_in_memory(void **state);
int test_storage_close(void **state);

struct seal_storage *test_storage_make(const char *name);
/* Opens the file of the running test again. */
struct seal_storage *test_storage_again(enum seal_storage_mode mode);

struct test_entries {
	int64_t log;
	uint64_t first;
	unsigned count;
	int fail; /* after writing */
};

/* A step; ctx is a struct test_entries: entry i is two bytes, its number. */
int test_entries_step(struct seal_storage *storage, void *ctx,
		      struct seal_diag *diag);
/* A step; ctx is a struct seal_storage_log. */
int test_log_step(struct seal_storage *storage, void *ctx,
		  struct seal_diag *diag);

/* A new log's number. */
int64_t test_storage_log(struct seal_storage *storage, const char *origin);
/* Puts entries [first, first + count), all of one bundle. */
void test_storage_put(struct seal_storage *storage, int64_t log, uint64_t first,
		      unsigned count);
/* The first width entries of a bundle, and their hashes, are there. */
void test_storage_has(struct seal_storage *storage, int64_t log,
		      uint64_t number, unsigned width);

#endif
