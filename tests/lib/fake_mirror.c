/* SPDX-License-Identifier: Apache-2.0 */
/* A mirror in memory.  Contract: fake_mirror.h. */
#include "tests/lib/fake_mirror.h"

#include "core/checkpoint.h"
#include "core/err.h"
#include "core/note.h"
#include "protocol/answer.h"
#include "protocol/upload.h"
#include "tests/lib/fake_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* For what is made before and after; the rest passes errors on. */
static void must(int rc)
{
	if (!rc)
		return;
	fprintf(stderr, "fake mirror: %s\n", seal_strerror(rc));
	abort();
}

static void make_key(uint8_t first, const char *name, struct seal_key **key,
		     struct seal_vkey *vkey)
{
	uint8_t seed[32] = {first};

	must(seal_key_from_seed(seed, key));
	must(seal_vkey_init(vkey, name, SEAL_KEY_COSIGNATURE,
			    seal_key_public(*key), NULL));
}

int fake_mirror_init(struct fake_mirror *m, const struct seal_vkey *host)
{
	memset(m, 0, sizeof(*m));
	m->host = host;
	m->leaf = calloc(FAKE_ENTRIES_MAX, sizeof(*m->leaf));
	if (!m->leaf)
		return SEAL_E_NOMEM;
	make_key('m', "store.example/audit", &m->key[0], &m->vkey[0]);
	make_key('n', "store.example/new", &m->key[1], &m->vkey[1]);
	make_key('w', "store.example/w1", &m->witness_key, &m->witness);
	m->keys = 1;
	m->time_s = 1795262400;
	m->ticket = "";
	return 0;
}

void fake_mirror_fini(struct fake_mirror *m)
{
	size_t i;

	for (i = 0; i < 2; i++) {
		seal_key_free(m->key[i]);
		seal_vkey_fini(&m->vkey[i]);
	}
	seal_key_free(m->witness_key);
	seal_vkey_fini(&m->witness);
	free(m->leaf);
}

void fake_mirror_play(struct fake_mirror *m, struct fake_answer answer)
{
	if (m->scripted == FAKE_SCRIPT_MAX)
		must(SEAL_E_RANGE);
	m->script[m->scripted++] = answer;
}

static int cosign(const struct seal_vkey *vkey, const struct seal_key *key,
		  uint64_t size, const struct seal_hash *root, uint64_t time_s,
		  struct seal_buf *ret_line)
{
	struct seal_checkpoint cp;
	struct seal_buf text = SEAL_BUF_INIT;
	int rc = seal_checkpoint_init(&cp, FAKE_ORIGIN, size, root);

	if (!rc)
		seal_checkpoint_put(&text, &cp);
	if (!rc)
		rc = seal_buf_error(&text);
	if (!rc)
		rc = seal_cosig_sign(ret_line, text.data, text.len, time_s,
				     vkey, key);
	seal_buf_fini(&text);
	return rc;
}

void fake_mirror_cosign(const struct fake_mirror *m, size_t key, uint64_t size,
			const struct seal_hash *root, uint64_t time_s,
			struct seal_buf *ret_line)
{
	must(cosign(&m->vkey[key], m->key[key], size, root, time_s, ret_line));
}

static int answer(struct seal_forward_answer *a, unsigned status,
		  const char *type)
{
	if (seal_buf_error(a->body))
		return seal_buf_error(a->body);
	a->status = status;
	snprintf(a->content_type, sizeof(a->content_type), "%s",
		 type ? type : "");
	return 0;
}

static int answer_info(struct fake_mirror *m, struct seal_forward_answer *a,
		       unsigned status, uint64_t size)
{
	seal_mirror_info_build(size, m->next, (const uint8_t *)m->ticket,
			       strlen(m->ticket), a->body);
	return answer(a, status, SEAL_TYPE_MIRROR_INFO);
}

/* The consistency of the request's checkpoint with what we have. */
static unsigned judge_checkpoint(struct fake_mirror *m,
				 const struct seal_add_checkpoint *r,
				 const struct seal_checkpoint *cp)
{
	if (r->old_size > cp->size)
		return 400;
	if (r->old_size != m->pending)
		return 409;
	if (!r->old_size)
		return r->proof.n ? 422 : 200;
	return seal_proof_check_consistency(r->old_size, &m->pending_root,
					    cp->size, &cp->root, r->proof.hash,
					    r->proof.n)
		       ? 422
		       : 200;
}

static int on_checkpoint(struct fake_mirror *m, const struct seal_buf *body,
			 struct seal_forward_answer *a)
{
	struct seal_add_checkpoint r;
	struct seal_checkpoint cp;
	struct seal_note note;
	unsigned status;

	m->checkpoints++;
	if (seal_add_checkpoint_parse(body->data, body->len, &r, NULL) ||
	    seal_checkpoint_parse_note(r.note, r.note_bytes, &note, &cp, NULL))
		return answer(a, 400, NULL);
	m->old_size = r.old_size;
	m->size = cp.size;
	if (strcmp(cp.origin, FAKE_ORIGIN) != 0)
		return answer(a, 404, NULL);
	if (seal_note_verify(&note, m->host, NULL))
		return answer(a, 403, NULL);
	status = judge_checkpoint(m, &r, &cp);
	if (status == 409) {
		seal_size_build(m->pending, a->body);
		return answer(a, 409, SEAL_TYPE_SIZE);
	}
	if (status != 200)
		return answer(a, status, NULL);
	m->pending = cp.size;
	m->pending_root = cp.root;
	if (m->witnesses)
		cosign(&m->witness, m->witness_key, cp.size, &cp.root,
		       m->time_s, a->body);
	return answer(a, 200, NULL);
}

/* Saves a package that verifies; false: 422. */
static bool save(struct fake_mirror *m, const struct seal_package *p,
		 uint64_t size)
{
	struct seal_hash leaf[SEAL_PACKAGE_ENTRIES_MAX];

	if (seal_package_verify(p, m->leaf + p->subtree, p->first - p->subtree,
				size, &m->pending_root, leaf, NULL))
		return false;
	memcpy(m->leaf + p->first, leaf, (p->end - p->first) * sizeof(*leaf));
	if (p->end > m->next)
		m->next = p->end;
	m->packages++;
	return true;
}

struct upload {
	struct seal_upload *parser;
	const struct seal_upload_header *header;
	unsigned status; /* 0: so far good */
	int error;
	bool done;
};

static void feed(struct fake_mirror *m, struct upload *u, const uint8_t *data,
		 size_t bytes)
{
	enum seal_upload_event event = SEAL_UPLOAD_HEADER;
	size_t used;

	while (!u->status && event != SEAL_UPLOAD_MORE) {
		u->error = seal_upload_feed(u->parser, data, bytes, &used,
					    &event, NULL);
		if (u->error) {
			u->status = 400;
			return;
		}
		data += used;
		bytes -= used;
		u->header = seal_upload_header(u->parser);
		u->done = event == SEAL_UPLOAD_DONE;
		if (event == SEAL_UPLOAD_HEADER &&
		    (u->header->end != m->pending ||
		     u->header->start > m->next))
			u->status = 409;
		if (event == SEAL_UPLOAD_PACKAGE &&
		    !save(m, seal_upload_package(u->parser), u->header->end))
			u->status = 422;
		if (u->done && bytes)
			u->status = 400;
		if (u->done)
			return;
	}
}

static void look_at_header(struct fake_mirror *m,
			   const struct seal_upload_header *h)
{
	m->start = h->start;
	m->end = h->end;
	if (h->end - h->start > m->distance_max)
		m->distance_max = h->end - h->start;
	snprintf(m->last_ticket, sizeof(m->last_ticket), "%.*s",
		 (int)h->ticket_bytes, (const char *)h->ticket);
}

static int finish(struct fake_mirror *m, struct upload *u,
		  struct seal_forward_answer *a)
{
	size_t i;
	int rc = 0;

	if (u->error == SEAL_E_NOMEM)
		return u->error;
	if (u->status == 409 && u->header)
		return answer_info(m, a, 409, m->pending);
	if (u->status)
		return answer(a, u->status, NULL);
	if (!u->header || (!u->done && !m->packages))
		return answer(a, 400, NULL);
	if (!u->done)
		return answer_info(m, a, 202, u->header->end);
	m->stored = u->header->end;
	for (i = 0; i < m->keys && !rc; i++)
		rc = cosign(&m->vkey[i], m->key[i], m->stored, &m->pending_root,
			    m->time_s + i, a->body);
	return rc ? rc : answer(a, 200, NULL);
}

static int on_entries(struct fake_mirror *m, seal_forward_body_fn body,
		      void *body_ctx, struct seal_forward_answer *a,
		      struct seal_diag *diag)
{
	struct upload u = {0};
	const uint8_t *piece;
	size_t bytes;
	int rc;

	m->uploads++;
	m->packages = 0;
	rc = seal_upload_new(0, &u.parser);
	if (rc)
		return rc;
	while (!(rc = body(body_ctx, &piece, &bytes, diag)) && bytes) {
		if (bytes > m->piece_max)
			m->piece_max = bytes;
		feed(m, &u, piece, bytes);
	}
	if (!rc && !u.status)
		feed(m, &u, NULL, 0);
	if (u.header)
		look_at_header(m, u.header);
	if (m->packages > m->packages_max)
		m->packages_max = m->packages;
	if (!rc)
		rc = finish(m, &u, a);
	seal_upload_free(u.parser);
	return rc;
}

/* The scripted answer to this request, if there is one. */
static const struct fake_answer *next_line(struct fake_mirror *m,
					   const char *path)
{
	const struct fake_answer *line = m->always;

	if (m->played < m->scripted)
		line = &m->script[m->played];
	if (!line || (line->path && strcmp(line->path, path) != 0))
		return NULL;
	if (line != m->always)
		m->played++;
	return line;
}

static int say(const struct fake_answer *line, struct seal_forward_answer *a,
	       struct seal_diag *diag)
{
	if (line->error)
		return seal_diag_set(diag, line->error, "scripted error");
	seal_buf_reset(a->body);
	if (line->body)
		seal_buf_put_str(a->body, line->body);
	a->has_retry_after = line->has_retry_after;
	a->retry_after_ms = line->retry_after_ms;
	return answer(a, line->status, line->type);
}

static int work(struct fake_mirror *m, const char *path,
		seal_forward_body_fn body, void *body_ctx,
		struct seal_forward_answer *a, struct seal_diag *diag)
{
	struct seal_buf whole = SEAL_BUF_INIT;
	const uint8_t *piece;
	size_t bytes;
	int rc;

	if (!strcmp(path, SEAL_PATH_ADD_ENTRIES))
		return on_entries(m, body, body_ctx, a, diag);
	while (!(rc = body(body_ctx, &piece, &bytes, diag)) && bytes)
		seal_buf_put(&whole, piece, bytes);
	if (!rc)
		rc = seal_buf_error(&whole);
	if (!rc)
		rc = on_checkpoint(m, &whole, a);
	seal_buf_fini(&whole);
	return rc;
}

static int post(void *ctx, const char *path, const char *content_type,
		bool gzip, seal_forward_body_fn body, void *body_ctx,
		struct seal_forward_answer *a, struct seal_diag *diag)
{
	struct fake_mirror *m = ctx;
	const struct fake_answer *line = next_line(m, path);
	int rc;

	(void)content_type;
	(void)gzip;
	if (m->on_post)
		m->on_post(m->on_post_ctx);
	if (line && !line->work)
		return say(line, a, diag);
	rc = work(m, path, body, body_ctx, a, diag);
	return line && !rc ? say(line, a, diag) : rc;
}

static int get(void *ctx, const char *path, struct seal_forward_answer *a,
	       struct seal_diag *diag)
{
	struct fake_mirror *m = ctx;
	const struct fake_answer *line = next_line(m, path);

	m->gets++;
	snprintf(m->get_path, sizeof(m->get_path), "%s", path);
	if (line)
		return say(line, a, diag);
	if (m->shown)
		seal_buf_put_buf(a->body, m->shown);
	else
		seal_buf_put_str(a->body, "the mirror's checkpoint\n");
	return answer(a, 200, "text/plain; charset=utf-8");
}

static void abort_request(void *ctx)
{
	struct fake_mirror *m = ctx;

	m->aborted = true;
}

void fake_mirror_transport(struct fake_mirror *m,
			   struct seal_forward_transport *ret_transport)
{
	*ret_transport = (struct seal_forward_transport){
		.ctx = m, .post = post, .get = get, .abort = abort_request};
}
