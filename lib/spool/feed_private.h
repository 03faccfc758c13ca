/* SPDX-License-Identifier: Apache-2.0 */
/* Private to feed.c and feed_files.c. */
#ifndef SEAL_SPOOL_FEED_PRIVATE_H
#define SEAL_SPOOL_FEED_PRIVATE_H

#include "spool/feed.h"
#include "spool/reader.h"
#include "spool/state.h"

struct feed {
	const struct seal_io *io;
	const char *dir; /* NULL: one file */
	const char *path;
	const char *origin; /* of a readable header; "" */
	bool live;
	bool have_state;
	struct seal_state state;
	struct seal_reader *reader;
	seal_feed_progress *progress;
	void *progress_ctx;
	uint64_t total_bytes, done_bytes;
	uint64_t entries; /* fed */
	const struct seal_feed_options *options;
	struct seal_feed_place last; /* head */
	uint64_t next;		     /* index of the next entry */
	bool stop;		     /* a live spool: far enough */
	bool headless; /* the header is damaged, no frame was seen yet */
	/* bytes that are no frame, until it is known what follows them */
	bool bad;
	uint64_t bad_offset, bad_len;
};

/* `epochs`, `acked`, `state`; what is missing or damaged is not an error. */
int feed_epochs(struct feed *f, struct seal_verify *v, struct seal_diag *diag);
int feed_acked(struct feed *f, struct seal_verify *v, struct seal_diag *diag);
int feed_state(struct feed *f, struct seal_verify *v, struct seal_diag *diag);

/* Finds the head to go on from, tells the verifier, and seeks behind it. */
int feed_resume(struct feed *f, struct seal_verify *v, size_t *ret_segment,
		struct seal_diag *diag);
int feed_open(const struct seal_io *io, const char *path, bool one_file,
	      struct seal_reader **ret_reader, struct seal_diag *diag);

/* Missing or damaged is for the verdict to say. */
bool feed_tolerable(int rc);

#endif
