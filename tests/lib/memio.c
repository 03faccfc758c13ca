/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: memio.h. */
#include "tests/lib/memio.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/crypto.h"

#define FILES	   256
#define FDS	   64
#define SECTOR	   512
#define DIRS	   8
#define NAME_BYTES 96

struct inode {
	uint8_t *data, *durable;
	uint8_t *dirty; /* a byte for each sector */
	uint64_t size, durable_size, room;
	uint32_t mode;
	unsigned refs; /* names, durable names, descriptors */
	bool locked, stuck, is_dir;
};

struct name {
	char path[NAME_BYTES];
	struct inode *inode;
};

struct names {
	struct name v[FILES];
	unsigned n;
};

struct memio {
	struct seal_io io;
	struct names now, durable;
	char dir[DIRS][NAME_BYTES];
	unsigned dirs;
	struct inode *fd[FDS];
	unsigned fds; /* how many there may be */
	bool fd_locked[FDS];
	uint64_t realtime_us, boottime_ms;
	uint64_t space, used;
	uint8_t machine;
	long calls, at;
	enum memio_fault fault;
	bool hit, stopped, full;
};

static struct memio *self(const struct seal_io *io)
{
	return io->ctx;
}

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

static void drop(struct inode *i)
{
	if (!i || --i->refs)
		return;
	free(i->data);
	free(i->durable);
	free(i->dirty);
	free(i);
}

static struct name *find(struct names *names, const char *path)
{
	unsigned i;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->v[i].path, path))
			return &names->v[i];
	return NULL;
}

static struct name *add(struct names *names, const char *path,
			struct inode *inode)
{
	struct name *n = &names->v[names->n++];

	if (names->n >= FILES || strlen(path) >= NAME_BYTES)
		abort();
	strcpy(n->path, path);
	n->inode = inode;
	inode->refs++;
	return n;
}

static void del(struct names *names, struct name *n)
{
	drop(n->inode);
	*n = names->v[--names->n];
}

static void grow(struct inode *i, uint64_t size)
{
	uint64_t room = (size + SECTOR) / SECTOR * SECTOR;

	if (room <= i->room)
		return;
	room *= 2;
	i->data = must(realloc(i->data, room));
	i->durable = must(realloc(i->durable, room));
	i->dirty = must(realloc(i->dirty, room / SECTOR));
	memset(i->data + i->room, 0, room - i->room);
	memset(i->durable + i->room, 0, room - i->room);
	memset(i->dirty + i->room / SECTOR, 0, (room - i->room) / SECTOR);
	i->room = room;
}

/* Counts a call that changes something; not 0: how it goes wrong. */
static int step(struct memio *m, struct inode *i)
{
	m->calls++;
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
	struct name *n = find(&m->now, path);
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
		i = must(calloc(1, sizeof(*i)));
		i->mode = 0600;
		n = add(&m->now, path, i);
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
	i = must(calloc(1, sizeof(*i)));
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
	grow(i, offset + len);
	memcpy(i->data + offset, bytes, len);
	for (s = offset / SECTOR; s <= (offset + len - 1) / SECTOR; s++)
		i->dirty[s] = 1;
	i->size += more;
	m->used += more;
	return (long)len;
}

static void copy_names(struct names *to, const struct names *from)
{
	struct names old = *to;
	unsigned i;

	to->n = 0;
	for (i = 0; i < from->n; i++)
		add(to, from->v[i].path, from->v[i].inode);
	for (i = 0; i < old.n; i++)
		drop(old.v[i].inode);
}

static void sync_inode(struct inode *i)
{
	uint64_t s;

	for (s = 0; s * SECTOR < i->room; s++) {
		if (i->dirty[s])
			memcpy(i->durable + s * SECTOR, i->data + s * SECTOR,
			       SECTOR);
		i->dirty[s] = 0;
	}
	i->durable_size = i->size;
}

static int m_sync(const struct seal_io *io, int fd)
{
	struct memio *m = self(io);
	struct inode *i = m->fd[fd];
	int r = step(m, i);

	if (i->is_dir) {
		if (!r)
			copy_names(&m->durable, &m->now);
		return r < 0 ? r : r ? -EIO : 0;
	}
	if (r) { /* what it should have written is clean, and not written */
		if (!m->stopped)
			memset(i->dirty, 0, i->room / SECTOR);
		return -EIO;
	}
	sync_inode(i);
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
	grow(i, size);
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
	drop(m->fd[fd]);
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
	struct name *n = find(&m->now, path);

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
	struct name *n = find(&m->now, from), *old;
	struct inode *i;
	int r;

	if (!n)
		return -ENOENT;
	r = step(m, NULL);
	if (r)
		return r < 0 ? r : -EIO;
	i = n->inode;
	i->refs++;
	del(&m->now, n);
	old = find(&m->now, to);
	if (old)
		del(&m->now, old);
	add(&m->now, to, i);
	i->refs--;
	return 0;
}

static int m_unlink(const struct seal_io *io, const char *path)
{
	struct memio *m = self(io);
	struct name *n = find(&m->now, path);
	int r;

	if (!n)
		return -ENOENT;
	r = step(m, NULL);
	if (r)
		return r < 0 ? r : -EIO;
	m->used -= n->inode->size;
	del(&m->now, n);
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

static const struct seal_io table = {
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

struct memio *memio_new(void)
{
	struct memio *m = must(calloc(1, sizeof(*m)));

	m->io = table;
	m->io.ctx = m;
	m->realtime_us = 1700000000000000;
	m->boottime_ms = 1000;
	m->space = 1ULL << 40;
	m->fds = FDS;
	m->machine = 1;
	return m;
}

void memio_free(struct memio *m)
{
	unsigned i;

	if (!m)
		return;
	for (i = 0; i < FDS; i++)
		drop(m->fd[i]);
	while (m->now.n)
		del(&m->now, &m->now.v[0]);
	while (m->durable.n)
		del(&m->durable, &m->durable.v[0]);
	free(m);
}

const struct seal_io *memio_io(struct memio *m)
{
	return &m->io;
}

long memio_calls(const struct memio *m)
{
	return m->calls;
}

void memio_arm(struct memio *m, long k, enum memio_fault fault)
{
	m->calls = 0;
	m->at = k;
	m->fault = fault;
	m->hit = m->stopped = m->full = false;
}

bool memio_hit(const struct memio *m)
{
	return m->hit;
}

/* A cheap generator: which sectors reach the disk. */
static bool coin(unsigned *seed)
{
	*seed = *seed * 1103515245u + 12345u;
	return *seed >> 16 & 1;
}

static void tear(struct inode *i, unsigned *seed)
{
	uint64_t s;

	for (s = 0; s * SECTOR < i->room; s++) {
		if (i->dirty[s] && coin(seed))
			memcpy(i->durable + s * SECTOR, i->data + s * SECTOR,
			       SECTOR);
		i->dirty[s] = 0;
	}
	if (i->size > i->durable_size && coin(seed))
		i->durable_size = i->size;
	if (i->size < i->durable_size && coin(seed))
		i->durable_size = i->size;
	memset(i->durable + i->durable_size, 0, i->room - i->durable_size);
	memcpy(i->data, i->durable, i->room);
	i->size = i->durable_size;
}

void memio_restart(struct memio *m, bool lose, unsigned seed)
{
	unsigned i;

	memio_arm(m, 0, MEMIO_EIO);
	for (i = 0; i < FDS; i++) {
		if (!m->fd[i])
			continue;
		m->fd[i]->locked = false;
		drop(m->fd[i]);
		m->fd[i] = NULL;
	}
	if (lose) {
		if (coin(&seed))
			copy_names(&m->durable, &m->now);
		else
			copy_names(&m->now, &m->durable);
	}
	m->used = 0;
	for (i = 0; i < m->now.n; i++) {
		struct inode *inode = m->now.v[i].inode;

		inode->stuck = inode->locked = false;
		grow(inode, 1);
		if (lose)
			tear(inode, &seed);
		m->used += inode->size;
	}
}

void memio_advance_ms(struct memio *m, uint64_t ms)
{
	m->boottime_ms += ms;
	m->realtime_us += ms * 1000;
}

void memio_set_machine(struct memio *m, uint8_t first_byte)
{
	m->machine = first_byte;
}

void memio_set_space(struct memio *m, uint64_t bytes)
{
	m->space = bytes;
}

void memio_set_fds(struct memio *m, unsigned more)
{
	unsigned i;

	m->fds = more < FDS ? more : FDS;
	for (i = 0; i < FDS && m->fds < FDS; i++)
		m->fds += m->fd[i] != NULL;
}

void memio_chmod(struct memio *m, const char *path, uint32_t mode)
{
	struct name *n = must(find(&m->now, path));

	n->inode->mode = mode;
}

uint8_t *memio_data(struct memio *m, const char *path, uint64_t *ret_size)
{
	struct name *n = find(&m->now, path);

	if (!n)
		return NULL;
	if (ret_size)
		*ret_size = n->inode->size;
	return n->inode->data;
}

void memio_put(struct memio *m, const char *path, const void *data,
	       uint64_t size)
{
	struct name *n = find(&m->now, path);

	if (!n) {
		n = add(&m->now, path, must(calloc(1, sizeof(struct inode))));
		n->inode->mode = 0600;
	}
	grow(n->inode, size + 1);
	memset(n->inode->data, 0, n->inode->room);
	if (size)
		memcpy(n->inode->data, data, size);
	n->inode->size = size;
	memset(n->inode->dirty, 1, n->inode->room / SECTOR);
	sync_inode(n->inode);
	copy_names(&m->durable, &m->now);
}

void memio_remove(struct memio *m, const char *path)
{
	struct name *n = find(&m->now, path);

	if (n)
		del(&m->now, n);
	copy_names(&m->durable, &m->now);
}

struct memio *memio_copy(const struct memio *m)
{
	struct memio *c = memio_new();
	unsigned i;

	memcpy(c->dir, m->dir, sizeof(c->dir));
	c->dirs = m->dirs;
	c->realtime_us = m->realtime_us;
	c->boottime_ms = m->boottime_ms;
	c->space = m->space;
	c->machine = m->machine;
	for (i = 0; i < m->now.n; i++)
		memio_put(c, m->now.v[i].path, m->now.v[i].inode->data,
			  m->now.v[i].inode->size);
	return c;
}

unsigned memio_files(const struct memio *m, const char *prefix,
		     uint64_t *ret_bytes)
{
	uint64_t bytes = 0;
	unsigned i, n = 0;

	for (i = 0; i < m->now.n; i++) {
		if (strncmp(m->now.v[i].path, prefix, strlen(prefix)))
			continue;
		bytes += m->now.v[i].inode->size;
		n++;
	}
	if (ret_bytes)
		*ret_bytes = bytes;
	return n;
}
