/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mistakes that writers and senders of others have made, each as a case that
 * ours must withstand: format.md 7.  As test_peers.c, with peers.txt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gcrypt.h>

#include "core/checkpoint.h"
#include "tests/lib/forward_bench.h"
#include "tests/lib/spool_fixture.h"
#include "tests/lib/testlog.h"

#define SEG0	  "/s/00000000000000000000.seg"
#define KEYS	  "/k/epoch"
#define SEED_AT	  24 /* in a key slot: docs/spec/spool.md 8 */
#define SEED_LEN  32
#define SIZE_TYPE "text/x.tlog.size"

/* ---- what is looked at on the way ---- */

static bool no_signature; /* of a checkpoint */
static int weakest = 99;  /* level of randomness that was asked for */
static uint8_t drawn[SEED_LEN];
static const void *freed; /* which memory to look at when it is given back */
static uint8_t secret[SEED_LEN];
static bool secret_left;

int __real_seal_checkpoint_sign(const struct seal_checkpoint *cp,
				const struct seal_key *key,
				uint8_t ret_signature[64]);
int __wrap_seal_checkpoint_sign(const struct seal_checkpoint *cp,
				const struct seal_key *key,
				uint8_t ret_signature[64]);
void __real_gcry_randomize(void *bytes, size_t len,
			   enum gcry_random_level level);
void __wrap_gcry_randomize(void *bytes, size_t len,
			   enum gcry_random_level level);
void __real_gcry_create_nonce(void *bytes, size_t len);
void __wrap_gcry_create_nonce(void *bytes, size_t len);
void __real_gcry_free(void *mem);
void __wrap_gcry_free(void *mem);

int __wrap_seal_checkpoint_sign(const struct seal_checkpoint *cp,
				const struct seal_key *key,
				uint8_t ret_signature[64])
{
	return no_signature
		       ? SEAL_E_CRYPTO
		       : __real_seal_checkpoint_sign(cp, key, ret_signature);
}

static void look_at(const void *bytes, size_t len, int level)
{
	weakest = level < weakest ? level : weakest;
	if (len == sizeof(drawn))
		memcpy(drawn, bytes, len);
}

void __wrap_gcry_randomize(void *bytes, size_t len,
			   enum gcry_random_level level)
{
	__real_gcry_randomize(bytes, len, level);
	look_at(bytes, len, (int)level);
}

void __wrap_gcry_create_nonce(void *bytes, size_t len)
{
	__real_gcry_create_nonce(bytes, len);
	look_at(bytes, len, GCRY_WEAK_RANDOM);
}

/* A seed stands at the beginning of what holds it. */
void __wrap_gcry_free(void *mem)
{
	if (mem && mem == freed)
		secret_left = !memcmp(mem, secret, sizeof(secret));
	__real_gcry_free(mem);
}

/* ---- logs ---- */

static void refused(struct fixture *f, int code, const char *word)
{
	struct seal_spool *sp = NULL;
	int rc = fixture_try(f, &sp);

	if (rc != code || !strstr(f->diag.text, word))
		fail_msg("%d instead of %d, %s: %s", rc, code, word,
			 f->diag.text);
}

/* Three commits, then the power button. */
static void make_log(struct fixture *f)
{
	struct seal_spool *sp = fixture_open(f);

	fixture_commit(sp, "one", 3);
	fixture_commit(sp, "two", 3);
	fixture_commit(sp, "three", 3);
	fixture_crash(f, sp, false, 0);
}

/* One behind the n-th head of the first segment. */
static uint64_t behind_head(struct fixture *f, unsigned n)
{
	const uint8_t *b = memio_data(f->m, SEG0, NULL);
	uint64_t at = (uint64_t)b[8] << 8 | b[9], len;

	for (;; at += 3 + len + 4) {
		len = (uint64_t)b[at] << 16 | (uint64_t)b[at + 1] << 8 |
		      b[at + 2];
		assert_true(len);
		if (b[at + 3] == SEAL_KIND_OTHER &&
		    b[at + 4] == SEAL_FRAME_HEAD && !--n)
			return at + 3 + len + 4;
	}
}

/* ---- syslog-ng ---- */

/* What cannot be sealed is not written and not acknowledged. */
static void a_writer_fails_open(void **state)
{
	struct fixture *f = *state;
	struct seal_spool *sp = fixture_open(f);
	struct fixture_log log;
	int rc;

	fixture_commit(sp, "sealed", 1);
	no_signature = true;
	rc = fixture_commit_try(sp, "not sealed", 1, NULL);
	no_signature = false;
	assert_int_not_equal(rc, 0);
	fixture_commit(sp, "sealed again", 1);
	fixture_close(f, sp);
	assert_int_equal(fixture_count(f, "not sealed"), 0);
	fixture_check(f, &log);
}

static void a_key_is_left_on_the_disk(void **state)
{
	struct fixture *f = *state;
	uint8_t seed[SEED_LEN], *data;
	struct seal_spool *sp;
	uint64_t size, at;

	memcpy(seed, memio_data(f->m, KEYS, NULL) + SEED_AT, sizeof(seed));
	sp = fixture_open(f);
	fixture_commit(sp, "record", 9);
	fixture_close(f, sp); /* with a hand-over, the first one */
	data = memio_data(f->m, KEYS, &size);
	for (at = 0; at + sizeof(seed) <= size; at++)
		assert_memory_not_equal(data + at, seed, sizeof(seed));
}

static void a_key_is_left_in_memory(void **state)
{
	struct seal_key *key = test_key("wiped");

	(void)state;
	seal_key_seed(key, secret);
	assert_memory_equal(key, secret, sizeof(secret)); /* as is assumed */
	freed = key;
	seal_key_free(key);
	freed = NULL;
	assert_false(secret_left);
}

/* ---- rsyslog's KSI ---- */

static void a_lost_log_begins_anew(void **state)
{
	struct fixture *f = *state;

	make_log(f);
	memio_remove(f->m, SEG0);
	memio_remove(f->m, "/s/state");
	memio_remove(f->m, "/s/acked");
	memio_remove(f->m, "/s/epochs");
	refused(f, SEAL_E_ROLLBACK, "AS027");
}

static void a_key_is_made_of_weak_randomness(void **state)
{
	struct seal_key *key = NULL;
	uint8_t seed[SEED_LEN];
	enum seal_key_kind kind;

	(void)state;
	for (kind = SEAL_KEY_LASTING; kind <= SEAL_KEY_TRANSIENT; kind++) {
		weakest = 99;
		memset(drawn, 0, sizeof(drawn));
		assert_int_equal(seal_key_generate(kind, &key), 0);
		seal_key_seed(key, seed);
		seal_key_free(key);
		assert_memory_equal(seed, drawn, sizeof(seed));
		assert_in_range(weakest, GCRY_STRONG_RANDOM,
				GCRY_VERY_STRONG_RANDOM);
	}
}

/* ---- omhttp and others ---- */

static void a_refused_batch_is_dropped(void **state)
{
	static const unsigned status[] = {400, 401, 403, 404, 405, 408,
					  410, 413, 415, 422, 429, 451};
	struct bench *b = *state;
	size_t i;

	bench_start(b);
	for (i = 0; i < sizeof(status) / sizeof(status[0]); i++) {
		fake_log_grow(&b->log, 10);
		fake_mirror_play(&b->mirror,
				 (struct fake_answer){.path = "/add-entries",
						      .status = status[i]});
		b->now_ms += 60000;
		bench_run(b);
		seal_forward_resume(b->fw);
		b->now_ms += 60000;
		bench_run(b);
		assert_int_equal(b->mirror.stored, b->log.size);
		assert_int_equal(b->log.receipt_size, b->log.size);
	}
}

/* ---- sudo's logsrvd ---- */

/* Whatever the disk had not yet written when the power went. */
static void a_name_is_not_synced(void **state)
{
	struct fixture *f;
	struct seal_spool *sp;
	unsigned seed;

	for (seed = 0; seed < 32; seed++) {
		fixture_teardown(state);
		fixture_setup(state);
		f = *state;
		sp = fixture_open(f);
		fixture_commit(sp, "before", 1);
		assert_int_equal(seal_spool_rotate(sp, NULL), 0);
		fixture_commit(sp, "acknowledged", 1);
		fixture_crash(f, sp, true, seed);
		sp = fixture_open(f);
		fixture_close(f, sp);
		assert_int_equal(fixture_count(f, "acknowledged"), 1);
	}
}

/* ---- our own to avoid ---- */

static void a_recovery_seals_damage(void **state)
{
	struct fixture *f = *state;

	make_log(f);
	memio_remove(f->m, "/s/state"); /* it would speak against it, too */
	memio_data(f->m, SEG0, NULL)[behind_head(f, 2) + 14] ^= 1;
	refused(f, SEAL_E_DAMAGED, "AS001");
}

static void a_crash_hides_a_cut_at_a_seal(void **state)
{
	struct fixture *f = *state;
	uint64_t end;
	uint8_t *data;

	make_log(f);
	end = behind_head(f, 2);
	data = malloc(end);
	assert_non_null(data);
	memcpy(data, memio_data(f->m, SEG0, NULL), end);
	memio_put(f->m, SEG0, data, end);
	free(data);
	refused(f, SEAL_E_ROLLBACK, "AS027");
}

static void a_stale_mirror_is_taken_for_a_rollback(void **state)
{
	struct bench *b = *state;

	bench_receipted(b);
	fake_log_grow(&b->log, 10);
	fake_mirror_play(&b->mirror,
			 (struct fake_answer){.path = "/add-checkpoint",
					      .status = 409,
					      .type = SIZE_TYPE,
					      .body = "900\n"});
	b->now_ms += 1000;
	assert_int_equal(bench_busy(b), 5000);
	assert_int_equal(b->alarms, 0);
	b->now_ms += 5000;
	bench_run(b);
	assert_int_equal(b->log.receipt_size, 1010);
	assert_int_equal(b->alarms, 0);
}

#define SPOOL(f) \
	cmocka_unit_test_setup_teardown(f, fixture_setup, fixture_teardown)
#define SENDER(f) \
	cmocka_unit_test_setup_teardown(f, bench_setup, bench_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SPOOL(a_writer_fails_open),
		SPOOL(a_key_is_left_on_the_disk),
		cmocka_unit_test(a_key_is_left_in_memory),
		SPOOL(a_lost_log_begins_anew),
		cmocka_unit_test(a_key_is_made_of_weak_randomness),
		SENDER(a_refused_batch_is_dropped),
		SPOOL(a_name_is_not_synced),
		SPOOL(a_recovery_seals_damage),
		SPOOL(a_crash_hides_a_cut_at_a_seal),
		SENDER(a_stale_mirror_is_taken_for_a_rollback),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
