/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little of DER that time-stamps need, on a cursor with a sticky error:
 * definite, shortest lengths below 2^24, tags below 31, nothing that recurses.
 * Whatever is not the one encoding is SEAL_E_FORMAT.
 */
#ifndef SEAL_X509_DER_H
#define SEAL_X509_DER_H

#include "core/buf.h"
#include "core/cur.h"

#define DER_BOOLEAN	 0x01
#define DER_INTEGER	 0x02
#define DER_BIT_STRING	 0x03
#define DER_OCTET_STRING 0x04
#define DER_NULL	 0x05
#define DER_OID		 0x06
#define DER_UTF8_STRING	 0x0c
#define DER_TIME	 0x18 /* GeneralizedTime */
#define DER_SEQUENCE	 0x30
#define DER_SET		 0x31
#define DER_CONTEXT(n)	 (0x80 | (n)) /* [n], primitive */
#define DER_INSIDE(n)	 (0xa0 | (n)) /* [n], constructed */

/* The tag of the next element; 0 at the end, or after an error. */
unsigned seal_der_peek(const struct seal_cur *c);

/* The next element must have this tag: *ret_inner is its contents. */
void seal_der_take(struct seal_cur *c, unsigned tag,
		   struct seal_cur *ret_inner);
/* Past an element of this tag, whatever is in it. */
void seal_der_pass(struct seal_cur *c, unsigned tag);

/* Exactly these contents. */
void seal_der_expect(struct seal_cur *c, unsigned tag, const void *bytes,
		     size_t len);

/* A non-negative INTEGER (or one of a context tag) without leading zeros: its
 * bytes, borrowed; 0 has one byte. */
const uint8_t *seal_der_number(struct seal_cur *c, unsigned tag,
			       size_t *ret_bytes);
/* One that fits. */
uint64_t seal_der_u64(struct seal_cur *c, unsigned tag);

/* An inner element was read to its end; its error becomes the outer one's. */
void seal_der_done(struct seal_cur *outer, const struct seal_cur *inner);

/* Tag and length of what is then put: len < 2^24. */
void seal_der_put(struct seal_buf *b, unsigned tag, size_t len);
/* A whole element. */
void seal_der_put_bytes(struct seal_buf *b, unsigned tag, const void *bytes,
			size_t len);

#endif
