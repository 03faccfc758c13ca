/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The k-th hash fails: SHA-256 of lib/core goes through here by the linker's
 * --wrap, as allocations do (oom.h); one thread at a time.
 */
#ifndef SEAL_TESTS_HASH_FAULT_H
#define SEAL_TESTS_HASH_FAULT_H

/*
 * Runs work with the first hash failing, then the second, and so on, until a
 * run ends without a failure.  Each failed run must return SEAL_E_CRYPTO, the
 * last one 0; work itself asserts that nothing was changed by a failed call.
 * Returns how many hashes a run without a failure makes.
 */
long hash_fail_every(int (*work)(void *arg), void *arg);

#endif
