/* SPDX-License-Identifier: Apache-2.0 */
/* One walk over the entries of a log.  Contract: timeline.h. */
#include "timeline.h"

#include "walk.h"

#include "core/entry.h"
#include "core/sanitize.h"

#include <stdlib.h>
#include <string.h>

uint64_t timeline_end(const struct seal_verdict *v)
{
	uint64_t end = v->size + v->unsealed;
	size_t i;

	if (v->anchor.size > end)
		end = v->anchor.size;
	for (i = 0; i < v->findings.n; i++)
		if (v->findings.v[i].last != SEAL_FINDING_NO_INDEX &&
		    v->findings.v[i].last >= end)
			end = v->findings.v[i].last + 1;
	return end ? end : 1;
}

static enum timeline_kind kind_of(uint8_t type)
{
	switch (type) {
	case SEAL_ENTRY_START:
		return TIMELINE_START;
	case SEAL_ENTRY_STOP:
		return TIMELINE_STOP;
	case SEAL_ENTRY_RECOVERY:
		return TIMELINE_CRASH;
	case SEAL_ENTRY_EPOCH:
		return TIMELINE_KEY;
	case SEAL_ENTRY_KEY:
		return TIMELINE_HOST_KEY;
	case SEAL_ENTRY_GAP:
		return TIMELINE_GAP;
	case SEAL_ENTRY_CONFIG:
	case SEAL_ENTRY_PRUNE:
	case SEAL_ENTRY_REDACTION:
	case SEAL_ENTRY_ACTION:
		return TIMELINE_NOTICE;
	default:
		return TIMELINE_RECORD;
	}
}

/* Hand-overs come every few minutes: counted, not listed. */
static bool is_listed(enum timeline_kind kind)
{
	return kind != TIMELINE_RECORD && kind != TIMELINE_KEY;
}

static void list_event(struct timeline *t, uint64_t index,
		       const struct seal_entry *view)
{
	struct timeline_event *e;

	if (t->events_all++ >= TIMELINE_EVENTS)
		return;
	e = &t->event[t->events++];
	e->index = index;
	e->time_us = view->time_us;
	e->name = seal_entry_type_name(view->type);
	seal_sanitize(e->text, sizeof(e->text), view->body, view->body_len);
}

static void set_ticks(struct timeline *t, uint64_t index, uint64_t time_us)
{
	uint64_t at;
	size_t i;

	for (i = 0; i < TIMELINE_TICKS; i++) {
		at = (uint64_t)((double)(t->end - 1) * (double)i /
				(TIMELINE_TICKS - 1));
		if (!t->tick_us[i] && index >= at)
			t->tick_us[i] = time_us;
	}
}

static int take(void *ctx, const struct cli_entry *entry)
{
	struct timeline *t = ctx;
	struct seal_entry view = {0};
	enum timeline_kind kind;
	uint64_t index = cli_entry_place(entry);
	size_t bin;
	int rc = seal_entry_parse(entry->bytes, entry->len, &view);

	if (rc && rc != SEAL_E_UNKNOWN)
		return 0; /* damaged: the verdict says so */
	kind = kind_of(view.type);
	if (!t->seen++)
		t->first_us = view.time_us;
	t->last_us = view.time_us;
	t->count[kind]++;
	if (index < t->end) {
		bin = (size_t)((double)index * TIMELINE_BINS / (double)t->end);
		t->bin[kind][bin < TIMELINE_BINS ? bin : TIMELINE_BINS - 1]++;
		set_ticks(t, index, view.time_us);
	}
	if (is_listed(kind))
		list_event(t, index, &view);
	return 0;
}

int timeline_read(const struct cli_trust *trust,
		  const struct cli_judged *judged,
		  struct timeline **ret_timeline)
{
	struct timeline *t = calloc(1, sizeof(*t));
	struct cli_trust one = *trust;
	struct seal_diag diag = {0};
	int rc;

	if (!t)
		return SEAL_E_NOMEM;
	t->end = timeline_end(&judged->verdict);
	one.log = judged->verdict.origin[0] ? judged->verdict.origin : NULL;
	rc = cli_walk(&one, judged->target, 0, INT64_MAX, take, t, &diag);
	if (rc == SEAL_E_NOMEM) {
		free(t);
		return rc;
	}
	if (rc)
		snprintf(t->problem, sizeof(t->problem), "%s",
			 diag.text[0] ? diag.text : seal_strerror(rc));
	*ret_timeline = t;
	return 0;
}
