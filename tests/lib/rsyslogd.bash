# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A private rsyslogd, as the distribution built it, with the module of this
# tree. Source it after sh.bash, from a test in its own directory:
#
#   rs_need                    skips the whole test where it cannot run
#   rs_keydir NAME ORIGIN      makes NAME/ with the keys of a new log
#   rs_conf > rs.conf          the usual beginning of a configuration
#   rs_check CONF              rsyslogd -N1; what it says is in rs.check
#   rs_start CONF [ARG...]     starts it; returns when it takes input
#   rs_begin TITLE CONF        the same as one case
#   rs_stop [SIGNAL]           and waits until it is gone
#   rs_send TEXT...            a line each to the usual imptcp input
#
# The daemon is SEAL_DAEMONS' (made by contrib/rsyslog-daemon) or the machine's;
# where there is neither, one is fetched into the build folder, once.

rs_skip() {
	case $0 in
	*.tap) echo "1..0 # SKIP $*" && exit 0 ;;
	*) skip_all "$*" ;;
	esac
}

rs_fetch() {
	SEAL_DAEMONS=$SEAL_BUILDDIR/tests/daemons
	mkdir -p "$SEAL_DAEMONS"
	flock "$SEAL_DAEMONS.lock" "$SEAL_SRCDIR/contrib/rsyslog-daemon" \
		"$SEAL_DAEMONS" > "$SEAL_DAEMONS.log" 2>&1
}

rs_need() {
	[ -n "$(module_dir)" ] ||
		rs_skip "the module is not built (--with-rsyslog-sdk)"
	command -v python3 > /dev/null || rs_skip "there is no python3"
	[ -n "$(daemon_path rsyslogd)" ] || rs_fetch ||
		rs_skip "rsyslogd cannot be fetched"
}

rs_keydir() {
	"$SEAL_BUILDDIR/tests/lib/make_keydir" "$1" "$2"
}

rs_conf() {
	cat <<- END
		global(workDirectory="$PWD" processInternalMessages="on"
			maxMessageSize="64k")
		main_queue(queue.type="LinkedList" queue.workerThreads="1")
		module(load="imptcp" threads="1")
		module(load="omauditseal")
		template(name="plain" type="string" string="%msg%\n")
		template(name="bare" type="string" string="%msg%")
		input(type="imptcp" address="127.0.0.1" port="0"
			listenPortFileName="$PWD/port")
	END
}

# rs_audit [PARAMETER...]: the usual audit ruleset; further parameters of the
# action, the spool in ./spool/h@audit, keys in ./keys.
rs_audit() {
	cat <<- END
		ruleset(name="audit" queue.type="LinkedList"
			queue.size="100000" queue.workerThreads="1"
			queue.timeoutEnqueue="0") {
			action(type="omauditseal" name="seal" origin="h/audit"
				keydir="$PWD/keys" spool="$PWD/spool/h@audit"
				action.resumeRetryCount="-1"
				action.resumeInterval="1" $*)
		}
	END
}

# What rsyslogd says of itself goes to ./say, never to a log that is compared.
rs_own_words() {
	echo "if \$inputname == \"rsyslogd\" then {
		action(type=\"omfile\" file=\"$PWD/say\" template=\"plain\")
		stop
	}"
}

rs_check() {
	(rsyslogd_command -C -N1 -f "$PWD/$1") > rs.check 2>&1
}

rs_ready() {
	[ -s pid ] && { [ -s port ] || ! grep -q listenPortFileName "$1"; }
}

rs_start() {
	local conf=$1
	shift
	rm -f port pid
	start rsyslogd_command -C -n -f "$PWD/$conf" -i "$PWD/pid" "$@" \
		> rs.out 2>&1
	rs_pid=$started
	wait_until 20 rs_ready "$conf" || {
		cat rs.out
		return 1
	}
}

# rs_begin TITLE CONF...: the same as one case (check would lose the process).
rs_begin() {
	local title=$1
	shift
	rs_start "$@"
	result $? "$title"
}

rs_stop() {
	stop "$rs_pid" "${1:-TERM}"
}

rs_send() {
	local line
	exec 8<> "/dev/tcp/127.0.0.1/$(cat port)" || return 1
	for line in "$@"; do
		printf '%s\n' "$line" >&8 || return 1
	done
	exec 8>&-
}

# rs_lines FROM TO TEXT: that many messages "TEXT ‹number›" to imptcp.
rs_numbered() {
	seq "$1" "$2" | sed "s/.*/<86>Nov 21 10:00:00 host sshd[42]: $3 &/" \
		> "/dev/tcp/127.0.0.1/$(cat port)"
}

# What stands in a spool, by a reader that is not ours.
rs_records() {
	python3 "$SEAL_SRCDIR/tests/lib/spool_frames.py" lines "$1"
}
rs_control() {
	python3 "$SEAL_SRCDIR/tests/lib/spool_frames.py" control "$1"
}
# rs_exact SPOOL: at rest, its size is that of the formula in docs/spec.
rs_exact() {
	python3 "$SEAL_SRCDIR/tests/lib/spool_frames.py" size "$1" > rs.size &&
		awk '{ exit $1 != $2 }' rs.size || { cat rs.size && false; }
}
rs_count() {
	rs_records "${1:-spool/h@audit}" 2> /dev/null | wc -l
}
# rs_has N [SPOOL]: are N records sealed?
rs_has() {
	[ "$(rs_count "${2:-spool/h@audit}")" -ge "$1" ]
}
