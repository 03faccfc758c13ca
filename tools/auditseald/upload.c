/* SPDX-License-Identifier: Apache-2.0 */
/*
 * add-entries: a streamed body, verified package by package against a pending
 * checkpoint and saved in batches.  A log is taken only while something is
 * looked up or written, never while bytes are awaited.  C2SP tlog-mirror
 * "add-entries".
 */
#include "protocol/upload.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/answer.h"
#include "protocol/gzip.h"
#include "save.h"
#include "say.h"

#define INFLATE_BYTES 65536

/* Entries of 32 packages that are not aligned, and the header. */
#define BODY_BYTES_MAX                               \
	((uint64_t)SEAL_UPLOAD_HEADER_BYTES_MAX +    \
	 (uint64_t)(SEAL_REQUEST_PACKAGES_MAX + 1) * \
		 (uint64_t)SEAL_PACKAGE_BYTES_MAX)

struct upload {
	struct store *store;
	const struct peer *peer;
	struct seal_upload *parser;
	struct seal_gunzip *gunzip; /* NULL: the body is not compressed */
	uint64_t body_bytes;
	struct seal_hash root; /* of the pending checkpoint of upload_end */
	struct batch batch;
	uint64_t packages; /* verified */
	uint8_t inflated[INFLATE_BYTES];
};

int upload_new(struct store *store, const struct peer *peer, bool gzip,
	       struct upload **ret_upload)
{
	struct upload *up = calloc(1, sizeof(*up));
	int rc;

	if (!up)
		return SEAL_E_NOMEM;
	up->store = store;
	up->peer = peer;
	up->batch.packages =
		malloc(BATCH_PACKAGES_MAX * sizeof(*up->batch.packages));
	rc = up->batch.packages ? seal_upload_new(0, &up->parser)
				: SEAL_E_NOMEM;
	if (rc == 0 && gzip)
		rc = seal_gunzip_new(BODY_BYTES_MAX, &up->gunzip);
	if (rc < 0)
		upload_free(up);
	else
		*ret_upload = up;
	return rc;
}

void upload_free(struct upload *up)
{
	if (!up)
		return;
	seal_upload_free(up->parser);
	seal_gunzip_free(up->gunzip);
	batch_fini(&up->batch);
	free(up);
}

static const struct seal_upload_header *header_of(const struct upload *up)
{
	return seal_upload_header(up->parser);
}

/* 202 and 409: where to go on. */
static void mirror_info(const struct log *log, unsigned status, bool end_valid,
			uint64_t end, struct reply *reply)
{
	uint64_t size = end_valid ? end : log->row.pending;
	int rc;

	seal_buf_reset(&reply->body);
	rc = seal_mirror_info_build(size, log->row.next, NULL, 0, &reply->body);
	reply->status = rc < 0 ? 503 : status;
	reply->type = SEAL_TYPE_MIRROR_INFO;
}

/* Is upload_end a checkpoint that entries may be proven against? */
static bool end_known(struct upload *up, const struct log *log, uint64_t end,
		      struct reply *reply)
{
	struct seal_storage *storage = up->store->storage;
	struct seal_storage_checkpoint cp = {0};
	struct seal_diag diag = {0};
	int rc;

	if (end < log->row.mirror)
		return false;
	rc = storage->ops->get_checkpoint(storage, log->row.id, end, &cp,
					  &diag);
	if (rc == 0)
		up->root = cp.root;
	else if (rc != SEAL_E_NOTFOUND)
		reply_error(reply, &diag);
	seal_storage_checkpoint_fini(&cp);
	return rc == 0;
}

static void interval_check(struct upload *up, const struct log *log,
			   struct reply *reply)
{
	const struct seal_upload_header *h = header_of(up);
	uint64_t reach = h->end < log->row.next ? h->end : log->row.next;
	bool known;

	if (!log->row.has_pending) {
		reply_refuse(reply, up->peer, 422,
			     "%s: entries before any checkpoint", h->origin);
		return;
	}
	known = end_known(up, log, h->end, reply);
	if (reply->status)
		return;
	if (!known || h->start > log->row.next ||
	    (reach > h->start && reach - h->start > STORE_EXCESS_MAX))
		mirror_info(log, 409, known, h->end, reply);
}

static void header_check(struct upload *up, struct reply *reply)
{
	const struct seal_upload_header *h = header_of(up);
	struct seal_diag diag = {0};
	struct log *log;
	int rc;

	rc = log_take(up->store, h->origin, &log, &diag);
	if (rc == SEAL_E_NOTFOUND) {
		reply_refuse(reply, up->peer, 404, "%s: %s", h->origin,
			     diag.text);
		return;
	}
	if (rc < 0) {
		reply_error(reply, &diag);
		return;
	}
	if (!peer_may_write(up->peer, h->origin))
		reply_refuse(reply, up->peer, 403,
			     "this certificate may not write to %s", h->origin);
	else
		interval_check(up, log, reply);
	log_give(log);
}

/* Saves what was verified; vouches for upload_end if all is there. */
static void batch_flush(struct upload *up, bool complete, struct reply *reply)
{
	const struct seal_upload_header *h = header_of(up);
	struct seal_buf lines = SEAL_BUF_INIT;
	struct seal_diag diag = {0};
	struct log *log;
	int rc;

	rc = log_take(up->store, h->origin, &log, &diag);
	if (rc < 0) {
		reply_error(reply, &diag);
		return;
	}
	if (complete && h->end < log->row.mirror) {
		/* Another upload went further meanwhile. */
		complete = false;
		mirror_info(log, 409, false, h->end, reply);
	}
	rc = log_save(up->store, log, &up->batch, complete ? h->end : VOUCH_NOT,
		      &up->root, &diag);
	if (rc == 0 && complete)
		rc = log_receipt(up->store, log, h->end, &lines, &diag);
	if (rc < 0) {
		reply_error(reply, &diag);
	} else if (complete) {
		reply_ok(reply, SEAL_TYPE_TEXT);
		seal_buf_put_buf(&reply->body, &lines);
	}
	batch_reset(&up->batch);
	log_give(log);
	seal_buf_fini(&lines);
}

/* 202: the client goes on from what is saved. */
static void go_on(struct upload *up, struct reply *reply)
{
	const struct seal_upload_header *h = header_of(up);
	struct seal_diag diag = {0};
	struct log *log;
	int rc;

	rc = log_take(up->store, h->origin, &log, &diag);
	if (rc < 0) {
		reply_error(reply, &diag);
		return;
	}
	mirror_info(log, 202, h->end >= log->row.mirror, h->end, reply);
	log_give(log);
}

/*
 * The body is of no more use: what was verified before is saved, and the client
 * hears where to go on, or what was wrong if nothing came of it.
 */
static void body_end(struct upload *up, unsigned status, const char *why,
		     struct reply *reply)
{
	if (up->batch.count)
		batch_flush(up, false, reply);
	if (reply->status)
		return;
	if (up->packages && status != 422)
		go_on(up, reply);
	else
		reply_refuse(reply, up->peer, status, "%s: add-entries: %s",
			     header_of(up) ? header_of(up)->origin : "?", why);
}

/*
 * Leaf hashes of [subtree, first): of the open bundle, or of an older one that
 * is uploaded again.
 */
static int before_read(struct upload *up, const struct seal_package *package,
		       struct seal_hash *ret_before, struct seal_diag *diag)
{
	uint64_t number = package->subtree / SEAL_STORAGE_WIDTH;
	struct seal_storage *storage = up->store->storage;
	unsigned width = 0;
	struct log *log;
	int rc;

	rc = log_take(up->store, header_of(up)->origin, &log, diag);
	if (rc < 0)
		return rc;
	if (number == log->row.next / SEAL_STORAGE_WIDTH) {
		width = log->leaves.width;
		memcpy(ret_before, log->leaves.hashes,
		       width * sizeof(*ret_before));
	} else {
		rc = storage->ops->get_tile(storage, log->row.id, 0, number,
					    ret_before, &width, diag);
	}
	log_give(log);
	if (rc == 0 && width < package->first - package->subtree)
		rc = seal_diag_set(diag, SEAL_E_INTERNAL,
				   "entries before %llu are not here",
				   (unsigned long long)package->first);
	return rc;
}

static int package_verify(struct upload *up, const struct seal_package *package,
			  struct seal_hash *ret_leaves, struct seal_diag *diag)
{
	struct seal_hash before[SEAL_STORAGE_WIDTH];
	size_t n = (size_t)(package->first - package->subtree);
	int rc = 0;

	if (n)
		rc = before_read(up, package, before, diag);
	if (rc == 0)
		rc = seal_package_verify(package, before, n, header_of(up)->end,
					 &up->root, ret_leaves, diag);
	return rc;
}

static void package_take(struct upload *up, struct reply *reply)
{
	const struct seal_package *package = seal_upload_package(up->parser);
	struct batch_package *slot = &up->batch.packages[up->batch.count];
	struct seal_diag diag = {0};
	int rc;

	rc = package_verify(up, package, slot->leaves, &diag);
	if (rc == SEAL_E_PROOF) {
		body_end(up, 422, diag.text, reply);
		return;
	}
	if (rc < 0) {
		reply_error(reply, &diag);
		return;
	}
	slot->first = package->first;
	slot->end = package->end;
	slot->data_at = up->batch.data.len;
	slot->data_bytes = package->bundle_bytes;
	seal_buf_put(&up->batch.data, package->bundle, package->bundle_bytes);
	if (seal_buf_error(&up->batch.data)) {
		seal_diag_set(&diag, SEAL_E_NOMEM, "out of memory");
		reply_error(reply, &diag);
		return;
	}
	up->batch.count++;
	up->packages++;
	if (up->batch.count == BATCH_PACKAGES_MAX ||
	    up->batch.data.len >= BATCH_BYTES_MAX)
		batch_flush(up, false, reply);
}

static unsigned status_of(int code)
{
	switch (code) {
	case SEAL_E_NOTFOUND:
		return 404;
	case SEAL_E_TOOBIG:
		return 413;
	}
	return 400;
}

static void plain_feed(struct upload *up, const uint8_t *data, size_t bytes,
		       struct reply *reply)
{
	enum seal_upload_event event;
	struct seal_diag diag = {0};
	size_t used;
	int rc;

	up->body_bytes += bytes;
	if (up->body_bytes > BODY_BYTES_MAX)
		body_end(up, 413, "the body is too long", reply);
	while (bytes && !reply->status) {
		rc = seal_upload_feed(up->parser, data, bytes, &used, &event,
				      &diag);
		if (rc == SEAL_E_NOMEM)
			reply_error(reply, &diag);
		else if (rc < 0)
			body_end(up, status_of(rc), diag.text, reply);
		else if (event == SEAL_UPLOAD_HEADER)
			header_check(up, reply);
		else if (event == SEAL_UPLOAD_PACKAGE)
			package_take(up, reply);
		else if (event == SEAL_UPLOAD_DONE)
			reply_refuse(reply, up->peer, 400,
				     "add-entries: bytes behind the last "
				     "package");
		if (rc < 0)
			return;
		data += used;
		bytes -= used;
	}
}

static void gzip_feed(struct upload *up, const uint8_t *data, size_t bytes,
		      struct reply *reply)
{
	size_t written = INFLATE_BYTES;
	bool done = false;
	int rc;

	while (!reply->status && (bytes || written == INFLATE_BYTES)) {
		rc = seal_gunzip_step(up->gunzip, &data, &bytes, up->inflated,
				      INFLATE_BYTES, &written, &done);
		if (rc < 0)
			body_end(up, status_of(rc),
				 rc == SEAL_E_TOOBIG
					 ? "the body is too long"
					 : "the body is not valid gzip",
				 reply);
		else if (written)
			plain_feed(up, up->inflated, written, reply);
	}
}

void upload_feed(struct upload *up, const uint8_t *data, size_t bytes,
		 struct reply *reply)
{
	if (reply->status)
		return;
	if (up->gunzip)
		gzip_feed(up, data, bytes, reply);
	else
		plain_feed(up, data, bytes, reply);
}

void upload_end(struct upload *up, struct reply *reply)
{
	enum seal_upload_event event = SEAL_UPLOAD_MORE;
	size_t used;
	int rc;

	if (reply->status)
		return;
	rc = seal_upload_feed(up->parser, NULL, 0, &used, &event, NULL);
	if (rc == 0 && header_of(up) && event == SEAL_UPLOAD_DONE)
		batch_flush(up, true, reply);
	else
		body_end(up, 400, "the body ended within the first package",
			 reply);
}
