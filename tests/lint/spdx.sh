#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every source file says its licence in its first lines.
. "$SEAL_SRCDIR/tests/lint/files.bash"

{
	source_files '\.(c|h|py|go|mk|am|ac|m4)$'
	source_scripts
} | sort -u | while read -r file; do
	head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' ||
		echo "$file: no SPDX-License-Identifier: Apache-2.0 on top"
done | lint_report
lint_verdict
