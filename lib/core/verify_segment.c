/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files of a spool, one after the other: is it this log's, does it follow
 * on the one before, may the verifier enter by its header.  format.md 3, 6, 8.
 */
#include "core/verify_int.h"

#include <string.h>

static bool is_foreign(struct seal_verify *v,
		       const struct seal_verify_segment *s)
{
	if (v->have_log_id && !seal_hash_equal(&v->log_id, &s->log_id))
		return true;
	return v->origin[0] && strcmp(v->origin, s->origin);
}

static void take_identity(struct seal_verify *v,
			  const struct seal_verify_segment *s)
{
	if (!v->origin[0])
		snprintf(v->origin, sizeof(v->origin), "%s", s->origin);
	v->log_id = s->log_id;
	v->have_log_id = true;
}

/* ret_ok: frontier and head of the header agree with one another. */
static int fold(const struct seal_verify_segment *s,
		struct seal_frontier *ret_frontier, bool *ret_ok)
{
	struct seal_hash root;
	int rc;

	*ret_ok = false;
	rc = seal_frontier_set(ret_frontier, s->first_index, s->frontier,
			       seal_frontier_count(s->first_index));
	if (!rc)
		rc = seal_frontier_root(ret_frontier, &root);
	*ret_ok = !rc && s->head_size == s->first_index &&
		  seal_hash_equal(&root, &s->head_root);
	return rc;
}

static void head_of(const struct seal_verify_segment *s,
		    struct seal_verify_head *ret_head)
{
	memset(ret_head, 0, sizeof(*ret_head));
	ret_head->size = s->head_size;
	ret_head->root = s->head_root;
	ret_head->key_id = s->head_key_id;
	memcpy(ret_head->signature, s->head_signature,
	       sizeof(ret_head->signature));
	ret_head->where = s->where;
}

static int header_damaged(struct seal_verify *v, const char *where,
			  uint64_t first, const char *what)
{
	return verify_find(v, 30, first, first, false, where, "%s", what);
}

/* Entries that neither this file nor the one before has. */
static int hole(struct seal_verify *v, uint64_t first, bool number_gap,
		const char *where)
{
	uint64_t from = v->sealed.next;
	int rc;

	if (number_gap)
		rc = verify_find(v, 9, from, first - 1, false, where,
				 "a file before this one is missing");
	else if (v->walk.next == first && v->cell.bad.n)
		rc = verify_wrong_seals(v); /* they are there */
	else
		rc = verify_find(v, 2, from, first - 1, v->cell.total > 0,
				 where,
				 "the file before ends before this one begins");
	if (!rc)
		rc = verify_not_proven(v, from, first - 1);
	v->walk = v->sealed;
	verify_log_jump(v, first);
	v->sealed = v->walk;
	verify_note_forget(v, from);
	verify_cell_reset(v);
	return rc;
}

/* Hand-overs before this one may be in no file. */
static bool keys_unsure(const struct seal_verify *v, uint64_t size)
{
	return v->chain && (!v->epochs_root || v->epochs_bad) &&
	       size > seal_chain_first(v->chain);
}

/* Enters by a header, whose seal decides when nothing else does. */
static int enter(struct seal_verify *v, const struct seal_verify_segment *s)
{
	struct seal_frontier frontier;
	struct seal_verify_head head;
	bool ok, good = false;
	int rc;

	if (!s->first_index)
		return 0;
	rc = fold(s, &frontier, &ok);
	if (rc)
		return rc;
	if (!ok)
		return header_damaged(v, s->where, s->first_index,
				      "header: frontier, head and first index "
				      "do not belong together");
	rc = verify_seal(v, s->head_size, &s->head_root, s->head_key_id,
			 s->head_signature, &good);
	if (rc)
		return rc;
	if (!good && keys_unsure(v, s->head_size))
		v->walk.chain_broken = true;
	else if (!good && verify_have_key(v, s->head_size))
		return verify_find(v, 10, s->first_index, s->first_index, false,
				   s->where, "header: the seal is wrong");
	v->walk.frontier = frontier;
	v->walk.have_frontier = true;
	v->sealed = v->walk;
	head_of(s, &head);
	verify_believe(v, &head, good);
	v->frontier_due = false;
	return 0;
}

static int begin(struct seal_verify *v, const struct seal_verify_segment *s)
{
	v->begun = true;
	v->first_index = s->first_index;
	v->walk.next = s->first_index;
	v->walk.life = s->first_index ? LIFE_ANY : LIFE_EMPTY;
	v->walk.have_frontier = !s->first_index;
	v->sealed = v->walk;
	return enter(v, s);
}

/* The header repeats the head that closed the file before. */
static int compare(struct seal_verify *v, const struct seal_verify_segment *s)
{
	struct seal_frontier frontier;
	struct seal_hash root;
	bool ok, good = true;
	int rc;

	if (!v->walk.have_frontier)
		return enter(v, s);
	rc = fold(s, &frontier, &ok);
	if (!rc)
		rc = seal_frontier_root(&v->walk.frontier, &root);
	if (rc)
		return rc;
	if (!ok || !seal_hash_equal(&root, &s->head_root))
		return header_damaged(v, s->where, s->first_index,
				      "header: frontier or head is wrong");
	if (v->opt.deep && verify_have_key(v, s->head_size))
		rc = verify_seal(v, s->head_size, &s->head_root, s->head_key_id,
				 s->head_signature, &good);
	if (!rc && !good)
		rc = header_damaged(v, s->where, s->first_index,
				    "header: the seal is wrong");
	return rc;
}

/* The file before has frames that this one does not continue. */
static void set_aside(struct seal_verify *v, uint64_t first)
{
	v->abandoned_set = true;
	v->abandoned_segment = v->segment_first;
	v->abandoned_first = first;
	v->abandoned_last = first + v->cell.total - 1;
	snprintf(v->abandoned_where, sizeof(v->abandoned_where), "%s",
		 v->segment_where);
	v->walk = v->sealed;
	verify_note_forget(v, first);
	verify_cell_reset(v);
}

int verify_abandoned(struct seal_verify *v)
{
	if (!v->abandoned_set)
		return 0;
	v->abandoned_set = false;
	return verify_find(v, 3, v->abandoned_first, v->abandoned_first, true,
			   v->abandoned_where,
			   "%llu entries that were never sealed and that no "
			   "recovery names",
			   (unsigned long long)(v->abandoned_last -
						v->abandoned_first + 1));
}

static int follow(struct seal_verify *v, const struct seal_verify_segment *s)
{
	bool number_gap = v->have_segment && s->number != v->segment_number + 1;
	struct seal_verify_head head;
	int rc = verify_abandoned(v);

	if (rc)
		return rc;
	if (v->after_unknown && s->first_index >= v->sealed.next) {
		v->after_unknown = false;
		if (s->first_index > v->sealed.next)
			rc = verify_not_proven(v, v->sealed.next,
					       s->first_index - 1);
		v->walk = v->sealed;
		verify_log_jump(v, s->first_index);
		v->sealed = v->walk;
		verify_cell_reset(v);
		return rc ? rc : enter(v, s);
	}
	if (s->first_index < v->sealed.next) {
		v->skip = true;
		return verify_find(v, 6, s->first_index, v->sealed.next - 1,
				   true, s->where,
				   "another file holds these entries too");
	}
	if (s->first_index == v->sealed.next) {
		if (v->cell.total)
			set_aside(v, s->first_index);
		if (number_gap)
			rc = header_damaged(v, s->where, s->first_index,
					    "header: the segment number does "
					    "not rise by one");
		return rc ? rc : compare(v, s);
	}
	if (v->cell.total && !number_gap) {
		/* Its closing head may stand in this header alone. */
		head_of(s, &head);
		rc = verify_head(v, &head);
		if (rc || v->sealed.next == s->first_index)
			return rc		       ? rc
			       : v->walk.have_frontier ? 0
						       : enter(v, s);
	}
	rc = hole(v, s->first_index, number_gap, s->where);
	return rc ? rc : enter(v, s);
}

int seal_verify_segment(struct seal_verify *v,
			const struct seal_verify_segment *s)
{
	int rc;

	v->skip = false;
	v->frontier_due = v->after_defect = false;
	v->opening_parts = 0;
	if (s->first_index > SEAL_TREE_SIZE_MAX)
		return SEAL_E_ARG;
	if (is_foreign(v, s)) {
		v->skip = true;
		return verify_find(v, 28, s->first_index, s->first_index, true,
				   s->where, "a segment of another log");
	}
	if (!v->have_log_id || !v->origin[0])
		take_identity(v, s);
	rc = v->begun ? follow(v, s) : begin(v, s);
	if (rc || v->skip)
		return rc;
	v->have_segment = true;
	v->segment_number = s->number;
	v->segment_first = s->first_index;
	snprintf(v->segment_where, sizeof(v->segment_where), "%s", s->where);
	return 0;
}

int seal_verify_unknown_segment(struct seal_verify *v, const char *where,
				uint64_t first_index)
{
	if (first_index > SEAL_TREE_SIZE_MAX)
		return SEAL_E_ARG;
	v->skip = true;
	v->after_unknown = true;
	v->have_segment = false;
	if (!v->begun) {
		v->begun = true;
		v->first_index = first_index;
		v->walk.next = first_index;
		v->walk.have_frontier = false;
		v->sealed = v->walk;
	}
	return verify_find(v, 25, first_index, first_index, true, where,
			   "a segment of a newer version");
}

int seal_verify_lost_header(struct seal_verify *v, const char *where,
			    uint64_t first_index, bool last)
{
	int rc;

	(void)last;
	if (first_index > SEAL_TREE_SIZE_MAX)
		return SEAL_E_ARG;
	v->skip = false;
	v->frontier_due = v->after_defect = false;
	v->opening_parts = 0;
	rc = header_damaged(v, where, first_index, "the header is damaged");
	if (rc)
		return rc;
	if (!v->begun) {
		v->begun = true;
		v->first_index = first_index;
		v->walk.life = first_index ? LIFE_ANY : LIFE_EMPTY;
		v->walk.next = first_index;
		v->walk.have_frontier = !first_index;
		v->sealed = v->walk;
	} else if (first_index < v->sealed.next) {
		v->skip = true;
	} else if (first_index > v->sealed.next) {
		/* Without its head the cell before stays open only if the
		 * frames themselves reach this file. */
		if (first_index != v->sealed.next + v->cell.total)
			rc = hole(v, first_index, false, where);
	} else if (v->cell.total) {
		set_aside(v, first_index);
	}
	v->have_segment = false;
	v->segment_first = first_index;
	snprintf(v->segment_where, sizeof(v->segment_where), "%s", where);
	return rc;
}

int seal_verify_twice(struct seal_verify *v, const char *where,
		      uint64_t first_index)
{
	return verify_find(v, 6, first_index, first_index, true, where,
			   "another file of this name holds other entries");
}
