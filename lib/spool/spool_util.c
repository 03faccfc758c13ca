/* SPDX-License-Identifier: Apache-2.0 */
/* Small things that the files spool*.c share. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spool/io_private.h"
#include "spool/spool_private.h"

int spool_io_failed(struct seal_spool *sp, int negative_errno, const char *name,
		    const char *what, struct seal_diag *diag)
{
	int code = seal_io_error(negative_errno);
	const char *fix = "";
	char segment[32];

	if (!name && spool_last(sp)) {
		spool_segment_name(spool_last(sp)->first_index, segment);
		name = segment;
	}

	if (code == SEAL_E_NOSPACE)
		fix = "; free space on its file system, or move the spool";
	else if (code == SEAL_E_PERM)
		fix = "; give it to the user that rsyslogd runs as";
	return seal_diag_set_errno(
		diag, code, -negative_errno, "%s%s%s cannot be %s%s", sp->dir,
		name && *name ? "/" : "", name ? name : "", what, fix);
}

char *spool_path(const struct seal_spool *sp, const char *name)
{
	return seal_io_path(sp->dir, name);
}

void spool_segment_name(uint64_t first_index, char ret_name[32])
{
	snprintf(ret_name, 32, "%020" PRIu64 ".seg", first_index);
}

void spool_alarm(struct seal_spool *sp, enum seal_spool_alarm alarm,
		 const char *fmt, ...)
{
	char text[SEAL_DIAG_TEXT_BYTES];
	va_list args;

	if (!sp->alarm)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	sp->alarm(sp->alarm_ctx, alarm, text);
}

struct spool_segment *spool_last(struct seal_spool *sp)
{
	return sp->segments ? &sp->segment[sp->segments - 1] : NULL;
}

int spool_add_segment(struct seal_spool *sp, uint64_t number,
		      uint64_t first_index, uint64_t bytes)
{
	struct spool_segment *grown;

	if (sp->segments == sp->segments_room) {
		grown = realloc(sp->segment,
				(sp->segments_room + 64) * sizeof(*grown));
		if (!grown)
			return SEAL_E_NOMEM;
		sp->segment = grown;
		sp->segments_room += 64;
	}
	sp->segment[sp->segments].number = number;
	sp->segment[sp->segments].first_index = first_index;
	sp->segment[sp->segments].bytes = bytes;
	sp->segments++;
	return 0;
}

/*
 * Hints only save reading, so lack of memory is no error.  One for each 256 KiB
 * of a segment, in the order of size.
 */
void spool_add_hint(struct seal_spool *sp, uint64_t size, uint64_t first_index,
		    uint64_t offset)
{
	const uint64_t apart = 256 << 10;
	struct spool_hint *grown;
	size_t at = sp->hints;

	while (at && sp->hint[at - 1].size >= size)
		at--;
	if (at && sp->hint[at - 1].first_index == first_index &&
	    offset - sp->hint[at - 1].offset < apart)
		return;
	if (at < sp->hints && sp->hint[at].first_index == first_index &&
	    sp->hint[at].offset - offset < apart)
		return;
	if (sp->hints == sp->hints_room) {
		grown = realloc(sp->hint,
				(sp->hints_room + 256) * sizeof(*grown));
		if (!grown)
			return;
		sp->hint = grown;
		sp->hints_room += 256;
	}
	memmove(sp->hint + at + 1, sp->hint + at,
		(sp->hints - at) * sizeof(*sp->hint));
	sp->hint[at].size = size;
	sp->hint[at].first_index = first_index;
	sp->hint[at].offset = offset;
	sp->hints++;
}

uint64_t spool_used(const struct seal_spool *sp)
{
	return sp->used_bytes + sp->offset + sp->epochs_bytes +
	       SEAL_STATE_FILE_BYTES + SEAL_ACKED_FILE_BYTES;
}
