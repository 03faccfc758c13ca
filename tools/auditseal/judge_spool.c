/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a spool for the verifier: the small files first, so that what they say
 * is never newer than the segments.  A live spool is looked at up to the size
 * that was sealed then: what is written meanwhile cannot disturb.
 */
#include "judge.h"

#include "core/entry.h"
#include "spool/reader.h"
#include "spool/state.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LIVE_TRIES 5

struct spool_feed {
	const struct seal_io *io;
	const char *dir; /* NULL: one file */
	const char *target;
	char origin[SEAL_ORIGIN_MAX_BYTES + 1]; /* of a readable header */
	bool live;
	bool have_state;
	struct seal_state state;
	struct seal_reader *reader;
	struct cli_progress progress;
	uint64_t total_bytes, done_bytes;
	uint64_t next; /* index of the next entry */
	bool stop;     /* a live spool: far enough */
	/* bytes that are no frame, until it is known what follows them */
	bool bad;
	uint64_t bad_offset, bad_len;
};

static int path_in(const struct spool_feed *f, const char *name,
		   char ret_path[4096])
{
	int len = snprintf(ret_path, 4096, "%s/%s", f->dir, name);

	return len < 4096 ? 0 : SEAL_E_TOOBIG;
}

/* ---- does a writer hold the lock? ---- */

static bool listed_in_proc(const struct stat *st)
{
	char line[256], key[64];
	FILE *file = fopen("/proc/locks", "re");
	bool found = false;

	if (!file)
		return false;
	snprintf(key, sizeof(key), " %02x:%02x:%" PRIu64 " ", major(st->st_dev),
		 minor(st->st_dev), (uint64_t)st->st_ino);
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, key) && strstr(line, "FLOCK");
	fclose(file);
	return found;
}

static bool is_live(const struct spool_feed *f)
{
	char path[4096];
	struct stat st;
	bool live;
	int fd;

	if (path_in(f, "lock", path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	live = !fstat(fd, &st) && listed_in_proc(&st);
	if (!live) {
		/* Another namespace's locks are not listed. */
		live = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
		if (!live)
			flock(fd, LOCK_UN);
	}
	close(fd);
	return live;
}

/* ---- the small files ---- */

static int feed_epochs(struct spool_feed *f, struct seal_verify *v,
		       struct seal_diag *diag)
{
	uint8_t bytes[8192];
	char path[4096];
	ssize_t got;
	int fd, rc = path_in(f, "epochs", path);

	if (rc)
		return rc;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && (errno == ENOENT || errno == ELOOP))
		return 0;
	if (fd < 0)
		return seal_diag_set_errno(diag, SEAL_E_IO, errno,
					   "cannot open %s", path);
	while (!rc && (got = read(fd, bytes, sizeof(bytes))) > 0)
		rc = seal_verify_epochs(v, bytes, (size_t)got);
	if (!rc && got < 0)
		rc = seal_diag_set_errno(diag, SEAL_E_IO, errno,
					 "cannot read %s", path);
	if (!rc)
		rc = seal_verify_epochs(v, NULL, 0);
	close(fd);
	return rc;
}

/* Missing or damaged is for the verdict to say. */
static bool tolerable(int rc)
{
	return rc == SEAL_E_NOTFOUND || rc == SEAL_E_DAMAGED ||
	       rc == SEAL_E_SHORT || rc == SEAL_E_UNKNOWN;
}

static int feed_acked(struct spool_feed *f, struct seal_verify *v,
		      struct seal_diag *diag)
{
	struct seal_acked acked = {0};
	char path[4096], where[300];
	size_t i;
	int rc = path_in(f, "acked", path);

	if (!rc)
		rc = seal_acked_load(f->io, path, &acked, diag);
	if (tolerable(rc))
		return 0;
	if (!rc)
		rc = seal_verify_acked(v);
	for (i = 0; i < acked.mirrors && !rc; i++) {
		if (!acked.mirror[i].note_len)
			continue;
		snprintf(where, sizeof(where), "acked (%s)",
			 acked.mirror[i].name);
		rc = seal_verify_note(v, SEAL_VERIFY_NOTE_ACKED,
				      acked.mirror[i].note,
				      acked.mirror[i].note_len, where);
	}
	seal_acked_fini(&acked);
	return rc;
}

static int feed_state(struct spool_feed *f, struct seal_verify *v,
		      struct seal_diag *diag)
{
	char path[4096];
	int rc = path_in(f, "state", path);

	if (!rc)
		rc = seal_state_load(f->io, path, &f->state, diag);
	f->have_state = !rc;
	if (tolerable(rc))
		return 0;
	return rc ? rc
		  : seal_verify_state(v, f->state.sealed, &f->state.root);
}

/* ---- segments ---- */

static uint32_t key_id(const uint8_t bytes[4])
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
	       (uint32_t)bytes[2] << 8 | bytes[3];
}

static int feed_header(struct spool_feed *f, struct seal_verify *v,
		       const struct seal_reader_segment *s, bool last)
{
	struct seal_hash frontier[SEAL_TREE_LEVELS];
	struct seal_verify_segment segment = {0};
	const struct seal_segment_header *h = &s->header;
	int rc;

	if (s->status == SEAL_E_UNKNOWN)
		return seal_verify_unknown_segment(v, s->name, s->name_index);
	if (s->status) {
		f->next = s->name_index;
		return seal_verify_lost_header(v, s->name, s->name_index, last);
	}
	if (h->first_index != s->name_index) {
		rc = seal_verify_defect(v, SEAL_VERIFY_DEFECT_FILE, false,
					s->name, 0, s->size_bytes);
		if (rc)
			return rc;
	}
	f->next = h->first_index;
	seal_frontier_get(&h->frontier, frontier);
	segment.where = s->name;
	segment.number = h->number;
	segment.first_index = h->first_index;
	segment.origin = h->origin;
	segment.log_id = h->log_id;
	segment.head_size = h->head.size;
	segment.head_root = h->head.root;
	segment.head_key_id = key_id(h->head.key_id);
	memcpy(segment.head_signature, h->head.sig,
	       sizeof(segment.head_signature));
	segment.frontier = frontier;
	segment.last = last;
	return seal_verify_segment(v, &segment);
}

static int feed_entry(struct spool_feed *f, struct seal_verify *v,
		      const struct seal_reader_item *item, const char *where)
{
	struct seal_verify_entry entry = {
		.entry = item->frame.framed + 1,
		.len = item->frame.framed_len - 1,
		.leaf = item->leaf,
		.known = SEAL_VERIFY_KNOWN_TAG,
		.index_low = item->index_low,
		.where = where,
		.offset = item->offset};

	f->next++;
	return seal_verify_entry(v, &entry);
}

static int defect(struct seal_verify *v, enum seal_verify_defect what,
		  const struct seal_reader_item *item, const char *where)
{
	return seal_verify_defect(v, what, false, where, item->offset,
				  item->size_bytes);
}

static int feed_head(struct spool_feed *f, struct seal_verify *v,
		     const struct seal_reader_item *item, const char *where)
{
	struct seal_verify_head head = {0};
	struct seal_head h;
	int rc;

	if (seal_frame_head_get(&item->frame, &h))
		return defect(v, SEAL_VERIFY_DEFECT_FRAME, item, where);
	head.size = h.size;
	head.root = h.root;
	head.key_id = key_id(h.key_id);
	memcpy(head.signature, h.sig, sizeof(head.signature));
	head.where = where;
	head.offset = item->offset;
	/* Only helps to find the way: the verifier decides. */
	if (h.size - f->next + SEAL_TAIL_ENTRIES_MAX <=
	    2 * SEAL_TAIL_ENTRIES_MAX)
		f->next = h.size;
	rc = seal_verify_head(v, &head);
	if (f->live && f->have_state && h.size == f->state.sealed)
		f->stop = true;
	return rc;
}

static int feed_frontier(struct seal_verify *v,
			 const struct seal_reader_item *item, const char *where)
{
	struct seal_hash hashes[SEAL_TREE_LEVELS];
	struct seal_frontier frontier;
	unsigned count;

	if (seal_frame_frontier_get(&item->frame, &frontier))
		return defect(v, SEAL_VERIFY_DEFECT_FRAME, item, where);
	count = seal_frontier_get(&frontier, hashes);
	return seal_verify_frontier(v, frontier.size, hashes, count, where,
				    item->offset);
}

static int feed_receipt(struct seal_verify *v,
			const struct seal_reader_item *item, const char *where)
{
	char place[128];

	snprintf(place, sizeof(place), "%s:%" PRIu64, where, item->offset);
	return seal_verify_note(v, SEAL_VERIFY_NOTE_FRAME, item->frame.body,
				item->frame.body_len, place);
}

static int feed_opening(struct seal_verify *v,
			const struct seal_reader_item *item, const char *where)
{
	const uint8_t *b = item->frame.body;
	uint64_t index = 0;
	unsigned i;

	if (item->frame.body_len < 26)
		return defect(v, SEAL_VERIFY_DEFECT_FRAME, item, where);
	for (i = 0; i < 8; i++)
		index = index << 8 | b[i];
	return seal_verify_opening(v, index, b[8], b[9], b + 10, b + 26,
				   item->frame.body_len - 26, where,
				   item->offset);
}

static int feed_frame(struct spool_feed *f, struct seal_verify *v,
		      const struct seal_reader_item *item, const char *where)
{
	if (item->frame.kind == SEAL_KIND_ENTRY)
		return feed_entry(f, v, item, where);
	if (!item->tag_ok)
		return defect(v, SEAL_VERIFY_DEFECT_TAG, item, where);
	if (item->frame.flags)
		return defect(v, SEAL_VERIFY_DEFECT_FRAME, item, where);
	switch (item->frame.type) {
	case SEAL_FRAME_HEAD:
		return feed_head(f, v, item, where);
	case SEAL_FRAME_RECEIPT:
		return feed_receipt(v, item, where);
	case SEAL_FRAME_OPENING:
		return feed_opening(v, item, where);
	case SEAL_FRAME_FRONTIER:
		return feed_frontier(v, item, where);
	}
	return defect(v, SEAL_VERIFY_DEFECT_UNKNOWN, item, where);
}

/* Bytes in between may have been an entry; at the end they are padding. */
static int feed_bad(struct spool_feed *f, struct seal_verify *v,
		    const char *where, bool followed)
{
	if (!f->bad)
		return 0;
	f->bad = false;
	if (followed)
		f->next++;
	return seal_verify_defect(v,
				  followed ? SEAL_VERIFY_DEFECT_FRAME
					   : SEAL_VERIFY_DEFECT_PADDING,
				  followed, where, f->bad_offset, f->bad_len);
}

static int feed_items(struct spool_feed *f, struct seal_verify *v,
		      size_t segment, struct seal_diag *diag)
{
	const char *where = seal_reader_segment(f->reader, segment)->name;
	struct seal_reader_item item;
	int rc = 0;

	while (!rc && !f->stop) {
		rc = seal_reader_next(f->reader, f->next, &item, diag);
		if (rc)
			return rc;
		cli_progress_step(&f->progress,
				  (f->done_bytes + item.offset) >> 20,
				  f->total_bytes >> 20, "MiB");
		if (item.kind == SEAL_ITEM_BAD) {
			if (!f->bad)
				f->bad_offset = item.offset;
			f->bad = true;
			f->bad_len = item.offset + item.size_bytes -
				     f->bad_offset;
			continue;
		}
		rc = feed_bad(f, v, where, item.kind == SEAL_ITEM_FRAME);
		if (item.kind == SEAL_ITEM_END)
			return rc;
		if (!rc)
			rc = feed_frame(f, v, &item, where);
	}
	return rc;
}

static int feed_segment(struct spool_feed *f, struct seal_verify *v, size_t i,
			struct seal_diag *diag)
{
	const struct seal_reader_segment *s = seal_reader_segment(f->reader, i);
	bool last = i + 1 == seal_reader_segments(f->reader);
	int rc;

	if (s->status == SEAL_E_IO)
		return seal_diag_set(diag, SEAL_E_IO, "cannot read %s in %s",
				     s->name, f->target);
	rc = feed_header(f, v, s, last);
	if (rc || s->status == SEAL_E_UNKNOWN)
		return rc;
	/* Where the frames begin follows from the file's name. */
	rc = seal_reader_seek(f->reader, i,
			      s->status ? seal_segment_header_size(
						  strlen(f->origin),
						  s->name_index)
					: 0);
	if (!rc)
		rc = feed_items(f, v, i, diag);
	f->done_bytes += s->size_bytes;
	return rc;
}

static int feed_segments(struct spool_feed *f, struct seal_verify *v,
			 struct seal_diag *diag)
{
	size_t i, count = seal_reader_segments(f->reader);
	int rc = 0;

	if (!count)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "%s has no segments: nothing was ever "
				     "logged there, or all is gone",
				     f->target);
	f->total_bytes = f->done_bytes = 0;
	f->stop = f->bad = false;
	for (i = 0; i < count; i++)
		f->total_bytes += seal_reader_segment(f->reader, i)->size_bytes;
	cli_progress_begin(&f->progress, "verifying");
	for (i = 0; i < count && !rc && !f->stop; i++)
		rc = feed_segment(f, v, i, diag);
	cli_progress_end(&f->progress);
	return rc;
}

static int feed(void *ctx, struct seal_verify *v, struct seal_diag *diag)
{
	struct spool_feed *f = ctx;
	int rc = 0;

	if (f->origin[0])
		rc = seal_verify_name(v, f->origin);
	if (!rc && f->dir)
		rc = feed_epochs(f, v, diag);
	if (!rc && f->dir)
		rc = feed_acked(f, v, diag);
	if (!rc && f->dir)
		rc = feed_state(f, v, diag);
	if (rc)
		return rc;
	/* Listed anew: what the small files say is in there. */
	seal_reader_free(f->reader);
	f->reader = NULL;
	rc = f->dir ? seal_reader_open(f->io, f->dir, &f->reader, diag)
		    : seal_reader_open_file(f->io, f->target, &f->reader, diag);
	return rc ? rc : feed_segments(f, v, diag);
}

/* The origin that the first whole header names; the log id will tell. */
static int find_origin(struct spool_feed *f, struct seal_diag *diag)
{
	const struct seal_reader_segment *s;
	size_t i;
	int rc;

	rc = f->dir ? seal_reader_open(f->io, f->dir, &f->reader, diag)
		    : seal_reader_open_file(f->io, f->target, &f->reader, diag);
	if (rc)
		return rc;
	for (i = 0; i < seal_reader_segments(f->reader); i++) {
		s = seal_reader_segment(f->reader, i);
		if (s->status)
			continue;
		snprintf(f->origin, sizeof(f->origin), "%s", s->header.origin);
		break;
	}
	return 0;
}

int cli_judge_spool(const struct cli_trust *trust, const char *target,
		    bool one_file, struct cli_judgements *list,
		    struct seal_diag *diag)
{
	struct spool_feed *f = calloc(1, sizeof(*f));
	struct seal_verify_options options;
	struct seal_verdict verdict = {0};
	int rc, tries;

	if (!f)
		return SEAL_E_NOMEM;
	f->io = seal_io_posix();
	f->target = target;
	f->dir = one_file ? NULL : target;
	f->live = f->dir && is_live(f);
	rc = find_origin(f, diag);
	if (rc)
		goto out;
	cli_judge_options(trust, f->origin[0] ? f->origin : trust->log,
			  SEAL_VERIFY_SPOOL, &options);
	options.live = f->live;
	for (tries = 0; tries < LIVE_TRIES; tries++) {
		rc = cli_judge_run(&options, feed, f, &verdict, diag);
		/* A live spool frees its oldest segments meanwhile. */
		if (!f->live || (rc != SEAL_E_IO && rc != SEAL_E_NOTFOUND))
			break;
	}
	if (!rc)
		rc = cli_judgements_add(list, target, &verdict);
out:
	seal_verdict_fini(&verdict);
	seal_reader_free(f->reader);
	free(f);
	return rc;
}
