/* SPDX-License-Identifier: Apache-2.0 */
/* tlog-proof as text.  Contract: tlog_proof.h. */
#include "protocol/tlog_proof.h"

#include "core/buf.h"
#include "core/cur.h"
#include "core/text.h"
#include "protocol/proof_lines.h"

#include <string.h>

#define FIRST_LINE "c2sp.org/tlog-proof@v1\n"

int seal_tlog_proof_build(const uint8_t *extra, size_t extra_bytes,
			  uint64_t index, const struct seal_proof *proof,
			  const uint8_t *note, size_t note_bytes,
			  struct seal_buf *ret_text)
{
	if (index > SEAL_U63_MAX || !note_bytes || (extra && !extra_bytes))
		return SEAL_E_ARG;
	if (proof->n > SEAL_PROOF_MAX || note_bytes > SEAL_NOTE_BYTES_MAX ||
	    extra_bytes > SEAL_TLOG_PROOF_EXTRA_BYTES_MAX)
		return SEAL_E_TOOBIG;
	seal_buf_put_str(ret_text, FIRST_LINE);
	if (extra) {
		seal_buf_put_str(ret_text, "extra ");
		seal_buf_put_base64(ret_text, extra, extra_bytes);
		seal_buf_put_u8(ret_text, '\n');
	}
	return seal_proof_lines_put("index ", index, proof, note, note_bytes,
				    ret_text);
}

static bool next_is(const struct seal_cur *cur, const char *word)
{
	size_t len = strlen(word);

	return cur->left >= len && !memcmp(cur->p, word, len);
}

/* Checks the extra line; its base64 is given back, undecoded. */
static int parse_extra(struct seal_cur *cur, const char **ret_base64,
		       size_t *ret_len)
{
	size_t bytes;

	seal_cur_expect(cur, "extra ");
	*ret_base64 = seal_cur_line(cur, ret_len);
	if (!*ret_base64 || !*ret_len)
		return SEAL_E_FORMAT;
	return seal_base64_decode(*ret_base64, *ret_len, NULL, 0, &bytes) ||
			       bytes > SEAL_TLOG_PROOF_EXTRA_BYTES_MAX
		       ? SEAL_E_FORMAT
		       : 0;
}

static int put_extra(struct seal_buf *b, const char *base64, size_t len)
{
	size_t was = b->len, bytes;
	uint8_t *to = seal_buf_extend(b, len / 4 * 3);
	int rc;

	if (!to)
		return seal_buf_error(b);
	rc = seal_base64_decode(base64, len, to, len / 4 * 3, &bytes);
	seal_buf_truncate(b, rc ? was : was + bytes);
	return rc;
}

int seal_tlog_proof_parse(const uint8_t *text, size_t text_bytes,
			  struct seal_tlog_proof *ret_proof,
			  struct seal_buf *ret_extra, struct seal_diag *diag)
{
	struct seal_tlog_proof proof;
	struct seal_cur cur;
	const char *extra = NULL;
	size_t extra_len = 0;
	int rc = 0;

	seal_cur_init(&cur, text, text_bytes);
	seal_cur_expect(&cur, FIRST_LINE);
	if (seal_cur_error(&cur))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "not a proof: its first line is not "
				     "c2sp.org/tlog-proof@v1");
	if (next_is(&cur, "extra "))
		rc = parse_extra(&cur, &extra, &extra_len);
	if (rc)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the proof's extra line is malformed");
	if (seal_proof_lines_number(&cur, "index ", &proof.index))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the proof's index line is missing or "
				     "malformed");
	if (seal_proof_lines_hashes(&cur, &proof.proof))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the proof's hash %u is malformed, or one "
				     "of more than %d",
				     proof.proof.n + 1, SEAL_PROOF_MAX);
	proof.note = cur.p;
	proof.note_bytes = cur.left;
	if (!cur.left || cur.left > SEAL_NOTE_BYTES_MAX)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the proof's checkpoint has %zu bytes, "
				     "not 1 to %d",
				     cur.left, SEAL_NOTE_BYTES_MAX);
	if (extra && ret_extra)
		rc = put_extra(ret_extra, extra, extra_len);
	if (!rc)
		*ret_proof = proof;
	return rc;
}
