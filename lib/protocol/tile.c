/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and bundles of tlog-tiles.  Contract: tile.h. */
#include "protocol/tile.h"

#include "core/buf.h"
#include "core/crypto.h"
#include "core/cur.h"
#include "core/text.h"

#include <string.h>

#define FULL   SEAL_PACKAGE_ENTRIES_MAX
#define LEVELS 64

int seal_origin_hash(const char *origin, char ret_hex[SEAL_ORIGIN_HASH_BYTES])
{
	struct seal_hash hash;
	int rc = seal_sha256(origin, strlen(origin), &hash);

	if (rc)
		return rc;
	seal_hex_encode(hash.b, SEAL_HASH_BYTES, ret_hex);
	ret_hex[2 * SEAL_HASH_BYTES] = '\0';
	return 0;
}

/* 1234067 is x001/x234/067. */
static void put_number(struct seal_buf *b, uint64_t number)
{
	unsigned group[7], n = 0;

	do {
		group[n++] = (unsigned)(number % 1000);
		number /= 1000;
	} while (number);
	while (n-- > 1)
		seal_buf_putf(b, "x%03u/", group[n]);
	seal_buf_putf(b, "%03u", group[0]);
}

int seal_resource_path(const struct seal_resource *r,
		       char ret_path[SEAL_RESOURCE_PATH_BYTES])
{
	uint8_t mem[SEAL_RESOURCE_PATH_BYTES];
	struct seal_buf b;

	seal_buf_init_fixed(&b, mem, sizeof(mem));
	if (r->kind == SEAL_RESOURCE_CHECKPOINT) {
		seal_buf_put_str(&b, "checkpoint");
		goto out;
	}
	if (!r->width || r->width > FULL || r->number > SEAL_U63_MAX)
		return SEAL_E_ARG;
	if (r->kind == SEAL_RESOURCE_ENTRIES)
		seal_buf_put_str(&b, "tile/entries/");
	else if (r->kind == SEAL_RESOURCE_TILE && r->level < LEVELS)
		seal_buf_putf(&b, "tile/%u/", r->level);
	else
		return SEAL_E_ARG;
	put_number(&b, r->number);
	if (r->width < FULL)
		seal_buf_putf(&b, ".p/%u", r->width);
out:
	seal_buf_put_u8(&b, '\0');
	if (seal_buf_error(&b))
		return SEAL_E_ARG;
	memcpy(ret_path, mem, b.len);
	return 0;
}

/* Digits without sign or leading zero up to `max`; moves *p past them. */
static int take_decimal(const char **p, const char *end, uint64_t max,
			uint64_t *ret_value)
{
	const char *from = *p;

	while (*p < end && **p >= '0' && **p <= '9')
		(*p)++;
	return seal_dec_decode(from, (size_t)(*p - from), max, ret_value);
}

/* The groups of three digits: x001/x234/067. */
static int take_number(const char **p, const char *end, uint64_t *ret_number)
{
	uint64_t number = 0;
	unsigned digit;
	bool more;
	int i;

	do {
		more = *p < end && **p == 'x';
		if (more)
			(*p)++;
		if (end - *p < 3 || number > (UINT64_MAX - 999) / 1000)
			return SEAL_E_FORMAT;
		for (i = 0; i < 3; i++, (*p)++) {
			digit = (unsigned char)**p - (unsigned)'0';
			if (digit > 9)
				return SEAL_E_FORMAT;
			number = number * 10 + digit;
		}
		if (more && (*p == end || *(*p)++ != '/'))
			return SEAL_E_FORMAT;
	} while (more);
	*ret_number = number;
	return 0;
}

static bool take_literal(const char **p, const char *end, const char *literal)
{
	size_t len = strlen(literal);

	if ((size_t)(end - *p) < len || memcmp(*p, literal, len))
		return false;
	*p += len;
	return true;
}

static int parse_loosely(const char *p, const char *end,
			 struct seal_resource *r)
{
	uint64_t level = 0, width = FULL;

	r->kind = SEAL_RESOURCE_TILE;
	if (!take_literal(&p, end, "tile/"))
		return SEAL_E_NOTFOUND;
	if (take_literal(&p, end, "entries/"))
		r->kind = SEAL_RESOURCE_ENTRIES;
	else if (take_decimal(&p, end, LEVELS - 1, &level) ||
		 !take_literal(&p, end, "/"))
		return SEAL_E_NOTFOUND;
	if (take_number(&p, end, &r->number))
		return SEAL_E_NOTFOUND;
	if (take_literal(&p, end, ".p/") &&
	    take_decimal(&p, end, FULL - 1, &width))
		return SEAL_E_NOTFOUND;
	r->level = (unsigned)level;
	r->width = (unsigned)width;
	return p == end ? 0 : SEAL_E_NOTFOUND;
}

int seal_resource_parse(const char *path, size_t path_bytes,
			struct seal_resource *ret_resource)
{
	struct seal_resource r = {.kind = SEAL_RESOURCE_CHECKPOINT,
				  .width = FULL};
	char again[SEAL_RESOURCE_PATH_BYTES];
	int rc;

	if (path_bytes != 10 || memcmp(path, "checkpoint", 10)) {
		rc = parse_loosely(path, path + path_bytes, &r);
		if (rc)
			return rc;
	}
	/* One resource, one path: it must be what we would have written. */
	if (seal_resource_path(&r, again) || strlen(again) != path_bytes ||
	    memcmp(again, path, path_bytes))
		return SEAL_E_NOTFOUND;
	*ret_resource = r;
	return 0;
}

#define COSIGNED "cosigned/"

int seal_cosigned_path(const char *name,
		       char ret_path[SEAL_COSIGNED_PATH_BYTES])
{
	size_t len = sizeof(COSIGNED) - 1;
	int rc = seal_origin_hash(name, ret_path + len); /* of any name */

	if (rc == 0)
		memcpy(ret_path, COSIGNED, len);
	return rc;
}

bool seal_cosigned_is(const char *path)
{
	return !strncmp(path, COSIGNED, sizeof(COSIGNED) - 1);
}

unsigned seal_tile_width(uint64_t size, unsigned level, uint64_t number)
{
	uint64_t nodes;

	if (level >= 8)
		return 0;
	nodes = size >> (8 * level);
	if (number > nodes >> 8)
		return 0;
	if (number < nodes >> 8)
		return FULL;
	return (unsigned)(nodes & (FULL - 1));
}

int seal_bundle_parse(const uint8_t *bytes, size_t n_bytes, size_t entries,
		      struct seal_bundle *ret_bundle, struct seal_diag *diag)
{
	struct seal_bundle bundle;
	struct seal_cur cur;
	size_t i;

	if (!entries || entries > FULL)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "an entry bundle has 1 to 256 entries");
	seal_cur_init(&cur, bytes, n_bytes);
	for (i = 0; i < entries; i++) {
		bundle.entry_bytes[i] = seal_cur_u16(&cur);
		bundle.entry[i] = seal_cur_bytes(&cur, bundle.entry_bytes[i]);
	}
	if (seal_cur_end(&cur))
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "the entry bundle is not %zu entries of "
				     "the lengths it gives",
				     entries);
	bundle.entries = entries;
	*ret_bundle = bundle;
	return 0;
}
