/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTPS client: who it trusts, time limits, abort, proxies, addresses. */
#include "tests/lib/oom.h"
#include "tests/lib/tls_bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- TLS ---- */

static void strange_servers_are_refused(void **state)
{
	struct client *c = *state;
	const struct server *bad[] = {&tls_expired, &tls_elsewhere};
	size_t i;

	client_begin(c);
	for (i = 0; i < 2; i++) {
		assert_int_equal(client_get(c, bad[i], "/status/200"),
				 SEAL_E_TLS);
		assert_non_null(strstr(c->diag.text, "check the CA file"));
	}
	c->config.ca_file = "other-ca.crt";
	client_begin(c);
	assert_int_equal(client_get(c, &tls_good, "/status/200"), SEAL_E_TLS);
	/* Without a CA file it is the system's, not none. */
	c->config.ca_file = NULL;
	client_begin(c);
	assert_int_equal(client_get(c, &tls_good, "/status/200"), SEAL_E_TLS);
	/* Not a certificate at all. */
	tls_write_file("junk.crt", "junk\n");
	c->config.ca_file = "junk.crt";
	client_begin(c);
	assert_int_equal(client_get(c, &tls_good, "/status/200"), SEAL_E_TLS);
}

/* With TLS 1.3 a reset can overtake the alert: both say no. */
static void expect_refusal(struct client *c)
{
	int rc = client_get(c, &tls_mutual, "/peer");

	assert_true(rc == SEAL_E_TLS || rc == SEAL_E_NET);
}

static void client_certificates_are_shown(void **state)
{
	struct client *c = *state;

	client_begin(c);
	expect_refusal(c);
	c->config.cert_file = "stranger.crt";
	c->config.key_file = "stranger.key";
	client_begin(c);
	expect_refusal(c);
	c->config.cert_file = "reader.crt";
	c->config.key_file = "reader.key";
	client_begin(c);
	assert_int_equal(client_get(c, &tls_mutual, "/peer"), 0);
	assert_string_equal(client_text(c), "peer reader");
}

static void reload_reads_the_files_again(void **state)
{
	struct client *c = *state;

	if (tls_missing)
		skip();
	assert_int_equal(system("cp reader.crt mine.crt && "
				"cp reader.key mine.key"),
			 0);
	c->config.cert_file = "mine.crt";
	c->config.key_file = "mine.key";
	client_begin(c);
	assert_int_equal(client_get(c, &tls_mutual, "/peer"), 0);
	assert_string_equal(client_text(c), "peer reader");
	assert_int_equal(system("cp reader2.crt mine.crt && "
				"cp reader2.key mine.key"),
			 0);
	assert_int_equal(client_get(c, &tls_mutual, "/peer"), 0);
	assert_string_equal(client_text(c), "peer reader");
	seal_http_reload(c->http);
	assert_int_equal(client_get(c, &tls_mutual, "/peer"), 0);
	assert_string_equal(client_text(c), "peer reader2");
}

static void bad_configurations_are_told(void **state)
{
	struct client *c = *state;
	struct seal_http *http = NULL;

	if (tls_missing)
		skip();
	c->config.ca_file = "no-such-file";
	assert_int_equal(seal_http_new(&c->config, &http, &c->diag),
			 SEAL_E_CONFIG);
	assert_non_null(strstr(c->diag.text, "no-such-file"));
	c->config.ca_file = "ca.crt";
	c->config.cert_file = "reader.crt";
	assert_int_equal(seal_http_new(&c->config, &http, &c->diag),
			 SEAL_E_CONFIG);
	c->config.key_file = "no-such-key";
	assert_int_equal(seal_http_new(&c->config, &http, &c->diag),
			 SEAL_E_CONFIG);
	assert_non_null(strstr(c->diag.text, "no-such-key"));
	assert_null(http);
}

static int make_client(void *arg)
{
	struct seal_http *http = NULL;
	int rc = seal_http_new(arg, &http, NULL);

	assert_true(rc == 0 || !http);
	seal_http_free(http);
	return rc;
}

static void out_of_memory_is_told(void **state)
{
	struct client *c = *state;

	client_begin(c);
	c->config.cert_file = "reader.crt";
	c->config.key_file = "reader.key";
	/* zlib and libcurl have allocators of their own. */
	oom_every_flags(make_client, &c->config, OOM_NO_BALANCE);
}

/* ---- time ---- */

static void slow_servers_meet_their_limits(void **state)
{
	struct client *c = *state;
	uint64_t from;

	c->config.total_ms = 400;
	client_begin(c);
	from = tls_now_ms();
	assert_int_equal(client_get(c, &tls_good, "/hang"), SEAL_E_NET);
	assert_int_equal(client_get(c, &tls_good, "/trickle"), SEAL_E_NET);
	assert_in_range(tls_now_ms() - from, 700, 5000);
	c->config.total_ms = 0;
	c->config.idle_ms = 1000;
	client_begin(c);
	from = tls_now_ms();
	assert_int_equal(client_get(c, &tls_good, "/stall"), SEAL_E_NET);
	assert_in_range(tls_now_ms() - from, 900, 8000);
}

static int listener(int *ret_port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 0), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	*ret_port = ntohs(a.sin_port);
	return fd;
}

static void nobody_there_is_a_net_error(void **state)
{
	struct client *c = *state;
	struct server none = {0};
	int fd;

	client_begin(c);
	fd = listener(&none.port);
	close(fd);
	assert_int_equal(client_get(c, &none, "/"), SEAL_E_NET);
	assert_non_null(strstr(c->diag.text, "https://127.0.0.1:"));
}

struct abort_soon {
	struct seal_http *http;
	uint64_t at_ms;
};

/* The limit is as low as what is open: told, and mended by raising it. */
static void without_descriptors_it_is_told(void **state)
{
	struct client *c = *state;
	struct rlimit limit, none;
	int rc, lowest;

	client_begin(c);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	lowest = dup(0);
	assert_true(lowest >= 0);
	close(lowest);
	none = limit;
	none.rlim_cur = (rlim_t)lowest;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	rc = client_get(c, &tls_good, "/status/200");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(rc, SEAL_E_NET);
	assert_non_null(strstr(c->diag.text, "Too many open files"));
	assert_non_null(strstr(c->diag.text, "LimitNOFILE"));
	assert_int_equal(client_get(c, &tls_good, "/status/200"), 0);
}

static void *abort_thread(void *arg)
{
	struct abort_soon *a = arg;
	struct timespec t = {.tv_nsec = 200000000};

	nanosleep(&t, NULL);
	a->at_ms = tls_now_ms();
	seal_http_abort(a->http);
	return NULL;
}

static uint64_t abort_takes_ms(struct client *c, const struct server *s,
			       const char *path)
{
	struct abort_soon a = {.http = c->http};
	pthread_t thread;
	uint64_t ms;

	assert_int_equal(pthread_create(&thread, NULL, abort_thread, &a), 0);
	assert_int_equal(client_get(c, s, path), SEAL_E_STOPPED);
	ms = tls_now_ms();
	pthread_join(thread, NULL);
	ms -= a.at_ms;
	/* Every later request too, until resumed. */
	assert_int_equal(client_get(c, s, path), SEAL_E_STOPPED);
	seal_http_resume(c->http);
	return ms;
}

/*
 * The request ends within 0.3 s of the abort.  A machine under load may hold
 * either thread up: one of three tries must do.
 */
static void expect_abort(struct client *c, const struct server *s,
			 const char *path)
{
	int i;

	for (i = 0; i < 3; i++)
		if (abort_takes_ms(c, s, path) < 300)
			return;
	fail_msg("abort of %s took 0.3 s or more, three times", path);
}

static void abort_is_quick(void **state)
{
	struct client *c = *state;
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct server silent = {0};
	int fd, full[8], i;

	client_begin(c);
	expect_abort(c, &tls_good, "/hang");
	expect_abort(c, &tls_good, "/stall");
	expect_abort(c, &tls_good, "/trickle");
	/* A connection that nobody accepts hangs in the handshake, */
	fd = listener(&silent.port);
	expect_abort(c, &silent, "/");
	/* and behind a full backlog the connect itself hangs. */
	a.sin_port = htons((uint16_t)silent.port);
	for (i = 0; i < 8; i++) {
		full[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(full[i], (struct sockaddr *)&a, sizeof(a));
	}
	expect_abort(c, &silent, "/");
	for (i = 0; i < 8; i++)
		close(full[i]);
	close(fd);
	assert_int_equal(client_get(c, &tls_good, "/status/200"), 0);
}

/* ---- proxies ---- */

static void proxies_are_honoured(void **state)
{
	struct client *c = *state;
	char proxy[64];

	client_begin(c);
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", tls_good.proxy);
	setenv("https_proxy", proxy, 1);
	/* Its refusal is an answer. */
	assert_int_equal(client_get(c, &tls_good, "/status/200"), 0);
	assert_int_equal(c->response.status, 407);
	snprintf(proxy, sizeof(proxy), "http://u:p@127.0.0.1:%d",
		 tls_good.proxy);
	setenv("https_proxy", proxy, 1);
	assert_int_equal(client_get(c, &tls_good, "/status/202"), 0);
	assert_int_equal(c->response.status, 202);
	setenv("no_proxy", "127.0.0.1", 1);
	setenv("https_proxy", "http://127.0.0.1:1", 1);
	assert_int_equal(client_get(c, &tls_good, "/status/200"), 0);
	assert_int_equal(c->response.status, 200);
	unsetenv("no_proxy");
	assert_int_equal(client_get(c, &tls_expired, "/status/200"),
			 SEAL_E_NET);
	unsetenv("https_proxy");
}

/* ---- addresses ---- */

static void servers_are_completed(void **state)
{
	static const char *const good_url[][2] = {
		{"https://store.example.com", "https://store.example.com:6962"},
		{"https://store.example.com/",
		 "https://store.example.com:6962"},
		{"https://store:1/a/b//", "https://store:1/a/b"},
		{"https://[::1]:8443", "https://[::1]:8443"},
		{"https://192.0.2.1", "https://192.0.2.1:6962"},
	};
	static const char *const bad[] = {"",
					  "store.example.com",
					  "http://store",
					  "ftp://store",
					  "https://",
					  "https://user@store",
					  "https://user:pw@store",
					  "https://store/?q",
					  "https://store/#f",
					  "https://store:99999",
					  "https://store:x",
					  "https://sto re",
					  "https://store\n",
					  "https://store\\x"};
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_diag diag;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good_url) / sizeof(good_url[0]); i++) {
		seal_buf_reset(&b);
		assert_int_equal(
			seal_http_server_url(good_url[i][0], &b, &diag), 0);
		assert_string_equal(seal_buf_cstr(&b), good_url[i][1]);
	}
	seal_buf_reset(&b);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(seal_http_server_url(bad[i], &b, &diag),
				 SEAL_E_CONFIG);
		assert_int_equal(b.len, 0);
	}
	seal_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(strange_servers_are_refused),
		TEST(client_certificates_are_shown),
		TEST(reload_reads_the_files_again),
		TEST(bad_configurations_are_told),
		TEST(out_of_memory_is_told),
		TEST(slow_servers_meet_their_limits),
		TEST(nobody_there_is_a_net_error),
		TEST(without_descriptors_it_is_told),
		TEST(abort_is_quick),
		TEST(proxies_are_honoured),
		TEST(servers_are_completed),
	};

	return cmocka_run_group_tests(tests, tls_setup, tls_teardown);
}
