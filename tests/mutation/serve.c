/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Linked into every program that is built with mutants: which one is on, which
 * ones were reached, and a server that runs one test case a fork.  Not part of
 * any other build.
 *
 * A group is set up by the untouched code, in the child: an open database or a
 * lock does not outlive a fork.
 *
 * With SEAL_MUTANT_SERVE=IN,OUT (descriptors) a program reads requests, one a
 * line, and answers each with a line (docs/reference/mutation.md):
 *
 *   CASE MUTANT CPU-MS TRACE     ->  STATUS CPU-US
 *
 * CASE is a number, or for a program that is no cmocka test a file with its
 * arguments, a line each; TRACE a file for what was reached, or "-".  STATUS is
 * that of the exit, 256 + the signal that ended it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/crypto.h"

#define HITS (1 << 16)
#define MEMORY_BYTES                                             \
	(3ULL << 30)  /* and an endless loop that allocates ends \
		       */
#define WAIT_S	  100 /* one that sleeps, too */
#define MAX_CASES 4096
#define MAX_ARGS  64

int __real__cmocka_run_group_tests(const char *, const struct CMUnitTest *,
				   size_t, CMFixtureFunction, CMFixtureFunction)
	__attribute__((weak));
int __wrap__cmocka_run_group_tests(const char *, const struct CMUnitTest *,
				   size_t, CMFixtureFunction,
				   CMFixtureFunction);
int __real_main(int, char **);
int __wrap_main(int, char **);

unsigned char seal_mutant_hit[HITS] __attribute__((aligned(65536)));
int seal_mutant_now;

static FILE *in, *out;
static void *state; /* what the setup of the group made; LeakSanitizer looks */

static void die(const char *what)
{
	fprintf(stderr, "serve.c: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static int serving(void)
{
	const char *how = getenv("SEAL_MUTANT_SERVE");
	int from, to;

	if (in)
		return 1;
	if (!how || sscanf(how, "%d,%d", &from, &to) != 2)
		return 0;
	in = fdopen(from, "r");
	out = fdopen(to, "w");
	if (!in || !out || fcntl(from, F_SETFD, FD_CLOEXEC) ||
	    fcntl(to, F_SETFD, FD_CLOEXEC))
		die(how);
	if (seal_crypto_init(NULL))
		die("libgcrypt");
	if (mmap(seal_mutant_hit, HITS, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		die("mmap");
	return 1;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* In the child: a directory and limits of its own. */
static void begin(const char *place, long cpu_ms)
{
	struct itimerval cpu = {{0, 0}, {cpu_ms / 1000, cpu_ms % 1000 * 1000}};
	struct rlimit memory = {MEMORY_BYTES, MEMORY_BYTES}, none = {0, 0};

	fclose(in);
	if (chdir(place) || setenv("TMPDIR", place, 1) ||
	    setrlimit(RLIMIT_CORE, &none))
		die(place);
#ifndef __SANITIZE_ADDRESS__
	if (setrlimit(RLIMIT_AS, &memory))
		die("setrlimit");
#else
	(void)memory;
#endif
	alarm(WAIT_S);
	if (cpu_ms && setitimer(ITIMER_PROF, &cpu, NULL))
		die("setitimer");
}

static void write_trace(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, seal_mutant_hit, HITS) != HITS || close(fd))
		die(path);
}

/* Serves until there are no more requests; `one` runs a case in the child. */
static void serve(int (*one)(const char *request, int mutant, void *arg),
		  void *arg)
{
	char line[4096], request[2048], trace[2048];
	char place[] = "run.XXXXXX", *full;
	struct rusage used;
	int mutant, status;
	long cpu_ms;
	pid_t pid;

	if (!mkdtemp(place) || !(full = realpath(place, NULL)))
		die("mkdtemp");
	while (fgets(line, sizeof(line), in)) {
		if (sscanf(line, "%2047s %d %ld %2047s", request, &mutant,
			   &cpu_ms, trace) != 4)
			die("not a request");
		if (mkdir(full, 0700) && errno != EEXIST)
			die(full);
		pid = fork();
		if (pid < 0)
			die("fork");
		if (!pid) {
			begin(full, cpu_ms);
			exit(one(request, mutant, arg));
		}
		if (wait4(pid, &status, 0, &used) != pid)
			die("wait4");
		if (rmdir(full))
			nftw(full, remove_one, 8, FTW_DEPTH | FTW_PHYS);
		if (trace[0] != '-')
			write_trace(trace);
		fprintf(out, "%d %ld\n",
			WIFSIGNALED(status) ? 256 + WTERMSIG(status)
					    : WEXITSTATUS(status),
			(used.ru_utime.tv_sec + used.ru_stime.tv_sec) *
					1000000L +
				used.ru_utime.tv_usec + used.ru_stime.tv_usec);
		fflush(out);
	}
	_exit(0);
}

struct group {
	const char *name;
	const struct CMUnitTest *tests;
	size_t n;
	CMFixtureFunction setup, teardown;
};

static void turn_on(int mutant)
{
	memset(seal_mutant_hit, 0, HITS);
	seal_mutant_now = mutant;
}

static int one_case(const char *request, int mutant, void *arg)
{
	const struct group *g = arg;
	size_t k = strtoul(request, NULL, 10);
	struct CMUnitTest test;
	int failed;

	if (k >= g->n || (g->setup && g->setup(&state)))
		die("no such case, or its setup failed");
	test = g->tests[k];
	if (!test.initial_state)
		test.initial_state = state;
	turn_on(mutant);
	failed = __real__cmocka_run_group_tests(g->name, &test, 1, NULL, NULL);
	seal_mutant_now = 0;
	return failed || (g->teardown && g->teardown(&state));
}

int __wrap__cmocka_run_group_tests(const char *name,
				   const struct CMUnitTest *tests, size_t n,
				   CMFixtureFunction setup,
				   CMFixtureFunction teardown)
{
	struct group g = {name, tests, n, setup, teardown};

	if (!serving())
		return __real__cmocka_run_group_tests(name, tests, n, setup,
						      teardown);
	for (size_t k = 0; k < n; k++)
		fprintf(out, "case %s\n", tests[k].name);
	fprintf(out, "ready\n");
	fflush(out);
	serve(one_case, &g);
	return 0;
}

static int one_run(const char *request, int mutant, void *arg)
{
	char *argv[MAX_ARGS + 1] = {0};
	size_t size = 0;
	int argc = 0;
	FILE *f = fopen(request, "r");

	(void)arg;
	if (!f)
		die(request);
	while (argc < MAX_ARGS && getline(&argv[argc], &size, f) > 0) {
		argv[argc][strcspn(argv[argc], "\n")] = '\0';
		argc++;
		size = 0;
	}
	argv[argc] = NULL;
	fclose(f);
	/* First the folder to be in, and the file for what it says. */
	if (argc < 3 || chdir(argv[0]) || !freopen(argv[1], "w", stdout))
		die(request);
	turn_on(mutant);
	return __real_main(argc - 2, argv + 2);
}

int __wrap_main(int argc, char **argv)
{
	if (__real__cmocka_run_group_tests || !serving())
		return __real_main(argc, argv);
	fprintf(out, "ready\n");
	fflush(out);
	serve(one_run, NULL);
	return 0;
}
