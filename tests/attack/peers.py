#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Do the tests tell a program that makes a mistake of others?

    peers.py --source DIR --work DIR [NAME...]

Copies the source, and for each mistake in peers.txt changes the copy, builds
the program of its case and runs it: that case must fail, and no other but those
that the list names. All cases of the programs must be in the list. NAME: only
the mistakes of these cases.
"""
import argparse
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SKIPPED = ("*.o", "*.lo", "*.la", ".libs", ".deps", ".git", ".quickstart",
           "autom4te.cache", "config.status", "_build", "_inst")


class Mistake:
    def __init__(self, text):
        self.text, self.also, self.edits = text, [], []
        self.program = self.case = ""


def read_list(path):
    mistakes, edit = [], None
    with open(path, encoding="utf-8") as f:
        for line in f.read().splitlines():
            word, _, rest = line.partition(" ")
            if word == "mistake":
                mistakes.append(Mistake(rest))
            elif word == "case":
                mistakes[-1].program, mistakes[-1].case = rest.split()
            elif word == "also":
                mistakes[-1].also += rest.split()
            elif word == "file":
                edit = [rest, "", ""]
                mistakes[-1].edits.append(edit)
            elif line[:1] in "+-" and line:
                edit[1 if line[0] == "-" else 2] += line[1:] + "\n"
            elif line and line[0] != "#":
                raise SystemExit(f"peers.txt: {line}")
    return mistakes


def build(source, work, log):
    os.makedirs(work)
    try:
        subprocess.run([source + "/configure", "--quiet", "--disable-shared",
                        "--disable-plugin", "CFLAGS=-O0 -w"],
                       check=True, cwd=work, stdout=log, stderr=log)
    except subprocess.CalledProcessError:
        raise SystemExit(f"peers.py: cannot be configured: {log.name}")


def make(work, programs, log):
    return not subprocess.run(["make", f"-j{os.cpu_count()}", *programs],
                              cwd=work, stdout=log, stderr=log,
                              check=False).returncode


def run(source, work, program):
    """Which cases passed and which did not; all that did not end failed."""
    place = tempfile.mkdtemp(prefix="peers.", dir=work)
    env = dict(os.environ, LC_ALL="C", TZ="UTC", SEAL_SRCDIR=source,
               SEAL_BUILDDIR=work, CMOCKA_MESSAGE_OUTPUT="TAP", TMPDIR=place)
    try:
        done = subprocess.run([os.path.join(work, program)], cwd=place,
                              env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=300,
                              check=False)
        text = done.stdout.decode(errors="replace")
    except subprocess.TimeoutExpired:
        text = ""
    finally:
        shutil.rmtree(place, ignore_errors=True)
    passed, failed = set(), set()
    for line in text.splitlines():
        words = line.split()
        if line.startswith("ok ") and len(words) > 3:
            passed.add(words[3])
        elif line.startswith("not ok ") and len(words) > 4:
            failed.add(words[4])
    return passed, failed


def change(source, edits):
    """Makes the mistake; returns what was there. None: it does not fit."""
    before = {}
    for name, old, new in edits:
        path = os.path.join(source, name)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        before.setdefault(path, text)
        # The last line of what is replaced may go on.
        if text.count(old) != 1 and text.count(old[:-1]) == 1:
            old, new = old[:-1], new[:-1]
        if text.count(old) != 1:
            put_back(before)
            return None
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))
    return before


def put_back(before):
    for path, text in before.items():
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)


def judge(mistake, source, work, cases, log):
    """What is wrong, or None."""
    before = change(source, mistake.edits)
    if before is None:
        return "what is to be changed is not there once"
    try:
        if not make(work, [mistake.program], log):
            return f"cannot be built: {log.name}"
        passed, failed = run(source, work, mistake.program)
    finally:
        put_back(before)
    failed |= cases[mistake.program] - passed
    wanted = {mistake.case, *mistake.also}
    if mistake.case not in failed:
        return f"{mistake.case} passes all the same"
    if failed != wanted:
        return f"fails: {' '.join(sorted(failed))}"
    return None


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--source", required=True, type=os.path.abspath)
    p.add_argument("--work", required=True, type=os.path.abspath)
    p.add_argument("names", nargs="*")
    args = p.parse_args()
    source = os.path.join(args.work, "source")
    work = os.path.join(args.work, "build")
    mistakes = read_list(os.path.join(HERE, "peers.txt"))
    for m in mistakes:
        m.program = "tests/attack/" + m.program
    programs = sorted({m.program for m in mistakes})

    shutil.rmtree(args.work, ignore_errors=True)
    os.makedirs(args.work)
    shutil.copytree(args.source, source, symlinks=True,
                    ignore=shutil.ignore_patterns(*SKIPPED))
    bad = 0
    with open(os.path.join(args.work, "build.log"), "w",
              encoding="utf-8") as log:
        build(source, work, log)
        if not make(work, programs, log):
            raise SystemExit(f"peers.py: cannot be built: {log.name}")
        cases = {}
        for program in programs:
            cases[program], failed = run(source, work, program)
            if failed or not cases[program]:
                raise SystemExit(f"peers.py: {program} fails as it is")
        listed = {(m.program, m.case) for m in mistakes}
        for program in programs:
            for case in sorted(cases[program]):
                if (program, case) not in listed:
                    print(f"not in the list: {program} {case}")
                    bad += 1
        for m in mistakes:
            if args.names and m.case not in args.names:
                continue
            wrong = judge(m, source, work, cases, log)
            print(f"{'not ' if wrong else ''}noticed: {m.text}"
                  f"{': ' + wrong if wrong else ''}", flush=True)
            bad += wrong is not None
    print(f"{len(mistakes)} mistakes, {bad} not as they should be")
    return 1 if bad else 0


sys.exit(main())
