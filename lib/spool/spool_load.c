/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files beside the segments as a start finds them; what is missing or
 * damaged is AS029 and made anew.  format.md 3.
 */
#include <stdlib.h>
#include <string.h>

#include "spool/spool_private.h"

int spool_open_file(struct seal_spool *sp, const char *name, int *ret_fd,
		    struct seal_diag *diag)
{
	char *path = spool_path(sp, name);
	int r;

	if (!path)
		return SEAL_E_NOMEM;
	r = sp->io->open(sp->io, path, SEAL_IO_WRITE | SEAL_IO_CREATE, ret_fd);
	free(path);
	return r ? spool_io_failed(sp, r, name, "opened", diag) : 0;
}

/* `state` or `acked`: there at full length, so that a write needs no space. */
int spool_open_slots(struct seal_spool *sp, const char *name, uint64_t bytes,
		     int *ret_fd, struct seal_diag *diag)
{
	struct seal_io_stat st;
	int r;

	r = spool_open_file(sp, name, ret_fd, diag);
	if (r)
		return r;
	r = sp->io->fstat(sp->io, *ret_fd, &st);
	if (!r && st.size_bytes < bytes)
		r = seal_io_zero(sp->io, *ret_fd, st.size_bytes,
				 bytes - st.size_bytes);
	if (!r && st.size_bytes != bytes)
		r = sp->io->ftruncate(sp->io, *ret_fd, bytes);
	if (!r && st.size_bytes != bytes)
		r = sp->io->fsync(sp->io, *ret_fd);
	return r ? spool_io_failed(sp, r, name, "written", diag) : 0;
}

static int new_epochs(struct seal_spool *sp, struct seal_diag *diag)
{
	uint8_t record[SEAL_EPOCH_RECORD_BYTES];
	struct seal_epoch_root root;
	int r;

	memcpy(root.host_key, seal_pub_bytes(seal_keydir_host(sp->keydir)->pub),
	       32);
	memcpy(root.epoch_key,
	       seal_pub_bytes(seal_keydir_epoch0(sp->keydir)->pub), 32);
	if (!sp->chain) {
		r = seal_chain_new(seal_keydir_origin(sp->keydir),
				   root.host_key, root.epoch_key, &sp->log_id,
				   &sp->chain);
		if (r)
			return seal_diag_set(diag, r, "the log's keys");
	}
	r = seal_epoch_root_encode(&root, record);
	if (r)
		return seal_diag_set(diag, r, "an epochs record");
	r = sp->io->ftruncate(sp->io, sp->epochs_fd, 0);
	if (!r)
		r = seal_io_write_full(sp->io, sp->epochs_fd, record,
				       sizeof(record), 0);
	if (!r)
		r = sp->io->fsync(sp->io, sp->epochs_fd);
	if (r)
		return spool_io_failed(sp, r, "epochs", "written", diag);
	sp->epochs_bytes = sizeof(record);
	return 0;
}

static int pass_on(const struct seal_diag *why, int r, struct seal_diag *diag)
{
	if (diag)
		*diag = *why;
	return r;
}

int spool_load_epochs(struct seal_spool *sp, bool fresh, struct seal_diag *diag)
{
	char *path = spool_path(sp, "epochs");
	struct seal_diag why = {0};
	int r;

	if (!path)
		return SEAL_E_NOMEM;
	r = seal_epochs_load(sp->io, path, seal_keydir_origin(sp->keydir),
			     &sp->log_id, &sp->chain, &sp->epochs_bytes, &why);
	free(path);
	if (r && r != SEAL_E_NOTFOUND && r != SEAL_E_DAMAGED)
		return pass_on(&why, r, diag);
	sp->epochs_damaged = r && !fresh;
	if (sp->epochs_damaged)
		spool_alarm(sp, SEAL_ALARM_STATE,
			    "%s; it is rebuilt from the log (AS029)", why.text);
	r = spool_open_file(sp, "epochs", &sp->epochs_fd, diag);
	if (!r && !sp->chain)
		r = new_epochs(sp, diag);
	return r;
}

int spool_load_state(struct seal_spool *sp, bool fresh, struct seal_diag *diag)
{
	char *state = spool_path(sp, "state"), *acked = spool_path(sp, "acked");
	struct seal_diag why = {0};
	int r = SEAL_E_NOMEM;

	if (!state || !acked)
		goto out;
	r = seal_state_load(sp->io, state, &sp->state, &why);
	if (!r && memcmp(sp->state.machine, seal_keydir_machine(sp->keydir),
			 sizeof(sp->state.machine))) {
		r = seal_diag_set(diag, SEAL_E_CLONE,
				  "the spool %s was written on another "
				  "machine: run auditseal init with a keydir "
				  "and an origin of its own",
				  sp->dir);
		goto out;
	}
	if (r && r != SEAL_E_NOTFOUND && r != SEAL_E_DAMAGED) {
		r = pass_on(&why, r, diag);
		goto out;
	}
	if (r && !fresh)
		spool_alarm(sp, SEAL_ALARM_STATE,
			    "%s; it is rebuilt from the log (AS029)", why.text);
	r = seal_acked_load(sp->io, acked, &sp->acked, &why);
	if (r && r != SEAL_E_NOTFOUND && r != SEAL_E_DAMAGED) {
		r = pass_on(&why, r, diag);
		goto out;
	}
	if (r && !fresh)
		spool_alarm(sp, SEAL_ALARM_STATE,
			    "%s; receipts are fetched again (AS029)", why.text);
	sp->acked_new = r;
	r = 0;
out:
	free(state);
	free(acked);
	return r;
}
