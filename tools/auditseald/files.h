/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a store's directory: read whole, written whole and durably.  Never
 * leaves half a file under its name.
 */
#ifndef AUDITSEALD_FILES_H
#define AUDITSEALD_FILES_H

#include <stddef.h>

#include "core/buf.h"
#include "core/err.h"

/* Appends a file of at most max_bytes.  NOTFOUND, TOOBIG, PERM, IO. */
int file_read(const char *path, size_t max_bytes, struct seal_buf *ret_bytes,
	      struct seal_diag *diag);

/* A new file, fsynced with its directory.  EXISTS if there is one. */
int file_make(const char *path, const void *data, size_t bytes, unsigned mode,
	      struct seal_diag *diag);

/* The same, replacing what is there at once and keeping its mode. */
int file_replace(const char *path, const void *data, size_t bytes,
		 unsigned mode, struct seal_diag *diag);

/*
 * Reads a secret into a buffer made with seal_buf_init_secret.  PERM if others
 * than the owner may read it.
 */
int file_read_secret(const char *path, size_t max_bytes,
		     struct seal_buf *ret_bytes, struct seal_diag *diag);

#endif
