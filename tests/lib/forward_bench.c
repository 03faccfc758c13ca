/* SPDX-License-Identifier: Apache-2.0 */
/* A sender on a bench.  Contract: forward_bench.h. */
#include "tests/lib/forward_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define STEPS_MAX 100000

static uint64_t now_ms(void *ctx)
{
	return ((struct bench *)ctx)->now_ms;
}

/* xorshift: the same in every run. */
static uint32_t random_u32(void *ctx)
{
	struct bench *b = ctx;

	b->random ^= b->random << 13;
	b->random ^= b->random >> 17;
	b->random ^= b->random << 5;
	return b->random;
}

static void on_alarm(void *ctx, const struct seal_forward_event *event)
{
	struct bench *b = ctx;

	if (b->alarms < 64)
		b->alarm[b->alarms] = event->alarm;
	b->alarms++;
	snprintf(b->finding, sizeof(b->finding), "%s",
		 event->finding ? event->finding : "");
	snprintf(b->text, sizeof(b->text), "%s", event->text);
	seal_buf_reset(&b->ours);
	seal_buf_put(&b->ours, event->ours, event->ours_bytes);
	seal_buf_reset(&b->theirs);
	seal_buf_put(&b->theirs, event->theirs, event->theirs_bytes);
}

int bench_setup(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));

	if (!b || seal_crypto_init(NULL) || fake_log_init(&b->log, 1) ||
	    fake_mirror_init(&b->mirror, &b->log.host_vkey))
		return -1;
	b->now_ms = 1000000;
	b->random = 2463534242u;
	*state = b;
	return 0;
}

int bench_teardown(void **state)
{
	struct bench *b = *state;

	seal_forward_free(b->fw);
	fake_mirror_fini(&b->mirror);
	fake_log_fini(&b->log);
	seal_buf_fini(&b->ours);
	seal_buf_fini(&b->theirs);
	free(b);
	return 0;
}

void bench_start(struct bench *b)
{
	const struct seal_vkey *keys[] = {&b->mirror.vkey[0],
					  &b->mirror.vkey[1]};
	const struct seal_vkey *witnesses[] = {&b->mirror.witness};
	struct seal_forward_config config = {
		.origin = FAKE_ORIGIN,
		.server = "https://store.example:6962",
		.keys = keys,
		.n_keys = 2,
		.keys_needed = b->keys_needed ? b->keys_needed : 1,
		.witnesses = witnesses,
		.n_witnesses = b->take_witnesses,
		.receipt_size = b->receipt_size,
		.receipt_time = b->receipt_time,
		.alarm = on_alarm,
		.alarm_ctx = b,
	};
	struct seal_forward_source source;
	struct seal_forward_transport transport;
	struct seal_forward_clock clock = {
		.ctx = b, .now_ms = now_ms, .random = random_u32};

	fake_log_source(&b->log, &source);
	fake_mirror_transport(&b->mirror, &transport);
	seal_forward_free(b->fw);
	b->fw = NULL;
	assert_int_equal(seal_forward_new(&config, &source, &transport, &clock,
					  &b->fw, NULL),
			 0);
}

uint64_t bench_step(struct bench *b)
{
	uint64_t wait = 0;

	assert_int_equal(seal_forward_step(b->fw, &wait), 0);
	return wait;
}

uint64_t bench_busy(struct bench *b)
{
	uint64_t wait = 0;
	int i;

	for (i = 0; i < STEPS_MAX && !wait; i++)
		wait = bench_step(b);
	assert_true(i < STEPS_MAX);
	return wait;
}

void bench_run(struct bench *b)
{
	uint64_t wait = 0;
	int i;

	for (i = 0; i < STEPS_MAX && wait != SEAL_FORWARD_NEVER; i++) {
		b->now_ms += wait;
		wait = bench_step(b);
	}
	assert_true(i < STEPS_MAX);
}

struct seal_forward_state bench_state(const struct bench *b)
{
	struct seal_forward_state state;

	seal_forward_get_state(b->fw, &state);
	return state;
}

void bench_assert_frozen(const struct bench *b, const char *finding)
{
	assert_int_equal(bench_state(b).phase, SEAL_FORWARD_FROZEN);
	assert_string_equal(b->finding, finding);
}

void bench_assert_halted(const struct bench *b, const char *finding)
{
	assert_int_equal(bench_state(b).phase, SEAL_FORWARD_HALTED);
	assert_string_equal(b->finding, finding);
}

/* A log of 1,000 entries that the mirror has and gave a receipt for. */
void bench_receipted(struct bench *b)
{
	fake_log_grow(&b->log, 1000);
	bench_start(b);
	bench_run(b);
	assert_int_equal(b->log.receipt_size, 1000);
	assert_int_equal(b->alarms, 0);
}
