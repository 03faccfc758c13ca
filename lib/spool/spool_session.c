/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life cycle: start, recovery, hand-over, gaps that wait.  format.md 1, 2
 * and 8 say what may follow what.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spool/spool_private.h"

/* ---- hand-over ---- */

int spool_epochs_append(struct seal_spool *sp, const struct seal_handover *h,
			struct seal_diag *diag)
{
	uint8_t record[SEAL_EPOCH_RECORD_BYTES];
	int r;

	r = seal_epoch_record_encode(h, record);
	if (r)
		return seal_diag_set(diag, r, "an epochs record");
	r = seal_io_write_full(sp->io, sp->epochs_fd, record, sizeof(record),
			       sp->epochs_bytes);
	if (!r)
		r = sp->io->fdatasync(sp->io, sp->epochs_fd);
	if (r)
		return spool_io_failed(sp, r, "epochs", "written", diag);
	sp->epochs_bytes += sizeof(record);
	return 0;
}

/*
 * Step 3, and what of step 2 comes behind the seal.  The chain goes on whatever
 * happens here; but the old key must be gone before anything else is sealed.
 */
int spool_finish_handover(struct seal_spool *sp, const struct seal_handover *h,
			  struct seal_diag *diag)
{
	enum seal_handover_verdict verdict = SEAL_HANDOVER_OK;
	int r = 0;

	if (seal_chain_epoch(sp->chain) < h->epoch) {
		r = seal_chain_advance(sp->chain, h, &verdict);
		if (!r && verdict != SEAL_HANDOVER_OK)
			r = SEAL_E_INTERNAL;
		if (r)
			return seal_diag_set(
				diag, r, "our own hand-over: %s",
				seal_handover_verdict_text(verdict));
	}
	r = spool_sync(sp, diag);
	if (!r && sp->epochs_bytes <= h->epoch * SEAL_EPOCH_RECORD_BYTES)
		r = spool_epochs_append(sp, h, diag);
	if (!r)
		r = spool_state_sync(sp, diag);
	if (!r)
		r = sp->signer->ops->forget(sp->signer, diag);
	return r;
}

static uint64_t header_time(const uint8_t header[10])
{
	uint64_t time_us = 0;
	int i;

	for (i = 2; i < 10; i++)
		time_us = time_us << 8 | header[i];
	return time_us;
}

/* One commit that is the hand-over alone. */
static int commit_handover(struct seal_spool *sp, struct seal_handover *h,
			   struct seal_diag *diag)
{
	struct seal_control c = {.type = SEAL_ENTRY_EPOCH};
	uint64_t time_us;
	int r;

	r = spool_make_room(sp, 1024, diag);
	if (r)
		return r;
	spool_batch_begin(sp);
	time_us = sp->batch.time_us;
	if (!sp->handover_due)
		seal_entry_put_header(sp->handover_header, SEAL_ENTRY_EPOCH, 0,
				      time_us);
	sp->handover_due = true;
	r = sp->signer->ops->hand_over(sp->signer, sp->handover_header, h,
				       diag);
	if (r)
		return r;
	/* asked again after a failure: the header that was signed */
	sp->batch.time_us = header_time(sp->handover_header);
	c.epoch.epoch = h->epoch;
	memcpy(c.epoch.key, h->key, sizeof(c.epoch.key));
	memcpy(c.epoch.sig, h->sig, sizeof(c.epoch.sig));
	r = spool_batch_control(sp, &c, diag);
	if (r) {
		spool_batch_undo(sp);
		return r;
	}
	return spool_batch_commit(sp, diag);
}

int spool_hand_over(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_handover h;
	int r;

	sp->handover_wanted = true;
	r = commit_handover(sp, &h, diag);
	if (r)
		return r;
	sp->handover_wanted = sp->handover_due = false;
	sp->epoch_began_ms = sp->io->boottime_ms(sp->io);
	sp->unfinished = h;
	sp->has_unfinished = true;
	return spool_finish(sp, diag);
}

/* What a hand-over that is sealed still needs; may be asked again and again. */
int spool_finish(struct seal_spool *sp, struct seal_diag *diag)
{
	int r;

	if (!sp->has_unfinished)
		return 0;
	r = spool_finish_handover(sp, &sp->unfinished, diag);
	if (!r)
		sp->has_unfinished = false;
	return r;
}

/* ---- start ---- */

int spool_recovery_init(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_recovery rec = {0};
	int r;

	rec.head_size = sp->head.size;
	rec.head_root = sp->head.root;
	rec.salvaged_from = sp->head.size;
	rec.salvaged_to = spool_size(sp);
	strcpy(rec.boot_id, sp->boot_id);
	r = seal_sha256("", 0, &rec.dropped_hash);
	if (!sp->head.size)
		seal_empty_root(&rec.head_root);
	if (r)
		return seal_diag_set(diag, r, "a recovery entry");
	sp->recovery = rec;
	sp->crashed = true;
	return 0;
}

static void fill_start(struct seal_spool *sp, struct seal_start *s)
{
	const struct seal_predecessor *p = seal_keydir_predecessor(sp->keydir);

	s->first = !spool_size(sp);
	if (s->first) {
		s->log_id = sp->log_id;
		memcpy(s->host_key,
		       seal_pub_bytes(seal_keydir_host(sp->keydir)->pub), 32);
		memcpy(s->epoch_key,
		       seal_pub_bytes(seal_keydir_epoch0(sp->keydir)->pub), 32);
	}
	if (s->first && p) {
		s->has_predecessor = true;
		strcpy(s->predecessor.origin, p->origin);
		s->predecessor.size = p->size;
		s->predecessor.root = p->root;
	}
	strncat(s->version, sp->version, sizeof(s->version) - 1);
	strcpy(s->boot_id, sp->boot_id);
	s->policy = sp->policy_digest;
	s->heartbeat_ms = (uint64_t)sp->heartbeat_s * 1000;
	s->sync = !sp->nosync;
}

static int add_start(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_control c;
	int r;

	spool_batch_begin(sp);
	if (sp->crashed) {
		memset(&c, 0, sizeof(c));
		c.type = SEAL_ENTRY_RECOVERY;
		c.recovery = sp->recovery;
		r = spool_batch_control(sp, &c, diag);
		if (r)
			return r;
	}
	memset(&c, 0, sizeof(c));
	c.type = SEAL_ENTRY_START;
	fill_start(sp, &c.start);
	return spool_batch_control(sp, &c, diag);
}

int spool_session_begin(struct seal_spool *sp, struct seal_diag *diag)
{
	bool crashed;
	int r;

	r = spool_make_room(sp, 4096, diag);
	if (r)
		return r;
	r = add_start(sp, diag);
	if (r) {
		spool_batch_undo(sp);
		return r;
	}
	r = spool_batch_commit(sp, diag);
	if (r)
		return r;
	crashed = sp->crashed;
	sp->session = true;
	sp->crashed = false;
	sp->epoch_began_ms = sp->heartbeat_ms = sp->io->boottime_ms(sp->io);
	r = seal_keydir_mark_begun(sp->keydir, diag);
	if (!r && crashed) {
		spool_alarm(sp, SEAL_ALARM_RECOVERED,
			    "the session before ended without a stop; the log "
			    "in %s goes on with a recovery entry",
			    sp->dir);
		r = spool_hand_over(sp, diag);
	}
	return r;
}

/* ---- gaps ---- */

int spool_gaps_commit(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_control c = {.type = SEAL_ENTRY_GAP};
	size_t i;
	int r;

	if (!sp->gaps)
		return 0;
	r = spool_make_room(sp, 512 * GAPS_MAX, diag);
	if (r)
		return r;
	spool_batch_begin(sp);
	for (i = 0; !r && i < sp->gaps; i++) {
		c.gap = sp->gap[i];
		r = spool_batch_control(sp, &c, diag);
	}
	if (r) {
		spool_batch_undo(sp);
		return r;
	}
	r = spool_batch_commit(sp, diag);
	for (i = 0; !r && i < sp->gaps; i++)
		if (sp->gap[i].reason == SEAL_GAP_SUSPENDED)
			spool_clear_mark(sp);
	if (!r)
		sp->gaps = 0;
	return r;
}

/* ---- before anything is committed ---- */

int spool_ready(struct seal_spool *sp, struct seal_diag *diag)
{
	int r;

	if (sp->halted) {
		if (diag)
			*diag = sp->halt;
		return sp->halt.code;
	}
	r = spool_repair(sp, diag);
	if (!r)
		r = spool_finish(sp, diag);
	if (!r && sp->handover_wanted)
		r = spool_hand_over(sp, diag);
	if (!r && !sp->session)
		r = spool_session_begin(sp, diag);
	if (!r)
		r = spool_gaps_commit(sp, diag);
	return r;
}
