#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every source file says its licence in its first two lines.
set -u
. "$SEAL_SRCDIR/tests/lint/files.bash"

bad=0
while read -r file; do
	case $file in
	*.c | *.h | *.sh | *.tap | *.bash | *.py | *.go | *.mk | *.am | *.ac) ;;
	contrib/quickstart | .ci/run | tests/lib/private-dir) ;;
	*) continue ;;
	esac
	head -n 2 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0' && continue
	echo "$file: no SPDX-License-Identifier: Apache-2.0 in its first lines"
	bad=1
done < <(source_files)
exit $bad
