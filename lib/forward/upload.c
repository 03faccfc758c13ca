/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is sent: the choice of a head, the hashes that proofs need, the body of
 * add-entries piece by piece.  Memory: 64 bytes for each entry between what the
 * mirror has and the offer, and one piece.  Private contract:
 * forward_internal.h.
 */
#include "forward/forward_internal.h"

#include "protocol/upload.h"

#include <stdlib.h>
#include <string.h>

/* A piece of the body is sent when it has so many bytes. */
#define PIECE_BYTES (256 * 1024)
/* What the piece buffer may keep between two uploads. */
#define KEEP_BYTES (1024 * 1024)
/* Ends a reading of the source early; no SEAL_E_*. */
#define ENOUGH 1

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static void drop_tail(struct seal_forward *fw)
{
	seal_tail_fini(&fw->tail);
	free(fw->leaves);
	fw->leaves = NULL;
	fw->has_tail = false;
}

void forward_drop_offer(struct seal_forward *fw)
{
	drop_tail(fw);
	fw->has_offer = false;
	seal_buf_reset(&fw->note);
	seal_buf_reset(&fw->witness_lines);
	seal_buf_reset(&fw->ticket);
}

/* Frontier at size; the one we know already costs nothing. */
static int frontier_at(struct seal_forward *fw, uint64_t size,
		       struct seal_frontier *ret_frontier,
		       struct seal_diag *diag)
{
	if (!size) {
		seal_frontier_init(ret_frontier);
		return 0;
	}
	if (fw->has_edge && fw->edge.size == size) {
		*ret_frontier = fw->edge;
		return 0;
	}
	return fw->source.frontier(fw->source.ctx, size, ret_frontier, diag);
}

struct collect {
	struct seal_hash *leaf;
	uint64_t next, end;
};

static int collect_leaf(void *ctx, uint64_t index, const uint8_t *entry,
			size_t entry_bytes)
{
	struct collect *c = ctx;

	if (index != c->next || index >= c->end)
		return SEAL_E_INTERNAL;
	c->next++;
	return seal_leaf_hash(entry, entry_bytes, c->leaf++);
}

/* The leaf hashes of [start, offer.size) into fw->leaves. */
static int read_leaves(struct seal_forward *fw, uint64_t start,
		       struct seal_diag *diag)
{
	uint64_t end = fw->offer.size;
	struct collect c = {.next = start, .end = end};
	int rc;

	fw->leaves = calloc((size_t)(end - start) + 1, sizeof(*fw->leaves));
	if (!fw->leaves)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	c.leaf = fw->leaves;
	if (start == end)
		return 0;
	rc = fw->source.read(fw->source.ctx, start, end, collect_leaf, &c,
			     diag);
	if (!rc && c.next != end)
		rc = seal_diag_set(diag, SEAL_E_INTERNAL,
				   "the spool gave fewer entries than asked");
	return rc;
}

/* The entries that we are about to send must be those that were sealed. */
static int check_root(struct seal_forward *fw,
		      const struct seal_frontier *at_start, size_t n,
		      struct seal_diag *diag)
{
	struct seal_frontier edge = *at_start;
	struct seal_hash root;
	int rc = seal_frontier_append_many(&edge, fw->leaves, n);

	if (!rc)
		rc = seal_frontier_root(&edge, &root);
	if (rc)
		return seal_diag_set(diag, rc, "hashing failed");
	if (!seal_hash_equal(&root, &fw->offer.root))
		return seal_diag_set(diag, SEAL_E_DAMAGED,
				     "the spool's entries do not give the root "
				     "that was sealed at size %llu; run "
				     "auditseal verify on the spool",
				     (unsigned long long)fw->offer.size);
	fw->edge = edge;
	fw->has_edge = true;
	return 0;
}

static int make_tail(struct seal_forward *fw, uint64_t start,
		     struct seal_diag *diag)
{
	struct seal_frontier at_start;
	size_t n = (size_t)(fw->offer.size - start);
	int rc;

	if (fw->offer.size - start > FORWARD_DISTANCE_MAX)
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "the mirror has a checkpoint %llu entries "
				     "beyond what it stores; have another "
				     "mirror bring it up",
				     (unsigned long long)n);
	rc = frontier_at(fw, start, &at_start, diag);
	if (!rc)
		rc = read_leaves(fw, start, diag);
	if (!rc)
		rc = check_root(fw, &at_start, n, diag);
	if (rc)
		return rc;
	rc = seal_tail_init(&fw->tail, &at_start, fw->leaves, n);
	fw->has_tail = !rc;
	return rc ? seal_diag_set(diag, rc, "out of memory") : 0;
}

int forward_prepare(struct seal_forward *fw, struct seal_diag *diag)
{
	uint64_t start = min_u64(fw->state.next, fw->offer.size);
	int rc;

	if (fw->state.phase == SEAL_FORWARD_CHECKPOINT)
		start = min_u64(start, fw->state.pending_size);
	if (fw->has_tail && fw->tail.start <= start)
		return 0;
	drop_tail(fw);
	rc = make_tail(fw, start, diag);
	if (rc)
		drop_tail(fw);
	return rc;
}

int forward_offer(struct seal_forward *fw, struct seal_diag *diag)
{
	const struct seal_forward_state *s = &fw->state;
	uint64_t bundle = s->next & ~(uint64_t)(SEAL_PACKAGE_ENTRIES_MAX - 1);
	uint64_t max = bundle + SEAL_REQUEST_ENTRIES_MAX;
	uint64_t min = max_u64(s->receipt_size + 1, s->pending_size);
	int rc;

	min = max_u64(min, s->next);
	if (fw->probing)
		min = max = s->pending_size;
	forward_drop_offer(fw);
	rc = fw->source.offer(fw->source.ctx, min, max, &fw->offer, diag);
	if (rc)
		return rc;
	if (fw->offer.size < min || !fw->note.len)
		return seal_diag_set(diag, SEAL_E_INTERNAL,
				     "the spool offered another head than it "
				     "was asked for");
	fw->has_offer = true;
	/* No head of exactly that size: there is nothing to be proven. */
	if (fw->probing && fw->offer.size != min)
		return SEAL_E_NOTFOUND;
	return forward_prepare(fw, diag);
}

int forward_checkpoint_body(struct seal_forward *fw, struct seal_buf *ret_body)
{
	struct seal_proof proof;
	int rc = seal_proof_consistency(fw->state.pending_size, fw->offer.size,
					seal_tail_node, &fw->tail, &proof);

	if (rc)
		return rc;
	return seal_add_checkpoint_build(fw->state.pending_size, &proof,
					 fw->note.data, fw->note.len, ret_body);
}

/* ---- the body of add-entries ---- */

void forward_send_begin(struct seal_forward *fw)
{
	struct forward_send *send = &fw->send;
	struct seal_buf piece = send->piece;

	if (piece.cap > KEEP_BYTES)
		seal_buf_fini(&piece);
	memset(send, 0, sizeof(*send));
	send->piece = piece;
	send->packages =
		min_u64(seal_upload_packages(fw->state.next, fw->offer.size),
			fw->max_packages);
}

static int put_entry(void *ctx, uint64_t index, const uint8_t *entry,
		     size_t entry_bytes)
{
	struct forward_send *send = ctx;
	int rc = seal_upload_entry_build(entry, entry_bytes, &send->piece);

	if (rc)
		return rc;
	send->entry = index + 1;
	return send->piece.len >= PIECE_BYTES ? ENOUGH : 0;
}

static int put_proof(struct seal_forward *fw, uint64_t subtree, uint64_t end)
{
	struct seal_proof proof;
	int rc = seal_proof_subtree(subtree, end, fw->offer.size,
				    seal_tail_node, &fw->tail, &proof);

	return rc ? rc : seal_upload_proof_build(&proof, &fw->send.piece);
}

/* Goes on with the present package until it is whole or the piece is large. */
static int put_package(struct seal_forward *fw, struct seal_diag *diag)
{
	struct forward_send *send = &fw->send;
	uint64_t subtree, first, end, from;
	int rc;

	rc = seal_upload_interval(fw->state.next, fw->offer.size, send->package,
				  &subtree, &first, &end);
	if (rc)
		return rc;
	from = max_u64(first, send->entry);
	if (from < end) {
		rc = fw->source.read(fw->source.ctx, from, end, put_entry, send,
				     diag);
		if (rc && rc != ENOUGH)
			return rc;
		fw->state.entries += send->entry - from;
	}
	if (send->entry < end)
		return rc == ENOUGH ? 0 : SEAL_E_INTERNAL;
	send->package++;
	return put_proof(fw, subtree, end);
}

static int fill_piece(struct seal_forward *fw, struct seal_diag *diag)
{
	struct forward_send *send = &fw->send;
	int rc = 0;

	seal_buf_reset(&send->piece);
	if (!send->header_done) {
		send->header_done = true;
		rc = seal_upload_header_build(fw->origin, fw->state.next,
					      fw->offer.size, fw->ticket.data,
					      fw->ticket.len, &send->piece);
	}
	while (!rc && send->package < send->packages &&
	       send->piece.len < PIECE_BYTES)
		rc = put_package(fw, diag);
	return rc ? rc : seal_buf_error(&send->piece);
}

int forward_send_piece(void *ctx, const uint8_t **ret_piece, size_t *ret_bytes,
		       struct seal_diag *diag)
{
	struct seal_forward *fw = ctx;
	struct forward_send *send = &fw->send;

	if (!send->error)
		send->error = fill_piece(fw, diag);
	if (send->error)
		return send->error;
	fw->state.bytes += send->piece.len;
	*ret_piece = send->piece.data;
	*ret_bytes = send->piece.len;
	return 0;
}
