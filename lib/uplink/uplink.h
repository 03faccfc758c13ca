/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables with which the sender (lib/forward) works in earnest: a spool as
 * its source, lib/http as its transport, the system's clock.  Glue for module
 * and tools, nothing else.
 */
#ifndef SEAL_UPLINK_UPLINK_H
#define SEAL_UPLINK_UPLINK_H

#include "forward/forward.h"

struct seal_http;
struct seal_spool;

/* All borrowed: they must outlive the sender. */
struct seal_uplink {
	struct seal_http *http;
	const char *url; /* of seal_http_server_url() */
	struct seal_spool *spool;
	const char *mirror; /* its key name, as the spool keeps it */
};

void seal_uplink_source(struct seal_uplink *uplink,
			struct seal_forward_source *ret_source);
void seal_uplink_transport(struct seal_uplink *uplink,
			   struct seal_forward_transport *ret_transport);
/* CLOCK_BOOTTIME: time asleep counts as time waited. */
void seal_uplink_clock(struct seal_forward_clock *ret_clock);

#endif
