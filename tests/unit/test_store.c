/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store without its HTTP server: what it answers to bodies, byte for byte,
 * and what it keeps.  C2SP tlog-mirror and tlog-witness, a case each.
 */
#include "tools/auditseald/store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/note.h"
#include "protocol/answer.h"
#include "protocol/tile.h"
#include "protocol/upload.h"
#include "tests/lib/testdata.h"
#include "tests/lib/testhost.h"
#include "tests/lib/teststore.h"
#include "tests/lib/testlog.h"

#define ORIGIN "web01.example.com/audit"
#define COUNT  1500

static struct test_store *store_of(void **state)
{
	return *state;
}

static int with_host(void **state)
{
	struct test_store *t = test_store_make("store.example/mirror", NULL);

	test_host_make(&t->host, ORIGIN, COUNT, 300, 1);
	test_store_trust(t, &t->host);
	*state = t;
	return 0;
}

static int done(void **state)
{
	test_store_free(*state);
	return 0;
}

/* ---- the golden vectors ---- */

static int with_vectors(void **state)
{
	struct test_store *t = test_store_make("store.example/audit",
					       "example store cosigner key");
	uint8_t *records, *policy;
	size_t len;

	records = test_file_read("tests/golden/c2sp/records.ndjson", &len);
	test_host_make_lines(&t->host, "audit.example/host-a",
			     (const char *)records);
	policy = test_file_read("tests/golden/c2sp/policy", &len);
	test_store_policy(t, (const char *)policy);
	test_store_writer(t, "audit.example/host-a");
	t->now_s = 1795262400;
	free(records);
	free(policy);
	*state = t;
	return 0;
}

static void file_put(const char *path, struct seal_buf *body)
{
	size_t len;
	uint8_t *bytes = test_file_read(path, &len);

	seal_buf_put(body, bytes, len);
	free(bytes);
}

static void vectors_give_the_receipt(void **state)
{
	struct test_store *t = store_of(state);
	struct seal_buf body = SEAL_BUF_INIT, want = SEAL_BUF_INIT;

	seal_buf_put_str(&body, "old 0\n\n");
	file_put("tests/golden/c2sp/checkpoint.3", &body);
	test_store_checkpoint(t, &body, 200);
	seal_buf_reset(&body);
	test_host_add_entries(&t->host, 0, 3, 9, &body);
	test_store_entries(t, &body, 200);
	seal_buf_reset(&body);
	file_put("tests/golden/c2sp/add-checkpoint.req", &body);
	test_store_checkpoint(t, &body, 200);
	assert_int_equal(t->reply.body.len, 0);
	seal_buf_reset(&body);
	file_put("tests/golden/c2sp/add-entries.req", &body);
	test_store_entries(t, &body, 200);
	file_put("tests/golden/c2sp/checkpoint", &want);
	seal_buf_put_buf(&want, &t->reply.body);
	seal_buf_reset(&body);
	file_put("tests/golden/c2sp/checkpoint.cosigned", &body);
	assert_int_equal(want.len, body.len);
	assert_memory_equal(want.data, body.data, body.len);
	test_store_read(t, "audit.example/host-a", "checkpoint", 200);
	assert_int_equal(t->reply.body.len, body.len);
	assert_memory_equal(t->reply.body.data, body.data, body.len);
	seal_buf_fini(&body);
	seal_buf_fini(&want);
}

/* ---- add-checkpoint ---- */

static void checkpoint(struct test_store *t, size_t old, size_t size,
		       unsigned status)
{
	struct seal_buf body = SEAL_BUF_INIT;

	test_host_add_checkpoint(&t->host, old, size, t->host.epoch, &body);
	test_store_checkpoint(t, &body, status);
	seal_buf_fini(&body);
}

static void size_says(struct test_store *t, uint64_t want)
{
	uint64_t size;

	assert_string_equal(t->reply.type, SEAL_TYPE_SIZE);
	assert_int_equal(seal_size_parse(t->reply.body.data, t->reply.body.len,
					 &size, NULL),
			 0);
	assert_int_equal(size, want);
}

static void checkpoints_advance(void **state)
{
	struct test_store *t = store_of(state);

	checkpoint(t, 0, 7, 200);
	checkpoint(t, 0, 9, 409);
	size_says(t, 7);
	checkpoint(t, 7, 7, 200);
	checkpoint(t, 7, 1000, 200);
	checkpoint(t, 7, 1000, 409);
	size_says(t, 1000);
	checkpoint(t, 1000, 999, 400);
	test_store_reopen(t);
	checkpoint(t, 7, 1200, 409);
	size_says(t, 1000);
	checkpoint(t, 1000, 1200, 200);
}

static void another_history_is_refused(void **state)
{
	struct test_store *t = store_of(state);
	struct test_host fork;
	struct seal_buf body = SEAL_BUF_INIT;

	test_host_make(&fork, ORIGIN, COUNT, 300, 2);
	checkpoint(t, 0, 500, 200);
	test_host_add_checkpoint(&fork, 500, 500, NULL, &body);
	test_store_checkpoint(t, &body, 422);
	seal_buf_reset(&body);
	test_host_add_checkpoint(&fork, 500, 700, NULL, &body);
	test_store_checkpoint(t, &body, 422);
	checkpoint(t, 500, 700, 200);
	seal_buf_fini(&body);
	test_host_free(&fork);
}

static void proofs_stand_where_they_belong(void **state)
{
	struct test_store *t = store_of(state);
	struct seal_buf body = SEAL_BUF_INIT, note = SEAL_BUF_INIT;
	struct seal_proof one = {.n = 1}, none = {0};

	test_host_note(&t->host, 9, NULL, &note);
	assert_int_equal(
		seal_add_checkpoint_build(0, &one, note.data, note.len, &body),
		0);
	test_store_checkpoint(t, &body, 422);
	checkpoint(t, 0, 9, 200);
	seal_buf_reset(&body);
	assert_int_equal(
		seal_add_checkpoint_build(9, &one, note.data, note.len, &body),
		0);
	test_store_checkpoint(t, &body, 422);
	seal_buf_reset(&note);
	seal_buf_reset(&body);
	test_host_note(&t->host, 12, NULL, &note);
	assert_int_equal(
		seal_add_checkpoint_build(9, &none, note.data, note.len, &body),
		0);
	test_store_checkpoint(t, &body, 422);
	seal_buf_fini(&body);
	seal_buf_fini(&note);
}

static void strange_checkpoints(void **state)
{
	static const struct {
		unsigned status;
		const char *body;
	} cases[] = {
		{400, ""},
		{400, "old 0\n"},
		{400, "old 00\n\n" ORIGIN "\n1\n"},
		{400, "old -1\n\n"},
		{400, "nonsense\n\n"},
		{422, "old 0\n\n" ORIGIN "\n0\n"
		      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
		      "\xe2\x80\x94 " ORIGIN " AAAAAAAA\n"},
		{404, "old 0\n\nother.example.com/audit\n1\n"
		      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
		      "\xe2\x80\x94 other.example.com/audit AAAAAAAA\n"},
		{403, "old 0\n\n" ORIGIN "\n1\n"
		      "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n"
		      "\xe2\x80\x94 " ORIGIN " AAAAAAAA\n"},
	};
	struct test_store *t = store_of(state);
	struct seal_buf body = SEAL_BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		seal_buf_reset(&body);
		seal_buf_put_str(&body, cases[i].body);
		test_store_checkpoint(t, &body, cases[i].status);
	}
	seal_buf_fini(&body);
}

/* Every byte of a good request, changed: nothing is taken, nothing crashes. */
static void damaged_checkpoints(void **state)
{
	struct test_store *t = store_of(state);
	struct seal_buf body = SEAL_BUF_INIT;
	size_t i;

	checkpoint(t, 0, 600, 200);
	test_host_add_checkpoint(&t->host, 600, 1100, NULL, &body);
	for (i = 0; i < body.len; i++) {
		body.data[i] ^= 1;
		add_checkpoint(t->store, &t->writer, body.data, body.len,
			       &t->reply);
		assert_in_range(t->reply.status, 400, 422);
		reply_fini(&t->reply);
		body.data[i] ^= 1;
		add_checkpoint(t->store, &t->writer, body.data, i, &t->reply);
		assert_in_range(t->reply.status, 400, 403);
		reply_fini(&t->reply);
	}
	test_store_checkpoint(t, &body, 200);
	seal_buf_fini(&body);
}

static void others_may_not_write(void **state)
{
	struct test_store *t = store_of(state);

	test_store_writer(t, "web02.example.com/audit");
	checkpoint(t, 0, 7, 403);
	t->writer.certificate.role = SEAL_X509_READER;
	strcpy(t->writer.certificate.names[0], ORIGIN);
	checkpoint(t, 0, 7, 403);
	test_store_writer(t, ORIGIN);
	checkpoint(t, 0, 7, 200);
}

static void seals_are_checked_where_the_epoch_is_known(void **state)
{
	struct test_store *t = store_of(state);
	struct seal_buf body = SEAL_BUF_INIT;
	struct seal_note note;
	struct seal_vkey epoch = {0};
	char *text;

	test_store_enroll(t, &t->host);
	test_host_add_checkpoint(&t->host, 0, 5, t->host.epoch, &body);
	/* The seal's line is the last one: spoil its signature. */
	text = strrchr(seal_buf_cstr(&body), ' ');
	text[20] = text[20] == 'A' ? 'B' : 'A';
	test_store_checkpoint(t, &body, 403);
	checkpoint(t, 0, 5, 200);
	test_store_receipt(t, 5, 0);
	test_store_read(t, ORIGIN, "checkpoint", 200);
	assert_int_equal(seal_note_parse(t->reply.body.data, t->reply.body.len,
					 &note, NULL),
			 0);
	assert_int_equal(note.sig_count, 3);
	assert_int_equal(seal_vkey_init_epoch(&epoch, ORIGIN,
					      seal_key_public(t->host.epoch),
					      NULL),
			 0);
	assert_int_equal(seal_note_verify(&note, &epoch, NULL), 0);
	seal_vkey_fini(&epoch);
	seal_buf_fini(&body);
}

/* What nobody checks is not kept: docs/adr/0043. */
static void lines_of_others_are_not_kept(void **state)
{
	struct test_store *t = store_of(state);
	struct seal_buf body = SEAL_BUF_INIT;
	struct seal_note note;
	const uint8_t sig[64] = {1};

	test_host_add_checkpoint(&t->host, 0, 5, t->host.epoch, &body);
	seal_note_put_sig(&body, "witness.example/w", 7, sig, sizeof(sig));
	test_store_checkpoint(t, &body, 200);
	test_store_receipt(t, 5, 0);
	test_store_read(t, ORIGIN, "checkpoint", 200);
	assert_int_equal(seal_note_parse(t->reply.body.data, t->reply.body.len,
					 &note, NULL),
			 0);
	assert_int_equal(note.sig_count, 3);
	assert_int_equal(note.sigs[0].name_len, strlen(ORIGIN));
	assert_int_equal(note.sigs[1].name_len, strlen(ORIGIN "/epoch"));
	assert_memory_equal(note.sigs[2].name, t->name, strlen(t->name));
	seal_buf_fini(&body);
}

int main(void)
{
#define HOST(test) cmocka_unit_test_setup_teardown(test, with_host, done)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(vectors_give_the_receipt,
						with_vectors, done),
		HOST(checkpoints_advance),
		HOST(another_history_is_refused),
		HOST(proofs_stand_where_they_belong),
		HOST(strange_checkpoints),
		HOST(damaged_checkpoints),
		HOST(others_may_not_write),
		HOST(seals_are_checked_where_the_epoch_is_known),
		HOST(lines_of_others_are_not_kept),
	};

	if (seal_crypto_init(NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
