/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts as text for people and as JSON (docs/spec/verdict.md). */
#ifndef AUDITSEAL_REPORT_H
#define AUDITSEAL_REPORT_H

#include "judge.h"

/* Status, findings and what to do, what the verdict rests on. */
void report_text(FILE *out, const struct cli_judgements *list,
		 const struct cli_trust *trust);

/* One object, schema auditseal/verdict/1, and a line feed.  NOMEM, IO. */
int report_json(FILE *out, const struct cli_judgements *list,
		const struct cli_trust *trust);

#endif
