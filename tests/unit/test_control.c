/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control entries: golden vectors of another implementation, and the limits of
 * the encoder.  That nothing else is taken: test_control_strict.c.
 */
#include "core/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/err.h"
#include "tests/lib/oom.h"
#include "tests/lib/testdata.h"

#define TIME UINT64_C(1700000000000000)

enum {
	GOLDEN_MAX = 32
};

struct golden {
	char name[32];
	uint8_t *entry;
	size_t len;
	struct seal_entry view;
};

struct vectors {
	struct golden v[GOLDEN_MAX];
	size_t n;
};

static int read_vectors(void **state)
{
	static struct vectors all;
	char *text, *line, *save = NULL, *blank;
	struct golden *g;
	size_t len;

	text = (char *)test_file_read("tests/golden/control.txt", &len);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (line[0] == '#')
			continue;
		g = &all.v[all.n++];
		blank = strchr(line, ' ');
		snprintf(g->name, sizeof(g->name), "%.*s", (int)(blank - line),
			 line);
		g->entry = test_hex_decode(blank, &g->len);
		if (seal_entry_parse(g->entry, g->len, &g->view) < 0)
			return -1;
	}
	free(text);
	*state = &all;
	return 0;
}

static int free_vectors(void **state)
{
	struct vectors *all = *state;
	size_t i;

	for (i = 0; i < all->n; i++)
		free(all->v[i].entry);
	return 0;
}

static const struct golden *find(void **state, const char *name)
{
	struct vectors *all = *state;
	size_t i;

	for (i = 0; i < all->n; i++)
		if (strcmp(all->v[i].name, name) == 0)
			return &all->v[i];
	fail_msg("no vector %s", name);
	return NULL;
}

static struct seal_control decode(void **state, const char *name)
{
	const struct golden *g = find(state, name);
	struct seal_control c;

	assert_int_equal(seal_control_decode(g->view.type, g->view.body,
					     g->view.body_len, &c),
			 0);
	assert_int_equal(c.type, g->view.type);
	return c;
}

static void assert_b64(const uint8_t *got, size_t len, const char *want)
{
	struct seal_buf b = SEAL_BUF_INIT;

	seal_buf_put_base64(&b, got, len);
	assert_string_equal(seal_buf_cstr(&b), want);
	seal_buf_fini(&b);
}

#define LOG_B64	 "PgDLiulQmMI2KKgQaq2p9DlI0AAlnhdgBuApfKCQPTY="
#define HOST_B64 "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
#define KEY0_B64 "Jx45k5HhJrHjANE53WGegU1tQyXBYNZcCWFdHiMWdTo="
#define KEY1_B64 "0McKwDxQtFez0YGRDXhk8tcXqjuoV+JGA3vfGwpSLDk="
#define ROOT_B64 "c8Lv1lTCYUkEJEvVQJ7sj5Er0HhuxZOFjTZIhcXITY8="
#define BOOT	 "5f1c9c0e-3b52-4c0b-9f6e-0d8f3a9be1c7"

/* --- golden --- */

static void golden_round_trip(void **state)
{
	struct vectors *all = *state;
	struct seal_control c;
	struct seal_buf b = SEAL_BUF_INIT;
	const struct golden *g;
	size_t i;

	assert_true(all->n >= 19);
	for (i = 0; i < all->n; i++) {
		g = &all->v[i];
		c = decode(state, g->name);
		seal_buf_reset(&b);
		assert_int_equal(seal_control_encode(&c, &b), 0);
		assert_int_equal(b.len, g->view.body_len);
		assert_memory_equal(b.data, g->view.body, b.len);
	}
	seal_buf_fini(&b);
}

static void golden_start(void **state)
{
	struct seal_control c = decode(state, "start-first");

	assert_true(c.start.first);
	assert_b64(c.start.log_id.b, 32, LOG_B64);
	assert_b64(c.start.host_key, 32, HOST_B64);
	assert_b64(c.start.epoch_key, 32, KEY0_B64);
	assert_false(c.start.has_predecessor);
	assert_string_equal(c.start.version, "1.0.0");
	assert_string_equal(c.start.boot_id, BOOT);
	assert_int_equal(c.start.heartbeat_ms, 60000);
	assert_true(c.start.sync);

	c = decode(state, "start-successor");
	assert_true(c.start.first && c.start.has_predecessor);
	assert_string_equal(c.start.predecessor.origin,
			    "audit.example.org/old");
	assert_int_equal(c.start.predecessor.size, 3);
	assert_b64(c.start.predecessor.root.b, 32, ROOT_B64);

	c = decode(state, "start-later");
	assert_false(c.start.first || c.start.sync);
	assert_string_equal(c.start.version, "1.0.0");
}

static void golden_heartbeat(void **state)
{
	struct seal_control c = decode(state, "heartbeat");

	assert_int_equal(c.heartbeat.backlog, 12);
	assert_string_equal(c.heartbeat.clock, "kvm-clock");
	assert_int_equal(c.heartbeat.heartbeat_ms, 60000);
	assert_int_equal(c.heartbeat.mirrors, 2);
	assert_string_equal(c.heartbeat.mirror[0].name, "store.example.org/w1");
	assert_int_equal(c.heartbeat.mirror[0].receipt_size, 1000);
	assert_int_equal(c.heartbeat.mirror[0].openings_size, 990);
	assert_string_equal(c.heartbeat.mirror[1].name, "b.example/w2");
}

static void golden_recovery(void **state)
{
	struct seal_control c = decode(state, "recovery");

	assert_int_equal(c.recovery.head_size, 3);
	assert_b64(c.recovery.head_root.b, 32, ROOT_B64);
	assert_int_equal(c.recovery.salvaged_from, 3);
	assert_int_equal(c.recovery.salvaged_to, 5);
	assert_int_equal(c.recovery.dropped_bytes, 4);
	assert_string_equal(c.recovery.boot_id, BOOT);
	assert_false(c.recovery.has_abandoned);

	c = decode(state, "recovery-abandoned");
	assert_true(c.recovery.has_abandoned);
	assert_int_equal(c.recovery.abandoned.offset_bytes, 4096);
	assert_int_equal(c.recovery.abandoned.length_bytes, 512);
}

static void golden_gap(void **state)
{
	struct seal_control c = decode(state, "gap");

	assert_int_equal(c.gap.reason, SEAL_GAP_FULL);
	assert_int_equal(c.gap.from_us, TIME);
	assert_int_equal(c.gap.to_us, TIME + 5000000);
	assert_int_equal(c.gap.count, 17);
	assert_int_equal(c.gap.bound, SEAL_GAP_EXACT);
	c = decode(state, "gap-open");
	assert_int_equal(c.gap.bound, SEAL_GAP_OPEN);
	c = decode(state, "gap-least");
	assert_int_equal(c.gap.reason, SEAL_GAP_SUSPENDED);
	assert_int_equal(c.gap.bound, SEAL_GAP_LEAST);
	c = decode(state, "gap-memory");
	assert_int_equal(c.gap.reason, SEAL_GAP_MEMORY);
	assert_true(c.gap.has_lost);
	assert_int_equal(c.gap.lost.from, 1);
	assert_int_equal(c.gap.lost.to, 3);
	assert_b64(c.gap.lost.root.b, 32, ROOT_B64);
}

static void golden_rest(void **state)
{
	struct seal_control c = decode(state, "config");

	assert_string_equal(c.config.what, "action.resumeRetryCount");
	assert_string_equal(c.config.value, "-1");
	c = decode(state, "config-escapes");
	assert_string_equal(c.config.value,
			    "a\"b\\c/\t\n\x7f\x01 \xc3\xa9\xe2\x82\xac"
			    "\xf0\x9f\x98\x80");
	c = decode(state, "epoch");
	assert_int_equal(c.epoch.epoch, 1);
	assert_b64(c.epoch.key, 32, KEY1_B64);
	c = decode(state, "prune");
	assert_string_equal(c.prune.origin, "audit.example.org/host17");
	assert_b64(c.prune.log_id.b, 32, LOG_B64);
	assert_int_equal(c.prune.to, 3);
	assert_string_equal(c.prune.by, "ops");
	assert_string_equal(c.prune.why, "retention 90 d");
	c = decode(state, "redaction");
	assert_int_equal(c.redaction.index, 1);
	assert_int_equal(c.redaction.part, 0);
	assert_string_equal(c.redaction.by, "dpo");
	c = decode(state, "key");
	assert_b64(c.key.old_key, 32, HOST_B64);
	assert_b64(c.key.new_key, 32, KEY1_B64);
	c = decode(state, "action");
	assert_string_equal(c.action.what, "query");
	assert_true(c.action.has_log);
	assert_int_equal(c.action.to, 3);
	assert_string_equal(c.action.detail, "who=alice");
	c = decode(state, "action-general");
	assert_false(c.action.has_log);
	assert_string_equal(c.action.detail, "quorum 2 of 3");
}

/* --- limits --- */

static int encode(const struct seal_control *c)
{
	struct seal_buf b = SEAL_BUF_INIT;
	int rc;

	seal_buf_put_str(&b, "before");
	rc = seal_control_encode(c, &b);
	if (rc < 0) {
		assert_int_equal(b.len, 6);
		assert_int_equal(seal_buf_error(&b), 0);
	}
	seal_buf_fini(&b);
	return rc;
}

static void what_has_no_encoding(void **state)
{
	struct seal_control c;

	c = decode(state, "gap");
	c.gap.reason = 0;
	assert_int_equal(encode(&c), SEAL_E_ARG);
	c.gap.reason = 99;
	assert_int_equal(encode(&c), SEAL_E_ARG);
	c = decode(state, "gap");
	c.gap.count = UINT64_C(1) << 63;
	assert_int_equal(encode(&c), SEAL_E_ARG);
	c = decode(state, "gap-open");
	c.gap.to_us++;
	assert_int_equal(encode(&c), SEAL_E_ARG);
	c = decode(state, "gap-memory");
	c.gap.lost.to = c.gap.lost.from;
	assert_int_equal(encode(&c), SEAL_E_ARG);
	c = decode(state, "config");
	memset(c.config.what, 'x', sizeof(c.config.what));
	assert_int_equal(encode(&c), SEAL_E_ARG);
	c.config.what[sizeof(c.config.what) - 1] = '\0';
	assert_int_equal(encode(&c), 0);
	c.config.what[0] = '\xff';
	assert_int_equal(encode(&c), SEAL_E_ARG);
	c = decode(state, "epoch");
	c.epoch.epoch = 0;
	assert_int_equal(encode(&c), SEAL_E_ARG);
	c = decode(state, "redaction");
	c.redaction.part = 8;
	assert_int_equal(encode(&c), SEAL_E_ARG);
	c = decode(state, "prune");
	c.prune.from = c.prune.to;
	assert_int_equal(encode(&c), SEAL_E_ARG);
	c = decode(state, "recovery");
	c.recovery.salvaged_to = c.recovery.salvaged_from - 1;
	assert_int_equal(encode(&c), SEAL_E_ARG);
	c = decode(state, "heartbeat");
	c.heartbeat.mirrors = SEAL_CONTROL_MIRRORS_MAX + 1;
	assert_int_equal(encode(&c), SEAL_E_ARG);
	c.type = SEAL_ENTRY_RECORD;
	assert_int_equal(encode(&c), SEAL_E_ARG);
}

static void bodies_end_at_4096_bytes(void **state)
{
	struct seal_control c = decode(state, "config");
	struct seal_buf b = SEAL_BUF_INIT;
	size_t i;

	/* six bytes in the encoding for each of these */
	memset(c.config.value, 1, sizeof(c.config.value) - 1);
	assert_int_equal(encode(&c), SEAL_E_TOOBIG);

	c = decode(state, "heartbeat");
	c.heartbeat.mirrors = SEAL_CONTROL_MIRRORS_MAX;
	for (i = 0; i < SEAL_CONTROL_MIRRORS_MAX; i++) {
		memset(c.heartbeat.mirror[i].name, 'm', SEAL_CONTROL_NAME - 1);
		c.heartbeat.mirror[i].name[SEAL_CONTROL_NAME - 1] = '\0';
		c.heartbeat.mirror[i].receipt_size = INT64_MAX;
		c.heartbeat.mirror[i].openings_size = INT64_MAX;
	}
	assert_int_equal(seal_control_encode(&c, &b), 0);
	assert_true(b.len <= SEAL_CONTROL_BYTES_MAX);
	assert_int_equal(seal_control_decode(3, b.data, b.len, &c), 0);
	/* one mirror more: by a newer version */
	seal_buf_truncate(&b, b.len - 2);
	seal_buf_put_str(&b, ",{\"name\":\"m\",\"receipt\":\"0\",\"openings\":"
			     "\"0\"}]}");
	assert_int_equal(seal_control_decode(3, b.data, b.len, &c),
			 SEAL_E_UNKNOWN);
	seal_buf_fini(&b);
}

static int encode_one(void *arg)
{
	struct seal_buf b = SEAL_BUF_INIT;
	int rc;

	rc = seal_control_encode(arg, &b);
	seal_buf_fini(&b);
	return rc;
}

static void encode_without_memory(void **state)
{
	struct seal_control c = decode(state, "heartbeat");

	assert_true(oom_every(encode_one, &c) >= 1);
}

static void names(void **state)
{
	(void)state;
	assert_string_equal(seal_gap_reason_name(SEAL_GAP_FULL), "full");
	assert_string_equal(seal_gap_reason_name(SEAL_GAP_TOOBIG), "toobig");
	assert_string_equal(seal_gap_reason_name(0), "unknown");
	assert_string_equal(seal_gap_reason_name(5), "unknown");
	assert_string_equal(seal_gap_bound_name(SEAL_GAP_OPEN), "open");
	assert_string_equal(seal_gap_bound_name(4), "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_round_trip),
		cmocka_unit_test(golden_start),
		cmocka_unit_test(golden_heartbeat),
		cmocka_unit_test(golden_recovery),
		cmocka_unit_test(golden_gap),
		cmocka_unit_test(golden_rest),
		cmocka_unit_test(what_has_no_encoding),
		cmocka_unit_test(bodies_end_at_4096_bytes),
		cmocka_unit_test(encode_without_memory),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("control", tests, read_vectors,
					   free_vectors);
}
