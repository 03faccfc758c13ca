/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal diff: where two copies of one log differ, and what each proves. */
#include "compare.h"
#include "report.h"

#include <inttypes.h>
#include <string.h>

#define SHOWN 50

static const char help[] =
	"Usage: auditseal diff [OPTIONS] A B\n"
	"\n"
	"Compares two copies of one log, each any target of 'auditseal "
	"verify':\n"
	"the first entry that differs, ranges that only one of them has, and "
	"the\n"
	"verdict on each.  Which of two that differ is the true one, the "
	"verdicts\n"
	"say, if they can.\n"
	"\n"
	"  --policy FILE    whom to trust; FILE.pins is read with it\n"
	"  --log ORIGIN     which log of a store\n"
	"  --as-of TIME     judge freshness as of then\n"
	"  --min-freshness TIME  how old the newest receipt may be\n"
	"  --tls-ca FILE, --tls-cert FILE, --tls-key FILE\n"
	"                   as for 'auditseal verify'\n"
	"\n"
	"Exit status: 0 the same entries; 1 one has more, they agree where "
	"both\n"
	"have entries; 2 they differ, or a verdict is 2; 3 could not compare.\n"
	"\n"
	"Example:\n"
	"  auditseal diff --policy policy --log web01.example.com/audit \\\n"
	"      /var/spool/rsyslog/auditseal/web01.example.com@audit store.db\n";

static void put_verdict(const char *name, const struct cli_judgements *list)
{
	char status[REPORT_STATUS_BYTES];
	size_t i;

	for (i = 0; i < list->n; i++) {
		report_status(&list->v[i], status);
		printf("%s  ", name);
		cli_put_safe(stdout, list->v[i].target,
			     strlen(list->v[i].target));
		printf("\n   %d  %s\n", list->v[i].verdict.exit_status, status);
	}
}

static void put_range(const struct compare_range *r)
{
	static const char *const words[] = {[COMPARE_OTHER] = "other bytes",
					    [COMPARE_ONLY_A] = "only in A",
					    [COMPARE_ONLY_B] = "only in B"};

	if (r->first == r->last)
		printf("  entry %" PRIu64 ": %s\n", r->first, words[r->kind]);
	else
		printf("  entries %" PRIu64 "-%" PRIu64 ": %s\n", r->first,
		       r->last, words[r->kind]);
}

static void put_extent(const char *name, const struct compare *c, int i)
{
	if (c->entries[i])
		printf("%s  %" PRIu64 " entries, %" PRIu64 " to %" PRIu64 "\n",
		       name, c->entries[i], c->first[i], c->end[i] - 1);
	else
		printf("%s  no entries\n", name);
}

static int put(const struct compare *c)
{
	size_t i;

	put_extent("A", c, 0);
	put_extent("B", c, 1);
	if (!c->ranges) {
		printf("0  both have the same entries\n");
		return CLI_OK;
	}
	if (c->other)
		printf("2  THEY DIFFER: the first place is entry %" PRIu64 "\n",
		       c->range[0].first);
	else
		printf("1  one has more entries; where both have entries, they "
		       "are the same\n");
	for (i = 0; i < c->ranges && i < SHOWN; i++)
		put_range(&c->range[i]);
	if (c->ranges > SHOWN || c->more)
		printf("  ... and more, which are not listed\n");
	/* What lies beyond was not compared. */
	return c->other	 ? CLI_EVIDENCE
	       : c->more ? CLI_UNDECIDED
			 : CLI_ATTENTION;
}

static int one_log(const struct cli_judgements *a,
		   const struct cli_judgements *b, struct seal_diag *diag)
{
	if (a->n != 1 || b->n != 1)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "there are several logs: choose one with "
				     "--log ORIGIN");
	if (a->v[0].verdict.origin[0] && b->v[0].verdict.origin[0] &&
	    strcmp(a->v[0].verdict.origin, b->v[0].verdict.origin))
		return seal_diag_set(
			diag, SEAL_E_FOREIGN, "they are two logs: %s and %s",
			a->v[0].verdict.origin, b->v[0].verdict.origin);
	return 0;
}

static int diff(struct cli_trust *trust, const char *const target[2])
{
	struct cli_judgements list[2] = {{0}, {0}};
	struct compare compare = {0};
	struct seal_diag diag = {0};
	int rc, status;

	rc = cli_judge(trust, target[0], &list[0], &diag);
	/* The other copy of the same log. */
	if (!rc && !trust->log && list[0].n == 1 &&
	    list[0].v[0].verdict.origin[0])
		trust->log = list[0].v[0].verdict.origin;
	if (!rc)
		rc = cli_judge(trust, target[1], &list[1], &diag);
	if (!rc)
		rc = one_log(&list[0], &list[1], &diag);
	if (!rc)
		rc = compare_copies(trust, target, &compare, &diag);
	if (rc) {
		status = cli_fail(rc, &diag);
	} else {
		put_verdict("A", &list[0]);
		put_verdict("B", &list[1]);
		status = put(&compare);
		if (list[0].exit_status == CLI_EVIDENCE ||
		    list[1].exit_status == CLI_EVIDENCE)
			status = CLI_EVIDENCE;
	}
	compare_fini(&compare);
	cli_judgements_fini(&list[0]);
	cli_judgements_fini(&list[1]);
	return status;
}

struct words {
	const char *policy, *as_of, *min_freshness;
};

static int take_words(const struct words *w, struct cli_trust *trust)
{
	trust->as_of_us = cli_now_us();
	trust->have_as_of = w->as_of;
	if (w->as_of && !cli_parse_time_us(w->as_of, &trust->as_of_us))
		return cli_usage(&cli_cmd_diff,
				 "--as-of %s is no time such as "
				 "2026-11-21T14:00:00Z",
				 w->as_of);
	if (w->min_freshness &&
	    !cli_parse_duration_us(w->min_freshness, &trust->min_freshness_us))
		return cli_usage(&cli_cmd_diff,
				 "--min-freshness %s is no duration such as "
				 "90s, 15m, 2h or 7d",
				 w->min_freshness);
	return 0;
}

static int run(int argc, char **argv)
{
	struct words w = {0};
	struct cli_trust trust = {0};
	const struct cli_option options[] = {
		{"--policy", true, &w.policy},
		{"--log", true, &trust.log},
		{"--as-of", true, &w.as_of},
		{"--min-freshness", true, &w.min_freshness},
		{"--tls-ca", true, &trust.tls_ca},
		{"--tls-cert", true, &trust.tls_cert},
		{"--tls-key", true, &trust.tls_key},
	};
	struct seal_diag diag = {0};
	int operands = 0, rc;
	bool done;

	rc = cli_options(&cli_cmd_diff, argc, argv, options,
			 sizeof(options) / sizeof(options[0]), &operands,
			 &done);
	if (rc || done)
		return rc;
	if (operands != 2)
		return cli_usage(&cli_cmd_diff, "give two copies of one log");
	rc = take_words(&w, &trust);
	if (rc)
		return rc;
	rc = w.policy ? cli_trust_load(&trust, w.policy, &diag) : 0;
	if (rc)
		rc = cli_fail(rc, &diag);
	else
		rc = diff(&trust, (const char *const[]){argv[1], argv[2]});
	cli_trust_fini(&trust);
	return rc;
}

const struct cli_command cli_cmd_diff = {
	"diff", "where two copies of one log differ", help, run};
