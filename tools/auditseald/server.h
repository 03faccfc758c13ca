/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTPS with client certificates, behind a small interface: requests in,
 * replies out.  The only part that knows libmicrohttpd.  A certificate is
 * verified once a connection, before a byte of any body is read.
 */
#ifndef AUDITSEALD_SERVER_H
#define AUDITSEALD_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "store.h"

/* What is known before the body; borrowed until begin returns. */
struct http_request {
	const char *method;
	const char *path;	  /* as sent, without a query */
	const char *content_type; /* "" if absent, and so below */
	const char *content_encoding;
	const char *accept_encoding;
	uint64_t content_length; /* UINT64_MAX: not said */
	const struct peer *peer; /* NULL: no valid certificate; lives as long
				    as the request */
	const char *peer_fault;	 /* then: why, a sentence */
};

/* reply->status != 0 ends the request with this answer, at any time. */
struct http_handler {
	void *ctx;
	void (*begin)(void *ctx, const struct http_request *request,
		      void **ret_state, struct reply *reply);
	void (*body)(void *state, const uint8_t *data, size_t bytes,
		     struct reply *reply);
	void (*end)(void *state, struct reply *reply); /* must answer */
	void (*finish)(void *state); /* always, also after a broken request */
};

/* PEM texts; copied where needed, not kept. */
struct http_tls {
	const char *certificate;
	const char *key;
	const char *ca; /* signs the clients */
};

struct http_server;

/*
 * Serves on a listening socket, which stays the caller's.  TLS: the texts are
 * not a certificate, its key and a CA.  NET: the server could not be started.
 */
int http_server_start(int listen_fd, const struct http_tls *tls,
		      const struct http_handler *handler,
		      struct http_server **ret_server, struct seal_diag *diag);

/* No new connections; those that are there go on. */
void http_server_quiesce(struct http_server *server);
/* Requests that are being answered now. */
unsigned http_server_busy(struct http_server *server);

/* Ends every connection.  NULL: nothing. */
void http_server_stop(struct http_server *server);

#endif
