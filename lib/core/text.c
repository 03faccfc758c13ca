/* SPDX-License-Identifier: Apache-2.0 */
/* Text forms of bytes and numbers: see text.h. */
#include "core/text.h"

#include <string.h>

#include "core/err.h"

static const char base64_chars[64] __attribute__((nonstring)) =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void seal_base64_encode(const void *data, size_t len, char *ret_text)
{
	const uint8_t *in = data;
	char *out = ret_text;
	uint32_t v;

	for (; len >= 3; len -= 3, in += 3) {
		v = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
		*out++ = base64_chars[v >> 18];
		*out++ = base64_chars[v >> 12 & 63];
		*out++ = base64_chars[v >> 6 & 63];
		*out++ = base64_chars[v & 63];
	}
	if (len == 0)
		return;
	v = (uint32_t)in[0] << 16 | (len == 2 ? (uint32_t)in[1] << 8 : 0);
	*out++ = base64_chars[v >> 18];
	*out++ = base64_chars[v >> 12 & 63];
	*out++ = len == 2 ? base64_chars[v >> 6 & 63] : '=';
	*out++ = '=';
}

/* 0 to 63, or -1. */
static int base64_value(char ch)
{
	if (ch >= 'A' && ch <= 'Z')
		return ch - 'A';
	if (ch >= 'a' && ch <= 'z')
		return ch - 'a' + 26;
	if (ch >= '0' && ch <= '9')
		return ch - '0' + 52;
	if (ch == '+')
		return 62;
	return ch == '/' ? 63 : -1;
}

/* Four characters of which the last `pads` are '=': 3 - pads bytes. */
static bool base64_group(const char *text, size_t pads, uint8_t ret_bytes[3])
{
	uint32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		int value = i < 4 - pads ? base64_value(text[i]) : 0;

		if (value < 0)
			return false;
		v = v << 6 | (uint32_t)value;
	}
	ret_bytes[0] = (uint8_t)(v >> 16);
	ret_bytes[1] = (uint8_t)(v >> 8);
	ret_bytes[2] = (uint8_t)v;
	/* Bits that no byte takes must be zero. */
	return (v & ((1U << (8 * pads)) - 1)) == 0;
}

int seal_base64_decode(const char *text, size_t len, void *ret_data, size_t cap,
		       size_t *ret_len)
{
	size_t pads = 0, n, out = 0;
	uint8_t group[3];

	if (len % 4)
		return SEAL_E_FORMAT;
	if (len && text[len - 1] == '=')
		pads = text[len - 2] == '=' ? 2 : 1;
	n = len / 4 * 3 - pads;
	if (ret_data && n > cap)
		return SEAL_E_TOOBIG;
	/* First all of it is checked: nothing is written on failure. */
	for (size_t i = 0; i < len; i += 4)
		if (!base64_group(text + i, i + 4 == len ? pads : 0, group))
			return SEAL_E_FORMAT;
	for (size_t i = 0; ret_data && i < len; i += 4) {
		size_t take = i + 4 == len ? 3 - pads : 3;

		(void)base64_group(text + i, 3 - take, group);
		memcpy((uint8_t *)ret_data + out, group, take);
		out += take;
	}
	if (ret_len)
		*ret_len = n;
	return 0;
}

int seal_base64_decode_exact(const char *text, size_t len, void *ret_data,
			     size_t n)
{
	size_t got;

	if (len != SEAL_BASE64_CHARS(n))
		return SEAL_E_FORMAT;
	if (seal_base64_decode(text, len, NULL, 0, &got) || got != n)
		return SEAL_E_FORMAT;
	return seal_base64_decode(text, len, ret_data, n, &got);
}

void seal_hex_encode(const void *data, size_t len, char *ret_text)
{
	static const char digits[16] __attribute__((nonstring)) =
		"0123456789abcdef";
	const uint8_t *in = data;

	for (size_t i = 0; i < len; i++) {
		ret_text[2 * i] = digits[in[i] >> 4];
		ret_text[2 * i + 1] = digits[in[i] & 15];
	}
}

static int hex_value(char ch)
{
	if (ch >= '0' && ch <= '9')
		return ch - '0';
	return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

int seal_hex_decode(const char *text, size_t len, void *ret_data, size_t n)
{
	uint8_t *out = ret_data;

	if (len % 2 || len / 2 != n)
		return SEAL_E_FORMAT;
	for (size_t i = 0; i < len; i++)
		if (hex_value(text[i]) < 0)
			return SEAL_E_FORMAT;
	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(hex_value(text[2 * i]) << 4 |
				   hex_value(text[2 * i + 1]));
	return 0;
}

size_t seal_dec_encode(uint64_t v, char ret_text[SEAL_DEC_BYTES])
{
	char digits[SEAL_DEC_BYTES];
	size_t n = 0;

	do {
		digits[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	for (size_t i = 0; i < n; i++)
		ret_text[i] = digits[n - 1 - i];
	ret_text[n] = 0;
	return n;
}

int seal_dec_decode(const char *text, size_t len, uint64_t max,
		    uint64_t *ret_value)
{
	uint64_t v = 0;

	if (len == 0 || (text[0] == '0' && len > 1))
		return SEAL_E_FORMAT;
	for (size_t i = 0; i < len; i++)
		if (text[i] < '0' || text[i] > '9')
			return SEAL_E_FORMAT;
	for (size_t i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)(text[i] - '0');

		if (v > (UINT64_MAX - digit) / 10)
			return SEAL_E_RANGE;
		v = v * 10 + digit;
	}
	if (v > max)
		return SEAL_E_RANGE;
	*ret_value = v;
	return 0;
}

size_t seal_utf8_next(const void *data, size_t len, uint32_t *ret_char)
{
	const uint8_t *s = data;
	uint32_t ch, least;
	size_t n;

	if (s[0] < 0x80) {
		*ret_char = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] <= 0xdf) {
		n = 2, ch = s[0] & 0x1f, least = 0x80;
	} else if (s[0] >= 0xe0 && s[0] <= 0xef) {
		n = 3, ch = s[0] & 0x0f, least = 0x800;
	} else if (s[0] >= 0xf0 && s[0] <= 0xf4) {
		n = 4, ch = s[0] & 0x07, least = 0x10000;
	} else {
		return 0;
	}
	if (n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		ch = ch << 6 | (s[i] & 0x3f);
	}
	if (ch < least || ch > 0x10ffff || (ch >= 0xd800 && ch <= 0xdfff))
		return 0;
	*ret_char = ch;
	return n;
}

bool seal_utf8_valid(const void *data, size_t len)
{
	const uint8_t *s = data;

	while (len) {
		uint64_t words[2];
		uint32_t ch;
		size_t n;

		while (len >= sizeof(words)) {
			memcpy(words, s, sizeof(words));
			if ((words[0] | words[1]) & 0x8080808080808080)
				break;
			s += sizeof(words);
			len -= sizeof(words);
		}
		/* A run of what is not ASCII, or the last few bytes. */
		for (size_t i = 0; len && i < sizeof(words); i += n) {
			n = seal_utf8_next(s, len, &ch);
			if (n == 0)
				return false;
			s += n;
			len -= n;
		}
	}
	return true;
}
