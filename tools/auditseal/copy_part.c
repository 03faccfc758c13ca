/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which bundles of a copy hold some entries, by number or by the time that they
 * state.  Nothing read here is believed.  Contract: copy.h.
 */
#include "copy.h"

#include "core/checkpoint.h"
#include "core/entry.h"
#include "core/note.h"

#define WIDTH	    SEAL_VERIFY_TILE_WIDTH
#define TIME_AT	    4 /* behind length, type, flags */
#define FRONT_BYTES (2 + SEAL_ENTRY_HEADER_BYTES)

struct search {
	const struct cli_copy *copy;
	uint64_t size;
	struct seal_diag *diag;
};

/* The time of the first entry of a bundle. */
static int first_time(const struct search *s, uint64_t number, uint64_t *ret_us)
{
	const struct seal_verify_source *source = &s->copy->source;
	const uint8_t *bytes;
	uint64_t us = 0;
	size_t len, i;
	int rc = source->bundle(source->ctx, number,
				seal_tile_width(s->size, 0, number), false,
				&bytes, &len, s->diag);

	if (rc)
		return rc;
	if (len < FRONT_BYTES)
		return seal_diag_set(s->diag, SEAL_E_DAMAGED,
				     "the entries from %llu on are not there: "
				     "give numbers instead of times, or "
				     "neither",
				     (unsigned long long)number * WIDTH);
	for (i = 0; i < 8; i++)
		us = us << 8 | bytes[TIME_AT + i];
	*ret_us = us;
	return 0;
}

/* The last bundle, of those up to `end`, that does not begin later; 0. */
static int last_before(const struct search *s, uint64_t end, uint64_t us,
		       uint64_t *ret_number)
{
	uint64_t low = 0, high = end, middle, when;
	int rc = 0;

	while (high - low > 1 && !rc) {
		middle = low + (high - low) / 2;
		rc = first_time(s, middle, &when);
		if (when <= us)
			low = middle;
		else
			high = middle;
	}
	*ret_number = low;
	return rc;
}

/* Bundles [*first, *end) shrink to those of the times. */
static int by_time(const struct search *s,
		   const struct seal_feed_limits *limits, uint64_t *first,
		   uint64_t *end)
{
	uint64_t bundles = (s->size - 1) / WIDTH + 1, number, when = 0;
	int rc = 0;

	if (limits->from_us) {
		rc = last_before(s, bundles, limits->from_us, &number);
		*first = number > *first ? number : *first;
	}
	if (!rc && limits->to_us != UINT64_MAX) {
		rc = first_time(s, 0, &when);
		if (!rc)
			rc = last_before(s, bundles, limits->to_us, &number);
		if (!rc && when > limits->to_us)
			*end = 0;
		else if (!rc && number + 1 < *end)
			*end = number + 1;
	}
	return rc;
}

int cli_copy_part(const struct seal_feed_limits *limits,
		  const struct cli_copy *copy,
		  struct seal_verify_source *ret_source, uint64_t *ret_size,
		  struct seal_diag *diag)
{
	struct search s = {copy, 0, diag};
	struct seal_checkpoint cp;
	struct seal_note note;
	uint64_t first, end;
	int rc = 0;

	/* Without a checkpoint there is nothing to leave out. */
	if (!copy->note ||
	    seal_checkpoint_parse_note(copy->note, copy->note_len, &note, &cp,
				       NULL) ||
	    !cp.size)
		return 0;
	s.size = cp.size;
	first = limits->from / WIDTH;
	end = limits->to < cp.size ? limits->to / WIDTH + 1
				   : (cp.size - 1) / WIDTH + 1;
	if (limits->from < cp.size)
		rc = by_time(&s, limits, &first, &end);
	if (rc)
		return rc;
	if (limits->from >= cp.size || first >= end)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "%s has no entries in that range",
				     copy->origin);
	ret_source->from = first * WIDTH;
	ret_source->end = end * WIDTH < cp.size ? end * WIDTH : cp.size;
	*ret_size = cp.size;
	return 0;
}
