#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Golden vectors are append-only: each file is the one that the index names,
# and every index that ever was is the beginning of the one that is.
. "$SEAL_SRCDIR/tests/lint/files.bash"
lint_needs python3

index=tests/golden/v1/index.jsonl
python3 -B tests/golden/v1/vectors.py index | lint_report
if [ -e .git ]; then
	lint_git log --format=%H -- "$index" | while read -r commit; do
		old=$(mktemp)
		if lint_git show "$commit:$index" > "$old" 2> /dev/null &&
			! head -c "$(wc -c < "$old")" "$index" | cmp -s - "$old"; then
			echo "$index: lines of $commit were changed"
		fi
		rm -f "$old"
	done | lint_report
fi
lint_verdict
