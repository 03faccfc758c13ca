/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes into statements and out of rows.  Contract: sqlite_internal.h. */
#include "storage/sqlite_internal.h"

#include <stdlib.h>
#include <string.h>

void sqlite_bind_data(sqlite3_stmt *statement, int i, const void *data,
		      size_t bytes)
{
	sqlite3_bind_blob64(statement, i, data ? data : "", bytes,
			    SQLITE_STATIC);
}

/* Always a byte more, a NUL, so that none is no special case. */
int sqlite_data_copy(sqlite3_stmt *row, int i, uint8_t **ret_data,
		     size_t *ret_bytes)
{
	size_t bytes = (size_t)sqlite3_column_bytes(row, i);
	uint8_t *data = malloc(bytes + 1);

	if (!data)
		return SEAL_E_NOMEM;
	if (bytes)
		memcpy(data, sqlite3_column_blob(row, i), bytes);
	data[bytes] = '\0';
	*ret_data = data;
	*ret_bytes = bytes;
	return 0;
}
