/* SPDX-License-Identifier: Apache-2.0 */
/* Spool and HTTPS client behind the sender's tables.  Contract: uplink.h. */
#include "uplink/uplink.h"

#include "core/buf.h"
#include "core/crypto.h"
#include "http/http.h"
#include "protocol/limits.h"
#include "spool/spool.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define URL_BYTES 1280

static int sealed(void *ctx, uint64_t *ret_size, struct seal_diag *diag)
{
	struct seal_uplink *up = ctx;

	(void)diag;
	*ret_size = seal_spool_size(up->spool);
	return 0;
}

static int offer(void *ctx, uint64_t min, uint64_t max,
		 struct seal_forward_offer *ret_offer, struct seal_diag *diag)
{
	struct seal_uplink *up = ctx;
	struct seal_head head;
	int rc = seal_spool_offer(up->spool, up->mirror, min, max, &head,
				  ret_offer->note, diag);

	if (rc)
		return rc;
	ret_offer->size = head.size;
	ret_offer->root = head.root;
	return 0;
}

static int frontier(void *ctx, uint64_t size,
		    struct seal_frontier *ret_frontier, struct seal_diag *diag)
{
	struct seal_uplink *up = ctx;

	return seal_spool_frontier(up->spool, size, ret_frontier, diag);
}

static int read_entries(void *ctx, uint64_t first, uint64_t end,
			seal_forward_entry_fn each, void *each_ctx,
			struct seal_diag *diag)
{
	struct seal_uplink *up = ctx;

	return seal_spool_read(up->spool, first, end, each, each_ctx, diag);
}

static int receipt(void *ctx, uint64_t size, uint64_t time_s,
		   const uint8_t *note, size_t note_bytes,
		   struct seal_diag *diag)
{
	struct seal_uplink *up = ctx;

	return seal_spool_receipt(up->spool, up->mirror, size, time_s, note,
				  note_bytes, diag);
}

void seal_uplink_source(struct seal_uplink *up,
			struct seal_forward_source *ret_source)
{
	*ret_source = (struct seal_forward_source){
		.ctx = up,
		.sealed = sealed,
		.offer = offer,
		.frontier = frontier,
		.read = read_entries,
		.receipt = receipt,
	};
}

static int perform(struct seal_uplink *up, const char *path,
		   struct seal_http_request *request,
		   struct seal_forward_answer *ret_answer,
		   struct seal_diag *diag)
{
	struct seal_http_response response;
	char url[URL_BYTES];
	int rc = snprintf(url, sizeof(url), "%s%s", up->url, path);

	if (rc < 0 || (size_t)rc >= sizeof(url))
		return seal_diag_set(diag, SEAL_E_ARG, "the URL is too long");
	request->url = url;
	request->answer_bytes_max = SEAL_ANSWER_BYTES_MAX;
	rc = seal_http_perform(up->http, request, &response, ret_answer->body,
			       diag);
	if (rc)
		return rc;
	ret_answer->status = response.status;
	ret_answer->has_retry_after = response.has_retry_after;
	ret_answer->retry_after_ms = response.retry_after_ms;
	memcpy(ret_answer->content_type, response.content_type,
	       sizeof(ret_answer->content_type));
	return 0;
}

static int post(void *ctx, const char *path, const char *content_type,
		bool gzip, seal_forward_body_fn body, void *body_ctx,
		struct seal_forward_answer *ret_answer, struct seal_diag *diag)
{
	struct seal_http_request request = {.content_type = content_type,
					    .gzip = gzip,
					    .body = body,
					    .body_ctx = body_ctx};

	return perform(ctx, path, &request, ret_answer, diag);
}

static int get(void *ctx, const char *path,
	       struct seal_forward_answer *ret_answer, struct seal_diag *diag)
{
	struct seal_http_request request = {.accept_gzip = true};

	return perform(ctx, path, &request, ret_answer, diag);
}

static void abort_request(void *ctx)
{
	struct seal_uplink *up = ctx;

	seal_http_abort(up->http);
}

void seal_uplink_transport(struct seal_uplink *up,
			   struct seal_forward_transport *ret_transport)
{
	*ret_transport = (struct seal_forward_transport){
		.ctx = up, .post = post, .get = get, .abort = abort_request};
}

static uint64_t boot_ms(void *ctx)
{
	struct timespec t;

	(void)ctx;
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static uint32_t random_u32(void *ctx)
{
	uint32_t v = 0;

	(void)ctx;
	/* Only spreads retries: without it they come at the shortest time. */
	if (seal_random(&v, sizeof(v)))
		v = 0;
	return v;
}

void seal_uplink_clock(struct seal_forward_clock *ret_clock)
{
	*ret_clock = (struct seal_forward_clock){.now_ms = boot_ms,
						 .random = random_u32};
}
