/* SPDX-License-Identifier: Apache-2.0 */
/* Enrolment on the host's side.  No secret leaves.  Contract: enroll.h. */
#include "enroll.h"

#include "core/buf.h"
#include "core/policy.h"
#include "protocol/enroll.h"
#include "x509/x509.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMMON_NAME_MAX 64

void cli_origin_file(const char *origin,
		     char ret_name[SEAL_ORIGIN_MAX_BYTES + 1])
{
	size_t i, len = strlen(origin);

	if (len > SEAL_ORIGIN_MAX_BYTES)
		len = SEAL_ORIGIN_MAX_BYTES;
	for (i = 0; i < len; i++)
		ret_name[i] = origin[i] == '/' ? '@' : origin[i];
	ret_name[len] = '\0';
}

int cli_default_origin(char ret_origin[SEAL_ORIGIN_MAX_BYTES + 1],
		       struct seal_diag *diag)
{
	struct addrinfo hints = {.ai_flags = AI_CANONNAME}, *info = NULL;
	char host[256] = "", origin[SEAL_ORIGIN_MAX_BYTES + 1];
	size_t i;
	int len;

	if (gethostname(host, sizeof(host) - 1))
		return seal_diag_set_errno(diag, SEAL_E_CONFIG, errno,
					   "this host has no name");
	if (!strchr(host, '.') && !getaddrinfo(host, NULL, &hints, &info) &&
	    info->ai_canonname)
		snprintf(host, sizeof(host), "%s", info->ai_canonname);
	if (info)
		freeaddrinfo(info);
	for (i = 0; host[i]; i++)
		host[i] = (char)tolower((unsigned char)host[i]);
	len = snprintf(origin, sizeof(origin), "%s/audit", host);
	if (len >= (int)sizeof(origin) ||
	    seal_origin_check(origin, (size_t)len, NULL))
		return seal_diag_set(diag, SEAL_E_CONFIG,
				     "this host's name, '%s', makes no origin: "
				     "give --origin NAME/audit",
				     host);
	memcpy(ret_origin, origin, (size_t)len + 1);
	return 0;
}

/* ---- files ---- */

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
	ssize_t done;

	while (len) {
		done = write(fd, bytes, len);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		bytes += done;
		len -= (size_t)done;
	}
	return 0;
}

static int sync_parent(const char *path)
{
	char copy[CLI_PATH_BYTES];
	int fd, rc;

	snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	rc = fsync(fd);
	close(fd);
	return rc;
}

int cli_write_file(const char *path, const void *bytes, size_t len,
		   unsigned mode, struct seal_diag *diag)
{
	char beside[CLI_PATH_BYTES];
	struct stat st;
	int fd;

	/* A rename would put a file in the place of a device. */
	if (!stat(path, &st) && !S_ISREG(st.st_mode))
		return seal_diag_set(diag, SEAL_E_ARG,
				     "%s is there and is no regular file: name "
				     "another one",
				     path);
	if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >=
	    (int)sizeof(beside))
		return seal_diag_set(diag, SEAL_E_ARG, "the path is too long");
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return seal_diag_set_errno(diag, SEAL_E_IO, errno,
					   "cannot write %s", path);
	if (!fchmod(fd, mode) && !write_all(fd, bytes, len) && !fsync(fd)) {
		close(fd);
		if (!rename(beside, path) && !sync_parent(path))
			return 0;
	} else {
		close(fd);
	}
	seal_diag_set_errno(diag, SEAL_E_IO, errno, "cannot write %s", path);
	unlink(beside);
	return SEAL_E_IO;
}

static int path_in(const struct seal_keydir *keydir, const char *name,
		   char ret_path[CLI_PATH_BYTES], struct seal_diag *diag)
{
	if (snprintf(ret_path, CLI_PATH_BYTES, "%s/%s",
		     seal_keydir_path(keydir), name) < CLI_PATH_BYTES)
		return 0;
	return seal_diag_set(diag, SEAL_E_ARG, "the keydir's path is too long");
}

/* ---- the TLS key ---- */

static int read_tls_key(const char *path, struct seal_x509_key **ret_key,
			struct seal_diag *diag)
{
	uint8_t *pem;
	size_t len;
	int rc = cli_read_file(path, 65536, &pem, &len, diag);

	if (rc)
		return rc;
	rc = seal_x509_key_from_pem((const char *)pem, ret_key, diag);
	seal_wipe(pem, len);
	free(pem);
	return rc;
}

static int make_tls_key(const char *path, struct seal_x509_key **ret_key,
			struct seal_diag *diag)
{
	struct seal_x509_key *key;
	char *pem;
	int rc = seal_x509_key_generate(&key, diag);

	if (rc)
		return rc;
	rc = seal_x509_key_to_pem(key, &pem, diag);
	if (!rc) {
		rc = cli_write_file(path, pem, strlen(pem), 0600, diag);
		seal_x509_secret_free(pem);
	}
	if (rc)
		seal_x509_key_free(key);
	else
		*ret_key = key;
	return rc;
}

static int tls_key(const struct seal_keydir *keydir,
		   struct seal_x509_key **ret_key, struct seal_diag *diag)
{
	char path[CLI_PATH_BYTES];
	int rc = path_in(keydir, "tls", path, diag);

	if (rc)
		return rc;
	if (mkdir(path, 0700) && errno != EEXIST)
		return seal_diag_set_errno(diag, SEAL_E_IO, errno,
					   "cannot make %s", path);
	rc = path_in(keydir, "tls/key.pem", path, diag);
	if (!rc)
		rc = read_tls_key(path, ret_key, diag);
	if (rc == SEAL_E_NOTFOUND)
		rc = make_tls_key(path, ret_key, diag);
	return rc;
}

/* ---- NAME.enroll ---- */

static int sign(const struct seal_keydir *keydir, struct seal_enroll *e,
		struct seal_diag *diag)
{
	uint8_t text[SEAL_ENROLL_SIGNED_BYTES];
	struct seal_key *epoch;
	int rc = seal_keydir_epoch_key(keydir, 0, &epoch, diag);

	if (rc == SEAL_E_NOTFOUND)
		return seal_diag_set(
			diag, SEAL_E_EXISTS,
			"the log %s exists and runs with the keys in %s, so "
			"there is nothing to initialise; for a new certificate "
			"run auditseal init --welcome FILE, for a new log "
			"auditseal init --successor-of SPOOL",
			seal_keydir_origin(keydir), seal_keydir_path(keydir));
	if (rc)
		return rc;
	seal_enroll_signed_text(&e->log_id, text);
	rc = seal_key_sign(seal_keydir_host_key(keydir), text, sizeof(text),
			   e->host_sig);
	if (!rc)
		rc = seal_key_sign(epoch, text, sizeof(text), e->epoch_sig);
	seal_key_free(epoch);
	return rc;
}

static int fill(const struct seal_keydir *keydir, struct seal_enroll *e,
		struct seal_diag *diag)
{
	const char *origin = seal_keydir_origin(keydir);
	char name[COMMON_NAME_MAX + 1];
	struct seal_x509_key *key;
	int rc = tls_key(keydir, &key, diag);

	if (rc)
		return rc;
	/* The name is for people: the store takes the origin from its pin. */
	snprintf(name, sizeof(name), "%s", origin);
	rc = seal_x509_request_make(key, name, &e->csr_pem, diag);
	seal_x509_key_free(key);
	if (rc)
		return rc;
	e->csr_pem_bytes = strlen(e->csr_pem);
	snprintf(e->origin, sizeof(e->origin), "%s", origin);
	seal_keydir_log_id(keydir, &e->log_id);
	memcpy(e->host_key, seal_pub_bytes(seal_keydir_host(keydir)->pub),
	       sizeof(e->host_key));
	memcpy(e->epoch_key, seal_pub_bytes(seal_keydir_epoch0(keydir)->pub),
	       sizeof(e->epoch_key));
	memcpy(e->machine.b, seal_keydir_machine(keydir), sizeof(e->machine.b));
	return sign(keydir, e, diag);
}

int cli_enroll_write(const struct seal_keydir *keydir, const char *path,
		     struct seal_diag *diag)
{
	struct seal_enroll enroll = {0};
	struct seal_buf text = SEAL_BUF_INIT;
	int rc = fill(keydir, &enroll, diag);

	if (!rc)
		rc = seal_enroll_build(&enroll, &text, diag);
	if (!rc)
		rc = cli_write_file(path, text.data, text.len, 0644, diag);
	seal_enroll_fini(&enroll);
	seal_buf_fini(&text);
	return rc;
}

/* ---- NAME.welcome ---- */

static int check_policy(const struct seal_keydir *keydir,
			const struct seal_welcome *w, struct seal_diag *diag)
{
	const char *origin = seal_keydir_origin(keydir);
	struct seal_policy *policy;
	struct seal_pins *pins = NULL;
	const struct seal_pin *pin;
	struct seal_hash id;
	size_t i, count;
	bool named = false;
	int rc = seal_policy_parse(w->policy, strlen(w->policy), "the policy",
				   &policy, diag);

	if (rc)
		return rc;
	count = seal_policy_log_count(policy);
	for (i = seal_policy_find_log(policy, origin, 0); i < count;
	     i = seal_policy_find_log(policy, origin, i + 1))
		named |= seal_pub_equal(seal_policy_log(policy, i)->vkey.pub,
					seal_keydir_host(keydir)->pub);
	seal_policy_free(policy);
	if (!named)
		return seal_diag_set(diag, SEAL_E_FOREIGN,
				     "the policy in the welcome does not name "
				     "this log's host key: enroll again");
	rc = seal_pins_parse(w->pins, strlen(w->pins), "the pins", &pins, diag);
	if (rc)
		return rc;
	seal_keydir_log_id(keydir, &id);
	pin = seal_pins_find(pins, origin);
	if (!pin || !seal_hash_equal(&pin->log_id, &id))
		rc = seal_diag_set(diag, SEAL_E_FOREIGN,
				   "the welcome does not pin this log's id");
	seal_pins_free(pins);
	return rc;
}

static int check_certificate(const struct seal_keydir *keydir,
			     const struct seal_welcome *w,
			     struct seal_diag *diag)
{
	struct seal_x509_key *key;
	char path[CLI_PATH_BYTES];
	int rc = path_in(keydir, "tls/key.pem", path, diag);

	if (!rc)
		rc = read_tls_key(path, &key, diag);
	if (rc)
		return rc;
	rc = seal_x509_key_check(w->certificate, key, diag);
	seal_x509_key_free(key);
	if (!rc)
		rc = seal_x509_cert_check(w->certificate, w->ca,
					  (int64_t)(cli_now_us() / 1000000),
					  diag);
	return rc;
}

static int check_welcome(const struct seal_keydir *keydir,
			 const struct seal_welcome *w, struct seal_diag *diag)
{
	const char *origin = seal_keydir_origin(keydir);
	struct seal_hash id;
	int rc;

	seal_keydir_log_id(keydir, &id);
	if (strcmp(w->origin, origin))
		return seal_diag_set(diag, SEAL_E_FOREIGN,
				     "the welcome is for %s, the keys in %s "
				     "are those of %s",
				     w->origin, seal_keydir_path(keydir),
				     origin);
	if (!seal_hash_equal(&w->log_id, &id))
		return seal_diag_set(diag, SEAL_E_FOREIGN,
				     "the welcome is for other keys of %s: the "
				     "log ids differ; enroll again",
				     origin);
	rc = check_policy(keydir, w, diag);
	return rc ? rc : check_certificate(keydir, w, diag);
}

static int install(const struct seal_keydir *keydir,
		   const struct seal_welcome *w, struct seal_diag *diag)
{
	const struct {
		const char *name, *text;
	} files[] = {{"tls/ca.pem", w->ca},
		     {"tls/cert.pem", w->certificate},
		     {"policy.pins", w->pins},
		     {"policy", w->policy}};
	char path[CLI_PATH_BYTES];
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(files) / sizeof(files[0]) && !rc; i++) {
		rc = path_in(keydir, files[i].name, path, diag);
		if (!rc)
			rc = cli_write_file(path, files[i].text,
					    strlen(files[i].text), 0600, diag);
	}
	return rc;
}

int cli_welcome_read(const char *path, struct seal_welcome *ret_welcome,
		     struct seal_diag *diag)
{
	uint8_t *text;
	size_t len;
	int rc = cli_read_file(path, SEAL_WELCOME_BYTES_MAX, &text, &len, diag);

	if (rc)
		return rc;
	rc = seal_welcome_parse(text, len, ret_welcome, diag);
	free(text);
	return rc;
}

int cli_welcome_install(const struct seal_keydir *keydir,
			const struct seal_welcome *welcome,
			struct seal_diag *diag)
{
	int rc = check_welcome(keydir, welcome, diag);

	return rc ? rc : install(keydir, welcome, diag);
}

/* The store knows the origin; where the keys are, only the host does. */
int cli_welcome_name_keydir(struct seal_welcome *welcome, const char *dir,
			    struct seal_diag *diag)
{
	struct seal_buf text = SEAL_BUF_INIT;
	char word[SEAL_ORIGIN_MAX_BYTES + 16], *at, *full;
	size_t end;

	if (!dir)
		return 0;
	snprintf(word, sizeof(word), "origin=\"%s\"", welcome->origin);
	at = strstr(welcome->configuration, word);
	full = realpath(dir, NULL);
	if (!at || !full) {
		free(full);
		return 0; /* nothing to add it to: the host's own affair */
	}
	end = (size_t)(at - welcome->configuration) + strlen(word);
	seal_buf_put(&text, welcome->configuration, end);
	seal_buf_putf(&text, "\n         keydir=\"%s\"", full);
	seal_buf_put_str(&text, welcome->configuration + end);
	seal_buf_put_u8(&text, 0);
	free(full);
	if (seal_buf_error(&text)) {
		seal_buf_fini(&text);
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	}
	free(welcome->configuration);
	welcome->configuration = (char *)seal_buf_steal(&text, NULL);
	return 0;
}
