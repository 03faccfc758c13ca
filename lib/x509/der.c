/* SPDX-License-Identifier: Apache-2.0 */
/* DER, strictly.  Contract: der.h. */
#include "x509/der.h"

#include <string.h>

#include "core/err.h"

unsigned seal_der_peek(const struct seal_cur *c)
{
	return !c->err && c->left ? c->p[0] : 0;
}

static size_t length(struct seal_cur *c)
{
	uint8_t first = seal_cur_u8(c);
	size_t len, least;

	if (first < 0x80)
		return first;
	switch (first) {
	case 0x81:
		len = seal_cur_u8(c);
		least = 0x80;
		break;
	case 0x82:
		len = seal_cur_u16(c);
		least = 0x100;
		break;
	case 0x83:
		len = seal_cur_u24(c);
		least = 0x10000;
		break;
	default: /* indefinite, or longer than anything here */
		len = 0;
		least = 1;
	}
	if (len < least)
		seal_cur_fail(c, SEAL_E_FORMAT);
	return len;
}

void seal_der_take(struct seal_cur *c, unsigned tag, struct seal_cur *ret_inner)
{
	const uint8_t *bytes;
	size_t len;

	seal_cur_init(ret_inner, NULL, 0);
	if (seal_cur_u8(c) != tag)
		seal_cur_fail(c, SEAL_E_FORMAT);
	len = length(c);
	bytes = seal_cur_bytes(c, len);
	if (bytes)
		seal_cur_init(ret_inner, bytes, len);
	else
		seal_cur_fail(ret_inner, seal_cur_error(c));
}

void seal_der_pass(struct seal_cur *c, unsigned tag)
{
	struct seal_cur inner;

	seal_der_take(c, tag, &inner);
}

void seal_der_expect(struct seal_cur *c, unsigned tag, const void *bytes,
		     size_t len)
{
	struct seal_cur inner;

	seal_der_take(c, tag, &inner);
	if (!seal_cur_error(c) &&
	    (inner.left != len || memcmp(inner.p, bytes, len)))
		seal_cur_fail(c, SEAL_E_FORMAT);
}

const uint8_t *seal_der_number(struct seal_cur *c, unsigned tag,
			       size_t *ret_bytes)
{
	struct seal_cur inner;

	*ret_bytes = 0;
	seal_der_take(c, tag, &inner);
	if (seal_cur_error(c))
		return NULL;
	/* Not empty, not negative, no zero that the sign does not need. */
	if (!inner.left || inner.p[0] & 0x80 ||
	    (inner.left > 1 && !inner.p[0] && !(inner.p[1] & 0x80))) {
		seal_cur_fail(c, SEAL_E_FORMAT);
		return NULL;
	}
	if (inner.left > 1 && !inner.p[0])
		seal_cur_skip(&inner, 1);
	*ret_bytes = inner.left;
	return inner.p;
}

uint64_t seal_der_u64(struct seal_cur *c, unsigned tag)
{
	uint64_t value = 0;
	size_t len, i;
	const uint8_t *bytes = seal_der_number(c, tag, &len);

	if (len > sizeof(value)) {
		seal_cur_fail(c, SEAL_E_FORMAT);
		return 0;
	}
	for (i = 0; i < len; i++)
		value = value << 8 | bytes[i];
	return value;
}

void seal_der_done(struct seal_cur *outer, const struct seal_cur *inner)
{
	int rc = seal_cur_end(inner);

	if (rc)
		seal_cur_fail(outer, rc);
}

void seal_der_put(struct seal_buf *b, unsigned tag, size_t len)
{
	seal_buf_put_u8(b, (uint8_t)tag);
	if (len < 0x80) {
		seal_buf_put_u8(b, (uint8_t)len);
	} else if (len < 0x100) {
		seal_buf_put_u8(b, 0x81);
		seal_buf_put_u8(b, (uint8_t)len);
	} else if (len < 0x10000) {
		seal_buf_put_u8(b, 0x82);
		seal_buf_put_u16(b, (uint16_t)len);
	} else {
		seal_buf_put_u8(b, 0x83);
		seal_buf_put_u24(b, (uint32_t)len);
	}
}

void seal_der_put_bytes(struct seal_buf *b, unsigned tag, const void *bytes,
			size_t len)
{
	seal_der_put(b, tag, len);
	seal_buf_put(b, bytes, len);
}
