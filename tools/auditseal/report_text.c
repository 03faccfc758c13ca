/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts for people.  Nothing of a log reaches the terminal raw. */
#include "report.h"
#include "stamps.h"

#include "core/text.h"

#include <inttypes.h>
#include <string.h>

#define FINDINGS_SHOWN 50

struct look {
	FILE *out;
	const char *good, *warn, *bad, *dim, *plain;
};

static void look_init(struct look *l, FILE *out)
{
	bool colour = cli_colour(out);

	l->out = out;
	l->good = colour ? "\033[32m" : "";
	l->warn = colour ? "\033[33m" : "";
	l->bad = colour ? "\033[31;1m" : "";
	l->dim = colour ? "\033[2m" : "";
	l->plain = colour ? "\033[0m" : "";
}

const char *report_status_text(int exit_status)
{
	static const char *const text[] = {
		"verified: complete up to a fresh, trusted anchor",
		"verified, and something needs attention",
		"EVIDENCE OF TAMPERING OR LOSS",
		"could not decide: the log may be cut off, or its keys are not "
		"tied to a key you trust"};

	return text[exit_status & 3];
}

static const char *status_colour(const struct look *l, int exit_status)
{
	return exit_status == 0 ? l->good : exit_status == 2 ? l->bad : l->warn;
}

static void safe(const struct look *l, const char *text)
{
	cli_put_safe(l->out, text, strlen(text));
}

static void put_range(const struct look *l, uint64_t first, uint64_t last)
{
	if (first == last)
		fprintf(l->out, "entry %" PRIu64, first);
	else
		fprintf(l->out, "entries %" PRIu64 "-%" PRIu64, first, last);
}

static void put_times(const struct look *l, const struct seal_finding *f)
{
	char before[CLI_TIME_BYTES], after[CLI_TIME_BYTES];

	if (!f->time_before_us && !f->time_after_us)
		return;
	cli_format_time(f->time_before_us, before);
	cli_format_time(f->time_after_us, after);
	fprintf(l->out, "         between %s and %s\n", before, after);
}

static void put_finding(const struct look *l, const struct seal_finding *f)
{
	const struct seal_finding_info *info = seal_finding_info(f->number);
	const char *colour = f->class == SEAL_CLASS_D	? l->bad
			     : f->class == SEAL_CLASS_N ? l->dim
							: l->warn;

	fprintf(l->out, "  %s%s%s %s", colour, info->id, l->plain, info->name);
	if (f->first != SEAL_FINDING_NO_INDEX) {
		fprintf(l->out, ": %s", f->within ? "within " : "");
		put_range(l, f->first, f->last);
	}
	fprintf(l->out, "\n         ");
	safe(l, f->text ? f->text : info->meaning);
	if (f->where && f->where[0]) {
		fprintf(l->out, " (");
		safe(l, f->where);
		fprintf(l->out, ")");
	}
	fprintf(l->out, "\n");
	put_times(l, f);
	fprintf(l->out,
		"         do:  %s\n         see: auditseal explain %s\n",
		info->next_step, info->id);
}

static void put_findings(const struct look *l, const struct seal_verdict *v)
{
	static const char order[] = {SEAL_CLASS_D, SEAL_CLASS_U, SEAL_CLASS_A,
				     SEAL_CLASS_N};
	uint64_t shown = 0, total = v->findings.n + v->findings_dropped;
	size_t c, i;

	for (c = 0; c < sizeof(order); c++)
		for (i = 0; i < v->findings.n && shown < FINDINGS_SHOWN; i++)
			if (v->findings.v[i].class ==
			    (enum seal_finding_class)order[c]) {
				put_finding(l, &v->findings.v[i]);
				shown++;
			}
	if (total > shown)
		fprintf(l->out,
			"  ... and %" PRIu64 " more: 'verify --json' has up to "
			"%u\n",
			total - shown, SEAL_VERIFY_MAX_FINDINGS);
}

static void put_identity(const struct look *l, const struct seal_verdict *v)
{
	char id[48] = {0};

	fprintf(l->out, "  log      ");
	safe(l, v->origin[0] ? v->origin : "(unknown)");
	fprintf(l->out, "\n");
	if (!v->have_log_id)
		return;
	seal_base64_encode(v->log_id.b, sizeof(v->log_id.b), id);
	fprintf(l->out, "  log id   %s%s\n", id,
		v->pinned   ? " (pinned)"
		: v->rooted ? " (not pinned: on the word of the anchor)"
			    : " (not tied to a key you trust)");
}

static void put_not_looked_at(const struct look *l,
			      const struct seal_verdict *v)
{
	if (v->looked_from) {
		fprintf(l->out, "           not looked at: ");
		put_range(l, 0, v->looked_from - 1);
		fprintf(l->out, ", verified before\n");
	}
	if (v->range) {
		fprintf(l->out, "           not looked at: ");
		if (v->first_index)
			fprintf(l->out,
				"what lies before entry %" PRIu64 ", and ",
				v->first_index);
		fprintf(l->out, "what lies behind entry %" PRIu64 "\n",
			v->size ? v->size - 1 : 0);
	}
}

static void put_size(const struct look *l, const struct seal_verdict *v)
{
	char size[32], newest[CLI_TIME_BYTES];
	size_t i;

	cli_format_count(v->size, size);
	fprintf(l->out, "  entries  %s sealed", size);
	if (v->first_index)
		fprintf(l->out, ", %" PRIu64 " and later are here",
			v->first_index);
	if (v->newest_us) {
		cli_format_time(v->newest_us, newest);
		fprintf(l->out, ", newest at %s", newest);
	}
	if (v->unsealed)
		fprintf(l->out, "; %" PRIu64 " behind them not sealed",
			v->unsealed);
	fprintf(l->out, "\n");
	put_not_looked_at(l, v);
	for (i = 0; i < v->not_proven_count && i < 10; i++) {
		fprintf(l->out, "  %snot proven: ", l->warn);
		put_range(l, v->not_proven[i].first, v->not_proven[i].last);
		fprintf(l->out, "%s\n", l->plain);
	}
	if (v->not_proven_count > 10)
		fprintf(l->out, "  ... and %zu more ranges\n",
			v->not_proven_count - 10);
}

static void put_absent(const struct look *l, const struct cli_judged *judged)
{
	size_t i;

	for (i = 0; i < judged->absents; i++) {
		fprintf(l->out, "           %snot looked at: ",
			judged->left_out ? "" : "not in this bundle, ");
		put_range(l, judged->absent[i].first, judged->absent[i].last);
		fprintf(l->out, "\n");
	}
}

static void put_anchor(const struct look *l, const struct seal_verdict *v)
{
	const struct seal_anchor *a = &v->anchor;
	char when[CLI_TIME_BYTES], age[CLI_TIME_BYTES];

	fprintf(l->out, "  anchor   ");
	switch (a->kind) {
	case SEAL_ANCHOR_NONE:
		fprintf(l->out, "none: a cut at the end would not show\n");
		return;
	case SEAL_ANCHOR_EXPECTED:
		fprintf(l->out, "size %" PRIu64 ", as the operator expects\n",
			a->size);
		return;
	case SEAL_ANCHOR_QUORUM:
	case SEAL_ANCHOR_KNOWN:
		break;
	}
	cli_format_time(a->time_us, when);
	cli_format_age(v->as_of_us > a->time_us ? v->as_of_us - a->time_us : 0,
		       age);
	fprintf(l->out, "size %" PRIu64 ", receipt of %s, %s old%s, by ",
		a->size, when, age, a->fresh ? "" : " (stale)");
	safe(l, a->names);
	fprintf(l->out, "\n");
	if (a->sole_word)
		fprintf(l->out,
			"           on the word of who serves this copy "
			"alone: no pin, no second copy\n");
}

static void put_window(const struct look *l, const struct seal_verdict *v)
{
	uint64_t behind =
		v->size > v->anchor.size ? v->size - v->anchor.size : 0;

	if (v->anchor.kind && behind)
		fprintf(l->out,
			"  window   %" PRIu64 " entries since the anchor are "
			"sealed; a cut among them would not show\n",
			behind);
	if (v->window)
		fprintf(l->out,
			"           who has the host now could rewrite %" PRIu64
			" of them (epoch %" PRIu64 ")\n",
			v->window, v->epoch);
}

static void put_stamps(const struct look *l, const struct seal_verdict *v,
		       const struct cli_stamps *stamps)
{
	const struct cli_stamp *s;
	char when[CLI_TIME_BYTES];
	size_t i;

	for (i = 0; i < v->given_count; i++) {
		s = cli_stamps_of(stamps, v->origin, i);
		if (!s)
			return;
		cli_format_time(s->stamp.info.time_us, when);
		fprintf(l->out, "  stamped  size %" PRIu64 " not later than %s",
			s->checkpoint.size, when);
		if (s->stamp.info.has_accuracy)
			fprintf(l->out, " (\302\261 %.6g s)",
				(double)s->stamp.info.accuracy_us / 1e6);
		fprintf(l->out, ", by ");
		safe(l, s->stamp.authority);
		fprintf(l->out, "%s\n", cli_given_text(v->given[i]));
	}
}

static void put_log(const struct look *l, const struct cli_judged *judged,
		    const struct cli_stamps *stamps)
{
	const struct seal_verdict *v = &judged->verdict;
	char status[REPORT_STATUS_BYTES];

	report_status(judged, status);
	safe(l, judged->target);
	fprintf(l->out, "\n%s%d  %s%s\n", status_colour(l, v->exit_status),
		v->exit_status, status, l->plain);
	put_identity(l, v);
	put_size(l, v);
	put_absent(l, judged);
	put_anchor(l, v);
	put_window(l, v);
	put_stamps(l, v, stamps);
	put_findings(l, v);
}

void report_text(FILE *out, const struct cli_judgements *list,
		 const struct cli_trust *trust)
{
	unsigned warnings =
		trust->policy ? seal_policy_warnings(trust->policy) : 0;
	struct look l;
	unsigned bit;
	size_t i;

	look_init(&l, out);
	for (i = 0; i < list->n; i++) {
		if (i)
			fprintf(out, "\n");
		put_log(&l, &list->v[i], trust->stamps);
	}
	for (bit = 1; bit <= SEAL_POLICY_WARN_KEY_TWICE; bit <<= 1)
		if (warnings & bit)
			fprintf(out, "policy: %s\n",
				seal_policy_warning_text(
					(enum seal_policy_warning)bit));
	if (list->n > 1)
		fprintf(out, "\n%s%d  %zu logs: %s%s\n",
			status_colour(&l, list->exit_status), list->exit_status,
			list->n, report_status_text(list->exit_status),
			l.plain);
}
