/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a verifier trusts: logs, witnesses (our mirrors are witness lines),
 * groups, one quorum (C2SP tlog-policy), and the pins beside it (format.md §6).
 * Bytes in, objects out; files are read by others.  Every error names the line
 * and how to mend it.  docs/spec/note.md, "Policies" and "Pins".
 */
#ifndef SEAL_CORE_POLICY_H
#define SEAL_CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/crypto.h"
#include "core/err.h"
#include "core/key.h"
#include "core/note.h"

#define SEAL_POLICY_MAX_BYTES	  (16 * 1024 * 1024)
#define SEAL_POLICY_LOGS_MAX	  65536
#define SEAL_POLICY_WITNESSES_MAX 256
#define SEAL_POLICY_GROUPS_MAX	  256

struct seal_policy;

/* One log line; borrowed from the policy. */
struct seal_policy_log {
	struct seal_vkey vkey; /* type 0x01; its name is the origin */
	char *url;	       /* NULL: none */
	unsigned line;
};

/* One witness line; borrowed from the policy. */
struct seal_policy_witness {
	char *name; /* the policy's own word for it, NUL-terminated */
	struct seal_vkey vkey; /* type 0x04 */
	char *url;	       /* NULL: none */
	unsigned line;
};

enum seal_policy_warning {
	/*
	 * Two disjoint sets of witnesses meet the quorum, so two mirrors could
	 * hold two histories of one log (format.md §4).
	 */
	SEAL_POLICY_WARN_SPLIT = 1 << 0,
	/* "quorum none": the log's word alone; only pins and heads bind it. */
	SEAL_POLICY_WARN_NO_QUORUM = 1 << 1,
	/* A public key stands in a log line and in a witness line. */
	SEAL_POLICY_WARN_KEY_TWICE = 1 << 2,
};

/*
 * Parses a policy file's bytes (not kept).  name is the file's name for the
 * error texts.  SEAL_E_CONFIG: not a policy (line and fix in diag, diag->index
 * is the line number), SEAL_E_TOOBIG, SEAL_E_NOMEM.
 */
int seal_policy_parse(const void *data, size_t len, const char *name,
		      struct seal_policy **ret_policy, struct seal_diag *diag);
void seal_policy_free(struct seal_policy *policy);

/* SHA-256 of the file's bytes: what a `start` entry states. */
const struct seal_hash *seal_policy_digest(const struct seal_policy *policy);

/* A set of enum seal_policy_warning. */
unsigned seal_policy_warnings(const struct seal_policy *policy);
/* One sentence for one warning, never NULL. */
const char *seal_policy_warning_text(enum seal_policy_warning warning);

size_t seal_policy_log_count(const struct seal_policy *policy);
const struct seal_policy_log *seal_policy_log(const struct seal_policy *policy,
					      size_t i);
size_t seal_policy_witness_count(const struct seal_policy *policy);
const struct seal_policy_witness *
seal_policy_witness(const struct seal_policy *policy, size_t i);

/* The name in the quorum line; "none" if that is what it says. */
const char *seal_policy_quorum_name(const struct seal_policy *policy);
bool seal_policy_quorum_none(const struct seal_policy *policy);

/*
 * The next log line from index `from` on for this origin: its index, or the
 * count if there is none (an origin may have several keys).
 */
size_t seal_policy_find_log(const struct seal_policy *policy,
			    const char *origin, size_t from);

/*
 * Verifies the log's own line: 0 and the index of a log line for this origin
 * whose signature stands in the note; SEAL_E_NOTFOUND: no such line of a known
 * key; SEAL_E_SIG: one that matches but does not verify.
 */
int seal_policy_verify_log(const struct seal_policy *policy,
			   const struct seal_note *note, const char *origin,
			   size_t *ret_log,
			   struct seal_diag *diag) SEAL_MUST_CHECK;

enum seal_witness_state {
	SEAL_WITNESS_ABSENT = 0, /* no line of this witness */
	SEAL_WITNESS_GOOD = 1,	 /* a line that verifies */
	SEAL_WITNESS_BAD = 2,	 /* a line that does not */
};

/* The outcome; about 2.5 KB, owns nothing. */
struct seal_quorum {
	bool met;    /* false as soon as bad > 0: such a note is refused */
	bool none;   /* the policy asks for no cosignature */
	size_t good; /* witnesses whose cosignature verifies */
	size_t bad;  /* witnesses whose cosignature does not */
	/* Of the good ones, seconds since 1970; 0 if there are none. */
	uint64_t oldest_s;
	uint64_t newest_s;
	/*
	 * As of when the quorum is met: the largest time such that the
	 * cosignatures not older than it meet the quorum alone.  This is what
	 * freshness is measured by.  0 if not met, or none.
	 */
	uint64_t met_s;
	uint8_t state[SEAL_POLICY_WITNESSES_MAX]; /* enum seal_witness_state */
	uint64_t time_s[SEAL_POLICY_WITNESSES_MAX];
};

/*
 * Verifies the cosignatures of all witnesses of the policy on a note and
 * evaluates the quorum.  The log's own line is not looked at.  0 also if the
 * quorum is not met; SEAL_E_CRYPTO, SEAL_E_NOMEM if it could not be decided.
 */
int seal_policy_evaluate(const struct seal_policy *policy,
			 const struct seal_note *note,
			 struct seal_quorum *ret_quorum,
			 struct seal_diag *diag) SEAL_MUST_CHECK;

/*
 * The quorum over any set of witnesses: have[i] for witness i.  For receipts
 * that came as several notes.  True for "quorum none".
 */
bool seal_policy_met(const struct seal_policy *policy, const bool *have);

/* --- pins: "‹origin› ‹log id, base64›" a line --- */

struct seal_pins;

struct seal_pin {
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	struct seal_hash log_id;
	unsigned line;
};

/*
 * Empty and comment lines as in a policy.  Two pins for one origin, or
 * anything else, is SEAL_E_CONFIG.  Pins are kept in order of their origin.
 */
int seal_pins_parse(const void *data, size_t len, const char *name,
		    struct seal_pins **ret_pins, struct seal_diag *diag);
void seal_pins_free(struct seal_pins *pins);
size_t seal_pins_count(const struct seal_pins *pins);
const struct seal_pin *seal_pins_at(const struct seal_pins *pins, size_t i);

/* Borrowed; NULL: not pinned (pins may be NULL). */
const struct seal_pin *seal_pins_find(const struct seal_pins *pins,
				      const char *origin);

/* Appends a line of a pins file. */
void seal_pins_put(struct seal_buf *b, const char *origin,
		   const struct seal_hash *log_id);

#endif
