/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small spool with receipts in memory, a policy that trusts them, and what
 * the verifier says of it: for tests that damage it.
 */
#ifndef SEAL_TESTS_VERIFY_BENCH_H
#define SEAL_TESTS_VERIFY_BENCH_H

#include "core/policy.h"
#include "core/verify.h"
#include "tests/attack/attack.h"
#include "spool/feed.h"
#include "tests/lib/spool_fixture.h"

#define BENCH_MIRROR "store.example.org/audit"

struct verify_bench {
	struct fixture *f;
	struct seal_key *mirror;
	uint64_t behind_s; /* the mirror's clock is behind the host's */
	struct seal_vkey mirror_vkey;
	struct seal_policy *policy;
	struct seal_hash log_id;
	/* what the judge below is told; change it between calls */
	struct seal_verify_options options;
	char origin[SEAL_ORIGIN_MAX_BYTES + 1]; /* as found, while judging */
	const struct seal_verify_remembered *remembered;
	const struct seal_verify_resume *resume; /* at `at` */
	const struct seal_feed_part *part;
	struct seal_feed_place at, last;
	struct seal_verdict verdict; /* of the last call */
	char found[512]; /* "AS001[17,17] AS013[20,22]w": all but N */
};

/* cmocka setup and teardown.  The log is not begun. */
int verify_bench_setup(void **state);
int verify_bench_teardown(void **state);

/* The mirror acknowledges all that is sealed; the spool keeps the receipt. */
void verify_bench_receipt(struct verify_bench *b, struct seal_spool *sp);

/* Verifies /s; the exit status.  Fails the test when the work fails. */
int verify_bench_judge(struct verify_bench *b);
/* The same; *ret_rc is what feeding or judging returned, exit status 3 then. */
int verify_bench_try(struct verify_bench *b, int *ret_rc);

/* Verifies /s as `auditseal verify` does; never fails the test. */
void verify_bench_attack(struct verify_bench *b, struct attack_verdict *av);

/* As the tools do: once more with all seals if there is evidence. */
int verify_bench_deep(struct verify_bench *b);

#endif
