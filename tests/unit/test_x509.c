/* SPDX-License-Identifier: Apache-2.0 */
/* lib/x509: what is made says what was asked for, and nothing more is read. */
#include "x509/x509.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tests/lib/oom.h"

#define DAY_S 86400
#define NOW_S INT64_C(1795262400) /* 2026-11-21 12:00 UTC */

struct authority {
	struct seal_x509_key *key;
	char *pem;
};

static struct seal_diag diag;

static void authority_make(struct authority *ca, const char *name)
{
	struct seal_x509_template tmpl = {
		.role = SEAL_X509_CA,
		.name = name,
		.not_before_s = NOW_S - DAY_S,
		.not_after_s = NOW_S + 3650 * DAY_S,
	};

	assert_int_equal(seal_x509_key_generate(&ca->key, &diag), 0);
	assert_int_equal(seal_x509_ca_make(&tmpl, ca->key, &ca->pem, &diag), 0);
}

static void authority_fini(struct authority *ca)
{
	seal_x509_key_free(ca->key);
	free(ca->pem);
}

static int setup(void **state)
{
	struct authority *ca = calloc(1, sizeof(*ca));

	assert_non_null(ca);
	authority_make(ca, "test CA");
	*state = ca;
	return 0;
}

static int teardown(void **state)
{
	authority_fini(*state);
	free(*state);
	return 0;
}

static struct seal_x509_template leaf(enum seal_x509_role role,
				      const char *const *names, size_t count)
{
	struct seal_x509_template tmpl = {
		.role = role,
		.name = "some name",
		.names = names,
		.names_count = count,
		.not_before_s = NOW_S - DAY_S,
		.not_after_s = NOW_S + DAY_S,
	};

	return tmpl;
}

static char *issue(const struct authority *ca,
		   const struct seal_x509_template *tmpl)
{
	struct seal_x509_key *key;
	char *pem;

	assert_int_equal(seal_x509_key_generate(&key, &diag), 0);
	assert_int_equal(
		seal_x509_cert_make(tmpl, key, ca->pem, ca->key, &pem, &diag),
		0);
	assert_int_equal(seal_x509_key_check(pem, key, &diag), 0);
	assert_int_equal(seal_x509_key_check(pem, ca->key, &diag), SEAL_E_KEY);
	seal_x509_key_free(key);
	return pem;
}

static void authority_says_what_it_is(void **state)
{
	const struct authority *ca = *state;
	struct seal_x509_fields fields;

	assert_int_equal(seal_x509_fields_from_pem(ca->pem, &fields, &diag), 0);
	assert_int_equal(fields.role, SEAL_X509_CA);
	assert_string_equal(fields.name, "test CA");
	assert_int_equal(fields.not_before_s, NOW_S - DAY_S);
	assert_int_equal(fields.not_after_s, NOW_S + 3650 * DAY_S);
	assert_int_equal(fields.names_count, 0);
}

static void server_names_are_hosts_and_addresses(void **state)
{
	static const char *const names[] = {"store.example", "127.0.0.1",
					    "::1"};
	struct seal_x509_template tmpl = leaf(SEAL_X509_SERVER, names, 3);
	struct seal_x509_fields fields;
	char *pem = issue(*state, &tmpl);

	assert_int_equal(seal_x509_fields_from_pem(pem, &fields, &diag), 0);
	assert_int_equal(fields.role, SEAL_X509_SERVER);
	assert_string_equal(fields.name, "some name");
	assert_int_equal(fields.names_count, 3);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(fields.names[i], names[i]);
	free(pem);
}

static void roles_of_clients_are_read_back(void **state)
{
	static const char *const origins[] = {"web01.example.com/audit",
					      "web01.example.com/audit/2"};
	struct seal_x509_template ingest = leaf(SEAL_X509_INGEST, origins, 2);
	struct seal_x509_template reader = leaf(SEAL_X509_READER, NULL, 0);
	struct seal_x509_fields fields;
	char *pem = issue(*state, &ingest);

	assert_int_equal(seal_x509_fields_from_pem(pem, &fields, &diag), 0);
	assert_int_equal(fields.role, SEAL_X509_INGEST);
	assert_int_equal(fields.names_count, 2);
	assert_string_equal(fields.names[0], origins[0]);
	assert_string_equal(fields.names[1], origins[1]);
	free(pem);

	pem = issue(*state, &reader);
	assert_int_equal(seal_x509_fields_from_pem(pem, &fields, &diag), 0);
	assert_int_equal(fields.role, SEAL_X509_READER);
	assert_int_equal(fields.names_count, 0);
	free(pem);
}

static void request_gives_its_key_alone(void **state)
{
	static const char *const origins[] = {"web01.example.com/audit"};
	struct seal_x509_template tmpl = leaf(SEAL_X509_INGEST, origins, 1);
	const struct authority *ca = *state;
	struct seal_x509_fields fields;
	struct seal_x509_key *key;
	char *request, *pem;

	assert_int_equal(seal_x509_key_generate(&key, &diag), 0);
	assert_int_equal(seal_x509_request_make(key, "auditseal:reader",
						&request, &diag),
			 0);
	assert_int_equal(seal_x509_cert_issue(&tmpl, request, ca->pem, ca->key,
					      &pem, &diag),
			 0);
	assert_int_equal(seal_x509_fields_from_pem(pem, &fields, &diag), 0);
	assert_string_equal(fields.name, "some name");
	assert_int_equal(fields.role, SEAL_X509_INGEST);
	assert_int_equal(seal_x509_key_check(pem, key, &diag), 0);
	assert_int_equal(seal_x509_cert_check(pem, ca->pem, NOW_S, &diag), 0);
	seal_x509_key_free(key);
	free(request);
	free(pem);
}

static void damaged_request_is_refused(void **state)
{
	static const char *const origins[] = {"web01.example.com/audit"};
	struct seal_x509_template tmpl = leaf(SEAL_X509_INGEST, origins, 1);
	const struct authority *ca = *state;
	struct seal_x509_key *key;
	char *request, *pem = NULL;
	size_t refused = 0, tried = 0;
	char was;

	assert_int_equal(seal_x509_key_generate(&key, &diag), 0);
	assert_int_equal(seal_x509_request_make(key, "web01", &request, &diag),
			 0);
	for (char *p = strchr(request, '\n') + 1; *p != '-'; p++) {
		if (*p == '\n' || *p == '=' || p[1] == '=' || p[1] == '\n')
			continue;
		was = *p;
		*p = was == 'A' ? 'B' : 'A';
		tried++;
		if (seal_x509_cert_issue(&tmpl, request, ca->pem, ca->key, &pem,
					 &diag) < 0)
			refused++;
		else
			free(pem);
		*p = was;
	}
	assert_true(tried > 100);
	assert_int_equal(refused, tried);
	assert_int_equal(seal_x509_cert_issue(&tmpl, "nonsense", ca->pem,
					      ca->key, &pem, &diag),
			 SEAL_E_FORMAT);
	seal_x509_key_free(key);
	free(request);
}

static void time_and_issuer_are_checked(void **state)
{
	struct seal_x509_template tmpl = leaf(SEAL_X509_READER, NULL, 0);
	const struct authority *ca = *state;
	struct authority other;
	char *pem = issue(ca, &tmpl);

	authority_make(&other, "test CA");
	assert_int_equal(seal_x509_cert_check(pem, ca->pem, NOW_S, &diag), 0);
	assert_int_equal(seal_x509_cert_check(pem, other.pem, NOW_S, &diag),
			 SEAL_E_TLS);
	assert_int_equal(
		seal_x509_cert_check(pem, ca->pem, NOW_S + 2 * DAY_S, &diag),
		SEAL_E_TLS);
	assert_int_equal(
		seal_x509_cert_check(pem, ca->pem, NOW_S - 2 * DAY_S, &diag),
		SEAL_E_TLS);
	authority_fini(&other);
	free(pem);
}

static void wrong_templates_are_refused(void **state)
{
	static const char *const none[] = {""};
	const struct authority *ca = *state;
	struct seal_x509_template bad[] = {
		leaf(SEAL_X509_SERVER, NULL, 0),
		leaf(SEAL_X509_INGEST, NULL, 0),
		leaf(SEAL_X509_READER, none, 1),
		leaf(SEAL_X509_CA, NULL, 0),
		leaf(SEAL_X509_NONE, NULL, 0),
		leaf(SEAL_X509_SERVER, none, 1),
		leaf(SEAL_X509_READER, NULL, 0),
		leaf(SEAL_X509_READER, NULL, 0),
	};
	struct seal_x509_key *key;
	char *pem = NULL;

	bad[6].name = "";
	bad[7].not_after_s = bad[7].not_before_s;
	assert_int_equal(seal_x509_key_generate(&key, &diag), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(seal_x509_cert_make(&bad[i], key, ca->pem,
						     ca->key, &pem, &diag),
				 SEAL_E_ARG);
	bad[6] = leaf(SEAL_X509_READER, NULL, 0);
	assert_int_equal(
		seal_x509_cert_make(&bad[6], key, ca->pem, key, &pem, &diag),
		SEAL_E_KEY);
	assert_null(pem);
	seal_x509_key_free(key);
}

static void keys_go_through_pem(void **state)
{
	const struct authority *ca = *state;
	struct seal_x509_key *copy;
	char *pem;

	assert_int_equal(seal_x509_key_to_pem(ca->key, &pem, &diag), 0);
	assert_int_equal(seal_x509_key_from_pem(pem, &copy, &diag), 0);
	assert_int_equal(seal_x509_key_check(ca->pem, copy, &diag), 0);
	assert_int_equal(seal_x509_key_from_pem(ca->pem, &copy, &diag),
			 SEAL_E_FORMAT);
	seal_x509_key_free(copy);
	seal_x509_secret_free(pem);
	seal_x509_secret_free(NULL);
	seal_x509_key_free(NULL);
}

/* Makes and reads everything once. */
static int everything(void *arg)
{
	static const char *const origins[] = {"web01.example.com/audit"};
	struct seal_x509_template tmpl = leaf(SEAL_X509_INGEST, origins, 1);
	const struct authority *ca = arg;
	char *request = NULL, *pem = NULL, *key_pem = NULL;
	struct seal_x509_key *key = NULL, *copy = NULL;
	struct seal_x509_fields fields;
	int rc;

	rc = seal_x509_key_generate(&key, &diag);
	if (rc == 0)
		rc = seal_x509_key_to_pem(key, &key_pem, &diag);
	if (rc == 0)
		rc = seal_x509_key_from_pem(key_pem, &copy, &diag);
	if (rc == 0)
		rc = seal_x509_request_make(copy, "web01", &request, &diag);
	if (rc == 0)
		rc = seal_x509_cert_issue(&tmpl, request, ca->pem, ca->key,
					  &pem, &diag);
	if (rc == 0)
		rc = seal_x509_fields_from_pem(pem, &fields, &diag);
	seal_x509_key_free(key);
	seal_x509_key_free(copy);
	seal_x509_secret_free(key_pem);
	free(request);
	free(pem);
	return rc;
}

static void out_of_memory(void **state)
{
	assert_true(oom_every(everything, *state) >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(authority_says_what_it_is),
		cmocka_unit_test(server_names_are_hosts_and_addresses),
		cmocka_unit_test(roles_of_clients_are_read_back),
		cmocka_unit_test(request_gives_its_key_alone),
		cmocka_unit_test(damaged_request_is_refused),
		cmocka_unit_test(time_and_issuer_are_checked),
		cmocka_unit_test(wrong_templates_are_refused),
		cmocka_unit_test(keys_go_through_pem),
		cmocka_unit_test(out_of_memory),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
