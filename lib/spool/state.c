/* SPDX-License-Identifier: Apache-2.0 */
/* The file `state`.  Contract: state.h; table: docs/spec/spool.md "state". */
#include "spool/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cur.h"
#include "spool/io_private.h"

#define MAGIC	       "asl-sta1"
#define CHECKSUM_BYTES 8

static void put_checksum(struct seal_buf *b)
{
	struct seal_hash hash;

	if (seal_buf_error(b))
		return;
	if (seal_sha256(b->data, b->len, &hash))
		seal_buf_fail(b, SEAL_E_CRYPTO);
	seal_buf_put(b, hash.b, CHECKSUM_BYTES);
}

/* Takes the checksum over all that c has read so far from base. */
static void take_checksum(struct seal_cur *c, const uint8_t *base)
{
	size_t len = c->off;
	const uint8_t *sum = seal_cur_bytes(c, CHECKSUM_BYTES);
	struct seal_hash hash;

	if (!sum)
		return;
	if (seal_sha256(base, len, &hash))
		seal_cur_fail(c, SEAL_E_CRYPTO);
	else if (memcmp(hash.b, sum, CHECKSUM_BYTES))
		seal_cur_fail(c, SEAL_E_DAMAGED);
}

/*
 * magic[8] | counter u64 | sealed u64 | root[32] | segment u64 | epoch u64
 * | machine[32] | dropped u64 | first u64 | last u64
 * | mirrors u8 | mirrors x (name hash[32] | offered u64)
 * | frontier: popcount(sealed) x hash[32] | checksum[8] | zeroes
 */
int seal_state_put(const struct seal_state *state,
		   uint8_t ret_slot[SEAL_STATE_SLOT_BYTES])
{
	struct seal_hash nodes[SEAL_TREE_LEVELS];
	struct seal_buf b;
	unsigned n;
	size_t i;

	if (state->mirrors > SEAL_MIRRORS_MAX ||
	    state->frontier.size != state->sealed)
		return SEAL_E_ARG;
	memset(ret_slot, 0, SEAL_STATE_SLOT_BYTES);
	seal_buf_init_fixed(&b, ret_slot, SEAL_STATE_SLOT_BYTES);
	seal_buf_put(&b, MAGIC, 8);
	seal_buf_put_u64(&b, state->counter);
	seal_buf_put_u64(&b, state->sealed);
	seal_buf_put(&b, state->root.b, 32);
	seal_buf_put_u64(&b, state->segment);
	seal_buf_put_u64(&b, state->epoch);
	seal_buf_put(&b, state->machine, 32);
	seal_buf_put_u64(&b, state->dropped);
	seal_buf_put_u64(&b, state->dropped_first_us);
	seal_buf_put_u64(&b, state->dropped_last_us);
	seal_buf_put_u8(&b, (uint8_t)state->mirrors);
	for (i = 0; i < state->mirrors; i++) {
		seal_buf_put(&b, state->mirror[i].name.b, 32);
		seal_buf_put_u64(&b, state->mirror[i].offered);
	}
	n = seal_frontier_get(&state->frontier, nodes);
	seal_buf_put(&b, nodes, (size_t)n * 32);
	put_checksum(&b);
	return seal_buf_error(&b);
}

int seal_state_get(const uint8_t slot[SEAL_STATE_SLOT_BYTES],
		   struct seal_state *ret_state)
{
	struct seal_hash nodes[SEAL_TREE_LEVELS];
	struct seal_state s = {0};
	struct seal_cur c;
	size_t i, n;

	seal_cur_init(&c, slot, SEAL_STATE_SLOT_BYTES);
	seal_cur_expect(&c, MAGIC);
	s.counter = seal_cur_u64(&c);
	s.sealed = seal_cur_u64(&c);
	seal_cur_copy(&c, s.root.b, 32);
	s.segment = seal_cur_u64(&c);
	s.epoch = seal_cur_u64(&c);
	seal_cur_copy(&c, s.machine, 32);
	s.dropped = seal_cur_u64(&c);
	s.dropped_first_us = seal_cur_u64(&c);
	s.dropped_last_us = seal_cur_u64(&c);
	s.mirrors = seal_cur_u8(&c);
	if (s.mirrors > SEAL_MIRRORS_MAX)
		return SEAL_E_DAMAGED;
	for (i = 0; i < s.mirrors; i++) {
		seal_cur_copy(&c, s.mirror[i].name.b, 32);
		s.mirror[i].offered = seal_cur_u64(&c);
	}
	if (s.sealed > SEAL_TREE_SIZE_MAX)
		return SEAL_E_DAMAGED;
	n = seal_frontier_count(s.sealed);
	seal_cur_copy(&c, nodes, n * 32);
	take_checksum(&c, slot);
	if (seal_cur_error(&c) ||
	    seal_frontier_set(&s.frontier, s.sealed, nodes, n))
		return SEAL_E_DAMAGED;
	*ret_state = s;
	return 0;
}

int seal_state_load(const struct seal_io *io, const char *path,
		    struct seal_state *ret_state, struct seal_diag *diag)
{
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_state s;
	bool found = false;
	size_t at;
	int r;

	r = seal_io_read_file(io, path, SEAL_STATE_FILE_BYTES, &b);
	if (r == -EFBIG) {
		r = SEAL_E_DAMAGED;
		goto out;
	}
	if (r) {
		r = seal_diag_set_errno(diag, seal_io_error(r), -r,
					"%s cannot be read", path);
		goto out;
	}
	for (at = 0; at + SEAL_STATE_SLOT_BYTES <= b.len;
	     at += SEAL_STATE_SLOT_BYTES) {
		if (seal_state_get(b.data + at, &s))
			continue;
		if (!found || s.counter > ret_state->counter)
			*ret_state = s;
		found = true;
	}
	r = found ? 0 : SEAL_E_DAMAGED;
out:
	seal_buf_fini(&b);
	if (r == SEAL_E_DAMAGED)
		seal_diag_set(diag, r, "%s is damaged: neither slot is whole",
			      path);
	return r;
}
