/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quota, what happens when it is reached, and freeing.  What is not taken is
 * counted and declared in signed gap entries, or refused; nothing vanishes
 * silently.  format.md 3 "Quota", "Freeing".
 */
#include <stdlib.h>
#include <string.h>

#include "core/policy.h"
#include "spool/spool_private.h"

/* ---- room ---- */

/* Some more than asked for: of the quota, or of a disk that is smaller. */
static bool disk_has_room(struct seal_spool *sp, uint64_t bytes)
{
	uint64_t free_bytes, total, whole = sp->max_bytes;

	if (sp->io->space(sp->io, sp->dir, &free_bytes, &total))
		return true; /* the write will tell */
	if (whole > total)
		whole = total;
	return free_bytes >= bytes + whole / 16 + RESERVE_BYTES;
}

bool spool_has_room(struct seal_spool *sp, uint64_t bytes)
{
	uint64_t used = spool_used(sp) + bytes + RESERVE_BYTES;

	/* once full, not until some room is free again: no gap for each batch
	 */
	if (sp->full)
		used += sp->max_bytes / 16;
	if (used > sp->max_bytes)
		return false;
	if (sp->disk_full && !disk_has_room(sp, bytes))
		return false;
	return true;
}

void spool_quota_look(struct seal_spool *sp)
{
	uint64_t used = spool_used(sp) + RESERVE_BYTES;
	unsigned percent = (unsigned)(used * 100 / sp->max_bytes);
	unsigned level = percent >= 90 ? 90 : percent >= 75 ? 75 : 0;

	if (level > sp->quota_level)
		spool_alarm(sp,
			    level == 90 ? SEAL_ALARM_QUOTA_90
					: SEAL_ALARM_QUOTA_75,
			    "the spool %s is %u %% full: its mirrors do not "
			    "acknowledge, or spool.maxsize is too small",
			    sp->dir, percent);
	else if (!level && sp->quota_level)
		spool_alarm(sp, SEAL_ALARM_QUOTA_OK,
			    "the spool %s is %u %% full again", sp->dir,
			    percent);
	else if (level)
		return; /* from 90 to 75: no news */
	sp->quota_level = level;
}

/* ---- dropping ---- */

static void drop_begin(struct seal_spool *sp, uint64_t now_us)
{
	struct seal_control c = {.type = SEAL_ENTRY_GAP};

	sp->full = true;
	sp->state.dropped_first_us = now_us;
	spool_alarm(sp, SEAL_ALARM_FULL,
		    "the spool %s is full: messages are counted, not kept, and "
		    "stand in a gap entry",
		    sp->dir);
	if (!sp->session)
		return;
	c.gap.reason = SEAL_GAP_FULL;
	c.gap.from_us = c.gap.to_us = now_us;
	c.gap.bound = SEAL_GAP_OPEN;
	spool_batch_begin(sp);
	if (spool_batch_control(sp, &c, NULL))
		spool_batch_undo(sp);
	else
		(void)spool_batch_commit(sp, NULL);
}

void spool_drop(struct seal_spool *sp, size_t n)
{
	uint64_t now_us = sp->io->realtime_us(sp->io);

	if (!sp->state.dropped)
		drop_begin(sp, now_us);
	sp->state.dropped += n;
	sp->state.dropped_last_us = now_us;
	sp->stats.dropped += n;
	if (sp->signer)
		spool_state_write(sp);
}

int spool_drop_end(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_control c = {.type = SEAL_ENTRY_GAP};
	int r;

	if (!sp->state.dropped) {
		sp->full = sp->disk_full = false;
		return 0;
	}
	c.gap.reason = SEAL_GAP_FULL;
	c.gap.from_us = sp->state.dropped_first_us;
	c.gap.to_us = sp->state.dropped_last_us;
	c.gap.count = sp->state.dropped;
	c.gap.bound = SEAL_GAP_EXACT;
	r = spool_make_room(sp, 512, diag);
	if (r)
		return r;
	spool_batch_begin(sp);
	r = spool_batch_control(sp, &c, diag);
	if (r) {
		spool_batch_undo(sp);
		return r;
	}
	r = spool_batch_commit(sp, diag);
	if (r)
		return r;
	sp->full = sp->disk_full = false;
	sp->state.dropped = 0;
	sp->state.dropped_first_us = sp->state.dropped_last_us = 0;
	spool_state_write(sp);
	return 0;
}

/* ---- freeing ---- */

/* Do receipts of at least this size meet the quorum? */
static bool quorum_holds(struct seal_spool *sp, uint64_t size)
{
	bool have[SEAL_POLICY_WITNESSES_MAX] = {false};
	size_t i, n = seal_policy_witness_count(sp->policy);
	struct seal_acked_mirror *m;

	if (seal_policy_quorum_none(sp->policy))
		return false; /* nobody holds it: nothing is freed */
	for (i = 0; i < n; i++) {
		m = spool_acked_mirror(
			sp, seal_policy_witness(sp->policy, i)->vkey.name,
			false);
		have[i] = m && m->size >= size;
	}
	return seal_policy_met(sp->policy, have);
}

/* The largest receipted size that the quorum holds. */
static void find_quorum_size(struct seal_spool *sp)
{
	size_t i;

	if (!sp->policy)
		return;
	for (i = 0; i < sp->acked.mirrors; i++) {
		uint64_t size = sp->acked.mirror[i].size;

		if (size > sp->quorum_size && quorum_holds(sp, size))
			sp->quorum_size = size;
	}
}

static void drop_hints(struct seal_spool *sp, uint64_t first_index)
{
	size_t i, n = 0;

	for (i = 0; i < sp->hints; i++)
		if (sp->hint[i].first_index != first_index)
			sp->hint[n++] = sp->hint[i];
	sp->hints = n;
}

/* Removes the first segment; a file that stays is tried again next time. */
static bool free_first(struct seal_spool *sp)
{
	char name[32], *path;
	int r;

	spool_segment_name(sp->segment[0].first_index, name);
	path = spool_path(sp, name);
	if (!path)
		return false;
	r = sp->io->unlink(sp->io, path);
	free(path);
	if (r)
		return false;
	sp->used_bytes -= sp->segment[0].bytes;
	drop_hints(sp, sp->segment[0].first_index);
	sp->segments--;
	memmove(sp->segment, sp->segment + 1,
		sp->segments * sizeof(*sp->segment));
	return true;
}

void spool_free_segments(struct seal_spool *sp)
{
	uint64_t kept = sp->used_bytes;
	bool freed = false;

	find_quorum_size(sp);
	if (sp->has_unfinished) /* its entry is not in `epochs` yet */
		return;
	/* the open segment holds all that is left: close it, to be freed */
	if (sp->full && sp->segments == 1 && sp->quorum_size >= sp->head.size)
		(void)spool_rotate(sp, NULL);
	while (sp->segments > 1 &&
	       sp->segment[1].first_index <= sp->quorum_size) {
		kept = sp->used_bytes;
		if (kept < sp->keep_bytes + sp->segment[0].bytes &&
		    !(sp->full && kept))
			break;
		if (!free_first(sp))
			break;
		freed = true;
	}
	if (freed) {
		(void)sp->io->fsync(sp->io, sp->dir_fd);
		spool_quota_look(sp);
	}
}
