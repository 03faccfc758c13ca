/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The power is cut before every call that changes a file, in a long life with
 * rotation, hand-overs, receipts and freed segments.  At each cut the process
 * is copied, and the copy starts again from what is left: whatever was
 * acknowledged is there, once and in order, nobody finds tampering, and the log
 * goes on.
 */
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

#include "tests/lib/spool_fixture.h"

#define RECORDS_MAX 8192
#define WAYS	    4 /* kept, all lost, torn twice */

struct life {
	struct fixture *f;
	struct seal_spool *sp;
	uint64_t random;
	unsigned given, acked; /* records: 0 ... acked - 1 are promised */
	unsigned receipted;    /* of these, perhaps freed */
	uint64_t receipt_size; /* that was acknowledged */
	unsigned long calls, stride, cuts, starts;
	unsigned counts[RECORDS_MAX];
};

static unsigned below(struct life *l, unsigned n)
{
	l->random = l->random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(l->random >> 33) % n;
}

/* ---- behind a cut, in a copy of the process ---- */

static void check_records(struct life *l)
{
	unsigned i = 0;

	assert_int_equal(fixture_counts(l->f, "record ", l->counts, l->given),
			 0);
	while (i < l->receipted && !l->counts[i])
		i++;
	for (; i < l->acked; i++)
		if (l->counts[i] != 1)
			fail_msg("record %u is there %u times", i,
				 l->counts[i]);
	for (; i < l->given; i++)
		assert_in_range(l->counts[i], 0, 1);
}

static void start_again(struct life *l, enum memio_loss loss, unsigned seed)
{
	struct seal_spool_receipt_info info;
	struct seal_spool *sp;

	memio_watch(l->f->m, NULL, NULL);
	memio_restart(l->f->m, loss, seed);
	if (l->acked)
		fixture_find_nothing(l->f, "before the start");
	if (fixture_try(l->f, &sp))
		fail_msg("start: %s", l->f->diag.text);
	seal_spool_receipt_get(sp, FIXTURE_MIRROR, &info);
	assert_true(info.size >= l->receipt_size);
	fixture_commit(sp, "afterwards", 1);
	fixture_close(l->f, sp);
	check_records(l);
	fixture_find_nothing(l->f, "after the start");
}

/* What the copies say and how they end must reach us: no runner in between. */
static pid_t copy(struct life *l, FILE *said, unsigned way)
{
	static const enum memio_loss loss[WAYS] = {MEMIO_KEPT, MEMIO_LOST,
						   MEMIO_TORN, MEMIO_TORN};
	static const struct rlimit no_core = {0, 0};
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	(void)setrlimit(RLIMIT_CORE, &no_core);
	if (setenv("CMOCKA_TEST_ABORT", "1", 1) ||
	    dup2(fileno(said), STDOUT_FILENO) < 0 ||
	    dup2(fileno(said), STDERR_FILENO) < 0)
		_exit(2);
	start_again(l, loss[way], (unsigned)l->cuts * WAYS + way);
	_exit(0);
}

static void tell(FILE *said)
{
	char line[512];

	rewind(said);
	while (fgets(line, sizeof(line), said))
		print_error("%s", line);
}

static void cut(void *ctx)
{
	struct life *l = ctx;
	FILE *said;
	pid_t pid[WAYS];
	unsigned way;
	int status;

	if (l->calls++ % l->stride)
		return;
	said = tmpfile();
	assert_non_null(said);
	l->cuts++;
	for (way = 0; way < WAYS; way++)
		pid[way] = copy(l, said, way);
	for (way = 0; way < WAYS; way++) {
		assert_int_equal(waitpid(pid[way], &status, 0), pid[way]);
		l->starts++;
		if (!status)
			continue;
		tell(said);
		fail_msg("cut %lu, way %u: record %u given, %u acknowledged",
			 l->cuts, way, l->given, l->acked);
	}
	fclose(said);
}

/* ---- the life ---- */

#define BATCH_MAX 4

/* Numbered records of many sizes, now and then one of several entries. */
static void commit(struct life *l)
{
	struct seal_message msgs[BATCH_MAX];
	unsigned i, n = 1 + below(l, BATCH_MAX);
	int width;

	assert_true(l->given + n <= RECORDS_MAX);
	for (i = 0; i < n; i++) {
		width = below(l, 8) ? 8 : (int)below(l, 3000) + 8;
		msgs[i].bytes = malloc(4096);
		assert_non_null(msgs[i].bytes);
		msgs[i].len =
			(size_t)snprintf((char *)(uintptr_t)msgs[i].bytes, 4096,
					 "record %0*u", width, l->given++);
		msgs[i].cut = false;
	}
	assert_int_equal(seal_spool_commit(l->sp, msgs, n, NULL, &l->f->diag),
			 0);
	l->acked = l->given;
	for (i = 0; i < n; i++)
		free((char *)(uintptr_t)msgs[i].bytes);
}

static void commit_long(struct life *l)
{
	static char text[150001];

	memset(text, 'x', sizeof(text) - 1);
	fixture_commit(l->sp, text, 1);
}

static void forward(struct life *l)
{
	struct seal_buf note = SEAL_BUF_INIT;
	struct seal_head head;

	assert_int_equal(seal_spool_offer(l->sp, FIXTURE_MIRROR, 0, UINT64_MAX,
					  &head, &note, &l->f->diag),
			 0);
	l->receipted = l->acked;
	assert_int_equal(seal_spool_receipt(l->sp, FIXTURE_MIRROR, head.size, 1,
					    note.data, note.len, &l->f->diag),
			 0);
	l->receipt_size = head.size;
	seal_buf_fini(&note);
}

static void next_session(struct life *l, bool clean)
{
	if (clean)
		fixture_close(l->f, l->sp);
	else
		fixture_crash(l->f, l->sp, MEMIO_KEPT, 0);
	l->sp = fixture_open(l->f);
}

static void live(struct life *l, unsigned commits)
{
	unsigned i;

	l->sp = fixture_open(l->f);
	for (i = 1; i <= commits; i++) {
		commit(l);
		/* the signatures until here are remembered by all copies */
		assert_int_equal(
			fixture_counts(l->f, "record ", l->counts, l->given),
			0);
		memio_advance_ms(l->f->m, below(l, 2000));
		if (i % 4 == 0)
			assert_int_equal(seal_spool_tick(l->sp, NULL), 0);
		if (i % 9 == 0)
			forward(l);
		if (i % 31 == 0)
			commit_long(l);
		if (i % 23 == 0)
			assert_int_equal(seal_spool_rotate(l->sp, NULL), 0);
		if (i % 47 == 0)
			next_session(l, i % 2);
	}
	fixture_close(l->f, l->sp);
}

static void at_every_call(void **state)
{
	bool whole = getenv("SEAL_LONG");
	unsigned commits = whole ? 1200 : 48;
	struct life *l = calloc(1, sizeof(*l));

	assert_non_null(l);
	l->f = *state;
	l->stride = whole ? 1 : 7;
	l->f->config.segment_max_bytes = SEAL_SEGMENT_MIN_BYTES;
	l->f->config.epoch_max_entries = 25;
	l->f->config.keep_bytes = 3 * SEAL_SEGMENT_MIN_BYTES;
	fixture_set_policy(l->f);
	memio_watch(l->f->m, cut, l);
	live(l, commits);
	memio_watch(l->f->m, NULL, NULL);
	check_records(l);
	print_message("# %u commits, %u records: power cut at %lu of %lu "
		      "places, %lu starts, 0 violations\n",
		      commits, l->given, l->cuts, l->calls, l->starts);
	assert_true(l->calls > 4 * commits);
	free(l);
}

/* However much there is: of all but the last segment a start reads headers. */
static void a_start_reads_the_last_segment(void **state)
{
	const unsigned sessions = 40, more = 35;
	/* two segments, and of the hand-overs no more than three */
	const uint64_t growth = 2 * SEAL_SEGMENT_HEADER_BYTES_MAX + 3 * 158;
	struct fixture *f = *state;
	struct seal_spool *sp;
	uint64_t few = 0, read = 0;
	unsigned i;

	for (i = 1; i <= sessions; i++) {
		sp = fixture_open(f);
		fixture_commit(sp, "some text of a record", 1000);
		assert_int_equal(seal_spool_rotate(sp, NULL), 0);
		fixture_commit(sp, "x", 1);
		fixture_close(f, sp);
		read = memio_bytes_read(f->m);
		sp = fixture_open(f);
		read = memio_bytes_read(f->m) - read;
		fixture_close(f, sp);
		if (i == sessions - more)
			few = read;
	}
	assert_in_range(read, few, few + more * growth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(at_every_call, fixture_setup,
						fixture_teardown),
		cmocka_unit_test_setup_teardown(a_start_reads_the_last_segment,
						fixture_setup,
						fixture_teardown),
	};

	if (seal_crypto_init(NULL))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
