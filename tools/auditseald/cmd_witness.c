/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditseald witness: tells how others have their logs witnessed here, and
 * makes the key of a store that has none yet.  docs/spec/protocol.md section 7.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "config.h"
#include "core/buf.h"
#include "files.h"
#include "witness.h"

static const char usage[] =
	"witness [--dir DIR] [--name NAME]\n"
	"  --dir DIR    the store's directory (" STORE_DIR_DEFAULT ")\n"
	"  --name NAME  key name, if the store has no witness key yet\n"
	"               (HOST/witness)\n"
	"Prints the line by which others' policies name this witness.\n";

static const char policy_text[] =
	"# The logs of other stores that this store's witness cosigns (C2SP "
	"tlog-policy):\n"
	"# copy the log lines of their policies to here.  It is read again "
	"when it changes.\n"
	"quorum none\n";

static int no_memory(struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
}

static int policy_make(const char *dir, struct seal_diag *diag)
{
	int rc = text_make(dir, FILE_WITNESS_POLICY, policy_text, diag);

	return rc == SEAL_E_EXISTS ? 0 : rc;
}

static int vkey_write(const char *dir, const char *name,
		      const struct seal_key *key, struct seal_diag *diag)
{
	char *path = store_path(dir, FILE_WITNESS_VKEY);
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_vkey vkey = {0};
	int rc;

	rc = path ? seal_vkey_init(&vkey, name, SEAL_KEY_COSIGNATURE,
				   seal_key_public(key), diag)
		  : no_memory(diag);
	if (rc == 0) {
		seal_vkey_put(&text, &vkey);
		seal_buf_put_str(&text, "\n");
		rc = seal_buf_error(&text) ? no_memory(diag)
					   : file_replace(path, text.data,
							  text.len, 0644, diag);
	}
	seal_vkey_fini(&vkey);
	seal_buf_fini(&text);
	free(path);
	return rc;
}

/* The key comes last: what a run that was cut short left is written again. */
int witness_make(const char *dir, const char *name, struct seal_diag *diag)
{
	struct seal_key *key = NULL;
	int rc;

	rc = policy_make(dir, diag);
	if (rc == 0)
		rc = seal_key_generate(SEAL_KEY_LASTING, &key);
	if (rc == 0)
		rc = vkey_write(dir, name, key, diag);
	if (rc == 0)
		rc = key_write(dir, FILE_WITNESS, key, diag);
	seal_key_free(key);
	return rc;
}

int witness_tell(const char *dir, const struct config *config,
		 struct seal_diag *diag)
{
	struct seal_buf line = SEAL_BUF_INIT;
	char url[CONFIG_TEXT_BYTES] = "";
	struct seal_vkey vkey = {0};
	struct seal_key *key = NULL;
	int rc;

	rc = witness_key_read(dir, &vkey, &key, diag);
	if (rc < 0)
		return rc;
	seal_buf_putf(&line, "  witness %s ", vkey.name);
	seal_vkey_put(&line, &vkey);
	if (server_url(dir, config, url, NULL) == 0)
		seal_buf_putf(&line, " %s%s", url, WITNESS_PREFIX);
	if (seal_buf_cstr(&line))
		printf("Other stores name this store's witness in their policy "
		       "by\n%s\nand it cosigns the logs that %s/%s names.\n",
		       (char *)line.data, dir, FILE_WITNESS_POLICY);
	else
		rc = no_memory(diag);
	if (rc == 0 && !*url)
		printf("and its address behind it, which this command says "
		       "while the store runs:\n  https://%s:PORT%s\n",
		       config->host, WITNESS_PREFIX);
	seal_vkey_fini(&vkey);
	seal_key_free(key);
	seal_buf_fini(&line);
	return rc;
}

static int witness_show(const char *dir, const char *name,
			struct seal_diag *diag)
{
	char other[CONFIG_TEXT_BYTES];
	struct seal_vkey vkey = {0};
	struct seal_key *key = NULL;
	struct config config;
	int rc;

	rc = config_read(dir, &config, diag);
	if (rc < 0)
		return rc;
	rc = witness_key_read(dir, &vkey, &key, diag);
	if (rc == 0 && name && strcmp(name, vkey.name) != 0)
		rc = seal_diag_set(diag, SEAL_E_EXISTS,
				   "the witness of this store is %s; its name "
				   "cannot be changed",
				   vkey.name);
	seal_vkey_fini(&vkey);
	seal_key_free(key);
	if (rc == SEAL_E_NOTFOUND) {
		rc = name ? witness_name_check(name, config.name, diag)
			  : witness_name(config.host, config.name, other, diag);
		if (rc == 0)
			rc = witness_make(dir, name ? name : other, diag);
		if (rc == 0)
			printf("made a witness key in %s; a store that runs "
			       "uses it after a restart\n\n",
			       dir);
	}
	return rc < 0 ? rc : witness_tell(dir, &config, diag);
}

int witness_name_check(const char *name, const char *mirror,
		       struct seal_diag *diag)
{
	if (!seal_name_valid(name, strlen(name)) ||
	    strlen(name) >= CONFIG_TEXT_BYTES)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "\"%s\" is not a key name: no spaces, no "
				     "plus sign",
				     name);
	if (!strcmp(name, mirror))
		return seal_diag_set(diag, SEAL_E_ARG,
				     "%s is the name of the mirror: give the "
				     "witness another one with --name",
				     name);
	return 0;
}

int witness_name(const char *host, const char *mirror,
		 char ret_name[CONFIG_TEXT_BYTES], struct seal_diag *diag)
{
	snprintf(ret_name, CONFIG_TEXT_BYTES, "%.200s/witness", host);
	return witness_name_check(ret_name, mirror, diag);
}

int cmd_witness(int argc, char **argv)
{
	static const struct option options[] = {
		{"dir", required_argument, NULL, 'd'},
		{"name", required_argument, NULL, 'n'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *dir = STORE_DIR_DEFAULT, *name = NULL;
	struct seal_diag diag = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, "d:n:h", options, NULL)) != -1) {
		if (opt == 'd')
			dir = optarg;
		else if (opt == 'n')
			name = optarg;
		else
			return opt == 'h' ? cmd_help(usage) : cmd_usage(usage);
	}
	if (optind < argc)
		return cmd_usage(usage);
	if (seal_crypto_init(&diag) < 0 || witness_show(dir, name, &diag) < 0)
		return cmd_fail(&diag);
	return EXIT_DONE;
}
