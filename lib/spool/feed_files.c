/* SPDX-License-Identifier: Apache-2.0 */
/* The small files of a spool for the verifier.  Contract: feed_private.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spool/feed_private.h"
#include "spool/io_private.h"

static int read_epochs(struct feed *f, struct seal_verify *v, int fd)
{
	uint8_t bytes[8192];
	uint64_t offset = 0;
	long got;
	int rc;

	if (f->options->resume)
		offset = (f->options->resume->epoch + 1) *
			 SEAL_EPOCH_RECORD_BYTES;
	for (;;) {
		got = f->io->pread(f->io, fd, bytes, sizeof(bytes), offset);
		if (got < 0)
			return seal_io_error((int)got);
		if (!got)
			return seal_verify_epochs(v, NULL, 0);
		rc = seal_verify_epochs(v, bytes, (size_t)got);
		if (rc)
			return rc;
		offset += (uint64_t)got;
	}
}

int feed_epochs(struct feed *f, struct seal_verify *v, struct seal_diag *diag)
{
	char *path = seal_io_path(f->dir, "epochs");
	int fd, rc;

	if (!path)
		return SEAL_E_NOMEM;
	rc = f->io->open(f->io, path, SEAL_IO_READ, &fd);
	free(path);
	if (rc == -ENOENT || rc == -ELOOP)
		return 0; /* the verdict says that it is missing */
	if (rc)
		return seal_diag_set_errno(diag, seal_io_error(rc), -rc,
					   "epochs in %s cannot be read",
					   f->dir);
	rc = read_epochs(f, v, fd);
	f->io->close(f->io, fd);
	if (rc == SEAL_E_IO)
		return seal_diag_set(diag, rc, "epochs in %s cannot be read",
				     f->dir);
	return rc;
}

bool feed_tolerable(int rc)
{
	return rc == SEAL_E_NOTFOUND || rc == SEAL_E_DAMAGED ||
	       rc == SEAL_E_SHORT || rc == SEAL_E_UNKNOWN;
}

/* Of a slot: 0, SEAL_E_NOMEM, SEAL_E_CRYPTO, or how it is damaged. */
typedef int slot_whole(const uint8_t *slot, size_t len, uint64_t *ret_counter);

static int state_whole(const uint8_t *slot, size_t len, uint64_t *ret_counter)
{
	uint8_t again[SEAL_STATE_SLOT_BYTES];
	struct seal_state state;
	int rc;

	if (len < SEAL_STATE_SLOT_BYTES)
		return SEAL_E_SHORT;
	rc = seal_state_get(slot, &state);
	if (!rc)
		rc = seal_state_put(&state, again);
	if (rc)
		return rc;
	*ret_counter = state.counter;
	/* The checksum ends with what is used; the rest is zero. */
	return memcmp(again, slot, sizeof(again)) ? SEAL_E_DAMAGED : 0;
}

static int acked_whole(const uint8_t *slot, size_t len, uint64_t *ret_counter)
{
	struct seal_acked acked = {0};
	int rc = seal_acked_get(slot, len, &acked);

	if (rc)
		return rc;
	*ret_counter = acked.counter;
	seal_acked_fini(&acked);
	return 0;
}

/* As much of a slot as is there. */
static int read_slot(struct feed *f, int fd, uint64_t offset, uint8_t *bytes,
		     size_t want, size_t *ret_got)
{
	size_t got;
	long n;

	for (got = 0; got < want; got += (size_t)n) {
		n = f->io->pread(f->io, fd, bytes + got, want - got,
				 offset + got);
		if (n < 0)
			return seal_io_error((int)n);
		if (!n)
			break;
	}
	*ret_got = got;
	return 0;
}

/* Whole, or never written: the first write goes into one slot alone. */
static int slots_well(struct feed *f, int fd, size_t slot_bytes, uint8_t *bytes,
		      slot_whole *whole, bool *ret_well)
{
	uint64_t counter[2] = {0, 0};
	bool have[2], blank[2];
	size_t got = 0;
	int k, rc;

	for (k = 0; k < 2; k++) {
		rc = read_slot(f, fd, (uint64_t)k * slot_bytes, bytes,
			       slot_bytes, &got);
		if (rc)
			return rc;
		rc = whole(bytes, got, &counter[k]);
		if (rc == SEAL_E_NOMEM || rc == SEAL_E_CRYPTO)
			return rc;
		have[k] = !rc;
		while (rc && got && !bytes[got - 1])
			got--;
		blank[k] = !got;
	}
	if (have[0] && have[1])
		*ret_well = counter[0] + 1 == counter[1] ||
			    counter[1] + 1 == counter[0];
	else
		*ret_well = have[1] && counter[1] == 1 && blank[0];
	return 0;
}

/* A slot that is damaged may have been the newer one. */
static int check_slots(struct feed *f, struct seal_verify *v, const char *path,
		       const char *name, size_t slot_bytes, slot_whole *whole)
{
	uint8_t *bytes;
	bool well = false;
	int fd, tries, rc = f->io->open(f->io, path, SEAL_IO_READ, &fd);

	if (rc)
		return seal_io_error(rc);
	bytes = malloc(slot_bytes);
	if (!bytes)
		rc = SEAL_E_NOMEM;
	/* A live one may be written while it is read. */
	for (tries = 0; !rc && !well && tries < (f->live ? 5 : 1); tries++)
		rc = slots_well(f, fd, slot_bytes, bytes, whole, &well);
	f->io->close(f->io, fd);
	free(bytes);
	if (rc || well)
		return rc;
	return seal_verify_beside(v, name, "one of its two slots is damaged");
}

int feed_acked(struct feed *f, struct seal_verify *v, struct seal_diag *diag)
{
	struct seal_acked acked = {0};
	char *path = seal_io_path(f->dir, "acked"), where[300];
	size_t i;
	int rc;

	if (!path)
		return SEAL_E_NOMEM;
	rc = seal_acked_load(f->io, path, &acked, diag);
	if (!rc)
		rc = check_slots(f, v, path, "acked", SEAL_ACKED_SLOT_BYTES,
				 acked_whole);
	free(path);
	if (feed_tolerable(rc))
		return 0;
	if (!rc)
		rc = seal_verify_acked(v);
	for (i = 0; i < acked.mirrors && !rc; i++) {
		if (!acked.mirror[i].note_len)
			continue;
		snprintf(where, sizeof(where), "acked (%s)",
			 acked.mirror[i].name);
		rc = seal_verify_note(v, SEAL_VERIFY_NOTE_ACKED,
				      acked.mirror[i].note,
				      acked.mirror[i].note_len, where);
	}
	seal_acked_fini(&acked);
	return rc;
}

int feed_state(struct feed *f, struct seal_verify *v, struct seal_diag *diag)
{
	char *path = seal_io_path(f->dir, "state");
	int rc;

	if (!path)
		return SEAL_E_NOMEM;
	rc = seal_state_load(f->io, path, &f->state, diag);
	f->have_state = !rc;
	if (!rc)
		rc = check_slots(f, v, path, "state", SEAL_STATE_SLOT_BYTES,
				 state_whole);
	free(path);
	if (feed_tolerable(rc))
		return 0;
	return rc ? rc : seal_verify_state(v, f->state.sealed, &f->state.root);
}
