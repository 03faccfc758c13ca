/* SPDX-License-Identifier: Apache-2.0 */
/* add-entries: the golden request, any range of a tree, every damage. */
#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/text.h"
#include "protocol/upload.h"
#include "tests/lib/oom.h"
#include "tests/lib/testdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN	"tests/golden/c2sp/"
#define ORIGIN	"audit.example/host-a"
#define ENTRIES 1500

/* Entry i of the test's log: 0 to 300 bytes that depend on i alone. */
static size_t make_entry(uint64_t i, uint8_t bytes[320])
{
	size_t len = (size_t)(i * 7919 % 301), k;

	for (k = 0; k < len; k++)
		bytes[k] = (uint8_t)(i * 31 + k * 17);
	return len;
}

struct tree {
	struct seal_hash leaf[ENTRIES];
};

static int tree_setup(void **state)
{
	struct tree *t = calloc(1, sizeof(*t));
	uint8_t bytes[320];
	uint64_t i;

	if (seal_crypto_init(NULL))
		return -1;
	for (i = 0; i < ENTRIES; i++)
		if (seal_leaf_hash(bytes, make_entry(i, bytes), &t->leaf[i]))
			return -1;
	*state = t;
	return 0;
}

static int tree_teardown(void **state)
{
	free(*state);
	return 0;
}

/* The whole body for [start, end) or its first `packages` packages. */
static void build(const struct tree *t, uint64_t start, uint64_t end,
		  uint64_t packages, struct seal_buf *body)
{
	struct seal_frontier at_start;
	struct seal_tail tail;
	struct seal_proof proof;
	uint8_t bytes[320];
	uint64_t i, k, subtree, first, last;

	seal_frontier_init(&at_start);
	assert_int_equal(seal_frontier_append_many(&at_start, t->leaf, start),
			 0);
	assert_int_equal(
		seal_tail_init(&tail, &at_start, t->leaf + start, end - start),
		0);
	assert_int_equal(seal_upload_header_build(ORIGIN, start, end,
						  (const uint8_t *)"tick", 4,
						  body),
			 0);
	for (i = 0; i < packages; i++) {
		assert_int_equal(seal_upload_interval(start, end, i, &subtree,
						      &first, &last),
				 0);
		for (k = first; k < last; k++)
			assert_int_equal(
				seal_upload_entry_build(
					bytes, make_entry(k, bytes), body),
				0);
		assert_int_equal(seal_proof_subtree(subtree, last, end,
						    seal_tail_node, &tail,
						    &proof),
				 0);
		assert_int_equal(seal_upload_proof_build(&proof, body), 0);
	}
	seal_tail_fini(&tail);
}

/* Verifies a package as a store does that has all entries before it. */
static int verify(const struct tree *t, const struct seal_package *p,
		  uint64_t size, struct seal_hash *leaves)
{
	struct seal_hash root;

	assert_int_equal(seal_root_of(t->leaf, size, &root), 0);
	return seal_package_verify(p, t->leaf + p->subtree,
				   p->first - p->subtree, size, &root, leaves,
				   NULL);
}

/*
 * Feeds a body in chunks.  Returns the packages that verified, or the error of
 * parser or verification.
 */
static int feed(const struct tree *t, const uint8_t *data, size_t len,
		size_t chunk, enum seal_upload_event *ret_last)
{
	struct seal_hash leaves[SEAL_PACKAGE_ENTRIES_MAX];
	struct seal_upload *up;
	enum seal_upload_event event = SEAL_UPLOAD_MORE;
	size_t used, n, off = 0;
	int rc, packages = 0;

	assert_int_equal(seal_upload_new(0, &up), 0);
	for (;;) {
		n = len - off < chunk ? len - off : chunk;
		rc = seal_upload_feed(up, data + off, n, &used, &event, NULL);
		if (rc)
			break;
		off += used;
		if (event == SEAL_UPLOAD_PACKAGE) {
			rc = verify(t, seal_upload_package(up),
				    seal_upload_header(up)->end, leaves);
			if (rc)
				break;
			packages++;
		}
		if (event == SEAL_UPLOAD_DONE ||
		    (event == SEAL_UPLOAD_MORE && off == len && !n))
			break;
	}
	*ret_last = event;
	seal_upload_free(up);
	return rc ? rc : packages;
}

static void golden_request_is_read(void **state)
{
	struct seal_hash leaf[5], got[SEAL_PACKAGE_ENTRIES_MAX];
	struct seal_checkpoint cp;
	struct seal_note note;
	struct seal_upload *up;
	enum seal_upload_event event;
	const struct seal_package *p;
	size_t len, used, records_len, note_len, i;
	uint8_t *body = test_file_read(GOLDEN "add-entries.req", &len);
	uint8_t *records =
		test_file_read(GOLDEN "records.ndjson", &records_len);
	uint8_t *cp_note = test_file_read(GOLDEN "checkpoint", &note_len);
	const char *line = (char *)records;

	(void)state;
	for (i = 0; i < 5; i++) {
		assert_int_equal(
			seal_leaf_hash(line, strcspn(line, "\n"), &leaf[i]), 0);
		line = strchr(line, '\n') + 1;
	}
	assert_int_equal(
		seal_checkpoint_parse_note(cp_note, note_len, &note, &cp, NULL),
		0);
	assert_int_equal(seal_upload_new(0, &up), 0);
	assert_null(seal_upload_header(up));
	assert_int_equal(seal_upload_feed(up, body, len, &used, &event, NULL),
			 0);
	assert_int_equal(event, SEAL_UPLOAD_HEADER);
	assert_string_equal(seal_upload_header(up)->origin, ORIGIN);
	assert_int_equal(seal_upload_header(up)->start, 3);
	assert_int_equal(seal_upload_header(up)->end, 5);
	assert_int_equal(seal_upload_header(up)->ticket_bytes, 0);
	i = used;
	assert_int_equal(
		seal_upload_feed(up, body + i, len - i, &used, &event, NULL),
		0);
	assert_int_equal(event, SEAL_UPLOAD_PACKAGE);
	assert_int_equal(i + used, len);
	p = seal_upload_package(up);
	assert_int_equal(p->first, 3);
	assert_int_equal(p->end, 5);
	assert_int_equal(p->entry_bytes[1], 68);
	assert_int_equal(
		seal_package_verify(p, leaf, 3, 5, &cp.root, got, NULL), 0);
	assert_memory_equal(got, leaf + 3, 2 * sizeof(leaf[0]));
	assert_int_equal(seal_upload_feed(up, NULL, 0, &used, &event, NULL), 0);
	assert_int_equal(event, SEAL_UPLOAD_DONE);
	assert_null(seal_upload_package(up));
	seal_upload_free(up);
	free(cp_note);
	free(records);
	free(body);
}

/* The example in the text is the golden request. */
static void the_specification_shows_it(void **state)
{
	size_t len, spec_len, bytes;
	uint8_t *body = test_file_read(GOLDEN "add-entries.req", &len);
	char *spec = (char *)test_file_read("docs/spec/protocol.md", &spec_len);
	char *line = strstr(spec, "\n00146175"), *end;
	struct seal_buf hex = SEAL_BUF_INIT;
	uint8_t *shown;

	(void)state;
	assert_non_null(line);
	end = strstr(line, "\n```");
	assert_non_null(end);
	/* Hexadecimal digits up to two blanks, then a word for people. */
	for (line++; line < end; line += strcspn(line, "\n") + 1)
		seal_buf_put(&hex, line, strcspn(line, " \n"));
	shown = test_hex_decode(seal_buf_cstr(&hex), &bytes);
	assert_int_equal(bytes, len);
	assert_memory_equal(shown, body, len);
	free(shown);
	seal_buf_fini(&hex);
	free(spec);
	free(body);
}

static void intervals_cover_exactly(void **state)
{
	uint64_t start, end, i, n, at, subtree, first, last;

	(void)state;
	for (start = 0; start < 700; start += 37) {
		for (end = start; end < 1100; end += 41) {
			n = seal_upload_packages(start, end);
			at = start;
			for (i = 0; i < n; i++) {
				assert_int_equal(
					seal_upload_interval(start, end, i,
							     &subtree, &first,
							     &last),
					0);
				assert_int_equal(first, at);
				assert_int_equal(subtree % 256, 0);
				assert_true(subtree <= first && first < last &&
					    last - subtree <= 256);
				assert_true(last % 256 == 0 || last == end);
				at = last;
			}
			assert_int_equal(at, end);
			assert_int_equal(seal_upload_interval(start, end, n,
							      &subtree, &first,
							      &last),
					 SEAL_E_RANGE);
		}
	}
	/* 8192 entries that are not aligned are 33 packages. */
	assert_int_equal(seal_upload_packages(1, 8193), 33);
	assert_int_equal(seal_upload_packages(0, 8192), 32);
}

static void every_range_verifies(void **state)
{
	static const uint64_t starts[] = {0, 1, 100, 255, 256, 257, 511, 700};
	static const uint64_t ends[] = {1,   2,	  255,	256,  257,
					512, 700, 1025, 1499, 1500};
	const struct tree *t = *state;
	struct seal_buf body = SEAL_BUF_INIT;
	enum seal_upload_event last;
	size_t s, e;
	uint64_t n;

	for (s = 0; s < sizeof(starts) / sizeof(starts[0]); s++) {
		for (e = 0; e < sizeof(ends) / sizeof(ends[0]); e++) {
			if (starts[s] > ends[e])
				continue;
			n = seal_upload_packages(starts[s], ends[e]);
			seal_buf_reset(&body);
			build(t, starts[s], ends[e], n, &body);
			assert_int_equal(
				feed(t, body.data, body.len, body.len, &last),
				n);
			assert_int_equal(last, SEAL_UPLOAD_DONE);
			assert_int_equal(feed(t, body.data, body.len, 7, &last),
					 n);
		}
	}
	/* A prefix of the sequence ends in MORE. */
	seal_buf_reset(&body);
	build(t, 100, 1500, 2, &body);
	assert_int_equal(feed(t, body.data, body.len, 4096, &last), 2);
	assert_int_equal(last, SEAL_UPLOAD_MORE);
	seal_buf_fini(&body);
}

static void chunks_of_any_size_are_alike(void **state)
{
	const struct tree *t = *state;
	struct seal_buf body = SEAL_BUF_INIT;
	enum seal_upload_event last;
	size_t chunk;

	build(t, 250, 262, 2, &body);
	for (chunk = 1; chunk <= body.len; chunk++) {
		assert_int_equal(feed(t, body.data, body.len, chunk, &last), 2);
		assert_int_equal(last, SEAL_UPLOAD_DONE);
	}
	seal_buf_fini(&body);
}

static void truncated_bodies_give_whole_packages_only(void **state)
{
	const struct tree *t = *state;
	struct seal_buf body = SEAL_BUF_INIT, first = SEAL_BUF_INIT;
	enum seal_upload_event last;
	size_t cut;

	build(t, 250, 262, 2, &body);
	build(t, 250, 262, 1, &first);
	for (cut = 0; cut < body.len; cut++) {
		assert_int_equal(feed(t, body.data, cut, 64, &last),
				 cut >= first.len);
		assert_int_equal(last, SEAL_UPLOAD_MORE);
	}
	seal_buf_fini(&first);
	seal_buf_fini(&body);
}

static void flipped_bits_never_verify(void **state)
{
	const struct tree *t = *state;
	struct seal_buf body = SEAL_BUF_INIT;
	enum seal_upload_event last;
	size_t i, header = 2 + strlen(ORIGIN) + 16 + 2 + 4;
	int got;

	build(t, 250, 262, 2, &body);
	for (i = header * 8; i < body.len * 8; i++) {
		body.data[i / 8] ^= (uint8_t)(1 << i % 8);
		got = feed(t, body.data, body.len, 4096, &last);
		assert_true(got < 2);
		body.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	/* Every bit of the header that changes the range, too. */
	for (i = (2 + strlen(ORIGIN)) * 8; i < (header - 6) * 8; i++) {
		struct seal_upload *up;
		enum seal_upload_event event;
		size_t used;

		body.data[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(seal_upload_new(0, &up), 0);
		got = seal_upload_feed(up, body.data, header, &used, &event,
				       NULL);
		if (!got) {
			const struct seal_upload_header *h =
				seal_upload_header(up);

			assert_int_equal(event, SEAL_UPLOAD_HEADER);
			assert_true(h->start <= h->end);
			assert_true(h->end <= SEAL_U63_MAX);
		}
		seal_upload_free(up);
		body.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	seal_buf_fini(&body);
}

static int feed_all(size_t max, const void *data, size_t len)
{
	struct seal_upload *up;
	enum seal_upload_event event = SEAL_UPLOAD_MORE;
	size_t used, off = 0;
	int rc = 0;

	assert_int_equal(seal_upload_new(max, &up), 0);
	while (!rc && off < len && event != SEAL_UPLOAD_DONE) {
		rc = seal_upload_feed(up, (const uint8_t *)data + off,
				      len - off, &used, &event, NULL);
		off += used;
	}
	if (rc) /* and it stays refused */
		assert_int_equal(
			seal_upload_feed(up, data, len, &used, &event, NULL),
			rc);
	seal_upload_free(up);
	return rc;
}

static void bad_headers_and_lengths_are_refused(void **state)
{
	static const uint8_t no_origin[] = {0, 0};
	static const uint8_t long_origin[] = {0, 201};
	static const uint8_t nul_origin[21] = {0, 1, 0};
	static const uint8_t swapped[] = {0, 1, 'a', 0, 0, 0, 0, 0, 0, 0, 2,
					  0, 0, 0,   0, 0, 0, 0, 1, 0, 0};
	static const uint8_t huge[] = {0,    1, 'a', 0, 0, 0, 0, 0, 0, 0, 2,
				       0x80, 0, 0,   0, 0, 0, 0, 1, 0, 0};
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_proof proof = {.n = 64};

	(void)state;
	assert_int_equal(feed_all(0, no_origin, 2), SEAL_E_NOTFOUND);
	assert_int_equal(feed_all(0, long_origin, 2), SEAL_E_NOTFOUND);
	assert_int_equal(feed_all(0, nul_origin, 21), SEAL_E_NOTFOUND);
	assert_int_equal(feed_all(0, swapped, sizeof(swapped)), SEAL_E_FORMAT);
	assert_int_equal(feed_all(0, huge, sizeof(huge)), SEAL_E_FORMAT);
	assert_int_equal(seal_upload_header_build(ORIGIN, 2, 1, NULL, 0, &b),
			 SEAL_E_ARG);
	assert_int_equal(seal_upload_header_build("", 1, 1, NULL, 0, &b),
			 SEAL_E_ARG);
	assert_int_equal(seal_upload_proof_build(&proof, &b), SEAL_E_TOOBIG);
	assert_int_equal(seal_upload_entry_build(NULL, 65536, &b),
			 SEAL_E_TOOBIG);
	assert_int_equal(b.len, 0);
	seal_upload_header_build("a", 0, 1, NULL, 0, &b);
	seal_buf_put_u16(&b, 0);
	seal_buf_put_u8(&b, 64);
	assert_int_equal(feed_all(0, b.data, b.len), SEAL_E_FORMAT);
	seal_buf_fini(&b);
}

static void large_packages_meet_the_limit(void **state)
{
	static const uint8_t zeroes[65535];
	struct seal_buf b = SEAL_BUF_INIT;
	int i;

	(void)state;
	seal_upload_header_build("a", 0, 256, NULL, 0, &b);
	for (i = 0; i < 256; i++)
		seal_upload_entry_build(zeroes, sizeof(zeroes), &b);
	seal_buf_put_u8(&b, 63);
	seal_buf_put_zero(&b, 63 * 32);
	assert_int_equal(seal_buf_error(&b), 0);
	assert_int_equal(feed_all(0, b.data, b.len), 0);
	assert_int_equal(feed_all(SEAL_PACKAGE_BYTES_MAX, b.data, b.len), 0);
	assert_int_equal(feed_all(1024 * 1024, b.data, b.len), SEAL_E_TOOBIG);
	seal_buf_fini(&b);
}

static int oom_work(void *arg)
{
	static const uint8_t zeroes[1000];
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_upload *up = NULL;
	enum seal_upload_event event = SEAL_UPLOAD_MORE;
	size_t used, off = 0;
	int rc;

	(void)arg;
	rc = seal_upload_header_build("a", 0, 1, zeroes, 1000, &b);
	if (!rc)
		rc = seal_upload_entry_build(zeroes, 1000, &b);
	if (!rc)
		rc = seal_upload_proof_build(&(struct seal_proof){0}, &b);
	if (!rc)
		rc = seal_upload_new(0, &up);
	while (!rc && event != SEAL_UPLOAD_DONE) {
		rc = seal_upload_feed(up, b.data + off, b.len - off, &used,
				      &event, NULL);
		off += used;
	}
	seal_upload_free(up);
	seal_buf_fini(&b);
	return rc;
}

static void out_of_memory_is_told(void **state)
{
	(void)state;
	oom_every(oom_work, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_request_is_read),
		cmocka_unit_test(the_specification_shows_it),
		cmocka_unit_test(intervals_cover_exactly),
		cmocka_unit_test(every_range_verifies),
		cmocka_unit_test(chunks_of_any_size_are_alike),
		cmocka_unit_test(truncated_bodies_give_whole_packages_only),
		cmocka_unit_test(flipped_bits_never_verify),
		cmocka_unit_test(bad_headers_and_lengths_are_refused),
		cmocka_unit_test(large_packages_meet_the_limit),
		cmocka_unit_test(out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, tree_setup, tree_teardown);
}
