/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of a new log.  Never overwrites a key.  Contract: keydir.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/epoch.h"
#include "spool/io_private.h"
#include "spool/keydir_private.h"

static int failed(const char *dir, const char *name, int negative_errno,
		  struct seal_diag *diag)
{
	return seal_diag_set_errno(diag, seal_io_error(negative_errno),
				   -negative_errno, "%s/%s cannot be written",
				   dir, name);
}

static int make_dir(const struct seal_io *io, const char *dir,
		    struct seal_diag *diag)
{
	struct seal_io_stat st;
	int r;

	r = io->mkdir(io, dir);
	if (!r)
		return 0;
	if (r != -EEXIST)
		return seal_diag_set_errno(
			diag, seal_io_error(r), -r,
			"the key directory %s cannot be made", dir);
	r = io->stat(io, dir, &st);
	if (r)
		return failed(dir, ".", r, diag);
	if (!st.is_dir || st.mode & 077)
		return seal_diag_set(diag, SEAL_E_PERM,
				     "%s must be a directory of mode 0700; "
				     "run chmod 0700 %s",
				     dir, dir);
	return 0;
}

static int find_key(void *ctx, const char *name)
{
	const char **found = ctx;

	if (!strcmp(name, "host"))
		*found = "host";
	else if (!strcmp(name, "epoch"))
		*found = "epoch";
	else if (!strcmp(name, "log"))
		*found = "log";
	return 0;
}

static int refuse_old(const struct seal_io *io, const char *dir,
		      struct seal_diag *diag)
{
	const char *found = NULL;
	int r;

	r = io->list(io, dir, find_key, &found);
	if (r)
		return failed(dir, ".", r, diag);
	if (found)
		return seal_diag_set(
			diag, SEAL_E_EXISTS,
			"%s/%s exists: this directory has the keys "
			"of a log; a new log needs another keydir "
			"and another origin",
			dir, found);
	return 0;
}

/* One file; *made is set as soon as it may exist. */
static int write_file(const struct seal_keydir *k, const char *name,
		      const void *bytes, size_t len, bool *made,
		      struct seal_diag *diag)
{
	char *path = seal_io_path(k->dir, name);
	int r;

	if (!path)
		return SEAL_E_NOMEM;
	r = seal_io_create_file(k->io, path, bytes, len);
	*made = r != -EEXIST;
	free(path);
	return r ? failed(k->dir, name, r, diag) : 0;
}

static int write_epoch(const struct seal_keydir *k, const struct seal_key *key,
		       bool *made, struct seal_diag *diag)
{
	uint8_t slots[SEAL_KEYDIR_EPOCH_BYTES] = {0};
	int r;

	r = keydir_slot_put(0, false, key, slots);
	if (!r)
		r = write_file(k, "epoch", slots, sizeof(slots), made, diag);
	seal_wipe(slots, sizeof(slots));
	return r;
}

static int write_host(const struct seal_keydir *k, bool *made,
		      struct seal_diag *diag)
{
	uint8_t seed[SEAL_SEED_BYTES];
	int r;

	seal_key_seed(k->host_key, seed);
	r = write_file(k, "host", seed, sizeof(seed), made, diag);
	seal_wipe(seed, sizeof(seed));
	return r;
}

static int sync_dir(const struct seal_keydir *k)
{
	int fd, r;

	r = k->io->open_dir(k->io, k->dir, &fd);
	if (r)
		return r;
	r = k->io->fsync(k->io, fd);
	k->io->close(k->io, fd);
	return r;
}

static int write_log(const struct seal_keydir *k, bool *made,
		     struct seal_diag *diag)
{
	struct seal_buf b = SEAL_BUF_INIT;
	int r;

	keydir_log_put(&b, k);
	r = seal_buf_error(&b);
	if (!r)
		r = write_file(k, "log", b.data, b.len, made, diag);
	if (!r) {
		r = sync_dir(k);
		if (r)
			r = failed(k->dir, ".", r, diag);
	}
	seal_buf_fini(&b);
	return r;
}

/* Takes back what this call made; no key of it was ever used. */
static void take_back(const struct seal_keydir *k, const char *name, bool made)
{
	char *path;

	if (!made)
		return;
	path = seal_io_path(k->dir, name);
	if (path)
		k->io->unlink(k->io, path);
	free(path);
}

static int write_all(const struct seal_keydir *k, const struct seal_key *epoch0,
		     struct seal_diag *diag)
{
	bool host = false, epoch = false, log = false;
	int r;

	r = write_host(k, &host, diag);
	if (!r)
		r = write_epoch(k, epoch0, &epoch, diag);
	if (!r)
		r = write_log(k, &log, diag);
	if (r) {
		take_back(k, "log", log);
		take_back(k, "epoch", epoch);
		take_back(k, "host", host);
	}
	return r;
}

/* Keys, vkeys, log id, machine. */
static int make_keys(struct seal_keydir *k, struct seal_key **ret_epoch0,
		     struct seal_diag *diag)
{
	int r;

	r = seal_key_generate(SEAL_KEY_LASTING, &k->host_key);
	if (!r)
		r = seal_key_generate(SEAL_KEY_TRANSIENT, ret_epoch0);
	if (!r)
		r = seal_vkey_init(&k->host, k->origin, SEAL_KEY_ED25519,
				   seal_key_public(k->host_key), diag);
	if (!r)
		r = seal_vkey_init_epoch(&k->epoch0, k->origin,
					 seal_key_public(*ret_epoch0), diag);
	if (!r)
		r = seal_log_id(k->origin, seal_pub_bytes(k->host.pub),
				seal_pub_bytes(k->epoch0.pub), &k->log_id);
	if (r)
		return seal_diag_set(diag, r, "the keys could not be made");
	r = k->io->machine_id(k->io, k->machine);
	if (r)
		return seal_diag_set_errno(diag, SEAL_E_IO, -r,
					   "the machine id cannot be read");
	return 0;
}

int seal_keydir_create(const struct seal_io *io, const char *dir,
		       const char *origin,
		       const struct seal_predecessor *predecessor,
		       struct seal_diag *diag)
{
	struct seal_key *epoch0 = NULL;
	struct seal_keydir *k;
	struct seal_diag why;
	int r;

	if (seal_origin_check(origin, strlen(origin), &why))
		return seal_diag_set(diag, SEAL_E_CONFIG, "%s", why.text);
	r = make_dir(io, dir, diag);
	if (!r)
		r = refuse_old(io, dir, diag);
	if (r)
		return r;
	k = calloc(1, sizeof(*k));
	if (!k)
		return SEAL_E_NOMEM;
	k->io = io;
	k->epoch_fd = -1;
	strcpy(k->origin, origin);
	if (predecessor) {
		k->has_predecessor = true;
		k->predecessor = *predecessor;
	}
	k->dir = strdup(dir);
	r = k->dir ? make_keys(k, &epoch0, diag) : SEAL_E_NOMEM;
	if (!r)
		r = write_all(k, epoch0, diag);
	seal_key_free(epoch0);
	seal_keydir_free(k);
	return r;
}
