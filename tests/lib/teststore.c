/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: teststore.h. */
#include "tests/lib/teststore.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "protocol/answer.h"
#include "protocol/tile.h"
#include "protocol/upload.h"
#include "tests/lib/testlog.h"

#define START_S 1795262400

static uint64_t *clock_s; /* of the one store that a test has */

static uint64_t test_now_s(void)
{
	return *clock_s;
}

void test_store_begin(struct test_store *t)
{
	struct seal_diag diag = {0};

	if (store_open(t->db, t->policy, t->name, test_key(t->key_purpose),
		       &t->store, &diag) < 0)
		fail_msg("%s", diag.text);
	t->store->now_s = test_now_s;
	if (store_settle(t->store, &diag) < 0)
		fail_msg("%s", diag.text);
}

struct test_store *test_store_make(const char *name, const char *purpose)
{
	static unsigned made;
	struct test_store *t = calloc(1, sizeof(*t));
	struct seal_storage *storage;

	assert_non_null(t);
	snprintf(t->db, sizeof(t->db), "store-%u.db", made);
	snprintf(t->policy, sizeof(t->policy), "policy-%u", made);
	snprintf(t->pins, sizeof(t->pins), "policy-%u.pins", made++);
	snprintf(t->name, sizeof(t->name), "%s", name);
	t->key_purpose = strdup(purpose ? purpose : "mirror");
	t->now_s = START_S;
	clock_s = &t->now_s;
	t->reader.certificate.role = SEAL_X509_READER;
	assert_int_equal(seal_storage_sqlite_open(t->db, SEAL_STORAGE_CREATE,
						  &storage, NULL),
			 0);
	storage->ops->close(storage);
	test_store_policy(t, "quorum none\n");
	test_store_begin(t);
	return t;
}

void test_store_free(struct test_store *t)
{
	reply_fini(&t->reply);
	store_close(t->store);
	test_host_free(&t->host);
	free(t->key_purpose);
	free(t);
}

void test_store_reopen(struct test_store *t)
{
	store_close(t->store);
	test_store_begin(t);
}

void test_store_policy(struct test_store *t, const char *policy)
{
	FILE *f = fopen("policy.new", "w");

	assert_non_null(f);
	fputs(policy, f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename("policy.new", t->policy), 0);
}

void test_store_writer(struct test_store *t, const char *origin)
{
	struct seal_x509_fields *c = &t->writer.certificate;

	memset(c, 0, sizeof(*c));
	c->role = SEAL_X509_INGEST;
	c->names_count = 1;
	snprintf(c->name, sizeof(c->name), "%.200s", origin);
	snprintf(c->names[0], sizeof(c->names[0]), "%.200s", origin);
}

void test_store_trust(struct test_store *t, const struct test_host *h)
{
	struct seal_buf text = SEAL_BUF_INIT;

	test_host_policy_line(h, &text);
	seal_buf_put_str(&text, "quorum none\n");
	test_store_policy(t, seal_buf_cstr(&text));
	test_store_writer(t, h->origin);
	seal_buf_fini(&text);
}

static int enroll_step(struct seal_storage *storage, void *ctx,
		       struct seal_diag *diag)
{
	const struct test_host *h = ctx;
	uint8_t record[SEAL_STORAGE_EPOCH_BYTES];
	struct seal_storage_log log = {.enrolled = true};
	struct seal_epoch_root root;
	struct seal_key *epoch;
	int64_t id;
	int rc;

	epoch = test_host_epoch0(h);
	memcpy(root.host_key, test_pub(h->host), sizeof(root.host_key));
	memcpy(root.epoch_key, test_pub(epoch), sizeof(root.epoch_key));
	seal_key_free(epoch);
	memcpy(log.origin, h->origin, sizeof(log.origin));
	log.log_id = test_host_log_id(h);
	rc = seal_epoch_root_encode(&root, record);
	if (rc == 0)
		rc = storage->ops->put_log(storage, &log, &id, diag);
	if (rc == 0)
		rc = storage->ops->put_epoch(storage, id, 0, record, diag);
	return rc;
}

void test_store_enroll(struct test_store *t, const struct test_host *h)
{
	struct seal_storage *storage = t->store->storage;

	assert_int_equal(storage->ops->commit(storage, enroll_step,
					      (void *)(uintptr_t)h,
					      SEAL_STORAGE_DURABLE, NULL),
			 0);
}

static void expect(struct test_store *t, unsigned status)
{
	if (t->reply.status != status)
		fail_msg("%u in place of %u: %.*s", t->reply.status, status,
			 (int)t->reply.body.len, (char *)t->reply.body.data);
}

void test_store_checkpoint(struct test_store *t, const struct seal_buf *body,
			   unsigned status)
{
	reply_fini(&t->reply);
	add_checkpoint(t->store, &t->writer, body->data, body->len, &t->reply);
	expect(t, status);
}

void test_store_entries_as(struct test_store *t, const struct seal_buf *body,
			   bool gzip, size_t piece, unsigned status)
{
	struct seal_buf packed = SEAL_BUF_INIT;
	struct upload *upload;
	size_t at, bytes;

	reply_fini(&t->reply);
	if (gzip)
		test_gzip(body, &packed);
	else
		seal_buf_put_buf(&packed, body);
	assert_int_equal(upload_new(t->store, &t->writer, gzip, &upload), 0);
	for (at = 0; at < packed.len; at += bytes) {
		bytes = packed.len - at < piece ? packed.len - at : piece;
		upload_feed(upload, packed.data + at, bytes, &t->reply);
	}
	upload_end(upload, &t->reply);
	upload_free(upload);
	seal_buf_fini(&packed);
	expect(t, status);
}

void test_store_entries(struct test_store *t, const struct seal_buf *body,
			unsigned status)
{
	test_store_entries_as(t, body, false, 65536, status);
}

void test_store_read(struct test_store *t, const char *origin,
		     const char *resource, unsigned status)
{
	char path[SEAL_ORIGIN_HASH_BYTES + 128], hex[SEAL_ORIGIN_HASH_BYTES];

	assert_int_equal(seal_origin_hash(origin, hex), 0);
	snprintf(path, sizeof(path), "%s/%.120s", hex, resource);
	reply_fini(&t->reply);
	read_resource(t->store, &t->reader, path, &t->reply);
	expect(t, status);
}

void test_store_advance(struct test_store *t, size_t old, size_t size)
{
	struct seal_buf body = SEAL_BUF_INIT;

	test_host_add_checkpoint(&t->host, old, size, NULL, &body);
	test_store_checkpoint(t, &body, 200);
	seal_buf_fini(&body);
}

void test_store_upload(struct test_store *t, size_t start, size_t end,
		       size_t packages, unsigned status)
{
	struct seal_buf body = SEAL_BUF_INIT;

	test_host_add_entries(&t->host, start, end, packages, &body);
	test_store_entries(t, &body, status);
	seal_buf_fini(&body);
}

static struct seal_vkey mirror_of(const struct test_store *t)
{
	struct seal_key *key = test_key(t->key_purpose);
	struct seal_vkey vkey = {0};

	assert_int_equal(seal_vkey_init(&vkey, t->name, SEAL_KEY_COSIGNATURE,
					seal_key_public(key), NULL),
			 0);
	seal_key_free(key);
	return vkey;
}

static void receipt_verify(const struct test_store *t, size_t size)
{
	struct seal_hash root = test_host_root(&t->host, size);
	struct seal_vkey vkey = mirror_of(t);
	const struct seal_vkey *const vkeys[] = {&vkey};
	struct seal_cosignatures found;

	assert_int_equal(seal_cosignatures_parse(t->reply.body.data,
						 t->reply.body.len,
						 t->host.origin, size, &root,
						 vkeys, 1, NULL, &found, NULL),
			 0);
	assert_int_equal(found.verified, 1);
	assert_true(found.time_min >= START_S);
	seal_vkey_fini(&vkey);
}

void test_store_receipt(struct test_store *t, size_t size, size_t start)
{
	struct seal_buf body = SEAL_BUF_INIT;

	test_host_add_entries(&t->host, start, size, SIZE_MAX, &body);
	test_store_entries(t, &body, 200);
	assert_string_equal(t->reply.type, SEAL_TYPE_TEXT);
	receipt_verify(t, size);
	seal_buf_fini(&body);
}

void test_store_says(const struct test_store *t, uint64_t size, uint64_t next)
{
	struct seal_mirror_info info;

	assert_string_equal(t->reply.type, SEAL_TYPE_MIRROR_INFO);
	assert_int_equal(seal_mirror_info_parse(t->reply.body.data,
						t->reply.body.len, &info, NULL),
			 0);
	assert_int_equal(info.size, size);
	assert_int_equal(info.next, next);
}

static void checkpoint_verify(struct test_store *t, size_t size)
{
	struct seal_vkey vkey = mirror_of(t);
	struct seal_hash root = test_host_root(&t->host, size);
	struct seal_checkpoint cp;
	struct seal_note note;
	uint64_t time_s;

	test_store_read(t, t->host.origin, "checkpoint", 200);
	assert_int_equal(seal_checkpoint_parse_note(t->reply.body.data,
						    t->reply.body.len, &note,
						    &cp, NULL),
			 0);
	assert_string_equal(cp.origin, t->host.origin);
	assert_int_equal(cp.size, size);
	assert_memory_equal(&cp.root, &root, sizeof(root));
	assert_int_equal(seal_cosig_verify(&note, &vkey, &time_s, NULL), 0);
	seal_vkey_fini(&vkey);
}

static void entries_verify(struct test_store *t, uint64_t number,
			   unsigned width)
{
	struct seal_resource resource = {.kind = SEAL_RESOURCE_ENTRIES,
					 .number = number,
					 .width = width};
	char path[SEAL_RESOURCE_PATH_BYTES];
	const struct seal_buf *want;
	struct seal_bundle bundle;
	unsigned i;

	assert_int_equal(seal_resource_path(&resource, path), 0);
	test_store_read(t, t->host.origin, path, 200);
	assert_int_equal(seal_bundle_parse(t->reply.body.data,
					   t->reply.body.len, width, &bundle,
					   NULL),
			 0);
	for (i = 0; i < width; i++) {
		want = &t->host.entry[number * 256 + i];
		assert_int_equal(bundle.entry_bytes[i], want->len);
		assert_memory_equal(bundle.entry[i], want->data, want->len);
	}
}

/* The tiles of a level, each hash by the leaves below it. */
static void level_verify(struct test_store *t, unsigned level, size_t size)
{
	size_t per = (size_t)1 << (8 * level), hashes = size / per, i;
	struct seal_resource resource = {.kind = SEAL_RESOURCE_TILE,
					 .level = level};
	char path[SEAL_RESOURCE_PATH_BYTES];
	struct seal_hash want;

	for (i = 0; i < hashes; i++) {
		if (i % 256 == 0) {
			resource.number = i / 256;
			resource.width = seal_tile_width(size, level, i / 256);
			assert_int_equal(seal_resource_path(&resource, path),
					 0);
			test_store_read(t, t->host.origin, path, 200);
			assert_int_equal(t->reply.body.len,
					 resource.width * 32);
		}
		assert_int_equal(
			seal_root_of(t->host.leaf + i * per, per, &want), 0);
		assert_memory_equal(t->reply.body.data + i % 256 * 32, want.b,
				    32);
	}
}

void test_store_whole(struct test_store *t, size_t size)
{
	unsigned level;
	size_t i;

	checkpoint_verify(t, size);
	for (i = 0; i < size; i += 256)
		entries_verify(t, i / 256,
			       size - i < 256 ? (unsigned)(size - i) : 256);
	for (level = 0; size >> (8 * level); level++)
		level_verify(t, level, size);
}
