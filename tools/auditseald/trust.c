/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the store trusts, and the table of its logs.  The policy's log lines say
 * which logs are taken; it is looked at again before every use, so that an
 * enrolment, or a line taken out, counts at once.  Contract: store.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "say.h"
#include "store.h"

#define PINS_SUFFIX ".pins"

static void trust_free(struct trust *trust)
{
	if (!trust)
		return;
	seal_policy_free(trust->policy);
	seal_pins_free(trust->pins);
	free(trust);
}

/* Changes whenever one of the two files is written or replaced. */
static int64_t files_state(const char *policy_path, const char *pins_path)
{
	const char *const paths[] = {policy_path, pins_path};
	uint64_t state = 0;
	struct stat st;
	size_t i;

	for (i = 0; i < 2; i++) {
		state = state * 1000003;
		if (stat(paths[i], &st) != 0)
			continue;
		state += (uint64_t)st.st_mtim.tv_sec * 1000000000 +
			 (uint64_t)st.st_mtim.tv_nsec +
			 (uint64_t)st.st_ino * 31 + (uint64_t)st.st_size * 7;
	}
	return (int64_t)state;
}

static int pins_load(const char *path, struct seal_pins **ret_pins,
		     struct seal_diag *diag)
{
	struct seal_buf bytes = SEAL_BUF_INIT;
	int rc;

	rc = file_read(path, SEAL_POLICY_MAX_BYTES, &bytes, diag);
	if (rc == SEAL_E_NOTFOUND)
		return 0;
	if (rc == 0)
		rc = seal_pins_parse(bytes.data, bytes.len, path, ret_pins,
				     diag);
	seal_buf_fini(&bytes);
	return rc;
}

static int policy_load(const char *path, struct seal_policy **ret_policy,
		       struct seal_diag *diag)
{
	struct seal_buf bytes = SEAL_BUF_INIT;
	int rc;

	rc = file_read(path, SEAL_POLICY_MAX_BYTES, &bytes, diag);
	if (rc == 0)
		rc = seal_policy_parse(bytes.data, bytes.len, path, ret_policy,
				       diag);
	seal_buf_fini(&bytes);
	return rc;
}

static char *pins_path_of(const struct trusted *trusted)
{
	char *path;

	if (asprintf(&path, "%s%s", trusted->path, PINS_SUFFIX) < 0)
		return NULL;
	return path;
}

/* The pins first: enrolment writes them before the policy's log line. */
static int trust_load(const struct trusted *trusted, struct trust **ret_trust,
		      struct seal_diag *diag)
{
	char *pins_path = pins_path_of(trusted);
	struct trust *trust = calloc(1, sizeof(*trust));
	int rc;

	if (!trust || !pins_path) {
		free(trust);
		free(pins_path);
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	}
	trust->users = 1;
	trust->files_state = files_state(trusted->path, pins_path);
	rc = policy_load(trusted->path, &trust->policy, diag);
	if (rc == 0)
		rc = pins_load(pins_path, &trust->pins, diag);
	free(pins_path);
	if (rc < 0)
		trust_free(trust);
	else
		*ret_trust = trust;
	return rc;
}

int trusted_reload(struct store *store, struct trusted *trusted,
		   struct seal_diag *diag)
{
	struct trust *trust = NULL, *old;
	int rc;

	rc = trust_load(trusted, &trust, diag);
	if (rc < 0)
		return rc;
	pthread_mutex_lock(&store->mutex);
	old = trusted->trust;
	trusted->trust = trust;
	pthread_mutex_unlock(&store->mutex);
	if (old)
		trust_give(store, old);
	return 0;
}

/* A file that does not parse is complained of once; the old one stays. */
static void reload_if_changed(struct store *store, struct trusted *trusted)
{
	char *pins_path = pins_path_of(trusted);
	struct seal_diag diag = {0};
	bool changed = false;
	int64_t state;

	if (!pins_path)
		return;
	state = files_state(trusted->path, pins_path);
	free(pins_path);
	pthread_mutex_lock(&store->mutex);
	changed = trusted->trust->files_state != state;
	trusted->trust->files_state = state;
	pthread_mutex_unlock(&store->mutex);
	if (!changed)
		return;
	if (trusted_reload(store, trusted, &diag) < 0)
		say("%s; the policy read before stays in force", diag.text);
	else
		say("read %s again", trusted->path);
}

struct trust *trust_take(struct store *store, struct trusted *trusted)
{
	struct trust *trust;

	reload_if_changed(store, trusted);
	pthread_mutex_lock(&store->mutex);
	trust = trusted->trust;
	trust->users++;
	pthread_mutex_unlock(&store->mutex);
	return trust;
}

void trust_give(struct store *store, struct trust *trust)
{
	bool last;

	pthread_mutex_lock(&store->mutex);
	last = --trust->users == 0;
	pthread_mutex_unlock(&store->mutex);
	if (last)
		trust_free(trust);
}

void trusted_fini(struct store *store, struct trusted *trusted)
{
	if (trusted->trust)
		trust_give(store, trusted->trust);
	free(trusted->path);
	memset(trusted, 0, sizeof(*trusted));
}

void log_free(struct log *log)
{
	if (!log)
		return;
	log_unload(log);
	pthread_mutex_destroy(&log->mutex);
	free(log);
}

static struct log *log_alloc(const char *origin)
{
	struct log *log = calloc(1, sizeof(*log));

	if (!log)
		return NULL;
	pthread_mutex_init(&log->mutex, NULL);
	snprintf(log->origin, sizeof(log->origin), "%s", origin);
	return log;
}

/* The log's place in memory, made when first asked for. */
static struct log *log_entry(struct store *store, const char *origin)
{
	struct log *log;

	pthread_mutex_lock(&store->mutex);
	for (log = store->logs; log; log = log->next_log)
		if (!strcmp(log->origin, origin))
			break;
	if (!log) {
		log = log_alloc(origin);
		if (log) {
			log->next_log = store->logs;
			store->logs = log;
		}
	}
	pthread_mutex_unlock(&store->mutex);
	return log;
}

/* A pin that is not the log's own id means another log under this origin. */
static int pin_check(const struct seal_pins *pins, const struct log *log,
		     struct seal_diag *diag)
{
	const struct seal_pin *pin = seal_pins_find(pins, log->origin);

	if (pin && log->row.enrolled &&
	    !seal_hash_equal(&pin->log_id, &log->row.log_id))
		return seal_diag_set(diag, SEAL_E_FOREIGN,
				     "the pin of %s is not the log id that was "
				     "enrolled: a new log needs a new origin",
				     log->origin);
	return 0;
}

int log_take(struct store *store, const char *origin, struct log **ret_log,
	     struct seal_diag *diag)
{
	struct trust *trust = trust_take(store, &store->policy);
	struct log *log = NULL;
	int rc = 0;

	if (seal_policy_find_log(trust->policy, origin, 0) ==
	    seal_policy_log_count(trust->policy)) {
		rc = seal_diag_set(diag, SEAL_E_NOTFOUND,
				   "no log of this origin is enrolled here");
		goto out;
	}
	log = log_entry(store, origin);
	if (!log) {
		rc = seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
		goto out;
	}
	pthread_mutex_lock(&log->mutex);
	if (!log->loaded)
		rc = log_load(store, log, diag);
	if (rc == 0)
		rc = pin_check(trust->pins, log, diag);
	if (rc < 0)
		pthread_mutex_unlock(&log->mutex);
	else
		*ret_log = log;
out:
	trust_give(store, trust);
	return rc;
}

void log_give(struct log *log)
{
	pthread_mutex_unlock(&log->mutex);
}
