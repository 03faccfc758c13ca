/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed notes (C2SP signed-note v1.0.0): strict parse on borrowed bytes,
 * verification by a vkey of type 0x01, signature lines.  Nothing here
 * allocates.  The text means nothing before a signature was verified.
 * docs/spec/note.md, "Notes".
 */
#ifndef SEAL_CORE_NOTE_H
#define SEAL_CORE_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/crypto.h"
#include "core/err.h"
#include "core/key.h"

#define SEAL_NOTE_MAX_BYTES 1000000 /* of a whole note we read */
#define SEAL_NOTE_SIGS_MAX  100	    /* signature lines of a note we read */

/* One signature line; borrows from the note's bytes. */
struct seal_note_sig {
	const char *name; /* not NUL-terminated */
	size_t name_len;
	uint32_t id;
	const char *base64; /* of ID and signature, checked by the parser */
	size_t base64_len;
	size_t sig_len; /* bytes of the signature without the ID, ≥ 1 */
};

/* A parsed note; borrows, owns nothing.  About 5 KB. */
struct seal_note {
	const uint8_t *text; /* what is signed: up to and with its last '\n' */
	size_t text_len;
	size_t sig_count; /* 1 to SEAL_NOTE_SIGS_MAX */
	struct seal_note_sig sigs[SEAL_NOTE_SIGS_MAX];
};

/*
 * Parses a whole note, to the last byte.  SEAL_E_FORMAT, SEAL_E_TOOBIG with
 * offset and reason in diag.
 */
int seal_note_parse(const void *data, size_t len, struct seal_note *ret_note,
		    struct seal_diag *diag);

/*
 * The next line from line index `from` on whose name and ID are the vkey's:
 * its index, or sig_count if there is none.
 */
size_t seal_note_find(const struct seal_note *note,
		      const struct seal_vkey *vkey, size_t from);

/* Copies the n signature bytes of a line out; SEAL_E_SIG if it has not n. */
int seal_note_sig_bytes(const struct seal_note_sig *sig, void *ret_sig,
			size_t n);

/*
 * Verifies every line of this vkey (type 0x01, else SEAL_E_ARG).  0: there is
 * one and all verify.  SEAL_E_NOTFOUND: none.  SEAL_E_SIG: name and ID match
 * but the signature does not; the whole note is then to be refused.
 */
int seal_note_verify(const struct seal_note *note, const struct seal_vkey *vkey,
		     struct seal_diag *diag) SEAL_MUST_CHECK;

/* Appends "— ‹name› ‹base64 of id ‖ sig›\n". */
void seal_note_put_sig(struct seal_buf *b, const char *name, uint32_t id,
		       const void *sig, size_t sig_len);

/* Appends the lines of a parsed note as they came: line `i`. */
void seal_note_put_line(struct seal_buf *b, const struct seal_note_sig *sig);

/* Signs text and appends the line.  vkey is key's own (name, id, type 0x01). */
int seal_note_sign(struct seal_buf *b, const void *text, size_t text_len,
		   const struct seal_vkey *vkey,
		   const struct seal_key *key) SEAL_MUST_CHECK;

#endif
