#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# No script gives shellcheck anything to say, from warnings up. Left out are
# what a file alone cannot know (1090, 1091, 2034, 2154) and "a= b=" (1007).
. "$SEAL_SRCDIR/tests/lint/files.bash"
lint_needs shellcheck

mapfile -t scripts < <(source_scripts)
shellcheck -S warning -e SC1007,SC1090,SC1091,SC2034,SC2154 -f gcc \
	"${scripts[@]}" | lint_report
lint_verdict
