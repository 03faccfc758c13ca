# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += lib/core/libsealcore.la
lib_core_libsealcore_la_SOURCES = %D%/err.h %D%/err.c
lib_core_libsealcore_la_CFLAGS = $(AM_CFLAGS) $(GCRYPT_CFLAGS)
lib_core_libsealcore_la_LIBADD = $(GCRYPT_LIBS)
lib_core_libsealcore_la_SOURCES += \
	%D%/tree.h %D%/proof.h %D%/entry.h %D%/control.h \
	%D%/epoch.h %D%/finding.h
lib_core_libsealcore_la_SOURCES += \
	%D%/buf.h %D%/cur.h %D%/text.h %D%/crypto.h %D%/key.h %D%/note.h \
	%D%/checkpoint.h %D%/policy.h %D%/sanitize.h
