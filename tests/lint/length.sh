#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No C file is longer than 500 lines, no function longer than 60.
. "$SEAL_SRCDIR/tests/lint/files.bash"
lint_needs ctags

mapfile -t files < <(source_files '\.[ch]$')
wc -l "${files[@]}" | awk '$2 != "total" && $1 > 500 {
	print $2 ": " $1 " lines" }' | lint_report
ctags --fields=+ne --languages=C --kinds-C=f -f - "${files[@]}" |
	awk -F'\t' '{
		from = to = 0
		for (i = 4; i <= NF; i++) {
			if ($i ~ /^line:/) from = substr($i, 6)
			if ($i ~ /^end:/) to = substr($i, 5)
		}
		if (from && to && to - from + 1 > 60)
			print $2 ":" from ": " $1 " has " to - from + 1 " lines"
	}' | lint_report
lint_verdict
