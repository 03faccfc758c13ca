/* SPDX-License-Identifier: Apache-2.0 */
/* lib/host over real files: suspended and mended, many threads, a fast end. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/crypto.h"
#include "core/key.h"
#include "host/host.h"
#include "http/http.h"
#include "spool/keydir.h"
#include "x509/x509.h"

#define ORIGIN	"h/audit"
#define THREADS 4
#define ROUNDS	50
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STOP_MS 3000
#else
#define STOP_MS 300
#endif

struct bench {
	char dir[64];
	char keydir[96], spool[96], policy[96], ca[96];
	struct seal_host_config config;
	struct seal_host *host;
	pthread_mutex_t mutex;
	unsigned sentences, errors;
	char last[1024], last_error[1024];
};

static void say(void *ctx, int severity, const char *text)
{
	struct bench *b = ctx;

	pthread_mutex_lock(&b->mutex);
	b->sentences++;
	snprintf(b->last, sizeof(b->last), "%s", text);
	if (severity <= 3) {
		b->errors++;
		snprintf(b->last_error, sizeof(b->last_error), "%s", text);
	}
	pthread_mutex_unlock(&b->mutex);
}

static void make_keys(struct bench *b)
{
	assert_int_equal(seal_keydir_create(seal_io_posix(), b->keydir, ORIGIN,
					    NULL, NULL),
			 0);
}

static int setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	assert_int_equal(seal_crypto_init(NULL), 0);
	strcpy(b->dir, "host.XXXXXX");
	assert_non_null(mkdtemp(b->dir));
	snprintf(b->keydir, sizeof(b->keydir), "%s/keys", b->dir);
	snprintf(b->spool, sizeof(b->spool), "%s/spool", b->dir);
	snprintf(b->policy, sizeof(b->policy), "%s/policy", b->dir);
	snprintf(b->ca, sizeof(b->ca), "%s/ca.pem", b->dir);
	pthread_mutex_init(&b->mutex, NULL);
	b->config = (struct seal_host_config){.origin = ORIGIN,
					      .keydir = b->keydir,
					      .policy = b->policy,
					      .spool = b->spool,
					      .tls_ca = b->ca,
					      .segment_max_bytes = 1 << 16,
					      .heartbeat_s = 60,
					      .epoch_interval_s = 900,
					      .epoch_max_entries = 1000000,
					      .say = say,
					      .say_ctx = b};
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;

	seal_host_free(b->host);
	pthread_mutex_destroy(&b->mutex);
	free(b);
	return 0;
}

static void begin(struct bench *b)
{
	assert_int_equal(seal_host_new(&b->config, &b->host), 0);
	seal_host_start(b->host);
}

static bool commit(struct bench *b, const char *text)
{
	struct seal_message msg = {.bytes = text, .len = strlen(text)};

	return seal_host_commit(b->host, &msg, 1);
}

static uint64_t entries(struct bench *b)
{
	struct seal_host_stats stats;

	seal_host_stats(b->host, &stats);
	return stats.spool.size;
}

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void put_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void test_seals(void **state)
{
	struct bench *b = *state;

	make_keys(b);
	begin(b);
	assert_true(seal_host_resume(b->host));
	assert_true(commit(b, "one"));
	assert_true(commit(b, "two"));
	assert_int_equal(entries(b), 3); /* start, two records */
	assert_int_equal(b->sentences, 0);
}

static void test_nothing_to_seal_with(void **state)
{
	struct bench *b = *state;
	struct seal_host_stats stats;
	int i;

	begin(b);
	assert_false(commit(b, "one"));
	for (i = 0; i < 5; i++)
		assert_false(seal_host_resume(b->host));
	/* Said once, however often it is tried. */
	assert_int_equal(b->sentences, 1);
	assert_non_null(strstr(b->last, "are not sealed"));
	assert_non_null(strstr(b->last, b->keydir));
	seal_host_stats(b->host, &stats);
	assert_int_equal(stats.suspended, 1);
	seal_host_hup(b->host);

	/* Another reason is told, too. */
	assert_int_equal(mkdir(b->keydir, 0755), 0);
	assert_false(seal_host_resume(b->host));
	assert_int_equal(b->sentences, 2);

	assert_int_equal(rmdir(b->keydir), 0);
	make_keys(b);
	assert_true(seal_host_resume(b->host));
	assert_non_null(strstr(b->last, "goes on"));
	assert_int_equal(entries(b), 2); /* start, gap */
	assert_true(commit(b, "one"));
	assert_int_equal(entries(b), 3);
	assert_true(seal_host_resume(b->host));
	assert_int_equal(entries(b), 3); /* no second gap */
}

static void test_free_while_suspended(void **state)
{
	struct bench *b = *state;

	begin(b);
	assert_false(commit(b, "one"));
}

/* Nothing but the spool's folder outlives it. */
static void test_suspended_to_the_end(void **state)
{
	struct bench *b = *state;

	assert_int_equal(mkdir(b->spool, 0700), 0);
	begin(b);
	assert_false(commit(b, "one"));
	seal_host_free(b->host);
	make_keys(b);
	begin(b);
	assert_int_equal(entries(b), 2); /* start, gap */
	seal_host_free(b->host);
	begin(b);
	assert_int_equal(entries(b), 5); /* stop, epoch, start; no gap */
	assert_true(commit(b, "one"));
}

static void test_taken_spool(void **state)
{
	struct bench *b = *state;
	struct seal_host *first;

	make_keys(b);
	begin(b);
	first = b->host;
	begin(b);
	assert_false(commit(b, "second"));
	assert_int_equal(b->errors, 1);
	assert_non_null(strstr(b->last_error, "in use"));
	seal_host_free(first);
	assert_true(seal_host_resume(b->host));
	assert_true(commit(b, "second"));
}

static void *committer(void *ctx)
{
	struct bench *b = ctx;
	int i;

	for (i = 0; i < ROUNDS; i++)
		if (!commit(b, "a record of one of several workers"))
			return b;
	return NULL;
}

static void test_many_threads(void **state)
{
	struct bench *b = *state;
	struct seal_host_stats stats;
	pthread_t threads[THREADS];
	void *failed;
	int i;

	make_keys(b);
	begin(b);
	for (i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, committer, b), 0);
	for (i = 0; i < 10; i++) {
		seal_host_hup(b->host);
		seal_host_stats(b->host, &stats);
		(void)seal_host_resume(b->host);
	}
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	seal_host_stats(b->host, &stats);
	assert_int_equal(stats.spool.records, THREADS * ROUNDS);
	assert_int_equal(stats.suspended, 0);
}

static void test_hup_begins_a_segment(void **state)
{
	struct bench *b = *state;
	struct seal_host_stats stats;

	make_keys(b);
	begin(b);
	assert_true(commit(b, "one"));
	seal_host_hup(b->host);
	assert_true(commit(b, "two"));
	seal_host_stats(b->host, &stats);
	assert_int_equal(stats.spool.segments, 2);
}

static void test_notes_become_entries(void **state)
{
	struct bench *b = *state;

	b->config.notes[0] = (struct seal_host_note){"spool.onfull", "drop"};
	b->config.notes[1] = (struct seal_host_note){"x", "y"};
	b->config.notes_len = 2;
	make_keys(b);
	begin(b);
	assert_int_equal(entries(b), 3); /* start, two config */
}

/* A policy of one mirror at that address. */
static void put_policy(struct bench *b, const char *url)
{
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_vkey vkey = {0};
	struct seal_key *key;

	assert_int_equal(seal_key_generate(SEAL_KEY_LASTING, &key), 0);
	assert_int_equal(seal_vkey_init(&vkey, "store/mirror",
					SEAL_KEY_COSIGNATURE,
					seal_key_public(key), NULL),
			 0);
	seal_buf_put_str(&text, "witness m ");
	seal_vkey_put(&text, &vkey);
	if (url)
		seal_buf_putf(&text, " %s", url);
	seal_buf_put_str(&text, "\nquorum m\n");
	put_file(b->policy, seal_buf_cstr(&text));
	seal_vkey_fini(&vkey);
	seal_key_free(key);
	seal_buf_fini(&text);
}

static void put_ca(struct bench *b)
{
	struct seal_x509_template t = {.role = SEAL_X509_CA,
				       .name = "ca",
				       .not_before_s = 1700000000,
				       .not_after_s = 4000000000};
	struct seal_x509_key *key;
	char *pem;

	assert_int_equal(seal_x509_key_generate(&key, NULL), 0);
	assert_int_equal(seal_x509_ca_make(&t, key, &pem, NULL), 0);
	put_file(b->ca, pem);
	free(pem);
	seal_x509_key_free(key);
}

/* A server that takes connections and says nothing. */
static int silent_server(char *ret_url, size_t room)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	socklen_t len = sizeof(addr);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	assert_int_equal(listen(fd, 8), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
	snprintf(ret_url, room, "https://127.0.0.1:%u",
		 (unsigned)ntohs(addr.sin_port));
	return fd;
}

static void test_ends_at_once(void **state)
{
	struct bench *b = *state;
	char url[64];
	int fd, taken;
	uint64_t from, took;

	fd = silent_server(url, sizeof(url));
	put_ca(b);
	put_policy(b, url);
	make_keys(b);
	b->config.servers[b->config.servers_len++] = url;
	begin(b);
	assert_int_equal(b->errors, 0);
	assert_true(commit(b, "one"));
	taken = accept(fd, NULL, NULL); /* a request is under way now */
	assert_true(taken >= 0);
	from = now_ms();
	seal_host_free(b->host);
	took = now_ms() - from;
	b->host = NULL;
	print_message("# ended in %u ms\n", (unsigned)took);
	assert_true(took <= STOP_MS);
	close(taken);
	close(fd);
}

static void test_server_without_key(void **state)
{
	struct bench *b = *state;

	put_ca(b);
	put_policy(b, "https://other.example:6962");
	make_keys(b);
	b->config.servers[b->config.servers_len++] =
		"https://store.example:6962";
	begin(b);
	/* It is said, and sealing goes on all the same. */
	assert_int_equal(b->errors, 1);
	assert_non_null(strstr(b->last_error, "no witness line"));
	assert_true(commit(b, "one"));
}

static void test_no_policy(void **state)
{
	struct bench *b = *state;

	make_keys(b);
	b->config.servers[b->config.servers_len++] =
		"https://store.example:6962";
	begin(b);
	assert_int_equal(b->errors, 1);
	assert_non_null(strstr(b->last_error, b->policy));
	assert_true(commit(b, "one"));
	assert_int_equal(entries(b), 3); /* start, config, record */
}

static void test_starts_senders_at_hup(void **state)
{
	struct bench *b = *state;
	char url[64];
	int fd, taken;

	fd = silent_server(url, sizeof(url));
	put_policy(b, NULL);
	make_keys(b);
	b->config.servers[b->config.servers_len++] = url;
	begin(b);
	assert_int_equal(b->errors, 1); /* there is no CA */
	put_ca(b);
	seal_host_hup(b->host);
	assert_int_equal(b->errors, 1);
	taken = accept(fd, NULL, NULL);
	assert_true(taken >= 0);
	close(taken);
	close(fd);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		CASE(test_seals),
		CASE(test_nothing_to_seal_with),
		CASE(test_free_while_suspended),
		CASE(test_suspended_to_the_end),
		CASE(test_taken_spool),
		CASE(test_many_threads),
		CASE(test_hup_begins_a_segment),
		CASE(test_notes_become_entries),
		CASE(test_ends_at_once),
		CASE(test_server_without_key),
		CASE(test_no_policy),
		CASE(test_starts_senders_at_hup),
	};
	int failed;

	if (seal_http_global_init(NULL))
		return 99;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	seal_http_global_fini();
	return failed;
}
