/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_v1 DIR: the intact log of the golden vectors v1, made by the spool and
 * the store themselves, the same bytes each time: a clock in memory, and keys
 * with the seeds SHA-256("v1 key N"), N counting from 0: host, epochs 0, 1, ...
 * Writes DIR/spool/, DIR/store.db, DIR/policy, DIR/policy.pins.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/epoch.h"
#include "protocol/answer.h"
#include "spool/keydir.h"
#include "tests/lib/spool_fixture.h"
#include "tests/lib/testlog.h"
#include "tests/lib/teststore.h"

#define ORIGIN "audit.example.org/v1"
#define MIRROR "store.example.org/v1"

static const char *out;
static unsigned keys;

/* In place of drawn ones: --wrap=seal_key_generate. */
int __wrap_seal_key_generate(enum seal_key_kind kind,
			     struct seal_key **ret_key);
int __wrap_seal_key_generate(enum seal_key_kind kind, struct seal_key **ret_key)
{
	char purpose[32];

	(void)kind;
	snprintf(purpose, sizeof(purpose), "v1 key %u", keys++);
	*ret_key = test_key(purpose);
	return 0;
}

struct maker {
	struct fixture f;
	struct seal_spool *sp;
	struct test_store *t;
	uint64_t stored; /* entries that the store has */
	unsigned records;
};

static void commit(struct maker *m, unsigned n)
{
	struct seal_message msgs[64];
	char text[64][48];
	unsigned i;

	for (i = 0; i < n; i++) {
		snprintf(text[i], sizeof(text[i]), "{\"n\":%u,\"who\":\"u%u\"}",
			 m->records, m->records % 7);
		m->records++;
		msgs[i].bytes = text[i];
		msgs[i].len = strlen(text[i]);
		msgs[i].cut = false;
	}
	assert_int_equal(seal_spool_commit(m->sp, msgs, n, NULL, &m->f.diag),
			 0);
}

static void pass(struct maker *m, unsigned seconds)
{
	memio_advance_ms(m->f.m, seconds * 1000ULL);
	m->t->now_s += seconds;
	assert_int_equal(seal_spool_tick(m->sp, &m->f.diag), 0);
}

static int put_entry(void *ctx, uint64_t index, const uint8_t *entry,
		     size_t len)
{
	struct test_host *h = ctx;

	assert_int_equal(index, h->count);
	h->entry = realloc(h->entry, (h->count + 1) * sizeof(*h->entry));
	h->leaf = realloc(h->leaf, (h->count + 1) * sizeof(*h->leaf));
	assert_true(h->entry && h->leaf);
	memset(&h->entry[h->count], 0, sizeof(*h->entry));
	seal_buf_put(&h->entry[h->count], entry, len);
	assert_int_equal(seal_leaf_hash(entry, len, &h->leaf[h->count]), 0);
	h->count++;
	return 0;
}

/* Sends what is sealed, and keeps the receipt. */
static void deliver(struct maker *m)
{
	struct test_host *h = &m->t->host;
	struct seal_buf note = SEAL_BUF_INIT, body = SEAL_BUF_INIT;
	struct seal_proof proof = {0};
	struct seal_frontier empty;
	struct seal_head head;
	uint64_t size = seal_spool_size(m->sp);

	assert_int_equal(seal_spool_read(m->sp, h->count, size, put_entry, h,
					 &m->f.diag),
			 0);
	seal_tail_fini(&h->all);
	seal_frontier_init(&empty);
	assert_int_equal(seal_tail_init(&h->all, &empty, h->leaf, h->count), 0);
	assert_int_equal(seal_spool_offer(m->sp, MIRROR, size, size, &head,
					  &note, &m->f.diag),
			 0);
	if (m->stored)
		assert_int_equal(seal_proof_consistency(m->stored, size,
							seal_tail_node, &h->all,
							&proof),
				 0);
	assert_int_equal(seal_add_checkpoint_build(m->stored, &proof, note.data,
						   note.len, &body),
			 0);
	test_store_checkpoint(m->t, &body, 200);
	seal_buf_fini(&body);
	test_store_receipt(m->t, size, m->stored);
	seal_buf_put(&note, m->t->reply.body.data, m->t->reply.body.len);
	assert_int_equal(seal_spool_receipt(m->sp, MIRROR, size, m->t->now_s,
					    note.data, note.len, &m->f.diag),
			 0);
	m->stored = size;
	seal_buf_fini(&note);
}

static void trust(struct maker *m, const struct seal_hash *id)
{
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_vkey vkey = {0};
	struct seal_key *mirror = test_key("v1 mirror");
	FILE *f;

	test_host_policy_line(&m->t->host, &text);
	assert_int_equal(seal_vkey_init(&vkey, MIRROR, SEAL_KEY_COSIGNATURE,
					seal_key_public(mirror), NULL),
			 0);
	seal_buf_put_str(&text, "witness mirror ");
	seal_vkey_put(&text, &vkey);
	seal_buf_put_str(&text, "\nquorum mirror\n");
	test_store_policy(m->t, seal_buf_cstr(&text));
	f = fopen("policy", "w");
	assert_non_null(f);
	fwrite(text.data, 1, text.len, f);
	assert_int_equal(fclose(f), 0);
	seal_buf_reset(&text);
	seal_buf_put_str(&text, ORIGIN " ");
	seal_buf_put_base64(&text, id->b, sizeof(id->b));
	seal_buf_put_str(&text, "\n");
	f = fopen("policy.pins", "w");
	assert_non_null(f);
	fwrite(text.data, 1, text.len, f);
	assert_int_equal(fclose(f), 0);
	seal_buf_fini(&text);
	seal_vkey_fini(&vkey);
	seal_key_free(mirror);
}

/* What "auditseald enroll" writes. */
static int enroll(struct seal_storage *storage, void *ctx,
		  struct seal_diag *diag)
{
	struct seal_storage_log log = {.origin = ORIGIN, .enrolled = true};
	uint8_t record[SEAL_STORAGE_EPOCH_BYTES];
	struct seal_epoch_root *root = ctx;
	int64_t id;
	int rc;

	assert_int_equal(seal_log_id(ORIGIN, root->host_key, root->epoch_key,
				     &log.log_id),
			 0);
	assert_int_equal(seal_epoch_root_encode(root, record), 0);
	rc = storage->ops->put_log(storage, &log, &id, diag);
	return rc ? rc : storage->ops->put_epoch(storage, id, 0, record, diag);
}

static void begin(struct maker *m)
{
	struct seal_epoch_root root;
	struct seal_storage *storage;
	struct seal_key *epoch;
	struct seal_hash id;

	memset(m, 0, sizeof(*m));
	m->f.m = memio_new();
	m->f.io = memio_io(m->f.m);
	m->f.config.dir = "/s";
	m->f.config.keydir = "/k";
	m->f.config.version = "v1";
	assert_int_equal(
		seal_keydir_create(m->f.io, "/k", ORIGIN, NULL, &m->f.diag), 0);
	m->t = test_store_make(MIRROR, "v1 mirror");
	memio_advance_ms(m->f.m, (m->t->now_s - 1700000000) * 1000);
	snprintf(m->t->host.origin, sizeof(m->t->host.origin), ORIGIN);
	m->t->host.host = test_key("v1 key 0");
	epoch = test_key("v1 key 1");
	assert_int_equal(seal_log_id(ORIGIN, test_pub(m->t->host.host),
				     test_pub(epoch), &id),
			 0);
	memcpy(root.host_key, test_pub(m->t->host.host), 32);
	memcpy(root.epoch_key, test_pub(epoch), 32);
	seal_key_free(epoch);
	trust(m, &id);
	storage = m->t->store->storage;
	assert_int_equal(storage->ops->commit(storage, enroll, &root,
					      SEAL_STORAGE_DURABLE, NULL),
			 0);
	test_store_writer(m->t, ORIGIN);
	m->sp = fixture_open(&m->f);
}

static int save(void *ctx, const char *name)
{
	struct maker *m = ctx;
	char from[64], to[64];
	uint64_t size;
	uint8_t *data;
	FILE *f;

	snprintf(from, sizeof(from), "/s/%s", name);
	snprintf(to, sizeof(to), "spool/%s", name);
	data = memio_data(m->f.m, from, &size);
	f = fopen(to, "w");
	assert_true(f && (data || size == 0));
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
	return 0;
}

static void make(void **state)
{
	struct maker m;
	char db[64];

	(void)state;
	assert_int_equal(chdir(out), 0);
	begin(&m);
	commit(&m, 5);
	commit(&m, 30);
	pass(&m, 60);
	deliver(&m);
	commit(&m, 60);
	pass(&m, 900);
	assert_int_equal(seal_spool_rotate(m.sp, &m.f.diag), 0);
	commit(&m, 64);
	commit(&m, 1);
	deliver(&m);
	pass(&m, 60);
	commit(&m, 3);
	fixture_close(&m.f, m.sp);
	m.sp = fixture_open(&m.f);
	commit(&m, 40);
	assert_int_equal(seal_spool_rotate(m.sp, &m.f.diag), 0);
	commit(&m, 64);
	pass(&m, 900);
	deliver(&m);
	commit(&m, 7);
	commit(&m, 11);
	pass(&m, 60);
	deliver(&m);
	commit(&m, 2);
	fixture_close(&m.f, m.sp);
	assert_int_equal(mkdir("spool", 0700), 0);
	assert_int_equal(m.f.io->list(m.f.io, "/s", save, &m), 0);
	snprintf(db, sizeof(db), "%s", m.t->db);
	unlink(m.t->policy);
	test_store_free(m.t);
	assert_int_equal(rename(db, "store.db"), 0);
	memio_free(m.f.m);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(make)};

	if (argc != 2 || seal_crypto_init(NULL))
		return 64;
	out = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
