# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# The whole promise, on real events of this machine; see --help.

qs_pids=()

qs_run() {
	local keep=0
	qs_dir=
	while [ $# -gt 0 ]; do
		case $1 in
		--dir) qs_dir=${2:?--dir needs a folder}; shift 2 ;;
		--dir=*) qs_dir=${1#*=}; shift ;;
		--keep) keep=1; shift ;;
		*) bad_usage "run knows no $1" ;;
		esac
	done
	qs_open_home
	qs_need_build
	qs_fresh_dir
	trap qs_stop EXIT

	say "Everything of this run is in $qs_dir"
	qs_make_store
	qs_enrol
	qs_start_rsyslogd
	qs_make_events
	qs_show_log
	qs_verify_all
	qs_make_copy
	qs_tamper
	if [ $keep = 1 ]; then
		qs_start_store "127.0.0.1:$(cat "$qs_dir/port")"
		trap - EXIT
	else
		qs_stop
	fi
	qs_your_turn
	[ $keep = 0 ] ||
		say "Left running, as asked; to stop: kill ${qs_pids[*]}"
}

# qs_need_build: the programs; QUICKSTART_BUILD=DIR names a build that is
# there already.
qs_need_build() {
	if [ -n "${QUICKSTART_BUILD:-}" ]; then
		qs_built=$QUICKSTART_BUILD
	else
		qs_need_packages "${qs_build_packages[@]}"
		qs_need_sdk
		qs_make_build build
	fi
	auditseal=$qs_built/tools/auditseal/auditseal
	auditseald=$qs_built/tools/auditseald/auditseald
	qs_module_dir=$(find "$qs_built/plugins/omauditseal" \
		-name omauditseal.so -printf '%h\n' | sed -n 1p)
	[ -x "$auditseal" ] && [ -x "$auditseald" ] && [ -n "$qs_module_dir" ] ||
		fail "the build in $qs_built lacks a program or the module"
}

# qs_fresh_dir: an empty $qs_dir; what an earlier run left in it is removed.
qs_fresh_dir() {
	local mark=.auditseal-quickstart
	[ -n "$qs_dir" ] || qs_dir=$qs_home/run
	mkdir -p "$qs_dir" || fail "cannot make $qs_dir"
	qs_dir=$(cd "$qs_dir" && pwd)
	if [ -n "$(ls -A "$qs_dir")" ] && [ ! -e "$qs_dir/$mark" ]; then
		fail "$qs_dir is not empty, and no earlier run of quickstart" \
			"made it: name another folder with --dir"
	fi
	qs_stop_earlier
	find "$qs_dir" -mindepth 1 -delete
	: > "$qs_dir/$mark"
	mkdir "$qs_dir/work" "$qs_dir/log"
	chmod 755 "$qs_dir"
	[ ${#qs_dir} -lt 90 ] || fail "the name $qs_dir is too long for a" \
		"socket in it: name a shorter one with --dir"
}

# A run with --keep of before is over now: by the numbers that it wrote, as
# long as they are still what it started.
qs_stop_earlier() {
	local pid
	for pid in $(cat "$qs_dir/pids" 2> /dev/null); do
		if tr '\0' ' ' < "/proc/$pid/cmdline" 2> /dev/null |
			grep -qF "$qs_dir/"; then
			kill "$pid"
			wait_until 10 qs_gone "$pid" || kill -9 "$pid"
		fi
	done
}

qs_gone() {
	! kill -0 "$1" 2> /dev/null
}

# qs_start NAME COMMAND...: in the background, its words in DIR/log/NAME.
qs_start() {
	local log=$qs_dir/log/$1
	shift
	"$@" > "$log" 2>&1 9>&- < /dev/null &
	qs_started=$!
	qs_pids+=("$qs_started")
	printf '%s\n' "${qs_pids[@]}" > "$qs_dir/pids"
}

# qs_wait_for SECONDS WHAT PID LOG COMMAND...: until COMMAND succeeds; not
# longer than the process lives that it depends on.
qs_wait_for() {
	local seconds=$1 what=$2 pid=$3 log=$qs_dir/log/$4 begin=$SECONDS told=
	shift 4
	until "$@"; do
		if ! kill -0 "$pid" 2> /dev/null ||
			[ $((SECONDS - begin)) -ge "$seconds" ]; then
			[ -z "$told" ] || say
			tail -n 20 "$log" | sed 's/^/    /' >&2
			fail "waited $((SECONDS - begin)) s in vain for $what;" \
				"see $log"
		fi
		if [ -z "$told" ] && [ $((SECONDS - begin)) -ge 1 ]; then
			printf '  waiting for %s ...' "$what"
			told=1
		fi
		wait_tick 0.05
	done
	[ -z "$told" ] || printf ' %s s\n' $((SECONDS - begin))
}

qs_stop() {
	local pid
	for pid in "${qs_pids[@]}"; do
		kill "$pid" 2> /dev/null || :
	done
	for pid in "${qs_pids[@]}"; do
		wait "$pid" 2> /dev/null || :
	done
	qs_pids=()
	rm -f "$qs_dir/pids"
}

qs_start_rsyslogd() {
	qs_need_daemons
	qs_socket=$qs_dir/log.sock
	: > "$qs_dir/sshd.log"
	qs_rsyslog_conf > "$qs_dir/rsyslog.conf"
	qs_start rsyslogd env LD_LIBRARY_PATH="$(qs_daemon_libs)" \
		"$qs_daemons/usr/sbin/rsyslogd" -n -C -f "$qs_dir/rsyslog.conf" \
		-i "$qs_dir/rsyslogd.pid" -M "$(qs_rsyslog_modules):$qs_module_dir"
	qs_wait_for 30 "rsyslogd" "$qs_started" rsyslogd \
		test -S "$qs_socket"
	qs_rsyslogd_pid=$qs_started
	qs_sealed_before=0
	qs_wait_for 30 "the first receipt" "$qs_started" rsyslogd \
		qs_all_receipted
	qs_sealed_before=$(qs_size sealed)
}

qs_rsyslog_modules() {
	find "$qs_daemons/usr/lib" -name lmnet.so -printf '%h\n' | sed -n 1p
}

# The three ways of private-machine, the best one first.
qs_make_events() {
	local way status said
	declare -A words=(
		[root]="way (a), root: real accounts and logins in overlays"
		[user]="way (b), user namespace: sshd as $(id -un), no accounts"
		[none]="way (c), no namespace: sshd -e through imfile, logger"
	)
	for way in root user none; do
		said=0
		status=0
		while IFS= read -r line; do
			[ $said = 1 ] || say "Real events, ${words[$way]}"
			said=1
			say "    $line"
		done < <(QS_SOCKET=$qs_socket QS_SSHD_LOG=$qs_dir/sshd.log \
			"$qs_parts/private-machine" $way "$qs_dir" \
			"$qs_daemons" "$qs_parts/events" 2>&1 9>&-) || :
		wait $! || status=$?
		[ $status != 75 ] || continue
		[ $status = 0 ] && [ $said = 1 ] ||
			fail "the events could not be made (status $status)"
		qs_way=$way
		return
	done
	fail "none of the three ways to make events works here"
}

# qs_do TEXT LOG COMMAND...: a short step; only a failure is told.
qs_do() {
	local text=$1 log=$qs_dir/log/$2
	shift 2
	"$@" > "$log" 2>&1 < /dev/null && return
	sed 's/^/    /' "$log" >&2
	fail "$text; see $log"
}

# The store, on a port that the kernel chooses; its keys are made here.
qs_make_store() {
	qs_store=$qs_dir/store
	qs_do "the store could not be made" auditseald-init \
		"$auditseald" init --dir "$qs_store" --name quickstart/store \
		--listen 127.0.0.1:0 --server-name 127.0.0.1
	qs_start_store 127.0.0.1:0
	qs_url=https://127.0.0.1:$(cat "$qs_dir/port")
	say "Store      $qs_url, with a CA of its own"
}

# qs_start_store ADDRESS:PORT
qs_start_store() {
	rm -f "$qs_dir/port"
	qs_start auditseald "$auditseald" run --dir "$qs_store" --listen "$1" \
		--port-file "$qs_dir/port"
	qs_store_pid=$qs_started
	qs_wait_for 30 "the store" "$qs_started" auditseald \
		test -s "$qs_dir/port"
}

# A stopped store is one file, store.db: its journal is folded in.
qs_stop_store() {
	kill "$qs_store_pid"
	wait "$qs_store_pid" || :
	mapfile -t qs_pids < <(printf '%s\n' "${qs_pids[@]}" |
		grep -vx "$qs_store_pid")
}

# Two files are carried, no secret among them.
qs_enrol() {
	local libs
	qs_need_daemons
	libs=$(qs_daemon_libs)
	qs_origin=$(uname -n | tr 'A-Z' 'a-z' | tr -cd 'a-z0-9.-')
	qs_origin=${qs_origin:-localhost}/audit
	qs_do "the keys could not be made" init "$auditseal" init \
		--origin "$qs_origin" --keydir "$qs_dir/keydir" \
		--enroll "$qs_dir/host.enroll"
	qs_do "the store did not take the host" enroll "$auditseald" enroll \
		--dir "$qs_store" --out "$qs_dir/host.welcome" \
		"$qs_dir/host.enroll"
	qs_do "the store's welcome could not be installed" welcome \
		env LD_LIBRARY_PATH="$libs" "$auditseal" init \
		--keydir "$qs_dir/keydir" --welcome "$qs_dir/host.welcome" \
		--rsyslogd "$qs_daemons/usr/sbin/rsyslogd" \
		--moddir "$(qs_rsyslog_modules):$qs_module_dir"
	cp "$qs_store/policy" "$qs_dir/policy"
	cp "$qs_store/policy.pins" "$qs_dir/policy.pins"
	say "Log        $qs_origin, enrolled: host.enroll there, host.welcome back"
}

# The ordinary log gets everything; what is tagged for audit is teed.
qs_rsyslog_conf() {
	cat << END
global(workDirectory="$qs_dir/work" processInternalMessages="on"
	net.enableDNS="off")
module(load="imuxsock" SysSock.Use="off")
module(load="imfile")
module(load="omauditseal")
input(type="imuxsock" Socket="$qs_socket" Annotate="on" ParseTrusted="on"
	RateLimit.Interval="0")
input(type="imfile" File="$qs_dir/sshd.log" Tag="sshd:" Facility="authpriv")
ruleset(name="audit" queue.type="LinkedList" queue.size="100000"
	queue.workerThreads="1" queue.dequeueBatchSize="1024"
	queue.timeoutEnqueue="0") {
	action(type="omauditseal" name="audit" origin="$qs_origin"
		keydir="$qs_dir/keydir" spool="$qs_dir/spool" server="$qs_url"
		action.resumeRetryCount="-1" action.resumeInterval="1")
}
if prifilt("auth,authpriv.*") and \$inputname != "rsyslogd" then call audit
*.*	action(type="omfile" file="$qs_dir/ordinary.log")
END
}

# json_number NAME, json_text NAME: the first of that name in standard input.
json_number() {
	grep -oE "\"$1\": *[0-9]+" | sed -n 1p | grep -oE '[0-9]+$'
}

json_text() {
	grep -oE "\"$1\": *\"[^\"]*\"" | sed -n 1p |
		sed -E 's/^"[^"]*": *"(.*)"$/\1/; s,\\/,/,g'
}

json_anchor() {
	grep -oE '"anchor": *\{[^}]*\}' | sed -n 1p
}

# qs_verify NAME TARGET [OPTION...]: the verdict is in $qs_verdict (JSON on one
# line), errors in DIR/log/verify-NAME, the exit status is returned.
qs_verify() {
	local name=$1 target=$2 status=0
	shift 2
	qs_verdict=$("$auditseal" verify --policy "$qs_dir/policy" "$@" --json \
		"$target" 2> "$qs_dir/log/verify-$name") || status=$?
	qs_verdict=$(tr -d '\n' <<< "$qs_verdict")
	return $status
}

qs_tls() {
	printf '%s\n' --tls-ca "$qs_store/ca.pem" \
		--tls-cert "$qs_store/reader.pem" \
		--tls-key "$qs_store/reader.key"
}

# qs_size FIELD: sealed or receipted, as the host's files say.
qs_size() {
	"$auditseal" status --json "$qs_dir/spool" 2> /dev/null |
		json_number "$1" || printf 0
}

# A check is in order when the log has been quiet for a moment.
qs_all_receipted() {
	local sealed
	sealed=$(qs_size sealed)
	[ "$sealed" -gt "$qs_sealed_before" ] &&
		[ "$(qs_size receipted)" = "$sealed" ]
}

# What was teed, as the log has it, beside all that was logged.
qs_show_log() {
	local entries records
	qs_wait_for 60 "the receipt of all" \
		"$qs_rsyslogd_pid" rsyslogd qs_all_receipted
	"$auditseal" show --json "$qs_dir/spool" > "$qs_dir/entries.json"
	entries=$(wc -l < "$qs_dir/entries.json")
	records=$(grep -c '"type":"record"' "$qs_dir/entries.json") || :
	say "Teed       $records of $(wc -l < "$qs_dir/ordinary.log") messages," \
		"beside $((entries - records)) of the log about itself:"
	qs_teed | grep -v 'pam_limits(' | sed -n 1,24p | cut -c 1-100 |
		sed 's/^/    /'
	say "Log        grew from $qs_sealed_before to $(qs_size sealed)" \
		"entries, sealed; the store has acknowledged $(qs_size receipted)"
}

# Index and message of each record; the message is a JSON text in a JSON text,
# and stays safe for a terminal.
qs_teed() {
	local char='([^\\]|\\\\[^\\"]|\\\\\\"|\\\\\\\\)'
	grep '"type":"record"' "$qs_dir/entries.json" | sed -E \
		-e 's/^\{"index":([0-9]+),.*\\"tag\\":\\"([^\\]*)\\".*\\"msg\\":\\" ?('"$char"'*)\\",\\"trusted.*/\1  \2 \3/' \
		-e 's/\\\\(\/)|\\\\\\(")/\1\2/g'
}

# qs_expect STATUS GOT WHAT: the run ends here if the verdict is another one.
qs_expect() {
	[ "$1" = "$2" ] && return
	printf '%s\n' "$qs_verdict" > "$qs_dir/log/verdict"
	fail "the verdict on $3 is $2, not $1; see $qs_dir/log/verdict"
}

qs_verify_all() {
	local status tls
	mapfile -t tls < <(qs_tls)
	status=0
	qs_verify spool "$qs_dir/spool" || status=$?
	qs_expect 0 $status "the spool"
	qs_receipt
	say "Verify     the host's spool            verdict $status"
	status=0
	qs_verify https "$qs_url" "${tls[@]}" || status=$?
	qs_expect 0 $status "the store, asked over https"
	say "           the store over https        verdict $status"
	status=0
	qs_verify store "$qs_store" || status=$?
	qs_expect 0 $status "the store's directory"
	say "           the store's directory       verdict $status"
}

# The newest receipt, from the verdict on the spool.
qs_receipt() {
	local anchor
	anchor=$(json_anchor <<< "$qs_verdict")
	say "Receipt    $(json_number size <<< "$anchor") entries, root" \
		"$(json_text root <<< "$anchor")"
	say "           by $(json_text by <<< "$anchor")," \
		"$(json_text time <<< "$anchor")"
}

# qs_make_copy: what "your turn" is about, whole: its verdict is 0.
qs_make_copy() {
	local status try anchor
	qs_copy=$qs_dir/copy
	qs_stop_store
	for try in 1 2 3 4 5; do
		rm -rf "$qs_copy"
		mkdir "$qs_copy"
		cp -a "$qs_dir/spool" "$qs_copy/spool"
		cp -a "$qs_store" "$qs_copy/store"
		rm -f "$qs_copy/store/listening" "$qs_copy"/store/*.key
		qs_as_of=@$(date +%s)
		status=0
		qs_verify copy-spool "$qs_copy/spool" --as-of "$qs_as_of" ||
			status=$?
		anchor=$(json_anchor <<< "$qs_verdict")
		qs_expect_size=$(json_number size <<< "$anchor")
		qs_expect_root=$(json_text root <<< "$anchor")
		[ $status = 0 ] || continue # copied while it was written
		qs_verify copy-store "$qs_copy/store" --as-of "$qs_as_of" \
			--expect-size "$qs_expect_size" \
			--expect-root "$qs_expect_root" || status=$?
		[ $status != 0 ] || break
	done
	qs_expect 0 $status "a copy, after $try attempts,"
	for name in qs_copy qs_as_of qs_expect_size qs_expect_root auditseal; do
		printf '%s=%q\n' $name "${!name}"
	done > "$qs_dir/memory"
}

# One byte of one record in a copy of the store.
qs_tamper() {
	local bad=$qs_dir/tampered status=0 index text place
	rm -rf "$bad"
	cp -a "$qs_copy/store" "$bad"
	while read -r index text; do
		place=$(qs_only_place "$bad" "$text") && break
	done < <(qs_candidates)
	[ -n "$place" ] || fail "no record was found in $bad"
	qs_flip "${place%:*}" "${place##*:}"
	qs_verify tampered "$bad" --as-of "$qs_as_of" || status=$?
	qs_expect 2 $status "the changed copy"
	[ "$(grep -oE '"id": *"AS[0-9]+"' <<< "$qs_verdict" | wc -l)" = 1 ] &&
		[ "$(json_text id <<< "$qs_verdict")" = AS001 ] &&
		[ "$(json_number first <<< "$qs_verdict")" = "$index" ] &&
		[ "$(json_number last <<< "$qs_verdict")" = "$index" ] || {
		printf '%s\n' "$qs_verdict" > "$qs_dir/log/verdict"
		fail "the finding is not entry $index alone;" \
			"see $qs_dir/log/verdict"
	}
	say "Tamper     one byte of entry $index changed in a copy of the store:"
	"$auditseal" verify --policy "$qs_dir/policy" --as-of "$qs_as_of" \
		"$bad" | sed 's/^/    /' || :
}

# Records whose message can be found in the store's files as it stands here:
# index and a piece of the message without anything that JSON escapes.
qs_candidates() {
	qs_teed | sed -nE 's/^([0-9]+) .*[ :]([][A-Za-z0-9(): _.=,-]{12,60}).*/\1 \2/p' |
		tac
}

# qs_only_place FOLDER TEXT: "file:offset", if it is there exactly once.
qs_only_place() {
	local found
	found=$(grep -rabFo -- "$2" "$1" | sed -E 's/^(.*):([0-9]+):.*/\1:\2/')
	[ -n "$found" ] && [ "$(wc -l <<< "$found")" = 1 ] && echo "$found"
}

# qs_flip FILE OFFSET: the lowest bit of one byte.
qs_flip() {
	local byte
	byte=$(od -An -tu1 -j "$2" -N 1 "$1")
	# shellcheck disable=SC2059 # the format is the byte
	printf "\\x$(printf %02x $((byte ^ 1)))" |
		dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

qs_your_turn() {
	local dir=
	[ "$qs_dir" = "$qs_home/run" ] || dir=" --dir $qs_dir"
	cat << END

Spool      $qs_dir/spool
Store      $qs_dir/store
Policy     $qs_dir/policy
Ordinary   $qs_dir/ordinary.log

Your turn: change, cut, delete or swap anything under
  $qs_copy
then run
  contrib/quickstart check$dir
END
}
