/* SPDX-License-Identifier: Apache-2.0 */
/* Segments of several directories, unpacked.  Contract: archive.h. */
#include "archive.h"

#include "unpack.h"

#include "protocol/gzip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHED_MAX     64
#define CACHED_BYTES   ((uint64_t)1 << 30)
#define UNPACKED_BYTES ((uint64_t)16 << 30) /* of one segment */
#define BLOCK_BYTES    65536

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

/* ---- gzip, by lib/protocol ---- */

static int gz_begin(void **ret_state)
{
	struct seal_gunzip *gunzip;
	int rc = seal_gunzip_new(UNPACKED_BYTES, &gunzip);

	if (!rc)
		*ret_state = gunzip;
	return rc;
}

static int gz_step(void *state, const uint8_t **in, size_t *in_len,
		   uint8_t *out, size_t out_len, size_t *ret_written,
		   bool *ret_done)
{
	return seal_gunzip_step(state, in, in_len, out, out_len, ret_written,
				ret_done);
}

static void gz_end(void *state)
{
	seal_gunzip_free(state);
}

const struct cli_unpack cli_unpack_gz = {".gz", gz_begin, gz_step, gz_end};

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

static int new_file(int *ret_fd)
{
	const char *dir = getenv("TMPDIR");
	char name[4096];
	int fd;

	if (!dir || !dir[0])
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		if (snprintf(name, sizeof(name), "%s/auditseal.XXXXXX", dir) >=
		    (int)sizeof(name))
			return -ENAMETOOLONG;
		fd = mkostemp(name, O_CLOEXEC);
		if (fd >= 0)
			unlink(name);
	}
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
	ssize_t put;

	for (; len; bytes += put, len -= (size_t)put) {
		put = write(fd, bytes, len);
		if (put < 0 && errno == EINTR)
			put = 0;
		else if (put <= 0)
			return put ? -errno : -EIO;
	}
	return 0;
}

struct packed {
	int from;
	uint8_t in[BLOCK_BYTES], out[BLOCK_BYTES];
	const uint8_t *at;
	size_t left;
	bool ended; /* the file */
	bool done;  /* the data */
};

static int refill(struct cli_files *files, struct packed *p)
{
	ssize_t got;

	if (p->left || p->ended)
		return 0;
	do
		got = read(p->from, p->in, sizeof(p->in));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	p->at = p->in;
	p->left = (size_t)got;
	p->ended = !got;
	files->bytes_read += (uint64_t)got;
	return 0;
}

/* All that comes out; *ret_whole: that is all there was. */
static int unpack(struct cli_files *files, const struct cli_unpack *u,
		  struct packed *p, int to, uint64_t *ret_bytes,
		  bool *ret_whole)
{
	uint64_t bytes = 0;
	size_t written;
	void *state;
	int rc = u->begin(&state), r = 0;

	if (rc)
		return -ENOMEM;
	for (;;) {
		r = refill(files, p);
		if (r || (p->ended && p->done))
			break;
		written = 0;
		rc = u->step(state, &p->at, &p->left, p->out, sizeof(p->out),
			     &written, &p->done);
		if (!rc)
			r = write_all(to, p->out, written);
		bytes += rc ? 0 : written;
		if (rc || r || bytes > UNPACKED_BYTES)
			break;
		if (p->ended && !written)
			break; /* cut off */
	}
	u->end(state);
	*ret_bytes = bytes;
	*ret_whole = !rc && p->ended && p->done;
	if (rc == SEAL_E_NOMEM)
		return -ENOMEM;
	return rc == SEAL_E_UNKNOWN ? -EFBIG : r;
}

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
	struct packed *p;
	uint64_t bytes = 0;
	bool whole = true;
	int to = -1, r = find_cached(files, path, ret_fd);

	if (r != -ENOENT)
		return r;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	p->from = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	r = p->from < 0 ? -errno : new_file(&to);
	if (!r)
		r = unpack(files, u, p, to, &bytes, &whole);
	if (!r && !whole)
		r = add(&files->broken, path);
	if (p->from >= 0)
		close(p->from);
	free(p);
	if (!r) {
		*ret_fd = fcntl(to, F_DUPFD_CLOEXEC, 0);
		if (*ret_fd < 0)
			r = -errno;
	}
	if (r && to >= 0)
		close(to);
	else if (!r)
		keep(files, path, to, bytes);
	return r;
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
	seal_io_list_fn fn;
	void *ctx;
};

static int compare(struct listing *l, const char *stem, const char *name)
{
	char path[4096];
	size_t i;
	int a, b, r;

	if (snprintf(path, sizeof(path), "%s/%s", l->first, stem) >=
		    (int)sizeof(path) ||
	    files_open(&l->files->io, path, SEAL_IO_READ, &a))
		return 0;
	if (snprintf(path, sizeof(path), "%s/%s", l->dir, name) >=
	    (int)sizeof(path)) {
		close(a);
		return -ENAMETOOLONG;
	}
	r = -ENOENT;
	for (i = 0; i < UNPACKERS; i++)
		if (strlen(name) > strlen(stem) &&
		    !strcmp(name + strlen(stem), unpackers[i]->suffix))
			r = open_packed(l->files, unpackers[i], path, &b);
	if (r == -ENOENT)
		r = l->files->posix->open(l->files->posix, path, SEAL_IO_READ,
					  &b);
	if (!r) {
		if (!agree(a, b))
			r = add(&l->files->twice, path);
		close(b);
	}
	close(a);
	return r;
}

static int give(void *ctx, const char *name)
{
	struct listing *l = ctx;
	char stem[256];
	size_t len = cli_segment_stem(name);
	int r;

	if (!len)
		return l->dir == l->first ? l->fn(l->ctx, name) : 0;
	if (len >= sizeof(stem))
		return 0;
	memcpy(stem, name, len);
	stem[len] = '\0';
	if (has(&l->names, stem))
		return compare(l, stem, name);
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
	names_fini(&l.names);
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
