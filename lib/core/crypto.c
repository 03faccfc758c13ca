/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one file that includes libgcrypt.  Nothing reaches its Ed25519 code that
 * the rules of docs/spec/note.md refuse: libgcrypt 1.10 calls abort() for
 * points with a coordinate below 2^192, takes points that are not on the curve,
 * and takes S >= L.
 */
#include "core/crypto.h"

#include <stdlib.h>
#include <string.h>

#include <gcrypt.h>

#include "core/crypto_check.h"
#include "core/ed25519.h"
#include "core/err.h"

#define GCRYPT_NEEDED "1.10.0"

/* Seeds and the scratch of one signature a thread: a few pages. */
#define SECURE_POOL_BYTES 65536

struct seal_pub {
	uint8_t bytes[SEAL_PUB_BYTES];
	gcry_sexp_t sexp;
};

/* In libgcrypt's secure memory, all of it. */
struct seal_key {
	uint8_t seed[SEAL_SEED_BYTES];
	gcry_sexp_t sexp;
	struct seal_pub *pub;
};

struct seal_sha256_ctx {
	gcry_md_hd_t md;
};

static int map_error(gcry_error_t gerr)
{
	if (!gerr)
		return 0;
	return gcry_err_code(gerr) == GPG_ERR_ENOMEM ? SEAL_E_NOMEM
						     : SEAL_E_CRYPTO;
}

/* --- SHA-256 --- */

int seal_sha256_parts(const struct seal_part *parts, size_t n,
		      struct seal_hash *ret_hash)
{
	gcry_buffer_t iov[SEAL_PARTS_MAX];
	struct seal_hash hash;
	int err;

	if (n > SEAL_PARTS_MAX)
		return SEAL_E_ARG;
	memset(iov, 0, sizeof(iov));
	for (size_t i = 0; i < n; i++) {
		iov[i].len = parts[i].len;
		iov[i].data = (void *)parts[i].base;
	}
	err = map_error(
		gcry_md_hash_buffers(GCRY_MD_SHA256, 0, hash.b, iov, (int)n));
	if (err)
		return err;
	*ret_hash = hash;
	return 0;
}

int seal_sha256(const void *data, size_t len, struct seal_hash *ret_hash)
{
	const struct seal_part part = {.base = data, .len = len};

	return seal_sha256_parts(&part, 1, ret_hash);
}

int seal_sha256_prefixed(uint8_t prefix, const void *data, size_t len,
			 struct seal_hash *ret_hash)
{
	const struct seal_part parts[2] = {
		{.base = &prefix, .len = 1},
		{.base = data, .len = len},
	};

	return seal_sha256_parts(parts, 2, ret_hash);
}

int seal_sha256_new(struct seal_sha256_ctx **ret_ctx)
{
	struct seal_sha256_ctx *ctx;
	int err;

	ctx = calloc(1, sizeof(*ctx));
	if (!ctx)
		return SEAL_E_NOMEM;
	err = map_error(gcry_md_open(&ctx->md, GCRY_MD_SHA256, 0));
	if (err) {
		free(ctx);
		return err;
	}
	*ret_ctx = ctx;
	return 0;
}

void seal_sha256_update(struct seal_sha256_ctx *ctx, const void *data,
			size_t len)
{
	if (len)
		gcry_md_write(ctx->md, data, len);
}

int seal_sha256_final(struct seal_sha256_ctx *ctx, struct seal_hash *ret_hash)
{
	const uint8_t *hash = gcry_md_read(ctx->md, GCRY_MD_SHA256);

	if (!hash)
		return SEAL_E_CRYPTO;
	memcpy(ret_hash->b, hash, SEAL_HASH_BYTES);
	gcry_md_reset(ctx->md);
	return 0;
}

void seal_sha256_free(struct seal_sha256_ctx *ctx)
{
	if (!ctx)
		return;
	gcry_md_close(ctx->md);
	free(ctx);
}

bool seal_hash_equal(const struct seal_hash *a, const struct seal_hash *b)
{
	return memcmp(a->b, b->b, SEAL_HASH_BYTES) == 0;
}

/* --- Ed25519: what is accepted --- */

/*
 * What the point decides: it is on the curve (decoding does not say so), and x
 * is long enough, which comes first because testing a short one aborts.
 */
static int point_check(gcry_ctx_t curve, gcry_mpi_t value,
		       gcry_mpi_point_t point, gcry_mpi_t x)
{
	gcry_error_t gerr = gcry_mpi_ec_decode_point(point, value, curve);

	if (gcry_err_code(gerr) == GPG_ERR_ENOMEM)
		return SEAL_E_NOMEM;
	if (gerr || gcry_mpi_ec_get_affine(x, NULL, point, curve) ||
	    gcry_mpi_get_nbits(x) < 193 ||
	    !gcry_mpi_ec_curve_point(point, curve))
		return SEAL_E_KEY;
	return 0;
}

static int pub_point_check(const uint8_t bytes[SEAL_PUB_BYTES])
{
	gcry_ctx_t curve = NULL;
	gcry_mpi_point_t point;
	gcry_mpi_t value, x;
	int err;

	err = map_error(gcry_mpi_ec_new(&curve, NULL, "Ed25519"));
	if (err)
		return err;
	value = gcry_mpi_set_opaque_copy(NULL, bytes, 8 * SEAL_PUB_BYTES);
	point = gcry_mpi_point_new(0);
	x = gcry_mpi_new(0);
	err = value && point && x ? point_check(curve, value, point, x)
				  : SEAL_E_NOMEM;
	gcry_mpi_release(x);
	gcry_mpi_point_release(point);
	gcry_mpi_release(value);
	gcry_ctx_release(curve);
	return err;
}

/* For bytes that were accepted before. */
static int pub_make(const uint8_t bytes[SEAL_PUB_BYTES],
		    struct seal_pub **ret_pub)
{
	struct seal_pub *pub;
	int err;

	pub = calloc(1, sizeof(*pub));
	if (!pub)
		return SEAL_E_NOMEM;
	memcpy(pub->bytes, bytes, SEAL_PUB_BYTES);
	err = map_error(gcry_sexp_build(
		&pub->sexp, NULL,
		"(public-key(ecc(curve Ed25519)(flags eddsa)(q %b)))",
		SEAL_PUB_BYTES, bytes));
	if (err) {
		free(pub);
		return err;
	}
	*ret_pub = pub;
	return 0;
}

int seal_pub_new(const uint8_t bytes[SEAL_PUB_BYTES], struct seal_pub **ret_pub)
{
	int err;

	if (!seal_ed25519_pub_ok(bytes))
		return SEAL_E_KEY;
	err = pub_point_check(bytes);
	if (err)
		return err;
	return pub_make(bytes, ret_pub);
}

struct seal_pub *seal_pub_clone(const struct seal_pub *pub)
{
	struct seal_pub *clone = NULL;

	return pub_make(pub->bytes, &clone) ? NULL : clone;
}

void seal_pub_free(struct seal_pub *pub)
{
	if (!pub)
		return;
	gcry_sexp_release(pub->sexp);
	free(pub);
}

const uint8_t *seal_pub_bytes(const struct seal_pub *pub)
{
	return pub->bytes;
}

bool seal_pub_equal(const struct seal_pub *a, const struct seal_pub *b)
{
	return memcmp(a->bytes, b->bytes, SEAL_PUB_BYTES) == 0;
}

/* The message as libgcrypt wants it. */
static int build_data(const void *msg, size_t len, gcry_sexp_t *ret_data)
{
	if (len > INT32_MAX)
		return SEAL_E_TOOBIG;
	return map_error(gcry_sexp_build(
		ret_data, NULL,
		"(data(flags eddsa)(hash-algo sha512)(value %b))", (int)len,
		len ? msg : ""));
}

int seal_pub_verify(const struct seal_pub *pub, const void *msg, size_t len,
		    const uint8_t sig[SEAL_SIG_BYTES])
{
	gcry_sexp_t s_sig = NULL, s_data = NULL;
	gcry_error_t gerr;
	int err;

	if (!seal_ed25519_s_ok(sig + 32))
		return SEAL_E_SIG;
	err = build_data(msg, len, &s_data);
	if (err)
		return err;
	err = map_error(gcry_sexp_build(&s_sig, NULL,
					"(sig-val(eddsa(r %b)(s %b)))", 32, sig,
					32, sig + 32));
	if (err)
		goto out;
	gerr = gcry_pk_verify(s_sig, s_data, pub->sexp);
	if (gcry_err_code(gerr) == GPG_ERR_BAD_SIGNATURE)
		err = SEAL_E_SIG;
	else
		err = map_error(gerr);
out:
	gcry_sexp_release(s_sig);
	gcry_sexp_release(s_data);
	return err;
}

/* --- private keys --- */

/* The public key of a seed, as bytes; not checked. */
static int public_bytes(const uint8_t *seed, uint8_t ret_bytes[SEAL_PUB_BYTES])
{
	gcry_sexp_t sexp = NULL;
	gcry_ctx_t curve = NULL;
	gcry_mpi_t q = NULL;
	unsigned bits = 0;
	const void *opaque;
	int err;

	err = map_error(gcry_sexp_build(
		&sexp, NULL,
		"(private-key(ecc(curve Ed25519)(flags eddsa)(d %b)))",
		SEAL_SEED_BYTES, seed));
	if (err)
		return err;
	err = map_error(gcry_mpi_ec_new(&curve, sexp, NULL));
	if (err)
		goto out;
	q = gcry_mpi_ec_get_mpi("q@eddsa", curve, 1);
	opaque = q ? gcry_mpi_get_opaque(q, &bits) : NULL;
	if (!opaque || bits != 8 * SEAL_PUB_BYTES)
		err = SEAL_E_CRYPTO;
	else
		memcpy(ret_bytes, opaque, SEAL_PUB_BYTES);
out:
	gcry_mpi_release(q);
	gcry_ctx_release(curve);
	gcry_sexp_release(sexp);
	return err;
}

/* key->seed is set. */
static int key_complete(struct seal_key *key)
{
	uint8_t bytes[SEAL_PUB_BYTES];
	int err;

	err = public_bytes(key->seed, bytes);
	if (err)
		return err;
	err = seal_pub_new(bytes, &key->pub);
	if (err)
		return err;
	return map_error(gcry_sexp_build(
		&key->sexp, NULL,
		"(private-key(ecc(curve Ed25519)(flags eddsa)(q %b)(d %b)))",
		SEAL_PUB_BYTES, bytes, SEAL_SEED_BYTES, key->seed));
}

int seal_key_generate(enum seal_key_kind kind, struct seal_key **ret_key)
{
	/* The levels that gcry_pk_genkey itself takes for the two kinds. */
	enum gcry_random_level level = kind == SEAL_KEY_TRANSIENT
					       ? GCRY_STRONG_RANDOM
					       : GCRY_VERY_STRONG_RANDOM;
	struct seal_key *key;
	int err;

	key = gcry_calloc_secure(1, sizeof(*key));
	if (!key)
		return SEAL_E_NOMEM;
	gcry_randomize(key->seed, SEAL_SEED_BYTES, level);
	err = key_complete(key);
	if (err) {
		seal_key_free(key);
		return err;
	}
	*ret_key = key;
	return 0;
}

int seal_key_from_seed(const uint8_t seed[SEAL_SEED_BYTES],
		       struct seal_key **ret_key)
{
	struct seal_key *key;
	int err;

	key = gcry_calloc_secure(1, sizeof(*key));
	if (!key)
		return SEAL_E_NOMEM;
	memcpy(key->seed, seed, SEAL_SEED_BYTES);
	err = key_complete(key);
	if (err) {
		seal_key_free(key);
		return err;
	}
	*ret_key = key;
	return 0;
}

void seal_key_seed(const struct seal_key *key,
		   uint8_t ret_seed[SEAL_SEED_BYTES])
{
	memcpy(ret_seed, key->seed, SEAL_SEED_BYTES);
}

const struct seal_pub *seal_key_public(const struct seal_key *key)
{
	return key->pub;
}

/* One 32-byte half of a signature. */
static bool sexp_copy(gcry_sexp_t sexp, const char *token, uint8_t *ret_half)
{
	gcry_sexp_t part = gcry_sexp_find_token(sexp, token, 0);
	const char *data = NULL;
	size_t len = 0;

	if (part)
		data = gcry_sexp_nth_data(part, 1, &len);
	if (data && len == 32)
		memcpy(ret_half, data, 32);
	gcry_sexp_release(part);
	return data && len == 32;
}

int seal_key_sign(const struct seal_key *key, const void *msg, size_t len,
		  uint8_t ret_sig[SEAL_SIG_BYTES])
{
	gcry_sexp_t s_data = NULL, s_sig = NULL;
	uint8_t sig[SEAL_SIG_BYTES];
	int err;

	err = build_data(msg, len, &s_data);
	if (err)
		return err;
	err = map_error(gcry_pk_sign(&s_sig, s_data, key->sexp));
	if (err)
		goto out;
	if (!sexp_copy(s_sig, "r", sig) || !sexp_copy(s_sig, "s", sig + 32))
		err = SEAL_E_CRYPTO;
	else
		memcpy(ret_sig, sig, SEAL_SIG_BYTES);
out:
	gcry_sexp_release(s_sig);
	gcry_sexp_release(s_data);
	return err;
}

void seal_key_free(struct seal_key *key)
{
	if (!key)
		return;
	seal_pub_free(key->pub);
	gcry_sexp_release(key->sexp); /* secure memory: wiped by libgcrypt */
	seal_wipe(key, sizeof(*key));
	gcry_free(key);
}

/* --- the rest --- */

int seal_random(void *ret_bytes, size_t len)
{
	if (len)
		gcry_randomize(ret_bytes, len, GCRY_STRONG_RANDOM);
	return 0;
}

void seal_wipe(void *mem, size_t len)
{
	if (len)
		explicit_bzero(mem, len);
}

bool seal_ct_equal(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *pa = a, *pb = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < len; i++)
		diff |= pa[i] ^ pb[i];
	return diff == 0;
}

/* --- start --- */

/* The first use of libgcrypt in this process is ours. */
static int library_init(struct seal_diag *diag)
{
	gcry_error_t gerr;

	/* No notice on stderr where memory cannot be locked, no change of user.
	 */
	gcry_control(GCRYCTL_DISABLE_SECMEM_WARN);
	gcry_control(GCRYCTL_DISABLE_PRIV_DROP);
	gerr = gcry_control(GCRYCTL_INIT_SECMEM, SECURE_POOL_BYTES, 0);
	if (gerr && gcry_err_code(gerr) != GPG_ERR_GENERAL)
		return seal_diag_set(diag, SEAL_E_CRYPTO,
				     "libgcrypt has no secure memory: %s",
				     gcry_strerror(gerr));
	gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
	return 0;
}

int seal_crypto_init(struct seal_diag *diag)
{
	int err;

	if (!gcry_check_version(GCRYPT_NEEDED))
		return seal_diag_set(
			diag, SEAL_E_CRYPTO,
			"libgcrypt %s is too old: install %s or newer",
			gcry_check_version(NULL), GCRYPT_NEEDED);
	if (!gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P)) {
		err = library_init(diag);
		if (err)
			return err;
	}
	err = seal_crypto_self_check();
	if (err)
		return seal_diag_set(diag, err,
				     "libgcrypt %s fails a known test of "
				     "SHA-256 or Ed25519: %s",
				     gcry_check_version(NULL),
				     seal_strerror(err));
	return 0;
}
