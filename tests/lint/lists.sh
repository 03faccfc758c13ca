#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No list of a local.mk names a file twice: what a merge of two such lists
# leaves behind would be built or tested twice.
. "$SEAL_SRCDIR/tests/lint/files.bash"

# Joins continued lines and drops comments first.
source_files 'local\.mk$' | while read -r file; do
	sed -e 's/#.*//' -e :a -e '/\\$/N; s/\\\n//; ta' "$file" |
		awk -v file="$file" '
		$2 == "=" || $2 == "+=" {
			for (i = 3; i <= NF; i++)
				if ($i ~ /^%D%\// && seen[$1, $i]++)
					print file ": " $1 " names " $i " twice"
		}'
done | lint_report
lint_verdict
