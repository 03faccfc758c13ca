/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal verify: was anything changed, removed, added, moved or cut off? */
#include "judge.h"
#include "report.h"

#include <string.h>

static const char help[] =
	"Usage: auditseal verify [OPTIONS] TARGET...\n"
	"\n"
	"Proves that nothing in a log was changed, removed, added, reordered\n"
	"or cut off.  A TARGET is a spool directory, one segment (.seg), a\n"
	"store's directory, or a store's address (https://HOST[:PORT]).\n"
	"\n"
	"  --policy FILE         whom to trust; FILE.pins is read with it\n"
	"  --log ORIGIN          only this log of a store\n"
	"  --as-of TIME          judge freshness as of then: "
	"2026-11-21T14:00:00Z\n"
	"                        or @SECONDS (default: now)\n"
	"  --min-freshness TIME  how old the newest receipt may be: 90s 15m 2h "
	"7d\n"
	"                        (default: 3 heartbeats and a minute)\n"
	"  --expect-size N       the log has at least N entries\n"
	"  --expect-root HASH    and this is the root at N (base64 or hex)\n"
	"  --deep                check every seal, not only what is needed\n"
	"  --json                one JSON object instead of text\n"
	"  --tls-ca FILE         who may vouch for the store's certificate\n"
	"  --tls-cert FILE, --tls-key FILE\n"
	"                        a reader's certificate for the store\n"
	"\n"
	"Exit status: 0 verified up to a fresh, trusted anchor; 1 verified,\n"
	"needs attention; 2 evidence of tampering or loss; 3 could not decide\n"
	"or could not do the work.\n"
	"\n"
	"Example:\n"
	"  auditseal verify --policy /etc/auditseal/policy \\\n"
	"      /var/spool/rsyslog/auditseal/web01.example.com@audit\n";

struct words {
	const char *policy, *log, *as_of, *min_freshness, *expect_size,
		*expect_root, *deep, *json, *ca, *cert, *key;
};

static int take_words(const struct words *w, struct cli_trust *trust)
{
	const struct cli_command *c = &cli_cmd_verify;

	trust->log = w->log;
	trust->deep = w->deep;
	trust->as_of_us = cli_now_us();
	trust->tls_ca = w->ca;
	trust->tls_cert = w->cert;
	trust->tls_key = w->key;
	if (w->as_of && !cli_parse_time_us(w->as_of, &trust->as_of_us))
		return cli_usage(c,
				 "--as-of %s is no time such as "
				 "2026-11-21T14:00:00Z or @1795262400",
				 w->as_of);
	if (w->min_freshness &&
	    !cli_parse_duration_us(w->min_freshness, &trust->min_freshness_us))
		return cli_usage(c,
				 "--min-freshness %s is no duration such as "
				 "90s, 15m, 2h or 7d",
				 w->min_freshness);
	trust->have_expect_size = w->expect_size;
	if (w->expect_size &&
	    !cli_parse_u64(w->expect_size, &trust->expect_size))
		return cli_usage(c, "--expect-size %s is no number",
				 w->expect_size);
	trust->have_expect_root = w->expect_root;
	if (w->expect_root &&
	    !cli_parse_hash(w->expect_root, trust->expect_root.b))
		return cli_usage(c,
				 "--expect-root %s is no hash (44 characters "
				 "of base64 or 64 of hex)",
				 w->expect_root);
	if (!w->cert != !w->key)
		return cli_usage(c, "--tls-cert and --tls-key belong together");
	return 0;
}

static int judge_all(const struct cli_trust *trust, int count, char **targets,
		     bool json)
{
	struct cli_judgements list = {0};
	struct seal_diag diag = {0};
	int i, rc = 0, status = 0;

	for (i = 0; i < count; i++) {
		memset(&diag, 0, sizeof(diag));
		rc = cli_judge(trust, targets[i], &list, &diag);
		if (rc)
			status = cli_fail(rc, &diag);
	}
	if (list.n && json)
		rc = report_json(stdout, &list, trust);
	else if (list.n)
		report_text(stdout, &list, trust);
	if (list.n && json && rc)
		status = cli_fail(rc, NULL);
	/* What could not be read never hides evidence found elsewhere. */
	if (list.exit_status == CLI_EVIDENCE || !status)
		status = list.exit_status;
	cli_judgements_fini(&list);
	return status;
}

static int run(int argc, char **argv)
{
	struct words w = {0};
	const struct cli_option options[] = {
		{"--policy", true, &w.policy},
		{"--log", true, &w.log},
		{"--as-of", true, &w.as_of},
		{"--min-freshness", true, &w.min_freshness},
		{"--expect-size", true, &w.expect_size},
		{"--expect-root", true, &w.expect_root},
		{"--deep", false, &w.deep},
		{"--json", false, &w.json},
		{"--tls-ca", true, &w.ca},
		{"--tls-cert", true, &w.cert},
		{"--tls-key", true, &w.key},
	};
	struct cli_trust trust = {0};
	struct seal_diag diag = {0};
	int operands = 0, rc;
	bool done;

	rc = cli_options(&cli_cmd_verify, argc, argv, options,
			 sizeof(options) / sizeof(options[0]), &operands,
			 &done);
	if (rc || done)
		return rc;
	if (!operands)
		return cli_usage(&cli_cmd_verify, "what is to be verified?");
	rc = take_words(&w, &trust);
	if (rc)
		return rc;
	rc = w.policy ? cli_trust_load(&trust, w.policy, &diag) : 0;
	rc = rc ? cli_fail(rc, &diag)
		: judge_all(&trust, operands, argv + 1, w.json);
	cli_trust_fini(&trust);
	return rc;
}

const struct cli_command cli_cmd_verify = {
	"verify", "was anything changed, removed, added or cut off?", help,
	run};
