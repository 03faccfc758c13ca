/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: verify_bench.h. */
#include "tests/lib/verify_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "spool/feed.h"
#include "spool/keydir.h"
#include "tests/lib/testlog.h"

static void make_policy(struct verify_bench *b)
{
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_keydir *keydir;

	assert_int_equal(seal_keydir_open_public(b->f->io, "/k", &keydir, NULL),
			 0);
	seal_keydir_log_id(keydir, &b->log_id);
	seal_buf_put_str(&text, "log ");
	seal_vkey_put(&text, seal_keydir_host(keydir));
	seal_buf_put_str(&text, "\nwitness m ");
	seal_vkey_put(&text, &b->mirror_vkey);
	seal_buf_put_str(&text, "\nquorum m\n");
	assert_int_equal(seal_policy_parse(text.data, text.len, "policy",
					   &b->policy, NULL),
			 0);
	seal_buf_fini(&text);
	seal_keydir_free(keydir);
}

int verify_bench_setup(void **state)
{
	struct verify_bench *b = calloc(1, sizeof(*b));
	void *fixture;

	if (!b || fixture_setup(&fixture))
		return -1;
	b->f = fixture;
	b->mirror = test_key("example mirror");
	assert_int_equal(seal_vkey_init(&b->mirror_vkey, BENCH_MIRROR,
					SEAL_KEY_COSIGNATURE,
					seal_key_public(b->mirror), NULL),
			 0);
	make_policy(b);
	b->f->config.policy = b->policy;
	b->options.target = SEAL_VERIFY_SPOOL;
	b->options.policy = b->policy;
	b->options.have_pin = true;
	b->options.pin = b->log_id;
	*state = b;
	return 0;
}

int verify_bench_teardown(void **state)
{
	struct verify_bench *b = *state;
	void *fixture = b->f;

	seal_verdict_fini(&b->verdict);
	seal_policy_free(b->policy);
	seal_vkey_fini(&b->mirror_vkey);
	seal_key_free(b->mirror);
	free(b);
	return fixture_teardown(&fixture);
}

void verify_bench_receipt(struct verify_bench *b, struct seal_spool *sp)
{
	uint64_t now_s =
		b->f->io->realtime_us(b->f->io) / 1000000 - b->behind_s;
	uint64_t size = seal_spool_size(sp);
	struct seal_buf note = SEAL_BUF_INIT;
	struct seal_head head;
	struct seal_note parsed;
	struct seal_checkpoint cp;

	assert_int_equal(seal_spool_offer(sp, BENCH_MIRROR, size, size, &head,
					  &note, &b->f->diag),
			 0);
	assert_int_equal(seal_checkpoint_parse_note(note.data, note.len,
						    &parsed, &cp, NULL),
			 0);
	/* The text is in the buffer that grows: a copy is signed. */
	struct seal_buf text = SEAL_BUF_INIT;

	seal_buf_put(&text, parsed.text, parsed.text_len);
	assert_int_equal(seal_cosig_sign(&note, text.data, text.len, now_s,
					 &b->mirror_vkey, b->mirror),
			 0);
	assert_int_equal(seal_spool_receipt(sp, BENCH_MIRROR, size, now_s,
					    note.data, note.len, &b->f->diag),
			 0);
	seal_buf_fini(&text);
	seal_buf_fini(&note);
}

static int feed(void *ctx, struct seal_verify *v, struct seal_diag *diag)
{
	struct verify_bench *b = ctx;
	struct seal_feed_options from = {.io = b->f->io,
					 .path = "/s",
					 .origin = b->origin,
					 .live = b->options.live,
					 .part = b->part,
					 .resume = b->resume,
					 .resume_at = b->at,
					 .ret_last = &b->last};

	return seal_feed_spool(&from, v, diag);
}

/* What `auditseal verify` finds out before it begins. */
static int begin(struct verify_bench *b)
{
	memset(&b->f->diag, 0, sizeof(b->f->diag));
	if (!b->options.as_of_us)
		b->options.as_of_us = b->f->io->realtime_us(b->f->io);
	b->origin[0] = '\0';
	b->options.origin = NULL;
	return seal_feed_origin(b->f->io, "/s", false, b->origin, &b->f->diag);
}

void verify_bench_attack(struct verify_bench *b, struct attack_verdict *av)
{
	int rc = begin(b);

	if (rc) {
		attack_verdict_fini(av);
		av->rc = rc;
		av->status = 3;
		av->diag = b->f->diag;
		return;
	}
	b->options.origin = b->origin[0] ? b->origin : NULL;
	attack_judge(&b->options, feed, b, av);
	b->options.origin = NULL;
}

int verify_bench_try(struct verify_bench *b, int *ret_rc)
{
	struct seal_verify *v = NULL;

	seal_verdict_fini(&b->verdict);
	b->found[0] = '\0';
	*ret_rc = begin(b);
	b->options.origin = b->origin[0] ? b->origin : NULL;
	if (!*ret_rc)
		*ret_rc = seal_verify_new(&b->options, &v);
	if (!*ret_rc && b->remembered)
		*ret_rc = seal_verify_remember(v, b->remembered);
	if (!*ret_rc)
		*ret_rc = feed(b, v, &b->f->diag);
	if (!*ret_rc)
		*ret_rc = seal_verify_finish(v, &b->verdict);
	seal_verify_free(v);
	b->options.origin = NULL;
	if (*ret_rc)
		return 3;
	attack_found(&b->verdict, b->found, sizeof(b->found));
	return b->verdict.exit_status;
}

int verify_bench_judge(struct verify_bench *b)
{
	int rc, status = verify_bench_try(b, &rc);

	if (rc)
		fail_msg("verify: %d %s", rc, b->f->diag.text);
	return status;
}

int verify_bench_deep(struct verify_bench *b)
{
	int status = verify_bench_judge(b);

	if (status != 2)
		return status;
	b->options.deep = true;
	status = verify_bench_judge(b);
	b->options.deep = false;
	return status;
}
