/* SPDX-License-Identifier: Apache-2.0 */
/* gzip, streaming.  The only file that knows zlib.  Contract: gzip.h. */
#include "protocol/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <zlib.h>

/* The largest window, and a gzip header instead of zlib's own. */
#define WINDOW_BITS (15 + 16)

struct seal_gzip {
	z_stream z;
	bool done;
};

struct seal_gunzip {
	z_stream z;
	uint64_t left; /* bytes that may still come out */
	int error;
	bool done;
};

static unsigned chunk(size_t bytes)
{
	return bytes > UINT_MAX ? UINT_MAX : (unsigned)bytes;
}

int seal_gzip_new(struct seal_gzip **ret_gzip)
{
	struct seal_gzip *gzip = calloc(1, sizeof(*gzip));

	if (!gzip)
		return SEAL_E_NOMEM;
	/* Level 1: audit text shrinks well, and the host's CPU is scarce. */
	if (deflateInit2(&gzip->z, Z_BEST_SPEED, Z_DEFLATED, WINDOW_BITS, 8,
			 Z_DEFAULT_STRATEGY) != Z_OK) {
		free(gzip);
		return SEAL_E_NOMEM;
	}
	*ret_gzip = gzip;
	return 0;
}

void seal_gzip_free(struct seal_gzip *gzip)
{
	if (!gzip)
		return;
	deflateEnd(&gzip->z);
	free(gzip);
}

int seal_gzip_reset(struct seal_gzip *gzip)
{
	gzip->done = false;
	return deflateReset(&gzip->z) == Z_OK ? 0 : SEAL_E_INTERNAL;
}

int seal_gzip_step(struct seal_gzip *gzip, const uint8_t **in, size_t *in_bytes,
		   bool last, uint8_t *out, size_t out_bytes,
		   size_t *ret_written, bool *ret_done)
{
	z_stream *z = &gzip->z;
	unsigned given = chunk(*in_bytes), room = chunk(out_bytes);
	bool finish = last && given == *in_bytes;
	int rc = Z_STREAM_END;

	z->next_in = (Bytef *)(uintptr_t)*in;
	z->avail_in = given;
	z->next_out = out;
	z->avail_out = room;
	if (!gzip->done)
		rc = deflate(z, finish ? Z_FINISH : Z_NO_FLUSH);
	/* Z_BUF_ERROR: neither input nor room, which is no harm. */
	if (rc != Z_OK && rc != Z_STREAM_END && rc != Z_BUF_ERROR)
		return SEAL_E_INTERNAL;
	gzip->done = rc == Z_STREAM_END;
	*in += given - z->avail_in;
	*in_bytes -= given - z->avail_in;
	*ret_written = room - z->avail_out;
	*ret_done = gzip->done;
	return 0;
}

int seal_gunzip_new(uint64_t max_bytes, struct seal_gunzip **ret_gunzip)
{
	struct seal_gunzip *gunzip = calloc(1, sizeof(*gunzip));

	if (!gunzip)
		return SEAL_E_NOMEM;
	if (inflateInit2(&gunzip->z, WINDOW_BITS) != Z_OK) {
		free(gunzip);
		return SEAL_E_NOMEM;
	}
	gunzip->left = max_bytes;
	*ret_gunzip = gunzip;
	return 0;
}

void seal_gunzip_free(struct seal_gunzip *gunzip)
{
	if (!gunzip)
		return;
	inflateEnd(&gunzip->z);
	free(gunzip);
}

static int inflate_error(int rc)
{
	switch (rc) {
	case Z_OK:
	case Z_STREAM_END:
	case Z_BUF_ERROR:
		return 0;
	case Z_MEM_ERROR:
		return SEAL_E_NOMEM;
	default:
		return SEAL_E_FORMAT;
	}
}

int seal_gunzip_step(struct seal_gunzip *gunzip, const uint8_t **in,
		     size_t *in_bytes, uint8_t *out, size_t out_bytes,
		     size_t *ret_written, bool *ret_done)
{
	z_stream *z = &gunzip->z;
	unsigned given = chunk(*in_bytes), room = chunk(out_bytes), written;
	int rc;

	if (gunzip->error)
		return gunzip->error;
	if (gunzip->done && *in_bytes)
		return gunzip->error = SEAL_E_FORMAT;
	z->next_in = (Bytef *)(uintptr_t)*in;
	z->avail_in = given;
	z->next_out = out;
	z->avail_out = room;
	rc = gunzip->done ? Z_STREAM_END : inflate(z, Z_NO_FLUSH);
	gunzip->error = inflate_error(rc);
	if (gunzip->error)
		return gunzip->error;
	written = room - z->avail_out;
	if (written > gunzip->left)
		return gunzip->error = SEAL_E_TOOBIG;
	gunzip->left -= written;
	gunzip->done = rc == Z_STREAM_END;
	if (gunzip->done && z->avail_in)
		return gunzip->error = SEAL_E_FORMAT;
	*in += given - z->avail_in;
	*in_bytes -= given - z->avail_in;
	*ret_written = written;
	*ret_done = gunzip->done;
	return 0;
}
