/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real auditseald from init to kill -9: nothing it ever promised is lost,
 * and nothing that stands in its directory is replaced.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocol/limits.h"
#include "tests/lib/storedaemon.h"

#define ORIGIN "web01.example.com/audit"
#define COUNT  2000
#define ROUNDS 6

#define COMMAND(...) daemon_command((const char *[]){__VA_ARGS__, NULL})

static struct daemon_store d;
static struct test_host host;
static struct seal_http *writer, *reader;

static void clients_make(void)
{
	seal_http_free(writer);
	seal_http_free(reader);
	writer = client_make(&d, "web01", NULL);
	reader = client_make(&d, "reader", NULL);
}

static int begin(void **state)
{
	(void)state;
	daemon_make(&d);
	unlink("reader.pem");
	unlink("reader.key");
	assert_int_equal(symlink(daemon_path(&d, "reader.pem"), "reader.pem"),
			 0);
	assert_int_equal(symlink(daemon_path(&d, "reader.key"), "reader.key"),
			 0);
	daemon_start(&d);
	test_host_make(&host, ORIGIN, COUNT, 200, 1);
	host_enroll(&d, &host, "web01");
	clients_make();
	return 0;
}

static int end(void **state)
{
	(void)state;
	seal_http_free(writer);
	seal_http_free(reader);
	writer = reader = NULL;
	daemon_free(&d);
	test_host_free(&host);
	return 0;
}

static void init_makes_everything_once(void **state)
{
	static const struct {
		const char *file;
		unsigned mode;
	} files[] = {
		{"ca.key", 0600},	   {"server.key", 0600},
		{"reader.key", 0600},	   {"mirror.key", 0600},
		{"store.db", 0600},	   {"ca.pem", 0644},
		{"server.pem", 0644},	   {"reader.pem", 0644},
		{"policy", 0644},	   {"policy.pins", 0644},
		{"auditseald.conf", 0644},
	};
	struct stat before, after;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_int_equal(stat(daemon_path(&d, files[i].file), &before),
				 0);
		assert_int_equal(before.st_mode & 07777, files[i].mode);
	}
	assert_int_equal(stat(daemon_path(&d, "mirror.key"), &before), 0);
	assert_int_equal(COMMAND("init", "--dir", d.dir), 1);
	assert_true(file_has("printed", "nothing was changed"));
	assert_int_equal(stat(daemon_path(&d, "mirror.key"), &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	assert_int_equal(before.st_ino, after.st_ino);
	/* Half a store: a directory with anything of it in the way. */
	assert_int_equal(mkdir("half", 0700), 0);
	assert_int_equal(
		close(open("half/mirror.key", O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(COMMAND("init", "--dir", "half"), 1);
	assert_true(file_has("printed", "mirror.key"));
	assert_int_equal(COMMAND("run", "--dir", "half"), 1);
	assert_true(file_has("printed", "auditseald init"));
}

static void commands_and_their_statuses(void **state)
{
	(void)state;
	assert_int_equal(COMMAND("--help"), 0);
	assert_int_equal(COMMAND("--version"), 0);
	assert_int_equal(COMMAND("run", "--help"), 0);
	assert_int_equal(COMMAND("run", "--no-such-option"), 2);
	assert_int_equal(COMMAND("run", "argument"), 2);
	assert_int_equal(COMMAND("enroll"), 2);
	assert_int_equal(COMMAND("unheard-of"), 2);
	assert_int_equal(COMMAND("verify", "store"), 2);
	assert_true(file_has("printed", "\"auditseal verify\""));
	assert_int_equal(COMMAND("run", "--dir", d.dir), 1);
	assert_true(file_has("printed", "another auditseald"));
	assert_int_equal(COMMAND("run", "--dir", "absent"), 1);
	assert_true(file_has("printed", "auditseald init --dir absent"));
	assert_int_equal(COMMAND("init", "--dir", "new", "--listen", "here"),
			 1);
	assert_int_equal(
		COMMAND("init", "--dir", "new", "--server-name", "a b"), 1);
	assert_int_equal(COMMAND("list", "--dir", d.dir), 0);
	assert_true(file_has("printed", ORIGIN " entries=0 receipted=0"));
}

static void an_origin_is_enrolled_once(void **state)
{
	struct test_host second;

	(void)state;
	test_host_make(&second, ORIGIN, 9, 30, 1);
	seal_key_free(second.host);
	assert_int_equal(seal_key_generate(SEAL_KEY_TRANSIENT, &second.host),
			 0);
	host_request(&second, "second");
	assert_int_equal(COMMAND("enroll", "--dir", d.dir, "second.enroll"), 1);
	assert_true(file_has("printed", "an origin is used once"));
	assert_int_not_equal(access("second.welcome", F_OK), 0);
	/* The same log again: another certificate, no second line. */
	assert_int_equal(COMMAND("enroll", "--dir", d.dir, "web01.enroll"), 0);
	assert_true(file_has("printed", "was enrolled before"));
	assert_int_equal(system("test $(grep -c '^log " ORIGIN "' store-*/"
				"policy | sed 's/.*://' | sort -n | tail -n 1) "
				"= 1"),
			 0);
	assert_int_equal(truncate("second.enroll", 300), 0);
	assert_int_equal(COMMAND("enroll", "--dir", d.dir, "second.enroll"), 1);
	assert_int_equal(COMMAND("enroll", "--dir", d.dir, "absent.enroll"), 1);
	host_checkpoint(&d, writer, &host, 0, 9, 200);
	test_host_free(&second);
}

static void a_restart_changes_nothing(void **state)
{
	size_t size, old = 0;

	(void)state;
	for (size = 100; size < 1500; size += 333) {
		host_checkpoint(&d, writer, &host, old, size, 200);
		host_entries(&d, writer, &host, old, size, 99, 200);
		daemon_stop(&d);
		assert_int_not_equal(access(daemon_path(&d, "listening"), F_OK),
				     0);
		daemon_start(&d);
		clients_make();
		assert_int_equal(reader_size(&d, reader, &host), size);
		old = size;
	}
}

/* In a child, where no assertion may fail: the store is going to be killed. */
static bool asked(struct seal_http *client, const char *path, const char *type,
		  struct seal_buf *body)
{
	struct answer answer;
	bool good;

	client_ask(&d, client, path, type, body, &answer);
	good = answer.rc == 0 && answer.head.status == 200;
	answer_fini(&answer);
	seal_buf_reset(body);
	return good;
}

/* A child uploads for ever and says every receipt that it holds. */
static void upload_for_ever(int say)
{
	struct seal_http *client = client_make(&d, "web01", NULL);
	struct seal_buf body = SEAL_BUF_INIT;
	uint64_t old, size;

	for (old = 0; old < COUNT; old = size) {
		size = old + 1 + old % 37;
		if (size > COUNT)
			size = COUNT;
		test_host_add_checkpoint(&host, old, size, NULL, &body);
		if (!asked(client, SEAL_PATH_ADD_CHECKPOINT, SEAL_TYPE_TEXT,
			   &body))
			break;
		test_host_add_entries(&host, old, size, SIZE_MAX, &body);
		if (!asked(client, SEAL_PATH_ADD_ENTRIES, SEAL_TYPE_OCTETS,
			   &body) ||
		    write(say, &size, sizeof(size)) != sizeof(size))
			break;
	}
	_exit(0);
}

static void kill_9_keeps_every_receipt(void **state)
{
	uint64_t held = 0, size, enough = 60;
	int say[2], round, status;
	pid_t child;

	(void)state;
	for (round = 0; round < ROUNDS; round++, enough += 71) {
		assert_int_equal(pipe(say), 0);
		child = fork();
		if (child == 0)
			upload_for_ever(say[1]);
		close(say[1]);
		for (held = 0; held < enough; held = size)
			assert_int_equal(read(say[0], &size, sizeof(size)),
					 sizeof(size));
		daemon_kill(&d);
		kill(child, SIGKILL);
		while (read(say[0], &size, sizeof(size)) == sizeof(size))
			held = size;
		close(say[0]);
		waitpid(child, &status, 0);
		daemon_start(&d);
		clients_make();
		assert_true(reader_size(&d, reader, &host) >= held);
		/* And it goes on from there: the next round begins anew. */
		end(state);
		begin(state);
	}
}

static char *text_of(const char *file)
{
	char *text = calloc(1, 8192);
	FILE *f = fopen(daemon_path(&d, file), "r");

	assert_true(text && f);
	assert_true(fread(text, 1, 8191, f) > 0);
	fclose(f);
	return text;
}

static struct seal_x509_key *key_of(const char *file)
{
	struct seal_x509_key *key;
	char *text = text_of(file);

	assert_int_equal(seal_x509_key_from_pem(text, &key, NULL), 0);
	free(text);
	return key;
}

/* A server certificate that clients will tell from the right one. */
static char *expired_certificate(void)
{
	static const char *const names[] = {"localhost"};
	int64_t now_s = (int64_t)time(NULL);
	struct seal_x509_template tmpl = {
		.role = SEAL_X509_SERVER,
		.name = "localhost",
		.names = names,
		.names_count = 1,
		.not_before_s = now_s - 864000,
		.not_after_s = now_s - 86400,
	};
	struct seal_x509_key *ca_key = key_of("ca.key");
	struct seal_x509_key *key = key_of("server.key");
	char *ca = text_of("ca.pem"), *pem;

	assert_int_equal(
		seal_x509_cert_make(&tmpl, key, ca, ca_key, &pem, NULL), 0);
	seal_x509_key_free(ca_key);
	seal_x509_key_free(key);
	free(ca);
	return pem;
}

/* Puts a server certificate in place, and says so to the store. */
static void server_pem_becomes(const char *text, const char *answer)
{
	FILE *f = fopen(daemon_path(&d, "server.pem"), "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
	kill(d.pid, SIGHUP);
	daemon_says(&d, answer);
	clients_make();
}

static void a_signal_reads_everything_again(void **state)
{
	char *right = text_of("server.pem"), *expired = expired_certificate();
	struct answer answer;

	(void)state;
	host_checkpoint(&d, writer, &host, 0, 9, 200);
	server_pem_becomes("nonsense\n", "stay in force");
	host_entries(&d, writer, &host, 0, 9, 9, 200);
	server_pem_becomes(expired, "certificates and policy again");
	client_ask(&d, reader, "/healthz", NULL, NULL, &answer);
	assert_int_equal(answer.rc, SEAL_E_TLS);
	answer_fini(&answer);
	server_pem_becomes(right, "certificates and policy again");
	assert_int_equal(reader_size(&d, reader, &host), 9);
	free(right);
	free(expired);
}

static void bad_directories(void **state)
{
	static const uint8_t newer[4] = {0, 0, 0, 99};
	int fd;

	(void)state;
	daemon_stop(&d);
	assert_int_equal(chmod(daemon_path(&d, "mirror.key"), 0640), 0);
	assert_int_equal(COMMAND("run", "--dir", d.dir), 1);
	assert_true(file_has("printed", "chmod 600"));
	assert_int_equal(chmod(daemon_path(&d, "mirror.key"), 0600), 0);
	assert_int_equal(rename(daemon_path(&d, "policy"), "policy.away"), 0);
	assert_int_equal(COMMAND("run", "--dir", d.dir), 1);
	assert_true(file_has("printed", "policy"));
	assert_int_equal(rename("policy.away", daemon_path(&d, "policy")), 0);
	fd = open(daemon_path(&d, "store.db"), O_WRONLY);
	assert_int_equal(pwrite(fd, newer, 4, 60), 4); /* user_version */
	close(fd);
	assert_int_equal(COMMAND("run", "--dir", d.dir), 1);
	assert_true(file_has("printed", "newer auditseald"));
	assert_int_equal(unlink(daemon_path(&d, "store.db")), 0);
	assert_int_equal(COMMAND("run", "--dir", d.dir), 1);
	assert_true(file_has("printed", "store.db"));
}

int main(void)
{
#define STORE(test) cmocka_unit_test_setup_teardown(test, begin, end)
	const struct CMUnitTest tests[] = {
		STORE(init_makes_everything_once),
		STORE(commands_and_their_statuses),
		STORE(an_origin_is_enrolled_once),
		STORE(a_restart_changes_nothing),
		STORE(kill_9_keeps_every_receipt),
		STORE(a_signal_reads_everything_again),
		STORE(bad_directories),
	};

	if (seal_crypto_init(NULL) < 0 || seal_http_global_init(NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
