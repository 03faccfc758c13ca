/* SPDX-License-Identifier: Apache-2.0 */
/* Pins files (format.md §6): see policy.h. */
#include <stdlib.h>
#include <string.h>

#include "core/policy.h"
#include "core/policy_lex.h"
#include "core/text.h"

struct seal_pins {
	struct seal_pin *pins; /* by origin */
	size_t count, cap;
};

static int compare_pins(const void *a, const void *b)
{
	const struct seal_pin *pa = a, *pb = b;
	int order = strcmp(pa->origin, pb->origin);

	if (order)
		return order;
	return pa->line < pb->line ? -1 : pa->line > pb->line;
}

static int parse_pin(struct seal_lex *lex, struct seal_pin *ret_pin)
{
	struct seal_diag why = {0};
	struct seal_word origin, id, more;
	struct seal_pin pin = {.line = lex->line};

	seal_lex_word(lex, &origin);
	if (seal_origin_check(origin.p, origin.len, &why))
		return seal_lex_fail(lex, "%s", why.text);
	if (!seal_lex_word(lex, &id) || seal_lex_word(lex, &more) ||
	    seal_base64_decode_exact(id.p, id.len, pin.log_id.b,
				     SEAL_HASH_BYTES))
		return seal_lex_fail(lex, "a pin is an origin and a log id (44 "
					  "characters of base64): copy the "
					  "line from the enrolment");
	memcpy(pin.origin, origin.p, origin.len);
	*ret_pin = pin;
	return 0;
}

static int add_pin(struct seal_pins *pins, struct seal_lex *lex)
{
	struct seal_pin pin;
	int err;

	err = parse_pin(lex, &pin);
	if (err)
		return err;
	if (pins->count == pins->cap) {
		size_t cap = pins->cap ? 2 * pins->cap : 8;
		void *moved = reallocarray(pins->pins, cap, sizeof(pin));

		if (!moved)
			return seal_lex_error(lex, SEAL_E_NOMEM);
		pins->pins = moved;
		pins->cap = cap;
	}
	pins->pins[pins->count++] = pin;
	return 0;
}

static int parse_file(struct seal_pins *pins, struct seal_lex *lex)
{
	bool more;
	int err;

	for (;;) {
		err = seal_lex_line(lex, &more);
		if (!err && !more)
			break;
		if (!err)
			err = add_pin(pins, lex);
		if (err)
			return err;
	}
	if (pins->count)
		qsort(pins->pins, pins->count, sizeof(*pins->pins),
		      compare_pins);
	for (size_t i = 1; i < pins->count; i++)
		if (strcmp(pins->pins[i - 1].origin, pins->pins[i].origin) == 0)
			return seal_lex_fail_at(
				lex, pins->pins[i].line,
				"a second pin for %s, the first is in line %u: "
				"a log has one identity for ever, so find out "
				"which is right",
				pins->pins[i].origin, pins->pins[i - 1].line);
	return 0;
}

int seal_pins_parse(const void *data, size_t len, const char *name,
		    struct seal_pins **ret_pins, struct seal_diag *diag)
{
	struct seal_pins *pins;
	struct seal_lex lex;
	int err;

	err = seal_lex_init(&lex, data, len, SEAL_POLICY_MAX_BYTES, name, diag);
	if (err)
		return err;
	pins = calloc(1, sizeof(*pins));
	if (!pins)
		return seal_lex_error(&lex, SEAL_E_NOMEM);
	err = parse_file(pins, &lex);
	if (err) {
		seal_pins_free(pins);
		return err;
	}
	*ret_pins = pins;
	return 0;
}

void seal_pins_free(struct seal_pins *pins)
{
	if (!pins)
		return;
	free(pins->pins);
	free(pins);
}

size_t seal_pins_count(const struct seal_pins *pins)
{
	return pins ? pins->count : 0;
}

const struct seal_pin *seal_pins_at(const struct seal_pins *pins, size_t i)
{
	return i < seal_pins_count(pins) ? &pins->pins[i] : NULL;
}

static int compare_origin(const void *key, const void *element)
{
	const struct seal_pin *pin = element;

	return strcmp(key, pin->origin);
}

const struct seal_pin *seal_pins_find(const struct seal_pins *pins,
				      const char *origin)
{
	if (!seal_pins_count(pins))
		return NULL;
	return bsearch(origin, pins->pins, pins->count, sizeof(*pins->pins),
		       compare_origin);
}

void seal_pins_put(struct seal_buf *b, const char *origin,
		   const struct seal_hash *log_id)
{
	seal_buf_put_str(b, origin);
	seal_buf_put_u8(b, ' ');
	seal_buf_put_base64(b, log_id->b, SEAL_HASH_BYTES);
	seal_buf_put_u8(b, '\n');
}
