/* SPDX-License-Identifier: Apache-2.0 */
/* Key names, key IDs, vkeys, origins: see key.h. */
#include "core/key.h"

#include <string.h>

#include "core/text.h"

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_alnum(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool host_char(char c)
{
	return is_lower(c) || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

static bool path_char(char c)
{
	return is_alnum(c) || c == '.' || c == '_' || c == '-';
}

/* [a-z0-9.-]+(/[A-Za-z0-9._-]+)+ */
static bool origin_shape(const char *origin, size_t len)
{
	size_t i, part = 0, slashes = 0;

	for (i = 0; i < len; i++) {
		if (origin[i] == '/') {
			if (part == 0)
				return false;
			slashes++;
			part = 0;
			continue;
		}
		if (slashes ? !path_char(origin[i]) : !host_char(origin[i]))
			return false;
		part++;
	}
	return slashes > 0 && part > 0;
}

static bool begins(const char *s, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && memcmp(s, with, n) == 0;
}

static bool ends(const char *s, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && memcmp(s + len - n, with, n) == 0;
}

int seal_origin_check(const char *origin, size_t len, struct seal_diag *diag)
{
	if (len > SEAL_ORIGIN_MAX_BYTES)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the origin has %zu bytes, at most %d are "
				     "allowed",
				     len, SEAL_ORIGIN_MAX_BYTES);
	if (!origin_shape(origin, len))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the origin is not of the form "
				     "host.name/part: a name of a-z 0-9 . - "
				     "and one or more parts of "
				     "A-Z a-z 0-9 . _ -, such as "
				     "web01.example.com/audit");
	if (begins(origin, len, "auditseal/") ||
	    begins(origin, len, "cosignature/"))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the origin begins with a reserved word: "
				     "begin it with the host's name");
	if (ends(origin, len, SEAL_EPOCH_SUFFIX))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the origin ends in \"" SEAL_EPOCH_SUFFIX
				     "\", which names epoch keys: choose "
				     "another last part");
	return 0;
}

/* As Go's unicode.IsSpace, which the specification is written after. */
static bool is_space(uint32_t c)
{
	return c == 0x20 || c == 0x85 || c == 0xa0 || c == 0x1680 ||
	       (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 ||
	       c == 0x202f || c == 0x205f || c == 0x3000;
}

bool seal_name_valid(const char *name, size_t len)
{
	uint32_t c;
	size_t n;

	if (len == 0)
		return false;
	for (; len; name += n, len -= n) {
		n = seal_utf8_next(name, len, &c);
		if (n == 0 || c < 0x20 || c == '+' || is_space(c))
			return false;
	}
	return true;
}

int seal_key_id(const char *name, size_t name_len, uint8_t type,
		const uint8_t pub[SEAL_PUB_BYTES], uint32_t *ret_id)
{
	const uint8_t sep[2] = {'\n', type};
	const struct seal_part parts[] = {
		{name, name_len}, {sep, sizeof(sep)}, {pub, SEAL_PUB_BYTES}};
	struct seal_hash hash;
	int err;

	err = seal_sha256_parts(parts, 3, &hash);
	if (err)
		return err;
	*ret_id = (uint32_t)hash.b[0] << 24 | (uint32_t)hash.b[1] << 16 |
		  (uint32_t)hash.b[2] << 8 | hash.b[3];
	return 0;
}

static int init(struct seal_vkey *ret_vkey, const char *name, size_t name_len,
		uint8_t type, const struct seal_pub *pub,
		struct seal_diag *diag)
{
	struct seal_vkey vkey = {.type = type};
	int err;

	if (!seal_name_valid(name, name_len) || name_len > SEAL_NAME_MAX_BYTES)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "not a key name: it has 1 to %d bytes and "
				     "no space, '+' or control character",
				     SEAL_NAME_MAX_BYTES);
	if (type != SEAL_KEY_ED25519 && type != SEAL_KEY_COSIGNATURE)
		return seal_diag_set(diag, SEAL_E_UNKNOWN,
				     "key type 0x%02x is not known here", type);
	memcpy(vkey.name, name, name_len);
	err = seal_key_id(name, name_len, type, seal_pub_bytes(pub), &vkey.id);
	if (err)
		return seal_diag_set(diag, err,
				     "the key ID of %s cannot be made",
				     vkey.name);
	vkey.pub = seal_pub_clone(pub);
	if (!vkey.pub)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	*ret_vkey = vkey;
	return 0;
}

int seal_vkey_init(struct seal_vkey *ret_vkey, const char *name, uint8_t type,
		   const struct seal_pub *pub, struct seal_diag *diag)
{
	return init(ret_vkey, name, strlen(name), type, pub, diag);
}

int seal_vkey_init_epoch(struct seal_vkey *ret_vkey, const char *origin,
			 const struct seal_pub *pub, struct seal_diag *diag)
{
	char name[SEAL_NAME_MAX_BYTES + 1];
	size_t len = strlen(origin);

	if (len > SEAL_ORIGIN_MAX_BYTES)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the origin is too long");
	memcpy(name, origin, len);
	memcpy(name + len, SEAL_EPOCH_SUFFIX, sizeof(SEAL_EPOCH_SUFFIX));
	return seal_vkey_init(ret_vkey, name, SEAL_KEY_ED25519, pub, diag);
}

static int parse_id(const char *text, size_t len, uint32_t *ret_id)
{
	uint8_t b[4];

	if (seal_hex_decode(text, len, b, sizeof(b)) != 0)
		return SEAL_E_FORMAT;
	*ret_id = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
		  (uint32_t)b[2] << 8 | b[3];
	return 0;
}

/* Type and key from the last part; other types may have other lengths. */
static int parse_material(const char *text, size_t len, uint8_t *ret_type,
			  struct seal_pub **ret_pub, struct seal_diag *diag)
{
	uint8_t material[1 + SEAL_PUB_BYTES];
	uint8_t first[3];
	int err;

	if (len < 4 || seal_base64_decode(text, len, NULL, 0, NULL) ||
	    seal_base64_decode(text, 4, first, sizeof(first), NULL))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the key behind the second '+' is not "
				     "base64");
	if (first[0] != SEAL_KEY_ED25519 && first[0] != SEAL_KEY_COSIGNATURE)
		return seal_diag_set(diag, SEAL_E_UNKNOWN,
				     "key type 0x%02x is not known here: "
				     "Ed25519 (0x01) and its cosignatures "
				     "(0x04) are",
				     first[0]);
	if (seal_base64_decode_exact(text, len, material, sizeof(material)) !=
	    0)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "an Ed25519 key has 32 bytes, this one "
				     "has not");
	err = seal_pub_new(material + 1, ret_pub);
	if (err)
		return seal_diag_set(diag, err,
				     "the key behind the second '+': %s",
				     seal_strerror(err));
	*ret_type = material[0];
	return 0;
}

int seal_vkey_parse(const char *text, size_t len, struct seal_vkey *ret_vkey,
		    struct seal_diag *diag)
{
	const char *plus, *plus2, *end = text + len;
	struct seal_vkey vkey = {0};
	struct seal_pub *pub = NULL;
	uint32_t id;
	uint8_t type = 0;
	int err;

	plus = memchr(text, '+', len);
	plus2 = plus ? memchr(plus + 1, '+', (size_t)(end - plus - 1)) : NULL;
	if (!plus2 || parse_id(plus + 1, (size_t)(plus2 - plus - 1), &id) != 0)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "not a verifier key: it has the form "
				     "name+8 hex digits+base64");
	err = parse_material(plus2 + 1, (size_t)(end - plus2 - 1), &type, &pub,
			     diag);
	if (err)
		return err;
	err = init(&vkey, text, (size_t)(plus - text), type, pub, diag);
	seal_pub_free(pub);
	if (err)
		return err;
	if (vkey.id != id) {
		seal_vkey_fini(&vkey);
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the key ID %08x is not that of name and "
				     "key: the verifier key was changed or "
				     "mistyped",
				     id);
	}
	*ret_vkey = vkey;
	return 0;
}

void seal_vkey_put(struct seal_buf *b, const struct seal_vkey *vkey)
{
	uint8_t material[1 + SEAL_PUB_BYTES];

	material[0] = vkey->type;
	memcpy(material + 1, seal_pub_bytes(vkey->pub), SEAL_PUB_BYTES);
	seal_buf_putf(b, "%s+%08x+", vkey->name, vkey->id);
	seal_buf_put_base64(b, material, sizeof(material));
}

int seal_vkey_copy(const struct seal_vkey *vkey, struct seal_vkey *ret_copy)
{
	struct seal_vkey copy = *vkey;

	copy.pub = seal_pub_clone(vkey->pub);
	if (!copy.pub)
		return SEAL_E_NOMEM;
	*ret_copy = copy;
	return 0;
}

void seal_vkey_fini(struct seal_vkey *vkey)
{
	seal_pub_free(vkey->pub);
	memset(vkey, 0, sizeof(*vkey));
}
