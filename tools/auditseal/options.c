/* SPDX-License-Identifier: Apache-2.0 */
/* Options, numbers, times and messages of the subcommands.  Contract: cli.h. */
#include "cli.h"

#include "core/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int cli_fail(int code, const struct seal_diag *diag)
{
	const char *text =
		diag && diag->text[0] ? diag->text : seal_strerror(code);

	fflush(stdout);
	fprintf(stderr, "auditseal: ");
	cli_put_safe(stderr, text, strlen(text));
	fprintf(stderr, "\n");
	return CLI_UNDECIDED;
}

int cli_usage(const struct cli_command *command, const char *fmt, ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "auditseal %s: ", command->name);
	cli_put_safe(stderr, text, strlen(text));
	fprintf(stderr, "\nTry 'auditseal %s --help'.\n", command->name);
	return CLI_UNDECIDED;
}

static const struct cli_option *find_option(const struct cli_option *options,
					    size_t count, const char *arg,
					    size_t len)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (strlen(options[i].name) == len &&
		    !memcmp(options[i].name, arg, len))
			return &options[i];
	return NULL;
}

/* One option at argv[*at]; *at is moved to its last word. */
static int take_option(const struct cli_command *command, int argc, char **argv,
		       const struct cli_option *options, size_t count, int *at)
{
	const char *arg = argv[*at], *equals = strchr(arg, '=');
	size_t len = equals ? (size_t)(equals - arg) : strlen(arg);
	const struct cli_option *o = find_option(options, count, arg, len);

	if (!o)
		return cli_usage(command, "there is no option %.*s", (int)len,
				 arg);
	if (!o->has_value && equals)
		return cli_usage(command, "%s takes no value", o->name);
	if (*o->ret_value)
		return cli_usage(command, "%s is given twice", o->name);
	if (!o->has_value) {
		*o->ret_value = "";
		return 0;
	}
	if (equals) {
		*o->ret_value = equals + 1;
		return 0;
	}
	if (*at + 1 >= argc)
		return cli_usage(command, "%s needs a value", o->name);
	*o->ret_value = argv[++*at];
	return 0;
}

int cli_options(const struct cli_command *command, int argc, char **argv,
		const struct cli_option *options, size_t count,
		int *ret_operands, bool *ret_done)
{
	int i, rc, operands = 0;
	bool ended = false;

	*ret_done = false;
	for (i = 1; i < argc; i++) {
		if (!ended && !strcmp(argv[i], "--")) {
			ended = true;
			continue;
		}
		if (ended || argv[i][0] != '-' || !argv[i][1]) {
			argv[1 + operands++] = argv[i];
			continue;
		}
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			fputs(command->help, stdout);
			*ret_done = true;
			return 0;
		}
		rc = take_option(command, argc, argv, options, count, &i);
		if (rc)
			return rc;
	}
	*ret_operands = operands;
	return 0;
}

/* ---- values ---- */

bool cli_parse_u64(const char *text, uint64_t *ret_value)
{
	return !seal_dec_decode(text, strlen(text), INT64_MAX, ret_value);
}

bool cli_parse_duration_us(const char *text, uint64_t *ret_us)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	size_t len = strlen(text), i;
	uint64_t value, factor = 1;

	for (i = 0; len && i < sizeof(units) / sizeof(units[0]); i++)
		if (text[len - 1] == units[i].unit) {
			factor = units[i].seconds;
			len--;
			break;
		}
	if (seal_dec_decode(text, len, UINT32_MAX, &value) || !value)
		return false;
	*ret_us = value * factor * 1000000;
	return true;
}

bool cli_parse_time_us(const char *text, uint64_t *ret_us)
{
	struct tm tm = {0};
	const char *rest;
	uint64_t seconds;
	time_t when;

	if (text[0] == '@') {
		if (seal_dec_decode(text + 1, strlen(text + 1),
				    UINT64_MAX / 2000000, &seconds))
			return false;
		*ret_us = seconds * 1000000;
		return true;
	}
	rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!rest)
		return false;
	if (*rest == '.') {
		rest++;
		while (*rest >= '0' && *rest <= '9')
			rest++;
	}
	if (strcmp(rest, "Z"))
		return false;
	when = timegm(&tm);
	if (when < 0)
		return false;
	/* A fraction is cut: "as of this second" includes all of it. */
	*ret_us = (uint64_t)when * 1000000;
	return true;
}

bool cli_parse_hash(const char *text, uint8_t ret_hash[32])
{
	size_t len = strlen(text);

	if (len == 64)
		return !seal_hex_decode(text, len, ret_hash, 32);
	return !seal_base64_decode_exact(text, len, ret_hash, 32);
}
