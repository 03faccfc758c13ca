/* SPDX-License-Identifier: Apache-2.0 */
/* What the bytes alone decide about Ed25519 keys and signatures: ed25519.h. */
#include "core/ed25519.h"

#include <string.h>

/* Little-endian a < b. */
static bool less_le(const uint8_t a[32], const uint8_t b[32])
{
	for (int i = 31; i >= 0; i--)
		if (a[i] != b[i])
			return a[i] < b[i];
	return false;
}

/* The group's order L, little-endian. */
static const uint8_t order_l[32] __attribute__((nonstring)) =
	"\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14"
	"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10";

/* The field's prime p = 2^255 - 19, little-endian. */
static const uint8_t prime_p[32] __attribute__((nonstring)) =
	"\xed\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"
	"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f";

/* The y of the points of order 8. */
static const uint8_t order8_y[2][33] = {
	"\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
	"\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x05",
	"\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
	"\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a",
};

/* Bits 192 to 254 of a little-endian number below 2^255 are not all zero. */
static bool longer_than_192_bits(const uint8_t le[32])
{
	for (int i = 24; i < 32; i++)
		if (le[i])
			return true;
	return false;
}

bool seal_ed25519_pub_ok(const uint8_t bytes[32])
{
	uint8_t y[32];

	memcpy(y, bytes, 32);
	y[31] &= 0x7f; /* the sign of x */
	return less_le(y, prime_p) && longer_than_192_bits(y) &&
	       memcmp(y, order8_y[0], 32) != 0 &&
	       memcmp(y, order8_y[1], 32) != 0;
}

bool seal_ed25519_s_ok(const uint8_t s[32])
{
	return less_le(s, order_l);
}
