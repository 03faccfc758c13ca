/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditseal status: one line a log: sealed, receipted, how old the backlog is.
 * What the host's own files say; it verifies nothing.
 */
#include "cli.h"
#include "walk.h"

#include "core/entry.h"
#include "spool/feed.h"
#include "spool/frozen.h"
#include "spool/state.h"

#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <string.h>

#define SPOOLS	    "/var/spool/rsyslog/auditseal/*"
#define WARN_US	    ((uint64_t)5 * 60 * 1000000)
#define CRITICAL_US ((uint64_t)60 * 60 * 1000000)

static const char help[] =
	"Usage: auditseal status [OPTIONS] [SPOOL...]\n"
	"\n"
	"One line a log: how many entries are sealed, how many a store has\n"
	"acknowledged, and how long the oldest one waits.  Without SPOOL: all\n"
	"in /var/spool/rsyslog/auditseal.  Says what the host's files say; to\n"
	"verify them is 'auditseal verify'.  A store that nothing is sent to\n"
	"(see 'auditseal resume') is critical.\n"
	"\n"
	"  --warn TIME      a backlog older than this needs attention "
	"(default: 5m)\n"
	"  --critical TIME  ... is critical (default: 1h)\n"
	"  --nagios         one line and exit status of a Nagios plugin:\n"
	"                   0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN\n"
	"  --json           one JSON object a line\n"
	"\n"
	"Exit status: 0 all well; 1 a backlog is too old, or a store is "
	"frozen;\n"
	"3 could not tell.\n"
	"\n"
	"Example:\n"
	"  auditseal status --warn 10m\n";

struct status {
	const char *dir;
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	uint64_t sealed, receipted;
	uint64_t newest_receipt_us; /* 0: none */
	uint64_t waiting_us;	    /* time of the oldest without a receipt */
	uint64_t age_us;	    /* of that */
	unsigned frozen;	    /* mirrors; the last one's name: */
	char frozen_mirror[SEAL_NAME_MAX_BYTES + 1];
	int level; /* 0, 1, 2; 3 */
	char problem[SEAL_DIAG_TEXT_BYTES];
};

struct limits {
	uint64_t warn_us, critical_us;
};

static int first_time(void *ctx, const struct cli_entry *entry)
{
	struct status *s = ctx;
	struct seal_entry view;
	int rc = seal_entry_parse(entry->bytes, entry->len, &view);

	if (!rc || rc == SEAL_E_UNKNOWN)
		s->waiting_us = view.time_us;
	return CLI_WALK_STOP;
}

static int load(const char *dir, struct status *s, struct seal_diag *diag)
{
	struct seal_acked acked = {0};
	struct seal_state state;
	char path[4096];
	size_t i;
	int rc;

	snprintf(path, sizeof(path), "%s/state", dir);
	rc = seal_state_load(seal_io_posix(), path, &state, diag);
	if (rc)
		return rc;
	s->sealed = state.sealed;
	snprintf(path, sizeof(path), "%s/acked", dir);
	rc = seal_acked_load(seal_io_posix(), path, &acked, diag);
	if (rc == SEAL_E_NOTFOUND)
		return 0;
	for (i = 0; i < acked.mirrors; i++) {
		if (acked.mirror[i].size > s->receipted)
			s->receipted = acked.mirror[i].size;
		if (acked.mirror[i].time_s * 1000000 > s->newest_receipt_us)
			s->newest_receipt_us = acked.mirror[i].time_s * 1000000;
	}
	seal_acked_fini(&acked);
	return rc;
}

static int count_frozen(void *ctx, const struct seal_frozen *frozen)
{
	struct status *s = ctx;

	s->frozen++;
	snprintf(s->frozen_mirror, sizeof(s->frozen_mirror), "%s",
		 frozen->mirror[0] ? frozen->mirror : "(its name is damaged)");
	return 0;
}

static void look(const char *dir, const struct limits *limits, struct status *s)
{
	struct seal_diag diag = {0};
	uint64_t now = cli_now_us();
	int rc;

	memset(s, 0, sizeof(*s));
	s->dir = dir;
	rc = seal_feed_origin(seal_io_posix(), dir, false, s->origin, &diag);
	if (!rc)
		rc = load(dir, s, &diag);
	if (!rc)
		rc = seal_frozen_each(seal_io_posix(), dir, count_frozen, s,
				      &diag);
	if (!rc && s->sealed > s->receipted)
		rc = cli_walk_spool(dir, s->receipted, s->receipted, first_time,
				    s, &diag);
	if (rc) {
		s->level = CLI_UNDECIDED;
		snprintf(s->problem, sizeof(s->problem), "%s",
			 diag.text[0] ? diag.text : seal_strerror(rc));
		return;
	}
	if (s->waiting_us && now > s->waiting_us)
		s->age_us = now - s->waiting_us;
	s->level = s->frozen || s->age_us > limits->critical_us ? 2
		   : s->age_us > limits->warn_us		? 1
								: 0;
}

static void put_text(const struct status *s)
{
	char age[CLI_TIME_BYTES], receipt[CLI_TIME_BYTES];

	cli_put_safe(stdout, s->origin[0] ? s->origin : s->dir,
		     strlen(s->origin[0] ? s->origin : s->dir));
	if (s->level == CLI_UNDECIDED) {
		printf(": ");
		cli_put_safe(stdout, s->problem, strlen(s->problem));
		printf("\n");
		return;
	}
	cli_format_age(s->age_us, age);
	cli_format_time(s->newest_receipt_us, receipt);
	printf(": sealed %" PRIu64 ", receipted %" PRIu64 ", backlog %" PRIu64
	       "%s%s, newest receipt %s",
	       s->sealed, s->receipted,
	       s->sealed > s->receipted ? s->sealed - s->receipted : 0,
	       s->age_us ? " since " : "", s->age_us ? age : "",
	       s->newest_receipt_us ? receipt : "none");
	if (s->frozen) {
		printf(", frozen: %u: ", s->frozen);
		cli_put_safe(stdout, s->frozen_mirror,
			     strlen(s->frozen_mirror));
	}
	printf("\n");
}

static void put_json(const struct status *s)
{
	printf("{\"spool\":");
	cli_put_json(stdout, s->dir, strlen(s->dir), false);
	printf(",\"origin\":");
	cli_put_json(stdout, s->origin, strlen(s->origin), false);
	printf(",\"level\":%d", s->level);
	if (s->level == CLI_UNDECIDED) {
		printf(",\"problem\":");
		cli_put_json(stdout, s->problem, strlen(s->problem), false);
	} else {
		printf(",\"sealed\":%" PRIu64 ",\"receipted\":%" PRIu64
		       ",\"backlog\":%" PRIu64 ",\"backlog_age_us\":%" PRIu64
		       ",\"newest_receipt_us\":%" PRIu64 ",\"frozen\":%u",
		       s->sealed, s->receipted,
		       s->sealed > s->receipted ? s->sealed - s->receipted : 0,
		       s->age_us, s->newest_receipt_us, s->frozen);
	}
	printf("}\n");
}

static void put_nagios(const struct status *worst, size_t count,
		       uint64_t backlog)
{
	static const char *const word[] = {"OK", "WARNING", "CRITICAL",
					   "UNKNOWN"};
	char age[CLI_TIME_BYTES];

	cli_format_age(worst->age_us, age);
	printf("AUDITSEAL %s - %zu logs", word[worst->level & 3], count);
	if (worst->problem[0]) {
		printf(", ");
		cli_put_safe(stdout, worst->problem, strlen(worst->problem));
	} else if (worst->frozen) {
		printf(", nothing is sent to ");
		cli_put_safe(stdout, worst->frozen_mirror,
			     strlen(worst->frozen_mirror));
		printf(" from %s", worst->origin);
	} else if (worst->age_us) {
		printf(", oldest backlog %s in %s", age, worst->origin);
	}
	printf(" | backlog=%" PRIu64 " age=%" PRIu64 "s\n", backlog,
	       worst->age_us / 1000000);
}

struct words {
	const char *warn, *critical, *nagios, *json;
};

static bool worse(const struct status *a, const struct status *b)
{
	return a->level != b->level ? a->level > b->level
				    : a->age_us > b->age_us;
}

static int report(char **dirs, size_t count, const struct words *w,
		  const struct limits *limits)
{
	struct status worst = {0}, s;
	uint64_t backlog = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		look(dirs[i], limits, &s);
		if (!i || worse(&s, &worst))
			worst = s;
		backlog += s.sealed > s.receipted ? s.sealed - s.receipted : 0;
		if (w->json)
			put_json(&s);
		else if (!w->nagios)
			put_text(&s);
	}
	if (w->nagios)
		put_nagios(&worst, count, backlog);
	/* Of ours, 2 means evidence: a backlog is none. */
	if (worst.level == 2 && !w->nagios)
		return CLI_ATTENTION;
	return worst.level;
}

static int all(const struct words *w, const struct limits *limits)
{
	glob_t found;
	int rc, status;

	rc = glob(SPOOLS, GLOB_ONLYDIR, NULL, &found);
	if (rc == GLOB_NOMATCH)
		return cli_usage(&cli_cmd_status,
				 "there is no spool in " SPOOLS ": name one");
	if (rc)
		return cli_usage(&cli_cmd_status, "cannot read " SPOOLS);
	status = report(found.gl_pathv, found.gl_pathc, w, limits);
	globfree(&found);
	return status;
}

static int run(int argc, char **argv)
{
	struct words w = {0};
	const struct cli_option options[] = {
		{"--warn", true, &w.warn},
		{"--critical", true, &w.critical},
		{"--nagios", false, &w.nagios},
		{"--json", false, &w.json},
	};
	struct limits limits = {WARN_US, CRITICAL_US};
	int operands = 0, rc;
	bool done;

	rc = cli_options(&cli_cmd_status, argc, argv, options,
			 sizeof(options) / sizeof(options[0]), &operands,
			 &done);
	if (rc || done)
		return rc;
	if ((w.warn && !cli_parse_duration_us(w.warn, &limits.warn_us)) ||
	    (w.critical &&
	     !cli_parse_duration_us(w.critical, &limits.critical_us)))
		return cli_usage(&cli_cmd_status,
				 "--warn and --critical take a duration such "
				 "as 90s, 15m, 2h or 7d");
	return operands ? report(argv + 1, (size_t)operands, &w, &limits)
			: all(&w, &limits);
}

const struct cli_command cli_cmd_status = {
	"status", "one line a log: sealed, receipted, backlog", help, run};
