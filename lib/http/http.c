/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTPS client.  A multi handle with one easy handle: the multi gives the
 * wake-up that makes abort quick.  Contract: http.h.
 */
#include "http/http.h"

#include "seal-config.h"

#include "core/buf.h"
#include "http/body.h"
#include "http/url.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define CONNECT_MS	  10000
#define IDLE_MS		  30000
#define TOTAL_MS	  300000
#define POLL_MS		  1000
#define HEADERS_BYTES_MAX (64 * 1024)

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
struct transfer {
	struct seal_http *http;
	const struct seal_http_request *request;
	struct seal_http_body body;
	size_t first_bytes, first_sent;
	struct seal_buf *answer;
	size_t header_bytes;
	int error; /* of our callbacks; wins over what libcurl makes of it */
	struct seal_diag *diag;
};

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

static size_t on_read(char *to, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	size_t room = size * n, got = t->first_bytes - t->first_sent;

	if (got) {
		got = got < room ? got : room;
		memcpy(to, t->http->first + t->first_sent, got);
		t->first_sent += got;
		return got;
	}
	t->error = seal_http_body_fill(&t->body, (uint8_t *)to, room, &got,
				       t->diag);
	return t->error ? CURL_READFUNC_ABORT : got;
}

static size_t on_write(char *from, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;
	size_t bytes = size * n;

	if (bytes > t->request->answer_bytes_max - t->answer->len) {
		t->error = seal_diag_set(
			t->diag, SEAL_E_TOOBIG,
			"%s: the answer is larger than %zu bytes",
			t->request->url, t->request->answer_bytes_max);
		return 0;
	}
	seal_buf_put(t->answer, from, bytes);
	t->error = seal_buf_error(t->answer);
	return t->error ? 0 : bytes;
}

static size_t on_header(char *from, size_t size, size_t n, void *ctx)
{
	struct transfer *t = ctx;

	(void)from;
	t->header_bytes += size * n;
	if (t->header_bytes <= HEADERS_BYTES_MAX)
		return size * n;
	t->error = seal_diag_set(t->diag, SEAL_E_TOOBIG,
				 "%s: the answer's headers are larger than %d "
				 "bytes",
				 t->request->url, HEADERS_BYTES_MAX);
	return 0;
}

static void set_security(struct seal_http *http)
{
	CURL *c = http->easy;

	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	/*
	 * A resumed session, or a cached CA file, would outlive a reload; the
	 * connection is kept, so handshakes are rare.  (The second is unknown
	 * to a libcurl on GnuTLS, which has no such cache.)
	 */
	curl_easy_setopt(c, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	curl_easy_setopt(c, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	if (http->ca_file) {
		curl_easy_setopt(c, CURLOPT_CAINFO, http->ca_file);
		curl_easy_setopt(c, CURLOPT_CAPATH, NULL);
	}
	if (http->cert_file) {
		curl_easy_setopt(c, CURLOPT_SSLCERT, http->cert_file);
		curl_easy_setopt(c, CURLOPT_SSLKEY, http->key_file);
	}
}

static void set_limits(struct seal_http *http, uint32_t total_ms)
{
	CURL *c = http->easy;
	long idle_s = (long)(http->idle_ms + 999) / 1000;

	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)http->connect_ms);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)total_ms);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, idle_s);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	/* Do not wait for a hanging name resolver when a request ends. */
	curl_easy_setopt(c, CURLOPT_QUICK_EXIT, 1L);
}

/* A body that fits into the first buffer is sent with its length. */
static void set_body(struct transfer *t)
{
	CURL *c = t->http->easy;

	curl_easy_setopt(c, CURLOPT_POST, 1L);
	if (t->body.done) {
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)t->first_bytes);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, t->http->first);
		return;
	}
	curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)-1);
	curl_easy_setopt(c, CURLOPT_READFUNCTION, on_read);
	curl_easy_setopt(c, CURLOPT_READDATA, t);
}

static void set_request(struct transfer *t, struct curl_slist *headers)
{
	const struct seal_http_request *r = t->request;
	CURL *c = t->http->easy;

	curl_easy_reset(c);
	set_security(t->http);
	set_limits(t->http, r->total_ms ? r->total_ms : t->http->total_ms);
	t->http->error[0] = '\0';
	curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->http->error);
	curl_easy_setopt(c, CURLOPT_USERAGENT, t->http->user_agent);
	curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(c, CURLOPT_URL, r->url);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_write);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	if (r->accept_gzip)
		curl_easy_setopt(c, CURLOPT_ACCEPT_ENCODING, "gzip");
	if (r->content_type)
		set_body(t);
	else
		curl_easy_setopt(c, CURLOPT_HTTPGET, 1L);
}

static int add_header(struct curl_slist **list, const char *line)
{
	struct curl_slist *more = curl_slist_append(*list, line);

	if (!more)
		return SEAL_E_NOMEM;
	*list = more;
	return 0;
}

/*
 * Expect: 100-continue only for streamed bodies: there a refusal before the
 * body is worth the round trip.
 */
static int make_headers(const struct transfer *t, struct curl_slist **ret_list)
{
	const struct seal_http_request *r = t->request;
	char line[SEAL_HTTP_HEADER_BYTES + 32];
	int rc;

	if (!r->content_type)
		return 0;
	snprintf(line, sizeof(line), "Content-Type: %s", r->content_type);
	rc = add_header(ret_list, line);
	if (!rc && r->gzip)
		rc = add_header(ret_list, "Content-Encoding: gzip");
	if (!rc && !t->body.done)
		rc = add_header(ret_list, "Transfer-Encoding: chunked");
	if (!rc)
		rc = add_header(ret_list, t->body.done
						  ? "Expect:"
						  : "Expect: 100-continue");
	return rc;
}

static int error_of(CURLcode code, const char *text)
{
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		return SEAL_E_NOMEM;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_URL_MALFORMAT:
		return SEAL_E_ARG;
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		return SEAL_E_PROTOCOL;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_INVALIDCERTSTATUS:
		return SEAL_E_TLS;
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		/* TLS 1.3: a refused client certificate comes this late. */
		return strstr(text, "alert") ? SEAL_E_TLS : SEAL_E_NET;
	default:
		return SEAL_E_NET;
	}
}

static int tell_error(struct transfer *t, CURLcode code)
{
	const char *text = t->http->error;
	int error;

	if (t->error)
		return t->error;
	if (!*text)
		text = curl_easy_strerror(code);
	error = error_of(code, text);
	return seal_diag_set(t->diag, error, "%s: %s%s", t->request->url, text,
			     error == SEAL_E_TLS
				     ? "; check the CA file, the client "
				       "certificate and the server's name"
				     : "");
}

static int stopped(struct transfer *t)
{
	return seal_diag_set(t->diag, SEAL_E_STOPPED,
			     "%s: the request was stopped", t->request->url);
}

/* Runs the added handle to its end; 0: there is an answer. */
static int run(struct transfer *t)
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
					       : tell_error(t,
							    msg->data.result);
		if (curl_multi_poll(multi, NULL, 0, POLL_MS, NULL) != CURLM_OK)
			return seal_diag_set(t->diag, SEAL_E_INTERNAL,
					     "libcurl failed");
	}
}

static void get_header(CURL *c, const char *name,
		       char ret_value[SEAL_HTTP_HEADER_BYTES])
{
	struct curl_header *h;

	ret_value[0] = '\0';
	if (curl_easy_header(c, name, 0, CURLH_HEADER, -1, &h) == CURLHE_OK &&
	    strlen(h->value) < SEAL_HTTP_HEADER_BYTES)
		strcpy(ret_value, h->value);
}

static void get_response(CURL *c, struct seal_http_response *ret_response)
{
	struct seal_http_response r = {0};
	char retry[SEAL_HTTP_HEADER_BYTES];
	long status = 0;

	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	r.status = (unsigned)status;
	get_header(c, "Content-Type", r.content_type);
	get_header(c, "Accept-Encoding", r.accept_encoding);
	get_header(c, "Retry-After", retry);
	r.has_retry_after = *retry && seal_http_retry_after(retry, time(NULL),
							    &r.retry_after_ms);
	*ret_response = r;
}

/* Collects the beginning of the body. */
static int begin_body(struct transfer *t)
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
	struct transfer t = {.http = http,
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
		rc = make_headers(&t, &headers);
	if (rc)
		goto out;
	set_request(&t, headers);
	if (curl_multi_add_handle(http->multi, http->easy) != CURLM_OK) {
		rc = seal_diag_set(diag, SEAL_E_INTERNAL, "libcurl failed");
		goto out;
	}
	rc = run(&t);
	if (!rc)
		get_response(http->easy, ret_response);
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
