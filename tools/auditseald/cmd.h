/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of auditseald, one file each, and what they share. */
#ifndef AUDITSEALD_CMD_H
#define AUDITSEALD_CMD_H

#include "config.h"
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
int cmd_witness(int argc, char **argv);

/* cmd_witness.c, for init: HOST/witness, which is not the mirror's name. */
int witness_name(const char *host, const char *mirror,
		 char ret_name[CONFIG_TEXT_BYTES], struct seal_diag *diag);
int witness_name_check(const char *name, const char *mirror,
		       struct seal_diag *diag);
/* A key of this name and an empty policy.  EXISTS: the store has a key. */
int witness_make(const char *dir, const char *name, struct seal_diag *diag);
/* Prints the line for others' policies. */
int witness_tell(const char *dir, const struct config *config,
		 struct seal_diag *diag);

/* Prints the diag's sentence; EXIT_FAILED. */
int cmd_fail(const struct seal_diag *diag);
/* Prints the usage of a command to standard error; EXIT_USAGE. */
int cmd_usage(const char *usage);
/* The same to standard output; EXIT_DONE. */
int cmd_help(const char *usage);

#endif
