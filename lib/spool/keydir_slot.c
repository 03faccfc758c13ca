/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keydir/epoch: two slots, written in place by pwrite and fdatasync alone.
 * Never a copy, a rename or an unlink: an old private key must be gone when it
 * is overwritten.  format.md 2; docs/spec/spool.md "Key slots".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cur.h"
#include "spool/keydir_private.h"

#define MAGIC	       "asl-key1"
#define FLAG_BEGUN     0x01
#define CHECKSUM_BYTES 8

/* magic[8] | epoch u64 | flags u8 | zero[7] | seed[32] | checksum[8] | zeroes
 */
int keydir_slot_put(uint64_t epoch, bool begun, const struct seal_key *key,
		    uint8_t ret_slot[SEAL_KEYDIR_SLOT_BYTES])
{
	uint8_t seed[SEAL_SEED_BYTES];
	struct seal_hash hash;
	struct seal_buf b;
	int r;

	memset(ret_slot, 0, SEAL_KEYDIR_SLOT_BYTES);
	if (!key)
		return 0;
	seal_buf_init_fixed(&b, ret_slot, SEAL_KEYDIR_SLOT_BYTES);
	seal_buf_put(&b, MAGIC, 8);
	seal_buf_put_u64(&b, epoch);
	seal_buf_put_u8(&b, begun ? FLAG_BEGUN : 0);
	seal_buf_put_zero(&b, 7);
	seal_key_seed(key, seed);
	seal_buf_put(&b, seed, sizeof(seed));
	seal_wipe(seed, sizeof(seed));
	r = seal_sha256(b.data, b.len, &hash);
	seal_buf_put(&b, hash.b, CHECKSUM_BYTES);
	return r ? r : seal_buf_error(&b);
}

static bool empty(const uint8_t *slot)
{
	size_t i;

	for (i = 0; i < SEAL_KEYDIR_SLOT_BYTES; i++)
		if (slot[i])
			return false;
	return true;
}

int keydir_slot_get(const uint8_t slot[SEAL_KEYDIR_SLOT_BYTES],
		    struct seal_keydir_slot *ret_slot,
		    struct seal_key **ret_key)
{
	struct seal_keydir_slot s = {.state = SEAL_SLOT_DAMAGED};
	struct seal_key *key = NULL;
	const uint8_t *seed, *sum;
	struct seal_hash hash;
	struct seal_cur c;
	uint8_t flags;
	int r;

	if (empty(slot)) {
		s.state = SEAL_SLOT_EMPTY;
		goto done;
	}
	seal_cur_init(&c, slot, SEAL_KEYDIR_SLOT_BYTES);
	seal_cur_expect(&c, MAGIC);
	s.epoch = seal_cur_u64(&c);
	flags = seal_cur_u8(&c);
	seal_cur_skip(&c, 7);
	seed = seal_cur_bytes(&c, SEAL_SEED_BYTES);
	sum = seal_cur_bytes(&c, CHECKSUM_BYTES);
	if (seal_cur_error(&c))
		goto done;
	r = seal_sha256(slot, (size_t)(sum - slot), &hash);
	if (r)
		return r;
	if (memcmp(hash.b, sum, CHECKSUM_BYTES))
		goto done;
	r = seal_key_from_seed(seed, &key);
	if (r == SEAL_E_KEY)
		goto done;
	if (r)
		return r;
	s.state = SEAL_SLOT_KEY;
	s.begun = flags & FLAG_BEGUN;
	memcpy(s.public_key, seal_pub_bytes(seal_key_public(key)),
	       sizeof(s.public_key));
done:
	*ret_slot = s;
	if (ret_key && s.state == SEAL_SLOT_KEY)
		*ret_key = key;
	else
		seal_key_free(key);
	return 0;
}

static int slot_failed(const struct seal_keydir *keydir, int negative_errno,
		       const char *what, struct seal_diag *diag)
{
	return seal_diag_set_errno(diag, seal_io_error(negative_errno),
				   -negative_errno, "%s/epoch cannot be %s",
				   keydir->dir, what);
}

static int slot_read(const struct seal_keydir *keydir, unsigned slot,
		     uint8_t ret_slot[SEAL_KEYDIR_SLOT_BYTES],
		     struct seal_diag *diag)
{
	int r;

	r = seal_io_read_full(keydir->io, keydir->epoch_fd, ret_slot,
			      SEAL_KEYDIR_SLOT_BYTES,
			      (uint64_t)slot * SEAL_KEYDIR_SLOT_BYTES);
	return r ? slot_failed(keydir, r, "read", diag) : 0;
}

int keydir_slots_read(struct seal_keydir *keydir, struct seal_diag *diag)
{
	uint8_t bytes[SEAL_KEYDIR_SLOT_BYTES];
	unsigned i;
	int r = 0;

	for (i = 0; !r && i < SEAL_KEYDIR_SLOTS; i++) {
		r = slot_read(keydir, i, bytes, diag);
		if (r)
			break;
		r = keydir_slot_get(bytes, &keydir->slot[i], NULL);
		if (r)
			seal_diag_set(diag, r, "%s/epoch cannot be read",
				      keydir->dir);
	}
	seal_wipe(bytes, sizeof(bytes));
	return r;
}

static int slot_write(struct seal_keydir *keydir, unsigned slot,
		      const uint8_t bytes[SEAL_KEYDIR_SLOT_BYTES],
		      struct seal_diag *diag)
{
	const struct seal_io *io = keydir->io;
	int r;

	r = seal_io_write_full(io, keydir->epoch_fd, bytes,
			       SEAL_KEYDIR_SLOT_BYTES,
			       (uint64_t)slot * SEAL_KEYDIR_SLOT_BYTES);
	if (!r)
		r = io->fdatasync(io, keydir->epoch_fd);
	return r ? slot_failed(keydir, r, "written", diag) : 0;
}

/* Writes a key, or nothing, into a slot, and takes note of it. */
static int slot_set(struct seal_keydir *keydir, unsigned slot, uint64_t epoch,
		    bool begun, const struct seal_key *key,
		    struct seal_diag *diag)
{
	uint8_t bytes[SEAL_KEYDIR_SLOT_BYTES];
	int r;

	if (keydir->epoch_fd < 0)
		return seal_diag_set(diag, SEAL_E_INTERNAL,
				     "%s was opened without its keys",
				     keydir->dir);
	r = keydir_slot_put(epoch, begun, key, bytes);
	if (!r)
		r = slot_write(keydir, slot, bytes, diag);
	if (!r)
		r = keydir_slot_get(bytes, &keydir->slot[slot], NULL);
	seal_wipe(bytes, sizeof(bytes));
	return r;
}

void seal_keydir_slot(const struct seal_keydir *keydir, unsigned slot,
		      struct seal_keydir_slot *ret_slot)
{
	*ret_slot = keydir->slot[slot % SEAL_KEYDIR_SLOTS];
}

int seal_keydir_epoch_key(const struct seal_keydir *keydir, uint64_t epoch,
			  struct seal_key **ret_key, struct seal_diag *diag)
{
	uint8_t bytes[SEAL_KEYDIR_SLOT_BYTES];
	unsigned slot = (unsigned)(epoch % SEAL_KEYDIR_SLOTS);
	struct seal_keydir_slot s = {0};
	struct seal_key *key = NULL;
	int r;

	if (keydir->epoch_fd < 0)
		return SEAL_E_INTERNAL;
	r = slot_read(keydir, slot, bytes, diag);
	if (!r)
		r = keydir_slot_get(bytes, &s, &key);
	seal_wipe(bytes, sizeof(bytes));
	if (r)
		return r;
	if (s.state != SEAL_SLOT_KEY || s.epoch != epoch) {
		seal_key_free(key);
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "%s/epoch has no key of epoch %llu",
				     keydir->dir, (unsigned long long)epoch);
	}
	*ret_key = key;
	return 0;
}

int seal_keydir_make_epoch(struct seal_keydir *keydir, uint64_t epoch,
			   struct seal_key **ret_key, struct seal_diag *diag)
{
	struct seal_key *key;
	int r;

	r = seal_key_generate(SEAL_KEY_TRANSIENT, &key);
	if (r)
		return seal_diag_set(diag, r, "no epoch key could be made");
	r = slot_set(keydir, (unsigned)(epoch % SEAL_KEYDIR_SLOTS), epoch,
		     false, key, diag);
	if (r) {
		seal_key_free(key);
		return r;
	}
	*ret_key = key;
	return 0;
}

int seal_keydir_destroy_epoch(struct seal_keydir *keydir, uint64_t epoch,
			      struct seal_diag *diag)
{
	unsigned slot = (unsigned)(epoch % SEAL_KEYDIR_SLOTS);

	if (keydir->slot[slot].state != SEAL_SLOT_KEY ||
	    keydir->slot[slot].epoch != epoch)
		return 0;
	return slot_set(keydir, slot, 0, false, NULL, diag);
}

int seal_keydir_mark_begun(struct seal_keydir *keydir, struct seal_diag *diag)
{
	struct seal_key *key;
	int r;

	if (seal_keydir_begun(keydir))
		return 0;
	r = seal_keydir_epoch_key(keydir, 0, &key, diag);
	if (r)
		return r;
	r = slot_set(keydir, 0, 0, true, key, diag);
	seal_key_free(key);
	return r;
}

bool seal_keydir_begun(const struct seal_keydir *keydir)
{
	unsigned i;

	for (i = 0; i < SEAL_KEYDIR_SLOTS; i++)
		if (keydir->slot[i].state == SEAL_SLOT_KEY &&
		    !keydir->slot[i].epoch && !keydir->slot[i].begun &&
		    keydir->slot[!i].state == SEAL_SLOT_EMPTY)
			return false;
	return true;
}
