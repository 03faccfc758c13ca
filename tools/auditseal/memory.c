/* SPDX-License-Identifier: Apache-2.0 */
/* What a verifier remembers from one run to the next.  Contract: memory.h. */
#include "memory.h"

#include "cli.h"
#include "enroll.h"

#include "core/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define FILE_MAX_BYTES ((size_t)256 << 20)
#define TOLD_MAX       10000

static int take_lock(const char *path, int *ret_fd, struct seal_diag *diag)
{
	char name[4096];
	int fd;

	if (snprintf(name, sizeof(name), "%s.lock", path) >= (int)sizeof(name))
		return seal_diag_set(diag, SEAL_E_ARG,
				     "the path of --state is too long");
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return seal_diag_set_errno(
			diag, errno == EACCES ? SEAL_E_PERM : SEAL_E_IO, errno,
			"cannot open %s", name);
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return seal_diag_set(diag, SEAL_E_BUSY,
				     "another auditseal uses %s at this moment",
				     path);
	}
	*ret_fd = fd;
	return 0;
}

static int load(struct cli_memory *m, bool fresh, struct seal_diag *diag)
{
	uint8_t *bytes;
	size_t len;
	int rc = cli_read_file(m->path, FILE_MAX_BYTES, &bytes, &len, diag);

	if (rc == SEAL_E_NOTFOUND && fresh) {
		memset(diag, 0, sizeof(*diag));
		return cli_memory_save(m, diag);
	}
	if (rc == SEAL_E_NOTFOUND)
		return seal_diag_set(diag, rc,
				     "%s is not there: was it deleted?  The "
				     "first time, --state-init begins it",
				     m->path);
	if (rc)
		return rc;
	if (fresh)
		rc = seal_diag_set(diag, SEAL_E_EXISTS,
				   "%s is there already: leave --state-init "
				   "out",
				   m->path);
	else
		rc = cli_memory_decode((const char *)bytes, len, m->path, m,
				       diag);
	free(bytes);
	return rc;
}

int cli_memory_open(const char *path, bool fresh, struct cli_memory *ret_memory,
		    struct seal_diag *diag)
{
	struct cli_memory m = {.path = path, .lock = -1};
	int rc = take_lock(path, &m.lock, diag);

	if (!rc)
		rc = load(&m, fresh, diag);
	if (rc) {
		cli_memory_close(&m);
		return rc;
	}
	*ret_memory = m;
	return 0;
}

int cli_memory_save(const struct cli_memory *memory, struct seal_diag *diag)
{
	struct seal_buf text = SEAL_BUF_INIT;
	int rc = cli_memory_encode(memory, &text);

	if (!rc)
		rc = cli_write_file(memory->path, text.data, text.len, 0600,
				    diag);
	seal_buf_fini(&text);
	return rc;
}

void cli_memory_close(struct cli_memory *memory)
{
	size_t i;

	for (i = 0; i < memory->n; i++)
		free(memory->v[i].told);
	free(memory->v);
	if (memory->lock >= 0)
		close(memory->lock);
	memset(memory, 0, sizeof(*memory));
	memory->lock = -1;
}

struct cli_remembered *cli_memory_find(const struct cli_memory *memory,
				       const char *origin, bool store)
{
	size_t i;

	for (i = 0; i < memory->n; i++)
		if (memory->v[i].store == store &&
		    !strcmp(memory->v[i].head.origin, origin))
			return &memory->v[i];
	return NULL;
}

/* ---- what was told ---- */

static int describe(const struct seal_finding *f, char kind,
		    struct cli_told *ret_told)
{
	struct cli_told t = {f->number, f->first, f->last, 0, 0};
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_hash hash;
	int rc = 0;

	if (f->first == SEAL_FINDING_NO_INDEX) {
		seal_buf_put_str(&text, f->where ? f->where : "");
		seal_buf_put(&text, "", 1);
		seal_buf_put_str(&text, f->text ? f->text : "");
		rc = seal_buf_error(&text);
		if (!rc)
			rc = seal_sha256(text.data, text.len, &hash);
		if (!rc)
			t.digest = (uint32_t)hash.b[0] << 24 |
				   (uint32_t)hash.b[1] << 16 |
				   (uint32_t)hash.b[2] << 8 | hash.b[3];
		t.kind = kind;
	}
	seal_buf_fini(&text);
	*ret_told = t;
	return rc;
}

static bool same(const struct cli_told *a, const struct cli_told *b)
{
	return a->number == b->number && a->first == b->first &&
	       a->last == b->last && a->kind == b->kind &&
	       a->digest == b->digest;
}

static bool was_told(const struct cli_remembered *r, const struct cli_told *t)
{
	size_t i;

	for (i = 0; r && i < r->told_count; i++)
		if (same(&r->told[i], t))
			return true;
	return false;
}

static bool is_once(const struct seal_finding *f)
{
	return f->number == 20 || f->number == 24;
}

static bool is_telling(const struct seal_finding *f)
{
	return f->class == SEAL_CLASS_A || is_once(f);
}

/* Of the entries all that was ever told; of statements what still stands. */
static int tell(struct cli_remembered *r, char kind,
		const struct seal_findings *list, bool *was)
{
	struct cli_told *told;
	size_t i, n = 0;
	int rc = 0;

	told = calloc(r->told_count + list->n + 1, sizeof(*told));
	if (!told)
		return SEAL_E_NOMEM;
	for (i = 0; i < r->told_count; i++)
		if (r->told[i].kind != kind)
			told[n++] = r->told[i];
	for (i = 0; i < list->n && !rc; i++) {
		if (!is_telling(&list->v[i]) && !was[i])
			continue;
		rc = describe(&list->v[i], kind, &told[n]);
		if (!rc && !(told[n].kind == 0 && was_told(r, &told[n])))
			n++;
	}
	if (rc) {
		free(told);
		return rc;
	}
	free(r->told);
	r->told = told;
	r->told_count = n < TOLD_MAX ? n : TOLD_MAX;
	return 0;
}

/* What was told of entries in one place was told of them in the other. */
static int judge_again(const struct cli_memory *m, char kind,
		       struct seal_verdict *verdict, bool *ret_was)
{
	const struct cli_remembered *host = cli_memory_find(m, verdict->origin,
							    false),
				    *store = cli_memory_find(m, verdict->origin,
							     true);
	struct seal_finding *f;
	struct cli_told t;
	size_t i;
	int rc = 0;

	for (i = 0; i < verdict->findings.n && !rc; i++) {
		f = &verdict->findings.v[i];
		ret_was[i] = false;
		if (!is_telling(f))
			continue;
		rc = describe(f, kind, &t);
		ret_was[i] = !rc && (was_told(host, &t) || was_told(store, &t));
		f->class = ret_was[i] ? SEAL_CLASS_N : SEAL_CLASS_A;
	}
	seal_verdict_judge(verdict);
	return rc;
}

/* ---- the head ---- */

static struct cli_remembered *find_or_add(struct cli_memory *m,
					  const char *origin, bool store)
{
	struct cli_remembered *r = cli_memory_find(m, origin, store), *grown;

	if (r)
		return r;
	grown = realloc(m->v, (m->n + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	m->v = grown;
	r = &m->v[m->n];
	memset(r, 0, sizeof(*r));
	r->store = store;
	snprintf(r->head.origin, sizeof(r->head.origin), "%s", origin);
	m->n++;
	return r;
}

static void remember(struct cli_remembered *r,
		     const struct seal_feed_place *place,
		     const struct seal_verdict *v)
{
	uint64_t time_us = v->anchor.kind == SEAL_ANCHOR_EXPECTED
				   ? v->as_of_us
				   : v->anchor.time_us;

	if (v->size < r->head.size || v->range)
		return;
	if (v->size > r->head.size) {
		r->resumable = false;
		memset(&r->place, 0, sizeof(r->place));
		r->head.size = v->size;
		r->head.root = v->root;
		r->head.log_id = v->log_id;
	}
	if (time_us > r->head.time_us)
		r->head.time_us = time_us;
	r->seen_us = v->as_of_us;
	if (v->resumable) {
		r->resumable = true;
		r->resume = v->resume;
	}
	if (place && place->size == v->size)
		r->place = *place;
	if (!r->store && v->anchor.kind == SEAL_ANCHOR_QUORUM &&
	    v->anchor.size >= r->stored) {
		r->stored = v->anchor.size;
		r->stored_root = v->anchor.root;
	}
}

int cli_memory_take(struct cli_memory *m, bool store,
		    const struct seal_feed_place *place,
		    struct seal_verdict *verdict)
{
	char kind = store ? 's' : 'h';
	struct cli_remembered *r;
	bool *was = calloc(verdict->findings.n + 1, sizeof(*was));
	int rc;

	if (!was)
		return SEAL_E_NOMEM;
	rc = judge_again(m, kind, verdict, was);
	/* Nothing that was not verified is remembered. */
	if (!rc && verdict->exit_status <= CLI_ATTENTION && verdict->size &&
	    verdict->have_log_id && verdict->anchor.kind) {
		r = find_or_add(m, verdict->origin, store);
		rc = r ? tell(r, kind, &verdict->findings, was) : SEAL_E_NOMEM;
		if (!rc)
			remember(r, place, verdict);
	}
	free(was);
	return rc;
}
