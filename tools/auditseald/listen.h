/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket, and the word to a service manager. */
#ifndef AUDITSEALD_LISTEN_H
#define AUDITSEALD_LISTEN_H

#include <stddef.h>

#include "core/err.h"

/* Binds and listens on "ADDR:PORT" as config.h has it. */
int listen_open(const char *text, int *ret_fd, struct seal_diag *diag);

/* "ADDR:PORT" that it got. */
int listen_name(int fd, char *ret_text, size_t text_bytes, unsigned *ret_port,
		struct seal_diag *diag);

/* sd_notify(3) without the library; nothing if nobody asks. */
void service_manager_tell(const char *state);

#endif
