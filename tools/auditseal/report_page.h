/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of the HTML report.  Every string goes through page_text: nothing
 * of a log can become markup, or steer what is read or printed.
 */
#ifndef AUDITSEAL_REPORT_PAGE_H
#define AUDITSEAL_REPORT_PAGE_H

#include "timeline.h"

/* Safe as on a terminal, and safe as text or attribute of HTML. */
void page_text(FILE *out, const char *text);
/* Of text that was made safe already: markup alone is escaped. */
void page_safe(FILE *out, const char *text, size_t len);

/* The patterns that pictures and legend share; once a page. */
void page_patterns(FILE *out);
/* The timeline of one log. */
void page_picture(FILE *out, const struct cli_judged *judged,
		  const struct timeline *timeline);
/* What its shapes and patterns mean. */
void page_legend(FILE *out);

#endif
