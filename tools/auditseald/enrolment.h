/* SPDX-License-Identifier: Apache-2.0 */
/* One enrolment on its way; private to "auditseald enroll". */
#ifndef AUDITSEALD_ENROLMENT_H
#define AUDITSEALD_ENROLMENT_H

#include "config.h"
#include "protocol/enroll.h"

struct enrolment {
	const char *dir;
	const char *file;
	char *out;
	struct config config;
	struct seal_enroll host;
	char *policy, *pins; /* the store's, complete */
	bool known;	     /* this very log was enrolled before */
	int64_t now_s;
};

/* Issues the certificate and writes e->out, what is carried back. */
int welcome_write(struct enrolment *e, struct seal_diag *diag);

/* The rsyslog configuration of a host; NULL: no memory.  The caller frees. */
char *welcome_configuration(const char *origin, const char *server);

#endif
