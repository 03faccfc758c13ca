/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store behind the HTTP server: its logs, what it trusts, the mirror key,
 * and the answers to every request.  Knows no HTTP library and no socket, so
 * that tests call it directly.  docs/spec/protocol.md; C2SP tlog-mirror.
 *
 * Everything here is safe for concurrent callers.
 */
#ifndef AUDITSEALD_STORE_H
#define AUDITSEALD_STORE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/checkpoint.h"
#include "core/epoch.h"
#include "core/key.h"
#include "core/policy.h"
#include "core/tree.h"
#include "storage/storage.h"
#include "x509/x509.h"

/* Entries of an upload that the store may have already: more is a 409. */
#define STORE_EXCESS_MAX SEAL_REQUEST_ENTRIES_MAX

/* Levels of tiles above the leaves: 256^7 entries are more than 2^48. */
#define STORE_TILE_LEVELS 7

/* One answer.  body is the owner's to seal_buf_fini. */
struct reply {
	unsigned status; /* HTTP; 0: not decided yet */
	const char *type;
	const char *cache;    /* Cache-Control, or NULL */
	const char *encoding; /* Content-Encoding of body, or NULL */
	const char *accept;   /* Accept-Encoding, or NULL */
	struct seal_buf body;
};

/* Who asks: what a verified client certificate says. */
struct peer {
	struct seal_x509_fields certificate;
};

/* The open tile of a level: what is not a full tile yet. */
struct open_tile {
	unsigned width; /* 0...255 */
	struct seal_hash hashes[SEAL_STORAGE_WIDTH];
};

/* A log in memory; always what the database says, under mutex. */
struct log {
	pthread_mutex_t mutex;
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	bool loaded; /* false: read it again before use */
	struct seal_storage_log row;
	struct seal_frontier frontier;		    /* of row.next */
	struct open_tile leaves;		    /* of the open bundle */
	struct open_tile *tiles[STORE_TILE_LEVELS]; /* level i + 1; or NULL */
	struct seal_chain *chain;		    /* NULL: no pin, no seals */
	uint64_t receipt_s; /* newest cosignature's time, 0: none */
	struct log *next_log;
};

/* What the policy says, replaced as a whole when the file changes. */
struct trust {
	struct seal_policy *policy;
	struct seal_pins *pins; /* NULL: there is no file */
	int64_t files_state;	/* of the two files that were read */
	unsigned users;
};

/* A policy's file and what it says. */
struct trusted {
	char *path;
	struct trust *trust; /* under the store's mutex */
};

struct witness; /* witness.h */

struct store {
	struct seal_storage *storage;
	struct trusted policy;
	struct witness *witness;      /* NULL: this store is none */
	struct seal_vkey mirror_vkey; /* type 0x04 */
	struct seal_key *mirror_key;
	uint64_t (*now_s)(void); /* seconds since 1970; a test's own */
	/* A receipt was given; NULL: nobody wants to know.  Returns at once. */
	void (*receipted)(void *ctx);
	void *receipted_ctx;

	pthread_mutex_t mutex; /* of what follows, and of trust */
	struct log *logs;
};

/*
 * Opens the database and reads the policy.  key is taken in every case.
 * seal_crypto_init has been called.
 */
int store_open(const char *db_path, const char *policy_path, const char *name,
	       struct seal_key *key, struct store **ret_store,
	       struct seal_diag *diag);
void store_close(struct store *store); /* NULL: nothing */

/* Reads the policies again; on failure the old ones stay. */
int store_reload(struct store *store, struct seal_diag *diag);

/* Cosigns checkpoints whose receipt a power cut took; once, at start. */
int store_settle(struct store *store, struct seal_diag *diag);

/* ---- trust.c ---- */

/* The policy in force; give it back. */
struct trust *trust_take(struct store *store, struct trusted *trusted);
void trust_give(struct store *store, struct trust *trust);

/* Reads one policy, for the first time or again; trusted->path is set. */
int trusted_reload(struct store *store, struct trusted *trusted,
		   struct seal_diag *diag);
void trusted_fini(struct store *store, struct trusted *trusted);

/*
 * The log of an origin that the policy names, with its state read; the policy
 * is read again when its file has changed.  NOTFOUND: no such log; FOREIGN: the
 * pin is not the log id that is stored.  Locked: end with log_give.
 */
int log_take(struct store *store, const char *origin, struct log **ret_log,
	     struct seal_diag *diag);
void log_give(struct log *log);
void log_free(struct log *log);

/* ---- logs.c: state from the database; mutex held ---- */
int log_load(struct store *store, struct log *log, struct seal_diag *diag);
void log_unload(struct log *log);

/* ---- reply.c ---- */
void reply_fini(struct reply *reply);
/* A sentence for the client, and for the journal as a refusal of peer. */
void reply_refuse(struct reply *reply, const struct peer *peer, unsigned status,
		  const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* 404 to a reader, which is no refusal: tiles are asked for before they are. */
void reply_absent(struct reply *reply, const char *sentence);
/* An error of ours: 503 and the sentence of diag. */
void reply_error(struct reply *reply, const struct seal_diag *diag);
/* 200 with an empty body. */
void reply_ok(struct reply *reply, const char *type);

/* May this certificate write to, or read, logs? */
bool peer_may_write(const struct peer *peer, const char *origin);
bool peer_may_read(const struct peer *peer);

/* ---- checkpoint.c: POST /add-checkpoint ---- */
void add_checkpoint(struct store *store, const struct peer *peer,
		    const uint8_t *body, size_t body_bytes,
		    struct reply *reply);

/* ---- upload.c: POST /add-entries, streamed ---- */
struct upload;

int upload_new(struct store *store, const struct peer *peer, bool gzip,
	       struct upload **ret_upload);
/*
 * Takes the next bytes of the body.  Once reply->status is set the answer is
 * known and further bytes are of no use.
 */
void upload_feed(struct upload *upload, const uint8_t *data, size_t bytes,
		 struct reply *reply);
/* The body has ended: decides the answer. */
void upload_end(struct upload *upload, struct reply *reply);
void upload_free(struct upload *upload);

/* ---- read.c: GET /‹hash›/… ; path without the leading slash ---- */
void read_resource(struct store *store, const struct peer *peer,
		   const char *path, struct reply *reply);

#endif
