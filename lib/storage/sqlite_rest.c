/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite driver: files that nobody writes, through a file system of ours
 * that can only read, so that looking at evidence leaves no trace in it: no
 * shared memory, no journal, no byte.  What changes all the same while it is
 * read ends in BUSY.  docs/adr/0046.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/sqlite_internal.h"

/* Every connection with shared memory holds a lock on some of these bytes of
 * PATH-shm: SQLite's walformat, and byte 128 for being there at all. */
#define SHM_LOCKS_FROM	120
#define SHM_LOCKS_BYTES 9

struct sqlite_rest {
	sqlite3_vfs vfs;
	char name[40];
	bool changed; /* what was read is no longer what is there */
};

struct rest_file {
	sqlite3_file base; /* the first, to get from it to this */
	struct sqlite_rest *rest;
	int fd; /* -1: there is no such file; it reads as empty */
	struct stat was;
};

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec &&
	       a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static int rest_close(sqlite3_file *file)
{
	struct rest_file *f = (struct rest_file *)file;

	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	return SQLITE_OK;
}

/* As much as there is; what lies behind the end of the file is zeros. */
static int read_whole(int fd, uint8_t *data, size_t bytes, sqlite3_int64 from,
		      size_t *ret_got)
{
	size_t got = 0;
	ssize_t n = 1;

	while (fd >= 0 && got < bytes && n > 0) {
		n = pread(fd, data + got, bytes - got, from + (off_t)got);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return SQLITE_IOERR_READ;
		else
			got += (size_t)n;
	}
	memset(data + got, 0, bytes - got);
	*ret_got = got;
	return SQLITE_OK;
}

static int rest_read(sqlite3_file *file, void *data, int bytes,
		     sqlite3_int64 from)
{
	struct rest_file *f = (struct rest_file *)file;
	struct stat now;
	size_t got;
	int rc = read_whole(f->fd, data, (size_t)bytes, from, &got);

	if (rc != SQLITE_OK)
		return rc;
	if (f->fd >= 0 && (fstat(f->fd, &now) || !is_same(&now, &f->was))) {
		f->rest->changed = true;
		return SQLITE_BUSY;
	}
	return got == (size_t)bytes ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int rest_write(sqlite3_file *file, const void *data, int bytes,
		      sqlite3_int64 to)
{
	(void)file;
	(void)data;
	(void)bytes;
	(void)to;
	return SQLITE_READONLY;
}

static int rest_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	(void)file;
	(void)size;
	return SQLITE_READONLY;
}

static int rest_sync(sqlite3_file *file, int flags)
{
	(void)file;
	(void)flags;
	return SQLITE_OK;
}

static int rest_size(sqlite3_file *file, sqlite3_int64 *ret_size)
{
	struct rest_file *f = (struct rest_file *)file;

	*ret_size = f->fd < 0 ? 0 : f->was.st_size;
	return SQLITE_OK;
}

static int rest_lock(sqlite3_file *file, int level)
{
	(void)file;
	(void)level;
	return SQLITE_OK;
}

static int rest_reserved(sqlite3_file *file, int *ret_reserved)
{
	(void)file;
	*ret_reserved = 0;
	return SQLITE_OK;
}

static int rest_control(sqlite3_file *file, int what, void *argument)
{
	(void)file;
	(void)what;
	(void)argument;
	return SQLITE_NOTFOUND;
}

static int rest_zero(sqlite3_file *file)
{
	(void)file;
	return 0;
}

static const sqlite3_io_methods methods = {
	.iVersion = 1, /* no shared memory, no mapping */
	.xClose = rest_close,
	.xRead = rest_read,
	.xWrite = rest_write,
	.xTruncate = rest_truncate,
	.xSync = rest_sync,
	.xFileSize = rest_size,
	.xLock = rest_lock,
	.xUnlock = rest_lock,
	.xCheckReservedLock = rest_reserved,
	.xFileControl = rest_control,
	.xSectorSize = rest_zero,
	.xDeviceCharacteristics = rest_zero,
};

static int rest_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file,
		     int flags, int *ret_flags)
{
	struct rest_file *f = (struct rest_file *)file;

	memset(f, 0, sizeof(*f));
	f->fd = -1;
	if (!name || !(flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)))
		return SQLITE_CANTOPEN;
	f->rest = vfs->pAppData;
	f->fd = open(name, O_RDONLY | O_CLOEXEC);
	if (f->fd < 0 && (errno != ENOENT || flags & SQLITE_OPEN_MAIN_DB))
		return SQLITE_CANTOPEN;
	if (f->fd >= 0 && fstat(f->fd, &f->was)) {
		close(f->fd);
		return SQLITE_CANTOPEN;
	}
	if (ret_flags)
		*ret_flags = (flags &
			      ~(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) |
			     SQLITE_OPEN_READONLY;
	f->base.pMethods = &methods;
	return SQLITE_OK;
}

static int rest_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
	(void)vfs;
	(void)name;
	(void)sync;
	return SQLITE_READONLY;
}

/* Of what SQLite asks for beside the database there is PATH-wal alone. */
static int rest_access(sqlite3_vfs *vfs, const char *name, int flags,
		       int *ret_there)
{
	size_t len = strlen(name);

	(void)vfs;
	*ret_there = len > 4 && !strcmp(name + len - 4, "-wal") &&
		     flags != SQLITE_ACCESS_READWRITE &&
		     access(name, F_OK) == 0;
	return SQLITE_OK;
}

bool sqlite_rest_is(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK,
			     .l_whence = SEEK_SET,
			     .l_start = SHM_LOCKS_FROM,
			     .l_len = SHM_LOCKS_BYTES};
	char *shm = sqlite3_mprintf("%s-shm", path);
	int fd = shm ? open(shm, O_RDONLY | O_CLOEXEC) : -1;
	bool rest = shm && fd < 0 && errno == ENOENT;

	if (fd >= 0) {
		rest = fcntl(fd, F_OFD_GETLK, &lock) == 0 &&
		       lock.l_type == F_UNLCK;
		close(fd);
	}
	sqlite3_free(shm);
	return rest;
}

struct sqlite_rest *sqlite_rest_new(void)
{
	sqlite3_vfs *common = sqlite3_vfs_find(NULL);
	struct sqlite_rest *rest = calloc(1, sizeof(*rest));

	if (!rest || !common) {
		free(rest);
		return NULL;
	}
	rest->vfs = *common;
	sqlite3_snprintf(sizeof(rest->name), rest->name, "auditseal-%p",
			 (void *)rest);
	rest->vfs.zName = rest->name;
	rest->vfs.pNext = NULL;
	rest->vfs.pAppData = rest;
	rest->vfs.szOsFile = (int)sizeof(struct rest_file);
	rest->vfs.xOpen = rest_open;
	rest->vfs.xDelete = rest_delete;
	rest->vfs.xAccess = rest_access;
	if (sqlite3_vfs_register(&rest->vfs, 0) != SQLITE_OK) {
		free(rest);
		return NULL;
	}
	return rest;
}

const char *sqlite_rest_name(const struct sqlite_rest *rest)
{
	return rest->name;
}

bool sqlite_rest_changed(const struct sqlite_rest *rest)
{
	return rest && rest->changed;
}

void sqlite_rest_free(struct sqlite_rest *rest)
{
	if (!rest)
		return;
	sqlite3_vfs_unregister(&rest->vfs);
	free(rest);
}
