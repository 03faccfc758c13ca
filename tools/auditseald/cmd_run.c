/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditseald run: the server's life.  Signals are taken by this thread alone,
 * so that no handler runs anywhere: SIGHUP reads certificates and policy again,
 * SIGTERM and SIGINT end after the requests that are being answered.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "config.h"
#include "files.h"
#include "listen.h"
#include "say.h"
#include "service.h"
#include "submit_thread.h"
#include "witness.h"

#define DRAIN_STEP_NS 10000000 /* 10 ms */
#define DRAIN_STEPS   1000
#define EXPIRY_WARN_S (INT64_C(30) * 86400)

static const char usage[] =
	"run [--dir DIR] [--listen ADDR:PORT] [--port-file FILE]\n"
	"  --dir DIR           the store's directory (" STORE_DIR_DEFAULT ")\n"
	"  --listen ADDR:PORT  in place of the one in " FILE_CONFIG
	"; port 0:\n"
	"                      any free one\n"
	"  --port-file FILE    write the port there once it is listened on\n";

struct run {
	const char *dir;
	const char *listen; /* NULL: the settings' */
	const char *port_file;
	struct config config;
	int lock_fd, listen_fd;
	struct store *store;
	struct submit_thread *submitter;
	struct http_server *server;
};

static int directory_lock(struct run *run, struct seal_diag *diag)
{
	char *path = store_path(run->dir, FILE_LOCK);

	if (!path)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	run->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	free(path);
	if (run->lock_fd < 0)
		return seal_diag_set_errno(diag, SEAL_E_PERM, errno,
					   "cannot lock %s", run->dir);
	if (flock(run->lock_fd, LOCK_EX | LOCK_NB) != 0)
		return seal_diag_set(diag, SEAL_E_BUSY,
				     "another auditseald serves %s", run->dir);
	return 0;
}

/* A store without a witness key is no witness. */
static int witness_start(struct run *run, struct seal_diag *diag)
{
	char *policy = store_path(run->dir, FILE_WITNESS_POLICY);
	struct seal_vkey vkey = {0};
	struct seal_key *key = NULL;
	int rc;

	rc = policy ? witness_key_read(run->dir, &vkey, &key, diag)
		    : seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	if (rc == 0)
		rc = witness_open(run->store, policy, vkey.name, key, diag);
	else if (rc == SEAL_E_NOTFOUND)
		rc = 0;
	seal_vkey_fini(&vkey);
	free(policy);
	return rc;
}

static int store_start(struct run *run, struct seal_diag *diag)
{
	char *db = store_path(run->dir, SEAL_STORAGE_FILE);
	char *policy = store_path(run->dir, FILE_POLICY);
	struct seal_key *key = NULL;
	int rc;

	rc = db && policy ? key_read(run->dir, FILE_MIRROR, &key, diag)
			  : seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	if (rc == 0)
		rc = store_open(db, policy, run->config.name, key, &run->store,
				diag);
	if (rc == 0)
		rc = witness_start(run, diag);
	if (rc == 0)
		rc = store_settle(run->store, diag);
	free(db);
	free(policy);
	return rc;
}

static int submitter_start(struct run *run, struct seal_diag *diag)
{
	char *ca = store_path(run->dir, FILE_WITNESS_CA);
	int rc;

	rc = ca ? submit_thread_start(run->store, ca, &run->submitter, diag)
		: seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	free(ca);
	return rc;
}

static void expiry_warn(const char *file, const char *pem)
{
	int64_t left_s, now_s = (int64_t)time(NULL);
	struct seal_x509_fields fields;

	if (seal_x509_fields_from_pem(pem, &fields, NULL) < 0)
		return;
	left_s = fields.not_after_s - now_s;
	if (left_s < EXPIRY_WARN_S)
		say("alarm: the certificate in %s %s", file,
		    left_s < 0 ? "has expired" : "expires within 30 days");
}

/* Starts a server on what the files say now. */
static int server_start(struct run *run, struct http_server **ret_server,
			struct seal_diag *diag)
{
	struct http_handler handler = service_handler(run->store);
	char *certificate = NULL, *ca = NULL, *key_pem = NULL;
	struct seal_x509_key *key = NULL;
	struct http_tls tls;
	int rc;

	rc = text_read(run->dir, FILE_SERVER, &certificate, diag);
	if (rc == 0)
		rc = text_read(run->dir, FILE_CA, &ca, diag);
	if (rc == 0)
		rc = tls_key_read(run->dir, FILE_SERVER_KEY, &key, diag);
	if (rc == 0)
		rc = seal_x509_key_check(certificate, key, diag);
	if (rc == 0)
		rc = seal_x509_key_to_pem(key, &key_pem, diag);
	if (rc == 0) {
		tls = (struct http_tls){certificate, key_pem, ca};
		rc = http_server_start(run->listen_fd, &tls, &handler,
				       ret_server, diag);
	}
	if (rc == 0)
		expiry_warn(FILE_SERVER, certificate);
	seal_x509_key_free(key);
	seal_x509_secret_free(key_pem);
	free(certificate);
	free(ca);
	return rc;
}

/* Tells where the store listens: to the operator, to tests, to enrolment. */
static int listening_tell(struct run *run, struct seal_diag *diag)
{
	char text[CONFIG_TEXT_BYTES], port_text[16];
	char *path = store_path(run->dir, FILE_LISTENING);
	unsigned port = 0;
	int rc;

	if (!path)
		return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	rc = listen_name(run->listen_fd, text, sizeof(text) - 1, &port, diag);
	if (rc == 0) {
		printf("auditseald: listening on %s\n", text);
		fflush(stdout);
		strcat(text, "\n");
		/* Only enrolment reads it: on a full disk logs are served. */
		if (file_replace(path, text, strlen(text), 0644, diag))
			say("alarm: %s", diag->text);
	}
	if (rc == 0 && run->port_file) {
		snprintf(port_text, sizeof(port_text), "%u\n", port);
		rc = file_replace(run->port_file, port_text, strlen(port_text),
				  0644, diag);
	}
	free(path);
	return rc;
}

static void listening_forget(const struct run *run)
{
	char *path = store_path(run->dir, FILE_LISTENING);

	if (path)
		unlink(path);
	free(path);
}

/*
 * Lets a server answer the requests it has, for 10 s at most, and ends it.  The
 * other end of an idle connection makes a new one.
 */
static void server_end(struct http_server *server)
{
	const struct timespec step = {.tv_nsec = DRAIN_STEP_NS};
	int i;

	http_server_quiesce(server);
	for (i = 0; i < DRAIN_STEPS && http_server_busy(server); i++)
		nanosleep(&step, NULL);
	http_server_stop(server);
}

/* A new server takes the socket over; on failure the old one goes on. */
static void reload(struct run *run)
{
	struct http_server *old = run->server;
	struct seal_diag diag = {0};

	if (store_reload(run->store, &diag) < 0)
		say("%s; the policy read before stays in force", diag.text);
	submit_thread_reload(run->submitter);
	if (server_start(run, &run->server, &diag) < 0) {
		say("%s; the certificates read before stay in force",
		    diag.text);
		return;
	}
	server_end(old);
	say("read certificates and policy again");
}

static void signals_serve(struct run *run, const sigset_t *signals)
{
	int got;

	for (;;) {
		got = sigwaitinfo(signals, NULL);
		if (got == SIGHUP)
			reload(run);
		else if (got > 0)
			return;
	}
}

static int serve(struct run *run, struct seal_diag *diag)
{
	sigset_t signals;
	int rc;

	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	rc = listen_open(run->listen ? run->listen : run->config.listen,
			 &run->listen_fd, diag);
	if (rc == 0)
		rc = submitter_start(run, diag);
	if (rc == 0)
		rc = server_start(run, &run->server, diag);
	if (rc == 0)
		rc = listening_tell(run, diag);
	if (rc < 0)
		return rc;
	service_manager_tell("READY=1");
	signals_serve(run, &signals);
	service_manager_tell("STOPPING=1");
	listening_forget(run);
	server_end(run->server);
	run->server = NULL;
	return 0;
}

static void run_fini(struct run *run)
{
	if (run->server)
		listening_forget(run);
	http_server_stop(run->server);
	submit_thread_stop(run->submitter);
	store_close(run->store);
	if (run->listen_fd >= 0)
		close(run->listen_fd);
	if (run->lock_fd >= 0)
		close(run->lock_fd);
}

int cmd_run(int argc, char **argv)
{
	static const struct option options[] = {
		{"dir", required_argument, NULL, 'd'},
		{"listen", required_argument, NULL, 'l'},
		{"port-file", required_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct run run = {
		.dir = STORE_DIR_DEFAULT, .lock_fd = -1, .listen_fd = -1};
	struct seal_diag diag = {0};
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "d:l:p:h", options, NULL)) !=
	       -1) {
		if (opt == 'd')
			run.dir = optarg;
		else if (opt == 'l')
			run.listen = optarg;
		else if (opt == 'p')
			run.port_file = optarg;
		else
			return opt == 'h' ? cmd_help(usage) : cmd_usage(usage);
	}
	if (optind < argc)
		return cmd_usage(usage);
	rc = seal_crypto_init(&diag);
	if (rc == 0)
		rc = config_read(run.dir, &run.config, &diag);
	if (rc == 0)
		rc = directory_lock(&run, &diag);
	if (rc == 0)
		rc = store_start(&run, &diag);
	if (rc == 0)
		rc = serve(&run, &diag);
	run_fini(&run);
	return rc < 0 ? cmd_fail(&diag) : EXIT_DONE;
}
