/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the daemon says to its operator: one sentence a line to standard error,
 * at most a few a second; what was held back is counted and said later.  Never
 * a byte of an entry, never a key.
 */
#ifndef AUDITSEALD_SAY_H
#define AUDITSEALD_SAY_H

void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
