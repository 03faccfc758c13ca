/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints and cosignatures: byte for byte those that another
 * implementation made (tests/golden/c2sp), and what is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "core/err.h"
#include "core/text.h"
#include "tests/lib/oom.h"
#include "tests/lib/testdata.h"

#define GOLDEN	   "tests/golden/c2sp/"
#define ROOT	   "siyDigL0ovWcIdHCh+owDG2ySQlzAVfc24X19TITjbY="
#define EMPTY	   "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
#define COSIGNED_S 1795262400

static struct seal_key *key_of(const char *phrase)
{
	struct seal_hash seed;
	struct seal_key *key;

	assert_int_equal(seal_sha256(phrase, strlen(phrase), &seed), 0);
	assert_int_equal(seal_key_from_seed(seed.b, &key), 0);
	return key;
}

/* The n-th line of the golden vkeys. */
static void golden_vkey(int n, struct seal_vkey *ret_vkey)
{
	size_t len;
	char *text = (char *)test_file_read(GOLDEN "vkeys", &len);
	char *next = text, *line = NULL;

	for (int i = 0; i <= n; i++)
		line = strsep(&next, "\n");
	assert_int_equal(seal_vkey_parse(line, strlen(line), ret_vkey, NULL),
			 0);
	free(text);
}

/* Signing gives the bytes of the golden checkpoint. */
static void test_golden_checkpoint(void **state)
{
	size_t len;
	uint8_t *golden = test_file_read(GOLDEN "checkpoint", &len);
	struct seal_key *key = key_of("example host-a log key");
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_checkpoint cp, again;
	struct seal_note note;
	struct seal_vkey vkey;
	uint8_t sig[SEAL_SIG_BYTES], want[SEAL_SIG_BYTES];

	(void)state;
	golden_vkey(0, &vkey);
	assert_int_equal(
		seal_checkpoint_parse_note(golden, len, &note, &cp, NULL), 0);
	assert_string_equal(cp.origin, "audit.example/host-a");
	assert_int_equal(cp.size, 5);
	assert_int_equal(cp.extension_lines, 0);
	assert_int_equal(seal_note_verify(&note, &vkey, NULL), 0);
	assert_int_equal(seal_checkpoint_init(&again, "audit.example/host-a", 5,
					      &cp.root),
			 0);
	assert_int_equal(seal_checkpoint_put_signed(&b, &again, key, NULL), 0);
	assert_int_equal(b.len, len);
	assert_memory_equal(b.data, golden, len);

	assert_int_equal(seal_checkpoint_sign(&again, key, sig), 0);
	assert_int_equal(seal_note_sig_bytes(&note.sigs[0], want, sizeof(want)),
			 0);
	assert_memory_equal(sig, want, sizeof(want));
	assert_int_equal(seal_checkpoint_verify(&again, vkey.pub, sig), 0);
	again.size++;
	assert_int_equal(seal_checkpoint_verify(&again, vkey.pub, sig),
			 SEAL_E_SIG);
	seal_buf_fini(&b);
	seal_vkey_fini(&vkey);
	seal_key_free(key);
	free(golden);
}

static void test_golden_cosignature(void **state)
{
	size_t len, plain_len;
	uint8_t *golden = test_file_read(GOLDEN "checkpoint.cosigned", &len);
	uint8_t *plain = test_file_read(GOLDEN "checkpoint", &plain_len);
	struct seal_key *key = key_of("example store cosigner key");
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_note note;
	struct seal_vkey vkey, host;
	uint64_t time_s = 0;

	(void)state;
	golden_vkey(0, &host);
	golden_vkey(1, &vkey);
	assert_int_equal(seal_note_parse(golden, len, &note, NULL), 0);
	assert_int_equal(seal_cosig_verify(&note, &vkey, &time_s, NULL), 0);
	assert_int_equal(time_s, COSIGNED_S);
	assert_int_equal(seal_cosig_verify(&note, &vkey, NULL, NULL), 0);

	seal_buf_put(&b, plain, plain_len);
	assert_int_equal(seal_cosig_sign(&b, note.text, note.text_len,
					 COSIGNED_S, &vkey, key),
			 0);
	assert_int_equal(b.len, len);
	assert_memory_equal(b.data, golden, len);

	/* Each kind of key is for its own kind of line. */
	assert_int_equal(seal_cosig_verify(&note, &host, NULL, NULL),
			 SEAL_E_ARG);
	assert_int_equal(seal_note_verify(&note, &vkey, NULL), SEAL_E_ARG);
	assert_int_equal(seal_cosig_sign(&b, "t\n", 2, 1, &host, key),
			 SEAL_E_ARG);
	seal_buf_fini(&b);
	seal_vkey_fini(&host);
	seal_vkey_fini(&vkey);
	seal_key_free(key);
	free(plain);
	free(golden);
}

/* The independent implementation's log of three frames. */
static void three_frames(struct seal_checkpoint *ret_cp)
{
	struct seal_hash root;

	assert_int_equal(seal_hex_decode("73c2efd654c2614904244bd5409eec8f"
					 "912bd0786ec593858d364885c5c84d8f",
					 64, root.b, 32),
			 0);
	assert_int_equal(seal_checkpoint_init(
				 ret_cp, "audit.example.org/host17", 3, &root),
			 0);
}

/* The key of the seed first, first + 1, ... */
static struct seal_key *key_from(uint8_t first)
{
	uint8_t seed[SEAL_SEED_BYTES];
	struct seal_key *key;

	for (uint8_t i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)(first + i);
	assert_int_equal(seal_key_from_seed(seed, &key), 0);
	return key;
}

static void test_host_line(void **state)
{
	static const char line[] =
		"\xe2\x80\x94 audit.example.org/host17 "
		"Nmm1BhMlIGUCnW1yi7a7pt1c9ORZ0kQ59MmLs3MnfV0N7J2hVtqr7o5r"
		"EK156kqvdyx6azD8KXfaCXF0HMzPGT5D0wo=\n";
	static const char vkey_text[] =
		"audit.example.org/host17+3669b506+"
		"AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
	struct seal_key *key = key_from(0);
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_checkpoint cp;
	struct seal_vkey vkey;

	(void)state;
	three_frames(&cp);
	assert_int_equal(seal_checkpoint_put_signed(&b, &cp, key, NULL), 0);
	assert_string_equal(seal_buf_cstr(&b) + b.len - strlen(line), line);
	assert_int_equal(seal_vkey_init(&vkey, cp.origin, SEAL_KEY_ED25519,
					seal_key_public(key), NULL),
			 0);
	seal_buf_reset(&b);
	seal_vkey_put(&b, &vkey);
	assert_string_equal(seal_buf_cstr(&b), vkey_text);
	seal_vkey_fini(&vkey);
	seal_key_free(key);
	seal_buf_fini(&b);
}

static void test_receipt(void **state)
{
	static const char receipt[] =
		"\xe2\x80\x94 store.example.org/w1 "
		"Av3gIQAAAABlU/EBvNpTOC8za00pCQubY64KXv9e3gyni/R/91z0xXn9"
		"wg2/YmIRIzdN/sqBtnHDtjcBXw5dO40H8Sg4tE3QEFaoDw==\n";
	struct seal_key *key = key_from(0x20);
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_checkpoint cp;
	struct seal_vkey vkey;
	struct seal_note note;
	uint64_t time_s;

	(void)state;
	three_frames(&cp);
	assert_int_equal(seal_vkey_init(&vkey, "store.example.org/w1",
					SEAL_KEY_COSIGNATURE,
					seal_key_public(key), NULL),
			 0);
	seal_checkpoint_put(&b, &cp);
	seal_buf_put_u8(&b, '\n');
	seal_buf_put_str(&b, receipt);
	assert_int_equal(seal_note_parse(b.data, b.len, &note, NULL), 0);
	assert_int_equal(seal_cosig_verify(&note, &vkey, &time_s, NULL), 0);
	assert_int_equal(time_s, 1700000001);
	seal_vkey_fini(&vkey);
	seal_key_free(key);
	seal_buf_fini(&b);
}

/* What leaves the host: host line, then seal line. */
static void test_leaving(void **state)
{
	struct seal_key *host = key_of("host"), *epoch = key_of("epoch");
	struct seal_buf b = SEAL_BUF_INIT, put = SEAL_BUF_INIT;
	struct seal_vkey host_vkey, epoch_vkey;
	struct seal_sig_line host_line, seal_line;
	struct seal_checkpoint cp, parsed;
	struct seal_hash root = {{7}};
	struct seal_note note;

	(void)state;
	assert_int_equal(seal_checkpoint_init(&cp, "h.example/audit",
					      SEAL_U63_MAX, &root),
			 0);
	assert_int_equal(seal_checkpoint_put_signed(&b, &cp, host, epoch), 0);
	assert_int_equal(
		seal_checkpoint_parse_note(b.data, b.len, &note, &parsed, NULL),
		0);
	assert_true(parsed.size == SEAL_U63_MAX);
	assert_true(seal_hash_equal(&parsed.root, &root));
	assert_int_equal(note.sig_count, 2);
	assert_int_equal(seal_vkey_init(&host_vkey, cp.origin, 1,
					seal_key_public(host), NULL),
			 0);
	assert_int_equal(seal_vkey_init_epoch(&epoch_vkey, cp.origin,
					      seal_key_public(epoch), NULL),
			 0);
	assert_int_equal(seal_note_verify(&note, &host_vkey, NULL), 0);
	assert_int_equal(seal_note_verify(&note, &epoch_vkey, NULL), 0);
	assert_int_equal(seal_note_find(&note, &host_vkey, 0), 0);
	assert_int_equal(seal_note_find(&note, &epoch_vkey, 0), 1);

	/* The same from lines that were signed elsewhere. */
	host_line.id = host_vkey.id;
	seal_line.id = epoch_vkey.id;
	assert_int_equal(seal_checkpoint_sign(&cp, host, host_line.sig), 0);
	assert_int_equal(seal_checkpoint_sign(&cp, epoch, seal_line.sig), 0);
	seal_checkpoint_put_note(&put, &cp, &host_line, &seal_line);
	assert_string_equal(seal_buf_cstr(&put), seal_buf_cstr(&b));
	seal_vkey_fini(&epoch_vkey);
	seal_vkey_fini(&host_vkey);
	seal_buf_fini(&put);
	seal_buf_fini(&b);
	seal_key_free(epoch);
	seal_key_free(host);
}

static int parse(const char *text, struct seal_checkpoint *ret_cp)
{
	return seal_checkpoint_parse(text, strlen(text), ret_cp, NULL);
}

static void test_texts(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"o\n",
		"o\n3\n",
		"o\n3\n" ROOT,	      /* no line end */
		"\n3\n" ROOT "\n",    /* no origin */
		"o p\n3\n" ROOT "\n", /* not a key name */
		"o\n03\n" ROOT "\n",
		"o\n-3\n" ROOT "\n",
		"o\n 3\n" ROOT "\n",
		"o\n\n" ROOT "\n",
		"o\n9223372036854775808\n" ROOT "\n",
		"o\n3\n\n",
		"o\n3\nsiyD\n",
		"o\n3\n" ROOT "=\n",
		"o\n3\nsiyDigL0ovWcIdHCh+owDG2ySQlzAVfc24X19TITjbZ=\n",
		"o\n3\n" ROOT "\n\n",  /* an empty extension line */
		"o\n3\n" ROOT "\next", /* one without its end */
		"o\n3\n" ROOT "\na\n\nb\n",
		"o\n0\n" ROOT "\n", /* an empty tree has one root */
	};
	struct seal_checkpoint cp = {.size = 77};
	char text[400];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (parse(bad[i], &cp) != SEAL_E_FORMAT)
			fail_msg("case %zu was taken", i);
	assert_int_equal(cp.size, 77); /* left alone */
	assert_int_equal(parse("o\n9223372036854775807\n" ROOT "\n", &cp), 0);
	assert_true(cp.size == SEAL_U63_MAX);
	assert_int_equal(parse("o\n0\n" EMPTY "\n", &cp), 0);
	assert_int_equal(parse("o\n3\n" ROOT "\next 1\next 2\n", &cp), 0);
	assert_int_equal(cp.extension_lines, 2);

	memset(text, 'o', sizeof(text));
	strcpy(text + 255, "\n3\n" ROOT "\n");
	assert_int_equal(parse(text, &cp), 0);
	assert_int_equal(strlen(cp.origin), 255);
	memset(text, 'o', sizeof(text));
	strcpy(text + 256, "\n3\n" ROOT "\n");
	assert_int_equal(parse(text, &cp), SEAL_E_FORMAT);
	assert_int_equal(
		seal_checkpoint_parse("o\0p\n3\n" ROOT "\n", 51, &cp, NULL),
		SEAL_E_FORMAT);
	assert_int_equal(seal_checkpoint_parse_note("o\n3\n" ROOT "\n", 49,
						    &(struct seal_note){0}, &cp,
						    NULL),
			 SEAL_E_FORMAT);
}

static void test_put_refuses(void **state)
{
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_checkpoint cp;
	struct seal_hash root = {{0}};
	struct seal_key *key = key_of("host");
	uint8_t sig[SEAL_SIG_BYTES] = {1, 2, 3};
	char name[300];

	(void)state;
	assert_int_equal(seal_checkpoint_init(&cp, "a b", 1, &root),
			 SEAL_E_ARG);
	assert_int_equal(
		seal_checkpoint_init(&cp, "o", SEAL_U63_MAX + 1, &root),
		SEAL_E_ARG);
	memset(name, 'o', sizeof(name));
	name[256] = 0;
	assert_int_equal(seal_checkpoint_init(&cp, name, 1, &root), SEAL_E_ARG);
	name[255] = 0;
	assert_int_equal(seal_checkpoint_init(&cp, name, SEAL_U63_MAX, &root),
			 0);
	seal_checkpoint_put(&b, &cp);
	assert_int_equal(seal_buf_error(&b), 0);
	assert_int_equal(b.len, SEAL_CHECKPOINT_TEXT_MAX_BYTES);
	/* No room for "/epoch" behind it. */
	assert_int_equal(seal_checkpoint_put_signed(&b, &cp, key, key),
			 SEAL_E_ARG);
	seal_checkpoint_put_note(&b, &cp, &(struct seal_sig_line){0},
				 &(struct seal_sig_line){0});
	assert_int_equal(seal_buf_error(&b), SEAL_E_ARG);
	seal_buf_reset(&b);

	cp.extension_lines = 1;
	seal_checkpoint_put(&b, &cp);
	assert_int_equal(seal_buf_error(&b), SEAL_E_ARG);
	assert_int_equal(seal_checkpoint_sign(&cp, key, sig), SEAL_E_ARG);
	assert_memory_equal(sig, "\1\2\3", 3);
	assert_int_equal(seal_checkpoint_verify(&cp, seal_key_public(key), sig),
			 SEAL_E_ARG);
	seal_key_free(key);
	seal_buf_fini(&b);
}

static void test_cosig_message(void **state)
{
	struct seal_buf b = SEAL_BUF_INIT;

	(void)state;
	seal_cosig_put_message(&b, 1679315147, "o\n1\n" ROOT "\n",
			       4 + strlen(ROOT) + 1);
	assert_string_equal(seal_buf_cstr(&b),
			    "cosignature/v1\ntime 1679315147\no\n1\n" ROOT
			    "\n");
	seal_cosig_put_message(&b, SEAL_U63_MAX + 1, "t\n", 2);
	assert_int_equal(seal_buf_error(&b), SEAL_E_RANGE);
	seal_buf_fini(&b);
}

/* Several lines of one cosigner: the newest time; one bad line spoils all. */
static void test_cosig_lines(void **state)
{
	struct seal_key *key = key_of("w"), *other = key_of("other");
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_vkey vkey, foreign;
	struct seal_note note;
	uint64_t time_s = 5;
	uint8_t sig[SEAL_COSIG_BYTES] = {0x80};

	(void)state;
	assert_int_equal(seal_vkey_init(&vkey, "w", SEAL_KEY_COSIGNATURE,
					seal_key_public(key), NULL),
			 0);
	assert_int_equal(seal_vkey_init(&foreign, "w", SEAL_KEY_COSIGNATURE,
					seal_key_public(other), NULL),
			 0);
	seal_buf_put_str(&b, "t\n\n");
	for (uint64_t t = 0; t < 4; t++)
		assert_int_equal(seal_cosig_sign(&b, "t\n", 2, 100 * (t % 3),
						 &vkey, key),
				 0);
	assert_int_equal(seal_note_parse(b.data, b.len, &note, NULL), 0);
	assert_int_equal(seal_cosig_verify(&note, &foreign, &time_s, NULL),
			 SEAL_E_NOTFOUND);
	assert_int_equal(time_s, 5); /* left alone */
	assert_int_equal(seal_cosig_verify(&note, &vkey, &time_s, NULL), 0);
	assert_int_equal(time_s, 200);

	/* A line under that name and ID by another key. */
	assert_int_equal(seal_cosig_sign(&b, "t\n", 2, 300, &vkey, other), 0);
	assert_int_equal(seal_note_parse(b.data, b.len, &note, NULL), 0);
	assert_int_equal(seal_cosig_verify(&note, &vkey, &time_s, NULL),
			 SEAL_E_SIG);

	/* Times from 2^63 on, and lines without a time. */
	for (size_t len = SEAL_COSIG_BYTES; len > 60; len -= 8) {
		seal_buf_reset(&b);
		seal_buf_put_str(&b, "t\n\n");
		seal_note_put_sig(&b, "w", vkey.id, sig, len);
		assert_int_equal(seal_note_parse(b.data, b.len, &note, NULL),
				 0);
		assert_int_equal(seal_cosig_verify(&note, &vkey, &time_s, NULL),
				 SEAL_E_SIG);
	}
	seal_buf_reset(&b);
	assert_int_equal(
		seal_cosig_sign(&b, "t\n", 2, SEAL_U63_MAX + 1, &vkey, key),
		SEAL_E_RANGE);
	assert_int_equal(b.len, 0);
	seal_vkey_fini(&foreign);
	seal_vkey_fini(&vkey);
	seal_buf_fini(&b);
	seal_key_free(other);
	seal_key_free(key);
}

/* The example in docs/spec/note.md is what the code makes, and verifies. */
static void test_spec_example(void **state)
{
	size_t len;
	char *spec = (char *)test_file_read("docs/spec/note.md", &len);
	struct seal_key *host = key_from(0), *mirror = key_from(0x20);
	struct seal_key *epoch = key_of("example epoch 0");
	struct seal_buf b = SEAL_BUF_INIT, policy_text = SEAL_BUF_INIT;
	struct seal_vkey host_vkey, mirror_vkey;
	struct seal_checkpoint cp;
	struct seal_hash root;
	struct seal_note note;

	(void)state;
	assert_int_equal(seal_hex_decode("a55ae547d1e40a85a91152769715399b"
					 "3c031e1896157a7c18126364ee8650b8",
					 64, root.b, 32),
			 0);
	assert_int_equal(
		seal_checkpoint_init(&cp, "audit.example.org/host17", 4, &root),
		0);
	assert_int_equal(seal_checkpoint_put_signed(&b, &cp, host, epoch), 0);
	assert_int_equal(seal_note_parse(b.data, b.len, &note, NULL), 0);
	assert_int_equal(seal_vkey_init(&mirror_vkey, "store.example.org/w1",
					SEAL_KEY_COSIGNATURE,
					seal_key_public(mirror), NULL),
			 0);
	assert_int_equal(seal_vkey_init(&host_vkey, cp.origin, SEAL_KEY_ED25519,
					seal_key_public(host), NULL),
			 0);
	seal_buf_put(&policy_text, note.text, note.text_len);
	assert_int_equal(seal_cosig_sign(&b, policy_text.data, policy_text.len,
					 1700000004, &mirror_vkey, mirror),
			 0);
	assert_non_null(strstr(spec, seal_buf_cstr(&b)));

	seal_buf_reset(&policy_text);
	seal_buf_put_str(&policy_text, "log ");
	seal_vkey_put(&policy_text, &host_vkey);
	seal_buf_put_str(&policy_text, "\nwitness store ");
	seal_vkey_put(&policy_text, &mirror_vkey);
	seal_buf_put_str(&policy_text, "\nquorum store\n");
	assert_non_null(strstr(spec, seal_buf_cstr(&policy_text)));

	seal_vkey_fini(&host_vkey);
	seal_vkey_fini(&mirror_vkey);
	seal_buf_fini(&policy_text);
	seal_buf_fini(&b);
	seal_key_free(mirror);
	seal_key_free(epoch);
	seal_key_free(host);
	free(spec);
}

struct oom_case {
	struct seal_key *key;
	struct seal_vkey vkey;
	struct seal_checkpoint cp;
};

static int cosign_and_verify(void *arg)
{
	struct oom_case *c = arg;
	struct seal_buf b = SEAL_BUF_INIT, text = SEAL_BUF_INIT;
	struct seal_note note;
	int err;

	seal_checkpoint_put(&text, &c->cp);
	seal_buf_put_buf(&b, &text);
	seal_buf_put_u8(&b, '\n');
	err = seal_buf_error(&b);
	if (!err)
		err = seal_cosig_sign(&b, text.data, text.len, 1, &c->vkey,
				      c->key);
	if (!err)
		err = seal_note_parse(b.data, b.len, &note, NULL);
	if (!err)
		err = seal_cosig_verify(&note, &c->vkey, NULL, NULL);
	seal_buf_fini(&text);
	seal_buf_fini(&b);
	return err;
}

static void test_out_of_memory(void **state)
{
	struct oom_case c = {.key = key_of("w")};
	struct seal_hash root = {{1}};

	(void)state;
	assert_int_equal(seal_checkpoint_init(&c.cp, "o", 1, &root), 0);
	assert_int_equal(seal_vkey_init(&c.vkey, "w", SEAL_KEY_COSIGNATURE,
					seal_key_public(c.key), NULL),
			 0);
	assert_true(oom_every(cosign_and_verify, &c) >= 4);
	seal_vkey_fini(&c.vkey);
	seal_key_free(c.key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_golden_checkpoint),
		cmocka_unit_test(test_golden_cosignature),
		cmocka_unit_test(test_host_line),
		cmocka_unit_test(test_receipt),
		cmocka_unit_test(test_leaving),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_put_refuses),
		cmocka_unit_test(test_cosig_message),
		cmocka_unit_test(test_cosig_lines),
		cmocka_unit_test(test_spec_example),
		cmocka_unit_test(test_out_of_memory),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
