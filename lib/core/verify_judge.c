/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging the notes at the end: who signed, does it agree with our roots, how
 * far does each witness's word go.  format.md 6.
 */
#include "core/verify_int.h"

#include <string.h>

/* What became of a signature line. */
enum line {
	LINE_NONE = 0,
	LINE_GOOD = 1,
	LINE_WRONG = 2,
	LINE_STRANGE = 3, /* of a key that is not the one we know */
	LINE_UNKNOWN = 4, /* nobody can say yet */
};

struct judgement {
	struct seal_verify *v;
	struct verify_claim *claim;
	struct seal_note note;
	enum line host, seal;
	bool agrees;		   /* our root at this size is this one */
	bool conflicts;		   /* it is another one */
	size_t good, wrong;	   /* cosignatures */
	struct seal_quorum quorum; /* valid if there is a policy */
};

static int about(struct judgement *j, unsigned number, const char *what)
{
	return verify_find(j->v, number, 1, 0, false, j->claim->where,
			   "size %llu: %s", (unsigned long long)j->claim->size,
			   what);
}

static bool name_stands(const struct seal_note *note, const char *name)
{
	size_t k, len = strlen(name);

	for (k = 0; k < note->sig_count; k++)
		if (note->sigs[k].name_len == len &&
		    !memcmp(note->sigs[k].name, name, len))
			return true;
	return false;
}

static int verify_by_key(struct judgement *j, const uint8_t key[32])
{
	struct seal_vkey vkey = {0};
	struct seal_pub *pub;
	int rc;

	rc = seal_pub_new(key, &pub);
	if (rc)
		return rc == SEAL_E_KEY ? SEAL_E_NOTFOUND : rc;
	rc = seal_vkey_init(&vkey, j->v->origin, SEAL_KEY_ED25519, pub, NULL);
	seal_pub_free(pub);
	if (!rc)
		rc = seal_note_verify(&j->note, &vkey, NULL);
	seal_vkey_fini(&vkey);
	return rc;
}

/* By the host key that the log itself names, when no policy does. */
static int verify_by_chain(struct judgement *j)
{
	struct seal_verify *v = j->v;
	const uint8_t *key[2];
	size_t k, count;
	int rc = SEAL_E_NOTFOUND;

	if (!v->have_host)
		return SEAL_E_NOTFOUND;
	count = verify_host_keys(v, j->claim->size, j->claim->before_us, key);
	for (k = 0; k < count && rc == SEAL_E_NOTFOUND; k++)
		rc = verify_by_key(j, key[k]);
	return rc;
}

/* The policy's own key for this log is not the one that the log id binds. */
static bool host_key_differs(const struct seal_verify *v)
{
	const struct seal_policy *policy = v->opt.policy;
	size_t i, count = policy ? seal_policy_log_count(policy) : 0;
	bool listed = false;

	if (!v->have_host)
		return false;
	for (i = policy ? seal_policy_find_log(policy, v->origin, 0) : 0;
	     i < count; i = seal_policy_find_log(policy, v->origin, i + 1)) {
		listed = true;
		if (verify_host_knows(
			    v, seal_pub_bytes(
				       seal_policy_log(policy, i)->vkey.pub)))
			return false;
	}
	return listed;
}

static bool is_listed(const struct seal_verify *v)
{
	const struct seal_policy *policy = v->opt.policy;

	return policy && seal_policy_find_log(policy, v->origin, 0) <
				 seal_policy_log_count(policy);
}

static int look_host(struct judgement *j)
{
	struct seal_verify *v = j->v;
	bool listed = is_listed(v);
	size_t log;
	int rc;

	rc = listed ? seal_policy_verify_log(v->opt.policy, &j->note, v->origin,
					     &log, NULL)
		    : verify_by_chain(j);
	if (rc == SEAL_E_NOMEM || rc == SEAL_E_CRYPTO)
		return rc;
	if (!rc)
		v->any_host_line = true;
	j->host = !rc		     ? LINE_GOOD
		  : rc == SEAL_E_SIG ? LINE_WRONG
		  : !name_stands(&j->note, v->origin)
			  ? LINE_NONE
			  : (listed ? LINE_STRANGE : LINE_UNKNOWN);
	return 0;
}

static const struct seal_note_sig *seal_line(const struct judgement *j)
{
	char name[SEAL_VERIFY_NAME_BYTES + 8];
	size_t k, len;

	snprintf(name, sizeof(name), "%s%s", j->v->origin, SEAL_EPOCH_SUFFIX);
	len = strlen(name);
	for (k = 0; k < j->note.sig_count; k++)
		if (j->note.sigs[k].name_len == len &&
		    !memcmp(j->note.sigs[k].name, name, len))
			return &j->note.sigs[k];
	return NULL;
}

/* The seal line of the epoch in force. */
static int look_seal(struct judgement *j)
{
	const struct seal_note_sig *line = seal_line(j);
	struct seal_verify *v = j->v;
	uint8_t signature[SEAL_SIG_BYTES];
	bool good = false;
	int rc = 0;

	if (!line)
		return 0;
	j->seal = LINE_UNKNOWN;
	/* Behind the copy's end another epoch may be in force. */
	if (!verify_have_key(v, j->claim->size) ||
	    (j->claim->source == SEAL_VERIFY_NOTE_GIVEN &&
	     j->claim->size > v->sealed.next))
		return 0;
	if (!seal_note_sig_bytes(line, signature, sizeof(signature)))
		rc = verify_seal(v, j->claim->size, &j->claim->root, line->id,
				 signature, &good);
	if (rc)
		return rc;
	/* Entries that are not here yet may hand over to another key. */
	if (!good && j->claim->source == SEAL_VERIFY_NOTE_PAST &&
	    j->claim->size > v->walk.next && line->id != v->pub_id)
		return 0;
	j->seal = good ? LINE_GOOD : LINE_WRONG;
	if (good && j->claim->source == SEAL_VERIFY_NOTE_CHECKPOINT)
		v->newest_sealed = true;
	return 0;
}

static int look_cosignatures(struct judgement *j)
{
	struct seal_verify *v = j->v;
	int rc;

	if (!v->opt.policy)
		return 0;
	rc = seal_policy_evaluate(v->opt.policy, &j->note, &j->quorum, NULL);
	if (rc)
		return rc;
	j->good = j->quorum.good;
	j->wrong = j->quorum.bad;
	if (j->good)
		v->any_cosignature = true;
	return 0;
}

/* Nothing that can be judged is right: the text, or every line, was changed. */
static bool nothing_is_right(const struct judgement *j)
{
	size_t wrong =
		j->wrong + (j->host == LINE_WRONG) + (j->seal == LINE_WRONG);

	return wrong > 1 && !j->good && j->host != LINE_GOOD &&
	       j->seal != LINE_GOOD;
}

static int report_host(struct judgement *j)
{
	bool given = j->claim->source == SEAL_VERIFY_NOTE_GIVEN;
	bool expected = given || j->claim->stored ||
			j->claim->source == SEAL_VERIFY_NOTE_CHECKPOINT;

	if (j->host == LINE_WRONG)
		return about(j, 10, "the host's signature is wrong");
	if (j->host == LINE_STRANGE && !host_key_differs(j->v))
		return about(j, 11,
			     "signed by another host key than the policy has");
	if (j->host == LINE_NONE && expected)
		return about(j, 10, "the host's signature is missing");
	if (j->host == LINE_UNKNOWN && given && j->v->have_host)
		return about(j, 11,
			     "signed by another host key than the log has");
	return 0;
}

static int report_lines(struct judgement *j)
{
	bool newest = j->claim->source == SEAL_VERIFY_NOTE_CHECKPOINT;
	int rc;

	/* What is wrong with the log's own lines is said of their row. */
	if (j->claim->aside)
		return j->wrong && j->host == LINE_GOOD && !j->conflicts
			       ? about(j, 10, "a cosignature is wrong")
			       : 0;
	if (nothing_is_right(j)) {
		j->claim->damaged = true;
		return about(j, 10, "no signature fits its text");
	}
	rc = report_host(j);
	if (rc)
		return rc;
	if (j->seal == LINE_NONE && (newest || j->claim->stored))
		rc = about(j, 13, "the seal line is missing");
	else if (j->seal == LINE_WRONG)
		rc = about(j, 10, "the seal is wrong");
	if (!rc && j->wrong && !j->conflicts)
		rc = about(j, 10, "a cosignature is wrong");
	return rc;
}

static int hear(struct seal_verify *v, size_t i, uint64_t size, uint64_t time_s,
		const char *where)
{
	struct verify_word *w = &v->word[i];
	bool back = w->have && ((time_s > w->time_s && size < w->size) ||
				(time_s < w->time_s && size > w->size));
	int rc = 0;

	if (back)
		rc = verify_find(v, 27, 1, 0, false, where,
				 "%s stated a smaller size later than a larger "
				 "one (%llu, %llu)",
				 seal_policy_witness(v->opt.policy, i)->name,
				 (unsigned long long)size,
				 (unsigned long long)w->size);
	if (!w->have || size > w->size ||
	    (size == w->size && time_s > w->time_s)) {
		w->have = true;
		w->size = size;
		w->time_s = time_s;
	}
	return rc;
}

/* With a wrong line such a note is refused as a whole. */
static bool is_heard(const struct judgement *j)
{
	return j->v->opt.policy && !j->wrong && j->agrees &&
	       j->host == LINE_GOOD;
}

static int hear_clock(struct judgement *j)
{
	size_t i, count = seal_policy_witness_count(j->v->opt.policy);
	int rc = 0;

	for (i = 0; i < count && !rc; i++)
		if (j->quorum.state[i] == SEAL_WITNESS_GOOD)
			rc = verify_clock_hear(j->v, j->claim, i,
					       j->quorum.time_s[i]);
	return rc;
}

/* What the witnesses say of a log that we agree with. */
static int hear_all(struct judgement *j)
{
	struct seal_verify *v = j->v;
	size_t i;
	int rc = 0;

	if (!is_heard(j))
		return 0;
	for (i = 0; i < seal_policy_witness_count(v->opt.policy) && !rc; i++)
		if (j->quorum.state[i] == SEAL_WITNESS_GOOD)
			rc = hear(v, i, j->claim->size, j->quorum.time_s[i],
				  j->claim->where);
	return rc ? rc : hear_clock(j);
}

static int judge_root(struct judgement *j)
{
	if (!j->conflicts)
		return 0;
	if (j->good && j->v->opt.target == SEAL_VERIFY_STORE)
		return about(j, 22,
			     "the copy has another root than the receipt says");
	if (j->host == LINE_GOOD && !j->claim->aside)
		return about(j, 8,
			     "the host signed another root than the one "
			     "that is sealed here");
	if (j->claim->damaged || j->claim->aside)
		return 0;
	return about(j, 30,
		     "a checkpoint that nobody signed, with another "
		     "root");
}

static int judge(struct seal_verify *v, struct verify_claim *claim)
{
	struct judgement j = {.v = v, .claim = claim};
	struct seal_checkpoint cp;
	int rc;

	if (claim->kind != CLAIM_NOTE)
		return 0;
	if (seal_checkpoint_parse_note(claim->note, claim->note_len, &j.note,
				       &cp, NULL))
		return SEAL_E_INTERNAL; /* it was parsed before */
	if (claim->seen) {
		j.agrees = seal_hash_equal(&claim->ours, &claim->root);
		j.conflicts = !j.agrees;
	} else {
		j.agrees = verify_beyond(v, claim->size);
	}
	rc = look_host(&j);
	/* A witness speaks for its own receipts, not for what was given. */
	if (!rc && claim->source == SEAL_VERIFY_NOTE_GIVEN &&
	    j.host != LINE_GOOD)
		return report_host(&j);
	if (!rc)
		rc = look_seal(&j);
	if (!rc)
		rc = look_cosignatures(&j);
	if (!rc && !claim->damaged)
		rc = report_lines(&j);
	if (!rc && (claim->stored || (claim->aside && j.host == LINE_GOOD)) &&
	    !claim->damaged && j.host != LINE_STRANGE)
		rc = verify_lines_look(v, &j.note, claim->size);
	if (!rc)
		rc = hear_all(&j);
	if (!rc)
		rc = judge_root(&j);
	claim->counts = j.host == LINE_GOOD || j.good;
	claim->cosigned = j.good;
	claim->quorate = j.host == LINE_GOOD && j.quorum.met;
	return rc;
}

int verify_note_judge_one(struct seal_verify *v, struct verify_claim *claim)
{
	return judge(v, claim);
}

int verify_note_clock(struct seal_verify *v, struct verify_claim *claim)
{
	struct judgement j = {.v = v, .claim = claim, .agrees = true};
	struct seal_checkpoint cp;
	int rc;

	if (seal_checkpoint_parse_note(claim->note, claim->note_len, &j.note,
				       &cp, NULL))
		return SEAL_E_INTERNAL; /* it was parsed before */
	if (!verify_clock_asks(v, claim, &j.note))
		return 0;
	rc = look_host(&j);
	if (!rc && j.host == LINE_GOOD)
		rc = look_cosignatures(&j);
	return !rc && is_heard(&j) ? hear_clock(&j) : rc;
}

static int judge_host_key(struct seal_verify *v)
{
	if (!host_key_differs(v))
		return 0;
	return verify_find(v, 11, 1, 0, false, NULL,
			   "the log's host key is not the one in the policy");
}

/* *ret_known: there is a key to ask. */
static int host_signed(struct judgement *j, bool *ret_known, bool *ret_good)
{
	struct seal_verify *v = j->v;
	const struct seal_policy *policy = v->opt.policy;
	bool listed = is_listed(v);
	size_t log;
	int rc;

	*ret_known = listed || v->have_host;
	*ret_good = false;
	if (!*ret_known)
		return 0;
	rc = listed ? seal_policy_verify_log(policy, &j->note, v->origin, &log,
					     NULL)
		    : verify_by_chain(j);
	if (rc == SEAL_E_NOMEM || rc == SEAL_E_CRYPTO)
		return rc;
	*ret_good = !rc;
	return 0;
}

int verify_note_newest(struct seal_verify *v, uint64_t *ret_size,
		       struct seal_hash *ret_root, bool *ret_have)
{
	struct seal_checkpoint cp;
	struct judgement j = {.v = v};
	uint64_t best = 0;
	bool known, good;
	size_t k;
	int rc;

	for (k = 0; k < v->claims; k++) {
		j.claim = &v->claim[k];
		if (j.claim->kind != CLAIM_NOTE ||
		    j.claim->source != SEAL_VERIFY_NOTE_CHECKPOINT ||
		    (*ret_have && j.claim->size < best))
			continue;
		if (seal_checkpoint_parse_note(j.claim->note, j.claim->note_len,
					       &j.note, &cp, NULL))
			return SEAL_E_INTERNAL;
		rc = host_signed(&j, &known, &good);
		if (rc)
			return rc;
		if (known && !good)
			continue;
		best = j.claim->size;
		*ret_size = best;
		*ret_root = j.claim->root;
		*ret_have = true;
	}
	return 0;
}

int verify_note_judge(struct seal_verify *v)
{
	size_t k;
	int rc = judge_host_key(v);

	for (k = 0; k < v->claims && !rc; k++)
		rc = judge(v, &v->claim[k]);
	for (k = 0; k < v->lates && !rc; k++)
		rc = judge(v, &v->late[k]);
	return rc;
}
