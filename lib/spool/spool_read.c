/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading back what was sealed: entries, heads, frontiers.  Reads the disk
 * without the mutex; a segment that is freed meanwhile is SEAL_E_NOTFOUND.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "spool/reader_private.h"
#include "spool/spool_private.h"

struct walk {
	struct seal_spool *sp;
	struct seal_reader *reader;
	uint64_t index;	 /* of the next entry */
	uint64_t sealed; /* no further: the size when the walk began */
	struct seal_diag *diag;
};

static void walk_close(struct walk *w)
{
	seal_reader_free(w->reader);
	w->reader = NULL;
}

static int walk_gone(struct walk *w)
{
	return seal_diag_set(w->diag, SEAL_E_NOTFOUND,
			     "entry %llu is no longer in the spool %s",
			     (unsigned long long)w->index, w->sp->dir);
}

static int open_at(struct walk *w, uint64_t first_index, uint64_t offset)
{
	char name[32], *path;
	struct seal_diag why = {0};
	struct seal_io_stat st;
	bool gone;
	int r;

	walk_close(w);
	spool_segment_name(first_index, name);
	path = spool_path(w->sp, name);
	if (!path)
		return SEAL_E_NOMEM;
	r = seal_reader_open_file(w->sp->io, path, &w->reader, &why);
	gone = r && w->sp->io->stat(w->sp->io, path, &st) == -ENOENT;
	free(path);
	if (gone)
		return walk_gone(w);
	if (r) {
		if (w->diag)
			*w->diag = why;
		return r;
	}
	r = seal_reader_seek(w->reader, 0, offset);
	if (!r)
		return 0;
	if (r == SEAL_E_NOTFOUND)
		return walk_gone(w);
	if (r == SEAL_E_DAMAGED)
		return seal_diag_set(w->diag, r,
				     "the header of %s/%s is "
				     "damaged (AS030)",
				     w->sp->dir, name);
	return seal_diag_set_errno(w->diag, r, w->reader->sys_errno,
				   "%s/%s cannot be read", w->sp->dir, name);
}

/* Before the entry of that index, or before one not far in front of it. */
static int walk_open(struct walk *w, struct seal_spool *sp, uint64_t index,
		     bool from_header, struct seal_diag *diag)
{
	struct spool_hint at = {0};
	bool found = false;
	size_t i;

	memset(w, 0, sizeof(*w));
	w->sp = sp;
	w->diag = diag;
	w->index = index;
	pthread_mutex_lock(&sp->mutex);
	w->sealed = sp->head.size;
	for (i = sp->segments; i-- && !found;) {
		if (sp->segment[i].first_index > index)
			continue;
		at.size = at.first_index = sp->segment[i].first_index;
		found = true;
	}
	for (i = sp->hints; !from_header && i--;) {
		if (sp->hint[i].size > index ||
		    sp->hint[i].first_index != at.first_index)
			continue;
		at = sp->hint[i];
		break;
	}
	pthread_mutex_unlock(&sp->mutex);
	if (!found)
		return walk_gone(w);
	w->index = at.size;
	return open_at(w, at.first_index, at.offset);
}

/* The next frame; of an entry, w->index is then behind it.  The frames of the
 * next segment follow; SEAL_E_RANGE at the end of what is sealed. */
static int walk_next(struct walk *w, struct seal_reader_item *item)
{
	bool there = false;
	size_t i;
	int r;

	for (;;) {
		r = seal_reader_next(w->reader, w->index, item, w->diag);
		if (r || item->kind != SEAL_ITEM_END)
			break;
		pthread_mutex_lock(&w->sp->mutex);
		for (i = 0; i < w->sp->segments; i++)
			there |= w->sp->segment[i].first_index == w->index;
		pthread_mutex_unlock(&w->sp->mutex);
		if (!there || !w->index ||
		    seal_reader_segment(w->reader, 0)->name_index == w->index)
			return SEAL_E_RANGE;
		r = open_at(w, w->index, 0);
		if (r)
			return r;
	}
	if (r)
		return r;
	if (item->kind == SEAL_ITEM_BAD || !item->tag_ok)
		return seal_diag_set(w->diag, SEAL_E_DAMAGED,
				     "the spool %s is damaged at entry %llu "
				     "(AS001)",
				     w->sp->dir, (unsigned long long)w->index);
	if (item->frame.kind == SEAL_KIND_ENTRY)
		w->index++;
	return 0;
}

/* The next reading will begin here. */
static void add_hint(struct walk *w, const struct seal_reader_item *item)
{
	uint64_t first = seal_reader_segment(w->reader, 0)->name_index;

	pthread_mutex_lock(&w->sp->mutex);
	if (w->sp->segments && w->sp->segment[0].first_index <= first)
		spool_add_hint(w->sp, w->index, first,
			       item->offset + item->size_bytes);
	pthread_mutex_unlock(&w->sp->mutex);
}

int seal_spool_read(struct seal_spool *sp, uint64_t from, uint64_t to,
		    seal_spool_entry_fn fn, void *ctx, struct seal_diag *diag)
{
	struct seal_reader_item item;
	struct walk w;
	int r;

	if (from > to)
		return seal_diag_set(diag, SEAL_E_ARG, "from %llu to %llu",
				     (unsigned long long)from,
				     (unsigned long long)to);
	if (from == to)
		return 0;
	r = walk_open(&w, sp, from, false, diag);
	if (!r && to > w.sealed)
		r = seal_diag_set(diag, SEAL_E_RANGE,
				  "entry %llu is not sealed yet",
				  (unsigned long long)to - 1);
	while (!r && w.index < to) {
		r = walk_next(&w, &item);
		if (r == SEAL_E_RANGE)
			r = walk_gone(&w);
		if (r || item.frame.kind != SEAL_KIND_ENTRY || w.index <= from)
			continue;
		if (w.index == to)
			add_hint(&w, &item);
		r = fn(ctx, w.index - 1, item.frame.framed + 1,
		       item.frame.framed_len - 1);
	}
	walk_close(&w);
	return r;
}

/* A head between min and max, or the first one above. */
static bool better(const struct seal_head *head, uint64_t min, uint64_t max,
		   bool *found, struct seal_head *best)
{
	if (head->size < min || (*found && head->size > max))
		return head->size > max;
	*best = *head;
	*found = true;
	return head->size >= max;
}

int spool_find_head(struct seal_spool *sp, uint64_t min, uint64_t max,
		    struct seal_head *ret_head, struct seal_diag *diag)
{
	struct seal_head head, best;
	struct seal_reader_item item;
	bool found = false, enough = false;
	uint64_t segment = UINT64_MAX;
	struct walk w;
	int r;

	/* the head of size min stands behind entry min - 1 */
	r = walk_open(&w, sp, min ? min - 1 : 0, false, diag);
	while (!r && !enough) {
		const struct seal_reader_segment *s =
			seal_reader_segment(w.reader, 0);

		if (s->name_index != segment) { /* one that is in a header */
			segment = s->name_index;
			if (segment)
				enough = better(&s->header.head, min, max,
						&found, &best);
			if (enough)
				break;
		}
		r = walk_next(&w, &item);
		if (!r && item.frame.kind == SEAL_KIND_OTHER &&
		    item.frame.type == SEAL_FRAME_HEAD &&
		    !seal_frame_head_get(&item.frame, &head))
			enough = better(&head, min, max, &found, &best);
	}
	walk_close(&w);
	if (r == SEAL_E_RANGE)
		r = 0;
	if (!r && !found)
		r = seal_diag_set(diag, SEAL_E_NOTFOUND,
				  "no seal beyond %llu entries",
				  (unsigned long long)min);
	if (!r)
		*ret_head = best;
	return r;
}

/* What is known of the largest size up to the one asked for. */
static bool known_base(struct seal_spool *sp, uint64_t size,
		       struct seal_frontier *ret_frontier)
{
	bool found = false;
	size_t i;

	pthread_mutex_lock(&sp->mutex);
	for (i = 0; i < KNOWN_FRONTIERS; i++) {
		const struct seal_frontier *f = &sp->known[i];

		if (!f->size || f->size > size ||
		    (found && f->size < ret_frontier->size))
			continue;
		*ret_frontier = *f;
		found = true;
	}
	pthread_mutex_unlock(&sp->mutex);
	return found;
}

/* Appends the leaves from f->size to size. */
static int extend(struct seal_spool *sp, struct seal_frontier *f, uint64_t size,
		  struct walk *w)
{
	struct seal_reader_item item;
	int r = 0;

	while (!r && f->size < size) {
		r = walk_next(w, &item);
		if (r == SEAL_E_RANGE)
			r = walk_gone(w);
		if (!r && item.frame.kind == SEAL_KIND_ENTRY &&
		    w->index == f->size + 1)
			r = seal_frontier_append(f, &item.leaf);
	}
	if (r)
		return r;
	pthread_mutex_lock(&sp->mutex);
	spool_know_frontier(sp, f);
	pthread_mutex_unlock(&sp->mutex);
	return 0;
}

int seal_spool_frontier(struct seal_spool *sp, uint64_t size,
			struct seal_frontier *ret_frontier,
			struct seal_diag *diag)
{
	struct seal_frontier f, known;
	struct walk w;
	bool has;
	int r;

	if (!size) {
		seal_frontier_init(ret_frontier);
		return 0;
	}
	has = known_base(sp, size, &known);
	if (has && known.size == size) {
		*ret_frontier = known;
		return 0;
	}
	r = walk_open(&w, sp, size, true, diag);
	if (!r && size > w.sealed)
		r = seal_diag_set(diag, SEAL_E_RANGE,
				  "only %llu entries are sealed",
				  (unsigned long long)w.sealed);
	if (!r) {
		f = seal_reader_segment(w.reader, 0)->header.frontier;
		if (has && known.size > f.size) {
			f = known;
			walk_close(&w);
			r = walk_open(&w, sp, f.size, false, diag);
		}
	}
	if (!r)
		r = extend(sp, &f, size, &w);
	walk_close(&w);
	if (!r)
		*ret_frontier = f;
	return r;
}
