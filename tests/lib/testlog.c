/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: testlog.h. */
#include "tests/lib/testlog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/key.h"
#include "tests/lib/testdata.h"

static const char log_id_hex[] =
	"3e00cb8ae95098c23628a8106aada9f43948d000259e176006e0297ca0903d36";
static const char root3_hex[] =
	"73c2efd654c2614904244bd5409eec8f912bd0786ec593858d364885c5c84d8f";

void test_from_hex(const char *hex, void *ret_bytes, size_t want)
{
	uint8_t *bytes;
	size_t len;

	bytes = test_hex_decode(hex, &len);
	assert_int_equal(len, want);
	memcpy(ret_bytes, bytes, len);
	free(bytes);
}

size_t test_golden(const char *path, const char *name, uint8_t *ret_bytes,
		   size_t cap)
{
	char *text, *line, *save = NULL;
	size_t len, got = 0, name_len = strlen(name);
	uint8_t *bytes;

	text = (char *)test_file_read(path, &len);
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, name, name_len) != 0 || line[name_len] != ' ')
			continue;
		bytes = test_hex_decode(line + name_len, &got);
		assert_true(got <= cap);
		memcpy(ret_bytes, bytes, got);
		free(bytes);
	}
	free(text);
	assert_true(got > 0);
	return got;
}

struct seal_key *test_key(const char *purpose)
{
	struct seal_key *key = NULL;
	struct seal_hash seed;
	int i;

	for (i = 0; i < 32; i++)
		seed.b[i] = (uint8_t)i;
	if (purpose)
		assert_int_equal(seal_sha256(purpose, strlen(purpose), &seed),
				 0);
	assert_int_equal(seal_key_from_seed(seed.b, &key), 0);
	return key;
}

const uint8_t *test_pub(const struct seal_key *key)
{
	return seal_pub_bytes(seal_key_public(key));
}

int test_log_make(void **state)
{
	static struct test_log log;
	char purpose[32];
	int i;

	log.host = test_key(NULL);
	for (i = 0; i < 4; i++) {
		snprintf(purpose, sizeof(purpose), "example epoch %d", i);
		log.epoch[i] = test_key(purpose);
	}
	test_from_hex(log_id_hex, log.id.b, 32);
	log.chain = NULL;
	*state = &log;
	return seal_chain_new(TEST_ORIGIN, test_pub(log.host),
			      test_pub(log.epoch[0]), &log.id, &log.chain);
}

int test_log_free(void **state)
{
	struct test_log *log = *state;
	int i;

	seal_chain_free(log->chain);
	seal_key_free(log->host);
	for (i = 0; i < 4; i++)
		seal_key_free(log->epoch[i]);
	return 0;
}

struct seal_handover test_golden_handover(void)
{
	uint8_t bytes[512];
	struct seal_handover h;
	struct seal_hash root;
	struct seal_entry e;
	size_t len;

	len = test_golden("tests/golden/control.txt", "epoch", bytes,
			  sizeof(bytes));
	assert_int_equal(seal_entry_parse(bytes, len, &e), 0);
	test_from_hex(root3_hex, root.b, 32);
	assert_int_equal(seal_handover_from_entry(&e, 3, &root, &h), 0);
	return h;
}

void test_put_witness(struct seal_buf *policy, const char *name,
		      const char *key_name)
{
	struct seal_key *key = test_key(key_name);
	struct seal_vkey vkey;

	assert_int_equal(seal_vkey_init(&vkey, key_name, SEAL_KEY_COSIGNATURE,
					seal_key_public(key), NULL),
			 0);
	seal_buf_put_str(policy, "witness ");
	seal_buf_put_str(policy, name);
	seal_buf_put_str(policy, " ");
	seal_vkey_put(policy, &vkey);
	seal_buf_put_str(policy, "\n");
	seal_vkey_fini(&vkey);
	seal_key_free(key);
}
