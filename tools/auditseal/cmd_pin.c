/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal pin: the head of a verified log as one line that fits a ticket. */
#include "judge.h"
#include "report.h"

#include <string.h>

static const char help[] =
	"Usage: auditseal pin [OPTIONS] TARGET...\n"
	"\n"
	"Verifies as 'auditseal verify' does and writes one line a log: its\n"
	"origin, size, root, log id, the date of its anchor, a check sum.  "
	"Keep\n"
	"the line where neither host nor store can change it.  Later\n"
	"'auditseal verify --pin LINE' fails if the log was rolled back below\n"
	"it or rewritten.  What does not verify (exit status 2 or 3) gets no\n"
	"line.\n"
	"\n"
	"  --out FILE, -o FILE   write there (default: standard output)\n"
	"  --policy FILE, --log ORIGIN, --as-of TIME, --min-freshness TIME,\n"
	"  --expect-size N, --expect-root HASH, --deep, --no-progress,\n"
	"  --state FILE, --state-init, --since-last, --pin LINE,\n"
	"  --fleet, --from N|TIME, --to N|TIME,\n"
	"  --tls-ca FILE, --tls-cert FILE, --tls-key FILE\n"
	"                        as for 'auditseal verify'\n"
	"\n"
	"Exit status: that of 'auditseal verify'.\n"
	"\n"
	"Example:\n"
	"  auditseal pin --policy policy /var/lib/auditseald >> ticket\n";

static int put_line(FILE *out, const struct seal_verdict *v)
{
	struct cli_pin pin = {.log_id = v->log_id,
			      .size = v->size,
			      .root = v->root,
			      .time_us = v->anchor.kind == SEAL_ANCHOR_EXPECTED
						 ? v->as_of_us
						 : v->anchor.time_us};
	char line[CLI_PIN_LINE_BYTES];
	int rc;

	/* What every copy must have: what is sealed behind it, a store may
	 * not have seen yet. */
	if (v->anchor.kind == SEAL_ANCHOR_QUORUM) {
		pin.size = v->anchor.size;
		pin.root = v->anchor.root;
	}

	snprintf(pin.origin, sizeof(pin.origin), "%s", v->origin);
	rc = cli_pin_format(&pin, line);
	if (!rc)
		fprintf(out, "%s\n", line);
	return rc;
}

int report_pin(FILE *out, const struct cli_judgements *list)
{
	const struct cli_judged *judged;
	struct seal_diag diag = {0};
	size_t i;
	int rc = 0;

	for (i = 0; i < list->n && !rc; i++) {
		judged = &list->v[i];
		if (judged->verdict.exit_status <= CLI_ATTENTION &&
		    !judged->verdict.range) {
			rc = put_line(out, &judged->verdict);
			continue;
		}
		seal_diag_set(&diag, SEAL_E_ARG, "%s in %s is not pinned: %s",
			      judged->verdict.origin, judged->target,
			      judged->verdict.range
				      ? "it is a part of a log"
				      : report_status_text(
						judged->verdict.exit_status));
		cli_fail(SEAL_E_ARG, &diag);
	}
	return rc;
}

static int run(int argc, char **argv)
{
	return cli_verify(&cli_cmd_pin, "pin", argc, argv);
}

const struct cli_command cli_cmd_pin = {
	"pin", "the head of a verified log in one line", help, run};
