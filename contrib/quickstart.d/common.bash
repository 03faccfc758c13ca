# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the parts of quickstart share: words to the user, steps with progress.

say() {
	printf '%s\n' "$*"
}

# fail SENTENCE...: what is wrong and how to mend it; ends the run.
fail() {
	printf 'quickstart: %s\n' "$*" >&2
	exit 1
}

bad_usage() {
	printf 'quickstart: %s; see contrib/quickstart --help\n' "$*" >&2
	exit 64
}

# qs_open_home: the folder that everything goes into, and one run at a time.
qs_open_home() {
	mkdir -p "$qs_home/log" 2> /dev/null || :
	[ -w "$qs_home" ] && [ -w "$qs_home/log" ] ||
		fail "cannot write to $qs_home: run as its owner, or name" \
			"another folder by QUICKSTART_HOME=DIR"
	qs_home=$(cd "$qs_home" && pwd)
	exec 9> "$qs_home/lock"
	flock -n 9 || fail "another quickstart is at work in $qs_home"
}

# step TEXT LOG COMMAND...: runs COMMAND, its output in LOG (a name in the log
# folder), and says how long it took. On a terminal the seconds count along.
step() {
	local text=$1 log=$qs_home/log/$2 begin=$SECONDS pid status=0 shown=0
	shift 2
	printf '  %s ...' "$text"
	"$@" > "$log" 2>&1 9>&- < /dev/null &
	pid=$!
	while kill -0 "$pid" 2> /dev/null; do
		wait_tick 0.1
		[ $((SECONDS - begin)) -gt $shown ] || continue
		shown=$((SECONDS - begin))
		if [ -t 1 ]; then
			printf '\r  %s ... %s s' "$text" "$shown"
		elif [ $((shown % 10)) = 0 ]; then
			printf '.'
		fi
	done
	wait "$pid" || status=$?
	if [ $status = 0 ]; then
		printf '%s %s s\n' "$([ -t 1 ] && printf '\r  %s ...' "$text" || :)" \
			$((SECONDS - begin))
		return 0
	fi
	printf ' failed\n'
	tail -n 30 "$log" | sed 's/^/    /' >&2
	printf 'quickstart: the whole of it is in %s\n' "$log" >&2
	return $status
}

# wait_tick SECONDS: give way for a moment, without a process of its own.
wait_tick() {
	read -r -t "$1" <> <(:) || :
}

# wait_until SECONDS COMMAND...: 0 as soon as COMMAND succeeds.
wait_until() {
	local end=$((SECONDS + $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		wait_tick 0.05
	done
}
