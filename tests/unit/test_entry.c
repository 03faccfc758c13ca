/* SPDX-License-Identifier: Apache-2.0 */
/* Entries: header, salt, committed parts, long records. */
#include "core/entry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "tests/lib/testdata.h"

#define TIME UINT64_C(1700000000000000)

static const uint8_t salt[SEAL_ENTRY_SALT_BYTES] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

static void golden_record(void **state)
{
	/* frame 0 of the golden log, without length, kind and tag */
	static const char hex[] =
		"100000060a24181e40007b2277686f223a22616c696365"
		"222c22616374223a226c6f67696e227d";
	uint8_t header[SEAL_ENTRY_HEADER_BYTES], *bytes;
	struct seal_entry e;
	size_t len;

	(void)state;
	bytes = test_hex_decode(hex, &len);
	assert_int_equal(seal_entry_parse(bytes, len, &e), 0);
	assert_int_equal(e.type, SEAL_ENTRY_RECORD);
	assert_int_equal(e.flags, 0);
	assert_int_equal(e.time_us, TIME);
	assert_null(e.salt);
	assert_null(e.commitments);
	assert_int_equal(e.parts, 0);
	assert_int_equal(e.body_len, 29);
	assert_memory_equal(e.body, "{\"who\":\"alice\",\"act\":\"login\"}",
			    29);
	seal_entry_put_header(header, SEAL_ENTRY_RECORD, 0, TIME);
	assert_memory_equal(header, bytes, sizeof(header));
	free(bytes);
}

static void golden_commitment(void **state)
{
	struct seal_hash got;
	uint8_t *want;
	size_t len;

	(void)state;
	want = test_hex_decode("594de07f379bfe98f987f2b067279c14eaf3fe695ed42d"
			       "de6fb9f89b21fe0d7f",
			       &len);
	assert_int_equal(seal_commitment(0, salt, "alice", 5, &got), 0);
	assert_memory_equal(got.b, want, len);
	assert_int_equal(seal_commitment(1, salt, "alice", 5, &got), 0);
	assert_memory_not_equal(got.b, want, len);
	assert_int_equal(seal_commitment(8, salt, "alice", 5, &got),
			 SEAL_E_RANGE);
	assert_int_equal(seal_commitment(0, salt, "", 1048577, &got),
			 SEAL_E_TOOBIG);
	assert_int_equal(seal_commitment(7, salt, NULL, 0, &got), 0);
	free(want);
}

static void sizes_are_10_to_65535(void **state)
{
	static uint8_t bytes[SEAL_ENTRY_BYTES_MAX + 1] = {SEAL_ENTRY_RECORD};
	struct seal_entry e;

	(void)state;
	assert_int_equal(seal_entry_parse(bytes, 0, &e), SEAL_E_SHORT);
	assert_int_equal(seal_entry_parse(bytes, 9, &e), SEAL_E_SHORT);
	assert_int_equal(seal_entry_parse(bytes, 10, &e), 0);
	assert_int_equal(e.body_len, 0);
	assert_int_equal(seal_entry_parse(bytes, 65535, &e), 0);
	assert_int_equal(e.body_len, 65525);
	assert_int_equal(seal_entry_parse(bytes, 65536, &e), SEAL_E_TOOBIG);
}

static void types_and_flags(void **state)
{
	uint8_t bytes[200] = {0};
	struct seal_entry e;
	unsigned type, flags;
	int want;

	(void)state;
	bytes[26] = 1; /* one part, where the flags ask for a salt and parts */
	bytes[10] = 1; /* and where there is no salt */
	for (type = 0; type < 256; type++) {
		for (flags = 0; flags < 256; flags++) {
			seal_entry_put_header(bytes, (uint8_t)type,
					      (uint8_t)flags, 5);
			want = SEAL_E_UNKNOWN;
			if (type == 0x10 && flags < 0x40)
				want = (flags & 0x11) == 0x11 ? SEAL_E_FORMAT
							      : 0;
			else if (type >= 0x01 && type <= 0x0B && flags == 0)
				want = 0;
			memset(&e, 0xee, sizeof(e));
			assert_int_equal(
				seal_entry_parse(bytes, sizeof(bytes), &e),
				want);
			if (want == SEAL_E_FORMAT)
				continue;
			assert_int_equal(e.type, type);
			assert_int_equal(e.flags, flags);
			assert_int_equal(e.time_us, 5);
			assert_ptr_equal(e.body + e.body_len,
					 bytes + sizeof(bytes));
			if (want == 0 && type == 0x10)
				continue;
			assert_ptr_equal(e.body, bytes + 10);
			assert_null(e.salt);
			assert_null(e.commitments);
		}
	}
}

static void type_names(void **state)
{
	static const char *const name[] = {
		"unknown", "start",  "stop",	"heartbeat", "recovery",
		"gap",	   "config", "epoch",	"prune",     "redaction",
		"key",	   "action", "unknown", "unknown"};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		assert_string_equal(seal_entry_type_name((uint8_t)i), name[i]);
	assert_string_equal(seal_entry_type_name(0x10), "record");
	assert_string_equal(seal_entry_type_name(0x11), "unknown");
}

/* A record with everything: what is put is what is parsed. */
static void put_and_parse(void **state)
{
	struct seal_hash commitment[SEAL_ENTRY_PARTS_MAX];
	uint8_t bytes[1024];
	struct seal_entry e;
	unsigned parts, salted;
	uint8_t flags;
	size_t len;

	(void)state;
	memset(commitment, 0xc0, sizeof(commitment));
	for (salted = 0; salted < 2; salted++) {
		for (parts = 0; parts <= SEAL_ENTRY_PARTS_MAX; parts++) {
			flags = (salted ? SEAL_FLAG_SALTED : 0) |
				(parts ? SEAL_FLAG_PARTS : 0);
			commitment[0].b[0] = (uint8_t)parts;
			len = seal_record_put(bytes, flags, TIME, salt,
					      commitment, parts);
			assert_int_equal(len,
					 seal_record_overhead(flags, parts));
			assert_int_equal(len, 10 + 16 * salted +
						      (parts ? 1 : 0) +
						      32 * parts);
			memcpy(bytes + len, "body", 4);
			assert_int_equal(seal_entry_parse(bytes, len + 4, &e),
					 0);
			assert_int_equal(e.parts, parts);
			assert_int_equal(e.body_len, 4);
			assert_memory_equal(e.body, "body", 4);
			assert_int_equal(e.salt != NULL, salted);
			if (salted)
				assert_memory_equal(e.salt, salt, 16);
			if (parts)
				assert_memory_equal(e.commitments, commitment,
						    32 * parts);
			/* what is missing at the end is missed */
			if (len > 10)
				assert_int_equal(
					seal_entry_parse(bytes, len - 1, &e),
					SEAL_E_FORMAT);
		}
	}
}

static void parts_are_1_to_8_in_the_first_piece(void **state)
{
	uint8_t bytes[400] = {0};
	struct seal_entry e;
	unsigned n;

	(void)state;
	seal_entry_put_header(bytes, SEAL_ENTRY_RECORD, SEAL_FLAG_PARTS, 1);
	for (n = 0; n < 256; n++) {
		bytes[10] = (uint8_t)n;
		assert_int_equal(seal_entry_parse(bytes, sizeof(bytes), &e),
				 n >= 1 && n <= 8 ? 0 : SEAL_E_FORMAT);
	}
	bytes[10] = 1;
	bytes[1] = SEAL_FLAG_PARTS | SEAL_FLAG_MORE;
	assert_int_equal(seal_entry_parse(bytes, sizeof(bytes), &e), 0);
	bytes[1] = SEAL_FLAG_PARTS | SEAL_FLAG_CONTINUES;
	assert_int_equal(seal_entry_parse(bytes, sizeof(bytes), &e),
			 SEAL_E_FORMAT);
}

/* --- long records --- */

/* Walks all pieces: no byte lost, none twice, flags as the spec has them. */
static size_t check_pieces(const uint8_t *message, size_t len, uint8_t flags,
			   unsigned parts, uint8_t want_flags)
{
	struct seal_split s;
	struct seal_piece p;
	uint8_t edge;
	size_t i, at = 0;

	assert_int_equal(seal_split_init(&s, message, len, flags, parts), 0);
	for (i = 0; i < s.pieces; i++) {
		assert_int_equal(seal_split_piece(&s, i, &p), 0);
		assert_int_equal(p.offset, at);
		at += p.len;
		assert_true(p.entry_bytes <= SEAL_ENTRY_BYTES_MAX);
		assert_int_equal(p.entry_bytes,
				 seal_record_overhead(p.flags, p.parts) +
					 p.len);
		if (i + 1 < s.pieces)
			assert_int_equal(p.entry_bytes, SEAL_ENTRY_BYTES_MAX);
		else
			assert_true(p.len > 0 || len == 0);
		edge = 0;
		if (s.pieces > 1)
			edge = i == 0 ? 0x08 : i + 1 == s.pieces ? 0x10 : 0x18;
		if (i == 0 && parts)
			edge |= 0x01;
		assert_int_equal(p.flags, want_flags | edge);
		assert_int_equal(p.parts, i == 0 ? parts : 0);
	}
	assert_int_equal(at, len);
	assert_int_equal(seal_split_piece(&s, s.pieces, &p), SEAL_E_RANGE);
	return s.pieces;
}

static void messages_become_pieces(void **state)
{
	const size_t room = SEAL_ENTRY_BYTES_MAX - 10;
	uint8_t *m = calloc(1, 5 * room);
	size_t n;

	(void)state;
	assert_non_null(m);
	memset(m, 'x', 5 * room);
	assert_int_equal(check_pieces(m, 0, 0, 0, 0), 1);
	assert_int_equal(check_pieces(m, 1, 0, 0, 0), 1);
	for (n = 1; n <= 4; n++) {
		assert_int_equal(check_pieces(m, n * room - 1, 0, 0, 0), n);
		assert_int_equal(check_pieces(m, n * room, 0, 0, 0), n);
		assert_int_equal(check_pieces(m, n * room + 1, 0, 0, 0), n + 1);
	}
	/* a salt in every piece, the commitments in the first */
	n = room - 16 - 1 - 64;
	assert_int_equal(check_pieces(m, n, 0x22, 2, 0x22), 1);
	assert_int_equal(check_pieces(m, n + 1, 0x22, 2, 0x22), 2);
	assert_int_equal(check_pieces(m, n + room - 16, 0x20, 2, 0x20), 2);
	assert_int_equal(check_pieces(m, n + room - 15, 0x20, 2, 0x20), 3);
	free(m);
}

/* One character over the edge of two pieces is still UTF-8. */
static void utf8_is_judged_over_the_whole(void **state)
{
	const size_t room = SEAL_ENTRY_BYTES_MAX - 10;
	uint8_t *m = malloc(2 * room);

	(void)state;
	assert_non_null(m);
	memset(m, 'x', 2 * room);
	memcpy(m + room - 1, "\xc3\xa9", 2);
	assert_int_equal(check_pieces(m, 2 * room, 0, 0, 0), 2);
	m[2 * room - 1] = 0xff;
	assert_int_equal(check_pieces(m, 2 * room, 0, 0, 0x04), 2);
	assert_int_equal(check_pieces(m, 2 * room, 0x02, 0, 0x06), 2);
	m[0] = 0xc3;
	assert_int_equal(check_pieces(m, 1, 0, 0, 0x04), 1);
	free(m);
}

static void split_refuses(void **state)
{
	const size_t room = SEAL_ENTRY_BYTES_MAX - 10;
	struct seal_split s;
	unsigned flags;

	(void)state;
	for (flags = 0; flags < 256; flags++)
		assert_int_equal(seal_split_init(&s, "", 0, (uint8_t)flags, 0),
				 flags & ~0x22u ? SEAL_E_ARG : 0);
	assert_int_equal(seal_split_init(&s, "", 0, 0, 9), SEAL_E_ARG);
	/* refused by its length, before a byte of it is read */
	assert_int_equal(seal_split_init(&s, "", 8192 * room + 1, 0, 0),
			 SEAL_E_TOOBIG);
	assert_int_equal(seal_split_init(&s, "", SIZE_MAX, 0, 0),
			 SEAL_E_TOOBIG);
}

static int start(void **state)
{
	(void)state;
	return seal_crypto_init(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_record),
		cmocka_unit_test(golden_commitment),
		cmocka_unit_test(sizes_are_10_to_65535),
		cmocka_unit_test(types_and_flags),
		cmocka_unit_test(type_names),
		cmocka_unit_test(put_and_parse),
		cmocka_unit_test(parts_are_1_to_8_in_the_first_piece),
		cmocka_unit_test(messages_become_pieces),
		cmocka_unit_test(utf8_is_judged_over_the_whole),
		cmocka_unit_test(split_refuses),
	};

	return cmocka_run_group_tests_name("entry", tests, start, NULL);
}
