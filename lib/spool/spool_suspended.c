/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file `suspended`: since when nothing was sealed, kept for the session
 * that comes after the end of this process.  24 bytes, written in place; zeroes
 * are no mark.  docs/spec/spool.md 7.1; ADR 22.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spool/io_private.h"
#include "spool/spool_private.h"

#define NAME	   "suspended"
#define MAGIC	   "asl-sus1"
#define MARK_BYTES 24

static int put_mark(uint64_t since_us, uint8_t ret_mark[MARK_BYTES])
{
	struct seal_hash tag;
	int i, r;

	memcpy(ret_mark, MAGIC, 8);
	for (i = 0; i < 8; i++)
		ret_mark[8 + i] = (uint8_t)(since_us >> (56 - 8 * i));
	r = seal_sha256(ret_mark, 16, &tag);
	if (!r)
		memcpy(ret_mark + 16, tag.b, 8);
	return r;
}

/* Is there one?  Whatever is not zero is: since 0 where it is not whole. */
static bool get_mark(const uint8_t mark[MARK_BYTES], uint64_t *ret_since_us)
{
	static const uint8_t none[MARK_BYTES];
	uint8_t whole[MARK_BYTES];
	uint64_t since_us = 0;
	int i;

	if (!memcmp(mark, none, MARK_BYTES))
		return false;
	for (i = 0; i < 8; i++)
		since_us = since_us << 8 | mark[8 + i];
	if (put_mark(since_us, whole) || memcmp(whole, mark, MARK_BYTES))
		since_us = 0;
	*ret_since_us = since_us;
	return true;
}

/* What stands in the file; bytes that are not there are zero.  0 or -errno. */
static int read_mark(const struct seal_io *io, int fd,
		     uint8_t ret_mark[MARK_BYTES])
{
	struct seal_io_stat st;
	int r = io->fstat(io, fd, &st);

	memset(ret_mark, 0, MARK_BYTES);
	if (!r && st.size_bytes)
		r = seal_io_read_full(io, fd, ret_mark,
				      st.size_bytes < MARK_BYTES
					      ? (size_t)st.size_bytes
					      : MARK_BYTES,
				      0);
	return r;
}

static int open_mark(const struct seal_io *io, const char *dir, int *ret_fd)
{
	char *path = seal_io_path(dir, NAME);
	int r;

	if (!path)
		return -ENOMEM;
	r = io->open(io, path, SEAL_IO_WRITE | SEAL_IO_CREATE, ret_fd);
	free(path);
	return r;
}

static int write_mark(const struct seal_io *io, int fd,
		      const uint8_t mark[MARK_BYTES])
{
	int r = seal_io_write_full(io, fd, mark, MARK_BYTES, 0);

	return r ? r : io->fsync(io, fd);
}

static void sync_name(const struct seal_io *io, const char *dir)
{
	int fd;

	if (io->open_dir(io, dir, &fd))
		return;
	(void)io->fsync(io, fd);
	io->close(io, fd);
}

int seal_spool_mark_suspended(const struct seal_io *io, const char *dir,
			      uint64_t since_us)
{
	uint8_t mark[MARK_BYTES];
	uint64_t before_us;
	int fd, r;

	r = open_mark(io, dir, &fd);
	if (r)
		return seal_io_error(r);
	r = read_mark(io, fd, mark);
	if (!r && !get_mark(mark, &before_us)) {
		r = put_mark(since_us, mark) ? -EIO : write_mark(io, fd, mark);
		if (!r)
			sync_name(io, dir);
	}
	io->close(io, fd);
	return r ? seal_io_error(r) : 0;
}

/*
 * Under the lock: the file is there, so that a mark needs no space; a mark that
 * the session before left becomes a gap that waits.  What fails here is no
 * reason not to begin.
 */
void spool_take_mark(struct seal_spool *sp, uint64_t since_us)
{
	struct seal_gap *gap = &sp->gap[sp->gaps];
	uint64_t now_us = sp->io->realtime_us(sp->io), before_us = 0;
	uint8_t mark[MARK_BYTES] = {0};
	bool marked = false;
	int fd;

	if (!open_mark(sp->io, sp->dir, &fd)) {
		if (!read_mark(sp->io, fd, mark))
			marked = get_mark(mark, &before_us);
		if (!marked)
			(void)write_mark(sp->io, fd, mark);
		sp->io->close(sp->io, fd);
	}
	if (!marked && !since_us)
		return;
	if (!before_us || (since_us && since_us < before_us))
		before_us = since_us;
	memset(gap, 0, sizeof(*gap));
	gap->reason = SEAL_GAP_SUSPENDED;
	gap->bound = SEAL_GAP_LEAST;
	gap->from_us = before_us && before_us < now_us ? before_us : now_us;
	gap->to_us = now_us;
	sp->gaps++;
}

/* The gap is sealed.  A mark that stays makes another one, no more. */
void spool_clear_mark(struct seal_spool *sp)
{
	static const uint8_t none[MARK_BYTES];
	int fd;

	if (open_mark(sp->io, sp->dir, &fd))
		return;
	(void)write_mark(sp->io, fd, none);
	sp->io->close(sp->io, fd);
}

/* At a stop: without a mark it is not needed any more. */
void spool_remove_mark(struct seal_spool *sp)
{
	char *path = spool_path(sp, NAME);
	uint8_t mark[MARK_BYTES];
	uint64_t since_us;
	int fd;

	if (path && !sp->io->open(sp->io, path, SEAL_IO_READ, &fd)) {
		if (!read_mark(sp->io, fd, mark) && !get_mark(mark, &since_us))
			(void)sp->io->unlink(sp->io, path);
		sp->io->close(sp->io, fd);
	}
	free(path);
}
