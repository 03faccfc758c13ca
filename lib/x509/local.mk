# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += lib/x509/libsealx509.la
lib_x509_libsealx509_la_SOURCES = %D%/x509.h %D%/x509.c %D%/x509_read.c %D%/x509_request.c \
	%D%/x509_internal.h \
	%D%/der.h %D%/der.c %D%/tsa.h %D%/tsa_read.c \
	%D%/tsa_internal.h %D%/tsa_check.c %D%/tsa_trust.c
lib_x509_libsealx509_la_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
lib_x509_libsealx509_la_LIBADD = $(GNUTLS_LIBS)
