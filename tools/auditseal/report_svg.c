/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The picture of a log: one bar of entries, lanes of marks, an axis.  Read
 * without colour: lanes, patterns, shapes and words say all that colours say.
 */
#include "report_page.h"

#include <inttypes.h>
#include <string.h>

#define LEFT	128.0 /* of the plot */
#define WIDTH	850.0
#define BAR_TOP 58
#define BAR_H	34
#define LANE_H	22
#define LANES	(BAR_TOP + BAR_H + 26)
#define HEIGHT	(LANES + 4 * LANE_H + 46)
#define LABELS	40 /* findings with their number written above */

struct picture {
	FILE *out;
	const struct seal_verdict *v;
	const struct timeline *t;
	const struct cli_judged *judged;
};

static double x_of(const struct picture *p, uint64_t index)
{
	double at = (double)index / (double)p->t->end;

	return LEFT + WIDTH * (at > 1 ? 1 : at);
}

void page_patterns(FILE *out)
{
	fputs("<svg width=\"0\" height=\"0\" class=\"defs\" "
	      "aria-hidden=\"true\"><defs>\n"
	      "<pattern id=\"p-window\" width=\"6\" height=\"6\" "
	      "patternUnits=\"userSpaceOnUse\"><rect width=\"6\" height=\"6\" "
	      "fill=\"#e8f1fb\"/><circle cx=\"2\" cy=\"2\" r=\"1.1\" "
	      "fill=\"#234\"/></pattern>\n"
	      "<pattern id=\"p-gone\" width=\"10\" height=\"10\" "
	      "patternUnits=\"userSpaceOnUse\"><rect width=\"10\" "
	      "height=\"10\" fill=\"#fff\"/><path d=\"M0 10L10 0\" "
	      "stroke=\"#888\" stroke-width=\"1\"/></pattern>\n"
	      "<pattern id=\"p-unsealed\" width=\"5\" height=\"5\" "
	      "patternUnits=\"userSpaceOnUse\"><rect width=\"5\" height=\"5\" "
	      "fill=\"#fff4d6\"/><path d=\"M1 0V5\" stroke=\"#640\" "
	      "stroke-width=\"1.4\"/></pattern>\n"
	      "<pattern id=\"p-unproven\" width=\"8\" height=\"8\" "
	      "patternUnits=\"userSpaceOnUse\"><rect width=\"8\" height=\"8\" "
	      "fill=\"#eee\"/><path d=\"M0 0L8 8M8 0L0 8\" stroke=\"#555\" "
	      "stroke-width=\".8\"/></pattern>\n"
	      "<pattern id=\"p-within\" width=\"5\" height=\"5\" "
	      "patternUnits=\"userSpaceOnUse\"><rect width=\"5\" height=\"5\" "
	      "fill=\"#f3c9c4\"/><path d=\"M0 1H5\" stroke=\"#8a0f00\" "
	      "stroke-width=\"2\"/></pattern>\n"
	      "</defs></svg>\n",
	      out);
}

/* ---- the bar ---- */

/* Entries [first, end): at least 3 wide if they must not be overlooked. */
static void put_range(const struct picture *p, uint64_t first, uint64_t end,
		      const char *fill, const char *stroke, bool seen)
{
	double x = x_of(p, first), width = x_of(p, end) - x;

	if (end <= first)
		return;
	if (seen && width < 3) {
		x -= (3 - width) / 2;
		width = 3;
	}
	fprintf(p->out,
		"<rect x=\"%.2f\" y=\"%d\" width=\"%.2f\" height=\"%d\" "
		"fill=\"%s\" %s/>\n",
		x, BAR_TOP, width, BAR_H, fill, stroke);
}

static bool is_missing(unsigned number)
{
	return number == 2 || number == 7 || number == 9;
}

static void put_damage(const struct picture *p, const struct seal_finding *f)
{
	double x, width;

	if (f->class != SEAL_CLASS_D || f->first == SEAL_FINDING_NO_INDEX)
		return;
	if (!is_missing(f->number)) {
		put_range(p, f->first, f->last + 1,
			  f->within ? "url(#p-within)" : "#8a0f00",
			  f->within ? "stroke=\"#8a0f00\"" : "", true);
		return;
	}
	put_range(p, f->first, f->last + 1, "#fff",
		  "stroke=\"#8a0f00\" stroke-width=\"1.5\" "
		  "stroke-dasharray=\"4 3\"",
		  true);
	x = x_of(p, f->first);
	width = x_of(p, f->last + 1) - x;
	if (width < 8)
		return;
	fprintf(p->out,
		"<path d=\"M%.2f %dL%.2f %dM%.2f %dL%.2f %d\" "
		"stroke=\"#8a0f00\" stroke-width=\"1.5\"/>\n",
		x, BAR_TOP, x + width, BAR_TOP + BAR_H, x + width, BAR_TOP, x,
		BAR_TOP + BAR_H);
}

static void put_bar(const struct picture *p)
{
	const struct seal_verdict *v = p->v;
	uint64_t covered = v->anchor.kind ? v->anchor.size : 0;
	size_t i;

	if (covered > v->size)
		covered = v->size;
	put_range(p, 0, v->first_index, "url(#p-gone)",
		  "stroke=\"#888\" stroke-dasharray=\"3 3\"", false);
	put_range(p, v->first_index, covered, "#bfe3c8", "stroke=\"#274\"",
		  false);
	put_range(p, covered > v->first_index ? covered : v->first_index,
		  v->size, "url(#p-window)", "stroke=\"#234\"", false);
	put_range(p, v->size, v->size + v->unsealed, "url(#p-unsealed)",
		  "stroke=\"#640\"", true);
	for (i = 0; i < p->judged->absents; i++)
		put_range(p, p->judged->absent[i].first,
			  p->judged->absent[i].last + 1, "url(#p-gone)",
			  "stroke=\"#888\" stroke-dasharray=\"3 3\"", false);
	for (i = 0; i < v->not_proven_count; i++)
		put_range(p, v->not_proven[i].first, v->not_proven[i].last + 1,
			  "url(#p-unproven)", "stroke=\"#555\"", true);
	for (i = 0; i < v->findings.n; i++)
		put_damage(p, &v->findings.v[i]);
}

/* ---- marks above: findings with their numbers ---- */

static void put_triangle(const struct picture *p, double x, double y,
			 const char *fill)
{
	fprintf(p->out,
		"<path d=\"M%.2f %.1fl-5 -8h10z\" fill=\"%s\" "
		"stroke=\"#222\"/>\n",
		x, y, fill);
}

static void put_findings(const struct picture *p)
{
	const struct seal_findings *list = &p->v->findings;
	double x, last[2] = {-100, -100};
	size_t i, row, shown = 0;

	for (i = 0; i < list->n; i++) {
		const struct seal_finding *f = &list->v[i];

		if (f->first == SEAL_FINDING_NO_INDEX ||
		    f->class == SEAL_CLASS_N)
			continue;
		x = (x_of(p, f->first) + x_of(p, f->last + 1)) / 2;
		put_triangle(p, x, BAR_TOP - 3,
			     f->class == SEAL_CLASS_D	? "#8a0f00"
			     : f->class == SEAL_CLASS_U ? "#fff"
							: "#f0c040");
		row = x - last[0] >= 42 ? 0 : 1;
		if (x - last[row] < 42 || shown++ >= LABELS)
			continue;
		last[row] = x;
		fprintf(p->out,
			"<text x=\"%.2f\" y=\"%d\" class=\"num\">%s</text>\n",
			x, BAR_TOP - 15 - 13 * (int)row,
			seal_finding_info(f->number)->id);
	}
}

/* ---- lanes below ---- */

static void put_mark(FILE *out, enum timeline_kind kind, double x, double y)
{
	static const char *const shape[TIMELINE_KINDS] = {
		[TIMELINE_RECORD] = "",
		[TIMELINE_START] = "<path d=\"M-4 -5l9 5l-9 5z\" "
				   "fill=\"#274\"/>",
		[TIMELINE_STOP] = "<path d=\"M-4 -4h8v8h-8z\" fill=\"#fff\" "
				  "stroke=\"#222\" stroke-width=\"1.5\"/>",
		[TIMELINE_CRASH] = "<path d=\"M-5 -5L5 5M5 -5L-5 5\" "
				   "stroke=\"#222\" stroke-width=\"2.5\"/>",
		[TIMELINE_KEY] = "<path d=\"M0 -5l4 5l-4 5l-4 -5z\" "
				 "fill=\"#346\"/>",
		[TIMELINE_HOST_KEY] = "<path d=\"M0 -7l6 7l-6 7l-6 -7z\" "
				      "fill=\"#fff\" stroke=\"#222\" "
				      "stroke-width=\"1.5\"/>",
		[TIMELINE_GAP] = "<path d=\"M-2 -7h-3v14h3M2 -7h3v14h-3\" "
				 "fill=\"none\" stroke=\"#222\" "
				 "stroke-width=\"1.8\"/>",
		[TIMELINE_NOTICE] = "<path d=\"M0 -6v7M0 3v3\" "
				    "stroke=\"#222\" stroke-width=\"2.5\"/>",
	};

	fprintf(out, "<g transform=\"translate(%.2f %.2f)\">%s</g>\n", x, y,
		shape[kind]);
}

static const struct {
	const char *name;
	enum timeline_kind kind[3];
} lanes[] = {
	{"start, stop, crash", {TIMELINE_START, TIMELINE_STOP, TIMELINE_CRASH}},
	{"change of keys", {TIMELINE_KEY, TIMELINE_HOST_KEY}},
	{"gaps, notices", {TIMELINE_GAP, TIMELINE_NOTICE}},
};

/* A stop and the start behind it are near each other. */
static double aside(enum timeline_kind kind)
{
	return kind == TIMELINE_START ? 5 : kind == TIMELINE_STOP ? -5 : 0;
}

static void put_lane(const struct picture *p, size_t lane)
{
	double y = LANES + LANE_H * (double)lane;
	enum timeline_kind kind;
	size_t k, b;

	fprintf(p->out,
		"<text x=\"%d\" y=\"%.1f\" class=\"lane\">%s</text>\n"
		"<path d=\"M%.1f %.1fH%.1f\" stroke=\"#bbb\"/>\n",
		(int)LEFT - 10, y + 4, lanes[lane].name, LEFT, y, LEFT + WIDTH);
	for (k = 0; k < 3; k++) {
		kind = lanes[lane].kind[k];
		for (b = 0; kind && b < TIMELINE_BINS; b++)
			if (p->t->bin[kind][b])
				put_mark(p->out, kind,
					 LEFT +
						 WIDTH * ((double)b + .5) /
							 TIMELINE_BINS +
						 aside(kind),
					 y);
	}
}

/* Up to here somebody else vouches. */
static void put_anchor(const struct picture *p)
{
	const struct seal_anchor *a = &p->v->anchor;
	double y = LANES + LANE_H * 3.0, x;
	bool left;

	fprintf(p->out,
		"<text x=\"%d\" y=\"%.1f\" class=\"lane\">anchor</text>\n",
		(int)LEFT - 10, y + 4);
	if (!a->kind) {
		fprintf(p->out,
			"<text x=\"%.1f\" y=\"%.1f\" class=\"note\">none: a "
			"cut "
			"at the end would not show</text>\n",
			LEFT, y + 4);
		return;
	}
	x = x_of(p, a->size);
	left = x > LEFT + WIDTH / 2;
	fprintf(p->out,
		"<path d=\"M%.2f %dV%.1f\" stroke=\"#111\" "
		"stroke-width=\"1.5\" stroke-dasharray=\"6 3\"/>\n"
		"<text x=\"%.2f\" y=\"%.1f\" class=\"note\" "
		"text-anchor=\"%s\">%s size %" PRIu64 "%s</text>\n",
		x, BAR_TOP - 3, y + 8, x + (left ? -6 : 6), y + 4,
		left ? "end" : "start",
		a->kind == SEAL_ANCHOR_QUORUM  ? "receipt at"
		: a->kind == SEAL_ANCHOR_KNOWN ? "known at"
					       : "expected",
		a->size, a->fresh ? "" : " (stale)");
}

static void put_axis(const struct picture *p)
{
	double y = LANES + 4.0 * LANE_H - 2, x;
	char when[CLI_TIME_BYTES], count[32];
	uint64_t at;
	size_t i;

	fprintf(p->out, "<path d=\"M%.1f %.1fH%.1f\" stroke=\"#111\"/>\n", LEFT,
		y, LEFT + WIDTH);
	for (i = 0; i < TIMELINE_TICKS; i++) {
		at = (uint64_t)((double)(p->t->end - 1) * (double)i /
				(TIMELINE_TICKS - 1));
		x = LEFT + WIDTH * (double)i / (TIMELINE_TICKS - 1);
		cli_format_count(at, count);
		cli_format_time(p->t->tick_us[i], when);
		when[p->t->tick_us[i] && strlen(when) > 19 ? 19 : 0] = '\0';
		fprintf(p->out,
			"<path d=\"M%.1f %.1fv5\" stroke=\"#111\"/>"
			"<text x=\"%.1f\" y=\"%.1f\" class=\"num\" "
			"text-anchor=\"%s\">%s</text>"
			"<text x=\"%.1f\" y=\"%.1f\" class=\"when\" "
			"text-anchor=\"%s\">%s</text>\n",
			x, y, x, y + 18, "middle", count, x, y + 32, "middle",
			when);
	}
}

void page_picture(FILE *out, const struct cli_judged *judged,
		  const struct timeline *timeline)
{
	struct picture p = {out, &judged->verdict, timeline, judged};
	size_t lane;

	fprintf(out,
		"<svg class=\"picture\" viewBox=\"0 0 1040 %d\" role=\"img\" "
		"aria-label=\"timeline of the log\">\n"
		"<text x=\"%d\" y=\"%d\" class=\"lane\">entries</text>\n"
		"<text x=\"%d\" y=\"%d\" class=\"lane\">findings</text>\n",
		HEIGHT, (int)LEFT - 10, BAR_TOP + BAR_H / 2 + 4, (int)LEFT - 10,
		BAR_TOP - 14);
	put_bar(&p);
	put_findings(&p);
	for (lane = 0; lane < sizeof(lanes) / sizeof(lanes[0]); lane++)
		put_lane(&p, lane);
	put_anchor(&p);
	put_axis(&p);
	fputs("</svg>\n", out);
}

/* ---- the legend ---- */

static void legend_box(FILE *out, const char *fill, const char *stroke,
		       const char *words)
{
	fprintf(out,
		"<span><svg width=\"26\" height=\"16\"><rect x=\"1\" y=\"1\" "
		"width=\"24\" height=\"14\" fill=\"%s\" %s/></svg> %s</span>\n",
		fill, stroke, words);
}

static void legend_mark(FILE *out, enum timeline_kind kind, const char *words)
{
	fputs("<span><svg width=\"18\" height=\"16\">", out);
	put_mark(out, kind, 9, 8);
	fprintf(out, "</svg> %s</span>\n", words);
}

void page_legend(FILE *out)
{
	fputs("<div class=\"legend\">\n", out);
	legend_box(out, "#bfe3c8", "stroke=\"#274\"",
		   "verified, up to the anchor");
	legend_box(out, "url(#p-window)", "stroke=\"#234\"",
		   "verified and sealed, behind the anchor");
	legend_box(out, "url(#p-unsealed)", "stroke=\"#640\"", "not sealed");
	legend_box(out, "url(#p-unproven)", "stroke=\"#555\"", "not proven");
	legend_box(out, "url(#p-gone)",
		   "stroke=\"#888\" stroke-dasharray=\"3 3\"",
		   "freed or pruned: not in this copy");
	legend_box(out, "#8a0f00", "", "modified, or otherwise damaged");
	legend_box(out, "url(#p-within)", "stroke=\"#8a0f00\"",
		   "damaged somewhere within");
	legend_box(out, "#fff",
		   "stroke=\"#8a0f00\" stroke-width=\"1.5\" "
		   "stroke-dasharray=\"4 3\"",
		   "missing (dashed, crossed)");
	legend_mark(out, TIMELINE_START, "start");
	legend_mark(out, TIMELINE_STOP, "stop");
	legend_mark(out, TIMELINE_CRASH, "restart after a crash");
	legend_mark(out, TIMELINE_KEY, "new epoch key");
	legend_mark(out, TIMELINE_HOST_KEY, "new host key");
	legend_mark(out, TIMELINE_GAP, "declared gap");
	legend_mark(out, TIMELINE_NOTICE, "other notice of the host");
	fputs("</div>\n", out);
}
