/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signature lines of stored checkpoints that nobody can judge.  In a note from
 * elsewhere they mean nothing (C2SP signed-note); a store of ours keeps none
 * but its own and the log's, so each is a receipt by a key that the policy does
 * not name, or was changed.  One finding a key.  docs/adr/0043.
 */
#include "core/verify_int.h"

#include <string.h>

static bool is_named(const struct seal_note_sig *line, const char *name)
{
	return line->name_len == strlen(name) &&
	       !memcmp(line->name, name, line->name_len);
}

static bool is_seal(const struct seal_verify *v,
		    const struct seal_note_sig *line)
{
	size_t len = strlen(v->origin), more = strlen(SEAL_EPOCH_SUFFIX);

	return line->name_len == len + more &&
	       !memcmp(line->name, v->origin, len) &&
	       !memcmp(line->name + len, SEAL_EPOCH_SUFFIX, more);
}

static bool is_known_host(const struct seal_verify *v,
			  const struct seal_note_sig *line)
{
	const struct seal_policy *policy = v->opt.policy;
	size_t i;

	for (i = 0; i < seal_policy_log_count(policy); i++)
		if (line->id == seal_policy_log(policy, i)->vkey.id &&
		    is_named(line, seal_policy_log(policy, i)->vkey.name))
			return true;
	/* What a policy without this log can say was said of the line. */
	return is_named(line, v->origin) &&
	       seal_policy_find_log(policy, v->origin, 0) ==
		       seal_policy_log_count(policy);
}

static bool is_known_witness(const struct seal_verify *v,
			     const struct seal_note_sig *line)
{
	const struct seal_policy *policy = v->opt.policy;
	const struct seal_vkey *vkey;
	size_t i;

	for (i = 0; i < seal_policy_witness_count(policy); i++) {
		vkey = &seal_policy_witness(policy, i)->vkey;
		if (line->id == vkey->id && is_named(line, vkey->name))
			return true;
	}
	return false;
}

static void remember(struct seal_verify *v, const struct seal_note_sig *line,
		     uint64_t size)
{
	struct verify_stranger *s;
	size_t i;

	for (i = 0; i < v->strangers; i++)
		if (v->stranger[i].id == line->id &&
		    is_named(line, v->stranger[i].name))
			break;
	if (i == VERIFY_STRANGERS_MAX)
		i--; /* that there are such lines is what matters */
	s = &v->stranger[i];
	if (i == v->strangers) {
		v->strangers++;
		snprintf(s->name, sizeof(s->name), "%.*s", (int)line->name_len,
			 line->name);
		s->id = line->id;
		s->first = s->last = size;
	}
	s->first = size < s->first ? size : s->first;
	s->last = size > s->last ? size : s->last;
	s->count++;
}

int verify_lines_look(struct seal_verify *v, const struct seal_note *note,
		      uint64_t size)
{
	const struct seal_note_sig *line;
	size_t k;

	/* Without a policy nothing is decided anyway. */
	for (k = 0; v->opt.policy && k < note->sig_count; k++) {
		line = &note->sigs[k];
		if (!is_seal(v, line) && !is_known_host(v, line) &&
		    !is_known_witness(v, line))
			remember(v, line, size);
	}
	return 0;
}

int verify_lines_end(struct seal_verify *v)
{
	const struct verify_stranger *s;
	size_t i, before;
	int rc = 0;

	for (i = 0; i < v->strangers && !rc; i++) {
		s = &v->stranger[i];
		before = v->findings.n;
		rc = verify_find(
			v, 11, 1, 0, false, s->name,
			"%llu stored signatures, of sizes %llu to %llu, "
			"by the key %08x, which the policy does not "
			"name",
			(unsigned long long)s->count,
			(unsigned long long)s->first,
			(unsigned long long)s->last, (unsigned int)s->id);
		/* Receipts of a retired mirror key look like this. */
		if (!rc && v->findings.n > before)
			v->findings.v[before].class = SEAL_CLASS_A;
	}
	return rc;
}
