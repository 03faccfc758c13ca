/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: the parser.  Contract: policy.h; C2SP tlog-policy. */
#include "core/policy.h"

#include "core/cur.h"
#include "core/policy_internal.h"
#include "core/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One line, cut into its words. */
struct line {
	const char *file;
	unsigned number;
	const char *at, *end; /* what is left of it */
	struct seal_diag *diag;
};

__attribute__((format(printf, 2, 3))) static int bad(const struct line *line,
						     const char *fmt, ...)
{
	char what[SEAL_DIAG_TEXT_BYTES];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	seal_diag_set(line->diag, SEAL_E_CONFIG, "%s, line %u: %s", line->file,
		      line->number, what);
	if (line->diag)
		line->diag->index = line->number;
	return SEAL_E_CONFIG;
}

static int nomem(const struct line *line)
{
	return seal_diag_set(line->diag, SEAL_E_NOMEM, "%s: out of memory",
			     line->file);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word, borrowed; its length is 0 at the end of the line. */
static const char *next_word(struct line *line, size_t *ret_len)
{
	const char *begin;

	while (line->at < line->end && is_blank(*line->at))
		line->at++;
	begin = line->at;
	while (line->at < line->end && !is_blank(*line->at))
		line->at++;
	*ret_len = (size_t)(line->at - begin);
	return begin;
}

static bool is(const char *word, size_t len, const char *what)
{
	return len == strlen(what) && memcmp(word, what, len) == 0;
}

/* An own copy of the next word; NULL with the error said. */
static char *take_word(struct line *line, const char *what, int *ret_error)
{
	size_t len;
	const char *word = next_word(line, &len);
	char *copy;

	if (len == 0) {
		*ret_error = bad(line, "the %s is missing", what);
		return NULL;
	}
	copy = strndup(word, len);
	if (!copy)
		*ret_error = nomem(line);
	return copy;
}

static int take_vkey(struct line *line, uint8_t type, const char *what,
		     struct seal_vkey *ret_vkey)
{
	struct seal_diag why = {0};
	size_t len;
	const char *word = next_word(line, &len);
	int r;

	if (len == 0)
		return bad(line, "the verifier key is missing");
	r = seal_vkey_parse(word, len, ret_vkey, &why);
	if (r == SEAL_E_NOMEM || r == SEAL_E_CRYPTO)
		return seal_diag_set(line->diag, r, "%s: %s", line->file,
				     seal_strerror(r));
	if (r != 0)
		return bad(line, "%s", why.text);
	if (ret_vkey->type != type) {
		r = bad(line,
			"a %s needs a key of type 0x%02x, this one is of type "
			"0x%02x",
			what, type, ret_vkey->type);
		seal_vkey_fini(ret_vkey);
		return r;
	}
	return 0;
}

static int take_url(struct line *line, char **ret_url)
{
	size_t len;
	const char *word = next_word(line, &len);
	char *url;

	if (len == 0)
		return 0;
	url = strndup(word, len);
	if (!url)
		return nomem(line);
	next_word(line, &len);
	if (len != 0) {
		free(url);
		return bad(line, "something stands behind the URL: remove it");
	}
	*ret_url = url;
	return 0;
}

/* Room for one more in an array that doubles; NULL: no memory. */
static void *room(void **array, size_t n, size_t bytes)
{
	void *grown;

	if (n & (n - 1))
		return (char *)*array + n * bytes;
	grown = realloc(*array, (n ? 2 * n : 1) * bytes);
	if (!grown)
		return NULL;
	*array = grown;
	return (char *)grown + n * bytes;
}

static int parse_log(struct seal_policy *policy, struct line *line)
{
	struct seal_policy_log log = {.line = line->number}, *at;
	int r;

	if (policy->n_logs == SEAL_POLICY_LOGS_MAX)
		return bad(line, "more than %d logs", SEAL_POLICY_LOGS_MAX);
	r = take_vkey(line, SEAL_KEY_ED25519, "log", &log.vkey);
	if (r != 0)
		return r;
	r = take_url(line, &log.url);
	if (r == 0 &&
	    !(at = room((void **)&policy->logs, policy->n_logs, sizeof(log))))
		r = nomem(line);
	if (r != 0) {
		seal_vkey_fini(&log.vkey);
		free(log.url);
		return r;
	}
	*at = log; /* transferred */
	policy->n_logs++;
	return 0;
}

/* The node (witness or group) of that name, or NULL. */
static struct seal_policy_node *find_node(const struct seal_policy *policy,
					  const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < policy->n_nodes; i++)
		if (is(name, len, policy->nodes[i].name))
			return &policy->nodes[i];
	return NULL;
}

static int add_node(struct seal_policy *policy, struct line *line,
		    const struct seal_policy_node *node)
{
	struct seal_policy_node *at;

	if (is("none", 4, node->name))
		return bad(line, "\"none\" is predefined: choose another name");
	if (find_node(policy, node->name, strlen(node->name)))
		return bad(line, "the name \"%s\" stands for two things",
			   node->name);
	at = room((void **)&policy->nodes, policy->n_nodes, sizeof(*node));
	if (!at)
		return nomem(line);
	*at = *node;
	policy->n_nodes++;
	return 0;
}

static int check_witness_key(const struct seal_policy *policy,
			     struct line *line, const struct seal_vkey *vkey)
{
	size_t i;

	for (i = 0; i < policy->n_witnesses; i++)
		if (seal_pub_equal(policy->witnesses[i].vkey.pub, vkey->pub))
			return bad(line,
				   "the key of line %u again: a witness "
				   "counts once",
				   policy->witnesses[i].line);
	return 0;
}

static int parse_witness(struct seal_policy *policy, struct line *line)
{
	struct seal_policy_witness w = {.line = line->number}, *at;
	struct seal_policy_node node = {.witness = policy->n_witnesses,
					.parent = SEAL_POLICY_NO_PARENT};
	int r = 0;

	if (policy->n_witnesses == SEAL_POLICY_WITNESSES_MAX)
		return bad(line, "more than %d witnesses",
			   SEAL_POLICY_WITNESSES_MAX);
	w.name = take_word(line, "name of the witness", &r);
	if (!w.name)
		return r;
	r = take_vkey(line, SEAL_KEY_COSIGNATURE, "witness", &w.vkey);
	if (r == 0)
		r = check_witness_key(policy, line, &w.vkey);
	if (r == 0)
		r = take_url(line, &w.url);
	if (r == 0 && !(at = room((void **)&policy->witnesses,
				  policy->n_witnesses, sizeof(w))))
		r = nomem(line);
	node.name = w.name; /* owned by the witness */
	if (r == 0)
		r = add_node(policy, line, &node);
	if (r != 0) {
		free(w.name);
		free(w.url);
		seal_vkey_fini(&w.vkey);
		return r;
	}
	*at = w; /* transferred */
	policy->n_witnesses++;
	return 0;
}

static int take_threshold(struct line *line, uint64_t *ret_k)
{
	size_t len;
	const char *word = next_word(line, &len);

	if (is(word, len, "all")) {
		*ret_k = UINT64_MAX;
		return 0;
	}
	if (is(word, len, "any")) {
		*ret_k = 1;
		return 0;
	}
	if (seal_dec_decode(word, len, SEAL_U63_MAX, ret_k) != 0 || *ret_k == 0)
		return bad(line, "behind the group's name stands \"all\", "
				 "\"any\" or a number from 1");
	return 0;
}

/* Makes the words that are left children of the node with this index. */
static int take_members(struct seal_policy *policy, struct line *line,
			size_t parent, size_t *ret_n)
{
	struct seal_policy_node *member;
	const char *word;
	size_t len, n = 0;

	while ((word = next_word(line, &len)), len != 0) {
		member = find_node(policy, word, len);
		if (!member)
			return bad(line,
				   "\"%.*s\" is not defined on a line before "
				   "this one",
				   (int)(len > 64 ? 64 : len), word);
		if (member->parent != SEAL_POLICY_NO_PARENT)
			return bad(line,
				   "\"%s\" is a member already: a name can be "
				   "a member once",
				   member->name);
		member->parent = parent;
		n++;
	}
	*ret_n = n;
	return n ? 0 : bad(line, "a group needs a member");
}

static int parse_group(struct seal_policy *policy, struct line *line)
{
	struct seal_policy_node node = {.witness = SEAL_POLICY_GROUP,
					.parent = SEAL_POLICY_NO_PARENT};
	size_t members;
	uint64_t k;
	int r = 0;

	if (policy->n_nodes - policy->n_witnesses == SEAL_POLICY_GROUPS_MAX)
		return bad(line, "more than %d groups", SEAL_POLICY_GROUPS_MAX);
	node.name = take_word(line, "name of the group", &r);
	if (!node.name)
		return r;
	r = take_threshold(line, &k);
	if (r == 0)
		r = take_members(policy, line, policy->n_nodes, &members);
	if (r == 0 && k != UINT64_MAX && k > members)
		r = bad(line, "%llu of %zu members can never be met",
			(unsigned long long)k, members);
	if (r == 0) {
		node.threshold = k == UINT64_MAX ? members : (size_t)k;
		r = add_node(policy, line, &node);
	}
	if (r != 0)
		free(node.name);
	return r;
}

static int parse_quorum(struct seal_policy *policy, struct line *line)
{
	const struct seal_policy_node *node;
	const char *word;
	size_t len, rest;

	if (policy->has_quorum)
		return bad(line, "a second quorum line: there must be one");
	word = next_word(line, &len);
	next_word(line, &rest);
	if (len == 0 || rest != 0)
		return bad(line, "a quorum line names one witness or group, "
				 "or \"none\"");
	policy->has_quorum = true;
	policy->quorum = SEAL_POLICY_NO_PARENT;
	if (is(word, len, "none"))
		return 0;
	node = find_node(policy, word, len);
	if (!node)
		return bad(line, "\"%.*s\" is not defined before this line",
			   (int)(len > 64 ? 64 : len), word);
	policy->quorum = (size_t)(node - policy->nodes);
	return 0;
}

static int check_characters(struct line *line)
{
	const char *p;

	for (p = line->at; p < line->end; p++)
		if ((unsigned char)*p == 0x7f ||
		    ((unsigned char)*p < 0x20 && *p != '\t'))
			return bad(line,
				   "byte 0x%02x is not allowed: only text, "
				   "spaces and tabs are",
				   (unsigned char)*p);
	return 0;
}

static int parse_line(struct seal_policy *policy, struct line *line)
{
	const char *word;
	size_t len;
	int r;

	r = check_characters(line);
	if (r != 0)
		return r;
	word = next_word(line, &len);
	if (len == 0 || word[0] == '#')
		return 0;
	if (is(word, len, "log"))
		return parse_log(policy, line);
	if (is(word, len, "witness"))
		return parse_witness(policy, line);
	if (is(word, len, "group"))
		return parse_group(policy, line);
	if (is(word, len, "quorum"))
		return parse_quorum(policy, line);
	return bad(line, "a line begins with log, witness, group, quorum or #");
}

static int by_pub(const void *a, const void *b)
{
	const struct seal_policy_log *const *la = a, *const *lb = b;

	return memcmp(seal_pub_bytes((*la)->vkey.pub),
		      seal_pub_bytes((*lb)->vkey.pub), SEAL_PUB_BYTES);
}

/* Sorted, since a policy may list 65,536 logs. */
static int check_log_keys(const struct seal_policy *policy, struct line *line)
{
	const struct seal_policy_log **sorted;
	size_t i;
	int r = 0;

	if (policy->n_logs < 2)
		return 0;
	sorted = malloc(policy->n_logs * sizeof(*sorted));
	if (!sorted)
		return nomem(line);
	for (i = 0; i < policy->n_logs; i++)
		sorted[i] = &policy->logs[i];
	qsort(sorted, policy->n_logs, sizeof(*sorted), by_pub);
	for (i = 1; i < policy->n_logs && r == 0; i++) {
		if (by_pub(&sorted[i - 1], &sorted[i]) != 0)
			continue;
		line->number = sorted[i]->line;
		r = bad(line, "the key of line %u again: a log has one line",
			sorted[i - 1]->line);
	}
	free(sorted);
	return r;
}

static int parse_all(struct seal_policy *policy, struct line *line,
		     const void *data, size_t len)
{
	struct seal_cur c;
	size_t n;
	int r;

	for (seal_cur_init(&c, data, len); c.left;) {
		line->number++;
		line->at = seal_cur_line(&c, &n);
		if (!line->at)
			return bad(line, "the last line has no line end");
		line->end = line->at + n;
		r = parse_line(policy, line);
		if (r != 0)
			return r;
	}
	if (!policy->has_quorum)
		return bad(line, "there is no quorum line: add one, such as "
				 "\"quorum NAME-OF-A-WITNESS\"");
	return check_log_keys(policy, line);
}

int seal_policy_parse(const void *data, size_t len, const char *name,
		      struct seal_policy **ret_policy, struct seal_diag *diag)
{
	struct line line = {.file = name, .diag = diag};
	struct seal_policy *policy;
	int r;

	if (len > SEAL_POLICY_MAX_BYTES)
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "%s: %zu bytes, at most %d are read", name,
				     len, SEAL_POLICY_MAX_BYTES);
	policy = calloc(1, sizeof(*policy));
	if (!policy)
		return nomem(&line);
	r = seal_sha256(data, len, &policy->digest);
	if (r != 0)
		seal_diag_set(diag, r, "%s: %s", name, seal_strerror(r));
	else
		r = parse_all(policy, &line, data, len);
	if (r != 0) {
		seal_policy_free(policy);
		return r;
	}
	policy->warnings = seal_policy_find_warnings(policy);
	*ret_policy = policy;
	return 0;
}

void seal_policy_free(struct seal_policy *policy)
{
	size_t i;

	if (!policy)
		return;
	for (i = 0; i < policy->n_logs; i++) {
		seal_vkey_fini(&policy->logs[i].vkey);
		free(policy->logs[i].url);
	}
	for (i = 0; i < policy->n_nodes; i++)
		if (policy->nodes[i].witness == SEAL_POLICY_GROUP)
			free(policy->nodes[i].name);
	for (i = 0; i < policy->n_witnesses; i++) {
		seal_vkey_fini(&policy->witnesses[i].vkey);
		free(policy->witnesses[i].name);
		free(policy->witnesses[i].url);
	}
	free(policy->logs);
	free(policy->nodes);
	free(policy->witnesses);
	free(policy);
}
