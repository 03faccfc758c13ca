/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures and keys that were worked out before: for programs linked with
 * $(attack_wrap), which judge nearly the same copy a million times.  A bad
 * signature is never remembered.  Contract: attack.h.
 */
#include "tests/attack/attack.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/crypto.h"

#define SLOTS 65536 /* of either kind; forgotten when another one needs it */

int __real_seal_pub_verify(const struct seal_pub *pub, const void *msg,
			   size_t len, const uint8_t sig[SEAL_SIG_BYTES]);
int __wrap_seal_pub_verify(const struct seal_pub *pub, const void *msg,
			   size_t len, const uint8_t sig[SEAL_SIG_BYTES]);
int __real_seal_pub_new(const uint8_t bytes[SEAL_PUB_BYTES],
			struct seal_pub **ret_pub);
int __wrap_seal_pub_new(const uint8_t bytes[SEAL_PUB_BYTES],
			struct seal_pub **ret_pub);

static struct seal_hash *good; /* shared with those that were forked */
static struct seal_pub *accepted[SLOTS];
static uint64_t worked_out;

__attribute__((constructor)) static void make_room(void)
{
	good = mmap(NULL, SLOTS * sizeof(*good), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (good == MAP_FAILED)
		abort();
}

uint64_t attack_signatures(void)
{
	return worked_out;
}

int __wrap_seal_pub_verify(const struct seal_pub *pub, const void *msg,
			   size_t len, const uint8_t sig[SEAL_SIG_BYTES])
{
	const struct seal_part parts[] = {{seal_pub_bytes(pub), SEAL_PUB_BYTES},
					  {sig, SEAL_SIG_BYTES},
					  {msg, len}};
	struct seal_hash digest, *slot;
	int rc = seal_sha256_parts(parts, 3, &digest);

	if (rc)
		return rc;
	slot = &good[(digest.b[0] << 8 | digest.b[1]) % SLOTS];
	if (seal_hash_equal(slot, &digest))
		return 0;
	worked_out++;
	rc = __real_seal_pub_verify(pub, msg, len, sig);
	if (!rc)
		*slot = digest;
	return rc;
}

int __wrap_seal_pub_new(const uint8_t bytes[SEAL_PUB_BYTES],
			struct seal_pub **ret_pub)
{
	struct seal_pub **slot = &accepted[(bytes[0] << 8 | bytes[1]) % SLOTS];
	struct seal_pub *copy;
	int rc;

	if (!*slot || memcmp(seal_pub_bytes(*slot), bytes, SEAL_PUB_BYTES)) {
		rc = __real_seal_pub_new(bytes, &copy);
		if (rc)
			return rc;
		seal_pub_free(*slot);
		*slot = copy;
	}
	copy = seal_pub_clone(*slot);
	if (!copy)
		return SEAL_E_NOMEM;
	*ret_pub = copy;
	return 0;
}
