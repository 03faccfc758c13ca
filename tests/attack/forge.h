/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes spools with keys that the test has, and so also those that a thief of
 * keys can make.  A spool is a list of steps; building writes its files into
 * memory and says what stands at which byte.  docs/spec/spool.md.
 */
#ifndef SEAL_TESTS_FORGE_H
#define SEAL_TESTS_FORGE_H

#include "core/buf.h"
#include "core/control.h"
#include "core/epoch.h"
#include "core/policy.h"
#include "core/tree.h"
#include "spool/frame.h"
#include "spool/state.h"
#include "tests/attack/attack.h"
#include "tests/lib/memio.h"

#define FORGE_ORIGIN "host.example.org/audit"
#define FORGE_MIRROR "store.example.org/audit"
#define FORGE_EPOCHS 16
#define FORGE_FILES  16

enum forge_what {
	FORGE_ENTRY = 1,
	FORGE_HEAD = 2, /* and the frontier frame, where one is due */
	FORGE_RECEIPT = 3,
	FORGE_SEGMENT = 4, /* the next file */
};

struct forge_step {
	enum forge_what what;
	/* of an entry; the body of an `epoch` entry is made while building */
	uint8_t type, flags;
	uint64_t time_us;
	struct seal_buf body;
};

enum forge_part {
	FORGE_IS_HEADER = 1,
	FORGE_IS_ENTRY = 2,
	FORGE_IS_HEAD = 3,
	FORGE_IS_FRONTIER = 4,
	FORGE_IS_RECEIPT = 5,
	FORGE_IS_ZERO = 6, /* behind the last frame */
};

/* What stands where in a segment. */
struct forge_region {
	enum forge_part part;
	size_t file;
	uint64_t offset, len;
	uint64_t index; /* of the entry; else how many stand in front */
	uint64_t first; /* of its commit */
};

struct forge_file {
	char path[64];
	uint64_t first, end; /* entries */
	struct seal_buf bytes;
};

/*
 * A thief builds the files anew with the keys of epoch `held` on, the host's
 * key, and these means for what is older; receipts stay as they were.
 */
enum forge_means {
	FORGE_HONEST = 0,
	FORGE_OLD_BYTES = 1, /* the signatures that were there */
	FORGE_HELD_KEY = 2,  /* the key that he has */
	FORGE_OWN_KEYS = 3,  /* a chain of his own from key 0 on */
	FORGE_NO_HEADS = 4,  /* none, but in hand-overs the held key */
};

struct forge {
	/* the plan */
	struct forge_step *step;
	size_t steps, room;
	uint64_t planned; /* entries */
	uint64_t clock_us;
	uint64_t keep_from;	 /* files that end before it are gone */
	uint64_t zeros;		 /* behind the last frame */
	bool no_gap;		 /* nothing that asks for attention */
	const uint8_t *weak_key; /* 32 bytes that hand-overs name instead */
	/* keys: NULL where there is none any more */
	struct seal_key *host, *new_host, *mirror, *epoch[FORGE_EPOCHS];
	struct seal_vkey mirror_vkey;
	struct seal_hash log_id;
	struct seal_policy *policy;
	/* what was built */
	struct forge_file file[FORGE_FILES];
	size_t files;
	struct forge_region *region;
	size_t regions, region_room;
	uint64_t size, anchor; /* sealed, receipted */
	uint64_t anchor_us;
	struct seal_buf note; /* the newest receipt */
	struct memio *m;
	/* of the honest build: what a thief has */
	enum forge_means means;
	uint64_t held;
	struct seal_buf seals, notes; /* 64 bytes each; lengths in front */
	size_t seal_at, note_at;
	struct seal_key *own[FORGE_EPOCHS];
	struct seal_head receipted; /* the head of the newest receipt */
	uint64_t receipted_epoch;
	/* while building */
	struct seal_frontier tree, sealed;
	struct seal_head head;
	uint64_t freed_epochs; /* hand-overs in freed files */
	uint64_t epoch_now, head_epoch, commit_first, numbers;
	bool handed_over;
	struct seal_buf epochs, older_note;
	uint64_t older_size;
	/* the judge is told */
	struct seal_verify_options options;
	bool given; /* the newest receipt, by who holds it elsewhere */
	struct attack_verdict av;
};

/* Keys, policy, an empty plan.  Everything fails the test if it cannot work. */
struct forge *forge_new(void);
void forge_free(struct forge *g);

/* ---- the plan ---- */

/* Time goes on by a second a commit. */
void forge_entry(struct forge *g, uint8_t type, uint8_t flags, const void *body,
		 size_t len);
void forge_record(struct forge *g, const char *text);
void forge_control(struct forge *g, const struct seal_control *c);
void forge_start(struct forge *g);
void forge_head(struct forge *g);
void forge_hand_over(struct forge *g); /* one commit */
/* A `key` entry from host to new_host, with signatures by these two. */
void forge_new_host_key(struct forge *g, const struct seal_key *by,
			const struct seal_key *to);
void forge_do(struct forge *g, enum forge_what what);

/*
 * A log of so many entries behind keep_from: three files, four epochs, every
 * type of entry, receipts; frontier frames where keep_from is near to 4,096.
 */
void forge_standard(struct forge *g, uint64_t keep_from, uint64_t entries);

/* ---- the files ---- */

/* Writes /s anew from the plan. */
void forge_build(struct forge *g);
/* Builds as a thief. */
void forge_steal(struct forge *g, enum forge_means means, uint64_t held);

/* The receipts in `acked` from now on: the head of the last one, later. */
void forge_receipt_again(struct forge *g, uint64_t time_us);

/* The mirror hears of this log for the first time, and of all of it. */
void forge_first_receipt(struct forge *g);

/* A note of host and mirror over another root; as long as the true one. */
void forge_other_receipt(struct forge *g, uint64_t size,
			 const struct seal_hash *root,
			 struct seal_buf *ret_note);

/* The bytes of a file in memory: change them in place. */
uint8_t *forge_bytes(struct forge *g, const char *path, uint64_t *ret_len);

/* Judges /s; the answer is in g->av. */
void forge_judge(struct forge *g);

#endif
