/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NAME.enroll (host to store) and NAME.welcome (store to host): line-oriented
 * texts, docs/spec/protocol.md section "Enrolment".  No secret is ever in
 * either.  Building the enrolment needs the two keys' signatures over
 * seal_enroll_signed_text(); parsing verifies them, and that the log id is the
 * hash of what stands beside it.
 */
#ifndef SEAL_PROTOCOL_ENROLL_H
#define SEAL_PROTOCOL_ENROLL_H

#include "core/err.h"
#include "protocol/limits.h"

#include <stddef.h>
#include <stdint.h>

struct seal_buf;

/* "auditseal/enrol/v1\n" and the log id: what both keys sign. */
#define SEAL_ENROLL_SIGNED_BYTES (19 + 32)
#define SEAL_VKEY_TEXT_BYTES	 (SEAL_VKEY_MAX_BYTES + 1)

void seal_enroll_signed_text(const struct seal_hash *log_id,
			     uint8_t ret_text[SEAL_ENROLL_SIGNED_BYTES]);

struct seal_enroll {
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	struct seal_hash log_id;
	char host_vkey[SEAL_VKEY_TEXT_BYTES];  /* name = origin, 0x01 */
	char epoch_vkey[SEAL_VKEY_TEXT_BYTES]; /* name = origin/epoch, 0x01 */
	uint8_t host_key[32], epoch_key[32];   /* the same, decoded */
	struct seal_hash machine;	       /* SHA-256 of the machine-id */
	uint8_t host_sig[64], epoch_sig[64];
	char *csr_pem;	      /* owned; PKCS#10, PEM, NUL-terminated */
	size_t csr_pem_bytes; /* without the NUL */
};

/* NULL-safe; frees csr_pem and zeroes. */
void seal_enroll_fini(struct seal_enroll *enroll);

/*
 * Uses origin, host_key, epoch_key, machine, both signatures and csr_pem; the
 * log id and the vkeys are made from these.  Verifies what it writes.
 */
int seal_enroll_build(const struct seal_enroll *enroll,
		      struct seal_buf *ret_text, struct seal_diag *diag);

/*
 * Verifies keys, signatures and log id.  The CSR is checked for its PEM frame
 * alone: the store's TLS library judges it.  ret_enroll is the caller's to
 * _fini.
 */
int seal_enroll_parse(const uint8_t *text, size_t text_bytes,
		      struct seal_enroll *ret_enroll, struct seal_diag *diag);

/* All strings owned, NUL-terminated, ending in a newline. */
struct seal_welcome {
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	struct seal_hash log_id;
	char store_vkey[SEAL_VKEY_TEXT_BYTES]; /* the mirror's, 0x04 */
	char server[256];		       /* https://HOST:PORT */
	char *certificate;   /* PEM, the host's client certificate */
	char *ca;	     /* PEM, one or more */
	char *policy;	     /* tlog-policy */
	char *pins;	     /* format.md section 6, "Pins" */
	char *configuration; /* rsyslog, to copy */
};

void seal_welcome_fini(struct seal_welcome *welcome);
int seal_welcome_build(const struct seal_welcome *welcome,
		       struct seal_buf *ret_text, struct seal_diag *diag);
/*
 * Checks the form; that policy parses and names the origin's host key is the
 * caller's (auditseal init --welcome knows its own keys).
 */
int seal_welcome_parse(const uint8_t *text, size_t text_bytes,
		       struct seal_welcome *ret_welcome,
		       struct seal_diag *diag);

#endif
