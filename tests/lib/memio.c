/* SPDX-License-Identifier: Apache-2.0 */
/* The calls of the table: memio.h. */
#include "tests/lib/memio_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto.h"

static struct memio *self(const struct seal_io *io)
{
	return io->ctx;
}

/* Counts a call that changes something; not 0: how it goes wrong. */
static int step(struct memio *m, struct inode *i)
{
	m->calls++;
	if (m->watch)
		m->watch(m->watch_ctx);
	if (m->stopped)
		return -EIO;
	if (i && i->stuck)
		return -EIO;
	if (!m->at || m->calls != m->at)
		return 0;
	m->hit = true;
	switch (m->fault) {
	case MEMIO_STOP:
		m->stopped = true;
		return -EIO;
	case MEMIO_ENOSPC:
		m->full = true;
		return -ENOSPC;
	case MEMIO_STUCK:
		if (i)
			i->stuck = true;
		return -EIO;
	case MEMIO_SHORT:
		m->at++; /* the next one fails */
		m->fault = MEMIO_EIO;
		return 1;
	case MEMIO_EIO:
		break;
	}
	return -EIO;
}

static bool has_dir(const struct memio *m, const char *path)
{
	unsigned i;

	for (i = 0; i < m->dirs; i++)
		if (!strcmp(m->dir[i], path))
			return true;
	return false;
}

static bool parent_exists(const struct memio *m, const char *path)
{
	char dir[NAME_BYTES];

	strcpy(dir, path);
	*strrchr(dir, '/') = '\0';
	return !*dir || has_dir(m, dir);
}

/* The lowest free descriptor, for the inode. */
static int take_fd(struct memio *m, struct inode *inode, int *ret_fd)
{
	unsigned i, n = 0;
	int fd = -1;

	for (i = 0; i < FDS; i++) {
		n += m->fd[i] != NULL;
		if (!m->fd[i] && fd < 0)
			fd = (int)i;
	}
	if (n >= m->fds)
		return -EMFILE;
	m->fd[fd] = inode;
	m->fd_locked[fd] = false;
	inode->refs++;
	*ret_fd = fd;
	return 0;
}

static bool has_fd(const struct memio *m)
{
	unsigned i, n = 0;

	for (i = 0; i < FDS; i++)
		n += m->fd[i] != NULL;
	return n < m->fds;
}

static int m_open(const struct seal_io *io, const char *path, unsigned flags,
		  int *ret_fd)
{
	struct memio *m = self(io);
	struct name *n = memio_name_find(&m->now, path);
	struct inode *i;
	int r;

	if (!parent_exists(m, path))
		return -ENOENT;
	if (!has_fd(m))
		return -EMFILE;
	if (n && flags & SEAL_IO_EXCL)
		return -EEXIST;
	if (!n && !(flags & SEAL_IO_CREATE))
		return -ENOENT;
	if (!n) {
		r = step(m, NULL);
		if (r < 0)
			return r;
		memio_names_remember(m);
		i = memio_must(calloc(1, sizeof(*i)));
		i->mode = 0600;
		n = memio_name_add(&m->now, path, i);
	}
	return take_fd(m, n->inode, ret_fd);
}

static int m_open_dir(const struct seal_io *io, const char *path, int *ret_fd)
{
	struct memio *m = self(io);
	struct inode *i;

	if (!has_dir(m, path))
		return -ENOENT;
	if (!has_fd(m))
		return -EMFILE;
	i = memio_must(calloc(1, sizeof(*i)));
	i->is_dir = true;
	return take_fd(m, i, ret_fd);
}

static long m_pread(const struct seal_io *io, int fd, void *bytes, size_t len,
		    uint64_t offset)
{
	struct inode *i = self(io)->fd[fd];

	if (self(io)->stopped)
		return -EIO;
	if (offset >= i->size)
		return 0;
	if (len > i->size - offset)
		len = (size_t)(i->size - offset);
	memcpy(bytes, i->data + offset, len);
	self(io)->bytes_read += len;
	return (long)len;
}

static long m_pwrite(const struct seal_io *io, int fd, const void *bytes,
		     size_t len, uint64_t offset)
{
	struct memio *m = self(io);
	struct inode *i = m->fd[fd];
	uint64_t more, s;
	int r;

	r = step(m, i);
	if (r < 0 && r != -ENOSPC)
		return r;
	if (r > 0)
		len = len / 2 ? len / 2 : 1;
	more = offset + len > i->size ? offset + len - i->size : 0;
	if (more && (m->full || m->used + more > m->space))
		return -ENOSPC;
	memio_inode_grow(i, offset + len);
	memcpy(i->data + offset, bytes, len);
	for (s = offset / SECTOR; s <= (offset + len - 1) / SECTOR; s++)
		i->dirty[s] = 1;
	i->size += more;
	m->used += more;
	return (long)len;
}

static int m_sync(const struct seal_io *io, int fd)
{
	struct memio *m = self(io);
	struct inode *i = m->fd[fd];
	int r = step(m, i);

	if (i->is_dir) {
		if (!r)
			memio_names_sync(m);
		return r < 0 ? r : r ? -EIO : 0;
	}
	if (r) { /* what it should have written is clean, and not written */
		if (!m->stopped)
			memset(i->dirty, 0, i->room / SECTOR);
		return -EIO;
	}
	memio_inode_sync(i);
	return 0;
}

static int m_ftruncate(const struct seal_io *io, int fd, uint64_t size)
{
	struct memio *m = self(io);
	struct inode *i = m->fd[fd];
	int r;

	if (size == i->size)
		return 0;
	r = step(m, i);
	if (r)
		return r < 0 ? r : -EIO;
	memio_inode_grow(i, size);
	if (size < i->size) {
		memset(i->data + size, 0, i->size - size);
		memset(i->dirty + size / SECTOR, 1,
		       (i->size + SECTOR - 1) / SECTOR - size / SECTOR);
		m->used -= i->size - size;
	} else {
		m->used += size - i->size;
	}
	i->size = size;
	return 0;
}

static int m_close(const struct seal_io *io, int fd)
{
	struct memio *m = self(io);

	if (m->fd_locked[fd])
		m->fd[fd]->locked = false;
	m->fd_locked[fd] = false;
	memio_inode_drop(m->fd[fd]);
	m->fd[fd] = NULL;
	return 0;
}

static int m_fstat(const struct seal_io *io, int fd, struct seal_io_stat *st)
{
	struct inode *i = self(io)->fd[fd];

	memset(st, 0, sizeof(*st));
	st->size_bytes = i->size;
	st->mode = i->mode;
	st->is_file = true;
	return 0;
}

static int m_stat(const struct seal_io *io, const char *path,
		  struct seal_io_stat *st)
{
	struct memio *m = self(io);
	struct name *n = memio_name_find(&m->now, path);

	memset(st, 0, sizeof(*st));
	if (has_dir(m, path)) {
		st->mode = 0700;
		st->is_dir = true;
		return 0;
	}
	if (!n)
		return -ENOENT;
	st->size_bytes = n->inode->size;
	st->mode = n->inode->mode;
	st->is_file = true;
	return 0;
}

static int m_list(const struct seal_io *io, const char *path,
		  seal_io_list_fn fn, void *ctx)
{
	struct memio *m = self(io);
	struct names copy = m->now;
	size_t len = strlen(path);
	unsigned i;
	int r;

	if (!has_dir(m, path))
		return -ENOENT;
	if (!has_fd(m))
		return -EMFILE;
	for (i = 0; i < copy.n; i++) {
		const char *name = copy.v[i].path;

		if (strncmp(name, path, len) || name[len] != '/')
			continue;
		r = fn(ctx, name + len + 1);
		if (r)
			return r;
	}
	return 0;
}

static int m_mkdir(const struct seal_io *io, const char *path)
{
	struct memio *m = self(io);

	if (has_dir(m, path))
		return -EEXIST;
	if (!parent_exists(m, path))
		return -ENOENT;
	if (m->dirs == DIRS)
		abort();
	strcpy(m->dir[m->dirs++], path);
	return 0;
}

static int m_rename(const struct seal_io *io, const char *from, const char *to)
{
	struct memio *m = self(io);
	struct name *n = memio_name_find(&m->now, from), *old;
	struct inode *i;
	int r;

	if (!n)
		return -ENOENT;
	r = step(m, NULL);
	if (r)
		return r < 0 ? r : -EIO;
	memio_names_remember(m);
	i = n->inode;
	i->refs++;
	memio_name_del(&m->now, n);
	old = memio_name_find(&m->now, to);
	if (old)
		memio_name_del(&m->now, old);
	memio_name_add(&m->now, to, i);
	i->refs--;
	return 0;
}

static int m_unlink(const struct seal_io *io, const char *path)
{
	struct memio *m = self(io);
	struct name *n = memio_name_find(&m->now, path);
	int r;

	if (!n)
		return -ENOENT;
	r = step(m, NULL);
	if (r)
		return r < 0 ? r : -EIO;
	memio_names_remember(m);
	m->used -= n->inode->size;
	memio_name_del(&m->now, n);
	return 0;
}

static int m_lock(const struct seal_io *io, int fd)
{
	struct memio *m = self(io);

	if (m->fd[fd]->locked)
		return -EWOULDBLOCK;
	m->fd[fd]->locked = m->fd_locked[fd] = true;
	return 0;
}

static int m_space(const struct seal_io *io, const char *path,
		   uint64_t *ret_free, uint64_t *ret_total)
{
	struct memio *m = self(io);

	(void)path;
	*ret_free = m->full || m->used > m->space ? 0 : m->space - m->used;
	*ret_total = m->space;
	return 0;
}

static int m_fs_type(const struct seal_io *io, const char *path, uint64_t *ret)
{
	(void)io;
	(void)path;
	*ret = 0xEF53;
	return 0;
}

static uint64_t m_realtime_us(const struct seal_io *io)
{
	return self(io)->realtime_us++;
}

static uint64_t m_boottime_ms(const struct seal_io *io)
{
	return self(io)->boottime_ms;
}

static const char *m_clock_source(const struct seal_io *io)
{
	(void)io;
	return "synchronised";
}

static int m_boot_id(const struct seal_io *io, char ret_id[37])
{
	(void)io;
	strcpy(ret_id, "00000000-1111-2222-3333-444444444444");
	return 0;
}

static int m_machine_id(const struct seal_io *io, uint8_t ret_hash[32])
{
	memset(ret_hash, 0, 32);
	ret_hash[0] = self(io)->machine;
	return 0;
}

const struct seal_io memio_table = {
	.open = m_open,
	.pread = m_pread,
	.pwrite = m_pwrite,
	.fdatasync = m_sync,
	.fsync = m_sync,
	.ftruncate = m_ftruncate,
	.close = m_close,
	.fstat = m_fstat,
	.stat = m_stat,
	.list = m_list,
	.mkdir = m_mkdir,
	.rename = m_rename,
	.unlink = m_unlink,
	.open_dir = m_open_dir,
	.lock = m_lock,
	.space = m_space,
	.fs_type = m_fs_type,
	.realtime_us = m_realtime_us,
	.boottime_ms = m_boottime_ms,
	.clock_source = m_clock_source,
	.boot_id = m_boot_id,
	.machine_id = m_machine_id,
};
