#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every man page passes mandoc's own lint, from warnings up.
. "$SEAL_SRCDIR/tests/lint/files.bash"
lint_needs mandoc

mapfile -t pages < <(source_files '^docs/.*\.[1-8]$')
[ ${#pages[@]} -gt 0 ] || {
	echo "skipped: there is no man page yet"
	exit 77
}
mandoc -Tlint -Wwarning "${pages[@]}" 2>&1 | lint_report
lint_verdict
