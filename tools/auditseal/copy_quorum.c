/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which checkpoint of a copy to show to somebody else: the newest that meets
 * the policy's quorum.  Contract: copy.h.  Nothing here is a verdict.
 */
#include "copy.h"
#include "judge.h"

#include "core/checkpoint.h"
#include "core/note.h"
#include "core/policy.h"

#include <string.h>

#define DASH_BYTES 4 /* the dash and the space that begin a line */

static bool is_met(const struct seal_policy *policy, const uint8_t *bytes,
		   size_t len)
{
	struct seal_quorum quorum;
	struct seal_note note;

	return !seal_note_parse(bytes, len, &note, NULL) &&
	       !seal_policy_evaluate(policy, &note, &quorum, NULL) &&
	       quorum.met;
}

static bool has_line(const struct seal_buf *note, const char *line, size_t len)
{
	return memmem(note->data, note->len, line, len);
}

/* The lines of a note of the same text that are not there yet. */
static void add_lines(struct seal_buf *note, size_t text_len,
		      const uint8_t *bytes, size_t len)
{
	struct seal_note other;
	const char *line, *end;
	size_t i;

	if (seal_note_parse(bytes, len, &other, NULL) ||
	    other.text_len != text_len ||
	    memcmp(note->data, other.text, text_len) != 0)
		return;
	for (i = 0; i < other.sig_count; i++) {
		line = other.sigs[i].name - DASH_BYTES;
		end = other.sigs[i].base64 + other.sigs[i].base64_len + 1;
		if (!has_line(note, line, (size_t)(end - line)))
			seal_buf_put(note, line, (size_t)(end - line));
	}
}

static uint64_t size_of(const struct seal_buf *bytes)
{
	struct seal_checkpoint cp;
	struct seal_note note;

	return seal_checkpoint_parse_note(bytes->data, bytes->len, &note, &cp,
					  NULL)
		       ? 0
		       : cp.size;
}

/* As the source keeps it, with its own receipt, if it is the same text. */
static int begin_stored(const struct cli_copy *copy,
			const struct seal_buf *cosigned, struct seal_buf *note,
			struct seal_diag *diag)
{
	uint64_t size = size_of(cosigned), found = 0;
	struct seal_note parsed;
	const uint8_t *stored;
	size_t len = 0;
	bool whole;
	int rc;

	if (!copy->source.checkpoint || !size)
		return 0;
	rc = copy->source.checkpoint(copy->source.ctx, size, &stored, &len,
				     &found, &whole, diag);
	if (rc || found != size)
		return rc == SEAL_E_NOTFOUND ? 0 : rc;
	if (seal_note_parse(stored, len, &parsed, NULL) ||
	    parsed.text_len > cosigned->len ||
	    memcmp(parsed.text, cosigned->data, parsed.text_len) != 0)
		return 0;
	seal_buf_put(note, stored, len);
	return seal_buf_error(note);
}

int cli_copy_collect(const struct cli_copy *copy, size_t which,
		     struct seal_buf *ret_note, struct seal_diag *diag)
{
	const struct seal_buf *cosigned = &copy->cosigned[which];
	struct seal_note note;
	size_t i;
	int rc;

	seal_buf_reset(ret_note);
	rc = begin_stored(copy, cosigned, ret_note, diag);
	if (rc)
		return rc;
	if (!ret_note->len)
		seal_buf_put_buf(ret_note, cosigned);
	if (seal_buf_error(ret_note))
		return seal_buf_error(ret_note);
	if (seal_note_parse(ret_note->data, ret_note->len, &note, NULL))
		return 0;
	for (i = 0; i < copy->cosigned_count; i++)
		add_lines(ret_note, note.text_len, copy->cosigned[i].data,
			  copy->cosigned[i].len);
	return seal_buf_error(ret_note);
}

int cli_copy_note(const struct seal_policy *policy, const struct cli_copy *copy,
		  uint64_t index, struct seal_buf *ret_note,
		  struct seal_diag *diag)
{
	struct seal_buf note = SEAL_BUF_INIT;
	uint64_t size, best = 0;
	size_t i;
	int rc = 0;

	seal_buf_reset(ret_note);
	seal_buf_put(ret_note, copy->note, copy->note_len);
	if (!policy || is_met(policy, copy->note, copy->note_len))
		return seal_buf_error(ret_note);
	for (i = 0; i < copy->cosigned_count && !rc; i++) {
		size = size_of(&copy->cosigned[i]);
		if (size <= index || size <= best)
			continue;
		rc = cli_copy_collect(copy, i, &note, diag);
		if (rc || !is_met(policy, note.data, note.len))
			continue;
		best = size;
		seal_buf_reset(ret_note);
		seal_buf_put_buf(ret_note, &note);
		rc = seal_buf_error(ret_note);
	}
	seal_buf_fini(&note);
	return rc;
}
