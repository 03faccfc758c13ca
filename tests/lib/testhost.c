/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: testhost.h. */
#include "tests/lib/testhost.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "core/control.h"
#include "core/entry.h"
#include "core/epoch.h"
#include "core/key.h"
#include "protocol/answer.h"
#include "protocol/gzip.h"
#include "protocol/upload.h"
#include "tests/lib/testlog.h"

#define TIME_US	     1700000000000000
#define HEARTBEAT_MS 60000

static void tree_make(struct test_host *h)
{
	struct seal_frontier empty;
	size_t i;

	seal_tail_fini(&h->all);
	for (i = 0; i < h->count; i++)
		assert_int_equal(seal_leaf_hash(h->entry[i].data,
						h->entry[i].len, &h->leaf[i]),
				 0);
	seal_frontier_init(&empty);
	assert_int_equal(seal_tail_init(&h->all, &empty, h->leaf, h->count), 0);
}

static void host_begin(struct test_host *h, const char *origin, size_t count)
{
	char name[256];

	memset(h, 0, sizeof(*h));
	snprintf(h->origin, sizeof(h->origin), "%s", origin);
	snprintf(name, sizeof(name), "%s/epoch", origin);
	h->host = test_key(origin);
	h->epoch = test_key(name);
	h->time_us = TIME_US;
	snprintf(h->span[0].purpose, sizeof(h->span[0].purpose), "%s", name);
	h->count = count;
	h->entry = calloc(count, sizeof(*h->entry));
	h->leaf = calloc(count, sizeof(*h->leaf));
	assert_true(h->entry && h->leaf);
}

void test_host_make(struct test_host *h, const char *origin, size_t count,
		    size_t length_max, unsigned salt)
{
	uint8_t header[SEAL_ENTRY_HEADER_BYTES];
	size_t i, j, len;

	host_begin(h, origin, count);
	for (i = 0; i < count; i++) {
		len = 1 + (i * 7919 + salt) % (length_max - sizeof(header));
		seal_entry_put_header(header, SEAL_ENTRY_RECORD, 0,
				      TIME_US + i);
		seal_buf_put(&h->entry[i], header, sizeof(header));
		for (j = 0; j < len; j++)
			seal_buf_put_u8(&h->entry[i],
					(uint8_t)('a' + (i + j + salt) % 26));
		assert_int_equal(seal_buf_error(&h->entry[i]), 0);
	}
	tree_make(h);
}

/* The keys and the first start of a log. */
static void start_put(struct test_host *h)
{
	struct seal_control control = {.type = SEAL_ENTRY_START};
	struct seal_start *start = &control.start;
	struct seal_key *epoch = test_host_epoch0(h);

	start->first = true;
	start->log_id = test_host_log_id(h);
	memcpy(start->host_key, test_pub(h->host), sizeof(start->host_key));
	memcpy(start->epoch_key, test_pub(epoch), sizeof(start->epoch_key));
	snprintf(start->version, sizeof(start->version), "0.1.0");
	start->heartbeat_ms = HEARTBEAT_MS;
	start->sync = true;
	assert_int_equal(seal_control_encode(&control, &h->entry[0]), 0);
	seal_key_free(epoch);
}

static void heartbeat_put(struct seal_buf *entry)
{
	struct seal_control control = {.type = SEAL_ENTRY_HEARTBEAT};

	snprintf(control.heartbeat.clock, sizeof(control.heartbeat.clock),
		 "tsc");
	control.heartbeat.heartbeat_ms = HEARTBEAT_MS;
	assert_int_equal(seal_control_encode(&control, entry), 0);
}

void test_host_make_log(struct test_host *h, const char *origin, size_t count,
			uint64_t time_us)
{
	uint8_t header[SEAL_ENTRY_HEADER_BYTES];
	uint8_t type;
	size_t i;

	host_begin(h, origin, count);
	h->time_us = time_us;
	for (i = 0; i < count; i++) {
		type = !i	     ? SEAL_ENTRY_START
		       : i % 97 == 0 ? SEAL_ENTRY_HEARTBEAT
				     : SEAL_ENTRY_RECORD;
		seal_entry_put_header(header, type, 0, time_us + i * 1000);
		seal_buf_put(&h->entry[i], header, sizeof(header));
		if (type == SEAL_ENTRY_START)
			start_put(h);
		else if (type == SEAL_ENTRY_HEARTBEAT)
			heartbeat_put(&h->entry[i]);
		else
			seal_buf_putf(&h->entry[i], "message %zu", i);
		assert_int_equal(seal_buf_error(&h->entry[i]), 0);
	}
	tree_make(h);
}

void test_host_make_lines(struct test_host *h, const char *origin,
			  const char *lines)
{
	const char *at, *end;
	size_t count = 0, i;

	for (at = lines; *at; at++)
		count += *at == '\n';
	host_begin(h, origin, count);
	for (at = lines, i = 0; i < count; i++, at = end + 1) {
		end = strchr(at, '\n');
		seal_buf_put(&h->entry[i], at, (size_t)(end - at));
	}
	tree_make(h);
}

void test_host_free(struct test_host *h)
{
	size_t i;

	for (i = 0; i < h->count; i++)
		seal_buf_fini(&h->entry[i]);
	seal_tail_fini(&h->all);
	free(h->entry);
	free(h->leaf);
	seal_key_free(h->host);
	seal_key_free(h->epoch);
	memset(h, 0, sizeof(*h));
}

struct seal_key *test_host_epoch0(const struct test_host *h)
{
	char name[256];

	snprintf(name, sizeof(name), "%s/epoch", h->origin);
	return test_key(name);
}

struct seal_hash test_host_log_id(const struct test_host *h)
{
	struct seal_key *epoch = test_host_epoch0(h);
	struct seal_hash id;

	assert_int_equal(
		seal_log_id(h->origin, test_pub(h->host), test_pub(epoch), &id),
		0);
	seal_key_free(epoch);
	return id;
}

void test_host_hand_over(struct test_host *h, size_t index, const char *purpose)
{
	struct seal_key *next = test_key(purpose);
	struct seal_hash id = test_host_log_id(h);
	struct seal_control control = {.type = SEAL_ENTRY_EPOCH};
	struct seal_handover handover = {.index = index,
					 .epoch = h->epochs + 1};

	handover.root = test_host_root(h, index);
	assert_true(h->epochs + 1 < TEST_HOST_EPOCHS);
	seal_entry_put_header(handover.header, SEAL_ENTRY_EPOCH, 0,
			      h->time_us + index * 1000);
	memcpy(handover.key, test_pub(next), sizeof(handover.key));
	assert_int_equal(seal_handover_sign(&id, &handover, h->epoch), 0);
	control.epoch.epoch = handover.epoch;
	memcpy(control.epoch.key, handover.key, sizeof(handover.key));
	memcpy(control.epoch.sig, handover.sig, sizeof(handover.sig));
	seal_buf_reset(&h->entry[index]);
	seal_buf_put(&h->entry[index], handover.header,
		     sizeof(handover.header));
	assert_int_equal(seal_control_encode(&control, &h->entry[index]), 0);
	seal_key_free(h->epoch);
	h->epoch = next;
	h->epochs++;
	h->span[h->epochs].first = index + 1;
	snprintf(h->span[h->epochs].purpose, sizeof(h->span[0].purpose), "%s",
		 purpose);
	tree_make(h);
}

void test_host_replace(struct test_host *h, size_t index, const void *entry,
		       size_t len)
{
	seal_buf_reset(&h->entry[index]);
	seal_buf_put(&h->entry[index], entry, len);
	assert_int_equal(seal_buf_error(&h->entry[index]), 0);
	tree_make(h);
}

struct seal_key *test_host_seal(const struct test_host *h, size_t size)
{
	unsigned e = h->epochs;

	while (e && h->span[e].first >= size)
		e--;
	return test_key(h->span[e].purpose);
}

struct seal_hash test_host_root(const struct test_host *h, size_t size)
{
	struct seal_hash root;

	assert_true(size <= h->count);
	assert_int_equal(seal_root_of(h->leaf, size, &root), 0);
	return root;
}

void test_host_note(const struct test_host *h, size_t size,
		    const struct seal_key *seal, struct seal_buf *ret_note)
{
	struct seal_hash root = test_host_root(h, size);
	struct seal_checkpoint cp;

	assert_int_equal(seal_checkpoint_init(&cp, h->origin, size, &root), 0);
	assert_int_equal(
		seal_checkpoint_put_signed(ret_note, &cp, h->host, seal), 0);
}

static struct seal_tail *nodes(const struct test_host *h)
{
	return (struct seal_tail *)(uintptr_t)&h->all;
}

void test_host_add_checkpoint(const struct test_host *h, size_t old_size,
			      size_t size, const struct seal_key *seal,
			      struct seal_buf *ret_body)
{
	struct seal_buf note = SEAL_BUF_INIT;
	struct seal_proof proof = {0};

	if (old_size && old_size < size)
		assert_int_equal(seal_proof_consistency(old_size, size,
							seal_tail_node,
							nodes(h), &proof),
				 0);
	test_host_note(h, size, seal, &note);
	assert_int_equal(seal_add_checkpoint_build(old_size, &proof, note.data,
						   note.len, ret_body),
			 0);
	seal_buf_fini(&note);
}

static void package_put(const struct test_host *h, uint64_t subtree,
			uint64_t first, uint64_t last, uint64_t end,
			struct seal_buf *ret_body)
{
	struct seal_proof proof;
	uint64_t i;

	for (i = first; i < last; i++)
		assert_int_equal(seal_upload_entry_build(h->entry[i].data,
							 h->entry[i].len,
							 ret_body),
				 0);
	assert_int_equal(seal_proof_subtree(subtree, last, end, seal_tail_node,
					    nodes(h), &proof),
			 0);
	assert_int_equal(seal_upload_proof_build(&proof, ret_body), 0);
}

void test_host_add_entries(const struct test_host *h, size_t start, size_t end,
			   size_t packages, struct seal_buf *ret_body)
{
	uint64_t subtree, first, last, i;

	assert_int_equal(seal_upload_header_build(h->origin, start, end, NULL,
						  0, ret_body),
			 0);
	for (i = 0; i < seal_upload_packages(start, end) && i < packages; i++) {
		assert_int_equal(seal_upload_interval(start, end, i, &subtree,
						      &first, &last),
				 0);
		package_put(h, subtree, first, last, end, ret_body);
	}
}

void test_host_policy_line(const struct test_host *h, struct seal_buf *ret)
{
	struct seal_vkey vkey = {0};

	assert_int_equal(seal_vkey_init(&vkey, h->origin, SEAL_KEY_ED25519,
					seal_key_public(h->host), NULL),
			 0);
	seal_buf_put_str(ret, "log ");
	seal_vkey_put(ret, &vkey);
	seal_buf_put_str(ret, "\n");
	assert_int_equal(seal_buf_error(ret), 0);
	seal_vkey_fini(&vkey);
}

void test_gzip(const struct seal_buf *body, struct seal_buf *ret_gzip)
{
	const uint8_t *in = body->data;
	size_t left = body->len, written;
	struct seal_gzip *gzip;
	bool done = false;
	uint8_t *room;

	assert_int_equal(seal_gzip_new(&gzip), 0);
	while (!done) {
		room = seal_buf_extend(ret_gzip, 65536);
		assert_non_null(room);
		assert_int_equal(seal_gzip_step(gzip, &in, &left, true, room,
						65536, &written, &done),
				 0);
		seal_buf_truncate(ret_gzip, ret_gzip->len - 65536 + written);
	}
	seal_gzip_free(gzip);
}
