/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mirrors that a log sends nothing to, each kept in a file of the spool, so
 * that a freeze outlives the process and ends when an operator says so.  Needs
 * no open spool and no lock.  docs/spec/spool.md 7.3.
 */
#ifndef SEAL_SPOOL_FROZEN_H
#define SEAL_SPOOL_FROZEN_H

#include "core/err.h"
#include "core/key.h"
#include "spool/io.h"

#define SEAL_FROZEN_REASON_BYTES 512

struct seal_frozen {
	char mirror[SEAL_NAME_MAX_BYTES + 1];  /* key name; "": unknown */
	uint64_t time_us;		       /* 0: unknown */
	char finding[8];		       /* "AS027"; "": none */
	char reason[SEAL_FROZEN_REASON_BYTES]; /* safe to show */
};

/*
 * Durable when it returns 0; an older freeze of the same mirror stays as it is.
 * finding: NULL: none.  SEAL_E_IO, _NOSPACE, _PERM, _NOTFOUND, _NOMEM.
 */
int seal_frozen_keep(const struct seal_io *io, const char *dir,
		     const char *mirror, const char *finding,
		     const char *reason, struct seal_diag *diag);

/* Also when that cannot be told: what is frozen must not thaw by chance. */
bool seal_frozen_is(const struct seal_io *io, const char *dir,
		    const char *mirror);

/* 0 to go on; anything else ends the listing and is returned. */
typedef int (*seal_frozen_fn)(void *ctx, const struct seal_frozen *frozen);

/*
 * Each mirror that is frozen, in no order.  A file that is not whole counts,
 * with what can be read of it.  SEAL_E_IO, _PERM, _NOTFOUND (no such
 * directory).
 */
int seal_frozen_each(const struct seal_io *io, const char *dir,
		     seal_frozen_fn fn, void *ctx, struct seal_diag *diag);

/* Ends it, durably.  SEAL_E_NOTFOUND: this mirror is not frozen. */
int seal_frozen_end(const struct seal_io *io, const char *dir,
		    const char *mirror, struct seal_diag *diag);

#endif
