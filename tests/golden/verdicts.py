#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What our checker says of the vectors v1, every word: verdicts.jsonl.

    verdicts.py compare CHECKER WORK    TAP, one result a line of verdicts.jsonl
    verdicts.py write CHECKER WORK      writes verdicts.jsonl anew

v1/index.jsonl is for every verifier and never changes; this is about ours, and
changes with its words: after `write`, read the difference as a reviewer would.
A line: the vector, options besides the vector's own, and the verdict as --json
has it, without what depends on how files are read.
"""
import json
import os
import subprocess
import sys
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "v1"))
import vectors  # noqa: E402

FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "verdicts.jsonl")
# Of each kind of copy, questions that the vectors do not ask.
ROOT = "A" * 43 + "="
SPOOL = (["--from", "60", "--to", "99"], ["--from", "230"], ["--to", "20"], ["--from", "2026-11-21T12:05:00Z"],
         ["--expect-size", "300"], ["--expect-size", "301"], ["--expect-size", "296", "--expect-root", ROOT],
         ["--min-freshness", "60s"], ["--as-of", "@1795275000"], ["no policy"],
         ["no policy", "--expect-size", "250"])
STORE = (["--expect-size", "297"], ["--min-freshness", "60s"], ["--as-of", "@1795275000"], ["no policy"])
MORE = {"intact-spool": SPOOL, "intact-freed": SPOOL, "intact-store": STORE, "two-damages-spool": SPOOL[:4],
        "AS001-store-hash-too": (["no policy"],), "AS007-store": (["no policy"],),
        "AS009-spool": (["no policy"],), "AS012-spool-epoch": (["no policy"],), "AS014-receipt-spool": (["no policy"],)}


def command(vector, options):
    """The checker's arguments."""
    options = [*(vector["options"][2:] if "--as-of" in options else vector["options"]), *options]
    policy = [] if "no policy" in options else ["--policy", "policy"]
    return ["verify", "--json", *policy, *[o for o in options if o != "no policy"], vector["target"]]


def verdict(text):
    """What must be the same; None if it is no verdict."""
    try:
        said = json.loads(text)
        for log in said["logs"]:
            del log["bytes_read"]
        return said
    except (ValueError, KeyError, TypeError):
        return None


def ask(checker, work, vector, options):
    folder = os.path.join(work, vector["name"])
    if not os.path.exists(folder):
        vectors.load(vector["name"], folder)
    done = subprocess.run([checker, *command(vector, options)], cwd=folder, capture_output=True, text=True,
                          check=False)
    said = verdict(done.stdout)
    return said if said and said["exit"] == done.returncode else done.stderr


def lines():
    """(vector, options, verdict) of verdicts.jsonl."""
    known = {v["name"]: v for v in vectors.index()}
    with open(FILE, encoding="utf-8") as f:
        for line in f:
            name, options, said = json.loads(line)
            yield known[name], options, said


def compare(checker, work):
    asked, bad = list(lines()), 0
    print("1..%d" % len(asked))
    for n, (vector, options, want) in enumerate(asked):
        got = ask(checker, work, vector, options)
        bad += got != want
        print("%s %d - %s" % ("ok" if got == want else "not ok", n + 1, " ".join([vector["name"], *options])))
        if got != want:
            print("# want %s\n# got  %s" % (json.dumps(want), json.dumps(got)))
    return bad > 0


def write(checker, work):
    with open(FILE, "w", encoding="utf-8") as f:
        for vector in vectors.index():
            plain = ask(checker, work, vector, [])
            print(json.dumps([vector["name"], [], plain]), file=f)
            for options in (*(["--deep"] for _ in range(vector["exit"] == 0)), *MORE.get(vector["name"], ())):
                said = ask(checker, work, vector, options)
                if not isinstance(said, str):
                    print(json.dumps([vector["name"], options, said]), file=f)


if __name__ == "__main__":
    sys.exit({"compare": compare, "write": write}[sys.argv[1]](*sys.argv[2:]))
