# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A log in a spool and in a store, for tests of the checker; source it after
# sh.bash and store.bash, from a test in its own directory:
#
#   ev_make COUNT...     keys, store, spool of web01.example.com/audit; each
#                        COUNT is a session of host_log, which is receipted
#   ev_crash COUNT       one more session, which ends as by kill -9
#   ev_end               stops the store; $at is then the time to judge as of
#   exits STATUS CMD...  CMD ends with this status
#   says WORDS CMD...    status 3 and this on standard error
#   finds IDS CMD...     the verdict's JSON has exactly these that count
#   clean FILE...        nothing in it can steer a terminal
#   ev_change FILE OFFSET  one bit of it
#   ev_sql DIR SQL       on a store's database; changed(blob, from, to) there

ev_origin=web01.example.com/audit

ev_session() { # COUNT HOW
	"$SEAL_BUILDDIR/tests/lib/host_log" keys spool "$url" "$1" "$2" \
		> host_log.out 2>&1
}
ev_make() {
	local count
	printf '#!/bin/sh\nexit 0\n' > rsyslogd
	chmod +x rsyslogd
	"$auditseal" init --origin $ev_origin --keydir keys > init.out &&
		"$auditseald" init --dir store --name store.example.org/m \
			--listen 127.0.0.1:0 --server-name 127.0.0.1 \
			> store.out || return
	st_start || return
	url=https://127.0.0.1:$st_port
	"$auditseald" enroll --dir store --out welcome \
		web01.example.com@audit.enroll > enroll.out &&
		"$auditseal" init --keydir keys --welcome welcome \
			--rsyslogd ./rsyslogd --config rs.conf > welcome.out ||
		return
	for count; do
		ev_session "$count" stop || return
	done
}
ev_crash() {
	ev_session "$1" crash
}
# shellcheck disable=SC2034 # at: for the test
ev_end() {
	at=$(date -u +%Y-%m-%dT%H:%M:%SZ)
	st_stop
}
ev_begin() { # TITLE COUNT...: ev_make as one case (check would lose the store)
	local title=$1
	shift
	ev_make "$@"
	result $? "$title"
}

exits() {
	local want=$1 got
	shift
	"$@"
	got=$?
	[ $got = "$want" ] || {
		echo "exit status $got, not $want: $*"
		return 1
	}
}
says() {
	local sentence=$1
	shift
	exits 3 "$@" 2> said || return
	grep -qF -- "$sentence" said && [ "$(wc -l < said)" -le 2 ] || {
		cat said
		return 1
	}
}
finds() {
	local ids=$1
	shift
	"$@" --json > finds.json
	python3 - "$ids" << 'PYTHON'
import json, sys
verdict = json.load(open("finds.json"))
found = " ".join(
    f["id"] + (f"[{f['first']},{f['last']}]" if f["first"] is not None else "")
    for log in verdict["logs"] for f in log["findings"] if f["class"] != "N")
if found != sys.argv[1]:
    sys.exit(f"found: {found}, expected: {sys.argv[1]}")
PYTHON
}
clean() {
	python3 - "$@" << 'PYTHON'
import sys, unicodedata
for name in sys.argv[1:]:
    text = open(name, "rb").read().decode("utf-8")
    if not text:
        sys.exit(f"{name} is empty")
    for c in text:
        if c != "\n" and unicodedata.category(c) in (
                "Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
            sys.exit(f"{name} has U+{ord(c):04X}")
PYTHON
}
ev_change() {
	python3 - "$@" << 'PYTHON'
import sys
with open(sys.argv[1], "r+b") as f:
    f.seek(int(sys.argv[2]))
    old = f.read(1)
    f.seek(int(sys.argv[2]))
    f.write(bytes([old[0] ^ 1]))
PYTHON
}
ev_sql() {
	python3 - "$@" << 'PYTHON'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1] + "/store.db")
db.create_function("changed", 3, lambda data, old, new: data.replace(
    old.encode(), new.encode()))
db.executescript(sys.argv[2])
PYTHON
}
