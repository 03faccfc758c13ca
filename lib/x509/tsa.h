/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RFC 3161: asking a time-stamp authority, and checking what it answered
 * against CAs that the caller names.  Offline: no file, clock or network; DER
 * bytes in, DER bytes out.  A token is believed whole or not at all.
 * docs/spec/timestamp.md.
 */
#ifndef SEAL_X509_TSA_H
#define SEAL_X509_TSA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct seal_buf;

#define SEAL_TSA_MAX_BYTES	 65536 /* of a request, an answer, a token */
#define SEAL_TSA_NONCE_BYTES	 8     /* of the nonces that we draw */
#define SEAL_TSA_INTEGER_BYTES	 20    /* longest serial or nonce taken */
#define SEAL_TSA_OID_BYTES	 96    /* dotted, with its NUL */
#define SEAL_TSA_AUTHORITY_BYTES 512   /* a name, with its NUL */

/* A non-negative number, big-endian, without leading zeros; 0 has 1 byte. */
struct seal_tsa_number {
	uint8_t b[SEAL_TSA_INTEGER_BYTES];
	size_t bytes; /* 0: there is none */
};

enum seal_tsa_hash {
	SEAL_TSA_SHA256 = 1,
	SEAL_TSA_SHA384 = 2,
	SEAL_TSA_SHA512 = 3,
};

/* What a token says (TSTInfo).  Means nothing before its signature does. */
struct seal_tsa_info {
	enum seal_tsa_hash hash;
	uint8_t imprint[64];
	size_t imprint_bytes;
	uint64_t time_us; /* since 1970 UTC; what is finer is rounded up */
	bool has_accuracy;
	uint64_t accuracy_us; /* the true time may be off by so much */
	struct seal_tsa_number serial, nonce;
	char policy[SEAL_TSA_OID_BYTES];
};

/* A token that was checked. */
struct seal_tsa_stamp {
	struct seal_tsa_info info;
	char authority[SEAL_TSA_AUTHORITY_BYTES]; /* its certificate's subject,
						     RFC 4514, not made safe */
};

/* Appends a request for a token over SHA-256(text), certificates wanted. */
int seal_tsa_request_put(struct seal_buf *b, const void *text, size_t text_len,
			 const uint8_t nonce[SEAL_TSA_NONCE_BYTES]);

/* The nonce of a request; none: bytes is 0.  FORMAT. */
int seal_tsa_request_nonce(const uint8_t *der, size_t len,
			   struct seal_tsa_number *ret_nonce,
			   struct seal_diag *diag);

/*
 * The token in an answer (TimeStampResp) that grants one, borrowed; a token
 * that stands alone is taken as well.  PROTOCOL: the authority refused, with
 * its reason; FORMAT, TOOBIG.
 */
int seal_tsa_answer_token(const uint8_t *der, size_t len,
			  const uint8_t **ret_token, size_t *ret_len,
			  struct seal_diag *diag);

/* The content of a token.  FORMAT; UNKNOWN: a hash or an extension that is not
 * in docs/spec/timestamp.md. */
int seal_tsa_info_parse(const uint8_t *der, size_t len,
			struct seal_tsa_info *ret_info, struct seal_diag *diag);

/*
 * Is this a token over these bytes, by an authority whose certificate one of
 * ca_pem's vouches for?  nonce: what was asked with; NULL: not known.
 * FORMAT, UNKNOWN; SIG: over other bytes, another nonce, a signature that does
 * not verify; KEY: the signer is not the one that the token names, or may not
 * stamp; TLS: no way to a CA at the time of the token; NOMEM, CRYPTO.
 */
int seal_tsa_check(const uint8_t *token, size_t token_len, const void *text,
		   size_t text_len, const char *ca_pem,
		   const struct seal_tsa_number *nonce,
		   struct seal_tsa_stamp *ret_stamp, struct seal_diag *diag);

#endif
