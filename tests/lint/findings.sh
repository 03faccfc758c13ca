#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs/reference/findings.md is what the checker says of itself, and has every
# finding with a cause and a next step.
. "$SEAL_SRCDIR/tests/lib/sh.bash"

auditseal=$SEAL_BUILDDIR/tools/auditseal/auditseal
page=$SEAL_SRCDIR/docs/reference/findings.md
[ -x "$auditseal" ] || skip_all "the checker is not built"
"$auditseal" explain --markdown > said || die "explain --markdown"
diff "$page" said || die "docs/reference/findings.md is old: make findings"
for part in '^## AS0' '^\*What was found\.\* .' \
	'^\*What leads to it\.\* .' '^\*What to do\.\* .'; do
	[ "$(grep -c "$part" said)" = 37 ] || die "not 37 of '$part'"
done
