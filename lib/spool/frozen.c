/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: frozen.h. */
#include "spool/frozen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/crypto.h"
#include "core/cur.h"
#include "core/sanitize.h"
#include "core/text.h"
#include "spool/io_private.h"

#define PREFIX	   "frozen-"
#define NAME_BYTES (sizeof(PREFIX) + 16)
#define FILE_MAX   2048

static int name_of(const char *mirror, char ret_name[NAME_BYTES])
{
	struct seal_hash hash;
	int i, r = seal_sha256(mirror, strlen(mirror), &hash);

	if (r)
		return r;
	strcpy(ret_name, PREFIX);
	for (i = 0; i < 8; i++)
		snprintf(ret_name + sizeof(PREFIX) - 1 + 2 * i, 3, "%02x",
			 hash.b[i]);
	return 0;
}

/* To be freed; NULL: no memory. */
static char *path_of(const char *dir, const char *mirror)
{
	char name[NAME_BYTES];

	return name_of(mirror, name) ? NULL : seal_io_path(dir, name);
}

static int sync_dir(const struct seal_io *io, const char *dir)
{
	int fd, r = io->open_dir(io, dir, &fd);

	if (r)
		return r;
	r = io->fsync(io, fd);
	io->close(io, fd);
	return r;
}

static int failed(int negative_errno, const char *dir, const char *what,
		  struct seal_diag *diag)
{
	return seal_diag_set_errno(diag, seal_io_error(negative_errno),
				   -negative_errno, "%s in %s cannot be %s",
				   PREFIX "*", dir, what);
}

/* ---- the text ---- */

static void put(struct seal_buf *b, const struct seal_io *io,
		const char *mirror, const char *finding, const char *reason)
{
	char safe[SEAL_FROZEN_REASON_BYTES];

	seal_buf_put_str(b, "auditseal/frozen/v1\n");
	seal_buf_putf(b, "time %llu\n",
		      (unsigned long long)io->realtime_us(io));
	seal_buf_putf(b, "finding %s\n", finding ? finding : "none");
	seal_buf_putf(b, "mirror %s\n", mirror);
	seal_buf_putf(
		b, "reason %s\n",
		seal_sanitize(safe, sizeof(safe), reason, strlen(reason)));
}

/* The rest of the line behind the word, safe to show. */
static bool take(struct seal_cur *c, const char *word, char *ret_text,
		 size_t room)
{
	size_t len = 0, skip = strlen(word);
	const char *line = seal_cur_line(c, &len);

	if (!line || len <= skip || memcmp(line, word, skip) ||
	    line[skip] != ' ' || len - skip - 1 >= room)
		return false;
	memcpy(ret_text, line + skip + 1, len - skip - 1);
	ret_text[len - skip - 1] = '\0';
	return true;
}

static void get(const struct seal_buf *b, struct seal_frozen *ret_frozen)
{
	char time[24], reason[SEAL_FROZEN_REASON_BYTES];
	struct seal_frozen f = {0};
	struct seal_cur c;

	memset(ret_frozen, 0, sizeof(*ret_frozen));
	strcpy(ret_frozen->reason, "unknown: the file is damaged");
	seal_cur_init(&c, b->data, b->len);
	seal_cur_expect(&c, "auditseal/frozen/v1\n");
	if (!take(&c, "time", time, sizeof(time)) ||
	    !take(&c, "finding", f.finding, sizeof(f.finding)) ||
	    !take(&c, "mirror", f.mirror, sizeof(f.mirror)) ||
	    !take(&c, "reason", reason, sizeof(reason)) || !seal_cur_end_ok(&c))
		return;
	if (seal_dec_decode(time, strlen(time), UINT64_MAX, &f.time_us))
		return;
	if (!strcmp(f.finding, "none"))
		f.finding[0] = '\0';
	strcpy(f.reason, reason);
	*ret_frozen = f;
}

/* ---- files ---- */

int seal_frozen_keep(const struct seal_io *io, const char *dir,
		     const char *mirror, const char *finding,
		     const char *reason, struct seal_diag *diag)
{
	struct seal_buf b = SEAL_BUF_INIT;
	char *path = path_of(dir, mirror);
	int r = path ? 0 : -ENOMEM;

	put(&b, io, mirror, finding, reason);
	if (seal_buf_error(&b))
		r = -ENOMEM;
	if (!r)
		r = seal_io_create_file(io, path, b.data, b.len);
	/* One that is not whole is a freeze as well: it stays. */
	if (!r || r == -EEXIST)
		r = sync_dir(io, dir);
	if (r)
		r = failed(r, dir, "written", diag);
	seal_buf_fini(&b);
	free(path);
	return r;
}

bool seal_frozen_is(const struct seal_io *io, const char *dir,
		    const char *mirror)
{
	char *path = path_of(dir, mirror);
	struct seal_io_stat st;
	int r = path ? io->stat(io, path, &st) : -ENOMEM;

	free(path);
	return r != -ENOENT;
}

struct each {
	const struct seal_io *io;
	const char *dir;
	seal_frozen_fn fn;
	void *ctx;
	int stopped_by; /* what fn returned */
};

static int each_name(void *ctx, const char *name)
{
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_frozen frozen;
	struct each *e = ctx;
	char *path;
	int r;

	if (strncmp(name, PREFIX, sizeof(PREFIX) - 1) != 0)
		return 0;
	path = seal_io_path(e->dir, name);
	if (!path)
		return -ENOMEM;
	r = seal_io_read_file(e->io, path, FILE_MAX, &b);
	free(path);
	if (r == -ENOENT) { /* ended meanwhile */
		r = 0;
		goto out;
	}
	if (r == -ENOMEM)
		goto out;
	if (r)
		seal_buf_reset(&b);
	get(&b, &frozen);
	r = e->stopped_by = e->fn(e->ctx, &frozen);
out:
	seal_buf_fini(&b);
	return r;
}

int seal_frozen_each(const struct seal_io *io, const char *dir,
		     seal_frozen_fn fn, void *ctx, struct seal_diag *diag)
{
	struct each e = {.io = io, .dir = dir, .fn = fn, .ctx = ctx};
	int r = io->list(io, dir, each_name, &e);

	if (e.stopped_by)
		return e.stopped_by;
	return r ? failed(r, dir, "read", diag) : 0;
}

int seal_frozen_end(const struct seal_io *io, const char *dir,
		    const char *mirror, struct seal_diag *diag)
{
	char *path = path_of(dir, mirror);
	int r = path ? io->unlink(io, path) : -ENOMEM;

	free(path);
	if (r == -ENOENT)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "the mirror %s is not frozen in %s",
				     mirror, dir);
	if (!r)
		r = sync_dir(io, dir);
	return r ? failed(r, dir, "removed", diag) : 0;
}
