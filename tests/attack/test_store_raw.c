/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every raw byte of a store's files, whatever SQLite keeps there: the database
 * at rest, and the three files of a store that was killed.  Found, or every
 * reader is given the same bytes; or, of the last transaction alone, what a
 * crash leaves.  docs/adr/0046.
 */
#include "tests/attack/attack_store.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ENTRIES	       300 /* a whole bundle and an open one */
#define ENTRIES_KILLED 40
#define HANG_S	       60

#define LENGTH_HEADER 32
#define LENGTH_FRAME  (24 + 4096)

/* A file, changed in place. */
struct target {
	struct attack_store *a;
	struct attack_tally *t;
	struct store_reasons *reasons;
	const char *what;
	uint8_t *bytes;
	size_t len;
	int fd;
	struct seal_hash whole; /* the answer to a reader */
	/* Of PATH-wal: from here on, one transaction and no other. */
	size_t last;
	struct seal_hash before; /* the answer without it */
};

static void open_target(struct target *g, struct attack_store *a,
			const char *suffix)
{
	char path[80];

	snprintf(path, sizeof(path), "%s%s", a->t->db, suffix);
	g->a = a;
	g->what = *suffix ? suffix : "database";
	g->bytes = store_file(path, &g->len);
	g->fd = open(path, O_RDWR);
	assert_true(g->fd >= 0);
	g->last = SIZE_MAX;
	g->whole = store_answer(a, NULL);
}

static void close_target(struct target *g)
{
	close(g->fd);
	free(g->bytes);
}

static void put(struct target *g, size_t at, const void *bytes, size_t len)
{
	assert_int_equal(pwrite(g->fd, bytes, len, (off_t)at), len);
}

static bool is_same(const struct seal_hash *a, const struct seal_hash *b)
{
	return seal_hash_equal(a, b);
}

/* Nobody is told that all is well, or nothing was changed. */
static void judge(struct target *g, size_t at, unsigned change)
{
	struct seal_hash answer;

	alarm(HANG_S);
	store_judge(g->a, NULL);
	if (g->a->status || g->a->rc) {
		attack_is_found(g->t);
		return;
	}
	answer = store_answer(g->a, NULL);
	if (is_same(&answer, &g->whole))
		store_listed(g->reasons,
			     "free, or passed over: every reader is given the "
			     "same bytes");
	else if (at >= g->last && is_same(&answer, &g->before))
		store_listed(g->reasons,
			     "the last transaction: as a crash leaves it, the "
			     "one before is what is verified");
	else
		attack_is_wrong(g->t, "%s at %zu ^%02x: status 0", g->what, at,
				change);
}

/* In `make check` some bytes, one change each. */
static void every_byte(struct target *g, size_t step)
{
	uint8_t changed;
	size_t at, k;

	for (at = 0; at < g->len; at += step) {
		for (k = 0; k < ATTACK_CHANGES; k++) {
			if (step > 1 && k != at % ATTACK_CHANGES)
				continue;
			changed = g->bytes[at] ^ attack_change[k];
			put(g, at, &changed, 1);
			judge(g, at, attack_change[k]);
		}
		put(g, at, &g->bytes[at], 1);
	}
	alarm(0);
	store_expect(g->a, 0, "");
}

static void of_file(struct attack_store *a, const char *suffix, size_t step,
		    size_t header)
{
	struct attack_tally t = {.name = "store, raw bytes"};
	struct store_reasons reasons = {.tally = &t};
	struct target g = {.t = &t, .reasons = &reasons};
	size_t whole;

	open_target(&g, a, suffix);
	whole = g.len;
	if (header) {
		g.len = header;
		every_byte(&g, 1);
		g.len = whole;
	}
	every_byte(&g, attack_long() ? 1 : step);
	store_done(&reasons);
	close_target(&g);
}

static void every_raw_byte_of_the_database(void **state)
{
	struct attack_store *a = attack_store_make(ENTRIES);

	(void)state;
	/* As the store leaves it. */
	store_detach(a);
	test_store_reopen(a->t);
	store_close(a->t->store);
	a->t->store = NULL;
	store_expect(a, 0, "");
	of_file(a, "", 97, 100);
	attack_store_free(a);
}

/* ---- a store that was killed ---- */

static uint32_t word(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	       (uint32_t)p[2] << 8 | p[3];
}

static const uint8_t *frame_at(const struct target *g, size_t n)
{
	return g->bytes + LENGTH_HEADER + n * LENGTH_FRAME;
}

/* Frames of this run of the file; *ret_last: the first of the last ones. */
static size_t frames_of(const struct target *g, size_t *ret_last)
{
	size_t n, end = 0, last = 0;

	for (n = 0; LENGTH_HEADER + (n + 1) * LENGTH_FRAME <= g->len; n++) {
		if (memcmp(frame_at(g, n) + 8, g->bytes + 16, 8) != 0)
			break;
		if (word(frame_at(g, n) + 4)) {
			last = end;
			end = n + 1;
		}
	}
	*ret_last = last;
	return end;
}

static void cut_at(struct target *g, size_t len)
{
	assert_int_equal(ftruncate(g->fd, (off_t)len), 0);
}

static void whole_again(struct target *g)
{
	put(g, 0, g->bytes, g->len);
}

static void open_journal(struct target *g, struct attack_store *a,
			 size_t *ret_frames, size_t *ret_last)
{
	open_target(g, a, "-wal");
	*ret_frames = frames_of(g, ret_last);
	g->last = LENGTH_HEADER + *ret_last * LENGTH_FRAME;
	assert_true(*ret_last > 0);
	/* An older run stands behind this one. */
	assert_true(LENGTH_HEADER + *ret_frames * LENGTH_FRAME < g->len);
	cut_at(g, g->last);
	g->before = store_answer(a, NULL);
	whole_again(g);
	assert_false(is_same(&g->before, &g->whole));
}

static void every_raw_byte_of_the_journal(void **state)
{
	struct attack_store *a = attack_store_make_killed(ENTRIES_KILLED);
	struct attack_tally t = {.name = "killed store, raw bytes of -wal"};
	struct store_reasons reasons = {.tally = &t};
	struct target g = {.t = &t, .reasons = &reasons};
	size_t frames, last, len;

	(void)state;
	store_expect(a, 0, "");
	assert_int_equal(a->got_size, ENTRIES_KILLED);
	open_journal(&g, a, &frames, &last);
	len = g.len;
	g.len = LENGTH_HEADER + 24; /* and the header of a frame */
	every_byte(&g, 1);
	g.len = len;
	every_byte(&g, attack_long() ? 1 : 211);
	store_done(&reasons);
	close_target(&g);
	attack_store_free(a);
}

static void every_raw_byte_of_the_killed_database(void **state)
{
	struct attack_store *a = attack_store_make_killed(ENTRIES_KILLED);

	(void)state;
	of_file(a, "", 97, 100);
	attack_store_free(a);
}

/* It is not looked at: nobody is there who could keep it true. */
static void shared_memory_says_nothing(void **state)
{
	struct attack_store *a = attack_store_make_killed(ENTRIES_KILLED);
	struct attack_tally t = {.name = "killed store, raw bytes of -shm"};
	struct store_reasons reasons = {.tally = &t};
	struct target g = {.t = &t, .reasons = &reasons};

	(void)state;
	open_target(&g, a, "-shm");
	every_byte(&g, attack_long() ? 1 : 331);
	assert_int_equal(t.found, 0);
	store_done(&reasons);
	close_target(&g);
	attack_store_free(a);
}

/* ---- what a crash leaves is no finding, what it cannot leave is ---- */

static void a_kill_is_no_finding(void **state)
{
	struct attack_store *a = attack_store_make_killed(ENTRIES_KILLED);
	struct attack_tally t = {.name = "killed store, -wal cut"};
	struct target g = {.t = &t};
	size_t frames, last, len;

	(void)state;
	open_journal(&g, a, &frames, &last);
	for (len = 0; len < g.len; len += attack_long() ? 1 : 1009) {
		cut_at(&g, len);
		store_judge(a, NULL);
		if (a->status || a->found[0])
			attack_is_wrong(&t, "cut at %zu: %d %s %s", len,
					a->status, a->found, a->diag.text);
		else
			attack_is_found(&t);
		whole_again(&g);
	}
	attack_done(&t);
	close_target(&g);
	attack_store_free(a);
}

/* The frames [last, frames) never came to the disk, or some of them did. */
static void power_cut(struct target *g, size_t last, size_t frames)
{
	uint8_t zero[LENGTH_FRAME] = {0};
	unsigned subset, all;
	size_t n;

	assert_true(frames - last < 10);
	all = 1U << (frames - last);
	for (subset = 1; subset < all; subset++) {
		for (n = last; n < frames; n++)
			if (subset >> (n - last) & 1)
				put(g, LENGTH_HEADER + n * LENGTH_FRAME, zero,
				    sizeof(zero));
		store_expect(g->a, 0, "");
		put(g, 0, g->bytes, LENGTH_HEADER + frames * LENGTH_FRAME);
	}
}

static void a_power_cut_is_no_finding(void **state)
{
	struct attack_store *a = attack_store_make_killed(ENTRIES_KILLED);
	struct target g = {0};
	size_t frames, last, n, begin = 0, longest = 0, commits = 0;
	uint8_t byte;

	(void)state;
	open_journal(&g, a, &frames, &last);
	/* As if each transaction were the last. */
	for (n = 0; n < frames; n++) {
		if (!word(frame_at(&g, n) + 4))
			continue;
		cut_at(&g, LENGTH_HEADER + (n + 1) * LENGTH_FRAME);
		power_cut(&g, begin, n + 1);
		longest = n + 1 - begin > longest ? n + 1 - begin : longest;
		begin = n + 1;
		commits++;
	}
	whole_again(&g);
	print_message("%zu transactions of up to %zu frames\n", commits,
		      longest);
	assert_true(commits > 3 && longest > 2);
	/* What was safe before the last one began is another matter. */
	for (n = 0; n < last; n++) {
		byte = frame_at(&g, n)[24] ^ 1;
		put(&g, LENGTH_HEADER + n * LENGTH_FRAME + 24, &byte, 1);
		store_expect(a, 1, "AS029");
		whole_again(&g);
	}
	store_expect(a, 0, "");
	close_target(&g);
	attack_store_free(a);
}

static void a_lost_header_is_told(void **state)
{
	struct attack_store *a = attack_store_make_killed(ENTRIES_KILLED);
	uint8_t zero[LENGTH_HEADER] = {0};
	struct target g = {0};
	size_t frames, last, n;

	(void)state;
	open_journal(&g, a, &frames, &last);
	put(&g, 0, zero, sizeof(zero));
	store_expect(a, 1, "AS029");
	/* A file that was made, and in which nothing was written. */
	for (n = sizeof(zero); n < g.len; n += sizeof(zero))
		put(&g, n, zero,
		    g.len - n < sizeof(zero) ? g.len - n : sizeof(zero));
	store_expect(a, 0, "");
	close_target(&g);
	attack_store_free(a);
}

/* ---- looking leaves no trace ---- */

/* The kernel dates the shared memory of a store that is open when it likes. */
static bool has_time(const char *name)
{
	return !strstr(name, "-shm") || !strncmp(name, "killed", 6);
}

/* Names, sizes, times and content of all that is here. */
static struct seal_hash everything(void)
{
	struct seal_buf all = SEAL_BUF_INIT;
	struct dirent **entry;
	struct seal_hash digest;
	struct stat st;
	uint8_t *bytes;
	size_t len;
	int i, n = scandir(".", &entry, NULL, alphasort);

	assert_true(n > 2);
	for (i = 0; i < n; i++) {
		assert_int_equal(stat(entry[i]->d_name, &st), 0);
		if (!has_time(entry[i]->d_name))
			memset(&st.st_mtim, 0, sizeof(st.st_mtim));
		seal_buf_putf(&all, "%s %lld %lld.%09ld\n", entry[i]->d_name,
			      (long long)st.st_size,
			      (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
		if (S_ISREG(st.st_mode)) {
			bytes = store_file(entry[i]->d_name, &len);
			seal_buf_put(&all, bytes, len);
			free(bytes);
		}
		free(entry[i]);
	}
	free(entry);
	assert_int_equal(seal_sha256(all.data, all.len, &digest), 0);
	seal_buf_fini(&all);
	return digest;
}

static void looking_leaves_no_trace(void **state)
{
	struct attack_store *whole = attack_store_make(ENTRIES_KILLED);
	struct attack_store *killed = attack_store_make_killed(ENTRIES_KILLED);
	struct seal_hash before, after;

	(void)state;
	store_detach(whole);
	test_store_reopen(whole->t);
	store_close(whole->t->store);
	whole->t->store = NULL;
	before = everything();
	store_expect(whole, 0, "");
	store_expect(killed, 0, "");
	(void)store_answer(killed, NULL);
	after = everything();
	assert_true(is_same(&before, &after));
	attack_store_free(whole);
	attack_store_free(killed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looking_leaves_no_trace),
		cmocka_unit_test(a_kill_is_no_finding),
		cmocka_unit_test(a_power_cut_is_no_finding),
		cmocka_unit_test(a_lost_header_is_told),
		cmocka_unit_test(every_raw_byte_of_the_journal),
		cmocka_unit_test(every_raw_byte_of_the_killed_database),
		cmocka_unit_test(every_raw_byte_of_the_database),
		cmocka_unit_test(shared_memory_says_nothing),
	};

	if (!attack_init())
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
