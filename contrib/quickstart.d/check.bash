# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Verifies the copy that `run` left, against what `run` knew when it was made.

qs_check() {
	qs_dir=
	while [ $# -gt 0 ]; do
		case $1 in
		--dir) qs_dir=${2:?--dir needs a folder}; shift 2 ;;
		--dir=*) qs_dir=${1#*=}; shift ;;
		*) bad_usage "check knows no $1" ;;
		esac
	done
	[ -n "$qs_dir" ] || qs_dir=$qs_home/run
	[ -e "$qs_dir/memory" ] ||
		fail "there is no finished run in $qs_dir: first contrib/quickstart run"
	# shellcheck source=/dev/null
	. "$qs_dir/memory"
	local target status worst=0
	for target in "$qs_copy/spool" "$qs_copy/store"; do
		status=0
		"$auditseal" verify --policy "$qs_dir/policy" \
			--as-of "$qs_as_of" --expect-size "$qs_expect_size" \
			--expect-root "$qs_expect_root" "$target" || status=$?
		say
		qs_worse $status $worst && worst=$status
	done
	say "verdict $worst"
	exit $worst
}

# qs_worse A B: is A the worse verdict? 2 before 3 before 1 before 0.
qs_worse() {
	local rank=0132
	[ $((10#${rank:$1:1})) -gt $((10#${rank:$2:1})) ]
}
