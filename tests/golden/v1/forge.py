# SPDX-License-Identifier: Apache-2.0
"""A log that is taken apart, changed and made anew with its own keys, for the vectors v1.

Knows docs/spec alone. Keys are those of make_v1.c: the seed of key N is SHA-256("v1 key N"); 0 is the
host's, 1 + e that of epoch e; the mirror's seed is SHA-256("v1 mirror").
"""
import base64
import hashlib
import os
import shutil
import sqlite3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN, MIRROR = "audit.example.org/v1", "store.example.org/v1"
START, STOP, BEAT, RECOVERY, GAP, EPOCH, RECORD = 1, 2, 3, 4, 5, 7, 16


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def be(n, size):
    return n.to_bytes(size, "big")


def u(data):
    return int.from_bytes(data, "big")


def b64(data):
    return base64.b64encode(data).decode()


class Key:
    def __init__(self, purpose):
        self.secret = Ed25519PrivateKey.from_private_bytes(sha(purpose.encode()))
        self.raw = self.secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, data):
        return self.secret.sign(data)

    def line(self, name, kind, sig):
        ident = sha(name.encode(), b"\n", bytes([kind]), self.raw)[:4]
        return "\u2014 %s %s\n" % (name, b64(ident + sig))

    def vkey(self, name, kind):
        ident = sha(name.encode(), b"\n", bytes([kind]), self.raw)[:4]
        return "%s+%s+%s" % (name, ident.hex(), b64(bytes([kind]) + self.raw))


HOST, STORE = Key("v1 key 0"), Key("v1 mirror")


def epoch_key(e):
    return Key("v1 key %d" % (e + 1))


class Tree:
    def __init__(self):
        self.size, self.roots = 0, []

    def add(self, leaf):
        n, self.size = self.size, self.size + 1
        while n & 1:
            leaf, n = sha(b"\1", self.roots.pop(), leaf), n >> 1
        self.roots.append(leaf)

    def root(self):
        out = self.roots[-1] if self.roots else sha()
        for left in self.roots[-2::-1]:
            out = sha(b"\1", left, out)
        return out


def text(size, root, origin=ORIGIN):
    return "%s\n%d\n%s\n" % (origin, size, b64(root))


def note(size, root, seal=None, times=(), host=HOST, origin=ORIGIN, mirror=STORE):
    """A checkpoint with the lines of the host, an epoch key and the mirror."""
    body = text(size, root, origin)
    out = body + "\n" + host.line(origin, 1, host.sign(body.encode()))
    if seal:
        out += seal.line(origin + "/epoch", 1, seal.sign(body.encode()))
    for t in times:
        out += cosignature(body, t, mirror)
    return out.encode()


def cosignature(body, t, mirror=STORE):
    sig = mirror.sign(("cosignature/v1\ntime %d\n%s" % (t, body)).encode())
    return mirror.line(MIRROR, 4, be(t, 8) + sig)


def entry(kind, time_us, body, flags=0):
    return bytes([kind, flags]) + be(time_us, 8) + (body.encode() if isinstance(body, str) else body)


def frame(kind, data):
    """A frame of kind 02; data from type to body."""
    raw = b"\2" + data
    return be(len(raw), 3) + raw + sha(raw[:20] if data[0] == 0x22 else raw)[:4]


def entry_frame(index, e):
    tag = u(sha(b"\0", e)[:4]) ^ index & 0xffffffff
    return be(len(e) + 1, 3) + b"\0" + e + be(tag, 4)


def head_frame(time, size, root, key, origin=ORIGIN):
    ident = sha((origin + "/epoch").encode(), b"\n\1", key.raw)[:4]
    sig = key.sign(text(size, root, origin).encode())
    return frame(2, b"\x20\0" + time + be(size, 8) + root + ident + sig)


def tagged(record):
    return record + sha(record)[:4]


class Spool:
    """The files of a spool, by name; frames(name) is their list."""

    def __init__(self, path):
        self.files = {}
        for n in sorted(os.listdir(path)):
            with open(os.path.join(path, n), "rb") as f:
                self.files[n] = f.read()

    def segments(self):
        return sorted(n for n in self.files if n.endswith(".seg"))

    def parts(self, name):
        """The header and the frames of a segment."""
        data = self.files[name]
        at = u(data[8:10])
        out = [data[:at]]
        while at < len(data):
            end = at + 7 + u(data[at:at + 3])
            out.append(data[at:end])
            at = end
        return out

    def put(self, name, parts):
        self.files[name] = b"".join(parts)

    def write(self, path):
        os.mkdir(path)
        for n, data in self.files.items():
            with open(os.path.join(path, n), "wb") as f:
                f.write(data)


class Log:
    """What a spool says, as a list that can be changed: ("segment",), ("entry", bytes), ("head",),
    ("receipt", size, seconds, time of the frame), ("opening", body). spool() and store() write it anew, with all that is computed and signed."""

    def __init__(self, spool):
        self.items = []
        for name in spool.segments():
            self.items.append(("segment",))
            for f in spool.parts(name)[1:]:
                if f[3] == 0:
                    self.items.append(("entry", f[4:-4]))
                elif f[4] == 0x20:
                    self.items.append(("head", f[6:14]))
                elif f[4] == 0x21:
                    lines = f[14:-4].decode().split("\n")
                    sig = base64.b64decode(lines[-2].split(" ")[2])
                    self.items.append(("receipt", int(lines[1]), u(sig[4:12]), f[6:14]))
        self.sign = lambda e, index, data: epoch_key(e).sign(data)  # of hand-overs
        self.next_key = lambda e: epoch_key(e).raw
        self.host = HOST
        self.resign = True
        self.skip = ()  # indices of hand-overs that are taken as they stand
        self.seal = lambda e, size: epoch_key(e)

    def at(self, index):
        """Where entry index is in the list."""
        return [i for i, item in enumerate(self.items) if item[0] == "entry"][index]

    def put(self, index, e):
        self.items[self.at(index)] = "entry", e

    def entries(self):
        return [item[1] for item in self.items if item[0] == "entry"]

    def shift(self, index, us):
        """All entries from index on are later by so much."""
        for i in range(index, len(self.entries())):
            e = self.entries()[i]
            self.put(i, e[:2] + be(u(e[2:10]) + us, 8) + e[10:])

    def log_id(self):
        name = ORIGIN.encode()
        return sha(b"auditseal/log/v1\n", be(len(name), 2), name, self.host.raw, epoch_key(0).raw)

    def make(self):
        """Signs hand-overs and fills in roots, heads, epochs."""
        tree, e, self.made, self.roots, self.keys = Tree(), 0, [], {}, {}
        self.epochs = [tagged(self.host.raw + epoch_key(0).raw + bytes(90))]
        for kind, *rest in self.items:
            if kind == "entry":
                data, i = rest[0], tree.size
                if data[0] == EPOCH and i not in self.skip:
                    key = self.next_key(e + 1)
                    signed = be(i, 8) + tree.root() + data[:10] + be(e + 1, 8) + key
                    sig = self.sign(e, i, b"auditseal/epoch/v1\n" + self.log_id() + signed)
                    data = data[:10] + ('{"epoch":"%d","key":"%s","sig":"%s"}' % (e + 1, b64(key), b64(sig))).encode()
                    self.epochs.append(tagged(signed + sig))
                self.made.append(("entry", i, data))
                tree.add(sha(b"\0", data))
                # what a head of the next size is sealed with
                self.keys[tree.size] = self.seal(e, tree.size)
                e += data[0] == EPOCH and i not in self.skip
                self.roots[tree.size] = tree.root(), list(tree.roots)
            elif kind == "head":
                self.made.append(("head", tree.size, rest[0]))
            elif kind == "segment":
                self.made.append(("segment", tree.size))
            else:
                self.made.append((kind, *rest))
        self.size, self.epoch = tree.size, e
        return self

    def note(self, size, times=()):
        return note(size, self.roots[size][0], self.keys[size], times, self.host)

    def spool(self, like):
        """A spool of it; what is not remade (machine, boot) is as in another one."""
        self.make()
        out = Spool.__new__(Spool)
        out.files, name, number, receipts = {"lock": b""}, None, 0, []
        for kind, a, *rest in self.made:
            if kind == "segment":
                name = "%020d.seg" % a
                head = bytes(108)
                if a:
                    head = head_frame(bytes(8), a, self.roots[a][0], self.keys[a])[14:-4]
                body = be(1, 1) + be(1, 1) + bytes(4) + be(number, 8) + be(a, 8) + self.log_id() + head \
                    + be(len(ORIGIN), 1) + ORIGIN.encode() + (b"".join(self.roots[a][1]) if a else b"")
                body = b"\x89ASL1\r\n\x1a" + be(10 + len(body) + 8, 2) + body
                out.files[name] = body + sha(body)[:8]
                number += 1
            elif kind == "entry":
                out.files[name] += entry_frame(a, rest[0])
            elif kind == "head":
                out.files[name] += head_frame(rest[0], a, self.roots[a][0], self.keys[a])
            elif kind == "opening":
                out.files[name] += frame(2, b"\x22\0" + bytes(8) + a)
            else:
                receipts.append((a, rest[0], self.note(a, rest[:1])))
                out.files[name] += frame(2, b"\x21\0" + rest[1] + receipts[-1][2])
        out.files["epochs"] = b"".join(self.epochs)
        old = like.files["state"]
        slots = [old[:4096], old[4096:]]
        slot = max(slots, key=lambda s: u(s[8:16]))
        body = slot[:16] + be(self.size, 8) + self.roots[self.size][0] + be(number - 1, 8) + be(self.epoch, 8) \
            + slot[72:128] + slot[128:129 + 40 * slot[128]] + b"".join(self.roots[self.size][1])
        body += sha(body)[:8]
        slots[u(slot[8:16]) % 2] = body + bytes(4096 - len(body))
        out.files["state"] = b"".join(slots)
        empty = b"asl-ack1" + be(1, 8) + b"\0"
        empty += sha(empty)[:8]
        slots = [bytes(65536), empty + bytes(65536 - len(empty))]
        for count, (size, when, data) in enumerate(receipts, 2):
            body = b"asl-ack1" + be(count, 8) + b"\1" + be(len(MIRROR), 1) + MIRROR.encode() + be(size, 8) + be(0, 8) \
                + be(when, 8) + be(len(data), 4) + data
            body += sha(body)[:8]
            slots[count % 2] = body + bytes(65536 - len(body))
        out.files["acked"] = b"".join(slots)
        return out

    def store(self, like, path, receipts=None):
        """A store's copy of it, up to the newest receipt, in a copy of another database."""
        self.make()
        shutil.copy(like, path)
        receipts = receipts or [(r[0], r[1]) for k, *r in self.made if k == "receipt"]
        size = max(s for s, _ in receipts)
        entries = [r[2] for r in self.made if r[0] == "entry"][:size]
        leaves = [sha(b"\0", e) for e in entries]
        db = sqlite3.connect(path)
        db.execute("PRAGMA journal_mode = DELETE")
        for table in ("bundle", "piece", "tile", "checkpoint", "epoch"):
            db.execute("DELETE FROM " + table)
        for first in range(0, size, 256):
            part = entries[first:first + 256]
            row = b"".join(leaves[first:first + 256]), b"".join(be(len(e), 2) + e for e in part)
            if len(part) == 256:
                db.execute("INSERT INTO bundle VALUES (?, ?, ?)", (1 << 40 | first // 256, *row))
            else:
                db.execute("INSERT INTO piece VALUES (1, ?, ?, ?)", (first, *row))
        whole = []
        for first in range(0, size - 255, 256):
            tree = Tree()
            for leaf in leaves[first:first + 256]:
                tree.add(leaf)
            whole.append(tree.root())
        if whole:
            db.execute("INSERT INTO tile VALUES (1, 1, 0, ?)", (b"".join(whole),))
        for s, t in receipts:
            body = text(s, self.roots[s][0])
            db.execute("INSERT INTO checkpoint VALUES (1, ?, ?, ?, ?, ?)",
                       (s, self.roots[s][0], t, self.note(s), cosignature(body, t).encode()))
        for e, record in enumerate(self.epochs):
            if e == 0 or u(record[:8]) < size:
                db.execute("INSERT INTO epoch VALUES (1, ?, ?)", (e, record))
        db.execute("UPDATE log SET next = ?, pending = ?, mirror = ?, log_id = ?", (size, size, size, self.log_id()))
        db.commit()
        db.execute("VACUUM")
        db.close()
