# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What tests of the checker's commands share, beside sh.bash: a store, hosts
# without rsyslog, statuses, findings, sentences.

# exits STATUS COMMAND...: it ends with this status.
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

# finds STATUS IDS COMMAND...: the JSON has these findings that count.
finds() {
	local want=$1 ids=$2
	shift 2
	exits "$want" "$@" --json > finds.json || {
		grep '"text"' finds.json
		return 1
	}
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

# says WORDS COMMAND...: one clear sentence on standard error, status 3.
says() {
	local sentence=$1
	shift
	exits 3 "$@" 2> said || return
	grep -qF -- "$sentence" said || {
		cat said
		return 1
	}
}

# small_store: a store in ./store that runs, $url its address.
small_store() {
	local daemon=$SEAL_BUILDDIR/tools/auditseald/auditseald

	"$daemon" init --dir store --name store.example.org/m \
		--listen 127.0.0.1:0 --server-name 127.0.0.1 > /dev/null
	start "$daemon" run --dir store --port-file port
	wait_until 10 test -s port
	# shellcheck disable=SC2034
	url=https://127.0.0.1:$(cat port)
}

# enrolled_host ORIGIN KEYDIR: its keys, known to ./store.
enrolled_host() {
	local name=${1//\//@}

	printf '#!/bin/sh\nexit 0\n' > rsyslogd
	chmod +x rsyslogd
	"$SEAL_BUILDDIR/tools/auditseal/auditseal" init --origin "$1" \
		--keydir "$2" > /dev/null &&
		"$SEAL_BUILDDIR/tools/auditseald/auditseald" enroll --dir store \
			--out "$name.welcome" "$name.enroll" > /dev/null &&
		"$SEAL_BUILDDIR/tools/auditseal/auditseal" init --keydir "$2" \
			--welcome "$name.welcome" --rsyslogd ./rsyslogd \
			--config "$name.conf" > /dev/null
}

# host_log KEYDIR SPOOL URL|- COUNT HOW: tests/lib/host_log.c, quiet.
host_log() {
	"$SEAL_BUILDDIR/tests/lib/host_log" "$@" > /dev/null
}

# snapshot DIR: a copy of ./store, which may be in use.
snapshot() {
	mkdir -p "$1"
	cp store/policy* "$1"
	python3 - "$1/store.db" << 'PYTHON'
import sqlite3, sys
to = sqlite3.connect(sys.argv[1])
sqlite3.connect("store/store.db").backup(to)
PYTHON
}

# hurt FILE TEXT: one byte of the last place where TEXT stands is changed.
hurt() {
	python3 - "$@" << 'PYTHON'
import sys
data = bytearray(open(sys.argv[1], "rb").read())
data[data.rindex(sys.argv[2].encode())] ^= 1
open(sys.argv[1], "wb").write(data)
PYTHON
}
