/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes made safe to show: see sanitize.h. */
#include "core/sanitize.h"

#include <stdio.h>
#include <string.h>

#include "core/text.h"

#define ELLIPSIS "..."

/* "\U0010ffff" and a NUL. */
#define UNIT_BYTES 11

/*
 * What does not show, or changes how its neighbours show.  Unicode 15.0: the
 * categories Cc, Cf, Zl, Zp, Co, Cn where they are whole ranges, the default
 * ignorable code points, and blanks that look like nothing.
 */
static const struct {
	uint32_t first, last;
} unsafe[] = {
	{0x0000, 0x001f},   {0x007f, 0x009f},	{0x00ad, 0x00ad},
	{0x034f, 0x034f},   {0x0600, 0x0605},	{0x061c, 0x061c},
	{0x06dd, 0x06dd},   {0x070f, 0x070f},	{0x0890, 0x0891},
	{0x08e2, 0x08e2},   {0x115f, 0x1160},	{0x17b4, 0x17b5},
	{0x180b, 0x180f},   {0x200b, 0x200f},	{0x2028, 0x202e},
	{0x2060, 0x206f},   {0x2800, 0x2800},	{0x3164, 0x3164},
	{0xd800, 0xf8ff},   {0xfdd0, 0xfdef},	{0xfe00, 0xfe0f},
	{0xfeff, 0xfeff},   {0xffa0, 0xffa0},	{0xfff0, 0xfffb},
	{0xfffe, 0xffff},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
	{0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
	{0x1fffe, 0x1ffff}, {0x2fffe, 0x2ffff}, {0x323b0, 0x10ffff},
};

bool seal_char_unsafe(uint32_t ch)
{
	size_t low = 0, high = sizeof(unsafe) / sizeof(unsafe[0]);

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (ch > unsafe[mid].last)
			low = mid + 1;
		else if (ch < unsafe[mid].first)
			high = mid;
		else
			return true;
	}
	return ch > 0x10ffff;
}

/* What the first character becomes: its bytes and how many were read. */
static size_t unit(const uint8_t *in, size_t len, char ret_out[UNIT_BYTES],
		   size_t *ret_out_len)
{
	uint32_t ch;
	size_t n = seal_utf8_next(in, len, &ch);

	if (n == 0 || (n == 1 && seal_char_unsafe(ch))) {
		*ret_out_len =
			(size_t)snprintf(ret_out, UNIT_BYTES, "\\x%02x", in[0]);
		return 1;
	}
	if (ch == '\\') {
		memcpy(ret_out, "\\\\", 2);
		*ret_out_len = 2;
	} else if (!seal_char_unsafe(ch)) {
		memcpy(ret_out, in, n);
		*ret_out_len = n;
	} else {
		*ret_out_len = (size_t)snprintf(
			ret_out, UNIT_BYTES,
			ch > 0xffff ? "\\U%08x" : "\\u%04x", ch);
	}
	return n;
}

/* How many leading bytes are printable ASCII but the backslash. */
static size_t plain_run(const uint8_t *in, size_t len)
{
	size_t n = 0;

	while (n < len && in[n] >= 0x20 && in[n] < 0x7f && in[n] != '\\')
		n++;
	return n;
}

/* How much of the input fits into `room` bytes of output. */
static size_t fitting(const uint8_t *in, size_t len, size_t room)
{
	char out[UNIT_BYTES];
	size_t at = 0, out_len, n;

	while (at < len) {
		n = unit(in + at, len - at, out, &out_len);
		if (out_len > room)
			break;
		room -= out_len;
		at += n;
	}
	return at;
}

static void put_all(struct seal_buf *b, const uint8_t *in, size_t len)
{
	char out[UNIT_BYTES];
	size_t at = 0, out_len, n;

	while (at < len) {
		n = plain_run(in + at, len - at);
		seal_buf_put(b, in + at, n);
		at += n;
		if (at == len)
			break;
		at += unit(in + at, len - at, out, &out_len);
		seal_buf_put(b, out, out_len);
	}
}

bool seal_sanitize_put(struct seal_buf *b, const void *data, size_t len,
		       size_t max_bytes)
{
	const size_t dots = strlen(ELLIPSIS);

	if (max_bytes == 0 || len <= max_bytes / SEAL_SANITIZE_FACTOR ||
	    fitting(data, len, max_bytes) == len) {
		put_all(b, data, len);
		return true;
	}
	if (max_bytes < dots) {
		put_all(b, data, fitting(data, len, max_bytes));
		return false;
	}
	put_all(b, data, fitting(data, len, max_bytes - dots));
	seal_buf_put_str(b, ELLIPSIS);
	return false;
}

char *seal_sanitize(char *ret_text, size_t cap, const void *data, size_t len)
{
	struct seal_buf b;

	/* max_bytes 0 would be "no limit". */
	if (cap > 1) {
		seal_buf_init_fixed(&b, ret_text, cap - 1);
		seal_sanitize_put(&b, data, len, cap - 1);
		ret_text[b.len] = 0;
	} else {
		ret_text[0] = 0;
	}
	return ret_text;
}
