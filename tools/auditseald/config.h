/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The directory of a store: which file is what, and its settings.
 *
 *   auditseald.conf  settings, "key = value" lines
 *   store.db         the logs (SQLite, with -wal and -shm beside it)
 *   policy           tlog-policy: the logs taken, this mirror, the quorum
 *   policy.pins      their log ids
 *   mirror.key       seed of the key that signs receipts, 0600
 *   witness.key      seed of the key that cosigns others' logs, 0600
 *   witness.vkey     that key's name and public half
 *   witness.policy   the logs that it cosigns
 *   witness-ca.pem   optional: verifies the witnesses that are submitted to
 *   ca.pem, ca.key   signs every certificate of this store; key 0600
 *   server.pem, server.key, reader.pem, reader.key
 *   listening        ADDR:PORT of the store that runs now
 *   lock             held by the store that runs now
 */
#ifndef AUDITSEALD_CONFIG_H
#define AUDITSEALD_CONFIG_H

#include <stdbool.h>

#include "core/crypto.h"
#include "core/err.h"
#include "core/key.h"
#include "x509/x509.h"

#define STORE_DIR_DEFAULT "/var/lib/auditseald"
#define STORE_PORT	  6962

#define FILE_CONFIG	    "auditseald.conf"
#define FILE_POLICY	    "policy"
#define FILE_PINS	    "policy.pins"
#define FILE_MIRROR	    "mirror.key"
#define FILE_WITNESS	    "witness.key"
#define FILE_WITNESS_VKEY   "witness.vkey"
#define FILE_WITNESS_POLICY "witness.policy"
#define FILE_WITNESS_CA	    "witness-ca.pem"
#define FILE_CA		    "ca.pem"
#define FILE_CA_KEY	    "ca.key"
#define FILE_SERVER	    "server.pem"
#define FILE_SERVER_KEY	    "server.key"
#define FILE_READER	    "reader.pem"
#define FILE_READER_KEY	    "reader.key"
#define FILE_SAMPLE	    "rsyslog.conf.sample"
#define FILE_LISTENING	    "listening"
#define FILE_LOCK	    "lock"

#define CONFIG_TEXT_BYTES 256

struct config {
	char name[CONFIG_TEXT_BYTES];	/* key name of the mirror */
	char listen[CONFIG_TEXT_BYTES]; /* ADDR:PORT, *:PORT */
	char host[CONFIG_TEXT_BYTES];	/* by which hosts reach the store */
};

/* DIR/FILE; free it.  NULL: no memory. */
char *store_path(const char *dir, const char *file);

/* NOTFOUND with the command that makes a store; CONFIG with the line. */
int config_read(const char *dir, struct config *ret_config,
		struct seal_diag *diag);
int config_write(const char *dir, const struct config *config,
		 struct seal_diag *diag);

/*
 * "ADDR:PORT", "[ADDR]:PORT" or "*:PORT".  ret_addr has room for
 * CONFIG_TEXT_BYTES; it is empty for "*".
 */
int listen_parse(const char *text, char *ret_addr, unsigned *ret_port,
		 struct seal_diag *diag);

/*
 * https://HOST:PORT as hosts reach the store; a port 0 is that of the store
 * that runs now (FILE_LISTENING).  Room for CONFIG_TEXT_BYTES.
 */
int server_url(const char *dir, const struct config *config, char *ret_url,
	       struct seal_diag *diag);

/* FILE_MIRROR or FILE_WITNESS: one line of base64, the seed. */
int key_read(const char *dir, const char *file, struct seal_key **ret_key,
	     struct seal_diag *diag);
int key_write(const char *dir, const char *file, const struct seal_key *key,
	      struct seal_diag *diag);

/*
 * The witness's key and the name in FILE_WITNESS_VKEY, which belong together.
 * NOTFOUND: the store is no witness.
 */
int witness_key_read(const char *dir, struct seal_vkey *ret_vkey,
		     struct seal_key **ret_key, struct seal_diag *diag);

/* A TLS key file, 0600. */
int tls_key_read(const char *dir, const char *file,
		 struct seal_x509_key **ret_key, struct seal_diag *diag);
int tls_key_write(const char *dir, const char *file,
		  const struct seal_x509_key *key, struct seal_diag *diag);

/* A text file of the store's directory; free it. */
int text_read(const char *dir, const char *file, char **ret_text,
	      struct seal_diag *diag);
int text_make(const char *dir, const char *file, const char *text,
	      struct seal_diag *diag);

#endif
