#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes control.txt: one entry of each control form, from docs/spec/entry.md.

A second implementation of the encoding: it shares nothing with lib/core.
A line is a name and the whole entry in hexadecimal.
"""
import base64
import hashlib
import struct

TIME = 1700000000000000
LOG = bytes.fromhex(
    "3e00cb8ae95098c23628a8106aada9f43948d000259e176006e0297ca0903d36")
HOST = bytes.fromhex(
    "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8")
KEY0 = bytes.fromhex(
    "271e399391e126b1e300d139dd619e814d6d4325c160d65c09615d1e2316753a")
KEY1 = bytes.fromhex(
    "d0c70ac03c50b457b3d181910d7864f2d717aa3ba857e246037bdf1b0a522c39")
SIG = base64.b64decode(
    "2G6Slg0LVlTump0CN7ykvwv8ZQNTANERH38D9/14/Lfye1Y8nDP8AvpsiViEuvSB79M8"
    "FjFDq47yTpxo9dhICA==")
ROOT3 = bytes.fromhex(
    "73c2efd654c2614904244bd5409eec8f912bd0786ec593858d364885c5c84d8f")
LEAF1 = bytes.fromhex(
    "89baff95903a82303148e10eebd2479ef485829ff91d8792f3d6318b16504425")
BOOT = "5f1c9c0e-3b52-4c0b-9f6e-0d8f3a9be1c7"
ORIGIN = "audit.example.org/host17"


def sha(data):
    return hashlib.sha256(data).digest()


def text(s):
    out = ""
    for ch in s:
        if ch in '"\\':
            out += "\\" + ch
        elif ord(ch) < 0x20 or ord(ch) == 0x7f:
            out += "\\u%04x" % ord(ch)
        else:
            out += ch
    return '"' + out + '"'


def value(v):
    if isinstance(v, bool):
        return '"on"' if v else '"off"'
    if isinstance(v, int):
        return '"%d"' % v
    if isinstance(v, bytes):
        return '"' + base64.b64encode(v).decode() + '"'
    if isinstance(v, str):
        return text(v)
    if v and isinstance(v[0], list):
        return "[" + ",".join(map(obj, v)) + "]"
    return obj(v)


def obj(pairs):
    return "{" + ",".join('"%s":%s' % (k, value(v)) for k, v in pairs) + "}"


START = [("version", "1.0.0"), ("boot", BOOT),
         ("policy", sha(b"quorum none\n")), ("heartbeat", 60000),
         ("sync", True)]
FIRST = [("log", LOG), ("host", HOST), ("key", KEY0)]
PREDECESSOR = [("origin", "audit.example.org/old"), ("size", 3),
               ("root", ROOT3)]
RECOVERY = [("size", 3), ("root", ROOT3), ("from", 3), ("to", 5),
            ("dropped", 4), ("hash", sha(b"\0\0\x28\0")), ("boot", BOOT)]
GAP = [("reason", "full"), ("from", TIME), ("to", TIME + 5000000),
       ("count", 17), ("bound", "exact")]

ENTRIES = [
    ("start-first", 1, FIRST + START),
    ("start-successor", 1, FIRST + [("predecessor", PREDECESSOR)] + START),
    ("start-later", 1, START[:-1] + [("sync", False)]),
    ("stop", 2, []),
    ("heartbeat", 3, [
        ("backlog", 12), ("clock", "kvm-clock"), ("heartbeat", 60000),
        ("mirrors", [[("name", "store.example.org/w1"), ("receipt", 1000),
                      ("openings", 990)],
                     [("name", "b.example/w2"), ("receipt", 0),
                      ("openings", 0)]])]),
    ("recovery", 4, RECOVERY),
    ("recovery-abandoned", 4, RECOVERY + [("abandoned", [
        ("segment", 0), ("offset", 4096), ("length", 512),
        ("hash", sha(bytes(512)))])]),
    ("gap", 5, GAP),
    ("gap-open", 5, [("reason", "full"), ("from", TIME), ("to", TIME),
                     ("count", 0), ("bound", "open")]),
    ("gap-least", 5, [("reason", "suspended"), ("from", TIME),
                      ("to", TIME + 1), ("count", 0), ("bound", "least")]),
    ("gap-memory", 5, [("reason", "memory"), ("from", TIME),
                       ("to", TIME + 1), ("count", 2), ("bound", "exact"),
                       ("lost", [("from", 1), ("to", 3), ("root", ROOT3)])]),
    ("config", 6, [("what", "action.resumeRetryCount"), ("value", "-1"),
                   ("by", "")]),
    ("config-escapes", 6, [("what", "x"),
                           ("value", 'a"b\\c/\t\n\x7f\x01 '
                            '\u00e9\u20ac\U0001f600'),
                           ("by", "root@host17")]),
    ("epoch", 7, [("epoch", 1), ("key", KEY1), ("sig", SIG)]),
    ("prune", 8, [("origin", ORIGIN), ("log", LOG), ("from", 0), ("to", 3),
                  ("root", ROOT3), ("by", "ops"), ("why", "retention 90 d")]),
    ("redaction", 9, [("origin", ORIGIN), ("log", LOG), ("index", 1),
                      ("leaf", LEAF1), ("part", 0), ("by", "dpo"),
                      ("why", "request 4711")]),
    ("key", 10, [("old", HOST), ("new", KEY1), ("sig_old", SIG),
                 ("sig_new", SIG)]),
    ("action", 11, [("what", "query"), ("by", "auditor-1"),
                    ("about", [("origin", ORIGIN), ("log", LOG),
                               ("from", 0), ("to", 3)]),
                    ("detail", "who=alice")]),
    ("action-general", 11, [("what", "policy"), ("by", "ops"),
                            ("detail", "quorum 2 of 3")]),
]

with open("control.txt", "w") as out:
    out.write("# Made by make_control.py.\n")
    for name, kind, pairs in ENTRIES:
        time = TIME + (3 if name == "epoch" else 0)
        head = struct.pack(">BBQ", kind, 0, time)
        body = obj(pairs).encode()
        out.write("%s %s\n" % (name, (head + body).hex()))
