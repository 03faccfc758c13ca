/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An I/O table (spool/io.h) in memory, that can fail at call k and crash: what
 * was not synced is then lost, or there, sector by sector.  A failed sync
 * forgets what it should have written, as Linux does.
 */
#ifndef SEAL_TESTS_MEMIO_H
#define SEAL_TESTS_MEMIO_H

#include <stdbool.h>
#include <stdint.h>

#include "spool/io.h"

struct memio;

enum memio_fault {
	MEMIO_EIO = 1,	  /* the call fails with EIO */
	MEMIO_ENOSPC = 2, /* it and all later writes that need space fail */
	MEMIO_SHORT = 3,  /* a write takes half, the next one fails */
	MEMIO_STOP = 4,	  /* this and all later calls fail: power is off */
	MEMIO_STUCK = 5,  /* from here on writes and syncs of this file fail */
};

struct memio *memio_new(void);
void memio_free(struct memio *m);
const struct seal_io *memio_io(struct memio *m);

/* Calls that change something since memio_arm. */
long memio_calls(const struct memio *m);
/* The k-th such call from now on (1: the next) goes wrong; 0: none does. */
void memio_arm(struct memio *m, long k, enum memio_fault fault);
bool memio_hit(const struct memio *m); /* has it? */

/*
 * Called before each call that changes something, with what was done until
 * then: the place to cut the power (in a copy of the process).  NULL: no more.
 */
void memio_watch(struct memio *m, void (*watch)(void *ctx), void *ctx);

/* What becomes of that which was not synced. */
enum memio_loss {
	MEMIO_KEPT = 0, /* only the process ended */
	MEMIO_TORN = 1, /* power cut: each sector or not, by the seed, and each
			   name up to some moment */
	MEMIO_LOST = 2, /* power cut: nothing of it is there */
};
/* The machine starts again; open files are closed. */
void memio_restart(struct memio *m, enum memio_loss loss, unsigned seed);

/* Bytes that were read of files since memio_new. */
uint64_t memio_bytes_read(const struct memio *m);

void memio_advance_ms(struct memio *m, uint64_t ms); /* both clocks */
void memio_set_machine(struct memio *m, uint8_t first_byte);
void memio_set_space(struct memio *m, uint64_t bytes); /* of the disk */
/* So many descriptors beside those that are open; UINT_MAX: no limit. */
void memio_set_fds(struct memio *m, unsigned more);
void memio_chmod(struct memio *m, const char *path, uint32_t mode);

/* The content of a file; NULL if there is none. */
uint8_t *memio_data(struct memio *m, const char *path, uint64_t *ret_size);
/* Replaces it, durably. */
void memio_put(struct memio *m, const char *path, const void *data,
	       uint64_t size);
/* All files as they are, and back again: a snapshot that is restored. */
struct memio *memio_copy(const struct memio *m);
/* Number of files under a prefix; bytes of all of them. */
unsigned memio_files(const struct memio *m, const char *prefix,
		     uint64_t *ret_bytes);
void memio_remove(struct memio *m, const char *path);

#endif
