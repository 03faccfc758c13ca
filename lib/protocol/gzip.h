/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gzip for request bodies, streaming both ways; the one home of zlib.  Pure
 * bytes.  Content-Encoding: gzip, one member, nothing behind it.
 */
#ifndef SEAL_PROTOCOL_GZIP_H
#define SEAL_PROTOCOL_GZIP_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal_gzip;   /* compressor */
struct seal_gunzip; /* decompressor */

int seal_gzip_new(struct seal_gzip **ret_gzip);
void seal_gzip_free(struct seal_gzip *gzip);
/* Starts a new member; keeps the memory. */
int seal_gzip_reset(struct seal_gzip *gzip);
/*
 * Takes from *in (advanced) and writes up to out_bytes; last: no more input
 * follows *in.  *ret_done: the member is complete.
 */
int seal_gzip_step(struct seal_gzip *gzip, const uint8_t **in, size_t *in_bytes,
		   bool last, uint8_t *out, size_t out_bytes,
		   size_t *ret_written, bool *ret_done);

/* max_bytes: SEAL_E_TOOBIG once more than that has come out. */
int seal_gunzip_new(uint64_t max_bytes, struct seal_gunzip **ret_gunzip);
void seal_gunzip_free(struct seal_gunzip *gunzip);
/*
 * Takes from *in (advanced), writes up to out_bytes; call until *in is used
 * and *ret_written < out_bytes.  SEAL_E_FORMAT: damaged, or bytes behind the
 * member.  *ret_done: the member ended, with the right checksum.
 */
int seal_gunzip_step(struct seal_gunzip *gunzip, const uint8_t **in,
		     size_t *in_bytes, uint8_t *out, size_t out_bytes,
		     size_t *ret_written, bool *ret_done);

#endif
