/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The verifier's keys: the chain log id -> key 0 -> key 1 ..., fed by `epochs`
 * and by the entries; seals.  format.md 2 and 8.
 */
#include "core/verify_int.h"

#include <string.h>

int verify_keys_root(struct seal_verify *v, const uint8_t host[32],
		     const uint8_t epoch0[32], bool *ret_ok)
{
	struct seal_hash id;
	int rc;

	*ret_ok = false;
	if (v->chain) {
		rc = seal_log_id(v->origin, host, epoch0, &id);
		if (rc == SEAL_E_FORMAT || rc == SEAL_E_ARG)
			return 0;
		*ret_ok = !rc &&
			  seal_hash_equal(&id, seal_chain_log_id(v->chain));
		return rc;
	}
	rc = seal_chain_new(v->origin, host, epoch0,
			    v->have_log_id ? &v->log_id : NULL, &v->chain);
	if (rc == SEAL_E_NOMEM || rc == SEAL_E_CRYPTO)
		return rc;
	if (rc)
		return 0; /* FOREIGN, KEY, an origin that is none */
	v->log_id = *seal_chain_log_id(v->chain);
	v->have_log_id = true;
	memcpy(v->host_key, host, sizeof(v->host_key));
	v->have_host = true;
	*ret_ok = true;
	return 0;
}

bool verify_have_key(const struct seal_verify *v, uint64_t size)
{
	struct seal_chain_span span;

	/* Of what was known before, not all keys are. */
	if (!v->chain || !size || seal_chain_lookup(v->chain, size, &span))
		return false;
	return !v->walk.chain_broken || size <= seal_chain_first(v->chain);
}

static int load_key(struct seal_verify *v, const struct seal_chain_span *span)
{
	struct seal_vkey vkey = {0};
	struct seal_pub *pub;
	int rc;

	if (v->pub && v->pub_epoch == span->epoch)
		return 0;
	rc = seal_pub_new(span->key, &pub);
	if (rc)
		return rc;
	rc = seal_vkey_init_epoch(&vkey, v->origin, pub, NULL);
	if (rc) {
		seal_pub_free(pub);
		return rc;
	}
	seal_pub_free(v->pub);
	v->pub = pub;
	v->pub_epoch = span->epoch;
	v->pub_id = vkey.id;
	seal_vkey_fini(&vkey);
	return 0;
}

int verify_seal(struct seal_verify *v, uint64_t size,
		const struct seal_hash *root, uint32_t key_id,
		const uint8_t signature[64], bool *ret_good)
{
	struct seal_chain_span span;
	struct seal_checkpoint cp;
	int rc;

	*ret_good = false;
	if (!v->chain || !size || size > SEAL_TREE_SIZE_MAX)
		return 0;
	rc = seal_chain_lookup(v->chain, size, &span);
	if (rc == SEAL_E_RANGE)
		return 0;
	if (!rc)
		rc = load_key(v, &span);
	if (rc)
		return rc;
	if (key_id != v->pub_id)
		return 0;
	rc = seal_checkpoint_init(&cp, v->origin, size, root);
	if (!rc)
		rc = seal_checkpoint_verify(&cp, v->pub, signature);
	if (rc == SEAL_E_SIG)
		return 0;
	*ret_good = !rc;
	return rc;
}

/* Damaged, but certified all the same by what the chain says. */
static int epochs_damaged(struct seal_verify *v, const char *what)
{
	if (v->epochs_damaged)
		return 0;
	v->epochs_damaged = true;
	return verify_find(v, 29, 1, 0, false, "epochs",
			   "epochs: record %llu %s",
			   (unsigned long long)v->epochs_records, what);
}

static int epochs_bad(struct seal_verify *v, const char *what)
{
	v->epochs_bad = true;
	return epochs_damaged(v, what);
}

static int epochs_root(struct seal_verify *v)
{
	struct seal_epoch_root root;
	bool ok, whole;
	int rc;

	rc = seal_epoch_root_decode(v->epochs_part, &root);
	if (rc == SEAL_E_CRYPTO)
		return rc;
	whole = !rc;
	if (!v->origin[0]) {
		v->epochs_bad = true; /* the log id takes an origin */
		return 0;
	}
	/* The log id, if it is known, says whether these are the keys. */
	if (!whole && !v->have_log_id)
		return epochs_bad(v, "is damaged");
	memcpy(root.host_key, v->epochs_part, sizeof(root.host_key));
	memcpy(root.epoch_key, v->epochs_part + sizeof(root.host_key),
	       sizeof(root.epoch_key));
	rc = verify_keys_root(v, root.host_key, root.epoch_key, &ok);
	if (rc)
		return rc;
	if (!ok)
		return epochs_bad(v, whole ? "does not give this log's id"
					   : "is damaged");
	v->epochs_root = true;
	return whole ? 0 : epochs_damaged(v, "is damaged");
}

/* *ret_whole: the tag is right.  A wrong one is made right: the signature
 * decides. */
static int decode_record(struct seal_verify *v, struct seal_handover *ret_h,
			 bool *ret_whole)
{
	const size_t tagged = sizeof(v->epochs_part) - 4;
	struct seal_hash tag;
	int rc = seal_epoch_record_decode(v->epochs_part, ret_h);

	*ret_whole = rc != SEAL_E_DAMAGED;
	if (*ret_whole)
		return rc;
	rc = seal_sha256(v->epochs_part, tagged, &tag);
	if (rc)
		return rc;
	memcpy(v->epochs_part + tagged, tag.b, 4);
	return seal_epoch_record_decode(v->epochs_part, ret_h);
}

static int epochs_record(struct seal_verify *v)
{
	enum seal_handover_verdict verdict;
	struct seal_handover h;
	bool whole;
	int rc;

	if (!v->epochs_records)
		return epochs_root(v);
	if (!v->chain)
		return 0;
	rc = decode_record(v, &h, &whole);
	if (rc == SEAL_E_CRYPTO)
		return rc;
	if (rc)
		return epochs_bad(v, "is damaged");
	rc = seal_chain_advance(v->chain, &h, &verdict);
	if (rc)
		return rc;
	switch (verdict) {
	case SEAL_HANDOVER_OK:
		v->epochs_newest = h.epoch;
		return whole ? 0 : epochs_damaged(v, "is damaged");
	case SEAL_HANDOVER_FORK:
		return verify_find(v, 8, h.index, h.index, false, "epochs",
				   "two valid hand-overs to epoch %llu",
				   (unsigned long long)h.epoch);
	case SEAL_HANDOVER_SAME:
		return epochs_bad(v, "stands there twice");
	default:
		return epochs_bad(v, whole ? seal_handover_verdict_text(verdict)
					   : "is damaged");
	}
}

int seal_verify_epochs(struct seal_verify *v, const uint8_t *data, size_t len)
{
	size_t take;
	int rc;

	v->epochs_given = true;
	if (!data)
		return verify_epochs_end(v);
	while (len) {
		take = sizeof(v->epochs_part) - v->epochs_part_len;
		if (take > len)
			take = len;
		memcpy(v->epochs_part + v->epochs_part_len, data, take);
		v->epochs_part_len += take;
		data += take;
		len -= take;
		if (v->epochs_part_len < sizeof(v->epochs_part))
			break;
		v->epochs_part_len = 0;
		/* Behind a bad record nothing says whose record it is. */
		rc = v->epochs_bad ? 0 : epochs_record(v);
		if (rc)
			return rc;
		v->epochs_records++;
	}
	return 0;
}

int verify_epochs_end(struct seal_verify *v)
{
	if (v->epochs_part_len && !v->opt.live)
		return epochs_bad(v, "is torn");
	if (!v->epochs_records)
		return epochs_bad(v, "is missing");
	return 0;
}
