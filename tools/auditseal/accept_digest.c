/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands at a range of a log, as one hash: docs/spec/accepted.md section
 * 2.  Reads what is there, right or wrong, and nothing that later entries
 * change.
 */
#include "accept.h"
#include "archive.h"
#include "copy.h"

#include "core/checkpoint.h"
#include "protocol/tile.h"
#include "spool/reader.h"

#include <stdlib.h>
#include <string.h>

#define TRUSTED_SHIFT 65536

struct digest {
	struct seal_sha256_ctx *sha;
	uint64_t first, last;
	const struct seal_io *io;
	size_t digested;	/* segments, */
	uint64_t digested_from; /* and the first one's name */
	unsigned logs;
};

static void put_u64(struct digest *d, uint64_t value)
{
	uint8_t bytes[8];
	unsigned i;

	for (i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> (56 - 8 * i));
	seal_sha256_update(d->sha, bytes, sizeof(bytes));
}

static int begin(struct digest *d)
{
	static const char purpose[] = "auditseal/accept/v1\n";
	struct seal_hash unused;
	int rc = seal_sha256_final(d->sha, &unused);

	if (rc)
		return rc;
	seal_sha256_update(d->sha, purpose, strlen(purpose));
	put_u64(d, d->first);
	put_u64(d, d->last);
	return 0;
}

/* ---- a spool, an archive: the raw bytes from the entry before to the one
 * behind, unpacked ---- */

static int put_raw(struct digest *d, int fd, const char *name, uint64_t offset,
		   uint64_t len, struct seal_diag *diag)
{
	uint8_t piece[16384];
	size_t want;
	long got;

	seal_sha256_update(d->sha, name, strlen(name) + 1);
	put_u64(d, offset);
	put_u64(d, len);
	while (len) {
		want = len < sizeof(piece) ? (size_t)len : sizeof(piece);
		got = d->io->pread(d->io, fd, piece, want, offset);
		if (got <= 0)
			return seal_diag_set(diag, SEAL_E_IO, "cannot read %s",
					     name);
		seal_sha256_update(d->sha, piece, (size_t)got);
		offset += (uint64_t)got;
		len -= (uint64_t)got;
	}
	return 0;
}

/* The index that an entry was made for, or the counted one. */
static uint64_t place_of(const struct seal_reader_item *item, uint64_t next)
{
	uint64_t tagged = (next & ~(uint64_t)UINT32_MAX) | item->index_low;
	uint64_t apart = tagged > next ? tagged - next : next - tagged;

	return apart < TRUSTED_SHIFT ? tagged : next;
}

/* CLI_UNDECIDED, which is no error, when the end of the range was passed. */
static int digest_items(struct digest *d, struct seal_reader *reader,
			const struct seal_reader_segment *s, int fd,
			struct seal_diag *diag)
{
	struct seal_reader_item item;
	uint64_t next = s->name_index, place;
	int rc;

	for (;;) {
		rc = seal_reader_next(reader, next, &item, diag);
		if (rc || item.kind == SEAL_ITEM_END)
			return rc;
		if (item.kind == SEAL_ITEM_FRAME &&
		    item.frame.kind == SEAL_KIND_ENTRY) {
			place = place_of(&item, next);
			next = place + 1;
			if (place > d->last)
				return CLI_UNDECIDED;
			if (place < d->first) {
				rc = begin(d);
				if (rc)
					return rc;
				continue;
			}
		}
		rc = put_raw(d, fd, s->name, item.offset, item.size_bytes,
			     diag);
		if (rc)
			return rc;
	}
}

static int digest_segment(struct digest *d, struct seal_reader *reader,
			  size_t i, const char *path, struct seal_diag *diag)
{
	const struct seal_reader_segment *s = seal_reader_segment(reader, i);
	size_t header =
		s->status ? seal_segment_header_size(0, s->name_index) : 0;
	int fd, rc = seal_reader_seek(reader, i, header);

	if (rc)
		return seal_diag_set(diag, rc, "cannot read %s", s->name);
	if (d->io->open(d->io, path, SEAL_IO_READ, &fd))
		return seal_diag_set(diag, SEAL_E_IO, "cannot open %s", path);
	header = seal_segment_header_size(
		s->status ? 0 : strlen(s->header.origin), s->name_index);
	rc = put_raw(d, fd, s->name, 0,
		     header < s->size_bytes ? header : s->size_bytes, diag);
	if (!rc)
		rc = digest_items(d, reader, s, fd, diag);
	d->io->close(d->io, fd);
	return rc;
}

static int digest_segments(struct digest *d, struct seal_reader *reader,
			   const char *path, bool one_file,
			   struct seal_diag *diag)
{
	const struct seal_reader_segment *s, *after;
	char file[4096];
	size_t i;
	int rc = 0;

	for (i = 0; i < seal_reader_segments(reader) && !rc; i++) {
		s = seal_reader_segment(reader, i);
		after = seal_reader_segment(reader, i + 1);
		if (after && after->name_index <= d->first &&
		    after->name_index > s->name_index)
			continue;
		/* What a log that went on has there is not in the range. */
		if (i && s->name_index > d->last)
			break;
		if (!d->digested++)
			d->digested_from = s->name_index;
		if (snprintf(file, sizeof(file), "%s%s%s", path,
			     one_file ? "" : "/",
			     one_file ? "" : s->name) >= (int)sizeof(file))
			return SEAL_E_ARG;
		rc = digest_segment(d, reader, i, file, diag);
	}
	return rc == CLI_UNDECIDED ? 0 : rc;
}

static int by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct seal_hash));
}

/* One hash of a file that is there a second time, unpacked. */
static int hash_twice(struct digest *d, struct cli_files *files, size_t i,
		      struct seal_hash *ret_hash, struct seal_diag *diag)
{
	struct digest one = {.io = d->io};
	struct seal_io_stat st;
	char name[256];
	int fd, rc = 0;

	if (cli_files_open_twice(files, i, name, sizeof(name), &fd))
		return seal_diag_set(diag, SEAL_E_IO, "cannot open %s",
				     cli_files_twice(files, i));
	if (d->io->fstat(d->io, fd, &st))
		rc = seal_diag_set(diag, SEAL_E_IO, "cannot read %s",
				   cli_files_twice(files, i));
	if (!rc)
		rc = seal_sha256_new(&one.sha);
	if (!rc)
		rc = put_raw(&one, fd, name, 0, st.size_bytes, diag);
	if (!rc)
		rc = seal_sha256_final(one.sha, ret_hash);
	seal_sha256_free(one.sha);
	d->io->close(d->io, fd);
	return rc;
}

/* Other files that claim these segments: whole, in the order of their hashes,
 * wherever they lie. */
static int digest_twice(struct digest *d, struct cli_files *files,
			struct seal_diag *diag)
{
	struct seal_hash *hashes = NULL;
	size_t n = 0, count = 0, i;
	uint64_t first;
	int rc = 0;

	while (cli_files_twice(files, count))
		count++;
	if (!count || !d->digested)
		return 0;
	hashes = calloc(count, sizeof(*hashes));
	if (!hashes)
		return SEAL_E_NOMEM;
	for (i = 0; i < count && !rc; i++) {
		first = cli_segment_first(cli_files_twice(files, i));
		if (first >= d->digested_from && first <= d->last)
			rc = hash_twice(d, files, i, &hashes[n++], diag);
	}
	qsort(hashes, n, sizeof(*hashes), by_bytes);
	for (i = 0; i < n && !rc; i++)
		seal_sha256_update(d->sha, hashes[i].b, sizeof(hashes[i].b));
	free(hashes);
	return rc;
}

static int digest_files(struct digest *d, const struct cli_trust *trust,
			const char *target, bool one_file,
			struct seal_diag *diag)
{
	struct seal_reader *reader = NULL;
	struct cli_files *files = NULL;
	char *path = cli_segment_path(target, one_file);
	int rc = path ? cli_files_new(one_file ? NULL : trust->archives, &files)
		      : SEAL_E_NOMEM;

	if (!rc) {
		d->io = cli_files_io(files);
		rc = one_file
			     ? seal_reader_open_file(d->io, path, &reader, diag)
			     : seal_reader_open(d->io, path, &reader, diag);
	}
	if (!rc)
		rc = digest_segments(d, reader, path, one_file, diag);
	if (!rc)
		rc = digest_twice(d, files, diag);
	seal_reader_free(reader);
	cli_files_free(files);
	free(path);
	return rc;
}

/* ---- a copy: its entries and the hashes that stand for them ---- */

static int digest_bundle(struct digest *d, const struct cli_copy *copy,
			 uint64_t number, uint64_t size, struct seal_diag *diag)
{
	unsigned width = seal_tile_width(size, 0, number);
	uint64_t index = number * SEAL_VERIFY_TILE_WIDTH;
	const uint8_t *bytes;
	size_t total, at = 0, len;
	int rc = copy->source.bundle(copy->source.ctx, number, width, false,
				     &bytes, &total, diag);

	for (; !rc && total - at >= 2; index++, at += 2 + len) {
		len = (size_t)bytes[at] << 8 | bytes[at + 1];
		if (total - at - 2 < len)
			break;
		if (index < d->first || index > d->last)
			continue;
		put_u64(d, index);
		seal_sha256_update(d->sha, bytes + at, 2 + len);
	}
	/* What is no entry, where entries of the range should be. */
	if (!rc && at < total && index <= d->last) {
		put_u64(d, UINT64_MAX);
		seal_sha256_update(d->sha, bytes + at, total - at);
	}
	return rc;
}

/* Hashes of subtrees that lie wholly in the range: later ones change none. */
static int digest_level(struct digest *d, const struct cli_copy *copy,
			unsigned level, uint64_t size, struct seal_diag *diag)
{
	struct seal_hash hashes[SEAL_VERIFY_TILE_WIDTH];
	uint64_t span = (uint64_t)1 << (8 * level);
	uint64_t e = (d->first + span - 1) / span, end = (d->last + 1) / span;
	uint64_t number;
	unsigned have, i;
	int rc = 0;

	while (e < end && !rc) {
		number = e / SEAL_VERIFY_TILE_WIDTH;
		rc = copy->source.tile(copy->source.ctx, level, number,
				       seal_tile_width(size, level, number),
				       hashes, &have, diag);
		for (i = e % SEAL_VERIFY_TILE_WIDTH;
		     i < SEAL_VERIFY_TILE_WIDTH && e < end && !rc; i++, e++) {
			put_u64(d, e);
			if (i < have)
				seal_sha256_update(d->sha, hashes[i].b,
						   sizeof(hashes[i].b));
		}
	}
	return rc;
}

#define ENTRIES_MAX ((uint64_t)1 << 28)

static int digest_copy(void *ctx, const struct cli_copy *copy,
		       struct seal_diag *diag)
{
	struct digest *d = ctx;
	struct seal_checkpoint cp = {.size = copy->size};
	struct seal_note note;
	uint64_t number;
	unsigned level;
	int rc = begin(d);

	d->logs++;
	/* Its work is that of the range, whatever of it is there. */
	if (!rc && d->last != UINT64_MAX && d->last - d->first >= ENTRIES_MAX)
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "a finding about %llu entries is too "
				     "large to be accepted",
				     (unsigned long long)(d->last - d->first));
	if (!rc && copy->note)
		rc = seal_checkpoint_parse_note(copy->note, copy->note_len,
						&note, &cp, diag);
	for (number = d->first / 256;
	     number <= d->last / 256 && !rc && number * 256 < cp.size; number++)
		rc = digest_bundle(d, copy, number, cp.size, diag);
	for (level = 0; level < 7 && !rc; level++)
		if (d->last < cp.size)
			rc = digest_level(d, copy, level, cp.size, diag);
	return rc;
}

int accepted_digest(const struct cli_trust *trust, const char *target,
		    const char *origin, uint64_t first, uint64_t last,
		    struct seal_hash *ret_digest, struct seal_diag *diag)
{
	struct digest d = {.first = first, .last = last};
	struct cli_trust one = *trust;
	enum cli_target_kind kind = 0;
	int rc = cli_target_kind(target, &kind, diag);

	one.log = origin;
	if (!rc)
		rc = seal_sha256_new(&d.sha);
	if (!rc)
		rc = begin(&d);
	if (!rc && (kind == CLI_TARGET_SPOOL || kind == CLI_TARGET_ARCHIVE))
		rc = digest_files(&d, trust, target, false, diag);
	else if (!rc && kind == CLI_TARGET_SEGMENT)
		rc = digest_files(&d, trust, target, true, diag);
	else if (!rc)
		rc = cli_copy_visit(&one, target, kind, digest_copy, &d, diag);
	if (!rc)
		rc = seal_sha256_final(d.sha, ret_digest);
	seal_sha256_free(d.sha);
	return rc;
}
