/* SPDX-License-Identifier: Apache-2.0 */
/* Segments of several directories, unpacked.  Contract: archive.h. */
#include "archive.h"

#include "unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHED_MAX   64
#define CACHED_BYTES ((uint64_t)1 << 30)
#define BLOCK_BYTES  65536

struct names {
	char **v;
	size_t n;
};

struct cached {
	char *path;
	int fd;
	uint64_t bytes;
};

struct cli_files {
	struct seal_io io;
	const struct seal_io *posix;
	const struct cli_archives *others;
	uint64_t bytes_read;
	struct names broken, twice;
	/* unpacked files, the oldest is dropped first */
	struct cached cached[CACHED_MAX];
	size_t cached_count;
	uint64_t cached_bytes;
};

static const struct cli_unpack *const unpackers[] = {
	&cli_unpack_gz, &cli_unpack_zst, &cli_unpack_xz};
#define UNPACKERS (sizeof(unpackers) / sizeof(unpackers[0]))

/* ---- names ---- */

size_t cli_segment_stem(const char *name)
{
	size_t len = strlen(name), i, s;

	for (i = 0; i < UNPACKERS; i++) {
		s = strlen(unpackers[i]->suffix);
		if (len > s && !strcmp(name + len - s, unpackers[i]->suffix)) {
			len -= s;
			break;
		}
	}
	return len > 4 && !memcmp(name + len - 4, ".seg", 4) ? len : 0;
}

uint64_t cli_segment_first(const char *path)
{
	const char *name = strrchr(path, '/');

	return strtoull(name ? name + 1 : path, NULL, 10);
}

char *cli_segment_path(const char *target, bool one_file)
{
	return strndup(target,
		       one_file ? cli_segment_stem(target) : strlen(target));
}

static bool has(const struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->v[i], name))
			return true;
	return false;
}

static int add(struct names *names, const char *name)
{
	char **grown, *copy;

	if (has(names, name))
		return 0;
	copy = strdup(name);
	grown = copy ? realloc(names->v, (names->n + 1) * sizeof(*grown))
		     : NULL;
	if (!grown) {
		free(copy);
		return -ENOMEM;
	}
	names->v = grown;
	names->v[names->n++] = copy;
	return 0;
}

static void names_fini(struct names *names)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		free(names->v[i]);
	free(names->v);
}

static struct cli_files *files_of(const struct seal_io *io)
{
	return io->ctx;
}

/* ---- unpacking ---- */

static void drop_oldest(struct cli_files *files)
{
	struct cached *c = &files->cached[0];

	close(c->fd);
	free(c->path);
	files->cached_bytes -= c->bytes;
	files->cached_count--;
	memmove(c, c + 1, files->cached_count * sizeof(*c));
}

/* Takes fd; the caller has one of its own. */
static void keep(struct cli_files *files, const char *path, int fd,
		 uint64_t bytes)
{
	struct cached *c;
	char *copy = strdup(path);

	while (files->cached_count &&
	       (files->cached_count == CACHED_MAX ||
		files->cached_bytes + bytes > CACHED_BYTES))
		drop_oldest(files);
	if (!copy || bytes > CACHED_BYTES) {
		free(copy);
		close(fd);
		return;
	}
	c = &files->cached[files->cached_count++];
	c->path = copy;
	c->fd = fd;
	c->bytes = bytes;
	files->cached_bytes += bytes;
}

static int find_cached(const struct cli_files *files, const char *path,
		       int *ret_fd)
{
	size_t i;
	int fd;

	for (i = 0; i < files->cached_count; i++) {
		if (strcmp(files->cached[i].path, path))
			continue;
		fd = fcntl(files->cached[i].fd, F_DUPFD_CLOEXEC, 0);
		if (fd < 0)
			return -errno;
		*ret_fd = fd;
		return 0;
	}
	return -ENOENT;
}

static int open_packed(struct cli_files *files, const struct cli_unpack *u,
		       const char *path, int *ret_fd)
{
	struct cli_unpacked un;
	int fd, r = find_cached(files, path, ret_fd);

	if (r != -ENOENT)
		return r;
	r = cli_unpack_file(u, path, &un);
	if (r)
		return r;
	files->bytes_read += un.read_bytes;
	fd = fcntl(un.fd, F_DUPFD_CLOEXEC, 0);
	r = fd < 0 ? -errno : 0;
	if (!r && !un.whole)
		r = add(&files->broken, path);
	if (r) {
		if (fd >= 0)
			close(fd);
		close(un.fd);
		return r;
	}
	keep(files, path, un.fd, un.bytes);
	*ret_fd = fd;
	return 0;
}

/* ---- opening: plain before packed, the first directory before the others */

static int open_at(struct cli_files *files, const char *dir, const char *name,
		   int *ret_fd)
{
	char path[4096];
	size_t i;
	int r;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	r = files->posix->open(files->posix, path, SEAL_IO_READ, ret_fd);
	for (i = 0; i < UNPACKERS && r == -ENOENT; i++) {
		if (snprintf(path, sizeof(path), "%s/%s%s", dir, name,
			     unpackers[i]->suffix) >= (int)sizeof(path))
			return -ENAMETOOLONG;
		r = open_packed(files, unpackers[i], path, ret_fd);
	}
	return r;
}

static int files_open(const struct seal_io *io, const char *path,
		      unsigned flags, int *ret_fd)
{
	struct cli_files *files = files_of(io);
	const char *name = strrchr(path, '/');
	char dir[4096];
	size_t i;
	int r;

	if (flags != SEAL_IO_READ)
		return -EROFS;
	if (snprintf(dir, sizeof(dir), "%.*s", name ? (int)(name - path) : 1,
		     name ? path : ".") >= (int)sizeof(dir))
		return -ENAMETOOLONG;
	if (name == path)
		strcpy(dir, "/");
	name = name ? name + 1 : path;
	if (!cli_segment_stem(name))
		return files->posix->open(files->posix, path, flags, ret_fd);
	r = open_at(files, dir, name, ret_fd);
	for (i = 0; files->others && i < files->others->count && r == -ENOENT;
	     i++)
		r = open_at(files, files->others->dir[i], name, ret_fd);
	return r;
}

static long files_pread(const struct seal_io *io, int fd, void *bytes,
			size_t len, uint64_t offset)
{
	struct cli_files *files = files_of(io);
	long got = files->posix->pread(files->posix, fd, bytes, len, offset);

	if (got > 0)
		files->bytes_read += (uint64_t)got;
	return got;
}

/* ---- listing ---- */

static bool zero_from(int fd, uint64_t at)
{
	uint8_t bytes[BLOCK_BYTES];
	ssize_t got, i;

	while ((got = pread(fd, bytes, sizeof(bytes), (off_t)at)) > 0) {
		for (i = 0; i < got; i++)
			if (bytes[i])
				return false;
		at += (uint64_t)got;
	}
	return !got;
}

/* The same, or one is what the other began with. */
static bool agree(int a, int b)
{
	uint8_t x[4096], y[4096];
	uint64_t at = 0;
	ssize_t got, other, i, n;

	for (;; at += (uint64_t)n) {
		got = pread(a, x, sizeof(x), (off_t)at);
		other = pread(b, y, sizeof(y), (off_t)at);
		if (got < 0 || other < 0)
			return false;
		n = got < other ? got : other;
		for (i = 0; i < n && x[i] == y[i];)
			i++;
		if (i < n)
			return zero_from(a, at + (uint64_t)i) ||
			       zero_from(b, at + (uint64_t)i);
		if (!n)
			return true;
	}
}

struct listing {
	struct cli_files *files;
	const char *first, *dir; /* the directory asked for, and this one */
	struct names names;	 /* given */
	struct names again;	 /* of them, those that came more than once */
	struct names paths;	 /* of all files that are segments */
	seal_io_list_fn fn;
	void *ctx;
};

/* A file by its own name, packed or not. */
static int open_own(struct cli_files *files, const char *path, int *ret_fd)
{
	size_t len = strlen(path), i, s;

	for (i = 0; i < UNPACKERS; i++) {
		s = strlen(unpackers[i]->suffix);
		if (len > s && !strcmp(path + len - s, unpackers[i]->suffix))
			return open_packed(files, unpackers[i], path, ret_fd);
	}
	return files->posix->open(files->posix, path, SEAL_IO_READ, ret_fd);
}

/* ret_stem has as many bytes as path. */
static void stem_of(const char *path, char *ret_stem)
{
	const char *name = strrchr(path, '/');
	size_t len;

	name = name ? name + 1 : path;
	len = cli_segment_stem(name);
	memcpy(ret_stem, name, len);
	ret_stem[len] = '\0';
}

/* Is it what is read for this segment? */
static int compare(struct listing *l, const char *own)
{
	char path[4096], stem[4096];
	int a, b, r;

	stem_of(own, stem);
	if (!has(&l->again, stem))
		return 0;
	if (snprintf(path, sizeof(path), "%s/%s", l->first, stem) >=
		    (int)sizeof(path) ||
	    files_open(&l->files->io, path, SEAL_IO_READ, &a))
		return 0;
	r = open_own(l->files, own, &b);
	if (!r) {
		if (!agree(a, b))
			r = add(&l->files->twice, own);
		close(b);
	}
	close(a);
	return r;
}

static int give(void *ctx, const char *name)
{
	struct listing *l = ctx;
	char path[4096], stem[4096];
	int r;

	if (!cli_segment_stem(name))
		return l->dir == l->first ? l->fn(l->ctx, name) : 0;
	if (snprintf(path, sizeof(path), "%s/%s", l->dir, name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	stem_of(path, stem);
	r = add(&l->paths, path);
	if (r)
		return r;
	if (has(&l->names, stem))
		return add(&l->again, stem);
	r = add(&l->names, stem);
	return r ? r : l->fn(l->ctx, stem);
}

static int files_list(const struct seal_io *io, const char *path,
		      seal_io_list_fn fn, void *ctx)
{
	struct cli_files *files = files_of(io);
	struct listing l = {.files = files,
			    .first = path,
			    .dir = path,
			    .fn = fn,
			    .ctx = ctx};
	size_t i;
	int r = files->posix->list(files->posix, path, give, &l);

	for (i = 0; files->others && i < files->others->count && !r; i++) {
		l.dir = files->others->dir[i];
		r = files->posix->list(files->posix, l.dir, give, &l);
	}
	/* Which of them is read does not hang on the order of a listing. */
	for (i = 0; i < l.paths.n && l.again.n && !r; i++)
		r = compare(&l, l.paths.v[i]);
	names_fini(&l.names);
	names_fini(&l.again);
	names_fini(&l.paths);
	return r;
}

/* ---- life ---- */

int cli_files_new(const struct cli_archives *others,
		  struct cli_files **ret_files)
{
	struct cli_files *files = calloc(1, sizeof(*files));

	if (!files)
		return SEAL_E_NOMEM;
	files->posix = seal_io_posix();
	files->io = *files->posix;
	files->io.ctx = files;
	files->io.open = files_open;
	files->io.pread = files_pread;
	files->io.list = files_list;
	files->others = others;
	*ret_files = files;
	return 0;
}

void cli_files_free(struct cli_files *files)
{
	if (!files)
		return;
	while (files->cached_count)
		drop_oldest(files);
	names_fini(&files->broken);
	names_fini(&files->twice);
	free(files);
}

const struct seal_io *cli_files_io(struct cli_files *files)
{
	return &files->io;
}

uint64_t cli_files_bytes(const struct cli_files *files)
{
	return files->bytes_read;
}

const char *cli_files_broken(const struct cli_files *files, size_t i)
{
	return i < files->broken.n ? files->broken.v[i] : NULL;
}

const char *cli_files_twice(const struct cli_files *files, size_t i)
{
	return i < files->twice.n ? files->twice.v[i] : NULL;
}

int cli_files_open_twice(struct cli_files *files, size_t i, char *ret_name,
			 size_t name_bytes, int *ret_fd)
{
	char stem[4096];

	if (i >= files->twice.n || strlen(files->twice.v[i]) >= sizeof(stem))
		return -ENOENT;
	stem_of(files->twice.v[i], stem);
	if (strlen(stem) >= name_bytes)
		return -ENAMETOOLONG;
	memcpy(ret_name, stem, strlen(stem) + 1);
	return open_own(files, files->twice.v[i], ret_fd);
}
