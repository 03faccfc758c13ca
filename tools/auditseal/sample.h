/* SPDX-License-Identifier: Apache-2.0 */
/* Entries chosen by a hash that nobody can choose: docs/spec/sample.md. */
#ifndef AUDITSEAL_SAMPLE_H
#define AUDITSEAL_SAMPLE_H

#include "bundle.h"

#define SAMPLE_FILE  "sample"
#define SAMPLE_MAGIC "auditseal/sample/1\n"
#define SAMPLE_MAX   10000

struct sample_facts {
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	uint64_t size; /* of the checkpoint that the proofs lead to */
	uint64_t count;
};

void sample_facts_put(const struct sample_facts *facts, struct seal_buf *out);
int sample_facts_get(const uint8_t *bytes, size_t len,
		     struct sample_facts *ret_facts, struct seal_diag *diag);

/* count different indices below size, in the order drawn; count <= size. */
int sample_draw(const uint8_t *seed_note, size_t seed_len, uint64_t size,
		uint64_t count, uint64_t *ret_index, struct seal_diag *diag);

/* Is this path a directory or tar of that form? */
bool sample_is(const char *path);

#endif
