/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes any bytes safe to show on a terminal or in one line of text: no control
 * character, escape sequence, direction override or invisible character of the
 * input comes out as such.  Pure; never for what is hashed, stored or sent.
 *
 *   invalid UTF-8, control bytes, DEL   \xNN          (line feed: \x0a)
 *   backslash                           \\
 *   U+0080..U+009F, format characters (all direction controls among them), line
 *   and paragraph separators, what is invisible by design, variation selectors,
 *   tags, private use, noncharacters     \uNNNN or \UNNNNNNNN
 *
 * So two different inputs never give the same output.
 */
#ifndef SEAL_CORE_SANITIZE_H
#define SEAL_CORE_SANITIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

/* Output per input byte at most (an invalid byte: \xNN). */
#define SEAL_SANITIZE_FACTOR 4

/*
 * Appends at most max_bytes of safe text (0: no limit).  True if all of the
 * input is there; false if it was cut, and then it ends in "...", if there is
 * room for that.  Never ends within a character or an escape.
 */
bool seal_sanitize_put(struct seal_buf *b, const void *data, size_t len,
		       size_t max_bytes);

/*
 * The same into cap bytes of memory with a NUL (cap ≥ 1): for error texts.
 * Returns ret_text.
 */
char *seal_sanitize(char *ret_text, size_t cap, const void *data, size_t len);

/* Must this character be escaped?  (For JSON and HTML writers.) */
bool seal_char_unsafe(uint32_t ch);

#endif
