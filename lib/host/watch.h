/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What witnesses cosigned of this log, as its mirror keeps it
 * (docs/spec/protocol.md section 6, cosigned/W): where the host's own policy
 * asks for them, the spool gets their cosignatures as it gets receipts.  Asks
 * for nothing where mirrors alone meet the policy.  For one sender's thread.
 */
#ifndef SEAL_HOST_WATCH_H
#define SEAL_HOST_WATCH_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct seal_http;
struct seal_policy;
struct seal_sender_config;
struct seal_vkey;
struct seal_watch;

#define SEAL_WATCH_NEVER UINT64_MAX

/*
 * The keys of the mirror at this address: witness lines of the policy that have
 * it; where none has it and there is but one server, those without an address.
 * ret_key has room for SEAL_POLICY_WITNESSES_MAX, or is NULL.
 */
size_t seal_mirror_keys(const struct seal_policy *policy, const char *url,
			size_t servers, const struct seal_vkey **ret_key);

/* All of it is borrowed.  *ret_watch is NULL where nothing is to be asked for.
 * SEAL_E_NOMEM. */
int seal_watch_new(const struct seal_sender_config *config,
		   struct seal_http *http, struct seal_watch **ret_watch);
void seal_watch_free(struct seal_watch *watch);

/*
 * Asks for what lies below receipt_size, if that is due.  Milliseconds until
 * more is to be asked for, SEAL_WATCH_NEVER before the next receipt.  A mirror
 * that does not answer is said once.  watch may be NULL.
 */
uint64_t seal_watch_step(struct seal_watch *watch, uint64_t receipt_size);

#endif
