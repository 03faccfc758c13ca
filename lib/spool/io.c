/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers over any I/O table.  Contract: io.h */
#include "spool/io.h"

#include <errno.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/err.h"
#include "spool/io_private.h"

#define ZERO_BYTES 65536

int seal_io_read_full(const struct seal_io *io, int fd, void *bytes, size_t len,
		      uint64_t offset)
{
	uint8_t *p = bytes;
	long n;

	while (len) {
		n = io->pread(io, fd, p, len, offset);
		if (n < 0)
			return (int)n;
		if (!n)
			return -ENODATA;
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int seal_io_write_full(const struct seal_io *io, int fd, const void *bytes,
		       size_t len, uint64_t offset)
{
	const uint8_t *p = bytes;
	long n;

	while (len) {
		n = io->pwrite(io, fd, p, len, offset);
		if (n < 0)
			return (int)n;
		if (!n)
			return -EIO;
		p += n;
		len -= (size_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

int seal_io_zero(const struct seal_io *io, int fd, uint64_t offset,
		 uint64_t len)
{
	static const uint8_t zeroes[ZERO_BYTES];
	size_t n;
	int r;

	while (len) {
		n = len < ZERO_BYTES ? (size_t)len : ZERO_BYTES;
		r = seal_io_write_full(io, fd, zeroes, n, offset);
		if (r)
			return r;
		offset += n;
		len -= n;
	}
	return 0;
}

int seal_io_error(int negative_errno)
{
	switch (-negative_errno) {
	case ENOMEM:
		return SEAL_E_NOMEM;
	case ENOSPC:
	case EDQUOT:
		return SEAL_E_NOSPACE;
	case EACCES:
	case EPERM:
	case EROFS:
		return SEAL_E_PERM;
	case ENOENT:
	case ENOTDIR:
		return SEAL_E_NOTFOUND;
	default:
		return SEAL_E_IO;
	}
}

int seal_io_read_file(const struct seal_io *io, const char *path,
		      size_t max_bytes, struct seal_buf *out)
{
	struct seal_io_stat st;
	uint8_t *p;
	int fd, r;

	r = io->open(io, path, SEAL_IO_READ, &fd);
	if (r)
		return r;
	r = io->fstat(io, fd, &st);
	if (!r && !st.is_file)
		r = -EINVAL;
	if (!r && st.size_bytes > max_bytes)
		r = -EFBIG;
	if (!r && st.size_bytes) {
		p = seal_buf_extend(out, (size_t)st.size_bytes);
		r = p ? seal_io_read_full(io, fd, p, (size_t)st.size_bytes, 0)
		      : -ENOMEM;
	}
	io->close(io, fd);
	return r;
}

int seal_io_create_file(const struct seal_io *io, const char *path,
			const void *bytes, size_t len)
{
	int fd, r;

	r = io->open(io, path, SEAL_IO_WRITE | SEAL_IO_CREATE | SEAL_IO_EXCL,
		     &fd);
	if (r)
		return r;
	r = seal_io_write_full(io, fd, bytes, len, 0);
	if (!r)
		r = io->fsync(io, fd);
	io->close(io, fd);
	return r;
}

char *seal_io_path(const char *dir, const char *name)
{
	struct seal_buf b = SEAL_BUF_INIT;

	seal_buf_put_str(&b, dir);
	seal_buf_put_str(&b, "/");
	seal_buf_put_str(&b, name);
	seal_buf_put_u8(&b, 0);
	if (seal_buf_error(&b)) {
		seal_buf_fini(&b);
		return NULL;
	}
	return (char *)seal_buf_steal(&b, NULL);
}
