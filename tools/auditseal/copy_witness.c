/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a store's own witness saw of logs, its own or others': is each row as
 * the witness keeps it?  No verdict rests on these.  docs/spec/storage.md 2.
 */
#include "copy.h"
#include "judge.h"

#include "core/checkpoint.h"
#include "core/note.h"
#include "core/policy.h"

#include <string.h>

#define WHERE	   "witness"
#define TIME_BYTES 8

/* The row's note and, behind it, the line of the witness. */
struct row {
	const struct seal_storage_witnessed *w;
	struct seal_buf bytes;
	struct seal_note note;
	struct seal_checkpoint cp;
	size_t own; /* of the log's lines */
};

static bool is_named(const struct seal_note_sig *line, const char *name)
{
	return line->name_len == strlen(name) &&
	       !memcmp(line->name, name, line->name_len);
}

static bool time_agrees(const struct row *r)
{
	uint8_t sig[TIME_BYTES + SEAL_SIG_BYTES];
	uint64_t time = 0;
	size_t i;

	if (seal_note_sig_bytes(&r->note.sigs[r->own], sig, sizeof(sig)))
		return false;
	for (i = 0; i < TIME_BYTES; i++)
		time = time << 8 | sig[i];
	return time == (uint64_t)r->w->checkpoint.received_s;
}

static bool lines_agree(const struct row *r)
{
	size_t i;

	for (i = 0; i < r->own; i++)
		if (!is_named(&r->note.sigs[i], r->cp.origin))
			return false;
	return r->own && r->note.sig_count == r->own + 1 && time_agrees(r);
}

static bool columns_agree(const struct row *r)
{
	const struct seal_storage_checkpoint *c = &r->w->checkpoint;
	struct seal_hash hash;

	return !seal_sha256(r->w->origin, strlen(r->w->origin), &hash) &&
	       seal_hash_equal(&hash, &r->w->hash) &&
	       !strcmp(r->cp.origin, r->w->origin) && r->cp.size == c->size &&
	       seal_hash_equal(&r->cp.root, &c->root);
}

static int read_row(struct row *r, bool *ret_whole)
{
	const struct seal_storage_checkpoint *c = &r->w->checkpoint;

	*ret_whole = false;
	if (r->w->damaged || seal_checkpoint_parse_note(c->note, c->note_bytes,
							&r->note, &r->cp, NULL))
		return 0;
	r->own = r->note.sig_count;
	seal_buf_put(&r->bytes, c->note, c->note_bytes);
	seal_buf_put(&r->bytes, c->receipt, c->receipt_bytes);
	if (seal_buf_error(&r->bytes))
		return seal_buf_error(&r->bytes);
	*ret_whole = !seal_checkpoint_parse_note(r->bytes.data, r->bytes.len,
						 &r->note, &r->cp, NULL) &&
		     columns_agree(r) && lines_agree(r);
	return 0;
}

static bool is_host_named(const struct row *r, const struct seal_policy *policy,
			  const struct seal_note_sig *line)
{
	size_t log, count = seal_policy_log_count(policy);

	for (log = seal_policy_find_log(policy, r->cp.origin, 0); log < count;
	     log = seal_policy_find_log(policy, r->cp.origin, log + 1))
		if (seal_policy_log(policy, log)->vkey.id == line->id)
			return true;
	return false;
}

/* 0: the policy knows the keys of all lines and they verify. */
static int judge_lines(const struct row *r, const struct seal_policy *policy,
		       unsigned *ret_number)
{
	struct seal_quorum quorum;
	bool named = true;
	size_t i, log;
	int rc = seal_policy_evaluate(policy, &r->note, &quorum, NULL);

	if (rc)
		return rc;
	for (i = 0; i < r->own; i++)
		named &= is_host_named(r, policy, &r->note.sigs[i]);
	rc = seal_policy_verify_log(policy, &r->note, r->cp.origin, &log, NULL);
	if (rc == SEAL_E_NOMEM || rc == SEAL_E_CRYPTO)
		return rc;
	*ret_number = quorum.bad || rc == SEAL_E_SIG ? 10
		      : !quorum.good || !named	     ? 11
						     : 0;
	return 0;
}

static int check_row(const struct seal_storage_witnessed *w,
		     const struct seal_policy *policy, unsigned *ret_number)
{
	struct row r = {.w = w};
	bool whole;
	int rc;

	seal_buf_init(&r.bytes);
	*ret_number = 0;
	rc = read_row(&r, &whole);
	if (!rc && !whole)
		*ret_number = 30;
	else if (!rc && policy)
		rc = judge_lines(&r, policy, ret_number);
	seal_buf_fini(&r.bytes);
	return rc;
}

/* What is not whole, then what nobody signed, then what nobody can judge. */
static unsigned rank(unsigned number)
{
	return number == 30 ? 3 : number == 10 ? 2 : number == 11 ? 1 : 0;
}

static const char *text_of(unsigned number)
{
	return number == 30 ? "what the store's witness saw of a log is not "
			      "kept as it keeps it"
	       : number == 10
		       ? "a signature on what the store's witness saw is wrong"
		       : "what the store's witness saw is signed by a key that "
			 "the policy does not name";
}

static void put(struct cli_copy_wrong *wrong, unsigned number)
{
	if (rank(number) > rank(wrong->number))
		*wrong =
			(struct cli_copy_wrong){number, WHERE, text_of(number)};
}

int cli_witnessed_check(struct seal_storage *storage,
			const struct seal_policy *policy,
			struct cli_copy_wrong *ret_wrong,
			struct seal_diag *diag)
{
	struct cli_copy_wrong wrong = {0};
	struct seal_storage_witnessed w;
	struct seal_hash behind;
	bool first = true;
	unsigned number;
	int rc;

	for (;; first = false) {
		memset(&w, 0, sizeof(w));
		rc = storage->ops->next_witnessed(
			storage, first ? NULL : &behind, &w, diag);
		if (rc)
			break;
		behind = w.hash;
		rc = check_row(&w, policy, &number);
		seal_storage_checkpoint_fini(&w.checkpoint);
		if (rc)
			break;
		put(&wrong, number);
	}
	if (rc == SEAL_E_DAMAGED)
		put(&wrong, 30);
	if (rc && rc != SEAL_E_NOTFOUND && rc != SEAL_E_DAMAGED)
		return rc;
	*ret_wrong = wrong;
	return 0;
}
