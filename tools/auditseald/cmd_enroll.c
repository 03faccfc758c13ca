/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditseald enroll: takes a host's log by the file that was carried here.
 * What counts is written first: the database's row, which no second log under
 * this origin gets past, then the pin, then the policy's line.  Run again for
 * the same log it does what is left to do.  format.md §5, "Enrolment".
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "core/epoch.h"
#include "core/policy.h"
#include "core/text.h"
#include "enrolment.h"
#include "files.h"
#include "storage/storage.h"

#define SUFFIX ".enroll"

static const char usage[] =
	"enroll [--dir DIR] [--out FILE] NAME.enroll\n"
	"  --dir DIR   the store's directory (" STORE_DIR_DEFAULT ")\n"
	"  --out FILE  the answer to carry back (NAME.welcome)\n";

static int no_memory(struct seal_diag *diag)
{
	return seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
}

/* ---- the database's row ---- */

static int row_step(struct seal_storage *storage, void *ctx,
		    struct seal_diag *diag)
{
	const struct seal_enroll *host = ctx;
	struct seal_storage_log log = {.enrolled = true,
				       .log_id = host->log_id};
	uint8_t record[SEAL_STORAGE_EPOCH_BYTES];
	struct seal_epoch_root root;
	int64_t id;
	int rc;

	memcpy(log.origin, host->origin, sizeof(log.origin));
	memcpy(root.host_key, host->host_key, sizeof(root.host_key));
	memcpy(root.epoch_key, host->epoch_key, sizeof(root.epoch_key));
	rc = seal_epoch_root_encode(&root, record);
	if (rc < 0)
		return seal_diag_set(diag, rc, "cannot write the log's keys");
	rc = storage->ops->put_log(storage, &log, &id, diag);
	if (rc == 0)
		rc = storage->ops->put_epoch(storage, id, 0, record, diag);
	return rc;
}

static int row_make(struct enrolment *e, struct seal_storage *storage,
		    struct seal_diag *diag)
{
	struct seal_storage_log log;
	int rc;

	rc = storage->ops->get_log(storage, e->host.origin, &log, diag);
	if (rc == SEAL_E_NOTFOUND)
		return storage->ops->commit(storage, row_step, &e->host,
					    SEAL_STORAGE_DURABLE, diag);
	if (rc < 0)
		return rc;
	e->known =
		log.enrolled && seal_hash_equal(&log.log_id, &e->host.log_id);
	if (e->known)
		return 0;
	return seal_diag_set(diag, SEAL_E_EXISTS,
			     "this store has another log of the origin %s, and "
			     "an origin is used once: give the new log a new "
			     "one, such as %s/2",
			     e->host.origin, e->host.origin);
}

static int database_enroll(struct enrolment *e, struct seal_diag *diag)
{
	char *path = store_path(e->dir, SEAL_STORAGE_FILE);
	struct seal_storage *storage = NULL;
	int rc;

	rc = path ? seal_storage_sqlite_open(path, SEAL_STORAGE_WRITE, &storage,
					     diag)
		  : no_memory(diag);
	if (rc == 0)
		rc = row_make(e, storage, diag);
	if (storage)
		storage->ops->close(storage);
	free(path);
	return rc;
}

/* ---- pins and policy ---- */

static int text_replace(const char *dir, const char *file,
			const struct seal_buf *text, struct seal_diag *diag)
{
	char *path = store_path(dir, file);
	int rc;

	if (!path)
		return no_memory(diag);
	rc = file_replace(path, text->data, text->len, 0644, diag);
	free(path);
	return rc;
}

/* The file's text, whose last line is ended if it was not. */
static int text_begin(const char *text, struct seal_buf *ret_text)
{
	size_t len = strlen(text);

	seal_buf_put(ret_text, text, len);
	if (len && text[len - 1] != '\n')
		seal_buf_put_str(ret_text, "\n");
	return seal_buf_error(ret_text);
}

static int pins_add(struct enrolment *e, struct seal_diag *diag)
{
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_pins *pins = NULL;
	const struct seal_pin *pin;
	int rc;

	rc = text_read(e->dir, FILE_PINS, &e->pins, diag);
	if (rc == SEAL_E_NOTFOUND)
		rc = (e->pins = strdup("")) ? 0 : no_memory(diag);
	if (rc == 0)
		rc = seal_pins_parse(e->pins, strlen(e->pins), FILE_PINS, &pins,
				     diag);
	if (rc < 0)
		goto out;
	pin = seal_pins_find(pins, e->host.origin);
	if (pin && !seal_hash_equal(&pin->log_id, &e->host.log_id))
		rc = seal_diag_set(diag, SEAL_E_EXISTS,
				   "%s/%s pins another log of the origin %s",
				   e->dir, FILE_PINS, e->host.origin);
	if (rc < 0 || pin)
		goto out;
	rc = text_begin(e->pins, &text);
	seal_pins_put(&text, e->host.origin, &e->host.log_id);
	rc = seal_buf_error(&text)
		     ? no_memory(diag)
		     : text_replace(e->dir, FILE_PINS, &text, diag);
out:
	seal_pins_free(pins);
	seal_buf_fini(&text);
	return rc;
}

/* 1: the policy has this host key; EXISTS: it has another of this origin. */
static int policy_has(const struct enrolment *e,
		      const struct seal_policy *policy, struct seal_diag *diag)
{
	size_t count = seal_policy_log_count(policy), i;
	const struct seal_policy_log *log;
	bool other = false;

	for (i = seal_policy_find_log(policy, e->host.origin, 0); i < count;
	     i = seal_policy_find_log(policy, e->host.origin, i + 1)) {
		log = seal_policy_log(policy, i);
		if (!memcmp(seal_pub_bytes(log->vkey.pub), e->host.host_key,
			    SEAL_PUB_BYTES))
			return 1;
		other = true;
	}
	if (other && !e->known)
		return seal_diag_set(diag, SEAL_E_EXISTS,
				     "%s/%s has another host key of the origin "
				     "%s",
				     e->dir, FILE_POLICY, e->host.origin);
	return 0;
}

static int policy_write(struct enrolment *e, struct seal_diag *diag)
{
	struct seal_buf text = SEAL_BUF_INIT;
	struct seal_policy *policy = NULL;
	int rc;

	rc = text_begin(e->policy, &text);
	seal_buf_putf(&text, "log %s\n", e->host.host_vkey);
	if (rc < 0 || !seal_buf_cstr(&text)) {
		rc = no_memory(diag);
		goto out;
	}
	rc = seal_policy_parse(text.data, text.len, FILE_POLICY, &policy, diag);
	if (rc == 0)
		rc = text_replace(e->dir, FILE_POLICY, &text, diag);
	if (rc == 0) {
		free(e->policy);
		e->policy = (char *)seal_buf_steal(&text, NULL);
	}
out:
	seal_policy_free(policy);
	seal_buf_fini(&text);
	return rc;
}

static int policy_add(struct enrolment *e, struct seal_diag *diag)
{
	struct seal_policy *policy = NULL;
	int rc;

	rc = text_read(e->dir, FILE_POLICY, &e->policy, diag);
	if (rc == 0)
		rc = seal_policy_parse(e->policy, strlen(e->policy),
				       FILE_POLICY, &policy, diag);
	if (rc == 0)
		rc = policy_has(e, policy, diag);
	seal_policy_free(policy);
	if (rc == 0)
		rc = policy_write(e, diag);
	return rc < 0 ? rc : 0;
}

/* ---- the command ---- */

static int request_read(struct enrolment *e, struct seal_diag *diag)
{
	struct seal_buf text = SEAL_BUF_INIT;
	int rc;

	rc = file_read(e->file, SEAL_ENROLL_BYTES_MAX, &text, diag);
	if (rc == 0)
		rc = seal_enroll_parse(text.data, text.len, &e->host, diag);
	seal_buf_fini(&text);
	return rc;
}

static void log_id_print(const struct enrolment *e)
{
	char id[SEAL_BASE64_CHARS(SEAL_HASH_BYTES) + 1];

	seal_base64_encode(e->host.log_id.b, SEAL_HASH_BYTES, id);
	id[sizeof(id) - 1] = '\0';
	printf("origin  %s\nlog id  %s\n%s\n"
	       "Compare the log id with the one that \"auditseal init\" showed "
	       "on the host.\nCarry %s back, and there: auditseal init "
	       "--welcome %s\n",
	       e->host.origin, id,
	       e->known ? "was enrolled before; a new certificate was issued"
			: "enrolled",
	       e->out, e->out);
}

/* One enrolment at a time. */
static int directory_lock(const char *dir, int *ret_fd, struct seal_diag *diag)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) != 0) {
		seal_diag_set_errno(diag, SEAL_E_IO, errno, "cannot lock %s",
				    dir);
		if (fd >= 0)
			close(fd);
		return SEAL_E_IO;
	}
	*ret_fd = fd;
	return 0;
}

static int enroll(struct enrolment *e, struct seal_diag *diag)
{
	char url[CONFIG_TEXT_BYTES];
	int fd = -1, rc;

	rc = seal_crypto_init(diag);
	if (rc == 0)
		rc = config_read(e->dir, &e->config, diag);
	if (rc == 0)
		rc = server_url(e->dir, &e->config, url, diag);
	if (rc == 0)
		rc = request_read(e, diag);
	if (rc == 0)
		rc = directory_lock(e->dir, &fd, diag);
	if (rc == 0)
		rc = database_enroll(e, diag);
	if (rc == 0)
		rc = pins_add(e, diag);
	if (rc == 0)
		rc = policy_add(e, diag);
	if (rc == 0)
		rc = welcome_write(e, diag);
	if (fd >= 0)
		close(fd);
	return rc;
}

/* NAME.enroll becomes NAME.welcome. */
static char *out_default(const char *file)
{
	size_t len = strlen(file), suffix = strlen(SUFFIX);
	char *out;

	if (len > suffix && !strcmp(file + len - suffix, SUFFIX))
		len -= suffix;
	return asprintf(&out, "%.*s.welcome", (int)len, file) < 0 ? NULL : out;
}

int cmd_enroll(int argc, char **argv)
{
	static const struct option options[] = {
		{"dir", required_argument, NULL, 'd'},
		{"out", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct enrolment e = {.dir = STORE_DIR_DEFAULT};
	struct seal_diag diag = {0};
	const char *out = NULL;
	int opt, rc;

	while ((opt = getopt_long(argc, argv, "d:o:h", options, NULL)) != -1) {
		if (opt == 'd')
			e.dir = optarg;
		else if (opt == 'o')
			out = optarg;
		else
			return opt == 'h' ? cmd_help(usage) : cmd_usage(usage);
	}
	if (optind + 1 != argc)
		return cmd_usage(usage);
	e.file = argv[optind];
	e.out = out ? strdup(out) : out_default(e.file);
	e.now_s = (int64_t)time(NULL);
	rc = e.out ? enroll(&e, &diag) : no_memory(&diag);
	if (rc == 0)
		log_id_print(&e);
	seal_enroll_fini(&e.host);
	free(e.policy);
	free(e.pins);
	free(e.out);
	return rc < 0 ? cmd_fail(&diag) : EXIT_DONE;
}
