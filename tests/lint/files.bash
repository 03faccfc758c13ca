# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What lint looks at: sourced by its scripts, goes to the top of the source
# tree. A rule says every place where it is broken, then lint_verdict.
set -u
cd "${SEAL_SRCDIR:?is set by make check}" || exit 99
lint_found=$(mktemp)

# shellcheck disable=SC2120 # the expression may be left out
# source_files [EGREP]: the files of the project, one a line, whose names match;
# what git tracks, or in an unpacked release all but what a build leaves.
source_files() {
	if [ -e .git ] && lint_git ls-files 2> /dev/null | grep -q .; then
		lint_git ls-files -co --exclude-standard |
			while read -r file; do
				[ ! -f "$file" ] || echo "$file"
			done
	else
		find . -type d \( -name build-aux -o -name m4 -o -name _build \
			-o -name _inst -o -name '.?*' ! -name .ci \
			-o -name '*.cache' \) -prune -o -type f \
			! -name '*.o' ! -name '*.lo' ! -name '*.la' \
			! -name '*.log' ! -name '*.trs' ! -name Makefile.in \
			! -name Makefile ! -name 'config*' ! -name libtool \
			! -name aclocal.m4 ! -name 'seal-config.h*' -print |
			sed 's,^\./,,'
	fi | grep -E "${1:-.}" | LC_ALL=C sort
}

# The tree may belong to another user: reading it is safe all the same.
lint_git() {
	git -c safe.directory='*' "$@"
}

# source_scripts: shell scripts, by name or by first line.
source_scripts() {
	source_files | while read -r file; do
		case $file in
		*.sh | *.tap | *.bash) echo "$file" ;;
		*) head -c 64 "$file" | tr -d '\0' | head -n 1 |
			grep -qE '^#! ?/(usr/)?bin/(env )?(ba|da)?sh' &&
			echo "$file" ;;
		esac
	done
}

# lint_report: takes findings from standard input, a line each.
lint_report() {
	cat >> "$lint_found"
}

# lint_grep WORDS EGREP FILE...: every match is a finding.
lint_grep() {
	local words=$1 pattern=$2
	shift 2
	[ $# = 0 ] || grep -nHE -- "$pattern" "$@" | sed "s|^|$words: |" |
		lint_report
}

lint_verdict() {
	local status=0
	if [ -s "$lint_found" ]; then
		cat "$lint_found"
		status=1
	fi
	rm -f "$lint_found"
	exit $status
}

lint_needs() {
	command -v "$1" > /dev/null && return
	rm -f "$lint_found"
	echo "skipped: $1 is not installed"
	exit 77
}
