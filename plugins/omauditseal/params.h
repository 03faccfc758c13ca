/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of one action, and what is wrong with them.
 * docs/reference/parameters.md.
 */
#ifndef OMAUDITSEAL_PARAMS_H
#define OMAUDITSEAL_PARAMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/host.h"

struct nvlst;

struct seal_params {
	/*
	 * All strings in it are owned by this structure; say is the caller's.
	 * Its notes are the values that were not taken, although the action can
	 * seal without them.
	 */
	struct seal_host_config host;
	char *tpl, *statsname;
};

/*
 * Reads the parameters in lst.  Whatever is wrong is told, one sentence each,
 * with file and line.  false: the action must not be made, which under strict
 * (rsyslogd -N1) is so for any fault, else for those that leave nothing to seal
 * with; the others are in the notes, and the default stands.
 */
bool seal_params_read(struct seal_params *params, struct nvlst *lst,
		      bool strict);

/*
 * Fills in the defaults that depend on the origin and, with it, on the host's
 * name, which rsyslog knows only after the configuration was read.  Tells what
 * is wrong and returns false if they cannot be made.
 */
bool seal_params_complete(struct seal_params *params, const char *fqdn);

void seal_params_free(struct seal_params *params); /* what it owns */

#endif
