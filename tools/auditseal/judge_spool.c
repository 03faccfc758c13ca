/* SPDX-License-Identifier: Apache-2.0 */
/* Judges a spool: is it live, and then lib/spool/feed. */
#include "archive.h"
#include "judge.h"

#include "spool/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define LIVE_TRIES 5

/* The lock of the spool's writer, looked at without taking it. */
static bool listed_in_proc(const struct stat *st)
{
	char line[256], key[64];
	FILE *file = fopen("/proc/locks", "re");
	bool found = false;

	if (!file)
		return false;
	snprintf(key, sizeof(key), " %02x:%02x:%" PRIu64 " ", major(st->st_dev),
		 minor(st->st_dev), (uint64_t)st->st_ino);
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, key) && strstr(line, "FLOCK");
	fclose(file);
	return found;
}

static bool is_live(const char *dir)
{
	char path[4096];
	struct stat st;
	bool live;
	int fd;

	if (snprintf(path, sizeof(path), "%s/lock", dir) >= (int)sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	live = !fstat(fd, &st) && listed_in_proc(&st);
	if (!live) {
		/* Another namespace's locks are not listed. */
		live = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
		if (!live)
			flock(fd, LOCK_UN);
	}
	close(fd);
	return live;
}

static void step(void *ctx, uint64_t done, uint64_t total, uint64_t entries)
{
	cli_progress_step(ctx, done, total, entries);
}

struct look {
	struct seal_feed_options from;
	struct cli_files *files;
	const struct cli_trust *trust;
	struct seal_feed_place last;
};

/* What unpacking and listing found. */
static int tell_files(const struct cli_files *files, struct seal_verify *v)
{
	const char *path;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && (path = cli_files_broken(files, i)); i++)
		rc = seal_verify_defect(v, SEAL_VERIFY_DEFECT_PACKED, false,
					path, 0, 0);
	for (i = 0; !rc && (path = cli_files_twice(files, i)); i++)
		rc = seal_verify_twice(v, path, cli_segment_first(path));
	return rc;
}

static int feed(void *ctx, struct seal_verify *v, struct seal_diag *diag)
{
	struct look *look = ctx;
	int rc = 0;

	if (look->from.origin[0])
		rc = cli_judge_known(look->trust, look->from.origin,
				     CLI_KNOWN_OF_SPOOL, v);
	if (!rc)
		rc = tell_files(look->files, v);
	cli_progress_begin(look->from.progress_ctx, look->from.path,
			   look->trust->quiet);
	if (!rc)
		rc = seal_feed_spool(&look->from, v, diag);
	cli_progress_end(look->from.progress_ctx);
	return rc;
}

static int run(struct look *look, struct seal_verify_options *options,
	       struct seal_verdict *verdict, struct seal_diag *diag)
{
	int rc, tries;

	for (tries = 0; tries < LIVE_TRIES; tries++) {
		rc = seal_verify_run(options, feed, look, verdict, diag);
		/* A live spool frees its oldest segments meanwhile. */
		if (!look->from.live ||
		    (rc != SEAL_E_IO && rc != SEAL_E_NOTFOUND))
			break;
	}
	return rc;
}

/* From what is remembered on, if that does. */
static int run_new(struct look *look, struct seal_verify_options *options,
		   struct seal_verdict *verdict, struct seal_diag *diag)
{
	const struct cli_remembered *r =
		cli_judge_resume(look->trust, look->from.origin, false);
	int rc;

	if (!r)
		return run(look, options, verdict, diag);
	look->from.resume = &r->resume;
	look->from.resume_at = r->place;
	rc = run(look, options, verdict, diag);
	if (!cli_judge_whole(rc, verdict))
		return rc;
	seal_verdict_fini(verdict);
	look->from.resume = NULL;
	memset(diag, 0, sizeof(*diag));
	return run(look, options, verdict, diag);
}

static int judge(struct look *look, enum cli_target_kind kind,
		 const char *target, struct cli_judgements *list,
		 struct seal_diag *diag)
{
	const struct cli_trust *trust = look->trust;
	const char *origin = look->from.origin;
	struct seal_verify_options options;
	struct seal_verdict verdict = {0};
	struct seal_feed_part part;
	int rc;

	cli_judge_options(trust, origin[0] ? origin : trust->log,
			  SEAL_VERIFY_SPOOL, &options);
	options.live = look->from.live;
	options.alone = kind != CLI_TARGET_SPOOL;
	options.range = options.alone;
	if (trust->have_limits) {
		bool cut;

		rc = seal_feed_part(look->from.io, look->from.path,
				    look->from.one_file, &trust->limits, &part,
				    &cut, diag);
		if (rc)
			return rc;
		look->from.part = &part;
		options.range = options.range || cut;
	}
	rc = run_new(look, &options, &verdict, diag);
	if (!rc)
		rc = cli_judgements_add(trust, list, target, false,
					options.range ? NULL : &look->last,
					cli_files_bytes(look->files), &verdict);
	seal_verdict_fini(&verdict);
	return rc;
}

int cli_judge_spool(const struct cli_trust *trust, const char *target,
		    enum cli_target_kind kind, struct cli_judgements *list,
		    struct seal_diag *diag)
{
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	struct cli_progress progress = {0};
	bool one_file = kind == CLI_TARGET_SEGMENT;
	struct look look = {
		.from = {.one_file = one_file,
			 .live = kind == CLI_TARGET_SPOOL && is_live(target),
			 .origin = origin,
			 .progress = step,
			 .progress_ctx = &progress},
		.trust = trust};
	char *path = cli_segment_path(target, one_file);
	int rc = path ? cli_files_new(one_file ? NULL : trust->archives,
				      &look.files)
		      : SEAL_E_NOMEM;

	if (rc)
		goto out;
	look.from.io = cli_files_io(look.files);
	look.from.path = path;
	look.from.ret_last = &look.last;
	rc = seal_feed_origin(look.from.io, path, one_file, origin, diag);
	if (!rc)
		rc = judge(&look, kind, target, list, diag);
out:
	cli_files_free(look.files);
	free(path);
	return rc;
}
