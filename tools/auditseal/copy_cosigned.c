/* SPDX-License-Identifier: Apache-2.0 */
/* What witnesses cosigned, beside a copy's newest checkpoint.  Contract:
 * copy.h. */
#include "copy.h"

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

/* The log's own note and, behind it, the witness's lines. */
static int take(struct seal_storage *storage, int64_t log,
		const struct seal_storage_cosignature *line,
		struct cli_cosigned *cosigned, struct seal_diag *diag)
{
	struct seal_storage_checkpoint checkpoint = {0};
	struct seal_buf note = SEAL_BUF_INIT;
	int rc = storage->ops->get_checkpoint(storage, log, line->size,
					      &checkpoint, diag);

	/* Without it the line says nothing: a verdict can only be lower. */
	if (rc == SEAL_E_NOTFOUND || rc == SEAL_E_DAMAGED)
		return 0;
	if (!rc) {
		seal_buf_put(&note, checkpoint.note, checkpoint.note_bytes);
		seal_buf_put(&note, line->lines, line->lines_bytes);
		rc = seal_buf_error(&note);
	}
	if (!rc)
		rc = cli_cosigned_add(cosigned, &note);
	seal_storage_checkpoint_fini(&checkpoint);
	seal_buf_fini(&note);
	return rc;
}

int cli_cosigned_read(struct seal_storage *storage, int64_t log,
		      struct cli_cosigned *cosigned, struct seal_diag *diag)
{
	struct seal_storage_cosignature *list = NULL;
	size_t count = 0, i;
	int rc = storage->ops->list_cosignatures(storage, log, &list, &count,
						 diag);

	if (rc == SEAL_E_DAMAGED)
		return 0;
	for (i = 0; i < count && !rc; i++)
		rc = take(storage, log, &list[i], cosigned, diag);
	seal_storage_cosignatures_free(list, count);
	return rc;
}
