/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests of lib/http: certificates made in the present directory, servers
 * that behave badly on request (tls_server.py), a client for each case.
 */
#ifndef SEAL_TESTS_TLS_BENCH_H
#define SEAL_TESTS_TLS_BENCH_H

#include "core/buf.h"
#include "http/http.h"

#include <sys/types.h>

struct server {
	pid_t pid;
	int in, port, proxy;
};

/*
 * One with a good certificate, one that wants a client's as well, one whose
 * certificate has expired, one with that of another name.
 */
extern struct server tls_good, tls_mutual, tls_expired, tls_elsewhere;
extern int tls_missing; /* no python3 here: client_begin skips the case */

/* cmocka: of the group. */
int tls_setup(void **state);
int tls_teardown(void **state);
void tls_write_file(const char *path, const char *text);
uint64_t tls_now_ms(void);

#define LIMIT 4096 /* bytes of an answer */

struct client {
	struct seal_http *http;
	struct seal_http_config config;
	struct seal_http_response response;
	struct seal_buf body;
	struct seal_diag diag;
};

/* cmocka: of one case; *state is a struct client with the good CA. */
int client_setup(void **state);
int client_teardown(void **state);
/* Makes the handle from the configuration as it stands. */
void client_begin(struct client *c);
int client_get(struct client *c, const struct server *s, const char *path);
const char *client_text(struct client *c); /* of the answer */

/* A body of left bytes in pieces; error at its end. */
struct pieces {
	uint64_t left, piece;
	int error;
	uint8_t bytes[100000];
};

int client_post(struct client *c, const char *path, struct pieces *p,
		bool gzip);

#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, client_setup, client_teardown)

#endif
