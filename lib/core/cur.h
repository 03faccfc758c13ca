/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reading cursor over borrowed bytes, with a sticky error: read everything,
 * then ask once.  After the first error all reads give 0, NULL or nothing and
 * change no output, so no decision may rest on a value before seal_cur_error()
 * or seal_cur_end() was asked.  Integers are big-endian.
 */
#ifndef SEAL_CORE_CUR_H
#define SEAL_CORE_CUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal_cur {
	const uint8_t *p; /* next byte */
	size_t left;	  /* bytes from p to the end */
	size_t off;	  /* bytes read so far: where the error is */
	int err;	  /* 0, SEAL_E_SHORT, SEAL_E_FORMAT, ... */
};

/* data may be NULL if len is 0. */
void seal_cur_init(struct seal_cur *c, const void *data, size_t len);

/* Integers; 0 and SEAL_E_SHORT when the input ends too early. */
uint8_t seal_cur_u8(struct seal_cur *c);
uint16_t seal_cur_u16(struct seal_cur *c);
uint32_t seal_cur_u24(struct seal_cur *c);
uint32_t seal_cur_u32(struct seal_cur *c);
uint64_t seal_cur_u64(struct seal_cur *c);

/*
 * A borrowed pointer to the next len bytes, and past them.  NULL on error,
 * never NULL otherwise (not even for len 0).
 */
const uint8_t *seal_cur_bytes(struct seal_cur *c, size_t len);

/* Copies len bytes out; on error out is left alone. */
void seal_cur_copy(struct seal_cur *c, void *ret_out, size_t len);

void seal_cur_skip(struct seal_cur *c, size_t len);

/*
 * The text up to the next '\n', borrowed, and past the '\n', which is not part
 * of it.  NULL and SEAL_E_SHORT when there is no '\n'.
 */
const char *seal_cur_line(struct seal_cur *c, size_t *ret_len);

/* Takes the literal bytes of s, else SEAL_E_FORMAT. */
void seal_cur_expect(struct seal_cur *c, const char *s);

/* Sets the error unless there is one already: for decoders built on this. */
void seal_cur_fail(struct seal_cur *c, int err);

/* 0 or the first error. */
int seal_cur_error(const struct seal_cur *c);

/* 0 if no error and nothing is left; SEAL_E_FORMAT if bytes are left over. */
int seal_cur_end(const struct seal_cur *c);

/* No error and nothing left: the same question as a truth value. */
bool seal_cur_end_ok(const struct seal_cur *c);

#endif
