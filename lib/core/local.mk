# SPDX-License-Identifier: Apache-2.0
noinst_LTLIBRARIES += lib/core/libsealcore.la
lib_core_libsealcore_la_SOURCES = %D%/err.h %D%/err.c
lib_core_libsealcore_la_CFLAGS = $(AM_CFLAGS) $(GCRYPT_CFLAGS)
lib_core_libsealcore_la_LIBADD = $(GCRYPT_LIBS)
lib_core_libsealcore_la_SOURCES += \
	%D%/verify.h %D%/verify_int.h %D%/verify_align.h \
	%D%/verify_tree.h %D%/verify_tree_int.h \
	%D%/verify.c %D%/verify_align.c %D%/verify_bundle.c %D%/verify_cell.c \
	%D%/verify_clock.c \
	%D%/verify_end.c %D%/verify_host.c %D%/verify_judge.c %D%/verify_keys.c \
	%D%/verify_known.c %D%/verify_given.c \
	%D%/verify_line.c %D%/verify_past.c \
	%D%/verify_log.c %D%/verify_note.c %D%/verify_segment.c \
	%D%/verify_spool.c %D%/verify_tree.c %D%/verify_unproven.c
lib_core_libsealcore_la_SOURCES += \
	%D%/tree.h %D%/tree.c %D%/proof.h %D%/proof.c \
	%D%/entry.h %D%/entry.c %D%/control.h %D%/control.c \
	%D%/control_fields.h %D%/control_fields.c \
	%D%/epoch.h %D%/epoch.c %D%/chain.c %D%/finding.h %D%/finding.c
lib_core_libsealcore_la_SOURCES += \
	%D%/buf.h %D%/cur.h %D%/text.h %D%/crypto.h %D%/key.h %D%/note.h \
	%D%/checkpoint.h %D%/policy.h %D%/sanitize.h \
	%D%/buf.c %D%/cur.c %D%/text.c \
	%D%/crypto.c %D%/crypto_check.h %D%/crypto_check.c \
	%D%/ed25519.h %D%/ed25519.c \
	%D%/key.c %D%/note.c %D%/checkpoint.c %D%/sanitize.c \
	%D%/policy_lex.h %D%/policy_lex.c %D%/policy_impl.h \
	%D%/policy.c %D%/quorum.c %D%/pins.c
