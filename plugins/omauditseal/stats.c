/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters are copied when impstats reads them: the path of a message counts
 * nothing for its sake.  Contract: stats.h.
 */
#include "config.h"
#include "rsyslog.h"
#include "module-template.h"
#include "statsobj.h"

#include <stdlib.h>
#include <string.h>

#include "host/host.h"
#include "stats.h"

DEFobjCurrIf(obj) DEFobjCurrIf(statsobj)

	struct counters {
	intctr_t entries, records, commits, bytes, syncs, errors;
	intctr_t suspended, dropped, receipts, receipted, backlog;
	intctr_t uploads, upload_errors, used, max, segments, epoch;
	intctr_t full, frozen, halted;
};

struct seal_stats {
	struct seal_host *host;
	statsobj_t *object;
	struct counters c;
};

#define COUNTER(name, field)                           \
	{                                              \
		name, offsetof(struct counters, field) \
	}

static const struct {
	const char *name;
	size_t offset;
} table[] = {
	COUNTER("entries", entries),
	COUNTER("records", records),
	COUNTER("commits", commits),
	COUNTER("bytes", bytes),
	COUNTER("syncs", syncs),
	COUNTER("commit.errors", errors),
	COUNTER("suspended", suspended),
	COUNTER("gap.dropped", dropped),
	COUNTER("receipts", receipts),
	COUNTER("receipted", receipted),
	COUNTER("backlog", backlog),
	COUNTER("uploads", uploads),
	COUNTER("upload.errors", upload_errors),
	COUNTER("spool.used", used),
	COUNTER("spool.max", max),
	COUNTER("spool.segments", segments),
	COUNTER("spool.full", full),
	COUNTER("epoch", epoch),
	COUNTER("frozen", frozen),
	COUNTER("halted", halted),
};

int seal_stats_init(void)
{
	DEFiRet;

	CHKiRet(objGetObjInterface(&obj));
	CHKiRet(objUse(statsobj, CORE_COMPONENT));
finalize_it:
	RETiRet;
}

void seal_stats_fini(void)
{
	objRelease(statsobj, CORE_COMPONENT);
}

static void refresh(statsobj_t *object, void *ctx)
{
	struct seal_stats *stats = ctx;
	struct seal_host_stats now;

	(void)object;
	seal_host_stats(stats->host, &now);
	stats->c = (struct counters){
		.entries = now.spool.size,
		.records = now.spool.records,
		.commits = now.spool.commits,
		.bytes = now.spool.bytes,
		.syncs = now.spool.syncs,
		.errors = now.spool.errors,
		.suspended = now.suspended,
		.dropped = now.spool.dropped,
		.receipts = now.receipts,
		.receipted = now.spool.receipted,
		.backlog = now.spool.backlog,
		.uploads = now.uploads,
		.upload_errors = now.upload_errors,
		.used = now.spool.used_bytes,
		.max = now.spool.max_bytes,
		.segments = now.spool.segments,
		.epoch = now.spool.epoch,
		.full = now.spool.full,
		.frozen = now.frozen,
		.halted = now.spool.halted,
	};
}

static rsRetVal register_all(struct seal_stats *stats, const char *name)
{
	size_t i;
	DEFiRet;

	CHKiRet(statsobj.Construct(&stats->object));
	CHKiRet(statsobj.SetName(stats->object, (uchar *)name));
	CHKiRet(statsobj.SetOrigin(stats->object, (uchar *)"omauditseal"));
	CHKiRet(statsobj.SetReadNotifier(stats->object, refresh, stats));
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		CHKiRet(statsobj.AddCounter(
			stats->object, (const uchar *)table[i].name,
			ctrType_IntCtr, CTR_FLAG_NONE,
			(char *)&stats->c + table[i].offset));
	CHKiRet(statsobj.ConstructFinalize(stats->object));
finalize_it:
	RETiRet;
}

struct seal_stats *seal_stats_new(struct seal_host *host, const char *name)
{
	struct seal_stats *stats = calloc(1, sizeof(*stats));

	if (!stats)
		return NULL;
	stats->host = host;
	if (register_all(stats, name) == RS_RET_OK)
		return stats;
	seal_stats_free(stats);
	return NULL;
}

void seal_stats_free(struct seal_stats *stats)
{
	if (!stats)
		return;
	if (stats->object)
		statsobj.Destruct(&stats->object);
	free(stats);
}
