/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256, Ed25519 and what guards them: published vectors, hostile keys and
 * signatures (in child processes, since the library under it may abort), and a
 * failure of every call into libgcrypt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/crypto.h"
#include "core/err.h"
#include "tests/lib/oom.h"
#include "tests/lib/testdata.h"
#include "tests/lib/vectors.h"

#define GOLDEN "tests/golden/ed25519/"

static void assert_hash(const struct seal_hash *hash, const char *hex)
{
	size_t len;
	uint8_t *want = test_hex_decode(hex, &len);

	assert_int_equal(len, SEAL_HASH_BYTES);
	assert_memory_equal(hash->b, want, len);
	free(want);
}

static const char abc_hash[] =
	"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

static void test_sha256(void **state)
{
	const struct seal_part parts[] = {{"a", 1}, {NULL, 0}, {"bc", 2}};
	struct seal_hash hash, before;

	(void)state;
	assert_int_equal(seal_sha256("abc", 3, &hash), 0);
	assert_hash(&hash, abc_hash);
	assert_int_equal(seal_sha256(NULL, 0, &hash), 0);
	assert_hash(&hash, "e3b0c44298fc1c149afbf4c8996fb924"
			   "27ae41e4649b934ca495991b7852b855");
	assert_int_equal(seal_sha256_parts(parts, 3, &hash), 0);
	assert_hash(&hash, abc_hash);
	assert_int_equal(seal_sha256_prefixed('a', "bc", 2, &hash), 0);
	assert_hash(&hash, abc_hash);
	before = hash;
	assert_int_equal(seal_sha256_parts(parts, SEAL_PARTS_MAX + 1, &hash),
			 SEAL_E_ARG);
	assert_true(seal_hash_equal(&hash, &before));
	before.b[31] ^= 1;
	assert_false(seal_hash_equal(&hash, &before));
}

static void test_sha256_stream(void **state)
{
	struct seal_sha256_ctx *ctx;
	struct seal_hash hash;
	uint8_t block[1000];

	(void)state;
	memset(block, 'a', sizeof(block));
	assert_int_equal(seal_sha256_new(&ctx), 0);
	for (int i = 0; i < 1000; i++)
		seal_sha256_update(ctx, block, sizeof(block));
	assert_int_equal(seal_sha256_final(ctx, &hash), 0);
	assert_hash(&hash, "cdc76e5c9914fb9281a1c7e284d73e67"
			   "f1809a48a497200e046d39ccc7112cd0");
	seal_sha256_update(ctx, "abc", 3); /* begins anew */
	seal_sha256_update(ctx, NULL, 0);
	assert_int_equal(seal_sha256_final(ctx, &hash), 0);
	assert_hash(&hash, abc_hash);
	seal_sha256_free(ctx);
	seal_sha256_free(NULL);
}

/* seed, key, message, signature, name */
static void rfc8032(char **word, void *arg)
{
	size_t len, msg_len;
	uint8_t *seed = test_hex_decode(word[0], &len);
	uint8_t *pub = test_hex_decode(word[1], &len);
	uint8_t *msg = test_hex_decode(word[2], &msg_len);
	uint8_t *want = test_hex_decode(word[3], &len);
	uint8_t sig[SEAL_SIG_BYTES], copy[SEAL_SEED_BYTES];
	struct seal_key *key;

	(void)arg;
	assert_int_equal(seal_key_from_seed(seed, &key), 0);
	assert_memory_equal(seal_pub_bytes(seal_key_public(key)), pub, 32);
	seal_key_seed(key, copy);
	assert_memory_equal(copy, seed, 32);
	assert_int_equal(seal_key_sign(key, msg, msg_len, sig), 0);
	assert_memory_equal(sig, want, SEAL_SIG_BYTES);
	assert_int_equal(
		seal_pub_verify(seal_key_public(key), msg, msg_len, sig), 0);
	seal_key_free(key);
	free(want);
	free(msg);
	free(pub);
	free(seed);
}

static void test_rfc8032(void **state)
{
	(void)state;
	assert_int_equal(vectors_each(GOLDEN "rfc8032.txt", 5, rfc8032, NULL),
			 4);
}

/* valid|invalid, key, message, signature, comment */
static void wycheproof(char **word, void *arg)
{
	size_t len, msg_len, sig_len;
	uint8_t *bytes = test_hex_decode(word[1], &len);
	uint8_t *msg = test_hex_decode(word[2], &msg_len);
	uint8_t *sig = test_hex_decode(word[3], &sig_len);
	int want = strcmp(word[0], "valid") == 0 ? 0 : SEAL_E_SIG;
	struct seal_pub *pub;
	int *valid = arg;

	assert_int_equal(seal_pub_new(bytes, &pub), 0);
	/* Signatures of another length do not reach seal_pub_verify(). */
	if (sig_len == SEAL_SIG_BYTES) {
		if (seal_pub_verify(pub, msg, msg_len, sig) != want)
			fail_msg("%s is not %s", word[4], word[0]);
		*valid += want == 0;
	} else {
		assert_int_equal(want, SEAL_E_SIG);
	}
	seal_pub_free(pub);
	free(sig);
	free(msg);
	free(bytes);
}

static void test_wycheproof(void **state)
{
	int valid = 0;

	(void)state;
	assert_int_equal(
		vectors_each(GOLDEN "wycheproof.txt", 5, wycheproof, &valid),
		151);
	assert_int_equal(valid, 88);
}

/* What work(word) returns, in a child; a child that dies fails the test. */
static int in_child(int (*work)(char **word), char **word)
{
	int status, fds[2], result = 1;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		result = work(word);
		_exit(write(fds[1], &result, sizeof(result)) != sizeof(result));
	}
	close(fds[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail_msg("the process died at %s %s", word[0], word[1]);
	assert_int_equal(read(fds[0], &result, sizeof(result)), sizeof(result));
	close(fds[0]);
	return result;
}

/* A key is taken or refused, and one that is taken can be used. */
static int try_key(char **word)
{
	static const uint8_t sig[SEAL_SIG_BYTES];
	size_t len;
	uint8_t *bytes = test_hex_decode(word[1], &len);
	struct seal_pub *pub;
	int err;

	err = seal_pub_new(bytes, &pub);
	if (!err) {
		err = seal_pub_verify(pub, "m", 1, sig) != SEAL_E_SIG;
		seal_pub_free(pub);
	}
	free(bytes);
	return err;
}

static void hostile_key(char **word, void *arg)
{
	int want = strcmp(word[0], "accepted") == 0 ? 0 : SEAL_E_KEY;

	(void)arg;
	if (in_child(try_key, word) != want)
		fail_msg("%s (%s) was not %s", word[1], word[2], word[0]);
}

static void test_keys(void **state)
{
	(void)state;
	assert_int_equal(vectors_each(GOLDEN "keys.txt", 3, hostile_key, NULL),
			 61);
}

/* good|bad, key, message, signature, comment */
static int try_torsion(char **word)
{
	size_t len;
	uint8_t *bytes = test_hex_decode(word[1], &len);
	uint8_t *msg = test_hex_decode(word[2], &len);
	size_t sig_len;
	uint8_t *sig = test_hex_decode(word[3], &sig_len);
	struct seal_pub *pub;
	int err;

	err = seal_pub_new(bytes, &pub);
	if (err)
		return 1;
	err = seal_pub_verify(pub, msg, len, sig);
	seal_pub_free(pub);
	free(sig);
	free(msg);
	free(bytes);
	return err;
}

static void torsion(char **word, void *arg)
{
	int want = strcmp(word[0], "good") == 0 ? 0 : SEAL_E_SIG;

	(void)arg;
	if (in_child(try_torsion, word) != want)
		fail_msg("%s: not %s", word[4], word[0]);
}

/* Points of small order inside the verification neither abort nor confuse. */
static void test_torsion(void **state)
{
	(void)state;
	assert_int_equal(vectors_each(GOLDEN "torsion.txt", 5, torsion, NULL),
			 27);
}

/* a += b, little-endian, 32 bytes. */
static void add_le(uint8_t a[32], const uint8_t b[32])
{
	unsigned carry = 0;

	for (int i = 0; i < 32; i++) {
		carry += a[i] + b[i];
		a[i] = (uint8_t)carry;
		carry >>= 8;
	}
}

/* S + k L is congruent to S, and libgcrypt takes it. */
static void test_large_s(void **state)
{
	size_t len;
	uint8_t *order = test_hex_decode("edd3f55c1a631258d69cf7a2def9de14"
					 "00000000000000000000000000000010",
					 &len);
	struct seal_key *key;
	uint8_t sig[SEAL_SIG_BYTES];

	(void)state;
	assert_int_equal(seal_key_generate(SEAL_KEY_TRANSIENT, &key), 0);
	assert_int_equal(seal_key_sign(key, "m", 1, sig), 0);
	for (int k = 0; k < 14; k++) {
		assert_int_equal(
			seal_pub_verify(seal_key_public(key), "m", 1, sig),
			k == 0 ? 0 : SEAL_E_SIG);
		add_le(sig + 32, order);
	}
	memcpy(sig + 32, order, 32);
	assert_int_equal(seal_pub_verify(seal_key_public(key), "m", 1, sig),
			 SEAL_E_SIG);
	memset(sig + 32, 0xff, 32);
	assert_int_equal(seal_pub_verify(seal_key_public(key), "m", 1, sig),
			 SEAL_E_SIG);
	seal_key_free(key);
	free(order);
}

/* Every bit of key, message and signature counts. */
static void test_bits(void **state)
{
	uint8_t msg[3] = "msg", sig[SEAL_SIG_BYTES];
	struct seal_key *key;

	(void)state;
	assert_int_equal(seal_key_generate(SEAL_KEY_LASTING, &key), 0);
	assert_int_equal(seal_key_sign(key, msg, 3, sig), 0);
	for (int i = 0; i < 8 * SEAL_SIG_BYTES; i += 5) {
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_int_equal(
			seal_pub_verify(seal_key_public(key), msg, 3, sig),
			SEAL_E_SIG);
		sig[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(seal_pub_verify(seal_key_public(key), msg, 2, sig),
			 SEAL_E_SIG);
	assert_int_equal(seal_pub_verify(seal_key_public(key), msg, 3, sig), 0);
	seal_key_free(key);
}

/* Signatures whose halves begin or end in zero bytes keep their length. */
static void test_many_signatures(void **state)
{
	uint8_t sig[SEAL_SIG_BYTES];
	struct seal_key *key;
	int zeros = 0;

	(void)state;
	assert_int_equal(seal_key_generate(SEAL_KEY_TRANSIENT, &key), 0);
	for (uint32_t i = 0; i < 600; i++) {
		assert_int_equal(seal_key_sign(key, &i, sizeof(i), sig), 0);
		if (sig[0] && sig[31] && sig[32] && sig[63])
			continue;
		zeros++;
		assert_int_equal(seal_pub_verify(seal_key_public(key), &i,
						 sizeof(i), sig),
				 0);
	}
	assert_true(zeros > 0);
	seal_key_free(key);
}

static void test_keys_are_fresh(void **state)
{
	struct seal_key *a, *b;
	struct seal_pub *clone;
	uint8_t x[16], y[16];

	(void)state;
	assert_int_equal(seal_key_generate(SEAL_KEY_TRANSIENT, &a), 0);
	assert_int_equal(seal_key_generate(SEAL_KEY_LASTING, &b), 0);
	assert_false(seal_pub_equal(seal_key_public(a), seal_key_public(b)));
	clone = seal_pub_clone(seal_key_public(a));
	assert_non_null(clone);
	assert_true(seal_pub_equal(seal_key_public(a), clone));
	seal_pub_free(clone);
	seal_pub_free(NULL);
	seal_key_free(a);
	seal_key_free(b);
	seal_key_free(NULL);
	assert_int_equal(seal_random(x, sizeof(x)), 0);
	assert_int_equal(seal_random(y, sizeof(y)), 0);
	assert_int_equal(seal_random(NULL, 0), 0);
	assert_memory_not_equal(x, y, sizeof(x));
}

static void test_wipe_and_compare(void **state)
{
	uint8_t a[4] = {1, 2, 3, 4}, b[4] = {1, 2, 3, 4};
	static const uint8_t zero[4];

	(void)state;
	assert_true(seal_ct_equal(a, b, 4));
	b[3] ^= 0x80;
	assert_false(seal_ct_equal(a, b, 4));
	assert_true(seal_ct_equal(a, b, 3));
	assert_true(seal_ct_equal(NULL, NULL, 0));
	seal_wipe(a, sizeof(a));
	assert_memory_equal(a, zero, sizeof(a));
	seal_wipe(NULL, 0);
}

static void test_init_again(void **state)
{
	struct seal_diag diag;

	(void)state;
	assert_int_equal(seal_crypto_init(&diag), 0);
	assert_int_equal(seal_crypto_init(NULL), 0);
}

static int all_calls(void *arg)
{
	static const uint8_t seed[SEAL_SEED_BYTES] = {7};
	struct seal_sha256_ctx *ctx = NULL;
	struct seal_key *key = NULL, *other = NULL;
	struct seal_pub *pub = NULL, *clone = NULL;
	uint8_t sig[SEAL_SIG_BYTES];
	struct seal_hash hash;
	int err;

	(void)arg;
	err = seal_sha256("m", 1, &hash);
	if (!err)
		err = seal_sha256_new(&ctx);
	if (!err)
		err = seal_key_from_seed(seed, &key);
	if (!err)
		err = seal_key_generate(SEAL_KEY_TRANSIENT, &other);
	if (!err)
		err = seal_key_sign(key, "m", 1, sig);
	if (!err)
		err = seal_pub_new(seal_pub_bytes(seal_key_public(key)), &pub);
	if (!err)
		err = seal_pub_verify(pub, "m", 1, sig);
	if (!err) {
		clone = seal_pub_clone(pub);
		err = clone ? 0 : SEAL_E_NOMEM;
	}
	seal_pub_free(clone);
	seal_pub_free(pub);
	seal_key_free(other);
	seal_key_free(key);
	seal_sha256_free(ctx);
	return err;
}

static void test_every_failure(void **state)
{
	(void)state;
	/* The wrapped calls of libgcrypt (crypto_wrap.c) count as well. */
	assert_true(oom_every(all_calls, NULL) > 25);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_sha256_stream),
		cmocka_unit_test(test_rfc8032),
		cmocka_unit_test(test_wycheproof),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_torsion),
		cmocka_unit_test(test_large_s),
		cmocka_unit_test(test_bits),
		cmocka_unit_test(test_many_signatures),
		cmocka_unit_test(test_keys_are_fresh),
		cmocka_unit_test(test_wipe_and_compare),
		cmocka_unit_test(test_init_again),
		cmocka_unit_test(test_every_failure),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
