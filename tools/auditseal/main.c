/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal: one subcommand each.  The table is all there is here. */
#include "cli.h"

#include "core/crypto.h"

#include <stdio.h>
#include <string.h>

static const struct cli_command *const commands[] = {
	&cli_cmd_verify, &cli_cmd_show,	       &cli_cmd_status,
	&cli_cmd_prove,	 &cli_cmd_check_proof, &cli_cmd_sample,
	&cli_cmd_accept, &cli_cmd_diff,	       &cli_cmd_export,
	&cli_cmd_report, &cli_cmd_explain,     &cli_cmd_init,
	&cli_cmd_pin,	 &cli_cmd_timestamp,   &cli_cmd_resume,
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* What people type here and mean elsewhere. */
static const struct {
	const char *name, *use;
} elsewhere[] = {
	{"enroll", "auditseald enroll"}, {"enrol", "auditseald enroll"},
	{"run", "auditseald run"},	 {"serve", "auditseald run"},
	{"store", "auditseald"},	 {"check", "auditseal verify"},
	{"list", "auditseal show"},	 {"cat", "auditseal show"},
	{"tail", "auditseal show"},	 {"stamp", "auditseal timestamp"},
	{"search", "auditseal show"},
};

static void usage(FILE *out)
{
	size_t i;

	fprintf(out, "Usage: auditseal COMMAND ...\n\n");
	for (i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-12s %s\n", commands[i]->name,
			commands[i]->brief);
	fprintf(out, "\n'auditseal COMMAND --help' tells more.  Example:\n"
		     "  auditseal verify /var/spool/rsyslog/auditseal/"
		     "web01.example.com@audit --policy policy\n");
}

static int unknown(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++) {
		if (strcmp(name, elsewhere[i].name))
			continue;
		fprintf(stderr,
			"auditseal: there is no command '%s' here: use '%s'.\n",
			name, elsewhere[i].use);
		return CLI_UNDECIDED;
	}
	fprintf(stderr, "auditseal: there is no command '");
	cli_put_safe(stderr, name, strlen(name));
	fprintf(stderr, "': 'auditseal --help' lists them all.\n");
	return CLI_UNDECIDED;
}

int main(int argc, char **argv)
{
	struct seal_diag diag = {0};
	size_t i;
	int rc;

	if (argc < 2) {
		usage(stderr);
		return CLI_UNDECIDED;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		usage(stdout);
		return CLI_OK;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("auditseal %s\n", AUDITSEAL_VERSION);
		return CLI_OK;
	}
	rc = seal_crypto_init(&diag);
	if (rc)
		return cli_fail(rc, &diag);
	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i]->name))
			return commands[i]->run(argc - 1, argv + 1);
	return unknown(argv[1]);
}
