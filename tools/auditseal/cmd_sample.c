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
	uint64_t *done; /* whose proofs are written */
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

/* The entry, and the pieces of its record before it. */
static int put_proofs(struct sampling *s, uint64_t index)
{
	struct seal_buf text = SEAL_BUF_INIT;
	struct cli_proven p = {0};
	struct seal_entry view = {0};
	char name[BUNDLE_NAME];
	bool more = true;
	int rc = 0;

	for (; more && !rc && !is_done(s, index); index--) {
		memset(&p, 0, sizeof(p));
		rc = note_done(s, index);
		if (!rc)
			rc = cli_prove(s->trust, s->target, index, &p,
				       &s->diag);
		if (!rc && p.checkpoint.size != s->facts.size)
			rc = seal_diag_set(&s->diag, SEAL_E_PROTOCOL,
					   "the log went on meanwhile: try "
					   "again");
		more = !rc && index &&
		       !seal_entry_parse(p.entry, p.entry_len, &view) &&
		       view.flags & SEAL_FLAG_CONTINUES;
		seal_buf_reset(&text);
		if (!rc)
			rc = seal_tlog_proof_build(p.entry, p.entry_len, index,
						   &p.proof, p.note, p.note_len,
						   &text);
		snprintf(name, sizeof(name), "proofs/%" PRIu64 ".tlog-proof",
			 index);
		if (!rc)
			rc = bundle_pack_put(s->pack, name, text.data, text.len,
					     &s->diag);
		cli_proven_fini(&p);
	}
	seal_buf_fini(&text);
	return rc;
}

static int set_size(struct sampling *s, uint64_t count)
{
	struct cli_proven p = {0};
	int rc = cli_prove(s->trust, s->target, 0, &p, &s->diag);

	if (rc)
		return rc;
	snprintf(s->facts.origin, sizeof(s->facts.origin), "%.200s",
		 p.checkpoint.origin);
	s->facts.size = p.checkpoint.size;
	s->facts.count = count;
	cli_proven_fini(&p);
	if (count > s->facts.size)
		return seal_diag_set(&s->diag, SEAL_E_RANGE,
				     "the log has %" PRIu64
				     " receipted entries, fewer than %" PRIu64,
				     s->facts.size, count);
	return 0;
}

static int put_all(struct sampling *s, uint64_t *index)
{
	struct seal_buf text = SEAL_BUF_INIT;
	uint64_t i;
	int rc = sample_draw(s->seed, s->seed_len, s->facts.size,
			     s->facts.count, index, &s->diag);

	sample_facts_put(&s->facts, &text);
	if (!rc)
		rc = bundle_pack_put(s->pack, SAMPLE_FILE, text.data, text.len,
				     &s->diag);
	if (!rc)
		rc = bundle_pack_put(s->pack, "seed", s->seed, s->seed_len,
				     &s->diag);
	for (i = 0; i < s->facts.count && !rc; i++)
		rc = put_proofs(s, index[i]);
	seal_buf_fini(&text);
	return rc ? rc : bundle_pack_finish(s->pack, &s->diag);
}

static int sample(struct sampling *s, const char *seed, const char *out,
		  uint64_t count)
{
	uint64_t *index = calloc(count, sizeof(*index));
	int rc = index ? cli_read_file(seed, SEAL_NOTE_MAX_BYTES, &s->seed,
				       &s->seed_len, &s->diag)
		       : SEAL_E_NOMEM;

	if (!rc)
		rc = set_size(s, count);
	if (!rc)
		rc = bundle_pack_new(out, &s->pack, &s->diag);
	if (!rc)
		rc = put_all(s, index);
	bundle_pack_free(s->pack);
	free(s->seed);
	free(s->done);
	free(index);
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
	rc = policy ? cli_trust_load(&trust, policy, &s.diag) : 0;
	rc = rc ? cli_fail(rc, &s.diag) : sample(&s, seed, out, count);
	cli_trust_fini(&trust);
	return rc;
}

const struct cli_command cli_cmd_sample = {
	"sample", "entries that nobody chose, with their proofs", help, run};
