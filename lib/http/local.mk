# SPDX-License-Identifier: Apache-2.0
# sources of lib/http
noinst_LTLIBRARIES += lib/http/libsealhttp.la
lib_http_libsealhttp_la_SOURCES = \
	%D%/http.h %D%/http.c \
	%D%/transfer.h %D%/transfer.c \
	%D%/body.h %D%/body.c \
	%D%/url.h %D%/url.c
lib_http_libsealhttp_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
lib_http_libsealhttp_la_LIBADD = $(CURL_LIBS)
