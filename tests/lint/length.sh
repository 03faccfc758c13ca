#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# C files stay under about 500 lines and functions under about 60: what is
# above is told, what is a tenth above fails. Files of tests may be longer,
# for they are lists; their functions may not.
. "$SEAL_SRCDIR/tests/lint/files.bash"
lint_needs ctags

mapfile -t files < <(source_files '\.[ch]$')
lengths() {
	wc -l "${files[@]}" | awk '$2 != "total" {
		print $2 ": " $1 " lines", $1,
			$2 ~ /^tests\// ? 800 : 500 }'
	ctags --fields=+ne --languages=C --kinds-C=f -f - "${files[@]}" |
		awk -F'\t' '{
			from = to = 0
			for (i = 4; i <= NF; i++) {
				if ($i ~ /^line:/) from = substr($i, 6)
				if ($i ~ /^end:/) to = substr($i, 5)
			}
			if (from && to) print $2 ":" from ": " $1 " has " \
				to - from + 1 " lines", to - from + 1, 60
		}'
}
lengths > "$lint_found.all"
awk '$(NF - 1) > $NF && $(NF - 1) <= $NF * 1.1' "$lint_found.all" |
	sed -E 's/ [0-9]+ [0-9]+$//; s/^/a little long: /'
awk '$(NF - 1) > $NF * 1.1' "$lint_found.all" |
	sed -E 's/ [0-9]+ [0-9]+$//' | lint_report
rm -f "$lint_found.all"
lint_verdict
