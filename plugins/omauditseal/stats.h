/* SPDX-License-Identifier: Apache-2.0 */
/* Counters of one action for impstats.  docs/reference/impstats.md. */
#ifndef OMAUDITSEAL_STATS_H
#define OMAUDITSEAL_STATS_H

struct seal_host;
struct seal_stats;

/* Once per load of the module, and its reverse; both give an rsRetVal. */
int seal_stats_init(void);
void seal_stats_fini(void);

/* Reads the host whenever impstats asks.  NULL: no memory. */
struct seal_stats *seal_stats_new(struct seal_host *host, const char *name);
void seal_stats_free(struct seal_stats *stats); /* before the host */

#endif
