/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known findings: who accepted which, when, why, and a digest of the bytes
 * that stood there.  docs/spec/accepted.md.
 */
#ifndef AUDITSEAL_ACCEPT_H
#define AUDITSEAL_ACCEPT_H

#include "judge.h"

#define ACCEPT_TEXT	512
#define ACCEPT_FILE_MAX (16u << 20)
#define ACCEPT_MAGIC	"auditseal/accepted/1\n"

struct accepted {
	char origin[SEAL_VERIFY_NAME_BYTES];
	struct seal_hash log_id;
	unsigned number; /* of the finding */
	uint64_t first, last;
	struct seal_hash digest;
	uint64_t when_us;
	char by[ACCEPT_TEXT], why[ACCEPT_TEXT];
};

/* Is this fit for `by` and `why`: UTF-8, no control or format character? */
bool accepted_text_ok(const char *text);
/* Entries?  What is about none cannot be accepted. */
bool accepted_range_ok(uint64_t first, uint64_t last);

void accepted_put(const struct accepted *a, struct seal_buf *out);
/* A whole file; *ret_list is the caller's to free.  SEAL_E_FORMAT. */
int accepted_parse(const uint8_t *bytes, size_t len, struct accepted **ret_list,
		   size_t *ret_count, struct seal_diag *diag);

/* What stands at [first, last] of a log of a target: section 2. */
int accepted_digest(const struct cli_trust *trust, const char *target,
		    const char *origin, uint64_t first, uint64_t last,
		    struct seal_hash *ret_digest, struct seal_diag *diag);

/* Findings that the file accepts, and whose bytes are as they were then,
 * become class A; the verdicts are judged anew. */
int accepted_apply(const struct cli_trust *trust, const char *path,
		   struct cli_judgements *list, struct seal_diag *diag);

#endif
