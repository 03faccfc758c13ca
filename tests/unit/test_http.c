/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTPS client: answers, bodies, what is too much or broken. */
#include "tests/lib/tls_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- answers ---- */

static void answers_are_read(void **state)
{
	struct client *c = *state;
	static const unsigned status[] = {200, 202, 301, 400, 404,
					  409, 413, 421, 503};
	char path[64];
	size_t i;

	client_begin(c);
	for (i = 0; i < sizeof(status) / sizeof(status[0]); i++) {
		snprintf(path, sizeof(path), "/status/%u", status[i]);
		assert_int_equal(client_get(c, &tls_good, path), 0);
		assert_int_equal(c->response.status, status[i]);
		assert_false(c->response.has_retry_after);
		assert_string_equal(client_text(c), "status\n");
	}
	/* All over one connection. */
	assert_int_equal(client_get(c, &tls_good, "/connections"), 0);
	i = strtoul(client_text(c), NULL, 10);
	assert_int_equal(client_get(c, &tls_good, "/connections"), 0);
	assert_int_equal(strtoul(client_text(c), NULL, 10), i);
}

static void retry_after_is_read(void **state)
{
	struct client *c = *state;

	client_begin(c);
	assert_int_equal(client_get(c, &tls_good, "/status/503/7"), 0);
	assert_true(c->response.has_retry_after);
	assert_int_equal(c->response.retry_after_ms, 7000);
	assert_int_equal(client_get(c, &tls_good, "/status/429/0"), 0);
	assert_true(c->response.has_retry_after);
	assert_int_equal(c->response.retry_after_ms, 0);
	assert_int_equal(client_get(c, &tls_good, "/status/503/soon"), 0);
	assert_false(c->response.has_retry_after);
	assert_int_equal(
		client_get(c, &tls_good, "/status/503/99999999999999999999999"),
		0);
	assert_false(c->response.has_retry_after);
	assert_int_equal(
		client_get(c, &tls_good,
			   "/status/503/Fri,_31_Dec_1999_23:59:59_GMT"),
		0);
	assert_true(c->response.has_retry_after);
	assert_int_equal(c->response.retry_after_ms, 0);
	assert_int_equal(
		client_get(c, &tls_good,
			   "/status/503/Fri,_31_Dec_2100_23:59:59_GMT"),
		0);
	assert_int_equal(c->response.retry_after_ms, 86400000);
}

static void redirects_are_answers(void **state)
{
	struct client *c = *state;

	client_begin(c);
	assert_int_equal(client_get(c, &tls_good, "/redirect"), 0);
	assert_int_equal(c->response.status, 302);
}

static void only_https_is_spoken(void **state)
{
	struct client *c = *state;
	static const char *const url[] = {"http://127.0.0.1/",	"ftp://x/",
					  "file:///etc/passwd", "HTTPS://x/",
					  "127.0.0.1",		""};
	size_t i;

	client_begin(c);
	for (i = 0; i < sizeof(url) / sizeof(url[0]); i++)
		assert_int_equal(seal_http_get(c->http, url[i], LIMIT,
					       &c->response, &c->body,
					       &c->diag),
				 SEAL_E_ARG);
}

/* ---- bodies on the way out ---- */

static void bodies_arrive_whole(void **state)
{
	static const struct {
		uint64_t bytes, piece;
	} size[] = {{0, 1},	      {1, 1},		{1000, 7},
		    {262143, 100000}, {262144, 100000}, {262145, 100000},
		    {5000000, 99999}};
	struct client *c = *state;
	struct pieces *p = calloc(1, sizeof(*p));
	char want[64];
	size_t i, k;

	client_begin(c);
	for (i = 0; i < sizeof(p->bytes); i++)
		p->bytes[i] = (uint8_t)(i * 2654435761u >> 24);
	for (i = 0; i < sizeof(size) / sizeof(size[0]); i++) {
		for (k = 0; k < 2; k++) {
			p->left = size[i].bytes;
			p->piece = size[i].piece;
			assert_int_equal(client_post(c, "/echo", p, k), 0);
			assert_int_equal(c->response.status, 200);
			snprintf(want, sizeof(want), "\nbytes %llu\n",
				 (unsigned long long)size[i].bytes);
			assert_non_null(strstr(client_text(c), want));
			assert_int_equal(
				!!strstr(client_text(c), "encoding: gzip"), k);
			assert_string_equal(c->response.content_type,
					    "text/x.tlog.size");
			assert_string_equal(c->response.accept_encoding,
					    "gzip, zstd");
		}
	}
	free(p);
}

static void small_bodies_have_their_length(void **state)
{
	struct client *c = *state;
	struct pieces *p = calloc(1, sizeof(*p));

	client_begin(c);
	p->left = 50000;
	p->piece = 1000;
	assert_int_equal(client_post(c, "/echo", p, false), 0);
	assert_non_null(strstr(client_text(c), "content-length: 50000\n"));
	assert_null(strstr(client_text(c), "expect:"));
	assert_null(strstr(client_text(c), "transfer-encoding:"));
	/* Large, but small once compressed. */
	p->left = 5000000;
	p->piece = 100000;
	assert_int_equal(client_post(c, "/echo", p, true), 0);
	assert_non_null(strstr(client_text(c), "content-length: "));
	assert_non_null(strstr(client_text(c), "\nbytes 5000000\n"));
	p->left = 5000000;
	assert_int_equal(client_post(c, "/echo", p, false), 0);
	assert_non_null(strstr(client_text(c), "transfer-encoding: chunked\n"));
	assert_non_null(strstr(client_text(c), "expect: 100-continue\n"));
	free(p);
}

static void the_sources_error_ends_the_request(void **state)
{
	struct client *c = *state;
	struct pieces *p = calloc(1, sizeof(*p));

	client_begin(c);
	p->piece = 100000;
	p->error = SEAL_E_DAMAGED;
	p->left = 250000;
	assert_int_equal(client_post(c, "/echo", p, false), SEAL_E_DAMAGED);
	p->left = 3050000;
	assert_int_equal(client_post(c, "/echo", p, false), SEAL_E_DAMAGED);
	assert_string_equal(c->diag.text, "the source failed");
	/* And the client is as tls_good as before. */
	assert_int_equal(client_get(c, &tls_good, "/status/200"), 0);
	free(p);
}

static void an_early_refusal_counts(void **state)
{
	struct client *c = *state;
	struct pieces *p = calloc(1, sizeof(*p));

	client_begin(c);
	p->left = 50000000;
	p->piece = 100000;
	assert_int_equal(client_post(c, "/refuse", p, false), 0);
	assert_int_equal(c->response.status, 413);
	/* It was not sent for nothing. */
	assert_true(p->left > 40000000);
	free(p);
}

/* ---- answers that are too much ---- */

static void large_answers_are_cut_off(void **state)
{
	static const char *const path[] = {"/big/4097", "/big/100000000",
					   "/endless", "/headers", "/bomb"};
	struct client *c = *state;
	size_t i;

	client_begin(c);
	for (i = 0; i < sizeof(path) / sizeof(path[0]); i++) {
		assert_int_equal(client_get(c, &tls_good, path[i]),
				 SEAL_E_TOOBIG);
		assert_non_null(strstr(c->diag.text, "larger than"));
	}
	assert_int_equal(client_get(c, &tls_good, "/big/4096"), 0);
	assert_int_equal(c->body.len, 4096);
	assert_int_equal(client_get(c, &tls_good, "/packed"), 0);
	assert_string_equal(client_text(c), "unpacked");
}

static void broken_answers_are_errors(void **state)
{
	struct client *c = *state;

	client_begin(c);
	assert_int_equal(client_get(c, &tls_good, "/garbage"), SEAL_E_PROTOCOL);
	assert_int_equal(client_get(c, &tls_good, "/close"), SEAL_E_NET);
	assert_int_equal(client_get(c, &tls_good, "/cut"), SEAL_E_NET);
	assert_true(strlen(c->diag.text) > 0);
	assert_int_equal(client_get(c, &tls_good, "/status/200"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_are_read),
		TEST(retry_after_is_read),
		TEST(redirects_are_answers),
		TEST(only_https_is_spoken),
		TEST(bodies_arrive_whole),
		TEST(small_bodies_have_their_length),
		TEST(the_sources_error_ends_the_request),
		TEST(an_early_refusal_counts),
		TEST(large_answers_are_cut_off),
		TEST(broken_answers_are_errors),
	};

	return cmocka_run_group_tests(tests, tls_setup, tls_teardown);
}
