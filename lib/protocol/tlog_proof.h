/* SPDX-License-Identifier: Apache-2.0 */
/*
 * C2SP tlog-proof: a self-contained inclusion proof as text.  Pure bytes; says
 * nothing about trust: signatures and quorum are judged with the note.
 */
#ifndef SEAL_PROTOCOL_TLOG_PROOF_H
#define SEAL_PROTOCOL_TLOG_PROOF_H

#include "core/err.h"
#include "core/proof.h"
#include "protocol/limits.h"

#include <stddef.h>
#include <stdint.h>

struct seal_buf;

#define SEAL_TLOG_PROOF_EXTRA_BYTES_MAX 65536

struct seal_tlog_proof {
	uint64_t index;
	struct seal_proof proof; /* the leaf's sibling first */
	const uint8_t *note;	 /* borrowed: points into the parsed text */
	size_t note_bytes;
};

/* extra = NULL: no extra line (an empty one cannot be written). */
int seal_tlog_proof_build(const uint8_t *extra, size_t extra_bytes,
			  uint64_t index, const struct seal_proof *proof,
			  const uint8_t *note, size_t note_bytes,
			  struct seal_buf *ret_text);

/* The decoded extra data are appended to *ret_extra (NULL: not wanted). */
int seal_tlog_proof_parse(const uint8_t *text, size_t text_bytes,
			  struct seal_tlog_proof *ret_proof,
			  struct seal_buf *ret_extra, struct seal_diag *diag);

#endif
