# SPDX-License-Identifier: Apache-2.0
# All of the store but its commands and its HTTP server, so that tests call it.
noinst_LTLIBRARIES += tools/auditseald/libsealstore.la
tools_auditseald_libsealstore_la_SOURCES = \
	%D%/checkpoint.c \
	%D%/files.h %D%/files.c \
	%D%/logs.c \
	%D%/plan.h %D%/plan.c \
	%D%/read.c \
	%D%/receipt.c \
	%D%/reply.c \
	%D%/save.h %D%/save.c \
	%D%/say.h %D%/say.c \
	%D%/store.h %D%/store.c \
	%D%/submission.h %D%/submission.c \
	%D%/submit.h %D%/submit_internal.h %D%/submit.c %D%/submit_answer.c \
	%D%/trust.c \
	%D%/upload.c \
	%D%/witness.h %D%/witness.c
tools_auditseald_libsealstore_la_CFLAGS = $(AM_CFLAGS)

if ENABLE_STORE
sbin_PROGRAMS += tools/auditseald/auditseald
tools_auditseald_auditseald_SOURCES = \
	%D%/cmd.h %D%/main.c \
	%D%/cmd_enroll.c %D%/enrolment.h %D%/welcome.c \
	%D%/cmd_init.c \
	%D%/cmd_list.c \
	%D%/cmd_run.c \
	%D%/cmd_witness.c \
	%D%/config.h %D%/config.c \
	%D%/listen.h %D%/listen.c \
	%D%/peer.h %D%/peer.c \
	%D%/server.h %D%/server.c \
	%D%/service.h %D%/service.c \
	%D%/submit_thread.h %D%/submit_thread.c
tools_auditseald_auditseald_CFLAGS = $(AM_CFLAGS) $(MHD_CFLAGS) \
	$(GNUTLS_CFLAGS)
tools_auditseald_auditseald_LDADD = tools/auditseald/libsealstore.la \
	lib/http/libsealhttp.la \
	lib/storage/libsealstorage.la lib/x509/libsealx509.la \
	lib/protocol/libsealprotocol.la lib/core/libsealcore.la \
	$(MHD_LIBS) $(GNUTLS_LIBS) -lpthread
endif
