/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every byte of every file of a spool, changed in three ways: each change is
 * found, and named as exactly as format.md 6, "Precision", says.  What is
 * expected follows from what the builder wrote where, not from any reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/attack/forge.h"

struct bytes {
	struct forge *g;
	struct attack_tally t;
	const struct forge_region *region;
	const char *path;
	uint64_t used;	   /* of a slot of `acked` */
	char declared[64]; /* what the log says of itself, and the status */
	int status;
};

/* What the log declares by itself is there in any case, or not proven. */
static void drop_declared(struct bytes *b)
{
	char *found = b->g->av.found, *at;
	size_t len = strlen(b->declared);

	at = len ? strstr(found, b->declared) : NULL;
	if (!at)
		return;
	if (at[len] == ' ')
		len++;
	else if (at > found)
		at--, len++;
	memmove(at, at + len, strlen(at + len) + 1);
}

static void judge(struct bytes *b)
{
	forge_judge(b->g);
	drop_declared(b);
}

/* What must come out for this byte of a region; the exit status. */
static int expected(const struct bytes *b, uint64_t at, char *ret, size_t room)
{
	const struct forge_region *r = b->region;
	unsigned long long n = r->index;

	switch (r->part) {
	case FORGE_IS_ENTRY: /* the tag alone: the entry is proven */
		snprintf(ret, room, "AS0%s[%llu,%llu]",
			 at + 4 >= r->len ? "30" : "01", n, n);
		return 2;
	case FORGE_IS_HEADER:
		snprintf(ret, room, "AS030[%llu,%llu]", n, n);
		return 2;
	case FORGE_IS_HEAD:
		if (n == b->g->size) { /* as a torn write */
			snprintf(ret, room, "AS013[%llu,%llu]",
				 (unsigned long long)r->first, n - 1);
			return 1;
		}
		/* fall through */
	case FORGE_IS_FRONTIER:
	case FORGE_IS_RECEIPT:
		snprintf(ret, room, "AS030[%llu,%llu]", n - 1, n - 1);
		return 2;
	case FORGE_IS_ZERO:
		snprintf(ret, room, "AS013[%llu,%llu]", n, n);
		return 1;
	}
	return -1;
}

static void try_segment(void *ctx, uint64_t offset, uint8_t change)
{
	struct bytes *b = ctx;
	const struct forge_region *r = b->region;
	char want[64];
	int status = expected(b, offset - r->offset, want, sizeof(want));

	judge(b);
	attack_expect(&b->t, &b->g->av, status, want,
		      "part %d of %llu, byte %llu of %llu ^%02x", r->part,
		      (unsigned long long)r->index,
		      (unsigned long long)(offset - r->offset),
		      (unsigned long long)r->len, change);
}

/*
 * Where the beginning is freed, `epochs` alone leads to the keys: without its
 * keys or a hand-over that is in no other file the newest seals hang in the
 * air.
 */
static void try_epochs(void *ctx, uint64_t offset, uint8_t change)
{
	struct bytes *b = ctx;
	uint64_t record = offset / SEAL_EPOCH_RECORD_BYTES;
	uint64_t at = offset % SEAL_EPOCH_RECORD_BYTES;
	char want[64] = "AS029";
	int status = 1;

	if (b->g->file[0].first && !record && at < 64) {
		strcpy(want, "AS029 AS036");
		status = 3;
	} else if (record && record <= b->g->freed_epochs &&
		   at < SEAL_EPOCH_RECORD_BYTES - 4) {
		snprintf(want, sizeof(want), "AS029 AS036[%llu,%llu]",
			 (unsigned long long)b->g->anchor,
			 (unsigned long long)b->g->size - 1);
		status = 3;
	}
	judge(b);
	attack_expect(&b->t, &b->g->av, status, want, "epochs:%llu ^%02x",
		      (unsigned long long)offset, change);
}

static void try_small(void *ctx, uint64_t offset, uint8_t change)
{
	struct bytes *b = ctx;

	judge(b);
	attack_expect(&b->t, &b->g->av, 1, "AS029", "%s:%llu ^%02x", b->path,
		      (unsigned long long)offset, change);
}

/* Behind the end of a slot of `acked` stands what is left of an older one. */
static void try_acked(void *ctx, uint64_t offset, uint8_t change)
{
	struct bytes *b = ctx;

	if (offset % SEAL_ACKED_SLOT_BYTES < b->used) {
		try_small(ctx, offset, change);
		return;
	}
	judge(b);
	if (b->g->av.status != b->status || b->g->av.found[0])
		attack_is_wrong(&b->t, "acked:%llu ^%02x: %d %s",
				(unsigned long long)offset, change,
				b->g->av.status, b->g->av.found);
	else
		attack_is_listed(&b->t);
}

static void segments(struct bytes *b, size_t regions)
{
	uint8_t *data;
	uint64_t len;
	size_t i;

	for (i = 0; i < b->g->regions && i < regions; i++) {
		b->region = &b->g->region[i];
		data = forge_bytes(b->g, b->g->file[b->region->file].path,
				   &len);
		assert_true(b->region->offset + b->region->len <= len);
		attack_every_byte(data, b->region->offset,
				  b->region->offset + b->region->len,
				  try_segment, b);
	}
}

static void epochs(struct bytes *b)
{
	uint8_t *data;
	uint64_t len;

	data = forge_bytes(b->g, "/s/epochs", &len);
	attack_every_byte(data, 0, len, try_epochs, b);
}

/* Two slots; of the zeros behind what they hold, a few in the small variant. */
static void slots(struct bytes *b, const char *path, uint64_t slot_bytes,
		  attack_try *try)
{
	uint64_t len, at;
	uint8_t *data;

	b->path = path;
	data = forge_bytes(b->g, path, &len);
	assert_int_equal(len, 2 * slot_bytes);
	for (at = 0; at < len; at += slot_bytes) {
		for (b->used = slot_bytes; b->used && !data[at + b->used - 1];)
			b->used--;
		attack_every_byte(
			data, at,
			at + (attack_long() ? slot_bytes : b->used + 16), try,
			b);
	}
}

static void begin(struct bytes *b)
{
	struct forge *g = b->g;

	g->zeros = 64;
	forge_build(g);
	judge(b);
	if (g->av.status > 1 || strncmp(g->av.found, "AS021[", 6))
		fail_msg("undamaged: %d %s %s", g->av.status, g->av.found,
			 g->av.diag.text);
	strcpy(b->declared, g->av.found);
	b->status = g->av.status;
}

/* Of the small variant only what the other log has not. */
static void every_byte_of_a_log_from_its_beginning(void **state)
{
	struct bytes b = {.g = forge_new(), .t.name = "from entry 0"};

	(void)state;
	forge_standard(b.g, 0, attack_long() ? 250 : 8);
	begin(&b);
	segments(&b, attack_long() ? SIZE_MAX : 2);
	epochs(&b);
	attack_done(&b.t);
	forge_free(b.g);
}

static void every_byte_of_a_log_whose_beginning_is_freed(void **state)
{
	struct bytes b = {.g = forge_new(), .t.name = "over a frontier"};

	(void)state;
	forge_standard(b.g, attack_long() ? 3600 : 4080,
		       attack_long() ? 1000 : 20);
	begin(&b);
	segments(&b, SIZE_MAX);
	epochs(&b);
	slots(&b, "/s/state", SEAL_STATE_SLOT_BYTES, try_small);
	slots(&b, "/s/acked", SEAL_ACKED_SLOT_BYTES, try_acked);
	/* `lock` is empty: there is no byte of it to list. */
	attack_done(&b.t);
	forge_free(b.g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_of_a_log_from_its_beginning),
		cmocka_unit_test(every_byte_of_a_log_whose_beginning_is_freed),
	};

	if (!attack_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
