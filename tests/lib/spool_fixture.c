/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: spool_fixture.h. */
#include "tests/lib/spool_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "core/control.h"
#include "core/entry.h"
#include "core/epoch.h"
#include "core/policy.h"
#include "core/verify.h"
#include "spool/feed.h"
#include "spool/keydir.h"
#include "spool/reader.h"

static void count_alarm(void *ctx, enum seal_spool_alarm alarm,
			const char *text)
{
	struct fixture *f = ctx;

	snprintf(f->alarm, sizeof(f->alarm), "%s", text);
	f->alarms[alarm]++;
}

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	f->m = memio_new();
	f->io = memio_io(f->m);
	f->config.dir = "/s";
	f->config.keydir = "/k";
	f->config.version = "test";
	f->config.heartbeat_s = SEAL_HEARTBEAT_DEFAULT_S;
	f->config.alarm = count_alarm;
	f->config.alarm_ctx = f;
	assert_int_equal(
		seal_keydir_create(f->io, "/k", FIXTURE_ORIGIN, NULL, &f->diag),
		0);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	memio_free(f->m);
	seal_policy_free(f->policy);
	free(f);
	return 0;
}

void fixture_set_policy(struct fixture *f)
{
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_vkey vkey = {0};
	struct seal_key *key;

	assert_int_equal(seal_key_generate(SEAL_KEY_TRANSIENT, &key), 0);
	assert_int_equal(seal_vkey_init(&vkey, FIXTURE_MIRROR,
					SEAL_KEY_COSIGNATURE,
					seal_key_public(key), NULL),
			 0);
	seal_buf_put_str(&text, "witness m ");
	seal_vkey_put(&text, &vkey);
	seal_buf_put_str(&text, "\nquorum m\n");
	if (seal_policy_parse(text.data, text.len, "p", &f->policy, &f->diag))
		fail_msg("%s", f->diag.text);
	f->config.policy = f->policy;
	seal_buf_fini(&text);
	seal_vkey_fini(&vkey);
	seal_key_free(key);
}

int fixture_try(struct fixture *f, struct seal_spool **ret_spool)
{
	memset(&f->diag, 0, sizeof(f->diag));
	return seal_spool_open(&f->config, f->io, ret_spool, &f->diag);
}

struct seal_spool *fixture_open(struct fixture *f)
{
	struct seal_spool *sp = NULL;

	if (fixture_try(f, &sp))
		fail_msg("open: %s", f->diag.text);
	return sp;
}

void fixture_close(struct fixture *f, struct seal_spool *sp)
{
	if (seal_spool_close(sp, &f->diag))
		fail_msg("close: %s", f->diag.text);
}

void fixture_crash(struct fixture *f, struct seal_spool *sp,
		   enum memio_loss loss, unsigned seed)
{
	seal_spool_free(sp);
	memio_restart(f->m, loss, seed);
}

int fixture_commit_try(struct seal_spool *sp, const char *text, size_t n,
		       struct seal_diag *diag)
{
	struct seal_message *msgs = calloc(n, sizeof(*msgs));
	size_t i;
	int r;

	assert_non_null(msgs);
	for (i = 0; i < n; i++) {
		msgs[i].bytes = text;
		msgs[i].len = strlen(text);
	}
	r = seal_spool_commit(sp, msgs, n, NULL, diag);
	free(msgs);
	return r;
}

void fixture_commit(struct seal_spool *sp, const char *text, size_t n)
{
	struct seal_diag diag = {0};

	if (fixture_commit_try(sp, text, n, &diag))
		fail_msg("commit: %s", diag.text);
}

/* ---- the check ---- */

struct check {
	struct fixture *f;
	struct fixture_log log;
	struct seal_chain *chain;
	struct seal_frontier tree;
	uint8_t before, last; /* types of the last entries */
	uint64_t prev_head;   /* the size of the head before the last one */
	bool head_just_was;   /* the frame before was a head */
	uint64_t number;
	size_t types_len;
	const char *wanted;
	unsigned *counts; /* NULL, or of wanted0, wanted1, ... */
	unsigned counts_n, highest, inverted;
	unsigned found;
	/* bytes behind a segment's end, to be named by a recovery entry */
	bool has_left;
	uint64_t left_segment, left_offset;
};

static void check_seal(struct check *c, const struct seal_head *head)
{
	struct seal_chain_span span;
	struct seal_checkpoint cp;
	struct seal_hash root;
	struct seal_pub *pub;

	assert_int_equal(head->size, c->tree.size);
	assert_int_equal(seal_frontier_root(&c->tree, &root), 0);
	assert_memory_equal(&root, &head->root, sizeof(root));
	assert_int_equal(seal_chain_lookup(c->chain, head->size, &span), 0);
	assert_int_equal(seal_pub_new(span.key, &pub), 0);
	assert_int_equal(seal_checkpoint_init(&cp, FIXTURE_ORIGIN, head->size,
					      &head->root),
			 0);
	assert_int_equal(seal_checkpoint_verify(&cp, pub, head->sig), 0);
	seal_pub_free(pub);
}

static void check_order(struct check *c, uint8_t type)
{
	if (!c->tree.size) {
		assert_int_equal(type, SEAL_ENTRY_START);
		return;
	}
	switch (c->last) {
	case SEAL_ENTRY_STOP:
		assert_true(type == SEAL_ENTRY_EPOCH ||
			    type == SEAL_ENTRY_RECOVERY);
		break;
	case SEAL_ENTRY_RECOVERY:
		assert_true(type == SEAL_ENTRY_START ||
			    type == SEAL_ENTRY_RECOVERY);
		break;
	case SEAL_ENTRY_START:
		if (c->before == SEAL_ENTRY_RECOVERY)
			assert_true(type == SEAL_ENTRY_EPOCH ||
				    type == SEAL_ENTRY_RECOVERY);
		break;
	default:
		break;
	}
	if (type == SEAL_ENTRY_START)
		assert_true(c->last == SEAL_ENTRY_RECOVERY ||
			    (c->last == SEAL_ENTRY_EPOCH &&
			     c->before == SEAL_ENTRY_STOP));
}

static void check_handover(struct check *c, const struct seal_entry *entry)
{
	enum seal_handover_verdict verdict;
	struct seal_handover h;
	struct seal_hash root;

	assert_int_equal(seal_frontier_root(&c->tree, &root), 0);
	assert_int_equal(
		seal_handover_from_entry(entry, c->tree.size, &root, &h), 0);
	assert_int_equal(seal_chain_advance(c->chain, &h, &verdict), 0);
	assert_true(verdict == SEAL_HANDOVER_OK ||
		    verdict == SEAL_HANDOVER_SAME);
}

static void check_control(struct check *c, const struct seal_entry *entry)
{
	struct seal_control control;

	if (seal_control_decode(entry->type, entry->body, entry->body_len,
				&control))
		fail_msg("control entry %llu: %.*s",
			 (unsigned long long)c->tree.size, (int)entry->body_len,
			 (const char *)entry->body);
	if (entry->type == SEAL_ENTRY_RECOVERY &&
	    control.recovery.has_abandoned && c->has_left) {
		assert_int_equal(control.recovery.abandoned.segment,
				 c->left_segment);
		/* a receipt at its beginning is a frame like any other */
		assert_in_range(
			c->left_offset, control.recovery.abandoned.offset_bytes,
			control.recovery.abandoned.offset_bytes +
				control.recovery.abandoned.length_bytes - 1);
		c->has_left = false;
	}
	if (entry->type == SEAL_ENTRY_GAP &&
	    control.gap.bound == SEAL_GAP_EXACT)
		c->log.gap_messages += control.gap.count;
}

static void count_number(struct check *c, const struct seal_entry *e)
{
	size_t i, prefix = strlen(c->wanted);
	unsigned number = 0;

	if (e->body_len <= prefix || memcmp(e->body, c->wanted, prefix))
		return;
	for (i = prefix; i < e->body_len; i++)
		number = number * 10 + (unsigned)(e->body[i] - '0');
	if (number < c->counts_n)
		c->counts[number]++;
	c->inverted += number < c->highest;
	if (number > c->highest)
		c->highest = number;
}

static void check_entry(struct check *c, const struct seal_reader_item *item)
{
	struct seal_entry e;

	assert_true(item->tag_ok);
	assert_int_equal(seal_entry_parse(item->frame.framed + 1,
					  item->frame.framed_len - 1, &e),
			 0);
	check_order(c, e.type);
	if (e.type != SEAL_ENTRY_RECORD)
		check_control(c, &e);
	else if (!(e.flags & SEAL_FLAG_CONTINUES))
		c->log.records++;
	if (c->counts && e.type == SEAL_ENTRY_RECORD)
		count_number(c, &e);
	else if (c->wanted && e.type == SEAL_ENTRY_RECORD &&
		 e.body_len == strlen(c->wanted) &&
		 !memcmp(e.body, c->wanted, e.body_len))
		c->found++;
	if (e.type == SEAL_ENTRY_EPOCH)
		check_handover(c, &e);
	assert_int_equal(seal_frontier_append(&c->tree, &item->leaf), 0);
	if (c->types_len + 4 < sizeof(c->f->types))
		c->types_len += (size_t)sprintf(c->f->types + c->types_len,
						c->types_len ? " %02x" : "%02x",
						e.type);
	c->before = c->last;
	c->last = e.type;
	c->log.entries++;
}

static void check_other(struct check *c, const struct seal_reader_item *item)
{
	struct seal_frontier f;
	struct seal_head head;

	assert_true(item->tag_ok);
	switch (item->frame.type) {
	case SEAL_FRAME_HEAD:
		assert_int_equal(seal_frame_head_get(&item->frame, &head), 0);
		assert_true(head.size > c->log.sealed);
		check_seal(c, &head);
		c->prev_head = c->log.sealed;
		c->log.sealed = head.size;
		c->log.heads++;
		c->head_just_was = true;
		return;
	case SEAL_FRAME_FRONTIER:
		assert_true(c->head_just_was);
		assert_int_equal(seal_frame_frontier_get(&item->frame, &f), 0);
		assert_int_equal(f.size, c->log.sealed);
		assert_true(seal_frame_frontier_due(c->prev_head, f.size));
		c->log.frontiers++;
		break;
	case SEAL_FRAME_RECEIPT:
		c->log.receipts++;
		break;
	default:
		fail_msg("frame of type %02x", item->frame.type);
	}
	c->head_just_was = false;
}

/* Behind the head that the next segment begins with? */
static bool is_left_behind(struct check *c, struct seal_reader *reader,
			   size_t i, const struct seal_reader_item *item)
{
	const struct seal_reader_segment *next =
		seal_reader_segment(reader, i + 1);

	if (!next || next->name_index != c->tree.size)
		return false;
	if (item->kind == SEAL_ITEM_BAD)
		return true;
	return item->frame.kind == SEAL_KIND_ENTRY ||
	       (item->frame.type == SEAL_FRAME_RECEIPT && !item->tag_ok);
}

static void check_segment(struct check *c, struct seal_reader *reader, size_t i)
{
	const struct seal_reader_segment *s = seal_reader_segment(reader, i);
	struct seal_reader_item item;

	assert_int_equal(s->status, 0);
	assert_int_equal(s->header.first_index, s->name_index);
	if (i)
		assert_int_equal(s->header.number, c->number + 1);
	c->number = s->header.number;
	if (!i && s->name_index) { /* what was before is freed */
		c->tree = s->header.frontier;
		c->last = SEAL_ENTRY_RECORD;
		c->log.sealed = s->name_index;
	}
	assert_int_equal(s->header.first_index, c->tree.size);
	if (s->header.first_index) {
		check_seal(c, &s->header.head);
		c->log.sealed = s->name_index;
	}
	c->log.frame_bytes += s->header.size_bytes;
	c->log.segments++;
	c->head_just_was = false;
	assert_int_equal(seal_reader_seek(reader, i, 0), 0);
	for (;;) {
		assert_int_equal(seal_reader_next(reader, c->tree.size, &item,
						  &c->f->diag),
				 0);
		if (item.kind == SEAL_ITEM_END)
			break;
		if (is_left_behind(c, reader, i, &item)) {
			assert_false(c->has_left);
			c->has_left = true;
			c->left_segment = s->name_index;
			c->left_offset = item.offset;
			break;
		}
		if (item.kind != SEAL_ITEM_FRAME)
			fail_msg("bad bytes at %llu of %s",
				 (unsigned long long)item.offset, s->name);
		c->log.frame_bytes += item.size_bytes;
		if (item.frame.kind == SEAL_KIND_ENTRY) {
			check_entry(c, &item);
			c->head_just_was = false;
		} else {
			check_other(c, &item);
		}
	}
}

static void new_chain(struct check *c, bool whole)
{
	struct seal_keydir *k;
	struct seal_hash log_id;
	uint64_t bytes;

	assert_int_equal(
		seal_keydir_open_public(c->f->io, "/k", &k, &c->f->diag), 0);
	seal_keydir_log_id(k, &log_id);
	if (whole)
		assert_int_equal(
			seal_chain_new(
				FIXTURE_ORIGIN,
				seal_pub_bytes(seal_keydir_host(k)->pub),
				seal_pub_bytes(seal_keydir_epoch0(k)->pub),
				&log_id, &c->chain),
			0);
	else
		assert_int_equal(seal_epochs_load(c->f->io, "/s/epochs",
						  FIXTURE_ORIGIN, &log_id,
						  &c->chain, &bytes,
						  &c->f->diag),
				 0);
	seal_keydir_free(k);
}

static void run(struct fixture *f, struct check *c, const char *wanted,
		unsigned *counts, unsigned n)
{
	struct seal_reader *reader;
	size_t i;

	memset(c, 0, sizeof(*c));
	c->f = f;
	c->wanted = wanted;
	c->counts = counts;
	c->counts_n = n;
	f->types[0] = '\0';
	if (seal_reader_open(f->io, "/s", &reader, &f->diag))
		fail_msg("%s", f->diag.text);
	assert_true(seal_reader_segments(reader));
	seal_frontier_init(&c->tree);
	new_chain(c, !seal_reader_segment(reader, 0)->name_index);
	for (i = 0; i < seal_reader_segments(reader); i++)
		check_segment(c, reader, i);
	seal_reader_free(reader);
	assert_int_equal(c->log.sealed, c->tree.size);
	assert_false(c->has_left);
	seal_chain_free(c->chain);
}

void fixture_check(struct fixture *f, struct fixture_log *ret_log)
{
	struct check *c = malloc(sizeof(*c));

	assert_non_null(c);
	run(f, c, NULL, NULL, 0);
	*ret_log = c->log;
	free(c);
}

const char *fixture_types(struct fixture *f)
{
	struct fixture_log log;

	fixture_check(f, &log);
	return f->types;
}

unsigned fixture_count(struct fixture *f, const char *text)
{
	struct check *c = malloc(sizeof(*c));
	unsigned found;

	assert_non_null(c);
	run(f, c, text, NULL, 0);
	found = c->found;
	free(c);
	return found;
}

unsigned fixture_counts(struct fixture *f, const char *prefix,
			unsigned *ret_counts, unsigned n)
{
	struct check *c = malloc(sizeof(*c));
	unsigned inverted;

	assert_non_null(c);
	memset(ret_counts, 0, n * sizeof(*ret_counts));
	run(f, c, prefix, ret_counts, n);
	inverted = c->inverted;
	free(c);
	return inverted;
}

void fixture_find_nothing(struct fixture *f, const char *when)
{
	struct seal_verify_options options = {.target = SEAL_VERIFY_SPOOL,
					      .have_pin = true,
					      .origin = FIXTURE_ORIGIN};
	struct seal_feed_options feed = {
		.io = f->io, .path = "/s", .origin = FIXTURE_ORIGIN};
	struct seal_verdict verdict = {0};
	struct seal_verify *v = NULL;
	struct seal_keydir *keydir;
	size_t i;

	assert_int_equal(seal_keydir_open_public(f->io, "/k", &keydir, NULL),
			 0);
	seal_keydir_log_id(keydir, &options.pin);
	seal_keydir_free(keydir);
	options.as_of_us = f->io->realtime_us(f->io);
	assert_int_equal(seal_verify_new(&options, &v), 0);
	if (seal_feed_spool(&feed, v, &f->diag))
		fail_msg("%s: %s", when, f->diag.text);
	assert_int_equal(seal_verify_finish(v, &verdict), 0);
	for (i = 0; i < verdict.findings.n; i++)
		if (verdict.findings.v[i].class == SEAL_CLASS_D)
			fail_msg("%s: AS%03u %s", when,
				 verdict.findings.v[i].number,
				 verdict.findings.v[i].text);
	seal_verdict_fini(&verdict);
	seal_verify_free(v);
}
