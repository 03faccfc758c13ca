/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal export: a log, or a part of it, as a bundle to hand on. */
#include "export.h"

#include <inttypes.h>
#include <string.h>

static const char help[] =
	"Usage: auditseal export --out BUNDLE [OPTIONS] TARGET\n"
	"\n"
	"Writes a log with all that it takes to verify it elsewhere, offline:\n"
	"entries, hashes, the newest receipt, the history of its keys, the\n"
	"policy, a README for whoever receives it.  BUNDLE is a tar file if "
	"its\n"
	"name ends in .tar, else a directory; it must not be there yet.  The\n"
	"same log gives the same bytes.  Whoever has it runs 'auditseal "
	"verify'.\n"
	"\n"
	"A damaged copy is not exported: hand on its files as they are.\n"
	"\n"
	"  --out BUNDLE, -o BUNDLE  write there\n"
	"  --policy FILE    put in as information; FILE.pins too\n"
	"  --from N, --to N only these entries, with up to 255 before and "
	"behind\n"
	"                   them (for fewer, see 'prove' and 'sample')\n"
	"  --log ORIGIN     which log of a store\n"
	"  --tls-ca FILE, --tls-cert FILE, --tls-key FILE\n"
	"                   as for 'auditseal verify'\n"
	"\n"
	"Exit status: 0 written; 2 the copy is damaged; 3 could not do it.\n"
	"\n"
	"Example:\n"
	"  auditseal export --policy policy --log web01.example.com/audit \\\n"
	"      -o web01.tar /var/lib/auditseald\n";

static int export(const struct cli_trust *trust, const char *target,
		  const struct export_range *range, const char *out)
{
	struct bundle_facts facts = {0};
	struct seal_diag diag = {0};
	char size[32];
	int rc = export_bundle(trust, target, range, out, &facts, &diag);

	if (rc == SEAL_E_DAMAGED) {
		cli_fail(rc, &diag);
		return CLI_EVIDENCE;
	}
	if (rc)
		return cli_fail(rc, &diag);
	cli_format_count(facts.end - facts.first, size);
	printf("%s entries of %s", size, facts.origin);
	if (facts.first || facts.end != facts.size)
		printf(" (%" PRIu64 " to %" PRIu64 "; the others are not in "
		       "it)",
		       facts.first, facts.end - 1);
	printf(" in ");
	cli_put_safe(stdout, out, strlen(out));
	printf("\n");
	return CLI_OK;
}

static int run(int argc, char **argv)
{
	const char *out = NULL, *policy = NULL, *from = NULL, *to = NULL;
	struct export_range range = {0, INT64_MAX};
	struct cli_trust trust = {0};
	const struct cli_option options[] = {
		{"--out", true, &out},
		{"-o", true, &out},
		{"--policy", true, &policy},
		{"--from", true, &from},
		{"--to", true, &to},
		{"--log", true, &trust.log},
		{"--tls-ca", true, &trust.tls_ca},
		{"--tls-cert", true, &trust.tls_cert},
		{"--tls-key", true, &trust.tls_key},
	};
	struct seal_diag diag = {0};
	int operands = 0, rc;
	bool done;

	rc = cli_options(&cli_cmd_export, argc, argv, options,
			 sizeof(options) / sizeof(options[0]), &operands,
			 &done);
	if (rc || done)
		return rc;
	if (operands != 1)
		return cli_usage(&cli_cmd_export, "give one target");
	if (!out || !*out)
		return cli_usage(&cli_cmd_export,
				 "--out BUNDLE says where to write");
	if ((from && !cli_parse_u64(from, &range.from)) ||
	    (to && !cli_parse_u64(to, &range.to)) || range.from > range.to)
		return cli_usage(&cli_cmd_export,
				 "--from and --to are entry numbers, the first "
				 "not above the last");
	rc = policy ? cli_trust_load(&trust, policy, &diag) : 0;
	rc = rc ? cli_fail(rc, &diag) : export(&trust, argv[1], &range, out);
	cli_trust_fini(&trust);
	return rc;
}

const struct cli_command cli_cmd_export = {
	"export", "a log with all it takes to verify it elsewhere", help, run};
