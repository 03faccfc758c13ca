/* SPDX-License-Identifier: Apache-2.0 */
/* zstd.  The only file that knows libzstd.  Contract: unpack.h. */
#include "unpack.h"

#include "core/err.h"

#include <zstd.h>
#include <zstd_errors.h>

#define WINDOW_LOG_MAX 25 /* 32 MiB; `zstd -19` needs 8 MiB */

static int zst_begin(void **ret_state)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();

	if (!d)
		return SEAL_E_NOMEM;
	if (ZSTD_isError(ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax,
						WINDOW_LOG_MAX))) {
		ZSTD_freeDCtx(d);
		return SEAL_E_INTERNAL;
	}
	*ret_state = d;
	return 0;
}

static int zst_step(void *state, const uint8_t **in, size_t *in_len,
		    uint8_t *out, size_t out_len, size_t *ret_written,
		    bool *ret_done)
{
	ZSTD_inBuffer from = {*in, *in_len, 0};
	ZSTD_outBuffer to = {out, out_len, 0};
	size_t r = ZSTD_decompressStream(state, &to, &from);

	if (ZSTD_isError(r))
		switch (ZSTD_getErrorCode(r)) {
		case ZSTD_error_memory_allocation:
			return SEAL_E_NOMEM;
		case ZSTD_error_frameParameter_windowTooLarge:
			return SEAL_E_UNKNOWN;
		default:
			return SEAL_E_FORMAT;
		}
	*in += from.pos;
	*in_len -= from.pos;
	*ret_written = to.pos;
	*ret_done = !r; /* the frame; another one may follow */
	return 0;
}

static void zst_end(void *state)
{
	ZSTD_freeDCtx(state);
}

const struct cli_unpack cli_unpack_zst = {".zst", zst_begin, zst_step, zst_end};
