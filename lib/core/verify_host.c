/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host key: the one that the log id binds, then those that `key` entries
 * name, each signed by the one before and by itself.  format.md 8, "Host key
 * change".
 */
#include "core/verify_int.h"

#include <string.h>

#define OVERLAP_US ((uint64_t)30 * 86400 * 1000000)

static const uint8_t *newest(const struct seal_verify *v)
{
	return v->host_changes ? v->host_change[v->host_changes - 1].key
			       : v->host_key;
}

/* 0, SEAL_E_SIG also for a key that is none, or why it cannot be said. */
static int check(const uint8_t key[32], const uint8_t *bytes,
		 const uint8_t sig[64])
{
	struct seal_pub *pub;
	int rc = seal_pub_new(key, &pub);

	if (rc)
		return rc == SEAL_E_KEY ? SEAL_E_SIG : rc;
	rc = seal_pub_verify(pub, bytes, SEAL_KEY_CHANGE_BYTES, sig);
	seal_pub_free(pub);
	return rc;
}

static void take(struct seal_verify *v, uint64_t index, uint64_t time_us,
		 const uint8_t key[32])
{
	struct verify_host_change *c;

	if (v->host_changes == VERIFY_HOST_CHANGES) {
		memmove(v->host_change, v->host_change + 1,
			sizeof(v->host_change) - sizeof(v->host_change[0]));
		v->host_changes--;
	}
	c = &v->host_change[v->host_changes++];
	c->index = index;
	c->time_us = time_us;
	memcpy(c->key, key, sizeof(c->key));
}

int verify_host_changed(struct seal_verify *v, uint64_t index, uint64_t time_us,
			const struct seal_key_change *change,
			unsigned *ret_number)
{
	uint8_t bytes[SEAL_KEY_CHANGE_BYTES];
	int rc;

	*ret_number = 24;
	if (!v->have_host || !v->have_log_id)
		return 0;
	if (memcmp(change->old_key, newest(v), sizeof(change->old_key))) {
		*ret_number = 11;
		return 0;
	}
	seal_key_change_bytes(&v->log_id, index, change, bytes);
	rc = check(change->old_key, bytes, change->old_sig);
	if (!rc)
		rc = check(change->new_key, bytes, change->new_sig);
	if (rc == SEAL_E_SIG) {
		*ret_number = 10;
		return 0;
	}
	if (!rc)
		take(v, index, time_us, change->new_key);
	return rc;
}

void verify_host_forget(struct seal_verify *v, uint64_t index)
{
	while (v->host_changes &&
	       v->host_change[v->host_changes - 1].index >= index)
		v->host_changes--;
}

bool verify_host_knows(const struct seal_verify *v, const uint8_t key[32])
{
	size_t k;

	for (k = 0; k < v->host_changes; k++)
		if (!memcmp(v->host_change[k].key, key, 32))
			return true;
	return !memcmp(v->host_key, key, 32);
}

size_t verify_host_keys(const struct seal_verify *v, uint64_t size,
			uint64_t before_us, const uint8_t *ret_key[2])
{
	uint64_t time_us = before_us ? before_us : v->proven_us;
	size_t k = v->host_changes;

	while (k && v->host_change[k - 1].index >= size)
		k--;
	ret_key[0] = k ? v->host_change[k - 1].key : v->host_key;
	if (!k || time_us > v->host_change[k - 1].time_us + OVERLAP_US)
		return 1;
	ret_key[1] = k > 1 ? v->host_change[k - 2].key : v->host_key;
	return 2;
}
