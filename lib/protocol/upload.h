/* SPDX-License-Identifier: Apache-2.0 */
/*
 * add-entries of C2SP tlog-mirror as bytes: header, the canonical sequence of
 * entry packages, building them on the host, and taking them apart at the store
 * from a stream of chunks with the memory of one package.  Never does I/O.
 * docs/spec/protocol.md.
 *
 *   u16 origin length, origin, u64 upload_start, u64 upload_end,
 *   u16 ticket length, ticket, package 0, package 1, ...
 *   package = (u16 length, entry) * (end - start), u8 n, n * hash[32]
 */
#ifndef SEAL_PROTOCOL_UPLOAD_H
#define SEAL_PROTOCOL_UPLOAD_H

#include "core/err.h"
#include "core/proof.h"
#include "protocol/limits.h"

#include <stddef.h>
#include <stdint.h>

struct seal_buf;

/* ---- the canonical sequence ---- */

/* Number of packages for [start, end); 0 if start >= end. */
uint64_t seal_upload_packages(uint64_t start, uint64_t end);

/*
 * Package i < seal_upload_packages(): its entries [*ret_first, *ret_end), its
 * subtree [*ret_subtree, *ret_end).  SEAL_E_RANGE beyond the sequence.
 */
int seal_upload_interval(uint64_t start, uint64_t end, uint64_t i,
			 uint64_t *ret_subtree, uint64_t *ret_first,
			 uint64_t *ret_end);

/*
 * ---- client: a body is header, then for each package entries and proof ----
 * The proof is seal_proof_subtree(subtree, end, upload_end) over a struct
 * seal_tail that holds the leaves of [upload_start, upload_end).
 */

/* SEAL_E_ARG: origin not 1..200 bytes, start > end, ticket > 65,535 bytes. */
int seal_upload_header_build(const char *origin, uint64_t start, uint64_t end,
			     const uint8_t *ticket, size_t ticket_bytes,
			     struct seal_buf *ret_body);

/* u8 count and the hashes, that end a package.  SEAL_E_TOOBIG: over 63. */
int seal_upload_proof_build(const struct seal_proof *proof,
			    struct seal_buf *ret_body);

/* u16 length and one entry.  SEAL_E_TOOBIG: over 65,535 bytes. */
int seal_upload_entry_build(const uint8_t *entry, size_t entry_bytes,
			    struct seal_buf *ret_body);

/* ---- store: a streamed body ---- */

struct seal_upload_header {
	char origin[SEAL_ORIGIN_MAX_BYTES + 1]; /* NUL-terminated, no NUL in */
	uint64_t start, end;			/* start <= end < 2^63 */
	const uint8_t *ticket; /* borrowed: until the parser is freed */
	size_t ticket_bytes;
};

/* One package.  All pointers are valid until the next feed. */
struct seal_package {
	uint64_t number;  /* i of the canonical sequence */
	uint64_t subtree; /* multiple of 256 */
	uint64_t first, end;
	const uint8_t *bundle; /* the entries as they came: (u16, bytes)*, */
	size_t bundle_bytes;   /* which is a tlog-tiles entry bundle */
	const uint8_t *entry[SEAL_PACKAGE_ENTRIES_MAX]; /* end - first of */
	uint16_t entry_bytes[SEAL_PACKAGE_ENTRIES_MAX]; /* them, into bundle */
	struct seal_proof proof;
};

enum seal_upload_event {
	SEAL_UPLOAD_MORE = 0,	 /* all bytes used, nothing complete yet */
	SEAL_UPLOAD_HEADER = 1,	 /* header complete: check before feeding on */
	SEAL_UPLOAD_PACKAGE = 2, /* a package is complete */
	SEAL_UPLOAD_DONE = 3,	 /* the last package was complete before */
};

struct seal_upload;

/*
 * max_package_bytes: own limit for one package, at most SEAL_PACKAGE_BYTES_MAX
 * (0: that).  Memory grows with what arrives, up to it, and is kept small
 * between packages.
 */
int seal_upload_new(size_t max_package_bytes, struct seal_upload **ret_upload);
void seal_upload_free(struct seal_upload *upload);

/*
 * Takes bytes up to the next event; call again with the rest.  When the last
 * package was given (or the sequence is empty) every feed gives DONE and uses
 * nothing: bytes that are left then are the caller's to refuse (400).  At the
 * end of the body feed 0 bytes: DONE, or MORE if it ended too early; what there
 * is of an incomplete package is dropped (tlog-mirror: 202, or 400).
 * SEAL_E_FORMAT: not an add-entries body (400).  SEAL_E_NOTFOUND: an origin
 * that no log can have (404).  SEAL_E_TOOBIG: package over its limit (413).
 * After an error every further feed gives the same error.
 */
int seal_upload_feed(struct seal_upload *upload, const uint8_t *data,
		     size_t bytes, size_t *ret_used,
		     enum seal_upload_event *ret_event, struct seal_diag *diag);

/* NULL before HEADER. */
const struct seal_upload_header *
seal_upload_header(const struct seal_upload *upload);
/* NULL unless the last event was PACKAGE. */
const struct seal_package *
seal_upload_package(const struct seal_upload *upload);

/*
 * Verifies a package against a checkpoint (size, root) of the log, size being
 * upload_end.  before: leaf hashes of [subtree, first), known to the store.
 * Writes the leaf hashes of [first, end) to ret_leaves.
 * SEAL_E_PROOF: does not verify (422).
 */
int seal_package_verify(const struct seal_package *package,
			const struct seal_hash *before, size_t n_before,
			uint64_t size, const struct seal_hash *root,
			struct seal_hash ret_leaves[SEAL_PACKAGE_ENTRIES_MAX],
			struct seal_diag *diag);

#endif
