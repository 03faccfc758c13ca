/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditseald init: everything that a newcomer needs, in one directory.  Never
 * replaces a file; the settings are written last, so that a directory without
 * them is no store.
 */
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "config.h"
#include "enrolment.h"
#include "core/buf.h"
#include "core/key.h"
#include "storage/storage.h"
#include "x509/x509.h"

#define DAY_S	      INT64_C(86400)
#define CA_DAYS	      7300
#define LEAF_DAYS     3650
#define NAMES_MAX     16
#define NAME_CA_BYTES 64

static const char usage[] =
	"init [--dir DIR] [--name NAME] [--listen ADDR:PORT]\n"
	"                       [--server-name HOST]...\n"
	"  --dir DIR           the store's directory (" STORE_DIR_DEFAULT ")\n"
	"  --name NAME         key name of receipts (HOST/mirror)\n"
	"  --listen ADDR:PORT  *:6962; port 0: chosen when the store starts\n"
	"  --server-name HOST  a name or address by which hosts reach it; the\n"
	"                      first one is told to them (this machine's "
	"name)\n";

/* What the options say. */
struct init {
	const char *dir;
	const char *names[NAMES_MAX];
	size_t names_count;
	struct config config;
	int64_t now_s;
};

static int no_memory(struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
}

/* This machine's own full name, if the resolver knows one. */
static void host_name(char name[CONFIG_TEXT_BYTES])
{
	struct addrinfo hints = {.ai_flags = AI_CANONNAME}, *found = NULL;

	if (gethostname(name, CONFIG_TEXT_BYTES) != 0)
		strcpy(name, "localhost");
	name[CONFIG_TEXT_BYTES - 1] = '\0';
	if (getaddrinfo(name, NULL, &hints, &found) == 0 &&
	    found->ai_canonname && strchr(found->ai_canonname, '.') &&
	    strlen(found->ai_canonname) < CONFIG_TEXT_BYTES)
		strcpy(name, found->ai_canonname);
	if (found)
		freeaddrinfo(found);
}

/* It goes into a certificate, a file and a URL. */
static bool name_plain(const char *name)
{
	return *name && strlen(name) < CONFIG_TEXT_BYTES &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
				 "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789.-:_")] == '\0';
}

static int options_complete(struct init *init, char name[CONFIG_TEXT_BYTES],
			    struct seal_diag *diag)
{
	static const char *const local[] = {"localhost", "127.0.0.1", "::1"};
	char addr[CONFIG_TEXT_BYTES];
	unsigned port;
	size_t i;

	if (!init->names_count) {
		host_name(name);
		init->names[init->names_count++] = name;
		for (i = 0; i < 3; i++)
			if (strcmp(local[i], name))
				init->names[init->names_count++] = local[i];
	}
	for (i = 0; i < init->names_count; i++)
		if (!name_plain(init->names[i]))
			return seal_diag_set(diag, SEAL_E_ARG,
					     "\"%s\" is not a host name or an "
					     "IP address",
					     init->names[i]);
	strcpy(init->config.host, init->names[0]);
	if (!*init->config.name)
		snprintf(init->config.name, CONFIG_TEXT_BYTES, "%.200s/mirror",
			 init->names[0]);
	if (!seal_name_valid(init->config.name, strlen(init->config.name)))
		return seal_diag_set(diag, SEAL_E_ARG,
				     "\"%s\" is not a key name: no spaces, no "
				     "plus sign",
				     init->config.name);
	return listen_parse(init->config.listen, addr, &port, diag);
}

static int directory_make(const struct init *init, struct seal_diag *diag)
{
	char *config = store_path(init->dir, FILE_CONFIG);
	bool there = config && access(config, F_OK) == 0;

	free(config);
	if (there)
		return seal_diag_set(diag, SEAL_E_EXISTS,
				     "%s is a store already; nothing was "
				     "changed",
				     init->dir);
	if (mkdir(init->dir, 0700) == 0 || errno == EEXIST)
		return 0;
	return seal_diag_set_errno(diag, SEAL_E_IO, errno, "cannot make %s",
				   init->dir);
}

/* A certificate of the CA for a fresh key, both into files. */
static int leaf_make(const struct init *init, struct seal_x509_template *tmpl,
		     const char *ca_pem, const struct seal_x509_key *ca_key,
		     const char *file, const char *key_file,
		     struct seal_diag *diag)
{
	struct seal_x509_key *key = NULL;
	char *pem = NULL;
	int rc;

	tmpl->not_before_s = init->now_s - DAY_S;
	tmpl->not_after_s = init->now_s + LEAF_DAYS * DAY_S;
	rc = seal_x509_key_generate(&key, diag);
	if (rc == 0)
		rc = seal_x509_cert_make(tmpl, key, ca_pem, ca_key, &pem, diag);
	if (rc == 0)
		rc = tls_key_write(init->dir, key_file, key, diag);
	if (rc == 0)
		rc = text_make(init->dir, file, pem, diag);
	seal_x509_key_free(key);
	free(pem);
	return rc;
}

static int leaves_make(const struct init *init, const char *ca_pem,
		       const struct seal_x509_key *ca_key,
		       struct seal_diag *diag)
{
	char name[NAME_CA_BYTES + 1];
	struct seal_x509_template server = {
		.role = SEAL_X509_SERVER,
		.name = name,
		.names = init->names,
		.names_count = init->names_count,
	};
	struct seal_x509_template reader = {
		.role = SEAL_X509_READER,
		.name = "reader",
	};
	int rc;

	snprintf(name, sizeof(name), "%.64s", init->names[0]);
	rc = leaf_make(init, &server, ca_pem, ca_key, FILE_SERVER,
		       FILE_SERVER_KEY, diag);
	if (rc == 0)
		rc = leaf_make(init, &reader, ca_pem, ca_key, FILE_READER,
			       FILE_READER_KEY, diag);
	return rc;
}

static int certificates_make(const struct init *init, struct seal_diag *diag)
{
	char name[NAME_CA_BYTES + 1];
	struct seal_x509_template tmpl = {
		.role = SEAL_X509_CA,
		.name = name,
		.not_before_s = init->now_s - DAY_S,
		.not_after_s = init->now_s + CA_DAYS * DAY_S,
	};
	struct seal_x509_key *key = NULL;
	char *pem = NULL;
	int rc;

	snprintf(name, sizeof(name), "auditseald CA %.50s", init->names[0]);
	rc = seal_x509_key_generate(&key, diag);
	if (rc == 0)
		rc = seal_x509_ca_make(&tmpl, key, &pem, diag);
	if (rc == 0)
		rc = tls_key_write(init->dir, FILE_CA_KEY, key, diag);
	if (rc == 0)
		rc = text_make(init->dir, FILE_CA, pem, diag);
	if (rc == 0)
		rc = leaves_make(init, pem, key, diag);
	seal_x509_key_free(key);
	free(pem);
	return rc;
}

static int policy_make(const struct init *init, const struct seal_key *key,
		       struct seal_diag *diag)
{
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_vkey vkey = {0};
	int rc;

	rc = seal_vkey_init(&vkey, init->config.name, SEAL_KEY_COSIGNATURE,
			    seal_key_public(key), diag);
	if (rc < 0)
		return rc;
	seal_buf_put_str(&text,
			 "# What a verifier trusts, and which logs this store "
			 "takes (C2SP tlog-policy).\n"
			 "# \"auditseald enroll\" adds a log line, and its pin "
			 "to policy.pins.\n"
			 "witness mirror ");
	seal_vkey_put(&text, &vkey);
	seal_buf_put_str(&text, "\nquorum mirror\n");
	rc = seal_buf_cstr(&text) ? text_make(init->dir, FILE_POLICY,
					      (char *)text.data, diag)
				  : no_memory(diag);
	if (rc == 0)
		rc = text_make(init->dir, FILE_PINS, "", diag);
	seal_vkey_fini(&vkey);
	seal_buf_fini(&text);
	return rc;
}

static int mirror_make(const struct init *init, struct seal_diag *diag)
{
	struct seal_key *key = NULL;
	int rc;

	rc = seal_key_generate(SEAL_KEY_LASTING, &key);
	if (rc < 0)
		return seal_diag_set(diag, rc, "cannot make the mirror key");
	rc = key_write(init->dir, FILE_MIRROR, key, diag);
	if (rc == 0)
		rc = policy_make(init, key, diag);
	seal_key_free(key);
	return rc;
}

static int database_make(const struct init *init, struct seal_diag *diag)
{
	char *path = store_path(init->dir, SEAL_STORAGE_FILE);
	struct seal_storage *storage = NULL;
	int rc;

	rc = path ? seal_storage_sqlite_open(path, SEAL_STORAGE_CREATE,
					     &storage, diag)
		  : no_memory(diag);
	if (storage)
		storage->ops->close(storage);
	free(path);
	return rc;
}

static int sample_make(const struct init *init, struct seal_diag *diag)
{
	char *text = NULL;
	char *lines = welcome_configuration("web01.example.com/audit",
					    "https://store.example.com:6962");
	int rc;

	if (lines &&
	    asprintf(&text,
		     "# On an audited host, after \"auditseal init\" there, "
		     "\"auditseald enroll\" here and\n"
		     "# \"auditseal init --welcome\" there; NAME.welcome "
		     "brings these lines filled in.\n%s",
		     lines) < 0)
		text = NULL;
	rc = text ? text_make(init->dir, FILE_SAMPLE, text, diag)
		  : no_memory(diag);
	free(lines);
	free(text);
	return rc;
}

static int store_make(const struct init *init, struct seal_diag *diag)
{
	char witness[CONFIG_TEXT_BYTES];
	int rc;

	rc = witness_name(init->config.host, init->config.name, witness, diag);
	if (rc == 0)
		rc = directory_make(init, diag);
	if (rc == 0)
		rc = certificates_make(init, diag);
	if (rc == 0)
		rc = mirror_make(init, diag);
	if (rc == 0)
		rc = witness_make(init->dir, witness, diag);
	if (rc == 0)
		rc = database_make(init, diag);
	if (rc == 0)
		rc = sample_make(init, diag);
	if (rc == 0)
		rc = config_write(init->dir, &init->config, diag);
	return rc;
}

static void next_print(const struct init *init)
{
	const char *dir = init->dir;

	printf("made the store %s in %s\n\n"
	       "Next:\n"
	       "  auditseald run --dir %s\n"
	       "  on the host:   auditseal init           (writes "
	       "NAME.enroll)\n"
	       "  here:          auditseald enroll --dir %s NAME.enroll\n"
	       "  on the host:   auditseal init --welcome NAME.welcome\n\n"
	       "To verify over https, a reader takes %s/policy, policy.pins,\n"
	       "ca.pem, reader.pem and reader.key.  Keep ca.key, mirror.key "
	       "and witness.key\nhere, and a copy of them in a safe place.\n\n",
	       init->config.name, dir, dir, dir, dir);
}

static int options_read(int argc, char **argv, struct init *init)
{
	static const struct option options[] = {
		{"dir", required_argument, NULL, 'd'},
		{"name", required_argument, NULL, 'n'},
		{"listen", required_argument, NULL, 'l'},
		{"server-name", required_argument, NULL, 's'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	char *field;
	int opt;

	while ((opt = getopt_long(argc, argv, "d:n:l:s:h", options, NULL)) !=
	       -1) {
		field = opt == 'n' ? init->config.name : init->config.listen;
		if (opt == 'd')
			init->dir = optarg;
		else if ((opt == 'n' || opt == 'l') &&
			 strlen(optarg) < CONFIG_TEXT_BYTES)
			strcpy(field, optarg);
		else if (opt == 's' && init->names_count < NAMES_MAX)
			init->names[init->names_count++] = optarg;
		else
			return opt == 'h' ? cmd_help(usage) : cmd_usage(usage);
	}
	return optind < argc ? cmd_usage(usage) : -1;
}

int cmd_init(int argc, char **argv)
{
	struct init init = {.dir = STORE_DIR_DEFAULT};
	char name[CONFIG_TEXT_BYTES];
	struct seal_diag diag = {0};
	int status;

	snprintf(init.config.listen, CONFIG_TEXT_BYTES, "*:%d", STORE_PORT);
	init.now_s = (int64_t)time(NULL);
	status = options_read(argc, argv, &init);
	if (status >= 0)
		return status;
	if (seal_crypto_init(&diag) < 0 ||
	    options_complete(&init, name, &diag) < 0 ||
	    store_make(&init, &diag) < 0)
		return cmd_fail(&diag);
	next_print(&init);
	if (witness_tell(init.dir, &init.config, &diag) < 0)
		return cmd_fail(&diag);
	return EXIT_DONE;
}
