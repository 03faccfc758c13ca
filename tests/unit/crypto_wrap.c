/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Of test_crypto: each call of crypto.c into libgcrypt that can fail for want
 * of memory counts as an allocation of oom.h, and fails when it is its turn.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include <gcrypt.h>

#include "tests/lib/oom.h"

#define BUILD_ARGS_MAX 4

void *__real_gcry_calloc_secure(size_t n, size_t size);
void *__wrap_gcry_calloc_secure(size_t n, size_t size);
gcry_error_t __wrap_gcry_sexp_build(gcry_sexp_t *ret, size_t *off,
				    const char *fmt, ...);
gcry_error_t __real_gcry_md_open(gcry_md_hd_t *ret, int algo, unsigned flags);
gcry_error_t __wrap_gcry_md_open(gcry_md_hd_t *ret, int algo, unsigned flags);
gcry_error_t __real_gcry_md_hash_buffers(int algo, unsigned flags, void *digest,
					 const gcry_buffer_t *iov, int n);
gcry_error_t __wrap_gcry_md_hash_buffers(int algo, unsigned flags, void *digest,
					 const gcry_buffer_t *iov, int n);
gcry_error_t __real_gcry_mpi_ec_new(gcry_ctx_t *ret, gcry_sexp_t key,
				    const char *curve);
gcry_error_t __wrap_gcry_mpi_ec_new(gcry_ctx_t *ret, gcry_sexp_t key,
				    const char *curve);
gcry_error_t __real_gcry_mpi_ec_decode_point(gcry_mpi_point_t ret,
					     gcry_mpi_t value, gcry_ctx_t ctx);
gcry_error_t __wrap_gcry_mpi_ec_decode_point(gcry_mpi_point_t ret,
					     gcry_mpi_t value, gcry_ctx_t ctx);
gcry_error_t __real_gcry_pk_sign(gcry_sexp_t *ret, gcry_sexp_t data,
				 gcry_sexp_t key);
gcry_error_t __wrap_gcry_pk_sign(gcry_sexp_t *ret, gcry_sexp_t data,
				 gcry_sexp_t key);
gcry_error_t __real_gcry_pk_verify(gcry_sexp_t sig, gcry_sexp_t data,
				   gcry_sexp_t key);
gcry_error_t __wrap_gcry_pk_verify(gcry_sexp_t sig, gcry_sexp_t data,
				   gcry_sexp_t key);

static gcry_error_t no_memory(void)
{
	return gcry_error(GPG_ERR_ENOMEM);
}

void *__wrap_gcry_calloc_secure(size_t n, size_t size)
{
	return oom_hit() ? NULL : __real_gcry_calloc_secure(n, size);
}

/* Knows %b alone, which is all that crypto.c uses. */
gcry_error_t __wrap_gcry_sexp_build(gcry_sexp_t *ret, size_t *off,
				    const char *fmt, ...)
{
	int len[BUILD_ARGS_MAX];
	const char *data[BUILD_ARGS_MAX];
	void *args[2 * BUILD_ARGS_MAX];
	const char *at = fmt;
	va_list ap;

	if (oom_hit())
		return no_memory();
	va_start(ap, fmt);
	for (int i = 0; (at = strstr(at, "%b")) && i < BUILD_ARGS_MAX; i++) {
		len[i] = va_arg(ap, int);
		data[i] = va_arg(ap, const char *);
		args[2 * i] = &len[i];
		args[2 * i + 1] = &data[i];
		at += 2;
	}
	va_end(ap);
	return gcry_sexp_build_array(ret, off, fmt, args);
}

gcry_error_t __wrap_gcry_md_open(gcry_md_hd_t *ret, int algo, unsigned flags)
{
	return oom_hit() ? no_memory() : __real_gcry_md_open(ret, algo, flags);
}

gcry_error_t __wrap_gcry_md_hash_buffers(int algo, unsigned flags, void *digest,
					 const gcry_buffer_t *iov, int n)
{
	return oom_hit() ? no_memory()
			 : __real_gcry_md_hash_buffers(algo, flags, digest, iov,
						       n);
}

gcry_error_t __wrap_gcry_mpi_ec_new(gcry_ctx_t *ret, gcry_sexp_t key,
				    const char *curve)
{
	return oom_hit() ? no_memory()
			 : __real_gcry_mpi_ec_new(ret, key, curve);
}

gcry_error_t __wrap_gcry_mpi_ec_decode_point(gcry_mpi_point_t ret,
					     gcry_mpi_t value, gcry_ctx_t ctx)
{
	return oom_hit() ? no_memory()
			 : __real_gcry_mpi_ec_decode_point(ret, value, ctx);
}

gcry_error_t __wrap_gcry_pk_sign(gcry_sexp_t *ret, gcry_sexp_t data,
				 gcry_sexp_t key)
{
	return oom_hit() ? no_memory() : __real_gcry_pk_sign(ret, data, key);
}

gcry_error_t __wrap_gcry_pk_verify(gcry_sexp_t sig, gcry_sexp_t data,
				   gcry_sexp_t key)
{
	return oom_hit() ? no_memory() : __real_gcry_pk_verify(sig, data, key);
}
