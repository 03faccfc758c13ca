/* SPDX-License-Identifier: Apache-2.0 */
/* Targets, trust, and the list of verdicts.  Contract: judge.h. */
#include "archive.h"
#include "bundle.h"
#include "judge.h"
#include "stamps.h"

#include "storage/storage.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- trust ---- */

static int load_pins(struct cli_trust *trust, const char *policy_path,
		     struct seal_diag *diag)
{
	char path[4096];
	uint8_t *bytes;
	size_t len;
	int rc;

	if (snprintf(path, sizeof(path), "%s.pins", policy_path) >=
	    (int)sizeof(path))
		return seal_diag_set(diag, SEAL_E_ARG,
				     "the policy's path is too long");
	rc = cli_read_file(path, SEAL_POLICY_MAX_BYTES, &bytes, &len, diag);
	if (rc == SEAL_E_NOTFOUND) {
		memset(diag, 0, sizeof(*diag));
		return 0;
	}
	if (rc)
		return rc;
	rc = seal_pins_parse(bytes, len, path, &trust->pins, diag);
	free(bytes);
	return rc;
}

int cli_trust_load(struct cli_trust *trust, const char *policy_path,
		   struct seal_diag *diag)
{
	uint8_t *bytes;
	size_t len;
	int rc;

	trust->policy_path = policy_path;
	rc = cli_read_file(policy_path, SEAL_POLICY_MAX_BYTES, &bytes, &len,
			   diag);
	if (rc)
		return rc;
	rc = seal_policy_parse(bytes, len, policy_path, &trust->policy, diag);
	free(bytes);
	return rc ? rc : load_pins(trust, policy_path, diag);
}

int cli_trust_take(struct cli_trust *trust, const char *name,
		   const struct seal_buf *policy, const struct seal_buf *pins,
		   struct seal_diag *diag)
{
	int rc = seal_policy_parse(policy->data, policy->len, name,
				   &trust->policy, diag);

	if (!rc && pins->len)
		rc = seal_pins_parse(pins->data, pins->len, name, &trust->pins,
				     diag);
	return rc;
}

void cli_trust_fini(struct cli_trust *trust)
{
	seal_policy_free(trust->policy);
	seal_pins_free(trust->pins);
	memset(trust, 0, sizeof(*trust));
}

static const struct cli_remembered *remembered(const struct cli_trust *trust,
					       const char *origin, bool store)
{
	const struct cli_remembered *r =
		trust->memory ? cli_memory_find(trust->memory, origin, store)
			      : NULL;

	return r && r->head.size ? r : NULL;
}

/* What was verified under this origin is a pin where the policy has none. */
static void pin_as_known(const struct cli_trust *trust, const char *origin,
			 struct seal_verify_options *options)
{
	const struct cli_remembered *host = remembered(trust, origin, false),
				    *store = remembered(trust, origin, true);

	if (trust->pin && !strcmp(trust->pin->origin, origin))
		options->pin = trust->pin->log_id;
	else if (host || store)
		options->pin = (host ? host : store)->head.log_id;
	else
		return;
	options->have_pin = true;
}

void cli_judge_options(const struct cli_trust *trust, const char *origin,
		       enum seal_verify_target target,
		       struct seal_verify_options *ret_options)
{
	const struct seal_pin *pin = NULL;

	memset(ret_options, 0, sizeof(*ret_options));
	ret_options->target = target;
	ret_options->policy = trust->policy;
	ret_options->deep = trust->deep;
	ret_options->origin = origin;
	ret_options->as_of_us = trust->as_of_us;
	ret_options->min_freshness_us = trust->min_freshness_us;
	ret_options->have_expect_size = trust->have_expect_size;
	ret_options->expect_size = trust->expect_size;
	ret_options->have_expect_root = trust->have_expect_root;
	ret_options->expect_root = trust->expect_root;
	if (trust->stamps)
		cli_stamps_give(trust->stamps, origin, ret_options);
	if (origin && trust->pins)
		pin = seal_pins_find(trust->pins, origin);
	if (pin) {
		ret_options->have_pin = true;
		ret_options->pin = pin->log_id;
	} else if (origin) {
		pin_as_known(trust, origin, ret_options);
	}
}

static const char memory_name[] = "the state file";

static int tell_known(struct seal_verify *v, const struct cli_pin *head,
		      bool may_be_older, const char *who)
{
	const struct seal_verify_remembered known = {.size = head->size,
						     .root = head->root,
						     .have_log_id = true,
						     .log_id = head->log_id,
						     .time_us = head->time_us,
						     .may_be_older =
							     may_be_older,
						     .who = who};

	return seal_verify_remember(v, &known);
}

/* A host's own head, and what receipts said that stores hold of it. */
static int tell_host(const struct cli_remembered *host, bool own, bool stored,
		     bool may_be_older, struct seal_verify *v)
{
	struct cli_pin head = host->head;
	int rc = own ? tell_known(v, &head, may_be_older, memory_name) : 0;

	head.size = host->stored;
	head.root = host->stored_root;
	if (!rc && stored && head.size)
		rc = tell_known(v, &head, may_be_older, memory_name);
	return rc;
}

int cli_judge_known(const struct cli_trust *trust, const char *origin,
		    enum cli_known_of of, struct seal_verify *verify)
{
	const struct cli_remembered *host = remembered(trust, origin, false),
				    *stores = remembered(trust, origin, true);
	bool bundle = of == CLI_KNOWN_OF_BUNDLE;
	int rc = 0;

	if (stores)
		rc = tell_known(verify, &stores->head, bundle, memory_name);
	/* A store need not have what it gave no receipt for. */
	if (!rc && host)
		rc = tell_host(host, of != CLI_KNOWN_OF_STORE,
			       of != CLI_KNOWN_OF_SPOOL, bundle, verify);
	if (!rc && trust->pin && !strcmp(trust->pin->origin, origin))
		rc = tell_known(verify, trust->pin, false, "the pin");
	return rc;
}

const struct cli_remembered *cli_judge_resume(const struct cli_trust *trust,
					      const char *origin, bool store)
{
	const struct cli_remembered *r =
		trust->since_last ? remembered(trust, origin, store) : NULL;

	return r && r->resumable ? r : NULL;
}

bool cli_judge_whole(int rc, const struct seal_verdict *verdict)
{
	if (rc)
		return rc == SEAL_E_RANGE || rc == SEAL_E_FOREIGN ||
		       rc == SEAL_E_ARG;
	/* To name the place, and the size that is there. */
	return verdict->exit_status == CLI_EVIDENCE;
}

/* ---- what is it ---- */

static bool exists_in(const char *dir, const char *name)
{
	char path[4096];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path))
		return false;
	return !stat(path, &st);
}

static bool has_segment(DIR *dir)
{
	const struct dirent *entry;
	size_t len;

	while ((entry = readdir(dir))) {
		len = cli_segment_stem(entry->d_name);
		if (len)
			return true;
	}
	return false;
}

static int directory_kind(const char *target, enum cli_target_kind *ret_kind,
			  struct seal_diag *diag)
{
	DIR *dir = opendir(target);
	bool segment;

	if (!dir)
		return seal_diag_set_errno(
			diag, errno == EACCES ? SEAL_E_PERM : SEAL_E_IO, errno,
			"cannot read %s", target);
	segment = has_segment(dir);
	closedir(dir);
	if (exists_in(target, "state") || exists_in(target, "acked") ||
	    (segment && exists_in(target, "lock"))) {
		*ret_kind = CLI_TARGET_SPOOL;
		return 0;
	}
	if (segment) {
		*ret_kind = CLI_TARGET_ARCHIVE;
		return 0;
	}
	if (exists_in(target, "checkpoint") && exists_in(target, "tile")) {
		*ret_kind = CLI_TARGET_TILES;
		return 0;
	}
	if (exists_in(target, "epochs")) {
		*ret_kind = CLI_TARGET_SPOOL;
		return 0;
	}
	if (exists_in(target, SEAL_STORAGE_FILE)) {
		*ret_kind = CLI_TARGET_STORE;
		return 0;
	}
	return seal_diag_set(diag, SEAL_E_UNKNOWN,
			     "%s is neither a spool (no .seg file) nor a store "
			     "(no " SEAL_STORAGE_FILE
			     ") nor a bundle (no file " BUNDLE_FILE
			     ") nor tiles (no checkpoint and tile)",
			     target);
}

bool cli_target_is_fleet(const char *target)
{
	enum cli_target_kind kind;
	const struct dirent *entry;
	struct seal_diag diag;
	struct stat st;
	bool found = false;
	DIR *dir;

	if (cli_target_kind(target, &kind, &diag) != SEAL_E_UNKNOWN)
		return false;
	dir = opendir(target);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		found = entry->d_name[0] != '.' &&
			!fstatat(dirfd(dir), entry->d_name, &st, 0) &&
			S_ISDIR(st.st_mode);
	closedir(dir);
	return found;
}

int cli_target_kind(const char *target, enum cli_target_kind *ret_kind,
		    struct seal_diag *diag)
{
	size_t len = strlen(target);
	struct stat st;

	if (bundle_is(target)) {
		*ret_kind = CLI_TARGET_BUNDLE;
		return 0;
	}
	if (!strncmp(target, "https://", 8)) {
		*ret_kind = CLI_TARGET_HTTPS;
		return 0;
	}
	if (!strncmp(target, "http://", 7))
		return seal_diag_set(diag, SEAL_E_ARG,
				     "%s: a store is reached by https:// only",
				     target);
	if (stat(target, &st))
		return seal_diag_set_errno(diag,
					   errno == ENOENT   ? SEAL_E_NOTFOUND
					   : errno == EACCES ? SEAL_E_PERM
							     : SEAL_E_IO,
					   errno, "cannot open %s", target);
	if (S_ISDIR(st.st_mode))
		return directory_kind(target, ret_kind, diag);
	if (cli_segment_stem(target)) {
		*ret_kind = CLI_TARGET_SEGMENT;
		return 0;
	}
	if (len > 3 && !strcmp(target + len - 3, ".db")) {
		*ret_kind = CLI_TARGET_STORE;
		return 0;
	}
	return seal_diag_set(
		diag, SEAL_E_UNKNOWN,
		"%s is no spool, no segment (.seg), no store (.db) "
		"and no bundle (.tar; unpack a compressed one)",
		target);
}

/* ---- verdicts ---- */

int cli_worse(int a, int b)
{
	static const int rank[] = {0, 1, 3, 2}; /* of exit status 0 1 2 3 */

	return rank[a] > rank[b] ? a : b;
}

static void judged_fini(struct cli_judged *j)
{
	while (j->archive_count)
		free(j->archives[--j->archive_count]);
	free(j->archives);
	free(j->target);
	seal_verdict_fini(&j->verdict);
}

/* Whose it is; the verdict comes last. */
static int judged_init(struct cli_judged *j, const struct cli_trust *trust,
		       const char *target)
{
	size_t count = trust->archives ? trust->archives->count : 0;

	memset(j, 0, sizeof(*j));
	j->target = strdup(target);
	j->archives = calloc(count + 1, sizeof(*j->archives));
	while (j->archives && j->archive_count < count) {
		j->archives[j->archive_count] =
			strdup(trust->archives->dir[j->archive_count]);
		if (!j->archives[j->archive_count])
			break;
		j->archive_count++;
	}
	if (j->target && j->archives && j->archive_count == count)
		return 0;
	judged_fini(j);
	return SEAL_E_NOMEM;
}

int cli_judgements_add(const struct cli_trust *trust,
		       struct cli_judgements *list, const char *target,
		       bool store, const struct seal_feed_place *place,
		       uint64_t bytes_read, struct seal_verdict *verdict)
{
	struct cli_judged *grown, judged;
	int rc = trust->memory
			 ? cli_memory_take(trust->memory, store, place, verdict)
			 : 0;

	if (!rc)
		rc = judged_init(&judged, trust, target);
	if (rc)
		return rc;
	grown = realloc(list->v, (list->n + 1) * sizeof(*grown));
	if (!grown) {
		judged_fini(&judged);
		return SEAL_E_NOMEM;
	}
	judged.verdict = *verdict;
	judged.bytes_read = bytes_read;
	list->v = grown;
	list->v[list->n++] = judged;
	list->exit_status = cli_worse(list->exit_status, verdict->exit_status);
	memset(verdict, 0, sizeof(*verdict));
	return 0;
}

void cli_judgements_fini(struct cli_judgements *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		judged_fini(&list->v[i]);
	free(list->v);
	memset(list, 0, sizeof(*list));
}

int cli_judge(const struct cli_trust *trust, const char *target,
	      struct cli_judgements *list, struct seal_diag *diag)
{
	enum cli_target_kind kind;
	size_t before = list->n;
	int rc = cli_target_kind(target, &kind, diag);

	if (rc)
		return rc;
	switch (kind) {
	case CLI_TARGET_SPOOL:
		rc = cli_judge_spool(trust, target, kind, list, diag);
		break;
	case CLI_TARGET_SEGMENT:
	case CLI_TARGET_ARCHIVE:
		rc = cli_judge_spool(trust, target, kind, list, diag);
		break;
	case CLI_TARGET_STORE:
	case CLI_TARGET_HTTPS:
	case CLI_TARGET_TILES:
		rc = cli_judge_copies(trust, target, kind, list, diag);
		break;
	case CLI_TARGET_BUNDLE:
		rc = cli_judge_bundle(trust, target, list, diag);
		break;
	}
	if (!rc && list->n == before)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "%s has no log to verify", target);
	return rc;
}
