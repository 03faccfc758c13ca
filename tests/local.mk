# SPDX-License-Identifier: Apache-2.0
# How tests run. What a test is, each folder says in its own fragment.
#
#   PROGRAM    built from PROGRAM.c, cmocka, prints TAP: one result a case
#   NAME.tap   bash script that prints TAP: one result a case
#   NAME.sh    bash script, one result: exit 0 passed, 77 skipped, else failed
#
# Every test starts in an empty directory of its own (also in TMPDIR), which
# is removed when it passes. It sees SEAL_SRCDIR and SEAL_BUILDDIR (absolute)
# and, in `make check-long`, SEAL_LONG=1.
TEST_EXTENSIONS = .sh .tap
tap_driver = $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
private_dir = $(SHELL) $(top_srcdir)/tests/lib/private-dir
LOG_DRIVER = $(tap_driver)
LOG_COMPILER = $(private_dir)
TAP_LOG_DRIVER = $(tap_driver)
TAP_LOG_COMPILER = $(private_dir)
SH_LOG_COMPILER = $(private_dir)

AM_TESTS_ENVIRONMENT = \
	LC_ALL=C; export LC_ALL; \
	TZ=UTC; export TZ; \
	SEAL_SRCDIR='$(abs_top_srcdir)'; export SEAL_SRCDIR; \
	SEAL_BUILDDIR='$(abs_top_builddir)'; export SEAL_BUILDDIR; \
	CMOCKA_MESSAGE_OUTPUT=TAP; export CMOCKA_MESSAGE_OUTPUT; \
	ASAN_OPTIONS=detect_leaks=1:$$ASAN_OPTIONS; export ASAN_OPTIONS; \
	LSAN_OPTIONS=suppressions='$(abs_top_srcdir)/tests/lib/lsan.supp'; \
	export LSAN_OPTIONS; \
	UBSAN_OPTIONS=print_stacktrace=1:$$UBSAN_OPTIONS; \
	export UBSAN_OPTIONS;

# Programs of TAP cases, and scripts; the folders add to them.
unit_tests =
unit_wrap =
attack_tests =
lint_tests =
shell_tests =
short_tests =
long_tests =

EXTRA_DIST += %D%/bench/rsyslog_queues.sh
include %D%/lib/local.mk
include %D%/unit/local.mk
include %D%/attack/local.mk
include %D%/golden/local.mk
include %D%/lint/local.mk
include %D%/integration/local.mk
include %D%/foreign/local.mk
include %D%/bare/local.mk
include %D%/mutation/local.mk

if HAVE_CMOCKA
check_PROGRAMS += $(unit_tests) $(attack_tests)
check_LTLIBRARIES += tests/lib/libsealtest.la
TESTS += $(unit_tests) $(attack_tests)
endif
# What programs without an LDADD of their own (unit tests, attacks) link with: all
# of lib; the linker drops what a test does not use.
LDADD = $(unit_wrap) tests/lib/libsealtest.la $(noinst_LTLIBRARIES) \
	$(CMOCKA_LIBS)
AM_CPPFLAGS += -I$(top_srcdir) $(CMOCKA_CFLAGS)

TESTS += $(lint_tests) $(shell_tests)
EXTRA_DIST += $(lint_tests) $(shell_tests) $(long_tests)

check-long: all
	SEAL_LONG=1 $(MAKE) $(AM_MAKEFLAGS) check \
		TESTS='$(TESTS) $(long_tests)'

# What runs our code, for a build with sanitizers: no lint, and of the scripts
# those that go everywhere in a short time, or all of them.
check-code: all
	$(MAKE) $(AM_MAKEFLAGS) check \
		TESTS='$(unit_tests) $(attack_tests) $(short_tests)'
check-code-long: all
	SEAL_LONG=1 $(MAKE) $(AM_MAKEFLAGS) check \
		TESTS='$(unit_tests) $(shell_tests) $(long_tests)'
.PHONY: check-long check-code check-code-long
