#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a spool with nothing of ours, from docs/spec/spool.md and entry.md alone.

spool_frames.py bytes SPOOL    the records' bytes, one after the other
spool_frames.py list SPOOL     a line an entry: index type flags time_us bytes
spool_frames.py lines SPOOL    a line a record: its bytes, pieces joined
spool_frames.py control SPOOL  a line a control entry: index type body
spool_frames.py count SPOOL    entries, records, pieces of records

Stops at the first frame that is not whole; checks no signature.
"""
import glob, hashlib, os, sys

START, RECORD = 0x01, 0x10
COMMITTED, CONTINUED, CONTINUES, SALTED = 0x01, 0x08, 0x10, 0x20


def entries(spool):
    index = 0
    for name in sorted(glob.glob(os.path.join(spool, "*.seg"))):
        data = open(name, "rb").read()
        at = int.from_bytes(data[8:10], "big")
        while at + 3 <= len(data):
            length = int.from_bytes(data[at:at + 3], "big")
            frame = data[at + 3:at + 3 + length]
            if length == 0 or len(frame) < length:
                break
            if frame[0] == 0:
                tag = data[at + 3 + length:at + 7 + length]
                leaf = hashlib.sha256(frame).digest()
                expected = int.from_bytes(leaf[:4], "big") ^ (index & 0xffffffff)
                if tag != expected.to_bytes(4, "big"):
                    return
                yield index, frame[1], frame[2], int.from_bytes(frame[3:11], "big"), frame[11:]
                index += 1
            at += 3 + length + 4


def public(flags, body):
    if flags & SALTED:
        body = body[16:]
    if flags & COMMITTED:
        body = body[1 + 32 * body[0]:]
    return body


def main():
    what, spool = sys.argv[1:]
    total = records = pieces = 0
    out = sys.stdout.buffer
    for index, kind, flags, time_us, body in entries(spool):
        total += 1
        if kind == RECORD:
            pieces += 1
            records += not flags & CONTINUES
        if what == "bytes" and kind == RECORD:
            out.write(public(flags, body))
        if what == "lines" and kind == RECORD:
            out.write(public(flags, body) + (b"" if flags & CONTINUED else b"\n"))
        if what == "control" and kind != RECORD:
            out.write(b"%d %02x %s\n" % (index, kind, body))
        if what == "list":
            print(index, "%02x %02x" % (kind, flags), time_us, len(body))
    if what == "count":
        print(total, records, pieces)


main()
