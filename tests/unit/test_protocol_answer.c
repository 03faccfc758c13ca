/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and answers: golden vectors, round trips, and every damage. */
#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/text.h"
#include "protocol/answer.h"
#include "tests/lib/oom.h"
#include "tests/lib/testdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN "tests/golden/c2sp/"

static struct seal_checkpoint read_checkpoint(const char *path)
{
	struct seal_checkpoint cp;
	struct seal_note note;
	size_t len;
	uint8_t *data = test_file_read(path, &len);

	assert_int_equal(
		seal_checkpoint_parse_note(data, len, &note, &cp, NULL), 0);
	free(data);
	return cp;
}

static void golden_request_is_read(void **state)
{
	struct seal_checkpoint old = read_checkpoint(GOLDEN "checkpoint.3");
	struct seal_checkpoint now = read_checkpoint(GOLDEN "checkpoint");
	struct seal_add_checkpoint r;
	struct seal_buf again = SEAL_BUF_INIT;
	size_t len, note_len;
	uint8_t *body = test_file_read(GOLDEN "add-checkpoint.req", &len);
	uint8_t *note = test_file_read(GOLDEN "checkpoint", &note_len);

	(void)state;
	assert_int_equal(seal_add_checkpoint_parse(body, len, &r, NULL), 0);
	assert_int_equal(r.old_size, 3);
	assert_int_equal(r.note_bytes, note_len);
	assert_memory_equal(r.note, note, note_len);
	assert_int_equal(seal_proof_check_consistency(3, &old.root, 5,
						      &now.root, r.proof.hash,
						      r.proof.n),
			 0);
	assert_int_equal(seal_add_checkpoint_build(3, &r.proof, r.note,
						   r.note_bytes, &again),
			 0);
	assert_int_equal(again.len, len);
	assert_memory_equal(again.data, body, len);
	seal_buf_fini(&again);
	free(note);
	free(body);
}

/* Whatever is taken is what would have been written: one encoding. */
static void check_request(const uint8_t *body, size_t len)
{
	struct seal_add_checkpoint r;
	struct seal_buf again = SEAL_BUF_INIT;

	if (seal_add_checkpoint_parse(body, len, &r, NULL))
		return;
	assert_int_equal(seal_add_checkpoint_build(r.old_size, &r.proof, r.note,
						   r.note_bytes, &again),
			 0);
	assert_int_equal(again.len, len);
	assert_memory_equal(again.data, body, len);
	seal_buf_fini(&again);
}

static void damaged_requests_are_refused_or_canonical(void **state)
{
	struct seal_add_checkpoint r;
	size_t len, i, lines;
	uint8_t *body = test_file_read(GOLDEN "add-checkpoint.req", &len);

	(void)state;
	assert_int_equal(seal_add_checkpoint_parse(body, len, &r, NULL), 0);
	lines = len - r.note_bytes;
	for (i = 0; i <= lines; i++)
		assert_int_equal(seal_add_checkpoint_parse(body, i, &r, NULL),
				 SEAL_E_FORMAT);
	for (i = 0; i < lines * 8; i++) {
		body[i / 8] ^= (uint8_t)(1 << i % 8);
		check_request(body, len);
		body[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	free(body);
}

static int parse_text(const char *text)
{
	struct seal_add_checkpoint r;

	return seal_add_checkpoint_parse((const uint8_t *)text, strlen(text),
					 &r, NULL);
}

#define H "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"

static void other_spellings_of_requests_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"old\n\nn",
		"old \n\nn",
		"old 01\n\nn",
		"old +1\n\nn",
		"old  1\n\nn",
		"old 1 \n\nn",
		"old 1\r\n\nn",
		"Old 1\n\nn",
		"old 9223372036854775808\n\nn",
		"old 1\nn",
		"old 1\n\n",
		"old 1\n" H "n",
		"old 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\nn",
		"old 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n\nn",
		"old 1\n " H "\nn",
	};
	size_t i;

	(void)state;
	assert_int_equal(parse_text("old 1\n" H "\nn"), 0);
	assert_int_equal(parse_text("old 9223372036854775807\n\nn"), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(parse_text(bad[i]), SEAL_E_FORMAT);
}

static void sixty_three_hashes_and_no_more(void **state)
{
	struct seal_proof proof = {.n = 63};
	struct seal_add_checkpoint r;
	struct seal_buf b = SEAL_BUF_INIT;
	uint8_t *note = calloc(1, SEAL_NOTE_BYTES_MAX + 1);
	int i;

	(void)state;
	assert_int_equal(seal_add_checkpoint_build(9, &proof, note,
						   SEAL_NOTE_BYTES_MAX, &b),
			 0);
	assert_true(b.len <= SEAL_ADD_CHECKPOINT_BYTES_MAX);
	assert_int_equal(seal_add_checkpoint_parse(b.data, b.len, &r, NULL), 0);
	assert_int_equal(r.proof.n, 63);
	seal_buf_put_u8(&b, 0);
	assert_int_equal(seal_add_checkpoint_parse(b.data, b.len, &r, NULL),
			 SEAL_E_FORMAT);
	seal_buf_reset(&b);
	proof.n = 64;
	assert_int_equal(seal_add_checkpoint_build(9, &proof, note, 1, &b),
			 SEAL_E_TOOBIG);
	proof.n = 1;
	assert_int_equal(seal_add_checkpoint_build(9, &proof, note,
						   SEAL_NOTE_BYTES_MAX + 1, &b),
			 SEAL_E_TOOBIG);
	assert_int_equal(b.len, 0);
	seal_buf_put_str(&b, "old 1\n");
	for (i = 0; i < 64; i++)
		seal_buf_put_str(&b, H);
	seal_buf_put_str(&b, "\nnote");
	assert_int_equal(seal_add_checkpoint_parse(b.data, b.len, &r, NULL),
			 SEAL_E_FORMAT);
	seal_buf_fini(&b);
	free(note);
}

static void sizes_are_read(void **state)
{
	static const char *const bad[] = {
		"",	"5",	"\n",	"05\n",	 "5\n\n",
		" 5\n", "5 \n", "-5\n", "5\r\n", "9223372036854775808\n"};
	struct seal_buf b = SEAL_BUF_INIT;
	uint64_t size = 7;
	size_t i;

	(void)state;
	assert_int_equal(seal_size_build(20852163, &b), 0);
	assert_memory_equal(b.data, "20852163\n", 9);
	assert_int_equal(seal_size_parse(b.data, b.len, &size, NULL), 0);
	assert_int_equal(size, 20852163);
	seal_buf_fini(&b);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(seal_size_parse((const uint8_t *)bad[i],
						 strlen(bad[i]), &size, NULL),
				 SEAL_E_FORMAT);
	assert_int_equal(size, 20852163);
	assert_int_equal(seal_size_build(UINT64_MAX, &b), SEAL_E_ARG);
}

static void mirror_info_is_canonical(void **state)
{
	static const uint8_t ticket[] = {0, 1, 2, 250};
	struct seal_mirror_info *info = calloc(1, sizeof(*info));
	struct seal_buf b = SEAL_BUF_INIT, again = SEAL_BUF_INIT;
	size_t i;

	(void)state;
	assert_int_equal(seal_mirror_info_build(300, 256, ticket, 4, &b), 0);
	assert_int_equal(seal_mirror_info_parse(b.data, b.len, info, NULL), 0);
	assert_int_equal(info->size, 300);
	assert_int_equal(info->next, 256);
	assert_int_equal(info->ticket_bytes, 4);
	assert_memory_equal(info->ticket, ticket, 4);
	for (i = 0; i < b.len; i++)
		assert_int_equal(seal_mirror_info_parse(b.data, i, info, NULL),
				 SEAL_E_FORMAT);
	for (i = 0; i < b.len * 8; i++) {
		b.data[i / 8] ^= (uint8_t)(1 << i % 8);
		if (!seal_mirror_info_parse(b.data, b.len, info, NULL)) {
			seal_buf_reset(&again);
			seal_mirror_info_build(info->size, info->next,
					       info->ticket, info->ticket_bytes,
					       &again);
			assert_int_equal(again.len, b.len);
			assert_memory_equal(again.data, b.data, b.len);
		}
		b.data[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	seal_buf_put_u8(&b, '\n');
	assert_int_equal(seal_mirror_info_parse(b.data, b.len, info, NULL),
			 SEAL_E_FORMAT);
	seal_buf_fini(&again);
	seal_buf_fini(&b);
	free(info);
}

static void largest_ticket_fits(void **state)
{
	struct seal_mirror_info *info = calloc(1, sizeof(*info));
	uint8_t *ticket = calloc(1, SEAL_TICKET_BYTES_MAX + 3);
	struct seal_buf b = SEAL_BUF_INIT;

	(void)state;
	assert_int_equal(seal_mirror_info_build(SEAL_U63_MAX, SEAL_U63_MAX,
						ticket, SEAL_TICKET_BYTES_MAX,
						&b),
			 0);
	assert_true(b.len <= SEAL_MIRROR_INFO_BYTES_MAX);
	assert_int_equal(seal_mirror_info_parse(b.data, b.len, info, NULL), 0);
	assert_int_equal(info->ticket_bytes, SEAL_TICKET_BYTES_MAX);
	seal_buf_reset(&b);
	seal_buf_put_str(&b, "1\n1\n");
	seal_buf_put_base64(&b, ticket, SEAL_TICKET_BYTES_MAX + 3);
	seal_buf_put_str(&b, "\n");
	assert_int_equal(seal_mirror_info_parse(b.data, b.len, info, NULL),
			 SEAL_E_FORMAT);
	seal_buf_fini(&b);
	free(ticket);
	free(info);
}

/* ---- cosignatures ---- */

struct cosigned {
	struct seal_checkpoint cp;
	uint8_t *note;
	const uint8_t *body; /* the store's line of it */
	size_t len;
	struct seal_vkey host, store;
};

static void cosigned_init(struct cosigned *c)
{
	size_t note_len, cosigned_len, vkeys_len;
	uint8_t *plain = test_file_read(GOLDEN "checkpoint", &note_len);
	uint8_t *vkeys = test_file_read(GOLDEN "vkeys", &vkeys_len);
	char *second = strchr((char *)vkeys, '\n') + 1;

	c->note = test_file_read(GOLDEN "checkpoint.cosigned", &cosigned_len);
	c->body = c->note + note_len;
	c->len = cosigned_len - note_len;
	c->cp = read_checkpoint(GOLDEN "checkpoint");
	assert_int_equal(seal_vkey_parse((char *)vkeys,
					 (size_t)(second - 1 - (char *)vkeys),
					 &c->host, NULL),
			 0);
	assert_int_equal(
		seal_vkey_parse(second, strcspn(second, "\n"), &c->store, NULL),
		0);
	free(vkeys);
	free(plain);
}

static void cosigned_fini(struct cosigned *c)
{
	seal_vkey_fini(&c->host);
	seal_vkey_fini(&c->store);
	free(c->note);
}

static int parse_cosigned(const struct cosigned *c, const uint8_t *body,
			  size_t len, struct seal_buf *lines,
			  struct seal_cosignatures *found)
{
	const struct seal_vkey *keys[] = {&c->store};

	return seal_cosignatures_parse(body, len, c->cp.origin, c->cp.size,
				       &c->cp.root, keys, 1, lines, found,
				       NULL);
}

static void golden_receipt_is_verified(void **state)
{
	struct cosigned c;
	struct seal_cosignatures found;
	struct seal_buf lines = SEAL_BUF_INIT;

	(void)state;
	cosigned_init(&c);
	assert_int_equal(parse_cosigned(&c, c.body, c.len, &lines, &found), 0);
	assert_int_equal(found.verified, 1);
	assert_int_equal(found.keys, 1);
	assert_int_equal(found.time_min, 1795262400);
	assert_int_equal(found.time_max, 1795262400);
	assert_int_equal(lines.len, c.len);
	assert_memory_equal(lines.data, c.body, c.len);
	assert_int_equal(parse_cosigned(&c, NULL, 0, &lines, &found), 0);
	assert_int_equal(found.verified, 0);
	seal_buf_fini(&lines);
	cosigned_fini(&c);
}

static void receipt_of_another_tree_is_refused(void **state)
{
	struct cosigned c;
	struct seal_cosignatures found;

	(void)state;
	cosigned_init(&c);
	c.cp.size++;
	assert_int_equal(parse_cosigned(&c, c.body, c.len, NULL, &found),
			 SEAL_E_SIG);
	c.cp.size--;
	c.cp.root.b[31] ^= 1;
	assert_int_equal(parse_cosigned(&c, c.body, c.len, NULL, &found),
			 SEAL_E_SIG);
	c.cp.root.b[31] ^= 1;
	strcpy(c.cp.origin, "audit.example/host-b");
	assert_int_equal(parse_cosigned(&c, c.body, c.len, NULL, &found),
			 SEAL_E_SIG);
	cosigned_fini(&c);
}

static void damaged_receipts_never_count(void **state)
{
	struct cosigned c;
	struct seal_cosignatures found;
	struct seal_buf lines = SEAL_BUF_INIT;
	uint8_t *body;
	size_t i;

	(void)state;
	cosigned_init(&c);
	body = malloc(c.len);
	memcpy(body, c.body, c.len);
	for (i = 1; i < c.len; i++)
		assert_int_equal(parse_cosigned(&c, body, i, &lines, &found),
				 SEAL_E_FORMAT);
	for (i = 0; i < c.len * 8; i++) {
		memset(&found, 0, sizeof(found));
		body[i / 8] ^= (uint8_t)(1 << i % 8);
		if (!parse_cosigned(&c, body, c.len, &lines, &found))
			assert_int_equal(found.verified, 0);
		body[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	assert_int_equal(lines.len, 0);
	free(body);
	seal_buf_fini(&lines);
	cosigned_fini(&c);
}

static void only_lines_are_taken(void **state)
{
	struct cosigned c;
	struct seal_cosignatures found;
	struct seal_buf b = SEAL_BUF_INIT;

	(void)state;
	cosigned_init(&c);
	/* An empty line would make what is before it part of the text. */
	seal_buf_put(&b, c.body, c.len);
	seal_buf_put_u8(&b, '\n');
	seal_buf_put(&b, c.body, c.len);
	assert_int_equal(parse_cosigned(&c, b.data, b.len, NULL, &found),
			 SEAL_E_FORMAT);
	seal_buf_reset(&b);
	seal_buf_put_str(&b, "<html>login</html>\n");
	assert_int_equal(parse_cosigned(&c, b.data, b.len, NULL, &found),
			 SEAL_E_FORMAT);
	seal_buf_fini(&b);
	cosigned_fini(&c);
}

static void keys_are_counted_once_each(void **state)
{
	struct cosigned c;
	struct seal_cosignatures found;
	struct seal_buf text = SEAL_BUF_INIT, body = SEAL_BUF_INIT;
	struct seal_buf lines = SEAL_BUF_INIT;
	static const uint8_t seed[32] = {42};
	struct seal_key *key;
	struct seal_vkey other;
	const struct seal_vkey *keys[2];

	(void)state;
	cosigned_init(&c);
	assert_int_equal(seal_key_from_seed(seed, &key), 0);
	assert_int_equal(seal_vkey_init(&other, "w.example/2",
					SEAL_KEY_COSIGNATURE,
					seal_key_public(key), NULL),
			 0);
	keys[0] = &c.store;
	keys[1] = &other;
	seal_checkpoint_put(&text, &c.cp);
	seal_buf_put(&body, c.body, c.len);
	seal_buf_put_str(&body, "\xe2\x80\x94 unknown.example/k AAAAAAA=\n");
	assert_int_equal(seal_cosig_sign(&body, text.data, text.len, 1795262410,
					 &other, key),
			 0);
	assert_int_equal(seal_cosig_sign(&body, text.data, text.len, 1795262420,
					 &other, key),
			 0);
	assert_int_equal(seal_cosignatures_parse(
				 body.data, body.len, c.cp.origin, c.cp.size,
				 &c.cp.root, keys, 2, &lines, &found, NULL),
			 0);
	assert_int_equal(found.verified, 2);
	assert_int_equal(found.keys, 3);
	assert_int_equal(found.time_min, 1795262400);
	assert_int_equal(found.time_max, 1795262420);
	assert_null(memmem(lines.data, lines.len, "unknown", 7));
	seal_buf_reset(&body);
	assert_int_equal(
		seal_cosig_sign(&body, text.data, text.len, 0, &other, key), 0);
	assert_int_equal(seal_cosignatures_parse(
				 body.data, body.len, c.cp.origin, c.cp.size,
				 &c.cp.root, keys, 2, NULL, &found, NULL),
			 SEAL_E_SIG);
	seal_vkey_fini(&other);
	seal_key_free(key);
	seal_buf_fini(&lines);
	seal_buf_fini(&body);
	seal_buf_fini(&text);
	cosigned_fini(&c);
}

static int oom_work(void *arg)
{
	struct cosigned *c = arg;
	struct seal_cosignatures found;
	struct seal_buf lines = SEAL_BUF_INIT, info = SEAL_BUF_INIT;
	int rc = parse_cosigned(c, c->body, c->len, &lines, &found);

	if (!rc)
		rc = seal_mirror_info_build(5, 5, c->body, c->len, &info);
	seal_buf_fini(&lines);
	seal_buf_fini(&info);
	return rc;
}

static void out_of_memory_is_told(void **state)
{
	struct cosigned c;

	(void)state;
	cosigned_init(&c);
	oom_every_flags(oom_work, &c, OOM_NO_BALANCE);
	cosigned_fini(&c);
}

static int setup(void **state)
{
	(void)state;
	return seal_crypto_init(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_request_is_read),
		cmocka_unit_test(damaged_requests_are_refused_or_canonical),
		cmocka_unit_test(other_spellings_of_requests_are_refused),
		cmocka_unit_test(sixty_three_hashes_and_no_more),
		cmocka_unit_test(sizes_are_read),
		cmocka_unit_test(mirror_info_is_canonical),
		cmocka_unit_test(largest_ticket_fits),
		cmocka_unit_test(golden_receipt_is_verified),
		cmocka_unit_test(receipt_of_another_tree_is_refused),
		cmocka_unit_test(damaged_receipts_never_count),
		cmocka_unit_test(only_lines_are_taken),
		cmocka_unit_test(keys_are_counted_once_each),
		cmocka_unit_test(out_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
