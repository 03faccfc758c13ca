/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text forms of bytes and numbers.  Decoders are strict: one value has one
 * text, everything else is SEAL_E_FORMAT.  Never locale dependent; nothing here
 * allocates.  docs/spec/note.md, "Text forms".
 */
#ifndef SEAL_CORE_TEXT_H
#define SEAL_CORE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Characters of the base64 of n bytes, without a NUL. */
#define SEAL_BASE64_CHARS(n) (((n) + 2) / 3 * 4)

/* Sizes and indices are below 2^63 (format.md §1). */
#define SEAL_U63_MAX ((uint64_t)INT64_MAX)

/* Longest decimal u64: 20 digits, and a NUL. */
#define SEAL_DEC_BYTES 21

/* RFC 4648 §4 with padding: SEAL_BASE64_CHARS(len) characters, no NUL. */
void seal_base64_encode(const void *data, size_t len, char *ret_text);

/*
 * Strict inverse: length a multiple of 4, padding required, unused bits zero,
 * no other character.  SEAL_E_TOOBIG if the bytes exceed cap.  ret_data may be
 * NULL: only checks and measures (cap is then not looked at).  ret_len may be
 * NULL.
 */
int seal_base64_decode(const char *text, size_t len, void *ret_data, size_t cap,
		       size_t *ret_len);

/* The same where the number of bytes is known: n exactly. */
int seal_base64_decode_exact(const char *text, size_t len, void *ret_data,
			     size_t n);

/* Lower-case hex: 2 × len characters, no NUL. */
void seal_hex_encode(const void *data, size_t len, char *ret_text);

/* Strict inverse: lower-case only, exactly 2 × n characters. */
int seal_hex_decode(const char *text, size_t len, void *ret_data, size_t n);

/* Decimal with a NUL; the number of digits is returned. */
size_t seal_dec_encode(uint64_t v, char ret_text[SEAL_DEC_BYTES]);

/*
 * Digits only, no leading zero but "0" itself.  SEAL_E_RANGE above max (say
 * UINT64_MAX, or SEAL_U63_MAX for sizes and indices).
 */
int seal_dec_decode(const char *text, size_t len, uint64_t max,
		    uint64_t *ret_value);

/*
 * Well-formed UTF-8 (RFC 3629: no surrogates, no overlong form, ≤ U+10FFFF).
 * NUL and control characters are valid.  Runs at memory speed over ASCII.
 */
bool seal_utf8_valid(const void *data, size_t len);

/*
 * Decodes one character at data (len > 0).  Its length in bytes, 1 to 4, or 0
 * if no well-formed character begins there; *ret_char is set only if not 0.
 */
size_t seal_utf8_next(const void *data, size_t len, uint32_t *ret_char);

#endif
