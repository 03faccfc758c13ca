/* SPDX-License-Identifier: Apache-2.0 */
/* Error codes and their texts.  Contract: err.h. */
#include "core/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *seal_strerror(int code)
{
	switch (code) {
	case SEAL_OK:
		return "success";
#define SEAL_X(name, number, text) \
	case number:               \
		return text;
		SEAL_ERRORS(SEAL_X)
#undef SEAL_X
	}
	return "unknown error";
}

const char *seal_error_name(int code)
{
	switch (code) {
	case SEAL_OK:
		return "OK";
#define SEAL_X(name, number, text) \
	case number:               \
		return #name;
		SEAL_ERRORS(SEAL_X)
#undef SEAL_X
	}
	return "UNKNOWN_ERROR";
}

/* What to do where the system's words do not say it, whatever was asked. */
static const char *advice(int sys_errno)
{
	if (sys_errno == EMFILE)
		return "; raise this process's limit (LimitNOFILE= of its "
		       "unit, ulimit -n)";
	if (sys_errno == ENFILE)
		return "; raise the system's limit (sysctl fs.file-max)";
	return "";
}

__attribute__((format(printf, 4, 0))) static int set(struct seal_diag *diag,
						     int code, int sys_errno,
						     const char *fmt,
						     va_list args)
{
	size_t len;
	char why[128];

	if (!diag)
		return code;
	memset(diag, 0, sizeof(*diag));
	diag->code = code;
	diag->sys_errno = sys_errno;
	vsnprintf(diag->text, sizeof(diag->text), fmt, args);
	if (sys_errno) {
		len = strlen(diag->text);
		snprintf(diag->text + len, sizeof(diag->text) - len, ": %s%s",
			 strerror_r(sys_errno, why, sizeof(why)),
			 advice(sys_errno));
	}
	return code;
}

int seal_diag_set(struct seal_diag *diag, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set(diag, code, 0, fmt, args);
	va_end(args);
	return code;
}

int seal_diag_set_errno(struct seal_diag *diag, int code, int sys_errno,
			const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	set(diag, code, sys_errno, fmt, args);
	va_end(args);
	return code;
}
