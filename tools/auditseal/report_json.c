/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts as JSON, schema auditseal/verdict/1: docs/spec/verdict.md.  Keys are
 * only ever added.  What is not known is null.  Strings are made safe as for a
 * terminal, so that they are always UTF-8.
 */
#include "report.h"
#include "stamps.h"

#include "core/sanitize.h"
#include "core/text.h"

#include <json.h>
#include <string.h>

static struct fjson_object *text(const char *s)
{
	struct seal_buf safe = SEAL_BUF_INIT;
	struct fjson_object *o = NULL;

	seal_sanitize_put(&safe, s, strlen(s), 0);
	if (!seal_buf_error(&safe))
		o = fjson_object_new_string_len((const char *)safe.data,
						(int)safe.len);
	seal_buf_fini(&safe);
	return o;
}

static struct fjson_object *text_or_null(const char *s)
{
	return s && s[0] ? text(s) : NULL;
}

static struct fjson_object *number(uint64_t n)
{
	return fjson_object_new_int64(n > INT64_MAX ? INT64_MAX : (int64_t)n);
}

static struct fjson_object *time_or_null(uint64_t us)
{
	char when[CLI_TIME_BYTES];

	if (!us)
		return NULL;
	cli_format_time(us, when);
	return fjson_object_new_string(when);
}

static struct fjson_object *hash(const struct seal_hash *h)
{
	char base64[48] = {0};

	seal_base64_encode(h->b, sizeof(h->b), base64);
	return fjson_object_new_string(base64);
}

static void put(struct fjson_object *o, const char *key,
		struct fjson_object *value)
{
	fjson_object_object_add(o, key, value);
}

static struct fjson_object *flag(bool value)
{
	return fjson_object_new_boolean(value);
}

static struct fjson_object *anchor(const struct seal_anchor *a)
{
	struct fjson_object *o;

	if (!a->kind)
		return NULL;
	o = fjson_object_new_object();
	put(o, "kind", fjson_object_new_string(seal_anchor_kind_name(a->kind)));
	put(o, "size", number(a->size));
	put(o, "root", hash(&a->root));
	put(o, "time", time_or_null(a->time_us));
	put(o, "by", text_or_null(a->names));
	put(o, "fresh", flag(a->fresh));
	put(o, "sole_word", flag(a->sole_word));
	return o;
}

static struct fjson_object *window(const struct seal_verdict *v)
{
	struct fjson_object *o = fjson_object_new_object();

	put(o, "unanchored",
	    number(v->size > v->anchor.size ? v->size - v->anchor.size : 0));
	put(o, "rewritable", number(v->window));
	put(o, "epoch", number(v->epoch));
	return o;
}

static struct fjson_object *ranges(const struct seal_verdict *v)
{
	struct fjson_object *list = fjson_object_new_array(), *pair;
	size_t i;

	for (i = 0; i < v->not_proven_count; i++) {
		pair = fjson_object_new_array();
		fjson_object_array_add(pair, number(v->not_proven[i].first));
		fjson_object_array_add(pair, number(v->not_proven[i].last));
		fjson_object_array_add(list, pair);
	}
	return list;
}

/* A range without an end goes on for as long as the log does. */
static struct fjson_object *not_looked_at(const struct cli_judged *judged)
{
	const struct seal_verdict *v = &judged->verdict;
	struct fjson_object *list = fjson_object_new_array(), *pair;
	uint64_t from = v->looked_from > v->first_index ? v->looked_from
							: v->first_index;
	size_t i;

	if (from) {
		pair = fjson_object_new_array();
		fjson_object_array_add(pair, number(0));
		fjson_object_array_add(pair, number(from - 1));
		fjson_object_array_add(list, pair);
	}
	/* The one before is what the first index says. */
	for (i = 0; i < judged->absents; i++) {
		if (!judged->absent[i].first)
			continue;
		pair = fjson_object_new_array();
		fjson_object_array_add(pair, number(judged->absent[i].first));
		fjson_object_array_add(pair, number(judged->absent[i].last));
		fjson_object_array_add(list, pair);
	}
	if (v->range) {
		pair = fjson_object_new_array();
		fjson_object_array_add(pair, number(v->size));
		fjson_object_array_add(pair, NULL);
		fjson_object_array_add(list, pair);
	}
	return list;
}

static struct fjson_object *index_or_null(uint64_t index)
{
	return index == SEAL_FINDING_NO_INDEX ? NULL : number(index);
}

static struct fjson_object *finding(const struct seal_finding *f)
{
	const struct seal_finding_info *info = seal_finding_info(f->number);
	struct fjson_object *o = fjson_object_new_object();
	char class[2] = {(char)f->class, '\0'};

	put(o, "id", fjson_object_new_string(info->id));
	put(o, "name", fjson_object_new_string(info->name));
	put(o, "class", fjson_object_new_string(class));
	put(o, "first", index_or_null(f->first));
	put(o, "last", index_or_null(f->last));
	put(o, "within", flag(f->within));
	put(o, "time_before", time_or_null(f->time_before_us));
	put(o, "time_after", time_or_null(f->time_after_us));
	put(o, "where", text_or_null(f->where));
	put(o, "text", text_or_null(f->text));
	put(o, "do", fjson_object_new_string(info->next_step));
	put(o, "see", text_or_null(f->see));
	return o;
}

/* Does the copy have this root?  Not known: null. */
static struct fjson_object *agrees(enum seal_given_state state)
{
	switch (state) {
	case SEAL_GIVEN_AGREES:
		return flag(true);
	case SEAL_GIVEN_NOT_COMPARED:
		return NULL;
	case SEAL_GIVEN_CONFLICTS:
	case SEAL_GIVEN_BEYOND:
	case SEAL_GIVEN_UNSIGNED:
		break;
	}
	return flag(false);
}

static struct fjson_object *stamp(const struct cli_stamp *s,
				  enum seal_given_state state)
{
	const struct seal_tsa_info *info = &s->stamp.info;
	struct fjson_object *o = fjson_object_new_object();
	char serial[2 * SEAL_TSA_INTEGER_BYTES + 1] = {0};

	seal_hex_encode(info->serial.b, info->serial.bytes, serial);
	put(o, "file", text(s->path));
	put(o, "size", number(s->checkpoint.size));
	put(o, "root", hash(&s->checkpoint.root));
	put(o, "time", time_or_null(info->time_us));
	put(o, "accuracy_us",
	    info->has_accuracy ? number(info->accuracy_us) : NULL);
	put(o, "by", text(s->stamp.authority));
	put(o, "serial", fjson_object_new_string(serial));
	put(o, "policy", fjson_object_new_string(info->policy));
	put(o, "agrees", agrees(state));
	return o;
}

static struct fjson_object *stamps_of(const struct seal_verdict *v,
				      const struct cli_stamps *stamps)
{
	struct fjson_object *list = fjson_object_new_array();
	const struct cli_stamp *s;
	size_t i;

	for (i = 0; i < v->given_count; i++) {
		s = cli_stamps_of(stamps, v->origin, i);
		if (s)
			fjson_object_array_add(list, stamp(s, v->given[i]));
	}
	return list;
}

static struct fjson_object *log_object(const struct cli_judged *judged,
				       const struct cli_stamps *stamps)
{
	const struct seal_verdict *v = &judged->verdict;
	struct fjson_object *o = fjson_object_new_object();
	struct fjson_object *findings = fjson_object_new_array();
	size_t i;

	put(o, "exit", fjson_object_new_int(v->exit_status));
	put(o, "origin", text_or_null(v->origin));
	put(o, "log_id", v->have_log_id ? hash(&v->log_id) : NULL);
	put(o, "pinned", flag(v->pinned));
	put(o, "rooted", flag(v->rooted));
	put(o, "target", text(judged->target));
	put(o, "first_index", number(v->first_index));
	put(o, "size", number(v->size));
	put(o, "root", hash(&v->root));
	put(o, "entries_checked", number(v->entries_checked));
	put(o, "bytes_read", number(judged->bytes_read));
	put(o, "newest", time_or_null(v->newest_us));
	put(o, "unsealed", number(v->unsealed));
	put(o, "anchor", anchor(&v->anchor));
	put(o, "window", window(v));
	put(o, "not_proven", ranges(v));
	put(o, "not_looked_at", not_looked_at(judged));
	for (i = 0; i < v->findings.n; i++)
		fjson_object_array_add(findings, finding(&v->findings.v[i]));
	put(o, "findings", findings);
	put(o, "findings_dropped", number(v->findings_dropped));
	put(o, "stamps", stamps_of(v, stamps));
	return o;
}

int report_json(FILE *out, const struct cli_judgements *list,
		const struct cli_trust *trust)
{
	struct fjson_object *o = fjson_object_new_object();
	struct fjson_object *logs = fjson_object_new_array();
	size_t i;
	int rc = 0;

	put(o, "schema", fjson_object_new_string("auditseal/verdict/1"));
	put(o, "exit", fjson_object_new_int(list->exit_status));
	put(o, "as_of", time_or_null(trust->as_of_us));
	put(o, "policy", text_or_null(trust->policy_path));
	for (i = 0; i < list->n; i++)
		fjson_object_array_add(logs,
				       log_object(&list->v[i], trust->stamps));
	put(o, "logs", logs);
	if (fprintf(out, "%s\n",
		    fjson_object_to_json_string_ext(
			    o, FJSON_TO_STRING_PRETTY)) < 0 ||
	    fflush(out))
		rc = SEAL_E_IO;
	fjson_object_put(o);
	return rc;
}
