/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store as a witness, without its HTTP server: every status of C2SP
 * tlog-witness, what it signs, and what it never signs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/checkpoint.h"
#include "core/note.h"
#include "protocol/answer.h"
#include "protocol/tile.h"
#include "tests/lib/testhost.h"
#include "tests/lib/testlog.h"
#include "tests/lib/teststore.h"
#include "tools/auditseald/witness.h"

#define ORIGIN "web01.example.org/audit"
#define NAME   "store.example/witness"
#define POLICY "witness.policy"

static void policy_write(const char *text)
{
	FILE *f = fopen("policy.new", "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename("policy.new", POLICY), 0);
}

static void knows(const struct test_host *h)
{
	struct seal_buf text = SEAL_BUF_INIT;

	test_host_policy_line(h, &text);
	seal_buf_put_str(&text, "quorum none\n");
	policy_write(seal_buf_cstr(&text));
	seal_buf_fini(&text);
}

static void be_witness(struct test_store *t)
{
	struct seal_diag diag = {0};

	if (witness_open(t->store, POLICY, NAME, test_key("witness"), &diag) <
	    0)
		fail_msg("%s", diag.text);
}

static int with_witness(void **state)
{
	struct test_store *t = test_store_make("store.example/mirror", NULL);

	test_host_make(&t->host, ORIGIN, 300, 40, 1);
	knows(&t->host);
	be_witness(t);
	*state = t;
	return 0;
}

static int done(void **state)
{
	test_store_free(*state);
	return 0;
}

static void expect(struct test_store *t, unsigned status)
{
	if (t->reply.status != status)
		fail_msg("%u in place of %u: %.*s", t->reply.status, status,
			 (int)t->reply.body.len, (char *)t->reply.body.data);
}

/* Nobody is asked who he is. */
static void send(struct test_store *t, const struct seal_buf *body,
		 unsigned status)
{
	reply_fini(&t->reply);
	witness_add_checkpoint(t->store, NULL, body->data, body->len,
			       &t->reply);
	expect(t, status);
}

static void send_text(struct test_store *t, const char *text, unsigned status)
{
	struct seal_buf body = SEAL_BUF_INIT;

	seal_buf_put_str(&body, text);
	send(t, &body, status);
	seal_buf_fini(&body);
}

static void submit(struct test_store *t, const struct test_host *h, size_t old,
		   size_t size, unsigned status)
{
	struct seal_buf body = SEAL_BUF_INIT;

	test_host_add_checkpoint(h, old, size, h->epoch, &body);
	send(t, &body, status);
	seal_buf_fini(&body);
}

/* A request of parts that may not belong together. */
static void submit_parts(struct test_store *t, size_t old, size_t size,
			 const struct seal_proof *proof, unsigned status)
{
	struct seal_buf note = SEAL_BUF_INIT, body = SEAL_BUF_INIT;

	test_host_note(&t->host, size, NULL, &note);
	assert_int_equal(seal_add_checkpoint_build(old, proof, note.data,
						   note.len, &body),
			 0);
	send(t, &body, status);
	seal_buf_fini(&note);
	seal_buf_fini(&body);
}

static void read_as_monitor(struct test_store *t, const char *origin,
			    unsigned status)
{
	char path[SEAL_ORIGIN_HASH_BYTES + 16], hex[SEAL_ORIGIN_HASH_BYTES];

	assert_int_equal(seal_origin_hash(origin, hex), 0);
	snprintf(path, sizeof(path), "%s/checkpoint", hex);
	reply_fini(&t->reply);
	witness_read(t->store, path, &t->reply);
	expect(t, status);
}

static struct seal_vkey vkey_of(const char *name, const char *purpose)
{
	struct seal_key *key = test_key(purpose);
	struct seal_vkey vkey = {0};

	assert_int_equal(seal_vkey_init(&vkey, name, SEAL_KEY_COSIGNATURE,
					seal_key_public(key), NULL),
			 0);
	seal_key_free(key);
	return vkey;
}

/* The answer is one line of the witness key over this tree, and its time. */
static uint64_t signed_at(const struct test_store *t, size_t size)
{
	struct seal_vkey vkey = vkey_of(NAME, "witness");
	const struct seal_vkey *const vkeys[] = {&vkey};
	struct seal_hash root = test_host_root(&t->host, size);
	struct seal_buf lines = SEAL_BUF_INIT;
	struct seal_cosignatures found;

	assert_int_equal(seal_cosignatures_parse(
				 t->reply.body.data, t->reply.body.len, ORIGIN,
				 size, &root, vkeys, 1, &lines, &found, NULL),
			 0);
	assert_int_equal(found.verified, 1);
	assert_int_equal(lines.len, t->reply.body.len);
	assert_int_equal(found.time_min, found.time_max);
	seal_buf_fini(&lines);
	seal_vkey_fini(&vkey);
	return found.time_max;
}

static void says_size(const struct test_store *t, const char *size)
{
	assert_string_equal(t->reply.type, "text/x.tlog.size");
	assert_int_equal(t->reply.body.len, strlen(size));
	assert_memory_equal(t->reply.body.data, size, strlen(size));
}

static void the_log_grows(void **state)
{
	static const size_t sizes[] = {0, 0, 1, 2, 7, 256, 256, 257, 300};
	struct test_store *t = *state;
	size_t i, old = 0;
	uint64_t time_s, last_s = 0;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		submit(t, &t->host, old, sizes[i], 200);
		time_s = signed_at(t, sizes[i]);
		assert_true(time_s >= last_s && time_s > 0);
		last_s = time_s;
		old = sizes[i];
		t->now_s++;
	}
}

static void what_a_monitor_reads(void **state)
{
	struct test_store *t = *state;
	struct seal_checkpoint cp;
	struct seal_note note;
	struct seal_vkey vkey = vkey_of(NAME, "witness"), host = {0};

	read_as_monitor(t, ORIGIN, 404);
	submit(t, &t->host, 0, 9, 200);
	read_as_monitor(t, ORIGIN, 200);
	assert_int_equal(seal_checkpoint_parse_note(t->reply.body.data,
						    t->reply.body.len, &note,
						    &cp, NULL),
			 0);
	assert_int_equal(cp.size, 9);
	/* The seal is of no key that the witness knows. */
	assert_int_equal(note.sig_count, 2);
	assert_int_equal(seal_cosig_verify(&note, &vkey, NULL, NULL), 0);
	assert_int_equal(seal_vkey_init(&host, ORIGIN, SEAL_KEY_ED25519,
					seal_key_public(t->host.host), NULL),
			 0);
	assert_int_equal(seal_note_verify(&note, &host, NULL), 0);
	read_as_monitor(t, "another.example.org/audit", 404);
	reply_fini(&t->reply);
	witness_read(t->store, "checkpoint", &t->reply);
	expect(t, 404);
	seal_vkey_fini(&vkey);
	seal_vkey_fini(&host);
}

static void never_back_and_never_aside(void **state)
{
	struct test_store *t = *state;
	struct test_host fork;

	test_host_make(&fork, ORIGIN, 300, 40, 2);
	submit(t, &t->host, 0, 100, 200);
	submit(t, &t->host, 0, 50, 409);
	says_size(t, "100\n");
	submit(t, &t->host, 0, 200, 409);
	submit(t, &t->host, 99, 200, 409);
	submit(t, &t->host, 150, 200, 409);
	says_size(t, "100\n");
	submit(t, &fork, 100, 100, 422);
	submit(t, &fork, 100, 200, 422);
	submit(t, &fork, 0, 200, 409);
	submit(t, &t->host, 100, 200, 200);
	submit(t, &t->host, 100, 150, 409);
	says_size(t, "200\n");
	read_as_monitor(t, ORIGIN, 200);
	test_host_free(&fork);
}

static void what_is_malformed(void **state)
{
	static const struct seal_proof one = {.n = 1};
	static const struct seal_proof none = {.n = 0};
	struct test_store *t = *state;

	send_text(t, "", 400);
	send_text(t, "old 0\n\nno note", 400);
	send_text(t, "old 00\n\nx/y\n0\n", 400);
	send_text(t,
		  "old 0\n\n" ORIGIN "\n0\n"
		  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
		  "\xe2\x80\x94 " ORIGIN " AAAAAAAAAAAAAAAAAAA=\n",
		  422);
	submit_parts(t, 9, 8, &none, 400);
	submit_parts(t, 0, 8, &one, 422);
	submit(t, &t->host, 0, 8, 200);
	submit_parts(t, 8, 8, &one, 422);
	submit_parts(t, 8, 9, &none, 422);
	submit_parts(t, 8, 9, &one, 422);
	submit(t, &t->host, 8, 8, 200);
}

static void whose_logs(void **state)
{
	struct test_store *t = *state;
	struct test_host other, thief;

	test_host_make(&other, "web02.example.org/audit", 9, 20, 3);
	submit(t, &other, 0, 9, 404);
	knows(&other);
	submit(t, &other, 0, 9, 200);
	submit(t, &t->host, 0, 9, 404);
	knows(&t->host);
	test_host_make(&thief, ORIGIN, 9, 20, 3);
	seal_key_free(thief.host);
	thief.host = test_key("thief");
	submit(t, &thief, 0, 9, 403);
	submit(t, &t->host, 0, 9, 200);
	policy_write("nonsense\n"); /* what was read before stays in force */
	submit(t, &t->host, 9, 10, 200);
	test_host_free(&thief);
	test_host_free(&other);
}

/* A line with the key's name and ID that does not verify: a malformed note. */
static void a_wrong_line(void **state)
{
	struct test_store *t = *state;
	struct seal_buf body = SEAL_BUF_INIT;
	char *line;

	test_host_add_checkpoint(&t->host, 0, 9, NULL, &body);
	assert_non_null(seal_buf_cstr(&body));
	line = strstr((char *)body.data, "\xe2\x80\x94 " ORIGIN " ");
	assert_non_null(line);
	line += strlen("\xe2\x80\x94 " ORIGIN " ") + 20;
	*line = *line == 'A' ? 'B' : 'A';
	send(t, &body, 403);
	seal_buf_fini(&body);
	read_as_monitor(t, ORIGIN, 404);
}

/* What the witness saw of a log that is mirrored here too is its own affair. */
static void beside_the_mirror(void **state)
{
	struct test_store *t = *state;

	test_store_trust(t, &t->host);
	test_store_advance(t, 0, 20);
	test_store_receipt(t, 20, 0);
	submit(t, &t->host, 0, 9, 200);
	submit(t, &t->host, 9, 20, 200);
	test_store_read(t, ORIGIN, "checkpoint", 200);
	assert_null(memmem(t->reply.body.data, t->reply.body.len, NAME,
			   strlen(NAME)));
	read_as_monitor(t, ORIGIN, 200);
	assert_null(
		memmem(t->reply.body.data, t->reply.body.len, "/mirror", 7));
	test_store_advance(t, 20, 30);
	assert_int_equal(t->reply.body.len, 0);
}

static void a_restart_and_a_clock_that_went_back(void **state)
{
	struct test_store *t = *state;
	uint64_t time_s;

	submit(t, &t->host, 0, 100, 200);
	time_s = signed_at(t, 100);
	test_store_reopen(t);
	submit(t, &t->host, 0, 100, 404);
	be_witness(t);
	t->now_s -= 3600;
	submit(t, &t->host, 0, 50, 409);
	submit(t, &t->host, 100, 100, 200);
	assert_int_equal(signed_at(t, 100), time_s);
}

static void keys_of_one_purpose(void **state)
{
	struct test_store *t = *state;
	struct seal_vkey vkey = vkey_of("any/name", "witness");
	struct seal_diag diag = {0};

	assert_true(store_owns_key(t->store, &vkey));
	witness_close(t->store);
	assert_false(store_owns_key(t->store, &vkey));
	seal_vkey_fini(&vkey);
	assert_int_equal(
		witness_open(t->store, POLICY, NAME, test_key("mirror"), &diag),
		SEAL_E_CONFIG);
	assert_int_equal(witness_open(t->store, POLICY, "store.example/mirror",
				      test_key("witness"), &diag),
			 SEAL_E_CONFIG);
	assert_int_equal(witness_open(t->store, "absent", NAME,
				      test_key("witness"), &diag),
			 SEAL_E_NOTFOUND);
	submit(t, &t->host, 0, 9, 404);
}

/* Many at once with one old size: one is first, all others are told. */
#define RACERS 8

struct racer {
	pthread_t thread;
	struct test_store *store;
	struct seal_buf body;
	struct reply reply;
};

static void *race(void *arg)
{
	struct racer *r = arg;

	witness_add_checkpoint(r->store->store, NULL, r->body.data, r->body.len,
			       &r->reply);
	return NULL;
}

static void only_one_is_first(void **state)
{
	struct test_store *t = *state;
	struct racer racers[RACERS] = {0};
	size_t i, first = 0;

	submit(t, &t->host, 0, 10, 200);
	for (i = 0; i < RACERS; i++) {
		racers[i].store = t;
		test_host_add_checkpoint(&t->host, 10, 20 + i, NULL,
					 &racers[i].body);
	}
	for (i = 0; i < RACERS; i++)
		assert_int_equal(pthread_create(&racers[i].thread, NULL, race,
						&racers[i]),
				 0);
	for (i = 0; i < RACERS; i++) {
		assert_int_equal(pthread_join(racers[i].thread, NULL), 0);
		first += racers[i].reply.status == 200;
		assert_true(racers[i].reply.status == 200 ||
			    racers[i].reply.status == 409);
		reply_fini(&racers[i].reply);
		seal_buf_fini(&racers[i].body);
	}
	assert_int_equal(first, 1);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, with_witness, done)
	const struct CMUnitTest tests[] = {
		WITH(the_log_grows),
		WITH(what_a_monitor_reads),
		WITH(never_back_and_never_aside),
		WITH(what_is_malformed),
		WITH(whose_logs),
		WITH(a_wrong_line),
		WITH(beside_the_mirror),
		WITH(a_restart_and_a_clock_that_went_back),
		WITH(keys_of_one_purpose),
		WITH(only_one_is_first),
	};

	if (seal_crypto_init(NULL) < 0)
		return 1;
	return cmocka_run_group_tests_name("the store as a witness", tests,
					   NULL, NULL);
}
