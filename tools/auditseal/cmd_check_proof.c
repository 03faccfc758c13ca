/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal check-proof: was this entry in the log?  Needs no log. */
#include "cli.h"
#include "judge.h"
#include "sample.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/entry.h"
#include "core/note.h"
#include "core/proof.h"
#include "core/tree.h"
#include "protocol/tlog_proof.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: auditseal check-proof --policy FILE [OPTIONS] FILE.tlog-proof\n"
	"       auditseal check-proof --policy FILE SAMPLE\n"
	"\n"
	"Checks that the entry is in the log at its index, that the log "
	"signed\n"
	"the checkpoint, and that the policy's quorum cosigned it.  Of what\n"
	"'auditseal sample' wrote: each, and that the seed chose them.\n"
	"\n"
	"  --policy FILE  whom to trust (the log's key and the quorum)\n"
	"  --entry FILE   the entry's bytes, if they are not in the proof\n"
	"\n"
	"Exit status: 0 proven; 2 the proof is wrong; 3 could not decide.\n"
	"\n"
	"Example:\n"
	"  auditseal check-proof --policy policy 17.tlog-proof\n";

#define PROOF_BYTES_MAX (4u << 20)

struct checked {
	struct seal_tlog_proof proof;
	struct seal_note note;
	struct seal_checkpoint checkpoint;
	const uint8_t *entry;
	size_t entry_len;
};

static int wrong(const char *what)
{
	printf("2  the proof is WRONG: %s\n", what);
	return CLI_EVIDENCE;
}

static int undecided(const char *what)
{
	printf("3  could not decide: %s\n", what);
	return CLI_UNDECIDED;
}

static void say(const struct checked *c, const struct seal_policy *policy,
		const struct seal_quorum *quorum)
{
	struct seal_entry view = {0};
	char when[CLI_TIME_BYTES];
	size_t i;

	printf("0  proven: entry %" PRIu64 " of %s\n", c->proof.index,
	       c->checkpoint.origin);
	printf("  checkpoint  size %" PRIu64 "\n", c->checkpoint.size);
	for (i = 0; i < seal_policy_witness_count(policy); i++) {
		if (quorum->state[i] != SEAL_WITNESS_GOOD)
			continue;
		cli_format_time(quorum->time_s[i] * 1000000, when);
		printf("  cosigned    %s, ", when);
		cli_put_safe(stdout, seal_policy_witness(policy, i)->vkey.name,
			     strlen(seal_policy_witness(policy, i)->vkey.name));
		printf("\n");
	}
	if (seal_entry_parse(c->entry, c->entry_len, &view))
		return;
	cli_format_time(view.time_us, when);
	printf("  entry       %s %s\n  ", when,
	       seal_entry_type_name(view.type));
	cli_put_safe(stdout, view.body, view.body_len);
	printf("\n");
}

static int judge(struct checked *c, const struct seal_policy *policy)
{
	struct seal_diag diag = {0};
	struct seal_quorum quorum;
	struct seal_hash leaf;
	size_t log;
	int rc = seal_leaf_hash(c->entry, c->entry_len, &leaf);

	if (!rc)
		rc = seal_proof_check_inclusion(
			c->proof.index, &leaf, c->checkpoint.size,
			&c->checkpoint.root, c->proof.proof.hash,
			c->proof.proof.n);
	if (rc == SEAL_E_PROOF)
		return wrong("the entry is not in the checkpoint's tree");
	if (rc)
		return cli_fail(rc, NULL);
	rc = seal_policy_verify_log(policy, &c->note, c->checkpoint.origin,
				    &log, &diag);
	if (rc == SEAL_E_SIG)
		return wrong("the log's signature does not verify");
	if (rc == SEAL_E_NOTFOUND)
		return undecided("the policy has no key of this log that "
				 "signed the checkpoint");
	if (!rc)
		rc = seal_policy_evaluate(policy, &c->note, &quorum, &diag);
	if (rc)
		return cli_fail(rc, &diag);
	if (quorum.bad)
		return wrong("a cosignature does not verify");
	if (!quorum.met)
		return undecided("the cosignatures do not meet the policy's "
				 "quorum");
	say(c, policy, &quorum);
	return CLI_OK;
}

/* What a proof must be about, as part of a sample; NULL: anything. */
struct expected {
	const struct sample_facts *facts;
	uint64_t index;
	bool continues; /* out: so the entry before belongs to it */
};

static int hold(const struct checked *c, struct expected *e,
		const struct seal_policy *policy)
{
	struct seal_entry view = {0};
	int rc;

	if (e && (c->proof.index != e->index ||
		  c->checkpoint.size != e->facts->size ||
		  strcmp(c->checkpoint.origin, e->facts->origin)))
		return wrong("it is not about the entry that was drawn");
	rc = judge((struct checked *)(uintptr_t)c, policy);
	if (e)
		e->continues =
			!seal_entry_parse(c->entry, c->entry_len, &view) &&
			view.flags & SEAL_FLAG_CONTINUES;
	return rc;
}

static int check(const uint8_t *text, size_t len, const char *entry_path,
		 const struct seal_policy *policy, struct expected *expected)
{
	struct checked *c = calloc(1, sizeof(*c));
	struct seal_buf extra = SEAL_BUF_INIT;
	struct seal_diag diag = {0};
	uint8_t *entry = NULL;
	int rc, status;

	if (!c)
		return cli_fail(SEAL_E_NOMEM, NULL);
	rc = seal_tlog_proof_parse(text, len, &c->proof, &extra, &diag);
	if (!rc)
		rc = seal_checkpoint_parse_note(c->proof.note,
						c->proof.note_bytes, &c->note,
						&c->checkpoint, &diag);
	if (!rc && entry_path)
		rc = cli_read_file(entry_path, SEAL_ENTRY_BYTES_MAX, &entry,
				   &c->entry_len, &diag);
	if (!rc && !entry_path && !extra.len)
		rc = seal_diag_set(&diag, SEAL_E_ARG,
				   "the entry is not in the proof: give "
				   "--entry FILE");
	if (!rc && !entry_path)
		c->entry_len = extra.len;
	c->entry = entry_path ? entry : extra.data;
	status = rc ? cli_fail(rc, &diag) : hold(c, expected, policy);
	seal_buf_fini(&extra);
	free(entry);
	free(c);
	return status;
}

static int check_file(const char *path, const char *entry_path,
		      const struct seal_policy *policy)
{
	struct seal_diag diag = {0};
	uint8_t *text;
	size_t len;
	int rc = cli_read_file(path, PROOF_BYTES_MAX, &text, &len, &diag);

	if (rc)
		return cli_fail(rc, &diag);
	rc = check(text, len, entry_path, policy, NULL);
	free(text);
	return rc;
}

/* ---- a sample: the draw is made again ---- */

static int check_drawn(struct bundle_files *files,
		       const struct sample_facts *facts, uint64_t index,
		       const struct seal_policy *policy)
{
	struct expected e = {facts, index, true};
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_diag diag = {0};
	int rc = 0, status = CLI_OK;
	char name[BUNDLE_NAME];
	bool there;

	for (; e.continues && !rc && !status; e.index--) {
		snprintf(name, sizeof(name), "proofs/%" PRIu64 ".tlog-proof",
			 e.index);
		rc = bundle_files_get(files, name, PROOF_BYTES_MAX, &text,
				      &there, &diag);
		if (!rc && !there)
			status = undecided("an entry that was drawn is not "
					   "there");
		else if (!rc)
			status = check(text.data, text.len, NULL, policy, &e);
		if (!e.index)
			break;
	}
	seal_buf_fini(&text);
	return rc ? cli_fail(rc, &diag) : status;
}

static int load_sample(struct bundle_files *files, struct sample_facts *facts,
		       uint64_t **ret_index, struct seal_diag *diag)
{
	struct seal_buf bytes = SEAL_BUF_INIT;
	bool there;
	int rc =
		bundle_files_get(files, SAMPLE_FILE, 512, &bytes, &there, diag);

	if (!rc)
		rc = sample_facts_get(bytes.data, bytes.len, facts, diag);
	if (!rc)
		rc = bundle_files_get(files, "seed", SEAL_NOTE_MAX_BYTES,
				      &bytes, &there, diag);
	if (!rc) {
		*ret_index = calloc(facts->count, sizeof(**ret_index));
		rc = *ret_index
			     ? sample_draw(bytes.data, bytes.len, facts->size,
					   facts->count, *ret_index, diag)
			     : SEAL_E_NOMEM;
	}
	seal_buf_fini(&bytes);
	return rc;
}

static int check_sample(const char *path, const struct seal_policy *policy)
{
	struct sample_facts facts = {0};
	struct bundle_files *files = NULL;
	struct seal_diag diag = {0};
	uint64_t *index = NULL, i;
	int status = CLI_OK;
	int rc = bundle_files_open(path, &files, &diag);

	if (!rc)
		rc = load_sample(files, &facts, &index, &diag);
	for (i = 0; i < facts.count && !rc; i++)
		status = cli_worse(
			status, check_drawn(files, &facts, index[i], policy));
	if (rc)
		status = cli_fail(rc, &diag);
	else
		printf("%d  %" PRIu64 " of %" PRIu64 " entries of %s, drawn by "
		       "the seed that is in it\n",
		       status, facts.count, facts.size, facts.origin);
	bundle_files_close(files);
	free(index);
	return status;
}

static int run(int argc, char **argv)
{
	const char *policy = NULL, *entry = NULL;
	const struct cli_option options[] = {
		{"--policy", true, &policy},
		{"--entry", true, &entry},
	};
	struct cli_trust trust = {0};
	struct seal_diag diag = {0};
	int operands = 0, rc;
	bool done;

	rc = cli_options(&cli_cmd_check_proof, argc, argv, options,
			 sizeof(options) / sizeof(options[0]), &operands,
			 &done);
	if (rc || done)
		return rc;
	if (operands != 1)
		return cli_usage(&cli_cmd_check_proof, "give one proof");
	if (!policy)
		return cli_usage(&cli_cmd_check_proof,
				 "--policy FILE says whom to trust");
	rc = cli_trust_load(&trust, policy, &diag);
	if (rc)
		rc = cli_fail(rc, &diag);
	else if (sample_is(argv[1]))
		rc = check_sample(argv[1], trust.policy);
	else
		rc = check_file(argv[1], entry, trust.policy);
	cli_trust_fini(&trust);
	return rc;
}

const struct cli_command cli_cmd_check_proof = {
	"check-proof", "was this entry in the log?  Needs no log", help, run};
