/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both sides said when a mirror froze or halted this log, in a file of its
 * own that is never overwritten.  docs/spec/spool.md 7.2.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "spool/io_private.h"
#include "spool/spool_private.h"

static void put_part(struct seal_buf *b, const char *who, const void *bytes,
		     size_t len)
{
	seal_buf_putf(b, "%s %zu\n", who, len);
	if (len)
		seal_buf_put(b, bytes, len);
	seal_buf_put_str(b, "\n");
}

static void put_evidence(struct seal_buf *b, struct seal_spool *sp,
			 const struct seal_spool_evidence *e)
{
	seal_buf_put_str(b, "auditseal/evidence/v1\n");
	seal_buf_putf(b, "time %llu\n",
		      (unsigned long long)sp->io->realtime_us(sp->io));
	seal_buf_putf(b, "finding %s\n", e->finding ? e->finding : "none");
	seal_buf_putf(b, "mirror %s\n", e->mirror);
	put_part(b, "ours", e->ours, e->ours_len);
	put_part(b, "theirs", e->theirs, e->theirs_len);
}

/* The first number that is free. */
static int make_file(struct seal_spool *sp, const struct seal_buf *b,
		     char ret_name[SEAL_EVIDENCE_NAME_BYTES])
{
	unsigned n;
	char *path;
	int r = -EEXIST;

	for (n = 0; r == -EEXIST && n < SEAL_EVIDENCE_MAX; n++) {
		snprintf(ret_name, SEAL_EVIDENCE_NAME_BYTES, "evidence-%u", n);
		path = spool_path(sp, ret_name);
		if (!path)
			return -ENOMEM;
		r = seal_io_create_file(sp->io, path, b->data, b->len);
		if (r && r != -EEXIST)
			(void)sp->io->unlink(sp->io, path);
		free(path);
	}
	return r ? r : sp->io->fsync(sp->io, sp->dir_fd);
}

int seal_spool_keep_evidence(struct seal_spool *sp,
			     const struct seal_spool_evidence *evidence,
			     char ret_name[SEAL_EVIDENCE_NAME_BYTES],
			     struct seal_diag *diag)
{
	char name[SEAL_EVIDENCE_NAME_BYTES];
	struct seal_buf b = SEAL_BUF_INIT;
	int r;

	put_evidence(&b, sp, evidence);
	r = seal_buf_error(&b);
	if (r) {
		r = seal_diag_set(diag, r, "no memory for evidence");
		goto out;
	}
	r = make_file(sp, &b, name);
	if (r)
		r = spool_io_failed(sp, r, name, "written", diag);
	else
		memcpy(ret_name, name, sizeof(name));
out:
	seal_buf_fini(&b);
	return r;
}
