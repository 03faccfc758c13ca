/* SPDX-License-Identifier: Apache-2.0 */
/* lib/storage: what witnesses said, what our witness saw, older databases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/oom.h"
#include "tests/lib/teststorage.h"

#define ORIGIN "web01.example.com/audit"

static struct seal_diag diag;

struct word {
	int64_t log;
	struct seal_storage_cosignature cosignature;
};

static int word_step(struct seal_storage *storage, void *ctx,
		     struct seal_diag *diag_)
{
	const struct word *word = ctx;

	return storage->ops->put_cosignature(storage, word->log,
					     &word->cosignature, diag_);
}

static void say(struct seal_storage *storage, int64_t log, const char *name,
		uint64_t size, const char *lines)
{
	struct word word = {.log = log};

	snprintf(word.cosignature.name, sizeof(word.cosignature.name), "%s",
		 name);
	word.cosignature.size = size;
	word.cosignature.lines = (uint8_t *)(uintptr_t)lines;
	word.cosignature.lines_bytes = strlen(lines);
	assert_int_equal(storage->ops->commit(storage, word_step, &word,
					      SEAL_STORAGE_DURABLE, &diag),
			 0);
}

/* "name=size:lines ..." of a log. */
static void said(struct seal_storage *storage, int64_t log, const char *want)
{
	struct seal_storage_cosignature *list;
	char got[512] = "";
	size_t count, i, at = 0;

	assert_int_equal(storage->ops->list_cosignatures(storage, log, &list,
							 &count, &diag),
			 0);
	for (i = 0; i < count; i++)
		at += (size_t)snprintf(
			got + at, sizeof(got) - at, "%s=%llu:%.*s ",
			list[i].name, (unsigned long long)list[i].size,
			(int)list[i].lines_bytes, (const char *)list[i].lines);
	seal_storage_cosignatures_free(list, count);
	assert_string_equal(got, want);
}

static void each_witness_has_its_last_word(void **state)
{
	int64_t log = test_storage_log(*state, ORIGIN);

	said(*state, log, "");
	say(*state, log, "b/witness", 7, "b7");
	say(*state, log, "a/witness", 9, "a9");
	said(*state, log, "a/witness=9:a9 b/witness=7:b7 ");
	say(*state, log, "b/witness", 7, "later");
	say(*state, log, "b/witness", 6, "older");
	said(*state, log, "a/witness=9:a9 b/witness=7:later ");
	say(*state, log, "b/witness", 12, "");
	said(*state, log, "a/witness=9:a9 b/witness=12: ");
	said(*state, log + 1, "");
	test_storage_close(state);
	*state = test_storage_again(SEAL_STORAGE_READ);
	said(*state, log, "a/witness=9:a9 b/witness=12: ");
}

static int seen_step(struct seal_storage *storage, void *ctx,
		     struct seal_diag *diag_)
{
	return storage->ops->put_witnessed(storage, ORIGIN, ctx, diag_);
}

static int see(struct seal_storage *storage, uint64_t size, const char *note)
{
	struct seal_storage_checkpoint cp = {
		.size = size,
		.received_s = 1700000000 + (int64_t)size,
		.note = (uint8_t *)(uintptr_t)note,
		.note_bytes = strlen(note),
		.receipt = (uint8_t *)(uintptr_t) "line",
		.receipt_bytes = 4,
	};

	memset(cp.root.b, (int)size, sizeof(cp.root));
	return storage->ops->commit(storage, seen_step, &cp,
				    SEAL_STORAGE_DURABLE, &diag);
}

static int seen(struct seal_storage *storage, const char *origin,
		struct seal_storage_checkpoint *ret_cp)
{
	struct seal_hash hash;

	assert_int_equal(seal_sha256(origin, strlen(origin), &hash), 0);
	return storage->ops->get_witnessed(storage, &hash, ret_cp, &diag);
}

static void our_witness_never_goes_back(void **state)
{
	struct seal_storage_checkpoint cp;

	assert_int_equal(seen(*state, ORIGIN, &cp), SEAL_E_NOTFOUND);
	assert_int_equal(see(*state, 0, "empty"), 0);
	assert_int_equal(see(*state, 5, "five"), 0);
	assert_int_equal(see(*state, 4, "four"), SEAL_E_RANGE);
	assert_int_equal(see(*state, 5, "again"), 0);
	assert_int_equal(seen(*state, "another/log", &cp), SEAL_E_NOTFOUND);
	assert_int_equal(seen(*state, ORIGIN, &cp), 0);
	assert_int_equal(cp.size, 5);
	assert_int_equal(cp.root.b[31], 5);
	assert_int_equal(cp.received_s, 1700000005);
	assert_int_equal(cp.note_bytes, 5);
	assert_memory_equal(cp.note, "again", 5);
	assert_int_equal(cp.receipt_bytes, 4);
	seal_storage_checkpoint_fini(&cp);
}

/* Of all logs that it saw, in order, to the end. */
static void what_it_saw_is_read_in_order(void **state)
{
	struct seal_storage *storage = *state;
	struct seal_storage_witnessed w;
	struct seal_hash behind;

	assert_int_equal(storage->ops->next_witnessed(storage, NULL, &w, &diag),
			 SEAL_E_NOTFOUND);
	assert_int_equal(see(*state, 5, "five"), 0);
	assert_int_equal(storage->ops->next_witnessed(storage, NULL, &w, &diag),
			 0);
	assert_string_equal(w.origin, ORIGIN);
	assert_false(w.damaged);
	assert_int_equal(w.checkpoint.size, 5);
	assert_int_equal(w.checkpoint.received_s, 1700000005);
	assert_int_equal(w.checkpoint.note_bytes, 4);
	seal_storage_checkpoint_fini(&w.checkpoint);
	behind = w.hash;
	assert_int_equal(
		storage->ops->next_witnessed(storage, &behind, &w, &diag),
		SEAL_E_NOTFOUND);
}

static void as_version_1(void)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "python3 -c 'import sqlite3; d = sqlite3.connect(\"%s\"); "
		 "d.executescript(\"drop table cosignature; "
		 "drop table witness; pragma user_version = 1\")'",
		 test_storage_path);
	assert_int_equal(system(command), 0);
}

/* A copy of an older store is read as it is; the daemon adds the tables. */
static void an_older_database(void **state)
{
	int64_t log = test_storage_log(*state, ORIGIN);
	struct seal_storage_checkpoint cp;

	test_storage_put(*state, log, 0, 9);
	test_storage_close(state);
	as_version_1();
	*state = test_storage_again(SEAL_STORAGE_READ);
	said(*state, log, "");
	assert_int_equal(seen(*state, ORIGIN, &cp), SEAL_E_NOTFOUND);
	test_storage_has(*state, log, 0, 9);
	test_storage_close(state);
	*state = test_storage_again(SEAL_STORAGE_WRITE);
	test_storage_has(*state, log, 0, 9);
	say(*state, log, "b/witness", 7, "b7");
	said(*state, log, "b/witness=7:b7 ");
	assert_int_equal(see(*state, 5, "five"), 0);
	test_storage_close(state);
	*state = test_storage_again(SEAL_STORAGE_WRITE);
	said(*state, log, "b/witness=7:b7 ");
}

static int reads(void *ctx)
{
	struct seal_storage *storage = ctx;
	struct seal_storage_cosignature *list;
	struct seal_storage_checkpoint cp;
	struct seal_storage_witnessed w;
	size_t count;
	int rc;

	rc = storage->ops->list_cosignatures(storage, 1, &list, &count, &diag);
	if (rc < 0)
		return rc;
	seal_storage_cosignatures_free(list, count);
	rc = seen(storage, ORIGIN, &cp);
	if (rc == 0)
		seal_storage_checkpoint_fini(&cp);
	if (rc == 0)
		rc = storage->ops->next_witnessed(storage, NULL, &w, &diag);
	if (rc == 0)
		seal_storage_checkpoint_fini(&w.checkpoint);
	return rc;
}

static void without_memory(void **state)
{
	int64_t log = test_storage_log(*state, ORIGIN);

	say(*state, log, "a/witness", 9, "a9");
	say(*state, log, "b/witness", 7, "b7");
	assert_int_equal(see(*state, 5, "five"), 0);
	assert_int_equal(reads(*state), 0); /* statements are made once */
	assert_true(oom_every(reads, *state) >= 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_witness_has_its_last_word,
						test_storage_in_file,
						test_storage_close),
		cmocka_unit_test_setup_teardown(our_witness_never_goes_back,
						test_storage_in_memory,
						test_storage_close),
		cmocka_unit_test_setup_teardown(what_it_saw_is_read_in_order,
						test_storage_in_memory,
						test_storage_close),
		cmocka_unit_test_setup_teardown(an_older_database,
						test_storage_in_file,
						test_storage_close),
		cmocka_unit_test_setup_teardown(without_memory,
						test_storage_in_memory,
						test_storage_close),
	};

	return cmocka_run_group_tests_name("storage of witnesses", tests, NULL,
					   NULL);
}
