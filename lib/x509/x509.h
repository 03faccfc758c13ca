/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates for mutual TLS: the one home of GnuTLS certificate making.
 * The store's CA, server and client certificates; a host's key and request.
 * Never reads a file, a clock or the network: PEM text in, PEM text out, times
 * given.  Keys are ECDSA P-256; docs/adr/0040 says why, and how a role is
 * written into a certificate.
 */
#ifndef SEAL_X509_X509_H
#define SEAL_X509_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

/* What a certificate may be used for. */
enum seal_x509_role {
	SEAL_X509_NONE = 0,   /* none of ours */
	SEAL_X509_CA = 1,     /* signs the others, nothing else */
	SEAL_X509_SERVER = 2, /* the store, to its clients */
	SEAL_X509_INGEST = 3, /* a host, bound to the origins it may write */
	SEAL_X509_READER = 4, /* may read every log */
};

/* Subject alternative names that say a client's role (URI). */
#define SEAL_X509_URI_INGEST "auditseal:ingest:" /* an origin follows */
#define SEAL_X509_URI_READER "auditseal:reader"

#define SEAL_X509_NAMES_MAX  64	 /* alternative names looked at or made */
#define SEAL_X509_NAME_BYTES 256 /* longest name, with its NUL */

/* A private key.  It is wiped when freed. */
struct seal_x509_key;

/* A new key.  Errors: CRYPTO, NOMEM.  Free it with seal_x509_key_free. */
int seal_x509_key_generate(struct seal_x509_key **ret_key,
			   struct seal_diag *diag);

/* Reads an unencrypted PEM private key.  Errors: FORMAT, NOMEM. */
int seal_x509_key_from_pem(const char *pem, struct seal_x509_key **ret_key,
			   struct seal_diag *diag);

/*
 * PKCS#8 PEM, not encrypted: the caller writes it with mode 0600 and frees it
 * with seal_x509_secret_free.
 */
int seal_x509_key_to_pem(const struct seal_x509_key *key, char **ret_pem,
			 struct seal_diag *diag);

void seal_x509_key_free(struct seal_x509_key *key); /* NULL: nothing */
void seal_x509_secret_free(char *pem);		    /* wipes; NULL: nothing */

/* What a certificate to be made shall say. */
struct seal_x509_template {
	enum seal_x509_role role;
	const char *name;	  /* common name, 1–64 bytes */
	const char *const *names; /* SERVER: host names and IP addresses;
				     INGEST: origins; others: none */
	size_t names_count;	  /* SERVER, INGEST: 1…SEAL_X509_NAMES_MAX */
	int64_t not_before_s;	  /* seconds since 1970 UTC */
	int64_t not_after_s;
};

/* The newcomer's CA: self-signed.  ret_pem: free().  Errors: ARG, CRYPTO. */
int seal_x509_ca_make(const struct seal_x509_template *tmpl,
		      const struct seal_x509_key *key, char **ret_pem,
		      struct seal_diag *diag);

/* A certificate for the public half of key, signed by the CA.  ret_pem:
 * free().  Errors: ARG, FORMAT (CA), KEY (CA's key is another), CRYPTO. */
int seal_x509_cert_make(const struct seal_x509_template *tmpl,
			const struct seal_x509_key *key, const char *ca_pem,
			const struct seal_x509_key *ca_key, char **ret_pem,
			struct seal_diag *diag);

/* A PKCS#10 request for a common name; carries nothing else. ret_pem: free. */
int seal_x509_request_make(const struct seal_x509_key *key, const char *name,
			   char **ret_pem, struct seal_diag *diag);

/*
 * Issues from a request: only its public key is taken, after its signature was
 * verified; name, role and origins are the template's, never the request's.
 * Errors: as seal_x509_cert_make; FORMAT, SIG, KEY (weak) for the request.
 */
int seal_x509_cert_issue(const struct seal_x509_template *tmpl,
			 const char *request_pem, const char *ca_pem,
			 const struct seal_x509_key *ca_key, char **ret_pem,
			 struct seal_diag *diag);

/* What a certificate says.  Plain bytes, owned by the caller. */
struct seal_x509_fields {
	enum seal_x509_role role; /* by key purpose and alternative names */
	char name[SEAL_X509_NAME_BYTES];
	size_t names_count; /* SERVER: hosts; INGEST: origins */
	char names[SEAL_X509_NAMES_MAX][SEAL_X509_NAME_BYTES];
	int64_t not_before_s;
	int64_t not_after_s;
	uint8_t fingerprint[32]; /* SHA-256 of the DER certificate */
};

/*
 * Reads fields; says nothing about who signed.  A client certificate that
 * names both roles, a name with a NUL inside or more names than the limit is
 * SEAL_E_FORMAT.  der_bytes is the length of der.
 */
int seal_x509_fields_from_pem(const char *pem, struct seal_x509_fields *ret,
			      struct seal_diag *diag);
int seal_x509_fields_from_der(const uint8_t *der, size_t der_bytes,
			      struct seal_x509_fields *ret,
			      struct seal_diag *diag);

/*
 * Is cert_pem signed by ca_pem and valid at now_s?  0, or TLS with the reason
 * in diag (expired, not yet valid, another CA), or FORMAT.
 */
int seal_x509_cert_check(const char *cert_pem, const char *ca_pem,
			 int64_t now_s, struct seal_diag *diag);

/* Does the private key belong to the certificate?  0 or KEY, FORMAT. */
int seal_x509_key_check(const char *cert_pem, const struct seal_x509_key *key,
			struct seal_diag *diag);

#endif
