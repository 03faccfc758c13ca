/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verifier: pure and streaming.  A feeder (tools/auditseal) reads a copy
 * and tells what it finds, in order; out comes a verdict (docs/spec/verdict.md,
 * format.md section 6).  Here is no file, no clock, no network, no printing.
 *
 * Order of calls:
 *	seal_verify_new
 *	seal_verify_name, _epochs, _acked, _note, _state	what stands
 *beside the entries of the log, in order of their index: a spool:  for each
 *segment seal_verify_segment, then for each of its frames seal_verify_entry,
 *_head, _frontier, _note, _opening or _defect a store:  seal_verify_tree
 *(verify_tree.h), which pulls tiles and bundles through a table of the caller
 *	seal_verify_finish	 the verdict
 *
 * Each call returns 0 or SEAL_E_* when the work could not be done (NOMEM,
 * CRYPTO, INTERNAL, ARG); what is wrong with the log is never an error but a
 * finding.  After an error there is no verdict.
 *
 * Cells.  What is fed is believed only when something trusted speaks for it:
 * a seal, a hand-over, a proven tile.  Until then everything that follows from
 * it is tentative; a cell that turns out wrong takes its conclusions with it.
 * Memory is bounded: 2 * 8,192 entries of 64 bytes for the open cell, 1 MiB of
 * past roots, 40 bytes an epoch from the first entry on, SEAL_VERIFY_MAX_*.
 */
#ifndef SEAL_CORE_VERIFY_H
#define SEAL_CORE_VERIFY_H

#include "core/crypto.h"
#include "core/err.h"
#include "core/finding.h"
#include "core/tree.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal_policy;
struct seal_verify;

/* A commit is at most 8,192 entries; "two commits" everywhere below. */
#define SEAL_VERIFY_TAIL_ENTRIES 16384
/* More findings or unproven ranges than this are counted, not kept. */
#define SEAL_VERIFY_MAX_FINDINGS 10000
#define SEAL_VERIFY_MAX_RANGES	 10000
#define SEAL_VERIFY_NAME_BYTES	 256

enum seal_verify_target {
	SEAL_VERIFY_SPOOL = 1, /* a host's spool directory */
	SEAL_VERIFY_STORE = 2, /* a mirror: its database or its read side */
};

/* A checkpoint that somebody holds elsewhere, such as under a time-stamp. */
struct seal_verify_given {
	const uint8_t *note; /* as seal_checkpoint_parse_note takes it */
	size_t len;
	const char *where; /* for findings */
};
#define SEAL_VERIFY_GIVEN_MAX 32

/* What became of it.  All but the first two come with a finding. */
enum seal_given_state {
	SEAL_GIVEN_AGREES = 1,	     /* the copy has this root */
	SEAL_GIVEN_NOT_COMPARED = 2, /* this part of the log is not here */
	SEAL_GIVEN_CONFLICTS = 3,    /* the copy has another root */
	SEAL_GIVEN_BEYOND = 4,	     /* the copy ends below */
	SEAL_GIVEN_UNSIGNED = 5,     /* the log's host did not sign it */
};

struct seal_verify_options {
	enum seal_verify_target target;
	const struct seal_policy *policy; /* borrowed; NULL: none was given */
	bool live;  /* a writer holds the lock: the tail is in flight */
	bool alone; /* segments: nothing need stand beside them */
	/* A part: what lies behind its end is not looked at.  Its anchor must
	 * reach that end, and need not be fresh. */
	bool range;
	bool deep;     /* check every seal, not only the newest */
	bool have_pin; /* the log id that must come out */
	struct seal_hash pin;
	const char *origin; /* the origin that must come out; NULL: any */
	uint64_t as_of_us;  /* "now" of the verdict */
	uint64_t min_freshness_us; /* 0: 3 heartbeat intervals + 60 s */
	bool have_expect_size;
	uint64_t expect_size;
	bool have_expect_root;
	struct seal_hash expect_root;
	const char *served_by; /* key name of who serves the copy, or NULL */
	/* Copied; their origin is `origin`, else SEAL_E_ARG. */
	const struct seal_verify_given *given;
	size_t given_count; /* at most SEAL_VERIFY_GIVEN_MAX */
};

/* Copies what it needs of *options except policy.  NOMEM, ARG. */
int seal_verify_new(const struct seal_verify_options *options,
		    struct seal_verify **ret_verify);
void seal_verify_free(struct seal_verify *verify);

/* ---- what stands beside the entries ---- */

/* The origin under which the copy is kept (a store's row).  A spool's comes
 * from its segments. */
int seal_verify_name(struct seal_verify *verify, const char *origin);

/* The log id under which a store keeps the copy.  It is compared, not believed.
 */
void seal_verify_stored_id(struct seal_verify *verify,
			   const struct seal_hash *log_id);

/*
 * Where the entries end that a store keeps, vouched for or not: an upload that
 * is under way brings hand-overs before its checkpoint counts.  Read after what
 * is given to seal_verify_epochs.
 */
void seal_verify_stored_end(struct seal_verify *verify, uint64_t entries);

/*
 * The file `epochs`, in pieces of any length, in order; data NULL ends it.
 * Not called at all: the file is missing, which a spool's verdict reports as
 * AS029.  In a live spool the last hand-overs may be absent.
 */
int seal_verify_epochs(struct seal_verify *verify, const uint8_t *data,
		       size_t len);

/* What `state` says is sealed; not called: no slot of it is whole (AS029). */
int seal_verify_state(struct seal_verify *verify, uint64_t sealed_size,
		      const struct seal_hash *root);

/* The file `acked` was read (its notes come by seal_verify_note); not called:
 * no slot of it is whole (AS029). */
int seal_verify_acked(struct seal_verify *verify);

/* A file that repeats what the log says is damaged in part: AS029. */
int seal_verify_beside(struct seal_verify *verify, const char *file,
		       const char *text);

/*
 * A head that an earlier verification ended with, or that the operator pinned.
 * A copy at rest that ends below it is AS007, a live one AS027; another root
 * at its size is AS008, another log id AS028.  It is an anchor, as fresh as its
 * time.  A copy may be older on purpose (a bundle that was handed on before):
 * then its end below that size says nothing.  Borrowed strings.
 */
struct seal_verify_remembered {
	uint64_t size;
	struct seal_hash root;
	bool have_log_id;
	struct seal_hash log_id;
	uint64_t time_us;  /* of the anchor it rested on */
	bool may_be_older; /* the copy, than this head */
	const char *who;   /* where it is written: for findings, and as name */
};
int seal_verify_remember(struct seal_verify *verify,
			 const struct seal_verify_remembered *known);

/*
 * What it takes to go on where an earlier verification ended: the size, the
 * tree and the keys there.  A verdict has it; seal_verify_resume takes it,
 * once, before all else but the name and seal_verify_remember.  `epochs` is
 * then fed from the record behind that of the epoch on, and entries below the
 * size are neither fed nor asked for: that they are as they were is what the
 * known root says.
 */
struct seal_verify_resume {
	struct seal_frontier frontier; /* of the size */
	uint64_t anchor_size;	       /* an older size that was proven */
	struct seal_hash anchor_root;
	uint8_t host_key[32], epoch0_key[32]; /* give the log id */
	uint64_t epoch, epoch_first;	      /* in force behind the size */
	uint8_t epoch_key[32];
	bool have_heartbeat;
	uint64_t heartbeat_us;
};

/* SEAL_E_FOREIGN: the keys do not give the log id, SEAL_E_ARG: too late. */
int seal_verify_resume(struct seal_verify *verify,
		       const struct seal_verify_resume *resume);

/* Of a spool: the segment in which the size lies. */
struct seal_verify_place {
	const char *where;
	uint64_t number, first_index;
};
void seal_verify_resume_at(struct seal_verify *verify,
			   const struct seal_verify_place *place);

enum seal_verify_note_source {
	SEAL_VERIFY_NOTE_ACKED = 1,	 /* a spool's `acked` */
	SEAL_VERIFY_NOTE_FRAME = 2,	 /* a 0x21 frame, where it stands */
	SEAL_VERIFY_NOTE_CHECKPOINT = 3, /* the store's newest checkpoint */
	SEAL_VERIFY_NOTE_GIVEN = 4,	 /* by the operator, held elsewhere */
	SEAL_VERIFY_NOTE_PAST = 5,	 /* a store's older checkpoint */
};

/*
 * A checkpoint with whatever signature lines it has.  A malformed one, one
 * of another origin, or one whose lines do not verify counts for nothing;
 * where that is a finding it is made.  `where` is for the finding's text.
 */
int seal_verify_note(struct seal_verify *verify,
		     enum seal_verify_note_source source, const uint8_t *note,
		     size_t len, const char *where);

/*
 * The newest checkpoint as a store of ours keeps it: every line of it is the
 * store's own doing, so that one which nobody can judge is a finding too.
 * whole: what is kept beside it agrees; else that is the finding, AS030.
 */
int seal_verify_checkpoint(struct seal_verify *verify, const uint8_t *note,
			   size_t len, bool whole, const char *where);

/*
 * The log's own note of a checkpoint and the lines of a witness on it, as a
 * store of ours keeps them aside: every one of the latter is judged.
 */
int seal_verify_cosigned(struct seal_verify *verify, const uint8_t *note,
			 size_t len, const char *where);

/*
 * What is kept beside a store's entries is wrong: AS010, AS028, AS029, AS030;
 * AS011, a line by a key that nobody names, is a note (class N) here.
 */
int seal_verify_kept(struct seal_verify *verify, unsigned number,
		     const char *where, const char *text);

/* ---- a spool's frames ---- */

struct seal_verify_segment {
	const char *where; /* file name */
	uint64_t number;
	uint64_t first_index;
	const char *origin; /* NUL-terminated */
	struct seal_hash log_id;
	uint64_t head_size; /* all zero in segment 0 */
	struct seal_hash head_root;
	uint32_t head_key_id;
	uint8_t head_signature[64];
	const struct seal_hash *frontier; /* popcount(first_index) of them */
	bool last;			  /* the last file of the spool */
};

/* A header whose tag is right.  One whose tag is wrong: seal_verify_lost_header
 * (the name of the file gives the index).  A file that begins with neither is
 * AS030. */
int seal_verify_segment(struct seal_verify *verify,
			const struct seal_verify_segment *segment);
int seal_verify_lost_header(struct seal_verify *verify, const char *where,
			    uint64_t first_index, bool last);

/* A header whose tag is right, of a version that is not ours: AS025; the frames
 * of that file are not fed. */
int seal_verify_unknown_segment(struct seal_verify *verify, const char *where,
				uint64_t first_index);

enum seal_verify_known {
	SEAL_VERIFY_KNOWN_NOTHING = 0,
	SEAL_VERIFY_KNOWN_TAG = 1, /* 32 bits of leaf hash XOR index */
	SEAL_VERIFY_KNOWN_LEAF = 2 /* the whole leaf hash is proven */
};

struct seal_verify_entry {
	const uint8_t *entry;  /* type, flags, time, body: format.md 1 */
	size_t len;	       /* 10 ... 65,535 */
	struct seal_hash leaf; /* SHA-256(0x00 || entry), as computed */
	enum seal_verify_known known;
	uint32_t index_low; /* of KNOWN_TAG: the index the tag was made for */
	const char *where;
	uint64_t offset; /* of the frame in its file */
};

int seal_verify_entry(struct seal_verify *verify,
		      const struct seal_verify_entry *entry);

struct seal_verify_head {
	uint64_t size;
	struct seal_hash root;
	uint32_t key_id;
	uint8_t signature[64];
	const char *where;
	uint64_t offset;
};

/* A 0x20 frame whose tag is right. */
int seal_verify_head(struct seal_verify *verify,
		     const struct seal_verify_head *head);

/* A 0x23 frame whose tag is right; count = popcount(size), checked. */
int seal_verify_frontier(struct seal_verify *verify, uint64_t size,
			 const struct seal_hash *hashes, size_t count,
			 const char *where, uint64_t offset);

/* A 0x22 frame whose tag is right. */
int seal_verify_opening(struct seal_verify *verify, uint64_t index,
			uint8_t part, uint8_t state, const uint8_t salt[16],
			const uint8_t *value, size_t len, const char *where,
			uint64_t offset);

enum seal_verify_defect {
	SEAL_VERIFY_DEFECT_FRAME = 1,	/* bytes that are no frame */
	SEAL_VERIFY_DEFECT_TAG = 2,	/* a kind-0x02 frame, tag wrong */
	SEAL_VERIFY_DEFECT_KIND = 3,	/* a kind that does not exist */
	SEAL_VERIFY_DEFECT_PADDING = 4, /* not zero behind the end */
	SEAL_VERIFY_DEFECT_FILE = 5,	/* a file that is no part of a spool */
	SEAL_VERIFY_DEFECT_UNKNOWN = 6, /* tag right, sub-type not ours */
	SEAL_VERIFY_DEFECT_MISPLACED = 7, /* a frame where none may stand */
	SEAL_VERIFY_DEFECT_PACKED = 8	  /* a file that does not unpack */
};

/*
 * Something at this place that is no whole frame.  maybe_entry: it may have
 * been an entry (its index is then the next one), so that what follows is not
 * shifted by it.
 */
int seal_verify_defect(struct seal_verify *verify, enum seal_verify_defect what,
		       bool maybe_entry, const char *where, uint64_t offset,
		       uint64_t len);

/* Two files of the copy, with other bytes, are the segment that begins with
 * this index: AS006. */
int seal_verify_twice(struct seal_verify *verify, const char *where,
		      uint64_t first_index);

/* ---- the verdict ---- */

enum seal_anchor_kind {
	SEAL_ANCHOR_NONE = 0,
	SEAL_ANCHOR_QUORUM = 1,	  /* cosignatures meet the policy's quorum */
	SEAL_ANCHOR_EXPECTED = 2, /* --expect-size, --expect-root */
	SEAL_ANCHOR_KNOWN = 3,	  /* a head that was verified before */
};

struct seal_anchor {
	enum seal_anchor_kind kind;
	uint64_t size;
	struct seal_hash root;
	uint64_t time_us; /* oldest cosignature the quorum needs; 0: none */
	char names[SEAL_VERIFY_NAME_BYTES]; /* who signed: ", " between */
	bool fresh;
	bool sole_word; /* only who serves the copy speaks for it */
};

struct seal_range {
	uint64_t first;
	uint64_t last; /* inclusive */
};

/* Owned by the verdict; strings NUL-terminated, never NULL. */
struct seal_verdict {
	int exit_status; /* 0, 1, 2, 3: format.md 6 */
	char origin[SEAL_VERIFY_NAME_BYTES];
	bool have_log_id;
	struct seal_hash log_id;
	bool rooted; /* the log id is pinned or under a quorum */
	bool pinned;
	uint64_t first_index; /* of the copy; > 0: earlier ones were freed */
	uint64_t size;	      /* sealed and proven up to here */
	struct seal_hash root;
	uint64_t entries_checked;
	uint64_t newest_us; /* time of the newest proven entry */
	uint64_t heartbeat_us;
	uint64_t unsealed; /* whole frames behind the last head */
	uint64_t epoch;	   /* in force at size */
	uint64_t epoch_first;
	struct seal_anchor anchor;
	uint64_t window; /* entries of the running epoch behind the anchor */
	struct seal_range *not_proven;
	size_t not_proven_count;
	struct seal_findings findings; /* merged, ordered: finding.h */
	uint64_t findings_dropped;
	uint64_t as_of_us;
	uint64_t
		looked_from; /* entries below were not looked at, being known */
	bool range;	     /* nor those behind the end */
	int dropped_status;  /* the exit status that dropped findings give */
	bool resumable;	     /* resume is filled */
	struct seal_verify_resume resume;
	/* Of the options' given checkpoints, in their order. */
	enum seal_given_state given[SEAL_VERIFY_GIVEN_MAX];
	size_t given_count;
};

/* The exit status anew, after the class of a finding was changed. */
void seal_verdict_judge(struct seal_verdict *verdict);

/* Ends the feeding; writes the verdict, which the caller frees.  The verifier
 * can only be freed afterwards. */
int seal_verify_finish(struct seal_verify *verify,
		       struct seal_verdict *ret_verdict);
void seal_verdict_fini(struct seal_verdict *verdict);

/* Feeds a verifier; 0 or why the work could not be done. */
typedef int seal_verify_feed(void *ctx, struct seal_verify *verify,
			     struct seal_diag *diag);

/*
 * One verification, and of a spool once more with every seal checked if it
 * found evidence: that is what names the place.  feed is called once or twice.
 */
int seal_verify_run(const struct seal_verify_options *options,
		    seal_verify_feed *feed, void *ctx,
		    struct seal_verdict *ret_verdict, struct seal_diag *diag);

/* Names for output: "quorum", "expected", "known", "none"; never NULL. */
const char *seal_anchor_kind_name(enum seal_anchor_kind kind);

#endif
