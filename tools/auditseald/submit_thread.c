/* SPDX-License-Identifier: Apache-2.0 */
/* The submitter's thread.  Contract: submit_thread.h. */
#include "submit_thread.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/crypto.h"
#include "http/http.h"
#include "say.h"
#include "submit.h"

#define CONNECT_MS  5000
#define IDLE_MS	    10000
#define TOTAL_MS    20000
#define COALESCE_MS 100	  /* receipts that come so soon are one */
#define LOOK_MS	    10000 /* at the policy, if nothing else happens */

struct submit_thread {
	pthread_t thread;
	struct store *store;
	struct submit *submit;
	char *ca_file;
	struct seal_http *http; /* the thread's; under mutex for abort */

	pthread_mutex_t mutex; /* of what follows */
	pthread_cond_t moved;  /* by CLOCK_MONOTONIC */
	bool stop, woken, reload;
};

static void wake(void *ctx)
{
	struct submit_thread *t = ctx;

	pthread_mutex_lock(&t->mutex);
	t->woken = true;
	pthread_cond_signal(&t->moved);
	pthread_mutex_unlock(&t->mutex);
}

/* ---- the tables of submit.h ---- */

struct piece {
	const struct seal_buf *body;
	bool given;
};

static int piece_give(void *ctx, const uint8_t **ret_piece, size_t *ret_bytes,
		      struct seal_diag *diag)
{
	struct piece *piece = ctx;

	(void)diag;
	*ret_piece = piece->body->data;
	*ret_bytes = piece->given ? 0 : piece->body->len;
	piece->given = true;
	return 0;
}

static int post(void *ctx, const char *url, const struct seal_buf *body,
		struct submit_answer *ret_answer, struct seal_diag *diag)
{
	struct submit_thread *t = ctx;
	struct piece piece = {.body = body};
	struct seal_http_request request = {
		.url = url,
		.content_type = SEAL_TYPE_TEXT,
		.body = piece_give,
		.body_ctx = &piece,
		.answer_bytes_max = SEAL_ANSWER_BYTES_MAX,
	};
	struct seal_http_response response;
	int rc;

	if (!t->http)
		return seal_diag_set(diag, SEAL_E_CONFIG,
				     "there is no HTTPS client");
	rc = seal_http_perform(t->http, &request, &response, ret_answer->body,
			       diag);
	if (rc < 0)
		return rc;
	ret_answer->status = response.status;
	ret_answer->has_retry_after = response.has_retry_after;
	ret_answer->retry_after_ms = response.retry_after_ms;
	memcpy(ret_answer->type, response.content_type,
	       sizeof(ret_answer->type));
	return 0;
}

static uint64_t now_ms(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static uint32_t random_u32(void *ctx)
{
	uint32_t value;

	(void)ctx;
	if (seal_random(&value, sizeof(value)) < 0)
		return 0; /* the shortest wait */
	return value;
}

static void alarm_say(void *ctx, const char *sentence)
{
	(void)ctx;
	say("%s", sentence);
}

/* ---- the thread ---- */

/* The CA file may have come, gone or changed. */
static void http_make(struct submit_thread *t)
{
	struct seal_http_config config = {
		.ca_file = access(t->ca_file, F_OK) == 0 ? t->ca_file : NULL,
		.connect_ms = CONNECT_MS,
		.idle_ms = IDLE_MS,
		.total_ms = TOTAL_MS,
	};
	struct seal_http *http = NULL, *old;
	struct seal_diag diag = {0};

	if (seal_http_new(&config, &http, &diag) < 0)
		say("%s; no checkpoint goes to a witness", diag.text);
	pthread_mutex_lock(&t->mutex);
	old = t->http;
	t->http = http;
	if (t->stop && http)
		seal_http_abort(http);
	pthread_mutex_unlock(&t->mutex);
	seal_http_free(old);
}

/* false: stop.  A wake-up ends the wait unless it is deaf. */
static bool wait_for(struct submit_thread *t, uint64_t ms, bool deaf)
{
	struct timespec until;
	bool go;
	int rc = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&t->mutex);
	while (!t->stop && rc == 0 && (deaf || !t->woken))
		rc = pthread_cond_timedwait(&t->moved, &t->mutex, &until);
	if (!deaf)
		t->woken = false;
	go = !t->stop;
	pthread_mutex_unlock(&t->mutex);
	return go;
}

static bool reload_take(struct submit_thread *t)
{
	bool reload;

	pthread_mutex_lock(&t->mutex);
	reload = t->reload;
	t->reload = false;
	pthread_mutex_unlock(&t->mutex);
	return reload;
}

static void *run(void *ctx)
{
	struct submit_thread *t = ctx;
	struct seal_diag diag = {0};
	uint64_t wait_ms;
	int rc;

	for (;;) {
		if (reload_take(t))
			http_make(t);
		wait_ms = LOOK_MS;
		rc = submit_pass(t->submit, &wait_ms, &diag);
		if (rc < 0 && rc != SEAL_E_STOPPED)
			say("no checkpoint goes to a witness now: %s",
			    diag.text);
		if (!wait_for(t, COALESCE_MS, true) ||
		    !wait_for(t, wait_ms < LOOK_MS ? wait_ms : LOOK_MS, false))
			return NULL;
	}
}

static void thread_free(struct submit_thread *t)
{
	submit_free(t->submit);
	seal_http_free(t->http);
	pthread_cond_destroy(&t->moved);
	pthread_mutex_destroy(&t->mutex);
	free(t->ca_file);
	free(t);
	seal_http_global_fini();
}

static int thread_init(struct submit_thread *t, struct store *store,
		       const char *ca_file, struct seal_diag *diag)
{
	const struct submit_config config = {
		.ctx = t,
		.post = post,
		.now_ms = now_ms,
		.random = random_u32,
		.alarm = alarm_say,
	};
	pthread_condattr_t attr;

	t->store = store;
	t->reload = true; /* makes the client */
	pthread_mutex_init(&t->mutex, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&t->moved, &attr);
	pthread_condattr_destroy(&attr);
	t->ca_file = strdup(ca_file);
	if (!t->ca_file)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	return submit_new(store, &config, &t->submit, diag);
}

int submit_thread_start(struct store *store, const char *ca_file,
			struct submit_thread **ret_thread,
			struct seal_diag *diag)
{
	struct submit_thread *t;
	int rc;

	rc = seal_http_global_init(diag);
	if (rc < 0)
		return rc;
	t = calloc(1, sizeof(*t));
	if (!t) {
		seal_http_global_fini();
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	}
	rc = thread_init(t, store, ca_file, diag);
	if (rc == 0 && pthread_create(&t->thread, NULL, run, t) != 0)
		rc = seal_diag_set(diag, SEAL_E_NOMEM,
				   "cannot start the thread that submits to "
				   "witnesses");
	if (rc < 0) {
		thread_free(t);
		return rc;
	}
	store->receipted_ctx = t;
	store->receipted = wake;
	*ret_thread = t;
	return 0;
}

void submit_thread_reload(struct submit_thread *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->mutex);
	t->reload = true;
	pthread_mutex_unlock(&t->mutex);
	wake(t);
}

void submit_thread_stop(struct submit_thread *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->mutex);
	t->stop = true;
	if (t->http)
		seal_http_abort(t->http);
	pthread_cond_signal(&t->moved);
	pthread_mutex_unlock(&t->mutex);
	pthread_join(t->thread, NULL);
	t->store->receipted = NULL;
	thread_free(t);
}
