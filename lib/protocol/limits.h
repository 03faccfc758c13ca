/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of the protocol, docs/spec/protocol.md section "Limits".  Client and
 * store include this one file, so that what one sends the other takes.
 */
#ifndef SEAL_PROTOCOL_LIMITS_H
#define SEAL_PROTOCOL_LIMITS_H

#include "core/entry.h"
#include "core/key.h"
#include "core/proof.h"

#define SEAL_NOTE_BYTES_MAX	  65536 /* a checkpoint with its signatures */
#define SEAL_TICKET_BYTES_MAX	  65535 /* u16 length */
#define SEAL_PACKAGE_ENTRIES_MAX  256	/* one tlog-tiles entry bundle */
#define SEAL_REQUEST_PACKAGES_MAX 32	/* add-entries: 8192 entries */
#define SEAL_REQUEST_ENTRIES_MAX  8192	/* = 32 * 256 */

/* 256 entries of 65,535 bytes, the count and 63 hashes: 16,779,521 bytes. */
#define SEAL_PACKAGE_BYTES_MAX                                       \
	(SEAL_PACKAGE_ENTRIES_MAX * (2 + SEAL_ENTRY_BYTES_MAX) + 1 + \
	 SEAL_PROOF_MAX * 32)
/* add-entries before the packages: two lengths, origin, two sizes, ticket. */
#define SEAL_UPLOAD_HEADER_BYTES_MAX \
	(2 + SEAL_ORIGIN_MAX_BYTES + 8 + 8 + 2 + SEAL_TICKET_BYTES_MAX)
/* old line, 63 proof lines, empty line, note. */
#define SEAL_ADD_CHECKPOINT_BYTES_MAX \
	(4 + 20 + 63 * 45 + 1 + SEAL_NOTE_BYTES_MAX)
/* Two size lines and a ticket of 65,535 bytes in base64. */
#define SEAL_MIRROR_INFO_BYTES_MAX (2 * 21 + 87380 + 1)
/* Any answer to add-checkpoint and add-entries that a client reads. */
#define SEAL_ANSWER_BYTES_MAX  SEAL_MIRROR_INFO_BYTES_MAX
#define SEAL_ENROLL_BYTES_MAX  65536  /* NAME.enroll */
#define SEAL_WELCOME_BYTES_MAX 262144 /* NAME.welcome */

#define SEAL_PATH_ADD_CHECKPOINT "/add-checkpoint"
#define SEAL_PATH_ADD_ENTRIES	 "/add-entries"
#define SEAL_TYPE_SIZE		 "text/x.tlog.size"
#define SEAL_TYPE_MIRROR_INFO	 "text/x.tlog.mirror-info"
#define SEAL_TYPE_OCTETS	 "application/octet-stream"
#define SEAL_TYPE_TEXT		 "text/plain; charset=utf-8"

#endif
