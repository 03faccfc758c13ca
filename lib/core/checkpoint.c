/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints and cosignatures: see checkpoint.h. */
#include "core/checkpoint.h"

#include <string.h>

#include "core/cur.h"
#include "core/text.h"

static const uint8_t empty_root[SEAL_HASH_BYTES] = {
	0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4,
	0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b,
	0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
};

static int bad(struct seal_diag *diag, const char *what)
{
	return seal_diag_set(diag, SEAL_E_FORMAT, "not a checkpoint: %s", what);
}

int seal_checkpoint_parse(const void *text, size_t len,
			  struct seal_checkpoint *ret_cp,
			  struct seal_diag *diag)
{
	struct seal_checkpoint cp = {0};
	const char *origin, *size, *root, *line;
	size_t origin_len, size_len, root_len, line_len;
	struct seal_cur c;

	seal_cur_init(&c, text, len);
	origin = seal_cur_line(&c, &origin_len);
	size = seal_cur_line(&c, &size_len);
	root = seal_cur_line(&c, &root_len);
	if (seal_cur_error(&c) != 0)
		return bad(diag, "it has fewer than three lines");
	if (!seal_name_valid(origin, origin_len) ||
	    origin_len > SEAL_NAME_MAX_BYTES)
		return bad(diag, "the origin line is not a key name");
	if (seal_dec_decode(size, size_len, SEAL_U63_MAX, &cp.size) != 0)
		return bad(diag, "the size line is not a number below 2^63");
	if (seal_base64_decode_exact(root, root_len, cp.root.b,
				     SEAL_HASH_BYTES) != 0)
		return bad(diag, "the root line is not the base64 of a hash");
	if (cp.size == 0 && memcmp(cp.root.b, empty_root, SEAL_HASH_BYTES) != 0)
		return bad(diag, "size 0 with a root not of the empty tree");
	while (c.left) {
		line = seal_cur_line(&c, &line_len);
		if (!line || line_len == 0)
			return bad(diag, "an empty or unfinished line");
		cp.extension_lines++;
	}
	memcpy(cp.origin, origin, origin_len);
	*ret_cp = cp;
	return 0;
}

int seal_checkpoint_parse_note(const void *data, size_t len,
			       struct seal_note *ret_note,
			       struct seal_checkpoint *ret_cp,
			       struct seal_diag *diag)
{
	struct seal_note note;
	int err;

	err = seal_note_parse(data, len, &note, diag);
	if (!err)
		err = seal_checkpoint_parse(note.text, note.text_len, ret_cp,
					    diag);
	if (!err)
		*ret_note = note;
	return err;
}

static bool ours(const struct seal_checkpoint *cp)
{
	size_t len = strnlen(cp->origin, sizeof(cp->origin));

	return len <= SEAL_NAME_MAX_BYTES && seal_name_valid(cp->origin, len) &&
	       cp->size <= SEAL_U63_MAX && cp->extension_lines == 0;
}

void seal_checkpoint_put(struct seal_buf *b, const struct seal_checkpoint *cp)
{
	if (!ours(cp)) {
		seal_buf_fail(b, SEAL_E_ARG);
		return;
	}
	seal_buf_put_str(b, cp->origin);
	seal_buf_put_u8(b, '\n');
	seal_buf_put_dec(b, cp->size);
	seal_buf_put_u8(b, '\n');
	seal_buf_put_base64(b, cp->root.b, SEAL_HASH_BYTES);
	seal_buf_put_u8(b, '\n');
}

int seal_checkpoint_init(struct seal_checkpoint *ret_cp, const char *origin,
			 uint64_t size, const struct seal_hash *root)
{
	struct seal_checkpoint cp = {.size = size, .root = *root};
	size_t len = strlen(origin);

	if (!seal_name_valid(origin, len) || len > SEAL_NAME_MAX_BYTES ||
	    size > SEAL_U63_MAX)
		return SEAL_E_ARG;
	memcpy(cp.origin, origin, len);
	*ret_cp = cp;
	return 0;
}

/* On the stack: a checkpoint is signed at every commit. */
static int put_text(const struct seal_checkpoint *cp, struct seal_buf *b,
		    uint8_t mem[SEAL_CHECKPOINT_TEXT_MAX_BYTES])
{
	seal_buf_init_fixed(b, mem, SEAL_CHECKPOINT_TEXT_MAX_BYTES);
	seal_checkpoint_put(b, cp);
	return seal_buf_error(b);
}

int seal_checkpoint_sign(const struct seal_checkpoint *cp,
			 const struct seal_key *key,
			 uint8_t ret_sig[SEAL_SIG_BYTES])
{
	uint8_t mem[SEAL_CHECKPOINT_TEXT_MAX_BYTES];
	struct seal_buf b;
	int err;

	err = put_text(cp, &b, mem);
	return err ? err : seal_key_sign(key, b.data, b.len, ret_sig);
}

int seal_checkpoint_verify(const struct seal_checkpoint *cp,
			   const struct seal_pub *pub,
			   const uint8_t sig[SEAL_SIG_BYTES])
{
	uint8_t mem[SEAL_CHECKPOINT_TEXT_MAX_BYTES];
	struct seal_buf b;
	int err;

	err = put_text(cp, &b, mem);
	return err ? err : seal_pub_verify(pub, b.data, b.len, sig);
}

/* The key name of a line: origin and a suffix. */
static int line_name(const struct seal_checkpoint *cp, const char *suffix,
		     char ret_name[SEAL_NAME_MAX_BYTES + 1])
{
	size_t len = strlen(cp->origin), n = strlen(suffix);

	if (len + n > SEAL_NAME_MAX_BYTES)
		return SEAL_E_ARG;
	memcpy(ret_name, cp->origin, len);
	memcpy(ret_name + len, suffix, n + 1);
	return 0;
}

void seal_checkpoint_put_note(struct seal_buf *b,
			      const struct seal_checkpoint *cp,
			      const struct seal_sig_line *host,
			      const struct seal_sig_line *seal)
{
	char name[SEAL_NAME_MAX_BYTES + 1];

	if (seal && line_name(cp, SEAL_EPOCH_SUFFIX, name)) {
		seal_buf_fail(b, SEAL_E_ARG);
		return;
	}
	seal_checkpoint_put(b, cp);
	seal_buf_put_u8(b, '\n');
	seal_note_put_sig(b, cp->origin, host->id, host->sig, SEAL_SIG_BYTES);
	if (seal)
		seal_note_put_sig(b, name, seal->id, seal->sig, SEAL_SIG_BYTES);
}

static int sign_line(const struct seal_checkpoint *cp, const char *suffix,
		     const struct seal_key *key, struct seal_sig_line *ret_line)
{
	char name[SEAL_NAME_MAX_BYTES + 1];
	int err;

	err = line_name(cp, suffix, name);
	if (err)
		return err;
	err = seal_key_id(name, strlen(name), SEAL_KEY_ED25519,
			  seal_pub_bytes(seal_key_public(key)), &ret_line->id);
	return err ? err : seal_checkpoint_sign(cp, key, ret_line->sig);
}

int seal_checkpoint_put_signed(struct seal_buf *b,
			       const struct seal_checkpoint *cp,
			       const struct seal_key *host,
			       const struct seal_key *epoch)
{
	struct seal_sig_line host_line, seal_line;
	int err;

	err = sign_line(cp, "", host, &host_line);
	if (!err && epoch)
		err = sign_line(cp, SEAL_EPOCH_SUFFIX, epoch, &seal_line);
	if (err)
		return err;
	seal_checkpoint_put_note(b, cp, &host_line, epoch ? &seal_line : NULL);
	return seal_buf_error(b);
}

void seal_cosig_put_message(struct seal_buf *b, uint64_t time_s,
			    const void *text, size_t text_len)
{
	if (time_s > SEAL_U63_MAX) {
		seal_buf_fail(b, SEAL_E_RANGE);
		return;
	}
	seal_buf_put_str(b, "cosignature/v1\ntime ");
	seal_buf_put_dec(b, time_s);
	seal_buf_put_u8(b, '\n');
	seal_buf_put(b, text, text_len);
}

int seal_cosig_sign(struct seal_buf *b, const void *text, size_t text_len,
		    uint64_t time_s, const struct seal_vkey *vkey,
		    const struct seal_key *key)
{
	uint8_t sig[SEAL_COSIG_BYTES];
	struct seal_buf message = SEAL_BUF_INIT, head;
	int err;

	if (vkey->type != SEAL_KEY_COSIGNATURE)
		return SEAL_E_ARG;
	seal_buf_init_fixed(&head, sig, 8);
	seal_buf_put_u64(&head, time_s);
	seal_cosig_put_message(&message, time_s, text, text_len);
	err = seal_buf_error(&message);
	if (!err)
		err = seal_key_sign(key, message.data, message.len, sig + 8);
	seal_buf_fini(&message);
	if (err)
		return err;
	seal_note_put_sig(b, vkey->name, vkey->id, sig, sizeof(sig));
	return seal_buf_error(b);
}

static int verify_line(const struct seal_note *note,
		       const struct seal_note_sig *line,
		       const struct seal_vkey *vkey, uint64_t *ret_time_s)
{
	struct seal_buf message = SEAL_BUF_INIT;
	uint8_t sig[SEAL_COSIG_BYTES];
	uint64_t time_s;
	struct seal_cur c;
	int err;

	err = seal_note_sig_bytes(line, sig, sizeof(sig));
	if (err)
		return err;
	seal_cur_init(&c, sig, 8);
	time_s = seal_cur_u64(&c);
	if (time_s > SEAL_U63_MAX)
		return SEAL_E_SIG;
	seal_cosig_put_message(&message, time_s, note->text, note->text_len);
	err = seal_buf_error(&message);
	if (!err)
		err = seal_pub_verify(vkey->pub, message.data, message.len,
				      sig + 8);
	seal_buf_fini(&message);
	if (!err)
		*ret_time_s = time_s;
	return err;
}

int seal_cosig_verify(const struct seal_note *note,
		      const struct seal_vkey *vkey, uint64_t *ret_time_s,
		      struct seal_diag *diag)
{
	uint64_t time_s, newest_s = 0;
	size_t i, found = 0;
	int err;

	if (vkey->type != SEAL_KEY_COSIGNATURE)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "%s is not a cosigner's key", vkey->name);
	for (i = seal_note_find(note, vkey, 0); i < note->sig_count;
	     i = seal_note_find(note, vkey, i + 1)) {
		err = verify_line(note, &note->sigs[i], vkey, &time_s);
		if (err)
			return seal_diag_set(diag, err,
					     "the cosignature of %s: %s",
					     vkey->name, seal_strerror(err));
		if (time_s > newest_s)
			newest_s = time_s;
		found++;
	}
	if (found == 0)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "no cosignature of %s+%08x", vkey->name,
				     vkey->id);
	if (ret_time_s)
		*ret_time_s = newest_s;
	return 0;
}
