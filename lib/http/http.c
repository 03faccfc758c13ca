/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTPS client.  A multi handle with one easy handle: the multi gives the
 * wake-up that makes abort quick.  Contract: http.h.
 */
#include "http/http.h"

#include "seal-config.h"

#include "core/buf.h"
#include "http/transfer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_MS 10000
#define IDLE_MS	   30000
#define TOTAL_MS   300000
#define POLL_MS	   1000

int seal_http_global_init(struct seal_diag *diag)
{
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return seal_diag_set(diag, SEAL_E_INTERNAL,
				     "libcurl could not be initialised");
	return 0;
}

void seal_http_global_fini(void)
{
	curl_global_cleanup();
}

static int copy_string(const char *from, char **ret_to)
{
	char *copy;

	if (!from)
		return 0;
	copy = strdup(from);
	if (!copy)
		return SEAL_E_NOMEM;
	*ret_to = copy;
	return 0;
}

static int check_file(const char *path, const char *what,
		      struct seal_diag *diag)
{
	if (!path || access(path, R_OK) == 0)
		return 0;
	return seal_diag_set_errno(diag, SEAL_E_CONFIG, errno,
				   "the %s %s cannot be read", what, path);
}

static int check_files(const struct seal_http *http, struct seal_diag *diag)
{
	int rc;

	if (!http->cert_file != !http->key_file)
		return seal_diag_set(diag, SEAL_E_CONFIG,
				     "a client certificate needs a key and a "
				     "key a certificate: give both or none");
	rc = check_file(http->ca_file, "CA file", diag);
	if (!rc)
		rc = check_file(http->cert_file, "client certificate", diag);
	if (!rc)
		rc = check_file(http->key_file, "client key", diag);
	return rc;
}

static int copy_config(struct seal_http *http,
		       const struct seal_http_config *config)
{
	const char *agent = config->user_agent;

	http->connect_ms = config->connect_ms ? config->connect_ms : CONNECT_MS;
	http->idle_ms = config->idle_ms ? config->idle_ms : IDLE_MS;
	http->total_ms = config->total_ms ? config->total_ms : TOTAL_MS;
	if (copy_string(config->ca_file, &http->ca_file) ||
	    copy_string(config->cert_file, &http->cert_file) ||
	    copy_string(config->key_file, &http->key_file) ||
	    copy_string(agent ? agent : PACKAGE_NAME "/" PACKAGE_VERSION,
			&http->user_agent))
		return SEAL_E_NOMEM;
	return 0;
}

int seal_http_new(const struct seal_http_config *config,
		  struct seal_http **ret_http, struct seal_diag *diag)
{
	struct seal_http *http = calloc(1, sizeof(*http));
	int rc;

	if (!http)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	pthread_mutex_init(&http->lock, NULL);
	rc = copy_config(http, config);
	if (!rc)
		rc = seal_gzip_new(&http->gzip);
	http->first = malloc(SEAL_HTTP_FIRST_BYTES);
	http->easy = curl_easy_init();
	http->multi = curl_multi_init();
	if (rc || !http->first || !http->easy || !http->multi)
		rc = seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	else
		rc = check_files(http, diag);
	if (rc) {
		seal_http_free(http);
		return rc;
	}
	*ret_http = http;
	return 0;
}

void seal_http_free(struct seal_http *http)
{
	if (!http)
		return;
	curl_easy_cleanup(http->easy);
	if (http->multi)
		curl_multi_cleanup(http->multi);
	seal_gzip_free(http->gzip);
	free(http->first);
	free(http->ca_file);
	free(http->cert_file);
	free(http->key_file);
	free(http->user_agent);
	pthread_mutex_destroy(&http->lock);
	free(http);
}

void seal_http_reload(struct seal_http *http)
{
	CURLM *fresh = curl_multi_init(), *old = http->multi;

	/*
	 * The connections live in the multi handle.  Without memory for a new
	 * one the old connections stay until the next try.
	 */
	if (!fresh)
		return;
	pthread_mutex_lock(&http->lock);
	http->multi = fresh;
	pthread_mutex_unlock(&http->lock);
	curl_multi_cleanup(old);
}

void seal_http_abort(struct seal_http *http)
{
	atomic_store(&http->aborted, true);
	pthread_mutex_lock(&http->lock);
	curl_multi_wakeup(http->multi);
	pthread_mutex_unlock(&http->lock);
}

void seal_http_resume(struct seal_http *http)
{
	atomic_store(&http->aborted, false);
}

static int stopped(struct seal_transfer *t)
{
	return seal_diag_set(t->diag, SEAL_E_STOPPED,
			     "%s: the request was stopped", t->request->url);
}

/* Runs the added handle to its end; 0: there is an answer. */
static int run(struct seal_transfer *t)
{
	CURLM *multi = t->http->multi;
	CURLMsg *msg;
	int running, left;

	for (;;) {
		if (atomic_load(&t->http->aborted))
			return stopped(t);
		if (curl_multi_perform(multi, &running) != CURLM_OK)
			return seal_diag_set(t->diag, SEAL_E_INTERNAL,
					     "libcurl failed");
		while ((msg = curl_multi_info_read(multi, &left)))
			if (msg->msg == CURLMSG_DONE)
				return msg->data.result == CURLE_OK
					       ? 0
					       : seal_transfer_error(
							 t, msg->data.result);
		if (curl_multi_poll(multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
			return seal_diag_set(t->diag, SEAL_E_INTERNAL,
					     "libcurl failed");
	}
}

/* Collects the beginning of the body. */
static int begin_body(struct seal_transfer *t)
{
	const struct seal_http_request *r = t->request;
	int rc = 0;

	if (!r->content_type)
		return 0;
	t->body.next = r->body;
	t->body.ctx = r->body_ctx;
	if (r->gzip) {
		t->body.gzip = t->http->gzip;
		rc = seal_gzip_reset(t->http->gzip);
	}
	if (!rc)
		rc = seal_http_body_fill(&t->body, t->http->first,
					 SEAL_HTTP_FIRST_BYTES, &t->first_bytes,
					 t->diag);
	return rc;
}

int seal_http_perform(struct seal_http *http,
		      const struct seal_http_request *request,
		      struct seal_http_response *ret_response,
		      struct seal_buf *ret_body, struct seal_diag *diag)
{
	struct seal_transfer t = {.http = http,
				  .request = request,
				  .answer = ret_body,
				  .diag = diag};
	struct curl_slist *headers = NULL;
	int rc;

	if (strncmp(request->url, "https://", 8) != 0)
		return seal_diag_set(diag, SEAL_E_ARG, "%s is not https",
				     request->url);
	if (atomic_load(&http->aborted))
		return stopped(&t);
	seal_buf_reset(ret_body);
	rc = begin_body(&t);
	if (!rc)
		rc = seal_transfer_headers(&t, &headers);
	if (rc)
		goto out;
	seal_transfer_set(&t, headers);
	if (curl_multi_add_handle(http->multi, http->easy) != CURLM_OK) {
		rc = seal_diag_set(diag, SEAL_E_INTERNAL, "libcurl failed");
		goto out;
	}
	rc = run(&t);
	if (!rc)
		seal_transfer_response(http->easy, ret_response);
	curl_multi_remove_handle(http->multi, http->easy);
out:
	curl_slist_free_all(headers);
	return rc;
}

int seal_http_get(struct seal_http *http, const char *url,
		  size_t answer_bytes_max,
		  struct seal_http_response *ret_response,
		  struct seal_buf *ret_body, struct seal_diag *diag)
{
	const struct seal_http_request request = {
		.url = url,
		.accept_gzip = true,
		.answer_bytes_max = answer_bytes_max,
	};

	return seal_http_perform(http, &request, ret_response, ret_body, diag);
}
