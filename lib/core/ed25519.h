/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For crypto.c alone: the rules about Ed25519 encodings that are decided before
 * any arithmetic (docs/spec/note.md, "Ed25519").  Pure, and not constant time:
 * what it sees is public.
 */
#ifndef SEAL_CORE_ED25519_H
#define SEAL_CORE_ED25519_H

#include <stdbool.h>
#include <stdint.h>

/*
 * y < p, y at least 193 bits long, not of order 8.  The length excludes the
 * points of order 1 and 2 and half of order 4; what is left (on the curve, the
 * length of x) needs the point.
 */
bool seal_ed25519_pub_ok(const uint8_t bytes[32]);

/* The second half of a signature: S < L. */
bool seal_ed25519_s_ok(const uint8_t s[32]);

#endif
