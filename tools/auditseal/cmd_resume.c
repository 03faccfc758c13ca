/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditseal resume: a mirror that a log was frozen for gets its entries again.
 * docs/spec/spool.md 7.3.
 */
#include "cli.h"

#include "spool/frozen.h"

#include <string.h>

static const char help[] =
	"Usage: auditseal resume SPOOL [MIRROR]\n"
	"\n"
	"When a store answers what it must not answer (it refuses the log, or\n"
	"has less than it gave a receipt for), the host sends it nothing "
	"more,\n"
	"also after a restart.  Sealing goes on.  Find out why: what both "
	"sides\n"
	"said is in SPOOL/evidence-0 and so on.  Then this command ends it; a\n"
	"running rsyslogd tries again within seconds.\n"
	"\n"
	"MIRROR is the key name of the store, as in 'auditseal status'; it may "
	"be\n"
	"left out if only one is frozen.\n"
	"\n"
	"Exit status: 0 nothing is frozen any more, or was; 1 others are "
	"still\n"
	"frozen; 3 it could not be done.\n"
	"\n"
	"Example:\n"
	"  auditseal resume /var/spool/rsyslog/auditseal/"
	"web01.example.com@audit\n";

struct found {
	unsigned n;
	struct seal_frozen last;
};

static int count(void *ctx, const struct seal_frozen *f)
{
	struct found *found = ctx;

	found->n++;
	found->last = *f;
	return 0;
}

static int list(void *ctx, const struct seal_frozen *f)
{
	static const char unknown[] = "(its name is damaged)";
	const char *name = f->mirror[0] ? f->mirror : unknown;
	char since[CLI_TIME_BYTES];

	(void)ctx;
	cli_put_safe(stdout, name, strlen(name));
	cli_format_time(f->time_us, since);
	printf("  frozen since %s%s%s: ", since, f->finding[0] ? ", " : "",
	       f->finding);
	cli_put_safe(stdout, f->reason, strlen(f->reason));
	printf("\n");
	return 0;
}

static int choose(const char *spool, const char **ret_mirror,
		  struct found *found)
{
	if (*ret_mirror)
		return CLI_OK;
	if (found->n > 1) {
		(void)seal_frozen_each(seal_io_posix(), spool, list, NULL,
				       NULL);
		return cli_usage(&cli_cmd_resume,
				 "%u mirrors are frozen in %s: name one",
				 found->n, spool);
	}
	if (!found->last.mirror[0])
		return cli_usage(&cli_cmd_resume,
				 "the file frozen-* in %s is damaged: name the "
				 "mirror",
				 spool);
	*ret_mirror = found->last.mirror;
	return CLI_OK;
}

static int resume(const char *spool, const char *mirror)
{
	struct found found = {0};
	struct seal_diag diag = {0};
	int rc = seal_frozen_each(seal_io_posix(), spool, count, &found, &diag);

	if (rc)
		return cli_fail(rc, &diag);
	if (!found.n && !mirror) {
		printf("no mirror is frozen in %s\n", spool);
		return CLI_OK;
	}
	rc = choose(spool, &mirror, &found);
	if (rc)
		return rc;
	rc = seal_frozen_end(seal_io_posix(), spool, mirror, &diag);
	if (rc)
		return cli_fail(rc, &diag);
	cli_put_safe(stdout, mirror, strlen(mirror));
	printf("  resumed: a running rsyslogd tries again within seconds\n");
	if (found.n == 1)
		return CLI_OK;
	(void)seal_frozen_each(seal_io_posix(), spool, list, NULL, NULL);
	return CLI_ATTENTION;
}

static int run(int argc, char **argv)
{
	int operands = 0, rc;
	bool done;

	rc = cli_options(&cli_cmd_resume, argc, argv, NULL, 0, &operands,
			 &done);
	if (rc || done)
		return rc;
	if (operands < 1 || operands > 2)
		return cli_usage(&cli_cmd_resume,
				 "one spool, and perhaps one mirror");
	return resume(argv[1], operands == 2 ? argv[2] : NULL);
}

const struct cli_command cli_cmd_resume = {
	"resume", "send again to a store that was frozen", help, run};
