/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing the store.  Contract: store.h. */
#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "save.h"
#include "say.h"
#include "witness.h"

static uint64_t clock_now_s(void)
{
	return (uint64_t)time(NULL);
}

static int store_init(struct store *store, const char *db_path,
		      const char *policy_path, const char *name,
		      struct seal_diag *diag)
{
	int rc;

	store->policy.path = strdup(policy_path);
	if (!store->policy.path)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	rc = seal_vkey_init(&store->mirror_vkey, name, SEAL_KEY_COSIGNATURE,
			    seal_key_public(store->mirror_key), diag);
	if (rc == 0)
		rc = store_reload(store, diag);
	if (rc == 0)
		rc = seal_storage_sqlite_open(db_path, SEAL_STORAGE_WRITE,
					      &store->storage, diag);
	return rc;
}

int store_open(const char *db_path, const char *policy_path, const char *name,
	       struct seal_key *key, struct store **ret_store,
	       struct seal_diag *diag)
{
	struct store *store = calloc(1, sizeof(*store));
	int rc;

	if (!store) {
		seal_key_free(key);
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	}
	pthread_mutex_init(&store->mutex, NULL);
	store->mirror_key = key;
	store->now_s = clock_now_s;
	rc = store_init(store, db_path, policy_path, name, diag);
	if (rc < 0)
		store_close(store);
	else
		*ret_store = store;
	return rc;
}

void store_close(struct store *store)
{
	struct log *log, *next;

	if (!store)
		return;
	for (log = store->logs; log; log = next) {
		next = log->next_log;
		log_free(log);
	}
	witness_close(store);
	trusted_fini(store, &store->policy);
	if (store->storage)
		store->storage->ops->close(store->storage);
	seal_vkey_fini(&store->mirror_vkey);
	seal_key_free(store->mirror_key);
	pthread_mutex_destroy(&store->mutex);
	free(store);
}

int store_reload(struct store *store, struct seal_diag *diag)
{
	int rc = trusted_reload(store, &store->policy, diag);

	if (rc == 0)
		rc = witness_reload(store, diag);
	return rc;
}

/* A log that is damaged is complained of; the others are served. */
int store_settle(struct store *store, struct seal_diag *diag)
{
	struct seal_storage *storage = store->storage;
	struct seal_storage_log *logs = NULL;
	struct seal_diag own = {0};
	size_t count = 0, i;
	int rc;

	rc = storage->ops->list_logs(storage, &logs, &count, diag);
	for (i = 0; i < count && rc == 0; i++)
		if (log_settle(store, logs[i].origin, &own) < 0)
			say("%s: %s", logs[i].origin, own.text);
	free(logs);
	return rc;
}
