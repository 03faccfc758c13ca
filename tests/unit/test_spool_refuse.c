/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a spool refuses at start, and what it mends: keys, machine, locks,
 * damage, rollback, torn tails.  What is refused is not changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/entry.h"
#include "core/epoch.h"
#include "spool/keydir.h"
#include "tests/lib/spool_fixture.h"

#define SEG0 "/s/00000000000000000000.seg"

/* Open fails so, with a word in its sentence. */
static void refused(struct fixture *f, int code, const char *word)
{
	struct seal_spool *sp = NULL;
	int r = fixture_try(f, &sp);

	if (r != code)
		fail_msg("%d instead of %d: %s", r, code, f->diag.text);
	assert_int_equal(f->diag.code, code);
	if (!strstr(f->diag.text, word))
		fail_msg("no \"%s\" in: %s", word, f->diag.text);
	assert_null(sp);
}

/* A log with some records; closed well, or killed. */
static void make_log(struct fixture *f, bool well)
{
	struct seal_spool *sp = fixture_open(f);

	fixture_commit(sp, "one", 3);
	fixture_commit(sp, "two", 3);
	fixture_commit(sp, "three", 3);
	if (well)
		fixture_close(f, sp);
	else
		fixture_crash(f, sp, MEMIO_KEPT, 0);
}

static uint64_t used_bytes(struct fixture *f, const char *path)
{
	uint64_t size;
	uint8_t *data = memio_data(f->m, path, &size);

	assert_non_null(data);
	while (size && !data[size - 1])
		size--;
	return size;
}

/* ---- keys and places ---- */

static void a_readable_key_is_refused(void **state)
{
	struct fixture *f = *state;

	memio_chmod(f->m, "/k/host", 0644);
	refused(f, SEAL_E_PERM, "chmod 0600 /k/host");
	memio_chmod(f->m, "/k/host", 0600);
	memio_chmod(f->m, "/k/epoch", 0640);
	refused(f, SEAL_E_PERM, "chmod 0600 /k/epoch");
}

static void a_missing_key_is_refused(void **state)
{
	struct fixture *f = *state;

	memio_remove(f->m, "/k/host");
	refused(f, SEAL_E_NOTFOUND, "auditseal init");
	f->config.keydir = "/nowhere";
	refused(f, SEAL_E_NOTFOUND, "auditseal init");
}

static void another_origin_is_refused(void **state)
{
	struct fixture *f = *state;

	f->config.origin = "other.example.org/audit";
	refused(f, SEAL_E_FOREIGN, FIXTURE_ORIGIN);
}

static void a_clone_is_refused(void **state)
{
	struct fixture *f = *state;

	make_log(f, true);
	memio_set_machine(f->m, 2);
	refused(f, SEAL_E_CLONE, "auditseal init");
}

static void another_logs_spool_is_refused(void **state)
{
	struct fixture *f = *state;

	make_log(f, true);
	assert_int_equal(seal_keydir_create(f->io, "/k2", "b.example.org/audit",
					    NULL, NULL),
			 0);
	f->config.keydir = "/k2";
	refused(f, SEAL_E_FOREIGN, "belong");
}

static void a_second_opener_is_refused(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);

	refused(f, SEAL_E_BUSY, "in use");
	fixture_close(f, sp);
}

static void a_lost_directory_is_refused(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp;

	f->config.dir = "/no/such/parent";
	refused(f, SEAL_E_NOTFOUND, "/no/such/parent");
	f->config.dir = "/s";
	sp = fixture_open(f);
	fixture_close(f, sp);
	/* a log that has begun never begins again elsewhere */
	f->config.dir = "/elsewhere";
	refused(f, SEAL_E_NOTFOUND, "--successor-of");
	f->config.dir = "/s";
	memio_remove(f->m, SEG0);
	refused(f, SEAL_E_ROLLBACK, "AS027");
}

static void a_full_disk_is_refused(void **state)
{
	struct fixture *f = *state;

	memio_set_space(f->m, 100);
	refused(f, SEAL_E_NOSPACE, "free space");
}

static void keys_are_never_overwritten(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		seal_keydir_create(f->io, "/k", FIXTURE_ORIGIN, NULL, &f->diag),
		SEAL_E_EXISTS);
	assert_int_equal(
		seal_keydir_create(f->io, "/k3", "No Origin", NULL, &f->diag),
		SEAL_E_CONFIG);
}

/* ---- state, acked, epochs: rebuilt ---- */

static void rebuilt(struct fixture *f, unsigned alarms)
{
	struct seal_spool *sp;

	f->alarms[SEAL_ALARM_STATE] = 0;
	sp = fixture_open(f);
	assert_int_equal(f->alarms[SEAL_ALARM_STATE], alarms);
	fixture_commit(sp, "after", 1);
	fixture_close(f, sp);
	assert_int_equal(fixture_count(f, "after"), 1);
	assert_int_equal(fixture_count(f, "two"), 3);
	/* and whole again */
	f->alarms[SEAL_ALARM_STATE] = 0;
	sp = fixture_open(f);
	fixture_close(f, sp);
	assert_int_equal(f->alarms[SEAL_ALARM_STATE], 0);
}

static void missing_files_are_rebuilt(void **state)
{
	struct fixture *f = *state;

	make_log(f, true);
	memio_remove(f->m, "/s/state");
	memio_remove(f->m, "/s/acked");
	memio_remove(f->m, "/s/epochs");
	rebuilt(f, 3);
}

static void damaged_files_are_rebuilt(void **state)
{
	struct fixture *f = *state;

	f->config.segment_max_bytes = SEAL_SEGMENT_MIN_BYTES;
	f->config.epoch_max_entries = 4;
	make_log(f, true);
	memset(memio_data(f->m, "/s/state", NULL), 0xFF, 8192);
	memset(memio_data(f->m, "/s/acked", NULL), 0xFF, 131072);
	memio_data(f->m, "/s/epochs", NULL)[158 + 20] ^= 1;
	rebuilt(f, 3);
}

static void epochs_come_back_from_all_segments(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp;
	uint64_t before, after;

	sp = fixture_open(f);
	fixture_commit(sp, "one", 1);
	assert_int_equal(seal_spool_rotate(sp, NULL), 0);
	fixture_close(f, sp);
	make_log(f, true);
	sp = fixture_open(f);
	assert_int_equal(seal_spool_rotate(sp, NULL), 0);
	fixture_close(f, sp);
	assert_non_null(memio_data(f->m, "/s/epochs", &before));
	memio_remove(f->m, "/s/epochs");
	sp = fixture_open(f);
	assert_non_null(memio_data(f->m, "/s/epochs", &after));
	assert_int_equal(before, after);
	fixture_close(f, sp);
	fixture_types(f);
}

/* Another signature in a record of epochs, with the tag that belongs to it. */
static void forge_record(struct fixture *f, uint64_t record)
{
	uint8_t *data = memio_data(f->m, "/s/epochs", NULL) +
			record * SEAL_EPOCH_RECORD_BYTES;
	struct seal_hash tag;

	data[90 + 5] ^= 1;
	assert_int_equal(seal_sha256(data, 154, &tag), 0);
	memcpy(data + 154, tag.b, 4);
}

static void a_forged_newest_record_is_rebuilt(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp;
	uint64_t size, i;

	f->config.epoch_max_entries = 1;
	make_log(f, true);
	memio_data(f->m, "/s/epochs", &size);
	assert_int_equal(size, SEAL_EPOCH_RECORD_BYTES * 5);
	/* an old one is the verifier's business; then there are six */
	for (i = 2; i <= 5; i += 3) {
		forge_record(f, i);
		f->alarms[SEAL_ALARM_STATE] = 0;
		sp = fixture_open(f);
		assert_int_equal(f->alarms[SEAL_ALARM_STATE], i == 5);
		fixture_close(f, sp);
	}
	fixture_types(f);
}

static void a_lost_epoch_key_ends_the_log(void **state)
{
	struct fixture *f = *state;

	make_log(f, true);
	memset(memio_data(f->m, "/k/epoch", NULL), 0, 8192);
	refused(f, SEAL_E_DAMAGED, "AS029");
}

/* ---- rollback ---- */

static void an_older_spool_is_refused(void **state)
{
	struct fixture *f = *state;
	uint8_t *data, *copy;
	uint64_t size;

	make_log(f, false);
	data = memio_data(f->m, SEG0, &size);
	copy = malloc(size);
	assert_non_null(copy);
	memcpy(copy, data, size);
	make_log(f, false);
	/* the segment of then, state of now */
	memio_put(f->m, SEG0, copy, size);
	free(copy);
	refused(f, SEAL_E_ROLLBACK, "AS027");
}

static void a_whole_older_copy_is_refused_by_its_keys(void **state)
{
	static const char *const files[] = {SEG0, "/s/state", "/s/acked",
					    "/s/epochs"};
	struct fixture *f = *state;
	struct seal_spool *sp;
	struct memio *then;
	uint8_t *data;
	uint64_t size;
	size_t i;

	make_log(f, true);
	then = memio_copy(f->m);
	/* two epochs on: the slots say so */
	make_log(f, true);
	sp = fixture_open(f);
	fixture_close(f, sp);
	for (i = 0; i < 4; i++) {
		data = memio_data(then, files[i], &size);
		memio_put(f->m, files[i], data, size);
	}
	memio_free(then);
	refused(f, SEAL_E_ROLLBACK, "AS027");
}

/* ---- damage and torn tails ---- */

static void damage_before_a_seal_changes_nothing(void **state)
{
	struct fixture *f = *state;
	uint8_t *data, *before;
	uint64_t size, used, at;

	make_log(f, false);
	data = memio_data(f->m, SEG0, &size);
	used = used_bytes(f, SEG0);
	before = malloc(size);
	assert_non_null(before);
	/* any byte before the last commit */
	for (at = 300; at + 400 < used; at += 13) {
		data = memio_data(f->m, SEG0, &size);
		data[at] ^= 0x41;
		memcpy(before, data, size);
		refused(f, SEAL_E_DAMAGED, "nothing was changed");
		data = memio_data(f->m, SEG0, &size);
		assert_memory_equal(before, data, size);
		data[at] ^= 0x41;
	}
	free(before);
}

static void garbage_behind_the_last_seal_is_declared(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp;
	uint8_t *data, bytes[4096];
	uint64_t size;

	make_log(f, false);
	data = memio_data(f->m, SEG0, &size);
	memcpy(bytes, data, size);
	memset(bytes + size, 0x5A, 500);
	memio_put(f->m, SEG0, bytes, size + 500);
	sp = fixture_open(f);
	assert_int_equal(f->alarms[SEAL_ALARM_RECOVERED], 1);
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f),
			    "01 10 10 10 10 10 10 10 10 10 04 01 07 02 07");
}

/* The last head cut off, byte by byte: its entries are salvaged. */
static void a_torn_head_loses_no_entry(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp;
	struct memio *then;
	uint64_t size, cut;
	uint8_t *data;

	make_log(f, false);
	then = memio_copy(f->m);
	for (cut = 1; cut <= SEAL_FRAME_HEAD_BYTES; cut += 25) {
		memio_free(f->m);
		f->m = memio_copy(then);
		f->io = memio_io(f->m);
		data = memio_data(f->m, SEG0, &size);
		memset(data + size - cut, 0, cut);
		sp = fixture_open(f);
		fixture_close(f, sp);
		assert_int_equal(fixture_count(f, "three"), 3);
		assert_string_equal(
			fixture_types(f),
			"01 10 10 10 10 10 10 10 10 10 04 01 07 02 07");
	}
	memio_free(then);
}

static void a_broken_long_record_is_dropped_whole(void **state)
{
	struct fixture *f = *state;
	struct seal_message msg = {.len = 150000};
	struct seal_spool *sp = fixture_open(f);
	uint8_t *data, *bytes = malloc(msg.len);
	uint64_t size, state_size;
	uint8_t *old;

	assert_non_null(bytes);
	memset(bytes, 'L', msg.len);
	fixture_commit(sp, "before", 1);
	data = memio_data(f->m, "/s/state", &state_size);
	old = malloc(state_size);
	assert_non_null(old);
	memcpy(old, data, state_size);
	msg.bytes = bytes;
	assert_int_equal(seal_spool_commit(sp, &msg, 1, NULL, NULL), 0);
	fixture_crash(f, sp, MEMIO_KEPT, 0);
	/* as a crash in the write of the last piece leaves it */
	data = memio_data(f->m, SEG0, &size);
	memset(data + size - 2000, 0, 2000);
	memio_put(f->m, "/s/state", old, state_size);
	sp = fixture_open(f);
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f), "01 10 04 01 07 02 07");
	free(old);
	free(bytes);
}

static void a_first_commit_torn_begins_again(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = NULL;

	/* keys, spool and header are there, the start entry is not */
	memio_arm(f->m, 12, MEMIO_STOP);
	assert_true(fixture_try(f, &sp) < 0);
	memio_restart(f->m, MEMIO_KEPT, 0);
	sp = fixture_open(f);
	fixture_close(f, sp);
	assert_string_equal(fixture_types(f), "01 02 07");
}

#define WITH(test) \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(a_readable_key_is_refused),
		WITH(a_missing_key_is_refused),
		WITH(another_origin_is_refused),
		WITH(a_clone_is_refused),
		WITH(another_logs_spool_is_refused),
		WITH(a_second_opener_is_refused),
		WITH(a_lost_directory_is_refused),
		WITH(a_full_disk_is_refused),
		WITH(keys_are_never_overwritten),
		WITH(missing_files_are_rebuilt),
		WITH(damaged_files_are_rebuilt),
		WITH(epochs_come_back_from_all_segments),
		WITH(a_forged_newest_record_is_rebuilt),
		WITH(a_lost_epoch_key_ends_the_log),
		WITH(an_older_spool_is_refused),
		WITH(a_whole_older_copy_is_refused_by_its_keys),
		WITH(damage_before_a_seal_changes_nothing),
		WITH(garbage_behind_the_last_seal_is_declared),
		WITH(a_torn_head_loses_no_entry),
		WITH(a_broken_long_record_is_dropped_whole),
		WITH(a_first_commit_torn_begins_again),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
