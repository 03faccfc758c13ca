/* SPDX-License-Identifier: Apache-2.0 */
/* The draw, and the file `sample`: docs/spec/sample.md. */
#include "sample.h"

#include "core/checkpoint.h"
#include "core/key.h"
#include "core/text.h"

#include <inttypes.h>
#include <string.h>

void sample_facts_put(const struct sample_facts *f, struct seal_buf *out)
{
	seal_buf_putf(out,
		      SAMPLE_MAGIC "origin %s\nsize %" PRIu64 "\ncount %" PRIu64
				   "\n",
		      f->origin, f->size, f->count);
}

static bool take_number(const char *text, const char *name, uint64_t *ret)
{
	size_t len = strlen(name);

	return !strncmp(text, name, len) &&
	       !seal_dec_decode(text + len, strlen(text + len), INT64_MAX, ret);
}

int sample_facts_get(const uint8_t *bytes, size_t len,
		     struct sample_facts *ret_facts, struct seal_diag *diag)
{
	struct sample_facts f = {0};
	char text[512], *line[4], *at = text;
	size_t i;

	if (len >= sizeof(text) || memchr(bytes, '\0', len))
		goto bad;
	memcpy(text, bytes, len);
	text[len] = '\0';
	for (i = 0; i < 4; i++) {
		line[i] = at;
		at = strchr(at, '\n');
		if (!at)
			goto bad;
		*at++ = '\0';
	}
	if (*at || strncmp(line[0], SAMPLE_MAGIC, strlen(SAMPLE_MAGIC) - 1) ||
	    strlen(line[0]) != strlen(SAMPLE_MAGIC) - 1 ||
	    strncmp(line[1], "origin ", 7) ||
	    seal_origin_check(line[1] + 7, strlen(line[1] + 7), NULL) ||
	    !take_number(line[2], "size ", &f.size) ||
	    !take_number(line[3], "count ", &f.count) || !f.count ||
	    f.count > f.size || f.count > SAMPLE_MAX)
		goto bad;
	memcpy(f.origin, line[1] + 7, strlen(line[1] + 7) + 1);
	*ret_facts = f;
	return 0;
bad:
	return seal_diag_set(diag, SEAL_E_FORMAT,
			     "its file 'sample' is not of the form of "
			     "docs/spec/sample.md");
}

static int seed_of(const uint8_t *note_bytes, size_t len,
		   struct seal_hash *ret_seed, struct seal_diag *diag)
{
	static const char purpose[] = "auditseal/sample/v1\n";
	struct seal_checkpoint cp;
	struct seal_note note;
	struct seal_part part[2] = {{purpose, strlen(purpose)}, {NULL, 0}};
	int rc = seal_checkpoint_parse_note(note_bytes, len, &note, &cp, diag);

	if (rc)
		return rc;
	part[1].base = note.text;
	part[1].len = note.text_len;
	return seal_sha256_parts(part, 2, ret_seed);
}

static uint64_t first_u64(const uint8_t *bytes)
{
	uint64_t value = 0;
	unsigned i;

	for (i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

static bool is_drawn(const uint64_t *index, uint64_t n, uint64_t value)
{
	while (n--)
		if (index[n] == value)
			return true;
	return false;
}

int sample_draw(const uint8_t *seed_note, size_t seed_len, uint64_t size,
		uint64_t count, uint64_t *ret_index, struct seal_diag *diag)
{
	/* Numbers from here on would make small indices likelier. */
	uint64_t limit = size ? UINT64_MAX - UINT64_MAX % size : 0;
	uint64_t drawn = 0, k, value;
	struct seal_hash seed, hash;
	uint8_t counter[8];
	struct seal_part part[2] = {{seed.b, sizeof(seed.b)}, {counter, 8}};
	unsigned i;
	int rc = seed_of(seed_note, seed_len, &seed, diag);

	for (k = 0; drawn < count && !rc; k++) {
		for (i = 0; i < 8; i++)
			counter[i] = (uint8_t)(k >> (56 - 8 * i));
		rc = seal_sha256_parts(part, 2, &hash);
		value = first_u64(hash.b);
		if (rc || value >= limit ||
		    is_drawn(ret_index, drawn, value % size))
			continue;
		ret_index[drawn++] = value % size;
	}
	return rc;
}

bool sample_is(const char *path)
{
	struct seal_buf bytes = SEAL_BUF_INIT;
	struct bundle_files *files = NULL;
	bool there = false;

	if (!bundle_files_open(path, &files, NULL))
		bundle_files_get(files, SAMPLE_FILE, 512, &bytes, &there, NULL);
	bundle_files_close(files);
	seal_buf_fini(&bytes);
	return there;
}
