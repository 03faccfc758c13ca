/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mirror in memory behind the sender's transport table: it judges requests
 * with the store's own parsers and real proofs, and says what the test scripts
 * in between.  No socket, no thread.
 */
#ifndef SEAL_TESTS_FAKE_MIRROR_H
#define SEAL_TESTS_FAKE_MIRROR_H

#include "core/buf.h"
#include "core/crypto.h"
#include "core/key.h"
#include "core/tree.h"
#include "forward/forward.h"

/* A scripted answer, instead of the mirror's own. */
struct fake_answer {
	const char *path; /* NULL: to any request */
	int error;	  /* not 0: no answer, this error */
	unsigned status;
	const char *type, *body; /* NULL: none */
	bool has_retry_after;
	uint64_t retry_after_ms;
	bool work; /* do the work all the same, and then say this */
};

#define FAKE_SCRIPT_MAX 64

struct fake_mirror {
	const struct seal_vkey *host; /* of the log that it takes */
	struct seal_key *key[2];
	struct seal_vkey vkey[2];
	size_t keys; /* with which it cosigns: 0, 1 or 2 */
	struct seal_key *witness_key;
	struct seal_vkey witness;
	bool witnesses;		      /* cosigns in add-checkpoint too */
	const struct seal_buf *shown; /* to GET; NULL: words that are none */
	uint64_t time_s;

	uint64_t pending, stored; /* sizes: pending and mirror checkpoint */
	struct seal_hash pending_root;
	uint64_t next; /* leaves that it has */
	struct seal_hash *leaf;
	const char *ticket; /* given with mirror-info; "" none */

	struct fake_answer script[FAKE_SCRIPT_MAX];
	size_t scripted, played;
	const struct fake_answer *always; /* for ever, when not NULL */

	/* What was seen. */
	uint64_t checkpoints, uploads, gets, packages_max, piece_max;
	uint64_t old_size, size; /* of the last add-checkpoint */
	uint64_t start, end;	 /* of the last add-entries */
	uint64_t packages;	 /* of it */
	uint64_t distance_max;	 /* largest end - start */
	char last_ticket[64];
	char get_path[128];
	bool aborted;
	void (*on_post)(void *ctx); /* called in each POST */
	void *on_post_ctx;
};

int fake_mirror_init(struct fake_mirror *mirror, const struct seal_vkey *host);
void fake_mirror_fini(struct fake_mirror *mirror);
void fake_mirror_play(struct fake_mirror *mirror, struct fake_answer answer);
/* Cosigns anything, for scripted bodies. */
void fake_mirror_cosign(const struct fake_mirror *mirror, size_t key,
			uint64_t size, const struct seal_hash *root,
			uint64_t time_s, struct seal_buf *ret_line);
void fake_mirror_transport(struct fake_mirror *mirror,
			   struct seal_forward_transport *ret_transport);

#endif
