/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verifier remembers (--state FILE) and what it may be told in one line
 * (--pin LINE): docs/spec/verdict.md, section 11.  Never weakened by a verdict
 * that is not 0 or 1; a file that is not whole is an error, never a new one.
 */
#ifndef AUDITSEAL_MEMORY_H
#define AUDITSEAL_MEMORY_H

#include "core/key.h"
#include "core/verify.h"
#include "spool/feed.h"

/* ---- a pin ---- */

struct cli_pin {
	char origin[SEAL_VERIFY_NAME_BYTES];
	struct seal_hash log_id;
	uint64_t size;
	struct seal_hash root;
	uint64_t time_us; /* of the anchor; whole seconds */
};

#define CLI_PIN_LINE_BYTES 512
/* SEAL_E_ARG for what cannot be pinned: no head, no origin. */
int cli_pin_format(const struct cli_pin *pin,
		   char ret_line[CLI_PIN_LINE_BYTES]);
/* SEAL_E_FORMAT with a sentence; white space around it is passed over. */
int cli_pin_parse(const char *line, struct cli_pin *ret_pin,
		  struct seal_diag *diag);

/* ---- a finding of class A that was told ---- */

struct cli_told {
	unsigned number;
	uint64_t first, last; /* SEAL_FINDING_NO_INDEX: about a statement */
	/* of a statement: what it said, and where it was seen */
	uint32_t digest;
	char kind; /* 'h' host's files, 's' store; 0: entries */
};

/* ---- one log, on its host or in stores ---- */

struct cli_remembered {
	bool store;
	struct cli_pin head; /* size 0: nothing was verified yet */
	/* of a host: what receipts said that stores hold; size 0: nothing */
	uint64_t stored;
	struct seal_hash stored_root;
	uint64_t seen_us; /* when */
	bool resumable;
	struct seal_verify_resume resume;
	struct seal_feed_place place; /* offset 0: not known */
	struct cli_told *told;
	size_t told_count;
};

struct cli_memory {
	const char *path; /* borrowed */
	int lock;	  /* descriptor; -1 */
	struct cli_remembered *v;
	size_t n;
};

/*
 * Locks PATH.lock and reads PATH.  fresh: there is none yet.  SEAL_E_LOCKED,
 * SEAL_E_NOTFOUND, SEAL_E_EXISTS, SEAL_E_DAMAGED, SEAL_E_IO, each with a
 * sentence.
 */
int cli_memory_open(const char *path, bool fresh, struct cli_memory *ret_memory,
		    struct seal_diag *diag);
/* Replaces the file: written beside it, synced, renamed, the name synced. */
int cli_memory_save(const struct cli_memory *memory, struct seal_diag *diag);
void cli_memory_close(struct cli_memory *memory);

/* NULL: nothing is remembered of this log. */
struct cli_remembered *cli_memory_find(const struct cli_memory *memory,
				       const char *origin, bool store);

/*
 * Findings of class A that were told become N; AS020 and AS024 that were not
 * become A; the exit status is judged anew.  Then, if it is 0 or 1, the head is
 * remembered unless a larger one is, and the findings are.  place may be NULL.
 */
int cli_memory_take(struct cli_memory *memory, bool store,
		    const struct seal_feed_place *place,
		    struct seal_verdict *verdict);

/* As bytes and back; the caller frees.  For cli_memory_open and _save. */
int cli_memory_encode(const struct cli_memory *memory, struct seal_buf *out);
int cli_memory_decode(const char *text, size_t len, const char *path,
		      struct cli_memory *memory, struct seal_diag *diag);

#endif
