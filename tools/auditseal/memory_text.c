/* SPDX-License-Identifier: Apache-2.0 */
/* The file of what is remembered, as text.  docs/spec/verdict.md, section 11.
 * Contract: memory.h. */
#include "memory.h"

#include "cli.h"

#include "core/buf.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC	  "auditseal/state/1\n"
#define WORDS_MAX (1 + SEAL_TREE_LEVELS)

/* ---- out ---- */

static void put_bytes(struct seal_buf *out, const uint8_t bytes[32])
{
	char base64[48] = {0};

	seal_base64_encode(bytes, 32, base64);
	seal_buf_putf(out, " %s", base64);
}

static void put_resume(struct seal_buf *out, const struct cli_remembered *r)
{
	const struct seal_verify_resume *s = &r->resume;
	struct seal_hash nodes[SEAL_TREE_LEVELS];
	unsigned i, count = seal_frontier_get(&s->frontier, nodes);

	if (!r->resumable)
		return;
	seal_buf_put_str(out, "keys");
	put_bytes(out, s->host_key);
	put_bytes(out, s->epoch0_key);
	seal_buf_putf(out, " %" PRIu64 " %" PRIu64, s->epoch, s->epoch_first);
	put_bytes(out, s->epoch_key);
	if (s->have_heartbeat)
		seal_buf_putf(out, "\nheartbeat %" PRIu64, s->heartbeat_us);
	if (s->anchor_size) {
		seal_buf_putf(out, "\npast %" PRIu64, s->anchor_size);
		put_bytes(out, s->anchor_root.b);
	}
	seal_buf_put_str(out, "\nfrontier");
	for (i = 0; i < count; i++)
		put_bytes(out, nodes[i].b);
	seal_buf_put_str(out, "\n");
	if (r->place.offset)
		seal_buf_putf(out, "place %" PRIu64 " %" PRIu64 "\n",
			      r->place.segment_first, r->place.offset);
}

static void put_log(struct seal_buf *out, const struct cli_remembered *r)
{
	const struct cli_told *t;
	size_t i;

	seal_buf_putf(out, "log %s %s\nid", r->store ? "store" : "host",
		      r->head.origin);
	put_bytes(out, r->head.log_id.b);
	seal_buf_putf(out, "\nhead %" PRIu64, r->head.size);
	put_bytes(out, r->head.root.b);
	seal_buf_putf(out, " %" PRIu64 " %" PRIu64 "\n", r->head.time_us,
		      r->seen_us);
	if (r->stored) {
		seal_buf_putf(out, "stored %" PRIu64, r->stored);
		put_bytes(out, r->stored_root.b);
		seal_buf_put_str(out, "\n");
	}
	put_resume(out, r);
	for (i = 0; i < r->told_count; i++) {
		t = &r->told[i];
		seal_buf_putf(out, "told %u", t->number);
		if (t->first == SEAL_FINDING_NO_INDEX)
			seal_buf_putf(out, " %c %" PRIu32 "\n", t->kind,
				      t->digest);
		else
			seal_buf_putf(out, " %" PRIu64 " %" PRIu64 "\n",
				      t->first, t->last);
	}
}

int cli_memory_encode(const struct cli_memory *memory, struct seal_buf *out)
{
	struct seal_hash check;
	size_t i;
	int rc;

	seal_buf_put_str(out, MAGIC);
	for (i = 0; i < memory->n; i++)
		if (memory->v[i].head.size)
			put_log(out, &memory->v[i]);
	rc = seal_buf_error(out);
	if (!rc)
		rc = seal_sha256(out->data, out->len, &check);
	seal_buf_put_str(out, "end");
	put_bytes(out, check.b);
	seal_buf_put_str(out, "\n");
	return rc ? rc : seal_buf_error(out);
}

/* ---- in ---- */

struct line {
	const char *word[WORDS_MAX];
	size_t len[WORDS_MAX];
	size_t n;
};

static bool split(const char *at, const char *end, struct line *line)
{
	const char *space;

	line->n = 0;
	while (line->n < WORDS_MAX) {
		space = memchr(at, ' ', (size_t)(end - at));
		line->word[line->n] = at;
		line->len[line->n] = (size_t)((space ? space : end) - at);
		if (!line->len[line->n++])
			return false;
		if (!space)
			return true;
		at = space + 1;
	}
	return false;
}

static bool is(const struct line *line, const char *word)
{
	return line->len[0] == strlen(word) &&
	       !memcmp(line->word[0], word, line->len[0]);
}

static bool get_number(const struct line *line, size_t i, uint64_t *ret_value)
{
	return i < line->n && !seal_dec_decode(line->word[i], line->len[i],
					       INT64_MAX, ret_value);
}

static bool get_bytes(const struct line *line, size_t i, uint8_t *ret_bytes)
{
	return i < line->n &&
	       !seal_base64_decode_exact(line->word[i], line->len[i], ret_bytes,
					 32);
}

static int new_log(struct cli_memory *m, const struct line *line)
{
	struct cli_remembered *grown;
	bool store, host;

	if (line->n != 3)
		return SEAL_E_FORMAT;
	store = line->len[1] == 5 && !memcmp(line->word[1], "store", 5);
	host = line->len[1] == 4 && !memcmp(line->word[1], "host", 4);
	if ((!store && !host) ||
	    seal_origin_check(line->word[2], line->len[2], NULL) ||
	    line->len[2] > SEAL_ORIGIN_MAX_BYTES)
		return SEAL_E_FORMAT;
	grown = realloc(m->v, (m->n + 1) * sizeof(*grown));
	if (!grown)
		return SEAL_E_NOMEM;
	m->v = grown;
	memset(&grown[m->n], 0, sizeof(*grown));
	memcpy(grown[m->n].head.origin, line->word[2], line->len[2]);
	grown[m->n].store = store;
	m->n++;
	return 0;
}

static bool get_keys(const struct line *line, struct seal_verify_resume *s)
{
	return line->n == 6 && get_bytes(line, 1, s->host_key) &&
	       get_bytes(line, 2, s->epoch0_key) &&
	       get_number(line, 3, &s->epoch) &&
	       get_number(line, 4, &s->epoch_first) &&
	       get_bytes(line, 5, s->epoch_key);
}

/* The frontier is what makes it complete: it must give the root. */
static bool get_frontier(const struct line *line, struct cli_remembered *r)
{
	struct seal_hash nodes[SEAL_TREE_LEVELS], root;
	size_t i;

	for (i = 1; i < line->n; i++)
		if (!get_bytes(line, i, nodes[i - 1].b))
			return false;
	if (seal_frontier_set(&r->resume.frontier, r->head.size, nodes,
			      line->n - 1) ||
	    seal_frontier_root(&r->resume.frontier, &root))
		return false;
	r->resumable = seal_hash_equal(&root, &r->head.root);
	return r->resumable;
}

static int get_told(const struct line *line, struct cli_remembered *r)
{
	struct cli_told *grown, t = {0};
	uint64_t number, digest;

	if (line->n != 4 || !get_number(line, 1, &number) ||
	    number > SEAL_FINDING_MAX)
		return SEAL_E_FORMAT;
	t.number = (unsigned)number;
	if (line->len[2] == 1 && line->word[2][0] >= 'a') {
		t.first = t.last = SEAL_FINDING_NO_INDEX;
		t.kind = line->word[2][0];
		if (!get_number(line, 3, &digest) || digest > UINT32_MAX)
			return SEAL_E_FORMAT;
		t.digest = (uint32_t)digest;
	} else if (!get_number(line, 2, &t.first) ||
		   !get_number(line, 3, &t.last) || t.first > t.last) {
		return SEAL_E_FORMAT;
	}
	if (!(r->told_count & (r->told_count - 1))) {
		grown = realloc(r->told,
				(r->told_count ? 2 * r->told_count : 1) *
					sizeof(*grown));
		if (!grown)
			return SEAL_E_NOMEM;
		r->told = grown;
	}
	r->told[r->told_count++] = t;
	return 0;
}

static int get_line(struct cli_memory *m, const struct line *line)
{
	struct cli_remembered *r = m->n ? &m->v[m->n - 1] : NULL;
	bool good = false;

	if (is(line, "log"))
		return new_log(m, line);
	if (!r)
		return SEAL_E_FORMAT;
	if (is(line, "id"))
		good = line->n == 2 && get_bytes(line, 1, r->head.log_id.b);
	else if (is(line, "head"))
		good = line->n == 5 && get_number(line, 1, &r->head.size) &&
		       r->head.size && get_bytes(line, 2, r->head.root.b) &&
		       get_number(line, 3, &r->head.time_us) &&
		       get_number(line, 4, &r->seen_us);
	else if (is(line, "stored"))
		good = line->n == 3 && get_number(line, 1, &r->stored) &&
		       get_bytes(line, 2, r->stored_root.b);
	else if (is(line, "keys"))
		good = get_keys(line, &r->resume);
	else if (is(line, "heartbeat"))
		good = r->resume.have_heartbeat =
			line->n == 2 &&
			get_number(line, 1, &r->resume.heartbeat_us);
	else if (is(line, "past"))
		good = line->n == 3 &&
		       get_number(line, 1, &r->resume.anchor_size) &&
		       get_bytes(line, 2, r->resume.anchor_root.b);
	else if (is(line, "frontier"))
		good = get_frontier(line, r);
	else if (is(line, "place"))
		good = line->n == 3 &&
		       get_number(line, 1, &r->place.segment_first) &&
		       get_number(line, 2, &r->place.offset);
	else if (is(line, "told"))
		return get_told(line, r);
	return good ? 0 : SEAL_E_FORMAT;
}

/* Where the last line begins, if it is the check of all before it. */
static int check_end(const char *text, size_t len, size_t *ret_end)
{
	struct seal_hash check;
	struct line line;
	uint8_t stated[32];
	size_t at = len;
	int rc;

	if (len < strlen(MAGIC) || memcmp(text, MAGIC, strlen(MAGIC)) ||
	    text[len - 1] != '\n')
		return SEAL_E_DAMAGED;
	while (at > strlen(MAGIC) && text[at - 2] != '\n')
		at--;
	at--;
	if (!split(text + at, text + len - 1, &line) || !is(&line, "end") ||
	    line.n != 2 || !get_bytes(&line, 1, stated))
		return SEAL_E_DAMAGED;
	rc = seal_sha256(text, at, &check);
	if (!rc && memcmp(check.b, stated, sizeof(stated)))
		rc = SEAL_E_DAMAGED;
	*ret_end = at;
	return rc;
}

int cli_memory_decode(const char *text, size_t len, const char *path,
		      struct cli_memory *memory, struct seal_diag *diag)
{
	size_t end = 0, i;
	const char *at = text + strlen(MAGIC), *lf;
	struct line line;
	int rc;

	rc = check_end(text, len, &end);
	while (!rc && at < text + end) {
		lf = memchr(at, '\n', (size_t)(text + end - at));
		if (!lf || !split(at, lf, &line))
			rc = SEAL_E_FORMAT;
		else
			rc = get_line(memory, &line);
		at = lf ? lf + 1 : at;
	}
	for (i = 0; i < memory->n && !rc; i++)
		if (!memory->v[i].head.size ||
		    cli_memory_find(memory, memory->v[i].head.origin,
				    memory->v[i].store) != &memory->v[i])
			rc = SEAL_E_FORMAT;
	if (rc == SEAL_E_DAMAGED)
		return seal_diag_set(diag, rc,
				     "%s is damaged, or no file of --state: "
				     "find out why, then restore it from a "
				     "backup",
				     path);
	if (rc == SEAL_E_FORMAT)
		return seal_diag_set(diag, rc,
				     "%s was written by a newer version of "
				     "auditseal: use that one",
				     path);
	return rc;
}
