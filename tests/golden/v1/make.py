# SPDX-License-Identifier: Apache-2.0
"""What was done to the intact log that make_v1 wrote, vector by vector; vectors.py adds them. README.md has the rules."""
import os
import shutil
import sqlite3
from forge import (GAP, HOST, MIRROR, ORIGIN, RECORD, RECOVERY, Key, Log, Spool, b64, be, cosignature, entry,
                   entry_frame, epoch_key, frame, note, sha, text, u)
from vectors import run_sql

AS_OF = 1795264500
VECTORS = {}


def vector(name, options=()):
    def keep(function):
        VECTORS[name] = function, list(options)
        return function
    return keep


class Work:
    """What a vector is made of: the intact files, and where to put the new ones."""

    def __init__(self, intact, out):
        self.intact, self.out, self.statements = intact, out, []
        self.spool = Spool(intact + "/spool")
        self.log = Log(self.spool)
        self.names = self.spool.segments()
        self.policy = open(intact + "/policy", "rb").read()
        self.pins = open(intact + "/policy.pins", "rb").read()

    def edit(self, segment, change):
        """Lets a function change the list of a segment's header and frames."""
        parts = self.spool.parts(self.names[segment])
        change(parts)
        self.spool.put(self.names[segment], parts)

    def find(self, segment, index):
        """Where in that list entry index is."""
        first = int(self.names[segment][:20])
        parts = self.spool.parts(self.names[segment])
        return [i for i, f in enumerate(parts) if i and f[3] == 0][index - first]

    def frame(self, segment, index):
        return self.spool.parts(self.names[segment])[self.find(segment, index)]

    def head(self, segment, n):
        """Where in that list the n-th head is."""
        parts = self.spool.parts(self.names[segment])
        return [i for i, f in enumerate(parts) if i and f[3:5] == b"\2\x20"][n]

    def save(self):
        self.spool.write(self.out + "/spool")

    def forged(self):
        self.spool = self.log.spool(self.spool)
        self.save()

    def sql(self, *statements):
        """A copy of the store, changed by SQL."""
        path = self.out + "/store.db"
        if not os.path.exists(path):
            shutil.copy(self.intact + "/store.db", path)
        made = [[s, *({"base64": b64(v)} if isinstance(v, bytes) else v for v in values)] for s, *values in statements]
        self.statements += made
        if made:
            run_sql(path, made)

    def get(self, statement):
        db = sqlite3.connect("file:%s/store.db?immutable=1" % self.intact, uri=True)
        row = db.execute(statement).fetchone()
        db.close()
        return row

    def entries(self, change, first=None):
        """Changes the entries of the bundle, or of a piece, without their hashes."""
        where = ("bundle", "1") if first is None else ("piece", "first = %d" % first)
        data, = self.get("SELECT data FROM %s WHERE %s" % where)
        out, at = [], 0
        while at < len(data):
            end = at + 2 + u(data[at:at + 2])
            out.append(data[at + 2:end])
            at = end
        change(out)
        self.sql(("UPDATE %s SET data = ? WHERE %s" % where, b"".join(be(len(e), 2) + e for e in out)))

    def checkpoint(self, size, column):
        return self.get("SELECT %s FROM checkpoint WHERE size = %d" % (column, size))[0]


def flip(data, at, bits=1):
    return data[:at] + bytes([data[at] ^ bits]) + data[at + 1:]


# ---- intact ----

@vector("intact-spool")
def _(w):
    "the spool as it was written: 300 entries, 3 segments, 5 epochs, 4 receipts"
    w.save()


@vector("intact-store")
def _(w):
    "the store's copy: 296 entries, 4 checkpoints with receipts"
    w.sql()


@vector("intact-freed")
def _(w):
    "the first segment was freed, as its receipts allow"
    del w.spool.files[w.names[0]]
    w.save()


# ---- spool ----

@vector("AS001-spool-byte")
def _(w):
    "a byte of the body of entry 50 is changed; its tag is as it was"
    w.edit(0, lambda p: p.__setitem__(w.find(0, 50), flip(w.frame(0, 50), 20)))
    w.save()


@vector("AS001-spool-tag-too")
def _(w):
    "entry 50 is replaced, its tag too: its commit is 38 to 96"
    e = flip(w.frame(0, 50)[4:-4], 20)
    w.edit(0, lambda p: p.__setitem__(w.find(0, 50), entry_frame(50, e)))
    w.save()


@vector("AS001-spool-length")
def _(w):
    "the length of the frame of entry 120 is changed"
    w.edit(1, lambda p: p.__setitem__(w.find(1, 120), flip(w.frame(1, 120), 2, 4)))
    w.save()


@vector("AS001-store")
def _(w):
    "a byte of entry 60 is changed in the store"
    w.entries(lambda e: e.__setitem__(60, flip(e[60], 15)))


@vector("AS001-store-hash-too")
def _(w):
    "entry 60 is changed in the store, and its leaf hash with it"
    def change(e):
        e[60] = flip(e[60], 15)
        hashes, = w.get("SELECT hashes FROM bundle")
        w.sql(("UPDATE bundle SET hashes = ?", hashes[:1920] + sha(b"\0", e[60]) + hashes[1952:]))
    w.entries(change)


@vector("AS001-expected-root", ("--expect-size", "300", "--expect-root", b64(bytes(32))))
def _(w):
    "the operator expects another root at size 300"
    w.save()


@vector("AS002-spool")
def _(w):
    "the frames of entries 50 to 52 are cut out"
    at = w.find(0, 50)
    w.edit(0, lambda p: p.__delitem__(slice(at, at + 3)))
    w.save()


@vector("AS002-store")
def _(w):
    "entries 60 and 61 are cut out of the store's bundle, their hashes stay"
    w.entries(lambda e: e.__delitem__(slice(60, 62)))


@vector("AS005-spool-tag")
def _(w):
    "an entry that was never sealed stands before entry 50, with the tag of 50"
    e = entry(RECORD, 1795262460000000, '{"n":"made up"}')
    w.edit(0, lambda p: p.insert(w.find(0, 50), entry_frame(50, e)))
    w.save()


@vector("AS003-store")
def _(w):
    "an entry that was never sealed stands before entry 60 of the store's bundle"
    w.entries(lambda e: e.insert(60, entry(RECORD, 1795262460000000, '{"n":"made up"}')))


@vector("AS004-spool")
def _(w):
    "entry 50 stands behind entry 55"
    w.edit(0, lambda p: p.insert(w.find(0, 55), p.pop(w.find(0, 50))))
    w.save()


@vector("AS004-spool-swap")
def _(w):
    "entries 50 and 51 are swapped"
    w.edit(0, lambda p: p.insert(w.find(0, 51), p.pop(w.find(0, 50))))
    w.save()


@vector("AS004-store")
def _(w):
    "entry 60 stands behind entry 65 in the store"
    w.entries(lambda e: e.insert(65, e.pop(60)))


@vector("AS005-spool")
def _(w):
    "entry 50 stands once more behind entry 55"
    w.edit(0, lambda p: p.insert(w.find(0, 56), w.frame(0, 50)))
    w.save()


@vector("AS005-spool-twice")
def _(w):
    "entry 50 stands there twice"
    w.edit(0, lambda p: p.insert(w.find(0, 50), w.frame(0, 50)))
    w.save()


@vector("AS005-store")
def _(w):
    "entry 60 stands once more behind entry 65 in the store"
    w.entries(lambda e: e.insert(66, e[60]))


@vector("AS007-spool-cut")
def _(w):
    "the last segment ends behind its second head"
    at = w.head(2, 1)
    w.edit(2, lambda p: p.__delitem__(slice(at + 1, None)))
    w.save()


@vector("AS007-spool-segment")
def _(w):
    "the last segment is gone"
    del w.spool.files[w.names[2]]
    w.save()


@vector("AS007-store")
def _(w):
    "the last piece is gone from the store, its checkpoints are there"
    w.sql(("DELETE FROM piece WHERE first = 277",))


@vector("AS008-spool-receipt")
def _(w):
    "the mirror has a receipt of another history of size 164, signed by the host"
    other = Log(w.spool)
    other.put(150, flip(other.entries()[150], 20))
    other.make()
    w.spool.files["acked"] = acked(w, other.note(164, [1795264380]), 164)
    w.save()


def acked(w, data, size, when=1795264380):
    body = b"asl-ack1" + be(1, 8) + b"\1" + be(len(MIRROR), 1) + MIRROR.encode() + be(size, 8) + be(0, 8) \
        + be(when, 8) + be(len(data), 4) + data
    body += sha(body)[:8]
    return bytes(65536) + body + bytes(65536 - len(body))


@vector("AS008-spool-epochs")
def _(w):
    "epochs has another valid hand-over to epoch 2 than the entries"
    other = Log(w.spool)
    other.put(150, flip(other.entries()[150], 20))
    other.make()
    w.spool.files["epochs"] = b"".join(other.epochs)
    w.save()


@vector("AS008-store")
def _(w):
    "the host signed another root of size 164; the store keeps that checkpoint"
    other = Log(w.spool)
    other.put(150, flip(other.entries()[150], 20))
    other.make()
    w.sql(("UPDATE checkpoint SET note = ?, root = ?, receipt = NULL WHERE size = 164", other.note(164), other.roots[164][0]))


@vector("AS009-spool")
def _(w):
    "the middle segment is gone"
    del w.spool.files[w.names[1]]
    w.save()


@vector("AS010-spool-last")
def _(w):
    "the signature of the newest head is changed, its tag too"
    at = w.head(2, -1)
    w.edit(2, lambda p: p.__setitem__(at, frame(2, flip(p[at][4:-4], 70))))
    w.save()


@vector("AS010-spool-deep", ("--deep",))
def _(w):
    "the signature of a head in the middle is changed, its tag too"
    at = w.head(1, 0)
    w.edit(1, lambda p: p.__setitem__(at, frame(2, flip(p[at][4:-4], 70))))
    w.save()


@vector("AS010-store")
def _(w):
    "the host's signature on the newest checkpoint is changed"
    data = w.checkpoint(296, "note")
    at = data.index(b"72pT") + 40
    w.sql(("UPDATE checkpoint SET note = ? WHERE size = 296", data[:at] + (b"A" if data[at:at + 1] != b"A" else b"B") + data[at + 1:]))


@vector("AS010-spool-handover")
def _(w):
    "the signature in the hand-over to epoch 2 is wrong, in a log that is sealed for all that"
    def sign(e, index, data):
        return flip(epoch_key(e).sign(data), 3) if e == 1 else epoch_key(e).sign(data)
    w.log.sign = sign
    w.forged()


@vector("AS010-spool-old-key")
def _(w):
    "who kept the key of epoch 1 seals on with it after the hand-over to epoch 2"
    w.log.seal = lambda e, size: epoch_key(1 if e == 2 else e)
    w.forged()


@vector("AS012-spool-same-key")
def _(w):
    "the hand-over to epoch 2 names the host key"
    w.log.next_key = lambda e: HOST.raw if e == 2 else epoch_key(e).raw
    w.forged()


@vector("AS013-spool")
def _(w):
    "three whole entries stand behind the last head"
    e = entry(RECORD, 1795264380000100, '{"n":"late"}')
    w.spool.files[w.names[2]] += b"".join(entry_frame(i, e) for i in (300, 301, 302))
    w.save()


@vector("AS013-spool-torn")
def _(w):
    "a whole entry and half a frame stand behind the last head"
    e = entry(RECORD, 1795264380000100, '{"n":"late"}')
    w.spool.files[w.names[2]] += entry_frame(300, e) + entry_frame(301, e)[:15]
    w.save()


@vector("AS013-spool-bytes")
def _(w):
    "a byte that is not zero stands in the zeros behind the last head"
    w.spool.files[w.names[2]] += bytes(100) + b"x" + bytes(50)
    w.save()


@vector("AS014-spool")
def _(w):
    "the clock went back by an hour at entry 200"
    w.log.shift(200, -3600 * 10**6)
    w.forged()


def control(kind, like, body):
    return like[:10].replace(like[:1], bytes([kind]), 1) + body.encode()


@vector("AS021-spool")
def _(w):
    "a gap entry declares 17 lost messages, in place of entry 200"
    body = '{"reason":"full","from":"1795263420000000","to":"1795263420000005","count":"17","bound":"exact"}'
    w.log.put(200, control(GAP, w.log.entries()[200], body))
    w.forged()


@vector("AS025-spool-type")
def _(w):
    "entry 200 is of an unknown type"
    e = w.log.entries()[200]
    w.log.put(200, b"\x77" + e[1:])
    w.forged()


@vector("AS025-spool-flag")
def _(w):
    "record 200 has an unknown flag"
    e = w.log.entries()[200]
    w.log.put(200, e[:1] + b"\x40" + e[2:])
    w.forged()


@vector("AS025-spool-key")
def _(w):
    "the heartbeat 164 has a key that this version does not know"
    e = w.log.entries()[164]
    w.log.put(164, e[:-1] + b',"new":"1"}')
    w.forged()


@vector("AS025-spool-encoding")
def _(w):
    "the heartbeat 164 has a space behind a comma"
    e = w.log.entries()[164]
    w.log.put(164, e.replace(b",", b", ", 1))
    w.forged()


@vector("AS025-spool-header")
def _(w):
    "the header of the last segment names an unknown hash, its tag is right"
    def change(p):
        p[0] = p[0][:10] + b"\2" + p[0][11:-8]
        p[0] += sha(p[0])[:8]
    w.edit(2, change)
    w.save()


@vector("AS027-spool-state")
def _(w):
    "state has another root at a size that is there"
    def change(body):
        return body[:24] + sha(b"another") + body[56:]
    w.spool.files["state"] = state(w, change)
    w.save()


def state(w, change):
    data = w.spool.files["state"]
    slots = [data[:4096], data[4096:]]
    at = max((0, 1), key=lambda i: u(slots[i][8:16]))
    n = 129 + 40 * slots[at][128] + 32 * bin(u(slots[at][16:24])).count("1")
    body = change(slots[at][:n])
    slots[at] = body + sha(body)[:8]
    slots[at] += bytes(4096 - len(slots[at]))
    return b"".join(slots)


@vector("AS028-spool-segment")
def _(w):
    "the last segment is that of another log of the same name"
    other = Log(w.spool)
    other.host = Key("another host")
    w.spool.files[w.names[2]] = other.spool(w.spool).files[w.names[2]]
    w.save()


@vector("AS028-spool-receipt")
def _(w):
    "the receipt in acked is one of another origin"
    data = note(296, sha(b"x"), epoch_key(0), [1795264380], HOST, "audit.example.org/other")
    w.spool.files["acked"] = acked(w, data, 296)
    w.save()


@vector("AS029-spool-acked")
def _(w):
    "acked is gone"
    del w.spool.files["acked"]
    w.save()


@vector("AS029-spool-state")
def _(w):
    "a byte of the newest slot of state is changed"
    data = w.spool.files["state"]
    w.spool.files["state"] = flip(data, 50 if u(data[8:16]) > u(data[4104:4112]) else 4146)
    w.save()


@vector("epochs-behind-spool")
def _(w):
    "no finding: the last record of epochs is gone, of a hand-over that is the last sealed entry"
    w.spool.files["epochs"] = w.spool.files["epochs"][:-158]
    w.save()


@vector("AS029-spool-epochs-byte")
def _(w):
    "a byte of the second hand-over in epochs is changed"
    w.spool.files["epochs"] = flip(w.spool.files["epochs"], 330)
    w.save()


@vector("AS029-store-epoch")
def _(w):
    "the record of epoch 2 is gone from the store"
    w.sql(("DELETE FROM epoch WHERE epoch = 2",))


@vector("AS030-spool-tag")
def _(w):
    "the tag of entry 50 is changed"
    w.edit(0, lambda p: p.__setitem__(w.find(0, 50), flip(w.frame(0, 50), -1 + len(w.frame(0, 50)))))
    w.save()


@vector("AS030-spool-head")
def _(w):
    "a byte of a head in the middle is changed"
    at = w.head(1, 0)
    w.edit(1, lambda p: p.__setitem__(at, flip(p[at], 40)))
    w.save()


@vector("AS030-spool-header")
def _(w):
    "a byte of the header of the middle segment is changed"
    w.edit(1, lambda p: p.__setitem__(0, flip(p[0], 70)))
    w.save()


@vector("AS030-spool-bytes")
def _(w):
    "20 bytes that are no frame stand between entries 49 and 50"
    w.edit(0, lambda p: p.insert(w.find(0, 50), bytes(range(100, 120))))
    w.save()


@vector("AS030-spool-renamed")
def _(w):
    "the last segment has the name of another first index"
    w.spool.files["%020d.seg" % 212] = w.spool.files.pop(w.names[2])
    w.save()


@vector("AS030-store-tile")
def _(w):
    "a hash of the tile of level 1 is changed"
    w.sql(("UPDATE tile SET hashes = ?", sha(b"another")))


@vector("AS030-store-leaf")
def _(w):
    "the leaf hash of entry 60 is changed, the entry is as it was"
    hashes, = w.get("SELECT hashes FROM bundle")
    w.sql(("UPDATE bundle SET hashes = ?", flip(hashes, 1925)))


@vector("AS030-store-no-tile")
def _(w):
    "the tile of level 1 is gone"
    w.sql(("DELETE FROM tile",))


@vector("AS032-spool-start")
def _(w):
    "a start stands in the middle of a session"
    e = w.log.entries()[170]
    w.log.put(200, e[:2] + w.log.entries()[200][2:10] + e[10:])
    w.forged()


@vector("AS032-spool-piece")
def _(w):
    "record 200 says that it continues the one before, which does not go on"
    e = w.log.entries()[200]
    w.log.put(200, e[:1] + b"\x10" + e[2:])
    w.forged()


@vector("AS033-spool-no-policy", ("no policy",))
def _(w):
    "the verifier is given no policy"
    w.save()


@vector("AS034-spool", ("--as-of", "@%d" % (AS_OF + 86400)))
def _(w):
    "a day later"
    w.save()


@vector("AS034-store", ("--as-of", "@%d" % (AS_OF + 86400)))
def _(w):
    "a day later"
    w.sql()


def second(w):
    w.policy = w.policy.replace(b"quorum mirror\n", ("witness second %s\ngroup both all mirror second\nquorum both\n" % (
        Key("v1 second").vkey("second.example.org/v1", 4))).encode())


@vector("AS035-spool")
def _(w):
    "the policy wants receipts of two mirrors"
    second(w)
    w.save()


@vector("AS035-store")
def _(w):
    "the policy wants receipts of two mirrors"
    second(w)
    w.sql()


@vector("AS036-spool")
def _(w):
    "nothing is pinned, and the first segment was freed"
    w.pins = b""
    del w.spool.files[w.names[0]]
    w.save()


# ---- more of the same ids ----

@vector("AS003-spool-stranger")
def _(w):
    "an entry that was never sealed stands before entry 50; its tag fits no place"
    e = entry(RECORD, 1795262460000000, '{"n":"made up"}')
    w.edit(0, lambda p: p.insert(w.find(0, 50), entry_frame(50 + (1 << 30), e)))
    w.save()


@vector("AS006-spool-same")
def _(w):
    "one more file claims entries 170 to 210, with the same bytes"
    w.log.items.insert(w.log.at(170), ("segment",))
    w.spool.files["%020d.seg" % 170] = w.log.spool(w.spool).files["%020d.seg" % 170]
    w.save()


@vector("AS006-spool")
def _(w):
    "one more file claims entries 170 to 210, with other bytes"
    w.log.items.insert(w.log.at(170), ("segment",))
    w.log.put(175, flip(w.log.entries()[175], 20))
    w.spool.files["%020d.seg" % 170] = w.log.spool(w.spool).files["%020d.seg" % 170]
    w.save()


@vector("AS007-spool-backup", ("--expect-size", "300"))
def _(w):
    "an older backup of all files is in place: only what the operator expects knows better"
    w.log.items = w.log.items[:w.log.at(276) + 2]
    w.forged()


@vector("AS009-spool-two")
def _(w):
    "two segments of four are gone"
    w.log.items.insert(w.log.at(170), ("segment",))
    w.spool = w.log.spool(w.spool)
    for name in w.spool.segments()[1:3]:
        del w.spool.files[name]
    w.save()


@vector("AS011-spool")
def _(w):
    "the policy has another host key for this log than the pin's"
    other = Key("another host").vkey(ORIGIN, 1).encode()
    w.policy = w.policy.replace(HOST.vkey(ORIGIN, 1).encode(), other)
    w.save()


@vector("AS011-store")
def _(w):
    "the policy has another host key for this log than the pin's"
    other = Key("another host").vkey(ORIGIN, 1).encode()
    w.policy = w.policy.replace(HOST.vkey(ORIGIN, 1).encode(), other)
    w.sql()


@vector("AS012-spool-epoch")
def _(w):
    "the last hand-over names an epoch that is not the next one"
    e = w.log.entries()[299]
    w.log.put(299, e[:10] + e[10:].replace(b'"4"', b'"9"'))
    w.log.skip = (299,)
    w.forged()


@vector("AS012-spool-encoding")
def _(w):
    "the last hand-over has a space in its body"
    e = w.log.entries()[299]
    w.log.put(299, e[:10] + e[10:].replace(b",", b", ", 1))
    w.log.skip = (299,)
    w.forged()


@vector("AS012-spool-unsealed")
def _(w):
    "a record follows the hand-over to epoch 1 before the head"
    at = w.log.at(98)
    w.log.items[at + 1:at + 2] = []
    del w.log.items[w.log.items.index(("segment",), at)]
    w.forged()


@vector("AS013-store")
def _(w):
    "the seal line of the newest checkpoint is gone"
    data = w.checkpoint(296, "note")
    lines = data.split(b"\n")
    w.sql(("UPDATE checkpoint SET note = ? WHERE size = 296", b"\n".join(lines[:5] + lines[6:])))


@vector("AS014-spool-second")
def _(w):
    "no finding: the clock went back by a second at entry 200"
    w.log.shift(200, -10**6)
    w.forged()


@vector("AS014-receipt-spool")
def _(w):
    "the clock ran ahead by an hour from entry 98 on: the receipts of three sizes say so, which is one finding"
    w.log.shift(98, 3600 * 10**6)
    w.forged()


@vector("AS014-receipt-store")
def _(w):
    "the clock ran ahead by 61 s from entry 98 to 163: one receipt says so; it went back by less than a second"
    w.log.shift(98, 61 * 10**6)
    w.log.shift(164, -61 * 10**6)
    w.log.store(w.intact + "/store.db", w.out + "/store.db")


@vector("AS014-receipt-minute")
def _(w):
    "no finding: entry 163 is later by 60 s than the receipt of size 164"
    w.log.shift(98, 60 * 10**6 - 8)
    w.log.shift(164, 8 - 60 * 10**6)
    w.forged()


@vector("AS020-spool")
def _(w):
    "the session before entry 168 ended by a crash: recovery and start in one commit, then a hand-over"
    at, entries = w.log.at(168), w.log.entries()
    stop, handover, start = entries[168:171]
    del w.log.items[at:w.log.at(170) + 2]
    head = ("head", stop[2:10])
    w.log.items[at:at] = [("entry", recovery(w, 168)), ("entry", start[:2] + stop[2:10] + start[10:]), head,
                          ("entry", handover), head]
    w.forged()


def recovery(w, index):
    w.log.make()
    body = '{"size":"%d","root":"%s","from":"%d","to":"%d","dropped":"0","hash":"%s","boot":"b"}' % (
        index, b64(w.log.roots[index][0]), index, index, b64(sha()))
    return bytes([RECOVERY, 0]) + w.log.entries()[index][2:10] + body.encode()


@vector("AS022-store")
def _(w):
    "the store's receipt of size 164 is of another history, which the host signed too"
    other = Log(w.spool)
    other.put(150, flip(other.entries()[150], 20))
    other.make()
    root = other.roots[164][0]
    receipt = cosignature(text(164, root), 1795263360).encode()
    w.sql(("UPDATE checkpoint SET note = ?, root = ?, receipt = ? WHERE size = 164", other.note(164), root, receipt))


@vector("AS024-spool")
def _(w):
    "entry 200 says that the policy was changed"
    w.log.put(200, control(6, w.log.entries()[200], '{"what":"policy","value":"new","by":""}'))
    w.forged()


@vector("AS025-spool-frame")
def _(w):
    "a frame that is no leaf has an unknown type, its tag is right"
    at = w.find(0, 37)
    w.edit(0, lambda p: p.insert(at, frame(2, b"\x2a\0" + bytes(8) + b"new")))
    w.save()


@vector("AS027-spool-witness")
def _(w):
    "the mirror cosigned a smaller size later than a larger one"
    w.log.make()
    parts = w.spool.parts(w.names[2])
    parts.append(frame(2, b"\x21\0" + be(1795264400000000, 8) + w.log.note(277, [1795264400])))
    w.spool.put(w.names[2], parts)
    w.save()


@vector("AS028-spool-pin")
def _(w):
    "another log id is pinned"
    w.pins = (ORIGIN + " " + b64(sha(b"another log")) + "\n").encode()
    w.save()


@vector("AS028-store-pin")
def _(w):
    "another log id is pinned"
    w.pins = (ORIGIN + " " + b64(sha(b"another log")) + "\n").encode()
    w.sql()


@vector("AS028-store-checkpoint")
def _(w):
    "the checkpoint of size 164 is one of another origin"
    data = note(164, sha(b"x"), epoch_key(0), (), HOST, "audit.example.org/other")
    w.sql(("UPDATE checkpoint SET note = ?, root = ?, receipt = NULL WHERE size = 164", data, sha(b"x")))


@vector("AS029-spool-no-epochs")
def _(w):
    "epochs is gone"
    del w.spool.files["epochs"]
    w.save()


@vector("AS029-spool-no-epochs-freed")
def _(w):
    "epochs is gone, and the first segment was freed"
    del w.spool.files["epochs"], w.spool.files[w.names[0]]
    w.save()


@vector("AS030-spool-number")
def _(w):
    "the segment number of the last segment is one too high, its tag is right"
    def change(p):
        p[0] = p[0][:16] + be(3, 8) + p[0][24:-8]
        p[0] += sha(p[0])[:8]
    w.edit(2, change)
    w.save()


@vector("AS030-spool-receipt")
def _(w):
    "a receipt stands there twice"
    parts = w.spool.parts(w.names[1])
    at = [i for i, f in enumerate(parts) if i and f[3:5] == b"\2\x21"][0]
    w.edit(1, lambda p: p.insert(at, p[at]))
    w.save()


@vector("AS030-store-root")
def _(w):
    "the column root of the checkpoint of size 164 is another than its note's"
    w.sql(("UPDATE checkpoint SET root = ? WHERE size = 164", sha(b"another")))


@vector("AS032-spool-stop")
def _(w):
    "a record stands between a stop and its hand-over"
    e = w.log.entries()
    w.log.items.insert(w.log.at(169), ("entry", e[100][:2] + e[168][2:10] + e[100][10:]))
    w.forged()


@vector("AS032-spool-open")
def _(w):
    "record 200 says that it goes on, the next one does not continue it"
    e = w.log.entries()[200]
    w.log.put(200, e[:1] + b"\x08" + e[2:])
    w.forged()


@vector("AS033-spool")
def _(w):
    "no receipt ever came"
    w.log.items = [i for i in w.log.items if i[0] != "receipt"]
    w.forged()


@vector("AS033-store")
def _(w):
    "the policy names one more log, of which the store has nothing"
    w.policy += ("log " + Key("v1 other host").vkey("audit.example.org/other", 1) + "\n").encode()
    w.sql()


@vector("two-damages-spool")
def _(w):
    "a byte of entry 50 is changed, entry 120 is cut out, entries 250 and 251 are swapped"
    w.edit(0, lambda p: p.__setitem__(w.find(0, 50), flip(w.frame(0, 50), 20)))
    w.edit(1, lambda p: p.__delitem__(w.find(1, 120)))
    w.edit(2, lambda p: p.insert(w.find(2, 251), p.pop(w.find(2, 250))))
    w.save()


@vector("adjacent-spool")
def _(w):
    "entry 50 is changed, entry 51 is cut out: one AS001 within both"
    w.edit(0, lambda p: p.__setitem__(w.find(0, 50), flip(w.frame(0, 50), 20)))
    w.edit(0, lambda p: p.__delitem__(w.find(0, 51)))
    w.save()


@vector("two-damages-store")
def _(w):
    "entries 60 and 280 are changed, the tile too"
    w.entries(lambda e: e.__setitem__(60, flip(e[60], 15)))
    w.entries(lambda e: e.__setitem__(3, flip(e[3], 15)), 277)
    w.sql(("UPDATE tile SET hashes = ?", sha(b"another")))


@vector("forms-spool")
def _(w):
    "no finding: records that are salted, have commitments, are not UTF-8, or are pieces of a longer one"
    salt, parts = bytes(range(16)), b"\2" + sha(b"one") + sha(b"two")
    for index, flags, body in ((200, 0x20, salt + b"salted"), (201, 0x21, salt + parts + b"committed"),
                               (202, 0x04, b"\xff\xfe"), (203, 0x28, salt + b"be"), (204, 0x38, salt + b"gin"),
                               (205, 0x30, salt + b"end"), (206, 0x02, b"cut"), (207, 0x00, b"")):
        w.log.put(index, bytes([RECORD, flags]) + w.log.entries()[index][2:10] + body)
    w.forged()


# ---- tiles hash by hash, and what rows must agree on ----

@vector("AS030-store-tile-hash")
def _(w):
    "a hash of the tile of level 1 is changed"
    w.sql(("UPDATE tile SET hashes = ?", sha(b"another")))


@vector("AS030-store-leaf-hash")
def _(w):
    "the leaf hash of entry 60 is changed, the entry is as it was"
    hashes, = w.get("SELECT hashes FROM bundle")
    w.sql(("UPDATE bundle SET hashes = ?", flip(hashes, 1925)))


@vector("AS030-store-tile-gone")
def _(w):
    "the tile of level 1 is gone"
    w.sql(("DELETE FROM tile",))


@vector("three-damages-store")
def _(w):
    "entries 60 and 280 are changed, the tile too"
    w.entries(lambda e: e.__setitem__(60, flip(e[60], 15)))
    w.entries(lambda e: e.__setitem__(3, flip(e[3], 15)), 277)
    w.sql(("UPDATE tile SET hashes = ?", sha(b"another")))


@vector("AS002-store-bundle")
def _(w):
    "the bundle is gone, the pieces behind it are there"
    w.sql(("DELETE FROM bundle",))


@vector("AS010-store-text")
def _(w):
    "root and column root of the checkpoint of size 164 are changed, no line fits"
    data, root = w.checkpoint(164, "note"), w.checkpoint(164, "root")
    other = sha(b"another")
    w.sql(("UPDATE checkpoint SET note = ?, root = ? WHERE size = 164",
           data.replace(b64(root).encode(), b64(other).encode()), other))


@vector("AS011-store-line")
def _(w):
    "the receipt of size 164 is by a key that the policy does not name: worth attention, no more"
    body = text(164, w.checkpoint(164, "root"))
    w.sql(("UPDATE checkpoint SET receipt = ? WHERE size = 164",
           cosignature(body, 1795263360, Key("v1 retired")).encode()))


@vector("AS028-store-row")
def _(w):
    "there is a piece of a log that is not there"
    w.sql(("INSERT INTO piece SELECT 9, first, hashes, data FROM piece WHERE first = 277",))


@vector("AS029-store-record")
def _(w):
    "the tag of the record of epoch 2 is changed"
    record, = w.get("SELECT record FROM epoch WHERE epoch = 2")
    w.sql(("UPDATE epoch SET record = ? WHERE epoch = 2", flip(record, 157)))


@vector("AS030-store-sizes")
def _(w):
    "the row of the log says that more entries were stored"
    w.sql(("UPDATE log SET next = 300",))


@vector("AS030-store-origin-hash")
def _(w):
    "the hash by which readers ask is not that of the origin"
    w.sql(("UPDATE log SET hash = ?", sha(b"another")))


def receipted(w, size):
    """The newest receipt is of this size, and half a minute old."""
    items = w.log.items
    at = items.index(next(i for i in items if i[0] == "receipt" and i[1] == size))
    items[at] = ("receipt", size, AS_OF - 30, items[at][3])
    w.log.items = [i for i in items if i[0] != "receipt" or i[1] <= size]


@vector("AS037-spool")
def _(w):
    "the newest receipt is fresh and covers 164 of 300 entries; ten seconds are between each two from entry 200 to 250"
    receipted(w, 164)
    for i in range(200, 250):
        w.log.shift(i, 10 * 10**6)
    w.log.shift(275, -500 * 10**6)
    w.forged()


@vector("AS037-spool-set")
def _(w):
    "no finding: the newest receipt covers 296 of 300 entries; the clock was set by an hour at entry 298"
    receipted(w, 296)
    w.log.shift(298, 3600 * 10**6)
    w.forged()


# ---- changes of the host key, openings, heads that are known, other witnesses ----

def change_key(w, old=HOST, sign=lambda data: data):
    """Entry 200 changes the host key; the second signature goes through a function."""
    w.log.make()
    new = Key("v1 new host")
    said = b"auditseal/key/v1\n" + w.log.log_id() + be(200, 8) + old.raw + new.raw
    body = '{"old":"%s","new":"%s","sig_old":"%s","sig_new":"%s"}' % tuple(
        b64(x) for x in (old.raw, new.raw, old.sign(said), sign(new.sign(said))))
    w.log.put(200, control(10, w.log.entries()[200], body))
    w.forged()


@vector("AS024-spool-key")
def _(w):
    "entry 200 changes the host key, signed by both"
    change_key(w)


@vector("AS010-spool-key")
def _(w):
    "entry 200 changes the host key, the new key's signature is wrong"
    change_key(w, sign=lambda sig: flip(sig, 5))


@vector("AS011-spool-key")
def _(w):
    "entry 200 changes the host key, but from one that the log never had"
    change_key(w, Key("another host"))


def commit(w, values, parts):
    """Record 200 commits to values; behind it stand openings: (part, state, salt, value)."""
    salts = [sha(b"v1 salt %d" % i)[:16] for i in range(len(values))]
    made = [sha(b"auditseal/commit/v1\n", be(i, 1), salts[i], v) for i, v in enumerate(values)]
    w.log.put(200, bytes([RECORD, 1]) + w.log.entries()[200][2:10] + be(len(values), 1) + b"".join(made) + b"public")
    at = w.log.at(200) + 1
    w.log.items[at:at] = [("opening", be(200, 8) + bytes([part, state]) + (salts[part] if salt else bytes(16)) + value)
                          for part, state, salt, value in parts]
    w.forged()


@vector("openings-spool")
def _(w):
    "no finding: record 200 has three committed parts; the first is held, the second wiped, the third is held"
    commit(w, (b"alice", b"bob", b""), ((0, 0, True, b"alice"), (1, 1, False, bytes(3)), (2, 0, True, b"")))


@vector("AS031-spool")
def _(w):
    "the value of an opening of record 200 is another than the one that was committed to"
    commit(w, (b"alice", b"bob"), ((0, 0, True, b"alice"), (1, 0, True, b"eve")))


@vector("AS030-spool-opening")
def _(w):
    "the openings of record 200 stand in the wrong order"
    commit(w, (b"alice", b"bob"), ((1, 0, True, b"bob"), (0, 0, True, b"alice")))


def known(w, kind, size, root=None, log_id=None):
    """What --state remembers: verdict.md, section 11."""
    w.log.make()
    words = "auditseal/state/1\nlog %s %s\nid %s\nhead %d %s %d %d\n" % (
        kind, ORIGIN, b64(log_id or w.log.log_id()), size, b64(root or w.log.roots[size][0]),
        (AS_OF - 60) * 10**6, (AS_OF - 60) * 10**6)
    with open(w.out + "/known", "w", encoding="utf-8") as f, open(w.out + "/known.lock", "w", encoding="utf-8"):
        f.write(words + "end %s\n" % b64(sha(words.encode())))


@vector("AS007-store-known", ("--state", "known"))
def _(w):
    "a head of size 298 is remembered of stores: this one was put back"
    known(w, "store", 298)
    w.sql()


@vector("AS007-spool-known", ("--state", "known"))
def _(w):
    "a head of size 300 is remembered of the host; an older backup of all files is in place"
    known(w, "host", 300)
    w.log.items = w.log.items[:w.log.at(276) + 2]
    w.forged()


@vector("AS008-store-known", ("--state", "known"))
def _(w):
    "another root of size 164 is remembered"
    known(w, "store", 164, sha(b"another"))
    w.sql()


@vector("AS028-spool-known", ("--state", "known"))
def _(w):
    "another log id is remembered of this origin"
    known(w, "host", 300, log_id=sha(b"another"))
    w.save()


def witness_tables(w, change=lambda line: line, name="second.example.org/v1"):
    """The policy wants two, and the second one's line on the newest checkpoint is kept aside."""
    second(w)
    body = text(296, w.checkpoint(296, "root"))
    key, t = Key("v1 second"), 1795264390
    line = key.line(name, 4, be(t, 8) + key.sign(("cosignature/v1\ntime %d\n%s" % (t, body)).encode())).encode()
    w.sql(("CREATE TABLE cosignature (log INTEGER NOT NULL, name TEXT NOT NULL, size INTEGER NOT NULL, lines BLOB NOT "
           "NULL, PRIMARY KEY (log, name)) STRICT, WITHOUT ROWID",),
          ("CREATE TABLE witness (hash BLOB NOT NULL PRIMARY KEY, origin TEXT NOT NULL, size INTEGER NOT NULL, root "
           "BLOB NOT NULL, time INTEGER NOT NULL, note BLOB NOT NULL, lines BLOB NOT NULL) STRICT, WITHOUT ROWID",),
          ("PRAGMA user_version = 2",),
          ("INSERT INTO cosignature VALUES (1, 'second.example.org/v1', 296, ?)", change(line)),
          ("INSERT INTO witness SELECT ?, ?, size, root, ?, ?, ? FROM checkpoint WHERE size = 296", sha(ORIGIN.encode()),
           ORIGIN, t, b"\n".join(w.checkpoint(296, "note").split(b"\n")[:5]) + b"\n", line))


@vector("cosigned-store")
def _(w):
    "no finding: the policy wants two; the line of the second is in the table cosignature"
    witness_tables(w)


@vector("AS010-store-cosigned")
def _(w):
    "the line of another witness, in the table cosignature, is wrong"
    witness_tables(w, lambda line: line[:60] + (b"A" if line[60:61] != b"A" else b"B") + line[61:])


@vector("AS030-store-cosigned")
def _(w):
    "a line in the table cosignature has another name than its row"
    witness_tables(w, lambda line: line.replace(b"second", b"fourth"))


@vector("AS010-store-witnessed")
def _(w):
    "the line of the store's own witness, in the table witness, is wrong"
    witness_tables(w)
    line, = sqlite3.connect(w.out + "/store.db").execute("SELECT lines FROM witness").fetchone()
    w.sql(("UPDATE witness SET lines = ?", line[:60] + (b"A" if line[60:61] != b"A" else b"B") + line[61:]))


@vector("AS030-store-witnessed")
def _(w):
    "a row of the table witness says another size than its note"
    witness_tables(w)
    w.sql(("UPDATE witness SET size = 295",))


@vector("AS001-store-unproven")
def _(w):
    "the newest checkpoint is no note, entry 130 is changed with its leaf hash: the hand-over at 169 says so"
    def change(e):
        e[130] = flip(e[130], 15)
        hashes, = w.get("SELECT hashes FROM bundle")
        w.sql(("UPDATE bundle SET hashes = ?", hashes[:4160] + sha(b"\0", e[130]) + hashes[4192:]))
    w.entries(change)
    w.sql(("UPDATE checkpoint SET note = ? WHERE size = 296", b"no note\n"))
