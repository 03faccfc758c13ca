/* SPDX-License-Identifier: Apache-2.0 */
/* The I/O table of a real machine, and helpers over any table.  Contract: io.h
 */
#include "spool/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "core/crypto.h"
#include "core/err.h"

static int posix_open(const struct seal_io *io, const char *path,
		      unsigned flags, int *ret_fd)
{
	int how = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
	int fd;

	(void)io;
	how |= flags & SEAL_IO_WRITE ? O_RDWR : O_RDONLY;
	if (flags & SEAL_IO_CREATE)
		how |= O_CREAT;
	if (flags & SEAL_IO_EXCL)
		how |= O_EXCL;
	do
		fd = open(path, how, 0600);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static long posix_pread(const struct seal_io *io, int fd, void *bytes,
			size_t len, uint64_t offset)
{
	ssize_t n;

	(void)io;
	do
		n = pread(fd, bytes, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

static long posix_pwrite(const struct seal_io *io, int fd, const void *bytes,
			 size_t len, uint64_t offset)
{
	ssize_t n;

	(void)io;
	do
		n = pwrite(fd, bytes, len, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

/* Not repeated after EINTR or any error: what was lost stays lost. */
static int posix_fdatasync(const struct seal_io *io, int fd)
{
	(void)io;
	return fdatasync(fd) ? -errno : 0;
}

static int posix_fsync(const struct seal_io *io, int fd)
{
	(void)io;
	return fsync(fd) ? -errno : 0;
}

static int posix_ftruncate(const struct seal_io *io, int fd, uint64_t size)
{
	int r;

	(void)io;
	do
		r = ftruncate(fd, (off_t)size);
	while (r && errno == EINTR);
	return r ? -errno : 0;
}

static int posix_close(const struct seal_io *io, int fd)
{
	(void)io;
	return close(fd) ? -errno : 0;
}

static void fill_stat(const struct stat *st, struct seal_io_stat *ret_stat)
{
	ret_stat->size_bytes = (uint64_t)st->st_size;
	ret_stat->mode = st->st_mode & 07777;
	ret_stat->uid = st->st_uid;
	ret_stat->is_dir = S_ISDIR(st->st_mode);
	ret_stat->is_file = S_ISREG(st->st_mode);
}

static int posix_fstat(const struct seal_io *io, int fd,
		       struct seal_io_stat *ret_stat)
{
	struct stat st;

	(void)io;
	if (fstat(fd, &st))
		return -errno;
	fill_stat(&st, ret_stat);
	return 0;
}

static int posix_stat(const struct seal_io *io, const char *path,
		      struct seal_io_stat *ret_stat)
{
	struct stat st;

	(void)io;
	if (stat(path, &st))
		return -errno;
	fill_stat(&st, ret_stat);
	return 0;
}

static int posix_list(const struct seal_io *io, const char *path,
		      seal_io_list_fn fn, void *ctx)
{
	struct dirent *entry;
	int r = 0;
	DIR *dir;

	(void)io;
	dir = opendir(path);
	if (!dir)
		return -errno;
	for (;;) {
		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			r = -errno;
			break;
		}
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		r = fn(ctx, entry->d_name);
		if (r)
			break;
	}
	closedir(dir);
	return r;
}

static int posix_mkdir(const struct seal_io *io, const char *path)
{
	(void)io;
	return mkdir(path, 0700) ? -errno : 0;
}

static int posix_rename(const struct seal_io *io, const char *from,
			const char *to)
{
	(void)io;
	return rename(from, to) ? -errno : 0;
}

static int posix_unlink(const struct seal_io *io, const char *path)
{
	(void)io;
	return unlink(path) ? -errno : 0;
}

static int posix_open_dir(const struct seal_io *io, const char *path,
			  int *ret_fd)
{
	int fd;

	(void)io;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int posix_lock(const struct seal_io *io, int fd)
{
	(void)io;
	return flock(fd, LOCK_EX | LOCK_NB) ? -errno : 0;
}

static int posix_space(const struct seal_io *io, const char *path,
		       uint64_t *ret_free_bytes, uint64_t *ret_total_bytes)
{
	struct statvfs st;

	(void)io;
	if (statvfs(path, &st))
		return -errno;
	*ret_free_bytes = (uint64_t)st.f_bavail * st.f_frsize;
	*ret_total_bytes = (uint64_t)st.f_blocks * st.f_frsize;
	return 0;
}

static int posix_fs_type(const struct seal_io *io, const char *path,
			 uint64_t *ret_type)
{
	struct statfs st;

	(void)io;
	if (statfs(path, &st))
		return -errno;
	*ret_type = (uint64_t)st.f_type & 0xFFFFFFFF;
	return 0;
}

static uint64_t posix_realtime_us(const struct seal_io *io)
{
	struct timespec t = {0};

	(void)io;
	clock_gettime(CLOCK_REALTIME, &t);
	if (t.tv_sec < 0)
		return 0;
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t posix_boottime_ms(const struct seal_io *io)
{
	struct timespec t = {0};

	(void)io;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static const char *posix_clock_source(const struct seal_io *io)
{
	struct timex t = {0};
	int state;

	(void)io;
	state = adjtimex(&t);
	if (state < 0)
		return "unknown";
	return state == TIME_ERROR ? "unsynchronised" : "synchronised";
}

/* Up to room bytes of a small file of the kernel or of /etc. */
static int read_small(const char *path, char *ret_text, size_t room,
		      size_t *ret_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, ret_text, room);
	close(fd);
	if (n < 0)
		return -EIO;
	*ret_len = (size_t)n;
	return 0;
}

static int posix_boot_id(const struct seal_io *io, char ret_id[37])
{
	char text[64];
	size_t len = 0;
	int r;

	(void)io;
	r = read_small("/proc/sys/kernel/random/boot_id", text, sizeof(text),
		       &len);
	if (r)
		return r;
	if (len < 36)
		return -EIO;
	memcpy(ret_id, text, 36);
	ret_id[36] = '\0';
	return 0;
}

static int posix_machine_id(const struct seal_io *io, uint8_t ret_hash[32])
{
	static const char *const paths[] = {"/etc/machine-id",
					    "/var/lib/dbus/machine-id"};
	struct seal_hash hash;
	char text[64];
	size_t i, len = 0;
	int r;

	(void)io;
	for (i = 0; i < 2; i++) {
		r = read_small(paths[i], text, sizeof(text), &len);
		if (r == -EMFILE || r == -ENFILE)
			return r; /* not a machine without one */
		if (r || len < 32)
			continue;
		if (strspn(text, "0123456789abcdef") != 32)
			continue;
		if (seal_sha256(text, 32, &hash))
			return -EIO;
		memcpy(ret_hash, hash.b, 32);
		return 0;
	}
	memset(ret_hash, 0, 32);
	return 0;
}

static const struct seal_io posix_table = {
	.open = posix_open,
	.pread = posix_pread,
	.pwrite = posix_pwrite,
	.fdatasync = posix_fdatasync,
	.fsync = posix_fsync,
	.ftruncate = posix_ftruncate,
	.close = posix_close,
	.fstat = posix_fstat,
	.stat = posix_stat,
	.list = posix_list,
	.mkdir = posix_mkdir,
	.rename = posix_rename,
	.unlink = posix_unlink,
	.open_dir = posix_open_dir,
	.lock = posix_lock,
	.space = posix_space,
	.fs_type = posix_fs_type,
	.realtime_us = posix_realtime_us,
	.boottime_ms = posix_boottime_ms,
	.clock_source = posix_clock_source,
	.boot_id = posix_boot_id,
	.machine_id = posix_machine_id,
};

const struct seal_io *seal_io_posix(void)
{
	return &posix_table;
}
