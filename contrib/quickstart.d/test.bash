# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# All tests, once plain and once more under sanitizers: what runs our code in a
# short time, or, with --long, all of it and under TSan, too. The last line
# counts test cases, read from the summaries that the harness wrote.

qs_passed=0
qs_failed=0
qs_skipped=0

# qs_suite NAME TARGET: make TARGET in $qs_built, and count its cases.
qs_suite() {
	local name=$1 target=$2 status=0 log=$qs_built/test-suite.log
	local passed failed skipped
	rm -f "$log"
	step "tests: $name" "$name-tests.log" \
		make -C "$qs_built" -j"$(nproc)" "$target" || status=$?
	passed=$(qs_count "$log" PASS XFAIL)
	failed=$(qs_count "$log" FAIL XPASS ERROR)
	skipped=$(qs_count "$log" SKIP)
	if [ $status != 0 ] && [ "$failed" = 0 ]; then
		say "    the suite broke off: see $qs_home/log/$name-tests.log"
		failed=1
	fi
	[ "$failed" = 0 ] || [ ! -e "$log" ] || sed 's/^/    /' "$log" >&2
	say "    $name: $passed passed, $failed failed, $skipped skipped"
	[ "$skipped" = 0 ] || qs_skips "$qs_built"
	qs_passed=$((qs_passed + passed))
	qs_failed=$((qs_failed + failed))
	qs_skipped=$((qs_skipped + skipped))
}

# qs_count FILE WORD...: the sum of "# WORD: n" in automake's summary.
qs_count() {
	local file=$1 word sum=0 n
	shift
	for word in "$@"; do
		n=$(sed -n "s/^# $word: *\([0-9]*\)\$/\1/p" "$file" 2> /dev/null |
			sed -n 1p)
		sum=$((sum + ${n:-0}))
	done
	printf '%s' "$sum"
}

# What did not run here, and why.
qs_skips() {
	local trs
	find "$1/tests" -name '*.trs' | LC_ALL=C sort | while read -r trs; do
		grep -q '^:test-result: SKIP' "$trs" || continue
		printf '    skipped: %s: %s\n' "$(basename "$trs" .trs)" "$(
			grep -ohE '(# SKIP|skipped:|SKIP:?) .*' "${trs%.trs}.log" |
				sed -n 1p)"
	done
}

qs_test() {
	local target=check code=check-code
	local packages=("${qs_build_packages[@]}" "${qs_test_packages[@]}")
	while [ $# -gt 0 ]; do
		case $1 in
		--long)
			target=check-long
			code=check-code-long
			packages+=("${qs_long_packages[@]}")
			;;
		*) bad_usage "test knows no $1" ;;
		esac
		shift
	done
	qs_open_home
	qs_need_packages "${packages[@]}"
	qs_need_sdk
	qs_need_daemons
	# What the integration tests run: see tests/lib/sh.bash.
	export SEAL_DAEMONS=$qs_daemons

	qs_make_build build-test --enable-werror
	qs_suite plain "$target"
	qs_make_build build-sanitizers --enable-werror \
		--enable-sanitizers=address,undefined
	qs_suite sanitizers $code
	[ $target = check ] || qs_long

	say "$qs_skipped skipped"
	say "$qs_passed passed, $qs_failed failed"
	[ "$qs_failed" = 0 ] && [ "$qs_passed" -gt 0 ]
}

qs_long() {
	qs_make_build build-threads --enable-werror --enable-sanitizers=thread
	qs_suite threads check-code-long
	if step "make distcheck" distcheck.log \
		make -C "$qs_home/build-test" distcheck; then
		qs_passed=$((qs_passed + 1))
	else
		qs_failed=$((qs_failed + 1))
	fi
}
