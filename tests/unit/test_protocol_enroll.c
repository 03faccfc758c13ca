/* SPDX-License-Identifier: Apache-2.0 */
/* NAME.enroll and NAME.welcome: round trips, signatures, every damage. */
#include "core/buf.h"
#include "core/crypto.h"
#include "core/epoch.h"
#include "core/key.h"
#include "protocol/enroll.h"
#include "tests/lib/oom.h"
#include "tests/lib/testdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ORIGIN "web01.example.com/audit"
#define PEM(label) \
	"-----BEGIN " label "-----\nTUlJQg==\n-----END " label "-----\n"

struct keys {
	struct seal_key *host, *epoch;
};

static void fill(struct seal_enroll *e, const struct keys *k, const char *csr)
{
	uint8_t text[SEAL_ENROLL_SIGNED_BYTES];

	memset(e, 0, sizeof(*e));
	strcpy(e->origin, ORIGIN);
	memcpy(e->host_key, seal_pub_bytes(seal_key_public(k->host)), 32);
	memcpy(e->epoch_key, seal_pub_bytes(seal_key_public(k->epoch)), 32);
	memset(e->machine.b, 0x5A, 32);
	assert_int_equal(
		seal_log_id(e->origin, e->host_key, e->epoch_key, &e->log_id),
		0);
	seal_enroll_signed_text(&e->log_id, text);
	assert_memory_equal(text, "auditseal/enrol/v1\n", 19);
	assert_memory_equal(text + 19, e->log_id.b, 32);
	assert_int_equal(
		seal_key_sign(k->host, text, sizeof(text), e->host_sig), 0);
	assert_int_equal(
		seal_key_sign(k->epoch, text, sizeof(text), e->epoch_sig), 0);
	e->csr_pem = (char *)(uintptr_t)csr;
	e->csr_pem_bytes = strlen(csr);
}

static int setup(void **state)
{
	static const uint8_t a[32] = {1}, b[32] = {2};
	struct keys *k = calloc(1, sizeof(*k));

	*state = k;
	return seal_crypto_init(NULL) || seal_key_from_seed(a, &k->host) ||
	       seal_key_from_seed(b, &k->epoch);
}

static int teardown(void **state)
{
	struct keys *k = *state;

	seal_key_free(k->host);
	seal_key_free(k->epoch);
	free(k);
	return 0;
}

static void enrolment_round_trips(void **state)
{
	static const char *const csr[] = {PEM("CERTIFICATE REQUEST"),
					  PEM("NEW CERTIFICATE REQUEST")};
	struct seal_enroll e, got;
	struct seal_buf text = SEAL_BUF_INIT;
	size_t i;

	for (i = 0; i < 2; i++) {
		seal_buf_reset(&text);
		fill(&e, *state, csr[i]);
		assert_int_equal(seal_enroll_build(&e, &text, NULL), 0);
		assert_memory_equal(text.data,
				    "auditseal/enroll/v1\norigin " ORIGIN
				    "\nlog-id ",
				    20 + 7 + strlen(ORIGIN) + 8);
		assert_int_equal(
			seal_enroll_parse(text.data, text.len, &got, NULL), 0);
		assert_string_equal(got.origin, ORIGIN);
		assert_memory_equal(got.log_id.b, e.log_id.b, 32);
		assert_memory_equal(got.host_key, e.host_key, 32);
		assert_memory_equal(got.epoch_key, e.epoch_key, 32);
		assert_memory_equal(got.machine.b, e.machine.b, 32);
		assert_int_equal(
			strncmp(got.host_vkey, ORIGIN "+", strlen(ORIGIN) + 1),
			0);
		assert_int_equal(strncmp(got.epoch_vkey, ORIGIN "/epoch+",
					 strlen(ORIGIN) + 7),
				 0);
		assert_string_equal(got.csr_pem, csr[i]);
		seal_enroll_fini(&got);
		seal_enroll_fini(&got);
	}
	seal_buf_fini(&text);
}

/* Made by tests/golden/make_enroll.py with openssl; it stands in the text. */
static void golden_enrolment_is_read(void **state)
{
	struct seal_enroll got;
	struct seal_buf again = SEAL_BUF_INIT;
	size_t len, spec_len;
	uint8_t *text = test_file_read("tests/golden/host17.enroll", &len);
	uint8_t *spec = test_file_read("docs/spec/protocol.md", &spec_len);

	(void)state;
	assert_int_equal(seal_enroll_parse(text, len, &got, NULL), 0);
	assert_string_equal(got.origin, "audit.example.org/host17");
	assert_int_equal(seal_enroll_build(&got, &again, NULL), 0);
	assert_int_equal(again.len, len);
	assert_memory_equal(again.data, text, len);
	assert_non_null(strstr((char *)spec, (char *)text));
	seal_enroll_fini(&got);
	seal_buf_fini(&again);
	free(spec);
	free(text);
}

/* Offset of the value of a key line. */
static size_t value_of(const struct seal_buf *text, const char *key)
{
	const char *at = memmem(text->data, text->len, key, strlen(key));

	assert_non_null(at);
	return (size_t)(at - (const char *)text->data) + strlen(key);
}

static void damaged_enrolments_are_refused(void **state)
{
	struct seal_enroll e, got;
	struct seal_buf text = SEAL_BUF_INIT, again = SEAL_BUF_INIT;
	size_t i, machine, csr;
	int rc;

	fill(&e, *state, PEM("CERTIFICATE REQUEST"));
	assert_int_equal(seal_enroll_build(&e, &text, NULL), 0);
	machine = value_of(&text, "\nmachine ");
	csr = value_of(&text, "BEGIN CERTIFICATE REQUEST-----\n");
	for (i = 0; i < text.len; i++)
		assert_int_equal(seal_enroll_parse(text.data, i, &got, NULL),
				 SEAL_E_FORMAT);
	for (i = 0; i < text.len * 8; i++) {
		text.data[i / 8] ^= (uint8_t)(1 << i % 8);
		rc = seal_enroll_parse(text.data, text.len, &got, NULL);
		if (!rc) {
			/* Neither is signed: but they are what they say. */
			assert_true(
				(i / 8 >= machine && i / 8 < machine + 44) ||
				(i / 8 >= csr && i / 8 < csr + 8));
			seal_buf_reset(&again);
			assert_int_equal(seal_enroll_build(&got, &again, NULL),
					 0);
			assert_int_equal(again.len, text.len);
			assert_memory_equal(again.data, text.data, text.len);
			seal_enroll_fini(&got);
		}
		text.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	seal_buf_put_u8(&text, '\n');
	assert_int_equal(seal_enroll_parse(text.data, text.len, &got, NULL),
			 SEAL_E_FORMAT);
	seal_buf_fini(&again);
	seal_buf_fini(&text);
}

static void foreign_signatures_and_keys_are_refused(void **state)
{
	const struct keys *k = *state;
	struct keys same = {k->host, k->host};
	struct keys swapped = {k->epoch, k->host};
	struct seal_enroll e, other;
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_diag diag = {0};

	fill(&e, &same, PEM("CERTIFICATE REQUEST"));
	assert_int_equal(seal_enroll_build(&e, &text, &diag), SEAL_E_KEY);
	fill(&e, k, PEM("CERTIFICATE REQUEST"));
	fill(&other, &swapped, PEM("CERTIFICATE REQUEST"));
	memcpy(e.host_sig, other.host_sig, 64);
	assert_int_equal(seal_enroll_build(&e, &text, &diag), SEAL_E_SIG);
	assert_non_null(strstr(diag.text, ORIGIN));
	fill(&e, k, PEM("CERTIFICATE REQUEST"));
	strcpy(e.origin, "web02.example.com/audit");
	assert_int_equal(seal_enroll_build(&e, &text, &diag), SEAL_E_SIG);
	strcpy(e.origin, "Web/../audit");
	assert_int_equal(seal_enroll_build(&e, &text, &diag), SEAL_E_FORMAT);
	fill(&e, k, PEM("CERTIFICATE"));
	assert_int_equal(seal_enroll_build(&e, &text, &diag), SEAL_E_FORMAT);
	fill(&e, k, PEM("CERTIFICATE REQUEST") PEM("CERTIFICATE REQUEST"));
	assert_int_equal(seal_enroll_build(&e, &text, &diag), SEAL_E_FORMAT);
	assert_int_equal(text.len, 0);
	seal_buf_fini(&text);
}

/* ---- welcome ---- */

static char store_vkey[SEAL_VKEY_TEXT_BYTES];

static void fill_welcome(struct seal_welcome *w, const struct keys *k)
{
	struct seal_vkey vkey;
	struct seal_buf b;

	memset(w, 0, sizeof(*w));
	assert_int_equal(seal_vkey_init(&vkey, "store.example/audit",
					SEAL_KEY_COSIGNATURE,
					seal_key_public(k->host), NULL),
			 0);
	seal_buf_init_fixed(&b, store_vkey, sizeof(store_vkey));
	seal_vkey_put(&b, &vkey);
	seal_buf_put_u8(&b, 0);
	assert_int_equal(seal_buf_error(&b), 0);
	seal_vkey_fini(&vkey);
	strcpy(w->origin, ORIGIN);
	memset(w->log_id.b, 7, 32);
	strcpy(w->store_vkey, store_vkey);
	strcpy(w->server, "https://store.example:6962");
	w->certificate = strdup(PEM("CERTIFICATE") PEM("CERTIFICATE"));
	w->ca = strdup(PEM("CERTIFICATE"));
	w->policy = strdup("log x\nsection pins 3\nend\nquorum none\n");
	w->pins = strdup(ORIGIN " BwcHBwcHBwc=\n");
	w->configuration =
		strdup("# caf\xc3\xa9\nmodule(load=\"x\")\n\n\tend\n");
}

static void welcome_round_trips(void **state)
{
	struct seal_welcome w, got;
	struct seal_buf text = SEAL_BUF_INIT;

	fill_welcome(&w, *state);
	assert_int_equal(seal_welcome_build(&w, &text, NULL), 0);
	assert_int_equal(seal_welcome_parse(text.data, text.len, &got, NULL),
			 0);
	assert_string_equal(got.origin, w.origin);
	assert_memory_equal(got.log_id.b, w.log_id.b, 32);
	assert_string_equal(got.store_vkey, w.store_vkey);
	assert_string_equal(got.server, w.server);
	assert_string_equal(got.certificate, w.certificate);
	assert_string_equal(got.ca, w.ca);
	assert_string_equal(got.policy, w.policy);
	assert_string_equal(got.pins, w.pins);
	assert_string_equal(got.configuration, w.configuration);
	seal_welcome_fini(&got);
	seal_welcome_fini(&w);
	seal_buf_fini(&text);
}

static void damaged_welcomes_are_refused_or_canonical(void **state)
{
	struct seal_welcome w, got;
	struct seal_buf text = SEAL_BUF_INIT, again = SEAL_BUF_INIT;
	size_t i;

	fill_welcome(&w, *state);
	assert_int_equal(seal_welcome_build(&w, &text, NULL), 0);
	for (i = 0; i < text.len; i++)
		assert_int_equal(seal_welcome_parse(text.data, i, &got, NULL),
				 SEAL_E_FORMAT);
	for (i = 0; i < text.len * 8; i++) {
		text.data[i / 8] ^= (uint8_t)(1 << i % 8);
		if (!seal_welcome_parse(text.data, text.len, &got, NULL)) {
			seal_buf_reset(&again);
			assert_int_equal(seal_welcome_build(&got, &again, NULL),
					 0);
			assert_int_equal(again.len, text.len);
			assert_memory_equal(again.data, text.data, text.len);
			seal_welcome_fini(&got);
		}
		text.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	seal_welcome_fini(&w);
	seal_buf_fini(&again);
	seal_buf_fini(&text);
}

static int build_with(struct keys *k, const char *server, const char *policy)
{
	struct seal_welcome w;
	struct seal_buf text = SEAL_BUF_INIT;
	int rc;

	fill_welcome(&w, k);
	strcpy(w.server, server);
	free(w.policy);
	w.policy = strdup(policy);
	rc = seal_welcome_build(&w, &text, NULL);
	if (rc)
		assert_int_equal(text.len, 0);
	seal_welcome_fini(&w);
	seal_buf_fini(&text);
	return rc;
}

static void bad_welcomes_are_not_written(void **state)
{
	const char *server = "https://store.example:6962";

	assert_int_equal(build_with(*state, server, "x\n"), 0);
	assert_int_equal(build_with(*state, "http://a", "x\n"), SEAL_E_FORMAT);
	assert_int_equal(build_with(*state, "https://", "x\n"), SEAL_E_FORMAT);
	assert_int_equal(build_with(*state, "https://a\nb", "x\n"),
			 SEAL_E_FORMAT);
	assert_int_equal(build_with(*state, server, ""), SEAL_E_FORMAT);
	assert_int_equal(build_with(*state, server, "no newline"),
			 SEAL_E_FORMAT);
	assert_int_equal(build_with(*state, server, "esc \x1b\n"),
			 SEAL_E_FORMAT);
	assert_int_equal(build_with(*state, server, "latin1 \xe9\n"),
			 SEAL_E_FORMAT);
}

static int oom_work(void *arg)
{
	struct seal_enroll got = {0};
	struct seal_buf text = SEAL_BUF_INIT;
	int rc = seal_enroll_build(arg, &text, NULL);

	if (!rc)
		rc = seal_enroll_parse(text.data, text.len, &got, NULL);
	seal_enroll_fini(&got);
	seal_buf_fini(&text);
	return rc;
}

static int oom_welcome(void *arg)
{
	struct seal_welcome got = {0};
	struct seal_buf text = SEAL_BUF_INIT;
	int rc = seal_welcome_build(arg, &text, NULL);

	if (!rc)
		rc = seal_welcome_parse(text.data, text.len, &got, NULL);
	seal_welcome_fini(&got);
	seal_buf_fini(&text);
	return rc;
}

static void out_of_memory_is_told(void **state)
{
	struct seal_enroll e;
	struct seal_welcome w;

	fill(&e, *state, PEM("CERTIFICATE REQUEST"));
	oom_every_flags(oom_work, &e, OOM_NO_BALANCE);
	fill_welcome(&w, *state);
	oom_every_flags(oom_welcome, &w, OOM_NO_BALANCE);
	seal_welcome_fini(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enrolment_round_trips),
		cmocka_unit_test(golden_enrolment_is_read),
		cmocka_unit_test(damaged_enrolments_are_refused),
		cmocka_unit_test(foreign_signatures_and_keys_are_refused),
		cmocka_unit_test(welcome_round_trips),
		cmocka_unit_test(damaged_welcomes_are_refused_or_canonical),
		cmocka_unit_test(bad_welcomes_are_not_written),
		cmocka_unit_test(out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
