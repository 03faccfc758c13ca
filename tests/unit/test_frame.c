/* SPDX-License-Identifier: Apache-2.0 */
/* Frames and headers against golden bytes of another implementation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "core/entry.h"
#include "core/epoch.h"
#include "core/text.h"
#include "spool/frame.h"

#define T0 1700000000000000ULL

static const char frame0[] =
	"00002800100000060a24181e40007b2277686f223a22616c696365222c22616374223a"
	"226c6f67696e227da0fa6479";
static const char head_frame[] =
	"00007702200000060a24181e40030000000000000004a55ae547d1e40a85a911527697"
	"15399b3c031e1896157a7c18126364ee8650b89fdb111ab81a95108187f5c5eb72b5ac"
	"0767e7fda91a71277d5e4bb4859382b0ab38fb76751150d77b107f7926e384279f1943"
	"ddb826df15e6e8c5ef2e40451549fcef07d4bdceb2";

static size_t unhex(const char *hex, uint8_t *ret_bytes)
{
	size_t n = strlen(hex) / 2;

	assert_int_equal(seal_hex_decode(hex, 2 * n, ret_bytes, n), 0);
	return n;
}

static size_t put_entry(uint8_t *frame, const char *body, uint64_t index,
			struct seal_hash *leaf)
{
	size_t len = 10 + strlen(body);

	seal_entry_put_header(frame + 4, SEAL_ENTRY_RECORD, 0, T0 + index);
	memcpy(frame + 14, body, strlen(body));
	assert_int_equal(seal_frame_entry_finish(frame, len, index, leaf), 0);
	return len + SEAL_FRAME_ENTRY_EXTRA;
}

static void entries_are_the_golden_bytes(void **state)
{
	static const char *const tags[] = {"a0fa6479", "89baff94", "566c8c77"};
	static const char *const bodies[] = {
		"{\"who\":\"alice\",\"act\":\"login\"}",
		"{\"who\":\"bob\",\"act\":\"sudo\"}",
		"{\"who\":\"alice\",\"act\":\"logout\"}"};
	uint8_t frame[256], golden[256], tag[4];
	struct seal_frontier f;
	struct seal_hash leaf, root;
	size_t i, n;

	(void)state;
	seal_frontier_init(&f);
	for (i = 0; i < 3; i++) {
		n = put_entry(frame, bodies[i], i, &leaf);
		unhex(tags[i], tag);
		assert_memory_equal(frame + n - 4, tag, 4);
		assert_int_equal(seal_frontier_append(&f, &leaf), 0);
		if (i)
			continue;
		assert_int_equal(unhex(frame0, golden), n);
		assert_memory_equal(frame, golden, n);
	}
	assert_int_equal(seal_frontier_root(&f, &root), 0);
	unhex("73c2efd654c2614904244bd5409eec8f912bd0786ec593858d364885c5c84d8"
	      "f",
	      golden);
	assert_memory_equal(root.b, golden, 32);
}

static void a_parsed_entry_says_its_index(void **state)
{
	struct seal_hash leaf, again;
	struct seal_frame f;
	uint8_t frame[64];
	size_t n;

	(void)state;
	n = put_entry(frame, "body", 0x1234567890ULL, &leaf);
	assert_int_equal(seal_frame_parse(frame, n, &f), SEAL_FRAME_OK);
	assert_int_equal(f.size_bytes, n);
	assert_int_equal(f.time_us, T0 + 0x1234567890ULL);
	assert_int_equal(f.body_len, 4);
	assert_int_equal(seal_leaf_hash_framed(f.framed, f.framed_len, &again),
			 0);
	assert_memory_equal(&leaf, &again, sizeof(leaf));
	assert_int_equal(seal_frame_entry_index(&f, &leaf), 0x34567890);
}

static void the_head_is_the_golden_frame(void **state)
{
	uint8_t golden[256], made[256], seed[32];
	struct seal_checkpoint cp;
	struct seal_hash hash;
	struct seal_head head;
	struct seal_key *key;
	struct seal_frame f;
	size_t n;

	(void)state;
	n = unhex(head_frame, golden);
	assert_int_equal(n, SEAL_FRAME_HEAD_BYTES);
	assert_int_equal(seal_frame_parse(golden, n, &f), SEAL_FRAME_OK);
	assert_true(seal_frame_tag_ok(&f));
	assert_int_equal(seal_frame_head_get(&f, &head), 0);
	assert_int_equal(head.size, 4);
	assert_int_equal(seal_frame_head_put(made, T0 + 3, &head), n);
	assert_memory_equal(made, golden, n);
	/* and its seal is the one that epoch 0's key makes */
	assert_int_equal(seal_sha256("example epoch 0", 15, &hash), 0);
	memcpy(seed, hash.b, 32);
	assert_int_equal(seal_key_from_seed(seed, &key), 0);
	assert_int_equal(seal_checkpoint_init(&cp, "audit.example.org/host17",
					      4, &head.root),
			 0);
	assert_int_equal(
		seal_checkpoint_verify(&cp, seal_key_public(key), head.sig), 0);
	seal_key_free(key);
}

static void every_changed_bit_of_a_head_shows(void **state)
{
	uint8_t bytes[SEAL_FRAME_HEAD_BYTES], golden[SEAL_FRAME_HEAD_BYTES];
	struct seal_frame f;
	size_t i;

	(void)state;
	unhex(head_frame, golden);
	for (i = 0; i < 8 * sizeof(golden); i++) {
		memcpy(bytes, golden, sizeof(golden));
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		if (seal_frame_parse(bytes, sizeof(bytes), &f))
			continue; /* length or kind */
		if (f.kind == SEAL_KIND_ENTRY)
			continue; /* has the other tag */
		assert_false(seal_frame_tag_ok(&f));
	}
}

static void parsing_refuses_what_is_no_frame(void **state)
{
	uint8_t golden[256], bytes[256];
	struct seal_frame f;
	size_t i, n;

	(void)state;
	n = unhex(head_frame, golden);
	for (i = 0; i < n; i++)
		assert_int_equal(seal_frame_parse(golden, i, &f),
				 SEAL_FRAME_SHORT);
	memset(bytes, 0, sizeof(bytes));
	assert_int_equal(seal_frame_parse(bytes, 3, &f), SEAL_FRAME_END);
	memcpy(bytes, golden, n);
	bytes[3] = 0x01;
	assert_int_equal(seal_frame_parse(bytes, n, &f), SEAL_FRAME_BAD);
	memcpy(bytes, golden, n);
	bytes[2] = 10;
	assert_int_equal(seal_frame_parse(bytes, n, &f), SEAL_FRAME_BAD);
	/* an entry of 65,536 bytes */
	memcpy(bytes, "\x01\x00\x01\x00", 4);
	assert_int_equal(seal_frame_parse(bytes, n, &f), SEAL_FRAME_BAD);
	memcpy(bytes, "\x01\x00\x00\x00", 4);
	assert_int_equal(seal_frame_parse(bytes, n, &f), SEAL_FRAME_SHORT);
	assert_int_equal(f.size_bytes, 65543);
}

static void fill_header(struct seal_segment_header *h, uint64_t first_index)
{
	struct seal_hash leaf = {{7}};
	uint64_t i;

	memset(h, 0, sizeof(*h));
	h->number = 3;
	h->first_index = first_index;
	memset(h->log_id.b, 0xAB, 32);
	strcpy(h->origin, "audit.example.org/host17");
	seal_frontier_init(&h->frontier);
	for (i = 0; i < first_index; i++)
		assert_int_equal(seal_frontier_append(&h->frontier, &leaf), 0);
	if (!first_index)
		return;
	h->head.size = first_index;
	assert_int_equal(seal_frontier_root(&h->frontier, &h->head.root), 0);
	memset(h->head.sig, 0xCD, 64);
}

static void headers_come_back(void **state)
{
	static const uint64_t sizes[] = {0, 1, 2, 3, 7, 100, 255, 256};
	uint8_t bytes[SEAL_SEGMENT_HEADER_BYTES_MAX];
	struct seal_segment_header h, back;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fill_header(&h, sizes[i]);
		assert_int_equal(seal_segment_header_put(&h, bytes, &len), 0);
		assert_int_equal(
			len, 181 + 24 + 32 * __builtin_popcountll(sizes[i]));
		memset(&back, 0, sizeof(back));
		assert_int_equal(seal_segment_header_get(bytes, len, &back), 0);
		assert_int_equal(back.first_index, sizes[i]);
		assert_int_equal(back.number, 3);
		assert_string_equal(back.origin, h.origin);
		assert_memory_equal(&back.head, &h.head, sizeof(h.head));
		assert_int_equal(back.frontier.size, sizes[i]);
		assert_int_equal(back.size_bytes, len);
	}
}

static void a_damaged_header_is_refused(void **state)
{
	uint8_t bytes[SEAL_SEGMENT_HEADER_BYTES_MAX];
	struct seal_segment_header h, back;
	struct seal_hash tag;
	size_t i, len;

	(void)state;
	fill_header(&h, 7);
	assert_int_equal(seal_segment_header_put(&h, bytes, &len), 0);
	for (i = 0; i < len; i++) {
		assert_int_equal(seal_segment_header_get(bytes, i, &back),
				 SEAL_E_SHORT);
		bytes[i] ^= 0x10;
		assert_true(seal_segment_header_get(bytes, len, &back) < 0);
		bytes[i] ^= 0x10;
	}
	/* whole, but of a newer version: hash id 2 */
	bytes[10] = 2;
	assert_int_equal(seal_sha256(bytes, len - 8, &tag), 0);
	memcpy(bytes + len - 8, tag.b, 8);
	assert_int_equal(seal_segment_header_get(bytes, len, &back),
			 SEAL_E_UNKNOWN);
}

static void frontiers_come_back(void **state)
{
	uint8_t frame[SEAL_FRAME_FRONTIER_BYTES_MAX];
	struct seal_segment_header h;
	struct seal_frontier back;
	struct seal_frame f;
	size_t n;

	(void)state;
	fill_header(&h, 4103);
	n = seal_frame_frontier_put(frame, T0, &h.frontier);
	assert_int_equal(n, 26 + 4 * 32);
	assert_int_equal(seal_frame_parse(frame, n, &f), SEAL_FRAME_OK);
	assert_true(seal_frame_tag_ok(&f));
	assert_int_equal(seal_frame_frontier_get(&f, &back), 0);
	assert_int_equal(back.size, 4103);
	frame[14 + 7] ^= 1; /* its size: another number of hashes */
	assert_int_equal(seal_frame_frontier_get(&f, &back), SEAL_E_FORMAT);
}

static void frontiers_are_due_once_in_4096(void **state)
{
	(void)state;
	assert_false(seal_frame_frontier_due(0, 4095));
	assert_true(seal_frame_frontier_due(0, 4096));
	assert_true(seal_frame_frontier_due(4095, 9000));
	assert_false(seal_frame_frontier_due(4096, 8191));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_are_the_golden_bytes),
		cmocka_unit_test(a_parsed_entry_says_its_index),
		cmocka_unit_test(the_head_is_the_golden_frame),
		cmocka_unit_test(every_changed_bit_of_a_head_shows),
		cmocka_unit_test(parsing_refuses_what_is_no_frame),
		cmocka_unit_test(headers_come_back),
		cmocka_unit_test(a_damaged_header_is_refused),
		cmocka_unit_test(frontiers_come_back),
		cmocka_unit_test(frontiers_are_due_once_in_4096),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
