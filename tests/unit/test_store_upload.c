/* SPDX-License-Identifier: Apache-2.0 */
/*
 * add-entries and the read side of the store, without its HTTP server.  C2SP
 * tlog-mirror "add-entries" and tlog-tiles, a case each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/upload.h"
#include "tests/lib/testhost.h"
#include "tests/lib/teststore.h"

#define ORIGIN "web01.example.com/audit"
#define COUNT  1500

static int with_host_of(void **state, size_t count, size_t length_max)
{
	struct test_store *t = test_store_make("store.example/mirror", NULL);

	test_host_make(&t->host, ORIGIN, count, length_max, 1);
	test_store_trust(t, &t->host);
	*state = t;
	return 0;
}

static int with_host(void **state)
{
	return with_host_of(state, COUNT, 300);
}

static int with_long_host(void **state)
{
	return with_host_of(state, 66000, 20);
}

static int with_two_requests(void **state)
{
	return with_host_of(state, 16640, 20);
}

static int with_big_entries(void **state)
{
	return with_host_of(state, 300, 65535);
}

static int done(void **state)
{
	test_store_free(*state);
	return 0;
}

static void sizes_of_all_kinds(void **state)
{
	static const size_t sizes[] = {1,   2,	 255, 256,  257,  511,
				       600, 768, 769, 1025, COUNT};
	struct test_store *t = *state;
	size_t i, size = 0;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		test_store_advance(t, size, sizes[i]);
		test_store_receipt(t, sizes[i], size);
		size = sizes[i];
		test_store_whole(t, size);
		if (i % 3 == 0)
			test_store_reopen(t);
	}
}

static void a_long_log(void **state)
{
	struct test_store *t = *state;
	size_t next;

	test_store_advance(t, 0, 66000);
	for (next = 0; next + 8192 < 66000; next += 8192) {
		test_store_upload(t, next, 66000, 32, 202);
		test_store_says(t, 66000, next + 8192);
	}
	test_store_reopen(t);
	test_store_receipt(t, 66000, next);
	test_store_whole(t, 66000);
}

/* 256 entries of up to 64 KB: a package of 8 MiB, flushed by its size. */
static void big_entries(void **state)
{
	struct test_store *t = *state;

	test_store_advance(t, 0, 299);
	test_store_receipt(t, 299, 0);
	test_store_whole(t, 299);
}

static void before_any_checkpoint(void **state)
{
	test_store_upload(*state, 0, 7, 9, 422);
}

static void wrong_intervals(void **state)
{
	struct test_store *t = *state;

	test_store_advance(t, 0, 300);
	test_store_upload(t, 0, 299, 9, 409);
	test_store_says(t, 300, 0);
	test_store_upload(t, 1, 300, 9, 409);
	test_store_says(t, 300, 0);
	test_store_upload(t, 0, 301, 9, 409);
	test_store_says(t, 300, 0);
	test_store_receipt(t, 300, 0);
	test_store_advance(t, 300, 700);
	test_store_upload(t, 301, 700, 9, 409);
	test_store_says(t, 700, 300);
	test_store_receipt(t, 700, 0);
}

static void too_much_again(void **state)
{
	struct test_store *t = *state;
	size_t next;

	test_store_advance(t, 0, 16640);
	for (next = 0; next < 16384; next += 8192)
		test_store_upload(t, next, 16640, 32, 202);
	test_store_upload(t, 8192, 16640, 32, 202);
	test_store_says(t, 16640, 16384);
	test_store_upload(t, 8191, 16640, 1, 409);
	test_store_says(t, 16640, 16384);
}

static void prefixes(void **state)
{
	struct test_store *t = *state;

	test_store_advance(t, 0, 700);
	test_store_upload(t, 0, 700, 0, 400);
	test_store_upload(t, 0, 700, 1, 202);
	test_store_says(t, 700, 256);
	test_store_reopen(t);
	test_store_upload(t, 100, 700, 2, 202);
	test_store_says(t, 700, 512);
	test_store_receipt(t, 700, 512);
	test_store_whole(t, 700);
}

/* A body that stops anywhere: what was whole is saved, the rest is asked for.
 */
static void broken_off_anywhere(void **state)
{
	struct test_store *t = *state;
	struct seal_buf body = SEAL_BUF_INIT, one = SEAL_BUF_INIT;
	size_t whole, first, cut;

	test_store_advance(t, 0, 400);
	test_host_add_entries(&t->host, 0, 400, 1, &one);
	test_host_add_entries(&t->host, 0, 400, 9, &body);
	whole = body.len;
	first = one.len;
	for (cut = 0; cut < first; cut += 997) {
		body.len = cut;
		test_store_entries(t, &body, 400);
	}
	for (cut = first; cut < whole; cut += 997) {
		body.len = cut;
		test_store_entries(t, &body, 202);
		test_store_says(t, 400, 256);
	}
	body.len = whole;
	test_store_entries_as(t, &body, true, 100, 200);
	test_store_whole(t, 400);
	seal_buf_fini(&body);
	seal_buf_fini(&one);
}

static void bytes_behind_the_end(void **state)
{
	struct test_store *t = *state;
	struct seal_buf body = SEAL_BUF_INIT;

	test_store_advance(t, 0, 9);
	test_host_add_entries(&t->host, 0, 9, 9, &body);
	seal_buf_put_u8(&body, 0);
	test_store_entries(t, &body, 400);
	seal_buf_fini(&body);
}

/* Each bit pattern of a small upload, changed: never a receipt. */
static void damaged_anywhere(void **state)
{
	struct test_store *t = *state;
	struct seal_buf body = SEAL_BUF_INIT;
	struct upload *up;
	size_t i;

	test_store_advance(t, 0, 5);
	test_store_advance(t, 5, 600);
	test_store_receipt(t, 5, 0);
	test_host_add_entries(&t->host, 5, 12, 9, &body);
	test_store_advance(t, 600, 700);
	seal_buf_reset(&body);
	test_host_add_entries(&t->host, 5, 600, 1, &body);
	for (i = 0; i < body.len; i += i < 64 ? 1 : 101) {
		body.data[i] ^= 1;
		reply_fini(&t->reply);
		assert_int_equal(upload_new(t->store, &t->writer, false, &up),
				 0);
		upload_feed(up, body.data, body.len, &t->reply);
		upload_end(up, &t->reply);
		upload_free(up);
		assert_in_range(t->reply.status, 400, 422);
		body.data[i] ^= 1;
	}
	test_store_entries(t, &body, 202);
	test_store_says(t, 600, 256);
	test_store_receipt(t, 700, 256);
	test_store_whole(t, 700);
	seal_buf_fini(&body);
}

static void a_bad_package_behind_good_ones(void **state)
{
	struct test_store *t = *state;
	struct seal_buf body = SEAL_BUF_INIT, two = SEAL_BUF_INIT;

	test_store_advance(t, 0, 900);
	test_host_add_entries(&t->host, 0, 900, 2, &two);
	test_host_add_entries(&t->host, 0, 900, 9, &body);
	body.data[two.len + 50] ^= 1;
	test_store_entries(t, &body, 422);
	test_store_upload(t, 512, 900, 1, 202);
	test_store_says(t, 900, 768);
	test_store_receipt(t, 900, 768);
	seal_buf_fini(&body);
	seal_buf_fini(&two);
}

static void several_pending_checkpoints(void **state)
{
	struct test_store *t = *state;

	test_store_advance(t, 0, 300);
	test_store_advance(t, 300, 600);
	test_store_advance(t, 600, 900);
	test_store_upload(t, 0, 600, 1, 202);
	test_store_says(t, 600, 256);
	test_store_receipt(t, 600, 256);
	test_store_whole(t, 600);
	test_store_upload(t, 0, 300, 9, 409);
	test_store_says(t, 900, 600);
	test_store_receipt(t, 600, 600);
	test_store_receipt(t, 900, 600);
	test_store_upload(t, 600, 600, 9, 409);
	test_store_says(t, 900, 900);
}

static void a_lost_receipt_again(void **state)
{
	struct test_store *t = *state;

	test_store_advance(t, 0, 300);
	test_store_receipt(t, 300, 0);
	test_store_reopen(t);
	t->now_s += 60;
	test_store_receipt(t, 300, 300);
	t->now_s -= 120; /* a clock set back makes no receipt older */
	test_store_reopen(t);
	test_store_receipt(t, 300, 300);
	test_store_receipt(t, 300, 290);
}

static void compressed_in_any_pieces(void **state)
{
	static const size_t pieces[] = {1, 13, 4096, 1 << 20};
	struct test_store *t = *state;
	struct seal_buf body = SEAL_BUF_INIT;
	size_t i, size = 0;

	for (i = 0; i < 4; i++) {
		test_store_advance(t, size, size + 300);
		seal_buf_reset(&body);
		test_host_add_entries(&t->host, size, size + 300, 9, &body);
		size += 300;
		test_store_entries_as(t, &body, i % 2 == 0, pieces[i], 200);
	}
	test_store_whole(t, size);
	seal_buf_fini(&body);
}

static void feed(struct test_store *t, const struct seal_buf *body,
		 unsigned status)
{
	struct upload *up;

	reply_fini(&t->reply);
	assert_int_equal(upload_new(t->store, &t->writer, true, &up), 0);
	upload_feed(up, body->data, body->len, &t->reply);
	upload_end(up, &t->reply);
	upload_free(up);
	assert_int_equal(t->reply.status, status);
}

static void bad_compression(void **state)
{
	struct test_store *t = *state;
	struct seal_buf body = SEAL_BUF_INIT, packed = SEAL_BUF_INIT;
	struct seal_buf zeros = SEAL_BUF_INIT;

	test_store_advance(t, 0, 400);
	test_host_add_entries(&t->host, 0, 400, 9, &body);
	feed(t, &body, 400); /* is not gzip at all */
	test_gzip(&body, &packed);
	packed.len -= 5; /* the checksum is missing: all entries are there */
	feed(t, &packed, 200);
	/* Zeros without end: entries of no bytes, proven by nothing. */
	test_store_advance(t, 400, 900);
	seal_buf_put_zero(&zeros, 64 << 20);
	seal_buf_reset(&packed);
	seal_buf_reset(&body);
	test_host_add_entries(&t->host, 400, 900, 0, &body);
	seal_buf_put_buf(&body, &zeros);
	test_gzip(&body, &packed);
	assert_true(packed.len < 1000000);
	feed(t, &packed, 422);
	seal_buf_fini(&body);
	seal_buf_fini(&packed);
	seal_buf_fini(&zeros);
}

/* Two clients upload the same entries, byte by byte in turn. */
static void two_uploads_at_once(void **state)
{
	struct test_store *t = *state;
	struct seal_buf one = SEAL_BUF_INIT, two = SEAL_BUF_INIT;
	struct reply other = {0};
	struct upload *a, *b;
	size_t i;

	test_store_advance(t, 0, 300);
	test_store_advance(t, 300, 700);
	test_host_add_entries(&t->host, 0, 300, 9, &one);
	test_host_add_entries(&t->host, 0, 700, 9, &two);
	reply_fini(&t->reply);
	assert_int_equal(upload_new(t->store, &t->writer, false, &a), 0);
	assert_int_equal(upload_new(t->store, &t->writer, false, &b), 0);
	for (i = 0; i < one.len || i < two.len; i++) {
		if (i < one.len)
			upload_feed(a, one.data + i, 1, &t->reply);
		if (i < two.len)
			upload_feed(b, two.data + i, 1, &other);
	}
	upload_end(b, &other);
	assert_int_equal(other.status, 200);
	upload_end(a, &t->reply); /* behind what is vouched for by now */
	assert_int_equal(t->reply.status, 409);
	test_store_says(t, 700, 700);
	upload_free(a);
	upload_free(b);
	reply_fini(&other);
	test_store_whole(t, 700);
	seal_buf_fini(&one);
	seal_buf_fini(&two);
}

int main(void)
{
#define WITH(setup, test) cmocka_unit_test_setup_teardown(test, setup, done)
	const struct CMUnitTest tests[] = {
		WITH(with_host, sizes_of_all_kinds),
		WITH(with_long_host, a_long_log),
		WITH(with_big_entries, big_entries),
		WITH(with_host, before_any_checkpoint),
		WITH(with_host, wrong_intervals),
		WITH(with_two_requests, too_much_again),
		WITH(with_host, prefixes),
		WITH(with_host, broken_off_anywhere),
		WITH(with_host, bytes_behind_the_end),
		WITH(with_host, damaged_anywhere),
		WITH(with_host, a_bad_package_behind_good_ones),
		WITH(with_host, several_pending_checkpoints),
		WITH(with_host, a_lost_receipt_again),
		WITH(with_host, compressed_in_any_pieces),
		WITH(with_host, bad_compression),
		WITH(with_host, two_uploads_at_once),
	};

	if (seal_crypto_init(NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
