/* SPDX-License-Identifier: Apache-2.0 */
/* What witnesses cosigned, beside a copy's newest checkpoint.  Contract:
 * copy.h. */
#include "copy.h"

#include "core/checkpoint.h"
#include "core/note.h"

#include <stdlib.h>
#include <string.h>

void cli_cosigned_fini(struct cli_cosigned *cosigned)
{
	size_t i;

	for (i = 0; i < cosigned->count; i++)
		seal_buf_fini(&cosigned->note[i]);
	free(cosigned->note);
	memset(cosigned, 0, sizeof(*cosigned));
}

int cli_cosigned_add(struct cli_cosigned *cosigned, const struct seal_buf *note)
{
	struct seal_buf *grown;

	grown = realloc(cosigned->note,
			(cosigned->count + 1) * sizeof(*cosigned->note));
	if (!grown)
		return SEAL_E_NOMEM;
	cosigned->note = grown;
	seal_buf_init(&grown[cosigned->count]);
	seal_buf_put_buf(&grown[cosigned->count], note);
	return seal_buf_error(&grown[cosigned->count++]);
}

/* Behind the log's own lines, each is by that name, and there is one. */
static bool are_by(const struct seal_note *note, size_t own, const char *name)
{
	size_t i, len = strlen(name);

	for (i = own; i < note->sig_count; i++)
		if (note->sigs[i].name_len != len ||
		    memcmp(note->sigs[i].name, name, len) != 0)
			return false;
	return note->sig_count > own;
}

/*
 * The log's own note and, behind it, the witness's lines.  Where the note
 * itself is not as it is kept, that is said of it.
 */
static int join(const struct seal_storage_checkpoint *checkpoint,
		const struct seal_storage_cosignature *row,
		struct cli_cosigned *cosigned, bool *ret_whole)
{
	struct seal_buf bytes = SEAL_BUF_INIT;
	struct seal_checkpoint cp;
	struct seal_note note;
	size_t own;
	int rc;

	if (seal_checkpoint_parse_note(checkpoint->note, checkpoint->note_bytes,
				       &note, &cp, NULL) ||
	    !cli_lines_are_kept(&note, cp.origin, note.sig_count))
		return 0;
	own = note.sig_count;
	seal_buf_put(&bytes, checkpoint->note, checkpoint->note_bytes);
	seal_buf_put(&bytes, row->lines, row->lines_bytes);
	rc = seal_buf_error(&bytes);
	if (!rc && (seal_note_parse(bytes.data, bytes.len, &note, NULL) ||
		    !are_by(&note, own, row->name)))
		*ret_whole = false;
	else if (!rc)
		rc = cli_cosigned_add(cosigned, &bytes);
	seal_buf_fini(&bytes);
	return rc;
}

static int take(struct seal_storage *storage, int64_t log,
		const struct seal_storage_cosignature *row,
		struct cli_cosigned *cosigned, bool *ret_whole,
		struct seal_diag *diag)
{
	struct seal_storage_checkpoint checkpoint = {0};
	int rc;

	if (row->damaged) {
		*ret_whole = false;
		return 0;
	}
	rc = storage->ops->get_checkpoint(storage, log, row->size, &checkpoint,
					  diag);
	if (!rc)
		rc = join(&checkpoint, row, cosigned, ret_whole);
	else if (rc == SEAL_E_NOTFOUND)
		*ret_whole = false;
	seal_storage_checkpoint_fini(&checkpoint);
	return rc == SEAL_E_NOTFOUND || rc == SEAL_E_DAMAGED ? 0 : rc;
}

int cli_cosigned_read(struct seal_storage *storage, int64_t log,
		      struct cli_cosigned *cosigned, bool *ret_whole,
		      struct seal_diag *diag)
{
	struct seal_storage_cosignature *list = NULL;
	size_t count = 0, i;
	int rc = storage->ops->list_cosignatures(storage, log, &list, &count,
						 diag);

	*ret_whole = true;
	for (i = 0; i < count && !rc; i++)
		rc = take(storage, log, &list[i], cosigned, ret_whole, diag);
	seal_storage_cosignatures_free(list, count);
	return rc;
}
