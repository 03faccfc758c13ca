/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private to lib/core/verify*: the parts of the verifier and what they share.
 *
 *	verify.c	life of a verifier, identity, the verdict
 *	verify_log.c	the entries in their order: life cycle, hand-overs
 *	verify_keys.c	epochs, seals
 *	verify_host.c	the host key and its changes
 *	verify_cell.c	the open cell of a spool: what to believe of it
 *	verify_spool.c	heads, frontiers, openings, defects
 *	verify_segment.c	the files of a spool
 *	verify_tree.c	a store's tiles and bundles
 *	verify_note.c	checkpoints, receipts, as they come
 *	verify_given.c	checkpoints that somebody holds elsewhere
 *	verify_judge.c	who signed them, do they agree with the log
 *	verify_clock.c	what receipts say of the host's clock
 *	verify_line.c	lines of theirs that nobody can judge
 *	verify_past.c	a store's other checkpoints
 *	verify_known.c	heads that were verified before, going on from one
 *	verify_end.c	the tail, what proves size, anchor and freshness
 */
#ifndef SEAL_CORE_VERIFY_INT_H
#define SEAL_CORE_VERIFY_INT_H

#include "core/checkpoint.h"
#include "core/control.h"
#include "core/entry.h"
#include "core/epoch.h"
#include "core/finding.h"
#include "core/policy.h"
#include "core/tree.h"
#include "core/verify.h"

#include <stdio.h>

#define VERIFY_RING_HEADS 32768 /* past roots: 56 bytes each */
#define VERIFY_CELL_MAX	  (2 * SEAL_TAIL_ENTRIES_MAX)
#define VERIFY_BODIES_MAX                                   \
	((size_t)256 << 10) /* of control entries of a cell \
			     */
#define VERIFY_CLAIMS_MAX  64
#define VERIFY_LATE_NOTES  8
#define VERIFY_NOTE_MAX	   SEAL_NOTE_MAX_BYTES
#define VERIFY_WHERE_BYTES 160
/* Where no start and no heartbeat is proven, the usual one is meant. */
#define VERIFY_HEARTBEAT_US 60000000u

/* Where the life cycle stands (format.md 1, 8). */
enum verify_life {
	LIFE_ANY = 0, /* after damage, or where the copy begins */
	LIFE_EMPTY = 1,
	LIFE_SESSION = 2,
	LIFE_STOP = 3,	     /* `epoch` or `recovery` must follow */
	LIFE_STOP_EPOCH = 4, /* `start` or `recovery` must follow */
	LIFE_RECOVERY = 5,   /* `start` or `recovery` must follow */
	LIFE_RESTART = 6,    /* `epoch` or `recovery` must follow */
};

/* All that is concluded from the entries so far; copied as a value. */
struct verify_walk {
	uint64_t next;	    /* index of the next entry */
	bool have_frontier; /* false between damage and the next frontier */
	struct seal_frontier frontier;
	enum verify_life life;
	uint8_t piece_flags; /* of the entry before: SEAL_FLAG_MORE and so on */
	bool piece_known;
	bool handed_over;  /* the entry before was an `epoch` entry */
	bool chain_broken; /* a hand-over could not be followed */
	uint64_t last_us;  /* time of the entry before; 0: none */
	uint64_t max_us;   /* largest time so far */
	uint64_t lived_us; /* steps of its clock, none above a heartbeat */
	uint64_t heartbeat_us;
	bool have_heartbeat; /* an interval was stated */
	uint64_t entries;    /* looked at */
};

/* An entry as it was read; the body of a record is not asked for again. */
struct verify_seen {
	uint64_t time_us;
	uint8_t type, flags;
	bool known;    /* this version can read it */
	bool has_body; /* of a control entry: in the cell's bodies */
	uint16_t body_len;
	uint32_t body_at;
};

/* What an open cell remembers of a found entry. */
struct verify_found {
	struct seal_hash leaf;
	uint64_t place; /* index it was made for; UINT64_MAX: unknown */
	uint64_t offset;
	struct verify_seen seen;
	bool lost; /* bytes that may have been an entry: no leaf */
};

/* The frames since the last head that is believed. */
struct verify_cell {
	struct verify_found *found;
	size_t count, room;
	bool too_long;	 /* found holds only the first VERIFY_CELL_MAX */
	uint64_t total;	 /* entries in all */
	bool suspect;	 /* a tag is wrong, or bytes are no frame */
	bool check_seal; /* something tentative hangs on the next seal */
	struct seal_findings open; /* of the entries: go with the cell */
	struct seal_findings side; /* structure: counts once a head follows */
	struct seal_findings bad;  /* heads not believed */
	uint64_t first_us;	   /* time of its first entry */
	struct seal_buf bodies;
	char where[VERIFY_WHERE_BYTES]; /* the file */
};

/* A size, and perhaps a root, that something says was sealed. */
enum verify_claim_kind {
	CLAIM_STATE = 1,
	CLAIM_EXPECTED = 2,
	CLAIM_NOTE = 3,
	CLAIM_KNOWN = 4,
};

struct verify_claim {
	enum verify_claim_kind kind;
	enum seal_verify_note_source source; /* of CLAIM_NOTE */
	uint64_t size;
	bool have_root;
	struct seal_hash root;
	bool seen;	       /* the log reached this size ... */
	struct seal_hash ours; /* ... with this root */
	uint64_t before_us;    /* time of the entry below it; 0: not known */
	uint64_t lived_us;     /* lived_us of the walk there */
	uint8_t *note;	       /* owned */
	size_t note_len;
	char where[VERIFY_WHERE_BYTES];
	bool stored;  /* our store keeps it: no line of it is a stranger's */
	bool aside;   /* so too, but the log's own lines stand elsewhere */
	bool damaged; /* a finding says so: what follows from it is none */
	bool late;    /* a 0x21 frame behind one of a larger size */
	/* of CLAIM_NOTE, once judged: somebody we know signed it */
	bool counts, cosigned, quorate;
	uint64_t time_us; /* of CLAIM_KNOWN */
	bool may_be_older;
	size_t given; /* of a note that was given: which one */
};

#define VERIFY_NOT_WHOLE \
	"what is kept of this checkpoint is not what a store writes"

#define VERIFY_STRANGERS_MAX 16

/* A key that signed stored checkpoints and that nobody names. */
struct verify_stranger {
	char name[SEAL_VERIFY_NAME_BYTES];
	uint32_t id;
	uint64_t first, last; /* sizes */
	uint64_t count;
};

struct verify_past {
	uint64_t size;
	struct seal_hash root;
	uint64_t before_us; /* time of the entry below it; 0: not known */
	uint64_t lived_us;  /* of the walk there */
};

/* A `key` entry whose two signatures verify. */
#define VERIFY_HOST_CHANGES 64 /* the newest of them */
struct verify_host_change {
	uint64_t index, time_us;
	uint8_t key[32];
};

/* Per witness of the policy: its best statement that agrees with us. */
struct verify_word {
	bool have;
	uint64_t size;
	uint64_t time_s;
};

/* Entries below receipts that are all early: the host's clock ran ahead. */
struct verify_ahead {
	uint64_t first, last;	 /* newest entry below the first, the last */
	uint64_t from_us, to_us; /* their times */
	uint64_t most_us;	 /* how early the earliest is */
	size_t witness;		 /* whose receipt that is */
	char where[VERIFY_WHERE_BYTES]; /* the first one */
};

/* Per witness of the policy, its receipts as their sizes rise. */
struct verify_clock {
	uint64_t heard; /* largest size so far */
	bool open;	/* they are early: run */
	struct verify_ahead run;
};

struct seal_verify {
	struct seal_verify_options opt;
	char opt_origin[SEAL_VERIFY_NAME_BYTES];
	char served_by[SEAL_VERIFY_NAME_BYTES];
	bool finished;

	uint64_t resumed; /* entries below are known; 0: none are */

	/* identity */
	char origin[SEAL_VERIFY_NAME_BYTES];
	bool have_log_id; /* as the copy has it; proven with the chain */
	struct seal_hash log_id;
	bool begun; /* the first segment or entry was seen */
	uint64_t first_index;

	/* keys */
	struct seal_chain *chain;
	bool have_host;
	uint8_t host_key[32]; /* at index 0 */
	struct verify_host_change host_change[VERIFY_HOST_CHANGES];
	size_t host_changes;
	bool start_seen;     /* entry 0 was there and gave the keys */
	uint64_t stored_end; /* entries that a store has, proven or not */
	bool epochs_given, epochs_root;
	bool epochs_bad;     /* what follows cannot be taken */
	bool epochs_damaged; /* it was said */
	uint8_t epochs_part[SEAL_EPOCH_RECORD_BYTES];
	size_t epochs_part_len;
	uint64_t epochs_records;
	uint64_t epochs_newest; /* epoch of the last good record */
	uint64_t handovers;	/* newest epoch that the entries gave */
	struct seal_pub *pub;	/* of pub_epoch, for seals */
	uint64_t pub_epoch;
	uint32_t pub_id;

	/* a spool's place */
	struct verify_walk walk;   /* with the open cell */
	struct verify_walk sealed; /* as of the last head believed */
	struct verify_cell cell;
	struct seal_verify_head head; /* the last one believed */
	bool have_head, head_checked; /* its signature was verified */
	bool frontier_due;	      /* may stand next */
	bool after_defect;	      /* what stood here may have been a head */
	char head_where[VERIFY_WHERE_BYTES];
	uint64_t segment_number, segment_first;
	bool have_segment, skip;
	bool after_unknown; /* a file of a newer version was passed over */
	char segment_where[VERIFY_WHERE_BYTES];
	bool opening_place; /* an opening may stand here */
	uint64_t opening_index;
	unsigned opening_parts; /* of that entry */
	unsigned opening_next;
	struct seal_hash opening_commitment[SEAL_ENTRY_PARTS_MAX];
	bool abandoned_set; /* frames behind a segment's end, not yet named */
	uint64_t abandoned_segment; /* first index of that segment */
	uint64_t abandoned_first, abandoned_last;
	char abandoned_where[VERIFY_WHERE_BYTES];

	/* statements */
	bool acked_given, state_given;
	struct verify_claim claim[VERIFY_CLAIMS_MAX];
	size_t claims;
	struct verify_claim past;    /* a store's next older checkpoint */
	int (*past_next)(void *ctx); /* it was reached: judge it, get one */
	void *past_ctx;
	/* The store's newest one, whose row comes again with the older ones. */
	bool have_newest;
	struct seal_hash newest;
	bool have_stored_id;
	struct seal_hash stored_id;
	struct verify_claim late[VERIFY_LATE_NOTES]; /* 0x21 frames, newest */
	size_t lates;
	uint64_t want_next; /* the next size whose root a claim wants */
	bool want_known;
	struct seal_hash note_digest; /* of the 0x21 frame before */
	bool have_note_digest;
	uint64_t frame_size_max; /* largest size of a 0x21 frame so far */
	struct verify_past *ring;
	size_t ring_used, ring_at;
	struct verify_word word[SEAL_POLICY_WITNESSES_MAX];
	struct verify_clock clock[SEAL_POLICY_WITNESSES_MAX];
	size_t clocks_open;
	struct verify_ahead *ahead; /* runs that have ended */
	size_t aheads;
	bool any_cosignature, any_host_line;
	bool cut; /* of a tree: AS007 says that entries from here on are gone */
	uint64_t cut_at;
	struct verify_stranger stranger[VERIFY_STRANGERS_MAX];
	size_t strangers;
	bool newest_sealed;	 /* the newest seal verifies */
	bool tree_unproven;	 /* a store's tree does not give its root */
	bool blamed;		 /* a hand-over has shown where, once */
	struct verify_seen seen; /* the newest entry that was looked at */

	/* outcome */
	struct seal_findings findings;
	uint64_t findings_dropped;
	bool dropped_d, dropped_u, dropped_a;
	size_t open_end;    /* findings from here wait for time_after_us */
	uint64_t proven_us; /* time of the newest proven entry */
	struct seal_range *not_proven;
	size_t not_proven_count;
};

/* ---- verify.c ---- */

/*
 * Adds to the settled findings.  first > last: about no entry.  where may be
 * NULL.  The class is the table's.
 */
int verify_find(struct seal_verify *v, unsigned number, uint64_t first,
		uint64_t last, bool within, const char *where, const char *fmt,
		...) __attribute__((format(printf, 7, 8)));
/* The same into a list (of the open cell). */
int verify_find_in(struct seal_verify *v, struct seal_findings *list,
		   unsigned number, uint64_t first, uint64_t last, bool within,
		   const char *where, const char *fmt, ...)
	__attribute__((format(printf, 8, 9)));
/* Moves all of list to the settled findings. */
int verify_take(struct seal_verify *v, struct seal_findings *list);
int verify_not_proven(struct seal_verify *v, uint64_t first, uint64_t last);
void verify_place(char ret_where[VERIFY_WHERE_BYTES], const char *file,
		  uint64_t offset);
/* Entries from ... to this time are proven: times around findings. */
void verify_proven_time(struct seal_verify *v, uint64_t first_us,
			uint64_t last_us);

/* ---- verify_keys.c ---- */

/* The chain begins: keys of index 0.  False in *ret_ok: not this log's. */
int verify_keys_root(struct seal_verify *v, const uint8_t host[32],
		     const uint8_t epoch0[32], bool *ret_ok);
/* Is this a seal of the epoch in force at size?  False also without a key. */
int verify_seal(struct seal_verify *v, uint64_t size,
		const struct seal_hash *root, uint32_t key_id,
		const uint8_t signature[64], bool *ret_good);
/* Is there a key for seals of this size at all? */
bool verify_have_key(const struct seal_verify *v, uint64_t size);
int verify_epochs_end(struct seal_verify *v);

/* ---- verify_host.c ---- */

/* A `key` entry; *ret_number: the finding that it is, 10, 11 or 24. */
int verify_host_changed(struct seal_verify *v, uint64_t index, uint64_t time_us,
			const struct seal_key_change *change,
			unsigned *ret_number);
/* Changes from this entry on are forgotten. */
void verify_host_forget(struct seal_verify *v, uint64_t index);
bool verify_host_knows(const struct seal_verify *v, const uint8_t key[32]);
/*
 * Under which keys a host line on this size counts: one or two, borrowed.
 * before_us: when the entry below was made; 0: not known.
 */
size_t verify_host_keys(const struct seal_verify *v, uint64_t size,
			uint64_t before_us, const uint8_t *ret_key[2]);

/* ---- verify_log.c ---- */

/* One entry, at walk.next, whose bytes hash to leaf. */
int verify_log_entry(struct seal_verify *v, struct seal_findings *list,
		     const uint8_t *entry, size_t len,
		     const struct seal_hash *leaf, const char *where);
/* The same of an entry that was looked at before, at another place. */
int verify_log_again(struct seal_verify *v, struct seal_findings *list,
		     const struct verify_found *found, const uint8_t *body,
		     const char *where);
/* An entry of which only the leaf hash is known. */
int verify_log_leaf(struct seal_verify *v, const struct seal_hash *leaf);
/* A complete subtree of which only the hash is known: 2^level entries. */
int verify_log_subtree(struct seal_verify *v, unsigned level,
		       const struct seal_hash *hash);
/* The entry before was not seen: what may follow is not known. */
void verify_log_unknown(struct seal_verify *v);
/* Nothing is known of what lies between. */
void verify_log_jump(struct seal_verify *v, uint64_t next);

/* ---- verify_cell.c ---- */

int verify_cell_add(struct seal_verify *v, const struct seal_verify_entry *e);
int verify_cell_add_lost(struct seal_verify *v, const char *where,
			 uint64_t offset);
/* Believes what lies in the cell, up to walk.next. */
int verify_cell_accept(struct seal_verify *v);
/* A trusted statement of size and root that the cell does not give. */
int verify_cell_diagnose(struct seal_verify *v, uint64_t size,
			 const struct seal_hash *root);
void verify_cell_reset(struct seal_verify *v);
void verify_cell_fini(struct verify_cell *cell);

/* ---- verify_spool.c, verify_segment.c ---- */

/* A head behind the cell, wherever it stands. */
int verify_head(struct seal_verify *v, const struct seal_verify_head *head);
void verify_believe(struct seal_verify *v, const struct seal_verify_head *head,
		    bool checked);
/* Reports the open cell's wrong seals over roots that are right. */
int verify_wrong_seals(struct seal_verify *v);
/* Frames left behind that no recovery has named are AS003. */
int verify_abandoned(struct seal_verify *v);

/* ---- verify_note.c ---- */

/* The log has this root at this size: claims and past roots learn it. */
void verify_note_root(struct seal_verify *v, uint64_t size,
		      const struct seal_hash *root);
/* Does a claim wait for the root of this size? */
bool verify_note_wants(const struct seal_verify *v, uint64_t size);
void verify_note_forget(struct seal_verify *v, uint64_t above);
void verify_note_past(struct seal_verify *v, uint64_t size,
		      const struct seal_hash *root);
/* Tells a claim the root of its size, if that is past and still kept. */
void verify_note_recall(const struct seal_verify *v,
			struct verify_claim *claim);
/* For how long, at least, the log went on behind this size; 0: not known. */
uint64_t verify_note_waited_us(const struct seal_verify *v, uint64_t size);
void verify_claim_fini(struct verify_claim *claim);
/* The checkpoints of the options; what became of them. */
int verify_given_take(struct seal_verify *v);
void verify_given_describe(const struct seal_verify *v, uint64_t reached,
			   struct seal_verdict *verdict);

/* ---- verify_judge.c ---- */

/* Judges all notes at the end. */
int verify_note_judge(struct seal_verify *v);
/* Judges one that the log has reached, or one beyond its end. */
int verify_note_judge_one(struct seal_verify *v, struct verify_claim *claim);
/* A receipt whose root is known: only what it says of the host's clock. */
int verify_note_clock(struct seal_verify *v, struct verify_claim *claim);
/* A claim of a note; malformed or another log's is a finding, *ret_taken
 * false. */
int verify_note_take(struct seal_verify *v, struct verify_claim *claim,
		     enum seal_verify_note_source source, const uint8_t *note,
		     size_t len, const char *where, bool *ret_taken);

/* ---- verify_clock.c ---- */

/* Does it matter for this who signed?  False where that is not known. */
bool verify_clock_asks(const struct seal_verify *v,
		       const struct verify_claim *claim,
		       const struct seal_note *note);
/* A cosignature that verifies, of this witness, on a root that is ours. */
int verify_clock_hear(struct seal_verify *v, const struct verify_claim *claim,
		      size_t witness, uint64_t time_s);
/* Reports AS014, one for each run. */
int verify_clock_end(struct seal_verify *v);

/* Lines of stored checkpoints that nobody can judge. */
int verify_lines_look(struct seal_verify *v, const struct seal_note *note,
		      uint64_t size);
int verify_lines_end(struct seal_verify *v);

/*
 * Of a store: the largest checkpoint that somebody we know signed, or, if
 * nobody is known yet, the largest.  Leaves the outputs alone without one.
 */
int verify_note_newest(struct seal_verify *v, uint64_t *ret_size,
		       struct seal_hash *ret_root, bool *ret_have);

/* ---- verify_known.c ---- */

/* Is the copy's end, or more, vouched for by a head that was known before? */
void verify_known_anchor(const struct seal_verify *v,
			 struct seal_anchor *ret_anchor);
/* Of a part: does this claim speak of what lies behind it? */
bool verify_beyond(const struct seal_verify *v, uint64_t size);
int verify_known_describe(const struct seal_verify *v,
			  struct seal_verdict *verdict);

/* ---- verify_end.c ---- */

int verify_end_tail(struct seal_verify *v, uint64_t *ret_unsealed);
int verify_end_claims(struct seal_verify *v, uint64_t reached);
int verify_end_anchor(struct seal_verify *v, uint64_t reached,
		      struct seal_verdict *verdict);

#endif
