/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the files as they are found to a log that goes on: what a crash left is
 * salvaged and declared, what no crash leaves is refused and nothing changed.
 * format.md 3 "Recovery", 2 (hand-over table), 8.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spool/spool_private.h"

static int lost_key(struct seal_spool *sp, struct seal_diag *diag)
{
	return seal_diag_set(
		diag, SEAL_E_DAMAGED,
		"%s/epoch has lost the key of epoch %llu (AS029): the log %s "
		"ends here; begin a new one with auditseal init --successor-of",
		seal_keydir_path(sp->keydir),
		(unsigned long long)seal_chain_epoch(sp->chain),
		seal_keydir_origin(sp->keydir));
}

/* The log decides which key is used; the slots are evidence. */
static int check_slots(struct seal_spool *sp, struct seal_diag *diag)
{
	uint64_t epoch = seal_chain_epoch(sp->chain);
	struct seal_keydir_slot slot;
	struct seal_chain_span span;
	unsigned i;
	int r;

	for (i = 0; i < SEAL_KEYDIR_SLOTS; i++) {
		seal_keydir_slot(sp->keydir, i, &slot);
		if (slot.state == SEAL_SLOT_KEY && slot.epoch > epoch + 1)
			return seal_diag_set(
				diag, SEAL_E_ROLLBACK,
				"the keys in %s are of epoch %llu, the spool "
				"%s ends in epoch %llu: it is older than it "
				"must be (AS027)",
				seal_keydir_path(sp->keydir),
				(unsigned long long)slot.epoch, sp->dir,
				(unsigned long long)epoch);
	}
	seal_keydir_slot(sp->keydir, (unsigned)(epoch & 1), &slot);
	r = seal_chain_span(sp->chain, epoch, &span);
	if (r)
		return r;
	if (slot.state != SEAL_SLOT_KEY || slot.epoch != epoch ||
	    memcmp(slot.public_key, span.key, sizeof(span.key)))
		return lost_key(sp, diag);
	return 0;
}

/* ---- mending ---- */

/* Hand-overs that the log has and the file has not. */
static int mend_epochs(struct seal_spool *sp, const struct spool_scan *scan,
		       struct seal_diag *diag)
{
	struct seal_io_stat st;
	size_t i;
	int r;

	r = sp->io->fstat(sp->io, sp->epochs_fd, &st);
	if (!r && st.size_bytes != sp->epochs_bytes)
		r = sp->io->ftruncate(sp->io, sp->epochs_fd, sp->epochs_bytes);
	if (r)
		return spool_io_failed(sp, r, "epochs", "mended", diag);
	for (i = 0; !r && i < scan->learnts; i++)
		r = spool_epochs_append(sp, &scan->learnt[i], diag);
	return r;
}

static int hash_tail(struct seal_spool *sp, int fd, uint64_t from, uint64_t to,
		     struct seal_hash *ret_hash, struct seal_diag *diag)
{
	struct seal_sha256_ctx *ctx;
	size_t n;
	int r;

	r = seal_sha256_new(&ctx);
	if (r)
		return seal_diag_set(diag, r, "out of memory");
	while (from < to) {
		n = to - from < BATCH_BUFFER_BYTES ? (size_t)(to - from)
						   : BATCH_BUFFER_BYTES;
		r = seal_io_read_full(sp->io, fd, sp->buffer, n, from);
		if (r) {
			seal_sha256_free(ctx);
			return spool_io_failed(sp, r, "", "read", diag);
		}
		seal_sha256_update(ctx, sp->buffer, n);
		from += n;
	}
	r = seal_sha256_final(ctx, ret_hash);
	seal_sha256_free(ctx);
	return r;
}

/* Whole frames become durable; what is behind them is zeroed. */
static int mend_tail(struct seal_spool *sp, const struct spool_scan *scan,
		     struct seal_hash *ret_hash, struct seal_diag *diag)
{
	uint64_t dropped = 0;
	int r;

	if (scan->data_end > scan->kept_end)
		dropped = scan->data_end - scan->kept_end;
	r = hash_tail(sp, sp->fd, scan->kept_end, scan->kept_end + dropped,
		      ret_hash, diag);
	if (r)
		return r;
	r = seal_io_zero(sp->io, sp->fd, scan->kept_end, dropped);
	if (!r)
		r = sp->io->fdatasync(sp->io, sp->fd);
	return r ? spool_io_failed(sp, r, NULL, "mended", diag) : 0;
}

/* What a failed write left behind the segment before, and nobody named yet. */
static int name_left(struct seal_spool *sp, const struct spool_scan *scan,
		     struct seal_diag *diag)
{
	struct seal_recovery *rec = &sp->recovery;
	char name[32], *path;
	int fd, r;

	if (!scan->left_bytes)
		return 0;
	spool_segment_name(scan->left_segment, name);
	path = spool_path(sp, name);
	if (!path)
		return SEAL_E_NOMEM;
	r = sp->io->open(sp->io, path, SEAL_IO_READ, &fd);
	free(path);
	if (r)
		return spool_io_failed(sp, r, name, "opened", diag);
	r = hash_tail(sp, fd, scan->left_offset,
		      scan->left_offset + scan->left_bytes,
		      &rec->abandoned.hash, diag);
	sp->io->close(sp->io, fd);
	if (r)
		return r;
	rec->has_abandoned = true;
	rec->abandoned.segment = scan->left_segment;
	rec->abandoned.offset_bytes = scan->left_offset;
	rec->abandoned.length_bytes = scan->left_bytes;
	return 0;
}

/* The hand-over that was durable and not sealed: step 2 and 3 of its table. */
static int finish_pending(struct seal_spool *sp, const struct spool_scan *scan,
			  struct seal_diag *diag)
{
	int r;

	r = sp->signer->ops->append(sp->signer, &scan->pending_leaf, 1,
				    &sp->head, diag);
	if (!r)
		r = spool_write_head(sp, scan->head.size, diag);
	if (!r)
		r = spool_finish_handover(sp, &scan->pending, diag);
	return r;
}

static int open_signer(struct seal_spool *sp, const struct spool_scan *scan,
		       struct seal_diag *diag)
{
	/* of a hand-over that waits, the tree before it */
	return seal_signer_local(
		sp->keydir, sp->chain,
		scan->has_pending ? &scan->before_pending : &scan->frontier,
		scan->has_pending ? &scan->pending : NULL, &sp->signer, diag);
}

static int open_last(struct seal_spool *sp, const struct spool_scan *scan,
		     struct seal_diag *diag)
{
	char name[32], *path;
	int r;

	spool_segment_name(scan->header.first_index, name);
	path = spool_path(sp, name);
	if (!path)
		return SEAL_E_NOMEM;
	r = sp->io->open(sp->io, path, SEAL_IO_WRITE, &sp->fd);
	free(path);
	if (r)
		return spool_io_failed(sp, r, name, "opened", diag);
	sp->head = scan->head;
	sp->offset = scan->kept_end;
	sp->file_bytes = scan->file_bytes;
	sp->synced = true;
	return 0;
}

/* Did the session before end with stop and epoch, both sealed? */
static bool ended_well(const struct spool_scan *scan, uint64_t dropped)
{
	return !dropped && !scan->has_pending &&
	       scan->frontier.size == scan->head.size &&
	       scan->last_type == SEAL_ENTRY_EPOCH &&
	       scan->before_type == SEAL_ENTRY_STOP;
}

static int mend(struct seal_spool *sp, const struct spool_scan *scan,
		struct seal_diag *diag)
{
	struct seal_recovery *rec = &sp->recovery;
	uint64_t dropped = scan->data_end > scan->kept_end
				   ? scan->data_end - scan->kept_end
				   : 0;
	struct seal_hash hash;
	int r;

	r = open_last(sp, scan, diag);
	if (!r)
		r = open_signer(sp, scan, diag);
	if (!r)
		r = mend_epochs(sp, scan, diag);
	if (!r)
		r = mend_tail(sp, scan, &hash, diag);
	if (!r && scan->frontier.size && !ended_well(scan, dropped)) {
		r = spool_recovery_init(sp, diag);
		rec->salvaged_to = scan->frontier.size;
		rec->dropped_bytes = dropped;
		rec->dropped_hash = hash;
		if (!r)
			r = name_left(sp, scan, diag);
	}
	if (!r && scan->has_pending)
		r = finish_pending(sp, scan, diag);
	/* the key of the epoch before, if a crash came before its end */
	if (!r)
		r = sp->signer->ops->forget(sp->signer, diag);
	return r;
}

/* ---- the directory ---- */

static int take_segments(struct seal_spool *sp, struct seal_reader *reader)
{
	size_t i, n = seal_reader_segments(reader);
	int r = 0;

	for (i = 0; !r && i < n; i++) {
		const struct seal_reader_segment *s =
			seal_reader_segment(reader, i);

		r = spool_add_segment(sp, s->header.number, s->name_index,
				      s->size_bytes);
		if (i + 1 < n)
			sp->used_bytes += s->size_bytes;
		if (!s->status)
			spool_add_hint(sp, s->name_index, s->name_index,
				       s->header.size_bytes);
	}
	return r;
}

/* No segment at all: a log that begins, or one that is gone. */
static int begin(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_frontier none;
	size_t i;
	int r;

	for (i = 0; i < sp->acked.mirrors; i++)
		if (sp->acked.mirror[i].size)
			goto gone;
	if (sp->state.sealed || seal_chain_epoch(sp->chain))
		goto gone;
	seal_frontier_init(&none);
	r = check_slots(sp, diag);
	if (!r)
		r = seal_signer_local(sp->keydir, sp->chain, &none, NULL,
				      &sp->signer, diag);
	return r ? r : spool_first_segment(sp, diag);
gone:
	return seal_diag_set(diag, SEAL_E_ROLLBACK,
			     "the segments of %s are gone (AS027): restore "
			     "them, or begin a new log with auditseal init "
			     "--successor-of",
			     sp->dir);
}

/* Messages that the session before had dropped and not yet declared. */
static void remember_gap(struct seal_spool *sp, bool open_gap)
{
	struct seal_gap gap = {.reason = SEAL_GAP_FULL,
			       .bound = SEAL_GAP_LEAST};
	struct seal_state *s = &sp->state;

	if (!s->dropped && !open_gap)
		return;
	gap.count = s->dropped;
	gap.from_us = s->dropped ? s->dropped_first_us : 0;
	gap.to_us = s->dropped ? s->dropped_last_us : 0;
	if (sp->crashed || open_gap)
		sp->gap[sp->gaps++] = gap;
	s->dropped = s->dropped_first_us = s->dropped_last_us = 0;
}

int spool_recover(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_reader *reader = NULL;
	struct spool_scan *scan = NULL;
	int r;

	r = seal_reader_open(sp->io, sp->dir, &reader, diag);
	if (r)
		return r;
	if (!seal_reader_segments(reader)) {
		r = begin(sp, diag);
		goto out;
	}
	scan = calloc(1, sizeof(*scan));
	r = scan ? take_segments(sp, reader) : SEAL_E_NOMEM;
	if (!r && sp->epochs_damaged)
		r = spool_scan_epochs(sp, reader, scan, diag);
	if (!r)
		r = spool_scan(sp, reader, scan, diag);
	if (!r)
		r = check_slots(sp, diag);
	if (!r)
		r = mend(sp, scan, diag);
	if (!r)
		remember_gap(sp, scan->open_gap);
out:
	if (scan)
		free(scan->learnt);
	free(scan);
	seal_reader_free(reader);
	return r;
}
