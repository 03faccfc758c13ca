/* SPDX-License-Identifier: Apache-2.0 */
/* Judges a spool: is it live, and then lib/spool/feed. */
#include "judge.h"

#include "spool/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
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

static void step(void *ctx, uint64_t done, uint64_t total)
{
	cli_progress_step(ctx, done >> 20, total >> 20, "MiB");
}

static int feed(void *ctx, struct seal_verify *v, struct seal_diag *diag)
{
	struct seal_feed_options *options = ctx;
	int rc;

	cli_progress_begin(options->progress_ctx, "verifying");
	rc = seal_feed_spool(options, v, diag);
	cli_progress_end(options->progress_ctx);
	return rc;
}

int cli_judge_spool(const struct cli_trust *trust, const char *target,
		    bool one_file, struct cli_judgements *list,
		    struct seal_diag *diag)
{
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	struct cli_progress progress = {0};
	struct seal_feed_options from = {.io = seal_io_posix(),
					 .path = target,
					 .one_file = one_file,
					 .live = !one_file && is_live(target),
					 .origin = origin,
					 .progress = step,
					 .progress_ctx = &progress};
	struct seal_verify_options options;
	struct seal_verdict verdict = {0};
	int rc, tries;

	rc = seal_feed_origin(from.io, target, one_file, origin, diag);
	if (rc)
		return rc;
	cli_judge_options(trust, origin[0] ? origin : trust->log,
			  SEAL_VERIFY_SPOOL, &options);
	options.live = from.live;
	options.alone = one_file;
	for (tries = 0; tries < LIVE_TRIES; tries++) {
		rc = seal_verify_run(&options, feed, &from, &verdict, diag);
		/* A live spool frees its oldest segments meanwhile. */
		if (!from.live || (rc != SEAL_E_IO && rc != SEAL_E_NOTFOUND))
			break;
	}
	if (!rc)
		rc = cli_judgements_add(list, target, &verdict);
	seal_verdict_fini(&verdict);
	return rc;
}
