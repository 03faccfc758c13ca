/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal show: the entries, safe for a terminal. */
#include "cli.h"
#include "walk.h"

#include "core/control.h"
#include "core/entry.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: auditseal show [OPTIONS] TARGET\n"
	"\n"
	"Shows the entries of a spool, a segment, or a store's copy, as they\n"
	"stand there: index, time, type, text.  Nothing in them can steer the\n"
	"terminal.  Nothing is verified: that is 'auditseal verify'.\n"
	"\n"
	"  --from N      begin with entry N (default: the first that is "
	"there)\n"
	"  --to N        end with entry N\n"
	"  --log ORIGIN  which log of a store\n"
	"  --json        one JSON object a line\n"
	"  --policy FILE, --tls-ca FILE, --tls-cert FILE, --tls-key FILE\n"
	"                as for 'auditseal verify'\n"
	"\n"
	"Marks: ? not sealed (yet), ! the frame's tag does not fit, + "
	"continues\n"
	"the record of the entry before.\n"
	"\n"
	"Example:\n"
	"  auditseal show --from 100 --to 120 "
	"/var/spool/rsyslog/auditseal/web01.example.com@audit\n";

struct show {
	bool json;
	bool begun; /* an entry that can stand by itself was shown */
	uint64_t shown;
};

static char mark(const struct cli_entry *e, const struct seal_entry *view)
{
	if (e->tag_wrong)
		return '!';
	if (!e->sealed)
		return '?';
	return view->flags & SEAL_FLAG_CONTINUES ? '+' : ' ';
}

static void show_text(const struct cli_entry *e, const struct seal_entry *view)
{
	char when[CLI_TIME_BYTES];

	cli_format_time(view->time_us, when);
	printf("%8" PRIu64 " %c %s  %-9s ", e->index, mark(e, view), when,
	       seal_entry_type_name(view->type));
	cli_put_safe(stdout, view->body, view->body_len);
	if (view->parts)
		printf("  [%u committed parts]", view->parts);
	if (view->flags & SEAL_FLAG_CUT)
		printf("  [cut by the input]");
	printf("\n");
}

static void put_body(const struct seal_entry *view)
{
	struct seal_control control;
	size_t len = 4 * ((view->body_len + 2) / 3);
	char *text;

	if (view->type != SEAL_ENTRY_RECORD &&
	    !seal_control_decode(view->type, view->body, view->body_len,
				 &control)) {
		printf("\"control\":");
		cli_put_json(stdout, view->body, view->body_len, true);
		return;
	}
	if (seal_utf8_valid(view->body, view->body_len)) {
		printf("\"text\":");
		cli_put_json(stdout, view->body, view->body_len, false);
		return;
	}
	text = malloc(len + 1);
	if (!text)
		return;
	seal_base64_encode(view->body, view->body_len, text);
	printf("\"base64\":\"%.*s\"", (int)len, text);
	free(text);
}

static void show_json(const struct cli_entry *e, const struct seal_entry *view)
{
	char when[CLI_TIME_BYTES];

	cli_format_time(view->time_us, when);
	printf("{\"index\":%" PRIu64 ",\"type\":\"%s\",\"flags\":%u,"
	       "\"time\":\"%s\",\"time_us\":%" PRIu64 ",\"sealed\":%s,"
	       "\"tag_ok\":%s,\"parts\":%u,",
	       e->index, seal_entry_type_name(view->type), view->flags, when,
	       view->time_us, e->sealed ? "true" : "false",
	       e->tag_wrong ? "false" : "true", view->parts);
	put_body(view);
	printf("}\n");
}

static int show(void *ctx, const struct cli_entry *e)
{
	struct show *s = ctx;
	struct seal_entry view = {0};
	int rc = seal_entry_parse(e->bytes, e->len, &view);

	if (rc && rc != SEAL_E_UNKNOWN) {
		view.body = e->bytes;
		view.body_len = e->len;
	}
	/* A continuation means nothing without its first piece. */
	if (!s->begun && view.flags & SEAL_FLAG_CONTINUES)
		return 0;
	s->begun = true;
	s->shown++;
	if (s->json)
		show_json(e, &view);
	else
		show_text(e, &view);
	return ferror(stdout) ? SEAL_E_IO : 0;
}

static int run(int argc, char **argv)
{
	const char *from = NULL, *to = NULL, *json = NULL, *policy = NULL;
	struct cli_trust trust = {0};
	const struct cli_option options[] = {
		{"--from", true, &from},
		{"--to", true, &to},
		{"--json", false, &json},
		{"--log", true, &trust.log},
		{"--policy", true, &policy},
		{"--tls-ca", true, &trust.tls_ca},
		{"--tls-cert", true, &trust.tls_cert},
		{"--tls-key", true, &trust.tls_key},
	};
	uint64_t first = 0, last = INT64_MAX;
	struct show s = {0};
	struct seal_diag diag = {0};
	int operands = 0, rc;
	bool done;

	rc = cli_options(&cli_cmd_show, argc, argv, options,
			 sizeof(options) / sizeof(options[0]), &operands,
			 &done);
	if (rc || done)
		return rc;
	if (operands != 1)
		return cli_usage(&cli_cmd_show, "give one target");
	if ((from && !cli_parse_u64(from, &first)) ||
	    (to && !cli_parse_u64(to, &last)) || first > last)
		return cli_usage(&cli_cmd_show,
				 "--from and --to are entry numbers, the first "
				 "not above the last");
	s.json = json;
	rc = policy ? cli_trust_load(&trust, policy, &diag) : 0;
	if (!rc)
		rc = cli_walk(&trust, argv[1], first, last, show, &s, &diag);
	cli_trust_fini(&trust);
	if (!rc && fflush(stdout))
		rc = SEAL_E_IO;
	if (rc)
		return cli_fail(rc, &diag);
	if (!s.shown) {
		fprintf(stderr, "auditseal: there are no such entries.\n");
		return CLI_UNDECIDED;
	}
	return CLI_OK;
}

const struct cli_command cli_cmd_show = {
	"show", "the entries of a log, safe for a terminal", help, run};
