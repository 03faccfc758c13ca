/* SPDX-License-Identifier: Apache-2.0 */
/* What reader.c and reader_list.c share. */
#ifndef SEAL_SPOOL_READER_PRIVATE_H
#define SEAL_SPOOL_READER_PRIVATE_H

#include "spool/reader.h"

#define READER_WINDOW_BYTES (SEAL_FRAME_BYTES_MAX + 262144)

struct seal_reader {
	const struct seal_io *io;
	char *dir; /* NULL: one file, at path */
	char *path;
	struct seal_reader_segment *segment;
	size_t segments;
	/* position */
	size_t at;     /* segment */
	int sys_errno; /* of the last seek that failed */
	int fd;	       /* -1: none is open */
	uint64_t offset, file_bytes;
	uint64_t data_end; /* one behind the last byte that is not zero */
	bool has_data_end;
	/* what finding the way may still hash in this file, and up to where it
	 * was given for */
	uint64_t budget, budget_end;
	/* window */
	uint8_t *window;
	uint64_t window_offset;
	size_t window_len;
};

/* 0 or -errno. */
int reader_open_segment(const struct seal_reader *reader, size_t i,
			int *ret_fd);

#endif
