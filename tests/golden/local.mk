# SPDX-License-Identifier: Apache-2.0
# Golden vectors, append-only, and the programs test_NAME.c that hold the code
# to them. As in tests/unit, one line registers a program; vectors are found
# below $SEAL_SRCDIR/tests/golden (test_file_read() in tests/lib) and must be
# in EXTRA_DIST:
#
#   unit_tests += %D%/test_NAME
#   EXTRA_DIST += %D%/NAME.txt
