/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key names, key IDs and verifier keys (C2SP signed-note), origins (format.md
 * §1).  Only types 0x01 and 0x04 are ours.  docs/spec/note.md, "Keys".
 */
#ifndef SEAL_CORE_KEY_H
#define SEAL_CORE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/crypto.h"
#include "core/err.h"

/* Longest origin, key name and vkey, in bytes without a NUL. */
#define SEAL_ORIGIN_MAX_BYTES 200
#define SEAL_NAME_MAX_BYTES   255
#define SEAL_VKEY_MAX_BYTES   (SEAL_NAME_MAX_BYTES + 1 + 8 + 1 + 44)

/* Appended to an origin: the key name of seals. */
#define SEAL_EPOCH_SUFFIX "/epoch"

enum seal_key_type {
	SEAL_KEY_ED25519 = 0x01,     /* notes: host and epoch keys */
	SEAL_KEY_COSIGNATURE = 0x04, /* cosignature/v1: mirrors, witnesses */
};

/* A verifier key; owns pub.  All zero is empty. */
struct seal_vkey {
	char name[SEAL_NAME_MAX_BYTES + 1]; /* NUL-terminated UTF-8 */
	uint32_t id;
	uint8_t type; /* enum seal_key_type */
	struct seal_pub *pub;
};

/*
 * Is this an origin of ours: [a-z0-9.-]+(/[A-Za-z0-9._-]+)+, at most 200 bytes,
 * not beginning with "auditseal/" or "cosignature/", not ending in "/epoch".
 * SEAL_E_FORMAT with the reason.
 */
int seal_origin_check(const char *origin, size_t len, struct seal_diag *diag);

/*
 * Any key name of the signed-note format: UTF-8, not empty, without control
 * characters below U+0020, Unicode spaces and '+'.  The length is not limited
 * here; keys and origins of ours have at most SEAL_NAME_MAX_BYTES.
 */
bool seal_name_valid(const char *name, size_t len);

/* SHA-256(name ‖ 0x0A ‖ type ‖ public key)[:4] */
int seal_key_id(const char *name, size_t name_len, uint8_t type,
		const uint8_t pub[SEAL_PUB_BYTES],
		uint32_t *ret_id) SEAL_MUST_CHECK;

/* From a name and an accepted key (cloned). */
int seal_vkey_init(struct seal_vkey *ret_vkey, const char *name, uint8_t type,
		   const struct seal_pub *pub, struct seal_diag *diag);

/* The seal key of an epoch: name = origin "/epoch", type 0x01. */
int seal_vkey_init_epoch(struct seal_vkey *ret_vkey, const char *origin,
			 const struct seal_pub *pub, struct seal_diag *diag);

/*
 * "‹name›+‹id, 8 hex›+‹base64 of type and key›".  SEAL_E_FORMAT: not that, or
 * the ID is not the key's; SEAL_E_UNKNOWN: a type that is not ours;
 * SEAL_E_KEY: a key that is not acceptable.
 */
int seal_vkey_parse(const char *text, size_t len, struct seal_vkey *ret_vkey,
		    struct seal_diag *diag);

/* The inverse, without a line end. */
void seal_vkey_put(struct seal_buf *b, const struct seal_vkey *vkey);

int seal_vkey_copy(const struct seal_vkey *vkey, struct seal_vkey *ret_copy);
void seal_vkey_fini(struct seal_vkey *vkey);

#endif
