/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table through which lib/spool knows files, clock and the machine.
 * (Randomness: core/crypto.)  Nothing else in lib/spool calls the system; tests
 * put their own table here (failure at call k, a crash that forgets unsynced
 * writes).
 */
#ifndef SEAL_SPOOL_IO_H
#define SEAL_SPOOL_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal_io;

enum seal_io_open_flag {
	SEAL_IO_READ = 0x00,   /* read only; never follows a last symlink */
	SEAL_IO_WRITE = 0x01,  /* read and write */
	SEAL_IO_CREATE = 0x02, /* with WRITE: made with mode 0600 if missing */
	SEAL_IO_EXCL = 0x04,   /* with CREATE: -EEXIST if it is there */
};

struct seal_io_stat {
	uint64_t size_bytes;
	uint32_t mode; /* permission bits only, 07777 */
	uint32_t uid;
	bool is_dir, is_file;
};

/* Called for each name but "." and ".."; not 0 ends the listing with it. */
typedef int (*seal_io_list_fn)(void *ctx, const char *name);

/*
 * Every function returns 0 or a negative errno (pread and pwrite: the number of
 * bytes, which may be less than asked for; seal_io_read_full and
 * seal_io_write_full do the rest).  All may be called by several threads.
 */
struct seal_io {
	int (*open)(const struct seal_io *io, const char *path, unsigned flags,
		    int *ret_fd);
	long (*pread)(const struct seal_io *io, int fd, void *bytes, size_t len,
		      uint64_t offset);
	long (*pwrite)(const struct seal_io *io, int fd, const void *bytes,
		       size_t len, uint64_t offset);
	int (*fdatasync)(const struct seal_io *io, int fd);
	int (*fsync)(const struct seal_io *io, int fd);
	int (*ftruncate)(const struct seal_io *io, int fd, uint64_t size);
	int (*close)(const struct seal_io *io, int fd);
	int (*fstat)(const struct seal_io *io, int fd,
		     struct seal_io_stat *ret_stat);
	int (*stat)(const struct seal_io *io, const char *path,
		    struct seal_io_stat *ret_stat);
	int (*list)(const struct seal_io *io, const char *path,
		    seal_io_list_fn fn, void *ctx);
	int (*mkdir)(const struct seal_io *io, const char *path); /* 0700 */
	int (*rename)(const struct seal_io *io, const char *from,
		      const char *to);
	int (*unlink)(const struct seal_io *io, const char *path);
	/* A directory; fsync of it makes the names in it durable. */
	int (*open_dir)(const struct seal_io *io, const char *path,
			int *ret_fd);
	/* Exclusive, not waiting, until close: -EWOULDBLOCK if taken. */
	int (*lock)(const struct seal_io *io, int fd);
	/* Bytes that an unprivileged writer may still use, and all bytes. */
	int (*space)(const struct seal_io *io, const char *path,
		     uint64_t *ret_free_bytes, uint64_t *ret_total_bytes);
	/* Magic number of the file system (statfs f_type). */
	int (*fs_type)(const struct seal_io *io, const char *path,
		       uint64_t *ret_type);
	uint64_t (*realtime_us)(const struct seal_io *io);
	uint64_t (*boottime_ms)(const struct seal_io *io);
	/* Who keeps the clock: "synchronised", "unsynchronised"; static text.
	 */
	const char *(*clock_source)(const struct seal_io *io);
	/* The kernel's boot id, 36 characters and NUL. */
	int (*boot_id)(const struct seal_io *io, char ret_id[37]);
	/*
	 * SHA-256 of the 32 hexadecimal characters of /etc/machine-id (or of
	 * /var/lib/dbus/machine-id).  32 zero bytes where there is none;
	 * -EMFILE, -ENFILE: it could not be looked for.
	 */
	int (*machine_id)(const struct seal_io *io, uint8_t ret_hash[32]);
	void *ctx; /* of the table's owner */
};

/* The real one; immutable, shared by all. */
const struct seal_io *seal_io_posix(void);

/*
 * All of it or an error: 0, -errno, and -ENODATA where the file ends before
 * len bytes.  A write of no bytes is -EIO.
 */
int seal_io_read_full(const struct seal_io *io, int fd, void *bytes, size_t len,
		      uint64_t offset);
int seal_io_write_full(const struct seal_io *io, int fd, const void *bytes,
		       size_t len, uint64_t offset);

/* Zeroes [offset, offset + len) by writing; 0 or -errno. */
int seal_io_zero(const struct seal_io *io, int fd, uint64_t offset,
		 uint64_t len);

/* A negative errno as SEAL_E_IO, _NOSPACE (ENOSPC, EDQUOT), _PERM, _NOTFOUND.
 */
int seal_io_error(int negative_errno);

#endif
