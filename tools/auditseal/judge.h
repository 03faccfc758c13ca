/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging what is kept somewhere: reads a target and feeds lib/core/verify.
 * What cannot be read is an error; what was read and is wrong, a finding.
 */
#ifndef AUDITSEAL_JUDGE_H
#define AUDITSEAL_JUDGE_H

#include "cli.h"
#include "memory.h"

#include "core/buf.h"
#include "core/policy.h"
#include "core/verify.h"
#include "core/verify_tree.h"

struct cli_stamps;

enum cli_target_kind {
	CLI_TARGET_SPOOL = 1,	/* a spool directory */
	CLI_TARGET_SEGMENT = 2, /* one segment file */
	CLI_TARGET_STORE = 3,	/* a store's directory or database */
	CLI_TARGET_HTTPS = 4,	/* a store's read side */
	CLI_TARGET_BUNDLE = 5,	/* what `export` wrote */
	CLI_TARGET_ARCHIVE = 6, /* segments alone, perhaps compressed */
	CLI_TARGET_TILES = 7,	/* C2SP tlog-tiles in a directory */
};

/* What to trust and how to look; strings are borrowed. */
struct cli_trust {
	const char *policy_path; /* NULL: none */
	struct seal_policy *policy;
	struct seal_pins *pins;
	const char *log; /* only this origin; NULL: all */
	bool deep;
	uint64_t as_of_us;
	uint64_t min_freshness_us;
	bool have_expect_size, have_expect_root;
	uint64_t expect_size;
	struct seal_hash expect_root;
	const char *tls_ca, *tls_cert, *tls_key;
	struct cli_stamps *stamps; /* --timestamp; NULL: none */
	bool have_as_of;      /* the user said so: a bundle's age counts then */
	bool enclosed_policy; /* a bundle's own is believed */
	struct cli_memory *memory; /* --state; NULL: none */
	const struct cli_pin *pin; /* --pin; NULL: none */
	bool since_last;	   /* go on from what is remembered */
	bool quiet;		   /* no progress */
	/* Archives to read together with a spool, or with one another. */
	const struct cli_archives *archives;
	/* --from, --to: indices, times; false: all */
	bool have_limits;
	struct seal_feed_limits limits;
};

/* Reads the policy and, beside it, PATH.pins if that exists. */
int cli_trust_load(struct cli_trust *trust, const char *policy_path,
		   struct seal_diag *diag);
void cli_trust_fini(struct cli_trust *trust);

/* One log of one target. */
struct cli_judged {
	char *target;	 /* as the user named it */
	char **archives; /* read together with it */
	size_t archive_count;
	bool ageless; /* a bundle: complete as of its anchor, however old */
	struct seal_range absent[2]; /* a partial one: not in it */
	size_t absents;
	bool left_out; /* they may be there: --from, --to */
	struct seal_verdict verdict;
	uint64_t bytes_read;
};

struct cli_judgements {
	struct cli_judged *v;
	size_t n;
	int exit_status; /* the worst of them */
	size_t problems; /* targets that could not be judged */
	char problem[SEAL_DIAG_TEXT_BYTES]; /* the first one's sentence */
};

/* What is this?  SEAL_E_NOTFOUND, _PERM, _UNKNOWN with a sentence. */
int cli_target_kind(const char *target, enum cli_target_kind *ret_kind,
		    struct seal_diag *diag);

/* A directory that is none of these and holds directories: of spools. */
bool cli_target_is_fleet(const char *target);

/* Judges every log of a target and appends the verdicts. */
int cli_judge(const struct cli_trust *trust, const char *target,
	      struct cli_judgements *list, struct seal_diag *diag);
/* The one of two exit statuses that counts. */
int cli_worse(int a, int b);
void cli_judgements_fini(struct cli_judgements *list);

/*
 * The command line of `verify`, for another command that verifies: form is the
 * one --format that it has, NULL for all.  Returns the exit status.
 */
int cli_verify(const struct cli_command *command, const char *form, int argc,
	       char **argv);

/* ---- for the readers of targets ---- */

/* The options of one log; origin may be NULL. */
void cli_judge_options(const struct cli_trust *trust, const char *origin,
		       enum seal_verify_target target,
		       struct seal_verify_options *ret_options);

/* Whose size is held against what is known. */
enum cli_known_of {
	CLI_KNOWN_OF_SPOOL = 1,
	CLI_KNOWN_OF_STORE = 2,
	/* May be older than what is remembered, never than a pin. */
	CLI_KNOWN_OF_BUNDLE = 3,
};

/* What is known of this log from before, by --state and --pin. */
int cli_judge_known(const struct cli_trust *trust, const char *origin,
		    enum cli_known_of of, struct seal_verify *verify);

/* To go on from: NULL without --since-last, or nothing to go on from. */
const struct cli_remembered *cli_judge_resume(const struct cli_trust *trust,
					      const char *origin, bool store);
/* Did going on not do, so that all must be looked at? */
bool cli_judge_whole(int rc, const struct seal_verdict *verdict);

/*
 * Takes the verdict (zeroed) after it was compared with, and put into, what is
 * remembered; *verdict is the list's on success.  place may be NULL.
 */
int cli_judgements_add(const struct cli_trust *trust,
		       struct cli_judgements *list, const char *target,
		       bool store, const struct seal_feed_place *place,
		       uint64_t bytes_read, struct seal_verdict *verdict);

int cli_judge_spool(const struct cli_trust *trust, const char *target,
		    enum cli_target_kind kind, struct cli_judgements *list,
		    struct seal_diag *diag);
/* A log of the policy of which a target, or all of them, has nothing. */
int cli_judge_absent(const struct cli_trust *trust, const char *target,
		     const char *origin, bool live,
		     struct cli_judgements *list);
/* Of a store, HTTPS, tiles. */
int cli_judge_copies(const struct cli_trust *trust, const char *target,
		     enum cli_target_kind kind, struct cli_judgements *list,
		     struct seal_diag *diag);
int cli_judge_bundle(const struct cli_trust *trust, const char *target,
		     struct cli_judgements *list, struct seal_diag *diag);
/* Reads a policy and pins that are no files; freed by cli_trust_fini. */
int cli_trust_take(struct cli_trust *trust, const char *name,
		   const struct seal_buf *policy, const struct seal_buf *pins,
		   struct seal_diag *diag);

#endif
