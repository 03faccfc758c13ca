/* SPDX-License-Identifier: Apache-2.0 */
/* What keydir.c, keydir_create.c and keydir_slot.c share. */
#ifndef SEAL_SPOOL_KEYDIR_PRIVATE_H
#define SEAL_SPOOL_KEYDIR_PRIVATE_H

#include "spool/keydir.h"

struct seal_keydir {
	const struct seal_io *io;
	char *dir;
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	struct seal_hash log_id;
	struct seal_vkey host, epoch0;
	uint8_t machine[32];
	bool has_predecessor;
	struct seal_predecessor predecessor;
	struct seal_key *host_key; /* NULL: only the public part was opened */
	int epoch_fd;		   /* -1: likewise */
	struct seal_keydir_slot slot[SEAL_KEYDIR_SLOTS];
};

/* The text of `log`. */
void keydir_log_put(struct seal_buf *b, const struct seal_keydir *keydir);
int keydir_log_parse(struct seal_keydir *keydir, const void *text, size_t len,
		     struct seal_diag *diag);

/*
 * One slot: 4096 bytes.  key NULL: an empty one.  The caller wipes the bytes.
 */
int keydir_slot_put(uint64_t epoch, bool begun, const struct seal_key *key,
		    uint8_t ret_slot[SEAL_KEYDIR_SLOT_BYTES]);
/*
 * ret_slot->state says what it is; *ret_key (may be NULL) is set for a key.
 * An error is ours, not the slot's.
 */
int keydir_slot_get(const uint8_t slot[SEAL_KEYDIR_SLOT_BYTES],
		    struct seal_keydir_slot *ret_slot,
		    struct seal_key **ret_key);
/* Reads both slots. */
int keydir_slots_read(struct seal_keydir *keydir, struct seal_diag *diag);

#endif
