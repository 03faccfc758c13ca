/* SPDX-License-Identifier: Apache-2.0 */
/* Threads inside rsyslogd: its signals are its own, none may end up here. */
#ifndef SEAL_HOST_THREAD_H
#define SEAL_HOST_THREAD_H

#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <time.h>

static inline int seal_thread_start(pthread_t *ret_thread,
				    void *(*run)(void *ctx), void *ctx)
{
	sigset_t all, before;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(ret_thread, NULL, run, ctx);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

/* A condition whose waits end by CLOCK_MONOTONIC. */
static inline void seal_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attr);
	pthread_condattr_destroy(&attr);
}

static inline struct timespec seal_after_ms(clockid_t clock, uint64_t ms)
{
	struct timespec t;

	clock_gettime(clock, &t);
	t.tv_sec += (time_t)(ms / 1000);
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_nsec -= 1000000000;
		t.tv_sec++;
	}
	return t;
}

#endif
