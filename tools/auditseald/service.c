/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Routes: /add-checkpoint, /add-entries, /witness/, /healthz, and all else is
 * read.  Without a client certificate only /healthz is answered, which says
 * nothing but that the store runs, and /witness/, whose requests are believed
 * by the log's signature (docs/adr/0045).
 */
#include "service.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "protocol/gzip.h"
#include "protocol/limits.h"
#include "say.h"
#include "witness.h"

#define PATH_HEALTH    "/healthz"
#define COMPRESS_BYTES 1024 /* shorter answers are sent as they are */

/* A request with a body. */
struct post {
	struct store *store;
	const struct peer *peer;
	struct upload *upload; /* add-entries */
	struct seal_buf body;  /* add-checkpoint: all of it */
	bool witness;	       /* add-checkpoint of the witness */
};

static void post_finish(void *state)
{
	struct post *post = state;

	if (!post)
		return;
	upload_free(post->upload);
	seal_buf_fini(&post->body);
	free(post);
}

static void no_memory(struct reply *reply)
{
	struct seal_diag diag = {0};

	seal_diag_set(&diag, SEAL_E_NOMEM, "out of memory");
	reply_error(reply, &diag);
}

static struct post *post_begin(struct store *store, const struct peer *peer,
			       void **ret_state, struct reply *reply)
{
	struct post *post = calloc(1, sizeof(*post));

	if (!post) {
		no_memory(reply);
		return NULL;
	}
	post->store = store;
	post->peer = peer;
	*ret_state = post;
	return post;
}

static bool identity(const char *encoding)
{
	return !*encoding || !strcasecmp(encoding, "identity");
}

static void checkpoint_begin(struct store *store,
			     const struct http_request *request, bool witness,
			     void **ret_state, struct reply *reply)
{
	struct post *post;

	if (!identity(request->content_encoding))
		reply_refuse(reply, request->peer, 415,
			     "add-checkpoint: the body must not be compressed");
	else if (request->content_length != UINT64_MAX &&
		 request->content_length > SEAL_ADD_CHECKPOINT_BYTES_MAX)
		reply_refuse(reply, request->peer, 413,
			     "add-checkpoint: the body is too long");
	else if ((post = post_begin(store, request->peer, ret_state, reply)))
		post->witness = witness;
}

/* The media type alone counts, without parameters. */
static bool type_is(const char *type, const char *want)
{
	size_t len = strlen(want);

	return !strncasecmp(type, want, len) &&
	       (!type[len] || type[len] == ';' || type[len] == ' ');
}

static void entries_begin(struct store *store,
			  const struct http_request *request, void **ret_state,
			  struct reply *reply)
{
	bool gzip = !strcasecmp(request->content_encoding, "gzip");
	struct post *post;

	reply->accept = "gzip";
	if (!type_is(request->content_type, SEAL_TYPE_OCTETS)) {
		reply_refuse(reply, request->peer, 415,
			     "add-entries: the content type must be %s",
			     SEAL_TYPE_OCTETS);
		return;
	}
	if (!gzip && !identity(request->content_encoding)) {
		reply_refuse(reply, request->peer, 415,
			     "add-entries: the only content encoding taken is "
			     "gzip");
		return;
	}
	post = post_begin(store, request->peer, ret_state, reply);
	if (post && upload_new(store, request->peer, gzip, &post->upload) < 0)
		no_memory(reply);
}

static void post_body(void *state, const uint8_t *data, size_t bytes,
		      struct reply *reply)
{
	struct post *post = state;

	if (!post)
		return; /* a GET with a body: not looked at */
	if (post->upload) {
		upload_feed(post->upload, data, bytes, reply);
		return;
	}
	if (post->body.len + bytes > SEAL_ADD_CHECKPOINT_BYTES_MAX)
		reply_refuse(reply, post->peer, 413,
			     "add-checkpoint: the body is too long");
	else
		seal_buf_put(&post->body, data, bytes);
}

static void post_end(void *state, struct reply *reply)
{
	struct post *post = state;

	if (!post || seal_buf_error(&post->body))
		no_memory(reply);
	else if (post->upload)
		upload_end(post->upload, reply);
	else if (post->witness)
		witness_add_checkpoint(post->store, post->peer, post->body.data,
				       post->body.len, reply);
	else
		add_checkpoint(post->store, post->peer, post->body.data,
			       post->body.len, reply);
}

/* Does the list of encodings name gzip, and not with q=0? */
static bool gzip_wanted(const char *accept)
{
	const char *at = strcasestr(accept, "gzip");

	return at && strncasecmp(at + 4, ";q=0", 4);
}

static int compress_into(struct seal_gzip *gzip, const struct seal_buf *body,
			 struct seal_buf *out)
{
	const uint8_t *in = body->data;
	size_t left = body->len, written;
	bool done = false;
	uint8_t *room;
	int rc = 0;

	while (rc == 0 && !done && out->len < body->len) {
		room = seal_buf_extend(out, 65536);
		if (!room)
			return SEAL_E_NOMEM;
		rc = seal_gzip_step(gzip, &in, &left, true, room, 65536,
				    &written, &done);
		seal_buf_truncate(out,
				  out->len - 65536 + (rc == 0 ? written : 0));
	}
	return rc == 0 && !done ? SEAL_E_TOOBIG : rc;
}

/* Sent as it is if that is shorter, or if anything fails. */
static void reply_compress(struct reply *reply)
{
	struct seal_buf out = SEAL_BUF_INIT;
	struct seal_gzip *gzip = NULL;

	if (reply->status != 200 || reply->body.len < COMPRESS_BYTES ||
	    seal_gzip_new(&gzip) < 0)
		return;
	if (compress_into(gzip, &reply->body, &out) == 0 &&
	    out.len < reply->body.len) {
		seal_buf_fini(&reply->body);
		reply->body = out;
		reply->encoding = "gzip";
	} else {
		seal_buf_fini(&out);
	}
	seal_gzip_free(gzip);
}

static void get_begin(struct store *store, const struct http_request *request,
		      struct reply *reply)
{
	read_resource(store, request->peer, request->path + 1, reply);
	if (gzip_wanted(request->accept_encoding) &&
	    strstr(request->path, "/tile/entries/"))
		reply_compress(reply);
}

#define WITNESS_PREFIX_BYTES (sizeof(WITNESS_PREFIX "/") - 1)

static bool is_witness(const char *path)
{
	return !strncmp(path, WITNESS_PREFIX "/", WITNESS_PREFIX_BYTES);
}

static bool is_get(const struct http_request *request)
{
	return !strcmp(request->method, "GET") ||
	       !strcmp(request->method, "HEAD");
}

static void not_a_request(const struct http_request *request,
			  struct reply *reply)
{
	reply_refuse(reply, request->peer, 405,
		     "%.16s %.80s is not a request to a store", request->method,
		     request->path);
}

static void witness_route(struct store *store,
			  const struct http_request *request, void **ret_state,
			  struct reply *reply)
{
	if (!strcmp(request->path, WITNESS_PREFIX SEAL_PATH_ADD_CHECKPOINT) &&
	    !strcmp(request->method, "POST"))
		checkpoint_begin(store, request, true, ret_state, reply);
	else if (is_get(request))
		witness_read(store, request->path + WITNESS_PREFIX_BYTES,
			     reply);
	else
		not_a_request(request, reply);
}

static void request_route(struct store *store,
			  const struct http_request *request, void **ret_state,
			  struct reply *reply)
{
	bool post = !strcmp(request->method, "POST");

	if (!strcmp(request->path, SEAL_PATH_ADD_CHECKPOINT) && post)
		checkpoint_begin(store, request, false, ret_state, reply);
	else if (!strcmp(request->path, SEAL_PATH_ADD_ENTRIES) && post)
		entries_begin(store, request, ret_state, reply);
	else if (is_get(request) && request->path[0] == '/')
		get_begin(store, request, reply);
	else
		not_a_request(request, reply);
}

static void request_begin(void *ctx, const struct http_request *request,
			  void **ret_state, struct reply *reply)
{
	struct store *store = ctx;

	if (!strcmp(request->path, PATH_HEALTH)) {
		reply_ok(reply, SEAL_TYPE_TEXT);
		seal_buf_put_str(&reply->body, "ok\n");
	} else if (is_witness(request->path)) {
		witness_route(store, request, ret_state, reply);
	} else if (!request->peer) {
		reply_refuse(reply, NULL, 403, "%s", request->peer_fault);
	} else {
		request_route(store, request, ret_state, reply);
	}
}

struct http_handler service_handler(struct store *store)
{
	struct http_handler handler = {
		.ctx = store,
		.begin = request_begin,
		.body = post_body,
		.end = post_end,
		.finish = post_finish,
	};

	return handler;
}
