/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log in memory: the sender's source without a spool.  Entry i depends on i
 * and the log's salt alone; heads stand where the test puts them.
 */
#ifndef SEAL_TESTS_FAKE_LOG_H
#define SEAL_TESTS_FAKE_LOG_H

#include "core/crypto.h"
#include "core/key.h"
#include "forward/forward.h"

#define FAKE_ORIGIN	 "audit.example/host-a"
#define FAKE_ENTRIES_MAX 120000
#define FAKE_HEADS_MAX	 4096

struct fake_log {
	uint8_t salt;	    /* another salt, another log */
	size_t entry_bytes; /* 0: 20 to 69 bytes each */
	uint64_t size;
	struct seal_hash *leaf;	       /* FAKE_ENTRIES_MAX */
	uint64_t head[FAKE_HEADS_MAX]; /* sizes, rising */
	size_t heads;
	struct seal_key *host, *epoch;
	struct seal_vkey host_vkey;
	/* What the source was asked, and made to say. */
	uint64_t offers, offered, receipts, receipt_size, receipt_time;
	struct seal_buf receipt_note;
	int fail_sealed, fail_offer, fail_frontier, fail_read, fail_receipt;
};

int fake_log_init(struct fake_log *log, uint8_t salt);
void fake_log_fini(struct fake_log *log);
/* Appends entries and a head behind them (n = 0: a head only if none is). */
void fake_log_grow(struct fake_log *log, uint64_t n);
/* Appends entries without a head. */
void fake_log_append(struct fake_log *log, uint64_t n);
/* Forgets all from size on, with its heads: a rollback. */
void fake_log_cut(struct fake_log *log, uint64_t size);
size_t fake_log_entry(const struct fake_log *log, uint64_t index,
		      uint8_t *ret_entry);
void fake_log_root(const struct fake_log *log, uint64_t size,
		   struct seal_hash *ret_root);
/* The note of that size: host line and seal line. */
void fake_log_note(const struct fake_log *log, uint64_t size,
		   struct seal_buf *ret_note);
void fake_log_source(struct fake_log *log,
		     struct seal_forward_source *ret_source);

#endif
