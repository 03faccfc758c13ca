/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request body on its way out: pieces from the caller, gzip on the way if
 * wanted, bytes for libcurl.  Private to lib/http; knows no libcurl.
 */
#ifndef SEAL_HTTP_BODY_H
#define SEAL_HTTP_BODY_H

#include "core/err.h"
#include "http/http.h"
#include "protocol/gzip.h"

/* What is collected first: a body that fits goes with its Content-Length. */
#define SEAL_HTTP_FIRST_BYTES (256 * 1024)

struct seal_http_body {
	seal_http_body_fn next;
	void *ctx;
	struct seal_gzip *gzip; /* NULL: as it is; borrowed */
	const uint8_t *piece;	/* rest of the present piece */
	size_t piece_bytes;
	bool last; /* the caller has no further piece */
	bool done; /* everything was given */
	int error; /* of the caller or of gzip; sticky */
};

/*
 * Writes up to bytes to out; *ret_written is less only at the end (done).
 * On error it is body->error that is returned.
 */
int seal_http_body_fill(struct seal_http_body *body, uint8_t *out, size_t bytes,
			size_t *ret_written, struct seal_diag *diag);

#endif
