/* SPDX-License-Identifier: Apache-2.0 */
/* Pins: one line a log, its origin and its log id.  Contract: policy.h. */
#include "core/cur.h"
#include "core/policy.h"
#include "core/text.h"

#include <stdlib.h>
#include <string.h>

struct seal_pins {
	struct seal_pin *pin; /* sorted by origin */
	size_t n;
};

static int bad(struct seal_diag *diag, const char *file, unsigned number,
	       const char *what)
{
	seal_diag_set(diag, SEAL_E_CONFIG, "%s, line %u: %s", file, number,
		      what);
	if (diag)
		diag->index = number;
	return SEAL_E_CONFIG;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* Cuts white space off both ends. */
static void trim(const char **text, size_t *len)
{
	while (*len && is_blank(**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len && is_blank((*text)[*len - 1]))
		(*len)--;
}

static int parse_pin(const char *text, size_t len, struct seal_pin *ret_pin,
		     const char *file, unsigned number, struct seal_diag *diag)
{
	struct seal_pin pin = {.line = number};
	struct seal_diag why = {0};
	size_t origin_len = 0;
	const char *id;

	while (origin_len < len && !is_blank(text[origin_len]))
		origin_len++;
	if (seal_origin_check(text, origin_len, &why) != 0)
		return bad(diag, file, number, why.text);
	id = text + origin_len;
	len -= origin_len;
	trim(&id, &len);
	if (seal_base64_decode_exact(id, len, pin.log_id.b, SEAL_HASH_BYTES) !=
	    0)
		return bad(diag, file, number,
			   "behind the origin stands the log id, 44 "
			   "characters of base64");
	memcpy(pin.origin, text, origin_len);
	*ret_pin = pin;
	return 0;
}

static int add(struct seal_pins *pins, const struct seal_pin *pin)
{
	struct seal_pin *grown;

	if ((pins->n & (pins->n - 1)) == 0) {
		grown = realloc(pins->pin,
				(pins->n ? 2 * pins->n : 1) * sizeof(*grown));
		if (!grown)
			return SEAL_E_NOMEM;
		pins->pin = grown;
	}
	pins->pin[pins->n++] = *pin;
	return 0;
}

static int by_origin(const void *a, const void *b)
{
	const struct seal_pin *pa = a, *pb = b;
	int order = strcmp(pa->origin, pb->origin);

	return order ? order : (pa->line > pb->line) - (pa->line < pb->line);
}

static int parse_all(struct seal_pins *pins, const void *data, size_t len,
		     const char *file, struct seal_diag *diag)
{
	struct seal_pin pin;
	unsigned number = 0;
	const char *line;
	struct seal_cur c;
	size_t n, i;
	int r;

	for (seal_cur_init(&c, data, len); c.left;) {
		number++;
		line = seal_cur_line(&c, &n);
		if (!line)
			return bad(diag, file, number,
				   "the last line has no line end");
		trim(&line, &n);
		if (n == 0 || *line == '#')
			continue;
		r = parse_pin(line, n, &pin, file, number, diag);
		if (r != 0)
			return r;
		r = add(pins, &pin);
		if (r != 0)
			return seal_diag_set(diag, r, "%s: out of memory",
					     file);
	}
	if (pins->n)
		qsort(pins->pin, pins->n, sizeof(*pins->pin), by_origin);
	for (i = 1; i < pins->n; i++)
		if (strcmp(pins->pin[i - 1].origin, pins->pin[i].origin) == 0)
			return bad(diag, file, pins->pin[i].line,
				   "a second pin for the origin of an earlier "
				   "line: one of the two is wrong");
	return 0;
}

int seal_pins_parse(const void *data, size_t len, const char *name,
		    struct seal_pins **ret_pins, struct seal_diag *diag)
{
	struct seal_pins *pins;
	int r;

	if (len > SEAL_POLICY_MAX_BYTES)
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "%s: %zu bytes, at most %d are read", name,
				     len, SEAL_POLICY_MAX_BYTES);
	pins = calloc(1, sizeof(*pins));
	if (!pins)
		return seal_diag_set(diag, SEAL_E_NOMEM, "%s: out of memory",
				     name);
	r = parse_all(pins, data, len, name, diag);
	if (r != 0) {
		seal_pins_free(pins);
		return r;
	}
	*ret_pins = pins;
	return 0;
}

void seal_pins_free(struct seal_pins *pins)
{
	if (!pins)
		return;
	free(pins->pin);
	free(pins);
}

size_t seal_pins_count(const struct seal_pins *pins)
{
	return pins->n;
}

const struct seal_pin *seal_pins_at(const struct seal_pins *pins, size_t i)
{
	return &pins->pin[i];
}

static int is_origin(const void *key, const void *element)
{
	const struct seal_pin *pin = element;

	return strcmp(key, pin->origin);
}

const struct seal_pin *seal_pins_find(const struct seal_pins *pins,
				      const char *origin)
{
	if (!pins || pins->n == 0)
		return NULL;
	return bsearch(origin, pins->pin, pins->n, sizeof(*pins->pin),
		       is_origin);
}

void seal_pins_put(struct seal_buf *b, const char *origin,
		   const struct seal_hash *log_id)
{
	seal_buf_put_str(b, origin);
	seal_buf_put_u8(b, ' ');
	seal_buf_put_base64(b, log_id->b, SEAL_HASH_BYTES);
	seal_buf_put_u8(b, '\n');
}
