#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The second verifier is there to be read by somebody who trusts nobody: one
# file, of lines that fit a screen, and it may become shorter, never longer.
. "$SEAL_SRCDIR/tests/lint/files.bash"

file=tests/foreign/verify.py
lines_max=765
{
	lines=$(wc -l < "$file")
	[ "$lines" -le "$lines_max" ] ||
		echo "$file: $lines lines, more than $lines_max"
	LC_ALL=C.UTF-8 awk -v file="$file" 'length > 100 {
		print file ":" NR ": more than 100 columns" }' "$file"
	grep -nE '^ *(from|import) +(\.|(tests|forge|make|vectors|agree)\b)' "$file" |
		sed "s|^|$file:|; s|\$|: code of ours from elsewhere|"
} | lint_report
lint_verdict
