/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For answer.c and tlog_proof.c alone: a number, a proof and a checkpoint as
 * lines, the form that add-checkpoint (docs/spec/protocol.md section 3) and
 * tlog-proof share:
 *
 *	WORD DECIMAL
 *	a hash in base64, 0 to 63 times
 *	(an empty line)
 *	the checkpoint
 */
#ifndef SEAL_PROTOCOL_PROOF_LINES_H
#define SEAL_PROTOCOL_PROOF_LINES_H

#include "core/buf.h"
#include "core/cur.h"
#include "core/proof.h"

#include <stddef.h>
#include <stdint.h>

/* Appends them; `word` ends in a space.  number < 2^63.  NOMEM. */
int seal_proof_lines_put(const char *word, uint64_t number,
			 const struct seal_proof *proof, const uint8_t *note,
			 size_t note_bytes, struct seal_buf *ret_text);

/* The first line.  SEAL_E_FORMAT. */
int seal_proof_lines_number(struct seal_cur *cur, const char *word,
			    uint64_t *ret_number);

/* The hashes and the empty line; the checkpoint follows.  SEAL_E_FORMAT: the
 * hash behind the last of *ret_proof is malformed, or one too many. */
int seal_proof_lines_hashes(struct seal_cur *cur, struct seal_proof *ret_proof);

#endif
