# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += lib/spool/libsealspool.la
lib_spool_libsealspool_la_SOURCES = \
	%D%/acked.c \
	%D%/epochs.c %D%/feed.c %D%/feed.h %D%/feed_files.c %D%/feed_part.c %D%/feed_private.h \
	%D%/frame.c %D%/frame.h %D%/frozen.c %D%/frozen.h \
	%D%/io.c %D%/io.h %D%/io_posix.c %D%/io_private.h \
	%D%/keydir.c %D%/keydir.h %D%/keydir_create.c %D%/keydir_private.h \
	%D%/keydir_slot.c \
	%D%/reader.c %D%/reader.h %D%/reader_list.c %D%/reader_private.h \
	%D%/signer.h %D%/signer_local.c \
	%D%/spool.c %D%/spool.h %D%/spool_batch.c %D%/spool_evidence.c %D%/spool_forward.c \
	%D%/spool_learn.c %D%/spool_load.c %D%/spool_open.c %D%/spool_private.h %D%/spool_quota.c \
	%D%/spool_read.c \
	%D%/spool_promise.c %D%/spool_recover.c %D%/spool_scan.c %D%/spool_scan.h %D%/spool_segment.c \
	%D%/spool_session.c %D%/spool_state.c %D%/spool_suspended.c %D%/spool_util.c \
	%D%/state.c %D%/state.h
