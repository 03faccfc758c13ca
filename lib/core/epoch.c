/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hand-overs, host key changes and the records of "epochs" as bytes.  The chain
 * is in chain.c.  Contract: epoch.h.
 */
#include "core/epoch.h"

#include <string.h>

#include "core/buf.h"
#include "core/cur.h"
#include "core/err.h"
#include "core/key.h"

#define TAG_BYTES 4

int seal_log_id(const char *origin, const uint8_t host_key[32],
		const uint8_t epoch_key[32], struct seal_hash *ret_log_id)
{
	static const char purpose[] = "auditseal/log/v1\n";
	size_t len = strlen(origin);
	const uint8_t be_len[2] = {(uint8_t)(len >> 8), (uint8_t)len};
	/* purpose || u16 length || origin || host key[32] || epoch-0 key[32] */
	const struct seal_part hashed[] = {
		{purpose, sizeof(purpose) - 1},
		{be_len, sizeof(be_len)},
		{origin, len},
		{host_key, SEAL_PUB_BYTES},
		{epoch_key, SEAL_PUB_BYTES},
	};
	int rc;

	rc = seal_origin_check(origin, len, NULL);
	if (rc < 0)
		return rc;
	return seal_sha256_parts(hashed, 5, ret_log_id);
}

/*
 * "auditseal/epoch/v1\n" || log id[32] || index u64 || root[32] || header[10]
 * || epoch u64 || key[32]
 */
void seal_handover_bytes(const struct seal_hash *log_id,
			 const struct seal_handover *h,
			 uint8_t ret_bytes[SEAL_HANDOVER_BYTES])
{
	struct seal_buf b;

	seal_buf_init_fixed(&b, ret_bytes, SEAL_HANDOVER_BYTES);
	seal_buf_put_str(&b, "auditseal/epoch/v1\n");
	seal_buf_put(&b, log_id->b, sizeof(log_id->b));
	seal_buf_put_u64(&b, h->index);
	seal_buf_put(&b, h->root.b, sizeof(h->root.b));
	seal_buf_put(&b, h->header, sizeof(h->header));
	seal_buf_put_u64(&b, h->epoch);
	seal_buf_put(&b, h->key, sizeof(h->key));
}

int seal_handover_sign(const struct seal_hash *log_id, struct seal_handover *h,
		       const struct seal_key *old_key)
{
	uint8_t bytes[SEAL_HANDOVER_BYTES];

	seal_handover_bytes(log_id, h, bytes);
	return seal_key_sign(old_key, bytes, sizeof(bytes), h->sig);
}

int seal_handover_verify(const struct seal_hash *log_id,
			 const struct seal_handover *h,
			 const struct seal_pub *old_key)
{
	uint8_t bytes[SEAL_HANDOVER_BYTES];

	seal_handover_bytes(log_id, h, bytes);
	return seal_pub_verify(old_key, bytes, sizeof(bytes), h->sig);
}

int seal_handover_from_entry(const struct seal_entry *entry, uint64_t index,
			     const struct seal_hash *root,
			     struct seal_handover *ret_handover)
{
	struct seal_handover h = {.index = index, .root = *root};
	struct seal_control c;
	int rc;

	if (entry->type != SEAL_ENTRY_EPOCH)
		return SEAL_E_ARG;
	if (entry->flags != 0)
		return SEAL_E_FORMAT;
	rc = seal_control_decode(entry->type, entry->body, entry->body_len, &c);
	if (rc < 0)
		return rc;
	seal_entry_put_header(h.header, entry->type, entry->flags,
			      entry->time_us);
	h.epoch = c.epoch.epoch;
	memcpy(h.key, c.epoch.key, sizeof(h.key));
	memcpy(h.sig, c.epoch.sig, sizeof(h.sig));
	*ret_handover = h;
	return 0;
}

/* "auditseal/key/v1\n" || log id[32] || index u64 || old[32] || new[32] */
void seal_key_change_bytes(const struct seal_hash *log_id, uint64_t index,
			   const struct seal_key_change *change,
			   uint8_t ret_bytes[SEAL_KEY_CHANGE_BYTES])
{
	struct seal_buf b;

	seal_buf_init_fixed(&b, ret_bytes, SEAL_KEY_CHANGE_BYTES);
	seal_buf_put_str(&b, "auditseal/key/v1\n");
	seal_buf_put(&b, log_id->b, sizeof(log_id->b));
	seal_buf_put_u64(&b, index);
	seal_buf_put(&b, change->old_key, sizeof(change->old_key));
	seal_buf_put(&b, change->new_key, sizeof(change->new_key));
}

/* The tag of a record: the first bytes of the hash of all before it. */
static int record_tag(const uint8_t *record, struct seal_hash *ret_hash)
{
	return seal_sha256(record, SEAL_EPOCH_RECORD_BYTES - TAG_BYTES,
			   ret_hash);
}

/* Completes a record that fills b up to the tag, and gives it out. */
static int finish_record(struct seal_buf *b,
			 uint8_t ret_record[SEAL_EPOCH_RECORD_BYTES])
{
	struct seal_hash hash;
	int rc;

	rc = record_tag(b->data, &hash);
	if (rc < 0)
		return rc;
	seal_buf_put(b, hash.b, TAG_BYTES);
	if (seal_buf_error(b) < 0 || b->len != SEAL_EPOCH_RECORD_BYTES)
		return SEAL_E_INTERNAL;
	memcpy(ret_record, b->data, SEAL_EPOCH_RECORD_BYTES);
	return 0;
}

static int check_record(const uint8_t *record)
{
	struct seal_hash hash;
	int rc;

	rc = record_tag(record, &hash);
	if (rc < 0)
		return rc;
	if (memcmp(record + SEAL_EPOCH_RECORD_BYTES - TAG_BYTES, hash.b,
		   TAG_BYTES) != 0)
		return SEAL_E_DAMAGED;
	return 0;
}

/* host key[32] || epoch-0 key[32] || zero[90] || tag[4] */
int seal_epoch_root_encode(const struct seal_epoch_root *root,
			   uint8_t ret_record[SEAL_EPOCH_RECORD_BYTES])
{
	uint8_t mem[SEAL_EPOCH_RECORD_BYTES];
	struct seal_buf b;

	seal_buf_init_fixed(&b, mem, sizeof(mem));
	seal_buf_put(&b, root->host_key, sizeof(root->host_key));
	seal_buf_put(&b, root->epoch_key, sizeof(root->epoch_key));
	seal_buf_put_zero(&b, sizeof(mem) - TAG_BYTES - b.len);
	return finish_record(&b, ret_record);
}

int seal_epoch_root_decode(const uint8_t record[SEAL_EPOCH_RECORD_BYTES],
			   struct seal_epoch_root *ret_root)
{
	struct seal_epoch_root root;
	struct seal_cur c;
	int rc;

	rc = check_record(record);
	if (rc < 0)
		return rc;
	seal_cur_init(&c, record, SEAL_EPOCH_RECORD_BYTES - TAG_BYTES);
	seal_cur_copy(&c, root.host_key, sizeof(root.host_key));
	seal_cur_copy(&c, root.epoch_key, sizeof(root.epoch_key));
	while (seal_cur_error(&c) == 0 && c.left > 0)
		if (seal_cur_u8(&c) != 0)
			return SEAL_E_FORMAT;
	*ret_root = root;
	return 0;
}

/*
 * index u64 || root[32] || header[10] || epoch u64 || key[32] || sig[64] ||
 * tag[4]
 */
int seal_epoch_record_encode(const struct seal_handover *h,
			     uint8_t ret_record[SEAL_EPOCH_RECORD_BYTES])
{
	uint8_t mem[SEAL_EPOCH_RECORD_BYTES];
	struct seal_buf b;

	seal_buf_init_fixed(&b, mem, sizeof(mem));
	seal_buf_put_u64(&b, h->index);
	seal_buf_put(&b, h->root.b, sizeof(h->root.b));
	seal_buf_put(&b, h->header, sizeof(h->header));
	seal_buf_put_u64(&b, h->epoch);
	seal_buf_put(&b, h->key, sizeof(h->key));
	seal_buf_put(&b, h->sig, sizeof(h->sig));
	return finish_record(&b, ret_record);
}

int seal_epoch_record_decode(const uint8_t record[SEAL_EPOCH_RECORD_BYTES],
			     struct seal_handover *ret_handover)
{
	struct seal_handover h = {0};
	struct seal_cur c;
	int rc;

	rc = check_record(record);
	if (rc < 0)
		return rc;
	seal_cur_init(&c, record, SEAL_EPOCH_RECORD_BYTES - TAG_BYTES);
	h.index = seal_cur_u64(&c);
	seal_cur_copy(&c, h.root.b, sizeof(h.root.b));
	seal_cur_copy(&c, h.header, sizeof(h.header));
	h.epoch = seal_cur_u64(&c);
	seal_cur_copy(&c, h.key, sizeof(h.key));
	seal_cur_copy(&c, h.sig, sizeof(h.sig));
	if (seal_cur_end(&c) < 0)
		return SEAL_E_INTERNAL;
	*ret_handover = h;
	return 0;
}
