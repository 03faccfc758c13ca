#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the stock rsyslogd alone delivers over TCP when the target was down at
# first: the table of docs/explanation/why.md. Without our module. Run it as
#
#   SEAL_SRCDIR=. SEAL_BUILDDIR=. SEAL_DAEMONS=.quickstart/daemons \
#       tests/bench/rsyslog_queues.sh
#
# A line a case: name, messages that arrived of 500.
. "$SEAL_SRCDIR/tests/lib/sh.bash"
[ -z "${SEAL_DAEMONS:-}" ] || SEAL_DAEMONS=$(realpath "$SEAL_DAEMONS")
SEAL_BUILDDIR=$(realpath "$SEAL_BUILDDIR")
cd "$(mktemp -d)" || exit 1

cat > receiver.py << 'END'
import socket, sys, threading
count, lock = 0, threading.Lock()
def one(c):
    global count
    for line in c.makefile("rb"):
        with lock:
            count += 1
            open("arrived", "w").write(str(count))
s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
open("receiving", "w").close()
while True:
    threading.Thread(target=one, args=(s.accept()[0],), daemon=True).start()
END
free_port() {
	python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0))
print(s.getsockname()[1])'
}
conf() { # PORT ACTION-PARAMETERS
	cat <<- END
		global(workDirectory="$PWD")
		module(load="imptcp")
		input(type="imptcp" address="127.0.0.1" port="0"
			listenPortFileName="$PWD/port")
		if \$programname == "t" then {
			action(type="omfile" file="$PWD/ordinary")
			action(type="omfwd" target="127.0.0.1" port="$1"
				protocol="tcp" $2)
		}
	END
}
up() {
	rm -f port
	start rsyslogd_command -C -n -f "$PWD/conf" -i "$PWD/pid" > /dev/null 2>&1
	wait_until 20 test -s port
}
# what has arrived when nothing came for 10 s, or all of it
settle() {
	local before=-1 now=0
	while [ "$now" != 500 ] && [ "$before" != "$now" ]; do
		before=$now
		wait_until 10 eval '[ "$(cat arrived)" = 500 ]'
		now=$(cat arrived)
	done
	echo "$now"
}
one_case() { # NAME SIGNAL|- PARAMETERS
	local port receiver
	mkdir case && cd case || exit 1
	echo 0 > arrived
	port=$(free_port)
	conf "$port" "$3" > conf
	up
	seq 500 | sed 's/.*/<86>Nov 21 10:00:00 host t: &/' \
		> "/dev/tcp/127.0.0.1/$(cat port)"
	wait_until 20 eval '[ "$(lines ordinary)" = 500 ]'
	[ "$2" = - ] || stop "$started" "$2"
	local daemon=$started
	start python3 ../receiver.py "$port"
	receiver=$started
	wait_until 10 test -e receiving
	[ "$2" = - ] || { up && daemon=$started; }
	printf '%-52s %s of 500\n' "$1" "$(settle)"
	stop "$daemon"
	stop "$receiver" KILL
	cd .. && rm -rf case
}
disk='queue.filename="q" queue.type="Disk" action.resumeRetryCount="-1" action.resumeInterval="1"'
one_case "defaults, rsyslogd goes on" - ""
one_case "memory queue, retry -1, restarted" TERM \
	'queue.type="LinkedList" action.resumeRetryCount="-1" action.resumeInterval="1"'
one_case "disk-assisted, saveOnShutdown, kill -9" KILL \
	'queue.type="LinkedList" queue.filename="q" queue.saveOnShutdown="on" action.resumeRetryCount="-1" action.resumeInterval="1"'
one_case "disk queue, kill -9" KILL "$disk"
one_case "disk queue, checkpointInterval 1, kill -9" KILL \
	"$disk queue.checkpointInterval=\"1\""
