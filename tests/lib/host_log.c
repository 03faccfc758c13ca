/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_log KEYDIR SPOOL SERVER COUNT HOW: a host's log without rsyslog, for
 * tests of the tools.  Seals COUNT records, three a commit, waits for the
 * store's receipt if SERVER is not "-", and ends: HOW is "stop" (in order),
 * "crash" (as kill -9 would), or "hold" (in order, when its input ends).
 * SEGMENT_BYTES in the environment: segments of this size, none is freed.
 * COUNT may be @FILE: one record for each part of it, "\n--\n" between.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/crypto.h"
#include "host/host.h"
#include "http/http.h"

#define TRIES 300 /* of 0.1 s */

static void say(void *ctx, int severity, const char *text)
{
	(void)ctx;
	fprintf(stderr, "host_log: %d %s\n", severity, text);
}

static int commit(struct seal_host *host, unsigned count)
{
	struct seal_message messages[3];
	char text[3][64];
	unsigned i, k;

	for (i = 0; i < count; i += 3) {
		for (k = 0; k < 3 && i + k < count; k++) {
			messages[k].bytes = text[k];
			messages[k].len = (size_t)snprintf(
				text[k], sizeof(text[k]), "record %u", i + k);
			messages[k].cut = false;
		}
		if (!seal_host_commit(host, messages, k))
			return 1;
	}
	return 0;
}

static int commit_parts(struct seal_host *host, const char *path)
{
	static char bytes[1 << 20];
	struct seal_message message = {0};
	FILE *file = fopen(path, "rb");
	const char *at = bytes, *end, *next;

	if (!file)
		return 1;
	end = bytes + fread(bytes, 1, sizeof(bytes), file);
	fclose(file);
	for (; at < end; at = next + 4) {
		next = memmem(at, (size_t)(end - at), "\n--\n", 4);
		next = next ? next : end;
		message.bytes = at;
		message.len = (size_t)(next - at);
		if (!seal_host_commit(host, &message, 1))
			return 1;
	}
	return 0;
}

static int wait_receipt(struct seal_host *host)
{
	struct seal_host_stats stats;
	unsigned tries;

	for (tries = 0; tries < TRIES; tries++) {
		seal_host_stats(host, &stats);
		if (stats.spool.size &&
		    stats.spool.receipted == stats.spool.size)
			return 0;
		usleep(100000);
	}
	fprintf(stderr, "host_log: no receipt\n");
	return 1;
}

int main(int argc, char **argv)
{
	char policy[4096], ca[4096], cert[4096], key[4096];
	struct seal_host_config config = {.heartbeat_s = 60,
					  .policy = policy,
					  .tls_ca = ca,
					  .tls_cert = cert,
					  .tls_key = key,
					  .say = say};
	struct seal_host *host;
	int rc;

	if (argc != 6)
		return 64;
	config.keydir = argv[1];
	config.spool = argv[2];
	snprintf(policy, sizeof(policy), "%s/policy", argv[1]);
	snprintf(ca, sizeof(ca), "%s/tls/ca.pem", argv[1]);
	snprintf(cert, sizeof(cert), "%s/tls/cert.pem", argv[1]);
	snprintf(key, sizeof(key), "%s/tls/key.pem", argv[1]);
	if (getenv("SEGMENT_BYTES")) {
		config.segment_max_bytes =
			strtoull(getenv("SEGMENT_BYTES"), NULL, 10);
		config.spool_keep_bytes = (uint64_t)1 << 30;
	}
	if (strcmp(argv[3], "-")) {
		config.servers[0] = argv[3];
		config.servers_len = 1;
	}
	if (seal_crypto_init(NULL) || seal_http_global_init(NULL) ||
	    seal_host_new(&config, &host))
		return 1;
	seal_host_start(host);
	rc = argv[4][0] == '@'
		     ? commit_parts(host, argv[4] + 1)
		     : commit(host, (unsigned)strtoul(argv[4], NULL, 10));
	if (!rc && config.servers_len)
		rc = wait_receipt(host);
	printf("ready\n");
	fflush(stdout);
	if (!strcmp(argv[5], "crash"))
		_exit(rc);
	if (!strcmp(argv[5], "hold"))
		while (getchar() != EOF)
			;
	seal_host_free(host);
	seal_http_global_fini();
	return rc;
}
