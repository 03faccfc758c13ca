# SPDX-License-Identifier: Apache-2.0
# Golden vectors, append-only, and the programs test_NAME.c that hold the code
# to them. As in tests/unit, one line registers a program; vectors are found
# below $SEAL_SRCDIR/tests/golden (test_file_read() in tests/lib) and must be
# in EXTRA_DIST:
#
#   unit_tests += %D%/test_NAME
#   EXTRA_DIST += %D%/NAME.txt
EXTRA_DIST += %D%/c2sp/README.md %D%/c2sp/add-checkpoint.req \
	%D%/c2sp/add-entries.req %D%/c2sp/checkpoint %D%/c2sp/checkpoint.3 \
	%D%/c2sp/checkpoint.cosigned %D%/c2sp/policy \
	%D%/c2sp/rec2.tlog-proof %D%/c2sp/records.ndjson %D%/c2sp/vkeys
EXTRA_DIST += %D%/control.txt %D%/make_control.py
EXTRA_DIST += %D%/host17.enroll %D%/make_enroll.py
EXTRA_DIST += %D%/epochs.txt %D%/make_epochs.py
EXTRA_DIST += %D%/ed25519/README.md %D%/ed25519/generate.py \
	%D%/ed25519/keys.txt %D%/ed25519/rfc8032.txt \
	%D%/ed25519/torsion.txt %D%/ed25519/wycheproof.txt
shell_tests += %D%/spec.tap
# What our checker says of the vectors v1, every word.
shell_tests += %D%/verdicts.tap
EXTRA_DIST += %D%/verdicts.py %D%/verdicts.jsonl
# The vectors v1, and what made them: v1/README.md.
EXTRA_DIST += %D%/v1
if HAVE_CMOCKA
check_PROGRAMS += %D%/v1/make_v1
tests_golden_v1_make_v1_LDFLAGS = $(AM_LDFLAGS) \
	-Wl,--wrap=seal_key_generate
endif
