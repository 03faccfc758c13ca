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
# Stores.
attack_store = %D%/attack_store.h %D%/attack_store.c \
	%D%/attack_rows.h %D%/attack_rows.c \
	%D%/attack_rewrite.h %D%/attack_rewrite.c
attack_tests += %D%/test_store_values
tests_attack_test_store_values_SOURCES = %D%/test_store_values.c $(attack_store)
tests_attack_test_store_values_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
attack_tests += %D%/test_store_rows
tests_attack_test_store_rows_SOURCES = %D%/test_store_rows.c $(attack_store)
tests_attack_test_store_rows_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
attack_tests += %D%/test_store_raw
tests_attack_test_store_raw_SOURCES = %D%/test_store_raw.c $(attack_store)
tests_attack_test_store_raw_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
attack_tests += %D%/test_store_cuts
tests_attack_test_store_cuts_SOURCES = %D%/test_store_cuts.c $(attack_store)
tests_attack_test_store_cuts_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
attack_tests += %D%/test_store_keys
tests_attack_test_store_keys_SOURCES = %D%/test_store_keys.c $(attack_store)
tests_attack_test_store_keys_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
attack_tests += %D%/spool_keys
tests_attack_spool_keys_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
# Counts work instead, and allocations: nothing may be remembered.
attack_tests += %D%/spool_hostile
tests_attack_spool_hostile_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=seal_sha256,--wrap=seal_sha256_parts
# Mistakes of others; peers.sh makes them in a copy of our code.
attack_tests += %D%/test_peers
tests_attack_test_peers_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
attack_tests += %D%/test_peers_host
tests_attack_test_peers_host_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=seal_checkpoint_sign,--wrap=gcry_randomize \
	-Wl,--wrap=gcry_create_nonce,--wrap=gcry_free
EXTRA_DIST += %D%/peers.txt %D%/peers.py
long_tests += %D%/peers.sh
# Random damage, and a model of what must be found.
attack_tests += %D%/test_random_spool
tests_attack_test_random_spool_SOURCES = %D%/test_random_spool.c \
	%D%/random.h %D%/random.c %D%/random_spool.h %D%/random_spool.c \
	%D%/random_model.c
tests_attack_test_random_spool_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
attack_tests += %D%/test_random_store
tests_attack_test_random_store_SOURCES = %D%/test_random_store.c \
	%D%/random.h %D%/random.c %D%/random_store.h %D%/random_store.c \
	$(attack_store)
tests_attack_test_random_store_LDFLAGS = $(AM_LDFLAGS) $(attack_wrap)
