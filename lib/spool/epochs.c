/* SPDX-License-Identifier: Apache-2.0 */
/* The file `epochs`.  Contract: state.h; format.md 3 and 8. */
#include <errno.h>
#include <stdlib.h>

#include "core/buf.h"
#include "spool/io_private.h"
#include "spool/state.h"

/* 158 bytes for each quarter of an hour: 64 MiB are twelve years. */
#define EPOCHS_MAX_BYTES (64u << 20)

static int damaged(struct seal_diag *diag, const char *path, uint64_t offset,
		   const char *what)
{
	seal_diag_set(diag, SEAL_E_DAMAGED, "%s is damaged at byte %llu: %s",
		      path, (unsigned long long)offset, what);
	if (diag)
		diag->offset = offset;
	return SEAL_E_DAMAGED;
}

static int load_root(const struct seal_buf *b, const char *path,
		     const char *origin, const struct seal_hash *log_id,
		     struct seal_chain **ret_chain, struct seal_diag *diag)
{
	struct seal_epoch_root root;
	int r;

	if (b->len < SEAL_EPOCH_RECORD_BYTES ||
	    seal_epoch_root_decode(b->data, &root))
		return damaged(diag, path, 0, "no root record");
	r = seal_chain_new(origin, root.host_key, root.epoch_key, log_id,
			   ret_chain);
	if (r == SEAL_E_FOREIGN)
		return seal_diag_set(diag, r, "%s belongs to another log",
				     path);
	if (r == SEAL_E_KEY)
		return damaged(diag, path, 0, "unacceptable keys");
	return r ? seal_diag_set(diag, r, "%s cannot be used", path) : 0;
}

int seal_epochs_load(const struct seal_io *io, const char *path,
		     const char *origin, const struct seal_hash *log_id,
		     struct seal_chain **ret_chain, uint64_t *ret_bytes,
		     struct seal_diag *diag)
{
	enum seal_handover_verdict verdict;
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_chain *chain = NULL;
	struct seal_handover h;
	size_t at = SEAL_EPOCH_RECORD_BYTES;
	int r;

	r = seal_io_read_file(io, path, EPOCHS_MAX_BYTES, &b);
	if (r) {
		r = seal_diag_set_errno(diag, seal_io_error(r), -r,
					"%s cannot be read", path);
		goto out;
	}
	r = load_root(&b, path, origin, log_id, &chain, diag);
	if (r)
		goto out;
	for (; at + SEAL_EPOCH_RECORD_BYTES <= b.len;
	     at += SEAL_EPOCH_RECORD_BYTES) {
		if (seal_epoch_record_decode(b.data + at, &h)) {
			damaged(diag, path, at, "checksum");
			break;
		}
		/* the last two anew; those before were, when they came */
		if (at + 2 * SEAL_EPOCH_RECORD_BYTES < b.len)
			r = seal_chain_trust(chain, &h, &verdict);
		else
			r = seal_chain_advance(chain, &h, &verdict);
		if (r)
			goto out;
		if (verdict != SEAL_HANDOVER_OK) {
			damaged(diag, path, at,
				seal_handover_verdict_text(verdict));
			break;
		}
	}
	if (at != b.len) {
		if (at + SEAL_EPOCH_RECORD_BYTES > b.len)
			damaged(diag, path, at, "its last record is not whole");
		r = SEAL_E_DAMAGED;
	}
	*ret_bytes = at;
	*ret_chain = chain;
	chain = NULL; /* transferred */
out:
	seal_chain_free(chain);
	seal_buf_fini(&b);
	return r;
}
