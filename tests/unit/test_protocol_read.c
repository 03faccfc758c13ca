/* SPDX-License-Identifier: Apache-2.0 */
/* Tile paths, bundles, tlog-proofs: strict both ways. */
#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/tree.h"
#include "protocol/tile.h"
#include "protocol/tlog_proof.h"
#include "tests/lib/oom.h"
#include "tests/lib/testdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN "tests/golden/c2sp/"

static const struct {
	struct seal_resource r;
	const char *path;
} good[] = {
	{{SEAL_RESOURCE_CHECKPOINT, 0, 0, 256}, "checkpoint"},
	{{SEAL_RESOURCE_TILE, 0, 0, 256}, "tile/0/000"},
	{{SEAL_RESOURCE_TILE, 63, 999, 256}, "tile/63/999"},
	{{SEAL_RESOURCE_TILE, 1, 1000, 1}, "tile/1/x001/000.p/1"},
	{{SEAL_RESOURCE_TILE, 0, 1234067, 256}, "tile/0/x001/x234/067"},
	{{SEAL_RESOURCE_ENTRIES, 0, 1234067, 255},
	 "tile/entries/x001/x234/067.p/255"},
	{{SEAL_RESOURCE_ENTRIES, 0, INT64_MAX, 10},
	 "tile/entries/x009/x223/x372/x036/x854/x775/807.p/10"},
};

static void paths_are_written_and_read(void **state)
{
	char path[SEAL_RESOURCE_PATH_BYTES];
	struct seal_resource r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(seal_resource_path(&good[i].r, path), 0);
		assert_string_equal(path, good[i].path);
		assert_int_equal(seal_resource_parse(path, strlen(path), &r),
				 0);
		assert_int_equal(r.kind, good[i].r.kind);
		assert_int_equal(r.level, good[i].r.level);
		assert_true(r.number == good[i].r.number);
		assert_int_equal(r.width, good[i].r.width);
	}
}

static void other_paths_are_not_found(void **state)
{
	static const char *const bad[] = {
		"",
		"/",
		"checkpoint/",
		"/checkpoint",
		"checkpoint2",
		"Checkpoint",
		"tile",
		"tile/",
		"tile/0",
		"tile/0/",
		"tile/00/000",
		"tile/64/000",
		"tile/-1/000",
		"tile//000",
		"tile/0/0",
		"tile/0/0000",
		"tile/0/x000/000",
		"tile/0/x001",
		"tile/0/x001/",
		"tile/0/001/000",
		"tile/0/x1/000",
		"tile/0/000/",
		"tile/0/000.p",
		"tile/0/000.p/",
		"tile/0/000.p/0",
		"tile/0/000.p/01",
		"tile/0/000.p/256",
		"tile/0/000.p/1/",
		"tile/0/000.P/1",
		"tile/0/../000",
		"tile/0/%30%30%30",
		"tile/entries",
		"tile/entries/0/000",
		"tile/entries/00a",
		"tile/0/x009/x223/x372/x036/x854/x775/808",
		"tile/0/x999/x999/x999/x999/x999/x999/x999/999",
	};
	char long_path[4096];
	struct seal_resource r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(
			seal_resource_parse(bad[i], strlen(bad[i]), &r),
			SEAL_E_NOTFOUND);
	memset(long_path, 'x', sizeof(long_path));
	memcpy(long_path, "tile/0/", 7);
	assert_int_equal(seal_resource_parse(long_path, sizeof(long_path), &r),
			 SEAL_E_NOTFOUND);
	assert_int_equal(seal_resource_parse("tile/0/000\0", 11, &r),
			 SEAL_E_NOTFOUND);
}

static void flipped_paths_are_canonical(void **state)
{
	char path[SEAL_RESOURCE_PATH_BYTES], again[SEAL_RESOURCE_PATH_BYTES];
	struct seal_resource r;
	size_t i, b, len;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		strcpy(path, good[i].path);
		len = strlen(path);
		for (b = 0; b < len * 8; b++) {
			path[b / 8] ^= (char)(1 << b % 8);
			if (!seal_resource_parse(path, len, &r)) {
				assert_int_equal(seal_resource_path(&r, again),
						 0);
				assert_memory_equal(again, path, len);
				assert_int_equal(strlen(again), len);
			}
			path[b / 8] ^= (char)(1 << b % 8);
		}
		/* A cut partial path may name the full tile; that is a path. */
		for (b = 0; b < len; b++)
			if (!seal_resource_parse(path, b, &r))
				assert_int_equal(
					r.kind == SEAL_RESOURCE_TILE ||
						r.kind == SEAL_RESOURCE_ENTRIES,
					1);
	}
}

static void widths_are_those_of_the_specification(void **state)
{
	(void)state;
	/* The example of tlog-tiles. */
	assert_int_equal(seal_tile_width(70000, 0, 272), 256);
	assert_int_equal(seal_tile_width(70000, 0, 273), 112);
	assert_int_equal(seal_tile_width(70000, 0, 274), 0);
	assert_int_equal(seal_tile_width(70000, 1, 0), 256);
	assert_int_equal(seal_tile_width(70000, 1, 1), 17);
	assert_int_equal(seal_tile_width(70000, 2, 0), 1);
	assert_int_equal(seal_tile_width(70000, 3, 0), 0);
	assert_int_equal(seal_tile_width(256, 0, 0), 256);
	assert_int_equal(seal_tile_width(256, 0, 1), 0);
	assert_int_equal(seal_tile_width(256, 1, 0), 1);
	assert_int_equal(seal_tile_width(0, 0, 0), 0);
	assert_int_equal(seal_tile_width(INT64_MAX, 8, 0), 0);
	assert_int_equal(seal_tile_width(INT64_MAX, 63, 0), 0);
}

static void origin_hash_is_known(void **state)
{
	char hex[SEAL_ORIGIN_HASH_BYTES];

	(void)state;
	/* printf abc | sha256sum */
	assert_int_equal(seal_origin_hash("abc", hex), 0);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177"
				 "a9cb410ff61f20015ad");
}

static void bundles_are_exact(void **state)
{
	static const uint8_t bytes[] = {0, 2, 'a', 'b', 0, 0, 0, 1, 'c'};
	struct seal_bundle bundle;
	size_t cut, n;

	(void)state;
	assert_int_equal(seal_bundle_parse(bytes, 9, 3, &bundle, NULL), 0);
	assert_int_equal(bundle.entries, 3);
	assert_int_equal(bundle.entry_bytes[0], 2);
	assert_int_equal(bundle.entry_bytes[1], 0);
	assert_memory_equal(bundle.entry[2], "c", 1);
	for (n = 1; n <= 4; n++)
		for (cut = 0; cut <= 9; cut++)
			if (cut != 9 || n != 3)
				assert_int_equal(!seal_bundle_parse(bytes, cut,
								    n, &bundle,
								    NULL),
						 (cut == 4 && n == 1) ||
							 (cut == 6 && n == 2));
	assert_int_equal(seal_bundle_parse(bytes, 9, 0, &bundle, NULL),
			 SEAL_E_ARG);
	assert_int_equal(seal_bundle_parse(bytes, 9, 257, &bundle, NULL),
			 SEAL_E_ARG);
}

/* ---- tlog-proof ---- */

static void golden_proof_is_read(void **state)
{
	struct seal_tlog_proof p;
	struct seal_checkpoint cp;
	struct seal_note note;
	struct seal_hash leaf;
	struct seal_buf again = SEAL_BUF_INIT;
	size_t len, records_len;
	uint8_t *text = test_file_read(GOLDEN "rec2.tlog-proof", &len);
	uint8_t *records =
		test_file_read(GOLDEN "records.ndjson", &records_len);
	const char *line = strchr(strchr((char *)records, '\n') + 1, '\n') + 1;

	(void)state;
	assert_int_equal(seal_tlog_proof_parse(text, len, &p, NULL, NULL), 0);
	assert_int_equal(p.index, 2);
	assert_int_equal(seal_checkpoint_parse_note(p.note, p.note_bytes, &note,
						    &cp, NULL),
			 0);
	assert_int_equal(seal_leaf_hash(line, strcspn(line, "\n"), &leaf), 0);
	assert_int_equal(seal_proof_check_inclusion(2, &leaf, cp.size, &cp.root,
						    p.proof.hash, p.proof.n),
			 0);
	assert_int_equal(seal_tlog_proof_build(NULL, 0, 2, &p.proof, p.note,
					       p.note_bytes, &again),
			 0);
	assert_int_equal(again.len, len);
	assert_memory_equal(again.data, text, len);
	seal_buf_fini(&again);
	free(records);
	free(text);
}

static void check_proof(const uint8_t *text, size_t len)
{
	struct seal_tlog_proof p;
	struct seal_buf extra = SEAL_BUF_INIT, again = SEAL_BUF_INIT;

	if (!seal_tlog_proof_parse(text, len, &p, &extra, NULL)) {
		assert_int_equal(seal_tlog_proof_build(extra.data, extra.len,
						       p.index, &p.proof,
						       p.note, p.note_bytes,
						       &again),
				 0);
		assert_int_equal(again.len, len);
		assert_memory_equal(again.data, text, len);
	}
	seal_buf_fini(&again);
	seal_buf_fini(&extra);
}

static void damaged_proofs_are_refused_or_canonical(void **state)
{
	static const uint8_t extra[] = "age-v1.2.1-darwin-arm64.tar.gz";
	struct seal_proof proof = {.n = 3};
	struct seal_tlog_proof p;
	struct seal_buf b = SEAL_BUF_INIT, got = SEAL_BUF_INIT;
	size_t i;

	(void)state;
	assert_int_equal(seal_tlog_proof_build(extra, sizeof(extra), 73894,
					       &proof, (const uint8_t *)"N", 1,
					       &b),
			 0);
	assert_int_equal(seal_tlog_proof_parse(b.data, b.len, &p, &got, NULL),
			 0);
	assert_int_equal(p.index, 73894);
	assert_int_equal(got.len, sizeof(extra));
	assert_memory_equal(got.data, extra, sizeof(extra));
	for (i = 0; i < b.len; i++)
		assert_int_equal(
			seal_tlog_proof_parse(b.data, i, &p, NULL, NULL),
			SEAL_E_FORMAT);
	for (i = 0; i < b.len * 8; i++) {
		b.data[i / 8] ^= (uint8_t)(1 << i % 8);
		check_proof(b.data, b.len);
		b.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	seal_buf_fini(&got);
	seal_buf_fini(&b);
}

static void proofs_have_limits(void **state)
{
	struct seal_proof proof = {.n = 64};
	struct seal_buf b = SEAL_BUF_INIT;
	uint8_t *extra = calloc(1, SEAL_TLOG_PROOF_EXTRA_BYTES_MAX + 1);
	const uint8_t note[] = "n";

	(void)state;
	assert_int_equal(seal_tlog_proof_build(NULL, 0, 1, &proof, note, 1, &b),
			 SEAL_E_TOOBIG);
	proof.n = 63;
	assert_int_equal(seal_tlog_proof_build(NULL, 0, 1, &proof, note, 0, &b),
			 SEAL_E_ARG);
	assert_int_equal(seal_tlog_proof_build(note, 0, 1, &proof, note, 1, &b),
			 SEAL_E_ARG);
	assert_int_equal(seal_tlog_proof_build(
				 extra, SEAL_TLOG_PROOF_EXTRA_BYTES_MAX + 1, 1,
				 &proof, note, 1, &b),
			 SEAL_E_TOOBIG);
	assert_int_equal(seal_tlog_proof_build(extra,
					       SEAL_TLOG_PROOF_EXTRA_BYTES_MAX,
					       1, &proof, note, 1, &b),
			 0);
	check_proof(b.data, b.len);
	seal_buf_fini(&b);
	free(extra);
}

static int oom_work(void *arg)
{
	struct seal_proof proof = {.n = 2};
	struct seal_tlog_proof p;
	struct seal_buf b = SEAL_BUF_INIT, extra = SEAL_BUF_INIT;
	int rc = seal_tlog_proof_build((const uint8_t *)"xyz", 3, 1, &proof,
				       (const uint8_t *)"n", 1, &b);

	(void)arg;
	if (!rc)
		rc = seal_tlog_proof_parse(b.data, b.len, &p, &extra, NULL);
	seal_buf_fini(&b);
	seal_buf_fini(&extra);
	return rc;
}

static void out_of_memory_is_told(void **state)
{
	(void)state;
	oom_every(oom_work, NULL);
}

static int setup(void **state)
{
	(void)state;
	return seal_crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_written_and_read),
		cmocka_unit_test(other_paths_are_not_found),
		cmocka_unit_test(flipped_paths_are_canonical),
		cmocka_unit_test(widths_are_those_of_the_specification),
		cmocka_unit_test(origin_hash_is_known),
		cmocka_unit_test(bundles_are_exact),
		cmocka_unit_test(golden_proof_is_read),
		cmocka_unit_test(damaged_proofs_are_refused_or_canonical),
		cmocka_unit_test(proofs_have_limits),
		cmocka_unit_test(out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
