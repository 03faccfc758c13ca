/* SPDX-License-Identifier: Apache-2.0 */
/* The two halves of `init`: keys and NAME.enroll, and what NAME.welcome brings.
 */
#ifndef AUDITSEAL_ENROLL_H
#define AUDITSEAL_ENROLL_H

#include "cli.h"

#include "protocol/enroll.h"
#include "spool/keydir.h"

#define CLI_KEYDIR_PARENT "/var/lib/auditseal/"
#define CLI_PATH_BYTES	  4096

/* "web01.example.com/audit" as a file name: '/' becomes '@'. */
void cli_origin_file(const char *origin,
		     char ret_name[SEAL_ORIGIN_MAX_BYTES + 1]);

/* This host's full name in lower case and "/audit".  SEAL_E_CONFIG. */
int cli_default_origin(char ret_origin[SEAL_ORIGIN_MAX_BYTES + 1],
		       struct seal_diag *diag);

/* Makes keydir/tls and its key unless they are there, and writes what the store
 * needs to `path`. */
int cli_enroll_write(const struct seal_keydir *keydir, const char *path,
		     struct seal_diag *diag);

/* Reads and parses; *ret_welcome is the caller's to _fini. */
int cli_welcome_read(const char *path, struct seal_welcome *ret_welcome,
		     struct seal_diag *diag);

/*
 * Checks a welcome against the keydir and installs it.  Nothing is changed on
 * error before the first file.
 */
int cli_welcome_install(const struct seal_keydir *keydir,
			const struct seal_welcome *welcome,
			struct seal_diag *diag);

/*
 * Adds keydir="dir" to the configuration it brings; NULL: the module's default
 * is right.
 */
int cli_welcome_name_keydir(struct seal_welcome *welcome, const char *dir,
			    struct seal_diag *diag);

/* Writes beside, syncs, renames, syncs the directory: whole or not at all. */
int cli_write_file(const char *path, const void *bytes, size_t len,
		   unsigned mode, struct seal_diag *diag);

#endif
