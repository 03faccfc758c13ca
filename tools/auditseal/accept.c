/* SPDX-License-Identifier: Apache-2.0 */
/* The file of accepted findings, and what it does to verdicts. */
#include "accept.h"
#include "archive.h"

#include "core/sanitize.h"
#include "core/text.h"
#include "core/tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FIELDS 9

bool accepted_text_ok(const char *text)
{
	struct seal_buf safe = SEAL_BUF_INIT;
	bool ok;

	/* What must be escaped does not come out as it went in. */
	seal_sanitize_put(&safe, text, strlen(text), 0);
	ok = !seal_buf_error(&safe) && safe.len == strlen(text) && text[0] &&
	     safe.len < ACCEPT_TEXT && !memcmp(safe.data, text, safe.len);
	seal_buf_fini(&safe);
	return ok;
}

bool accepted_range_ok(uint64_t first, uint64_t last)
{
	return first <= last && last < SEAL_TREE_SIZE_MAX;
}

void accepted_put(const struct accepted *a, struct seal_buf *out)
{
	char when[CLI_TIME_BYTES];

	cli_format_time(a->when_us / 1000000 * 1000000, when);
	memcpy(when + 19, "Z", 2);
	seal_buf_putf(out, "%s\t", a->origin);
	seal_buf_put_base64(out, a->log_id.b, sizeof(a->log_id.b));
	seal_buf_putf(out, "\t%s\t%" PRIu64 "\t%" PRIu64 "\t",
		      seal_finding_info(a->number)->id, a->first, a->last);
	seal_buf_put_base64(out, a->digest.b, sizeof(a->digest.b));
	seal_buf_putf(out, "\t%s\t%s\t%s\n", when, a->by, a->why);
}

/* ---- reading ---- */

static bool take_text(char *field, char ret_text[ACCEPT_TEXT])
{
	if (!accepted_text_ok(field))
		return false;
	memcpy(ret_text, field, strlen(field) + 1);
	return true;
}

static bool take_fields(char *const field[FIELDS], struct accepted *a)
{
	a->number = seal_finding_number(field[2]);
	if (strlen(field[0]) >= sizeof(a->origin) || !a->number)
		return false;
	memcpy(a->origin, field[0], strlen(field[0]) + 1);
	return !seal_base64_decode_exact(field[1], strlen(field[1]),
					 a->log_id.b, sizeof(a->log_id.b)) &&
	       cli_parse_u64(field[3], &a->first) &&
	       cli_parse_u64(field[4], &a->last) &&
	       accepted_range_ok(a->first, a->last) &&
	       !seal_base64_decode_exact(field[5], strlen(field[5]),
					 a->digest.b, sizeof(a->digest.b)) &&
	       cli_parse_time_us(field[6], &a->when_us) &&
	       take_text(field[7], a->by) && take_text(field[8], a->why);
}

static bool take_line(char *line, struct accepted *a)
{
	char *field[FIELDS], *at = line;
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		field[i] = at;
		at = strchr(at, '\t');
		if (!at != (i == FIELDS - 1))
			return false;
		if (at)
			*at++ = '\0';
	}
	return take_fields(field, a);
}

static int bad_line(size_t number, struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_FORMAT,
			     "line %zu of the accepted findings is not of the "
			     "form of docs/spec/accepted.md",
			     number);
}

int accepted_parse(const uint8_t *bytes, size_t len, struct accepted **ret_list,
		   size_t *ret_count, struct seal_diag *diag)
{
	size_t lines = 0, i, n = 0, head = strlen(ACCEPT_MAGIC);
	struct accepted *list;
	char *copy, *at, *end;
	int rc = 0;

	if (len < head || memcmp(bytes, ACCEPT_MAGIC, head) ||
	    bytes[len - 1] != '\n' || memchr(bytes, '\0', len))
		return bad_line(1, diag);
	for (i = head; i < len; i++)
		lines += bytes[i] == '\n';
	copy = strndup((const char *)bytes + head, len - head);
	list = calloc(lines + 1, sizeof(*list));
	if (!copy || !list)
		rc = SEAL_E_NOMEM;
	for (at = copy; !rc && n < lines; at = end + 1) {
		end = strchr(at, '\n');
		*end = '\0';
		if (take_line(at, &list[n]))
			n++;
		else
			rc = bad_line(n + 2, diag);
	}
	free(copy);
	if (rc) {
		free(list);
		return rc;
	}
	*ret_list = list;
	*ret_count = n;
	return 0;
}

/* ---- verdicts ---- */

static bool is_about(const struct accepted *a, const struct seal_verdict *v,
		     const struct seal_finding *f)
{
	return f->class == SEAL_CLASS_D && f->number == a->number &&
	       f->first == a->first && f->last == a->last && v->have_log_id &&
	       seal_hash_equal(&v->log_id, &a->log_id) &&
	       !strcmp(v->origin, a->origin);
}

/* The finding says who accepted it. */
static int mark(struct seal_finding *f, const struct accepted *a)
{
	char when[CLI_TIME_BYTES], *text;

	cli_format_time(a->when_us, when);
	when[10] = '\0';
	if (asprintf(&text, "%s; accepted by %s on %s: %s",
		     f->text ? f->text : seal_finding_info(f->number)->meaning,
		     a->by, when, a->why) < 0)
		return SEAL_E_NOMEM;
	free(f->text);
	f->text = text;
	f->class = SEAL_CLASS_A;
	return 0;
}

/* Accepted, and changed since: that is said too. */
static int mark_changed(struct seal_finding *f, const struct accepted *a)
{
	char *text;

	if (asprintf(&text,
		     "%s; %s accepted this finding, but other bytes stood here "
		     "then",
		     f->text ? f->text : seal_finding_info(f->number)->meaning,
		     a->by) < 0)
		return SEAL_E_NOMEM;
	free(f->text);
	f->text = text;
	return 0;
}

/* What stands there now, read as it was when it was judged. */
static int digest_now(const struct cli_trust *trust,
		      const struct cli_judged *judged,
		      const struct seal_finding *f,
		      struct seal_hash *ret_digest, struct seal_diag *diag)
{
	const struct cli_archives archives = {(const char **)judged->archives,
					      judged->archive_count};
	struct cli_trust with = *trust;

	with.archives = archives.count ? &archives : NULL;
	return accepted_digest(&with, judged->target, judged->verdict.origin,
			       f->first, f->last, ret_digest, diag);
}

static int apply_to(const struct cli_trust *trust, struct cli_judged *judged,
		    struct seal_finding *f, const struct accepted *list,
		    size_t count, struct seal_diag *diag)
{
	const struct accepted *known = NULL;
	struct seal_hash digest;
	size_t i;
	int rc;

	for (i = 0; i < count; i++) {
		if (!is_about(&list[i], &judged->verdict, f))
			continue;
		rc = digest_now(trust, judged, f, &digest, diag);
		if (rc)
			return rc;
		known = &list[i];
		if (seal_hash_equal(&digest, &known->digest))
			return mark(f, known);
	}
	return known ? mark_changed(f, known) : 0;
}

int accepted_apply(const struct cli_trust *trust, const char *path,
		   struct cli_judgements *list, struct seal_diag *diag)
{
	struct accepted *accepted = NULL;
	size_t count = 0, i, k, len;
	uint8_t *bytes;
	int rc = cli_read_file(path, ACCEPT_FILE_MAX, &bytes, &len, diag);

	if (rc)
		return rc;
	rc = accepted_parse(bytes, len, &accepted, &count, diag);
	free(bytes);
	if (!rc)
		list->exit_status = 0;
	for (i = 0; i < list->n && !rc; i++) {
		struct seal_verdict *v = &list->v[i].verdict;

		for (k = 0; k < v->findings.n && !rc; k++)
			rc = apply_to(trust, &list->v[i], &v->findings.v[k],
				      accepted, count, diag);
		if (rc)
			list->exit_status = CLI_EVIDENCE;
		seal_verdict_judge(v);
		list->exit_status =
			cli_worse(list->exit_status, v->exit_status);
	}
	free(accepted);
	return rc;
}
