/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For policy.c and pins.c alone: the lines and words of a policy file (C2SP
 * tlog-policy, "Syntax" and "Character set"), and errors that name the line.
 */
#ifndef SEAL_CORE_POLICY_LEX_H
#define SEAL_CORE_POLICY_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/cur.h"
#include "core/err.h"

struct seal_lex {
	struct seal_cur cur;
	const char *file;  /* for error texts */
	unsigned line;	   /* of the words at hand, from 1 */
	const char *words; /* what is left of the line */
	size_t left;
	struct seal_diag *diag;
};

/* One word; borrowed.  len 0: none. */
struct seal_word {
	const char *p;
	size_t len;
};

/* Checks the character set of the whole file first. */
int seal_lex_init(struct seal_lex *lex, const void *data, size_t len,
		  size_t max_bytes, const char *file, struct seal_diag *diag);

/* Goes to the next line that has words; *ret_more is false at the end. */
int seal_lex_line(struct seal_lex *lex, bool *ret_more);

/* The next word of this line; false if there is none. */
bool seal_lex_word(struct seal_lex *lex, struct seal_word *ret_word);

bool seal_word_is(const struct seal_word *word, const char *s);

/* A copy with a NUL; NULL: no memory. */
char *seal_word_dup(const struct seal_word *word);

/* A word made safe to show, cut to fit an error text. */
#define SEAL_WORD_SHOWN_BYTES 80
const char *seal_word_show(const struct seal_word *word,
			   char ret_text[SEAL_WORD_SHOWN_BYTES]);

/* "FILE, line N: ..." with SEAL_E_CONFIG; diag->index is the line. */
int seal_lex_fail(const struct seal_lex *lex, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int seal_lex_fail_at(const struct seal_lex *lex, unsigned line, const char *fmt,
		     ...) __attribute__((format(printf, 3, 4)));

/* What is no fault of the file: SEAL_E_NOMEM, SEAL_E_CRYPTO. */
int seal_lex_error(const struct seal_lex *lex, int err);

#endif
