/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints (C2SP tlog-checkpoint) and cosignatures (C2SP tlog-cosignature,
 * cosignature/v1, Ed25519 0x04).  Pure; times are given by the caller.
 * docs/spec/note.md, "Checkpoints" and "Cosignatures".
 */
#ifndef SEAL_CORE_CHECKPOINT_H
#define SEAL_CORE_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/crypto.h"
#include "core/err.h"
#include "core/key.h"
#include "core/note.h"

/* Longest text of a checkpoint without extension lines, in bytes. */
#define SEAL_CHECKPOINT_TEXT_MAX_BYTES \
	(SEAL_NAME_MAX_BYTES + 1 + 19 + 1 + 44 + 1)

/* Signature bytes of a cosignature: time u64 and Ed25519. */
#define SEAL_COSIG_BYTES (8 + SEAL_SIG_BYTES)

struct seal_checkpoint {
	char origin[SEAL_NAME_MAX_BYTES + 1]; /* NUL-terminated */
	uint64_t size;			      /* < 2^63 */
	struct seal_hash root;
	size_t extension_lines; /* tolerated and signed, without meaning */
};

/*
 * Parses a note text.  The origin may be any key name (a foreign log's too);
 * whether it is one of ours, seal_origin_check() says.  Size 0 requires the
 * root of the empty tree.
 */
int seal_checkpoint_parse(const void *text, size_t len,
			  struct seal_checkpoint *ret_cp,
			  struct seal_diag *diag);

/* A note and its checkpoint in one go. */
int seal_checkpoint_parse_note(const void *data, size_t len,
			       struct seal_note *ret_note,
			       struct seal_checkpoint *ret_cp,
			       struct seal_diag *diag);

/*
 * Appends the three lines.  SEAL_E_ARG in the buffer if origin is no key name,
 * size ≥ 2^63, or cp has extension lines: ours never do.
 */
void seal_checkpoint_put(struct seal_buf *b, const struct seal_checkpoint *cp);

/* Fills *ret_cp; SEAL_E_ARG as above. */
int seal_checkpoint_init(struct seal_checkpoint *ret_cp, const char *origin,
			 uint64_t size, const struct seal_hash *root);

/*
 * The bare note signature of the text of cp (a seal as in a head frame, or the
 * host's).  No allocation of ours.
 */
int seal_checkpoint_sign(const struct seal_checkpoint *cp,
			 const struct seal_key *key,
			 uint8_t ret_sig[SEAL_SIG_BYTES]) SEAL_MUST_CHECK;

/* 0, SEAL_E_SIG, SEAL_E_CRYPTO. */
int seal_checkpoint_verify(const struct seal_checkpoint *cp,
			   const struct seal_pub *pub,
			   const uint8_t sig[SEAL_SIG_BYTES]) SEAL_MUST_CHECK;

/* One line of a note that is put together: type 0x01. */
struct seal_sig_line {
	uint32_t id;
	uint8_t sig[SEAL_SIG_BYTES];
};

/*
 * Appends the note that leaves the host (format.md §2): text, blank line, host
 * line (name = origin), seal line (name = origin "/epoch").  seal may be NULL.
 */
void seal_checkpoint_put_note(struct seal_buf *b,
			      const struct seal_checkpoint *cp,
			      const struct seal_sig_line *host,
			      const struct seal_sig_line *seal);

/*
 * The same, signing both: host key and the epoch key in force.  epoch may be
 * NULL.
 */
int seal_checkpoint_put_signed(struct seal_buf *b,
			       const struct seal_checkpoint *cp,
			       const struct seal_key *host,
			       const struct seal_key *epoch) SEAL_MUST_CHECK;

/* --- cosignatures --- */

/*
 * Appends what a cosigner signs: "cosignature/v1\ntime ‹time_s›\n" ‖ text.
 * SEAL_E_RANGE in the buffer if time_s ≥ 2^63.
 */
void seal_cosig_put_message(struct seal_buf *b, uint64_t time_s,
			    const void *text, size_t text_len);

/*
 * Cosigns a note text and appends the line.  vkey is key's own, type 0x04, else
 * SEAL_E_ARG.
 */
int seal_cosig_sign(struct seal_buf *b, const void *text, size_t text_len,
		    uint64_t time_s, const struct seal_vkey *vkey,
		    const struct seal_key *key) SEAL_MUST_CHECK;

/*
 * Verifies every line of this cosigner (type 0x04, else SEAL_E_ARG).  0: there
 * is one and all verify; *ret_time_s (may be NULL) is the newest time, seconds
 * since 1970.  SEAL_E_NOTFOUND, SEAL_E_SIG as seal_note_verify.
 */
int seal_cosig_verify(const struct seal_note *note,
		      const struct seal_vkey *vkey, uint64_t *ret_time_s,
		      struct seal_diag *diag) SEAL_MUST_CHECK;

#endif
