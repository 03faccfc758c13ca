/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers over an I/O table that only lib/spool uses. */
#ifndef SEAL_SPOOL_IO_PRIVATE_H
#define SEAL_SPOOL_IO_PRIVATE_H

#include "core/buf.h"
#include "spool/io.h"

/* Appends a whole file; 0 or -errno, -EFBIG above max_bytes. */
int seal_io_read_file(const struct seal_io *io, const char *path,
		      size_t max_bytes, struct seal_buf *out);

/* A new file of mode 0600, synced; its name is not (dirsync).  0 or -errno. */
int seal_io_create_file(const struct seal_io *io, const char *path,
			const void *bytes, size_t len);

/* "dir/name", to be freed; NULL: no memory. */
char *seal_io_path(const char *dir, const char *name);

#endif
