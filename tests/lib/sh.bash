# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What shell tests share: source "$SEAL_SRCDIR/tests/lib/sh.bash".
# Nothing here waits a fixed time: wait_until asks again until a condition
# holds or the time is up.

set -u
: "${SEAL_SRCDIR:?is set by make check}" "${SEAL_BUILDDIR:?is set by make check}"

# Results of a .tap script --------------------------------------------------
seal_cases=0

# result STATUS WORDS...: one case; STATUS 0 means that it passed.
result() {
	local status=$1
	shift
	seal_cases=$((seal_cases + 1))
	if [ "$status" = 0 ]; then
		echo "ok $seal_cases - $*"
	else
		echo "not ok $seal_cases - $*"
	fi
}

# check WORDS -- COMMAND...: one case, passed when COMMAND succeeds; what
# COMMAND says is shown as comments when it does not.
check() {
	local words=() out status
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	out=$("$@" 2>&1)
	status=$?
	result $status "${words[@]}"
	[ $status = 0 ] || printf '%s\n' "$out" | sed 's/^/# /'
}

# fails COMMAND...: for check; it must not succeed.
fails() {
	! "$@"
}

# skip WORDS -- REASON...: one case that could not run here.
skip() {
	local words=()
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	seal_cases=$((seal_cases + 1))
	echo "ok $seal_cases - ${words[*]} # SKIP $*"
}

# done_testing: the plan; last line of a .tap script. The exit status is 0:
# the cases have been counted already, and another one would be an error more.
done_testing() {
	echo "1..$seal_cases"
	exit 0
}

# For .sh scripts -----------------------------------------------------------
skip_all() {
	echo "skipped: $*"
	exit 77
}

die() {
	echo "failed: $*" >&2
	exit 1
}

# The stock daemons ---------------------------------------------------------
# SEAL_DAEMONS is the folder that contrib/rsyslog-daemon unpacked packages
# into; without it the machine's own are taken. Empty: there is none.

# daemon_path NAME: where the program is.
daemon_path() {
	local dir
	for dir in "${SEAL_DAEMONS:+$SEAL_DAEMONS/usr/sbin}" \
		"${SEAL_DAEMONS:+$SEAL_DAEMONS/usr/bin}" /usr/sbin /usr/bin; do
		[ -n "$dir" ] && [ -x "$dir/$1" ] || continue
		echo "$dir/$1"
		return
	done
}

# rsyslog_modules: the folder of the modules of daemon_path rsyslogd.
rsyslog_modules() {
	local dir
	for dir in ${SEAL_DAEMONS:+"$SEAL_DAEMONS"/usr/lib/*/rsyslog \
		"$SEAL_DAEMONS"/usr/lib/rsyslog} \
		/usr/lib/*/rsyslog /usr/lib/rsyslog; do
		[ -e "$dir/lmnet.so" ] || continue
		echo "$dir"
		return
	done
}

# daemon_libs: what LD_LIBRARY_PATH must hold for them; may be empty.
daemon_libs() {
	[ -z "${SEAL_DAEMONS:-}" ] ||
		find "$SEAL_DAEMONS/usr/lib" "$SEAL_DAEMONS/lib" -maxdepth 1 \
			-name '*-linux-*' 2> /dev/null | paste -sd: -
}

# module_dir: the folder of the module that was built; empty: there is none.
module_dir() {
	find "$SEAL_BUILDDIR/plugins/omauditseal" -name omauditseal.so \
		-printf '%h\n' 2> /dev/null | head -n 1
}

# preload FILE: the sanitizers' runtime that FILE was built with, which a
# program that was not must load first; for LD_PRELOAD, may be empty. GnuTLS
# goes with it: loaded later, by dlopen, it waits for ever for a lock of
# gettext that is held under a sanitizer.
preload() {
	ldd "$1" 2> /dev/null | awk '
		$1 ~ /^lib[at]san\.so/ { runtime = $3 }
		$1 ~ /^libgnutls\.so/ { gnutls = ":" $3 }
		END { print runtime (runtime ? gnutls : "") }'
}

# rsyslogd_command ARGUMENT...: runs the stock rsyslogd, with its own modules
# and ours, in the foreground; start it as "start rsyslogd_command -n -f ...".
# Words in the arrays come before it: rsyslogd_under such as valgrind, and
# rsyslogd_in, outside of its environment, such as unshare.
rsyslogd_in=() rsyslogd_under=()
rsyslogd_command() {
	local ours preload=
	ours=$(module_dir)
	[ -z "$ours" ] || preload=$(preload "$ours/omauditseal.so")
	exec "${rsyslogd_in[@]}" env LD_LIBRARY_PATH="$(daemon_libs)" \
		${preload:+LD_PRELOAD="$preload" \
			ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0:suppressions=$SEAL_SRCDIR/tests/lib/asan.supp" \
			TSAN_OPTIONS="${TSAN_OPTIONS:-}:ignore_noninstrumented_modules=1"} \
		"${rsyslogd_under[@]}" "$(daemon_path rsyslogd)" \
		-M "$(rsyslog_modules)${ours:+:$ours}" "$@"
}

# The machine ---------------------------------------------------------------
# alone: the script begins again in a network namespace of its own, if root can
# have one, so that what listens is this test's own doing.
alone() {
	[ -z "${SEAL_ALONE:-}" ] && [ "$(id -u)" = 0 ] &&
		unshare --net ip link set lo up 2> /dev/null || return 0
	SEAL_ALONE=1 exec unshare --net bash -c \
		'ip link set lo up && exec bash "$@"' bash "$0"
}

# machine_state: see tests/lib/machine-state.
machine_state() {
	"$SEAL_SRCDIR/tests/lib/machine-state" \
		"$([ -n "${SEAL_ALONE:-}" ] || echo --shared)"
}

# Waiting -------------------------------------------------------------------
# wait_until SECONDS COMMAND...: 0 as soon as COMMAND succeeds, 1 when it has
# not after so many seconds of a machine that does nothing else; six times as
# many are granted, for this one may be busy.
wait_until() {
	local end=$((SECONDS + 6 * $1))
	shift
	until "$@"; do
		[ "$SECONDS" -lt "$end" ] || return 1
		read -r -t 0.05 <> <(:) || :
	done
}

# lines FILE: how many lines it has; 0 when there is no such file.
lines() {
	if [ -e "$1" ]; then wc -l < "$1"; else echo 0; fi
}

# Servers -------------------------------------------------------------------
seal_pids=()

# at_exit stops what start began, by process number.
at_exit() {
	local pid
	for pid in "${seal_pids[@]}"; do
		kill "$pid" 2> /dev/null || :
	done
	for pid in "${seal_pids[@]}"; do
		wait "$pid" 2> /dev/null || :
	done
}
trap at_exit EXIT

# start COMMAND...: in the background; $started is its process number.
start() {
	"$@" &
	started=$!
	seal_pids+=("$started")
}

# stop PID [SIGNAL]: and wait until it is gone.
stop() {
	kill -"${2:-TERM}" "$1" 2> /dev/null || :
	wait "$1" 2> /dev/null || :
}
