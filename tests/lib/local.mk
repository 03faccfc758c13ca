# SPDX-License-Identifier: Apache-2.0
# What tests share; never linked into anything that is installed.
EXTRA_DIST += %D%/private-dir %D%/sh.bash %D%/machine-state
EXTRA_DIST += %D%/prelisten.py %D%/spool_frames.py
tests_lib_libsealtest_la_SOURCES = %D%/testdata.h %D%/testdata.c
tests_lib_libsealtest_la_CFLAGS = $(AM_CFLAGS) $(CMOCKA_CFLAGS)
tests_lib_libsealtest_la_SOURCES += %D%/oom.h %D%/oom.c
# The sender's bench: a log and a mirror in memory.
tests_lib_libsealtest_la_SOURCES += %D%/fake_log.h %D%/fake_log.c \
	%D%/fake_mirror.h %D%/fake_mirror.c \
	%D%/forward_bench.h %D%/forward_bench.c
# HTTPS: certificates, bad servers, a client.
tests_lib_libsealtest_la_SOURCES += %D%/tls_bench.h %D%/tls_bench.c
EXTRA_DIST += %D%/tls_server.py %D%/lying_store.py %D%/fault_proxy.py
# Out of memory at allocation k: see oom.h. The flags come from configure.ac,
# since automake wants no linker flags in LDADD.
unit_wrap += $(OOM_WRAP)
# For tests of the module.
EXTRA_DIST += %D%/rsyslogd.bash
if BUILD_PLUGIN
check_PROGRAMS += %D%/make_keydir %D%/hostile_send
tests_lib_hostile_send_LDADD =
tests_lib_make_keydir_LDADD = lib/spool/libsealspool.la \
	lib/core/libsealcore.la
endif
clean-local:
	rm -rf tests/daemons tests/daemons.lock tests/daemons.log
tests_lib_libsealtest_la_SOURCES += %D%/testtree.h %D%/testtree.c
tests_lib_libsealtest_la_SOURCES += %D%/testlog.h %D%/testlog.c
tests_lib_libsealtest_la_SOURCES += %D%/vectors.h %D%/vectors.c
# A spool in memory, with faults and crashes, for tests of lib/spool.
tests_lib_libsealtest_la_SOURCES += %D%/memio.h %D%/memio_private.h \
	%D%/memio.c %D%/memio_names.c %D%/memio_control.c \
	%D%/spool_fixture.h %D%/spool_fixture.c
tests_lib_libsealtest_la_SOURCES += %D%/hash_fault.h %D%/hash_fault.c
EXTRA_DIST += %D%/lsan.supp %D%/asan.supp
tests_lib_libsealtest_la_SOURCES += %D%/testhost.h %D%/testhost.c
tests_lib_libsealtest_la_SOURCES += %D%/teststore.h %D%/teststore.c
tests_lib_libsealtest_la_SOURCES += %D%/teststorage.h %D%/teststorage.c
# Damaged spools for the verifier.
tests_lib_libsealtest_la_SOURCES += %D%/verify_bench.h %D%/verify_bench.c
tests_lib_libsealtest_la_SOURCES += %D%/storedaemon.h %D%/storedaemon.c
EXTRA_DIST += %D%/verdict_schema.py %D%/openmetrics.py %D%/evidence.bash
EXTRA_DIST += %D%/tsa.bash %D%/tsa_server.py
# A host without rsyslog, for tests of the tools.
check_PROGRAMS += %D%/host_log
tests_lib_host_log_LDADD = lib/host/libsealhost.la lib/uplink/libsealuplink.la \
	lib/forward/libsealforward.la lib/http/libsealhttp.la \
	lib/protocol/libsealprotocol.la lib/spool/libsealspool.la \
	lib/core/libsealcore.la -lpthread
# Mistakes that valgrind and sanitizers must find; the rpath makes it a shared
# object.
if BUILD_PLUGIN
check_LTLIBRARIES += %D%/omfault.la
tests_lib_omfault_la_SOURCES = %D%/omfault.c
tests_lib_omfault_la_CPPFLAGS = $(plugins_omauditseal_omauditseal_la_CPPFLAGS)
tests_lib_omfault_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere \
	-export-symbols $(srcdir)/plugins/omauditseal/omauditseal.sym \
	-Wl,-z,nodelete
tests_lib_omfault_la_LIBADD = -lpthread
endif
EXTRA_DIST += %D%/valgrind_blocks.py
