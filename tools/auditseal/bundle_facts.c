/* SPDX-License-Identifier: Apache-2.0 */
/* The six lines of the file `bundle`: docs/spec/bundle.md section 2. */
#include "bundle.h"

#include "core/key.h"
#include "core/text.h"

#include <inttypes.h>
#include <string.h>

void bundle_facts_put(const struct bundle_facts *f, struct seal_buf *out)
{
	seal_buf_putf(out, BUNDLE_MAGIC "origin %s\nlog-id ", f->origin);
	seal_buf_put_base64(out, f->log_id.b, sizeof(f->log_id.b));
	seal_buf_putf(out, "\nsize %" PRIu64 "\nroot ", f->size);
	seal_buf_put_base64(out, f->root.b, sizeof(f->root.b));
	seal_buf_putf(out, "\nentries %" PRIu64 " %" PRIu64 "\n", f->first,
		      f->end);
}

/* The value of the next line, "‹name› ‹value›\n". */
static bool next(const char **at, const char *end, const char *name,
		 const char **ret_value, size_t *ret_len)
{
	size_t len = strlen(name), left = (size_t)(end - *at);
	const char *stop = memchr(*at, '\n', left);

	if (!stop || left < len + 1 || memcmp(*at, name, len) ||
	    (*at)[len] != ' ')
		return false;
	*ret_value = *at + len + 1;
	*ret_len = (size_t)(stop - *ret_value);
	*at = stop + 1;
	return true;
}

static bool get_hash(const char **at, const char *end, const char *name,
		     struct seal_hash *ret_hash)
{
	const char *value;
	size_t len;

	return next(at, end, name, &value, &len) &&
	       !seal_base64_decode_exact(value, len, ret_hash->b,
					 sizeof(ret_hash->b));
}

static bool get_range(const char **at, const char *end, struct bundle_facts *f)
{
	const char *value, *space;
	size_t len;

	if (!next(at, end, "entries", &value, &len))
		return false;
	space = memchr(value, ' ', len);
	return space &&
	       !seal_dec_decode(value, (size_t)(space - value), INT64_MAX,
				&f->first) &&
	       !seal_dec_decode(space + 1, len - (size_t)(space + 1 - value),
				INT64_MAX, &f->end) &&
	       f->first < f->end && f->end <= f->size && f->first % 256 == 0 &&
	       (f->end % 256 == 0 || f->end == f->size);
}

int bundle_facts_get(const uint8_t *bytes, size_t len,
		     struct bundle_facts *ret_facts, struct seal_diag *diag)
{
	const char *at = (const char *)bytes, *end = at + len, *value;
	struct bundle_facts f = {0};
	size_t value_len;

	if (len < strlen(BUNDLE_MAGIC) ||
	    memcmp(at, BUNDLE_MAGIC, strlen(BUNDLE_MAGIC)))
		return seal_diag_set(diag, SEAL_E_UNKNOWN,
				     "this bundle was made by a newer version, "
				     "or is none");
	at += strlen(BUNDLE_MAGIC);
	if (!next(&at, end, "origin", &value, &value_len) ||
	    value_len > SEAL_ORIGIN_MAX_BYTES)
		goto bad;
	memcpy(f.origin, value, value_len);
	if (strlen(f.origin) != value_len ||
	    seal_origin_check(f.origin, value_len, NULL) ||
	    !get_hash(&at, end, "log-id", &f.log_id) ||
	    !next(&at, end, "size", &value, &value_len) ||
	    seal_dec_decode(value, value_len, INT64_MAX, &f.size) ||
	    !get_hash(&at, end, "root", &f.root) || !get_range(&at, end, &f) ||
	    at != end)
		goto bad;
	*ret_facts = f;
	return 0;
bad:
	return seal_diag_set(diag, SEAL_E_FORMAT,
			     "its file 'bundle' is not of the form of "
			     "docs/spec/bundle.md");
}
