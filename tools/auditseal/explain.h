/* SPDX-License-Identifier: Apache-2.0 */
/* What each finding means and what to do next: the texts of `explain`. */
#ifndef AUDITSEAL_EXPLAIN_H
#define AUDITSEAL_EXPLAIN_H

#include <stddef.h>

struct cli_explanation {
	unsigned id;	   /* 1 for AS001 */
	const char *fact;  /* what was found, in one or two sentences */
	const char *cause; /* what leads to it, the innocent causes too */
	const char *next;  /* what to do */
};

/* NULL if there is no such finding. */
const struct cli_explanation *cli_explanation_find(unsigned id);

/* In order of id; *ret_count of them. */
const struct cli_explanation *cli_explanations(size_t *ret_count);

#endif
