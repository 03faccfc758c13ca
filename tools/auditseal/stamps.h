/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time-stamps: pairs of a checkpoint NAME and a token NAME.tsr
 * (docs/spec/timestamp.md).  What is in a list was checked against the CAs that
 * the operator named; whether the log agrees, the verifier says.
 */
#ifndef AUDITSEAL_STAMPS_H
#define AUDITSEAL_STAMPS_H

#include "cli.h"

#include "core/checkpoint.h"
#include "core/verify.h"
#include "x509/tsa.h"

struct cli_judgements;

struct cli_stamp {
	char *path;  /* of the token */
	char *where; /* for findings: path and time */
	uint8_t *note;
	size_t note_len;
	struct seal_checkpoint checkpoint;
	struct seal_tsa_stamp stamp;
	bool used; /* given to a verifier */
};

struct cli_stamps {
	struct cli_stamp *v;
	size_t n;
	/* of the log that is being verified */
	struct seal_verify_given given[SEAL_VERIFY_GIVEN_MAX];
};

/*
 * A token, or all of a directory.  One that fails is told and counted in list
 * like a target that cannot be read.  NULL for ca_file is no CA at all.
 */
void cli_stamps_load(struct cli_stamps *stamps, const char *path,
		     const char *ca_file, struct cli_judgements *list);
void cli_stamps_fini(struct cli_stamps *stamps);

/* Those of this log, in the order of the list, go into the options. */
void cli_stamps_give(struct cli_stamps *stamps, const char *origin,
		     struct seal_verify_options *options);

/* The i-th of a log, as verdict.given counts them; NULL: no more. */
const struct cli_stamp *cli_stamps_of(const struct cli_stamps *stamps,
				      const char *origin, size_t i);

/* A pair whose log nobody asked about is told and counted. */
void cli_stamps_unused(const struct cli_stamps *stamps,
		       struct cli_judgements *list);

/* What to say behind a stamp: "" if the copy agrees. */
const char *cli_given_text(enum seal_given_state state);

/* The checkpoint in a file; note: free().  FORMAT and as cli_read_file. */
int cli_checkpoint_read(const char *path, uint8_t **ret_note, size_t *ret_len,
			struct seal_checkpoint *ret_cp, struct seal_diag *diag);

/* Checks an answer over a checkpoint; the CA file is read each time. */
int cli_stamp_check(const uint8_t *answer, size_t answer_len,
		    const uint8_t *note, size_t note_len, const char *ca_file,
		    const struct seal_tsa_number *nonce,
		    struct seal_tsa_stamp *ret_stamp, struct seal_diag *diag);

#endif
