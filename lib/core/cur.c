/* SPDX-License-Identifier: Apache-2.0 */
/* Reading cursors with a sticky error: see cur.h. */
#include "core/cur.h"

#include <string.h>

#include "core/err.h"

static const uint8_t nothing[1];

void seal_cur_init(struct seal_cur *c, const void *data, size_t len)
{
	c->p = data ? data : nothing;
	c->left = data ? len : 0;
	c->off = 0;
	c->err = !data && len ? SEAL_E_ARG : 0;
}

void seal_cur_fail(struct seal_cur *c, int err)
{
	if (!c->err)
		c->err = err;
}

const uint8_t *seal_cur_bytes(struct seal_cur *c, size_t len)
{
	const uint8_t *at = c->p;

	if (c->err)
		return NULL;
	if (len > c->left) {
		c->err = SEAL_E_SHORT;
		return NULL;
	}
	c->p += len;
	c->left -= len;
	c->off += len;
	return at;
}

static uint64_t take_be(struct seal_cur *c, size_t n)
{
	const uint8_t *at = seal_cur_bytes(c, n);
	uint64_t v = 0;

	if (!at)
		return 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | at[i];
	return v;
}

uint8_t seal_cur_u8(struct seal_cur *c)
{
	return (uint8_t)take_be(c, 1);
}

uint16_t seal_cur_u16(struct seal_cur *c)
{
	return (uint16_t)take_be(c, 2);
}

uint32_t seal_cur_u24(struct seal_cur *c)
{
	return (uint32_t)take_be(c, 3);
}

uint32_t seal_cur_u32(struct seal_cur *c)
{
	return (uint32_t)take_be(c, 4);
}

uint64_t seal_cur_u64(struct seal_cur *c)
{
	return take_be(c, 8);
}

void seal_cur_copy(struct seal_cur *c, void *ret_out, size_t len)
{
	const uint8_t *at = seal_cur_bytes(c, len);

	if (at && len)
		memcpy(ret_out, at, len);
}

void seal_cur_skip(struct seal_cur *c, size_t len)
{
	(void)seal_cur_bytes(c, len);
}

const char *seal_cur_line(struct seal_cur *c, size_t *ret_len)
{
	const uint8_t *start = c->p, *end;

	if (c->err)
		return NULL;
	end = c->left ? memchr(start, '\n', c->left) : NULL;
	if (!end) {
		c->err = SEAL_E_SHORT;
		return NULL;
	}
	*ret_len = (size_t)(end - start);
	seal_cur_skip(c, *ret_len + 1);
	return (const char *)start;
}

void seal_cur_expect(struct seal_cur *c, const char *s)
{
	size_t len = strlen(s);

	if (c->err)
		return;
	if (len > c->left)
		c->err = SEAL_E_SHORT;
	else if (memcmp(c->p, s, len) != 0)
		c->err = SEAL_E_FORMAT;
	else
		seal_cur_skip(c, len);
}

int seal_cur_error(const struct seal_cur *c)
{
	return c->err;
}

int seal_cur_end(const struct seal_cur *c)
{
	if (c->err)
		return c->err;
	return c->left ? SEAL_E_FORMAT : 0;
}

bool seal_cur_end_ok(const struct seal_cur *c)
{
	return seal_cur_end(c) == 0;
}
