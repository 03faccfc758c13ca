# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What lint looks at: sourced, goes to the top of the source tree.
cd "$SEAL_SRCDIR" || exit 99

# source_files: the files of the project, one a line; what git tracks, or in
# an unpacked release everything but what a build leaves.
source_files() {
	if [ -e .git ] && command -v git > /dev/null &&
		git -c safe.directory='*' ls-files -co --exclude-standard 2> /dev/null |
		grep -q .; then
		git -c safe.directory='*' ls-files -co --exclude-standard |
			while read -r file; do
				[ ! -f "$file" ] || echo "$file"
			done
	else
		find . -name build-aux -prune -o -name m4 -prune -o -name _build \
			-prune -o -name _inst -prune -o -type f \
			! -name '*.o' ! -name '*.lo' ! -name '*.log' \
			! -name '*.trs' ! -name Makefile.in ! -name 'configure*' \
			! -name aclocal.m4 ! -name seal-config.h -print | sed 's,^\./,,'
	fi | LC_ALL=C sort
}
