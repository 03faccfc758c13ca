/* SPDX-License-Identifier: Apache-2.0 */
/* Which request goes to which part of the store. */
#ifndef AUDITSEALD_SERVICE_H
#define AUDITSEALD_SERVICE_H

#include "server.h"

/* A handler that serves this store. */
struct http_handler service_handler(struct store *store);

#endif
