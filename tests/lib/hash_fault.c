/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: hash_fault.h.  Never linked into the product. */
#include "tests/lib/hash_fault.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/err.h"

#define FAULT_RUNS_MAX 100000

/* libgcrypt's types, spelled out: only lib/core/crypto.c includes gcrypt.h. */
unsigned __real_gcry_md_hash_buffers(int algo, unsigned flags, void *digest,
				     const void *iov, int n);
unsigned __wrap_gcry_md_hash_buffers(int algo, unsigned flags, void *digest,
				     const void *iov, int n);

static struct {
	bool armed;
	long left; /* hashes until the one that fails */
	bool failed;
} fault;

unsigned __wrap_gcry_md_hash_buffers(int algo, unsigned flags, void *digest,
				     const void *iov, int n)
{
	if (fault.armed && --fault.left == 0) {
		fault.failed = true;
		return 63; /* GPG_ERR_INTERNAL */
	}
	return __real_gcry_md_hash_buffers(algo, flags, digest, iov, n);
}

long hash_fail_every(int (*work)(void *arg), void *arg)
{
	long k;
	int rc;

	for (k = 1; k < FAULT_RUNS_MAX; k++) {
		fault.left = k;
		fault.failed = false;
		fault.armed = true;
		rc = work(arg);
		fault.armed = false;
		if (!fault.failed) {
			assert_int_equal(rc, 0);
			return k - 1;
		}
		assert_int_equal(rc, SEAL_E_CRYPTO);
	}
	fail_msg("no end after %d runs", FAULT_RUNS_MAX);
	return -1;
}
