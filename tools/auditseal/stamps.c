/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and checking time-stamps.  Contract: stamps.h. */
#include "stamps.h"
#include "judge.h"

#include "core/note.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX	     ".tsr"
#define CA_MAX_BYTES (1 << 20)

int cli_checkpoint_read(const char *path, uint8_t **ret_note, size_t *ret_len,
			struct seal_checkpoint *ret_cp, struct seal_diag *diag)
{
	struct seal_note parsed;
	uint8_t *note;
	size_t len;
	int rc = cli_read_file(path, SEAL_NOTE_MAX_BYTES, &note, &len, diag);

	if (rc)
		return rc;
	if (seal_checkpoint_parse_note(note, len, &parsed, ret_cp, NULL)) {
		free(note);
		return seal_diag_set(diag, SEAL_E_FORMAT,
				     "%s is not a checkpoint", path);
	}
	*ret_note = note;
	*ret_len = len;
	return 0;
}

int cli_stamp_check(const uint8_t *answer, size_t answer_len,
		    const uint8_t *note, size_t note_len, const char *ca_file,
		    const struct seal_tsa_number *nonce,
		    struct seal_tsa_stamp *ret_stamp, struct seal_diag *diag)
{
	struct seal_note parsed;
	const uint8_t *token;
	uint8_t *ca = NULL;
	size_t token_len, ca_len;
	int rc = seal_note_parse(note, note_len, &parsed, diag);

	if (!rc)
		rc = seal_tsa_answer_token(answer, answer_len, &token,
					   &token_len, diag);
	if (!rc)
		rc = cli_read_file(ca_file, CA_MAX_BYTES, &ca, &ca_len, diag);
	if (!rc && memchr(ca, '\0', ca_len))
		rc = seal_diag_set(diag, SEAL_E_FORMAT,
				   "%s is not a file of PEM certificates",
				   ca_file);
	if (!rc)
		rc = seal_tsa_check(token, token_len, parsed.text,
				    parsed.text_len, (const char *)ca, nonce,
				    ret_stamp, diag);
	free(ca);
	return rc;
}

static void tell(struct cli_judgements *list, int rc,
		 const struct seal_diag *diag)
{
	cli_fail(rc, diag);
	if (!list->problems++)
		snprintf(list->problem, sizeof(list->problem), "%s",
			 diag->text[0] ? diag->text : seal_strerror(rc));
}

static void stamp_fini(struct cli_stamp *s)
{
	free(s->path);
	free(s->where);
	free(s->note);
}

static int set_names(struct cli_stamp *s, const char *path)
{
	char when[CLI_TIME_BYTES];

	cli_format_time(s->stamp.info.time_us, when);
	s->path = strdup(path);
	if (asprintf(&s->where, "time-stamp %s of %s", path, when) < 0)
		s->where = NULL;
	return s->path && s->where ? 0 : SEAL_E_NOMEM;
}

static int add(struct cli_stamps *stamps, struct cli_stamp *s,
	       struct seal_diag *diag)
{
	struct cli_stamp *grown;
	size_t i, same = 0;

	for (i = 0; i < stamps->n; i++)
		same += !strcmp(stamps->v[i].checkpoint.origin,
				s->checkpoint.origin);
	if (same == SEAL_VERIFY_GIVEN_MAX)
		return seal_diag_set(diag, SEAL_E_TOOBIG,
				     "%s: more than %d time-stamps of %s: give "
				     "fewer at a time",
				     s->path, SEAL_VERIFY_GIVEN_MAX,
				     s->checkpoint.origin);
	grown = realloc(stamps->v, (stamps->n + 1) * sizeof(*grown));
	if (!grown)
		return SEAL_E_NOMEM;
	stamps->v = grown;
	stamps->v[stamps->n++] = *s;
	memset(s, 0, sizeof(*s));
	return 0;
}

/* "SENTENCE", with the token's name before it. */
static int about(const char *path, int rc, struct seal_diag *diag)
{
	char text[SEAL_DIAG_TEXT_BYTES];

	if (rc == SEAL_E_NOMEM)
		return rc;
	memcpy(text, diag->text, sizeof(text));
	return seal_diag_set(diag, rc, "time-stamp %s: %s", path,
			     text[0] ? text : seal_strerror(rc));
}

static int load_pair(struct cli_stamps *stamps, const char *path,
		     const char *ca_file, struct seal_diag *diag)
{
	size_t len = strlen(path), answer_len;
	struct cli_stamp s = {0};
	uint8_t *answer = NULL;
	char *name = NULL;
	int rc;

	if (len <= strlen(SUFFIX) ||
	    strcmp(path + len - strlen(SUFFIX), SUFFIX) != 0)
		return seal_diag_set(diag, SEAL_E_ARG,
				     "%s is no time-stamp: NAME" SUFFIX
				     " stands beside the checkpoint NAME",
				     path);
	name = strndup(path, len - strlen(SUFFIX));
	if (!name)
		return SEAL_E_NOMEM;
	rc = cli_read_file(path, SEAL_TSA_MAX_BYTES, &answer, &answer_len,
			   diag);
	if (!rc)
		rc = cli_checkpoint_read(name, &s.note, &s.note_len,
					 &s.checkpoint, diag);
	if (!rc)
		rc = cli_stamp_check(answer, answer_len, s.note, s.note_len,
				     ca_file, NULL, &s.stamp, diag);
	if (rc)
		rc = about(path, rc, diag);
	else
		rc = set_names(&s, path);
	if (!rc)
		rc = add(stamps, &s, diag);
	stamp_fini(&s);
	free(answer);
	free(name);
	return rc;
}

static int is_token(const struct dirent *entry)
{
	size_t len = strlen(entry->d_name);

	return len > strlen(SUFFIX) && entry->d_name[0] != '.' &&
	       !strcmp(entry->d_name + len - strlen(SUFFIX), SUFFIX);
}

static void load_directory(struct cli_stamps *stamps, const char *path,
			   const char *ca_file, struct cli_judgements *list)
{
	struct seal_diag diag = {0};
	struct dirent **names = NULL;
	char *file;
	int i, rc, count = scandir(path, &names, is_token, alphasort);

	if (count < 0) {
		rc = seal_diag_set_errno(&diag, SEAL_E_IO, errno,
					 "cannot read %s", path);
		tell(list, rc, &diag);
		return;
	}
	if (!count) {
		rc = seal_diag_set(&diag, SEAL_E_NOTFOUND,
				   "%s has no time-stamp (NAME" SUFFIX ")",
				   path);
		tell(list, rc, &diag);
	}
	for (i = 0; i < count; i++) {
		memset(&diag, 0, sizeof(diag));
		if (asprintf(&file, "%s/%s", path, names[i]->d_name) < 0) {
			tell(list, SEAL_E_NOMEM, &diag);
		} else {
			rc = load_pair(stamps, file, ca_file, &diag);
			if (rc)
				tell(list, rc, &diag);
			free(file);
		}
		free(names[i]);
	}
	free(names);
}

void cli_stamps_load(struct cli_stamps *stamps, const char *path,
		     const char *ca_file, struct cli_judgements *list)
{
	struct seal_diag diag = {0};
	struct stat st;
	int rc;

	if (!stat(path, &st) && S_ISDIR(st.st_mode)) {
		load_directory(stamps, path, ca_file, list);
		return;
	}
	rc = load_pair(stamps, path, ca_file, &diag);
	if (rc)
		tell(list, rc, &diag);
}

void cli_stamps_fini(struct cli_stamps *stamps)
{
	size_t i;

	for (i = 0; i < stamps->n; i++)
		stamp_fini(&stamps->v[i]);
	free(stamps->v);
	memset(stamps, 0, sizeof(*stamps));
}

const struct cli_stamp *cli_stamps_of(const struct cli_stamps *stamps,
				      const char *origin, size_t i)
{
	size_t k;

	for (k = 0; stamps && k < stamps->n; k++)
		if (!strcmp(stamps->v[k].checkpoint.origin, origin) && !i--)
			return &stamps->v[k];
	return NULL;
}

void cli_stamps_give(struct cli_stamps *stamps, const char *origin,
		     struct seal_verify_options *options)
{
	struct cli_stamp *s;
	size_t k, n = 0;

	for (k = 0; stamps && origin && k < stamps->n; k++) {
		s = &stamps->v[k];
		if (strcmp(s->checkpoint.origin, origin) != 0)
			continue;
		s->used = true;
		stamps->given[n].note = s->note;
		stamps->given[n].len = s->note_len;
		stamps->given[n++].where = s->where;
	}
	options->given = n ? stamps->given : NULL;
	options->given_count = n;
}

void cli_stamps_unused(const struct cli_stamps *stamps,
		       struct cli_judgements *list)
{
	struct seal_diag diag = {0};
	size_t k;
	int rc;

	for (k = 0; k < stamps->n; k++) {
		if (stamps->v[k].used)
			continue;
		rc = seal_diag_set(&diag, SEAL_E_NOTFOUND,
				   "%s is of the log %s, which was not "
				   "verified here",
				   stamps->v[k].path,
				   stamps->v[k].checkpoint.origin);
		tell(list, rc, &diag);
	}
}

const char *cli_given_text(enum seal_given_state state)
{
	switch (state) {
	case SEAL_GIVEN_AGREES:
		break;
	case SEAL_GIVEN_NOT_COMPARED:
		return " (not compared: that part is not here)";
	case SEAL_GIVEN_CONFLICTS:
	case SEAL_GIVEN_BEYOND:
		return " (this copy contradicts it)";
	case SEAL_GIVEN_UNSIGNED:
		return " (not signed by this log: it proves nothing)";
	}
	return "";
}
