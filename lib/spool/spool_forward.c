/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the forwarder asks: waiting, offers, receipts.  Contract: spool.h;
 * format.md 4.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/key.h"
#include "spool/spool_private.h"

uint64_t seal_spool_size(struct seal_spool *sp)
{
	uint64_t size;

	pthread_mutex_lock(&sp->mutex);
	size = sp->head.size;
	pthread_mutex_unlock(&sp->mutex);
	return size;
}

/* ---- waiting ---- */

static void deadline(uint64_t timeout_ms, struct timespec *ret_time)
{
	clock_gettime(CLOCK_MONOTONIC, ret_time);
	ret_time->tv_sec += (time_t)(timeout_ms / 1000);
	ret_time->tv_nsec += (long)(timeout_ms % 1000) * 1000000;
	if (ret_time->tv_nsec >= 1000000000) {
		ret_time->tv_sec++;
		ret_time->tv_nsec -= 1000000000;
	}
}

int seal_spool_wait(struct seal_spool *sp, uint64_t size, uint64_t timeout_ms)
{
	struct timespec until;
	uint64_t wakes;
	int r = 0;

	deadline(timeout_ms, &until);
	pthread_mutex_lock(&sp->mutex);
	wakes = sp->wakes;
	sp->waiters++;
	while (!r && sp->head.size <= size) {
		if (sp->wake_waits || sp->wakes != wakes) {
			sp->wake_waits = false;
			r = SEAL_E_STOPPED;
		} else if (pthread_cond_timedwait(&sp->changed, &sp->mutex,
						  &until) == ETIMEDOUT &&
			   sp->head.size <= size) {
			r = SEAL_E_NOTFOUND;
		}
	}
	sp->waiters--;
	pthread_mutex_unlock(&sp->mutex);
	return r;
}

void seal_spool_wake(struct seal_spool *sp)
{
	pthread_mutex_lock(&sp->mutex);
	if (sp->waiters)
		sp->wakes++;
	else
		sp->wake_waits = true;
	pthread_cond_broadcast(&sp->changed);
	pthread_mutex_unlock(&sp->mutex);
}

/* ---- offers ---- */

void spool_know_frontier(struct seal_spool *sp, const struct seal_frontier *f)
{
	size_t i;

	for (i = 0; i < KNOWN_FRONTIERS; i++)
		if (sp->known[i].size == f->size)
			return;
	sp->known[sp->known_next++ % KNOWN_FRONTIERS] = *f;
}

static uint32_t key_id_of(const struct seal_head *head)
{
	return (uint32_t)head->key_id[0] << 24 |
	       (uint32_t)head->key_id[1] << 16 |
	       (uint32_t)head->key_id[2] << 8 | head->key_id[3];
}

/* Durable, noted in `state`, signed by the host. */
static int offer_head(struct seal_spool *sp, const char *mirror,
		      const struct seal_head *head, struct seal_buf *note,
		      struct seal_diag *diag)
{
	struct seal_sig_line host, seal;
	struct seal_state_mirror *m;
	struct seal_checkpoint cp;
	int r;

	r = spool_sync(sp, diag);
	if (!r)
		r = sp->signer->ops->checkpoint(sp->signer, head, &host, diag);
	if (r)
		return r;
	m = spool_state_mirror(sp, mirror, true);
	if (!m)
		return seal_diag_set(diag, SEAL_E_TOOBIG, "too many mirrors");
	if (m->offered < head->size) {
		m->offered = head->size;
		r = spool_state_sync(sp, diag);
		if (r)
			return r;
	}
	r = seal_checkpoint_init(&cp, seal_keydir_origin(sp->keydir),
				 head->size, &head->root);
	if (r)
		return seal_diag_set(diag, r, "a checkpoint");
	seal.id = key_id_of(head);
	memcpy(seal.sig, head->sig, sizeof(seal.sig));
	seal_checkpoint_put_note(note, &cp, &host, &seal);
	r = seal_buf_error(note);
	return r ? seal_diag_set(diag, r, "a checkpoint") : 0;
}

static int halted(struct seal_spool *sp, struct seal_diag *diag)
{
	if (!sp->halted)
		return 0;
	if (diag)
		*diag = sp->halt;
	return sp->halt.code;
}

int seal_spool_offer(struct seal_spool *sp, const char *mirror, uint64_t min,
		     uint64_t max, struct seal_head *ret_head,
		     struct seal_buf *note, struct seal_diag *diag)
{
	struct seal_head head;
	bool newest;
	int r;

	pthread_mutex_lock(&sp->mutex);
	r = halted(sp, diag);
	head = sp->head;
	newest = head.size <= max && spool_size(sp) == head.size;
	if (!r && (!head.size || head.size < min))
		r = seal_diag_set(diag, SEAL_E_NOTFOUND,
				  "nothing is sealed beyond %llu entries",
				  (unsigned long long)min);
	if (!r && newest)
		spool_know_frontier(sp, sp->signer->ops->frontier(sp->signer));
	pthread_mutex_unlock(&sp->mutex);
	if (!r && head.size > max)
		r = spool_find_head(sp, min, max, &head, diag);
	if (r)
		return r;
	pthread_mutex_lock(&sp->mutex);
	r = offer_head(sp, mirror, &head, note, diag);
	pthread_mutex_unlock(&sp->mutex);
	if (!r)
		*ret_head = head;
	return r;
}

/* ---- receipts ---- */

/* A frame of it before the next commit; lack of memory only leaves it out. */
static void queue_frame(struct seal_spool *sp, const char *mirror,
			const void *note, size_t len)
{
	size_t i;

	for (i = 0; i < sp->acked.mirrors; i++)
		if (!strcmp(sp->acked.mirror[i].name, mirror))
			break;
	if (i == sp->acked.mirrors)
		return;
	free(sp->receipt[i].note);
	sp->receipt[i].len = len;
	sp->receipt[i].note = malloc(len);
	if (sp->receipt[i].note)
		memcpy(sp->receipt[i].note, note, len);
}

static int keep_receipt(struct seal_spool *sp, const char *mirror,
			uint64_t size, uint64_t time_s, const void *note,
			size_t len, struct seal_diag *diag)
{
	struct seal_acked_mirror *m, old;
	size_t mirrors = sp->acked.mirrors;
	uint8_t *copy;
	int r;

	m = spool_acked_mirror(sp, mirror, true);
	if (!m)
		return seal_diag_set(diag, SEAL_E_TOOBIG, "too many mirrors");
	if (size < m->size || (size == m->size && time_s <= m->time_s))
		return 0;
	copy = malloc(len ? len : 1);
	if (!copy) {
		sp->acked.mirrors = mirrors;
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	}
	memcpy(copy, note, len);
	old = *m;
	m->size = size;
	m->time_s = time_s;
	m->note = copy;
	m->note_len = len;
	r = spool_acked_write(sp, diag);
	if (r) {
		free(copy);
		*m = old;
		sp->acked.mirrors = mirrors;
		return r;
	}
	free(old.note);
	queue_frame(sp, mirror, note, len);
	return 0;
}

int seal_spool_receipt(struct seal_spool *sp, const char *mirror, uint64_t size,
		       uint64_t time_s, const void *note, size_t len,
		       struct seal_diag *diag)
{
	int r;

	pthread_mutex_lock(&sp->mutex);
	if (size > sp->head.size || len > SEAL_FRAME_RECEIPT_NOTE_MAX)
		r = seal_diag_set(diag, SEAL_E_ARG,
				  "a receipt of %llu entries, %llu are sealed",
				  (unsigned long long)size,
				  (unsigned long long)sp->head.size);
	else
		r = keep_receipt(sp, mirror, size, time_s, note, len, diag);
	if (!r) {
		(void)spool_state_sync(sp, NULL);
		spool_free_segments(sp);
	}
	pthread_mutex_unlock(&sp->mutex);
	return r;
}

int seal_spool_openings(struct seal_spool *sp, const char *mirror,
			uint64_t size, struct seal_diag *diag)
{
	struct seal_acked_mirror *m;
	uint64_t old;
	int r = 0;

	pthread_mutex_lock(&sp->mutex);
	m = spool_acked_mirror(sp, mirror, true);
	if (!m) {
		r = seal_diag_set(diag, SEAL_E_TOOBIG, "too many mirrors");
	} else if (size > m->openings) {
		old = m->openings;
		m->openings = size;
		r = spool_acked_write(sp, diag);
		if (r)
			m->openings = old;
	}
	pthread_mutex_unlock(&sp->mutex);
	return r;
}

void seal_spool_halt(struct seal_spool *sp, const char *finding,
		     const char *text)
{
	pthread_mutex_lock(&sp->mutex);
	if (!sp->halted) {
		sp->halted = true;
		seal_diag_set(&sp->halt, SEAL_E_ROLLBACK,
			      "sealing has stopped (%s): %s", finding, text);
		spool_alarm(sp, SEAL_ALARM_HALT, "%s", sp->halt.text);
	}
	pthread_cond_broadcast(&sp->changed);
	pthread_mutex_unlock(&sp->mutex);
}

void seal_spool_receipt_get(struct seal_spool *sp, const char *mirror,
			    struct seal_spool_receipt_info *ret_info)
{
	struct seal_spool_receipt_info info = {0};
	struct seal_acked_mirror *m;
	struct seal_state_mirror *s;

	pthread_mutex_lock(&sp->mutex);
	m = spool_acked_mirror(sp, mirror, false);
	s = spool_state_mirror(sp, mirror, false);
	if (m) {
		info.size = m->size;
		info.openings = m->openings;
		info.time_s = m->time_s;
	}
	if (s)
		info.offered = s->offered;
	pthread_mutex_unlock(&sp->mutex);
	*ret_info = info;
}

int seal_spool_receipt_note(struct seal_spool *sp, const char *mirror,
			    void *ret_note, size_t room, size_t *ret_len)
{
	struct seal_acked_mirror *m;
	int r = SEAL_E_NOTFOUND;

	pthread_mutex_lock(&sp->mutex);
	m = spool_acked_mirror(sp, mirror, false);
	if (m && m->note_len) {
		r = m->note_len > room ? SEAL_E_TOOBIG : 0;
		if (!r) {
			memcpy(ret_note, m->note, m->note_len);
			*ret_len = m->note_len;
		}
	}
	pthread_mutex_unlock(&sp->mutex);
	return r;
}

const struct seal_vkey *seal_spool_host(const struct seal_spool *sp)
{
	return seal_keydir_host(sp->keydir);
}

const char *seal_spool_origin(const struct seal_spool *sp)
{
	return seal_keydir_origin(sp->keydir);
}

void seal_spool_log_id(const struct seal_spool *sp,
		       struct seal_hash *ret_log_id)
{
	*ret_log_id = sp->log_id;
}

void seal_spool_stats(struct seal_spool *sp, struct seal_spool_stats *ret_stats)
{
	pthread_mutex_lock(&sp->mutex);
	sp->stats.size = sp->head.size;
	sp->stats.receipted = sp->quorum_size;
	sp->stats.backlog = sp->head.size - sp->quorum_size;
	sp->stats.used_bytes = spool_used(sp);
	sp->stats.max_bytes = sp->max_bytes;
	sp->stats.epoch = seal_chain_epoch(sp->chain);
	sp->stats.segments = sp->segments;
	sp->stats.full = sp->full;
	sp->stats.halted = sp->halted;
	*ret_stats = sp->stats;
	pthread_mutex_unlock(&sp->mutex);
}
