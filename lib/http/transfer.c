/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Options and callbacks of one request.  Verification of the server is set here
 * and nowhere unset.  Private contract: transfer.h.
 */
#include "http/transfer.h"

#include "core/buf.h"
#include "http/url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define HEADERS_BYTES_MAX (64 * 1024)

static size_t on_read(char *to, size_t size, size_t n, void *ctx)
{
	struct seal_transfer *t = ctx;
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
	struct seal_transfer *t = ctx;
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
	struct seal_transfer *t = ctx;

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
static void set_body(struct seal_transfer *t)
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

void seal_transfer_set(struct seal_transfer *t, struct curl_slist *headers)
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
int seal_transfer_headers(const struct seal_transfer *t,
			  struct curl_slist **ret_list)
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
	case CURLE_URL_MALFORMAT:
		return SEAL_E_ARG;
	case CURLE_UNSUPPORTED_PROTOCOL: /* an answer of HTTP/0.9 */
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

/* What a proxy said to CONNECT; 0: there was none. */
static long proxy_status(CURL *easy)
{
	long status = 0;

	curl_easy_getinfo(easy, CURLINFO_HTTP_CONNECTCODE, &status);
	return status;
}

/* Neither curl nor GnuTLS says that there was no descriptor; errno, or 0. */
static int no_descriptor(void)
{
	int fd = open("/", O_PATH | O_CLOEXEC);

	if (fd < 0)
		return errno == EMFILE || errno == ENFILE ? errno : 0;
	close(fd);
	return 0;
}

int seal_transfer_error(struct seal_transfer *t, CURLcode code)
{
	const char *text = t->http->error;
	int error, sys_errno;

	if (t->error)
		return t->error;
	/* A proxy that refuses the tunnel has answered. */
	if (proxy_status(t->http->easy) >= 300)
		return 0;
	sys_errno = no_descriptor();
	if (sys_errno)
		return seal_diag_set_errno(t->diag, SEAL_E_NET, sys_errno,
					   "%s: no connection can be made",
					   t->request->url);
	if (!*text)
		text = curl_easy_strerror(code);
	error = error_of(code, text);
	return seal_diag_set(t->diag, error, "%s: %s%s", t->request->url, text,
			     error == SEAL_E_TLS
				     ? "; check the CA file, the client "
				       "certificate and the server's name"
				     : "");
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

void seal_transfer_response(CURL *c, struct seal_http_response *ret_response)
{
	struct seal_http_response r = {0};
	char retry[SEAL_HTTP_HEADER_BYTES];
	long status = 0;

	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	r.status = (unsigned)(status ? status : proxy_status(c));
	get_header(c, "Content-Type", r.content_type);
	get_header(c, "Accept-Encoding", r.accept_encoding);
	get_header(c, "Retry-After", retry);
	r.has_retry_after = *retry && seal_http_retry_after(retry, time(NULL),
							    &r.retry_after_ms);
	*ret_response = r;
}
