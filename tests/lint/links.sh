#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every relative link in a .md file leads to a file of the tree, and its
# #anchor to a heading of that page.
. "$SEAL_SRCDIR/tests/lint/files.bash"

# links FILE: the targets of its inline and reference links, a line each;
# what stands in code is no link.
links() {
	awk '/^```/ { code = !code; next } !code' "$1" | sed 's/`[^`]*`//g' |
		grep -oE '\]\([^) ]+\)|^\[[^]]+\]: +[^ ]+' |
		sed -E 's/^\]\((.*)\)$/\1/; s/^\[[^]]+\]: +//'
}

# anchors FILE: what headings are called in links.
anchors() {
	awk '/^```/ { code = !code; next } !code && /^#+ /' "$1" |
		sed -E 's/^#+ +//; s/[`*]//g' | tr '[:upper:]' '[:lower:]' |
		sed -E 's/[^a-z0-9 _-]//g; s/ /-/g'
}

while read -r page; do
	while read -r link; do
		case $link in
		*://* | mailto:*) continue ;;
		esac
		file=${link%%#*}
		target=$page
		[ -z "$file" ] || target=$(dirname "$page")/$file
		if [ ! -e "$target" ]; then
			echo "$page: $link: there is no $target"
		elif [ "$link" != "$file" ] &&
			! anchors "$target" | grep -qxF -- "${link#*#}"; then
			echo "$page: $link: no heading of that name"
		fi
	done < <(links "$page")
done < <(source_files '\.md$') | lint_report
lint_verdict
