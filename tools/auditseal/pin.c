/* SPDX-License-Identifier: Apache-2.0 */
/* A pin: one line that fits a ticket.  Contract: memory.h. */
#include "memory.h"

#include "cli.h"

#include "core/buf.h"
#include "core/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define MAGIC	   "auditseal-pin/1"
#define WORDS	   7
#define CHECK_HEX  8
#define DATE_BYTES 21

/* The leading bytes of SHA-256 of all before it: against slips of the pen. */
static int check_sum(const char *text, size_t len, char ret_hex[CHECK_HEX + 1])
{
	struct seal_hash hash;
	int rc = seal_sha256(text, len, &hash);

	if (!rc)
		seal_hex_encode(hash.b, CHECK_HEX / 2, ret_hex);
	ret_hex[CHECK_HEX] = '\0';
	return rc;
}

int cli_pin_format(const struct cli_pin *pin, char ret_line[CLI_PIN_LINE_BYTES])
{
	char root[48] = {0}, id[48] = {0}, when[CLI_TIME_BYTES];
	char check[CHECK_HEX + 1];
	int len, rc;

	if (!pin->size || !pin->origin[0])
		return SEAL_E_ARG;
	seal_base64_encode(pin->root.b, sizeof(pin->root.b), root);
	seal_base64_encode(pin->log_id.b, sizeof(pin->log_id.b), id);
	cli_format_time(pin->time_us, when);
	when[DATE_BYTES - 2] = '\0'; /* no fraction */
	len = snprintf(ret_line, CLI_PIN_LINE_BYTES,
		       MAGIC " %s %" PRIu64 " %s %s %sZ", pin->origin,
		       pin->size, root, id, when);
	if (len < 0 || len + CHECK_HEX + 2 > CLI_PIN_LINE_BYTES)
		return SEAL_E_ARG;
	rc = check_sum(ret_line, (size_t)len, check);
	if (!rc)
		snprintf(ret_line + len, CHECK_HEX + 2, " %s", check);
	return rc;
}

/* Words with one space between; the number of them, or 0. */
static size_t split(char *line, char *words[WORDS])
{
	size_t n = 0;
	char *at = line;

	for (;;) {
		if (n == WORDS || !*at || *at == ' ')
			return 0;
		words[n++] = at;
		at = strchr(at, ' ');
		if (!at)
			return n;
		*at++ = '\0';
	}
}

static int wrong(struct seal_diag *diag, const char *what)
{
	return seal_diag_set(diag, SEAL_E_FORMAT,
			     "that is no pin: %s; give the whole line that "
			     "'auditseal pin' wrote",
			     what);
}

static bool take(char *words[WORDS], struct cli_pin *pin)
{
	if (seal_origin_check(words[1], strlen(words[1]), NULL))
		return false;
	snprintf(pin->origin, sizeof(pin->origin), "%s", words[1]);
	return cli_parse_u64(words[2], &pin->size) && pin->size &&
	       !seal_base64_decode_exact(words[3], strlen(words[3]),
					 pin->root.b, sizeof(pin->root.b)) &&
	       !seal_base64_decode_exact(words[4], strlen(words[4]),
					 pin->log_id.b,
					 sizeof(pin->log_id.b)) &&
	       strlen(words[5]) == DATE_BYTES - 1 && words[5][0] != '@' &&
	       cli_parse_time_us(words[5], &pin->time_us);
}

int cli_pin_parse(const char *line, struct cli_pin *ret_pin,
		  struct seal_diag *diag)
{
	char copy[CLI_PIN_LINE_BYTES], check[CHECK_HEX + 1], *words[WORDS];
	struct cli_pin pin = {0};
	size_t len;
	int rc;

	while (*line == ' ' || *line == '\t' || *line == '\n')
		line++;
	len = strlen(line);
	while (len && (line[len - 1] == ' ' || line[len - 1] == '\t' ||
		       line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	if (len >= sizeof(copy) || len <= CHECK_HEX + 1)
		return wrong(diag, "its length is wrong");
	memcpy(copy, line, len);
	copy[len] = '\0';
	if (strncmp(copy, MAGIC " ", strlen(MAGIC " ")))
		return wrong(diag, "it does not begin with " MAGIC);
	if (split(copy, words) != WORDS)
		return wrong(diag, "it has not seven words");
	rc = check_sum(line, len - CHECK_HEX - 1, check);
	if (rc)
		return rc;
	if (strcmp(check, words[WORDS - 1]))
		return wrong(diag, "its check sum is wrong");
	if (!take(words, &pin))
		return wrong(diag, "one of its words is wrong");
	*ret_pin = pin;
	return 0;
}
