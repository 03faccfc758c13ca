/* SPDX-License-Identifier: Apache-2.0 */
/* A store's copies over HTTPS, by the tlog-tiles read side. */
#include "copy.h"
#include "judge.h"

#include "core/buf.h"
#include "http/http.h"
#include "protocol/tile.h"

#include <inttypes.h>
#include <string.h>

#define BUNDLE_BYTES_MAX (256 * (2 + 65535))
#define TILE_BYTES_MAX	 (256 * 32)

struct https_feed {
	struct seal_http *http;
	const struct seal_buf *server;
	char hash[SEAL_ORIGIN_HASH_BYTES];
	struct seal_buf body;
	struct cli_progress progress;
};

/* One resource; *ret_there is false where the server has no such thing. */
static int get(struct https_feed *f, const struct seal_resource *resource,
	       size_t max, bool *ret_there, struct seal_diag *diag)
{
	struct seal_http_response response;
	char path[SEAL_RESOURCE_PATH_BYTES];
	struct seal_buf url = SEAL_BUF_INIT;
	int rc = seal_resource_path(resource, path);

	if (rc)
		return rc;
	seal_buf_putf(&url, "%.*s/%s/%s", (int)f->server->len,
		      (const char *)f->server->data, f->hash, path);
	rc = seal_buf_error(&url);
	if (!rc)
		rc = seal_http_get(f->http, seal_buf_cstr(&url), max, &response,
				   &f->body, diag);
	if (!rc && response.status != 200 && response.status != 404)
		rc = seal_diag_set(
			diag, SEAL_E_PROTOCOL, "%s answers %u%s",
			seal_buf_cstr(&url), response.status,
			response.status == 401 || response.status == 403
				? ": a reader's certificate is needed "
				  "(--tls-cert, --tls-key)"
				: "");
	*ret_there = !rc && response.status == 200;
	seal_buf_fini(&url);
	return rc;
}

/* A partial resource may have been replaced by the full one meanwhile. */
static int get_part(struct https_feed *f, struct seal_resource *resource,
		    size_t max, bool *ret_there, struct seal_diag *diag)
{
	int rc = get(f, resource, max, ret_there, diag);

	if (rc || *ret_there || resource->width == 256)
		return rc;
	resource->width = 256;
	return get(f, resource, max, ret_there, diag);
}

static int read_tile(void *ctx, unsigned level, uint64_t number, unsigned width,
		     struct seal_hash *ret_hashes, unsigned *ret_width,
		     struct seal_diag *diag)
{
	struct https_feed *f = ctx;
	struct seal_resource resource = {SEAL_RESOURCE_TILE, level, number,
					 width};
	bool there;
	size_t have;
	int rc = get_part(f, &resource, TILE_BYTES_MAX, &there, diag);

	if (rc && rc != SEAL_E_TOOBIG)
		return rc;
	have = rc || !there ? 0 : f->body.len / 32;
	*ret_width = have < width ? (unsigned)have : width;
	if (*ret_width)
		memcpy(ret_hashes, f->body.data, *ret_width * 32);
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

static int read_bundle(void *ctx, uint64_t number, unsigned width,
		       const uint8_t **ret_bytes, size_t *ret_len,
		       struct seal_diag *diag)
{
	struct https_feed *f = ctx;
	struct seal_resource resource = {SEAL_RESOURCE_ENTRIES, 0, number,
					 width};
	bool there;
	int rc = get_part(f, &resource, BUNDLE_BYTES_MAX, &there, diag);

	if (rc)
		return rc;
	*ret_bytes = f->body.data;
	*ret_len = !there		     ? 0
		   : resource.width != width ? cut(&f->body, width)
					     : f->body.len;
	return 0;
}

static void progress(void *ctx, uint64_t done, uint64_t total)
{
	struct https_feed *f = ctx;

	cli_progress_step(&f->progress, done, total, "entries");
}

static int visit_log(struct https_feed *f, const char *origin, cli_copy_fn *fn,
		     void *ctx, struct seal_diag *diag)
{
	struct seal_resource resource = {SEAL_RESOURCE_CHECKPOINT, 0, 0, 0};
	struct cli_copy copy = {.origin = origin, .note_whole = true};
	struct seal_buf note = SEAL_BUF_INIT;
	bool there;
	int rc = seal_origin_hash(origin, f->hash);

	copy.source.ctx = f;
	copy.source.tile = read_tile;
	copy.source.bundle = read_bundle;
	copy.source.progress = progress;
	if (!rc)
		rc = get(f, &resource, SEAL_NOTE_MAX_BYTES, &there, diag);
	if (!rc && there) {
		seal_buf_put_buf(&note, &f->body);
		rc = seal_buf_error(&note);
		copy.note = note.data;
		copy.note_len = note.len;
	}
	cli_progress_begin(&f->progress, origin);
	if (!rc)
		rc = fn(ctx, &copy, diag);
	cli_progress_end(&f->progress);
	seal_buf_fini(&note);
	return rc;
}

/* A store has no list of logs for readers: the policy says which. */
static int visit_logs(const struct cli_trust *trust, const char *target,
		      struct https_feed *f, cli_copy_fn *fn, void *ctx,
		      struct seal_diag *diag)
{
	const char *origin;
	size_t i;
	int rc = 0;

	if (trust->log)
		return visit_log(f, trust->log, fn, ctx, diag);
	if (!trust->policy || !seal_policy_log_count(trust->policy))
		return seal_diag_set(diag, SEAL_E_ARG,
				     "which log of %s?  Give --policy FILE, or "
				     "--log ORIGIN",
				     target);
	for (i = 0; i < seal_policy_log_count(trust->policy) && !rc; i++) {
		origin = seal_policy_log(trust->policy, i)->vkey.name;
		if (seal_policy_find_log(trust->policy, origin, 0) == i)
			rc = visit_log(f, origin, fn, ctx, diag);
	}
	return rc;
}

int cli_https_visit(const struct cli_trust *trust, const char *target,
		    cli_copy_fn *fn, void *ctx, struct seal_diag *diag)
{
	struct seal_http_config config = {.ca_file = trust->tls_ca,
					  .cert_file = trust->tls_cert,
					  .key_file = trust->tls_key};
	struct seal_buf server = SEAL_BUF_INIT;
	struct https_feed f = {.server = &server};
	int rc;

	seal_buf_init(&f.body);
	rc = seal_http_global_init(diag);
	if (rc)
		return rc;
	rc = seal_http_server_url(target, &server, diag);
	if (!rc)
		rc = seal_http_new(&config, &f.http, diag);
	if (!rc)
		rc = visit_logs(trust, target, &f, fn, ctx, diag);
	seal_http_free(f.http);
	seal_http_global_fini();
	seal_buf_fini(&server);
	seal_buf_fini(&f.body);
	return rc;
}
