/* SPDX-License-Identifier: Apache-2.0 */
/* Cosignatures of witnesses, from the mirror to the spool.  Contract: watch.h.
 */
#include "host/watch.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/policy.h"
#include "host/host.h"
#include "host/sender.h"
#include "http/http.h"
#include "protocol/tile.h"
#include "spool/spool.h"

#define PACE_MS 2000  /* a witness answers after the mirror */
#define DOWN_MS 60000 /* after a refusal */

struct seal_watch {
	const struct seal_sender_config *config;
	struct seal_http *http;
	const struct seal_vkey *witness[SEAL_POLICY_WITNESSES_MAX];
	size_t witnesses;
	uint64_t due_ms;
	bool down;
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* ---- whose cosignatures ---- */

static bool has_url(const struct seal_policy_witness *w, const char *url,
		    struct seal_buf *scratch)
{
	if (!w->url)
		return false;
	seal_buf_reset(scratch);
	return !seal_http_server_url(w->url, scratch, NULL) &&
	       seal_buf_cstr(scratch) && !strcmp(seal_buf_cstr(scratch), url);
}

/* Sets have[i] for each key of the mirror; returns how many. */
static size_t mark_keys(const struct seal_policy *policy, const char *url,
			size_t servers, bool *have)
{
	struct seal_buf scratch = SEAL_BUF_INIT;
	size_t i, n = 0, count = seal_policy_witness_count(policy);

	for (i = 0; i < count; i++)
		if (has_url(seal_policy_witness(policy, i), url, &scratch)) {
			have[i] = true;
			n++;
		}
	seal_buf_fini(&scratch);
	for (i = 0; !n && servers == 1 && i < count; i++)
		have[i] = !seal_policy_witness(policy, i)->url;
	for (i = 0; !n && i < count; i++)
		n += have[i];
	return n;
}

size_t seal_mirror_keys(const struct seal_policy *policy, const char *url,
			size_t servers, const struct seal_vkey **ret_key)
{
	bool have[SEAL_POLICY_WITNESSES_MAX] = {false};
	size_t i, n = 0;

	mark_keys(policy, url, servers, have);
	for (i = 0; i < seal_policy_witness_count(policy); i++)
		if (have[i])
			ret_key[n++] = &seal_policy_witness(policy, i)->vkey;
	return n;
}

/* The keys of all servers; a word that is no address has none. */
static void mark_mirrors(const struct seal_sender_config *config, bool *have)
{
	struct seal_buf url = SEAL_BUF_INIT;
	size_t i;

	for (i = 0; i < config->host->servers_len; i++) {
		seal_buf_reset(&url);
		if (!seal_http_server_url(config->host->servers[i], &url,
					  NULL) &&
		    seal_buf_cstr(&url))
			mark_keys(config->policy, seal_buf_cstr(&url),
				  config->servers, have);
	}
	seal_buf_fini(&url);
}

int seal_watch_new(const struct seal_sender_config *config,
		   struct seal_http *http, struct seal_watch **ret_watch)
{
	bool have[SEAL_POLICY_WITNESSES_MAX] = {false};
	struct seal_watch *w;
	size_t i;

	*ret_watch = NULL;
	mark_mirrors(config, have);
	if (seal_policy_quorum_none(config->policy) ||
	    seal_policy_met(config->policy, have))
		return 0;
	w = calloc(1, sizeof(*w));
	if (!w)
		return SEAL_E_NOMEM;
	w->config = config;
	w->http = http;
	for (i = 0; i < seal_policy_witness_count(config->policy); i++)
		if (!have[i])
			w->witness[w->witnesses++] =
				&seal_policy_witness(config->policy, i)->vkey;
	*ret_watch = w;
	return 0;
}

void seal_watch_free(struct seal_watch *w)
{
	free(w);
}

/* ---- asking ---- */

/* Our own checkpoint, as the host's line says, and this witness's word. */
static int take(struct seal_watch *w, const struct seal_vkey *witness,
		const struct seal_buf *body, struct seal_diag *diag)
{
	struct seal_spool *spool = w->config->spool;
	struct seal_checkpoint cp;
	struct seal_note note;
	uint64_t time_s;
	int rc = seal_checkpoint_parse_note(body->data, body->len, &note, &cp,
					    diag);

	if (!rc && strcmp(cp.origin, seal_spool_origin(spool)) != 0)
		rc = seal_diag_set(diag, SEAL_E_FOREIGN,
				   "a checkpoint of another log, %s",
				   cp.origin);
	if (!rc)
		rc = seal_note_verify(&note, seal_spool_host(spool), diag);
	if (!rc)
		rc = seal_cosig_verify(&note, witness, &time_s, diag);
	return rc ? rc
		  : seal_spool_receipt(spool, witness->name, cp.size, time_s,
				       body->data, body->len, diag);
}

static int ask(struct seal_watch *w, const struct seal_vkey *witness,
	       struct seal_buf *body, struct seal_diag *diag)
{
	char hash[SEAL_ORIGIN_HASH_BYTES], path[SEAL_COSIGNED_PATH_BYTES];
	struct seal_buf url = SEAL_BUF_INIT;
	struct seal_http_response answer;
	int rc = seal_origin_hash(seal_spool_origin(w->config->spool), hash);

	if (!rc)
		rc = seal_cosigned_path(witness->name, path);
	seal_buf_putf(&url, "%s/%s/%s", w->config->url, hash, path);
	if (!rc && !seal_buf_cstr(&url))
		rc = SEAL_E_NOMEM;
	if (!rc)
		rc = seal_http_get(w->http, seal_buf_cstr(&url),
				   SEAL_NOTE_MAX_BYTES, &answer, body, diag);
	seal_buf_fini(&url);
	if (rc || answer.status == 404) /* it has cosigned nothing yet */
		return rc;
	if (answer.status != 200)
		return seal_diag_set(diag, SEAL_E_PROTOCOL, "it answers %u",
				     answer.status);
	return take(w, witness, body, diag);
}

static void say(struct seal_watch *w, const struct seal_vkey *witness,
		const struct seal_diag *diag)
{
	char line[SEAL_DIAG_TEXT_BYTES + 512];

	if (w->down)
		return;
	w->down = true;
	snprintf(line, sizeof(line),
		 "%s: the cosignature of %s, which the policy asks for, cannot "
		 "be had, and nothing is freed without it: %s",
		 w->config->url, witness->name,
		 diag->text[0] ? diag->text : seal_strerror(diag->code));
	w->config->say(w->config->say_ctx, LOG_WARNING, line);
}

static bool is_wanted(const struct seal_watch *w, size_t i, uint64_t size)
{
	struct seal_spool_receipt_info info;

	seal_spool_receipt_get(w->config->spool, w->witness[i]->name, &info);
	return info.size < size;
}

static bool any_wanted(const struct seal_watch *w, uint64_t size)
{
	size_t i;

	for (i = 0; i < w->witnesses; i++)
		if (is_wanted(w, i, size))
			return true;
	return false;
}

static int ask_all(struct seal_watch *w, uint64_t size)
{
	struct seal_buf body = SEAL_BUF_INIT;
	struct seal_diag diag;
	size_t i;
	int rc = 0;

	for (i = 0; i < w->witnesses && rc != SEAL_E_STOPPED; i++) {
		if (!is_wanted(w, i, size))
			continue;
		memset(&diag, 0, sizeof(diag));
		rc = ask(w, w->witness[i], &body, &diag);
		diag.code = rc;
		if (rc && rc != SEAL_E_STOPPED)
			say(w, w->witness[i], &diag);
		else
			w->down = false;
	}
	seal_buf_fini(&body);
	return rc;
}

uint64_t seal_watch_step(struct seal_watch *w, uint64_t receipt_size)
{
	uint64_t now = w ? now_ms() : 0;
	int rc;

	if (!w || !any_wanted(w, receipt_size))
		return SEAL_WATCH_NEVER;
	if (now < w->due_ms)
		return w->due_ms - now;
	rc = ask_all(w, receipt_size);
	if (!any_wanted(w, receipt_size))
		return SEAL_WATCH_NEVER;
	w->due_ms = now_ms() + (rc ? DOWN_MS : PACE_MS);
	return rc ? DOWN_MS : PACE_MS;
}
