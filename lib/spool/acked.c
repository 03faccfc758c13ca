/* SPDX-License-Identifier: Apache-2.0 */
/* The file `acked`.  Contract: state.h; table: docs/spec/spool.md "acked". */
#include "spool/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cur.h"
#include "spool/io_private.h"

#define MAGIC	       "asl-ack1"
#define CHECKSUM_BYTES 8

/*
 * magic[8] | counter u64 | mirrors u8
 * | mirrors x (name length u8 | name | size u64 | openings u64 | time u64
 *              | note length u32 | note)
 * | checksum[8] | zeroes
 */
int seal_acked_put(const struct seal_acked *acked,
		   uint8_t ret_slot[SEAL_ACKED_SLOT_BYTES], size_t *ret_len)
{
	struct seal_hash hash;
	struct seal_buf b;
	size_t i;
	int r;

	seal_buf_init_fixed(&b, ret_slot, SEAL_ACKED_SLOT_BYTES);
	seal_buf_put(&b, MAGIC, 8);
	seal_buf_put_u64(&b, acked->counter);
	seal_buf_put_u8(&b, (uint8_t)acked->mirrors);
	for (i = 0; i < acked->mirrors; i++) {
		const struct seal_acked_mirror *m = &acked->mirror[i];

		seal_buf_put_u8(&b, (uint8_t)strlen(m->name));
		seal_buf_put_str(&b, m->name);
		seal_buf_put_u64(&b, m->size);
		seal_buf_put_u64(&b, m->openings);
		seal_buf_put_u64(&b, m->time_s);
		seal_buf_put_u32(&b, (uint32_t)m->note_len);
		seal_buf_put(&b, m->note, m->note_len);
	}
	r = seal_buf_error(&b);
	if (!r)
		r = seal_sha256(b.data, b.len, &hash);
	if (r)
		return r;
	seal_buf_put(&b, hash.b, CHECKSUM_BYTES);
	r = seal_buf_error(&b);
	if (r)
		return r;
	*ret_len = b.len;
	return 0;
}

static int take_mirror(struct seal_cur *c, struct seal_acked_mirror *m)
{
	const uint8_t *note;
	size_t len;

	len = seal_cur_u8(c);
	seal_cur_copy(c, m->name, len);
	m->size = seal_cur_u64(c);
	m->openings = seal_cur_u64(c);
	m->time_s = seal_cur_u64(c);
	len = seal_cur_u32(c);
	note = seal_cur_bytes(c, len);
	if (!note)
		return SEAL_E_DAMAGED;
	m->note = malloc(len ? len : 1);
	if (!m->note)
		return SEAL_E_NOMEM;
	memcpy(m->note, note, len);
	m->note_len = len;
	return 0;
}

int seal_acked_get(const uint8_t *slot, size_t len,
		   struct seal_acked *ret_acked)
{
	struct seal_acked a = {0};
	struct seal_hash hash;
	const uint8_t *sum;
	struct seal_cur c;
	size_t n, used;
	int r = 0;

	seal_cur_init(&c, slot, len);
	seal_cur_expect(&c, MAGIC);
	a.counter = seal_cur_u64(&c);
	n = seal_cur_u8(&c);
	if (seal_cur_error(&c) || n > SEAL_MIRRORS_MAX)
		return SEAL_E_DAMAGED;
	while (!r && a.mirrors < n)
		r = take_mirror(&c, &a.mirror[a.mirrors++]);
	if (r)
		goto fail;
	used = c.off;
	sum = seal_cur_bytes(&c, CHECKSUM_BYTES);
	r = SEAL_E_DAMAGED;
	if (!sum)
		goto fail;
	if (seal_sha256(slot, used, &hash)) {
		r = SEAL_E_CRYPTO;
		goto fail;
	}
	if (memcmp(hash.b, sum, CHECKSUM_BYTES))
		goto fail;
	*ret_acked = a;
	return 0;
fail:
	seal_acked_fini(&a);
	return r;
}

int seal_acked_load(const struct seal_io *io, const char *path,
		    struct seal_acked *ret_acked, struct seal_diag *diag)
{
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_acked a, best = {0};
	bool found = false;
	size_t at;
	int r;

	r = seal_io_read_file(io, path, SEAL_ACKED_FILE_BYTES, &b);
	if (r && r != -EFBIG) {
		r = seal_diag_set_errno(diag, seal_io_error(r), -r,
					"%s cannot be read", path);
		goto out;
	}
	for (at = 0; !r && at + SEAL_ACKED_SLOT_BYTES <= b.len;
	     at += SEAL_ACKED_SLOT_BYTES) {
		r = seal_acked_get(b.data + at, SEAL_ACKED_SLOT_BYTES, &a);
		if (r && r != SEAL_E_DAMAGED)
			goto out;
		if (r) {
			r = 0;
			continue;
		}
		if (found && a.counter < best.counter) {
			seal_acked_fini(&a);
			continue;
		}
		seal_acked_fini(&best);
		best = a;
		found = true;
	}
	if (!found) {
		r = seal_diag_set(diag, SEAL_E_DAMAGED,
				  "%s is damaged: neither slot is whole", path);
		goto out;
	}
	*ret_acked = best;
	memset(&best, 0, sizeof(best)); /* transferred */
	r = 0;
out:
	seal_acked_fini(&best);
	seal_buf_fini(&b);
	return r;
}

void seal_acked_fini(struct seal_acked *acked)
{
	size_t i;

	for (i = 0; i < acked->mirrors; i++)
		free(acked->mirror[i].note);
	memset(acked, 0, sizeof(*acked));
}
