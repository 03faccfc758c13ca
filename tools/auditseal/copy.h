/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store's copy of a log, wherever it is: its newest checkpoint, its tiles and
 * bundles.  Nothing read here is believed.
 */
#ifndef AUDITSEAL_COPY_H
#define AUDITSEAL_COPY_H

#include "cli.h"

#include "core/verify_tree.h"

struct cli_trust;

/* All borrowed, valid while the function below runs. */
struct cli_copy {
	const char *origin;
	struct seal_verify_source source;
	const uint8_t *note; /* newest checkpoint with its lines; NULL: none */
	size_t note_len;
	bool note_whole; /* what is kept beside it is what it says */
	uint64_t size;	 /* entries that the copy says it holds; 0: not known */
	bool have_log_id; /* under which the copy is kept */
	struct seal_hash log_id;
	bool hash_wrong;       /* kept under a wrong hash of its origin */
	const uint8_t *epochs; /* records of `epochs`; NULL: none are kept */
	size_t epochs_len;
};

typedef int cli_copy_fn(void *ctx, const struct cli_copy *copy,
			struct seal_diag *diag);

/*
 * Calls fn for each log of the store, or for trust->log alone.  Over HTTPS the
 * policy says which logs there are.  What fn returns, if not 0, ends it.
 */
int cli_store_visit(const struct cli_trust *trust, const char *target,
		    cli_copy_fn *fn, void *ctx, struct seal_diag *diag);
int cli_https_visit(const struct cli_trust *trust, const char *target,
		    cli_copy_fn *fn, void *ctx, struct seal_diag *diag);

#endif
