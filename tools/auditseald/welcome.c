/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME.welcome: certificate, CA, the store's key, a policy, a pin and a
 * configuration to copy.  Nothing of it is secret.  format.md §5, "Enrolment".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enrolment.h"
#include "files.h"
#include "core/policy.h"

#define DAY_S	  INT64_C(86400)
#define LEAF_DAYS 3650

static int no_memory(struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
}

/* For the host: the store's policy with the log lines of this origin only. */
static int policy_of_host(const struct enrolment *e, char **ret_policy)
{
	struct seal_buf text = SEAL_BUF_INIT;
	const char *at, *next, *word, *vkey;
	size_t len = strlen(e->host.origin);
	int rc;

	for (at = e->policy; *at; at = next) {
		next = strchr(at, '\n');
		next = next ? next + 1 : at + strlen(at);
		word = at + strspn(at, " \t");
		vkey = word + 3 + strspn(word + (word < next ? 3 : 0), " \t");
		if (!strncmp(word, "log", 3) && strchr(" \t", word[3]) &&
		    (strncmp(vkey, e->host.origin, len) || vkey[len] != '+'))
			continue;
		seal_buf_put(&text, at, (size_t)(next - at));
	}
	rc = seal_buf_cstr(&text) ? 0 : SEAL_E_NOMEM;
	if (rc == 0)
		*ret_policy = (char *)seal_buf_steal(&text, NULL);
	seal_buf_fini(&text);
	return rc;
}

static int certificate_issue(const struct enrolment *e, const char *ca_pem,
			     char **ret_pem, struct seal_diag *diag)
{
	const char *const names[] = {e->host.origin};
	char name[65];
	struct seal_x509_template tmpl = {
		.role = SEAL_X509_INGEST,
		.name = name,
		.names = names,
		.names_count = 1,
		.not_before_s = e->now_s - DAY_S,
		.not_after_s = e->now_s + LEAF_DAYS * DAY_S,
	};
	struct seal_x509_key *key = NULL;
	int rc;

	snprintf(name, sizeof(name), "%.64s", e->host.origin);
	rc = tls_key_read(e->dir, FILE_CA_KEY, &key, diag);
	if (rc == 0)
		rc = seal_x509_cert_issue(&tmpl, e->host.csr_pem, ca_pem, key,
					  ret_pem, diag);
	seal_x509_key_free(key);
	return rc;
}

static int mirror_vkey_put(const struct enrolment *e,
			   char ret_vkey[SEAL_VKEY_TEXT_BYTES],
			   struct seal_diag *diag)
{
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_vkey vkey = {0};
	struct seal_key *key = NULL;
	int rc;

	rc = key_read(e->dir, FILE_MIRROR, &key, diag);
	if (rc == 0)
		rc = seal_vkey_init(&vkey, e->config.name, SEAL_KEY_COSIGNATURE,
				    seal_key_public(key), diag);
	if (rc == 0) {
		seal_vkey_put(&text, &vkey);
		if (seal_buf_cstr(&text) && text.len < SEAL_VKEY_TEXT_BYTES)
			memcpy(ret_vkey, text.data, text.len + 1);
		else
			rc = no_memory(diag);
	}
	seal_vkey_fini(&vkey);
	seal_key_free(key);
	seal_buf_fini(&text);
	return rc;
}

char *welcome_configuration(const char *origin, const char *server)
{
	char *text;

	return asprintf(&text,
			"module(load=\"omauditseal\")\n"
			"ruleset(name=\"audit\" queue.type=\"LinkedList\"\n"
			"        queue.size=\"100000\" "
			"queue.workerThreads=\"1\"\n"
			"        queue.dequeueBatchSize=\"1024\" "
			"queue.minDequeueBatchSize=\"1024\"\n"
			"        queue.minDequeueBatchSize.timeout=\"10\" "
			"queue.timeoutEnqueue=\"0\") {\n"
			"  action(type=\"omauditseal\" origin=\"%s\"\n"
			"         server=\"%s\"\n"
			"         action.resumeRetryCount=\"-1\" "
			"action.resumeInterval=\"1\")\n"
			"}\n"
			"if prifilt(\"auth,authpriv.*\") or $programname == "
			"[\"auditd\", \"sudo\"] then call audit\n",
			origin, server) < 0
		       ? NULL
		       : text;
}

static int welcome_fill(struct enrolment *e, struct seal_welcome *w,
			struct seal_diag *diag)
{
	char url[CONFIG_TEXT_BYTES];
	struct seal_buf pin = SEAL_BUF_INIT;
	int rc;

	memcpy(w->origin, e->host.origin, sizeof(w->origin));
	w->log_id = e->host.log_id;
	rc = server_url(e->dir, &e->config, url, diag);
	if (rc == 0)
		rc = mirror_vkey_put(e, w->store_vkey, diag);
	if (rc == 0)
		rc = text_read(e->dir, FILE_CA, &w->ca, diag);
	if (rc == 0)
		rc = certificate_issue(e, w->ca, &w->certificate, diag);
	if (rc < 0)
		return rc;
	snprintf(w->server, sizeof(w->server), "%s", url);
	seal_pins_put(&pin, e->host.origin, &e->host.log_id);
	if (seal_buf_cstr(&pin))
		w->pins = (char *)seal_buf_steal(&pin, NULL);
	seal_buf_fini(&pin);
	w->configuration = welcome_configuration(e->host.origin, url);
	if (policy_of_host(e, &w->policy) < 0 || !w->pins || !w->configuration)
		return no_memory(diag);
	return 0;
}

int welcome_write(struct enrolment *e, struct seal_diag *diag)
{
	struct seal_welcome welcome = {0};
	struct seal_buf text = SEAL_BUF_INIT;
	int rc;

	rc = welcome_fill(e, &welcome, diag);
	if (rc == 0)
		rc = seal_welcome_build(&welcome, &text, diag);
	if (rc == 0)
		rc = file_replace(e->out, text.data, text.len, 0644, diag);
	seal_welcome_fini(&welcome);
	seal_buf_fini(&text);
	return rc;
}
