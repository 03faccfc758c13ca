/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of an add-checkpoint request, as mirror and witness judge it alike.
 * C2SP tlog-witness "add-checkpoint"; docs/spec/protocol.md sections 3 and 7.
 */
#ifndef AUDITSEALD_SUBMISSION_H
#define AUDITSEALD_SUBMISSION_H

#include "core/note.h"
#include "protocol/answer.h"
#include "store.h"

struct submission {
	struct seal_add_checkpoint body; /* borrows from the request */
	struct seal_note note;
	struct seal_checkpoint checkpoint;
};

/* false: answered with 400, or 422 for size 0 with another root. */
bool submission_parse(const uint8_t *body, size_t bytes,
		      const struct peer *peer, struct reply *reply,
		      struct submission *ret_submission);

/*
 * Does it extend the checkpoint of its old size, whose root is old_root (NULL:
 * none was ever taken)?  NULL: yes; else what is wrong, for a 422.
 */
const char *submission_fault(const struct submission *submission,
			     const struct seal_hash *old_root);

#endif
