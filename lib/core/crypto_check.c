/* SPDX-License-Identifier: Apache-2.0 */
/* The test of the cryptographic library at start: see crypto_check.h. */
#include "core/crypto_check.h"

#include <string.h>

#include "core/crypto.h"
#include "core/err.h"

/*
 * A known hash, key and signature (RFC 8032 §7.1, test 1), and a second key:
 * between them they make every constant that libgcrypt makes on first use, and
 * without a lock.
 */
static const uint8_t hash_of_empty[32] __attribute__((nonstring)) =
	"\xe3\xb0\xc4\x42\x98\xfc\x1c\x14\x9a\xfb\xf4\xc8\x99\x6f\xb9\x24"
	"\x27\xae\x41\xe4\x64\x9b\x93\x4c\xa4\x95\x99\x1b\x78\x52\xb8\x55";
static const uint8_t seed[32] __attribute__((nonstring)) =
	"\x9d\x61\xb1\x9d\xef\xfd\x5a\x60\xba\x84\x4a\xf4\x92\xec\x2c\xc4"
	"\x44\x49\xc5\x69\x7b\x32\x69\x19\x70\x3b\xac\x03\x1c\xae\x7f\x60";
static const uint8_t signature[64] __attribute__((nonstring)) =
	"\xe5\x56\x43\x00\xc3\x60\xac\x72\x90\x86\xe2\xcc\x80\x6e\x82\x8a"
	"\x84\x87\x7f\x1e\xb8\xe5\xd9\x74\xd8\x73\xe0\x65\x22\x49\x01\x55"
	"\x5f\xb8\x82\x15\x90\xa3\x3b\xac\xc6\x1e\x39\x70\x1c\xf9\xb4\x6b"
	"\xd2\x5b\xf5\xf0\x59\x5b\xbe\x24\x65\x51\x41\x43\x8e\x7a\x10\x0b";
static const uint8_t other_key[32] __attribute__((nonstring)) =
	"\x3d\x40\x17\xc3\xe8\x43\x89\x5a\x92\xb7\x0a\xa7\x4d\x1b\x7e\xbc"
	"\x9c\x98\x2c\xcf\x2e\xc4\x96\x8c\xc0\xcd\x55\xf1\x2a\xf4\x66\x0c";

int seal_crypto_self_check(void)
{
	struct seal_key *key = NULL;
	struct seal_pub *pub = NULL;
	struct seal_hash hash;
	uint8_t sig[SEAL_SIG_BYTES];
	int err;

	err = seal_sha256(NULL, 0, &hash);
	if (err)
		return err;
	if (memcmp(hash.b, hash_of_empty, 32) != 0)
		return SEAL_E_CRYPTO;
	err = seal_key_from_seed(seed, &key);
	if (err)
		return err;
	err = seal_key_sign(key, "", 0, sig);
	if (!err && memcmp(sig, signature, sizeof(sig)) != 0)
		err = SEAL_E_CRYPTO;
	if (!err)
		err = seal_pub_verify(seal_key_public(key), "", 0, signature);
	if (!err && seal_pub_verify(seal_key_public(key), "x", 1, signature) !=
			    SEAL_E_SIG)
		err = SEAL_E_CRYPTO;
	if (!err)
		err = seal_pub_new(other_key, &pub);
	seal_pub_free(pub);
	seal_key_free(key);
	return err;
}
