/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store for tests, without its HTTP server: made in the test's directory,
 * asked by bodies, and its answers checked as a client and a reader would.
 */
#ifndef SEAL_TESTS_TESTSTORE_H
#define SEAL_TESTS_TESTSTORE_H

#include "tests/lib/testhost.h"
#include "tools/auditseald/store.h"

struct test_store {
	char db[64], policy[64], pins[64];
	char name[128]; /* of the mirror */
	char *key_purpose;
	struct store *store;
	struct test_host host;
	struct peer writer; /* who sends */
	struct peer reader;
	struct reply reply; /* the last answer */
	uint64_t now_s;	    /* the store's clock */
};

/* purpose of the mirror key: as test_key; NULL: "mirror". */
struct test_store *test_store_make(const char *name, const char *purpose);
void test_store_free(struct test_store *t);

/* Opens it, after store_close(t->store). */
void test_store_begin(struct test_store *t);
/* Ends it and opens it again: what is not durable is lost. */
void test_store_reopen(struct test_store *t);

/* Replaces the policy file. */
void test_store_policy(struct test_store *t, const char *policy);
/* A policy with this host's line, and the certificate that may write to it. */
void test_store_trust(struct test_store *t, const struct test_host *h);
/* From now on a host certificate for this origin sends. */
void test_store_writer(struct test_store *t, const char *origin);
/* What "auditseald enroll" writes into the database. */
void test_store_enroll(struct test_store *t, const struct test_host *h);

/* Send and expect a status; t->reply is the answer until the next call. */
void test_store_checkpoint(struct test_store *t, const struct seal_buf *body,
			   unsigned status);
void test_store_entries(struct test_store *t, const struct seal_buf *body,
			unsigned status);
/* In pieces of so many bytes, compressed or not. */
void test_store_entries_as(struct test_store *t, const struct seal_buf *body,
			   bool gzip, size_t piece, unsigned status);
void test_store_read(struct test_store *t, const char *origin,
		     const char *resource, unsigned status);

/* Takes the next checkpoint, without a seal. */
void test_store_advance(struct test_store *t, size_t old, size_t size);
/* Uploads so many packages of [start, end) and expects a status. */
void test_store_upload(struct test_store *t, size_t start, size_t end,
		       size_t packages, unsigned status);
/* Uploads [start, size), which must give a receipt that verifies. */
void test_store_receipt(struct test_store *t, size_t size, size_t start);

/*
 * The answer is a 202 or 409 that says this size and next entry.
 */
void test_store_says(const struct test_store *t, uint64_t size, uint64_t next);

/*
 * Reads everything as a reader: the checkpoint verifies and is of this size,
 * every entry is the host's, and the tiles of all levels give the root.
 */
void test_store_whole(struct test_store *t, size_t size);

#endif
