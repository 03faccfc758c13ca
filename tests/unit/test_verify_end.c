/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The end of a verification, at its exact bounds: anchor, freshness, silence,
 * what proves size, the tail (docs/spec/verdict.md, 4 to 6).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/verify_int.h"
#include "tests/lib/testlog.h"

#define ORIGIN "a.example/audit"
#define SECOND ((uint64_t)1000000)

struct end {
	struct seal_policy *policy;
	struct seal_verify_options options;
	struct seal_verify *v;
	struct seal_verdict verdict;
};

/* Two of a, b and c are asked for. */
static int setup(void **state)
{
	struct end *e = calloc(1, sizeof(*e));
	struct seal_buf text = SEAL_BUF_INIT;

	assert_non_null(e);
	test_put_witness(&text, "a", "a.example/w");
	test_put_witness(&text, "b", "b.example/w");
	test_put_witness(&text, "c", "c.example/w");
	seal_buf_put_str(&text, "group two 2 a b c\nquorum two\n");
	assert_int_equal(seal_policy_parse(text.data, text.len, "policy",
					   &e->policy, NULL),
			 0);
	seal_buf_fini(&text);
	e->options.target = SEAL_VERIFY_SPOOL;
	e->options.policy = e->policy;
	e->options.origin = ORIGIN;
	*state = e;
	return 0;
}

static void clear(struct end *e)
{
	seal_verdict_fini(&e->verdict);
	seal_verify_free(e->v);
	e->v = NULL;
}

static int teardown(void **state)
{
	struct end *e = *state;

	clear(e);
	seal_policy_free(e->policy);
	free(e);
	return 0;
}

/* A log of 100 entries whose keys are known, whose newest seal is right, and
 * beside which all stands that should. */
static struct seal_verify *begin(struct end *e)
{
	struct seal_verify *v;
	struct seal_key *host = test_key("host"), *key = test_key("epoch 0");
	bool ok;

	clear(e);
	assert_int_equal(seal_verify_new(&e->options, &v), 0);
	assert_int_equal(
		verify_keys_root(v, seal_pub_bytes(seal_key_public(host)),
				 seal_pub_bytes(seal_key_public(key)), &ok),
		0);
	assert_true(ok);
	seal_key_free(host);
	seal_key_free(key);
	v->begun = v->start_seen = v->newest_sealed = true;
	v->state_given = v->acked_given = v->epochs_given = true;
	v->sealed.next = e->verdict.size = 100;
	v->sealed.life = LIFE_SESSION;
	v->sealed.have_heartbeat = true;
	v->sealed.heartbeat_us = 60 * SECOND;
	e->v = v;
	return v;
}

static void word(struct end *e, size_t witness, uint64_t size, uint64_t time_s)
{
	e->v->word[witness] = (struct verify_word){true, size, time_s};
	e->v->any_cosignature = true;
}

/* "AS034 AS015[3,4]w" of what was found, and forgets it. */
static const char *found(struct end *e)
{
	static char text[512];
	struct seal_findings *list = &e->v->findings;
	size_t k, len = 0;

	text[0] = '\0';
	for (k = 0; k < list->n; k++) {
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%s%s", k ? " " : "",
			seal_finding_info(list->v[k].number)->id);
		if (list->v[k].first != SEAL_FINDING_NO_INDEX)
			len += (size_t)snprintf(
				text + len, sizeof(text) - len, "[%llu,%llu]%s",
				(unsigned long long)list->v[k].first,
				(unsigned long long)list->v[k].last,
				list->v[k].within ? "w" : "");
	}
	return text;
}

static const char *text_of(struct end *e, size_t k)
{
	assert_true(k < e->v->findings.n);
	return e->v->findings.v[k].text;
}

static const char *anchor(struct end *e)
{
	memset(&e->verdict.anchor, 0, sizeof(e->verdict.anchor));
	seal_findings_fini(&e->v->findings);
	e->verdict.size = e->v->sealed.next;
	assert_int_equal(
		verify_end_anchor(e->v, e->v->sealed.next, &e->verdict), 0);
	return found(e);
}

static void the_quorum_gives_size_and_time(void **state)
{
	struct end *e = *state;
	struct seal_anchor *a = &e->verdict.anchor;
	struct seal_verify *v = begin(e);

	e->v->opt.as_of_us = 1000 * SECOND;
	word(e, 0, 100, 1000);
	assert_string_equal(anchor(e), "AS035 AS036");
	assert_string_equal(text_of(e, 0), "the receipts at hand do not meet "
					   "the quorum 'two'");
	assert_int_equal(a->kind, SEAL_ANCHOR_NONE);
	word(e, 1, 80, 900);
	assert_string_equal(anchor(e), "");
	assert_int_equal(a->kind, SEAL_ANCHOR_QUORUM);
	assert_int_equal(a->size, 80);
	assert_int_equal(a->time_us, 900 * SECOND);
	assert_string_equal(a->names, "a.example/w, b.example/w");
	assert_true(a->fresh);
	assert_true(e->verdict.rooted);
	assert_false(e->verdict.pinned);
	/* c speaks for less: it adds nothing. */
	word(e, 2, 79, 2000);
	assert_string_equal(anchor(e), "");
	assert_int_equal(a->size, 80);
	assert_int_equal(a->time_us, 900 * SECOND);
	/* For as much: two of three are newer. */
	word(e, 2, 80, 2000);
	assert_string_equal(anchor(e), "");
	assert_int_equal(a->size, 80);
	assert_int_equal(a->time_us, 1000 * SECOND);
	assert_string_equal(a->names, "a.example/w, b.example/w, c.example/w");
	/* For more. */
	word(e, 2, 90, 950);
	assert_string_equal(anchor(e), "");
	assert_int_equal(a->size, 90);
	assert_int_equal(a->time_us, 950 * SECOND);
	assert_string_equal(a->names, "a.example/w, c.example/w");
	/* Without entry 0 nobody vouches for the keys; a pin does. */
	v->start_seen = false;
	assert_string_equal(anchor(e), "AS036");
	assert_false(e->verdict.rooted);
	v->opt.have_pin = true;
	v->opt.pin = *seal_chain_log_id(v->chain);
	assert_string_equal(anchor(e), "");
	assert_true(e->verdict.rooted && e->verdict.pinned);
	v->opt.pin.b[0] ^= 1;
	assert_string_equal(anchor(e), "AS036");
	assert_false(e->verdict.pinned);
}

static void only_who_serves_a_copy_speaks_for_it(void **state)
{
	struct end *e = *state;
	struct seal_verify *v;

	e->options.target = SEAL_VERIFY_STORE;
	e->options.served_by = "b.example/w";
	v = begin(e);
	word(e, 0, 100, 1000);
	word(e, 1, 100, 1000);
	v->opt.as_of_us = 1000 * SECOND;
	assert_string_equal(anchor(e), "");
	assert_false(e->verdict.anchor.sole_word);
	v->served_by[0] = '\0'; /* whoever it is: there are two */
	assert_string_equal(anchor(e), "");
	assert_false(e->verdict.anchor.sole_word);
}

static void freshness_has_a_bound(void **state)
{
	struct end *e = *state;
	struct seal_verify *v = begin(e);
	const uint64_t time_us = 1000 * SECOND;

	word(e, 0, 100, 1000);
	word(e, 1, 100, 1000);
	/* Three intervals of 60 s, and 60 s. */
	v->opt.as_of_us = time_us + 240 * SECOND;
	assert_string_equal(anchor(e), "");
	v->opt.as_of_us++;
	assert_string_equal(anchor(e), "AS034");
	assert_string_equal(text_of(e, 0),
			    "the newest receipt, of size 100, is 240 s old");
	assert_false(e->verdict.anchor.fresh);
	v->opt.as_of_us = time_us - 1; /* a clock behind is no age */
	assert_string_equal(anchor(e), "");
	/* Another interval. */
	v->sealed.heartbeat_us = SECOND;
	v->opt.as_of_us = time_us + 63 * SECOND;
	assert_string_equal(anchor(e), "");
	v->opt.as_of_us++;
	assert_string_equal(anchor(e), "AS034");
	/* None is proven: that of 60 s. */
	v->sealed.have_heartbeat = false;
	v->opt.as_of_us = time_us + 240 * SECOND;
	assert_string_equal(anchor(e), "");
	v->opt.as_of_us++;
	assert_string_equal(anchor(e), "AS034");
	/* "none" is stated, or what no clock can count. */
	v->sealed.have_heartbeat = true;
	v->sealed.heartbeat_us = 0;
	v->opt.as_of_us = time_us;
	assert_string_equal(anchor(e), "AS034");
	assert_string_equal(text_of(e, 0),
			    "the log states no heartbeat interval: say with "
			    "--min-freshness how old the newest receipt may "
			    "be");
	v->sealed.heartbeat_us = UINT64_MAX / 8 + 1;
	assert_string_equal(anchor(e), "AS034");
	v->sealed.heartbeat_us = UINT64_MAX / 8;
	assert_string_equal(anchor(e), "");
	/* What the operator asks for. */
	v->opt.min_freshness_us = 5 * SECOND;
	v->opt.as_of_us = time_us + 5 * SECOND;
	assert_string_equal(anchor(e), "");
	v->opt.as_of_us++;
	assert_string_equal(anchor(e), "AS034");
	assert_string_equal(text_of(e, 0),
			    "the newest receipt, of size 100, is 5 s old");
}

static void silence_has_a_bound(void **state)
{
	struct end *e = *state;
	struct seal_verify *v = begin(e);

	word(e, 0, 100, 1000);
	word(e, 1, 100, 1000);
	v->opt.as_of_us = 1000 * SECOND;
	v->sealed.have_frontier = true;
	v->proven_us = 880 * SECOND;
	assert_string_equal(anchor(e), "");
	v->proven_us--;
	assert_string_equal(anchor(e), "AS015");
	assert_string_equal(text_of(e, 0),
			    "the newest entry was 120 s old when the newest "
			    "receipt was signed, and the host writes every "
			    "60 s");
	/* A clock that was ahead for a while says when the newest was. */
	v->sealed.max_us = 880 * SECOND;
	assert_string_equal(anchor(e), "");
	v->sealed.max_us = 0;
	v->sealed.life = LIFE_STOP;
	assert_string_equal(anchor(e), "");
	v->sealed.life = LIFE_STOP_EPOCH;
	assert_string_equal(anchor(e), "");
	v->sealed.life = LIFE_RESTART;
	assert_string_equal(anchor(e), "AS015");
	v->opt.alone = true;
	assert_string_equal(anchor(e), "");
	v->opt.alone = false;
	v->opt.range = true;
	assert_string_equal(anchor(e), "");
	v->opt.range = false;
	v->sealed.have_frontier = false;
	assert_string_equal(anchor(e), "");
	v->sealed.have_frontier = true;
	v->sealed.have_heartbeat = false;
	assert_string_equal(anchor(e), "");
	v->sealed.have_heartbeat = true;
	v->proven_us = 0; /* no time is known */
	assert_string_equal(anchor(e), "");
	v->proven_us = 1000 * SECOND + 1;
	assert_string_equal(anchor(e), "");
}

static void waiting_has_a_bound(void **state)
{
	struct end *e = *state;
	struct seal_verify *v = begin(e);
	struct verify_claim *c = &v->claim[v->claims++];

	word(e, 0, 90, 1000);
	word(e, 1, 90, 1000);
	v->opt.as_of_us = 1000 * SECOND;
	c->kind = CLAIM_NOTE;
	c->seen = true;
	c->size = 90;
	c->lived_us = 7;
	v->sealed.lived_us = 7 + 240 * SECOND;
	assert_string_equal(anchor(e), "");
	v->sealed.lived_us++;
	assert_string_equal(anchor(e), "AS037");
	assert_string_equal(text_of(e, 0),
			    "10 entries wait for a receipt, the oldest for "
			    "240 s");
	v->opt.alone = true;
	assert_string_equal(anchor(e), "");
	v->opt.alone = false;
	v->opt.target = SEAL_VERIFY_STORE;
	assert_string_equal(anchor(e), "");
	v->opt.target = SEAL_VERIFY_SPOOL;
	/* Nothing waits. */
	v->sealed.next = 90;
	assert_string_equal(anchor(e), "");
	v->sealed.next = 91;
	assert_string_equal(anchor(e), "AS037");
	/* Where the receipt is too old, that is said instead. */
	v->opt.as_of_us = 2000 * SECOND;
	assert_string_equal(anchor(e), "AS034");
}

static void what_was_freed_was_receipted(void **state)
{
	struct end *e = *state;
	struct seal_verify *v = begin(e);

	word(e, 0, 90, 1000);
	word(e, 1, 90, 1000);
	v->opt.as_of_us = 1000 * SECOND;
	v->first_index = 90;
	assert_string_equal(anchor(e), "");
	v->first_index = 91;
	assert_string_equal(anchor(e), "AS009[90,90]");
	v->first_index = 95;
	assert_string_equal(anchor(e), "AS009[90,94]");
	v->acked_given = false;
	assert_string_equal(anchor(e), "");
	v->acked_given = true;
	v->opt.alone = true;
	assert_string_equal(anchor(e), "");
	v->opt.alone = false;
	v->resumed = 95;
	assert_string_equal(anchor(e), "");
	v->resumed = 0;
	v->opt.target = SEAL_VERIFY_STORE;
	assert_string_equal(anchor(e), "");
}

static void a_part_needs_an_anchor_at_its_end(void **state)
{
	struct end *e = *state;
	struct seal_anchor *a = &e->verdict.anchor;
	struct seal_verify *v = begin(e);

	v->opt.range = true;
	v->opt.as_of_us = 100000 * SECOND; /* its time does not matter */
	word(e, 0, 100, 1000);
	word(e, 1, 100, 1000);
	assert_string_equal(anchor(e), "");
	assert_int_equal(a->size, 100);
	word(e, 1, 99, 1000);
	assert_string_equal(anchor(e), "AS033[99,99]");
	assert_string_equal(text_of(e, 0),
			    "no anchor reaches the end of this part");
	assert_int_equal(a->kind, SEAL_ANCHOR_NONE);
	assert_int_equal(a->size, 0);
	v->opt.range = false;
	assert_string_equal(anchor(e), "AS034");
}

static void what_is_expected_is_the_last_resort(void **state)
{
	struct end *e = *state;
	struct seal_anchor *a = &e->verdict.anchor;
	struct seal_verify *v;

	e->options.have_expect_size = true;
	e->options.expect_size = 100;
	v = begin(e);
	assert_int_equal(v->claims, 1);
	assert_string_equal(anchor(e), "AS036");
	assert_int_equal(a->kind, SEAL_ANCHOR_EXPECTED);
	assert_int_equal(a->size, 100);
	assert_true(a->fresh);
	assert_string_equal(a->names, "the operator");
	/* With its root it says which log this is. */
	v->claim[0].have_root = v->claim[0].seen = true;
	assert_string_equal(anchor(e), "");
	v->claim[0].ours.b[0] = 1;
	assert_string_equal(anchor(e), "AS033 AS036");
	v->claim[0].ours.b[0] = 0;
	v->claim[0].seen = false;
	assert_string_equal(anchor(e), "AS033 AS036");
	v->claim[0].have_root = false;
	v->claim[0].size = 101;
	assert_string_equal(anchor(e), "AS033 AS036");
	assert_string_equal(text_of(e, 0),
			    "no receipt that the policy trusts is at hand");
	/* A fresh quorum goes before it, a stale one does not. */
	v->claim[0].size = 100;
	word(e, 0, 100, 1000);
	word(e, 1, 100, 1000);
	v->opt.as_of_us = 1000 * SECOND;
	assert_string_equal(anchor(e), "");
	assert_int_equal(a->kind, SEAL_ANCHOR_QUORUM);
	v->opt.as_of_us = 2000 * SECOND;
	assert_string_equal(anchor(e), "");
	assert_int_equal(a->kind, SEAL_ANCHOR_EXPECTED);
}

static void a_head_known_from_before_comes_second(void **state)
{
	struct end *e = *state;
	struct seal_anchor *a = &e->verdict.anchor;
	struct seal_verify *v = begin(e);
	struct seal_verify_remembered known = {
		.size = 95, .time_us = 1000 * SECOND, .who = "the state file"};

	assert_int_equal(seal_verify_remember(v, &known), 0);
	v->opt.as_of_us = 1240 * SECOND;
	assert_string_equal(anchor(e), "AS033 AS036");
	v->claim[0].seen = true;
	assert_string_equal(anchor(e), "");
	assert_int_equal(a->kind, SEAL_ANCHOR_KNOWN);
	assert_int_equal(a->size, 95);
	assert_int_equal(a->time_us, 1000 * SECOND);
	assert_string_equal(a->names, "the state file");
	v->opt.as_of_us++;
	assert_string_equal(anchor(e), "AS034");
	assert_string_equal(text_of(e, 0),
			    "the newest anchor, of size 95, is 240 s old");
	/* A stale quorum says more than a stale memory. */
	word(e, 0, 90, 900);
	word(e, 1, 90, 900);
	assert_string_equal(anchor(e), "AS034");
	assert_int_equal(a->kind, SEAL_ANCHOR_QUORUM);
	v->opt.as_of_us--;
	assert_string_equal(anchor(e), "");
	assert_int_equal(a->kind, SEAL_ANCHOR_KNOWN);
	v->claim[0].ours.b[3] = 1;
	assert_string_equal(anchor(e), "AS034");
	assert_int_equal(a->kind, SEAL_ANCHOR_QUORUM);
	/* The larger of two; as large as a tree can be, not more. */
	v->claim[0].ours.b[3] = 0;
	known.size = 97;
	assert_int_equal(seal_verify_remember(v, &known), 0);
	v->claim[1].seen = true;
	assert_string_equal(anchor(e), "");
	assert_int_equal(a->size, 97);
	known.size = 96;
	assert_int_equal(seal_verify_remember(v, &known), 0);
	v->claim[2].seen = true;
	assert_string_equal(anchor(e), "");
	assert_int_equal(a->size, 97);
	known.size = SEAL_TREE_SIZE_MAX + 1;
	assert_int_equal(seal_verify_remember(v, &known), SEAL_E_ARG);
	known.size = SEAL_TREE_SIZE_MAX;
	assert_int_equal(seal_verify_remember(v, &known), 0);
	v->claims = VERIFY_CLAIMS_MAX;
	assert_int_equal(seal_verify_remember(v, &known), SEAL_E_ARG);
	v->claims = 0;
}

static void without_a_seal_something_must_cover_the_end(void **state)
{
	struct end *e = *state;
	struct seal_verify *v = begin(e);

	word(e, 0, 90, 1000);
	word(e, 1, 90, 1000);
	v->opt.as_of_us = 1000 * SECOND;
	v->newest_sealed = false;
	assert_string_equal(anchor(e), "AS036[90,99]");
	v->sealed.next = 91;
	assert_string_equal(anchor(e), "AS036[90,90]");
	v->sealed.next = 90;
	assert_string_equal(anchor(e), "");
	seal_chain_free(v->chain);
	v->chain = NULL;
	assert_string_equal(anchor(e), "AS036");
	assert_string_equal(text_of(e, 0),
			    "the keys of the log are not in this copy");
	assert_false(e->verdict.rooted);
}

/* ---- what proves size ---- */

static const char *claims(struct end *e, uint64_t reached)
{
	seal_findings_fini(&e->v->findings);
	assert_int_equal(verify_end_claims(e->v, reached), 0);
	return found(e);
}

static struct verify_claim *claim(struct seal_verify *v,
				  enum verify_claim_kind kind, uint64_t size)
{
	struct verify_claim *c = &v->claim[0];

	v->claims = 1;
	memset(c, 0, sizeof(*c));
	c->kind = kind;
	c->size = size;
	c->have_root = c->seen = true;
	snprintf(c->where, sizeof(c->where), "X");
	return c;
}

static void a_larger_size_is_a_cut(void **state)
{
	static const enum verify_claim_kind kinds[] = {
		CLAIM_STATE, CLAIM_EXPECTED, CLAIM_KNOWN};
	struct end *e = *state;
	struct seal_verify *v = begin(e);
	struct verify_claim *c;
	size_t k;

	assert_string_equal(claims(e, 100), "");
	for (k = 0; k < 3; k++) {
		c = claim(v, kinds[k], 100);
		assert_string_equal(claims(e, 100), "");
		c->size = 101;
		assert_string_equal(claims(e, 100), "AS007[100,100]");
		assert_string_equal(text_of(e, 0),
				    "X says that 101 entries were sealed, "
				    "here are 100");
		v->opt.live = true;
		assert_string_equal(claims(e, 100), "AS027[100,100]");
		v->opt.live = false;
		c->may_be_older = true;
		assert_string_equal(claims(e, 100), "");
		/* Of a part, what lies behind its end is not asked. */
		c->may_be_older = false;
		v->opt.range = true;
		assert_string_equal(claims(e, 100), kinds[k] == CLAIM_EXPECTED
							    ? "AS007[100,100]"
							    : "");
		v->opt.range = false;
		/* Where not all could be read, the end is not known. */
		v->after_unknown = true;
		assert_string_equal(claims(e, 100), "");
		v->after_unknown = false;
		v->begun = false;
		assert_string_equal(claims(e, 100), "");
		v->begun = true;
	}
	v->claims = 0;
}

static void a_receipt_is_the_store_s_own_word(void **state)
{
	struct end *e = *state;
	struct seal_verify *v = begin(e);
	struct verify_claim *c = claim(v, CLAIM_NOTE, 102);

	assert_string_equal(claims(e, 100), ""); /* nobody we know */
	c->counts = true;
	assert_string_equal(claims(e, 100), "AS007[100,101]");
	c->cosigned = true;
	assert_string_equal(claims(e, 100), "AS007[100,101]");
	v->opt.target = SEAL_VERIFY_STORE;
	assert_string_equal(claims(e, 100), "AS022[100,101]");
	v->after_unknown = true; /* that is about a spool's files */
	assert_string_equal(claims(e, 100), "AS022[100,101]");
	v->after_unknown = false;
	c->cosigned = false;
	assert_string_equal(claims(e, 100), "AS007[100,101]");
	c->size = 100;
	assert_string_equal(claims(e, 100), "");
	/* Another root is judged where who signed is. */
	c->ours.b[0] = 1;
	assert_string_equal(claims(e, 100), "");
	v->claims = 0;
	v->late[0] = *c;
	v->late[0].size = 101;
	v->lates = 1;
	assert_string_equal(claims(e, 100), "AS007[100,100]");
	v->lates = 0;
}

static void another_root_has_its_finding(void **state)
{
	struct end *e = *state;
	struct seal_verify *v = begin(e);
	struct verify_claim *c = claim(v, CLAIM_KNOWN, 90);

	c->ours.b[31] = 1;
	assert_string_equal(claims(e, 100), "AS008");
	assert_string_equal(text_of(e, 0),
			    "the keys of the log have sealed another history "
			    "than the one that was verified: another root at "
			    "size 90");
	c->kind = CLAIM_STATE;
	assert_string_equal(claims(e, 100), "AS027");
	assert_string_equal(text_of(e, 0), "state has another root at size 90");
	c->kind = CLAIM_EXPECTED;
	assert_string_equal(claims(e, 100), "AS001[0,89]w");
	v->first_index = 10;
	assert_string_equal(claims(e, 100), "AS001[10,89]w");
	assert_string_equal(text_of(e, 0),
			    "the root at size 90 is not the expected one");
	c->seen = false;
	assert_string_equal(claims(e, 100), "");
	c->seen = true;
	c->have_root = false;
	assert_string_equal(claims(e, 100), "");
	v->claims = 0;
}

static void what_should_stand_beside_is_missed(void **state)
{
	struct end *e = *state;
	struct seal_verify *v = begin(e);

	v->state_given = false;
	assert_string_equal(claims(e, 100), "AS029");
	assert_string_equal(text_of(e, 0), "state is missing or damaged");
	v->acked_given = false;
	assert_string_equal(claims(e, 100), "AS029 AS029");
	assert_string_equal(text_of(e, 1), "acked is missing or damaged");
	v->epochs_given = false;
	assert_string_equal(claims(e, 100), "AS029 AS029 AS029");
	assert_string_equal(text_of(e, 0), "epochs is missing");
	v->opt.alone = true;
	assert_string_equal(claims(e, 100), "");
	v->opt.alone = false;
	v->opt.target = SEAL_VERIFY_STORE;
	assert_string_equal(claims(e, 100), "");
	v->opt.target = SEAL_VERIFY_SPOOL;
	v->state_given = v->acked_given = v->epochs_given = true;
	v->handovers = 3;
	v->epochs_newest = 3;
	assert_string_equal(claims(e, 100), "");
	v->epochs_newest = 2;
	assert_string_equal(claims(e, 100), "AS029");
	assert_string_equal(text_of(e, 0),
			    "epochs lacks the hand-over to epoch 3");
	v->epochs_bad = true; /* that was said */
	assert_string_equal(claims(e, 100), "");
	v->epochs_bad = false;
	v->opt.live = true;
	assert_string_equal(claims(e, 100), "");
}

/* ---- the tail ---- */

static const char *tail(struct end *e, uint64_t count, uint64_t lost_at,
			uint64_t want_unsealed)
{
	struct verify_cell *c = &e->v->cell;
	uint64_t unsealed = 0;

	seal_findings_fini(&e->v->findings);
	free(c->found);
	c->found = calloc(count + 1, sizeof(*c->found));
	assert_non_null(c->found);
	c->count = c->room = count;
	c->total = count;
	if (lost_at < count)
		c->found[lost_at].lost = true;
	assert_int_equal(verify_end_tail(e->v, &unsealed), 0);
	assert_int_equal(unsealed, want_unsealed);
	return found(e);
}

static void two_commits_may_be_unsealed(void **state)
{
	struct end *e = *state;
	struct seal_verify *v = begin(e);

	assert_string_equal(tail(e, 0, 0, 0), "");
	assert_string_equal(tail(e, 1, 1, 1), "AS013[100,100]");
	assert_string_equal(text_of(e, 0),
			    "1 whole entries and what follows them are not "
			    "sealed");
	assert_string_equal(tail(e, 5, 3, 3), "AS013[100,102]");
	assert_string_equal(tail(e, 5, 0, 0), "AS013[100,100]");
	assert_string_equal(tail(e, 16384, UINT64_MAX, 16384),
			    "AS013[100,16483]");
	assert_string_equal(tail(e, 16385, UINT64_MAX, 16385),
			    "AS003[100,100]w");
	assert_string_equal(text_of(e, 0),
			    "16385 entries behind the last seal: more than a "
			    "crash can leave");
	assert_string_equal(tail(e, 16385, 16384, 16384), "AS013[100,16483]");
	v->opt.live = true; /* in flight */
	assert_string_equal(tail(e, 16385, UINT64_MAX, 16385), "");
	v->opt.live = false;
	/* More than a cell keeps. */
	v->cell.too_long = true;
	assert_string_equal(tail(e, 16390, 3, 16390), "AS003[100,100]w");
	v->cell.too_long = false;
	/* No entry, but something. */
	assert_int_equal(verify_find_in(v, &v->cell.side, 30, 99, 99, false,
					"s", "side"),
			 0);
	assert_string_equal(tail(e, 0, 0, 0), "AS013[100,100]");
	seal_findings_fini(&v->cell.side);
	assert_int_equal(
		verify_find_in(v, &v->cell.bad, 30, 99, 99, false, "s", "bad"),
		0);
	assert_string_equal(tail(e, 0, 0, 0), "AS013[100,100]");
	/* A wrong seal over a root that is right is named besides. */
	assert_int_equal(verify_find_in(v, &v->cell.bad, 10, 97, 99, false, "s",
					"wrong"),
			 0);
	assert_string_equal(tail(e, 0, 0, 0), "AS010[97,99] AS013[100,100]");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(the_quorum_gives_size_and_time),
		CASE(only_who_serves_a_copy_speaks_for_it),
		CASE(freshness_has_a_bound),
		CASE(silence_has_a_bound),
		CASE(waiting_has_a_bound),
		CASE(what_was_freed_was_receipted),
		CASE(a_part_needs_an_anchor_at_its_end),
		CASE(what_is_expected_is_the_last_resort),
		CASE(a_head_known_from_before_comes_second),
		CASE(without_a_seal_something_must_cover_the_end),
		CASE(a_larger_size_is_a_cut),
		CASE(a_receipt_is_the_store_s_own_word),
		CASE(another_root_has_its_finding),
		CASE(what_should_stand_beside_is_missed),
		CASE(two_commits_may_be_unsealed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
