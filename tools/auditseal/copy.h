/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A store's copy of a log, wherever it is: its newest checkpoint, its tiles and
 * bundles.  Nothing read here is believed.
 */
#ifndef AUDITSEAL_COPY_H
#define AUDITSEAL_COPY_H

#include "judge.h"

#include "core/buf.h"
#include "core/verify_tree.h"
#include "protocol/tile.h"
#include "storage/storage.h"

struct cli_trust;

#define CLI_COPY_WRONG_MAX 6

/* Something about a copy that is not as a store keeps it. */
struct cli_copy_wrong {
	unsigned number; /* of the finding */
	const char *where, *text;
};

/* All borrowed, valid while the function below runs. */
struct cli_copy {
	const char *origin;
	struct seal_verify_source source;
	const uint8_t *note; /* newest checkpoint with its lines; NULL: none */
	size_t note_len;
	bool note_stored; /* as a store of ours keeps it, all of its lines */
	bool note_whole;  /* what is kept beside it is what it says */
	uint64_t size;	  /* entries that the copy says it holds; 0: unknown */
	uint64_t entries; /* where those end that are kept, counted or not */
	bool have_log_id; /* under which the copy is kept */
	struct seal_hash log_id;
	bool have_epochs;      /* the copy should have records of `epochs` */
	const uint8_t *epochs; /* what there is of them */
	size_t epochs_len;
	const uint64_t *bytes_read;	 /* of tiles and bundles, up to now */
	const struct seal_buf *cosigned; /* notes: see cli_cosigned below */
	size_t cosigned_count;
	bool cosigned_stored; /* as a store of ours keeps them */
	struct cli_copy_wrong wrong[CLI_COPY_WRONG_MAX];
	size_t wrongs;
};

typedef int cli_copy_fn(void *ctx, const struct cli_copy *copy,
			struct seal_diag *diag);

/*
 * Calls fn for each log of the store, or for trust->log alone.  Over HTTPS the
 * policy says which logs there are.  What fn returns, if not 0, ends it.
 */
int cli_store_visit(const struct cli_trust *trust, const char *target,
		    cli_copy_fn *fn, void *ctx, struct seal_diag *diag);
int cli_https_visit(const struct cli_trust *trust, const char *target,
		    cli_copy_fn *fn, void *ctx, struct seal_diag *diag);
/* A directory in the layout of tlog-tiles; its checkpoint says which log. */
int cli_dir_visit(const struct cli_trust *trust, const char *target,
		  cli_copy_fn *fn, void *ctx, struct seal_diag *diag);
int cli_bundle_visit(const struct cli_trust *trust, const char *target,
		     cli_copy_fn *fn, void *ctx, struct seal_diag *diag);
/* The one of these that the kind asks for; INTERNAL for a kind of a host's. */
int cli_copy_visit(const struct cli_trust *trust, const char *target,
		   enum cli_target_kind kind, cli_copy_fn *fn, void *ctx,
		   struct seal_diag *diag);

/*
 * Beside the newest checkpoint of a copy: the newest one that each witness of
 * others cosigned, which may be older.  All zero is none.
 */
struct cli_cosigned {
	struct seal_buf *note; /* owned */
	size_t count;
};

void cli_cosigned_fini(struct cli_cosigned *cosigned);
/* Appends a copy of a note. */
int cli_cosigned_add(struct cli_cosigned *cosigned,
		     const struct seal_buf *note);
/*
 * A store keeps, of the log's own lines, the host's and at most one seal, and
 * beside them, from line own_lines on, others, whose names are others.
 */
bool cli_lines_are_kept(const struct seal_note *note, const char *origin,
			size_t own_lines);
/*
 * Of a log in a store's database.  *ret_whole: each row is what a store keeps;
 * what is not is left out.
 */
int cli_cosigned_read(struct seal_storage *storage, int64_t log,
		      struct cli_cosigned *cosigned, bool *ret_whole,
		      struct seal_diag *diag);
/*
 * What a store's own witness saw: the first row that is not as it keeps them,
 * or that the policy's keys did not sign.  ret_wrong->number 0: none.
 */
int cli_witnessed_check(struct seal_storage *storage,
			const struct seal_policy *policy,
			struct cli_copy_wrong *ret_wrong,
			struct seal_diag *diag);

/*
 * Replaces what is in *ret_note by all that the copy has on the checkpoint of
 * cosigned[which]: its own receipt, the lines of all witnesses.
 */
int cli_copy_collect(const struct cli_copy *copy, size_t which,
		     struct seal_buf *ret_note, struct seal_diag *diag);

/*
 * Replaces what is in *ret_note by the newest checkpoint of the copy, which has
 * one; by an older one that holds entry index, with all lines that the copy has
 * on it, if that meets the quorum of policy (may be NULL) and the newest does
 * not: a witness answers after the mirror.  Calls the source's checkpoint.
 */
int cli_copy_note(const struct seal_policy *policy, const struct cli_copy *copy,
		  uint64_t index, struct seal_buf *ret_note,
		  struct seal_diag *diag);

/*
 * Limits a source of the copy to the bundles that hold these entries, of the
 * size that its newest checkpoint states.  By time: of bundles whose times rise
 * as a clock does.  NOTFOUND: none does.
 */
int cli_copy_part(const struct seal_feed_limits *limits,
		  const struct cli_copy *copy,
		  struct seal_verify_source *ret_source, uint64_t *ret_size,
		  struct seal_diag *diag);

/*
 * A C2SP tlog-tiles tree, wherever its files are: get, or get_path if there is
 * no get, puts one resource into body; *ret_there false where there is no such
 * thing.  SEAL_E_TOOBIG over max.
 */
struct cli_tiles {
	int (*get_path)(struct cli_tiles *tiles, const char *path, size_t max,
			bool *ret_there, struct seal_diag *diag);
	int (*get)(struct cli_tiles *tiles,
		   const struct seal_resource *resource, size_t max,
		   bool *ret_there, struct seal_diag *diag);
	/* May be NULL: see struct seal_verify_source. */
	bool (*absent)(void *tiles, uint64_t first, uint64_t last);
	int (*next)(void *tiles, uint64_t number, uint64_t *ret_number,
		    struct seal_diag *diag);
	struct seal_buf body; /* the caller's to _init and _fini */
	struct cli_progress progress;
	bool quiet;
	uint64_t bytes_read;
	uint64_t size; /* that of the copy, by _visit; 0: unknown */
};

/*
 * What the policy's witnesses cosigned, by get_path.  Before the newest
 * checkpoint is read: what is read later of a log that grows is larger.
 */
int cli_tiles_cosigned(struct cli_tiles *tiles,
		       const struct seal_policy *policy,
		       struct cli_cosigned *cosigned, struct seal_diag *diag);

/* Calls fn with copy, which names the log, its source and checkpoint set. */
int cli_tiles_visit(struct cli_tiles *tiles, struct cli_copy *copy,
		    cli_copy_fn *fn, void *ctx, struct seal_diag *diag);

#endif
