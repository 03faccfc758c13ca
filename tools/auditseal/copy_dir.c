/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A copy in C2SP tlog-tiles laid out in a directory, as one gets it from the
 * read side of a store or of any other log server: `checkpoint`, `tile/`, and
 * what witnesses cosigned if that is there.  Reads only.
 */
#include "copy.h"
#include "judge.h"

#include "core/buf.h"
#include "core/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct dir_feed {
	struct cli_tiles tiles; /* the first, to get from it to this */
	const char *target;
};

static int read_all(int fd, size_t bytes, struct seal_buf *ret_body)
{
	uint8_t *room;
	ssize_t n = 1;
	size_t got = 0;

	seal_buf_reset(ret_body);
	room = seal_buf_extend(ret_body, bytes);
	if (!room)
		return seal_buf_error(ret_body);
	while (got < bytes && n > 0) {
		n = read(fd, room + got, bytes - got);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			return SEAL_E_IO;
		else
			got += (size_t)n;
	}
	seal_buf_truncate(ret_body, got);
	return 0;
}

/* *ret_there is false where there is no such file. */
static int get_file(struct cli_tiles *tiles, const char *path, size_t max,
		    bool *ret_there, struct seal_diag *diag)
{
	const struct dir_feed *f = (struct dir_feed *)tiles;
	char name[4096];
	struct stat st;
	int fd, rc = 0;

	*ret_there = false;
	if (snprintf(name, sizeof(name), "%s/%s", f->target, path) >=
	    (int)sizeof(name))
		return seal_diag_set(diag, SEAL_E_ARG, "the path is too long");
	/* Not to wait for whoever writes to a pipe. */
	fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0 || fstat(fd, &st))
		rc = SEAL_E_IO;
	else if (!S_ISREG(st.st_mode))
		rc = SEAL_E_FORMAT;
	else if ((uint64_t)st.st_size > max)
		rc = SEAL_E_TOOBIG;
	else
		rc = read_all(fd, (size_t)st.st_size, &tiles->body);
	*ret_there = !rc;
	if (rc == SEAL_E_IO)
		rc = seal_diag_set_errno(
			diag, errno == EACCES ? SEAL_E_PERM : SEAL_E_IO, errno,
			"cannot read %s", name);
	else if (rc)
		rc = seal_diag_set(diag, rc, "%s is %s", name,
				   rc == SEAL_E_TOOBIG ? "too large"
						       : "no file");
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Of which log: what its checkpoint says, unless the user does. */
static int find_origin(struct dir_feed *f, const struct cli_trust *trust,
		       char ret_origin[SEAL_NAME_MAX_BYTES + 1],
		       struct seal_diag *diag)
{
	struct seal_checkpoint cp;
	struct seal_note note;
	bool there;
	int rc;

	if (trust->log) {
		snprintf(ret_origin, SEAL_NAME_MAX_BYTES + 1, "%s", trust->log);
		return 0;
	}
	rc = get_file(&f->tiles, "checkpoint", SEAL_NOTE_MAX_BYTES, &there,
		      diag);
	if (rc)
		return rc;
	if (!there ||
	    seal_checkpoint_parse_note(f->tiles.body.data, f->tiles.body.len,
				       &note, &cp, NULL) ||
	    seal_origin_check(cp.origin, strlen(cp.origin), NULL))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "%s/checkpoint names no log: if you know "
				     "which it is, give --log ORIGIN",
				     f->target);
	snprintf(ret_origin, SEAL_NAME_MAX_BYTES + 1, "%s", cp.origin);
	return 0;
}

int cli_dir_visit(const struct cli_trust *trust, const char *target,
		  cli_copy_fn *fn, void *ctx, struct seal_diag *diag)
{
	struct dir_feed f = {
		.tiles = {.get_path = get_file, .quiet = trust->quiet},
		.target = target};
	char origin[SEAL_NAME_MAX_BYTES + 1];
	struct cli_copy copy = {.origin = origin, .note_whole = true};
	struct cli_cosigned cosigned = {0};
	int rc;

	seal_buf_init(&f.tiles.body);
	rc = find_origin(&f, trust, origin, diag);
	if (!rc)
		rc = cli_tiles_cosigned(&f.tiles, trust->policy, &cosigned,
					diag);
	copy.cosigned = cosigned.note;
	copy.cosigned_count = cosigned.count;
	if (!rc)
		rc = cli_tiles_visit(&f.tiles, &copy, fn, ctx, diag);
	cli_cosigned_fini(&cosigned);
	seal_buf_fini(&f.tiles.body);
	return rc;
}
