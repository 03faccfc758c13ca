/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request under way: its options for libcurl, its callbacks, what became of
 * it.  Private to lib/http; http.c runs it.
 */
#ifndef SEAL_HTTP_TRANSFER_H
#define SEAL_HTTP_TRANSFER_H

#include "http/body.h"
#include "http/http.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

struct seal_http {
	CURL *easy;
	CURLM *multi; /* replaced by the owner alone, under lock */
	pthread_mutex_t lock;
	atomic_bool aborted;
	char *ca_file, *cert_file, *key_file, *user_agent;
	uint32_t connect_ms, idle_ms, total_ms;
	struct seal_gzip *gzip;
	uint8_t *first; /* SEAL_HTTP_FIRST_BYTES */
	char error[CURL_ERROR_SIZE];
};

/* One request under way; on the owner's stack. */
struct seal_transfer {
	struct seal_http *http;
	const struct seal_http_request *request;
	struct seal_http_body body;
	size_t first_bytes, first_sent;
	struct seal_buf *answer;
	size_t header_bytes;
	int error; /* of our callbacks; wins over what libcurl makes of it */
	struct seal_diag *diag;
};

/* The headers of a request; *ret_list is the caller's, also on failure. */
int seal_transfer_headers(const struct seal_transfer *t,
			  struct curl_slist **ret_list);
/* Sets all options of the easy handle; the body has begun (body.done). */
void seal_transfer_set(struct seal_transfer *t, struct curl_slist *headers);
/*
 * What libcurl's failure means, told in *t->diag; 0 if it was a proxy that
 * refused the tunnel: that is an answer.
 */
int seal_transfer_error(struct seal_transfer *t, CURLcode code);
/* The answer of a request that had one. */
void seal_transfer_response(CURL *easy,
			    struct seal_http_response *ret_response);

#endif
