/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real auditseald for tests: made, enrolled at, started on a port that the
 * kernel chooses, asked over HTTPS with client certificates, stopped or killed.
 * Everything fails the running test when it cannot do its work.
 */
#ifndef SEAL_TESTS_STOREDAEMON_H
#define SEAL_TESTS_STOREDAEMON_H

#include <stdio.h>
#include <sys/types.h>

#include "core/buf.h"
#include "http/http.h"
#include "tests/lib/testhost.h"
#include "x509/x509.h"

struct daemon_store {
	char dir[64];
	char url[128]; /* https://localhost:PORT */
	pid_t pid;     /* 0: does not run */
	FILE *said;    /* its standard error */
};

/* "auditseald init" in a fresh directory of the test's own. */
void daemon_make(struct daemon_store *d);
/* Kills it if it runs. */
void daemon_free(struct daemon_store *d);

/* Starts it; returns when it listens. */
void daemon_start(struct daemon_store *d);
/* SIGTERM; it must end with 0. */
void daemon_stop(struct daemon_store *d);
/* SIGKILL. */
void daemon_kill(struct daemon_store *d);
/* Reads what it says until a sentence holds this word. */
void daemon_says(struct daemon_store *d, const char *word);

/*
 * Runs "auditseald ARGUMENT..." (NULL ends them); its exit status.  What it
 * printed, both streams, is in the file "printed".
 */
int daemon_command(const char *const *arguments);
/* Does the file hold this text? */
bool file_has(const char *path, const char *text);
/* DIR/FILE in a buffer that the next four calls leave alone. */
const char *daemon_path(const struct daemon_store *d, const char *file);

/*
 * Writes NAME.enroll of a host and its TLS key NAME.key.  Then enrolls it:
 * NAME.welcome, and NAME.pem out of it.
 */
void host_request(const struct test_host *h, const char *name);
void host_enroll(const struct daemon_store *d, const struct test_host *h,
		 const char *name);

/* ---- asking ---- */

struct answer {
	int rc; /* of the transport; else there is a status */
	struct seal_http_response head;
	struct seal_buf body;
};

/*
 * A client with NAME.pem and NAME.key; NULL: without a certificate.  ca: a
 * file; NULL: the store's own.
 */
struct seal_http *client_make(const struct daemon_store *d, const char *name,
			      const char *ca);
/* One request; content_type NULL: GET. */
void client_ask(const struct daemon_store *d, struct seal_http *client,
		const char *path, const char *content_type,
		const struct seal_buf *body, struct answer *ret_answer);
void answer_fini(struct answer *answer);

/* Sends and expects a status.  The host's certificate is NAME's. */
void host_checkpoint(const struct daemon_store *d, struct seal_http *client,
		     const struct test_host *h, size_t old, size_t size,
		     unsigned status);
/* Uploads; with 200 the receipt is verified by the store's own policy. */
void host_entries(const struct daemon_store *d, struct seal_http *client,
		  const struct test_host *h, size_t start, size_t end,
		  size_t packages, unsigned status);
/* GET /‹hash of the origin›/resource; answer->body is what came. */
void reader_get(const struct daemon_store *d, struct seal_http *client,
		const char *origin, const char *resource, unsigned status,
		struct answer *ret_answer);

/* The size of the checkpoint served, whose quorum must be met. */
uint64_t reader_size(const struct daemon_store *d, struct seal_http *client,
		     const struct test_host *h);

#endif
