/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings: what is wrong with a log or with a copy of it.  Never an error
 * (err.h): that is a failure to do the work.  The table, the list, the rules of
 * counting, the exit status.  docs/spec/verdict.md.
 */
#ifndef SEAL_CORE_FINDING_H
#define SEAL_CORE_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * D: evidence of tampering or loss.  U: could not decide.  A: needs attention.
 * N: shown, not counted.
 */
enum seal_finding_class {
	SEAL_CLASS_N = 'N',
	SEAL_CLASS_A = 'A',
	SEAL_CLASS_U = 'U',
	SEAL_CLASS_D = 'D',
};

/*
 * X(number, class, rank, name, meaning, next step).  rank: the order of
 * "one cause, one finding", 1 explains first; 0: about a statement, not a
 * range.
 */
#define SEAL_FINDINGS(X)                                                       \
	X(1, D, 11, "modified", "an entry holds other bytes than were sealed", \
	  "compare with a second copy, such as the store")                     \
	X(2, D, 9, "deleted", "entries that were sealed are not there",        \
	  "take them from the store or another copy")                          \
	X(3, D, 10, "inserted", "entries are there that were never sealed",    \
	  "compare with a second copy, such as the store")                     \
	X(4, D, 7, "reordered", "an entry stands at another place",            \
	  "compare with a second copy, such as the store")                     \
	X(5, D, 8, "duplicate", "an entry stands there once more",             \
	  "compare with a second copy, such as the store")                     \
	X(6, D, 5, "conflicting duplicate",                                    \
	  "two files claim the same entry with different bytes",               \
	  "find out which file is the true one, and where the other is from")  \
	X(7, D, 4, "truncated", "the copy ends before what was sealed",        \
	  "take the missing entries from the store or another copy")           \
	X(8, D, 0, "fork", "the log's keys signed two different histories",    \
	  "keep both statements; treat the host as compromised or cloned")     \
	X(9, D, 3, "segment missing", "a file between others is not there",    \
	  "look for the file; the store has its entries if receipted")         \
	X(10, D, 14, "bad signature", "the signature over true data is wrong", \
	  "compare with a second copy, such as the store")                     \
	X(11, D, 15, "unknown key", "another key signed than the pinned one",  \
	  "find out who made the key; do not replace the pin before")          \
	X(12, D, 16, "epoch violation", "a rule of the key chain is broken",   \
	  "treat the host as compromised from the named entry on")             \
	X(13, A, 18, "unsealed tail", "entries behind the last seal",          \
	  "start the log again: recovery says what became of them")            \
	X(14, A, 0, "clock jump", "the host's clock went wrong",               \
	  "check time synchronisation of the host at that time")               \
	X(15, A, 0, "host silent", "the host wrote nothing for too long",      \
	  "check that the host and its rsyslog are running")                   \
	X(16, N, 0, "pruned", "entries were removed as declared",              \
	  "nothing, if the declared reason holds")                             \
	X(17, N, 0, "redacted", "a part was erased as declared",               \
	  "nothing, if the declared reason holds")                             \
	X(18, N, 0, "record cut by input",                                     \
	  "a message was longer than the input takes",                         \
	  "raise rsyslog's maxMessageSize")                                    \
	X(19, A, 0, "sender unverified",                                       \
	  "the kernel's credentials do not match the message",                 \
	  "find the process that sent it")                                     \
	X(20, N, 0, "crash restart", "the log went on after a crash",          \
	  "check why the host or rsyslog stopped")                             \
	X(21, A, 0, "gap", "the host says that messages were not kept",        \
	  "read the reason in the gap entry; check space and keys")            \
	X(22, D, 0, "receipt mismatch",                                        \
	  "a mirror's receipt and its copy cannot both be true",               \
	  "keep the receipt; treat the mirror as compromised")                 \
	X(23, A, 0, "source gap",                                              \
	  "the source's own serial numbers have holes",                        \
	  "check the limits of auditd or journald on the host")                \
	X(24, N, 0, "policy or host key changed", "declared in the log",       \
	  "check that the change was meant")                                   \
	X(25, U, 1, "unknown format", "made by a newer version",               \
	  "verify with a newer auditseal")                                     \
	X(26, D, 13, "undeclared erasure",                                     \
	  "an opening is gone and nothing declares it",                        \
	  "take it from another copy; find out who erased it")                 \
	X(27, D, 0, "rollback", "a newer state is smaller than an older one",  \
	  "treat the host or mirror as rolled back or cloned")                 \
	X(28, D, 2, "foreign", "it belongs to another log",                    \
	  "remove it from this copy; find out how it came there")              \
	X(29, A, 0, "state missing or damaged",                                \
	  "a file beside the log is missing or damaged",                       \
	  "it is rebuilt from the log; check the disk")                        \
	X(30, D, 6, "structure damaged",                                       \
	  "the files are damaged where the entries are intact",                \
	  "check the disk; make a new copy")                                   \
	X(31, D, 12, "opening does not match",                                 \
	  "an opening is not what was committed to",                           \
	  "take it from another copy")                                         \
	X(32, D, 17, "life cycle broken",                                      \
	  "control entries are not in an order that the host makes",           \
	  "treat the host as compromised from the named entry on")             \
	X(33, U, 0, "no anchor", "truncation cannot be excluded",              \
	  "give a policy and a newer receipt, or --expect-size")               \
	X(34, U, 0, "anchor stale", "the newest receipt is too old",           \
	  "fetch a newer receipt, or give --as-of")                            \
	X(35, U, 0, "quorum not met", "not enough trusted cosignatures",       \
	  "check the policy and the mirrors")                                  \
	X(36, U, 0, "key chain not rooted",                                    \
	  "no pin, and no entry 0 that the quorum speaks for",                 \
	  "give the log id as a pin")                                          \
	X(37, A, 0, "delivery late", "entries wait for a mirror too long",     \
	  "check the forwarder and the mirror")

#define SEAL_FINDING_MAX   37
#define SEAL_FINDING_RANKS 18

struct seal_finding_info {
	char id[6]; /* "AS001" */
	enum seal_finding_class class;
	unsigned rank;
	const char *name, *meaning, *next_step;
};

/* NULL for a number that is not in the table. */
const struct seal_finding_info *seal_finding_info(unsigned number);

/* "AS001" -> 1; 0 for anything else. */
unsigned seal_finding_number(const char *id);

/*
 * One finding.  first and last are entry indices, inclusive; for a finding
 * about a statement they are what it is about, and SEAL_FINDING_NO_INDEX if
 * about no entry.  Strings may be NULL; in a list they are owned by it.
 */
#define SEAL_FINDING_NO_INDEX UINT64_MAX

struct seal_finding {
	unsigned number;	       /* 1 ... SEAL_FINDING_MAX */
	enum seal_finding_class class; /* the table's, unless told otherwise */
	uint64_t first, last;
	bool within; /* somewhere in the range, not all of it */
	uint64_t time_before_us, time_after_us; /* 0: not known */
	char *where;  /* file and offset, or address */
	char *text;   /* one sentence */
	char *see;    /* where to read on, or what to compare with */
	size_t order; /* set by the list: in which order they came */
};

struct seal_findings {
	struct seal_finding *v;
	size_t n, cap;
	size_t added; /* ever */
};

void seal_findings_init(struct seal_findings *list);
void seal_findings_fini(struct seal_findings *list); /* zeroes, twice: fine */

/*
 * Appends a copy, strings too.  class 0: the table's.  SEAL_E_ARG for an
 * unknown number or first > last, SEAL_E_NOMEM; the list is then as before.
 */
int seal_findings_add(struct seal_findings *list, const struct seal_finding *f);

/*
 * Counting 3: a range that a finding of an earlier rank explains is not
 * reported again; what sticks out of it is.  Counting 2: findings about
 * adjacent cells become one, of the same id or AS001 within the union.
 * A merged finding keeps the text of the first if the id is the same, else it
 * has none (the table says it), so a text repeats no index.
 * Statements (rank 0) are left alone.  Sorts: ranges by first index, then
 * statements in the order they came.  seal_findings_settle does both.
 */
void seal_findings_explain(struct seal_findings *list);
void seal_findings_merge(struct seal_findings *list);
void seal_findings_settle(struct seal_findings *list);

/* 2 for any D, else 3 for any U, else 1 for any A, else 0. */
int seal_findings_exit_status(const struct seal_findings *list);

#endif
