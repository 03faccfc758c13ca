/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one user of libmicrohttpd: a thread a connection, so that a handler may
 * wait for the disk.  An answer that is known in the middle of a body is sent
 * behind it, since the library can send it no earlier.  Contract: server.h.
 */
#include "server.h"

#include <microhttpd.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "peer.h"
#include "protocol/limits.h"
#include "say.h"

#define CONNECTIONS_MAX	   1000
#define CONNECTION_MEMORY  (256 * 1024)
#define THREAD_STACK	   (512 * 1024)
#define IDLE_S		   75
#define PRIORITIES	   "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"
#define RETRY_AFTER_S_TEXT "5"

struct http_server {
	struct MHD_Daemon *daemon;
	struct http_handler handler;
	atomic_uint busy; /* exchanges */
};

/* One connection: its certificate is looked at with the first request. */
struct connection {
	bool checked;
	bool trusted;
	struct peer peer;
	struct seal_diag fault;
};

struct exchange {
	void *state; /* the handler's */
	struct reply reply;
	bool sent;
};

static void complain(void *ctx, const char *fmt, va_list args)
{
	char line[256];
	size_t len;

	(void)ctx;
	vsnprintf(line, sizeof(line), fmt, args);
	len = strcspn(line, "\n");
	line[len] = '\0';
	say("http: %s", line);
}

static void connection_notify(void *ctx, struct MHD_Connection *mhd,
			      void **socket_context,
			      enum MHD_ConnectionNotificationCode code)
{
	(void)ctx;
	(void)mhd;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = calloc(1, sizeof(struct connection));
	} else {
		free(*socket_context);
		*socket_context = NULL;
	}
}

static struct connection *connection_of(struct MHD_Connection *mhd)
{
	const union MHD_ConnectionInfo *info;

	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

/* NULL: no memory. */
static const struct connection *peer_check(struct MHD_Connection *mhd)
{
	struct connection *c = connection_of(mhd);
	const union MHD_ConnectionInfo *info;

	if (!c || c->checked)
		return c;
	info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
	if (info && info->tls_session)
		c->trusted = peer_verify(info->tls_session, &c->peer,
					 &c->fault) == 0;
	c->checked = true;
	return c;
}

static const char *header(struct MHD_Connection *mhd, const char *name)
{
	const char *value =
		MHD_lookup_connection_value(mhd, MHD_HEADER_KIND, name);

	return value ? value : "";
}

static uint64_t content_length(struct MHD_Connection *mhd)
{
	const char *text = header(mhd, MHD_HTTP_HEADER_CONTENT_LENGTH);
	char *end;
	unsigned long long value;

	if (!*text)
		return UINT64_MAX;
	value = strtoull(text, &end, 10);
	return *end ? UINT64_MAX : value;
}

static void request_begin(struct http_server *server,
			  struct MHD_Connection *mhd,
			  const struct connection *c, const char *method,
			  const char *path, struct exchange *ex)
{
	struct http_request request = {
		.method = method,
		.path = path,
		.content_type = header(mhd, MHD_HTTP_HEADER_CONTENT_TYPE),
		.content_encoding =
			header(mhd, MHD_HTTP_HEADER_CONTENT_ENCODING),
		.accept_encoding = header(mhd, MHD_HTTP_HEADER_ACCEPT_ENCODING),
		.content_length = content_length(mhd),
		.peer = c->trusted ? &c->peer : NULL,
		.peer_fault = c->fault.text,
	};

	server->handler.begin(server->handler.ctx, &request, &ex->state,
			      &ex->reply);
}

static bool headers_add(struct MHD_Response *response,
			const struct reply *reply)
{
	bool ok = true;

	if (reply->type)
		ok = ok && MHD_add_response_header(response,
						   MHD_HTTP_HEADER_CONTENT_TYPE,
						   reply->type) == MHD_YES;
	if (reply->cache)
		ok = ok && MHD_add_response_header(
				   response, MHD_HTTP_HEADER_CACHE_CONTROL,
				   reply->cache) == MHD_YES;
	if (reply->encoding)
		ok = ok && MHD_add_response_header(
				   response, MHD_HTTP_HEADER_CONTENT_ENCODING,
				   reply->encoding) == MHD_YES;
	if (reply->accept)
		ok = ok && MHD_add_response_header(
				   response, MHD_HTTP_HEADER_ACCEPT_ENCODING,
				   reply->accept) == MHD_YES;
	if (reply->status == 503)
		ok = ok && MHD_add_response_header(
				   response, MHD_HTTP_HEADER_RETRY_AFTER,
				   RETRY_AFTER_S_TEXT) == MHD_YES;
	return ok;
}

/* The body's memory goes to the library. */
static enum MHD_Result reply_send(struct MHD_Connection *mhd,
				  struct exchange *ex)
{
	struct reply *reply = &ex->reply;
	struct MHD_Response *response;
	enum MHD_Result result = MHD_NO;
	size_t bytes = 0;
	uint8_t *body;

	ex->sent = true;
	if (!reply->status || seal_buf_error(&reply->body))
		reply->status = 503;
	body = seal_buf_steal(&reply->body, &bytes);
	response = MHD_create_response_from_buffer(body ? bytes : 0, body,
						   MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(body);
		return MHD_NO;
	}
	if (headers_add(response, reply))
		result = MHD_queue_response(mhd, reply->status, response);
	MHD_destroy_response(response);
	return result;
}

/*
 * An answer to a request without a body waits for the next call: one that is
 * queued before ends the connection.
 */
static bool body_expected(const char *method)
{
	return strcmp(method, MHD_HTTP_METHOD_GET) &&
	       strcmp(method, MHD_HTTP_METHOD_HEAD);
}

static enum MHD_Result exchange_begin(struct http_server *server,
				      struct MHD_Connection *mhd,
				      const char *method, const char *path,
				      void **request_ctx)
{
	const struct connection *c = peer_check(mhd);
	struct exchange *ex;

	ex = c ? calloc(1, sizeof(*ex)) : NULL;
	if (!ex)
		return MHD_NO;
	*request_ctx = ex;
	atomic_fetch_add(&server->busy, 1);
	request_begin(server, mhd, c, method, path, ex);
	if (ex->reply.status && body_expected(method))
		return reply_send(mhd, ex);
	return MHD_YES;
}

static enum MHD_Result access_handle(void *ctx, struct MHD_Connection *mhd,
				     const char *url, const char *method,
				     const char *version,
				     const char *upload_data,
				     size_t *upload_bytes, void **request_ctx)
{
	struct http_server *server = ctx;
	struct exchange *ex = *request_ctx;

	(void)version;
	if (!ex)
		return exchange_begin(server, mhd, method, url, request_ctx);
	if (ex->sent)
		return MHD_YES;
	if (*upload_bytes) {
		if (!ex->reply.status)
			server->handler.body(ex->state,
					     (const uint8_t *)upload_data,
					     *upload_bytes, &ex->reply);
		*upload_bytes = 0;
		return MHD_YES;
	}
	if (!ex->reply.status)
		server->handler.end(ex->state, &ex->reply);
	return reply_send(mhd, ex);
}

static void exchange_end(void *ctx, struct MHD_Connection *mhd,
			 void **request_ctx,
			 enum MHD_RequestTerminationCode code)
{
	struct http_server *server = ctx;
	struct exchange *ex = *request_ctx;

	(void)mhd;
	(void)code;
	if (!ex)
		return;
	server->handler.finish(ex->state);
	reply_fini(&ex->reply);
	free(ex);
	*request_ctx = NULL;
	atomic_fetch_sub(&server->busy, 1);
}

int http_server_start(int listen_fd, const struct http_tls *tls,
		      const struct http_handler *handler,
		      struct http_server **ret_server, struct seal_diag *diag)
{
	struct http_server *server = calloc(1, sizeof(*server));
	int fd = dup(listen_fd); /* the library closes it */

	if (!server || fd < 0) {
		free(server);
		if (fd >= 0)
			close(fd);
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	}
	server->handler = *handler;
	server->daemon = MHD_start_daemon(
		MHD_USE_THREAD_PER_CONNECTION |
			MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
			MHD_USE_TLS | MHD_USE_ITC | MHD_USE_ERROR_LOG,
		0, NULL, NULL, access_handle, server,
		MHD_OPTION_EXTERNAL_LOGGER, complain, NULL,
		MHD_OPTION_LISTEN_SOCKET, (MHD_socket)fd,
		MHD_OPTION_HTTPS_MEM_CERT, tls->certificate,
		MHD_OPTION_HTTPS_MEM_KEY, tls->key, MHD_OPTION_HTTPS_MEM_TRUST,
		tls->ca, MHD_OPTION_HTTPS_PRIORITIES, PRIORITIES,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S,
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)THREAD_STACK,
		MHD_OPTION_NOTIFY_CONNECTION, connection_notify, NULL,
		MHD_OPTION_NOTIFY_COMPLETED, exchange_end, server,
		MHD_OPTION_END);
	if (!server->daemon) {
		close(fd);
		free(server);
		return seal_diag_set(diag, SEAL_E_TLS,
				     "the HTTPS server does not start: check "
				     "that certificate, key and CA belong "
				     "together");
	}
	*ret_server = server;
	return 0;
}

void http_server_quiesce(struct http_server *server)
{
	MHD_socket fd = MHD_quiesce_daemon(server->daemon);

	if (fd != MHD_INVALID_SOCKET)
		close(fd);
}

unsigned http_server_busy(struct http_server *server)
{
	return atomic_load(&server->busy);
}

void http_server_stop(struct http_server *server)
{
	if (!server)
		return;
	MHD_stop_daemon(server->daemon);
	free(server);
}
