/* SPDX-License-Identifier: Apache-2.0 */
/* The list of segments of a directory, and their headers.  Contract: reader.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "spool/io_private.h"
#include "spool/reader_private.h"

#define SEGMENT_NAME_LEN 24
#define GROW_BY		 64

static bool segment_name(const char *name, uint64_t *ret_index)
{
	size_t i;

	if (strlen(name) != SEGMENT_NAME_LEN || strcmp(name + 20, ".seg"))
		return false;
	for (i = 0; i < 20; i++)
		if (name[i] < '0' || name[i] > '9')
			return false;
	for (i = 0; i < 19 && name[i] == '0';)
		i++;
	return !seal_dec_decode(name + i, 20 - i, SEAL_TREE_SIZE_MAX,
				ret_index);
}

static int add_segment(void *ctx, const char *name)
{
	struct seal_reader *reader = ctx;
	struct seal_reader_segment *grown, *s;
	uint64_t index;

	if (!segment_name(name, &index))
		return 0;
	if (reader->segments % GROW_BY == 0) {
		grown = realloc(reader->segment,
				(reader->segments + GROW_BY) * sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		reader->segment = grown;
	}
	s = &reader->segment[reader->segments++];
	memset(s, 0, sizeof(*s));
	strcpy(s->name, name);
	s->name_index = index;
	return 0;
}

/* What a whole header says counts more than a name. */
static uint64_t place_of(const struct seal_reader_segment *s)
{
	return s->status ? s->name_index : s->header.first_index;
}

static int by_index(const void *a, const void *b)
{
	const struct seal_reader_segment *x = a, *y = b;
	uint64_t left = place_of(x), right = place_of(y);

	if (left != right)
		return left < right ? -1 : 1;
	return strcmp(x->name, y->name);
}

int reader_open_segment(const struct seal_reader *reader, size_t i, int *ret_fd)
{
	char *path;
	int r;

	if (!reader->dir)
		return reader->io->open(reader->io, reader->path, SEAL_IO_READ,
					ret_fd);
	path = seal_io_path(reader->dir, reader->segment[i].name);
	if (!path)
		return -ENOMEM;
	r = reader->io->open(reader->io, path, SEAL_IO_READ, ret_fd);
	free(path);
	return r;
}

/* Size and header of one segment; only lack of means is an error. */
static int read_header(struct seal_reader *reader, size_t i,
		       struct seal_diag *diag)
{
	uint8_t bytes[SEAL_SEGMENT_HEADER_BYTES_MAX];
	struct seal_reader_segment *s = &reader->segment[i];
	const struct seal_io *io = reader->io;
	struct seal_io_stat st;
	size_t len;
	int fd, r;

	r = reader_open_segment(reader, i, &fd);
	if (r == -ENOMEM)
		return SEAL_E_NOMEM;
	if (r == -EMFILE || r == -ENFILE)
		return seal_diag_set_errno(
			diag, SEAL_E_IO, -r, "%s cannot be opened",
			reader->path ? reader->path : s->name);
	s->status = SEAL_E_IO;
	if (r)
		return 0;
	r = io->fstat(io, fd, &st);
	if (!r && st.is_file) {
		s->size_bytes = st.size_bytes;
		len = st.size_bytes < sizeof(bytes) ? (size_t)st.size_bytes
						    : sizeof(bytes);
		r = seal_io_read_full(io, fd, bytes, len, 0);
		if (!r)
			s->status =
				seal_segment_header_get(bytes, len, &s->header);
	}
	io->close(io, fd);
	return 0;
}

static int new_reader(const struct seal_io *io, struct seal_reader **ret_reader)
{
	struct seal_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return SEAL_E_NOMEM;
	reader->io = io;
	reader->fd = -1;
	reader->window = malloc(READER_WINDOW_BYTES);
	if (!reader->window) {
		free(reader);
		return SEAL_E_NOMEM;
	}
	*ret_reader = reader;
	return 0;
}

int seal_reader_open(const struct seal_io *io, const char *dir,
		     struct seal_reader **ret_reader, struct seal_diag *diag)
{
	struct seal_reader *reader;
	size_t i;
	int r;

	r = new_reader(io, &reader);
	if (r)
		return r;
	reader->dir = strdup(dir);
	if (!reader->dir) {
		r = SEAL_E_NOMEM;
		goto fail;
	}
	r = io->list(io, dir, add_segment, reader);
	if (r) {
		r = seal_diag_set_errno(diag, seal_io_error(r), -r,
					"%s cannot be read", dir);
		goto fail;
	}
	for (i = 0; i < reader->segments; i++) {
		r = read_header(reader, i, diag);
		if (r)
			goto fail;
	}
	if (reader->segments)
		qsort(reader->segment, reader->segments,
		      sizeof(*reader->segment), by_index);
	*ret_reader = reader;
	return 0;
fail:
	seal_reader_free(reader);
	return r;
}

int seal_reader_open_file(const struct seal_io *io, const char *path,
			  struct seal_reader **ret_reader,
			  struct seal_diag *diag)
{
	struct seal_reader *reader;
	struct seal_reader_segment *s;
	const char *name = strrchr(path, '/');
	int r;

	r = new_reader(io, &reader);
	if (r)
		return r;
	reader->path = strdup(path);
	reader->segment = calloc(1, sizeof(*reader->segment));
	r = reader->path && reader->segment ? 0 : SEAL_E_NOMEM;
	if (r)
		goto fail;
	reader->segments = 1;
	s = &reader->segment[0];
	name = name ? name + 1 : path;
	strncat(s->name, name, sizeof(s->name) - 1);
	s->name_index = SEAL_TREE_SIZE_MAX;
	(void)segment_name(name, &s->name_index);
	r = read_header(reader, 0, diag);
	if (!r && s->status == SEAL_E_IO)
		r = seal_diag_set(diag, SEAL_E_IO, "%s cannot be read", path);
	if (r)
		goto fail;
	*ret_reader = reader;
	return 0;
fail:
	seal_reader_free(reader);
	return r;
}

void seal_reader_free(struct seal_reader *reader)
{
	if (!reader)
		return;
	if (reader->fd >= 0)
		reader->io->close(reader->io, reader->fd);
	free(reader->window);
	free(reader->segment);
	free(reader->path);
	free(reader->dir);
	free(reader);
}

size_t seal_reader_segments(const struct seal_reader *reader)
{
	return reader->segments;
}

const struct seal_reader_segment *
seal_reader_segment(const struct seal_reader *reader, size_t i)
{
	return i < reader->segments ? &reader->segment[i] : NULL;
}
