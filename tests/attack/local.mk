# SPDX-License-Identifier: Apache-2.0
# Attacks on copies of a log, in this process: cmocka programs as in tests/unit.
# `make check` runs them small, `make check-long` whole.  One line each:
#
#   attack_tests += %D%/NAME
#   tests_attack_NAME_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
attack_wrap = -Wl,-u,__wrap_seal_pub_verify,--wrap=seal_pub_verify,--wrap=seal_pub_new
tests_lib_libsealtest_la_SOURCES += %D%/attack.h %D%/attack.c %D%/memo.c
tests_lib_libsealtest_la_SOURCES += %D%/forge.h %D%/forge.c %D%/forge_plan.c
attack_tests += %D%/spool_bytes
tests_attack_spool_bytes_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
attack_tests += %D%/spool_frames
tests_attack_spool_frames_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
attack_tests += %D%/spool_files
tests_attack_spool_files_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
