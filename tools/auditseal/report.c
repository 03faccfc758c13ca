/* SPDX-License-Identifier: Apache-2.0 */
/* The table of --format, and the forms that monitoring reads. */
#include "report.h"

#include "core/sanitize.h"

#include <inttypes.h>
#include <string.h>

bool report_format_parse(const char *word, enum report_format *ret_format)
{
	static const struct {
		const char *word;
		enum report_format format;
	} words[] = {{"text", REPORT_TEXT},
		     {"json", REPORT_JSON},
		     {"nagios", REPORT_NAGIOS},
		     {"openmetrics", REPORT_OPENMETRICS},
		     {"html", REPORT_HTML}};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(word, words[i].word))
			continue;
		*ret_format = words[i].format;
		return true;
	}
	return false;
}

void report_status(const struct cli_judged *judged,
		   char ret_text[REPORT_STATUS_BYTES])
{
	const struct seal_verdict *v = &judged->verdict;
	char when[CLI_TIME_BYTES];

	cli_format_time(v->anchor.time_us, when);
	if (v->exit_status == CLI_OK && judged->absents)
		snprintf(ret_text, REPORT_STATUS_BYTES,
			 "verified: the part that is here, as of %s", when);
	else if (v->exit_status == CLI_OK && judged->ageless)
		snprintf(ret_text, REPORT_STATUS_BYTES,
			 "verified: complete as of %s", when);
	else
		snprintf(ret_text, REPORT_STATUS_BYTES, "%s",
			 report_status_text(v->exit_status));
}

int report_put(FILE *out, enum report_format format,
	       const struct cli_judgements *list, const struct cli_trust *trust)
{
	int rc = 0;

	switch (format) {
	case REPORT_TEXT:
		report_text(out, list, trust);
		break;
	case REPORT_JSON:
		rc = report_json(out, list, trust);
		break;
	case REPORT_NAGIOS:
		report_nagios(out, list, trust);
		break;
	case REPORT_OPENMETRICS:
		report_openmetrics(out, list, trust);
		break;
	case REPORT_HTML:
		rc = report_html(out, list, trust);
		break;
	case REPORT_PIN:
		rc = report_pin(out, list);
		break;
	}
	if (!rc && (fflush(out) || ferror(out)))
		rc = SEAL_E_IO;
	return rc;
}

/* ---- sums over all logs ---- */

struct sums {
	uint64_t entries, unanchored, not_proven;
	uint64_t class[4];  /* findings, in the order D U A N */
	uint64_t oldest_us; /* age of the oldest anchor */
	size_t without;	    /* logs without an anchor */
	const struct cli_judged *worst;
};

static const char classes[] = {SEAL_CLASS_D, SEAL_CLASS_U, SEAL_CLASS_A,
			       SEAL_CLASS_N};

static uint64_t count_class(const struct seal_verdict *v, char class)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < v->findings.n; i++)
		n += v->findings.v[i].class == (enum seal_finding_class) class;
	return n;
}

static uint64_t count_not_proven(const struct seal_verdict *v)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < v->not_proven_count; i++)
		n += v->not_proven[i].last - v->not_proven[i].first + 1;
	return n;
}

static uint64_t unanchored(const struct seal_verdict *v)
{
	return v->size > v->anchor.size ? v->size - v->anchor.size : 0;
}

static uint64_t age_of(const struct seal_verdict *v)
{
	return v->as_of_us > v->anchor.time_us ? v->as_of_us - v->anchor.time_us
					       : 0;
}

static void sum(const struct cli_judgements *list, struct sums *ret_sums)
{
	static const int rank[] = {0, 1, 3, 2};
	struct sums s = {0};
	size_t i, c;

	for (i = 0; i < list->n; i++) {
		const struct seal_verdict *v = &list->v[i].verdict;

		s.entries += v->size;
		s.unanchored += unanchored(v);
		s.not_proven += count_not_proven(v);
		for (c = 0; c < sizeof(classes); c++)
			s.class[c] += count_class(v, classes[c]);
		if (!v->anchor.kind)
			s.without++;
		else if (v->anchor.time_us && age_of(v) > s.oldest_us)
			s.oldest_us = age_of(v);
		if (!s.worst || rank[v->exit_status & 3] >
					rank[s.worst->verdict.exit_status & 3])
			s.worst = &list->v[i];
	}
	*ret_sums = s;
}

/* ---- Nagios ---- */

/* "|" parts words from figures there. */
static void put_plain(FILE *out, const char *text)
{
	struct seal_buf safe = SEAL_BUF_INIT;
	size_t i;

	seal_sanitize_put(&safe, text, strlen(text), 300);
	for (i = 0; !seal_buf_error(&safe) && i < safe.len; i++)
		fputc(safe.data[i] == '|' ? '/' : safe.data[i], out);
	seal_buf_fini(&safe);
}

/* The gravest finding of the worst log. */
static void put_worst(FILE *out, const struct cli_judged *worst)
{
	const struct seal_verdict *v = &worst->verdict;
	const struct seal_finding *f = NULL;
	size_t c, i;

	for (c = 0; c < 3 && !f; c++)
		for (i = 0; i < v->findings.n && !f; i++)
			if (v->findings.v[i].class ==
			    (enum seal_finding_class)classes[c])
				f = &v->findings.v[i];
	if (!f)
		return;
	fprintf(out, "; ");
	put_plain(out, v->origin[0] ? v->origin : worst->target);
	fprintf(out, ": %s %s", seal_finding_info(f->number)->id,
		seal_finding_info(f->number)->name);
	if (f->first == SEAL_FINDING_NO_INDEX)
		return;
	fprintf(out, " %s%" PRIu64, f->within ? "within " : "", f->first);
	if (f->last != f->first)
		fprintf(out, "-%" PRIu64, f->last);
}

void report_nagios(FILE *out, const struct cli_judgements *list,
		   const struct cli_trust *trust)
{
	static const char *const word[] = {"OK", "WARNING", "CRITICAL",
					   "UNKNOWN"};
	int status = list->problems && list->exit_status != CLI_EVIDENCE
			     ? CLI_UNDECIDED
			     : list->exit_status;
	struct sums s;

	(void)trust;
	sum(list, &s);
	fprintf(out, "AUDITSEAL %s - ", word[status & 3]);
	if (list->n)
		fprintf(out, "%zu log%s, %s", list->n, list->n == 1 ? "" : "s",
			report_status_text(list->exit_status));
	if (s.worst)
		put_worst(out, s.worst);
	if (list->problems) {
		fprintf(out, "%s", list->n ? "; " : "");
		put_plain(out, list->problem);
	}
	fprintf(out,
		" | logs=%zu;;;0 entries=%" PRIu64 ";;;0 evidence=%" PRIu64
		";;0;0 undecided=%" PRIu64 ";;;0 attention=%" PRIu64
		";0;;0 unanchored=%" PRIu64 ";;;0 not_proven=%" PRIu64
		";;;0 without_anchor=%zu;;;0 anchor_age=%" PRIu64 "s;;;0\n",
		list->n, s.entries, s.class[0], s.class[1], s.class[2],
		s.unanchored, s.not_proven, s.without, s.oldest_us / 1000000);
}

/* ---- OpenMetrics ---- */

static void put_label(FILE *out, const char *name, const char *value)
{
	struct seal_buf safe = SEAL_BUF_INIT;
	size_t i;

	fprintf(out, "%s=\"", name);
	seal_sanitize_put(&safe, value, strlen(value), 0);
	for (i = 0; !seal_buf_error(&safe) && i < safe.len; i++) {
		if (safe.data[i] == '\\' || safe.data[i] == '"')
			fputc('\\', out);
		fputc(safe.data[i], out);
	}
	fputc('"', out);
	seal_buf_fini(&safe);
}

static void put_name(FILE *out, const char *name,
		     const struct cli_judged *judged)
{
	fprintf(out, "auditseal_%s{", name);
	put_label(out, "origin", judged->verdict.origin);
	fputc(',', out);
	put_label(out, "target", judged->target);
}

/* A target named twice would be the same series twice. */
static bool is_repeated(const struct cli_judgements *list, size_t at)
{
	size_t i;

	for (i = 0; i < at; i++)
		if (!strcmp(list->v[i].target, list->v[at].target) &&
		    !strcmp(list->v[i].verdict.origin,
			    list->v[at].verdict.origin))
			return true;
	return false;
}

static void put_family(FILE *out, const char *name, const char *unit,
		       const char *help)
{
	fprintf(out, "# TYPE auditseal_%s gauge\n", name);
	if (unit)
		fprintf(out, "# UNIT auditseal_%s %s\n", name, unit);
	fprintf(out, "# HELP auditseal_%s %s\n", name, help);
}

enum metric {
	METRIC_STATUS,
	METRIC_SIZE,
	METRIC_FIRST,
	METRIC_UNSEALED,
	METRIC_UNANCHORED,
	METRIC_NOT_PROVEN,
	METRIC_NEWEST,
	METRIC_ANCHOR_SIZE,
	METRIC_ANCHOR_TIME,
};

static const struct {
	enum metric metric;
	const char *name, *unit, *help;
} metrics[] = {
	{METRIC_STATUS, "verify_status", NULL,
	 "Exit status: 0 verified, 1 attention, 2 evidence, 3 undecided."},
	{METRIC_SIZE, "log_size", NULL, "Entries sealed and proven."},
	{METRIC_FIRST, "log_first_index", NULL,
	 "First entry that this copy has."},
	{METRIC_UNSEALED, "log_unsealed", NULL,
	 "Whole entries behind the last seal."},
	{METRIC_UNANCHORED, "log_unanchored", NULL,
	 "Sealed entries behind the anchor: a cut there would not show."},
	{METRIC_NOT_PROVEN, "log_not_proven", NULL,
	 "Entries in ranges that nothing proves."},
	{METRIC_NEWEST, "log_newest_seconds", "seconds",
	 "Time of the newest proven entry, since 1970."},
	{METRIC_ANCHOR_SIZE, "anchor_size", NULL,
	 "Entries that the anchor speaks for; absent without an anchor."},
	{METRIC_ANCHOR_TIME, "anchor_time_seconds", "seconds",
	 "Time of the anchor, since 1970; absent without one."},
};

static bool metric_of(const struct seal_verdict *v, enum metric metric,
		      uint64_t *ret_value)
{
	switch (metric) {
	case METRIC_STATUS:
		*ret_value = (uint64_t)v->exit_status;
		return true;
	case METRIC_SIZE:
		*ret_value = v->size;
		return true;
	case METRIC_FIRST:
		*ret_value = v->first_index;
		return true;
	case METRIC_UNSEALED:
		*ret_value = v->unsealed;
		return true;
	case METRIC_UNANCHORED:
		*ret_value = unanchored(v);
		return true;
	case METRIC_NOT_PROVEN:
		*ret_value = count_not_proven(v);
		return true;
	case METRIC_NEWEST:
		*ret_value = v->newest_us / 1000000;
		return v->newest_us;
	case METRIC_ANCHOR_SIZE:
		*ret_value = v->anchor.size;
		return v->anchor.kind;
	case METRIC_ANCHOR_TIME:
		*ret_value = v->anchor.time_us / 1000000;
		return v->anchor.kind && v->anchor.time_us;
	}
	return false;
}

static void put_finding_counts(FILE *out, const struct cli_judged *judged)
{
	const struct seal_findings *f = &judged->verdict.findings;
	static const char *const word[] = {"evidence", "undecided", "attention",
					   "note"};
	uint64_t count;
	unsigned n;
	size_t c, i;

	for (n = 1; n <= SEAL_FINDING_MAX; n++)
		for (c = 0; c < sizeof(classes); c++) {
			for (count = 0, i = 0; i < f->n; i++)
				count += f->v[i].number == n &&
					 f->v[i].class ==
						 (enum seal_finding_class)
							 classes[c];
			if (!count)
				continue;
			put_name(out, "findings", judged);
			fprintf(out, ",id=\"%s\",class=\"%s\"} %" PRIu64 "\n",
				seal_finding_info(n)->id, word[c], count);
		}
}

void report_openmetrics(FILE *out, const struct cli_judgements *list,
			const struct cli_trust *trust)
{
	uint64_t value;
	size_t i, m;

	for (m = 0; m < sizeof(metrics) / sizeof(metrics[0]); m++) {
		put_family(out, metrics[m].name, metrics[m].unit,
			   metrics[m].help);
		for (i = 0; i < list->n; i++) {
			if (is_repeated(list, i) ||
			    !metric_of(&list->v[i].verdict, metrics[m].metric,
				       &value))
				continue;
			put_name(out, metrics[m].name, &list->v[i]);
			fprintf(out, "} %" PRIu64 "\n", value);
		}
	}
	put_family(out, "findings", NULL, "Findings by number and class.");
	for (i = 0; i < list->n; i++)
		if (!is_repeated(list, i))
			put_finding_counts(out, &list->v[i]);
	put_family(out, "targets_failed", NULL,
		   "Targets that could not be judged at all.");
	fprintf(out, "auditseal_targets_failed %zu\n", list->problems);
	put_family(out, "as_of_seconds", "seconds",
		   "The time the verdict is about, since 1970.");
	fprintf(out, "auditseal_as_of_seconds %" PRIu64 "\n# EOF\n",
		trust->as_of_us / 1000000);
}
