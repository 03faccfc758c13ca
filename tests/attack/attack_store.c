/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: attack_store.h. */
#include "tests/attack/attack_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/testlog.h"
#include "tools/auditseal/copy.h"

/* When the newest receipt was signed; entries are a second older. */
#define NOW_S ATTACK_NOW_S

/* ---- making it ---- */

static void take_checkpoint(struct test_store *t, size_t old, size_t size)
{
	struct seal_key *seal = test_host_seal(&t->host, size);
	struct seal_buf body = SEAL_BUF_INIT;

	test_host_add_checkpoint(&t->host, old, size, seal, &body);
	test_store_checkpoint(t, &body, 200);
	seal_buf_fini(&body);
	seal_key_free(seal);
}

static void fill(struct test_store *t, size_t old, const size_t *sizes)
{
	for (; *sizes; old = *sizes++) {
		take_checkpoint(t, old, *sizes);
		test_store_receipt(t, *sizes, old);
		t->now_s++;
	}
}

void attack_store_fill(struct test_store *t, const size_t *sizes)
{
	fill(t, 0, sizes);
	store_close(t->store);
	t->store = NULL;
}

/* "witness NICKNAME VKEY": its key is SHA-256 of the nickname. */
static void put_witness(struct seal_buf *text, const char *nickname,
			const char *name)
{
	struct seal_key *key = test_key(nickname);
	struct seal_vkey vkey = {0};

	assert_int_equal(seal_vkey_init(&vkey, name, SEAL_KEY_COSIGNATURE,
					seal_key_public(key), NULL),
			 0);
	seal_buf_putf(text, "witness %s ", nickname);
	seal_vkey_put(text, &vkey);
	seal_buf_put_str(text, "\n");
	seal_vkey_fini(&vkey);
	seal_key_free(key);
}

/* A line of a witness on the host's note of a size. */
static void put_line(const struct attack_store *a, size_t size,
		     const char *nickname, const char *name,
		     struct seal_buf *ret_note, struct seal_buf *ret_line)
{
	struct seal_key *key = test_key(nickname);
	struct seal_vkey vkey = {0};
	struct seal_note note;

	assert_int_equal(seal_vkey_init(&vkey, name, SEAL_KEY_COSIGNATURE,
					seal_key_public(key), NULL),
			 0);
	test_host_note(&a->t->host, size, NULL, ret_note);
	assert_int_equal(
		seal_note_parse(ret_note->data, ret_note->len, &note, NULL), 0);
	assert_int_equal(seal_cosig_sign(ret_line, note.text, note.text_len,
					 NOW_S, &vkey, key),
			 0);
	assert_int_equal(seal_buf_error(ret_line), 0);
	seal_vkey_fini(&vkey);
	seal_key_free(key);
}

static int witness_step(struct seal_storage *storage, void *ctx,
			struct seal_diag *diag)
{
	struct attack_store *a = ctx;
	size_t size = 6 * a->size / 10;
	struct seal_buf note[2] = {SEAL_BUF_INIT, SEAL_BUF_INIT};
	struct seal_buf line[2] = {SEAL_BUF_INIT, SEAL_BUF_INIT};
	struct seal_storage_cosignature said = {.name = ATTACK_OTHER,
						.size = size};
	struct seal_storage_checkpoint saw = {.size = size,
					      .received_s = NOW_S};
	int rc, i;

	put_line(a, size, "other", ATTACK_OTHER, &note[0], &line[0]);
	put_line(a, size, "own", ATTACK_OWN, &note[1], &line[1]);
	said.lines = line[0].data;
	said.lines_bytes = line[0].len;
	saw.root = test_host_root(&a->t->host, size);
	saw.note = note[1].data;
	saw.note_bytes = note[1].len;
	saw.receipt = line[1].data;
	saw.receipt_bytes = line[1].len;
	rc = storage->ops->put_cosignature(storage, 1, &said, diag);
	if (!rc)
		rc = storage->ops->put_witnessed(storage, ATTACK_ORIGIN, &saw,
						 diag);
	for (i = 0; i < 2; i++) {
		seal_buf_fini(&note[i]);
		seal_buf_fini(&line[i]);
	}
	return rc;
}

static void witness_it(struct attack_store *a)
{
	struct seal_storage *storage;

	assert_int_equal(seal_storage_sqlite_open(a->t->db, SEAL_STORAGE_WRITE,
						  &storage, NULL),
			 0);
	assert_int_equal(storage->ops->commit(storage, witness_step, a,
					      SEAL_STORAGE_DURABLE, NULL),
			 0);
	storage->ops->close(storage);
}

void attack_store_trust(struct attack_store *a, const char *quorum)
{
	struct seal_hash id = test_host_log_id(&a->t->host);
	struct seal_buf text = SEAL_BUF_INIT, pins = SEAL_BUF_INIT;

	test_host_policy_line(&a->t->host, &text);
	put_witness(&text, "mirror", ATTACK_MIRROR);
	put_witness(&text, "other", ATTACK_OTHER);
	put_witness(&text, "own", ATTACK_OWN);
	seal_buf_put_str(&text, quorum);
	seal_buf_putf(&pins, "%s ", a->t->host.origin);
	seal_buf_put_base64(&pins, id.b, sizeof(id.b));
	seal_buf_put_str(&pins, "\n");
	assert_int_equal(seal_buf_error(&text), 0);
	cli_trust_fini(&a->trust);
	assert_int_equal(seal_policy_parse(text.data, text.len, "policy",
					   &a->trust.policy, NULL),
			 0);
	assert_int_equal(seal_pins_parse(pins.data, pins.len, "pins",
					 &a->trust.pins, NULL),
			 0);
	a->trust.as_of_us = (uint64_t)(NOW_S + 30) * 1000000;
	seal_buf_fini(&text);
	seal_buf_fini(&pins);
}

void attack_host_make(struct test_host *h, size_t size)
{
	test_host_make_log(h, ATTACK_ORIGIN, size,
			   (uint64_t)(NOW_S - 60) * 1000000);
	test_host_hand_over(h, size / 5, "attack epoch 1");
	test_host_hand_over(h, size / 4 - 1, "attack epoch 2");
	test_host_hand_over(h, 9 * size / 10, "attack epoch 3");
}

static struct attack_store *begin(size_t size)
{
	struct attack_store *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	a->size = size;
	a->t = test_store_make(ATTACK_MIRROR, NULL);
	attack_host_make(&a->t->host, size);
	test_store_trust(a->t, &a->t->host);
	test_store_enroll(a->t, &a->t->host);
	a->t->now_s = NOW_S;
	return a;
}

struct attack_store *attack_store_make(size_t size)
{
	const size_t sizes[] = {size / 10, size / 4, 6 * size / 10, size, 0};
	struct attack_store *a = begin(size);

	attack_store_fill(a->t, sizes);
	witness_it(a);
	attack_store_trust(a, ATTACK_QUORUM);
	store_attach(a);
	return a;
}

/* A file beside the database, and the name it gets. */
static void copy_file(struct attack_store *a, const char *suffix,
		      const char *name)
{
	char from[80], to[80];
	size_t len;
	uint8_t *bytes;
	FILE *f;

	snprintf(from, sizeof(from), "%s%s", a->t->db, suffix);
	snprintf(to, sizeof(to), "%s%s", name, suffix);
	bytes = store_file(from, &len);
	f = fopen(to, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	free(bytes);
}

static void restart_journal(struct attack_store *a)
{
	sqlite3 *db;

	assert_int_equal(sqlite3_open(a->t->db, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA wal_checkpoint(RESTART)",
				      NULL, NULL, NULL),
			 SQLITE_OK);
	sqlite3_close(db);
}

struct attack_store *attack_store_make_killed(size_t size)
{
	const size_t sizes[] = {size / 10, size / 4, 0};
	const size_t before[] = {4 * size / 10, 5 * size / 10, 6 * size / 10,
				 0};
	const size_t behind[] = {8 * size / 10, size, 0};
	struct attack_store *a = begin(size);

	attack_store_fill(a->t, sizes);
	test_store_begin(a->t);
	fill(a->t, size / 4, before);
	restart_journal(a);
	fill(a->t, 6 * size / 10, behind);
	copy_file(a, "", "killed.db");
	copy_file(a, "-wal", "killed.db");
	copy_file(a, "-shm", "killed.db");
	store_close(a->t->store);
	a->t->store = NULL;
	snprintf(a->t->db, sizeof(a->t->db), "killed.db");
	attack_store_trust(a, ATTACK_QUORUM);
	return a;
}

uint8_t *store_file(const char *path, size_t *ret_len)
{
	FILE *f = fopen(path, "r");
	uint8_t *bytes;
	long len;

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	len = ftell(f);
	rewind(f);
	bytes = malloc((size_t)len + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)len, f), len);
	fclose(f);
	*ret_len = (size_t)len;
	return bytes;
}

void attack_store_free(struct attack_store *a)
{
	store_detach(a);
	test_store_free(a->t);
	cli_trust_fini(&a->trust);
	free(a);
}

/* ---- the verdict ---- */

static unsigned count_strangers(const struct seal_findings *list)
{
	unsigned n = 0;
	size_t i;

	for (i = 0; i < list->n; i++)
		n += list->v[i].number == 11 &&
		     list->v[i].class == SEAL_CLASS_N;
	return n;
}

int store_judge(struct attack_store *a, const char *path)
{
	struct cli_judgements list = {0};
	size_t i, len = 0;

	a->found[0] = '\0';
	a->got_size = a->anchor_size = 0;
	a->status = 3;
	a->verdicts = a->strangers = 0;
	memset(&a->diag, 0, sizeof(a->diag));
	a->rc = cli_judge(&a->trust, path ? path : a->t->db, &list, &a->diag);
	if (!a->rc) {
		a->status = list.exit_status;
		a->verdicts = (unsigned)list.n;
		for (i = 0; i < list.n; i++) {
			len = strlen(a->found);
			if (i && len + 4 < sizeof(a->found))
				len += (size_t)snprintf(a->found + len, 4,
							" | ");
			attack_found(&list.v[i].verdict, a->found + len,
				     sizeof(a->found) - len);
			a->strangers +=
				count_strangers(&list.v[i].verdict.findings);
		}
		a->got_size = list.v[0].verdict.size;
		a->anchor_size = list.v[0].verdict.anchor.size;
	}
	cli_judgements_fini(&list);
	return a->status;
}

void store_expect(struct attack_store *a, int status, const char *found)
{
	store_judge(a, NULL);
	if (a->status != status || strcmp(a->found, found))
		fail_msg("%d %s (%s), not %d %s", a->status, a->found,
			 a->diag.text, status, found);
}

/* ---- damage by SQL ---- */

void store_attach(struct attack_store *a)
{
	assert_int_equal(
		sqlite3_open_v2(a->t->db, &a->db, SQLITE_OPEN_READWRITE, NULL),
		SQLITE_OK);
	store_sql(a, "PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF;"
		     "PRAGMA journal_mode = MEMORY");
}

void store_detach(struct attack_store *a)
{
	sqlite3_close(a->db);
	a->db = NULL;
}

void store_sql(struct attack_store *a, const char *fmt, ...)
{
	char *sql, *why = NULL;
	va_list args;

	va_start(args, fmt);
	sql = sqlite3_vmprintf(fmt, args);
	va_end(args);
	if (sqlite3_exec(a->db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why);
	sqlite3_free(sql);
}

/* ---- counting ---- */

void store_listed(struct store_reasons *r, const char *reason)
{
	size_t i;

	attack_is_listed(r->tally);
	for (i = 0; i < STORE_REASONS_MAX; i++) {
		if (r->reason[i] && strcmp(r->reason[i], reason) != 0)
			continue;
		r->reason[i] = reason;
		r->count[i]++;
		return;
	}
	fail_msg("more than %d reasons", STORE_REASONS_MAX);
}

void store_done(struct store_reasons *r)
{
	size_t i;

	for (i = 0; i < STORE_REASONS_MAX && r->reason[i]; i++)
		print_message("%s: listed %llu: %s\n", r->tally->name,
			      (unsigned long long)r->count[i], r->reason[i]);
	print_message("%s: %llu signatures worked out\n", r->tally->name,
		      (unsigned long long)attack_signatures());
	attack_done(r->tally);
}

/* ---- the answer to a reader ---- */

struct answer {
	struct seal_buf all;
	struct seal_diag diag;
};

static int add_tiles(struct answer *w, const struct cli_copy *copy,
		     unsigned level, uint64_t size)
{
	struct seal_hash hash[256];
	uint64_t at;
	unsigned width, got = 0;
	int rc = 0;

	for (at = 0; at < size && !rc; at += 256) {
		width = size - at < 256 ? (unsigned)(size - at) : 256;
		rc = copy->source.tile(copy->source.ctx, level, at / 256, width,
				       hash, &got, &w->diag);
		seal_buf_put(&w->all, hash, got * sizeof(hash[0]));
	}
	return rc;
}

static int add_entries(struct answer *w, const struct cli_copy *copy)
{
	const uint8_t *bytes;
	unsigned width;
	uint64_t at;
	size_t len;
	int rc = 0;

	for (at = 0; at < copy->size && !rc; at += 256) {
		width = copy->size - at < 256 ? (unsigned)(copy->size - at)
					      : 256;
		rc = copy->source.bundle(copy->source.ctx, at / 256, width,
					 false, &bytes, &len, &w->diag);
		if (!rc)
			seal_buf_put(&w->all, bytes, len);
	}
	return rc;
}

static int add_checkpoints(struct answer *w, const struct cli_copy *copy)
{
	const uint8_t *note;
	uint64_t size = 0;
	bool whole;
	size_t len;
	int rc;

	for (;; size++) {
		rc = copy->source.checkpoint(copy->source.ctx, size, &note,
					     &len, &size, &whole, &w->diag);
		if (rc)
			return rc == SEAL_E_NOTFOUND ? 0 : rc;
		seal_buf_put(&w->all, note, len);
	}
}

static int add_copy(void *ctx, const struct cli_copy *copy,
		    struct seal_diag *diag)
{
	struct answer *w = ctx;
	unsigned level;
	int rc;

	(void)diag;
	seal_buf_put_str(&w->all, copy->origin);
	seal_buf_put(&w->all, copy->note, copy->note_len);
	seal_buf_put(&w->all, copy->epochs, copy->epochs_len);
	seal_buf_put(&w->all, copy->log_id.b, sizeof(copy->log_id.b));
	rc = add_entries(w, copy);
	for (level = 0; copy->size >> (8 * level) && !rc; level++)
		rc = add_tiles(w, copy, level, copy->size >> (8 * level));
	return rc ? rc : add_checkpoints(w, copy);
}

struct seal_hash store_answer(struct attack_store *a, const char *path)
{
	struct seal_hash digest = {{0}};
	struct seal_diag diag = {0};
	struct answer w = {0};

	seal_buf_init(&w.all);
	if (!cli_store_visit(&a->trust, path ? path : a->t->db, add_copy, &w,
			     &diag))
		assert_int_equal(seal_sha256(w.all.data, w.all.len, &digest),
				 0);
	seal_buf_fini(&w.all);
	return digest;
}
