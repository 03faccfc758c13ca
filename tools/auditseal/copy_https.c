/* SPDX-License-Identifier: Apache-2.0 */
/* A store's copies over HTTPS, by the tlog-tiles read side. */
#include "copy.h"
#include "judge.h"

#include "core/buf.h"
#include "http/http.h"

#include <string.h>

struct https_feed {
	struct cli_tiles tiles; /* the first, to get from it to this */
	struct seal_http *http;
	const struct seal_buf *server;
	char hash[SEAL_ORIGIN_HASH_BYTES];
};

/* *ret_there is false where the server has no such thing. */
static int get_path(struct cli_tiles *tiles, const char *path, size_t max,
		    bool *ret_there, struct seal_diag *diag)
{
	struct https_feed *f = (struct https_feed *)tiles;
	struct seal_http_response response;
	struct seal_buf url = SEAL_BUF_INIT;
	int rc;

	seal_buf_putf(&url, "%.*s/%s/%s", (int)f->server->len,
		      (const char *)f->server->data, f->hash, path);
	rc = seal_buf_error(&url);
	if (!rc)
		rc = seal_http_get(f->http, seal_buf_cstr(&url), max, &response,
				   &f->tiles.body, diag);
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

static int visit_log(const struct cli_trust *trust, struct https_feed *f,
		     const char *origin, cli_copy_fn *fn, void *ctx,
		     struct seal_diag *diag)
{
	struct cli_copy copy = {.origin = origin, .note_whole = true};
	struct cli_cosigned cosigned = {0};
	int rc = seal_origin_hash(origin, f->hash);

	if (!rc)
		rc = cli_tiles_cosigned(&f->tiles, trust->policy, &cosigned,
					diag);
	copy.cosigned = cosigned.note;
	copy.cosigned_count = cosigned.count;
	if (!rc)
		rc = cli_tiles_visit(&f->tiles, &copy, fn, ctx, diag);
	cli_cosigned_fini(&cosigned);
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
		return visit_log(trust, f, trust->log, fn, ctx, diag);
	if (!trust->policy || !seal_policy_log_count(trust->policy))
		return seal_diag_set(diag, SEAL_E_ARG,
				     "which log of %s?  Give --policy FILE, or "
				     "--log ORIGIN",
				     target);
	for (i = 0; i < seal_policy_log_count(trust->policy) && !rc; i++) {
		origin = seal_policy_log(trust->policy, i)->vkey.name;
		if (seal_policy_find_log(trust->policy, origin, 0) == i)
			rc = visit_log(trust, f, origin, fn, ctx, diag);
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
	struct https_feed f = {
		.tiles = {.get_path = get_path, .quiet = trust->quiet},
		.server = &server};
	int rc;

	seal_buf_init(&f.tiles.body);
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
	seal_buf_fini(&f.tiles.body);
	return rc;
}
