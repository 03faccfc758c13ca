/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fields of control entries, in the order of their keys.  Private to
 * lib/core/control*.c.  docs/spec/entry.md "Control entries".
 */
#ifndef SEAL_CORE_CONTROL_FIELDS_H
#define SEAL_CORE_CONTROL_FIELDS_H

#include "core/control.h"

enum seal_field_kind {
	FIELD_NUMBER, /* uint64_t: a decimal string */
	FIELD_BYTES,  /* uint8_t[size]: a base64 string */
	FIELD_TEXT,   /* char[size], with NUL */
	FIELD_WORD,   /* int: one of words[], from 1 */
	FIELD_SWITCH, /* bool: "on" or "off" */
	FIELD_OBJECT, /* fields of sub, at their own offset from here */
	FIELD_LIST,   /* up to max objects of size bytes, counted at count */
};

#define SEAL_FIELD_MANDATORY SIZE_MAX

struct seal_field {
	const char *key; /* NULL ends a table */
	enum seal_field_kind kind;
	size_t offset;
	size_t size;
	size_t present; /* offset of the bool of an optional key */
	size_t count, max;
	const char *const *words;
	const struct seal_field *sub;
};

/*
 * The table of a type (of a start: the one at index 0, or a later one), or NULL
 * for a type that is no control type.
 */
const struct seal_field *seal_control_fields(uint8_t type, bool first);

/* Where the fields' offsets count from: all members of the union begin there.
 */
#define SEAL_CONTROL_BASE offsetof(struct seal_control, start)

/* Checks what the fields alone do not say: values with two meanings. */
bool seal_control_meaningful(const struct seal_control *c);

#endif
