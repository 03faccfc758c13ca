# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += lib/storage/libsealstorage.la
lib_storage_libsealstorage_la_SOURCES = %D%/storage.h %D%/sqlite_internal.h \
	%D%/sqlite_data.c %D%/sqlite_witness.c \
	%D%/sqlite_open.c %D%/sqlite_commit.c %D%/sqlite_put.c %D%/sqlite_get.c \
	%D%/sqlite_check.c %D%/sqlite_rest.c %D%/sqlite_wal.c
lib_storage_libsealstorage_la_CFLAGS = $(AM_CFLAGS) $(SQLITE_CFLAGS)
lib_storage_libsealstorage_la_LIBADD = $(SQLITE_LIBS) -lpthread
