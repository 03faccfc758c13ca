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

/* A value that was not taken, although the action can seal without it. */
struct seal_param_fault {
	const char *name; /* of the parameter; static */
	char *value;
};

/* Strings are owned; times in seconds, sizes in bytes. */
struct seal_params {
	char *origin, *keydir, *policy, *spool, *tpl, *statsname;
	char *tls_cacert, *tls_mycert, *tls_myprivkey;
	uint64_t spool_maxsize, spool_keep, segment_maxsize;
	uint64_t spool_sync, onfull_suspend; /* 0 or 1 */
	uint64_t heartbeat_interval, epoch_maxentries, epoch_interval;
	char *servers[SEAL_HOST_SERVERS_MAX]; /* complete URLs */
	size_t servers_len;
	struct seal_param_fault faults[SEAL_HOST_NOTES_MAX];
	size_t faults_len;
};

/*
 * Reads the parameters in lst.  Whatever is wrong is told, one sentence each,
 * with file and line.  false: the action must not be made, which under strict
 * (rsyslogd -N1) is so for any fault, else for those that leave nothing to seal
 * with; the others are in faults, and the default stands.
 */
bool seal_params_read(struct seal_params *params, struct nvlst *lst,
		      bool strict);

/*
 * Fills in the defaults that depend on the origin and, with it, on the host's
 * name, which rsyslog knows only after the configuration was read.  Tells what
 * is wrong and returns false if they cannot be made.
 */
bool seal_params_complete(struct seal_params *params, const char *fqdn);

/* The same in the terms of lib/host; borrowed from params; say is left out. */
void seal_params_view(const struct seal_params *params,
		      struct seal_host_config *ret_config);

void seal_params_free(struct seal_params *params); /* what it owns */

#endif
