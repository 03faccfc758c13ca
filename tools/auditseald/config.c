/* SPDX-License-Identifier: Apache-2.0 */
/* The store's directory and settings.  Contract: config.h. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "files.h"

#define CONFIG_BYTES_MAX 65536
#define KEY_BYTES_MAX	 65536
#define TEXT_BYTES_MAX	 (16 * 1024 * 1024)

char *store_path(const char *dir, const char *file)
{
	char *path;

	return asprintf(&path, "%s/%s", dir, file) < 0 ? NULL : path;
}

static int no_memory(struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
}

int text_read(const char *dir, const char *file, char **ret_text,
	      struct seal_diag *diag)
{
	struct seal_buf bytes = SEAL_BUF_INIT;
	char *path = store_path(dir, file);
	int rc;

	if (!path)
		return no_memory(diag);
	rc = file_read(path, TEXT_BYTES_MAX, &bytes, diag);
	if (rc == 0 && !seal_buf_cstr(&bytes))
		rc = no_memory(diag);
	if (rc == 0 && bytes.len && memchr(bytes.data, 0, bytes.len))
		rc = seal_diag_set(diag, SEAL_E_FORMAT, "%s is not a text",
				   path);
	if (rc == 0)
		*ret_text = (char *)seal_buf_steal(&bytes, NULL);
	if (rc == 0 && !*ret_text)
		rc = (*ret_text = strdup("")) ? 0 : no_memory(diag);
	seal_buf_fini(&bytes);
	free(path);
	return rc;
}

int text_make(const char *dir, const char *file, const char *text,
	      struct seal_diag *diag)
{
	char *path = store_path(dir, file);
	int rc;

	if (!path)
		return no_memory(diag);
	rc = file_make(path, text, strlen(text), 0644, diag);
	free(path);
	return rc;
}

static void trim(char **text)
{
	char *end;

	*text += strspn(*text, " \t");
	end = *text + strlen(*text);
	while (end > *text && strchr(" \t\r", end[-1]))
		*--end = '\0';
}

static char *field_of(struct config *config, const char *key)
{
	if (!strcmp(key, "name"))
		return config->name;
	if (!strcmp(key, "listen"))
		return config->listen;
	if (!strcmp(key, "host"))
		return config->host;
	return NULL;
}

static int line_parse(char *line, struct config *config)
{
	char *value = strchr(line, '='), *field;

	trim(&line);
	if (!*line || *line == '#')
		return 0;
	if (!value)
		return SEAL_E_CONFIG;
	*value++ = '\0';
	trim(&line);
	trim(&value);
	field = field_of(config, line);
	if (!field || !*value || strlen(value) >= CONFIG_TEXT_BYTES)
		return SEAL_E_CONFIG;
	memcpy(field, value, strlen(value) + 1);
	return 0;
}

static int config_parse(const char *dir, char *text, struct config *config,
			struct seal_diag *diag)
{
	unsigned line = 0;
	char *at, *next;

	for (at = text; at; at = next) {
		next = strchr(at, '\n');
		if (next)
			*next++ = '\0';
		line++;
		if (line_parse(at, config) < 0)
			return seal_diag_set(
				diag, SEAL_E_CONFIG,
				"%s/%s, line %u: not one of name, listen and "
				"host with a value",
				dir, FILE_CONFIG, line);
	}
	if (!*config->name || !*config->listen || !*config->host)
		return seal_diag_set(diag, SEAL_E_CONFIG,
				     "%s/%s must set name, listen and host",
				     dir, FILE_CONFIG);
	return 0;
}

int config_read(const char *dir, struct config *ret_config,
		struct seal_diag *diag)
{
	struct config config = {0};
	char *text = NULL;
	int rc;

	rc = text_read(dir, FILE_CONFIG, &text, diag);
	if (rc == SEAL_E_NOTFOUND)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "there is no store in %s: make one with "
				     "\"auditseald init --dir %s\"",
				     dir, dir);
	if (rc == 0)
		rc = config_parse(dir, text, &config, diag);
	if (rc == 0)
		*ret_config = config;
	free(text);
	return rc;
}

int config_write(const char *dir, const struct config *config,
		 struct seal_diag *diag)
{
	char text[4 * CONFIG_TEXT_BYTES + 512];

	snprintf(text, sizeof(text),
		 "# Settings of this store.  Restart auditseald after a "
		 "change.\n"
		 "# The name under which receipts are signed; it stands in the "
		 "policy.\n"
		 "name = %s\n"
		 "# Where to listen: ADDR:PORT, or *:PORT for every address.\n"
		 "listen = %s\n"
		 "# By which name hosts and readers reach this store.\n"
		 "host = %s\n",
		 config->name, config->listen, config->host);
	return text_make(dir, FILE_CONFIG, text, diag);
}

int listen_parse(const char *text, char *ret_addr, unsigned *ret_port,
		 struct seal_diag *diag)
{
	const char *colon = strrchr(text, ':');
	const char *begin = text, *end = colon;
	uint64_t port = 0;

	if (colon && *text == '[') {
		begin = text + 1;
		end = strchr(text, ']');
		if (!end || end + 1 != colon)
			colon = NULL;
	}
	if (!colon || end == begin || end - begin >= CONFIG_TEXT_BYTES ||
	    seal_dec_decode(colon + 1, strlen(colon + 1), 65535, &port) < 0 ||
	    (*text != '[' && memchr(begin, ':', (size_t)(end - begin))))
		return seal_diag_set(diag, SEAL_E_CONFIG,
				     "\"%s\" is not an address to listen on: "
				     "write ADDR:PORT, [IPv6]:PORT or *:PORT",
				     text);
	memcpy(ret_addr, begin, (size_t)(end - begin));
	ret_addr[end - begin] = '\0';
	if (!strcmp(ret_addr, "*"))
		ret_addr[0] = '\0';
	*ret_port = (unsigned)port;
	return 0;
}

static int running_port(const char *dir, unsigned *ret_port,
			struct seal_diag *diag)
{
	char addr[CONFIG_TEXT_BYTES], *text = NULL;
	int rc;

	rc = text_read(dir, FILE_LISTENING, &text, diag);
	if (rc < 0)
		return seal_diag_set(diag, rc,
				     "the port of this store is chosen when it "
				     "starts: start \"auditseald run --dir "
				     "%s\" first",
				     dir);
	text[strcspn(text, "\n")] = '\0';
	rc = listen_parse(text, addr, ret_port, diag);
	free(text);
	return rc;
}

int server_url(const char *dir, const struct config *config, char *ret_url,
	       struct seal_diag *diag)
{
	bool ipv6 = strchr(config->host, ':');
	char addr[CONFIG_TEXT_BYTES];
	unsigned port;
	int rc, len;

	rc = listen_parse(config->listen, addr, &port, diag);
	if (rc == 0 && port == 0)
		rc = running_port(dir, &port, diag);
	if (rc < 0)
		return rc;
	len = snprintf(ret_url, CONFIG_TEXT_BYTES, "https://%s%s%s:%u",
		       ipv6 ? "[" : "", config->host, ipv6 ? "]" : "", port);
	if (len >= CONFIG_TEXT_BYTES)
		return seal_diag_set(diag, SEAL_E_CONFIG,
				     "the host name in %s/%s is too long", dir,
				     FILE_CONFIG);
	return 0;
}

static int secret_read(const char *dir, const char *file,
		       struct seal_buf *ret_bytes, struct seal_diag *diag)
{
	char *path = store_path(dir, file);
	int rc;

	if (!path)
		return no_memory(diag);
	rc = file_read_secret(path, KEY_BYTES_MAX, ret_bytes, diag);
	free(path);
	return rc;
}

static int secret_make(const char *dir, const char *file, const void *data,
		       size_t bytes, struct seal_diag *diag)
{
	char *path = store_path(dir, file);
	int rc;

	if (!path)
		return no_memory(diag);
	rc = file_make(path, data, bytes, 0600, diag);
	free(path);
	return rc;
}

int key_read(const char *dir, const char *file, struct seal_key **ret_key,
	     struct seal_diag *diag)
{
	uint8_t seed[SEAL_SEED_BYTES];
	struct seal_buf text;
	int rc;

	seal_buf_init_secret(&text);
	rc = secret_read(dir, file, &text, diag);
	if (rc < 0)
		goto out;
	if (text.len && text.data[text.len - 1] == '\n')
		seal_buf_truncate(&text, text.len - 1);
	rc = seal_base64_decode_exact((const char *)text.data, text.len, seed,
				      sizeof(seed));
	if (rc == 0)
		rc = seal_key_from_seed(seed, ret_key);
	if (rc < 0)
		seal_diag_set(diag, rc, "%s/%s is not a key", dir, file);
	seal_wipe(seed, sizeof(seed));
out:
	seal_buf_fini(&text);
	return rc;
}

int key_write(const char *dir, const char *file, const struct seal_key *key,
	      struct seal_diag *diag)
{
	char text[SEAL_BASE64_CHARS(SEAL_SEED_BYTES) + 1];
	uint8_t seed[SEAL_SEED_BYTES];
	int rc;

	seal_key_seed(key, seed);
	seal_base64_encode(seed, sizeof(seed), text);
	text[sizeof(text) - 1] = '\n';
	rc = secret_make(dir, file, text, sizeof(text), diag);
	seal_wipe(seed, sizeof(seed));
	seal_wipe(text, sizeof(text));
	return rc;
}

static int vkey_read(const char *dir, struct seal_vkey *ret_vkey,
		     struct seal_diag *diag)
{
	char *text = NULL;
	size_t len;
	int rc;

	rc = text_read(dir, FILE_WITNESS_VKEY, &text, diag);
	if (rc < 0)
		return rc;
	len = strlen(text);
	if (len && text[len - 1] == '\n')
		len--;
	rc = seal_vkey_parse(text, len, ret_vkey, diag);
	free(text);
	return rc;
}

int witness_key_read(const char *dir, struct seal_vkey *ret_vkey,
		     struct seal_key **ret_key, struct seal_diag *diag)
{
	struct seal_vkey vkey = {0};
	struct seal_key *key = NULL;
	int rc;

	rc = key_read(dir, FILE_WITNESS, &key, diag);
	if (rc < 0)
		return rc;
	rc = vkey_read(dir, &vkey, diag);
	if (rc == 0 &&
	    (vkey.type != SEAL_KEY_COSIGNATURE ||
	     memcmp(seal_pub_bytes(vkey.pub),
		    seal_pub_bytes(seal_key_public(key)), SEAL_PUB_BYTES) != 0))
		rc = SEAL_E_CONFIG;
	if (rc < 0) {
		seal_diag_set(diag, SEAL_E_CONFIG,
			      "%s/%s is not the public half of %s: put back "
			      "the file that \"auditseald init\" or "
			      "\"auditseald witness\" wrote",
			      dir, FILE_WITNESS_VKEY, FILE_WITNESS);
		seal_vkey_fini(&vkey);
		seal_key_free(key);
		return SEAL_E_CONFIG;
	}
	*ret_vkey = vkey;
	*ret_key = key;
	return 0;
}

int tls_key_read(const char *dir, const char *file,
		 struct seal_x509_key **ret_key, struct seal_diag *diag)
{
	struct seal_buf text;
	const char *pem;
	int rc;

	seal_buf_init_secret(&text);
	rc = secret_read(dir, file, &text, diag);
	if (rc == 0) {
		pem = seal_buf_cstr(&text);
		rc = pem ? seal_x509_key_from_pem(pem, ret_key, diag)
			 : no_memory(diag);
	}
	seal_buf_fini(&text);
	return rc;
}

int tls_key_write(const char *dir, const char *file,
		  const struct seal_x509_key *key, struct seal_diag *diag)
{
	char *pem = NULL;
	int rc;

	rc = seal_x509_key_to_pem(key, &pem, diag);
	if (rc == 0)
		rc = secret_make(dir, file, pem, strlen(pem), diag);
	seal_x509_secret_free(pem);
	return rc;
}
