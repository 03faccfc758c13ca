/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing a spool.  Contract: spool.h; order: format.md 3 and 8. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "spool/spool_private.h"

/* ---- configuration ---- */

static int choose_size(struct seal_spool *sp,
		       const struct seal_spool_config *config,
		       struct seal_diag *diag)
{
	uint64_t free_bytes, total;

	sp->max_bytes = config->max_bytes;
	if (!sp->max_bytes) {
		sp->max_bytes = SEAL_SPOOL_DEFAULT_BYTES;
		if (!sp->io->space(sp->io, sp->dir, &free_bytes, &total) &&
		    total / 10 < sp->max_bytes)
			sp->max_bytes = total / 10;
		if (sp->max_bytes < SEAL_SPOOL_MIN_BYTES)
			sp->max_bytes = SEAL_SPOOL_MIN_BYTES;
	}
	sp->segment_max_bytes = config->segment_max_bytes
					? config->segment_max_bytes
					: SEAL_SEGMENT_DEFAULT_BYTES;
	if (sp->max_bytes < SEAL_SPOOL_MIN_BYTES ||
	    sp->segment_max_bytes < SEAL_SEGMENT_MIN_BYTES)
		return seal_diag_set(diag, SEAL_E_CONFIG,
				     "spool.maxsize must be at least 1 MiB and "
				     "segment.maxsize at least 64 KiB");
	if (sp->segment_max_bytes > sp->max_bytes / 4)
		sp->segment_max_bytes = sp->max_bytes / 4;
	return 0;
}

static int copy_config(struct seal_spool *sp,
		       const struct seal_spool_config *config)
{
	sp->dir = strdup(config->dir);
	sp->version = strdup(config->version ? config->version : "unknown");
	if (!sp->dir || !sp->version)
		return SEAL_E_NOMEM;
	sp->keep_bytes = config->keep_bytes;
	sp->nosync = config->nosync;
	sp->onfull = config->onfull;
	sp->heartbeat_s = config->heartbeat_s;
	sp->epoch_max_entries = config->epoch_max_entries
					? config->epoch_max_entries
					: SEAL_EPOCH_DEFAULT_ENTRIES;
	sp->epoch_interval_s = config->epoch_interval_s
				       ? config->epoch_interval_s
				       : SEAL_EPOCH_DEFAULT_S;
	sp->policy_digest = config->policy_digest;
	sp->policy = config->policy;
	sp->alarm = config->alarm;
	sp->alarm_ctx = config->alarm_ctx;
	return 0;
}

static int init_locks(struct seal_spool *sp)
{
	pthread_condattr_t attr;

	if (pthread_mutex_init(&sp->mutex, NULL))
		return SEAL_E_NOMEM;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (pthread_cond_init(&sp->changed, &attr)) {
		pthread_condattr_destroy(&attr);
		pthread_mutex_destroy(&sp->mutex);
		return SEAL_E_NOMEM;
	}
	pthread_condattr_destroy(&attr);
	return 0;
}

/* ---- directory and lock ---- */

static int check_dir(struct seal_spool *sp, struct seal_diag *diag)
{
	struct seal_io_stat st;
	int r;

	r = sp->io->stat(sp->io, sp->dir, &st);
	if (r == -ENOENT && !seal_keydir_begun(sp->keydir)) {
		r = sp->io->mkdir(sp->io, sp->dir);
		if (!r)
			r = sp->io->stat(sp->io, sp->dir, &st);
	}
	if (r == -ENOENT)
		return seal_diag_set(
			diag, SEAL_E_NOTFOUND,
			"the spool directory %s is missing; %s", sp->dir,
			seal_keydir_begun(sp->keydir)
				? "mount or restore it, or begin a new log "
				  "with auditseal init --successor-of"
				: "make its parent directory, or set spool");
	if (r)
		return seal_diag_set_errno(diag, seal_io_error(r), -r,
					   "the spool directory %s cannot be "
					   "used; give it to the user that "
					   "rsyslogd runs as",
					   sp->dir);
	if (!st.is_dir)
		return seal_diag_set(diag, SEAL_E_CONFIG,
				     "spool %s is not a directory", sp->dir);
	if (st.mode & 022)
		return seal_diag_set(diag, SEAL_E_PERM,
				     "others can write to the spool directory "
				     "%s (mode %04o); run chmod 0700 %s",
				     sp->dir, (unsigned)st.mode, sp->dir);
	r = sp->io->open_dir(sp->io, sp->dir, &sp->dir_fd);
	return r ? spool_io_failed(sp, r, "", "opened", diag) : 0;
}

static int take_lock(struct seal_spool *sp, struct seal_diag *diag)
{
	int r;

	r = spool_open_file(sp, "lock", &sp->lock_fd, diag);
	if (r)
		return r;
	r = sp->io->lock(sp->io, sp->lock_fd);
	if (r == -EWOULDBLOCK)
		return seal_diag_set(diag, SEAL_E_BUSY,
				     "the spool %s is in use by another "
				     "process or action; each action needs its "
				     "own spool and origin",
				     sp->dir);
	return r ? spool_io_failed(sp, r, "lock", "locked", diag) : 0;
}

/* ---- segments ---- */

struct listing {
	struct seal_spool *sp;
	bool any; /* a segment */
	bool spare;
};

static int look_at_name(void *ctx, const char *name)
{
	struct listing *l = ctx;
	size_t len = strlen(name);

	if (len > 4 && !strcmp(name + len - 4, ".seg"))
		l->any = true;
	if (!strcmp(name, "spare") || !strcmp(name, SPARE_NEW))
		l->spare = true;
	return 0;
}

static void remove_spares(struct seal_spool *sp)
{
	static const char *const names[] = {"spare", SPARE_NEW};
	char *path;
	size_t i;

	for (i = 0; i < 2; i++) {
		path = spool_path(sp, names[i]);
		if (path)
			(void)sp->io->unlink(sp->io, path);
		free(path);
	}
}

/* Is this a log that has no segment yet, and may begin? */
static int look_at_dir(struct seal_spool *sp, bool *ret_fresh,
		       struct seal_diag *diag)
{
	struct listing l = {.sp = sp};
	int r;

	r = sp->io->list(sp->io, sp->dir, look_at_name, &l);
	if (r)
		return spool_io_failed(sp, r, "", "listed", diag);
	if (l.spare)
		remove_spares(sp);
	*ret_fresh = !l.any;
	if (!l.any && seal_keydir_begun(sp->keydir))
		return seal_diag_set(
			diag, SEAL_E_ROLLBACK,
			"the spool %s is empty, but the log %s has "
			"begun (AS027): mount or restore it, or "
			"begin a new log with auditseal init "
			"--successor-of",
			sp->dir, seal_keydir_origin(sp->keydir));
	return 0;
}

static int open_log(struct seal_spool *sp, struct seal_diag *diag)
{
	bool fresh;
	int r;

	r = look_at_dir(sp, &fresh, diag);
	if (!r)
		r = spool_load_epochs(sp, fresh, diag);
	if (!r)
		r = spool_load_state(sp, fresh, diag);
	if (!r)
		r = spool_open_slots(sp, "state", SEAL_STATE_FILE_BYTES,
				     &sp->state_fd, diag);
	if (!r)
		r = spool_open_slots(sp, "acked", SEAL_ACKED_FILE_BYTES,
				     &sp->acked_fd, diag);
	if (!r && sp->acked_new)
		r = spool_acked_write(sp, diag);
	if (!r)
		r = spool_recover(sp, diag);
	return r;
}

/*
 * The first session.  A full spool opens none, but opens: the forwarder may
 * make room.  So does a full disk, unless there is nothing yet that it could
 * free.
 */
static int open_session(struct seal_spool *sp, struct seal_diag *diag)
{
	int r;

	sp->epoch_began_ms = sp->heartbeat_ms = sp->io->boottime_ms(sp->io);
	spool_free_segments(sp);
	if (!spool_has_room(sp, 0)) {
		spool_quota_look(sp);
		return 0;
	}
	r = spool_ready(sp, diag);
	if (r == SEAL_E_NOSPACE && sp->head.size) {
		sp->disk_full = true;
		spool_alarm(
			sp, SEAL_ALARM_FULL,
			"no space for the spool %s: nothing is sealed until "
			"there is",
			sp->dir);
		return 0;
	}
	spool_quota_look(sp);
	return r;
}

static int allocate(struct seal_spool *sp)
{
	sp->buffer = malloc(BATCH_BUFFER_BYTES);
	sp->leaf = malloc(SEAL_COMMIT_ENTRIES_MAX * sizeof(*sp->leaf));
	sp->slot = malloc(SEAL_ACKED_SLOT_BYTES);
	if (!sp->buffer || !sp->leaf || !sp->slot)
		return SEAL_E_NOMEM;
	return seal_buf_reserve(&sp->body, SEAL_CONTROL_BYTES_MAX);
}

static int open_all(struct seal_spool *sp,
		    const struct seal_spool_config *config,
		    struct seal_diag *diag)
{
	int r;

	r = copy_config(sp, config);
	if (!r)
		r = allocate(sp);
	if (r)
		return seal_diag_set(diag, r, "out of memory");
	r = seal_keydir_open(sp->io, config->keydir, config->origin,
			     &sp->keydir, diag);
	if (r)
		return r;
	seal_keydir_log_id(sp->keydir, &sp->log_id);
	r = sp->io->boot_id(sp->io, sp->boot_id);
	if (r == -EMFILE || r == -ENFILE)
		return seal_diag_set_errno(diag, SEAL_E_IO, -r,
					   "the boot id cannot be read");
	r = check_dir(sp, diag);
	if (!r)
		r = choose_size(sp, config, diag);
	if (!r)
		r = take_lock(sp, diag);
	if (!r)
		r = open_log(sp, diag);
	if (r)
		return r;
	spool_take_mark(sp, config->suspended_since_us);
	return open_session(sp, diag);
}

int seal_spool_open(const struct seal_spool_config *config,
		    const struct seal_io *io, struct seal_spool **ret_spool,
		    struct seal_diag *diag)
{
	struct seal_spool *sp;
	int r;

	if (config->memory_mode)
		return seal_diag_set(diag, SEAL_E_CONFIG,
				     "memory mode is not supported yet");
	r = seal_crypto_init(diag);
	if (r)
		return r;
	sp = calloc(1, sizeof(*sp));
	if (!sp)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	sp->io = io;
	sp->lock_fd = sp->fd = sp->state_fd = -1;
	sp->acked_fd = sp->epochs_fd = sp->dir_fd = sp->spare_fd = -1;
	if (init_locks(sp)) {
		free(sp);
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	}
	r = open_all(sp, config, diag);
	if (r) {
		if (diag && diag->code != r)
			seal_diag_set(diag, r, "the spool %s cannot be opened",
				      config->dir);
		seal_spool_free(sp);
		return r;
	}
	*ret_spool = sp;
	return 0;
}

/* ---- closing ---- */

static void close_fd(struct seal_spool *sp, int fd)
{
	if (fd >= 0)
		sp->io->close(sp->io, fd);
}

void seal_spool_free(struct seal_spool *sp)
{
	size_t i;

	if (!sp)
		return;
	close_fd(sp, sp->fd);
	close_fd(sp, sp->state_fd);
	close_fd(sp, sp->acked_fd);
	close_fd(sp, sp->epochs_fd);
	close_fd(sp, sp->dir_fd);
	close_fd(sp, sp->spare_fd);
	close_fd(sp, sp->lock_fd);
	seal_signer_free(sp->signer);
	seal_chain_free(sp->chain);
	seal_keydir_free(sp->keydir);
	seal_acked_fini(&sp->acked);
	for (i = 0; i < SEAL_MIRRORS_MAX; i++)
		free(sp->receipt[i].note);
	free(sp->segment);
	free(sp->hint);
	free(sp->buffer);
	free(sp->leaf);
	free(sp->slot);
	seal_buf_fini(&sp->body);
	free(sp->version);
	free(sp->dir);
	pthread_cond_destroy(&sp->changed);
	pthread_mutex_destroy(&sp->mutex);
	free(sp);
}

int seal_spool_close(struct seal_spool *sp, struct seal_diag *diag)
{
	int r, s;

	r = spool_stop(sp, diag);
	if (!r && sp->fd >= 0) {
		s = sp->io->ftruncate(sp->io, sp->fd, sp->offset);
		if (!s)
			s = sp->io->fsync(sp->io, sp->fd);
		if (s)
			r = spool_io_failed(sp, s, NULL, "closed", diag);
	}
	remove_spares(sp);
	spool_remove_mark(sp);
	seal_spool_free(sp);
	return r;
}
