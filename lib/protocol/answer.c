/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers of tlog-witness and tlog-mirror.  Contract: answer.h. */
#include "protocol/answer.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/cur.h"
#include "core/text.h"
#include "protocol/proof_lines.h"

#include <string.h>

int seal_add_checkpoint_build(uint64_t old_size, const struct seal_proof *proof,
			      const uint8_t *note, size_t note_bytes,
			      struct seal_buf *ret_body)
{
	if (old_size > SEAL_U63_MAX || !note_bytes)
		return SEAL_E_ARG;
	if (proof->n > SEAL_PROOF_MAX || note_bytes > SEAL_NOTE_BYTES_MAX)
		return SEAL_E_TOOBIG;
	return seal_proof_lines_put("old ", old_size, proof, note, note_bytes,
				    ret_body);
}

int seal_add_checkpoint_parse(const uint8_t *body, size_t body_bytes,
			      struct seal_add_checkpoint *ret_request,
			      struct seal_diag *diag)
{
	struct seal_add_checkpoint request;
	struct seal_cur cur;

	seal_cur_init(&cur, body, body_bytes);
	if (seal_proof_lines_number(&cur, "old ", &request.old_size))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "add-checkpoint: the first line is not "
				     "\"old\" and a tree size");
	if (seal_proof_lines_hashes(&cur, &request.proof))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "add-checkpoint: line %u is not one of at "
				     "most %d hashes in base64",
				     request.proof.n + 2, SEAL_PROOF_MAX);
	request.note = cur.p;
	request.note_bytes = cur.left;
	if (!cur.left || cur.left > SEAL_NOTE_BYTES_MAX)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "add-checkpoint: the checkpoint has %zu "
				     "bytes, not 1 to %d",
				     cur.left, SEAL_NOTE_BYTES_MAX);
	*ret_request = request;
	return 0;
}

int seal_size_build(uint64_t size, struct seal_buf *ret_body)
{
	if (size > SEAL_U63_MAX)
		return SEAL_E_ARG;
	seal_buf_put_dec(ret_body, size);
	seal_buf_put_u8(ret_body, '\n');
	return seal_buf_error(ret_body);
}

static int parse_size_line(struct seal_cur *cur, uint64_t *ret_size)
{
	size_t len;
	const char *line = seal_cur_line(cur, &len);

	if (!line)
		return SEAL_E_FORMAT;
	return seal_dec_decode(line, len, SEAL_U63_MAX, ret_size);
}

int seal_size_parse(const uint8_t *body, size_t body_bytes, uint64_t *ret_size,
		    struct seal_diag *diag)
{
	struct seal_cur cur;
	uint64_t size;

	seal_cur_init(&cur, body, body_bytes);
	if (parse_size_line(&cur, &size) || seal_cur_end(&cur))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the answer is not one tree size "
				     "(" SEAL_TYPE_SIZE ")");
	*ret_size = size;
	return 0;
}

int seal_mirror_info_build(uint64_t size, uint64_t next, const uint8_t *ticket,
			   size_t ticket_bytes, struct seal_buf *ret_body)
{
	if (size > SEAL_U63_MAX || next > SEAL_U63_MAX ||
	    ticket_bytes > SEAL_TICKET_BYTES_MAX)
		return SEAL_E_ARG;
	seal_buf_put_dec(ret_body, size);
	seal_buf_put_u8(ret_body, '\n');
	seal_buf_put_dec(ret_body, next);
	seal_buf_put_u8(ret_body, '\n');
	seal_buf_put_base64(ret_body, ticket, ticket_bytes);
	seal_buf_put_u8(ret_body, '\n');
	return seal_buf_error(ret_body);
}

int seal_mirror_info_parse(const uint8_t *body, size_t body_bytes,
			   struct seal_mirror_info *ret_info,
			   struct seal_diag *diag)
{
	struct seal_cur cur;
	uint64_t size, next;
	const char *line = NULL;
	size_t len, bytes;

	seal_cur_init(&cur, body, body_bytes);
	if (!parse_size_line(&cur, &size) && !parse_size_line(&cur, &next))
		line = seal_cur_line(&cur, &len);
	/* Checked and measured first: nothing of *ret_info is clobbered. */
	if (!line || seal_cur_end(&cur) ||
	    seal_base64_decode(line, len, NULL, 0, &bytes) ||
	    bytes > SEAL_TICKET_BYTES_MAX)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the answer is not a tree size, a next "
				     "entry and a ticket "
				     "(" SEAL_TYPE_MIRROR_INFO ")");
	ret_info->size = size;
	ret_info->next = next;
	return seal_base64_decode(line, len, ret_info->ticket,
				  SEAL_TICKET_BYTES_MAX,
				  &ret_info->ticket_bytes);
}

/* One of our keys on the answer's lines; NOTFOUND is no harm. */
static int verify_one(const struct seal_note *note,
		      const struct seal_vkey *vkey, unsigned i,
		      struct seal_cosignatures *found, struct seal_diag *diag)
{
	uint64_t time_s;
	int rc = seal_cosig_verify(note, vkey, &time_s, diag);

	if (rc == SEAL_E_NOTFOUND)
		return 0;
	if (rc)
		return rc;
	if (!time_s)
		return seal_diag_set(diag, SEAL_E_SIG,
				     "the cosignature of %s has no time",
				     vkey->name);
	if (!found->verified || time_s < found->time_min)
		found->time_min = time_s;
	if (time_s > found->time_max)
		found->time_max = time_s;
	found->keys |= UINT32_C(1) << i;
	found->verified++;
	return 0;
}

static void put_verified(const struct seal_note *note,
			 const struct seal_vkey *const *vkeys, size_t n_vkeys,
			 uint32_t keys, struct seal_buf *lines)
{
	const struct seal_note_sig *sig;
	size_t i, k;

	for (i = 0; i < note->sig_count; i++) {
		sig = &note->sigs[i];
		for (k = 0; k < n_vkeys; k++) {
			if (!(keys >> k & 1) || sig->id != vkeys[k]->id ||
			    sig->name_len != strlen(vkeys[k]->name) ||
			    memcmp(sig->name, vkeys[k]->name, sig->name_len))
				continue;
			seal_note_put_line(lines, sig);
			break;
		}
	}
}

static int parse_lines(const struct seal_buf *text, const struct seal_buf *all,
		       const struct seal_vkey *const *vkeys, size_t n_vkeys,
		       struct seal_buf *ret_lines,
		       struct seal_cosignatures *ret_found,
		       struct seal_diag *diag)
{
	struct seal_cosignatures found = {0};
	struct seal_note note;
	size_t i;
	int rc;

	rc = seal_note_parse(all->data, all->len, &note, diag);
	if (rc)
		return rc;
	/* An empty line among the lines would make them part of the text. */
	if (note.text_len != text->len)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the answer is not signature lines alone");
	for (i = 0; i < n_vkeys; i++) {
		rc = verify_one(&note, vkeys[i], (unsigned)i, &found, diag);
		if (rc)
			return rc;
	}
	if (ret_lines)
		put_verified(&note, vkeys, n_vkeys, found.keys, ret_lines);
	rc = ret_lines ? seal_buf_error(ret_lines) : 0;
	if (!rc)
		*ret_found = found;
	return rc;
}

int seal_cosignatures_parse(const uint8_t *body, size_t body_bytes,
			    const char *origin, uint64_t size,
			    const struct seal_hash *root,
			    const struct seal_vkey *const *vkeys,
			    size_t n_vkeys, struct seal_buf *ret_lines,
			    struct seal_cosignatures *ret_found,
			    struct seal_diag *diag)
{
	struct seal_checkpoint cp;
	struct seal_buf text, all;
	int rc;

	if (n_vkeys > 32)
		return seal_diag_set(diag, SEAL_E_ARG, "more than 32 keys");
	if (!body_bytes) {
		memset(ret_found, 0, sizeof(*ret_found));
		return 0;
	}
	if (body_bytes > SEAL_NOTE_BYTES_MAX)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the answer's signature lines are longer "
				     "than %d bytes",
				     SEAL_NOTE_BYTES_MAX);
	seal_buf_init(&text);
	seal_buf_init(&all);
	rc = seal_checkpoint_init(&cp, origin, size, root);
	if (rc)
		goto out;
	seal_checkpoint_put(&text, &cp);
	seal_buf_put_buf(&all, &text);
	seal_buf_put_u8(&all, '\n');
	seal_buf_put(&all, body, body_bytes);
	rc = seal_buf_error(&text);
	if (!rc)
		rc = seal_buf_error(&all);
	if (!rc)
		rc = parse_lines(&text, &all, vkeys, n_vkeys, ret_lines,
				 ret_found, diag);
out:
	seal_buf_fini(&all);
	seal_buf_fini(&text);
	return rc;
}
