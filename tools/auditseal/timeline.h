/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a picture of a log needs besides its verdict: where it was started,
 * stopped and went on after a crash, where keys changed, where it declares
 * gaps. Read from the entries as they stand there; bounded memory, however long
 * the log is.
 */
#ifndef AUDITSEAL_TIMELINE_H
#define AUDITSEAL_TIMELINE_H

#include "judge.h"

#define TIMELINE_BINS	170
#define TIMELINE_TICKS	5
#define TIMELINE_EVENTS 100
#define TIMELINE_TEXT	400 /* bytes of an event's words */

enum timeline_kind {
	TIMELINE_RECORD,
	TIMELINE_START,
	TIMELINE_STOP,
	TIMELINE_CRASH, /* recovery */
	TIMELINE_KEY,	/* hand-over to the next epoch key */
	TIMELINE_HOST_KEY,
	TIMELINE_GAP,
	TIMELINE_NOTICE, /* config, prune, redaction, action */
	TIMELINE_KINDS,
};

struct timeline_event {
	uint64_t index, time_us;
	const char *name;	  /* static */
	char text[TIMELINE_TEXT]; /* safe */
};

struct timeline {
	uint64_t end; /* entries on the axis, >= 1 */
	uint64_t seen, first_us, last_us;
	uint64_t count[TIMELINE_KINDS];
	uint32_t bin[TIMELINE_KINDS][TIMELINE_BINS];
	uint64_t tick_us[TIMELINE_TICKS]; /* 0: not known */
	struct timeline_event event[TIMELINE_EVENTS];
	size_t events; /* kept; the others are counted alone */
	uint64_t events_all;
	char problem[SEAL_DIAG_TEXT_BYTES]; /* "": all was read */
};

/* How many entries the axis must have for a verdict. */
uint64_t timeline_end(const struct seal_verdict *verdict);

/* NOMEM; what cannot be read stands in problem. */
int timeline_read(const struct cli_trust *trust,
		  const struct cli_judged *judged,
		  struct timeline **ret_timeline);

#endif
