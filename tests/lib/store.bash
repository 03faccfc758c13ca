# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A real store over mutual TLS, and hosts enrolled with it. Source it after
# sh.bash (and rsyslogd.bash), from a test in its own directory:
#
#   st_need                     skips the whole test without store or checker
#   st_init                     makes ./store
#   st_start, st_stop [SIGNAL]  its port, chosen by the kernel, is in st_port
#   st_begin TITLE              st_start as one case (check would lose the process)
#   st_enrol ORIGIN KEYDIR      keys, enrolment and welcome, as an operator does
#   st_url                      https://localhost:PORT
#   st_receipted SPOOL N        has the spool receipts for N entries?
#   st_verify ...               auditseal verify with the store's policy
#   st_reader                   the options of a reader's certificate

st_need() {
	auditseal=$SEAL_BUILDDIR/tools/auditseal/auditseal
	auditseald=$SEAL_BUILDDIR/tools/auditseald/auditseald
	[ -x "$auditseal" ] && [ -x "$auditseald" ] && return
	echo "1..0 # SKIP store or checker is not built"
	exit 0
}

st_init() {
	"$auditseald" init --dir store --name store.example.com/mirror \
		--listen 127.0.0.1:0 --server-name localhost > store.init
}

# The port stays the same over restarts: hosts have it in their configuration.
st_start() {
	rm -f store.port
	start "$auditseald" run --dir store --listen "127.0.0.1:${st_port:-0}" \
		--port-file store.port >> store.say 2>&1
	st_pid=$started
	wait_until 20 [ -s store.port ] || return 1
	st_port=$(cat store.port)
}

st_begin() {
	st_start
	result $? "$1"
}

st_stop() {
	stop "$st_pid" "${1:-TERM}"
}

st_url() {
	echo "https://localhost:$st_port"
}

st_enrol() {
	"$auditseal" init --origin "$1" --keydir "$2" --enroll enrol &&
		"$auditseald" enroll --dir store --out welcome enrol &&
		"$auditseal" init --welcome welcome --keydir "$2" \
			--config host.conf
}

st_receipted() {
	[ "$("$auditseal" status --json "$1" 2> /dev/null |
		sed -n 's/.*"receipted":\([0-9]*\).*/\1/p')" -ge "$2" ] \
		2> /dev/null
}

st_verify() {
	"$auditseal" verify --policy store/policy "$@"
}

st_reader() {
	echo "--tls-ca store/ca.pem --tls-cert store/reader.pem" \
		"--tls-key store/reader.key"
}
