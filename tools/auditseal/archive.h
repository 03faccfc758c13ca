/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Segments wherever they lie: in a spool, moved away, compressed.  An I/O table
 * for lib/spool that shows several directories as one and unpacks X.seg.gz,
 * X.seg.zst and X.seg.xz, one at a time, into files without a name in TMPDIR.
 * Reads only; counts what it reads.
 */
#ifndef AUDITSEAL_ARCHIVE_H
#define AUDITSEAL_ARCHIVE_H

#include "cli.h"

#include "spool/io.h"

struct cli_files;

/* Directories of other targets that hold segments of the same log. */
struct cli_archives {
	const char **dir;
	size_t count;
};

/* Length of "….seg" if the name is a segment's, compressed or not; else 0. */
size_t cli_segment_stem(const char *name);
/* The first index that the name states. */
uint64_t cli_segment_first(const char *path);
/* The path by which cli_files_io knows a target: a segment's without .gz, .zst,
 * .xz.  The caller's to free; NULL: no memory. */
char *cli_segment_path(const char *target, bool one_file);

/* others may be NULL; borrowed.  SEAL_E_NOMEM. */
int cli_files_new(const struct cli_archives *others,
		  struct cli_files **ret_files);
void cli_files_free(struct cli_files *files);

/* Borrowed.  Paths are those of plain segments: no .gz, .zst, .xz. */
const struct seal_io *cli_files_io(struct cli_files *files);
uint64_t cli_files_bytes(const struct cli_files *files);

/* What was found so far: files that do not unpack whole, and segments that are
 * there twice with other bytes.  NULL behind the last. */
const char *cli_files_broken(const struct cli_files *files, size_t i);
const char *cli_files_twice(const struct cli_files *files, size_t i);
/* Opens that one, unpacked, with its name when it is plain; a negative errno.
 * io->close it. */
int cli_files_open_twice(struct cli_files *files, size_t i, char *ret_name,
			 size_t name_bytes, int *ret_fd);

#endif
