/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of proofs.  Contract: proof_lines.h. */
#include "protocol/proof_lines.h"

#include "core/err.h"
#include "core/text.h"

int seal_proof_lines_put(const char *word, uint64_t number,
			 const struct seal_proof *proof, const uint8_t *note,
			 size_t note_bytes, struct seal_buf *ret_text)
{
	unsigned i;

	seal_buf_put_str(ret_text, word);
	seal_buf_put_dec(ret_text, number);
	seal_buf_put_u8(ret_text, '\n');
	for (i = 0; i < proof->n; i++) {
		seal_buf_put_base64(ret_text, proof->hash[i].b,
				    SEAL_HASH_BYTES);
		seal_buf_put_u8(ret_text, '\n');
	}
	seal_buf_put_u8(ret_text, '\n');
	seal_buf_put(ret_text, note, note_bytes);
	return seal_buf_error(ret_text);
}

int seal_proof_lines_number(struct seal_cur *cur, const char *word,
			    uint64_t *ret_number)
{
	size_t len;
	const char *line;

	seal_cur_expect(cur, word);
	line = seal_cur_line(cur, &len);
	if (!line)
		return SEAL_E_FORMAT;
	return seal_dec_decode(line, len, SEAL_U63_MAX, ret_number);
}

int seal_proof_lines_hashes(struct seal_cur *cur, struct seal_proof *ret_proof)
{
	size_t len;
	const char *line;

	ret_proof->n = 0;
	while ((line = seal_cur_line(cur, &len)) && len) {
		if (ret_proof->n == SEAL_PROOF_MAX ||
		    seal_base64_decode_exact(line, len,
					     ret_proof->hash[ret_proof->n].b,
					     SEAL_HASH_BYTES))
			return SEAL_E_FORMAT;
		ret_proof->n++;
	}
	return line ? 0 : SEAL_E_FORMAT;
}
