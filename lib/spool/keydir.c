/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a keydir, and its file `log`.  Contract: keydir.h. */
#include "spool/keydir.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cur.h"
#include "core/epoch.h"
#include "core/text.h"
#include "spool/io_private.h"
#include "spool/keydir_private.h"

#define LOG_MAX_BYTES 4096

/*
 * auditseal/keydir/v1
 * origin ORIGIN
 * host VKEY
 * epoch0 VKEY
 * log-id BASE64
 * machine BASE64
 * predecessor ORIGIN SIZE BASE64       (only if there is one)
 */
void keydir_log_put(struct seal_buf *b, const struct seal_keydir *keydir)
{
	seal_buf_put_str(b, "auditseal/keydir/v1\norigin ");
	seal_buf_put_str(b, keydir->origin);
	seal_buf_put_str(b, "\nhost ");
	seal_vkey_put(b, &keydir->host);
	seal_buf_put_str(b, "\nepoch0 ");
	seal_vkey_put(b, &keydir->epoch0);
	seal_buf_put_str(b, "\nlog-id ");
	seal_buf_put_base64(b, keydir->log_id.b, 32);
	seal_buf_put_str(b, "\nmachine ");
	seal_buf_put_base64(b, keydir->machine, 32);
	if (keydir->has_predecessor) {
		const struct seal_predecessor *p = &keydir->predecessor;

		seal_buf_put_str(b, "\npredecessor ");
		seal_buf_put_str(b, p->origin);
		seal_buf_put_u8(b, ' ');
		seal_buf_put_dec(b, p->size);
		seal_buf_put_u8(b, ' ');
		seal_buf_put_base64(b, p->root.b, 32);
	}
	seal_buf_put_str(b, "\n");
}

/* The rest of the line that begins with key; sticky error. */
static const char *field(struct seal_cur *c, const char *key, size_t *ret_len)
{
	seal_cur_expect(c, key);
	seal_cur_expect(c, " ");
	return seal_cur_line(c, ret_len);
}

static void field_bytes(struct seal_cur *c, const char *key,
			uint8_t ret_bytes[32])
{
	size_t len;
	const char *text = field(c, key, &len);

	if (text && seal_base64_decode_exact(text, len, ret_bytes, 32))
		seal_cur_fail(c, SEAL_E_FORMAT);
}

static void field_vkey(struct seal_cur *c, const char *key,
		       struct seal_vkey *ret_vkey)
{
	size_t len;
	const char *text = field(c, key, &len);
	int r;

	if (!text)
		return;
	r = seal_vkey_parse(text, len, ret_vkey, NULL);
	if (r)
		seal_cur_fail(c, r == SEAL_E_NOMEM ? r : SEAL_E_FORMAT);
}

static void field_predecessor(struct seal_cur *c, struct seal_keydir *keydir)
{
	struct seal_predecessor *p = &keydir->predecessor;
	const char *text, *size, *root;
	size_t len;

	if (!c->left)
		return;
	text = field(c, "predecessor", &len);
	size = text ? memchr(text, ' ', len) : NULL;
	root = size ? memchr(size + 1, ' ', len - (size_t)(size + 1 - text))
		    : NULL;
	if (!root || (size_t)(size - text) >= sizeof(p->origin) ||
	    seal_dec_decode(size + 1, (size_t)(root - size - 1), SEAL_U63_MAX,
			    &p->size) ||
	    seal_base64_decode_exact(root + 1, len - (size_t)(root + 1 - text),
				     p->root.b, 32)) {
		seal_cur_fail(c, SEAL_E_FORMAT);
		return;
	}
	memcpy(p->origin, text, (size_t)(size - text));
	p->origin[size - text] = '\0';
	keydir->has_predecessor = true;
}

int keydir_log_parse(struct seal_keydir *keydir, const void *text, size_t len,
		     struct seal_diag *diag)
{
	struct seal_hash log_id;
	struct seal_cur c;
	const char *origin;
	size_t origin_len;
	int r;

	seal_cur_init(&c, text, len);
	seal_cur_expect(&c, "auditseal/keydir/v1\n");
	origin = field(&c, "origin", &origin_len);
	if (origin && origin_len <= SEAL_ORIGIN_MAX_BYTES)
		memcpy(keydir->origin, origin, origin_len);
	else
		seal_cur_fail(&c, SEAL_E_FORMAT);
	field_vkey(&c, "host", &keydir->host);
	field_vkey(&c, "epoch0", &keydir->epoch0);
	field_bytes(&c, "log-id", keydir->log_id.b);
	field_bytes(&c, "machine", keydir->machine);
	field_predecessor(&c, keydir);
	r = seal_cur_end(&c);
	if (r == SEAL_E_NOMEM)
		return seal_diag_set(diag, r, "out of memory");
	if (!r)
		r = seal_origin_check(keydir->origin, origin_len, NULL);
	if (!r)
		r = seal_log_id(keydir->origin,
				seal_pub_bytes(keydir->host.pub),
				seal_pub_bytes(keydir->epoch0.pub), &log_id);
	if (!r && !seal_hash_equal(&log_id, &keydir->log_id))
		r = SEAL_E_DAMAGED;
	if (r)
		return seal_diag_set(
			diag, SEAL_E_DAMAGED,
			"%s/log is damaged; put it back from where "
			"you keep a copy, or begin a new log with "
			"auditseal init --successor-of",
			keydir->dir);
	return 0;
}

static int missing(const char *dir, int negative_errno, const char *name,
		   struct seal_diag *diag)
{
	if (negative_errno == -ENOENT)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "%s/%s is missing; run auditseal init",
				     dir, name);
	return seal_diag_set_errno(diag, seal_io_error(negative_errno),
				   -negative_errno, "%s/%s cannot be read", dir,
				   name);
}

static int read_log(struct seal_keydir *keydir, struct seal_diag *diag)
{
	struct seal_buf b = SEAL_BUF_INIT;
	char *path;
	int r;

	path = seal_io_path(keydir->dir, "log");
	if (!path)
		return SEAL_E_NOMEM;
	r = seal_io_read_file(keydir->io, path, LOG_MAX_BYTES, &b);
	if (r)
		r = missing(keydir->dir, r, "log", diag);
	else
		r = keydir_log_parse(keydir, b.data, b.len, diag);
	free(path);
	seal_buf_fini(&b);
	return r;
}

static int check_mode(const struct seal_io_stat *st, const char *path,
		      unsigned mode, struct seal_diag *diag)
{
	if (!(st->mode & 077))
		return 0;
	return seal_diag_set(diag, SEAL_E_PERM,
			     "%s can be read by others (mode %04o); "
			     "run chmod %04o %s",
			     path, (unsigned)st->mode, mode, path);
}

static int check_dir(const struct seal_io *io, const char *dir,
		     struct seal_diag *diag)
{
	struct seal_io_stat st;
	int r;

	r = io->stat(io, dir, &st);
	if (r == -ENOENT)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "the key directory %s is missing; "
				     "run auditseal init",
				     dir);
	if (r)
		return seal_diag_set_errno(diag, seal_io_error(r), -r,
					   "the key directory %s cannot be "
					   "looked into",
					   dir);
	if (!st.is_dir)
		return seal_diag_set(diag, SEAL_E_CONFIG,
				     "keydir %s is not a directory", dir);
	return check_mode(&st, dir, 0700, diag);
}

/* Opens a secret file after looking at its mode. */
static int open_secret(struct seal_keydir *keydir, const char *name,
		       unsigned flags, uint64_t size, int *ret_fd,
		       struct seal_diag *diag)
{
	const struct seal_io *io = keydir->io;
	struct seal_io_stat st;
	int fd, r;
	char *path;

	path = seal_io_path(keydir->dir, name);
	if (!path)
		return SEAL_E_NOMEM;
	r = io->open(io, path, flags, &fd);
	if (r) {
		r = missing(keydir->dir, r, name, diag);
		goto out;
	}
	r = io->fstat(io, fd, &st);
	if (r)
		r = missing(keydir->dir, r, name, diag);
	else
		r = check_mode(&st, path, 0600, diag);
	if (!r && (!st.is_file || st.size_bytes != size))
		r = seal_diag_set(diag, SEAL_E_DAMAGED,
				  "%s is damaged: it has %llu bytes, not %llu",
				  path, (unsigned long long)st.size_bytes,
				  (unsigned long long)size);
	if (r)
		io->close(io, fd);
	else
		*ret_fd = fd;
out:
	free(path);
	return r;
}

static int read_host(struct seal_keydir *keydir, struct seal_diag *diag)
{
	uint8_t seed[SEAL_SEED_BYTES];
	int fd, r;

	r = open_secret(keydir, "host", SEAL_IO_READ, sizeof(seed), &fd, diag);
	if (r)
		return r;
	r = seal_io_read_full(keydir->io, fd, seed, sizeof(seed), 0);
	if (r)
		r = missing(keydir->dir, r, "host", diag);
	else
		r = seal_key_from_seed(seed, &keydir->host_key);
	seal_wipe(seed, sizeof(seed));
	keydir->io->close(keydir->io, fd);
	if (r == SEAL_E_KEY ||
	    (!r && !seal_pub_equal(seal_key_public(keydir->host_key),
				   keydir->host.pub)))
		return seal_diag_set(diag, SEAL_E_DAMAGED,
				     "%s/host is not the key that %s/log names",
				     keydir->dir, keydir->dir);
	return r;
}

static int check_machine(const struct seal_keydir *keydir,
			 struct seal_diag *diag)
{
	static const uint8_t none[32];
	uint8_t here[32];
	int r;

	if (!memcmp(keydir->machine, none, 32))
		return 0;
	r = keydir->io->machine_id(keydir->io, here);
	if (r)
		return seal_diag_set_errno(diag, SEAL_E_IO, -r,
					   "the machine id cannot be read");
	if (!memcmp(here, keydir->machine, 32))
		return 0;
	return seal_diag_set(diag, SEAL_E_CLONE,
			     "this machine is a clone of the one that the keys "
			     "in %s were made on (%s): run auditseal init with "
			     "a keydir and an origin of its own",
			     keydir->dir, keydir->origin);
}

static int open_log(const struct seal_io *io, const char *dir,
		    struct seal_keydir **ret_keydir, struct seal_diag *diag)
{
	struct seal_keydir *keydir;
	int r;

	keydir = calloc(1, sizeof(*keydir));
	if (!keydir)
		return SEAL_E_NOMEM;
	keydir->io = io;
	keydir->epoch_fd = -1;
	keydir->dir = strdup(dir);
	r = keydir->dir ? read_log(keydir, diag) : SEAL_E_NOMEM;
	if (r) {
		seal_keydir_free(keydir);
		return r;
	}
	*ret_keydir = keydir;
	return 0;
}

int seal_keydir_open_public(const struct seal_io *io, const char *dir,
			    struct seal_keydir **ret_keydir,
			    struct seal_diag *diag)
{
	return open_log(io, dir, ret_keydir, diag);
}

int seal_keydir_open(const struct seal_io *io, const char *dir,
		     const char *origin, struct seal_keydir **ret_keydir,
		     struct seal_diag *diag)
{
	struct seal_keydir *keydir;
	int r;

	r = check_dir(io, dir, diag);
	if (r)
		return r;
	r = open_log(io, dir, &keydir, diag);
	if (r)
		return r;
	if (origin && strcmp(origin, keydir->origin))
		r = seal_diag_set(
			diag, SEAL_E_FOREIGN,
			"the keys in %s are of the log %s, not of %s; "
			"set origin or keydir to what belongs together",
			dir, keydir->origin, origin);
	if (!r)
		r = check_machine(keydir, diag);
	if (!r)
		r = read_host(keydir, diag);
	if (!r)
		r = open_secret(keydir, "epoch", SEAL_IO_WRITE,
				SEAL_KEYDIR_EPOCH_BYTES, &keydir->epoch_fd,
				diag);
	if (!r)
		r = keydir_slots_read(keydir, diag);
	if (r) {
		seal_keydir_free(keydir);
		return r;
	}
	*ret_keydir = keydir;
	return 0;
}

void seal_keydir_free(struct seal_keydir *keydir)
{
	if (!keydir)
		return;
	if (keydir->epoch_fd >= 0)
		keydir->io->close(keydir->io, keydir->epoch_fd);
	seal_key_free(keydir->host_key);
	seal_vkey_fini(&keydir->host);
	seal_vkey_fini(&keydir->epoch0);
	free(keydir->dir);
	free(keydir);
}

const char *seal_keydir_path(const struct seal_keydir *keydir)
{
	return keydir->dir;
}

const char *seal_keydir_origin(const struct seal_keydir *keydir)
{
	return keydir->origin;
}

void seal_keydir_log_id(const struct seal_keydir *keydir,
			struct seal_hash *ret_log_id)
{
	*ret_log_id = keydir->log_id;
}

const uint8_t *seal_keydir_machine(const struct seal_keydir *keydir)
{
	return keydir->machine;
}

const struct seal_vkey *seal_keydir_host(const struct seal_keydir *keydir)
{
	return &keydir->host;
}

const struct seal_vkey *seal_keydir_epoch0(const struct seal_keydir *keydir)
{
	return &keydir->epoch0;
}

const struct seal_predecessor *
seal_keydir_predecessor(const struct seal_keydir *keydir)
{
	return keydir->has_predecessor ? &keydir->predecessor : NULL;
}

const struct seal_key *seal_keydir_host_key(const struct seal_keydir *keydir)
{
	return keydir->host_key;
}
