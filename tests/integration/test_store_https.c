/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real auditseald over mutual TLS: who is let in, who is not, and what the
 * answers look like on the wire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/x509.h>

#include "protocol/tile.h"
#include "tests/lib/storedaemon.h"

#define ORIGIN "web01.example.com/audit"
#define OTHER  "web02.example.com/audit"
#define DAY_S  86400

static struct daemon_store d;
static struct test_host web01, web02;

static int begin(void **state)
{
	(void)state;
	assert_int_equal(seal_crypto_init(NULL), 0);
	assert_int_equal(seal_http_global_init(NULL), 0);
	daemon_make(&d);
	daemon_start(&d);
	test_host_make(&web01, ORIGIN, 1500, 300, 1);
	test_host_make(&web02, OTHER, 700, 300, 2);
	host_enroll(&d, &web01, "web01");
	host_enroll(&d, &web02, "web02");
	assert_int_equal(symlink(daemon_path(&d, "reader.pem"), "reader.pem"),
			 0);
	assert_int_equal(symlink(daemon_path(&d, "reader.key"), "reader.key"),
			 0);
	return 0;
}

static int end(void **state)
{
	(void)state;
	daemon_free(&d);
	test_host_free(&web01);
	test_host_free(&web02);
	seal_http_global_fini();
	return 0;
}

/* ---- certificates that nobody issued ---- */

static char *file_text(const char *path)
{
	static char text[8192];
	FILE *f = fopen(path, "r");
	size_t len;

	assert_non_null(f);
	len = fread(text, 1, sizeof(text) - 1, f);
	text[len] = '\0';
	fclose(f);
	return text;
}

static void file_put(const char *name, const char *suffix, const char *text)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "%s%s", name, suffix);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static struct seal_x509_template of_role(enum seal_x509_role role)
{
	static const char *const names[] = {ORIGIN};
	int64_t now_s = (int64_t)time(NULL);
	struct seal_x509_template tmpl = {
		.role = role,
		.name = ORIGIN,
		.names = role == SEAL_X509_READER || role == SEAL_X509_CA
				 ? NULL
				 : names,
		.names_count = role != SEAL_X509_READER && role != SEAL_X509_CA,
		.not_before_s = now_s - 30 * DAY_S,
		.not_after_s = now_s + DAY_S,
	};

	return tmpl;
}

/* NAME.pem and NAME.key; signed by a CA, or by nobody. */
static void certificate_make(const char *name,
			     const struct seal_x509_template *tmpl,
			     const char *ca_pem,
			     const struct seal_x509_key *ca_key)
{
	struct seal_x509_key *key;
	char *pem, *key_pem;

	assert_int_equal(seal_x509_key_generate(&key, NULL), 0);
	assert_int_equal(
		seal_x509_cert_make(tmpl, key, ca_pem, ca_key, &pem, NULL), 0);
	assert_int_equal(seal_x509_key_to_pem(key, &key_pem, NULL), 0);
	file_put(name, ".pem", pem);
	file_put(name, ".key", key_pem);
	seal_x509_secret_free(key_pem);
	seal_x509_key_free(key);
	free(pem);
}

/* Another CA, under the very name of the store's. */
static void rogue_authority(struct seal_x509_key **ret_key, char **ret_pem)
{
	struct seal_x509_template tmpl = of_role(SEAL_X509_CA);
	struct seal_x509_fields fields;

	assert_int_equal(
		seal_x509_fields_from_pem(file_text(daemon_path(&d, "ca.pem")),
					  &fields, NULL),
		0);
	tmpl.name = fields.name;
	assert_int_equal(seal_x509_key_generate(ret_key, NULL), 0);
	assert_int_equal(seal_x509_ca_make(&tmpl, *ret_key, ret_pem, NULL), 0);
}

static void asks_in_vain(const char *name, const char *method_path,
			 unsigned status)
{
	struct seal_http *client = client_make(&d, name, NULL);
	struct answer answer;

	client_ask(&d, client, method_path, NULL, NULL, &answer);
	assert_int_equal(answer.rc, 0);
	assert_int_equal(answer.head.status, status);
	answer_fini(&answer);
	seal_http_free(client);
}

/* Neither reads nor writes: 403, whatever it asks for. */
static void shut_out(const char *name)
{
	struct seal_http *client = client_make(&d, name, NULL);
	char path[128], hex[SEAL_ORIGIN_HASH_BYTES];

	host_checkpoint(&d, client, &web01, 0, 10, 403);
	seal_http_free(client);
	client = client_make(&d, name, NULL);
	host_entries(&d, client, &web01, 0, 10, 9, 403);
	seal_http_free(client);
	assert_int_equal(seal_origin_hash(ORIGIN, hex), 0);
	snprintf(path, sizeof(path), "/%s/checkpoint", hex);
	asks_in_vain(name, path, 403);
}

static void no_certificate(void **state)
{
	(void)state;
	shut_out(NULL);
	asks_in_vain(NULL, "/healthz", 200);
}

static void a_rogue_authority_of_the_same_name(void **state)
{
	struct seal_x509_template tmpl = of_role(SEAL_X509_INGEST);
	struct seal_x509_key *key;
	char *pem;

	(void)state;
	rogue_authority(&key, &pem);
	certificate_make("rogue", &tmpl, pem, key);
	shut_out("rogue");
	tmpl = of_role(SEAL_X509_READER);
	certificate_make("rogue", &tmpl, pem, key);
	shut_out("rogue");
	seal_x509_key_free(key);
	free(pem);
}

/* With the right names and purpose, and signed by its own key alone. */
static void a_certificate_that_signs_itself(void **state)
{
	static const char uri[] = SEAL_X509_URI_INGEST ORIGIN;
	gnutls_datum_t pem = {NULL, 0}, key_pem = {NULL, 0};
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t crt;

	(void)state;
	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(
		gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, 256, 0), 0);
	assert_int_equal(gnutls_x509_crt_init(&crt), 0);
	gnutls_x509_crt_set_version(crt, 3);
	gnutls_x509_crt_set_serial(crt, "1", 1);
	gnutls_x509_crt_set_key(crt, key);
	gnutls_x509_crt_set_dn(crt, "CN=" ORIGIN, NULL);
	gnutls_x509_crt_set_activation_time(crt, time(NULL) - DAY_S);
	gnutls_x509_crt_set_expiration_time(crt, time(NULL) + DAY_S);
	gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE);
	gnutls_x509_crt_set_key_purpose_oid(crt, GNUTLS_KP_TLS_WWW_CLIENT, 0);
	gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_URI, uri,
					     sizeof(uri) - 1, 0);
	assert_int_equal(
		gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
	gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);
	gnutls_x509_privkey_export2_pkcs8(key, GNUTLS_X509_FMT_PEM, NULL,
					  GNUTLS_PKCS_PLAIN, &key_pem);
	file_put("selfsigned", ".pem", (char *)pem.data);
	file_put("selfsigned", ".key", (char *)key_pem.data);
	shut_out("selfsigned");
	gnutls_free(pem.data);
	gnutls_free(key_pem.data);
	gnutls_x509_crt_deinit(crt);
	gnutls_x509_privkey_deinit(key);
}

static void issued_but_not_for_this(void **state)
{
	struct seal_x509_template tmpl = of_role(SEAL_X509_INGEST);
	struct seal_x509_key *key;
	struct seal_http *client;
	struct answer answer;
	char *ca;

	(void)state;
	ca = strdup(file_text(daemon_path(&d, "ca.pem")));
	assert_int_equal(
		seal_x509_key_from_pem(file_text(daemon_path(&d, "ca.key")),
				       &key, NULL),
		0);
	tmpl.not_after_s = time(NULL) - DAY_S;
	certificate_make("expired", &tmpl, ca, key);
	shut_out("expired");
	tmpl = of_role(SEAL_X509_INGEST);
	tmpl.not_before_s = time(NULL) + DAY_S / 2;
	certificate_make("early", &tmpl, ca, key);
	shut_out("early");
	file_put("server", ".pem", file_text(daemon_path(&d, "server.pem")));
	file_put("server", ".key", file_text(daemon_path(&d, "server.key")));
	shut_out("server");
	/* TLS itself has no use for the key of an authority. */
	file_put("authority", ".pem", ca);
	file_put("authority", ".key", file_text(daemon_path(&d, "ca.key")));
	client = client_make(&d, "authority", NULL);
	client_ask(&d, client, "/healthz", NULL, NULL, &answer);
	assert_int_equal(answer.rc, SEAL_E_TLS);
	answer_fini(&answer);
	seal_http_free(client);
	seal_x509_key_free(key);
	free(ca);
}

static void another_authority_for_the_server(void **state)
{
	struct seal_x509_key *key;
	struct seal_http *client;
	struct answer answer;
	char *pem;

	(void)state;
	rogue_authority(&key, &pem);
	file_put("other-ca", ".pem", pem);
	client = client_make(&d, "web01", "other-ca.pem");
	client_ask(&d, client, "/healthz", NULL, NULL, &answer);
	assert_int_equal(answer.rc, SEAL_E_TLS);
	answer_fini(&answer);
	seal_http_free(client);
	seal_x509_key_free(key);
	free(pem);
}

/* ---- roles ---- */

static void roles_do_not_mix(void **state)
{
	struct seal_http *host = client_make(&d, "web01", NULL);
	struct seal_http *other = client_make(&d, "web02", NULL);
	struct seal_http *reader = client_make(&d, "reader", NULL);
	struct test_host unknown;
	struct answer answer;

	(void)state;
	test_host_make(&unknown, "web03.example.com/audit", 9, 30, 3);
	host_checkpoint(&d, host, &unknown, 0, 9, 404);
	host_entries(&d, host, &unknown, 0, 9, 9, 404);
	host_checkpoint(&d, other, &web01, 0, 9, 403);
	host_checkpoint(&d, reader, &web01, 0, 9, 403);
	host_checkpoint(&d, host, &web01, 0, 9, 200);
	host_entries(&d, other, &web01, 0, 9, 9, 403);
	host_entries(&d, reader, &web01, 0, 9, 9, 403);
	host_entries(&d, host, &web01, 0, 9, 9, 200);
	reader_get(&d, host, ORIGIN, "checkpoint", 200, &answer);
	answer_fini(&answer);
	reader_get(&d, host, ORIGIN, "tile/0/000.p/9", 403, &answer);
	answer_fini(&answer);
	reader_get(&d, other, ORIGIN, "checkpoint", 403, &answer);
	answer_fini(&answer);
	assert_int_equal(reader_size(&d, reader, &web01), 9);
	reader_get(&d, reader, unknown.origin, "checkpoint", 404, &answer);
	answer_fini(&answer);
	test_host_free(&unknown);
	seal_http_free(host);
	seal_http_free(other);
	seal_http_free(reader);
}

/* ---- the protocol on the wire ---- */

static void statuses(void **state)
{
	struct seal_http *host = client_make(&d, "web01", NULL);
	struct test_host fork;

	(void)state;
	test_host_make(&fork, ORIGIN, 600, 300, 9);
	host_checkpoint(&d, host, &web01, 0, 600, 409);
	host_checkpoint(&d, host, &fork, 9, 600, 422);
	host_checkpoint(&d, host, &web01, 9, 600, 200);
	host_checkpoint(&d, host, &web01, 600, 600, 200);
	host_entries(&d, host, &web01, 9, 599, 9, 409);
	host_entries(&d, host, &web01, 10, 600, 9, 409);
	host_entries(&d, host, &web01, 9, 600, 0, 400);
	host_entries(&d, host, &fork, 9, 600, 9, 422);
	host_entries(&d, host, &web01, 9, 600, 1, 202);
	host_entries(&d, host, &web01, 256, 600, 9, 200);
	host_entries(&d, host, &web01, 600, 600, 9, 200);
	test_host_free(&fork);
	seal_http_free(host);
}

static void not_requests(void **state)
{
	static const struct {
		const char *path, *type;
		unsigned status;
	} cases[] = {
		{"/add-entries", NULL, 403}, /* a host may not read */
		{"/add-entries", SEAL_TYPE_TEXT, 415},
		{"/add-checkpoint", SEAL_TYPE_OCTETS, 415}, /* gzip */
		{"/add-openings", SEAL_TYPE_TEXT, 405},
		{"/", SEAL_TYPE_TEXT, 405},
		{"/add-checkpoint", SEAL_TYPE_TEXT, 400},
		{"/add-entries", SEAL_TYPE_OCTETS, 404}, /* no origin */
	};
	struct seal_buf body = SEAL_BUF_INIT;
	struct seal_http *host;
	struct answer answer;
	size_t i;

	(void)state;
	seal_buf_put_str(&body, "something");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		host = client_make(&d, "web01", NULL);
		client_ask(&d, host, cases[i].path, cases[i].type, &body,
			   &answer);
		assert_int_equal(answer.rc, 0);
		assert_int_equal(answer.head.status, cases[i].status);
		answer_fini(&answer);
		seal_http_free(host);
	}
	seal_buf_fini(&body);
}

static void too_long_bodies(void **state)
{
	struct seal_http *host = client_make(&d, "web01", NULL);
	struct seal_buf body = SEAL_BUF_INIT;
	struct answer answer;

	(void)state;
	seal_buf_put_zero(&body, 1 << 20);
	client_ask(&d, host, "/add-checkpoint", SEAL_TYPE_TEXT, &body, &answer);
	assert_int_equal(answer.rc, 0);
	assert_int_equal(answer.head.status, 413);
	answer_fini(&answer);
	seal_buf_fini(&body);
	seal_http_free(host);
}

/* Headers are the tlog-tiles and tlog-mirror ones, and bundles are packed. */
static void entries_as_they_were(void **state)
{
	struct seal_http *host = client_make(&d, "web02", NULL);
	struct seal_http *reader = client_make(&d, "reader", NULL);
	struct seal_bundle bundle;
	struct answer answer;
	unsigned i;

	(void)state;
	host_checkpoint(&d, host, &web02, 0, 700, 200);
	host_entries(&d, host, &web02, 0, 700, 99, 200);
	reader_get(&d, reader, OTHER, "tile/entries/001", 200, &answer);
	assert_string_equal(answer.head.content_type, SEAL_TYPE_OCTETS);
	assert_int_equal(seal_bundle_parse(answer.body.data, answer.body.len,
					   256, &bundle, NULL),
			 0);
	for (i = 0; i < 256; i++) {
		assert_int_equal(bundle.entry_bytes[i],
				 web02.entry[256 + i].len);
		assert_memory_equal(bundle.entry[i], web02.entry[256 + i].data,
				    bundle.entry_bytes[i]);
	}
	answer_fini(&answer);
	reader_get(&d, reader, OTHER, "tile/0/002.p/188", 200, &answer);
	assert_int_equal(answer.body.len, 188 * 32);
	assert_memory_equal(answer.body.data, &web02.leaf[512], 188 * 32);
	answer_fini(&answer);
	seal_http_free(host);
	seal_http_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_certificate),
		cmocka_unit_test(a_rogue_authority_of_the_same_name),
		cmocka_unit_test(a_certificate_that_signs_itself),
		cmocka_unit_test(issued_but_not_for_this),
		cmocka_unit_test(another_authority_for_the_server),
		cmocka_unit_test(roles_do_not_mix),
		cmocka_unit_test(statuses),
		cmocka_unit_test(not_requests),
		cmocka_unit_test(too_long_bodies),
		cmocka_unit_test(entries_as_they_were),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
