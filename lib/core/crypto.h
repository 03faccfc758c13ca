/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SHA-256, Ed25519, randomness.  The one door to libgcrypt: crypto.c alone
 * includes it.  Nothing here logs, and no input makes it abort.  Everything is
 * thread safe after seal_crypto_init(); objects are immutable once made, so
 * they may be shared, except struct seal_sha256_ctx.
 * docs/spec/note.md, "Ed25519"; format.md §2 and §8.
 */
#ifndef SEAL_CORE_CRYPTO_H
#define SEAL_CORE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_HASH_BYTES 32
#define SEAL_SEED_BYTES 32
#define SEAL_PUB_BYTES	32
#define SEAL_SIG_BYTES	64

struct seal_diag;

struct seal_hash {
	uint8_t b[SEAL_HASH_BYTES];
};

#define SEAL_MUST_CHECK __attribute__((warn_unused_result))

/*
 * Once per process that uses anything below, from one thread, before the
 * first other thread starts; again is harmless and cheap.  Call it AFTER the
 * last fork: it makes libgcrypt's locked memory, and a child does not inherit
 * locks on memory.  If the process has initialised libgcrypt already, that is
 * taken as it is (its secure memory too).  Verifies one known signature and
 * one hash.  SEAL_E_CRYPTO: too old a libgcrypt, or a failed check.
 */
int seal_crypto_init(struct seal_diag *diag) SEAL_MUST_CHECK;

/*
 * SHA-256.  No allocation.  0 or SEAL_E_CRYPTO; never ignore it, a hash that
 * was not computed is not a hash.
 */
int seal_sha256(const void *data, size_t len,
		struct seal_hash *ret_hash) SEAL_MUST_CHECK;

/* One part of a hash input; base may be NULL if len is 0. */
struct seal_part {
	const void *base;
	size_t len;
};

#define SEAL_PARTS_MAX 8

/* SHA-256 of up to SEAL_PARTS_MAX parts one after the other, no copy. */
int seal_sha256_parts(const struct seal_part *parts, size_t n,
		      struct seal_hash *ret_hash) SEAL_MUST_CHECK;

/* SHA-256 of a one-byte prefix and data: RFC 6962 leaves. */
int seal_sha256_prefixed(uint8_t prefix, const void *data, size_t len,
			 struct seal_hash *ret_hash) SEAL_MUST_CHECK;

/* A running hash for streams. */
struct seal_sha256_ctx;
int seal_sha256_new(struct seal_sha256_ctx **ret_ctx) SEAL_MUST_CHECK;
void seal_sha256_update(struct seal_sha256_ctx *ctx, const void *data,
			size_t len);
/* The hash of all since _new or the last _final; begins anew. */
int seal_sha256_final(struct seal_sha256_ctx *ctx,
		      struct seal_hash *ret_hash) SEAL_MUST_CHECK;
void seal_sha256_free(struct seal_sha256_ctx *ctx);

/* Not constant time: hashes are public. */
bool seal_hash_equal(const struct seal_hash *a, const struct seal_hash *b);

/* --- public keys --- */

struct seal_pub;

/*
 * Accepts a key once, by the rules of docs/spec/note.md: SEAL_E_KEY if they
 * refuse it (some such keys would make libgcrypt abort the process).
 */
int seal_pub_new(const uint8_t bytes[SEAL_PUB_BYTES],
		 struct seal_pub **ret_pub) SEAL_MUST_CHECK;
struct seal_pub *
seal_pub_clone(const struct seal_pub *pub); /* NULL: no memory */
void seal_pub_free(struct seal_pub *pub);

/* Borrowed, SEAL_PUB_BYTES long, as long as pub lives. */
const uint8_t *seal_pub_bytes(const struct seal_pub *pub);
bool seal_pub_equal(const struct seal_pub *a, const struct seal_pub *b);

/*
 * 0: sig is a signature of msg by pub.  SEAL_E_SIG: it is not (S ≥ L
 * included).  SEAL_E_CRYPTO, SEAL_E_NOMEM: could not be decided, which is
 * never "good".
 */
int seal_pub_verify(const struct seal_pub *pub, const void *msg, size_t len,
		    const uint8_t sig[SEAL_SIG_BYTES]) SEAL_MUST_CHECK;

/* --- private keys: in locked memory while there is some, wiped when freed ---
 */

struct seal_key;

enum seal_key_kind {
	SEAL_KEY_LASTING = 1, /* host, mirror, witness: key-grade randomness */
	SEAL_KEY_TRANSIENT = 2, /* an epoch: libgcrypt's transient-key */
};

/* A fresh key. */
int seal_key_generate(enum seal_key_kind kind,
		      struct seal_key **ret_key) SEAL_MUST_CHECK;

/* SEAL_E_KEY if the public key would not be accepted (seal_pub_new). */
int seal_key_from_seed(const uint8_t seed[SEAL_SEED_BYTES],
		       struct seal_key **ret_key) SEAL_MUST_CHECK;

/* Copies the seed out, for a key file or slot.  The caller wipes it. */
void seal_key_seed(const struct seal_key *key,
		   uint8_t ret_seed[SEAL_SEED_BYTES]);

/* Borrowed, as long as the key lives. */
const struct seal_pub *seal_key_public(const struct seal_key *key);

int seal_key_sign(const struct seal_key *key, const void *msg, size_t len,
		  uint8_t ret_sig[SEAL_SIG_BYTES]) SEAL_MUST_CHECK;

/* Wipes and frees. */
void seal_key_free(struct seal_key *key);

/* --- the rest --- */

/* Salts, jitter, identifiers (GCRY_STRONG).  Not for keys. */
int seal_random(void *ret_bytes, size_t len) SEAL_MUST_CHECK;

/* Overwrites with zeros in a way the compiler does not drop. */
void seal_wipe(void *mem, size_t len);

/* Compares in a time that depends on len alone. */
bool seal_ct_equal(const void *a, const void *b, size_t len);

#endif
