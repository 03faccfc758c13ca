/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A byte buffer for encoders, with a sticky error: put everything, then ask
 * once.  After the first error every further call does nothing, so a result
 * that was not checked is never half right: seal_buf_error() says so at the
 * end. Integers are written big-endian (format.md, "Integers are big-endian").
 */
#ifndef SEAL_CORE_BUF_H
#define SEAL_CORE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Read data, len and err freely; write them only through the functions.
 * data is NULL while nothing was ever put into a growing buffer.
 */
struct seal_buf {
	uint8_t *data;
	size_t len;  /* bytes in use */
	size_t cap;  /* bytes allocated, or given */
	int err;     /* 0, SEAL_E_NOMEM, SEAL_E_TOOBIG, SEAL_E_ARG, ... */
	bool fixed;  /* caller's memory: never grown, never freed */
	bool secret; /* wiped when grown, reset and at the end */
};

/* Growing buffer, empty.  An all-zero struct is the same. */
#define SEAL_BUF_INIT \
	{             \
		0     \
	}
void seal_buf_init(struct seal_buf *b);

/* The same for secrets: every byte it ever held is wiped before it is freed. */
void seal_buf_init_secret(struct seal_buf *b);

/*
 * On cap bytes of caller memory: never allocates; SEAL_E_TOOBIG when full (the
 * put that does not fit writes nothing).  _fini is allowed, not needed.
 */
void seal_buf_init_fixed(struct seal_buf *b, void *mem, size_t cap);

/* Frees; leaves an empty growing buffer.  Twice, or on zeroes, is harmless. */
void seal_buf_fini(struct seal_buf *b);

/* Empties and clears the error; keeps the memory. */
void seal_buf_reset(struct seal_buf *b);

/* 0 or the first error.  The one check at the end. */
int seal_buf_error(const struct seal_buf *b);

/* Sets the error unless there is one already: for encoders built on this. */
void seal_buf_fail(struct seal_buf *b, int err);

/* Room for n more bytes.  0 or the sticky error. */
int seal_buf_reserve(struct seal_buf *b, size_t n);

/*
 * Appends n bytes and returns where to write them; NULL on error.  The pointer
 * is valid until the next call.  The bytes are not initialised.
 */
uint8_t *seal_buf_extend(struct seal_buf *b, size_t n);

/* Cuts back to len (at most the present length, else SEAL_E_ARG). */
void seal_buf_truncate(struct seal_buf *b, size_t len);

/* Takes the allocated bytes out (the caller frees with free()); NULL on error
 * or when empty.  *ret_len may be NULL.  The buffer is empty afterwards. */
uint8_t *seal_buf_steal(struct seal_buf *b, size_t *ret_len);

/* Appends.  len 0 is allowed with data NULL. */
void seal_buf_put(struct seal_buf *b, const void *data, size_t len);
void seal_buf_put_zero(struct seal_buf *b, size_t len);
void seal_buf_put_u8(struct seal_buf *b, uint8_t v);
void seal_buf_put_u16(struct seal_buf *b, uint16_t v);
void seal_buf_put_u24(struct seal_buf *b,
		      uint32_t v); /* ≥ 2^24: SEAL_E_RANGE */
void seal_buf_put_u32(struct seal_buf *b, uint32_t v);
void seal_buf_put_u64(struct seal_buf *b, uint64_t v);
void seal_buf_put_str(struct seal_buf *b, const char *s); /* without the NUL */
void seal_buf_put_buf(struct seal_buf *b, const struct seal_buf *src);
void seal_buf_putf(struct seal_buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* Text forms (text.h): standard base64 with padding, lower-case hex, decimal.
 */
void seal_buf_put_base64(struct seal_buf *b, const void *data, size_t len);
void seal_buf_put_hex(struct seal_buf *b, const void *data, size_t len);
void seal_buf_put_dec(struct seal_buf *b, uint64_t v);

/*
 * A C string of the contents: puts a NUL that does not count in len.  NULL on
 * error.  Valid until the next call.
 */
const char *seal_buf_cstr(struct seal_buf *b);

#endif
