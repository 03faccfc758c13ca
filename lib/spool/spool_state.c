/* SPDX-License-Identifier: Apache-2.0 */
/* Writing `state` and `acked`: slots in turn, in place. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spool/spool_private.h"

static void fill_state(struct seal_spool *sp)
{
	struct seal_state *s = &sp->state;

	s->counter++;
	s->segment = spool_last(sp)->number;
	s->epoch = seal_chain_epoch(sp->chain);
	memcpy(s->machine, seal_keydir_machine(sp->keydir), sizeof(s->machine));
	if (spool_size(sp) != sp->head.size)
		return; /* salvaged entries wait for their seal */
	s->sealed = sp->head.size;
	s->root = sp->head.root;
	s->frontier = *sp->signer->ops->frontier(sp->signer);
}

static int write_slot(struct seal_spool *sp)
{
	int r;

	fill_state(sp);
	r = seal_state_put(&sp->state, sp->slot);
	if (r)
		return -EIO;
	return seal_io_write_full(
		sp->io, sp->state_fd, sp->slot, SEAL_STATE_SLOT_BYTES,
		(sp->state.counter & 1) * SEAL_STATE_SLOT_BYTES);
}

/*
 * After a commit; a failure is no reason to refuse it: state behind the log is
 * an ordinary crash.
 */
void spool_state_write(struct seal_spool *sp)
{
	(void)write_slot(sp);
}

int spool_state_sync(struct seal_spool *sp, struct seal_diag *diag)
{
	int r;

	r = write_slot(sp);
	if (!r)
		r = sp->io->fdatasync(sp->io, sp->state_fd);
	return r ? spool_io_failed(sp, r, "state", "written", diag) : 0;
}

int spool_acked_write(struct seal_spool *sp, struct seal_diag *diag)
{
	size_t len;
	int r;

	sp->acked.counter++;
	r = seal_acked_put(&sp->acked, sp->slot, &len);
	if (r)
		return seal_diag_set(diag, r, "%s/acked has no room", sp->dir);
	r = seal_io_write_full(sp->io, sp->acked_fd, sp->slot, len,
			       (sp->acked.counter & 1) * SEAL_ACKED_SLOT_BYTES);
	if (!r)
		r = sp->io->fdatasync(sp->io, sp->acked_fd);
	return r ? spool_io_failed(sp, r, "acked", "written", diag) : 0;
}

struct seal_state_mirror *spool_state_mirror(struct seal_spool *sp,
					     const char *mirror, bool make)
{
	struct seal_state *s = &sp->state;
	struct seal_hash name;
	size_t i;

	if (seal_sha256(mirror, strlen(mirror), &name))
		return NULL;
	for (i = 0; i < s->mirrors; i++)
		if (seal_hash_equal(&s->mirror[i].name, &name))
			return &s->mirror[i];
	if (!make || s->mirrors == SEAL_MIRRORS_MAX)
		return NULL;
	s->mirror[s->mirrors].name = name;
	s->mirror[s->mirrors].offered = 0;
	return &s->mirror[s->mirrors++];
}

struct seal_acked_mirror *spool_acked_mirror(struct seal_spool *sp,
					     const char *mirror, bool make)
{
	struct seal_acked *a = &sp->acked;
	struct seal_acked_mirror *m;
	size_t i;

	for (i = 0; i < a->mirrors; i++)
		if (!strcmp(a->mirror[i].name, mirror))
			return &a->mirror[i];
	if (!make || a->mirrors == SEAL_MIRRORS_MAX ||
	    strlen(mirror) >= sizeof(m->name))
		return NULL;
	m = &a->mirror[a->mirrors++];
	memset(m, 0, sizeof(*m));
	strcpy(m->name, mirror);
	return m;
}
