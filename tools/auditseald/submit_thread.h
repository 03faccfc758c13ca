/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread in which submit.h works, over HTTPS.  Witnesses' certificates are
 * verified; none of ours is shown (docs/adr/0045).
 */
#ifndef AUDITSEALD_SUBMIT_THREAD_H
#define AUDITSEALD_SUBMIT_THREAD_H

#include "store.h"

struct submit_thread;

/*
 * Before the store takes requests.  ca_file, copied: what verifies witnesses;
 * if there is no such file the system's CAs do.
 */
int submit_thread_start(struct store *store, const char *ca_file,
			struct submit_thread **ret_thread,
			struct seal_diag *diag);
/* ca_file is read again; any thread, NULL: nothing. */
void submit_thread_reload(struct submit_thread *thread);
/* When the store takes no more requests; ends one under way. */
void submit_thread_stop(struct submit_thread *thread);

#endif
