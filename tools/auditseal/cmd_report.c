/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal report: the verdict as a page to print and hand on. */
#include "judge.h"

static const char help[] =
	"Usage: auditseal report --out FILE.html [OPTIONS] TARGET...\n"
	"\n"
	"Verifies as 'auditseal verify' does and writes one page of HTML: the\n"
	"verdict, what it rests on, a picture of the log from its first entry\n"
	"to its last, the findings, the host's starts, crashes and gaps.  The\n"
	"file needs nothing else, has no script, and prints well.\n"
	"\n"
	"  --out FILE, -o FILE   write there; - is standard output\n"
	"  --policy FILE, --log ORIGIN, --as-of TIME, --min-freshness TIME,\n"
	"  --expect-size N, --expect-root HASH, --deep, --state FILE,\n"
	"  --state-init, --since-last, --pin LINE, --fleet, --from N|TIME,\n"
	"  --to N|TIME, --no-progress,\n"
	"  --timestamp PATH, --tsa-ca FILE,\n"
	"  --enclosed-policy, --accepted FILE,\n"
	"  --tls-ca FILE, --tls-cert FILE, --tls-key FILE\n"
	"                        as for 'auditseal verify'\n"
	"\n"
	"Exit status: that of 'auditseal verify'.\n"
	"\n"
	"Example:\n"
	"  auditseal report --policy policy -o web01.html "
	"/var/lib/auditseald\n";

static int run(int argc, char **argv)
{
	return cli_verify(&cli_cmd_report, "html", argc, argv);
}

const struct cli_command cli_cmd_report = {
	"report", "the verdict as a page to print, with a picture", help, run};
