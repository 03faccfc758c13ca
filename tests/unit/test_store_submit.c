/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store as a client of witnesses: against a real witness, another store in
 * this process, and against answers that a real one does not give.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/checkpoint.h"
#include "core/note.h"
#include "protocol/answer.h"
#include "protocol/tile.h"
#include "tests/lib/testhost.h"
#include "tests/lib/testlog.h"
#include "tests/lib/teststore.h"
#include "tools/auditseald/submit.h"
#include "tools/auditseald/witness.h"

#define ORIGIN "web01.example.org/audit"
#define NAME   "other.example/witness"
#define URL    "https://other.example:6962/witness"
#define POLICY "witness.policy"

struct bench {
	struct test_store *t;	  /* the store that submits */
	struct test_store *other; /* whose witness answers */
	struct submit *submit;
	uint64_t now_ms, wait_ms;
	unsigned posts, alarms;
	char last_url[128], last_alarm[1024];
	/* In place of the witness: status, type and body, or no answer. */
	unsigned forced, after;
	const char *type, *body;
	bool silent;
};

static int post(void *ctx, const char *url, const struct seal_buf *body,
		struct submit_answer *ret_answer, struct seal_diag *diag)
{
	struct bench *b = ctx;
	struct reply reply = {0};

	b->posts++;
	snprintf(b->last_url, sizeof(b->last_url), "%s", url);
	if (b->silent)
		return seal_diag_set(diag, SEAL_E_NET, "no connection");
	if (b->forced) {
		ret_answer->status = b->forced;
		snprintf(ret_answer->type, sizeof(ret_answer->type), "%s",
			 b->type ? b->type : "text/plain");
		if (b->body)
			seal_buf_put_str(ret_answer->body, b->body);
		if (b->after) {
			ret_answer->has_retry_after = true;
			ret_answer->retry_after_ms = b->after;
		}
		return 0;
	}
	witness_add_checkpoint(b->other->store, NULL, body->data, body->len,
			       &reply);
	ret_answer->status = reply.status;
	snprintf(ret_answer->type, sizeof(ret_answer->type), "%s", reply.type);
	seal_buf_put_buf(ret_answer->body, &reply.body);
	reply_fini(&reply);
	return 0;
}

static uint64_t now_ms(void *ctx)
{
	return ((struct bench *)ctx)->now_ms;
}

static uint32_t no_jitter(void *ctx)
{
	(void)ctx;
	return UINT32_MAX;
}

static void alarm_take(void *ctx, const char *sentence)
{
	struct bench *b = ctx;

	b->alarms++;
	snprintf(b->last_alarm, sizeof(b->last_alarm), "%s", sentence);
}

static struct seal_vkey vkey_of(const char *name, const char *purpose)
{
	struct seal_key *key = test_key(purpose);
	struct seal_vkey vkey = {0};

	assert_int_equal(seal_vkey_init(&vkey, name, SEAL_KEY_COSIGNATURE,
					seal_key_public(key), NULL),
			 0);
	seal_key_free(key);
	return vkey;
}

static void witness_line(struct seal_buf *text, const char *word,
			 const char *name, const char *purpose, const char *url)
{
	struct seal_vkey vkey = vkey_of(name, purpose);

	seal_buf_putf(text, "witness %s ", word);
	seal_vkey_put(text, &vkey);
	seal_buf_putf(text, " %s\n", url);
	seal_vkey_fini(&vkey);
}

static void trust_witness(struct bench *b, const char *purpose)
{
	struct seal_buf text = SEAL_BUF_INIT;

	test_host_policy_line(&b->t->host, &text);
	witness_line(&text, "self", "store.example/mirror", "mirror",
		     "https://store.example:6962");
	witness_line(&text, "other", NAME, purpose, URL);
	seal_buf_put_str(&text, "quorum other\n");
	test_store_policy(b->t, seal_buf_cstr(&text));
	seal_buf_fini(&text);
}

static void other_knows(const struct test_host *h)
{
	struct seal_buf text = SEAL_BUF_INIT;
	FILE *f = fopen("policy.new", "w");

	assert_non_null(f);
	test_host_policy_line(h, &text);
	seal_buf_put_str(&text, "quorum none\n");
	fputs(seal_buf_cstr(&text), f);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename("policy.new", POLICY), 0);
	seal_buf_fini(&text);
}

static void submit_again(struct bench *b)
{
	const struct submit_config config = {
		.ctx = b,
		.post = post,
		.now_ms = now_ms,
		.random = no_jitter,
		.alarm = alarm_take,
	};

	submit_free(b->submit);
	assert_int_equal(submit_new(b->t->store, &config, &b->submit, NULL), 0);
}

static int make(void **state)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct seal_diag diag = {0};

	assert_non_null(b);
	b->other = test_store_make("other.example/mirror", "other mirror");
	b->t = test_store_make("store.example/mirror", NULL);
	test_host_make(&b->t->host, ORIGIN, 700, 40, 1);
	test_store_writer(b->t, ORIGIN);
	other_knows(&b->t->host);
	if (witness_open(b->other->store, POLICY, NAME,
			 test_key("other witness"), &diag) < 0)
		fail_msg("%s", diag.text);
	trust_witness(b, "other witness");
	submit_again(b);
	*state = b;
	return 0;
}

static int done(void **state)
{
	struct bench *b = *state;

	submit_free(b->submit);
	test_store_free(b->t);
	test_store_free(b->other);
	free(b);
	return 0;
}

/* The log grows to size, at this store. */
static void grow(struct bench *b, size_t old, size_t size)
{
	test_store_advance(b->t, old, size);
	test_store_receipt(b->t, size, old);
	b->t->now_s++;
}

/* Later, one pass. */
static void pass(struct bench *b, uint64_t later_ms)
{
	struct seal_diag diag = {0};

	b->now_ms += later_ms;
	if (submit_pass(b->submit, &b->wait_ms, &diag) < 0)
		fail_msg("%s", diag.text);
}

/* Passes without a wait between, until something has to be waited for. */
static void settle(struct bench *b)
{
	unsigned n = 0;

	do
		pass(b, 0);
	while (b->wait_ms == 0 && n++ < 20);
	assert_true(n < 20);
}

/* The size of a served note on which this key's line stands and verifies. */
static uint64_t size_with(struct bench *b, const char *resource)
{
	struct seal_vkey vkey = vkey_of(NAME, "other witness");
	struct seal_vkey mirror = vkey_of("store.example/mirror", "mirror");
	struct seal_checkpoint cp;
	struct seal_note note;
	int rc;

	test_store_read(b->t, ORIGIN, resource, 200);
	assert_int_equal(seal_checkpoint_parse_note(b->t->reply.body.data,
						    b->t->reply.body.len, &note,
						    &cp, NULL),
			 0);
	rc = seal_cosig_verify(&note, &vkey, NULL, NULL);
	if (!strcmp(resource, "checkpoint"))
		assert_int_equal(seal_cosig_verify(&note, &mirror, NULL, NULL),
				 0);
	else
		assert_int_equal(rc, 0);
	seal_vkey_fini(&vkey);
	seal_vkey_fini(&mirror);
	assert_true(rc == 0 || rc == SEAL_E_NOTFOUND);
	return rc == 0 ? cp.size : 0;
}

static const char *cosigned_path(void)
{
	static char path[SEAL_COSIGNED_PATH_BYTES];

	assert_int_equal(seal_cosigned_path(NAME, path), 0);
	return path;
}

static void lines_come_back(void **state)
{
	static const size_t sizes[] = {1, 2, 255, 256, 257, 513, 700};
	struct bench *b = *state;
	size_t i, old = 0;

	pass(b, 0);
	assert_int_equal(b->posts, 0);
	assert_int_equal(b->wait_ms, SUBMIT_NEVER);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		grow(b, old, sizes[i]);
		test_store_read(b->t, ORIGIN, cosigned_path(), i ? 200 : 404);
		assert_int_equal(size_with(b, "checkpoint"), 0);
		pass(b, 1000);
		assert_int_equal(b->posts, i + 1);
		assert_int_equal(b->wait_ms, SUBMIT_NEVER);
		assert_int_equal(size_with(b, "checkpoint"), sizes[i]);
		assert_int_equal(size_with(b, cosigned_path()), sizes[i]);
		old = sizes[i];
	}
	assert_string_equal(b->last_url, URL "/add-checkpoint");
	assert_int_equal(b->alarms, 0);
	pass(b, 100000);
	assert_int_equal(b->posts, i);
}

static void not_more_often_than_once_a_second(void **state)
{
	struct bench *b = *state;

	grow(b, 0, 10);
	pass(b, 0);
	grow(b, 10, 20);
	grow(b, 20, 30);
	pass(b, 400);
	assert_int_equal(b->posts, 1);
	assert_int_equal(b->wait_ms, 600);
	assert_int_equal(size_with(b, "checkpoint"), 0);
	assert_int_equal(size_with(b, cosigned_path()), 10);
	pass(b, 600);
	assert_int_equal(b->posts, 2);
	assert_int_equal(size_with(b, "checkpoint"), 30);
}

static void after_a_restart(void **state)
{
	struct bench *b = *state;

	grow(b, 0, 10);
	pass(b, 0);
	test_store_reopen(b->t);
	submit_again(b);
	pass(b, 1000);
	assert_int_equal(b->posts, 1);
	assert_int_equal(size_with(b, "checkpoint"), 10);
	grow(b, 10, 20);
	pass(b, 1000);
	assert_int_equal(b->posts, 2);
	assert_int_equal(size_with(b, "checkpoint"), 20);
}

/* Another mirror was there before; 409 tells the old size. */
static void another_mirror_submits_too(void **state)
{
	struct bench *b = *state;
	struct seal_buf body = SEAL_BUF_INIT;
	struct reply reply = {0};

	grow(b, 0, 20);
	test_host_add_checkpoint(&b->t->host, 0, 9, NULL, &body);
	witness_add_checkpoint(b->other->store, NULL, body.data, body.len,
			       &reply);
	assert_int_equal(reply.status, 200);
	settle(b);
	assert_int_equal(b->posts, 2);
	assert_int_equal(size_with(b, "checkpoint"), 20);
	assert_int_equal(b->alarms, 0);
	seal_buf_fini(&body);
	reply_fini(&reply);
}

static void other_sees(struct bench *b, const struct test_host *h, size_t old,
		       size_t size)
{
	struct seal_buf body = SEAL_BUF_INIT;
	struct reply reply = {0};

	test_host_add_checkpoint(h, old, size, NULL, &body);
	witness_add_checkpoint(b->other->store, NULL, body.data, body.len,
			       &reply);
	assert_int_equal(reply.status, 200);
	seal_buf_fini(&body);
	reply_fini(&reply);
}

/* The other one saw more than this store has: ahead for a moment, or AS027. */
static void this_store_was_rolled_back(void **state)
{
	struct bench *b = *state;

	grow(b, 0, 20);
	other_sees(b, &b->t->host, 0, 50);
	settle(b);
	assert_int_equal(b->alarms, 0);
	assert_int_equal(b->wait_ms, 5000);
	pass(b, 5000);
	assert_int_equal(b->alarms, 1);
	assert_non_null(strstr(b->last_alarm, "rolled back (AS027)"));
	assert_non_null(strstr(b->last_alarm, "has cosigned 50 entries"));
	pass(b, 60000);
	assert_int_equal(b->alarms, 1);
	assert_int_equal(size_with(b, "checkpoint"), 0);
	grow(b, 20, 50);
	pass(b, 60000);
	assert_int_equal(size_with(b, "checkpoint"), 50);
	grow(b, 50, 60);
	pass(b, 1000);
	assert_int_equal(size_with(b, "checkpoint"), 60);
}

static void a_fork_of_equal_size(void **state)
{
	struct bench *b = *state;
	struct test_host fork;

	test_host_make(&fork, ORIGIN, 60, 40, 2);
	grow(b, 0, 20);
	other_sees(b, &fork, 0, 20);
	settle(b);
	assert_int_equal(b->alarms, 1);
	assert_non_null(strstr(b->last_alarm, "another history"));
	assert_non_null(strstr(b->last_alarm, "AS008"));
	pass(b, 60000);
	assert_int_equal(b->alarms, 1);
	test_host_free(&fork);
}

/* The proof is refused; the checkpoint of the witness's size settles it. */
static void a_fork_below(void **state)
{
	struct bench *b = *state;
	struct test_host fork;

	test_host_make(&fork, ORIGIN, 60, 40, 2);
	grow(b, 0, 9);
	grow(b, 9, 20);
	other_sees(b, &fork, 0, 9);
	settle(b);
	assert_int_equal(b->posts, 3);
	assert_int_equal(b->alarms, 1);
	assert_non_null(strstr(b->last_alarm, "another history"));
	test_host_free(&fork);
}

static void a_fork_at_a_size_without_checkpoint(void **state)
{
	struct bench *b = *state;
	struct test_host fork;

	test_host_make(&fork, ORIGIN, 60, 40, 2);
	grow(b, 0, 20);
	other_sees(b, &fork, 0, 9);
	settle(b);
	assert_int_equal(b->alarms, 1);
	assert_non_null(strstr(b->last_alarm, "refuses the proof"));
	assert_int_equal(b->wait_ms, 60000);
	test_host_free(&fork);
}

static void the_witness_was_rolled_back(void **state)
{
	struct bench *b = *state;

	grow(b, 0, 20);
	pass(b, 0);
	b->forced = 409;
	b->type = "text/x.tlog.size; charset=utf-8";
	b->body = "7\n";
	grow(b, 20, 30);
	pass(b, 1000);
	assert_int_equal(b->alarms, 1);
	assert_non_null(strstr(b->last_alarm, "it was rolled back"));
	b->forced = 0;
	settle(b);
	assert_int_equal(size_with(b, "checkpoint"), 30);
}

static void refusals_wait_a_minute(void **state)
{
	static const struct {
		unsigned status;
		const char *type, *body, *say;
	} answers[] = {
		{200, NULL, "", "does not sign it"},
		{200, NULL, "nonsense", "does not sign it"},
		{400, NULL, NULL, "400"},
		{403, NULL, NULL, "another host key"},
		{404, NULL, NULL, "not listed"},
		{302, NULL, NULL, "302"},
		{409, NULL, "7\n", "409"},
		{409, "text/x.tlog.size", "07\n", "409"},
		{409, "text/x.tlog.size", "0\n", "409"},
		{422, NULL, NULL, "422"},
	};
	struct bench *b = *state;
	size_t i;

	grow(b, 0, 20);
	for (i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		submit_again(b);
		b->posts = b->alarms = 0;
		b->forced = answers[i].status;
		b->type = answers[i].type;
		b->body = answers[i].body;
		settle(b);
		assert_int_equal(b->posts, 1);
		assert_int_equal(b->wait_ms, 60000);
		assert_int_equal(b->alarms, 1);
		assert_non_null(strstr(b->last_alarm, answers[i].say));
		assert_non_null(strstr(b->last_alarm, ORIGIN));
		pass(b, 59999);
		assert_int_equal(b->posts, 1);
		pass(b, 1);
		assert_int_equal(b->posts, 2);
		assert_int_equal(b->alarms, 1);
	}
	b->forced = 0;
	pass(b, 60000);
	assert_int_equal(size_with(b, "checkpoint"), 20);
}

static void a_wrong_key_signs(void **state)
{
	struct bench *b = *state;

	trust_witness(b, "a third key");
	grow(b, 0, 20);
	settle(b);
	assert_int_equal(b->alarms, 1);
	assert_non_null(strstr(b->last_alarm, "does not sign it"));
	assert_int_equal(size_with(b, "checkpoint"), 0);
	trust_witness(b, "other witness");
	settle(b);
	assert_int_equal(size_with(b, "checkpoint"), 20);
}

static void no_answer_backs_off(void **state)
{
	static const uint64_t waits[] = {1500,	4500,  13500,
					 40500, 60000, 60000};
	struct bench *b = *state;
	size_t i;

	grow(b, 0, 20);
	b->silent = true;
	for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
		pass(b, i ? waits[i - 1] : 0);
		assert_int_equal(b->posts, i + 1);
		assert_true(b->wait_ms <= waits[i] && b->wait_ms >= 500);
		b->wait_ms = waits[i];
	}
	assert_int_equal(b->alarms, 1);
	assert_non_null(strstr(b->last_alarm, "does not answer"));
	/* Meanwhile uploads went on; what is newest then is submitted. */
	grow(b, 20, 40);
	b->silent = false;
	pass(b, 60000);
	assert_int_equal(size_with(b, "checkpoint"), 40);
}

static void a_busy_witness_says_when(void **state)
{
	struct bench *b = *state;

	grow(b, 0, 20);
	b->forced = 503;
	b->after = 7000;
	pass(b, 0);
	assert_int_equal(b->wait_ms, 7000);
	b->after = 100 * 3600 * 1000;
	pass(b, 7000);
	assert_int_equal(b->wait_ms, 15 * 60 * 1000);
	b->forced = 0;
	pass(b, 15 * 60 * 1000);
	assert_int_equal(size_with(b, "checkpoint"), 20);
}

static void the_policy_changes(void **state)
{
	struct bench *b = *state;

	grow(b, 0, 20);
	test_store_trust(b->t, &b->t->host);
	pass(b, 0);
	assert_int_equal(b->posts, 0);
	trust_witness(b, "other witness");
	pass(b, 0);
	assert_int_equal(b->posts, 1);
	test_store_policy(b->t, "quorum none\n");
	pass(b, 1000);
	assert_int_equal(b->posts, 1);
}

int main(void)
{
#define WITH(test) cmocka_unit_test_setup_teardown(test, make, done)
	const struct CMUnitTest tests[] = {
		WITH(lines_come_back),
		WITH(not_more_often_than_once_a_second),
		WITH(after_a_restart),
		WITH(another_mirror_submits_too),
		WITH(this_store_was_rolled_back),
		WITH(a_fork_of_equal_size),
		WITH(a_fork_below),
		WITH(a_fork_at_a_size_without_checkpoint),
		WITH(the_witness_was_rolled_back),
		WITH(refusals_wait_a_minute),
		WITH(a_wrong_key_signs),
		WITH(no_answer_backs_off),
		WITH(a_busy_witness_says_when),
		WITH(the_policy_changes),
	};

	if (seal_crypto_init(NULL) < 0)
		return 1;
	return cmocka_run_group_tests_name("the store and its witnesses", tests,
					   NULL, NULL);
}
