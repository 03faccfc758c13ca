/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates, servers and a client.  Contract: tls_bench.h. */
#include "tests/lib/tls_bench.h"

#include "core/crypto.h"
#include "x509/x509.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

/* One for all cases, with a tls_good certificate, and one that wants a
 * client's. */
struct server tls_good, tls_mutual, tls_expired, tls_elsewhere;
int tls_missing; /* what the machine lacks: the cases are skipped */

void tls_write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (!f || fputs(text, f) < 0 || fclose(f))
		abort();
}

static void make_cert(const char *base, enum seal_x509_role role,
		      const char *name, int64_t until_s, const char *ca_pem,
		      const struct seal_x509_key *ca_key)
{
	const char *names[] = {name};
	struct seal_x509_template t = {.role = role,
				       .name = base,
				       .names = names,
				       .names_count = name != NULL,
				       .not_before_s = 1700000000,
				       .not_after_s = until_s};
	struct seal_x509_key *key;
	char *pem, *secret, path[64];

	assert_int_equal(seal_x509_key_generate(&key, NULL), 0);
	assert_int_equal(
		seal_x509_cert_make(&t, key, ca_pem, ca_key, &pem, NULL), 0);
	assert_int_equal(seal_x509_key_to_pem(key, &secret, NULL), 0);
	snprintf(path, sizeof(path), "%s.crt", base);
	tls_write_file(path, pem);
	snprintf(path, sizeof(path), "%s.key", base);
	tls_write_file(path, secret);
	free(pem);
	seal_x509_secret_free(secret);
	seal_x509_key_free(key);
}

static void make_ca(const char *base, char **ret_pem,
		    struct seal_x509_key **ret_key)
{
	struct seal_x509_template t = {.role = SEAL_X509_CA,
				       .name = base,
				       .not_before_s = 1700000000,
				       .not_after_s = 4000000000};
	char path[64];

	assert_int_equal(seal_x509_key_generate(ret_key, NULL), 0);
	assert_int_equal(seal_x509_ca_make(&t, *ret_key, ret_pem, NULL), 0);
	snprintf(path, sizeof(path), "%s.crt", base);
	tls_write_file(path, *ret_pem);
}

static void make_certs(void)
{
	struct seal_x509_key *key, *other;
	char *pem, *other_pem;
	int64_t later = 4000000000;

	make_ca("ca", &pem, &key);
	make_ca("other-ca", &other_pem, &other);
	make_cert("server", SEAL_X509_SERVER, "127.0.0.1", later, pem, key);
	make_cert("old", SEAL_X509_SERVER, "127.0.0.1", 1700000001, pem, key);
	make_cert("elsewhere", SEAL_X509_SERVER, "store.example", later, pem,
		  key);
	make_cert("reader", SEAL_X509_READER, NULL, later, pem, key);
	make_cert("reader2", SEAL_X509_READER, NULL, later, pem, key);
	make_cert("stranger", SEAL_X509_READER, NULL, later, other_pem, other);
	seal_x509_key_free(key);
	seal_x509_key_free(other);
	free(pem);
	free(other_pem);
}

static int start(struct server *s, const char *cert, const char *key,
		 const char *client_ca)
{
	char script[1024];
	int in[2], out[2], got;
	FILE *ports;

	snprintf(script, sizeof(script), "%s/tests/lib/tls_server.py",
		 getenv("SEAL_SRCDIR"));
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
		return -1;
	s->pid = fork();
	if (!s->pid) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execlp("python3", "python3", script, cert, key, client_ca,
		       (char *)NULL);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	s->in = in[1];
	ports = fdopen(out[0], "r");
	if (!ports)
		return -1;
	got = fscanf(ports, "%d %d", &s->port, &s->proxy);
	fclose(ports);
	return got == 2 ? 0 : -1;
}

static void stop(struct server *s)
{
	if (!s->pid)
		return;
	close(s->in);
	waitpid(s->pid, NULL, 0);
}

int tls_setup(void **state)
{
	(void)state;
	unsetenv("https_proxy");
	unsetenv("HTTPS_PROXY");
	unsetenv("ALL_PROXY");
	unsetenv("all_proxy");
	if (system("python3 -c 'import ssl' 2>/dev/null") != 0) {
		tls_missing = 1;
		return 0;
	}
	if (seal_crypto_init(NULL) || seal_http_global_init(NULL))
		return -1;
	make_certs();
	return start(&tls_good, "server.crt", "server.key", NULL) ||
	       start(&tls_mutual, "server.crt", "server.key", "ca.crt") ||
	       start(&tls_expired, "old.crt", "old.key", NULL) ||
	       start(&tls_elsewhere, "elsewhere.crt", "elsewhere.key", NULL);
}

int tls_teardown(void **state)
{
	(void)state;
	stop(&tls_good);
	stop(&tls_mutual);
	stop(&tls_expired);
	stop(&tls_elsewhere);
	if (!tls_missing)
		seal_http_global_fini();
	return 0;
}

/* ---- one client for each case ---- */

int client_setup(void **state)
{
	struct client *c = calloc(1, sizeof(*c));

	c->config.ca_file = "ca.crt";
	*state = c;
	return 0;
}

int client_teardown(void **state)
{
	struct client *c = *state;

	seal_http_free(c->http);
	seal_buf_fini(&c->body);
	free(c);
	return 0;
}

void client_begin(struct client *c)
{
	if (tls_missing)
		skip();
	seal_http_free(c->http);
	c->http = NULL;
	assert_int_equal(seal_http_new(&c->config, &c->http, &c->diag), 0);
}

int client_get(struct client *c, const struct server *s, const char *path)
{
	char url[256];

	snprintf(url, sizeof(url), "https://127.0.0.1:%d%s", s->port, path);
	memset(&c->diag, 0, sizeof(c->diag));
	return seal_http_get(c->http, url, LIMIT, &c->response, &c->body,
			     &c->diag);
}

const char *client_text(struct client *c)
{
	return seal_buf_cstr(&c->body);
}

static int next_piece(void *ctx, const uint8_t **ret_piece, size_t *ret_bytes,
		      struct seal_diag *diag)
{
	struct pieces *p = ctx;

	if (p->error && p->left < p->piece)
		return seal_diag_set(diag, p->error, "the source failed");
	*ret_bytes = p->left < p->piece ? p->left : p->piece;
	*ret_piece = p->bytes;
	p->left -= *ret_bytes;
	return 0;
}

int client_post(struct client *c, const char *path, struct pieces *p, bool gzip)
{
	char url[256];
	struct seal_http_request r = {.url = url,
				      .content_type =
					      "application/octet-stream",
				      .body = next_piece,
				      .body_ctx = p,
				      .gzip = gzip,
				      .answer_bytes_max = LIMIT};

	snprintf(url, sizeof(url), "https://127.0.0.1:%d%s", tls_good.port,
		 path);
	memset(&c->diag, 0, sizeof(c->diag));
	return seal_http_perform(c->http, &r, &c->response, &c->body, &c->diag);
}

uint64_t tls_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
