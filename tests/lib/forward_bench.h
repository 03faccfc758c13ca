/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sender on a bench: a log and a mirror in memory, a clock that the test
 * moves, the alarms that were told.
 */
#ifndef SEAL_TESTS_FORWARD_BENCH_H
#define SEAL_TESTS_FORWARD_BENCH_H

#include "tests/lib/fake_log.h"
#include "tests/lib/fake_mirror.h"

struct bench {
	struct fake_log log;
	struct fake_mirror mirror;
	struct seal_forward *fw;
	uint64_t now_ms;
	uint32_t random;
	size_t alarms;
	enum seal_forward_alarm alarm[64];
	char finding[8], text[512];
	struct seal_buf ours, theirs;
	size_t keys_needed; /* 0: 1 */
	bool take_witnesses;
	uint64_t receipt_size, receipt_time; /* to begin with */
};

/* cmocka setup and teardown; *state is the bench. */
int bench_setup(void **state);
int bench_teardown(void **state);
/* Makes the sender, after the test has set up log and mirror. */
void bench_start(struct bench *b);
/* One step; its wait. */
uint64_t bench_step(struct bench *b);
/* Steps, moving the clock by each wait, until idle, frozen or halted. */
void bench_run(struct bench *b);
/* Steps while the wait is 0; the first that is not. */
uint64_t bench_busy(struct bench *b);
/* The phase, and the last alarm's finding ("": none). */
void bench_assert_frozen(const struct bench *b, const char *finding);
void bench_assert_halted(const struct bench *b, const char *finding);
/* A log of 1,000 entries that the mirror has and gave a receipt for. */
void bench_receipted(struct bench *b);
struct seal_forward_state bench_state(const struct bench *b);

#endif
