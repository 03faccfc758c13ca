/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files.  Contract: files.h. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int code_of(int sys_errno)
{
	switch (sys_errno) {
	case ENOENT:
	case ENOTDIR:
		return SEAL_E_NOTFOUND;
	case EACCES:
	case EPERM:
	case EROFS:
		return SEAL_E_PERM;
	case EEXIST:
		return SEAL_E_EXISTS;
	case ENOSPC:
	case EDQUOT:
		return SEAL_E_NOSPACE;
	}
	return SEAL_E_IO;
}

static int fail(struct seal_diag *diag, const char *what, const char *path)
{
	int sys_errno = errno;

	return seal_diag_set_errno(diag, code_of(sys_errno), sys_errno,
				   "cannot %s %s", what, path);
}

static int fd_read(int fd, const char *path, size_t max_bytes,
		   struct seal_buf *ret_bytes, struct seal_diag *diag)
{
	size_t before = ret_bytes->len;
	ssize_t got = 1;
	uint8_t *at;

	while (got > 0) {
		at = seal_buf_extend(ret_bytes, 4096);
		if (!at)
			return seal_diag_set(diag, SEAL_E_NOMEM,
					     "out of memory");
		do
			got = read(fd, at, 4096);
		while (got < 0 && errno == EINTR);
		if (got < 0)
			return fail(diag, "read", path);
		seal_buf_truncate(ret_bytes,
				  ret_bytes->len - 4096 + (size_t)got);
		if (ret_bytes->len - before > max_bytes)
			return seal_diag_set(diag, SEAL_E_TOOBIG,
					     "%s is longer than %zu bytes",
					     path, max_bytes);
	}
	return 0;
}

int file_read(const char *path, size_t max_bytes, struct seal_buf *ret_bytes,
	      struct seal_diag *diag)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int rc;

	if (fd < 0)
		return fail(diag, "read", path);
	rc = fd_read(fd, path, max_bytes, ret_bytes, diag);
	close(fd);
	return rc;
}

int file_read_secret(const char *path, size_t max_bytes,
		     struct seal_buf *ret_bytes, struct seal_diag *diag)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	int rc;

	if (fd < 0)
		return fail(diag, "read", path);
	if (fstat(fd, &st) != 0)
		rc = fail(diag, "look at", path);
	else if (st.st_mode & 077)
		rc = seal_diag_set(diag, SEAL_E_PERM,
				   "%s can be read by others than its owner: "
				   "chmod 600 it, and make new keys if "
				   "somebody may have read it",
				   path);
	else
		rc = fd_read(fd, path, max_bytes, ret_bytes, diag);
	close(fd);
	return rc;
}

static int fd_write(int fd, const char *path, const void *data, size_t bytes,
		    struct seal_diag *diag)
{
	const uint8_t *at = data;
	ssize_t put;

	while (bytes) {
		put = write(fd, at, bytes);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return fail(diag, "write", path);
		at += put;
		bytes -= (size_t)put;
	}
	return fsync(fd) == 0 ? 0 : fail(diag, "write", path);
}

static int directory_sync(const char *path, struct seal_diag *diag)
{
	char *copy = strdup(path);
	int fd, rc = 0;

	if (!copy)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0)
		rc = fail(diag, "sync the directory of", path);
	if (fd >= 0)
		close(fd);
	free(copy);
	return rc;
}

/* A new file under its own name, or nothing. */
static int write_new(const char *path, const void *data, size_t bytes,
		     unsigned mode, struct seal_diag *diag)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	int rc;

	if (fd < 0)
		return fail(diag, "make", path);
	rc = fchmod(fd, mode) == 0 ? fd_write(fd, path, data, bytes, diag)
				   : fail(diag, "make", path);
	close(fd);
	if (rc < 0)
		unlink(path);
	return rc;
}

/* Written under another name first; replace: over what is there. */
static int write_whole(const char *path, const void *data, size_t bytes,
		       unsigned mode, bool replace, struct seal_diag *diag)
{
	char *beside;
	int rc;

	if (asprintf(&beside, "%s.%ld.new", path, (long)getpid()) < 0)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	unlink(beside);
	rc = write_new(beside, data, bytes, mode, diag);
	if (rc == 0 && replace && rename(beside, path) != 0)
		rc = fail(diag, "write", path);
	if (rc == 0 && !replace && link(beside, path) != 0)
		rc = fail(diag, "make", path);
	if (rc < 0 || !replace)
		unlink(beside);
	if (rc == 0)
		rc = directory_sync(path, diag);
	free(beside);
	return rc;
}

int file_make(const char *path, const void *data, size_t bytes, unsigned mode,
	      struct seal_diag *diag)
{
	return write_whole(path, data, bytes, mode, false, diag);
}

int file_replace(const char *path, const void *data, size_t bytes,
		 unsigned mode, struct seal_diag *diag)
{
	struct stat st;

	if (stat(path, &st) == 0)
		mode = st.st_mode & 0777;
	return write_whole(path, data, bytes, mode, true, diag);
}
