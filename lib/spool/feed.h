/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a spool, whole or damaged, and tells core/verify.h what stands where.
 * The small files first, so that what they say is never newer than the
 * segments.  A live spool is read up to the size that was sealed then: what is
 * written meanwhile cannot disturb.  Decides nothing.
 */
#ifndef SEAL_SPOOL_FEED_H
#define SEAL_SPOOL_FEED_H

#include "core/err.h"
#include "core/key.h"
#include "core/verify.h"
#include "spool/io.h"

typedef void seal_feed_progress(void *ctx, uint64_t done_bytes,
				uint64_t total_bytes, uint64_t entries);

/* Where a head ends: in the segment that begins with this index. */
struct seal_feed_place {
	uint64_t segment_first;
	uint64_t offset; /* 0: not known */
	uint64_t size;	 /* of the head */
};

/* Which segments: those from first on, up to and without end. */
struct seal_feed_part {
	uint64_t first, end; /* indices that segments begin with */
};

struct seal_feed_options {
	const struct seal_io *io;
	const char *path;   /* of the directory, or of one segment */
	bool one_file;	    /* a segment alone */
	bool live;	    /* a writer holds the lock */
	const char *origin; /* seal_feed_origin; NULL or "": not known */
	seal_feed_progress *progress; /* may be NULL */
	void *progress_ctx;
	const struct seal_feed_part *part; /* NULL: all segments */
	/* Go on there; NULL: from the beginning. */
	const struct seal_verify_resume *resume;
	struct seal_feed_place resume_at;
	struct seal_feed_place *ret_last; /* the last head; may be NULL */
};

/*
 * 0, or why the work could not be done: SEAL_E_NOTFOUND for a directory without
 * segments, SEAL_E_IO, SEAL_E_PERM, SEAL_E_RANGE if there is no such head where
 * it was to go on, or an error of the verifier.
 */
int seal_feed_spool(const struct seal_feed_options *options,
		    struct seal_verify *verify, struct seal_diag *diag);

/*
 * The segments that hold the entries [from, to], and, of those, whose entries
 * were made from from_us to to_us, as their times say.  0, UINT64_MAX: no
 * limit. SEAL_E_NOTFOUND: none does.  *ret_cut: segments behind them are left
 * out.
 */
struct seal_feed_limits {
	uint64_t from, to, from_us, to_us;
};
int seal_feed_part(const struct seal_io *io, const char *path, bool one_file,
		   const struct seal_feed_limits *limits,
		   struct seal_feed_part *ret_part, bool *ret_cut,
		   struct seal_diag *diag);

/*
 * The origin in the first header that is whole, "" if there is none.  Not to be
 * believed: the log id says whether it is the one.
 */
int seal_feed_origin(const struct seal_io *io, const char *path, bool one_file,
		     char ret_origin[SEAL_ORIGIN_MAX_BYTES + 1],
		     struct seal_diag *diag);

#endif
