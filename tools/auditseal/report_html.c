/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report for people who were not there: what was found, what it rests on,
 * a picture, and how to repeat it.  One file, no script, nothing fetched.
 */
#include "report.h"
#include "report_page.h"
#include "stamps.h"

#include "core/sanitize.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define FINDINGS_SHOWN 200

static const char head[] =
	"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	"<meta http-equiv=\"Content-Security-Policy\" "
	"content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>Verification of audit logs</title>\n<style>\n"
	"body{font:15px/1.45 'DejaVu Sans',Verdana,sans-serif;color:#111;"
	"background:#fff;max-width:1080px;margin:0 auto;padding:24px}\n"
	"h1{font-size:24px;margin:0}h2{font-size:19px;margin:36px 0 8px;"
	"border-bottom:2px solid #111;overflow-wrap:anywhere}"
	"h3{font-size:16px;margin:22px 0 6px}\n"
	".sub{color:#444;margin:2px 0 18px}\n"
	".verdict{border:3px solid #111;border-left-width:14px;padding:10px "
	"14px;margin:12px 0;font-weight:bold;font-size:17px;"
	"break-inside:avoid}\n"
	".verdict small{display:block;font-weight:normal;font-size:14px}\n"
	".v0{border-color:#274;background:#eef8f0}.v1{border-color:#a67c00;"
	"background:#fffaea}.v2{border-color:#8a0f00;background:#fdf0ee}"
	".v3{border-color:#555;background:#f3f3f3}\n"
	"table{border-collapse:collapse;width:100%;margin:6px 0}"
	"td,th{border:1px solid #999;padding:4px 8px;text-align:left;"
	"vertical-align:top;overflow-wrap:break-word}"
	"th{background:#eee}tr{break-inside:avoid}"
	".facts th{width:150px}.nowrap{white-space:nowrap;width:1%}"
	".facts td{overflow-wrap:anywhere}\n"
	"code,.mono{font:13px/1.4 'DejaVu Sans Mono',monospace;"
	"overflow-wrap:anywhere}\n"
	"svg.picture{width:100%;height:auto;display:block}"
	"figure{margin:8px 0;break-inside:avoid}"
	"figcaption{font-size:13px;color:#333}\n"
	"svg text{font:12px 'DejaVu Sans',Verdana,sans-serif}"
	".lane{text-anchor:end;fill:#333}svg .num{text-anchor:middle;"
	"font-weight:bold}svg .when,svg .note{font-size:11px;fill:#333}\n"
	".legend{display:flex;flex-wrap:wrap;gap:2px 18px;font-size:13px;"
	"margin:4px 0 0}.legend svg{vertical-align:-3px}"
	".defs{position:absolute}\n"
	"@media print{body{padding:0;font-size:10.5pt;max-width:none}"
	"h2{break-after:avoid}*{print-color-adjust:exact;"
	"-webkit-print-color-adjust:exact}}\n"
	"</style></head><body>\n";

void page_safe(FILE *out, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		switch (text[i]) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		case '\'':
			fputs("&#39;", out);
			break;
		default:
			fputc(text[i], out);
		}
}

void page_text(FILE *out, const char *text)
{
	struct seal_buf safe = SEAL_BUF_INIT;

	seal_sanitize_put(&safe, text, strlen(text), 0);
	if (!seal_buf_error(&safe) && safe.len)
		page_safe(out, (const char *)safe.data, safe.len);
	seal_buf_fini(&safe);
}

static const char *sign_of(int exit_status)
{
	static const char *const sign[] = {"&#10003;", "!", "&#10007;", "?"};

	return sign[exit_status & 3];
}

static void put_verdict(FILE *out, int exit_status, const char *status,
			const char *words)
{
	fprintf(out,
		"<div class=\"verdict v%d\">%s %d: "
		"%s.<small>%s</small></div>\n",
		exit_status & 3, sign_of(exit_status), exit_status, status,
		words);
}

static const char *advice(int exit_status)
{
	static const char *const text[] = {
		"Nothing was changed, removed, added, reordered or cut off up "
		"to the anchor named below.",
		"The log is proven. Something happened that somebody should "
		"know of: see the findings.",
		"Keep this copy as it is, repair nothing, and verify a second "
		"copy. A failing disk and an intruder look alike here: a "
		"finding names a fact, not a culprit.",
		"This is neither a pass nor evidence. The findings say what is "
		"missing for a decision."};

	return text[exit_status & 3];
}

/* ---- facts ---- */

static void row(FILE *out, const char *name)
{
	fprintf(out, "<tr><th scope=\"row\">%s</th><td>", name);
}

static void row_end(FILE *out)
{
	fputs("</td></tr>\n", out);
}

static void put_hash(FILE *out, const struct seal_hash *hash)
{
	char base64[48] = {0};

	seal_base64_encode(hash->b, sizeof(hash->b), base64);
	fprintf(out, "<code>%s</code>", base64);
}

static void put_time(FILE *out, uint64_t us)
{
	char when[CLI_TIME_BYTES];

	cli_format_time(us, when);
	fputs(when, out);
}

static void put_identity(FILE *out, const struct seal_verdict *v)
{
	row(out, "log");
	page_text(out, v->origin[0] ? v->origin : "(unknown)");
	row_end(out);
	row(out, "log id");
	if (v->have_log_id) {
		put_hash(out, &v->log_id);
		fputs(v->pinned	  ? " (pinned: it is the log that was enrolled)"
		      : v->rooted ? " (not pinned: on the word of the anchor)"
				  : " (not tied to a key that you trust)",
		      out);
	} else {
		fputs("not known", out);
	}
	row_end(out);
}

static void put_extent(FILE *out, const struct seal_verdict *v)
{
	char size[32], first[32];
	uint64_t not_proven = 0;
	size_t i;

	for (i = 0; i < v->not_proven_count; i++)
		not_proven +=
			v->not_proven[i].last - v->not_proven[i].first + 1;
	cli_format_count(v->size, size);
	cli_format_count(v->first_index, first);
	row(out, "entries");
	fprintf(out, "%s sealed", size);
	if (not_proven)
		fprintf(out, ", %" PRIu64 " of them in ranges not proven",
			not_proven);
	if (v->first_index)
		fprintf(out, ", of which %s and later are in this copy", first);
	if (v->unsealed)
		fprintf(out, "; %" PRIu64 " behind them are not sealed",
			v->unsealed);
	if (v->newest_us) {
		fputs("; the newest is of ", out);
		put_time(out, v->newest_us);
	}
	row_end(out);
	row(out, "root");
	put_hash(out, &v->root);
	fputs(" at that size", out);
	row_end(out);
}

static void put_absent(FILE *out, const struct cli_judged *judged)
{
	size_t i;

	if (!judged->absents)
		return;
	row(out, "not looked at");
	for (i = 0; i < judged->absents; i++)
		fprintf(out, "%sentries %" PRIu64 "&ndash;%" PRIu64 "%s",
			i ? "; " : "", judged->absent[i].first,
			judged->absent[i].last,
			judged->left_out ? ""
					 : ", which are not in this bundle");
	row_end(out);
}

static void put_anchor(FILE *out, const struct seal_verdict *v)
{
	const struct seal_anchor *a = &v->anchor;
	char size[32], age[CLI_TIME_BYTES];

	row(out, "anchor");
	cli_format_count(a->size, size);
	switch (a->kind) {
	case SEAL_ANCHOR_NONE:
		fputs("none: that the end was cut off cannot be excluded", out);
		break;
	case SEAL_ANCHOR_EXPECTED:
		fprintf(out, "size %s, as whoever asked for this expects it",
			size);
		break;
	case SEAL_ANCHOR_QUORUM:
	case SEAL_ANCHOR_KNOWN:
		cli_format_age(
			v->as_of_us > a->time_us ? v->as_of_us - a->time_us : 0,
			age);
		fprintf(out, "receipt for %s entries of ", size);
		put_time(out, a->time_us);
		fprintf(out, ", %s old%s, by ", age,
			a->fresh ? "" : " (stale)");
		page_text(out, a->names);
		if (a->sole_word)
			fputs("; on the word of who serves this copy alone",
			      out);
		break;
	}
	row_end(out);
}

static void put_window(FILE *out, const struct seal_verdict *v)
{
	uint64_t behind =
		v->size > v->anchor.size ? v->size - v->anchor.size : 0;

	row(out, "window");
	if (!v->anchor.kind)
		fputs("the whole log", out);
	else if (behind)
		fprintf(out,
			"%" PRIu64
			" entries since the anchor are sealed; a cut "
			"among them would not show",
			behind);
	else
		fputs("none: the anchor covers all", out);
	if (v->window)
		fprintf(out,
			"; who has the host now could rewrite %" PRIu64
			" of them (epoch %" PRIu64 ")",
			v->window, v->epoch);
	row_end(out);
}

static void put_stamps(FILE *out, const struct seal_verdict *v,
		       const struct cli_stamps *stamps)
{
	const struct cli_stamp *s;
	size_t i;

	for (i = 0; i < v->given_count; i++) {
		s = cli_stamps_of(stamps, v->origin, i);
		if (!s)
			return;
		row(out, "stamped");
		fprintf(out, "%" PRIu64 " entries, not later than ",
			s->checkpoint.size);
		put_time(out, s->stamp.info.time_us);
		if (s->stamp.info.has_accuracy)
			fprintf(out, " (&plusmn; %.6g s)",
				(double)s->stamp.info.accuracy_us / 1e6);
		fputs(", by ", out);
		page_text(out, s->stamp.authority);
		fputs(cli_given_text(v->given[i]), out);
		row_end(out);
	}
}

/* ---- findings and events ---- */

static void put_entries(FILE *out, const struct seal_finding *f)
{
	if (f->first == SEAL_FINDING_NO_INDEX) {
		fputs("&ndash;", out);
		return;
	}
	fprintf(out, "%s%" PRIu64, f->within ? "within " : "", f->first);
	if (f->last != f->first)
		fprintf(out, "&ndash;%" PRIu64, f->last);
}

static const char *class_word(enum seal_finding_class class)
{
	return class == SEAL_CLASS_D   ? "evidence"
	       : class == SEAL_CLASS_U ? "undecided"
	       : class == SEAL_CLASS_A ? "attention"
				       : "note";
}

static void put_finding(FILE *out, const struct seal_finding *f)
{
	const struct seal_finding_info *info = seal_finding_info(f->number);

	fprintf(out,
		"<tr><td class=\"nowrap\"><b>%s</b><br>%s</td><td>%s</td>"
		"<td class=\"nowrap\">",
		info->id, class_word(f->class), info->name);
	put_entries(out, f);
	fputs("</td><td>", out);
	page_text(out, f->text ? f->text : info->meaning);
	if (f->where && f->where[0]) {
		fputs(" (<span class=\"mono\">", out);
		page_text(out, f->where);
		fputs("</span>)", out);
	}
	if (f->time_before_us || f->time_after_us) {
		fputs("<br>between ", out);
		put_time(out, f->time_before_us);
		fputs(" and ", out);
		put_time(out, f->time_after_us);
	}
	fputs("</td><td>", out);
	page_text(out, info->next_step);
	fputs("</td></tr>\n", out);
}

static void put_findings(FILE *out, const struct seal_verdict *v)
{
	static const char order[] = {SEAL_CLASS_D, SEAL_CLASS_U, SEAL_CLASS_A,
				     SEAL_CLASS_N};
	size_t c, i, shown = 0;

	if (!v->findings.n) {
		fputs("<h3>Findings</h3><p>None.</p>\n", out);
		return;
	}
	fputs("<h3>Findings</h3><table><thead><tr><th>finding</th><th>name</th>"
	      "<th>entries</th><th>what</th><th>what to do</th></tr></thead>"
	      "<tbody>\n",
	      out);
	for (c = 0; c < sizeof(order); c++)
		for (i = 0; i < v->findings.n && shown < FINDINGS_SHOWN; i++)
			if (v->findings.v[i].class ==
			    (enum seal_finding_class)order[c]) {
				put_finding(out, &v->findings.v[i]);
				shown++;
			}
	fputs("</tbody></table>\n", out);
	if (v->findings.n + v->findings_dropped > shown)
		fprintf(out, "<p>... and %" PRIu64 " more.</p>\n",
			v->findings.n + v->findings_dropped - shown);
}

static void put_events(FILE *out, const struct timeline *t)
{
	char count[32];
	size_t i;

	cli_format_count(t->count[TIMELINE_RECORD], count);
	fprintf(out,
		"<h3>What the host says of itself</h3><p>%s records and "
		"heartbeats; %" PRIu64 " starts, %" PRIu64
		" restarts after a crash, %" PRIu64 " stops, %" PRIu64
		" changes of the epoch key, %" PRIu64
		" of the host key, %" PRIu64 " entries about gaps.</p>\n",
		count, t->count[TIMELINE_START], t->count[TIMELINE_CRASH],
		t->count[TIMELINE_STOP], t->count[TIMELINE_KEY],
		t->count[TIMELINE_HOST_KEY], t->count[TIMELINE_GAP]);
	if (!t->events)
		return;
	fputs("<table><thead><tr><th>entry</th><th>time</th><th>what</th>"
	      "<th>in its own words</th></tr></thead><tbody>\n",
	      out);
	for (i = 0; i < t->events; i++) {
		fprintf(out,
			"<tr><td class=\"nowrap\">%" PRIu64
			"</td><td class=\"nowrap\">",
			t->event[i].index);
		put_time(out, t->event[i].time_us);
		fprintf(out,
			"</td><td class=\"nowrap\">%s</td><td class=\"mono\">",
			t->event[i].name);
		/* Safe already; only markup is left to be escaped. */
		page_safe(out, t->event[i].text, strlen(t->event[i].text));
		fputs("</td></tr>\n", out);
	}
	fputs("</tbody></table>\n", out);
	if (t->events_all > t->events)
		fprintf(out,
			"<p>... and %" PRIu64
			" more: 'auditseal show' has them.</p>\n",
			t->events_all - t->events);
}

/* ---- the page ---- */

static int put_log(FILE *out, const struct cli_judged *judged,
		   const struct cli_trust *trust)
{
	const struct seal_verdict *v = &judged->verdict;
	char status[REPORT_STATUS_BYTES];
	struct timeline *t;
	int rc = timeline_read(trust, judged, &t);

	if (rc)
		return rc;
	fputs("<section><h2>", out);
	page_text(out, v->origin[0] ? v->origin : judged->target);
	fputs("</h2>\n<p class=\"sub\">as it stands in <span "
	      "class=\"mono\">",
	      out);
	page_text(out, judged->target);
	fputs("</span></p>\n", out);
	report_status(judged, status);
	put_verdict(out, v->exit_status, status, advice(v->exit_status));
	fputs("<figure>\n", out);
	page_picture(out, judged, t);
	page_legend(out);
	fputs("<figcaption>Left to right: the entries in their sealed order, "
	      "by number; below, the time of the entry there (UTC).",
	      out);
	if (t->problem[0]) {
		fputs(" Not all of it could be read for this picture: ", out);
		page_text(out, t->problem);
	}
	fputs("</figcaption></figure>\n<table class=\"facts\"><tbody>\n", out);
	put_identity(out, v);
	put_extent(out, v);
	put_absent(out, judged);
	put_anchor(out, v);
	put_window(out, v);
	put_stamps(out, v, trust->stamps);
	fputs("</tbody></table>\n", out);
	put_findings(out, v);
	put_events(out, t);
	fputs("</section>\n", out);
	free(t);
	return 0;
}

static void put_foot(FILE *out, const struct cli_trust *trust)
{
	fputs("<section><h2>What this rests on</h2><table class=\"facts\">"
	      "<tbody>\n",
	      out);
	row(out, "trusted");
	if (trust->policy_path) {
		fputs("policy <span class=\"mono\">", out);
		page_text(out, trust->policy_path);
		fputs("</span>, and the pins beside it if there are any", out);
	} else {
		fputs("nobody: no policy was given", out);
	}
	row_end(out);
	row(out, "as of");
	put_time(out, trust->as_of_us);
	row_end(out);
	row(out, "to repeat it");
	fputs("<code>auditseal verify --policy POLICY --as-of ", out);
	put_time(out, trust->as_of_us / 1000000 * 1000000);
	fputs(" TARGET</code>, with nothing but public keys; a finding is "
	      "explained by <code>auditseal explain AS0nn</code>",
	      out);
	row_end(out);
	row(out, "not said here");
	fputs("whether what the records say is true. They are what the host "
	      "logged; proven is that they are unchanged since they were "
	      "sealed.",
	      out);
	row_end(out);
	fputs("</tbody></table></section>\n</body></html>\n", out);
}

int report_html(FILE *out, const struct cli_judgements *list,
		const struct cli_trust *trust)
{
	char words[64];
	size_t i;
	int rc = 0;

	fputs(head, out);
	page_patterns(out);
	fputs("<h1>Verification of audit logs</h1><p class=\"sub\">as of ",
	      out);
	put_time(out, trust->as_of_us);
	fputs(", by auditseal " AUDITSEAL_VERSION "</p>\n", out);
	if (list->n != 1) {
		snprintf(words, sizeof(words), "%zu logs", list->n);
		put_verdict(out, list->exit_status,
			    report_status_text(list->exit_status), words);
	}
	if (list->problems) {
		fprintf(out,
			"<div class=\"verdict v3\">? %zu could not be judged "
			"at "
			"all.<small>",
			list->problems);
		page_text(out, list->problem);
		fputs("</small></div>\n", out);
	}
	for (i = 0; i < list->n && !rc; i++)
		rc = put_log(out, &list->v[i], trust);
	put_foot(out, trust);
	return rc;
}
