# SPDX-License-Identifier: Apache-2.0
# sources of lib/protocol
noinst_LTLIBRARIES += lib/protocol/libsealprotocol.la
lib_protocol_libsealprotocol_la_SOURCES = \
	%D%/limits.h \
	%D%/proof_lines.h %D%/proof_lines.c \
	%D%/answer.h %D%/answer.c \
	%D%/upload.h %D%/upload.c \
	%D%/tile.h %D%/tile.c \
	%D%/tlog_proof.h %D%/tlog_proof.c \
	%D%/gzip.h %D%/gzip.c \
	%D%/section.h %D%/section.c \
	%D%/enroll.h %D%/enroll.c
lib_protocol_libsealprotocol_la_CFLAGS = $(AM_CFLAGS) $(ZLIB_CFLAGS)
lib_protocol_libsealprotocol_la_LIBADD = $(ZLIB_LIBS)
