/* SPDX-License-Identifier: Apache-2.0 */
/* What vouches for a log, out of any target; and the words beside it. */
#include "copy.h"
#include "export.h"

#include "core/checkpoint.h"
#include "spool/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void export_notes_fini(struct export_notes *notes)
{
	size_t i;

	seal_buf_fini(&notes->checkpoint);
	for (i = 0; i < notes->others; i++)
		seal_buf_fini(&notes->other[i]);
	free(notes->other);
	memset(notes, 0, sizeof(*notes));
}

static int none(const char *target, struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_NOTFOUND,
			     "%s has no receipt: there is nothing that others "
			     "could check the log against",
			     target);
}

/* ---- a spool ---- */

static int put_others(const struct seal_acked *acked, size_t best,
		      struct export_notes *notes)
{
	size_t i;

	notes->other = calloc(acked->mirrors, sizeof(*notes->other));
	if (!notes->other)
		return SEAL_E_NOMEM;
	for (i = 0; i < acked->mirrors; i++) {
		if (i == best || !acked->mirror[i].note_len)
			continue;
		seal_buf_init(&notes->other[notes->others]);
		seal_buf_put(&notes->other[notes->others++],
			     acked->mirror[i].note, acked->mirror[i].note_len);
	}
	return 0;
}

static int read_spool(const char *dir, struct export_notes *notes,
		      struct seal_diag *diag)
{
	struct seal_acked acked = {0};
	char path[4096];
	size_t i, best = 0;
	int rc;

	if (snprintf(path, sizeof(path), "%s/acked", dir) >= (int)sizeof(path))
		return seal_diag_set(diag, SEAL_E_ARG, "the path is too long");
	rc = seal_acked_load(seal_io_posix(), path, &acked, diag);
	if (rc)
		return rc == SEAL_E_NOTFOUND ? none(dir, diag) : rc;
	for (i = 1; i < acked.mirrors; i++)
		if (acked.mirror[i].size > acked.mirror[best].size)
			best = i;
	if (!acked.mirrors || !acked.mirror[best].note_len) {
		rc = none(dir, diag);
	} else {
		seal_buf_put(&notes->checkpoint, acked.mirror[best].note,
			     acked.mirror[best].note_len);
		rc = put_others(&acked, best, notes);
	}
	seal_acked_fini(&acked);
	return rc;
}

/* ---- a copy ---- */

struct take {
	struct export_notes *notes;
	unsigned logs;
};

static int put_cosigned(const struct cli_copy *copy, struct export_notes *notes,
			struct seal_diag *diag)
{
	size_t i;
	int rc = seal_buf_error(&notes->checkpoint);

	notes->other = calloc(copy->cosigned_count + 1, sizeof(*notes->other));
	if (!notes->other)
		return SEAL_E_NOMEM;
	for (i = 0; i < copy->cosigned_count && !rc; i++) {
		seal_buf_init(&notes->other[i]);
		notes->others++;
		rc = cli_copy_collect(copy, i, &notes->other[i], diag);
	}
	return rc;
}

static int take_copy(void *ctx, const struct cli_copy *copy,
		     struct seal_diag *diag)
{
	struct take *t = ctx;

	if (t->logs++)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "there are several logs: choose one with "
				     "--log ORIGIN");
	if (!copy->note)
		return none(copy->origin, diag);
	seal_buf_put(&t->notes->checkpoint, copy->note, copy->note_len);
	return put_cosigned(copy, t->notes, diag);
}

int export_notes_read(const struct cli_trust *trust, const char *target,
		      struct export_notes *ret_notes, struct seal_diag *diag)
{
	struct export_notes notes = {0};
	struct take take = {&notes, 0};
	enum cli_target_kind kind = 0;
	int rc = cli_target_kind(target, &kind, diag);

	if (rc)
		return rc;
	seal_buf_init(&notes.checkpoint);
	switch (kind) {
	case CLI_TARGET_SPOOL:
		rc = read_spool(target, &notes, diag);
		take.logs++;
		break;
	case CLI_TARGET_STORE:
	case CLI_TARGET_HTTPS:
	case CLI_TARGET_BUNDLE:
	case CLI_TARGET_TILES:
		rc = cli_copy_visit(trust, target, kind, take_copy, &take,
				    diag);
		break;
	case CLI_TARGET_SEGMENT:
	case CLI_TARGET_ARCHIVE:
		rc = seal_diag_set(diag, SEAL_E_ARG,
				   "segments alone have no receipt: give the "
				   "whole spool, or the store");
		break;
	}
	if (!rc && !take.logs)
		rc = seal_diag_set(diag, SEAL_E_NOTFOUND, "%s has no such log",
				   target);
	if (rc)
		export_notes_fini(&notes);
	else
		*ret_notes = notes;
	return rc;
}

/* ---- README.txt ---- */

static const char readme_begin[] =
	"AUDIT LOG, AS EVIDENCE\n"
	"======================\n"
	"\n"
	"This is a copy of the audit log\n"
	"\n"
	"    %s\n"
	"\n"
	"of %" PRIu64
	" entries, with what it takes to find out whether any of\n"
	"them was changed, removed, added, reordered or cut off since they\n"
	"were written.  No secret is needed for that, and no network.\n";

static const char readme_part[] =
	"\n"
	"IT IS A PART.  Of the log's entries 0 to %" PRIu64 " it has those\n"
	"from %" PRIu64 " to %" PRIu64 ".  The others are not in it.  Whoever\n"
	"made this copy chose the part; that these entries are part of that\n"
	"log, and complete among themselves, can be checked all the same.\n";

static const char readme_check[] =
	"\n"
	"How to check it\n"
	"---------------\n"
	"You need the program 'auditseal', and a file 'policy' (with\n"
	"'policy.pins' beside it) that says whose keys count.  Ask for them\n"
	"somebody who is not the one under suspicion, and not by the same way\n"
	"as this copy.  Then:\n"
	"\n"
	"    auditseal verify --policy policy THIS-BUNDLE\n"
	"\n"
	"    0  verified: complete as of the time that is printed\n"
	"    1  verified, and something needs attention\n"
	"    2  evidence of tampering or loss; the entries are named\n"
	"    3  could not decide\n"
	"\n"
	"'auditseal report --policy policy -o report.html THIS-BUNDLE' makes "
	"a\n"
	"page to print, 'auditseal show THIS-BUNDLE' prints the entries, and\n"
	"'auditseal explain AS001' tells what a finding means.\n";

static const char readme_policy[] =
	"\n"
	"This copy brings a policy of its own.  Anybody can make a log, keys\n"
	"and a policy for them, so it proves nothing by itself: compare it\n"
	"with the one that you were given, byte by byte or by its SHA-256.\n"
	"'auditseal verify --enclosed-policy THIS-BUNDLE' believes it.\n";

static const char readme_end[] =
	"\n"
	"What the files are\n"
	"------------------\n"
	"log/checkpoint    size and root hash of the log, signed by the host,\n"
	"                  cosigned by who stored it (C2SP tlog-checkpoint,\n"
	"                  tlog-cosignature)\n"
	"log/tile/entries  the entries, 256 in a file, each after its length\n"
	"                  in two bytes (C2SP tlog-tiles)\n"
	"log/tile/0, 1...  the hashes that lead from the entries to the root\n"
	"log/epochs        the history of the keys that sealed the entries\n"
	"SHA256SUMS        for 'sha256sum -c': finds accidents in copying, "
	"and\n"
	"                  proves nothing\n"
	"\n"
	"Software of others reads these forms too: https://c2sp.org.\n"
	"\n"
	"What it does not say\n"
	"--------------------\n"
	"Whether what the entries say is true: they are what the host logged.\n"
	"What was never logged, or was logged after the checkpoint.\n"
	"\n"
	"Keep this copy as you received it, and write down when and from whom\n"
	"you had it, and the SHA-256 of SHA256SUMS.\n";

void export_readme(const struct bundle_facts *facts, bool has_policy,
		   struct seal_buf *out)
{
	seal_buf_putf(out, readme_begin, facts->origin, facts->size);
	if (facts->first || facts->end != facts->size)
		seal_buf_putf(out, readme_part, facts->size - 1, facts->first,
			      facts->end - 1);
	seal_buf_put_str(out, readme_check);
	if (has_policy)
		seal_buf_put_str(out, readme_policy);
	seal_buf_put_str(out, readme_end);
}
