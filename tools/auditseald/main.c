/* SPDX-License-Identifier: Apache-2.0 */
/* auditseald: the store.  Finds the subcommand.  docs/man/auditseald.8. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"
#include "seal-config.h"

struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *text;
};

static const struct command commands[] = {
	{"init", cmd_init,
	 "make a store: keys, certificates, policy, database"},
	{"enroll", cmd_enroll,
	 "take a host's log: NAME.enroll to NAME.welcome"},
	{"run", cmd_run, "serve hosts and readers"},
	{"list", cmd_list, "list the logs"},
	{"witness", cmd_witness, "tell how others' logs are witnessed here"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* What somebody may type here that is the checker's. */
static const char *const checker[] = {
	"verify", "show",   "status", "prove", "check-proof",
	"doctor", "resume", "accept", "diff",  "policy",
};

static void usage_print(FILE *to)
{
	size_t i;

	fprintf(to, "Usage: auditseald COMMAND [OPTION...]\n\n");
	for (i = 0; i < COMMANDS; i++)
		fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].text);
	fprintf(to, "\n\"auditseald COMMAND --help\" tells the options; the "
		    "manual is auditseald(8).\n");
}

int cmd_fail(const struct seal_diag *diag)
{
	fprintf(stderr, "auditseald: %s\n",
		diag->text[0] ? diag->text : seal_strerror(diag->code));
	return EXIT_FAILED;
}

int cmd_usage(const char *usage)
{
	fprintf(stderr, "Usage: auditseald %s", usage);
	return EXIT_USAGE;
}

int cmd_help(const char *usage)
{
	printf("Usage: auditseald %s", usage);
	return EXIT_DONE;
}

static int unknown(const char *word)
{
	size_t i;

	for (i = 0; i < sizeof(checker) / sizeof(checker[0]); i++) {
		if (strcmp(word, checker[i]))
			continue;
		fprintf(stderr,
			"auditseald: \"%s\" is a command of the checker: use "
			"\"auditseal %s\"\n",
			word, word);
		return EXIT_USAGE;
	}
	fprintf(stderr, "auditseald: there is no command \"%s\"\n", word);
	usage_print(stderr);
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	size_t i;

	umask(022);
	if (argc < 2) {
		usage_print(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		usage_print(stdout);
		return EXIT_DONE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("auditseald %s\n", PACKAGE_VERSION);
		return EXIT_DONE;
	}
	for (i = 0; i < COMMANDS; i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	return unknown(argv[1]);
}
