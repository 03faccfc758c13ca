/* SPDX-License-Identifier: Apache-2.0 */
/* Reading segments that are damaged: what is said of each byte, and the way
 * back to the next frame. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spool/reader.h"
#include "tests/lib/spool_fixture.h"

#define SEG0 "/s/00000000000000000000.seg"

struct seen {
	unsigned frames, entries, bad, wrong; /* wrong: a tag */
	uint64_t bad_bytes, end_bytes, covered, last_index;
	uint64_t offset[64]; /* of the entries */
	uint64_t size[64];
};

/* Reads segment 0 to its end; every byte is covered once. */
static void see(struct fixture *f, struct seen *ret_seen)
{
	struct seal_reader_item item;
	struct seal_reader *reader;
	struct seen s = {0};
	uint64_t index = 0, at;

	assert_int_equal(seal_reader_open(f->io, "/s", &reader, &f->diag), 0);
	assert_int_equal(seal_reader_seek(reader, 0, 0), 0);
	at = seal_reader_segment(reader, 0)->header.size_bytes;
	for (;;) {
		assert_int_equal(
			seal_reader_next(reader, index, &item, &f->diag), 0);
		assert_int_equal(item.offset, at);
		at += item.size_bytes;
		if (item.kind == SEAL_ITEM_END)
			break;
		assert_true(item.size_bytes > 0);
		if (item.kind == SEAL_ITEM_BAD) {
			s.bad++;
			s.bad_bytes += item.size_bytes;
			continue;
		}
		s.frames++;
		s.wrong += !item.tag_ok;
		if (item.frame.kind != SEAL_KIND_ENTRY)
			continue;
		if (s.entries < 64) {
			s.offset[s.entries] = item.offset;
			s.size[s.entries] = item.size_bytes;
		}
		s.entries++;
		/* follow the tag where it is near, else count */
		if (item.index_low - (uint32_t)index < 1000)
			index = item.index_low;
		index++;
	}
	assert_int_equal(at, seal_reader_segment(reader, 0)->size_bytes);
	s.end_bytes = item.size_bytes;
	s.last_index = index;
	seal_reader_free(reader);
	*ret_seen = s;
}

static void make(struct fixture *f, struct seen *whole)
{
	struct seal_spool *sp = fixture_open(f);
	unsigned i;

	for (i = 0; i < 10; i++)
		fixture_commit(sp, "a record of some length", 2);
	fixture_close(f, sp);
	see(f, whole);
	assert_int_equal(whole->bad, 0);
	assert_int_equal(whole->wrong, 0);
	assert_int_equal(whole->entries, 23);
}

static void one_changed_byte_is_one_place(void **state)
{
	struct fixture *f = *state;
	struct seen whole, s;
	uint64_t size, at;
	uint8_t *data;

	make(f, &whole);
	data = memio_data(f->m, SEG0, &size);
	for (at = 300; at < size; at++) {
		data[at] ^= 0x04;
		see(f, &s);
		/* at most one frame is wrong, bad, or taken into another */
		assert_true(s.bad + s.wrong >= 1 && s.bad <= 2);
		assert_true(s.frames + 3 >= whole.frames);
		assert_in_range(s.entries, whole.entries - 2, whole.entries);
		data[at] ^= 0x04;
	}
}

static void a_deleted_frame_shows_the_index(void **state)
{
	struct fixture *f = *state;
	struct seen whole, s;
	uint64_t size;
	uint8_t *data;

	make(f, &whole);
	data = memio_data(f->m, SEG0, &size);
	memmove(data + whole.offset[5], data + whole.offset[6],
		size - whole.offset[6]);
	memset(data + size - whole.size[5], 0, whole.size[5]);
	see(f, &s);
	assert_int_equal(s.entries, 22);
	assert_int_equal(s.bad, 0);
	assert_int_equal(s.wrong, 1); /* the one behind the hole */
	assert_int_equal(s.last_index, whole.last_index);
}

static void garbage_between_is_passed_over(void **state)
{
	struct fixture *f = *state;
	uint8_t *data, bytes[8192];
	struct seen whole, s;
	uint64_t size, at;

	make(f, &whole);
	data = memio_data(f->m, SEG0, &size);
	at = whole.offset[9];
	memcpy(bytes, data, at);
	memset(bytes + at, 0xEE, 777);
	memcpy(bytes + at + 777, data + at, size - at);
	memio_put(f->m, SEG0, bytes, size + 777);
	see(f, &s);
	assert_int_equal(s.entries, 23);
	assert_int_equal(s.bad, 1);
	assert_int_equal(s.bad_bytes, 777);
}

static void zeroes_between_are_bad(void **state)
{
	struct fixture *f = *state;
	struct seen whole, s;
	uint8_t *data;

	make(f, &whole);
	data = memio_data(f->m, SEG0, NULL);
	memset(data + whole.offset[9], 0, whole.size[9]);
	see(f, &s);
	assert_int_equal(s.entries, 22);
	assert_int_equal(s.bad, 1);
	assert_int_equal(s.bad_bytes, whole.size[9]);
}

static void zeroes_behind_are_the_end(void **state)
{
	struct fixture *f = *state;
	uint8_t *data, *bytes = calloc(1, 3 << 20);
	struct seen whole, s;
	uint64_t size;

	assert_non_null(bytes);
	make(f, &whole);
	data = memio_data(f->m, SEG0, &size);
	memcpy(bytes, data, size);
	memio_put(f->m, SEG0, bytes, 3 << 20);
	see(f, &s);
	assert_int_equal(s.frames, whole.frames);
	assert_int_equal(s.bad, 0);
	assert_int_equal(s.end_bytes, (3 << 20) - size);
	/* and one byte at the very end of them is found */
	bytes[(3 << 20) - 1] = 1;
	memio_put(f->m, SEG0, bytes, 3 << 20);
	see(f, &s);
	assert_int_equal(s.bad, 1);
	assert_int_equal(s.bad_bytes, (3 << 20) - size);
	free(bytes);
}

/* Many lengths of 64 KiB in a row: the search must not hash it all each time.
 */
static void hostile_garbage_takes_no_time(void **state)
{
	static const uint8_t lure[4] = {0x00, 0xFF, 0x00, 0x00};
	struct fixture *f = *state;
	uint8_t *data, *bytes = malloc(2 << 20);
	struct seen whole, s;
	uint64_t size, i;

	assert_non_null(bytes);
	make(f, &whole);
	data = memio_data(f->m, SEG0, &size);
	memcpy(bytes, data, size);
	for (i = size; i + 4 <= 2 << 20; i++)
		bytes[i] = lure[i % 4];
	for (; i < 2 << 20; i++)
		bytes[i] = 1;
	memio_put(f->m, SEG0, bytes, 2 << 20);
	see(f, &s);
	/* some of it looks like frames; their tags are wrong */
	assert_true(s.entries - s.wrong <= whole.entries);
	assert_true(s.bad + s.wrong >= 1);
	free(bytes);
}

#define WITH(test) \
	cmocka_unit_test_setup_teardown(test, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH(one_changed_byte_is_one_place),
		WITH(a_deleted_frame_shows_the_index),
		WITH(garbage_between_is_passed_over),
		WITH(zeroes_between_are_bad),
		WITH(zeroes_behind_are_the_end),
		WITH(hostile_garbage_takes_no_time),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
