/* SPDX-License-Identifier: Apache-2.0 */
/* state, acked, key slots and the keydir's log file: there and back, torn,
 * damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spool/keydir.h"
#include "spool/state.h"
#include "tests/lib/memio.h"

static void fill(struct seal_state *s, uint64_t counter, uint64_t size)
{
	struct seal_hash leaf = {{3}};
	uint64_t i;

	memset(s, 0, sizeof(*s));
	s->counter = counter;
	s->sealed = size;
	s->segment = 4;
	s->epoch = 5;
	s->dropped = 6;
	memset(s->machine, 9, 32);
	seal_frontier_init(&s->frontier);
	for (i = 0; i < size; i++)
		assert_int_equal(seal_frontier_append(&s->frontier, &leaf), 0);
	s->mirrors = SEAL_MIRRORS_MAX;
	for (i = 0; i < SEAL_MIRRORS_MAX; i++)
		s->mirror[i].offered = i;
}

static void state_comes_back(void **state)
{
	uint8_t slot[SEAL_STATE_SLOT_BYTES];
	struct seal_state s, back;
	size_t i, used;

	(void)state;
	fill(&s, 7, 1023);
	assert_int_equal(seal_state_put(&s, slot), 0);
	assert_memory_equal(slot, "asl-sta1", 8);
	assert_int_equal(seal_state_get(slot, &back), 0);
	assert_int_equal(back.counter, 7);
	assert_int_equal(back.sealed, 1023);
	assert_int_equal(back.dropped, 6);
	assert_int_equal(back.frontier.size, 1023);
	assert_memory_equal(back.mirror, s.mirror, sizeof(s.mirror));
	/* 129 + mirrors * 40 + 10 hashes + checksum */
	used = 129 + SEAL_MIRRORS_MAX * 40 + 320 + 8;
	for (i = 0; i < used; i++) {
		slot[i] ^= 0x20;
		assert_int_equal(seal_state_get(slot, &back), SEAL_E_DAMAGED);
		slot[i] ^= 0x20;
	}
	for (i = used; i < sizeof(slot); i++)
		assert_int_equal(slot[i], 0);
}

static void the_newest_whole_slot_counts(void **state)
{
	uint8_t file[SEAL_STATE_FILE_BYTES];
	struct memio *m = memio_new();
	const struct seal_io *io = memio_io(m);
	struct seal_state s, back;

	(void)state;
	assert_int_equal(io->mkdir(io, "/s"), 0);
	assert_int_equal(seal_state_load(io, "/s/state", &back, NULL),
			 SEAL_E_NOTFOUND);
	fill(&s, 8, 3);
	assert_int_equal(seal_state_put(&s, file), 0);
	fill(&s, 9, 4);
	assert_int_equal(seal_state_put(&s, file + SEAL_STATE_SLOT_BYTES), 0);
	memio_put(m, "/s/state", file, sizeof(file));
	assert_int_equal(seal_state_load(io, "/s/state", &back, NULL), 0);
	assert_int_equal(back.counter, 9);
	file[SEAL_STATE_SLOT_BYTES + 50] ^= 1; /* torn */
	memio_put(m, "/s/state", file, sizeof(file));
	assert_int_equal(seal_state_load(io, "/s/state", &back, NULL), 0);
	assert_int_equal(back.counter, 8);
	file[50] ^= 1;
	memio_put(m, "/s/state", file, sizeof(file));
	assert_int_equal(seal_state_load(io, "/s/state", &back, NULL),
			 SEAL_E_DAMAGED);
	memio_free(m);
}

static void acked_comes_back(void **state)
{
	uint8_t *slot = malloc(SEAL_ACKED_SLOT_BYTES);
	uint8_t *note = malloc(70000);
	struct seal_acked a = {.counter = 3, .mirrors = 2}, back;
	size_t len, i;

	(void)state;
	assert_non_null(slot);
	assert_non_null(note);
	memset(note, 'n', 70000);
	strcpy(a.mirror[0].name, "store.example.org/w1");
	a.mirror[0].size = 10;
	a.mirror[0].openings = 9;
	a.mirror[0].time_s = 8;
	a.mirror[0].note = note;
	a.mirror[0].note_len = 1000;
	strcpy(a.mirror[1].name, "b");
	assert_int_equal(seal_acked_put(&a, slot, &len), 0);
	assert_int_equal(len, 17 + (1 + 20 + 28 + 1000) + (1 + 1 + 28) + 8);
	assert_int_equal(seal_acked_get(slot, len, &back), 0);
	assert_int_equal(back.mirrors, 2);
	assert_string_equal(back.mirror[0].name, "store.example.org/w1");
	assert_int_equal(back.mirror[0].note_len, 1000);
	assert_memory_equal(back.mirror[0].note, note, 1000);
	seal_acked_fini(&back);
	for (i = 0; i < len; i++) {
		slot[i] ^= 1;
		assert_int_equal(seal_acked_get(slot, len, &back),
				 SEAL_E_DAMAGED);
		slot[i] ^= 1;
	}
	a.mirror[0].note_len = 70000;
	assert_int_equal(seal_acked_put(&a, slot, &len), SEAL_E_TOOBIG);
	free(note);
	free(slot);
}

static void a_keydir_says_what_it_is(void **state)
{
	struct seal_predecessor p = {.origin = "old.example.org/audit",
				     .size = 77};
	struct memio *m = memio_new();
	const struct seal_io *io = memio_io(m);
	struct seal_keydir *k;
	uint8_t *log, *copy;
	uint64_t size, i;
	unsigned damaged = 0;

	(void)state;
	memset(p.root.b, 1, 32);
	assert_int_equal(
		seal_keydir_create(io, "/k", "new.example.org/audit", &p, NULL),
		0);
	assert_int_equal(seal_keydir_open_public(io, "/k", &k, NULL), 0);
	assert_string_equal(seal_keydir_origin(k), "new.example.org/audit");
	assert_int_equal(seal_keydir_predecessor(k)->size, 77);
	assert_string_equal(seal_keydir_predecessor(k)->origin, p.origin);
	assert_null(seal_keydir_host_key(k));
	seal_keydir_free(k);
	assert_int_equal(seal_keydir_open(io, "/k", NULL, &k, NULL), 0);
	assert_non_null(seal_keydir_host_key(k));
	assert_false(seal_keydir_begun(k));
	assert_int_equal(seal_keydir_mark_begun(k, NULL), 0);
	assert_true(seal_keydir_begun(k));
	seal_keydir_free(k);
	assert_int_equal(seal_keydir_open(io, "/k", NULL, &k, NULL), 0);
	assert_true(seal_keydir_begun(k));
	seal_keydir_free(k);
	/* every changed byte of origin, keys and log id shows */
	log = memio_data(m, "/k/log", &size);
	copy = malloc(size);
	assert_non_null(copy);
	memcpy(copy, log, size);
	for (i = 0; i < size; i++) {
		copy[i] ^= 1;
		memio_put(m, "/k/log", copy, size);
		copy[i] ^= 1;
		if (seal_keydir_open(io, "/k", NULL, &k, NULL))
			damaged++;
		else
			seal_keydir_free(k); /* in the predecessor */
	}
	assert_true(damaged > size - 110);
	free(copy);
	memio_free(m);
}

static void slots_alternate_and_are_wiped(void **state)
{
	struct memio *m = memio_new();
	const struct seal_io *io = memio_io(m);
	struct seal_keydir_slot slot;
	struct seal_key *key = NULL;
	struct seal_keydir *k;
	uint8_t *bytes;
	size_t i;

	(void)state;
	assert_int_equal(seal_keydir_create(io, "/k", "new.example.org/audit",
					    NULL, NULL),
			 0);
	assert_int_equal(seal_keydir_open(io, "/k", NULL, &k, NULL), 0);
	assert_int_equal(seal_keydir_make_epoch(k, 1, &key, NULL), 0);
	seal_keydir_slot(k, 1, &slot);
	assert_int_equal(slot.state, SEAL_SLOT_KEY);
	assert_int_equal(slot.epoch, 1);
	assert_memory_equal(slot.public_key,
			    seal_pub_bytes(seal_key_public(key)), 32);
	seal_key_free(key);
	assert_int_equal(seal_keydir_epoch_key(k, 2, &key, NULL),
			 SEAL_E_NOTFOUND);
	assert_int_equal(seal_keydir_destroy_epoch(k, 2, NULL), 0);
	seal_keydir_slot(k, 0, &slot);
	assert_int_equal(slot.state, SEAL_SLOT_KEY);
	assert_int_equal(seal_keydir_destroy_epoch(k, 0, NULL), 0);
	seal_keydir_slot(k, 0, &slot);
	assert_int_equal(slot.state, SEAL_SLOT_EMPTY);
	bytes = memio_data(m, "/k/epoch", NULL);
	for (i = 0; i < SEAL_KEYDIR_SLOT_BYTES; i++)
		assert_int_equal(bytes[i], 0);
	/* a damaged one is seen */
	bytes[SEAL_KEYDIR_SLOT_BYTES + 30] ^= 1;
	seal_keydir_free(k);
	assert_int_equal(seal_keydir_open(io, "/k", NULL, &k, NULL), 0);
	seal_keydir_slot(k, 1, &slot);
	assert_int_equal(slot.state, SEAL_SLOT_DAMAGED);
	seal_keydir_free(k);
	memio_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_comes_back),
		cmocka_unit_test(the_newest_whole_slot_counts),
		cmocka_unit_test(acked_comes_back),
		cmocka_unit_test(a_keydir_says_what_it_is),
		cmocka_unit_test(slots_alternate_and_are_wiped),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
