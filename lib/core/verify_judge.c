/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Judging the notes at the end: who signed, does it agree with our roots, how
 * far does each witness's word go.  format.md 6.
 */
#include "core/verify_int.h"

#include <string.h>

struct judgement {
	struct seal_verify *v;
	struct verify_claim *claim;
	struct seal_note note;
	bool host;	/* the log's own line verifies */
	bool agrees;	/* our root at this size is this one */
	bool conflicts; /* it is another one */
	size_t good;	/* cosignatures that verify */
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

/* By the host key that the log itself names, when no policy does. */
static int verify_by_chain(struct judgement *j)
{
	struct seal_verify *v = j->v;
	struct seal_vkey vkey = {0};
	struct seal_pub *pub;
	int rc;

	if (!v->have_host)
		return SEAL_E_NOTFOUND;
	rc = seal_pub_new(v->host_key, &pub);
	if (rc)
		return rc == SEAL_E_KEY ? SEAL_E_NOTFOUND : rc;
	rc = seal_vkey_init(&vkey, v->origin, SEAL_KEY_ED25519, pub, NULL);
	seal_pub_free(pub);
	if (!rc)
		rc = seal_note_verify(&j->note, &vkey, NULL);
	seal_vkey_fini(&vkey);
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
		if (!memcmp(seal_pub_bytes(
				    seal_policy_log(policy, i)->vkey.pub),
			    v->host_key, sizeof(v->host_key)))
			return false;
	}
	return listed;
}

static int judge_host(struct judgement *j)
{
	struct seal_verify *v = j->v;
	const struct seal_policy *policy = v->opt.policy;
	bool listed = policy && seal_policy_find_log(policy, v->origin, 0) <
					seal_policy_log_count(policy);
	bool given = j->claim->source == SEAL_VERIFY_NOTE_GIVEN;
	size_t log;
	int rc;

	rc = listed ? seal_policy_verify_log(policy, &j->note, v->origin, &log,
					     NULL)
		    : verify_by_chain(j);
	if (rc == SEAL_E_NOMEM || rc == SEAL_E_CRYPTO)
		return rc;
	j->host = !rc;
	if (j->host)
		v->any_host_line = true;
	if (rc == SEAL_E_SIG)
		return about(j, 10, "the host's signature is wrong");
	if (rc && name_stands(&j->note, v->origin) && listed)
		return host_key_differs(v) /* said once, of the log */
			       ? 0
			       : about(j, 11,
				       "signed by another host key than the "
				       "policy has");
	if (rc && (j->claim->source == SEAL_VERIFY_NOTE_CHECKPOINT || given) &&
	    !name_stands(&j->note, v->origin))
		return about(j, 10, "the host's signature is missing");
	if (rc && given && v->have_host)
		return about(j, 11,
			     "signed by another host key than the log has");
	return 0;
}

/* The seal line of the epoch in force, where one is expected. */
static int judge_seal(struct judgement *j)
{
	struct seal_verify *v = j->v;
	uint8_t signature[SEAL_SIG_BYTES];
	char name[SEAL_VERIFY_NAME_BYTES + 8];
	const struct seal_note_sig *line = NULL;
	bool good = false;
	size_t k;
	int rc;

	snprintf(name, sizeof(name), "%s%s", v->origin, SEAL_EPOCH_SUFFIX);
	for (k = 0; k < j->note.sig_count && !line; k++)
		if (j->note.sigs[k].name_len == strlen(name) &&
		    !memcmp(j->note.sigs[k].name, name, strlen(name)))
			line = &j->note.sigs[k];
	if (!line)
		return j->claim->source == SEAL_VERIFY_NOTE_CHECKPOINT ||
				       j->claim->source == SEAL_VERIFY_NOTE_PAST
			       ? about(j, 13, "the seal line is missing")
			       : 0;
	/* Behind the copy's end another epoch may be in force. */
	if (!verify_have_key(v, j->claim->size) ||
	    (j->claim->source == SEAL_VERIFY_NOTE_GIVEN &&
	     j->claim->size > v->sealed.next))
		return 0;
	if (!seal_note_sig_bytes(line, signature, sizeof(signature))) {
		rc = verify_seal(v, j->claim->size, &j->claim->root, line->id,
				 signature, &good);
		if (rc)
			return rc;
	}
	if (good && j->claim->source == SEAL_VERIFY_NOTE_CHECKPOINT)
		v->newest_sealed = true;
	return good ? 0 : about(j, 10, "the seal is wrong");
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

static int judge_quorum(struct judgement *j)
{
	struct seal_verify *v = j->v;
	struct seal_quorum quorum;
	size_t i;
	int rc;

	if (!v->opt.policy)
		return 0;
	rc = seal_policy_evaluate(v->opt.policy, &j->note, &quorum, NULL);
	if (rc)
		return rc;
	j->good = quorum.good;
	if (quorum.good)
		v->any_cosignature = true;
	if (quorum.bad && j->agrees)
		rc = about(j, 10, "a cosignature is wrong");
	/* Such a note is refused as a whole. */
	if (rc || quorum.bad || !j->agrees || !j->host)
		return rc;
	for (i = 0; i < seal_policy_witness_count(v->opt.policy) && !rc; i++)
		if (quorum.state[i] == SEAL_WITNESS_GOOD)
			rc = hear(v, i, j->claim->size, quorum.time_s[i],
				  j->claim->where);
	return rc;
}

static int judge_root(struct judgement *j)
{
	if (!j->conflicts)
		return 0;
	if (j->good && j->v->opt.target == SEAL_VERIFY_STORE)
		return about(j, 22,
			     "the copy has another root than the receipt says");
	if (j->host)
		return about(j, 8,
			     "the host signed another root than the one "
			     "that is sealed here");
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
	rc = judge_host(&j);
	/* A witness speaks for its own receipts, not for what was given. */
	if (!rc && claim->source == SEAL_VERIFY_NOTE_GIVEN && !j.host)
		return 0;
	if (!rc)
		rc = judge_seal(&j);
	if (!rc)
		rc = judge_quorum(&j);
	if (!rc)
		rc = judge_root(&j);
	claim->counts = j.host || j.good;
	claim->cosigned = j.good;
	return rc;
}

int verify_note_judge_one(struct seal_verify *v, struct verify_claim *claim)
{
	return judge(v, claim);
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
	bool listed = policy && seal_policy_find_log(policy, v->origin, 0) <
					seal_policy_log_count(policy);
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
