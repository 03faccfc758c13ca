/* SPDX-License-Identifier: Apache-2.0 */
/*
 * add-entries of tlog-mirror: the canonical sequence, building a body, and
 * taking a streamed one apart.  Contract: upload.h.
 */
#include "protocol/upload.h"

#include "core/buf.h"
#include "core/text.h"
#include "core/tree.h"

#include <stdlib.h>
#include <string.h>

#define MASK (~(uint64_t)(SEAL_PACKAGE_ENTRIES_MAX - 1))
/* What a parser keeps between two packages, at most. */
#define KEEP_BYTES (1024 * 1024)

uint64_t seal_upload_packages(uint64_t start, uint64_t end)
{
	if (start >= end)
		return 0;
	return ((end - 1) >> 8) - (start >> 8) + 1;
}

int seal_upload_interval(uint64_t start, uint64_t end, uint64_t i,
			 uint64_t *ret_subtree, uint64_t *ret_first,
			 uint64_t *ret_end)
{
	uint64_t subtree;

	if (end > SEAL_U63_MAX || i >= seal_upload_packages(start, end))
		return SEAL_E_RANGE;
	subtree = (start & MASK) + i * SEAL_PACKAGE_ENTRIES_MAX;
	*ret_subtree = subtree;
	*ret_first = subtree < start ? start : subtree;
	*ret_end = end - subtree > SEAL_PACKAGE_ENTRIES_MAX
			   ? subtree + SEAL_PACKAGE_ENTRIES_MAX
			   : end;
	return 0;
}

int seal_upload_header_build(const char *origin, uint64_t start, uint64_t end,
			     const uint8_t *ticket, size_t ticket_bytes,
			     struct seal_buf *ret_body)
{
	size_t len = strlen(origin);

	if (!len || len > SEAL_ORIGIN_MAX_BYTES || start > end ||
	    end > SEAL_U63_MAX || ticket_bytes > SEAL_TICKET_BYTES_MAX)
		return SEAL_E_ARG;
	seal_buf_put_u16(ret_body, (uint16_t)len);
	seal_buf_put(ret_body, origin, len);
	seal_buf_put_u64(ret_body, start);
	seal_buf_put_u64(ret_body, end);
	seal_buf_put_u16(ret_body, (uint16_t)ticket_bytes);
	seal_buf_put(ret_body, ticket, ticket_bytes);
	return seal_buf_error(ret_body);
}

int seal_upload_entry_build(const uint8_t *entry, size_t entry_bytes,
			    struct seal_buf *ret_body)
{
	if (entry_bytes > SEAL_ENTRY_BYTES_MAX)
		return SEAL_E_TOOBIG;
	seal_buf_put_u16(ret_body, (uint16_t)entry_bytes);
	seal_buf_put(ret_body, entry, entry_bytes);
	return seal_buf_error(ret_body);
}

int seal_upload_proof_build(const struct seal_proof *proof,
			    struct seal_buf *ret_body)
{
	unsigned i;

	if (proof->n > SEAL_PROOF_MAX)
		return SEAL_E_TOOBIG;
	seal_buf_put_u8(ret_body, (uint8_t)proof->n);
	for (i = 0; i < proof->n; i++)
		seal_buf_put(ret_body, proof->hash[i].b, SEAL_HASH_BYTES);
	return seal_buf_error(ret_body);
}

/*
 * The parser.  A body is a row of elements; `want` bytes complete the present
 * one, and only what has arrived is ever held: no length in the body makes us
 * allocate.
 */
enum element {
	ORIGIN_LENGTH = 0, /* u16 */
	HEADER_REST = 1,   /* origin, two sizes, u16 ticket length */
	TICKET = 2,
	ENTRY_LENGTH = 3, /* u16 */
	ENTRY = 4,
	PROOF_COUNT = 5, /* u8 */
	PROOF = 6,
	COMPLETE = 7, /* nothing follows */
};

struct seal_upload {
	enum element element;
	size_t want; /* missing bytes of it */
	size_t max_package_bytes;
	struct seal_buf head; /* header as it came; the ticket points here */
	struct seal_buf body; /* the package as it came */
	struct seal_upload_header header;
	bool has_header, has_package;
	int error;
	char error_text[96];
	uint64_t packages; /* of the whole sequence */
	uint64_t next;	   /* number of the package that is being read */
	size_t entries;	   /* of it, complete */
	size_t entries_wanted;
	uint32_t offset[SEAL_PACKAGE_ENTRIES_MAX]; /* of their bytes in body */
	struct seal_package package;
};

int seal_upload_new(size_t max_package_bytes, struct seal_upload **ret_upload)
{
	struct seal_upload *up;

	if (!max_package_bytes)
		max_package_bytes = SEAL_PACKAGE_BYTES_MAX;
	if (max_package_bytes > SEAL_PACKAGE_BYTES_MAX)
		return SEAL_E_ARG;
	up = calloc(1, sizeof(*up));
	if (!up)
		return SEAL_E_NOMEM;
	up->max_package_bytes = max_package_bytes;
	up->want = 2;
	seal_buf_init(&up->head);
	seal_buf_init(&up->body);
	*ret_upload = up;
	return 0;
}

void seal_upload_free(struct seal_upload *up)
{
	if (!up)
		return;
	seal_buf_fini(&up->head);
	seal_buf_fini(&up->body);
	free(up);
}

static int refuse(struct seal_upload *up, int error, const char *text)
{
	up->error = error;
	strncpy(up->error_text, text, sizeof(up->error_text) - 1);
	return error;
}

static uint16_t last_u16(const struct seal_buf *b)
{
	return (uint16_t)(b->data[b->len - 2] << 8 | b->data[b->len - 1]);
}

static uint64_t u64_at(const uint8_t *p)
{
	uint64_t v = 0;
	int i;

	for (i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static void expect(struct seal_upload *up, enum element element, size_t want)
{
	up->element = element;
	up->want = want;
}

/* Before package `next`, or the end of the sequence. */
static void begin_package(struct seal_upload *up)
{
	struct seal_package *p = &up->package;

	if (up->next == up->packages) {
		expect(up, COMPLETE, 0);
		return;
	}
	seal_upload_interval(up->header.start, up->header.end, up->next,
			     &p->subtree, &p->first, &p->end);
	p->number = up->next;
	up->entries = 0;
	up->entries_wanted = (size_t)(p->end - p->first);
	expect(up, ENTRY_LENGTH, 2);
}

static int end_origin_length(struct seal_upload *up)
{
	size_t len = last_u16(&up->head);

	if (!len || len > SEAL_ORIGIN_MAX_BYTES)
		return refuse(up, SEAL_E_NOTFOUND,
			      "add-entries: no log has an origin that long");
	expect(up, HEADER_REST, len + 8 + 8 + 2);
	return 0;
}

static int end_header_rest(struct seal_upload *up)
{
	const uint8_t *p = up->head.data + 2;
	size_t len = up->head.len - 2 - 18;

	if (memchr(p, '\0', len))
		return refuse(up, SEAL_E_NOTFOUND,
			      "add-entries: no log has such an origin");
	memcpy(up->header.origin, p, len);
	up->header.start = u64_at(p + len);
	up->header.end = u64_at(p + len + 8);
	if (up->header.start > up->header.end || up->header.end > SEAL_U63_MAX)
		return refuse(up, SEAL_E_FORMAT,
			      "add-entries: upload_start is above upload_end, "
			      "or that above 2^63-1");
	up->packages = seal_upload_packages(up->header.start, up->header.end);
	expect(up, TICKET, last_u16(&up->head));
	return 0;
}

static int end_ticket(struct seal_upload *up, enum seal_upload_event *ret_event)
{
	size_t before = 2 + strlen(up->header.origin) + 18;

	up->header.ticket = up->head.data + before;
	up->header.ticket_bytes = up->head.len - before;
	up->has_header = true;
	begin_package(up);
	*ret_event = SEAL_UPLOAD_HEADER;
	return 0;
}

static void end_entry(struct seal_upload *up)
{
	up->entries++;
	if (up->entries == up->entries_wanted)
		expect(up, PROOF_COUNT, 1);
	else
		expect(up, ENTRY_LENGTH, 2);
}

static int end_entry_length(struct seal_upload *up)
{
	size_t len = last_u16(&up->body);

	if (up->body.len + len + 1 > up->max_package_bytes)
		return refuse(up, SEAL_E_TOOBIG,
			      "add-entries: a package is larger than this "
			      "store takes");
	up->offset[up->entries] = (uint32_t)up->body.len;
	expect(up, ENTRY, len);
	return 0;
}

static int end_proof_count(struct seal_upload *up)
{
	unsigned n = up->body.data[up->body.len - 1];

	if (n > SEAL_PROOF_MAX)
		return refuse(up, SEAL_E_FORMAT,
			      "add-entries: a proof has more than 63 hashes");
	up->package.proof.n = n;
	expect(up, PROOF, n * (size_t)SEAL_HASH_BYTES);
	return 0;
}

static void end_proof(struct seal_upload *up, enum seal_upload_event *ret_event)
{
	struct seal_package *p = &up->package;
	const uint8_t *data = up->body.data, *hash;
	size_t i, end;

	p->bundle = data;
	p->bundle_bytes =
		up->body.len - 1 - p->proof.n * (size_t)SEAL_HASH_BYTES;
	for (i = 0; i < up->entries; i++) {
		end = i + 1 < up->entries ? up->offset[i + 1] - 2u
					  : p->bundle_bytes;
		p->entry[i] = data + up->offset[i];
		p->entry_bytes[i] = (uint16_t)(end - up->offset[i]);
	}
	hash = data + p->bundle_bytes + 1;
	for (i = 0; i < p->proof.n; i++)
		memcpy(p->proof.hash[i].b, hash + i * SEAL_HASH_BYTES,
		       SEAL_HASH_BYTES);
	up->has_package = true;
	*ret_event = SEAL_UPLOAD_PACKAGE;
}

/* The present element is complete: what comes next. */
static int advance(struct seal_upload *up, enum seal_upload_event *ret_event)
{
	switch (up->element) {
	case ORIGIN_LENGTH:
		return end_origin_length(up);
	case HEADER_REST:
		return end_header_rest(up);
	case TICKET:
		return end_ticket(up, ret_event);
	case ENTRY_LENGTH:
		return end_entry_length(up);
	case ENTRY:
		end_entry(up);
		return 0;
	case PROOF_COUNT:
		return end_proof_count(up);
	case PROOF:
		end_proof(up, ret_event);
		return 0;
	case COMPLETE:
		break;
	}
	return refuse(up, SEAL_E_INTERNAL,
		      "add-entries: parser beyond its end");
}

/* The package that was given is not wanted any more. */
static void drop_package(struct seal_upload *up)
{
	up->has_package = false;
	if (up->body.cap > KEEP_BYTES)
		seal_buf_fini(&up->body);
	seal_buf_reset(&up->body);
	up->next++;
	begin_package(up);
}

static int take(struct seal_upload *up, const uint8_t *data, size_t bytes,
		size_t *ret_used, enum seal_upload_event *ret_event)
{
	struct seal_buf *to;
	size_t n;
	int rc;

	for (;;) {
		if (up->element == COMPLETE) {
			*ret_event = SEAL_UPLOAD_DONE;
			return 0;
		}
		n = bytes - *ret_used < up->want ? bytes - *ret_used : up->want;
		to = up->element <= TICKET ? &up->head : &up->body;
		seal_buf_put(to, n ? data + *ret_used : NULL, n);
		if (seal_buf_error(to))
			return refuse(up, seal_buf_error(to),
				      "add-entries: out of memory");
		*ret_used += n;
		up->want -= n;
		if (up->want)
			return 0;
		rc = advance(up, ret_event);
		if (rc || *ret_event != SEAL_UPLOAD_MORE)
			return rc;
	}
}

int seal_upload_feed(struct seal_upload *up, const uint8_t *data, size_t bytes,
		     size_t *ret_used, enum seal_upload_event *ret_event,
		     struct seal_diag *diag)
{
	enum seal_upload_event event = SEAL_UPLOAD_MORE;
	size_t used = 0;

	if (!up->error) {
		if (up->has_package)
			drop_package(up);
		take(up, data, bytes, &used, &event);
	}
	if (up->error)
		return seal_diag_set(diag, up->error, "%s", up->error_text);
	*ret_used = used;
	*ret_event = event;
	return 0;
}

const struct seal_upload_header *
seal_upload_header(const struct seal_upload *up)
{
	return up->has_header ? &up->header : NULL;
}

const struct seal_package *seal_upload_package(const struct seal_upload *up)
{
	return up->has_package ? &up->package : NULL;
}

int seal_package_verify(const struct seal_package *p,
			const struct seal_hash *before, size_t n_before,
			uint64_t size, const struct seal_hash *root,
			struct seal_hash ret_leaves[SEAL_PACKAGE_ENTRIES_MAX],
			struct seal_diag *diag)
{
	struct seal_frontier f;
	struct seal_hash subtree;
	size_t i, n = (size_t)(p->end - p->first);
	int rc;

	if (n_before != p->first - p->subtree || !n ||
	    n > SEAL_PACKAGE_ENTRIES_MAX)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "add-entries: the hashes before the "
				     "package are not those it needs");
	seal_frontier_init(&f);
	rc = seal_frontier_append_many(&f, before, n_before);
	for (i = 0; i < n && !rc; i++) {
		rc = seal_leaf_hash(p->entry[i], p->entry_bytes[i],
				    &ret_leaves[i]);
		if (!rc)
			rc = seal_frontier_append(&f, &ret_leaves[i]);
	}
	if (!rc)
		rc = seal_frontier_root(&f, &subtree);
	if (rc)
		return seal_diag_set(
			diag, rc, "add-entries: hashing failed at entry %llu",
			(unsigned long long)(p->first + i));
	rc = seal_proof_check_subtree(p->subtree, p->end, &subtree, size, root,
				      p->proof.hash, p->proof.n);
	if (rc)
		return seal_diag_set(
			diag, rc,
			"add-entries: entries %llu to %llu are not "
			"those of the checkpoint of size %llu",
			(unsigned long long)p->first,
			(unsigned long long)(p->end - 1),
			(unsigned long long)size);
	return 0;
}
