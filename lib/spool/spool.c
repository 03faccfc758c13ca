/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public face of the log: commit, tick, rotate, stop.  Everything here
 * takes the mutex.  Contract: spool.h.
 */
#include "spool/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spool/spool_private.h"

/* A commit is ended before it has more bytes than this. */
#define COMMIT_BYTES_MAX (64u << 20)

/* ---- commit ---- */

struct plan {
	size_t messages, entries;
	uint64_t frame_bytes;
};

static size_t message_len(const struct seal_message *m)
{
	return m->len < SEAL_RECORD_BYTES_MAX ? m->len : SEAL_RECORD_BYTES_MAX;
}

/* How many messages, from the first on, go into one commit. */
static void plan_commit(const struct seal_message *msgs, size_t n,
			struct plan *ret_plan)
{
	const size_t room = SEAL_ENTRY_BYTES_MAX - SEAL_ENTRY_HEADER_BYTES;
	struct plan p = {0};

	while (p.messages < n) {
		size_t len = message_len(&msgs[p.messages]);
		size_t pieces = len ? (len + room - 1) / room : 1;
		uint64_t bytes = len + pieces * (SEAL_ENTRY_HEADER_BYTES +
						 SEAL_FRAME_ENTRY_EXTRA);

		if (p.messages &&
		    (p.entries + pieces > SEAL_COMMIT_ENTRIES_MAX ||
		     p.frame_bytes + bytes > COMMIT_BYTES_MAX))
			break;
		p.messages++;
		p.entries += pieces;
		p.frame_bytes += bytes;
	}
	*ret_plan = p;
}

/* One message as the entries of one record, in the batch. */
static int add_record(struct seal_spool *sp, const struct seal_message *m,
		      struct seal_diag *diag)
{
	size_t i, len = message_len(m);
	bool cut = m->cut || len < m->len;
	const uint8_t *bytes = m->bytes;
	struct seal_split split;
	struct seal_piece piece;
	int r;

	r = seal_split_init(&split, bytes, len, cut ? SEAL_FLAG_CUT : 0, 0);
	if (r)
		return seal_diag_set(diag, r, "a message of %zu bytes", len);
	for (i = 0; i < split.pieces; i++) {
		r = seal_split_piece(&split, i, &piece);
		if (r)
			return seal_diag_set(diag, r, "a piece of a message");
		r = spool_batch_add(sp, SEAL_ENTRY_RECORD, piece.flags,
				    bytes + piece.offset, piece.len, diag);
		if (r)
			return r;
	}
	sp->batch.records++;
	sp->batch.bytes += len;
	return 0;
}

static int commit_one(struct seal_spool *sp, const struct seal_message *msgs,
		      const struct plan *plan, struct seal_diag *diag)
{
	size_t i;
	int r;

	r = spool_make_room(sp, plan->frame_bytes, diag);
	if (r)
		return r;
	spool_batch_begin(sp);
	for (i = 0; i < plan->messages; i++) {
		r = add_record(sp, &msgs[i], diag);
		if (r) {
			spool_batch_undo(sp);
			return r;
		}
	}
	return spool_batch_commit(sp, diag);
}

/* Full: counted and acknowledged, or refused, as onfull says. */
static int not_taken(struct seal_spool *sp, size_t n, struct seal_diag *diag)
{
	if (sp->onfull == SEAL_ONFULL_GAP) {
		spool_drop(sp, n);
		return 0;
	}
	if (!sp->full) {
		sp->full = true;
		spool_alarm(sp, SEAL_ALARM_FULL,
			    "the spool %s is full and spool.onfull is suspend",
			    sp->dir);
	}
	return seal_diag_set(diag, SEAL_E_NOSPACE,
			     "the spool %s is full; free space, raise "
			     "spool.maxsize, or see why its mirrors do not "
			     "acknowledge",
			     sp->dir);
}

/* One commit of the first messages; *ret_taken of them are dealt with. */
static int commit_some(struct seal_spool *sp, const struct seal_message *msgs,
		       size_t n, size_t *ret_taken, struct seal_diag *diag)
{
	struct plan plan;
	int r;

	plan_commit(msgs, n, &plan);
	*ret_taken = plan.messages;
	if (!sp->halted && !spool_has_room(sp, plan.frame_bytes))
		return not_taken(sp, plan.messages, diag);
	r = spool_ready(sp, diag);
	if (!r && sp->full)
		r = spool_drop_end(sp, diag);
	if (!r)
		r = commit_one(sp, msgs, &plan, diag);
	if (r == SEAL_E_NOSPACE) {
		sp->disk_full = true;
		return not_taken(sp, plan.messages, diag);
	}
	return r;
}

static bool epoch_is_full(struct seal_spool *sp)
{
	return sp->head.size - seal_chain_first(sp->chain) >=
	       sp->epoch_max_entries;
}

int seal_spool_commit(struct seal_spool *sp, const struct seal_message *msgs,
		      size_t n, size_t *ret_done, struct seal_diag *diag)
{
	size_t done = 0, taken;
	int r = 0;

	pthread_mutex_lock(&sp->mutex);
	while (!r && done < n) {
		r = commit_some(sp, msgs + done, n - done, &taken, diag);
		if (!r)
			done += taken;
	}
	if (r)
		sp->stats.errors++;
	else if (sp->session && epoch_is_full(sp))
		(void)spool_hand_over(sp, NULL); /* else the next call does */
	spool_quota_look(sp);
	pthread_mutex_unlock(&sp->mutex);
	if (ret_done)
		*ret_done = done;
	return r;
}

int seal_spool_check(struct seal_spool *sp, struct seal_diag *diag)
{
	int r = 0;

	pthread_mutex_lock(&sp->mutex);
	if (!sp->halted && !spool_has_room(sp, 4096)) {
		if (sp->onfull == SEAL_ONFULL_SUSPEND)
			r = not_taken(sp, 0, diag);
	} else {
		r = spool_ready(sp, diag);
		if (!r && sp->full)
			r = spool_drop_end(sp, diag);
	}
	pthread_mutex_unlock(&sp->mutex);
	return r;
}

/* ---- control entries ---- */

static int commit_control(struct seal_spool *sp, const struct seal_control *c,
			  struct seal_diag *diag)
{
	int r;

	r = spool_make_room(sp, SEAL_CONTROL_BYTES_MAX + 64, diag);
	if (r)
		return r;
	spool_batch_begin(sp);
	r = spool_batch_control(sp, c, diag);
	if (r) {
		spool_batch_undo(sp);
		return r;
	}
	return spool_batch_commit(sp, diag);
}

/* A gap of the same reason waits already: widen it. */
static bool merge_gap(struct seal_spool *sp, const struct seal_gap *gap)
{
	size_t i;

	for (i = 0; i < sp->gaps; i++) {
		struct seal_gap *g = &sp->gap[i];

		if (g->reason != gap->reason)
			continue;
		if (gap->from_us < g->from_us)
			g->from_us = gap->from_us;
		if (gap->to_us > g->to_us)
			g->to_us = gap->to_us;
		g->count += gap->count;
		if (gap->bound != SEAL_GAP_EXACT)
			g->bound = SEAL_GAP_LEAST;
		return true;
	}
	return false;
}

int seal_spool_note_gap(struct seal_spool *sp, const struct seal_gap *gap,
			struct seal_diag *diag)
{
	int r = 0;

	pthread_mutex_lock(&sp->mutex);
	if (!merge_gap(sp, gap)) {
		if (sp->gaps == GAPS_MAX)
			r = seal_diag_set(diag, SEAL_E_TOOBIG,
					  "too many gaps wait to be written");
		else
			sp->gap[sp->gaps++] = *gap;
	}
	if (!r && spool_has_room(sp, 0))
		(void)spool_ready(sp, NULL); /* else before the next commit */
	pthread_mutex_unlock(&sp->mutex);
	return r;
}

int seal_spool_config_entry(struct seal_spool *sp, const char *what,
			    const char *value, struct seal_diag *diag)
{
	struct seal_control c = {.type = SEAL_ENTRY_CONFIG};
	int r;

	if (strlen(what) >= sizeof(c.config.what) ||
	    strlen(value) >= sizeof(c.config.value))
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "a config entry of that length");
	strcpy(c.config.what, what);
	strcpy(c.config.value, value);
	pthread_mutex_lock(&sp->mutex);
	if (!sp->halted && !spool_has_room(sp, 0))
		r = seal_diag_set(diag, SEAL_E_NOSPACE, "the spool %s is full",
				  sp->dir);
	else
		r = spool_ready(sp, diag);
	if (!r)
		r = commit_control(sp, &c, diag);
	pthread_mutex_unlock(&sp->mutex);
	return r;
}

int seal_spool_rotate(struct seal_spool *sp, struct seal_diag *diag)
{
	int r;

	pthread_mutex_lock(&sp->mutex);
	r = spool_ready(sp, diag);
	if (!r)
		r = spool_rotate(sp, diag);
	if (!r)
		spool_free_segments(sp);
	pthread_mutex_unlock(&sp->mutex);
	return r;
}

/* ---- tick ---- */

static int heartbeat(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_control c = {.type = SEAL_ENTRY_HEARTBEAT};
	struct seal_heartbeat *h = &c.heartbeat;
	size_t i;

	h->backlog = sp->head.size - sp->quorum_size;
	strncat(h->clock, sp->io->clock_source(sp->io), sizeof(h->clock) - 1);
	h->heartbeat_ms = (uint64_t)sp->heartbeat_s * 1000;
	for (i = 0; i < sp->acked.mirrors && i < SEAL_CONTROL_MIRRORS_MAX;
	     i++) {
		strcpy(h->mirror[i].name, sp->acked.mirror[i].name);
		h->mirror[i].receipt_size = sp->acked.mirror[i].size;
		h->mirror[i].openings_size = sp->acked.mirror[i].openings;
	}
	h->mirrors = (unsigned)i;
	return commit_control(sp, &c, diag);
}

static uint64_t due_in_ms(uint64_t since_ms, uint64_t interval_s,
			  uint64_t now_ms)
{
	uint64_t at = since_ms + interval_s * 1000;

	return at > now_ms ? at - now_ms : 0;
}

/* UINT64_MAX: there are none. */
static uint64_t heartbeat_in_ms(const struct seal_spool *sp, uint64_t now_ms)
{
	if (!sp->heartbeat_s)
		return UINT64_MAX;
	return due_in_ms(sp->heartbeat_ms, sp->heartbeat_s, now_ms);
}

static int tick_session(struct seal_spool *sp, struct seal_diag *diag)
{
	uint64_t now = sp->io->boottime_ms(sp->io);
	int r;

	if (sp->halted || !spool_has_room(sp, 0))
		return 0;
	r = spool_ready(sp, diag);
	if (!r && sp->full)
		r = spool_drop_end(sp, diag);
	if (!r && !heartbeat_in_ms(sp, now)) {
		r = heartbeat(sp, diag);
		if (!r)
			sp->heartbeat_ms = now;
	}
	if (!r && !due_in_ms(sp->epoch_began_ms, sp->epoch_interval_s, now)) {
		if (sp->head.size > seal_chain_first(sp->chain))
			r = spool_hand_over(sp, diag);
		else
			sp->epoch_began_ms = now;
	}
	return r;
}

/* Zero-filling is not for a disk that is nearly full. */
static bool has_space_to_fill(struct seal_spool *sp)
{
	uint64_t free_bytes, total;

	if (sp->io->space(sp->io, sp->dir, &free_bytes, &total))
		return false;
	return free_bytes / 4 > sp->segment_max_bytes;
}

static bool spare_is_due(struct seal_spool *sp)
{
	return sp->spare_fd < 0 && !sp->spare_busy &&
	       sp->io->boottime_ms(sp->io) >= sp->spare_after_ms &&
	       has_space_to_fill(sp);
}

static void make_spare(struct seal_spool *sp)
{
	int fd = -1, r;

	if (!spare_is_due(sp))
		return;
	sp->spare_busy = true;
	pthread_mutex_unlock(&sp->mutex);
	r = spool_make_spare(sp, &fd);
	pthread_mutex_lock(&sp->mutex);
	sp->spare_busy = false;
	if (r)
		sp->spare_after_ms = sp->io->boottime_ms(sp->io) + 60000;
	else
		spool_take_spare(sp, fd);
}

int seal_spool_tick(struct seal_spool *sp, struct seal_diag *diag)
{
	int r;

	pthread_mutex_lock(&sp->mutex);
	r = tick_session(sp, diag);
	if (!sp->open_filled && has_space_to_fill(sp))
		spool_fill_open(sp);
	sp->open_filled = true;
	make_spare(sp);
	pthread_mutex_unlock(&sp->mutex);
	return r;
}

uint64_t seal_spool_next_tick_ms(struct seal_spool *sp)
{
	uint64_t now, a, b;

	pthread_mutex_lock(&sp->mutex);
	now = sp->io->boottime_ms(sp->io);
	a = heartbeat_in_ms(sp, now);
	b = due_in_ms(sp->epoch_began_ms, sp->epoch_interval_s, now);
	if (b < a)
		a = b;
	if (spare_is_due(sp))
		a = 0;
	else if (!a && (sp->halted || sp->full || !sp->session))
		a = 1000; /* waits for somebody else: no spinning */
	pthread_mutex_unlock(&sp->mutex);
	return a;
}

/* ---- stop ---- */

static int stop_session(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_control c = {.type = SEAL_ENTRY_STOP};
	int r;

	if (!sp->session)
		return spool_sync(sp, diag);
	r = spool_ready(sp, diag);
	if (!r && sp->state.dropped)
		r = spool_drop_end(sp, diag);
	if (!r)
		r = commit_control(sp, &c, diag);
	if (!r)
		r = spool_hand_over(sp, diag);
	if (!r)
		r = spool_sync(sp, diag);
	return r;
}

int spool_stop(struct seal_spool *sp, struct seal_diag *diag)
{
	int r;

	r = stop_session(sp, diag);
	if (!r)
		r = spool_state_sync(sp, diag);
	return r;
}
