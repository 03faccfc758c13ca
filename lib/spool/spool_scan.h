/* SPDX-License-Identifier: Apache-2.0 */
/* What spool_scan.c and spool_promise.c share. */
#ifndef SEAL_SPOOL_SPOOL_SCAN_H
#define SEAL_SPOOL_SPOOL_SCAN_H

#include "spool/spool_private.h"

#define NEW_LOG                                                     \
	"nothing was changed; begin a new log with auditseal init " \
	"--successor-of, and keep this one for verification"

struct mark { /* where the first piece of a long record stands */
	bool open;
	uint64_t offset;
	struct seal_frontier frontier;
	uint8_t last_type, before_type;
};

struct scan {
	struct seal_spool *sp;
	struct seal_reader *reader;
	struct spool_scan *out;
	struct seal_diag *diag;
	struct mark run;
	uint64_t behind; /* entries behind the last head */
};

/* SEAL_E_DAMAGED with its sentence. */
int scan_damaged(struct scan *sc, const char *finding, uint64_t offset,
		 const char *what);

/* spool_learn.c: an epoch entry; a sealed one; the one at the very end */
int scan_read_handover(struct scan *sc, const struct seal_entry *entry,
		       const struct seal_reader_item *item);
int scan_take_handover(struct scan *sc, uint64_t offset);
int scan_check_pending(struct scan *sc);

/* At the size reached: state and receipts must agree with the root here. */
int scan_check_size(struct scan *sc);
/* Nothing at hand may speak of more than is there. */
int scan_check_promises(struct scan *sc);

#endif
