/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store as a witness (C2SP tlog-witness): a key of its own says of logs,
 * those of other stores first of all, that they only grew.  Holds no entries,
 * and never signs what the mirror key signs.  docs/spec/protocol.md section 7.
 */
#ifndef AUDITSEALD_WITNESS_H
#define AUDITSEALD_WITNESS_H

#include "store.h"

/* Both prefixes, submission and monitoring, without the store's URL. */
#define WITNESS_PREFIX "/witness"

/*
 * After store_open: makes the store a witness under this name for the logs of
 * a policy.  key is taken in every case.  CONFIG: key or name is the mirror's.
 */
int witness_open(struct store *store, const char *policy_path, const char *name,
		 struct seal_key *key, struct seal_diag *diag);
void witness_close(struct store *store);
int witness_reload(struct store *store, struct seal_diag *diag);

/* Is this key the store's own, mirror or witness? */
bool store_owns_key(const struct store *store, const struct seal_vkey *vkey);

/*
 * POST WITNESS_PREFIX/add-checkpoint and GET WITNESS_PREFIX/path, also of a
 * store that is no witness: 404.  peer may be NULL: nobody is asked who he is.
 */
void witness_add_checkpoint(struct store *store, const struct peer *peer,
			    const uint8_t *body, size_t body_bytes,
			    struct reply *reply);
void witness_read(struct store *store, const char *path, struct reply *reply);

#endif
