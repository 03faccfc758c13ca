/* SPDX-License-Identifier: Apache-2.0 */
/* A copy in C2SP tlog-tiles, wherever its files are.  Contract: copy.h. */
#include "copy.h"

#include "core/note.h"
#include "protocol/tile.h"

#include <string.h>

#define BUNDLE_BYTES_MAX (256 * (2 + 65535))
#define TILE_BYTES_MAX	 (256 * 32)

static int get(struct cli_tiles *t, const struct seal_resource *resource,
	       size_t max, bool *ret_there, struct seal_diag *diag)
{
	char path[SEAL_RESOURCE_PATH_BYTES];
	int rc;

	if (t->get)
		return t->get(t, resource, max, ret_there, diag);
	rc = seal_resource_path(resource, path);
	return rc ? rc : t->get_path(t, path, max, ret_there, diag);
}

int cli_tiles_cosigned(struct cli_tiles *t, const struct seal_policy *policy,
		       struct cli_cosigned *cosigned, struct seal_diag *diag)
{
	char path[SEAL_COSIGNED_PATH_BYTES];
	size_t i;
	bool there;
	int rc = 0;

	for (i = 0; policy && i < seal_policy_witness_count(policy) && !rc;
	     i++) {
		rc = seal_cosigned_path(
			seal_policy_witness(policy, i)->vkey.name, path);
		if (!rc)
			rc = t->get_path(t, path, SEAL_NOTE_MAX_BYTES, &there,
					 diag);
		if (!rc && there)
			rc = cli_cosigned_add(cosigned, &t->body);
	}
	return rc;
}

/*
 * A partial resource may have been replaced by the full one meanwhile; and a
 * copy that is one size's alone has only the widths of that.
 */
static int get_part(struct cli_tiles *t, struct seal_resource *resource,
		    size_t max, bool *ret_there, struct seal_diag *diag)
{
	unsigned own = t->size ? seal_tile_width(t->size, resource->level,
						 resource->number)
			       : 0;
	int rc = get(t, resource, max, ret_there, diag);

	if (!rc && !*ret_there && own > resource->width && own != 256) {
		resource->width = own;
		rc = get(t, resource, max, ret_there, diag);
	}
	if (!rc && !*ret_there && resource->width != 256) {
		resource->width = 256;
		rc = get(t, resource, max, ret_there, diag);
	}
	if (!rc && *ret_there)
		t->bytes_read += t->body.len;
	return rc;
}

static int read_tile(void *ctx, unsigned level, uint64_t number, unsigned width,
		     struct seal_hash *ret_hashes, unsigned *ret_width,
		     struct seal_diag *diag)
{
	struct cli_tiles *t = ctx;
	struct seal_resource resource = {SEAL_RESOURCE_TILE, level, number,
					 width};
	bool there;
	size_t have;
	int rc = get_part(t, &resource, TILE_BYTES_MAX, &there, diag);

	if (rc && rc != SEAL_E_TOOBIG)
		return rc;
	have = rc || !there ? 0 : t->body.len / 32;
	*ret_width = have < width ? (unsigned)have : width;
	if (*ret_width)
		memcpy(ret_hashes, t->body.data, *ret_width * 32);
	return 0;
}

/* Of a full bundle only the first `width` entries are wanted. */
static size_t cut(const struct seal_buf *body, unsigned width)
{
	size_t at = 0, len;

	while (width-- && body->len - at >= 2) {
		len = (size_t)body->data[at] << 8 | body->data[at + 1];
		if (body->len - at - 2 < len)
			return body->len;
		at += 2 + len;
	}
	return at;
}

static int read_bundle(void *ctx, uint64_t number, unsigned width, bool all,
		       const uint8_t **ret_bytes, size_t *ret_len,
		       struct seal_diag *diag)
{
	struct cli_tiles *t = ctx;
	struct seal_resource resource = {SEAL_RESOURCE_ENTRIES, 0, number,
					 width};
	bool there;
	int rc = get_part(t, &resource, BUNDLE_BYTES_MAX, &there, diag);

	if (rc)
		return rc;
	*ret_bytes = t->body.data;
	*ret_len = !there			     ? 0
		   : resource.width != width && !all ? cut(&t->body, width)
						     : t->body.len;
	return 0;
}

static void progress(void *ctx, uint64_t done, uint64_t total)
{
	struct cli_tiles *t = ctx;

	cli_progress_step(&t->progress, done, total, done);
}

int cli_tiles_visit(struct cli_tiles *tiles, struct cli_copy *copy,
		    cli_copy_fn *fn, void *ctx, struct seal_diag *diag)
{
	struct seal_resource resource = {SEAL_RESOURCE_CHECKPOINT, 0, 0, 0};
	struct seal_buf note = SEAL_BUF_INIT;
	bool there;
	int rc;

	copy->source.ctx = tiles;
	copy->source.tile = read_tile;
	copy->source.bundle = read_bundle;
	copy->source.progress = progress;
	tiles->size = copy->size;
	tiles->bytes_read = 0;
	copy->bytes_read = &tiles->bytes_read;
	copy->source.absent = tiles->absent;
	copy->source.next = tiles->next;
	rc = get(tiles, &resource, SEAL_NOTE_MAX_BYTES, &there, diag);
	if (!rc && there) {
		seal_buf_put_buf(&note, &tiles->body);
		rc = seal_buf_error(&note);
		copy->note = note.data;
		copy->note_len = note.len;
	}
	cli_progress_begin(&tiles->progress, copy->origin, tiles->quiet);
	if (!rc)
		rc = fn(ctx, copy, diag);
	cli_progress_end(&tiles->progress);
	seal_buf_fini(&note);
	return rc;
}
