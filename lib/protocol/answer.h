/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The small texts of C2SP tlog-witness and tlog-mirror: the add-checkpoint
 * request and the bodies of answers.  Pure bytes, client and store alike; knows
 * no socket and decides nothing.  docs/spec/protocol.md.
 *
 * Strict both ways: what a build makes its parse takes, and a parse takes
 * nothing else (one encoding each: no leading zeroes, no other line ends, no
 * base64 with stray bits).  All parse functions take any bytes of any length.
 * A build appends to *ret_body; on failure nothing is appended (out of memory:
 * the buffer's own sticky error).
 */
#ifndef SEAL_PROTOCOL_ANSWER_H
#define SEAL_PROTOCOL_ANSWER_H

#include "core/err.h"
#include "core/proof.h"
#include "protocol/limits.h"

#include <stddef.h>
#include <stdint.h>

struct seal_buf;
struct seal_vkey;

/* ---- add-checkpoint: "old N", proof lines, empty line, checkpoint ---- */
struct seal_add_checkpoint {
	uint64_t old_size;
	struct seal_proof proof;
	const uint8_t *note; /* borrowed: points into the parsed body */
	size_t note_bytes;   /* <= SEAL_NOTE_BYTES_MAX; not yet a valid note */
};

/* SEAL_E_TOOBIG: more than 63 hashes or a note over its limit. */
int seal_add_checkpoint_build(uint64_t old_size, const struct seal_proof *proof,
			      const uint8_t *note, size_t note_bytes,
			      struct seal_buf *ret_body);

/* Parses the lines before the note; the note is checked by seal_note_*. */
int seal_add_checkpoint_parse(const uint8_t *body, size_t body_bytes,
			      struct seal_add_checkpoint *ret_request,
			      struct seal_diag *diag);

/* ---- 409 text/x.tlog.size: "N\n" ---- */
int seal_size_build(uint64_t size, struct seal_buf *ret_body);
int seal_size_parse(const uint8_t *body, size_t body_bytes, uint64_t *ret_size,
		    struct seal_diag *diag);

/* ---- 202, 409 text/x.tlog.mirror-info: size, next entry, ticket ---- */
struct seal_mirror_info {
	uint64_t size; /* of a pending checkpoint: the next upload_end */
	uint64_t next; /* first missing entry: the next upload_start; above
			* size when somebody else uploaded further */
	size_t ticket_bytes;
	uint8_t ticket[SEAL_TICKET_BYTES_MAX];
};

int seal_mirror_info_build(uint64_t size, uint64_t next, const uint8_t *ticket,
			   size_t ticket_bytes, struct seal_buf *ret_body);
int seal_mirror_info_parse(const uint8_t *body, size_t body_bytes,
			   struct seal_mirror_info *ret_info,
			   struct seal_diag *diag);

/* ---- 200: cosignature lines ---- */
struct seal_cosignatures {
	size_t verified;   /* distinct keys with a line that verifies */
	uint64_t time_min; /* seconds since 1970 of the oldest, newest of */
	uint64_t time_max; /* them; 0 if verified is 0 */
	uint32_t keys;	   /* bit i: vkeys[i] verified; n_vkeys <= 32 */
};

/*
 * Reads the body of a 200 (signature lines, possibly none) against a log's
 * state that we computed ourselves.  A line of a known name and key id
 * (vkeys[i], type 0x04) must verify over exactly the note text (origin, size,
 * root); lines of other keys are ignored.  The lines that verified, as they
 * came and in their order, are appended to *ret_lines (NULL: not wanted), to
 * stand behind our own signatures in the receipt.
 * SEAL_E_FORMAT: not signature lines.  SEAL_E_SIG: a known key's line does not
 * verify, or has time 0 or beyond 2^63-1: then the whole body counts nothing.
 */
int seal_cosignatures_parse(const uint8_t *body, size_t body_bytes,
			    const char *origin, uint64_t size,
			    const struct seal_hash *root,
			    const struct seal_vkey *const *vkeys,
			    size_t n_vkeys, struct seal_buf *ret_lines,
			    struct seal_cosignatures *ret_found,
			    struct seal_diag *diag);

#endif
