/* SPDX-License-Identifier: Apache-2.0 */
/* Decompressors behind one table; streaming, memory bounded whatever the input
 * says. */
#ifndef AUDITSEAL_UNPACK_H
#define AUDITSEAL_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli_unpack {
	const char *suffix; /* ".gz" */
	int (*begin)(void **ret_state);
	/*
	 * Takes from *in (advanced), writes up to out_len.  *ret_done: the data
	 * end here, whole.  SEAL_E_FORMAT: damaged; NOMEM, UNKNOWN (needs more
	 * memory than is allowed).
	 */
	int (*step)(void *state, const uint8_t **in, size_t *in_len,
		    uint8_t *out, size_t out_len, size_t *ret_written,
		    bool *ret_done);
	void (*end)(void *state);
};

/* One file, unpacked into one without a name in TMPDIR. */
struct cli_unpacked {
	int fd; /* the caller's */
	uint64_t bytes, read_bytes;
	bool whole; /* false: damaged or cut off; bytes came out of it */
};

/* A negative errno. */
int cli_unpack_file(const struct cli_unpack *u, const char *path,
		    struct cli_unpacked *ret_unpacked);

extern const struct cli_unpack cli_unpack_gz;
extern const struct cli_unpack cli_unpack_zst; /* the only user of libzstd */
extern const struct cli_unpack cli_unpack_xz;  /* the only user of liblzma */

#endif
