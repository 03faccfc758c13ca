/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of memio share. */
#ifndef SEAL_TESTS_MEMIO_PRIVATE_H
#define SEAL_TESTS_MEMIO_PRIVATE_H

#include "tests/lib/memio.h"

#define FILES	   256
#define FDS	   64
#define SECTOR	   512
#define DIRS	   8
#define NAME_BYTES 96
#define MOMENTS	   32

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
	struct names past[MOMENTS]; /* names since the last sync, in order */
	unsigned moments;
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
	uint64_t bytes_read;
	void (*watch)(void *ctx);
	void *watch_ctx;
};

void *memio_must(void *p); /* aborts for NULL */

void memio_inode_drop(struct inode *i);
void memio_inode_grow(struct inode *i, uint64_t size);
void memio_inode_sync(struct inode *i);
struct name *memio_name_find(struct names *names, const char *path);
struct name *memio_name_add(struct names *names, const char *path,
			    struct inode *inode);
void memio_name_del(struct names *names, struct name *n);
void memio_names_copy(struct names *to, const struct names *from);
void memio_names_remember(struct memio *m);
void memio_names_forget(struct memio *m);
void memio_names_sync(struct memio *m);

/* The table without its ctx. */
extern const struct seal_io memio_table;

#endif
