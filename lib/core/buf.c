/* SPDX-License-Identifier: Apache-2.0 */
/* Byte buffers with a sticky error: see buf.h. */
#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto.h"
#include "core/err.h"
#include "core/text.h"

#define FIRST_CAP 256

void seal_buf_init(struct seal_buf *b)
{
	memset(b, 0, sizeof(*b));
}

void seal_buf_init_secret(struct seal_buf *b)
{
	seal_buf_init(b);
	b->secret = true;
}

void seal_buf_init_fixed(struct seal_buf *b, void *mem, size_t cap)
{
	seal_buf_init(b);
	b->data = mem;
	b->cap = cap;
	b->fixed = true;
}

void seal_buf_fini(struct seal_buf *b)
{
	if (b->secret && b->data)
		seal_wipe(b->data, b->cap);
	if (!b->fixed)
		free(b->data);
	seal_buf_init(b);
}

void seal_buf_reset(struct seal_buf *b)
{
	if (b->secret && b->data)
		seal_wipe(b->data, b->cap);
	b->len = 0;
	b->err = 0;
}

int seal_buf_error(const struct seal_buf *b)
{
	return b->err;
}

void seal_buf_fail(struct seal_buf *b, int err)
{
	if (!b->err)
		b->err = err;
}

/* Not realloc for secrets: it would leave a copy behind. */
static uint8_t *regrow(struct seal_buf *b, size_t cap)
{
	uint8_t *data;

	if (!b->secret)
		return realloc(b->data, cap);
	data = malloc(cap);
	if (!data)
		return NULL;
	if (b->data) {
		memcpy(data, b->data, b->len);
		seal_wipe(b->data, b->cap);
		free(b->data);
	}
	return data;
}

int seal_buf_reserve(struct seal_buf *b, size_t n)
{
	uint8_t *data;
	size_t cap;

	if (b->err)
		return b->err;
	if (n <= b->cap - b->len && b->data)
		return 0;
	if (b->fixed || n > SIZE_MAX / 4 - b->len) {
		/* Nothing fits into no memory. */
		if (n > b->cap - b->len)
			b->err = SEAL_E_TOOBIG;
		return b->err;
	}
	cap = b->cap ? b->cap : FIRST_CAP;
	while (cap - b->len < n)
		cap *= 2;
	data = regrow(b, cap);
	if (!data) {
		b->err = SEAL_E_NOMEM;
		return b->err;
	}
	b->data = data;
	b->cap = cap;
	return 0;
}

uint8_t *seal_buf_extend(struct seal_buf *b, size_t n)
{
	uint8_t *at;

	if (seal_buf_reserve(b, n))
		return NULL;
	at = b->data + b->len;
	b->len += n;
	return at;
}

void seal_buf_truncate(struct seal_buf *b, size_t len)
{
	if (len > b->len) {
		seal_buf_fail(b, SEAL_E_ARG);
		return;
	}
	if (b->secret && len < b->len)
		seal_wipe(b->data + len, b->len - len);
	b->len = len;
}

uint8_t *seal_buf_steal(struct seal_buf *b, size_t *ret_len)
{
	uint8_t *data = b->data;

	if (b->err || b->fixed || b->len == 0)
		return NULL;
	if (ret_len)
		*ret_len = b->len;
	seal_buf_init(b); /* data is the caller's now */
	return data;
}

void seal_buf_put(struct seal_buf *b, const void *data, size_t len)
{
	uint8_t *at;

	if (len == 0)
		return;
	at = seal_buf_extend(b, len);
	if (at)
		memcpy(at, data, len);
}

void seal_buf_put_zero(struct seal_buf *b, size_t len)
{
	uint8_t *at;

	if (len == 0)
		return;
	at = seal_buf_extend(b, len);
	if (at)
		memset(at, 0, len);
}

/* The low n bytes of v, big-endian. */
static void put_be(struct seal_buf *b, uint64_t v, size_t n)
{
	uint8_t *at = seal_buf_extend(b, n);

	if (!at)
		return;
	for (size_t i = 0; i < n; i++)
		at[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
}

void seal_buf_put_u8(struct seal_buf *b, uint8_t v)
{
	put_be(b, v, 1);
}

void seal_buf_put_u16(struct seal_buf *b, uint16_t v)
{
	put_be(b, v, 2);
}

void seal_buf_put_u24(struct seal_buf *b, uint32_t v)
{
	if (v >> 24)
		seal_buf_fail(b, SEAL_E_RANGE);
	put_be(b, v, 3);
}

void seal_buf_put_u32(struct seal_buf *b, uint32_t v)
{
	put_be(b, v, 4);
}

void seal_buf_put_u64(struct seal_buf *b, uint64_t v)
{
	put_be(b, v, 8);
}

void seal_buf_put_str(struct seal_buf *b, const char *s)
{
	seal_buf_put(b, s, strlen(s));
}

void seal_buf_put_buf(struct seal_buf *b, const struct seal_buf *src)
{
	if (src->err)
		seal_buf_fail(b, src->err);
	seal_buf_put(b, src->data, src->len);
}

/* vsnprintf wants room for a NUL: in fixed memory there may be none to spare.
 */
static void put_formatted(struct seal_buf *b, size_t n, const char *fmt,
			  va_list ap)
{
	char *text = malloc(n + 1);

	if (!text) {
		seal_buf_fail(b, SEAL_E_NOMEM);
		return;
	}
	vsnprintf(text, n + 1, fmt, ap);
	seal_buf_put(b, text, n);
	if (b->secret)
		seal_wipe(text, n + 1);
	free(text);
}

void seal_buf_putf(struct seal_buf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap, again;
	int n;

	if (b->err)
		return;
	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	if (n < 0)
		seal_buf_fail(b, SEAL_E_INTERNAL);
	else if ((size_t)n < sizeof(small))
		seal_buf_put(b, small, (size_t)n);
	else if (b->fixed && (size_t)n > b->cap - b->len)
		seal_buf_fail(b, SEAL_E_TOOBIG);
	else
		put_formatted(b, (size_t)n, fmt, again);
	if (b->secret)
		seal_wipe(small, sizeof(small));
	va_end(again);
	va_end(ap);
}

void seal_buf_put_base64(struct seal_buf *b, const void *data, size_t len)
{
	uint8_t *at;

	if (len == 0)
		return;
	if (len > SIZE_MAX / 4) {
		seal_buf_fail(b, SEAL_E_TOOBIG);
		return;
	}
	at = seal_buf_extend(b, SEAL_BASE64_CHARS(len));
	if (at)
		seal_base64_encode(data, len, (char *)at);
}

void seal_buf_put_hex(struct seal_buf *b, const void *data, size_t len)
{
	uint8_t *at;

	if (len == 0)
		return;
	if (len > SIZE_MAX / 4) {
		seal_buf_fail(b, SEAL_E_TOOBIG);
		return;
	}
	at = seal_buf_extend(b, 2 * len);
	if (at)
		seal_hex_encode(data, len, (char *)at);
}

void seal_buf_put_dec(struct seal_buf *b, uint64_t v)
{
	char text[SEAL_DEC_BYTES];

	seal_buf_put(b, text, seal_dec_encode(v, text));
}

const char *seal_buf_cstr(struct seal_buf *b)
{
	if (seal_buf_reserve(b, 1))
		return NULL;
	b->data[b->len] = 0;
	return (const char *)b->data;
}
