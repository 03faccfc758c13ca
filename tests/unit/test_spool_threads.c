/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log on real files with several threads: workers that commit, a forwarder
 * that waits, reads and acknowledges, a tick that hands over and zero-fills.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <sys/stat.h>

#include "core/entry.h"
#include "spool/keydir.h"
#include "spool/spool.h"

#define WORKERS 4
#define BATCHES 20
#define BATCH	10

struct shared {
	struct seal_spool *sp;
	pthread_mutex_t mutex;
	bool done;
	uint64_t uploaded;
	unsigned next[WORKERS]; /* the number each worker's next record has */
	bool order_ok;
	int failed;
};

struct worker {
	struct shared *shared;
	unsigned number;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	struct seal_message msgs[BATCH];
	char text[BATCH][32];
	unsigned i, k;

	for (i = 0; i < BATCHES; i++) {
		for (k = 0; k < BATCH; k++) {
			snprintf(text[k], sizeof(text[k]), "%u %u", w->number,
				 i * BATCH + k);
			msgs[k].bytes = text[k];
			msgs[k].len = strlen(text[k]);
			msgs[k].cut = false;
		}
		if (seal_spool_commit(w->shared->sp, msgs, BATCH, NULL, NULL))
			w->shared->failed = 1;
	}
	return NULL;
}

/* Each worker's records come in its own order. */
static int look(void *ctx, uint64_t index, const uint8_t *entry, size_t len)
{
	struct shared *s = ctx;
	unsigned worker, number;
	char text[32] = "";

	(void)index;
	if (entry[0] != SEAL_ENTRY_RECORD || len - 10 >= sizeof(text))
		return 0;
	memcpy(text, entry + 10, len - 10);
	if (sscanf(text, "%u %u", &worker, &number) != 2 || worker >= WORKERS ||
	    s->next[worker]++ != number)
		s->order_ok = false;
	return 0;
}

static bool is_done(struct shared *s)
{
	bool done;

	pthread_mutex_lock(&s->mutex);
	done = s->done;
	pthread_mutex_unlock(&s->mutex);
	return done;
}

static void *forward(void *arg)
{
	struct shared *s = arg;
	struct seal_head head;
	int r = 0;

	while (!r && !(is_done(s) && s->uploaded == seal_spool_size(s->sp))) {
		struct seal_buf note = SEAL_BUF_INIT;

		r = seal_spool_wait(s->sp, s->uploaded, 60000);
		if (r == SEAL_E_STOPPED) {
			r = 0;
			continue;
		}
		if (!r)
			r = seal_spool_offer(s->sp, "m", s->uploaded + 1,
					     s->uploaded + 64, &head, &note,
					     NULL);
		if (!r)
			r = seal_spool_read(s->sp, s->uploaded, head.size, look,
					    s, NULL);
		if (!r)
			r = seal_spool_receipt(s->sp, "m", head.size, 1,
					       note.data, note.len, NULL);
		if (!r)
			s->uploaded = head.size;
		seal_buf_fini(&note);
	}
	if (r)
		s->failed = r;
	return NULL;
}

static void *tick(void *arg)
{
	struct shared *s = arg;
	unsigned n = 0;

	while (!is_done(s)) {
		if (seal_spool_tick(s->sp, NULL) ||
		    (++n % 16 == 0 && seal_spool_rotate(s->sp, NULL)))
			s->failed = 2;
		sched_yield();
	}
	return NULL;
}

static void many_threads_make_one_log(void **state)
{
	struct seal_spool_config config = {.dir = "spool",
					   .keydir = "keys",
					   .segment_max_bytes = 65536,
					   .epoch_max_entries = 100};
	pthread_t threads[WORKERS + 2];
	struct worker workers[WORKERS];
	struct shared s = {.order_ok = true};
	struct seal_diag diag;
	unsigned i;

	(void)state;
	pthread_mutex_init(&s.mutex, NULL);
	assert_int_equal(seal_keydir_create(seal_io_posix(), "keys",
					    "host.example.org/audit", NULL,
					    &diag),
			 0);
	if (seal_spool_open(&config, seal_io_posix(), &s.sp, &diag))
		fail_msg("%s", diag.text);
	for (i = 0; i < WORKERS; i++) {
		workers[i].shared = &s;
		workers[i].number = i;
		pthread_create(&threads[i], NULL, work, &workers[i]);
	}
	pthread_create(&threads[WORKERS], NULL, forward, &s);
	pthread_create(&threads[WORKERS + 1], NULL, tick, &s);
	for (i = 0; i < WORKERS; i++)
		pthread_join(threads[i], NULL);
	pthread_mutex_lock(&s.mutex);
	s.done = true;
	pthread_mutex_unlock(&s.mutex);
	seal_spool_wake(s.sp);
	pthread_join(threads[WORKERS], NULL);
	pthread_join(threads[WORKERS + 1], NULL);
	assert_int_equal(s.failed, 0);
	assert_true(s.order_ok);
	for (i = 0; i < WORKERS; i++)
		assert_int_equal(s.next[i], BATCHES * BATCH);
	assert_int_equal(seal_spool_close(s.sp, &diag), 0);
	pthread_mutex_destroy(&s.mutex);
}

static void waiting_ends(void **state)
{
	struct seal_spool_config config = {.dir = "spool", .keydir = "keys"};
	struct seal_spool *sp, *second = NULL;
	struct seal_diag diag;

	(void)state;
	assert_int_equal(seal_spool_open(&config, seal_io_posix(), &sp, &diag),
			 0);
	assert_int_equal(seal_spool_wait(sp, 0, 60000), 0);
	assert_int_equal(seal_spool_wait(sp, seal_spool_size(sp), 1),
			 SEAL_E_NOTFOUND);
	seal_spool_wake(sp);
	assert_int_equal(seal_spool_wait(sp, seal_spool_size(sp), 60000),
			 SEAL_E_STOPPED);
	assert_int_equal(seal_spool_wait(sp, seal_spool_size(sp), 1),
			 SEAL_E_NOTFOUND);
	/* the lock is real */
	assert_int_equal(
		seal_spool_open(&config, seal_io_posix(), &second, &diag),
		SEAL_E_BUSY);
	assert_int_equal(seal_spool_close(sp, &diag), 0);
}

static void modes_of_real_files_are_checked(void **state)
{
	struct seal_spool_config config = {.dir = "spool", .keydir = "keys"};
	struct seal_spool *sp = NULL;
	struct stat st;
	struct seal_diag diag;

	(void)state;
	assert_int_equal(stat("keys", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat("keys/host", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(chmod("keys", 0755), 0);
	assert_int_equal(seal_spool_open(&config, seal_io_posix(), &sp, &diag),
			 SEAL_E_PERM);
	assert_int_equal(chmod("keys", 0700), 0);
	assert_int_equal(chmod("spool", 0777), 0);
	assert_int_equal(seal_spool_open(&config, seal_io_posix(), &sp, &diag),
			 SEAL_E_PERM);
	assert_int_equal(chmod("spool", 0700), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_threads_make_one_log),
		cmocka_unit_test(waiting_ends),
		cmocka_unit_test(modes_of_real_files_are_checked),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
