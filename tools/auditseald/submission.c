/* SPDX-License-Identifier: Apache-2.0 */
/* add-checkpoint requests.  Contract: submission.h. */
#include "submission.h"

#include <string.h>

#include "core/proof.h"

/* "0" is the second line: what is wrong with it is its root (422). */
static bool size_is_zero(const struct seal_note *note)
{
	const char *line = memchr(note->text, '\n', note->text_len);

	return line && !strncmp(line, "\n0\n", 3);
}

bool submission_parse(const uint8_t *body, size_t bytes,
		      const struct peer *peer, struct reply *reply,
		      struct submission *ret_submission)
{
	struct submission *s = ret_submission;
	struct seal_diag diag = {0};
	unsigned status = 400;
	int rc;

	rc = seal_add_checkpoint_parse(body, bytes, &s->body, &diag);
	if (rc == 0)
		rc = seal_note_parse(s->body.note, s->body.note_bytes, &s->note,
				     &diag);
	if (rc == 0) {
		rc = seal_checkpoint_parse(s->note.text, s->note.text_len,
					   &s->checkpoint, &diag);
		status = rc < 0 && size_is_zero(&s->note) ? 422 : 400;
	}
	if (rc < 0)
		reply_refuse(reply, peer, status, "add-checkpoint: %s",
			     diag.text);
	return rc == 0;
}

const char *submission_fault(const struct submission *s,
			     const struct seal_hash *old_root)
{
	const struct seal_add_checkpoint *body = &s->body;
	bool same = body->old_size == s->checkpoint.size;

	if (body->old_size == 0 || same) {
		if (body->proof.n)
			return "a proof where there is none";
		if (same && old_root &&
		    !seal_hash_equal(old_root, &s->checkpoint.root))
			return "another root";
		return NULL;
	}
	if (!old_root ||
	    seal_proof_check_consistency(
		    body->old_size, old_root, s->checkpoint.size,
		    &s->checkpoint.root, body->proof.hash, body->proof.n) < 0)
		return "no valid consistency proof";
	return NULL;
}
