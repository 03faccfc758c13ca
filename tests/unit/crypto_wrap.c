/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of test_crypto: each call of crypto.c into libgcrypt that can fail for want
 * of memory counts as an allocation of oom.h, and fails when it is its turn;
 * what libgcrypt gave and what it got back must be in balance.
 */
#include <stdarg.h>
#include <string.h>

#include <gcrypt.h>

#include "tests/lib/oom.h"

#define BUILD_ARGS_MAX 4

/* A function that makes an object through its first argument. */
#define MAKES(name, params, args)                          \
	gcry_error_t __real_##name params;                 \
	gcry_error_t __wrap_##name params;                 \
	gcry_error_t __wrap_##name params                  \
	{                                                  \
		gcry_error_t gerr;                         \
                                                           \
		if (oom_hit())                             \
			return gcry_error(GPG_ERR_ENOMEM); \
		gerr = __real_##name args;                 \
		oom_count(!gerr);                          \
		return gerr;                               \
	}

/* One that returns an object, or NULL. */
#define RETURNS(type, name, params, args)                          \
	type __real_##name params;                                 \
	type __wrap_##name params;                                 \
	type __wrap_##name params                                  \
	{                                                          \
		type made = oom_hit() ? NULL : __real_##name args; \
                                                                   \
		oom_count(made != NULL);                           \
		return made;                                       \
	}

/* One that only works. */
#define WORKS(name, params, args)                             \
	gcry_error_t __real_##name params;                    \
	gcry_error_t __wrap_##name params;                    \
	gcry_error_t __wrap_##name params                     \
	{                                                     \
		return oom_hit() ? gcry_error(GPG_ERR_ENOMEM) \
				 : __real_##name args;        \
	}

#define RELEASES(name, type)             \
	void __real_##name(type object); \
	void __wrap_##name(type object); \
	void __wrap_##name(type object)  \
	{                                \
		if (object)              \
			oom_count(-1);   \
		__real_##name(object);   \
	}

MAKES(gcry_md_open, (gcry_md_hd_t * ret, int algo, unsigned flags),
      (ret, algo, flags))
MAKES(gcry_mpi_ec_new, (gcry_ctx_t * ret, gcry_sexp_t key, const char *curve),
      (ret, key, curve))
MAKES(gcry_pk_sign, (gcry_sexp_t * ret, gcry_sexp_t data, gcry_sexp_t key),
      (ret, data, key))
WORKS(gcry_pk_verify, (gcry_sexp_t sig, gcry_sexp_t data, gcry_sexp_t key),
      (sig, data, key))
WORKS(gcry_mpi_ec_decode_point,
      (gcry_mpi_point_t ret, gcry_mpi_t value, gcry_ctx_t ctx),
      (ret, value, ctx))
WORKS(gcry_md_hash_buffers,
      (int algo, unsigned flags, void *digest, const gcry_buffer_t *iov, int n),
      (algo, flags, digest, iov, n))
RETURNS(void *, gcry_calloc_secure, (size_t n, size_t size), (n, size))
RETURNS(gcry_mpi_t, gcry_mpi_new, (unsigned bits), (bits))
RETURNS(gcry_mpi_point_t, gcry_mpi_point_new, (unsigned bits), (bits))
RETURNS(gcry_mpi_t, gcry_mpi_set_opaque_copy,
	(gcry_mpi_t a, const void *p, unsigned bits), (a, p, bits))
RELEASES(gcry_free, void *)
RELEASES(gcry_md_close, gcry_md_hd_t)
RELEASES(gcry_ctx_release, gcry_ctx_t)
RELEASES(gcry_sexp_release, gcry_sexp_t)
RELEASES(gcry_mpi_release, gcry_mpi_t)
RELEASES(gcry_mpi_point_release, gcry_mpi_point_t)

/* These give CRYPTO when they fail, as they fail for other reasons too. */
gcry_sexp_t __real_gcry_sexp_find_token(gcry_sexp_t list, const char *token,
					size_t len);
gcry_sexp_t __wrap_gcry_sexp_find_token(gcry_sexp_t list, const char *token,
					size_t len);
gcry_sexp_t __wrap_gcry_sexp_find_token(gcry_sexp_t list, const char *token,
					size_t len)
{
	gcry_sexp_t made = __real_gcry_sexp_find_token(list, token, len);

	oom_count(made != NULL);
	return made;
}

gcry_mpi_t __real_gcry_mpi_ec_get_mpi(const char *name, gcry_ctx_t ctx,
				      int copy);
gcry_mpi_t __wrap_gcry_mpi_ec_get_mpi(const char *name, gcry_ctx_t ctx,
				      int copy);
gcry_mpi_t __wrap_gcry_mpi_ec_get_mpi(const char *name, gcry_ctx_t ctx,
				      int copy)
{
	gcry_mpi_t made = __real_gcry_mpi_ec_get_mpi(name, ctx, copy);

	oom_count(made != NULL);
	return made;
}

gcry_error_t __wrap_gcry_sexp_build(gcry_sexp_t *ret, size_t *off,
				    const char *fmt, ...);

/* Knows %b alone, which is all that crypto.c uses. */
gcry_error_t __wrap_gcry_sexp_build(gcry_sexp_t *ret, size_t *off,
				    const char *fmt, ...)
{
	int len[BUILD_ARGS_MAX];
	const char *data[BUILD_ARGS_MAX];
	void *args[2 * BUILD_ARGS_MAX];
	const char *at = fmt;
	gcry_error_t gerr;
	va_list ap;

	if (oom_hit())
		return gcry_error(GPG_ERR_ENOMEM);
	va_start(ap, fmt);
	for (int i = 0; (at = strstr(at, "%b")) && i < BUILD_ARGS_MAX; i++) {
		len[i] = va_arg(ap, int);
		data[i] = va_arg(ap, const char *);
		args[2 * i] = &len[i];
		args[2 * i + 1] = &data[i];
		at += 2;
	}
	va_end(ap);
	gerr = gcry_sexp_build_array(ret, off, fmt, args);
	oom_count(!gerr);
	return gerr;
}
