#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What must not stand in the tree: fixed sleeps in tests, paths of somebody's
# machine, private keys, merge marks, work left open.
. "$SEAL_SRCDIR/tests/lint/files.bash"

mapfile -t all < <(source_files | grep -v '^tests/lint/text\.sh$')
mapfile -t tests < <(source_files '^(tests|contrib)/' |
	grep -v '^tests/lint/text\.sh$')
mapfile -t code < <(source_files '\.(c|h|sh|tap|bash|py|go|ac|am|mk)$' |
	grep -v '^tests/lint/text\.sh$')

lint_grep 'fixed sleep, wait for a condition' \
	'(^|[;&|({[:space:]])sleep[ (][0-9]' "${tests[@]}"
lint_grep 'path of a machine' \
	'(^|[^A-Za-z0-9_.$}/*"-])/(work|farm)/|/home/[a-z]+/[a-z]|/tmp/[a-z]+/' \
	"${all[@]}"
lint_grep 'private key' '^-----BEGIN [A-Z ]*PRIVATE KEY-----' "${all[@]}"
lint_grep 'merge mark' '^(<<<<<<<|>>>>>>>) ' "${all[@]}"
lint_grep 'left open' '(^|[^A-Za-z0-9])(TODO|FIXME|XXX)([^A-Za-z0-9]|$)' \
	"${code[@]}"
lint_verdict
