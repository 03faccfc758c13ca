#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No script gives shellcheck anything to say, from warnings up. Left out are
# what a file alone cannot know (1090, 1091, 2034, 2154) and "a= b=" (1007).
# Under pipefail, what leaves a pipe early (head) kills what writes into it: a
# script then ends by chance. `sed -n 1p` reads to the end.
. "$SEAL_SRCDIR/tests/lint/files.bash"
lint_needs shellcheck

mapfile -t scripts < <(source_scripts)
shellcheck -S warning -e SC1007,SC1090,SC1091,SC2034,SC2154 -f gcc \
	"${scripts[@]}" | lint_report
mapfile -t piped < <(grep -lE '^set .*pipefail' "${scripts[@]}")
grep -nE '\| head( |$)' "${piped[@]}" contrib/quickstart.d/*.bash |
	sed 's/$/: a pipe that is left early, under pipefail/' | lint_report
lint_verdict
