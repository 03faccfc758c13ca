#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Mutation test of the verifier: at least 90 of 100 changes of its code must
# make a test fail.
set -eu
renice -n 10 $$ > /dev/null
/usr/bin/python3 -c 'import clang.cindex' 2> /dev/null || {
	echo "skipped: python3-clang-14 is not there"
	exit 77
}
cd "$SEAL_SRCDIR"
# shellcheck disable=SC2086 # patterns
files=$(printf '%s ' $SEAL_MUTATION_FILES)
cd "$TMPDIR"
/usr/bin/python3 "$SEAL_SRCDIR/tests/mutation/run.py" \
	--source "$SEAL_SRCDIR" --work "$TMPDIR/mutation" \
	--results "$SEAL_MUTATION_RESULTS" ${SEAL_MUTATION_AGAIN:+--again} \
	--files "$files" --tests "$SEAL_MUTATION_TESTS"
