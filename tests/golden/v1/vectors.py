#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The vectors v1 as files: unpacks, adds and checks them. README.md beside this says more.

vectors.py unpack OUT [NAME...]     makes OUT/NAME/ with spool/ or store.db, policy and policy.pins
vectors.py add CHECKER NAME...      makes new ones of the published intact ones, if both verifiers agree
vectors.py compare CHECKER OUT      runs both verifiers over unpacked ones and compares with the index: TAP
vectors.py index                    the index and the files belong together
"""
import base64
import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
INDEX = os.path.join(HERE, "index.jsonl")
SECOND = os.path.join(HERE, "../../foreign/verify.py")
sys.dont_write_bytecode = True


def index(all_lines=False):
    """The vectors that stand; a later line of the same name with "withdrawn" takes one out."""
    with open(INDEX, encoding="utf-8") as f:
        lines = [json.loads(line) for line in f]
    gone = {v["name"] for v in lines if "withdrawn" in v}
    return [v for v in lines if "done" in v and (all_lines or v["name"] not in gone)]


def read(*path):
    with open(os.path.join(*path), "rb") as f:
        return f.read()


def files(folder):
    """{name: bytes} of a folder."""
    out = {}
    for top, _, names in os.walk(folder):
        for n in names:
            path = os.path.join(top, n)
            out[os.path.relpath(path, folder)] = read(path)
    return out


def put(folder, content):
    for name, data in content.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(data)


def archive(path):
    """The files of NAME.tar.xz."""
    with tarfile.open(path) as tar:
        return {m.name: tar.extractfile(m).read() for m in tar}


def write_archive(path, content):
    with tarfile.open(path, "w:xz", preset=9) as tar:
        for name in sorted(content):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content[name]), 0o600
            tar.addfile(info, io.BytesIO(content[name]))


def run_sql(path, statements):
    """Statements with values: bytes stand there as {"base64": text}."""
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = DELETE")
    for statement, *values in statements:
        db.execute(statement, [base64.b64decode(v["base64"]) if isinstance(v, dict) else v for v in values])
    db.commit()
    db.execute("VACUUM")
    db.close()


def splice(old, new):
    """What makes new of old: [offset, bytes that go, bytes that come]."""
    a, least = 0, min(len(old), len(new))
    while a < least and old[a] == new[a]:
        a += 1
    b = 0
    while b < least - a and old[-1 - b] == new[-1 - b]:
        b += 1
    return [a, len(old) - a - b, base64.b64encode(new[a:len(new) - b]).decode()]


def changes(old, new):
    """The text form, or None where it would be long."""
    out = {}
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            out[name] = None
        elif old.get(name) != new[name]:
            out[name] = splice(old.get(name, b""), new[name])
    return out if len(json.dumps(out)) < 4096 else None


def load(name, out):
    """Unpacks one vector into a folder."""
    path = os.path.join(HERE, name)
    if os.path.exists(path + ".tar.xz"):
        put(out, archive(path + ".tar.xz"))
        return
    change = json.loads(read(path + ".json"))
    content = archive(os.path.join(HERE, change["base"] + ".tar.xz"))
    for file, part in change["files"].items():
        if part is None:
            del content[file]
        else:
            old = content.get(file, b"")
            content[file] = old[:part[0]] + base64.b64decode(part[2]) + old[part[0] + part[1]:]
    put(out, content)
    if change["sql"]:
        run_sql(os.path.join(out, "store.db"), change["sql"])


def judge(command, folder, vector):
    """Exit status and sorted findings of a verifier; a string if it says neither."""
    policy = [] if "no policy" in vector["options"] else ["--policy", "policy"]
    options = [o for o in vector["options"] if o != "no policy"]
    done = subprocess.run([*command, *policy, *options, vector["target"]], cwd=folder, capture_output=True,
                          text=True, check=False)
    try:
        if "--json" in command:
            found = [[f["id"], f["first"], f["last"], f["within"]]
                     for log in json.loads(done.stdout)["logs"] for f in log["findings"]]
        else:
            found = [f for line in done.stdout.splitlines() for f in json.loads(line)["findings"]]
        if done.stderr:
            raise ValueError
    except ValueError:
        return "exit status %d, %s" % (done.returncode, done.stderr.strip()[-300:])
    return [done.returncode, sorted(found, key=lambda f: (f[0], f[1] or 0, f[2] or 0, f[1] is None, f[3]))]


def both(checker, folder, vector):
    return judge([checker, "verify", "--json"], folder, vector), judge([sys.executable, SECOND], folder, vector)


def add(checker, *names):
    """Makes new vectors of the intact ones as they were published: make_v1 may write another log by now."""
    sys.path.insert(0, HERE)
    import make
    with tempfile.TemporaryDirectory() as intact:
        for name in ("intact-spool", "intact-store"):
            load(name, intact)
        for name in names:
            publish(make, intact, checker, name)


def publish(make, intact, checker, name):
    if name in {v["name"] for v in index(True)}:
        sys.exit("%s is there: vectors are never changed" % name)
    with tempfile.TemporaryDirectory() as out:
        function, options = make.VECTORS[name]
        work = make.Work(intact, out)
        function(work)
        put(out, {"policy": work.policy, "policy.pins": work.pins})
        vector = {"name": name, "done": function.__doc__, "options": options,
                  "target": "spool" if os.path.exists(out + "/spool") else "store.db"}
        if "--as-of" not in options:
            vector["options"] = ["--as-of", "@%d" % make.AS_OF, *options]
        first, second = both(checker, out, vector)
        if first != second or isinstance(first, str):
            sys.exit("%s: %s\nsecond verifier: %s" % (name, first, second))
        vector["exit"], vector["findings"] = first
        base, new = "intact-" + vector["target"].split(".")[0], files(out)
        if work.statements:
            del new["store.db"]
        old = archive(os.path.join(HERE, base + ".tar.xz"))
        text = changes({n: old[n] for n in old if n in new or not work.statements}, new)
        path = os.path.join(HERE, name) + (".json" if text is not None else ".tar.xz")
        if text is None:
            write_archive(path, files(out))
        else:
            with open(path, "w", encoding="utf-8") as f:
                json.dump({"base": base, "files": text, "sql": work.statements}, f, indent=1)
                f.write("\n")
        vector["sha256"] = hashlib.sha256(read(path)).hexdigest()
        with open(INDEX, "a", encoding="utf-8") as f:
            f.write(json.dumps(vector) + "\n")


def unpack(out, *names):
    for vector in index():
        if not names or vector["name"] in names:
            load(vector["name"], os.path.join(out, vector["name"]))


def compare(checker, out):
    vectors, bad = index(), 0
    print("1..%d" % (2 * len(vectors)))
    for n, vector in enumerate(vectors):
        folder = os.path.join(out, vector["name"])
        load(vector["name"], folder)
        before = files(folder)
        want = [vector["exit"], vector["findings"]]
        for k, (got, who) in enumerate(zip(both(checker, folder, vector), ("", ", second verifier"))):
            good = got == want and files(folder) == before
            bad += not good
            print("%s %d - %s: %s%s" % ("ok" if good else "not ok", 2 * n + k + 1, vector["name"], vector["done"], who))
            if not good:
                print("# want %s\n# got  %s" % (want, got))
        shutil.rmtree(folder)
    return bad > 0


def check():
    """Each file is as the index says, each is in it."""
    there = {n for n in os.listdir(HERE) if n.endswith((".tar.xz", ".json"))}
    for vector in index(True):
        name = [n for n in (vector["name"] + ".tar.xz", vector["name"] + ".json") if n in there]
        if len(name) != 1 or hashlib.sha256(read(HERE, name[0])).hexdigest() != vector["sha256"]:
            print("tests/golden/v1/%s is not what the index says: vectors are never changed" % vector["name"])
        there -= set(name)
    for name in sorted(there):
        print("tests/golden/v1/%s is not in the index" % name)


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    sys.exit({"unpack": unpack, "add": add, "compare": compare, "index": check}[what](*rest))
