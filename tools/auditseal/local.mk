# SPDX-License-Identifier: Apache-2.0
# The checker's way from a target to a verdict, so that tests call it.
noinst_LTLIBRARIES += tools/auditseal/libsealcheck.la
tools_auditseal_libsealcheck_la_SOURCES = \
	%D%/cli.h %D%/options.c %D%/text.c \
	%D%/judge.h %D%/judge.c %D%/judge_spool.c %D%/judge_copy.c \
	%D%/copy.h %D%/copy_store.c %D%/copy_https.c \
	%D%/copy_tiles.c %D%/copy_bundle.c %D%/copy_cosigned.c \
	%D%/copy_quorum.c %D%/copy_witness.c %D%/copy_dir.c %D%/copy_part.c \
	%D%/bundle.h %D%/bundle_facts.c %D%/bundle_read.c \
	%D%/archive.h %D%/archive.c %D%/unpack.h %D%/unpack_file.c \
	%D%/unpack_xz.c %D%/unpack_zstd.c %D%/fleet.h %D%/fleet.c \
	%D%/memory.h %D%/memory.c %D%/memory_text.c %D%/pin.c \
	%D%/stamps.h %D%/stamps.c %D%/enroll.h %D%/enroll.c
tools_auditseal_libsealcheck_la_CPPFLAGS = $(AM_CPPFLAGS) \
	-DAUDITSEAL_VERSION='"$(PACKAGE_VERSION)"'
tools_auditseal_libsealcheck_la_CFLAGS = $(AM_CFLAGS) $(FASTJSON_CFLAGS) \
	$(ZSTD_CFLAGS) $(LZMA_CFLAGS)
tools_auditseal_libsealcheck_la_LIBADD = $(FASTJSON_LIBS) $(ZSTD_LIBS) \
	$(LZMA_LIBS)

# the checker
bin_PROGRAMS += tools/auditseal/auditseal
tools_auditseal_auditseal_SOURCES = \
	%D%/main.c \
	%D%/bundle_write.c \
	%D%/accept.h %D%/accept.c %D%/accept_digest.c %D%/cmd_accept.c \
	%D%/sample.h %D%/sample.c %D%/cmd_sample.c \
	%D%/compare.h %D%/compare.c %D%/cmd_diff.c \
	%D%/export.h %D%/export.c %D%/export_notes.c %D%/cmd_export.c \
	%D%/explain.h %D%/explain.c \
	%D%/report.h %D%/report.c %D%/report_text.c %D%/report_json.c \
	%D%/report_page.h %D%/report_html.c %D%/report_svg.c \
	%D%/timeline.h %D%/timeline.c %D%/cmd_report.c \
	%D%/walk.h %D%/walk.c %D%/prove.c \
	%D%/cmd_timestamp.c \
	%D%/cmd_check_proof.c %D%/cmd_explain.c %D%/cmd_init.c %D%/cmd_resume.c \
	%D%/cmd_pin.c %D%/cmd_prove.c %D%/cmd_show.c %D%/cmd_status.c \
	%D%/cmd_verify.c
tools_auditseal_auditseal_CPPFLAGS = $(AM_CPPFLAGS) \
	-DAUDITSEAL_VERSION='"$(PACKAGE_VERSION)"'
tools_auditseal_auditseal_CFLAGS = $(AM_CFLAGS) $(FASTJSON_CFLAGS) \
	$(ZSTD_CFLAGS) $(LZMA_CFLAGS)
tools_auditseal_auditseal_LDADD = \
	tools/auditseal/libsealcheck.la \
	lib/x509/libsealx509.la lib/storage/libsealstorage.la \
	lib/http/libsealhttp.la lib/spool/libsealspool.la \
	lib/protocol/libsealprotocol.la lib/core/libsealcore.la \
	$(FASTJSON_LIBS) $(ZSTD_LIBS) $(LZMA_LIBS)
