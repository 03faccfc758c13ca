/* SPDX-License-Identifier: Apache-2.0 */
/* gzip both ways: any chunks, bombs, damage. */
#include "core/buf.h"
#include "protocol/gzip.h"
#include "tests/lib/testdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Compresses in chunks of in_chunk and out_chunk bytes. */
static void pack(struct seal_gzip *gzip, const uint8_t *data, size_t len,
		 size_t in_chunk, size_t out_chunk, struct seal_buf *ret)
{
	uint8_t out[512];
	const uint8_t *p = data;
	size_t off = 0, n, left, written;
	bool done = false;

	while (!done) {
		n = len - off < in_chunk ? len - off : in_chunk;
		p = data + off;
		left = n;
		assert_int_equal(seal_gzip_step(gzip, &p, &left, off + n == len,
						out, out_chunk, &written,
						&done),
				 0);
		off += n - left;
		seal_buf_put(ret, out, written);
	}
	assert_int_equal(off, len);
}

/* 0 with the decompressed bytes and whether the member ended, or the error. */
static int unpack(const uint8_t *data, size_t len, size_t in_chunk,
		  size_t out_chunk, uint64_t max, struct seal_buf *ret,
		  bool *ret_done)
{
	uint8_t out[512];
	struct seal_gunzip *gunzip;
	const uint8_t *p;
	size_t off = 0, n, left, written;
	int rc = 0;

	*ret_done = false;
	assert_int_equal(seal_gunzip_new(max, &gunzip), 0);
	while (off < len && !rc) {
		n = len - off < in_chunk ? len - off : in_chunk;
		p = data + off;
		left = n;
		do {
			rc = seal_gunzip_step(gunzip, &p, &left, out, out_chunk,
					      &written, ret_done);
			if (!rc)
				seal_buf_put(ret, out, written);
		} while (!rc && (left || written == out_chunk) && !*ret_done);
		off += n;
		if (!rc && *ret_done && off < len) {
			p = data + off;
			left = len - off;
			rc = seal_gunzip_step(gunzip, &p, &left, out, out_chunk,
					      &written, ret_done);
		}
	}
	seal_gunzip_free(gunzip);
	return rc;
}

static void round_trips_in_any_chunks(void **state)
{
	static const size_t chunk[] = {1, 7, 100, 512};
	struct seal_gzip *gzip;
	struct seal_buf packed = SEAL_BUF_INIT, got = SEAL_BUF_INIT;
	size_t len, i, k;
	bool done;
	uint8_t *text = test_file_read("LICENSE", &len);

	(void)state;
	assert_int_equal(seal_gzip_new(&gzip), 0);
	for (i = 0; i < 4; i++) {
		for (k = 0; k < 4; k++) {
			seal_buf_reset(&packed);
			seal_buf_reset(&got);
			assert_int_equal(seal_gzip_reset(gzip), 0);
			pack(gzip, text, len, chunk[i], chunk[k], &packed);
			assert_true(packed.len < len / 2);
			assert_int_equal(unpack(packed.data, packed.len,
						chunk[k], chunk[i], len, &got,
						&done),
					 0);
			assert_true(done);
			assert_int_equal(got.len, len);
			assert_memory_equal(got.data, text, len);
		}
	}
	seal_buf_reset(&packed);
	seal_buf_reset(&got);
	seal_gzip_reset(gzip);
	pack(gzip, text, 0, 1, 512, &packed);
	assert_int_equal(unpack(packed.data, packed.len, 1, 1, 0, &got, &done),
			 0);
	assert_true(done);
	assert_int_equal(got.len, 0);
	seal_gzip_free(gzip);
	seal_buf_fini(&packed);
	seal_buf_fini(&got);
	free(text);
}

static void bombs_end_at_the_limit(void **state)
{
	struct seal_gzip *gzip;
	struct seal_buf packed = SEAL_BUF_INIT, got = SEAL_BUF_INIT;
	uint8_t *zeroes = calloc(1, 1000000);
	bool done;

	(void)state;
	assert_int_equal(seal_gzip_new(&gzip), 0);
	pack(gzip, zeroes, 1000000, 65536, 512, &packed);
	assert_true(packed.len < 10000);
	assert_int_equal(
		unpack(packed.data, packed.len, 512, 512, 1000000, &got, &done),
		0);
	assert_true(done);
	seal_buf_reset(&got);
	assert_int_equal(
		unpack(packed.data, packed.len, 512, 512, 999999, &got, &done),
		SEAL_E_TOOBIG);
	seal_buf_reset(&got);
	assert_int_equal(
		unpack(packed.data, packed.len, 512, 512, 0, &got, &done),
		SEAL_E_TOOBIG);
	assert_int_equal(got.len, 0);
	seal_gzip_free(gzip);
	seal_buf_fini(&packed);
	seal_buf_fini(&got);
	free(zeroes);
}

static void damage_is_never_taken_for_whole(void **state)
{
	static const uint8_t text[] = "what is hashed is what is stored, what "
				      "is stored is what is sent";
	struct seal_gzip *gzip;
	struct seal_buf packed = SEAL_BUF_INIT, got = SEAL_BUF_INIT;
	size_t i;
	bool done;
	int rc;

	(void)state;
	assert_int_equal(seal_gzip_new(&gzip), 0);
	pack(gzip, text, sizeof(text), 512, 512, &packed);
	for (i = 0; i < packed.len; i++) {
		seal_buf_reset(&got);
		rc = unpack(packed.data, i, 512, 512, 1000, &got, &done);
		assert_true(rc == 0 && !done);
	}
	for (i = 0; i < packed.len * 8; i++) {
		seal_buf_reset(&got);
		packed.data[i / 8] ^= (uint8_t)(1 << i % 8);
		rc = unpack(packed.data, packed.len, 512, 512, 1000, &got,
			    &done);
		/* Bits of the header that mean nothing (time, system). */
		if (!rc && done) {
			assert_int_equal(got.len, sizeof(text));
			assert_memory_equal(got.data, text, sizeof(text));
		}
		packed.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	seal_buf_put_u8(&packed, 0);
	seal_buf_reset(&got);
	assert_int_equal(
		unpack(packed.data, packed.len, 512, 512, 1000, &got, &done),
		SEAL_E_FORMAT);
	seal_buf_reset(&got);
	assert_int_equal(
		unpack(packed.data, packed.len, 1, 1, 1000, &got, &done),
		SEAL_E_FORMAT);
	assert_int_equal(
		unpack((const uint8_t *)"not gzip", 8, 8, 8, 1000, &got, &done),
		SEAL_E_FORMAT);
	seal_gzip_free(gzip);
	seal_buf_fini(&packed);
	seal_buf_fini(&got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips_in_any_chunks),
		cmocka_unit_test(bombs_end_at_the_limit),
		cmocka_unit_test(damage_is_never_taken_for_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
