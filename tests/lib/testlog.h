/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of the golden vectors, audit.example.org/host17: its keys, and the
 * lines of the files in tests/golden.
 */
#ifndef SEAL_TESTS_TESTLOG_H
#define SEAL_TESTS_TESTLOG_H

#include "core/epoch.h"

#define TEST_ORIGIN "audit.example.org/host17"

/*
 * With NULL the host key (seed 00 ... 1f), else the key whose seed is
 * SHA-256(purpose); epoch e of the golden log has "example epoch e".
 */
struct seal_key *test_key(const char *purpose);

/* A policy's line "witness name ..." of the key test_key(key_name). */
struct seal_buf;
void test_put_witness(struct seal_buf *policy, const char *name,
		      const char *key_name);

/* Its 32 public bytes, borrowed. */
const uint8_t *test_pub(const struct seal_key *key);

/* Exactly want bytes of hexadecimal text. */
void test_from_hex(const char *hex, void *ret_bytes, size_t want);

/* The bytes of the line "name hex" of a golden file; returns their number. */
size_t test_golden(const char *path, const char *name, uint8_t *ret_bytes,
		   size_t cap);

struct test_log {
	struct seal_key *host, *epoch[4];
	struct seal_hash id;
	struct seal_chain *chain; /* at epoch 0 */
};

/* Setup and teardown of one test; *state is a struct test_log. */
int test_log_make(void **state);
int test_log_free(void **state);

/* Entry 3 of the golden log. */
struct seal_handover test_golden_handover(void);

#endif
