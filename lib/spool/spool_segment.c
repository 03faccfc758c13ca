/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The segment that is written to: its repair after a failed write, its closing,
 * the next one.  A .seg file has a header or does not exist: the next one is
 * made under the name `spare` and renamed.  format.md 3.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spool/spool_private.h"

#define GROWS_MS 1000

int spool_sync(struct seal_spool *sp, struct seal_diag *diag)
{
	int r;

	if (sp->fd < 0)
		return 0;
	/* a head that is nowhere yet goes into the next header */
	r = spool_repair(sp, diag);
	if (r || sp->synced)
		return r;
	r = sp->io->fdatasync(sp->io, sp->fd);
	sp->stats.syncs++;
	if (r) {
		/* what was written may be forgotten: write it again */
		sp->dirty_to = sp->offset;
		return spool_io_failed(sp, r, NULL, "synced", diag);
	}
	sp->synced = true;
	sp->unsynced_len = 0;
	return 0;
}

/*
 * Zeroes what a failed commit left, writes what was not synced once more, and
 * syncs.  Behind the old end of the file it is cut instead: no space is needed.
 */
static int clean_tail(struct seal_spool *sp)
{
	uint64_t to = sp->dirty_to;
	int r = 0;

	if (sp->file_bytes < sp->offset)
		sp->file_bytes = sp->offset;
	if (to > sp->file_bytes) {
		r = sp->io->ftruncate(sp->io, sp->fd, sp->file_bytes);
		to = sp->file_bytes;
	}
	if (!r && to > sp->offset)
		r = seal_io_zero(sp->io, sp->fd, sp->offset, to - sp->offset);
	if (!r && sp->unsynced_len)
		r = seal_io_write_full(sp->io, sp->fd, sp->unsynced,
				       sp->unsynced_len, sp->unsynced_offset);
	if (!r)
		r = sp->io->fdatasync(sp->io, sp->fd);
	return r;
}

/* Cuts the open segment to its length. */
static int close_segment(struct seal_spool *sp)
{
	int r, s;

	r = sp->io->ftruncate(sp->io, sp->fd, sp->offset);
	s = sp->io->fsync(sp->io, sp->fd);
	return r ? r : s;
}

static int next_segment(struct seal_spool *sp, struct seal_diag *diag);

/* SHA-256 of [offset, offset + len) of the open segment. */
static int hash_range(struct seal_spool *sp, uint64_t offset, uint64_t len,
		      struct seal_hash *ret_hash)
{
	struct seal_sha256_ctx *ctx;
	size_t n;
	int r;

	r = seal_sha256_new(&ctx);
	while (!r && len) {
		n = len < BATCH_BUFFER_BYTES ? (size_t)len : BATCH_BUFFER_BYTES;
		r = seal_io_read_full(sp->io, sp->fd, sp->buffer, n, offset);
		if (r)
			break;
		seal_sha256_update(ctx, sp->buffer, n);
		offset += n;
		len -= n;
	}
	if (!r)
		r = seal_sha256_final(ctx, ret_hash);
	seal_sha256_free(ctx);
	return r;
}

/* Closes the segment that cannot be written to, or names what is left in it. */
static int abandon_tail(struct seal_spool *sp, struct seal_diag *diag)
{
	uint64_t offset = sp->offset, end = sp->dirty_to;
	bool replaced = sp->head.size == spool_last(sp)->first_index;
	uint64_t segment = spool_last(sp)->first_index;
	struct seal_hash hash;
	struct seal_io_stat st;
	bool named;
	int r;

	r = sp->io->fstat(sp->io, sp->fd, &st);
	if (!r && st.size_bytes < end)
		end = st.size_bytes > offset ? st.size_bytes : offset;
	if (!r)
		r = hash_range(sp, offset, end - offset, &hash);
	named = !replaced && close_segment(sp) && end > offset;
	if (named && r)
		return seal_diag_set(diag, SEAL_E_IO,
				     "what a failed write left in %s can "
				     "neither be removed nor read",
				     sp->dir);
	r = next_segment(sp, diag);
	if (r || !named)
		return r;
	if (sp->session || !sp->crashed) {
		r = spool_recovery_init(sp, diag);
		if (r)
			return r;
	}
	/* those of the failed commit stand there and are not to stand twice */
	spool_forget_receipts(sp);
	sp->recovery.has_abandoned = true;
	sp->recovery.abandoned.segment = segment;
	sp->recovery.abandoned.offset_bytes = offset;
	sp->recovery.abandoned.length_bytes = end - offset;
	sp->recovery.abandoned.hash = hash;
	sp->session = false;
	return 0;
}

int spool_repair(struct seal_spool *sp, struct seal_diag *diag)
{
	if (sp->must_rotate)
		return next_segment(sp, diag);
	if (!sp->dirty_to)
		return 0;
	if (!sp->head_lost && !clean_tail(sp)) {
		sp->dirty_to = 0;
		sp->synced = true;
		sp->unsynced_len = 0;
		return 0;
	}
	return abandon_tail(sp, diag);
}

/* ---- the next one ---- */

/* A zero-filled file, or an empty one; it stays open. */
static int make_file(struct seal_spool *sp, const char *name, uint64_t bytes,
		     int *ret_fd)
{
	const struct seal_io *io = sp->io;
	char *path = spool_path(sp, name);
	int fd, r;

	if (!path)
		return -ENOMEM;
	r = io->open(io, path, SEAL_IO_WRITE | SEAL_IO_CREATE, &fd);
	if (r)
		goto out;
	r = io->ftruncate(io, fd, 0);
	if (!r && bytes)
		r = seal_io_zero(io, fd, 0, bytes);
	if (!r && bytes)
		r = io->fdatasync(io, fd);
	if (r) {
		io->close(io, fd);
		io->unlink(io, path);
	} else {
		*ret_fd = fd;
	}
out:
	free(path);
	return r;
}

int spool_make_spare(struct seal_spool *sp, int *ret_fd)
{
	return make_file(sp, SPARE_NEW, sp->segment_max_bytes, ret_fd);
}

/* Under the mutex: what spool_make_spare made becomes the spare. */
void spool_take_spare(struct seal_spool *sp, int fd)
{
	char *from = spool_path(sp, SPARE_NEW);
	char *to = spool_path(sp, "spare");

	if (from && to && !sp->io->rename(sp->io, from, to))
		sp->spare_fd = fd;
	else
		sp->io->close(sp->io, fd);
	free(from);
	free(to);
}

/*
 * Writing into zeroes that are there costs a sync less than growing the file.
 * The next commit's sync takes them along; a failure only costs time.
 */
void spool_fill_open(struct seal_spool *sp)
{
	uint64_t from = sp->file_bytes;

	if (sp->dirty_to || sp->must_rotate || from >= sp->segment_max_bytes)
		return;
	if (seal_io_zero(sp->io, sp->fd, from, sp->segment_max_bytes - from))
		(void)sp->io->ftruncate(sp->io, sp->fd, from);
	else
		sp->file_bytes = sp->segment_max_bytes;
}

/* Header into the spare, synced, renamed, its name synced. */
static int name_spare(struct seal_spool *sp, int fd, const uint8_t *header,
		      size_t len, const char *name)
{
	const struct seal_io *io = sp->io;
	char *from, *to;
	int r = -ENOMEM;

	from = spool_path(sp, "spare");
	to = spool_path(sp, name);
	if (!from || !to)
		goto out;
	r = seal_io_write_full(io, fd, header, len, 0);
	if (!r)
		r = io->fsync(io, fd);
	if (r)
		goto out;
	sp->must_rotate = true; /* whatever comes: the name may be there */
	r = io->rename(io, from, to);
	if (!r)
		r = io->fsync(io, sp->dir_fd);
	if (!r)
		sp->must_rotate = false;
out:
	free(from);
	free(to);
	return r;
}

static int open_spare(struct seal_spool *sp, int *ret_fd, uint64_t *ret_bytes)
{
	const struct seal_io *io = sp->io;
	struct seal_io_stat st;
	int fd = sp->spare_fd, r = 0;

	if (fd < 0)
		r = make_file(sp, "spare", 0, &fd);
	if (r)
		return r;
	sp->spare_fd = -1;
	r = io->fstat(io, fd, &st);
	if (r) {
		io->close(io, fd);
		return r;
	}
	*ret_fd = fd;
	*ret_bytes = st.size_bytes;
	return 0;
}

/* The file of the segment that begins at the newest head. */
static int make_segment(struct seal_spool *sp, uint64_t number,
			const struct seal_frontier *frontier, int *ret_fd,
			uint64_t *ret_header, uint64_t *ret_bytes,
			struct seal_diag *diag)
{
	uint8_t bytes[SEAL_SEGMENT_HEADER_BYTES_MAX];
	struct seal_segment_header h = {0};
	uint64_t file_bytes;
	char name[32];
	size_t len;
	int fd, r;

	h.number = number;
	h.first_index = sp->head.size;
	h.log_id = sp->log_id;
	h.head = sp->head;
	strcpy(h.origin, seal_keydir_origin(sp->keydir));
	h.frontier = *frontier;
	r = seal_segment_header_put(&h, bytes, &len);
	if (r)
		return seal_diag_set(diag, r, "no header for a segment");
	spool_segment_name(h.first_index, name);
	r = open_spare(sp, &fd, &file_bytes);
	if (r)
		return spool_io_failed(sp, r, "spare", "opened", diag);
	r = name_spare(sp, fd, bytes, len, name);
	if (r) {
		sp->io->close(sp->io, fd);
		return spool_io_failed(sp, r, name, "made", diag);
	}
	*ret_fd = fd;
	*ret_header = len;
	*ret_bytes = file_bytes > len ? file_bytes : len;
	return 0;
}

int spool_first_segment(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_frontier none;
	uint64_t header, bytes;
	int fd, r;

	seal_frontier_init(&none);
	r = make_segment(sp, 0, &none, &fd, &header, &bytes, diag);
	if (r)
		return r;
	r = spool_add_segment(sp, 0, 0, header);
	if (r) {
		sp->io->close(sp->io, fd);
		return r;
	}
	sp->fd = fd;
	sp->offset = header;
	sp->file_bytes = bytes;
	sp->synced = true;
	return 0;
}

/*
 * Leaves the open segment as it is and goes on in one that begins at the newest
 * head; if that is the same index, in place of the old one.
 */
static int next_segment(struct seal_spool *sp, struct seal_diag *diag)
{
	struct spool_segment *last = spool_last(sp);
	bool same = sp->head.size == last->first_index;
	uint64_t number = last->number + !same;
	uint64_t header, bytes;
	int fd, r;

	if (spool_size(sp) != sp->head.size) /* salvaged, not yet sealed */
		return seal_diag_set(diag, SEAL_E_IO, "%s cannot be written to",
				     sp->dir);
	if (!same) {
		r = spool_add_segment(sp, number, sp->head.size, 0);
		if (r)
			return seal_diag_set(diag, r, "out of memory");
		sp->segments--; /* until there is a file */
	}
	r = make_segment(sp, number, sp->signer->ops->frontier(sp->signer), &fd,
			 &header, &bytes, diag);
	if (r)
		return r;
	/* nothing below can fail */
	sp->io->close(sp->io, sp->fd);
	if (!same) {
		spool_last(sp)->bytes = sp->offset;
		sp->used_bytes += sp->offset;
		sp->segments++;
	}
	sp->fd = fd;
	sp->offset = header;
	sp->file_bytes = bytes;
	sp->unsynced_len = 0;
	sp->synced = true;
	sp->head_lost = false;
	sp->dirty_to = 0;
	spool_add_hint(sp, sp->head.size, sp->head.size, header);
	(void)spool_state_sync(sp, NULL);
	if (sp->grows)
		spool_alarm(sp, SEAL_ALARM_SEGMENTS,
			    "%s has new segments again", sp->dir);
	sp->grows = false;
	return 0;
}

int spool_rotate(struct seal_spool *sp, struct seal_diag *diag)
{
	int r;

	if (sp->head.size == spool_last(sp)->first_index)
		return 0;
	r = close_segment(sp);
	if (r) {
		sp->dirty_to = sp->offset;
		return spool_io_failed(sp, r, NULL, "closed", diag);
	}
	sp->file_bytes = sp->offset;
	sp->synced = true;
	sp->unsynced_len = 0;
	return next_segment(sp, diag);
}

static bool no_descriptor(const struct seal_diag *diag)
{
	return diag->sys_errno == EMFILE || diag->sys_errno == ENFILE;
}

int spool_make_room(struct seal_spool *sp, uint64_t bytes,
		    struct seal_diag *diag)
{
	const uint64_t behind = UNSYNCED_BYTES;
	struct seal_diag why;
	int r;

	if (sp->offset + bytes + behind <= sp->segment_max_bytes ||
	    sp->head.size == spool_last(sp)->first_index ||
	    sp->head.size != spool_size(sp))
		return 0;
	if (sp->grows && sp->io->boottime_ms(sp->io) < sp->grows_until_ms)
		return 0;
	r = spool_rotate(sp, diag ? diag : &why);
	if (!r || sp->must_rotate || sp->dirty_to ||
	    !no_descriptor(diag ? diag : &why))
		return r;
	/* no reason to hold anybody up: what is open can be written to */
	if (!sp->grows)
		spool_alarm(sp, SEAL_ALARM_IO,
			    "%s; sealing goes on in the open segment",
			    (diag ? diag : &why)->text);
	sp->grows = true;
	sp->grows_until_ms = sp->io->boottime_ms(sp->io) + GROWS_MS;
	return 0;
}
