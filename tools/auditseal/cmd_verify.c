/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal verify: was anything changed, removed, added, moved or cut off? */
#include "accept.h"
#include "enroll.h"
#include "fleet.h"
#include "report.h"
#include "stamps.h"

#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: auditseal verify [OPTIONS] TARGET...\n"
	"\n"
	"Proves that nothing in a log was changed, removed, added, reordered\n"
	"or cut off.  A TARGET is a spool directory, one segment (.seg), a\n"
	"store's directory, a store's address (https://HOST[:PORT]), a\n"
	"bundle of 'auditseal export' (a directory or .tar), or C2SP tiles\n"
	"in a directory (checkpoint and tile/).\n"
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
	"  --timestamp PATH      NAME.tsr beside the checkpoint NAME, or a\n"
	"                        directory of such pairs\n"
	"  --tsa-ca FILE         CAs that may vouch for the authority, PEM\n"
	"  --deep                check every seal, not only what is needed\n"
	"  --enclosed-policy     believe the policy that a bundle brings\n"
	"  --accepted FILE       count what 'auditseal accept' noted there as\n"
	"                        attention (1), not as evidence (2)\n"
	"  --state FILE          remember the verified heads and what was told;"
	"\n"
	"                        a log that fell behind them is found offline\n"
	"  --state-init          FILE is not there yet: begin it\n"
	"  --since-last          look only at what is new since FILE\n"
	"  --pin LINE            the log is at least as 'auditseal pin' said\n"
	"  --fleet               every log of the policy must be there\n"
	"  --from N|TIME, --to N|TIME\n"
	"                        only what is needed for these entries\n"
	"  --no-progress         no bar on the terminal\n"
	"  --format FORMAT       text, json, nagios, openmetrics or html\n"
	"  --json                the same as --format json\n"
	"  --out FILE, -o FILE   write there (default: standard output)\n"
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
	const struct cli_command *command;
	const char *format, *out;
	const char *policy, *log, *as_of, *min_freshness, *expect_size,
		*expect_root, *deep, *enclosed, *accepted, *json, *ca, *cert,
		*key, *state, *state_init, *pin, *since_last, *no_progress,
		*fleet, *from, *to;
	const char *timestamp, *tsa_ca;
};

static int take_format(const struct words *w, const char *form,
		       enum report_format *ret_format)
{
	if (form && !strcmp(form, "pin")) {
		*ret_format = REPORT_PIN;
		return 0;
	}
	if (w->json && w->format && !form)
		return cli_usage(w->command,
				 "--json is --format json: give one of them");
	if (w->json) {
		*ret_format = REPORT_JSON;
		return 0;
	}
	if (w->format && !report_format_parse(w->format, ret_format))
		return cli_usage(w->command,
				 "--format %s is none of text, json, nagios, "
				 "openmetrics and html",
				 w->format);
	if (form && !w->out)
		return cli_usage(w->command,
				 "--out FILE says where the report goes");
	return 0;
}

/* An entry's index, or a time. */
static bool take_limit(const char *word, uint64_t *ret_index, uint64_t *ret_us)
{
	return !word || cli_parse_u64(word, ret_index) ||
	       cli_parse_time_us(word, ret_us);
}

static int take_limits(const struct words *w, struct cli_trust *trust)
{
	struct seal_feed_limits limits = {0, UINT64_MAX, 0, UINT64_MAX};

	if (!take_limit(w->from, &limits.from, &limits.from_us) ||
	    !take_limit(w->to, &limits.to, &limits.to_us))
		return cli_usage(w->command,
				 "--from and --to take the number of an entry, "
				 "or a time such as 2026-11-21T14:00:00Z");
	if (limits.from > limits.to || limits.from_us > limits.to_us)
		return cli_usage(w->command, "--from is behind --to");
	if ((w->from || w->to) && w->since_last)
		return cli_usage(w->command,
				 "--since-last goes on to the end: leave "
				 "--from and --to out");
	trust->have_limits = w->from || w->to;
	trust->limits = limits;
	return 0;
}

static int take_words(const struct words *w, struct cli_trust *trust)
{
	const struct cli_command *c = w->command;

	trust->log = w->log;
	trust->deep = w->deep;
	trust->have_as_of = w->as_of;
	trust->enclosed_policy = w->enclosed;
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
	if (w->enclosed && w->policy)
		return cli_usage(c, "--policy and --enclosed-policy exclude "
				    "each other");
	if (!w->timestamp != !w->tsa_ca)
		return cli_usage(c, "--timestamp and --tsa-ca belong together");
	if (!w->cert != !w->key)
		return cli_usage(c, "--tls-cert and --tls-key belong together");
	if ((w->state_init || w->since_last) && !w->state)
		return cli_usage(c, "%s needs --state FILE",
				 w->state_init ? "--state-init"
					       : "--since-last");
	trust->since_last = w->since_last;
	trust->quiet = w->no_progress;
	return take_limits(w, trust);
}

/* To a file of that name, or to standard output. */
static int put_report(const struct words *w, enum report_format format,
		      const struct cli_judgements *list,
		      const struct cli_trust *trust, struct seal_diag *diag)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out;
	int rc;

	if (!w->out || !strcmp(w->out, "-"))
		return report_put(stdout, format, list, trust);
	out = open_memstream(&text, &len);
	if (!out)
		return SEAL_E_NOMEM;
	rc = report_put(out, format, list, trust);
	if (fclose(out) && !rc)
		rc = SEAL_E_NOMEM;
	if (!rc)
		rc = cli_write_file(w->out, text, len, 0644, diag);
	free(text);
	return rc;
}

static bool is_judged(const struct cli_judgements *list, const char *origin)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (!strcmp(list->v[i].verdict.origin, origin))
			return true;
	return false;
}

static int pin_missed(struct cli_judgements *list, const struct cli_pin *pin)
{
	struct seal_diag diag = {0};
	int rc = seal_diag_set(&diag, SEAL_E_NOTFOUND,
			       "the pin is of the log %s, which is not among "
			       "those verified",
			       pin->origin);

	if (!list->problems++)
		snprintf(list->problem, sizeof(list->problem), "%s", diag.text);
	return cli_fail(rc, &diag);
}

static int judge_all(const struct words *w, enum report_format format,
		     const struct cli_trust *trust, int count, char **targets)
{
	struct cli_judgements list = {0};
	struct seal_diag diag = {0};
	int rc, status;

	if (trust->stamps)
		cli_stamps_load(trust->stamps, w->timestamp, w->tsa_ca, &list);
	(void)cli_judge_fleet(trust, (size_t)count, targets, w->fleet, &list);
	if (trust->pin && !is_judged(&list, trust->pin->origin))
		pin_missed(&list, trust->pin);
	if (trust->stamps)
		cli_stamps_unused(trust->stamps, &list);
	status = list.problems ? CLI_UNDECIDED : 0;
	memset(&diag, 0, sizeof(diag));
	rc = w->accepted ? accepted_apply(trust, w->accepted, &list, &diag) : 0;
	if (rc)
		status = cli_fail(rc, &diag);
	memset(&diag, 0, sizeof(diag));
	rc = put_report(w, format, &list, trust, &diag);
	if (rc)
		status = cli_fail(rc, &diag);
	memset(&diag, 0, sizeof(diag));
	rc = trust->memory ? cli_memory_save(trust->memory, &diag) : 0;
	if (rc)
		status = cli_fail(rc, &diag);
	/* What could not be read never hides evidence found elsewhere. */
	if (list.exit_status == CLI_EVIDENCE || !status)
		status = list.exit_status;
	cli_judgements_fini(&list);
	return status;
}

static int parse(struct words *w, int argc, char **argv, int *ret_operands,
		 bool *ret_done)
{
	const struct cli_option options[] = {
		{"--out", true, &w->out},
		{"-o", true, &w->out},
		{"--policy", true, &w->policy},
		{"--log", true, &w->log},
		{"--as-of", true, &w->as_of},
		{"--min-freshness", true, &w->min_freshness},
		{"--expect-size", true, &w->expect_size},
		{"--expect-root", true, &w->expect_root},
		{"--timestamp", true, &w->timestamp},
		{"--tsa-ca", true, &w->tsa_ca},
		{"--deep", false, &w->deep},
		{"--enclosed-policy", false, &w->enclosed},
		{"--accepted", true, &w->accepted},
		{"--state", true, &w->state},
		{"--state-init", false, &w->state_init},
		{"--since-last", false, &w->since_last},
		{"--pin", true, &w->pin},
		{"--fleet", false, &w->fleet},
		{"--from", true, &w->from},
		{"--to", true, &w->to},
		{"--no-progress", false, &w->no_progress},
		{"--tls-ca", true, &w->ca},
		{"--tls-cert", true, &w->cert},
		{"--tls-key", true, &w->key},
		/* Not of `report`: the last two. */
		{"--json", false, &w->json},
		{"--format", true, &w->format},
	};

	return cli_options(w->command, argc, argv, options,
			   sizeof(options) / sizeof(options[0]) -
				   (w->format ? 2 : 0),
			   ret_operands, ret_done);
}

int cli_verify(const struct cli_command *command, const char *form, int argc,
	       char **argv)
{
	struct words w = {.format = form, .command = command};
	enum report_format format = REPORT_TEXT;
	struct cli_trust trust = {0};
	struct cli_stamps stamps = {0};
	struct cli_memory memory = {.lock = -1};
	struct cli_pin pin;
	struct seal_diag diag = {0};
	int operands = 0, rc;
	bool done;

	rc = parse(&w, argc, argv, &operands, &done);
	if (rc || done)
		return rc;
	if (!operands)
		return cli_usage(command, "what is to be verified?");
	rc = take_format(&w, form, &format);
	if (!rc)
		rc = take_words(&w, &trust);
	if (rc)
		return rc;
	if (w.timestamp)
		trust.stamps = &stamps;
	rc = w.policy ? cli_trust_load(&trust, w.policy, &diag) : 0;
	if (!rc && w.pin) {
		rc = cli_pin_parse(w.pin, &pin, &diag);
		trust.pin = &pin;
	}
	if (!rc && w.state) {
		rc = cli_memory_open(w.state, w.state_init, &memory, &diag);
		trust.memory = rc ? NULL : &memory;
	}
	rc = rc ? cli_fail(rc, &diag)
		: judge_all(&w, format, &trust, operands, argv + 1);
	cli_stamps_fini(&stamps);
	cli_memory_close(&memory);
	cli_trust_fini(&trust);
	return rc;
}

static int run(int argc, char **argv)
{
	return cli_verify(&cli_cmd_verify, NULL, argc, argv);
}

const struct cli_command cli_cmd_verify = {
	"verify", "was anything changed, removed, added or cut off?", help,
	run};
