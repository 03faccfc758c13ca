#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Each mistake in peers.txt, made in a copy of our code, must make the case fail
# that was written against it.
set -eu
renice -n 10 $$ > /dev/null
cd "$TMPDIR"
/usr/bin/python3 "$SEAL_SRCDIR/tests/attack/peers.py" \
	--source "$SEAL_SRCDIR" --work "$TMPDIR/peers"
