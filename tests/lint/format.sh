#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# All C code is as clang-format 14 writes it; other versions write otherwise.
. "$SEAL_SRCDIR/tests/lint/files.bash"
lint_needs clang-format-14

mapfile -t files < <(source_files '\.[ch]$')
clang-format-14 --dry-run "${files[@]}" 2>&1 | grep ': warning:' | lint_report
lint_verdict
