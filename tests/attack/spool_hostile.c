/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files made to mislead, to cost, or to change while they are read: work is
 * linear in the length, memory flat, and the end a verdict or a clean error.
 * Work is counted in bytes read and hashed, never in time.  And: no verdict
 * without memory.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "spool/feed.h"
#include "tests/attack/forge.h"
#include "tests/lib/oom.h"

#define MEMORY_MAX (64u << 20)
/* What finding the way may cost, of each byte and at all. */
#define HASHED_PER_BYTE 40
#define READ_PER_BYTE	16
#define WORK_BASE	(16u << 20)

static uint64_t hashed, was_read;

int __real_seal_sha256_parts(const struct seal_part *parts, size_t n,
			     struct seal_hash *ret_hash);
int __wrap_seal_sha256_parts(const struct seal_part *parts, size_t n,
			     struct seal_hash *ret_hash);
int __real_seal_sha256(const void *data, size_t len,
		       struct seal_hash *ret_hash);
int __wrap_seal_sha256(const void *data, size_t len,
		       struct seal_hash *ret_hash);

int __wrap_seal_sha256_parts(const struct seal_part *parts, size_t n,
			     struct seal_hash *ret_hash)
{
	size_t k;

	for (k = 0; k < n; k++)
		hashed += parts[k].len;
	return __real_seal_sha256_parts(parts, n, ret_hash);
}

int __wrap_seal_sha256(const void *data, size_t len, struct seal_hash *ret_hash)
{
	hashed += len;
	return __real_seal_sha256(data, len, ret_hash);
}

/* ---- an I/O table that counts, and cuts a file at the k-th reading ---- */

static struct {
	struct forge *g;
	long cut_at, readings;
	uint64_t cut_to;
	const char *cut_path;
} table;

static long counted_pread(const struct seal_io *io, int fd, void *bytes,
			  size_t len, uint64_t offset)
{
	const struct seal_io *real = memio_io(table.g->m);
	uint64_t size;
	uint8_t *data;
	long n;

	(void)io;
	if (++table.readings == table.cut_at) {
		data = memio_data(table.g->m, table.cut_path, &size);
		if (table.cut_to < size) {
			data = memcpy(malloc(size), data, size);
			memio_put(table.g->m, table.cut_path, data,
				  table.cut_to);
			free(data);
		}
	}
	n = real->pread(real, fd, bytes, len, offset);
	if (n > 0)
		was_read += (uint64_t)n;
	return n;
}

static int feed(void *ctx, struct seal_verify *v, struct seal_diag *diag)
{
	struct forge *g = ctx;
	struct seal_io io = *memio_io(g->m);
	struct seal_feed_options from = {
		.io = &io, .path = "/s", .origin = FORGE_ORIGIN};

	table.g = g;
	io.pread = counted_pread;
	return seal_feed_spool(&from, v, diag);
}

static int judge(struct forge *g)
{
	g->options.origin = FORGE_ORIGIN;
	attack_judge(&g->options, feed, g, &g->av);
	g->options.origin = NULL;
	return g->av.rc;
}

/* ---- cost ---- */

static uint64_t total_bytes(struct forge *g)
{
	uint64_t bytes;

	memio_files(g->m, "/s/", &bytes);
	return bytes;
}

/* Once with the work counted, once more with little memory. */
static void bounded(struct forge *g, const char *what, int status)
{
	uint64_t len = total_bytes(g);
	struct rlimit limit;
	int ended = -1;
	pid_t pid;

	hashed = was_read = 0;
	table.cut_at = 0;
	judge(g);
	print_message("# %s: %llu bytes, read %llu, hashed %llu: %d %.60s%s\n",
		      what, (unsigned long long)len,
		      (unsigned long long)was_read, (unsigned long long)hashed,
		      g->av.status, g->av.found, g->av.diag.text);
	assert_int_equal(g->av.status, status);
	assert_true(was_read <= 2 * READ_PER_BYTE * len + WORK_BASE);
	assert_true(hashed <= 2 * HASHED_PER_BYTE * len + WORK_BASE);
	fflush(stdout);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		char line[256] = "";
		FILE *f = fopen("/proc/self/statm", "re");
		rlim_t now = 0;

		if (f && fgets(line, sizeof(line), f))
			now = strtoull(line, NULL, 10) *
			      (rlim_t)sysconf(_SC_PAGESIZE);
		limit.rlim_cur = limit.rlim_max = now + MEMORY_MAX;
		if (!now || setrlimit(RLIMIT_AS, &limit))
			_exit(99);
		_exit(judge(g) ? 98 : g->av.status);
	}
	assert_int_equal(waitpid(pid, &ended, 0), pid);
	assert_true(WIFEXITED(ended));
	assert_int_equal(WEXITSTATUS(ended), status);
}

static struct forge *make(void)
{
	struct forge *g = forge_new();
	unsigned i;

	forge_start(g);
	forge_head(g);
	for (i = 0; i < 20; i++) {
		forge_record(g, "a record");
		forge_head(g);
	}
	forge_do(g, FORGE_RECEIPT);
	forge_build(g);
	return g;
}

static uint64_t big(void)
{
	return attack_long() ? 32u << 20 : 4u << 20;
}

/* The file, and behind `keep` bytes of it a pattern. */
static void fill(struct forge *g, uint64_t keep, const uint8_t *pattern,
		 size_t len)
{
	struct forge_file *file = &g->file[0];
	uint8_t *bytes = malloc(big());
	uint64_t at;

	assert_non_null(bytes);
	memcpy(bytes, file->bytes.data, keep);
	for (at = keep; at < big(); at++)
		bytes[at] = pattern[(at - keep) % len];
	memio_put(g->m, file->path, bytes, big());
	free(bytes);
}

static void garbage(void **state)
{
	struct forge *g = make();
	uint8_t noise[65521];
	uint32_t x = 1;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(noise); i++) {
		x = x * 1664525 + 1013904223;
		noise[i] = x >> 24 & 0xFF;
	}
	fill(g, g->region[0].len, noise, sizeof(noise));
	bounded(g, "noise", 2);
	forge_free(g);
}

static void lengths_that_lie(void **state)
{
	/* at every fifth byte an entry of 65,520 bytes could begin, ... */
	static const uint8_t long_entries[] = {0x00, 0xff, 0xf0, 0x00, 0x10};
	/* ... an opening of 1 MiB, ... */
	static const uint8_t openings[] = {0x10, 0x00, 0x00, 0x02, 0x22, 0x00};
	/* ... or an entry with nothing in it and a wrong tag stands. */
	static const uint8_t small[] = {0x00, 0x00, 0x0b, 0x00, 0x10, 0x00,
					1,    2,    3,	  4,	5,    6,
					7,    8,    9,	  9,	9,    9};
	static const uint8_t ones[] = {0xff};
	struct forge *g = make();

	(void)state;
	fill(g, g->region[0].len, long_entries, sizeof(long_entries));
	bounded(g, "long entries", 2);
	fill(g, g->region[0].len, openings, sizeof(openings));
	bounded(g, "openings", 2);
	fill(g, g->region[0].len, small, sizeof(small));
	bounded(g, "small entries", 2);
	fill(g, g->file[0].bytes.len, small, sizeof(small));
	bounded(g, "small entries behind the end", 2);
	fill(g, g->file[0].bytes.len, ones, sizeof(ones));
	bounded(g, "ones behind the end", 1);
	forge_free(g);
}

/* Frames with right tags and no head: more than any crash leaves. */
static void a_tail_without_end(void **state)
{
	struct forge *g = make();
	struct seal_buf b = SEAL_BUF_INIT;
	struct seal_hash leaf;
	uint8_t frame[64];
	uint64_t index = g->size;

	(void)state;
	seal_buf_put(&b, g->file[0].bytes.data, g->file[0].bytes.len);
	while (b.len < big()) {
		seal_entry_put_header(frame + 4, SEAL_ENTRY_RECORD, 0,
				      g->clock_us);
		assert_int_equal(
			seal_frame_entry_finish(frame, 10, index++, &leaf), 0);
		seal_buf_put(&b, frame, 18);
	}
	assert_int_equal(seal_buf_error(&b), 0);
	memio_put(g->m, g->file[0].path, b.data, b.len);
	bounded(g, "a tail without end", 2);
	seal_buf_fini(&b);
	forge_free(g);
}

static void numbers_beyond_reason(void **state)
{
	struct seal_head head = {.size = (uint64_t)1 << 40};
	struct seal_segment_header h = {.number = 9,
					.first_index = (uint64_t)1 << 40};
	uint8_t bytes[SEAL_SEGMENT_HEADER_BYTES_MAX];
	struct seal_state claims = {.counter = (uint64_t)1 << 40,
				    .sealed = (uint64_t)1 << 40};
	struct forge *g = make();
	struct seal_buf b = SEAL_BUF_INIT;
	size_t len;

	(void)state;
	seal_buf_put(&b, g->file[0].bytes.data, g->file[0].bytes.len);
	len = seal_frame_head_put(bytes, 0, &head);
	seal_buf_put(&b, bytes, len);
	memio_put(g->m, g->file[0].path, b.data, b.len);
	bounded(g, "a head of 2^40", 1); /* as a torn write */
	h.log_id = g->log_id;
	strcpy(h.origin, FORGE_ORIGIN);
	h.frontier.size = h.head.size = h.first_index;
	assert_int_equal(seal_segment_header_put(&h, bytes, &len), 0);
	memio_put(g->m, "/s/00000001099511627776.seg", bytes, len);
	bounded(g, "a file at 2^40", 2);
	memio_remove(g->m, "/s/00000001099511627776.seg");
	claims.frontier.size = claims.sealed;
	memset(bytes, 0, sizeof(bytes));
	{
		uint8_t slots[SEAL_STATE_FILE_BYTES] = {0};

		assert_int_equal(seal_state_put(&claims, slots), 0);
		memio_put(g->m, "/s/state", slots, sizeof(slots));
	}
	bounded(g, "a state of 2^40", 2);
	seal_buf_fini(&b);
	forge_free(g);
}

/* The same record without end, and a file that is one long note. */
static void epochs_and_notes_without_end(void **state)
{
	struct forge *g = make();
	struct seal_buf b = SEAL_BUF_INIT;
	uint8_t *note = malloc(1u << 20);

	(void)state;
	assert_non_null(note);
	while (b.len < big())
		seal_buf_put(&b, g->epochs.data, SEAL_EPOCH_RECORD_BYTES);
	memio_put(g->m, "/s/epochs", b.data, b.len);
	bounded(g, "epochs without end", 1);
	memset(note, 'n', 1u << 20);
	memio_put(g->m, "/s/epochs", note, 1u << 20);
	memio_put(g->m, "/s/acked", note, 1u << 20);
	memio_put(g->m, "/s/state", note, 1u << 20);
	bounded(g, "small files of 1 MiB", 1);
	/* a receipt frame that holds 1 MiB */
	seal_buf_reset(&b);
	seal_buf_put(&b, g->file[0].bytes.data, g->file[0].bytes.len);
	{
		uint8_t *frame = malloc((1u << 20) + 64);
		size_t len;

		assert_non_null(frame);
		len = seal_frame_receipt_put(frame, 0, note, (1u << 20) - 1);
		seal_buf_put(&b, frame, len);
		free(frame);
	}
	memio_put(g->m, g->file[0].path, b.data, b.len);
	bounded(g, "a note of 1 MiB", 1); /* behind the last head */
	free(note);
	seal_buf_fini(&b);
	forge_free(g);
}

/* ---- changed while it is read ---- */

static void a_file_cut_under_the_reader(void **state)
{
	static const char *const path[] = {"/s/00000000000000000000.seg",
					   "/s/epochs", "/s/state", "/s/acked"};
	struct attack_tally t = {.name = "cut while it is read"};
	struct forge *g = make();
	long k, readings;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		readings = LONG_MAX;
		for (k = 1; k <= readings; k++) {
			forge_build(g);
			table.readings = 0;
			table.cut_at = k;
			table.cut_path = path[i];
			table.cut_to = 100;
			judge(g);
			readings = table.readings;
			/* 0 only if all had been read before it was cut */
			if (g->av.rc == 0 || g->av.rc == SEAL_E_IO)
				attack_is_found(&t);
			else
				attack_is_wrong(&t, "%s at %ld: %d %s", path[i],
						k, g->av.rc, g->av.diag.text);
		}
	}
	table.cut_at = 0;
	attack_done(&t);
	forge_free(g);
}

/* ---- without memory ---- */

static int work(void *arg)
{
	struct forge *g = arg;
	int rc;

	judge(g);
	rc = g->av.rc;
	if (rc && g->av.verdict.findings.n)
		fail_msg("a verdict without memory");
	attack_verdict_fini(&g->av);
	return rc;
}

static void no_verdict_without_memory(void **state)
{
	struct forge *g = forge_new();
	struct forge_file *file;
	uint64_t size;
	uint8_t *data;

	(void)state;
	table.cut_at = 0;
	forge_standard(g, 0, 10);
	forge_build(g);
	print_message("# clean: %ld allocations\n", oom_every(work, g));
	/* An entry edited, a head broken, a file damaged: every diagnosis. */
	file = &g->file[0];
	data = memio_data(g->m, file->path, &size);
	data[g->region[4].offset + 15] ^= 1;
	data[size / 2] ^= 1;
	data = memio_data(g->m, g->file[1].path, &size);
	data[20] ^= 1;
	data = memio_data(g->m, "/s/epochs", &size);
	data[size - 1] ^= 1;
	print_message("# damaged: %ld allocations\n", oom_every(work, g));
	forge_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(garbage),
		cmocka_unit_test(lengths_that_lie),
		cmocka_unit_test(a_tail_without_end),
		cmocka_unit_test(numbers_beyond_reason),
		cmocka_unit_test(epochs_and_notes_without_end),
		cmocka_unit_test(a_file_cut_under_the_reader),
		cmocka_unit_test(no_verdict_without_memory),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
