/* SPDX-License-Identifier: Apache-2.0 */
/* Signed notes: see note.h. */
#include "core/note.h"

#include <string.h>

#include "core/text.h"

#define DASH	   "\xe2\x80\x94 "
#define DASH_BYTES 4
#define ID_BYTES   4

static int bad(struct seal_diag *diag, size_t offset, const char *what)
{
	seal_diag_set(diag, SEAL_E_FORMAT, "not a signed note, at byte %zu: %s",
		      offset, what);
	if (diag)
		diag->offset = offset;
	return SEAL_E_FORMAT;
}

/* Offset of the first character that no note may have, or len. */
static size_t first_bad_char(const uint8_t *p, size_t len)
{
	size_t i, n;
	uint32_t c;

	for (i = 0; i < len; i += n) {
		n = seal_utf8_next(p + i, len - i, &c);
		if (n == 0 || (c < 0x20 && c != '\n'))
			return i;
	}
	return len;
}

/* Offset behind the last empty line, or 0: signatures begin there. */
static size_t signatures_at(const uint8_t *p, size_t len)
{
	size_t i;

	for (i = len; i >= 2; i--)
		if (p[i - 1] == '\n' && p[i - 2] == '\n')
			return i;
	return 0;
}

static int parse_sig(const char *line, size_t len, struct seal_note_sig *ret)
{
	struct seal_note_sig sig = {0};
	const char *space;
	uint8_t first[6];
	size_t bytes;

	if (len < DASH_BYTES || memcmp(line, DASH, DASH_BYTES) != 0)
		return SEAL_E_FORMAT;
	sig.name = line + DASH_BYTES;
	space = memchr(sig.name, ' ', len - DASH_BYTES);
	if (!space)
		return SEAL_E_FORMAT;
	sig.name_len = (size_t)(space - sig.name);
	sig.base64 = space + 1;
	sig.base64_len = (size_t)(line + len - sig.base64);
	if (!seal_name_valid(sig.name, sig.name_len) ||
	    seal_base64_decode(sig.base64, sig.base64_len, NULL, 0, &bytes) ||
	    bytes <= ID_BYTES ||
	    seal_base64_decode(sig.base64, 8, first, sizeof(first), NULL))
		return SEAL_E_FORMAT;
	sig.id = (uint32_t)first[0] << 24 | (uint32_t)first[1] << 16 |
		 (uint32_t)first[2] << 8 | first[3];
	sig.sig_len = bytes - ID_BYTES;
	*ret = sig;
	return 0;
}

static int parse_sigs(const uint8_t *data, size_t at, size_t len,
		      struct seal_note *note, struct seal_diag *diag)
{
	const uint8_t *end;
	size_t n;

	while (at < len) {
		end = memchr(data + at, '\n', len - at);
		if (!end)
			return bad(diag, at, "a signature line has no end");
		if (note->sig_count == SEAL_NOTE_SIGS_MAX)
			return seal_diag_set(diag, SEAL_E_TOOBIG,
					     "a note with more than %d "
					     "signature lines",
					     SEAL_NOTE_SIGS_MAX);
		n = (size_t)(end - (data + at));
		if (parse_sig((const char *)data + at, n,
			      &note->sigs[note->sig_count]) != 0)
			return bad(diag, at, "not a signature line");
		note->sig_count++;
		at += n + 1;
	}
	return 0;
}

int seal_note_parse(const void *data, size_t len, struct seal_note *ret_note,
		    struct seal_diag *diag)
{
	struct seal_note note = {.text = data};
	size_t at;
	int err;

	if (len > SEAL_NOTE_MAX_BYTES)
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "a note of %zu bytes: at most %d are read",
				     len, SEAL_NOTE_MAX_BYTES);
	at = first_bad_char(data, len);
	if (at < len)
		return bad(diag, at, "a control character, or not UTF-8");
	at = signatures_at(data, len);
	if (at < 2)
		return bad(diag, len, "no empty line before signatures");
	if (at == len)
		return bad(diag, len, "no signature line");
	note.text_len = at - 1;
	err = parse_sigs(data, at, len, &note, diag);
	if (err)
		return err;
	*ret_note = note;
	return 0;
}

size_t seal_note_find(const struct seal_note *note,
		      const struct seal_vkey *vkey, size_t from)
{
	size_t i, len = strlen(vkey->name);

	for (i = from; i < note->sig_count; i++)
		if (note->sigs[i].id == vkey->id &&
		    note->sigs[i].name_len == len &&
		    memcmp(note->sigs[i].name, vkey->name, len) == 0)
			return i;
	return note->sig_count;
}

int seal_note_sig_bytes(const struct seal_note_sig *sig, void *ret_sig,
			size_t n)
{
	uint8_t line[ID_BYTES + 256];
	int err;

	if (sig->sig_len != n || n > sizeof(line) - ID_BYTES)
		return SEAL_E_SIG;
	err = seal_base64_decode(sig->base64, sig->base64_len, line,
				 sizeof(line), NULL);
	if (err)
		return err;
	memcpy(ret_sig, line + ID_BYTES, n);
	return 0;
}

int seal_note_verify(const struct seal_note *note, const struct seal_vkey *vkey,
		     struct seal_diag *diag)
{
	uint8_t sig[SEAL_SIG_BYTES];
	size_t i, found = 0;
	int err;

	if (vkey->type != SEAL_KEY_ED25519)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "%s is not a key that signs notes",
				     vkey->name);
	for (i = seal_note_find(note, vkey, 0); i < note->sig_count;
	     i = seal_note_find(note, vkey, i + 1)) {
		err = seal_note_sig_bytes(&note->sigs[i], sig, sizeof(sig));
		if (!err)
			err = seal_pub_verify(vkey->pub, note->text,
					      note->text_len, sig);
		if (err)
			return seal_diag_set(diag, err,
					     "the signature of %s: %s",
					     vkey->name, seal_strerror(err));
		found++;
	}
	if (found == 0)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "no signature of %s+%08x", vkey->name,
				     vkey->id);
	return 0;
}

void seal_note_put_sig(struct seal_buf *b, const char *name, uint32_t id,
		       const void *sig, size_t sig_len)
{
	uint8_t line[ID_BYTES + 256];

	if (sig_len > sizeof(line) - ID_BYTES ||
	    !seal_name_valid(name, strlen(name))) {
		seal_buf_fail(b, SEAL_E_ARG);
		return;
	}
	line[0] = (uint8_t)(id >> 24);
	line[1] = (uint8_t)(id >> 16);
	line[2] = (uint8_t)(id >> 8);
	line[3] = (uint8_t)id;
	memcpy(line + ID_BYTES, sig, sig_len);
	seal_buf_put_str(b, DASH);
	seal_buf_put_str(b, name);
	seal_buf_put_u8(b, ' ');
	seal_buf_put_base64(b, line, ID_BYTES + sig_len);
	seal_buf_put_u8(b, '\n');
}

void seal_note_put_line(struct seal_buf *b, const struct seal_note_sig *sig)
{
	seal_buf_put_str(b, DASH);
	seal_buf_put(b, sig->name, sig->name_len);
	seal_buf_put_u8(b, ' ');
	seal_buf_put(b, sig->base64, sig->base64_len);
	seal_buf_put_u8(b, '\n');
}

int seal_note_sign(struct seal_buf *b, const void *text, size_t text_len,
		   const struct seal_vkey *vkey, const struct seal_key *key)
{
	uint8_t sig[SEAL_SIG_BYTES];
	int err;

	if (vkey->type != SEAL_KEY_ED25519)
		return SEAL_E_ARG;
	err = seal_key_sign(key, text, text_len, sig);
	if (err)
		return err;
	seal_note_put_sig(b, vkey->name, vkey->id, sig, sizeof(sig));
	return seal_buf_error(b);
}
