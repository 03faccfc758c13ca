/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and bodies of C2SP tlog-tiles, both directions, strict: each resource
 * has one path.  Pure bytes.  docs/spec/protocol.md section "Reading".
 */
#ifndef SEAL_PROTOCOL_TILE_H
#define SEAL_PROTOCOL_TILE_H

#include "core/err.h"
#include "protocol/limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum seal_resource_kind {
	SEAL_RESOURCE_CHECKPOINT = 1, /* checkpoint */
	SEAL_RESOURCE_TILE = 2,	      /* tile/L/N, tile/L/N.p/W */
	SEAL_RESOURCE_ENTRIES = 3,    /* tile/entries/N, tile/entries/N.p/W */
};

struct seal_resource {
	enum seal_resource_kind kind;
	unsigned level;	 /* tile: 0..63; else 0 */
	uint64_t number; /* N < 2^63 */
	unsigned width;	 /* 1..256; 256: full, without .p/W */
};

/* The longest path made here, with its NUL. */
#define SEAL_RESOURCE_PATH_BYTES 64
#define SEAL_ORIGIN_HASH_BYTES	 65 /* 64 hex digits and NUL */

/* Lower-case hex SHA-256 of the origin: the first path element of a log. */
int seal_origin_hash(const char *origin, char ret_hex[SEAL_ORIGIN_HASH_BYTES]);

/* "tile/0/x001/x234/067.p/12".  SEAL_E_ARG: not a resource. */
int seal_resource_path(const struct seal_resource *resource,
		       char ret_path[SEAL_RESOURCE_PATH_BYTES]);

/*
 * The reverse of seal_resource_path: path without leading slash.  Anything
 * else, another spelling of the same tile too, is SEAL_E_NOTFOUND.
 */
int seal_resource_parse(const char *path, size_t path_bytes,
			struct seal_resource *ret_resource);

/*
 * "cosigned/‹lower-case hex SHA-256 of a witness's key name›": where a store
 * has the newest checkpoint that this witness cosigned.  No part of tlog-tiles.
 */
#define SEAL_COSIGNED_PATH_BYTES (9 + SEAL_ORIGIN_HASH_BYTES)
int seal_cosigned_path(const char *name,
		       char ret_path[SEAL_COSIGNED_PATH_BYTES]);
bool seal_cosigned_is(const char *path);

/* Width of tile N at level L (entries: level 0) in a tree of size; 0: none. */
unsigned seal_tile_width(uint64_t size, unsigned level, uint64_t number);

/* ---- entry bundle: (u16 length, bytes)*, 1..256 entries ---- */

struct seal_bundle {
	size_t entries;
	const uint8_t *entry[SEAL_PACKAGE_ENTRIES_MAX]; /* into the bytes */
	uint16_t entry_bytes[SEAL_PACKAGE_ENTRIES_MAX];
};

/* Exactly `entries` entries and nothing behind them, else SEAL_E_FORMAT. */
int seal_bundle_parse(const uint8_t *bytes, size_t n_bytes, size_t entries,
		      struct seal_bundle *ret_bundle, struct seal_diag *diag);
/* A bundle is built by seal_upload_entry_build() for each entry. */

#endif
