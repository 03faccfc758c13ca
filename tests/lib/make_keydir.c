/* SPDX-License-Identifier: Apache-2.0 */
/* make_keydir DIR ORIGIN: the keys of a new log, for tests of the module. */
#include <stdio.h>

#include "core/crypto.h"
#include "spool/keydir.h"

int main(int argc, char **argv)
{
	struct seal_diag diag;

	if (argc != 3) {
		fprintf(stderr, "usage: make_keydir DIR ORIGIN\n");
		return 64;
	}
	if (seal_crypto_init(&diag) ||
	    seal_keydir_create(seal_io_posix(), argv[1], argv[2], NULL,
			       &diag)) {
		fprintf(stderr, "make_keydir: %s\n", diag.text);
		return 1;
	}
	return 0;
}
