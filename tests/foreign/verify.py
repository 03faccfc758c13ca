#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A second verifier of logs, written from docs/spec and C2SP alone.

verify.py [--policy FILE] [--log ORIGIN] [--as-of SECONDS] [--min-freshness SECONDS]
          [--expect-size N] [--expect-root BASE64] [--deep] SPOOL|STORE.DB...

Prints a line of JSON a log: target, origin, exit, size, root, findings ([id, first, last, within]);
exits as docs/spec/verdict.md says. Holds a log in memory; takes no spool that is in use.
"""
import argparse
import base64
import bisect
import fcntl
import functools
import glob
import hashlib
import json
import os
import re
import sqlite3
import sys
import time
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
CURVE_D, ROOT_M1 = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
START, STOP, BEAT, RECOVERY, GAP, EPOCH, KEY, RECORD = 1, 2, 3, 4, 5, 7, 10, 16
CLASS = {n: "D" for n in range(1, 38)} | dict.fromkeys((13, 14, 15, 19, 21, 23, 29, 37), "A") \
    | dict.fromkeys((16, 17, 18, 20, 24), "N") | dict.fromkeys((25, 33, 34, 35, 36), "U")
RANK = (25, 28, 9, 7, 6, 30, 4, 5, 2, 3, 1, 31, 26, 10, 11, 12, 32, 13)


STRANGER = 111  # AS011 that is only worth attention
CLASS[STRANGER] = "A"


class Bad(Exception):
    """What was read is not of its form."""


class Undecided(Exception):
    """An error: status 3 and no verdict."""


def need(good):
    if not good:
        raise Bad()


def u(data):
    return int.from_bytes(data, "big")


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_of(entry):
    return sha(b"\0", entry)


def b64(text, size):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as e:
        raise Bad() from e
    need(base64.b64encode(data).decode() == text and size in (0, len(data)))
    return data


def number(text):
    need(re.fullmatch("0|[1-9][0-9]{0,18}", text, re.A) and int(text) < 2**63)
    return int(text)


@functools.lru_cache(None)
def public_key(raw):
    """note.md 2"""
    need(len(raw) == 32)
    y = int.from_bytes(raw, "little") & (2**255 - 1)
    xx = (y * y - 1) * pow(CURVE_D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x if x * x % P == xx else x * ROOT_M1 % P
    x = P - x if x & 1 != raw[31] >> 7 else x
    need(y < P and x * x % P == xx and y >> 192 and x >> 192 and (raw[:31] + bytes([raw[31] & 127])).hex() not in (
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"))
    return Ed25519PublicKey.from_public_bytes(raw)


@functools.lru_cache(None)
def signed(raw, sig, message):
    try:
        need(len(sig) == 64 and int.from_bytes(sig[32:], "little") < ORDER)
        public_key(raw).verify(sig, message)
        return True
    except (Bad, InvalidSignature):
        return False


class Tree:
    """entry.md 1: a frontier, the largest subtree first."""

    def __init__(self, size=0, roots=b""):
        self.size, self.roots = size, [roots[i:i + 32] for i in range(0, len(roots), 32)]
        need(len(roots) == 32 * size.bit_count())

    def add(self, leaf, bits=0):
        """A leaf, or a whole subtree of 2^bits of them."""
        n, self.size = self.size >> bits, self.size + (1 << bits)
        while n & 1:
            leaf, n = sha(b"\1", self.roots.pop(), leaf), n >> 1
        self.roots.append(leaf)

    def grown(self, leaves):
        tree = Tree(self.size, b"".join(self.roots))
        for leaf in leaves:
            tree.add(leaf)
        return tree

    def root(self):
        return functools.reduce(lambda r, l: sha(b"\1", l, r), self.roots[::-1]) if self.roots else sha()


def key_id(name, kind, raw):
    return sha(name.encode(), b"\n", bytes([kind]), raw)[:4]


def key_name(name):
    need(re.fullmatch("[^\0-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+", name))
    return name


def vkey(text, kind):
    name, ident, rest = (text.split("+", 2) + ["", ""])[:3]
    raw = b64(rest, 33)
    public_key(raw[1:])
    need(raw[0] == kind and key_id(key_name(name), kind, raw[1:]).hex() == ident)
    return name, raw[1:]


def checkpoint_text(origin, size, root):
    return ("%s\n%d\n%s\n" % (origin, size, base64.b64encode(root).decode())).encode()


class Note:
    """note.md 4 to 6: a checkpoint and its lines."""

    def __init__(self, data):
        try:
            whole = data.decode()
        except ValueError as e:
            raise Bad() from e
        need(len(data) <= 1000000 and not re.search("[\0-\x09\x0b-\x1f\x7f-\x9f]", whole))
        text, blank, lines = whole.rpartition("\n\n")
        need(blank and lines.endswith("\n") and lines.count("\n") <= 100)
        self.text, self.lines = (text + "\n").encode(), []
        for line in lines[:-1].split("\n"):
            match = re.fullmatch("\u2014 ([^ ]+) ([^ ]+)", line)
            need(match and len(b64(match[2], 0)) > 4)
            self.lines.append((key_name(match[1]), b64(match[2], 0)))
        head = text.split("\n")
        need(len(head) >= 3 and all(head))
        self.origin, self.size, self.root = key_name(head[0]), number(head[1]), b64(head[2], 32)
        need(self.size or self.root == sha())

    @staticmethod
    def size_of(data):
        try:
            return Note(data).size
        except Bad:
            return 0

    def by(self, name, raw, kind):
        """The newest time (0 if of no time) of the key's lines; None: it has none; a wrong one is Bad."""
        newest = None
        for sig in [s for n, s in self.lines if n == name and s[:4] == key_id(name, kind, raw)]:
            text, when = self.text, 0
            if kind == 4:
                when = u(sig[4:12])
                text = b"cosignature/v1\ntime %d\n" % when + text
            need(when < 2**63 and signed(raw, sig[12 if kind == 4 else 4:], text))
            newest = max(newest or 0, when)
        return newest


class Policy:
    """note.md 7 and 8"""

    def __init__(self, path):
        self.logs, self.witnesses, self.groups, self.quorum, self.pins, members = [], {}, {}, None, {}, []
        for word, *rest in self.lines(path) if path else ():
            named = self.witnesses.keys() | self.groups.keys()
            need(rest and (word != "quorum" or self.quorum is None))
            if word == "log" and len(rest) <= 2:
                self.logs.append(vkey(rest[0], 1))
            elif word == "witness" and 2 <= len(rest) <= 3 and rest[0] not in named | {"none"}:
                self.witnesses[rest[0]] = vkey(rest[1], 4)
            elif word == "group" and len(rest) >= 3 and rest[0] not in named | {"none"} and named.issuperset(rest[2:]):
                members += rest[2:]
                k = {"all": len(rest) - 2, "any": 1}.get(rest[1]) or number(rest[1])
                need(1 <= k <= len(rest) - 2)
                self.groups[rest[0]] = k, rest[2:]
            else:
                need(word == "quorum" and len(rest) == 1 and rest[0] in named | {"none"})
                self.quorum = rest[0]
        for once in (members, [k for _, k in self.logs], [k for _, k in self.witnesses.values()]):
            need(len(set(once)) == len(once))
        need(self.quorum or not path)
        for line in self.lines(path + ".pins") if path and os.path.exists(path + ".pins") else ():
            need(len(line) == 2 and line[0] not in self.pins)
            self.pins[line[0]] = b64(line[1], 32)

    @staticmethod
    def lines(path):
        with open(path, "rb") as f:
            data = f.read()
        need((not data or data.endswith(b"\n")) and not re.search(b"[^\t\n\x20-\x7e\x80-\xff]", data))
        for line in data.decode("latin-1").split("\n"):
            words = line.replace("\t", " ").split(" ")
            words = [w.encode("latin-1").decode("utf-8", "surrogateescape") for w in words if w]
            if words and words[0][0] != "#":
                yield words

    def met(self, names, node=None):
        k, members = self.groups.get(node or self.quorum, (1, ()))
        if members:
            return sum(self.met(names, m) for m in members) >= k
        return (node or self.quorum) in names


# entry.md 5 and 6. n: number, 32, 64: bytes, tN: text of N bytes, a|b: words, ?: optional, []: list, {}: object
COMMON = "version:t64 boot:t64 policy:32 heartbeat:n sync:on|off"
ABOUT = "{origin:t200 log:32 from:n to:n}"
FORMS = {
    0: "log:32 host:32 key:32 predecessor?:{origin:t200 size:n root:32} " + COMMON, START: COMMON, STOP: "",
    BEAT: "backlog:n clock:t64 heartbeat:n mirrors:[{name:t255 receipt:n openings:n}]",
    RECOVERY: "size:n root:32 from:n to:n dropped:n hash:32 boot:t64 abandoned?:{segment:n offset:n length:n hash:32}",
    GAP: "reason:full|suspended|memory|toobig from:n to:n count:n bound:exact|least|open lost?:{from:n to:n root:32}",
    6: "what:t64 value:t1024 by:t255", EPOCH: "epoch:n key:32 sig:64",
    8: "origin:t200 log:32 from:n to:n root:32 by:t255 why:t1024",
    9: "origin:t200 log:32 index:n leaf:32 part:n by:t255 why:t1024", KEY: "old:32 new:32 sig_old:64 sig_new:64",
    11: "what:t64 by:t255 about?:" + ABOUT + " detail:t1024"}


def parse_form(text):
    return [(n, bool(q), f) for n, q, f in re.findall(r"(\w+)(\??):(\[.*?\]|\{.*?\}|\S+)", text)]


def encode(value, form):
    """The one encoding of a value of this form."""
    if form[0] == "[":
        need(isinstance(value, list) and len(value) <= 8)
        return "[%s]" % ",".join(encode(v, form[1:-1]) for v in value)
    if form[0] == "{":
        fields = [(n, f) for n, optional, f in parse_form(form[1:-1]) if not optional or n in value]
        need(isinstance(value, dict) and list(value) == [n for n, _ in fields])
        return "{%s}" % ",".join('"%s":%s' % (n, encode(value[n], f)) for n, f in fields)
    need(isinstance(value, str) and "\0" not in value)
    if form == "n":
        number(value)
    elif form.isdigit():
        b64(value, int(form))
    elif form[0] == "t" and form[1:].isdigit():
        need(len(value.encode()) <= int(form[1:]))
    else:
        need(value in form.split("|"))
    value = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"%s"' % re.sub("[\x01-\x1f\x7f]", lambda m: "\\u%04x" % ord(m[0]), value)


def control(kind, body, first):
    form = FORMS.get(0 if first and kind == START else kind)
    try:
        need(form is not None and len(body) <= 4096)
        value = json.loads(body.decode())
        need(encode(value, "{%s}" % form).encode() == body)
    except (ValueError, RecursionError) as e:
        raise Bad() from e
    for at, fields in ((value, ("lost", "about")), ({"x": value}, ("x",))):
        for f in fields:
            v = at.get(f) or {}
            need("from" not in v or kind == GAP and f == "x" or kind == RECOVERY
                 or int(v["from"]) + (f != "about") <= int(v["to"]))
    need(kind != GAP or value["bound"] != "open" or (value["count"] == "0" and value["from"] == value["to"]))
    need(kind != EPOCH or value["epoch"] != "0")
    need(kind != 9 or int(value["part"]) < 8)
    return value


class Log:
    """What the entries of a log say, in order; its chain of keys; what is said about its sizes."""

    def __init__(self, origin, policy, deep):
        self.origin, self.policy, self.deep, self.found = origin, policy, deep, []
        self.pin, self.keys, self.first, self.said, self.host = policy.pins.get(origin), [], [0], [], None
        self.broken = self.start = self.after_unknown = False
        self.in_file = None
        self.begun, self.id = True, None
        self.beat, self.size, self.first_index, self.roots, self.notes, self.newest = None, 0, 0, {}, [], None
        self.largest, self.spoken, self.cosigned, self.quorate, self.times = 0, {}, False, 0, []
        self.strangers, self.handed_to = set(), 0
        self.before, self.cosignatures = {}, {}
        self.lived, self.lived_at = 0, {}
        self.forget()

    def find(self, n, first=None, last=None, within=False):
        self.found.append((n, first, first if last is None else last, within))

    def forget(self):
        """The next entry does not follow on the last one."""
        self.life = self.run = self.time = self.handed = None

    def root_keys(self, host, key0):
        """entry.md 7: the first two keys, if they give the log id that is pinned or known."""
        public_key(host)
        public_key(key0)
        name = self.origin.encode()
        log_id = sha(b"auditseal/log/v1\n", len(name).to_bytes(2, "big"), name, host, key0)
        need(log_id == (self.pin or log_id) and host != key0)
        self.id, self.host, self.keys = log_id, host, [key0]

    def key_of(self, size):
        """The key of the epoch that seals this size, or None."""
        e = bisect.bisect_left(self.first, size) - 1
        return self.keys[e] if e >= 0 and self.keys and not (self.broken and size > self.first[-1]) else None

    def sealed(self, size, root, key, sig):
        """Is it sealed by the key in force? key: the key ID that stands there."""
        e = bisect.bisect_left(self.first, size) - 1
        raw = self.keys[e] if 0 <= e < len(self.keys) else None
        return raw is not None and key == key_id(self.origin + "/epoch", 1, raw) and signed(
            raw, sig, checkpoint_text(self.origin, size, root))

    def hand_over(self, at, root, header, epoch, key, sig, computed=None):
        """The finding of a hand-over, 0 if it is known, None if it is new and right: then it is on the chain."""
        now, said = len(self.keys) - 1, b"auditseal/epoch/v1\n" + self.id + at.to_bytes(8, "big") \
            + root + header + epoch.to_bytes(8, "big") + key
        if not 1 <= epoch <= now + 1:
            return 12
        if not signed(self.keys[epoch - 1], sig, said):
            return 10
        if epoch <= now:
            return 0 if said == self.said[epoch - 1] else 8
        try:
            public_key(key)
            need(header[:2] == b"\7\0" and at >= self.first[now] and key not in (self.host, *self.keys))
            need(computed in (None, root))
        except Bad:
            return 12
        self.keys.append(key)
        self.first.append(at + 1)
        self.said.append(said)
        return None

    def epochs(self, data):
        """The file, or its copy: entry.md 7. A wrong tag is AS029; the log id and the signatures decide."""
        damaged = False
        for i in range(0, max(len(data), 1), 158):
            r = data[i:i + 158]
            whole = len(r) == 158 and sha(r[:154])[:4] == r[154:]
            damaged |= not whole
            try:
                need(len(r) == 158)
                if i == 0:
                    need(self.pin or whole and not any(r[64:154]))
                    self.root_keys(r[:32], r[32:64])
                else:
                    wrong = self.hand_over(u(r[:8]), r[8:40], r[40:50], u(r[50:58]), r[58:90], r[90:154])
                    need(wrong in (None, 8))
                    if wrong:
                        self.find(8, u(r[:8]))
            except Bad:
                return self.find(29)
        self.in_file = len(self.keys)
        if damaged:
            self.find(29)

    def entry(self, at, entry, root):
        """A proven entry; root: of what is before it."""
        if not 10 <= len(entry) <= 65535:
            return self.find(25, at)
        kind, flags, when, body = entry[0], entry[1], u(entry[2:10]), entry[10:]
        if self.handed and isinstance(self, Spool) and at != self.size and not (self.excused is True
                                                                                or at - 1 in self.excused):
            self.find(12, at)
        self.handed = kind == EPOCH
        if self.time is not None and when < self.time - 1000000:
            self.find(14, at)
        if self.time is not None:
            self.lived += max(0, min(when - self.time, (self.beat or 60000) * 1000))
        self.lived_at[at + 1] = self.lived
        self.time = self.newest = self.before[at + 1] = when
        fields, known, before = None, kind == RECORD or kind in FORMS and not flags, "new" if at == 0 else self.life
        if kind == RECORD:
            known = self.record(at, flags, body)
        elif self.run:
            self.find(32, at)
        self.run = self.run if kind == RECORD else 0
        if kind != RECORD and known:
            try:
                fields = control(kind, body, at == 0)
            except Bad:
                known = False
        if not known:
            self.find(12 if kind == EPOCH and not flags else 25, at)
            self.broken = self.broken or kind == EPOCH
        if known or kind in FORMS:
            stands = {"new": (START,), "stop": (EPOCH, RECOVERY), "stopped": (START, RECOVERY),
                      "recovery": (START, RECOVERY), "restart": (EPOCH, RECOVERY), "any": range(256)}
            if not (kind in stands[before or "any"] if before != "session" else kind != START):
                self.find(32, at)
            self.life = {START: "restart" if before == "recovery" else "session", STOP: "stop", RECOVERY: "recovery",
                         EPOCH: "stopped" if before == "stop" else "session" if before else None}.get(kind, "session")
        if fields is not None:
            self.control(at, kind, fields, entry[:10], root)

    def control(self, at, kind, fields, header, root):
        if kind == START and at == 0:
            try:
                if not self.keys:
                    self.root_keys(b64(fields["host"], 32), b64(fields["key"], 32))
                need((b64(fields["host"], 32), b64(fields["key"], 32)) == (self.host, self.keys[0]))
                need(b64(fields["log"], 32) == self.id)
                self.start = True
            except Bad:
                self.find(28, at)
        if kind in (START, BEAT):
            self.beat = int(fields["heartbeat"])
        if kind in (RECOVERY, GAP) or kind == 6 and fields["what"] == "policy":
            self.find({RECOVERY: 20, GAP: 21, 6: 24}[kind], at)
        if kind == KEY or "lost" in fields:
            raise Undecided("entry %d is of a feature that this verifier does not know" % at)
        if kind == EPOCH and self.keys:
            wrong = self.hand_over(at, root, header, int(fields["epoch"]), b64(fields["key"], 32),
                                   b64(fields["sig"], 64), root)
            if wrong and not self.broken:
                self.find(wrong, at)
                self.broken = wrong != 8
            self.broken = self.broken and wrong is not None
            if not wrong:
                self.handed_to = max(self.handed_to, int(fields["epoch"]))

    def record(self, at, flags, body):
        """entry.md 4: is it of its form? self.run: flags of the record that goes on here; 0 none; None unknown."""
        if flags & 0x20:
            body = body[16:] if len(body) >= 16 else None
        if body is not None and flags & 1:
            body = body[1 + 32 * body[0]:] if body and 1 <= body[0] <= 8 and len(body) > 32 * body[0] else None
        if body is None or flags & 0xc0 or flags & 0x11 == 0x11:
            self.run = None
            return False
        if self.run is not None and (bool(self.run) != bool(flags & 0x10) or self.run and (self.run ^ flags) & 0x26):
            self.find(32, at)
        self.run = flags if flags & 8 else 0
        return True

    def align(self, a, b, found, root=None):
        """verdict.md 3: found has (place, entry) with None for what is not known; names what is wrong in [a, b).
        Gives the entries in their places, or None."""
        tops, ends, before = [], [], {}
        for i, (c, _) in enumerate(found):
            if c is not None and a <= c < b:
                k = bisect.bisect_left(tops, c)
                tops[k:k + 1], ends[k:k + 1] = [c], [i]
                before[i] = ends[k - 1] if k else None
        i, run = ends[-1] if ends else None, []
        while i is not None:
            run, i = [i, *run], before[i]
        placed, report = {found[i][0]: found[i][1] for i in run}, []
        for i in before:
            if i not in run:
                report.append((5 if found[i][0] in [found[k][0] for k in run] else 4, found[i][0]))
                placed[found[i][0]] = placed.get(found[i][0], found[i][1])
        edges, changed = [(-1, a - 1), *((i, found[i][0]) for i in run), (len(found), b)], []
        for (i, c), (j, d) in zip(edges, edges[1:]):
            places = [p for p in range(c + 1, d) if p not in placed]
            strange = [found[k][1] for k in range(i + 1, j) if k not in before]
            if len(places) == len(strange):
                placed.update(zip(places, strange))
                changed += places
            elif not strange:
                report += [(2, p) for p in places]
            elif places:
                report.append((1, c + 1, d - 1, True))
            elif strange[0] is None:
                report.append((30, max(c, 0)))
            else:
                report.append((3, min(c + 1, b), None, len(strange) > 1))
        entries = [placed.get(p) for p in range(a, b)]
        good = root and self.tree and None not in entries and self.tree.grown(map(leaf_of, entries)).root() == root
        report += [(30 if good else 1, p) for p in changed]
        if not report and not good and self.tree:
            report.append((1, a, b - 1, True))
        for f in report:
            self.find(*f)
        return entries if good or not root else None

    def claim(self, size, root, other, counts=True, short=7):
        """A statement that the log has this size and root."""
        if size > self.reached and (not self.begun or self.after_unknown):
            return
        if size > self.reached and counts:
            self.largest = max(self.largest, size if short == 7 else 0)
            if short != 7:
                self.find(short, self.reached, size - 1)
        elif root is not None and self.roots.get(size, root) != root:
            self.find(*other)

    def note(self, data, source, damaged=False):
        """A checkpoint: source is acked, frame; past, newest or pending of a store's. damaged: AS030 was said."""
        try:
            note = Note(data)
        except Bad:
            return self.find(29 if source == "acked" else 30)
        if note.origin != self.origin:
            return self.find(28)
        if damaged:
            self.find(30)
        good, wrong, epoch, stored = {}, 0, self.origin + "/epoch", source in ("past", "newest", "pending")
        names, seal, host = [n for n, _ in note.lines], "none", "none"
        listed = [k for n, k in self.policy.logs if n == self.origin]
        try:
            if any([note.by(self.origin, raw, 1) is not None for raw in listed or [self.host] * bool(self.host)]):
                host = "good"
            elif self.origin in names:
                host = "strange" if listed else "unknown"
        except Bad:
            host = "wrong"
        if epoch in names:
            line, seal = note.lines[names.index(epoch)][1], "unknown"
            if self.key_of(note.size):
                seal = "good" if self.sealed(note.size, note.root, line[:4], line[4:]) else "wrong"
                if seal == "wrong" and source == "pending" and line[:4] != key_id(epoch, 1, self.keys[-1]):
                    seal = "unknown"
        for name, (signer, raw) in self.policy.witnesses.items():
            try:
                when = note.by(signer, raw, 4)
                good |= {name: when} if when is not None else {}
            except Bad:
                wrong += 1
        self.newest_sealed |= seal == "good" and source == "newest"
        self.cosigned |= bool(good)
        if host == "good" and not wrong and self.policy.met(set(good)):
            self.quorate = max(self.quorate, note.size)
        root = self.roots.get(note.size)
        if not damaged:
            damaged = not self.lines(note, host, seal, good, wrong, stored, root not in (None, note.root))
        if root == note.root and host == "good" and not wrong:
            for name, when in good.items():
                old = self.spoken.get(name, (0, 0))
                if (when - old[1]) * (note.size - old[0]) < 0 and name in self.spoken:
                    self.find(27)
                self.spoken[name] = max(old, (note.size, when))
                self.cosignatures.setdefault(name, {}).setdefault(note.size, when)
        store = isinstance(self, Store)
        other = (22,) if good and store else (8,) if host == "good" else (30,)
        self.claim(note.size, None if damaged else note.root, other,
                   (host == "good" or good) and source != "pending", 22 if good and store else 7)

    def lines(self, note, host, seal, good, wrong, stored, conflicts):
        """What is wrong with a note's lines; False: with all of them, so that its text was changed."""
        if wrong + (host == "wrong") + (seal == "wrong") > 1 and not good and "good" not in (host, seal):
            self.find(10)
            return False
        if host == "wrong" or host == "none" and stored:
            self.find(10)
        elif host == "strange" and (not self.host or self.host in [k for n, k in self.policy.logs if n == self.origin]):
            self.find(11)
        if seal == "none" and stored:
            self.find(13)
        elif seal == "wrong":
            self.find(10)
        if wrong and not conflicts:
            self.find(10)
        known = [(n, key_id(n, 1, k)) for n, k in self.policy.logs]
        known += [(n, key_id(n, 4, k)) for n, k in self.policy.witnesses.values()]
        if stored and self.policy.quorum and host != "strange":
            self.strangers |= {(n, line[:4]) for n, line in note.lines if n != self.origin + "/epoch"
                               and (n, line[:4]) not in known
                               and (n != self.origin or n in [x for x, _ in self.policy.logs])}
        return True

    def judge(self, as_of, freshness, expect, expect_root):
        """verdict.md 5 and 6; the findings as they are reported."""
        first = self.first[-1]
        listed = [k for n, k in self.policy.logs if n == self.origin]
        if self.host and listed and self.host not in listed:
            self.find(11)
        self.claim(first, None, ())
        if expect:
            self.claim(expect, expect_root, (1, self.first_index, expect - 1, True))
        if self.largest:
            self.find(7, self.reached, self.largest - 1)
        words, size, when = self.spoken, 0, 0
        for s, _ in words.values():
            size = max(size, s) if self.policy.met({n for n in words if words[n][0] >= s}) else size
        for _, t in words.values():
            met = self.policy.met({n for n in words if words[n][0] >= size and words[n][1] >= t})
            when = max(when, t) if size and met else when
        age = freshness if freshness is not None else self.beat * 3 / 1000 + 60 if self.beat is not None else 240
        bound = size > 0
        if not size or not age or when < as_of - age or self.beat == 0 and freshness is None:
            if expect and expect <= self.reached and (not expect_root or self.roots.get(expect) == expect_root):
                size, bound = expect, bound or expect_root
            elif size or self.quorate <= min([self.reached] + [f[1] for f in self.found if f[0] == 7]) \
                    or not self.begun or self.after_unknown:
                self.find(34 if size else 35 if self.cosigned else 33)
        elif isinstance(self, Spool) and size < self.size and \
                self.lived - self.lived_at.get(size, self.lived) > age * 1000000:
            self.find(37)
        if not self.keys or not (self.pin or bound and self.start):
            self.find(36)
        elif not self.newest_sealed:
            covered = self.first[self.handed_to] if self.handed_to and self.first[self.handed_to] <= self.size else 0
            if self.size > max(size, covered):
                self.find(36, max(size, covered), self.size - 1)
        for _ in self.strangers:
            self.find(STRANGER)
        self.clock()
        return self.settle()

    def clock(self):
        """verdict.md 6, "Clock": where receipts are more than 60 s earlier than the newest entry below them."""
        runs, out = [], []
        for receipts in self.cosignatures.values():
            run = None
            for size, when in sorted(receipts.items()):
                ahead = self.before[size] - when * 1000000 if self.before.get(size) else None
                if ahead is not None and ahead > 60000000:
                    if run is None:
                        run = [size - 1, size - 1]
                        runs.append(run)
                    run[1] = size - 1
                elif ahead is not None and ahead <= 30000000:
                    run = None
        for a, b in sorted(runs):
            if out and a <= out[-1][1]:
                out[-1][1] = max(out[-1][1], b)
            else:
                out.append([a, b])
        for a, b in out:
            self.find(14, a, b, a < b)

    def settle(self):
        """One cause is one finding; what touches is one."""
        ranges, taken, out = [f for f in self.found if f[0] in RANK and f[1] is not None], [], []
        for n in RANK:
            mine = []
            for _, a, b, within in sorted({f for f in ranges if f[0] == n}, key=lambda f: (f[1], -f[2])):
                for x, y in sorted(taken):
                    if x <= a <= y:
                        a = y + 1
                for x, y in sorted(taken, reverse=True):
                    if x <= b <= y:
                        b = x - 1
                if a <= b:
                    mine.append((n, a, b, within))
            taken += [f[1:3] for f in mine]
            out += mine
        merged = []
        for f in sorted(out, key=lambda f: (f[1], -f[2])):
            n, a, b, within = merged[-1] if merged else (0, 0, -2, False)
            if a <= b and f[1] <= b + 1 and {f[0], n} <= {1, 2, 3, 4, 5, 6, 30}:
                merged[-1] = (n if n == f[0] else 1), a, max(b, f[2]), within or f[3] or n != f[0]
            else:
                merged.append(f)
        return merged + [f for f in self.found if f not in ranges]


class Spool(Log):
    """spool.md"""

    def __init__(self, path, policy, deep):
        self.path = path
        with open(path + "/lock", "rb") if os.path.exists(path + "/lock") else open(os.devnull, "rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError as e:
                raise Undecided("the spool is in use") from e
        names = sorted(os.path.basename(n) for n in glob.glob(path + "/*.seg"))
        self.files = [(int(n[:20]), self.read(n)) for n in names if re.fullmatch(r"[0-9]{20}\.seg", n)]
        heads = [self.header(data) for _, data in self.files]
        origin = next((h["origin"] for h in heads if h), None)
        if origin is None:
            raise Undecided("no segment with a whole header")
        super().__init__(origin, policy, deep)
        self.id = self.pin or next(h["id"] for h in heads if h)
        self.tree, self.cell, self.bad, self.side, self.head, self.newest_sealed = None, [], [], [], None, False
        self.begun = False
        self.number = self.in_file = None

    def read(self, name):
        path = os.path.join(self.path, name)
        if not os.path.exists(path):
            return b""
        with open(path, "rb") as f:
            return f.read()

    @staticmethod
    def header(data):
        """The fields of a whole header; {} of one that is newer; None."""
        n = u(data[8:10])
        if data[:8] != b"\x89ASL1\r\n\x1a" or not 181 <= n <= min(2397, len(data)) or sha(data[:n - 8])[:8] != data[n - 8:n]:
            return None
        if data[10:16] not in (b"\1\1\0\0\0\0", b"\1\1\0\0\0\1"):
            return {}
        h = {"number": u(data[16:24]), "first": u(data[24:32]), "id": data[32:64], "size": u(data[64:72]),
             "root": data[72:104], "key": data[104:108], "sig": data[108:172], "bytes": n}
        end = 173 + data[172]
        if n != end + 8 + 32 * h["first"].bit_count():
            return None
        h["origin"], h["tree"] = data[173:end].decode(errors="replace"), Tree(h["first"], data[end:n - 8])
        return h

    def next(self):
        return self.size + len(self.cell)

    def frame(self, data, at, ahead=False):
        """(type or 0, end, body, place or None) of a frame that may stand there; ahead: beyond doubt."""
        n, kind = u(data[at:at + 3]), data[at + 3:at + 4]
        end = at + n + 7
        if len(data) - at < 14 or kind not in (b"\0", b"\2") or n < 11 or kind == b"\0" and n > 65536 or end > len(data):
            return None
        raw, tag = data[at + 3:end - 4], u(data[end - 4:end])
        if kind == b"\2":
            good = u(sha(raw[:20] if raw[1] == 0x22 else raw)[:4]) == tag and not raw[2]
            return (raw[1], end, raw[11:], good) if good and 0x20 <= raw[1] <= 0x23 or not ahead else None
        place = (u(leaf_of(raw[1:])[:4]) ^ tag) - self.next() & 0xffffffff
        if ahead and (place > 16384 or raw[1] not in (*range(1, 12), 16)):
            return None
        return 0, end, raw[1:], self.next() + place - (place >> 31 << 32)

    def frames(self, data, at):
        """spool.md 3: reads on after damage. Bytes that are no frame are of type -1."""
        ends = len(data.rstrip(b"\0"))
        while at < ends:
            f = self.frame(data, at)
            if f and f[3] != (self.next() if f[0] == 0 else True):
                inside = any(self.frame(data, p, True) for p in range(at + 1, min(f[1], ends)))
                if inside or f[1] != len(data) and u(data[f[1]:f[1] + 3]) and not self.frame(data, f[1]):
                    f = None
            if not f:
                end = next((p for p in range(at + 1, ends) if self.frame(data, p, True)), max(ends, at + 1))
                f = -1, end, None, end < ends
            yield f
            at = f[1]

    def close(self, size, root, key, sig):
        """A head. What stands since the last one that is believed is a cell."""
        entries, last = [e for _, e in self.cell], max(self.next() - 1, 0)
        grown = self.tree and None not in entries and self.tree.grown(map(leaf_of, entries))
        right = grown and (grown.size, grown.root()) == (size, root)
        good = (not right or self.deep or None) and self.sealed(size, root, key, sig)
        a, cell = self.size, self.cell
        if right and (good or good is None or not self.key_of(size)):
            for i, (place, _) in enumerate(cell):
                if place != a + i:
                    self.find(30, a + i)
            self.found += self.side + self.bad
        elif good:
            entries = self.align(a, size, cell, root)
            self.found += self.side if entries else []
        else:
            if right and self.bad and self.bad[-1][:2] == (10, min(a, last)):
                self.bad.pop()
            self.bad.append((10, min(a, last), last, False) if right else (30, last, last, False))
            return False
        self.excused = bool(self.bad) or any(place != a + i for i, (place, _) in enumerate(cell)) \
            or {f[1] for f in self.side}
        self.cell, self.side, self.bad = [], [], []
        for at, e in enumerate(entries if self.tree and entries else (), a):
            self.entry(at, e, self.tree.root())
            self.tree.add(leaf_of(e))
            self.roots[at + 1] = self.tree.root()
            if not right:
                self.before.pop(at + 1, None)
        if not entries:
            self.lose(size)
        self.size, self.roots[size] = size, root
        self.due, self.head = size >> 12 > (self.head or [0])[0] >> 12, (size, root, key, sig, good)
        return True

    def lose(self, size):
        """What is before size is not proven."""
        self.size, self.tree, self.cell, self.bad, self.side = size, None, [], [], []
        self.broken = self.broken or self.in_file is None
        self.forget()

    def enter(self, h):
        """Goes on by a header."""
        if h["first"] == 0:
            self.tree = Tree()
        elif h["size"] != h["first"] or h["tree"].root() != h["root"]:
            self.find(30, h["first"])
        elif not self.sealed(h["first"], h["root"], h["key"], h["sig"]) and self.key_of(h["first"]) \
                and (self.in_file or h["first"] <= self.first[-1]):
            self.find(10, h["first"])
        else:
            if self.keys and not self.sealed(h["first"], h["root"], h["key"], h["sig"]):
                self.broken = True
            self.tree, self.size, self.roots[h["first"]] = h["tree"], h["first"], h["root"]
            self.head = h["size"], h["root"], h["key"], h["sig"], True

    def segment(self, first, data):
        """Where the frames of a file begin that is to be read, or None."""
        h = self.header(data)
        if h == {}:
            self.find(25, first, first, True)
            self.begun, self.size, self.after_unknown = True, self.size if self.begun else first, True
            return None
        if h is None:
            self.find(30, first)
            if not self.begun:
                self.begun, self.size, self.first_index, self.tree = True, first, first, None if first else Tree()
            elif first < self.size:
                return None
            elif first > self.size and first != self.next():
                self.find(2, self.size, first - 1, bool(self.cell))
                self.lose(first)
            self.number = None
            return 181 + len(self.origin) + 32 * first.bit_count()
        if h["first"] != first:
            self.find(30)
        first, jump = h["first"], self.number is not None and h["number"] != self.number + 1
        if h["id"] != self.id or h["origin"] != self.origin:
            self.find(28, first, first, True)
            return None
        if not self.begun:
            self.begun, self.size, self.first_index = True, first, first
            self.enter(h)
        elif self.after_unknown and first >= self.size:
            self.after_unknown = False
            self.lose(first)
            self.enter(h)
        elif first < self.size:
            self.find(6, first, self.size - 1, True)
            return None
        elif first == self.size:
            if self.cell:
                self.find(3, first, first, True)
                self.cell, self.bad, self.side = [], [], []
            if jump:
                self.find(30, first)
            if not self.tree:
                self.enter(h)
            elif h["tree"].root() != h["root"] or self.tree.root() != h["root"] or self.deep and self.key_of(first) \
                    and not self.sealed(first, h["root"], h["key"], h["sig"]):
                self.find(30, first)
        elif not (self.cell and not jump and self.close(first, h["root"], h["key"], h["sig"]) and self.size == first):
            if self.bad and self.next() == first:
                self.found += [b for b in self.bad if b[0] == 10]
            else:
                self.find(9 if jump else 2, self.size, first - 1, bool(self.cell) and not jump)
            self.lose(first)
            self.enter(h)
        elif not self.tree:
            self.enter(h)
        self.number = h["number"]
        return h["bytes"]

    def verify(self):
        self.epochs(self.read("epochs"))
        receipts = []
        for first, data in self.files:
            at, before = self.segment(first, data), None if self.header(data) else "header"
            for kind, _, body, good in self.frames(data, at) if at is not None else ():
                place = max(self.next() - 1, 0)
                if kind == -1 and before == "header":
                    pass  # a damaged one, as was said
                elif kind == 0:
                    self.cell.append((good, body))
                elif kind == -1 and good:
                    self.cell.append((None, None))
                elif kind == -1 or not good:
                    self.side.append((30, place, place, False))
                elif kind == 0x20 and len(body) == 108:
                    if u(body[:8]) <= self.size:
                        self.side.append((30, place, place, False))
                    else:
                        self.close(u(body[:8]), body[8:40], body[40:44], body[44:])
                elif kind == 0x21:
                    if body in receipts[-1:] or Note.size_of(body) > self.next():
                        self.side.append((30, place, place, False))
                    else:
                        receipts.append(body)
                elif kind == 0x23:
                    if before != -1:
                        self.frontier(body, before == 0x20 and not self.cell, place)
                elif kind == 0x22:
                    raise Undecided("there are openings")
                else:
                    self.side.append((25, place, place, False))
                before = kind if kind == 0 or good else -1
        self.tail()
        self.reached = self.size + self.unsealed
        acked = self.slots("acked", 65536)
        state, at = self.slots("state", 4096), 17
        for _ in range(acked[16] if acked else 0):
            at += 25 + acked[at]
            n = u(acked[at:at + 4])
            at += 4 + n
            if n:
                self.note(acked[at - n:at], "acked")
        for data in receipts:
            self.note(data, "frame")
        if state:
            self.claim(u(state[16:24]), state[24:56], (27,))
        if self.in_file and len(self.keys) > self.in_file and self.first[-1] < self.size:
            self.find(29)

    def frontier(self, body, after_head, place):
        try:
            tree = Tree(u(body[:8]), body[8:])
            need(after_head and self.due and tree.size == self.head[0] and tree.root() == self.head[1])
            if not self.tree and self.head[4]:
                self.tree = tree
        except Bad:
            self.side.append((30, place, place, False))

    def tail(self):
        """What stands behind the last head, and that head's seal."""
        n = next((i for i, c in enumerate(self.cell) if c[1] is None), len(self.cell))
        self.unsealed, left = n, self.cell or self.side or self.bad
        if self.head and self.head[4]:
            self.newest_sealed = True
        elif self.head:
            self.newest_sealed = self.sealed(*self.head[:4])
            if not self.newest_sealed and self.key_of(self.head[0]):
                self.find(10, self.head[0] - 1)
        self.found += [b for b in self.bad if b[0] == 10]
        if n > 16384:
            self.find(3, self.size, self.size, True)
        elif left:
            self.find(13, self.size, self.size + max(n, 1) - 1)

    def slots(self, name, size):
        """The slot of `state` or `acked` that counts; AS029 unless both are as they should be."""
        data, whole = self.read(name), []
        if len(data) > 2 * size:
            return self.find(29)
        for slot in (data[:size], data[size:]):
            n = self.slot_bytes(slot) if len(slot) == size or name == "acked" else 0
            good = n and sha(slot[:n - 8])[:8] == slot[n - 8:n] and (name == "acked" or not any(slot[n:]))
            whole.append((u(slot[8:16]), slot) if good else None)
        a, b = whole
        if not (a and b and abs(a[0] - b[0]) == 1 or b and b[0] == 1 and not any(data[:size])):
            self.find(29)
        return max(filter(None, whole))[1] if a or b else None

    @staticmethod
    def slot_bytes(slot):
        """Up to behind its checksum; 0 if it has no such form."""
        if slot[:8] == b"asl-sta1":
            return 137 + 40 * slot[128] + 32 * u(slot[16:24]).bit_count()
        at = 17
        for _ in range(slot[16] if len(slot) > 16 else 0):
            at += 25 + slot[at] if at < len(slot) else 0
            at += 4 + u(slot[at:at + 4])
        return at + 8 if slot[:8] == b"asl-ack1" and at + 8 <= len(slot) else 0


class Store(Log):
    """storage.md"""

    def __init__(self, db, number, origin, origin_hash, log_id, stray, policy, deep):
        super().__init__(origin, policy, deep)
        if stray:
            self.find(28)
        self.row_hash, self.row_id, self.rows = origin_hash, log_id, number << 40
        self.stored, self.bundles, self.tree, self.newest_sealed = {}, {}, Tree(), False
        rows = [(i - self.rows << 8, h, d) for i, h, d in db.execute(
            "SELECT id, hashes, data FROM bundle WHERE id >> 40 = ? ORDER BY id", (number,))]
        whole = [first >> 8 for first, _, _ in rows]
        rows += db.execute("SELECT first, hashes, data FROM piece WHERE log = ? ORDER BY first", (number,))
        for first, hashes, data in rows:
            h, d = self.bundles.get(first >> 8, (b"", b""))
            self.bundles[first >> 8] = h + hashes, d + data
        tiles = [(0, n, h) for n, (h, _) in self.bundles.items()]
        tiles += db.execute("SELECT level, number, hashes FROM tile WHERE log = ?", (number,))
        for level, n, h in (t for t in tiles if len(t[2]) % 32 == 0):
            self.stored.update({(level, n << 8 | i): h[32 * i:32 * i + 32] for i in range(min(len(h) // 32, 256))})
        self.notes = list(db.execute(
            "SELECT size, root, note, receipt FROM checkpoint WHERE log = ? ORDER BY size", (number,)))
        epochs = list(db.execute("SELECT epoch, record FROM epoch WHERE log = ? ORDER BY epoch", (number,)))
        self.records, self.numbers = b"".join(r for _, r in epochs), [e for e, _ in epochs]
        self.sizes = db.execute("SELECT next, pending, mirror FROM log WHERE id = ?", (number,)).fetchone()
        self.disorder(whole, rows[len(whole):], len(tiles) - len(self.bundles))

    def lost(self):
        self.broken = self.broken or self.in_file is None
        self.forget()

    def disorder(self, whole, pieces, tiles):
        """storage.md 3: do the rows belong together? Also how many entries there are."""
        (upto, pending, mirror), sizes = self.sizes, [n[0] for n in self.notes]
        end, part = max(whole, default=-1) + 1, upto & 255
        first, hashes = pieces[0][0] if pieces else 0, sum(len(h) for _, h, _ in pieces)
        self.held = max(end << 8, first + hashes // 32 if pieces else 0)
        full = len([n for n in whole if n >= mirror >> 8])
        wrong = not 0 <= mirror <= upto <= (pending or 0) or max(sizes, default=None) != pending
        wrong |= mirror and mirror not in sizes or min(sizes, default=0) < 0
        wrong |= not ((end, full) == (upto >> 8, (upto >> 8) - (mirror >> 8)) or end < upto >> 8 and not full)
        wrong |= bool(pieces) and (first != upto - part or hashes > 32 * part)
        wrong |= tiles > sum((upto >> 8 * level) + 255 >> 8 for level in range(1, 8))
        wrong |= bool(self.numbers) and self.row_id is None
        if wrong:
            self.find(30)

    @staticmethod
    def stands(data, at, expected):
        end = at + 2 + u(data[at:at + 2])
        return at + 2 <= end <= len(data) and leaf_of(data[at + 2:end]) in expected

    def parse(self, n, expected=None):
        """The entries of a bundle; expected: leaf hashes by which to read on after a wrong length."""
        data, at, out = self.bundles.get(n, (b"", b""))[1], 0, []
        while at < len(data):
            end = at + 2 + u(data[at:at + 2])
            if expected is None or end <= len(data) and (
                    leaf_of(data[at + 2:end]) in expected or end == len(data) or self.stands(data, end, expected)):
                out.append(data[at + 2:end])
            else:
                end = next((p for p in range(at + 1, len(data)) if self.stands(data, p, expected)), len(data))
                out.append(data[at:end])
            at = end
        return out, at == len(data)

    def verify(self):
        if self.row_id is not None or self.records:
            self.epochs(self.records)
        if self.numbers != list(range(len(self.numbers))) and (29, None, None, False) not in self.found:
            self.find(29)
        notes, best, root = [self.joined(*row) for row in self.notes], None, None
        receipted = [n for n in notes if n[3]]
        for n in receipted[-1:] + [n for n in notes if n[0] == self.sizes[2]]:
            best = n if best is None or (n[2], n[0]) > (best[2], best[0]) else best
        self.size = min(self.sizes[2], self.held)
        try:
            note = Note(best[1]) if best else None
            keys = [k for n, k in self.policy.logs if n == self.origin] or [self.host] * bool(self.host)
            if note and note.origin == self.origin and (not keys or any(
                    [note.by(self.origin, raw, 1) is not None for raw in keys])):
                if note.size >= self.size:
                    self.size, root = note.size, note.root
        except Bad:
            pass
        self.reached = self.size
        self.content(root)
        if self.keys and self.row_id not in (None, self.id):
            self.find(30)
        if self.row_hash != sha(self.origin.encode()):
            self.find(30)
        for n in notes:
            self.note(n[1], "newest" if n is best else "pending" if n[0] > self.size else "past", not n[2])
        if self.in_file and len(self.keys) > self.in_file and self.first[-1] < self.size:
            self.find(29)

    def joined(self, size, root, note, receipt):
        """A row as a note: size, bytes, whether it is as it should be, whether there is a receipt."""
        both = note + (receipt or b"")
        try:
            own = len(Note(note).lines)
        except Bad:
            own = 0
        try:
            made = Note(both)
            mine = [n in (made.origin, made.origin + "/epoch") for n, _ in made.lines]
            whole = (made.size, made.root) == (size, root) and mine == [i < own for i in range(len(mine))]
            whole &= [n for n, _ in made.lines].count(made.origin + "/epoch") <= 1
            whole &= (len(mine) > own) == (receipt is not None)
        except Bad:
            both, whole = note if own else both, False
        return size, both, whole, receipt is not None

    def content(self, root):
        """From the root down: verdict.md 2 and 3."""
        n, self.true, self.missing = self.size, {}, None
        levels = range((max(n, 1).bit_length() - 1) // 8, -1, -1)
        edge = [[(at, i) for i in range(n >> 8 * at + 8 << 8, n >> 8 * at)] for at in levels]
        if root:
            self.choose([x for row in edge for x in row], lambda row: self.fold_edge(edge, row) == root)
        for row in edge:
            for at, i in row if row and row[0][0] else ():
                self.descend(at, i)
            if row and row[0][0] == 0:
                self.bundle(n >> 8, len(row))
        if self.missing is not None:
            self.find(7, self.missing, n - 1)

    def below(self, at, i):
        """What lies below gives this hash, or None."""
        if at == 0:
            entries = self.parse(i >> 8)[0]
            return leaf_of(entries[i & 255]) if i & 255 < len(entries) else None
        return fold([self.stored.get((at - 1, j)) for j in range(i << 8, i + 1 << 8)])

    def fold_edge(self, edge, row):
        row, roots = list(row), []
        for nodes in edge:
            roots += Tree().grown(row[:len(nodes)]).roots
            del row[:len(nodes)]
        return Tree(self.size, b"".join(roots)).root()

    def choose(self, nodes, good):
        """Of the two that are known of each node, those that give what is proven above. AS030 where a tile differs."""
        stored = [self.stored.get(x) for x in nodes]
        if None not in stored and good(stored):
            self.true.update(zip(nodes, stored))
            return True
        below = [self.below(*x) for x in nodes]
        differ = [k for k, (s, b) in enumerate(zip(stored, below)) if s and b and s != b]
        row = [s or b for s, b in zip(stored, below)]
        for bits in range(1 << len(differ)) if None not in row and len(differ) <= 10 else ():
            for b, k in enumerate(differ):
                row[k] = stored[k] if bits >> b & 1 else below[k]
            if good(row):
                self.true.update(zip(nodes, row))
                for at, i in nodes:
                    if self.stored.get((at, i)) != self.true[at, i]:
                        self.find(30, i << 8 * at, (i + 1 << 8 * at) - 1)
                return True
        return False

    def descend(self, at, i):
        """The whole tile below a hash."""
        nodes, h = [(at - 1, j) for j in range(i << 8, i + 1 << 8)], self.true.get((at, i))
        if h and not self.choose(nodes, lambda row: fold(row) == h):
            if at == 1 and i not in self.bundles:
                self.missing = i << 8 if self.missing is None else self.missing
            else:
                self.find(1, i << 8 * at, (i + 1 << 8 * at) - 1, True)
            self.lost()
            if self.tree:
                self.tree.add(h, 8 * at)
                self.roots[self.tree.size] = self.tree.root()
        elif at > 1:
            for j in range(i << 8, i + 1 << 8):
                self.descend(at - 1, j)
        else:
            self.bundle(i, 256)

    def bundle(self, n, width):
        first, (entries, whole) = n << 8, self.parse(n)
        for x in [(0, first + i) for i in range(width)]:
            if x not in self.true:
                stored, below = self.stored.get(x), self.below(*x)
                self.true[x] = below or stored
                if below and stored and below != stored:
                    self.find(1, x[1], x[1], True)
        true = [self.true[0, first + i] for i in range(width)]
        if not whole or len(entries) != width:
            entries = self.parse(n, set(true) - {None})[0]
        used, found, places = set(), [], list(map(leaf_of, entries))
        for e, leaf in zip(entries, places):
            spots = [i for i in range(width) if true[i] == leaf]
            spot = next((i for i in spots if i not in used), spots[-1] if spots else None)
            used.add(spot)
            found.append((None if spot is None else first + spot, e))
        before = len(self.found)
        if entries and self.missing is not None:
            self.find(2, self.missing, first - 1)
            self.missing = None
        if places != true:
            entries = self.align(first, first + width, found)
        for f in self.found[before:]:
            if f[0] == 3 and f[1] == first + width and width < 256:
                self.found.remove(f)
            elif f[0] == 2 and f[2] == first + width - 1 and not f[3]:
                self.found.remove(f)
                start = f[1]
                while (2, start - 1, start - 1, False) in self.found[before:]:
                    start -= 1
                    self.found.remove((2, start, start, False))
                self.missing = start if self.missing is None else self.missing
        for i, e in enumerate(entries):
            if e is not None and leaf_of(e) == true[i] and self.tree:
                self.entry(first + i, e, self.tree.root())
            else:
                self.lost()
            if self.tree and true[i]:
                self.tree.add(true[i])
                self.roots[first + i + 1] = self.tree.root()
            else:
                self.tree = None


def fold(hashes):
    return None if None in hashes else Tree().grown(hashes).root()


def logs(target, policy, only):
    """What makes the verifier of each log of a target."""
    if os.path.isdir(target) and not os.path.exists(target + "/store.db"):
        return [functools.partial(Spool, target, policy)]
    path = target + "/store.db" if os.path.isdir(target) else target
    db = sqlite3.connect("file:%s?mode=ro%s" % (path, "" if os.path.exists(path + "-wal") else "&immutable=1"), uri=True)
    if db.execute("PRAGMA application_id").fetchone()[0] != 0x41555344 or db.execute(
            "PRAGMA user_version").fetchone()[0] not in (1, 2):
        raise Undecided("not a store's database")
    rows = db.execute("SELECT id, origin, hash, log_id FROM log ORDER BY origin").fetchall()
    stray = any(db.execute("SELECT 1 FROM %s WHERE %s NOT IN (SELECT id FROM log)" % t).fetchone() for t in (
        ("bundle", "id >> 40"), ("piece", "log"), ("tile", "log"), ("checkpoint", "log"), ("epoch", "log")))
    rows = [row for row in rows if only in (None, row[1])]
    return [functools.partial(Store, db, *row, stray and row == rows[0], policy) for row in rows]


def main():
    args = argparse.ArgumentParser(usage=__doc__)
    for name in ("--policy", "--log", "--as-of", "--expect-root"):
        args.add_argument(name)
    for name in ("--min-freshness", "--expect-size"):
        args.add_argument(name, type=int)
    args.add_argument("--deep", action="store_true")
    args.add_argument("target", nargs="+")
    a = args.parse_args()
    worst, policy = set(), Policy(a.policy)
    as_of, root = int(a.as_of.lstrip("@")) if a.as_of else time.time(), a.expect_root and b64(a.expect_root, 32)
    for target in a.target:
        seen = set()
        for make in logs(target, policy, a.log):
            for deep in (a.deep, True):
                log = make(deep)
                log.verify()
                found = log.judge(as_of, a.min_freshness, a.expect_size, root)
                classes = {CLASS[f[0]] for f in found}
                status = next((s for c, s in (("D", 2), ("U", 3), ("A", 1)) if c in classes), 0)
                if status != 2:
                    break
            worst.add(status)
            seen.add(log.origin)
            print(json.dumps({"target": target, "origin": log.origin, "exit": status, "size": log.size,
                              "findings": [["AS%03d" % (f[0] % 100), *f[1:]] for f in found]}))
        for origin in {n for n, _ in policy.logs} - seen if isinstance(log, Store) and not a.log else ():
            worst.add(3)
            print(json.dumps({"target": target, "origin": origin, "exit": 3, "size": 0,
                              "findings": [["AS033", None, None, False], ["AS036", None, None, False]]}))
    return next(s for s in (2, 3, 1, 0) if s in worst)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Bad, Undecided, OSError, sqlite3.Error) as error:
        print("verify.py: %s" % (error or "a file is not of its form"), file=sys.stderr)
        sys.exit(3)
