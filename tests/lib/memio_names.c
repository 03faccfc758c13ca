/* SPDX-License-Identifier: Apache-2.0 */
/* Inodes and names of memio, what is and what would outlive a power cut. */
#include "tests/lib/memio_private.h"

#include <stdlib.h>
#include <string.h>

void *memio_must(void *p)
{
	if (!p)
		abort();
	return p;
}

void memio_inode_drop(struct inode *i)
{
	if (!i || --i->refs)
		return;
	free(i->data);
	free(i->durable);
	free(i->dirty);
	free(i);
}

void memio_inode_grow(struct inode *i, uint64_t size)
{
	uint64_t room = (size + SECTOR) / SECTOR * SECTOR;

	if (room <= i->room)
		return;
	room *= 2;
	i->data = memio_must(realloc(i->data, room));
	i->durable = memio_must(realloc(i->durable, room));
	i->dirty = memio_must(realloc(i->dirty, room / SECTOR));
	memset(i->data + i->room, 0, room - i->room);
	memset(i->durable + i->room, 0, room - i->room);
	memset(i->dirty + i->room / SECTOR, 0, (room - i->room) / SECTOR);
	i->room = room;
}

void memio_inode_sync(struct inode *i)
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

struct name *memio_name_find(struct names *names, const char *path)
{
	unsigned i;

	for (i = 0; i < names->n; i++)
		if (!strcmp(names->v[i].path, path))
			return &names->v[i];
	return NULL;
}

struct name *memio_name_add(struct names *names, const char *path,
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

void memio_name_del(struct names *names, struct name *n)
{
	memio_inode_drop(n->inode);
	*n = names->v[--names->n];
}

void memio_names_copy(struct names *to, const struct names *from)
{
	struct names old = *to;
	unsigned i;

	to->n = 0;
	for (i = 0; i < from->n; i++)
		memio_name_add(to, from->v[i].path, from->v[i].inode);
	for (i = 0; i < old.n; i++)
		memio_inode_drop(old.v[i].inode);
}

/*
 * Names as they are, before one changes: a power cut may leave these.  Where
 * there are too many moments, a late one is forgotten.
 */
void memio_names_remember(struct memio *m)
{
	if (m->moments == MOMENTS)
		m->moments--;
	memio_names_copy(&m->past[m->moments++], &m->now);
}

void memio_names_forget(struct memio *m)
{
	struct names none = {.n = 0};

	while (m->moments)
		memio_names_copy(&m->past[--m->moments], &none);
}

void memio_names_sync(struct memio *m)
{
	memio_names_copy(&m->durable, &m->now);
	memio_names_forget(m);
}
