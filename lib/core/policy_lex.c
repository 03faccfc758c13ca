/* SPDX-License-Identifier: Apache-2.0 */
/* Lines and words of policy and pins files: see policy_lex.h. */
#include "core/policy_lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/sanitize.h"

static int fail_at(const struct seal_lex *lex, unsigned line, const char *fmt,
		   va_list ap)
{
	char text[SEAL_DIAG_TEXT_BYTES];

	vsnprintf(text, sizeof(text), fmt, ap);
	seal_diag_set(lex->diag, SEAL_E_CONFIG, "%s, line %u: %s", lex->file,
		      line, text);
	if (lex->diag)
		lex->diag->index = line;
	return SEAL_E_CONFIG;
}

int seal_lex_fail_at(const struct seal_lex *lex, unsigned line, const char *fmt,
		     ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = fail_at(lex, line, fmt, ap);
	va_end(ap);
	return err;
}

int seal_lex_fail(const struct seal_lex *lex, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = fail_at(lex, lex->line, fmt, ap);
	va_end(ap);
	return err;
}

int seal_lex_error(const struct seal_lex *lex, int err)
{
	return seal_diag_set(lex->diag, err, "%s, line %u: %s", lex->file,
			     lex->line, seal_strerror(err));
}

/* Tab, line feed, 0x20 to 0x7e, 0x80 to 0xff. */
static int check_characters(struct seal_lex *lex)
{
	const uint8_t *p = lex->cur.p;
	unsigned line = 1;

	for (size_t i = 0; i < lex->cur.left; i++) {
		if (p[i] == '\n')
			line++;
		else if (p[i] == '\r')
			return seal_lex_fail_at(
				lex, line,
				"a carriage return: save the file with plain "
				"line feeds");
		else if ((p[i] < 0x20 && p[i] != '\t') || p[i] == 0x7f)
			return seal_lex_fail_at(
				lex, line,
				"a control character (0x%02x): remove it",
				p[i]);
	}
	if (lex->cur.left && p[lex->cur.left - 1] != '\n')
		return seal_lex_fail_at(lex, line,
					"the line has no end, so the file may "
					"have been cut: end it with a line "
					"feed");
	return 0;
}

int seal_lex_init(struct seal_lex *lex, const void *data, size_t len,
		  size_t max_bytes, const char *file, struct seal_diag *diag)
{
	memset(lex, 0, sizeof(*lex));
	lex->file = file;
	lex->diag = diag;
	if (len > max_bytes)
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "%s has %zu bytes, at most %zu are read: "
				     "is it the right file?",
				     file, len, max_bytes);
	seal_cur_init(&lex->cur, data, len);
	return check_characters(lex);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static void skip_blanks(struct seal_lex *lex)
{
	while (lex->left && is_blank(*lex->words)) {
		lex->words++;
		lex->left--;
	}
}

int seal_lex_line(struct seal_lex *lex, bool *ret_more)
{
	while (lex->cur.left) {
		lex->words = seal_cur_line(&lex->cur, &lex->left);
		if (!lex->words)
			return SEAL_E_INTERNAL; /* init checked the last one */
		lex->line++;
		skip_blanks(lex);
		if (lex->left && *lex->words != '#') {
			*ret_more = true;
			return 0;
		}
	}
	*ret_more = false;
	return 0;
}

bool seal_lex_word(struct seal_lex *lex, struct seal_word *ret_word)
{
	skip_blanks(lex);
	ret_word->p = lex->words;
	while (lex->left && !is_blank(*lex->words)) {
		lex->words++;
		lex->left--;
	}
	ret_word->len = (size_t)(lex->words - ret_word->p);
	return ret_word->len > 0;
}

bool seal_word_is(const struct seal_word *word, const char *s)
{
	return word->len == strlen(s) && memcmp(word->p, s, word->len) == 0;
}

char *seal_word_dup(const struct seal_word *word)
{
	return strndup(word->p, word->len);
}

const char *seal_word_show(const struct seal_word *word,
			   char ret_text[SEAL_WORD_SHOWN_BYTES])
{
	return seal_sanitize(ret_text, SEAL_WORD_SHOWN_BYTES, word->p,
			     word->len);
}
