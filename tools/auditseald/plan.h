/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The next state of a log, and the rows that lead to it.  Private to save.c.
 */
#ifndef AUDITSEALD_PLAN_H
#define AUDITSEALD_PLAN_H

#include "store.h"

struct plan_entries; /* rows to write */
struct plan_tile;
struct plan_epoch;

struct plan {
	struct seal_storage_log row;
	struct seal_frontier frontier;
	struct open_tile leaves;
	struct open_tile *tiles[STORE_TILE_LEVELS]; /* NULL: as in the log */
	struct log *log;
	struct plan_entries *entries, **entries_end;
	struct plan_tile *full_tiles, **full_end;
	struct plan_epoch *epochs, **epochs_end;
};

int plan_new(struct log *log, struct plan **ret_plan, struct seal_diag *diag);
void plan_free(struct plan *plan);

/*
 * count entries behind plan->row.next, all in one bundle.  leaves and data are
 * borrowed until the plan is freed.
 */
int plan_entries(struct plan *plan, const struct seal_hash *leaves,
		 unsigned count, const uint8_t *data, size_t data_bytes,
		 struct seal_diag *diag);

/* Writes it all: a step of the storage. */
int plan_write(const struct plan *plan, struct seal_storage *storage,
	       struct seal_diag *diag);

/* The plan is durable: it becomes the log's state.  Cannot fail. */
void plan_install(struct plan *plan, struct log *log);

#endif
