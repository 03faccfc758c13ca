# SPDX-License-Identifier: Apache-2.0
# sources of lib/forward
noinst_LTLIBRARIES += lib/forward/libsealforward.la
lib_forward_libsealforward_la_SOURCES = \
	%D%/forward.h %D%/forward_internal.h %D%/forward.c \
	%D%/upload.c \
	%D%/answer.c \
	%D%/behind.c
lib_forward_libsealforward_la_CFLAGS = $(AM_CFLAGS)
