/* SPDX-License-Identifier: Apache-2.0 */
/* Many targets, many logs.  Contract: fleet.h. */
#include "fleet.h"

#include "archive.h"

#include "spool/feed.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

struct target {
	char *path; /* owned */
	enum cli_target_kind kind;
	char origin[SEAL_ORIGIN_MAX_BYTES + 1]; /* of spools and archives */
	bool joined; /* an archive: read with another target */
};

struct targets {
	struct target *v;
	size_t n;
	bool several; /* a directory of spools was among them */
};

/* ---- what there is ---- */

static int add(struct targets *t, const char *dir, const char *name)
{
	size_t len = strlen(dir) + (name ? strlen(name) : 0) + 2;
	struct target *grown = realloc(t->v, (t->n + 1) * sizeof(*grown));
	char *path = malloc(len);

	if (grown)
		t->v = grown;
	if (!grown || !path) {
		free(path);
		return SEAL_E_NOMEM;
	}
	snprintf(path, len, name ? "%s/%s" : "%s%s", dir, name ? name : "");
	memset(&t->v[t->n], 0, sizeof(t->v[t->n]));
	t->v[t->n++].path = path;
	return 0;
}

static void targets_fini(struct targets *t)
{
	size_t i;

	for (i = 0; i < t->n; i++)
		free(t->v[i].path);
	free(t->v);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct target *)a)->path,
		      ((const struct target *)b)->path);
}

static int expand(struct targets *t, const char *dir, struct seal_diag *diag)
{
	const struct dirent *entry;
	size_t before = t->n;
	DIR *d = opendir(dir);
	int rc = 0;

	if (!d)
		return seal_diag_set(diag, SEAL_E_IO, "cannot read %s", dir);
	while (!rc && (entry = readdir(d)))
		if (entry->d_name[0] != '.')
			rc = add(t, dir, entry->d_name);
	closedir(d);
	qsort(t->v + before, t->n - before, sizeof(*t->v), by_path);
	t->several = true;
	return rc;
}

static int list_targets(struct targets *t, size_t count, char **targets,
			struct seal_diag *diag)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < count && !rc; i++)
		rc = cli_target_is_fleet(targets[i])
			     ? expand(t, targets[i], diag)
			     : add(t, targets[i], NULL);
	return rc;
}

/* ---- archives and what they belong to ---- */

static void find_origin(struct target *t)
{
	struct cli_files *files;

	if (t->kind != CLI_TARGET_SPOOL && t->kind != CLI_TARGET_ARCHIVE)
		return;
	if (cli_files_new(NULL, &files))
		return;
	if (seal_feed_origin(cli_files_io(files), t->path, false, t->origin,
			     NULL))
		t->origin[0] = '\0';
	cli_files_free(files);
}

/* The spool of this log, else the first archive of it. */
static size_t home_of(const struct targets *t, size_t i)
{
	size_t k, home = i;

	for (k = t->n; k-- > 0;) {
		if (strcmp(t->v[k].origin, t->v[i].origin) ||
		    !t->v[k].origin[0])
			continue;
		if (t->v[k].kind == CLI_TARGET_SPOOL)
			return k;
		if (t->v[k].kind == CLI_TARGET_ARCHIVE && k < home)
			home = k;
	}
	return home;
}

static int judge_with(const struct cli_trust *trust, const struct targets *t,
		      size_t i, struct cli_judgements *list,
		      struct seal_diag *diag)
{
	struct cli_archives archives = {NULL, 0};
	struct cli_trust with = *trust;
	size_t k;
	int rc;

	archives.dir = calloc(t->n, sizeof(*archives.dir));
	if (!archives.dir)
		return SEAL_E_NOMEM;
	for (k = 0; k < t->n; k++)
		if (k != i && t->v[k].joined && home_of(t, k) == i)
			archives.dir[archives.count++] = t->v[k].path;
	with.archives = archives.count ? &archives : NULL;
	rc = cli_judge(&with, t->v[i].path, list, diag);
	free(archives.dir);
	return rc;
}

static void join(struct targets *t)
{
	struct seal_diag diag;
	bool archives = false;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (!cli_target_kind(t->v[i].path, &t->v[i].kind, &diag))
			archives =
				archives || t->v[i].kind == CLI_TARGET_ARCHIVE;
	if (!archives || t->n < 2)
		return;
	for (i = 0; i < t->n; i++)
		find_origin(&t->v[i]);
	for (i = 0; i < t->n; i++)
		t->v[i].joined = t->v[i].kind == CLI_TARGET_ARCHIVE &&
				 home_of(t, i) != i;
}

/* ---- the logs of the policy ---- */

static bool is_there(const struct cli_judgements *list, const char *origin)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (!strcmp(list->v[i].verdict.origin, origin))
			return true;
	return false;
}

static int judge_missing(const struct cli_trust *trust,
			 struct cli_judgements *list)
{
	const char *origin;
	size_t i;
	int rc = 0;

	for (i = 0;
	     trust->policy && i < seal_policy_log_count(trust->policy) && !rc;
	     i++) {
		origin = seal_policy_log(trust->policy, i)->vkey.name;
		if (is_there(list, origin) ||
		    (trust->log && strcmp(trust->log, origin)))
			continue;
		rc = cli_judge_absent(trust, "(no target)", origin, false,
				      list);
	}
	return rc;
}

static int note_problem(struct cli_judgements *list, int rc,
			const struct seal_diag *diag)
{
	if (!list->problems++)
		snprintf(list->problem, sizeof(list->problem), "%s",
			 diag->text[0] ? diag->text : seal_strerror(rc));
	return cli_fail(rc, diag);
}

int cli_judge_fleet(const struct cli_trust *trust, size_t count, char **targets,
		    bool fleet, struct cli_judgements *list)
{
	struct targets t = {0};
	struct seal_diag diag = {0};
	int status = CLI_OK, rc = list_targets(&t, count, targets, &diag);
	size_t i;

	if (rc)
		status = note_problem(list, rc, &diag);
	join(&t);
	for (i = 0; i < t.n; i++) {
		if (t.v[i].joined)
			continue;
		memset(&diag, 0, sizeof(diag));
		rc = judge_with(trust, &t, i, list, &diag);
		if (rc)
			status = note_problem(list, rc, &diag);
	}
	memset(&diag, 0, sizeof(diag));
	rc = fleet || t.several ? judge_missing(trust, list) : 0;
	if (rc)
		status = note_problem(list, rc, &diag);
	targets_fini(&t);
	return status;
}
