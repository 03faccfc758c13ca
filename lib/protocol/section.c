/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and sections of enrolment texts.  Contract: section.h. */
#include "protocol/section.h"

#include "core/err.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

#define PEM_LINE_MAX 76

void seal_section_put_line(struct seal_buf *b, const char *key,
			   const char *value)
{
	seal_buf_put_str(b, key);
	seal_buf_put_u8(b, ' ');
	seal_buf_put_str(b, value);
	seal_buf_put_u8(b, '\n');
}

void seal_section_put_base64(struct seal_buf *b, const char *key,
			     const void *data, size_t len)
{
	seal_buf_put_str(b, key);
	seal_buf_put_u8(b, ' ');
	seal_buf_put_base64(b, data, len);
	seal_buf_put_u8(b, '\n');
}

bool seal_section_text_ok(const char *text, size_t text_bytes)
{
	size_t i;

	if (!text_bytes || text[text_bytes - 1] != '\n' ||
	    !seal_utf8_valid(text, text_bytes))
		return false;
	for (i = 0; i < text_bytes; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F)
			return false;
	}
	return true;
}

static size_t count_lines(const char *text, size_t text_bytes)
{
	size_t i, n = 0;

	for (i = 0; i < text_bytes; i++)
		n += text[i] == '\n';
	return n;
}

int seal_section_put(struct seal_buf *b, const char *name, const char *text,
		     size_t text_bytes)
{
	if (!seal_section_text_ok(text, text_bytes))
		return SEAL_E_FORMAT;
	seal_buf_put_str(b, "section ");
	seal_buf_put_str(b, name);
	seal_buf_put_u8(b, ' ');
	seal_buf_put_dec(b, count_lines(text, text_bytes));
	seal_buf_put_u8(b, '\n');
	seal_buf_put(b, text, text_bytes);
	return seal_buf_error(b);
}

/* The rest of a line that begins with word and a space. */
static const char *take_keyed(struct seal_cur *cur, const char *word,
			      size_t *ret_len)
{
	seal_cur_expect(cur, word);
	seal_cur_expect(cur, " ");
	return seal_cur_line(cur, ret_len);
}

int seal_section_line(struct seal_cur *cur, const char *key, char *ret_value,
		      size_t value_bytes)
{
	size_t len;
	const char *value = take_keyed(cur, key, &len);

	if (!value || !len || len >= value_bytes || memchr(value, '\0', len))
		return SEAL_E_FORMAT;
	memcpy(ret_value, value, len);
	ret_value[len] = '\0';
	return 0;
}

int seal_section_base64(struct seal_cur *cur, const char *key, void *ret_data,
			size_t bytes)
{
	size_t len;
	const char *value = take_keyed(cur, key, &len);

	if (!value)
		return SEAL_E_FORMAT;
	return seal_base64_decode_exact(value, len, ret_data, bytes);
}

static int take_count(struct seal_cur *cur, const char *name,
		      uint64_t *ret_lines)
{
	size_t len;
	const char *value;

	seal_cur_expect(cur, "section ");
	value = take_keyed(cur, name, &len);
	if (!value)
		return SEAL_E_FORMAT;
	return seal_dec_decode(value, len, SEAL_U63_MAX, ret_lines);
}

int seal_section_take(struct seal_cur *cur, const char *name, char **ret_text,
		      size_t *ret_bytes)
{
	const char *from;
	uint64_t lines, i;
	size_t len, bytes;
	char *text;

	if (take_count(cur, name, &lines))
		return SEAL_E_FORMAT;
	from = (const char *)cur->p;
	for (i = 0; i < lines; i++)
		if (!seal_cur_line(cur, &len))
			return SEAL_E_FORMAT;
	bytes = (size_t)((const char *)cur->p - from);
	if (!seal_section_text_ok(from, bytes))
		return SEAL_E_FORMAT;
	text = malloc(bytes + 1);
	if (!text)
		return SEAL_E_NOMEM;
	memcpy(text, from, bytes);
	text[bytes] = '\0';
	*ret_text = text;
	*ret_bytes = bytes;
	return 0;
}

int seal_section_end(struct seal_cur *cur)
{
	seal_cur_expect(cur, "end\n");
	return seal_cur_end(cur) ? SEAL_E_FORMAT : 0;
}

static bool is_frame(const char *line, size_t len, const char *frame,
		     const char *label)
{
	size_t a = strlen(frame), b = strlen(label);

	return len == a + b + 5 && !memcmp(line, frame, a) &&
	       !memcmp(line + a, label, b) && !memcmp(line + a + b, "-----", 5);
}

static bool is_base64_line(const char *line, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		char c = line[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      (c >= '0' && c <= '9') || c == '+' || c == '/' ||
		      c == '='))
			return false;
	}
	return len && len <= PEM_LINE_MAX;
}

/* One block; false: malformed. */
static bool take_pem(struct seal_cur *cur, const char *label)
{
	size_t len, lines = 0;
	const char *line = seal_cur_line(cur, &len);

	if (!line || !is_frame(line, len, "-----BEGIN ", label))
		return false;
	for (;; lines++) {
		line = seal_cur_line(cur, &len);
		if (!line)
			return false;
		if (is_frame(line, len, "-----END ", label))
			return lines > 0;
		if (!is_base64_line(line, len))
			return false;
	}
}

bool seal_section_pem_ok(const char *text, size_t text_bytes, const char *label,
			 unsigned max)
{
	struct seal_cur cur;
	unsigned blocks = 0;

	seal_cur_init(&cur, text, text_bytes);
	while (cur.left)
		if (++blocks > max || !take_pem(&cur, label))
			return false;
	return blocks > 0;
}
