#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a spool with nothing of ours, from docs/spec/spool.md and entry.md alone.

spool_frames.py bytes SPOOL    the records' bytes, one after the other
spool_frames.py list SPOOL     a line an entry: index type flags time_us bytes
spool_frames.py lines SPOOL    a line a record: its bytes, pieces joined
spool_frames.py control SPOOL  a line a control entry: index type body
spool_frames.py count SPOOL    entries, records, pieces of records
spool_frames.py size SPOOL     bytes by the formula of spool.md section 4, bytes
                               of the files, what was counted; of one at rest

Stops at the first frame that is not whole; checks no signature.
"""
import glob, hashlib, os, sys

EPOCH, RECORD = 0x07, 0x10
HEAD, RECEIPT, FRONTIER = 0x20, 0x21, 0x23
COMMITTED, CONTINUED, CONTINUES, SALTED = 0x01, 0x08, 0x10, 0x20


def segments(spool):
    for name in sorted(glob.glob(os.path.join(spool, "*.seg"))):
        yield open(name, "rb").read()


def frames(data):
    at = int.from_bytes(data[8:10], "big")
    while at + 3 <= len(data):
        length = int.from_bytes(data[at:at + 3], "big")
        frame = data[at + 3:at + 3 + length]
        if length == 0 or len(frame) < length:
            break
        yield frame, data[at + 3 + length:at + 7 + length]
        at += 3 + length + 4


def entries(spool):
    index = 0
    for data in segments(spool):
        for frame, tag in frames(data):
            if frame[0] != 0:
                continue
            leaf = hashlib.sha256(frame).digest()
            expected = int.from_bytes(leaf[:4], "big") ^ (index & 0xffffffff)
            if tag != expected.to_bytes(4, "big"):
                return
            yield index, frame[1], frame[2], int.from_bytes(frame[3:11], "big"), frame[11:]
            index += 1


def size(spool):
    """What stands in the spool is counted; the bytes follow from the formula."""
    n = dict.fromkeys("segments entries heads receipts frontiers handovers".split(), 0)
    total = 0
    for data in segments(spool):
        origin, first = data[172], int.from_bytes(data[24:32], "big")
        total += 181 + origin + 32 * bin(first).count("1")
        n["segments"] += 1
        for frame, _ in frames(data):
            body = frame[11:]
            if frame[0] == 0:
                total += 10 + len(body) + 8
                n["entries"] += 1
                n["handovers"] += frame[1] == EPOCH
            elif frame[1] == HEAD:
                total += 126
                n["heads"] += 1
            elif frame[1] == RECEIPT:
                total += len(body) + 18
                n["receipts"] += 1
            elif frame[1] == FRONTIER:
                total += 26 + 32 * bin(int.from_bytes(body[:8], "big")).count("1")
                n["frontiers"] += 1
            else:
                sys.exit("a frame of type %02x" % frame[1])
    total += 158 * (1 + n["handovers"]) + 8192 + 131072
    files = sum(e.stat().st_size for e in os.scandir(spool))
    print(total, files, *("%d %s" % (v, k) for k, v in n.items()))


def public(flags, body):
    if flags & SALTED:
        body = body[16:]
    if flags & COMMITTED:
        body = body[1 + 32 * body[0]:]
    return body


def main():
    what, spool = sys.argv[1:]
    if what == "size":
        return size(spool)
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
