/* SPDX-License-Identifier: Apache-2.0 */
/* Contract: storedaemon.h. */
#include "tests/lib/storedaemon.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/checkpoint.h"
#include "core/policy.h"
#include "protocol/enroll.h"
#include "protocol/tile.h"
#include "tests/lib/testlog.h"

#define ARGUMENTS_MAX 16

/* ---- files ---- */

const char *daemon_path(const struct daemon_store *d, const char *file)
{
	static char paths[5][256];
	static unsigned turn;
	char *path = paths[turn++ % 5];

	snprintf(path, sizeof(paths[0]), "%s/%s", d->dir, file);
	return path;
}

static char *text_of(const char *path, size_t *ret_len)
{
	struct seal_buf text = SEAL_BUF_INIT;
	FILE *f = fopen(path, "r");
	size_t got;
	uint8_t *at;

	if (!f)
		fail_msg("there is no %s", path);
	do {
		at = seal_buf_extend(&text, 4096);
		assert_non_null(at);
		got = fread(at, 1, 4096, f);
		seal_buf_truncate(&text, text.len - 4096 + got);
	} while (got);
	fclose(f);
	assert_non_null(seal_buf_cstr(&text));
	*ret_len = text.len;
	return (char *)text.data;
}

static void text_put(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

bool file_has(const char *path, const char *text)
{
	size_t len;
	char *all = text_of(path, &len);
	bool has = strstr(all, text);

	free(all);
	return has;
}

/* ---- the program ---- */

static const char *program(void)
{
	static char path[512];
	const char *build = getenv("SEAL_BUILDDIR");

	snprintf(path, sizeof(path), "%s/tools/auditseald/auditseald",
		 build ? build : ".");
	return path;
}

static void child_exec(const char *const *arguments)
{
	const char *argv[ARGUMENTS_MAX] = {"auditseald"};
	int i;

	for (i = 0; arguments[i]; i++)
		argv[i + 1] = arguments[i];
	execv(program(), (char *const *)(uintptr_t)argv);
	perror(program());
	_exit(127);
}

int daemon_command(const char *const *arguments)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (!freopen("printed", "w", stdout) ||
		    dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
			_exit(126);
		child_exec(arguments);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void daemon_make(struct daemon_store *d)
{
	static unsigned made;

	memset(d, 0, sizeof(*d));
	snprintf(d->dir, sizeof(d->dir), "store-%u", made++);
	assert_int_equal(
		daemon_command((const char *[]){
			"init", "--dir", d->dir, "--listen", "127.0.0.1:0",
			"--name", "store.example/mirror", "--server-name",
			"localhost", NULL}),
		0);
}

static void listening_read(struct daemon_store *d, int fd)
{
	char line[256];
	FILE *f = fdopen(fd, "r");
	const char *port;

	assert_non_null(f);
	if (!fgets(line, sizeof(line), f))
		fail_msg("auditseald run ended at once");
	port = strrchr(line, ':');
	assert_non_null(port);
	snprintf(d->url, sizeof(d->url), "https://localhost:%d",
		 atoi(port + 1));
	fclose(f);
}

void daemon_start(struct daemon_store *d)
{
	int out[2], err[2];

	assert_int_equal(pipe(out), 0);
	assert_int_equal(pipe(err), 0);
	d->pid = fork();
	if (d->pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		dup2(err[1], STDERR_FILENO);
		close(out[0]);
		close(err[0]);
		child_exec((const char *[]){"run", "--dir", d->dir, NULL});
	}
	close(out[1]);
	close(err[1]);
	d->said = fdopen(err[0], "r");
	assert_non_null(d->said);
	listening_read(d, out[0]);
}

static int daemon_end(struct daemon_store *d, int signal_number)
{
	int status = 0;

	kill(d->pid, signal_number);
	assert_int_equal(waitpid(d->pid, &status, 0), d->pid);
	d->pid = 0;
	fclose(d->said);
	d->said = NULL;
	return status;
}

void daemon_stop(struct daemon_store *d)
{
	int status = daemon_end(d, SIGTERM);

	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

void daemon_kill(struct daemon_store *d)
{
	assert_true(WIFSIGNALED(daemon_end(d, SIGKILL)));
}

void daemon_free(struct daemon_store *d)
{
	if (d->pid)
		daemon_kill(d);
}

void daemon_says(struct daemon_store *d, const char *word)
{
	char line[1200];

	while (fgets(line, sizeof(line), d->said))
		if (strstr(line, word))
			return;
	fail_msg("auditseald never said \"%s\"", word);
}

/* ---- hosts ---- */

static void key_put(const char *name, const struct seal_x509_key *key)
{
	char path[128], *pem;

	snprintf(path, sizeof(path), "%s.key", name);
	assert_int_equal(seal_x509_key_to_pem(key, &pem, NULL), 0);
	text_put(path, pem, strlen(pem));
	seal_x509_secret_free(pem);
}

void host_request(const struct test_host *h, const char *name)
{
	struct seal_key *epoch = test_host_epoch0(h);
	struct seal_hash id = test_host_log_id(h);
	uint8_t text[SEAL_ENROLL_SIGNED_BYTES];
	struct seal_buf out = SEAL_BUF_INIT;
	struct seal_enroll e = {0};
	struct seal_x509_key *key;
	char path[128];

	snprintf(e.origin, sizeof(e.origin), "%s", h->origin);
	memcpy(e.host_key, test_pub(h->host), sizeof(e.host_key));
	memcpy(e.epoch_key, test_pub(epoch), sizeof(e.epoch_key));
	seal_enroll_signed_text(&id, text);
	assert_int_equal(seal_key_sign(h->host, text, sizeof(text), e.host_sig),
			 0);
	assert_int_equal(seal_key_sign(epoch, text, sizeof(text), e.epoch_sig),
			 0);
	assert_int_equal(seal_x509_key_generate(&key, NULL), 0);
	assert_int_equal(
		seal_x509_request_make(key, "a host", &e.csr_pem, NULL), 0);
	e.csr_pem_bytes = strlen(e.csr_pem);
	assert_int_equal(seal_enroll_build(&e, &out, NULL), 0);
	snprintf(path, sizeof(path), "%s.enroll", name);
	text_put(path, out.data, out.len);
	key_put(name, key);
	seal_buf_fini(&out);
	seal_enroll_fini(&e);
	seal_x509_key_free(key);
	seal_key_free(epoch);
}

void host_enroll(const struct daemon_store *d, const struct test_host *h,
		 const char *name)
{
	struct seal_welcome welcome = {0};
	char path[128], *text;
	size_t len;

	host_request(h, name);
	snprintf(path, sizeof(path), "%s.enroll", name);
	assert_int_equal(daemon_command((const char *[]){"enroll", "--dir",
							 d->dir, path, NULL}),
			 0);
	snprintf(path, sizeof(path), "%s.welcome", name);
	text = text_of(path, &len);
	assert_int_equal(
		seal_welcome_parse((uint8_t *)text, len, &welcome, NULL), 0);
	assert_string_equal(welcome.origin, h->origin);
	snprintf(path, sizeof(path), "%s.pem", name);
	text_put(path, welcome.certificate, strlen(welcome.certificate));
	seal_welcome_fini(&welcome);
	free(text);
}

/* ---- asking ---- */

struct seal_http *client_make(const struct daemon_store *d, const char *name,
			      const char *ca)
{
	char cert[256], key[256];
	struct seal_http_config config = {
		.ca_file = ca ? ca : daemon_path(d, "ca.pem"),
		.cert_file = name ? cert : NULL,
		.key_file = name ? key : NULL,
		/* A busy machine is no store that does not answer. */
		.connect_ms = 120000,
		.idle_ms = 120000,
	};
	struct seal_diag diag = {0};
	struct seal_http *client;

	snprintf(cert, sizeof(cert), "%s.pem", name ? name : "");
	snprintf(key, sizeof(key), "%s.key", name ? name : "");
	if (seal_http_new(&config, &client, &diag) < 0)
		fail_msg("%s", diag.text);
	return client;
}

static int body_piece(void *ctx, const uint8_t **ret_piece, size_t *ret_bytes,
		      struct seal_diag *diag)
{
	struct seal_buf *left = ctx; /* a view: data and len of what remains */
	size_t bytes = left->len < 16384 ? left->len : 16384;

	(void)diag;
	*ret_piece = left->data;
	*ret_bytes = bytes;
	left->data += bytes;
	left->len -= bytes;
	return 0;
}

void client_ask(const struct daemon_store *d, struct seal_http *client,
		const char *path, const char *content_type,
		const struct seal_buf *body, struct answer *ret_answer)
{
	struct seal_buf view = {0};
	struct seal_http_request request = {
		.content_type = content_type,
		.body = body_piece,
		.body_ctx = &view,
		.gzip = content_type && !strcmp(content_type, SEAL_TYPE_OCTETS),
		.accept_gzip = true,
		.answer_bytes_max = 1 << 26,
	};
	char url[512];

	if (body)
		view = *body;
	snprintf(url, sizeof(url), "%s%s", d->url, path);
	request.url = url;
	memset(ret_answer, 0, sizeof(*ret_answer));
	ret_answer->rc = seal_http_perform(client, &request, &ret_answer->head,
					   &ret_answer->body, NULL);
}

void answer_fini(struct answer *answer)
{
	seal_buf_fini(&answer->body);
}

static void expect(const struct answer *answer, unsigned status)
{
	if (answer->rc < 0)
		fail_msg("%s in place of %u", seal_strerror(answer->rc),
			 status);
	if (answer->head.status != status)
		fail_msg("%u in place of %u: %.*s", answer->head.status, status,
			 (int)answer->body.len, (char *)answer->body.data);
}

void host_checkpoint(const struct daemon_store *d, struct seal_http *client,
		     const struct test_host *h, size_t old, size_t size,
		     unsigned status)
{
	struct seal_key *epoch = test_host_epoch0(h);
	struct seal_buf body = SEAL_BUF_INIT;
	struct answer answer;

	test_host_add_checkpoint(h, old, size, epoch, &body);
	client_ask(d, client, SEAL_PATH_ADD_CHECKPOINT, SEAL_TYPE_TEXT, &body,
		   &answer);
	expect(&answer, status);
	if (status == 409)
		assert_string_equal(answer.head.content_type, SEAL_TYPE_SIZE);
	answer_fini(&answer);
	seal_buf_fini(&body);
	seal_key_free(epoch);
}

/* The whole note is what a verifier with the store's policy accepts. */
static uint64_t note_verify(const struct daemon_store *d,
			    const struct test_host *h,
			    const struct seal_buf *whole)
{
	struct seal_policy *policy;
	struct seal_quorum quorum;
	struct seal_checkpoint cp;
	struct seal_note note;
	struct seal_hash root;
	size_t len, line;
	char *text = text_of(daemon_path(d, "policy"), &len);

	assert_int_equal(seal_policy_parse(text, len, "policy", &policy, NULL),
			 0);
	assert_int_equal(seal_checkpoint_parse_note(whole->data, whole->len,
						    &note, &cp, NULL),
			 0);
	assert_string_equal(cp.origin, h->origin);
	root = test_host_root(h, cp.size);
	assert_memory_equal(&cp.root, &root, sizeof(root));
	assert_int_equal(
		seal_policy_verify_log(policy, &note, h->origin, &line, NULL),
		0);
	assert_int_equal(seal_policy_evaluate(policy, &note, &quorum, NULL), 0);
	assert_true(quorum.met);
	seal_policy_free(policy);
	free(text);
	return cp.size;
}

void host_entries(const struct daemon_store *d, struct seal_http *client,
		  const struct test_host *h, size_t start, size_t end,
		  size_t packages, unsigned status)
{
	struct seal_buf body = SEAL_BUF_INIT, whole = SEAL_BUF_INIT;
	struct answer answer;

	test_host_add_entries(h, start, end, packages, &body);
	client_ask(d, client, SEAL_PATH_ADD_ENTRIES, SEAL_TYPE_OCTETS, &body,
		   &answer);
	expect(&answer, status);
	if (status == 200) {
		test_host_note(h, end, NULL, &whole);
		seal_buf_put_buf(&whole, &answer.body);
		assert_int_equal(note_verify(d, h, &whole), end);
	}
	if (status == 202 || status == 409)
		assert_string_equal(answer.head.content_type,
				    SEAL_TYPE_MIRROR_INFO);
	answer_fini(&answer);
	seal_buf_fini(&body);
	seal_buf_fini(&whole);
}

void reader_get(const struct daemon_store *d, struct seal_http *client,
		const char *origin, const char *resource, unsigned status,
		struct answer *ret_answer)
{
	char path[256], hex[SEAL_ORIGIN_HASH_BYTES];

	assert_int_equal(seal_origin_hash(origin, hex), 0);
	snprintf(path, sizeof(path), "/%s/%.120s", hex, resource);
	client_ask(d, client, path, NULL, NULL, ret_answer);
	expect(ret_answer, status);
}

uint64_t reader_size(const struct daemon_store *d, struct seal_http *client,
		     const struct test_host *h)
{
	struct answer answer;
	uint64_t size;

	reader_get(d, client, h->origin, "checkpoint", 200, &answer);
	size = note_verify(d, h, &answer.body);
	answer_fini(&answer);
	return size;
}
