/* SPDX-License-Identifier: Apache-2.0 */
/* auditseal timestamp: an authority's word on when a checkpoint existed. */
#include "copy.h"
#include "enroll.h"
#include "judge.h"
#include "stamps.h"

#include "core/buf.h"
#include "http/http.h"
#include "spool/state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

static const char help[] =
	"Usage: auditseal timestamp [OPTIONS] -o NAME TARGET\n"
	"       auditseal timestamp --reply FILE --tsa-ca FILE NAME\n"
	"\n"
	"Has a time-stamp authority (RFC 3161) say when a checkpoint existed.\n"
	"TARGET is a spool, a store (directory, database or https address) or\n"
	"a checkpoint's file.  Writes its newest checkpoint to NAME and the\n"
	"request to NAME.tsq.  The authority's answer, once checked, becomes\n"
	"NAME.tsr, which 'auditseal verify' holds against the log.\n"
	"\n"
	"  -o NAME, --out NAME   the checkpoint's file, not there yet\n"
	"  --url URL             ask this authority (https) at once\n"
	"  --reply FILE          its answer, fetched by other means\n"
	"  --tsa-ca FILE         CAs that may vouch for the authority, PEM\n"
	"  --log ORIGIN          which log of a store\n"
	"  --policy FILE, --tls-ca FILE, --tls-cert FILE, --tls-key FILE\n"
	"                        as for 'auditseal verify'; if TARGET is not\n"
	"                        https, --tls-ca is for URL (default: the\n"
	"                        system's CAs)\n"
	"\n"
	"Exit status: 0 done, 3 not; no answer is kept that does not verify.\n"
	"\n"
	"Many authorities speak plain http only: POST NAME.tsq to them as\n"
	"application/timestamp-query by other means, and give the body of the\n"
	"answer to --reply.\n"
	"\n"
	"Example:\n"
	"  auditseal timestamp -o web01.note --url https://tsa.example.net \\\n"
	"      --tsa-ca tsa-ca.pem /var/lib/auditseald\n";

struct words {
	const char *out, *url, *reply, *ca, *policy;
};

struct note {
	uint8_t *bytes;
	size_t len;
	unsigned logs;
};

static char *beside(const char *name, const char *suffix)
{
	char *path;

	return asprintf(&path, "%s%s", name, suffix) < 0 ? NULL : path;
}

/* ---- the newest checkpoint of a target ---- */

static int note_take(struct note *note, const uint8_t *bytes, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	if (!copy)
		return SEAL_E_NOMEM;
	memcpy(copy, bytes, len);
	free(note->bytes);
	note->bytes = copy;
	note->len = len;
	return 0;
}

static int of_copy(void *ctx, const struct cli_copy *copy,
		   struct seal_diag *diag)
{
	struct note *note = ctx;

	if (note->logs++)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "there are several logs: choose one with "
				     "--log ORIGIN");
	if (!copy->note)
		return seal_diag_set(diag, SEAL_E_NOTFOUND,
				     "%s has no checkpoint yet", copy->origin);
	return note_take(note, copy->note, copy->note_len);
}

static int of_spool(const char *dir, struct note *note, struct seal_diag *diag)
{
	char *path = beside(dir, "/acked");
	struct seal_acked acked = {0};
	size_t i, best = 0;
	int rc = path ? seal_acked_load(seal_io_posix(), path, &acked, diag)
		      : SEAL_E_NOMEM;

	free(path);
	if (rc)
		return rc;
	for (i = 1; i < acked.mirrors; i++)
		if (acked.mirror[i].size > acked.mirror[best].size)
			best = i;
	if (!acked.mirrors || !acked.mirror[best].note_len)
		rc = seal_diag_set(diag, SEAL_E_NOTFOUND,
				   "%s has no receipt yet: the host signs a "
				   "checkpoint when it sends one",
				   dir);
	else
		rc = note_take(note, acked.mirror[best].note,
			       acked.mirror[best].note_len);
	seal_acked_fini(&acked);
	return rc;
}

static int newest(const struct cli_trust *trust, const char *target,
		  struct note *note, struct seal_diag *diag)
{
	enum cli_target_kind kind;
	struct seal_checkpoint cp;
	struct stat st;
	int rc;

	if (!stat(target, &st) && S_ISREG(st.st_mode) &&
	    !cli_checkpoint_read(target, &note->bytes, &note->len, &cp, NULL))
		return 0;
	rc = cli_target_kind(target, &kind, diag);
	if (rc)
		return rc;
	if (kind == CLI_TARGET_SPOOL)
		return of_spool(target, note, diag);
	if (kind == CLI_TARGET_STORE || kind == CLI_TARGET_HTTPS ||
	    kind == CLI_TARGET_TILES)
		rc = cli_copy_visit(trust, target, kind, of_copy, note, diag);
	else
		return seal_diag_set(diag, SEAL_E_ARG,
				     "%s: give a spool, a store or a "
				     "checkpoint",
				     target);
	if (!rc && !note->bytes)
		rc = seal_diag_set(diag, SEAL_E_NOTFOUND, "%s has no such log",
				   target);
	return rc;
}

/* ---- the request ---- */

static int make_request(const struct note *note, struct seal_buf *ret_query,
			struct seal_diag *diag)
{
	uint8_t nonce[SEAL_TSA_NONCE_BYTES];
	struct seal_note parsed;
	int rc = seal_note_parse(note->bytes, note->len, &parsed, diag);

	if (!rc && getrandom(nonce, sizeof(nonce), 0) != sizeof(nonce))
		rc = seal_diag_set_errno(diag, SEAL_E_IO, errno,
					 "no random numbers");
	return rc ? rc
		  : seal_tsa_request_put(ret_query, parsed.text,
					 parsed.text_len, nonce);
}

struct body {
	const struct seal_buf *bytes;
	bool sent;
};

static int next_piece(void *ctx, const uint8_t **ret_piece, size_t *ret_bytes,
		      struct seal_diag *diag)
{
	struct body *body = ctx;

	(void)diag;
	*ret_piece = body->bytes->data;
	*ret_bytes = body->sent ? 0 : body->bytes->len;
	body->sent = true;
	return 0;
}

static int ask(const char *url, const char *ca_file,
	       const struct seal_buf *query, struct seal_buf *ret_answer,
	       struct seal_diag *diag)
{
	struct seal_http_config config = {.ca_file = ca_file};
	struct seal_http *http = NULL;
	struct seal_http_response response;
	struct body body = {query, false};
	struct seal_http_request request = {
		.url = url,
		.content_type = "application/timestamp-query",
		.body = next_piece,
		.body_ctx = &body,
		.answer_bytes_max = SEAL_TSA_MAX_BYTES,
	};
	int rc = seal_http_global_init(diag);

	if (rc)
		return rc;
	rc = seal_http_new(&config, &http, diag);
	if (!rc)
		rc = seal_http_perform(http, &request, &response, ret_answer,
				       diag);
	if (!rc && response.status != 200)
		rc = seal_diag_set(diag, SEAL_E_PROTOCOL,
				   "%s answered with status %u", url,
				   response.status);
	seal_http_free(http);
	seal_http_global_fini();
	return rc;
}

/* ---- the answer ---- */

static int keep_answer(const char *name, const struct note *note,
		       const struct seal_tsa_number *nonce,
		       const uint8_t *answer, size_t len, const char *ca,
		       struct seal_diag *diag)
{
	char when[CLI_TIME_BYTES], *path = beside(name, ".tsr");
	struct seal_tsa_stamp stamp;
	struct stat st;
	int rc = path ? cli_stamp_check(answer, len, note->bytes, note->len, ca,
					nonce, &stamp, diag)
		      : SEAL_E_NOMEM;

	if (!rc && !lstat(path, &st))
		rc = seal_diag_set(diag, SEAL_E_EXISTS,
				   "%s exists already: it is not written over",
				   path);
	if (!rc)
		rc = cli_write_file(path, answer, len, 0644, diag);
	if (!rc) {
		cli_format_time(stamp.info.time_us, when);
		printf("%s: not later than %s, by ", path, when);
		cli_put_safe(stdout, stamp.authority, strlen(stamp.authority));
		printf("\n");
		rc = fflush(stdout) ? SEAL_E_IO : 0;
	}
	free(path);
	return rc;
}

/* `timestamp --reply`: what was asked stands in NAME and NAME.tsq. */
static int take_reply(const struct words *w, const char *name,
		      struct seal_diag *diag)
{
	struct seal_tsa_number nonce = {.bytes = 0};
	struct seal_checkpoint cp;
	struct note note = {0};
	uint8_t *query = NULL, *answer = NULL;
	char *path = beside(name, ".tsq");
	size_t query_len, answer_len;
	int rc = path ? cli_checkpoint_read(name, &note.bytes, &note.len, &cp,
					    diag)
		      : SEAL_E_NOMEM;

	if (!rc)
		rc = cli_read_file(path, SEAL_TSA_MAX_BYTES, &query, &query_len,
				   diag);
	if (!rc)
		rc = seal_tsa_request_nonce(query, query_len, &nonce, diag);
	if (!rc)
		rc = cli_read_file(w->reply, SEAL_TSA_MAX_BYTES, &answer,
				   &answer_len, diag);
	if (!rc)
		rc = keep_answer(name, &note, &nonce, answer, answer_len, w->ca,
				 diag);
	free(path);
	free(query);
	free(answer);
	free(note.bytes);
	return rc;
}

/* A pair is evidence: none is written over. */
static int refuse_existing(const char *name, struct seal_diag *diag)
{
	static const char *const suffix[] = {"", ".tsq", ".tsr"};
	struct stat st;
	char *path;
	bool there;
	size_t i;

	for (i = 0; i < 3; i++) {
		path = beside(name, suffix[i]);
		if (!path)
			return SEAL_E_NOMEM;
		there = !lstat(path, &st);
		free(path);
		if (there)
			return seal_diag_set(diag, SEAL_E_EXISTS,
					     "%s%s exists already: choose "
					     "another name",
					     name, suffix[i]);
	}
	return 0;
}

static int write_request(const char *name, const struct note *note,
			 const struct seal_buf *query, struct seal_diag *diag)
{
	char *path = beside(name, ".tsq");
	int rc = path ? cli_write_file(name, note->bytes, note->len, 0644, diag)
		      : SEAL_E_NOMEM;

	if (!rc)
		rc = cli_write_file(path, query->data, query->len, 0644, diag);
	free(path);
	return rc;
}

static int stamp(const struct words *w, const struct cli_trust *trust,
		 const char *target, struct seal_diag *diag)
{
	struct seal_buf query = SEAL_BUF_INIT, answer = SEAL_BUF_INIT;
	struct seal_tsa_number nonce;
	struct note note = {0};
	int rc = refuse_existing(w->out, diag);

	if (!rc)
		rc = newest(trust, target, &note, diag);
	if (!rc)
		rc = make_request(&note, &query, diag);
	if (!rc)
		rc = write_request(w->out, &note, &query, diag);
	if (!rc && w->url)
		rc = ask(w->url,
			 strncmp(target, "https://", 8) ? trust->tls_ca : NULL,
			 &query, &answer, diag);
	if (!rc && w->url)
		rc = seal_tsa_request_nonce(query.data, query.len, &nonce,
					    diag);
	if (!rc && w->url)
		rc = keep_answer(w->out, &note, &nonce, answer.data, answer.len,
				 w->ca, diag);
	free(note.bytes);
	seal_buf_fini(&query);
	seal_buf_fini(&answer);
	return rc;
}

static int check_words(const struct words *w, int operands)
{
	const struct cli_command *c = &cli_cmd_timestamp;

	if (operands != 1)
		return cli_usage(c, "give one target, or with --reply the "
				    "checkpoint's file");
	if (w->reply && (w->out || w->url || w->policy))
		return cli_usage(c, "--reply goes with --tsa-ca alone");
	if (!w->reply && !w->out)
		return cli_usage(c, "-o NAME says where the checkpoint goes");
	if ((w->reply || w->url) && !w->ca)
		return cli_usage(c, "--tsa-ca FILE says who may vouch for the "
				    "authority");
	return 0;
}

static int run(int argc, char **argv)
{
	struct cli_trust trust = {0};
	struct words w = {0};
	const struct cli_option options[] = {
		{"--out", true, &w.out},
		{"-o", true, &w.out},
		{"--url", true, &w.url},
		{"--reply", true, &w.reply},
		{"--tsa-ca", true, &w.ca},
		{"--log", true, &trust.log},
		{"--policy", true, &w.policy},
		{"--tls-ca", true, &trust.tls_ca},
		{"--tls-cert", true, &trust.tls_cert},
		{"--tls-key", true, &trust.tls_key},
	};
	struct seal_diag diag = {0};
	int operands = 0, rc;
	bool done;

	rc = cli_options(&cli_cmd_timestamp, argc, argv, options,
			 sizeof(options) / sizeof(options[0]), &operands,
			 &done);
	if (rc || done)
		return rc;
	rc = check_words(&w, operands);
	if (rc)
		return rc;
	rc = w.policy ? cli_trust_load(&trust, w.policy, &diag) : 0;
	if (!rc)
		rc = w.reply ? take_reply(&w, argv[1], &diag)
			     : stamp(&w, &trust, argv[1], &diag);
	cli_trust_fini(&trust);
	return rc ? cli_fail(rc, &diag) : CLI_OK;
}

const struct cli_command cli_cmd_timestamp = {
	"timestamp", "an authority's word on when a checkpoint existed", help,
	run};
