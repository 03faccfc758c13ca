/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auditseal init: a new log's keys, the welcome of a store, a successor.
 * Nothing is ever overwritten that a log needs.
 */
#include "cli.h"
#include "enroll.h"
#include "judge.h"

#include "core/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char help[] =
	"Usage: auditseal init [OPTIONS]\n"
	"       auditseal init --welcome NAME.welcome [OPTIONS]\n"
	"       auditseal init --successor-of SPOOL [OPTIONS]\n"
	"\n"
	"Makes the keys of a new log and NAME.enroll, which goes to the store\n"
	"('auditseald enroll NAME.enroll').  With --welcome: installs what "
	"the\n"
	"store answered and shows the configuration.  With --successor-of: "
	"the\n"
	"new log goes on from one that has ended or is damaged.\n"
	"\n"
	"  --origin NAME     the log's name (default: this host's name/audit)\n"
	"  --keydir DIR      where the keys are (default: " CLI_KEYDIR_PARENT
	"NAME)\n"
	"  --enroll FILE     write the enrolment there (default: "
	"./NAME.enroll)\n"
	"  --config FILE     with --welcome: write the configuration there\n"
	"  --rsyslogd PATH   with --welcome: the rsyslogd that checks it\n"
	"  --moddir DIR      ... and where its modules are\n"
	"\n"
	"Example:\n"
	"  auditseal init --origin web01.example.com/audit\n"
	"  auditseal init --welcome web01.example.com@audit.welcome\n";

struct words {
	const char *origin, *keydir, *enroll, *welcome, *successor, *config,
		*rsyslogd, *moddir;
};

static int fail(int rc, const struct seal_diag *diag)
{
	if (rc == SEAL_E_EXISTS)
		cli_fail(rc, diag);
	else if (rc == SEAL_E_CLONE)
		fprintf(stderr,
			"auditseal: %s\nA clone needs a log of its own: give "
			"'auditseal init' another --keydir and --origin.\n",
			diag->text);
	else
		cli_fail(rc, diag);
	return CLI_UNDECIDED;
}

static int choose_keydir(const char *given, const char *origin,
			 char ret_dir[CLI_PATH_BYTES])
{
	char name[SEAL_ORIGIN_MAX_BYTES + 1];
	int len;

	if (given) {
		len = snprintf(ret_dir, CLI_PATH_BYTES, "%s", given);
		return len < CLI_PATH_BYTES ? 0 : SEAL_E_ARG;
	}
	/* 0711: the keydir below it is 0700, its name is no secret. */
	if (mkdir(CLI_KEYDIR_PARENT, 0711) && errno != EEXIST &&
	    errno != EACCES)
		return SEAL_E_IO;
	cli_origin_file(origin, name);
	snprintf(ret_dir, CLI_PATH_BYTES, "%s%s", CLI_KEYDIR_PARENT, name);
	return 0;
}

static void say_enrolled(const struct seal_keydir *keydir, const char *path)
{
	struct seal_hash id;
	char base64[48] = {0};

	/* As pins have it, and as the store shows it. */
	seal_keydir_log_id(keydir, &id);
	seal_base64_encode(id.b, sizeof(id.b), base64);
	printf("log      %s\n"
	       "log id   %s\n"
	       "keys     %s\n"
	       "enrol    %s\n"
	       "\n"
	       "Next: carry %s to the store, compare the log id there, and "
	       "run\n"
	       "  auditseald enroll %s\n"
	       "Then bring the .welcome file back and run\n"
	       "  auditseal init --keydir %s --welcome FILE.welcome\n",
	       seal_keydir_origin(keydir), base64, seal_keydir_path(keydir),
	       path, path, path, seal_keydir_path(keydir));
}

/* again: the keys were there already. */
static int enroll(const char *dir, const char *origin, const char *given,
		  bool again)
{
	char name[SEAL_ORIGIN_MAX_BYTES + 1], path[CLI_PATH_BYTES];
	struct seal_keydir *keydir;
	struct seal_diag diag = {0};
	int rc = seal_keydir_open(seal_io_posix(), dir, origin, &keydir, &diag);

	if (rc)
		return fail(rc, &diag);
	cli_origin_file(seal_keydir_origin(keydir), name);
	if (given)
		snprintf(path, sizeof(path), "%s", given);
	else
		snprintf(path, sizeof(path), "%s.enroll", name);
	rc = cli_enroll_write(keydir, path, &diag);
	if (!rc && again)
		printf("keys     are there already: only the enrolment is "
		       "written again\n");
	if (!rc)
		say_enrolled(keydir, path);
	seal_keydir_free(keydir);
	return rc ? fail(rc, &diag) : CLI_OK;
}

static int make_log(const struct words *w, const char *origin,
		    const struct seal_predecessor *predecessor)
{
	struct seal_diag diag = {0};
	char dir[CLI_PATH_BYTES];
	int rc;

	rc = choose_keydir(w->keydir, origin, dir);
	if (rc)
		return cli_usage(&cli_cmd_init, "the keydir cannot be made");
	rc = seal_keydir_create(seal_io_posix(), dir, origin, predecessor,
				&diag);
	if (rc == SEAL_E_EXISTS && !predecessor)
		return enroll(dir, origin, w->enroll, true);
	if (rc)
		return fail(rc, &diag);
	return enroll(dir, origin, w->enroll, false);
}

static int run_new(const struct words *w)
{
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	struct seal_diag diag = {0};
	int rc = 0;

	if (w->origin) {
		if (seal_origin_check(w->origin, strlen(w->origin), &diag))
			return cli_fail(SEAL_E_CONFIG, &diag);
		snprintf(origin, sizeof(origin), "%s", w->origin);
	} else {
		rc = cli_default_origin(origin, &diag);
	}
	return rc ? cli_fail(rc, &diag) : make_log(w, origin, NULL);
}

/* ---- a successor ---- */

/* "a/audit" -> "a/audit/2" -> "a/audit/3" */
static int next_origin(const char *origin,
		       char ret_origin[SEAL_ORIGIN_MAX_BYTES + 1])
{
	const char *slash = strrchr(origin, '/');
	uint64_t n = 1;
	int len = (int)strlen(origin), made;

	if (slash && strchr(origin, '/') != slash &&
	    cli_parse_u64(slash + 1, &n))
		len = (int)(slash - origin);
	else
		n = 1;
	made = snprintf(ret_origin, SEAL_ORIGIN_MAX_BYTES + 1, "%.*s/%llu", len,
			origin, (unsigned long long)n + 1);
	return made <= SEAL_ORIGIN_MAX_BYTES ? 0 : SEAL_E_TOOBIG;
}

static int run_successor(const struct words *w)
{
	struct seal_predecessor predecessor = {0};
	char origin[SEAL_ORIGIN_MAX_BYTES + 1];
	struct cli_trust trust = {.as_of_us = cli_now_us()};
	struct cli_judgements list = {0};
	struct seal_diag diag = {0};
	const struct seal_verdict *v;
	int rc = cli_judge_spool(&trust, w->successor, false, &list, &diag);

	if (rc)
		return cli_fail(rc, &diag);
	v = &list.v[0].verdict;
	predecessor.size = v->size;
	predecessor.root = v->root;
	snprintf(predecessor.origin, sizeof(predecessor.origin), "%.*s",
		 SEAL_ORIGIN_MAX_BYTES, v->origin);
	cli_judgements_fini(&list);
	if (!predecessor.size)
		return cli_usage(&cli_cmd_init,
				 "nothing in %s is sealed: there is no log to "
				 "go on from",
				 w->successor);
	if (w->origin)
		snprintf(origin, sizeof(origin), "%.*s", SEAL_ORIGIN_MAX_BYTES,
			 w->origin);
	else if (next_origin(predecessor.origin, origin))
		return cli_usage(&cli_cmd_init, "give the new log's --origin");
	if (!strcmp(origin, predecessor.origin))
		return cli_usage(&cli_cmd_init,
				 "a new log needs a new origin, not %s again",
				 origin);
	printf("follows  %s, %llu entries\n", predecessor.origin,
	       (unsigned long long)predecessor.size);
	return make_log(w, origin, &predecessor);
}

/* ---- a welcome ---- */

static const char *find_rsyslogd(const char *given)
{
	static const char *const places[] = {"/usr/sbin/rsyslogd",
					     "/sbin/rsyslogd",
					     "/usr/local/sbin/rsyslogd"};
	size_t i;

	if (given)
		return given;
	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!access(places[i], X_OK))
			return places[i];
	return NULL;
}

/* rsyslogd -N1 on the configuration; its words go to stderr. */
static int check_configuration(const char *rsyslogd, const char *moddir,
			       const char *path)
{
	const char *argv[8] = {rsyslogd, "-N1", "-f", path};
	int status = 0;
	pid_t pid;

	if (moddir) {
		argv[4] = "-M";
		argv[5] = moddir;
	}
	fflush(NULL);
	pid = fork();
	if (!pid) {
		execv(rsyslogd, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

static int show_configuration(const struct words *w, const char *text)
{
	char path[] = "/tmp/auditseal-XXXXXX.conf";
	const char *rsyslogd = find_rsyslogd(w->rsyslogd);
	struct seal_diag diag = {0};
	int fd, rc;

	printf("\n%s\n", text);
	if (w->config) {
		rc = cli_write_file(w->config, text, strlen(text), 0644, &diag);
		if (rc)
			return cli_fail(rc, &diag);
		printf("written  to %s\n", w->config);
	}
	if (!rsyslogd) {
		printf("rsyslogd is not here: check the configuration with "
		       "'rsyslogd -N1' where it is\n");
		return CLI_OK;
	}
	fd = mkstemps(path, 5);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text)) {
		if (fd >= 0) {
			close(fd);
			unlink(path);
		}
		return cli_usage(&cli_cmd_init,
				 "cannot write to /tmp to check the "
				 "configuration");
	}
	close(fd);
	rc = check_configuration(rsyslogd, w->moddir, path);
	unlink(path);
	if (rc) {
		fprintf(stderr,
			"auditseal: '%s -N1' refuses the configuration (status "
			"%d): see above\n",
			rsyslogd, rc);
		return CLI_ATTENTION;
	}
	printf("checked  by %s -N1\n", rsyslogd);
	return CLI_OK;
}

static int install_welcome(const struct words *w, struct seal_welcome *welcome,
			   const char *dir, struct seal_diag *diag)
{
	struct seal_keydir *keydir;
	int rc;

	rc = seal_keydir_open(seal_io_posix(), dir, NULL, &keydir, diag);
	if (rc)
		return rc;
	rc = cli_welcome_install(keydir, welcome, diag);
	seal_keydir_free(keydir);
	if (!rc)
		rc = cli_welcome_name_keydir(welcome, w->keydir ? dir : NULL,
					     diag);
	if (!rc)
		printf("welcome  %s is installed in %s\n", welcome->origin,
		       dir);
	return rc;
}

static int run_welcome(const struct words *w)
{
	struct seal_welcome welcome = {0};
	struct seal_diag diag = {0};
	char dir[CLI_PATH_BYTES];
	int rc;

	rc = cli_welcome_read(w->welcome, &welcome, &diag);
	if (rc)
		return cli_fail(rc, &diag);
	if (w->origin && strcmp(w->origin, welcome.origin)) {
		seal_welcome_fini(&welcome);
		return cli_usage(&cli_cmd_init,
				 "%s is not for the origin %s: leave --origin "
				 "away, the file names it",
				 w->welcome, w->origin);
	}
	if (choose_keydir(w->keydir, welcome.origin, dir)) {
		seal_welcome_fini(&welcome);
		return cli_usage(&cli_cmd_init, "the keydir's path is no good");
	}
	rc = install_welcome(w, &welcome, dir, &diag);
	if (rc)
		rc = fail(rc, &diag);
	else
		rc = show_configuration(w, welcome.configuration);
	seal_welcome_fini(&welcome);
	return rc;
}

static int run(int argc, char **argv)
{
	struct words w = {0};
	const struct cli_option options[] = {
		{"--origin", true, &w.origin},
		{"--keydir", true, &w.keydir},
		{"--enroll", true, &w.enroll},
		{"--welcome", true, &w.welcome},
		{"--successor-of", true, &w.successor},
		{"--config", true, &w.config},
		{"--rsyslogd", true, &w.rsyslogd},
		{"--moddir", true, &w.moddir},
	};
	int operands = 0, rc;
	bool done;

	rc = cli_options(&cli_cmd_init, argc, argv, options,
			 sizeof(options) / sizeof(options[0]), &operands,
			 &done);
	if (rc || done)
		return rc;
	if (operands)
		return cli_usage(&cli_cmd_init, "'%s' is one word too many",
				 argv[1]);
	if (w.welcome && w.successor)
		return cli_usage(&cli_cmd_init,
				 "--welcome and --successor-of are two steps: "
				 "the successor first");
	if (!w.welcome && (w.config || w.rsyslogd || w.moddir))
		return cli_usage(&cli_cmd_init,
				 "--config, --rsyslogd and --moddir go with "
				 "--welcome");
	if (w.welcome)
		return run_welcome(&w);
	return w.successor ? run_successor(&w) : run_new(&w);
}

const struct cli_command cli_cmd_init = {
	"init", "make a new log's keys; install a store's welcome", help, run};
