/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite driver: is PATH-wal whole?  SQLite takes its commits up to the
 * first frame that does not verify, and passes over what stands behind without
 * a word.  Here that is looked at: which tear a crash leaves, and which it
 * cannot.  docs/adr/0046; the format is SQLite's walformat.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/sqlite_internal.h"

#define WAL_HEADER_BYTES 32
#define FRAME_BYTES	 24
#define PAGE_BYTES_MIN	 512
#define PAGE_BYTES_MAX	 65536
#define WAL_MAGIC	 0x377f0682 /* the lowest bit: sums are big-endian */

struct sum {
	uint32_t a, b;
};

struct wal {
	int fd;
	bool big; /* words of the sums are big-endian */
	uint32_t salt[2];
	size_t page_bytes;
	/* Of the header, or the frame before: as stored, as it gives it. */
	struct sum at, given;
	uint8_t *frame; /* FRAME_BYTES, then the page */
};

struct frame {
	bool whole;  /* of this file's run, and its sum fits */
	bool commit; /* says that a transaction ends with it */
};

static uint32_t word(const uint8_t *p, bool big)
{
	return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
			       (uint32_t)p[2] << 8 | p[3]
		   : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 |
			       (uint32_t)p[1] << 8 | p[0];
}

/* len is a multiple of 8. */
static struct sum add(struct sum s, bool big, const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;

	for (; p < end; p += 8) {
		s.a += word(p, big) + s.b;
		s.b += word(p + 4, big) + s.a;
	}
	return s;
}

static struct sum stored(const uint8_t *p)
{
	return (struct sum){word(p, true), word(p + 4, true)};
}

static bool is_equal(struct sum a, struct sum b)
{
	return a.a == b.a && a.b == b.b;
}

/* 1: all of it; 0: the file ends before. */
static int read_at(const struct wal *w, uint8_t *bytes, size_t len,
		   uint64_t from)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = pread(w->fd, bytes + got, len - got, (off_t)(from + got));
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return SEAL_E_IO;
		if (n > 0)
			got += (size_t)n;
	}
	return 1;
}

static struct sum sum_of(const struct wal *w, struct sum from)
{
	from = add(from, w->big, w->frame, 8);
	return add(from, w->big, w->frame + FRAME_BYTES, w->page_bytes);
}

/* Frame n, from 0 on: 1, 0 at the end. */
static int read_frame(struct wal *w, uint64_t n, struct frame *ret_frame)
{
	size_t len = FRAME_BYTES + w->page_bytes;
	const uint8_t *p = w->frame;
	struct sum at, given;
	int rc = read_at(w, w->frame, len, WAL_HEADER_BYTES + n * len);

	if (rc != 1)
		return rc;
	at = sum_of(w, w->at);
	given = is_equal(w->at, w->given) ? at : sum_of(w, w->given);
	w->at = stored(p + 16);
	ret_frame->commit = word(p + 4, true) != 0;
	ret_frame->whole = word(p, true) && word(p + 8, true) == w->salt[0] &&
			   word(p + 12, true) == w->salt[1] &&
			   (is_equal(at, w->at) || is_equal(given, w->at));
	w->given = is_equal(given, w->at) ? given : at;
	return 1;
}

/*
 * Behind the first frame that does not verify.  What no writer had an answer
 * for can be torn anywhere: a kill leaves no end of a transaction behind the
 * tear, a power cut perhaps that of the torn one, the last.  Anything behind
 * such an end was written when all before it was safe.
 */
static int is_lost(struct wal *w, uint64_t n, bool torn_ends, bool *ret_lost)
{
	bool ended = false;
	struct frame f;
	int rc;

	while ((rc = read_frame(w, n++, &f)) == 1) {
		if (!f.whole)
			continue;
		if (ended || (f.commit && torn_ends)) {
			*ret_lost = true;
			return 0;
		}
		ended = f.commit;
	}
	return rc;
}

static int check_frames(struct wal *w, bool *ret_lost)
{
	struct frame f;
	uint64_t n;
	int rc;

	for (n = 0; (rc = read_frame(w, n, &f)) == 1; n++)
		if (!f.whole)
			return is_lost(w, n + 1, f.commit, ret_lost);
	return rc;
}

/* Zeros alone are a file that was made, and not yet written. */
static int has_content(struct wal *w, bool *ret_content)
{
	uint8_t bytes[4096], zero[sizeof(bytes)] = {0};
	uint64_t from = 0;
	ssize_t n;

	do {
		n = pread(w->fd, bytes, sizeof(bytes), (off_t)from);
		if (n < 0 && errno != EINTR)
			return SEAL_E_IO;
		if (n > 0 && memcmp(bytes, zero, (size_t)n) != 0) {
			*ret_content = true;
			return 0;
		}
		from += n > 0 ? (uint64_t)n : 0;
	} while (n);
	return 0;
}

/* false: SQLite passes over the whole file. */
static bool take_header(struct wal *w, const uint8_t header[WAL_HEADER_BYTES])
{
	uint32_t magic = word(header, true);
	struct sum sum = {0, 0};

	w->page_bytes = word(header + 8, true);
	w->salt[0] = word(header + 16, true);
	w->salt[1] = word(header + 20, true);
	w->big = magic & 1;
	w->at = w->given = stored(header + 24);
	return (magic & ~1U) == WAL_MAGIC &&
	       is_equal(add(sum, w->big, header, 24), w->at) &&
	       w->page_bytes >= PAGE_BYTES_MIN &&
	       w->page_bytes <= PAGE_BYTES_MAX &&
	       !(w->page_bytes & (w->page_bytes - 1));
}

static int check_file(struct wal *w, const char **ret_what,
		      struct seal_diag *diag)
{
	uint8_t header[WAL_HEADER_BYTES];
	bool bad = false;
	int rc = read_at(w, header, sizeof(header), 0);

	if (rc != 1)
		return rc;
	if (!take_header(w, header)) {
		rc = has_content(w, &bad);
		if (bad)
			*ret_what = "its header is damaged: SQLite passes over "
				    "all that it holds";
		return rc;
	}
	w->frame = malloc(FRAME_BYTES + w->page_bytes);
	if (!w->frame)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	rc = check_frames(w, &bad);
	free(w->frame);
	if (bad)
		*ret_what = "whole transactions stand behind a damaged one: "
			    "SQLite passes over all of them";
	return rc;
}

int sqlite_wal_check(const char *path, const char **ret_what,
		     struct seal_diag *diag)
{
	char *name = sqlite3_mprintf("%s-wal", path);
	const char *what = NULL;
	struct wal w = {.fd = -1};
	int rc = 0;

	if (!name)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	w.fd = open(name, O_RDONLY | O_CLOEXEC);
	if (w.fd >= 0) {
		rc = check_file(&w, &what, diag);
		close(w.fd);
	} else if (errno != ENOENT) {
		rc = SEAL_E_IO;
	}
	if (rc == SEAL_E_IO)
		rc = seal_diag_set_errno(diag, SEAL_E_IO, errno,
					 "cannot read %s", name);
	if (rc == 0)
		*ret_what = what;
	sqlite3_free(name);
	return rc;
}
