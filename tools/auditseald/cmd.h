/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of auditseald, one file each, and what they share. */
#ifndef AUDITSEALD_CMD_H
#define AUDITSEALD_CMD_H

#include "core/err.h"

/* Exit statuses, also in auditseald(8). */
enum {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* one sentence on standard error says why */
	EXIT_USAGE = 2,
};

int cmd_init(int argc, char **argv);
int cmd_enroll(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_run(int argc, char **argv);

/* Prints the diag's sentence; EXIT_FAILED. */
int cmd_fail(const struct seal_diag *diag);
/* Prints the usage of a command to standard error; EXIT_USAGE. */
int cmd_usage(const char *usage);
/* The same to standard output; EXIT_DONE. */
int cmd_help(const char *usage);

#endif
