/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A host for tests of the store: a log in memory, and the bodies that it would
 * send.  Everything fails the running test when it cannot do its work.
 */
#ifndef SEAL_TESTS_TESTHOST_H
#define SEAL_TESTS_TESTHOST_H

#include "core/buf.h"
#include "core/crypto.h"
#include "core/proof.h"

#define TEST_HOST_EPOCHS 8

struct test_host {
	char origin[201];
	struct seal_key *host, *epoch; /* epoch: the one in force at the end */
	size_t count;
	struct seal_buf *entry; /* count of them */
	struct seal_hash *leaf;
	struct seal_tail all;
	uint64_t time_us; /* of entry 0; each later one a millisecond more */
	/* Epochs: which seal sizes above first, up to the next one's. */
	unsigned epochs;
	struct {
		uint64_t first;
		char purpose[256]; /* its key is SHA-256(purpose) */
	} span[TEST_HOST_EPOCHS];
};

/*
 * count records of varying lengths up to length_max (from 11), told apart by
 * salt.  Keys: SHA-256(origin), SHA-256(origin "/epoch").
 */
void test_host_make(struct test_host *h, const char *origin, size_t count,
		    size_t length_max, unsigned salt);
/* The same with given entries: count lines, without their line ends. */
void test_host_make_lines(struct test_host *h, const char *origin,
			  const char *lines);
/*
 * A log as a host makes it: a start entry, short records, now and then a
 * heartbeat of 60 s.
 */
void test_host_make_log(struct test_host *h, const char *origin, size_t count,
			uint64_t time_us);
void test_host_free(struct test_host *h);

/*
 * Puts a hand-over at index, to the key SHA-256(purpose).  Later seals are by
 * that key; call it before any body is made.
 */
void test_host_hand_over(struct test_host *h, size_t index,
			 const char *purpose);

/* Puts another entry at index; hand-overs behind it are as they were. */
void test_host_replace(struct test_host *h, size_t index, const void *entry,
		       size_t len);

/* The epoch key that seals this size; the caller frees it. */
struct seal_key *test_host_seal(const struct test_host *h, size_t size);

/* The key of epoch 0; the caller frees it. */
struct seal_key *test_host_epoch0(const struct test_host *h);
struct seal_hash test_host_log_id(const struct test_host *h);
struct seal_hash test_host_root(const struct test_host *h, size_t size);

/* The note of a size, signed by the host; seal: NULL, or the epoch key. */
void test_host_note(const struct test_host *h, size_t size,
		    const struct seal_key *seal, struct seal_buf *ret_note);

void test_host_add_checkpoint(const struct test_host *h, size_t old_size,
			      size_t size, const struct seal_key *seal,
			      struct seal_buf *ret_body);

/* At most `packages` packages of the sequence. */
void test_host_add_entries(const struct test_host *h, size_t start, size_t end,
			   size_t packages, struct seal_buf *ret_body);

/* "log ‹vkey›\n" */
void test_host_policy_line(const struct test_host *h, struct seal_buf *ret);

/* gzip of a body. */
void test_gzip(const struct seal_buf *body, struct seal_buf *ret_gzip);

#endif
