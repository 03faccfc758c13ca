/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: attack_rewrite.h. */
#include "tests/attack/attack_rewrite.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "core/control.h"
#include "core/entry.h"
#include "core/epoch.h"
#include "tests/lib/testlog.h"

#define WIDTH	    256
#define BUNDLE_BITS 40

/* One row; NULL ends the values, each a number or bytes. */
struct value {
	int64_t number;
	const void *bytes; /* NULL: the number */
	size_t len;
};

static void insert(struct attack_store *a, const char *sql,
		   const struct value *v, size_t n)
{
	sqlite3_stmt *s;
	size_t i;

	if (sqlite3_prepare_v2(a->db, sql, -1, &s, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sql, sqlite3_errmsg(a->db));
	for (i = 0; i < n; i++)
		if (v[i].bytes)
			sqlite3_bind_blob(s, (int)i + 1, v[i].bytes,
					  (int)v[i].len, SQLITE_STATIC);
		else
			sqlite3_bind_int64(s, (int)i + 1, v[i].number);
	if (sqlite3_step(s) != SQLITE_DONE)
		fail_msg("%s: %s", sql, sqlite3_errmsg(a->db));
	sqlite3_finalize(s);
}

static void put_bundle(struct attack_store *a, const struct test_host *h,
		       size_t number, size_t width)
{
	size_t first = number * WIDTH, i;
	struct seal_buf data = SEAL_BUF_INIT;
	const struct value v[] = {
		{(INT64_C(1) << BUNDLE_BITS) + (int64_t)number, NULL, 0},
		{(int64_t)first, NULL, 0}};

	for (i = first; i < first + width; i++) {
		seal_buf_put_u16(&data, (uint16_t)h->entry[i].len);
		seal_buf_put_buf(&data, &h->entry[i]);
	}
	assert_int_equal(seal_buf_error(&data), 0);
	insert(a,
	       width == WIDTH
		       ? "INSERT INTO bundle (id, hashes, data) VALUES "
			 "(?1, ?2, ?3)"
		       : "INSERT INTO piece (log, first, hashes, data) VALUES "
			 "(1, ?1, ?2, ?3)",
	       (const struct value[]){v[width != WIDTH],
				      {0, h->leaf[first].b, width * 32},
				      {0, data.data, data.len}},
	       3);
	seal_buf_fini(&data);
}

/* A log of up to 65,536 entries has one tile above the leaves. */
static void put_tile(struct attack_store *a, const struct test_host *h,
		     size_t whole)
{
	struct seal_hash hash[WIDTH];
	size_t i;

	assert_true(whole <= WIDTH);
	for (i = 0; i < whole; i++)
		assert_int_equal(
			seal_root_of(h->leaf + i * WIDTH, WIDTH, &hash[i]), 0);
	if (whole)
		insert(a,
		       "INSERT INTO tile (log, level, number, hashes) VALUES "
		       "(1, 1, 0, ?1)",
		       (const struct value[]){{0, hash, whole * 32}}, 1);
}

static void put_record(struct attack_store *a, const struct test_host *h,
		       unsigned epoch)
{
	size_t index = h->span[epoch].first - 1;
	struct seal_hash root = test_host_root(h, index);
	uint8_t record[SEAL_EPOCH_RECORD_BYTES];
	struct seal_handover handover;
	struct seal_entry entry;

	assert_int_equal(seal_entry_parse(h->entry[index].data,
					  h->entry[index].len, &entry),
			 0);
	/* He may have put something else in its place. */
	if (seal_handover_from_entry(&entry, index, &root, &handover))
		return;
	assert_int_equal(seal_epoch_record_encode(&handover, record), 0);
	insert(a, "INSERT INTO epoch (log, epoch, record) VALUES (1, ?1, ?2)",
	       (const struct value[]){{epoch, NULL, 0},
				      {0, record, sizeof(record)}},
	       2);
}

void store_rewrite(struct attack_store *a, const struct test_host *h,
		   struct store_sizes sizes)
{
	size_t number;
	unsigned e;

	store_sql(a, "BEGIN; DELETE FROM bundle; DELETE FROM piece;"
		     "DELETE FROM tile; DELETE FROM checkpoint;"
		     "DELETE FROM cosignature; DELETE FROM witness;"
		     "DELETE FROM epoch WHERE epoch > 0");
	store_sql(a,
		  "UPDATE log SET next = %lld, mirror = %lld, "
		  "pending = nullif(%lld, 0)",
		  (long long)sizes.next, (long long)sizes.mirror,
		  (long long)sizes.pending);
	for (number = 0; number < sizes.next / WIDTH; number++)
		put_bundle(a, h, number, WIDTH);
	if (sizes.next % WIDTH)
		put_bundle(a, h, number, sizes.next % WIDTH);
	put_tile(a, h, sizes.next / WIDTH);
	for (e = 1; e <= h->epochs && h->span[e].first <= sizes.next; e++)
		put_record(a, h, e);
	store_sql(a, "COMMIT");
}

static void put_receipt(const struct seal_buf *note, uint64_t time_s,
			struct seal_buf *ret_line)
{
	struct seal_key *key = test_key("mirror");
	struct seal_vkey vkey = {0};
	struct seal_note parsed;

	assert_int_equal(seal_vkey_init(&vkey, ATTACK_MIRROR,
					SEAL_KEY_COSIGNATURE,
					seal_key_public(key), NULL),
			 0);
	assert_int_equal(seal_note_parse(note->data, note->len, &parsed, NULL),
			 0);
	assert_int_equal(seal_cosig_sign(ret_line, parsed.text, parsed.text_len,
					 time_s, &vkey, key),
			 0);
	assert_int_equal(seal_buf_error(ret_line), 0);
	seal_vkey_fini(&vkey);
	seal_key_free(key);
}

void store_sign(struct attack_store *a, const struct test_host *h, size_t size,
		const char *seal, uint64_t receipt_s)
{
	struct seal_key *key = seal ? test_key(seal) : NULL;
	struct seal_buf note = SEAL_BUF_INIT, line = SEAL_BUF_INIT;
	struct seal_hash root = test_host_root(h, size);

	test_host_note(h, size, key, &note);
	if (receipt_s)
		put_receipt(&note, receipt_s, &line);
	insert(a,
	       receipt_s ? "INSERT INTO checkpoint (log, size, root, note, "
			   "receipt) VALUES (1, ?1, ?2, ?3, ?4)"
			 : "INSERT INTO checkpoint (log, size, root, note) "
			   "VALUES (1, ?1, ?2, ?3)",
	       (const struct value[]){{(int64_t)size, NULL, 0},
				      {0, root.b, sizeof(root.b)},
				      {0, note.data, note.len},
				      {0, line.data, line.len}},
	       receipt_s ? 4 : 3);
	seal_buf_fini(&note);
	seal_buf_fini(&line);
	seal_key_free(key);
}

const char *store_sealer(const struct test_host *h, size_t size)
{
	unsigned e = h->epochs;

	while (e && h->span[e].first >= size)
		e--;
	return h->span[e].purpose;
}

void store_resign(struct test_host *h, unsigned epoch, const char *purpose)
{
	size_t index = h->span[epoch].first - 1;
	struct seal_key *signer = test_key(purpose);
	struct seal_key *next = test_key(h->span[epoch].purpose);
	struct seal_control control = {.type = SEAL_ENTRY_EPOCH};
	struct seal_handover handover = {.index = index, .epoch = epoch};
	struct seal_hash id = test_host_log_id(h);
	struct seal_buf entry = SEAL_BUF_INIT;

	handover.root = test_host_root(h, index);
	memcpy(handover.header, h->entry[index].data, sizeof(handover.header));
	memcpy(handover.key, test_pub(next), sizeof(handover.key));
	assert_int_equal(seal_handover_sign(&id, &handover, signer), 0);
	control.epoch.epoch = epoch;
	memcpy(control.epoch.key, handover.key, sizeof(handover.key));
	memcpy(control.epoch.sig, handover.sig, sizeof(handover.sig));
	seal_buf_put(&entry, handover.header, sizeof(handover.header));
	assert_int_equal(seal_control_encode(&control, &entry), 0);
	test_host_replace(h, index, entry.data, entry.len);
	seal_buf_fini(&entry);
	seal_key_free(signer);
	seal_key_free(next);
}
