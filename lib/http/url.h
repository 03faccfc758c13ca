/* SPDX-License-Identifier: Apache-2.0 */
/* Small text matters of HTTP.  Private to lib/http. */
#ifndef SEAL_HTTP_URL_H
#define SEAL_HTTP_URL_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/*
 * Retry-After: seconds, or an HTTP-date measured from now.  False: neither.
 * At most a day is reported.
 */
bool seal_http_retry_after(const char *value, time_t now, uint64_t *ret_ms);

#endif
