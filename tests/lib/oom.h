/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Out of memory at allocation k.  malloc, calloc, realloc, strdup, strndup,
 * vasprintf, asprintf and free of all code that is linked statically (ours, not
 * that of shared libraries) go through here by the linker's --wrap; while
 * nothing is armed they do what they always do.
 *
 * How to use it: write the work as a function that makes everything, frees
 * everything, and returns what it got, 0 or SEAL_E_*; then
 *
 *	static int parse_note(void *arg)
 *	{
 *		struct seal_policy *policy = NULL;
 *		int err = seal_policy_parse(arg, strlen(arg), "p", &policy,
 *NULL);
 *
 *		assert_true(err == 0 || !policy);      // outputs not clobbered
 *		seal_policy_free(policy);
 *		return err;
 *	}
 *
 *	oom_every(parse_note, text);	       // in a cmocka test
 *
 * oom_every runs it with the first allocation failing, then the second, and so
 * on, until a run ends without a failure.  Each failed run must return
 * SEAL_E_NOMEM, the last one 0, and every run must free all that it allocated.
 * Initialise (seal_crypto_init) and warm caches before.
 *
 * It counts the allocations of the whole process: one thread at a time.
 * Code that frees what a shared library allocated, or the other way round
 * (curl_easy_escape, getline), is out of balance: use oom_every_flags with
 * OOM_NO_BALANCE.
 */
#ifndef SEAL_TESTS_OOM_H
#define SEAL_TESTS_OOM_H

#include <stdbool.h>
#include <stddef.h>

enum oom_flags {
	OOM_NO_BALANCE = 1 << 0, /* do not count frees against allocations */
	OOM_ANY_RESULT = 1 << 1, /* a failed run may return anything, also 0 */
};

/* Returns how many allocations a run without a failure makes. */
long oom_every(int (*work)(void *arg), void *arg);
long oom_every_flags(int (*work)(void *arg), void *arg, unsigned flags);

/*
 * By hand: the k-th allocation from now on (1: the next) fails, once.  For
 * other wrapped functions in a test of its own: ask oom_hit() whether this call
 * is the one that fails; it counts like an allocation.
 */
void oom_arm(long k);
bool oom_disarm(void); /* true if it has failed */
bool oom_hit(void);

/* Allocations less frees since oom_arm; counts only while armed. */
long oom_balance(void);

/* Counts what a wrapper of a test's own made (1) or released (-1). */
void oom_count(long change);

#endif
