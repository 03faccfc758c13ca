/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal sample: entries that nobody chose, each with its proof. */
#include "sample.h"

#include "walk.h"

#include "core/entry.h"
#include "core/note.h"
#include "protocol/tlog_proof.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: auditseal sample --seed CHECKPOINT --out SAMPLE [OPTIONS]\n"
	"           TARGET N\n"
	"\n"
	"Chooses N entries by a hash of a checkpoint, so that neither who "
	"asks\n"
	"nor who answers chooses them, and writes each with its proof.  Take "
	"a\n"
	"checkpoint that was published after it was agreed to sample.  The\n"
	"same seed, size and N give the same entries.  SAMPLE is a tar file "
	"if\n"
	"its name ends in .tar, else a directory; 'auditseal check-proof' "
	"takes\n"
	"it, and draws again.\n"
	"\n"
	"  --seed CHECKPOINT  a file with a checkpoint of any log\n"
	"  --out SAMPLE, -o SAMPLE  write there; it must not be there yet\n"
	"  --log ORIGIN       which log of a store\n"
	"  --policy FILE, --tls-ca FILE, --tls-cert FILE, --tls-key FILE\n"
	"                     as for 'auditseal verify'\n"
	"\n"
	"Example:\n"
	"  auditseal sample --seed checkpoint -o sample.tar store.db 25\n";

struct sampling {
	const struct cli_trust *trust;
	const char *target;
	struct bundle_pack *pack;
	struct sample_facts facts;
	uint8_t *seed;
	size_t seed_len;
	const char *out;
	uint64_t *drawn; /* count of them */
	uint64_t next;	 /* of those */
	uint64_t *done;	 /* whose proofs are written */
	size_t dones;
	struct seal_diag diag;
};

static bool is_done(const struct sampling *s, uint64_t index)
{
	size_t i;

	for (i = 0; i < s->dones; i++)
		if (s->done[i] == index)
			return true;
	return false;
}

static int note_done(struct sampling *s, uint64_t index)
{
	uint64_t *grown = realloc(s->done, (s->dones + 1) * sizeof(*s->done));

	if (!grown)
		return SEAL_E_NOMEM;
	s->done = grown;
	s->done[s->dones++] = index;
	return 0;
}

static int put_proof(struct sampling *s, const struct cli_proven *p)
{
	struct seal_buf text = SEAL_BUF_INIT;
	char name[BUNDLE_NAME];
	int rc = note_done(s, p->index);

	if (!rc)
		rc = seal_tlog_proof_build(p->entry, p->entry_len, p->index,
					   &p->proof, p->note, p->note_len,
					   &text);
	snprintf(name, sizeof(name), "proofs/%" PRIu64 ".tlog-proof", p->index);
	if (!rc)
		rc = bundle_pack_put(s->pack, name, text.data, text.len,
				     &s->diag);
	seal_buf_fini(&text);
	return rc;
}

/* The checkpoint is known: what is drawn of it, and the files that say so. */
static int begin(struct sampling *s, const struct seal_checkpoint *cp)
{
	struct seal_buf text = SEAL_BUF_INIT;
	int rc;

	snprintf(s->facts.origin, sizeof(s->facts.origin), "%.200s",
		 cp->origin);
	s->facts.size = cp->size;
	if (s->facts.count > s->facts.size)
		return seal_diag_set(&s->diag, SEAL_E_RANGE,
				     "the log has %" PRIu64
				     " receipted entries, fewer than %" PRIu64,
				     s->facts.size, s->facts.count);
	rc = bundle_pack_new(s->out, &s->pack, &s->diag);
	if (!rc)
		rc = sample_draw(s->seed, s->seed_len, s->facts.size,
				 s->facts.count, s->drawn, &s->diag);
	sample_facts_put(&s->facts, &text);
	if (!rc)
		rc = bundle_pack_put(s->pack, SAMPLE_FILE, text.data, text.len,
				     &s->diag);
	if (!rc)
		rc = bundle_pack_put(s->pack, "seed", s->seed, s->seed_len,
				     &s->diag);
	seal_buf_fini(&text);
	return rc;
}

/* Does the record of this entry begin before it? */
static bool continues(const struct cli_proven *p)
{
	struct seal_entry view = {0};

	return p->index && !seal_entry_parse(p->entry, p->entry_len, &view) &&
	       view.flags & SEAL_FLAG_CONTINUES;
}

/* An entry that was drawn, and the pieces of its record before it. */
static int on_proven(void *ctx, struct cli_proven *p, uint64_t *ret_next)
{
	struct sampling *s = ctx;
	int rc;

	if (!s->facts.size) {
		rc = begin(s, &p->checkpoint);
	} else {
		rc = put_proof(s, p);
		*ret_next = p->index - 1;
		if (!rc && continues(p) && !is_done(s, *ret_next))
			return 0;
	}
	while (!rc && s->next < s->facts.count) {
		*ret_next = s->drawn[s->next++];
		if (!is_done(s, *ret_next))
			return 0;
	}
	return rc ? rc : CLI_WALK_STOP;
}

static int sample(struct sampling *s, const char *seed, uint64_t count)
{
	int rc;

	s->facts.count = count;
	s->drawn = calloc(count, sizeof(*s->drawn));
	rc = s->drawn ? cli_read_file(seed, SEAL_NOTE_MAX_BYTES, &s->seed,
				      &s->seed_len, &s->diag)
		      : SEAL_E_NOMEM;
	/* Entry 0, to begin with, says which checkpoint it is. */
	if (!rc)
		rc = cli_prove_each(s->trust, s->target, 0, on_proven, s,
				    &s->diag);
	if (!rc)
		rc = bundle_pack_finish(s->pack, &s->diag);
	bundle_pack_free(s->pack);
	free(s->seed);
	free(s->done);
	free(s->drawn);
	if (rc == SEAL_E_DAMAGED) {
		cli_fail(rc, &s->diag);
		return CLI_EVIDENCE;
	}
	if (rc)
		return cli_fail(rc, &s->diag);
	printf("%" PRIu64 " of %" PRIu64 " entries of %s, with proofs\n", count,
	       s->facts.size, s->facts.origin);
	return CLI_OK;
}

static int run(int argc, char **argv)
{
	const char *seed = NULL, *out = NULL, *policy = NULL;
	struct cli_trust trust = {0};
	const struct cli_option options[] = {
		{"--seed", true, &seed},
		{"--out", true, &out},
		{"-o", true, &out},
		{"--log", true, &trust.log},
		{"--policy", true, &policy},
		{"--tls-ca", true, &trust.tls_ca},
		{"--tls-cert", true, &trust.tls_cert},
		{"--tls-key", true, &trust.tls_key},
	};
	struct sampling s = {.trust = &trust};
	int operands = 0, rc;
	uint64_t count;
	bool done;

	rc = cli_options(&cli_cmd_sample, argc, argv, options,
			 sizeof(options) / sizeof(options[0]), &operands,
			 &done);
	if (rc || done)
		return rc;
	if (operands != 2 || !cli_parse_u64(argv[2], &count) || !count ||
	    count > SAMPLE_MAX)
		return cli_usage(&cli_cmd_sample,
				 "give one target and how many, 1 to 10000");
	if (!seed || !out)
		return cli_usage(
			&cli_cmd_sample,
			"--seed CHECKPOINT and --out SAMPLE are needed");
	s.target = argv[1];
	s.out = out;
	rc = policy ? cli_trust_load(&trust, policy, &s.diag) : 0;
	rc = rc ? cli_fail(rc, &s.diag) : sample(&s, seed, count);
	cli_trust_fini(&trust);
	return rc;
}

const struct cli_command cli_cmd_sample = {
	"sample", "entries that nobody chose, with their proofs", help, run};
