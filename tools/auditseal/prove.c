/* SPDX-License-Identifier: Apache-2.0 */
/* Inclusion proofs out of spools and copies.  Contract: walk.h. */
#include "copy.h"
#include "walk.h"

#include "protocol/tile.h"
#include "spool/reader.h"
#include "spool/state.h"

#include <stdlib.h>
#include <string.h>

void cli_proven_fini(struct cli_proven *proven)
{
	free(proven->entry);
	free(proven->note);
	memset(proven, 0, sizeof(*proven));
}

static int out_of_memory(struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
}

static int set_note(struct cli_proven *p, const uint8_t *note, size_t len,
		    struct seal_diag *diag)
{
	struct seal_note parsed;
	int rc = seal_checkpoint_parse_note(note, len, &parsed, &p->checkpoint,
					    diag);

	if (rc)
		return rc;
	free(p->note);
	p->note = malloc(len);
	if (!p->note)
		return out_of_memory(diag);
	memcpy(p->note, note, len);
	p->note_len = len;
	return 0;
}

static int set_entry(struct cli_proven *p, const uint8_t *entry, size_t len,
		     struct seal_diag *diag)
{
	p->entry = malloc(len ? len : 1);
	if (!p->entry)
		return out_of_memory(diag);
	memcpy(p->entry, entry, len);
	p->entry_len = len;
	return 0;
}

static int check(const struct cli_proven *p, struct seal_diag *diag)
{
	struct seal_hash leaf;
	int rc = seal_leaf_hash(p->entry, p->entry_len, &leaf);

	if (!rc)
		rc = seal_proof_check_inclusion(
			p->index, &leaf, p->checkpoint.size,
			&p->checkpoint.root, p->proof.hash, p->proof.n);
	if (rc == SEAL_E_PROOF)
		return seal_diag_set(diag, SEAL_E_DAMAGED,
				     "the copy does not give the root of its "
				     "checkpoint: run 'auditseal verify'");
	return rc;
}

static int not_covered(uint64_t index, struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_NOTFOUND,
			     "no receipt at hand covers entry %llu",
			     (unsigned long long)index);
}

/* ---- a copy: nodes come from its tiles ---- */

struct tiles {
	const struct cli_copy *copy;
	uint64_t size;
	struct seal_diag *diag;
};

static int tile_node(void *ctx, unsigned level, uint64_t index,
		     struct seal_hash *ret_node)
{
	struct seal_hash hashes[SEAL_VERIFY_TILE_WIDTH];
	struct tiles *t = ctx;
	unsigned tile_level = level / 8, within = level % 8, width, have;
	uint64_t first = index << within;
	uint64_t number = first / SEAL_VERIFY_TILE_WIDTH;
	size_t at = (size_t)(first % SEAL_VERIFY_TILE_WIDTH);
	size_t count = (size_t)1 << within;
	int rc;

	width = seal_tile_width(t->size, tile_level, number);
	rc = t->copy->source.tile(t->copy->source.ctx, tile_level, number,
				  width, hashes, &have, t->diag);
	if (rc)
		return rc;
	if (have < at + count)
		return seal_diag_set(t->diag, SEAL_E_DAMAGED,
				     "tile %u/%llu is missing or cut: run "
				     "'auditseal verify'",
				     tile_level, (unsigned long long)number);
	return seal_root_of(hashes + at, count, ret_node);
}

struct prove {
	const struct cli_trust *trust;
	struct cli_proven p;
	unsigned logs;
	cli_prove_fn *fn;
	void *ctx;
};

/* One is proven: *ret_more, for p.index then. */
static int give(struct prove *prove, bool *ret_more, struct seal_diag *diag)
{
	struct cli_proven *p = &prove->p;
	uint64_t next = 0;
	int rc = check(p, diag);

	*ret_more = false;
	if (!rc)
		rc = prove->fn(prove->ctx, p, &next);
	free(p->entry);
	p->entry = NULL;
	p->index = next;
	*ret_more = !rc;
	return rc == CLI_WALK_STOP ? 0 : rc;
}

static int copy_entry(struct cli_proven *p, const struct cli_copy *copy,
		      struct seal_diag *diag)
{
	uint64_t number = p->index / SEAL_VERIFY_TILE_WIDTH;
	unsigned width = seal_tile_width(p->checkpoint.size, 0, number);
	size_t skip = p->index % SEAL_VERIFY_TILE_WIDTH, at = 0, len, total;
	const uint8_t *bytes;
	int rc = copy->source.bundle(copy->source.ctx, number, width, false,
				     &bytes, &total, diag);

	if (rc)
		return rc;
	for (;; skip--) {
		if (total - at < 2)
			break;
		len = (size_t)bytes[at] << 8 | bytes[at + 1];
		if (total - at - 2 < len)
			break;
		if (!skip)
			return set_entry(p, bytes + at + 2, len, diag);
		at += 2 + len;
	}
	return seal_diag_set(diag, SEAL_E_DAMAGED,
			     "bundle %llu is damaged: run 'auditseal verify'",
			     (unsigned long long)number);
}

static int copy_note(const struct cli_trust *trust, struct cli_proven *p,
		     const struct cli_copy *copy, struct seal_diag *diag)
{
	struct seal_buf note = SEAL_BUF_INIT;
	int rc = cli_copy_note(trust->policy, copy, p->index, &note, diag);

	if (!rc)
		rc = set_note(p, note.data, note.len, diag);
	seal_buf_fini(&note);
	return rc;
}

static int prove_one(struct cli_proven *p, const struct cli_copy *copy,
		     struct seal_diag *diag)
{
	struct tiles tiles = {copy, p->checkpoint.size, diag};
	int rc;

	if (p->index >= p->checkpoint.size)
		return not_covered(p->index, diag);
	rc = copy_entry(p, copy, diag);
	return rc ? rc
		  : seal_proof_inclusion(p->index, p->checkpoint.size,
					 tile_node, &tiles, &p->proof);
}

static int prove_copy(void *ctx, const struct cli_copy *copy,
		      struct seal_diag *diag)
{
	struct prove *prove = ctx;
	struct cli_proven *p = &prove->p;
	bool more = true;
	int rc;

	if (prove->logs++)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "there are several logs: choose one with "
				     "--log ORIGIN");
	if (!copy->note)
		return not_covered(p->index, diag);
	rc = copy_note(prove->trust, p, copy, diag);
	while (!rc && more) {
		rc = prove_one(p, copy, diag);
		if (!rc)
			rc = give(prove, &more, diag);
	}
	return rc;
}

/* ---- a spool: the leaves from the entry's segment on ---- */

/* The newest receipt that covers the entry; of several, what the policy asks
 * for, put together. */
static int choose_receipt(const struct cli_trust *trust, struct cli_proven *p,
			  const struct seal_acked *acked, size_t newest,
			  struct seal_diag *diag)
{
	const struct seal_acked_mirror *m = &acked->mirror[newest];
	struct cli_cosigned cosigned = {0};
	struct cli_copy copy = {.note = m->note, .note_len = m->note_len};
	struct seal_buf note = SEAL_BUF_INIT;
	size_t i;
	int rc = 0;

	for (i = 0; i < acked->mirrors && !rc; i++) {
		seal_buf_reset(&note);
		seal_buf_put(&note, acked->mirror[i].note,
			     acked->mirror[i].note_len);
		rc = seal_buf_error(&note);
		if (!rc)
			rc = cli_cosigned_add(&cosigned, &note);
	}
	copy.cosigned = cosigned.note;
	copy.cosigned_count = cosigned.count;
	if (!rc)
		rc = cli_copy_note(trust->policy, &copy, p->index, &note, diag);
	if (!rc)
		rc = set_note(p, note.data, note.len, diag);
	seal_buf_fini(&note);
	cli_cosigned_fini(&cosigned);
	return rc;
}

static int spool_note(const struct cli_trust *trust, struct cli_proven *p,
		      const char *dir, struct seal_diag *diag)
{
	struct seal_acked acked = {0};
	char path[4096];
	size_t i, best = 0;
	int rc;

	if (snprintf(path, sizeof(path), "%s/acked", dir) >= (int)sizeof(path))
		return seal_diag_set(diag, SEAL_E_ARG, "the path is too long");
	rc = seal_acked_load(seal_io_posix(), path, &acked, diag);
	if (rc)
		return rc;
	for (i = 1; i < acked.mirrors; i++)
		if (acked.mirror[i].size > acked.mirror[best].size)
			best = i;
	if (!acked.mirrors || acked.mirror[best].size <= p->index)
		rc = not_covered(p->index, diag);
	else
		rc = choose_receipt(trust, p, &acked, best, diag);
	seal_acked_fini(&acked);
	return rc;
}

struct leaves {
	struct cli_proven *p;
	struct seal_hash *leaf;
	size_t count, room;
	struct seal_diag *diag;
};

static int take_leaf(void *ctx, const struct cli_entry *entry)
{
	struct leaves *l = ctx;
	struct seal_hash *grown;

	if (l->count == l->room) {
		l->room = l->room ? 2 * l->room : 4096;
		grown = realloc(l->leaf, l->room * sizeof(*grown));
		if (!grown)
			return out_of_memory(l->diag);
		l->leaf = grown;
	}
	if (entry->index == l->p->index) {
		int rc = set_entry(l->p, entry->bytes, entry->len, l->diag);

		if (rc)
			return rc;
	}
	return seal_leaf_hash(entry->bytes, entry->len, &l->leaf[l->count++]);
}

/* The frontier of the segment that holds the entry. */
static int spool_frontier(const char *dir, uint64_t index,
			  struct seal_frontier *ret_frontier,
			  struct seal_diag *diag)
{
	const struct seal_reader_segment *s;
	struct seal_reader *reader;
	bool found = false;
	size_t i;
	int rc = seal_reader_open(seal_io_posix(), dir, &reader, diag);

	if (rc)
		return rc;
	for (i = 0; i < seal_reader_segments(reader); i++) {
		s = seal_reader_segment(reader, i);
		if (s->status || s->header.first_index > index)
			continue;
		*ret_frontier = s->header.frontier;
		found = true;
	}
	seal_reader_free(reader);
	return found ? 0
		     : seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "entry %llu is no longer in %s: ask the "
				     "store",
				     (unsigned long long)index, dir);
}

static int prove_in_spool(struct cli_proven *p, const char *dir,
			  struct seal_diag *diag)
{
	struct leaves l = {.p = p, .diag = diag};
	struct seal_frontier frontier;
	struct seal_tail tail = {0};
	uint64_t size = p->checkpoint.size;
	int rc = p->index < size
			 ? spool_frontier(dir, p->index, &frontier, diag)
			 : not_covered(p->index, diag);

	if (rc)
		return rc;
	rc = cli_walk_spool(dir, frontier.size, size - 1, take_leaf, &l, diag);
	if (!rc && (l.count != size - frontier.size || !p->entry))
		rc = seal_diag_set(diag, SEAL_E_DAMAGED,
				   "entries are missing in %s: run 'auditseal "
				   "verify'",
				   dir);
	if (!rc)
		rc = seal_tail_init(&tail, &frontier, l.leaf, l.count);
	if (!rc)
		rc = seal_proof_inclusion(p->index, size, seal_tail_node, &tail,
					  &p->proof);
	seal_tail_fini(&tail);
	free(l.leaf);
	return rc;
}

static int prove_spool(struct prove *prove, const char *dir,
		       struct seal_diag *diag)
{
	bool more = true;
	int rc = spool_note(prove->trust, &prove->p, dir, diag);

	prove->logs++;
	while (!rc && more) {
		rc = prove_in_spool(&prove->p, dir, diag);
		if (!rc)
			rc = give(prove, &more, diag);
	}
	return rc;
}

int cli_prove_each(const struct cli_trust *trust, const char *target,
		   uint64_t first, cli_prove_fn *fn, void *ctx,
		   struct seal_diag *diag)
{
	struct prove prove = {
		.trust = trust, .p = {.index = first}, .fn = fn, .ctx = ctx};
	enum cli_target_kind kind;
	int rc = cli_target_kind(target, &kind, diag);

	if (rc)
		return rc;
	switch (kind) {
	case CLI_TARGET_SPOOL:
		rc = prove_spool(&prove, target, diag);
		break;
	case CLI_TARGET_STORE:
	case CLI_TARGET_HTTPS:
	case CLI_TARGET_BUNDLE:
	case CLI_TARGET_TILES:
		rc = cli_copy_visit(trust, target, kind, prove_copy, &prove,
				    diag);
		break;
	case CLI_TARGET_SEGMENT:
	case CLI_TARGET_ARCHIVE:
		rc = seal_diag_set(diag, SEAL_E_ARG,
				   "segments alone have no receipt: give the "
				   "whole spool, or the store");
		break;
	}
	if (!rc && !prove.logs)
		rc = seal_diag_set(diag, SEAL_E_NOTFOUND, "%s has no such log",
				   target);
	cli_proven_fini(&prove.p);
	return rc;
}

static int take_one(void *ctx, struct cli_proven *proven, uint64_t *ret_next)
{
	struct cli_proven *p = ctx;

	(void)ret_next;
	*p = *proven;
	proven->entry = proven->note = NULL;
	return CLI_WALK_STOP;
}

int cli_prove(const struct cli_trust *trust, const char *target, uint64_t index,
	      struct cli_proven *ret_proven, struct seal_diag *diag)
{
	struct cli_proven p = {0};
	int rc = cli_prove_each(trust, target, index, take_one, &p, diag);

	if (rc)
		cli_proven_fini(&p);
	else
		*ret_proven = p;
	return rc;
}
