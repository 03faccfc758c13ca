/* SPDX-License-Identifier: Apache-2.0 */
/* One packed file into one without a name, and gzip for it.  Contract:
 * unpack.h. */
#include "unpack.h"

#include "core/err.h"
#include "protocol/gzip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define UNPACKED_BYTES ((uint64_t)16 << 30) /* of one segment */
#define BLOCK_BYTES    65536

/* ---- gzip, by lib/protocol ---- */

static int gz_begin(void **ret_state)
{
	struct seal_gunzip *gunzip;
	int rc = seal_gunzip_new(UNPACKED_BYTES, &gunzip);

	if (!rc)
		*ret_state = gunzip;
	return rc;
}

static int gz_step(void *state, const uint8_t **in, size_t *in_len,
		   uint8_t *out, size_t out_len, size_t *ret_written,
		   bool *ret_done)
{
	return seal_gunzip_step(state, in, in_len, out, out_len, ret_written,
				ret_done);
}

static void gz_end(void *state)
{
	seal_gunzip_free(state);
}

const struct cli_unpack cli_unpack_gz = {".gz", gz_begin, gz_step, gz_end};

/* ---- any ---- */

static int new_file(int *ret_fd)
{
	const char *dir = getenv("TMPDIR");
	char name[4096];
	int fd;

	if (!dir || !dir[0])
		dir = "/tmp";
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		if (snprintf(name, sizeof(name), "%s/auditseal.XXXXXX", dir) >=
		    (int)sizeof(name))
			return -ENAMETOOLONG;
		fd = mkostemp(name, O_CLOEXEC);
		if (fd >= 0)
			unlink(name);
	}
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
	ssize_t put;

	for (; len; bytes += put, len -= (size_t)put) {
		put = write(fd, bytes, len);
		if (put < 0 && errno == EINTR)
			put = 0;
		else if (put <= 0)
			return put ? -errno : -EIO;
	}
	return 0;
}

struct packed {
	int from;
	uint8_t in[BLOCK_BYTES], out[BLOCK_BYTES];
	const uint8_t *at;
	size_t left;
	bool ended; /* the file */
	bool done;  /* the data */
	uint64_t read;
};

static int refill(struct packed *p)
{
	ssize_t got;

	if (p->left || p->ended)
		return 0;
	do
		got = read(p->from, p->in, sizeof(p->in));
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	p->at = p->in;
	p->left = (size_t)got;
	p->ended = !got;
	p->read += (uint64_t)got;
	return 0;
}

/* All that comes out; *ret_whole: that is all there was. */
static int unpack(const struct cli_unpack *u, struct packed *p, int to,
		  uint64_t *ret_bytes, bool *ret_whole)
{
	uint64_t bytes = 0;
	size_t written;
	void *state;
	int rc = u->begin(&state), r = 0;

	if (rc)
		return -ENOMEM;
	for (;;) {
		r = refill(p);
		if (r || (p->ended && p->done))
			break;
		written = 0;
		rc = u->step(state, &p->at, &p->left, p->out, sizeof(p->out),
			     &written, &p->done);
		if (!rc)
			r = write_all(to, p->out, written);
		bytes += rc ? 0 : written;
		if (rc || r || bytes > UNPACKED_BYTES)
			break;
		if (p->ended && !written)
			break; /* cut off */
	}
	u->end(state);
	*ret_bytes = bytes;
	*ret_whole = !rc && p->ended && p->done;
	if (rc == SEAL_E_NOMEM)
		return -ENOMEM;
	return rc == SEAL_E_UNKNOWN ? -EFBIG : r;
}

int cli_unpack_file(const struct cli_unpack *u, const char *path,
		    struct cli_unpacked *ret_unpacked)
{
	struct cli_unpacked un = {.fd = -1, .whole = true};
	struct packed *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	p->from = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	r = p->from < 0 ? -errno : new_file(&un.fd);
	if (!r)
		r = unpack(u, p, un.fd, &un.bytes, &un.whole);
	un.read_bytes = p->read;
	if (p->from >= 0)
		close(p->from);
	free(p);
	if (r) {
		if (un.fd >= 0)
			close(un.fd);
		return r;
	}
	*ret_unpacked = un;
	return 0;
}
