/* SPDX-License-Identifier: Apache-2.0 */
/* The request body's way out.  Contract: body.h. */
#include "http/body.h"

#include <string.h>

static int next_piece(struct seal_http_body *body, struct seal_diag *diag)
{
	int rc;

	if (body->piece_bytes || body->last)
		return 0;
	rc = body->next(body->ctx, &body->piece, &body->piece_bytes, diag);
	if (rc)
		return rc;
	body->last = !body->piece_bytes;
	return 0;
}

static void copy_plain(struct seal_http_body *body, uint8_t *out, size_t bytes,
		       size_t *ret_written)
{
	size_t n = bytes < body->piece_bytes ? bytes : body->piece_bytes;

	if (n)
		memcpy(out, body->piece, n);
	body->piece += n;
	body->piece_bytes -= n;
	body->done = body->last;
	*ret_written = n;
}

int seal_http_body_fill(struct seal_http_body *body, uint8_t *out, size_t bytes,
			size_t *ret_written, struct seal_diag *diag)
{
	size_t filled = 0, n = 0;

	while (!body->error && !body->done && filled < bytes) {
		body->error = next_piece(body, diag);
		if (body->error)
			break;
		if (body->gzip)
			body->error = seal_gzip_step(
				body->gzip, &body->piece, &body->piece_bytes,
				body->last, out + filled, bytes - filled, &n,
				&body->done);
		else
			copy_plain(body, out + filled, bytes - filled, &n);
		if (!body->error)
			filled += n;
	}
	if (body->error)
		return body->error;
	*ret_written = filled;
	return 0;
}
