/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a bundle by name: of a directory, or of a tar, which is read
 * once for its headers.  docs/spec/bundle.md section 3.
 */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512

/* 24 bytes a member: a bundle of ten million entries has 80,000 of them. */
struct member {
	uint64_t hash;	      /* of its name */
	uint64_t offset, len; /* of its content */
};

struct bundle_files {
	int fd; /* of the tar, or of the directory */
	bool tar;
	char *path;
	struct member *v; /* by hash */
	size_t n, cap;
};

static uint64_t hash_of(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a: to find, not to trust */

	for (; *name; name++)
		hash = (hash ^ (uint8_t)*name) * 0x100000001b3u;
	return hash;
}

/* ---- tar ---- */

static bool get_octal(const uint8_t *field, size_t len, uint64_t *ret_value)
{
	uint64_t value = 0;
	size_t i;

	for (i = 0; i + 1 < len; i++) {
		if (field[i] < '0' || field[i] > '7')
			return false;
		value = value << 3 | (uint64_t)(field[i] - '0');
	}
	*ret_value = value;
	return field[len - 1] == '\0';
}

static uint64_t sum_of(const uint8_t block[BLOCK])
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : block[i];
	return sum;
}

static bool is_header(const uint8_t block[BLOCK], uint64_t *ret_len)
{
	uint64_t sum;

	return !memcmp(block + 257, "ustar\00000", 8) && block[156] == '0' &&
	       block[0] && block[BUNDLE_NAME - 1] == '\0' && !block[345] &&
	       get_octal(block + 124, 12, ret_len) &&
	       get_octal(block + 148, 7, &sum) && sum == sum_of(block);
}

static int bad_tar(const struct bundle_files *f, uint64_t at,
		   struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_FORMAT,
			     "%s is no bundle: at byte %llu is no header of a "
			     "regular file as auditseal writes it (unpack a "
			     "compressed one first)",
			     f->path, (unsigned long long)at);
}

static int add_member(struct bundle_files *f, const uint8_t block[BLOCK],
		      uint64_t offset, uint64_t len)
{
	struct member *grown;

	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 256;
		grown = realloc(f->v, f->cap * sizeof(*grown));
		if (!grown)
			return SEAL_E_NOMEM;
		f->v = grown;
	}
	f->v[f->n].hash = hash_of((const char *)block);
	f->v[f->n].offset = offset;
	f->v[f->n++].len = len;
	return 0;
}

static int by_hash(const void *a, const void *b)
{
	const struct member *x = a, *y = b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

static bool is_zero(const uint8_t block[BLOCK])
{
	size_t i;

	for (i = 0; i < BLOCK; i++)
		if (block[i])
			return false;
	return true;
}

static int read_headers(struct bundle_files *f, uint64_t size,
			struct seal_diag *diag)
{
	uint8_t block[BLOCK];
	uint64_t at = 0, len;
	size_t i;
	int rc = 0;

	while (!rc) {
		if (size - at < BLOCK ||
		    pread(f->fd, block, BLOCK, (off_t)at) != BLOCK)
			return bad_tar(f, at, diag);
		if (is_zero(block))
			break;
		if (!is_header(block, &len) || len > size - at - BLOCK ||
		    f->n == BUNDLE_FILES_MAX)
			return bad_tar(f, at, diag);
		rc = add_member(f, block, at + BLOCK, len);
		at += BLOCK + (len + BLOCK - 1) / BLOCK * BLOCK;
		if (at > size)
			return bad_tar(f, size, diag);
	}
	if (rc || !f->n)
		return rc ? rc : bad_tar(f, 0, diag);
	qsort(f->v, f->n, sizeof(*f->v), by_hash);
	for (i = 1; i < f->n; i++)
		if (f->v[i].hash == f->v[i - 1].hash)
			return seal_diag_set(diag, SEAL_E_FORMAT,
					     "%s is no bundle: a name appears "
					     "twice",
					     f->path);
	return 0;
}

static int get_member(struct bundle_files *f, const char *name, size_t max,
		      struct seal_buf *bytes, bool *ret_there,
		      struct seal_diag *diag)
{
	const struct member key = {.hash = hash_of(name)}, *m;
	char stored[BUNDLE_NAME];
	uint8_t *room;

	m = bsearch(&key, f->v, f->n, sizeof(*f->v), by_hash);
	*ret_there = false;
	if (!m)
		return 0;
	if (pread(f->fd, stored, sizeof(stored), (off_t)m->offset - BLOCK) !=
	    sizeof(stored))
		return seal_diag_set(diag, SEAL_E_IO, "cannot read %s",
				     f->path);
	stored[BUNDLE_NAME - 1] = '\0';
	if (strcmp(stored, name))
		return 0;
	*ret_there = true;
	if (m->len > max)
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "%s in %s is too long", name, f->path);
	room = seal_buf_extend(bytes, m->len);
	if (!room && m->len)
		return SEAL_E_NOMEM;
	if (m->len &&
	    pread(f->fd, room, m->len, (off_t)m->offset) != (ssize_t)m->len)
		return seal_diag_set(diag, SEAL_E_IO, "cannot read %s",
				     f->path);
	return 0;
}

/* ---- a directory ---- */

static int read_all(struct bundle_files *f, int fd, const char *name,
		    size_t max, struct seal_buf *bytes, struct seal_diag *diag)
{
	struct stat st;
	uint8_t *room;

	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "%s/%s is no regular file", f->path, name);
	if ((uint64_t)st.st_size > max)
		return seal_diag_set(diag, SEAL_E_TOOBIG, "%s/%s is too long",
				     f->path, name);
	room = seal_buf_extend(bytes, (size_t)st.st_size);
	if (!room && st.st_size)
		return SEAL_E_NOMEM;
	if (st.st_size && read(fd, room, (size_t)st.st_size) != st.st_size)
		return seal_diag_set(diag, SEAL_E_IO, "cannot read %s/%s",
				     f->path, name);
	return 0;
}

static int get_file(struct bundle_files *f, const char *name, size_t max,
		    struct seal_buf *bytes, bool *ret_there,
		    struct seal_diag *diag)
{
	int rc, fd = openat(f->fd, name,
			    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	*ret_there = fd >= 0;
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return seal_diag_set_errno(
			diag, errno == EACCES ? SEAL_E_PERM : SEAL_E_IO, errno,
			"cannot open %s/%s", f->path, name);
	rc = read_all(f, fd, name, max, bytes, diag);
	close(fd);
	return rc;
}

/* ---- both ---- */

int bundle_files_get(struct bundle_files *files, const char *name, size_t max,
		     struct seal_buf *bytes, bool *ret_there,
		     struct seal_diag *diag)
{
	seal_buf_reset(bytes);
	return files->tar ? get_member(files, name, max, bytes, ret_there, diag)
			  : get_file(files, name, max, bytes, ret_there, diag);
}

int bundle_files_open(const char *path, struct bundle_files **ret_files,
		      struct seal_diag *diag)
{
	struct bundle_files *f = calloc(1, sizeof(*f));
	struct stat st;
	int rc = 0;

	if (!f)
		return SEAL_E_NOMEM;
	f->path = strdup(path);
	f->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (!f->path)
		rc = SEAL_E_NOMEM;
	else if (f->fd < 0 || fstat(f->fd, &st))
		rc = seal_diag_set_errno(diag,
					 errno == ENOENT   ? SEAL_E_NOTFOUND
					 : errno == EACCES ? SEAL_E_PERM
							   : SEAL_E_IO,
					 errno, "cannot open %s", path);
	else if (S_ISREG(st.st_mode)) {
		f->tar = true;
		rc = read_headers(f, (uint64_t)st.st_size, diag);
	}
	if (rc)
		bundle_files_close(f);
	else
		*ret_files = f;
	return rc;
}

void bundle_files_close(struct bundle_files *files)
{
	if (!files)
		return;
	if (files->fd >= 0)
		close(files->fd);
	free(files->path);
	free(files->v);
	free(files);
}

bool bundle_is(const char *path)
{
	char start[BLOCK] = {0}, inside[4096];
	struct stat st;
	bool is = false;
	int fd;

	if (stat(path, &st) ||
	    snprintf(inside, sizeof(inside), "%s/" BUNDLE_FILE, path) >=
		    (int)sizeof(inside))
		return false;
	fd = open(S_ISDIR(st.st_mode) ? inside : path,
		  O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (read(fd, start, sizeof(start)) > 0)
		is = S_ISDIR(st.st_mode)
			     ? !memcmp(start, "auditseal/bundle/", 17)
			     : !memcmp(start + 257, "ustar", 5);
	close(fd);
	return is;
}
