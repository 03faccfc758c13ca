/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store without its HTTP server: who may do what, which logs there are,
 * what is read, and which epoch is in force.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/testhost.h"
#include "tests/lib/teststore.h"

#define ORIGIN "web01.example.com/audit"

static int with_host(void **state)
{
	struct test_store *t = test_store_make("store.example/mirror", NULL);

	test_host_make(&t->host, ORIGIN, 700, 300, 1);
	test_store_trust(t, &t->host);
	*state = t;
	return 0;
}

static int done(void **state)
{
	test_store_free(*state);
	return 0;
}

static void an_empty_log(void **state)
{
	struct test_store *t = *state;

	test_store_advance(t, 0, 0);
	test_store_receipt(t, 0, 0);
	test_store_read(t, ORIGIN, "checkpoint", 200);
	test_store_read(t, ORIGIN, "tile/0/000.p/1", 404);
	test_store_advance(t, 0, 1);
	test_store_receipt(t, 1, 0);
}

static void who_may_do_what(void **state)
{
	struct test_store *t = *state;
	struct test_host other;
	struct seal_buf body = SEAL_BUF_INIT;

	test_store_advance(t, 0, 9);
	test_store_writer(t, "web02.example.com/audit");
	test_store_upload(t, 0, 9, 9, 403);
	test_host_make(&other, "web02.example.com/audit", 9, 20, 3);
	test_host_add_entries(&other, 0, 9, 9, &body);
	test_store_entries(t, &body, 404);
	test_store_writer(t, ORIGIN);
	test_store_receipt(t, 9, 0);
	t->reader.certificate = t->writer.certificate;
	/* a host: its own log's checkpoint, and nothing else */
	test_store_read(t, ORIGIN, "checkpoint", 200);
	test_store_read(t, ORIGIN, "tile/0/000.p/9", 403);
	test_store_read(t, ORIGIN, "tile/entries/000.p/9", 403);
	test_store_read(t, other.origin, "checkpoint", 403);
	strcpy(t->reader.certificate.names[0], other.origin);
	test_store_read(t, ORIGIN, "checkpoint", 403);
	t->reader.certificate.role = SEAL_X509_READER;
	test_store_read(t, ORIGIN, "checkpoint", 200);
	test_store_read(t, other.origin, "checkpoint", 404);
	seal_buf_fini(&body);
	test_host_free(&other);
}

static void the_policy_says_which_logs(void **state)
{
	struct test_store *t = *state;

	test_store_advance(t, 0, 9);
	test_store_policy(t, "quorum none\n");
	test_store_upload(t, 0, 9, 9, 404);
	test_store_policy(t, "nonsense\n"); /* the one before stays in force */
	test_store_upload(t, 0, 9, 9, 404);
	test_store_trust(t, &t->host);
	test_store_receipt(t, 9, 0);
	test_store_policy(t, "quorum none\n");
	test_store_read(t, ORIGIN, "checkpoint", 200);
}

static void resources_that_are_not(void **state)
{
	static const char *const paths[] = {
		"",
		"checkpoint/",
		"tile/0/001",
		"tile/0/000",
		"tile/0/000.p/10",
		"tile/0/000.p/0",
		"tile/0/000.p/09",
		"tile/1/000.p/1",
		"tile/entries/001",
		"tile/00/000.p/9",
		"tile/0/0.p/9",
		"tile/64/000.p/1",
		"tile/0/x000/000",
		"tile/entries/000",
		"../policy",
		"tile/0/000.p/256",
		"tile/0/-00.p/1",
		"Checkpoint",
		"tile/7/000.p/1",
		"tile/63/000.p/1",
	};
	struct test_store *t = *state;
	size_t i;

	test_store_read(t, ORIGIN, "checkpoint", 404);
	test_store_advance(t, 0, 9);
	test_store_read(t, ORIGIN, "checkpoint", 404);
	test_store_receipt(t, 9, 0);
	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		test_store_read(t, ORIGIN, paths[i], 404);
	test_store_read(t, ORIGIN, "tile/0/000.p/9", 200);
	test_store_read(t, ORIGIN, "tile/0/000.p/1", 200);
	read_resource(t->store, &t->reader, "abc", &t->reply);
	assert_int_equal(t->reply.status, 404);
}

static void hand_overs_are_followed(void **state)
{
	struct test_store *t = *state;
	struct seal_storage *storage;
	struct seal_buf body = SEAL_BUF_INIT;
	struct seal_storage_log row;
	struct seal_key *old;
	char *text;

	test_store_enroll(t, &t->host);
	storage = t->store->storage;
	test_host_hand_over(&t->host, 400, "the next epoch");
	test_store_advance(t, 0, 401);
	test_store_receipt(t, 401, 0);
	assert_int_equal(storage->ops->get_log(storage, ORIGIN, &row, NULL), 0);
	assert_int_equal(
		storage->ops->get_epochs(storage, row.id, 0, &body, NULL), 0);
	assert_int_equal(body.len, 2 * SEAL_STORAGE_EPOCH_BYTES);
	test_store_reopen(t);
	/* Size 402 is sealed by the key that the hand-over names, ... */
	seal_buf_reset(&body);
	test_host_add_checkpoint(&t->host, 401, 402, t->host.epoch, &body);
	text = strrchr(seal_buf_cstr(&body), ' ');
	text[20] = text[20] == 'A' ? 'B' : 'A';
	test_store_checkpoint(t, &body, 403);
	text[20] = text[20] == 'A' ? 'B' : 'A';
	seal_buf_reset(&body);
	test_host_add_checkpoint(&t->host, 401, 402, t->host.epoch, &body);
	test_store_checkpoint(t, &body, 200);
	/* ... and another key's line is none of this log's: kept, unread. */
	old = test_host_epoch0(&t->host);
	seal_buf_reset(&body);
	test_host_add_checkpoint(&t->host, 402, 500, old, &body);
	test_store_checkpoint(t, &body, 200);
	seal_key_free(old);
	test_store_receipt(t, 500, 401);
	test_store_whole(t, 500);
	seal_buf_fini(&body);
}

/* A changed leaf hash: nothing more is signed over it, and it is said. */
static void damage_is_not_signed_over(void **state)
{
	struct test_store *t = *state;
	uint8_t *bytes, *at;
	long size;
	FILE *f;

	test_store_advance(t, 0, 300);
	test_store_receipt(t, 300, 0);
	store_close(t->store);
	f = fopen(t->db, "r+");
	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	size = ftell(f);
	bytes = malloc((size_t)size);
	assert_non_null(bytes);
	rewind(f);
	assert_int_equal(fread(bytes, 1, (size_t)size, f), size);
	at = memmem(bytes, (size_t)size, &t->host.leaf[260], 32);
	assert_non_null(at);
	assert_int_equal(fseek(f, at - bytes, SEEK_SET), 0);
	assert_int_equal(fputc(at[0] ^ 1, f), at[0] ^ 1);
	assert_int_equal(fclose(f), 0);
	free(bytes);
	test_store_begin(t);
	test_store_upload(t, 300, 300, 9, 503);
	test_store_read(t, ORIGIN, "checkpoint", 200);
}

static int vouch_step(struct seal_storage *storage, void *ctx,
		      struct seal_diag *diag)
{
	struct seal_storage_log row;
	int rc;

	(void)ctx;
	rc = storage->ops->get_log(storage, ORIGIN, &row, diag);
	row.mirror = 256;
	return rc < 0 ? rc : storage->ops->put_sizes(storage, &row, diag);
}

/* Vouched for, and not signed: as a power cut between the two leaves it. */
static void a_receipt_that_a_power_cut_took(void **state)
{
	struct test_store *t = *state;
	struct seal_storage *storage = t->store->storage;

	test_store_advance(t, 0, 256);
	test_store_advance(t, 256, 600);
	test_store_upload(t, 0, 600, 1, 202);
	test_store_read(t, ORIGIN, "checkpoint", 404);
	assert_int_equal(storage->ops->commit(storage, vouch_step, NULL,
					      SEAL_STORAGE_DURABLE, NULL),
			 0);
	test_store_reopen(t);
	test_store_whole(t, 256);
}

int main(void)
{
#define HOST(test) cmocka_unit_test_setup_teardown(test, with_host, done)
	const struct CMUnitTest tests[] = {
		HOST(an_empty_log),
		HOST(who_may_do_what),
		HOST(the_policy_says_which_logs),
		HOST(resources_that_are_not),
		HOST(hand_overs_are_followed),
		HOST(damage_is_not_signed_over),
		HOST(a_receipt_that_a_power_cut_took),
	};

	if (seal_crypto_init(NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
