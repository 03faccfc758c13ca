/* SPDX-License-Identifier: Apache-2.0 */
/* xz.  The only file that knows liblzma.  Contract: unpack.h. */
#include "unpack.h"

#include "core/err.h"

#include <lzma.h>
#include <stdlib.h>

#define MEMORY_MAX_BYTES ((uint64_t)80 << 20) /* `xz -9` needs 65 MiB */

static int xz_begin(void **ret_state)
{
	static const lzma_stream begin = LZMA_STREAM_INIT;
	lzma_stream *s = malloc(sizeof(*s));

	if (!s)
		return SEAL_E_NOMEM;
	*s = begin;
	if (lzma_stream_decoder(s, MEMORY_MAX_BYTES, LZMA_CONCATENATED) !=
	    LZMA_OK) {
		free(s);
		return SEAL_E_NOMEM;
	}
	*ret_state = s;
	return 0;
}

static int xz_step(void *state, const uint8_t **in, size_t *in_len,
		   uint8_t *out, size_t out_len, size_t *ret_written,
		   bool *ret_done)
{
	lzma_stream *s = state;
	lzma_ret r;

	s->next_in = *in;
	s->avail_in = *in_len;
	s->next_out = out;
	s->avail_out = out_len;
	/* With nothing left the caller says that nothing follows. */
	r = lzma_code(s, *in_len ? LZMA_RUN : LZMA_FINISH);
	*in = s->next_in;
	*in_len = s->avail_in;
	*ret_written = out_len - s->avail_out;
	*ret_done = r == LZMA_STREAM_END;
	switch (r) {
	case LZMA_OK:
	case LZMA_STREAM_END:
		return 0;
	case LZMA_MEM_ERROR:
		return SEAL_E_NOMEM;
	case LZMA_MEMLIMIT_ERROR:
		return SEAL_E_UNKNOWN;
	default:
		return SEAL_E_FORMAT;
	}
}

static void xz_end(void *state)
{
	lzma_end(state);
	free(state);
}

const struct cli_unpack cli_unpack_xz = {".xz", xz_begin, xz_step, xz_end};
