/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log in memory for tests of lib/spool, and a check of its files that uses
 * none of the spool's own recovery: every frame, root, seal, hand-over and the
 * life cycle.
 */
#ifndef SEAL_TESTS_SPOOL_FIXTURE_H
#define SEAL_TESTS_SPOOL_FIXTURE_H

#include "spool/spool.h"
#include "tests/lib/memio.h"

#define FIXTURE_ORIGIN "host.example.org/audit"
#define FIXTURE_MIRROR "store.example.org/w1"

struct fixture {
	struct memio *m;
	const struct seal_io *io;
	struct seal_spool_config config;
	struct seal_diag diag;
	unsigned alarms[16]; /* how often each was told */
	char alarm[512];     /* the last one */
	char types[65536];
	struct seal_policy *policy; /* of fixture_set_policy */
};

/* cmocka setup and teardown: keys in /k, the spool /s is not made yet. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/*
 * What is opened from now on trusts FIXTURE_MIRROR, whose key is of no matter.
 */
void fixture_set_policy(struct fixture *f);

/* Open and close that must work; _try returns what open returned. */
struct seal_spool *fixture_open(struct fixture *f);
int fixture_try(struct fixture *f, struct seal_spool **ret_spool);
void fixture_close(struct fixture *f, struct seal_spool *sp);
/* The machine goes down without a word. */
void fixture_crash(struct fixture *f, struct seal_spool *sp,
		   enum memio_loss loss, unsigned seed);

/* n messages of this text in one commit, which must work. */
void fixture_commit(struct seal_spool *sp, const char *text, size_t n);
int fixture_commit_try(struct seal_spool *sp, const char *text, size_t n,
		       struct seal_diag *diag);

struct fixture_log {
	uint64_t entries, records, heads, receipts, frontiers, segments;
	uint64_t sealed;       /* size of the last head */
	uint64_t frame_bytes;  /* of frames and headers */
	uint64_t gap_messages; /* declared by exact gaps */
};

/*
 * Reads all segments and fails the test unless every frame is whole and in
 * place, every head verifies, every hand-over too, the life cycle holds, and
 * all entries are sealed.  The types of the entries, in hexadecimal.
 */
const char *fixture_types(struct fixture *f);
void fixture_check(struct fixture *f, struct fixture_log *ret_log);
/* How many records have exactly this text. */
unsigned fixture_count(struct fixture *f, const char *text);
/*
 * The same for the texts prefix0, prefix1, ... below n, in one reading; numbers
 * may have zeros in front.  How many came behind a higher one.
 */
unsigned fixture_counts(struct fixture *f, const char *prefix,
			unsigned *ret_counts, unsigned n);

/*
 * The verifier, with the log id as its pin, finds no tampering either; when: of
 * the message if it does.
 */
void fixture_find_nothing(struct fixture *f, const char *when);

#endif
