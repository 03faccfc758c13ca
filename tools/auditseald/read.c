/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The read side: checkpoint, tiles and entry bundles of a log, as C2SP
 * tlog-tiles has them, up to the size the store has vouched for.
 */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "protocol/tile.h"
#include "store.h"

#define HASH_CHARS (SEAL_ORIGIN_HASH_BYTES - 1)

#define CACHE_NEVER   "no-cache"
#define CACHE_FOREVER "private, max-age=31536000, immutable"

/* path begins with the hex SHA-256 of an origin. */
static int log_find(struct store *store, const char *path,
		    struct seal_storage_log *ret_log, struct seal_diag *diag)
{
	struct seal_hash hash;

	if (seal_hex_decode(path, HASH_CHARS, hash.b, SEAL_HASH_BYTES) < 0)
		return SEAL_E_NOTFOUND;
	return store->storage->ops->get_log_by_hash(store->storage, &hash,
						    ret_log, diag);
}

/* Lines of others' witnesses on the checkpoint of a size. */
static int witnesses_put(struct store *store,
			 const struct seal_storage_log *log, uint64_t size,
			 struct seal_buf *body, struct seal_diag *diag)
{
	struct seal_storage_cosignature *list = NULL;
	size_t count = 0, i;
	int rc;

	rc = store->storage->ops->list_cosignatures(store->storage, log->id,
						    &list, &count, diag);
	for (i = 0; i < count; i++)
		if (list[i].size == size)
			seal_buf_put(body, list[i].lines, list[i].lines_bytes);
	seal_storage_cosignatures_free(list, count);
	return rc;
}

static int checkpoint_get(struct store *store,
			  const struct seal_storage_log *log,
			  struct reply *reply, struct seal_diag *diag)
{
	struct seal_storage_checkpoint cp = {0};
	int rc;

	rc = store->storage->ops->get_receipted(store->storage, log->id, &cp,
						diag);
	if (rc < 0)
		return rc;
	reply_ok(reply, SEAL_TYPE_TEXT);
	reply->cache = CACHE_NEVER;
	seal_buf_put(&reply->body, cp.note, cp.note_bytes);
	seal_buf_put(&reply->body, cp.receipt, cp.receipt_bytes);
	rc = witnesses_put(store, log, cp.size, &reply->body, diag);
	seal_storage_checkpoint_fini(&cp);
	return rc;
}

/* NULL: no witness whose name has this hash. */
static const struct seal_storage_cosignature *
cosignature_find(const struct seal_storage_cosignature *list, size_t count,
		 const char *path)
{
	char own[SEAL_COSIGNED_PATH_BYTES];
	size_t i;

	for (i = 0; i < count; i++)
		if (seal_cosigned_path(list[i].name, own) == 0 &&
		    !strcmp(path, own))
			return &list[i];
	return NULL;
}

static int cosigned_get(struct store *store, const struct seal_storage_log *log,
			const char *path, struct reply *reply,
			struct seal_diag *diag)
{
	const struct seal_storage_cosignature *found = NULL;
	struct seal_storage_cosignature *list = NULL;
	struct seal_storage_checkpoint cp = {0};
	size_t count = 0;
	int rc;

	rc = store->storage->ops->list_cosignatures(store->storage, log->id,
						    &list, &count, diag);
	if (rc == 0) {
		found = cosignature_find(list, count, path);
		rc = found ? store->storage->ops->get_checkpoint(
				     store->storage, log->id, found->size, &cp,
				     diag)
			   : SEAL_E_NOTFOUND;
	}
	if (rc == 0) {
		reply_ok(reply, SEAL_TYPE_TEXT);
		reply->cache = CACHE_NEVER;
		seal_buf_put(&reply->body, cp.note, cp.note_bytes);
		seal_buf_put(&reply->body, cp.receipt, cp.receipt_bytes);
		seal_buf_put(&reply->body, found->lines, found->lines_bytes);
	}
	seal_storage_checkpoint_fini(&cp);
	seal_storage_cosignatures_free(list, count);
	return rc;
}

static int tile_get(struct store *store, const struct seal_storage_log *log,
		    const struct seal_resource *resource, struct reply *reply,
		    struct seal_diag *diag)
{
	struct seal_hash hashes[SEAL_STORAGE_WIDTH];
	unsigned width = 0;
	int rc;

	rc = store->storage->ops->get_tile(store->storage, log->id,
					   resource->level, resource->number,
					   hashes, &width, diag);
	if (rc == 0 && width < resource->width)
		rc = seal_diag_set(diag, SEAL_E_DAMAGED,
				   "the store's database: a tile of %s is not "
				   "complete",
				   log->origin);
	if (rc < 0)
		return rc;
	reply_ok(reply, SEAL_TYPE_OCTETS);
	seal_buf_put(&reply->body, hashes, resource->width * sizeof(*hashes));
	return 0;
}

static int entries_get(struct store *store, const struct seal_storage_log *log,
		       const struct seal_resource *resource,
		       struct reply *reply, struct seal_diag *diag)
{
	int rc;

	reply_ok(reply, SEAL_TYPE_OCTETS);
	rc = store->storage->ops->get_entries(store->storage, log->id,
					      resource->number, resource->width,
					      &reply->body, diag);
	if (rc == SEAL_E_NOTFOUND)
		rc = SEAL_E_DAMAGED;
	return rc;
}

/* A tile that the tree vouched for has: its width there, or less. */
static bool resource_exists(const struct seal_storage_log *log,
			    const struct seal_resource *resource)
{
	return seal_tile_width(log->mirror, resource->level,
			       resource->number) >= resource->width;
}

static int resource_get(struct store *store, const struct seal_storage_log *log,
			const struct seal_resource *resource,
			struct reply *reply, struct seal_diag *diag)
{
	int rc;

	if (resource->kind == SEAL_RESOURCE_CHECKPOINT)
		return checkpoint_get(store, log, reply, diag);
	if (!resource_exists(log, resource))
		return SEAL_E_NOTFOUND;
	rc = resource->kind == SEAL_RESOURCE_TILE
		     ? tile_get(store, log, resource, reply, diag)
		     : entries_get(store, log, resource, reply, diag);
	reply->cache = CACHE_FOREVER;
	return rc;
}

/*
 * The store's word on its log, which a host that halts keeps as evidence, and
 * the witnesses', which its policy may ask for.
 */
static bool is_own(const struct peer *peer, const struct seal_storage_log *log,
		   const struct seal_resource *resource, bool cosigned)
{
	return (cosigned || resource->kind == SEAL_RESOURCE_CHECKPOINT) &&
	       peer_may_write(peer, log->origin);
}

void read_resource(struct store *store, const struct peer *peer,
		   const char *path, struct reply *reply)
{
	struct seal_resource resource;
	struct seal_storage_log log;
	struct seal_diag diag = {0};
	size_t len = strlen(path);
	bool cosigned = false;
	int rc = SEAL_E_NOTFOUND;

	if (len > HASH_CHARS + 1 && path[HASH_CHARS] == '/') {
		rc = seal_resource_parse(path + HASH_CHARS + 1,
					 len - HASH_CHARS - 1, &resource);
		cosigned = seal_cosigned_is(path + HASH_CHARS + 1);
	}
	if (rc == 0 || cosigned)
		rc = log_find(store, path, &log, &diag);
	if (!peer_may_read(peer) &&
	    !(rc == 0 && is_own(peer, &log, &resource, cosigned))) {
		reply_refuse(reply, peer, 403,
			     "this certificate may not read logs");
		return;
	}
	if (rc == 0)
		rc = cosigned ? cosigned_get(store, &log, path + HASH_CHARS + 1,
					     reply, &diag)
			      : resource_get(store, &log, &resource, reply,
					     &diag);
	if (rc == SEAL_E_NOTFOUND)
		reply_absent(reply, "there is no such resource here");
	else if (rc < 0)
		reply_error(reply, &diag);
}
