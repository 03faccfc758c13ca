/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal check-proof: was this entry in the log?  Needs no log. */
#include "cli.h"
#include "judge.h"

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/entry.h"
#include "core/proof.h"
#include "core/tree.h"
#include "protocol/tlog_proof.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: auditseal check-proof --policy FILE [OPTIONS] FILE.tlog-proof\n"
	"\n"
	"Checks that the entry is in the log at its index, that the log "
	"signed\n"
	"the checkpoint, and that the policy's quorum cosigned it.\n"
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

static int check(const char *path, const char *entry_path,
		 const struct seal_policy *policy)
{
	struct checked *c = calloc(1, sizeof(*c));
	struct seal_buf extra = SEAL_BUF_INIT;
	struct seal_diag diag = {0};
	uint8_t *text = NULL, *entry = NULL;
	size_t len;
	int rc, status;

	if (!c)
		return cli_fail(SEAL_E_NOMEM, NULL);
	rc = cli_read_file(path, PROOF_BYTES_MAX, &text, &len, &diag);
	if (!rc)
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
	status = rc ? cli_fail(rc, &diag) : judge(c, policy);
	seal_buf_fini(&extra);
	free(entry);
	free(text);
	free(c);
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
	rc = rc ? cli_fail(rc, &diag) : check(argv[1], entry, trust.policy);
	cli_trust_fini(&trust);
	return rc;
}

const struct cli_command cli_cmd_check_proof = {
	"check-proof", "was this entry in the log?  Needs no log", help, run};
