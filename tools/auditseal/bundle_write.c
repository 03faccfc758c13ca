/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing a bundle, as a directory or as a tar: the same calls give the same
 * bytes.  Nothing has its name before all of it is durable.
 */
#include "bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512

struct bundle_pack {
	char *path, *partial;
	bool tar, finished;
	int fd; /* of the tar, or of the directory */
	struct seal_buf sums;
	struct seal_buf names; /* each with its NUL, to be able to remove */
};

static int fail(struct bundle_pack *p, struct seal_diag *diag)
{
	return seal_diag_set_errno(diag, SEAL_E_IO, errno, "cannot write %s",
				   p->partial);
}

static int write_all(int fd, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	ssize_t n;

	while (len) {
		n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* ---- tar ---- */

static int put_member(struct bundle_pack *p, const char *name,
		      const void *bytes, size_t len, struct seal_diag *diag)
{
	uint8_t block[BLOCK] = {0};
	static const uint8_t zeros[BLOCK];
	unsigned sum = 0;
	size_t i, over = len % BLOCK;

	memcpy(block, name, strlen(name));
	memcpy(block + 100, "0000644", 7);
	memcpy(block + 108, "0000000", 7);
	memcpy(block + 116, "0000000", 7);
	snprintf((char *)block + 124, 12, "%011llo", (unsigned long long)len);
	memcpy(block + 136, "00000000000", 11);
	memset(block + 148, ' ', 8);
	block[156] = '0';
	memcpy(block + 257, "ustar\00000", 8);
	for (i = 0; i < BLOCK; i++)
		sum += block[i];
	snprintf((char *)block + 148, 7, "%06o", sum & 0777777);
	if (write_all(p->fd, block, BLOCK) || write_all(p->fd, bytes, len) ||
	    (over && write_all(p->fd, zeros, BLOCK - over)))
		return fail(p, diag);
	return 0;
}

/* ---- a directory ---- */

static int make_parents(struct bundle_pack *p, const char *name)
{
	char parent[BUNDLE_NAME];
	const char *slash = name;

	while ((slash = strchr(slash, '/'))) {
		memcpy(parent, name, (size_t)(slash - name));
		parent[slash - name] = '\0';
		if (mkdirat(p->fd, parent, 0755) && errno != EEXIST)
			return -1;
		slash++;
	}
	return 0;
}

static int put_file(struct bundle_pack *p, const char *name, const void *bytes,
		    size_t len, struct seal_diag *diag)
{
	int fd, rc = 0;

	if (make_parents(p, name))
		return fail(p, diag);
	fd = openat(p->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (fd < 0)
		return fail(p, diag);
	if (write_all(fd, bytes, len))
		rc = fail(p, diag);
	if (close(fd) && !rc)
		rc = fail(p, diag);
	return rc;
}

/* ---- both ---- */

static int put(struct bundle_pack *p, const char *name, const void *bytes,
	       size_t len, struct seal_diag *diag)
{
	if (strlen(name) >= BUNDLE_NAME || len >= (size_t)1 << 33)
		return seal_diag_set(diag, SEAL_E_INTERNAL,
				     "%s does not fit into a bundle", name);
	seal_buf_put(&p->names, name, strlen(name) + 1);
	return p->tar ? put_member(p, name, bytes, len, diag)
		      : put_file(p, name, bytes, len, diag);
}

int bundle_pack_put(struct bundle_pack *pack, const char *name,
		    const void *bytes, size_t len, struct seal_diag *diag)
{
	struct seal_hash hash;
	int rc = seal_sha256(bytes, len, &hash);

	if (rc)
		return rc;
	seal_buf_put_hex(&pack->sums, hash.b, sizeof(hash.b));
	seal_buf_putf(&pack->sums, "  %s\n", name);
	rc = seal_buf_error(&pack->sums);
	return rc ? rc : put(pack, name, bytes, len, diag);
}

static int open_partial(struct bundle_pack *p, struct seal_diag *diag)
{
	if (!access(p->path, F_OK))
		return seal_diag_set(diag, SEAL_E_ARG,
				     "%s is there already: name another one",
				     p->path);
	if (p->tar) {
		p->fd = open(p->partial,
			     O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	} else if (!mkdir(p->partial, 0755)) {
		p->fd = open(p->partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (p->fd < 0 && errno == EEXIST)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "%s is left from before: remove it first",
				     p->partial);
	return p->fd < 0 ? fail(p, diag) : 0;
}

int bundle_pack_new(const char *path, struct bundle_pack **ret_pack,
		    struct seal_diag *diag)
{
	struct bundle_pack *p = calloc(1, sizeof(*p));
	size_t len = strlen(path);
	int rc = 0;

	if (!p)
		return SEAL_E_NOMEM;
	p->fd = -1;
	seal_buf_init(&p->sums);
	seal_buf_init(&p->names);
	while (len > 1 && path[len - 1] == '/')
		len--;
	p->path = strndup(path, len);
	if (!p->path || asprintf(&p->partial, "%s.partial", p->path) < 0) {
		p->partial = NULL;
		rc = SEAL_E_NOMEM;
	}
	p->tar = len > 4 && !strncmp(path + len - 4, ".tar", 4);
	if (!rc)
		rc = open_partial(p, diag);
	if (rc)
		bundle_pack_free(p);
	else
		*ret_pack = p;
	return rc;
}

int bundle_pack_finish(struct bundle_pack *pack, struct seal_diag *diag)
{
	static const uint8_t zeros[2 * BLOCK];
	int rc = put(pack, "SHA256SUMS", pack->sums.data, pack->sums.len, diag);

	if (rc)
		return rc;
	if (pack->tar && write_all(pack->fd, zeros, sizeof(zeros)))
		return fail(pack, diag);
	if (pack->tar ? fsync(pack->fd) : syncfs(pack->fd))
		return fail(pack, diag);
	if (renameat2(AT_FDCWD, pack->partial, AT_FDCWD, pack->path,
		      RENAME_NOREPLACE) &&
	    ((errno != EINVAL && errno != ENOSYS) ||
	     rename(pack->partial, pack->path)))
		return fail(pack, diag);
	pack->finished = true;
	return 0;
}

/* The directories above a name, the deepest first; others stay. */
static void remove_parents(struct bundle_pack *p, const char *name)
{
	char parent[BUNDLE_NAME];
	char *slash;

	snprintf(parent, sizeof(parent), "%s", name);
	while ((slash = strrchr(parent, '/'))) {
		*slash = '\0';
		if (unlinkat(p->fd, parent, AT_REMOVEDIR))
			break;
	}
}

static void remove_partial(struct bundle_pack *p)
{
	const char *names = (const char *)p->names.data;
	size_t at;

	if (p->tar) {
		unlink(p->partial);
		return;
	}
	for (at = 0; at < p->names.len; at += strlen(names + at) + 1)
		unlinkat(p->fd, names + at, 0);
	for (at = 0; at < p->names.len; at += strlen(names + at) + 1)
		remove_parents(p, names + at);
	rmdir(p->partial);
}

void bundle_pack_free(struct bundle_pack *pack)
{
	if (!pack)
		return;
	if (pack->fd >= 0 && !pack->finished)
		remove_partial(pack);
	if (pack->fd >= 0)
		close(pack->fd);
	seal_buf_fini(&pack->sums);
	seal_buf_fini(&pack->names);
	free(pack->path);
	free(pack->partial);
	free(pack);
}
