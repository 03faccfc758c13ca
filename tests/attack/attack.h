/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of attacks share: a copy in memory is changed, judged in this
 * process as `auditseal verify` does, and put right again.  Knows neither
 * spools nor stores.  format.md 6.
 *
 * Small in `make check`, everything in `make check-long`.
 */
#ifndef SEAL_TESTS_ATTACK_H
#define SEAL_TESTS_ATTACK_H

#include "core/verify.h"

/* Before the first test of a program; false: nothing can work. */
bool attack_init(void);

/* SEAL_LONG: try everything. */
bool attack_long(void);

/* ---- judging ---- */

struct attack_verdict {
	int rc;		  /* of the work; not 0: no verdict, status 3 */
	int status;	  /* 0 ... 3 */
	char found[2048]; /* "AS001[17,17] AS013[20,22]w": all but class N */
	struct seal_verdict verdict; /* the next judging frees it */
	struct seal_diag diag;
};

/* Feeds and judges, once more with every seal if there is evidence. */
void attack_judge(const struct seal_verify_options *options,
		  seal_verify_feed *feed, void *ctx, struct attack_verdict *av);
void attack_verdict_fini(struct attack_verdict *av);

/* The findings of a verdict but class N, as above. */
void attack_found(const struct seal_verdict *verdict, char *ret_found,
		  size_t room);

/* ---- counting: tried = found + listed + wrong ---- */

struct attack_tally {
	const char *name;
	uint64_t tried;
	uint64_t found;
	uint64_t listed; /* may pass, named by the caller */
	uint64_t wrong;	 /* the first are printed */
};

void attack_is_found(struct attack_tally *t);
void attack_is_listed(struct attack_tally *t);
void attack_is_wrong(struct attack_tally *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Compares status and findings with what must come out. */
void attack_expect(struct attack_tally *t, const struct attack_verdict *av,
		   int status, const char *found, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* Prints the sums; fails the running test if anything was wrong. */
void attack_done(struct attack_tally *t);

/* The changes of one byte: ^01, ^80, ^FF. */
#define ATTACK_CHANGES 3
extern const uint8_t attack_change[ATTACK_CHANGES];

/* Makes every change to the bytes [from, to), one at a time. */
typedef void attack_try(void *ctx, uint64_t offset, uint8_t change);
void attack_every_byte(uint8_t *data, uint64_t from, uint64_t to,
		       attack_try *try, void *ctx);

/* ---- speed ---- */

/*
 * Programs linked with $(attack_wrap) remember which signatures verify and
 * which keys are accepted: both are functions of their bytes alone.  How many
 * were really worked out:
 */
uint64_t attack_signatures(void);

#endif
