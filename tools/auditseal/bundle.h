/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bundles (docs/spec/bundle.md): files in a directory or in a tar, written
 * once, in order, and read by name.  Nothing read here is believed.
 */
#ifndef AUDITSEAL_BUNDLE_H
#define AUDITSEAL_BUNDLE_H

#include "judge.h"

#include "core/buf.h"
#include "protocol/limits.h"

#define BUNDLE_FILE	 "bundle"
#define BUNDLE_MAGIC	 "auditseal/bundle/1\n"
#define BUNDLE_NAME	 100 /* bytes of a file's name, with its NUL */
#define BUNDLE_FILES_MAX 4000000

/* ---- the file `bundle` ---- */

struct bundle_facts {
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	struct seal_hash log_id;
	uint64_t size;
	struct seal_hash root;
	uint64_t first, end; /* whose entries are in it */
};

void bundle_facts_put(const struct bundle_facts *facts, struct seal_buf *out);
/* SEAL_E_FORMAT for any other spelling, SEAL_E_UNKNOWN for another version. */
int bundle_facts_get(const uint8_t *bytes, size_t len,
		     struct bundle_facts *ret_facts, struct seal_diag *diag);

/* ---- reading ---- */

struct bundle_files;

/* A directory, or a tar file.  SEAL_E_FORMAT, _IO, _PERM, _NOTFOUND, _TOOBIG.
 */
int bundle_files_open(const char *path, struct bundle_files **ret_files,
		      struct seal_diag *diag);
void bundle_files_close(struct bundle_files *files);
/*
 * Replaces what is in *bytes.  *ret_there false: there is no such file; it is
 * no error.  SEAL_E_TOOBIG over max.
 */
int bundle_files_get(struct bundle_files *files, const char *name, size_t max,
		     struct seal_buf *bytes, bool *ret_there,
		     struct seal_diag *diag);

/* Is this path a bundle?  Looks at its first bytes alone. */
bool bundle_is(const char *path);

/* ---- writing ---- */

struct bundle_pack;

/* A name that ends in .tar: one file; any other: a directory.  It must not be
 * there yet; until _finish it is called ‹path›.partial. */
int bundle_pack_new(const char *path, struct bundle_pack **ret_pack,
		    struct seal_diag *diag);
int bundle_pack_put(struct bundle_pack *pack, const char *name,
		    const void *bytes, size_t len, struct seal_diag *diag);
/* Writes SHA256SUMS, makes all durable, and gives it its name. */
int bundle_pack_finish(struct bundle_pack *pack, struct seal_diag *diag);
/* What was not finished is removed. */
void bundle_pack_free(struct bundle_pack *pack);

#endif
