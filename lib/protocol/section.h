/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text form that NAME.enroll and NAME.welcome share: a first line, then
 * "key value" lines in a fixed order, then sections "section NAME LINES" with
 * that many lines verbatim, then "end".  Private to lib/protocol.
 */
#ifndef SEAL_PROTOCOL_SECTION_H
#define SEAL_PROTOCOL_SECTION_H

#include "core/buf.h"
#include "core/cur.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "key value\n" */
void seal_section_put_line(struct seal_buf *b, const char *key,
			   const char *value);
void seal_section_put_base64(struct seal_buf *b, const char *key,
			     const void *data, size_t len);
/* SEAL_E_FORMAT if text is not lines of plain text (seal_section_text_ok). */
int seal_section_put(struct seal_buf *b, const char *name, const char *text,
		     size_t text_bytes);

/*
 * Reads "key value\n" into ret_value, with a NUL; value_bytes is its room.
 * SEAL_E_FORMAT: another key, an empty value or one that does not fit.
 */
int seal_section_line(struct seal_cur *cur, const char *key, char *ret_value,
		      size_t value_bytes);
int seal_section_base64(struct seal_cur *cur, const char *key, void *ret_data,
			size_t bytes);

/* Reads a section; the text is allocated, NUL-terminated, the caller's. */
int seal_section_take(struct seal_cur *cur, const char *name, char **ret_text,
		      size_t *ret_bytes);

/* The last line, and nothing behind it. */
int seal_section_end(struct seal_cur *cur);

/* One or more whole lines of UTF-8 without control characters but tab. */
bool seal_section_text_ok(const char *text, size_t text_bytes);

/*
 * PEM blocks of the label, one after the other, base64 lines of at most 76
 * characters between their frames; at least 1, at most max.
 */
bool seal_section_pem_ok(const char *text, size_t text_bytes, const char *label,
			 unsigned max);

#endif
