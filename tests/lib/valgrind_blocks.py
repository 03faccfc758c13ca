#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What valgrind's memcheck says of code of this tree.

usage: valgrind_blocks.py SRCDIR LOG...

Prints each block (an error, a leak, an open file) that has a frame in a source
file below SRCDIR or in a module of ours, and exits 1 if there is one; 2 when a
log does not end in memcheck's summary. Memory that is still reachable, and the
daemon's own blocks, are nothing to us.
"""
import re
import sys


def blocks(path):
    """The paragraphs of a log, without valgrind's ==PID== in front."""
    block = []
    for line in open(path, errors="replace"):
        text = re.sub(r"^==\d+== ?", "", line.rstrip("\n"))
        if text:
            block.append(text)
        elif block:
            yield block
            block = []
    if block:
        yield block


def main():
    srcdir = sys.argv[1].rstrip("/") + "/"
    ours = 0
    for path in sys.argv[2:]:
        whole = False
        for block in blocks(path):
            text = "\n".join(block)
            whole = whole or "ERROR SUMMARY:" in text
            frames = [b for b in block if re.match(r"\s+(at|by) 0x", b)]
            if not any(srcdir in f or "/omauditseal.so" in f or
                       "/omfault.so" in f for f in frames):
                continue
            ours += 1
            print(text + "\n")
        if not whole:
            print(f"{path}: valgrind did not end", file=sys.stderr)
            return 2
    return 1 if ours else 0


sys.exit(main())
