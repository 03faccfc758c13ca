/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store to attack: a log of four epochs in a real database, made through the
 * store's own doors, and the checker's way to a verdict, in this process.
 * Everything fails the running test when it cannot do its work.
 */
#ifndef SEAL_TESTS_ATTACK_STORE_H
#define SEAL_TESTS_ATTACK_STORE_H

#include <sqlite3.h>

#include "tests/attack/attack.h"
#include "tests/lib/teststore.h"
#include "tools/auditseal/judge.h"

#define ATTACK_ORIGIN "web01.example.com/audit"
#define ATTACK_MIRROR "store.example/mirror"
#define ATTACK_OTHER  "other.example/witness" /* what it said is kept */
#define ATTACK_OWN    "store.example/witness" /* what it saw is kept */
#define ATTACK_SIZE   1000
#define ATTACK_NOW_S  1795262400 /* of the newest receipt */
#define ATTACK_QUORUM "quorum mirror\n"

struct attack_store {
	struct test_store *t; /* its store is closed: the database rests */
	struct cli_trust trust;
	sqlite3 *db; /* who damages: one connection, no journal */
	size_t size; /* of the log */

	/* the last verdict */
	int rc, status;
	struct seal_diag diag;
	char found[4096]; /* "AS001[17,17] AS030[0,255]w", without class N */
	uint64_t got_size, anchor_size;
	unsigned verdicts;
	unsigned strangers; /* notes (class N) of keys that nobody names */
};

/*
 * size entries, checkpoints and receipts at several sizes, the last at size;
 * a witness of others cosigned the last but one, and our own saw it.
 */
struct attack_store *attack_store_make(size_t size);
/*
 * A store that was killed: what is behind the first quarter of the log stands
 * in PATH-wal alone, in front of what an older run of it left there.  Files
 * only: db is closed.
 */
struct attack_store *attack_store_make_killed(size_t size);
void attack_store_free(struct attack_store *a);

/* Trust by a policy with the log, "mirror", "other", "own" and this quorum. */
void attack_store_trust(struct attack_store *a, const char *quorum);

/* The log that is in it, once more; test_host_free. */
void attack_host_make(struct test_host *h, size_t size);

/* The whole of a file; the caller frees it. */
uint8_t *store_file(const char *path, size_t *ret_len);

/*
 * Builds a database in the same manner out of a host's log: a checkpoint and a
 * receipt at each of the sizes, 0 at the end.  Closed when it returns.
 */
void attack_store_fill(struct test_store *t, const size_t *sizes);

/* The verdict on a path (NULL: the database); returns the exit status. */
int store_judge(struct attack_store *a, const char *path);
/* What is found, and the status, must be these. */
void store_expect(struct attack_store *a, int status, const char *found);

/* Opens and closes db. */
void store_attach(struct attack_store *a);
void store_detach(struct attack_store *a);
/* Runs SQL that must work. */
void store_sql(struct attack_store *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- tried = found + listed ---- */

#define STORE_REASONS_MAX 32

/* Why something may pass, and how often it did. */
struct store_reasons {
	struct attack_tally *tally;
	const char *reason[STORE_REASONS_MAX];
	uint64_t count[STORE_REASONS_MAX];
};

void store_listed(struct store_reasons *r, const char *reason);
/* Prints the reasons, then attack_done. */
void store_done(struct store_reasons *r);

/* SHA-256 of all that the copies of a store give to a reader. */
struct seal_hash store_answer(struct attack_store *a, const char *path);

#endif
