/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The SQLite driver: commits.  Steps that arrive while one thread commits wait
 * and then share the next commit, led by one of them.  Contract: storage.h.
 */
#include "storage/sqlite_internal.h"

struct step {
	seal_storage_step run;
	void *ctx;
	enum seal_storage_durability durability;
	struct seal_diag *diag;
	int rc;
	bool done;
	struct step *next;
};

static void fail_all(struct step *batch, int rc, const struct seal_diag *diag)
{
	for (; batch; batch = batch->next) {
		if (batch->rc < 0)
			continue;
		batch->rc = rc;
		if (batch->diag)
			*batch->diag = *diag;
	}
}

/* synchronous can change only between transactions. */
static int durability_set(struct sqlite_storage *s, const struct step *batch,
			  struct seal_diag *diag)
{
	bool lazy = true;
	int rc;

	for (; batch; batch = batch->next)
		lazy = lazy && batch->durability == SEAL_STORAGE_LAZY;
	if (lazy == s->lazy)
		return 0;
	rc = sqlite3_exec(s->writer.db,
			  lazy ? "PRAGMA synchronous = NORMAL"
			       : "PRAGMA synchronous = FULL",
			  NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return sqlite_fail(&s->writer, rc, "synchronous", diag);
	s->lazy = lazy;
	return 0;
}

static void rollback(struct sqlite_storage *s)
{
	if (!sqlite3_get_autocommit(s->writer.db))
		(void)sqlite_run(&s->writer, ST_ROLLBACK, NULL);
}

/*
 * Runs one step so that its failure leaves no trace of it.  false: SQLite gave
 * up the whole transaction with it.
 */
static bool step_run(struct sqlite_storage *s, struct step *step)
{
	struct connection *c = &s->writer;

	step->rc = sqlite_run(c, ST_SAVEPOINT, step->diag);
	if (step->rc == 0)
		step->rc = step->run(&s->base, step->ctx, step->diag);
	if (sqlite3_get_autocommit(c->db))
		return false;
	if (step->rc < 0 && sqlite_run(c, ST_ROLLBACK_TO, NULL) < 0)
		return false;
	return sqlite_run(c, ST_RELEASE, NULL) == 0;
}

/* One transaction of the whole batch; false: none of it is in the database. */
static bool batch_try(struct sqlite_storage *s, struct step *batch,
		      struct seal_diag *diag)
{
	struct step *step;
	int rc;

	rc = durability_set(s, batch, diag);
	if (rc == 0)
		rc = sqlite_run(&s->writer, ST_BEGIN_WRITE, diag);
	if (rc < 0) {
		fail_all(batch, rc, diag);
		return true;
	}
	for (step = batch; step; step = step->next) {
		if (!step_run(s, step)) {
			rollback(s);
			return false;
		}
	}
	rc = sqlite_run(&s->writer, ST_COMMIT, diag);
	if (rc == SEAL_E_IO)
		s->failed = true;
	if (rc < 0) {
		rollback(s);
		fail_all(batch, rc, diag);
	}
	return true;
}

/* Each step in a transaction of its own: what is left when a batch broke. */
static void batch_single(struct sqlite_storage *s, struct step *batch,
			 struct seal_diag *diag)
{
	struct step *step, *next;

	for (step = batch; step; step = next) {
		next = step->next;
		step->next = NULL;
		step->rc = 0;
		if (!batch_try(s, step, diag) && step->rc == 0)
			step->rc = seal_diag_set(step->diag, SEAL_E_IO,
						 "the store's database gave up "
						 "a transaction");
		step->next = next;
	}
}

static void batch_run(struct sqlite_storage *s, struct step *batch)
{
	struct seal_diag diag = {0};

	pthread_mutex_lock(&s->writer.mutex);
	if (s->failed)
		fail_all(batch,
			 seal_diag_set(&diag, SEAL_E_IO,
				       "the store's database failed to write: "
				       "restart auditseald when the disk is "
				       "well"),
			 &diag);
	else if (!batch_try(s, batch, &diag))
		batch_single(s, batch, &diag);
	pthread_mutex_unlock(&s->writer.mutex);
}

/* With queue_mutex held; gives it up while the batch is written. */
static void lead(struct sqlite_storage *s)
{
	struct step *batch = s->queue, *step, *next;

	s->queue = NULL;
	s->queue_end = &s->queue;
	s->committing = true;
	pthread_mutex_unlock(&s->queue_mutex);
	batch_run(s, batch);
	pthread_mutex_lock(&s->queue_mutex);
	s->committing = false;
	for (step = batch; step; step = next) {
		next = step->next; /* its owner may be gone after done */
		step->done = true;
	}
	pthread_cond_broadcast(&s->queue_moved);
}

int sqlite_commit(struct seal_storage *storage, seal_storage_step run,
		  void *ctx, enum seal_storage_durability durability,
		  struct seal_diag *diag)
{
	struct sqlite_storage *s = (struct sqlite_storage *)storage;
	struct step step = {
		.run = run,
		.ctx = ctx,
		.durability = durability,
		.diag = diag,
	};

	if (!s->writer.db)
		return seal_diag_set(diag, SEAL_E_PERM,
				     "the store was opened for reading");
	pthread_mutex_lock(&s->queue_mutex);
	*s->queue_end = &step;
	s->queue_end = &step.next;
	while (!step.done) {
		if (s->committing)
			pthread_cond_wait(&s->queue_moved, &s->queue_mutex);
		else
			lead(s);
	}
	pthread_mutex_unlock(&s->queue_mutex);
	return step.rc;
}
