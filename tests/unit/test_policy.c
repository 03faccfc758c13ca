/* SPDX-License-Identifier: Apache-2.0 */
/* Policies and pins: the files, what is wrong with them, the quorum. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "core/err.h"
#include "core/policy.h"
#include "tests/lib/hash_fault.h"
#include "tests/lib/oom.h"
#include "tests/lib/testdata.h"

#define KEYS 40

/* Witness keys, by number; their names are w0, w1, ... */
static struct seal_key *keys[KEYS];
static struct seal_vkey vkeys[KEYS]; /* type 0x04 */
static struct seal_vkey log_vkey;    /* keys[0] again, as a log */

static int make_keys(void **state)
{
	(void)state;
	for (uint8_t i = 0; i < KEYS; i++) {
		uint8_t seed[SEAL_SEED_BYTES] = {i, 1};
		char name[16];

		snprintf(name, sizeof(name), "w%d.example", i);
		if (seal_key_from_seed(seed, &keys[i]) ||
		    seal_vkey_init(&vkeys[i], name, SEAL_KEY_COSIGNATURE,
				   seal_key_public(keys[i]), NULL))
			return -1;
	}
	return seal_vkey_init(&log_vkey, "h.example/audit", SEAL_KEY_ED25519,
			      seal_key_public(keys[KEYS - 1]), NULL);
}

static int free_keys(void **state)
{
	(void)state;
	seal_vkey_fini(&log_vkey);
	for (int i = 0; i < KEYS; i++) {
		seal_vkey_fini(&vkeys[i]);
		seal_key_free(keys[i]);
	}
	return 0;
}

/* "%w3" is the vkey of witness 3, "%l" that of the log. */
static char *expand(const char *text)
{
	struct seal_buf b = SEAL_BUF_INIT;
	char *out;

	for (const char *at = text; *at;) {
		if (strncmp(at, "%w", 2) == 0) {
			seal_vkey_put(&b,
				      &vkeys[strtol(at + 2, (char **)&at, 10)]);
		} else if (strncmp(at, "%l", 2) == 0) {
			seal_vkey_put(&b, &log_vkey);
			at += 2;
		} else {
			seal_buf_put_u8(&b, (uint8_t)*at++);
		}
	}
	out = strdup(seal_buf_cstr(&b));
	seal_buf_fini(&b);
	return out;
}

static int parse(const char *text, struct seal_policy **ret_policy,
		 struct seal_diag *diag)
{
	char *full = expand(text);
	int err =
		seal_policy_parse(full, strlen(full), "FILE", ret_policy, diag);

	free(full);
	return err;
}

static struct seal_policy *good(const char *text)
{
	struct seal_policy *policy = NULL;
	struct seal_diag diag = {0};

	if (parse(text, &policy, &diag))
		fail_msg("%s", diag.text);
	return policy;
}

/* The example of the tlog-policy specification. */
#define EXAMPLE                                            \
	"log %l\n\n"                                       \
	"witness X1 %w1\nwitness X2 %w2\nwitness X3 %w3\n" \
	"group X-witnesses 2 X1 X2 X3\n\n"                 \
	"witness Y1 %w4\nwitness Y2 %w5\nwitness Y3 %w6\n" \
	"group Y-witnesses any Y1 Y2 Y3\n\n"               \
	"group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"

static void test_example(void **state)
{
	struct seal_policy *policy = good(EXAMPLE);
	const struct seal_policy_witness *w;

	(void)state;
	assert_int_equal(seal_policy_log_count(policy), 1);
	assert_string_equal(seal_policy_log(policy, 0)->vkey.name,
			    "h.example/audit");
	assert_null(seal_policy_log(policy, 0)->url);
	assert_int_equal(seal_policy_log(policy, 0)->line, 1);
	assert_null(seal_policy_log(policy, 1));
	assert_int_equal(seal_policy_witness_count(policy), 6);
	w = seal_policy_witness(policy, 3);
	assert_string_equal(w->name, "Y1");
	assert_string_equal(w->vkey.name, "w4.example");
	assert_int_equal(w->line, 8);
	assert_null(seal_policy_witness(policy, 6));
	assert_string_equal(seal_policy_quorum_name(policy), "X-and-Y");
	assert_false(seal_policy_quorum_none(policy));
	assert_int_equal(seal_policy_warnings(policy), 0);
	/* 2 of X and 1 of Y, over every set. */
	for (unsigned set = 0; set < 64; set++) {
		bool have[6];
		int x, y;

		for (int i = 0; i < 6; i++)
			have[i] = set >> i & 1;
		x = have[0] + have[1] + have[2];
		y = have[3] + have[4] + have[5];
		assert_int_equal(seal_policy_met(policy, have),
				 x >= 2 && y >= 1);
	}
	seal_policy_free(policy);
	seal_policy_free(NULL);
}

static void test_syntax(void **state)
{
	struct seal_policy *policy;
	struct seal_hash digest;
	char *text;

	(void)state;
	policy = good("# a comment\n \t # another\n\n \t\n"
		      "\tlog \t %l \thttps://log.example/ \t\n"
		      "witness \xc3\xa9\xff %w1 https://w.example\n"
		      "group none-of 1 \xc3\xa9\xff\n  quorum none-of  \n"
		      "# after\n");
	assert_string_equal(seal_policy_log(policy, 0)->url,
			    "https://log.example/");
	assert_string_equal(seal_policy_witness(policy, 0)->url,
			    "https://w.example");
	assert_string_equal(seal_policy_witness(policy, 0)->name,
			    "\xc3\xa9\xff");
	assert_int_equal(seal_policy_witness(policy, 0)->line, 6);
	seal_policy_free(policy);

	policy = good("quorum none\n"); /* an empty set of logs is allowed */
	assert_true(seal_policy_quorum_none(policy));
	assert_string_equal(seal_policy_quorum_name(policy), "none");
	assert_true(seal_policy_met(policy, NULL));
	assert_int_equal(seal_policy_warnings(policy),
			 SEAL_POLICY_WARN_NO_QUORUM);
	text = expand("quorum none\n");
	assert_int_equal(seal_sha256(text, strlen(text), &digest), 0);
	assert_true(seal_hash_equal(&digest, seal_policy_digest(policy)));
	free(text);
	seal_policy_free(policy);

	/* What comes after the quorum counts too. */
	policy = good("witness a %w1\nquorum a\nwitness b %w2\nlog %l\n");
	assert_int_equal(seal_policy_witness_count(policy), 2);
	assert_int_equal(seal_policy_log_count(policy), 1);
	seal_policy_free(policy);
}

static const struct {
	const char *text;
	unsigned line;
	const char *says;
} bad_policies[] = {
	{"", 0, "no quorum"},
	{"# only this\n", 1, "no quorum"},
	{"log %l\n", 1, "no quorum"},
	{"quorum none", 1, "line feed"},
	{"quorum none\nlog %l", 2, "line feed"},
	{"quorum none\r\n", 1, "carriage return"},
	{"quorum none\n\v\n", 2, "0x0b"},
	{"quorum none\n#\x7f\n", 2, "0x7f"},
	{"quorum none\nquorum none\n", 2, "line 1"},
	{"quorum\n", 1, "missing"},
	{"quorum none none\n", 1, "too many"},
	{"quorum a\n", 1, "above"},
	{"quorum a\nwitness a %w1\n", 1, "above"},
	{"Quorum none\n", 1, "unknown"},
	{"logs %l\n", 1, "unknown"},
	{"\x1b[2J none\n", 1, "0x1b"},
	{"\xe2\x80\xae none\n", 1, "\\u202e"}, /* shown, not obeyed */
	{"log\n", 1, "missing"},
	{"log %w1\n", 1, "witness?"},
	{"log %l url more\n", 1, "\"more\""},
	{"log nonsense\n", 1, "verifier key"},
	{"quorum none\n\nlog %l\nlog %l\n", 4, "line 3"},
	{"witness\n", 1, "missing"},
	{"witness a\n", 1, "missing"},
	{"witness a %l\n", 1, "log?"},
	{"witness a %w1 url more\n", 1, "\"more\""},
	{"witness none %w1\n", 1, "\"none\""},
	{"witness a %w1\nwitness a %w2\n", 2, "line 1"},
	{"witness a %w1\nwitness b %w1\nquorum a\n", 2, "line 1"},
	{"witness a w.example+00000000+BgAA\n", 1, "0x06"},
	{"group\n", 1, "missing"},
	{"group g\n", 1, "missing"},
	{"group g any\n", 1, "no members"},
	{"group none any a\n", 1, "\"none\""},
	{"group g any a\n", 1, "above"},
	{"group g any g\n", 1, "above"},
	{"group g any none\n", 1, "\"none\""},
	{"witness a %w1\ngroup a any a\n", 2, "line 1"},
	{"witness a %w1\ngroup g any a a\n", 2, "already"},
	{"witness a %w1\ngroup g any a\ngroup h any a\n", 3, "already"},
	{"witness a %w1\ngroup g any a\ngroup h any g\ngroup i any g\n", 4,
	 "already"},
	{"witness a %w1\ngroup g any a\ngroup g any g\n", 3, "line 2"},
	{"witness a %w1\ngroup g 0 a\n", 2, "1 to 1"},
	{"witness a %w1\ngroup g 2 a\n", 2, "1 to 1"},
	{"witness a %w1\ngroup g 01 a\n", 2, "1 to 1"},
	{"witness a %w1\ngroup g +1 a\n", 2, "1 to 1"},
	{"witness a %w1\ngroup g All a\n", 2, "1 to 1"},
	{"witness a %w1\ngroup g 18446744073709551617 a\n", 2, "1 to 1"},
};

static void test_bad_policies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bad_policies) / sizeof(bad_policies[0]);
	     i++) {
		struct seal_policy *policy = NULL;
		struct seal_diag diag = {0};

		if (parse(bad_policies[i].text, &policy, &diag) !=
		    SEAL_E_CONFIG)
			fail_msg("case %zu was taken", i);
		assert_null(policy);
		assert_int_equal(diag.code, SEAL_E_CONFIG);
		assert_int_equal(diag.index, bad_policies[i].line);
		if (!strstr(diag.text, bad_policies[i].says) ||
		    strncmp(diag.text, "FILE, line ", 11) != 0)
			fail_msg("case %zu says: %s", i, diag.text);
		assert_int_equal(parse(bad_policies[i].text, &policy, NULL),
				 SEAL_E_CONFIG);
	}
	assert_int_equal(seal_policy_parse("quorum none\n\0\n", 14, "FILE",
					   &(struct seal_policy *){NULL}, NULL),
			 SEAL_E_CONFIG);
	assert_int_equal(seal_policy_parse("", SEAL_POLICY_MAX_BYTES + 1,
					   "FILE",
					   &(struct seal_policy *){NULL}, NULL),
			 SEAL_E_TOOBIG);
}

/* An error text is one safe line, however long the words are. */
static void test_hostile_words(void **state)
{
	struct seal_policy *policy = NULL;
	struct seal_diag diag = {0};
	char text[3000];

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "quorum ", 7);
	text[sizeof(text) - 2] = '\n';
	assert_int_equal(seal_policy_parse(text, sizeof(text) - 1, "FILE",
					   &policy, &diag),
			 SEAL_E_CONFIG);
	assert_non_null(strstr(diag.text, "..."));
	assert_non_null(strstr(diag.text, "define it first"));
	memset(text + 7, 0xc2, 1000);
	assert_int_equal(seal_policy_parse(text, sizeof(text) - 1, "FILE",
					   &policy, &diag),
			 SEAL_E_CONFIG);
	assert_non_null(strstr(diag.text, "\\xc2\\xc2"));
}

static void test_warnings(void **state)
{
	static const struct {
		const char *text;
		unsigned warnings;
	} cases[] = {
		{"quorum a\n", 0},
		{"group g any a\nquorum g\n", 0},
		{"group g any a b\nquorum g\n", SEAL_POLICY_WARN_SPLIT},
		{"group g all a b\nquorum g\n", 0},
		{"group g 2 a b c\nquorum g\n", 0},
		{"group g 2 a b c d\nquorum g\n", SEAL_POLICY_WARN_SPLIT},
		{"group g 3 a b c d\nquorum g\n", 0},
		/* one of two groups, each of which is tight */
		{"group g all a b\ngroup h all c d\ngroup i any g h\n"
		 "quorum i\n",
		 SEAL_POLICY_WARN_SPLIT},
		/* both groups must be split for a split of "all" */
		{"group g any a b\ngroup h all c d\ngroup i all g h\n"
		 "quorum i\n",
		 0},
		{"group g any a b\ngroup h any c d\ngroup i all g h\n"
		 "quorum i\n",
		 SEAL_POLICY_WARN_SPLIT},
		/* a group that can be split counts for both sides */
		{"group g any a b\ngroup i 2 g c d\nquorum i\n",
		 SEAL_POLICY_WARN_SPLIT},
		{"group g all a b\ngroup i 2 g c d\nquorum i\n", 0},
		/* loose, but not what the quorum names */
		{"group g any a b\nquorum c\n", 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct seal_policy *policy;
		char text[1000];

		snprintf(text, sizeof(text),
			 "witness a %%w1\nwitness b %%w2\nwitness c %%w3\n"
			 "witness d %%w4\n%s",
			 cases[i].text);
		policy = good(text);
		if (seal_policy_warnings(policy) != cases[i].warnings)
			fail_msg("case %zu", i);
		seal_policy_free(policy);
	}
	for (unsigned w = 1; w <= 8; w *= 2)
		assert_true(strlen(seal_policy_warning_text(w)) > 10);
}

static void test_key_twice(void **state)
{
	struct seal_vkey both;
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_policy *policy = NULL;

	(void)state;
	assert_int_equal(seal_vkey_init(&both, "w", SEAL_KEY_COSIGNATURE,
					log_vkey.pub, NULL),
			 0);
	seal_buf_put_str(&b, "log ");
	seal_vkey_put(&b, &log_vkey);
	seal_buf_put_str(&b, "\nwitness w ");
	seal_vkey_put(&b, &both);
	seal_buf_put_str(&b, "\nquorum w\n");
	assert_int_equal(seal_policy_parse(b.data, b.len, "F", &policy, NULL),
			 0);
	assert_int_equal(seal_policy_warnings(policy),
			 SEAL_POLICY_WARN_KEY_TWICE);
	seal_policy_free(policy);
	seal_vkey_fini(&both);
	seal_buf_fini(&b);
}

/* As many as the specification wants supported, and a few more. */
static void test_many(void **state)
{
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_policy *policy = NULL;
	bool have[SEAL_POLICY_WITNESSES_MAX] = {false};

	(void)state;
	for (int i = 0; i < KEYS; i++) {
		struct seal_vkey log;
		char origin[32];

		snprintf(origin, sizeof(origin), "h%d.example/audit", i);
		assert_int_equal(seal_vkey_init(&log, origin, SEAL_KEY_ED25519,
						vkeys[i].pub, NULL),
				 0);
		seal_buf_put_str(&b, "log ");
		seal_vkey_put(&b, &log);
		seal_buf_putf(&b, "\nwitness w%d ", i);
		seal_vkey_put(&b, &vkeys[i]);
		seal_buf_putf(&b, "\ngroup g%d all w%d", i, i);
		if (i > 0)
			seal_buf_putf(&b, " g%d", i - 1);
		seal_buf_put_str(&b, "\n");
		seal_vkey_fini(&log);
	}
	seal_buf_putf(&b, "quorum g%d\n", KEYS - 1);
	assert_int_equal(seal_policy_parse(b.data, b.len, "F", &policy, NULL),
			 0);
	assert_int_equal(seal_policy_log_count(policy), KEYS);
	assert_int_equal(seal_policy_find_log(policy, "h7.example/audit", 0),
			 7);
	assert_int_equal(seal_policy_find_log(policy, "h7.example/audit", 8),
			 KEYS);
	assert_int_equal(seal_policy_find_log(policy, "h7.example", 0), KEYS);
	for (int i = 0; i < KEYS; i++) {
		assert_false(seal_policy_met(policy, have));
		have[i] = true;
	}
	assert_true(seal_policy_met(policy, have));
	seal_policy_free(policy);
	seal_buf_fini(&b);
}

/* A note of the log, cosigned by some witnesses at some times. */
static void cosign(struct seal_buf *b, const int *who, const uint64_t *when_s,
		   size_t n, struct seal_note *ret_note)
{
	static const struct seal_hash root = {{5}};
	struct seal_checkpoint cp;
	size_t text_len;

	seal_buf_reset(b);
	assert_int_equal(seal_checkpoint_init(&cp, "h.example/audit", 9, &root),
			 0);
	assert_int_equal(
		seal_checkpoint_put_signed(b, &cp, keys[KEYS - 1], NULL), 0);
	assert_int_equal(seal_note_parse(b->data, b->len, ret_note, NULL), 0);
	text_len = ret_note->text_len;
	for (size_t i = 0; i < n; i++) {
		uint8_t text[SEAL_CHECKPOINT_TEXT_MAX_BYTES];

		memcpy(text, b->data, text_len);
		assert_int_equal(seal_cosig_sign(b, text, text_len, when_s[i],
						 &vkeys[who[i]], keys[who[i]]),
				 0);
	}
	assert_int_equal(seal_note_parse(b->data, b->len, ret_note, NULL), 0);
}

static void test_evaluate(void **state)
{
	static const int who[] = {1, 3, 5, 6};
	static const uint64_t when_s[] = {400, 100, 300, 200};
	struct seal_policy *policy = good(EXAMPLE);
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_quorum q;
	struct seal_note note;

	(void)state;
	/* X1 at 400 and X3 at 100; Y2 at 300, Y3 at 200. */
	cosign(&b, who, when_s, 4, &note);
	assert_int_equal(seal_policy_evaluate(policy, &note, &q, NULL), 0);
	assert_true(q.met);
	assert_false(q.none);
	assert_int_equal(q.good, 4);
	assert_int_equal(q.bad, 0);
	assert_int_equal(q.oldest_s, 100);
	assert_int_equal(q.newest_s, 400);
	assert_int_equal(q.met_s, 100); /* two of X are only from 100 on */
	assert_int_equal(q.state[0], SEAL_WITNESS_GOOD);
	assert_int_equal(q.state[1], SEAL_WITNESS_ABSENT);
	assert_int_equal(q.time_s[4], 300);

	/* Without X3 it is not met. */
	cosign(&b, (int[]){1, 5}, when_s, 2, &note);
	assert_int_equal(seal_policy_evaluate(policy, &note, &q, NULL), 0);
	assert_false(q.met);
	assert_int_equal(q.met_s, 0);
	assert_int_equal(q.good, 2);

	/* X2 beside it raises the time: X1 400, X2 350, Y 300. */
	cosign(&b, (int[]){1, 3, 5, 6, 2},
	       (uint64_t[]){400, 100, 300, 200, 350}, 5, &note);
	assert_int_equal(seal_policy_evaluate(policy, &note, &q, NULL), 0);
	assert_int_equal(q.met_s, 300);

	/* Nobody at all. */
	cosign(&b, NULL, NULL, 0, &note);
	assert_int_equal(seal_policy_evaluate(policy, &note, &q, NULL), 0);
	assert_false(q.met);
	assert_int_equal(q.good, 0);
	assert_int_equal(q.newest_s, 0);
	seal_policy_free(policy);

	policy = good("witness a %w1\nquorum none\n");
	assert_int_equal(seal_policy_evaluate(policy, &note, &q, NULL), 0);
	assert_true(q.met);
	assert_true(q.none);
	assert_int_equal(q.met_s, 0);
	seal_policy_free(policy);
	seal_buf_fini(&b);
}

static void test_log_line(void **state)
{
	struct seal_policy *policy = good(EXAMPLE);
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_note note;
	size_t log = 77;

	(void)state;
	cosign(&b, NULL, NULL, 0, &note);
	assert_int_equal(seal_policy_verify_log(policy, &note,
						"h.example/audit", &log, NULL),
			 0);
	assert_int_equal(log, 0);
	assert_int_equal(seal_policy_verify_log(policy, &note,
						"other.example/x", &log, NULL),
			 SEAL_E_NOTFOUND);
	assert_int_equal(log, 0); /* left alone */
	seal_policy_free(policy);
	seal_buf_fini(&b);
}

/* One cosignature of a known key that is wrong spoils the note. */
static void test_bad_cosignature(void **state)
{
	struct seal_policy *policy = good(EXAMPLE);
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_quorum q;
	struct seal_note note;
	uint8_t sig[SEAL_COSIG_BYTES] = {0};
	size_t log;

	(void)state;
	cosign(&b, (int[]){1, 2, 4}, (uint64_t[]){1, 2, 3}, 3, &note);
	seal_note_put_sig(&b, "w6.example", vkeys[6].id, sig, sizeof(sig));
	assert_int_equal(seal_note_parse(b.data, b.len, &note, NULL), 0);
	assert_int_equal(seal_policy_evaluate(policy, &note, &q, NULL), 0);
	assert_false(q.met);
	assert_int_equal(q.good, 3);
	assert_int_equal(q.bad, 1);
	assert_int_equal(q.state[5], SEAL_WITNESS_BAD);
	assert_int_equal(q.met_s, 0);

	/* A line of the log's that is wrong. */
	seal_note_put_sig(&b, log_vkey.name, log_vkey.id, sig, 64);
	assert_int_equal(seal_note_parse(b.data, b.len, &note, NULL), 0);
	assert_int_equal(seal_policy_verify_log(policy, &note,
						"h.example/audit", &log, NULL),
			 SEAL_E_SIG);
	/* Witnesses that are not of the policy are not looked at. */
	cosign(&b, (int[]){1, 2, 4}, (uint64_t[]){1, 2, 3}, 3, &note);
	seal_note_put_sig(&b, "w7.example", vkeys[7].id, sig, sizeof(sig));
	assert_int_equal(seal_note_parse(b.data, b.len, &note, NULL), 0);
	assert_int_equal(seal_policy_evaluate(policy, &note, &q, NULL), 0);
	assert_true(q.met);
	assert_int_equal(q.met_s, 1);
	seal_policy_free(policy);
	seal_buf_fini(&b);
}

static void test_golden(void **state)
{
	size_t len, note_len, log;
	uint8_t *text = test_file_read("tests/golden/c2sp/policy", &len);
	uint8_t *cosigned = test_file_read("tests/golden/c2sp/checkpoint."
					   "cosigned",
					   &note_len);
	struct seal_policy *policy = NULL;
	struct seal_checkpoint cp;
	struct seal_note note;
	struct seal_quorum q;

	(void)state;
	assert_int_equal(seal_policy_parse(text, len, "policy", &policy, NULL),
			 0);
	assert_int_equal(seal_checkpoint_parse_note(cosigned, note_len, &note,
						    &cp, NULL),
			 0);
	assert_int_equal(
		seal_policy_verify_log(policy, &note, cp.origin, &log, NULL),
		0);
	assert_int_equal(seal_policy_evaluate(policy, &note, &q, NULL), 0);
	assert_true(q.met);
	assert_int_equal(q.met_s, 1795262400);
	seal_policy_free(policy);
	free(cosigned);
	free(text);
}

static int parse_and_evaluate(void *arg)
{
	struct seal_policy *policy = NULL;
	struct seal_note *note = arg;
	struct seal_quorum q;
	char text[4000];
	struct seal_buf b;
	int err;

	/* The vkeys on the stack, so that only the parser allocates. */
	seal_buf_init_fixed(&b, text, sizeof(text));
	seal_buf_put_str(&b, "log ");
	seal_vkey_put(&b, &log_vkey);
	seal_buf_put_str(&b, " https://log.example\n");
	for (int i = 0; i < 9; i++) {
		seal_buf_putf(&b, "witness w%d ", i);
		seal_vkey_put(&b, &vkeys[i]);
		seal_buf_putf(&b, " https://w%d.example\ngroup g%d any w%d\n",
			      i, i, i);
	}
	seal_buf_put_str(&b, "group h 2 g1 g2 g3\nquorum h\n");
	err = seal_buf_error(&b);
	if (!err)
		err = seal_policy_parse(b.data, b.len, "F", &policy, NULL);
	if (err)
		assert_null(policy);
	else
		err = seal_policy_evaluate(policy, note, &q, NULL);
	seal_policy_free(policy);
	return err;
}

/* Two keys of one origin: either signs for it. */
static void test_two_log_keys(void **state)
{
	struct seal_buf text = SEAL_BUF_INIT, b = SEAL_BUF_INIT;
	struct seal_policy *policy = NULL;
	struct seal_vkey older;
	struct seal_note note;
	size_t log = 77;

	(void)state;
	assert_int_equal(seal_vkey_init(&older, log_vkey.name, SEAL_KEY_ED25519,
					vkeys[0].pub, NULL),
			 0);
	seal_buf_put_str(&text, "log ");
	seal_vkey_put(&text, &older);
	seal_buf_put_str(&text, "\nlog ");
	seal_vkey_put(&text, &log_vkey);
	seal_buf_put_str(&text, "\nquorum none\n");
	assert_int_equal(
		seal_policy_parse(text.data, text.len, "F", &policy, NULL), 0);
	cosign(&b, NULL, NULL, 0, &note);
	assert_int_equal(seal_policy_verify_log(policy, &note, log_vkey.name,
						&log, NULL),
			 0);
	assert_int_equal(log, 1);
	seal_policy_free(policy);
	seal_vkey_fini(&older);
	seal_buf_fini(&b);
	seal_buf_fini(&text);
}

/* One witness, and one group, more than there may be. */
static void test_limits(void **state)
{
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_policy *policy = NULL;
	struct seal_diag diag;

	(void)state;
	for (unsigned i = 0; i <= SEAL_POLICY_WITNESSES_MAX; i++) {
		uint8_t seed[SEAL_SEED_BYTES] = {(uint8_t)i, (uint8_t)(i >> 8),
						 2};
		struct seal_vkey vkey;
		struct seal_key *key;

		assert_int_equal(seal_key_from_seed(seed, &key), 0);
		assert_int_equal(seal_vkey_init(&vkey, "w",
						SEAL_KEY_COSIGNATURE,
						seal_key_public(key), NULL),
				 0);
		seal_buf_putf(&b, "witness w%u ", i);
		seal_vkey_put(&b, &vkey);
		seal_buf_put_str(&b, "\n");
		seal_vkey_fini(&vkey);
		seal_key_free(key);
	}
	assert_int_equal(seal_policy_parse(b.data, b.len, "F", &policy, &diag),
			 SEAL_E_CONFIG);
	assert_non_null(strstr(diag.text, "more than 256 witnesses"));
	seal_buf_reset(&b);
	seal_buf_put_str(&b, "witness g ");
	seal_vkey_put(&b, &vkeys[0]);
	for (int i = 0; i <= SEAL_POLICY_GROUPS_MAX; i++) {
		seal_buf_putf(&b, "\ngroup g%d any g", i);
		if (i)
			seal_buf_putf(&b, "%d", i - 1);
	}
	seal_buf_put_str(&b, "\n");
	assert_int_equal(seal_policy_parse(b.data, b.len, "F", &policy, &diag),
			 SEAL_E_CONFIG);
	assert_non_null(strstr(diag.text, "more than 256 groups"));
	assert_int_equal(diag.index, 258);
	seal_buf_fini(&b);
}

static void test_failures(void **state)
{
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_note note;

	(void)state;
	cosign(&b, (int[]){1, 2}, (uint64_t[]){1, 2}, 2, &note);
	assert_true(oom_every(parse_and_evaluate, &note) > 50);
	assert_true(hash_fail_every(parse_and_evaluate, &note) > 10);
	seal_buf_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_example),
		cmocka_unit_test(test_syntax),
		cmocka_unit_test(test_bad_policies),
		cmocka_unit_test(test_hostile_words),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_key_twice),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_evaluate),
		cmocka_unit_test(test_log_line),
		cmocka_unit_test(test_bad_cosignature),
		cmocka_unit_test(test_golden),
		cmocka_unit_test(test_two_log_keys),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_failures),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, make_keys, free_keys);
}
