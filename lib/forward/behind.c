/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mirror's own checkpoint, and what to do about a mirror that has less than
 * it gave a receipt for.  docs/spec/protocol.md section "What the client does",
 * "Behind".  Private contract: forward_internal.h.
 */
#include "forward/forward_internal.h"

#include "core/checkpoint.h"
#include "protocol/tile.h"

#include <stdio.h>
#include <string.h>

typedef unsigned long long ull;

bool forward_get_checkpoint(struct seal_forward *fw)
{
	char path[1 + SEAL_ORIGIN_HASH_BYTES + 16];
	char hash[SEAL_ORIGIN_HASH_BYTES];
	struct seal_diag diag = {0};

	if (!fw->transport.get || seal_origin_hash(fw->origin, hash))
		return false;
	snprintf(path, sizeof(path), "/%s/checkpoint", hash);
	forward_begin_request(fw);
	return !fw->transport.get(fw->transport.ctx, path, &fw->answer,
				  &diag) &&
	       fw->answer.status == 200;
}

/* The newest time at which one of the mirror's keys cosigned the note; 0. */
static uint64_t cosigned_at(const struct seal_forward *fw,
			    const struct seal_note *note)
{
	uint64_t time_s, newest = 0;
	size_t i;

	for (i = 0; i < fw->n_keys; i++)
		if (!seal_cosig_verify(note, fw->key[i], &time_s, NULL) &&
		    time_s > newest)
			newest = time_s;
	return newest;
}

/*
 * A checkpoint that the mirror signed after our receipt and that is shorter is
 * no stale answer: it proves that the mirror went back.
 */
static bool proves_it_went_back(struct seal_forward *fw, uint64_t *ret_size)
{
	struct seal_checkpoint cp;
	struct seal_diag diag;
	struct seal_note note;

	if (!forward_get_checkpoint(fw) ||
	    seal_checkpoint_parse_note(fw->body.data, fw->body.len, &note, &cp,
				       &diag) ||
	    strcmp(cp.origin, fw->origin) ||
	    cp.size >= fw->state.receipt_size ||
	    cosigned_at(fw, &note) <= fw->state.receipt_time)
		return false;
	*ret_size = cp.size;
	return true;
}

static void went_back(struct seal_forward *fw, uint64_t theirs)
{
	forward_end(fw, SEAL_FORWARD_FROZEN, SEAL_FORWARD_ALARM_FREEZE_BEHIND,
		    "AS027",
		    "the mirror has %llu entries and gave a receipt for %llu; "
		    "nothing more is sent to it until 'auditseal resume'",
		    (ull)theirs, (ull)fw->state.receipt_size);
}

void forward_on_behind(struct seal_forward *fw, uint64_t theirs)
{
	static const uint64_t wait_ms[] = {5000, 30000, 60000};
	uint64_t size;

	if (fw->behind == sizeof(wait_ms) / sizeof(wait_ms[0])) {
		went_back(fw, theirs);
		return;
	}
	if (proves_it_went_back(fw, &size)) {
		went_back(fw, size);
		fw->evidence = false; /* it has been told with it */
		return;
	}
	forward_wait(fw, wait_ms[fw->behind++]);
	fw->state.phase = SEAL_FORWARD_CHECKPOINT;
	fw->state.next = fw->state.receipt_size;
	if (fw->state.pending_size < fw->state.receipt_size)
		fw->state.pending_size = fw->state.receipt_size;
}
