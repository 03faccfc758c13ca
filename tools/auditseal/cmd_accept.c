/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal accept: somebody knows this finding, and says so by name. */
#include "accept.h"
#include "enroll.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: auditseal accept --accepted FILE --by WHO --why TEXT "
	"[OPTIONS]\n"
	"           TARGET FINDING FIRST[-LAST]\n"
	"\n"
	"Notes in FILE that a finding of 'auditseal verify' is known: who "
	"says\n"
	"so, when, why, and a digest of the bytes that stand there.  'verify\n"
	"--accepted FILE' then counts exactly that finding as attention (1), "
	"not\n"
	"as evidence (2).  If these bytes change again, it counts as before.\n"
	"It must be evidence, and about entries, as 'verify' names them now.\n"
	"\n"
	"  --accepted FILE   the file; it is made if it is not there\n"
	"  --by WHO          a name that others know\n"
	"  --why TEXT        the reason, such as the number of a ticket\n"
	"  --policy FILE, --log ORIGIN, --as-of TIME,\n"
	"  --tls-ca FILE, --tls-cert FILE, --tls-key FILE\n"
	"                    as for 'auditseal verify'\n"
	"\n"
	"Exit status: 0 noted; 3 there is no such finding, or it failed.\n"
	"\n"
	"Example:\n"
	"  auditseal accept --policy policy --accepted accepted --by 'A. "
	"Admin' "
	"\\\n"
	"      --why 'bad disk, ticket 42' /var/lib/auditseald AS001 17\n";

struct words {
	const char *accepted, *by, *why, *policy, *as_of;
};

static bool parse_range(const char *text, uint64_t *ret_first,
			uint64_t *ret_last)
{
	char first[24];
	const char *dash = strchr(text, '-');
	size_t len = dash ? (size_t)(dash - text) : strlen(text);

	if (len >= sizeof(first))
		return false;
	memcpy(first, text, len);
	first[len] = '\0';
	return cli_parse_u64(first, ret_first) &&
	       cli_parse_u64(dash ? dash + 1 : first, ret_last) &&
	       accepted_range_ok(*ret_first, *ret_last);
}

/* The one log of the target that has this finding as evidence. */
static int find(const struct cli_trust *trust, const char *target,
		struct accepted *a, struct seal_diag *diag)
{
	struct cli_judgements list = {0};
	bool found = false;
	size_t i, k;
	int rc = cli_judge(trust, target, &list, diag);

	for (i = 0; i < list.n && !rc && !found; i++) {
		const struct seal_verdict *v = &list.v[i].verdict;

		for (k = 0; k < v->findings.n && !found; k++)
			found = v->findings.v[k].number == a->number &&
				v->findings.v[k].class == SEAL_CLASS_D &&
				v->findings.v[k].first == a->first &&
				v->findings.v[k].last == a->last &&
				v->have_log_id;
		if (!found)
			continue;
		memcpy(a->origin, v->origin, sizeof(a->origin));
		a->log_id = v->log_id;
	}
	cli_judgements_fini(&list);
	if (!rc && !found)
		rc = seal_diag_set(diag, SEAL_E_NOTFOUND,
				   "there is no evidence %s about exactly "
				   "these entries: see 'auditseal verify'",
				   seal_finding_info(a->number)->id);
	return rc;
}

static int append(const char *path, const struct accepted *a,
		  struct seal_diag *diag)
{
	struct seal_buf text = SEAL_BUF_INIT;
	struct accepted *list = NULL;
	size_t len = 0, count;
	uint8_t *bytes = NULL;
	int rc = cli_read_file(path, ACCEPT_FILE_MAX, &bytes, &len, diag);

	if (rc == SEAL_E_NOTFOUND) {
		memset(diag, 0, sizeof(*diag));
		seal_buf_put_str(&text, ACCEPT_MAGIC);
		rc = 0;
	} else if (!rc) {
		rc = accepted_parse(bytes, len, &list, &count, diag);
		seal_buf_put(&text, bytes, len);
	}
	accepted_put(a, &text);
	if (!rc)
		rc = seal_buf_error(&text);
	if (!rc)
		rc = cli_write_file(path, text.data, text.len, 0644, diag);
	free(list);
	free(bytes);
	seal_buf_fini(&text);
	return rc;
}

static int accept_one(const struct cli_trust *trust, const char *target,
		      const struct words *w, struct accepted *a)
{
	struct seal_diag diag = {0};
	int rc = find(trust, target, a, &diag);

	if (!rc)
		rc = accepted_digest(trust, target, a->origin, a->first,
				     a->last, &a->digest, &diag);
	if (!rc)
		rc = append(w->accepted, a, &diag);
	if (rc)
		return cli_fail(rc, &diag);
	printf("%s of entries %" PRIu64 "-%" PRIu64 " of %s is noted in ",
	       seal_finding_info(a->number)->id, a->first, a->last, a->origin);
	cli_put_safe(stdout, w->accepted, strlen(w->accepted));
	printf("\n");
	return CLI_OK;
}

static int take_words(const struct words *w, char **argv, int operands,
		      struct cli_trust *trust, struct accepted *a)
{
	const struct cli_command *c = &cli_cmd_accept;

	if (operands != 3)
		return cli_usage(c, "give a target, a finding and its entries");
	a->number = seal_finding_number(argv[2]);
	if (!a->number)
		return cli_usage(c, "there is no finding '%s'", argv[2]);
	if (!parse_range(argv[3], &a->first, &a->last))
		return cli_usage(c,
				 "%s is no entry, and no range such as 17-20",
				 argv[3]);
	if (!w->accepted || !w->by || !w->why)
		return cli_usage(c, "--accepted, --by and --why are needed");
	if (!accepted_text_ok(w->by) || !accepted_text_ok(w->why))
		return cli_usage(c, "--by and --why take one line of plain "
				    "text, without backslashes");
	if (w->as_of && !cli_parse_time_us(w->as_of, &trust->as_of_us))
		return cli_usage(c,
				 "--as-of %s is no time such as "
				 "2026-11-21T14:00:00Z",
				 w->as_of);
	trust->have_as_of = w->as_of;
	memcpy(a->by, w->by, strlen(w->by) + 1);
	memcpy(a->why, w->why, strlen(w->why) + 1);
	return 0;
}

static int run(int argc, char **argv)
{
	struct words w = {0};
	struct cli_trust trust = {0};
	const struct cli_option options[] = {
		{"--accepted", true, &w.accepted},
		{"--by", true, &w.by},
		{"--why", true, &w.why},
		{"--policy", true, &w.policy},
		{"--as-of", true, &w.as_of},
		{"--log", true, &trust.log},
		{"--tls-ca", true, &trust.tls_ca},
		{"--tls-cert", true, &trust.tls_cert},
		{"--tls-key", true, &trust.tls_key},
	};
	struct accepted a = {0};
	struct seal_diag diag = {0};
	int operands = 0, rc;
	bool done;

	trust.as_of_us = a.when_us = cli_now_us();
	rc = cli_options(&cli_cmd_accept, argc, argv, options,
			 sizeof(options) / sizeof(options[0]), &operands,
			 &done);
	if (rc || done)
		return rc;
	rc = take_words(&w, argv, operands, &trust, &a);
	if (rc)
		return rc;
	rc = w.policy ? cli_trust_load(&trust, w.policy, &diag) : 0;
	rc = rc ? cli_fail(rc, &diag) : accept_one(&trust, argv[1], &w, &a);
	cli_trust_fini(&trust);
	return rc;
}

const struct cli_command cli_cmd_accept = {
	"accept", "note who knows a finding, and why", help, run};
