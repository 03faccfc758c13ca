/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors: "could not do the work". What is wrong with a log is a finding
 * (finding.h), never an error; the two types never mix.
 *
 * Every function that can fail returns 0 or one of the negative codes below.
 * Outputs are written only on success.  A caller that wants detail passes a
 * struct seal_diag of its own; NULL is allowed everywhere.
 */
#ifndef SEAL_CORE_ERR_H
#define SEAL_CORE_ERR_H

#include <stdint.h>

#define SEAL_ERRORS(X)                                                  \
	X(INTERNAL, -1, "internal error, a bug in auditseal")           \
	X(NOMEM, -2, "out of memory")                                   \
	X(ARG, -3, "invalid argument")                                  \
	X(RANGE, -4, "value out of range")                              \
	X(SHORT, -5, "input ends too early")                            \
	X(FORMAT, -6, "malformed input")                                \
	X(TOOBIG, -7, "too large")                                      \
	X(UNKNOWN, -8, "unknown format, made by a newer version")       \
	X(CRYPTO, -9, "the cryptographic library failed")               \
	X(KEY, -10, "not an acceptable key")                            \
	X(SIG, -11, "signature does not verify")                        \
	X(PROOF, -12, "proof does not verify")                          \
	X(NOTFOUND, -13, "not found")                                   \
	X(EXISTS, -14, "exists already")                                \
	X(IO, -15, "input/output error")                                \
	X(NOSPACE, -16, "no space left")                                \
	X(PERM, -17, "permission denied")                               \
	X(BUSY, -18, "in use by another process")                       \
	X(DAMAGED, -19, "the stored data are damaged")                  \
	X(ROLLBACK, -20, "the stored data are older than they must be") \
	X(FOREIGN, -21, "belongs to another log")                       \
	X(NET, -22, "the peer could not be reached")                    \
	X(TLS, -23, "the TLS connection was refused")                   \
	X(PROTOCOL, -24, "the peer broke the protocol")                 \
	X(STOPPED, -25, "stopped on request")                           \
	X(CONFIG, -26, "invalid configuration")                         \
	X(CLONE, -27, "the keys were made on another machine")

enum seal_error {
	SEAL_OK = 0,
#define SEAL_X(name, code, text) SEAL_E_##name = (code),
	SEAL_ERRORS(SEAL_X)
#undef SEAL_X
};

#define SEAL_DIAG_TEXT_BYTES 512

/* Detail of one error; owned by the caller, zero-initialised. */
struct seal_diag {
	int code;	 /* SEAL_E_* of the error, 0: none */
	int sys_errno;	 /* errno where the system said no, else 0 */
	uint64_t offset; /* byte offset the error is about, else 0 */
	uint64_t index;	 /* entry index the error is about, else 0 */
	char text[SEAL_DIAG_TEXT_BYTES]; /* one sentence: what, where, the fix
					  */
};

/* The text of a code, never NULL; "unknown error" for a number not above. */
const char *seal_strerror(int code);

/* "IO" for SEAL_E_IO, never NULL: for machine-readable output. */
const char *seal_error_name(int code);

/*
 * Fills *diag (NULL: does nothing) with the code and the formatted sentence,
 * cut to its size; sys_errno, offset and index become 0.  Returns code, so that
 * "return seal_diag_set(diag, SEAL_E_X, ...)" is the one way to fail.
 */
int seal_diag_set(struct seal_diag *diag, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * The same; keeps sys_errno and appends ": strerror(sys_errno)", and where file
 * descriptors ran out, what to do.
 */
int seal_diag_set_errno(struct seal_diag *diag, int code, int sys_errno,
			const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
