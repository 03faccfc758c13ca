/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal prove: one entry with its inclusion proof, as a tlog-proof. */
#include "cli.h"
#include "enroll.h"
#include "walk.h"

#include "core/buf.h"
#include "core/entry.h"
#include "protocol/tlog_proof.h"

#include <stdio.h>

static const char help[] =
	"Usage: auditseal prove [OPTIONS] TARGET INDEX\n"
	"\n"
	"Writes a C2SP tlog-proof: the entry (in the 'extra' line), its\n"
	"inclusion proof and the newest receipted checkpoint; with --policy,\n"
	"the newest that meets the quorum.  Whoever has the policy checks it\n"
	"with 'auditseal check-proof', without the log.\n"
	"\n"
	"  --out FILE    write there (default: standard output)\n"
	"  --no-entry    leave the entry itself out\n"
	"  --log ORIGIN  which log of a store\n"
	"  --policy FILE, --tls-ca FILE, --tls-cert FILE, --tls-key FILE\n"
	"                as for 'auditseal verify'\n"
	"\n"
	"Example:\n"
	"  auditseal prove --out 17.tlog-proof /var/lib/auditseald 17\n";

static int build(const struct cli_proven *p, bool with_entry,
		 struct seal_buf *ret_text)
{
	return seal_tlog_proof_build(with_entry ? p->entry : NULL,
				     with_entry ? p->entry_len : 0, p->index,
				     &p->proof, p->note, p->note_len, ret_text);
}

static int prove(const struct cli_trust *trust, const char *target,
		 uint64_t index, const char *out, bool with_entry)
{
	struct cli_proven p = {0};
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_entry view = {0};
	struct seal_diag diag = {0};
	int rc = cli_prove(trust, target, index, &p, &diag);

	if (!rc && !seal_entry_parse(p.entry, p.entry_len, &view) &&
	    view.flags & SEAL_FLAG_CONTINUES)
		rc = seal_diag_set(&diag, SEAL_E_ARG,
				   "entry %llu continues the record of the "
				   "entry before: prove the first piece",
				   (unsigned long long)index);
	if (!rc)
		rc = build(&p, with_entry, &text);
	if (!rc && out)
		rc = cli_write_file(out, text.data, text.len, 0644, &diag);
	else if (!rc && (fwrite(text.data, 1, text.len, stdout) != text.len ||
			 fflush(stdout)))
		rc = SEAL_E_IO;
	seal_buf_fini(&text);
	cli_proven_fini(&p);
	if (rc == SEAL_E_DAMAGED) {
		cli_fail(rc, &diag);
		return CLI_EVIDENCE;
	}
	return rc ? cli_fail(rc, &diag) : CLI_OK;
}

static int run(int argc, char **argv)
{
	const char *out = NULL, *policy = NULL, *no_entry = NULL;
	struct cli_trust trust = {0};
	const struct cli_option options[] = {
		{"--out", true, &out},
		{"--no-entry", false, &no_entry},
		{"--log", true, &trust.log},
		{"--policy", true, &policy},
		{"--tls-ca", true, &trust.tls_ca},
		{"--tls-cert", true, &trust.tls_cert},
		{"--tls-key", true, &trust.tls_key},
	};
	struct seal_diag diag = {0};
	int operands = 0, rc;
	uint64_t index;
	bool done;

	rc = cli_options(&cli_cmd_prove, argc, argv, options,
			 sizeof(options) / sizeof(options[0]), &operands,
			 &done);
	if (rc || done)
		return rc;
	if (operands != 2 || !cli_parse_u64(argv[2], &index))
		return cli_usage(&cli_cmd_prove,
				 "give one target and one entry number");
	rc = policy ? cli_trust_load(&trust, policy, &diag) : 0;
	rc = rc ? cli_fail(rc, &diag)
		: prove(&trust, argv[1], index, out, !no_entry);
	cli_trust_fini(&trust);
	return rc;
}

const struct cli_command cli_cmd_prove = {
	"prove", "one entry with its inclusion proof", help, run};
