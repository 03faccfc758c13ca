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

extern const struct cli_unpack cli_unpack_gz;
extern const struct cli_unpack cli_unpack_zst; /* the only user of libzstd */
extern const struct cli_unpack cli_unpack_xz;  /* the only user of liblzma */

#endif
