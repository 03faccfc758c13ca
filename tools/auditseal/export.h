/* SPDX-License-Identifier: Apache-2.0 */
/* A log out of any target into a bundle: docs/spec/bundle.md. */
#ifndef AUDITSEAL_EXPORT_H
#define AUDITSEAL_EXPORT_H

#include "bundle.h"

/* The cosigned checkpoints that a target has of its one log. */
struct export_notes {
	struct seal_buf checkpoint; /* the newest */
	struct seal_buf *other;	    /* owned */
	size_t others;
};
/* SEAL_E_NOTFOUND: there is none. */
int export_notes_read(const struct cli_trust *trust, const char *target,
		      struct export_notes *ret_notes, struct seal_diag *diag);
void export_notes_fini(struct export_notes *notes);

/* README.txt */
void export_readme(const struct bundle_facts *facts, bool has_policy,
		   struct seal_buf *out);

struct export_range {
	uint64_t from, to; /* inclusive; to may lie behind the end */
};
/*
 * SEAL_E_DAMAGED: the entries do not give the checkpoint's root.  SEAL_E_RANGE:
 * the range, or the log's beginning, is not there.
 */
int export_bundle(const struct cli_trust *trust, const char *target,
		  const struct export_range *range, const char *out,
		  struct bundle_facts *ret_facts, struct seal_diag *diag);

#endif
