/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the subcommands of auditseal share.  Exit status: format.md section 6
 * for everything that judges a log; 3 whenever the work could not be done.
 */
#ifndef AUDITSEAL_CLI_H
#define AUDITSEAL_CLI_H

#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cli_exit {
	CLI_OK = 0,
	CLI_ATTENTION = 1,
	CLI_EVIDENCE = 2,
	CLI_UNDECIDED = 3, /* also: could not do the work, wrong usage */
};

struct cli_command {
	const char *name;
	const char *brief; /* one line of `auditseal --help` */
	const char *help;  /* the whole of --help, with an example */
	int (*run)(int argc, char **argv);
};

extern const struct cli_command cli_cmd_accept;
extern const struct cli_command cli_cmd_check_proof;
extern const struct cli_command cli_cmd_explain;
extern const struct cli_command cli_cmd_diff;
extern const struct cli_command cli_cmd_export;
extern const struct cli_command cli_cmd_init;
extern const struct cli_command cli_cmd_pin;
extern const struct cli_command cli_cmd_prove;
extern const struct cli_command cli_cmd_report;
extern const struct cli_command cli_cmd_resume;
extern const struct cli_command cli_cmd_sample;
extern const struct cli_command cli_cmd_show;
extern const struct cli_command cli_cmd_status;
extern const struct cli_command cli_cmd_timestamp;
extern const struct cli_command cli_cmd_verify;

/* "auditseal: " and the sentence of diag (or of code, without one) on stderr.
 * Returns CLI_UNDECIDED. */
int cli_fail(int code, const struct seal_diag *diag);

/* One sentence of our own, then "Try 'auditseal COMMAND --help'." */
int cli_usage(const struct cli_command *command, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- options ---- */

struct cli_option {
	const char *name; /* "--policy" */
	bool has_value;
	const char **ret_value; /* where the value goes; of a flag: "" */
};

/*
 * Takes "--name VALUE", "--name=VALUE", "--name" and operands, "--" ends the
 * options.  --help prints the command's help and sets *ret_done.  Operands
 * are moved to the front of argv + 1.  0, or CLI_UNDECIDED after a message.
 */
int cli_options(const struct cli_command *command, int argc, char **argv,
		const struct cli_option *options, size_t count,
		int *ret_operands, bool *ret_done);

/* Strict: decimal digits only.  False if not a number that fits. */
bool cli_parse_u64(const char *text, uint64_t *ret_value);
/* "90", "90s", "15m", "2h", "7d" in microseconds. */
bool cli_parse_duration_us(const char *text, uint64_t *ret_us);
/* Seconds since 1970 ("@1700000000"), or RFC 3339 ("2026-11-21T14:00:00Z"). */
bool cli_parse_time_us(const char *text, uint64_t *ret_us);
/* Standard base64 of 32 bytes, or 64 hex digits. */
bool cli_parse_hash(const char *text, uint8_t ret_hash[32]);

/* ---- text ---- */

#define CLI_TIME_BYTES 40
/* RFC 3339, UTC, microseconds; "-" for 0. */
void cli_format_time(uint64_t us, char ret_text[CLI_TIME_BYTES]);
/* "5 s", "3 min", "2 h", "4 days": for people. */
void cli_format_age(uint64_t us, char ret_text[CLI_TIME_BYTES]);
/* 4,096 and 1,000,000. */
void cli_format_count(uint64_t value, char ret_text[32]);

uint64_t cli_now_us(void);

/* Bytes of unknown origin to a stream: nothing in it can steer a terminal. */
void cli_put_safe(FILE *out, const void *bytes, size_t len);

/*
 * A JSON string of bytes that are UTF-8: everything that could steer a terminal
 * is escaped, and the value is still exactly the bytes.  raw: the bytes are
 * JSON themselves, so no quotes, and only that is escaped.
 */
void cli_put_json(FILE *out, const void *bytes, size_t len, bool raw);

/* Colour only on a terminal and without NO_COLOR. */
bool cli_colour(FILE *out);

/*
 * ---- progress: on a terminal only, after one second, at most 4 a second: a
 * bar, entries a second, the time that is left
 */

struct cli_progress {
	const char *what; /* borrowed */
	bool quiet;
	uint64_t begun_us;
	uint64_t shown_us;
	bool shown;
};
void cli_progress_begin(struct cli_progress *progress, const char *what,
			bool quiet);
/* done of total in any unit, and entries so far. */
void cli_progress_step(struct cli_progress *progress, uint64_t done,
		       uint64_t total, uint64_t entries);
void cli_progress_end(struct cli_progress *progress);

/* A whole file of at most max bytes; owned by the caller, NUL behind it. */
int cli_read_file(const char *path, size_t max, uint8_t **ret_bytes,
		  size_t *ret_len, struct seal_diag *diag);

#endif
