#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Checks one cosignature/v1 line of a checkpoint with openssl alone.
#	receipt.sh VKEY CHECKPOINT      VKEY: the mirror's, of type 0x04
# Written from C2SP signed-note and tlog-cosignature; uses nothing of ours.
set -euo pipefail
export LC_ALL=C
vkey=$1 checkpoint=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

name=${vkey%%+*}
rest=${vkey#*+}
id=${rest%%+*}
printf '%s' "${rest#*+}" | base64 -d > "$dir/material"
[ "$(head -c 1 "$dir/material" | od -An -tx1 | tr -d ' ')" = 04 ] || {
	echo "foreign check: not a cosigner's key" >&2
	exit 1
}
# SubjectPublicKeyInfo of Ed25519: a fixed prefix, then the 32 bytes.
{ printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00'; tail -c 32 "$dir/material"; } \
	| openssl pkey -pubin -inform DER -out "$dir/pub.pem"

# The text is all up to and with the newline before the empty line.
awk '/^$/ { exit } { print }' "$checkpoint" > "$dir/text"
found=
while read -r dash line_name sig; do
	[ "$dash" = — ] && [ "$line_name" = "$name" ] || continue
	printf '%s' "$sig" | base64 -d > "$dir/line"
	[ "$(head -c 4 "$dir/line" | od -An -tx1 | tr -d ' \n')" = "$id" ] || continue
	[ "$(stat -c %s "$dir/line")" = 76 ] || continue
	time=$((16#$(od -An -j4 -N8 -tx1 "$dir/line" | tr -d ' \n')))
	tail -c 64 "$dir/line" > "$dir/sig"
	{ printf 'cosignature/v1\ntime %d\n' "$time"; cat "$dir/text"; } > "$dir/message"
	openssl pkeyutl -verify -pubin -inkey "$dir/pub.pem" -rawin \
		-in "$dir/message" -sigfile "$dir/sig" > "$dir/out" || {
		echo "foreign check: openssl refuses the receipt of $name" >&2
		exit 1
	}
	found=$time
done < "$checkpoint"
[ -n "$found" ] || {
	echo "foreign check: no line of $name ($id) in $checkpoint" >&2
	exit 1
}
echo "receipt of $name, time $found"
