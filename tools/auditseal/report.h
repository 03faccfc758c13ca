/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts in each form that --format knows (docs/spec/verdict.md).  What comes
 * from a log, a policy or a path never reaches the output raw.
 */
#ifndef AUDITSEAL_REPORT_H
#define AUDITSEAL_REPORT_H

#include "judge.h"

/* Status, findings and what to do, what the verdict rests on. */
void report_text(FILE *out, const struct cli_judgements *list,
		 const struct cli_trust *trust);

/* One object, schema auditseal/verdict/1, and a line feed.  NOMEM, IO. */
int report_json(FILE *out, const struct cli_judgements *list,
		const struct cli_trust *trust);

/* One line of a Nagios plugin: words, then figures. */
void report_nagios(FILE *out, const struct cli_judgements *list,
		   const struct cli_trust *trust);

/* OpenMetrics 1.0, with its "# EOF". */
void report_openmetrics(FILE *out, const struct cli_judgements *list,
			const struct cli_trust *trust);

/*
 * One page of HTML with nothing outside of it and no script.  Reads the
 * targets once more for the picture; what cannot be read is said there.  NOMEM.
 */
int report_html(FILE *out, const struct cli_judgements *list,
		const struct cli_trust *trust);

/* One line for each log that is verified, and why not for the others. */
int report_pin(FILE *out, const struct cli_judgements *list);

enum report_format {
	REPORT_TEXT = 1,
	REPORT_JSON = 2,
	REPORT_NAGIOS = 3,
	REPORT_OPENMETRICS = 4,
	REPORT_HTML = 5,
	REPORT_PIN = 6, /* of `pin` alone: no word */
};
/* "text", "json", ...: false for any other word. */
bool report_format_parse(const char *word, enum report_format *ret_format);

/* Any of them, and the stream flushed.  NOMEM, IO. */
int report_put(FILE *out, enum report_format format,
	       const struct cli_judgements *list,
	       const struct cli_trust *trust);

/* "verified: complete up to a fresh, trusted anchor", of an exit status. */
const char *report_status_text(int exit_status);

#define REPORT_STATUS_BYTES 160
/* The same of one log: of a bundle, "complete as of ‹time›". */
void report_status(const struct cli_judged *judged,
		   char ret_text[REPORT_STATUS_BYTES]);

#endif
