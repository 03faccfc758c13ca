/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries in their order: what control entries say, the life cycle, long
 * records, hand-overs, the clock.  format.md 1, 2, 8.  Whether the bytes are
 * the sealed ones is decided elsewhere; in a spool all of this is tentative.
 */
#include "core/verify_int.h"

#include <string.h>

#define CLOCK_STEP_US 1000000

struct step {
	struct seal_verify *v;
	struct seal_findings *list;
	const struct seal_entry *entry;
	uint64_t index;
	const char *where;
};

#define FIND(s, number, ...)                                                \
	verify_find_in((s)->v, (s)->list, (number), (s)->index, (s)->index, \
		       false, (s)->where, __VA_ARGS__)

/* What stands after `type`; *ret_ok: it may stand here at all. */
static enum verify_life life_after(enum verify_life life, uint8_t type,
				   bool *ret_ok)
{
	*ret_ok = true;
	if (life == LIFE_ANY)
		return type == SEAL_ENTRY_STOP	     ? LIFE_STOP
		       : type == SEAL_ENTRY_RECOVERY ? LIFE_RECOVERY
		       : type == SEAL_ENTRY_EPOCH    ? LIFE_ANY
						     : LIFE_SESSION;
	switch (type) {
	case SEAL_ENTRY_START:
		if (life == LIFE_RECOVERY)
			return LIFE_RESTART;
		*ret_ok = life == LIFE_EMPTY || life == LIFE_STOP_EPOCH;
		return LIFE_SESSION;
	case SEAL_ENTRY_RECOVERY:
		*ret_ok = life != LIFE_EMPTY;
		return LIFE_RECOVERY;
	case SEAL_ENTRY_STOP:
		*ret_ok = life == LIFE_SESSION;
		return LIFE_STOP;
	case SEAL_ENTRY_EPOCH:
		if (life == LIFE_STOP)
			return LIFE_STOP_EPOCH;
		*ret_ok = life == LIFE_SESSION || life == LIFE_RESTART;
		return LIFE_SESSION;
	default:
		*ret_ok = life == LIFE_SESSION;
		return LIFE_SESSION;
	}
}

static int check_life(struct step *s)
{
	struct verify_walk *w = &s->v->walk;
	bool ok;

	w->life = life_after(w->life, s->entry->type, &ok);
	if (ok)
		return 0;
	return FIND(s, 32, "a %s entry must not stand here",
		    seal_entry_type_name(s->entry->type));
}

/* Pieces of a long record: consecutive, one set of flags. */
static int check_pieces(struct step *s, bool known)
{
	const uint8_t all =
		SEAL_FLAG_CUT | SEAL_FLAG_NOT_UTF8 | SEAL_FLAG_SALTED;
	struct verify_walk *w = &s->v->walk;
	uint8_t flags = known && s->entry->type == SEAL_ENTRY_RECORD
				? s->entry->flags
				: 0;
	uint8_t before = w->piece_flags;
	bool was_known = w->piece_known;
	bool more = before & SEAL_FLAG_MORE;
	bool continues = flags & SEAL_FLAG_CONTINUES;

	w->piece_flags = flags;
	w->piece_known = known;
	if (!known || !was_known)
		return 0;
	if (more && !continues)
		return FIND(s, 32,
			    "the record that began before is not continued");
	if (!more && continues)
		return FIND(s, 32, "a continuation without its first piece");
	if (continues && ((flags ^ before) & all))
		return FIND(s, 32, "the pieces of one record have other flags");
	return 0;
}

static int on_first_start(struct step *s, const struct seal_start *start)
{
	struct seal_verify *v = s->v;
	bool ok;
	int rc;

	if (!v->origin[0])
		return 0; /* whose log this is no file says: AS036 */
	rc = verify_keys_root(v, start->host_key, start->epoch_key, &ok);
	if (rc)
		return rc;
	if (!ok || !seal_hash_equal(&start->log_id, &v->log_id))
		return FIND(s, 28, "entry 0 is that of another log");
	v->start_seen = true;
	return 0;
}

static int on_start(struct step *s, const struct seal_start *start)
{
	struct verify_walk *w = &s->v->walk;

	w->heartbeat_us = start->heartbeat_ms * 1000;
	w->have_heartbeat = true;
	if (start->first != (s->index == 0))
		return FIND(s, 32, "only entry 0 begins a log");
	return start->first ? on_first_start(s, start) : 0;
}

static int on_recovery(struct step *s, const struct seal_recovery *r)
{
	struct seal_verify *v = s->v;

	if (r->has_abandoned && v->abandoned_set &&
	    r->abandoned.segment == v->abandoned_segment)
		v->abandoned_set = false;
	return FIND(s, 20,
		    "the log went on after a crash: %llu entries salvaged, "
		    "%llu bytes dropped",
		    (unsigned long long)(r->salvaged_to - r->salvaged_from),
		    (unsigned long long)r->dropped_bytes);
}

static int on_gap(struct step *s, const struct seal_gap *gap)
{
	return FIND(s, 21, "messages were not kept (%s): %s%llu",
		    seal_gap_reason_name(gap->reason),
		    gap->bound == SEAL_GAP_EXACT ? "" : "at least ",
		    (unsigned long long)gap->count);
}

/*
 * Without the root of this size only a chain that knows the hand-over already
 * (from `epochs`) can go on.
 */
static int epoch_without_root(struct seal_verify *v, uint64_t index,
			      const struct seal_entry *entry)
{
	struct seal_control control;
	struct seal_chain_span span;

	if (v->chain &&
	    !seal_control_decode(entry->type, entry->body, entry->body_len,
				 &control) &&
	    !seal_chain_span(v->chain, control.epoch.epoch, &span) &&
	    span.first == index + 1 &&
	    !memcmp(span.key, control.epoch.key, sizeof(span.key)))
		return 0;
	v->walk.chain_broken = true;
	return 0;
}

/*
 * No root vouches for these entries, and the hand-over that covers them says
 * that they are not what was sealed.
 */
static int blame_epoch(struct step *s)
{
	struct seal_chain_span span;

	s->v->walk.chain_broken = true;
	s->v->blamed = true;
	/* The epoch that ends here: `epochs` may know of later ones. */
	if (seal_chain_lookup(s->v->chain, s->index + 1, &span))
		span.first = 0;
	return verify_find(s->v, 1, span.first, s->index, true, s->where,
			   "the entries do not give the root that the "
			   "hand-over signs");
}

/*
 * A hand-over was not seen.  If the newest key that is known signed this one
 * over the computed root, there was none.
 */
static int epoch_again(struct step *s)
{
	struct seal_verify *v = s->v;
	enum seal_handover_verdict verdict;
	struct seal_handover h;
	struct seal_hash root;
	int rc;

	rc = seal_frontier_root(&v->walk.frontier, &root);
	if (!rc)
		rc = seal_handover_from_entry(s->entry, s->index, &root, &h);
	if (rc == SEAL_E_FORMAT)
		return FIND(s, 12, "the hand-over is not in its one encoding");
	if (!rc)
		rc = seal_chain_advance(v->chain, &h, &verdict);
	if (rc || verdict != SEAL_HANDOVER_OK)
		return rc;
	v->walk.chain_broken = false;
	if (h.epoch > v->handovers)
		v->handovers = h.epoch;
	return 0;
}

static int on_epoch(struct step *s)
{
	struct seal_verify *v = s->v;
	enum seal_handover_verdict verdict;
	struct seal_handover h;
	struct seal_hash root;
	unsigned number;
	int rc;

	v->walk.handed_over = true;
	if (v->chain && v->walk.chain_broken && !v->blamed)
		return epoch_again(s);
	if (!v->chain || v->blamed) {
		v->walk.chain_broken = true;
		return 0;
	}
	rc = seal_frontier_root(&v->walk.frontier, &root);
	if (!rc)
		rc = seal_handover_from_entry(s->entry, s->index, &root, &h);
	if (rc == SEAL_E_NOMEM || rc == SEAL_E_CRYPTO)
		return rc;
	if (rc) {
		v->walk.chain_broken = true;
		v->cell.check_seal = true;
		return FIND(s, 12, "the hand-over is not in its one encoding");
	}
	rc = seal_chain_advance(v->chain, &h, &verdict);
	if (rc)
		return rc;
	number = seal_handover_finding(verdict);
	if (!number) {
		if (h.epoch > v->handovers)
			v->handovers = h.epoch;
		return 0;
	}
	if (v->walk.chain_broken)
		return 0; /* follows from what broke it */
	if (number == 10 && v->tree_unproven)
		return blame_epoch(s);
	v->walk.chain_broken = number != 8;
	v->cell.check_seal = true;
	return FIND(s, number, "hand-over to epoch %llu: %s",
		    (unsigned long long)h.epoch,
		    seal_handover_verdict_text(verdict));
}

static int on_key(struct step *s, const struct seal_key_change *change)
{
	unsigned number;
	int rc = verify_host_changed(s->v, s->index, s->entry->time_us, change,
				     &number);

	if (rc)
		return rc;
	return FIND(s, number, "the host key was changed%s",
		    number == 24   ? ""
		    : number == 10 ? ", and a signature of that is wrong"
				   : " from one that was not in force");
}

static int on_control(struct step *s)
{
	struct seal_control c;
	int rc;

	if (s->entry->type == SEAL_ENTRY_EPOCH)
		return on_epoch(s);
	rc = seal_control_decode(s->entry->type, s->entry->body,
				 s->entry->body_len, &c);
	if (rc == SEAL_E_NOMEM || rc == SEAL_E_CRYPTO)
		return rc;
	if (rc)
		return FIND(s, 25, "a %s entry that this version cannot read",
			    seal_entry_type_name(s->entry->type));
	switch (s->entry->type) {
	case SEAL_ENTRY_START:
		return on_start(s, &c.start);
	case SEAL_ENTRY_HEARTBEAT:
		s->v->walk.heartbeat_us = c.heartbeat.heartbeat_ms * 1000;
		s->v->walk.have_heartbeat = true;
		return 0;
	case SEAL_ENTRY_RECOVERY:
		return on_recovery(s, &c.recovery);
	case SEAL_ENTRY_GAP:
		return on_gap(s, &c.gap);
	case SEAL_ENTRY_KEY:
		return on_key(s, &c.key);
	case SEAL_ENTRY_CONFIG:
		if (!strcmp(c.config.what, "policy"))
			return FIND(s, 24, "the policy was changed");
		return 0;
	default:
		return 0;
	}
}

/*
 * A host writes at least a heartbeat: of a longer step no more than that is
 * believed.  The rest is a clock that was set, or a host that was down.
 */
static uint64_t lived_us(const struct verify_walk *w, uint64_t step_us)
{
	uint64_t most = VERIFY_HEARTBEAT_US;

	if (w->have_heartbeat && w->heartbeat_us)
		most = w->heartbeat_us;
	if (step_us > most)
		step_us = most;
	return step_us < UINT64_MAX - w->lived_us ? w->lived_us + step_us
						  : UINT64_MAX;
}

static int check_time(struct step *s)
{
	struct verify_walk *w = &s->v->walk;
	uint64_t last = w->last_us, now = s->entry->time_us;

	w->last_us = now;
	if (now > w->max_us)
		w->max_us = now;
	if (last && now > last)
		w->lived_us = lived_us(w, now - last);
	if (!last || now >= last || last - now <= CLOCK_STEP_US)
		return 0;
	return FIND(s, 14, "the clock fell by %llu ms",
		    (unsigned long long)((last - now) / 1000));
}

/* format.md 8, "Hand-over": a head of size i + 1 stands behind it. */
static int check_handed_over(struct step *s)
{
	struct seal_verify *v = s->v;
	const struct seal_findings *side = &v->cell.side;
	bool before = v->walk.handed_over;

	v->walk.handed_over = false;
	if (!before || v->opt.target != SEAL_VERIFY_SPOOL ||
	    v->sealed.next == s->index || v->cell.bad.n || v->cell.suspect)
		return 0;
	/* A damaged frame between the two: the head was there. */
	if (side->n && side->v[side->n - 1].first == s->index - 1)
		return 0;
	return FIND(s, 12, "entries follow a hand-over that was not sealed");
}

static int look(struct step *s, int parsed)
{
	uint8_t type = s->entry->type;
	bool known = !parsed;
	int rc;

	rc = check_handed_over(s);
	if (!rc)
		rc = check_time(s);
	if (!rc)
		rc = check_pieces(s, known);
	if (rc)
		return rc;
	if (!known)
		return FIND(s, 25, "an entry that this version cannot read");
	if (!s->index && type != SEAL_ENTRY_START) {
		s->v->walk.life = LIFE_SESSION;
		return FIND(s, 32, "entry 0 is not a start entry");
	}
	rc = check_life(s);
	if (!rc && type != SEAL_ENTRY_RECORD)
		rc = on_control(s);
	return rc;
}

static void keep_commitments(struct seal_verify *v,
			     const struct seal_entry *entry)
{
	v->opening_index = v->walk.next;
	v->opening_next = 0;
	v->opening_parts = entry->parts;
	if (entry->parts)
		memcpy(v->opening_commitment, entry->commitments,
		       entry->parts * sizeof(v->opening_commitment[0]));
}

static int append(struct seal_verify *v, const struct seal_hash *leaf)
{
	struct seal_hash root;
	int rc = 0;

	if (v->walk.have_frontier) {
		rc = seal_frontier_append(&v->walk.frontier, leaf);
		if (rc)
			return rc;
	}
	v->walk.next++;
	v->walk.entries++;
	if (!v->walk.have_frontier || !verify_note_wants(v, v->walk.next))
		return 0;
	rc = seal_frontier_root(&v->walk.frontier, &root);
	if (rc)
		return rc;
	verify_note_root(v, v->walk.next, &root);
	return v->past.seen ? v->past_next(v->past_ctx) : 0;
}

int verify_log_leaf(struct seal_verify *v, const struct seal_hash *leaf)
{
	v->walk.last_us = 0;
	return append(v, leaf);
}

int verify_log_subtree(struct seal_verify *v, unsigned level,
		       const struct seal_hash *hash)
{
	struct verify_walk before = v->walk;
	struct seal_hash root;
	int rc;

	if (!v->walk.have_frontier)
		return 0;
	rc = seal_frontier_append_subtree(&v->walk.frontier, level, hash);
	if (rc)
		return rc == SEAL_E_ARG ? SEAL_E_INTERNAL : rc;
	verify_log_jump(v, before.next + ((uint64_t)1 << level));
	v->walk.have_frontier = true;
	rc = seal_frontier_root(&v->walk.frontier, &root);
	if (rc)
		return rc;
	verify_note_root(v, v->walk.next, &root);
	v->want_known = false;
	/* Of what lies below it the root is not known. */
	return v->past.note && v->past.size <= v->walk.next
		       ? v->past_next(v->past_ctx)
		       : 0;
}

void verify_log_unknown(struct seal_verify *v)
{
	v->walk.life = LIFE_ANY;
	v->walk.piece_known = false;
	v->walk.last_us = 0;
	v->opening_parts = 0;
	if (!v->epochs_root || v->epochs_bad)
		v->walk.chain_broken = true;
}

int verify_log_entry(struct seal_verify *v, struct seal_findings *list,
		     const uint8_t *bytes, size_t len,
		     const struct seal_hash *leaf, const char *where)
{
	struct seal_entry entry = {0};
	struct step s = {v, list, &entry, v->walk.next, where};
	int parsed, rc = 0;

	parsed = seal_entry_parse(bytes, len, &entry);
	if (parsed == SEAL_E_NOMEM || parsed == SEAL_E_CRYPTO)
		return parsed;
	if (v->walk.have_frontier)
		rc = look(&s, parsed);
	else if (!parsed && entry.type == SEAL_ENTRY_EPOCH)
		rc = epoch_without_root(v, s.index, &entry);
	if (rc)
		return rc;
	if (parsed)
		v->opening_parts = 0;
	else
		keep_commitments(v, &entry);
	v->seen = (struct verify_seen){.time_us = entry.time_us,
				       .type = entry.type,
				       .flags = entry.flags,
				       .known = !parsed};
	return append(v, leaf);
}

int verify_log_again(struct seal_verify *v, struct seal_findings *list,
		     const struct verify_found *found, const uint8_t *body,
		     const char *where)
{
	const struct seal_entry entry = {.type = found->seen.type,
					 .flags = found->seen.flags,
					 .time_us = found->seen.time_us,
					 .body = body,
					 .body_len = found->seen.body_len};
	struct step s = {v, list, &entry, v->walk.next, where};
	int rc = look(&s, found->seen.known ? 0 : SEAL_E_UNKNOWN);

	v->opening_parts = 0;
	return rc ? rc : append(v, &found->leaf);
}

void verify_log_jump(struct seal_verify *v, uint64_t next)
{
	v->walk.next = next;
	v->walk.have_frontier = false;
	v->walk.life = LIFE_ANY;
	v->walk.piece_known = false;
	v->walk.handed_over = false;
	v->walk.last_us = 0;
	if (!v->epochs_root || v->epochs_bad)
		v->walk.chain_broken = true;
}
