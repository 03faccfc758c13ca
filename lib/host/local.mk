# SPDX-License-Identifier: Apache-2.0
# One log on its host: threads over spool, forward and http. Knows no rsyslog.
noinst_LTLIBRARIES += lib/host/libsealhost.la
lib_host_libsealhost_la_SOURCES = \
	%D%/host.c %D%/host.h \
	%D%/host_internal.h %D%/host_open.c \
	%D%/sender.c %D%/sender.h \
	%D%/watch.c %D%/watch.h \
	%D%/thread.h
lib_host_libsealhost_la_CFLAGS = $(AM_CFLAGS)
