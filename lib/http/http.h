/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTPS client: keep-alive, one request at a time, the only user of
 * libcurl.  Only https; the server's certificate and name are always verified
 * (there is no way to switch it off); redirects are answers like others;
 * proxies of the environment are honoured.  A handle belongs to one thread;
 * abort alone may be called from any other.
 */
#ifndef SEAL_HTTP_HTTP_H
#define SEAL_HTTP_HTTP_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct seal_buf;
struct seal_http;

/*
 * Once per process before any thread starts (a module: in modInit), and its
 * reverse.  Calls nest.
 */
int seal_http_global_init(struct seal_diag *diag);
void seal_http_global_fini(void);

/* All strings are copied.  0 for a time or a size means the default. */
struct seal_http_config {
	const char *ca_file;	/* PEM; NULL: the system's own CAs */
	const char *cert_file;	/* PEM chain; NULL: no client certificate */
	const char *key_file;	/* PEM; NULL if and only if cert_file is */
	const char *user_agent; /* NULL: "auditseal/VERSION" */
	uint32_t connect_ms;	/* default 10,000 */
	uint32_t idle_ms;	/* no byte either way for so long: 30,000 */
	uint32_t total_ms;	/* a whole request: 300,000 */
};

/* SEAL_E_CONFIG: a file is missing or unreadable; the sentence names it. */
int seal_http_new(const struct seal_http_config *config,
		  struct seal_http **ret_http, struct seal_diag *diag);
void seal_http_free(struct seal_http *http);

/*
 * The files are read again for the next request, on a new connection (HUP).
 * Owner thread only.
 */
void seal_http_reload(struct seal_http *http);

/*
 * Any thread: the request under way, and every later one, ends with
 * SEAL_E_STOPPED, within 0.3 s even while connecting or resolving a name.
 */
void seal_http_abort(struct seal_http *http);
/* Owner thread: requests may be made again. */
void seal_http_resume(struct seal_http *http);

/*
 * A body in pieces: gives the next piece, *ret_bytes = 0 at the end.  The piece
 * stays valid until the next call.  Any error ends the request with it.
 */
typedef int (*seal_http_body_fn)(void *ctx, const uint8_t **ret_piece,
				 size_t *ret_bytes, struct seal_diag *diag);

struct seal_http_request {
	const char *url;	  /* https://... */
	const char *content_type; /* NULL: this is a GET, without a body */
	seal_http_body_fn body;	  /* POST: the body */
	void *body_ctx;
	bool gzip;	  /* Content-Encoding: gzip, streamed */
	bool accept_gzip; /* answers may be compressed; they arrive */
			  /* decoded, and the limit counts decoded bytes */
	size_t answer_bytes_max; /* of the body; more is SEAL_E_TOOBIG */
	uint32_t total_ms;	 /* 0: the handle's */
};

#define SEAL_HTTP_HEADER_BYTES 128

struct seal_http_response {
	unsigned status;			   /* 100..599 */
	char content_type[SEAL_HTTP_HEADER_BYTES]; /* "" if absent or longer */
	char accept_encoding[SEAL_HTTP_HEADER_BYTES];
	bool has_retry_after;
	uint64_t retry_after_ms; /* seconds or HTTP-date; 0 for a past date */
};

/*
 * Performs one request.  The body of the answer is appended to *ret_body
 * (emptied first).  An answer of any status is success; an answer that comes
 * before the whole body is sent counts too, and so does a proxy's refusal of
 * the tunnel.
 * SEAL_E_NET: no connection, time limit, connection lost.  SEAL_E_TLS: the
 * server's certificate, or ours, was refused (of ours it may be SEAL_E_NET: in
 * TLS 1.3 the refusal comes late, and a reset can overtake it).  SEAL_E_TOOBIG,
 * SEAL_E_STOPPED, SEAL_E_ARG (url), SEAL_E_PROTOCOL (not HTTP), or body's own
 * error.
 */
int seal_http_perform(struct seal_http *http,
		      const struct seal_http_request *request,
		      struct seal_http_response *ret_response,
		      struct seal_buf *ret_body, struct seal_diag *diag);

/* GET of at most answer_bytes_max bytes; the same as perform. */
int seal_http_get(struct seal_http *http, const char *url,
		  size_t answer_bytes_max,
		  struct seal_http_response *ret_response,
		  struct seal_buf *ret_body, struct seal_diag *diag);

/*
 * Checks and completes a server's name: "https://HOST[:PORT][/PREFIX]", default
 * port 6962, no user, query or fragment, no trailing slash in the result.
 * SEAL_E_CONFIG with the sentence.  Needs no handle.
 */
int seal_http_server_url(const char *server, struct seal_buf *ret_url,
			 struct seal_diag *diag);

#endif
