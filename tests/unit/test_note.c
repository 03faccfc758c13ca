/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes: those of the specification, and what is no note. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/err.h"
#include "core/note.h"

#define DASH "\xe2\x80\x94 "

/* The example of the signed-note specification, and its key. */
#define SPEC_TEXT "This is an example message.\n"
#define SPEC_BASE64                                                        \
	"Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj" \
	"OBH3mFXmRKuwHjG1Yu72IneyaQM="
#define SPEC_LINE DASH "example.com/foo " SPEC_BASE64 "\n"
#define SPEC_NOTE SPEC_TEXT "\n" SPEC_LINE
#define SPEC_VKEY      \
	"example.com/" \
	"foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

static int parse(const char *text, struct seal_note *ret_note)
{
	return seal_note_parse(text, strlen(text), ret_note, NULL);
}

static void spec_vkey(struct seal_vkey *ret_vkey)
{
	assert_int_equal(
		seal_vkey_parse(SPEC_VKEY, strlen(SPEC_VKEY), ret_vkey, NULL),
		0);
}

static void test_spec(void **state)
{
	struct seal_note note;
	struct seal_vkey vkey;
	uint8_t sig[SEAL_SIG_BYTES], wrong[SEAL_SIG_BYTES + 8];

	(void)state;
	spec_vkey(&vkey);
	assert_int_equal(parse(SPEC_NOTE, &note), 0);
	assert_int_equal(note.text_len, strlen(SPEC_TEXT));
	assert_memory_equal(note.text, SPEC_TEXT, note.text_len);
	assert_int_equal(note.sig_count, 1);
	assert_true(note.sigs[0].id == 0x530d903a);
	assert_int_equal(note.sigs[0].sig_len, SEAL_SIG_BYTES);
	assert_int_equal(seal_note_sig_bytes(&note.sigs[0], sig, sizeof(sig)),
			 0);
	assert_int_equal(sig[0], 0x49);
	assert_int_equal(
		seal_note_sig_bytes(&note.sigs[0], wrong, sizeof(wrong)),
		SEAL_E_SIG);
	assert_int_equal(seal_note_find(&note, &vkey, 0), 0);
	assert_int_equal(seal_note_find(&note, &vkey, 1), 1);
	assert_int_equal(seal_note_verify(&note, &vkey, NULL), 0);
	seal_vkey_fini(&vkey);
}

/* The text goes up to the last empty line, whatever is in it. */
static void test_text_with_empty_lines(void **state)
{
	struct seal_note note;

	(void)state;
	assert_int_equal(parse("a\n\n" SPEC_LINE "\nb\n\n" SPEC_LINE, &note),
			 0);
	assert_int_equal(note.text_len, 4 + strlen(SPEC_LINE) + 2);
	assert_int_equal(note.sig_count, 1);
	assert_int_equal(parse("a\n\n\n" SPEC_LINE, &note), 0);
	assert_int_equal(note.text_len, 3);
	assert_int_equal(parse("\n\n" SPEC_LINE, &note), 0);
	assert_int_equal(note.text_len, 1);
}

static const char *const malformed[] = {
	"",
	"\n",
	"\n\n",
	"text\n",
	"text\n\n",
	SPEC_TEXT SPEC_LINE, /* no empty line */
	SPEC_LINE,
	"\n" SPEC_LINE,	 /* no text */
	SPEC_NOTE "\n",	 /* the last empty line is the end */
	SPEC_NOTE "x",	 /* a line without its end */
	SPEC_NOTE "x\n", /* not a signature line */
	"t\n\nx\n" SPEC_LINE,
	"t\n\n- example.com/foo " SPEC_BASE64 "\n",
	"t\n\n\xe2\x80\x94"
	"example.com/foo " SPEC_BASE64 "\n",
	"t\n\n" DASH SPEC_BASE64 "\n",
	"t\n\n" DASH " " SPEC_BASE64 "\n", /* no name */
	"t\n\n" DASH "a+b " SPEC_BASE64 "\n",
	"t\n\n" DASH "a\xc2\xa0"
	"b " SPEC_BASE64 "\n",
	"t\n\n" DASH "a  " SPEC_BASE64 "\n", /* two blanks */
	"t\n\n" DASH "a " SPEC_BASE64 " \n",
	"t\n\n" DASH "a " SPEC_BASE64 "\r\n",
	"t\n\n" DASH "a \n",
	"t\n\n" DASH "a AAAA\n",     /* three bytes */
	"t\n\n" DASH "a AAAAAA==\n", /* an ID alone */
	"t\n\n" DASH "a AAAAAAB=\n", /* a bit too many */
	"t\n\n" DASH "a AAAAAAA\n",  /* no padding */
	"t\x01\n\n" SPEC_LINE,
	"t\t\n\n" SPEC_LINE,
	"t\xff\n\n" SPEC_LINE,
	"t\xed\xa0\x80\n\n" SPEC_LINE,
};

static void test_malformed(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(malformed) / sizeof(malformed[0]); i++) {
		struct seal_note note = {.sig_count = 77};
		struct seal_diag diag = {0};

		if (seal_note_parse(malformed[i], strlen(malformed[i]), &note,
				    &diag) != SEAL_E_FORMAT)
			fail_msg("case %zu was taken", i);
		assert_int_equal(note.sig_count, 77); /* left alone */
		assert_int_equal(diag.code, SEAL_E_FORMAT);
		assert_true(diag.offset <= strlen(malformed[i]));
	}
	assert_int_equal(seal_note_parse("t\0\n\n" SPEC_LINE,
					 5 + strlen(SPEC_LINE),
					 &(struct seal_note){0}, NULL),
			 SEAL_E_FORMAT);
	assert_int_equal(seal_note_parse(NULL, 0, &(struct seal_note){0}, NULL),
			 SEAL_E_FORMAT);
}

/* A note cut at any byte is no note, or one with fewer lines. */
static void test_cut(void **state)
{
	static const char text[] = SPEC_NOTE DASH "other AAAAAAA=\n";
	struct seal_note note;

	(void)state;
	for (size_t len = 0; len < strlen(text); len++) {
		int err = seal_note_parse(text, len, &note, NULL);

		assert_int_equal(err,
				 len == strlen(SPEC_NOTE) ? 0 : SEAL_E_FORMAT);
	}
	assert_int_equal(parse(text, &note), 0);
	assert_int_equal(note.sig_count, 2);
}

static void test_limits(void **state)
{
	static const char line[] = DASH "a AAAAAAA=\n";
	char *text = malloc(SEAL_NOTE_MAX_BYTES + 1);
	size_t len, n;
	struct seal_note note;

	(void)state;
	for (n = SEAL_NOTE_SIGS_MAX; n <= SEAL_NOTE_SIGS_MAX + 1; n++) {
		len = (size_t)sprintf(text, "t\n\n");
		for (size_t i = 0; i < n; i++)
			len += (size_t)sprintf(text + len, "%s", line);
		assert_int_equal(seal_note_parse(text, len, &note, NULL),
				 n == SEAL_NOTE_SIGS_MAX ? 0 : SEAL_E_TOOBIG);
	}
	/* A very long name is nobody's that we know, and no reason to refuse.
	 */
	memset(text, 'n', SEAL_NOTE_MAX_BYTES + 1);
	memcpy(text, "t\n\n" DASH, 7);
	memcpy(text + SEAL_NOTE_MAX_BYTES - 10, " AAAAAAA=\n", 10);
	assert_int_equal(
		seal_note_parse(text, SEAL_NOTE_MAX_BYTES, &note, NULL), 0);
	assert_int_equal(note.sigs[0].name_len, SEAL_NOTE_MAX_BYTES - 17);
	text[SEAL_NOTE_MAX_BYTES] = '\n';
	assert_int_equal(
		seal_note_parse(text, SEAL_NOTE_MAX_BYTES + 1, &note, NULL),
		SEAL_E_TOOBIG);
	free(text);
}

static void test_verify(void **state)
{
	static const struct {
		const char *note;
		int err;
	} cases[] = {
		{SPEC_NOTE, 0},
		{SPEC_NOTE SPEC_LINE, 0},
		/* unknown lines around it */
		{SPEC_TEXT "\n" DASH "other AAAAAAA=\n" SPEC_LINE DASH
			   "example.com/foo AAAAAAA=\n",
		 0},
		/* another text */
		{"This is an example message!\n\n" SPEC_LINE, SEAL_E_SIG},
		/* the name and ID are known, the length is not */
		{SPEC_TEXT "\n" DASH "example.com/foo Uw2QOkk=\n", SEAL_E_SIG},
		/* a good line and a bad one of one key */
		{SPEC_NOTE DASH "example.com/foo Uw2QOkk=\n", SEAL_E_SIG},
		/* same ID, another name; same name, another ID */
		{SPEC_TEXT "\n" DASH "example.com/fop " SPEC_BASE64 "\n",
		 SEAL_E_NOTFOUND},
		{SPEC_TEXT "\n" DASH "example.com/foo AAAAAAA=\n",
		 SEAL_E_NOTFOUND},
		{SPEC_TEXT "\n" DASH "example.com/foo2 " SPEC_BASE64 "\n",
		 SEAL_E_NOTFOUND},
	};
	struct seal_vkey vkey;

	(void)state;
	spec_vkey(&vkey);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seal_diag diag = {0};
		struct seal_note note;

		assert_int_equal(parse(cases[i].note, &note), 0);
		if (seal_note_verify(&note, &vkey, &diag) != cases[i].err)
			fail_msg("case %zu", i);
		assert_int_equal(diag.code, cases[i].err);
	}
	vkey.type = SEAL_KEY_COSIGNATURE;
	assert_int_equal(seal_note_verify(&(struct seal_note){0}, &vkey, NULL),
			 SEAL_E_ARG);
	seal_vkey_fini(&vkey);
}

static void test_sign(void **state)
{
	static const uint8_t seed[SEAL_SEED_BYTES] = {1, 2, 3};
	struct seal_buf b = SEAL_BUF_INIT, copy = SEAL_BUF_INIT;
	struct seal_vkey vkey;
	struct seal_note note;
	struct seal_key *key;
	uint8_t big[300] = {0};

	(void)state;
	assert_int_equal(seal_key_from_seed(seed, &key), 0);
	assert_int_equal(seal_vkey_init(&vkey, "h.example/audit",
					SEAL_KEY_ED25519, seal_key_public(key),
					NULL),
			 0);
	seal_buf_put_str(&b, SPEC_NOTE);
	assert_int_equal(
		seal_note_sign(&b, SPEC_TEXT, strlen(SPEC_TEXT), &vkey, key),
		0);
	assert_int_equal(parse(seal_buf_cstr(&b), &note), 0);
	assert_int_equal(note.sig_count, 2);
	assert_int_equal(seal_note_verify(&note, &vkey, NULL), 0);

	/* Lines can be copied as they came. */
	seal_buf_put(&copy, note.text, note.text_len);
	seal_buf_put_u8(&copy, '\n');
	seal_note_put_line(&copy, &note.sigs[0]);
	seal_note_put_line(&copy, &note.sigs[1]);
	assert_string_equal(seal_buf_cstr(&copy), seal_buf_cstr(&b));

	vkey.type = SEAL_KEY_COSIGNATURE;
	assert_int_equal(seal_note_sign(&b, "t\n", 2, &vkey, key), SEAL_E_ARG);
	seal_buf_reset(&b);
	seal_note_put_sig(&b, "a b", 1, big, 64);
	assert_int_equal(seal_buf_error(&b), SEAL_E_ARG);
	seal_buf_reset(&b);
	seal_note_put_sig(&b, "a", 1, big, sizeof(big));
	assert_int_equal(seal_buf_error(&b), SEAL_E_ARG);
	seal_vkey_fini(&vkey);
	seal_key_free(key);
	seal_buf_fini(&copy);
	seal_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spec),
		cmocka_unit_test(test_text_with_empty_lines),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_sign),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
