/* SPDX-License-Identifier: Apache-2.0 */
/* What a test does with its files, and with the power: memio.h. */
#include "tests/lib/memio_private.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct memio *memio_new(void)
{
	struct memio *m = memio_must(calloc(1, sizeof(*m)));

	m->io = memio_table;
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
		memio_inode_drop(m->fd[i]);
	while (m->now.n)
		memio_name_del(&m->now, &m->now.v[0]);
	while (m->durable.n)
		memio_name_del(&m->durable, &m->durable.v[0]);
	memio_names_forget(m);
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

static bool survives(enum memio_loss loss, unsigned *seed)
{
	return loss == MEMIO_TORN && coin(seed);
}

static void cut_inode(struct inode *i, enum memio_loss loss, unsigned *seed)
{
	uint64_t s;

	for (s = 0; s * SECTOR < i->room; s++) {
		if (i->dirty[s] && survives(loss, seed))
			memcpy(i->durable + s * SECTOR, i->data + s * SECTOR,
			       SECTOR);
		i->dirty[s] = 0;
	}
	if (i->size > i->durable_size && survives(loss, seed))
		i->durable_size = i->size;
	if (i->size < i->durable_size && survives(loss, seed))
		i->durable_size = i->size;
	memset(i->durable + i->durable_size, 0, i->room - i->durable_size);
	memcpy(i->data, i->durable, i->room);
	i->size = i->durable_size;
}

/* Names reach the disk in the order in which they changed. */
static void cut_names(struct memio *m, enum memio_loss loss, unsigned *seed)
{
	unsigned at = 0;

	while (at < m->moments && survives(loss, seed))
		at++;
	if (m->moments && at < m->moments)
		memio_names_copy(&m->now, &m->past[at]);
	memio_names_sync(m);
}

void memio_restart(struct memio *m, enum memio_loss loss, unsigned seed)
{
	unsigned i;

	memio_arm(m, 0, MEMIO_EIO);
	for (i = 0; i < FDS; i++) {
		if (!m->fd[i])
			continue;
		m->fd[i]->locked = false;
		memio_inode_drop(m->fd[i]);
		m->fd[i] = NULL;
	}
	if (loss != MEMIO_KEPT)
		cut_names(m, loss, &seed);
	m->used = 0;
	for (i = 0; i < m->now.n; i++) {
		struct inode *inode = m->now.v[i].inode;

		inode->stuck = inode->locked = false;
		memio_inode_grow(inode, 1);
		if (loss != MEMIO_KEPT)
			cut_inode(inode, loss, &seed);
		m->used += inode->size;
	}
}

uint64_t memio_bytes_read(const struct memio *m)
{
	return m->bytes_read;
}

void memio_watch(struct memio *m, void (*watch)(void *ctx), void *ctx)
{
	m->watch = watch;
	m->watch_ctx = ctx;
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
	struct name *n = memio_must(memio_name_find(&m->now, path));

	n->inode->mode = mode;
}

uint8_t *memio_data(struct memio *m, const char *path, uint64_t *ret_size)
{
	struct name *n = memio_name_find(&m->now, path);

	if (!n)
		return NULL;
	if (ret_size)
		*ret_size = n->inode->size;
	return n->inode->data;
}

void memio_put(struct memio *m, const char *path, const void *data,
	       uint64_t size)
{
	struct name *n = memio_name_find(&m->now, path);

	if (!n) {
		n = memio_name_add(&m->now, path,
				   memio_must(calloc(1, sizeof(struct inode))));
		n->inode->mode = 0600;
	}
	memio_inode_grow(n->inode, size + 1);
	memset(n->inode->data, 0, n->inode->room);
	if (size)
		memcpy(n->inode->data, data, size);
	n->inode->size = size;
	memset(n->inode->dirty, 1, n->inode->room / SECTOR);
	memio_inode_sync(n->inode);
	memio_names_sync(m);
}

void memio_remove(struct memio *m, const char *path)
{
	struct name *n = memio_name_find(&m->now, path);

	if (n)
		memio_name_del(&m->now, n);
	memio_names_sync(m);
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
