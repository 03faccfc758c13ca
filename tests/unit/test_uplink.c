/* SPDX-License-Identifier: Apache-2.0 */
/* The sender over a real spool: what is sealed on the disk gets receipts. */
#include "core/policy.h"
#include "spool/keydir.h"
#include "spool/spool.h"
#include "tests/lib/fake_mirror.h"
#include "uplink/uplink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#define ORIGIN "audit.example/host-a" /* the fake mirror's */

struct fixture {
	struct fake_mirror mirror;
	struct seal_vkey host;
	struct seal_policy *policy;
	struct seal_spool *spool;
	struct seal_uplink uplink;
	struct seal_forward *fw;
	uint64_t now_ms;
	unsigned alarms;
};

static void on_alarm(void *ctx, const struct seal_forward_event *event)
{
	struct fixture *f = ctx;

	f->alarms++;
	fprintf(stderr, "alarm: %s\n", event->text);
}

static uint64_t now_ms(void *ctx)
{
	return ((struct fixture *)ctx)->now_ms;
}

static uint32_t no_random(void *ctx)
{
	(void)ctx;
	return 0;
}

/* "host VKEY" of the keydir's log file. */
static void read_host_vkey(struct seal_vkey *ret_vkey)
{
	char line[512];
	FILE *f = fopen("keys/log", "r");
	char *at = NULL;

	assert_non_null(f);
	while (!at && fgets(line, sizeof(line), f)) {
		at = strstr(line, ORIGIN "+");
		if (at)
			at[strcspn(at, " \n")] = '\0';
	}
	fclose(f);
	assert_non_null(at);
	assert_int_equal(seal_vkey_parse(at, strlen(at), ret_vkey, NULL), 0);
}

static void make_policy(struct fixture *f)
{
	struct seal_buf b = SEAL_BUF_INIT;

	seal_buf_put_str(&b, "log ");
	seal_vkey_put(&b, &f->host);
	seal_buf_put_str(&b, "\nwitness store ");
	seal_vkey_put(&b, &f->mirror.vkey[0]);
	seal_buf_put_str(&b, "\nquorum store\n");
	assert_int_equal(
		seal_policy_parse(b.data, b.len, "policy", &f->policy, NULL),
		0);
	seal_buf_fini(&b);
}

static void open_spool(struct fixture *f)
{
	struct seal_spool_config config = {.origin = ORIGIN,
					   .dir = "spool",
					   .keydir = "keys",
					   .segment_max_bytes = 64 << 10,
					   .policy = f->policy};
	struct seal_diag diag = {0};
	int rc = seal_spool_open(&config, seal_io_posix(), &f->spool, &diag);

	if (rc)
		fail_msg("%s", diag.text);
}

static void start(struct fixture *f)
{
	const struct seal_vkey *keys[] = {&f->mirror.vkey[0]};
	struct seal_forward_config config = {.origin = ORIGIN,
					     .server = "https://store",
					     .keys = keys,
					     .n_keys = 1,
					     .keys_needed = 1,
					     .alarm = on_alarm,
					     .alarm_ctx = f};
	struct seal_forward_source source;
	struct seal_forward_transport transport;
	struct seal_forward_clock clock = {
		.ctx = f, .now_ms = now_ms, .random = no_random};
	struct seal_spool_receipt_info info;

	open_spool(f);
	f->uplink.spool = f->spool;
	f->uplink.mirror = f->mirror.vkey[0].name;
	seal_uplink_source(&f->uplink, &source);
	fake_mirror_transport(&f->mirror, &transport);
	seal_spool_receipt_get(f->spool, f->uplink.mirror, &info);
	config.receipt_size = info.size;
	config.receipt_time = info.time_s;
	assert_int_equal(seal_forward_new(&config, &source, &transport, &clock,
					  &f->fw, NULL),
			 0);
}

static void end(struct fixture *f)
{
	seal_forward_free(f->fw);
	f->fw = NULL;
	assert_int_equal(seal_spool_close(f->spool, NULL), 0);
	f->spool = NULL;
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct seal_diag diag = {0};

	*state = f;
	if (seal_crypto_init(&diag) ||
	    seal_keydir_create(seal_io_posix(), "keys", ORIGIN, NULL, &diag)) {
		fprintf(stderr, "%s\n", diag.text);
		return -1;
	}
	read_host_vkey(&f->host);
	assert_int_equal(fake_mirror_init(&f->mirror, &f->host), 0);
	make_policy(f);
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	seal_policy_free(f->policy);
	fake_mirror_fini(&f->mirror);
	seal_vkey_fini(&f->host);
	free(f);
	return 0;
}

static void commit(struct fixture *f, unsigned n)
{
	struct seal_message msgs[64];
	char text[64][32];
	unsigned i, k;

	for (i = 0; i < n; i += k) {
		for (k = 0; k < 64 && i + k < n; k++) {
			snprintf(text[k], sizeof(text[k]), "message %u", i + k);
			msgs[k] = (struct seal_message){.bytes = text[k],
							.len = strlen(text[k])};
		}
		assert_int_equal(
			seal_spool_commit(f->spool, msgs, k, NULL, NULL), 0);
	}
}

/* Steps until the mirror has all that is sealed. */
static void send_all(struct fixture *f)
{
	uint64_t wait = 0;
	int i;

	for (i = 0; i < 10000 && wait != SEAL_FORWARD_NEVER; i++) {
		f->now_ms += wait;
		assert_int_equal(seal_forward_step(f->fw, &wait), 0);
	}
	assert_true(wait == SEAL_FORWARD_NEVER);
	assert_int_equal(f->alarms, 0);
}

static void sealed_entries_get_receipts(void **state)
{
	struct fixture *f = *state;
	struct seal_spool_receipt_info info;
	int session;

	for (session = 0; session < 3; session++) {
		start(f);
		commit(f, 5);
		send_all(f);
		commit(f, 10000);
		send_all(f);
		assert_int_equal(f->mirror.stored, seal_spool_size(f->spool));
		seal_spool_receipt_get(f->spool, f->uplink.mirror, &info);
		assert_int_equal(info.size, f->mirror.stored);
		assert_int_equal(info.time_s, f->mirror.time_s);
		f->mirror.time_s++;
		end(f);
	}
	/* stop and hand-over of the last session are still to be sent. */
	assert_true(f->mirror.stored > 3 * 10005);
}

static void a_crash_between_answer_and_receipt_is_mended(void **state)
{
	struct fixture *f = *state;
	struct seal_spool_receipt_info info;
	uint64_t wait;

	start(f);
	commit(f, 300);
	/* The checkpoint and the entries arrive; the receipt is lost. */
	assert_int_equal(seal_forward_step(f->fw, &wait), 0);
	fake_mirror_play(&f->mirror,
			 (struct fake_answer){.path = "/add-entries",
					      .work = true,
					      .error = SEAL_E_NET});
	assert_int_equal(seal_forward_step(f->fw, &wait), 0);
	seal_forward_free(f->fw);
	seal_spool_free(f->spool); /* as a crash would */
	start(f);
	send_all(f);
	seal_spool_receipt_get(f->spool, f->uplink.mirror, &info);
	assert_int_equal(info.size, seal_spool_size(f->spool));
	assert_int_equal(f->mirror.stored, info.size);
	end(f);
}

static void the_clock_goes_forward(void **state)
{
	struct seal_forward_clock clock;
	uint64_t a, b;

	(void)state;
	seal_uplink_clock(&clock);
	a = clock.now_ms(clock.ctx);
	b = clock.now_ms(clock.ctx);
	assert_true(a > 0 && b >= a && b - a < 60000);
	/* Four equal numbers of 32 bits are no accident. */
	a = clock.random(clock.ctx);
	assert_false(clock.random(clock.ctx) == a &&
		     clock.random(clock.ctx) == a &&
		     clock.random(clock.ctx) == a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sealed_entries_get_receipts),
		cmocka_unit_test(a_crash_between_answer_and_receipt_is_mended),
		cmocka_unit_test(the_clock_goes_forward),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
