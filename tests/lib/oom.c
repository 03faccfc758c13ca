/* SPDX-License-Identifier: Apache-2.0 */
/* The k-th allocation fails: see oom.h.  Never linked into the product. */
#include "tests/lib/oom.h"

#include <errno.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"

/* A run that never ends without a failure is a bug, not a long test. */
#define OOM_RUNS_MAX 1000000

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *mem, size_t size);
void *__real_reallocarray(void *mem, size_t n, size_t size);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
int __real_vasprintf(char **ret_s, const char *fmt, va_list ap);
void __real_free(void *mem);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *mem, size_t size);
void *__wrap_reallocarray(void *mem, size_t n, size_t size);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
int __wrap_vasprintf(char **ret_s, const char *fmt, va_list ap);
int __wrap_asprintf(char **ret_s, const char *fmt, ...);
void __wrap_free(void *mem);

static struct {
	bool armed;
	long left; /* allocations until the one that fails */
	bool failed;
	long balance;
} oom;

static bool fails(void)
{
	if (!__atomic_load_n(&oom.armed, __ATOMIC_RELAXED))
		return false;
	if (__atomic_sub_fetch(&oom.left, 1, __ATOMIC_RELAXED) != 0)
		return false;
	oom.failed = true;
	errno = ENOMEM;
	return true;
}

void oom_count(long change)
{
	if (__atomic_load_n(&oom.armed, __ATOMIC_RELAXED))
		__atomic_add_fetch(&oom.balance, change, __ATOMIC_RELAXED);
}

static void *counted(void *mem)
{
	if (mem)
		oom_count(1);
	return mem;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
	return fails() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *mem, size_t size)
{
	void *moved;

	if (fails())
		return NULL;
	moved = __real_realloc(mem, size);
	if (moved && !mem)
		oom_count(1);
	else if (!moved && mem && size == 0)
		oom_count(-1);
	return moved;
}

void *__wrap_reallocarray(void *mem, size_t n, size_t size)
{
	void *moved;

	if (fails())
		return NULL;
	moved = __real_reallocarray(mem, n, size);
	if (moved && !mem)
		oom_count(1);
	return moved;
}

char *__wrap_strdup(const char *s)
{
	return fails() ? NULL : counted(__real_strdup(s));
}

char *__wrap_strndup(const char *s, size_t n)
{
	return fails() ? NULL : counted(__real_strndup(s, n));
}

int __wrap_vasprintf(char **ret_s, const char *fmt, va_list ap)
{
	int n;

	if (fails()) {
		*ret_s = NULL;
		return -1;
	}
	n = __real_vasprintf(ret_s, fmt, ap);
	if (n >= 0)
		oom_count(1);
	return n;
}

int __wrap_asprintf(char **ret_s, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = __wrap_vasprintf(ret_s, fmt, ap);
	va_end(ap);
	return n;
}

void __wrap_free(void *mem)
{
	if (mem)
		oom_count(-1);
	__real_free(mem);
}

void oom_arm(long k)
{
	oom.left = k;
	oom.failed = false;
	oom.balance = 0;
	__atomic_store_n(&oom.armed, true, __ATOMIC_SEQ_CST);
}

bool oom_disarm(void)
{
	__atomic_store_n(&oom.armed, false, __ATOMIC_SEQ_CST);
	return oom.failed;
}

bool oom_hit(void)
{
	return fails();
}

long oom_balance(void)
{
	return __atomic_load_n(&oom.balance, __ATOMIC_RELAXED);
}

long oom_every(int (*work)(void *arg), void *arg)
{
	return oom_every_flags(work, arg, 0);
}

long oom_every_flags(int (*work)(void *arg), void *arg, unsigned flags)
{
	for (long k = 1; k < OOM_RUNS_MAX; k++) {
		bool failed;
		long balance;
		int err;

		oom_arm(k);
		err = work(arg);
		failed = oom_disarm();
		balance = oom_balance();
		if (balance != 0 && !(flags & OOM_NO_BALANCE))
			fail_msg("failure at allocation %ld: %ld left over", k,
				 balance);
		if (!failed) {
			if (err)
				fail_msg("without a failure: %s",
					 seal_strerror(err));
			return k - 1;
		}
		if (err != SEAL_E_NOMEM && !(flags & OOM_ANY_RESULT))
			fail_msg("failure at allocation %ld gave %s", k,
				 err ? seal_error_name(err) : "success");
	}
	fail_msg("no end after %d runs", OOM_RUNS_MAX);
	return -1;
}
