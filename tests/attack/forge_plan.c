/* SPDX-License-Identifier: Apache-2.0 */
/* What the forged log says.  Contract: forge.h. */
#include "tests/attack/forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/lib/testlog.h"

#define COMMIT_US 1000000
#define BOOT	  "00000000-0000-4000-8000-000000000000"

static struct forge_step *add(struct forge *g, enum forge_what what)
{
	struct forge_step *s;

	if (g->steps == g->room) {
		g->room = g->room ? 2 * g->room : 256;
		g->step = realloc(g->step, g->room * sizeof(*g->step));
		assert_non_null(g->step);
	}
	s = &g->step[g->steps++];
	memset(s, 0, sizeof(*s));
	s->what = what;
	s->time_us = g->clock_us;
	return s;
}

void forge_do(struct forge *g, enum forge_what what)
{
	add(g, what);
}

void forge_head(struct forge *g)
{
	add(g, FORGE_HEAD);
	g->clock_us += COMMIT_US;
}

void forge_entry(struct forge *g, uint8_t type, uint8_t flags, const void *body,
		 size_t len)
{
	struct forge_step *s = add(g, FORGE_ENTRY);

	s->type = type;
	s->flags = flags;
	seal_buf_put(&s->body, body, len);
	assert_int_equal(seal_buf_error(&s->body), 0);
	g->planned++;
}

void forge_record(struct forge *g, const char *text)
{
	forge_entry(g, SEAL_ENTRY_RECORD, 0, text, strlen(text));
}

void forge_control(struct forge *g, const struct seal_control *c)
{
	struct seal_buf body = SEAL_BUF_INIT;

	if (c->type != SEAL_ENTRY_EPOCH)
		assert_int_equal(seal_control_encode(c, &body), 0);
	forge_entry(g, (uint8_t)c->type, 0, body.data, body.len);
	seal_buf_fini(&body);
}

void forge_start(struct forge *g)
{
	struct seal_control c = {.type = SEAL_ENTRY_START};

	c.start.first = !g->planned;
	c.start.log_id = g->log_id;
	memcpy(c.start.host_key, test_pub(g->host), 32);
	memcpy(c.start.epoch_key, test_pub(g->epoch[0]), 32);
	strcpy(c.start.version, "test");
	strcpy(c.start.boot_id, BOOT);
	c.start.heartbeat_ms = 60000;
	c.start.sync = true;
	forge_control(g, &c);
}

static void plain(struct forge *g, enum seal_entry_type type)
{
	struct seal_control c = {.type = type};

	forge_control(g, &c);
}

void forge_hand_over(struct forge *g)
{
	plain(g, SEAL_ENTRY_EPOCH);
	forge_head(g);
}

static void heartbeat(struct forge *g)
{
	struct seal_control c = {.type = SEAL_ENTRY_HEARTBEAT};

	strcpy(c.heartbeat.clock, "synchronised");
	c.heartbeat.heartbeat_ms = 60000;
	c.heartbeat.mirrors = 1;
	strcpy(c.heartbeat.mirror[0].name, FORGE_MIRROR);
	forge_control(g, &c);
	forge_head(g);
}

static void gap(struct forge *g)
{
	struct seal_control c = {.type = SEAL_ENTRY_GAP};

	if (g->no_gap)
		return;
	c.gap.reason = SEAL_GAP_FULL;
	c.gap.from_us = c.gap.to_us = g->clock_us;
	c.gap.count = 3;
	c.gap.bound = SEAL_GAP_EXACT;
	forge_control(g, &c);
	forge_head(g);
}

/* Two commits of what only a store writes about others, and a new host key. */
static void about_others(struct forge *g)
{
	struct seal_control c = {.type = SEAL_ENTRY_CONFIG};

	strcpy(c.config.what, "spool.keep");
	strcpy(c.config.value, "1");
	forge_control(g, &c);
	memset(&c, 0, sizeof(c));
	c.type = SEAL_ENTRY_PRUNE;
	strcpy(c.prune.origin, FORGE_ORIGIN);
	c.prune.to = 1;
	forge_control(g, &c);
	memset(&c, 0, sizeof(c));
	c.type = SEAL_ENTRY_REDACTION;
	strcpy(c.redaction.origin, FORGE_ORIGIN);
	forge_control(g, &c);
	forge_head(g);
	memset(&c, 0, sizeof(c));
	c.type = SEAL_ENTRY_ACTION;
	strcpy(c.action.what, "query");
	strcpy(c.action.by, "auditor");
	forge_control(g, &c);
	forge_head(g);
	forge_new_host_key(g, g->host, g->new_host);
}

void forge_new_host_key(struct forge *g, const struct seal_key *by,
			const struct seal_key *to)
{
	struct seal_control c = {.type = SEAL_ENTRY_KEY};
	uint8_t bytes[SEAL_KEY_CHANGE_BYTES];

	memcpy(c.key.old_key, test_pub(g->host), 32);
	memcpy(c.key.new_key, test_pub(g->new_host), 32);
	seal_key_change_bytes(&g->log_id, g->planned, &c.key, bytes);
	assert_int_equal(seal_key_sign(by, bytes, sizeof(bytes), c.key.old_sig),
			 0);
	assert_int_equal(seal_key_sign(to, bytes, sizeof(bytes), c.key.new_sig),
			 0);
	forge_control(g, &c);
	forge_head(g);
}

static void long_record(struct forge *g)
{
	forge_entry(g, SEAL_ENTRY_RECORD, SEAL_FLAG_MORE, "one ", 4);
	forge_entry(g, SEAL_ENTRY_RECORD, SEAL_FLAG_MORE | SEAL_FLAG_CONTINUES,
		    "two ", 4);
	forge_entry(g, SEAL_ENTRY_RECORD, SEAL_FLAG_CONTINUES, "three", 5);
	forge_head(g);
}

static void odd_records(struct forge *g)
{
	uint8_t body[16 + 1 + 32 + 4];

	memset(body, 0x5a, sizeof(body));
	forge_entry(g, SEAL_ENTRY_RECORD, SEAL_FLAG_SALTED, body, 20);
	body[16] = 1;
	forge_entry(g, SEAL_ENTRY_RECORD, SEAL_FLAG_SALTED | SEAL_FLAG_PARTS,
		    body, sizeof(body));
	forge_entry(g, SEAL_ENTRY_RECORD, SEAL_FLAG_CUT, "cut", 3);
	forge_entry(g, SEAL_ENTRY_RECORD, SEAL_FLAG_NOT_UTF8, "\xff\xfe", 2);
	forge_entry(g, SEAL_ENTRY_RECORD, 0, "", 0);
	forge_head(g);
}

static void restart(struct forge *g)
{
	plain(g, SEAL_ENTRY_STOP);
	forge_head(g);
	forge_hand_over(g);
	forge_start(g);
	forge_head(g);
}

static void crash(struct forge *g)
{
	struct seal_control c = {.type = SEAL_ENTRY_RECOVERY};

	c.recovery.head_size = g->planned;
	c.recovery.salvaged_from = c.recovery.salvaged_to = g->planned;
	strcpy(c.recovery.boot_id, BOOT);
	forge_control(g, &c);
	forge_start(g);
	forge_head(g);
	forge_hand_over(g);
}

static void receipt(struct forge *g)
{
	forge_do(g, FORGE_RECEIPT);
}

static void next_file(struct forge *g)
{
	forge_do(g, FORGE_SEGMENT);
}

/* At so many hundredths of the way. */
static const struct {
	unsigned at;
	void (*make)(struct forge *g);
} events[] = {
	{4, heartbeat},	       {8, gap},	{12, receipt},
	{20, forge_hand_over}, {24, receipt},	{26, odd_records},
	{29, long_record},     {33, next_file}, {40, about_others},
	{45, receipt},	       {50, restart},	{58, receipt},
	{62, crash},	       {67, next_file}, {75, receipt},
	{80, heartbeat},
};

static void records(struct forge *g, uint64_t n)
{
	char text[32];

	while (n--) {
		snprintf(text, sizeof(text), "m%llu",
			 (unsigned long long)g->planned);
		forge_record(g, text);
	}
	forge_head(g);
}

void forge_standard(struct forge *g, uint64_t keep_from, uint64_t entries)
{
	uint64_t total = keep_from + entries, turn = 0;
	size_t next = 0, count = sizeof(events) / sizeof(events[0]);

	g->keep_from = keep_from;
	if (keep_from) {
		forge_start(g);
		forge_head(g);
		records(g, keep_from / 2);
		forge_hand_over(g);
		records(g, keep_from - g->planned);
		receipt(g);
		next_file(g);
	} else {
		forge_start(g);
		forge_head(g);
	}
	while (next < count || g->planned < total) {
		while (next < count && (g->planned - keep_from) * 100 >=
					       events[next].at * entries)
			events[next++].make(g);
		records(g, 1 + turn++ % 5);
	}
}
