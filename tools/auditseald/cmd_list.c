/* SPDX-License-Identifier: Apache-2.0 */
/* auditseald list: the logs of a store, also of one that runs. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "config.h"
#include "core/text.h"
#include "storage/storage.h"

static const char usage[] =
	"list [--dir DIR]\n"
	"One line a log: origin, entries, receipted size, log id.\n";

static void log_print(const struct seal_storage_log *log)
{
	char id[SEAL_BASE64_CHARS(SEAL_HASH_BYTES) + 1] = "not enrolled";

	if (log->enrolled) {
		seal_base64_encode(log->log_id.b, SEAL_HASH_BYTES, id);
		id[sizeof(id) - 1] = '\0';
	}
	printf("%s entries=%llu receipted=%llu log-id=%s\n", log->origin,
	       (unsigned long long)log->next, (unsigned long long)log->mirror,
	       id);
}

static int logs_print(const char *dir, struct seal_diag *diag)
{
	struct seal_storage_log *logs = NULL;
	struct seal_storage *storage = NULL;
	size_t count = 0, i;
	struct config config;
	char *path = NULL;
	int rc;

	rc = config_read(dir, &config, diag);
	if (rc < 0)
		return rc;
	path = store_path(dir, SEAL_STORAGE_FILE);
	rc = path ? seal_storage_sqlite_open(path, SEAL_STORAGE_READ, &storage,
					     diag)
		  : seal_diag_set(diag, SEAL_E_NOMEM, "out of memory");
	if (rc == 0)
		rc = storage->ops->list_logs(storage, &logs, &count, diag);
	for (i = 0; rc == 0 && i < count; i++)
		log_print(&logs[i]);
	if (storage)
		storage->ops->close(storage);
	free(logs);
	free(path);
	return rc;
}

int cmd_list(int argc, char **argv)
{
	static const struct option options[] = {
		{"dir", required_argument, NULL, 'd'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	const char *dir = STORE_DIR_DEFAULT;
	struct seal_diag diag = {0};
	int opt;

	while ((opt = getopt_long(argc, argv, "d:h", options, NULL)) != -1) {
		if (opt == 'd')
			dir = optarg;
		else
			return opt == 'h' ? cmd_help(usage) : cmd_usage(usage);
	}
	if (optind < argc)
		return cmd_usage(usage);
	if (logs_print(dir, &diag) < 0)
		return cmd_fail(&diag);
	return EXIT_DONE;
}
