# SPDX-License-Identifier: Apache-2.0
# SEAL_RSYSLOG: the module's options and what they need.
# Sets BUILD_PLUGIN (conditional), RSYSLOG_SDK_CPPFLAGS, RSYSLOG_SDK_VERSION,
# rsyslogmoddir.  No network, and nothing is run but a compiler.
AC_DEFUN([SEAL_RSYSLOG], [
AC_ARG_WITH([rsyslog-sdk],
	[AS_HELP_STRING([--with-rsyslog-sdk=DIR],
		[rsyslog's headers, as made by contrib/rsyslog-sdk; without
		 them the module is not built])],
	[], [with_rsyslog_sdk=no])
AC_ARG_WITH([rsyslog-moddir],
	[AS_HELP_STRING([--with-rsyslog-moddir=DIR],
		[where the module is installed @<:@LIBDIR/rsyslog@:>@])],
	[], [with_rsyslog_moddir='${libdir}/rsyslog'])
AC_ARG_ENABLE([plugin],
	[AS_HELP_STRING([--disable-plugin], [do not build the module])],
	[], [enable_plugin=auto])

AS_CASE([$with_rsyslog_sdk],
	[yes], [AC_MSG_ERROR([--with-rsyslog-sdk needs a folder])])
AS_IF([test "x$with_rsyslog_sdk" = xno], [
	AS_IF([test "x$enable_plugin" = xyes],
		[AC_MSG_ERROR([the module needs rsyslog's headers: run contrib/rsyslog-sdk DIR, then configure --with-rsyslog-sdk=DIR])])
	enable_plugin=no])
RSYSLOG_SDK_CPPFLAGS=
RSYSLOG_SDK_VERSION=none
AS_IF([test "x$enable_plugin" != xno], [
	seal_sdk=$with_rsyslog_sdk
	AS_CASE([$seal_sdk], [/*], [], [seal_sdk=`pwd`/$seal_sdk])
	AC_MSG_CHECKING([for the rsyslog SDK in $seal_sdk])
	AS_IF([test -f "$seal_sdk/config.h" &&
		test -f "$seal_sdk/runtime/module-template.h"], [],
		[AC_MSG_RESULT([no])
		AC_MSG_ERROR([$seal_sdk holds no configured rsyslog headers: run contrib/rsyslog-sdk DIR])])
	RSYSLOG_SDK_VERSION=`sed -n \
		's/^#define VERSION "\(.*\)"/\1/p' "$seal_sdk/config.h"`
	AC_MSG_RESULT([$RSYSLOG_SDK_VERSION])
	PKG_CHECK_MODULES([ESTR], [libestr], [],
		[AC_MSG_ERROR([the module needs libestr: apt-get install libestr-dev])])
	# -isystem: rsyslog's headers are not held to our warnings.
	RSYSLOG_SDK_CPPFLAGS="-isystem $seal_sdk -isystem $seal_sdk/runtime -isystem $seal_sdk/grammar"
	AC_MSG_CHECKING([whether a module compiles against it])
	seal_save_CPPFLAGS=$CPPFLAGS
	CPPFLAGS="$CPPFLAGS -D_GNU_SOURCE $RSYSLOG_SDK_CPPFLAGS $ESTR_CFLAGS $FASTJSON_CFLAGS"
	# confdefs.h defines VERSION and its kin, and so does their config.h.
	AC_COMPILE_IFELSE([AC_LANG_SOURCE([
#undef PACKAGE
#undef PACKAGE_BUGREPORT
#undef PACKAGE_NAME
#undef PACKAGE_STRING
#undef PACKAGE_TARNAME
#undef PACKAGE_URL
#undef PACKAGE_VERSION
#undef VERSION
#include "config.h"
#include "rsyslog.h"
#include "module-template.h"
int version = CURR_MOD_IF_VERSION;
])], [AC_MSG_RESULT([yes])],
		[AC_MSG_RESULT([no])
		AC_MSG_ERROR([the headers in $seal_sdk do not compile; see config.log])])
	CPPFLAGS=$seal_save_CPPFLAGS
	AC_PATH_PROG([RSYSLOGD], [rsyslogd], [],
		[$PATH$PATH_SEPARATOR/usr/sbin$PATH_SEPARATOR/usr/local/sbin])
	AS_IF([test -n "$RSYSLOGD"], [
		seal_running=`"$RSYSLOGD" -v 2>/dev/null |
			sed -n '1s/^rsyslogd  *\(@<:@0-9.@:>@*\).*/\1/p'`
		AS_IF([test "x$seal_running" != "x$RSYSLOG_SDK_VERSION"],
			[AC_MSG_WARN([the SDK is of rsyslog $RSYSLOG_SDK_VERSION, but $RSYSLOGD is $seal_running: build the module against the version that will load it])])])
	])
AC_SUBST([RSYSLOG_SDK_CPPFLAGS])
AC_SUBST([RSYSLOG_SDK_VERSION])
AC_SUBST([rsyslogmoddir], [$with_rsyslog_moddir])
AM_CONDITIONAL([BUILD_PLUGIN], [test "x$enable_plugin" != xno])
])
