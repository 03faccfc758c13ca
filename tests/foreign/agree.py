#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Both verifiers over randomly damaged copies of the intact vectors: agree.py CHECKER COUNT SEED spool|store

Copy k of COUNT is damaged by seed SEED + k: one to three bytes of a spool's files, or of a value in a store's
database, are changed; one time in four bytes are cut out or put in. A line of TAP, and each copy that they
disagree about with what either said.
"""
import os
import random
import sqlite3
import sys
import tempfile
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../golden/v1"))
import vectors  # noqa: E402

VALUES = (("bundle", "hashes"), ("bundle", "data"), ("piece", "hashes"), ("piece", "data"), ("tile", "hashes"),
          ("checkpoint", "note"), ("checkpoint", "receipt"), ("checkpoint", "root"), ("epoch", "record"))


def change(rng, data):
    """One damage, and what it was."""
    at = rng.randrange(len(data))
    if rng.randrange(4):
        bits = rng.choice((1, 0x80, 0xff, rng.randrange(1, 256)))
        return data[:at] + bytes([data[at] ^ bits]) + data[at + 1:], "^%02x at %d" % (bits, at)
    n = rng.randrange(1, 200)
    if rng.randrange(2):
        return data[:at] + data[at + n:], "-%d at %d" % (n, at)
    return data[:at] + rng.randbytes(n) + data[at:], "+%d at %d" % (n, at)


def damage_spool(rng, folder):
    names = [n for n in sorted(os.listdir(folder + "/spool")) if n != "lock"]
    name = rng.choice([n for n in names if n.endswith(".seg")] * 4 + names)
    path = os.path.join(folder, "spool", name)
    data, said = change(rng, vectors.read(path))
    with open(path, "wb") as f:
        f.write(data)
    return "%s %s" % (name, said)


def damage_store(rng, folder):
    db = sqlite3.connect(folder + "/store.db")
    db.execute("PRAGMA journal_mode = DELETE")
    table, column = rng.choice(VALUES)
    key = {"bundle": "id", "piece": "first", "tile": "level", "checkpoint": "size", "epoch": "epoch"}[table]
    row, data = rng.choice(db.execute("SELECT %s, %s FROM %s" % (key, column, table)).fetchall())
    data, said = change(rng, data)
    db.execute("UPDATE %s SET %s = ? WHERE %s = ?" % (table, column, key), (data, row))
    db.commit()
    db.close()
    return "%s.%s %d %s" % (table, column, row, said)


def main():
    checker, count, seed, target = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    intact, bad = {v["name"]: v for v in vectors.index()}["intact-" + target], 0
    damage = damage_spool if target == "spool" else damage_store
    for k in range(seed, seed + count):
        rng = random.Random(k)
        with tempfile.TemporaryDirectory() as folder:
            vectors.load(intact["name"], folder)
            said = [damage(rng, folder) for _ in range(rng.choice((1, 1, 1, 2, 3)))]
            first, second = vectors.both(checker, folder, intact)
        if first != second and not (isinstance(first, str) and isinstance(second, str)):
            bad += 1
            print("# seed %d: %s\n#   ours   %s\n#   second %s" % (k, ", ".join(said), first, second))
    print("%s - %s: both say the same of %d damaged copies, seeds %d to %d (%d disagreements)" % (
        "not ok" if bad else "ok", target, count, seed, seed + count - 1, bad))
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
