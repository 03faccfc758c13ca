/* SPDX-License-Identifier: Apache-2.0 */
/* NAME.enroll and NAME.welcome.  Contract: enroll.h. */
#include "protocol/enroll.h"

#include "core/buf.h"
#include "core/cur.h"
#include "core/epoch.h"
#include "core/epoch.h"
#include "protocol/section.h"

#include <stdlib.h>
#include <string.h>

#define ENROLL_FIRST	 "auditseal/enroll/v1\n"
#define WELCOME_FIRST	 "auditseal/welcome/v1\n"
#define SIGNED_FIRST	 "auditseal/enrol/v1\n"
#define CERTIFICATES_MAX 16

void seal_enroll_signed_text(const struct seal_hash *log_id,
			     uint8_t ret_text[SEAL_ENROLL_SIGNED_BYTES])
{
	/* "auditseal/enrol/v1\n" || log id[32] */
	memcpy(ret_text, SIGNED_FIRST, sizeof(SIGNED_FIRST) - 1);
	memcpy(ret_text + sizeof(SIGNED_FIRST) - 1, log_id->b, SEAL_HASH_BYTES);
}

void seal_enroll_fini(struct seal_enroll *enroll)
{
	if (!enroll)
		return;
	free(enroll->csr_pem);
	memset(enroll, 0, sizeof(*enroll));
}

static bool csr_ok(const char *pem, size_t bytes)
{
	/* GnuTLS writes the second label, OpenSSL the first. */
	return seal_section_pem_ok(pem, bytes, "CERTIFICATE REQUEST", 1) ||
	       seal_section_pem_ok(pem, bytes, "NEW CERTIFICATE REQUEST", 1);
}

static int check_signature(const struct seal_vkey *vkey,
			   const struct seal_hash *log_id,
			   const uint8_t sig[SEAL_SIG_BYTES],
			   struct seal_diag *diag)
{
	uint8_t text[SEAL_ENROLL_SIGNED_BYTES];
	int rc;

	seal_enroll_signed_text(log_id, text);
	rc = seal_pub_verify(vkey->pub, text, sizeof(text), sig);
	if (rc)
		return seal_diag_set(diag, rc,
				     "enrolment: the signature of %s does not "
				     "verify; make the enrolment again on the "
				     "host",
				     vkey->name);
	return 0;
}

/* Keys, log id and signatures belong together. */
static int check_keys(const struct seal_enroll *e, const struct seal_vkey *host,
		      const struct seal_vkey *epoch, struct seal_diag *diag)
{
	struct seal_hash log_id;
	int rc;

	if (seal_pub_equal(host->pub, epoch->pub))
		return seal_diag_set(diag, SEAL_E_KEY,
				     "enrolment: host key and epoch key are "
				     "the same key");
	rc = seal_log_id(e->origin, seal_pub_bytes(host->pub),
			 seal_pub_bytes(epoch->pub), &log_id);
	if (rc)
		return seal_diag_set(diag, rc, "enrolment: no log id");
	if (!seal_hash_equal(&log_id, &e->log_id))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "enrolment: the log id is not that of the "
				     "origin and the two keys");
	rc = check_signature(host, &log_id, e->host_sig, diag);
	if (rc)
		return rc;
	return check_signature(epoch, &log_id, e->epoch_sig, diag);
}

static int vkey_from_bytes(const char *origin, bool epoch, const uint8_t *key,
			   struct seal_vkey *ret_vkey, struct seal_diag *diag)
{
	struct seal_pub *pub;
	int rc = seal_pub_new(key, &pub);

	if (rc)
		return seal_diag_set(diag, rc,
				     "enrolment: the %s key is not acceptable",
				     epoch ? "epoch" : "host");
	rc = epoch ? seal_vkey_init_epoch(ret_vkey, origin, pub, diag)
		   : seal_vkey_init(ret_vkey, origin, SEAL_KEY_ED25519, pub,
				    diag);
	seal_pub_free(pub);
	return rc;
}

static void put_vkey_line(struct seal_buf *b, const char *key,
			  const struct seal_vkey *vkey)
{
	seal_buf_put_str(b, key);
	seal_buf_put_u8(b, ' ');
	seal_vkey_put(b, vkey);
	seal_buf_put_u8(b, '\n');
}

static int put_enroll(const struct seal_enroll *e, const struct seal_vkey *host,
		      const struct seal_vkey *epoch, struct seal_buf *b)
{
	int rc;

	seal_buf_put_str(b, ENROLL_FIRST);
	seal_section_put_line(b, "origin", e->origin);
	seal_section_put_base64(b, "log-id", e->log_id.b, SEAL_HASH_BYTES);
	put_vkey_line(b, "host", host);
	put_vkey_line(b, "epoch-0", epoch);
	seal_section_put_base64(b, "machine", e->machine.b, SEAL_HASH_BYTES);
	seal_section_put_base64(b, "host-signature", e->host_sig,
				SEAL_SIG_BYTES);
	seal_section_put_base64(b, "epoch-0-signature", e->epoch_sig,
				SEAL_SIG_BYTES);
	rc = seal_section_put(b, "certificate-request", e->csr_pem,
			      e->csr_pem_bytes);
	seal_buf_put_str(b, "end\n");
	return rc ? rc : seal_buf_error(b);
}

int seal_enroll_build(const struct seal_enroll *enroll,
		      struct seal_buf *ret_text, struct seal_diag *diag)
{
	struct seal_vkey host = {0}, epoch = {0};
	struct seal_enroll e = *enroll; /* borrows csr_pem */
	size_t was = ret_text->len;
	int rc;

	rc = seal_origin_check(e.origin, strlen(e.origin), diag);
	if (rc)
		return rc;
	if (!csr_ok(e.csr_pem, e.csr_pem_bytes))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "enrolment: the certificate request is "
				     "not one PEM block");
	rc = vkey_from_bytes(e.origin, false, e.host_key, &host, diag);
	if (!rc)
		rc = vkey_from_bytes(e.origin, true, e.epoch_key, &epoch, diag);
	if (!rc)
		rc = seal_log_id(e.origin, e.host_key, e.epoch_key, &e.log_id);
	if (!rc)
		rc = check_keys(&e, &host, &epoch, diag);
	if (!rc) {
		rc = put_enroll(&e, &host, &epoch, ret_text);
		if (rc)
			seal_buf_truncate(ret_text, was);
	}
	seal_vkey_fini(&host);
	seal_vkey_fini(&epoch);
	return rc;
}

static int malformed(struct seal_diag *diag, const char *what, size_t offset)
{
	int rc = seal_diag_set(diag, SEAL_E_FORMAT,
			       "%s is malformed at byte %zu; copy the whole "
			       "file again",
			       what, offset);

	if (diag)
		diag->offset = offset;
	return rc;
}

static int take_enroll(struct seal_cur *cur, struct seal_enroll *e)
{
	int rc;

	seal_cur_expect(cur, ENROLL_FIRST);
	if (seal_section_line(cur, "origin", e->origin, sizeof(e->origin)) ||
	    seal_section_base64(cur, "log-id", e->log_id.b, SEAL_HASH_BYTES) ||
	    seal_section_line(cur, "host", e->host_vkey,
			      sizeof(e->host_vkey)) ||
	    seal_section_line(cur, "epoch-0", e->epoch_vkey,
			      sizeof(e->epoch_vkey)) ||
	    seal_section_base64(cur, "machine", e->machine.b,
				SEAL_HASH_BYTES) ||
	    seal_section_base64(cur, "host-signature", e->host_sig,
				SEAL_SIG_BYTES) ||
	    seal_section_base64(cur, "epoch-0-signature", e->epoch_sig,
				SEAL_SIG_BYTES))
		return SEAL_E_FORMAT;
	rc = seal_section_take(cur, "certificate-request", &e->csr_pem,
			       &e->csr_pem_bytes);
	if (rc)
		return rc;
	if (seal_section_end(cur) || !csr_ok(e->csr_pem, e->csr_pem_bytes))
		return SEAL_E_FORMAT;
	return 0;
}

/* A vkey of type 0x01 whose name is origin and suffix. */
static int parse_vkey(const char *text, const char *origin, const char *suffix,
		      struct seal_vkey *ret_vkey, uint8_t ret_key[32],
		      struct seal_diag *diag)
{
	size_t len = strlen(origin);
	int rc = seal_vkey_parse(text, strlen(text), ret_vkey, diag);

	if (rc)
		return rc;
	if (ret_vkey->type != SEAL_KEY_ED25519 ||
	    strncmp(ret_vkey->name, origin, len) != 0 ||
	    strcmp(ret_vkey->name + len, suffix) != 0)
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "enrolment: the key %s is not named "
				     "%s%s",
				     ret_vkey->name, origin, suffix);
	memcpy(ret_key, seal_pub_bytes(ret_vkey->pub), SEAL_PUB_BYTES);
	return 0;
}

static int check_enroll(struct seal_enroll *e, struct seal_diag *diag)
{
	struct seal_vkey host = {0}, epoch = {0};
	int rc = seal_origin_check(e->origin, strlen(e->origin), diag);

	if (!rc)
		rc = parse_vkey(e->host_vkey, e->origin, "", &host, e->host_key,
				diag);
	if (!rc)
		rc = parse_vkey(e->epoch_vkey, e->origin, SEAL_EPOCH_SUFFIX,
				&epoch, e->epoch_key, diag);
	if (!rc)
		rc = check_keys(e, &host, &epoch, diag);
	seal_vkey_fini(&host);
	seal_vkey_fini(&epoch);
	return rc;
}

int seal_enroll_parse(const uint8_t *text, size_t text_bytes,
		      struct seal_enroll *ret_enroll, struct seal_diag *diag)
{
	struct seal_enroll e = {0};
	struct seal_cur cur;
	int rc;

	if (text_bytes > SEAL_ENROLL_BYTES_MAX)
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "an enrolment has at most %d bytes",
				     SEAL_ENROLL_BYTES_MAX);
	seal_cur_init(&cur, text, text_bytes);
	rc = take_enroll(&cur, &e);
	if (rc == SEAL_E_FORMAT)
		malformed(diag, "the enrolment", cur.off);
	if (!rc)
		rc = check_enroll(&e, diag);
	if (rc) {
		seal_enroll_fini(&e);
		return rc;
	}
	*ret_enroll = e;
	return 0;
}

/* ---- welcome ---- */

void seal_welcome_fini(struct seal_welcome *welcome)
{
	if (!welcome)
		return;
	free(welcome->certificate);
	free(welcome->ca);
	free(welcome->policy);
	free(welcome->pins);
	free(welcome->configuration);
	memset(welcome, 0, sizeof(*welcome));
}

static bool server_ok(const char *server)
{
	const char *p = server;

	if (strncmp(p, "https://", 8) != 0 || !p[8])
		return false;
	for (; *p; p++)
		if (*p <= ' ' || *p > '~' || *p == '"' || *p == '\\')
			return false;
	return true;
}

static int check_welcome(const struct seal_welcome *w, struct seal_diag *diag)
{
	struct seal_vkey vkey = {0};
	int rc = seal_origin_check(w->origin, strlen(w->origin), diag);

	if (rc)
		return rc;
	rc = seal_vkey_parse(w->store_vkey, strlen(w->store_vkey), &vkey, diag);
	if (rc)
		return rc;
	if (vkey.type != SEAL_KEY_COSIGNATURE)
		rc = seal_diag_set(diag, SEAL_E_FORMAT,
				   "welcome: the store's key is not a "
				   "cosignature key (0x04)");
	else if (!server_ok(w->server))
		rc = seal_diag_set(diag, SEAL_E_FORMAT,
				   "welcome: the server is not "
				   "https://HOST:PORT");
	else if (!seal_section_pem_ok(w->certificate, strlen(w->certificate),
				      "CERTIFICATE", CERTIFICATES_MAX) ||
		 !seal_section_pem_ok(w->ca, strlen(w->ca), "CERTIFICATE",
				      CERTIFICATES_MAX))
		rc = seal_diag_set(diag, SEAL_E_FORMAT,
				   "welcome: certificate or CA is not PEM");
	seal_vkey_fini(&vkey);
	return rc;
}

static int put_welcome(const struct seal_welcome *w, struct seal_buf *b)
{
	const struct {
		const char *name, *text;
	} section[] = {
		{"certificate", w->certificate},
		{"ca", w->ca},
		{"policy", w->policy},
		{"pins", w->pins},
		{"configuration", w->configuration},
	};
	size_t i;
	int rc = 0;

	seal_buf_put_str(b, WELCOME_FIRST);
	seal_section_put_line(b, "origin", w->origin);
	seal_section_put_base64(b, "log-id", w->log_id.b, SEAL_HASH_BYTES);
	seal_section_put_line(b, "store", w->store_vkey);
	seal_section_put_line(b, "server", w->server);
	for (i = 0; i < sizeof(section) / sizeof(section[0]) && !rc; i++)
		rc = seal_section_put(b, section[i].name, section[i].text,
				      strlen(section[i].text));
	seal_buf_put_str(b, "end\n");
	return rc ? rc : seal_buf_error(b);
}

int seal_welcome_build(const struct seal_welcome *welcome,
		       struct seal_buf *ret_text, struct seal_diag *diag)
{
	size_t was = ret_text->len;
	int rc;

	if (!welcome->certificate || !welcome->ca || !welcome->policy ||
	    !welcome->pins || !welcome->configuration)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "welcome: a section is missing");
	rc = check_welcome(welcome, diag);
	if (rc)
		return rc;
	rc = put_welcome(welcome, ret_text);
	if (!rc && ret_text->len - was > SEAL_WELCOME_BYTES_MAX)
		rc = SEAL_E_TOOBIG;
	if (!rc)
		return 0;
	seal_buf_truncate(ret_text, was);
	return seal_diag_set(diag, rc,
			     "welcome: a section is not plain text, or all is "
			     "over %d bytes",
			     SEAL_WELCOME_BYTES_MAX);
}

static int take_welcome(struct seal_cur *cur, struct seal_welcome *w)
{
	struct {
		const char *name;
		char **text;
	} section[] = {
		{"certificate", &w->certificate},
		{"ca", &w->ca},
		{"policy", &w->policy},
		{"pins", &w->pins},
		{"configuration", &w->configuration},
	};
	size_t i, bytes;
	int rc;

	seal_cur_expect(cur, WELCOME_FIRST);
	if (seal_section_line(cur, "origin", w->origin, sizeof(w->origin)) ||
	    seal_section_base64(cur, "log-id", w->log_id.b, SEAL_HASH_BYTES) ||
	    seal_section_line(cur, "store", w->store_vkey,
			      sizeof(w->store_vkey)) ||
	    seal_section_line(cur, "server", w->server, sizeof(w->server)))
		return SEAL_E_FORMAT;
	for (i = 0; i < sizeof(section) / sizeof(section[0]); i++) {
		rc = seal_section_take(cur, section[i].name, section[i].text,
				       &bytes);
		if (rc)
			return rc;
	}
	return seal_section_end(cur);
}

int seal_welcome_parse(const uint8_t *text, size_t text_bytes,
		       struct seal_welcome *ret_welcome, struct seal_diag *diag)
{
	struct seal_welcome w = {0};
	struct seal_cur cur;
	int rc;

	if (text_bytes > SEAL_WELCOME_BYTES_MAX)
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "a welcome has at most %d bytes",
				     SEAL_WELCOME_BYTES_MAX);
	seal_cur_init(&cur, text, text_bytes);
	rc = take_welcome(&cur, &w);
	if (rc == SEAL_E_FORMAT)
		malformed(diag, "the welcome", cur.off);
	if (!rc)
		rc = check_welcome(&w, diag);
	if (rc) {
		seal_welcome_fini(&w);
		return rc;
	}
	*ret_welcome = w;
	return 0;
}
