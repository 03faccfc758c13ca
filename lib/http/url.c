/* SPDX-License-Identifier: Apache-2.0 */
/* A server's address, and Retry-After.  Contracts: http.h, url.h. */
#include "http/url.h"

#include "core/buf.h"
#include "core/text.h"
#include "http/http.h"

#include <curl/curl.h>
#include <string.h>

#define DEFAULT_PORT  "6962"
#define DAY_S	      86400
#define URL_BYTES_MAX 1024

static bool has_part(CURLU *u, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(u, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

/* Host, port and path as they are to be used; curl has checked each. */
static int put_url(CURLU *u, struct seal_buf *b)
{
	char *host = NULL, *port = NULL, *path = NULL;
	size_t len;
	int rc = SEAL_E_CONFIG;

	if (curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
	    curl_url_get(u, CURLUPART_PATH, &path, 0) != CURLUE_OK)
		goto out;
	if (curl_url_get(u, CURLUPART_PORT, &port, 0) != CURLUE_OK)
		port = NULL;
	len = strlen(path);
	while (len && path[len - 1] == '/')
		len--;
	seal_buf_putf(b, "https://%s:%s", host, port ? port : DEFAULT_PORT);
	seal_buf_put(b, path, len);
	rc = seal_buf_error(b);
out:
	curl_free(host);
	curl_free(port);
	curl_free(path);
	return rc;
}

static bool plain(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~' || *text == '\\')
			return false;
	return true;
}

int seal_http_server_url(const char *server, struct seal_buf *ret_url,
			 struct seal_diag *diag)
{
	char *scheme = NULL;
	CURLU *u;
	int rc = SEAL_E_CONFIG;

	u = curl_url();
	if (!u)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	if (strlen(server) <= URL_BYTES_MAX && plain(server) &&
	    curl_url_set(u, CURLUPART_URL, server, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
	    !strcmp(scheme, "https") && !has_part(u, CURLUPART_USER) &&
	    !has_part(u, CURLUPART_QUERY) && !has_part(u, CURLUPART_FRAGMENT))
		rc = put_url(u, ret_url);
	curl_free(scheme);
	curl_url_cleanup(u);
	if (rc == SEAL_E_CONFIG)
		return seal_diag_set(diag, rc,
				     "\"%.200s\" is not a server; write "
				     "https://HOST or https://HOST:PORT",
				     server);
	return rc;
}

bool seal_http_retry_after(const char *value, time_t now, uint64_t *ret_ms)
{
	uint64_t seconds;
	time_t date;

	if (seal_dec_decode(value, strlen(value), UINT64_MAX, &seconds)) {
		date = curl_getdate(value, NULL);
		if (date == (time_t)-1)
			return false;
		seconds = date > now ? (uint64_t)(date - now) : 0;
	}
	if (seconds > DAY_S)
		seconds = DAY_S;
	*ret_ms = seconds * 1000;
	return true;
}
