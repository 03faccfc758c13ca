/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control entries: encoder and decoder work from one table of fields a type, so
 * that neither knows a form the other does not.  Contract: control.h.
 */
#include "core/control_fields.h"

#include <string.h>

#include "core/buf.h"
#include "core/cur.h"
#include "core/err.h"
#include "core/text.h"

/* --- encoding --- */

static void put_text(struct seal_buf *b, const char *text, size_t cap)
{
	size_t len = strnlen(text, cap), i;
	uint8_t ch;

	if (len == cap || !seal_utf8_valid(text, len)) {
		seal_buf_fail(b, SEAL_E_ARG);
		return;
	}
	seal_buf_put_u8(b, '"');
	for (i = 0; i < len; i++) {
		ch = (uint8_t)text[i];
		if (ch < 0x20 || ch == 0x7f) {
			seal_buf_put_str(b, "\\u00");
			seal_buf_put_hex(b, &ch, 1);
			continue;
		}
		if (ch == '"' || ch == '\\')
			seal_buf_put_u8(b, '\\');
		seal_buf_put_u8(b, ch);
	}
	seal_buf_put_u8(b, '"');
}

static void put_number(struct seal_buf *b, uint64_t number)
{
	if (number > SEAL_U63_MAX)
		seal_buf_fail(b, SEAL_E_ARG);
	seal_buf_put_u8(b, '"');
	seal_buf_put_dec(b, number);
	seal_buf_put_u8(b, '"');
}

static void put_word(struct seal_buf *b, const char *const *words, int value)
{
	int i = 1;

	while (i < value && words[i - 1])
		i++;
	if (i != value || !words[i - 1]) {
		seal_buf_fail(b, SEAL_E_ARG);
		return;
	}
	seal_buf_put_u8(b, '"');
	seal_buf_put_str(b, words[i - 1]);
	seal_buf_put_u8(b, '"');
}

static void put_object(struct seal_buf *b, const struct seal_field *fields,
		       const uint8_t *base);

static void put_list(struct seal_buf *b, const struct seal_field *f,
		     const uint8_t *base)
{
	unsigned n, i;

	memcpy(&n, base + f->count, sizeof(n));
	if (n > f->max) {
		seal_buf_fail(b, SEAL_E_ARG);
		return;
	}
	seal_buf_put_u8(b, '[');
	for (i = 0; i < n; i++) {
		if (i > 0)
			seal_buf_put_u8(b, ',');
		put_object(b, f->sub, base + f->offset + i * f->size);
	}
	seal_buf_put_u8(b, ']');
}

static void put_value(struct seal_buf *b, const struct seal_field *f,
		      const uint8_t *base)
{
	const uint8_t *at = base + f->offset;
	uint64_t number;
	int word;

	switch (f->kind) {
	case FIELD_NUMBER:
		memcpy(&number, at, sizeof(number));
		put_number(b, number);
		break;
	case FIELD_BYTES:
		seal_buf_put_u8(b, '"');
		seal_buf_put_base64(b, at, f->size);
		seal_buf_put_u8(b, '"');
		break;
	case FIELD_TEXT:
		put_text(b, (const char *)at, f->size);
		break;
	case FIELD_WORD:
		memcpy(&word, at, sizeof(word));
		put_word(b, f->words, word);
		break;
	case FIELD_SWITCH:
		seal_buf_put_str(b, *(const bool *)at ? "\"on\"" : "\"off\"");
		break;
	case FIELD_OBJECT:
		put_object(b, f->sub, at);
		break;
	case FIELD_LIST:
		put_list(b, f, base);
		break;
	}
}

static bool present(const struct seal_field *f, const uint8_t *base)
{
	return f->present == SEAL_FIELD_MANDATORY ||
	       *(const bool *)(base + f->present);
}

static void put_object(struct seal_buf *b, const struct seal_field *fields,
		       const uint8_t *base)
{
	const struct seal_field *f;
	char before = '{';

	for (f = fields; f->key; f++) {
		if (!present(f, base))
			continue;
		seal_buf_put_u8(b, (uint8_t)before);
		seal_buf_put_u8(b, '"');
		seal_buf_put_str(b, f->key);
		seal_buf_put_str(b, "\":");
		put_value(b, f, base);
		before = ',';
	}
	if (before == '{')
		seal_buf_put_u8(b, '{');
	seal_buf_put_u8(b, '}');
}

int seal_control_encode(const struct seal_control *c, struct seal_buf *out)
{
	uint8_t mem[SEAL_CONTROL_BYTES_MAX];
	const struct seal_field *fields;
	struct seal_buf body;

	fields = seal_control_fields(c->type, c->type == SEAL_ENTRY_START &&
						      c->start.first);
	if (!fields || !seal_control_meaningful(c))
		return SEAL_E_ARG;
	seal_buf_init_fixed(&body, mem, sizeof(mem));
	put_object(&body, fields, (const uint8_t *)c + SEAL_CONTROL_BASE);
	if (seal_buf_error(&body) < 0)
		return seal_buf_error(&body);
	seal_buf_put_buf(out, &body);
	return seal_buf_error(out);
}

/* --- decoding --- */

/* The text of a string up to its closing quote, which it goes past. */
static const char *take_plain(struct seal_cur *c, size_t *ret_len)
{
	const uint8_t *text, *quote;

	seal_cur_expect(c, "\"");
	if (seal_cur_error(c) < 0)
		return NULL;
	text = c->p;
	quote = c->left ? memchr(text, '"', c->left) : NULL;
	if (!quote) {
		seal_cur_fail(c, SEAL_E_FORMAT);
		return NULL;
	}
	*ret_len = (size_t)(quote - text);
	seal_cur_skip(c, *ret_len + 1);
	return (const char *)text;
}

static bool is_word(const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!(text[i] >= 'a' && text[i] <= 'z') && text[i] != '_' &&
		    !(text[i] >= '0' && text[i] <= '9'))
			return false;
	return len > 0;
}

static bool equals(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

static void take_number(struct seal_cur *c, uint8_t *at)
{
	uint64_t number;
	const char *text;
	size_t len;

	text = take_plain(c, &len);
	if (!text)
		return;
	if (seal_dec_decode(text, len, SEAL_U63_MAX, &number) < 0)
		seal_cur_fail(c, SEAL_E_FORMAT);
	else
		memcpy(at, &number, sizeof(number));
}

static void take_bytes(struct seal_cur *c, uint8_t *at, size_t size)
{
	const char *text;
	size_t len;

	text = take_plain(c, &len);
	if (text && seal_base64_decode_exact(text, len, at, size) < 0)
		seal_cur_fail(c, SEAL_E_FORMAT);
}

static void take_word(struct seal_cur *c, const char *const *words, uint8_t *at)
{
	const char *text;
	size_t len;
	int i;

	text = take_plain(c, &len);
	if (!text)
		return;
	for (i = 0; words[i]; i++) {
		if (!equals(text, len, words[i]))
			continue;
		i++;
		memcpy(at, &i, sizeof(i));
		return;
	}
	seal_cur_fail(c, is_word(text, len) ? SEAL_E_UNKNOWN : SEAL_E_FORMAT);
}

static void take_switch(struct seal_cur *c, uint8_t *at)
{
	const char *text;
	size_t len;

	text = take_plain(c, &len);
	if (!text)
		return;
	if (equals(text, len, "on"))
		*(bool *)at = true;
	else if (equals(text, len, "off"))
		*(bool *)at = false;
	else
		seal_cur_fail(c, SEAL_E_FORMAT);
}

/* One character of a string behind a backslash; 0 is none. */
static uint8_t take_escape(struct seal_cur *c)
{
	uint8_t ch = seal_cur_u8(c);
	const uint8_t *hex;

	if (ch == '"' || ch == '\\')
		return ch;
	if (ch != 'u')
		return 0;
	seal_cur_expect(c, "00");
	hex = seal_cur_bytes(c, 2);
	if (!hex || seal_hex_decode((const char *)hex, 2, &ch, 1) < 0)
		return 0;
	return ch < 0x20 || ch == 0x7f ? ch : 0;
}

static void take_text(struct seal_cur *c, char *at, size_t cap)
{
	size_t len = 0;
	uint8_t ch;

	seal_cur_expect(c, "\"");
	while (seal_cur_error(c) == 0) {
		ch = seal_cur_u8(c);
		if (ch == '"')
			break;
		if (ch == '\\')
			ch = take_escape(c);
		else if (ch < 0x20 || ch == 0x7f)
			ch = 0;
		if (ch == 0 || len + 1 >= cap) {
			seal_cur_fail(c, SEAL_E_FORMAT);
			return;
		}
		at[len++] = (char)ch;
	}
	at[len] = '\0';
	if (!seal_utf8_valid(at, len))
		seal_cur_fail(c, SEAL_E_FORMAT);
}

/* Goes past the separator and the key if they are next. */
static bool take_key(struct seal_cur *c, bool first, const char *key)
{
	size_t len = strlen(key), at = first ? 0 : 1;

	if (seal_cur_error(c) < 0 || c->left < at + len + 3)
		return false;
	if ((!first && c->p[0] != ',') || c->p[at] != '"' ||
	    memcmp(c->p + at + 1, key, len) != 0 ||
	    memcmp(c->p + at + 1 + len, "\":", 2) != 0)
		return false;
	seal_cur_skip(c, at + len + 3);
	return true;
}

/* Something else stands where a key of ours, or the end, was expected. */
static void refuse(struct seal_cur *c, bool first,
		   const struct seal_field *fields)
{
	const struct seal_field *f;
	const char *key;
	size_t len;

	if (!first)
		seal_cur_expect(c, ",");
	key = take_plain(c, &len);
	seal_cur_expect(c, ":");
	if (seal_cur_error(c) < 0 || !is_word(key, len)) {
		seal_cur_fail(c, SEAL_E_FORMAT);
		return;
	}
	for (f = fields; f->key; f++)
		if (equals(key, len, f->key))
			break;
	seal_cur_fail(c, f->key ? SEAL_E_FORMAT : SEAL_E_UNKNOWN);
}

static void take_object(struct seal_cur *c, const struct seal_field *fields,
			uint8_t *base);

static void take_list(struct seal_cur *c, const struct seal_field *f,
		      uint8_t *base)
{
	unsigned n = 0;

	seal_cur_expect(c, "[");
	while (seal_cur_error(c) == 0 && c->left && *c->p != ']') {
		if (n == f->max) {
			seal_cur_fail(c, SEAL_E_UNKNOWN);
			return;
		}
		if (n > 0)
			seal_cur_expect(c, ",");
		take_object(c, f->sub, base + f->offset + n * f->size);
		n++;
	}
	seal_cur_expect(c, "]");
	memcpy(base + f->count, &n, sizeof(n));
}

static void take_value(struct seal_cur *c, const struct seal_field *f,
		       uint8_t *base)
{
	uint8_t *at = base + f->offset;

	switch (f->kind) {
	case FIELD_NUMBER:
		take_number(c, at);
		break;
	case FIELD_BYTES:
		take_bytes(c, at, f->size);
		break;
	case FIELD_TEXT:
		take_text(c, (char *)at, f->size);
		break;
	case FIELD_WORD:
		take_word(c, f->words, at);
		break;
	case FIELD_SWITCH:
		take_switch(c, at);
		break;
	case FIELD_OBJECT:
		take_object(c, f->sub, at);
		break;
	case FIELD_LIST:
		take_list(c, f, base);
		break;
	}
}

static void take_object(struct seal_cur *c, const struct seal_field *fields,
			uint8_t *base)
{
	const struct seal_field *f;
	bool first = true;

	seal_cur_expect(c, "{");
	for (f = fields; f->key; f++) {
		if (!take_key(c, first, f->key)) {
			if (f->present != SEAL_FIELD_MANDATORY)
				continue;
			refuse(c, first, fields);
			return;
		}
		if (f->present != SEAL_FIELD_MANDATORY)
			*(bool *)(base + f->present) = true;
		take_value(c, f, base);
		first = false;
	}
	if (c->left && *c->p != '}')
		refuse(c, first, fields);
	seal_cur_expect(c, "}");
}

/* The keys of entry 0 stand before the others, and "log" before them. */
static bool is_first_start(const void *body, size_t len)
{
	static const char begin[] = "{\"log\":";

	return len >= sizeof(begin) - 1 &&
	       memcmp(body, begin, sizeof(begin) - 1) == 0;
}

int seal_control_decode(uint8_t type, const void *body, size_t len,
			struct seal_control *ret_control)
{
	const struct seal_field *fields;
	struct seal_control control;
	struct seal_cur c;
	bool first = type == SEAL_ENTRY_START && is_first_start(body, len);

	fields = seal_control_fields(type, first);
	if (!fields)
		return SEAL_E_UNKNOWN;
	if (len > SEAL_CONTROL_BYTES_MAX)
		return SEAL_E_FORMAT;
	memset(&control, 0, sizeof(control));
	control.type = type;
	if (first)
		control.start.first = true;
	seal_cur_init(&c, body, len);
	take_object(&c, fields, (uint8_t *)&control + SEAL_CONTROL_BASE);
	if (seal_cur_error(&c) == SEAL_E_UNKNOWN && type != SEAL_ENTRY_EPOCH)
		return SEAL_E_UNKNOWN;
	if (seal_cur_end(&c) < 0 || !seal_control_meaningful(&control))
		return SEAL_E_FORMAT;
	*ret_control = control;
	return 0;
}
