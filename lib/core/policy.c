/* SPDX-License-Identifier: Apache-2.0 */
/* The policy file (C2SP tlog-policy): see policy.h.  Evaluation: quorum.c. */
#include "core/policy.h"

#include <stdlib.h>
#include <string.h>

#include "core/policy_impl.h"
#include "core/policy_lex.h"
#include "core/text.h"

#define FIRST_CAP 8

/* Room for one more element; false: no memory. */
static bool grow(void *array, size_t count, size_t *cap, size_t size)
{
	void **mem = array;
	size_t more = *cap ? *cap * 2 : FIRST_CAP;
	void *moved;

	if (count < *cap)
		return true;
	moved = reallocarray(*mem, more, size);
	if (!moved)
		return false;
	*mem = moved;
	*cap = more;
	return true;
}

static int expect_word(struct seal_lex *lex, const char *what,
		       struct seal_word *ret_word)
{
	if (seal_lex_word(lex, ret_word))
		return 0;
	return seal_lex_fail(lex, "%s is missing: add it", what);
}

static int expect_end(struct seal_lex *lex)
{
	char shown[SEAL_WORD_SHOWN_BYTES];
	struct seal_word word;

	if (!seal_lex_word(lex, &word))
		return 0;
	return seal_lex_fail(lex, "\"%s\" is one word too many: remove it",
			     seal_word_show(&word, shown));
}

/* A vkey of one type. */
static int parse_vkey(struct seal_lex *lex, uint8_t type,
		      struct seal_vkey *ret_vkey)
{
	struct seal_diag why = {0};
	struct seal_word word;
	int err;

	err = expect_word(lex, "the verifier key (name+id+key)", &word);
	if (err)
		return err;
	err = seal_vkey_parse(word.p, word.len, ret_vkey, &why);
	if (err == SEAL_E_NOMEM || err == SEAL_E_CRYPTO)
		return seal_lex_error(lex, err);
	if (err)
		return seal_lex_fail(lex, "%s", why.text);
	if (ret_vkey->type == type)
		return 0;
	seal_vkey_fini(ret_vkey);
	return seal_lex_fail(
		lex, type == SEAL_KEY_ED25519
			     ? "a log needs a key of type 0x01, this one is a "
			       "cosigner's (0x04): is it a witness?"
			     : "a witness needs a key of type 0x04, this one "
			       "signs notes (0x01): is it a log?");
}

/* "[url]" and the end of the line. */
static int parse_url(struct seal_lex *lex, char **ret_url)
{
	struct seal_word word;
	int err;

	if (!seal_lex_word(lex, &word))
		return 0;
	err = expect_end(lex);
	if (err)
		return err;
	*ret_url = seal_word_dup(&word);
	return *ret_url ? 0 : seal_lex_error(lex, SEAL_E_NOMEM);
}

/* log <vkey> [<url>] */
static int parse_log(struct seal_policy *p, struct seal_lex *lex)
{
	struct seal_policy_log log = {.line = lex->line};
	int err;

	if (p->log_count == SEAL_POLICY_LOGS_MAX)
		return seal_lex_fail(lex, "more than %d logs: split the file",
				     SEAL_POLICY_LOGS_MAX);
	err = parse_vkey(lex, SEAL_KEY_ED25519, &log.vkey);
	if (err)
		return err;
	err = parse_url(lex, &log.url);
	if (!err && !grow(&p->logs, p->log_count, &p->log_cap, sizeof(log)))
		err = seal_lex_error(lex, SEAL_E_NOMEM);
	if (err) {
		seal_vkey_fini(&log.vkey);
		free(log.url);
		return err;
	}
	p->logs[p->log_count++] = log; /* transferred */
	return 0;
}

static bool find_name(const struct seal_policy *p, const struct seal_word *name,
		      struct seal_policy_ref *ret_ref)
{
	for (unsigned i = 0; i < p->witness_count; i++)
		if (seal_word_is(name, p->witnesses[i].name)) {
			*ret_ref = (struct seal_policy_ref){false, i};
			return true;
		}
	for (unsigned i = 0; i < p->group_count; i++)
		if (seal_word_is(name, p->groups[i].name)) {
			*ret_ref = (struct seal_policy_ref){true, i};
			return true;
		}
	return false;
}

/* A name that is about to be defined: a copy of it. */
static int parse_new_name(const struct seal_policy *p, struct seal_lex *lex,
			  const char *what, char **ret_name)
{
	char shown[SEAL_WORD_SHOWN_BYTES];
	struct seal_policy_ref ref;
	struct seal_word word;
	int err;

	err = expect_word(lex, what, &word);
	if (err)
		return err;
	if (seal_word_is(&word, "none"))
		return seal_lex_fail(lex, "the name \"none\" has a meaning of "
					  "its own: choose another");
	if (find_name(p, &word, &ref))
		return seal_lex_fail(lex,
				     "the name \"%s\" was defined in line %u: "
				     "choose another",
				     seal_word_show(&word, shown),
				     ref.is_group ? p->groups[ref.i].line
						  : p->witnesses[ref.i].line);
	*ret_name = seal_word_dup(&word);
	return *ret_name ? 0 : seal_lex_error(lex, SEAL_E_NOMEM);
}

/* witness <name> <vkey> [<url>] */
static int parse_witness(struct seal_policy *p, struct seal_lex *lex)
{
	struct seal_policy_witness w = {.line = lex->line};
	int err;

	if (p->witness_count == SEAL_POLICY_WITNESSES_MAX)
		return seal_lex_fail(lex, "more than %d witnesses: remove some",
				     SEAL_POLICY_WITNESSES_MAX);
	err = parse_new_name(p, lex, "the name of the witness", &w.name);
	if (!err)
		err = parse_vkey(lex, SEAL_KEY_COSIGNATURE, &w.vkey);
	if (!err)
		err = parse_url(lex, &w.url);
	if (!err &&
	    !grow(&p->witnesses, p->witness_count, &p->witness_cap, sizeof(w)))
		err = seal_lex_error(lex, SEAL_E_NOMEM);
	if (err) {
		seal_vkey_fini(&w.vkey);
		free(w.url);
		free(w.name);
		return err;
	}
	p->witnesses[p->witness_count++] = w; /* transferred */
	return 0;
}

/* A name that must be defined above. */
static int resolve(const struct seal_policy *p, const struct seal_lex *lex,
		   const struct seal_word *word,
		   struct seal_policy_ref *ret_ref)
{
	char shown[SEAL_WORD_SHOWN_BYTES];

	if (find_name(p, word, ret_ref))
		return 0;
	return seal_lex_fail(lex,
			     "\"%s\" is no witness or group of a line above: "
			     "define it first",
			     seal_word_show(word, shown));
}

/* Each name is a member once at most, so that each witness counts once. */
static int add_member(struct seal_policy *p, const struct seal_lex *lex,
		      const struct seal_word *word)
{
	char shown[SEAL_WORD_SHOWN_BYTES];
	struct seal_policy_ref ref;
	bool *used;
	int err;

	if (seal_word_is(word, "none"))
		return seal_lex_fail(lex, "\"none\" cannot be in a group: "
					  "remove it");
	err = resolve(p, lex, word, &ref);
	if (err)
		return err;
	used = ref.is_group ? &p->group_used[ref.i] : &p->witness_used[ref.i];
	if (*used)
		return seal_lex_fail(lex,
				     "\"%s\" is in a group already: each name "
				     "may be in one only, and once",
				     seal_word_show(word, shown));
	if (!grow(&p->members, p->member_count, &p->member_cap, sizeof(ref)))
		return seal_lex_error(lex, SEAL_E_NOMEM);
	*used = true;
	p->members[p->member_count++] = ref;
	return 0;
}

static int parse_threshold(const struct seal_lex *lex,
			   const struct seal_word *word, unsigned members,
			   unsigned *ret_threshold)
{
	uint64_t k;

	if (seal_word_is(word, "any"))
		k = 1;
	else if (seal_word_is(word, "all"))
		k = members;
	else if (seal_dec_decode(word->p, word->len, members, &k) || k == 0)
		return seal_lex_fail(lex,
				     "the threshold must be any, all, or a "
				     "number from 1 to %u, how many members "
				     "there are",
				     members);
	*ret_threshold = (unsigned)k;
	return 0;
}

/* The members of a group, and its threshold, which stands before them. */
static int parse_members(struct seal_policy *p, struct seal_lex *lex,
			 struct seal_policy_group *group)
{
	struct seal_word threshold, word;
	int err;

	err = expect_word(lex, "the threshold (any, all or a number)",
			  &threshold);
	while (!err && seal_lex_word(lex, &word))
		err = add_member(p, lex, &word);
	if (err)
		return err;
	group->member_count = (unsigned)p->member_count - group->first;
	if (group->member_count == 0)
		return seal_lex_fail(lex, "the group has no members: name at "
					  "least one");
	return parse_threshold(lex, &threshold, group->member_count,
			       &group->threshold);
}

/* group <name> all|any|<k> <name>... */
static int parse_group(struct seal_policy *p, struct seal_lex *lex)
{
	struct seal_policy_group group = {
		.line = lex->line,
		.first = (unsigned)p->member_count,
	};
	int err;

	if (p->group_count == SEAL_POLICY_GROUPS_MAX)
		return seal_lex_fail(lex, "more than %d groups: remove some",
				     SEAL_POLICY_GROUPS_MAX);
	err = parse_new_name(p, lex, "the name of the group", &group.name);
	if (!err)
		err = parse_members(p, lex, &group);
	if (!err &&
	    !grow(&p->groups, p->group_count, &p->group_cap, sizeof(group)))
		err = seal_lex_error(lex, SEAL_E_NOMEM);
	if (err) {
		free(group.name);
		return err;
	}
	p->groups[p->group_count++] = group; /* transferred */
	return 0;
}

/* quorum <name>|none */
static int parse_quorum(struct seal_policy *p, struct seal_lex *lex)
{
	struct seal_word word;
	int err;

	if (p->quorum_line)
		return seal_lex_fail(lex,
				     "a second quorum, the first is in line "
				     "%u: keep one",
				     p->quorum_line);
	err = expect_word(lex, "the name of a witness or group, or none",
			  &word);
	if (err)
		return err;
	if (seal_word_is(&word, "none"))
		p->quorum_none = true;
	else
		err = resolve(p, lex, &word, &p->quorum);
	if (err)
		return err;
	p->quorum_line = lex->line;
	return expect_end(lex);
}

static int parse_line(struct seal_policy *p, struct seal_lex *lex)
{
	char shown[SEAL_WORD_SHOWN_BYTES];
	struct seal_word word;

	seal_lex_word(lex, &word);
	if (seal_word_is(&word, "log"))
		return parse_log(p, lex);
	if (seal_word_is(&word, "witness"))
		return parse_witness(p, lex);
	if (seal_word_is(&word, "group"))
		return parse_group(p, lex);
	if (seal_word_is(&word, "quorum"))
		return parse_quorum(p, lex);
	return seal_lex_fail(lex,
			     "\"%s\" is unknown: a line begins with log, "
			     "witness, group, quorum or #",
			     seal_word_show(&word, shown));
}

/* A public key and the line it is in. */
struct key_line {
	const uint8_t *key;
	bool witness;
	unsigned line;
};

/* By key, then by kind, then by line. */
static int compare_keys(const void *a, const void *b)
{
	const struct key_line *ka = a, *kb = b;
	int order = memcmp(ka->key, kb->key, SEAL_PUB_BYTES);

	if (order)
		return order;
	if (ka->witness != kb->witness)
		return ka->witness ? 1 : -1;
	return ka->line < kb->line ? -1 : ka->line > kb->line;
}

static void collect_keys(const struct seal_policy *p, struct key_line *ret_keys)
{
	for (size_t i = 0; i < p->log_count; i++)
		*ret_keys++ =
			(struct key_line){seal_pub_bytes(p->logs[i].vkey.pub),
					  false, p->logs[i].line};
	for (size_t i = 0; i < p->witness_count; i++)
		*ret_keys++ = (struct key_line){
			seal_pub_bytes(p->witnesses[i].vkey.pub), true,
			p->witnesses[i].line};
}

/* Two lines of one kind with one key are an error, of two kinds a warning. */
static int check_keys(struct seal_policy *p, const struct seal_lex *lex)
{
	size_t n = p->log_count + p->witness_count;
	struct key_line *keys = calloc(n + 1, sizeof(*keys));
	int err = 0;

	if (!keys)
		return seal_lex_error(lex, SEAL_E_NOMEM);
	collect_keys(p, keys);
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < n && !err; i++) {
		if (memcmp(keys[i - 1].key, keys[i].key, SEAL_PUB_BYTES) != 0)
			continue;
		if (keys[i - 1].witness != keys[i].witness)
			p->warnings |= SEAL_POLICY_WARN_KEY_TWICE;
		else
			err = seal_lex_fail_at(
				lex, keys[i].line,
				"the same public key as in line %u: each %s "
				"needs a key of its own",
				keys[i - 1].line,
				keys[i].witness ? "witness" : "log");
	}
	free(keys);
	return err;
}

static int parse_file(struct seal_policy *p, struct seal_lex *lex)
{
	bool more;
	int err;

	for (;;) {
		err = seal_lex_line(lex, &more);
		if (!err && !more)
			break;
		if (!err)
			err = parse_line(p, lex);
		if (err)
			return err;
	}
	if (!p->quorum_line)
		return seal_lex_fail(lex,
				     "the file has no quorum line: add "
				     "\"quorum NAME\", or \"quorum none\"");
	err = check_keys(p, lex);
	if (err)
		return err;
	if (p->quorum_none)
		p->warnings |= SEAL_POLICY_WARN_NO_QUORUM;
	else if (seal_policy_can_split(p))
		p->warnings |= SEAL_POLICY_WARN_SPLIT;
	return 0;
}

int seal_policy_parse(const void *data, size_t len, const char *name,
		      struct seal_policy **ret_policy, struct seal_diag *diag)
{
	struct seal_policy *p;
	struct seal_lex lex;
	int err;

	err = seal_lex_init(&lex, data, len, SEAL_POLICY_MAX_BYTES, name, diag);
	if (err)
		return err;
	p = calloc(1, sizeof(*p));
	if (!p)
		return seal_lex_error(&lex, SEAL_E_NOMEM);
	err = seal_sha256(data, len, &p->digest);
	if (err)
		seal_lex_error(&lex, err);
	else
		err = parse_file(p, &lex);
	if (err) {
		seal_policy_free(p);
		return err;
	}
	*ret_policy = p;
	return 0;
}

void seal_policy_free(struct seal_policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < policy->log_count; i++) {
		seal_vkey_fini(&policy->logs[i].vkey);
		free(policy->logs[i].url);
	}
	for (size_t i = 0; i < policy->witness_count; i++) {
		seal_vkey_fini(&policy->witnesses[i].vkey);
		free(policy->witnesses[i].name);
		free(policy->witnesses[i].url);
	}
	for (size_t i = 0; i < policy->group_count; i++)
		free(policy->groups[i].name);
	free(policy->logs);
	free(policy->witnesses);
	free(policy->groups);
	free(policy->members);
	free(policy);
}
