/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One commit: entries into one buffer, one write, one fdatasync, then the seal,
 * then the head behind them.  Nothing is signed that is not durable; before the
 * signature everything can be undone, behind it nothing fails.
 * architecture.md "The way of one message".
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spool/spool_private.h"

uint64_t spool_size(const struct seal_spool *sp)
{
	return sp->signer->ops->frontier(sp->signer)->size;
}

void spool_batch_begin(struct seal_spool *sp)
{
	memset(&sp->batch, 0, sizeof(sp->batch));
	sp->batch.time_us = sp->io->realtime_us(sp->io);
	sp->batch.offset = sp->offset;
}

/* Where the bytes that were tried to be written end. */
static void note_dirty(struct seal_spool *sp, uint64_t to)
{
	if (to > sp->dirty_to)
		sp->dirty_to = to;
}

static int flush(struct seal_spool *sp, struct seal_diag *diag)
{
	struct spool_batch *b = &sp->batch;
	int r;

	if (!b->len)
		return 0;
	note_dirty(sp, b->offset + b->len);
	r = seal_io_write_full(sp->io, sp->fd, sp->buffer, b->len, b->offset);
	if (r)
		return spool_io_failed(sp, r, NULL, "written", diag);
	b->offset += b->len;
	b->len = 0;
	return 0;
}

/* A place for a frame of these bytes in the buffer. */
static int place(struct seal_spool *sp, size_t len, uint8_t **ret_frame,
		 struct seal_diag *diag)
{
	int r;

	if (sp->batch.len + len > BATCH_BUFFER_BYTES) {
		r = flush(sp, diag);
		if (r)
			return r;
	}
	*ret_frame = sp->buffer + sp->batch.len;
	return 0;
}

/* Receipts that came since the last commit stand before its entries. */
static int put_receipts(struct seal_spool *sp, struct seal_diag *diag)
{
	uint8_t *frame;
	size_t i, len;
	int r;

	sp->batch.receipts = true;
	for (i = 0; i < SEAL_MIRRORS_MAX; i++) {
		struct spool_receipt_frame *f = &sp->receipt[i];

		if (!f->note)
			continue;
		r = place(sp, f->len + SEAL_FRAME_OVERHEAD_BYTES, &frame, diag);
		if (r)
			return r;
		len = seal_frame_receipt_put(frame, sp->batch.time_us, f->note,
					     f->len);
		if (!len)
			return seal_diag_set(diag, SEAL_E_CRYPTO,
					     "a receipt could not be hashed");
		sp->batch.len += len;
	}
	return 0;
}

/* Room for an entry; its header is written.  Its body goes behind. */
static int open_entry(struct seal_spool *sp, uint8_t type, uint8_t flags,
		      size_t entry_len, uint8_t **ret_frame,
		      struct seal_diag *diag)
{
	int r;

	if (sp->batch.n >= SEAL_COMMIT_ENTRIES_MAX)
		return seal_diag_set(diag, SEAL_E_INTERNAL,
				     "a commit of too many entries");
	if (!sp->batch.receipts) {
		r = put_receipts(sp, diag);
		if (r)
			return r;
	}
	r = place(sp, entry_len + SEAL_FRAME_ENTRY_EXTRA, ret_frame, diag);
	if (r)
		return r;
	seal_entry_put_header(*ret_frame + 4, type, flags, sp->batch.time_us);
	return 0;
}

int spool_batch_add(struct seal_spool *sp, uint8_t type, uint8_t flags,
		    const void *body, size_t len, struct seal_diag *diag)
{
	struct spool_batch *b = &sp->batch;
	size_t entry_len = SEAL_ENTRY_HEADER_BYTES + len;
	uint64_t index = spool_size(sp) + b->n;
	uint8_t *frame = NULL;
	int r;

	r = open_entry(sp, type, flags, entry_len, &frame, diag);
	if (r)
		return r;
	if (len)
		memcpy(frame + 4 + SEAL_ENTRY_HEADER_BYTES, body, len);
	r = seal_frame_entry_finish(frame, entry_len, index, &sp->leaf[b->n]);
	if (r)
		return seal_diag_set(diag, r, "entry %llu could not be made",
				     (unsigned long long)index);
	b->len += entry_len + SEAL_FRAME_ENTRY_EXTRA;
	b->n++;
	return 0;
}

int spool_batch_control(struct seal_spool *sp, const struct seal_control *c,
			struct seal_diag *diag)
{
	int r;

	seal_buf_reset(&sp->body);
	r = seal_control_encode(c, &sp->body);
	if (r)
		return seal_diag_set(diag, r, "a %s entry could not be encoded",
				     seal_entry_type_name((uint8_t)c->type));
	return spool_batch_add(sp, (uint8_t)c->type, 0, sp->body.data,
			       sp->body.len, diag);
}

void spool_batch_undo(struct seal_spool *sp)
{
	memset(&sp->batch, 0, sizeof(sp->batch));
	if (sp->dirty_to)
		(void)spool_repair(sp, NULL);
}

void spool_forget_receipts(struct seal_spool *sp)
{
	size_t i;

	for (i = 0; i < SEAL_MIRRORS_MAX; i++) {
		free(sp->receipt[i].note);
		memset(&sp->receipt[i], 0, sizeof(sp->receipt[i]));
	}
}

/* Not synced: the next commit's sync, or an explicit one, takes it along. */
int spool_write_head(struct seal_spool *sp, uint64_t prev_size,
		     struct seal_diag *diag)
{
	uint64_t time_us = sp->batch.time_us;
	uint8_t *p = sp->unsynced;
	size_t len;
	int r;

	if (!time_us)
		time_us = sp->io->realtime_us(sp->io);
	sp->unsynced_offset = sp->offset;
	len = seal_frame_head_put(p, time_us, &sp->head);
	if (len && seal_frame_frontier_due(prev_size, sp->head.size))
		len += seal_frame_frontier_put(
			p + len, time_us,
			sp->signer->ops->frontier(sp->signer));
	r = len ? seal_io_write_full(sp->io, sp->fd, p, len, sp->offset) : -EIO;
	sp->head_lost = r;
	sp->unsynced_len = r ? 0 : len;
	if (r) {
		note_dirty(sp, sp->offset + len + 1);
		return spool_io_failed(sp, r, NULL, "written", diag);
	}
	sp->offset += len;
	sp->synced = false;
	return 0;
}

/* Nothing in here can fail. */
static void take(struct seal_spool *sp, const struct seal_head *head)
{
	struct spool_batch *b = &sp->batch;
	uint64_t prev = sp->head.size;
	struct seal_diag why;

	sp->head = *head;
	sp->offset = b->offset;
	sp->dirty_to = 0;
	sp->synced = true;
	if (b->receipts)
		spool_forget_receipts(sp);
	if (spool_write_head(sp, prev, &why))
		spool_alarm(sp, SEAL_ALARM_IO,
			    "a head goes into the next segment: %s", why.text);
	if (sp->offset > sp->file_bytes)
		sp->file_bytes = sp->offset;
	spool_add_hint(sp, sp->head.size, spool_last(sp)->first_index,
		       sp->offset);
	spool_state_write(sp);
	sp->stats.commits++;
	sp->stats.records += b->records;
	sp->stats.bytes += b->bytes;
	pthread_cond_broadcast(&sp->changed);
	memset(b, 0, sizeof(*b));
}

int spool_batch_commit(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_diag own = {0};
	struct seal_head head;
	int r;

	diag = diag ? diag : &own;
	r = flush(sp, diag);
	if (!r && !sp->nosync) {
		r = sp->io->fdatasync(sp->io, sp->fd);
		if (r)
			r = spool_io_failed(sp, r, NULL, "synced", diag);
		sp->stats.syncs++;
	}
	if (!r)
		r = sp->signer->ops->append(sp->signer, sp->leaf, sp->batch.n,
					    &head, diag);
	if (r) {
		spool_alarm(sp, SEAL_ALARM_IO,
			    "a commit failed and was undone: %s", diag->text);
		spool_batch_undo(sp);
		return r;
	}
	take(sp, &head);
	return 0;
}
